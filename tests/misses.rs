//! `shopbell misses`: from what the Worker says to lines for shop.toml.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::{Value, json};

struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        let _gone = std::fs::remove_dir_all(&self.0);
    }
}

fn folder(name: &str) -> Folder {
    let path = std::env::temp_dir().join(format!("shopbell-misses-{name}-{}", std::process::id()));
    std::fs::create_dir_all(&path).unwrap();
    Folder(path)
}

fn miss(text: &str, lang: &str, times: u32, offered: &[&str]) -> Value {
    json!({ "text": text, "lang": lang, "times": times, "offered": offered,
            "newest": "2026-11-20T10:00:00Z" })
}

/// The café, and what its Worker might say.
fn stage(folder: &Folder) {
    let cafe = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/cafe/shop.toml");
    std::fs::copy(cafe, folder.0.join("shop.toml")).unwrap();
    let misses = [
        miss("nardymas su akvalangu?", "lt", 2, &[]),
        miss("Nardymas su akvalangu", "lt", 3, &[]),
        miss("akvalango [number]", "lt", 1, &[]),
        miss("blorp zzz", "en", 1, &[]),
        miss("opening hours", "en", 4, &[]),
        miss("do you like thing", "en", 1, &["menu", "gone"]),
    ];
    let told = json!({ "version": "0.1.0", "desks": [
        { "page": "100200300400501", "shard": 0, "keep_days": 30, "misses": misses[..3] },
        { "page": "100200300400501", "shard": 1, "keep_days": 30, "misses": misses[3..] },
        { "page": "77", "shard": 0, "error": "busy" },
    ]});
    std::fs::write(folder.0.join("misses.json"), told.to_string()).unwrap();
}

fn misses(folder: &Folder, more: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_shopbell"))
        .args(["misses", ".", "--from", "misses.json"])
        .args(more)
        .current_dir(&folder.0)
        .env_remove("PUBLIC_URL")
        .env_remove("ADMIN_TOKEN")
        .output()
        .unwrap()
}

fn stdout(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
fn like_questions_stand_together_with_how_often_they_were_asked() {
    let folder = folder("groups");
    stage(&folder);
    let text = stdout(&misses(&folder, &[]));
    let first = text.split("\n\n").next().unwrap();
    assert!(first.starts_with("6x, last on 2026-11-20, lt, "), "{text}");
    assert!(first.contains("Nardymas su akvalangu (5x)") && first.contains("[number]"), "{text}");
    assert!(text.contains("8 questions in 3 groups without an answer"), "{text}");
    assert!(text.contains("4 more questions would be answered by now"), "{text}");

    let groups: Vec<Value> = stdout(&misses(&folder, &["--format", "json"]))
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(groups.len(), 3);
    assert_eq!(groups[0]["times"], 6);
    assert_eq!(groups[0]["newest"], "2026-11-20T10:00:00Z");
    let close = groups.iter().find(|group| group["lang"] == "en" && group["entry"] != Value::Null);
    assert!(close.is_some(), "{groups:?}");
    let one = stdout(&misses(&folder, &["--page", "77"]));
    assert!(one.starts_with("0 questions"), "{one}");
}

#[test]
fn the_patch_is_taken_by_git_and_the_shop_stays_a_shop() {
    let folder = folder("patch");
    stage(&folder);
    let patch = stdout(&misses(&folder, &["--patch"]));
    assert!(patch.starts_with("--- a/shop.toml\n+++ b/shop.toml\n"), "{patch}");
    std::fs::write(folder.0.join("x.patch"), &patch).unwrap();
    let before = std::fs::read_to_string(folder.0.join("shop.toml")).unwrap();
    let applied = Command::new("git").args(["apply", "x.patch"]).current_dir(&folder.0).output();
    let applied = applied.unwrap();
    assert!(applied.status.success(), "{}", String::from_utf8_lossy(&applied.stderr));
    let after = std::fs::read_to_string(folder.0.join("shop.toml")).unwrap();
    assert!(after.contains("do you like thing"), "{patch}");
    assert!(after.contains("# [[faq]]") && after.contains("#     \"akvalango\","), "{patch}");
    // Every line that was there is still there, but for a comma behind one.
    let missing: Vec<&str> = before
        .lines()
        .filter(|line| !after.contains(line.trim_end_matches(']').trim_end_matches(',')))
        .collect();
    assert_eq!(missing, [""; 0]);
    let compiled = shopbell::shop::source::compile(&after);
    assert!(!compiled.has_errors(), "{:?}", compiled.diagnostics);
    // The same again: what was added is answered by now, and only the sketches are new.
    let again = stdout(&misses(&folder, &["--patch"]));
    let added = again.lines().filter(|line| line.starts_with('+') && !line.starts_with("+#"));
    assert_eq!(added.collect::<Vec<_>>(), ["+++ b/shop.toml", "+"], "{again}");
}

#[test]
fn without_an_address_or_a_token_it_says_what_is_missing() {
    let folder = folder("missing");
    stage(&folder);
    let run = |args: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_shopbell"))
            .args(["misses", "."])
            .args(args)
            .current_dir(&folder.0)
            .env_remove("PUBLIC_URL")
            .env_remove("ADMIN_TOKEN")
            .output()
            .unwrap();
        assert!(!output.status.success());
        String::from_utf8(output.stderr).unwrap()
    };
    assert!(run(&[]).contains("--url"));
    assert!(
        run(&["--url", "http://127.0.0.1:9"]).contains("ADMIN_TOKEN is not in the environment")
    );
    assert!(run(&["--url", "http://shop.example"]).contains("not https"));
    assert!(run(&["--from", "shop.toml"]).contains("/admin/misses"));
    assert!(run(&["--from", "no.json"]).contains("cannot read no.json"));
}

#[test]
fn what_customers_wrote_does_nothing_to_the_terminal() {
    let folder = folder("terminal");
    stage(&folder);
    let bad = "nardymas \u{1b}]0;title\u{7}\u{1b}[2J\u{9b}1m\u{8}\n0 questions\r";
    let told = json!({ "version": "0.1.0", "desks": [{ "page": "100200300400501", "shard": 0,
        "keep_days": 30, "misses": [miss(bad, "lt", 2, &[])] }] });
    std::fs::write(folder.0.join("misses.json"), told.to_string()).unwrap();
    for more in [&[][..], &["--patch"], &["--format", "json"]] {
        let text = stdout(&misses(&folder, more));
        assert!(text.contains("nardymas"), "{text}");
        let obeyed = text.chars().find(|c| c.is_control() && !matches!(c, '\n' | '\t'));
        assert_eq!(obeyed, None, "{more:?}: {text:?}");
    }
    let lines = stdout(&misses(&folder, &[]));
    assert_eq!(lines.lines().filter(|line| line.starts_with("0 questions")).count(), 0, "{lines}");
}
