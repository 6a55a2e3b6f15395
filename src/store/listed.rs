//! What a reading of Meta's list of tokens leaves in the tables until it is over: which tokens of
//! ours it had, and the lines that are none of ours.

use super::consents::{COLUMNS, Consent, read_all};
use super::{Columns, Sql, StoreError, params, to_json};
use crate::meta::ids::{NotificationToken, Psid};
use crate::meta::tokens::Listed;
use crate::time::UnixMs;

/// A line of the list with the person it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Whose.
    pub person: Psid,
    /// What Meta says.
    pub listed: Listed,
}

/// Notes that this reading had these tokens: of these people, or of whoever has them, which reads
/// the whole table.
///
/// # Errors
/// [`StoreError`].
pub fn mark(
    sql: &impl Sql,
    round: UnixMs,
    people: Option<&[&Psid]>,
    tokens: &[&NotificationToken],
) -> Result<(), StoreError> {
    let tokens = to_json("consents", &tokens)?;
    match people {
        Some(people) => sql.execute(
            "UPDATE consents SET listed_in = ?1 WHERE channel IN ('messenger', 'instagram')
               AND person IN (SELECT value FROM json_each(?2))
               AND token IN (SELECT value FROM json_each(?3))",
            params![round, to_json("consents", &people)?, tokens],
        )?,
        None => sql.execute(
            "UPDATE consents SET listed_in = ?1
             WHERE token IN (SELECT value FROM json_each(?2))",
            params![round, tokens],
        )?,
    };
    Ok(())
}

/// Whether this reading had the token of a consent.
///
/// # Errors
/// [`StoreError::Refused`].
pub fn is_marked(sql: &impl Sql, round: UnixMs, consent: &Consent) -> Result<bool, StoreError> {
    let rows = sql.query(
        "SELECT 1 FROM consents WHERE topic = ?1 AND channel = ?2 AND person = ?3
           AND listed_in = ?4",
        params![consent.topic.as_str(), consent.channel, consent.person.as_str(), round],
    )?;
    Ok(!rows.is_empty())
}

/// Keeps a line until the whole list is read.
///
/// # Errors
/// [`StoreError::Refused`].
pub fn keep(sql: &impl Sql, person: &Psid, line: &Listed) -> Result<(), StoreError> {
    sql.execute(
        // The same token twice is one line. That somebody stopped is not taken back by the other.
        "INSERT INTO meta_tokens (person, token, title, timezone, created_at, expires_at,
           next_eligible_at, stopped) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
         ON CONFLICT (person, token) DO UPDATE SET stopped = max(stopped, excluded.stopped)",
        params![
            person.as_str(),
            line.token.0.as_str(),
            line.title.as_deref(),
            line.timezone.as_deref(),
            line.created_at,
            line.expires_at,
            line.next_eligible_at,
            i64::from(line.stopped)
        ],
    )?;
    Ok(())
}

/// People of whom lines are kept, at most `limit`, with their lines: the newest first.
///
/// # Errors
/// [`StoreError`].
pub fn next(sql: &impl Sql, limit: u32) -> Result<Vec<Line>, StoreError> {
    let rows = sql.query(
        "SELECT person, token, title, timezone, created_at, expires_at, next_eligible_at, stopped
         FROM meta_tokens WHERE person IN
           (SELECT DISTINCT person FROM meta_tokens ORDER BY person LIMIT ?1)
         ORDER BY person, created_at DESC, token",
        params![limit],
    )?;
    rows.iter()
        .map(|row| {
            let mut columns = Columns::of("meta_tokens", row);
            Ok(Line {
                person: columns.parsed(Psid::new)?,
                listed: Listed {
                    token: NotificationToken(columns.text()?.to_owned()),
                    person: None,
                    title: columns.maybe_text()?.map(str::to_owned),
                    timezone: columns.maybe_text()?.map(str::to_owned),
                    created_at: columns.maybe_moment()?,
                    expires_at: columns.maybe_moment()?,
                    next_eligible_at: columns.maybe_moment()?,
                    stopped: columns.int()? != 0,
                },
            })
        })
        .collect()
}

/// Drops the lines of somebody; of everybody when there is none.
///
/// # Errors
/// [`StoreError::Refused`].
pub fn drop_lines(sql: &impl Sql, person: Option<&Psid>) -> Result<(), StoreError> {
    match person {
        Some(person) => sql
            .execute("DELETE FROM meta_tokens WHERE person = ?1", params![person.as_str()])
            .map(|_| ()),
        None => sql.execute("DELETE FROM meta_tokens", params![]).map(|_| ()),
    }
}

/// What the list says nothing of: live consents on Messenger whose token it did not have. Those
/// that are younger than `before` may have come while it was read.
const UNLISTED: &str = "status = 'active' AND channel = 'messenger' AND token IS NOT NULL
   AND listed_in IS NOT ?1 AND granted_at < ?2 AND (expires_at IS NULL OR expires_at > ?3)";

/// How many live tokens there are, and how many of them this reading did not have.
///
/// # Errors
/// [`StoreError`].
pub fn count(
    sql: &impl Sql,
    round: UnixMs,
    before: UnixMs,
    now: UnixMs,
) -> Result<(i64, i64), StoreError> {
    let rows = sql.query(
        &format!(
            "SELECT count(*), coalesce(sum({UNLISTED}), 0) FROM consents
             WHERE status = 'active' AND channel = 'messenger' AND token IS NOT NULL
               AND (expires_at IS NULL OR expires_at > ?3)"
        ),
        params![round, before, now],
    )?;
    rows.first().map_or(Ok((0, 0)), |row| {
        let mut columns = Columns::of("consents", row);
        Ok((columns.int()?, columns.int()?))
    })
}

/// The next of them, at most `limit`.
///
/// # Errors
/// [`StoreError`].
pub fn unlisted(
    sql: &impl Sql,
    round: UnixMs,
    before: UnixMs,
    now: UnixMs,
    limit: u32,
) -> Result<Vec<Consent>, StoreError> {
    read_all(&sql.query(
        &format!("SELECT {COLUMNS} FROM consents WHERE {UNLISTED} LIMIT ?4"),
        params![round, before, now, limit],
    )?)
}
