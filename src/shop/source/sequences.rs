//! Sequences: whether their steps can be reached, keep the promise of their topic, and say when they
//! are due; and the sequences themselves.

use std::ops::Range;

use jiff::civil::Date;
use toml::de::DeTable;

use super::build::{Buttons, named};
use super::diagnostic::Diagnostic;
use super::read::{self, Value, flag, get, text};
use super::schedule::{self, promise};
use super::values::quoted;
use super::{segments, sent};
use crate::meta::ids::{FormId, NotificationId, PosterCode, SegmentId, SequenceId, TopicId};
use crate::shop::model::{CATCH_UP_MINUTES, Days, Promise, Schedule};
use crate::shop::outreach::{Sequence, Start, Step, Wait};
use crate::shop::segments::Segment;
use crate::time::{DAY, MINUTE};

type Place = Range<usize>;

/// Minutes of a day.
const DAY_MINUTES: i64 = DAY / MINUTE;

pub(super) fn check(file: &DeTable<'_>, found: &mut Vec<Diagnostic>) {
    let quiet = schedule::quiet_hours(file);
    let (tags, _) = super::walk::names_left(file);
    let mut names = other_names(file);
    for (sequence, place) in read::tables(file, "sequence") {
        for (table, key) in
            [(Some(sequence), "stop_tags"), (read::table(sequence, "start"), "tags")]
        {
            let list = table.and_then(|table| get(table, key)).map(read::list).unwrap_or_default();
            for (tag, span) in list.into_iter().filter_map(text) {
                segments::is_left("tag", tag, span, &tags, "puts it on anybody", found);
            }
        }
        beginning(sequence, found);
        let steps = read::tables(sequence, "step");
        if steps.is_empty() && get(sequence, "step").is_some() {
            found.push(
                Diagnostic::error("missing-key", place.clone(), "this sequence has no steps")
                    .help("add [[sequence.step]] with id, after_days, at and text"),
            );
        }
        let its_topic = get(sequence, "topic").and_then(text).map(|(topic, _)| topic);
        let its_promise = its_topic.and_then(|topic| promise(file, topic));
        let mut before: Option<Option<Date>> = None;
        for (step, place) in &steps {
            name(sequence, step, &mut names, found);
            schedule::at_night(step, quiet, found);
            when(step, place, found);
            segments::conditions(file, step, found);
            if get(step, "segment").is_some()
                && let Some(list) = segments::LISTS.iter().find_map(|list| get(step, list))
            {
                found.push(
                    Diagnostic::error("unfit-key", list.span(), "a step has a segment or rules")
                        .help("put the rules into the segment, or leave `segment` out"),
                );
            }
            never_sent(file, sequence, step, place, found);
            let on = get(step, "on").and_then(read::date);
            if let Some(promised) = &its_promise {
                gap(file, its_topic.unwrap_or_default(), promised, step, place, before, found);
            }
            if let (Some(on), Some(Some(earlier))) = (on, before)
                && on <= earlier
            {
                let message = "this day is over when its turn comes";
                found.push(
                    Diagnostic::warning("unreachable-step", place.clone(), message)
                        .label(format!("the step before it is due on {earlier}"))
                        .help("let the days follow each other"),
                );
            }
            before = Some(on.or(before.flatten().filter(|_| on.is_none())));
        }
    }
}

/// Names of other things that are sent.
fn other_names(file: &DeTable<'_>) -> Vec<String> {
    let id = |table: &DeTable<'_>| get(table, "id").and_then(text).map(|(id, _)| id.to_lowercase());
    let offers = read::tables(file, "offer").into_iter().filter_map(|(offer, _)| id(offer));
    let reminders = offers.flat_map(|offer| [format!("{offer}-start"), format!("{offer}-end")]);
    let notifications = read::tables(file, "notification").into_iter();
    notifications.filter_map(|(table, _)| id(table)).chain(reminders).collect()
}

/// A step is known everywhere by the sequence's name and its own.
fn name(
    sequence: &DeTable<'_>,
    step: &DeTable<'_>,
    names: &mut Vec<String>,
    found: &mut Vec<Diagnostic>,
) {
    let id = |table| get(table, "id").and_then(text);
    let (Some((sequence, _)), Some((step, span))) = (id(sequence), id(step)) else { return };
    let whole = format!("{sequence}-{step}").to_lowercase();
    if names.contains(&whole) {
        let message = format!("two things that are sent are called {}", quoted(&whole));
        found.push(
            Diagnostic::error("duplicate", span, message)
                .label("the second")
                .help("give the step another id (capital letters do not make a difference)"),
        );
    } else if NotificationId::new(whole.as_str()).is_err() {
        let message = "the sequence's and the step's id together are longer than 64 characters";
        found.push(Diagnostic::error("bad-id", span, message).help("shorten one of them"));
    }
    names.push(whole);
}

fn beginning(sequence: &DeTable<'_>, found: &mut Vec<Diagnostic>) {
    let Some(start) = read::table(sequence, "start") else { return };
    let begins = flag(start, "consent") == Some(true)
        || ["tags", "form", "poster"].iter().any(|key| get(start, key).is_some());
    if !begins {
        let span = get(sequence, "start").map(Value::span).unwrap_or_default();
        found.push(
            Diagnostic::error("bad-start", span, "nothing begins this sequence")
                .help("add consent = true, tags = [\"…\"], form = \"…\" or poster = \"…\""),
        );
    }
}

/// A step says in one way when it is due.
fn when(step: &DeTable<'_>, place: &Place, found: &mut Vec<Diagnostic>) {
    let said: Vec<&str> = ["after_minutes", "after_days", "on"]
        .into_iter()
        .filter(|key| get(step, key).is_some())
        .collect();
    let problem = match (said.as_slice(), get(step, "at").is_some()) {
        (["after_minutes"], true) => Some("`at` has no meaning beside `after_minutes`"),
        (["on"], false) => Some("at what time of that day?"),
        (["after_minutes" | "after_days"], _) | (["on"], true) => None,
        ([], _) => Some("this step does not say when it is due"),
        _ => Some("this step says in several ways when it is due"),
    };
    if let Some(problem) = problem {
        found.push(Diagnostic::error("bad-wait", place.clone(), problem).help(
            "write after_minutes = 30, after_days = 2 (perhaps with at = \"10:00\"), or on and at",
        ));
    }
}

/// How many days lie at least between two messages of a topic.
const fn days_apart(promise: Promise) -> i64 {
    match promise {
        Promise::Daily | Promise::Dates => 1,
        Promise::Weekly => 7,
        Promise::Monthly => 28,
    }
}

/// A step may not follow the one before it (`before`: its day, if it has one) sooner than the topic
/// promised.
fn gap(
    file: &DeTable<'_>,
    topic: &str,
    (promised, word): &(Promise, &str),
    step: &DeTable<'_>,
    place: &Place,
    before: Option<Option<Date>>,
    found: &mut Vec<Diagnostic>,
) {
    let number = |key: &str| get(step, key).and_then(read::number);
    let on = get(step, "on").and_then(read::date);
    let needed = days_apart(*promised);
    let kept = match (before, on) {
        _ if *promised == Promise::Dates => {
            on.is_some_and(|on| named_days(file, topic).contains(&on))
        }
        (None, _) => true,
        (Some(Some(earlier)), Some(on)) => {
            on <= earlier
                || i64::from(earlier.until(on).map_or(0, |span| span.get_days())) >= needed
        }
        (Some(_), Some(_)) => true,
        (Some(_), None) => {
            number("after_days").is_some_and(|days| days >= needed)
                || number("after_minutes")
                    .is_some_and(|minutes| minutes >= needed.saturating_mul(DAY_MINUTES))
        }
    };
    if !kept {
        let message = format!("this step comes sooner than {} promises", quoted(topic));
        found.push(
            Diagnostic::error("promise-broken", place.clone(), message)
                .label(format!("the topic promises {}", quoted(word)))
                .help(match promised {
                    Promise::Dates => "let it be `on` one of the days of the topic".to_owned(),
                    _ => format!("wait for at least after_days = {needed}, or promise more"),
                }),
        );
    }
}

/// The days that a topic names.
pub(super) fn named_days(file: &DeTable<'_>, topic: &str) -> Vec<Date> {
    let is =
        |table: &DeTable<'_>| get(table, "id").and_then(text).is_some_and(|(id, _)| id == topic);
    let found = read::tables(file, "topic").into_iter().find(|(table, _)| is(table));
    let dates = found.and_then(|(table, _)| get(table, "dates")).map(read::list);
    dates.unwrap_or_default().into_iter().filter_map(read::date).collect()
}

/// Whether an offer's reminders keep the promise of its topic.
pub(super) fn keeps_promise(
    file: &DeTable<'_>,
    topic: &str,
    offer: &DeTable<'_>,
    days: &[(Date, &str, Place)],
    found: &mut Vec<Diagnostic>,
) {
    let Some((promised, word)) = promise(file, topic) else { return };
    let named = named_days(file, topic);
    let mut broken = |span: Place, help: String| {
        let message = format!("this is not what {} promises", quoted(topic));
        found.push(
            Diagnostic::error("promise-broken", span, message)
                .label(format!("the topic promises {}", quoted(word)))
                .help(help),
        );
    };
    if promised == Promise::Dates {
        let by_hand =
            read::table(offer, "start").filter(|start| get(start, "on").is_none()).is_some();
        if by_hand && let Some(start) = get(offer, "start") {
            broken(start.span(), "give it a day of the topic, or a topic without dates".to_owned());
        }
        for (_, _, span) in days.iter().filter(|(day, ..)| !named.contains(day)) {
            broken(span.clone(), "let it be `on` one of the days of the topic".to_owned());
        }
    } else if let [(start, ..), (end, _, span)] = days {
        let apart = start.until(*end).map_or(0, |span| span.get_days());
        let needed = days_apart(promised);
        if i64::from(apart) < needed {
            broken(
                span.clone(),
                format!("let {needed} days lie between its beginning and its end"),
            );
        }
    }
}

/// A step whose rules can never hold.
fn never_sent(
    file: &DeTable<'_>,
    sequence: &DeTable<'_>,
    step: &DeTable<'_>,
    place: &Place,
    found: &mut Vec<Diagnostic>,
) {
    fn tags<'t>(table: &'t DeTable<'t>, list: &str) -> Vec<&'t str> {
        let rules = read::tables(table, list).into_iter();
        rules.filter_map(|(rule, _)| get(rule, "tag").and_then(text)).map(|(tag, _)| tag).collect()
    }
    let segment = get(step, "segment").and_then(text).and_then(|(id, _)| {
        let is =
            |table: &DeTable<'_>| get(table, "id").and_then(text).is_some_and(|(i, _)| i == id);
        read::tables(file, "segment").into_iter().find(|(table, _)| is(table)).map(|(t, _)| t)
    });
    let rules = segment.unwrap_or(step);
    let (needs, forbids) = (tags(rules, "all"), tags(rules, "not"));
    let stops = get(sequence, "stop_tags").map(read::list).unwrap_or_default();
    let stops: Vec<&str> = stops.into_iter().filter_map(text).map(|(tag, _)| tag).collect();
    let why = needs.iter().find_map(|tag| {
        if stops.contains(tag) {
            Some(format!("whoever has the tag {} has left the sequence", quoted(tag)))
        } else if forbids.contains(tag) {
            Some(format!("nobody both has the tag {} and has it not", quoted(tag)))
        } else {
            None
        }
    });
    if let Some(why) = why {
        found.push(
            Diagnostic::warning("unreachable-step", place.clone(), "this step is never sent")
                .label(why)
                .help("change its rules, or leave it out"),
        );
    }
}

/// The sequences of the file, and the segments that the rules of their steps are; `None` when one
/// cannot be read.
pub(super) fn sequences(
    file: &DeTable<'_>,
    buttons: &Buttons<'_>,
) -> Option<(Vec<Sequence>, Vec<Segment>)> {
    let (mut all, mut rules) = (Vec::new(), Vec::new());
    for (table, _) in read::tables(file, "sequence") {
        all.push(sequence(table, buttons, &mut rules)?);
    }
    Some((all, rules))
}

fn sequence(
    table: &DeTable<'_>,
    buttons: &Buttons<'_>,
    rules: &mut Vec<Segment>,
) -> Option<Sequence> {
    let id = named::<SequenceId>(table, "id")?;
    let topic = named::<TopicId>(table, "topic")?;
    let start = match read::table(table, "start") {
        Some(start) => Start {
            consent: flag(start, "consent").unwrap_or(false),
            tags: tags(start, "tags"),
            form: named::<FormId>(start, "form"),
            poster: named::<PosterCode>(start, "poster"),
        },
        None => Start { consent: true, ..Start::default() },
    };
    let zone = sent::zone(table);
    let step = |table: &DeTable<'_>, rules: &mut Vec<Segment>| {
        let name = format!("{id}-{}", get(table, "id").and_then(text)?.0);
        let wait = wait(table)?;
        let schedule = Schedule {
            days: Days::Dates(Vec::new()),
            at: get(table, "at").and_then(read::clock).unwrap_or_default(),
            zone,
            catch_up_minutes: CATCH_UP_MINUTES,
            spread_days: 0,
        };
        let its_rules = segments::LISTS.iter().any(|list| get(table, list).is_some());
        let segment = if its_rules {
            let segment = segments::segment(table, SegmentId::new(name.as_str()).ok()?)?;
            let id = segment.id.clone();
            rules.push(segment);
            Some(id)
        } else {
            named::<SegmentId>(table, "segment")
        };
        let id = NotificationId::new(name).ok()?;
        let mut notification = sent::message(table, buttons, id, topic.clone(), schedule)?;
        notification.segment = segment;
        Some(Step { wait, notification })
    };
    let steps = read::tables(table, "step").into_iter();
    let steps = steps.map(|(table, _)| step(table, rules)).collect::<Option<Vec<_>>>()?;
    Some(Sequence {
        start,
        zone,
        stop_on_reply: flag(table, "stop_on_reply").unwrap_or(true),
        stop_tags: tags(table, "stop_tags"),
        draft: flag(table, "draft").unwrap_or(false),
        steps,
        id,
        topic,
    })
}

fn tags(table: &DeTable<'_>, key: &str) -> Vec<String> {
    let list = get(table, key).map(read::list).unwrap_or_default();
    list.into_iter().filter_map(text).map(|(tag, _)| tag.to_owned()).collect()
}

fn wait(table: &DeTable<'_>) -> Option<Wait> {
    let number = |key: &str| get(table, key).and_then(read::number);
    let at = get(table, "at").and_then(read::clock);
    if let Some(minutes) = number("after_minutes") {
        return u32::try_from(minutes).ok().map(Wait::Minutes);
    }
    if let Some(days) = number("after_days") {
        return u16::try_from(days).ok().map(|days| Wait::Days { days, at });
    }
    Some(Wait::On { date: get(table, "on").and_then(read::date)?, at: at? })
}
