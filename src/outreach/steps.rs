//! Sends the steps of sequences that are due: each by the same ladder, ledger, promise and cap as
//! any notification. Where somebody is lies in `store::places`, so that a restart changes nothing.

use super::ladder::Hold;
use super::plan::{self, Verdict};
use super::planner::{self, Due};
use super::recipient::{Look, Recipient};
use super::sequence::{self, Held};
use crate::desk::person::Person;
use crate::shop::model::Shop;
use crate::shop::outreach::{Sequence, Step};
use crate::store::consents::{self, Status};
use crate::store::ledger::{self, Entry, Outcome};
use crate::store::places::{self, Place};
use crate::store::timers::{self, Timer};
use crate::store::{Sql, StoreError, counters, people};
use crate::time::UnixMs;

/// People looked at in one call.
const PAGE: u32 = 50;

/// Sends what is due, and goes on later with what is left. Returns how many were put into the
/// outbox.
///
/// # Errors
/// [`StoreError`]; whoever was looked at before stays where they are now.
pub fn tick(sql: &impl Sql, shop: &Shop, now: UnixMs) -> Result<u32, StoreError> {
    let due = places::due(sql, now, PAGE)?;
    let mut queued: u32 = 0;
    let mut advanced = false;
    for place in &due {
        match sql.transaction(|| one(sql, shop, place, now)) {
            Ok(Stepped::Waits) => continue,
            Ok(Stepped::Left) => queued = queued.saturating_add(1),
            Ok(Stepped::Advanced) => {}
            // A person that cannot be read must not keep the others waiting.
            Err(StoreError::Corrupt { .. }) => end(sql, place, "unreadable", now)?,
            Err(error) => return Err(error),
        }
        advanced = true;
    }
    if u32::try_from(due.len()).unwrap_or(u32::MAX) >= PAGE {
        // Whoever waits is due still: at once they would be looked at without end.
        let again = if advanced { now } else { now.plus(planner::AGAIN_MS) };
        timers::set(sql, Timer::Plan, again)?;
    }
    if queued > 0 {
        timers::set(sql, Timer::Drain, now)?;
    }
    Ok(queued)
}

/// What came of looking at one person.
enum Stepped {
    /// A message was put into the outbox.
    Left,
    /// They are somewhere else now, or due later.
    Advanced,
    /// They are due as before: something is waited for.
    Waits,
}

/// One step of one person.
fn one(sql: &impl Sql, shop: &Shop, place: &Place, now: UnixMs) -> Result<Stepped, StoreError> {
    let Some(sequence) = shop.sequence(&place.sequence) else {
        return end(sql, place, "withdrawn", now).map(|()| Stepped::Advanced);
    };
    let number = usize::try_from(place.step).unwrap_or(usize::MAX);
    let Some(step) = sequence.steps.get(number) else {
        return end(sql, place, "done", now).map(|()| Stepped::Advanced);
    };
    let mut person: Person = people::load(sql, place.channel, &place.person)?.unwrap_or_default();
    if let Some(why) = sequence::over(sequence, place, &person) {
        return end(sql, place, why, now).map(|()| Stepped::Advanced);
    }
    let all = consents::of_person(sql, place.channel, &place.person)?;
    let consent = all.iter().find(|consent| consent.topic == sequence.topic);
    if consent.is_some_and(|consent| consent.status == Status::Stopped) {
        return end(sql, place, "stop", now).map(|()| Stepped::Advanced);
    }
    let zone = sequence::clock(shop, sequence, consent.and_then(|c| c.timezone.as_deref()));
    if sequence.draft {
        // Until the owner means it.
        let due = sequence::put_off(&zone, place.due_at.unwrap_or(now), now);
        places::save(sql, &Place { due_at: Some(due), ..place.clone() }, None)?;
        return Ok(Stepped::Advanced);
    }
    let at = At { shop, sequence, step, place, zone: &zone, now };
    let Some(consent) = consent else {
        return at.held(sql, &Hold::NoConsent).map(|()| Stepped::Advanced);
    };
    let to =
        Recipient::of(shop, consent, &person, &all, Look::Planning).belonging(shop, &person, now);
    let due_at = place.due_at.unwrap_or(now);
    let notification = &step.notification;
    if !notification.is_for(&to) {
        counters::add(sql, "sequence.passed_over", now)?;
        return at.go_on(sql, place).map(|()| Stepped::Advanced);
    }
    let Some(mut line) = plan::line(shop, notification, due_at, &to, now) else {
        // They agreed after it was due.
        return at.held(sql, &Hold::NoConsent).map(|()| Stepped::Advanced);
    };
    if sequence::is_late(step, due_at, now) {
        line.verdict = Verdict::Held(Hold::TooLate);
    }
    if let Verdict::Held(hold) = &line.verdict {
        return at.held(sql, hold).map(|()| Stepped::Advanced);
    }
    let due = Due { notification, period: ledger::ONCE, at: due_at };
    if planner::waits(sql, shop, due, (consent, &mut person), now)? {
        // The next look finds the answer.
        return Ok(Stepped::Waits);
    }
    let entered = planner::enter(sql, shop, due, (consent, &mut person), line, now)?;
    let left = entered.is_some_and(|line| matches!(line.verdict, Verdict::Leaves { .. }));
    let told_at = if left { Some(now) } else { place.told_at };
    at.go_on(sql, &Place { told_at, ..place.clone() })?;
    Ok(if left { Stepped::Left } else { Stepped::Advanced })
}

/// A step that is somebody's turn.
struct At<'a> {
    shop: &'a Shop,
    sequence: &'a Sequence,
    step: &'a Step,
    place: &'a Place,
    zone: &'a jiff::tz::TimeZone,
    now: UnixMs,
}

impl At<'_> {
    /// Waits for what time brings, or leaves the step out and says why.
    fn held(&self, sql: &impl Sql, hold: &Hold) -> Result<(), StoreError> {
        match sequence::held(self.step, self.place, self.zone, hold, self.now) {
            Held::Until(due) => {
                let place = Place { due_at: Some(due), ..self.place.clone() };
                places::save(sql, &place, None)
            }
            Held::ForGood => {
                let entry = Entry {
                    notification: &self.step.notification.id,
                    period: ledger::ONCE,
                    channel: self.place.channel,
                    person: &self.place.person,
                };
                let (topic, says) = (&self.sequence.topic, hold.says(self.shop));
                if ledger::enter(sql, entry, topic, Outcome::Held, Some(&says), self.now)? {
                    counters::add(sql, &format!("held.{}", hold.code()), self.now)?;
                }
                self.go_on(sql, self.place)
            }
        }
    }

    /// The next step, from where this one was.
    fn go_on(&self, sql: &impl Sql, place: &Place) -> Result<(), StoreError> {
        match sequence::next(self.sequence, place, self.zone) {
            Some(next) => places::save(sql, &next, None),
            None => end(sql, place, "done", self.now),
        }
    }
}

/// It is over for them.
fn end(sql: &impl Sql, place: &Place, why: &str, now: UnixMs) -> Result<(), StoreError> {
    places::save(sql, &Place { due_at: None, ..place.clone() }, Some(why))?;
    counters::add(sql, &format!("sequence.{why}"), now)
}
