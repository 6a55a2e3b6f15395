//! The last word before a window closes: once for each window, by day, not after STOP, not while a
//! person talks, and only to those who left something open or belong to the owner's segment.

use jiff::tz::TimeZone;

use super::coupons::giving::{self, Brings};
use super::decide::{Effect, Turn};
use super::person::Person;
use super::{replies, segment};
use crate::meta::event::Channel;
use crate::meta::fit::fit;
use crate::outreach::recipient::zone_of;
use crate::outreach::schedule;
use crate::shop::coupons::Spoken;
use crate::shop::model::Shop;
use crate::shop::outreach::{Nudge, Said};
use crate::shop::text::Listener;
use crate::store::outbox::{self, Class};
use crate::store::reminders::Reminder;
use crate::store::timers::{self, Timer};
use crate::store::{Sql, StoreError, consents, counters, nudges, people};
use crate::time::{DAY, HOUR, MINUTE, UnixMs};

/// People looked at in one call.
const PAGE: u32 = 50;

/// A nudge that did not leave within this time is not sent any more.
const FRESH_MS: i64 = 10 * MINUTE;

/// Whoever wrote so short a time ago has not left anything. Our own.
const SILENT_MS: i64 = HOUR;

/// After an event: has the person looked at before their window closes, if they may want that word.
/// Once for each window: what they write later moves the moment when it has come.
pub(super) fn look_later(turn: &mut Turn<'_>) {
    let shop = turn.context.shop;
    let Some(nudge) = &shop.nudge else { return };
    let person = &turn.person;
    let waits = person.nudge_at.is_some_and(|at| at > turn.now);
    if waits || !is_for(shop, nudge, person, turn.now) {
        return;
    }
    let Some(at) = moment(shop, nudge, person, &shop.zone()).filter(|at| *at > turn.now) else {
        return;
    };
    turn.person.nudge_at = Some(at);
    turn.effects.push(Effect::NudgeAt { at });
}

/// Whether the word is for somebody now.
fn is_for(shop: &Shop, nudge: &Nudge, person: &Person, now: UnixMs) -> bool {
    match &nudge.segment {
        Some(id) => {
            let segment = shop.segment(id);
            segment.is_some_and(|segment| segment::matches(segment, &shop.page, person, now))
        }
        None => person.forms.last().is_some_and(|open| !open.forgotten(now)),
    }
}

/// When the word is due: so long before the window closes, by day on a clock of `zone`. In the
/// night it moves to the morning, if the window is still open then, or to the evening before.
fn moment(shop: &Shop, nudge: &Nudge, person: &Person, zone: &TimeZone) -> Option<UnixMs> {
    let closes = person.window_until?;
    let wanted = closes.plus(-i64::from(nudge.before_minutes).saturating_mul(MINUTE));
    let at = match shop.sending.quiet {
        Some(quiet) if schedule::quiet_until(quiet, zone, wanted).is_some() => {
            let morning = schedule::quiet_until(quiet, zone, wanted);
            let morning = morning.filter(|morning| morning.plus(FRESH_MS) < closes);
            let evening = || Some(schedule::quiet_since(quiet, zone, wanted)?.plus(-FRESH_MS));
            morning.or_else(evening)?
        }
        _ => wanted,
    };
    // On the full minute, when the cron tick looks too: then the alarm need not be relied on.
    let past = at.get().checked_rem_euclid(MINUTE).unwrap_or(0);
    let at = at.plus(past.saturating_neg());
    person.last_inbound.is_none_or(|last| at.since(last) >= SILENT_MS).then_some(at)
}

/// Says the word to whoever is due. Returns how many messages went into the outbox.
///
/// # Errors
/// [`StoreError`]; whoever got it has got it.
pub fn remind(sql: &impl Sql, shop: &Shop, now: UnixMs) -> Result<u32, StoreError> {
    let mut sent: u32 = 0;
    for due in nudges::due(sql, now, PAGE)? {
        match sql.transaction(|| one(sql, shop, &due, now)) {
            Ok(left) => sent = sent.saturating_add(u32::from(left)),
            // A row that cannot be read must not keep the others waiting.
            Err(StoreError::Corrupt { .. }) => nudges::clear(sql, due.channel, &due.person)?,
            Err(error) => return Err(error),
        }
    }
    nudges::rearm(sql)?;
    Ok(sent)
}

fn one(sql: &impl Sql, shop: &Shop, due: &Reminder, now: UnixMs) -> Result<bool, StoreError> {
    let Reminder { channel, person: id } = due;
    nudges::clear(sql, *channel, id)?;
    let known: Option<Person> = people::load(sql, *channel, id)?;
    let Some(mut person) = known else { return Ok(false) };
    person.nudge_at = None;
    let left = match &shop.nudge {
        Some(nudge) => say(sql, shop, nudge, (*channel, id), &mut person, now)?,
        None => false,
    };
    people::save(sql, *channel, id, &person)?;
    Ok(left)
}

fn say(
    sql: &impl Sql,
    shop: &Shop,
    nudge: &Nudge,
    (channel, id): (Channel, &crate::meta::ids::Psid),
    person: &mut Person,
    now: UnixMs,
) -> Result<bool, StoreError> {
    let consents = consents::of_person(sql, channel, id)?;
    let theirs = consents.iter().find_map(|consent| consent.timezone.as_deref());
    let zone = zone_of(shop, theirs);
    let Some(at) = moment(shop, nudge, person, &zone) else { return Ok(false) };
    if !is_for(shop, nudge, person, now) {
        return Ok(false);
    }
    if at > now {
        // They have written since, or live by another clock than the shop's.
        person.nudge_at = Some(at);
        nudges::set(sql, channel, id, at)?;
        return Ok(false);
    }
    let quiet = shop.sending.quiet.and_then(|quiet| schedule::quiet_until(quiet, &zone, now));
    if quiet.is_some() || !may(shop, nudge, person, channel, now) {
        return Ok(false);
    }
    let said = Said {
        variant: None,
        text: &nudge.text,
        image: None,
        buttons: &nudge.buttons,
        cards: &[],
        coupon: nudge.coupon.as_ref(),
    };
    let mut brings = Spoken::default();
    if let Some(coupon) = said.coupon {
        // Another window is another occasion.
        let occasion = format!("nudge:{}", person.window_until.unwrap_or(now).utc_date());
        let what = (coupon, occasion.as_str());
        match giving::bring(sql, shop, (channel, id), person, what, ("chat", None), now)? {
            Brings::Code(spoken) => brings = spoken,
            Brings::Nothing => return Ok(false),
            Brings::Wait => {
                let again = now.plus(MINUTE);
                person.nudge_at = Some(again);
                nudges::set(sql, channel, id, again)?;
                return Ok(false);
            }
        }
    }
    let lang = person.lang(shop);
    let listener = brings.into_listener(Listener {
        first_name: person.first_name.as_deref(),
        full_name: person.full_name.as_deref(),
        ..Listener::default()
    });
    let content = replies::notification(shop, lang, &said, &listener, now);
    let Some(content) = content.and_then(|content| fit(content, channel).pop()) else {
        return Ok(false);
    };
    let message = outbox::Message {
        class: &Class::Reminder,
        channel,
        person: id,
        content: &content,
        due_at: now,
        expires_at: Some(now.plus(FRESH_MS)),
    };
    outbox::append(sql, &message, now)?;
    person.nudged_at = Some(now);
    counters::add(sql, "nudge.sent", now)?;
    timers::set(sql, Timer::Drain, now)?;
    Ok(true)
}

fn may(shop: &Shop, nudge: &Nudge, person: &Person, channel: Channel, now: UnixMs) -> bool {
    let silent = match channel {
        Channel::Messenger => !shop.assistant.messenger,
        Channel::Instagram => !shop.assistant.instagram,
    };
    // Whoever said STOP and has agreed to nothing since wants no word that they did not ask for.
    let stopped = person.stopped_at.is_some() && !person.topics.values().any(|word| word.active);
    let every = i64::from(nudge.every_days).saturating_mul(DAY);
    let lately = person.nudged_at.is_some_and(|last| {
        now.since(last) < every || person.last_inbound.is_some_and(|inbound| inbound < last)
    });
    !silent && !stopped && !lately && !person.paused(now) && person.window_open(now.plus(FRESH_MS))
}
