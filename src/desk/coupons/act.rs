//! What is asked of a Page's registrar about coupons and tills from outside, and its answers.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::redeeming::{self, By};
use super::{giving, tills};
use crate::entry::coupons::{Redeemed, Shown};
use crate::meta::ids::CouponId;
use crate::shop::coupon_codes::CouponCode;
use crate::shop::model::Shop;
use crate::store::coupons::tills as kept;
use crate::store::coupons::{self, New, News};
use crate::store::{Sql, StoreError};
use crate::time::UnixMs;

/// What is asked.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    /// What a code is, for anybody who has it.
    Show(CouponCode),
    /// The same, for a till that has signed in.
    ShowTill(CouponCode),
    /// To redeem a code.
    Redeem(CouponCode, By),
    /// To note a code that no Page knew.
    Wrong(By),
    /// The till that signs in with what has this hash.
    SignIn(String),
    /// The name of a till, by its id.
    Till(String),
    /// Every till.
    Tills,
    /// To make a till: its id, its name, and the hash of its key.
    AddTill(String, String, String),
    /// To take a till's right away, by its name.
    RevokeTill(String),
    /// What was given and redeemed.
    List,
    /// To enter codes that another Desk gives.
    Enter(Vec<New>),
    /// What was redeemed, for the Desk of whoever held it.
    Hear(Vec<News>),
}

/// A till that signed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedIn {
    /// What stands in its session.
    pub id: String,
    /// What people call it.
    pub name: String,
}

/// Why an owner's order about tills is not carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
enum Refusal {
    #[error("a till's name has 1 to {} characters, on one line", tills::LONGEST_NAME)]
    Name,
    #[error("there is a till of that name already: revoke it first, or take another name")]
    Taken,
    #[error("there are {} tills already: revoke those that are not used", tills::MOST)]
    TooMany,
    #[error("no till of that name may redeem")]
    Unknown,
}

/// The answer, as JSON: for [`Act::Show`] a [`Shown`] or null, for [`Act::Redeem`] a [`Redeemed`], for
/// [`Act::SignIn`] and [`Act::Till`] a [`SignedIn`] or null, for [`Act::Enter`] and [`Act::Hear`] a list
/// of booleans; for the owner an object, with `error` when it is refused.
///
/// # Errors
/// [`StoreError`].
pub fn answer(
    sql: &impl Sql,
    shop: Option<&Shop>,
    act: &Act,
    now: UnixMs,
) -> Result<Value, StoreError> {
    let signed_in = |till: Option<kept::Till>| {
        json!(till.map(|till| SignedIn { id: till.id, name: till.name }))
    };
    Ok(match act {
        Act::Show(code) | Act::ShowTill(code) => {
            json!(coupons::get(sql, code)?.map(|given| Shown {
                coupon: given.new.coupon,
                until: given.new.until,
                redeemed_at: given.redeemed.map(|(at, _)| at),
            }))
        }
        Act::Redeem(code, by) => {
            let redeemed: Redeemed = redeeming::redeem(sql, shop, code, by, now)?;
            json!(redeemed)
        }
        Act::Wrong(by) => {
            redeeming::was_wrong(sql, by, now)?;
            Value::Null
        }
        Act::SignIn(key) => signed_in(kept::by_key(sql, key)?),
        Act::Till(id) => signed_in(kept::live(sql, id)?),
        Act::Tills => tills_told(sql)?,
        Act::AddTill(id, name, key) => sql.transaction(|| {
            Ok::<_, StoreError>(match may_add(sql, name)? {
                Ok(()) => {
                    kept::add(sql, (id, name.trim(), key), now)?;
                    json!({ "name": name.trim() })
                }
                Err(refusal) => json!({ "error": refusal.to_string() }),
            })
        })?,
        Act::RevokeTill(name) => match kept::revoke(sql, name.trim(), now)? {
            true => json!({ "revoked": name.trim() }),
            false => json!({ "error": Refusal::Unknown.to_string() }),
        },
        Act::List => list(sql, shop)?,
        Act::Enter(wanted) => match shop {
            Some(shop) => json!(giving::answer(sql, shop, wanted)?),
            None => return Err(StoreError::Refused("no shop is published".to_owned())),
        },
        Act::Hear(news) => match shop {
            Some(shop) => {
                let heard = |news: &News| redeeming::hear(sql, shop, news, now);
                json!(news.iter().map(heard).collect::<Result<Vec<bool>, StoreError>>()?)
            }
            None => return Err(StoreError::Refused("no shop is published".to_owned())),
        },
    })
}

/// Why nothing is written about coupons while a Page's data is carried.
pub const CARRIED: &str = "the Page's data is carried to another deployment or taken in from one: nothing \
                           is redeemed or changed here meanwhile";

/// The answer to what would write, at a registrar whose data is carried to another deployment or taken
/// in from one: what is written here now is not known there, and a code could be redeemed at both.
/// None: [`answer`] may answer.
///
/// # Errors
/// [`StoreError::Refused`] where a Desk asks, which asks again.
pub fn while_carried(act: &Act) -> Result<Option<Value>, StoreError> {
    match act {
        Act::Redeem(..) => Ok(Some(json!(Redeemed::Moved))),
        Act::AddTill(..) | Act::RevokeTill(_) => Ok(Some(json!({ "error": CARRIED }))),
        // Nothing was tried.
        Act::Wrong(_) => Ok(Some(Value::Null)),
        Act::Enter(_) | Act::Hear(_) => Err(StoreError::Refused(CARRIED.to_owned())),
        Act::Show(_)
        | Act::ShowTill(_)
        | Act::SignIn(_)
        | Act::Till(_)
        | Act::Tills
        | Act::List => Ok(None),
    }
}

fn may_add(sql: &impl Sql, name: &str) -> Result<Result<(), Refusal>, StoreError> {
    let trimmed = name.trim();
    if trimmed.is_empty()
        || trimmed.chars().count() > tills::LONGEST_NAME
        || trimmed.chars().any(char::is_control)
    {
        return Ok(Err(Refusal::Name));
    }
    let live: Vec<_> =
        kept::all(sql)?.into_iter().filter(|till| till.revoked_at.is_none()).collect();
    if live.iter().any(|till| till.name.to_lowercase() == trimmed.to_lowercase()) {
        return Ok(Err(Refusal::Taken));
    }
    Ok(if live.len() >= tills::MOST { Err(Refusal::TooMany) } else { Ok(()) })
}

fn tills_told(sql: &impl Sql) -> Result<Value, StoreError> {
    let told = kept::all(sql)?.into_iter().map(|till| {
        json!({
            "name": till.name, "since": till.made_at.rfc3339(),
            "revoked_at": till.revoked_at.map(UnixMs::rfc3339),
        })
    });
    Ok(json!({ "tills": told.collect::<Vec<_>>() }))
}

/// Every coupon of the shop, and those that it had.
fn list(sql: &impl Sql, shop: Option<&Shop>) -> Result<Value, StoreError> {
    let sums = coupons::sums(sql)?;
    let ours = shop.map(|shop| shop.coupons.as_slice()).unwrap_or_default();
    let count = |id: &CouponId| {
        let sum = sums.iter().find(|sum| sum.coupon == *id);
        sum.map_or((0, 0), |sum| (sum.issued, sum.redeemed))
    };
    let told = ours.iter().map(|coupon| {
        let (given, redeemed) = count(&coupon.id);
        let left = coupon.total.map(|total| i64::from(total).saturating_sub(given).max(0));
        json!({
            "coupon": coupon.id, "given": given, "redeemed": redeemed, "total": coupon.total,
            "left": left, "from": coupon.from, "until": coupon.until,
        })
    });
    let gone = sums.iter().filter(|sum| !ours.iter().any(|coupon| coupon.id == sum.coupon));
    let gone = gone.map(|sum| {
        json!({
            "coupon": sum.coupon, "given": sum.issued, "redeemed": sum.redeemed, "gone": true,
        })
    });
    Ok(json!({ "coupons": told.chain(gone).collect::<Vec<_>>() }))
}
