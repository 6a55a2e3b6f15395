//! One row per rule: the precedence, arrivals, what is said once, consent requests, languages,
//! and what Meta's answers lead to.

use crate::common_core::*;
use shopbell::desk::decide::decide;
use shopbell::desk::{inbox, sending};
use shopbell::meta::event::{
    Attachment, AttachmentKind, Channel, Event, EventKind, Lane, Message, OptinStatus, Referral,
};
use shopbell::meta::ids::{PageId, PosterCode};
use shopbell::meta::send::Content;
use shopbell::store::Sql as _;
use shopbell::store::outbox;
use shopbell::store::timers::{self, Timer};
use shopbell::time::{DAY, HOUR, MINUTE, SECOND, UnixMs};

fn cafe() -> &'static Open {
    &SHOPS[0]
}

fn world() -> World<'static> {
    World::new(cafe(), friday_noon())
}

/// Which step answers an event in a fresh thread, and with how many bubbles.
fn step_of(event: &Event) -> String {
    let decision = decide(context(cafe()), None, event, event.at);
    decision.answer.map_or("-".to_owned(), |answer| answer.by.to_string())
}

fn wordless(kind: AttachmentKind, sticker: Option<&str>) -> Event {
    let attachment = Attachment { kind, url: None, sticker_id: sticker.map(str::to_owned) };
    let message = Message { text: None, attachments: vec![attachment], ..words_of("w", "") };
    event(0, friday_noon(), EventKind::Message(message))
}

fn signed(code: &str, now: UnixMs) -> String {
    KEYS.refs.sign(&cafe().shop.page.id, &PosterCode::new(code).unwrap(), now)
}

fn a_poster() -> String {
    let poster = cafe().shop.posters.iter().find(|p| p.topic.is_some() && !p.revoked).unwrap();
    poster.code.to_string()
}

#[test]
fn each_step_of_the_precedence_answers_what_is_its_own() {
    let say = |text: &str| message(0, friday_noon(), "m", text);
    for (event, expected) in [
        (say("stop"), "stop"),
        (say("delete my data"), "delete"),
        (say("human"), "human"),
        (postback(0, friday_noon(), "sb:human", None), "human"),
        (postback(0, friday_noon(), "sb:human", Some("whatever")), "human"),
        (referral(0, friday_noon(), Some(&signed(&a_poster(), friday_noon()))), "arrival"),
        (referral(0, friday_noon(), None), "arrival"),
        (postback(0, friday_noon(), "GET_STARTED", Some("x")), "arrival"),
        (postback(0, friday_noon(), "GET_STARTED", None), "tap"),
        (postback(0, friday_noon(), "sb:faq:hours", None), "tap"),
        // A question tapped beside an ad's ref is still a question.
        (postback(0, friday_noon(), "sb:faq:hours", Some("summer-ad")), "tap"),
        (
            postback(0, friday_noon(), "sb:faq:hours", Some(&signed(&a_poster(), friday_noon()))),
            "arrival",
        ),
        (postback(0, friday_noon(), "SOMEBODY_ELSES", None), "tap"),
        (quick_reply(0, friday_noon(), "q", "Gone", "sb:faq:no-such-question"), "tap"),
        (say("opening hours"), "keyword"),
        (say("qwertz uiop asdf"), "instant"),
        (wordless(AttachmentKind::Image, None), "instant"),
    ] {
        assert_eq!(step_of(&event), expected, "{event:?}");
    }
    let sunday_night = ms("2026-11-22T22:00:00Z");
    assert_eq!(step_of(&message(0, sunday_night, "m", "qwertz uiop asdf")), "away");
}

#[test]
fn the_steps_follow_each_other_in_one_thread() {
    let mut world = world();
    let say = |world: &mut World<'_>, text: &str| -> Option<String> {
        world.wait(MINUTE);
        let mid = format!("m{}", world.now.get());
        let person = world.person(0);
        let event = message(0, world.now, &mid, text);
        let decision = decide(context(cafe()), person, &event, world.now);
        world.take(&[event]);
        world.drain();
        decision.answer.map(|answer| answer.by.to_string())
    };
    for (text, by) in [
        ("qwertz uiop asdf", Some("instant")),
        ("qwertz uiop asdf", Some("fallback")),
        ("qwertz uiop asdf", Some("misses")),
        ("opening hours", None),
        ("Grįžti prie roboto", Some("resume")),
        ("opening hours", Some("keyword")),
        ("human", Some("human")),
        ("opening hours", None),
        ("human", None),
        ("STOP", Some("stop")),
        ("STOP", None),
        ("delete my data", Some("delete")),
        ("Yes, delete it", Some("delete")),
        ("qwertz uiop asdf", Some("instant")),
    ] {
        assert_eq!(say(&mut world, text).as_deref(), by, "{text}");
    }
}

#[test]
fn a_poster_says_what_it_is_for_and_asks_once() {
    let mut world = world();
    for poster in cafe().shop.posters.iter().filter(|poster| !poster.revoked) {
        let mut world = World::new(cafe(), friday_noon());
        let ref_ = signed(poster.code.as_str(), friday_noon());
        let bubbles = world.after(referral(0, friday_noon(), Some(&ref_)));
        let asks = bubbles.iter().filter(|b| matches!(b, Content::OptIn(_))).count();
        assert_eq!(asks, usize::from(poster.topic.is_some()), "{}", poster.code);
        assert!(bubbles.len() >= 1 + asks + usize::from(poster.faq.is_some()), "{}", poster.code);
        assert_eq!(world.count(&format!("arrival.{}", poster.code)), 1);
        let lang = poster.language.as_ref().unwrap_or_else(|| cafe().shop.default_lang());
        if let Some(words) = poster.text.speak(lang) {
            assert!(shown(&bubbles[0]).starts_with(words.split('{').next().unwrap()));
        }
        let person = world.person(0).unwrap();
        assert_eq!(person.first_touch.unwrap().poster(), Some(poster.code.as_str()));
    }
    // Whoever lets it pass is asked again after four weeks, whatever they scan.
    let asks = |bubbles: Vec<Content>| bubbles.iter().any(|b| matches!(b, Content::OptIn(_)));
    let scan = |world: &mut World<'_>, wait: i64| {
        world.wait(wait);
        let ref_ = signed(&a_poster(), world.now);
        asks(world.after(referral(0, world.now, Some(&ref_))))
    };
    assert!(scan(&mut world, 0));
    assert!(!scan(&mut world, HOUR));
    assert!(!scan(&mut world, 6 * DAY));
    assert!(!scan(&mut world, 2 * DAY), "Meta would take it, and it would be nagging");
    assert!(!scan(&mut world, 19 * DAY));
    assert!(scan(&mut world, 2 * DAY));
    assert!(!scan(&mut world, 90 * DAY));
    assert!(scan(&mut world, 2 * DAY));
    assert!(!scan(&mut world, 400 * DAY), "three times is enough");
}

#[test]
fn whoever_ended_a_topic_is_not_asked_for_it_by_a_poster_for_a_while() {
    let mut world = world();
    let poster = cafe().shop.posters.iter().find(|p| p.code.as_str() == a_poster()).unwrap();
    let topic = poster.topic.clone().unwrap();
    world.after(optin(0, world.now, topic.as_str(), OptinStatus::Granted, Some("t"), None));
    world.wait(DAY);
    world.after(message_at(world.now, "stop"));
    let mut asks = |wait: i64| {
        world.wait(wait);
        let ref_ = signed(&a_poster(), world.now);
        let bubbles = world.after(referral(0, world.now, Some(&ref_)));
        bubbles.iter().any(|b| matches!(b, Content::OptIn(_)))
    };
    assert!(!asks(8 * DAY));
    assert!(!asks(82 * DAY));
    assert!(asks(2 * DAY));
}

#[test]
fn a_ref_that_is_not_ours_gets_the_plain_welcome_and_is_counted() {
    let good = signed(&a_poster(), friday_noon());
    let other_page = PageId::new("999").unwrap();
    let code = PosterCode::new(a_poster()).unwrap();
    let mut edited = good.clone();
    let last = if edited.pop() == Some('A') { 'B' } else { 'A' };
    edited.push(last);
    let revoked = cafe().shop.posters.iter().find(|poster| poster.revoked).unwrap();
    let welcome = shown(&world().after(postback(0, friday_noon(), "GET_STARTED", None))[0]);
    for (ref_, why) in [
        ("summer-ad".to_owned(), "an owner's own ref"),
        (edited, "edited"),
        (KEYS.refs.sign(&other_page, &code, friday_noon()), "another page's"),
        (signed(revoked.code.as_str(), friday_noon()), "revoked"),
        (signed("NO-SUCH-POSTER", friday_noon()), "gone from shop.toml"),
        ("x".repeat(5_000), "too long"),
        (String::new(), "empty"),
    ] {
        let mut world = world();
        let bubbles = world.after(referral(0, friday_noon(), Some(&ref_)));
        assert_eq!(bubbles.len(), 1, "{why}");
        assert_eq!(shown(&bubbles[0]), welcome, "{why}");
        assert_eq!(world.count("arrival.unknown_ref"), 1, "{why}");
        let touch = world.person(0).unwrap().first_touch.map(|touch| touch.source);
        let kept = (why == "an owner's own ref").then(|| format!("ref:{ref_}"));
        assert_eq!(touch, kept, "{why}");
    }
}

#[test]
fn a_message_with_a_referral_is_answered_by_its_words_and_remembers_its_poster() {
    let mut world = world();
    let ref_ = Referral { ref_: Some(signed(&a_poster(), friday_noon())), ..Referral::default() };
    let message = Message { referral: Some(ref_), ..words_of("m", "opening hours") };
    let bubbles = world.after(event(0, friday_noon(), EventKind::Message(message)));
    let asked = world.after(message_at(friday_noon().plus(SECOND), "opening hours"));
    assert_eq!(bubbles, asked);
    assert_eq!(world.person(0).unwrap().last_touch.unwrap().poster(), Some(a_poster().as_str()));
}

fn message_at(at: UnixMs, text: &str) -> Event {
    message(0, at, &format!("at{}", at.get()), text)
}

#[test]
fn the_instant_reply_comes_once_per_24_hours_of_silence() {
    let mut world = world();
    let mut said = |wait: i64| {
        world.wait(wait);
        let event = message_at(world.now, "opening hours");
        world.take(&[event]);
        let event = message_at(world.now.plus(1), "qwertz uiop asdf");
        let decision = decide(context(cafe()), world.person(0), &event, world.now);
        decision.answer.map(|answer| answer.by.to_string())
    };
    // The first message was answered by its keyword: the silence is over all the same.
    assert_ne!(said(0).as_deref(), Some("instant"));
    let step = |world: &World<'_>, after: i64| {
        let event = message_at(world.now.plus(after), "qwertz uiop asdf");
        let decision = decide(context(cafe()), world.person(0), &event, event.at);
        decision.answer.map(|answer| answer.by.to_string())
    };
    assert_eq!(step(&world, DAY - 1).as_deref(), Some("fallback"));
    assert_eq!(step(&world, DAY).as_deref(), Some("instant"));
}

#[test]
fn the_shop_says_once_per_closed_period_that_it_is_closed() {
    let mut world = World::new(cafe(), ms("2026-11-20T23:00:00Z"));
    let mut by = |at: &str| {
        world.now = ms(at);
        let event = message_at(world.now, "qwertz uiop asdf");
        let decision = decide(context(cafe()), world.person(0), &event, world.now);
        world.take(&[event]);
        decision.answer.map(|answer| answer.by.to_string())
    };
    assert_eq!(by("2026-11-20T23:00:00Z").as_deref(), Some("away"));
    assert_ne!(by("2026-11-20T23:30:00Z").as_deref(), Some("away"), "the same night");
    assert_eq!(by("2026-11-21T23:00:00Z").as_deref(), Some("away"), "the next night");
    // Christmas: days without an opening are one closed period.
    let closed: Vec<_> =
        cafe().shop.hours.exceptions.iter().filter(|e| e.ranges.is_empty()).collect();
    let holiday = closed.first().unwrap();
    let first = format!("{}T10:00:00Z", holiday.from);
    assert_eq!(by(&first).as_deref(), Some("away"));
    let later = format!("{}T16:00:00Z", holiday.to);
    assert_ne!(by(&later).as_deref(), Some("away"), "the same holiday");
}

#[test]
fn the_fallback_is_not_repeated_within_its_hours_and_never_answers_a_thumb() {
    let mut world = world();
    world.after(message_at(friday_noon(), "opening hours"));
    let every = i64::from(cafe().shop.assistant.fallback_every_hours) * HOUR;
    let mut falls = |wait: i64, thumb: bool| {
        world.wait(wait);
        let mut event = message_at(world.now, "qwertz uiop asdf");
        if thumb {
            event.kind = wordless(AttachmentKind::Sticker, Some("369239263222822")).kind;
        }
        let decision = decide(context(cafe()), world.person(0), &event, world.now);
        world.take(&[event]);
        decision.answer.is_some_and(|answer| answer.by.to_string() == "fallback")
    };
    assert!(!falls(SECOND, true));
    assert!(falls(SECOND, false));
    assert!(!falls(HOUR, false));
    assert!(!falls(every - HOUR - 1, false));
}

#[test]
fn a_mere_greeting_is_answered_in_its_own_language() {
    for (text, lang) in [("hello", "en"), ("Labas", "lt"), ("stop", "lt"), ("unsubscribe", "en")] {
        let mut world = world();
        world.after(message_at(friday_noon(), text));
        let spoken = world.person(0).unwrap().language.map(|lang| lang.0);
        // What both languages know says nothing.
        let wanted = (text != "stop").then(|| lang.to_owned());
        assert_eq!(spoken, wanted, "{text}");
    }
}

#[test]
fn a_greeting_gets_the_welcome_and_thanks_get_no_apology() {
    for (text, by, bubbles) in [
        ("Labas!", "fallback", 1),
        ("hello", "fallback", 1),
        ("Ačiū", "-", 0),
        ("thank you", "-", 0),
    ] {
        let mut world = world();
        world.after(message_at(friday_noon(), "opening hours"));
        world.wait(SECOND);
        let event = message_at(world.now, text);
        let decision = decide(context(cafe()), world.person(0), &event, world.now);
        let (step, said) = decision
            .answer
            .map_or(("-".to_owned(), Vec::new()), |answer| (answer.by.to_string(), answer.bubbles));
        assert_eq!((step.as_str(), said.len()), (by, bubbles), "{text}");
        // No apology for not understanding a greeting, and the fallback is still to come.
        assert_eq!(decision.person.unwrap().fallback_at, None, "{text}");
    }
}

#[test]
fn consent_is_asked_once_per_window_unless_it_is_tapped() {
    let mut world = world();
    let asks = |bubbles: Vec<Content>| bubbles.iter().any(|b| matches!(b, Content::OptIn(_)));
    let topics: Vec<String> = cafe().shop.topics.iter().map(|t| t.id.to_string()).collect();
    let posters: Vec<_> =
        cafe().shop.posters.iter().filter(|p| p.topic.is_some() && !p.revoked).collect();
    let other = posters.iter().find(|p| p.topic != posters[0].topic).unwrap();
    let scan = |world: &mut World<'_>, code: &PosterCode| {
        world.wait(MINUTE);
        let ref_ = signed(code.as_str(), world.now);
        asks(world.after(referral(0, world.now, Some(&ref_))))
    };
    assert!(scan(&mut world, &posters[0].code));
    assert!(!scan(&mut world, &other.code), "another topic, the same window");
    let tap = |world: &mut World<'_>, topic: &str| {
        world.wait(MINUTE);
        asks(world.after(postback(0, world.now, &format!("sb:topic:{topic}"), None)))
    };
    let second = other.topic.as_ref().unwrap().as_str();
    assert!(tap(&mut world, second), "tapped");
    assert!(!tap(&mut world, second), "tapped again within the week");
    // Agreed: nothing more to ask.
    let third = topics.iter().find(|t| {
        t.as_str() != second && Some(t.as_str()) != posters[0].topic.as_ref().map(|t| t.as_str())
    });
    let third = third.unwrap();
    world.wait(MINUTE);
    world.after(optin(0, world.now, third, OptinStatus::Granted, Some("t"), None));
    assert!(!tap(&mut world, third));
}

#[test]
fn what_was_not_said_was_not_asked_and_not_told() {
    let mut open_again = cafe().shop.clone();
    let mut world = world();
    world.shop.assistant.messenger = false;
    let ref_ = signed(&a_poster(), friday_noon());
    assert!(world.after(referral(0, friday_noon(), Some(&ref_))).is_empty());
    assert_eq!(world.count("answer.channel_off"), 1);
    // STOP counts on a channel that is switched off.
    world.wait(SECOND);
    let poster = cafe().shop.posters.iter().find(|p| p.code.as_str() == a_poster()).unwrap();
    let other = cafe().shop.topics.iter().find(|t| Some(&t.id) != poster.topic.as_ref()).unwrap();
    let topic = other.id.as_str();
    world.take(&[optin(0, world.now, topic, OptinStatus::Granted, Some("t"), None)]);
    world.wait(SECOND);
    assert!(world.after(message_at(world.now, "stop")).is_empty());
    assert!(!world.person(0).unwrap().agreed(&topic_id(topic)));
    open_again.assistant.messenger = true;
    world.shop = open_again;
    world.wait(SECOND);
    let ref_ = signed(&a_poster(), world.now);
    let bubbles = world.after(referral(0, world.now, Some(&ref_)));
    assert!(bubbles.iter().any(|b| matches!(b, Content::OptIn(_))), "asked now");
}

#[test]
fn the_language_of_the_message_is_the_language_of_the_answer() {
    for (shop, text, tag) in [
        (0, "Ar galima pas jus atsivesti šunį, jeigu jis ramus?", "lt"),
        (0, "Could you please tell me whether dogs are allowed inside?", "en"),
        (1, "Vocês conseguem ajustar um vestido de noiva comprado fora?", "pt-BR"),
        (2, "可以帶狗嗎", "zh-TW"),
        (2, "Are we allowed to bring our little dog with us?", "en"),
    ] {
        let mut world = World::new(&SHOPS[shop], friday_noon());
        world.take(&[message_at(friday_noon(), text)]);
        let language = world.person(0).unwrap().language;
        assert_eq!(language.map(|lang| lang.0).as_deref(), Some(tag), "{text}");
    }
    // A word or two say nothing, and a poster's language only speaks to strangers.
    let mut world = world();
    world.take(&[message_at(friday_noon(), "ok")]);
    assert_eq!(world.person(0).unwrap().language, None);
}

#[test]
fn an_edit_or_a_standby_message_can_say_stop_and_nothing_else() {
    let topic = cafe().shop.topics[0].id.as_str();
    let edit = |text: &str| {
        let mid = shopbell::meta::ids::Mid("m".into());
        EventKind::MessageEdit { mid, text: Some(text.into()), num_edit: 1 }
    };
    for (kind, lane, active) in [
        (edit("stop"), Lane::Messaging, false),
        (edit("opening hours"), Lane::Messaging, true),
        (EventKind::Message(words_of("s", "STOP!")), Lane::Standby, false),
        (EventKind::Message(words_of("s", "opening hours")), Lane::Standby, true),
        (
            optin(0, friday_noon(), topic, OptinStatus::Stopped, None, None).kind,
            Lane::Standby,
            false,
        ),
    ] {
        let mut world = world();
        world.take(&[optin(0, friday_noon(), topic, OptinStatus::Granted, Some("t"), None)]);
        world.wait(MINUTE);
        let mut event = event(0, world.now, kind);
        event.lane = lane;
        assert!(world.after(event.clone()).is_empty(), "{event:?}");
        assert_eq!(world.person(0).unwrap().agreed(&topic_id(topic)), active, "{event:?}");
    }
}

#[test]
fn metas_own_stop_counts_however_late_it_comes() {
    let topic = cafe().shop.topics[0].id.as_str();
    let mut world = world();
    world.take(&[optin(0, friday_noon(), topic, OptinStatus::Granted, Some("t"), None)]);
    let said = friday_noon().plus(MINUTE);
    world.wait(10 * DAY);
    world.take(&[optin(0, said, topic, OptinStatus::Stopped, None, None)]);
    assert_eq!(world.number("SELECT count(*) FROM consents WHERE status = 'active'"), 0);
}

// --- what Graph's answers lead to ---

/// A person who agreed to the Friday lunch, the day after: only the token reaches them.
fn subscriber(world: &mut World<'_>) {
    world.now = ms("2026-11-18T10:00:00Z");
    world.take(&[optin(0, world.now, "lunch", OptinStatus::Granted, Some("t"), None)]);
    world.now = ms("2026-11-20T07:00:00Z");
    world.tick();
}

#[test]
fn a_graph_that_says_stopped_ends_the_consent_and_lets_us_ask_anew() {
    let mut world = world();
    subscriber(&mut world);
    assert_eq!(world.claim(ROOM), 1);
    world.send(0, Graph::Refuses(10, Some(1_893_015)));
    world.settle(0);
    assert_eq!(world.texts("SELECT status FROM consents"), ["stopped"]);
    assert_eq!(world.texts("SELECT outcome FROM ledger"), ["refused"]);
    world.wait(HOUR);
    let bubbles = world.after(postback(0, world.now, "sb:topic:lunch", None));
    assert!(matches!(bubbles[..], [Content::OptIn(_)]), "{bubbles:?}");
}

#[test]
fn what_meta_says_of_an_old_agreement_says_nothing_of_a_new_one() {
    for (code, subcode) in [(10, Some(1_893_015)), (2_300_037, None)] {
        let mut world = world();
        subscriber(&mut world);
        world.claim(ROOM);
        world.send(0, Graph::Refuses(code, subcode));
        world.wait(SECOND);
        world.take(&[optin(0, world.now, "lunch", OptinStatus::Granted, Some("t"), None)]);
        world.settle(0);
        assert_eq!(world.texts("SELECT status || ' ' || token FROM consents"), ["active t"]);
    }
}

#[test]
fn a_dropped_token_is_asked_for_anew() {
    let mut world = world();
    subscriber(&mut world);
    world.claim(ROOM);
    world.send(0, Graph::Refuses(2_300_037, None));
    world.settle(0);
    assert_eq!(world.number("SELECT token IS NULL FROM consents"), 1);
    world.wait(HOUR);
    let bubbles = world.after(postback(0, world.now, "sb:topic:lunch", None));
    assert!(matches!(bubbles[..], [Content::OptIn(_)]), "{bubbles:?}");
    // STOP still ends it.
    world.wait(SECOND);
    world.after(message_at(world.now, "stop"));
    assert_eq!(world.texts("SELECT status FROM consents"), ["stopped"]);
}

#[test]
fn stop_while_the_request_is_out_stays() {
    for graph in [Graph::Takes, Graph::LostAfter, Graph::Refuses(4, Some(2_018_354))] {
        let mut world = world();
        subscriber(&mut world);
        world.claim(ROOM);
        world.send(0, graph);
        world.take(&[message_at(world.now, "stop")]);
        world.settle(0);
        assert_eq!(world.texts("SELECT status FROM consents"), ["stopped"], "{graph:?}");
        let owed = world.texts("SELECT value FROM kv_queue");
        assert!(owed[0].contains("\"stopped\""), "{graph:?}: {owed:?}");
    }
}

#[test]
fn a_notification_withdrawn_or_too_late_does_not_leave_the_outbox() {
    let mut world = world();
    subscriber(&mut world);
    world.shop.notifications.clear();
    world.drain();
    assert!(world.requests.is_empty());
    assert_eq!(world.count("held.withdrawn"), 1);

    let mut world = self::world();
    subscriber(&mut world);
    world.claim(ROOM);
    world.send(0, Graph::Refuses(190, None));
    world.settle(0);
    // The owner mends the token on Monday: Friday's lunch helps nobody.
    world.wait(3 * DAY);
    world.drain();
    assert!(world.taken.is_empty());
    assert_eq!(world.count("held.too_late"), 1);
    let reasons = world.texts("SELECT reason FROM ledger");
    assert_eq!(reasons, ["Nespėta išsiųsti laiku."]);
}

#[test]
fn an_opt_in_request_that_meta_does_not_permit_halts_nothing() {
    let mut world = world();
    world.take(&[
        postback(0, friday_noon(), "sb:topic:lunch", None),
        message(1, friday_noon(), "m", "opening hours"),
    ]);
    world.claim(outbox::Room { messages: 1, notifications: 0, comments: 0 });
    world.send(0, Graph::Refuses(200, None));
    world.settle(0);
    assert_eq!(sending::page_hold(&world.sql).unwrap(), None);
    world.drain();
    assert!(!world.heard(1).is_empty());
}

#[test]
fn a_page_that_cannot_send_is_asked_by_one_message_at_a_time() {
    let mut world = world();
    for person in 0..6 {
        world.take(&[message(person, friday_noon(), &format!("m{person}"), "opening hours")]);
    }
    world.claim(outbox::Room { messages: 1, notifications: 0, comments: 0 });
    world.send(0, Graph::Refuses(190, None));
    world.settle(0);
    assert_eq!(world.claim(ROOM), 0, "halted");
    world.wait(10 * MINUTE);
    assert_eq!(world.claim(ROOM), 1, "one asks");
    assert_eq!(world.claim(ROOM), 0, "and only one");
    world.send(0, Graph::Takes);
    world.settle(0);
    assert_eq!(sending::page_hold(&world.sql).unwrap(), None, "mended");
    assert_eq!(world.claim(ROOM), 5);
}

#[test]
fn slow_down_is_obeyed_even_if_a_message_was_under_way() {
    let mut world = world();
    for person in 0..2 {
        world.take(&[message(person, friday_noon(), &format!("m{person}"), "opening hours")]);
    }
    world.claim(ROOM);
    world.send(0, Graph::Refuses(613, None));
    world.send(0, Graph::Takes);
    world.settle(0);
    world.settle(0);
    assert!(sending::page_hold(&world.sql).unwrap().is_some());
    world.wait(MINUTE);
    world.drain();
    assert_eq!(world.taken.len(), 2);
}

#[test]
fn a_reply_behind_a_broken_gateway_is_tried_twice_and_not_more() {
    let mut world = world();
    world.take(&[message_at(friday_noon(), "opening hours")]);
    for _ in 0..6 {
        world.claim(ROOM);
        world.send(0, Graph::Gateway { taken: true });
        world.settle(0);
        world.wait(MINUTE);
    }
    assert_eq!(world.taken.len(), 2);
    // Its echo comes after all.
    world.echo_of(0);
    assert_eq!(world.texts("SELECT state FROM outbox"), ["sent"]);
    assert_eq!(world.count("reply.echoed"), 1);
}

#[test]
fn an_echo_in_time_saves_the_second_try() {
    let mut world = world();
    world.take(&[message_at(friday_noon(), "opening hours")]);
    world.claim(ROOM);
    world.send(0, Graph::LostAfter);
    world.settle(0);
    world.wait(SECOND);
    world.echo_of(0);
    world.wait(MINUTE);
    world.drain();
    assert_eq!(world.requests.len(), 1);
}

#[test]
fn the_last_words_to_somebody_forgotten_leave_in_their_window_or_never() {
    for (wait, leaves) in [(HOUR, true), (25 * HOUR, false)] {
        let mut world = world();
        world.after(message_at(friday_noon(), "delete my data"));
        world.take(&[yes_delete(0, friday_noon())]);
        world.claim(ROOM);
        world.send(0, Graph::Refuses(190, None));
        world.settle(0);
        world.wait(wait);
        world.drain();
        assert_eq!(world.taken.len() == 2, leaves, "after {wait} ms");
    }
}

#[test]
fn those_that_must_not_leave_do_not_hold_up_those_that_may() {
    let mut world = world();
    for person in 0..9 {
        world.take(&[message(person, friday_noon(), &format!("m{person}"), "opening hours")]);
    }
    world.wait(25 * HOUR);
    world.take(&[message(9, world.now, "new", "opening hours")]);
    assert_eq!(world.claim(outbox::Room { messages: 2, notifications: 0, comments: 0 }), 1);
    assert_eq!(world.count("reply.window_closed"), 9);
}

// --- parked events and timers ---

#[test]
fn parked_events_are_handled_in_the_order_they_happened_in() {
    let mut world = world();
    // Neither the order they came in nor that of their ids.
    let events = [
        message(0, friday_noon().plus(-SECOND), "a", "human"),
        message(0, friday_noon().plus(-MINUTE), "b", "wifi?"),
    ];
    inbox::park_all(&world.sql, &events, "no shop yet", world.now).unwrap();
    world.wait(2 * MINUTE);
    let handled = inbox::unpark(&world.sql, world.context(), world.now).unwrap();
    assert_eq!(handled, 2);
    world.drain();
    assert_eq!(world.heard(0).len(), 2, "the question first: after HUMAN it would be quiet");
    let again = inbox::unpark(&world.sql, world.context(), world.now.plus(DAY)).unwrap();
    assert_eq!(again, 0);
}

#[test]
fn a_parked_stop_is_not_given_up_after_a_day() {
    let mut world = world();
    let topic = cafe().shop.topics[0].id.as_str();
    world.take(&[optin(0, friday_noon(), topic, OptinStatus::Granted, Some("t"), None)]);
    // A row that cannot be read: every event of this person fails for a reason of its own.
    let good = world.texts("SELECT body FROM people").remove(0);
    world.set_body("{");
    world.wait(MINUTE);
    assert_eq!(world.take(&[message_at(world.now, "stop")]).parked, 1);
    for _ in 0..5 * 24 {
        world.wait(HOUR);
        assert_eq!(inbox::unpark(&world.sql, world.context(), world.now).unwrap(), 0);
    }
    world.set_body(&good);
    world.wait(HOUR);
    assert_eq!(inbox::unpark(&world.sql, world.context(), world.now).unwrap(), 1);
    assert_eq!(world.texts("SELECT status FROM consents"), ["stopped"]);
}

#[test]
fn deleting_a_person_deletes_what_they_wrote_that_was_put_aside() {
    let mut world = world();
    let said = message_at(friday_noon().plus(-MINUTE), "my secret");
    inbox::park_all(
        &world.sql,
        &[said, message(1, friday_noon(), "o", "other")],
        "why",
        friday_noon(),
    )
    .unwrap();
    world.take(&[message_at(friday_noon(), "delete my data")]);
    assert_eq!(world.texts("SELECT event FROM parked").len(), 2, "not before the yes");
    world.take(&[yes_delete(0, friday_noon())]);
    let left = world.texts("SELECT event FROM parked");
    assert!(left.len() == 1 && left[0].contains("other"), "{left:?}");
}

// --- being forgotten ---

/// A world in which somebody has agreed, scanned, asked and been paused.
fn known() -> World<'static> {
    let mut world = world();
    let ref_ = signed(&a_poster(), friday_noon());
    world.after(referral(0, friday_noon(), Some(&ref_)));
    world.after(optin(0, friday_noon(), "lunch", OptinStatus::Granted, Some("t"), None));
    world.after(message_at(friday_noon(), "opening hours"));
    world.wait(MINUTE);
    world
}

#[test]
fn asking_to_be_forgotten_ends_nothing_until_it_is_confirmed() {
    let mut world = known();
    let said = world.after(message(0, world.now, "d", "delete my data"));
    let Content::Text { quick_replies, .. } = &said[0] else { panic!("{said:?}") };
    let payloads: Vec<_> = quick_replies.iter().map(|tap| tap.payload.as_str()).collect();
    assert_eq!(payloads, ["sb:delete", "sb:keep"]);
    assert_eq!(world.texts("SELECT status FROM consents"), ["active"]);
    let person = world.person(0).unwrap();
    assert!(person.agreed(&topic_id("lunch")) && person.stopped_at.is_none());
    assert!(!person.paused(world.now));
    // No: the question is closed, and a late yes asks anew.
    world.wait(MINUTE);
    world.after(quick_reply(0, world.now, "n", "No", "sb:keep"));
    assert_eq!(world.person(0).unwrap().delete_asked, None);
    world.wait(MINUTE);
    let asked = world.after(quick_reply(0, world.now, "y", "Yes", "sb:delete"));
    assert_eq!(asked.len(), 1);
    assert!(world.person(0).is_some());
    // The yes has a day.
    world.wait(DAY);
    world.after(quick_reply(0, world.now, "y2", "Yes", "sb:delete"));
    assert!(world.person(0).is_some());
    world.wait(DAY - SECOND);
    world.after(quick_reply(0, world.now, "y3", "Yes", "sb:delete"));
    assert_eq!(world.person(0), None);
}

#[test]
fn deleting_wins_while_a_person_talks_and_is_only_noted_where_another_app_does() {
    let mut world = known();
    world.take(&[echo(0, world.now, "typed", Some("263902037430900"), None)]);
    assert_eq!(world.after(message(0, world.now, "d", "DELETE MY DATA!")).len(), 1);
    let mut world = known();
    let mut standby = message(0, world.now, "d", "delete my data");
    standby.lane = Lane::Standby;
    assert_eq!(world.after(standby).len(), 0);
    assert!(world.person(0).unwrap().delete_asked.is_some());
}

#[test]
fn of_somebody_forgotten_no_table_knows_anything_but_a_hash() {
    use shopbell::desk::deletion;
    use shopbell::store::deletions::{self, State};
    use shopbell::store::kv_queue;

    let mut world = known();
    world.after(message(0, world.now, "d", "delete my data"));
    world.take(&[yes_delete(0, world.now)]);
    let code = world.texts("SELECT code FROM deletions").remove(0);
    let code = shopbell::meta::ids::DeletionCode::new(code).unwrap();
    assert_eq!(code.as_str().len(), 32);
    let state = |world: &World<'_>| deletions::state(&world.sql, &code).unwrap();
    let page = cafe().shop.page.id.clone();
    world.drain();
    assert!(world.heard(0).last().unwrap().contains(code.as_str()));
    assert_eq!(state(&world), State::InProgress, "KV has not deleted yet");
    let open = deletions::open(&world.sql).unwrap();
    // A search of KV finds what this Desk did not know of.
    let found = format!("subscription:{page}:{}:forgotten-topic", person_id(0));
    deletion::swept(&world.sql, &open[0], &page, std::slice::from_ref(&found), world.now).unwrap();
    assert_eq!(deletion::settle(&world.sql, &page, world.now).unwrap(), 1);
    let owed = kv_queue::due(&world.sql, world.now.plus(MINUTE), 100).unwrap();
    assert!(owed.iter().any(|owed| owed.key == found && owed.value.is_none()));
    for one in &owed {
        kv_queue::settle(&world.sql, one, true, world.now).unwrap();
    }
    assert_eq!(deletion::settle(&world.sql, &page, world.now).unwrap(), 0);
    assert_eq!(state(&world), State::Done { at: world.now });
    let psid = person_id(0);
    for table in world.texts("SELECT name FROM sqlite_master WHERE type = 'table'") {
        let columns = world.texts(&format!("SELECT name FROM pragma_table_info('{table}')"));
        for column in columns {
            let found = world.texts(&format!(
                "SELECT CAST({column} AS TEXT) FROM {table} WHERE instr({column}, '{psid}') > 0"
            ));
            assert!(found.is_empty(), "{table}.{column}: {found:?}");
        }
    }
    // Nothing older brings them back, be it an event or a line of an import.
    let keys = world.context().keys;
    let forgotten = |at| deletion::forgotten(&world.sql, keys, &page, &psid, at).unwrap();
    assert!(forgotten(world.now) && !forgotten(world.now.plus(1)));
}

#[test]
fn whoever_stopped_can_come_back_by_a_tap() {
    let mut world = known();
    let said = world.after(message(0, world.now, "s", "STOP"));
    let Content::Text { quick_replies, .. } = &said[0] else { panic!("{said:?}") };
    assert_eq!(quick_replies[0].payload, "sb:back:lunch");
    assert_eq!(world.texts("SELECT status FROM consents"), ["stopped"]);
    world.wait(MINUTE);
    world.after(quick_reply(0, world.now, "b", "Lunch", "sb:back:lunch"));
    let person = world.person(0).unwrap();
    // Meta takes no second request within a week; otherwise the person is asked again.
    let asked = person.asked.get(&topic_id("lunch")).is_some_and(|at| *at == world.now);
    assert!(asked || person.agreed(&topic_id("lunch")));
    assert_eq!(world.texts("SELECT status FROM consents")[0] == "active", !asked);
}

#[test]
fn a_message_that_waits_for_its_next_try_has_a_timer() {
    let mut world = world();
    world.take(&[message_at(friday_noon(), "opening hours")]);
    timers::done(&world.sql, &timers::take_due(&world.sql, friday_noon().plus(HOUR)).unwrap())
        .unwrap();
    world.claim(ROOM);
    world.send(0, Graph::Refuses(1, None));
    world.settle(0);
    world.wait(MINUTE);
    assert_eq!(timers::take_due(&world.sql, world.now).unwrap(), [Timer::Drain]);
    timers::done(&world.sql, &[Timer::Drain]).unwrap();
    world.claim(ROOM);
    world.crash();
    world.wait(MINUTE);
    assert_eq!(timers::take_due(&world.sql, world.now).unwrap(), [Timer::Drain]);
}

#[test]
fn an_instagram_person_is_another_than_the_messenger_person_of_the_same_id() {
    let mut world = world();
    let mut event = message_at(friday_noon(), "stop");
    event.channel = Channel::Instagram;
    world.take(&[optin(0, friday_noon(), "lunch", OptinStatus::Granted, Some("t"), None), event]);
    assert_eq!(world.texts("SELECT status FROM consents"), ["active"]);
}

#[test]
fn a_notification_a_moment_too_early_for_meta_waits_and_one_too_early_by_hours_is_held() {
    for (early, sent) in [(50, 1), (HOUR, 1), (12 * HOUR, 0)] {
        let mut world = world();
        world.now = ms("2026-11-18T10:00:00Z");
        world.take(&[optin(0, world.now, "lunch", OptinStatus::Granted, Some("t"), None)]);
        world.now = ms("2026-11-20T07:00:00Z");
        let eligible = world.now.plus(early);
        world
            .sql
            .execute("UPDATE consents SET next_eligible_at = ?1", &[eligible.get().into()])
            .unwrap();
        world.tick();
        world.drain();
        assert!(world.requests.is_empty(), "{early}");
        world.wait(early);
        world.tick();
        world.drain();
        assert_eq!(world.taken.len(), sent, "{early}");
        assert_eq!(world.count("held.not_before"), i64::from(sent == 0), "{early}");
    }
}

/// A shop whose answers are more than words.
const RICH: &str = r#"
[shop]
name = "Bakery"
languages = ["en"]
time_zone = "UTC"
[[page]]
id = "1029384756"
username = "bakery"
[[faq]]
id = "cakes"
title.en = "Cakes"
ask.en = ["what cakes do you have"]
keywords.en = ["cakes"]
answer.en = ["Today's cakes:", "Which one, {first_name}?"]
image = "https://a.example/counter.jpg"
quick_replies = [{ faq = "hours" }, { human = true }]
[[faq.card]]
title.en = "Honey cake"
subtitle.en = "4 €"
buttons = [{ faq = "hours" }]
[[faq.card]]
title.en = "Apple pie"
image = "https://a.example/apple.jpg"
[[faq]]
id = "hours"
title.en = "Hours"
keywords.en = ["hours"]
answer.en = """
From 8.

Till 6."""
buttons = [{ human = true }]
"#;

#[test]
fn a_rich_answer_comes_in_bubbles_one_after_the_other_with_its_taps_under_the_last() {
    let open = compile(RICH);
    let start = ms("2026-11-23T12:00:00Z");
    let mut world = World::new(&open, start);
    let said = world.after(message(1, start, "m1", "cakes"));
    let [Content::Image { .. }, Content::Text { text: first, .. }, Content::Cards { cards }, last] =
        said.as_slice()
    else {
        panic!("{said:?}")
    };
    assert_eq!((first.as_str(), cards.len()), ("Today's cakes:", 2));
    assert_eq!(cards[0].buttons.len(), 1);
    let Content::Text { text, quick_replies } = last else { panic!("{last:?}") };
    assert_eq!(text, "Which one?", "nobody told a name");
    let taps: Vec<&str> = quick_replies.iter().map(|tap| tap.title.as_str()).collect();
    assert_eq!(taps, ["Hours", "Talk to a person"]);
    let moments: Vec<i64> = world.taken.iter().map(|sent| sent.at.since(start)).collect();
    let pauses: Vec<i64> = moments.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(moments[0] == 0 && pauses.iter().all(|ms| (900..=3_000).contains(ms)), "{pauses:?}");

    let said = world.after(message(1, world.now, "m2", "hours"));
    let [Content::Text { text, .. }, Content::Buttons { text: last, buttons }] = said.as_slice()
    else {
        panic!("{said:?}")
    };
    assert_eq!((text.as_str(), last.as_str(), buttons.len()), ("From 8.", "Till 6.", 1));
}

#[test]
fn a_name_that_is_known_when_the_message_leaves_is_in_it() {
    use shopbell::desk::profile::{Stranger, settle};
    use shopbell::meta::profile::{Profile, Told};
    let open = compile(RICH);
    let start = ms("2026-11-23T12:00:00Z");
    let mut world = World::new(&open, start);
    let report = world.take(&[message(1, start, "m1", "cakes")]);
    let [stranger] = report.strangers.as_slice() else { panic!("{report:?}") };
    let told = Told::Known(Profile { first_name: Some("Ona".into()), ..Profile::default() });
    settle(&world.sql, stranger, told, start).unwrap();
    world.drain();
    assert_eq!(world.heard(1).last().map(String::as_str), Some("Which one, Ona?"));
    let again = world.take(&[message(1, world.now, "m2", "cakes")]);
    assert_eq!(again.strangers, [], "nobody asks twice");

    // Whoever asked to be forgotten is never asked about again.
    world.wait(1);
    world.take(&[message(1, world.now, "m3", "delete my data")]);
    world.wait(1);
    world.take(&[quick_reply(1, world.now, "m3b", "Yes", "sb:delete")]);
    assert_eq!(world.person(1), None);
    world.wait(60_000);
    let back = world.take(&[message(1, world.now, "m4", "cakes")]);
    assert_eq!((back.handled, back.strangers), (1, Vec::<Stranger>::new()));
}
