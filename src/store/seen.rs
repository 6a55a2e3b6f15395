//! Which events were handled already.

use super::{Sql, StoreError, params};
use crate::time::{DAY, UnixMs};

/// How long a handled event is remembered. Meta delivers again for about an hour before it
/// switches a webhook off, and its general webhooks retry for 36 hours (Messenger Platform
/// webhooks guide, September 2026); three days leave room for both, and for a clock that is off.
pub const KEPT_MS: i64 = 3 * DAY;

/// Remembers an event. `false` when it was there already.
///
/// # Errors
/// [`StoreError::Refused`].
pub fn remember(sql: &impl Sql, key: &str, now: UnixMs) -> Result<bool, StoreError> {
    sql.execute("INSERT OR IGNORE INTO seen (key, at) VALUES (?1, ?2)", params![key, now])
}

/// Whether an event was handled.
///
/// # Errors
/// [`StoreError::Refused`].
pub fn contains(sql: &impl Sql, key: &str) -> Result<bool, StoreError> {
    Ok(!sql.query("SELECT 1 FROM seen WHERE key = ?1", params![key])?.is_empty())
}

/// Whether an event was handled whose key begins with this.
///
/// # Errors
/// [`StoreError::Refused`].
pub fn begins_with(sql: &impl Sql, beginning: &str) -> Result<bool, StoreError> {
    let rows = sql.query(
        "SELECT 1 FROM seen WHERE key >= ?1 AND key < ?1 || char(127) LIMIT 1",
        params![beginning],
    )?;
    Ok(!rows.is_empty())
}

/// Forgets what is older than [`KEPT_MS`].
///
/// # Errors
/// [`StoreError::Refused`].
pub fn prune(sql: &impl Sql, now: UnixMs) -> Result<(), StoreError> {
    sql.execute("DELETE FROM seen WHERE at < ?1", params![now.plus(-KEPT_MS)])?;
    Ok(())
}
