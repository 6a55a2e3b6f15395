//! Services: whether they can be booked, and the services themselves.

use std::collections::HashMap;
use std::ops::Range;

use toml::de::DeTable;

use super::build::{hours, localized, named, number};
use super::diagnostic::{Diagnostic, unknown};
use super::read::{self, checked, get, text};
use super::values::{self, quoted};
use crate::meta::ids::ServiceId;
use crate::shop::booking::Service;
use crate::shop::model::MOST_SHARDS;

/// How late, how far ahead, how long held and how long before reminded, unless the owner says
/// otherwise.
const LEAD_MINUTES: i64 = 60;
const DAYS_AHEAD: i64 = 30;
const HOLD_MINUTES: i64 = 15;
const REMIND_MINUTES: i64 = 120;

type Place = Range<usize>;

pub(super) fn check(file: &DeTable<'_>, found: &mut Vec<Diagnostic>) {
    let services = read::tables(file, "service");
    let ids: Vec<&str> = services
        .iter()
        .filter_map(|(service, _)| get(service, "id").and_then(text))
        .map(|(id, _)| id)
        .collect();
    let mut booked: Vec<&str> = Vec::new();
    for (form, _) in read::tables(file, "form") {
        booked.extend(slots(form, &ids, found));
    }
    for (service, place) in &services {
        let Some((id, span)) = get(service, "id").and_then(text) else { continue };
        if !booked.contains(&id) {
            found.push(
                Diagnostic::warning(
                    "unreachable-service",
                    span,
                    format!("no form books {}", quoted(id)),
                )
                .help(format!(
                    "give a form a question with kind = \"slot\" and service = {}",
                    quoted(id)
                )),
            );
        }
        when(file, service, place, found);
        agent(file, service, found);
    }
    shared(&services, found);
    one_desk(file, &services, found);
}

/// The questions of a form that are about a slot, and the services that they book.
fn slots<'t>(form: &'t DeTable<'t>, ids: &[&'t str], found: &mut Vec<Diagnostic>) -> Vec<&'t str> {
    let mut booked = Vec::new();
    let mut earlier: Vec<(&str, &DeTable<'_>)> = Vec::new();
    let mut first = true;
    for (question, place) in read::tables(form, "question") {
        let is_slot = get(question, "kind").and_then(text).is_some_and(|(kind, _)| kind == "slot");
        if is_slot {
            if !first {
                found.push(
                    Diagnostic::error("second-slot", place.clone(), "a form books one slot")
                        .help("make another form for the other one, and open it after this one"),
                );
            }
            first = false;
            match (
                get(question, "service").and_then(text),
                get(question, "service_of").and_then(text),
            ) {
                (Some((id, span)), None) => {
                    if ids.contains(&id) {
                        booked.push(id);
                    } else {
                        found.push(unknown("service", id, span, ids));
                    }
                }
                (None, Some((other, span))) => {
                    match earlier.iter().find(|(known, _)| *known == other) {
                        Some((_, choice)) => booked.extend(options(choice, &span, ids, found)),
                        None => {
                            let known: Vec<&str> = earlier.iter().map(|(id, _)| *id).collect();
                            found.push(unknown(
                                "earlier question of this form",
                                other,
                                span,
                                &known,
                            ));
                        }
                    }
                }
                (one, _) => {
                    let message = match one {
                        Some((id, _)) => {
                            // Once is enough: nothing is said of the service itself.
                            booked.push(id);
                            "this asks for a slot of two things"
                        }
                        None => "this asks for a slot of nothing",
                    };
                    found.push(
                        Diagnostic::error("slot-of-what", place.clone(), message)
                            .help("write either service = \"…\" or service_of = \"…\""),
                    );
                }
            }
        }
        earlier.extend(get(question, "id").and_then(text).map(|(id, _)| (id, question)));
    }
    booked
}

/// The options of a choice between services.
fn options<'t>(
    choice: &'t DeTable<'t>,
    span: &Place,
    ids: &[&'t str],
    found: &mut Vec<Diagnostic>,
) -> Vec<&'t str> {
    let options = read::tables(choice, "options");
    if options.is_empty() {
        found.push(
            Diagnostic::error("slot-of-what", span.clone(), "that question is no choice").help(
                "name a question with kind = \"choice\" whose options are called like services",
            ),
        );
    }
    let mut booked = Vec::new();
    for (id, span) in options.iter().filter_map(|(option, _)| get(option, "id").and_then(text)) {
        if ids.contains(&id) {
            booked.extend(ids.iter().copied().find(|known| *known == id));
        } else {
            found.push(unknown("service", id, span, ids));
        }
    }
    booked
}

/// A service takes place at some time.
fn when(file: &DeTable<'_>, service: &DeTable<'_>, place: &Place, found: &mut Vec<Diagnostic>) {
    let agent = get(service, "agent").and_then(text).map(|(name, _)| name);
    let agents = read::tables(file, "agent");
    let agent = agents
        .iter()
        .find(|(table, _)| get(table, "name").and_then(text).map(|(name, _)| name) == agent);
    let known = read::table(service, "hours").is_some()
        || agent.is_some_and(|(agent, _)| read::table(agent, "hours").is_some())
        || read::table(file, "hours").is_some()
        || read::tables(file, "page").iter().all(|(page, _)| read::table(page, "hours").is_some());
    if !known {
        found.push(
            Diagnostic::error("no-hours", place.clone(), "nobody knows when this takes place")
                .help("add the table [service.hours], or [hours] for the whole shop"),
        );
    }
    // A service that takes no time is reported where it says so.
    let length = get(service, "minutes").and_then(read::number).filter(|minutes| *minutes >= 5);
    let every = get(service, "every_minutes").and_then(read::number);
    if let (Some(length), Some(every), Some(value)) = (length, every, get(service, "every_minutes"))
        && every > length.saturating_mul(4)
    {
        found.push(
            Diagnostic::warning("idle-slots", value.span(), "most of the time nothing begins")
                .help("let `every_minutes` be about as long as `minutes`, or leave it out"),
        );
    }
}

fn agent(file: &DeTable<'_>, service: &DeTable<'_>, found: &mut Vec<Diagnostic>) {
    let Some((name, span)) = get(service, "agent").and_then(text) else { return };
    let agents = read::tables(file, "agent");
    let names: Vec<&str> = agents
        .iter()
        .filter_map(|(agent, _)| get(agent, "name").and_then(text))
        .map(|(name, _)| name)
        .collect();
    if !names.contains(&name) {
        found.push(unknown("agent", name, span, &names));
    }
}

/// What is shared has one capacity.
fn shared(services: &[(&DeTable<'_>, Place)], found: &mut Vec<Diagnostic>) {
    let mut known: HashMap<&str, i64> = HashMap::new();
    for (service, place) in services {
        let id = get(service, "id").and_then(text).map(|(id, _)| id);
        let Some(resource) = get(service, "resource").and_then(text).map(|(r, _)| r).or(id) else {
            continue;
        };
        let capacity = get(service, "capacity").and_then(read::number).unwrap_or(1);
        let first = *known.entry(resource).or_insert(capacity);
        if first != capacity {
            let span = get(service, "capacity").map_or_else(|| place.clone(), |value| value.span());
            let message = format!("{} had the capacity {first} further up", quoted(resource));
            found.push(Diagnostic::error("two-capacities", span, message).help(format!(
                "write capacity = {first} here too, or give it a resource of its own"
            )));
        }
    }
}

/// Slots are counted in one Desk: with several for a Page, two people could get the same.
fn one_desk(file: &DeTable<'_>, services: &[(&DeTable<'_>, Place)], found: &mut Vec<Diagnostic>) {
    if services.is_empty() {
        return;
    }
    for (page, _) in read::tables(file, "page") {
        if let Some(value) = get(page, "shards")
            && read::number(value).is_some_and(|n| (2..=i64::from(MOST_SHARDS)).contains(&n))
        {
            found.push(
                Diagnostic::error(
                    "shards-with-services",
                    value.span(),
                    "a Page whose people are shared by several Desks cannot take bookings",
                )
                .help("leave `shards` out, or take bookings elsewhere"),
            );
        }
    }
}

/// The services of the file; `None` when one cannot be read.
pub(super) fn services(file: &DeTable<'_>) -> Option<Vec<Service>> {
    read::tables(file, "service").into_iter().map(|(table, _)| service(table)).collect()
}

fn service(table: &DeTable<'_>) -> Option<Service> {
    let id = named::<ServiceId>(table, "id")?;
    let minutes = get(table, "minutes").and_then(read::number)?;
    Some(Service {
        title: localized(table, "title"),
        minutes: u16::try_from(minutes).ok()?,
        every_minutes: number(table, "every_minutes", minutes)?,
        capacity: number(table, "capacity", 1)?,
        resource: checked(table, "resource", values::id).unwrap_or_else(|| id.to_string()),
        lead_minutes: number(table, "lead_minutes", LEAD_MINUTES)?,
        days_ahead: number(table, "days_ahead", DAYS_AHEAD)?,
        hold_minutes: number(table, "hold_minutes", HOLD_MINUTES)?,
        remind_minutes: number(table, "remind_minutes", REMIND_MINUTES)?,
        hours: read::table(table, "hours").map(hours),
        agent: checked(table, "agent", values::name),
        id,
    })
}
