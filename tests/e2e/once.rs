//! One message, one answer: a thousand messages, delivered again and again, in any order and in
//! any company.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::common::rng::Rng;
use crate::common::{Setup, alone, hooks, shuffle};
use serde_json::{Value, json};

const PAGE: &str = "1029384756";
const SEED: u64 = 0x1000_3000_0001;
const PEOPLE: usize = 300;
const MESSAGES: usize = 1_000;

/// Questions whose answers can be told apart.
const QUESTIONS: [(&str, &str); 4] = [
    ("what bread do you have", "BREAD: rye, wheat and sourdough."),
    ("can i order a cake", "CAKE: to order, three days ahead."),
    ("do you have coffee", "COFFEE: from two euro."),
    ("which branch is this", "BRANCH: Old Town."),
];

/// Puts items into bodies of one to twelve, in both shapes Meta uses.
fn bodies(rng: &mut Rng, items: &[Value], at: i64) -> Vec<String> {
    let mut bodies = Vec::new();
    let mut rest = items;
    while !rest.is_empty() {
        let (some, others) = rest.split_at((rng.below(12) + 1).min(rest.len()));
        rest = others;
        bodies.push(match rng.below(2) {
            0 => hooks::body(&[hooks::entry(PAGE, at, some)]),
            _ => {
                let entries: Vec<Value> =
                    some.chunks(1).map(|one| hooks::entry(PAGE, at, one)).collect();
                hooks::body(&entries)
            }
        });
    }
    bodies
}

#[test]
fn a_thousand_messages_delivered_up_to_three_times_get_one_answer_each() {
    alone(Setup::of("once", "tests/shops/two-pages"), async |stage| {
        let mut rng = Rng::new(SEED);
        let now = stage.sandbox.now();
        let people: Vec<String> = (0..PEOPLE).map(|_| stage.person(PAGE)).collect();
        for psid in &people {
            stage.sandbox.change_person(psid, |person| person.opened_at = Some(now));
        }
        let mut asked: Vec<(usize, usize)> =
            (0..PEOPLE).flat_map(|p| (0..QUESTIONS.len()).map(move |q| (p, q))).collect();
        shuffle(&mut rng, &mut asked);
        asked.truncate(MESSAGES);
        let mut items = Vec::new();
        for (n, (person, question)) in asked.iter().enumerate() {
            let at = now - i64::try_from(rng.below(30_000)).unwrap();
            let (text, mid) = (QUESTIONS[*question].0, format!("m_once_{n}"));
            let item = hooks::text(PAGE, &people[*person], at, &mid, text);
            items.extend(std::iter::repeat_n(item, rng.below(3) + 1));
        }
        shuffle(&mut rng, &mut items);
        assert!(items.len() > MESSAGES * 3 / 2, "many are delivered more than once");
        let bodies = Arc::new(Mutex::new(bodies(&mut rng, &items, now)));
        let posted = bodies.lock().unwrap().len();

        let began = Instant::now();
        let url = format!("{}/webhook", stage.worker.url);
        let couriers: Vec<_> = (0..6)
            .map(|_| {
                let (bodies, url, http) = (Arc::clone(&bodies), url.clone(), stage.http.clone());
                tokio::spawn(async move {
                    loop {
                        let Some(body) = bodies.lock().unwrap().pop() else { break };
                        let signature = hooks::sign(body.as_bytes());
                        let post = http.post(&url).header("x-hub-signature-256", signature);
                        let answer = post.body(body).send().await.unwrap();
                        assert_eq!(answer.status(), 200);
                    }
                })
            })
            .collect();
        for courier in couriers {
            courier.await.unwrap();
        }
        let taken = began.elapsed();
        stage.sandbox.wait_for(MESSAGES, Duration::from_secs(150)).await;
        stage.settled().await;
        eprintln!("{posted} bodies taken in {taken:?}, all answered after {:?}", began.elapsed());

        for (p, psid) in people.iter().enumerate() {
            let mut expected: Vec<&str> = asked
                .iter()
                .filter(|(person, _)| *person == p)
                .map(|(_, question)| QUESTIONS[*question].1)
                .collect();
            let mut received = stage.received(psid);
            expected.sort_unstable();
            received.sort_unstable();
            assert_eq!(received, expected, "person {p} of seed {SEED:#x}");
        }
        // Above 300 messages a second Meta says "slow down" (code 613 or 4): then the Page waits, and
        // what was refused leaves later. Nothing else is sent in vain.
        let (taken, refused): (Vec<_>, Vec<_>) =
            stage.messages().into_iter().partition(|call| call.delivered);
        assert_eq!(taken.len(), MESSAGES);
        for call in refused {
            let code = call.answer["error"]["code"].as_i64();
            assert!(matches!(code, Some(4 | 613)), "{:?}", call.answer);
        }
        assert_eq!(stage.count(PAGE, "event.message").await, i64::try_from(MESSAGES).unwrap());
        assert!(stage.sandbox.max_concurrent() <= 6, "{}", stage.sandbox.max_concurrent());
    });
}

#[test]
fn an_event_without_an_id_is_taken_once_too() {
    alone(Setup::of("once-without-mid", "tests/shops/two-pages"), async |stage| {
        let psid = stage.person(PAGE);
        let now = stage.sandbox.now();
        stage.sandbox.change_person(&psid, |person| person.opened_at = Some(now));
        let tap = json!({"postback": {"title": "Bread", "payload": "sb:faq:bread"}});
        let body = hooks::body(&[hooks::entry(PAGE, now, &[hooks::item(PAGE, &psid, now, tap)])]);
        for _ in 0..5 {
            assert_eq!(stage.post(&body).await, 200);
        }
        // A second tap, a second later, is another event.
        let tap = json!({"postback": {"title": "Bread", "payload": "sb:faq:bread"}});
        let item = hooks::item(PAGE, &psid, now + 1_000, tap);
        let later = hooks::body(&[hooks::entry(PAGE, now + 1_000, &[item])]);
        for _ in 0..2 {
            assert_eq!(stage.post(&later).await, 200);
        }
        stage.settled().await;
        assert_eq!(stage.received(&psid).len(), 2);
    });
}
