//! Coupons: who gets a code, what is said of it, and what redeeming it does.
//!
//! A code is given by a poster's arrival, a topic's opt-in, an answer, the end of a form, or a message
//! that is sent; each of them is an *occasion*. The same occasion gives the same person the same code
//! again; another one a new code, up to the coupon's limit for each person.
//!
//! The Page's registrar (its first Desk) has every code of the Page ([`store::coupons`]), because the
//! limit over all is kept there and a till asks nobody else. It enters a code in the transaction that
//! gives it. Another Desk puts up an order, in the transaction of the event, and says the code once
//! the registrar has entered it ([`giving`]). The code is the order's name: asked for twice, it is
//! entered once.
//!
//! - This file: what a conversation gives; pure. [`giving`]: codes into and out of the tables.
//! - [`redeeming`]: at the till. [`tills`]: who they are, and how often they may be wrong.
//! - [`act`]: what is asked of a registrar from outside.
//!
//! [`store::coupons`]: crate::store::coupons

pub mod act;
pub mod giving;
pub mod redeeming;
pub mod tills;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::decide::{Effect, Turn};
use super::layout::REGISTRAR;
use super::{arrival, replies};
use crate::meta::event::Channel;
use crate::meta::ids::{CouponId, Psid, TopicId};
use crate::meta::send::Content;
use crate::shop::coupon_codes::CouponCode;
use crate::shop::coupons::{self, Coupon, Slip};
use crate::shop::lang::language;
use crate::shop::model::{Lang, Shop};
use crate::store::coupons::New;
use crate::time::UnixMs;

/// A code that somebody has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// Which.
    pub code: CouponCode,
    /// What it was given for.
    pub occasion: String,
    /// When.
    pub at: UnixMs,
    /// From then on it is not taken any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<UnixMs>,
    /// When they redeemed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redeemed_at: Option<UnixMs>,
}

impl Held {
    /// Whether a till would still take it.
    #[must_use]
    pub fn is_good(&self, now: UnixMs) -> bool {
        self.redeemed_at.is_none() && self.until.is_none_or(|until| now < until)
    }
}

/// A code on its way to somebody, and what for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gift {
    /// The code.
    pub new: New,
    /// What it is given for.
    pub occasion: String,
}

/// What somebody gets who asks for a coupon.
enum May<'p> {
    /// What they have got already.
    Again(&'p Held),
    /// A new one, unless all are given.
    New,
    /// None.
    No,
}

fn may<'p>(shop: &Shop, coupon: &Coupon, held: &'p [Held], occasion: &str, now: UnixMs) -> May<'p> {
    let newest = |wanted: &dyn Fn(&&Held) -> bool| held.iter().rev().find(wanted);
    if let Some(same) = newest(&|held| held.occasion == occasion && held.is_good(now)) {
        return May::Again(same);
    }
    let full = held.len() >= usize::from(coupon.per_person);
    if !full && coupon.in_season(shop.today(now)) {
        return May::New;
    }
    // Whoever has as many as they may have is told what they can still use, or have used.
    match newest(&|held| held.is_good(now)).or_else(|| newest(&|held| held.redeemed_at.is_some())) {
        Some(held) => May::Again(held),
        None => May::No,
    }
}

/// A code that nobody can guess: from random bits, and another one for each coupon, person and
/// moment that the same bits are used for.
fn code_of(seed: [u8; 16], about: &[&str]) -> CouponCode {
    let hash = Sha256::new_with_prefix(seed).chain_update("coupon");
    let hash = about.iter().fold(hash, |hash, part| hash.chain_update([0]).chain_update(part));
    let mut bits = [0; 16];
    for (to, from) in bits.iter_mut().zip(hash.finalize()) {
        *to = from;
    }
    CouponCode::made(bits)
}

/// A new code for somebody.
fn new_of(
    shop: &Shop,
    coupon: &Coupon,
    seed: [u8; 16],
    (channel, person): (Channel, &Psid),
    (source, topic): (String, Option<&TopicId>),
    (occasion, now): (&str, UnixMs),
) -> New {
    let at = now.get().to_string();
    let channel = crate::store::channel_name(channel);
    let about =
        [shop.page.id.as_str(), coupon.id.as_str(), channel, person.as_str(), occasion, &at];
    New {
        coupon: coupon.id.clone(),
        code: code_of(seed, &about),
        source,
        topic: topic.map(|topic| topic.as_str().to_owned()).unwrap_or_default(),
        at: now,
        until: coupon.ends(shop, now),
    }
}

/// Gives the person of this turn a coupon for an occasion, and what is said of it.
pub(super) fn give(
    turn: &mut Turn<'_>,
    id: &CouponId,
    occasion: &str,
    topic: Option<&TopicId>,
) -> Vec<Content> {
    let shop = turn.context.shop;
    let Some(coupon) = shop.coupon(id) else { return Vec::new() };
    let held = turn.person.coupons.get(id).map(Vec::as_slice).unwrap_or_default();
    let held = match may(shop, coupon, held, occasion, turn.now) {
        May::Again(held) => held.clone(),
        May::No => return gone(turn, id),
        May::New => {
            let source = arrival::credited(turn.context, &turn.person, None, turn.at);
            let who = (turn.channel, turn.id);
            let what = (occasion, turn.now);
            let seed = turn.context.host.seed;
            let new = new_of(shop, coupon, seed, who, (source, topic), what);
            let here = turn.context.host.shard == REGISTRAR;
            if here && !is_left(turn, coupon) {
                return gone(turn, id);
            }
            let held = Held {
                code: new.code.clone(),
                occasion: occasion.to_owned(),
                at: new.at,
                until: new.until,
                redeemed_at: None,
            };
            let gift = Gift { new, occasion: occasion.to_owned() };
            turn.effects.push(Effect::Coupon(Box::new(gift)));
            if !here {
                // It is said once the registrar has entered it.
                return Vec::new();
            }
            turn.person.coupons.entry(id.clone()).or_default().push(held.clone());
            held
        }
    };
    let slip =
        Slip { code: &held.code, until: held.until, public_url: turn.context.host.public_url };
    let template = coupons::template(shop, &turn.lang, coupon, slip);
    let spoken = coupons::spoken(shop, &turn.lang, slip);
    replies::spoken_of(turn, &template, &spoken)
}

/// Whether a code may still be given, as the transaction sees it that decides.
fn is_left(turn: &Turn<'_>, coupon: &Coupon) -> bool {
    let Some(total) = coupon.total else { return true };
    let issued = turn.context.coupons.iter().find(|issued| issued.coupon == coupon.id);
    let issued = issued.map_or(0, |issued| issued.issued);
    let now = turn
        .effects
        .iter()
        .filter(|effect| matches!(effect, Effect::Coupon(gift) if gift.new.coupon == coupon.id));
    let now = i64::try_from(now.count()).unwrap_or(i64::MAX);
    issued.saturating_add(now) < i64::from(total)
}

fn gone(turn: &mut Turn<'_>, id: &CouponId) -> Vec<Content> {
    turn.counts.push(format!("coupon.{id}.gone"));
    vec![replies::bubble(language(&turn.lang).coupons.gone.to_owned(), Vec::new())]
}

/// What is said of a code in a message of its own.
fn message(shop: &Shop, lang: &Lang, coupon: &Coupon, slip: Slip<'_>, now: UnixMs) -> Vec<Content> {
    let template = coupons::template(shop, lang, coupon, slip);
    let spoken = coupons::spoken(shop, lang, slip);
    let listener = spoken.into_listener(crate::shop::text::Listener::default());
    crate::shop::text::bubbles(&template)
        .into_iter()
        .map(|template| crate::shop::text::say(shop, lang, template, &listener, now))
        .filter(|text| !text.trim().is_empty())
        .map(|text| replies::bubble(text, Vec::new()))
        .collect()
}
