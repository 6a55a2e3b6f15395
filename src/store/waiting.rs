//! Replies that wait a moment: for a name, and for the bubble before them.

use super::{Columns, Sql, StoreError, params};
use crate::meta::event::Channel;
use crate::meta::ids::Psid;
use crate::time::UnixMs;

/// Puts off a person's replies by as much as it takes that those whose content holds `mark` leave
/// at `until` at the earliest; what stands behind them keeps its distance. `false` when none holds
/// the mark.
///
/// # Errors
/// [`StoreError::Refused`].
pub fn hold(
    sql: &impl Sql,
    channel: Channel,
    person: &Psid,
    mark: char,
    until: UnixMs,
) -> Result<bool, StoreError> {
    let rows = sql.query(
        "SELECT min(due_at) FROM outbox WHERE channel = ?1 AND person = ?2 AND class = 0
           AND state = 'queued' AND instr(content, ?3) > 0",
        params![channel, person.as_str(), mark.to_string().as_str()],
    )?;
    let earliest = match rows.first() {
        Some(row) => Columns::of("outbox", row).maybe_moment()?,
        None => None,
    };
    let Some(earliest) = earliest else { return Ok(false) };
    shift(sql, channel, person, until.since(earliest).max(0))?;
    Ok(true)
}

/// Lets a person's waiting replies go: the first of them at once, the others at their distance.
///
/// # Errors
/// [`StoreError::Refused`].
pub fn release(
    sql: &impl Sql,
    channel: Channel,
    person: &Psid,
    now: UnixMs,
) -> Result<(), StoreError> {
    let rows = sql.query(
        // What follows a bubble that has left waits for its own moment.
        "SELECT min(due_at) FROM outbox AS o WHERE channel = ?1 AND person = ?2 AND class = 0
           AND state = 'queued' AND NOT EXISTS (
             SELECT 1 FROM outbox AS before WHERE before.id = o.id - 1
               AND before.channel = o.channel AND before.person = o.person
               AND before.created_at = o.created_at)",
        params![channel, person.as_str()],
    )?;
    let Some(row) = rows.first() else { return Ok(()) };
    let Some(earliest) = Columns::of("outbox", row).maybe_moment()? else { return Ok(()) };
    if earliest > now { shift(sql, channel, person, now.since(earliest)) } else { Ok(()) }
}

fn shift(sql: &impl Sql, channel: Channel, person: &Psid, by: i64) -> Result<(), StoreError> {
    if by != 0 {
        sql.execute(
            "UPDATE outbox SET due_at = due_at + ?3 WHERE channel = ?1 AND person = ?2
               AND class = 0 AND state = 'queued'",
            params![channel, person.as_str(), by],
        )?;
    }
    Ok(())
}

/// A reply whose moment is near.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Near {
    /// Its number in the outbox.
    pub id: i64,
    /// Where.
    pub channel: Channel,
    /// To whom.
    pub person: Psid,
    /// When it may leave.
    pub due_at: UnixMs,
    /// Whether it follows a bubble of the same answer that Meta has: typing may show.
    pub follows: bool,
}

/// Replies that are next for their person and due after `now`, until `until`.
///
/// # Errors
/// [`StoreError`].
pub fn near(sql: &impl Sql, now: UnixMs, until: UnixMs) -> Result<Vec<Near>, StoreError> {
    let rows = sql.query(
        "SELECT o.id, o.channel, o.person, o.due_at, EXISTS (
           SELECT 1 FROM outbox AS before WHERE before.id = o.id - 1 AND before.state = 'sent'
             AND before.channel = o.channel AND before.person = o.person
             AND before.created_at = o.created_at)
         FROM outbox AS o
         WHERE o.state IN ('queued', 'sending', 'retry', 'unsure') AND o.state = 'queued'
           AND o.class = 0 AND o.due_at > ?1 AND o.due_at <= ?2 AND NOT EXISTS (
             SELECT 1 FROM outbox AS other
             WHERE other.channel = o.channel AND other.person = o.person AND other.class = 0
               AND other.state IN ('queued', 'sending', 'retry', 'unsure') AND other.id < o.id)
         ORDER BY o.due_at LIMIT 50",
        params![now, until],
    )?;
    rows.iter()
        .map(|row| {
            let mut columns = Columns::of("outbox", row);
            Ok(Near {
                id: columns.int()?,
                channel: columns.channel()?,
                person: columns.parsed(Psid::new)?,
                due_at: columns.moment()?,
                follows: columns.int()? != 0,
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::meta::send::Content;
    use crate::store::native::Sqlite;
    use crate::store::outbox::{self, Admit, Class, Outcome, Room};
    use crate::store::schema;

    #[test]
    fn only_the_next_bubble_is_near_and_follows_once_the_one_before_it_was_sent() {
        let sql = Sqlite::in_memory().unwrap();
        schema::migrate(&sql).unwrap();
        let at = UnixMs::new;
        let ona = Psid::new("1").unwrap();
        for due in [100, 1_100, 2_100] {
            let content = Content::Text { text: "hello".into(), quick_replies: Vec::new() };
            let message = outbox::Message {
                class: &Class::Reply,
                channel: Channel::Messenger,
                person: &ona,
                content: &content,
                due_at: at(due),
                expires_at: None,
            };
            outbox::append(&sql, &message, at(100)).unwrap();
        }
        assert_eq!(near(&sql, at(100), at(5_000)).unwrap(), [], "the first is due already");
        let room = Room { messages: 6, notifications: 4, comments: 1 };
        let (first, ()) =
            outbox::claim(&sql, at(100), room, |_| Ok(Admit::Yes(()))).unwrap().remove(0);
        assert_eq!(near(&sql, at(100), at(5_000)).unwrap(), [], "it is on its way");
        outbox::settle(&sql, &first, &Outcome::Sent { mid: None }, at(150)).unwrap();
        let next = near(&sql, at(150), at(5_000)).unwrap();
        assert_eq!(
            next.iter().map(|n| (n.due_at, n.follows)).collect::<Vec<_>>(),
            [(at(1_100), true)]
        );
        assert_eq!(near(&sql, at(150), at(1_000)).unwrap(), [], "not that near");
    }
}
