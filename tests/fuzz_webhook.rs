//! Mutation fuzzing of `parse` and `Event::key` on stable Rust: every payload of `tests/payloads`,
//! damaged byte by byte and value by value.
//!
//! `SHOPBELL_FUZZ_CASES` (default 200,000) and `SHOPBELL_FUZZ_SEED` change the run; a failing case
//! is printed with the seed and number that bring it back.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::panic::catch_unwind;

use shopbell::meta::event::{Event, EventKind};
use shopbell::meta::key::MAX_KEY;
use shopbell::meta::limits::WEBHOOK_EVENTS;
use shopbell::meta::parse::parse;

#[path = "common/mutate.rs"]
mod mutate;
#[path = "common/rng.rs"]
mod rng;

use mutate::{mutant, seeds};
use rng::Rng;

/// What must hold for every body.
fn check(body: &[u8]) -> usize {
    let read = parse(body);
    assert_eq!(read, parse(body), "reading twice differs");
    let Ok(events) = read else { return 0 };
    // An event needs at least a digit and a comma, or is the only one.
    assert!(events.len() <= WEBHOOK_EVENTS.min(body.len() / 2 + 1), "{} events", events.len());
    for event in &events {
        let key = event.key();
        assert!(key.len() <= MAX_KEY, "key of {} bytes", key.len());
        assert!(key.bytes().all(|b| b.is_ascii_graphic()), "key {key:?}");
        if let EventKind::Unknown { kind } = &event.kind {
            assert!((1..=64).contains(&kind.len()), "kind {kind:?}");
        }
        // What is stored must read back as what it was, and so keep its key.
        let stored = serde_json::to_string(event).unwrap();
        let restored: Event = serde_json::from_str(&stored).unwrap();
        assert_eq!(&restored, event);
        assert_eq!(restored.key(), key);
    }
    events.len()
}

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().expect("a whole number"))
}

#[test]
fn mutated_webhooks_never_panic_and_stay_bounded() {
    let cases = setting("SHOPBELL_FUZZ_CASES", 200_000);
    let seed = setting("SHOPBELL_FUZZ_SEED", 0x5083_11be_1100);
    let seeds = seeds();
    assert!(seeds.len() >= 50, "too few payloads to start from");

    let mut events = 0;
    for case in 0..cases {
        // Each case has its own generator, so that one can be run alone.
        let mut rng = Rng::new(seed.wrapping_add(case.wrapping_mul(0x2545_f491_4f6c_dd1d)));
        let body = mutant(&mut rng, &seeds);
        match catch_unwind(|| check(&body)) {
            Ok(found) => events += found as u64,
            Err(_) => panic!("case {case} of seed {seed} fails:\n{}", body.escape_ascii()),
        }
    }
    // Mutants that all fail to parse would prove nothing.
    assert!(events > cases / 4, "only {events} events in {cases} cases");
}

#[test]
fn every_payload_passes_unharmed() {
    for (body, _) in seeds() {
        check(&body);
    }
}
