//! `shopbell check` and loading a shop for the other commands.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::path::{Path, PathBuf};

use shopbell::cli::check::{LoadError, checked, closing_line, endings, load};
use shopbell::shop::source::compile;
use shopbell::shop::source::diagnostic::{Diagnostic, Severity};
use shopbell::shop::source::render::place;

fn shops() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/shops")
}

#[test]
fn a_file_can_be_named_itself() {
    assert_eq!(load(&shops().join("whole.toml")).unwrap().len(), 2);
}

#[test]
fn a_folder_without_a_shop_is_named_with_how_to_make_one() {
    let error = load(&shops()).unwrap_err();
    assert!(matches!(&error, LoadError::None { .. }));
    assert!(error.to_string().contains("shopbell new"), "{error}");
}

#[test]
fn a_broken_shop_is_not_loaded() {
    let error = load(&shops().join("broken/names.toml")).unwrap_err();
    let LoadError::Broken { errors, .. } = error else { panic!("{error}") };
    assert!(errors > 5);
}

#[test]
fn the_closing_line_counts_what_was_found() {
    let line = |name: &str| {
        let path = shops().join(name);
        closing_line(&compile(&std::fs::read_to_string(&path).unwrap()), &path)
    };
    assert_eq!(
        line("whole.toml"),
        "whole.toml is fine: 2 Pages, 2 languages, 3 answers, 3 topics, 5 posters, 3 notifications; \
         3 expectations"
    );
    assert_eq!(line("broken/syntax.toml"), "syntax.toml has 2 errors");
    assert!(
        line("broken/warnings.toml").ends_with("1 topic, 3 posters, 0 notifications; 8 warnings")
    );
}

/// A shop of these lines of FAQ, in English.
fn shop(faq: &str) -> String {
    format!(
        "[shop]\nname = \"A\"\nlanguages = [\"en\"]\ntime_zone = \"UTC\"\n\n\
         [[page]]\nid = \"1\"\nusername = \"a\"\n\n{faq}"
    )
}

fn entry(id: &str, lines: &str) -> String {
    format!("[[faq]]\nid = \"{id}\"\ntitle.en = \"{id}\"\nanswer.en = \"It is so.\"\n{lines}\n\n")
}

const HOURS: &str = r#"ask.en = ["when are you open", "what are your opening hours", "until what time are you open", "when do you close"]"#;
const DOGS: &str = r#"ask.en = ["can i bring my dog", "are dogs allowed inside", "is it fine to come with a dog", "my dog is small"]"#;

/// Line, code, severity, message of each diagnostic.
fn found(source: &str, strict: bool) -> Vec<(usize, &'static str, &'static str, String)> {
    let compiled = checked(source, strict);
    let told = |d: &Diagnostic| {
        let line = place(source, d.span.start).0;
        (line, d.code, d.severity.as_str(), d.message.clone())
    };
    compiled.diagnostics.iter().map(told).collect()
}

fn line_of(source: &str, text: &str) -> usize {
    source.lines().position(|line| line.contains(text)).unwrap() + 1
}

#[test]
fn an_expectation_that_is_met_says_nothing_and_one_that_is_not_fails_at_its_line() {
    let expect = "expect.en = [\n    \"when are you guys open\",\n    \"is my dog allowed\",\n    \"qwv xjk\",\n]";
    let none = "[faq_none]\nexpect = [\"blorp zzz\", \"when do you open\"]\n";
    let source = shop(
        &[entry("hours", &format!("{HOURS}\n{expect}")), entry("dogs", DOGS), none.to_owned()]
            .concat(),
    );
    let all = found(&source, false);
    let failed: Vec<_> = all.iter().filter(|f| f.1 == "expectation-failed").collect();
    assert_eq!(failed.len(), 3, "{all:#?}");
    let (astray, unknown, nothing) = (failed[0], failed[1], failed[2]);
    assert_eq!((astray.0, astray.2), (line_of(&source, "is my dog allowed"), "error"));
    assert_eq!(
        astray.3,
        "\"is my dog allowed\" is answered with \"dogs\", not answered with \"hours\""
    );
    assert_eq!(unknown.0, line_of(&source, "qwv xjk"));
    assert!(unknown.3.contains("is not answered"), "{unknown:?}");
    assert_eq!(nothing.0, line_of(&source, "blorp"));
    assert!(nothing.3.contains("though nothing fits"), "{nothing:?}");

    let compiled = checked(&source, false);
    assert!(compiled.has_errors());
    let line = closing_line(&compiled, Path::new("shop.toml"));
    assert!(line.starts_with("shop.toml has 3 errors"), "{line}");
    let astray = compiled.diagnostics.iter().find(|d| d.message.contains("my dog")).unwrap();
    assert!(astray.label.contains("best \"dogs\" 0."), "{}", astray.label);
    let data = astray.data.as_ref().unwrap();
    assert_eq!(data["expected"], "hours");
    assert_eq!(data["found"]["entries"][0], "dogs");
    assert!(data["found"]["best"]["p"].as_f64().unwrap() > 0.0);
    assert!(data["found"]["margin"].as_f64().is_some());
}

#[test]
fn keywords_go_first_and_commands_before_them() {
    let source = shop(
        &[
            entry("hours", &format!("{HOURS}\nkeywords.en = [\"schedule\"]")),
            entry(
                "dogs",
                &format!(
                    "{DOGS}\nexpect = [\"the schedule for my dog\", \"STOP\", \"are dogs ok\"]"
                ),
            ),
        ]
        .concat(),
    );
    let all = found(&source, false);
    let failed: Vec<_> =
        all.iter().filter(|f| f.1 == "expectation-failed").map(|f| f.3.as_str()).collect();
    assert_eq!(
        failed,
        [
            "\"the schedule for my dog\" is answered with \"hours\", not answered with \"dogs\"",
            "\"STOP\" is Stop, a command, not answered with \"dogs\"",
        ]
    );
}

#[test]
fn what_is_only_offered_fails_only_strictly() {
    // Two entries that nothing but one word tells apart.
    let faq = |expect: &str| {
        shop(&[
            entry("small", &format!("ask.en = [\"price of a small cake\", \"small cake price\", \"how much is the small cake\"]\n{expect}")),
            entry("large", "ask.en = [\"price of a large cake\", \"large cake price\", \"how much is the large cake\"]"),
        ].concat())
    };
    let source = faq("expect = [\"cake\"]");
    let codes = |strict: bool| -> Vec<_> {
        let all = found(&source, strict).into_iter();
        all.filter(|f| f.1.starts_with("expectation")).map(|f| (f.1, f.2)).collect()
    };
    assert_eq!(codes(false), [("expectation-offered", "warning")]);
    assert_eq!(codes(true), [("expectation-offered", "error")]);
    assert!(!checked(&source, false).has_errors());
    assert!(checked(&source, true).has_errors());
}

#[test]
fn an_expectation_that_is_taught_word_for_word_proves_nothing() {
    let source = shop(&entry("hours", &format!("{HOURS}\nexpect = [\"When do YOU close?!\"]")));
    assert!(found(&source, false).iter().any(|f| f.1 == "expectation-taught" && f.2 == "warning"));
}

#[test]
fn a_phrasing_that_holds_a_keyword_of_another_entry_is_shadowed_at_its_line() {
    let source = shop(&[
        entry("menu", "ask.en = [\"what do you serve\", \"what can i eat\", \"list of dishes\"]\nkeywords.en = [\"menu\"]"),
        entry("kids", "ask.en = [\n    \"is there a menu for kids\",\n    \"children's menus please\",\n    \"high chairs\",\n]"),
        entry("wine", "ask.en = [\"wine menu\", \"which wines\", \"red wine\"]\nkeywords.en = [\"wine menu\"]"),
    ].concat());
    let shadowed = |source: &str| -> Vec<_> {
        found(source, false).into_iter().filter(|f| f.1 == "shadowed").map(|f| f.0).collect()
    };
    assert_eq!(shadowed(&source), [line_of(&source, "menu for kids")]);
    // A command word does the same, the owner's own too.
    let lines = "ask.en = [\n    \"enough now\",\n    \"Stop!\",\n    \"when does it stop\",\n]";
    let source = shop(&entry("bus", lines)) + "[assistant]\nstop_words = [\"enough now\"]\n";
    let expected = ["enough now", "Stop!"].map(|text| line_of(&source, text));
    assert_eq!(shadowed(&source), expected);
}

#[test]
fn an_entry_whose_phrasings_share_nothing_is_unreachable_and_short_lists_are_noted() {
    let source = shop(
        &[
            entry("hours", HOURS),
            entry("dogs", DOGS),
            entry("odd", "ask.en = [\"zebra crossing\", \"quiet violin\", \"purple umbrella\"]"),
            entry("few", "ask.en = [\"gift card\", \"voucher\"]"),
        ]
        .concat(),
    );
    let all = found(&source, false);
    let of =
        |code: &str| -> Vec<_> { all.iter().filter(|f| f.1 == code).map(|f| (f.0, f.2)).collect() };
    assert_eq!(of("unreachable"), [(line_of(&source, "id = \"odd\""), "warning")], "{all:#?}");
    assert_eq!(of("few-phrasings"), [(line_of(&source, "id = \"few\""), "note")], "{all:#?}");
}

#[test]
fn entries_that_are_taken_for_each_other_are_named_with_what_went_astray() {
    let source = shop(&[
        entry("pickup", "ask.en = [\"collect my order today\", \"collect my order at noon\", \"collect my order tonight\", \"deliver it to my house now\"]"),
        entry("delivery", "ask.en = [\"deliver it to my house\", \"deliver it to my house tonight\", \"deliver it to my house on monday\", \"collect my order now\"]"),
        entry("dogs", DOGS),
    ].concat());
    let compiled = checked(&source, false);
    let confused = compiled.diagnostics.iter().find(|d| d.code == "confused").unwrap();
    assert_eq!(confused.severity, Severity::Note);
    let data = confused.data.as_ref().unwrap();
    assert_eq!(data["entries"], serde_json::json!(["delivery", "pickup"]));
    assert!(data["astray"].as_array().unwrap().len() >= 2, "{data}");
}

#[test]
fn the_example_shops_meet_their_expectations_without_a_warning() {
    for name in ["cafe", "tea", "atelier"] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("examples/{name}/shop.toml"));
        let source = std::fs::read_to_string(&path).unwrap();
        let compiled = checked(&source, false);
        let wrong: Vec<_> = compiled
            .diagnostics
            .iter()
            .filter(|d| d.severity < Severity::Note)
            .map(|d| format!("{name}:{} {} {}", place(&source, d.span.start).0, d.code, d.message))
            .collect();
        assert_eq!(wrong, [""; 0]);
        assert!(compiled.places.expectations.len() > 90, "{name}");
        // What is expected is not what the matcher was measured on.
        let questions = path.with_file_name("questions.tsv");
        let questions = std::fs::read_to_string(questions).unwrap();
        for expectation in &compiled.places.expectations {
            let kept_aside = questions.lines().any(|line| {
                line.split('\t')
                    .nth(1)
                    .is_some_and(|text| text.eq_ignore_ascii_case(&expectation.text))
            });
            assert!(!kept_aside, "{name}: {}", expectation.text);
        }
    }
}

#[test]
fn a_rule_that_the_shop_relies_on_is_told_of_in_the_thirty_days_before_it_ends() {
    let cafe = std::fs::read_to_string(shops().join("../../examples/cafe/shop.toml")).unwrap();
    let told = |source: &str, day: &str| {
        let found = endings(&compile(source), day.parse().unwrap());
        found.iter().map(|d| (d.code, d.label.clone())).collect::<Vec<_>>()
    };
    // Recurring notifications without regions ended on 9 February 2026.
    assert_eq!(told(&cafe, "2026-01-09"), []);
    assert_eq!(told(&cafe, "2026-01-10"), [("rule-ends", "30 more days".to_owned())]);
    assert_eq!(told(&cafe, "2026-02-09"), [("rule-ends", "today is its last day".to_owned())]);
    assert_eq!(told(&cafe, "2026-02-10"), []);
    // A shop that never could send by it does not rely on it.
    let newer = cafe.replace("recurring_since = \"2024-05-01\"", "");
    assert_eq!(told(&newer, "2026-02-09"), []);
    let silent = &cafe[..cafe.find("[[notification]]").unwrap()];
    assert_eq!(told(silent, "2026-02-09"), []);
}
