//! How far a notification has come: one row per (notification, period, zone), so that a second
//! tick finds the work begun or done.

use super::{Columns, Sql, StoreError, params};
use crate::meta::ids::NotificationId;
use crate::time::{DAY, UnixMs};

/// How long runs are kept.
const KEPT_MS: i64 = 400 * DAY;

/// A run that is not done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// Of which notification.
    pub notification: NotificationId,
    /// For which period.
    pub period: String,
    /// For whose clock: an IANA zone, or empty for the shop's.
    pub zone: String,
    /// When it was due.
    pub due_at: UnixMs,
    /// The last person planned, empty at the start.
    pub cursor: String,
}

/// Begins a run. `false` when it was begun before.
///
/// # Errors
/// [`StoreError::Refused`].
pub fn begin(sql: &impl Sql, run: &Run) -> Result<bool, StoreError> {
    sql.execute(
        "INSERT OR IGNORE INTO runs (notification, period, zone, due_at) VALUES (?1, ?2, ?3, ?4)",
        params![run.notification.as_str(), run.period.as_str(), run.zone.as_str(), run.due_at],
    )
}

/// The runs that are not done, oldest first.
///
/// # Errors
/// [`StoreError`].
pub fn unfinished(sql: &impl Sql) -> Result<Vec<Run>, StoreError> {
    let rows = sql.query(
        "SELECT notification, period, zone, due_at, cursor FROM runs WHERE done = 0
         ORDER BY due_at, notification, zone",
        params![],
    )?;
    rows.iter()
        .map(|row| {
            let mut columns = Columns::of("runs", row);
            Ok(Run {
                notification: columns.parsed(NotificationId::new)?,
                period: columns.text()?.to_owned(),
                zone: columns.text()?.to_owned(),
                due_at: columns.moment()?,
                cursor: columns.text()?.to_owned(),
            })
        })
        .collect()
}

/// How far one page of planning came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// The last person planned.
    pub cursor: String,
    /// Put into the outbox.
    pub queued: u32,
    /// Held, each with its reason in the ledger.
    pub held: u32,
    /// Nobody is left.
    pub done: bool,
}

/// Notes how far a run has come.
///
/// # Errors
/// [`StoreError::Refused`].
pub fn advance(sql: &impl Sql, run: &Run, progress: &Progress) -> Result<(), StoreError> {
    sql.execute(
        "UPDATE runs SET cursor = ?4, queued = queued + ?5, held = held + ?6, done = ?7
         WHERE notification = ?1 AND period = ?2 AND zone = ?3",
        params![
            run.notification.as_str(),
            run.period.as_str(),
            run.zone.as_str(),
            // Whoever was last need not be remembered.
            if progress.done { "" } else { progress.cursor.as_str() },
            progress.queued,
            progress.held,
            i64::from(progress.done)
        ],
    )?;
    Ok(())
}

/// Forgets what is older than 400 days.
///
/// # Errors
/// [`StoreError::Refused`].
pub fn prune(sql: &impl Sql, now: UnixMs) -> Result<(), StoreError> {
    sql.execute("DELETE FROM runs WHERE due_at < ?1", params![now.plus(-KEPT_MS)])?;
    Ok(())
}
