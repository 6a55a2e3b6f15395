//! Meta's rules on what may be sent how, to whom, and when: dated data, and the questions asked of
//! it.
//!
//! - `rules`: which transport is open on which day, where, for what.
//! - `windows`: how long a person's doing lets us write, and how far notifications lie apart.
//! - `disclosure`: where an assistant has to say that it is one.
//! - `areas`: which countries the rules mean.
//!
//! A rule that is not here does not permit anything: what no rule of the day allows is forbidden.
//! A country that is not known is never guessed; where a rule turns on it, the answer is no.

mod areas;
mod disclosure;
mod rules;
#[cfg(test)]
mod tests;
mod windows;

use jiff::ToSpan;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::event::Channel;
use super::ids::Country;

pub use areas::{Areas, EU_MEMBERS};
pub use disclosure::{DISCLOSURES, Disclosure, disclosure_required};
pub use rules::{GRAPH_VERSIONS, GraphVersion, RULES};
pub use windows::{COOLDOWNS, Cooldown, Opener, WINDOWS, Window, cooldown, window_after};

/// A way to reach a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Transport {
    /// Inside the standard messaging window.
    InWindow,
    /// By a person, up to seven days after the person's last message (tag HUMAN_AGENT).
    HumanAgent,
    /// With one of the message tags CONFIRMED_EVENT_UPDATE, ACCOUNT_UPDATE, POST_PURCHASE_UPDATE.
    UpdateTag,
    /// Recurring notifications, by token, as they were before 2026.
    LegacyRecurring,
    /// The paid Marketing Message API, by the same token.
    PaidMarketing,
    /// A utility template.
    UtilityTemplate,
}

/// What a message is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// An answer, or what follows from one.
    Answer,
    /// News, offers, whatever somebody opted in to.
    Promotion,
    /// An order, an appointment, an account: something the person is waiting for.
    Transaction,
    /// Text typed by a person.
    Human,
}

/// Whether a rule opens or closes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Sending is open to those the rule describes.
    Allow,
    /// Sending is closed to them, whatever another rule allows.
    Forbid,
}

/// One rule of Meta's.
#[derive(Debug)]
pub struct Rule {
    /// Its name in this table.
    pub id: &'static str,
    /// What it is about.
    pub transport: Transport,
    /// Opens or closes.
    pub effect: Effect,
    /// Where the recipients are.
    pub areas: Areas,
    /// Where the business is.
    pub businesses: Areas,
    /// On which channels.
    pub channels: &'static [Channel],
    /// For what.
    pub purposes: &'static [Purpose],
    /// Only for integrations that existed before this day.
    pub integrated_before: Option<Date>,
    /// Its first day.
    pub valid_from: Date,
    /// Its last day; none: until Meta says otherwise.
    pub valid_to: Option<Date>,
    /// Where Meta says it.
    pub source: &'static str,
    /// The day of that source.
    pub source_date: Date,
    /// For the owner.
    pub says: &'static str,
}

impl Rule {
    /// Whether it holds on `day`.
    #[must_use]
    pub fn in_force(&self, day: Date) -> bool {
        self.valid_from <= day && self.valid_to.is_none_or(|last| day <= last)
    }
}

/// What is to be sent.
#[derive(Clone, Copy, Debug)]
pub struct Case {
    /// Messenger or Instagram.
    pub channel: Channel,
    /// Where the recipient is, as declared; none: not known.
    pub country: Option<Country>,
    /// Where the business is, as declared; none: not known.
    pub business: Option<Country>,
    /// The day it is sent, UTC.
    pub day: Date,
    /// Since when this app has sent recurring notifications; none: it never has.
    pub recurring_since: Option<Date>,
    /// What it is for.
    pub purpose: Purpose,
}

/// Why a transport is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// Not on this day: ended, or not begun.
    Day,
    /// Not on this channel.
    Channel,
    /// Not for this purpose.
    Purpose,
    /// The rule turns on the country, and the country is not known.
    CountryUnknown,
    /// Not in this country.
    Country,
    /// The rule turns on where the business is, and that is not known, or it is not served there.
    Business,
    /// Only for integrations older than this one.
    Integration,
}

/// A transport that is closed.
#[derive(Clone, Copy, Debug)]
pub struct Forbidden {
    /// The rule that closes it, or that would have opened it; none when no rule speaks of it.
    pub rule: Option<&'static Rule>,
    /// The first thing that stands in the way.
    pub why: Why,
}

/// Whether `transport` is open to `case`, and by which rule.
///
/// # Errors
/// [`Forbidden`], with the rule to show the owner.
pub fn permits(transport: Transport, case: &Case) -> Result<&'static Rule, Forbidden> {
    // The order of the questions is part of the answer: the first that fails is what the owner
    // reads.
    let mut left: Vec<&'static Rule> =
        RULES.iter().filter(|rule| rule.transport == transport).collect();
    narrow(&mut left, Why::Day, |rule| rule.in_force(case.day))?;
    narrow(&mut left, Why::Channel, |rule| rule.channels.contains(&case.channel))?;
    narrow(&mut left, Why::Purpose, |rule| rule.purposes.contains(&case.purpose))?;
    match case.country {
        Some(country) => narrow(&mut left, Why::Country, |rule| rule.areas.contain(country))?,
        None => {
            narrow(&mut left, Why::CountryUnknown, |rule| rule.areas == Areas::Everywhere)?;
        }
    }
    if let Some(rule) = left.iter().find(|rule| rule.effect == Effect::Forbid) {
        return Err(Forbidden { rule: Some(rule), why: Why::Country });
    }
    narrow(&mut left, Why::Business, |rule| match case.business {
        Some(business) => rule.businesses.contain(business),
        None => rule.businesses == Areas::Everywhere,
    })?;
    narrow(&mut left, Why::Integration, |rule| {
        rule.integrated_before
            .is_none_or(|before| case.recurring_since.is_some_and(|since| since < before))
    })?;
    left.first().copied().ok_or(Forbidden { rule: None, why: Why::Day })
}

/// Keeps the rules that fit, as long as one of them still allows.
fn narrow(
    left: &mut Vec<&'static Rule>,
    why: Why,
    fits: impl Fn(&Rule) -> bool,
) -> Result<(), Forbidden> {
    // Named in the refusal: the rule that forbids, or else the last one that would have allowed.
    let allowed = left.iter().rev().find(|rule| rule.effect == Effect::Allow).copied();
    left.retain(|rule| fits(rule));
    if left.iter().any(|rule| rule.effect == Effect::Allow) {
        return Ok(());
    }
    let forbids = left.iter().find(|rule| rule.effect == Effect::Forbid).copied();
    Err(Forbidden { rule: forbids.or(allowed), why })
}

/// The rules that allow something today and end within `days` days, so that `check` can warn.
pub fn ending_within(day: Date, days: u16) -> impl Iterator<Item = &'static Rule> {
    let horizon = day.saturating_add(i64::from(days).days());
    RULES.iter().filter(move |rule| {
        rule.effect == Effect::Allow
            && rule.in_force(day)
            && rule.valid_to.is_some_and(|last| last <= horizon)
    })
}
