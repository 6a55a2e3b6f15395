//! The Desk: one Durable Object per Page and shard. It owns the SQLite that the store's tables
//! live in, and does nothing but call the pure rooms and carry out what they decided.
//!
//! No handler here returns an error or panics: an `Err` keeps half of the writes, and a panic
//! hangs every request of the isolate and kills this object's alarm until the process restarts.
//!
//! - [`call`]: how the Worker reaches a Desk.
//! - [`calls`]: the requests that are no messages.
//! - [`coupons`]: coupons among the Desks of a Page.
//! - [`checkup`]: looks whether all is there that the shop needs.
//! - [`deletion`]: what a deletion still owes after the rows are gone.
//! - [`drain`]: sends what is in the outbox.
//! - [`layout`]: the Desks of a Page among themselves; [`leaving`]: a whole shop on its way to another
//!   deployment.
//! - [`pace`]: what happens beside the messages: names, typing, pauses.
//! - [`paid`]: paid messages. [`templates`]: utility templates.
//! - [`kv`]: writes to KV what is owed, and reads tokens from it.
//! - [`rounds`]: what it does by itself. [`owner`]: what the owner asks of it.
//! - [`reconcile`]: reads Meta's own list of tokens.

pub mod call;
mod calls;
mod checkup;
mod coupons;
mod deletion;
mod drain;
mod kv;
mod layout;
pub mod leaving;
mod owner;
mod pace;
mod paid;
mod reconcile;
mod rounds;
mod templates;

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
use super::graph::{Ads, Line};
use super::http::js_error;
use super::random;
use super::shops::{self, NoShop, Published};
use super::sql::DeskSql;
use crate::desk::decide::{Context, Host};
use crate::desk::deletion::{Order, erase};
use crate::desk::inbox::{self, Taken};
use crate::desk::layout::{Layout, REGISTRAR, home};
use crate::desk::parcels::{self, Parcel};
use crate::desk::profile::{self, Stranger, WAIT_MS};
use crate::desk::sending::{self, PageHold, Via};
use crate::meta::event::{Channel, Event};
use crate::meta::ids::{PageId, Psid};
use crate::meta::profile::Fields;
use crate::outreach::pace::Bucket;
use crate::store::funnel::{self, Stage};
use crate::store::leaving::{self as kept_leaving, Still};
use crate::store::outbox::{Claimed, Room};
use crate::store::timers::{self, Timer};
use crate::store::{Sql, StoreError, deletions, facts, kv_queue, moving, schema};
use crate::time::{MINUTE, SECOND, UnixMs};

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

/// Why somebody has to wait who asks for a person while a Desk stands still.
const MOVING: &str = "the Page stands still while its people are moved; try again in a minute";

/// What this Desk is called, in its own tables: an alarm does not say.
const NAME: &str = facts::NAME;

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
    /// The same for paid messages, with its ad account.
    ads: RefCell<Option<(String, Rc<Ads>)>>,
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
    /// One step of a look at a time.
    checking: Cell<bool>,
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
    /// Its data is carried away or taken in: it stands still.
    still: Cell<Option<Still>>,
    /// Codes and keys that were asked for in vain.
    looks: Cell<coupons::Looks>,
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
                ads: RefCell::new(None),
                room: Cell::new(drain::ROOM),
                bucket: Cell::new(Bucket::full(UnixMs::default())),
                waits: Cell::new(true),
                look: Cell::new(true),
                flushing: Cell::new(false),
                reconciling: Cell::new(false),
                checking: Cell::new(false),
                strangers: RefCell::default(),
                paced_until: Cell::default(),
                typing: RefCell::default(),
                profile_fields: Cell::default(),
                delivering: Cell::new(0),
                looked_at: Cell::new(UnixMs::default()),
                layout: RefCell::default(),
                shared_hold: RefCell::default(),
                carrying: Cell::new(false),
                still: Cell::new(None),
                looks: Cell::default(),
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
            self.still.set(kept_leaving::still(&self.sql)?);
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
            call::FORGET | call::RESUME | call::BY_HAND | call::PARCEL | call::NOTICE
                if self.stands_still() =>
            {
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
            call::COUPONS => self.coupons(parse(body)?).await,
            call::RECONCILE => self.reconcile(parse(body)?).await,
            call::ALERTS => self.alerts(&parse(body)?),
            call::CHECKUP => self.checkup(&parse(body)?),
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
            call::PARCEL => {
                let call::Handed { desk, channel, person, parcel } = parse(body)?;
                self.be(&desk)?;
                self.open_parcel(&desk, (channel, &person), &parcel).await.map(|()| String::new())
            }
            call::SEEN => {
                let call::Keys { keys, .. } = parse(body)?;
                json(&moving::seen(&self.sql, &keys).map_err(|e| e.to_string())?)
            }
            call::MOVE => {
                let call::Move { desk, to } = parse(body)?;
                self.be(&desk)?;
                self.begin_move(&desk, to).await.map(|begun| begun.to_string())
            }
            call::PAID => self.paid(&parse(body)?).await,
            call::OWNER => self.owner(parse(body)?).await,
            call::LEAVING => self.leaving(parse(body)?).await,
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
                    coupons: &[],
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
        if waits && name.shard > 0 {
            // What was given may have to be asked for first.
            self.coupons_later();
        }
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

    fn deletion(&self, deletion: &call::Deletion<'_>) -> Result<String, String> {
        let state = deletions::state(&self.sql, &deletion.code).map_err(|e| e.to_string())?;
        serde_json::to_string(&state).map_err(|e| e.to_string())
    }

    /// Nothing of anybody is written while people are moved: it would be let go with their rows, or
    /// stay where nobody looks for it. Asked anew after each wait.
    fn not_moving(&self) -> Result<(), String> {
        if self.stands_still() { Err(MOVING.to_owned()) } else { Ok(()) }
    }

    /// Opens what another Desk, or this one, has to tell of somebody.
    pub(super) async fn open_parcel(
        self: &Rc<Self>,
        name: &Name,
        who: (Channel, &Psid),
        parcel: &Parcel,
    ) -> Result<(), String> {
        let published = self.shop(&name.page).await.map_err(|why| why.to_string())?;
        self.not_moving()?;
        let config = Config::of(&self.env)?;
        let context = Context {
            shop: &published.shop,
            faq: published.faq.as_ref(),
            keys: &config.keys,
            app: config.app_id.as_ref(),
            diary: &[],
            coupons: &[],
            host: host(&config, name, self.shards()),
        };
        let at = now();
        self.sql
            .transaction(|| parcels::open(&self.sql, context, who, parcel, at))
            .map_err(|error: StoreError| error.to_string())?;
        self.deliver_later();
        Ok(())
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

    /// Another Desk of the Page asks its registrar.
    async fn paid(&self, paid: &call::Paid<'_>) -> Result<String, String> {
        self.be(&paid.desk)?;
        let published = self.shop(&paid.desk.page).await.map_err(|why| why.to_string())?;
        let answered = paid::answer(self, &published.shop, &paid.asked)?;
        serde_json::to_string(&answered).map_err(|error| error.to_string())
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
