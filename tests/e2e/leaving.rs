//! A shop leaves for another deployment: everything arrives, byte by byte, whatever dies meanwhile;
//! what comes in waits; nothing is sent twice.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use crate::common::worker::{Options, Worker};
use crate::common::{MINUTE, PAGE_TOKEN, Setup, Stage, alone, moment, owner, until};
use reqwest::Method;
use serde_json::{Value, json};
use shopbell::cli::sandbox::pages_of;

const PAGE: &str = "1029384756";
const WARM: &str = "WARM: the rye bread is out of the oven.";
const BRANCH: &str = "BRANCH: Old Town.";

fn bakery(name: &str, shards: u32) -> PathBuf {
    let shop = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/shops/two-pages/shop.toml");
    let source = std::fs::read_to_string(shop).unwrap();
    let id = format!("id = \"{PAGE}\"\n");
    let source = source.replacen(&id, &format!("{id}shards = {shards}\n"), 1);
    let source = source.replace("[assistant]\n", "[assistant]\nkeep_misses_days = 30\n");
    let folder = scratch(name);
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("shop.toml"), source).unwrap();
    folder
}

fn scratch(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("shopbell-{name}-{}", std::process::id()));
    let _gone = std::fs::remove_dir_all(&folder);
    folder
}

/// Another deployment of a shop, with the same Meta before it.
fn another(stage: &Stage, name: &'static str, shop: &Path) -> Worker {
    let shops = shopbell::cli::check::load(shop).unwrap();
    let token = |n: usize, id: &str| match n {
        0 => PAGE_TOKEN.to_owned(),
        _ => format!("{PAGE_TOKEN}_{id}"),
    };
    let pages = pages_of(&shops);
    let tokens = pages.iter().enumerate().map(|(n, p)| (p.id.clone(), token(n, &p.id)));
    Worker::start(Options {
        name,
        shop: shop.to_owned(),
        graph: stage.sandbox.url(),
        clock: Some(stage.sandbox.now()),
        page_tokens: tokens.collect::<HashMap<_, _>>(),
    })
}

fn manifest(folder: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(folder.join("manifest.json")).unwrap()).unwrap()
}

fn lines(folder: &Path, file: &str) -> Vec<Value> {
    let text = std::fs::read_to_string(folder.join(file)).unwrap_or_default();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn times(stage: &Stage, psid: &str, what: &str) -> usize {
    stage.received(psid).iter().filter(|said| *said == what).count()
}

#[test]
fn a_shop_leaves_and_nothing_is_lost_or_sent_twice() {
    let shop = bakery("leaving", 1);
    let setup = Setup { shop: shop.clone(), ..Setup::of("leaving", "") };
    alone(setup.clock("2026-11-25T06:00:00Z"), async |stage| {
        let dir = shop.to_str().unwrap();
        // People in every state.
        let people = stage.subscribers(PAGE, "DOOR", 12).await;
        let [stopped, gone, noted, missed, waits, ..] = &people[..] else { panic!() };
        stage.says(stopped, "STOP").await;
        stage.says(missed, "blorp zzz").await;
        stage.says(waits, "human").await;
        stage.shopbell(&["note", noted, "likes {\"rye\"}", "--page", PAGE]).await.good();
        let delete = format!("/admin/delete?page={PAGE}&person={gone}");
        let (_, deletion) = stage.admin(Method::POST, &delete, "").await;
        let code = deletion["confirmation_code"].as_str().unwrap().to_owned();
        stage.settled().await;
        stage.travel(moment("2026-11-25T08:00:01Z")).await;
        for _ in 0..2 {
            stage.cron().await;
        }
        stage.settled().await;
        let told: Vec<&String> =
            people.iter().filter(|psid| times(stage, psid, WARM) == 1).collect();
        assert_eq!(told.len(), 9, "not who stopped, who is gone, and who talks with a person");

        // A copy, and all goes on.
        let copy = scratch("copy");
        let copied = copy.to_str().unwrap();
        let export = ["export", dir, "--out", copied, "--without-tokens"];
        let said = stage.shopbell(&export).await.good().text();
        assert!(said.contains("PERSONAL DATA") && !said.contains("stands still"), "{said}");
        let of = |folder: &Path, file: &str, field: &str| {
            lines(folder, file).iter().filter(|line| !line[field].is_null()).count()
        };
        assert_eq!(
            (lines(&copy, "consents.ndjson").len(), of(&copy, "consents.ndjson", "token")),
            (11, 0)
        );
        assert!(lines(&copy, "kv.ndjson").iter().all(|pair| pair["value"]["token"].is_null()));
        stage.says(&people[5], "which branch is this").await;
        assert_eq!(times(stage, &people[5], BRANCH), 1);
        // Its echo comes a moment later; the new one would handle it before it is looked at.
        tokio::time::sleep(Duration::from_millis(600)).await;

        // For good: the old one stands still, and only keeps what comes in.
        let out = scratch("export");
        let whole = out.to_str().unwrap();
        let export = ["export", dir, "--out", whole, "--leave"];
        let said = stage.shopbell(&export).await.good().text();
        assert!(said.contains("stands still"), "{said}");
        assert_eq!(of(&out, "consents.ndjson", "token"), 11);
        assert_eq!(lines(&out, "notes.ndjson")[0]["text"], json!("likes {\"rye\"}"));
        assert_eq!(lines(&out, "people.ndjson").len(), 11);
        assert_eq!(lines(&out, "tombstones.ndjson").len(), 1);
        assert_eq!(lines(&out, "misses.ndjson").len(), 1);
        assert!(out.join("shop.toml").exists() && out.join("posters/DOOR.svg").exists());
        let text = std::fs::read_to_string(out.join("outbox.ndjson")).unwrap();
        assert!(!text.contains(gone.as_str()) && text.contains(noted.as_str()));
        stage.sandbox.clear_record();
        stage.sandbox.says(&people[6], "which branch is this").await.unwrap();
        stage.cron().await;
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert_eq!(stage.messages().len(), 0, "nothing leaves any more");

        // Into an empty one, and out again: byte by byte the same.
        stage.shopbell(&["import", whole]).await.refused("empty deployment");
        stage.shopbell(&["export", dir, "--out", whole]).await.refused("not empty");
        {
            let mut third = another(stage, "leaving-third", &shop);
            // The command dies, and the Worker with it, at some moments.
            for wait_ms in [120, 400] {
                let mut child = owner::command(&third, &["import", whole])
                    .stdout(Stdio::null())
                    .stderr(Stdio::null())
                    .spawn()
                    .unwrap();
                tokio::time::sleep(Duration::from_millis(wait_ms)).await;
                third.kill();
                let _ = child.kill();
                let _ = child.wait();
                third.restart();
            }
            third.shopbell(&["import", whole]).await.good();
            // Once more changes nothing.
            third.shopbell(&["import", whole]).await.good();
            let again = scratch("again");
            third.shopbell(&["export", dir, "--out", again.to_str().unwrap()]).await.good();
            assert_eq!(manifest(&again)["files"], manifest(&out)["files"]);
            for file in manifest(&out)["files"].as_array().unwrap() {
                let name = file["name"].as_str().unwrap();
                let bytes = |folder: &Path| std::fs::read(folder.join(name)).unwrap();
                assert_eq!(bytes(&again), bytes(&out), "{name}");
            }
            // The page of a deletion is there, too.
            let page =
                stage.http.get(format!("{}/deletion/{code}", third.url)).send().await.unwrap();
            assert_eq!(page.status(), 200);
            let _gone = std::fs::remove_dir_all(again);
        }

        // What was changed on the way, what is of another version, and what another key forgot.
        let changed = |name: &str, from: &str, to: &str| {
            let file = out.join(name);
            let before = std::fs::read_to_string(&file).unwrap();
            let after = before.replacen(from, to, 1);
            assert_ne!(before, after, "{name}: {from}");
            std::fs::write(&file, after).unwrap();
            (file, before)
        };
        let tables = format!("\"tables\": {}", manifest(&out)["tables"]);
        let key = format!("\"key\": {}", manifest(&out)["key"]);
        for (name, from, to, why) in [
            ("consents.ndjson", "\"active\"", "\"actife\"", "not as it was written"),
            ("manifest.json", tables.as_str(), "\"tables\": 1", "tables 1"),
            ("manifest.json", key.as_str(), "\"key\": \"00\"", "SIGNING_KEY"),
            ("manifest.json", "\"desks\": 1", "\"desks\": 4000000000", "at most 64"),
        ] {
            let (file, before) = changed(name, from, to);
            stage.shopbell(&["import", whole]).await.refused(why);
            std::fs::write(file, before).unwrap();
        }

        let act = json!({ "begin": { "id": "x", "shards": 4_000_000_000_u32, "before": null } });
        let path = format!("/admin/import?page={PAGE}&shard=0");
        let (status, why) = stage.admin(Method::POST, &path, act.to_string()).await;
        assert!(status == 409 && why.to_string().contains("at most 64"), "{status} {why}");

        // The shop moves, to three Desks; Meta delivers there before anything is there.
        let three = bakery("leaving-three", 3);
        let new = another(stage, "leaving-new", &three);
        new.shopbell(&["import", "--prepare"]).await.good();
        stage.worker.kill();
        stage.worker = new;
        stage.sandbox.set_worker(&stage.worker.url);
        stage.sandbox.says(&people[7], "which branch is this").await.unwrap();
        stage.cron().await;
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert_eq!(stage.messages().len(), 0, "it stands still");
        let said = stage.shopbell(&["import", whole]).await.good().text();
        assert!(said.contains("3 Desks"), "{said}");
        until("everybody in place", async || {
            stage.cron().await;
            let path = format!("/admin/shards?page={PAGE}");
            let (_, told) = stage.admin(Method::GET, &path, "").await;
            told["pages"][0]["shards"] == 3 && told["pages"][0]["moving_to"].is_null()
        })
        .await;
        stage.travel(stage.sandbox.now() + 2 * MINUTE).await;
        stage.cron().await;
        stage.settled().await;
        assert_eq!(times(stage, &people[7], BRANCH), 1, "what came in meanwhile is answered");

        // Nobody hears of today again, and tomorrow everybody who wants to.
        for psid in &people {
            assert!(times(stage, psid, WARM) <= 1);
        }
        stage.travel(moment("2026-11-26T08:00:01Z")).await;
        for _ in 0..3 {
            stage.cron().await;
            stage.settled().await;
        }
        for psid in &people {
            let wanted = match psid {
                psid if told.contains(&psid) => 2,
                // Nobody talks with them any more.
                psid if psid == waits => 1,
                _ => 0,
            };
            assert_eq!(times(stage, psid, WARM), wanted, "{psid}");
        }
        let notes = stage.shopbell(&["note", noted, "--page", PAGE]).await.good().text();
        assert!(notes.contains("likes {\"rye\"}"), "{notes}");
        let proof = ["consent", noted, dir, "--page", PAGE, "--format", "json"];
        let proof = stage.shopbell(&proof).await.good().text();
        assert!(proof.contains("\"verified\":true"), "{proof}");
        for folder in [&out, &copy, &three] {
            let _gone = std::fs::remove_dir_all(folder);
        }
    });
    let _removed = std::fs::remove_dir_all(shop);
}
