//! What has to happen later, by name. Setting one twice keeps the earlier moment.

use super::{Columns, Sql, StoreError, outbox, params};
use crate::time::{MINUTE, UnixMs};

/// What a timer is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timer {
    /// Send what is due, and settle what was left in flight.
    Drain,
    /// Write to KV what is owed.
    KvFlush,
    /// Try parked events again.
    Unpark,
    /// Go on planning runs that are not done.
    Plan,
    /// Forget what is old.
    Prune,
    /// Remind people of forms they left.
    Remind,
    /// Tell the owner, and hand threads over.
    Calls,
    /// Go on reading Meta's list of tokens.
    Reconcile,
    /// Look whether all is there that the shop needs.
    Checkup,
    /// Move people to other Desks.
    Move,
}

impl Timer {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Drain,
        Self::KvFlush,
        Self::Unpark,
        Self::Plan,
        Self::Prune,
        Self::Remind,
        Self::Calls,
        Self::Reconcile,
        Self::Checkup,
        Self::Move,
    ];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Drain => "drain",
            Self::KvFlush => "kv_flush",
            Self::Unpark => "unpark",
            Self::Plan => "plan",
            Self::Prune => "prune",
            Self::Remind => "remind",
            Self::Calls => "calls",
            Self::Reconcile => "reconcile",
            Self::Checkup => "checkup",
            Self::Move => "move",
        }
    }

    /// Its name while its work is being done.
    const fn taken(self) -> &'static str {
        match self {
            Self::Drain => "drain taken",
            Self::KvFlush => "kv_flush taken",
            Self::Unpark => "unpark taken",
            Self::Plan => "plan taken",
            Self::Prune => "prune taken",
            Self::Remind => "remind taken",
            Self::Calls => "calls taken",
            Self::Reconcile => "reconcile taken",
            Self::Checkup => "checkup taken",
            Self::Move => "move taken",
        }
    }
}

/// Sets a timer, and the Desk's alarm with it.
///
/// # Errors
/// [`StoreError::Refused`].
pub fn set(sql: &impl Sql, timer: Timer, at: UnixMs) -> Result<(), StoreError> {
    // Written only when it changes something: each row written counts against the plan.
    let earlier = sql.execute(
        "INSERT INTO timers (name, due_at) VALUES (?1, ?2)
         ON CONFLICT (name) DO UPDATE SET due_at = excluded.due_at
         WHERE excluded.due_at < timers.due_at",
        params![timer.name(), at],
    )?;
    if earlier { sql.wake_at(at) } else { Ok(()) }
}

/// How long the work of a timer may take before it counts as lost.
const LOST_MS: i64 = MINUTE;

/// Takes the timers that are due. Until [`done`] each comes again after a minute: a process that
/// dies between taking a timer and doing its work leaves the work behind. What is set meanwhile
/// stands beside it.
///
/// # Errors
/// [`StoreError`].
pub fn take_due(sql: &impl Sql, now: UnixMs) -> Result<Vec<Timer>, StoreError> {
    sql.transaction(|| {
        let rows = sql.query("SELECT name FROM timers WHERE due_at <= ?1", params![now])?;
        let names: Vec<&str> =
            rows.iter().map(|row| Columns::of("timers", row).text()).collect::<Result<_, _>>()?;
        let is = |name: &str, timer: Timer| name == timer.name() || name == timer.taken();
        let due: Vec<Timer> =
            Timer::ALL.into_iter().filter(|t| names.iter().any(|name| is(name, *t))).collect();
        if due.is_empty() {
            return Ok(due);
        }
        sql.execute("DELETE FROM timers WHERE due_at <= ?1", params![now])?;
        let again = now.plus(LOST_MS);
        for timer in &due {
            sql.execute(
                "INSERT OR REPLACE INTO timers (name, due_at) VALUES (?1, ?2)",
                params![timer.taken(), again],
            )?;
        }
        sql.wake_at(again)?;
        Ok(due)
    })
}

/// The work of taken timers is done, or has set timers of its own for what is left.
///
/// # Errors
/// [`StoreError::Refused`].
pub fn done(sql: &impl Sql, taken: &[Timer]) -> Result<(), StoreError> {
    for timer in taken {
        sql.execute("DELETE FROM timers WHERE name = ?1", params![timer.taken()])?;
    }
    Ok(())
}

/// Sets the Desk's alarm for the earliest timer, as it must be after one fired or was lost.
///
/// # Errors
/// [`StoreError`].
pub fn rearm(sql: &impl Sql) -> Result<(), StoreError> {
    let rows = sql.query("SELECT min(due_at) FROM timers", params![])?;
    let earliest =
        rows.first().map(|row| Columns::of("timers", row).maybe_moment()).transpose()?.flatten();
    earliest.map_or(Ok(()), |at| sql.wake_at(at))
}

/// What [`look_ahead`] saw.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ahead {
    /// When the next message has its turn, or may be given up. It has no timer yet: there may be
    /// reasons to look later.
    pub drain: Option<UnixMs>,
    /// KV writes are due already, and should be made. They have no timer yet.
    pub flush: bool,
}

/// Looks at what still waits, sets a timer for later KV writes, and the alarm for the earliest
/// timer. One statement as a rule, because it follows every delivery.
///
/// # Errors
/// [`StoreError`].
pub fn look_ahead(sql: &impl Sql, now: UnixMs) -> Result<Ahead, StoreError> {
    let rows = sql.query(
        &format!(
            "SELECT ({}), (SELECT min(due_at) FROM kv_queue), (SELECT min(due_at) FROM timers)",
            outbox::next_due_text()
        ),
        params![outbox::CLAIM_LOST_MS, now],
    )?;
    let Some(row) = rows.first() else { return Ok(Ahead { drain: None, flush: false }) };
    let mut columns = Columns::of("timers", row);
    let (drain, flush) = (columns.maybe_moment()?, columns.maybe_moment()?);
    if let Some(at) = flush.filter(|at| *at > now) {
        set(sql, Timer::KvFlush, at)?;
    }
    if let Some(at) = columns.maybe_moment()? {
        sql.wake_at(at)?;
    }
    Ok(Ahead { drain, flush: flush.is_some_and(|at| at <= now) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{native::Sqlite, schema};

    #[test]
    fn the_earlier_moment_wins_and_fires_once() {
        let sql = Sqlite::in_memory().unwrap();
        schema::migrate(&sql).unwrap();
        let at = UnixMs::new;
        set(&sql, Timer::Drain, at(50)).unwrap();
        set(&sql, Timer::Drain, at(90)).unwrap();
        set(&sql, Timer::Prune, at(100)).unwrap();
        assert_eq!(sql.take_alarm(), Some(at(50)));
        assert_eq!(take_due(&sql, at(49)).unwrap(), []);
        assert_eq!(take_due(&sql, at(60)).unwrap(), [Timer::Drain]);
        assert_eq!(take_due(&sql, at(60)).unwrap(), []);
        done(&sql, &[Timer::Drain]).unwrap();
        sql.take_alarm();
        rearm(&sql).unwrap();
        assert_eq!(sql.take_alarm(), Some(at(100)));
    }

    #[test]
    fn a_timer_whose_work_was_lost_comes_again_and_one_set_meanwhile_stays() {
        let sql = Sqlite::in_memory().unwrap();
        schema::migrate(&sql).unwrap();
        let at = UnixMs::new;
        set(&sql, Timer::Drain, at(50)).unwrap();
        assert_eq!(take_due(&sql, at(50)).unwrap(), [Timer::Drain]);
        // The process dies here.
        assert_eq!(take_due(&sql, at(50 + LOST_MS - 1)).unwrap(), []);
        assert_eq!(take_due(&sql, at(50 + LOST_MS)).unwrap(), [Timer::Drain]);
        set(&sql, Timer::Drain, at(10 * LOST_MS)).unwrap();
        done(&sql, &[Timer::Drain]).unwrap();
        assert_eq!(take_due(&sql, at(10 * LOST_MS - 1)).unwrap(), []);
        assert_eq!(take_due(&sql, at(10 * LOST_MS)).unwrap(), [Timer::Drain]);
    }

    #[test]
    fn looking_ahead_sets_what_waits_and_wakes_for_the_earliest() {
        use crate::meta::event::Channel;
        use crate::meta::ids::Psid;
        use crate::meta::send::Content;
        use crate::store::kv_queue;

        let sql = Sqlite::in_memory().unwrap();
        schema::migrate(&sql).unwrap();
        let at = UnixMs::new;
        let nothing = Ahead { drain: None, flush: false };
        assert_eq!(look_ahead(&sql, at(50)).unwrap(), nothing);
        assert_eq!(sql.take_alarm(), None);
        set(&sql, Timer::Prune, at(100)).unwrap();
        sql.take_alarm();
        look_ahead(&sql, at(50)).unwrap();
        assert_eq!(sql.take_alarm(), Some(at(100)));
        kv_queue::push(&sql, "k", None, at(70)).unwrap();
        assert!(look_ahead(&sql, at(70)).unwrap().flush);
        assert_eq!(sql.take_alarm(), Some(at(100)));
        assert!(!look_ahead(&sql, at(69)).unwrap().flush);
        assert_eq!(sql.take_alarm(), Some(at(70)));
        let message = outbox::Message {
            class: &outbox::Class::Reply,
            channel: Channel::Messenger,
            person: &Psid::new("1").unwrap(),
            content: &Content::Text { text: "a".into(), quick_replies: Vec::new() },
            due_at: at(60),
            expires_at: None,
        };
        outbox::append(&sql, &message, at(60)).unwrap();
        assert_eq!(look_ahead(&sql, at(50)).unwrap().drain, Some(at(60)));
        assert_eq!(take_due(&sql, at(80)).unwrap(), [Timer::KvFlush]);
    }
}
