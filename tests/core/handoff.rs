//! A person takes over: when, who is told, what is kept, and how the assistant comes back.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use crate::common_core::*;
use shopbell::desk::decide::decide;
use shopbell::desk::precedence::PRECEDENCE;
use shopbell::desk::{handoff, inbox};
use shopbell::meta::event::{Channel, Event, EventKind, ThreadAction, ThreadControl};
use shopbell::meta::ids::AppId;
use shopbell::meta::send::Content;
use shopbell::shop::lang;
use shopbell::store::calls::{self, Kind};
use shopbell::time::{DAY, HOUR, MINUTE, SECOND, UnixMs};

const INBOX: &str = "263902037430900";

/// Open from nine to five with a break, closed on a holiday; in Germany, so that it discloses.
static SHOP: LazyLock<Open> = LazyLock::new(|| {
    compile(
        r#"
        [shop]
        name = "Laden"
        languages = ["en", "de"]
        time_zone = "Europe/Berlin"
        country = "DE"
        [[page]]
        id = "100200300400777"
        username = "laden"
        [hours]
        mon = ["09:00-12:00", "13:00-17:00"]
        tue = ["09:00-12:00", "13:00-17:00"]
        wed = ["09:00-12:00", "13:00-17:00"]
        thu = ["09:00-12:00", "13:00-17:00"]
        fri = ["09:00-12:00", "13:00-17:00"]
        [[hours.exception]]
        date = "2026-12-24"
        open = "closed"
        [[faq]]
        id = "wifi"
        title.en = "Wifi"
        title.de = "WLAN"
        answer.en = "The password is on the menu."
        answer.de = "Das Passwort steht auf der Karte."
        keywords.en = ["wifi"]
        [assistant]
        pause_hours = 4
        menu = ["wifi"]
        [handoff]
        notify = "700000000009"
        webhook = "https://hooks.example/shopbell"
        pass_thread = true
        resume_sign = "++"
        [[delicate]]
        name = "allergies"
        words.en = ["nut allergy"]
        [[agent]]
        name = "Greta"
        words.en = ["invoice"]
        "#,
    )
});

/// A Friday at ten in Berlin.
fn friday_at_ten() -> UnixMs {
    ms("2026-11-20T09:00:00Z")
}

fn world() -> World<'static> {
    World::new(&SHOP, friday_at_ten())
}

#[test]
fn messages_without_an_answer_call_a_person_and_a_tap_brings_the_assistant_back() {
    let mut world = world();
    begins(&world.says(0, "qwertz"), own(|t| t.instant));
    begins(&world.says(0, "qwertz"), own(|t| t.fallback));
    begins(&world.says(0, "qwertz"), own(|t| t.human));
    assert_eq!(world.count("handoff.misses"), 1);
    assert!(world.says(0, "wifi").is_empty(), "a person was called");
    begins(&world.taps(0, "sb:resume"), own(|t| t.resumed));
    begins(&world.says(0, "wifi"), "The password");
    // An answer in between begins the count anew; thanks are no miss.
    let mut world = self::world();
    for said in ["qwertz", "qwertz", "wifi", "thanks", "qwertz"] {
        world.says(0, said);
    }
    assert_eq!(world.count("handoff.misses"), 0);
}

#[test]
fn the_pause_ends_by_itself_by_a_typed_title_by_a_sign_and_by_done_in_the_inbox() {
    let quiet = || {
        let mut world = world();
        begins(&world.says(0, "human"), own(|t| t.human));
        assert!(world.says(0, "wifi").is_empty());
        world
    };
    let mut world = quiet();
    world.wait(4 * HOUR);
    begins(&world.says(0, "wifi"), "The password");

    let mut world = quiet();
    begins(&world.says(0, "back to assistant"), own(|t| t.resumed));

    let mut world = quiet();
    let mut sign = echo(0, world.now, "e", Some(INBOX), None);
    let EventKind::Echo(said) = &mut sign.kind else { panic!() };
    said.text = Some("All done, the assistant goes on ++ ".to_owned());
    world.take(&[sign]);
    begins(&world.says(0, "wifi"), "The password");

    for new_owner in [Some(OUR_APP), None] {
        let mut world = quiet();
        world.take(&[thread(&world, ThreadAction::Pass, Some(INBOX), new_owner)]);
        begins(&world.says(0, "wifi"), "The password");
    }
    // Somebody takes the thread in the inbox before writing a word.
    let mut world = self::world();
    world.take(&[thread(&world, ThreadAction::Take, Some(OUR_APP), Some(INBOX))]);
    assert!(world.says(0, "wifi").is_empty());

    let mut world = quiet();
    assert!(handoff::resume(&world.sql, &world.shop, &person_id(0), world.now).unwrap());
    begins(&world.says(0, "wifi"), "The password");
    assert!(!handoff::resume(&world.sql, &world.shop, &person_id(0), world.now).unwrap());
}

fn thread(world: &World<'_>, action: ThreadAction, from: Option<&str>, to: Option<&str>) -> Event {
    let app = |id: Option<&str>| id.map(|id| AppId(id.to_owned()));
    let control = ThreadControl {
        action,
        previous_owner: app(from),
        new_owner: app(to),
        requested_owner: None,
        metadata: None,
    };
    event(0, world.now, EventKind::ThreadControl(control))
}

#[test]
fn the_owner_is_told_in_messenger_while_meta_allows_it_and_by_the_webhook_otherwise() {
    let mut world = world();
    world.says(0, "human");
    let hook = |world: &World<'_>| {
        let due = calls::take_due(&world.sql, world.now, 10).unwrap();
        due.into_iter().find(|call| call.kind == Kind::Hook)
    };
    let call = hook(&world).unwrap();
    assert_eq!(call.url, "https://hooks.example/shopbell");
    for part in ["\"reason\":\"asked\"", "\"person\":\"700000000000\""] {
        assert!(call.body.contains(part), "{}", call.body);
    }
    assert!(!call.body.contains("text"), "{}", call.body);
    assert!(world.heard(9).is_empty());
    // Inside the owner's window.
    let mut world = self::world();
    world.after(message(9, world.now, "owner", "wifi"));
    let before = world.heard(9).len();
    world.says(0, "human");
    let notice = world.heard(9).split_off(before);
    assert!(notice.len() == 1 && notice[0].ends_with("100200300400777"), "{notice:?}");
    assert_eq!(hook(&world), None);
    // An address that left shop.toml is not called any more.
    let allowed = |shop: &shopbell::shop::model::Shop| {
        handoff::is_wanted(&world.sql, shop, &call, world.now).unwrap()
    };
    assert_eq!(allowed(&world.shop), handoff::Wanted::Yes);
    let mut other = world.shop.clone();
    other.handoff.webhook = Some("https://other.example/".to_owned());
    assert_eq!(allowed(&other), handoff::Wanted::No);
}

#[test]
fn the_customers_words_go_along_only_where_the_owner_wants_them() {
    let mut world = world();
    world.shop.handoff.with_text = true;
    world.says(0, "Unacceptable, my invoice is wrong");
    let due = calls::take_due(&world.sql, world.now, 10).unwrap();
    let hook = due.iter().find(|call| call.kind == Kind::Hook).unwrap();
    assert!(hook.body.contains("my invoice is wrong") && hook.body.contains("Greta"));
}

#[test]
fn the_thread_is_passed_and_taken_back_when_the_pause_is_over() {
    let mut world = world();
    world.says(0, "human");
    let kinds = |world: &World<'_>| -> Vec<Kind> {
        let due = calls::take_due(&world.sql, world.now, 10).unwrap();
        due.iter().for_each(|call| calls::done(&world.sql, call).unwrap());
        due.into_iter().map(|call| call.kind).collect()
    };
    assert_eq!(kinds(&world), [Kind::Hook, Kind::Pass]);
    assert_eq!(kinds(&world), []);
    world.wait(4 * HOUR);
    assert_eq!(kinds(&world), [Kind::Take]);
    let mut world = self::world();
    world.says(0, "human");
    world.taps(0, "sb:resume");
    assert_eq!(kinds(&world), [Kind::Take], "nobody is called any more");
}

#[test]
fn a_thread_is_handed_over_when_what_was_said_has_left() {
    let mut world = world();
    let at = world.now;
    world.take(&[message(0, at, "call", "human")]);
    world.wait(SECOND);
    let due = calls::take_due(&world.sql, world.now, 10).unwrap();
    let pass = due.iter().find(|call| call.kind == Kind::Pass).unwrap();
    let wanted =
        |world: &World<'_>| handoff::is_wanted(&world.sql, &world.shop, pass, world.now).unwrap();
    assert_eq!(
        wanted(&world),
        handoff::Wanted::Later(world.now.plus(SECOND)),
        "it has not left yet"
    );
    world.drain();
    assert_eq!(wanted(&world), handoff::Wanted::Yes);
    // What does not leave for a minute keeps nobody from being called.
    world.take(&[message(0, world.now, "again", "human")]);
    world.wait(MINUTE + SECOND);
    assert_eq!(wanted(&world), handoff::Wanted::Yes);
}

#[test]
fn what_is_delicate_calls_a_person_and_is_kept_nowhere() {
    let everything = |world: &World<'_>| -> String {
        let mut all = String::new();
        for table in world.texts("SELECT name FROM sqlite_master WHERE type = 'table'") {
            for column in world.texts(&format!("SELECT name FROM pragma_table_info('{table}')")) {
                let query = format!("SELECT CAST({column} AS TEXT) FROM {table}");
                all += &world.texts(&query).join("\n");
            }
        }
        all
    };
    let mut world = world();
    world.shop.handoff.with_text = true;
    let said = world.says(0, "I have a NUT allergy and he harassed me");
    begins(&said, own(|t| t.delicate));
    assert_eq!(world.count("handoff.delicate"), 1);
    assert!(!everything(&world).to_lowercase().contains("nut allergy"));
    // Nor while there is no shop to decide with.
    let mut world = self::world();
    let secret = message(0, world.now, "s", "somebody harassed me yesterday");
    inbox::park_all(&world.sql, &[secret], "no shop", world.now).unwrap();
    assert!(!everything(&world).contains("harassed"));
    world.wait(2 * MINUTE);
    inbox::unpark(&world.sql, world.context(), world.now).unwrap();
    world.drain();
    begins(&world.heard(0), own(|t| t.human));
}

#[test]
fn the_assistant_says_what_it_is_at_the_start_after_a_silence_and_after_a_person() {
    let told = |said: &[String]| said.first().is_some_and(|s| *s == own(|t| t.disclosure));
    let mut world = world();
    assert!(told(&world.says(0, "wifi")));
    assert!(!told(&world.says(0, "wifi")));
    world.take(&[echo(0, world.now, "e", Some(INBOX), None)]);
    world.wait(4 * HOUR);
    assert!(told(&world.says(0, "wifi")), "a person was here");
    assert!(!told(&world.says(0, "wifi")));
    world.wait(DAY);
    assert!(told(&world.says(0, "wifi")), "a day of silence");
    // Our own first answer says it by itself.
    let mut world = self::world();
    assert_eq!(world.says(0, "qwertz").len(), 1);
    assert!(!told(&world.says(0, "wifi")));
    // Elsewhere, and where the owner does not want it.
    for (country, wanted, expected) in
        [("LT", None, false), ("LT", Some(true), true), ("DE", Some(false), false)]
    {
        let mut world = self::world();
        world.shop.meta.country = Some(shopbell::meta::ids::Country::new(country).unwrap());
        world.shop.handoff.disclosure = wanted;
        assert_eq!(told(&world.says(0, "wifi")), expected, "{country} {wanted:?}");
    }
}

#[test]
fn away_is_said_once_for_each_closed_period_and_never_after_an_answer() {
    let mut world = world();
    world.shop.handoff.disclosure = Some(false);
    let away = own(|t| t.away);
    let at = |world: &mut World<'_>, moment: &str, said: &str| {
        world.now = ms(moment);
        world.says(0, said)
    };
    // The break at noon, the evening, the weekend, the holiday: one each. Berlin is UTC+1.
    for (moment, told) in [
        ("2026-11-20T11:10:00Z", true),
        ("2026-11-20T11:40:00Z", false),
        ("2026-11-20T17:00:00Z", true),
        ("2026-11-22T10:00:00Z", false),
        ("2026-11-23T17:00:00Z", true),
        ("2026-12-23T17:00:00Z", true),
        ("2026-12-24T10:00:00Z", false),
    ] {
        let said = at(&mut world, moment, "qwertz uiop");
        let heard = said.first().is_some_and(|said| said.starts_with(away));
        assert_eq!(heard, told, "{moment}: {said:?}");
        world.taps(0, "sb:resume");
    }
    assert_eq!(at(&mut world, "2026-12-26T10:00:00Z", "wifi"), ["The password is on the menu."]);
    // The text says when, in words.
    let mut world = self::world();
    let said = at(&mut world, "2026-11-20T17:00:00Z", "qwertz uiop");
    assert!(said.last().unwrap().contains("on Monday at 9:00"), "{said:?}");
}

#[test]
fn the_first_answer_after_a_silence_says_how_long_it_takes() {
    let mut world = world();
    let soon = lang::all().iter().find(|l| l.code == "en").unwrap().soon;
    assert!(world.says(0, "qwertz")[0].contains(soon));
    world.wait(DAY - 2 * MINUTE);
    let said = world.says(0, "qwertz");
    assert!(!said.iter().any(|said| said.starts_with(own(|t| t.instant))), "{said:?}");
}

// --- the table ---

#[test]
fn each_step_stands_in_the_table_once_and_says_what_it_is() {
    let names: BTreeSet<String> = PRECEDENCE.iter().map(|(step, _)| step.to_string()).collect();
    assert_eq!(names.len(), PRECEDENCE.len());
    assert!(PRECEDENCE.iter().all(|(step, _)| step.says().ends_with('.')));
    assert_eq!(names.iter().next_back().map(String::as_str), Some("tap"));
    assert_eq!(PRECEDENCE.last().unwrap().0.to_string(), "fallback");
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig { failure_persistence: None, ..proptest::prelude::ProptestConfig::with_cases(cases(300)) })]

    /// Whatever the state, the step that answers is the first of the table that can: taking away
    /// the reason of an earlier one never makes a later one disappear behind it.
    #[test]
    fn the_first_step_that_can_answer_is_the_only_one(
        paused in proptest::prelude::any::<bool>(),
        closed in proptest::prelude::any::<bool>(),
        silent in proptest::prelude::any::<bool>(),
        missed in 0..3_u8,
        which in 0..9_usize,
    ) {
        let now = if closed { ms("2026-11-21T10:00:00Z") } else { friday_at_ten() };
        let mut person = shopbell::desk::person::Person::new(now.plus(-2 * DAY));
        person.last_inbound = Some(now.plus(if silent { -2 * DAY } else { -MINUTE }));
        person.paused_until = paused.then(|| now.plus(HOUR));
        person.misses = missed;
        person.disclosed_at = Some(now);
        let say = |text: &str| message(0, now, "m", text);
        let (event, step) = match which {
            0 => (say("stop"), "stop"),
            1 => (say("delete my data"), "delete"),
            2 => (say("human"), "human"),
            3 => (quick_reply(0, now, "m", "x", "sb:resume"), "resume"),
            4 => (say("i have a nut allergy, wifi?"), "delicate"),
            5 => (say("unacceptable wifi"), "anger"),
            6 => (quick_reply(0, now, "m", "x", "sb:faq:wifi"), "tap"),
            7 => (say("wifi"), "keyword"),
            _ => (say("qwertz uiop"), "rest"),
        };
        let expected = match step {
            "stop" | "delete" | "resume" => Some(step),
            // Called already: the silence is the answer.
            "human" => (!paused).then_some(step),
            _ if paused => None,
            "rest" if closed => Some("away"),
            "rest" if silent => Some("instant"),
            "rest" if missed >= 1 => Some("misses"),
            "rest" => Some("fallback"),
            other => Some(other),
        };
        let decision = decide(context(&SHOP), Some(person), &event, now.plus(SECOND));
        let by = decision.answer.map(|answer| answer.by.to_string());
        proptest::prop_assert_eq!(by.as_deref(), expected);
        let answers = decision.counts.iter().filter(|name| name.starts_with("answer.")).count();
        proptest::prop_assert!(answers <= 1);
    }
}

#[test]
fn an_instagram_customer_has_the_owner_told_too() {
    let mut world = world();
    world.shop.assistant.instagram = true;
    world.wait(MINUTE);
    let mut asks = message(0, world.now, "ig", "human");
    asks.channel = Channel::Instagram;
    let said = world.after(asks);
    assert!(
        matches!(&said[..], [.., Content::Text { quick_replies, .. }] if quick_replies.len() == 1)
    );
    let due = calls::take_due(&world.sql, world.now, 10).unwrap();
    assert!(due.iter().any(|call| call.kind == Kind::Hook && call.body.contains("instagram")));
}
