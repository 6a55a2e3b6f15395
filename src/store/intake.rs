//! What a delivery reads before it is decided, and what it writes afterwards: one statement to
//! look, one transaction to write, however many events it has.

use std::collections::BTreeMap;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::counters::Tally;
use super::outbox::{self, Claimed, OPEN};
use super::timers::Timer;
use super::{Columns, Sql, Statement, StoreError, params, to_json};
use crate::meta::event::{Channel, Event};
use crate::meta::ids::Psid;
use crate::meta::send::Content;
use crate::time::UnixMs;

/// What the tables say of one event.
#[derive(Debug, PartialEq)]
pub struct Known<P> {
    /// It was handled before.
    pub seen: bool,
    /// Its person; `None` for a stranger, and without one.
    pub person: Option<P>,
    /// Messages to its person have something before them.
    pub busy: bool,
}

/// What the tables say of a delivery.
#[derive(Debug, PartialEq)]
pub struct Look<P> {
    /// Of each event, in their order.
    pub events: Vec<Known<P>>,
    /// The fact that was asked for is known.
    pub fact: bool,
    /// When the drain timer is set for.
    pub drain: Option<UnixMs>,
}

/// Looks at what is known of these events, each with its key, and whether `fact` is known.
///
/// # Errors
/// [`StoreError`]; also when the row of one of their people cannot be read.
pub fn look<P: DeserializeOwned>(
    sql: &impl Sql,
    events: &[(&Event, String)],
    fact: &str,
) -> Result<Look<P>, StoreError> {
    let asked: Vec<_> =
        events.iter().map(|(event, key)| (key, event.channel, &event.person)).collect();
    let rows = sql.query(
        &format!(
            "SELECT seen.key IS NOT NULL, people.body,
               EXISTS (SELECT 1 FROM outbox WHERE channel = asked.value ->> 1
                 AND person = asked.value ->> 2 AND {OPEN}),
               EXISTS (SELECT 1 FROM facts WHERE name = ?2),
               (SELECT due_at FROM timers WHERE name = ?3)
             FROM json_each(?1) AS asked
             LEFT JOIN seen ON seen.key = asked.value ->> 0
             LEFT JOIN people
               ON people.channel = asked.value ->> 1 AND people.id = asked.value ->> 2
             ORDER BY asked.key"
        ),
        params![to_json("seen", &asked)?, fact, Timer::Drain.name()],
    )?;
    let mut look = Look { events: Vec::with_capacity(events.len()), fact: false, drain: None };
    for row in &rows {
        let mut columns = Columns::of("people", row);
        let seen = columns.int()? != 0;
        let person = columns.maybe_json()?;
        look.events.push(Known { seen, person, busy: columns.int()? != 0 });
        look.fact = columns.int()? != 0;
        look.drain = columns.maybe_moment()?;
    }
    Ok(look)
}

/// A reply that was decided and is not written yet.
#[derive(Debug)]
struct Reply {
    channel: Channel,
    person: Psid,
    content: Content,
    due_at: UnixMs,
    claimed: bool,
}

/// What was decided and is not written yet.
#[derive(Debug)]
pub struct Pending<P> {
    seen: Vec<String>,
    people: BTreeMap<(Channel, Psid), P>,
    replies: Vec<Reply>,
    counts: Tally,
}

impl<P> Default for Pending<P> {
    fn default() -> Self {
        let (people, counts) = (BTreeMap::new(), Tally::default());
        Self { seen: Vec::new(), people, replies: Vec::new(), counts }
    }
}

impl<P: Serialize> Pending<P> {
    /// Remembers an event.
    pub fn seen(&mut self, key: String) {
        self.seen.push(key);
    }

    /// Writes a person, in the place of what is to be written of them already.
    pub fn person(&mut self, channel: Channel, id: Psid, person: P) {
        self.people.insert((channel, id), person);
    }

    /// Puts a reply behind everything else that waits for this person. `claimed` when it leaves at
    /// once: then nothing may wait for them, and whoever writes this sends it.
    pub fn reply(
        &mut self,
        (channel, person): (Channel, Psid),
        content: Content,
        due_at: UnixMs,
        claimed: bool,
    ) {
        self.replies.push(Reply { channel, person, content, due_at, claimed });
    }

    /// Lets all replies wait after all. `true` when there is one.
    pub fn claim_none(&mut self) -> bool {
        self.replies.iter_mut().for_each(|reply| reply.claimed = false);
        !self.replies.is_empty()
    }

    /// How many replies are to be written.
    #[must_use]
    pub fn replies(&self) -> usize {
        self.replies.len()
    }

    /// Counts one.
    pub fn count(&mut self, name: &str) {
        self.counts.add(name);
    }

    /// Writes everything, and returns the replies that were claimed.
    ///
    /// # Errors
    /// [`StoreError`]; nothing is written then.
    pub fn write(self, sql: &impl Sql, now: UnixMs) -> Result<Vec<Claimed>, StoreError> {
        let Self { seen, people, replies, counts } = self;
        let mut statements = Vec::with_capacity(4);
        if !replies.is_empty() {
            let rows: Vec<_> = replies
                .iter()
                .map(|reply| {
                    let content = to_json("outbox", &reply.content)?;
                    let attempts = i64::from(reply.claimed);
                    let person = reply.person.as_str();
                    Ok((reply.channel, person, content, attempts, reply.due_at))
                })
                .collect::<Result<_, StoreError>>()?;
            let text = "INSERT INTO outbox (class, channel, person, content, state, attempts,
                          claimed_at, due_at, created_at)
                        SELECT 0, value ->> 0, value ->> 1, value ->> 2,
                          iif(value ->> 3, 'sending', 'queued'), value ->> 3,
                          iif(value ->> 3, ?2, NULL), value ->> 4, ?2
                        FROM json_each(?1) ORDER BY key
                        RETURNING id";
            let params = params![to_json("outbox", &rows)?, now].to_vec();
            statements.push(Statement { text, params });
        }
        if !seen.is_empty() {
            // A key that is there already fails: somebody else has handled the event.
            let text = "INSERT INTO seen (key, at) SELECT value, ?2 FROM json_each(?1)";
            let params = params![to_json("seen", &seen)?, now].to_vec();
            statements.push(Statement { text, params });
        }
        if !people.is_empty() {
            let rows: Vec<_> = people
                .iter()
                .map(|((channel, id), person)| {
                    Ok((*channel, id.as_str(), to_json("people", person)?))
                })
                .collect::<Result<_, StoreError>>()?;
            let text = "INSERT INTO people (channel, id, body)
                        SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each(?1) WHERE true
                        ON CONFLICT (channel, id) DO UPDATE SET body = excluded.body";
            let params = params![to_json("people", &rows)?].to_vec();
            statements.push(Statement { text, params });
        }
        statements.extend(counts.statement(now)?);
        let results = sql.run_all(&statements)?;
        // Ids only grow, so in ascending order they are those of the replies in theirs.
        let mut ids: Vec<i64> = Vec::new();
        if !replies.is_empty() {
            for row in results.first().into_iter().flatten() {
                ids.push(Columns::of("outbox", row).int()?);
            }
        }
        ids.sort_unstable();
        let written = ids.into_iter().zip(replies).filter(|(_, reply)| reply.claimed);
        Ok(written
            .map(|(id, reply)| {
                outbox::claimed_at_once(id, reply.channel, reply.person, reply.content, now)
            })
            .collect())
    }
}
