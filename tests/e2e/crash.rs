//! The runtime is killed with SIGKILL, and started again on the same state: at ten moments, while
//! webhooks come in, while Graph calls are on their way, and in the middle of a notification.
//!
//! `SHOPBELL_CRASH_SEED` changes the moments.

use std::time::Duration;

use crate::common::rng::Rng;
use crate::common::{DAY, HOUR, SECOND, Setup, Stage, alone, moment, shuffle, until};
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

const MOMENTS: [(While, u64); 10] = [
    (While::Webhooks, 60),
    (While::Answers, 250),
    (While::Notification, 300),
    (While::Webhooks, 150),
    (While::Answers, 500),
    (While::Notification, 700),
    (While::Webhooks, 300),
    (While::Answers, 900),
    (While::Notification, 1_200),
    (While::Notification, 1_800),
];

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
fn killed_at_ten_moments_no_reply_is_lost_and_no_notification_comes_twice() {
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
