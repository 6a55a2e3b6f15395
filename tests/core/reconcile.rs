//! Meta's own list of notification tokens against the Desk's index: what is added, marked, left out
//! and told; an emptied index filled again; and what holds whatever the list says.

use std::collections::BTreeMap;

use crate::common_core::*;
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};
use shopbell::meta::event::{Channel, OptinStatus};
use shopbell::meta::graph_error::{Class, Failure, Reply};
use shopbell::meta::ids::Psid;
use shopbell::meta::tokens::{self, Page};
use shopbell::outreach::receipt::{Book, ReceiptLine, verify};
use shopbell::outreach::reconcile::{self, Mode, Need, Phase, Round, Setting};
use shopbell::outreach::told;
use shopbell::store::consents::{self, Consent, Status};
use shopbell::store::{kv_queue, listed};
use shopbell::time::{DAY, HOUR, MINUTE, SECOND, UnixMs};

const START: &str = "2026-11-20T10:00:00Z";
const TODAY: &str = "Today's dishes, every day at 10:30";
const LUNCH: &str = "Penktadienio pietūs ir savaitgalio pyragai";

/// A line of Meta's list.
fn line(person: usize, token: &str, title: &str, created: UnixMs) -> Value {
    json!({
        "notification_messages_token": token,
        "recipient_id": person_id(person).as_str(),
        "notification_messages_reoptin": "ENABLED",
        "creation_timestamp": created.get() / 1000,
        "user_token_status": "NOT_REFRESHED",
        "topic_title": title,
        "notification_messages_timezone": "Europe/Vilnius",
    })
}

/// The list in pages of so many lines.
fn pages(lines: &[Value], size: usize) -> Vec<Page> {
    let mut pages: Vec<Page> = Vec::new();
    for (n, some) in lines.chunks(size.max(1)).enumerate() {
        let paging = json!({"cursors": {"after": format!("c{n}")}});
        let body = json!({"data": some, "paging": paging}).to_string();
        let reply = Reply { status: 200, retry_after_s: None, body: body.as_bytes() };
        pages.push(tokens::read(&reply).unwrap());
    }
    pages.push(Page::default());
    pages
}

fn setting<'a>(world: &'a World<'_>, ours: &'a dyn Fn(&Psid) -> bool) -> Setting<'a> {
    let book = Book { page: &world.shop.page.id, seed: [3; 16] };
    Setting { shop: &world.shop, keys: &KEYS, book, ours }
}

/// Makes steps until the round is over, or `steps` were made.
fn steps(world: &mut World<'_>, round: &mut Round, list: &[Page], kv: &Kv, mut steps: usize) {
    let mut next = 0;
    while round.ended_at.is_none() && steps > 0 {
        steps -= 1;
        world.wait(SECOND);
        let now = world.now;
        let setting = setting(world, &|_| true);
        let sql = &world.sql;
        match round.need(&world.shop.page.id) {
            Need::Tables => reconcile::tables(sql, &setting, round, now).unwrap(),
            Need::Kv { prefix, cursor } => {
                let all: Vec<(String, String)> =
                    kv.iter().filter(|(key, _)| key.starts_with(&prefix)).map(pair).collect();
                let from: usize = cursor.map_or(0, |cursor| cursor.parse().unwrap());
                let some = &all[from..(from + 2).min(all.len())];
                let more = (from + 2 < all.len()).then(|| (from + 2).to_string());
                reconcile::from_kv(sql, &setting, round, some, more.as_deref(), now).unwrap();
            }
            Need::Page { after } => {
                // As Meta finds the page of a cursor.
                next = after.map_or(0, |after| after[1..].parse::<usize>().unwrap() + 1).max(next);
                reconcile::page(sql, &setting, round, &list[next], now).unwrap();
            }
        }
    }
}

type Kv = BTreeMap<String, String>;

fn pair((key, value): (&String, &String)) -> (String, String) {
    (key.clone(), value.clone())
}

fn read_list(world: &mut World<'_>, mode: Mode, list: &[Page]) -> Round {
    let mut round = reconcile::begin(&world.sql, mode, world.now).unwrap().unwrap();
    steps(world, &mut round, list, &Kv::new(), 10_000);
    assert!(round.ended_at.is_some(), "{round:?}");
    round
}

/// What KV holds after everything owed is written.
fn flush(world: &World<'_>, kv: &mut Kv) {
    let later = world.now.plus(DAY);
    for owed in kv_queue::due(&world.sql, later, 10_000).unwrap() {
        match &owed.value {
            Some(value) => kv.insert(owed.key.clone(), value.clone()),
            None => kv.remove(&owed.key),
        };
        kv_queue::settle(&world.sql, &owed, true, later).unwrap();
    }
}

fn consent(world: &World<'_>, person: usize, topic: &str) -> Option<Consent> {
    let person = person_id(person);
    consents::get(&world.sql, &topic_id(topic), Channel::Messenger, &person).unwrap()
}

fn token(consent: &Consent) -> &str {
    consent.token.as_ref().map_or("", |token| token.0.as_str())
}

fn receipts(world: &World<'_>, person: usize) -> Vec<Value> {
    let lines: Vec<ReceiptLine> = told::of_person(&world.sql, &person_id(person)).unwrap().receipts;
    let chain = told::chain(&world.sql, 0).unwrap().links;
    verify(&world.shop.page.id, &chain, &lines, None).unwrap();
    lines.iter().map(|line| serde_json::from_str(&line.body).unwrap()).collect()
}

fn agrees(world: &mut World<'_>, person: usize, topic: &str, token: &str) {
    let yes = optin(person, world.now, topic, OptinStatus::Granted, Some(token), None);
    world.after(yes);
    world.wait(MINUTE);
}

#[test]
fn a_token_that_we_do_not_know_is_added_to_the_topic_with_its_title_and_says_where_it_came_from() {
    let mut world = World::new(&SHOPS[0], ms(START));
    let given = world.now.plus(-30 * DAY);
    let list = pages(&[line(1, "a", TODAY, given), line(1, "b", LUNCH, given)], 1);
    let round = read_list(&mut world, Mode::default(), &list);
    assert_eq!((round.counts.listed, round.counts.added, round.pages), (2, 2, 3));
    for (topic, its) in [("today", "a"), ("lunch", "b")] {
        let consent = consent(&world, 1, topic).unwrap();
        assert_eq!((consent.status, token(&consent)), (Status::Active, its));
        assert_eq!((consent.granted_at, consent.source.as_str()), (given, "meta_list"));
        assert!(world.person(1).unwrap().agreed(&topic_id(topic)));
    }
    let [first, second] = receipts(&world, 1).try_into().unwrap();
    for receipt in [first, second] {
        assert_eq!((&receipt["said"], &receipt["by"]), (&json!("granted"), &json!("meta_list")));
        assert_eq!(receipt["at"], given.rfc3339());
        assert!(receipt["event"].as_str().unwrap().starts_with("list:"), "{receipt}");
        assert!(receipt.get("shown").is_none() && receipt.get("promise").is_none(), "{receipt}");
    }
    let mut kv = Kv::new();
    flush(&world, &mut kv);
    assert_eq!(kv.len(), 2);
    // STOP ends what came from the list as it ends everything.
    world.after(message(1, world.now, "m1", "STOP"));
    assert_eq!(consent(&world, 1, "lunch").unwrap().status, Status::Stopped);
}

#[test]
fn a_token_that_meta_lists_no_more_is_marked_and_lives_again_when_it_is_listed_again() {
    let mut world = World::new(&SHOPS[0], ms(START));
    agrees(&mut world, 1, "today", "a");
    agrees(&mut world, 2, "today", "b");
    let mut kv = Kv::new();
    flush(&world, &mut kv);
    world.wait(2 * HOUR);
    let granted = world.now.plus(-3 * HOUR);
    let both = [line(1, "a", "another title", granted), line(2, "b", TODAY, granted)];
    let round = read_list(&mut world, Mode::default(), &pages(&both, 5));
    assert_eq!(
        (round.counts.known, round.counts.ended),
        (2, 0),
        "a topic stays whatever the title"
    );

    let round = read_list(&mut world, Mode::default(), &pages(&both[1..], 5));
    assert_eq!((round.counts.known, round.counts.ended), (1, 1));
    let gone = consent(&world, 1, "today").unwrap();
    assert_eq!((gone.status, token(&gone)), (Status::Active, "a"), "inside the window they agree");
    assert!(gone.expires_at.unwrap() <= world.now);
    assert!(!world.person(1).unwrap().need_not_be_asked(&topic_id("today")));
    let last = receipts(&world, 1).pop().unwrap();
    assert_eq!((&last["said"], &last["by"]), (&json!("token_ended"), &json!("meta_list")));
    flush(&world, &mut kv);
    let key = format!("subscription:{}:{}:today", world.shop.page.id, person_id(1));
    let value: Value = serde_json::from_str(&kv[&key]).unwrap();
    assert!(value["expires_at"].is_string() && value["status"] == "active", "{value}");

    let again = read_list(&mut world, Mode::default(), &pages(&both[1..], 5));
    assert_eq!((again.counts.ended, again.counts.expired), (0, 0), "it is told of once");
    let round = read_list(&mut world, Mode::default(), &pages(&both, 5));
    assert_eq!((round.counts.renewed, round.counts.known), (1, 1));
    assert_eq!(consent(&world, 1, "today").unwrap().expires_at, None);
    assert!(world.person(1).unwrap().need_not_be_asked(&topic_id("today")));
}

#[test]
fn stop_beats_the_list_until_another_token_was_given_after_it() {
    let mut world = World::new(&SHOPS[0], ms(START));
    agrees(&mut world, 1, "today", "a");
    let before_stop = world.now;
    world.wait(MINUTE);
    world.after(message(1, world.now, "m1", "STOP"));
    let stop = world.now;
    world.wait(DAY);
    let list = |lines: &[Value]| pages(lines, 1);
    let lines = [
        line(1, "a", TODAY, before_stop),
        line(1, "b", TODAY, before_stop),
        line(1, "c", LUNCH, before_stop),
        // The same token cannot have been given anew.
        line(1, "a", TODAY, stop.plus(HOUR)),
        // Nor one in the future: that says nothing.
        line(1, "e", TODAY, stop.plus(400 * DAY)),
    ];
    let round = read_list(&mut world, Mode::default(), &list(&lines));
    assert_eq!((round.counts.stopped, round.counts.added), (3, 0), "{:?}", round.counts);
    assert_eq!(round.counts.unreadable, 1);
    assert_eq!(consent(&world, 1, "today").unwrap().status, Status::Stopped);
    assert!(consent(&world, 1, "lunch").is_none());

    let round =
        read_list(&mut world, Mode::default(), &list(&[line(1, "d", TODAY, stop.plus(HOUR))]));
    assert_eq!(round.counts.added, 1);
    let anew = consent(&world, 1, "today").unwrap();
    assert_eq!((anew.status, token(&anew)), (Status::Active, "d"));
}

#[test]
fn whoever_was_forgotten_stays_forgotten_and_leaves_nothing_behind() {
    let mut world = World::new(&SHOPS[0], ms(START));
    agrees(&mut world, 1, "today", "a");
    let before = world.now;
    world.after(message(1, world.now, "m1", "delete my data"));
    world.wait(SECOND);
    world.after(yes_delete(1, world.now));
    let erased = world.now;
    world.wait(DAY);
    let list = [line(1, "a", TODAY, before), line(1, "b", LUNCH, before)];
    let round = read_list(&mut world, Mode::default(), &pages(&list, 1));
    assert_eq!((round.counts.forgotten, round.counts.added), (2, 0));
    let left = "SELECT count(*) FROM consents UNION ALL SELECT count(*) FROM meta_tokens
                UNION ALL SELECT count(*) FROM people UNION ALL SELECT count(*) FROM receipt_bodies";
    assert!(world.rows(left).iter().all(|row| row[0].int() == Some(0)));
    let list = [line(1, "c", TODAY, erased.plus(HOUR))];
    assert_eq!(read_list(&mut world, Mode::default(), &pages(&list, 1)).counts.added, 1);
}

#[test]
fn what_belongs_to_no_topic_is_counted_by_title_and_not_guessed() {
    let mut world = World::new(&SHOPS[0], ms(START));
    let news = world.shop.topics[2].title.clone();
    world.shop.topics[1].title = news.clone();
    let twice = news.0.values().next().unwrap().clone();
    let given = world.now.plus(-DAY);
    let mut undated = line(5, "u", TODAY, given);
    undated["creation_timestamp"] = json!("soon");
    let mut nobodys = line(6, "n", TODAY, given);
    nobodys["recipient_id"] = Value::Null;
    let lines = [
        line(1, "a", "Friday deals", given),
        line(2, "b", "Friday deals", given),
        line(3, "c", &twice, given),
        line(4, "d", "", given),
        undated,
        nobodys,
        json!("nonsense"),
    ];
    let round = read_list(&mut world, Mode::default(), &pages(&lines, 3));
    let counts = &round.counts;
    assert_eq!((counts.foreign, counts.unreadable, counts.added), (4, 3, 0), "{counts:?}");
    assert_eq!((round.titles["Friday deals"], round.titles[&twice]), (2, 1));
    assert!(consents::is_empty(&world.sql).unwrap());
}

#[test]
fn a_list_that_lacks_more_than_half_is_not_believed_before_the_owner_says_so() {
    let mut world = World::new(&SHOPS[0], ms(START));
    for n in 0..12 {
        agrees(&mut world, n, "today", &format!("t{n}"));
    }
    world.wait(2 * HOUR);
    let empty = pages(&[], 1);
    let dry = read_list(&mut world, Mode { dry_run: true, ..Mode::default() }, &empty);
    assert_eq!(dry.counts.doubted, 12);
    assert_eq!(reconcile::last(&world.sql).unwrap(), None, "a dry run leaves no trace");
    let round = read_list(&mut world, Mode::default(), &empty);
    assert_eq!((round.counts.doubted, round.counts.ended), (12, 0));
    let trouble = reconcile::trouble(&world.sql, world.now).unwrap().unwrap();
    assert!(trouble.contains("12"), "{trouble}");
    let believe = Mode { believe: true, ..Mode::default() };
    assert_eq!(read_list(&mut world, believe, &empty).counts.ended, 12);
    assert_eq!(reconcile::trouble(&world.sql, world.now).unwrap(), None);
}

#[test]
fn a_dry_run_counts_the_same_and_changes_nothing() {
    let mut world = World::new(&SHOPS[0], ms(START));
    agrees(&mut world, 1, "today", "a");
    agrees(&mut world, 2, "today", "b");
    agrees(&mut world, 3, "today", "c");
    world.wait(2 * HOUR);
    let given = world.now.plus(-DAY);
    let list = [line(1, "a", TODAY, given), line(4, "d", LUNCH, given), line(1, "x", LUNCH, given)];
    let before = everything(&world);
    let dry = read_list(&mut world, Mode { dry_run: true, ..Mode::default() }, &pages(&list, 2));
    assert_eq!(everything(&world), before);
    let real = read_list(&mut world, Mode::default(), &pages(&list, 2));
    assert_eq!(dry.counts, real.counts);
    assert_eq!((real.counts.added, real.counts.ended), (2, 2));
    assert_ne!(everything(&world), before);
}

/// What a reading may change.
fn everything(world: &World<'_>) -> Vec<Vec<shopbell::store::Value>> {
    let consents =
        "SELECT topic, channel, person, status, token, granted_at, changed_at, expires_at,
                      source, title FROM consents ORDER BY 1, 2, 3";
    let mut rows = world.rows(consents);
    rows.extend(world.rows("SELECT body FROM people ORDER BY channel, id"));
    rows.extend(world.rows("SELECT link FROM receipts ORDER BY seq"));
    rows.extend(world.rows("SELECT key, value FROM kv_queue ORDER BY key"));
    rows
}

fn failure(class: Class, retry_after_ms: Option<i64>) -> Failure {
    Failure { code: Some(4), subcode: None, class, retry_after_ms, may_have_arrived: false }
}

#[test]
fn a_page_that_fails_comes_again_and_nothing_is_taken_back_on_half_a_list() {
    let mut world = World::new(&SHOPS[0], ms(START));
    agrees(&mut world, 1, "today", "a");
    agrees(&mut world, 2, "today", "b");
    world.wait(2 * HOUR);
    let list = pages(&[line(1, "a", TODAY, ms(START)), line(2, "b", TODAY, ms(START))], 1);
    let mut round = reconcile::begin(&world.sql, Mode::default(), world.now).unwrap().unwrap();
    // Expired tokens, and the first page.
    steps(&mut world, &mut round, &list, &Kv::new(), 2);
    assert_eq!((round.phase, round.pages), (Phase::List, 1));
    let now = world.now;
    reconcile::failed(
        &world.sql,
        &mut round,
        Some(&failure(Class::SlowPage, Some(7 * MINUTE))),
        now,
    )
    .unwrap();
    assert_eq!(round.next_at, now.plus(7 * MINUTE));
    assert_eq!(reconcile::due(&world.sql, now.plus(6 * MINUTE)).unwrap(), None);
    // The process dies here: the round is in the tables.
    let mut kept = reconcile::due(&world.sql, now.plus(7 * MINUTE)).unwrap().unwrap();
    assert_eq!(kept, round);
    world.wait(7 * MINUTE);
    steps(&mut world, &mut kept, &list, &Kv::new(), 100);
    assert_eq!((kept.counts.known, kept.counts.ended), (2, 0));

    // A dead token is no passing trouble.
    let mut round = reconcile::begin(&world.sql, Mode::default(), world.now).unwrap().unwrap();
    steps(&mut world, &mut round, &list, &Kv::new(), 2);
    reconcile::failed(&world.sql, &mut round, Some(&failure(Class::TokenInvalid, None)), world.now)
        .unwrap();
    assert!(round.failed.is_some() && round.ended_at.is_some());
    // And passing trouble is one that does not pass.
    world.wait(DAY);
    let mut round = reconcile::begin(&world.sql, Mode::default(), world.now).unwrap().unwrap();
    for _ in 0..50 {
        if round.ended_at.is_none() {
            reconcile::failed(&world.sql, &mut round, None, world.now).unwrap();
        }
    }
    assert_eq!(round.failed.as_deref(), Some("no answer"));
    assert_eq!(consent(&world, 1, "today").unwrap().expires_at, None);
    assert_eq!(reconcile::trouble(&world.sql, world.now).unwrap(), None, "one bad day");
    world.wait(DAY + HOUR);
    assert!(reconcile::trouble(&world.sql, world.now).unwrap().is_some(), "two");
    read_list(&mut world, Mode::default(), &list);
    assert_eq!(reconcile::trouble(&world.sql, world.now).unwrap(), None);
}

#[test]
fn it_is_read_once_a_day_and_by_one_reading_at_a_time() {
    let mut world = World::new(&SHOPS[0], ms(START));
    let list = pages(&[], 1);
    let mut days = 0;
    for _ in 0..(4 * 24) {
        world.wait(HOUR);
        reconcile::daily(&world.sql, &world.shop, 0, world.now).unwrap();
        if let Some(mut round) = reconcile::due(&world.sql, world.now).unwrap() {
            days += 1;
            let other = Mode { dry_run: true, ..Mode::default() };
            assert_eq!(reconcile::begin(&world.sql, other, world.now).unwrap(), None);
            let same = reconcile::begin(&world.sql, Mode::default(), world.now).unwrap().unwrap();
            assert_eq!(same.id, round.id);
            steps(&mut world, &mut round, &list, &Kv::new(), 100);
        }
    }
    assert!((4..=5).contains(&days), "{days}");
}

#[test]
fn an_emptied_desk_is_filled_from_kv_and_the_list_and_keeps_what_was_ended() {
    let mut world = World::new(&SHOPS[0], ms(START));
    let mut kv = Kv::new();
    for n in 1..=4 {
        agrees(&mut world, n, "today", &format!("t{n}"));
        agrees(&mut world, n, "lunch", &format!("l{n}"));
    }
    flush(&world, &mut kv);
    world.after(message(2, world.now, "m2", "STOP"));
    let stopped_at = world.now;
    world.wait(MINUTE);
    world.after(message(3, world.now, "m3", "delete my data"));
    world.wait(SECOND);
    world.after(yes_delete(3, world.now));
    world.wait(MINUTE);
    flush(&world, &mut kv);
    assert!(!kv.values().any(|value| value.contains(person_id(3).as_str())), "{kv:?}");
    let before = consents_of(&world);
    // Meta lists all of them still, and one that we never heard of.
    let mut lines = Vec::new();
    for n in 1..=4 {
        lines.push(line(n, &format!("t{n}"), TODAY, ms(START)));
        lines.push(line(n, &format!("l{n}"), LUNCH, ms(START)));
    }
    lines.push(line(9, "n9", TODAY, ms(START)));
    // Nonsense in KV is passed over.
    let page = world.shop.page.id.clone();
    kv.insert(format!("subscription:{page}:7:today"), "{".to_owned());
    kv.insert(format!("subscription:{page}:7:lunch"), kv.values().next().unwrap().clone());
    kv.insert(format!("tombstone:{page}:x"), "[]".to_owned());

    let mut empty = World::new(&SHOPS[0], world.now.plus(DAY));
    let mut round = reconcile::begin(&empty.sql, Mode::default(), empty.now).unwrap().unwrap();
    steps(&mut empty, &mut round, &pages(&lines, 3), &kv, 10_000);
    let counts = &round.counts;
    assert_eq!((counts.restored, counts.forgotten, counts.added), (6, 2, 1), "{counts:?}");
    assert_eq!((counts.stopped, counts.unreadable, counts.ended), (2, 3, 0), "{counts:?}");
    let mut after = consents_of(&empty);
    after.retain(|row| row[2].text() != Some(person_id(9).as_str()));
    assert_eq!(after, before);
    assert_eq!(consent(&empty, 2, "today").unwrap().changed_at, stopped_at);
    assert!(empty.person(1).unwrap().agreed(&topic_id("lunch")));
    for (n, said) in [(1, "granted"), (2, "stopped")] {
        for receipt in receipts(&empty, n) {
            assert_eq!((&receipt["said"], &receipt["by"]), (&json!(said), &json!("kv")));
        }
    }
    // What KV has needs no writing.
    let owed = kv_queue::due(&empty.sql, empty.now.plus(DAY), 100).unwrap();
    assert_eq!(owed.len(), 1, "{owed:?}");
}

fn consents_of(world: &World<'_>) -> Vec<Vec<shopbell::store::Value>> {
    world.rows(
        "SELECT topic, channel, person, status, token, granted_at, changed_at, source FROM consents
         ORDER BY 1, 2, 3",
    )
}

#[test]
fn a_stop_in_kv_without_its_moment_counts_as_said_when_it_is_read() {
    let mut world = World::new(&SHOPS[0], ms(START));
    agrees(&mut world, 1, "today", "a");
    let mut kv = Kv::new();
    flush(&world, &mut kv);
    for value in kv.values_mut() {
        *value = value.replace("\"active\"", "\"stopped\"");
    }
    let mut empty = World::new(&SHOPS[0], world.now.plus(30 * DAY));
    let mut round = reconcile::begin(&empty.sql, Mode::default(), empty.now).unwrap().unwrap();
    let list = [line(1, "b", TODAY, world.now.plus(20 * DAY))];
    steps(&mut empty, &mut round, &pages(&list, 3), &kv, 10_000);
    assert_eq!((round.counts.restored, round.counts.stopped, round.counts.added), (1, 1, 0));
    assert_eq!(consent(&empty, 1, "today").unwrap().status, Status::Stopped);
}

#[test]
fn a_token_whose_own_day_has_come_leaves_a_receipt_once() {
    let mut world = World::new(&SHOPS[0], ms(START));
    agrees(&mut world, 1, "today", "a");
    let end = world.now.plus(DAY);
    let mut its = consent(&world, 1, "today").unwrap();
    its.expires_at = Some(end);
    consents::save(&world.sql, &its).unwrap();
    world.wait(2 * DAY);
    for (round, expired) in [(1, 1), (2, 0)] {
        let read = read_list(&mut world, Mode::default(), &pages(&[], 1));
        assert_eq!((read.counts.expired, read.counts.ended), (expired, 0), "{round}");
    }
    let [_, last] = receipts(&world, 1).try_into().unwrap();
    assert_eq!((&last["said"], &last["by"]), (&json!("token_ended"), &json!("expiry")));
    assert_eq!(last["at"], end.rfc3339());
}

// --- whatever the list says ---

#[derive(Clone, Debug)]
enum Did {
    Agrees { person: usize, topic: usize, token: usize },
    Stops { person: usize },
    Ends { person: usize, topic: usize },
    Deletes { person: usize },
}

const TOPICS: [&str; 2] = ["today", "lunch"];
const TITLES: [&str; 3] = [TODAY, LUNCH, "no topic"];

fn did() -> impl Strategy<Value = Did> {
    let (person, topic, token) = (0..3_usize, 0..2_usize, 0..4_usize);
    prop_oneof![
        4 => (person.clone(), topic.clone(), token)
            .prop_map(|(person, topic, token)| Did::Agrees { person, topic, token }),
        1 => person.clone().prop_map(|person| Did::Stops { person }),
        1 => (person.clone(), topic).prop_map(|(person, topic)| Did::Ends { person, topic }),
        1 => person.prop_map(|person| Did::Deletes { person }),
    ]
}

#[derive(Clone, Debug)]
struct Said {
    person: usize,
    token: usize,
    title: usize,
    /// Hours from the start; what people do happens in the first forty.
    created: i64,
    stopped: bool,
}

fn said() -> impl Strategy<Value = Said> {
    (0..3_usize, 0..6_usize, 0..3_usize, 0..60_i64, prop::bool::weighted(0.1)).prop_map(
        |(person, token, title, created, stopped)| Said { person, token, title, created, stopped },
    )
}

fn name(person: usize, token: usize) -> String {
    format!("{person}-{token}")
}

/// A world in which people did things, one every two hours.
fn lived(did: &[Did]) -> World<'static> {
    let mut world = World::new(&SHOPS[0], ms(START));
    for (n, one) in did.iter().enumerate() {
        match one {
            Did::Agrees { person, topic, token } => {
                agrees(&mut world, *person, TOPICS[*topic], &name(*person, *token));
            }
            Did::Stops { person } => {
                world.after(message(*person, world.now, &format!("s{n}"), "STOP"));
            }
            Did::Ends { person, topic } => {
                let stop = OptinStatus::Stopped;
                world.after(optin(*person, world.now, TOPICS[*topic], stop, None, None));
            }
            Did::Deletes { person } => {
                world.after(message(*person, world.now, &format!("d{n}"), "delete my data"));
                world.wait(SECOND);
                world.after(yes_delete(*person, world.now));
            }
        }
        world.now = ms(START).plus(i64::try_from(n + 1).unwrap() * 2 * HOUR);
    }
    world.now = ms(START).plus(100 * HOUR);
    world
}

/// The lines, in which a token has the title of the topic that it was given for.
fn lines(did: &[Did], said: &[Said]) -> Vec<Value> {
    let topic = |said: &Said| {
        did.iter().rev().find_map(|did| match did {
            Did::Agrees { person, topic, token } => {
                (*person == said.person && *token == said.token).then_some(*topic)
            }
            _ => None,
        })
    };
    let line = |said: &Said| {
        let created = ms(START).plus(said.created * HOUR + MINUTE);
        let token = name(said.person, said.token);
        let mut line =
            line(said.person, &token, TITLES[topic(said).unwrap_or(said.title)], created);
        if said.stopped {
            line["notification_messages_status"] = json!("STOP_NOTIFICATIONS");
        }
        line
    };
    // A token has one line, or the same line several times.
    let mut by_token = BTreeMap::new();
    for one in said {
        by_token.entry((one.person, one.token)).or_insert_with(|| line(one));
    }
    by_token.into_values().collect()
}

/// What became of it, but for the moment at which a token was marked as ended.
fn outcome(world: &World<'_>) -> Vec<Vec<shopbell::store::Value>> {
    world.rows(
        "SELECT topic, channel, person, status, token, granted_at, expires_at IS NOT NULL
         FROM consents ORDER BY 1, 2, 3",
    )
}

fn config(cases_: u32) -> ProptestConfig {
    ProptestConfig { cases: cases(cases_), ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config(150))]

    #[test]
    fn no_list_brings_back_whom_stop_or_a_deletion_ended(
        did in vec(did(), 0..20),
        said in vec(said(), 0..14),
        size in 1..5_usize,
    ) {
        let mut world = lived(&did);
        let active = |world: &World<'_>| -> BTreeMap<(String, String), String> {
            let rows = world.rows("SELECT person, topic, token FROM consents WHERE status = 'active'");
            let text = |v: &shopbell::store::Value| v.text().unwrap_or_default().to_owned();
            rows.iter().map(|row| ((text(&row[0]), text(&row[1])), text(&row[2]))).collect()
        };
        let before = active(&world);
        // When each person, and each of their topics, was last ended.
        let mut ended: BTreeMap<(String, Option<&str>), UnixMs> = BTreeMap::new();
        for (n, one) in did.iter().enumerate() {
            let at = ms(START).plus(i64::try_from(n).unwrap() * 2 * HOUR);
            let key = match one {
                Did::Stops { person } | Did::Deletes { person } => (person, None),
                Did::Ends { person, topic } => (person, Some(TOPICS[*topic])),
                Did::Agrees { .. } => continue,
            };
            ended.insert((person_id(*key.0).as_str().to_owned(), key.1), at);
        }
        let lines = lines(&did, &said);
        let mut list = lines.clone();
        list.extend(lines.iter().rev().take(3).cloned());
        let mode = Mode { believe: true, ..Mode::default() };
        let round = read_list(&mut world, mode, &pages(&list, size));
        for ((person, topic), token) in active(&world) {
            if before.contains_key(&(person.clone(), topic.clone())) {
                continue;
            }
            let line = lines.iter().find(|line| line["notification_messages_token"] == *token).unwrap();
            prop_assert_eq!(line.get("notification_messages_status"), None);
            let created = UnixMs::new(line["creation_timestamp"].as_i64().unwrap() * 1000);
            for key in [(person.clone(), None), (person.clone(), Some(topic.as_str()))] {
                if let Some(at) = ended.get(&key) {
                    prop_assert!(created > *at, "{} {} at {:?}", person, topic, at);
                }
            }
        }

        // The same list again changes nothing.
        let after = outcome(&world);
        let receipts = world.number("SELECT count(*) FROM receipts");
        let again = read_list(&mut world, mode, &pages(&list, size));
        prop_assert_eq!(outcome(&world), after);
        prop_assert_eq!(world.number("SELECT count(*) FROM receipts"), receipts);
        let changes = (again.counts.added, again.counts.renewed, again.counts.ended);
        prop_assert_eq!(changes, (0, 0, 0), "{:?} after {:?}", again.counts, round.counts);
        prop_assert_eq!(listed::next(&world.sql, 10).unwrap(), vec![]);
    }

    #[test]
    fn no_order_of_lines_and_no_size_of_pages_changes_what_comes_of_it(
        did in vec(did(), 0..16),
        said in vec(said(), 0..12),
        sizes in (1..5_usize, 1..20_usize),
        turn in 0..12_usize,
    ) {
        let list = lines(&did, &said);
        let mut other = list.clone();
        let turn = if other.is_empty() { 0 } else { turn % other.len() };
        other.rotate_left(turn);
        other.reverse();
        other.extend(list.iter().take(2).cloned());
        let mode = Mode { believe: true, ..Mode::default() };
        let (mut one, mut two) = (lived(&did), lived(&did));
        read_list(&mut one, mode, &pages(&list, sizes.0));
        read_list(&mut two, mode, &pages(&other, sizes.1));
        prop_assert_eq!(outcome(&one), outcome(&two));
    }

    #[test]
    fn no_answer_makes_it_panic_and_none_is_taken_for_an_empty_list(
        body in "[\\[\\]{}\":,a-z0-9 \\\\]{0,60}",
        field in 0..8_usize,
        value in prop_oneof![
            Just(json!(null)), Just(json!([])), Just(json!({"a": [1]})), Just(json!(true)),
            Just(json!(-1)), Just(json!(1e300)), Just(json!(u64::MAX)), Just(json!("")),
            Just(json!("9999999999999999999999")), Just(json!("\u{0}\u{202e}")),
            Just(json!("a".repeat(5_000))),
        ],
    ) {
        let reply = Reply { status: 200, retry_after_s: None, body: body.as_bytes() };
        if let Ok(page) = tokens::read(&reply) {
            prop_assert!(body.contains("data"), "{body}: {page:?}");
        }
        let fields = ["notification_messages_token", "recipient_id", "creation_timestamp",
            "topic_title", "notification_messages_timezone", "token_expiry_timestamp",
            "next_eligible_time", "notification_messages_status"];
        let mut world = lived(&[Did::Agrees { person: 0, topic: 0, token: 0 }]);
        let mut bad = line(0, &name(0, 0), TODAY, ms(START));
        bad[fields[field]] = value;
        let round = read_list(&mut world, Mode::default(), &pages(&[bad], 1));
        prop_assert!(round.counts.listed + round.counts.unreadable >= 1);
        // Never silenced for ever by what one line says of the next message.
        let its = consent(&world, 0, "today").unwrap();
        prop_assert!(its.next_eligible_at.is_none_or(|at| at <= world.now.plus(32 * DAY)));
    }
}
