//! Questions without an answer, from the webhook to `shopbell misses`.

use std::path::PathBuf;

use crate::common::{CAFE, DAY, Setup, alone, moment};
use reqwest::Method;
use serde_json::Value;
use shopbell::cli::sandbox::Act;

const NOON: &str = "2026-11-20T10:00:00Z";

/// The café in a folder of its own, with a line more under [assistant].
fn curious(name: &str) -> PathBuf {
    let cafe = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("examples/cafe/shop.toml");
    let source = std::fs::read_to_string(cafe).unwrap();
    let folder = std::env::temp_dir().join(format!("shopbell-{name}-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let source = source.replace("[assistant]\n", "[assistant]\nkeep_misses_days = 30\n");
    std::fs::write(folder.join("shop.toml"), source).unwrap();
    folder
}

fn kept(answer: &Value) -> Vec<(String, u64, usize)> {
    let one = |miss: &Value| {
        let offered = miss["offered"].as_array().unwrap().len();
        (miss["text"].as_str().unwrap().to_owned(), miss["times"].as_u64().unwrap(), offered)
    };
    answer["desks"][0]["misses"].as_array().unwrap().iter().map(one).collect()
}

#[test]
fn what_is_asked_in_vain_is_kept_redacted_for_its_days_and_comes_out_at_the_owners_end() {
    let shop = curious("e2e-misses");
    let folder = shop.clone();
    alone(Setup { shop, ..Setup::cafe("misses") }.clock(NOON), async |stage| {
        let (ona, kate) = (stage.person(CAFE), stage.person(CAFE));
        stage.says(&ona, "blorp zzz, call +370 600 12345").await;
        stage.says(&kate, "blorp zzz, call +370 611 99999").await;
        stage.says(&kate, "opening hours").await;
        let answer = stage.told(&format!("/admin/misses?page={CAFE}")).await;
        assert_eq!(answer["desks"][0]["keep_days"], 30);
        assert_eq!(kept(&answer), [("blorp zzz, call [number]".to_owned(), 2, 0)]);
        let told = answer.to_string();
        assert!(!told.contains(&ona) && !told.contains(&kate), "{told}");

        // Offered and taken is no miss; offered and left is one.
        let vague =
            ["how much is it", "how much is the food", "what do you have", "do you have water"];
        let mut offered = None;
        for text in vague {
            stage.says(&ona, text).await;
            let answer = stage.told("/admin/misses").await;
            if kept(&answer).iter().any(|(kept, _, offered)| kept == text && *offered > 0) {
                offered = Some((text, answer));
                break;
            }
        }
        let (vague, answer) = offered.expect("something that is offered for");
        let entries = answer["desks"][0]["misses"].as_array().unwrap();
        let entry = entries.iter().find(|miss| miss["text"] == vague).unwrap();
        let first = entry["offered"][0].as_str().unwrap();
        let tap =
            |id: &str| Act::QuickReply { title: "x".into(), payload: Some(format!("sb:faq:{id}")) };
        stage.does(&ona, tap(first)).await;
        let answer = stage.told("/admin/misses").await;
        assert!(!kept(&answer).iter().any(|(text, ..)| text == vague), "{answer}");
        stage.says(&kate, vague).await;
        stage.says(&kate, "opening hours").await;
        let answer = stage.told("/admin/misses").await;
        assert!(kept(&answer).iter().any(|(text, times, _)| text == vague && *times == 1));

        // For the owner only, and only of Pages that are there.
        let url = format!("{}/admin/misses", stage.worker.url);
        assert_eq!(stage.http.get(&url).send().await.unwrap().status(), 401);
        assert_eq!(stage.http.post(&url).send().await.unwrap().status(), 405);
        assert_eq!(stage.admin(Method::GET, "/admin/misses?page=12345", "").await.0, 404);

        let said = stage.shopbell(&["misses", folder.to_str().unwrap()]).await.good().out;
        assert!(said.contains("2x, last on 2026-11-20") && said.contains("blorp zzz"), "{said}");

        stage.travel(moment(NOON) + 31 * DAY).await;
        let answer = stage.told("/admin/misses").await;
        assert_eq!(kept(&answer), []);
    });
    let _gone = std::fs::remove_dir_all(folder);
}

#[test]
fn a_shop_that_did_not_ask_for_it_keeps_none() {
    alone(Setup::cafe("no_misses").clock(NOON), async |stage| {
        let ona = stage.person(CAFE);
        stage.says(&ona, "blorp zzz").await;
        let answer = stage.told("/admin/misses").await;
        assert_eq!(answer["desks"][0]["keep_days"], Value::Null);
        assert_eq!(kept(&answer), []);
    });
}
