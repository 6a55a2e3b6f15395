//! Events that could not be handled for a reason of their own. They are answered 200, so that
//! one of them does not get the webhook switched off, and tried again.

use super::{Columns, Sql, StoreError, params, to_json};
use crate::meta::event::Event;
use crate::time::{DAY, HOUR, MINUTE, UnixMs};

/// How long a parked event is kept, and tried again once an hour in the end: among them may be a
/// STOP, which counts however late it is.
pub(super) const KEPT_MS: i64 = 7 * DAY;

/// Parks an event.
///
/// # Errors
/// [`StoreError::Refused`]: then the webhook has to be delivered again.
pub fn park(
    sql: &impl Sql,
    key: &str,
    event: &Event,
    why: &str,
    now: UnixMs,
) -> Result<(), StoreError> {
    sql.execute(
        "INSERT OR IGNORE INTO parked (key, event, why, at, attempts, retry_at)
         VALUES (?1, ?2, ?3, ?4, 1, ?5)",
        params![key, to_json("parked", event)?, why, now, now.plus(MINUTE)],
    )?;
    Ok(())
}

/// A parked event whose turn has come again.
#[derive(Debug)]
pub struct Parked {
    /// Its key among the seen events.
    pub key: String,
    /// The event.
    pub event: Event,
}

/// The parked events that are due, at most `limit`, in the order they happened in; each
/// gets its next turn.
///
/// # Errors
/// [`StoreError`].
pub fn take_due(sql: &impl Sql, now: UnixMs, limit: u32) -> Result<Vec<Parked>, StoreError> {
    let rows = sql.query(
        // The limit is not bound: SQLite plans with its value, and would plan anew at each call.
        &format!(
            "SELECT key, event, at, attempts FROM parked WHERE retry_at <= ?1 ORDER BY at
             LIMIT {limit}"
        ),
        params![now],
    )?;
    let mut due = Vec::new();
    for row in &rows {
        let mut columns = Columns::of("parked", row);
        let key = columns.text()?.to_owned();
        let event: Result<Event, _> = columns.json();
        let (at, attempts) = (columns.moment()?, columns.int()?);
        let wait = MINUTE.saturating_mul(1 << attempts.clamp(0, 6)).min(HOUR);
        let next = Some(now.plus(wait)).filter(|next| next.since(at) < KEPT_MS);
        let next = next.filter(|_| event.is_ok());
        sql.execute(
            "UPDATE parked SET attempts = attempts + 1, retry_at = ?2 WHERE key = ?1",
            params![key.as_str(), next],
        )?;
        due.extend(event.ok().map(|event| Parked { key, event }));
    }
    due.sort_by_key(|parked| parked.event.at);
    Ok(due)
}

/// The next moment a parked event has its turn.
///
/// # Errors
/// [`StoreError`].
pub fn next_due(sql: &impl Sql) -> Result<Option<UnixMs>, StoreError> {
    let rows = sql.query("SELECT min(retry_at) FROM parked", params![])?;
    Ok(rows.first().map(|row| Columns::of("parked", row).maybe_moment()).transpose()?.flatten())
}

/// Everything that is put aside and can be read, the oldest first.
///
/// # Errors
/// [`StoreError`].
pub fn all(sql: &impl Sql) -> Result<Vec<Parked>, StoreError> {
    let rows = sql.query(
        "SELECT key, event FROM parked WHERE retry_at IS NOT NULL ORDER BY at, key",
        params![],
    )?;
    let read = |row| {
        let mut columns = Columns::of("parked", row);
        let key = columns.text().ok()?.to_owned();
        Some(Parked { key, event: columns.json().ok()? })
    };
    Ok(rows.iter().filter_map(read).collect())
}

/// Everything that will be tried again is tried now.
///
/// # Errors
/// [`StoreError::Refused`].
pub fn hurry(sql: &impl Sql, now: UnixMs) -> Result<(), StoreError> {
    sql.execute("UPDATE parked SET retry_at = ?1 WHERE retry_at > ?1", params![now])?;
    Ok(())
}

/// Lets go of an event that was handled after all.
///
/// # Errors
/// [`StoreError::Refused`].
pub fn release(sql: &impl Sql, key: &str) -> Result<(), StoreError> {
    sql.execute("DELETE FROM parked WHERE key = ?1", params![key])?;
    Ok(())
}

/// Whether this event is parked already.
///
/// # Errors
/// [`StoreError::Refused`].
pub fn contains(sql: &impl Sql, key: &str) -> Result<bool, StoreError> {
    Ok(!sql.query("SELECT 1 FROM parked WHERE key = ?1", params![key])?.is_empty())
}

/// How many events are parked.
///
/// # Errors
/// [`StoreError`].
pub fn count(sql: &impl Sql) -> Result<i64, StoreError> {
    let rows = sql.query("SELECT count(*) FROM parked", params![])?;
    rows.first().map_or(Ok(0), |row| Columns::of("parked", row).int())
}

/// Forgets what is older than a week.
///
/// # Errors
/// [`StoreError::Refused`].
pub fn prune(sql: &impl Sql, now: UnixMs) -> Result<(), StoreError> {
    sql.execute("DELETE FROM parked WHERE at < ?1", params![now.plus(-KEPT_MS)])?;
    Ok(())
}
