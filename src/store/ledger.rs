//! Who was sent which notification in which period. One row per (notification, period, person),
//! written in the transaction that puts the message into the outbox: the promise "at most once".

use super::{Columns, Sql, StoreError, params};
use crate::meta::event::Channel;
use crate::meta::ids::{NotificationId, Psid, TopicId};
use crate::time::{DAY, UnixMs};

/// How long the ledger is kept. Longer than any period (a month), so that no period's row is
/// gone while its notification could still be due.
const KEPT_MS: i64 = 400 * DAY;

/// One notification for one person in one period.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'a> {
    /// Which notification.
    pub notification: &'a NotificationId,
    /// Which period.
    pub period: &'a str,
    /// Where.
    pub channel: Channel,
    /// Who.
    pub person: &'a Psid,
}

/// The period of a step of a sequence: there is one for each person, whenever it is.
pub const ONCE: &str = "once";

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// In the outbox.
    Queued,
    /// Not sent, because of a rule.
    Held,
    /// Meta has it.
    Sent,
    /// Taken back or refused after it was queued.
    Refused,
    /// Nobody knows, and it is not sent again.
    Unknown,
}

impl Outcome {
    /// As the tables write it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Held => "held",
            Self::Sent => "sent",
            Self::Refused => "refused",
            Self::Unknown => "unknown",
        }
    }
}

/// Enters a decision. `false` when this person has an entry for the period already: then
/// nothing may be sent.
///
/// # Errors
/// [`StoreError::Refused`].
pub fn enter(
    sql: &impl Sql,
    entry: Entry<'_>,
    topic: &TopicId,
    outcome: Outcome,
    reason: Option<&str>,
    now: UnixMs,
) -> Result<bool, StoreError> {
    sql.execute(
        "INSERT OR IGNORE INTO ledger (notification, period, channel, person, topic, at, outcome,
           reason) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        params![
            entry.notification.as_str(),
            entry.period,
            entry.channel,
            entry.person.as_str(),
            topic.as_str(),
            now,
            outcome.as_str(),
            reason
        ],
    )
}

/// Whether somebody has an entry already.
///
/// # Errors
/// [`StoreError`].
pub fn exists(sql: &impl Sql, entry: Entry<'_>) -> Result<bool, StoreError> {
    let rows = sql.query(
        "SELECT 1 FROM ledger
         WHERE notification = ?1 AND period = ?2 AND channel = ?3 AND person = ?4",
        params![entry.notification.as_str(), entry.period, entry.channel, entry.person.as_str()],
    )?;
    Ok(!rows.is_empty())
}

/// Notes which wording an entry has.
///
/// # Errors
/// [`StoreError::Refused`].
pub fn worded(sql: &impl Sql, entry: Entry<'_>, variant: &str) -> Result<(), StoreError> {
    sql.execute(
        "UPDATE ledger SET variant = ?5
         WHERE notification = ?1 AND period = ?2 AND channel = ?3 AND person = ?4",
        params![
            entry.notification.as_str(),
            entry.period,
            entry.channel,
            entry.person.as_str(),
            variant
        ],
    )?;
    Ok(())
}

/// Notes what became of an entry.
///
/// # Errors
/// [`StoreError::Refused`].
pub fn close(
    sql: &impl Sql,
    entry: Entry<'_>,
    outcome: Outcome,
    reason: Option<&str>,
) -> Result<(), StoreError> {
    sql.execute(
        "UPDATE ledger SET outcome = ?5, reason = ?6
         WHERE notification = ?1 AND period = ?2 AND channel = ?3 AND person = ?4",
        params![
            entry.notification.as_str(),
            entry.period,
            entry.channel,
            entry.person.as_str(),
            outcome.as_str(),
            reason
        ],
    )?;
    Ok(())
}

/// Whether an entry is still in the outbox: nobody has noted what became of it.
///
/// # Errors
/// [`StoreError::Refused`].
pub fn is_open(sql: &impl Sql, entry: Entry<'_>) -> Result<bool, StoreError> {
    let rows = sql.query(
        "SELECT 1 FROM ledger WHERE notification = ?1 AND period = ?2 AND channel = ?3
           AND person = ?4 AND outcome = 'queued'",
        params![entry.notification.as_str(), entry.period, entry.channel, entry.person.as_str()],
    )?;
    Ok(!rows.is_empty())
}

/// One line of a report.
#[derive(Debug, PartialEq, Eq)]
pub struct Line {
    /// Which notification.
    pub notification: String,
    /// Which period.
    pub period: String,
    /// `queued`, `held`, `sent`, `refused`, `unknown`.
    pub outcome: String,
    /// Why, when it was not sent.
    pub reason: Option<String>,
    /// How many people.
    pub people: i64,
}

/// What became of the notifications since `from`, counted; of steps of sequences at any time.
///
/// # Errors
/// [`StoreError`].
pub fn report(sql: &impl Sql, from: UnixMs) -> Result<Vec<Line>, StoreError> {
    let rows = sql.query(
        "SELECT notification, period, outcome, reason, count(*) FROM ledger
         WHERE at >= ?1 OR period = ?2
         GROUP BY notification, period, outcome, reason
         ORDER BY notification, period, outcome, reason",
        params![from, ONCE],
    )?;
    rows.iter()
        .map(|row| {
            let mut columns = Columns::of("ledger", row);
            Ok(Line {
                notification: columns.text()?.to_owned(),
                period: columns.text()?.to_owned(),
                outcome: columns.text()?.to_owned(),
                reason: columns.maybe_text()?.map(str::to_owned),
                people: columns.int()?,
            })
        })
        .collect()
}

/// People of one wording.
#[derive(Debug, PartialEq, Eq)]
pub struct Wording {
    /// Of which notification.
    pub notification: String,
    /// In which period.
    pub period: String,
    /// Which wording.
    pub variant: String,
    /// `queued`, `held`, `sent`, `refused`, `unknown`.
    pub outcome: String,
    /// How many people.
    pub people: i64,
}

/// What became of each wording since `from`, counted.
///
/// # Errors
/// [`StoreError`].
pub fn wordings(sql: &impl Sql, from: UnixMs) -> Result<Vec<Wording>, StoreError> {
    let rows = sql.query(
        "SELECT notification, period, variant, outcome, count(*) FROM ledger
         WHERE variant IS NOT NULL AND (at >= ?1 OR period = ?2)
         GROUP BY notification, period, variant, outcome
         ORDER BY notification, period, variant, outcome",
        params![from, ONCE],
    )?;
    rows.iter()
        .map(|row| {
            let mut columns = Columns::of("ledger", row);
            Ok(Wording {
                notification: columns.text()?.to_owned(),
                period: columns.text()?.to_owned(),
                variant: columns.text()?.to_owned(),
                outcome: columns.text()?.to_owned(),
                people: columns.int()?,
            })
        })
        .collect()
}

/// Forgets what is older than 400 days.
///
/// # Errors
/// [`StoreError::Refused`].
pub fn prune(sql: &impl Sql, now: UnixMs) -> Result<(), StoreError> {
    sql.execute("DELETE FROM ledger WHERE at < ?1", params![now.plus(-KEPT_MS)])?;
    Ok(())
}
