//! What came of a notification after it left: Meta's word that it was delivered and read, and the
//! person's that they want no more.

use crate::meta::event::{Channel, Event, EventKind};
use crate::meta::ids::{Psid, TopicId};
use crate::shop::model::Shop;
use crate::store::consents::{self, Last, Which};
use crate::store::funnel::{self, Stage};
use crate::store::outbox::CALL_TIMEOUT_MS;
use crate::store::{Sql, StoreError, tallies};
use crate::time::{DAY, UnixMs};

/// A stop counts for what the topic sent within this time before it.
const STOPPED_BY_MS: i64 = 2 * DAY;

const DELIVERED: i64 = 1;
const READ: i64 = 2;

/// Whether an event is a delivery or a reading of what left last that is not counted yet.
///
/// # Errors
/// [`StoreError`].
pub fn is_news(sql: &impl Sql, event: &Event) -> Result<bool, StoreError> {
    news(sql, event).map(|news| news.is_some_and(|(_, _, last)| !last.is_empty()))
}

/// Counts a delivery or a reading of what left last. Other events count nothing.
///
/// # Errors
/// [`StoreError`].
pub fn arrived(sql: &impl Sql, shop: &Shop, event: &Event, now: UnixMs) -> Result<(), StoreError> {
    let Some((person, level, news)) = news(sql, event)? else { return Ok(()) };
    let day = shop.today(now).to_string();
    for last in news {
        let count = |name, stage| {
            tallies::add(sql, &last.notification, &last.period, name)?;
            funnel::add(sql, &day, &last.source, last.topic.as_str(), stage)
        };
        if last.seen < DELIVERED {
            count("delivered", Stage::Delivered)?;
        }
        if level == READ {
            count("read", Stage::Read)?;
        }
        let which = Which { topic: &last.topic, channel: event.channel, person };
        consents::see(sql, which, level)?;
    }
    Ok(())
}

type News<'e> = (&'e Psid, i64, Vec<Last>);

/// Whose, how far it came, and what of theirs had not come so far.
fn news<'e>(sql: &impl Sql, event: &'e Event) -> Result<Option<News<'e>>, StoreError> {
    let (mids, watermark, level) = match &event.kind {
        EventKind::Delivery { mids, watermark } => (mids.as_slice(), *watermark, DELIVERED),
        EventKind::Read { mid, watermark } => (mid.as_slice(), *watermark, READ),
        _ => return Ok(None),
    };
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
