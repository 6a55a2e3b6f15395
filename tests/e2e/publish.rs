//! Publishing while the Worker runs: a shop that comes after its first customers, and one that
//! changes its mind.

use std::fs;
use std::path::{Path, PathBuf};

use crate::common::{MINUTE, SECOND, Setup, alone, until};

const OLD_TOWN: &str = "1029384756";
const RIVERSIDE: &str = "2029384756";
const BREAD: &str = "BREAD: rye, wheat and sourdough.";

/// The two branches' shop with a change, in a folder of its own.
fn variant(name: &str, change: impl FnOnce(String) -> String) -> PathBuf {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/shops/two-pages/shop.toml");
    let text = fs::read_to_string(source).unwrap();
    let changed = change(text.clone());
    assert_ne!(changed, text);
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("e2e-shops").join(name);
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("shop.toml"), changed).unwrap();
    folder
}

#[test]
fn whoever_writes_before_the_shop_is_published_is_answered_afterwards() {
    let both = Setup::of("", "tests/shops/two-pages").shop;
    let one_branch = variant("one-branch", |text| {
        let (before, rest) = text.split_once("[[page]]\nid = \"2029384756\"").unwrap();
        let (_, after) = rest.split_once("\n\n").unwrap();
        format!("{before}{after}")
    });
    let setup =
        Setup { shop: one_branch, meta_has: Some(both.clone()), ..Setup::of("late-shop", "") };
    alone(setup.clock("2026-11-24T10:00:00Z"), async |stage| {
        let (early, regular) = (stage.person(RIVERSIDE), stage.person(OLD_TOWN));
        for text in ["which branch is this", "do you have coffee", "what bread do you have"] {
            let webhooks = stage.sandbox.says(&early, text).await.unwrap();
            assert_eq!(webhooks[0].status(), Some(200), "Meta must not hear of it");
            // It is delivered again, as Meta sometimes does.
            let again = stage.sandbox.raw(&webhooks[0].body, None).await;
            assert_eq!(again.status(), Some(200));
        }
        assert_eq!(stage.says(&regular, "which branch is this").await, ["BRANCH: Old Town."]);
        stage.travel(stage.sandbox.now() + 5 * MINUTE).await;
        assert_eq!(stage.says(&regular, "any coffee?").await, ["COFFEE: from two euro."]);
        assert_eq!(stage.sends(&early).await.len(), 0);

        stage.worker.publish(&both);
        // Two minutes: by then the list of Pages is read anew, and cron has reached the new Desk.
        for _ in 0..2 {
            stage.travel(stage.sandbox.now() + MINUTE + SECOND).await;
            stage.cron().await;
        }
        let answers = ["BRANCH: Riverside.", "COFFEE: from two euro.", BREAD];
        until("three answers", || async { stage.received(&early).len() >= 3 }).await;
        stage.settled().await;
        assert_eq!(stage.received(&early), answers);
        assert_eq!(stage.desk(RIVERSIDE).await["parked"], 0);
        assert_eq!(stage.says(&early, "do you have coffee").await, ["COFFEE: from two euro."]);
    });
}

#[test]
fn a_second_publish_is_live_within_a_minute() {
    let setup = Setup::of("second-publish", "tests/shops/two-pages");
    alone(setup.clock("2026-11-24T10:00:00Z"), async |stage| {
        let psid = stage.person(OLD_TOWN);
        assert_eq!(stage.says(&psid, "what bread do you have").await, [BREAD]);
        assert_eq!(stage.get("/q/DOOR").await.status(), 302);
        assert_eq!(stage.says(&psid, "do you sell umbrellas").await.len(), 1);
        let changed = variant("changed", |text| {
            let revoked = "code = \"DOOR\"\nrevoked = true";
            text.replace("rye, wheat and sourdough", "only rye, today")
                .replace("code = \"DOOR\"", revoked)
                .replace("\"bread today\"]", "\"bread today\", \"do you sell umbrellas\"]")
        });
        stage.worker.publish(&changed);
        stage.travel(stage.sandbox.now() + MINUTE + SECOND).await;
        assert_eq!(stage.says(&psid, "what bread do you have").await, ["BREAD: only rye, today."]);
        // The questions were trained anew, too.
        let trained = stage.says(&psid, "do you sell umbrellas").await;
        assert_eq!(trained, ["BREAD: only rye, today."]);
        let gone = stage.get("/q/DOOR").await;
        assert_eq!(gone.status(), 200);
        assert!(gone.text().await.unwrap().contains("+37060000009"));
    });
}
