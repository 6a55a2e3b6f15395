//! Properties of the core in a simulated world: what an inbound event causes, what leaves and in
//! which order, whatever is repeated, lost, late or interrupted.
//!
//! `SHOPBELL_CORE_CASES` multiplies the number of cases.

use std::collections::{BTreeMap, BTreeSet};

use crate::common_core::*;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use shopbell::desk::{inbox, words};
use shopbell::meta::event::{Channel, Event, EventKind, OptinStatus};
use shopbell::meta::send::Content;
use shopbell::shop::lang;
use shopbell::shop::model::Lang;
use shopbell::store::outbox::{Class, Room};
use shopbell::store::{Sql as _, Value};
use shopbell::time::{DAY, HOUR, MINUTE, SECOND, UnixMs};

fn config(default: u32) -> ProptestConfig {
    ProptestConfig { cases: cases(default), failure_persistence: None, ..ProptestConfig::default() }
}

fn shop() -> impl Strategy<Value = &'static Open> {
    (0..3_usize).prop_map(|n| &SHOPS[n])
}

/// What people do; `n` tells messages of the same text apart.
fn inbound(person: usize, at: UnixMs, n: usize, what: usize, open: &Open) -> Event {
    let mid = format!("mid.{n}");
    let say = |text: &str| message(person, at, &mid, text);
    let topic = open.shop.topics[n % open.shop.topics.len()].id.as_str();
    let poster = &open.shop.posters[n % open.shop.posters.len()].code;
    let signed = KEYS.refs.sign(&open.shop.page.id, poster, at);
    match what {
        0 => say("wifi?"),
        1 => say("What are your opening hours?"),
        2 => say("qwertz uiop"),
        3 => say("👍"),
        4 => say("STOP"),
        5 => say("human"),
        6 => postback(person, at, "GET_STARTED", Some(&signed)),
        7 => referral(person, at, Some(&signed)),
        8 => quick_reply(person, at, &mid, "Hours", "sb:faq:hours"),
        9 => optin(person, at, topic, OptinStatus::Granted, Some("token"), None),
        10 => postback(person, at, &format!("sb:topic:{topic}"), None),
        11 => say("Where are you?"),
        12 => say(&"lange Worte ".repeat(300)),
        _ => say("delete my data"),
    }
}

// --- invariant 2, and the order per person ---

proptest! {
    #![proptest_config(config(400))]

    /// However events are batched and repeated, each is decided once and the people read the
    /// same as if each had come once.
    #[test]
    fn repeating_events_in_any_batches_changes_nothing(
        open in shop(),
        script in vec((0..3_usize, 0..14_usize, 0..90 * MINUTE), 1..10),
        deliveries in vec(vec(any::<Index>(), 1..5), 1..12),
        room in 0..3_u32,
    ) {
        let start = ms("2026-11-20T10:00:00Z");
        let events: Vec<Event> = script
            .iter()
            .enumerate()
            .map(|(n, (person, what, offset))| {
                inbound(*person, start.plus(-offset), n, *what, open)
            })
            .collect();
        let mut world = World::new(open, start);
        let mut once = World::new(open, start);
        let mut seen = BTreeSet::new();
        for batch in &deliveries {
            let batch: Vec<Event> = batch.iter().map(|i| i.get(&events).clone()).collect();
            let news: Vec<Event> =
                batch.iter().filter(|event| seen.insert(event.key())).cloned().collect();
            let report = world.take_and_claim(&batch, room);
            prop_assert_eq!(report.handled as usize, news.len());
            prop_assert_eq!(report.repeated as usize, batch.len() - news.len());
            world.drain();
            once.take(&news);
            once.drain();
            world.wait(MINUTE);
            once.wait(MINUTE);
        }
        for person in 0..3 {
            prop_assert_eq!(world.heard(person), once.heard(person));
        }
        let mut ids: Vec<i64> = world.taken.iter().map(|sent| sent.id).collect();
        ids.sort_unstable();
        ids.dedup();
        prop_assert_eq!(ids.len(), world.taken.len(), "a bubble left twice");
    }
}

/// What the tables say of an intake, but for what is parked, and the order of different people.
fn written(world: &World<'_>) -> Vec<Vec<Vec<Value>>> {
    [
        "SELECT channel, id, body FROM people ORDER BY channel, id",
        "SELECT channel, person, class, content, state, attempts, due_at, claimed_at,
           created_at, expires_at FROM outbox ORDER BY channel, person, id",
        "SELECT key, at FROM seen ORDER BY key",
        "SELECT day, name, n FROM counters WHERE name <> 'event.parked' ORDER BY day, name",
        "SELECT topic, channel, person, status, token, changed_at FROM consents
         ORDER BY topic, channel, person",
        "SELECT person, at FROM tombstones ORDER BY person",
        "SELECT key, value FROM kv_queue ORDER BY key",
        "SELECT name, due_at FROM timers WHERE name <> 'unpark' ORDER BY name",
    ]
    .map(|query| world.rows(query))
    .to_vec()
}

proptest! {
    #![proptest_config(config(300))]

    /// The short way writes what the long way does. An event whose person cannot be read sends a
    /// whole delivery the long way.
    #[test]
    fn the_short_way_and_the_long_way_write_the_same(
        open in shop(),
        before in vec((0..3_usize, 0..14_usize), 0..4),
        script in vec((0..3_usize, 0..14_usize, 0..90 * MINUTE), 1..8),
    ) {
        let start = ms("2026-11-20T10:00:00Z");
        let mut worlds = [World::new(open, start), World::new(open, start)];
        for world in &mut worlds {
            for (n, (person, what)) in before.iter().enumerate() {
                world.take(&[inbound(*person, start.plus(-2 * HOUR), 100 + n, *what, open)]);
            }
            world.take(&[message(9, start, "unreadable", "hello")]);
            world.sql.execute(
                "UPDATE people SET body = '{' WHERE id = ?1",
                &[person_id(9).as_str().into()],
            ).unwrap();
        }
        let mut events: Vec<Event> = script
            .iter()
            .enumerate()
            .map(|(n, (person, what, offset))| {
                inbound(*person, start.plus(-offset), n, *what, open)
            })
            .collect();
        let [short, long] = &mut worlds;
        prop_assert_eq!(short.take(&events).parked, 0);
        events.push(message(9, start, "parked", "hello"));
        prop_assert_eq!(long.take(&events).parked, 1);
        for (short, long) in written(short).into_iter().zip(written(long)) {
            prop_assert_eq!(short, long);
        }
    }
}

/// What happens to the outside world, one step at a time.
#[derive(Clone, Debug)]
enum Step {
    Inbound {
        person: usize,
        what: usize,
        /// How many replies may be claimed at once.
        room: u32,
    },
    Again(Index),
    Claim(u32, u32),
    /// Without an outcome of its own: as Graph is today.
    Send(Index, Option<Graph>),
    Settle(Index),
    Echo(Index),
    Wait(i64),
    Crash,
}

fn graph() -> impl Strategy<Value = Graph> {
    prop_oneof![
        6 => Just(Graph::Takes),
        1 => Just(Graph::LostBefore),
        2 => Just(Graph::LostAfter),
        1 => any::<bool>().prop_map(|taken| Graph::Gateway { taken }),
        1 => Just(Graph::Refuses(1, None)),
        1 => Just(Graph::Refuses(613, None)),
        1 => Just(Graph::Refuses(190, None)),
        1 => Just(Graph::Refuses(2_018_300, None)),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..3_usize, 0..13_usize, 0..2_u32)
            .prop_map(|(person, what, room)| Step::Inbound { person, what, room }),
        2 => any::<Index>().prop_map(Step::Again),
        4 => (1..7_u32, 0..5_u32).prop_map(|(all, some)| Step::Claim(all, some)),
        6 => (any::<Index>(), prop::option::of(graph())).prop_map(|(which, graph)| Step::Send(which, graph)),
        6 => any::<Index>().prop_map(Step::Settle),
        2 => any::<Index>().prop_map(Step::Echo),
        2 => prop_oneof![Just(SECOND), Just(6 * SECOND), Just(MINUTE), Just(11 * MINUTE)]
            .prop_map(Step::Wait),
        1 => Just(Step::Crash),
    ]
}

fn play(world: &mut World<'_>, mood: Graph, steps: &[Step]) {
    let mut events: Vec<Event> = Vec::new();
    for step in steps {
        match step {
            Step::Inbound { person, what, room } => {
                let event = inbound(*person, world.now, events.len(), *what, world.open);
                world.take_and_claim(std::slice::from_ref(&event), *room);
                events.push(event);
            }
            Step::Again(which) => {
                if !events.is_empty() {
                    world.take(&[which.get(&events).clone()]);
                }
            }
            Step::Claim(messages, notifications) => {
                world.claim(Room {
                    messages: *messages,
                    notifications: *notifications,
                    comments: 0,
                });
            }
            Step::Send(which, graph) => {
                let which = if world.in_flight() == 0 { 0 } else { which.index(world.in_flight()) };
                world.send(which, graph.unwrap_or(mood));
            }
            Step::Settle(which) => world.settle(which.index(usize::MAX)),
            Step::Echo(which) => world.echo_of(which.index(usize::MAX)),
            Step::Wait(ms) => world.wait(*ms),
            Step::Crash => world.crash(),
        }
    }
}

fn check_replies(world: &mut World<'_>) -> Result<(), TestCaseError> {
    world.come_to_rest();
    // A lost in-flight request settles by its age; nothing stays open.
    let mut times: BTreeMap<i64, u32> = BTreeMap::new();
    let mut last: BTreeMap<String, i64> = BTreeMap::new();
    for sent in &world.taken {
        let n = times.entry(sent.id).or_default();
        *n += 1;
        if *n > 1 {
            // The second try of one whose echo came while it was on its way may come later.
            continue;
        }
        let before = last.insert(sent.person.to_string(), sent.id).unwrap_or_default();
        prop_assert!(before <= sent.id, "bubble {} after {before}", sent.id);
    }
    for (id, n) in &times {
        let unknown = world.unknowns.get(id).copied().unwrap_or_default();
        prop_assert!(*n <= 2, "bubble {id} arrived {n} times");
        prop_assert!(*n == 1 || unknown > 0, "bubble {id} arrived twice, and both were certain");
    }
    let rows = world
        .sql_rows("SELECT id, state, coalesce(reason, '') FROM outbox WHERE class = 0 ORDER BY id");
    for (id, state, reason) in rows {
        let arrived = times.contains_key(&id);
        let unknown = world.unknowns.get(&id).copied().unwrap_or_default();
        match state.as_str() {
            "sent" => prop_assert!(arrived, "bubble {id} counts as sent and never arrived"),
            "unknown" => prop_assert!(unknown >= 2, "bubble {id} was given up after {unknown}"),
            "refused" => prop_assert!(
                reason.contains("Meta's error") || reason.contains("window"),
                "bubble {id} refused: {reason}"
            ),
            other => prop_assert!(false, "bubble {id} is {other}"),
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(config(1_000))]

    /// Whatever Graph loses and whenever the process dies: no reply is lost, only what was
    /// unknown appears twice, and nothing overtakes.
    #[test]
    fn replies_survive_losses_and_crashes_in_order(
        open in shop(),
        mood in graph(),
        steps in vec(step(), 1..60),
    ) {
        let mut world = World::new(open, ms("2026-11-20T10:00:00Z"));
        play(&mut world, mood, &steps);
        check_replies(&mut world)?;
    }
}

proptest! {
    #![proptest_config(config(60))]

    /// The same on a file: what a dead process leaves behind is all there is.
    #[test]
    fn replies_survive_a_process_that_dies_with_its_memory(
        open in shop(),
        mood in graph(),
        steps in vec(step(), 1..40),
    ) {
        let mut world = World::on_disk(open, ms("2026-11-20T10:00:00Z"));
        play(&mut world, mood, &steps);
        check_replies(&mut world)?;
    }
}

// --- invariant 3 ---

/// The ways a whole message may be written.
fn spelled(word: &str, how: usize) -> String {
    use unicode_normalization::UnicodeNormalization;
    let plain = || {
        word.nfd()
            .filter(|c| !unicode_normalization::char::is_combining_mark(*c))
            .collect::<String>()
    };
    match how {
        0 => word.to_owned(),
        1 => word.to_uppercase(),
        2 => plain(),
        3 => format!("  {word}!!! "),
        4 => format!("\"{}\".", plain().to_uppercase()),
        5 => format!("{word} 🙏"),
        _ => word.nfd().collect(),
    }
}

fn vocabulary(open: &Open) -> Vec<(words::Command, String)> {
    let shop = &open.shop;
    let mut all = Vec::new();
    let english = Lang("en".to_owned());
    for tag in shop.languages.iter().chain([&english]) {
        let language = lang::language(tag);
        let add = |list: &[&str], command| {
            list.iter().map(|word| (command, (*word).to_owned())).collect::<Vec<_>>()
        };
        all.extend(add(&language.stop, words::Command::Stop));
        all.extend(add(&language.delete, words::Command::Delete));
        all.extend(add(&language.human, words::Command::Human));
    }
    let own = [
        (words::Command::Stop, &shop.assistant.stop_words),
        (words::Command::Human, &shop.assistant.human_words),
        (words::Command::Delete, &shop.assistant.delete_words),
    ];
    all.extend(own.into_iter().flat_map(|(c, list)| list.iter().map(move |w| (c, w.clone()))));
    all
}

#[test]
fn every_word_of_every_language_is_its_command_however_it_is_typed() {
    for open in SHOPS.iter() {
        for (command, word) in vocabulary(open) {
            for how in 0..7 {
                let text = spelled(&word, how);
                assert_eq!(
                    words::command(&open.shop, &text),
                    Some(command),
                    "{} {text:?}",
                    open.shop.name
                );
            }
        }
    }
}

proptest! {
    #![proptest_config(config(600))]

    /// STOP, HUMAN and DELETE win in every state.
    #[test]
    fn stop_human_and_delete_win_in_every_state(
        open in shop(),
        mood in graph(),
        steps in vec(step(), 0..25),
        inbox_echo in any::<bool>(),
        which in any::<Index>(),
        how in 0..7_usize,
        after_ms in 0..30 * HOUR,
    ) {
        let mut world = World::new(open, ms("2026-11-20T10:00:00Z"));
        play(&mut world, mood, &steps);
        world.come_to_rest();
        if inbox_echo {
            world.take(&[echo(0, world.now, "typed", Some("263902037430900"), None)]);
        }
        world.wait(after_ms + SECOND);
        let vocabulary = vocabulary(open);
        let (command, word) = which.get(&vocabulary);
        let topic = open.shop.topics[0].id.as_str();
        world.take(&[optin(0, world.now, topic, OptinStatus::Granted, Some("t"), None)]);
        world.come_to_rest();
        world.wait(SECOND);
        let paused = world.person(0).is_some_and(|person| person.paused(world.now));
        let stopped = world.person(0).is_some_and(|person| person.stopped_at.is_some());
        let answer = world.after(message(0, world.now, "the word", &spelled(word, how)));
        let live = "SELECT count(*) FROM consents WHERE person = '700000000000' AND status = 'active'";
        match command {
            words::Command::Stop => {
                prop_assert_eq!(world.number(live), 0);
                let person = world.person(0).unwrap();
                prop_assert!(person.topics.values().all(|word| !word.active));
                prop_assert_eq!(person.stopped_at, Some(world.now));
                prop_assert_eq!(answer.len(), 1, "confirmed: there was something to stop");
                let _ = stopped;
                // Not the answers.
                world.wait(SECOND);
                let asked = world.after(quick_reply(0, world.now, "q", "?", "sb:faq:hours"));
                prop_assert_eq!(asked.is_empty(), paused);
            }
            words::Command::Human => {
                prop_assert!(world.person(0).unwrap().paused(world.now.plus(HOUR)));
                prop_assert_eq!(answer.len(), usize::from(!paused));
            }
            words::Command::Delete => {
                prop_assert_eq!(answer.len(), 1, "asked whether they mean it");
                prop_assert!(world.person(0).is_some());
                prop_assert!(world.number(live) >= 1);
                world.wait(SECOND);
                let told = world.after(yes_delete(0, world.now));
                prop_assert_eq!(told.len(), 1);
                prop_assert_eq!(world.person(0), None);
                for table in ["consents", "ledger"] {
                    let left = format!("SELECT count(*) FROM {table} WHERE person = '700000000000'");
                    prop_assert_eq!(world.number(&left), 0);
                }
            }
        }
    }

    /// What happened before a person asked to be forgotten never brings them back, in whatever
    /// order it comes.
    #[test]
    fn nothing_older_than_a_deletion_brings_a_person_back(
        open in shop(),
        script in vec((0..13_usize, 1..2 * HOUR), 1..8),
        cut in any::<Index>(),
    ) {
        let mut world = World::new(open, ms("2026-11-20T10:00:00Z"));
        let asked = world.now;
        let events: Vec<Event> = script
            .iter()
            .enumerate()
            .map(|(n, (what, before))| inbound(0, asked.plus(-before), n, *what, open))
            .collect();
        let (first, rest) = events.split_at(cut.index(events.len()));
        world.take(first);
        world.drain();
        world.take(&[message(0, asked, "forget", "delete my data"), yes_delete(0, asked)]);
        world.drain();
        let heard = world.heard(0).len();
        world.take(rest);
        inbox::unpark(&world.sql, world.context(), world.now.plus(DAY)).unwrap();
        world.drain();
        prop_assert_eq!(world.person(0), None);
        prop_assert_eq!(world.number("SELECT count(*) FROM consents"), 0);
        prop_assert_eq!(world.heard(0).len(), heard);
    }

    /// The newest word on a topic counts, in whatever order the webhooks come.
    #[test]
    fn the_newest_word_on_a_topic_counts_in_any_order(
        open in shop(),
        said in vec((0..4_usize, 0..6_i64), 1..8),
        order in vec(any::<Index>(), 1..20),
    ) {
        let mut world = World::new(open, ms("2026-11-20T10:00:00Z"));
        let topic = open.shop.topics[0].id.as_str();
        let events: Vec<Event> = said
            .iter()
            .enumerate()
            .map(|(n, (what, second))| {
                let at = world.now.plus(second * SECOND - MINUTE);
                match what {
                    0 => message(0, at, &format!("stop{n}"), "STOP"),
                    1 => optin(0, at, topic, OptinStatus::Stopped, None, None),
                    2 => optin(0, at, topic, OptinStatus::Resumed, None, None),
                    _ => optin(0, at, topic, OptinStatus::Granted, Some("t"), None),
                }
            })
            .collect();
        let mut came = BTreeSet::new();
        for which in &order {
            let n = which.index(events.len());
            came.insert(n);
            world.take(&[events[n].clone()]);
        }
        // The oracle: the last moment decides, and of one moment a stop.
        let newest = came.iter().map(|n| (said[*n].1, said[*n].0 < 2)).max().unwrap();
        let active = !newest.1;
        prop_assert_eq!(world.person(0).unwrap().agreed(&topic_id(topic)), active);
        let live = world.number("SELECT count(*) FROM consents WHERE status = 'active'");
        prop_assert_eq!(live, i64::from(active));
    }

    /// What is older than the seen keys are kept changes nothing but STOP and DELETE.
    #[test]
    fn old_events_change_nothing_but_stop_and_delete(
        open in shop(),
        before in vec((0..13_usize, 0..HOUR), 0..5),
        what in 0..14_usize,
        age in 3 * DAY + 1..400 * DAY,
    ) {
        let mut world = World::new(open, ms("2026-11-20T10:00:00Z"));
        for (n, (what, offset)) in before.iter().enumerate() {
            world.take(&[inbound(0, world.now.plus(-offset), n, *what, open)]);
        }
        world.come_to_rest();
        let was = world.person(0);
        let heard = world.taken.len();
        world.take(&[inbound(0, world.now.plus(-age), 99, what, open)]);
        world.drain();
        prop_assert_eq!(world.taken.len(), heard);
        match what {
            4 => prop_assert!(world.person(0).unwrap().stopped_at.is_some()),
            13 => {
                // Noted, and asked about when they come next; only a yes to it would delete.
                let mut person = world.person(0).unwrap();
                prop_assert!(person.delete_asked.take().is_some());
                prop_assert!(person.delete_noted.take().is_some());
                prop_assert!(was.is_none_or(|was| was == person));
            }
            _ => prop_assert_eq!(world.person(0), was),
        }
    }
}

// --- invariant 6 ---

proptest! {
    #![proptest_config(config(300))]

    /// Only what a person typed into the Page's inbox makes the bot quiet.
    #[test]
    fn only_the_inbox_pauses(
        open in shop(),
        app in prop_oneof![
            Just(None), Just(Some(OUR_APP)), Just(Some("263902037430900")),
            Just(Some("26390203743090")), Just(Some("2639020374309001")), Just(Some("555")),
        ],
        marked in any::<bool>(),
        standby in any::<bool>(),
    ) {
        let mut world = World::new(open, ms("2026-11-20T10:00:00Z"));
        world.after(message(0, world.now, "1", "wifi?"));
        world.wait(SECOND);
        let mut echo = echo(0, world.now, "e", app, marked.then_some(1));
        if standby {
            echo.lane = shopbell::meta::event::Lane::Standby;
        }
        world.take(&[echo]);
        let typed = !marked && app.is_some_and(|app| app.starts_with("26390203743090") && app.len() < 16);
        prop_assert_eq!(world.person(0).unwrap().paused(world.now), typed);
        world.wait(SECOND);
        let answer = world.after(quick_reply(0, world.now, "2", "?", "sb:faq:hours"));
        prop_assert_eq!(answer.is_empty(), typed);
    }
}

// --- invariant 7 ---

mod anything {
    use super::*;
    use shopbell::meta::event::*;
    use shopbell::meta::ids::{AccountId, AppId, Mid, NotificationToken, Psid};

    pub fn text() -> impl Strategy<Value = String> {
        prop_oneof![
            3 => any::<String>(),
            2 => "\\PC{0,300}",
            1 => "[a-zA-Z ąčęėįšųūž一-龥]{0,80}",
            1 => any::<char>().prop_map(|c| c.to_string().repeat(5_000)),
            2 => prop::sample::select(vec![
                "STOP", "human", "delete my data", "sb:faq:hours", "sb:topic:", "GET_STARTED",
                "sb:optin:lunch", "sb:human", "shopbell:1", "shopbell:-9223372036854775808", "",
            ]).prop_map(str::to_owned),
        ]
    }

    pub fn moment() -> impl Strategy<Value = UnixMs> {
        prop_oneof![
            Just(UnixMs::new(i64::MIN)),
            Just(UnixMs::new(i64::MAX)),
            any::<i64>().prop_map(UnixMs::new),
            (-5 * DAY..5 * DAY).prop_map(|ms| super::ms("2026-11-20T10:00:00Z").plus(ms)),
        ]
    }

    fn maybe<S: Strategy + 'static>(of: S) -> impl Strategy<Value = Option<S::Value>>
    where
        S::Value: Clone,
    {
        prop::option::of(of)
    }

    fn mid() -> impl Strategy<Value = Mid> {
        text().prop_map(Mid)
    }

    fn referral() -> impl Strategy<Value = Referral> {
        (maybe(text()), maybe(text()), maybe(text()), maybe(text()), maybe(text())).prop_map(
            |(ref_, source, kind, ad_id, product_id)| Referral {
                ref_,
                source,
                kind,
                ad_id,
                product_id,
                ad: None,
            },
        )
    }

    fn kind() -> impl Strategy<Value = EventKind> {
        let attachment = (
            prop_oneof![
                Just(AttachmentKind::LikeHeart),
                Just(AttachmentKind::Sticker),
                text().prop_map(AttachmentKind::Other)
            ],
            maybe(text()),
        )
            .prop_map(|(kind, sticker_id)| Attachment { kind, url: None, sticker_id });
        let message = (
            maybe(mid()),
            maybe(text()),
            maybe(text()),
            vec(attachment, 0..3),
            maybe(referral()),
            any::<bool>(),
        )
            .prop_map(|(mid, text, quick_reply, attachments, referral, unsupported)| {
                EventKind::Message(Message {
                    mid,
                    text,
                    quick_reply,
                    reply_to: None,
                    attachments,
                    referral,
                    unsupported,
                })
            });
        let optin = (
            maybe(text()),
            maybe(text()),
            prop::sample::select(vec![
                OptinStatus::Granted,
                OptinStatus::Stopped,
                OptinStatus::Resumed,
            ]),
            maybe(text()),
            maybe(moment()),
            maybe(text()),
        )
            .prop_map(|(payload, token, status, timezone, expires_at, title)| {
                EventKind::Optin(Optin::Notification(NotificationOptin {
                    payload,
                    token: token.map(NotificationToken),
                    status,
                    frequency: None,
                    timezone,
                    expires_at,
                    title,
                    ref_: None,
                }))
            });
        prop_oneof![
            4 => message,
            2 => (maybe(mid()), maybe(text()), maybe(text()), maybe(referral())).prop_map(
                |(mid, title, payload, referral)| {
                    EventKind::Postback(Postback { mid, title, payload, referral })
                }
            ),
            2 => referral().prop_map(EventKind::Referral),
            3 => optin,
            2 => (maybe(mid()), maybe(text()), maybe(text())).prop_map(|(mid, app, metadata)| {
                EventKind::Echo(Echo { mid, app_id: app.map(AppId), metadata, text: None })
            }),
            1 => (mid(), maybe(text()), any::<u32>())
                .prop_map(|(mid, text, num_edit)| EventKind::MessageEdit { mid, text, num_edit }),
            1 => (maybe(mid()), any::<bool>()).prop_map(|(mid, added)| EventKind::Reaction {
                mid,
                added,
                reaction: None,
                emoji: None
            }),
            1 => (vec(mid(), 0..3), maybe(moment()))
                .prop_map(|(mids, watermark)| EventKind::Delivery { mids, watermark }),
            1 => text().prop_map(|kind| EventKind::Unknown { kind }),
            1 => (text(), text()).prop_map(|(item, verb)| EventKind::FeedChange {
                item,
                verb,
                post_id: None
            }),
        ]
    }

    pub fn event() -> impl Strategy<Value = Event> {
        let channel = prop::sample::select(vec![Channel::Messenger, Channel::Instagram]);
        let lane = prop::sample::select(vec![
            Lane::Messaging,
            Lane::Messaging,
            Lane::Messaging,
            Lane::Standby,
            Lane::Changes,
        ]);
        (channel, "[A-Za-z0-9_-]{1,64}", maybe("[0-2]"), moment(), lane, kind()).prop_map(
            |(channel, account, person, at, lane, kind)| Event {
                channel,
                account: AccountId::new(account).unwrap(),
                person: person.map(|id| Psid::new(id).unwrap()),
                at,
                lane,
                kind,
            },
        )
    }
}

/// Shops the examples do not cover: one language without Latin letters, one without anything.
static ODD: std::sync::LazyLock<Vec<Open>> = std::sync::LazyLock::new(|| {
    ["zh-TW", "ru", "ja"]
        .into_iter()
        .map(|tag| {
            compile(&format!(
                "[shop]\nname = \"A\"\nlanguages = [\"{tag}\"]\ntime_zone = \"Asia/Taipei\"\n\
                 [[page]]\nid = \"1\"\nusername = \"a\"\n"
            ))
        })
        .collect()
});

proptest! {
    #![proptest_config(config(1_200))]

    /// No event makes the core panic or fail, and none is lost on the way.
    #[test]
    fn no_event_is_too_odd(
        shop in 0..6_usize,
        now in prop_oneof![4 => Just(ms("2026-11-20T10:00:00Z")), 1 => anything::moment()],
        events in vec(anything::event(), 1..8),
    ) {
        let open = if shop < 3 { &SHOPS[shop] } else { &ODD[shop - 3] };
        let mut world = World::new(open, now);
        let report = world.take(&events);
        prop_assert_eq!(report.parked, 0);
        prop_assert_eq!((report.handled + report.repeated) as usize, events.len());
        world.tick();
        world.drain();
        // What leaves fits Meta's limits.
        for sent in &world.taken {
            if let Content::Text { text, .. } = &sent.content {
                let fits = shopbell::meta::limits::text_len(sent.channel, text)
                    <= shopbell::meta::limits::text_max(sent.channel);
                prop_assert!(fits && !text.trim().is_empty());
            }
        }
    }
}

// --- replies before notifications ---

#[test]
fn a_notification_waits_for_every_reply_to_the_same_person_and_only_for_theirs() {
    let open = &SHOPS[0];
    let mut world = World::new(open, ms("2026-11-19T10:00:00Z"));
    for person in 0..2 {
        world.take(&[
            message(person, world.now, &format!("hello{person}"), "wifi?"),
            optin(person, world.now, "lunch", OptinStatus::Granted, Some("t"), None),
        ]);
    }
    world.drain();
    world.now = ms("2026-11-20T07:00:00Z");
    world.tick();
    // The notification is in the outbox first; a picture and its answer come behind it.
    world.take(&[quick_reply(0, world.now, "q", "?", "sb:faq:lunch")]);
    world.claim(ROOM);
    world.send(0, Graph::Refuses(1, None));
    world.send(0, Graph::Takes);
    world.settle(0);
    world.settle(0);
    world.wait(MINUTE);
    world.drain();
    let classes = |n: usize| -> Vec<bool> {
        let id = person_id(n);
        let today =
            world.taken.iter().filter(|s| s.person == id && s.at >= ms("2026-11-20T00:00:00Z"));
        today.map(|sent| sent.class == Class::Reply).collect()
    };
    assert_eq!(classes(1), [false], "nothing holds up the other person");
    let mine = classes(0);
    assert!(
        mine.len() >= 2 && mine.iter().rev().skip(1).all(|reply| *reply) && !mine[mine.len() - 1]
    );
}

#[test]
fn names_of_unknown_kinds_are_counted_under_one_roof() {
    let mut world = World::new(&SHOPS[0], ms("2026-11-20T10:00:00Z"));
    let kind = EventKind::Unknown { kind: "reply.sent/\u{1F600}".into() };
    world.take(&[event(0, world.now, kind)]);
    assert_eq!(world.count("event.unknown.reply_sent__"), 1);
}
