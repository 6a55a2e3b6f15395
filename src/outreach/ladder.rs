//! The delivery ladder: which transport may carry a notification to one person at a moment, by
//! which rule of Meta's, or why it is held.
//!
//! In the window (free), then a legacy recurring notification where Meta still takes them, then a
//! paid marketing message where the shop pays for them; what somebody is waiting for also by a
//! utility template; then hold. The same function runs when a notification is planned, in `shopbell plan`, and again when
//! its row is claimed: what was legal at nine may not be at ten.

use jiff::civil::Date;

use super::recipient::{Reach, Recipient};
use super::rungs::{Price, RUNGS};
use super::schedule;
use crate::meta::event::Channel;
use crate::meta::ids::Country;
use crate::meta::policy::{self, Case, Forbidden, Purpose, Rule, Transport, Why};
use crate::shop::lang::language;
use crate::shop::model::{Promise, Shop};
use crate::time::UnixMs;

/// A legal way.
#[derive(Clone, Copy, Debug)]
pub struct Way {
    /// By which transport.
    pub transport: Transport,
    /// By which rule.
    pub rule: &'static Rule,
    /// What it costs.
    pub price: Price,
}

/// Why a notification does not leave.
#[derive(Clone, Debug)]
pub enum Hold {
    /// There is no live consent to the topic.
    NoConsent,
    /// A person is talking in this thread.
    PersonTalking,
    /// The topic was sent too short a time ago for what it promised.
    Promise(Promise),
    /// So many were sent on this day already, over all topics.
    DayFull,
    /// The recipient's night lasts until then.
    Quiet(UnixMs),
    /// The window is closed. Only said while a further rung may be tried.
    WindowClosed,
    /// The token has ended.
    TokenExpired,
    /// Meta takes the next one for this token from then on.
    NotBefore(UnixMs),
    /// The window is closed, and no other transport is allowed: the rung tried last says why.
    Forbidden(Forbidden),
    /// The window is closed, and Meta gave no token to send with.
    NoToken,
    /// Nobody has proved that paid messages may be sent.
    PaidOff,
    /// Paid messages wait until then: their campaign is not warm, or Meta has paused them.
    PaidWaits(UnixMs),
    /// The cap of the day is reached; the next day begins then.
    CapReached(UnixMs),
    /// Meta has not approved the template in their language.
    NoTemplate,
    /// It brings a coupon, and none is left for them.
    NoCoupon,
    /// The notification has no words in any language.
    NoText,
    /// They do not fit into one message.
    TooLong,
    /// They have left the segment that it is for.
    NotForThem,
    /// It is a step of a sequence that has ended for them.
    SequenceOver,
    /// It is not in shop.toml any more.
    Withdrawn,
    /// It waited for so long that it would help nobody.
    TooLate,
    /// What the tables hold of them is damaged.
    Unreadable,
}

impl Hold {
    /// Why, in the owner's language.
    #[must_use]
    pub fn says(&self, shop: &Shop) -> String {
        let texts = &language(shop.default_lang()).holds;
        let paid = &language(shop.default_lang()).paid;
        let closed = |why: &str| format!("{} {why}", texts.window_closed);
        match self {
            Self::NoConsent => texts.no_consent.to_owned(),
            Self::PersonTalking => texts.person_talking.to_owned(),
            Self::Promise(Promise::Daily) => texts.daily.to_owned(),
            Self::Promise(Promise::Weekly) => texts.weekly.to_owned(),
            Self::Promise(Promise::Monthly) => texts.monthly.to_owned(),
            Self::Promise(Promise::Dates) => texts.dates.to_owned(),
            Self::DayFull => texts.day_full.to_owned(),
            Self::Quiet(_) => texts.quiet.to_owned(),
            Self::WindowClosed => texts.window_closed.to_owned(),
            Self::TokenExpired => closed(texts.token_ended),
            Self::NotBefore(_) => closed(texts.not_before),
            Self::Forbidden(Forbidden { why, rule }) => closed(match why {
                Why::Country if is_paid(*rule) => paid.country,
                Why::CountryUnknown if is_paid(*rule) => paid.unknown,
                Why::Business => paid.business,
                Why::Day => texts.wrong_day,
                Why::Channel => texts.wrong_channel,
                Why::Purpose => texts.wrong_purpose,
                Why::CountryUnknown => texts.country_unknown,
                Why::Country => texts.wrong_country,
                Why::Integration => texts.too_new,
            }),
            Self::NoToken => closed(texts.no_token),
            Self::PaidOff => closed(paid.off),
            Self::PaidWaits(_) => closed(paid.waits),
            Self::CapReached(_) => closed(paid.cap),
            Self::NoTemplate => closed(paid.no_template),
            Self::NoCoupon => language(shop.default_lang()).coupons.held.to_owned(),
            Self::NoText => texts.no_text.to_owned(),
            Self::TooLong => texts.too_long.to_owned(),
            Self::NotForThem => texts.not_for_them.to_owned(),
            Self::SequenceOver => texts.sequence_over.to_owned(),
            Self::Withdrawn => texts.withdrawn.to_owned(),
            Self::TooLate => texts.too_late.to_owned(),
            Self::Unreadable => texts.unreadable.to_owned(),
        }
    }

    /// When it may be asked again, if time alone lifts it.
    #[must_use]
    pub const fn until(&self) -> Option<UnixMs> {
        match self {
            Self::Quiet(at) | Self::NotBefore(at) | Self::PaidWaits(at) | Self::CapReached(at) => {
                Some(*at)
            }
            _ => None,
        }
    }

    /// The rule of Meta's that stands in the way, if one does.
    #[must_use]
    pub const fn rule(&self) -> Option<&'static Rule> {
        match self {
            Self::Forbidden(Forbidden { rule, .. }) => *rule,
            _ => None,
        }
    }

    /// A short name, for counting and for the ledger.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NoConsent => "no_consent",
            Self::PersonTalking => "person_talking",
            Self::Promise(_) => "promise",
            Self::DayFull => "day_full",
            Self::Quiet(_) => "quiet_hours",
            Self::WindowClosed => "window_closed",
            Self::TokenExpired => "token_expired",
            Self::NotBefore(_) => "not_before",
            Self::Forbidden(_) => "forbidden",
            Self::NoToken => "no_token",
            Self::PaidOff => "paid_off",
            Self::PaidWaits(_) => "paid_waits",
            Self::CapReached(_) => "cap_reached",
            Self::NoTemplate => "no_template",
            Self::NoCoupon => "no_coupon",
            Self::NoText => "no_text",
            Self::TooLong => "too_long",
            Self::NotForThem => "not_for_them",
            Self::SequenceOver => "sequence_over",
            Self::Withdrawn => "withdrawn",
            Self::TooLate => "too_late",
            Self::Unreadable => "unreadable",
        }
    }
}

/// The earliest moment from `from` on, and before `deadline`, at which a notification that was due
/// at `due` may leave, and by which way.
///
/// # Errors
/// [`Hold`] when nothing may leave in that time.
pub fn earliest(
    shop: &Shop,
    to: &Recipient,
    due: UnixMs,
    from: UnixMs,
    deadline: UnixMs,
) -> Result<(UnixMs, Way), Hold> {
    // The night, a token's rest, and the night again: each of them ends once before the deadline.
    const WAITS: u32 = 4;
    let mut at = from;
    for _ in 0..WAITS {
        match at_moment(shop, to, due, at) {
            Ok(way) => return Ok((at, way)),
            Err(hold) => match hold.until().filter(|next| at < *next && *next < deadline) {
                Some(next) => at = next,
                None => return Err(hold),
            },
        }
    }
    Err(Hold::TooLate)
}

/// Whether a notification that was due at `due` may leave at `at`.
fn at_moment(shop: &Shop, to: &Recipient, due: UnixMs, at: UnixMs) -> Result<Way, Hold> {
    if !to.active || to.stopped_at.is_some_and(|stopped| stopped >= to.granted_at) {
        return Err(Hold::NoConsent);
    }
    if to.paused_until.is_some_and(|until| at < until) {
        return Err(Hold::PersonTalking);
    }
    let zone = to.zone(shop);
    let topic = shop.topic(&to.topic).ok_or(Hold::NoConsent)?;
    let promise = topic.promise;
    if promise == Promise::Dates {
        // By the shop's clock or by theirs: what the owner calls the first of December.
        let date = |zone| due.timestamp().to_zoned(zone).date();
        if ![date(shop.zone()), date(zone.clone())].iter().any(|day| topic.dates.contains(day)) {
            return Err(Hold::Promise(promise));
        }
    }
    for last in [to.last_sent_at, to.reserved_at] {
        if !schedule::keeps(promise, last, due, &zone) {
            return Err(Hold::Promise(promise));
        }
    }
    let day = |at: UnixMs| at.timestamp().to_zoned(zone.clone()).date();
    let today = to.others.iter().filter(|other| day(**other) == day(due)).count();
    if today >= usize::from(shop.sending.most_per_day) {
        return Err(Hold::DayFull);
    }
    if let Some(end) = shop.sending.quiet.and_then(|quiet| schedule::quiet_until(quiet, &zone, at))
    {
        return Err(Hold::Quiet(end));
    }
    climb(shop, &to.reach(shop), Purpose::Promotion, at)
}

/// The way for something that somebody is waiting for, at `at`.
///
/// # Errors
/// [`Hold`]: why there is none.
pub fn transactional(shop: &Shop, to: &Reach, at: UnixMs) -> Result<Way, Hold> {
    climb(shop, to, Purpose::Transaction, at)
}

/// Tries one rung after the other. Of several that are closed one that time alone opens says why,
/// and otherwise the last: what comes before it is free and was not to be had.
fn climb(shop: &Shop, to: &Reach, purpose: Purpose, at: UnixMs) -> Result<Way, Hold> {
    let case = case_of(shop, to.channel, to.country, at.utc_date(), purpose);
    let mut held = Hold::WindowClosed;
    for rung in RUNGS.iter().filter(|rung| rung.in_play(shop, purpose)) {
        let permitted = policy::permits(rung.transport(), &case).map_err(Hold::Forbidden);
        let carried = permitted.and_then(|rule| rung.carry(to, at).map(|()| rule));
        match carried {
            Ok(rule) => {
                return Ok(Way { transport: rung.transport(), rule, price: rung.price() });
            }
            Err(hold) if held.until().is_none() || hold.until().is_some() => held = hold,
            Err(_) => {}
        }
    }
    Err(held)
}

/// The rules by which notifications of this shop may leave on `day`: on Messenger, to people where
/// the shop says that they are.
#[must_use]
pub fn relied_on(shop: &Shop, day: Date) -> Vec<&'static Rule> {
    let of = |purpose| {
        let case = case_of(shop, Channel::Messenger, shop.meta.country, day, purpose);
        let rungs = RUNGS.iter().filter(move |rung| rung.in_play(shop, purpose));
        rungs.filter_map(move |rung| policy::permits(rung.transport(), &case).ok())
    };
    let notices = (!shop.templates.is_empty()).then(|| of(Purpose::Transaction));
    let mut rules: Vec<&'static Rule> = of(Purpose::Promotion).collect();
    rules
        .extend(notices.into_iter().flatten().filter(|rule| rule.transport != Transport::InWindow));
    rules
}

fn case_of(
    shop: &Shop,
    channel: Channel,
    country: Option<Country>,
    day: Date,
    purpose: Purpose,
) -> Case {
    Case {
        channel,
        country,
        business: shop.marketing.as_ref().map(|marketing| marketing.country),
        day,
        recurring_since: shop.meta.recurring_since,
        purpose,
    }
}

fn is_paid(rule: Option<&Rule>) -> bool {
    rule.is_some_and(|rule| rule.transport == Transport::PaidMarketing)
}
