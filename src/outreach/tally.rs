//! What came of a notification after it left: Meta's word that it was delivered and read, a tap on
//! it, and the person's word that they want no more.

use jiff::civil::Date;

use crate::desk::mark::marked;
use crate::desk::payload::Payload;
use crate::meta::event::{Channel, Event, EventKind};
use crate::meta::ids::{Mid, Psid, TopicId};
use crate::shop::model::{Notification, Shop};
use crate::store::consents::{self, Last, Left, Which};
use crate::store::early::{self, Early};
use crate::store::funnel::{self, Stage};
use crate::store::outbox::CALL_TIMEOUT_MS;
use crate::store::{Sql, StoreError, tallies};
use crate::time::{DAY, UnixMs};

/// A stop counts for what the topic sent within this time before it.
const STOPPED_BY_MS: i64 = 2 * DAY;

/// A tap on a button counts for what left last within this time before it.
const TAPPED_WITHIN_MS: i64 = 7 * DAY;

const DELIVERED: i64 = 1;
const READ: i64 = 2;

/// Whether an event is a delivery, a reading or a tap of what left last, or may be of what is on
/// its way, that is not counted yet.
///
/// # Errors
/// [`StoreError`].
pub fn is_news(sql: &impl Sql, shop: &Shop, event: &Event) -> Result<bool, StoreError> {
    Ok(news(sql, event)?.is_some_and(|(_, _, last)| !last.is_empty())
        || too_early(sql, event)?.is_some()
        || taps(sql, shop, event)?.is_some_and(|(_, last)| !last.is_empty()))
}

/// Counts a tap on a button of what left last. Meta tells nobody of taps that open a page.
///
/// # Errors
/// [`StoreError`].
pub fn tapped(sql: &impl Sql, shop: &Shop, event: &Event, now: UnixMs) -> Result<(), StoreError> {
    let Some((person, taps)) = taps(sql, shop, event)? else { return Ok(()) };
    for last in taps {
        count(sql, &last, "tapped")?;
        reached(sql, &last, Stage::Clicked, shop.today(now))?;
        consents::tap(sql, Which { topic: &last.topic, channel: event.channel, person })?;
    }
    Ok(())
}

/// Whose tap it is, and on what that left last.
fn taps<'e>(
    sql: &impl Sql,
    shop: &Shop,
    event: &'e Event,
) -> Result<Option<(&'e Psid, Vec<Last>)>, StoreError> {
    let EventKind::Postback(postback) = &event.kind else { return Ok(None) };
    let (Some(payload), Some(person)) = (&postback.payload, &event.person) else {
        return Ok(None);
    };
    let has_it = |notification: &&Notification| {
        notification.all_buttons().any(|button| {
            let carried = Payload::of(&button.action);
            carried.is_some_and(|carried| marked(&carried.to_string(), &button.also) == *payload)
        })
    };
    let sent: Vec<&str> = shop.sent().filter(has_it).map(|n| n.id.as_str()).collect();
    if sent.is_empty() {
        return Ok(None);
    }
    let mut last = consents::last_left(sql, event.channel, person)?;
    last.retain(|last| {
        !last.tapped
            && sent.contains(&last.notification.as_str())
            && (0..TAPPED_WITHIN_MS).contains(&event.at.since(last.left_at.plus(-CALL_TIMEOUT_MS)))
    });
    Ok(Some((person, last)))
}

fn count(sql: &impl Sql, last: &Last, name: &'static str) -> Result<(), StoreError> {
    tallies::add(sql, &last.notification, &last.period, last.variant.as_deref(), name)
}

/// Counts a delivery or a reading of what left last, and keeps one that may be of what is on its
/// way. Other events count nothing.
///
/// # Errors
/// [`StoreError`].
pub fn arrived(sql: &impl Sql, shop: &Shop, event: &Event, now: UnixMs) -> Result<(), StoreError> {
    if let (Some(person), Some(early)) = (&event.person, too_early(sql, event)?) {
        early::keep(sql, (event.channel, person), &early, now)?;
    }
    let Some((person, level, news)) = news(sql, event)? else { return Ok(()) };
    for last in news {
        let which = Which { topic: &last.topic, channel: event.channel, person };
        came(sql, which, &last, level, shop.today(now))?;
    }
    Ok(())
}

fn came(
    sql: &impl Sql,
    which: Which<'_>,
    last: &Last,
    level: i64,
    day: Date,
) -> Result<(), StoreError> {
    if last.seen < DELIVERED {
        count(sql, last, "delivered")?;
        reached(sql, last, Stage::Delivered, day)?;
    }
    if level == READ {
        count(sql, last, "read")?;
        reached(sql, last, Stage::Read, day)?;
    }
    consents::see(sql, which, level)
}

/// Counts it for what brought the consent.
fn reached(sql: &impl Sql, last: &Last, stage: Stage, day: Date) -> Result<(), StoreError> {
    funnel::add(sql, &day.to_string(), &last.source, last.topic.as_str(), stage)
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
    let kept = early::take(sql, which.channel, which.person)?.into_iter();
    let Some(level) = kept.filter(is_of_this).map(|early| early.level).max() else {
        return Ok(());
    };
    let last = consents::last_left(sql, which.channel, which.person)?;
    match last.iter().find(|last| last.topic == *which.topic) {
        // No shop is at hand here: a few hours of a day may count for the next.
        Some(last) => came(sql, which, last, level, left.at.utc_date()),
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
            count(sql, last, "stopped")
        }
        _ => Ok(()),
    }
}
