//! Whose a code is, at the Desk of that person: what a redemption does to them finds them by it.

use super::super::{Columns, Sql, StoreError, params};
use crate::meta::event::Channel;
use crate::meta::ids::Psid;
use crate::shop::coupon_codes::CouponCode;
use crate::time::UnixMs;

/// Notes whose a code is.
///
/// # Errors
/// [`StoreError::Refused`].
pub fn set(
    sql: &impl Sql,
    code: &CouponCode,
    (channel, person): (Channel, &Psid),
    now: UnixMs,
) -> Result<(), StoreError> {
    sql.execute(
        "INSERT OR REPLACE INTO coupon_holders (code, channel, person, at)
         VALUES (?1, ?2, ?3, ?4)",
        params![code.as_str(), channel, person.as_str(), now],
    )?;
    Ok(())
}

/// Whose a code is, if they are here.
///
/// # Errors
/// [`StoreError`].
pub fn of(sql: &impl Sql, code: &CouponCode) -> Result<Option<(Channel, Psid)>, StoreError> {
    let rows = sql.query(
        "SELECT channel, person FROM coupon_holders WHERE code = ?1",
        params![code.as_str()],
    )?;
    rows.first()
        .map(|row| {
            let mut columns = Columns::of("coupon_holders", row);
            Ok((columns.channel()?, columns.parsed(Psid::new)?))
        })
        .transpose()
}

/// Nothing more is to be found by it.
///
/// # Errors
/// [`StoreError::Refused`].
pub fn clear(sql: &impl Sql, code: &CouponCode) -> Result<(), StoreError> {
    sql.execute("DELETE FROM coupon_holders WHERE code = ?1", params![code.as_str()])?;
    Ok(())
}

/// Forgets those that were noted before `oldest`.
///
/// # Errors
/// [`StoreError::Refused`].
pub fn prune(sql: &impl Sql, oldest: UnixMs) -> Result<(), StoreError> {
    sql.execute("DELETE FROM coupon_holders WHERE at < ?1", params![oldest])?;
    Ok(())
}
