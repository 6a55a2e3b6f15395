//! Codes into the tables: at the registrar in the transaction that gives them, at another Desk by an
//! order that the registrar answers.

use serde::{Deserialize, Serialize};

use super::{Gift, Held, May, message, new_of};
use crate::desk::decide::Context;
use crate::desk::layout::REGISTRAR;
use crate::desk::person::Person;
use crate::desk::replies;
use crate::meta::event::Channel;
use crate::meta::fit::fit;
use crate::meta::ids::{CouponId, Psid, TopicId};
use crate::meta::send::Content;
use crate::shop::coupons::{Slip, Spoken, spoken};
use crate::shop::lang::language;
use crate::shop::model::Shop;
use crate::store::coupons::orders::{self, Order, Stands};
use crate::store::coupons::{self, New, holders};
use crate::store::outbox::{self, Class};
use crate::store::timers::{self, Timer};
use crate::store::{Sql, StoreError, counters, facts, people};
use crate::time::UnixMs;

/// Orders that are asked about in one call.
pub const AT_ONCE: u32 = 50;

/// The fact with what messages need that are planned without an event: random bits, and where codes
/// can be shown.
const GROUND: &str = "coupon_ground";

/// What a deployment gives a Desk to make codes with when nobody has called it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Ground {
    /// 128 random bits that nobody else knows, in hexadecimal. Each code is a hash of these with
    /// coupon, person, occasion and moment.
    seed: String,
    /// The Worker's address.
    public_url: Option<String>,
}

/// Which Desk this is, as its own tables know it.
#[derive(Deserialize)]
struct Desk {
    shard: u32,
}

/// Whether this is the Page's first Desk, as far as its tables know.
///
/// # Errors
/// [`StoreError`].
pub fn is_registrar(sql: &impl Sql) -> Result<bool, StoreError> {
    let desk: Option<Desk> = facts::get(sql, facts::NAME)?;
    Ok(desk.is_none_or(|desk| desk.shard == REGISTRAR))
}

/// Lets the Desk make codes by itself: `seed` once, and the address whenever it changes. Without it
/// messages that bring a coupon are held.
///
/// # Errors
/// [`StoreError`].
pub fn prepare(
    sql: &impl Sql,
    shop: &Shop,
    seed: [u8; 16],
    public_url: Option<&str>,
) -> Result<(), StoreError> {
    if shop.coupons.is_empty() {
        return Ok(());
    }
    let known: Option<Ground> = facts::get(sql, GROUND)?;
    let seed = known.as_ref().map_or_else(|| hex::encode(seed), |known| known.seed.clone());
    let ground = Ground { seed, public_url: public_url.map(str::to_owned) };
    if known.as_ref() == Some(&ground) { Ok(()) } else { facts::set(sql, GROUND, &ground) }
}

/// What is given of each coupon that has an end, for [`Context::coupons`].
///
/// # Errors
/// [`StoreError`].
pub fn issued(sql: &impl Sql, context: Context<'_>) -> Result<Vec<coupons::Issued>, StoreError> {
    let limited = context.shop.coupons.iter().any(|coupon| coupon.total.is_some());
    if limited && context.host.shard == REGISTRAR { coupons::sums(sql) } else { Ok(Vec::new()) }
}

/// Writes what a decision has given. Inside its transaction.
///
/// # Errors
/// [`StoreError`].
pub fn apply(
    sql: &impl Sql,
    shard: u32,
    who: (Channel, &Psid),
    gift: &Gift,
    now: UnixMs,
) -> Result<(), StoreError> {
    let Gift { new, occasion } = gift;
    if shard == REGISTRAR {
        return enter(sql, new, who, now);
    }
    let order = Order {
        channel: who.0,
        person: who.1.clone(),
        occasion: occasion.clone(),
        new: new.clone(),
        says: true,
    };
    orders::put(sql, &order)?;
    // The net under the call that follows at once.
    timers::set(sql, Timer::Plan, now.plus(crate::time::MINUTE))
}

fn enter(sql: &impl Sql, new: &New, who: (Channel, &Psid), now: UnixMs) -> Result<(), StoreError> {
    coupons::enter(sql, new)?;
    holders::set(sql, &new.code, who, now)?;
    counters::add(sql, &format!("coupon.{}.given", new.coupon), now)
}

/// What a message that is sent brings.
#[derive(Debug)]
pub enum Brings {
    /// This code.
    Code(Spoken),
    /// There is none for them: the message stays.
    Nothing,
    /// The registrar has been asked.
    Wait,
}

/// Gives somebody the coupon that a message brings, for this occasion. What they hold from then on is
/// in `person`, which the caller saves in the same transaction. A refusal is heard once.
///
/// # Errors
/// [`StoreError`].
pub fn bring(
    sql: &impl Sql,
    shop: &Shop,
    who: (Channel, &Psid),
    person: &mut Person,
    what: (&CouponId, &str),
    counted: (&str, Option<&TopicId>),
    now: UnixMs,
) -> Result<Brings, StoreError> {
    let brings = ask(sql, shop, who, person, what, counted, now)?;
    if matches!(brings, Brings::Nothing) {
        orders::remove(sql, what.0, who)?;
    }
    Ok(brings)
}

/// The same, for whoever looks ahead: a refusal is still there when it is heard.
///
/// # Errors
/// [`StoreError`].
pub fn ask(
    sql: &impl Sql,
    shop: &Shop,
    who: (Channel, &Psid),
    person: &mut Person,
    (id, occasion): (&CouponId, &str),
    (source, topic): (&str, Option<&TopicId>),
    now: UnixMs,
) -> Result<Brings, StoreError> {
    let Some(coupon) = shop.coupon(id) else { return Ok(Brings::Nothing) };
    let Some(ground) = facts::get::<Ground>(sql, GROUND)? else { return Ok(Brings::Nothing) };
    let lang = person.lang(shop).clone();
    let says = |held: &Held| {
        let slip =
            Slip { code: &held.code, until: held.until, public_url: ground.public_url.as_deref() };
        Brings::Code(spoken(shop, &lang, slip))
    };
    let held = person.coupons.get(id).map(Vec::as_slice).unwrap_or_default();
    match super::may(shop, coupon, held, occasion, now) {
        // A message that brings what is used already would be a bad joke.
        May::Again(held) if held.is_good(now) => return Ok(says(held)),
        May::Again(_) | May::No => return Ok(Brings::Nothing),
        May::New => {}
    }
    match orders::stands(sql, id, who)? {
        Some(Stands::Asked) => return Ok(Brings::Wait),
        Some(Stands::Refused) => return Ok(Brings::Nothing),
        None => {}
    }
    let mut seed = [0; 16];
    if hex::decode_to_slice(&ground.seed, &mut seed).is_err() {
        return Ok(Brings::Nothing);
    }
    let new = new_of(shop, coupon, seed, who, (source.to_owned(), topic), (occasion, now));
    if !is_registrar(sql)? {
        let (channel, person) = (who.0, who.1.clone());
        let occasion = occasion.to_owned();
        orders::put(sql, &Order { channel, person, occasion, new, says: false })?;
        return Ok(Brings::Wait);
    }
    if !is_left(sql, shop, id)? {
        return Ok(Brings::Nothing);
    }
    enter(sql, &new, who, now)?;
    let held = hold(&new, occasion);
    let brings = says(&held);
    person.coupons.entry(id.clone()).or_default().push(held);
    Ok(brings)
}

fn hold(new: &New, occasion: &str) -> Held {
    Held {
        code: new.code.clone(),
        occasion: occasion.to_owned(),
        at: new.at,
        until: new.until,
        redeemed_at: None,
    }
}

fn is_left(sql: &impl Sql, shop: &Shop, id: &CouponId) -> Result<bool, StoreError> {
    match shop.coupon(id).and_then(|coupon| coupon.total) {
        Some(total) => Ok(coupons::issued(sql, id)? < i64::from(total)),
        None => Ok(true),
    }
}

/// The registrar's answer to orders: for each whether its code is entered. The same question has the
/// same answer, whatever happened since, but for codes that were refused: more may be given by then.
///
/// # Errors
/// [`StoreError`]; nothing is entered then.
pub fn answer(sql: &impl Sql, shop: &Shop, wanted: &[New]) -> Result<Vec<bool>, StoreError> {
    sql.transaction(|| {
        let one = |new: &New| {
            if let Some(known) = coupons::get(sql, &new.code)? {
                return Ok(known.new.coupon == new.coupon);
            }
            if shop.coupon(&new.coupon).is_none() || !is_left(sql, shop, &new.coupon)? {
                return Ok(false);
            }
            coupons::enter(sql, new)
        };
        wanted.iter().map(one).collect()
    })
}

/// Notes what the registrar answered to these orders: people get their codes, and what waits to say
/// so is put into the outbox. `true` when something is to be sent or planned.
///
/// # Errors
/// [`StoreError`]; nothing is noted then, and the same is asked again.
pub fn answered(
    sql: &impl Sql,
    shop: &Shop,
    orders: &[Order],
    entered: &[bool],
    now: UnixMs,
) -> Result<(), StoreError> {
    sql.transaction(|| {
        for (order, entered) in orders.iter().zip(entered) {
            // They may have been forgotten, or answered by an overlapping call; and somebody may wait
            // for a message of their own since.
            if let Some(order) = orders::open(sql, &order.new.code)? {
                one_answered(sql, shop, &order, *entered, now)?;
            }
        }
        timers::set(sql, Timer::Plan, now)
    })
}

fn one_answered(
    sql: &impl Sql,
    shop: &Shop,
    order: &Order,
    entered: bool,
    now: UnixMs,
) -> Result<(), StoreError> {
    let (new, who) = (&order.new, (order.channel, &order.person));
    if !entered && !order.says {
        return orders::refuse(sql, &new.code);
    }
    orders::remove(sql, &new.coupon, who)?;
    let known: Option<Person> = people::load(sql, who.0, who.1)?;
    let Some(mut person) = known else { return Ok(()) };
    let lang = person.lang(shop).clone();
    let bubbles = match shop.coupon(&new.coupon).filter(|_| entered) {
        Some(coupon) => {
            let ground: Option<Ground> = facts::get(sql, GROUND)?;
            let public_url = ground.as_ref().and_then(|ground| ground.public_url.as_deref());
            let slip = Slip { code: &new.code, until: new.until, public_url };
            message(shop, &lang, coupon, slip, now)
        }
        None => vec![replies::bubble(language(&lang).coupons.gone.to_owned(), Vec::new())],
    };
    if entered {
        person.coupons.entry(new.coupon.clone()).or_default().push(hold(new, &order.occasion));
        people::save(sql, who.0, who.1, &person)?;
        holders::set(sql, &new.code, who, now)?;
        counters::add(sql, &format!("coupon.{}.given", new.coupon), now)?;
    }
    if !order.says {
        return Ok(());
    }
    let bubbles: Vec<Content> = bubbles.into_iter().flat_map(|b| fit(b, who.0)).collect();
    for content in &bubbles {
        let message = outbox::Message {
            class: &Class::Reply,
            channel: who.0,
            person: who.1,
            content,
            due_at: now,
            expires_at: None,
        };
        outbox::append(sql, &message, now)?;
    }
    timers::set(sql, Timer::Drain, now)
}
