//! A Page whose people are shared by several Desks: everything works as with one, and people are
//! moved when their number changes, whatever dies meanwhile.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::common::rng::Rng;
use crate::common::{DAY, HOUR, MINUTE, SECOND, Setup, Stage, alone, hooks, moment, until};
use reqwest::Method;
use serde_json::{Value, json};
use shopbell::cli::sandbox::{Act, Fate, Fault, FaultKind, How};
use shopbell::desk::layout::home;
use shopbell::meta::ids::Psid;

const PAGE: &str = "1029384756";
const WARM: &str = "WARM: the rye bread is out of the oven.";
const BRANCH: &str = "BRANCH: Old Town.";

/// The bakery in a folder of its own, with so many Desks for its first Page.
fn bakery(name: &str, shards: u32) -> PathBuf {
    let shop = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/shops/two-pages/shop.toml");
    let source = std::fs::read_to_string(shop).unwrap();
    let folder = std::env::temp_dir().join(format!("shopbell-{name}-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    write(&folder, &source, shards);
    folder
}

fn write(folder: &Path, source: &str, shards: u32) {
    let id = format!("id = \"{PAGE}\"\n");
    let source = source.replacen(&id, &format!("{id}shards = {shards}\n"), 1);
    let source = source.replace("[assistant]\n", "[assistant]\nkeep_misses_days = 30\n");
    std::fs::write(folder.join("shop.toml"), source).unwrap();
}

/// Declares another number.
fn redeclare(folder: &Path, from: u32, to: u32) {
    let file = folder.join("shop.toml");
    let source = std::fs::read_to_string(&file).unwrap();
    let changed = source.replacen(&format!("shards = {from}\n"), &format!("shards = {to}\n"), 1);
    assert_ne!(source, changed);
    std::fs::write(file, changed).unwrap();
}

async fn lines(stage: &Stage, args: &[&str]) -> Vec<Value> {
    stage.shopbell(&[args, &["--format", "json"]].concat()).await.good().json()
}

/// The Desks of the Page, by `/admin/status`.
async fn desks(stage: &Stage) -> Vec<Value> {
    let status = stage.status().await;
    let all = status["desks"].as_array().unwrap().iter();
    all.filter(|desk| desk["page"] == PAGE).cloned().collect()
}

fn times(stage: &Stage, psid: &str, what: &str) -> usize {
    stage.received(psid).iter().filter(|said| *said == what).count()
}

#[test]
fn everything_works_with_three_desks_as_with_one() {
    let shop = bakery("three-desks", 3);
    let setup = Setup { shop: shop.clone(), ..Setup::of("three-desks", "") };
    alone(setup.clock("2026-11-25T06:00:00Z"), async |stage| {
        let dir = shop.to_str().unwrap();
        let people = stage.subscribers(PAGE, "DOOR", 12).await;
        let file = shop.join("shop.toml");
        let source = std::fs::read_to_string(&file).unwrap();
        let notify = format!("[handoff]\nnotify = \"{}\"\n\n[assistant]\n", people[1]);
        std::fs::write(&file, source.replacen("[assistant]\n", &notify, 1)).unwrap();
        stage.worker.publish(&shop);
        stage.travel(stage.sandbox.now() + 2 * MINUTE).await;
        let each = desks(stage).await;
        assert_eq!(each.len(), 3);
        let replies = |desk: &Value| desk["last_7_days"]["reply.sent"].as_i64().unwrap_or(0);
        let replies: Vec<i64> = each.iter().map(replies).collect();
        assert!(replies.iter().all(|n| *n > 0), "they are shared: {replies:?}");

        // What concerns nobody belongs to the first.
        let now = stage.sandbox.now();
        let warned = json!({
            "recipient": {"id": PAGE}, "timestamp": now,
            "policy_enforcement": {"action": "warning", "reason": "r"},
        });
        assert_eq!(stage.post(&hooks::body(&[hooks::entry(PAGE, now, &[warned])])).await, 200);
        let each = desks(stage).await;
        let count = |desk: &Value| {
            let counts = desk["last_7_days"].as_object().unwrap().iter();
            let ours = counts.filter(|(name, _)| name.contains("policy_enforcement"));
            ours.map(|(_, n)| n.as_i64().unwrap()).sum::<i64>()
        };
        assert_eq!(each.iter().map(count).collect::<Vec<_>>(), [1, 0, 0], "{each:?}");

        // The owner's commands go over all of them.
        let totals = |plan: &[Value]| plan.iter().filter(|l| !l["recipient"].is_null()).count();
        let at = "2026-11-25T08:00:00Z";
        let plan = lines(stage, &["plan", dir, "--page", PAGE, "--at", at]).await;
        assert_eq!(totals(&plan), 12);
        for psid in people.iter().take(3) {
            stage.says(psid, "blorp zzz").await;
            let told = lines(stage, &["consent", psid, dir, "--page", PAGE]).await;
            assert_eq!(told[0]["verified"], true, "{told:?}");
            assert_eq!(told[0]["consents"].as_array().unwrap().len(), 1, "{told:?}");
            let note = ["note", psid, "likes rye", "--page", PAGE];
            let text = stage.shopbell(&note).await.good().text();
            assert!(text.contains("likes rye"), "{text}");
        }
        let missed = stage.told(&format!("/admin/misses?page={PAGE}")).await;
        let asked = missed["desks"].as_array().unwrap().iter().flat_map(|d| d["misses"].as_array());
        let asked: i64 = asked.flatten().map(|miss| miss["times"].as_i64().unwrap()).sum();
        assert_eq!(asked, 3, "{missed}");

        // Everybody is told once, and the report counts all.
        let ten = moment(at);
        stage.travel(ten + SECOND).await;
        for _ in 0..2 {
            stage.cron().await;
        }
        stage.settled().await;
        assert!(people.iter().all(|psid| times(stage, psid, WARM) == 1));
        let report = lines(stage, &["report", dir, "--page", PAGE]).await;
        let line = report.iter().find(|l| l["notification"] == "warm").unwrap();
        assert_eq!((&line["planned"], &line["outcomes"]), (&12.into(), &json!({ "sent": 12 })));
        assert_eq!(line["hashes"].as_array().unwrap().len(), 3);

        // The owner, who belongs to one of them, hears of whoever wants a person at any of them.
        let heard = stage.received(&people[1]).len();
        for psid in people.iter().skip(2).take(6) {
            stage.says(psid, "human").await;
        }
        until("six messages to the owner", async || stage.received(&people[1]).len() == heard + 6)
            .await;

        // Somebody is forgotten where they are.
        let gone = &people[0];
        let forget = format!("/admin/delete?page={PAGE}&person={gone}");
        let (_, answer) = stage.admin(Method::POST, &forget, "").await;
        stage.settled().await;
        let plan = lines(stage, &["plan", dir, "--page", PAGE, "--at", at]).await;
        assert_eq!(totals(&plan), 11, "the others are there");
        let code = answer["confirmation_code"].as_str().unwrap();
        assert_eq!(stage.get(&format!("/deletion/{code}")).await.status(), 200);
        assert_eq!(stage.worker.kv(&format!("subscription:{PAGE}:{gone}:daily")), None);
    });
    let _removed = std::fs::remove_dir_all(shop);
}

#[test]
fn what_meta_says_to_one_desk_holds_for_all_of_the_page() {
    let shop = bakery("shared-hold", 3);
    let setup = Setup { shop: shop.clone(), ..Setup::of("shared-hold", "") };
    alone(setup.clock("2026-11-25T06:00:00Z"), async |stage| {
        let people = stage.subscribers(PAGE, "DOOR", 12).await;
        let held = async |stage: &Stage| {
            let each = desks(stage).await;
            each.iter().filter(|desk| !desk["hold"].is_null()).count()
        };
        for kind in [FaultKind::Code613, FaultKind::Code190] {
            stage.sandbox.fault(Fault::next(kind, 1));
            stage.sandbox.says(&people[0], "coffee").await.unwrap();
            until("a pause on every Desk", async || held(stage).await == 3).await;
            // Whoever writes meanwhile waits, at whatever Desk.
            stage.sandbox.clear_record();
            for psid in &people {
                stage.sandbox.says(psid, "coffee").await.unwrap();
            }
            tokio::time::sleep(Duration::from_millis(300)).await;
            assert_eq!(stage.messages().len(), 0, "{kind:?}");
            // The first message that gets through ends it for all.
            let later = stage.sandbox.now() + 11 * MINUTE;
            stage.travel(later).await;
            stage.cron().await;
            stage.settled().await;
            assert_eq!(stage.messages().iter().filter(|call| call.status == 200).count(), 13);
            assert_eq!(held(stage).await, 0, "{kind:?}");
        }
    });
    let _removed = std::fs::remove_dir_all(shop);
}

#[test]
fn an_answer_during_a_run_is_overtaken_by_four_notifications_at_most() {
    let shop = bakery("overtaken", 1);
    let setup = Setup { shop: shop.clone(), ..Setup::of("overtaken", "") };
    alone(setup.clock("2026-11-25T06:00:00Z"), async |stage| {
        let people = stage.subscribers(PAGE, "DOOR", 60).await;
        let guests: Vec<String> = (0..5).map(|_| stage.person(PAGE)).collect();
        stage.travel(moment("2026-11-25T08:00:01Z")).await;
        stage.sandbox.clear_record();
        stage.sandbox.settings(|settings| settings.latency_ms = 400);
        stage.cron().await;
        for (at, guest) in guests.iter().enumerate() {
            // Some more are on their way each time.
            until("a run", async || stage.messages().len() >= 8 * (at + 1)).await;
            stage.sandbox.says(guest, "which branch is this").await.unwrap();
            let last = stage.messages().last().unwrap().n;
            until("the answer", async || !stage.sends(guest).await.is_empty()).await;
            let answer = stage.sends(guest).await.remove(0).n;
            let calls = stage.messages();
            let overtook = calls.iter().filter(|call| last < call.n && call.n < answer).count();
            assert!(overtook <= 4, "{overtook} notifications left before the answer");
        }
        assert!(stage.messages().len() < people.len(), "the run was still going on");
        stage.sandbox.settings(|settings| settings.latency_ms = 0);
        stage.settled().await;
        assert!(people.iter().all(|psid| times(stage, psid, WARM) == 1));
        assert!(stage.sandbox.max_concurrent() <= 6, "{}", stage.sandbox.max_concurrent());
        assert_eq!(stage.sandbox.queued(), 0, "never more at a time than there are connections");
    });
    let _removed = std::fs::remove_dir_all(shop);
}

/// Has people moved to so many Desks.
async fn begin(stage: &Stage, to: u32) {
    let path = format!("/admin/shards?page={PAGE}&to={to}");
    let (status, told) = stage.admin(Method::POST, &path, "").await;
    assert_eq!(status, 200, "{told}");
}

/// Waits until nobody is being moved any more.
async fn moved(stage: &Stage, to: u32) {
    until("everybody in place", async || {
        stage.cron().await;
        let path = format!("/admin/shards?page={PAGE}");
        let (_, told) = stage.admin(Method::GET, &path, "").await;
        told["pages"][0]["shards"] == to && told["pages"][0]["moving_to"].is_null()
    })
    .await;
}

#[test]
fn the_owner_begins_nothing_while_people_are_moved() {
    let shop = bakery("moving-offer", 1);
    let file = shop.join("shop.toml");
    let offer = "[[offer]]\nid = \"rye\"\ntopic = \"daily\"\ntitle.en = \"Rye\"\n\
                 start = { text.en = \"RYE: it is here.\" }\n\n[[notification]]\n";
    let source = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, source.replacen("[[notification]]\n", offer, 1)).unwrap();
    let setup = Setup { shop: shop.clone(), ..Setup::of("moving-offer", "") };
    alone(setup.clock("2026-11-25T06:00:00Z"), async |stage| {
        let people = stage.subscribers(PAGE, "DOOR", 12).await;
        for psid in people.iter().take(6) {
            let remind = Act::Postback {
                title: "Tell me".into(),
                payload: "sb:remind:rye".into(),
                referral: None,
            };
            stage.does(psid, remind).await;
        }
        redeclare(&shop, 1, 3);
        stage.worker.publish(&shop);
        stage.travel(stage.sandbox.now() + 2 * MINUTE).await;
        // An answer is on its way: the move waits for what becomes of it.
        stage.sandbox.settings(|settings| settings.latency_ms = 3_000);
        stage.sandbox.says(&people[0], "which branch is this").await.unwrap();
        until("an answer on its way", async || stage.sandbox.max_concurrent() > 0).await;
        begin(stage, 3).await;
        let open = format!("/admin/offers?page={PAGE}&open=rye");
        let (status, why) = stage.admin(Method::POST, &open, "").await;
        assert!(status == 503 && why.to_string().contains("stands still"), "{status} {why}");
        stage.sandbox.settings(|settings| settings.latency_ms = 0);
        moved(stage, 3).await;
        rested(stage).await;
        // Nobody is woken.
        stage.travel(moment("2026-11-25T07:30:00Z")).await;
        for shard in 0..3 {
            let (status, why) =
                stage.admin(Method::POST, &format!("{open}&shard={shard}"), "").await;
            assert_eq!(status, 200, "{why}");
        }
        stage.settled().await;
        stage.cron().await;
        stage.settled().await;
        for (n, psid) in people.iter().enumerate() {
            let told = times(stage, psid, "RYE: it is here.");
            assert_eq!(told, usize::from(n < 6), "{n}");
        }
    });
    let _removed = std::fs::remove_dir_all(shop);
}

#[test]
fn a_deletion_ends_at_a_desk_that_is_closed() {
    let shop = bakery("closed-deletion", 2);
    let setup = Setup { shop: shop.clone(), ..Setup::of("closed-deletion", "") };
    alone(setup.clock("2026-11-25T06:00:00Z"), async |stage| {
        let people = stage.subscribers(PAGE, "DOOR", 12).await;
        let at_second = |psid: &&String| home(&Psid::new((*psid).clone()).unwrap(), 2) == 1;
        let gone = people.iter().find(at_second).unwrap();
        // Its rows go at once; what KV may have of them cannot be searched for now.
        assert_eq!(stage.get("/__kv?refuse=lists").await.status(), 200);
        let forget = format!("/admin/delete?page={PAGE}&person={gone}");
        let (_, answer) = stage.admin(Method::POST, &forget, "").await;
        let code = answer["confirmation_code"].as_str().unwrap().to_owned();
        let ended = async |stage: &Stage| {
            let page = stage.get(&format!("/deletion/{code}")).await.text().await.unwrap();
            !page.contains("is being deleted")
        };
        tokio::time::sleep(Duration::from_millis(500)).await;
        assert!(!ended(stage).await, "KV was not searched");
        redeclare(&shop, 2, 1);
        stage.worker.publish(&shop);
        stage.travel(stage.sandbox.now() + 2 * MINUTE).await;
        stage.cron().await;
        begin(stage, 1).await;
        moved(stage, 1).await;
        assert!(!ended(stage).await);
        // No tick reaches the Desk any more.
        assert_eq!(stage.get("/__kv?refuse=no").await.status(), 200);
        for _ in 0..2 {
            stage.travel(stage.sandbox.now() + DAY + HOUR).await;
        }
        until("the end of the deletion", async || ended(stage).await).await;
    });
    let _removed = std::fs::remove_dir_all(shop);
}

/// Lets Meta deliver again what was not acknowledged, until everything has come to rest.
async fn rested(stage: &Stage) {
    for _ in 0..30 {
        stage.travel(stage.sandbox.now() + 40 * SECOND).await;
        stage.cron().await;
        let waiting = stage.sandbox.webhooks().iter().any(|hook| hook.fate == Fate::Waiting);
        let each = desks(stage).await;
        let open = each.iter().any(|desk| desk["outbox"]["open"] != 0 || desk["parked"] != 0);
        if !waiting && !open {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("does not come to rest: {:?}", desks(stage).await);
}

#[test]
fn people_are_moved_to_another_number_of_desks_whatever_dies_meanwhile() {
    const PEOPLE: usize = 40;
    let shop = bakery("moving", 1);
    let setup = Setup { shop: shop.clone(), ..Setup::of("moving", "") };
    alone(setup.clock("2026-11-25T06:00:00Z"), async |stage| {
        let dir = shop.to_str().unwrap().to_owned();
        let people = stage.subscribers(PAGE, "DOOR", PEOPLE).await;
        let mut rng = Rng::new(0x5ead);
        // The last two are closed, and their people come back to the first.
        for (round, (from, to)) in [(1, 3), (3, 2), (2, 5), (5, 1)].into_iter().enumerate() {
            let day = i64::try_from(round).unwrap() * DAY;
            let noted = &people[round];
            stage.shopbell(&["note", noted, "rye", "--page", PAGE]).await.good();
            // Published, and nothing is changed by that.
            redeclare(&shop, from, to);
            stage.worker.publish(&shop);
            stage.shopbell(&["shards", &dir, "--page", PAGE]).await.refused("--move");
            stage.travel(stage.sandbox.now() + 2 * MINUTE).await;
            let before = times(stage, &people[0], BRANCH);
            stage.says(&people[0], "which branch is this").await;
            assert_eq!(times(stage, &people[0], BRANCH), before + 1, "{from} to {to}");

            // Everybody writes while they are moved, and the process dies at some moment.
            stage.sandbox.clear_record();
            let heard: Vec<usize> = people.iter().map(|psid| times(stage, psid, BRANCH)).collect();
            begin(stage, to).await;
            let text = || Act::Message { text: "which branch is this".into(), reply_to: None };
            let acts = people.iter().map(|psid| (psid.clone(), text())).collect();
            let after = rng.next() % 120;
            let Stage { sandbox, worker, .. } = &mut *stage;
            let how = How { at_once: true, ..How::default() };
            let end = async {
                tokio::time::sleep(Duration::from_millis(after)).await;
                worker.kill();
            };
            let (done, ()) = tokio::join!(sandbox.acts(acts, how), end);
            done.unwrap();
            stage.worker.restart();
            moved(stage, to).await;
            rested(stage).await;
            stage.shopbell(&["shards", &dir, "--page", PAGE]).await.good();

            let what = format!("{from} to {to}, killed after {after} ms");
            for (psid, heard) in people.iter().zip(&heard) {
                let calls = stage.sends(psid).await;
                let said = times(stage, psid, BRANCH) - heard;
                // Twice only when the end came between Meta's answer and ours.
                assert!((1..=2).contains(&said), "{what}: {said} answers: {calls:?}");
            }
            // Nobody is lost, nobody is there twice, and everything is still theirs.
            let at = moment("2026-11-25T08:00:00Z") + day;
            let moment = jiff::Timestamp::from_millisecond(at).unwrap().to_string();
            let plan = lines(stage, &["plan", &dir, "--page", PAGE, "--at", &moment]).await;
            let planned = plan.iter().filter(|line| !line["recipient"].is_null());
            let planned: Vec<String> =
                planned.map(|line| line["recipient"]["person"].as_str().unwrap().into()).collect();
            assert_eq!(planned.len(), PEOPLE, "{what}");
            assert_eq!(planned.iter().collect::<BTreeSet<_>>().len(), PEOPLE, "{what}");
            let text = stage.shopbell(&["note", noted, "--page", PAGE]).await.text();
            assert!(text.contains("rye"), "{what}: {text}");
            let told = lines(stage, &["consent", noted, &dir, "--page", PAGE]).await;
            assert_eq!(told[0]["verified"], true, "{what}: {told:?}");
            assert_eq!(told.len(), 2, "{what}: one receipt: {told:?}");

            // And each is told once, by whatever Desk.
            if stage.sandbox.now() < at {
                stage.travel(at + SECOND).await;
            }
            let heard: Vec<usize> = people.iter().map(|psid| times(stage, psid, WARM)).collect();
            stage.cron().await;
            stage.settled().await;
            stage.cron().await;
            stage.settled().await;
            for (psid, heard) in people.iter().zip(&heard) {
                assert_eq!(times(stage, psid, WARM), heard + 1, "{what}");
            }
            stage.travel(at + 20 * HOUR).await;
        }
        // What the closed Desks had counted is not lost.
        let report = lines(stage, &["report", &dir, "--page", PAGE]).await;
        let sent = report.iter().filter(|line| line["notification"] == "warm");
        let sent: i64 = sent.map(|line| line["outcomes"]["sent"].as_i64().unwrap_or(0)).sum();
        assert_eq!(sent, 4 * i64::try_from(PEOPLE).unwrap());
    });
    let _removed = std::fs::remove_dir_all(shop);
}
