//! `shopbell check` and loading a shop for the other commands.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::path::{Path, PathBuf};

use shopbell::cli::check::{LoadError, closing_line, load};
use shopbell::shop::source::compile;

fn shops() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/shops")
}

#[test]
fn a_file_can_be_named_itself() {
    assert_eq!(load(&shops().join("whole.toml")).unwrap().len(), 2);
}

#[test]
fn a_folder_without_a_shop_is_named_with_the_file_it_lacks() {
    let error = load(&shops()).unwrap_err();
    assert!(matches!(&error, LoadError::Unreadable { path, .. } if path.ends_with("shop.toml")));
}

#[test]
fn a_broken_shop_is_not_loaded() {
    let error = load(&shops().join("broken/names.toml")).unwrap_err();
    let LoadError::Broken { errors, .. } = error else { panic!("{error}") };
    assert!(errors > 5);
}

#[test]
fn the_closing_line_counts_what_was_found() {
    let line = |name: &str| {
        let path = shops().join(name);
        closing_line(&compile(&std::fs::read_to_string(&path).unwrap()), &path)
    };
    assert_eq!(
        line("whole.toml"),
        "whole.toml is fine: 2 Pages, 2 languages, 2 answers, 3 topics, 3 posters, 3 notifications"
    );
    assert_eq!(line("broken/syntax.toml"), "syntax.toml has 2 errors");
    assert!(
        line("broken/warnings.toml").ends_with("1 topic, 3 posters, 0 notifications; 8 warnings")
    );
}
