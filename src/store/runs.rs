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
    /// The hash of what is planned so far.
    pub hash: String,
}

/// Why a run ended before its people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dropped {
    /// Nothing ran when it was due, and it could be caught up no more.
    Missed,
    /// It was begun, and interrupted for so long that its hour has passed.
    Stale,
    /// It is not in shop.toml any more.
    Withdrawn,
}

impl Dropped {
    /// As the table writes it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Missed => "missed",
            Self::Stale => "stale",
            Self::Withdrawn => "withdrawn",
        }
    }
}

/// Begins a run. `false` when it was begun before.
///
/// # Errors
/// [`StoreError::Refused`].
pub fn begin(sql: &impl Sql, run: &Run) -> Result<bool, StoreError> {
    sql.execute(
        "INSERT OR IGNORE INTO runs (notification, period, zone, due_at, hash)
         VALUES (?1, ?2, ?3, ?4, ?5)",
        params![
            run.notification.as_str(),
            run.period.as_str(),
            run.zone.as_str(),
            run.due_at,
            run.hash.as_str()
        ],
    )
}

/// Notes a run that was never begun and never will be. `false` when it was begun before.
///
/// # Errors
/// [`StoreError::Refused`].
pub fn miss(sql: &impl Sql, run: &Run) -> Result<bool, StoreError> {
    sql.execute(
        "INSERT OR IGNORE INTO runs (notification, period, zone, due_at, done, dropped)
         VALUES (?1, ?2, ?3, ?4, 1, ?5)",
        params![
            run.notification.as_str(),
            run.period.as_str(),
            run.zone.as_str(),
            run.due_at,
            Dropped::Missed.as_str()
        ],
    )
}

/// The runs that are not done, oldest first.
///
/// # Errors
/// [`StoreError`].
pub fn unfinished(sql: &impl Sql) -> Result<Vec<Run>, StoreError> {
    let rows = sql.query(
        "SELECT notification, period, zone, due_at, cursor, hash FROM runs WHERE done = 0
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
                hash: columns.text()?.to_owned(),
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
    /// The hash of what is planned so far.
    pub hash: String,
    /// Why it ends before its people, if it does.
    pub dropped: Option<Dropped>,
    /// How many people it had not come to then.
    pub unreached: u32,
    /// Nothing was planned: something is waited for.
    pub waits: bool,
}

/// Notes how far a run has come.
///
/// # Errors
/// [`StoreError::Refused`].
pub fn advance(sql: &impl Sql, run: &Run, progress: &Progress) -> Result<(), StoreError> {
    sql.execute(
        "UPDATE runs SET cursor = ?4, queued = queued + ?5, held = held + ?6, done = ?7,
           hash = ?8, dropped = ?9, unreached = ?10
         WHERE notification = ?1 AND period = ?2 AND zone = ?3",
        params![
            run.notification.as_str(),
            run.period.as_str(),
            run.zone.as_str(),
            // Whoever was last need not be remembered.
            if progress.done { "" } else { progress.cursor.as_str() },
            progress.queued,
            progress.held,
            i64::from(progress.done),
            progress.hash.as_str(),
            progress.dropped.map(Dropped::as_str),
            progress.unreached
        ],
    )?;
    Ok(())
}

/// A run as a report shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// Of which notification.
    pub notification: String,
    /// For which period.
    pub period: String,
    /// For whose clock: an IANA zone, or empty for the shop's.
    pub zone: String,
    /// When it was due.
    pub due_at: UnixMs,
    /// Whether everybody is planned.
    pub done: bool,
    /// How many were planned to leave.
    pub queued: i64,
    /// How many were held when it was planned.
    pub held: i64,
    /// The hash of what was planned.
    pub hash: String,
    /// Why it ended before its people: `missed`, `stale`, `withdrawn`.
    pub dropped: Option<String>,
    /// How many people it had not come to then.
    pub unreached: i64,
}

/// The runs that were due since `from`, the newest first, at most `limit`.
///
/// # Errors
/// [`StoreError`].
pub fn since(sql: &impl Sql, from: UnixMs, limit: u32) -> Result<Vec<Told>, StoreError> {
    let rows = sql.query(
        "SELECT notification, period, zone, due_at, done, queued, held, hash, dropped,
           unreached FROM runs
         WHERE due_at >= ?1 ORDER BY due_at DESC, notification, zone LIMIT ?2",
        params![from, limit],
    )?;
    rows.iter()
        .map(|row| {
            let mut columns = Columns::of("runs", row);
            Ok(Told {
                notification: columns.text()?.to_owned(),
                period: columns.text()?.to_owned(),
                zone: columns.text()?.to_owned(),
                due_at: columns.moment()?,
                done: columns.int()? != 0,
                queued: columns.int()?,
                held: columns.int()?,
                hash: columns.text()?.to_owned(),
                dropped: columns.maybe_text()?.map(str::to_owned),
                unreached: columns.int()?,
            })
        })
        .collect()
}

/// Forgets what is older than 400 days.
///
/// # Errors
/// [`StoreError::Refused`].
pub fn prune(sql: &impl Sql, now: UnixMs) -> Result<(), StoreError> {
    sql.execute("DELETE FROM runs WHERE due_at < ?1", params![now.plus(-KEPT_MS)])?;
    Ok(())
}
