//! Paid messages and utility templates through the real bundle, the sandbox in Meta's place: from
//! the opt-in to the report, a campaign that warms up, the cap of a day reached in the middle, a
//! runtime that is killed, and the end of a rule in a region.
use std::time::Duration;

use crate::common::{
    ADMIN_TOKEN, ADS_TOKEN, APP_ID, APP_SECRET, HOUR, MINUTE, PAGE_TOKEN, SECOND, Setup, Stage,
    VERIFY_TOKEN, alone, moment, owner,
};
use reqwest::Method;
use serde_json::{Value, json};
use shopbell::cli::sandbox::{Act, Call};

const PAGE: &str = "3029384756";
const SHOP: &str = "tests/shops/paid";
const DAY: &str = "DAY: poppy bagels.";

/// What a command prints that has the secrets, one JSON object a line, however it ends.
async fn shopbell(stage: &Stage, args: &[&str]) -> Vec<Value> {
    let mut command = owner::command(&stage.worker, &[args, &["--format", "json"]].concat());
    command.env("APP_SECRET", APP_SECRET).env("APP_ID", APP_ID);
    command.env("PAGE_TOKEN", PAGE_TOKEN).env("VERIFY_TOKEN", VERIFY_TOKEN);
    let printed = owner::run(command).await;
    assert!(!printed.out.contains(ADS_TOKEN) && !printed.out.contains(ADMIN_TOKEN));
    printed.json()
}

/// What the doctor found about something: its state and its words.
async fn doctor(stage: &Stage, check: &str) -> Vec<(String, String)> {
    let found = shopbell(stage, &["doctor", SHOP]).await;
    let ours = found.iter().filter(|finding| finding["check"] == check);
    let word = |finding: &Value, key: &str| finding[key].as_str().unwrap_or_default().to_owned();
    ours.map(|finding| (word(finding, "state"), word(finding, "says"))).collect()
}

fn told(stage: &Stage, people: &[String], what: &str) -> usize {
    let got = |psid: &&String| stage.received(psid).iter().filter(|said| *said == what).count();
    let counts: Vec<usize> = people.iter().map(|psid| got(&psid)).collect();
    assert!(counts.iter().all(|n| *n <= 1), "somebody was told twice: {counts:?}");
    counts.iter().sum()
}

/// The requests that paid messages were.
fn paid(stage: &Stage) -> Vec<Call> {
    let mut calls = stage.sandbox.calls();
    calls.retain(|call| call.path == "act_1234567890/messages");
    calls
}

async fn line(stage: &Stage, period: &str) -> Value {
    let report = shopbell(stage, &["report", SHOP, "--days", "400"]).await;
    report.iter().find(|line| line["period"] == period).unwrap().clone()
}

/// Has somebody told something by a template.
async fn tell(stage: &Stage, person: &str, what: Value) -> (u16, Value) {
    stage.admin(Method::POST, &utility(person), what.to_string()).await
}

fn utility(person: &str) -> String {
    format!("/admin/utility?page={PAGE}&person={person}")
}

#[test]
fn on_the_day_a_free_way_ends_the_paid_one_takes_over_up_to_the_cap() {
    let setup = Setup::of("paid", SHOP).clock("2026-02-07T12:00:00Z");
    alone(setup, async |stage| {
        let eve = stage.subscribers(PAGE, "EVE", 2).await;
        let day = stage.subscribers(PAGE, "DAY", 6).await;
        stage.sandbox.settings(|s| s.receipts = true);

        // Off until the doctor has proved it; what is lacking is named.
        stage.sandbox.settings(|s| s.ads_scopes = vec!["ads_management".to_owned()]);
        let found = doctor(stage, "paid.proof").await;
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(found[0].0, "problem");
        assert!(found[0].1.contains("pages_messaging, paid_marketing_messages"), "{found:?}");
        stage.cron().await;
        assert_eq!(stage.sandbox.campaigns(), [], "nothing is made without a proof");
        let all = ["ads_management", "pages_messaging", "paid_marketing_messages"];
        stage.sandbox.settings(|s| s.ads_scopes = all.map(str::to_owned).to_vec());
        let found = doctor(stage, "paid.proof").await;
        assert_eq!(found[0].0, "ok", "{found:?}");
        assert!(found[0].1.contains("/ 0.20 USD, 4 x 0.05"), "{found:?}");
        stage.cron().await;
        stage.cron().await;
        let campaigns = stage.sandbox.campaigns();
        assert_eq!(campaigns.len(), 1, "one campaign, however often cron comes");
        assert_eq!((campaigns[0].1, campaigns[0].2), (Some(20), 0), "twenty cents a day at Meta");

        // The day before the end of recurring notifications in the US: free, by token.
        let ten = moment("2026-02-09T15:00:00Z");
        stage.travel(ten + SECOND).await;
        stage.cron().await;
        stage.settled().await;
        assert_eq!(told(stage, &eve, "EVE: rye bagels."), 2);
        assert!(paid(stage).is_empty());

        // The day itself: paid. The plan says so before, with what it may cost.
        let at = "2026-02-10T15:00:00Z";
        let plan = shopbell(stage, &["plan", SHOP, "--at", at]).await;
        let run = plan.iter().position(|line| line["run"]["notification"] == "day").unwrap();
        let totals = plan[run..].iter().find(|line| !line["totals"].is_null()).unwrap();
        let leaves = &totals["totals"]["leaves"][0];
        assert_eq!(
            (&leaves["transport"], &leaves["rule"], &leaves["people"]),
            (&json!("paid_marketing"), &json!("paid-marketing"), &json!(6))
        );
        assert_eq!(totals["totals"]["cost"]["at_most"], "0.30");
        assert_eq!(totals["totals"]["cost"]["messages_a_day"], 4);
        stage.travel(moment(at) + SECOND).await;
        stage.cron().await;
        stage.cron().await;
        stage.settled().await;
        assert_eq!(told(stage, &day, DAY), 4, "four are paid for, and then the cap is reached");
        let calls = paid(stage);
        assert_eq!(calls.len(), 4);
        for call in &calls {
            assert_eq!((call.status, &call.body["message_id"]), (200, &json!(campaigns[0].0)));
            assert_eq!(call.body["message"]["text"], DAY);
            let token = &call.body["messenger_delivery_data"]["subscription_token"];
            let owner = |psid: &&String| stage.sandbox.tokens(psid)[0].token == *token;
            assert!(day.iter().any(|psid| owner(&psid)));
        }
        // What comes back: without an envelope too.
        let first = day.iter().find(|psid| stage.received(psid).iter().any(|s| s == DAY)).unwrap();
        stage.sandbox.settings(|s| s.marketing_flat = true);
        stage.sandbox.act(first, Act::ClickPaid).await.unwrap();
        stage.sandbox.act(first, Act::ClickPaid).await.unwrap();
        let line = line(stage, "2026-02-10").await;
        assert_eq!(line["outcomes"], json!({ "sent": 4, "held": 2 }));
        assert_eq!(line["after"], json!({ "delivered": 4, "read": 4, "clicked": 1 }));
        let cost = json!({ "messages": 4, "at_most": "0.20", "currency": "USD" });
        assert_eq!(line["cost"], cost);
        let why: Vec<&String> = line["reasons"].as_object().unwrap().keys().collect();
        assert!(why.len() == 1 && why[0].contains("spending cap"), "{why:?}");
        let plan = shopbell(stage, &["plan", SHOP, "--at", at]).await;
        assert!(!plan.is_empty());
        // A token that was paid for rests for a day, in KV too.
        let kept = stage.worker.kv(&format!("subscription:{PAGE}:{first}:day")).unwrap();
        let next = moment(kept["next_eligible_at"].as_str().unwrap());
        assert!((next - moment(at) - 24 * HOUR).abs() < MINUTE, "{kept}");
        // Nobody's window was opened by what Meta told, and Meta had nothing to refuse.
        assert!(stage.messages().iter().all(|call| call.status == 200));
        // The next day that it is due, there is money again, and Meta's errors have it wait.
        stage.sandbox.fault(shopbell::cli::sandbox::Fault::next(
            shopbell::cli::sandbox::FaultKind::Pacing,
            1,
        ));
        stage.travel(moment("2026-02-12T15:00:01Z")).await;
        stage.cron().await;
        stage.settled_but_waiting().await;
        let before = paid(stage).iter().filter(|call| call.status == 200).count();
        stage.travel(moment("2026-02-12T15:12:00Z")).await;
        stage.cron().await;
        stage.settled().await;
        let after = paid(stage).iter().filter(|call| call.status == 200).count();
        assert_eq!(after, 8, "{before} before the pause was over");
    });
}

#[test]
fn a_campaign_that_is_made_too_late_is_waited_for() {
    let setup = Setup::of("warm-up", SHOP).clock("2026-02-08T12:00:00Z");
    alone(setup, async |stage| {
        let people = stage.subscribers(PAGE, "DAY", 2).await;
        // Without a proof they are held, and the owner reads why.
        stage.travel(moment("2026-02-10T15:00:01Z")).await;
        stage.cron().await;
        stage.settled().await;
        assert_eq!(told(stage, &people, DAY), 0);
        let held = line(stage, "2026-02-10").await;
        let why = held["reasons"].as_object().unwrap().keys().next().unwrap().clone();
        assert!(why.contains("doctor has not proved"), "{why}");

        // Proved half an hour before the next one is due: it leaves when the campaign is warm.
        stage.travel(moment("2026-02-12T14:30:00Z")).await;
        assert_eq!(doctor(stage, "paid.proof").await[0].0, "ok");
        stage.cron().await;
        assert_eq!(stage.sandbox.campaigns().len(), 1);
        stage.travel(moment("2026-02-12T15:00:01Z")).await;
        stage.cron().await;
        stage.settled_but_waiting().await;
        stage.travel(moment("2026-02-12T15:29:00Z")).await;
        stage.cron().await;
        stage.settled_but_waiting().await;
        assert!(paid(stage).is_empty(), "Meta would refuse it");
        stage.travel(moment("2026-02-12T15:31:00Z")).await;
        stage.cron().await;
        stage.settled().await;
        assert_eq!(told(stage, &people, DAY), 2);
        assert!(paid(stage).iter().all(|call| call.status == 200));

        // What does not arrive is told of with a token and nobody's id.
        stage.sandbox.settings(|s| s.paid_fails = true);
        stage.travel(moment("2026-02-14T15:00:01Z")).await;
        stage.cron().await;
        stage.settled().await;
        let line = line(stage, "2026-02-14").await;
        assert_eq!(line["outcomes"], json!({ "sent": 2 }));
        assert_eq!(line["after"], json!({ "failed": 2 }));
    });
}

#[test]
fn a_runtime_that_is_killed_while_it_pays_never_spends_more_than_the_cap() {
    let setup = Setup::of("paid-crash", SHOP).clock("2026-02-08T12:00:00Z");
    alone(setup, async |stage| {
        let people = stage.subscribers(PAGE, "DAY", 8).await;
        assert_eq!(doctor(stage, "paid.proof").await[0].0, "ok");
        stage.cron().await;
        for (n, (period, wait)) in
            [("2026-02-10", 150), ("2026-02-12", 350), ("2026-02-14", 700)].into_iter().enumerate()
        {
            stage.sandbox.clear_record();
            let before = stage.sandbox.campaigns()[0].2;
            stage.travel(moment(&format!("{period}T15:00:01Z"))).await;
            stage.sandbox.settings(|s| s.latency_ms = 400);
            stage.cron().await;
            tokio::time::sleep(Duration::from_millis(wait)).await;
            stage.worker.kill();
            stage.sandbox.settings(|s| s.latency_ms = 0);
            stage.worker.restart();
            stage.travel(moment(&format!("{period}T15:01:00Z"))).await;
            for minutes in 2..6 {
                stage.travel(moment(&format!("{period}T15:0{minutes}:00Z"))).await;
                stage.cron().await;
                stage.settled_but_waiting().await;
            }
            let spent = stage.sandbox.campaigns()[0].2 - before;
            assert!(spent <= 4, "run {n}: {spent} messages were charged");
            let line = line(stage, period).await;
            let count = |name: &str| line["outcomes"][name].as_i64().unwrap_or(0);
            let (sent, unknown) = (count("sent"), count("unknown"));
            assert!(sent <= spent && spent <= sent + unknown, "{line}");
            assert_eq!(sent + unknown + count("held"), 8, "{line}");
            let cost = line["cost"]["messages"].as_i64().unwrap_or(0);
            assert_eq!(cost, sent + unknown, "what nobody knows counts as spent: {line}");
            // Nobody is asked for twice on one day.
            let calls = paid(stage);
            let mut tokens: Vec<&Value> = calls
                .iter()
                .map(|call| &call.body["messenger_delivery_data"]["subscription_token"])
                .collect();
            tokens.sort_by_key(|token| token.to_string());
            tokens.dedup();
            assert_eq!(tokens.len(), calls.len(), "run {n}");
        }
        assert_eq!(people.len(), 8);
    });
}

#[test]
fn what_somebody_waits_for_goes_by_an_approved_template_and_no_offer_does() {
    let setup = Setup::of("utility", SHOP).clock("2026-11-24T15:00:00Z");
    alone(setup, async |stage| {
        let ann = stage.person(PAGE);
        stage.says(&ann, "what bagels do you have").await;
        let order = |key: &str, name: &str| {
            json!({ "template": "order_ready", "key": key,
                    "values": { "name": name, "order": "1042" } })
        };
        // In the window: an ordinary message, free.
        let (status, body) = tell(stage, &ann, order("1042-ready", "Ann")).await;
        assert_eq!((status, &body["by"]), (200, &json!("window")));
        stage.settled().await;
        let said = "Hello Ann, your order 1042 is ready. You can pick it up at the counter.";
        assert_eq!(stage.received(&ann).last().unwrap(), said);
        let (status, _) = tell(stage, &ann, order("1042-ready", "Ann")).await;
        assert_eq!(status, 409, "one about one thing");

        // Two days later the window is closed, and Meta has approved nothing yet.
        stage.sandbox.settings(|s| {
            s.utility = true;
            s.template_review = "PENDING".to_owned();
        });
        stage.travel(moment("2026-11-26T17:00:00Z")).await;
        let (status, body) = tell(stage, &ann, order("1043-ready", "Ann")).await;
        assert_eq!(status, 409);
        assert!(body["error"].as_str().unwrap().contains("has not approved"), "{body}");
        let path = format!("/admin/templates?page={PAGE}");
        let (_, told) = stage.admin(Method::POST, &path, "").await;
        let states = |told: &Value| -> Vec<String> {
            let all = told["pages"][0]["answer"]["templates"].as_array().unwrap().iter();
            all.map(|one| one["status"].as_str().unwrap_or("none").to_owned()).collect()
        };
        assert_eq!(states(&told), ["PENDING", "PENDING"]);
        let (status, _) = tell(stage, &ann, order("1043-ready", "Ann")).await;
        assert_eq!(status, 409);
        // Meta approves them, and says so: the next tick asks.
        stage.sandbox.judge_templates(PAGE, "APPROVED").await;
        stage.cron().await;
        let told = stage.told(&path).await;
        assert_eq!(states(&told), ["APPROVED", "APPROVED"]);
        let found = doctor(stage, "templates.status").await;
        assert!(found.len() == 2 && found.iter().all(|(state, _)| state == "ok"), "{found:?}");

        let (status, body) = tell(stage, &ann, order("1043-ready", "Ann")).await;
        assert_eq!((status, &body["by"]), (200, &json!("utility_template")), "{body}");
        stage.settled().await;
        let call = stage.sends(&ann).await.pop().unwrap();
        assert_eq!((call.status, &call.body["messaging_type"]), (200, &json!("UTILITY")));
        assert_eq!(call.body["message"]["template"]["language"], json!({ "code": "en" }));

        // No offers, no unknown people, no half-filled templates.
        let (status, body) = tell(stage, &ann, order("1044", "20% off")).await;
        assert_eq!(status, 400);
        assert!(body["error"].as_str().unwrap().contains("may not advertise"), "{body}");
        let half = json!({ "template": "order_ready", "key": "1045", "values": {} });
        assert_eq!(tell(stage, &ann, half).await.0, 400);
        let nobody = json!({ "template": "no_such", "key": "1", "values": {} });
        assert_eq!(tell(stage, &ann, nobody).await.0, 404);
        assert_eq!(tell(stage, "404", order("1046", "Ann")).await.0, 404);
        let url = format!("{}{}", stage.worker.url, utility(&ann));
        let stranger = stage.http.post(url).body(order("1", "x").to_string()).send().await.unwrap();
        assert_eq!(stranger.status(), 401);

        // After STOP nothing is told any more.
        stage.says(&ann, "STOP").await;
        let (status, _) = tell(stage, &ann, order("1047", "Ann")).await;
        assert_eq!(status, 409);
        let report = shopbell(stage, &["report", SHOP]).await;
        let notices: Vec<&Value> =
            report.iter().filter(|line| line["template"] == "order_ready").collect();
        assert_eq!(notices.len(), 1, "{report:?}");
        assert_eq!((&notices[0]["outcome"], &notices[0]["notices"]), (&json!("sent"), &json!(2)));
    });
}
