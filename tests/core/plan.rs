//! The plan is a pure function, and what the Desk runs is what was planned: the same people, the
//! same ways, the same hash.

use crate::common_core::*;
use jiff::civil::date;
use proptest::collection::vec;
use proptest::prelude::*;
use shopbell::desk::person::Person;
use shopbell::meta::event::{Channel, Event, EventKind, OptinStatus};
use shopbell::meta::ids::{Country, FieldId, Mid};
use shopbell::outreach::ladder;
use shopbell::outreach::plan::{self, Horizon, Verdict, transport_name};
use shopbell::outreach::recipient::{Look, Recipient};
use shopbell::shop::forms::FieldValue;
use shopbell::shop::model::{Lang, Shop};
use shopbell::store::outbox::Class;
use shopbell::store::{consents, people, runs, tallies};
use shopbell::time::{DAY, HOUR, MINUTE, UnixMs};

const FRIDAY: &str = "2026-11-27T07:00:00Z"; // 09:00 in Vilnius

fn cafe() -> &'static Open {
    &SHOPS[0]
}

/// Somebody with a token, whose window is closed.
fn somebody(shop: &Shop, n: usize) -> Recipient {
    Recipient {
        channel: Channel::Messenger,
        person: person_id(n),
        topic: topic_id("lunch"),
        active: true,
        has_token: true,
        timezone: None,
        granted_at: ms("2026-10-01T00:00:00Z"),
        expires_at: None,
        next_eligible_at: None,
        last_sent_at: None,
        reserved_at: None,
        others: Vec::new(),
        window_until: None,
        paused_until: None,
        stopped_at: None,
        language: shop.default_lang().clone(),
        country: None,
        segments: Vec::new(),
        offers: Vec::new(),
        places: Vec::new(),
    }
}

/// What the plan says of one recipient: the way and the moment, or the reason.
fn verdict(shop: &Shop, to: &Recipient) -> String {
    let planned = plan::plan(shop, std::slice::from_ref(to), ms(FRIDAY), Horizon::Next);
    let lunch = planned.iter().find(|p| p.notification.id.as_str() == "friday-lunch").unwrap();
    assert_eq!(lunch.due.at, ms(FRIDAY));
    match lunch.lines.first().map(|line| &line.verdict) {
        None => "not for them".to_owned(),
        Some(Verdict::Leaves { not_before, way }) => {
            let at = not_before.unwrap_or(lunch.due.at).rfc3339();
            format!("{} {} {at}", transport_name(way.transport), way.rule.id)
        }
        Some(Verdict::Held(hold)) => {
            format!("{} {}", hold.code(), hold.rule().map_or("-", |rule| rule.id))
        }
    }
}

#[test]
fn each_recipient_has_a_way_with_its_rule_or_a_reason() {
    let shop = &cafe().shop;
    let by_token = "legacy_recurring recurring-five-areas 2026-11-27T07:00:00Z";
    let in_window = "in_window standard-window 2026-11-27T07:00:00Z";
    let at = |text: &str| Some(ms(text));
    let base = somebody(shop, 1);
    let zone = |name: &str| Some(name.to_owned());
    for (what, to, expected) in [
        ("by token", base.clone(), by_token),
        (
            "in the window",
            Recipient { window_until: at("2026-11-27T07:00:01Z"), ..base.clone() },
            in_window,
        ),
        (
            "the window has just closed",
            Recipient { window_until: at(FRIDAY), ..base.clone() },
            by_token,
        ),
        ("stopped", Recipient { active: false, ..base.clone() }, "not for them"),
        (
            "STOP came by another way",
            Recipient { stopped_at: at("2026-10-01T00:00:00Z"), ..base.clone() },
            "no_consent -",
        ),
        (
            "agreed after it was due",
            Recipient { granted_at: ms("2026-11-27T07:00:01Z"), ..base.clone() },
            "not for them",
        ),
        (
            "a person is talking",
            Recipient { paused_until: at("2026-11-27T08:00:00Z"), ..base.clone() },
            "person_talking -",
        ),
        (
            "had it this week",
            Recipient { last_sent_at: at("2026-11-23T07:00:00Z"), ..base.clone() },
            "promise -",
        ),
        (
            "has one coming this week",
            Recipient { reserved_at: at("2026-11-24T07:00:00Z"), ..base.clone() },
            "promise -",
        ),
        (
            "had it last week",
            Recipient { last_sent_at: at("2026-11-20T07:00:00Z"), ..base.clone() },
            by_token,
        ),
        ("two others today", Recipient { others: vec![ms(FRIDAY); 2], ..base.clone() }, by_token),
        (
            "three others today",
            Recipient { others: vec![ms(FRIDAY); 3], ..base.clone() },
            "day_full -",
        ),
        (
            "three others yesterday",
            Recipient { others: vec![ms("2026-11-26T07:00:00Z"); 3], ..base.clone() },
            by_token,
        ),
        ("no token", Recipient { has_token: false, ..base.clone() }, "no_token -"),
        (
            "the token has ended",
            Recipient { expires_at: at(FRIDAY), ..base.clone() },
            "token_expired -",
        ),
        (
            "the token rests for an hour",
            Recipient { next_eligible_at: at("2026-11-27T08:00:00Z"), ..base.clone() },
            "legacy_recurring recurring-five-areas 2026-11-27T08:00:00Z",
        ),
        (
            "the token rests for too long",
            Recipient { next_eligible_at: at("2026-11-27T11:00:00Z"), ..base.clone() },
            "not_before -",
        ),
        (
            "night in São Paulo until 08:00",
            Recipient { timezone: zone("America/Sao_Paulo"), ..base.clone() },
            "quiet_hours -",
        ),
        (
            "in Lisbon it is 07:00",
            Recipient { timezone: zone("Europe/Lisbon"), ..base.clone() },
            "legacy_recurring recurring-five-areas 2026-11-27T08:00:00Z",
        ),
        (
            "the window closes before the night ends",
            Recipient {
                timezone: zone("Europe/Lisbon"),
                window_until: at("2026-11-27T07:30:00Z"),
                ..base.clone()
            },
            "legacy_recurring recurring-five-areas 2026-11-27T08:00:00Z",
        ),
        (
            "said to be in Brazil",
            Recipient { country: Some("br".into()), ..base.clone() },
            "forbidden recurring-end",
        ),
        ("said to be in Japan", Recipient { country: Some("JP".into()), ..base.clone() }, by_token),
        (
            "said something that is no country",
            Recipient { country: Some("here".into()), ..base.clone() },
            "forbidden recurring-five-areas",
        ),
        (
            "on Instagram",
            Recipient { channel: Channel::Instagram, ..base.clone() },
            "forbidden recurring-five-areas",
        ),
        (
            "on Instagram in the window",
            Recipient {
                channel: Channel::Instagram,
                window_until: at("2026-11-28T00:00:00Z"),
                ..base.clone()
            },
            in_window,
        ),
    ] {
        assert_eq!(verdict(shop, &to), expected, "{what}");
    }
}

#[test]
fn the_rules_are_read_by_the_day_it_is_due() {
    let shop = |country: Option<&str>, since| {
        let mut shop = cafe().shop.clone();
        shop.meta.country = country.map(|code| Country::new(code).unwrap());
        shop.meta.recurring_since = since;
        shop
    };
    let old = Some(date(2024, 5, 1));
    let at = |shop: &Shop, from: &str| {
        let mut to = somebody(shop, 1);
        to.granted_at = ms("2025-01-01T00:00:00Z");
        let planned = plan::plan(shop, &[to], ms(from), Horizon::Next);
        let lunch = planned.into_iter().find(|p| p.notification.id.as_str() == "friday-lunch");
        let totals = lunch.unwrap().totals();
        totals
            .leaves
            .keys()
            .map(|(_, rule, _)| (*rule).to_owned())
            .chain(totals.held.keys().map(|code| (*code).to_owned()))
            .collect::<String>()
    };
    // The last Friday before the end on 10 February 2026, and the first one after it.
    assert_eq!(at(&shop(Some("BR"), old), "2026-02-06T00:00:00Z"), "recurring-no-new-integrations");
    assert_eq!(at(&shop(Some("BR"), old), "2026-02-09T00:00:00Z"), "forbidden");
    assert_eq!(at(&shop(Some("LT"), old), "2026-02-09T00:00:00Z"), "recurring-five-areas");
    assert_eq!(at(&shop(None, old), "2026-02-09T00:00:00Z"), "forbidden");
    assert_eq!(at(&shop(Some("LT"), None), "2026-02-09T00:00:00Z"), "forbidden");
    assert_eq!(at(&shop(Some("LT"), None), "2025-08-22T00:00:00Z"), "recurring");
}

#[test]
fn a_week_is_planned_as_if_all_before_had_been_sent() {
    let shop = &cafe().shop;
    let mut all = vec![somebody(shop, 1)];
    all.push(Recipient { topic: topic_id("today"), ..somebody(shop, 1) });
    let from = ms("2026-11-23T00:00:00Z"); // Monday
    let week = plan::plan(shop, &all, from, Horizon::Until(from.plus(7 * DAY)));
    let line = |p: &plan::Planned<'_>| {
        let totals = p.totals();
        let codes: Vec<_> = totals.held.keys().copied().collect();
        format!("{} {} {}{}", p.notification.id, p.due.period, totals.leaving(), codes.concat())
    };
    // Two days between two by one token: a day is enough for the promise, not for Meta. The
    // other topic has a token of its own.
    assert_eq!(
        week.iter().map(line).collect::<Vec<_>>(),
        [
            "today 2026-11-23 1",
            "today 2026-11-24 0not_before",
            "today 2026-11-25 1",
            "today 2026-11-26 0not_before",
            "friday-lunch 2026-11-27 1",
            "today 2026-11-27 1",
            "today 2026-11-28 0not_before",
            "today 2026-11-29 1",
        ]
    );
}

#[test]
fn the_order_of_the_recipients_does_not_change_the_plan_and_anything_else_does() {
    let shop = &cafe().shop;
    let all: Vec<Recipient> = (0..9).map(|n| somebody(shop, n)).collect();
    let hash = |shop: &Shop, all: &[Recipient]| {
        let planned = plan::plan(shop, all, ms(FRIDAY), Horizon::Next);
        planned.into_iter().find(|p| p.notification.id.as_str() == "friday-lunch").unwrap().hash
    };
    let one = hash(shop, &all);
    let mut turned = all.clone();
    turned.reverse();
    assert_eq!(hash(shop, &turned), one);
    assert_ne!(hash(shop, &all[1..]), one, "somebody is missing");
    let mut closed = all.clone();
    closed[4].window_until = Some(ms("2026-11-28T00:00:00Z"));
    assert_ne!(hash(shop, &closed), one, "another way");
    closed[4] = Recipient { has_token: false, ..all[4].clone() };
    assert_ne!(hash(shop, &closed), one, "held");
    let mut other = shop.clone();
    other.version = "another".to_owned();
    assert_ne!(hash(&other, &all), one, "another shop");
}

#[derive(Clone, Debug)]
struct Someone {
    topics: Vec<usize>,
    zone: Option<usize>,
    window_ms: i64,
    pause_ms: i64,
    token: bool,
    country: Option<usize>,
    language: bool,
}

fn someone() -> impl Strategy<Value = Someone> {
    (
        vec(0..3_usize, 0..3),
        prop::option::of(0..4_usize),
        prop::sample::select(vec![0, DAY, 5 * DAY]),
        prop::sample::select(vec![0, 0, 2 * DAY]),
        any::<bool>(),
        prop::option::weighted(0.2, 0..4_usize),
        any::<bool>(),
    )
        .prop_map(|(topics, zone, window_ms, pause_ms, token, country, language)| Someone {
            topics,
            zone,
            window_ms,
            pause_ms,
            token,
            country,
            language,
        })
}

const ZONES: [&str; 4] = ["Europe/Vilnius", "America/Sao_Paulo", "Asia/Taipei", "Europe/Lisbon"];
const COUNTRIES: [&str; 4] = ["LT", "BR", "nowhere", "JP"];

/// The recipients of one Desk, as it tells them.
fn recipients(world: &World<'_>) -> Vec<Recipient> {
    let all = consents::everybody(&world.sql, "", 1_000).unwrap();
    all.iter()
        .map(|consent| {
            let (channel, id) = (consent.channel, &consent.person);
            let person: Person = people::load(&world.sql, channel, id).unwrap().unwrap_or_default();
            let theirs = consents::of_person(&world.sql, channel, id).unwrap();
            Recipient::of(&world.shop, consent, &person, &theirs, Look::Planning)
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: cases(60), failure_persistence: None, ..ProptestConfig::default()
    })]

    #[test]
    fn what_runs_is_what_was_planned(
        shop in 0..3_usize,
        people_ in vec(someone(), 1..9),
        start in 0..400_i64,
        late in prop::sample::select(vec![0, 1, 30_000, MINUTE, 3 * MINUTE]),
    ) {
        let open = &SHOPS[shop];
        // Windows and pauses end at a quarter past, which is no time anything is due at.
        let begin = ms("2026-01-02T12:17:00Z").plus(start * DAY);
        let mut world = World::new(open, begin);
        for (n, someone) in people_.iter().enumerate() {
            for which in &someone.topics {
                world.wait(1_000);
                let topic = &open.shop.topics[which % open.shop.topics.len()].id;
                let token = format!("t-{n}-{topic}");
                let token = someone.token.then_some(token.as_str());
                let zone = someone.zone.map(|z| ZONES[z]);
                let event = optin(n, world.now, topic.as_str(), OptinStatus::Granted, token, zone);
                world.take(&[event]);
            }
            let channel = Channel::Messenger;
            let Some(mut person) = world.person(n) else { continue };
            person.window_until = Some(world.now.plus(someone.window_ms));
            person.paused_until = Some(world.now.plus(someone.pause_ms));
            if someone.language {
                person.language = Some(Lang("en".to_owned()));
            }
            if let Some(country) = someone.country {
                let said = FieldValue::Text(COUNTRIES[country].to_owned());
                person.fields.insert(FieldId::new("country").unwrap(), said);
            }
            people::save(&world.sql, channel, &person_id(n), &person).unwrap();
        }
        // Three runs, one after the other, each planned just before.
        for _ in 0..3 {
            let told = recipients(&world);
            let from = world.now.plus(1);
            let planned = plan::plan(&world.shop, &told, from, Horizon::Next);
            let Some(due) = planned.iter().map(|p| p.due.at).min() else { return Ok(()) };
            world.now = due.plus(late);
            world.tick();
            while world.number("SELECT count(*) FROM runs WHERE done = 0") > 0 {
                world.go_on();
            }
            let ran = runs::since(&world.sql, due, 100).unwrap();
            let first = planned.iter().filter(|p| p.due.at == due);
            // Of two at the same moment the second sees what the first one did; the hash of a
            // plan for one moment is that of its first run for each person.
            let mut seen = Vec::new();
            for p in first {
                let topic = &p.notification.topic;
                let run = ran.iter().find(|run| {
                    run.notification == p.notification.id.as_str() && run.zone == p.zone
                }).unwrap();
                prop_assert_eq!(&run.period, &p.due.period);
                let again = seen.contains(&topic);
                seen.push(topic);
                if !again {
                    let totals = p.totals();
                    prop_assert_eq!(run.queued, i64::from(totals.leaving()));
                    prop_assert_eq!(run.held, i64::from(totals.holding()));
                    prop_assert_eq!(&run.hash, p.hash.as_str());
                }
            }
            // Whoever sleeps is told later that morning, or not at all.
            for _ in 0..5 {
                world.drain();
                world.wait(HOUR);
            }
        }
    }
}

#[test]
fn a_wait_that_time_alone_ends_is_waited_for_only_before_the_deadline() {
    let shop = &cafe().shop;
    let to = Recipient {
        timezone: Some("America/Sao_Paulo".into()),
        window_until: Some(ms("2026-11-28T00:00:00Z")),
        ..somebody(shop, 1)
    };
    let due = ms(FRIDAY);
    let leaves = |deadline: UnixMs| {
        ladder::earliest(shop, &to, due, due, deadline).map(|(at, _)| at.rfc3339()).ok()
    };
    assert_eq!(leaves(ms("2026-11-27T11:00:00Z")), None);
    assert_eq!(leaves(ms("2026-11-27T11:00:01Z")).as_deref(), Some("2026-11-27T11:00:00Z"));
}

fn seen(n: usize, at: UnixMs, mids: &[&str], watermark: Option<UnixMs>, read: bool) -> Event {
    let mut mids = mids.iter().map(|mid| Mid((*mid).to_owned()));
    event(
        n,
        at,
        if read {
            EventKind::Read { watermark, mid: mids.next() }
        } else {
            EventKind::Delivery { mids: mids.collect(), watermark }
        },
    )
}

#[test]
fn what_came_after_is_counted_once_for_the_notification_it_belongs_to() {
    let mut world = World::new(cafe(), ms("2026-11-26T06:00:00Z"));
    for n in 1..5 {
        world.take(&[optin(
            n,
            world.now,
            "lunch",
            OptinStatus::Granted,
            Some(&format!("t{n}")),
            None,
        )]);
    }
    world.come_to_rest();
    let before = world.taken.len();
    world.now = ms(FRIDAY);
    world.tick();
    world.drain();
    assert_eq!(world.taken.len() - before, 4);
    let mid = |world: &World<'_>, n: usize| {
        let sent = world.taken.iter().rfind(|sent| sent.person == person_id(n)).unwrap();
        format!("m_{}", sent.id)
    };
    let counts = |world: &World<'_>| {
        let tallies = tallies::since(&world.sql, ms(FRIDAY)).unwrap();
        assert!(
            tallies.iter().all(|t| t.notification == "friday-lunch" && t.period == "2026-11-27")
        );
        tallies.iter().map(|t| format!("{} {}", t.name, t.people)).collect::<Vec<_>>().join(", ")
    };
    let left = world.now;
    world.wait(MINUTE);
    let first = mid(&world, 1);
    // By its id, and told again; by a moment that is too early; by one that covers it.
    for _ in 0..2 {
        world.take(&[seen(1, world.now, &[&first, "m_other"], None, false)]);
        world.wait(1);
    }
    assert_eq!(counts(&world), "delivered 1");
    world.take(&[seen(2, world.now, &["m_other"], Some(left.plus(-MINUTE)), false)]);
    assert_eq!(counts(&world), "delivered 1");
    world.take(&[seen(2, world.now.plus(1), &[], Some(left), false)]);
    assert_eq!(counts(&world), "delivered 2");
    // Read without having been told as delivered; and read after it.
    world.take(&[seen(3, world.now, &[], Some(world.now), true)]);
    world.take(&[seen(1, world.now, &[], Some(world.now), true)]);
    assert_eq!(counts(&world), "delivered 3, read 2");
    // Somebody nobody knows, and somebody who got nothing.
    world.take(&[seen(8, world.now, &["m_1"], Some(world.now), true)]);
    assert_eq!(counts(&world), "delivered 3, read 2");
    // A stop within two days is the notification's, a later one is not.
    world.wait(DAY);
    world.take(&[message(4, world.now, "s4", "STOP")]);
    world.wait(2 * DAY);
    world.take(&[message(3, world.now, "s3", "STOP")]);
    assert_eq!(counts(&world), "delivered 3, read 2, stopped 1");
}

#[test]
fn a_run_that_nothing_ran_for_is_told_once_and_only_to_those_it_was_for() {
    let mut world = World::new(cafe(), ms("2026-11-26T06:00:00Z"));
    world.tick();
    world.take(&[optin(1, world.now, "lunch", OptinStatus::Granted, Some("t1"), None)]);
    world.now = ms("2026-11-27T09:00:00Z"); // two hours late
    world.tick();
    world.tick();
    let told: Vec<_> = runs::since(&world.sql, ms(FRIDAY).plus(-DAY), 9)
        .unwrap()
        .into_iter()
        .filter(|run| run.notification != "today")
        .map(|run| (run.notification, run.period, run.dropped))
        .collect();
    // Nobody had agreed to the others.
    assert_eq!(told, [("friday-lunch".into(), "2026-11-27".into(), Some("missed".into()))]);
    world.wait(MINUTE);
    world.tick();
    assert_eq!(world.count("run.missed"), 1);
    world.drain();
    let lunches = |sent: &&Sent| matches!(&sent.class, Class::Notification { topic, .. } if *topic == topic_id("lunch"));
    assert_eq!(world.requests.iter().filter(lunches).count(), 0);
}
