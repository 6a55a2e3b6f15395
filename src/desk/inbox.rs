//! Takes inbound events into the store: each once, each in one transaction, none lost.

use super::decide::{Context, Decision, Effect, UNKNOWN, decide, thread_is_back};
use super::pace;
use super::person::{Offered, Person};
use super::profile::Stranger;
use super::{deletion, handoff};
use crate::meta::event::{Channel, Event, EventKind, Lane, ThreadAction, ThreadControl};
use crate::meta::ids::{AccountId, Psid};
use crate::meta::policy::{Opener, window_after};
use crate::outreach::subscription;
use crate::shop::kv::DeskRef;
use crate::shop::text::says_names;
use crate::store::consents::{self, Consent, Status};
use crate::store::outbox::{self, Class};
use crate::store::timers::{self, Timer};
use crate::store::{Sql, StoreError, counters, ledger, misses, parked, people, reminders, seen};
use crate::time::{SECOND, UnixMs};

/// How long after a commit the safety net looks whether the outbox was drained. The drain itself
/// starts at once.
const SAFETY_NET_MS: i64 = 20 * SECOND;

/// How long an answer waits for its thread to be taken back, ms. Where that takes longer, Meta
/// refuses the answer and it is tried again.
const TAKE_MS: i64 = 2 * SECOND;

/// What became of a delivery.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Handled now.
    pub handled: u32,
    /// Handled before.
    pub repeated: u32,
    /// Put aside, to be tried again.
    pub parked: u32,
    /// Who was answered and may be asked about at Meta.
    pub strangers: Vec<Stranger>,
    /// The last bubble of an answer of several leaves then.
    pub paced_until: Option<UnixMs>,
}

/// Takes a delivery. Each event is decided and committed by itself; one that fails for a reason
/// of its own is parked and does not hold up the others.
///
/// # Errors
/// [`StoreError`] when the store refuses even to park an event: then the delivery as a whole has
/// to come again, and what was committed of it will be recognised.
pub fn take(
    sql: &impl Sql,
    context: Context<'_>,
    events: &[Event],
    now: UnixMs,
) -> Result<Report, StoreError> {
    let mut report = Report::default();
    for event in events {
        let key = event.key();
        match handle(sql, context, event, &key, now) {
            Ok(Some(done)) => {
                report.handled = report.handled.saturating_add(1);
                report.strangers.extend(done.stranger);
                report.paced_until = report.paced_until.max(done.paced_until);
            }
            Ok(None) => report.repeated = report.repeated.saturating_add(1),
            Err(error) => {
                let bare = handoff::without_delicate_words(Some(context.shop), event);
                park(sql, &bare, &key, &error.to_string(), now)?;
                report.parked = report.parked.saturating_add(1);
            }
        }
    }
    Ok(report)
}

/// Puts a whole delivery aside because there is no shop to decide with: not published yet, of
/// another version, or KV does not answer.
///
/// # Errors
/// [`StoreError`] when the store refuses: then the delivery has to come again.
pub fn park_all(
    sql: &impl Sql,
    events: &[Event],
    why: &str,
    now: UnixMs,
) -> Result<Report, StoreError> {
    let mut report = Report::default();
    for event in events {
        let key = event.key();
        if seen::contains(sql, &key)? {
            report.repeated = report.repeated.saturating_add(1);
        } else {
            park(sql, &handoff::without_delicate_words(None, event), &key, why, now)?;
            report.parked = report.parked.saturating_add(1);
        }
    }
    Ok(report)
}

/// A thread was taken back from the Page's inbox: what was asked of us there and waits for an
/// answer is done now, and messages that Meta refused meanwhile need not wait any longer.
///
/// # Errors
/// [`StoreError`].
pub fn thread_back(
    sql: &impl Sql,
    context: Context<'_>,
    (channel, person): (Channel, &Psid),
    now: UnixMs,
) -> Result<(), StoreError> {
    sql.transaction(|| {
        outbox::hurry(sql, channel, person, now)?;
        let known: Option<Person> = people::load(sql, channel, person)?;
        let Some(known) = known.filter(|known| known.delete_noted.is_some()) else {
            return Ok(());
        };
        let decision = thread_is_back(context, person, known, now);
        let thread = ThreadControl {
            action: ThreadAction::Take,
            previous_owner: None,
            new_owner: context.app.cloned(),
            requested_owner: None,
            metadata: None,
        };
        let event = Event {
            channel,
            account: AccountId::unknown(),
            person: Some(person.clone()),
            at: now,
            lane: Lane::Messaging,
            kind: EventKind::ThreadControl(thread),
        };
        commit(sql, context, &event, decision, now).map(|_| ())
    })
}

/// Tries parked events again. Returns how many were handled.
///
/// # Errors
/// [`StoreError`].
pub fn unpark(sql: &impl Sql, context: Context<'_>, now: UnixMs) -> Result<u32, StoreError> {
    let mut handled: u32 = 0;
    for parked in parked::take_due(sql, now, 100)? {
        if handle(sql, context, &parked.event, &parked.key, now).is_ok() {
            parked::release(sql, &parked.key)?;
            handled = handled.saturating_add(1);
        }
    }
    if let Some(next) = parked::next_due(sql)? {
        timers::set(sql, Timer::Unpark, next)?;
    }
    Ok(handled)
}

fn park(
    sql: &impl Sql,
    event: &Event,
    key: &str,
    why: &str,
    now: UnixMs,
) -> Result<(), StoreError> {
    sql.transaction(|| {
        parked::park(sql, key, event, why, now)?;
        counters::add(sql, "event.parked", now)?;
        timers::set(sql, Timer::Unpark, now.plus(crate::time::MINUTE))
    })
}

/// What handling one event leaves to do.
#[derive(Default)]
struct Done {
    stranger: Option<Stranger>,
    paced_until: Option<UnixMs>,
}

/// Decides and commits one event. `None` when it was handled before.
fn handle(
    sql: &impl Sql,
    context: Context<'_>,
    event: &Event,
    key: &str,
    now: UnixMs,
) -> Result<Option<Done>, StoreError> {
    sql.transaction(|| {
        if !seen::remember(sql, key, now)? {
            return Ok(None);
        }
        let known: Option<Person> = match &event.person {
            Some(id) => people::load(sql, event.channel, id)?,
            None => None,
        };
        let forgotten = was_forgotten(sql, context, event, known.as_ref(), now)?;
        let mut decision = decide(context, known, event, now);
        if forgotten {
            // Only that a message of ours arrived is still news.
            decision.person = None;
            decision.answer = None;
            decision.miss = None;
            decision.effects.retain(|effect| matches!(effect, Effect::Echoed { .. }));
            decision.counts = vec!["event.before_deletion".to_owned()];
        }
        commit(sql, context, event, decision, now).map(Some)
    })
}

/// Whether the event happened before its person asked to be forgotten: then it may not bring
/// them back.
fn was_forgotten(
    sql: &impl Sql,
    context: Context<'_>,
    event: &Event,
    known: Option<&Person>,
    now: UnixMs,
) -> Result<bool, StoreError> {
    let Some(id) = &event.person else { return Ok(false) };
    let at = event.at.min(now);
    // Whoever is known was not forgotten since they were first seen.
    if known.is_some_and(|person| at > person.first_seen) {
        return Ok(false);
    }
    deletion::forgotten(sql, context.keys, &context.shop.page.id, id, at)
}

/// Whether Meta may be asked who this is: they were answered, the shop says names, and they never
/// asked to be forgotten.
fn stranger(
    sql: &impl Sql,
    context: Context<'_>,
    event: &Event,
    decision: &Decision,
    now: UnixMs,
) -> Result<Option<Stranger>, StoreError> {
    let (Some(id), Some(person), Some(_)) = (&event.person, &decision.person, &decision.answer)
    else {
        return Ok(None);
    };
    if !person.may_ask_profile(now)
        || !says_names(context.shop)
        || deletion::forgotten(sql, context.keys, &context.shop.page.id, id, UnixMs::default())?
    {
        return Ok(None);
    }
    Ok(Some(Stranger { channel: event.channel, person: id.clone() }))
}

fn commit(
    sql: &impl Sql,
    context: Context<'_>,
    event: &Event,
    mut decision: Decision,
    now: UnixMs,
) -> Result<Done, StoreError> {
    let mut done =
        Done { stranger: stranger(sql, context, event, &decision, now)?, paced_until: None };
    if let Some(id) = &event.person {
        if let Some(miss) = decision.miss.take() {
            let number = misses::keep(sql, &miss, now)?;
            if let Some(person) = decision.person.as_mut().filter(|_| !miss.offered.is_empty()) {
                person.offered = Some(Offered { miss: number, entries: miss.offered });
            }
        }
        for effect in decision.effects {
            apply(sql, context, event, id, effect, now)?;
        }
        if let Some(person) = &decision.person {
            people::save(sql, event.channel, id, person)?;
        }
        if let Some(answer) = &decision.answer {
            // Of somebody who was just forgotten nothing else says how long we may write.
            let at = event.at.min(now);
            let window = at.plus(window_after(Opener::Message, at.utc_date()));
            let until = decision.person.is_none().then_some(window);
            // In standby only somebody is answered who wants the thread back: it is taken first.
            let from = if event.lane == Lane::Standby { now.plus(TAKE_MS) } else { now };
            for (due_at, bubble) in pace::moments(&answer.bubbles, from) {
                done.paced_until = (due_at > now).then_some(due_at);
                let message = outbox::Message {
                    class: &Class::Reply,
                    channel: event.channel,
                    person: id,
                    content: bubble,
                    due_at,
                    expires_at: until,
                };
                outbox::append(sql, &message, now)?;
            }
            timers::set(sql, Timer::Drain, now.plus(SAFETY_NET_MS))?;
        }
    }
    let mut ours = Vec::with_capacity(decision.counts.len());
    for name in &decision.counts {
        match name.strip_prefix(UNKNOWN).and_then(|name| name.strip_prefix('.')) {
            Some(kind) => counters::add_foreign(sql, UNKNOWN, kind, now)?,
            None => ours.push(name.as_str()),
        }
    }
    counters::add_all(sql, &ours, now)?;
    Ok(done)
}

fn apply(
    sql: &impl Sql,
    context: Context<'_>,
    event: &Event,
    id: &Psid,
    effect: Effect,
    now: UnixMs,
) -> Result<(), StoreError> {
    let (channel, page) = (event.channel, &context.shop.page.id);
    match effect {
        Effect::Erase { at, code } => {
            let desks = [DeskRef { page: page.clone(), shard: context.host.shard }];
            let order = deletion::Order { page, person: id, code: &code, desks: &desks, at };
            deletion::erase(sql, context.keys, &order, &[channel], now)
        }
        Effect::Taken { miss } => misses::taken(sql, miss),
        Effect::CallPerson(call) => handoff::tell(sql, context, (channel, id), &call, now),
        Effect::ComeBack => handoff::come_back(sql, context.shop, (channel, id), now),
        Effect::Echoed { mark, mid } => {
            let class = outbox::echoed(sql, channel, id, mark.0, mid.as_ref())?;
            if let Some(class) = &class {
                let name = if class.is_notification() { "notification" } else { "reply" };
                counters::add(sql, &format!("{name}.echoed"), now)?;
            }
            if let Some(Class::Notification { notification, period, .. }) = class {
                let entry = ledger::Entry {
                    notification: &notification,
                    period: &period,
                    channel,
                    person: id,
                };
                ledger::close(sql, entry, ledger::Outcome::Sent, None)?;
            }
            Ok(())
        }
        Effect::HandOver(summary) => {
            counters::add(sql, &format!("form.{}.handed_over", summary.form), now)
        }
        Effect::RemindAt { at } => reminders::set(sql, channel, id, at),
        Effect::End { topic, at } => {
            let Some(mut consent) = consents::get(sql, &topic, channel, id)? else {
                return Ok(());
            };
            consent.status = Status::Stopped;
            consent.changed_at = consent.changed_at.max(at);
            subscription::keep(sql, page, &consent, now)
        }
        Effect::Grant(grant) => {
            let before = consents::get(sql, &grant.topic, channel, id)?;
            // A consent resumed without a new token goes on with the old one and its end.
            let old_end = before.as_ref().filter(|_| grant.token.is_none());
            let expires_at = grant.expires_at.or_else(|| old_end?.expires_at);
            let token = grant.token.or_else(|| before.as_ref()?.token.clone());
            let consent = Consent {
                topic: grant.topic,
                channel,
                person: id.clone(),
                status: Status::Active,
                token,
                timezone: grant.timezone.or_else(|| before.as_ref()?.timezone.clone()),
                granted_at: grant.at,
                changed_at: grant.at,
                expires_at,
                next_eligible_at: before.as_ref().and_then(|before| before.next_eligible_at),
                last_sent_at: before.as_ref().and_then(|before| before.last_sent_at),
                frequency: grant.frequency.or_else(|| before.as_ref()?.frequency.clone()),
                title: grant.title.or_else(|| before.as_ref()?.title.clone()),
                source: grant.source,
            };
            subscription::keep(sql, page, &consent, now)
        }
    }
}
