//! Comments that were answered privately: each person once under each post, and what became of it.
//! All of a Page's are kept by its first Desk. Nobody is named: who commented is a keyed hash, and
//! the comment's own id goes after eight days, when it can lead to nothing any more.

use super::{Columns, Row, Sql, StoreError, facts, params, to_json};
use crate::meta::event::Channel;
use crate::meta::ids::CommentRuleId;
use crate::time::{DAY, HOUR, UnixMs};

/// For how long nobody is answered a second time under the same post.
pub(super) const KEPT_MS: i64 = 400 * DAY;

/// For how long the comment itself is known by its id: a private reply has seven days.
const ID_KEPT_MS: i64 = 8 * DAY;

/// What became of a private reply.
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
    /// A person has to look at the comment; nothing was to leave.
    Person,
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
            Self::Person => "person",
        }
    }

    fn parse(text: &str) -> Result<Self, &'static str> {
        let all = [Self::Queued, Self::Sent, Self::Refused, Self::Unknown, Self::Person];
        all.into_iter().find(|state| state.as_str() == text).ok_or("unknown state")
    }
}

/// A comment that a rule fits.
#[derive(Clone, Copy, Debug)]
pub struct New<'a> {
    /// Who wrote it, as a keyed hash.
    pub who: &'a str,
    /// Under which post.
    pub post: &'a str,
    /// Where.
    pub channel: Channel,
    /// Its id.
    pub comment: &'a str,
    /// The rule that fits.
    pub rule: &'a CommentRuleId,
    /// When it was written.
    pub at: UnixMs,
    /// The private reply's number in the outbox; none: a person has to look.
    pub row: Option<i64>,
}

/// A private reply by its number in the outbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Under which post.
    pub post: String,
    /// Where.
    pub channel: Channel,
    /// The rule that fitted.
    pub rule: CommentRuleId,
    /// When the comment was written.
    pub at: UnixMs,
    /// What became of the private reply.
    pub state: State,
    /// It is known who got it.
    pub found: bool,
}

/// Whether this comment was taken before, or its writer under this post; by any of their names.
///
/// # Errors
/// [`StoreError`].
pub fn is_known(
    sql: &impl Sql,
    names: &[String],
    post: &str,
    comment: &str,
) -> Result<bool, StoreError> {
    let rows = sql.query(
        "SELECT 1 FROM comments
         WHERE (post = ?2 AND who IN (SELECT value FROM json_each(?1))) OR comment = ?3 LIMIT 1",
        params![to_json("comments", &names)?, post, comment],
    )?;
    Ok(!rows.is_empty())
}

/// Enters a comment, once for each person and post. `false` when it was there.
///
/// # Errors
/// [`StoreError::Refused`].
pub fn enter(sql: &impl Sql, new: &New<'_>) -> Result<bool, StoreError> {
    let state = if new.row.is_some() { State::Queued } else { State::Person };
    sql.execute(
        "INSERT OR IGNORE INTO comments (who, post, channel, comment, rule, at, row, state)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        params![
            new.who,
            new.post,
            new.channel,
            new.comment,
            new.rule.as_str(),
            new.at,
            new.row,
            state.as_str()
        ],
    )
}

const COLUMNS: &str = "post, channel, rule, at, state, found";

fn read(row: &Row) -> Result<Entry, StoreError> {
    let mut columns = Columns::of("comments", row);
    Ok(Entry {
        post: columns.text()?.to_owned(),
        channel: columns.channel()?,
        rule: columns.parsed(CommentRuleId::new)?,
        at: columns.moment()?,
        state: columns.parsed(State::parse)?,
        found: columns.int()? != 0,
    })
}

/// The private reply with this number in the outbox.
///
/// # Errors
/// [`StoreError`].
pub fn by_row(sql: &impl Sql, row: i64) -> Result<Option<Entry>, StoreError> {
    let rows =
        sql.query(&format!("SELECT {COLUMNS} FROM comments WHERE row = ?1"), params![row])?;
    rows.first().map(read).transpose()
}

/// What became of the private reply to a comment.
///
/// # Errors
/// [`StoreError`].
pub fn by_comment(sql: &impl Sql, comment: &str) -> Result<Option<Entry>, StoreError> {
    let rows = sql.query(
        &format!("SELECT {COLUMNS} FROM comments WHERE comment = ?1 AND comment <> ''"),
        params![comment],
    )?;
    rows.first().map(read).transpose()
}

/// Notes what became of a private reply, and that its reader is known.
///
/// # Errors
/// [`StoreError::Refused`].
pub fn close(
    sql: &impl Sql,
    row: i64,
    state: State,
    found: bool,
    reason: Option<&str>,
) -> Result<(), StoreError> {
    sql.execute(
        "UPDATE comments SET state = ?2, found = max(found, ?3), reason = ?4 WHERE row = ?1",
        params![row, state.as_str(), i64::from(found), reason],
    )?;
    Ok(())
}

/// Nobody will hear what became of the private reply to a comment.
///
/// # Errors
/// [`StoreError::Refused`].
pub fn lose(sql: &impl Sql, comment: &str) -> Result<(), StoreError> {
    sql.execute(
        "UPDATE comments SET state = 'unknown' WHERE comment = ?1 AND state = 'queued'",
        params![comment],
    )?;
    Ok(())
}

/// A comment is gone. Returns the number of its private reply, if that waits.
///
/// # Errors
/// [`StoreError`].
pub fn waiting(sql: &impl Sql, comment: &str) -> Result<Option<i64>, StoreError> {
    let rows = sql.query(
        "SELECT row FROM comments WHERE comment = ?1 AND comment <> '' AND state = 'queued'
           AND row IS NOT NULL",
        params![comment],
    )?;
    rows.first().map(|row| Columns::of("comments", row).int()).transpose()
}

/// The fact that says until when no answer to a comment leaves. The looks at the outbox read it, so
/// that none of those who wait has to be put off.
pub(super) const SHUT: &str = "comment_hold";

/// No answer to a comment leaves before `until`. Other messages do.
///
/// # Errors
/// [`StoreError`].
pub fn shut(sql: &impl Sql, until: UnixMs) -> Result<(), StoreError> {
    let known: Option<UnixMs> = facts::get(sql, SHUT)?;
    if known.is_none_or(|known| known < until) { facts::set(sql, SHUT, &until) } else { Ok(()) }
}

/// When the next private reply may be asked for, where the last `most` requests were all made in the
/// hour before `now`. `None`: now. Reads one row, however many there were: requests are numbered.
///
/// # Errors
/// [`StoreError`].
pub fn full_until(sql: &impl Sql, most: u32, now: UnixMs) -> Result<Option<UnixMs>, StoreError> {
    let rows = sql.query(
        "SELECT at FROM comment_requests
         WHERE rowid = (SELECT max(rowid) FROM comment_requests) - ?1 + 1",
        params![most],
    )?;
    let first =
        rows.first().map(|row| Columns::of("comment_requests", row).moment()).transpose()?;
    Ok(first.map(|first| first.plus(HOUR)).filter(|until| *until > now))
}

/// Notes a request, and forgets what is older than the last `most`.
///
/// # Errors
/// [`StoreError::Refused`].
pub fn note_request(sql: &impl Sql, most: u32, now: UnixMs) -> Result<(), StoreError> {
    sql.execute("INSERT INTO comment_requests (at) VALUES (?1)", params![now])?;
    sql.execute(
        "DELETE FROM comment_requests
         WHERE rowid <= (SELECT max(rowid) FROM comment_requests) - ?1",
        params![most],
    )?;
    Ok(())
}

/// How the private replies of a rule ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The rule.
    pub rule: String,
    /// As [`State::as_str`].
    pub state: String,
    /// Why, where there is a reason.
    pub reason: Option<String>,
    /// How many.
    pub comments: i64,
}

/// How the private replies to comments since `from` ended.
///
/// # Errors
/// [`StoreError`].
pub fn report(sql: &impl Sql, from: UnixMs) -> Result<Vec<Line>, StoreError> {
    let rows = sql.query(
        "SELECT rule, state, reason, count(*) FROM comments WHERE at >= ?1
         GROUP BY rule, state, reason ORDER BY rule, state, reason",
        params![from],
    )?;
    rows.iter()
        .map(|row| {
            let mut columns = Columns::of("comments", row);
            Ok(Line {
                rule: columns.text()?.to_owned(),
                state: columns.text()?.to_owned(),
                reason: columns.maybe_text()?.map(str::to_owned),
                comments: columns.int()?,
            })
        })
        .collect()
}

/// Forgets what is too old, and the ids of comments that cannot be answered any more.
///
/// # Errors
/// [`StoreError::Refused`].
pub fn prune(sql: &impl Sql, now: UnixMs) -> Result<(), StoreError> {
    sql.execute("DELETE FROM comments WHERE at < ?1", params![now.plus(-KEPT_MS)])?;
    sql.execute("DELETE FROM comment_requests WHERE at <= ?1", params![now.plus(-HOUR)])?;
    sql.execute(
        "UPDATE comments SET comment = '' WHERE at < ?1 AND comment <> ''",
        params![now.plus(-ID_KEPT_MS)],
    )?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{native::Sqlite, schema};

    #[test]
    fn a_person_is_entered_once_for_each_post_and_a_comment_once() {
        let sql = Sqlite::in_memory().unwrap();
        schema::migrate(&sql).unwrap();
        let rule = CommentRuleId::new("price").unwrap();
        let at = UnixMs::new(1_795_000_000_000);
        let new = |who: &'static str, post: &'static str, comment: &'static str, row: i64| New {
            who,
            post,
            channel: Channel::Messenger,
            comment,
            rule: &rule,
            at,
            row: Some(row),
        };
        assert!(enter(&sql, &new("ona", "p1", "c1", 1)).unwrap());
        assert!(!enter(&sql, &new("ona", "p1", "c2", 2)).unwrap());
        let known = |who: &str, post: &str, comment: &str| {
            is_known(&sql, &[who.to_owned(), "old name".to_owned()], post, comment).unwrap()
        };
        assert!(known("ona", "p1", "c9"), "the person");
        assert!(known("tom", "p2", "c1"), "the comment");
        assert!(!known("ona", "p2", "c9") && !known("tom", "p1", "c9"));
        assert_eq!(waiting(&sql, "c1").unwrap(), Some(1));
        close(&sql, 1, State::Sent, true, None).unwrap();
        assert_eq!(waiting(&sql, "c1").unwrap(), None);
        let entry = by_row(&sql, 1).unwrap().unwrap();
        assert_eq!((entry.state, entry.found, entry.post.as_str()), (State::Sent, true, "p1"));
        // Later the comment's id is gone, and the person is still known.
        prune(&sql, at.plus(ID_KEPT_MS + 1)).unwrap();
        assert_eq!(by_comment(&sql, "c1").unwrap(), None);
        assert_eq!(by_comment(&sql, "").unwrap(), None);
        assert!(known("ona", "p1", "c9"));
        prune(&sql, at.plus(KEPT_MS + 1)).unwrap();
        assert!(!known("ona", "p1", "c9"));
    }

    #[test]
    fn requests_count_for_an_hour_and_no_more_of_them_are_kept_than_count() {
        let sql = Sqlite::in_memory().unwrap();
        schema::migrate(&sql).unwrap();
        let at = |n: i64| UnixMs::new(1_795_000_000_000 + n);
        let full = |now: i64| full_until(&sql, 5, at(now)).unwrap();
        for n in 0..5 {
            assert_eq!(full(n), None, "{n}");
            note_request(&sql, 5, at(n)).unwrap();
        }
        assert_eq!(full(5), Some(at(HOUR)));
        assert_eq!(full(HOUR - 1), Some(at(HOUR)));
        assert_eq!(full(HOUR), None);
        note_request(&sql, 5, at(HOUR)).unwrap();
        assert_eq!(full(HOUR), Some(at(HOUR + 1)));
        for n in 1..100 {
            note_request(&sql, 5, at(HOUR + n)).unwrap();
        }
        let rows = sql.query("SELECT count(*), min(at) FROM comment_requests", &[]).unwrap();
        let kept = [super::super::Value::Int(5), at(HOUR + 95).into()];
        assert_eq!(rows, [kept]);
    }

    #[test]
    fn the_longer_of_two_pauses_holds() {
        let sql = Sqlite::in_memory().unwrap();
        schema::migrate(&sql).unwrap();
        for until in [20, 50, 30] {
            shut(&sql, UnixMs::new(until)).unwrap();
        }
        assert_eq!(facts::get(&sql, SHUT).unwrap(), Some(UnixMs::new(50)));
    }
}
