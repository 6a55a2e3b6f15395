//! The pace of a Page holds however much else goes on.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::common::{SECOND, Setup, alone, moment};
use shopbell::cli::sandbox::{Act, How};

const PAGE: &str = "1029384756";
const PEOPLE: usize = 24;
const PER_SECOND: usize = 5;

/// The bakery, in no hurry.
fn bakery() -> PathBuf {
    let shop = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/shops/two-pages/shop.toml");
    let source = std::fs::read_to_string(shop).unwrap();
    let folder = std::env::temp_dir().join(format!("shopbell-pace-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let slow = format!("{source}\n[sending]\nper_second = {PER_SECOND}\n");
    std::fs::write(folder.join("shop.toml"), slow).unwrap();
    folder
}

/// Each webhook and each tick begins a drain of its own, and before a row leaves by token every one
/// of them waits for KV.
#[test]
fn many_drains_at_once_keep_to_the_pace_of_one() {
    let shop = bakery();
    let setup = Setup { shop: shop.clone(), ..Setup::of("pace", "") };
    alone(setup.clock("2026-11-23T10:00:00Z"), async |stage| {
        let people: Vec<String> = (0..PEOPLE).map(|_| stage.person(PAGE)).collect();
        for psid in &people {
            stage.sandbox.scan(psid, "DOOR").await.unwrap();
        }
        for act in [|| Act::GetStarted, || Act::OptIn { mid: None }] {
            let acts = people.iter().map(|psid| (psid.clone(), act())).collect();
            stage.sandbox.acts(acts, How::default()).await.unwrap();
            stage.settled().await;
        }
        // Ten in the morning in Vilnius, two days later: by token.
        stage.travel(moment("2026-11-25T08:00:00Z") + 5 * SECOND).await;
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
