//! Coupons that were given, and the tills that take them.
//!
//! - The codes of a Page, at its registrar (its first Desk): one row each, that says nothing of whom
//!   it was given to. What is given and redeemed is counted beside them, so that the sums outlast
//!   the rows. Who holds a code stands in the person's own row, and in [`holders`] the other way round,
//!   at the Desk of that person, and goes with them.
//! - [`orders`]: codes that another Desk wants to give and has not heard of the registrar yet.
//! - [`tills`]: who may redeem.
//!
//! Codes are kept as they are, not hashed: the same person is told the same code again, the message
//! in the outbox holds it anyway, and 54 bits without a secret beside them can be searched through,
//! so that a hash would only look like a lock. What protects a code is that it works once, that
//! attempts are limited, and that no route lists them.

pub mod holders;
pub mod orders;
pub mod tills;

use serde::{Deserialize, Serialize};

use super::{Columns, Row, Sql, StoreError, params};
use crate::meta::ids::CouponId;
use crate::shop::coupon_codes::CouponCode;
use crate::time::{DAY, UnixMs};

/// How long a code is kept after it was redeemed or has ended: as long as the funnel.
const KEPT_MS: i64 = 400 * DAY;

/// A code on its way to somebody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct New {
    /// Of which coupon.
    pub coupon: CouponId,
    /// Which.
    pub code: CouponCode,
    /// What brought its person, as the funnel has it.
    pub source: String,
    /// The topic it was given for; empty where there is none.
    pub topic: String,
    /// When it is given.
    pub at: UnixMs,
    /// From then on it is not taken any more.
    pub until: Option<UnixMs>,
}

/// A code that was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given {
    /// What was given.
    pub new: New,
    /// When and by whom it was redeemed.
    pub redeemed: Option<(UnixMs, String)>,
}

/// How many codes of a coupon were given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issued {
    /// Of which.
    pub coupon: CouponId,
    /// How many.
    pub issued: i64,
    /// How many of them were redeemed.
    pub redeemed: i64,
}

/// Enters a code. `false` when it is there already: then nothing changes.
///
/// # Errors
/// [`StoreError::Refused`].
pub fn enter(sql: &impl Sql, new: &New) -> Result<bool, StoreError> {
    let entered = sql.execute(
        "INSERT OR IGNORE INTO coupon_codes (code, coupon, source, topic, issued_at, until)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![
            new.code.as_str(),
            new.coupon.as_str(),
            new.source.as_str(),
            new.topic.as_str(),
            new.at,
            new.until
        ],
    )?;
    if entered {
        sql.execute(
            "INSERT INTO coupon_sums (coupon, issued, redeemed) VALUES (?1, 1, 0)
             ON CONFLICT (coupon) DO UPDATE SET issued = issued + 1",
            params![new.coupon.as_str()],
        )?;
    }
    Ok(entered)
}

/// A code, if it was given here.
///
/// # Errors
/// [`StoreError`].
pub fn get(sql: &impl Sql, code: &CouponCode) -> Result<Option<Given>, StoreError> {
    let rows = sql.query(
        "SELECT code, coupon, source, topic, issued_at, until, redeemed_at, redeemed_by
         FROM coupon_codes WHERE code = ?1",
        params![code.as_str()],
    )?;
    rows.first().map(read).transpose()
}

fn read(row: &Row) -> Result<Given, StoreError> {
    let mut columns = Columns::of("coupon_codes", row);
    let new = New {
        code: columns.parsed(CouponCode::read)?,
        coupon: columns.parsed(CouponId::new)?,
        source: columns.text()?.to_owned(),
        topic: columns.text()?.to_owned(),
        at: columns.moment()?,
        until: columns.maybe_moment()?,
    };
    let (at, by) = (columns.maybe_moment()?, columns.maybe_text()?);
    Ok(Given { new, redeemed: at.map(|at| (at, by.unwrap_or_default().to_owned())) })
}

/// Redeems a code. `false` when it is not there or was redeemed before: of two at the same time one
/// gets `true`. In the caller's transaction.
///
/// # Errors
/// [`StoreError::Refused`].
pub fn redeem(
    sql: &impl Sql,
    (coupon, code): (&CouponId, &CouponCode),
    by: &str,
    now: UnixMs,
) -> Result<bool, StoreError> {
    let redeemed = sql.execute(
        "UPDATE coupon_codes SET redeemed_at = ?2, redeemed_by = ?3, told = 1
         WHERE code = ?1 AND redeemed_at IS NULL",
        params![code.as_str(), now, by],
    )?;
    if redeemed {
        sql.execute(
            "UPDATE coupon_sums SET redeemed = redeemed + 1 WHERE coupon = ?1",
            params![coupon.as_str()],
        )?;
    }
    Ok(redeemed)
}

/// That a code was redeemed, for the Desk of whoever held it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct News {
    /// Of which coupon.
    pub coupon: CouponId,
    /// Which.
    pub code: CouponCode,
    /// When.
    pub at: UnixMs,
}

/// What was redeemed and the Desk of its person has not been told, at most so many.
///
/// # Errors
/// [`StoreError`].
pub fn untold(sql: &impl Sql, most: u32) -> Result<Vec<News>, StoreError> {
    let rows = sql.query(
        "SELECT coupon, code, redeemed_at FROM coupon_codes WHERE told = 1 LIMIT ?1",
        params![most],
    )?;
    rows.iter()
        .map(|row| {
            let mut columns = Columns::of("coupon_codes", row);
            Ok(News {
                coupon: columns.parsed(CouponId::new)?,
                code: columns.parsed(CouponCode::read)?,
                at: columns.moment()?,
            })
        })
        .collect()
}

/// It has been told, or nobody is there to be told.
///
/// # Errors
/// [`StoreError::Refused`].
pub fn told(sql: &impl Sql, code: &CouponCode) -> Result<(), StoreError> {
    sql.execute("UPDATE coupon_codes SET told = 2 WHERE code = ?1", params![code.as_str()])?;
    Ok(())
}

/// What was given and redeemed of every coupon there ever was.
///
/// # Errors
/// [`StoreError`].
pub fn sums(sql: &impl Sql) -> Result<Vec<Issued>, StoreError> {
    let rows =
        sql.query("SELECT coupon, issued, redeemed FROM coupon_sums ORDER BY coupon", params![])?;
    rows.iter()
        .map(|row| {
            let mut columns = Columns::of("coupon_sums", row);
            Ok(Issued {
                coupon: columns.parsed(CouponId::new)?,
                issued: columns.int()?,
                redeemed: columns.int()?,
            })
        })
        .collect()
}

/// How many codes of a coupon were given.
///
/// # Errors
/// [`StoreError`].
pub fn issued(sql: &impl Sql, coupon: &CouponId) -> Result<i64, StoreError> {
    let rows =
        sql.query("SELECT issued FROM coupon_sums WHERE coupon = ?1", params![coupon.as_str()])?;
    rows.first().map_or(Ok(0), |row| Columns::of("coupon_sums", row).int())
}

/// Forgets codes 400 days after they were redeemed or have ended. The sums stay.
///
/// # Errors
/// [`StoreError::Refused`].
pub fn prune(sql: &impl Sql, now: UnixMs) -> Result<(), StoreError> {
    let oldest = now.plus(-KEPT_MS);
    sql.execute(
        "DELETE FROM coupon_codes WHERE coalesce(redeemed_at, until) < ?1",
        params![oldest],
    )?;
    holders::prune(sql, oldest)?;
    orders::prune(sql, now)?;
    tills::prune(sql, oldest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::native::Sqlite;
    use crate::store::schema;

    #[test]
    fn a_code_is_entered_once_and_redeemed_once_and_the_sums_outlast_it() {
        let sql = Sqlite::in_memory().unwrap();
        schema::migrate(&sql).unwrap();
        let coupon = CouponId::new("soup").unwrap();
        let at = UnixMs::new(1_795_000_000_000);
        let new = New {
            coupon: coupon.clone(),
            code: CouponCode::made([5; 16]),
            source: "poster:DOOR".into(),
            topic: String::new(),
            at,
            until: Some(at.plus(DAY)),
        };
        assert!(enter(&sql, &new).unwrap());
        assert!(!enter(&sql, &new).unwrap());
        let which = (&coupon, &new.code);
        assert!(redeem(&sql, which, "till 1", at).unwrap());
        assert!(!redeem(&sql, which, "till 2", at).unwrap());
        let given = get(&sql, &new.code).unwrap().unwrap();
        assert_eq!(given.redeemed, Some((at, "till 1".to_owned())));
        assert_eq!(untold(&sql, 9).unwrap().len(), 1);
        told(&sql, &new.code).unwrap();
        assert!(untold(&sql, 9).unwrap().is_empty());
        assert!(!redeem(&sql, (&coupon, &CouponCode::made([6; 16])), "till 1", at).unwrap());
        prune(&sql, at.plus(KEPT_MS)).unwrap();
        assert!(get(&sql, &new.code).unwrap().is_some());
        prune(&sql, at.plus(KEPT_MS + 1)).unwrap();
        assert!(get(&sql, &new.code).unwrap().is_none());
        assert_eq!(sums(&sql).unwrap(), [Issued { coupon, issued: 1, redeemed: 1 }]);
    }
}
