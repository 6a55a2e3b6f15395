//! Deletions that people can ask after by a code. Of the person nothing stays here once all is
//! gone.

use super::{Columns, Sql, StoreError, params};
use crate::meta::event::Channel;
use crate::meta::ids::{DeletionCode, PageId, Psid};
use crate::time::{DAY, UnixMs};

/// How long a code can be asked after.
pub(super) const KEPT_MS: i64 = 400 * DAY;

/// How far a deletion is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum State {
    /// This Desk knows of no such code.
    Unknown,
    /// Something is still owed: to KV, or the last message to the person.
    InProgress,
    /// Everything is gone.
    Done {
        /// Since when.
        at: UnixMs,
    },
}

/// A deletion that is not over yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Open {
    /// Its code.
    pub code: DeletionCode,
    /// Where.
    pub channel: Channel,
    /// Whose.
    pub person: Psid,
    /// When the person's rows were erased.
    pub erased_at: UnixMs,
    /// Whether KV was searched for what the Desk did not know of.
    pub swept: bool,
}

/// Notes that a person was erased.
///
/// # Errors
/// [`StoreError::Refused`].
pub fn begin(
    sql: &impl Sql,
    code: &DeletionCode,
    channel: Channel,
    person: &Psid,
    now: UnixMs,
) -> Result<(), StoreError> {
    sql.execute(
        "INSERT OR REPLACE INTO deletions (code, channel, person, erased_at, swept, done_at)
         VALUES (?1, ?2, ?3, ?4, 0, NULL)",
        params![code.as_str(), channel, person.as_str(), now],
    )?;
    Ok(())
}

/// Those that are not over yet.
///
/// # Errors
/// [`StoreError`].
pub fn open(sql: &impl Sql) -> Result<Vec<Open>, StoreError> {
    let rows = sql.query(
        "SELECT code, channel, person, erased_at, swept FROM deletions WHERE done_at IS NULL
         ORDER BY erased_at LIMIT 100",
        params![],
    )?;
    rows.iter()
        .map(|row| {
            let mut columns = Columns::of("deletions", row);
            Ok(Open {
                code: columns.parsed(DeletionCode::new)?,
                channel: columns.channel()?,
                person: columns.parsed(Psid::new)?,
                erased_at: columns.moment()?,
                swept: columns.int()? != 0,
            })
        })
        .collect()
}

/// Notes that KV was searched.
///
/// # Errors
/// [`StoreError::Refused`].
pub fn swept(sql: &impl Sql, code: &DeletionCode) -> Result<(), StoreError> {
    sql.execute("UPDATE deletions SET swept = 1 WHERE code = ?1", params![code.as_str()])?;
    Ok(())
}

/// Ends a deletion when nothing is owed any more: every value in KV is gone, the last words to
/// the person have left, and then their row goes too. `true` when it ended.
///
/// # Errors
/// [`StoreError`].
pub fn end(
    sql: &impl Sql,
    page: &PageId,
    deletion: &Open,
    now: UnixMs,
) -> Result<bool, StoreError> {
    let Open { code, channel, person, erased_at, swept } = deletion;
    let (channel, person) = (*channel, person.as_str());
    // What somebody who has come back has agreed to since has a value.
    let prefix = format!("subscription:{page}:{person}:");
    let owed = sql.query(
        "SELECT 1 FROM kv_queue WHERE value IS NULL AND substr(key, 1, ?2) = ?1
         UNION ALL SELECT 1 FROM outbox WHERE channel = ?3 AND person = ?4 AND created_at <= ?5
           AND state IN ('queued', 'sending', 'retry', 'unsure')",
        params![
            prefix.as_str(),
            i64::try_from(prefix.len()).unwrap_or(i64::MAX),
            channel,
            person,
            *erased_at
        ],
    )?;
    if !owed.is_empty() || !swept {
        return Ok(false);
    }
    sql.execute(
        "DELETE FROM outbox WHERE channel = ?1 AND person = ?2 AND created_at <= ?3",
        params![channel, person, *erased_at],
    )?;
    forget_cursors(sql, channel, deletion)?;
    sql.execute(
        "UPDATE deletions SET person = '', done_at = ?3 WHERE code = ?1 AND channel = ?2",
        params![code.as_str(), channel, now],
    )?;
    Ok(true)
}

/// Runs remember how far they came by naming the last person.
fn forget_cursors(sql: &impl Sql, channel: Channel, deletion: &Open) -> Result<(), StoreError> {
    let cursor = format!("{}/{}", super::channel_name(channel), deletion.person);
    sql.execute("UPDATE runs SET cursor = '' WHERE done <> 0 AND cursor = ?1", params![cursor])?;
    Ok(())
}

/// How far the deletion with this code is.
///
/// # Errors
/// [`StoreError`].
pub fn state(sql: &impl Sql, code: &DeletionCode) -> Result<State, StoreError> {
    let rows =
        sql.query("SELECT done_at FROM deletions WHERE code = ?1", params![code.as_str()])?;
    let mut state = State::Unknown;
    for row in &rows {
        state = match (Columns::of("deletions", row).maybe_moment()?, state) {
            (None, _) | (_, State::InProgress) => State::InProgress,
            (Some(at), State::Done { at: other }) => State::Done { at: at.max(other) },
            (Some(at), State::Unknown) => State::Done { at },
        };
    }
    Ok(state)
}

/// Forgets codes that are older than 400 days, and returns them.
///
/// # Errors
/// [`StoreError`].
pub fn prune(sql: &impl Sql, now: UnixMs) -> Result<Vec<DeletionCode>, StoreError> {
    let before = now.plus(-KEPT_MS);
    let rows =
        sql.query("SELECT DISTINCT code FROM deletions WHERE done_at < ?1", params![before])?;
    let codes: Vec<DeletionCode> = rows
        .iter()
        .map(|row| Columns::of("deletions", row).parsed(DeletionCode::new))
        .collect::<Result<_, _>>()?;
    if !codes.is_empty() {
        sql.execute("DELETE FROM deletions WHERE done_at < ?1", params![before])?;
    }
    Ok(codes)
}
