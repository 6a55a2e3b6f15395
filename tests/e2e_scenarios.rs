//! Every scenario of `tests/scenarios/` on the real bundle: people see the same, byte for byte, as
//! on the core. `SHOPBELL_SCENARIO=name` plays only the files with these letters in their names.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::path::PathBuf;

use common::*;
use shopbell::cli::sim::bundle::Address;
use shopbell::cli::sim::{Scenario, same};

fn files() -> Vec<PathBuf> {
    let only = std::env::var("SHOPBELL_SCENARIO").unwrap_or_default();
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/scenarios");
    let all = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    let wanted = |file: &PathBuf| {
        let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        file.extension() == Some("scenario".as_ref()) && name.contains(&only)
    };
    let mut files: Vec<_> = all.filter(wanted).collect();
    files.sort();
    assert!(!files.is_empty());
    files
}

#[test]
fn the_bundle_plays_every_scenario_as_the_core_does() {
    if !enabled() {
        return;
    }
    let mut wrong = Vec::new();
    for file in files() {
        let scenario = Scenario::read(&file).unwrap();
        let played = scenario.on_core().unwrap();
        let stops = played.stops.clone();
        let here = scenario.done(played).unwrap();
        // A Desk that nobody has talked to yet.
        let setup = Setup {
            name: "scenario",
            shop: scenario.shop.canonicalize().unwrap(),
            clock: Some(scenario.start.get()),
            meta_has: None,
        };
        let stage = Stage::start(setup);
        let address = Address {
            sandbox: stage.sandbox.url(),
            worker: Some(stage.worker.url.clone()),
            admin_token: ADMIN_TOKEN.to_owned(),
        };
        let there = scenario.on_bundle(address, &stops).and_then(|played| scenario.done(played));
        let compared = there.and_then(|there| same(&here, &there, "the core", "the bundle"));
        wrong.extend(compared.err().map(|why| format!("{}: {why}", file.display())));
        stage.worker.assert_calm();
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
