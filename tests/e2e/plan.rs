//! From the plan before to the report after, through the owner's command: the same hash, each
//! recipient with its way, and the receipts of what they agreed to.

use crate::common::{HOUR, MINUTE, SECOND, Setup, Stage, alone, moment};
use reqwest::Method;
use serde_json::Value;
use shopbell::cli::sandbox::Act;

const PAGE: &str = "1029384756";
const SHOP: &str = "tests/shops/two-pages";

/// What the command prints: one JSON object a line.
async fn shopbell(stage: &Stage, args: &[&str]) -> Vec<Value> {
    stage.shopbell(&[args, &["--format", "json"]].concat()).await.good().json()
}

/// The run of "warm" in a plan, and its recipients.
fn warm(plan: &[Value]) -> (Value, Vec<Value>) {
    let at = plan.iter().position(|line| line["run"]["notification"] == "warm").unwrap();
    let rest = plan[at + 1..].iter().take_while(|line| line["run"].is_null());
    let recipients = rest.filter(|line| !line["recipient"].is_null());
    (plan[at]["run"].clone(), recipients.map(|line| line["recipient"].clone()).collect())
}

#[test]
fn what_is_planned_is_what_runs_and_what_is_reported() {
    let setup = Setup::of("plan", SHOP).clock("2026-11-25T06:00:00Z");
    alone(setup, async |stage| {
        let people = stage.subscribers(PAGE, "DOOR", 5).await;
        let ten = moment("2026-11-27T08:00:00Z"); // 10:00 in Vilnius, two days later
        // One writes on the day; one has asked for a person.
        stage.travel(ten - HOUR).await;
        stage.says(&people[1], "any coffee?").await;
        stage.says(&people[2], "human").await;

        let at = "2026-11-27T08:00:00Z";
        let plan = ["plan", SHOP, "--page", PAGE, "--at", at];
        let (run, recipients) = warm(&shopbell(stage, &plan).await);
        assert_eq!(run["due"], "2026-11-27T08:00:00Z");
        assert_eq!(recipients.len(), 5);
        let of = |psid: &str| recipients.iter().find(|to| to["person"] == psid).unwrap();
        assert_eq!(of(&people[0])["transport"], "legacy_recurring");
        assert_eq!(of(&people[0])["rule"]["id"], "recurring-five-areas");
        assert_eq!(of(&people[1])["transport"], "in_window");
        assert_eq!(of(&people[2])["held"], "person_talking");

        stage.travel(ten + SECOND).await;
        stage.cron().await;
        stage.cron().await;
        stage.settled().await;
        let warmth =
            |psid: &str| stage.received(psid).iter().filter(|s| s.starts_with("WARM")).count();
        assert_eq!(people.iter().map(|psid| warmth(psid)).collect::<Vec<_>>(), [1, 1, 0, 1, 1]);

        // One reads it, one has enough of it.
        stage.travel(ten + MINUTE).await;
        stage.sandbox.act(&people[3], Act::Read).await.unwrap();
        stage.says(&people[4], "STOP").await;
        let report = shopbell(stage, &["report", SHOP, "--page", PAGE]).await;
        let line =
            report.iter().find(|l| l["notification"] == "warm" && l["period"] == "2026-11-27");
        let line = line.unwrap();
        assert_eq!(
            line["hashes"],
            serde_json::json!([run["hash"]]),
            "what ran is what was planned"
        );
        assert_eq!(line["planned"], 4);
        assert_eq!(line["outcomes"], serde_json::json!({ "held": 1, "sent": 4 }));
        // Whoever has read it has got it; of the others Meta was not asked to tell.
        let after = serde_json::json!({ "delivered": 1, "read": 1, "stopped": 1 });
        assert_eq!(line["after"], after);

        // Whoever stopped is in no plan any more, and the receipts say both words.
        let at = "2026-11-29T08:00:00Z";
        let plan = ["plan", SHOP, "--page", PAGE, "--at", at];
        let (_, recipients) = warm(&shopbell(stage, &plan).await);
        assert_eq!(recipients.len(), 4);
        let told = shopbell(stage, &["consent", &people[4], SHOP, "--page", PAGE]).await;
        assert_eq!((&told[0]["verified"], &told[0]["chain"]), (&true.into(), &6.into()));
        assert_eq!(told[0]["consents"][0]["status"], "stopped");
        let said: Vec<_> = told[1..].iter().map(|line| &line["receipt"]["said"]).collect();
        assert_eq!(said, ["granted", "stopped"]);
        assert_eq!(told[1]["receipt"]["shown"]["promise"], "daily");
        let head = told[0]["head"].as_str().unwrap().to_owned();

        // Forgetting somebody leaves the chain of the others.
        let forget = format!("/admin/delete?page={PAGE}&person={}", people[4]);
        assert_eq!(stage.admin(Method::POST, &forget, "").await.0, 200);
        let told = shopbell(stage, &["consent", &people[4], SHOP, "--page", PAGE]).await;
        assert_eq!(told.len(), 1, "{told:?}");
        let args = ["consent", &people[0], SHOP, "--page", PAGE, "--head", &head];
        assert_eq!(shopbell(stage, &args).await[0]["verified"], true);
    });
}

#[test]
fn what_nothing_ran_for_is_reported_and_not_sent_at_night() {
    let setup = Setup::of("missed", SHOP).clock("2026-11-25T06:00:00Z");
    alone(setup, async |stage| {
        let people = stage.subscribers(PAGE, "DOOR", 2).await;
        stage.cron().await;
        // Cron sleeps from the morning until three at night.
        stage.travel(moment("2026-11-26T01:00:00Z")).await;
        stage.cron().await;
        stage.settled().await;
        let warm = |psid: &String| stage.received(psid).iter().any(|s| s.starts_with("WARM"));
        assert!(!people.iter().any(warm));
        let report = shopbell(stage, &["report", SHOP, "--page", PAGE]).await;
        let line = report.iter().find(|l| l["notification"] == "warm").unwrap();
        assert_eq!((&line["period"], &line["planned"]), (&"2026-11-25".into(), &0.into()));
        assert_eq!(line["dropped"], serde_json::json!({ "missed": 1 }));
        assert_eq!(stage.count(PAGE, "run.missed").await, 1);
        // The next one is on time again.
        stage.travel(moment("2026-11-26T08:00:01Z")).await;
        stage.cron().await;
        stage.settled().await;
        let told = people.iter().filter(|psid| warm(psid)).count();
        assert_eq!(told, 2);
        assert!(stage.messages().iter().all(|call| call.status == 200));
    });
}

#[test]
fn only_the_owner_is_told() {
    let setup = Setup::of("told", SHOP).clock("2026-11-25T06:00:00Z");
    alone(setup, async |stage| {
        for path in ["/admin/recipients", "/admin/report", "/admin/receipts", "/admin/consent"] {
            let ours = format!("{path}?page={PAGE}&person=1");
            assert_eq!(stage.get(&ours).await.status(), 401, "{path}");
            stage.told(&ours).await;
            let others = format!("{path}?page=999&person=1");
            assert_eq!(stage.admin(Method::GET, &others, "").await.0, 404, "{path}");
            let url = format!("{}{path}", stage.worker.url);
            assert_eq!(stage.http.post(&url).send().await.unwrap().status(), 405, "{path}");
        }
    });
}
