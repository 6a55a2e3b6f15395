//! The delivery ladder: which transport may carry a notification to one person now, by which
//! rule of Meta's, or why it is held.
//!
//! In the window (free), then a legacy recurring notification where Meta still takes them, then
//! hold. The same function runs when a notification is planned and again when its row is
//! claimed: what was legal at nine may not be at ten.

use std::fmt;

use crate::desk::person::Person;
use crate::meta::policy::{self, Case, Forbidden, Purpose, Rule, Transport, Why};
use crate::shop::model::{Promise, Shop};
use crate::store::consents::{Consent, Status};
use crate::time::UnixMs;

/// A legal way.
#[derive(Clone, Copy, Debug)]
pub struct Way {
    /// By which transport.
    pub transport: Transport,
    /// By which rule.
    pub rule: &'static Rule,
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
    /// It is not in shop.toml any more.
    Withdrawn,
    /// It waited for so long that it would help nobody.
    TooLate,
}

impl Hold {
    /// A short name, for counting and for the ledger.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NoConsent => "no_consent",
            Self::PersonTalking => "person_talking",
            Self::Promise(_) => "promise",
            Self::TokenExpired => "token_expired",
            Self::NotBefore(_) => "not_before",
            Self::Forbidden(_) => "forbidden",
            Self::NoToken => "no_token",
            Self::NoText => "no_text",
            Self::Withdrawn => "withdrawn",
            Self::TooLate => "too_late",
        }
    }
}

impl fmt::Display for Hold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoConsent => f.write_str("no live consent to this topic"),
            Self::PersonTalking => f.write_str("a person is talking in this thread"),
            Self::Promise(Promise::Daily) => f.write_str("the topic promised at most one a day"),
            Self::Promise(Promise::Weekly) => f.write_str("the topic promised at most one a week"),
            Self::Promise(Promise::Monthly) => {
                f.write_str("the topic promised at most one a month")
            }
            Self::TokenExpired => {
                f.write_str("the 24-hour window is closed and the token has ended")
            }
            // Without the moment: people are counted by this text.
            Self::NotBefore(_) => {
                f.write_str("the 24-hour window is closed and Meta does not take the next one yet")
            }
            Self::Forbidden(Forbidden { rule, why }) => {
                let says = rule.map_or("no rule of Meta's allows another way.", |rule| rule.says);
                let why = match why {
                    Why::Day => "not on this day",
                    Why::Channel => "not on this channel",
                    Why::Purpose => "not for news and offers",
                    Why::CountryUnknown => "shop.toml names no country",
                    Why::Country => "not in this country",
                    Why::Integration => "only for apps that did so before",
                };
                write!(
                    f,
                    "the 24-hour window is closed, and recurring notifications are: {why}. {says}"
                )
            }
            Self::NoToken => f.write_str("the 24-hour window is closed and Meta gave no token"),
            Self::NoText => f.write_str("the notification has no words"),
            Self::Withdrawn => f.write_str("the notification is not in shop.toml any more"),
            Self::TooLate => f.write_str("it could not leave in time"),
        }
    }
}

/// Climbs the ladder for one person.
///
/// # Errors
/// [`Hold`] when nothing may leave.
pub fn climb(
    shop: &Shop,
    person: &Person,
    consent: Option<&Consent>,
    now: UnixMs,
) -> Result<Way, Hold> {
    let consent = consent.filter(|c| c.status == Status::Active).ok_or(Hold::NoConsent)?;
    if person.stopped_at.is_some_and(|stopped| stopped >= consent.granted_at) {
        return Err(Hold::NoConsent);
    }
    if person.paused(now) {
        return Err(Hold::PersonTalking);
    }
    let case = Case {
        channel: consent.channel,
        country: shop.meta.country,
        day: now.utc_date(),
        recurring_since: shop.meta.recurring_since,
        purpose: Purpose::Promotion,
    };
    if person.window_open(now)
        && let Ok(rule) = policy::permits(Transport::InWindow, &case)
    {
        return Ok(Way { transport: Transport::InWindow, rule });
    }
    let rule = policy::permits(Transport::LegacyRecurring, &case).map_err(Hold::Forbidden)?;
    if consent.token.is_none() {
        return Err(Hold::NoToken);
    }
    if consent.expires_at.is_some_and(|end| end <= now) {
        return Err(Hold::TokenExpired);
    }
    match consent.next_eligible_at {
        Some(at) if at > now => Err(Hold::NotBefore(at)),
        _ => Ok(Way { transport: Transport::LegacyRecurring, rule }),
    }
}
