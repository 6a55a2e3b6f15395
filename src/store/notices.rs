//! Notices that were sent, or held, each once for its key.

use super::{Columns, Sql, StoreError, params};
use crate::meta::event::Channel;
use crate::meta::ids::{Psid, TemplateId};
use crate::time::{DAY, UnixMs};

/// How long a notice is kept: a second one with its key is known for so long.
pub(super) const KEPT_MS: i64 = 400 * DAY;

/// What became of a notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It waits in the outbox.
    Queued,
    /// Meta has it.
    Sent,
    /// It never leaves.
    Refused,
    /// It may or may not have arrived, and is not sent again.
    Unknown,
}

impl State {
    /// As it stands in the table.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Sent => "sent",
            Self::Refused => "refused",
            Self::Unknown => "unknown",
        }
    }

    fn parse(text: &str) -> Result<Self, &'static str> {
        let all = [Self::Queued, Self::Sent, Self::Refused, Self::Unknown];
        all.into_iter().find(|state| state.as_str() == text).ok_or("unknown state")
    }
}

/// One notice to one person.
#[derive(Clone, Copy, Debug)]
pub struct Notice<'a> {
    /// By which template.
    pub template: &'a TemplateId,
    /// What it is about: a second one about the same is none.
    pub key: &'a str,
    /// Where.
    pub channel: Channel,
    /// Whom.
    pub person: &'a Psid,
}

/// Enters a notice. `false` when there is one already.
///
/// # Errors
/// [`StoreError::Refused`].
pub fn enter(sql: &impl Sql, notice: Notice<'_>, now: UnixMs) -> Result<bool, StoreError> {
    sql.execute(
        "INSERT OR IGNORE INTO notices (template, key, channel, person, at, outcome)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![
            notice.template.as_str(),
            notice.key,
            notice.channel,
            notice.person.as_str(),
            now,
            State::Queued.as_str()
        ],
    )
}

/// What became of a notice; none when there is none.
///
/// # Errors
/// [`StoreError`].
pub fn state(sql: &impl Sql, notice: Notice<'_>) -> Result<Option<State>, StoreError> {
    let rows = sql.query(
        "SELECT outcome FROM notices
         WHERE template = ?1 AND key = ?2 AND channel = ?3 AND person = ?4",
        params![notice.template.as_str(), notice.key, notice.channel, notice.person.as_str()],
    )?;
    rows.first().map(|row| Columns::of("notices", row).parsed(State::parse)).transpose()
}

/// Notes what became of a notice.
///
/// # Errors
/// [`StoreError::Refused`].
pub fn close(
    sql: &impl Sql,
    notice: Notice<'_>,
    state: State,
    reason: Option<&str>,
) -> Result<(), StoreError> {
    sql.execute(
        "UPDATE notices SET outcome = ?5, reason = ?6
         WHERE template = ?1 AND key = ?2 AND channel = ?3 AND person = ?4",
        params![
            notice.template.as_str(),
            notice.key,
            notice.channel,
            notice.person.as_str(),
            state.as_str(),
            reason
        ],
    )?;
    Ok(())
}

/// Notices by template, state and reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// By which template.
    pub template: String,
    /// What became of them.
    pub state: State,
    /// Why, when it was not sent.
    pub reason: Option<String>,
    /// How many.
    pub notices: i64,
}

/// What became of the notices since `from`, counted.
///
/// # Errors
/// [`StoreError`].
pub fn report(sql: &impl Sql, from: UnixMs) -> Result<Vec<Line>, StoreError> {
    let rows = sql.query(
        "SELECT template, outcome, reason, count(*) FROM notices WHERE at >= ?1
         GROUP BY template, outcome, reason ORDER BY template, outcome, reason",
        params![from],
    )?;
    rows.iter()
        .map(|row| {
            let mut columns = Columns::of("notices", row);
            Ok(Line {
                template: columns.text()?.to_owned(),
                state: columns.parsed(State::parse)?,
                reason: columns.maybe_text()?.map(str::to_owned),
                notices: columns.int()?,
            })
        })
        .collect()
}

/// Forgets notices older than 400 days.
///
/// # Errors
/// [`StoreError::Refused`].
pub fn prune(sql: &impl Sql, now: UnixMs) -> Result<(), StoreError> {
    sql.execute("DELETE FROM notices WHERE at < ?1", params![now.plus(-KEPT_MS)])?;
    Ok(())
}
