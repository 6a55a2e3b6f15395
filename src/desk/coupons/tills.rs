//! Tills: what they sign in with, and how often they may be wrong.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::shop::coupon_codes::CouponCode;
use crate::store::coupons::tills::{self, Till};
use crate::store::{Sql, StoreError, facts};
use crate::time::{HOUR, MINUTE, SECOND, UnixMs};

/// Tills of a Page. Our own.
pub const MOST: usize = 100;

/// The longest name, in characters: it stands in what a till reads.
pub const LONGEST_NAME: usize = 40;

/// Wrong codes in a row that a till may ask for before it waits.
const OF_A_TILL: i64 = 5;

/// The same for all tills of a Page together.
const OF_A_PAGE: i64 = 25;

/// The longest wait.
const LONGEST_MS: i64 = 15 * MINUTE;

/// After so long without a wrong code all is forgiven.
const FORGIVEN_MS: i64 = HOUR;

/// The fact with the wrong codes of all tills.
const WRONG: &str = "coupon_wrong";

/// What a till's key is kept as. It has 54 random bits and is never shown again, so a plain hash is
/// enough.
#[must_use]
pub fn hash_of(key: &CouponCode) -> String {
    hex::encode(Sha256::new_with_prefix("shopbell till v1").chain_update(key.as_str()).finalize())
}

/// How often codes were wrong, and when the last one came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Wrong {
    times: i64,
    at: UnixMs,
}

impl Wrong {
    /// Until when nothing is looked up: twice as long with each that is too many.
    fn until(self, most: i64) -> Option<UnixMs> {
        let over = self.times.saturating_sub(most);
        let doubled = u32::try_from(over.min(20)).ok()?;
        let wait = SECOND.saturating_mul(1_i64.checked_shl(doubled).unwrap_or(i64::MAX));
        Some(self.at.plus(wait.min(LONGEST_MS)))
    }

    fn one_more(self, now: UnixMs) -> Self {
        let times = if now.since(self.at) >= FORGIVEN_MS { 0 } else { self.times };
        Self { times: times.saturating_add(1), at: now }
    }
}

/// Until when a till has to wait; none: it may ask now.
///
/// # Errors
/// [`StoreError`].
pub fn waits(
    sql: &impl Sql,
    till: Option<&Till>,
    now: UnixMs,
) -> Result<Option<UnixMs>, StoreError> {
    let page: Wrong = facts::get(sql, WRONG)?.unwrap_or_default();
    let own = till.map(|till| Wrong { times: till.wrong.0, at: till.wrong.1 });
    let own = own.and_then(|own| own.until(OF_A_TILL));
    let until = [own, page.until(OF_A_PAGE)].into_iter().flatten().max();
    Ok(until.filter(|until| now < *until))
}

/// Notes a wrong code.
///
/// # Errors
/// [`StoreError`].
pub fn was_wrong(sql: &impl Sql, till: Option<&Till>, now: UnixMs) -> Result<(), StoreError> {
    let page: Wrong = facts::get(sql, WRONG)?.unwrap_or_default();
    facts::set(sql, WRONG, &page.one_more(now))?;
    if let Some(till) = till {
        let own = Wrong { times: till.wrong.0, at: till.wrong.1 }.one_more(now);
        tills::was_wrong(sql, &till.id, own.times, own.at)?;
    }
    Ok(())
}

/// A till was right: what it had wrong in a row is forgotten.
///
/// # Errors
/// [`StoreError::Refused`].
pub fn was_right(sql: &impl Sql, till: Option<&Till>) -> Result<(), StoreError> {
    match till.filter(|till| till.wrong.0 > 0) {
        Some(till) => tills::was_wrong(sql, &till.id, 0, till.wrong.1),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_a_few_wrong_codes_each_more_doubles_the_wait_up_to_a_quarter_of_an_hour() {
        let at = UnixMs::new(10 * HOUR);
        let waits = |times| Wrong { times, at }.until(OF_A_TILL).map(|until| until.since(at));
        assert_eq!(waits(0), None);
        assert_eq!(waits(4), None);
        assert_eq!(waits(5), Some(SECOND));
        assert_eq!(waits(6), Some(2 * SECOND));
        assert_eq!(waits(9), Some(16 * SECOND));
        assert_eq!(waits(40), Some(LONGEST_MS));
        assert_eq!(waits(i64::MAX), Some(LONGEST_MS));
        let many = Wrong { times: 30, at };
        assert_eq!(many.one_more(at.plus(HOUR - 1)).times, 31);
        assert_eq!(many.one_more(at.plus(HOUR)).times, 1);
    }
}
