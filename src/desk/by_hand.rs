//! What the owner does by hand with one person: an answer without the Page's inbox, and notes.

use serde::Serialize;

use super::person::Person;
use crate::meta::event::Channel;
use crate::meta::human::{Turn, Typed, UNTIL_MS, Unfit};
use crate::meta::ids::Psid;
use crate::meta::limits;
use crate::shop::model::Shop;
use crate::store::notes::{self, Note};
use crate::store::timers::{self, Timer};
use crate::store::{Sql, StoreError, channel_name, counters, outbox, people};
use crate::time::{HOUR, UnixMs};

/// The longest note, in UTF-16 units. Our own.
pub const NOTE_MOST: usize = 1_000;

/// Why nothing was done. What the owner reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Nobody with this id is known here.
    #[error("nobody with this id has written to this Page, or they were forgotten")]
    Unknown,
    /// Meta lets nobody write any more.
    #[error(
        "their last message is more than 7 days old: Meta lets nobody answer it any more, \
         until they write again"
    )]
    TooLate,
    /// The answer cannot be one message.
    #[error(transparent)]
    Unfit(#[from] Unfit),
    /// The note cannot be kept.
    #[error("a note has between 1 and {most} characters", most = NOTE_MOST)]
    Note,
}

/// An answer on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Answering {
    /// On Messenger or on Instagram.
    pub channel: &'static str,
    /// As an ordinary answer inside the window, or by the right of people to answer later.
    pub by: By,
    /// Until when the assistant keeps quiet.
    pub quiet_until: UnixMs,
}

/// By which right an answer leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// The standard messaging window is open.
    Window,
    /// It has closed, and people may answer for seven days.
    HumanAgent,
}

/// Sends what a person of the shop typed, and keeps the assistant quiet as after a message in the
/// inbox. By which right it leaves is looked at again when it is claimed.
///
/// # Errors
/// [`StoreError`]; within, why it cannot be sent.
pub fn reply(
    sql: &impl Sql,
    shop: &Shop,
    person: &Psid,
    text: &str,
    now: UnixMs,
) -> Result<Result<Answering, Refusal>, StoreError> {
    sql.transaction(|| {
        let Some((channel, mut known)) = newest(sql, person)? else {
            return Ok(Err(Refusal::Unknown));
        };
        let typed = match Typed::by_a_person(text, channel) {
            Ok(typed) => typed,
            Err(unfit) => return Ok(Err(unfit.into())),
        };
        let by = if known.window_open(now) {
            By::Window
        } else if known.last_inbound.and_then(|last| Turn::after(last, now)).is_some() {
            By::HumanAgent
        } else {
            return Ok(Err(Refusal::TooLate));
        };
        let turn_ends = known.last_inbound.map(|last| last.plus(UNTIL_MS));
        let until = known.window_until.max(turn_ends).unwrap_or(now);
        outbox::append_typed(sql, (channel, person), &typed, until, now)?;
        let hours = i64::from(shop.assistant.pause_hours);
        let quiet_until = known.paused_until.max(Some(now.plus(hours.saturating_mul(HOUR))));
        known.paused_until = quiet_until;
        people::save(sql, channel, person, &known)?;
        counters::add(sql, "human.answered", now)?;
        timers::set(sql, Timer::Drain, now)?;
        let quiet_until = quiet_until.unwrap_or(now);
        Ok(Ok(Answering { channel: channel_name(channel), by, quiet_until }))
    })
}

/// Writes a note on somebody. Returns all of theirs, the newest first.
///
/// # Errors
/// [`StoreError`]; within, why it cannot be kept.
pub fn note(
    sql: &impl Sql,
    person: &Psid,
    text: &str,
    now: UnixMs,
) -> Result<Result<Vec<Note>, Refusal>, StoreError> {
    let text = text.trim();
    if text.is_empty() || limits::units(text) > NOTE_MOST {
        return Ok(Err(Refusal::Note));
    }
    sql.transaction(|| {
        let Some((channel, _)) = newest(sql, person)? else { return Ok(Err(Refusal::Unknown)) };
        notes::add(sql, (channel, person), text, now)?;
        notes::of(sql, channel, person).map(Ok)
    })
}

/// The notes on somebody, the newest first.
///
/// # Errors
/// [`StoreError`]; within, that nobody is known by this id.
pub fn noted(sql: &impl Sql, person: &Psid) -> Result<Result<Vec<Note>, Refusal>, StoreError> {
    match newest(sql, person)? {
        Some((channel, _)) => notes::of(sql, channel, person).map(Ok),
        None => Ok(Err(Refusal::Unknown)),
    }
}

/// Takes a note back. Returns those that stay.
///
/// # Errors
/// [`StoreError`]; within, that nobody is known by this id.
pub fn unnote(
    sql: &impl Sql,
    person: &Psid,
    id: i64,
) -> Result<Result<Vec<Note>, Refusal>, StoreError> {
    sql.transaction(|| {
        let Some((channel, _)) = newest(sql, person)? else { return Ok(Err(Refusal::Unknown)) };
        notes::remove(sql, (channel, person), id)?;
        notes::of(sql, channel, person).map(Ok)
    })
}

/// The person with this id, where they wrote last. Nobody says on which channel an id is.
fn newest(sql: &impl Sql, person: &Psid) -> Result<Option<(Channel, Person)>, StoreError> {
    let mut found: Option<(Channel, Person)> = None;
    for channel in [Channel::Messenger, Channel::Instagram] {
        let known: Option<Person> = people::load(sql, channel, person)?;
        found = match (found, known) {
            (Some(first), Some(known)) if known.last_inbound > first.1.last_inbound => {
                Some((channel, known))
            }
            (None, Some(known)) => Some((channel, known)),
            (found, _) => found,
        };
    }
    Ok(found)
}
