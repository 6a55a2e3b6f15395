//! A tick begins what is due and plans it, a page of people at a time, into the outbox. A second
//! tick, late or at the same moment, finds the run begun and the people entered.

use jiff::tz::TimeZone;

use super::ladder::{self, Hold};
use super::schedule;
use crate::desk::person::Person;
use crate::desk::replies;
use crate::shop::lookup::ZONES;
use crate::shop::model::{Notification, Shop, Zone};
use crate::shop::text::Listener;
use crate::store::consents::{self, Consent};
use crate::store::ledger::{self, Entry, Outcome};
use crate::store::outbox::{self, Class};
use crate::store::runs::{self, Progress, Run};
use crate::store::timers::{self, Timer};
use crate::store::{Sql, StoreError, counters, people};
use crate::time::UnixMs;

/// People planned in one transaction.
const PAGE: u32 = 50;

/// Pages planned in one call: about 10 ms of CPU is what the free plan allows one (Cloudflare
/// Workers limits, September 2026). The rest follows by alarm.
const PAGES_PER_CALL: u32 = 2;

/// Begins what is due, and goes on with what was begun. Returns how many people were put into
/// the outbox.
///
/// # Errors
/// [`StoreError`]; every page that was committed stays.
pub fn tick(sql: &impl Sql, shop: &Shop, now: UnixMs) -> Result<u32, StoreError> {
    for notification in &shop.notifications {
        for run in due_runs(sql, shop, notification, now)? {
            if runs::begin(sql, &run)? {
                counters::add(sql, &format!("run.{}", notification.id), now)?;
            }
        }
    }
    go_on(sql, shop, now)
}

/// Goes on with runs that are not done.
///
/// # Errors
/// [`StoreError`].
pub fn go_on(sql: &impl Sql, shop: &Shop, now: UnixMs) -> Result<u32, StoreError> {
    let mut queued: u32 = 0;
    let mut pages_left = PAGES_PER_CALL;
    for mut run in runs::unfinished(sql)? {
        loop {
            if pages_left == 0 {
                timers::set(sql, Timer::Plan, now)?;
                return Ok(queued);
            }
            pages_left = pages_left.saturating_sub(1);
            let progress = plan_page(sql, shop, &run, now)?;
            queued = queued.saturating_add(progress.queued);
            if progress.done {
                break;
            }
            run.cursor = progress.cursor;
        }
    }
    Ok(queued)
}

/// The runs of a notification that are due: one for the shop's clock, or one for each clock its
/// subscribers live by.
fn due_runs(
    sql: &impl Sql,
    shop: &Shop,
    notification: &Notification,
    now: UnixMs,
) -> Result<Vec<Run>, StoreError> {
    let run = |zone: String, occurrence: schedule::Occurrence| Run {
        notification: notification.id.clone(),
        period: occurrence.period,
        zone,
        due_at: occurrence.at,
        cursor: String::new(),
    };
    if notification.schedule.zone == Zone::Shop {
        let due = schedule::due(&notification.schedule, &shop.zone(), now);
        return Ok(due.into_iter().map(|due| run(String::new(), due)).collect());
    }
    let mut runs = Vec::new();
    for name in consents::zones(sql, &notification.topic)? {
        let zone = zone_of(shop, name.as_deref());
        if let Some(due) = schedule::due(&notification.schedule, &zone, now) {
            runs.push(run(name.unwrap_or_default(), due));
        }
    }
    Ok(runs)
}

/// A subscriber's clock; the shop's where theirs is not known.
fn zone_of(shop: &Shop, name: Option<&str>) -> TimeZone {
    name.and_then(|name| ZONES.get(name).ok()).unwrap_or_else(|| shop.zone())
}

/// Plans one page of one run, in one transaction.
fn plan_page(sql: &impl Sql, shop: &Shop, run: &Run, now: UnixMs) -> Result<Progress, StoreError> {
    sql.transaction(|| {
        let mut progress = Progress { cursor: run.cursor.clone(), ..Progress::default() };
        // A run whose notification is gone from shop.toml, or which was interrupted for so long
        // that its hour has passed, ends here.
        let notification = shop.notifications.iter().find(|n| n.id == run.notification);
        let expires_at = run.due_at.plus(schedule::LATEST_MS);
        let stale = now >= expires_at;
        let Some(notification) = notification.filter(|_| !stale) else {
            progress.done = true;
            counters::add(sql, "run.dropped", now)?;
            runs::advance(sql, run, &progress)?;
            return Ok(progress);
        };
        let zone = match notification.schedule.zone {
            Zone::Shop => None,
            Zone::Subscriber => Some(run.zone.as_str()),
        };
        let people = consents::page(sql, &notification.topic, zone, &run.cursor, PAGE)?;
        progress.done = u32::try_from(people.len()).unwrap_or(u32::MAX) < PAGE;
        for consent in people {
            progress.cursor = consents::cursor(&consent);
            // Whoever agreed after it was due waits for the next one.
            if consent.granted_at > run.due_at {
                continue;
            }
            match plan_one(sql, shop, notification, run, consent, now)? {
                Planned::Queued => progress.queued = progress.queued.saturating_add(1),
                Planned::Held => progress.held = progress.held.saturating_add(1),
                Planned::Before => {}
            }
        }
        runs::advance(sql, run, &progress)?;
        if progress.queued > 0 {
            timers::set(sql, Timer::Drain, now)?;
        }
        Ok(progress)
    })
}

enum Planned {
    Queued,
    Held,
    /// Decided by an earlier tick.
    Before,
}

fn plan_one(
    sql: &impl Sql,
    shop: &Shop,
    notification: &Notification,
    run: &Run,
    mut consent: Consent,
    now: UnixMs,
) -> Result<Planned, StoreError> {
    let entry = Entry {
        notification: &notification.id,
        period: &run.period,
        channel: consent.channel,
        person: &consent.person,
    };
    let person: Person = people::load(sql, consent.channel, &consent.person)?.unwrap_or_default();
    let expires_at = run.due_at.plus(schedule::LATEST_MS);
    let leaves_at = promise_kept(shop, &consent, run.due_at).and_then(|()| {
        match ladder::climb(shop, &person, Some(&consent), now) {
            Ok(_) => Ok(now),
            // A moment too early for Meta, as a daily notification easily is: it waits.
            Err(Hold::NotBefore(at)) if at < expires_at => Ok(at),
            Err(hold) => Err(hold),
        }
    });
    let content = leaves_at.and_then(|leaves_at| {
        let lang = person.lang(shop);
        let topic = shop.topic(&notification.topic).and_then(|t| shop.pick(&t.title, lang));
        let listener = Listener {
            first_name: person.first_name.as_deref(),
            full_name: person.full_name.as_deref(),
            topic,
            agent: None,
            agent_hours: None,
        };
        // Checked by `shopbell check`: a notification has words in the default language.
        let content = replies::notification(shop, lang, notification, &listener, now);
        Ok((content.ok_or(Hold::NoText)?, leaves_at))
    });
    let (content, leaves_at) = match content {
        Ok(planned) => planned,
        Err(hold) => {
            let reason = hold.says(shop);
            let new = ledger::enter(sql, entry, &consent.topic, Outcome::Held, Some(&reason), now)?;
            if new {
                counters::add(sql, &format!("held.{}", hold.code()), now)?;
            }
            return Ok(if new { Planned::Held } else { Planned::Before });
        }
    };
    if !ledger::enter(sql, entry, &consent.topic, Outcome::Queued, None, now)? {
        return Ok(Planned::Before);
    }
    let class = Class::Notification {
        notification: notification.id.clone(),
        period: run.period.clone(),
        topic: consent.topic.clone(),
    };
    let message = outbox::Message {
        class: &class,
        channel: consent.channel,
        person: &consent.person,
        content: &content,
        due_at: leaves_at,
        expires_at: Some(expires_at),
    };
    outbox::append(sql, &message, now)?;
    consent.last_sent_at = Some(run.due_at);
    consents::save(sql, &consent)?;
    Ok(Planned::Queued)
}

fn promise_kept(shop: &Shop, consent: &Consent, due: UnixMs) -> Result<(), Hold> {
    let promise = shop.topic(&consent.topic).ok_or(Hold::NoConsent)?.promise;
    let zone = zone_of(shop, consent.timezone.as_deref());
    if schedule::keeps(promise, consent.last_sent_at, due, &zone) {
        Ok(())
    } else {
        Err(Hold::Promise(promise))
    }
}
