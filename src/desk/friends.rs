//! Customers bring their friends: a link of one's own, the friend who comes by it, and what that
//! does for whoever gave it.
//!
//! A friend counts who was never here before: who has no row, never asked to be forgotten, and is
//! not the customer. Each counts once, and only so many for one customer in a time. The friend's
//! Desk sends a parcel to the customer's; what it brings is entered there once, however often it
//! comes.

use sha2::{Digest, Sha256};

use super::decide::{Context, Effect, Turn};
use super::form::reminders::until_morning;
use super::person::Person;
use super::precedence::Step;
use super::{layout, replies, sequences};
use crate::entry::friends::{CODE_BYTES, FriendRef, sign};
use crate::entry::links::messenger_link;
use crate::faq::Said;
use crate::meta::event::Channel;
use crate::meta::fit::fit;
use crate::meta::ids::Psid;
use crate::meta::send::Content;
use crate::shop::doors::Friends;
use crate::shop::forms::{Decimal, FieldValue};
use crate::shop::lang;
use crate::shop::model::{Lang, Shop};
use crate::shop::text::{Listener, say};
use crate::store::friends::{self, Credit};
use crate::store::outbox::{self, Class};
use crate::store::timers::{self, Timer};
use crate::store::{Sql, StoreError, channel_name, counters, people};
use crate::time::{DAY, MINUTE, UnixMs};

/// Thanks that could not leave within this time wait until the person writes.
const FRESH_MS: i64 = 10 * MINUTE;

/// Whether the whole message asks for a link.
pub(super) fn asks(shop: &Shop, text: &str) -> bool {
    let Some(friends) = &shop.friends else { return false };
    let said = Said::new(text);
    friends.words.values().flatten().any(|word| said.says(word))
        || shop.languages.iter().any(|lang| said.says_any(&lang::language(lang).friends.share))
}

/// The person's own link, with the words that go with it. The same link whenever they ask. Always
/// to Messenger: a link to Instagram brings nothing along for whoever is there for the first time
/// (Meta, ig.me links, 2026).
pub(super) fn share(turn: &mut Turn<'_>) -> Option<Vec<Content>> {
    let shop = turn.context.shop;
    let friends = shop.friends.as_ref()?;
    let code = turn.person.friend_code.clone().unwrap_or_else(|| new_code(turn));
    let ref_ = sign(turn.context.keys, &shop.page.id, &code, layout::number(turn.id))?;
    turn.person.friend_code = Some(code.clone());
    turn.effects.push(Effect::Share { code });
    turn.counts.push("friends.shared".to_owned());
    let own = shop.pick(&friends.text, &turn.lang);
    let words = own.unwrap_or_else(|| lang::language(&turn.lang).friends.link);
    let words = replies::fill(turn, words, None);
    let link = messenger_link(&shop.page.username, &ref_);
    Some(vec![replies::bubble(format!("{words}\n{link}"), Vec::new())])
}

/// A code of chance, another one for each person of the same call.
fn new_code(turn: &Turn<'_>) -> String {
    let about = format!("friend:{}:{}:{}", turn.context.shop.page.id, turn.id, turn.at.get());
    let digest = Sha256::new_with_prefix(turn.context.host.seed).chain_update(about).finalize();
    hex::encode(digest.get(..CODE_BYTES).unwrap_or_default())
}

/// Somebody comes by a friend's link. `false` when they get the plain welcome, because they were
/// here before. `spoke` is when they last did something before it.
pub(super) fn brings(turn: &mut Turn<'_>, friend: FriendRef, spoke: Option<UnixMs>) -> bool {
    let own = turn.person.friend_code.as_ref() == Some(&friend.code);
    // Whoever was only written to after a comment has not been here.
    let known =
        spoke.is_some() || (turn.person.first_seen < turn.at && turn.person.expected.is_none());
    if own || known {
        turn.counts.push(format!("friends.{}", if own { "own" } else { "known" }));
        return false;
    }
    turn.effects.push(Effect::Brought(friend));
    true
}

/// A friend came by the link with this code: credits whoever gave it. Everything is written in the
/// caller's transaction.
///
/// # Errors
/// [`StoreError`].
pub fn credit(
    sql: &impl Sql,
    context: Context<'_>,
    (code, friend): (&str, &str),
    at: UnixMs,
    now: UnixMs,
) -> Result<(), StoreError> {
    let counted = |what: &str| counters::add(sql, &format!("friends.{what}"), now);
    let shop = context.shop;
    let Some(rules) = &shop.friends else { return counted("off") };
    // Nobody with this code: they were forgotten.
    let Some((channel, person)) = friends::sharer(sql, code)? else { return counted("gone") };
    if context.keys.friend(&shop.page.id, channel_name(channel), &person) == friend {
        return counted("own");
    }
    let known: Option<Person> = people::load(sql, channel, &person)?;
    let Some(mut known) = known else { return counted("gone") };
    let since = at.plus(i64::from(rules.per_days).saturating_mul(DAY).saturating_neg());
    let who = (channel, &person);
    match friends::credit(sql, who, friend, (rules.most, since), at)? {
        Credit::Known => return counted("again"),
        Credit::Capped => return counted("capped"),
        Credit::Counts => counted("credited")?,
    }
    let had = known.tags.clone();
    known.tags.extend(rules.thanks_tags.iter().cloned());
    if let Some(field) = &rules.counted_in {
        let before = match known.fields.get(field) {
            Some(FieldValue::Number(number)) => number.thousandths,
            _ => 0,
        };
        let thousandths = before.saturating_add(Decimal::whole(1).thousandths);
        known.fields.insert(field.clone(), FieldValue::Number(Decimal { thousandths }));
    }
    sequences::begin_by_tags(sql, shop, who, (&had, &known.tags), now)?;
    if !thank(sql, shop, rules, who, &known, now)? {
        known.friends_untold = known.friends_untold.saturating_add(1);
    }
    people::save(sql, channel, &person, &known)
}

/// Thanks inside the window, by day, when nobody talks and they have not said STOP since they last
/// wrote. `false` when that has to wait until they write.
fn thank(
    sql: &impl Sql,
    shop: &Shop,
    rules: &Friends,
    (channel, id): (Channel, &Psid),
    person: &Person,
    now: UnixMs,
) -> Result<bool, StoreError> {
    let silent = match channel {
        Channel::Messenger => !shop.assistant.messenger,
        Channel::Instagram => !shop.assistant.instagram,
    };
    let stopped = person.stopped_at.is_some_and(|stopped| Some(stopped) >= person.last_inbound);
    let open = person.window_open(now.plus(FRESH_MS));
    if silent || stopped || !open || person.paused(now) || until_morning(shop, now).is_some() {
        return Ok(false);
    }
    let words = thanks(shop, rules, person.lang(shop));
    let listener = Listener {
        first_name: person.first_name.as_deref(),
        full_name: person.full_name.as_deref(),
        ..Listener::default()
    };
    let text = say(shop, person.lang(shop), words, &listener, now);
    for bubble in fit(replies::bubble(text, Vec::new()), channel) {
        let message = outbox::Message {
            class: &Class::Reminder,
            channel,
            person: id,
            content: &bubble,
            due_at: now,
            expires_at: Some(now.plus(FRESH_MS)),
        };
        outbox::append(sql, &message, now)?;
    }
    timers::set(sql, Timer::Drain, now)?;
    Ok(true)
}

fn thanks<'a>(shop: &'a Shop, rules: &'a Friends, lang: &Lang) -> &'a str {
    shop.pick(&rules.thanks, lang).unwrap_or_else(|| lang::language(lang).friends.thanks)
}

/// Says what could not be said when a friend came, behind an answer that a person would not mind it
/// behind.
pub(super) fn tell_held(turn: &mut Turn<'_>, by: Step, bubbles: &mut Vec<Content>) {
    if turn.person.friends_untold == 0 || bubbles.is_empty() || !by.is_at_ease() {
        return;
    }
    turn.person.friends_untold = 0;
    let Some(rules) = &turn.context.shop.friends else { return };
    let words = thanks(turn.context.shop, rules, &turn.lang);
    let said = replies::bubble(replies::fill(turn, words, None), Vec::new());
    // Taps only show under what comes last.
    bubbles.insert(0, said);
}
