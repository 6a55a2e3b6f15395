//! What came of a notification after it left: Meta's word that it was delivered and read, of paid
//! ones also that something was tapped or that it did not arrive, and the person's that they want
//! no more.

use crate::meta::event::{Channel, Event, EventKind, MarketingNews, MarketingStep};
use crate::meta::ids::{Psid, TopicId};
use crate::store::consents::{self, Last, Which};
use crate::store::outbox::{self, CALL_TIMEOUT_MS};
use crate::store::{Sql, StoreError, spending, tallies};
use crate::time::{DAY, UnixMs};

/// A stop counts for what the topic sent within this time before it.
const STOPPED_BY_MS: i64 = 2 * DAY;

const DELIVERED: i64 = 1;
const READ: i64 = 2;
const CLICKED: i64 = 3;
const FAILED: i64 = 4;

/// Whether an event is a delivery or a reading of what left last that is not counted yet.
///
/// # Errors
/// [`StoreError`].
pub fn is_news(sql: &impl Sql, event: &Event) -> Result<bool, StoreError> {
    if matches!(event.kind, EventKind::Marketing(_)) {
        return Ok(true);
    }
    news(sql, event).map(|news| news.is_some_and(|(_, _, last)| !last.is_empty()))
}

/// Counts a delivery or a reading of what left last. Other events count nothing.
///
/// # Errors
/// [`StoreError`].
pub fn arrived(sql: &impl Sql, event: &Event) -> Result<(), StoreError> {
    if let EventKind::Marketing(news) = &event.kind {
        return of_marketing(sql, event, news);
    }
    let Some((person, level, news)) = news(sql, event)? else { return Ok(()) };
    for last in news {
        if last.seen < DELIVERED {
            tallies::add(sql, &last.notification, &last.period, "delivered")?;
        }
        if level == READ {
            tallies::add(sql, &last.notification, &last.period, "read")?;
        }
        let which = Which { topic: &last.topic, channel: event.channel, person };
        consents::see(sql, which, level)?;
    }
    Ok(())
}

/// Counts what Meta tells of a paid message, once for each person and step. Who it was Meta does not
/// always say; then the tracking id of the message says it, or the token it was sent by.
fn of_marketing(sql: &impl Sql, event: &Event, news: &MarketingNews) -> Result<(), StoreError> {
    let level = match news.step {
        MarketingStep::Echoed => return Ok(()),
        MarketingStep::Delivered => DELIVERED,
        MarketingStep::Read => READ,
        MarketingStep::Clicked => CLICKED,
        MarketingStep::Failed => FAILED,
    };
    let row = match &news.tracking {
        Some(tracking) => spending::by_tracking(sql, tracking)?,
        None => None,
    };
    let by_row = row.map(|row| outbox::notified(sql, row)).transpose()?.flatten();
    let by_token = match (&by_row, &news.token) {
        (None, Some(token)) => consents::by_token(sql, token)?,
        _ => None,
    };
    let Some((topic, channel, person)) = by_row.or(by_token) else {
        // Meta named the person, and the message is older than what the outbox remembers.
        let Some(person) = &event.person else { return Ok(()) };
        let last = consents::last_left(sql, event.channel, person)?;
        let named = |last: &&Last| {
            let mid = news.mid.as_ref().map(|mid| &mid.0);
            last.mid.is_some() && [news.tracking.as_ref(), mid].contains(&last.mid.as_ref())
        };
        return match last.iter().find(named) {
            Some(last) => step(sql, (event.channel, person), last, level),
            None => Ok(()),
        };
    };
    if level == FAILED
        && let Some(row) = row
    {
        spending::failed(sql, row)?;
    }
    let last = consents::last_left(sql, channel, &person)?;
    // What left since is another message.
    let ours = |last: &&Last| {
        last.topic == topic && news.tracking.as_ref().is_none_or(|t| last.mid.as_ref() == Some(t))
    };
    match last.iter().find(ours) {
        Some(last) => step(sql, (channel, &person), last, level),
        None => Ok(()),
    }
}

/// Counts how far a paid message came, unless that is known.
fn step(
    sql: &impl Sql,
    (channel, person): (Channel, &Psid),
    last: &Last,
    level: i64,
) -> Result<(), StoreError> {
    if last.seen >= level {
        return Ok(());
    }
    let add = |name| tallies::add(sql, &last.notification, &last.period, name);
    if level == FAILED {
        if last.seen > 0 {
            return Ok(());
        }
        add("failed")?;
    } else {
        if last.seen < DELIVERED {
            add("delivered")?;
        }
        if last.seen < READ && level >= READ {
            add("read")?;
        }
        if level == CLICKED {
            add("clicked")?;
        }
    }
    consents::see(sql, Which { topic: &last.topic, channel, person }, level)
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
