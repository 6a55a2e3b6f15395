//! The pace of a Page holds however much else goes on.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::common::{SECOND, Setup, Stage, alone, moment, until};
use serde_json::Value;
use shopbell::cli::sandbox::{Act, How};

const PAGE: &str = "1029384756";
const PEOPLE: usize = 24;
const PER_SECOND: usize = 5;
/// Rows that are read for one of them: a look that found it, and one before.
const READ_FOR_EACH: usize = 200;

/// The bakery, in no hurry.
fn bakery(name: &str) -> PathBuf {
    let shop = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/shops/two-pages/shop.toml");
    let source = std::fs::read_to_string(shop).unwrap();
    let folder = std::env::temp_dir().join(format!("shopbell-{name}-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let slow = format!("{source}\n[sending]\nper_second = {PER_SECOND}\n");
    std::fs::write(folder.join("shop.toml"), slow).unwrap();
    folder
}

/// So many agreed; it is two days later and ten in the morning in Vilnius: they are told by token.
async fn subscribers(stage: &Stage) -> Vec<String> {
    let people = stage.subscribers(PAGE, "DOOR", PEOPLE).await;
    stage.travel(moment("2026-11-25T08:00:00Z") + 5 * SECOND).await;
    people
}

/// A drain waits for the next turn by itself, and looks when it has come: what neither a webhook nor
/// a tick brings on leaves all the same, and the Desk is not woken for each.
#[test]
fn one_drain_goes_on_by_itself() {
    let shop = bakery("pace-alone");
    let setup = Setup { shop: shop.clone(), ..Setup::of("pace-alone", "") };
    alone(setup.clock("2026-11-23T10:00:00Z"), async |stage| {
        let people = subscribers(stage).await;
        let before = stage.messages().len();
        let counted =
            async || -> Value { stage.get("/__rows?count=yes").await.json().await.unwrap() };
        counted().await;
        stage.cron().await;
        until("all are told", || async { stage.messages().len() == before + PEOPLE }).await;
        let done = counted().await;
        let alarms = usize::try_from(done["alarms"].as_u64().unwrap()).unwrap();
        let read = usize::try_from(done["rowsRead"].as_u64().unwrap()).unwrap();
        eprintln!("{done} for {PEOPLE} in the pace of {PER_SECOND} a second");
        assert!(alarms <= people.len() / 2, "{alarms} alarms: it is woken for each");
        assert!(read <= people.len() * READ_FOR_EACH, "{read} rows read: it looks too often");
    });
    let _removed = std::fs::remove_dir_all(shop);
}

/// Each webhook and each tick begins a drain of its own, and before a row leaves by token every one
/// of them waits for KV.
#[test]
fn many_drains_at_once_keep_to_the_pace_of_one() {
    let shop = bakery("pace");
    let setup = Setup { shop: shop.clone(), ..Setup::of("pace", "") };
    alone(setup.clock("2026-11-23T10:00:00Z"), async |stage| {
        let people = subscribers(stage).await;
        let strangers: Vec<String> = (0..8).map(|_| stage.person(PAGE)).collect();
        let before = stage.messages().len();
        stage.cron().await;
        let began = Instant::now();
        while began.elapsed() < Duration::from_secs(4) {
            let ask = |psid: &String| {
                let text = "do you have coffee".to_owned();
                (psid.clone(), Act::Message { text, reply_to: None })
            };
            let asked = strangers.iter().map(ask).collect();
            stage.sandbox.acts(asked, How::default()).await.unwrap();
            stage.cron().await;
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        stage.settled().await;

        let sent = stage.messages().split_off(before);
        let told = |call: &&_| {
            let call: &shopbell::cli::sandbox::Call = call;
            call.person.as_ref().is_none_or(|person| people.contains(person))
        };
        let mut at: Vec<i64> = sent.iter().filter(told).map(|call| call.real_at).collect();
        at.sort_unstable();
        assert_eq!(at.len(), PEOPLE, "each is told once");
        let took = at.last().unwrap() - at.first().unwrap();
        // A bucket holds one at most, and the machine may be late by a fifth with the first of them.
        let least = i64::try_from((PEOPLE - 2) * 1000 * 8 / (PER_SECOND * 10)).unwrap();
        assert!(took >= least, "{PEOPLE} left in {took} ms, {PER_SECOND} a second are allowed");
    });
    let _removed = std::fs::remove_dir_all(shop);
}

/// Whatever fails after messages were claimed, they leave, and their places are free again.
#[test]
fn what_fails_after_a_claim_costs_no_message_and_no_place() {
    const ASKERS: usize = 24;
    let shop = bakery("pace-failing");
    let setup = Setup { shop: shop.clone(), ..Setup::of("pace-failing", "") };
    alone(setup.clock("2026-11-23T10:00:00Z"), async |stage| {
        // Asked at the end of each claim: whether more waits.
        let looks = "SELECT%20EXISTS%20(SELECT%201%20FROM%20outbox";
        for _ in 0..3 {
            stage.get(&format!("/__sql?fail={looks}&times=1000")).await;
            let askers: Vec<String> = (0..ASKERS).map(|_| stage.person(PAGE)).collect();
            let ask = |psid: &String| {
                let text = "do you have coffee".to_owned();
                (psid.clone(), Act::Message { text, reply_to: None })
            };
            let asked = askers.iter().map(ask).collect();
            stage.sandbox.acts(asked, How::batched()).await.unwrap();
            until("all are answered", || async {
                askers.iter().all(|psid| stage.received(psid).len() == 1)
            })
            .await;
            // The last claim, which finds nothing more, comes after the last answer.
            until("it has failed", || async {
                let left: Value = stage.get("/__sql").await.json().await.unwrap();
                left["left"].as_u64().unwrap() < 1_000
            })
            .await;
            stage.get(&format!("/__sql?fail={looks}&times=0")).await;
            stage.settled().await;
            assert!(askers.iter().all(|psid| stage.received(psid).len() == 1), "each once");
        }
    });
    let _removed = std::fs::remove_dir_all(shop);
}
