//! The delivery ladder: which transport may carry a notification to one person now, by which
//! rule of Meta's, or why it is held.
//!
//! In the window (free), then a legacy recurring notification where Meta still takes them, then
//! hold. The same function runs when a notification is planned and again when its row is
//! claimed: what was legal at nine may not be at ten.

use crate::desk::person::Person;
use crate::meta::policy::{self, Case, Forbidden, Purpose, Rule, Transport, Why};
use crate::shop::lang::language;
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
            Self::Withdrawn => texts.withdrawn.to_owned(),
            Self::TooLate => texts.too_late.to_owned(),
        }
    }

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
