//! `shop.toml` to shops: a whole one, broken ones, and arbitrary ones.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::path::{Path, PathBuf};

use proptest::prelude::*;
use shopbell::cli::check::closing_line;
use shopbell::shop::model::{ButtonAction, Days, Eagerness, Lang, Range, Zone};
use shopbell::shop::source::compile;
use shopbell::shop::source::render::{for_machines, for_people, place};

const WHOLE: &str = include_str!("shops/whole.toml");

fn shops() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/shops")
}

#[test]
fn a_shop_with_every_line_of_the_format_compiles_without_a_word() {
    let compiled = compile(WHOLE);
    assert_eq!(compiled.diagnostics, []);
    let [first, second] = compiled.shops.as_slice() else { panic!("two Pages") };

    assert_eq!((first.page.shards, second.page.shards), (1, 1));
    assert_eq!(first.contact.phone.as_deref(), Some("+37060000000"));
    let week = first.hours.week.as_ref().unwrap();
    assert_eq!(week[4], [Range { open: 1080, close: 1560 }]);
    assert_eq!(week[5], [Range { open: 600, close: 1440 }]);
    assert!(week[6].is_empty());
    assert_eq!(first.hours.exceptions[1].from.to_string(), "2026-12-31");
    assert_eq!(first.hours.exceptions[1].ranges, [Range { open: 480, close: 720 }]);

    assert!(first.assistant.instagram);
    assert_eq!(first.assistant.pause_hours, 24);
    assert_eq!(first.assistant.eagerness, Eagerness::Cautious);
    assert_eq!(first.assistant.keep_misses_days, Some(30));
    let codes =
        |i: usize| compiled.shops[i].posters.iter().map(|p| p.code.as_str()).collect::<Vec<_>>();
    assert_eq!(codes(0), ["DOOR", "TAPS"]);
    assert_eq!(codes(1), ["OLD", "TABLE", "SHELF"]);

    let schedules: Vec<_> = first.notifications.iter().map(|n| &n.schedule).collect();
    assert_eq!((&schedules[0].days, schedules[0].at), (&Days::Weekly(vec![5]), 540));
    assert_eq!((&schedules[1].days, schedules[1].zone), (&Days::Monthly(31), Zone::Subscriber));
    assert_eq!(
        schedules[2].days,
        Days::Dates(vec!["2026-11-29".parse().unwrap(), "2026-12-06".parse().unwrap()])
    );
}

#[test]
fn a_branch_has_its_own_hours_contact_and_switches_and_shares_the_rest() {
    let compiled = compile(WHOLE);
    let [first, second] = compiled.shops.as_slice() else { panic!("two Pages") };
    let lt = Lang("lt".into());
    assert_eq!(second.contact.phone.as_deref(), Some("+37060000001"));
    assert_eq!(second.pick(&second.contact.address, &lt), Some("Užupio g. 2, Vilnius"));
    assert_eq!(second.contact.map, None, "the shop's map shows another house");
    assert!(first.contact.map.is_some());
    let week = second.hours.week.as_ref().unwrap();
    assert!(week[0].is_empty());
    assert_eq!(week[5], [Range { open: 540, close: 900 }]);
    assert_eq!(second.hours.exceptions.len(), 1, "in place of all of the shop's");
    assert!(first.assistant.instagram && !second.assistant.instagram);
    assert_eq!(first.faq, second.faq);
}

#[test]
fn a_list_of_texts_is_a_list_of_bubbles_and_cards_bring_their_buttons() {
    let compiled = compile(WHOLE);
    let shop = &compiled.shops[1];
    let lt = Lang("lt".into());
    let rich = shop.faq.iter().find(|entry| entry.id.as_str() == "cakes").unwrap();
    for (lang, expected) in [
        ("lt", ["Pyragai šiandien:", "Kviečiame, {first_name}!"]),
        ("en", ["Today's cakes:", "Come in, {first_name}!"]),
    ] {
        let answer = shop.pick(&rich.answer, &Lang(lang.into())).unwrap();
        assert_eq!(shopbell::shop::text::bubbles(answer), expected);
    }
    assert_eq!(rich.cards.len(), 2);
    assert_eq!(rich.cards[0].buttons[0].action, ButtonAction::Human);
    assert_eq!(shop.pick(&rich.quick_replies[0].title, &lt), Some("Darbo laikas"));
    let poster = shop.posters.iter().find(|poster| poster.code.as_str() == "SHELF").unwrap();
    assert_eq!((poster.cards.len(), poster.buttons.len()), (1, 1));
}

#[test]
fn expectations_are_known_by_their_place_and_are_not_published() {
    let compiled = compile(WHOLE);
    let expected: Vec<_> = compiled
        .places
        .expectations
        .iter()
        .map(|e| {
            let entry = e.entry.as_ref().map(|id| id.as_str());
            (entry, e.lang.as_ref().map(|l| l.0.as_str()), e.text.as_str())
        })
        .collect();
    assert_eq!(
        expected,
        [
            (Some("hours"), Some("lt"), "kada jūs dirbate"),
            (None, None, "kokia šiandien diena"),
            (None, None, "what day is it"),
        ]
    );
    for expectation in &compiled.places.expectations {
        let span = expectation.span.clone();
        assert_eq!(WHOLE[span].trim_matches('"'), expectation.text);
    }
    let published = serde_json::to_string(&compiled.shops).unwrap();
    assert!(!published.contains("kokia šiandien"), "{published}");
    let ids: Vec<_> = compiled.places.phrasings.iter().map(|p| p.entry.as_str()).collect();
    assert_eq!(ids.iter().filter(|id| **id == "hours").count(), 3);
}

#[test]
fn buttons_without_a_title_borrow_one() {
    let compiled = compile(WHOLE);
    let shop = &compiled.shops[0];
    let lt = Lang("lt".into());
    let title = |entry: usize, button: usize| {
        let button = &shop.faq[entry].buttons[button];
        (&button.action, shop.pick(&button.title, &lt).unwrap())
    };
    assert_eq!(title(0, 2), (&ButtonAction::Human, "Kviesti žmogų"));
    assert_eq!(title(1, 0).1, "Darbo laikas");
    assert_eq!(title(1, 1).1, "Dienos pietūs");
}

#[test]
fn the_smallest_shop_compiles() {
    let compiled = compile(
        "[shop]\nname = \"A\"\nlanguages = [\"en\"]\ntime_zone = \"UTC\"\n[[page]]\nid = \"1\"\nusername = \"a\"\n",
    );
    assert_eq!(compiled.diagnostics, []);
    assert!(!compiled.shops[0].assistant.instagram);
    assert!(compiled.shops[0].hours.week.is_none());
    assert_eq!(
        closing_line(&compiled, Path::new("x/shop.toml")),
        "shop.toml is fine: 1 Page, 1 language, 0 answers, 0 topics, 0 posters, 0 notifications"
    );
}

#[test]
fn a_page_can_share_its_people_between_desks() {
    let source = "[shop]\nname = \"A\"\nlanguages = [\"en\"]\ntime_zone = \"UTC\"\n\
                  [[page]]\nid = \"1\"\nusername = \"a\"\nshards = 2\n";
    assert_eq!(compile(source).shops[0].page.shards, 2);
}

/// Each file of the corpus says in comments what is wrong with it: `#! code` on the line where
/// the diagnostic has to be, and nothing else may be found.
#[test]
fn each_broken_shop_is_answered_at_the_right_line() {
    let mut files: Vec<_> = std::fs::read_dir(shops().join("broken"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "toml"))
        .collect();
    files.sort();
    assert!(files.len() >= 7, "the corpus is missing");
    let mut wrong = Vec::new();
    for path in files {
        let source = std::fs::read_to_string(&path).unwrap();
        let compiled = compile(&source);
        let mut expected: Vec<(usize, &str)> = source
            .lines()
            .enumerate()
            .filter_map(|(i, line)| Some((i + 1, line.split_once("#!")?.1)))
            .flat_map(|(line, codes)| codes.split_whitespace().map(move |code| (line, code)))
            .collect();
        let mut found: Vec<(usize, &str)> =
            compiled.diagnostics.iter().map(|d| (place(&source, d.span.start).0, d.code)).collect();
        expected.sort_unstable();
        found.sort_unstable();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let relative = Path::new("shop.toml");
        let shown = for_people(&compiled.diagnostics, &source, relative, false);
        if expected != found {
            wrong.push(format!("{name}: expected {expected:?}\n  found {found:?}\n"));
        }
        assert_eq!(compiled.shops.is_empty(), compiled.has_errors(), "{name}");
        assert!(compiled.diagnostics.iter().all(|d| d.help.is_some()), "{name}: no help");
        insta::with_settings!({ snapshot_path => "shops/broken", prepend_module_to_snapshot => false, omit_expression => true }, {
            insta::assert_snapshot!(name.trim_end_matches(".toml"), shown);
        });
    }
    assert!(wrong.is_empty(), "{}", wrong.concat());
}

#[test]
fn machines_get_one_object_a_line_with_the_place() {
    let source = "[shop]\nname = \"A\"\nlanguages = [\"en\"]\ntime_zone = \"UTC\"\naaa = 1\n";
    let compiled = compile(source);
    let lines = for_machines(&compiled.diagnostics, source, Path::new("shop.toml"));
    let objects: Vec<serde_json::Value> =
        lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(objects.len(), compiled.diagnostics.len());
    assert!(objects.iter().any(|o| o["code"] == "missing-key"), "{lines}");
    let syntax = "[shop]\nname = \"ą\" x\n";
    let lines = for_machines(&compile(syntax).diagnostics, syntax, Path::new("shop.toml"));
    let first: serde_json::Value = serde_json::from_str(lines.lines().next().unwrap()).unwrap();
    assert_eq!((&first["line"], &first["column"]), (&2.into(), &12.into()), "{lines}");
    assert_eq!(first["severity"], "error");
    for key in ["file", "line", "column", "end", "code", "severity", "message", "label", "help"] {
        assert!(first.get(key).is_some(), "{key}: {lines}");
    }
    let wrong = "[shop]\nname = \"A\"\nlanguages = [\"en\"]\ntime_zone = \"ąą\"\n";
    let lines = for_machines(&compile(wrong).diagnostics, wrong, Path::new("shop.toml"));
    let zone = lines.lines().find(|line| line.contains("unknown-time-zone")).unwrap();
    let zone: serde_json::Value = serde_json::from_str(zone).unwrap();
    assert_eq!((&zone["line"], &zone["column"]), (&4.into(), &13.into()), "{zone}");
    assert_eq!(zone["end"], serde_json::json!({ "line": 4, "column": 17 }), "{zone}");
}

/// Whatever the file, the answer is in order.
fn is_sound(source: &str) {
    let compiled = compile(source);
    assert_eq!(compiled.shops.is_empty(), compiled.has_errors(), "{source}");
    assert!(compiled.diagnostics.iter().all(|d| d.code != "internal"), "{source}");
    for diagnostic in &compiled.diagnostics {
        assert!(source.get(diagnostic.span.clone()).is_some(), "{diagnostic:?} in {source}");
    }
    let shown = for_people(&compiled.diagnostics, source, Path::new("shop.toml"), false);
    let lines = for_machines(&compiled.diagnostics, source, Path::new("shop.toml"));
    assert_eq!(shown.is_empty(), compiled.diagnostics.is_empty());
    assert_eq!(lines.lines().count(), compiled.diagnostics.len());
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]

    #[test]
    fn any_text_is_answered(source in any::<String>()) {
        is_sound(&source);
    }

    #[test]
    fn any_text_of_toml_signs_is_answered(source in "[\\[\\]{}=\\.,\"'a-d0-9\n #ą-]{0,80}") {
        is_sound(&source);
    }

    #[test]
    fn a_shop_with_a_piece_cut_out_is_answered(at in 0..WHOLE.len(), length in 0..60usize) {
        let start = WHOLE.floor_char_boundary(at);
        let end = WHOLE.ceil_char_boundary((at + length).min(WHOLE.len()));
        is_sound(&format!("{}{}", &WHOLE[..start], &WHOLE[end..]));
    }

    #[test]
    fn a_shop_without_a_line_is_answered(skip in 0..WHOLE.lines().count()) {
        let lines: Vec<&str> =
            WHOLE.lines().enumerate().filter(|(i, _)| *i != skip).map(|(_, line)| line).collect();
        is_sound(&lines.join("\n"));
    }

    #[test]
    fn a_shop_with_another_value_is_answered(
        line in 0..WHOLE.lines().count(),
        value in prop_oneof![
            Just("1"), Just("true"), Just("\"\""), Just("[]"), Just("{}"), Just("2026-01-01"), Just("09:00:00"),
            Just("\"{\""), Just("[[1], {a = 1}]"), Just("-9223372036854775808"), Just("1e400"), Just("\"ą\\u0000\""),
            Just("\"31\""), Just("[\"mon\", \"mon\"]"), Just("{ lt = 1, en = [] }"), Just("\"00:00-00:01\""),
        ],
    ) {
        let lines: Vec<String> = WHOLE
            .lines()
            .enumerate()
            .map(|(i, text)| match text.split_once(" = ") {
                Some((key, _)) if i == line => format!("{key} = {value}"),
                _ => text.to_owned(),
            })
            .collect();
        is_sound(&lines.join("\n"));
    }
}
