//! Meta's bad days: what is slowed, halted, refused, tried again, and never tried again.

use std::sync::LazyLock;
use std::time::Duration;

use crate::common::{DAY, HOUR, MINUTE, SECOND, Setup, Stage, alone, moment, on, until};
use serde_json::json;
use shopbell::cli::sandbox::{Act, Fault, FaultKind, How};

const PAGE: &str = "1029384756";
const BREAD: &str = "BREAD: rye, wheat and sourdough.";
const COFFEE: &str = "COFFEE: from two euro.";
const WARM: &str = "WARM: the rye bread is out of the oven.";

static STAGE: LazyLock<Stage> = LazyLock::new(|| {
    Stage::start(Setup::of("graph", "tests/shops/two-pages").clock("2026-11-25T12:00:00Z"))
});

fn always(kind: FaultKind) -> Fault {
    Fault { times: None, ..Fault::next(kind, 0) }
}

/// Every one of them asks about bread, in one webhook.
async fn all_ask(stage: &Stage, people: &[String]) {
    let ask = Act::Message { text: "what bread do you have".to_owned(), reply_to: None };
    let acts = people.iter().map(|psid| (psid.clone(), ask.clone())).collect();
    let webhooks = stage.sandbox.acts(acts, How::batched()).await.unwrap();
    assert!(webhooks.iter().all(|webhook| webhook.status() == Some(200)));
}

async fn wait_for_hold(stage: &Stage) -> serde_json::Value {
    until("the Page holds", || async { !stage.desk(PAGE).await["hold"].is_null() }).await;
    stage.desk(PAGE).await["hold"].clone()
}

/// How many refusals of Graph's the Desk has settled.
async fn refusals(stage: &Stage) -> usize {
    let desk = stage.desk(PAGE).await;
    let counted = desk["last_7_days"].as_object().unwrap().iter();
    let refused = counted.filter(|(name, _)| name.starts_with("graph."));
    refused.map(|(_, n)| usize::try_from(n.as_i64().unwrap()).unwrap()).sum()
}

#[test]
fn at_most_six_requests_are_in_flight_and_each_carries_the_proof() {
    on(&STAGE, async |stage| {
        let people: Vec<String> = (0..24).map(|_| stage.person(PAGE)).collect();
        stage.sandbox.clear_record();
        stage.sandbox.settings(|settings| settings.latency_ms = 100);
        all_ask(stage, &people).await;
        stage.settled().await;
        stage.sandbox.settings(|settings| settings.latency_ms = 0);
        assert_eq!(stage.sandbox.max_concurrent(), 6);
        assert_eq!(stage.messages().len(), 24);
        // The sandbox refuses calls without the proof, and with a wrong one:
        assert!(stage.messages().iter().all(|call| call.status == 200 && call.delivered));
        let url = format!("{}/v26.0/{PAGE}/messages", stage.sandbox.url());
        let body = json!({"recipient": {"id": people[0]}, "messaging_type": "RESPONSE", "message": {"text": "x"}});
        for proof in ["", "?appsecret_proof=00"] {
            let call =
                stage.http.post(format!("{url}{proof}")).bearer_auth(crate::common::PAGE_TOKEN);
            assert_eq!(call.json(&body).send().await.unwrap().status(), 400);
        }
    });
}

#[test]
fn when_meta_says_slow_down_the_page_waits_and_all_arrive_in_the_end() {
    on(&STAGE, async |stage| {
        for (kind, says) in [
            (FaultKind::Http429, "too fast"),
            (FaultKind::Code4, "too many calls"),
            (FaultKind::Code613, "Too many calls"),
        ] {
            let people: Vec<String> = (0..20).map(|_| stage.person(PAGE)).collect();
            stage.sandbox.clear_record();
            stage.sandbox.settings(|settings| settings.latency_ms = 50);
            stage.sandbox.fault(Fault::next(kind, 1));
            all_ask(stage, &people).await;
            let hold = wait_for_hold(stage).await;
            assert_eq!(hold["needs_owner"], false, "{hold}");
            assert!(hold["reason"].as_str().unwrap().contains(says), "{hold}");
            // Those that were on their way arrive; nothing new is begun for a minute.
            until("an answer to every request", || async {
                stage.messages().iter().all(|call| call.status != 0)
            })
            .await;
            let begun = stage.messages().len();
            assert!(begun <= 12, "{kind:?}: {begun} requests although Meta said slow down");
            stage.cron().await;
            stage.travel(stage.sandbox.now() + 20 * SECOND).await;
            stage.cron().await;
            assert_eq!(stage.messages().len(), begun, "{kind:?}");
            stage.travel(stage.sandbox.now() + MINUTE).await;
            stage.settled().await;
            stage.sandbox.settings(|settings| settings.latency_ms = 0);
            for psid in &people {
                assert_eq!(stage.received(psid), [BREAD], "{kind:?}");
            }
            assert_eq!(stage.messages().len(), people.len() + 1, "{kind:?}: one was repeated");
        }
    });
}

#[test]
fn a_dead_token_halts_the_page_and_loses_nothing() {
    on(&STAGE, async |stage| {
        for (kind, says) in [(FaultKind::Code190, "190"), (FaultKind::Code10, "10")] {
            let people: Vec<String> = (0..8).map(|_| stage.person(PAGE)).collect();
            stage.sandbox.clear_record();
            let before = refusals(stage).await;
            stage.sandbox.fault(always(kind));
            all_ask(stage, &people[..4]).await;
            let hold = wait_for_hold(stage).await;
            assert_eq!(hold["needs_owner"], true, "{hold}");
            assert!(hold["reason"].as_str().unwrap().contains(&format!("error {says}")), "{hold}");
            // Webhooks are taken all the while, and hours of it use nothing up.
            all_ask(stage, &people[4..]).await;
            // Every request of these tests is refused, and then settled.
            let idle = async || {
                until("every refusal settled", || async {
                    refusals(stage).await - before == stage.messages().len()
                })
                .await;
            };
            idle().await;
            for _ in 0..12 {
                let tried = stage.messages().len();
                stage.travel(stage.sandbox.now() + 11 * MINUTE).await;
                stage.cron().await;
                until("another try", || async { stage.messages().len() > tried }).await;
                idle().await;
            }
            assert_eq!(stage.desk(PAGE).await["outbox"]["open"], 8);
            assert!(people.iter().all(|psid| stage.received(psid).is_empty()));
            stage.sandbox.clear_faults();
            stage.travel(stage.sandbox.now() + 11 * MINUTE).await;
            stage.settled().await;
            for psid in &people {
                assert_eq!(stage.received(psid), [BREAD]);
            }
            assert!(stage.desk(PAGE).await["hold"].is_null(), "it goes on as before");
        }
    });
}

#[test]
fn what_meta_refuses_for_good_is_not_tried_again() {
    on(&STAGE, async |stage| {
        for kind in [FaultKind::Code551, FaultKind::Code100] {
            let psid = stage.person(PAGE);
            stage.sandbox.fault(Fault { person: Some(psid.clone()), ..always(kind) });
            assert_eq!(stage.says(&psid, "what bread do you have").await.len(), 0);
            stage.travel(stage.sandbox.now() + HOUR).await;
            stage.cron().await;
            stage.settled().await;
            assert_eq!(stage.sends(&psid).await.len(), 1, "{kind:?}");
            stage.sandbox.clear_faults();
            assert!(stage.desk(PAGE).await["hold"].is_null(), "{kind:?} is about one person");
            assert_eq!(stage.says(&psid, "any coffee?").await, [COFFEE], "the next one is");
        }
        // 10/2018278: at Meta the window is closed.
        let psid = stage.person(PAGE);
        let now = stage.sandbox.now();
        let message =
            crate::common::hooks::text(PAGE, &psid, now, "m_window", "what bread do you have");
        let body =
            crate::common::hooks::body(&[crate::common::hooks::entry(PAGE, now, &[message])]);
        assert_eq!(stage.post(&body).await, 200);
        stage.settled().await;
        stage.travel(stage.sandbox.now() + HOUR).await;
        stage.cron().await;
        stage.settled().await;
        let sends = stage.sends(&psid).await;
        assert_eq!(sends.len(), 1);
        assert_eq!(sends[0].answer["error"]["error_subcode"], 2_018_278);
        assert!(stage.desk(PAGE).await["hold"].is_null());
    });
}

#[test]
fn an_error_that_comes_with_200_is_no_success() {
    on(&STAGE, async |stage| {
        let psid = stage.person(PAGE);
        stage.sandbox.fault(Fault::next(FaultKind::ErrorIn200, 2));
        assert_eq!(stage.says(&psid, "what bread do you have").await, [BREAD]);
        let sends = stage.sends(&psid).await;
        assert_eq!(
            sends.iter().map(|call| call.delivered).collect::<Vec<_>>(),
            [false, false, true]
        );
    });
}

#[test]
fn a_passing_problem_is_tried_again_a_few_times_and_then_given_up() {
    on(&STAGE, async |stage| {
        for kind in [FaultKind::Code1, FaultKind::Code2] {
            let psid = stage.person(PAGE);
            stage.sandbox.fault(Fault { person: Some(psid.clone()), ..always(kind) });
            let webhooks = stage.sandbox.says(&psid, "what bread do you have").await.unwrap();
            assert_eq!(webhooks[0].status(), Some(200));
            for tries in 1..=4 {
                until("a try", || async { stage.sends(&psid).await.len() >= tries }).await;
                until("it is settled", || async {
                    stage.desk(PAGE).await["outbox"]["in_flight"] == 0
                })
                .await;
                stage.travel(stage.sandbox.now() + 2 * MINUTE).await;
            }
            stage.settled().await;
            stage.travel(stage.sandbox.now() + HOUR).await;
            stage.cron().await;
            stage.settled().await;
            assert_eq!(stage.sends(&psid).await.len(), 5, "{kind:?}");
            stage.sandbox.clear_faults();
            assert_eq!(stage.says(&psid, "any coffee?").await, [COFFEE]);
        }
    });
}

#[test]
fn a_reply_that_got_lost_is_sent_again_unless_its_echo_came() {
    on(&STAGE, async |stage| {
        // Lost before Meta had it: no echo comes, so it is sent again.
        let psid = stage.person(PAGE);
        stage.sandbox.fault(Fault::next(FaultKind::ResetBefore, 1));
        assert_eq!(stage.says(&psid, "what bread do you have").await, [BREAD]);
        assert_eq!(stage.sends(&psid).await.len(), 2);

        // Lost after Meta had it: the echo tells.
        let psid = stage.person(PAGE);
        stage.sandbox.fault(Fault::next(FaultKind::ResetAfter, 1));
        assert_eq!(stage.says(&psid, "what bread do you have").await, [BREAD]);
        stage.travel(stage.sandbox.now() + MINUTE).await;
        stage.cron().await;
        assert_eq!(stage.says(&psid, "any coffee?").await, [COFFEE]);
        assert_eq!(stage.received(&psid), [BREAD, COFFEE]);

        // The same without echoes: nobody can know, so it may be there twice, and never thrice.
        let psid = stage.person(PAGE);
        stage.sandbox.settings(|settings| settings.echoes = false);
        stage.sandbox.fault(Fault::next(FaultKind::ResetAfter, 5));
        assert_eq!(stage.says(&psid, "what bread do you have").await, [BREAD, BREAD]);
        stage.sandbox.clear_faults();
        stage.travel(stage.sandbox.now() + HOUR).await;
        stage.cron().await;
        stage.settled().await;
        stage.sandbox.settings(|settings| settings.echoes = true);
        assert_eq!(stage.received(&psid), [BREAD, BREAD]);

        // While the outcome of the first is unknown, the second waits: order is kept.
        let psid = stage.person(PAGE);
        stage.sandbox.fault(Fault::next(FaultKind::ResetBefore, 1));
        stage.sandbox.says(&psid, "what bread do you have").await.unwrap();
        assert_eq!(stage.says(&psid, "any coffee?").await, [BREAD, COFFEE]);
    });
}

#[test]
fn a_notification_that_got_lost_is_never_sent_again() {
    let setup = Setup::of("lost-notification", "tests/shops/two-pages");
    alone(setup.clock("2026-11-25T06:00:00Z"), async |stage| {
        let faults =
            [FaultKind::ResetBefore, FaultKind::ResetAfter, FaultKind::Http500, FaultKind::Hang];
        let mut people = Vec::new();
        for _ in faults {
            let psid = stage.person(PAGE);
            stage.sandbox.scan(&psid, "DOOR").await.unwrap();
            stage.does(&psid, Act::GetStarted).await;
            stage.does(&psid, Act::OptIn { mid: None }).await;
            people.push(psid);
        }
        // A reply that hangs, too: it is cut off after ten seconds and sent again.
        let guest = stage.person(PAGE);
        stage.sandbox.settings(|settings| settings.echoes = false);
        for (psid, kind) in
            people.iter().chain([&guest]).zip(faults.into_iter().chain([FaultKind::Hang]))
        {
            stage.sandbox.fault(Fault { person: Some(psid.clone()), ..Fault::next(kind, 1) });
        }
        stage.sandbox.clear_record();
        stage.travel(moment("2026-11-25T08:00:01Z")).await;
        stage.sandbox.says(&guest, "what bread do you have").await.unwrap();
        stage.cron().await;
        until("every request", || async { stage.messages().len() >= 5 }).await;
        tokio::time::timeout(Duration::from_secs(40), async {
            while stage.sends(&guest).await.len() < 2 {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        })
        .await
        .expect("the reply that hung is sent again");
        stage.settled().await;
        assert_eq!(stage.received(&guest), [BREAD]);
        stage.sandbox.clear_faults();
        for later in [MINUTE, 30 * MINUTE, 2 * HOUR] {
            stage.travel(moment("2026-11-25T08:00:01Z") + later).await;
            stage.cron().await;
            stage.settled().await;
        }
        for (psid, kind) in people.iter().zip(faults) {
            let tried = stage.sends(psid).await.len();
            assert_eq!(tried, 1, "{kind:?}");
            let arrived = usize::from(kind == FaultKind::ResetAfter);
            let told = stage.received(psid).iter().filter(|said| *said == WARM).count();
            assert_eq!(told, arrived, "{kind:?}");
        }
        let desk = stage.desk(PAGE).await;
        let lines = desk["notifications"].as_array().unwrap();
        assert_eq!(lines.len(), 1, "{lines:?}");
        assert_eq!((&lines[0]["outcome"], &lines[0]["people"]), (&json!("unknown"), &json!(4)));

        // With its echo, what was lost after the delivery is known to have arrived.
        stage.sandbox.settings(|settings| settings.echoes = true);
        let next = moment("2026-11-25T08:00:01Z") + DAY;
        stage.travel(next - HOUR).await;
        for psid in &people {
            stage.says(psid, "any coffee?").await;
        }
        stage.sandbox.fault(Fault {
            person: Some(people[0].clone()),
            ..Fault::next(FaultKind::ResetAfter, 1)
        });
        stage.travel(next).await;
        stage.cron().await;
        until("four sent", || async {
            let desk = stage.desk(PAGE).await;
            let lines = desk["notifications"].as_array().unwrap();
            lines
                .iter()
                .any(|l| l["period"] == "2026-11-26" && l["outcome"] == "sent" && l["people"] == 4)
        })
        .await;
        let told = |psid: &String| stage.received(psid).iter().filter(|said| *said == WARM).count();
        assert_eq!(people.iter().map(told).collect::<Vec<_>>(), [1, 2, 1, 1]);
    });
}
