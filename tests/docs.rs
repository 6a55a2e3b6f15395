//! The documents say what is so: links lead somewhere, shops are fine, the reference is fresh. That
//! their commands run is shown by `e2e::documents`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

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

#[test]
fn the_reference_of_shop_toml_is_what_the_check_follows() {
    let path = root().join("docs/shop-toml.md");
    let text = std::fs::read_to_string(&path).unwrap();
    let (head, _) = text.split_once("<!-- reference -->").unwrap();
    let fresh = format!("{head}<!-- reference -->\n\n{}", reference());
    if std::env::var_os("SHOPBELL_BLESS").is_some() {
        std::fs::write(&path, &fresh).unwrap();
        return;
    }
    assert!(text == fresh, "out of date: SHOPBELL_BLESS=1 cargo test --test docs");
}

#[test]
fn the_page_of_the_codes_is_what_the_command_explains() {
    let path = root().join("docs/check-codes.md");
    let text = std::fs::read_to_string(&path).unwrap();
    let (head, _) = text.split_once("<!-- reference -->").unwrap();
    let fresh = format!("{head}<!-- reference -->\n\n{}", codes::reference());
    if std::env::var_os("SHOPBELL_BLESS").is_some() {
        std::fs::write(&path, &fresh).unwrap();
        return;
    }
    assert!(text == fresh, "out of date: SHOPBELL_BLESS=1 cargo test --test docs");
}

#[test]
fn the_order_of_who_answers_is_the_tables() {
    let path = root().join("docs/precedence.md");
    let text = std::fs::read_to_string(&path).unwrap();
    let (head, _) = text.split_once("<!-- reference -->").unwrap();
    let table = shopbell::desk::precedence::reference();
    let fresh = format!("{head}<!-- reference -->\n\n{table}");
    if std::env::var_os("SHOPBELL_BLESS").is_some() {
        std::fs::write(&path, &fresh).unwrap();
        return;
    }
    assert!(text == fresh, "out of date: SHOPBELL_BLESS=1 cargo test --test docs");
}
