//! The hard cap of a day.
//!
//! The registrar of a Page (its first Desk) knows the cap: what it spends itself and what it lets
//! the other Desks spend never exceed it together. Another Desk spends only what it was allowed.
//! Each message takes its price in the transaction that claims it, so that neither a crash nor an
//! overlap can spend twice; what Meta surely did not take is given back, and what nobody knows is
//! spent. Asking for an allowance is idempotent: the same question has the same answer.

use serde::{Deserialize, Serialize};

use crate::meta::marketing::money::Money;
use crate::shop::model::Shop;
use crate::store::spending::{self, Spend};
use crate::store::{Sql, StoreError, facts};
use crate::time::UnixMs;

/// For how many messages another Desk asks at once.
const AT_ONCE: u32 = 20;

/// The fact that a message of this Desk waits for an allowance.
const WANTED: &str = "allowance_wanted";

/// Which Desk this is, as its own tables know it.
#[derive(Deserialize)]
struct Desk {
    shard: u32,
}

/// A Desk asks its Page's registrar what it may spend.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// Names the question: the Desk, the day, and how many it had asked before.
    pub id: String,
    /// Of which day.
    pub day: String,
    /// At most so much.
    pub wanted: Money,
}

/// The local day of the shop that a moment lies in.
#[must_use]
pub fn day(shop: &Shop, at: UnixMs) -> String {
    at.timestamp().to_zoned(shop.zone()).date().to_string()
}

/// When the next day of the shop begins.
#[must_use]
pub fn next_day(shop: &Shop, at: UnixMs) -> UnixMs {
    let local = at.timestamp().to_zoned(shop.zone());
    let next = local.tomorrow().and_then(|next| next.start_of_day());
    next.map_or(at.plus(crate::time::DAY), |next| next.timestamp().into())
}

fn shard(sql: &impl Sql) -> Result<u32, StoreError> {
    let desk: Option<Desk> = facts::get(sql, facts::NAME)?;
    Ok(desk.map_or(0, |desk| desk.shard))
}

/// What this Desk may still spend on the day of `now`.
///
/// # Errors
/// [`StoreError`].
pub fn room(sql: &impl Sql, shop: &Shop, now: UnixMs) -> Result<Money, StoreError> {
    let Some(marketing) = &shop.marketing else { return Ok(Money::ZERO) };
    let day = day(shop, now);
    let (allowed, _) = spending::allowed(sql, &day)?;
    let spent = spending::spent(sql, &day)?;
    Ok(match shard(sql)? {
        0 => marketing.cap.minus(allowed).minus(spent),
        _ => allowed.minus(spent),
    })
}

/// Takes the price of a message, in the transaction that claims it. `false`: the cap of the day is
/// reached, or what this Desk was allowed of it.
///
/// # Errors
/// [`StoreError`].
pub fn claim(
    sql: &impl Sql,
    shop: &Shop,
    row: i64,
    (notification, period): (&str, &str),
    now: UnixMs,
) -> Result<bool, StoreError> {
    let Some(marketing) = &shop.marketing else { return Ok(false) };
    if room(sql, shop, now)?.holds(marketing.price) == 0 {
        return Ok(false);
    }
    let day = day(shop, now);
    let spend = Spend { row, day: &day, amount: marketing.price, notification, period };
    spending::enter(sql, &spend, now)?;
    Ok(true)
}

/// What this Desk has to ask its registrar before it can send on; none: it is the registrar, or it
/// has been told that nothing is left of this day.
///
/// # Errors
/// [`StoreError`].
pub fn question(sql: &impl Sql, shop: &Shop, now: UnixMs) -> Result<Option<Question>, StoreError> {
    let shard = shard(sql)?;
    let Some(marketing) = shop.marketing.as_ref().filter(|_| shard > 0) else { return Ok(None) };
    if room(sql, shop, now)?.holds(marketing.price) > 0 {
        return Ok(None);
    }
    let day = day(shop, now);
    let (_, asked) = spending::allowed(sql, &day)?;
    let last = asked.checked_sub(1).map(|n| name(shard, &day, n));
    let last = last.map(|last| spending::allowance(sql, &last)).transpose()?.flatten();
    if last == Some(Money::ZERO) && asked > 0 {
        return Ok(None);
    }
    let id = name(shard, &day, asked);
    Ok(Some(Question { id, day, wanted: marketing.price.times(AT_ONCE) }))
}

/// Notes that a message waits for an allowance, so that this Desk asks for one. `false`: there is
/// nothing to ask for.
///
/// # Errors
/// [`StoreError`].
pub fn wants(sql: &impl Sql, shop: &Shop, now: UnixMs) -> Result<bool, StoreError> {
    let asks = question(sql, shop, now)?.is_some();
    if asks {
        facts::set(sql, WANTED, &true)?;
    }
    Ok(asks)
}

/// What a message of this Desk waits for; none: nothing waits, and what nobody needs is left to
/// the other Desks.
///
/// # Errors
/// [`StoreError`].
pub fn wanted(sql: &impl Sql, shop: &Shop, now: UnixMs) -> Result<Option<Question>, StoreError> {
    let waits: Option<bool> = facts::get(sql, WANTED)?;
    if waits.is_some() { question(sql, shop, now) } else { Ok(None) }
}

fn name(shard: u32, day: &str, n: i64) -> String {
    format!("{shard}:{day}:{n}")
}

/// The registrar's answer: what is left of the day, at most what is wanted, in whole messages. The
/// same question is answered the same again, whatever happened since.
///
/// # Errors
/// [`StoreError`]; nothing is allowed then.
pub fn answer(
    sql: &impl Sql,
    shop: &Shop,
    question: &Question,
    now: UnixMs,
) -> Result<Money, StoreError> {
    sql.transaction(|| {
        if let Some(before) = spending::allowance(sql, &question.id)? {
            return Ok(before);
        }
        let Some(marketing) = &shop.marketing else { return Ok(Money::ZERO) };
        // A question about another day comes from a clock that is off, or far too late.
        let left = if question.day == day(shop, now) { room(sql, shop, now)? } else { Money::ZERO };
        let messages = left.min(question.wanted).holds(marketing.price);
        let amount = marketing.price.times(messages);
        spending::allow(sql, &question.id, &question.day, amount)?;
        Ok(amount)
    })
}

/// Notes what the registrar answered.
///
/// # Errors
/// [`StoreError::Refused`].
pub fn told(sql: &impl Sql, question: &Question, amount: Money) -> Result<(), StoreError> {
    facts::clear(sql, WANTED)?;
    spending::allow(sql, &question.id, &question.day, amount)
}
