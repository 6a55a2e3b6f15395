//! Utility templates as Meta keeps them, as far as this Desk has heard; and the notices that were
//! sent, or held, each once for its key.

use super::{Columns, Sql, StoreError, params};
use crate::meta::event::Channel;
use crate::meta::ids::{Psid, TemplateId};
use crate::meta::template::Kept;
use crate::time::{DAY, UnixMs};

/// How long a notice is kept: a second one with its key is known for so long.
pub(super) const KEPT_MS: i64 = 400 * DAY;

/// What Meta keeps, in the order of name and language.
///
/// # Errors
/// [`StoreError`].
pub fn all(sql: &impl Sql) -> Result<Vec<Kept>, StoreError> {
    let rows = sql.query(
        "SELECT name, language, status, category, reason FROM templates ORDER BY name, language",
        params![],
    )?;
    rows.iter()
        .map(|row| {
            let mut columns = Columns::of("templates", row);
            Ok(Kept {
                name: columns.text()?.to_owned(),
                language: columns.text()?.to_owned(),
                status: columns.text()?.to_owned(),
                category: columns.text()?.to_owned(),
                reason: columns.maybe_text()?.map(str::to_owned),
            })
        })
        .collect()
}

/// Whether one may be sent.
///
/// # Errors
/// [`StoreError`].
pub fn may_be_sent(sql: &impl Sql, name: &str, language: &str) -> Result<bool, StoreError> {
    Ok(all(sql)?
        .iter()
        .any(|kept| kept.name == name && kept.language == language && kept.may_be_sent()))
}

/// Notes what Meta keeps, in place of what was known.
///
/// # Errors
/// [`StoreError::Refused`].
pub fn replace(sql: &impl Sql, kept: &[Kept]) -> Result<(), StoreError> {
    sql.transaction(|| {
        sql.execute("DELETE FROM templates", params![])?;
        kept.iter().try_for_each(|kept| save(sql, kept))
    })
}

/// Notes one.
///
/// # Errors
/// [`StoreError::Refused`].
pub fn save(sql: &impl Sql, kept: &Kept) -> Result<(), StoreError> {
    sql.execute(
        "INSERT OR REPLACE INTO templates (name, language, status, category, reason)
         VALUES (?1, ?2, ?3, ?4, ?5)",
        params![
            kept.name.as_str(),
            kept.language.as_str(),
            kept.status.as_str(),
            kept.category.as_str(),
            kept.reason.as_deref()
        ],
    )?;
    Ok(())
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
         VALUES (?1, ?2, ?3, ?4, ?5, 'queued')",
        params![notice.template.as_str(), notice.key, notice.channel, notice.person.as_str(), now],
    )
}

/// What became of a notice: `sent`, `refused`, `unknown`; none when it is not known.
///
/// # Errors
/// [`StoreError`].
pub fn outcome(sql: &impl Sql, notice: Notice<'_>) -> Result<Option<String>, StoreError> {
    let rows = sql.query(
        "SELECT outcome FROM notices
         WHERE template = ?1 AND key = ?2 AND channel = ?3 AND person = ?4",
        params![notice.template.as_str(), notice.key, notice.channel, notice.person.as_str()],
    )?;
    rows.first().map(|row| Ok(Columns::of("notices", row).text()?.to_owned())).transpose()
}

/// Notes what became of a notice.
///
/// # Errors
/// [`StoreError::Refused`].
pub fn close(
    sql: &impl Sql,
    notice: Notice<'_>,
    outcome: &str,
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
            outcome,
            reason
        ],
    )?;
    Ok(())
}

/// Notices by template, outcome and reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// By which template.
    pub template: String,
    /// `queued`, `sent`, `refused`, `unknown`.
    pub outcome: String,
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
                outcome: columns.text()?.to_owned(),
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
