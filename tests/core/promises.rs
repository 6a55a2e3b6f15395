//! Properties of notifications in a simulated world over months: consent, promises, periods,
//! lateness and Meta's rules, judged by an oracle that knows none of the core's code.
//!
//! `SHOPBELL_CORE_CASES` multiplies the number of cases.

use std::collections::{BTreeMap, BTreeSet};

use crate::common_core::*;
use jiff::civil::{Date, Weekday, date};
use jiff::tz::TimeZone;
use proptest::collection::vec;
use proptest::prelude::*;
use shopbell::meta::event::{Channel, Event, OptinStatus};
use shopbell::meta::ids::{Country, NotificationId};
use shopbell::outreach::schedule;
use shopbell::shop::model::{CATCH_UP_MINUTES, Days, Promise, QuietHours, Schedule, Shop, Zone};
use shopbell::store::outbox::Class;
use shopbell::time::{DAY, HOUR, MINUTE, SECOND, UnixMs};

const PEOPLE: usize = 4;
const ZONES: [&str; 4] = ["Europe/Vilnius", "America/Sao_Paulo", "Asia/Taipei", "America/New_York"];

#[derive(Clone, Debug)]
enum Step {
    OptIn {
        person: usize,
        topic: usize,
        zone: Option<usize>,
        new_token: bool,
    },
    OptOut {
        person: usize,
        topic: usize,
    },
    Resume {
        person: usize,
        topic: usize,
    },
    Stop {
        person: usize,
    },
    Delete {
        person: usize,
    },
    Says {
        person: usize,
    },
    Typed {
        person: usize,
    },
    /// Time goes on to the next moment some notification is due, and a little further.
    ToDue {
        notification: usize,
        zone: usize,
        past_ms: i64,
    },
    Wait(i64),
    Tick,
    GoOn,
    /// One round of sending.
    Send(Vec<Graph>),
    Echo(usize),
    Crash,
    /// The process dies between claiming and sending.
    ClaimAndCrash,
    /// The owner moves a notification.
    Move {
        notification: usize,
        days: u8,
        at: u16,
        zone: bool,
    },
    /// The owner changes when and how often people are left alone.
    Spare {
        quiet: Option<QuietHours>,
        most_per_day: u8,
    },
    /// The owner takes a notification out, or puts it back.
    Withdraw {
        notification: usize,
    },
}

fn graph() -> impl Strategy<Value = Graph> {
    prop_oneof![
        8 => Just(Graph::Takes),
        1 => Just(Graph::LostBefore),
        1 => Just(Graph::LostAfter),
        1 => any::<bool>().prop_map(|taken| Graph::Gateway { taken }),
        1 => prop::sample::select(vec![
            Graph::Refuses(1, None),
            Graph::Refuses(4, None),
            Graph::Refuses(190, None),
            Graph::Refuses(4, Some(2_018_354)),
            Graph::Refuses(10, Some(1_893_015)),
            Graph::Refuses(10, Some(2_018_278)),
            Graph::Refuses(551, None),
        ]),
    ]
}

fn quiet() -> impl Strategy<Value = Option<QuietHours>> {
    prop::sample::select(vec![
        None,
        Some(QuietHours { from: 21 * 60, until: 8 * 60 }),
        Some(QuietHours { from: 12 * 60, until: 14 * 60 + 30 }),
        Some(QuietHours { from: 0, until: 6 * 60 }),
    ])
}

fn step() -> impl Strategy<Value = Step> {
    let person = || 0..PEOPLE;
    let past = || {
        prop::sample::select(vec![
            -MINUTE,
            0,
            1,
            MINUTE,
            30 * MINUTE,
            119 * MINUTE,
            2 * HOUR,
            5 * HOUR,
        ])
    };
    prop_oneof![
        5 => (person(), 0..3_usize, prop::option::of(0..4_usize), any::<bool>()).prop_map(
            |(person, topic, zone, new_token)| Step::OptIn { person, topic, zone, new_token }),
        1 => (person(), 0..3_usize).prop_map(|(person, topic)| Step::OptOut { person, topic }),
        1 => (person(), 0..3_usize).prop_map(|(person, topic)| Step::Resume { person, topic }),
        1 => person().prop_map(|person| Step::Stop { person }),
        1 => person().prop_map(|person| Step::Delete { person }),
        3 => person().prop_map(|person| Step::Says { person }),
        1 => person().prop_map(|person| Step::Typed { person }),
        10 => (0..3_usize, 0..4_usize, past()).prop_map(
            |(notification, zone, past_ms)| Step::ToDue { notification, zone, past_ms }),
        2 => prop::sample::select(vec![
            MINUTE, HOUR, 7 * HOUR, DAY, 6 * DAY, 40 * DAY, 300 * DAY,
        ])
            .prop_map(Step::Wait),
        12 => Just(Step::Tick),
        2 => Just(Step::GoOn),
        10 => vec(graph(), 1..7).prop_map(Step::Send),
        2 => (0..50_usize).prop_map(Step::Echo),
        1 => Just(Step::Crash),
        1 => Just(Step::ClaimAndCrash),
        1 => (0..3_usize, 0..7_u8, 0..1440_u16, any::<bool>()).prop_map(
            |(notification, days, at, zone)| Step::Move { notification, days, at, zone }),
        1 => (0..3_usize).prop_map(|notification| Step::Withdraw { notification }),
        1 => (quiet(), 1..4_u8)
            .prop_map(|(quiet, most_per_day)| Step::Spare { quiet, most_per_day }),
    ]
}

/// What the oracle knows of one person: only what happened, in Meta's order.
#[derive(Clone, Default)]
struct Known {
    words: BTreeMap<String, (bool, UnixMs)>,
    tokens: BTreeMap<String, String>,
    window_until: UnixMs,
    paused_until: UnixMs,
    zones: BTreeSet<String>,
    /// The clock told with the newest yes to each topic.
    clocks: BTreeMap<String, String>,
}

#[derive(Default)]
struct Oracle {
    people: Vec<Known>,
    /// Every place in time and schedule a notification ever had.
    schedules: Vec<(NotificationId, Schedule)>,
    sent: BTreeSet<(NotificationId, String, usize)>,
    last: BTreeMap<(String, usize), (UnixMs, UnixMs)>,
    by_token: BTreeMap<String, UnixMs>,
    judged: usize,
    /// What each person got on each day of their own clock, and on which topic.
    days: BTreeMap<(usize, Date), u32>,
    quiet: Option<QuietHours>,
}

fn civil(days: &Days, date: Date) -> bool {
    match days {
        Days::Daily => true,
        Days::Weekly(on) => on.contains(&(date.weekday().to_monday_one_offset() as u8)),
        Days::Monthly(day) => {
            let last = date.last_of_month().day();
            date.day() == (*day as i8).min(last)
        }
        Days::NthWeekday { nth, weekday } => {
            let nth = if *nth == 5 { -1 } else { *nth as i8 };
            let weekday = Weekday::from_monday_one_offset(*weekday as i8).unwrap();
            date == date.nth_weekday_of_month(nth, weekday).unwrap()
        }
        Days::Dates(dates) => dates.contains(&date),
    }
}

/// The facts of Meta's timeline, written anew: see the policy's sources.
fn recurring_is_open(shop: &Shop, day: Date) -> bool {
    let old = shop.meta.recurring_since.is_some_and(|since| since < date(2025, 9, 1));
    if day < date(2025, 9, 1) {
        return true;
    }
    let country = shop.meta.country.map(|c| c.as_str().to_owned()).unwrap_or_default();
    let still = ["LT", "GB", "JP", "KR", "AU", "DE", "GR"].contains(&country.as_str());
    old && (day < date(2026, 2, 10) || still)
}

impl Oracle {
    fn new(shop: &Shop) -> Self {
        let mut oracle = Self { people: vec![Known::default(); PEOPLE], ..Self::default() };
        oracle.learn(shop);
        oracle.quiet = shop.sending.quiet;
        oracle
    }

    fn learn(&mut self, shop: &Shop) {
        for n in &shop.notifications {
            self.schedules.push((n.id.clone(), n.schedule.clone()));
        }
    }

    /// Judges what reached Graph since the last time, `now`.
    fn judge(&mut self, world: &World<'_>) -> Result<(), TestCaseError> {
        for sent in &world.requests[self.judged..] {
            let n = (0..PEOPLE).find(|n| person_id(*n) == sent.person).unwrap();
            let known = &self.people[n];
            let Class::Notification { notification, period, topic } = &sent.class else {
                continue;
            };
            let said = format!("{notification} {period} to {n} at {}", sent.at.rfc3339());
            // Live consent.
            let word = known.words.get(topic.as_str());
            prop_assert!(word.is_some_and(|(yes, _)| *yes), "no consent: {said}");
            prop_assert!(known.paused_until <= sent.at, "a person is talking: {said}");
            prop_assert!(
                world.shop.notification(notification).is_some(),
                "not in shop.toml any more: {said}"
            );
            // Not at night, by the recipient's clock.
            let clock = known.clocks.get(topic.as_str()).unwrap_or(&world.shop.time_zone);
            let clock = TimeZone::get(clock).unwrap();
            let local = sent.at.timestamp().to_zoned(clock.clone());
            if let Some(QuietHours { from, until }) = self.quiet {
                let minute = local.hour() as u16 * 60 + local.minute() as u16;
                let open = if from < until {
                    minute < from || until <= minute
                } else {
                    until <= minute && minute < from
                };
                prop_assert!(open, "in quiet hours, {local}: {said}");
            }
            // Meta's rules of the day.
            match &sent.by_token {
                None => prop_assert!(sent.at < known.window_until, "window closed: {said}"),
                Some(token) => {
                    let day = sent.at.utc_date();
                    prop_assert!(recurring_is_open(&world.shop, day), "forbidden: {said}");
                    prop_assert_eq!(sent.channel, Channel::Messenger);
                    prop_assert_eq!(Some(&token.0), known.tokens.get(topic.as_str()));
                    let cooldown = if day < date(2025, 9, 2) { 24 * HOUR } else { 48 * HOUR };
                    if let Some(last) = self.by_token.get(&token.0) {
                        prop_assert!(sent.at.since(*last) >= cooldown, "cooldown: {said}");
                    }
                    if sent.graph == Graph::Takes {
                        self.by_token.insert(token.0.clone(), sent.at);
                    }
                }
            }
            // Once per period; a request that Graph certainly refused may be made again.
            if sent.graph.takes() || sent.graph.unknown() {
                let key = (notification.clone(), period.clone(), n);
                prop_assert!(self.sent.insert(key), "twice: {said}");
            }
            // Neither early nor too late, by some schedule it had in some clock that counts.
            let day: Date = period.parse().unwrap();
            let clocks = known.zones.iter().map(String::as_str).chain([&*world.shop.time_zone]);
            let clocks: Vec<TimeZone> = clocks.filter_map(|z| TimeZone::get(z).ok()).collect();
            let due: Vec<UnixMs> = self
                .schedules
                .iter()
                .filter(|(id, schedule)| id == notification && civil(&schedule.days, day))
                .flat_map(|(_, schedule)| {
                    let (h, m) = ((schedule.at / 60) as i8, (schedule.at % 60) as i8);
                    clocks.iter().map(move |clock| {
                        let at = day.at(h, m, 0, 0).to_zoned(clock.clone()).unwrap();
                        UnixMs::from(at.timestamp())
                    })
                })
                .filter(|due| (0..4 * HOUR).contains(&sent.at.since(*due)))
                .collect();
            prop_assert!(!due.is_empty(), "early or late: {said}");
            // The promise of the topic, by the time that passed.
            let promise = world.shop.topic(topic).unwrap().promise;
            let days = match promise {
                Promise::Daily | Promise::Dates => 1,
                Promise::Weekly => 7,
                Promise::Monthly => 28,
            };
            if sent.graph.takes() {
                // By the day it was due on, in the clock it was sent by.
                let count = self.days.entry((n, day)).or_default();
                *count += 1;
                prop_assert!(*count <= 3, "more than any owner allowed: {said}");
                let key = (topic.to_string(), n);
                if let Some((last_sent, last_due)) = self.last.get(&key) {
                    let apart = sent.at.since(*last_sent);
                    // Four hours for clocks that change, four for the one before being late.
                    prop_assert!(apart >= days * DAY - 8 * HOUR, "promise: {said}, {apart} ms");
                    let apart = due.iter().map(|due| due.since(*last_due)).max().unwrap();
                    prop_assert!(apart >= days * DAY - 4 * HOUR, "promise: {said}, {apart} ms");
                }
                self.last.insert(key, (sent.at, *due.iter().min().unwrap()));
            }
        }
        self.judged = world.requests.len();
        Ok(())
    }

    fn says(&mut self, n: usize, at: UnixMs) {
        let window = &mut self.people[n].window_until;
        *window = (*window).max(at.plus(DAY));
    }

    fn word(&mut self, n: usize, topic: &str, yes: bool, at: UnixMs) {
        self.people[n].words.insert(topic.to_owned(), (yes, at));
    }
}

fn days(n: u8) -> Days {
    match n {
        0 => Days::Daily,
        1 => Days::Weekly(vec![1, 5]),
        2 => Days::Weekly(vec![7]),
        3 => Days::Monthly(31),
        4 => Days::NthWeekday { nth: 2, weekday: 5 },
        5 => Days::NthWeekday { nth: 5, weekday: 7 },
        _ => Days::Monthly(1),
    }
}

fn run(
    open: &Open,
    standing: (Option<&str>, Option<Date>),
    start: UnixMs,
    steps: &[Step],
    on_disk: bool,
) -> Result<usize, TestCaseError> {
    let mut world = if on_disk { World::on_disk(open, start) } else { World::new(open, start) };
    world.shop.meta.country = standing.0.map(|code| Country::new(code).unwrap());
    world.shop.meta.recurring_since = standing.1;
    let mut oracle = Oracle::new(&world.shop);
    let mut count = 0;
    let topic = |n: usize| open.shop.topics[n % open.shop.topics.len()].id.to_string();
    for step in steps {
        // Each step is a moment of its own.
        world.wait(SECOND);
        count += 1;
        let now = world.now;
        let mid = format!("mid.{count}");
        let take = |world: &mut World<'_>, event: Event| {
            world.take(std::slice::from_ref(&event));
        };
        match step {
            Step::OptIn { person, topic: t, zone, new_token } => {
                let topic = topic(*t);
                let token =
                    if *new_token { format!("t{count}") } else { format!("t-{person}-{topic}") };
                let zone = zone.map(|z| ZONES[z]);
                oracle.word(*person, &topic, true, now);
                oracle.people[*person].tokens.insert(topic.clone(), token.clone());
                oracle.people[*person].zones.extend(zone.map(str::to_owned));
                if let Some(zone) = zone {
                    oracle.people[*person].clocks.insert(topic.clone(), zone.to_owned());
                }
                let granted = OptinStatus::Granted;
                take(&mut world, optin(*person, now, &topic, granted, Some(&token), zone));
            }
            Step::OptOut { person, topic: t } => {
                let topic = topic(*t);
                oracle.word(*person, &topic, false, now);
                take(&mut world, optin(*person, now, &topic, OptinStatus::Stopped, None, None));
            }
            Step::Resume { person, topic: t } => {
                let topic = topic(*t);
                oracle.word(*person, &topic, true, now);
                take(&mut world, optin(*person, now, &topic, OptinStatus::Resumed, None, None));
            }
            Step::Stop { person } => {
                for word in oracle.people[*person].words.values_mut() {
                    *word = (false, now);
                }
                oracle.says(*person, now);
                take(&mut world, message(*person, now, &mid, "STOP"));
            }
            Step::Delete { person } => {
                oracle.judge(&world)?;
                let n = *person;
                oracle.people[n] = Known::default();
                oracle.sent.retain(|(_, _, who)| *who != n);
                oracle.last.retain(|(_, who), _| *who != n);
                oracle.by_token.clear();
                take(&mut world, message(n, now, &mid, "delete my data"));
                let yes = format!("{mid}y");
                take(&mut world, quick_reply(n, now, &yes, "Yes", "sb:delete"));
                // The window is forgotten with the person.
                oracle.people[n].window_until = UnixMs::default();
            }
            Step::Says { person } => {
                oracle.says(*person, now);
                take(&mut world, message(*person, now, &mid, "wifi?"));
            }
            Step::Typed { person } => {
                let hours = i64::from(open.shop.assistant.pause_hours);
                let until = &mut oracle.people[*person].paused_until;
                *until = (*until).max(now.plus(hours * HOUR));
                take(&mut world, echo(*person, now, &mid, Some("263902037430900"), None));
            }
            Step::ToDue { notification, zone, past_ms } => {
                if !world.shop.notifications.is_empty() {
                    let all = &world.shop.notifications;
                    let schedule = all[notification % all.len()].schedule.clone();
                    let clock = match schedule.zone {
                        Zone::Shop => world.shop.zone(),
                        Zone::Subscriber => TimeZone::get(ZONES[*zone]).unwrap(),
                    };
                    if let Some(next) = schedule::next(&schedule, &clock, now) {
                        world.now = next.at.plus(*past_ms).max(now);
                    }
                }
            }
            Step::Wait(ms) => world.wait(*ms),
            Step::Tick => {
                world.tick();
                // A second one at the same moment.
                world.tick();
            }
            Step::GoOn => world.go_on(),
            Step::Send(outcomes) => {
                world.claim(ROOM);
                // Claiming is the last look: what is claimed leaves at once.
                for outcome in outcomes.iter().cycle().take(world.in_flight()) {
                    world.send(0, *outcome);
                }
                oracle.judge(&world)?;
                // Some answers are still on their way.
                for _ in outcomes {
                    world.settle(0);
                }
            }
            Step::Echo(which) => world.echo_of(*which),
            Step::Crash => world.crash(),
            Step::ClaimAndCrash => {
                world.claim(ROOM);
                world.crash();
            }
            Step::Move { notification, days: d, at, zone } => {
                if !world.shop.notifications.is_empty() {
                    let which = notification % world.shop.notifications.len();
                    let zone = if *zone { Zone::Subscriber } else { Zone::Shop };
                    world.shop.notifications[which].schedule = Schedule {
                        days: days(*d),
                        at: *at,
                        zone,
                        catch_up_minutes: CATCH_UP_MINUTES,
                        spread_days: 0,
                    };
                    oracle.learn(&world.shop);
                }
            }
            Step::Spare { quiet, most_per_day } => {
                world.shop.sending.quiet = *quiet;
                world.shop.sending.most_per_day = *most_per_day;
                oracle.quiet = *quiet;
            }
            Step::Withdraw { notification } => {
                let all = &open.shop.notifications;
                let one = &all[notification % all.len()];
                let before = world.shop.notifications.len();
                world.shop.notifications.retain(|n| n.id != one.id);
                if world.shop.notifications.len() == before {
                    world.shop.notifications.push(one.clone());
                    oracle.learn(&world.shop);
                }
            }
        }
        // A Graph that says "stopped" is not known to the oracle; what is sent after it would be
        // with consent all the same.
        oracle.judge(&world)?;
    }
    Ok(world.requests.iter().filter(|sent| sent.class != Class::Reply).count())
}

fn standing() -> impl Strategy<Value = (Option<&'static str>, Option<Date>)> {
    (
        prop::sample::select(vec![
            Some("LT"),
            Some("LT"),
            Some("LT"),
            Some("GB"),
            Some("BR"),
            Some("TW"),
            Some("JP"),
            None,
        ]),
        prop::sample::select(vec![
            Some(date(2024, 5, 1)),
            Some(date(2024, 5, 1)),
            Some(date(2025, 8, 31)),
            Some(date(2025, 9, 1)),
            None,
        ]),
    )
}

fn start() -> impl Strategy<Value = UnixMs> {
    prop::sample::select(vec![
        "2025-08-20T05:00:00Z",
        "2026-01-30T05:00:00Z",
        "2026-03-20T05:00:00Z",
        "2026-10-20T05:00:00Z",
        "2026-11-01T05:00:00Z",
        "2026-12-30T05:00:00Z",
    ])
    .prop_map(ms)
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: cases(2_500), failure_persistence: None, max_shrink_iters: 3_000,
        ..ProptestConfig::default()
    })]

    /// No notification without consent, twice in a period, too often, too late, or against the
    /// rules of its day, whatever people, owners, clocks, Graph and crashes do.
    #[test]
    fn notifications_keep_every_promise(
        shop in 0..3_usize,
        standing in standing(),
        start in start(),
        steps in vec(step(), 1..120),
    ) {
        run(&SHOPS[shop], standing, start, &steps, false)?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: cases(40), failure_persistence: None, ..ProptestConfig::default()
    })]

    /// The same on a file that outlives its processes.
    #[test]
    fn notifications_keep_every_promise_on_disk(
        shop in 0..3_usize,
        standing in standing(),
        start in start(),
        steps in vec(step(), 1..80),
    ) {
        run(&SHOPS[shop], standing, start, &steps, true)?;
    }
}

/// The property above would hold if nothing were ever sent: this one would not.
#[test]
fn the_simulated_months_send_a_lot() {
    let steps: Vec<Step> = (0..PEOPLE)
        .flat_map(|person| {
            (0..3).map(move |topic| Step::OptIn {
                person,
                topic,
                zone: Some(person),
                new_token: false,
            })
        })
        .chain((0..120).flat_map(|n| {
            [
                Step::ToDue { notification: n % 3, zone: n % 4, past_ms: MINUTE },
                Step::Tick,
                Step::Send(vec![Graph::Takes; 6]),
                Step::Send(vec![Graph::Takes; 6]),
            ]
        }))
        .collect();
    let standing = (Some("LT"), Some(date(2024, 5, 1)));
    for open in SHOPS.iter() {
        let sent = run(open, standing, ms("2026-09-01T05:00:00Z"), &steps, false).unwrap();
        assert!(sent > 40, "{}: {sent}", open.shop.name);
    }
}

/// The answer to a notification never came, and its echo did: its token has been used all the same.
#[test]
fn a_token_rests_when_only_the_echo_says_that_it_was_used() {
    let opt_in = |person| Step::OptIn { person, topic: 0, zone: None, new_token: false };
    let due = |notification, past_ms| Step::ToDue { notification, zone: 0, past_ms };
    let steps = [
        opt_in(0),
        opt_in(1),
        Step::Withdraw { notification: 2 },
        // Nearly two hours late, so that the next day's is less than a day after it.
        due(1, 119 * MINUTE),
        Step::Tick,
        Step::Send(vec![Graph::Takes]),
        Step::Echo(29),
        due(2, 0),
        Step::Tick,
        Step::Send(vec![Graph::Takes]),
    ];
    let standing = (Some("LT"), Some(date(2024, 5, 1)));
    let sent = run(&SHOPS[0], standing, ms("2025-08-20T05:00:00Z"), &steps, false).unwrap();
    assert!(sent >= 2, "{sent}");
}
