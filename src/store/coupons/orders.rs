//! Codes that a Desk wants to give and that its Page's registrar has not entered yet. The code is
//! the name of the question: asked again, it has the same answer.

use super::super::{Columns, Row, Sql, StoreError, params};
use super::New;
use crate::meta::event::Channel;
use crate::meta::ids::{CouponId, Psid};
use crate::shop::coupon_codes::CouponCode;
use crate::time::{DAY, UnixMs};

/// How long an answer waits for whoever asked.
const KEPT_MS: i64 = 2 * DAY;

/// A code somebody waits for. One of each coupon and person at a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// Where.
    pub channel: Channel,
    /// Who.
    pub person: Psid,
    /// What it is given for: the same again is no new one.
    pub occasion: String,
    /// The code, as the registrar enters it.
    pub new: New,
    /// It is said in a message of its own; else what asked for it says it.
    pub says: bool,
}

/// How an order stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stands {
    /// The registrar has not answered.
    Asked,
    /// It said no.
    Refused,
}

/// Puts an order up. Where one of that coupon and person is asked already, that one stays, and is said
/// in a message of its own if either is to be; a refusal that waits to be heard gives way.
///
/// # Errors
/// [`StoreError::Refused`].
pub fn put(sql: &impl Sql, order: &Order) -> Result<(), StoreError> {
    let new = &order.new;
    sql.execute(
        "DELETE FROM coupon_orders
         WHERE coupon = ?1 AND channel = ?2 AND person = ?3 AND state = 'refused'",
        params![new.coupon.as_str(), order.channel, order.person.as_str()],
    )?;
    sql.execute(
        "INSERT INTO coupon_orders (coupon, channel, person, occasion, code, source,
           topic, at, until, says, state) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, 'asked')
         ON CONFLICT (coupon, channel, person) DO UPDATE SET says = max(says, excluded.says)
         WHERE excluded.says > says",
        params![
            new.coupon.as_str(),
            order.channel,
            order.person.as_str(),
            order.occasion.as_str(),
            new.code.as_str(),
            new.source.as_str(),
            new.topic.as_str(),
            new.at,
            new.until,
            i64::from(order.says)
        ],
    )?;
    Ok(())
}

/// Orders that are not answered, the oldest first.
///
/// # Errors
/// [`StoreError`].
pub fn asked(sql: &impl Sql, most: u32) -> Result<Vec<Order>, StoreError> {
    let rows = sql.query(
        "SELECT coupon, channel, person, occasion, code, source, topic, at, until, says
         FROM coupon_orders WHERE state = 'asked' ORDER BY at LIMIT ?1",
        params![most],
    )?;
    rows.iter().map(read).collect()
}

fn read(row: &Row) -> Result<Order, StoreError> {
    let mut columns = Columns::of("coupon_orders", row);
    let coupon = columns.parsed(CouponId::new)?;
    let (channel, person) = (columns.channel()?, columns.parsed(Psid::new)?);
    let occasion = columns.text()?.to_owned();
    Ok(Order {
        channel,
        person,
        occasion,
        new: New {
            coupon,
            code: columns.parsed(CouponCode::read)?,
            source: columns.text()?.to_owned(),
            topic: columns.text()?.to_owned(),
            at: columns.moment()?,
            until: columns.maybe_moment()?,
        },
        says: columns.int()? != 0,
    })
}

/// How the order of a coupon for somebody stands.
///
/// # Errors
/// [`StoreError`].
pub fn stands(
    sql: &impl Sql,
    coupon: &CouponId,
    (channel, person): (Channel, &Psid),
) -> Result<Option<Stands>, StoreError> {
    let rows = sql.query(
        "SELECT state FROM coupon_orders WHERE coupon = ?1 AND channel = ?2 AND person = ?3",
        params![coupon.as_str(), channel, person.as_str()],
    )?;
    let Some(row) = rows.first() else { return Ok(None) };
    Ok(Some(match Columns::of("coupon_orders", row).text()? {
        "asked" => Stands::Asked,
        _ => Stands::Refused,
    }))
}

/// The registrar said no, and whoever asked has not looked yet.
///
/// # Errors
/// [`StoreError::Refused`].
pub fn refuse(sql: &impl Sql, code: &CouponCode) -> Result<(), StoreError> {
    sql.execute(
        "UPDATE coupon_orders SET state = 'refused' WHERE code = ?1",
        params![code.as_str()],
    )?;
    Ok(())
}

/// The order of this code as it stands now; none when it is not asked any more.
///
/// # Errors
/// [`StoreError`].
pub fn open(sql: &impl Sql, code: &CouponCode) -> Result<Option<Order>, StoreError> {
    let rows = sql.query(
        "SELECT coupon, channel, person, occasion, code, source, topic, at, until, says
         FROM coupon_orders WHERE code = ?1 AND state = 'asked'",
        params![code.as_str()],
    )?;
    rows.first().map(read).transpose()
}

/// Takes an order away.
///
/// # Errors
/// [`StoreError::Refused`].
pub fn remove(
    sql: &impl Sql,
    coupon: &CouponId,
    (channel, person): (Channel, &Psid),
) -> Result<(), StoreError> {
    sql.execute(
        "DELETE FROM coupon_orders WHERE coupon = ?1 AND channel = ?2 AND person = ?3",
        params![coupon.as_str(), channel, person.as_str()],
    )?;
    Ok(())
}

/// Forgets refusals that nobody came to hear.
///
/// # Errors
/// [`StoreError::Refused`].
pub fn prune(sql: &impl Sql, now: UnixMs) -> Result<(), StoreError> {
    sql.execute(
        "DELETE FROM coupon_orders WHERE state = 'refused' AND at < ?1",
        params![now.plus(-KEPT_MS)],
    )?;
    Ok(())
}
