//! When notifications are due: schedules that can be read, and keep the promise of their topic.

use std::collections::HashMap;
use std::ops::Range;

use toml::de::DeTable;

use super::diagnostic::{Diagnostic, Problem};
use super::read::{self, Value, get, text};
use super::values::{self, quoted};
use crate::shop::model::{Days, Promise};

pub(super) fn check(file: &DeTable<'_>, found: &mut Vec<Diagnostic>) {
    let mut earlier: HashMap<&str, Vec<(Days, &str)>> = HashMap::new();
    for (notification, _) in read::tables(file, "notification") {
        let Some(schedule) = read::table(notification, "schedule") else { continue };
        let place = get(notification, "schedule").map(Value::span).unwrap_or_default();
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
        if per_period(&days, promise) > 1 {
            let message =
                format!("{} is sent more often than {} promises", quoted(id), quoted(topic));
            found.push(
                Diagnostic::error("promise-broken", place.clone(), message)
                    .label(format!("the topic promises {}", quoted(word)))
                    .help("send it more rarely, or promise more (people agreed to the promise)"),
            );
        }
        let others = earlier.entry(topic).or_default();
        if let Some((_, other)) = others.iter().find(|(other, _)| collide(other, &days, promise)) {
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

/// 31 stands for the last day of every month.
fn day_of_month(on: &Value<'_>) -> Result<Days, Misread> {
    let list = read::list(on);
    let [day] = list.as_slice() else {
        let problem = Problem::new(
            "bad-schedule",
            "a month has one day here",
            "write on = 1, or on = \"last\"",
        );
        return Err((problem, Some(on.span())));
    };
    let number = match text(day) {
        Some(("last", _)) => Some(31),
        _ => read::number(day).and_then(|n| u8::try_from(n).ok()).filter(|n| (1..=31).contains(n)),
    };
    number.map(Days::Monthly).ok_or_else(|| {
        let help = "write a number from 1 to 31, or \"last\"";
        (Problem::new("bad-schedule", "this is no day of a month", help), Some(day.span()))
    })
}

fn promise<'t>(file: &'t DeTable<'t>, topic: &str) -> Option<(Promise, &'t str)> {
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
        _ => None,
    }
}

/// How often a schedule is due in the fullest period of a promise.
fn per_period(days: &Days, promise: Promise) -> usize {
    match (days, promise) {
        (Days::Dates(dates), _) => {
            let mut periods: HashMap<(i16, i8), usize> = HashMap::new();
            for date in dates {
                let period = match promise {
                    Promise::Daily => return 1,
                    Promise::Weekly => (date.iso_week_date().year(), date.iso_week_date().week()),
                    Promise::Monthly => (date.year(), date.month()),
                };
                let count = periods.entry(period).or_default();
                *count = count.saturating_add(1);
            }
            periods.into_values().max().unwrap_or(0)
        }
        (Days::Monthly(_), _) | (_, Promise::Daily) => 1,
        (Days::Daily, Promise::Weekly) => 7,
        (Days::Daily, Promise::Monthly) => 31,
        (Days::Weekly(days), Promise::Weekly) => days.len(),
        (Days::Weekly(days), Promise::Monthly) => days.len().saturating_mul(5),
    }
}

/// Whether two notifications of one topic are regularly due in the same period.
fn collide(a: &Days, b: &Days, promise: Promise) -> bool {
    match (a, b) {
        (Days::Dates(a), Days::Dates(b)) => {
            let both = a.iter().chain(b).copied().collect();
            promise != Promise::Daily && per_period(&Days::Dates(both), promise) > 1
                || a.iter().any(|date| b.contains(date))
        }
        (Days::Dates(_), _) | (_, Days::Dates(_)) => false,
        (Days::Weekly(a), Days::Weekly(b)) if promise == Promise::Daily => {
            a.iter().any(|day| b.contains(day))
        }
        (Days::Monthly(a), Days::Monthly(b)) if promise != Promise::Monthly => a == b,
        (Days::Monthly(_), Days::Weekly(_)) | (Days::Weekly(_), Days::Monthly(_)) => {
            promise == Promise::Monthly
        }
        _ => true,
    }
}
