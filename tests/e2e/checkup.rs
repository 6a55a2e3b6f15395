//! The Worker's own looks, on the real bundle: a subscription that Meta dropped in silence is made
//! anew, a token that dies is told once, and so is its end; `/health`, `/admin/checkup` and `doctor`
//! show it; and a trigger that stays away is told by the alarm.

use crate::common::receiver::Receiver;
use crate::common::{
    ADMIN_TOKEN, APP_ID, APP_SECRET, MINUTE, PAGE_TOKEN, Setup, Stage, alone, owner, until,
};
use reqwest::Method;
use serde_json::{Value, json};

const PAGE: &str = "1029384756";
const NOON: &str = "2026-11-24T10:00:00Z";
const BREAD: &str = "BREAD: rye, wheat and sourdough.";
const SHOP: &str = "tests/shops/handoff";

/// What the owner was told: the event and the alert.
fn told(owners: &Receiver) -> Vec<(String, String)> {
    let word = |body: &Value, key: &str| body[key].as_str().unwrap().to_owned();
    let bodies = owners.news();
    let bodies = bodies.iter().map(|call| serde_json::from_str::<Value>(&call.body).unwrap());
    bodies.map(|body| (word(&body, "event"), word(&body, "alert"))).collect()
}

async fn checkup(stage: &Stage) -> Value {
    stage.told("/admin/checkup").await
}

/// Minutes pass, with their ticks.
async fn live(stage: &Stage, minutes: i64, step: i64) {
    for _ in 0..minutes / step {
        stage.travel(stage.sandbox.now() + step * MINUTE).await;
        stage.cron().await;
    }
}

/// The whole look is made.
async fn looked_at_all(stage: &Stage) -> Value {
    until("a whole look", || async {
        !checkup(stage).await["pages"][0]["checked"]["full_at"].is_null()
    })
    .await;
    checkup(stage).await["pages"][0]["checked"].clone()
}

fn names(checked: &Value) -> Vec<&str> {
    let findings = checked["findings"].as_array().unwrap();
    findings.iter().map(|finding| finding["finding"].as_str().unwrap()).collect()
}

async fn unsubscribe(stage: &Stage) {
    let url = format!("{}/v26.0/{PAGE}/subscribed_apps", stage.sandbox.url());
    let proof = shopbell::meta::signature::AppSecret::new(APP_SECRET).proof(PAGE_TOKEN);
    let request = stage.http.delete(url).query(&[("appsecret_proof", proof)]);
    assert!(request.bearer_auth(PAGE_TOKEN).send().await.unwrap().status().is_success());
}

/// What `shopbell doctor` finds without the Page's token, in its own lines.
async fn doctor(stage: &Stage, more: &[&str]) -> Vec<Value> {
    let args = [&["doctor", SHOP, "--format", "json"][..], more].concat();
    let mut command = owner::command(&stage.worker, &args);
    command.env("APP_ID", APP_ID).env("APP_SECRET", APP_SECRET);
    owner::run(command).await.json()
}

#[test]
fn a_subscription_that_meta_dropped_in_silence_is_made_anew_and_told() {
    let setup = Setup::of("checkup-subscription", SHOP).clock(NOON);
    alone(setup, async |stage| {
        let owners = stage.owners_server().await;
        let ona = stage.person(PAGE);
        stage.cron().await;
        live(stage, 12, 3).await;
        let checked = looked_at_all(stage).await;
        assert_eq!(names(&checked), [""; 0], "{checked}");
        assert_eq!(checked["unchecked"], json!([]));
        assert_eq!(stage.says(&ona, "bread").await, [BREAD]);

        let before = stage.sandbox.subscribed(PAGE).unwrap();
        unsubscribe(stage).await;
        assert_eq!(stage.sandbox.subscribed(PAGE), None);
        let lost = stage.sandbox.says(&ona, "bread").await.unwrap();
        assert!(lost.iter().all(|webhook| webhook.status().is_none()), "Meta sends nothing");
        live(stage, 32, 4).await;
        until("it is subscribed again", || async { stage.sandbox.subscribed(PAGE).is_some() })
            .await;
        let after = stage.sandbox.subscribed(PAGE).unwrap();
        let needed = ["messages", "messaging_postbacks", "message_echoes", "standby"];
        assert!(needed.iter().all(|field| after.iter().any(|f| f == field)), "{after:?}");
        assert!(before.len() >= after.len());
        until("the owner is told", || async { !owners.news().is_empty() }).await;
        let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        assert_eq!(told(&owners)[0], pair("alert", "unsubscribed"));

        live(stage, 6, 3).await;
        until("the owner is told that it holds", || async { owners.news().len() > 1 }).await;
        assert_eq!(told(&owners)[1..], [pair("alert_over", "unsubscribed")]);
        assert_eq!(stage.says(&ona, "bread").await, [BREAD], "messages arrive again");
        assert_eq!(stage.count(PAGE, "checkup.subscription_made").await, 1);
    });
}

#[test]
fn a_token_that_dies_is_told_once_shown_and_told_when_it_is_mended() {
    let setup = Setup::of("checkup-token", SHOP).clock(NOON);
    alone(setup, async |stage| {
        let owners = stage.owners_server().await;
        stage.cron().await;
        live(stage, 12, 3).await;
        looked_at_all(stage).await;
        let ended = stage.sandbox.now() / 1_000 - 60;
        stage.sandbox.settings(|settings| settings.token_expires_at = ended);
        let (asked, _) = stage.admin(Method::POST, "/admin/checkup", "").await;
        assert_eq!(asked, 202, "the owner may have it look now");
        live(stage, 40, 4).await;
        until("the owner is told", || async { !owners.news().is_empty() }).await;
        let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        assert_eq!(told(&owners), [pair("alert", "halted")], "once");

        let health: Value = stage.get("/health").await.json().await.unwrap();
        assert_eq!(health["status"], "alert");
        assert_eq!(health["alerts"][0]["alert"], "halted");
        assert_eq!(health["checked"][0]["findings"], json!(["token_dead"]));
        assert_eq!(health["checked"][0]["page"], PAGE);
        let text = health.to_string();
        assert!(!text.contains("session") && !text.contains("says"), "anybody may read this");

        // Without the token here, the doctor says what the Worker found.
        let lines = doctor(stage, &[]).await;
        let of = |check: &str, state: &str| {
            lines.iter().any(|line| line["check"] == check && line["state"] == state)
        };
        assert!(of("graph.token", "not_checked") && of("graph.token", "problem"), "{lines:?}");
        assert!(of("worker.checkup", "ok") && of("worker.cron", "ok"), "{lines:?}");
        let german = doctor(stage, &["--language", "de"]).await;
        let says = |line: &Value| line["says"].as_str().unwrap().to_owned();
        assert!(german.iter().any(|line| says(line).contains("Zugriffstoken der Seite: ungültig")));

        stage.sandbox.settings(|settings| settings.token_expires_at = 0);
        live(stage, 24, 4).await;
        until("the owner is told that it is over", || async { owners.news().len() > 1 }).await;
        assert_eq!(told(&owners)[1..], [pair("alert_over", "halted")]);
        let health: Value = stage.get("/health").await.json().await.unwrap();
        assert_eq!(health["status"], "ok", "{health}");
        assert_eq!(health["checked"][0]["findings"], json!([]));
    });
}

#[test]
fn a_trigger_that_stays_away_is_told_by_the_alarm() {
    let setup = Setup::of("checkup-cron", SHOP).clock(NOON);
    alone(setup, async |stage| {
        let owners = stage.owners_server().await;
        stage.cron().await;
        live(stage, 12, 3).await;
        looked_at_all(stage).await;
        // Nobody fires the trigger any more; the alarm goes on.
        for _ in 0..20 {
            stage.travel(stage.sandbox.now() + 4 * MINUTE).await;
            tokio::time::sleep(std::time::Duration::from_millis(150)).await;
        }
        until("the owner is told", || async { !owners.news().is_empty() }).await;
        let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        assert_eq!(told(&owners), [pair("alert", "cron")]);
        let lines = doctor(stage, &[]).await;
        assert!(lines.iter().any(|l| l["check"] == "worker.cron" && l["state"] == "problem"));
        stage.cron().await;
        until("it is over", || async { owners.news().len() > 1 }).await;
    });
}

#[test]
fn only_the_owner_reads_what_the_looks_found() {
    let setup = Setup::of("checkup-owner", SHOP);
    alone(setup, async |stage| {
        assert_eq!(stage.get("/admin/checkup").await.status(), 401);
        assert_eq!(stage.admin(Method::DELETE, "/admin/checkup", "").await.0, 405);
        assert_eq!(stage.admin(Method::GET, "/admin/checkup?page=1", "").await.0, 404);
        let told = checkup(stage).await;
        assert_eq!(told["deployment"]["tables"], shopbell::store::schema::VERSION);
        assert_eq!(told["deployment"]["keys"], json!({"previous": false, "previous_until": null}));
        let text = told.to_string();
        for secret in [ADMIN_TOKEN, APP_SECRET, PAGE_TOKEN] {
            assert!(!text.contains(secret));
        }
    });
}
