//! Whom to look at before their window closes: one row per person, the newest moment.

use super::{Columns, Sql, StoreError, params};
use crate::meta::event::Channel;
use crate::meta::ids::Psid;
use crate::store::reminders::Reminder;
use crate::store::timers::{self, Timer};
use crate::time::UnixMs;

/// Looks at somebody at `at`, and not at the moment that was set before.
///
/// # Errors
/// [`StoreError::Refused`].
pub fn set(sql: &impl Sql, channel: Channel, person: &Psid, at: UnixMs) -> Result<(), StoreError> {
    sql.execute(
        "INSERT OR REPLACE INTO nudges (channel, person, due_at) VALUES (?1, ?2, ?3)",
        params![channel, person.as_str(), at],
    )?;
    timers::set(sql, Timer::Remind, at)
}

/// Who is due, the longest wait first. What cannot be read goes.
///
/// # Errors
/// [`StoreError`].
pub fn due(sql: &impl Sql, now: UnixMs, most: u32) -> Result<Vec<Reminder>, StoreError> {
    let rows = sql.query(
        "SELECT channel, person FROM nudges WHERE due_at <= ?1 ORDER BY due_at LIMIT ?2",
        params![now, most],
    )?;
    let read = |row| {
        let mut columns = Columns::of("nudges", row);
        Ok(Reminder { channel: columns.channel()?, person: columns.parsed(Psid::new)? })
    };
    rows.iter().map(read).collect()
}

/// Looks at nobody there any more.
///
/// # Errors
/// [`StoreError::Refused`].
pub fn clear(sql: &impl Sql, channel: Channel, person: &Psid) -> Result<(), StoreError> {
    sql.execute(
        "DELETE FROM nudges WHERE channel = ?1 AND person = ?2",
        params![channel, person.as_str()],
    )?;
    Ok(())
}

/// Sets the timer for the next one.
///
/// # Errors
/// [`StoreError`].
pub fn rearm(sql: &impl Sql) -> Result<(), StoreError> {
    let rows = sql.query("SELECT min(due_at) FROM nudges", params![])?;
    let next =
        rows.first().map(|row| Columns::of("nudges", row).maybe_moment()).transpose()?.flatten();
    next.map_or(Ok(()), |at| timers::set(sql, Timer::Remind, at))
}
