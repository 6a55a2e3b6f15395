//! The kit for Meta's app review asks for what the shop uses and for nothing else, and what it
//! promises a reviewer comes.

use crate::common_core::*;
use shopbell::cli::publish::Bundle;
use shopbell::cli::review::permissions::{Need, permissions};
use shopbell::cli::review::steps::{Do, open, step, steps};
use shopbell::cli::review::{all_week, papers};
use shopbell::shop::source::compile;

const PLAIN: &str = "[shop]\nname = \"A\"\nlanguages = [\"en\"]\ntime_zone = \"UTC\"\n\n\
                     [[page]]\nid = \"1\"\nusername = \"a.shop\"\n";
const URL: &str = "https://bell.example";

fn bundle(source: &str) -> Bundle {
    let compiled = compile(source);
    assert!(!compiled.has_errors(), "{:?}", compiled.diagnostics);
    Bundle::of(compiled.shops)
}

fn file(path: &str) -> Bundle {
    let path = format!("{}/{path}", env!("CARGO_MANIFEST_DIR"));
    bundle(&std::fs::read_to_string(path).unwrap())
}

fn needed(bundle: &Bundle) -> Vec<&'static str> {
    let all = permissions(&bundle.shops[0]);
    all.into_iter().filter(|p| p.need == Need::Needed).map(|p| p.name).collect()
}

#[test]
fn a_shop_asks_for_what_it_uses_and_for_nothing_else() {
    let always = ["pages_messaging", "pages_manage_metadata"];
    assert_eq!(needed(&bundle(PLAIN)), always);
    let paid = needed(&file("tests/shops/paid/shop.toml"));
    assert!(paid.contains(&"ads_management"), "{paid:?}");
    // Topics alone need no permission to advertise.
    let cafe = needed(&file("examples/cafe/shop.toml"));
    assert!(
        !cafe.iter().any(|name| name.contains("marketing") || name.contains("ads_")),
        "{cafe:?}"
    );
    assert!(cafe.contains(&"instagram_manage_messages"), "{cafe:?}");
    for bundle in
        [bundle(PLAIN), file("examples/cafe/shop.toml"), file("tests/shops/paid/shop.toml")]
    {
        for permission in permissions(&bundle.shops[0]) {
            let wanted = permission.need != Need::NotNeeded;
            assert_eq!(wanted, !permission.text.is_empty(), "{}", permission.name);
            assert!(!permission.why.is_empty());
        }
        let papers = papers(&bundle, URL, ms("2026-11-23T09:00:00Z")).unwrap();
        let paper =
            |name: &str| papers.iter().find(|paper| paper.name == name).unwrap().text.clone();
        for name in permissions(&bundle.shops[0]) {
            let heading = format!("## `{}`", name.name);
            assert_eq!(paper("permissions.md").contains(&heading), name.need != Need::NotNeeded);
            assert!(paper("README.md").contains(name.name));
        }
        assert!(paper("README.md").contains(&format!("{URL}/privacy")));
    }
}

/// What a reviewer is told to do is done, on another day and at other hours, and everything that is
/// promised comes.
#[test]
fn what_a_reviewer_is_promised_comes_at_any_hour() {
    for path in [
        "examples/cafe/shop.toml",
        "examples/atelier/shop.toml",
        "examples/tea/shop.toml",
        "tests/shops/two-pages/shop.toml",
    ] {
        let bundle = file(path);
        let shop = &bundle.shops[0];
        let steps = steps(&bundle, &all_week(shop, ms("2026-11-23T09:00:00Z"))).unwrap();
        let ids: Vec<&str> = steps.iter().map(|step| step.id).collect();
        for wanted in ["start", "question", "stop", "delete", "human"] {
            assert!(ids.contains(&wanted), "{path}: {ids:?}");
        }
        assert_eq!(ids.contains(&"agree"), !shop.topics.is_empty(), "{path}: {ids:?}");
        assert!(steps.iter().any(|step| matches!(&step.doing, Do::Tap(_)) && step.id == "delete"));
        for at in ["2026-11-29T10:00:00Z", "2026-12-03T21:30:00Z"] {
            let mut conversation = open(&bundle, ms(at)).unwrap();
            for wanted in &steps {
                let got = step(&mut conversation, &wanted.doing).unwrap();
                for bubble in &wanted.answer {
                    assert!(
                        got.contains(bubble),
                        "{path}, {at}, {:?}: {bubble:?} in {got:#?}",
                        wanted.doing
                    );
                }
                assert!(!got.is_empty() && (wanted.id == "human" || !wanted.answer.is_empty()));
            }
            // The last one asked for a person: from then on nobody else answers.
            assert_eq!(steps.last().unwrap().id, "human");
            let silent = step(&mut conversation, &Do::Write("qwertz uiop".to_owned())).unwrap();
            assert_eq!(silent, [""; 0], "{path}");
        }
        let papers = papers(&bundle, URL, ms("2026-11-23T09:00:00Z")).unwrap();
        let reviewer = &papers.iter().find(|paper| paper.name == "reviewer.md").unwrap().text;
        for step in &steps {
            let first = step.answer.first().and_then(|bubble| bubble.lines().next());
            let quoted = first.is_none_or(|first| reviewer.contains(&format!("   > {first}")));
            assert!(quoted, "{path}: {first:?}");
            if let Do::Write(text) = &step.doing {
                assert!(reviewer.contains(&format!("Write: `{text}`")), "{path}: {text}");
            }
        }
    }
}

#[test]
fn the_answers_on_data_are_those_of_the_data_map() {
    let told = |source: &str| {
        let papers = papers(&bundle(source), URL, ms("2026-11-23T09:00:00Z")).unwrap();
        papers.into_iter().find(|paper| paper.name == "data-handling.md").unwrap().text
    };
    let plain = told(PLAIN);
    assert!(!plain.contains("keep_misses") && !plain.contains("The proof of what"));
    let cafe =
        std::fs::read_to_string(format!("{}/examples/cafe/shop.toml", env!("CARGO_MANIFEST_DIR")));
    let cafe = told(&cafe.unwrap());
    assert!(cafe.contains("The proof of what") && cafe.contains("24 months after"));
    assert!(cafe.contains("MB Kavinė Beržas") && cafe.contains(&format!("{URL}/meta/deletion")));
    assert!(cafe.contains("They write DELETE in the chat"), "{cafe}");
}
