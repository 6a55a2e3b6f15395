//! The delivery ladder: which transport may carry a notification to one person at a moment, by
//! which rule of Meta's, or why it is held.
//!
//! In the window (free), then a legacy recurring notification where Meta still takes them, then
//! hold. The same function runs when a notification is planned, in `shopbell plan`, and again when
//! its row is claimed: what was legal at nine may not be at ten.

use jiff::civil::Date;

use super::recipient::Recipient;
use super::rungs::{Price, RUNGS};
use super::schedule;
use crate::meta::event::Channel;
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
}

impl Hold {
    /// Why, in the owner's language.
    #[must_use]
    pub fn says(&self, shop: &Shop) -> String {
        let texts = &language(shop.default_lang()).holds;
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
            Self::Forbidden(Forbidden { why, .. }) => closed(match why {
                Why::Day => texts.wrong_day,
                Why::Channel => texts.wrong_channel,
                Why::Purpose => texts.wrong_purpose,
                Why::CountryUnknown => texts.country_unknown,
                Why::Country => texts.wrong_country,
                Why::Integration => texts.too_new,
            }),
            Self::NoToken => closed(texts.no_token),
            Self::NoText => texts.no_text.to_owned(),
            Self::TooLong => texts.too_long.to_owned(),
            Self::NotForThem => texts.not_for_them.to_owned(),
            Self::SequenceOver => texts.sequence_over.to_owned(),
            Self::Withdrawn => texts.withdrawn.to_owned(),
            Self::TooLate => texts.too_late.to_owned(),
        }
    }

    /// When it may be asked again, if time alone lifts it.
    #[must_use]
    pub const fn until(&self) -> Option<UnixMs> {
        match self {
            Self::Quiet(at) | Self::NotBefore(at) => Some(*at),
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
            Self::NoText => "no_text",
            Self::TooLong => "too_long",
            Self::NotForThem => "not_for_them",
            Self::SequenceOver => "sequence_over",
            Self::Withdrawn => "withdrawn",
            Self::TooLate => "too_late",
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
    climb(shop, to, at)
}

/// Tries one rung after the other. Of several that are closed the last says why: what comes
/// before it is free and was not to be had.
fn climb(shop: &Shop, to: &Recipient, at: UnixMs) -> Result<Way, Hold> {
    let case = Case {
        channel: to.channel,
        country: to.country(shop),
        day: at.utc_date(),
        recurring_since: shop.meta.recurring_since,
        purpose: Purpose::Promotion,
    };
    let mut held = Hold::WindowClosed;
    for rung in RUNGS {
        let permitted = policy::permits(rung.transport(), &case).map_err(Hold::Forbidden);
        let carried = permitted.and_then(|rule| rung.carry(to, at).map(|()| rule));
        match carried {
            Ok(rule) => {
                return Ok(Way { transport: rung.transport(), rule, price: rung.price() });
            }
            Err(hold) => held = hold,
        }
    }
    Err(held)
}

/// The rules by which notifications of this shop may leave on `day`: on Messenger, to people where
/// the shop says that they are.
#[must_use]
pub fn relied_on(shop: &Shop, day: Date) -> Vec<&'static Rule> {
    let case = Case {
        channel: Channel::Messenger,
        country: shop.meta.country,
        day,
        recurring_since: shop.meta.recurring_since,
        purpose: Purpose::Promotion,
    };
    RUNGS.iter().filter_map(|rung| policy::permits(rung.transport(), &case).ok()).collect()
}
