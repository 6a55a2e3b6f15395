//! Ends of a consent, or of its token, that nobody said in a chat: Meta or KV says so, or the day
//! has come that Meta named. Each leaves a receipt.

use super::receipt::{self, Book, By, Noted, Said};
use super::subscription;
use crate::desk::person::Person;
use crate::store::consents::{self, Consent, Status};
use crate::store::{Sql, StoreError, counters, people};
use crate::time::UnixMs;

/// The consent has ended. The person may be asked again.
///
/// # Errors
/// [`StoreError`].
pub fn end(
    sql: &impl Sql,
    book: &Book<'_>,
    mut consent: Consent,
    (by, event): (By, &str),
    now: UnixMs,
) -> Result<(), StoreError> {
    consent.status = Status::Stopped;
    consent.changed_at = consent.changed_at.max(now);
    change_person(sql, &consent, |person| {
        person.say_on_topic(&consent.topic, false, now);
    })?;
    let noted = Noted { said: Said::Stopped, by, at: now, event };
    receipt::note(sql, book, &consent, &noted, now)?;
    counters::add(sql, &format!("consent.ended.{}", by.as_str()), now)?;
    subscription::keep(sql, book.page, &consent, now)
}

/// The token is worth nothing any more, and gone. The consent still is, inside the window.
///
/// # Errors
/// [`StoreError`].
pub fn drop_token(
    sql: &impl Sql,
    book: &Book<'_>,
    mut consent: Consent,
    why: (By, &str),
    now: UnixMs,
) -> Result<(), StoreError> {
    consent.token = None;
    token_ended(sql, book, consent, why, now)
}

/// The token has ended. It is kept: Meta may list it again.
///
/// # Errors
/// [`StoreError`].
pub fn token_ended(
    sql: &impl Sql,
    book: &Book<'_>,
    mut consent: Consent,
    (by, event): (By, &str),
    now: UnixMs,
) -> Result<(), StoreError> {
    let at = consent.expires_at.filter(|end| *end <= now).unwrap_or(now);
    consent.expires_at = Some(at);
    change_person(sql, &consent, |person| {
        if let Some(word) = person.topics.get_mut(&consent.topic) {
            word.token_dropped = true;
        }
    })?;
    let noted = Noted { said: Said::TokenEnded, by, at, event };
    receipt::note(sql, book, &consent, &noted, now)?;
    counters::add(sql, &format!("token.ended.{}", by.as_str()), now)?;
    subscription::keep(sql, book.page, &consent, now)?;
    consents::told_end(sql, consent.which())
}

/// Changes what is known of the person of a consent, if somebody is.
///
/// # Errors
/// [`StoreError`].
pub fn change_person(
    sql: &impl Sql,
    consent: &Consent,
    change: impl FnOnce(&mut Person),
) -> Result<(), StoreError> {
    let known: Option<Person> = people::load(sql, consent.channel, &consent.person)?;
    let Some(mut person) = known else { return Ok(()) };
    change(&mut person);
    people::save(sql, consent.channel, &consent.person, &person)
}
