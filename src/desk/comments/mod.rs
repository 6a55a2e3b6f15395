//! Comments that are answered privately, with the one message that Meta allows.
//!
//! A comment belongs to the Page's first Desk: who wrote it is known there by a keyed hash, and
//! nobody can be written to by what Meta says of them beside it. The decision, the entry that this
//! person has had their answer under this post, and the message go into one transaction. Only the
//! answer to that message, or its echo, says who got it; then their own Desk expects them, so that
//! what they write next counts as an answer to it.
//!
//! A private reply whose outcome is not known is never sent again. Its echo, should it come, settles
//! it.
//!
//! - [`judge`]: which rule answers a comment, and with what.

pub mod judge;

use serde_json::json;

use self::judge::{Reply, Verdict, judge};
use super::decide::{Context, Inbound, Turn};
use super::handoff::{Errand, Hook, INBOX, Reason, push_hook, write_to};
use super::layout::home;
use super::parcels::{self, Parcel};
use super::person::{Expected, Person, Touch};
use super::sending::Via;
use super::{arrival, deletion, form, replies};
use crate::meta::event::{Channel, Comment, Event, Referral};
use crate::meta::graph_error::Verdict as Answered;
use crate::meta::ids::{CommentRuleId, Psid};
use crate::meta::limits;
use crate::meta::send::Content;
use crate::shop::doors::CommentRule;
use crate::shop::lang;
use crate::shop::model::Shop;
use crate::store::calls::{self, Kind};
use crate::store::comments::{self, New, State};
use crate::store::funnel::{self, Stage};
use crate::store::outbox::{self, Admit, Claimed, Class, Settled};
use crate::store::timers::{self, Timer};
use crate::store::{Sql, StoreError, channel_name, counters, facts, people, seen, to_json};
use crate::time::{DAY, HOUR, SECOND, UnixMs};

/// How long after a private reply what its reader writes counts as the answer. Our own: as long as a
/// poster's link is good.
const ANSWERED_MS: i64 = 30 * DAY;

/// When the safety net looks whether the outbox was drained.
const SAFETY_NET_MS: i64 = 20 * SECOND;

/// How many private replies leave at once where none has left for a while. Our own.
const AT_ONCE: i64 = 10;

/// How far apart the others leave, ms: with those that leave at once never more than Meta takes in an
/// hour.
const APART_MS: i64 = HOUR / (limits::PRIVATE_REPLIES_PER_HOUR as i64 - AT_ONCE);

/// The fact that says when the next private reply has its turn.
const TURN: &str = "comment_turn";

/// What a comment is called in the funnel.
fn source(rule: &CommentRuleId) -> String {
    format!("comment:{rule}")
}

/// Takes a comment: decides what becomes of it, and writes that. In the caller's transaction.
///
/// # Errors
/// [`StoreError`].
pub fn take(
    sql: &impl Sql,
    context: Context<'_>,
    event: &Event,
    comment: &Comment,
    now: UnixMs,
) -> Result<(), StoreError> {
    if context.shop.comments.is_empty() {
        return Ok(());
    }
    let counted = |name: &str| counters::add(sql, &format!("comment.{name}"), now);
    if matches!(comment.verb.as_str(), "remove" | "delete" | "hide") {
        return withdraw(sql, comment, now);
    }
    match judge(context, event, comment, now) {
        Verdict::Left(why) => counted(&format!("left.{why}")),
        Verdict::Person { rule, post, from, reason } => {
            if is_known(sql, context, event, (comment, post, from))? {
                return counted("left.again");
            }
            enter(sql, context, event, (comment, post, from), (rule, None))?;
            counted("person")?;
            call_owner(sql, context, event, (comment, post), (rule, reason), now)
        }
        Verdict::Reply(reply) => {
            let about = (comment, reply.post, reply.from);
            if is_known(sql, context, event, about)? {
                return counted("left.again");
            }
            if is_gone(sql, event)? {
                return counted("left.gone");
            }
            counted(&format!("answered.{}", reply.rule.id))?;
            answer(sql, context, event, about, &reply, now)
        }
    }
}

fn is_known(
    sql: &impl Sql,
    context: Context<'_>,
    event: &Event,
    (comment, post, from): (&Comment, &str, &str),
) -> Result<bool, StoreError> {
    let page = &context.shop.page.id;
    let names = context.keys.commenters(page, channel_name(event.channel), from);
    comments::is_known(sql, &names, post, &comment.id)
}

/// Whether it was taken back or hidden before we heard of it: deliveries may come in any order.
fn is_gone(sql: &impl Sql, event: &Event) -> Result<bool, StoreError> {
    let key = event.key();
    let Some(beginning) = key.strip_suffix("add") else { return Ok(false) };
    for verb in ["remove:", "delete:", "hide:"] {
        if seen::begins_with(sql, &format!("{beginning}{verb}"))? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn enter(
    sql: &impl Sql,
    context: Context<'_>,
    event: &Event,
    (comment, post, from): (&Comment, &str, &str),
    (rule, row): (&CommentRule, Option<i64>),
) -> Result<(), StoreError> {
    let who = context.keys.commenter(&context.shop.page.id, channel_name(event.channel), from);
    let new = New {
        who: &who,
        post,
        channel: event.channel,
        comment: &comment.id,
        rule: &rule.id,
        at: event.at,
        row,
    };
    comments::enter(sql, &new).map(|_| ())
}

/// When the next private reply has its turn. Each has one from the beginning: what is not due is not
/// looked at, and nobody else's answer waits behind it.
fn turn(sql: &impl Sql, now: UnixMs) -> Result<UnixMs, StoreError> {
    let first = now.plus(-APART_MS.saturating_mul(AT_ONCE.saturating_sub(1)));
    let known: Option<UnixMs> = facts::get(sql, TURN)?;
    let turn = known.map_or(first, |turn| turn.max(first));
    facts::set(sql, TURN, &turn.plus(APART_MS))?;
    Ok(turn.max(now))
}

/// Puts the private reply into the outbox, and what is said under the comment behind it.
fn answer(
    sql: &impl Sql,
    context: Context<'_>,
    event: &Event,
    about: (&Comment, &str, &str),
    reply: &Reply<'_>,
    now: UnixMs,
) -> Result<(), StoreError> {
    let shop = context.shop;
    let (comment, ..) = about;
    let Ok(place) = Psid::new(comment.id.as_str()) else { return Ok(()) };
    let private = outbox::Message {
        class: &Class::Private,
        channel: event.channel,
        person: &place,
        content: &reply.content,
        // A broadcast may be over before its turn has come.
        due_at: if comment.live { now } else { turn(sql, now)? },
        expires_at: Some(reply.expires_at),
    };
    let row = outbox::append_numbered(sql, &private, now)?;
    enter(sql, context, event, about, (reply.rule, Some(row)))?;
    let texts = judge::public(shop, reply.rule, &reply.lang);
    // A broadcast is over before anybody reads an answer under it.
    if !texts.is_empty() && !comment.live {
        let fact = format!("public:{}", reply.rule.id);
        let turn: u32 = facts::get(sql, &fact)?.unwrap_or(0);
        facts::set(sql, &fact, &turn.wrapping_add(1))?;
        let nth = usize::try_from(turn).unwrap_or(0).checked_rem(texts.len()).unwrap_or(0);
        if let Some(text) = texts.get(nth) {
            let content = Content::Text { text: text.clone(), quick_replies: Vec::new() };
            let public = outbox::Message { class: &Class::Public, content: &content, ..private };
            outbox::append(sql, &public, now)?;
        }
    }
    let day = shop.today(event.at.min(now)).to_string();
    funnel::add(sql, &day, &source(&reply.rule.id), "", Stage::Comment)?;
    timers::set(sql, Timer::Drain, now.plus(SAFETY_NET_MS))
}

/// A comment is gone: what waits for it does not leave any more.
fn withdraw(sql: &impl Sql, comment: &Comment, now: UnixMs) -> Result<(), StoreError> {
    const WHY: &str = "the comment is gone";
    let Some(row) = comments::waiting(sql, &comment.id)? else { return Ok(()) };
    if outbox::withdraw(sql, row, WHY)? {
        comments::close(sql, row, State::Refused, false, Some(WHY))?;
        counters::add(sql, "private.withdrawn", now)?;
    }
    Ok(())
}

/// Tells the owner that a person has to look: by a message while Meta allows one, else by the
/// webhook. What the comment says does not go along; everybody can read it under the post.
fn call_owner(
    sql: &impl Sql,
    context: Context<'_>,
    event: &Event,
    (comment, post): (&Comment, &str),
    (rule, reason): (&CommentRule, Reason),
    now: UnixMs,
) -> Result<(), StoreError> {
    let shop = context.shop;
    let Ok(place) = Psid::new(comment.id.as_str()) else { return Ok(()) };
    let about = (event.channel, &place);
    let words = lang::language(shop.default_lang()).friends.comment;
    let text = format!("{words} {INBOX}{}", shop.page.id);
    let owner = shop.handoff.notify.as_ref();
    let told = match owner {
        Some(owner) => write_to(sql, owner, &text, about, now)?,
        None => false,
    };
    let hook = shop.handoff.webhook.as_ref().filter(|_| !told).map(|url| {
        let body = json!({
            "v": 1,
            "event": "comment",
            "page": shop.page.id,
            "channel": channel_name(event.channel),
            "comment": comment.id,
            "post": post,
            "rule": rule.id,
            "reason": reason,
            "at": now.rfc3339(),
        });
        Hook::news(url, body.to_string())
    });
    match (
        owner.filter(|owner| !told && home(owner, context.host.shards) != context.host.shard),
        hook,
    ) {
        (Some(owner), hook) => {
            let errand = Errand { owner: owner.clone(), text, hook };
            let body = to_json("calls", &errand)?;
            calls::push(sql, Kind::Notice, about, Some((&String::new(), &body)), now)
        }
        (None, Some(hook)) => push_hook(sql, about, &hook, now),
        (None, None) => Ok(()),
    }
}

/// Whether an answer to a comment may leave now. What must not is settled.
///
/// # Errors
/// [`StoreError`].
pub(super) fn admit(
    sql: &impl Sql,
    claimed: &Claimed,
    now: UnixMs,
) -> Result<Admit<Via>, StoreError> {
    if claimed.class == Class::Public {
        let entry = comments::by_comment(sql, claimed.person.as_str())?;
        let sent = entry.is_some_and(|entry| entry.state == State::Sent);
        let old = claimed.expires_at.is_some_and(|end| end <= now);
        return Ok(if sent && !old {
            Admit::Yes(Via::Public)
        } else {
            Admit::No("the private reply has not left".to_owned())
        });
    }
    if claimed.expires_at.is_some_and(|end| end <= now) {
        const WHY: &str = "the time for private replies has passed";
        comments::close(sql, claimed.id(), State::Refused, false, Some(WHY))?;
        counters::add(sql, "private.late", now)?;
        return Ok(Admit::No(WHY.to_owned()));
    }
    // Turns keep the pace as long as everything leaves in its turn. After a pause it does not.
    const MOST: u32 = limits::PRIVATE_REPLIES_PER_HOUR;
    if let Some(until) = comments::full_until(sql, MOST, now)? {
        comments::shut(sql, until)?;
        return Ok(Admit::Shut);
    }
    comments::note_request(sql, MOST, now)?;
    Ok(Admit::Yes(Via::Private))
}

/// Meta is too slow for private replies: none leaves before `until`. Other messages do.
pub(super) fn slow(sql: &impl Sql, until: UnixMs) -> Result<(), StoreError> {
    comments::shut(sql, until)
}

/// An answer to a comment is settled.
///
/// # Errors
/// [`StoreError`].
pub(super) fn settled(
    sql: &impl Sql,
    claimed: &Claimed,
    settled: Settled,
    reason: Option<&str>,
) -> Result<(), StoreError> {
    let state = match settled {
        _ if claimed.class != Class::Private => return Ok(()),
        Settled::Sent => State::Sent,
        Settled::Refused => State::Refused,
        Settled::Unknown => State::Unknown,
        Settled::Waiting | Settled::Already => return Ok(()),
    };
    comments::close(sql, claimed.id(), state, false, reason)
}

/// Nobody will hear what became of a private reply that was on its way.
///
/// # Errors
/// [`StoreError`].
pub(super) fn lost(sql: &impl Sql, comment: &Psid) -> Result<(), StoreError> {
    comments::lose(sql, comment.as_str())
}

/// What Graph answered to a private reply may say whom it has reached. Follows its settling, in the
/// same breath.
///
/// # Errors
/// [`StoreError`].
pub fn heard(
    sql: &impl Sql,
    context: Context<'_>,
    claimed: &Claimed,
    verdict: Option<&Answered>,
    now: UnixMs,
) -> Result<(), StoreError> {
    match verdict {
        Some(Answered::Sent { recipient: Some(person), .. }) if claimed.class == Class::Private => {
            reached(sql, context, claimed.id(), (claimed.channel, person), now)
        }
        _ => Ok(()),
    }
}

/// Meta says whom a private reply has reached, by its answer or by the echo. Their own Desk expects
/// them; once, however often it is said.
///
/// # Errors
/// [`StoreError`].
pub fn reached(
    sql: &impl Sql,
    context: Context<'_>,
    row: i64,
    who: (Channel, &Psid),
    now: UnixMs,
) -> Result<(), StoreError> {
    sql.transaction(|| {
        let Some(entry) = comments::by_row(sql, row)? else { return Ok(()) };
        // Another Desk's number, in the echo of something else.
        if entry.found || entry.channel != who.0 || entry.state == State::Refused {
            return Ok(());
        }
        if entry.state == State::Unknown {
            counters::add(sql, "private.echoed", now)?;
        }
        comments::close(sql, row, State::Sent, true, None)?;
        let parcel = Parcel::Commented {
            rule: entry.rule,
            post: entry.post,
            commented_at: entry.at,
            at: now,
        };
        parcels::send(sql, context, who, &parcel, now)
    })
}

/// Somebody was written to after a comment: what they write next is an answer to it. Where they have
/// written already, it was.
///
/// # Errors
/// [`StoreError`].
pub(super) fn expect(
    sql: &impl Sql,
    context: Context<'_>,
    (channel, id): (Channel, &Psid),
    (rule, post): (&CommentRuleId, &str),
    (commented_at, at): (UnixMs, UnixMs),
    now: UnixMs,
) -> Result<(), StoreError> {
    let shop = context.shop;
    if deletion::forgotten(sql, context.keys, &shop.page.id, id, commented_at)? {
        return counters::add(sql, "event.before_deletion", now);
    }
    let known: Option<Person> = people::load(sql, channel, id)?;
    let mut person = known.unwrap_or_else(|| Person::new(at));
    let expected = Expected { rule: rule.clone(), post: post.to_owned(), at };
    if person.last_inbound.is_some_and(|last| last > at) {
        let new = person.first_touch.is_none() && person.first_seen >= at;
        note(&mut person, shop, &expected, at);
        let day = shop.today(at).to_string();
        funnel::add(sql, &day, &source(rule), "", Stage::Conversation)?;
        if new {
            funnel::add(sql, &day, &source(rule), "", Stage::New)?;
        }
    } else if person.expected.as_ref().is_none_or(|other| other.at < at) {
        person.expected = Some(expected);
    }
    people::save(sql, channel, id, &person)
}

/// Leaves on a person what answering leaves.
fn note(person: &mut Person, shop: &Shop, expected: &Expected, at: UnixMs) {
    let touch =
        Touch { post: Some(expected.post.clone()), ..Touch::by(source(&expected.rule), at) };
    person.first_touch.get_or_insert_with(|| touch.clone());
    if person.last_touch.as_ref().is_none_or(|last| last.at <= touch.at) {
        person.last_touch = Some(touch);
    }
    if let Some(rule) = shop.comment_rule(&expected.rule) {
        form::leave(person, &rule.also);
    }
}

/// Somebody who was written to after a comment answers, unless something else has brought them just
/// now. `spoke` is when they last did something before it.
pub(super) fn answered<'a>(turn: &mut Turn<'a>, beside: Option<&Referral>, spoke: Option<UnixMs>) {
    let speaks = matches!(turn.inbound, Inbound::Text(_) | Inbound::Wordless(_) | Inbound::Tap(_));
    // A late event of before is no answer.
    let is_answer = |expected: &Expected| {
        (0..ANSWERED_MS).contains(&turn.now.since(expected.at))
            && turn.at >= expected.at.plus(-HOUR)
    };
    if !speaks || beside.is_some() || !turn.person.expected.as_ref().is_some_and(is_answer) {
        return;
    }
    let Some(expected) = turn.person.expected.take() else { return };
    let (shop, at) = (turn.context.shop, turn.at);
    note(&mut turn.person, shop, &expected, at);
    turn.commented = shop.comment_rule(&expected.rule);
    turn.counts.push(format!("arrival.comment.{}", expected.rule));
    arrival::came(turn, source(&expected.rule), spoke.is_none());
}

/// What a rule about comments promises whoever answers: a form, consent.
pub(super) fn promised(turn: &mut Turn<'_>, rule: &CommentRule) -> Option<Vec<Content>> {
    let topic = rule.topic.as_ref().and_then(|id| turn.context.shop.topic(id));
    let mut said: Vec<Content> =
        topic.and_then(|topic| replies::ask_for(turn, topic)).into_iter().collect();
    if let Some(id) = &rule.also.form {
        said.extend(form::open(turn, id));
    }
    (!said.is_empty()).then_some(said)
}
