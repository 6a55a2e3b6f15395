//! Signed bodies that mean nothing, something else, or too much: no input may stop the Worker.
//!
//! `SHOPBELL_FUZZ_POSTS` (default 3,000) and `SHOPBELL_FUZZ_SEED` change the run.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use common::rng::Rng;
use common::{Setup, alone, hooks, mutate};
use serde_json::{Value, json};

/// The Page of the payloads, and the person in most of them.
const PAGE: &str = "1029384756";
const PERSON: &str = "2401";

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().expect("a whole number"))
}

/// The payloads' moments, moved to now: what is years old is hardly looked at.
fn fresh(seeds: Vec<(Vec<u8>, Value)>, now: i64) -> Vec<(Vec<u8>, Value)> {
    let (old, new) = ("1458692752", (now / 1000).to_string());
    let renew = |(bytes, _): (Vec<u8>, Value)| {
        let text = String::from_utf8(bytes).unwrap().replace(old, &new);
        (text.clone().into_bytes(), serde_json::from_str(&text).unwrap())
    };
    seeds.into_iter().map(renew).collect()
}

#[test]
fn thousands_of_damaged_webhooks_never_stop_the_worker() {
    alone(Setup::of("fuzz", "tests/shops/two-pages"), async |stage| {
        let posts = setting("SHOPBELL_FUZZ_POSTS", 3_000);
        let seed = setting("SHOPBELL_FUZZ_SEED", 0xe2e0_f022);
        let known = json!({"id": PERSON, "page": PAGE});
        let people = format!("{}/sandbox/people", stage.sandbox.url());
        stage.http.post(people).json(&known).send().await.unwrap();
        let now = stage.sandbox.now();
        stage.sandbox.change_person(PERSON, |person| person.opened_at = Some(now));

        let seeds = Arc::new(fresh(mutate::seeds(), now));
        let next = Arc::new(AtomicUsize::new(0));
        let began = Instant::now();
        let couriers: Vec<_> = (0..4)
            .map(|_| {
                let (seeds, next, http) =
                    (Arc::clone(&seeds), Arc::clone(&next), stage.http.clone());
                let url = format!("{}/webhook", stage.worker.url);
                tokio::spawn(async move {
                    loop {
                        let n = u64::try_from(next.fetch_add(1, Ordering::Relaxed)).unwrap();
                        if n >= posts {
                            break;
                        }
                        // Each post has its own generator, so that one can be repeated alone.
                        let mut rng =
                            Rng::new(seed.wrapping_add(n.wrapping_mul(0x2545_f491_4f6c_dd1d)));
                        let body = mutate::mutant(&mut rng, &seeds);
                        let signature = hooks::sign(&body);
                        let post = http.post(&url).header("x-hub-signature-256", signature);
                        let answer = post.body(body.clone()).send().await;
                        let status = answer.map(|answer| answer.status().as_u16());
                        assert!(
                            matches!(status, Ok(200..=499)),
                            "post {n} of seed {seed:#x}: {status:?}\n{}",
                            body.escape_ascii()
                        );
                    }
                })
            })
            .collect();
        for courier in couriers {
            courier.await.unwrap();
        }
        eprintln!("{posts} posts in {:?}", began.elapsed());

        let desk = stage.desk(PAGE).await;
        let counted = desk["last_7_days"].as_object().unwrap();
        let events: i64 = counted
            .iter()
            .filter(|(name, _)| name.starts_with("event."))
            .map(|(_, n)| n.as_i64().unwrap())
            .sum();
        // Mutants that never reach a conversation would prove nothing.
        assert!(events > i64::try_from(posts / 4).unwrap(), "{counted:?}");
        assert!(counted["event.message"].as_i64().unwrap() > 0, "{counted:?}");
        assert!(counted.keys().any(|name| name.starts_with("answer.")), "{counted:?}");

        let guest = stage.person(PAGE);
        assert_eq!(
            stage.says(&guest, "what bread do you have").await,
            ["BREAD: rye, wheat and sourdough."]
        );
        assert_eq!(stage.get("/health").await.status(), 200);
        stage.cron().await;
        assert_eq!(stage.says(&guest, "any coffee?").await, ["COFFEE: from two euro."]);
    });
}
