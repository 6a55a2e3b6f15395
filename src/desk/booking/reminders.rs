//! The reminder before an appointment: inside the window an ordinary message, outside it the shop's
//! utility template, once Meta has approved it. Otherwise it is held, and the diary says why.

use std::collections::BTreeMap;

use jiff::ToSpan;

use super::{acts, when};
use crate::desk::person::Person;
use crate::meta::event::Channel;
use crate::meta::fit::fit;
use crate::meta::send::Content;
use crate::outreach::notice::{self, About, Refusal};
use crate::shop::booking::Service;
use crate::shop::lang;
use crate::shop::lang::forms::fill;
use crate::shop::model::Shop;
use crate::shop::templates::places;
use crate::store::bookings::{self, Claim};
use crate::store::outbox::{self, Class};
use crate::store::timers::{self, Timer};
use crate::store::{Sql, StoreError, counters, people};
use crate::time::{MINUTE, UnixMs};

/// Reminders looked at in one call.
const PAGE: u32 = 50;

/// Nobody is reminded before the first of these hours of the shop's clock, or from the second on:
/// what falls into the night is said on the evening before, at the third.
const DAY_HOURS: (i8, i8, i8) = (8, 21, 20);

/// A reminder that did not leave within this time is not sent any more.
const FRESH_MS: i64 = 10 * MINUTE;

/// When somebody is reminded of an appointment, if there is time for it.
pub(super) fn moment(shop: &Shop, service: &Service, at: UnixMs, now: UnixMs) -> Option<UnixMs> {
    if service.remind_minutes == 0 {
        return None;
    }
    let wanted = at.plus(-i64::from(service.remind_minutes).saturating_mul(MINUTE));
    let zone = shop.zone();
    let local = zone.to_datetime(wanted.timestamp());
    let (from, to, evening) = DAY_HOURS;
    let day = if local.hour() < from {
        local.date().checked_sub(1.day()).ok()?
    } else if local.hour() >= to {
        local.date()
    } else {
        return (wanted > now).then_some(wanted);
    };
    let shifted = zone.to_ambiguous_zoned(day.at(evening, 0, 0, 0)).compatible().ok()?;
    let shifted = UnixMs::from(shifted.timestamp());
    (shifted > now).then_some(shifted)
}

/// Reminds whoever is due. Returns how many reminders went into the outbox.
///
/// # Errors
/// [`StoreError`]; whoever was reminded stays reminded.
pub fn remind(sql: &impl Sql, shop: &Shop, now: UnixMs) -> Result<u32, StoreError> {
    let mut sent: u32 = 0;
    for claim in bookings::to_remind(sql, now, PAGE)? {
        let done = sql.transaction(|| {
            let outcome = one(sql, shop, &claim, now)?;
            counters::add(sql, &format!("booking.reminder.{outcome}"), now)?;
            bookings::reminded(sql, claim.id, outcome)?;
            Ok::<_, StoreError>(outcome)
        });
        match done {
            Ok(outcome) => {
                sent = sent.saturating_add(u32::from(outcome == SENT || outcome == BY_TEMPLATE))
            }
            // A person that cannot be read must not keep the others waiting.
            Err(StoreError::Corrupt { .. }) => bookings::reminded(sql, claim.id, "unreadable")?,
            Err(error) => return Err(error),
        }
    }
    if let Some(next) = bookings::next_reminder(sql)? {
        timers::set(sql, Timer::Remind, next)?;
    }
    Ok(sent)
}

/// It went into the outbox.
const SENT: &str = "sent";

fn one(
    sql: &impl Sql,
    shop: &Shop,
    claim: &Claim,
    now: UnixMs,
) -> Result<&'static str, StoreError> {
    let known: Option<Person> = people::load(sql, claim.channel, &claim.person)?;
    let Some(person) = known else { return Ok("unknown_person") };
    match held(shop, &person, claim, now) {
        None => {}
        Some(CLOSED) => return by_template(sql, shop, &person, claim, now),
        Some(why) => return Ok(why),
    }
    let lang = person.lang(shop);
    let texts = &lang::language(lang).forms;
    let text = fill(texts.booking_reminder, &[("when", &when(shop, lang, claim.starts_at))]);
    let content = Content::Buttons { text, buttons: acts(lang, &claim.form).to_vec() };
    for bubble in fit(content, claim.channel) {
        let message = outbox::Message {
            class: &Class::Reply,
            channel: claim.channel,
            person: &claim.person,
            content: &bubble,
            due_at: now,
            expires_at: Some(now.plus(FRESH_MS)),
        };
        outbox::append(sql, &message, now)?;
    }
    timers::set(sql, Timer::Drain, now)?;
    Ok(SENT)
}

/// It went into the outbox as a utility template.
const BY_TEMPLATE: &str = "utility_template";

/// The window has closed.
const CLOSED: &str = "window_closed";

/// Reminds by the shop's template. An appointment that is moved is another one to remind of.
fn by_template(
    sql: &impl Sql,
    shop: &Shop,
    person: &Person,
    claim: &Claim,
    now: UnixMs,
) -> Result<&'static str, StoreError> {
    let Some(template) = shop.booking_template() else { return Ok(CLOSED) };
    let lang = person.lang(shop);
    let title = shop.service(&claim.service).and_then(|service| shop.pick(&service.title, lang));
    let values = [
        ("when", when(shop, lang, claim.starts_at)),
        ("service", title.unwrap_or(claim.service.as_str()).to_owned()),
        ("shop", shop.name.clone()),
    ];
    let values: BTreeMap<String, String> = values
        .into_iter()
        .filter(|(name, _)| template.text.0.values().any(|text| places(text).contains(name)))
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
    let about = About {
        template,
        key: &format!("booking-{}-{}", claim.id, claim.starts_at.get()),
        values: &values,
        at: Some((now, now.plus(FRESH_MS))),
    };
    Ok(match notice::tell(sql, shop, (claim.channel, &claim.person), &about, now)? {
        Ok(_) => BY_TEMPLATE,
        Err(Refusal::Before(_)) => "reminded_before",
        Err(_) => CLOSED,
    })
}

/// Why nothing may be said now as an ordinary message.
fn held(shop: &Shop, person: &Person, claim: &Claim, now: UnixMs) -> Option<&'static str> {
    let silent = match claim.channel {
        Channel::Messenger => !shop.assistant.messenger,
        Channel::Instagram => !shop.assistant.instagram,
    };
    if now.plus(FRESH_MS) >= claim.starts_at {
        Some("too_late")
    } else if silent {
        Some("channel_off")
    } else if person.stopped_at.is_some() && !person.topics.values().any(|word| word.active) {
        Some("stopped")
    } else if person.paused(now) {
        Some("person_talking")
    } else if !person.window_open(now.plus(FRESH_MS)) {
        Some(CLOSED)
    } else {
        None
    }
}
