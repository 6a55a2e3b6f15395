//! Offers that people asked to be told of: what of them is still to come, whom they wait for, and
//! their opening by the owner's hand.

use serde::{Deserialize, Serialize};

use super::planner;
use super::schedule::{self, Occurrence};
use crate::desk::person::Person;
use crate::meta::ids::{NotificationId, OfferId};
use crate::shop::model::{Days, Shop};
use crate::shop::outreach::Offer;
use crate::store::consents::Consent;
use crate::store::timers::{self, Timer};
use crate::store::{Sql, StoreError, counters, people, runs};
use crate::time::{DAY, UnixMs};

/// Whether anybody who asks at `now` would still be told something.
#[must_use]
pub fn is_ahead(shop: &Shop, offer: &Offer, now: UnixMs) -> bool {
    offer.opened_by_hand
        || [&offer.start, &offer.end].into_iter().flatten().any(|id| {
            let reminder = shop.notification(id);
            reminder.is_some_and(|n| schedule::next_of(n, &shop.zone(), now).is_some())
        })
}

/// Whether a reminder is the last one of an offer.
fn is_last(offer: &Offer, reminder: &NotificationId) -> bool {
    offer.end.as_ref().or(offer.start.as_ref()) == Some(reminder)
}

/// Notes that somebody is told: after the last reminder their wish is granted, and they ask anew for
/// the next time.
pub(super) fn told(
    sql: &impl Sql,
    shop: &Shop,
    (offer, reminder): (&OfferId, &NotificationId),
    consent: &Consent,
    person: &Person,
) -> Result<(), StoreError> {
    let last = shop.offer(offer).is_none_or(|offer| is_last(offer, reminder));
    if !last || !person.wishes.contains_key(offer) {
        return Ok(());
    }
    let mut person = person.clone();
    person.wishes.remove(offer);
    people::save(sql, consent.channel, &consent.person, &person)
}

/// An offer as it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// Which.
    pub offer: OfferId,
    /// How many people wait to be told of it.
    pub waiting: i64,
    /// Whether the owner opens it.
    pub opened_by_hand: bool,
    /// When it was opened last, or was due, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub began: Option<String>,
}

/// What became of the owner's wish to open an offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Opened {
    /// It begins now; whoever waits is told.
    Now,
    /// It was opened within the last day already.
    Already,
    /// It begins on its day.
    OnItsDay,
    /// There is no such offer.
    Unknown,
}

/// All offers as they stand.
///
/// # Errors
/// [`StoreError`].
pub fn standing(sql: &impl Sql, shop: &Shop, now: UnixMs) -> Result<Vec<Standing>, StoreError> {
    let lately = runs::since(sql, now.plus(-400 * DAY), u32::MAX)?;
    shop.offers
        .iter()
        .map(|offer| {
            let begun = |run: &&runs::Told| {
                offer.start.as_ref().is_some_and(|id| run.notification == id.as_str())
            };
            Ok(Standing {
                offer: offer.id.clone(),
                waiting: people::wishing(sql, &offer.id)?,
                opened_by_hand: offer.opened_by_hand,
                began: lately.iter().find(begun).map(|run| run.due_at.rfc3339()),
            })
        })
        .collect()
}

/// Opens an offer: tells everybody who waits for it, from now on, by the ladder and with every
/// promise and quiet hour of theirs. At most once a day.
///
/// # Errors
/// [`StoreError`].
pub fn open(
    sql: &impl Sql,
    shop: &Shop,
    offer: &OfferId,
    now: UnixMs,
) -> Result<Opened, StoreError> {
    let Some(offer) = shop.offer(offer) else { return Ok(Opened::Unknown) };
    let reminder = offer.start.as_ref().and_then(|id| shop.notification(id));
    let Some(reminder) = reminder.filter(|_| offer.opened_by_hand) else {
        return Ok(Opened::OnItsDay);
    };
    debug_assert_eq!(reminder.schedule.days, Days::Dates(Vec::new()));
    let lately = runs::since(sql, now.plus(-DAY), u32::MAX)?;
    if lately.iter().any(|run| run.notification == reminder.id.as_str()) {
        return Ok(Opened::Already);
    }
    let day = now.timestamp().to_zoned(shop.zone()).date();
    let due = Occurrence { period: day.to_string(), at: now };
    let run = planner::run(shop, reminder, due, "");
    sql.transaction(|| {
        if !runs::begin(sql, &run)? {
            return Ok(Opened::Already);
        }
        counters::add(sql, &format!("run.{}", reminder.id), now)?;
        timers::set(sql, Timer::Plan, now)?;
        Ok(Opened::Now)
    })
}
