//! Where a scenario is played: on the core in this process, or on the bundle on workerd.

use serde::Deserialize;
use serde_json::Value;

use crate::cli::sandbox::{Act, Call, Fault, How, NewPerson};
use crate::time::UnixMs;

/// Why a ground cannot go on.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct GroundError(pub String);

/// What left at one moment.
#[derive(Clone, Debug)]
pub struct Moment {
    /// When.
    pub at: UnixMs,
    /// Graph calls, in the order they came.
    pub calls: Vec<Call>,
    /// What had become of the notifications of the last seven days by then.
    pub outcomes: Vec<Outcome>,
}

/// How many people one notification had one outcome for, as `/admin/status` says it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Outcome {
    /// Its id.
    pub notification: String,
    /// Its local date.
    pub period: String,
    /// `held`, `sent`, …
    pub outcome: String,
    /// Why.
    pub reason: Option<String>,
    /// How many.
    pub people: i64,
}

/// One person's thread, as Meta keeps it.
#[derive(Clone, Debug, Deserialize)]
pub struct Thread {
    /// The oldest first.
    #[serde(rename = "thread")]
    pub bubbles: Vec<Said>,
    /// When the person last opened the window; never, in an empty thread.
    pub opened_at: Option<i64>,
}

/// One bubble of a thread.
#[derive(Clone, Debug, Deserialize)]
pub struct Said {
    /// Its message id.
    pub mid: String,
    /// `page` when the shop said it.
    pub from: String,
    /// As it went over the wire.
    pub message: Value,
}

/// Where a scanned poster leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Door {
    /// Into a thread that exists.
    Thread,
    /// Into an empty thread, which keeps the ref for Get Started.
    Empty,
    /// To a web page with this text.
    Page(String),
}

/// A shop that people can do something with, and a clock.
pub trait Ground {
    /// Somebody new; returns their id.
    ///
    /// # Errors
    /// [`GroundError`].
    fn person(&mut self, newcomer: NewPerson) -> Result<String, GroundError>;

    /// Lets somebody do something now, and waits until nothing more comes of it.
    ///
    /// # Errors
    /// [`GroundError`].
    fn act(&mut self, psid: &str, act: Act, how: How) -> Result<Moment, GroundError>;

    /// Lets somebody scan a poster now.
    ///
    /// # Errors
    /// [`GroundError`].
    fn scan(&mut self, psid: &str, code: &str) -> Result<(Door, Moment), GroundError>;

    /// Lets time pass until `to`, with the cron trigger once a minute; returns the moments at
    /// which something happened. A ground that cannot afford every minute stops at `stops`.
    ///
    /// # Errors
    /// [`GroundError`].
    fn advance(&mut self, to: UnixMs, stops: &[UnixMs]) -> Result<Vec<Moment>, GroundError>;

    /// A person's thread.
    ///
    /// # Errors
    /// [`GroundError`].
    fn thread(&mut self, psid: &str) -> Result<Thread, GroundError>;

    /// The id of the person that a Graph call is about.
    ///
    /// # Errors
    /// [`GroundError`].
    fn addressee(&mut self, call: &Call) -> Result<Option<String>, GroundError>;

    /// From now on Meta fails.
    ///
    /// # Errors
    /// [`GroundError`].
    fn fault(&mut self, fault: Fault) -> Result<(), GroundError>;
}
