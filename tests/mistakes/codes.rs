//! Every code that the source can emit has an explanation, and its examples do what they say.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use shopbell::cli::check::codes::{Example, Explained, explain, explained, reference};
use shopbell::shop::source::diagnostic::Severity;

/// Hyphenated words of the source that are no codes.
const NO_CODES: [&str; 2] = ["booking-reminder", "legitimate-interest"];

/// A fault of ours, which no file can bring about on purpose; what depends on another file; and what is no
/// text.
const WITHOUT_EXAMPLE: [&str; 3] = ["internal", "logo-unusable", "unreadable"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn sources(dir: &Path, into: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, into);
        } else if path.extension().is_some_and(|ext| ext == "rs") {
            into.push(path);
        }
    }
}

/// Every text between quotation marks, with what stands before it.
fn literals(source: &str) -> Vec<(&str, &str)> {
    let mut all = Vec::new();
    let mut from = 0;
    while let Some(open) = source[from..].find('"').map(|at| from + at) {
        // A character, '"', is no text.
        if source[..open].ends_with('\'') {
            from = open + 1;
            continue;
        }
        let mut escaped = false;
        let length = source[open + 1..].find(|c: char| {
            let ends = c == '"' && !escaped;
            escaped = c == '\\' && !escaped;
            ends
        });
        let Some(length) = length else { panic!("a text has no end: {}", &source[open..]) };
        let close = open + 1 + length;
        all.push((source[..open].trim_end(), &source[open + 1..close]));
        from = close + 1;
    }
    all
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_lowercase())
}

/// The codes in the source: what is given to what makes a diagnostic, and everything that looks
/// like a code of several words, wherever it stands.
fn emitted() -> BTreeSet<String> {
    let mut files = Vec::new();
    for dir in ["src/shop/source", "src/cli/check"] {
        sources(&root().join(dir), &mut files);
    }
    let mut codes = BTreeSet::new();
    for file in files {
        if file.ends_with("codes/mod.rs") || file.ends_with("shop/source/format") {
            continue;
        }
        let text = std::fs::read_to_string(&file).unwrap();
        let text = text.split("#[cfg(test)]").next().unwrap();
        let code_only: String = text
            .lines()
            .filter(|l| !l.trim_start().starts_with("//"))
            .flat_map(|l| [l, "\n"])
            .collect();
        for (before, literal) in literals(&code_only) {
            let made = [
                "Diagnostic::error(",
                "Diagnostic::warning(",
                "Diagnostic::note(",
                "Problem::new(",
            ]
            .iter()
            .any(|maker| before.ends_with(maker));
            let hyphenated = literal.contains('-') && literal.split('-').all(is_word);
            if (made && literal.split('-').all(is_word)) || hyphenated {
                codes.insert(literal.to_owned());
            }
        }
    }
    for word in NO_CODES {
        assert!(codes.remove(word), "{word} is no longer in the source");
    }
    codes
}

#[test]
fn every_code_of_the_source_is_explained_once_and_no_other() {
    let emitted = emitted();
    assert!(emitted.len() >= 120, "{}", emitted.len());
    assert!(["syntax", "bad-brace", "expectation-offered"].iter().all(|c| emitted.contains(*c)));
    let all: Vec<String> = explained().map(|e| e.code.to_owned()).collect();
    let set: BTreeSet<String> = all.iter().cloned().collect();
    assert_eq!(set.len(), all.len(), "a code is explained twice");
    assert_eq!(emitted.difference(&set).collect::<Vec<_>>(), [""; 0], "not explained");
    assert_eq!(set.difference(&emitted).collect::<Vec<_>>(), [""; 0], "never emitted");
}

/// The codes found, notes only if they are looked for.
fn found(example: Example, of: &Explained) -> BTreeSet<&'static str> {
    let found = example.checked().diagnostics.into_iter();
    found.filter(|d| d.severity < Severity::Note || d.code == of.code).map(|d| d.code).collect()
}

#[test]
fn each_wrong_example_yields_its_code_alone_and_each_right_one_nothing() {
    let mut untrue = Vec::new();
    for explained in explained() {
        let (Some(wrong), Some(right)) = (explained.wrong, explained.right) else {
            assert!(WITHOUT_EXAMPLE.contains(&explained.code), "{}", explained.code);
            continue;
        };
        let of_wrong = found(wrong, &explained);
        if of_wrong != BTreeSet::from([explained.code]) {
            untrue.push(format!("{}: wrong yields {of_wrong:?}", explained.code));
        }
        let of_right = found(right, &explained);
        if !of_right.is_empty() {
            untrue.push(format!("{}: right yields {of_right:?}", explained.code));
        }
    }
    assert_eq!(untrue, [""; 0], "{}", untrue.join("\n"));
}

#[test]
fn every_explanation_is_words_and_not_only_a_name() {
    for explained in explained() {
        let words = explained.text.split_whitespace().count();
        assert!(words >= 8, "{}: {}", explained.code, explained.text);
        assert!(
            explained.text.ends_with('.') || explained.text.ends_with('`'),
            "{}",
            explained.code
        );
    }
}

#[test]
fn a_code_is_explained_in_the_terminal_and_an_unknown_one_answered_with_the_nearest() {
    let run = |code: &str| {
        let command = env!("CARGO_BIN_EXE_shopbell");
        let output = Command::new(command).args(["check", "--explain", code]).output().unwrap();
        let said = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8(said).unwrap())
    };
    let (fine, said) = run("bad-url");
    assert!(fine, "{said}");
    for part in ["bad-url\n", "Wrong:", "Right:", "    site = \"https://www.shop.example\""] {
        assert!(said.contains(part), "{said}");
    }
    assert!(said.lines().all(|line| line.chars().count() <= 110), "{said}");
    assert_eq!(run("BAD-URL").1, said);
    let (fine, said) = run("bad-ulr");
    assert!(!fine && said.contains("did you mean bad-url?"), "{said}");
    let (fine, said) = run("qqqq");
    assert!(!fine && said.contains("stands in brackets"), "{said}");
    assert!(explained().all(|e| explain(e.code).is_ok()));
}

#[test]
fn the_page_of_the_codes_has_them_all_with_how_bad_they_are() {
    let page = reference();
    for explained in explained() {
        assert!(page.contains(&format!("\n## {}\n", explained.code)), "{}", explained.code);
    }
    for line in [
        "| [`bad-url`](#bad-url) | error |",
        "| [`hours-gap`](#hours-gap) | warning |",
        "| [`confused`](#confused) | note |",
    ] {
        assert!(page.contains(line), "{line}");
    }
}
