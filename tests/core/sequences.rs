//! Properties of sequences, broadcasts, offers and the last word before a window closes, together,
//! in a simulated world over months: judged by an oracle that knows none of the core's code.
//!
//! `SHOPBELL_CORE_CASES` multiplies the number of cases.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use crate::common_core::*;
use jiff::civil::date;
use jiff::tz::TimeZone;
use proptest::collection::vec;
use proptest::prelude::*;
use shopbell::desk::form::reminders;
use shopbell::meta::event::{Event, OptinStatus};
use shopbell::meta::ids::OfferId;
use shopbell::outreach::offers::{self, Opened};
use shopbell::outreach::plan::{self, Horizon, Verdict};
use shopbell::outreach::told;
use shopbell::store::outbox::Class;
use shopbell::time::{DAY, HOUR, MINUTE, SECOND, UnixMs};

const PEOPLE: usize = 4;
const TOPICS: [&str; 3] = ["letters", "news", "advent"];
const STEPS: [&str; 4] = ["welcome-hello", "welcome-paper", "welcome-ink", "welcome-end"];

static LETTERS: LazyLock<Open> =
    LazyLock::new(|| compile(include_str!("../scenarios/letters/shop.toml")));

#[derive(Clone, Debug)]
enum Step {
    OptIn {
        person: usize,
        topic: usize,
        zone: Option<&'static str>,
    },
    OptOut {
        person: usize,
        topic: usize,
    },
    Stop {
        person: usize,
    },
    Delete {
        person: usize,
    },
    /// They write; nothing of it matters but that they do.
    Says {
        person: usize,
    },
    /// They begin a form and leave it.
    Form {
        person: usize,
    },
    /// A person of the shop types in the inbox.
    Typed {
        person: usize,
    },
    Tap {
        person: usize,
        what: &'static str,
    },
    Wait(i64),
    /// Time goes on to the next step, or run, of anything, and a little further.
    ToDue(i64),
    Tick,
    Send(Vec<Graph>),
    Open,
    Crash,
    ClaimAndCrash,
}

fn graph() -> impl Strategy<Value = Graph> {
    prop_oneof![
        9 => Just(Graph::Takes),
        1 => Just(Graph::LostAfter),
        1 => Just(Graph::LostBefore),
        1 => prop::sample::select(vec![
            Graph::Refuses(1, None),
            Graph::Refuses(4, None),
            Graph::Refuses(4, Some(2_018_354)),
            Graph::Refuses(10, Some(1_893_015)),
        ]),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let person = || 0..PEOPLE;
    let zone = prop::option::of(prop::sample::select(vec![
        "Europe/Vilnius",
        "America/Sao_Paulo",
        "Asia/Taipei",
    ]));
    let taps = vec!["sb:faq:pens", "sb:faq:bought", "sb:remind:ink", "sb:remind:advent"];
    prop_oneof![
        5 => (person(), 0..3_usize, zone)
            .prop_map(|(person, topic, zone)| Step::OptIn { person, topic, zone }),
        1 => (person(), 0..3_usize).prop_map(|(person, topic)| Step::OptOut { person, topic }),
        1 => person().prop_map(|person| Step::Stop { person }),
        1 => person().prop_map(|person| Step::Delete { person }),
        2 => person().prop_map(|person| Step::Says { person }),
        2 => person().prop_map(|person| Step::Form { person }),
        1 => person().prop_map(|person| Step::Typed { person }),
        4 => (person(), prop::sample::select(taps))
            .prop_map(|(person, what)| Step::Tap { person, what }),
        3 => prop::sample::select(vec![MINUTE, HOUR, 7 * HOUR, 23 * HOUR, DAY, 6 * DAY, 30 * DAY])
            .prop_map(Step::Wait),
        10 => prop::sample::select(vec![0, MINUTE, 90 * MINUTE, 5 * HOUR, 20 * HOUR])
            .prop_map(Step::ToDue),
        12 => Just(Step::Tick),
        12 => vec(graph(), 1..6).prop_map(Step::Send),
        2 => Just(Step::Open),
        1 => Just(Step::Crash),
        1 => Just(Step::ClaimAndCrash),
    ]
}

/// What the oracle knows of one person: only what happened.
#[derive(Clone, Default)]
struct Known {
    words: BTreeMap<String, bool>,
    clocks: BTreeMap<String, String>,
    window_until: UnixMs,
    paused_until: UnixMs,
    last_inbound: Option<UnixMs>,
    last_human: Option<UnixMs>,
    stopped_at: Option<UnixMs>,
    /// Since when the sequence goes for them.
    began: Option<UnixMs>,
    /// The step that left last, and when.
    step: Option<(usize, UnixMs)>,
    curious: bool,
    bought: bool,
    form_open: bool,
    /// The offers they asked for, since they were last told.
    wishes: BTreeSet<String>,
    nudged_at: Option<UnixMs>,
}

#[derive(Default)]
struct Oracle {
    people: Vec<Known>,
    sent: BTreeSet<(String, String, usize)>,
    last: BTreeMap<(String, usize), UnixMs>,
    by_token: BTreeMap<String, UnixMs>,
    judged: usize,
    nudges: usize,
}

impl Oracle {
    fn judge(&mut self, world: &World<'_>) -> Result<(), TestCaseError> {
        for sent in &world.requests[self.judged..] {
            let n = (0..PEOPLE).find(|n| person_id(*n) == sent.person).unwrap();
            match &sent.class {
                Class::Reply | Class::Notice { .. } | Class::Private | Class::Public => {}
                Class::Reminder => self.nudge(n, sent)?,
                Class::Notification { notification, period, topic } => {
                    let what = (notification.as_str(), period.as_str(), topic.as_str());
                    self.notification(n, sent, what)?;
                }
            }
        }
        self.judged = world.requests.len();
        Ok(())
    }

    fn by_day(&self, n: usize, topic: Option<&str>, at: UnixMs) -> bool {
        let theirs = topic.and_then(|topic| self.people[n].clocks.get(topic));
        let clock = TimeZone::get(theirs.map_or("Europe/Vilnius", String::as_str)).unwrap();
        (8..21).contains(&at.timestamp().to_zoned(clock).hour())
    }

    fn nudge(&mut self, n: usize, sent: &Sent) -> Result<(), TestCaseError> {
        let said = format!("the last word to {n} at {}", sent.at.rfc3339());
        let by_some_clock = self.by_day(n, None, sent.at)
            || TOPICS.iter().any(|topic| self.by_day(n, Some(topic), sent.at));
        prop_assert!(by_some_clock, "at night: {said}");
        let known = &mut self.people[n];
        prop_assert!(sent.at < known.window_until, "the window has closed: {said}");
        prop_assert!(known.paused_until <= sent.at, "a person is talking: {said}");
        let consent = known.words.values().any(|yes| *yes);
        prop_assert!(known.stopped_at.is_none() || consent, "after STOP: {said}");
        prop_assert!(known.form_open, "nothing was left open: {said}");
        // An unknown outcome is tried once more: that is the same word.
        let again = known.nudged_at.is_some_and(|last| sent.at.since(last) < 10 * MINUTE);
        if !again {
            if let Some(last) = known.nudged_at {
                prop_assert!(known.last_inbound > Some(last), "twice in a window: {said}");
                prop_assert!(sent.at.since(last) >= 2 * DAY - 10 * MINUTE, "too often: {said}");
            }
            known.nudged_at = Some(sent.at);
            self.nudges += 1;
        }
        Ok(())
    }

    fn notification(
        &mut self,
        n: usize,
        sent: &Sent,
        (notification, period, topic): (&str, &str, &str),
    ) -> Result<(), TestCaseError> {
        let said = format!("{notification} {period} to {n} at {}", sent.at.rfc3339());
        prop_assert!(self.by_day(n, Some(topic), sent.at), "at night: {said}");
        let left = sent.graph.takes() || sent.graph.unknown();
        let known = &mut self.people[n];
        prop_assert_eq!(known.words.get(topic), Some(&true), "no consent: {}", said);
        prop_assert!(known.paused_until <= sent.at, "a person is talking: {said}");
        prop_assert_ne!(notification, "unsaid", "a draft: {}", said);
        match &sent.by_token {
            None => prop_assert!(sent.at < known.window_until, "window closed: {said}"),
            Some(token) => {
                if let Some(last) = self.by_token.get(&token.0) {
                    prop_assert!(sent.at.since(*last) >= 48 * HOUR, "cooldown: {said}");
                }
                if sent.graph == Graph::Takes {
                    self.by_token.insert(token.0.clone(), sent.at);
                }
            }
        }
        if let Some(number) = STEPS.iter().position(|step| *step == notification) {
            prop_assert_eq!(period, "once");
            let began = known.began;
            prop_assert!(began.is_some_and(|began| began <= sent.at), "never begun: {said}");
            prop_assert!(known.stopped_at < began, "after STOP: {said}");
            prop_assert!(known.last_human < began, "after a person talked: {said}");
            prop_assert!(!known.bought, "after they bought: {said}");
            prop_assert!(number != 2 || known.curious, "not for them: {said}");
            if let Some((before, at)) = known.step {
                prop_assert!(before <= number, "out of order: {said}");
                // A request that was refused for now is the same step.
                let answered = known.last_inbound.is_some_and(|inbound| inbound > at);
                prop_assert!(before == number || !answered, "after a reply: {said}");
            }
            if left {
                known.step = Some((number, sent.at));
            }
        }
        match notification {
            "sale" => prop_assert!(known.curious && !known.bought, "not in the segment: {said}"),
            "ink-start" => {
                prop_assert!(known.wishes.contains("ink"), "nobody asked: {said}");
                if left {
                    known.wishes.remove("ink");
                }
            }
            "advent-start" | "advent-end" => {
                prop_assert!(known.wishes.contains("advent"), "nobody asked: {said}");
            }
            _ => {}
        }
        if left {
            let key = (notification.to_owned(), period.to_owned(), n);
            prop_assert!(self.sent.insert(key), "twice: {said}");
        }
        let vilnius = TimeZone::get("Europe/Vilnius").unwrap();
        let day = sent.at.timestamp().to_zoned(vilnius).date();
        if topic == "advent" {
            let named = [date(2026, 12, 1), date(2026, 12, 8), date(2026, 12, 24)];
            prop_assert!(named.contains(&day), "no named day: {said}");
        }
        if sent.graph.takes() {
            let apart = if topic == "news" { 7 } else { 1 };
            if let Some(last) = self.last.insert((topic.to_owned(), n), sent.at) {
                // Four hours for clocks that change, and as late as a message may leave: four
                // hours, and fourteen for what the owner opens.
                let late = if topic == "letters" { 14 } else { 4 } * HOUR;
                let least = apart * DAY - 4 * HOUR - late;
                prop_assert!(sent.at.since(last) >= least, "promise: {said}");
            }
        }
        Ok(())
    }

    fn inbound(&mut self, n: usize, at: UnixMs) {
        let known = &mut self.people[n];
        known.last_inbound = Some(at);
        known.window_until = known.window_until.max(at.plus(DAY));
    }
}

/// The next moment at which anything is due to anybody.
fn next_due(world: &World<'_>) -> Option<UnixMs> {
    let told = told::recipients(&world.sql, &world.shop, "", world.now).unwrap();
    let planned = plan::plan(&world.shop, &told.recipients, world.now, Horizon::Next);
    let later = planned.iter().map(|planned| planned.due.at).filter(|at| *at > world.now);
    later.min()
}

fn tick(world: &World<'_>) {
    world.tick();
    reminders::remind(&world.sql, &world.shop, world.now).unwrap();
}

fn run(start: UnixMs, steps: &[Step], on_disk: bool) -> Result<(usize, usize), TestCaseError> {
    let open = &*LETTERS;
    let mut world = if on_disk { World::on_disk(open, start) } else { World::new(open, start) };
    let mut oracle = Oracle { people: vec![Known::default(); PEOPLE], ..Oracle::default() };
    for (count, step) in steps.iter().enumerate() {
        // Each step is a moment of its own.
        world.wait(SECOND);
        let now = world.now;
        let mid = format!("mid.{count}");
        let take = |world: &mut World<'_>, event: Event| {
            world.take(std::slice::from_ref(&event));
        };
        match step {
            Step::OptIn { person, topic, zone } => {
                let topic = TOPICS[*topic];
                let known = &mut oracle.people[*person];
                known.words.insert(topic.to_owned(), true);
                if let Some(zone) = zone {
                    known.clocks.insert(topic.to_owned(), (*zone).to_owned());
                }
                if topic == "letters" {
                    known.began.get_or_insert(now);
                }
                let token = format!("t-{person}-{topic}-{count}");
                let granted = OptinStatus::Granted;
                take(&mut world, optin(*person, now, topic, granted, Some(&token), *zone));
            }
            Step::OptOut { person, topic } => {
                let topic = TOPICS[*topic];
                oracle.people[*person].words.insert(topic.to_owned(), false);
                take(&mut world, optin(*person, now, topic, OptinStatus::Stopped, None, None));
            }
            Step::Stop { person } => {
                oracle.inbound(*person, now);
                let known = &mut oracle.people[*person];
                known.words.values_mut().for_each(|word| *word = false);
                known.stopped_at = Some(now);
                known.wishes.clear();
                take(&mut world, message(*person, now, &mid, "STOP"));
            }
            Step::Delete { person } => {
                oracle.judge(&world)?;
                let n = *person;
                oracle.people[n] = Known::default();
                oracle.sent.retain(|(_, _, who)| *who != n);
                oracle.last.retain(|(_, who), _| *who != n);
                take(&mut world, message(n, now, &mid, "delete my data"));
                let yes = format!("{mid}y");
                take(&mut world, quick_reply(n, now, &yes, "Yes", "sb:delete"));
            }
            Step::Says { person } => {
                oracle.inbound(*person, now);
                take(&mut world, message(*person, now, &mid, "thanks"));
            }
            Step::Form { person } => {
                oracle.inbound(*person, now);
                oracle.people[*person].form_open = true;
                take(&mut world, message(*person, now, &mid, "engraving"));
            }
            Step::Typed { person } => {
                let hours = i64::from(open.shop.assistant.pause_hours);
                let known = &mut oracle.people[*person];
                known.paused_until = known.paused_until.max(now.plus(hours * HOUR));
                known.last_human = Some(now);
                take(&mut world, echo(*person, now, &mid, Some("263902037430900"), None));
            }
            Step::Tap { person, what } => {
                oracle.inbound(*person, now);
                let known = &mut oracle.people[*person];
                let paused = known.paused_until > now;
                match *what {
                    // What a tap leaves is left, whoever answers it.
                    "sb:faq:pens" if !paused => known.curious = true,
                    "sb:faq:bought" if !paused => known.bought = true,
                    "sb:remind:ink" if !paused => drop(known.wishes.insert("ink".into())),
                    "sb:remind:advent" if !paused => drop(known.wishes.insert("advent".into())),
                    _ => {}
                }
                take(&mut world, postback(*person, now, what, None));
            }
            Step::Wait(ms) => world.wait(*ms),
            Step::ToDue(past) => {
                if let Some(due) = next_due(&world) {
                    world.now = due.plus(*past).max(now);
                }
            }
            Step::Tick => {
                tick(&world);
                // A second one at the same moment.
                tick(&world);
            }
            Step::Send(outcomes) => {
                world.claim(ROOM);
                for outcome in outcomes.iter().cycle().take(world.in_flight()) {
                    world.send(0, *outcome);
                }
                oracle.judge(&world)?;
                for _ in outcomes {
                    world.settle(0);
                }
            }
            Step::Open => {
                let ink = OfferId::new("ink").unwrap();
                offers::open(&world.sql, &world.shop, &ink, now).unwrap();
            }
            Step::Crash => world.crash(),
            Step::ClaimAndCrash => {
                world.claim(ROOM);
                world.crash();
            }
        }
        oracle.judge(&world)?;
    }
    let told = |sent: &&Sent| matches!(sent.class, Class::Notification { .. });
    Ok((world.requests.iter().filter(told).count(), oracle.nudges))
}

fn start() -> impl Strategy<Value = UnixMs> {
    prop::sample::select(vec![
        "2026-03-25T06:00:00Z",
        "2026-10-22T06:00:00Z",
        "2026-11-20T06:00:00Z",
        "2026-11-29T06:00:00Z",
        "2026-12-18T06:00:00Z",
    ])
    .prop_map(ms)
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: cases(300), failure_persistence: None, max_shrink_iters: 3_000,
        ..ProptestConfig::default()
    })]

    /// Whatever is sent together never exceeds what the topics promised; no step twice, none after
    /// a reply, a purchase, a STOP or a person; no word before the window closes that nobody wants.
    #[test]
    fn everything_that_is_sent_together_keeps_every_promise(
        start in start(),
        steps in vec(step(), 1..140),
    ) {
        run(start, &steps, false)?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: cases(25), failure_persistence: None, ..ProptestConfig::default()
    })]

    /// The same on a file that outlives its processes.
    #[test]
    fn everything_that_is_sent_together_keeps_every_promise_on_disk(
        start in start(),
        steps in vec(step(), 1..80),
    ) {
        run(start, &steps, true)?;
    }
}

/// The property above would hold if nothing were ever sent: this one would not.
#[test]
fn the_simulated_weeks_send_steps_broadcasts_offers_and_last_words() {
    let begin = (0..PEOPLE).flat_map(|person| {
        (0..3).map(move |topic| Step::OptIn { person, topic, zone: None }).chain([
            Step::Tap { person, what: "sb:faq:pens" },
            Step::Tap { person, what: "sb:remind:ink" },
            Step::Tap { person, what: "sb:remind:advent" },
            Step::Form { person },
        ])
    });
    let days = (0..90).flat_map(|n| {
        let open = (n == 20).then_some(Step::Open);
        [Step::ToDue(MINUTE), Step::Tick, Step::Send(vec![Graph::Takes; 6])]
            .into_iter()
            .chain(open)
            .chain([Step::Send(vec![Graph::Takes; 6]), Step::Send(vec![Graph::Takes; 6])])
    });
    let steps: Vec<Step> = begin
        .chain(vec![Step::Send(vec![Graph::Takes; 6]); 30])
        .chain([Step::Wait(22 * HOUR + 58 * MINUTE + 30 * SECOND), Step::Tick])
        .chain(vec![Step::Wait(30 * SECOND), Step::Tick, Step::Send(vec![Graph::Takes; 6])])
        .chain(vec![Step::Send(vec![Graph::Takes; 6]); 3])
        .chain(days)
        .collect();
    // At ten in the morning: the window closes by day.
    let (sent, nudges) = run(ms("2026-11-23T08:00:00Z"), &steps, false).unwrap();
    assert!(sent >= 30, "{sent}");
    assert_eq!(nudges, PEOPLE);
}

fn settled(world: &mut World<'_>) {
    tick(world);
    world.drain();
}

/// Somebody for whom the sequence has begun, and who was told its first letter.
fn subscriber(world: &mut World<'_>, n: usize) {
    world.take(&[message(n, world.now, &format!("m{n}"), "hello")]);
    let granted = OptinStatus::Granted;
    let token = format!("t{n}");
    world.take(&[optin(n, world.now, "letters", granted, Some(&token), None)]);
    world.drain();
}

#[test]
fn a_sequence_goes_on_where_it_was_after_a_restart_and_after_days_without_a_tick() {
    let mut world = World::on_disk(&LETTERS, ms("2026-11-23T13:00:00Z"));
    subscriber(&mut world, 0);
    world.wait(31 * MINUTE);
    settled(&mut world);
    let letters = |world: &World<'_>| {
        let heard = world.heard(0);
        let is = |said: &&String| said.contains("letter") && !said.starts_with("[opt-in");
        heard.iter().filter(is).count()
    };
    assert_eq!(letters(&world), 1);
    // The process dies, and nothing ticks until a day after the second one was due.
    world.crash();
    world.wait(3 * DAY);
    settled(&mut world);
    world.now = ms("2026-11-27T08:00:30Z");
    settled(&mut world);
    assert_eq!(letters(&world), 2, "the next morning at its hour");
    for _ in 0..3 {
        world.crash();
        settled(&mut world);
    }
    assert_eq!(letters(&world), 2, "and once");
}

#[test]
fn a_plan_shows_the_steps_that_are_due_and_the_desk_does_them() {
    let mut world = World::new(&LETTERS, ms("2026-11-23T13:00:00Z"));
    for n in 0..3 {
        subscriber(&mut world, n);
    }
    world.wait(31 * MINUTE);
    settled(&mut world);
    // One has answered: they are not in the plan.
    world.wait(2 * MINUTE);
    world.take(&[message(2, world.now, "x", "thanks")]);
    let told = told::recipients(&world.sql, &world.shop, "", world.now).unwrap();
    let week = Horizon::Until(world.now.plus(7 * DAY));
    let planned = plan::plan(&world.shop, &told.recipients, world.now, week);
    let shown: Vec<String> = planned
        .iter()
        .filter(|planned| planned.notification.id.as_str().starts_with("welcome"))
        .map(|planned| {
            let leave = |line: &&plan::Line| matches!(line.verdict, Verdict::Leaves { .. });
            let leaving = planned.lines.iter().filter(leave).count();
            format!("{} {} {leaving}", planned.notification.id, planned.due.at.rfc3339())
        })
        .collect();
    // The third is for the curious, and nobody is. The last one waits for its token.
    assert_eq!(
        shown,
        ["welcome-paper 2026-11-25T08:00:00Z 2", "welcome-end 2026-11-28T08:00:00Z 2"],
        "{planned:?}"
    );
    for at in ["2026-11-25T08:00:00Z", "2026-11-27T08:00:00Z", "2026-11-28T08:00:00Z"] {
        world.now = ms(at).plus(MINUTE);
        settled(&mut world);
    }
    let said = |n: usize| {
        world.heard(n).into_iter().filter(|said| said.contains("letter")).collect::<Vec<_>>()
    };
    assert!(said(0).iter().any(|said| said.contains("second")), "{:?}", said(0));
    assert!(said(0).iter().any(|said| said.contains("last")), "{:?}", said(0));
    assert!(!said(2).iter().any(|said| said.contains("second")), "{:?}", said(2));
}

#[test]
fn an_offer_is_opened_once_a_day_and_tells_those_who_asked_since_the_last_time() {
    let mut world = World::new(&LETTERS, ms("2026-11-23T09:00:00Z"));
    for n in 0..2 {
        subscriber(&mut world, n);
    }
    world.wait(31 * MINUTE);
    settled(&mut world);
    world.take(&[postback(0, world.now, "sb:remind:ink", None)]);
    world.drain();
    assert!(world.heard(0).last().unwrap().contains("Green ink"));
    let ink = OfferId::new("ink").unwrap();
    let open = |world: &World<'_>| offers::open(&world.sql, &world.shop, &ink, world.now).unwrap();
    world.wait(DAY);
    assert_eq!(open(&world), Opened::Now);
    assert_eq!(open(&world), Opened::Already);
    settled(&mut world);
    let told = |world: &World<'_>, n: usize| {
        world.heard(n).iter().filter(|said| said.contains("green ink is on")).count()
    };
    assert_eq!((told(&world, 0), told(&world, 1)), (1, 0));
    world.wait(3 * DAY);
    assert_eq!(open(&world), Opened::Now);
    settled(&mut world);
    assert_eq!((told(&world, 0), told(&world, 1)), (1, 0), "their wish was granted");
    let standing = offers::standing(&world.sql, &world.shop, world.now).unwrap();
    assert!(standing.iter().all(|one| one.waiting == 0), "{standing:?}");
    let advent = OfferId::new("advent").unwrap();
    let on_its_day = offers::open(&world.sql, &world.shop, &advent, world.now).unwrap();
    assert_eq!(on_its_day, Opened::OnItsDay);
}

#[test]
fn each_wording_is_counted_by_itself() {
    let mut world = World::new(&LETTERS, ms("2026-11-27T08:00:00Z"));
    for n in 0..8 {
        world.take(&[postback(n, world.now, "sb:faq:pens", None)]);
        let granted = OptinStatus::Granted;
        world.take(&[optin(n, world.now, "news", granted, Some(&format!("t{n}")), None)]);
    }
    world.drain();
    world.now = ms("2026-11-27T09:00:30Z");
    settled(&mut world);
    world.wait(HOUR);
    let bodies = |n: usize| {
        let said = world.heard(n);
        said.into_iter().find(|said| said.contains("20 €")).unwrap()
    };
    let second: BTreeSet<usize> = (0..8).filter(|n| bodies(*n).contains("Tik")).collect();
    assert!((1..8).contains(&second.len()), "{second:?}");
    // All of them tap; the button is the same in both.
    for n in 0..8 {
        world.take(&[postback(n, world.now, "sb:faq:pens", None)]);
        world.take(&[postback(n, world.now.plus(1), "sb:faq:pens", None)]);
    }
    let report =
        told::answer(&world.sql, &world.shop, &told::Question::Report { days: 7 }, world.now);
    let report: told::Report = serde_json::from_str(&report.unwrap()).unwrap();
    let tapped = |variant: Option<&str>| {
        let of = |t: &&told::TallyLine| t.what == "tapped" && t.variant.as_deref() == variant;
        report.tallies.iter().filter(of).map(|t| t.people).sum::<i64>()
    };
    let sent = |variant: &str| {
        let of = |w: &&told::WordingLine| w.variant == variant && w.outcome == "sent";
        report.wordings.iter().filter(of).map(|w| w.people).sum::<i64>()
    };
    let second = i64::try_from(second.len()).unwrap();
    assert_eq!((tapped(None), tapped(Some("a")), tapped(Some("b"))), (8, 8 - second, second));
    assert_eq!((sent("a"), sent("b")), (8 - second, second));
}
