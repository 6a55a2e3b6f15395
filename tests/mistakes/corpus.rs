//! Mistakes as owners make them, in the example shops and the test shops, each found at its place.
//!
//! A file `*.mistakes` holds some of one section. A mistake is a patch and what has to be found:
//!
//! ```text
//! == a Page that is called by its name
//! in cafe
//!  [[page]]
//! -id = "100200300400501"
//! +id = ⟦"kavine.berzas"⟧
//! error bad-page-id
//! ```
//!
//! Lines with a space or `-` in front stand in the shop once, one after another; those with a space
//! or `+` take their place; `@` goes on in another place. `⟦ ⟧` marks what the diagnostic has to point at, to the byte. Nothing
//! else may be found, but for what `also` says: at most one more thing, by its code.

use std::path::{Path, PathBuf};

use shopbell::cli::check::codes::explained;
use shopbell::cli::check::{all, load};
use shopbell::shop::source::diagnostic::{Diagnostic, Severity};
use shopbell::shop::source::render::place;

/// So many mistakes at least, or the corpus is none.
const ENOUGH: usize = 100;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn shop(name: &str) -> PathBuf {
    let path = match name {
        "cafe" | "tea" | "atelier" => format!("examples/{name}/shop.toml"),
        "whole" => "tests/shops/whole.toml".to_owned(),
        "corner" => "tests/mistakes/corner.toml".to_owned(),
        other => panic!("no shop is called {other}"),
    };
    root().join(path)
}

struct Mistake {
    /// `forms: a choice of nothing`
    name: String,
    source: String,
    severity: String,
    code: String,
    span: std::ops::Range<usize>,
    also: Option<String>,
}

fn read(file: &str, text: &str) -> Vec<Mistake> {
    text.split("\n== ").skip(1).map(|case| one(file, case)).collect()
}

fn one(file: &str, case: &str) -> Mistake {
    let mut lines = case.lines();
    let name = format!("{file}: {}", lines.next().unwrap());
    let mut hunks = vec![(String::new(), String::new())];
    let (mut base, mut expected, mut also) = (String::new(), None, None);
    for line in lines.filter(|line| !line.is_empty()) {
        let (sign, rest) = line.split_at(1);
        let (old, new) = hunks.last_mut().unwrap();
        match sign {
            " " => {
                *old += &format!("{rest}\n");
                *new += &format!("{rest}\n");
            }
            "-" => *old += &format!("{rest}\n"),
            "+" => *new += &format!("{rest}\n"),
            "@" => hunks.push((String::new(), String::new())),
            _ => match line.split_once(' ').unwrap_or_else(|| panic!("{name}: {line:?}")) {
                ("in", shop) => base = shop.to_owned(),
                ("also", code) => also = Some(code.to_owned()),
                (severity @ ("error" | "warning" | "note"), code) => {
                    assert!(expected.is_none(), "{name}: two things are expected");
                    expected = Some((severity.to_owned(), code.to_owned()));
                }
                _ => panic!("{name}: {line:?}"),
            },
        }
    }
    let (severity, code) = expected.unwrap_or_else(|| panic!("{name}: expects nothing"));
    let mut whole = format!("\n{}", std::fs::read_to_string(shop(&base)).unwrap());
    for (old, new) in hunks {
        let old = format!("\n{old}");
        assert_eq!(whole.matches(&old).count(), 1, "{name}: where?\n{old}");
        whole = whole.replacen(&old, &format!("\n{new}"), 1);
    }
    let marked = whole[1..].to_owned();
    let start = marked.find('⟦').unwrap_or_else(|| panic!("{name}: nothing is marked"));
    let unmarked = marked.replacen('⟦', "", 1);
    let end = unmarked.find('⟧').unwrap_or_else(|| panic!("{name}: the mark has no end"));
    let source = unmarked.replacen('⟧', "", 1);
    Mistake { name, source, severity, code, span: start..end, also }
}

fn corpus() -> Vec<Mistake> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(root().join("tests/mistakes"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ext| ext == "mistakes"))
        .collect();
    files.sort();
    files
        .iter()
        .flat_map(|path| {
            let text = format!("\n{}", std::fs::read_to_string(path).unwrap());
            read(&path.file_stem().unwrap().to_string_lossy(), &text)
        })
        .collect()
}

fn day() -> jiff::civil::Date {
    "2026-11-22".parse().unwrap()
}

/// What is found in a shop, without what is no more than an idea.
fn found(source: &str) -> Vec<Diagnostic> {
    let mut found = all(source, false, day()).diagnostics;
    found.retain(|d| d.severity < Severity::Note);
    found
}

fn told(source: &str, d: &Diagnostic) -> String {
    let (line, column) = place(source, d.span.start);
    let (to_line, to_column) = place(source, d.span.end);
    let severity = d.severity.as_str();
    format!("{severity} {} at {line}:{column}-{to_line}:{to_column}: {}", d.code, d.message)
}

fn missed(mistake: &Mistake) -> Option<String> {
    let found = found(&mistake.source);
    let is = |d: &&Diagnostic| {
        d.code == mistake.code
            && d.severity.as_str() == mistake.severity
            && d.span == mistake.span
            && d.help.is_some()
    };
    let mut others: Vec<&Diagnostic> = found.iter().collect();
    let hit = others.iter().position(|d| is(d));
    if let Some(hit) = hit {
        others.remove(hit);
    }
    let quiet = match (&mistake.also, others.as_slice()) {
        (None, []) => true,
        (Some(code), [other]) => other.code == code,
        _ => false,
    };
    if hit.is_some() && quiet {
        return None;
    }
    let source = &mistake.source;
    let (line, column) = place(source, mistake.span.start);
    let (to_line, to_column) = place(source, mistake.span.end);
    let all: Vec<String> =
        found.iter().map(|d| format!("  found    {}", told(source, d))).collect();
    Some(format!(
        "{}\n  expected {} {} at {line}:{column}-{to_line}:{to_column}, also {:?}\n{}",
        mistake.name,
        mistake.severity,
        mistake.code,
        mistake.also,
        all.join("\n")
    ))
}

#[test]
fn every_mistake_is_found_at_its_place_and_nothing_else_is() {
    let corpus = corpus();
    assert!(corpus.len() >= ENOUGH, "{} mistakes", corpus.len());
    let missed: Vec<String> = std::thread::scope(|scope| {
        let halves = corpus.chunks(corpus.len().div_ceil(4));
        let threads: Vec<_> = halves
            .map(|half| scope.spawn(|| half.iter().filter_map(missed).collect::<Vec<_>>()))
            .collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    let (all, not) = (corpus.len(), missed.len());
    assert!(missed.is_empty(), "{} of {all} found\n{}", all - not, missed.join("\n"));
    println!("{all} of {all} mistakes found");
}

#[test]
fn the_mistakes_are_spread_over_every_part_of_the_codes() {
    let corpus = corpus();
    let mut names: Vec<&str> = corpus.iter().map(|m| m.name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), corpus.len(), "two mistakes have the same name");
    let made = |code: &str| corpus.iter().any(|m| m.code == code);
    let kinds: Vec<&str> = explained().map(|e| e.code).filter(|code| made(code)).collect();
    assert!(kinds.len() >= 90, "{} kinds", kinds.len());
    let mut parts: Vec<&str> = explained().map(|e| e.part).collect();
    parts.dedup();
    for part in parts {
        let of_it = explained().filter(|e| e.part == part && made(e.code)).count();
        assert!(of_it >= 5, "{part}: {of_it}");
    }
}

#[test]
fn the_shops_themselves_have_none() {
    for name in ["cafe", "tea", "atelier", "whole", "corner"] {
        let source = std::fs::read_to_string(shop(name)).unwrap();
        let wrong: Vec<String> = found(&source).iter().map(|d| told(&source, d)).collect();
        assert_eq!(wrong, [""; 0], "{name}");
        assert!(load(&shop(name)).is_ok());
    }
}

/// Whatever line is taken out of a whole shop, or made nonsense of: the mistake is told, and at most
/// one thing beside it.
#[test]
fn one_line_that_is_missing_or_mistyped_brings_no_flood() {
    let whole = std::fs::read_to_string(shop("corner")).unwrap();
    let lines: Vec<&str> = whole.lines().collect();
    let with = |at: usize, line: Option<String>| -> String {
        let changed = lines.iter().enumerate().filter_map(|(i, old)| match &line {
            _ if i != at => Some((*old).to_owned()),
            line => line.clone(),
        });
        changed.flat_map(|line| [line, "\n".to_owned()]).collect()
    };
    let (mut floods, mut tried) = (Vec::new(), 0);
    for (at, line) in lines.iter().enumerate() {
        let mistyped = line.split_once(" = ").map(|(key, _)| format!("{key} = 1.5"));
        let heads = line.starts_with('[') || mistyped.is_some();
        for changed in heads.then_some(None).into_iter().chain(mistyped.map(Some)) {
            tried += 1;
            let source = with(at, changed);
            let found: Vec<Diagnostic> = shopbell::shop::source::compile(&source).diagnostics;
            let bad: Vec<String> = found
                .iter()
                .filter(|d| d.severity < Severity::Note)
                .map(|d| told(&source, d))
                .collect();
            if bad.len() > 2 {
                floods.push(format!("line {}: {line}\n  {}", at + 1, bad.join("\n  ")));
            }
        }
    }
    assert!(tried > 400, "{tried}");
    assert!(floods.is_empty(), "{} floods\n{}", floods.len(), floods.join("\n"));
}
