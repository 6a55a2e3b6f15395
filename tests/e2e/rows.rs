//! What each thing takes of what Cloudflare limits, counted on the bundle: `shopbell budget`, the
//! part of a day that notifications may take, and the README rest on these figures.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::common::{DAY, HOUR, MINUTE, SECOND, Setup, Stage, alone, moment, until};
use reqwest::Method;
use serde_json::Value;
use shopbell::cli::sandbox::{self, Act, How};
use shopbell::outreach::budget::costs::{Thing, rows};

const PAGE: &str = "1029384756";

/// How many people do the same: what is shared among messages is shared among these.
const PEOPLE: u64 = 20;

/// Rows written since the last time, an alarm being one.
async fn counted(stage: &Stage) -> u64 {
    // Echoes come a moment after the answer.
    tokio::time::sleep(Duration::from_millis(400)).await;
    stage.settled().await;
    // The Worker's own looks come in their own time.
    until("no look is on", || async {
        let told = stage.told("/admin/checkup").await;
        let now = stage.sandbox.now();
        let later = |key: &str| {
            let at = &told["pages"][0]["checked"][key];
            at.as_i64().is_none_or(|at| at > now)
        };
        told["pages"][0]["step"].is_null() && later("next_full") && later("next_look")
    })
    .await;
    let said: Value = stage.get("/__rows?count=yes").await.json().await.unwrap();
    said["rowsWritten"].as_u64().unwrap() + said["alarmsSet"].as_u64().unwrap()
}

/// Each by itself, a minute after the other, as people write.
async fn all(stage: &Stage, people: &[String], act: fn() -> Act) {
    for psid in people {
        stage.sandbox.act(psid, act()).await.unwrap();
        stage.settled().await;
        stage.travel(stage.sandbox.now() + MINUTE).await;
    }
}

/// The bakery, whose answer about cake has a picture: two bubbles.
fn bakery() -> PathBuf {
    let shop = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/shops/two-pages/shop.toml");
    let source = std::fs::read_to_string(shop).unwrap();
    let folder = std::env::temp_dir().join(format!("shopbell-rows-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let cake = "keywords.en = [\"cake\"]\n";
    let picture = format!("{cake}image = \"https://bakery.example/cake.png\"\n");
    assert!(source.contains(cake));
    std::fs::write(folder.join("shop.toml"), source.replacen(cake, &picture, 1)).unwrap();
    folder
}

/// What it took, rounded up, beside what the budget says.
fn compare(thing: Thing, times: u64, took: u64, found: &mut Vec<String>) {
    let each = (took + times / 2) / times;
    let said = rows(thing);
    eprintln!("{thing:?}: {each} counted ({took} for {times}), {said} in the budget");
    // One more or less: an alarm falls into a stretch or beside it.
    if each.abs_diff(said) > 1 {
        found.push(format!("{thing:?}: {each} were counted, costs.rs says {said}"));
    }
}

#[test]
fn the_figures_of_the_budget_are_what_the_bundle_writes() {
    let shop = bakery();
    let setup = Setup { shop: shop.clone(), ..Setup::of("rows", "") };
    alone(setup.clock("2026-11-25T04:00:00Z"), async |stage| {
        let mut found = Vec::new();
        // Meta tells of what was sent, as it does.
        assert!(sandbox::Settings::default().echoes);
        let people: Vec<String> = (0..PEOPLE).map(|_| stage.person(PAGE)).collect();
        for psid in &people {
            stage.sandbox.scan(psid, "DOOR").await.unwrap();
        }
        all(stage, &people, || Act::GetStarted).await;
        // Everything that a first time takes is over.
        let ask = || Act::Message { text: "do you have coffee".into(), reply_to: None };
        all(stage, &people, ask).await;

        counted(stage).await;
        all(stage, &people, ask).await;
        // And what forgetting it takes later: its key, and its row of the outbox.
        let forgetting = 2 * PEOPLE + PEOPLE;
        let one = counted(stage).await + forgetting;
        compare(Thing::Message, PEOPLE, one, &mut found);

        let cake = || Act::Message { text: "do you have cake".into(), reply_to: None };
        all(stage, &people, cake).await;
        let two = counted(stage).await + forgetting + 2 * PEOPLE;
        compare(Thing::Bubble, PEOPLE, two - one, &mut found);

        all(stage, &people, || Act::OptIn { mid: None }).await;
        compare(Thing::OptIn, PEOPLE, counted(stage).await + forgetting, &mut found);

        // The first reading of Meta's list comes with the first tick, and then one a day.
        stage.cron().await;
        let reading = async || stage.desk(PAGE).await["reconciled"]["ended_at"].clone();
        until("the first reading", async || !reading().await.is_null()).await;
        counted(stage).await;
        let before = reading().await;
        stage.travel(stage.sandbox.now() + MINUTE).await;
        let reconcile = format!("/admin/reconcile?page={PAGE}");
        assert_eq!(stage.admin(Method::POST, &reconcile, "").await.0, 200);
        until("another reading", async || reading().await != before).await;
        compare(Thing::Listed, PEOPLE, counted(stage).await, &mut found);

        // In the window, an hour later.
        let ten = moment("2026-11-25T08:00:00Z");
        stage.travel(ten + SECOND).await;
        counted(stage).await;
        stage.cron().await;
        stage.settled().await;
        // Its rows in the outbox, the ledger and of its echo.
        let forgetting = 3 * PEOPLE;
        compare(Thing::InWindow, PEOPLE, counted(stage).await + forgetting, &mut found);
        // The minute after.
        stage.travel(ten + 2 * MINUTE).await;
        stage.cron().await;
        stage.settled().await;
        counted(stage).await;
        // An hour: the Worker looks at the Page's subscription twice in it.
        for minute in 3..63 {
            stage.travel(ten + minute * MINUTE).await;
            stage.cron().await;
        }
        stage.settled().await;
        compare(Thing::Minute, 60, counted(stage).await, &mut found);

        // By token, when the window is closed.
        stage.travel(ten + 2 * DAY + HOUR).await;
        counted(stage).await;
        stage.cron().await;
        stage.settled().await;
        compare(Thing::ByToken, PEOPLE, counted(stage).await + forgetting, &mut found);

        // Held: the token rests.
        stage.travel(ten + 3 * DAY + MINUTE).await;
        counted(stage).await;
        stage.cron().await;
        stage.settled().await;
        compare(Thing::Held, PEOPLE, counted(stage).await + PEOPLE, &mut found);

        // What Meta tells of what left.
        all(stage, &people, ask).await;
        counted(stage).await;
        stage
            .sandbox
            .acts(people.iter().map(|psid| (psid.clone(), Act::Read)).collect(), How::default())
            .await
            .unwrap();
        stage.settled().await;
        compare(Thing::Receipt, PEOPLE, counted(stage).await + PEOPLE, &mut found);
        assert!(found.is_empty(), "write into costs.rs what was counted:\n{}", found.join("\n"));
    });
    let _removed = std::fs::remove_dir_all(shop);
}
