//! A tick begins what is due and plans it, a page of people at a time, into the outbox. A second
//! tick, late or at the same moment, finds the run begun and the people entered.

use super::budget;
use super::ladder::Hold;
use super::marketing::{self, Standing};
use super::plan::{self, Line, RunHash, Verdict};
use super::recipient::{Look, Recipient, zone_of};
use super::schedule::{self, Occurrence};
use super::{offers, steps, variant};
use crate::desk::coupons::giving::{self, Brings};
use crate::desk::person::Person;
use crate::desk::replies;
use crate::meta::fit::fit;
use crate::meta::send::Content;
use crate::shop::coupons::Spoken;
use crate::shop::model::{Notification, Shop, Zone};
use crate::shop::text::Listener;
use crate::store::consents::{self, Consent, Which};
use crate::store::ledger::{self, Entry, Outcome};
use crate::store::outbox::{self, Class};
use crate::store::runs::{self, Dropped, Progress, Run};
use crate::store::timers::{self, Timer};
use crate::store::{Sql, StoreError, counters, facts, people};
use crate::time::{DAY, MINUTE, SECOND, UnixMs};

/// People planned in one transaction.
const PAGE: u32 = 50;

/// How soon the planner looks again whether what it has planned has left.
pub(super) const AGAIN_MS: i64 = 2 * SECOND;

/// Counts what was put into the outbox, by UTC day.
const PLANNED: &str = "notification.planned";

/// When somebody last looked what is due. Written so seldom to spare writes: what was begun since
/// is known by its run.
pub(crate) const LOOKED: &str = "planned_at";
const LOOKED_EVERY_MS: i64 = 10 * MINUTE;

/// Begins what is due, and goes on with what was begun. Returns how many people were put into
/// the outbox.
///
/// # Errors
/// [`StoreError`]; every page that was committed stays.
pub fn tick(sql: &impl Sql, shop: &Shop, now: UnixMs) -> Result<u32, StoreError> {
    let looked: Option<UnixMs> = facts::get(sql, LOOKED)?;
    for notification in shop.notifications.iter().filter(|notification| !notification.draft) {
        for zone in clocks(sql, notification)? {
            let clock = zone_of(shop, zone.as_deref());
            let zone = zone.unwrap_or_default();
            if let Some(due) = schedule::due_of(notification, &clock, now) {
                let run = run(shop, notification, due, &zone);
                if runs::begin(sql, &run)? {
                    counters::add(sql, &format!("run.{}", notification.id), now)?;
                }
            }
            let Some(looked) = looked else { continue };
            for due in schedule::missed_of(notification, &clock, looked, now) {
                miss(sql, notification, &run(shop, notification, due, &zone), now)?;
            }
        }
    }
    if looked.is_none_or(|looked| now.since(looked) >= LOOKED_EVERY_MS) {
        facts::set(sql, LOOKED, &now)?;
    }
    go_on(sql, shop, now)
}

/// Goes on with runs that are not done, and with the steps of sequences that are due.
///
/// # Errors
/// [`StoreError`].
pub fn go_on(sql: &impl Sql, shop: &Shop, now: UnixMs) -> Result<u32, StoreError> {
    let queued = go_on_with_runs(sql, shop, now)?;
    Ok(queued.saturating_add(steps::tick(sql, shop, now)?))
}

fn go_on_with_runs(sql: &impl Sql, shop: &Shop, now: UnixMs) -> Result<u32, StoreError> {
    let mut queued: u32 = 0;
    let plan = shop.hosting.plan;
    let mut pages_left = budget::planned_per_share(plan).div_ceil(PAGE);
    for mut run in runs::unfinished(sql)? {
        loop {
            let over = is_over(shop, &run, now);
            if pages_left == 0 && !over {
                timers::set(sql, Timer::Plan, now)?;
                return Ok(queued);
            }
            // Whoever has no turn waits; a run that is over ends whatever waits.
            if !over && let Some(at) = waits_until(sql, shop, now)? {
                timers::set(sql, Timer::Plan, at)?;
                return Ok(queued);
            }
            pages_left = pages_left.saturating_sub(1);
            let progress = plan_page(sql, shop, &run, now)?;
            queued = queued.saturating_add(progress.queued);
            if progress.done || progress.waits {
                break;
            }
            run.cursor = progress.cursor;
            run.hash = progress.hash;
        }
    }
    Ok(queued)
}

/// Whether nothing of a run may be planned any more: it was withdrawn, or its time is over.
fn is_over(shop: &Shop, run: &Run, now: UnixMs) -> bool {
    shop.notification(&run.notification)
        .is_none_or(|n| now >= run.due_at.plus(n.schedule.latest_ms()))
}

/// When more people may be planned; none: now. Not before those who were planned have left, or the
/// outbox would only grow; and on the free plan not more than a day's part.
fn waits_until(sql: &impl Sql, shop: &Shop, now: UnixMs) -> Result<Option<UnixMs>, StoreError> {
    let most = budget::backlog(shop.hosting.plan);
    if outbox::notifications_due(sql, most, now)? >= most {
        return Ok(Some(now.plus(AGAIN_MS)));
    }
    let Some(a_day) = budget::notifications_a_day(shop.hosting.plan, shop.hosting.desks) else {
        return Ok(None);
    };
    if counters::on_day(sql, PLANNED, now)?.saturating_add(PAGE) <= a_day.max(PAGE) {
        return Ok(None);
    }
    // A minute into the next UTC day, when Cloudflare counts anew.
    let midnight = now.get().div_euclid(DAY).saturating_add(1).saturating_mul(DAY);
    Ok(Some(UnixMs::new(midnight).plus(MINUTE)))
}

/// The clocks a notification follows: the shop's, or each that its subscribers live by.
fn clocks(sql: &impl Sql, notification: &Notification) -> Result<Vec<Option<String>>, StoreError> {
    match notification.schedule.zone {
        Zone::Shop => Ok(vec![None]),
        Zone::Subscriber => consents::zones(sql, &notification.topic),
    }
}

pub(super) fn run(shop: &Shop, notification: &Notification, due: Occurrence, zone: &str) -> Run {
    let hash = RunHash::begin(shop, &notification.id, &due, zone).as_str().to_owned();
    Run {
        notification: notification.id.clone(),
        period: due.period,
        zone: zone.to_owned(),
        due_at: due.at,
        cursor: String::new(),
        hash,
    }
}

/// Notes that nothing ran when a notification was due, if it was due to anybody.
fn miss(
    sql: &impl Sql,
    notification: &Notification,
    run: &Run,
    now: UnixMs,
) -> Result<(), StoreError> {
    let zone = its_zone(notification, run);
    if consents::anybody(sql, &notification.topic, zone, run.due_at)? && runs::miss(sql, run)? {
        counters::add(sql, "run.missed", now)?;
    }
    Ok(())
}

/// For whose clock a run is; none: for everybody.
fn its_zone<'a>(notification: &Notification, run: &'a Run) -> Option<&'a str> {
    match notification.schedule.zone {
        Zone::Shop => None,
        Zone::Subscriber => Some(run.zone.as_str()),
    }
}

/// Plans one page of one run, in one transaction.
fn plan_page(sql: &impl Sql, shop: &Shop, run: &Run, now: UnixMs) -> Result<Progress, StoreError> {
    sql.transaction(|| {
        let mut progress =
            Progress { cursor: run.cursor.clone(), hash: run.hash.clone(), ..Progress::default() };
        // A run whose notification is gone from shop.toml, or which was interrupted for so long
        // that its hour has passed, ends here.
        let notification = match shop.notification(&run.notification) {
            None => Err(Dropped::Withdrawn),
            Some(n) if n.draft => Err(Dropped::Withdrawn),
            Some(n) if now >= run.due_at.plus(n.schedule.latest_ms()) => Err(Dropped::Stale),
            Some(n) => Ok(n),
        };
        let notification = match notification {
            Ok(notification) => notification,
            Err(why) => {
                progress.done = true;
                progress.dropped = Some(why);
                if let Some(notification) = shop.notification(&run.notification) {
                    let (topic, zone) = (&notification.topic, its_zone(notification, run));
                    progress.unreached = consents::left_over(sql, topic, zone, &run.cursor)?;
                }
                counters::add(sql, "run.dropped", now)?;
                runs::advance(sql, run, &progress)?;
                return Ok(progress);
            }
        };
        let zone = its_zone(notification, run);
        let people = consents::page(sql, &notification.topic, zone, &run.cursor, PAGE)?;
        let paid = marketing::standing(sql, shop.marketing.as_ref())?;
        let due = Due { notification, period: &run.period, at: run.due_at };
        if !codes_are_there(sql, shop, due, &people, paid, now)? {
            timers::set(sql, Timer::Plan, now.plus(AGAIN_MS))?;
            progress.waits = true;
            return Ok(progress);
        }
        progress.done = u32::try_from(people.len()).unwrap_or(u32::MAX) < PAGE;
        let mut hash = RunHash::kept(run.hash.as_str());
        for consent in &people {
            progress.cursor = consents::cursor(consent);
            let (mut person, line) = match line_of(sql, shop, due, (consent, paid), now) {
                Ok((person, Some(line))) => (person, line),
                Ok((_, None)) => continue,
                // A person that cannot be read must not keep the others waiting.
                Err(StoreError::Corrupt { .. }) => {
                    let held = hold(sql, shop, due, consent, &Hold::Unreadable, now)?;
                    progress.held = progress.held.saturating_add(u32::from(held));
                    continue;
                }
                Err(error) => return Err(error),
            };
            let entered = enter(sql, shop, due, (consent, &mut person), line, now)?;
            let Some(line) = entered else { continue };
            hash.add(&line);
            match line.verdict {
                Verdict::Leaves { .. } => progress.queued = progress.queued.saturating_add(1),
                Verdict::Held(_) => progress.held = progress.held.saturating_add(1),
            }
        }
        hash.as_str().clone_into(&mut progress.hash);
        runs::advance(sql, run, &progress)?;
        if progress.queued > 0 {
            counters::add_many(sql, PLANNED, progress.queued, now)?;
            timers::set(sql, Timer::Drain, now)?;
        }
        Ok(progress)
    })
}

/// Somebody, and what is decided for them; no line when it is not for them.
fn line_of(
    sql: &impl Sql,
    shop: &Shop,
    due: Due<'_>,
    (consent, paid): (&Consent, Standing),
    now: UnixMs,
) -> Result<(Person, Option<Line>), StoreError> {
    let person: Person = people::load(sql, consent.channel, &consent.person)?.unwrap_or_default();
    let all = consents::of_person(sql, consent.channel, &consent.person)?;
    let to = Recipient { paid, ..Recipient::of(shop, consent, &person, &all, Look::Planning) }
        .belonging(shop, &person, now);
    let line = plan::line(shop, due.notification, due.at, &to, now);
    Ok((person, line))
}

/// A notification that is somebody's turn.
#[derive(Clone, Copy)]
pub(super) struct Due<'a> {
    /// Which.
    pub notification: &'a Notification,
    /// In which period.
    pub period: &'a str,
    /// When it was due.
    pub at: UnixMs,
}

impl<'a> Due<'a> {
    /// Its line of the ledger for somebody.
    fn entry(self, consent: &'a Consent) -> Entry<'a> {
        Entry {
            notification: &self.notification.id,
            period: self.period,
            channel: consent.channel,
            person: &consent.person,
        }
    }
}

/// Enters what was decided for one person into the ledger, and into the outbox what leaves; none
/// when the ledger has it already. The line as it was entered.
pub(super) fn enter(
    sql: &impl Sql,
    shop: &Shop,
    due: Due<'_>,
    (consent, person): (&Consent, &mut Person),
    mut line: Line,
    now: UnixMs,
) -> Result<Option<Line>, StoreError> {
    let Due { notification, period, at } = due;
    let said = notification.said(variant::number(notification, &consent.person));
    let mut brings = Spoken::default();
    if matches!(line.verdict, Verdict::Leaves { .. }) {
        match bring(sql, shop, due, (consent, person), Look::Leaving, now)? {
            None => {}
            Some(Brings::Code(spoken)) => brings = spoken,
            // Whoever plans a page has waited for the registrar before.
            Some(Brings::Nothing | Brings::Wait) => line.verdict = Verdict::Held(Hold::NoCoupon),
        }
    }
    let lang = person.lang(shop);
    let topic = shop.topic(&notification.topic).and_then(|t| shop.pick(&t.title, lang));
    let listener = brings.into_listener(Listener {
        first_name: person.first_name.as_deref(),
        full_name: person.full_name.as_deref(),
        topic,
        ..Listener::default()
    });
    // One message, or none: a token is good for one, and half of an offer helps nobody.
    let content = match replies::notification(shop, lang, &said, &listener, now) {
        None => Err(Hold::NoText),
        Some(content) => match <[Content; 1]>::try_from(fit(content, consent.channel)) {
            Ok([content]) => Ok(content),
            Err(_) => Err(Hold::TooLong),
        },
    };
    let entry = due.entry(consent);
    let (leaves_at, content) = match (&line.verdict, content) {
        (Verdict::Leaves { not_before, .. }, Ok(content)) => (not_before.unwrap_or(now), content),
        (verdict, content) => {
            if let (Verdict::Leaves { .. }, Err(hold)) = (verdict, content) {
                line.verdict = Verdict::Held(hold);
            }
            let Verdict::Held(hold) = &line.verdict else { return Ok(None) };
            let new = self::hold(sql, shop, due, consent, hold, now)?;
            return Ok(new.then_some(line));
        }
    };
    if !ledger::enter(sql, entry, &consent.topic, Outcome::Queued, None, now)? {
        return Ok(None);
    }
    if let Some(variant) = said.variant {
        ledger::worded(sql, entry, variant)?;
    }
    let class = Class::Notification {
        notification: notification.id.clone(),
        period: period.to_owned(),
        topic: consent.topic.clone(),
    };
    let message = outbox::Message {
        class: &class,
        channel: consent.channel,
        person: &consent.person,
        content: &content,
        due_at: leaves_at,
        expires_at: Some(at.plus(notification.schedule.latest_ms())),
    };
    outbox::append(sql, &message, now)?;
    let which = Which { topic: &consent.topic, channel: consent.channel, person: &consent.person };
    consents::reserve(sql, which, at)?;
    if let Some(offer) = &notification.offer {
        offers::told(sql, shop, (offer, &notification.id), consent, person)?;
    }
    Ok(Some(line))
}

/// Notes in the ledger that somebody is held, and why; `false` when they stand in it already.
fn hold(
    sql: &impl Sql,
    shop: &Shop,
    due: Due<'_>,
    consent: &Consent,
    hold: &Hold,
    now: UnixMs,
) -> Result<bool, StoreError> {
    let entry = due.entry(consent);
    let reason = hold.says(shop);
    let new = ledger::enter(sql, entry, &consent.topic, Outcome::Held, Some(&reason), now)?;
    if new {
        counters::add(sql, &format!("held.{}", hold.code()), now)?;
    }
    Ok(new)
}

/// The coupon that a notification brings somebody, if it brings one: another period is another
/// occasion. What they hold from then on is in `person`, and saved: whoever saves them again later has
/// to save this one.
fn bring(
    sql: &impl Sql,
    shop: &Shop,
    due: Due<'_>,
    (consent, person): (&Consent, &mut Person),
    look: Look,
    now: UnixMs,
) -> Result<Option<Brings>, StoreError> {
    let Due { notification, period, .. } = due;
    let said = notification.said(variant::number(notification, &consent.person));
    let Some(coupon) = said.coupon else { return Ok(None) };
    let entry = due.entry(consent);
    if ledger::exists(sql, entry)? {
        // Decided by an earlier tick.
        return Ok(None);
    }
    let held = person.coupons.clone();
    let who = (consent.channel, &consent.person);
    let occasion = format!("notification:{}:{period}", notification.id);
    let counted = (consent.source.as_str(), Some(&notification.topic));
    let what = (coupon, occasion.as_str());
    let brings = match look {
        Look::Planning => giving::ask(sql, shop, who, person, what, counted, now)?,
        Look::Leaving => giving::bring(sql, shop, who, person, what, counted, now)?,
    };
    if person.coupons != held {
        people::save(sql, who.0, who.1, person)?;
    }
    Ok(Some(brings))
}

/// Whether the codes are there that a notification brings these people: what the registrar has not
/// answered yet is waited for, so that nobody is planned without theirs.
fn codes_are_there(
    sql: &impl Sql,
    shop: &Shop,
    due: Due<'_>,
    people: &[Consent],
    paid: Standing,
    now: UnixMs,
) -> Result<bool, StoreError> {
    let notification = due.notification;
    let brings = (0..notification.wordings()).any(|n| notification.said(n).coupon.is_some());
    if !brings || giving::is_registrar(sql)? {
        return Ok(true);
    }
    let mut there = true;
    for consent in people {
        let (mut person, line) = match line_of(sql, shop, due, (consent, paid), now) {
            Err(StoreError::Corrupt { .. }) => continue,
            read => read?,
        };
        if line.is_some_and(|line| matches!(line.verdict, Verdict::Leaves { .. })) {
            there &= !waits(sql, shop, due, (consent, &mut person), now)?;
        }
    }
    Ok(there)
}

/// Whether the registrar has not yet answered for the code that a message brings somebody. It is
/// asked from now on.
pub(super) fn waits(
    sql: &impl Sql,
    shop: &Shop,
    due: Due<'_>,
    (consent, person): (&Consent, &mut Person),
    now: UnixMs,
) -> Result<bool, StoreError> {
    let number = variant::number(due.notification, &consent.person);
    if due.notification.said(number).coupon.is_none() || giving::is_registrar(sql)? {
        return Ok(false);
    }
    let brings = bring(sql, shop, due, (consent, person), Look::Planning, now)?;
    Ok(matches!(brings, Some(Brings::Wait)))
}
