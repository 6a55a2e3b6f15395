//! The documents say what is so: links lead somewhere, shops are fine, the reference is fresh. That
//! their commands run is shown by `e2e::documents`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use shopbell::cli::check::codes;
use shopbell::shop::source::compile;
use shopbell::shop::source::reference::reference;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every document of ours.
fn documents() -> Vec<PathBuf> {
    let mut found = vec![root().join("README.md")];
    for folder in ["docs", "kv-schemas", "examples"] {
        let entries = std::fs::read_dir(root().join(folder)).unwrap();
        let paths = entries.map(|entry| entry.unwrap().path());
        found.extend(paths.filter(|path| path.extension().is_some_and(|ext| ext == "md")));
    }
    assert!(found.len() >= 7, "{found:?}");
    found.sort();
    found
}

/// The blocks of a document that are marked with `language`.
fn blocks(text: &str, language: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut open: Option<(bool, String)> = None;
    for line in text.lines() {
        match (line.strip_prefix("```"), &mut open) {
            (Some(word), None) => open = Some((word.trim() == language, String::new())),
            (Some(_), Some((wanted, block))) => {
                if *wanted {
                    found.push(std::mem::take(block));
                }
                open = None;
            }
            (None, Some((_, block))) => *block += &format!("{line}\n"),
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "a block is not closed");
    found
}

#[test]
fn relative_links_lead_to_files_and_headings_that_exist() {
    let mut broken = Vec::new();
    for document in documents() {
        let text = std::fs::read_to_string(&document).unwrap();
        for target in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            if target.contains("://") || target.starts_with("mailto:") {
                continue;
            }
            let (file, heading) = target.split_once('#').unwrap_or((target, ""));
            let path = if file.is_empty() {
                document.clone()
            } else {
                document.parent().unwrap().join(file)
            };
            let exists = path.exists();
            let headed = heading.is_empty()
                || std::fs::read_to_string(&path)
                    .is_ok_and(|text| text.lines().any(|line| anchor(line) == heading));
            if !exists || !headed {
                broken.push(format!("{}: {target}", document.display()));
            }
        }
    }
    assert_eq!(broken, [""; 0]);
}

/// The anchor of a heading, as code forges make it.
fn anchor(line: &str) -> String {
    let Some(title) = line.strip_prefix('#') else { return String::new() };
    let title = title.trim_start_matches('#').trim().to_lowercase();
    let kept = title.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.collect::<String>().replace(' ', "-")
}

#[test]
fn every_script_that_is_named_exists() {
    for document in documents() {
        let text = std::fs::read_to_string(&document).unwrap();
        for block in blocks(&text, "sh") {
            for word in block.split_whitespace().filter(|word| word.starts_with("scripts/")) {
                assert!(root().join(word).exists(), "{}: {word}", document.display());
            }
        }
    }
}

#[test]
fn the_shops_in_the_documents_are_fine() {
    let mut checked = 0;
    for document in documents() {
        let text = std::fs::read_to_string(&document).unwrap();
        for shop in blocks(&text, "toml").iter().filter(|block| block.contains("[shop]")) {
            let found = compile(shop).diagnostics;
            assert!(found.is_empty(), "{}: {found:?}", document.display());
            checked += 1;
        }
    }
    assert!(checked >= 1);
}

/// Holds what stands behind the mark in a document against what it is generated from.
fn is_fresh(document: &str, generated: &str) {
    let path = root().join(document);
    let text = std::fs::read_to_string(&path).unwrap();
    let (head, _) = text.split_once("<!-- reference -->").unwrap();
    let fresh = format!("{head}<!-- reference -->\n\n{generated}");
    if std::env::var_os("SHOPBELL_BLESS").is_some() {
        std::fs::write(&path, &fresh).unwrap();
        return;
    }
    assert!(text == fresh, "{document} is out of date: SHOPBELL_BLESS=1 cargo test --test docs");
}

#[test]
fn the_reference_of_shop_toml_is_what_the_check_follows() {
    is_fresh("docs/shop-toml.md", &reference());
}

#[test]
fn the_page_of_the_codes_is_what_the_command_explains() {
    is_fresh("docs/check-codes.md", &codes::reference());
}

#[test]
fn the_order_of_who_answers_is_the_tables() {
    is_fresh("docs/precedence.md", &shopbell::desk::precedence::reference());
}

#[test]
fn the_data_map_is_what_the_code_declares() {
    is_fresh("docs/data-map.md", &shopbell::desk::data_map::reference());
}

/// Rooms whose callers are not limited: one type for moments, and words for what is kept.
const FOR_ALL: [&str; 2] = ["time", "kept"];

/// The files of Rust below a folder.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let below = |path: PathBuf| if path.is_dir() { sources(&path) } else { vec![path] };
    let all = entries.flat_map(below);
    all.filter(|path| path.extension().is_some_and(|ext| ext == "rs")).collect()
}

/// The rooms that the code of a room calls, its tests left out.
fn called_by(room: &str) -> BTreeSet<String> {
    let mut called = BTreeSet::new();
    for path in sources(&root().join("src").join(room)) {
        let name = path.file_name().unwrap().to_string_lossy();
        if name.ends_with("tests.rs") {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
        let lines = code.lines().filter(|line| !line.trim_start().starts_with("//"));
        for rest in lines.flat_map(|line| line.split("crate::").skip(1)) {
            let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
            called.insert(rest[..end].to_owned());
        }
    }
    called.retain(|name| name != room && !FOR_ALL.contains(&name.as_str()));
    called.retain(|name| root().join("src").join(name).is_dir());
    called
}

#[test]
fn each_room_calls_exactly_the_rooms_that_the_two_maps_name() {
    let rooms = ["meta", "shop", "store", "faq", "entry", "desk", "outreach"];
    for (file, written) in
        [("src/lib.rs", "//! | [`ROOM`] |"), ("docs/architecture.md", "| `src/ROOM/` |")]
    {
        let text = std::fs::read_to_string(root().join(file)).unwrap();
        for room in rooms {
            let head = written.replace("ROOM", room);
            let line = text.lines().find(|line| line.starts_with(&head)).unwrap();
            let may = line.trim_end_matches(" |").rsplit(" | ").next().unwrap();
            let may: BTreeSet<String> =
                may.split('`').skip(1).step_by(2).map(str::to_owned).collect();
            assert_eq!(called_by(room), may, "{room}, in {file}");
        }
    }
}

#[test]
fn the_tests_that_there_are_have_their_line() {
    let text = std::fs::read_to_string(root().join("docs/testing.md")).unwrap();
    let entries = std::fs::read_dir(root().join("tests")).unwrap().map(|entry| entry.unwrap());
    for path in entries.map(|entry| entry.path()) {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let program = path.extension().is_some_and(|ext| ext == "rs");
        let programs = path.join("main.rs").exists();
        let name = if programs { format!("{name}/") } else { name };
        let known = text.contains(&format!("`tests/{name}`")) || name.starts_with("shop_");
        assert!(known || !(program || programs), "docs/testing.md says nothing of {name}");
    }
}

#[test]
fn the_commands_that_there_are_are_the_ones_that_are_told() {
    let mut shopbell = std::process::Command::new(env!("CARGO_BIN_EXE_shopbell"));
    let help = String::from_utf8(shopbell.arg("help").output().unwrap().stdout).unwrap();
    let (_, commands) = help.split_once("Commands:\n").unwrap();
    let commands = commands.lines().take_while(|line| !line.is_empty());
    let names = commands.map(|line| line.split_whitespace().next().unwrap());
    let names: Vec<&str> = names.filter(|name| *name != "help").collect();
    assert!(names.len() > 20, "{names:?}");
    let text = std::fs::read_to_string(root().join("docs/architecture.md")).unwrap();
    let (_, told) = text.split_once("`shopbell new |").unwrap();
    let (told, _) = told.split_once('`').unwrap();
    let told: BTreeSet<&str> = ["new"].into_iter().chain(told.split('|').map(str::trim)).collect();
    assert_eq!(told, names.into_iter().collect::<BTreeSet<_>>());
}
