//! What has its turn: which messages may be claimed now, and when the next ones may.
//!
//! Thousands may wait for a later moment, and the outbox is looked at many times a minute. So every
//! look here goes by class and moment, as the index `outbox_due` does, and ends at the first that it
//! needs.

use super::{
    COLUMNS, COMMENTS, Claimed, NOTIFICATIONS, OPEN, REPLIES, finish, read, refuse_unreadable,
};
use crate::store::comments::SHUT;
use crate::store::{Columns, Sql, StoreError, params};
use crate::time::UnixMs;

/// How many messages may be claimed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// In all.
    pub messages: u32,
    /// Of them notifications.
    pub notifications: u32,
    /// Of them answers to comments.
    pub comments: u32,
}

/// What [`claim`] asks about each row before taking it, inside the same transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Admit<T> {
    /// It may leave now, this way.
    Yes(T),
    /// Not before this moment.
    NotBefore(UnixMs),
    /// It stays as it is, and so does what is behind it in its class: why, and until when, is noted
    /// where the looks at the outbox see it.
    Shut,
    /// It must not leave any more, because of this.
    No(String),
}

/// Rounds of looking for messages in one call, when all that were found must not leave.
const ROUNDS: u32 = 16;

/// Takes as many messages as there is `room` for, replies first, at most one per person and
/// always the oldest: a person's messages leave strictly in order, and a notification after all
/// replies to them. (A reply does not wait for a notification that has not left yet.) `admit` has
/// the last word on each; what it refuses is settled as refused.
///
/// # Errors
/// [`StoreError`]; nothing is claimed then.
pub fn claim<T>(
    sql: &impl Sql,
    now: UnixMs,
    room: Room,
    mut admit: impl FnMut(&Claimed) -> Result<Admit<T>, StoreError>,
) -> Result<Vec<(Claimed, T)>, StoreError> {
    sql.transaction(|| {
        for _ in 0..ROUNDS {
            let mut round = Round { claimed: Vec::new(), refused: false };
            for (class, room_of_class) in [
                (REPLIES, room.messages),
                (COMMENTS, room.comments),
                (NOTIFICATIONS, room.notifications),
            ] {
                let taken = u32::try_from(round.claimed.len()).unwrap_or(u32::MAX);
                let room = room.messages.saturating_sub(taken).min(room_of_class);
                if room > 0 {
                    claim_class(sql, now, (class, room), &mut admit, &mut round)?;
                }
            }
            // Those that may leave stand behind those that must not.
            if !round.claimed.is_empty() || !round.refused {
                return Ok(round.claimed);
            }
        }
        Ok(Vec::new())
    })
}

/// What one round of [`claim`] did.
struct Round<T> {
    claimed: Vec<(Claimed, T)>,
    /// Something was settled as refused, or put off.
    refused: bool,
}

fn claim_class<T>(
    sql: &impl Sql,
    now: UnixMs,
    (class, room): (i64, u32),
    admit: &mut impl FnMut(&Claimed) -> Result<Admit<T>, StoreError>,
    round: &mut Round<T>,
) -> Result<(), StoreError> {
    for row in &sql.query(&due(class, room), params![now])? {
        let candidate = match read(row) {
            Ok(candidate) => candidate,
            Err(error) => {
                // One unreadable row must not hold up everybody behind it.
                refuse_unreadable(sql, row, &error)?;
                round.refused = true;
                continue;
            }
        };
        match admit(&candidate)? {
            Admit::Yes(way) => {
                sql.execute(
                    "UPDATE outbox SET state = 'sending', claimed_at = ?2,
                       attempts = attempts + 1 WHERE id = ?1",
                    params![candidate.id, now],
                )?;
                let attempts = candidate.attempts.saturating_add(1);
                round.claimed.push((Claimed { attempts, ..candidate }, way));
            }
            Admit::NotBefore(at) => {
                let later = at.max(now.plus(1));
                sql.execute(
                    "UPDATE outbox SET due_at = ?2 WHERE id = ?1",
                    params![candidate.id, later],
                )?;
                round.refused = true;
            }
            Admit::Shut => return Ok(()),
            Admit::No(reason) => {
                finish(sql, candidate.id, "refused", None, Some(&reason))?;
                round.refused = true;
            }
        }
    }
    Ok(())
}

/// Until when no answer to a comment leaves, as a moment; 0 when they may. See [`SHUT`].
fn shut() -> String {
    format!("coalesce((SELECT CAST(value AS INTEGER) FROM facts WHERE name = '{SHUT}'), 0)")
}

/// The messages of a class that have their turn at `?1`, the first of them first.
fn due(class: i64, limit: u32) -> String {
    let open = if class == COMMENTS { format!(" AND {} <= ?1", shut()) } else { String::new() };
    // The limit is not bound: SQLite plans with its value, and would plan anew at each call.
    format!(
        "SELECT {COLUMNS}
         FROM outbox AS o
         WHERE {OPEN} AND state <> 'sending' AND class = {class} AND due_at <= ?1{open}
           AND NOT EXISTS (
           SELECT 1 FROM outbox AS earlier
           WHERE earlier.channel = o.channel AND earlier.person = o.person
             AND (earlier.class, earlier.id) < (o.class, o.id)
             AND earlier.{OPEN})
           AND NOT EXISTS (
           SELECT 1 FROM outbox AS busy
           WHERE busy.channel = o.channel AND busy.person = o.person
             AND busy.state = 'sending' AND busy.{OPEN})
         ORDER BY due_at, id LIMIT {limit}"
    )
}

/// Whether a message is due that is not on its way: [`claim`] had no room for it, or it stands
/// behind another one to the same person.
///
/// # Errors
/// [`StoreError::Refused`].
pub fn waits(sql: &impl Sql, now: UnixMs) -> Result<bool, StoreError> {
    let rows = sql.query(&waits_text(), params![now])?;
    rows.first().map_or(Ok(false), |row| Ok(Columns::of("outbox", row).int()? != 0))
}

fn waits_text() -> String {
    let due = |class: i64| {
        format!(
            "EXISTS (SELECT 1 FROM outbox
               WHERE {OPEN} AND state <> 'sending' AND class = {class} AND due_at <= ?1)"
        )
    };
    let (replies, notifications, comments) = (due(REPLIES), due(NOTIFICATIONS), due(COMMENTS));
    format!("SELECT {replies} OR {notifications} OR ({} <= ?1 AND {comments})", shut())
}

/// The statement that says when the next message can leave, or may be given up; `?1` is
/// [`super::CLAIM_LOST_MS`], `?2` now. What stands behind another message to the same person does
/// not count, though it is due: its turn comes when that one is settled, and until then looking at
/// it again and again would change nothing.
pub(in crate::store) fn next_due_text() -> String {
    let first = |class: i64| {
        format!(
            "SELECT due_at AS at FROM outbox AS o
             WHERE {OPEN} AND state <> 'sending' AND class = {class} AND NOT EXISTS (
               SELECT 1 FROM outbox AS other
               WHERE other.channel = o.channel AND other.person = o.person AND other.{OPEN}
                 AND (other.state = 'sending' OR (other.class, other.id) < (o.class, o.id)))
             ORDER BY due_at LIMIT 1"
        )
    };
    // What is on its way was due when it was claimed. Of the comments' it was the first: where many
    // are due because nothing could leave for an hour, the others are not read each time. What is
    // missed here the next tick finds.
    format!(
        "SELECT min(at) FROM (
           SELECT claimed_at + ?1 AS at FROM outbox WHERE {OPEN} AND state = 'sending'
             AND class IN ({REPLIES}, {NOTIFICATIONS}) AND due_at <= ?2
           UNION ALL SELECT claimed_at + ?1 FROM (
             SELECT state, claimed_at FROM outbox
             WHERE {OPEN} AND class = {COMMENTS} AND due_at <= ?2 ORDER BY due_at, id LIMIT 8)
             WHERE state = 'sending'
           UNION ALL SELECT at FROM ({})
           UNION ALL SELECT at FROM ({})
           UNION ALL SELECT max(at, {}) FROM ({}))",
        first(REPLIES),
        first(NOTIFICATIONS),
        shut(),
        first(COMMENTS),
    )
}

/// When the next message can leave, or may be given up.
///
/// # Errors
/// [`StoreError`].
pub fn next_due(sql: &impl Sql, now: UnixMs) -> Result<Option<UnixMs>, StoreError> {
    let rows = sql.query(&next_due_text(), params![super::CLAIM_LOST_MS, now])?;
    rows.first().map_or(Ok(None), |row| Columns::of("outbox", row).maybe_moment())
}

#[cfg(test)]
mod tests {
    use super::super::{COMMENTS, Class, Message, Outcome, append, in_flight_text, settle};
    use super::*;
    use crate::meta::event::Channel;
    use crate::meta::ids::{NotificationId, Psid, TopicId};
    use crate::meta::send::Content;
    use crate::store::comments;
    use crate::store::native::Sqlite;
    use crate::store::schema;

    const ROOM: Room = Room { messages: 6, notifications: 4, comments: 1 };

    fn at(ms: i64) -> UnixMs {
        UnixMs::new(ms)
    }

    fn desk() -> Sqlite {
        let sql = Sqlite::in_memory().unwrap();
        schema::migrate(&sql).unwrap();
        sql
    }

    fn put(sql: &Sqlite, class: &Class, person: &str, due: i64) {
        let content = Content::Text { text: "hello".into(), quick_replies: Vec::new() };
        let message = Message {
            class,
            channel: Channel::Messenger,
            person: &Psid::new(person).unwrap(),
            content: &content,
            due_at: at(due),
            expires_at: None,
        };
        append(sql, &message, at(1)).unwrap();
    }

    fn notification() -> Class {
        Class::Notification {
            notification: NotificationId::new("lunch").unwrap(),
            period: "2026".into(),
            topic: TopicId::new("lunch").unwrap(),
        }
    }

    fn taken(sql: &Sqlite, now: i64, room: Room) -> Vec<(Claimed, ())> {
        claim(sql, at(now), room, |_| Ok(Admit::Yes(()))).unwrap()
    }

    #[test]
    fn nothing_that_waits_for_later_is_read_whatever_looks_at_the_outbox() {
        let sql = desk();
        let texts = [
            due(REPLIES, 6),
            due(COMMENTS, 1),
            due(NOTIFICATIONS, 4),
            waits_text(),
            next_due_text(),
            in_flight_text(COLUMNS),
        ];
        for text in texts {
            let both = params![1_i64, 1_i64];
            let params = if text.contains("?2") { both } else { &both[..1] };
            let rows = sql.query(&format!("EXPLAIN QUERY PLAN {text}"), params).unwrap();
            let plan: Vec<&str> = rows.iter().filter_map(|row| row[3].text()).collect();
            let of_outbox: Vec<&&str> = plan
                .iter()
                .filter(|line| {
                    ["outbox", " o ", " earlier ", " busy ", " other "]
                        .iter()
                        .any(|name| line.contains(name))
                })
                .collect();
            assert!(!of_outbox.is_empty(), "{plan:?}");
            for line in of_outbox {
                let seeks = line.starts_with("SEARCH")
                    && (line.contains("outbox_due (class=?")
                        || line.contains("outbox_open (channel=? AND person=?"));
                assert!(seeks, "{line}\n{text}\n{plan:?}");
            }
            assert!(!plan.iter().any(|line| line.contains("B-TREE")), "{text}\n{plan:?}");
        }
    }

    #[test]
    fn answers_to_comments_have_one_place_and_take_nobody_elses() {
        let sql = desk();
        for n in 0..20 {
            put(&sql, &Class::Private, &format!("c{n}"), 10);
            put(&sql, &notification(), &format!("2{n}"), 10);
        }
        let first = taken(&sql, 20, ROOM);
        let comments = first.iter().filter(|(c, ())| c.class.is_for_comment()).count();
        assert_eq!((first.len(), comments), (5, 1), "a reply finds a place");
        put(&sql, &Class::Reply, "1", 20);
        let room = Room { messages: 1, notifications: 0, comments: 0 };
        assert_eq!(taken(&sql, 20, room).remove(0).0.class, Class::Reply);
        // Nor do notifications that their pace keeps back hold up comments, nor the other way round.
        let room = Room { messages: 6, notifications: 0, comments: 1 };
        assert_eq!(taken(&sql, 20, room).len(), 1);
        let room = Room { messages: 6, notifications: 4, comments: 0 };
        assert_eq!(taken(&sql, 20, room).len(), 4);
    }

    #[test]
    fn while_comments_are_shut_nobody_looks_at_them_and_the_rest_goes_on() {
        let sql = desk();
        put(&sql, &Class::Private, "c1", 10);
        put(&sql, &Class::Private, "c2", 15);
        assert_eq!(next_due(&sql, at(12)).unwrap(), Some(at(10)));
        comments::shut(&sql, at(50)).unwrap();
        assert_eq!(next_due(&sql, at(12)).unwrap(), Some(at(50)));
        assert!(!waits(&sql, at(49)).unwrap());
        assert!(taken(&sql, 49, ROOM).is_empty());
        put(&sql, &Class::Reply, "1", 20);
        assert!(waits(&sql, at(49)).unwrap());
        assert_eq!(next_due(&sql, at(49)).unwrap(), Some(at(20)));
        assert_eq!(taken(&sql, 49, ROOM).len(), 1);
        assert!(waits(&sql, at(50)).unwrap());
        assert_eq!(taken(&sql, 50, ROOM).remove(0).0.person.as_str(), "c1", "in their order");
    }

    #[test]
    fn what_is_said_under_a_comment_waits_as_long_as_the_private_reply() {
        let sql = desk();
        put(&sql, &Class::Private, "c1", 10);
        put(&sql, &Class::Public, "c1", 10);
        let private = taken(&sql, 20, ROOM).remove(0).0;
        assert!(taken(&sql, 20, ROOM).is_empty());
        settle(&sql, &private, &Outcome::RetryAt(at(70)), at(20)).unwrap();
        assert!(!waits(&sql, at(69)).unwrap());
        assert_eq!(next_due(&sql, at(20)).unwrap(), Some(at(70)));
        let private = taken(&sql, 70, ROOM).remove(0).0;
        assert_eq!(private.class, Class::Private);
        settle(&sql, &private, &Outcome::Sent { mid: None }, at(71)).unwrap();
        assert_eq!(taken(&sql, 71, ROOM).remove(0).0.class, Class::Public);
    }
}
