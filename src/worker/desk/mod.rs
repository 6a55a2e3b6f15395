//! The Desk: one Durable Object per Page and shard. It owns the SQLite that the store's tables
//! live in, and does nothing but call the pure rooms and carry out what they decided.
//!
//! No handler here returns an error or panics: an `Err` keeps half of the writes, and a panic
//! hangs every request of the isolate and kills this object's alarm until the process restarts.
//!
//! - [`call`]: how the Worker reaches a Desk.
//! - [`calls`]: the requests that are no messages.
//! - [`deletion`]: what a deletion still owes after the rows are gone.
//! - [`drain`]: sends what is in the outbox.
//! - [`layout`]: the Desks of a Page among themselves.
//! - [`pace`]: what happens beside the messages: names, typing, pauses.
//! - [`kv`]: writes to KV what is owed, and reads tokens from it.
//! - [`reconcile`]: reads Meta's own list of tokens.

pub mod call;
mod calls;
mod deletion;
mod drain;
mod kv;
mod layout;
mod pace;
mod reconcile;

use std::cell::{Cell, RefCell};
use std::collections::{HashSet, VecDeque};
use std::rc::Rc;

use serde::{Deserialize, Serialize};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, future_to_promise};
use web_sys::{Request, Response, ResponseInit};
use worker::Env;
use worker::worker_sys::DurableObjectState;

use super::config::Config;
use super::graph::Line;
use super::http::js_error;
use super::random;
use super::shops::{self, NoShop, Published};
use super::sql::DeskSql;
use crate::desk::alerts;
use crate::desk::booking::calendar;
use crate::desk::by_hand::{self, Refusal};
use crate::desk::decide::{Context, Host};
use crate::desk::deletion::{self as desk_deletion, Order, erase};
use crate::desk::form::reminders;
use crate::desk::handoff;
use crate::desk::inbox::{self, Taken};
use crate::desk::layout::{Layout, REGISTRAR, home};
use crate::desk::posters::{self, Refusal as NoPoster};
use crate::desk::profile::{self, Stranger, WAIT_MS};
use crate::desk::sending::{self, PageHold, Via};
use crate::entry::pages;
use crate::meta::event::{Channel, Event};
use crate::meta::ids::{PageId, Psid};
use crate::meta::profile::Fields;
use crate::outreach::pace::Bucket;
use crate::outreach::{planner, receipt, reconcile as readings, told};
use crate::store::funnel::{self, Stage};
use crate::store::outbox::{Claimed, Room};
use crate::store::timers::{self, Timer};
use crate::store::{
    Sql, StoreError, bookings, counters, deletions, early, facts, incidents, kv_queue, ledger,
    misses, moving, outbox, parked, runs, schema, seen, tallies,
};
use crate::time::{DAY, HOUR, MINUTE, SECOND, UnixMs};

/// Now, by the runtime's clock. It stands still while code runs, and moves on with every I/O.
pub fn now() -> UnixMs {
    #[allow(clippy::cast_possible_truncation)]
    UnixMs::new(js_sys::Date::now() as i64)
}

/// Which Desk: also its name among the Durable Objects.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Name {
    pub page: PageId,
    pub shard: u32,
}

impl Name {
    /// The Desk of a person. Events without one belong to shard 0, the Page's registrar.
    pub fn of(page: PageId, person: Option<&Psid>, shards: u32) -> Self {
        let shard = person.map_or(REGISTRAR, |person| home(person, shards));
        Self { page, shard }
    }

    fn object(&self) -> String {
        format!("{}:{}", self.page, self.shard)
    }
}

/// How long until a Desk that has events but no shop looks for one again.
const NO_SHOP_AGAIN_MS: i64 = 5 * MINUTE;

/// Why somebody has to wait who asks for a person while people are moved.
const MOVING: &str = "the Page's people are being moved to other Desks; try again in a minute";

/// The most questions without an answer that one Desk tells of at once.
const MOST_MISSES: u32 = 1_000;

/// The most bookings that one Desk tells of at once.
const MOST_BOOKINGS: u32 = 2_000;

/// What this Desk is called, in its own tables: an alarm does not say.
const NAME: &str = "name";

/// The object, as the runtime sees it. Not by the macro of the `worker` crate: its request reads
/// method, address, headers and `cf` of every call over the border, and the Desk needs none.
#[wasm_bindgen]
pub struct Desk {
    inner: Rc<Inner>,
}

/// Everything a drain that outlives its request needs.
struct Inner {
    state: DurableObjectState,
    env: Env,
    sql: DeskSql,
    /// Whether this process has looked at the tables yet.
    awake: Cell<bool>,
    name: RefCell<Option<Name>>,
    line: RefCell<Option<Rc<Line>>>,
    /// Room for requests to the Graph API, over all drains of this object.
    room: Cell<Room>,
    /// How many notifications may leave now, by the pace of the Page.
    bucket: Cell<Bucket>,
    /// Messages may wait in the outbox that nobody has claimed.
    waits: Cell<bool>,
    /// The tables may hold what has no timer yet, or what is owed to KV.
    look: Cell<bool>,
    /// One flush at a time: two could write an older value over a newer one.
    flushing: Cell<bool>,
    /// One step of a reading of Meta's list at a time.
    reconciling: Cell<bool>,
    /// Who is to be asked about, in order.
    strangers: RefCell<VecDeque<Stranger>>,
    /// The last moment that a reply of this process waits for, and where typing shows already.
    paced_until: Cell<UnixMs>,
    typing: RefCell<HashSet<i64>>,
    /// What Meta tells this app of people.
    profile_fields: Cell<Fields>,
    /// How many deliveries are being sent, and when somebody last looked what comes next.
    delivering: Cell<u32>,
    looked_at: Cell<UnixMs>,
    /// How the Page's people are divided, once known.
    layout: RefCell<Option<Layout>>,
    /// The pause of the Page that the other Desks know of.
    shared_hold: RefCell<Option<PageHold>>,
    /// One at a time moves people.
    carrying: Cell<bool>,
}

#[wasm_bindgen]
impl Desk {
    #[wasm_bindgen(constructor)]
    pub fn new(state: DurableObjectState, env: Env) -> Result<Self, JsValue> {
        let sql = DeskSql::new(&state)?;
        Ok(Self {
            inner: Rc::new(Inner {
                state,
                env,
                sql,
                awake: Cell::new(false),
                name: RefCell::new(None),
                line: RefCell::new(None),
                room: Cell::new(drain::ROOM),
                bucket: Cell::new(Bucket::full(UnixMs::default())),
                waits: Cell::new(true),
                look: Cell::new(true),
                flushing: Cell::new(false),
                reconciling: Cell::new(false),
                strangers: RefCell::default(),
                paced_until: Cell::default(),
                typing: RefCell::default(),
                profile_fields: Cell::default(),
                delivering: Cell::new(0),
                looked_at: Cell::new(UnixMs::default()),
                layout: RefCell::default(),
                shared_hold: RefCell::default(),
                carrying: Cell::new(false),
            }),
        })
    }

    /// A call of [`call`]'s.
    pub async fn fetch(&self, request: Request) -> Result<Response, JsValue> {
        let inner = self.inner.clone();
        let answer = match body(&request).await {
            Ok(body) => inner.answer(path(&request.url()), &body).await,
            Err(error) => Err(js_error(&error).into_owned()),
        };
        match answer {
            Ok(body) if body.is_empty() => Response::new(),
            Ok(body) => Response::new_with_opt_str(Some(&body)),
            Err(why) => {
                let init = ResponseInit::new();
                init.set_status(503);
                Response::new_with_opt_str_and_init(Some(&why), &init)
            }
        }
    }

    /// The alarm.
    pub async fn alarm(&self) {
        let inner = self.inner.clone();
        inner.sql.forget_alarm();
        if let Err(why) = inner.alarm().await {
            worker::console_error!("alarm: {why}");
        }
    }
}

async fn body(request: &Request) -> Result<String, JsValue> {
    Ok(JsFuture::from(request.text()?).await?.as_string().unwrap_or_default())
}

/// The path of a call: what follows `https://desk`.
fn path(url: &str) -> &str {
    url.get("https://desk".len()..).unwrap_or_default()
}

impl Inner {
    /// Once per process, before anything else: the tables, and what the last process left in
    /// flight.
    fn wake(&self) -> Result<(), String> {
        if self.awake.get() {
            return Ok(());
        }
        let woken = schema::migrate(&self.sql)
            .and_then(|()| sending::recover(&self.sql, true, now()))
            .and_then(|()| timers::rearm(&self.sql));
        let known = woken.and_then(|()| {
            *self.shared_hold.borrow_mut() = sending::page_hold(&self.sql)?;
            crate::desk::layout::known(&self.sql)
        });
        let known = known.map_err(|error| format!("the tables cannot be used: {error}"))?;
        *self.layout.borrow_mut() = known;
        self.awake.set(true);
        Ok(())
    }

    async fn answer(self: &Rc<Self>, path: &str, body: &str) -> Result<String, String> {
        self.wake()?;
        match path {
            call::TAKE => {
                let call::Delivery { desk, epoch, events } = parse(body)?;
                let name: Name = desk.into_owned();
                self.take(name, epoch, events.into_owned()).await
            }
            call::TICK => self.tick(parse(body)?).await,
            call::FORGET | call::RESUME | call::BY_HAND if self.stands_still() => {
                Err(MOVING.to_owned())
            }
            call::FORGET => self.forget(&parse(body)?),
            call::RESUME => self.resume(parse(body)?).await,
            call::BY_HAND => self.by_hand(parse(body)?).await,
            call::DELETION => self.deletion(&parse(body)?),
            call::STATUS => self.status(parse(body)?).await,
            call::MISSES => self.misses(parse(body)?).await,
            call::BOOKINGS => self.bookings(parse(body)?),
            call::BOOKING => self.booking(&parse(body)?).await,
            call::ASK => self.ask(parse(body)?).await,
            call::SCAN => self.scan(&parse(body)?),
            call::POSTERS => self.posters(parse(body)?).await,
            call::RECONCILE => self.reconcile(parse(body)?).await,
            call::ALERTS => self.alerts(&parse(body)?),
            call::SEES => self.sees(&parse(body)?),
            call::PAGE => json(&self.page_state(&parse(body)?).await?),
            call::HOLD => self.held(parse(body)?).await.map(|()| String::new()),
            call::UNREST => json(&self.unrest()?),
            call::LAYOUT => {
                let call::Order { desk, layout } = parse(body)?;
                self.be(&desk)?;
                self.take_layout(&layout)?;
                json(&self.unrest()?)
            }
            call::CARRY => {
                let call::Order { desk, layout } = parse(body)?;
                self.carry(&desk, &layout).await.map(|done| done.to_string())
            }
            call::ARRIVE => self.arrive(&parse(body)?).map(|()| String::new()),
            call::NOTICE => self.notice(&parse(body)?),
            call::SEEN => {
                let call::Keys { keys, .. } = parse(body)?;
                json(&moving::seen(&self.sql, &keys).map_err(|e| e.to_string())?)
            }
            call::MOVE => {
                let call::Move { desk, to } = parse(body)?;
                self.be(&desk)?;
                self.begin_move(&desk, to).await.map(|begun| begun.to_string())
            }
            _ => Err(format!("a Desk has no {path}")),
        }
    }

    fn name(&self) -> Result<Name, String> {
        if let Some(name) = self.name.borrow().clone() {
            return Ok(name);
        }
        let name: Option<Name> = facts::get(&self.sql, NAME).map_err(|e| e.to_string())?;
        name.ok_or_else(|| "this Desk does not know its name yet".to_owned())
    }

    /// Remembers what this Desk is called, once.
    fn be(&self, name: &Name) -> Result<(), String> {
        if self.name.borrow().as_ref() == Some(name) {
            return Ok(());
        }
        let known: Option<Name> = facts::get(&self.sql, NAME).map_err(|e| e.to_string())?;
        if known.as_ref() != Some(name) {
            facts::set(&self.sql, NAME, name).map_err(|e| e.to_string())?;
        }
        *self.name.borrow_mut() = Some(name.clone());
        Ok(())
    }

    async fn shop(&self, page: &PageId) -> Result<Rc<Published>, NoShop> {
        shops::shop(&self.env, page, now()).await
    }

    /// Takes a delivery; the drain follows without holding up the answer.
    async fn take(
        self: &Rc<Self>,
        name: Name,
        epoch: u32,
        events: Vec<Event>,
    ) -> Result<String, String> {
        self.be(&name)?;
        let config = Config::of(&self.env)?;
        if self.stands_still() {
            let parked = inbox::park_all(&self.sql, &events, MOVING, now());
            return parked.map(|_| String::new()).map_err(|error| error.to_string());
        }
        let events = &self.ours(&name, epoch, events).await?;
        if events.is_empty() {
            return Ok(String::new());
        }
        // Nothing overtakes what waits; and without a way to Graph nothing is on its way.
        let line = drain::line(self, &name);
        let taken = match self.shop(&name.page).await {
            Ok(published) => {
                let context = Context {
                    shop: &published.shop,
                    faq: published.faq.as_ref(),
                    keys: &config.keys,
                    app: config.app_id.as_ref(),
                    diary: &[],
                    host: host(&config, &name, self.shards()),
                };
                let room =
                    if self.waits.get() || line.is_err() { 0 } else { self.room.get().messages };
                if self.stands_still() {
                    // It has begun while we waited.
                    let parked = inbox::park_all(&self.sql, events, MOVING, now());
                    return parked.map(|_| String::new()).map_err(|error| error.to_string());
                }
                inbox::take_and_claim(&self.sql, context, events, room, now()).inspect(|taken| {
                    // In the same breath: nothing of it has left.
                    self.expect(&taken.report);
                })
            }
            Err(why) => {
                worker::console_error!("events are kept for later: {why}");
                inbox::park_all(&self.sql, events, &why.to_string(), now()).map(|report| Taken {
                    report,
                    waits: true,
                    ..Taken::default()
                })
            }
        };
        let Taken { leaving, waits, .. } = taken.map_err(|error| error.to_string())?;
        leaving.iter().for_each(|(claimed, _)| drain::take_up(self, claimed));
        if waits {
            self.look_again();
        }
        if waits || !leaving.is_empty() {
            self.send_later(leaving);
        }
        Ok(String::new())
    }

    /// The tables hold something that memory does not know of.
    fn look_again(&self) {
        self.waits.set(true);
        self.look.set(true);
    }

    /// Notes what a delivery left to wait for.
    fn expect(&self, report: &inbox::Report) {
        let mut last = report.paced_until;
        if !report.strangers.is_empty() {
            match profile::hold(&self.sql, &report.strangers, now()) {
                // A pause between bubbles is moved by as much.
                Ok(true) => last = Some(last.unwrap_or_else(now).plus(WAIT_MS)),
                Ok(false) => {}
                Err(why) => worker::console_error!("nothing waits for a name: {why}"),
            }
            self.strangers.borrow_mut().extend(report.strangers.iter().cloned());
        }
        if let Some(last) = last {
            self.paced_until.set(self.paced_until.get().max(last));
        }
    }

    /// Delivers what the tables hold, without holding up the answer.
    fn deliver_later(self: &Rc<Self>) {
        self.look_again();
        self.send_later(Vec::new());
    }

    /// Sends what is leaving, without holding up the answer.
    fn send_later(self: &Rc<Self>, leaving: Vec<(Claimed, Via)>) {
        let inner = self.clone();
        let delivery = future_to_promise(async move {
            inner.deliver(leaving).await;
            Ok(JsValue::UNDEFINED)
        });
        // Refused or not, the promise runs; the timers catch what is cut off.
        let _extended = self.state.wait_until(&delivery);
    }

    /// Makes the calls that are due, without holding up anything: the alarm does it too, and may
    /// be dead.
    fn call_later(self: &Rc<Self>) {
        let inner = self.clone();
        let calls = future_to_promise(async move {
            if let Err(why) = calls::run(&inner).await {
                worker::console_error!("calls: {why}");
            }
            Ok(JsValue::UNDEFINED)
        });
        let _extended = self.state.wait_until(&calls);
    }

    /// Sends what is leaving and what is due, and writes to KV what is owed.
    async fn deliver(self: &Rc<Self>, leaving: Vec<(Claimed, Via)>) {
        self.delivering.set(self.delivering.get().saturating_add(1));
        // What is due and did not leave waits for something that only time, an answer on its way or
        // the owner brings. An alarm that is due at once would come back at once, for ever.
        let pause = match drain::drain(self, leaving).await {
            Ok(drain::Ended::Share) => {
                self.look.set(true);
                0
            }
            Ok(drain::Ended::Done) => SECOND,
            Err(why) => {
                worker::console_error!("the outbox is behind: {why}");
                self.look_again();
                MINUTE
            }
        };
        self.delivering.set(self.delivering.get().saturating_sub(1));
        // Nearly always everything has left, and nothing came that memory does not know of.
        if !self.look.get() && !self.waits.get() {
            return;
        }
        // The last one looks for all; and in a rush, which has no last one, one each second.
        let at = now();
        if self.delivering.get() > 0 && at.since(self.looked_at.get()) < SECOND {
            return;
        }
        self.looked_at.set(at);
        self.look.set(false);
        if let Err(why) = self.look_ahead(at.plus(pause), at).await {
            worker::console_error!("timers: {why}");
            self.look.set(true);
        }
    }

    /// Sets timers for what still waits, and writes to KV what is owed. The outbox is not looked
    /// at before `soonest`, nor before the end of a hold.
    async fn look_ahead(self: &Rc<Self>, soonest: UnixMs, at: UnixMs) -> Result<(), String> {
        let ahead = timers::look_ahead(&self.sql, at).map_err(|e| e.to_string())?;
        if let Some(due) = ahead.drain {
            let hold = sending::page_hold(&self.sql).map_err(|e| e.to_string())?;
            let held = hold.map_or(soonest, |hold| hold.until);
            timers::set(&self.sql, Timer::Drain, due.max(soonest).max(held))
                .map_err(|e| e.to_string())?;
        }
        if !ahead.flush {
            return Ok(());
        }
        let flushed = kv::flush(self).await;
        if let (_, Some(next)) = kv_queue::backlog(&self.sql).map_err(|e| e.to_string())? {
            // Another flush may be at it.
            timers::set(&self.sql, Timer::KvFlush, next.max(now().plus(SECOND)))
                .map_err(|e| e.to_string())?;
        }
        flushed.map_err(|why| format!("KV is behind: {why}"))?;
        deletion::go_on(self).await
    }

    /// The scheduled trigger: begins what is due, and catches whatever an alarm dropped.
    async fn tick(self: &Rc<Self>, name: Name) -> Result<String, String> {
        self.be(&name)?;
        let at = now();
        sending::recover(&self.sql, false, at).map_err(|e| e.to_string())?;
        if let Err(why) = self.keep_together(&name).await {
            worker::console_error!("the Desks of the Page: {why}");
        }
        let desks = self.layout.borrow().as_ref().map_or(1, Layout::desks).to_string();
        if self.stands_still() {
            return Ok(desks);
        }
        match self.shop(&name.page).await {
            Ok(published) => {
                planner::tick(&self.sql, &published.shop, at).map_err(|e| e.to_string())?;
                reminders::remind(&self.sql, &published.shop, at).map_err(|e| e.to_string())?;
                self.unpark(&published).await?;
                readings::daily(&self.sql, &published.shop, name.shard, at)
                    .map_err(|e| e.to_string())?;
                self.watch(&name, &published).await?;
            }
            Err(why) => worker::console_error!("nothing is planned: {why}"),
        }
        timers::set(&self.sql, Timer::Prune, at.plus(DAY)).map_err(|e| e.to_string())?;
        if let Err(why) = deletion::go_on(self).await {
            worker::console_error!("deletions: {why}");
        }
        self.call_later();
        self.read_list_later();
        self.deliver_later();
        Ok(desks)
    }

    /// Looks what is wrong. The Page's first Desk tells the owner; another one tells the first.
    async fn watch(&self, name: &Name, published: &Published) -> Result<(), String> {
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

    fn sees(&self, sees: &call::Sees<'_>) -> Result<String, String> {
        self.be(&sees.desk)?;
        let heard = alerts::heard(&self.sql, sees.shard, &sees.conditions);
        heard.map(|()| String::new()).map_err(|error| error.to_string())
    }

    /// What is wrong now, for anybody.
    fn alerts(&self, name: &Name) -> Result<String, String> {
        self.be(name)?;
        let open = alerts::open(&self.sql, now()).map_err(|error| error.to_string())?;
        let open = open.into_iter().map(|incident| {
            serde_json::json!({ "alert": incident.kind, "since": incident.since.rfc3339() })
        });
        Ok(serde_json::Value::from(open.collect::<Vec<_>>()).to_string())
    }

    /// Begins a reading of Meta's list, goes on with one, or says how far it is.
    async fn reconcile(self: &Rc<Self>, ask: call::Reconcile<'_>) -> Result<String, String> {
        self.be(&ask.desk)?;
        let at = now();
        let fail = |error: StoreError| error.to_string();
        let id = match ask.act {
            call::Reading::Begin(mode) => {
                let Some(round) = readings::begin(&self.sql, mode, at).map_err(fail)? else {
                    return Ok("null".to_owned());
                };
                Some(round.id)
            }
            call::Reading::GoOn(id) => Some(id),
            call::Reading::State => None,
        };
        let round = match id {
            Some(id) => {
                reconcile::go_on(self).await?;
                self.deliver_later();
                readings::of(&self.sql, id).map_err(fail)?
            }
            None => match readings::on(&self.sql, at).map_err(fail)? {
                Some(round) => Some(round),
                None => readings::last(&self.sql).map_err(fail)?,
            },
        };
        serde_json::to_string(&serde_json::json!({ "round": round })).map_err(|e| e.to_string())
    }

    /// Goes on reading Meta's list, without holding up anything.
    fn read_list_later(self: &Rc<Self>) {
        let inner = self.clone();
        let reading = future_to_promise(async move {
            if let Err(why) = reconcile::go_on(&inner).await {
                worker::console_error!("Meta's list of tokens: {why}");
            }
            Ok(JsValue::UNDEFINED)
        });
        let _extended = self.state.wait_until(&reading);
    }

    /// Forgets somebody because Meta or the owner says so. Whether the id is a Messenger person's
    /// or an Instagram person's nobody said.
    fn forget(self: &Rc<Self>, forget: &call::Forget<'_>) -> Result<String, String> {
        self.be(&forget.desk)?;
        let config = Config::of(&self.env)?;
        let at = now();
        let order = Order {
            page: &forget.desk.page,
            person: &forget.person,
            code: &forget.code,
            desks: &forget.desks,
            at,
        };
        let channels = [Channel::Messenger, Channel::Instagram];
        let erased = self.sql.transaction(|| erase(&self.sql, &config.keys, &order, &channels, at));
        erased.map_err(|error: StoreError| error.to_string())?;
        self.deliver_later();
        Ok(String::new())
    }

    async fn resume(self: &Rc<Self>, resume: call::Resume<'_>) -> Result<String, String> {
        self.be(&resume.desk)?;
        let published = self.shop(&resume.desk.page).await.map_err(|e| e.to_string())?;
        handoff::resume(&self.sql, &published.shop, &resume.person, now())
            .map(|resumed| resumed.to_string())
            .map_err(|e| e.to_string())
    }

    /// What the owner does by hand with one person. The text is not read here.
    async fn by_hand(self: &Rc<Self>, order: call::ByHand<'_>) -> Result<String, String> {
        self.be(&order.desk)?;
        let (sql, person, at) = (&self.sql, &*order.person, now());
        let notes = |notes| serde_json::json!({ "person": person, "notes": notes });
        let done = match order.act {
            call::Act::Reply(text) => {
                let published = self.shop(&order.desk.page).await.map_err(|e| e.to_string())?;
                let queued = by_hand::reply(sql, &published.shop, person, &text, now());
                self.deliver_later();
                queued.map(|queued| queued.map(|sent| serde_json::json!(sent)))
            }
            call::Act::Notes => by_hand::noted(sql, person).map(|found| found.map(notes)),
            call::Act::Note(text) => {
                by_hand::note(sql, person, &text, at).map(|found| found.map(notes))
            }
            call::Act::Unnote(id) => by_hand::unnote(sql, person, id).map(|found| found.map(notes)),
        };
        let done = match done.map_err(|error| error.to_string())? {
            Ok(body) => call::Done { status: 200, body },
            Err(refusal) => {
                let status = match refusal {
                    Refusal::Unknown => 404,
                    Refusal::TooLate => 409,
                    Refusal::Unfit(_) | Refusal::Note => 400,
                };
                call::Done { status, body: serde_json::json!({ "error": refusal.to_string() }) }
            }
        };
        serde_json::to_string(&done).map_err(|error| error.to_string())
    }

    fn deletion(&self, deletion: &call::Deletion<'_>) -> Result<String, String> {
        let state = deletions::state(&self.sql, &deletion.code).map_err(|e| e.to_string())?;
        serde_json::to_string(&state).map_err(|e| e.to_string())
    }

    async fn unpark(&self, published: &Published) -> Result<(), String> {
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
            host: host(&config, &name, self.shards()),
        };
        inbox::unpark(&self.sql, context, now()).map(|_| ()).map_err(|e| e.to_string())
    }

    async fn alarm(self: &Rc<Self>) -> Result<(), String> {
        self.wake()?;
        let at = now();
        let due = timers::take_due(&self.sql, at).map_err(|e| e.to_string())?;
        sending::recover(&self.sql, false, at).map_err(|e| e.to_string())?;
        if self.stands_still() {
            let moved = layout::go_on(self).await;
            return layout::put_off(self, &due)
                .and_then(|()| timers::done(&self.sql, &due))
                .and_then(|()| timers::rearm(&self.sql))
                .map_err(|e| e.to_string())
                .and(moved);
        }
        if due.contains(&Timer::Prune) {
            self.prune(at).map_err(|e| e.to_string())?;
            // Without the shop nobody knows how long: what is too old waits a day, unseen.
            if let Ok(published) = self.shop(&self.name()?.page).await {
                let days = published.shop.assistant.keep_misses_days;
                misses::prune(&self.sql, days, at).map_err(|e| e.to_string())?;
                receipt::prune(&self.sql, &published.shop, at).map_err(|e| e.to_string())?;
            }
        }
        let shop_is_needed = [Timer::Plan, Timer::Unpark, Timer::Remind];
        if shop_is_needed.iter().any(|timer| due.contains(timer)) {
            let page = self.name()?.page;
            match self.shop(&page).await {
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
        let (_, calls, reading) =
            futures_util::future::join3(self.deliver(Vec::new()), calls, reading).await;
        calls.and(reading)?;
        // Last: what a crash interrupts before this comes again.
        timers::done(&self.sql, &due)
            .and_then(|()| timers::rearm(&self.sql))
            .map_err(|e| e.to_string())
    }

    fn prune(&self, at: UnixMs) -> Result<(), StoreError> {
        seen::prune(&self.sql, at)?;
        outbox::prune(&self.sql, at)?;
        parked::prune(&self.sql, at)?;
        ledger::prune(&self.sql, at)?;
        runs::prune(&self.sql, at)?;
        tallies::prune(&self.sql, at)?;
        counters::prune(&self.sql, at)?;
        funnel::prune(&self.sql, &at.plus(-400 * DAY).utc_date().to_string())?;
        bookings::prune(&self.sql, at)?;
        desk_deletion::prune(&self.sql, at)?;
        incidents::prune(&self.sql, at)?;
        early::prune(&self.sql, at)?;
        timers::set(&self.sql, Timer::Prune, at.plus(DAY))
    }

    /// For the owner who switched it on: the questions that found no answer, redacted.
    async fn misses(&self, name: Name) -> Result<String, String> {
        self.be(&name)?;
        let published = self.shop(&name.page).await.map_err(|why| why.to_string())?;
        let days = published.shop.assistant.keep_misses_days;
        let missed = match days {
            Some(days) => misses::list(&self.sql, days, MOST_MISSES, now()),
            None => Ok(Vec::new()),
        };
        let missed = missed.map_err(|error| error.to_string())?;
        Ok(serde_json::json!({
            "page": name.page, "shard": name.shard, "keep_days": days, "misses": missed,
        })
        .to_string())
    }

    /// Tells the owner something about somebody, whom another Desk knows.
    fn notice(self: &Rc<Self>, notice: &call::Notice<'_>) -> Result<String, String> {
        self.be(&notice.desk)?;
        let about = (notice.channel, &*notice.about);
        let told = self.sql.transaction(|| {
            handoff::write_to(&self.sql, &notice.owner, &notice.text, about, now())
        });
        let told = told.map_err(|error: StoreError| error.to_string())?;
        if told {
            self.deliver_later();
        }
        Ok(told.to_string())
    }

    /// For the owner: who comes when.
    fn bookings(&self, name: Name) -> Result<String, String> {
        self.be(&name)?;
        let found = bookings::list(&self.sql, now(), MOST_BOOKINGS).map_err(|e| e.to_string())?;
        Ok(serde_json::json!({ "page": name.page, "bookings": found }).to_string())
    }

    /// One booking, as a calendar takes it.
    async fn booking(&self, booking: &call::Booking<'_>) -> Result<String, String> {
        self.be(&booking.desk)?;
        let found = bookings::by_code(&self.sql, &booking.code).map_err(|e| e.to_string())?;
        let Some((claim, cancelled)) = found else { return Ok(String::new()) };
        let published = self.shop(&booking.desk.page).await.map_err(|why| why.to_string())?;
        let shop = &published.shop;
        let lang = pages::choose_language(Some(&booking.language), &shop.languages);
        Ok(calendar::entry(shop, &lang, &claim, cancelled, now()))
    }

    /// Counts a scan, by the shop's day.
    fn scan(&self, scan: &call::Scan<'_>) -> Result<String, String> {
        self.be(&scan.desk)?;
        let stage = if scan.shut { Stage::Page } else { Stage::Scan };
        let source = format!("poster:{}", scan.poster);
        funnel::add(&self.sql, &scan.day.to_string(), &source, "", stage)
            .map_err(|e| e.to_string())?;
        Ok(String::new())
    }

    /// What the owner does with posters.
    async fn posters(self: &Rc<Self>, posters: call::Posters<'_>) -> Result<String, String> {
        self.be(&posters.desk)?;
        let published = self.shop(&posters.desk.page).await.map_err(|why| why.to_string())?;
        let (shop, plain) = (&published.shop, &published.replaced);
        let order = posters.order.into_owned();
        let done = posters::carry_out(&self.sql, shop, plain, order, now());
        let done = match done.map_err(|error| error.to_string())? {
            Ok(body) => {
                self.deliver_later();
                call::Done { status: 200, body }
            }
            Err(refusal) => {
                let status = match refusal {
                    NoPoster::Unknown(_) => 404,
                    NoPoster::Taken(_) | NoPoster::TooMany => 409,
                    NoPoster::Field(_) | NoPoster::Value { .. } => 400,
                };
                call::Done { status, body: serde_json::json!({ "error": refusal.to_string() }) }
            }
        };
        serde_json::to_string(&done).map_err(|error| error.to_string())
    }

    /// For the owner: consents and notifications.
    async fn ask(&self, ask: call::Ask<'_>) -> Result<String, String> {
        self.be(&ask.desk)?;
        let published = self.shop(&ask.desk.page).await.map_err(|why| why.to_string())?;
        told::answer(&self.sql, &published.shop, &ask.question, now())
            .map_err(|error| error.to_string())
    }

    /// For the owner: counts and states, never a text, a name or a token.
    async fn status(&self, name: Name) -> Result<String, String> {
        self.be(&name)?;
        let at = now();
        let shop = match self.shop(&name.page).await {
            Ok(published) => serde_json::json!({
                "version": published.shop.version,
                "faq_refused": published.faq_refused,
            }),
            Err(why) => serde_json::json!({ "error": why.to_string() }),
        };
        let read = || -> Result<serde_json::Value, StoreError> {
            let backlog = outbox::backlog(&self.sql)?;
            let (kv_owed, _) = kv_queue::backlog(&self.sql)?;
            let sent: Vec<_> = ledger::report(&self.sql, at.plus(-7 * DAY))?
                .into_iter()
                .map(|line| {
                    serde_json::json!({
                        "notification": line.notification, "period": line.period,
                        "outcome": line.outcome, "reason": line.reason, "people": line.people,
                    })
                })
                .collect();
            let counts: serde_json::Map<_, _> = counters::totals(&self.sql, 7, at)?
                .into_iter()
                .map(|(name, n)| (name, n.into()))
                .collect();
            Ok(serde_json::json!({
                "page": name.page, "shard": name.shard, "shop": shop,
                "outbox": {
                    "open": backlog.open,
                    "oldest_seconds": backlog.oldest.map(|oldest| at.since(oldest) / 1000),
                    "next_due": backlog.next_due.map(UnixMs::rfc3339),
                },
                "layout": &*self.layout.borrow(),
                "kv_owed": kv_owed,
                "parked": parked::count(&self.sql)?,
                "alerts": incidents::since(&self.sql, at.plus(-7 * DAY))?
                    .into_iter().map(told::AlertLine::of).collect::<Vec<_>>(),
                "reconciled": readings::last(&self.sql)?,
                "hold": sending::page_hold(&self.sql)?.filter(|hold| hold.until.plus(HOUR) > at),
                "notifications": sent,
                "last_7_days": counts,
            }))
        };
        read().map(|status| status.to_string()).map_err(|error| error.to_string())
    }
}

/// What the core gets of this deployment, anew for each call.
fn host<'a>(config: &'a Config, name: &Name, shards: u32) -> Host<'a> {
    let public_url = config.public_url.as_deref();
    Host { seed: random::bits128(), public_url, shard: name.shard, shards }
}

fn json(answer: &impl Serialize) -> Result<String, String> {
    serde_json::to_string(answer).map_err(|error| error.to_string())
}

fn parse<'a, T: Deserialize<'a>>(body: &'a str) -> Result<T, String> {
    serde_json::from_str(body).map_err(|error| format!("a Desk was called wrongly: {error}"))
}
