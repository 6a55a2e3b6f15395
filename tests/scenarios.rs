//! Every scenario of `tests/scenarios/` plays to its end on the core, and its transcript is the
//! one that lies beside it. `SHOPBELL_BLESS=1` writes the transcripts anew: read them before you
//! commit.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::path::PathBuf;

use shopbell::cli::sim::{Scenario, same};

fn files() -> Vec<PathBuf> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/scenarios");
    let all = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    let mut files: Vec<_> = all.filter(|f| f.extension() == Some("scenario".as_ref())).collect();
    files.sort();
    assert!(!files.is_empty());
    files
}

#[test]
fn every_scenario_plays_as_it_is_written_down() {
    let bless = std::env::var_os("SHOPBELL_BLESS").is_some();
    let mut wrong = Vec::new();
    for file in files() {
        let check = || -> Result<(), String> {
            let scenario = Scenario::read(&file)?;
            let transcript = scenario.done(scenario.on_core()?)?;
            let kept = scenario.transcript();
            if bless {
                return std::fs::write(&kept, transcript).map_err(|error| error.to_string());
            }
            let kept_text = std::fs::read_to_string(&kept).unwrap_or_default();
            same(&kept_text, &transcript, &kept.display().to_string(), "this run")
        };
        wrong.extend(check().err());
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_same_scenario_gives_the_same_transcript_every_time() {
    let file = files().remove(0);
    let scenario = Scenario::read(&file).unwrap();
    let once = scenario.done(scenario.on_core().unwrap()).unwrap();
    let again = scenario.done(scenario.on_core().unwrap()).unwrap();
    assert_eq!(once, again);
}

#[test]
fn an_expectation_that_fails_says_where_and_what_came_instead() {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let file = folder.join("wrong.scenario");
    let cafe = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/cafe");
    for (step, said) in [
        ("expect \"Kavos nėra\"", "Šiandien"),
        ("expect nothing", "Šiandien"),
        ("expect choices \"A\"", "A"),
        ("expect card \"A\"", "Šiandien"),
        ("expect held \"A\"", "held"),
        ("expect page \"A\"", "web page"),
        ("Ona taps \"A\"", "nothing in this thread"),
        ("Ona opts in", "no opt-in card"),
    ] {
        let text = format!(
            "shop {cafe}\nat 2026-11-23 08:00\nperson Ona speaks lt\n\
             Ona says \"Kada dirbate?\"\n{step}\n"
        );
        std::fs::write(&file, text).unwrap();
        let scenario = Scenario::read(&file).unwrap();
        let why = scenario.done(scenario.on_core().unwrap()).unwrap_err();
        assert!(why.contains("wrong.scenario:5:1: "), "{why}");
        assert!(why.contains(said), "{step}: {why}");
    }
}
