//! When notifications are due: schedules that can be read, and keep the promise of their topic.

use std::collections::HashMap;
use std::ops::Range;

use jiff::ToSpan;
use jiff::civil::{Date, date};
use toml::de::DeTable;

use super::diagnostic::{Diagnostic, Problem};
use super::read::{self, Value, get, text};
use super::sequences;
use super::values::{self, quoted};
use crate::shop::model::{Days, Promise, QuietHours, Sending};

pub(super) fn check(file: &DeTable<'_>, found: &mut Vec<Diagnostic>) {
    let quiet = quiet_hours(file);
    topic_dates(file, found);
    let mut earlier: HashMap<&str, Vec<(Days, &str)>> = HashMap::new();
    for (notification, _) in read::tables(file, "notification") {
        let Some(schedule) = read::table(notification, "schedule") else { continue };
        let place = get(notification, "schedule").map(Value::span).unwrap_or_default();
        at_night(schedule, quiet, found);
        let days = match days(schedule) {
            Ok(days) => days,
            Err((problem, span)) => {
                found.push(problem.at(span.unwrap_or(place)));
                continue;
            }
        };
        let (Some((id, _)), Some((topic, _))) =
            (get(notification, "id").and_then(text), get(notification, "topic").and_then(text))
        else {
            continue;
        };
        let Some((promise, word)) = promise(file, topic) else { continue };
        let named = sequences::named_days(file, topic);
        let other_days = match &days {
            _ if promise != Promise::Dates => false,
            Days::Dates(dates) => dates.iter().any(|date| !named.contains(date)),
            _ => true,
        };
        if other_days {
            let message =
                format!("{} is due on days that {} does not name", quoted(id), quoted(topic));
            found.push(
                Diagnostic::error("promise-broken", place.clone(), message)
                    .label("the topic promises \"dates\"")
                    .help("write dates = […] with days of the topic only"),
            );
        } else if per_period(&[&days], promise) > 1 {
            let message =
                format!("{} is sent more often than {} promises", quoted(id), quoted(topic));
            found.push(
                Diagnostic::error("promise-broken", place.clone(), message)
                    .label(format!("the topic promises {}", quoted(word)))
                    .help("send it more rarely, or promise more (people agreed to the promise)"),
            );
        }
        let others = earlier.entry(topic).or_default();
        let shares = |(other, _): &&(Days, &str)| per_period(&[other, &days], promise) > 1;
        if let Some((_, other)) = others.iter().find(shares) {
            let message = format!(
                "{} and {} share what {} promises",
                quoted(id),
                quoted(other),
                quoted(topic)
            );
            found.push(
                Diagnostic::warning("promise-shared", place, message)
                    .label(format!("the topic promises {}", quoted(word)))
                    .help("only the first that is due in a period is sent; give one a topic of its own"),
            );
        }
        others.push((days, id));
    }
}

/// A topic names its days if it promises days, and only then.
fn topic_dates(file: &DeTable<'_>, found: &mut Vec<Diagnostic>) {
    for (topic, place) in read::tables(file, "topic") {
        let promised = get(topic, "promise").and_then(text).map(|(word, _)| word);
        match (promised, get(topic, "dates")) {
            (Some("dates"), None) => found.push(
                Diagnostic::error("missing-dates", place, "on which days?")
                    .help("add dates = [\"2026-12-01\", \"2026-12-24\"]"),
            ),
            (Some("daily" | "weekly" | "monthly"), Some(dates)) => found.push(
                Diagnostic::error(
                    "unfit-key",
                    dates.span(),
                    "`dates` goes with promise = \"dates\"",
                )
                .help("leave it out, or promise \"dates\""),
            ),
            _ => {}
        }
    }
}

pub(super) fn quiet_hours(file: &DeTable<'_>) -> Option<QuietHours> {
    let written = read::table(file, "sending").and_then(|table| get(table, "quiet_hours"));
    match written.and_then(text) {
        Some((hours, _)) => values::quiet(hours).unwrap_or(Sending::default().quiet),
        None => Sending::default().quiet,
    }
}

/// A notification whose very minute is quiet would never leave.
pub(super) fn at_night(
    schedule: &DeTable<'_>,
    quiet: Option<QuietHours>,
    found: &mut Vec<Diagnostic>,
) {
    let (Some(quiet), Some(value)) = (quiet, get(schedule, "at")) else { return };
    if read::clock(value).is_some_and(|minute| quiet.contains(minute)) {
        let hours = format!("{}-{}", clock_text(quiet.from), clock_text(quiet.until));
        let message = format!("this would leave in the quiet hours, {hours}");
        found.push(
            Diagnostic::error("in-quiet-hours", value.span(), message)
                .label("would be held every time")
                .help("choose another time, or other hours: quiet_hours = \"…\" in [sending]"),
        );
    }
}

fn clock_text(minutes: u16) -> String {
    format!("{:02}:{:02}", minutes / 60, minutes % 60)
}

type Misread = (Problem, Option<Range<usize>>);

/// The days of a schedule.
pub(super) fn days(schedule: &DeTable<'_>) -> Result<Days, Misread> {
    let every = get(schedule, "every").and_then(text);
    let on = get(schedule, "on");
    let dates = get(schedule, "dates");
    let example = "write every = \"week\", on = [\"fri\"], or dates = [\"2026-12-01\"]";
    match (every, dates) {
        (None, None) => {
            let message = "this schedule does not say on which days";
            let at = get(schedule, "every").map(Value::span);
            Err((Problem::new("bad-schedule", message, example), at))
        }
        (Some(_), Some(dates)) => {
            let message = "a schedule has either `every` or `dates`";
            Err((
                Problem::new("bad-schedule", message, "leave one of them out"),
                Some(dates.span()),
            ))
        }
        (None, Some(dates)) => {
            if let Some(on) = on {
                let message = "`on` has no meaning beside `dates`";
                return Err((
                    Problem::new("bad-schedule", message, "leave it out"),
                    Some(on.span()),
                ));
            }
            let mut days: Vec<_> = read::list(dates).into_iter().filter_map(read::date).collect();
            days.sort_unstable();
            days.dedup();
            if days.is_empty() {
                let message = "there is no day in this list";
                return Err((Problem::new("bad-schedule", message, example), Some(dates.span())));
            }
            Ok(Days::Dates(days))
        }
        (Some((every, span)), None) => match (every, on) {
            ("day", None) => Ok(Days::Daily),
            ("day", Some(on)) => {
                let message = "`on` has no meaning with every = \"day\"";
                let help = "leave it out, or write every = \"week\"";
                Err((Problem::new("bad-schedule", message, help), Some(on.span())))
            }
            ("week", Some(on)) => weekdays(on),
            ("month", Some(on)) => day_of_month(on),
            ("week", None) => {
                let message = "on which day of the week?";
                Err((Problem::new("bad-schedule", message, "add on = [\"fri\"]"), Some(span)))
            }
            ("month", None) => {
                let message = "on which day of the month?";
                Err((
                    Problem::new("bad-schedule", message, "add on = 1, or on = \"last\""),
                    Some(span),
                ))
            }
            _ => Err((
                Problem::new("bad-schedule", "this schedule cannot be read", example),
                Some(span),
            )),
        },
    }
}

fn weekdays(on: &Value<'_>) -> Result<Days, Misread> {
    let example = "write on = [\"fri\"]";
    let mut days = Vec::new();
    for day in read::list(on) {
        let Some((word, span)) = text(day) else {
            let problem = Problem::new("bad-weekday", "this is no weekday", example);
            return Err((problem, Some(day.span())));
        };
        days.push(values::weekday(word).map_err(|problem| (problem, Some(span)))?);
    }
    days.sort_unstable();
    days.dedup();
    if days.is_empty() {
        let problem = Problem::new("bad-schedule", "there is no weekday in this list", example);
        return Err((problem, Some(on.span())));
    }
    Ok(Days::Weekly(days))
}

/// Places of a weekday in a month. Not every month has a fifth.
const NTHS: [&str; 5] = ["first", "second", "third", "fourth", "last"];

/// 31 stands for the last day of every month.
fn day_of_month(on: &Value<'_>) -> Result<Days, Misread> {
    let list = read::list(on);
    let [day] = list.as_slice() else {
        let problem = Problem::new(
            "bad-schedule",
            "a month has one day here",
            "write on = 1, on = \"last\" or on = \"first fri\"",
        );
        return Err((problem, Some(on.span())));
    };
    if let Some((word, span)) = text(day)
        && let Some((which, weekday)) = word.split_once(' ')
    {
        let weekday = values::weekday(weekday).map_err(|problem| (problem, Some(span.clone())))?;
        let nth = NTHS.iter().zip(1..).find(|(nth, _)| **nth == which).map(|(_, number)| number);
        return nth.map(|nth| Days::NthWeekday { nth, weekday }).ok_or_else(|| {
            let help = format!("write one of {}", NTHS.map(quoted).join(", "));
            (Problem::new("bad-schedule", "this is no place in a month", help), Some(span))
        });
    }
    let number = match text(day) {
        Some(("last", _)) => Some(31),
        _ => read::number(day).and_then(|n| u8::try_from(n).ok()).filter(|n| (1..=31).contains(n)),
    };
    number.map(Days::Monthly).ok_or_else(|| {
        let help =
            "write a number from 1 to 31, \"last\", or a weekday: \"first fri\", \"last sat\"";
        (Problem::new("bad-schedule", "this is no day of a month", help), Some(day.span()))
    })
}

pub(super) fn promise<'t>(file: &'t DeTable<'t>, topic: &str) -> Option<(Promise, &'t str)> {
    let is =
        |table: &DeTable<'_>| get(table, "id").and_then(text).is_some_and(|(id, _)| id == topic);
    let (topic, _) = read::tables(file, "topic").into_iter().find(|(table, _)| is(table))?;
    let (word, _) = get(topic, "promise").and_then(text)?;
    Some((read_promise(word)?, word))
}

/// A promise by its word.
pub(super) fn read_promise(word: &str) -> Option<Promise> {
    match word {
        "daily" => Some(Promise::Daily),
        "weekly" => Some(Promise::Weekly),
        "monthly" => Some(Promise::Monthly),
        "dates" => Some(Promise::Dates),
        _ => None,
    }
}

/// Days that stand for all others: four years hold every length of a month and of a year, and
/// every weekday on most dates.
const SAMPLE: (Date, i64) = (date(2025, 1, 1), 4 * 366);

/// The days of the sample on which one of these schedules is due, each as often as it is due; and
/// the named dates, whenever they are.
fn due_days(all: &[&Days]) -> Vec<Date> {
    let (first, length) = SAMPLE;
    let sample = (0..length).filter_map(|day| first.checked_add(day.days()).ok());
    let named = all.iter().filter_map(|days| match days {
        Days::Dates(dates) => Some(dates.iter().copied()),
        _ => None,
    });
    // Around a named date the others count too: a period of the promise at most.
    let around = named
        .flatten()
        .flat_map(|date| (-31..=31_i64).filter_map(move |day| date.checked_add(day.days()).ok()));
    let mut dates: Vec<Date> = sample.chain(around).collect();
    dates.sort_unstable();
    dates.dedup();
    let times = |date: &Date| all.iter().filter(|days| days.fall_on(*date)).count();
    dates.iter().flat_map(|date| std::iter::repeat_n(*date, times(date))).collect()
}

/// How often these schedules together are due in the fullest period of a promise.
fn per_period(all: &[&Days], promise: Promise) -> usize {
    let mut periods: HashMap<(i16, i16), usize> = HashMap::new();
    for date in due_days(all) {
        let period = match promise {
            Promise::Daily | Promise::Dates => (date.year(), date.day_of_year()),
            Promise::Weekly => {
                let week = date.iso_week_date();
                (week.year(), i16::from(week.week()))
            }
            Promise::Monthly => (date.year(), i16::from(date.month())),
        };
        let count = periods.entry(period).or_default();
        *count = count.saturating_add(1);
    }
    periods.into_values().max().unwrap_or(0)
}
