//! The runtime is killed with SIGKILL, and started again on the same state: while webhooks come in and
//! answers are on their way; and while a notification goes to some hundred people, at each named await
//! of the bundle and at thirty moments of a seed.
//!
//! `SHOPBELL_CRASH_SEED` changes the moments.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::common::rng::Rng;
use crate::common::{DAY, HOUR, SECOND, Setup, Stage, alone, moment, shuffle, until};
use serde_json::Value;
use shopbell::cli::sandbox::{Act, Call, Fate, How};

const PAGE: &str = "1029384756";
const PEOPLE: usize = 24;
const WARM: &str = "WARM: the rye bread is out of the oven.";
const QUESTIONS: [(&str, &str); 2] = [
    ("what bread do you have", "BREAD: rye, wheat and sourdough."),
    ("do you have coffee", "COFFEE: from two euro."),
];

/// An answer that was on its way this long before the end may not have been read any more.
const UNREAD_MS: i64 = 1_000;

/// Notifications that are on their way at the same time, at most.
const IN_FLIGHT: i64 = 4;

/// What is going on when the end comes, and within which time of its beginning it comes.
#[derive(Clone, Copy, Debug, PartialEq)]
enum While {
    /// Everybody writes twice, each message in a request of its own.
    Webhooks,
    /// Everybody was heard, and the answers are on their way.
    Answers,
    /// A notification is being sent, and a few people write.
    Notification,
}

const MOMENTS: [(While, u64); 5] = [
    (While::Webhooks, 60),
    (While::Answers, 250),
    (While::Notification, 700),
    (While::Webhooks, 200),
    (While::Answers, 900),
];

/// Where a Desk waits for something, and may never hear of it: `scripts/lib/clock/entry.mjs`.
const AWAITS: [&str; 8] =
    ["tick", "ticked", "alarm", "alarmed", "kv-read", "send", "answer", "kv-write"];

/// Moments of a seed in one run.
const SEEDED: usize = 30;

/// Who is told in that run.
const MANY: usize = 240;

fn real_now() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}

fn ask(psid: &str, question: usize) -> (String, Act) {
    let text = QUESTIONS[question].0.to_owned();
    (psid.to_owned(), Act::Message { text, reply_to: None })
}

/// The calls that carried these words to this person.
fn calls_with<'a>(calls: &'a [Call], words: &str) -> Vec<&'a Call> {
    calls.iter().filter(|call| call.body["message"]["text"] == words).collect()
}

/// Whether the process that made a call may have ended before it read the answer.
fn unknown(call: &Call, killed: i64) -> bool {
    let latency = i64::try_from(call.latency_ms).unwrap();
    call.real_at <= killed && (call.status == 0 || call.real_at + latency >= killed - UNREAD_MS)
}

/// Lets Meta deliver again what was not acknowledged, and everything come to rest.
async fn recovered(stage: &Stage) {
    for _ in 0..20 {
        // Long enough for the next delivery, and for the wait for an echo.
        stage.travel(stage.sandbox.now() + 40 * SECOND).await;
        stage.cron().await;
        let waiting = stage.sandbox.webhooks().iter().any(|hook| hook.fate == Fate::Waiting);
        let open = &stage.desk(PAGE).await["outbox"]["open"];
        if !waiting && *open == 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let desk = stage.desk(PAGE).await;
    panic!("does not come to rest: {desk}\n{:?}", stage.sandbox.webhooks().last());
}

/// The date so many days later.
fn day_of(first: &str, days: usize) -> String {
    let first: jiff::civil::Date = first.parse().unwrap();
    (first + jiff::Span::new().days(i64::try_from(days).unwrap())).to_string()
}

/// For how many people the Desk says that it does not know what became of the notification.
async fn given_up(stage: &Stage, period: &str) -> i64 {
    let desk = stage.desk(PAGE).await;
    let lines = desk["notifications"].as_array().unwrap().iter();
    let unknown = lines.filter(|line| line["period"] == period && line["outcome"] == "unknown");
    unknown.map(|line| line["people"].as_i64().unwrap()).sum()
}

#[test]
fn killed_at_five_moments_no_reply_is_lost_and_no_notification_comes_twice() {
    let setup = Setup::of("crash", "tests/shops/two-pages").clock("2026-11-25T06:00:00Z");
    alone(setup, async |stage| {
        let seed = std::env::var("SHOPBELL_CRASH_SEED").map_or(0xc4a5, |s| s.parse().unwrap());
        let mut rng = Rng::new(seed);
        let people: Vec<String> = (0..PEOPLE).map(|_| stage.person(PAGE)).collect();
        for psid in &people {
            stage.sandbox.scan(psid, "DOOR").await.unwrap();
            stage.sandbox.act(psid, Act::GetStarted).await.unwrap();
        }
        stage.settled().await;
        for psid in &people {
            stage.sandbox.act(psid, Act::OptIn { mid: None }).await.unwrap();
        }
        stage.settled().await;

        let (mut messages, mut twice, mut untold) = (0, 0, 0);
        for (round, (while_, within)) in MOMENTS.into_iter().enumerate() {
            let day = i64::try_from(round).unwrap() * DAY;
            let after = rng.next() % within;
            let what = format!("round {round} of seed {seed:#x}: {while_:?}, after {after} ms");
            // In the window, so that what may leave does not depend on the round.
            stage.travel(moment("2026-11-25T07:00:00Z") + day).await;
            for psid in &people {
                stage.sandbox.says(psid, "which branch is this").await.unwrap();
            }
            stage.settled().await;
            stage.travel(moment("2026-11-25T08:00:00Z") + day - HOUR / 2).await;
            stage.sandbox.clear_record();
            stage.sandbox.settings(|settings| settings.latency_ms = 200);
            let heard: Vec<usize> = people.iter().map(|psid| stage.received(psid).len()).collect();

            let mut asked: Vec<(usize, usize)> = match while_ {
                While::Webhooks => (0..PEOPLE).flat_map(|p| [(p, 0), (p, 1)]).collect(),
                While::Answers => (0..PEOPLE).map(|p| (p, 0)).collect(),
                While::Notification => (0..4).map(|p| (p * 5, 1)).collect(),
            };
            shuffle(&mut rng, &mut asked);
            messages += asked.len();
            let acts = asked.iter().map(|(p, question)| ask(&people[*p], *question)).collect();
            let how = match while_ {
                While::Answers => How::batched(),
                _ => How { at_once: true, ..How::default() },
            };
            if while_ == While::Notification {
                stage.travel(moment("2026-11-25T08:00:01Z") + day).await;
            }
            let cron = format!("{}/cdn-cgi/local/scheduled?cron=*+*+*+*+*", stage.worker.url);
            let Stage { sandbox, worker, http } = &mut *stage;
            let mut killed = 0;
            let end = async {
                if while_ != While::Webhooks {
                    until("the first call", || async { !sandbox.calls().is_empty() }).await;
                }
                tokio::time::sleep(Duration::from_millis(after)).await;
                worker.kill();
                killed = real_now();
            };
            let tick = async {
                if while_ == While::Notification {
                    let _ended_with_the_worker = http.get(cron).send().await;
                }
            };
            let (done, (), ()) = tokio::join!(sandbox.acts(acts, how), end, tick);
            done.unwrap();
            let calls_before = stage.sandbox.calls().len();
            stage.sandbox.settings(|settings| settings.latency_ms = 0);
            stage.worker.restart();
            if while_ == While::Notification {
                stage.cron().await;
            }
            recovered(stage).await;

            let (mut doubled, mut unheard) = (0, 0);
            for (p, psid) in people.iter().enumerate() {
                let calls = stage.sends(psid).await;
                let said = stage.received(psid).split_off(heard[p]);
                let times = |words: &str| said.iter().filter(|said| *said == words).count();
                for (question, (_, answer)) in QUESTIONS.iter().enumerate() {
                    let asked = asked.iter().filter(|one| **one == (p, question)).count();
                    let arrived = times(answer);
                    assert!(arrived >= asked, "{what}: a reply to person {p} is lost: {calls:?}");
                    if arrived > asked {
                        let first = calls_with(&calls, answer)[0];
                        assert!(unknown(first, killed), "{what}: twice without need: {calls:?}");
                        assert_eq!(arrived, 2, "{what}: {calls:?}");
                        doubled += 1;
                    }
                    let tried = calls_with(&calls, answer).len();
                    assert!(tried <= 2 * asked, "{what}: {calls:?}");
                }
                let told = times(WARM);
                let tried = calls_with(&calls, WARM);
                assert!(told <= 1 && tried.len() <= 1, "{what}: told twice: {calls:?}");
                if while_ == While::Notification && told == 0 {
                    // Never tried again, because it might have arrived: it was claimed, and the
                    // end came before its request left or before its answer was read.
                    assert!(tried.iter().all(|call| unknown(call, killed)), "{what}: {calls:?}");
                    unheard += 1;
                }
            }
            if while_ == While::Notification {
                // Every one of them is accounted for, and no more were on their way than may be.
                let period = day_of("2026-11-25", round);
                assert!(unheard <= IN_FLIGHT, "{what}: {unheard} not told");
                assert!(unheard <= given_up(stage, &period).await, "{what}: {unheard} are lost");
                untold += unheard;
            }
            twice += doubled;
            eprintln!("{what}: {calls_before} calls before the end, {doubled} doubled");
        }
        eprintln!("{messages} messages, {twice} answered twice, {untold} not told for certain");
        let guest = stage.person(PAGE);
        assert_eq!(stage.says(&guest, QUESTIONS[0].0).await, [QUESTIONS[0].1]);
    });
}

/// What became of the notification of a period, by outcome.
async fn outcomes(stage: &Stage, period: &str) -> BTreeMap<String, i64> {
    let desk = stage.desk(PAGE).await;
    let lines = desk["notifications"].as_array().unwrap().iter();
    let mut sums = BTreeMap::new();
    for line in lines.filter(|line| line["period"] == period && line["notification"] == "warm") {
        let outcome = line["outcome"].as_str().unwrap().to_owned();
        *sums.entry(outcome).or_insert(0) += line["people"].as_i64().unwrap();
    }
    sums
}

/// Ends the process and starts it anew; whoever was on their way is accounted for.
async fn end_and_begin(stage: &mut Stage, period: &str, what: &str, given_up: &mut i64) {
    stage.worker.kill();
    stage.worker.restart();
    // Waking settles what the last process had claimed, before anything else leaves.
    let unknown = outcomes(stage, period).await.get("unknown").copied().unwrap_or(0);
    let lost = unknown - *given_up;
    assert!((0..=IN_FLIGHT).contains(&lost), "{what}: {lost} are unknown at once");
    *given_up = unknown;
}

#[test]
fn a_run_that_is_killed_at_each_await_and_thirty_times_more_tells_nobody_twice() {
    let setup = Setup::of("crash-run", "tests/shops/two-pages").clock("2026-11-25T05:00:00Z");
    alone(setup, async |stage| {
        let seed = std::env::var("SHOPBELL_CRASH_SEED").map_or(0xc4a5, |s| s.parse().unwrap());
        let mut rng = Rng::new(seed);
        let people: Vec<String> = (0..MANY).map(|_| stage.person(PAGE)).collect();
        for psid in &people {
            stage.sandbox.scan(psid, "DOOR").await.unwrap();
        }
        for act in [|| Act::GetStarted, || Act::OptIn { mid: None }] {
            let acts = people.iter().map(|psid| (psid.clone(), act())).collect();
            stage.sandbox.acts(acts, How::batched()).await.unwrap();
            stage.settled().await;
        }
        // Three days later: everybody by token, which is read in KV and written back there.
        let period = "2026-11-28";
        stage.travel(moment("2026-11-28T08:00:01Z")).await;
        stage.sandbox.clear_record();
        stage.sandbox.settings(|settings| settings.latency_ms = 600);
        let mut given_up = 0;
        for name in AWAITS {
            let times = 1 + rng.next() % 6;
            let times = if matches!(name, "send" | "answer" | "kv-read") { times } else { 1 };
            let stand = format!("/__stand?at={name}&times={times}");
            assert_eq!(stage.get(&stand).await.status(), 200);
            let cron = format!("{}/cdn-cgi/local/scheduled?cron=*+*+*+*+*", stage.worker.url);
            let http = stage.http.clone();
            let tick = tokio::spawn(async move { http.get(cron).send().await });
            until(name, async || {
                let said: Value = stage.get("/__stand").await.json().await.unwrap();
                said["standing"] == true
            })
            .await;
            // What else was on its way arrives.
            tokio::time::sleep(Duration::from_millis(700)).await;
            end_and_begin(stage, period, &format!("at {name}"), &mut given_up).await;
            tick.abort();
        }
        let mut kills = 0;
        for round in 0..SEEDED {
            let after = rng.next() % 250;
            tokio::time::sleep(Duration::from_millis(after)).await;
            let what = format!("kill {round} of seed {seed:#x}, after {after} ms");
            end_and_begin(stage, period, &what, &mut given_up).await;
            kills += 1;
        }
        stage.sandbox.settings(|settings| settings.latency_ms = 0);
        stage.cron().await;
        recovered(stage).await;
        // By the sandbox's own count.
        let (mut told, mut tried) = (0, 0);
        for psid in &people {
            let times = stage.received(psid).iter().filter(|said| *said == WARM).count();
            let calls = stage.sends(psid).await;
            let calls = calls_with(&calls, WARM).len();
            assert!(times <= 1 && calls <= 1, "told {times} times by {calls} calls");
            told += times;
            tried += calls;
        }
        let sums = outcomes(stage, period).await;
        let of = |outcome: &str| sums.get(outcome).copied().unwrap_or(0);
        let all = i64::try_from(MANY).unwrap();
        assert_eq!(of("sent") + of("held") + of("unknown"), all, "{sums:?}");
        assert_eq!(of("unknown"), given_up, "{sums:?}");
        assert!(i64::try_from(told).unwrap() >= of("sent"), "{told} told: {sums:?}");
        let ended = AWAITS.len() + kills;
        eprintln!("{ended} ends: {told} told by {tried} calls, {sums:?}");
    });
}
