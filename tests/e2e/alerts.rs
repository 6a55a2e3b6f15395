//! What the owner is told of through the real bundle: a halted Page, a KV that refuses; `/health`,
//! `doctor` and `report` show it. And how long a Page goes slower, in each way that Meta says it.

use crate::common::receiver::Receiver;
use crate::common::{HOUR, MINUTE, SECOND, Setup, Stage, alone, until};
use serde_json::{Value, json};
use shopbell::cli::sandbox::{Act, Fault, FaultKind, Hint};

const PAGE: &str = "1029384756";
const NOON: &str = "2026-11-24T10:00:00Z";
const BREAD: &str = "BREAD: rye, wheat and sourdough.";
const SHOP: &str = "tests/shops/handoff";

fn told(owners: &Receiver) -> Vec<Value> {
    owners.news().iter().map(|call| serde_json::from_str(&call.body).unwrap()).collect()
}

async fn health(stage: &Stage) -> Value {
    // It tells the same for half a minute.
    stage.travel(stage.sandbox.now() + MINUTE).await;
    let answer = stage.get("/health").await;
    assert_eq!(answer.status(), 200);
    answer.json().await.unwrap()
}

#[test]
fn a_restricted_page_is_told_once_shown_everywhere_and_told_when_it_is_over() {
    let setup = Setup::of("alert-halted", SHOP).clock(NOON);
    alone(setup, async |stage| {
        let owners = stage.owners_server().await;
        let ona = stage.person(PAGE);
        assert_eq!(stage.says(&ona, "bread").await, [BREAD]);
        assert_eq!(health(stage).await["status"], "ok");
        stage.sandbox.fault(Fault { times: None, ..Fault::next(FaultKind::Restricted, 0) });
        stage.sandbox.says(&ona, "bread").await.unwrap();
        until("the Page is halted", || async { !stage.desk(PAGE).await["hold"].is_null() }).await;
        for _ in 0..4 {
            stage.travel(stage.sandbox.now() + 11 * MINUTE).await;
            stage.cron().await;
        }
        until("the owner is told", || async { !owners.news().is_empty() }).await;
        let [alert] = told(&owners).try_into().unwrap();
        assert_eq!((&alert["event"], &alert["alert"]), (&json!("alert"), &json!("halted")));
        assert!(alert["says"].as_str().unwrap().contains("10/1893063"), "{alert}");
        assert!(owners.news()[0].headers.contains_key("x-shopbell-signature"));

        let health_ = health(stage).await;
        assert_eq!(health_["status"], "alert");
        assert_eq!(health_["alerts"][0]["alert"], "halted");
        assert_eq!(health_["alerts"][0]["page"], PAGE);
        assert!(health_["alerts"][0].get("says").is_none(), "anybody may read this");
        let doctor = stage.shopbell(&["doctor", SHOP, "--format", "json"]).await.out;
        assert!(doctor.contains("desk.alert") && doctor.contains("1893063"), "{doctor}");
        let report = stage.shopbell(&["report", SHOP]).await.out;
        assert!(report.contains("alert halted") && report.contains("still so"), "{report}");
        assert_eq!(stage.desk(PAGE).await["outbox"]["open"], 1, "nothing is lost");

        stage.sandbox.clear_faults();
        stage.travel(stage.sandbox.now() + 11 * MINUTE).await;
        stage.settled().await;
        assert_eq!(stage.received(&ona), [BREAD, BREAD]);
        stage.cron().await;
        until("the owner is told that it is over", || async { owners.news().len() > 1 }).await;
        for _ in 0..3 {
            stage.travel(stage.sandbox.now() + MINUTE).await;
            stage.cron().await;
        }
        let [_, over] = told(&owners).try_into().unwrap();
        assert_eq!((&over["event"], &over["since"]), (&json!("alert_over"), &alert["since"]));
        assert_eq!(health(stage).await["status"], "ok");
        let report = stage.shopbell(&["report", SHOP]).await.out;
        assert!(report.contains("alert halted") && report.contains("until"), "{report}");
    });
}

#[test]
fn a_kv_that_refuses_for_an_hour_is_told_and_so_is_its_end() {
    let setup = Setup::of("alert-kv", SHOP).clock(NOON);
    alone(setup, async |stage| {
        let owners = stage.owners_server().await;
        let ona = stage.person(PAGE);
        stage.says(&ona, "bread").await;
        assert_eq!(stage.get("/__kv?refuse=yes").await.status(), 200);
        let payload = Some("sb:delete".to_owned());
        stage.sandbox.says(&ona, "delete my data").await.unwrap();
        until("the question", || async { stage.received(&ona).len() > 1 }).await;
        stage.sandbox.act(&ona, Act::QuickReply { title: "Yes".into(), payload }).await.unwrap();
        until("it is owed to KV", || async { stage.desk(PAGE).await["kv_owed"] != 0 }).await;
        stage.travel(stage.sandbox.now() + 50 * MINUTE).await;
        stage.cron().await;
        assert_eq!(told(&owners), Vec::<Value>::new(), "not before an hour");
        stage.travel(stage.sandbox.now() + 12 * MINUTE).await;
        stage.cron().await;
        until("the owner is told", || async { !owners.news().is_empty() }).await;
        assert_eq!(told(&owners)[0]["alert"], "kv_refuses");
        assert_eq!(health(stage).await["alerts"][0]["alert"], "kv_refuses");
        assert_eq!(stage.get("/__kv?refuse=no").await.status(), 200);
        stage.travel(stage.sandbox.now() + HOUR + MINUTE).await;
        stage.cron().await;
        stage.settled().await;
        stage.cron().await;
        until("it is over", || async { owners.news().len() > 1 }).await;
        assert_eq!(told(&owners)[1]["event"], "alert_over");
    });
}

#[test]
fn each_way_in_which_meta_says_how_long_slows_the_page_for_so_long_and_no_longer() {
    let setup = Setup::of("alert-pace", SHOP).clock(NOON);
    alone(setup, async |stage| {
        let owners = stage.owners_server().await;
        for (kind, hint) in [
            (FaultKind::Http429, Hint { retry_after_s: Some(300), ..Hint::default() }),
            (FaultKind::Code4, Hint { regain_minutes: Some(5), ..Hint::default() }),
            (FaultKind::Code613, Hint { remaining_s: Some(300), ..Hint::default() }),
            (
                FaultKind::Code80006,
                Hint { retry_after_s: Some(20), remaining_s: Some(300), regain_minutes: Some(1) },
            ),
        ] {
            let ona = stage.person(PAGE);
            stage.sandbox.fault(Fault { hint, ..Fault::next(kind, 1) });
            let at = stage.sandbox.now();
            stage.sandbox.says(&ona, "bread").await.unwrap();
            until("the Page is held", || async { !stage.desk(PAGE).await["hold"].is_null() }).await;
            let hold = stage.desk(PAGE).await["hold"].clone();
            let wait = hold["until"].as_i64().unwrap() - at;
            assert!((300 * SECOND..300 * SECOND + MINUTE).contains(&wait), "{kind:?}: {wait}");
            assert_eq!(hold["needs_owner"], false);
            stage.travel(at + 290 * SECOND).await;
            stage.cron().await;
            assert_eq!(stage.received(&ona), [""; 0], "{kind:?}");
            stage.travel(at + 360 * SECOND).await;
            stage.cron().await;
            stage.settled().await;
            assert_eq!(stage.received(&ona), [BREAD], "{kind:?}");
        }
        assert_eq!(told(&owners), Vec::<Value>::new(), "going slower is nothing to tell");
    });
}
