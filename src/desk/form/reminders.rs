//! The one reminder of a form that was left: inside the window, by day, not after STOP, and not
//! while a person is talking.

use jiff::ToSpan;

use super::ask::Voice;
use super::state::OpenForm;
use crate::desk::booking;
use crate::desk::nudge;
use crate::desk::person::Person;
use crate::meta::event::Channel;
use crate::meta::fit::fit;
use crate::shop::model::Shop;
use crate::store::outbox::{self, Class};
use crate::store::reminders::{self, Reminder};
use crate::store::timers::{self, Timer};
use crate::store::{Sql, StoreError, counters, people};
use crate::time::{MINUTE, UnixMs};

/// Reminders looked at in one call.
const PAGE: u32 = 50;

/// Nobody is reminded before this hour of the shop's clock, or from this hour on.
const DAY_HOURS: (i8, i8) = (8, 21);

/// A reminder that did not leave within this time is not sent any more. STOP, or a person who
/// takes over, is looked at again when it is claimed.
const FRESH_MS: i64 = 10 * MINUTE;

/// Reminds whoever is due, of forms, of appointments, and of a window that closes. Returns how many reminders went into the outbox.
///
/// # Errors
/// [`StoreError`]; whoever was reminded stays reminded.
pub fn remind(sql: &impl Sql, shop: &Shop, now: UnixMs) -> Result<u32, StoreError> {
    let mut sent: u32 = 0;
    for reminder in reminders::due(sql, now, PAGE)? {
        match sql.transaction(|| one(sql, shop, &reminder, now)) {
            Ok(true) => sent = sent.saturating_add(1),
            Ok(false) => {}
            // A row that cannot be read must not keep the others waiting.
            Err(StoreError::Corrupt { .. }) => {
                reminders::clear(sql, reminder.channel, &reminder.person)?;
            }
            Err(error) => return Err(error),
        }
    }
    reminders::rearm(sql)?;
    let sent = sent.saturating_add(booking::reminders::remind(sql, shop, now)?);
    Ok(sent.saturating_add(nudge::remind(sql, shop, now)?))
}

fn one(sql: &impl Sql, shop: &Shop, reminder: &Reminder, now: UnixMs) -> Result<bool, StoreError> {
    reminders::clear(sql, reminder.channel, &reminder.person)?;
    let known: Option<Person> = people::load(sql, reminder.channel, &reminder.person)?;
    let Some(mut person) = known else { return Ok(false) };
    if !may_remind(shop, &person, reminder.channel, now) {
        return Ok(false);
    }
    if let Some(morning) = until_morning(shop, now) {
        let open = person.window_until.is_some_and(|until| morning.plus(FRESH_MS) < until);
        if open {
            reminders::set(sql, reminder.channel, &reminder.person, morning)?;
        }
        return Ok(false);
    }
    let Some(open) = person.forms.last_mut() else { return Ok(false) };
    let Some(form) = shop.form(&open.form) else { return Ok(false) };
    let content = Voice { shop, lang: &open.lang }.reminder(form);
    open.reminded = true;
    open.suspended = true;
    open.offered = true;
    let name = format!("form.{}.reminded", form.id);
    people::save(sql, reminder.channel, &reminder.person, &person)?;
    for bubble in fit(content, reminder.channel) {
        let message = outbox::Message {
            class: &Class::Reminder,
            channel: reminder.channel,
            person: &reminder.person,
            content: &bubble,
            due_at: now,
            expires_at: Some(now.plus(FRESH_MS)),
        };
        outbox::append(sql, &message, now)?;
    }
    counters::add(sql, &name, now)?;
    timers::set(sql, Timer::Drain, now)?;
    Ok(true)
}

fn may_remind(shop: &Shop, person: &Person, channel: Channel, now: UnixMs) -> bool {
    let silent = match channel {
        Channel::Messenger => !shop.assistant.messenger,
        Channel::Instagram => !shop.assistant.instagram,
    };
    let waits = |open: &OpenForm| {
        !open.reminded
            && !open.forgotten(now)
            && person.stopped_at.is_none_or(|stopped| stopped < open.touched_at)
    };
    !silent
        && !person.paused(now)
        && person.window_open(now.plus(FRESH_MS))
        && person.forms.last().is_some_and(waits)
}

/// When the day begins, if it is night in the shop.
pub(in crate::desk) fn until_morning(shop: &Shop, now: UnixMs) -> Option<UnixMs> {
    let zone = shop.zone();
    let local = zone.to_datetime(now.timestamp());
    let (from, to) = DAY_HOURS;
    if (from..to).contains(&local.hour()) {
        return None;
    }
    let day =
        if local.hour() < from { local.date() } else { local.date().checked_add(1.days()).ok()? };
    let morning = day.at(from, 0, 0, 0);
    Some(zone.to_ambiguous_zoned(morning).compatible().ok()?.timestamp().into())
}
