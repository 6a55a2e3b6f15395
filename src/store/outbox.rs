//! What leaves. Every message, reply or notification, is a row here before it is a request.
//!
//! `queued -> sending -> sent | retry | refused | unsure -> unknown`. A row is claimed in a
//! transaction before its request goes out, so a crash leaves a row in `sending` and never a
//! message nobody knows of. Only a [`Claimed`] row can be settled, and only claiming makes one.
//!
//! - [`turns`]: what has its turn: claiming, and looking ahead.

mod turns;

pub use turns::{Admit, Room, claim, next_due, waits};

pub(super) use turns::next_due_text;

use super::timers::{self, Timer};
use super::{Columns, Row, Sql, Statement, StoreError, channel_name, counters, params, to_json};
use crate::meta::event::Channel;
use crate::meta::human::Typed;
use crate::meta::ids::{Mid, NotificationId, Psid, TemplateId, TopicId};
use crate::meta::send::Content;
use crate::time::{DAY, MINUTE, SECOND, UnixMs};

/// The longest a request to the Graph API may take.
pub const CALL_TIMEOUT_MS: i64 = 10 * SECOND;

/// A row in `sending` for longer than this has lost its request: nobody will settle it.
pub(super) const CLAIM_LOST_MS: i64 = 3 * CALL_TIMEOUT_MS;

/// How long a reply whose outcome is unknown waits for its own echo before its second try.
pub const ECHO_WAIT_MS: i64 = 5 * SECOND;

/// How long settled rows are kept: echoes, deliveries and questions come late.
pub(super) const KEPT_MS: i64 = 3 * DAY;

/// States in which a row still has something before it. The partial indexes use the same list, and
/// SQLite uses them for statements that say the very same: without it, even a search for
/// `state = 'sending'` reads three days of settled rows.
pub(super) const OPEN: &str = "state IN ('queued', 'sending', 'retry', 'unsure')";

/// Why a message leaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Class {
    /// It answers something the person did.
    Reply,
    /// It reminds of something that was left. STOP ends it, and so does a person who talks.
    Reminder,
    /// The person asked to be told.
    Notification {
        /// Which one.
        notification: NotificationId,
        /// For which period.
        period: String,
        /// On which topic.
        topic: TopicId,
    },
    /// It tells of something that the person is waiting for, by a utility template.
    Notice {
        /// By which template.
        template: TemplateId,
        /// What it is about.
        key: String,
    },
    /// It answers a comment, privately. Nobody knows yet whom it reaches: in the person's place
    /// stands the comment. Meta takes one, so it is never sent a second time.
    Private,
    /// It answers a comment under the post, once the private reply has left.
    Public,
}

/// What the column `class` says, in the order in which messages to one person leave.
const REPLIES: i64 = 0;
const NOTIFICATIONS: i64 = 1;
const COMMENTS: i64 = 2;

impl Class {
    const fn number(&self) -> i64 {
        match self {
            Self::Reply | Self::Reminder => REPLIES,
            Self::Notification { .. } | Self::Notice { .. } => NOTIFICATIONS,
            Self::Private | Self::Public => COMMENTS,
        }
    }

    /// Whether the shop tells it by itself: that gives way to everything else, and is never sent a
    /// second time when nobody knows what became of the first.
    #[must_use]
    pub const fn is_notification(&self) -> bool {
        matches!(self, Self::Notification { .. } | Self::Notice { .. })
    }

    /// Whether it answers a comment.
    #[must_use]
    pub const fn is_for_comment(&self) -> bool {
        matches!(self, Self::Private | Self::Public)
    }
}

/// A message that this Desk, and nobody else, is about to send.
#[derive(Debug, PartialEq)]
pub struct Claimed {
    id: i64,
    attempts: i64,
    unknowns: i64,
    /// Why it leaves.
    pub class: Class,
    /// Where.
    pub channel: Channel,
    /// To whom.
    pub person: Psid,
    /// What.
    pub content: Content,
    /// The same, when a person of the shop typed it.
    pub typed: Option<Typed>,
    /// When it was put here.
    pub created_at: UnixMs,
    /// From then on it must not leave.
    pub expires_at: Option<UnixMs>,
}

impl Claimed {
    /// Its number in this Desk; our echoes carry it.
    #[must_use]
    pub const fn id(&self) -> i64 {
        self.id
    }

    /// How many requests were made for it, this one included.
    #[must_use]
    pub const fn attempts(&self) -> i64 {
        self.attempts
    }
}

/// What became of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Meta has it.
    Sent {
        /// Its id, when Meta said it.
        mid: Option<Mid>,
    },
    /// Meta refused it for now; it is certain that nobody got it.
    RetryAt(UnixMs),
    /// Meta refused it, or a rule forbids it, for good.
    Refused(String),
    /// Nobody knows: the connection broke, or time ran out.
    Unsure,
}

/// A message on its way into the outbox.
#[derive(Clone, Copy, Debug)]
pub struct Message<'a> {
    /// Why it leaves.
    pub class: &'a Class,
    /// Where.
    pub channel: Channel,
    /// To whom.
    pub person: &'a Psid,
    /// What.
    pub content: &'a Content,
    /// From when on it may leave.
    pub due_at: UnixMs,
    /// From when on it must not leave any more.
    pub expires_at: Option<UnixMs>,
}

/// Puts a message behind everything else that waits for this person.
///
/// # Errors
/// [`StoreError::Refused`].
pub fn append(sql: &impl Sql, message: &Message<'_>, now: UnixMs) -> Result<(), StoreError> {
    let kind = match message.class {
        Class::Reminder => Some(REMINDER),
        Class::Notice { .. } => Some(NOTICE),
        Class::Private => Some(PRIVATE),
        Class::Public => Some(PUBLIC),
        Class::Reply | Class::Notification { .. } => None,
    };
    insert(sql, message, kind, now)
}

/// The same, and the number it has.
///
/// # Errors
/// [`StoreError`].
pub fn append_numbered(
    sql: &impl Sql,
    message: &Message<'_>,
    now: UnixMs,
) -> Result<i64, StoreError> {
    append(sql, message, now)?;
    // Numbers only grow, and nothing runs in between.
    let rows = sql.query("SELECT max(id) FROM outbox", params![])?;
    rows.first().map_or(Ok(0), |row| Columns::of("outbox", row).int())
}

/// A message that waits must not leave any more. `false` when it is on its way, or settled.
///
/// # Errors
/// [`StoreError::Refused`].
pub fn withdraw(sql: &impl Sql, id: i64, reason: &str) -> Result<bool, StoreError> {
    sql.execute(
        "UPDATE outbox SET state = 'refused', reason = ?2, claimed_at = NULL
         WHERE id = ?1 AND state IN ('queued', 'retry')",
        params![id, reason],
    )
}

/// Puts what a person of the shop typed behind everything else that waits for this customer.
///
/// # Errors
/// [`StoreError::Refused`].
pub fn append_typed(
    sql: &impl Sql,
    (channel, person): (Channel, &Psid),
    typed: &Typed,
    expires_at: UnixMs,
    now: UnixMs,
) -> Result<(), StoreError> {
    let content = Content::Text { text: typed.text().to_owned(), quick_replies: Vec::new() };
    let message = Message {
        class: &Class::Reply,
        channel,
        person,
        content: &content,
        due_at: now,
        expires_at: Some(expires_at),
    };
    insert(sql, &message, Some(TYPED), now)
}

/// Puts a message to the owner about somebody (`about`: the channel and the id) behind everything
/// else that waits for the owner. It goes when that person is forgotten.
///
/// # Errors
/// [`StoreError::Refused`].
pub fn append_notice(
    sql: &impl Sql,
    message: &Message<'_>,
    (channel, about): (Channel, &Psid),
    now: UnixMs,
) -> Result<(), StoreError> {
    let kind = format!("notice:{}:{about}", channel_name(channel));
    insert(sql, message, Some(&kind), now)
}

/// What the column `kind` says.
const REMINDER: &str = "reminder";
const TYPED: &str = "typed";
const NOTICE: &str = "utility";
const PRIVATE: &str = "private";
const PUBLIC: &str = "public";

/// Rows that belong to people, and go where they go.
pub(super) const OF_PEOPLE: &str = "kind IS NOT 'private' AND kind IS NOT 'public'";

fn insert(
    sql: &impl Sql,
    message: &Message<'_>,
    kind: Option<&str>,
    now: UnixMs,
) -> Result<(), StoreError> {
    let (notification, period, topic) = match message.class {
        Class::Reply | Class::Reminder | Class::Private | Class::Public => (None, None, None),
        Class::Notification { notification, period, topic } => {
            (Some(notification.as_str()), Some(period.as_str()), Some(topic.as_str()))
        }
        Class::Notice { template, key } => (Some(template.as_str()), Some(key.as_str()), None),
    };
    sql.execute(
        "INSERT INTO outbox (class, channel, person, content, state, due_at, created_at,
           notification, period, topic, expires_at, kind)
         VALUES (?1, ?2, ?3, ?4, 'queued', ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        params![
            message.class.number(),
            message.channel,
            message.person.as_str(),
            to_json("outbox", message.content)?,
            message.due_at,
            now,
            notification,
            period,
            topic,
            message.expires_at,
            kind
        ],
    )?;
    Ok(())
}

/// What waits for its next try has it now: what Meta refused it for is over.
///
/// # Errors
/// [`StoreError::Refused`].
pub fn hurry(
    sql: &impl Sql,
    channel: Channel,
    person: &Psid,
    now: UnixMs,
) -> Result<(), StoreError> {
    let hurried = sql.execute(
        &format!(
            "UPDATE outbox SET due_at = ?3 WHERE channel = ?1 AND person = ?2
               AND state = 'retry' AND due_at > ?3 AND {OPEN}"
        ),
        params![channel, person.as_str(), now],
    )?;
    if hurried { timers::set(sql, Timer::Drain, now) } else { Ok(()) }
}

/// Whether a reply that was `written` since then is on its way, or `leaves` until then.
///
/// # Errors
/// [`StoreError::Refused`].
pub fn is_leaving(
    sql: &impl Sql,
    (channel, person): (Channel, &Psid),
    written: UnixMs,
    leaves: UnixMs,
) -> Result<bool, StoreError> {
    let rows = sql.query(
        &format!(
            "SELECT 1 FROM outbox WHERE channel = ?1 AND person = ?2 AND class = 0
               AND created_at >= ?3 AND due_at <= ?4 AND {OPEN} LIMIT 1"
        ),
        params![channel, person.as_str(), written, leaves],
    )?;
    Ok(!rows.is_empty())
}

/// A reply that was claimed in the statement that put it here.
pub(super) fn claimed_at_once(
    id: i64,
    channel: Channel,
    person: Psid,
    content: Content,
    now: UnixMs,
) -> Claimed {
    let (attempts, unknowns, class) = (1, 0, Class::Reply);
    Claimed {
        id,
        attempts,
        unknowns,
        class,
        channel,
        person,
        content,
        typed: None,
        created_at: now,
        expires_at: None,
    }
}

/// What [`read`] reads.
const COLUMNS: &str = "id, attempts, unknowns, kind, notification, period, topic, channel, \
                       person, content, created_at, expires_at";

fn read(row: &Row) -> Result<Claimed, StoreError> {
    let mut columns = Columns::of("outbox", row);
    let (id, attempts, unknowns) = (columns.int()?, columns.int()?, columns.int()?);
    let kind = columns.maybe_text()?;
    let class = match (columns.maybe_text()?, columns.maybe_text()?, columns.maybe_text()?) {
        (Some(notification), Some(period), Some(topic)) => Class::Notification {
            notification: NotificationId::new(notification).map_err(|e| corrupt(&e))?,
            period: period.to_owned(),
            topic: TopicId::new(topic).map_err(|e| corrupt(&e))?,
        },
        (Some(template), Some(key), None) if kind == Some(NOTICE) => Class::Notice {
            template: TemplateId::new(template).map_err(|e| corrupt(&e))?,
            key: key.to_owned(),
        },
        _ if kind == Some(REMINDER) => Class::Reminder,
        _ if kind == Some(PRIVATE) => Class::Private,
        _ if kind == Some(PUBLIC) => Class::Public,
        _ => Class::Reply,
    };
    let (channel, person) = (columns.channel()?, columns.parsed(Psid::new)?);
    let content = columns.json()?;
    let typed = match &content {
        Content::Text { text, .. } if kind == Some(TYPED) => Some(Typed::kept(text)),
        _ => None,
    };
    Ok(Claimed {
        id,
        attempts,
        unknowns,
        class,
        channel,
        person,
        content,
        typed,
        created_at: columns.moment()?,
        expires_at: columns.maybe_moment()?,
    })
}

fn corrupt(error: &impl std::fmt::Display) -> StoreError {
    StoreError::Corrupt { table: "outbox", why: error.to_string() }
}

fn refuse_unreadable(sql: &impl Sql, row: &Row, error: &StoreError) -> Result<(), StoreError> {
    let id = Columns::of("outbox", row).int()?;
    finish(sql, id, "refused", None, Some(&error.to_string()))
}

fn finish(
    sql: &impl Sql,
    id: i64,
    state: &str,
    mid: Option<&Mid>,
    reason: Option<&str>,
) -> Result<(), StoreError> {
    sql.execute(
        "UPDATE outbox SET state = ?2, mid = ?3, reason = ?4, claimed_at = NULL WHERE id = ?1",
        params![id, state, mid.map(|mid| mid.0.as_str()), reason],
    )?;
    Ok(())
}

/// Settles a claimed reply that Meta took, and counts it under `name`: one go for what nearly
/// every message ends with. `None` when somebody settled it before. Else what is known of `fact`.
///
/// # Errors
/// [`StoreError`].
pub fn settle_sent(
    sql: &impl Sql,
    claimed: &Claimed,
    mid: Option<&Mid>,
    name: &str,
    fact: &str,
    now: UnixMs,
) -> Result<Option<bool>, StoreError> {
    let text = "UPDATE outbox SET state = 'sent', mid = ?3, reason = NULL, claimed_at = NULL
                WHERE id = ?1 AND state = 'sending' AND attempts = ?2
                RETURNING EXISTS (SELECT 1 FROM facts WHERE name = ?4)";
    let params =
        params![claimed.id, claimed.attempts, mid.map(|mid| mid.0.as_str()), fact].to_vec();
    let results =
        sql.run_all(&[Statement { text, params }, counters::add_if_changed(name, now)])?;
    let row = results.first().and_then(|rows| rows.first());
    row.map(|row| Ok(Columns::of("outbox", row).int()? != 0)).transpose()
}

/// What a settled row turned into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settled {
    /// Done: Meta has it.
    Sent,
    /// Done: it will not leave.
    Refused,
    /// Will be tried again.
    Waiting,
    /// Done: it may or may not have arrived, and is not sent again.
    Unknown,
    /// Somebody settled it before (its own echo, or a restart).
    Already,
}

/// Settles a claimed message.
///
/// # Errors
/// [`StoreError::Refused`].
pub fn settle(
    sql: &impl Sql,
    claimed: &Claimed,
    outcome: &Outcome,
    now: UnixMs,
) -> Result<Settled, StoreError> {
    // Nearly every message ends here; the state is looked at and changed in one statement.
    let (state, mid, reason, settled) = match outcome {
        Outcome::Sent { mid } => ("sent", mid.as_ref(), None, Settled::Sent),
        Outcome::Refused(reason) => ("refused", None, Some(reason.as_str()), Settled::Refused),
        Outcome::RetryAt(_) | Outcome::Unsure => return put_off(sql, claimed, outcome, now),
    };
    let ours = sql.execute(
        "UPDATE outbox SET state = ?3, mid = ?4, reason = ?5, claimed_at = NULL
         WHERE id = ?1 AND state = 'sending' AND attempts = ?2",
        params![claimed.id, claimed.attempts, state, mid.map(|mid| mid.0.as_str()), reason],
    )?;
    Ok(if ours { settled } else { Settled::Already })
}

fn put_off(
    sql: &impl Sql,
    claimed: &Claimed,
    outcome: &Outcome,
    now: UnixMs,
) -> Result<Settled, StoreError> {
    let ours = sql.query(
        "SELECT 1 FROM outbox WHERE id = ?1 AND state = 'sending' AND attempts = ?2",
        params![claimed.id, claimed.attempts],
    )?;
    if ours.is_empty() {
        return Ok(Settled::Already);
    }
    let Outcome::RetryAt(at) = outcome else {
        return unsure(sql, claimed.id, &claimed.class, claimed.unknowns, now);
    };
    sql.execute(
        "UPDATE outbox SET state = 'retry', due_at = ?2, claimed_at = NULL WHERE id = ?1",
        params![claimed.id, *at],
    )?;
    if claimed.class.is_for_comment() {
        // What is said under the comment goes along: nobody looks at it before.
        sql.execute(
            &format!(
                "UPDATE outbox SET due_at = ?3 WHERE channel = ?1 AND person = ?2
                   AND state = 'queued' AND {OPEN}"
            ),
            params![claimed.channel, claimed.person.as_str(), *at],
        )?;
    }
    Ok(Settled::Waiting)
}

/// A reply is tried once more after its echo had time to come; a notification, or an answer to a
/// comment, never is.
fn unsure(
    sql: &impl Sql,
    id: i64,
    class: &Class,
    unknowns: i64,
    now: UnixMs,
) -> Result<Settled, StoreError> {
    if !class.is_notification() && !class.is_for_comment() && unknowns == 0 {
        sql.execute(
            "UPDATE outbox SET state = 'unsure', unknowns = 1, due_at = ?2, claimed_at = NULL
             WHERE id = ?1",
            params![id, now.plus(ECHO_WAIT_MS)],
        )?;
        Ok(Settled::Waiting)
    } else {
        finish(sql, id, "unknown", None, Some("the outcome of the request is not known"))?;
        Ok(Settled::Unknown)
    }
}

/// What is on its way since `?1` or longer; due until `?2`.
fn in_flight_text(columns: &str) -> String {
    format!(
        "SELECT {columns} FROM outbox WHERE {OPEN} AND state = 'sending' AND claimed_at <= ?1
           AND class IN ({REPLIES}, {NOTIFICATIONS}, {COMMENTS}) AND due_at <= ?2"
    )
}

/// Settles what nobody else will: rows in `sending` whose request is lost. After a restart
/// (`restarted`) that is all of them: the process that knew their requests is gone.
///
/// Returns the notifications whose outcome will never be known.
///
/// # Errors
/// [`StoreError`].
pub fn recover(
    sql: &impl Sql,
    restarted: bool,
    now: UnixMs,
) -> Result<Vec<(Class, Channel, Psid)>, StoreError> {
    let before = if restarted { UnixMs::new(i64::MAX) } else { now.plus(-CLAIM_LOST_MS) };
    // What was claimed was due, as long as no clock has gone back by more than this.
    let due = now.plus(MINUTE);
    let rows = sql.query(&in_flight_text(COLUMNS), params![before, due])?;
    let mut lost = Vec::new();
    for row in &rows {
        match read(row) {
            Ok(claimed) => {
                let settled = unsure(sql, claimed.id, &claimed.class, claimed.unknowns, now)?;
                if settled == Settled::Unknown {
                    lost.push((claimed.class, claimed.channel, claimed.person));
                }
            }
            Err(error) => refuse_unreadable(sql, row, &error)?,
        }
    }
    Ok(lost)
}

/// Our own echo: the message with this number has arrived, whatever we thought of it.
/// Returns its class when the echo told us something new.
///
/// # Errors
/// [`StoreError`].
pub fn echoed(
    sql: &impl Sql,
    channel: Channel,
    person: &Psid,
    id: i64,
    mid: Option<&Mid>,
) -> Result<Option<Class>, StoreError> {
    let rows = sql.query(
        &format!(
            "SELECT {COLUMNS} FROM outbox WHERE id = ?1 AND channel = ?2 AND person = ?3
               AND state IN ('sending', 'retry', 'unsure', 'unknown') AND attempts > 0"
        ),
        params![id, channel, person.as_str()],
    )?;
    let Some(row) = rows.first() else { return Ok(None) };
    finish(sql, id, "sent", mid, None)?;
    read(row).map(|claimed| Some(claimed.class))
}

/// How many notifications wait that are due, counted up to `most`.
///
/// # Errors
/// [`StoreError`].
pub fn notifications_due(sql: &impl Sql, most: u32, now: UnixMs) -> Result<u32, StoreError> {
    let rows = sql.query(
        &format!(
            "SELECT count(*) FROM (SELECT 1 FROM outbox WHERE class = 1 AND due_at <= ?1
               AND {OPEN} LIMIT {most})"
        ),
        params![now],
    )?;
    let n = rows.first().map_or(Ok(0), |row| Columns::of("outbox", row).int())?;
    Ok(u32::try_from(n).unwrap_or(u32::MAX))
}

/// How many requests are on their way, as far as anybody knows.
///
/// # Errors
/// [`StoreError`].
pub fn in_flight(sql: &impl Sql) -> Result<u32, StoreError> {
    let rows = sql.query(
        &format!("SELECT count(*) FROM outbox WHERE state = 'sending' AND {OPEN}"),
        params![],
    )?;
    let n = rows.first().map_or(Ok(0), |row| Columns::of("outbox", row).int())?;
    Ok(u32::try_from(n).unwrap_or(u32::MAX))
}

/// Whom a notification went to, and on which topic, as long as its row is kept.
///
/// # Errors
/// [`StoreError`].
pub fn notified(sql: &impl Sql, id: i64) -> Result<Option<(TopicId, Channel, Psid)>, StoreError> {
    let rows = sql.query(
        "SELECT topic, channel, person FROM outbox WHERE id = ?1 AND topic IS NOT NULL",
        params![id],
    )?;
    let read = |row| {
        let mut columns = Columns::of("outbox", row);
        Ok((columns.parsed(TopicId::new)?, columns.channel()?, columns.parsed(Psid::new)?))
    };
    rows.first().map(read).transpose()
}

/// How the outbox stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Backlog {
    /// Messages that have something before them.
    pub open: i64,
    /// Of them those that are on their way.
    pub in_flight: i64,
    /// When the oldest of them was put here; an answer to a comment, when it had its turn.
    pub oldest: Option<UnixMs>,
    /// When the next one that has its turn is due (or, in flight, may be given up).
    pub next_due: Option<UnixMs>,
}

/// How the outbox stands.
///
/// # Errors
/// [`StoreError`].
pub fn backlog(sql: &impl Sql) -> Result<Backlog, StoreError> {
    let rows = sql.query(
        &format!(
            "SELECT count(*), count(*) FILTER (WHERE state = 'sending'),
               min(iif(class = {COMMENTS}, due_at, created_at)), ({})
             FROM outbox WHERE {OPEN}",
            next_due_text()
        ),
        // All of them: somebody asks who wants to know.
        params![CLAIM_LOST_MS, i64::MAX],
    )?;
    rows.first().map_or(Ok(Backlog::default()), |row| {
        let mut columns = Columns::of("outbox", row);
        Ok(Backlog {
            open: columns.int()?,
            in_flight: columns.int()?,
            oldest: columns.maybe_moment()?,
            next_due: columns.maybe_moment()?,
        })
    })
}

/// Forgets settled rows older than three days.
///
/// # Errors
/// [`StoreError::Refused`].
pub fn prune(sql: &impl Sql, now: UnixMs) -> Result<(), StoreError> {
    sql.execute(
        &format!("DELETE FROM outbox WHERE created_at < ?1 AND NOT {OPEN}"),
        params![now.plus(-KEPT_MS)],
    )?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{native::Sqlite, schema};

    #[test]
    fn a_message_behind_another_to_the_same_person_has_no_turn_of_its_own() {
        let sql = Sqlite::in_memory().unwrap();
        schema::migrate(&sql).unwrap();
        let at = UnixMs::new;
        let (ona, tom) = (Psid::new("1").unwrap(), Psid::new("2").unwrap());
        let say = |person: &Psid, now: i64| {
            let content = Content::Text { text: "hello".into(), quick_replies: Vec::new() };
            let message = Message {
                class: &Class::Reply,
                channel: Channel::Messenger,
                person,
                content: &content,
                due_at: at(now),
                expires_at: None,
            };
            append(&sql, &message, at(now)).unwrap();
        };
        let next = || backlog(&sql).unwrap().next_due;
        let room = Room { messages: 6, notifications: 4, comments: 1 };
        let claim = |now: i64| claim(&sql, at(now), room, |_| Ok(Admit::Yes(()))).unwrap();

        say(&ona, 10);
        say(&ona, 20);
        assert_eq!(next(), Some(at(10)));
        let first = claim(30).remove(0).0;
        assert_eq!(next(), Some(at(30 + CLAIM_LOST_MS)), "the second waits for the first");
        settle(&sql, &first, &Outcome::Unsure, at(40)).unwrap();
        assert_eq!(next(), Some(at(40 + ECHO_WAIT_MS)), "and for its echo");
        say(&tom, 50);
        assert_eq!(next(), Some(at(50)), "nobody else does");
        let toms = claim(60).remove(0).0;
        settle(&sql, &toms, &Outcome::Sent { mid: None }, at(60)).unwrap();
        echoed(&sql, Channel::Messenger, &ona, first.id(), None).unwrap();
        assert_eq!(next(), Some(at(20)), "now it has its turn");
    }
}
