//! What may leave the outbox, by which way, and what Graph's answers mean for it.

use serde::{Deserialize, Serialize};

use super::comments;
use super::paying;
use super::payload::{OutboxMark, PrivateMark};
use super::person::Person;
use super::replies;
use crate::meta::graph_error::{Class as Cause, Failure, Verdict};
use crate::meta::human::{self, Typed};
use crate::meta::ids::{NotificationId, NotificationToken, PageId};
use crate::meta::marketing;
use crate::meta::policy::{Transport, cooldown};
use crate::meta::send::{self, Content, MessagingType, Recipient};
use crate::outreach::ladder::{self, Hold};
use crate::outreach::receipt::{Book, By};
use crate::outreach::recipient::{self as notified, Look};
use crate::outreach::{endings, sequence, subscription, tally};
use crate::outreach::{marketing as paid, notice};
use crate::shop::kv::{HoldValue, KV_SCHEMA, hold_key};
use crate::shop::model::Shop;
use crate::store::consents::{self, Consent, Left, Which};
use crate::store::ledger;
use crate::store::outbox::{self, Admit, Claimed, Class, Outcome, Room, Settled};
use crate::store::timers::{self, Timer};
use crate::store::{
    Sql, StoreError, counters, early, facts, kv_queue, notices, people, places, spending as spent,
    to_json,
};
use crate::time::{HOUR, MINUTE, SECOND, UnixMs};

/// Requests made for one message before it is given up.
pub(super) const MOST_ATTEMPTS: i64 = 5;

/// How long a Page waits after Meta said "slow down" without saying for how long.
const SLOW_MS: i64 = MINUTE;

/// How long a Page waits after Meta refused its token, its permission or the Page itself. Only
/// the owner can mend that; until then one message in this time asks whether they did.
const HALT_MS: i64 = 10 * MINUTE;

/// How long that one message may take before the next one asks.
const PROBE_MS: i64 = 3 * outbox::CALL_TIMEOUT_MS;

/// A Page never waits for longer than this without asking again, whatever Meta says.
const LONGEST_HOLD_MS: i64 = HOUR;

/// How a claimed message reaches the person.
#[derive(Clone, Debug, PartialEq)]
pub enum Via {
    /// To the person, inside the window.
    Person(MessagingType),
    /// By their notification token. It is taken from KV, where it lasts; this is the Desk's own
    /// copy for when KV does not answer.
    Token {
        /// The consent it belongs to.
        consent: Box<Consent>,
        /// The token.
        token: NotificationToken,
    },
    /// By the same token in a paid campaign.
    Paid {
        /// The consent it belongs to.
        consent: Box<Consent>,
        /// The token.
        token: NotificationToken,
        /// The campaign.
        campaign: String,
        /// The ad account that pays.
        ad_account: String,
    },
    /// After the window has closed, because a person of the shop typed it.
    ByHand {
        /// What they typed.
        typed: Typed,
        /// It is still their turn.
        turn: human::Turn,
    },
    /// To whoever wrote a comment.
    Private,
    /// Under a comment.
    Public,
}

impl Via {
    /// The consent whose token it leaves by.
    #[must_use]
    pub fn consent(&self) -> Option<&Consent> {
        match self {
            Self::Token { consent, .. } | Self::Paid { consent, .. } => Some(consent),
            Self::Person(_) | Self::ByHand { .. } | Self::Private | Self::Public => None,
        }
    }

    /// By which transport, as far as the token's rest turns on it.
    fn transport(&self) -> Transport {
        match self {
            Self::Paid { .. } => Transport::PaidMarketing,
            _ => Transport::LegacyRecurring,
        }
    }

    fn is_paid(&self) -> bool {
        matches!(self, Self::Paid { .. })
    }
}

/// The body of the request that sends a message.
#[must_use]
pub fn body(claimed: &Claimed, via: &Via) -> String {
    let mark = OutboxMark(claimed.id()).to_string();
    let (recipient, kind) = match via {
        Via::Person(kind) => (Recipient::Person(&claimed.person), *kind),
        Via::Token { token, .. } => (Recipient::Token(token), MessagingType::Update),
        Via::Paid { token, campaign, .. } => {
            return marketing::request::message(campaign, token, &claimed.content);
        }
        Via::ByHand { typed, turn } => return human::body(&claimed.person, typed, *turn, &mark),
        Via::Private => {
            let mark = PrivateMark(claimed.id()).to_string();
            let to = Recipient::Comment(claimed.person.as_str());
            let (content, channel) = (&claimed.content, claimed.channel);
            return send::body(to, MessagingType::Response, content, Some(&mark), channel);
        }
        Via::Public => {
            let text = if let Content::Text { text, .. } = &claimed.content { text } else { "" };
            return send::public_reply(text);
        }
    };
    // Meta documents no metadata beside a template.
    let mark = (!matches!(claimed.content, Content::Template(_))).then_some(mark.as_str());
    send::body(recipient, kind, &claimed.content, mark, claimed.channel)
}

/// Why nothing leaves this Page for a while.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageHold {
    /// Until then.
    pub until: UnixMs,
    /// What Meta said, in our words.
    pub reason: String,
    /// Whether only the owner can mend it.
    pub needs_owner: bool,
}

/// The fact that [`page_hold`] reads.
pub(super) const HOLD: &str = "page_hold";

/// Why nothing leaves this Page now, if so.
///
/// # Errors
/// [`StoreError`].
pub fn page_hold(sql: &impl Sql) -> Result<Option<PageHold>, StoreError> {
    facts::get(sql, HOLD)
}

/// Takes over what another Desk of the Page has heard from Meta: a pause, or that it is over. The
/// longer pause holds, and an end ends what only the owner could mend.
///
/// # Errors
/// [`StoreError`].
pub fn share_hold(sql: &impl Sql, hold: Option<&PageHold>, now: UnixMs) -> Result<(), StoreError> {
    sql.transaction(|| match (page_hold(sql)?, hold) {
        (None, None) => Ok(()),
        (Some(ours), Some(theirs)) if ours.until >= theirs.until => Ok(()),
        (_, Some(theirs)) if theirs.until <= now => Ok(()),
        (_, Some(theirs)) => hold_page(sql, theirs.until, &theirs.reason, theirs.needs_owner),
        (Some(_), None) => lift_hold(sql, now),
    })
}

/// Takes messages that may leave now, as many as there is `room` for. STOP, deletion, a human
/// conversation, the window and the rules of the day are looked at again, in the transaction that
/// claims. Names are filled in.
///
/// # Errors
/// [`StoreError`]; nothing is claimed then.
pub fn claim(
    sql: &impl Sql,
    shop: &Shop,
    room: Room,
    now: UnixMs,
) -> Result<Vec<(Claimed, Via)>, StoreError> {
    let mut claimed = claim_rows(sql, shop, room, now)?;
    for (claimed, _) in &mut claimed {
        if replies::is_open(&claimed.content) {
            // It is claimed already: without a name it leaves all the same.
            let person: Option<Person> =
                people::load(sql, claimed.channel, &claimed.person).ok().flatten();
            replies::close(&mut claimed.content, person.as_ref());
        }
    }
    Ok(claimed)
}

fn claim_rows(
    sql: &impl Sql,
    shop: &Shop,
    room: Room,
    now: UnixMs,
) -> Result<Vec<(Claimed, Via)>, StoreError> {
    let hold = page_hold(sql)?;
    if let Some(hold) = hold.as_ref().filter(|hold| hold.until > now) {
        timers::set(sql, Timer::Drain, hold.until)?;
        return Ok(Vec::new());
    }
    let Some(hold) = hold.filter(|hold| hold.needs_owner) else {
        return outbox::claim(sql, now, room, |claimed| admit(sql, shop, claimed, now));
    };
    // Nobody knows yet whether the owner mended it: one message asks.
    sql.transaction(|| {
        let one = Room {
            messages: room.messages.min(1),
            notifications: room.notifications.min(1),
            comments: room.comments.min(1),
        };
        let claimed = outbox::claim(sql, now, one, |claimed| admit(sql, shop, claimed, now))?;
        if !claimed.is_empty() {
            hold_page(sql, now.plus(PROBE_MS), &hold.reason, true)?;
        }
        Ok(claimed)
    })
}

fn admit(
    sql: &impl Sql,
    shop: &Shop,
    claimed: &Claimed,
    now: UnixMs,
) -> Result<Admit<Via>, StoreError> {
    if claimed.class.is_for_comment() {
        return comments::admit(sql, claimed, now);
    }
    let person: Option<Person> = people::load(sql, claimed.channel, &claimed.person)?;
    let expired = claimed.expires_at.is_some_and(|end| end <= now);
    if claimed.class == Class::Reminder && !may_still_remind(person.as_ref(), claimed, now) {
        counters::add(sql, "reply.reminder_dropped", now)?;
        return Ok(Admit::No("STOP or a person came before the reminder".to_owned()));
    }
    if let Class::Notice { template, key } = &claimed.class {
        return notice::admit(sql, shop, claimed, (template, key), person.as_ref(), now);
    }
    let Class::Notification { topic, notification, period } = &claimed.class else {
        if let (Some(typed), false) = (&claimed.typed, person_may_be_answered(&person, now)) {
            let turn = person.and_then(|p| human::Turn::after(p.last_inbound?, now));
            return Ok(match turn.filter(|_| !expired) {
                Some(turn) => Admit::Yes(Via::ByHand { typed: typed.clone(), turn }),
                None => Admit::No("the 7 days of people have passed".to_owned()),
            });
        }
        // Nobody: they asked to be forgotten, and this tells them that they are.
        let open = !expired && person.is_none_or(|person| person.window_open(now));
        return Ok(if open {
            Admit::Yes(Via::Person(MessagingType::Response))
        } else {
            counters::add(sql, "reply.window_closed", now)?;
            Admit::No("the 24-hour window has closed".to_owned())
        });
    };
    let all = consents::of_person(sql, claimed.channel, &claimed.person)?;
    let consent = all.iter().find(|consent| consent.topic == *topic);
    let known = shop.notification(notification).filter(|known| !known.draft);
    let known = known.filter(|_| shop.topic(topic).is_some());
    let over = sequence_over(sql, shop, claimed, notification, person.as_ref())?;
    let way = match consent {
        _ if known.is_none() => Err(Hold::Withdrawn),
        _ if over => Err(Hold::SequenceOver),
        _ if expired => Err(Hold::TooLate),
        None => Err(Hold::NoConsent),
        Some(consent) => {
            let person = person.unwrap_or_default();
            let due = consent.reserved_at.unwrap_or(claimed.created_at);
            let mut to = notified::Recipient::of(shop, consent, &person, &all, Look::Leaving)
                .belonging(shop, &person, now);
            to.paid = paid::standing(sql, shop.marketing.as_ref())?;
            let deadline = claimed.expires_at.unwrap_or(now.plus(1));
            if known.is_some_and(|known| !known.is_still_for(&to)) {
                Err(Hold::NotForThem)
            } else {
                ladder::earliest(shop, &to, due, now, deadline)
            }
        }
    };
    let held = match (way, consent) {
        // A moment too early: it waits, as long as it still helps.
        (Ok((at, _)), _) if at > now => return Ok(Admit::NotBefore(at)),
        (Ok((_, way)), _) if way.transport == Transport::InWindow => {
            return Ok(Admit::Yes(Via::Person(MessagingType::Update)));
        }
        (Ok((_, way)), Some(consent)) if way.transport == Transport::PaidMarketing => {
            let what = (notification.as_str(), period.as_str());
            match paying::pay(sql, shop, claimed, consent, what, now)? {
                Ok(via) => return Ok(Admit::Yes(via)),
                // It may still be in time on the next day, or when another Desk has given some.
                Err(Hold::CapReached(at)) if claimed.expires_at.is_some_and(|end| at < end) => {
                    return Ok(Admit::NotBefore(at));
                }
                Err(hold) => hold,
            }
        }
        (Ok(_), Some(consent)) => match consent.token.clone() {
            Some(token) => {
                return Ok(Admit::Yes(Via::Token { consent: Box::new(consent.clone()), token }));
            }
            None => Hold::NoToken,
        },
        (Ok(_), None) => Hold::NoConsent,
        (Err(hold), _) => hold,
    };
    let reason = held.says(shop);
    close_ledger(sql, claimed, ledger::Outcome::Held, Some(&reason))?;
    consents::release(sql, Which { topic, channel: claimed.channel, person: &claimed.person })?;
    counters::add(sql, &format!("held.{}", held.code()), now)?;
    Ok(Admit::No(reason))
}

/// Whether it is a step of a sequence that has ended for its person since it was planned.
fn sequence_over(
    sql: &impl Sql,
    shop: &Shop,
    claimed: &Claimed,
    notification: &NotificationId,
    person: Option<&Person>,
) -> Result<bool, StoreError> {
    let (Some(sequence), Some(person)) = (shop.sequence_of(notification), person) else {
        return Ok(false);
    };
    let place = places::get(sql, &sequence.id, claimed.channel, &claimed.person)?;
    Ok(sequence.draft
        || place.is_some_and(|place| sequence::over(sequence, &place, person).is_some()))
}

fn person_may_be_answered(person: &Option<Person>, now: UnixMs) -> bool {
    person.as_ref().is_some_and(|person| person.window_open(now))
}

/// Whether a reminder still helps: nothing that ends it has come since it was put into the outbox.
/// A STOP may have been said before that and delivered after it; then it is the newest thing that
/// the person did.
fn may_still_remind(person: Option<&Person>, claimed: &Claimed, now: UnixMs) -> bool {
    person.is_some_and(|person| {
        let stopped = person.stopped_at.is_some_and(|stopped| {
            stopped >= claimed.created_at || Some(stopped) >= person.last_inbound
        });
        !stopped && !person.paused(now)
    })
}

/// Notes that KV says this consent was stopped: the message does not leave.
///
/// # Errors
/// [`StoreError`].
pub fn stopped_in_kv(
    sql: &impl Sql,
    book: &Book<'_>,
    claimed: &Claimed,
    via: &Via,
    now: UnixMs,
) -> Result<Settled, StoreError> {
    sql.transaction(|| {
        end(sql, book, via, (By::Kv, "subscription"), now)?;
        settled(sql, claimed, via, &Outcome::Refused("stopped in KV".to_owned()), now)
    })
}

/// The consent a message was sent by, as it stands now: while the request was out the person may
/// have said STOP or agreed anew, and what Meta said of an old token says nothing of a new one.
fn same_token(sql: &impl Sql, via: &Via) -> Result<Option<Consent>, StoreError> {
    let Some(sent) = via.consent() else { return Ok(None) };
    let current = consents::get(sql, &sent.topic, sent.channel, &sent.person)?;
    Ok(current.filter(|current| current.token == sent.token))
}

/// The same, unless the person agreed anew since, be it with the same token.
fn same_grant(sql: &impl Sql, via: &Via) -> Result<Option<Consent>, StoreError> {
    let Some(sent) = via.consent() else { return Ok(None) };
    Ok(same_token(sql, via)?.filter(|current| current.granted_at == sent.granted_at))
}

/// Meta takes the next message by this token from `at` on.
pub(super) fn not_before(
    sql: &impl Sql,
    page: &PageId,
    via: &Via,
    at: UnixMs,
    now: UnixMs,
) -> Result<(), StoreError> {
    let Some(mut consent) = same_token(sql, via)? else { return Ok(()) };
    consent.next_eligible_at = Some(at);
    subscription::keep(sql, page, &consent, now)
}

/// The consent has ended, as Meta or KV says. The person may be asked again.
fn end(
    sql: &impl Sql,
    book: &Book<'_>,
    via: &Via,
    why: (By, &str),
    now: UnixMs,
) -> Result<(), StoreError> {
    same_grant(sql, via)?.map_or(Ok(()), |consent| endings::end(sql, book, consent, why, now))
}

/// The token is worth nothing any more. The consent still is, inside the window.
fn drop_token(
    sql: &impl Sql,
    book: &Book<'_>,
    via: &Via,
    why: &str,
    now: UnixMs,
) -> Result<(), StoreError> {
    let Some(consent) = same_grant(sql, via)? else { return Ok(()) };
    endings::drop_token(sql, book, consent, (By::MetaError, why), now)
}

/// Settles a message by what Graph answered; `None` when nobody knows what became of the
/// request.
///
/// # Errors
/// [`StoreError`]; the row is then settled by its age.
pub fn settle(
    sql: &impl Sql,
    book: &Book<'_>,
    claimed: &Claimed,
    via: &Via,
    verdict: Option<&Verdict>,
    now: UnixMs,
) -> Result<Settled, StoreError> {
    if let (Some(Verdict::Sent { mid, .. }), Class::Reply) = (verdict, &claimed.class) {
        let held = outbox::settle_sent(sql, claimed, mid.as_ref(), "reply.sent", HOLD, now)?;
        if held == Some(false) {
            return Ok(Settled::Sent);
        }
        if held == Some(true) {
            sql.transaction(|| mended(sql, book.page, now))?;
            return Ok(Settled::Sent);
        }
    }
    sql.transaction(|| match verdict {
        None => settled(sql, claimed, via, &Outcome::Unsure, now),
        Some(Verdict::Sent { mid, .. }) => {
            if !via.is_paid() {
                // What another token can do says nothing of the Page's.
                mended(sql, book.page, now)?;
            }
            not_before(sql, book.page, via, rested(via.transport(), now), now)?;
            settled(sql, claimed, via, &Outcome::Sent { mid: mid.clone() }, now)
        }
        Some(Verdict::Failed(failure)) => {
            let outcome = if via.is_paid() {
                paying::failed(sql, book, claimed, via, failure, now)?
            } else {
                on_failure(sql, book, claimed, via, failure, now)?
            };
            counters::add(sql, &format!("graph.{:?}", failure.class).to_lowercase(), now)?;
            settled(sql, claimed, via, &outcome, now)
        }
    })
}

/// Settles the row, and what it cost with it.
fn settled(
    sql: &impl Sql,
    claimed: &Claimed,
    via: &Via,
    outcome: &Outcome,
    now: UnixMs,
) -> Result<Settled, StoreError> {
    let settled = finish(sql, claimed, via.transport(), outcome, now)?;
    if via.is_paid() {
        paying::settled(sql, claimed.id(), settled, outcome)?;
    }
    Ok(settled)
}

/// A message got through: what only the owner could mend is mended, and KV may say so.
fn mended(sql: &impl Sql, page: &PageId, now: UnixMs) -> Result<(), StoreError> {
    if page_hold(sql)?.is_some_and(|hold| hold.needs_owner) {
        kv_queue::push(sql, &hold_key(page), None, now)?;
    }
    lift_hold(sql, now)
}

/// Ends a hold that a message got through. "Slow down" stands until its time: this message may have
/// left before it was said.
fn lift_hold(sql: &impl Sql, now: UnixMs) -> Result<(), StoreError> {
    if page_hold(sql)?.is_some_and(|hold| hold.needs_owner || hold.until <= now) {
        facts::clear(sql, HOLD)?;
        timers::set(sql, Timer::Drain, now)?;
    }
    Ok(())
}

pub(super) fn on_failure(
    sql: &impl Sql,
    book: &Book<'_>,
    claimed: &Claimed,
    via: &Via,
    failure: &Failure,
    now: UnixMs,
) -> Result<Outcome, StoreError> {
    let reason = reason(failure);
    let spent = claimed.attempts() >= MOST_ATTEMPTS;
    let again = |wait: i64| {
        if spent { Outcome::Refused(reason.clone()) } else { Outcome::RetryAt(now.plus(wait)) }
    };
    let asks_for_consent = matches!(claimed.content, Content::OptIn(_) | Content::Template(_));
    Ok(match failure.class {
        // Something answered, but not the Graph API in its own words.
        _ if failure.may_have_arrived => Outcome::Unsure,
        // An app may answer people and still not be allowed to ask them for consent, or to use
        // utility templates: no reason to stop answering.
        Cause::Permission | Cause::PageRestricted if asks_for_consent => Outcome::Refused(reason),
        // Nor is it, when it may not answer comments.
        Cause::Permission if claimed.class.is_for_comment() => Outcome::Refused(reason),
        // Private replies have a pace of their own.
        Cause::SlowPage if claimed.class.is_for_comment() => {
            let wait = failure.retry_after_ms.unwrap_or(SLOW_MS).clamp(SECOND, LONGEST_HOLD_MS);
            comments::slow(sql, now.plus(wait))?;
            Outcome::RetryAt(now.plus(wait))
        }
        Cause::Retry | Cause::Unknown => again(backoff(claimed, failure.retry_after_ms)),
        Cause::WaitForThread => again(backoff(claimed, failure.retry_after_ms).max(MINUTE)),
        Cause::SlowPage => {
            let wait = failure.retry_after_ms.unwrap_or(SLOW_MS).clamp(SECOND, LONGEST_HOLD_MS);
            let until = now.plus(wait);
            hold_page(sql, until, &reason, false)?;
            Outcome::RetryAt(until)
        }
        Cause::TokenInvalid | Cause::Permission | Cause::PageRestricted => {
            let until = now.plus(HALT_MS);
            hold_page(sql, until, &reason, true)?;
            // Scans lead to the shop's own page meanwhile. Nobody may come to say that all is well
            // again, so it holds no longer than until the next message asks.
            let value = HoldValue { v: KV_SCHEMA, until_ms: until.get() };
            kv_queue::push(sql, &hold_key(book.page), Some(&to_json("kv_queue", &value)?), now)?;
            Outcome::RetryAt(until)
        }
        Cause::OptedOut => {
            end(sql, book, via, (By::MetaError, &numbers(failure)), now)?;
            Outcome::Refused(reason)
        }
        Cause::DropToken => {
            drop_token(sql, book, via, &numbers(failure), now)?;
            Outcome::Refused(reason)
        }
        Cause::NotYet => {
            let rule = cooldown(Transport::LegacyRecurring, now.utc_date());
            let wait = failure.retry_after_ms.unwrap_or(rule);
            not_before(sql, book.page, via, now.plus(wait), now)?;
            Outcome::Refused(reason)
        }
        _ => Outcome::Refused(reason),
    })
}

/// What the owner reads: our words, and Meta's numbers to search for.
pub(crate) fn reason(failure: &Failure) -> String {
    let mut reason = failure.says().to_owned();
    if failure.code.is_some() {
        reason.push_str(&format!(" (Meta's error {})", numbers(failure)));
    }
    reason
}

/// Meta's numbers: `10/1893015`.
fn numbers(failure: &Failure) -> String {
    [failure.code, failure.subcode]
        .iter()
        .flatten()
        .map(u32::to_string)
        .collect::<Vec<_>>()
        .join("/")
}

fn hold_page(
    sql: &impl Sql,
    until: UnixMs,
    reason: &str,
    needs_owner: bool,
) -> Result<(), StoreError> {
    facts::set(sql, HOLD, &PageHold { until, reason: reason.to_owned(), needs_owner })?;
    timers::set(sql, Timer::Drain, until)
}

/// 2, 4, 8, … seconds, or what Meta asks for; plus up to half of it again, so that many
/// messages do not come back at the same moment. The same message always waits the same time.
fn backoff(claimed: &Claimed, hint_ms: Option<i64>) -> i64 {
    let exponential = SECOND.saturating_mul(1 << claimed.attempts().clamp(1, 8));
    let wait = hint_ms.unwrap_or(exponential).clamp(SECOND, 10 * MINUTE);
    let spread = claimed.id().wrapping_mul(7919).wrapping_add(claimed.attempts()).rem_euclid(512);
    wait.saturating_add(wait.saturating_mul(spread) / 1024)
}

/// Settles the row, and the ledger with it when the message was a notification.
fn finish(
    sql: &impl Sql,
    claimed: &Claimed,
    transport: Transport,
    outcome: &Outcome,
    now: UnixMs,
) -> Result<Settled, StoreError> {
    let settled = outbox::settle(sql, claimed, outcome, now)?;
    let (name, line) = match settled {
        Settled::Sent => ("sent", ledger::Outcome::Sent),
        Settled::Refused => ("refused", ledger::Outcome::Refused),
        Settled::Unknown => ("unknown", ledger::Outcome::Unknown),
        Settled::Waiting => {
            let at = if let Outcome::RetryAt(at) = outcome {
                *at
            } else {
                now.plus(outbox::ECHO_WAIT_MS)
            };
            timers::set(sql, Timer::Drain, at)?;
            return Ok(settled);
        }
        Settled::Already => return Ok(settled),
    };
    let class = match claimed.class {
        Class::Reply => "reply",
        Class::Notice { .. } => "notice",
        Class::Private => "private",
        Class::Public => "public",
        Class::Reminder | Class::Notification { .. } => "notification",
    };
    counters::add(sql, &format!("{class}.{name}"), now)?;
    let reason = if let Outcome::Refused(reason) = outcome { Some(reason.as_str()) } else { None };
    close_ledger(sql, claimed, line, reason)?;
    notice::settled(sql, claimed, settled, reason)?;
    comments::settled(sql, claimed, settled, reason)?;
    note_promise(sql, claimed, transport, outcome, now)?;
    Ok(settled)
}

/// What left, or may have left, counts for the promise of its topic; what did not, does not.
fn note_promise(
    sql: &impl Sql,
    claimed: &Claimed,
    transport: Transport,
    outcome: &Outcome,
    now: UnixMs,
) -> Result<(), StoreError> {
    let Class::Notification { notification, period, topic } = &claimed.class else {
        return Ok(());
    };
    let which = Which { topic, channel: claimed.channel, person: &claimed.person };
    let mid = match outcome {
        Outcome::Refused(_) => {
            early::forget(sql, claimed.channel, &claimed.person)?;
            return consents::release(sql, which);
        }
        Outcome::Sent { mid } => mid.as_ref().map(|mid| mid.0.as_str()),
        Outcome::Unsure | Outcome::RetryAt(_) => None,
    };
    let notification = notification.as_str();
    let left = Left { notification, period, mid, planned_at: claimed.created_at, at: now };
    if matches!(outcome, Outcome::Unsure) {
        consents::rest(sql, which, rested(transport, now), now)?;
    }
    tally::left(sql, which, &left)
}

/// When Meta takes the next message by a token that was used now in this way, by the rule of the
/// day.
pub(super) fn rested(transport: Transport, now: UnixMs) -> UnixMs {
    now.plus(cooldown(transport, now.utc_date()))
}

/// The same where nobody remembers the way: the longer of the two.
pub(super) fn rested_either_way(now: UnixMs) -> UnixMs {
    rested(Transport::LegacyRecurring, now).max(rested(Transport::PaidMarketing, now))
}

/// Settles what was left in flight by a process that is gone, or by a request nobody heard of
/// again.
///
/// # Errors
/// [`StoreError`].
pub fn recover(sql: &impl Sql, restarted: bool, now: UnixMs) -> Result<(), StoreError> {
    sql.transaction(|| {
        for (class, channel, person) in outbox::recover(sql, restarted, now)? {
            counters::add(sql, "outbox.lost_in_flight", now)?;
            if class == Class::Private {
                comments::lost(sql, &person)?;
            }
            if let Class::Notice { template, key } = &class {
                let notice = notices::Notice { template, key, channel, person: &person };
                notices::close(sql, notice, notices::State::Unknown, None)?;
            }
            if let Class::Notification { notification, period, topic } = class {
                let entry = ledger::Entry {
                    notification: &notification,
                    period: &period,
                    channel,
                    person: &person,
                };
                ledger::close(sql, entry, ledger::Outcome::Unknown, None)?;
                let notification = notification.as_str();
                let left =
                    Left { notification, period: &period, mid: None, planned_at: now, at: now };
                let which = Which { topic: &topic, channel, person: &person };
                tally::left(sql, which, &left)?;
                consents::rest(sql, which, rested_either_way(now), now)?;
            }
        }
        spent::lost(sql)?;
        if restarted && let Some(at) = outbox::next_due(sql, now)? {
            // The timers may have been lost with the process.
            timers::set(sql, Timer::Drain, at.max(now))?;
        }
        Ok(())
    })
}

fn close_ledger(
    sql: &impl Sql,
    claimed: &Claimed,
    outcome: ledger::Outcome,
    reason: Option<&str>,
) -> Result<(), StoreError> {
    let Class::Notification { notification, period, .. } = &claimed.class else { return Ok(()) };
    let entry =
        ledger::Entry { notification, period, channel: claimed.channel, person: &claimed.person };
    ledger::close(sql, entry, outcome, reason)
}
