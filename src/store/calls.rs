//! Requests that are no messages: telling the owner, and handing threads over. They are tried a
//! few times and hold up nobody; what one Desk has to tell another, for days.

use super::timers::{self, Timer};
use super::{Columns, Sql, StoreError, params};
use crate::meta::event::Channel;
use crate::meta::ids::Psid;
use crate::time::{DAY, HOUR, MINUTE, SECOND, UnixMs};

/// Requests made for one call before it is given up.
const MOST_ATTEMPTS: i64 = 6;

/// A parcel is given up by its age: the other Desk is ours, and comes back. As long as a private
/// reply may take, which it follows.
const PARCEL_KEPT_MS: i64 = 7 * DAY;

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The owner's webhook: a person is wanted.
    Hook,
    /// The same about something that stays so, whether or not the assistant is back.
    News,
    /// The owner's webhook: something is wrong, or over.
    Alert,
    /// A message to the owner, whom another Desk of the Page knows.
    Notice,
    /// Hand the thread to the Page's inbox.
    Pass,
    /// Take the thread back.
    Take,
    /// Hand another Desk of the Page what it has to know of somebody.
    Parcel,
}

impl Kind {
    /// How it is written in the tables and counted.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hook => "hook",
            Self::News => "news",
            Self::Alert => "alert",
            Self::Notice => "notice",
            Self::Pass => "pass",
            Self::Take => "take",
            Self::Parcel => "parcel",
        }
    }

    fn parse(name: &str) -> Result<Self, &'static str> {
        match name {
            "hook" => Ok(Self::Hook),
            "news" => Ok(Self::News),
            "alert" => Ok(Self::Alert),
            "notice" => Ok(Self::Notice),
            "pass" => Ok(Self::Pass),
            "take" => Ok(Self::Take),
            "parcel" => Ok(Self::Parcel),
            _ => Err("unknown kind of call"),
        }
    }
}

/// A call that has its turn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due {
    /// Its number; a receiver can tell a second try by it.
    pub id: i64,
    /// What is asked for.
    pub kind: Kind,
    /// Where the person writes.
    pub channel: Channel,
    /// Whom it is about.
    pub person: Psid,
    /// The webhook's address; empty for others.
    pub url: String,
    /// The webhook's body; empty for others.
    pub body: String,
    /// How often it was tried, this time included.
    pub attempts: i64,
    /// Since when it waits.
    pub since: UnixMs,
}

/// Queues a call; a webhook with its address and its body.
///
/// # Errors
/// [`StoreError::Refused`].
pub fn push(
    sql: &impl Sql,
    kind: Kind,
    (channel, person): (Channel, &Psid),
    hook: Option<(&String, &String)>,
    at: UnixMs,
) -> Result<(), StoreError> {
    let (url, body) = hook.map_or(("", ""), |(url, body)| (url.as_str(), body.as_str()));
    sql.execute(
        "INSERT INTO calls (kind, channel, person, url, body, due_at, since)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6)",
        params![kind.name(), channel, person.as_str(), url, body, at],
    )?;
    timers::set(sql, Timer::Calls, at)
}

/// Drops the calls of a kind about somebody.
///
/// # Errors
/// [`StoreError::Refused`].
pub fn cancel(
    sql: &impl Sql,
    kind: Kind,
    (channel, person): (Channel, &Psid),
) -> Result<(), StoreError> {
    sql.execute(
        "DELETE FROM calls WHERE channel = ?1 AND person = ?2 AND kind = ?3",
        params![channel, person.as_str(), kind.name()],
    )?;
    Ok(())
}

/// Takes calls whose turn has come, at most `limit`, those first that are due for longest. Each gets
/// its next turn at once, so that one whose process dies comes again.
///
/// # Errors
/// [`StoreError`].
pub fn take_due(sql: &impl Sql, now: UnixMs, limit: u32) -> Result<Vec<Due>, StoreError> {
    sql.transaction(|| {
        let rows = sql.query(
            "SELECT id, kind, channel, person, url, body, attempts, since FROM calls
             WHERE due_at <= ?1 ORDER BY due_at, id LIMIT ?2",
            params![now, limit],
        )?;
        let mut due = Vec::with_capacity(rows.len());
        for row in &rows {
            let mut columns = Columns::of("calls", row);
            let call = Due {
                id: columns.int()?,
                kind: columns.parsed(Kind::parse)?,
                channel: columns.channel()?,
                person: columns.parsed(Psid::new)?,
                url: columns.text()?.to_owned(),
                body: columns.text()?.to_owned(),
                attempts: columns.int()?.saturating_add(1),
                // 0: it was taken in from tables of before.
                since: Some(columns.moment()?).filter(|at| at.get() > 0).unwrap_or(now),
            };
            // 30 s, 2 min, 8 min, half an hour, an hour.
            let doubled = call.attempts.saturating_sub(1).saturating_mul(2).clamp(0, 10);
            let wait = (30 * SECOND).saturating_mul(1 << doubled).min(HOUR);
            sql.execute(
                "UPDATE calls SET attempts = ?2, due_at = ?3, since = ?4 WHERE id = ?1",
                params![call.id, call.attempts, now.plus(wait), call.since],
            )?;
            due.push(call);
        }
        Ok(due)
    })
}

/// The call is over: it was made, or is not wanted any more.
///
/// # Errors
/// [`StoreError::Refused`].
pub fn done(sql: &impl Sql, call: &Due) -> Result<(), StoreError> {
    sql.execute("DELETE FROM calls WHERE id = ?1", params![call.id])?;
    Ok(())
}

/// The call waits for a moment of its own, as if it had not been tried.
///
/// # Errors
/// [`StoreError::Refused`].
pub fn put_off(sql: &impl Sql, call: &Due, at: UnixMs) -> Result<(), StoreError> {
    sql.execute(
        "UPDATE calls SET attempts = ?2, due_at = ?3 WHERE id = ?1",
        params![call.id, call.attempts.saturating_sub(1), at],
    )?;
    Ok(())
}

/// The call failed. `true` when it is given up.
///
/// # Errors
/// [`StoreError::Refused`].
pub fn failed(sql: &impl Sql, call: &Due, now: UnixMs) -> Result<bool, StoreError> {
    let given_up = match call.kind {
        Kind::Parcel => now.since(call.since) >= PARCEL_KEPT_MS,
        _ => call.attempts >= MOST_ATTEMPTS,
    };
    if given_up {
        done(sql, call)?;
    }
    Ok(given_up)
}

/// Sets the timer for the next call, if there is one. Never at once: what failed waits.
///
/// # Errors
/// [`StoreError`].
pub fn look_ahead(sql: &impl Sql, now: UnixMs) -> Result<(), StoreError> {
    let rows = sql.query("SELECT min(due_at) FROM calls", params![])?;
    let next = rows.first().map(|row| Columns::of("calls", row).maybe_moment()).transpose()?;
    next.flatten()
        .map_or(Ok(()), |at| timers::set(sql, Timer::Calls, at.max(now.plus(MINUTE / 60))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{native::Sqlite, schema};

    #[test]
    fn a_call_that_fails_comes_again_later_and_later_and_is_given_up() {
        let sql = Sqlite::in_memory().unwrap();
        schema::migrate(&sql).unwrap();
        let person = Psid::new("7").unwrap();
        let who = (Channel::Messenger, &person);
        let hook = ("https://a.example".to_owned(), "{}".to_owned());
        let mut now = UnixMs::new(1_000_000);
        push(&sql, Kind::Hook, who, Some((&hook.0, &hook.1)), now).unwrap();
        let mut waits = Vec::new();
        loop {
            let due = take_due(&sql, now, 10).unwrap();
            assert_eq!(due.len(), 1);
            assert_eq!(take_due(&sql, now, 10).unwrap(), []);
            if failed(&sql, &due[0], now).unwrap() {
                break;
            }
            let before = now;
            while sql
                .query("SELECT 1 FROM calls WHERE due_at <= ?1", params![now])
                .unwrap()
                .is_empty()
            {
                now = now.plus(SECOND);
            }
            waits.push(now.since(before) / SECOND);
        }
        assert_eq!(waits, [30, 120, 480, 1_920, 3_600]);
        assert_eq!(take_due(&sql, now.plus(HOUR), 10).unwrap(), []);
    }

    #[test]
    fn a_parcel_is_tried_every_hour_for_a_week_and_then_given_up() {
        let sql = Sqlite::in_memory().unwrap();
        schema::migrate(&sql).unwrap();
        let person = Psid::new("7").unwrap();
        let start = UnixMs::new(1_000_000);
        push(&sql, Kind::Parcel, (Channel::Messenger, &person), None, start).unwrap();
        let (mut now, mut tries) = (start, 0);
        let given_up = loop {
            now = now.plus(10 * MINUTE);
            let Some(call) = take_due(&sql, now, 10).unwrap().pop() else { continue };
            tries += 1;
            if failed(&sql, &call, now).unwrap() {
                break now.since(start);
            }
        };
        assert!((7 * DAY..7 * DAY + 2 * HOUR).contains(&given_up), "{given_up}");
        assert!((140..=180).contains(&tries), "{tries}");
        assert_eq!(take_due(&sql, now.plus(DAY), 10).unwrap(), []);
    }

    #[test]
    fn what_was_put_off_has_not_been_tried() {
        let sql = Sqlite::in_memory().unwrap();
        schema::migrate(&sql).unwrap();
        let person = Psid::new("7").unwrap();
        let mut now = UnixMs::new(1_000_000);
        push(&sql, Kind::Take, (Channel::Messenger, &person), None, now).unwrap();
        for _ in 0..2 * MOST_ATTEMPTS {
            let call = take_due(&sql, now, 1).unwrap().remove(0);
            now = now.plus(MINUTE);
            put_off(&sql, &call, now).unwrap();
        }
        let call = take_due(&sql, now, 1).unwrap().remove(0);
        assert_eq!(call.attempts, 1);
        assert!(!failed(&sql, &call, now).unwrap());
    }
}
