//! Coupons among the Desks of a Page: what the registrar is asked from outside, orders on their way to
//! it, and redemptions on their way to whoever held the code.

use std::borrow::Cow;
use std::rc::Rc;

use serde_json::json;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::future_to_promise;

use super::{Inner, MOVING, Name, call, now};
use crate::desk::coupons::act::{self, Act};
use crate::desk::coupons::{giving, redeeming};
use crate::desk::layout::{Layout, REGISTRAR};
use crate::shop::model::Shop;
use crate::store::coupons::{self, New, News, orders};
use crate::store::timers::{self, Timer};
use crate::time::{MINUTE, UnixMs};
use crate::worker::config::Config;
use crate::worker::random;

/// Codes that nobody has, and as many keys, asked for within a minute: more of them are not looked up,
/// so that nobody can go on guessing. No address gets so far alone (`worker::coupons`), and whoever
/// works at a till has a limit of their own.
const MOST_LOOKS: u32 = 120;

/// How often something was looked up in vain, and since when it is counted.
#[derive(Clone, Copy, Default)]
pub struct Looks {
    since: UnixMs,
    codes: u32,
    keys: u32,
}

impl Looks {
    fn at(self, now: UnixMs) -> Self {
        let fresh = (0..MINUTE).contains(&now.since(self.since));
        if fresh { self } else { Self { since: now, ..Self::default() } }
    }

    /// What counts the act; none: it may be done as often as one likes. Codes do not keep tills out.
    fn of(&mut self, act: &Act) -> Option<&mut u32> {
        match act {
            Act::Show(_) => Some(&mut self.codes),
            Act::SignIn(_) => Some(&mut self.keys),
            _ => None,
        }
    }
}

impl Inner {
    /// Answers about coupons and tills.
    pub(super) async fn coupons(
        self: &Rc<Self>,
        asked: call::Coupons<'_>,
    ) -> Result<String, String> {
        self.be(&asked.desk)?;
        let act = asked.act.as_ref();
        let published = self.shop(&asked.desk.page).await.ok();
        let at = now();
        let mut looks = self.looks.get().at(at);
        if looks.of(act).is_some_and(|vain| *vain >= MOST_LOOKS) {
            return Ok(json!({ "busy": true }).to_string());
        }
        if self.is_carried() {
            let refused = act::while_carried(act).map_err(|error| error.to_string())?;
            if let Some(refused) = refused {
                return Ok(refused.to_string());
            }
        }
        if self.stands_still() && matches!(act, Act::Hear(_)) {
            return Err(MOVING.to_owned());
        }
        // While people are moved a code is redeemed all the same, and its person hears of it later.
        let shop = published.as_ref().map(|published| &published.shop);
        let shop = shop.filter(|_| !self.stands_still() || !matches!(act, Act::Redeem(..)));
        let answer = act::answer(&self.sql, shop, act, at).map_err(|error| error.to_string())?;
        if let Some(vain) = looks.of(act).filter(|_| answer.is_null()) {
            *vain = vain.saturating_add(1);
            self.looks.set(looks);
        }
        if matches!(act, Act::Redeem(..)) {
            self.coupons_later();
        }
        Ok(answer.to_string())
    }

    /// Goes on with orders and news, without holding up the answer.
    pub(super) fn coupons_later(self: &Rc<Self>) {
        let inner = self.clone();
        let kept = future_to_promise(async move {
            if let Err(why) = inner.keep_coupons().await {
                worker::console_error!("coupons: {why}");
            }
            Ok(JsValue::UNDEFINED)
        });
        let _extended = self.state.wait_until(&kept);
    }

    /// Lets this Desk make codes for what is sent.
    pub(super) fn prepare_coupons(&self, shop: &Shop) -> Result<(), String> {
        let config = Config::of(&self.env)?;
        giving::prepare(&self.sql, shop, random::bits128(), config.public_url.as_deref())
            .map_err(|error| error.to_string())
    }

    /// Asks the registrar about orders, and tells the other Desks what was redeemed.
    ///
    /// # Errors
    /// What the tables or another Desk say. The next tick tries again.
    pub(super) async fn keep_coupons(self: &Rc<Self>) -> Result<(), String> {
        if self.stands_still() {
            return Ok(());
        }
        let name = self.name()?;
        let fail = |error: crate::store::StoreError| error.to_string();
        let asked = orders::asked(&self.sql, giving::AT_ONCE).map_err(fail)?;
        let news = match name.shard {
            REGISTRAR => coupons::untold(&self.sql, redeeming::AT_ONCE).map_err(fail)?,
            _ => Vec::new(),
        };
        if asked.is_empty() && news.is_empty() {
            return Ok(());
        }
        let epoch = self.epoch();
        let published = self.shop(&name.page).await.map_err(|why| why.to_string())?;
        self.not_moved(epoch)?;
        let shop = &published.shop;
        if !asked.is_empty() {
            self.prepare_coupons(shop)?;
            let wanted: Vec<New> = asked.iter().map(|order| order.new.clone()).collect();
            let entered = self.entered(&name, shop, wanted).await?;
            self.not_moved(epoch)?;
            giving::answered(&self.sql, shop, &asked, &entered, now()).map_err(fail)?;
            if asked.len() >= usize::try_from(giving::AT_ONCE).unwrap_or(usize::MAX) {
                timers::set(&self.sql, Timer::Plan, now()).map_err(fail)?;
            }
            self.deliver_later();
        }
        self.tell(&name, shop, news).await
    }

    /// Has the registrar enter codes.
    async fn entered(
        &self,
        name: &Name,
        shop: &Shop,
        wanted: Vec<New>,
    ) -> Result<Vec<bool>, String> {
        if name.shard == REGISTRAR {
            // People who waited for a code at another Desk belong here now.
            return giving::answer(&self.sql, shop, &wanted).map_err(|error| error.to_string());
        }
        let registrar = Name { page: name.page.clone(), shard: REGISTRAR };
        let count = wanted.len();
        let answer = call::coupons(&self.env, &registrar, &Act::Enter(wanted)).await?;
        let entered: Vec<bool> =
            serde_json::from_value(answer).map_err(|error| error.to_string())?;
        if entered.len() == count {
            Ok(entered)
        } else {
            Err("some orders are not answered".into())
        }
    }

    /// Tells what was redeemed to the Desk of whoever held it: here, or one of the others.
    async fn tell(&self, name: &Name, shop: &Shop, news: Vec<News>) -> Result<(), String> {
        let fail = |error: crate::store::StoreError| error.to_string();
        let mut elsewhere = Vec::new();
        for one in news {
            if redeeming::hear(&self.sql, shop, &one, now()).map_err(fail)? {
                coupons::told(&self.sql, &one.code).map_err(fail)?;
            } else {
                elsewhere.push(one);
            }
        }
        if elsewhere.is_empty() {
            return Ok(());
        }
        let desks = self.layout.borrow().as_ref().map_or(1, Layout::desks);
        for shard in 1..desks {
            let other = Name { page: name.page.clone(), shard };
            call::coupons(&self.env, &other, &Act::Hear(elsewhere.clone())).await?;
        }
        // Every Desk has been asked: whoever is nowhere was forgotten.
        for one in elsewhere {
            coupons::told(&self.sql, &one.code).map_err(fail)?;
        }
        Ok(())
    }
}

impl<'a> call::Coupons<'a> {
    /// For this Desk.
    pub fn of(desk: &'a Name, act: &'a Act) -> Self {
        Self { desk: Cow::Borrowed(desk), act: Cow::Borrowed(act) }
    }
}
