//! Takes inbound events into the store: each once, with everything it leads to in one
//! transaction, none lost.
//!
//! The events of a delivery go the short way together: one look at the tables, the decisions in
//! memory, one transaction for a stretch of them. Whatever that way does not know (an event with
//! effects, a form in a shop that takes bookings, a row that cannot be read, a transaction that
//! fails) goes the long way, alone: [`handle`] reads, decides and commits one event, and one that
//! fails there is parked. A new effect needs nothing but its place in [`apply`].

use std::collections::{BTreeMap, BTreeSet};

use super::coupons::giving;
use super::decide::{Answer, Context, Decision, Effect, UNKNOWN, decide, thread_is_back};
use super::parcels::{self, Parcel};
use super::person::{Offered, Person};
use super::precedence::Step;
use super::profile::Stranger;
use super::sending::{self, Via};
use super::{comments, deletion, handoff, pace, replies, sequences};
use crate::meta::event::{Channel, Event, EventKind, Lane, ThreadAction, ThreadControl};
use crate::meta::ids::{AccountId, Psid};
use crate::meta::policy::{Opener, window_after};
use crate::meta::send::MessagingType;
use crate::outreach::receipt::{self, Said, Word};
use crate::outreach::{notice, subscription, tally};
use crate::shop::kv::DeskRef;
use crate::shop::text::notifies_by_name;
use crate::store::bookings::Claim;
use crate::store::consents::{self, Consent, Left, Status, Which};
use crate::store::intake::{self, Look, Pending};
use crate::store::outbox::{self, Claimed, Class};
use crate::store::timers::{self, Timer};
use crate::store::{
    self, Sql, StoreError, bookings, channel_name, counters, funnel, ledger, misses, notices,
    nudges, parked, people, reminders, seen,
};
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

impl Report {
    fn note(&mut self, done: Done) {
        self.strangers.extend(done.stranger);
        self.paced_until = self.paced_until.max(done.paced_until);
    }
}

/// What a delivery has led to.
#[derive(Debug, Default)]
pub struct Taken {
    /// What became of its events.
    pub report: Report,
    /// Replies that are claimed already: whoever called sends them.
    pub leaving: Vec<(Claimed, Via)>,
    /// Messages may wait in the outbox, or writes to KV be owed.
    pub waits: bool,
}

/// Takes a delivery; its replies wait in the outbox.
///
/// # Errors
/// As [`take_and_claim`].
pub fn take(
    sql: &impl Sql,
    context: Context<'_>,
    events: &[Event],
    now: UnixMs,
) -> Result<Report, StoreError> {
    take_and_claim(sql, context, events, 0, now).map(|taken| taken.report)
}

/// Takes a delivery, and claims at once what may leave at once: up to `room` replies to people for
/// whom nothing else waits. An event that fails for a reason of its own is parked and does not
/// hold up the others.
///
/// # Errors
/// [`StoreError`] when the store refuses even to park an event: then the delivery as a whole has
/// to come again, and what was committed of it will be recognised.
pub fn take_and_claim(
    sql: &impl Sql,
    context: Context<'_>,
    events: &[Event],
    room: u32,
    now: UnixMs,
) -> Result<Taken, StoreError> {
    let events: Vec<(&Event, String)> = events.iter().map(|event| (event, event.key())).collect();
    let mut taken = Taken::default();
    match intake::look::<Person>(sql, &events, sending::HOLD) {
        Ok(look) => together(sql, context, events, look, room, now, &mut taken)?,
        // One of the rows cannot be read: only the events of that person shall suffer.
        Err(_) => {
            for (event, key) in &events {
                alone(sql, context, event, key, now, &mut taken)?;
            }
        }
    }
    Ok(taken)
}

/// A stretch of events that were decided and are not written yet.
#[derive(Default)]
struct Stretch<'a> {
    events: Vec<(&'a Event, String)>,
    pending: Pending<Person>,
    /// Messages that were not claimed.
    waits: bool,
    done: Vec<Done>,
}

/// The short way, for as many events as possible.
fn together(
    sql: &impl Sql,
    context: Context<'_>,
    events: Vec<(&Event, String)>,
    look: Look<Person>,
    room: u32,
    now: UnixMs,
    taken: &mut Taken,
) -> Result<(), StoreError> {
    let net = now.plus(SAFETY_NET_MS);
    let mut net_is_set = look.drain.is_some_and(|at| at <= net);
    let mut room = if look.fact { 0 } else { room };
    // What is known of people, with what this delivery changed.
    let mut people: BTreeMap<(Channel, &Psid), Option<Person>> = BTreeMap::new();
    let mut busy: BTreeSet<(Channel, &Psid)> = BTreeSet::new();
    // People whose rows were changed behind the back of the above.
    let mut changed: BTreeSet<(Channel, Option<&Psid>)> = BTreeSet::new();
    let mut keys: BTreeSet<String> = BTreeSet::new();
    let mut stretch = Stretch::default();
    for ((event, key), known) in events.into_iter().zip(look.events) {
        if known.seen || !keys.insert(key.clone()) {
            taken.report.repeated = taken.report.repeated.saturating_add(1);
            continue;
        }
        let whose = (event.channel, event.person.as_ref());
        let who = event.person.as_ref().map(|id| (event.channel, id));
        let person = who.map_or(&None, |who| people.entry(who).or_insert(known.person));
        let decided = if changed.contains(&whose) {
            None
        } else {
            plain(sql, context, event, person.as_ref(), now)
        };
        let Some((decision, stranger)) = decided else {
            // What was decided of this person comes first.
            if stretch
                .events
                .iter()
                .any(|(other, _)| (other.channel, other.person.as_ref()) == whose)
            {
                let mut stretch = std::mem::take(&mut stretch);
                // What follows may be that they want to be forgotten.
                stretch.waits |= stretch.pending.claim_none();
                write(sql, context, stretch, &mut net_is_set, now, taken)?;
            }
            alone(sql, context, event, &key, now, taken)?;
            changed.insert(whose);
            continue;
        };
        if let Some(who) = who {
            if let Some(answer) = decision.answer {
                let mut free = !known.busy && busy.insert(who) && room > 0;
                let mut done = Done { stranger, paced_until: None };
                for (due_at, bubble) in pace::moments(&answer.bubbles, now) {
                    // A name may still be asked for.
                    free &= due_at <= now && !replies::is_open(bubble);
                    done.paced_until = (due_at > now).then_some(due_at);
                    let to = (event.channel, who.1.clone());
                    stretch.pending.reply(to, bubble.clone(), due_at, free);
                    room = room.saturating_sub(u32::from(free));
                    stretch.waits |= !free;
                    free = false;
                }
                stretch.done.push(done);
            }
            if let Some(person) = decision.person {
                stretch.pending.person(event.channel, who.1.clone(), person.clone());
                people.insert(who, Some(person));
            }
        }
        decision.counts.iter().for_each(|name| stretch.pending.count(name));
        stretch.pending.seen(key.clone());
        stretch.events.push((event, key));
    }
    write(sql, context, stretch, &mut net_is_set, now, taken)
}

/// Decides an event, if all that it leads to is what a [`Pending`] can hold; and whom to ask for.
fn plain(
    sql: &impl Sql,
    context: Context<'_>,
    event: &Event,
    person: Option<&Person>,
    now: UnixMs,
) -> Option<(Decision, Option<Stranger>)> {
    if was_forgotten(sql, context, event, person, now).unwrap_or(true)
        || tally::is_news(sql, context.shop, event).unwrap_or(true)
        || event.kind == EventKind::TemplateStatus
        || (matches!(event.kind, EventKind::Comment(_)) && !context.shop.comments.is_empty())
    {
        return None;
    }
    let decision = decide(context, person.cloned(), event, now);
    let plain = decision.effects.is_empty()
        && decision.miss.is_none()
        && (decision.answer.is_none() || decision.person.is_some())
        && !may_book(context, person, &decision)
        && !decision.counts.iter().any(|name| name.starts_with(UNKNOWN));
    if !plain {
        return None;
    }
    let stranger = stranger(sql, context, event, &decision, now).ok()?;
    Some((decision, stranger))
}

/// Whether the diary has a say in this: what is free is read in the transaction that claims it.
fn may_book(context: Context<'_>, before: Option<&Person>, decision: &Decision) -> bool {
    let in_form = |person: &Person| !person.forms.is_empty();
    let by_form = |answer: &Answer| answer.by == Step::Form;
    !context.shop.services.is_empty()
        && (before.is_some_and(in_form)
            || decision.person.as_ref().is_some_and(in_form)
            || decision.answer.as_ref().is_some_and(by_form))
}

/// Writes a stretch. If that fails, each of its events goes its way alone.
fn write(
    sql: &impl Sql,
    context: Context<'_>,
    stretch: Stretch<'_>,
    net_is_set: &mut bool,
    now: UnixMs,
    taken: &mut Taken,
) -> Result<(), StoreError> {
    let Stretch { events, pending, waits, done } = stretch;
    if events.is_empty() {
        return Ok(());
    }
    let write = || {
        // First: a net under nothing does no harm.
        if !*net_is_set && pending.replies() > 0 {
            timers::set(sql, Timer::Drain, now.plus(SAFETY_NET_MS))?;
            *net_is_set = true;
        }
        pending.write(sql, now)
    };
    match write() {
        Ok(claimed) => {
            let handled = u32::try_from(events.len()).unwrap_or(u32::MAX);
            taken.report.handled = taken.report.handled.saturating_add(handled);
            taken.waits |= waits;
            done.into_iter().for_each(|done| taken.report.note(done));
            let in_window = Via::Person(MessagingType::Response);
            taken.leaving.extend(claimed.into_iter().map(|claimed| (claimed, in_window.clone())));
        }
        Err(_) => {
            for (event, key) in events {
                alone(sql, context, event, &key, now, taken)?;
            }
        }
    }
    Ok(())
}

/// The long way, for one event; what fails there is parked.
fn alone(
    sql: &impl Sql,
    context: Context<'_>,
    event: &Event,
    key: &str,
    now: UnixMs,
    taken: &mut Taken,
) -> Result<(), StoreError> {
    taken.waits = true;
    let report = &mut taken.report;
    match handle(sql, context, event, key, now) {
        Ok(Some(done)) => {
            report.handled = report.handled.saturating_add(1);
            report.note(done);
        }
        Ok(None) => report.repeated = report.repeated.saturating_add(1),
        Err(error) => {
            let bare = handoff::without_delicate_words(Some(context.shop), event);
            park(sql, &bare, key, &error.to_string(), now)?;
            report.parked = report.parked.saturating_add(1);
        }
    }
    Ok(())
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
        let decision = thread_is_back(context, (channel, person), known, now);
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
        let diary = diary(sql, context, event, now)?;
        let issued = giving::issued(sql, context)?;
        let context = Context { diary: &diary, coupons: &issued, ..context };
        let forgotten = was_forgotten(sql, context, event, known.as_ref(), now)?;
        let mut decision = decide(context, known, event, now);
        if forgotten {
            // Only that a message of ours arrived is still news.
            decision.person = None;
            decision.answer = None;
            decision.miss = None;
            let arrived =
                |effect: &Effect| matches!(effect, Effect::Echoed { .. } | Effect::Reached { .. });
            decision.effects.retain(arrived);
            decision.counts = vec!["event.before_deletion".to_owned()];
        }
        commit(sql, context, event, decision, now).map(Some)
    })
}

/// What is taken of what can be booked, for an event that can book. Read where it is claimed: in
/// the same transaction.
fn diary(
    sql: &impl Sql,
    context: Context<'_>,
    event: &Event,
    now: UnixMs,
) -> Result<Vec<Claim>, StoreError> {
    let can_book = matches!(
        event.kind,
        EventKind::Message(_) | EventKind::Postback(_) | EventKind::Referral(_)
    );
    if can_book && !context.shop.services.is_empty() {
        bookings::ahead(sql, now)
    } else {
        Ok(Vec::new())
    }
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

/// Whether Meta is to be asked who this is: they were answered, the answer waits for their name
/// (or their notifications will say it, or only their app can tell which language is theirs), and
/// they never asked to be forgotten.
fn stranger(
    sql: &impl Sql,
    context: Context<'_>,
    event: &Event,
    decision: &Decision,
    now: UnixMs,
) -> Result<Option<Stranger>, StoreError> {
    let (Some(id), Some(person), Some(answer)) =
        (&event.person, &decision.person, &decision.answer)
    else {
        return Ok(None);
    };
    let shop = context.shop;
    let agreed = || decision.effects.iter().any(|effect| matches!(effect, Effect::Grant(_)));
    let needed = answer.bubbles.iter().any(replies::is_open)
        || (person.language.is_none() && shop.languages.len() > 1)
        || (agreed() && notifies_by_name(shop));
    if !needed
        || !person.may_ask_profile(now)
        || deletion::forgotten(sql, context.keys, &shop.page.id, id, UnixMs::default())?
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
    tally::arrived(sql, context.shop, event, now)?;
    tally::tapped(sql, context.shop, event, now)?;
    if event.kind == EventKind::TemplateStatus {
        notice::look_again(sql)?;
    }
    if let EventKind::Comment(comment) = &event.kind {
        comments::take(sql, context, event, comment, now)?;
    }
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
        Effect::Came(came) => {
            let day = context.shop.today(event.at.min(now)).to_string();
            let source = funnel::bounded(sql, &day, &came.source)?;
            funnel::add(sql, &day, &source, "", funnel::Stage::Conversation)?;
            if came.new {
                funnel::add(sql, &day, &source, "", funnel::Stage::New)?;
            }
            Ok(())
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
            if let Some(Class::Notice { template, key }) = &class {
                let notice = notices::Notice { template, key, channel, person: id };
                notices::close(sql, notice, notices::State::Sent, None)?;
            }
            if let Some(Class::Notification { notification, period, topic }) = class {
                let entry = ledger::Entry {
                    notification: &notification,
                    period: &period,
                    channel,
                    person: id,
                };
                // One whose outcome was unknown counts for the promise already.
                if ledger::is_open(sql, entry)? {
                    let left = Left {
                        notification: notification.as_str(),
                        period: &period,
                        mid: mid.as_ref().map(|mid| mid.0.as_str()),
                        planned_at: now,
                        at: now,
                    };
                    let which = Which { topic: &topic, channel, person: id };
                    tally::left(sql, which, &left)?;
                    consents::rest(sql, which, sending::rested_either_way(now), now)?;
                }
                ledger::close(sql, entry, ledger::Outcome::Sent, None)?;
            }
            Ok(())
        }
        Effect::Reached { mark } => {
            let parcel = Parcel::Reached { row: mark.0 };
            parcels::send(sql, context, (channel, id), &parcel, now)
        }
        Effect::Share { code } => store::friends::share(sql, &code, (channel, id)),
        Effect::Brought(friend) => {
            // Whoever was forgotten was here before.
            let known = UnixMs::default();
            if deletion::forgotten(sql, context.keys, page, id, known)? {
                return counters::add(sql, "friends.known", now);
            }
            let parcel = Parcel::Brought {
                code: friend.code,
                home: friend.home,
                friend: context.keys.friend(page, channel_name(channel), id),
                at: event.at.min(now),
            };
            parcels::send(sql, context, (channel, id), &parcel, now)
        }
        Effect::Diary(change) => bookings::apply(sql, (channel, id), &change, now),
        Effect::Coupon(gift) => giving::apply(sql, context.host.shard, (channel, id), &gift, now),
        Effect::RemindAt { at } => reminders::set(sql, channel, id, at),
        Effect::NudgeAt { at } => nudges::set(sql, channel, id, at),
        Effect::Begin { sequence, at } => {
            sequences::apply(sql, context.shop, (channel, id), &sequence, at, now)
        }
        Effect::End { topic, at } => {
            let Some(mut consent) = consents::get(sql, &topic, channel, id)? else {
                return Ok(());
            };
            consent.status = Status::Stopped;
            consent.changed_at = consent.changed_at.max(at);
            tally::stopped(sql, &topic, channel, id, at)?;
            let key = event.key();
            let word = Word { said: Said::Stopped, at, event: &key, shown: None };
            receipt::write(sql, context.shop, &consent, &word, context.host.seed, now)?;
            subscription::keep(sql, page, &consent, now)
        }
        Effect::Grant(grant) => {
            let before = consents::get(sql, &grant.topic, channel, id)?;
            if before.as_ref().is_none_or(|before| before.status != Status::Active) {
                let day = context.shop.today(grant.at).to_string();
                let topic = grant.topic.as_str();
                let source = funnel::bounded(sql, &day, &grant.source)?;
                funnel::add(sql, &day, &source, topic, funnel::Stage::OptIn)?;
            }
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
                reserved_at: before.as_ref().and_then(|before| before.reserved_at),
                frequency: grant.frequency.or_else(|| before.as_ref()?.frequency.clone()),
                title: grant.title.or_else(|| before.as_ref()?.title.clone()),
                source: grant.source,
            };
            let key = event.key();
            let word = Word {
                said: Said::Granted,
                at: grant.at,
                event: &key,
                shown: grant.shown.as_ref(),
            };
            receipt::write(sql, context.shop, &consent, &word, context.host.seed, now)?;
            subscription::keep(sql, page, &consent, now)
        }
    }
}
