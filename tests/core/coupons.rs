//! Coupons: who gets a code, that none is redeemed twice however calls interleave, and that no more
//! are given than the owner has, over several Desks and whatever crashes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use crate::common_core::*;
use proptest::collection::vec;
use proptest::prelude::*;
use shopbell::desk::coupons::act::{self, Act};
use shopbell::desk::coupons::redeeming::{self, By};
use shopbell::desk::coupons::{giving, tills};
use shopbell::desk::decide::{Context, Host};
use shopbell::desk::inbox;
use shopbell::desk::person::Person;
use shopbell::entry::coupons::{Redeemed, Shown};
use shopbell::meta::event::{Channel, Event, OptinStatus};
use shopbell::meta::ids::{CouponId, OfferId};
use shopbell::outreach::offers::{self, Opened};
use shopbell::outreach::{planner, steps};
use shopbell::shop::coupon_codes::CouponCode;
use shopbell::store::coupons::{self, orders};
use shopbell::store::native::Sqlite;
use shopbell::store::{Sql, facts, moving, people, schema};
use shopbell::time::{DAY, HOUR, MINUTE, SECOND, UnixMs};

static SHOP: LazyLock<Open> = LazyLock::new(|| {
    compile(
        r#"
[shop]
name = "Soup"
languages = ["en", "lt"]
time_zone = "Europe/Vilnius"
country = "LT"
[[page]]
id = "1029384756"
username = "soup"
instagram_id = "17841400000000001"
[privacy]
controller = "Soup"
contact = "a@soup.example"
legal_basis = "consent"
keep_receipts_months = 12
[[topic]]
id = "daily"
title.en = "Soup of the day"
promise = "daily"
coupon = "hello"
[[poster]]
code = "DOOR"
text.en = "Welcome"
coupon = "few"
[[poster]]
code = "TABLE"
text.en = "Sit down"
coupon = "few"
[[faq]]
id = "coupon"
title.en = "Coupon"
ask.en = ["is there a coupon", "do you have a coupon", "coupon please", "any discount", "can i get a discount"]
keywords.en = ["coupon"]
answer.en = "There is:"
coupon = "pair"
[[form]]
id = "taste"
title.en = "Taste"
confirm = false
coupon = "hello"
[[form.question]]
id = "like"
title.en = "Like"
ask.en = "Which one?"
kind = "choice"
options = [{ id = "red", title.en = "Red" }, { id = "green", title.en = "Green" }]
[[notification]]
id = "friday"
topic = "daily"
text.en = "Half a bowl: {coupon}, until {coupon_until}."
coupon = "few"
schedule = { every = "day", at = "10:00" }
[[sequence]]
id = "after"
topic = "daily"
start = { tags = ["bought"] }
[[sequence.step]]
id = "1"
after_days = 1
text.en = "How was it?"
[[sequence]]
id = "before"
topic = "daily"
start = { consent = true }
stop_tags = ["bought"]
[[sequence.step]]
id = "1"
after_days = 30
text.en = "Still hungry?"
[[coupon]]
id = "few"
title.en = "Half a bowl"
total = 4
days = 7
tags = ["bought"]
[[coupon]]
id = "pair"
title.en = "A second bowl"
text.en = "Yours, {first_name|friend}: {coupon}."
per_person = 2
until = 2026-12-24
[[coupon]]
id = "hello"
title.en = "Bread"
"#,
    )
});

const START: &str = "2026-11-20T08:30:00Z";

fn coupon(id: &str) -> CouponId {
    CouponId::new(id).unwrap()
}

/// A Desk of a Page that has several.
fn desk(shard: u32) -> Sqlite {
    let sql = Sqlite::in_memory().unwrap();
    schema::migrate(&sql).unwrap();
    let name = serde_json::json!({ "page": "1029384756", "shard": shard });
    facts::set(&sql, facts::NAME, &name).unwrap();
    giving::prepare(&sql, &SHOP.shop, [shard as u8 + 1; 16], Some("https://s.example")).unwrap();
    sql
}

/// The same event at a Desk, with random bits of its own.
fn take(sql: &Sqlite, shard: u32, event: Event, seed: u8, now: UnixMs) {
    let host =
        Host { seed: [seed; 16], public_url: Some("https://s.example"), shard, ..Host::default() };
    let context = Context { host, ..context(&SHOP) };
    let report = inbox::take(sql, context, &[event], now).unwrap();
    assert_eq!((report.handled, report.parked), (1, 0));
}

fn typed(person: usize, at: UnixMs, text: &str) -> Event {
    message(person, at, &format!("m{person}-{}-{text}", at.get()), text)
}

fn held(sql: &Sqlite, person: usize, id: &str) -> Vec<CouponCode> {
    let known: Option<Person> = people::load(sql, Channel::Messenger, &person_id(person)).unwrap();
    let held = known.and_then(|mut person| person.coupons.remove(&coupon(id)));
    held.unwrap_or_default().into_iter().map(|held| held.code).collect()
}

/// What waits to be sent, in order.
fn said(sql: &Sqlite) -> Vec<String> {
    let rows = sql.query("SELECT content FROM outbox ORDER BY id", &[]).unwrap();
    rows.iter().map(|row| row[0].text().unwrap().to_owned()).collect()
}

fn till(sql: &Sqlite, name: &str, now: UnixMs) -> By {
    let key = format!("hash of {name}");
    let made = act::answer(sql, None, &Act::AddTill(name.into(), name.into(), key), now).unwrap();
    assert_eq!(made["name"], name);
    By::Till { id: name.to_owned(), last: true }
}

fn redeem(sql: &Sqlite, code: &CouponCode, by: &By, now: UnixMs) -> Redeemed {
    redeeming::redeem(sql, Some(&SHOP.shop), code, by, now).unwrap()
}

/// A code that nobody has.
fn made_up(n: u64) -> CouponCode {
    let mut bits = [0xa5; 16];
    bits[..8].copy_from_slice(&n.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_le_bytes());
    CouponCode::made(bits)
}

/// Carries a Desk's orders to the registrar and back, as the Worker does. `dies` after the registrar
/// has committed and before the answer is noted.
fn carry(registrar: &Sqlite, from: &Sqlite, dies: bool, now: UnixMs) {
    let asked = orders::asked(from, giving::AT_ONCE).unwrap();
    let wanted: Vec<_> = asked.iter().map(|order| order.new.clone()).collect();
    let entered = giving::answer(registrar, &SHOP.shop, &wanted).unwrap();
    if !dies {
        giving::answered(from, &SHOP.shop, &asked, &entered, now).unwrap();
    }
}

#[test]
fn the_same_occasion_gives_the_same_code_and_another_one_a_new_one_up_to_the_limit() {
    let (sql, mut now) = (desk(0), ms(START));
    take(&sql, 0, typed(1, now, "DOOR"), 1, now);
    let first = held(&sql, 1, "few");
    assert_eq!(first.len(), 1);
    let words = said(&sql).join("\n");
    let code = &first[0];
    assert!(words.contains(&format!("Half a bowl\\n{code}\\n")), "{words}");
    assert!(words.contains(&format!("https://s.example/c/{code}")), "{words}");
    assert!(words.contains("27 Nov") || words.contains("Nov 27"), "the last day: {words}");
    // Again, and by another poster: one for each person.
    for (n, text) in ["DOOR", "TABLE", "DOOR"].into_iter().enumerate() {
        now = now.plus(HOUR);
        take(&sql, 0, typed(1, now, text), 10 + n as u8, now);
        assert_eq!(held(&sql, 1, "few"), first, "{text}");
        assert!(said(&sql).last().unwrap().contains(code.as_str()));
    }
    // Two for each person: one for each occasion, and the first again.
    take(&sql, 0, typed(2, now, "coupon"), 20, now);
    now = now.plus(MINUTE);
    take(&sql, 0, typed(2, now, "coupon"), 21, now);
    assert_eq!(held(&sql, 2, "pair").len(), 1);
    assert!(said(&sql).last().unwrap().contains("Yours, friend: "));
    // Its last day has passed.
    now = ms("2026-12-25T08:00:00Z");
    take(&sql, 0, typed(3, now, "coupon"), 22, now);
    assert!(held(&sql, 3, "pair").is_empty());
    assert!(said(&sql).last().unwrap().contains("not available any more"));
    let sums = coupons::sums(&sql).unwrap();
    let given: Vec<_> = sums.iter().map(|sum| (sum.coupon.as_str(), sum.issued)).collect();
    assert_eq!(given, [("few", 1), ("pair", 1)]);
}

#[test]
fn when_it_was_used_the_next_occasion_gives_another_until_the_limit_is_reached() {
    let (sql, mut now) = (desk(0), ms(START));
    let by = till(&sql, "Till", now);
    let mut seen = BTreeSet::new();
    for n in 0..4_u8 {
        take(&sql, 0, typed(1, now, "coupon"), n, now);
        let held = held(&sql, 1, "pair");
        let newest = held.last().unwrap().clone();
        let outcome = redeem(&sql, &newest, &by, now);
        assert_eq!(matches!(outcome, Redeemed::Now { .. }), seen.insert(newest), "round {n}");
        now = now.plus(HOUR);
    }
    assert_eq!(seen.len(), 2, "two for each person");
}

#[test]
fn a_consent_and_the_end_of_a_form_give_their_coupon_once_for_each_person() {
    let mut world = World::new(&SHOP, ms(START));
    world.take(&[typed(1, world.now, "hi")]);
    let heard = world.after(optin(1, world.now, "daily", OptinStatus::Granted, Some("t"), None));
    let words: Vec<String> = heard.iter().map(shown).collect();
    assert!(words.last().unwrap().starts_with("Bread\n"), "{words:?}");
    let codes: Vec<_> = held(&world.sql, 1, "hello");
    assert_eq!(codes.len(), 1);
    // The form gives the same coupon: one for each person, so the same code.
    world.wait(MINUTE);
    world.after(postback(1, world.now, "sb:form:taste", None));
    world.wait(MINUTE);
    let heard = world.after(typed(1, world.now, "Red"));
    assert!(heard.iter().any(|said| shown(said).contains(codes[0].as_str())), "{heard:?}");
    assert_eq!(held(&world.sql, 1, "hello"), codes);
    assert_eq!(coupons::issued(&world.sql, &coupon("hello")).unwrap(), 1);
}

#[test]
fn what_could_not_be_said_was_not_given() {
    let (sql, now) = (desk(0), ms(START));
    // Opting in does not open the window, and nobody may write.
    let yes = optin(1, now, "daily", OptinStatus::Granted, Some("t"), None);
    take(&sql, 0, yes, 1, now);
    assert!(held(&sql, 1, "hello").is_empty());
    assert_eq!(coupons::issued(&sql, &coupon("hello")).unwrap(), 0);
}

#[test]
fn a_till_redeems_once_and_the_second_is_told_when_and_by_whom() {
    let (sql, now) = (desk(0), ms(START));
    take(&sql, 0, typed(1, now, "DOOR"), 1, now);
    take(&sql, 0, optin(1, now, "daily", OptinStatus::Granted, Some("t"), None), 2, now);
    let code = held(&sql, 1, "few").remove(0);
    let show = |now| -> Option<Shown> {
        serde_json::from_value(act::answer(&sql, None, &Act::Show(code.clone()), now).unwrap())
            .unwrap()
    };
    for _ in 0..2 {
        assert_eq!(show(now).unwrap().redeemed_at, None, "showing redeems nothing");
    }
    let (one, two) = (till(&sql, "One", now), till(&sql, "Two", now));
    let at = now.plus(MINUTE);
    assert!(matches!(redeem(&sql, &code, &one, at), Redeemed::Now { .. }));
    let again = redeem(&sql, &code, &two, at.plus(SECOND));
    assert_eq!(again, Redeemed::Already { coupon: coupon("few"), at, by: "One".to_owned() });
    assert_eq!(show(at).unwrap().redeemed_at, Some(at));
    // The person has the tag, one sequence has begun by it, and another is over.
    let person: Person = people::load(&sql, Channel::Messenger, &person_id(1)).unwrap().unwrap();
    assert!(person.tags.contains("bought"));
    let begun = sql.query("SELECT sequence FROM places ORDER BY sequence", &[]).unwrap();
    let begun: Vec<_> = begun.iter().map(|row| row[0].text().unwrap().to_owned()).collect();
    assert_eq!(begun, ["after", "before"]);
    let due = now.plus(31 * DAY);
    planner::tick(&sql, &SHOP.shop, due).unwrap();
    let ended = sql.query("SELECT ended FROM places WHERE sequence = 'before'", &[]).unwrap();
    assert_eq!(ended[0][0].text(), Some("tag"));
    let funnel = sql.query("SELECT source, n FROM funnel WHERE stage = 'redeemed'", &[]).unwrap();
    assert_eq!((funnel[0][0].text(), funnel[0][1].int()), (Some("poster:DOOR"), Some(1)));
}

#[test]
fn a_code_whose_time_is_over_is_refused_and_one_is_forgotten_with_its_person_but_stays_good() {
    let (sql, now) = (desk(0), ms(START));
    let by = till(&sql, "Till", now);
    for person in [1, 2] {
        take(&sql, 0, typed(person, now, "DOOR"), person as u8, now);
    }
    let (ona, tom) = (held(&sql, 1, "few").remove(0), held(&sql, 2, "few").remove(0));
    let until = coupons::get(&sql, &ona).unwrap().unwrap().new.until.unwrap();
    assert_eq!(until, ms("2026-11-27T22:00:00Z"), "the end of the seventh day in Vilnius");
    people::erase(&sql, Channel::Messenger, &person_id(2), "hash", now).unwrap();
    let rows = sql.query("SELECT code FROM coupon_holders", &[]).unwrap();
    assert_eq!(rows.len(), 1, "nothing says whose the other one was");
    assert!(matches!(redeem(&sql, &tom, &by, until.plus(-1)), Redeemed::Now { .. }));
    assert_eq!(redeem(&sql, &ona, &by, until), Redeemed::Over { coupon: coupon("few"), until });
    let sums = coupons::sums(&sql).unwrap();
    assert_eq!((sums[0].issued, sums[0].redeemed), (2, 1));
}

#[test]
fn wrong_codes_make_a_till_wait_and_all_of_them_together_the_page() {
    let (sql, now) = (desk(0), ms(START));
    take(&sql, 0, typed(1, now, "DOOR"), 1, now);
    let code = held(&sql, 1, "few").remove(0);
    let by = till(&sql, "Till", now);
    for n in 0..5 {
        assert!(matches!(redeem(&sql, &made_up(n), &by, now), Redeemed::Unknown { .. }));
    }
    // Not even the right one is looked up while it waits.
    let waits = redeem(&sql, &code, &by, now);
    let Redeemed::Wait { until } = waits else { panic!("{waits:?}") };
    assert_eq!(until, now.plus(SECOND));
    assert!(matches!(redeem(&sql, &code, &by, until.plus(-1)), Redeemed::Wait { .. }));
    assert!(matches!(redeem(&sql, &code, &by, until), Redeemed::Now { .. }));
    // Being right is forgiven; many tills are one Page.
    let mut at = until;
    let mut looked_up = 0;
    for n in 0..200 {
        let name = format!("Till {n}");
        let by =
            if n % 3 == 0 && n < 90 { till(&sql, &name, at) } else { By::Owner { last: true } };
        at = at.plus(10);
        match redeem(&sql, &made_up(1_000 + n), &by, at) {
            Redeemed::Unknown { .. } => looked_up += 1,
            Redeemed::Wait { .. } => {}
            other => panic!("{other:?}"),
        }
    }
    assert!((20..=23).contains(&looked_up), "{looked_up}");
    assert!(tills::waits(&sql, None, at).unwrap().is_some());
    assert!(matches!(redeem(&sql, &code, &by, at.plus(HOUR)), Redeemed::Already { .. }));
}

#[test]
fn a_till_that_is_revoked_or_unknown_redeems_nothing() {
    let (sql, now) = (desk(0), ms(START));
    take(&sql, 0, typed(1, now, "DOOR"), 1, now);
    let code = held(&sql, 1, "few").remove(0);
    let by = till(&sql, "Bar", now);
    let ask = |act: Act| act::answer(&sql, None, &act, now).unwrap();
    assert_eq!(ask(Act::SignIn("hash of Bar".into()))["name"], "Bar");
    assert!(ask(Act::AddTill("x".into(), " bar ".into(), "k".into()))["error"].is_string());
    assert!(ask(Act::AddTill("x".into(), "a\nb".into(), "k".into()))["error"].is_string());
    assert_eq!(ask(Act::RevokeTill("Bar".into()))["revoked"], "Bar");
    assert!(ask(Act::SignIn("hash of Bar".into())).is_null());
    assert_eq!(redeem(&sql, &code, &by, now), Redeemed::NoTill);
    let stranger = By::Till { id: "nobody".into(), last: true };
    assert_eq!(redeem(&sql, &code, &stranger, now), Redeemed::NoTill);
    assert_eq!(ask(Act::AddTill("y".into(), "Bar".into(), "k".into()))["name"], "Bar");
}

#[test]
fn a_notification_brings_each_a_code_of_their_own_and_whoever_gets_none_is_held() {
    let mut world = World::new(&SHOP, ms(START));
    giving::prepare(&world.sql, &world.shop, [9; 16], Some("https://s.example")).unwrap();
    for n in 0..6 {
        world.take(&[typed(n, world.now, "hi")]);
        world.take(&[optin(n, world.now, "daily", OptinStatus::Granted, Some("t"), None)]);
    }
    world.drain();
    world.now = ms("2026-11-21T08:00:00Z"); // 10:00 in Vilnius
    for _ in 0..3 {
        world.tick();
    }
    world.drain();
    let brought: Vec<String> = world
        .taken
        .iter()
        .map(|sent| shown(&sent.content))
        .filter(|text| text.starts_with("Half a bowl: "))
        .collect();
    assert_eq!(brought.len(), 4, "as many as there are: {brought:?}");
    let codes: BTreeSet<&str> = brought.iter().map(|text| &text[13..27]).collect();
    assert_eq!(codes.len(), 4);
    assert!(codes.iter().all(|code| CouponCode::read(code).is_ok()), "{codes:?}");
    assert_eq!(world.count("held.no_coupon"), 2);
    assert_eq!(coupons::issued(&world.sql, &coupon("few")).unwrap(), 4);
}

/// A shop with an offer that brings a coupon, and a sequence whose step does.
static OFFERS: LazyLock<Open> = LazyLock::new(|| {
    compile(
        r#"
[shop]
name = "Soup"
languages = ["en"]
time_zone = "Europe/Vilnius"
country = "LT"
[[page]]
id = "1029384756"
username = "soup"
[privacy]
controller = "Soup"
contact = "a@soup.example"
legal_basis = "consent"
keep_receipts_months = 12
[[topic]]
id = "daily"
title.en = "Soup of the day"
promise = "daily"
[[offer]]
id = "goulash"
topic = "daily"
title.en = "Goulash"
start = { text.en = "Goulash is on: {coupon}", coupon = "few" }
[[poster]]
code = "DOOR"
text.en = "Goulash soon"
buttons = [{ title.en = "Tell me", remind = "goulash" }]
[[sequence]]
id = "welcome"
topic = "daily"
start = { consent = true }
[[sequence.step]]
id = "1"
after_minutes = 60
text.en = "For you: {coupon}"
coupon = "few"
[[coupon]]
id = "few"
title.en = "Half a bowl"
tags = ["bought"]
"#,
    )
});

#[test]
fn whoever_hears_of_an_offer_for_the_last_time_has_the_coupon_that_it_brings() {
    let mut world = World::new(&OFFERS, ms(START));
    giving::prepare(&world.sql, &world.shop, [9; 16], None).unwrap();
    world.take(&[typed(1, world.now, "hi")]);
    world.take(&[optin(1, world.now, "daily", OptinStatus::Granted, Some("t"), None)]);
    world.drain();
    world.take(&[postback(1, world.now, "sb:remind:goulash", None)]);
    world.drain();
    let goulash = OfferId::new("goulash").unwrap();
    let open = |world: &World<'_>| {
        let opened = offers::open(&world.sql, &world.shop, &goulash, world.now).unwrap();
        assert_eq!(opened, Opened::Now);
    };
    open(&world);
    world.go_on();
    world.drain();
    let said = world.heard(1);
    let said = said.last().unwrap().strip_prefix("Goulash is on: ").unwrap().to_owned();
    let code = CouponCode::read(&said).unwrap();
    let person = world.person(1).unwrap();
    assert!(person.wishes.is_empty(), "their wish is granted");
    let held: Vec<_> = person.coupons[&coupon("few")].iter().map(|held| &held.code).collect();
    assert_eq!(held, [&code]);
    // It is noted when they use it, and it counts: one for each person.
    let by = By::Owner { last: true };
    let redeemed = redeeming::redeem(&world.sql, Some(&world.shop), &code, &by, world.now);
    assert!(matches!(redeemed.unwrap(), Redeemed::Now { .. }));
    let person = world.person(1).unwrap();
    assert_eq!(person.coupons[&coupon("few")][0].redeemed_at, Some(world.now));
    world.wait(2 * DAY);
    world.take(&[postback(1, world.now, "sb:remind:goulash", None)]);
    world.drain();
    open(&world);
    world.go_on();
    assert_eq!(coupons::issued(&world.sql, &coupon("few")).unwrap(), 1, "no second one");
}

#[test]
fn many_who_wait_for_the_registrar_are_not_looked_at_without_end() {
    let (registrar, other, now) = (desk(0), desk(3), ms(START));
    let host = Host { seed: [1; 16], shard: 3, ..Host::default() };
    for n in 0..60 {
        for event in
            [typed(n, now, "hi"), optin(n, now, "daily", OptinStatus::Granted, Some("t"), None)]
        {
            let context = Context { host, ..context(&OFFERS) };
            inbox::take(&other, context, &[event], now).unwrap();
        }
    }
    let due = now.plus(2 * HOUR);
    // When it looks again for that, and for nothing else.
    let again = |at: UnixMs| {
        other.execute("DELETE FROM timers", &[]).unwrap();
        let queued = steps::tick(&other, &OFFERS.shop, at).unwrap();
        let timer = other.query("SELECT due_at FROM timers WHERE name = 'plan'", &[]).unwrap();
        (queued, timer.first().map(|row| UnixMs::new(row[0].int().unwrap())))
    };
    for _ in 0..2 {
        let (queued, at) = again(due);
        assert_eq!(queued, 0, "all wait, and are due still");
        assert!(at.unwrap() > due, "nobody advanced: at once it would look again without end");
        assert!(at.unwrap().since(due) <= MINUTE, "and it does look again");
    }
    let asked = || orders::asked(&other, giving::AT_ONCE).unwrap();
    assert_eq!(asked().len(), 50, "as many as are looked at in one go");
    // Once the registrar has answered, they go on at once, and whoever is behind them after that.
    let answer = || {
        let asked = asked();
        let wanted: Vec<_> = asked.iter().map(|order| order.new.clone()).collect();
        let entered = giving::answer(&registrar, &OFFERS.shop, &wanted).unwrap();
        giving::answered(&other, &OFFERS.shop, &asked, &entered, due).unwrap();
    };
    answer();
    assert_eq!(again(due), (50, Some(due)), "the others are next");
    assert_eq!(again(due).0, 0);
    answer();
    let (queued, _) = again(due);
    let queued = queued + 50;
    assert_eq!(queued, 60);
}

#[test]
fn whoever_asks_is_told_though_a_message_has_asked_before_them() {
    // What asked before, and how it stands when they scan the poster.
    for (refused, enters) in [(false, true), (false, false), (true, true), (true, false)] {
        let (registrar, other, now) = (desk(0), desk(3), ms(START));
        take(&other, 3, typed(1, now, "hi"), 1, now);
        take(&other, 3, optin(1, now, "daily", OptinStatus::Granted, Some("t"), None), 2, now);
        carry(&registrar, &other, false, now);
        let at = ms("2026-11-21T08:00:00Z");
        planner::tick(&other, &SHOP.shop, at).unwrap();
        let before = orders::asked(&other, 9).unwrap();
        assert!(before.len() == 1 && !before[0].says, "the notification asks: {before:?}");
        if refused {
            giving::answered(&other, &SHOP.shop, &before, &[false], at).unwrap();
            assert!(orders::asked(&other, 9).unwrap().is_empty());
        }
        let said_before = said(&other).len();
        take(&other, 3, typed(1, at, "DOOR"), 3, at);
        let asked = orders::asked(&other, 9).unwrap();
        assert!(asked.len() == 1 && asked[0].says, "they wait for an answer: {asked:?}");
        if refused {
            assert_ne!(asked[0].new.code, before[0].new.code, "a new question");
        }
        // What was read before they asked is answered late; what stands there now counts.
        let read = if refused { &asked } else { &before };
        let entered = if enters {
            let wanted: Vec<_> = read.iter().map(|order| order.new.clone()).collect();
            giving::answer(&registrar, &SHOP.shop, &wanted).unwrap()
        } else {
            vec![false]
        };
        giving::answered(&other, &SHOP.shop, read, &entered, at).unwrap();
        let told = said(&other)[said_before..].join("\n");
        let code = held(&other, 1, "few");
        if enters {
            assert!(told.contains(code[0].as_str()), "{refused}: {told}");
            assert_eq!(coupons::issued(&registrar, &coupon("few")).unwrap(), 1);
        } else {
            assert!(told.contains("not available any more") && code.is_empty(), "{told}");
        }
        assert!(orders::asked(&other, 9).unwrap().is_empty());
    }
}

#[test]
fn nothing_is_redeemed_or_changed_while_the_data_is_carried_away() {
    let (sql, now) = (desk(0), ms(START));
    take(&sql, 0, typed(1, now, "DOOR"), 1, now);
    let code = held(&sql, 1, "few").remove(0);
    let by = till(&sql, "Till", now);
    let carried = |act: Act| act::while_carried(&act);
    let redeemed = carried(Act::Redeem(code.clone(), by.clone())).unwrap().unwrap();
    let redeemed: Redeemed = serde_json::from_value(redeemed).unwrap();
    assert_eq!(redeemed, Redeemed::Moved, "a till knows what that is");
    let add = Act::AddTill("x".into(), "Bar".into(), "k".into());
    for act in [add, Act::RevokeTill("Till".into())] {
        let why = carried(act).unwrap().unwrap();
        assert!(why["error"].as_str().unwrap().contains("another deployment"), "{why}");
    }
    // A Desk asks again.
    let asked = orders::asked(&sql, 9).unwrap().into_iter().map(|order| order.new).collect();
    assert!(carried(Act::Enter(asked)).is_err() && carried(Act::Hear(Vec::new())).is_err());
    assert_eq!(carried(Act::Wrong(by)).unwrap(), Some(serde_json::Value::Null));
    // To look is no harm.
    let looks = [Act::Show(code), Act::SignIn("k".into()), Act::Till("x".into()), Act::Tills];
    for act in looks.into_iter().chain([Act::List]) {
        assert_eq!(carried(act).unwrap(), None);
    }
}

#[test]
fn another_desk_says_a_code_once_the_registrar_has_entered_it() {
    let (registrar, other, now) = (desk(0), desk(3), ms(START));
    take(&other, 3, typed(1, now, "DOOR"), 1, now);
    assert!(held(&other, 1, "few").is_empty());
    assert!(!said(&other).join("").contains("Half a bowl"));
    // Asked twice before the answer, it is one order.
    take(&other, 3, typed(1, now.plus(HOUR), "DOOR"), 2, now.plus(HOUR));
    assert_eq!(orders::asked(&other, 9).unwrap().len(), 1);
    // The registrar commits, and its answer is lost: the same code is asked for again.
    carry(&registrar, &other, true, now);
    carry(&registrar, &other, false, now);
    let code = held(&other, 1, "few").remove(0);
    assert_eq!(coupons::issued(&registrar, &coupon("few")).unwrap(), 1);
    assert!(said(&other).last().unwrap().contains(code.as_str()));
    assert!(said(&other).last().unwrap().contains("https://s.example/c/"));
    // Redeeming it tells the Desk of its person.
    let by = till(&registrar, "Till", now);
    assert!(matches!(redeem(&registrar, &code, &by, now), Redeemed::Now { .. }));
    let news = coupons::untold(&registrar, 9).unwrap();
    assert_eq!(news.len(), 1);
    for expected in [true, false] {
        assert_eq!(redeeming::hear(&other, &SHOP.shop, &news[0], now).unwrap(), expected);
    }
    let person: Person = people::load(&other, Channel::Messenger, &person_id(1)).unwrap().unwrap();
    assert!(person.tags.contains("bought"));
    assert!(person.coupons[&coupon("few")][0].redeemed_at.is_some());
}

#[test]
fn a_notification_at_another_desk_waits_for_the_registrar_and_leaves_nobody_out() {
    let (registrar, other, now) = (desk(0), desk(3), ms(START));
    for n in 0..6 {
        take(&other, 3, typed(n, now, "hi"), n as u8, now);
        let yes = optin(n, now, "daily", OptinStatus::Granted, Some("t"), None);
        take(&other, 3, yes, 100 + n as u8, now);
    }
    carry(&registrar, &other, false, now);
    let at = ms("2026-11-21T08:00:00Z");
    planner::tick(&other, &SHOP.shop, at).unwrap();
    let planned = || {
        let rows =
            other.query("SELECT outcome, count(*) FROM ledger GROUP BY outcome", &[]).unwrap();
        let line = |row: &Vec<shopbell::store::Value>| {
            (row[0].text().unwrap().to_owned(), row[1].int().unwrap())
        };
        rows.iter().map(line).collect::<BTreeMap<_, _>>()
    };
    assert!(planned().is_empty(), "nobody is planned without their code: {:?}", planned());
    assert_eq!(orders::asked(&other, 50).unwrap().len(), 6);
    carry(&registrar, &other, true, at);
    planner::tick(&other, &SHOP.shop, at.plus(MINUTE)).unwrap();
    assert!(planned().is_empty());
    carry(&registrar, &other, false, at);
    planner::tick(&other, &SHOP.shop, at.plus(2 * MINUTE)).unwrap();
    assert_eq!(planned(), BTreeMap::from([("held".to_owned(), 2), ("queued".to_owned(), 4)]));
    assert_eq!(coupons::issued(&registrar, &coupon("few")).unwrap(), 4);
    assert!(orders::asked(&other, 50).unwrap().is_empty());
}

#[test]
fn whoever_moves_takes_their_codes_along() {
    let (registrar, from, to, now) = (desk(0), desk(1), desk(2), ms(START));
    take(&from, 1, typed(1, now, "DOOR"), 1, now);
    carry(&registrar, &from, false, now);
    take(&from, 1, typed(1, now, "coupon"), 2, now);
    let page = &SHOP.shop.page.id;
    let who = (Channel::Messenger, &person_id(1));
    let carried = moving::pack(&from, page, who).unwrap();
    moving::unpack(&to, page, &moving::Load::of(vec![carried]), now).unwrap();
    moving::let_go(&from, page, who).unwrap();
    // The order that was open goes on at the new Desk.
    carry(&registrar, &to, false, now);
    assert_eq!((held(&to, 1, "few").len(), held(&to, 1, "pair").len()), (1, 1));
    let by = till(&registrar, "Till", now);
    let code = held(&to, 1, "few").remove(0);
    assert!(matches!(redeem(&registrar, &code, &by, now), Redeemed::Now { .. }));
    let news = coupons::untold(&registrar, 9).unwrap();
    assert!(!redeeming::hear(&from, &SHOP.shop, &news[0], now).unwrap());
    assert!(redeeming::hear(&to, &SHOP.shop, &news[0], now).unwrap());
}

/// What may happen to a Page of three Desks.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// Somebody scans a poster.
    Scan(usize, bool),
    /// A Desk's orders reach the registrar; the answer may be lost.
    Carry(usize, bool),
    /// A notification is planned at a Desk.
    Plan(usize),
    /// A till redeems a code that was given, or one that was not.
    Redeem(usize, usize, bool),
    /// Time passes.
    Wait(i64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => (0..12_usize, any::<bool>()).prop_map(|(n, door)| Step::Scan(n, door)),
        3 => (1..3_usize, any::<bool>()).prop_map(|(n, dies)| Step::Carry(n, dies)),
        1 => (0..3_usize).prop_map(Step::Plan),
        4 => (0..3_usize, 0..20_usize, any::<bool>()).prop_map(|(t, c, m)| Step::Redeem(t, c, m)),
        1 => (1..3 * DAY).prop_map(Step::Wait),
    ];
    vec(step, 1..60)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases(48)))]

    /// Over three Desks, whatever is lost between them: no more than four codes are given, no code
    /// belongs to two people, nobody has two, and none is redeemed twice.
    #[test]
    fn no_more_are_given_than_there_are_and_none_is_redeemed_twice(steps in steps()) {
        let desks = [desk(0), desk(1), desk(2)];
        let mut now = ms(START);
        for n in 0..12 {
            let yes = optin(n, now, "daily", OptinStatus::Granted, Some("t"), None);
            take(&desks[n % 3], (n % 3) as u32, typed(n, now, "hi"), n as u8, now);
            take(&desks[n % 3], (n % 3) as u32, yes, 50 + n as u8, now);
        }
        for shard in [1, 2] {
            carry(&desks[0], &desks[shard], false, now);
        }
        let counters: Vec<By> = (0..3).map(|n| till(&desks[0], &format!("Till {n}"), now)).collect();
        let mut redeemed: BTreeMap<CouponCode, u32> = BTreeMap::new();
        for (n, step) in steps.into_iter().enumerate() {
            now = now.plus(SECOND);
            match step {
                Step::Scan(person, door) => {
                    let (shard, word) = (person % 3, if door { "DOOR" } else { "TABLE" });
                    take(&desks[shard], shard as u32, typed(person, now, word), n as u8, now);
                }
                Step::Carry(shard, dies) => carry(&desks[0], &desks[shard], dies, now),
                Step::Plan(shard) => {
                    planner::tick(&desks[shard], &SHOP.shop, now).unwrap();
                }
                Step::Redeem(till, which, made) => {
                    let all: Vec<CouponCode> = (0..12)
                        .flat_map(|person| held(&desks[person % 3], person, "few"))
                        .collect();
                    let code = match all.get(which) {
                        Some(code) if !made => code.clone(),
                        _ => made_up(n as u64),
                    };
                    let outcome = redeem(&desks[0], &code, &counters[till], now);
                    if matches!(outcome, Redeemed::Now { .. }) {
                        prop_assert!(all.contains(&code), "nobody was given it");
                        *redeemed.entry(code).or_default() += 1;
                    }
                }
                Step::Wait(ms) => now = now.plus(ms),
            }
            let mut all = Vec::new();
            for person in 0..12 {
                let theirs = held(&desks[person % 3], person, "few");
                prop_assert!(theirs.len() <= 1, "one for each person");
                all.extend(theirs);
            }
            let known: BTreeSet<&CouponCode> = all.iter().collect();
            prop_assert_eq!(known.len(), all.len(), "no code belongs to two");
            let issued = coupons::issued(&desks[0], &coupon("few")).unwrap();
            prop_assert!(issued <= 4 && all.len() as i64 <= issued, "{} of {issued}", all.len());
            for code in &all {
                prop_assert!(coupons::get(&desks[0], code).unwrap().is_some(), "the registrar knows all");
            }
            prop_assert!(redeemed.values().all(|times| *times == 1));
        }
    }
}
