//! Redeeming: once for each code, in one transaction of the Page's registrar.

use serde::{Deserialize, Serialize};

use super::tills;
use crate::desk::person::Person;
use crate::desk::sequences;
use crate::entry::coupons::Redeemed;
use crate::shop::coupon_codes::CouponCode;
use crate::shop::model::Shop;
use crate::store::coupons::tills::{self as kept, Till};
use crate::store::coupons::{self, News, holders};
use crate::store::funnel::{self, Stage};
use crate::store::{Sql, StoreError, counters, people};
use crate::time::UnixMs;

/// What redemptions of this Desk are told to others at once.
pub const AT_ONCE: u32 = 20;

/// What people read of a redemption by the owner's command.
pub const OWNER: &str = "shopbell redeem";

/// Who wants to redeem.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum By {
    /// A till of this Page, by its id. `last`: nobody else is asked for the code after this, so that
    /// an unknown one is a wrong one.
    Till {
        /// Which.
        id: String,
        /// Whether an unknown code counts.
        last: bool,
    },
    /// A till of another Page of the deployment, which that Page knows and counts for.
    Neighbour {
        /// What people call it.
        name: String,
    },
    /// The owner, by `ADMIN_TOKEN`.
    Owner {
        /// Whether an unknown code counts.
        last: bool,
    },
}

/// Redeems a code.
///
/// # Errors
/// [`StoreError`]; then it is not redeemed.
pub fn redeem(
    sql: &impl Sql,
    shop: Option<&Shop>,
    code: &CouponCode,
    by: &By,
    now: UnixMs,
) -> Result<Redeemed, StoreError> {
    sql.transaction(|| {
        let (till, name, counts) = match by {
            By::Till { id, last } => match kept::live(sql, id)? {
                Some(till) => {
                    let name = till.name.clone();
                    (Some(till), name, Some(*last))
                }
                None => return Ok(Redeemed::NoTill),
            },
            By::Neighbour { name } => (None, name.clone(), None),
            By::Owner { last } => (None, OWNER.to_owned(), Some(*last)),
        };
        // A neighbour's attempts are limited where the till belongs.
        if counts.is_some()
            && let Some(until) = tills::waits(sql, till.as_ref(), now)?
        {
            counters::add(sql, "coupon.refused.wait", now)?;
            return Ok(Redeemed::Wait { until });
        }
        let Some(given) = coupons::get(sql, code)? else {
            if counts == Some(true) {
                tills::was_wrong(sql, till.as_ref(), now)?;
                counters::add(sql, "coupon.refused.unknown", now)?;
            }
            return Ok(Redeemed::Unknown { by: name });
        };
        let coupon = given.new.coupon.clone();
        if let Some((at, by)) = given.redeemed {
            counters::add(sql, "coupon.refused.already", now)?;
            return Ok(Redeemed::Already { coupon, at, by });
        }
        if let Some(until) = given.new.until.filter(|until| *until <= now) {
            counters::add(sql, "coupon.refused.over", now)?;
            return Ok(Redeemed::Over { coupon, until });
        }
        coupons::redeem(sql, (&coupon, code), &name, now)?;
        tills::was_right(sql, till.as_ref())?;
        let day = shop.map_or_else(|| now.utc_date(), |shop| shop.today(now)).to_string();
        funnel::add(sql, &day, &given.new.source, &given.new.topic, Stage::Redeemed)?;
        counters::add(sql, &format!("coupon.{coupon}.redeemed"), now)?;
        let news = News { coupon: coupon.clone(), code: code.clone(), at: now };
        match shop.map(|shop| hear(sql, shop, &news, now)) {
            Some(Ok(true)) => coupons::told(sql, code)?,
            // A person that cannot be read is no reason to refuse them what they were given.
            None | Some(Ok(false) | Err(StoreError::Corrupt { .. })) => {}
            Some(Err(error)) => return Err(error),
        }
        Ok(Redeemed::Now { coupon, by: name })
    })
}

/// Notes a wrong code that no Page knew, for a till of this one.
///
/// # Errors
/// [`StoreError`].
pub fn was_wrong(sql: &impl Sql, by: &By, now: UnixMs) -> Result<(), StoreError> {
    sql.transaction(|| {
        let till: Option<Till> = match by {
            By::Till { id, .. } => kept::live(sql, id)?,
            By::Neighbour { .. } | By::Owner { .. } => None,
        };
        counters::add(sql, "coupon.refused.unknown", now)?;
        tills::was_wrong(sql, till.as_ref(), now)
    })
}

/// A code was redeemed: if its person is here, they have used it, they get the coupon's tags, and what
/// these tags begin begins. `true` when they are here.
///
/// # Errors
/// [`StoreError`].
pub fn hear(sql: &impl Sql, shop: &Shop, news: &News, now: UnixMs) -> Result<bool, StoreError> {
    sql.transaction(|| {
        let Some((channel, id)) = holders::of(sql, &news.code)? else { return Ok(false) };
        holders::clear(sql, &news.code)?;
        let known: Option<Person> = people::load(sql, channel, &id)?;
        let Some(mut person) = known else { return Ok(true) };
        let held = person.coupons.get_mut(&news.coupon).into_iter().flatten();
        for held in held.filter(|held| held.code == news.code) {
            held.redeemed_at = Some(news.at);
        }
        let had = person.tags.clone();
        let tags = shop.coupon(&news.coupon).map(|coupon| coupon.tags.as_slice());
        person.tags.extend(tags.unwrap_or_default().iter().cloned());
        people::save(sql, channel, &id, &person)?;
        let gained = |tag: &String| person.tags.contains(tag) && !had.contains(tag);
        let begun = shop.sequences.iter().filter(|sequence| !sequence.draft);
        for sequence in begun.filter(|sequence| sequence.start.tags.iter().any(gained)) {
            sequences::apply(sql, shop, (channel, &id), &sequence.id, news.at, now)?;
        }
        Ok(true)
    })
}
