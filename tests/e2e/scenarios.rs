//! Every scenario of `tests/scenarios/` on the real bundle: people see the same, byte for byte, as
//! on the core. `SHOPBELL_SCENARIO=name` plays only the files with these letters in their names.

use std::path::{Path, PathBuf};
use std::sync::Mutex;

use crate::common::*;
use shopbell::cli::sim::bundle::Address;
use shopbell::cli::sim::{Scenario, same};

/// So many scenarios are played at a time; each player has a folder of this name.
const PLAYERS: [&str; 3] = ["scenario-1", "scenario-2", "scenario-3"];

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

/// Plays one file both ways; what differs, if anything does.
fn difference(player: &'static str, file: &Path) -> Option<String> {
    let scenario = Scenario::read(file).unwrap();
    let played = scenario.on_core().unwrap();
    let stops = played.stops.clone();
    let here = scenario.done(played).unwrap();
    // A Desk that nobody has talked to yet.
    let setup = Setup {
        name: player,
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
    stage.worker.assert_calm();
    compared.err().map(|why| format!("{}: {why}", file.display()))
}

#[test]
fn the_bundle_plays_every_scenario_as_the_core_does() {
    if !enabled() {
        return;
    }
    // Several at a time: most of a scenario is waiting for answers that must not come.
    let files = Mutex::new(files().into_iter());
    let play = |player| {
        let next = || files.lock().unwrap().next();
        std::iter::from_fn(next).filter_map(|file| difference(player, &file)).collect()
    };
    let wrong: Vec<String> = std::thread::scope(|scope| {
        let play = &play;
        let players: Vec<_> = PLAYERS.map(|player| scope.spawn(move || play(player))).into();
        players.into_iter().flat_map(|player| -> Vec<String> { player.join().unwrap() }).collect()
    });
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
