//! The Desk's tables: what is happening now and must never be wrong.
//!
//! Every statement lives here, behind the small [`Sql`] trait. The Worker runs them on its
//! Durable Object's SQLite, the terminal, the simulator and the property tests on a native one:
//! the same text, the same tables.
//!
//! - [`schema`]: the tables, their version and its migrations; [`map`]: what each of them is for.
//! - [`people`]: one row per person; [`consents`]: the index of who agreed to what.
//! - [`seen`]: which events were handled; [`parked`]: those that could not be.
//! - [`intake`]: what a delivery reads before and writes after it is decided, in one go each.
//! - [`outbox`]: what leaves, claimed and settled; [`waiting`]: what waits a moment first;
//!   [`ledger`]: who was sent which notification.
//! - [`receipts`]: what somebody agreed to, as a chain.
//! - [`reminders`]: whom to remind of a form; [`nudges`]: whose window closes soon; [`bookings`]: who
//!   comes when; [`places`]: how far somebody is in a sequence.
//! - [`runs`]: how far a notification has come; [`facts`]: what holds for the whole Desk.
//! - [`kv_queue`]: KV writes that are still owed; [`timers`]: what has to happen later;
//!   [`tallies`]: what came of notifications;
//!   [`counters`]: how often things happened; [`misses`]: questions that found no answer.
//! - [`funnel`]: what brings people, and how far they go; [`made_posters`]: posters that are not in
//!   `shop.toml`.
//! - [`spending`]: what paid messages cost; [`templates`]: utility templates;
//!   [`notices`]: what was sent by them.
//! - [`comments`]: comments that were answered privately; [`friends`]: whom customers brought.
//! - [`coupons`]: codes that were given, whose they are, and the tills that take them.
//! - [`moving`]: carrying people from one Desk to another; [`leaving`]: a whole shop to another
//!   deployment.
//! - [`calls`]: requests that are no messages; [`notes`]: what the owner notes on people.
//! - [`listed`]: what Meta's list of tokens says; [`incidents`]: what the owner is told of;
//!   [`early`]: deliveries that came before the answer they belong to.

pub mod bookings;
pub mod calls;
pub mod comments;
pub mod consents;
pub mod counters;
pub mod coupons;
pub mod deletions;
pub mod early;
pub mod facts;
pub mod friends;
pub mod funnel;
pub mod incidents;
pub mod intake;
pub mod kv_queue;
pub mod leaving;
pub mod ledger;
pub mod listed;
pub mod made_posters;
pub mod map;
pub mod misses;
pub mod moving;
#[cfg(not(target_arch = "wasm32"))]
pub mod native;
pub mod notes;
pub mod notices;
pub mod nudges;
pub mod outbox;
pub mod parked;
pub mod people;
pub mod places;
pub mod receipts;
pub mod reminders;
pub mod runs;
pub mod schema;
pub mod seen;
pub mod spending;
pub mod tallies;
pub mod templates;
pub mod timers;
pub mod waiting;

use std::fmt;

use serde::de::{self, Deserialize, Deserializer, Visitor};

use crate::meta::event::Channel;
use crate::time::UnixMs;

/// A value that goes into or comes out of SQLite. As JSON it is what it holds.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
#[serde(untagged)]
pub enum Value {
    /// NULL.
    Null,
    /// Up to 2^53: JavaScript carries it.
    Int(i64),
    /// UTF-8.
    Text(String),
}

impl Value {
    /// The integer, or `None` for anything else.
    #[must_use]
    pub fn int(&self) -> Option<i64> {
        if let Self::Int(n) = self { Some(*n) } else { None }
    }

    /// The text, or `None` for anything else.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        if let Self::Text(s) = self { Some(s) } else { None }
    }
}

impl From<&str> for Value {
    fn from(s: &str) -> Self {
        Self::Text(s.to_owned())
    }
}
impl From<String> for Value {
    fn from(s: String) -> Self {
        Self::Text(s)
    }
}
impl From<i64> for Value {
    fn from(n: i64) -> Self {
        Self::Int(n)
    }
}
impl From<u32> for Value {
    fn from(n: u32) -> Self {
        Self::Int(i64::from(n))
    }
}
impl From<UnixMs> for Value {
    fn from(at: UnixMs) -> Self {
        Self::Int(at.get())
    }
}
impl From<Channel> for Value {
    fn from(channel: Channel) -> Self {
        channel_name(channel).into()
    }
}
impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// A column as JSON: what [`Value`]'s own writing is read back with.
impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Column)
    }
}

struct Column;

impl Visitor<'_> for Column {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text, an integer or null")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_i64<E>(self, n: i64) -> Result<Value, E> {
        Ok(Value::Int(n))
    }

    fn visit_u64<E: de::Error>(self, n: u64) -> Result<Value, E> {
        i64::try_from(n).map(Value::Int).map_err(de::Error::custom)
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::Text(text.to_owned()))
    }
}

/// Turns the values of one statement into parameters.
macro_rules! params {
    ($($value:expr),* $(,)?) => { &[$($crate::store::Value::from($value)),*][..] };
}
pub(crate) use params;

/// One row of an answer.
pub type Row = Vec<Value>;

/// A statement that [`Sql::run_all`] runs.
#[derive(Clone, Debug)]
pub struct Statement {
    /// Its text: a constant, since the Worker keeps every text it has seen.
    pub text: &'static str,
    /// Its parameters.
    pub params: Vec<Value>,
}

/// Why the store could not do its work.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// SQLite refused. The whole transaction is rolled back.
    #[error("storage refused: {0}")]
    Refused(String),
    /// A row does not hold what its table says it holds.
    #[error("table {table} holds a row that cannot be read: {why}")]
    Corrupt {
        /// Which table.
        table: &'static str,
        /// What is wrong with it; never its content.
        why: String,
    },
    /// The tables were written by a newer version of this program.
    #[error(
        "the Desk's tables have version {found}, this build knows {known}: deploy the newer build again"
    )]
    Newer {
        /// The version found.
        found: i64,
        /// The newest version this build knows.
        known: i64,
    },
}

/// A SQLite that belongs to one Desk.
///
/// Calls never suspend: between the first statement of a transaction and its end nothing else
/// runs in this Desk.
pub trait Sql {
    /// Runs one statement and returns all of its rows.
    ///
    /// # Errors
    /// [`StoreError::Refused`] with SQLite's words.
    fn query(&self, sql: &str, params: &[Value]) -> Result<Vec<Row>, StoreError>;

    /// Runs one statement and returns whether it wrote anything.
    ///
    /// # Errors
    /// [`StoreError::Refused`] with SQLite's words.
    fn execute(&self, sql: &str, params: &[Value]) -> Result<bool, StoreError>;

    /// Runs statements one after another, so that all of their writes stay or none, and returns
    /// the rows of each. In the Worker this is one step over the border between wasm and
    /// JavaScript, whatever the number of statements.
    ///
    /// # Errors
    /// [`StoreError::Refused`] with SQLite's words; nothing is written then.
    fn run_all(&self, statements: &[Statement]) -> Result<Vec<Vec<Row>>, StoreError> {
        self.transaction(|| statements.iter().map(|s| self.query(s.text, &s.params)).collect())
    }

    /// Runs `body` so that all of its writes stay or none. Nests.
    ///
    /// # Errors
    /// What `body` returns, or [`StoreError::Refused`] when the commit fails; the writes are
    /// gone in both cases.
    fn transaction<T, E: From<StoreError>>(
        &self,
        body: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, E>;

    /// Asks to be woken at `at` or earlier. Inside a transaction it commits or rolls back with it.
    ///
    /// # Errors
    /// [`StoreError::Refused`] when the alarm cannot be set.
    fn wake_at(&self, at: UnixMs) -> Result<(), StoreError>;
}

/// How a channel is written in the tables.
#[must_use]
pub const fn channel_name(channel: Channel) -> &'static str {
    match channel {
        Channel::Messenger => "messenger",
        Channel::Instagram => "instagram",
    }
}

/// Reads the columns of one row, naming the table when one is not what it should be.
pub(crate) struct Columns<'a> {
    table: &'static str,
    row: std::slice::Iter<'a, Value>,
}

impl<'a> Columns<'a> {
    pub(crate) fn of(table: &'static str, row: &'a Row) -> Self {
        Self { table, row: row.iter() }
    }

    fn corrupt(&self, why: impl Into<String>) -> StoreError {
        StoreError::Corrupt { table: self.table, why: why.into() }
    }

    fn next(&mut self) -> Result<&'a Value, StoreError> {
        let value = self.row.next();
        value.ok_or_else(|| self.corrupt("a column is missing"))
    }

    pub(crate) fn int(&mut self) -> Result<i64, StoreError> {
        let value = self.next()?;
        value.int().ok_or_else(|| self.corrupt("an integer is expected"))
    }

    pub(crate) fn moment(&mut self) -> Result<UnixMs, StoreError> {
        self.int().map(UnixMs::new)
    }

    pub(crate) fn maybe_moment(&mut self) -> Result<Option<UnixMs>, StoreError> {
        Ok(self.next()?.int().map(UnixMs::new))
    }

    pub(crate) fn text(&mut self) -> Result<&'a str, StoreError> {
        let value = self.next()?;
        value.text().ok_or_else(|| self.corrupt("text is expected"))
    }

    pub(crate) fn maybe_text(&mut self) -> Result<Option<&'a str>, StoreError> {
        Ok(self.next()?.text())
    }

    /// Text that some type is parsed from.
    pub(crate) fn parsed<T, E: std::fmt::Display>(
        &mut self,
        parse: impl FnOnce(&'a str) -> Result<T, E>,
    ) -> Result<T, StoreError> {
        let text = self.text()?;
        parse(text).map_err(|e| self.corrupt(e.to_string()))
    }

    /// Text that holds JSON. The error names the place, not the content.
    pub(crate) fn json<T: serde::Deserialize<'a>>(&mut self) -> Result<T, StoreError> {
        self.parsed(|text| {
            serde_json::from_str(text)
                .map_err(|e| format!("JSON, line {} column {}", e.line(), e.column()))
        })
    }

    /// The same, or NULL.
    pub(crate) fn maybe_json<T: serde::Deserialize<'a>>(
        &mut self,
    ) -> Result<Option<T>, StoreError> {
        match self.row.as_slice().first() {
            Some(Value::Null) => {
                self.row.next();
                Ok(None)
            }
            _ => self.json().map(Some),
        }
    }

    pub(crate) fn channel(&mut self) -> Result<Channel, StoreError> {
        self.parsed(|text| match text {
            "messenger" => Ok(Channel::Messenger),
            "instagram" => Ok(Channel::Instagram),
            _ => Err("unknown channel"),
        })
    }
}

/// JSON of a value of ours. Our types have no maps with odd keys, so this cannot fail; if it
/// ever does, nothing is written.
pub(crate) fn to_json<T: serde::Serialize>(
    table: &'static str,
    value: &T,
) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|e| StoreError::Corrupt { table, why: e.to_string() })
}
