//! The hard cap of a day: whatever is claimed, settled, lost or crashes, and however many Desks
//! share a Page, no more is spent than the owner allowed.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::common_core::*;
use proptest::collection::vec;
use proptest::prelude::*;
use shopbell::desk::sending::{self, Via};
use shopbell::meta::event::{Channel, EventKind, OptinStatus};
use shopbell::meta::graph_error::{Reply, Verdict, judge};
use shopbell::meta::ids::Mid;
use shopbell::meta::marketing::money::Money;
use shopbell::outreach::marketing::{self, Standing};
use shopbell::outreach::receipt::Book;
use shopbell::outreach::spending::{self, Question};
use shopbell::shop::model::Shop;
use shopbell::store::native::Sqlite;
use shopbell::store::outbox::{Claimed, Room};
use shopbell::store::{facts, ledger, schema, spending as spent};
use shopbell::time::{DAY, HOUR, MINUTE, UnixMs};

/// A shop in Taiwan that pays 0.05 a message, at most 0.20 a day.
static SHOP: LazyLock<Open> = LazyLock::new(shop);

fn shop() -> Open {
    compile(
        r#"
[shop]
name = "Tea"
languages = ["en"]
time_zone = "Asia/Taipei"
country = "TW"
[[page]]
id = "1029384756"
username = "tea"
[privacy]
controller = "Tea"
contact = "a@tea.example"
legal_basis = "consent"
keep_receipts_months = 12
[[topic]]
id = "daily"
title.en = "Tea of the day"
promise = "daily"
[[poster]]
code = "D"
topic = "daily"
text.en = "Welcome"
[[notification]]
id = "tea"
topic = "daily"
text.en = "Oolong."
schedule = { every = "day", at = "10:00" }
[marketing]
ad_account = "42"
country = "TW"
currency = "TWD"
most_per_day = 0.20
most_per_thousand = 50
"#,
    )
}

const START: &str = "2026-11-20T00:00:00Z"; // 08:00 in Taipei

/// A world in which so many people have agreed and their windows have closed, with a warm campaign.
fn world(open: &Open, people: usize, on_disk: bool) -> World<'_> {
    let start = ms(START);
    let mut world = if on_disk { World::on_disk(open, start) } else { World::new(open, start) };
    for n in 0..people {
        world.take(&[opted_in(n, start, &format!("token-{n}"))]);
    }
    world.drain();
    let paid = world.shop.marketing.clone().unwrap();
    marketing::proved(&world.sql, &paid, Vec::new(), start).unwrap();
    marketing::made(&world.sql, &paid, "77".to_owned(), start).unwrap();
    world.now = start.plus(2 * DAY);
    world
}

fn opted_in(n: usize, at: UnixMs, token: &str) -> shopbell::meta::event::Event {
    optin(n, at, "daily", OptinStatus::Granted, Some(token), None)
}

fn price(shop: &Shop) -> Money {
    shop.marketing.as_ref().unwrap().price
}

fn spent_on(world: &World<'_>, at: UnixMs) -> Money {
    spent::spent(&world.sql, &spending::day(&world.shop, at)).unwrap()
}

fn ten(days: i64) -> UnixMs {
    ms("2026-11-22T02:00:00Z").plus(days * DAY)
}

fn room() -> Room {
    Room { messages: 6, notifications: 4, comments: 1 }
}

fn answered(status: u16, body: &str) -> Option<Verdict> {
    Some(judge(&Reply { status, retry_after_s: None, body: body.as_bytes() }))
}

fn taken() -> Option<Verdict> {
    answered(200, r#"{"success":true,"marketing_message_tracking_id":"98ec"}"#)
}

fn refused(code: u32, remaining: Option<i64>) -> Option<Verdict> {
    let data = remaining
        .map(|seconds| format!(r#","error_data":{{"remaining_seconds":{seconds}}}"#))
        .unwrap_or_default();
    answered(400, &format!(r#"{{"error":{{"message":"x","code":{code}{data}}}}}"#))
}

fn claim(world: &World<'_>) -> Vec<(Claimed, Via)> {
    sending::claim(&world.sql, &world.shop, room(), world.now).unwrap()
}

fn settle(world: &World<'_>, (claimed, via): &(Claimed, Via), verdict: Option<Verdict>) {
    let book = Book { page: &world.shop.page.id, seed: [7; 16] };
    sending::settle(&world.sql, &book, claimed, via, verdict.as_ref(), world.now).unwrap();
}

fn outcomes(world: &World<'_>) -> BTreeMap<(String, Option<String>), i64> {
    let lines = ledger::report(&world.sql, UnixMs::new(0)).unwrap().into_iter();
    lines.map(|line| ((line.outcome, line.reason), line.people)).collect()
}

#[test]
fn four_are_paid_for_and_the_rest_are_held_because_of_the_cap() {
    let open = shop();
    let mut world = world(&open, 7, false);
    world.now = ten(0);
    world.tick();
    let first = claim(&world);
    assert_eq!(first.len(), 4, "four notifications at a time");
    assert!(first.iter().all(|(_, via)| matches!(via, Via::Paid { campaign, ad_account, .. }
        if campaign == "77" && ad_account == "42")));
    assert_eq!(spent_on(&world, world.now), price(&world.shop).times(4), "taken when claimed");
    assert!(claim(&world).is_empty(), "the cap is reached in the middle");
    first.iter().for_each(|one| settle(&world, one, taken()));
    assert!(claim(&world).is_empty());
    assert_eq!(spent_on(&world, world.now), price(&world.shop).times(4));
    let reasons = outcomes(&world);
    assert_eq!(reasons[&("sent".to_owned(), None)], 4);
    let held: Vec<_> = reasons.iter().filter(|((outcome, _), _)| outcome == "held").collect();
    assert_eq!(held.len(), 1);
    assert_eq!(*held[0].1, 3);
    assert!(held[0].0.1.as_deref().unwrap().contains("spending cap"), "{held:?}");
    let costs = spent::costs(&world.sql, UnixMs::new(0)).unwrap();
    assert_eq!((costs[0].messages, costs[0].amount), (4, Money::of_parts(20_000)));
}

#[test]
fn what_meta_did_not_take_is_given_back_and_what_nobody_knows_is_spent() {
    let open = shop();
    let mut world = world(&open, 4, false);
    world.now = ten(0);
    world.tick();
    let one = price(&world.shop);
    let all = claim(&world);
    assert_eq!(all.len(), 4);
    settle(&world, &all[0], refused(2_300_010, None)); // this message can never be sent
    assert_eq!(spent_on(&world, world.now), one.times(3));
    settle(&world, &all[1], None); // nobody knows
    settle(&world, &all[2], refused(2_300_035, Some(600))); // this person had one too recently
    assert_eq!(spent_on(&world, world.now), one.times(2));
    // The fourth is in flight when the process dies.
    sending::recover(&world.sql, true, world.now).unwrap();
    assert_eq!(spent_on(&world, world.now), one.times(2));
    // An answer that comes after that changes nothing.
    settle(&world, &all[3], refused(2_300_010, None));
    assert_eq!(spent_on(&world, world.now), one.times(2));
    assert_eq!(outcomes(&world)[&("unknown".to_owned(), None)], 2);
    assert!(claim(&world).is_empty(), "never again, and not before Meta takes it");
    // The one that was too early leaves when Meta takes it.
    world.wait(10 * MINUTE);
    let again = claim(&world);
    assert_eq!(again.len(), 1);
    assert_eq!(again[0].0.person, all[2].0.person);
    settle(&world, &again[0], taken());
    assert_eq!(spent_on(&world, world.now), one.times(3));
}

#[test]
fn a_campaign_in_trouble_has_everything_paid_wait_and_an_account_in_trouble_ends_it() {
    let open = shop();
    let mut world = world(&open, 3, false);
    world.now = ten(0);
    world.tick();
    let all = claim(&world);
    settle(&world, &all[0], refused(2_300_028, Some(600)));
    settle(&world, &all[1], taken());
    settle(&world, &all[2], refused(2_300_019, None)); // the terms are not accepted
    let paid = world.shop.marketing.clone();
    assert_eq!(marketing::standing(&world.sql, paid.as_ref()).unwrap(), Standing::Off);
    assert!(sending::page_hold(&world.sql).unwrap().is_none(), "what is free goes on");
    world.wait(10 * MINUTE);
    assert!(claim(&world).is_empty());
    let held = outcomes(&world);
    assert!(
        held.keys().any(|(outcome, why)| outcome == "held"
            && why.as_deref().is_some_and(|why| why.contains("doctor"))),
        "{held:?}"
    );
    assert_eq!(spent_on(&world, world.now), price(&world.shop));
}

#[test]
fn a_campaign_that_is_not_warm_is_waited_for_or_held() {
    let open = shop();
    let mut world = world(&open, 1, false);
    let paid = world.shop.marketing.clone().unwrap();
    // Made at 09:30: warm at 10:30, in time for what is due at 10:00.
    marketing::made(&world.sql, &paid, "78".to_owned(), ten(0).plus(-30 * MINUTE)).unwrap();
    world.now = ten(0);
    world.tick();
    assert!(claim(&world).is_empty());
    world.now = ten(0).plus(30 * MINUTE - 1);
    assert!(claim(&world).is_empty());
    world.wait(1);
    let all = claim(&world);
    assert_eq!(all.len(), 1);
    assert!(matches!(&all[0].1, Via::Paid { campaign, .. } if campaign == "78"));
    settle(&world, &all[0], taken());
    // The next day's is made so late that it is warm when nobody wants it any more.
    marketing::made(&world.sql, &paid, "79".to_owned(), ten(1).plus(4 * HOUR)).unwrap();
    world.now = ten(1);
    world.tick();
    assert!(claim(&world).is_empty());
    assert!(outcomes(&world).keys().any(|(outcome, _)| outcome == "held"));
}

#[test]
fn deliveries_readings_clicks_and_failures_are_counted_once() {
    use shopbell::meta::event::{MarketingNews, MarketingStep};
    let open = shop();
    let mut world = world(&open, 2, false);
    world.now = ten(0);
    world.tick();
    let all = claim(&world);
    for (n, one) in all.iter().enumerate() {
        let body = format!(r#"{{"success":true,"marketing_message_tracking_id":"track-{n}"}}"#);
        settle(&world, one, answered(200, &body));
    }
    let news = |step, tracking: Option<&str>, token: Option<&str>| {
        EventKind::Marketing(MarketingNews {
            step,
            tracking: tracking.map(str::to_owned),
            mid: tracking.map(|_| Mid("m".to_owned())),
            token: token.map(|t| shopbell::meta::ids::NotificationToken(t.to_owned())),
            campaign: Some("77".to_owned()),
        })
    };
    let tell = |world: &mut World<'_>, minutes: i64, who: Option<usize>, kind: EventKind| {
        let at = ten(0).plus(minutes * MINUTE);
        let mut event = event(who.unwrap_or(0), at, kind);
        if who.is_none() {
            event.person = None;
        }
        world.take(&[event.clone(), event]);
    };
    let zero = all.iter().position(|(c, _)| c.person == person_id(0)).unwrap();
    let (mine, token) = (format!("track-{zero}"), "token-1");
    tell(&mut world, 1, Some(0), news(MarketingStep::Delivered, Some(&mine), None));
    tell(&mut world, 2, Some(0), news(MarketingStep::Clicked, Some(&mine), None));
    tell(&mut world, 3, Some(0), news(MarketingStep::Read, Some(&mine), None));
    // Of a failure Meta names the token and nobody.
    tell(&mut world, 4, None, news(MarketingStep::Failed, None, Some(token)));
    tell(&mut world, 5, Some(1), news(MarketingStep::Delivered, Some("another"), None));
    let tallies = shopbell::store::tallies::since(&world.sql, UnixMs::new(0)).unwrap();
    let counts: BTreeMap<&str, i64> =
        tallies.iter().map(|tally| (tally.name.as_str(), tally.people)).collect();
    let expected = [("delivered", 1), ("read", 1), ("clicked", 1), ("failed", 1)];
    assert_eq!(counts, BTreeMap::from(expected));
    // Nothing of this opened anybody's window.
    assert!((0..2).all(|n| !world.person(n).unwrap().window_open(world.now)));
}

/// What happens to a message that was claimed.
#[derive(Clone, Copy, Debug)]
enum Fate {
    Taken,
    Lost,
    Refused,
    TooSoon,
    Paced,
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Tick,
    Claim,
    Settle(usize, Fate),
    Crash,
    Wait(i64),
    Price(i64),
}

fn step() -> impl Strategy<Value = Step> {
    let fate = prop_oneof![
        4 => Just(Fate::Taken), 2 => Just(Fate::Lost), 2 => Just(Fate::Refused),
        1 => Just(Fate::TooSoon), 1 => Just(Fate::Paced),
    ];
    prop_oneof![
        2 => Just(Step::Tick),
        4 => Just(Step::Claim),
        6 => (0..8_usize, fate).prop_map(|(which, fate)| Step::Settle(which, fate)),
        1 => Just(Step::Crash),
        2 => prop_oneof![Just(MINUTE), Just(11 * MINUTE), Just(HOUR), Just(14 * HOUR), Just(DAY)]
            .prop_map(Step::Wait),
        1 => prop_oneof![Just(3_000_i64), Just(5_000), Just(7_001)].prop_map(Step::Price),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases(40)))]

    /// Whatever happens in whatever order, what Meta may have charged for on a day is never more
    /// than the cap.
    #[test]
    fn the_sum_spent_never_exceeds_the_cap(steps in vec(step(), 1..80)) {
        let mut world = world(&SHOP, 9, true);
        world.now = ten(0);
        world.tick();
        let cap = world.shop.marketing.as_ref().unwrap().cap;
        let mut flying: Vec<(Claimed, Via, String, Money)> = Vec::new();
        // What Meta has, or may have, by the day that it was claimed.
        let mut charged: BTreeMap<String, Money> = BTreeMap::new();
        for step in steps {
            match step {
                Step::Tick => world.tick(),
                Step::Claim => {
                    let day = spending::day(&world.shop, world.now);
                    for (claimed, via) in claim(&world) {
                        if matches!(via, Via::Paid { .. }) {
                            flying.push((claimed, via, day.clone(), price(&world.shop)));
                        }
                    }
                }
                Step::Settle(which, fate) if !flying.is_empty() => {
                    let (claimed, via, day, cost) = flying.remove(which % flying.len());
                    let verdict = match fate {
                        Fate::Taken => taken(),
                        Fate::Lost => None,
                        Fate::Refused => refused(2_300_010, None),
                        Fate::TooSoon => refused(2_300_035, Some(300)),
                        Fate::Paced => refused(2_300_053, Some(60)),
                    };
                    if matches!(fate, Fate::Taken | Fate::Lost) {
                        let sum = charged.entry(day).or_default();
                        *sum = sum.plus(cost);
                    }
                    settle(&world, &(claimed, via), verdict);
                }
                Step::Settle(..) => {}
                Step::Crash => {
                    for (_, _, day, cost) in flying.drain(..) {
                        let sum = charged.entry(day).or_default();
                        *sum = sum.plus(cost);
                    }
                    world.crash();
                }
                Step::Wait(ms) => {
                    world.wait(ms);
                    sending::recover(&world.sql, false, world.now).unwrap();
                }
                Step::Price(parts) => {
                    if let Some(paid) = &mut world.shop.marketing {
                        paid.price = Money::of_parts(parts);
                    }
                }
            }
            // With everything in flight.
            let mut worst = charged.clone();
            for (_, _, day, cost) in &flying {
                let sum = worst.entry(day.clone()).or_default();
                *sum = sum.plus(*cost);
            }
            for (day, sum) in &worst {
                prop_assert!(*sum <= cap, "{day}: {sum} of {cap}");
                let booked = spent::spent(&world.sql, day).unwrap();
                prop_assert!(*sum <= booked && booked <= cap, "{day}: {sum}, booked {booked}");
            }
        }
    }

    /// Several Desks of a Page, asking again when answers are lost, never spend more together than
    /// the cap; and the same question is answered the same.
    #[test]
    fn desks_that_share_a_cap_never_exceed_it(
        steps in vec((0..4_usize, 0..4_usize, any::<bool>()), 1..120),
    ) {
        let mut open = Open { shop: SHOP.shop.clone(), faq: None };
        let paid = open.shop.marketing.as_mut().unwrap();
        paid.cap = Money::of_parts(73 * 5_000 + 17);
        let (cap, price) = (paid.cap, paid.price);
        let desks: Vec<Sqlite> = (0..4)
            .map(|shard| {
                let sql = Sqlite::in_memory().unwrap();
                schema::migrate(&sql).unwrap();
                let name = serde_json::json!({ "page": "1029384756", "shard": shard });
                facts::set(&sql, facts::NAME, &name).unwrap();
                sql
            })
            .collect();
        let now = ten(0);
        let mut rows = 0_i64;
        let mut sent = 0_u32;
        let mut answers: BTreeMap<String, Money> = BTreeMap::new();
        for (which, times, lost) in steps {
            let desk = &desks[which];
            if let Some(question) = spending::question(desk, &open.shop, now).unwrap() {
                let amount = spending::answer(&desks[0], &open.shop, &question, now).unwrap();
                let before = *answers.entry(question.id.clone()).or_insert(amount);
                prop_assert_eq!(before, amount);
                if !lost {
                    spending::told(desk, &question, amount).unwrap();
                }
            }
            for _ in 0..times * 10 {
                rows += 1;
                let what = ("tea", "2026-11-22");
                sent += u32::from(spending::claim(desk, &open.shop, rows, what, now).unwrap());
            }
            prop_assert!(price.times(sent) <= cap);
        }
        let late = Question {
            id: "1:2026-11-21:0".to_owned(),
            day: "2026-11-21".to_owned(),
            wanted: price,
        };
        prop_assert_eq!(spending::answer(&desks[0], &open.shop, &late, now).unwrap(), Money::ZERO);
    }
}

#[test]
fn only_messenger_is_paid_for_and_only_in_a_country_that_is_reached() {
    use shopbell::outreach::plan::{self, Horizon, Verdict};
    use shopbell::outreach::recipient::Recipient;
    let open = shop();
    let world = world(&open, 1, false);
    let told =
        shopbell::outreach::told::recipients(&world.sql, &world.shop, "", world.now).unwrap();
    let base = told.recipients[0].clone();
    assert_eq!(base.paid, Standing::From(ms(START).plus(HOUR)), "the plan knows how it stands");
    let says = |to: Recipient| {
        let planned = plan::plan(&world.shop, &[to], ten(0), Horizon::Next);
        match &planned[0].lines[0].verdict {
            Verdict::Leaves { way, .. } => {
                format!(
                    "{} {} {}",
                    plan::transport_name(way.transport),
                    way.price.as_str(),
                    way.rule.id
                )
            }
            Verdict::Held(hold) => {
                format!("{} {}", hold.code(), hold.rule().map_or("-", |rule| rule.id))
            }
        }
    };
    let country = |code: &str| Recipient { country: Some(code.to_owned()), ..base.clone() };
    assert_eq!(says(base.clone()), "paid_marketing paid paid-marketing");
    assert_eq!(says(country("BR")), "paid_marketing paid paid-marketing");
    assert_eq!(says(country("LT")), "forbidden paid-marketing-unreached");
    assert_eq!(says(country("AU")), "forbidden paid-marketing-unreached");
    assert_eq!(says(country("somewhere")), "forbidden paid-marketing");
    let instagram = Recipient { channel: Channel::Instagram, ..base.clone() };
    assert_eq!(says(instagram), "forbidden paid-marketing");
    let off = Recipient { paid: Standing::Off, ..base.clone() };
    assert_eq!(says(off), "paid_off -");
    let open_window = Recipient { window_until: Some(ten(0).plus(MINUTE)), ..base };
    assert_eq!(says(open_window), "in_window free standard-window");
}
