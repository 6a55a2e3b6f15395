//! What has to happen later, by name. Setting one twice keeps the earlier moment.

use super::{Columns, Sql, StoreError, params};
use crate::time::UnixMs;

/// What a timer is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timer {
    /// Send what is due, and settle what was left in flight.
    Drain,
    /// Write to KV what is owed.
    KvFlush,
    /// Try parked events again.
    Unpark,
    /// Go on planning runs that are not done.
    Plan,
    /// Forget what is old.
    Prune,
}

impl Timer {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Drain, Self::KvFlush, Self::Unpark, Self::Plan, Self::Prune];

    const fn name(self) -> &'static str {
        match self {
            Self::Drain => "drain",
            Self::KvFlush => "kv_flush",
            Self::Unpark => "unpark",
            Self::Plan => "plan",
            Self::Prune => "prune",
        }
    }
}

/// Sets a timer, and the Desk's alarm with it.
///
/// # Errors
/// [`StoreError::Refused`].
pub fn set(sql: &impl Sql, timer: Timer, at: UnixMs) -> Result<(), StoreError> {
    // Written only when it changes something: each row written counts against the plan.
    let earlier = sql.execute(
        "INSERT INTO timers (name, due_at) VALUES (?1, ?2)
         ON CONFLICT (name) DO UPDATE SET due_at = excluded.due_at
         WHERE excluded.due_at < timers.due_at",
        params![timer.name(), at],
    )?;
    if earlier { sql.wake_at(at) } else { Ok(()) }
}

/// Takes the timers that are due; they are gone from the table.
///
/// # Errors
/// [`StoreError`].
pub fn take_due(sql: &impl Sql, now: UnixMs) -> Result<Vec<Timer>, StoreError> {
    let rows = sql.query("SELECT name FROM timers WHERE due_at <= ?1", params![now])?;
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    sql.execute("DELETE FROM timers WHERE due_at <= ?1", params![now])?;
    let mut due = Vec::new();
    for row in &rows {
        let name = Columns::of("timers", row).text()?;
        due.extend(Timer::ALL.into_iter().find(|timer| timer.name() == name));
    }
    Ok(due)
}

/// Sets the Desk's alarm for the earliest timer, as it must be after one fired or was lost.
///
/// # Errors
/// [`StoreError`].
pub fn rearm(sql: &impl Sql) -> Result<(), StoreError> {
    let rows = sql.query("SELECT min(due_at) FROM timers", params![])?;
    let earliest =
        rows.first().map(|row| Columns::of("timers", row).maybe_moment()).transpose()?.flatten();
    earliest.map_or(Ok(()), |at| sql.wake_at(at))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{native::Sqlite, schema};

    #[test]
    fn the_earlier_moment_wins_and_fires_once() {
        let sql = Sqlite::in_memory().unwrap();
        schema::migrate(&sql).unwrap();
        let at = UnixMs::new;
        set(&sql, Timer::Drain, at(50)).unwrap();
        set(&sql, Timer::Drain, at(90)).unwrap();
        set(&sql, Timer::Prune, at(100)).unwrap();
        assert_eq!(sql.take_alarm(), Some(at(50)));
        assert_eq!(take_due(&sql, at(49)).unwrap(), []);
        assert_eq!(take_due(&sql, at(60)).unwrap(), [Timer::Drain]);
        assert_eq!(take_due(&sql, at(60)).unwrap(), []);
        rearm(&sql).unwrap();
        assert_eq!(sql.take_alarm(), Some(at(100)));
    }
}
