//! Signed bodies that mean nothing, something else, or too much: no input may stop the Worker.
//!
//! `SHOPBELL_FUZZ_POSTS` (default 3,000) and `SHOPBELL_FUZZ_SEED` change the run.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use crate::common::rng::Rng;
use crate::common::{Setup, alone, hooks, mutate};
use serde_json::json;

/// The Page of the payloads.
const PAGE: &str = "1029384756";
/// As many people take the place of the one in most of the payloads.
const PEOPLE: u64 = 40;

fn person(n: u64) -> String {
    format!("24010{:02}", n % PEOPLE)
}

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().expect("a whole number"))
}

/// The payloads' moments become now, their message ids new ones, and their person one of many:
/// what is years old, was seen before, or is said while a colleague is talking is hardly looked at.
fn freshen(body: &[u8], n: u64, now: i64) -> Vec<u8> {
    let second = now / 1000 - i64::try_from(n % 3_000).unwrap();
    let dated = replace(body, b"1458692752", second.to_string().as_bytes());
    let renamed = replace(&dated, b"\"m_", format!("\"m_{n}_").as_bytes());
    replace(&renamed, b"\"2401\"", format!("\"{}\"", person(n)).as_bytes())
}

fn replace(body: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(body.len());
    let mut rest = body;
    while let Some(at) = rest.windows(from.len()).position(|window| window == from) {
        out.extend_from_slice(&rest[..at]);
        out.extend_from_slice(to);
        rest = &rest[at + from.len()..];
    }
    out.extend_from_slice(rest);
    out
}

#[test]
fn thousands_of_damaged_webhooks_never_stop_the_worker() {
    alone(Setup::of("fuzz", "tests/shops/two-pages"), async |stage| {
        let posts = setting("SHOPBELL_FUZZ_POSTS", 3_000);
        let seed = setting("SHOPBELL_FUZZ_SEED", 0xe2e0_f022);
        let now = stage.sandbox.now();
        for psid in (0..PEOPLE).map(person) {
            let known = json!({"id": psid, "page": PAGE});
            let people = format!("{}/sandbox/people", stage.sandbox.url());
            stage.http.post(people).json(&known).send().await.unwrap();
            stage.sandbox.change_person(&psid, |person| person.opened_at = Some(now));
        }

        let seeds = Arc::new(mutate::seeds());
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
                        let body = freshen(&mutate::mutant(&mut rng, &seeds), n, now);
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
        let of = |start: &str| -> i64 {
            let named = counted.iter().filter(|(name, _)| name.starts_with(start));
            named.map(|(_, n)| n.as_i64().unwrap()).sum()
        };
        // Mutants that never reach a conversation would prove nothing.
        let (events, said) = (of("event."), of("reply.sent"));
        eprintln!("{events} events known, {said} bubbles said");
        assert!(events * 8 > i64::try_from(posts).unwrap(), "{counted:?}");
        assert!(said * 40 > i64::try_from(posts).unwrap(), "{counted:?}");

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
