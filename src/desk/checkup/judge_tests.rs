//! Facts in, findings out.

use jiff::civil::date;

use super::*;
use crate::desk::checkup::Weight;
use crate::outreach::budget::costs::{Thing, rows};

const NOW: UnixMs = UnixMs::new(1_795_348_800_000);
const TODAY: Date = date(2026, 11, 22);

/// What a shop with Instagram and templates needs.
fn needs() -> Needs {
    Needs {
        scopes: vec![&["pages_messaging"], &["instagram_basic"]],
        wished_scopes: vec![&["page_utility_messaging", "pages_utility_messaging"]],
        fields: vec!["messages", "messaging_optins"],
        wished_fields: vec!["standby"],
        instagram_fields: vec!["messages"],
        wished_instagram_fields: vec![],
    }
}

fn good() -> Token {
    Token {
        valid: true,
        app: Some("41".to_owned()),
        kind: Some("PAGE".to_owned()),
        scopes: ["pages_messaging", "instagram_basic", "pages_utility_messaging"]
            .map(str::to_owned)
            .to_vec(),
        ..Token::default()
    }
}

#[test]
fn each_fault_of_a_token_is_found_and_nothing_else() {
    let day = |days: i64| NOW.plus(days * DAY);
    let on = |days: i64| day(days).utc_date();
    let lacks = |scope: &str| vec![scope.to_owned()];
    type Change = Box<dyn Fn(&mut Token)>;
    let table: Vec<(&str, Change, Vec<Finding>)> = vec![
        ("good", Box::new(|_| {}), vec![]),
        (
            "dead",
            Box::new(|token| {
                token.valid = false;
                token.why = "expired".to_owned();
                token.scopes.clear();
            }),
            vec![Finding::TokenDead { why: "expired".to_owned() }],
        ),
        (
            "of another app",
            Box::new(|token| token.app = Some("42".to_owned())),
            vec![Finding::TokenOfApp { app: "42".to_owned() }],
        ),
        ("of an app that is not told", Box::new(|token| token.app = None), vec![]),
        (
            "a user's",
            Box::new(|token| token.kind = Some("USER".to_owned())),
            vec![Finding::TokenKind { kind: "USER".to_owned() }],
        ),
        (
            "ends soon",
            Box::new(move |token| token.ends = Some(day(13))),
            vec![Finding::TokenEnds { on: on(13) }],
        ),
        ("ends later", Box::new(move |token| token.ends = Some(day(15))), vec![]),
        (
            "reads until soon",
            Box::new(move |token| {
                token.ends = Some(day(60));
                token.data_ends = Some(day(3));
            }),
            vec![Finding::TokenDataEnds { on: on(3) }],
        ),
        (
            "both soon, itself first",
            Box::new(move |token| {
                token.ends = Some(day(2));
                token.data_ends = Some(day(3));
            }),
            vec![Finding::TokenEnds { on: on(2) }],
        ),
        (
            "both soon, reading first",
            Box::new(move |token| {
                token.ends = Some(day(4));
                token.data_ends = Some(day(3));
            }),
            vec![Finding::TokenDataEnds { on: on(3) }],
        ),
        (
            "may not send",
            Box::new(|token| token.scopes.retain(|scope| scope != "pages_messaging")),
            vec![Finding::Scopes { lacks: lacks("pages_messaging") }],
        ),
        (
            "may send no templates",
            Box::new(|token| token.scopes.retain(|scope| !scope.contains("utility"))),
            vec![Finding::WishedScopes { lacks: lacks("page_utility_messaging") }],
        ),
    ];
    for (what, change, expected) in table {
        let mut facts = good();
        change(&mut facts);
        assert_eq!(token(&facts, Some("41"), &needs(), NOW), expected, "{what}");
    }
}

#[test]
fn a_subscription_is_judged_by_what_the_shop_uses() {
    let words = |list: &[&str]| list.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    let of = |fields: Option<&[&str]>, others: &[&str]| {
        let seen = Subscription { fields: fields.map(words), others: words(others) };
        subscription(&seen, &needs())
    };
    let all: &[&str] = &["messages", "messaging_optins", "standby", "feed"];
    assert_eq!(of(Some(all), &[]), []);
    assert_eq!(of(None, &[]), [Finding::Unsubscribed]);
    assert_eq!(
        of(Some(&["messages", "standby"]), &[]),
        [Finding::Fields { lacks: words(&["messaging_optins"]) }]
    );
    assert_eq!(
        of(Some(&["messages", "messaging_optins"]), &[]),
        [Finding::WishedFields { lacks: words(&["standby"]) }]
    );
    assert_eq!(
        of(Some(all), &["Other Bot"]),
        [Finding::OtherApps { names: words(&["Other Bot"]) }]
    );
}

#[test]
fn a_page_that_does_not_say_is_not_judged() {
    let of = |published| page(&PageSeen { published, instagram: None });
    assert_eq!(of(None), []);
    assert_eq!(of(Some(true)), []);
    assert_eq!(of(Some(false)), [Finding::Unpublished]);
}

#[test]
fn a_version_is_named_before_it_ends_and_refused_after() {
    let end = date(2027, 1, 21);
    let of = |version: &str, day: Date| graph_version(version, day);
    let ends = || Finding::VersionEnds { version: "v21.0".to_owned(), on: end };
    assert_eq!(of("v21.0", date(2026, 6, 1)), []);
    assert_eq!(of("v21.0", TODAY), [ends()]);
    assert_eq!(of("v21.0", end), [ends()]);
    let ended = Finding::VersionEnded { version: "v21.0".to_owned(), on: end };
    assert_eq!(ended.weight(), Weight::Problem);
    assert_eq!(of("v21.0", date(2027, 1, 22)), [ended]);
    assert_eq!(of("v26.0", date(2027, 1, 22)), []);
    assert_eq!(of("v99.0", TODAY), [Finding::VersionUnknown { version: "v99.0".to_owned() }]);
}

#[test]
fn a_rule_is_named_in_the_month_before_its_end_and_only_then() {
    let named = |day: Date| rules(day).iter().map(Finding::says).collect::<Vec<_>>().join(" ");
    assert!(named(date(2026, 1, 25)).contains("2026-02-09: Recurring notifications"));
    assert_eq!(rules(date(2025, 12, 1)), [], "more than a month before");
    assert_eq!(rules(TODAY), []);
}

#[test]
fn the_previous_key_is_named_before_its_last_day_and_after() {
    let of = |previous, previous_until| keys(&KeyFacts { previous, previous_until }, TODAY);
    let soon = date(2026, 12, 10);
    assert_eq!(of(false, None), []);
    assert_eq!(of(true, None), [], "no end was set");
    assert_eq!(of(false, Some(soon)), [], "there is no such key");
    assert_eq!(of(true, Some(soon)), [Finding::KeyEnds { on: soon }]);
    assert_eq!(of(true, Some(date(2027, 2, 1))), []);
    let past = date(2026, 11, 21);
    assert_eq!(of(true, Some(past)), [Finding::KeyEnded { on: past }]);
}

#[test]
fn the_day_is_named_when_it_takes_most_of_the_free_plan() {
    let with = |notifications: u64| {
        let sent = i64::try_from(notifications).unwrap();
        Usage::by(&[("notification.sent".to_owned(), sent)], 1_440)
    };
    let takes = |notifications| notifications * rows(Thing::ByToken) + 1_440 * rows(Thing::Minute);
    let near = (1..).find(|notifications| takes(*notifications) >= 80_000).unwrap();
    assert_eq!(usage(&with(near - 1), Plan::Free), []);
    let quota =
        |takes: u64| Finding::Quota { resource: Resource::RowsWritten, takes, gives: 100_000 };
    let found = usage(&with(near), Plan::Free);
    assert_eq!(found, [quota(takes(near))]);
    assert_eq!(found[0].weight(), Weight::Warning);
    assert_eq!(usage(&with(5_000), Plan::Free)[0].weight(), Weight::Problem);
    assert_eq!(usage(&with(5_000), Plan::Paid), [], "more can be bought");
}

#[test]
fn a_trigger_that_is_late_is_not_silent() {
    assert_eq!(cron(NOW, NOW.plus(9 * MINUTE)), None);
    assert_eq!(cron(NOW, NOW.plus(11 * MINUTE)), Some(Finding::CronSilent { minutes: 11 }));
    assert_eq!(cron(NOW, NOW.plus(-HOUR_AHEAD)), None, "a clock that was set back");
}

const HOUR_AHEAD: i64 = 60 * MINUTE;
