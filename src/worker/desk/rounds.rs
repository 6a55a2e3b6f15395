//! What a Desk does by itself: at the tick of each minute, and when its alarm says that something is
//! due.

use std::rc::Rc;

use wasm_bindgen::JsValue;
use wasm_bindgen_futures::future_to_promise;

use super::{
    Inner, Name, call, calls, checkup, deletion, host, layout, now, paid, reconcile, templates,
};
use crate::desk::checkup::round;
use crate::desk::decide::Context;
use crate::desk::form::reminders;
use crate::desk::layout::{Layout, REGISTRAR};
use crate::desk::{alerts, deletion as desk_deletion, inbox, sending};
use crate::outreach::{planner, receipt, reconcile as readings};
use crate::store::timers::{self, Timer};
use crate::store::{
    StoreError, bookings, comments, counters, coupons, early, friends, funnel, incidents, ledger,
    misses, notices, outbox, parked, runs, seen, spending, tallies,
};
use crate::time::{DAY, MINUTE, UnixMs};
use crate::worker::config::Config;
use crate::worker::shops::Published;

/// How long until a Desk that has events but no shop looks for one again.
const NO_SHOP_AGAIN_MS: i64 = 5 * MINUTE;

impl Inner {
    /// The scheduled trigger: begins what is due, and catches whatever an alarm dropped.
    pub(super) async fn tick(self: &Rc<Self>, name: Name) -> Result<String, String> {
        self.be(&name)?;
        self.go_on_if_forgotten()?;
        let at = now();
        sending::recover(&self.sql, false, at).map_err(|e| e.to_string())?;
        if name.shard == REGISTRAR {
            round::ticked(&self.sql, at)
                .and_then(|()| round::keep(&self.sql, at))
                .map_err(|e| e.to_string())?;
        }
        if let Err(why) = self.keep_together(&name).await {
            worker::console_error!("the Desks of the Page: {why}");
        }
        let desks = self.layout.borrow().as_ref().map_or(1, Layout::desks).to_string();
        if self.stands_still() {
            return Ok(desks);
        }
        let mut shop = None;
        let epoch = self.epoch();
        match self.shop(&name.page).await {
            // While we waited.
            Ok(_) if self.moved_since(epoch) => return Ok(desks),
            Ok(published) => {
                self.prepare_coupons(&published.shop)?;
                planner::tick(&self.sql, &published.shop, at).map_err(|e| e.to_string())?;
                reminders::remind(&self.sql, &published.shop, at).map_err(|e| e.to_string())?;
                self.unpark(&published).await?;
                if self.moved_since(epoch) {
                    return Ok(desks);
                }
                readings::daily(&self.sql, &published.shop, name.shard, at)
                    .map_err(|e| e.to_string())?;
                self.watch(&name, &published).await?;
                shop = Some(published);
            }
            Err(why) => worker::console_error!("nothing is planned: {why}"),
        }
        timers::set(&self.sql, Timer::Prune, at.plus(DAY)).map_err(|e| e.to_string())?;
        if let Err(why) = deletion::go_on(self).await {
            worker::console_error!("deletions: {why}");
        }
        self.call_later();
        self.coupons_later();
        self.read_list_later();
        if name.shard == REGISTRAR {
            self.look_later();
        }
        self.deliver_later();
        // Last: what is due does not wait for what Meta is asked beside it.
        if let Some(published) = shop {
            if let Err(why) = paid::keep(self, &name, &published.shop).await {
                worker::console_error!("paid messages: {why}");
            }
            if let Err(why) = templates::keep(self, &name, &published.shop).await {
                worker::console_error!("templates: {why}");
            }
        }
        Ok(desks)
    }

    pub(super) async fn alarm(self: &Rc<Self>) -> Result<(), String> {
        self.wake()?;
        self.go_on_if_forgotten()?;
        let at = now();
        let due = timers::take_due(&self.sql, at).map_err(|e| e.to_string())?;
        sending::recover(&self.sql, false, at).map_err(|e| e.to_string())?;
        if self.stands_still() {
            let moved = layout::go_on(self).await;
            return self.put_off(&due).and(moved);
        }
        if due.contains(&Timer::Prune) {
            self.prune(at).map_err(|e| e.to_string())?;
            // Without the shop nobody knows how long: what is too old waits a day, unseen.
            if let Ok(published) = self.shop(&self.name()?.page).await {
                let days = published.shop.assistant.keep_misses_days;
                misses::prune(&self.sql, days, at).map_err(|e| e.to_string())?;
                receipt::prune(&self.sql, &published.shop, at).map_err(|e| e.to_string())?;
            }
            // No tick reaches a Desk that is closed.
            if let Err(why) = deletion::go_on(self).await {
                worker::console_error!("deletions: {why}");
            }
        }
        let shop_is_needed = [Timer::Plan, Timer::Unpark, Timer::Remind];
        if shop_is_needed.iter().any(|timer| due.contains(timer)) {
            let (page, epoch) = (self.name()?.page, self.epoch());
            match self.shop(&page).await {
                // While we waited.
                Ok(_) if self.moved_since(epoch) => return self.put_off(&due),
                Ok(published) => {
                    planner::go_on(&self.sql, &published.shop, at).map_err(|e| e.to_string())?;
                    reminders::remind(&self.sql, &published.shop, at).map_err(|e| e.to_string())?;
                    self.unpark(&published).await?;
                }
                Err(why) => {
                    worker::console_error!("alarm: {why}");
                    // No cron tick reaches a Desk whose Page is not published.
                    timers::set(&self.sql, Timer::Unpark, at.plus(NO_SHOP_AGAIN_MS))
                        .map_err(|e| e.to_string())?;
                }
            }
        }
        if due.contains(&Timer::Plan) {
            self.coupons_later();
        }
        self.look_again();
        // Side by side: neither messages nor calls wait for the other, and an answer may wait for
        // its thread to be taken back.
        let calls = async {
            if !due.contains(&Timer::Calls) {
                return Ok(());
            }
            let Err(why) = calls::run(self).await else { return Ok(()) };
            worker::console_error!("calls: {why}");
            timers::set(&self.sql, Timer::Calls, now().plus(MINUTE)).map_err(|e| e.to_string())
        };
        let reading = async {
            if !due.contains(&Timer::Reconcile) {
                return Ok(());
            }
            let Err(why) = reconcile::go_on(self).await else { return Ok(()) };
            worker::console_error!("Meta's list of tokens: {why}");
            timers::set(&self.sql, Timer::Reconcile, now().plus(MINUTE)).map_err(|e| e.to_string())
        };
        let looking = async {
            if !due.contains(&Timer::Checkup) {
                return Ok(());
            }
            let Err(why) = checkup::go_on(self).await else { return Ok(()) };
            worker::console_error!("the checkup: {why}");
            timers::set(&self.sql, Timer::Checkup, now().plus(MINUTE)).map_err(|e| e.to_string())
        };
        let (_, calls, reading, looking) =
            futures_util::future::join4(self.deliver(Vec::new()), calls, reading, looking).await;
        calls.and(reading).and(looking)?;
        // Last: what a crash interrupts before this comes again.
        timers::done(&self.sql, &due)
            .and_then(|()| timers::rearm(&self.sql))
            .map_err(|e| e.to_string())
    }

    /// What is due has to wait until people are in place.
    fn put_off(&self, due: &[Timer]) -> Result<(), String> {
        layout::put_off(self, due)
            .and_then(|()| timers::done(&self.sql, due))
            .and_then(|()| timers::rearm(&self.sql))
            .map_err(|error| error.to_string())
    }

    /// Looks what is wrong. The Page's first Desk tells the owner; another one tells the first.
    pub(super) async fn watch(&self, name: &Name, published: &Published) -> Result<(), String> {
        let news = alerts::look(&self.sql, &published.shop, name.shard, now());
        let Some(sees) = news.map_err(|error| error.to_string())? else { return Ok(()) };
        let first = Name { page: name.page.clone(), shard: 0 };
        match call::sees(&self.env, &first, name.shard, &sees).await {
            Ok(()) => alerts::told_first(&self.sql, &sees).map_err(|error| error.to_string()),
            // The next tick tells it again.
            Err(why) => {
                worker::console_error!("the first Desk was not told: {why}");
                Ok(())
            }
        }
    }

    pub(super) fn sees(&self, sees: &call::Sees<'_>) -> Result<String, String> {
        self.be(&sees.desk)?;
        let heard = alerts::heard(&self.sql, sees.shard, &sees.conditions);
        heard.map(|()| String::new()).map_err(|error| error.to_string())
    }

    pub(super) async fn unpark(&self, published: &Published) -> Result<(), String> {
        let (config, name) = (Config::of(&self.env)?, self.name()?);
        self.hand_on_parked(&name).await?;
        if self.stands_still() {
            return Ok(());
        }
        let context = Context {
            shop: &published.shop,
            faq: published.faq.as_ref(),
            keys: &config.keys,
            app: config.app_id.as_ref(),
            diary: &[],
            coupons: &[],
            host: host(&config, &name, self.shards()),
        };
        inbox::unpark(&self.sql, context, now()).map(|_| ()).map_err(|e| e.to_string())
    }

    /// Goes on reading Meta's list, without holding up anything.
    pub(super) fn read_list_later(self: &Rc<Self>) {
        let inner = self.clone();
        let reading = future_to_promise(async move {
            if let Err(why) = reconcile::go_on(&inner).await {
                worker::console_error!("Meta's list of tokens: {why}");
            }
            Ok(JsValue::UNDEFINED)
        });
        let _extended = self.state.wait_until(&reading);
    }

    /// Looks whether all is there that the shop needs, without holding up anything.
    fn look_later(self: &Rc<Self>) {
        let inner = self.clone();
        let looking = future_to_promise(async move {
            if let Err(why) = checkup::go_on(&inner).await {
                worker::console_error!("the checkup: {why}");
            }
            Ok(JsValue::UNDEFINED)
        });
        let _extended = self.state.wait_until(&looking);
    }

    pub(super) fn prune(&self, at: UnixMs) -> Result<(), StoreError> {
        seen::prune(&self.sql, at)?;
        outbox::prune(&self.sql, at)?;
        parked::prune(&self.sql, at)?;
        ledger::prune(&self.sql, at)?;
        runs::prune(&self.sql, at)?;
        tallies::prune(&self.sql, at)?;
        spending::prune(&self.sql, at)?;
        notices::prune(&self.sql, at)?;
        counters::prune(&self.sql, at)?;
        funnel::prune(&self.sql, &at.plus(-400 * DAY).utc_date().to_string())?;
        bookings::prune(&self.sql, at)?;
        coupons::prune(&self.sql, at)?;
        desk_deletion::prune(&self.sql, at)?;
        incidents::prune(&self.sql, at)?;
        early::prune(&self.sql, at)?;
        comments::prune(&self.sql, at)?;
        friends::prune(&self.sql, at)?;
        timers::set(&self.sql, Timer::Prune, at.plus(DAY))
    }
}
