//! What came of a notification after it left: Meta's word that it was delivered and read, and the
//! person's that they want no more.

use crate::meta::event::{Channel, Event, EventKind};
use crate::meta::ids::{Mid, Psid, TopicId};
use crate::store::consents::{self, Last, Left, Which};
use crate::store::early::{self, Early};
use crate::store::outbox::CALL_TIMEOUT_MS;
use crate::store::{Sql, StoreError, tallies};
use crate::time::{DAY, UnixMs};

/// A stop counts for what the topic sent within this time before it.
const STOPPED_BY_MS: i64 = 2 * DAY;

const DELIVERED: i64 = 1;
const READ: i64 = 2;

/// Whether an event is a delivery or a reading of what left last, or may be of what is on its way,
/// that is not counted yet.
///
/// # Errors
/// [`StoreError`].
pub fn is_news(sql: &impl Sql, event: &Event) -> Result<bool, StoreError> {
    let left = news(sql, event)?.is_some_and(|(_, _, last)| !last.is_empty());
    Ok(left || too_early(sql, event)?.is_some())
}

/// Counts a delivery or a reading of what left last, and keeps one that may be of what is on its
/// way. Other events count nothing.
///
/// # Errors
/// [`StoreError`].
pub fn arrived(sql: &impl Sql, event: &Event, now: UnixMs) -> Result<(), StoreError> {
    if let (Some(person), Some(early)) = (&event.person, too_early(sql, event)?) {
        early::keep(sql, (event.channel, person), &early, now)?;
    }
    let Some((person, level, news)) = news(sql, event)? else { return Ok(()) };
    for last in news {
        let which = Which { topic: &last.topic, channel: event.channel, person };
        count(sql, which, (&last.notification, &last.period), last.seen, level)?;
    }
    Ok(())
}

fn count(
    sql: &impl Sql,
    which: Which<'_>,
    (notification, period): (&str, &str),
    seen: i64,
    level: i64,
) -> Result<(), StoreError> {
    if seen < DELIVERED {
        tallies::add(sql, notification, period, "delivered")?;
    }
    if level == READ {
        tallies::add(sql, notification, period, "read")?;
    }
    consents::see(sql, which, level)
}

/// Notes that a notification left, or may have left, and counts what Meta told of it before.
///
/// # Errors
/// [`StoreError`].
pub fn left(sql: &impl Sql, which: Which<'_>, left: &Left<'_>) -> Result<(), StoreError> {
    consents::left(sql, which, left)?;
    let is_of_this = |early: &Early| {
        early.covers || left.mid.is_some_and(|mid| early.mids.iter().any(|known| known.0 == mid))
    };
    let came = early::take(sql, which.channel, which.person)?.into_iter();
    match came.filter(is_of_this).map(|early| early.level).max() {
        Some(level) => count(sql, which, (left.notification, left.period), 0, level),
        None => Ok(()),
    }
}

/// A delivery or a reading that came while a notification to the same person was on its way.
fn too_early(sql: &impl Sql, event: &Event) -> Result<Option<Early>, StoreError> {
    let Some((mids, watermark, level)) = says(event) else { return Ok(None) };
    let Some(person) = &event.person else { return Ok(None) };
    let claimed_at = early::on_its_way(sql, event.channel, person)?;
    let early = claimed_at.map(|claimed_at| Early {
        level,
        mids: mids.to_vec(),
        covers: watermark.is_some_and(|at| at >= claimed_at),
    });
    Ok(early.filter(|early| early.covers || !early.mids.is_empty()))
}

/// The messages that an event names, the moment before which it names all, and how far they came.
fn says(event: &Event) -> Option<(&[Mid], Option<UnixMs>, i64)> {
    match &event.kind {
        EventKind::Delivery { mids, watermark } => Some((mids.as_slice(), *watermark, DELIVERED)),
        EventKind::Read { mid, watermark } => Some((mid.as_slice(), *watermark, READ)),
        _ => None,
    }
}

type News<'e> = (&'e Psid, i64, Vec<Last>);

/// Whose, how far it came, and what of theirs had not come so far.
fn news<'e>(sql: &impl Sql, event: &'e Event) -> Result<Option<News<'e>>, StoreError> {
    let Some((mids, watermark, level)) = says(event) else { return Ok(None) };
    let Some(person) = &event.person else { return Ok(None) };
    let mut last = consents::last_left(sql, event.channel, person)?;
    last.retain(|last| {
        let named = last.mid.as_ref().is_some_and(|last| mids.iter().any(|mid| mid.0 == *last));
        // "All before this moment": Meta's moment of a message is before ours, by the time that
        // its answer took.
        let covered = watermark.is_some_and(|at| last.left_at <= at.plus(CALL_TIMEOUT_MS));
        last.seen < level && (named || covered)
    });
    Ok(Some((person, level, last)))
}

/// Counts that somebody ended a topic, for what it sent them last.
///
/// # Errors
/// [`StoreError`].
pub fn stopped(
    sql: &impl Sql,
    topic: &TopicId,
    channel: Channel,
    person: &Psid,
    at: UnixMs,
) -> Result<(), StoreError> {
    let all = consents::last_left(sql, channel, person)?;
    match all.iter().find(|last| last.topic == *topic) {
        Some(last) if (0..STOPPED_BY_MS).contains(&at.since(last.left_at)) => {
            tallies::add(sql, &last.notification, &last.period, "stopped")
        }
        _ => Ok(()),
    }
}
