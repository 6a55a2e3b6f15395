//! How the Worker reaches a Desk.

use std::borrow::Cow;
use std::cell::OnceCell;

use jiff::civil::Date;
use js_sys::{Array, Promise, Reflect};
use serde::{Deserialize, Serialize};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use worker::Env;

use super::Name;
use super::layout::PageState;
use super::leaving::Step;
use super::paid::{Answered, Asked};
use crate::desk::alerts::Condition;
use crate::desk::coupons::act::Act as CouponAct;
use crate::desk::layout::{Layout, REGISTRAR, Unrest};
use crate::desk::parcels::Parcel;
use crate::desk::posters;
use crate::desk::sending::PageHold;
use crate::meta::event::{Channel, Event};
use crate::meta::ids::{DeletionCode, PageId, PosterCode, Psid};
use crate::outreach::notice::Order as Told;
use crate::outreach::reconcile::Mode;
use crate::outreach::told::Question;
use crate::shop::kv::DeskRef;
use crate::store::deletions::State;
use crate::store::moving::{Load, Rest};
use crate::time::UnixMs;
use crate::worker::binding;
use crate::worker::http::js_error;

#[wasm_bindgen]
extern "C" {
    /// `DurableObjectNamespace`, as far as it is used here.
    #[derive(Clone)]
    type Namespace;
}

#[wasm_bindgen(module = "/src/worker/border.js")]
extern "C" {
    #[wasm_bindgen(catch, js_name = call)]
    fn call_object(
        namespace: &Namespace,
        object: &str,
        url: &str,
        body: &str,
    ) -> Result<Promise, JsValue>;
}

thread_local! {
    /// A binding stays what it is as long as the isolate lives; a stub belongs to its request.
    static NAMESPACE: OnceCell<Namespace> = const { OnceCell::new() };
}

/// Takes events.
pub const TAKE: &str = "/take";
/// The scheduled trigger.
pub const TICK: &str = "/tick";
/// Forgets somebody.
pub const FORGET: &str = "/forget";
/// The assistant goes on with somebody.
pub const RESUME: &str = "/resume";
/// How far a deletion is.
pub const DELETION: &str = "/deletion";
/// For the owner.
pub const STATUS: &str = "/status";
/// What the owner does by hand with one person.
pub const BY_HAND: &str = "/by-hand";
/// For the owner: questions that found no answer.
pub const MISSES: &str = "/misses";

/// For the owner: who comes when.
pub const BOOKINGS: &str = "/bookings";
/// One booking, as a calendar takes it.
pub const BOOKING: &str = "/booking";
/// For the owner: consents and notifications.
pub const ASK: &str = "/ask";
/// Another Desk of the Page asks its registrar about paid messages.
pub const PAID: &str = "/paid";
/// For the owner: what is paid, what Meta approves, what somebody waits for.
pub const OWNER: &str = "/owner";

/// Reads Meta's list of tokens.
pub const RECONCILE: &str = "/reconcile";
/// What the Worker's own looks found.
pub const CHECKUP: &str = "/checkup";
/// What is wrong now.
pub const ALERTS: &str = "/alerts";
/// What another Desk of the Page sees.
pub const SEES: &str = "/sees";
/// For the Desks of a Page: what holds for all of them.
pub const PAGE: &str = "/page";
/// A pause of the whole Page, or its end.
pub const HOLD: &str = "/hold";
/// What keeps a Desk from standing still.
pub const UNREST: &str = "/unrest";
/// How the people are divided now; while they are moved, a Desk stands still.
pub const LAYOUT: &str = "/layout";
/// Carries people to where they belong.
pub const CARRY: &str = "/carry";
/// Takes people in.
pub const ARRIVE: &str = "/arrive";
/// Tells the owner something about somebody.
pub const NOTICE: &str = "/notice";
/// Tells a Desk something of somebody.
pub const PARCEL: &str = "/parcel";
/// Which events a Desk has handled.
pub const SEEN: &str = "/seen";
/// Moves people to another number of Desks.
pub const MOVE: &str = "/move";
/// Counts a scan.
pub const SCAN: &str = "/scan";
/// What the owner does with posters.
pub const POSTERS: &str = "/posters";
/// A step of carrying data away or taking it in.
pub const LEAVING: &str = "/leaving";

/// Has a Desk make a step of carrying its data away, or of taking some in.
pub async fn leaving(env: &Env, desk: &Name, step: &Step) -> Result<Done, String> {
    let answer = post(env, desk, LEAVING, step).await?;
    serde_json::from_str(&answer).map_err(|error| error.to_string())
}

/// Coupons and tills.
pub const COUPONS: &str = "/coupons";

/// Something about coupons.
#[derive(Serialize, Deserialize)]
pub struct Coupons<'a> {
    pub desk: Cow<'a, Name>,
    pub act: Cow<'a, CouponAct>,
}

/// Asks a Desk about coupons; its answer is as `desk::coupons::act` says.
pub async fn coupons(env: &Env, desk: &Name, act: &CouponAct) -> Result<serde_json::Value, String> {
    json(&post(env, desk, COUPONS, &Coupons::of(desk, act)).await?)
}

/// A scan of a poster, or that it led to the shop's own page.
#[derive(Serialize, Deserialize)]
pub struct Scan<'a> {
    pub desk: Cow<'a, Name>,
    pub poster: Cow<'a, PosterCode>,
    /// The shop's day: the Desk need not read the shop for a scan.
    pub day: Date,
    pub shut: bool,
}

/// Counts a scan. `Ok` once it is counted.
pub async fn scan(env: &Env, scan: &Scan<'_>) -> Result<(), String> {
    post(env, &scan.desk, SCAN, scan).await.map(|_| ())
}

/// An order about posters.
#[derive(Serialize, Deserialize)]
pub struct Posters<'a> {
    pub desk: Cow<'a, Name>,
    pub order: Cow<'a, posters::Order>,
}

/// Has a Page's registrar do something about posters.
pub async fn posters(env: &Env, desk: &Name, order: &posters::Order) -> Result<Done, String> {
    let posters = Posters { desk: Cow::Borrowed(desk), order: Cow::Borrowed(order) };
    let answer = post(env, desk, POSTERS, &posters).await?;
    serde_json::from_str(&answer).map_err(|error| error.to_string())
}

/// The events of one webhook that belong to one Desk.
#[derive(Serialize, Deserialize)]
pub struct Delivery<'a> {
    pub desk: Cow<'a, Name>,
    /// How much whoever hands this on knows of the Page's Desks; 0 at the front door.
    #[serde(default)]
    pub epoch: u32,
    pub events: Cow<'a, [Event]>,
}

/// A pause of the whole Page; none: it is over.
#[derive(Serialize, Deserialize)]
pub struct Held<'a> {
    pub desk: Cow<'a, Name>,
    pub from: u32,
    pub hold: Option<Cow<'a, PageHold>>,
}

/// A layout, for a Desk.
#[derive(Serialize, Deserialize)]
pub struct Order<'a> {
    pub desk: Cow<'a, Name>,
    pub layout: Cow<'a, Layout>,
}

/// People and what belongs to them, on the way to their new Desk.
#[derive(Serialize, Deserialize)]
pub struct Arrival<'a> {
    pub desk: Cow<'a, Name>,
    pub layout: Cow<'a, Layout>,
    /// From which Desk, in which epoch.
    pub from: String,
    pub load: Load,
    pub rest: Option<Cow<'a, Rest>>,
}

/// To how many Desks people are to be moved.
#[derive(Serialize, Deserialize)]
pub struct Move<'a> {
    pub desk: Cow<'a, Name>,
    pub to: u32,
}

/// Something for the owner to read, about somebody.
#[derive(Serialize, Deserialize)]
pub struct Notice<'a> {
    pub desk: Cow<'a, Name>,
    pub owner: Cow<'a, Psid>,
    pub text: Cow<'a, str>,
    pub channel: Channel,
    pub about: Cow<'a, Psid>,
}

/// What a Desk has to know of somebody.
#[derive(Serialize, Deserialize)]
pub struct Handed<'a> {
    pub desk: Cow<'a, Name>,
    pub channel: Channel,
    pub person: Cow<'a, Psid>,
    pub parcel: Cow<'a, Parcel>,
}

/// Hands a Desk a parcel. `Ok` once it has opened it.
pub async fn parcel(
    env: &Env,
    desk: &Name,
    (channel, person): (Channel, &Psid),
    parcel: &Parcel,
) -> Result<(), String> {
    let handed = Handed {
        desk: Cow::Borrowed(desk),
        channel,
        person: Cow::Borrowed(person),
        parcel: Cow::Borrowed(parcel),
    };
    post(env, desk, PARCEL, &handed).await.map(|_| ())
}

/// Keys of events.
#[derive(Serialize, Deserialize)]
pub struct Keys<'a> {
    pub desk: Cow<'a, Name>,
    pub keys: Cow<'a, [String]>,
}

/// Somebody to forget.
#[derive(Serialize, Deserialize)]
pub struct Forget<'a> {
    pub desk: Cow<'a, Name>,
    pub person: Cow<'a, Psid>,
    pub code: Cow<'a, DeletionCode>,
    pub desks: Cow<'a, [DeskRef]>,
}

/// Somebody the assistant goes on with.
#[derive(Serialize, Deserialize)]
pub struct Resume<'a> {
    pub desk: Cow<'a, Name>,
    pub person: Cow<'a, Psid>,
}

/// Has the assistant go on with somebody. `true` when it was quiet.
pub async fn resume(env: &Env, desk: &Name, person: &Psid) -> Result<bool, String> {
    let resume = Resume { desk: Cow::Borrowed(desk), person: Cow::Borrowed(person) };
    post(env, desk, RESUME, &resume).await.map(|answer| answer == "true")
}

/// What the owner does by hand with one person.
#[derive(Serialize, Deserialize)]
pub struct ByHand<'a> {
    pub desk: Cow<'a, Name>,
    pub person: Cow<'a, Psid>,
    pub act: Act<'a>,
}

/// What it is.
#[derive(Serialize, Deserialize)]
pub enum Act<'a> {
    /// Answers them with what was typed.
    Reply(Cow<'a, str>),
    /// Shows the notes on them.
    Notes,
    /// Writes a note on them.
    Note(Cow<'a, str>),
    /// Takes the note with this number back.
    Unnote(i64),
}

/// What came of it: a status of HTTP and a body.
#[derive(Serialize, Deserialize)]
pub struct Done {
    pub status: u16,
    pub body: serde_json::Value,
}

/// Has a Desk do something by hand.
pub async fn by_hand(env: &Env, desk: &Name, person: &Psid, act: Act<'_>) -> Result<Done, String> {
    let order = ByHand { desk: Cow::Borrowed(desk), person: Cow::Borrowed(person), act };
    let answer = post(env, desk, BY_HAND, &order).await?;
    serde_json::from_str(&answer).map_err(|error| error.to_string())
}

/// A deletion to look up.
#[derive(Serialize, Deserialize)]
pub struct Deletion<'a> {
    pub desk: Cow<'a, Name>,
    pub code: Cow<'a, DeletionCode>,
}

/// Has a Desk forget somebody. `Ok` once their rows are gone.
pub async fn forget(
    env: &Env,
    desk: &Name,
    person: &Psid,
    code: &DeletionCode,
    desks: &[DeskRef],
) -> Result<(), String> {
    let forget = Forget {
        desk: Cow::Borrowed(desk),
        person: Cow::Borrowed(person),
        code: Cow::Borrowed(code),
        desks: Cow::Borrowed(desks),
    };
    post(env, desk, FORGET, &forget).await.map(|_| ())
}

/// How far a deletion is on a Desk.
pub async fn deletion(env: &Env, desk: &Name, code: &DeletionCode) -> Result<State, String> {
    let deletion = Deletion { desk: Cow::Borrowed(desk), code: Cow::Borrowed(code) };
    let answer = post(env, desk, DELETION, &deletion).await?;
    serde_json::from_str(&answer).map_err(|error| error.to_string())
}

/// Hands a Desk its events. `Ok` once it has committed them.
pub async fn take(env: &Env, desk: &Name, epoch: u32, events: &[Event]) -> Result<(), String> {
    let delivery = Delivery { desk: Cow::Borrowed(desk), epoch, events: Cow::Borrowed(events) };
    post(env, desk, TAKE, &delivery).await.map(|_| ())
}

/// Wakes a Desk. A registrar says how many Desks its Page has.
pub async fn tick(env: &Env, desk: &Name) -> Result<u32, String> {
    let answer = post(env, desk, TICK, desk).await?;
    Ok(answer.parse().unwrap_or(0))
}

/// What holds for a whole Page, as its registrar says.
pub async fn page(env: &Env, registrar: &Name) -> Result<PageState, String> {
    json(&post(env, registrar, PAGE, registrar).await?)
}

/// How the people of a Page are divided among its Desks.
pub async fn layout(env: &Env, page: &PageId) -> Result<Layout, String> {
    let registrar = Name { page: page.clone(), shard: REGISTRAR };
    self::page(env, &registrar).await.map(|state| state.layout)
}

/// Tells a Desk of a pause of the whole Page, or its end.
pub async fn hold(
    env: &Env,
    desk: &Name,
    from: u32,
    hold: Option<&PageHold>,
) -> Result<(), String> {
    let held = Held { desk: Cow::Borrowed(desk), from, hold: hold.map(Cow::Borrowed) };
    post(env, desk, HOLD, &held).await.map(|_| ())
}

/// What keeps a Desk from standing still.
pub async fn unrest(env: &Env, desk: &Name) -> Result<Unrest, String> {
    json(&post(env, desk, UNREST, desk).await?)
}

/// Tells a Desk how the people are divided; what keeps it from standing still.
pub async fn stand_still(env: &Env, desk: &Name, layout: &Layout) -> Result<Unrest, String> {
    let order = Order { desk: Cow::Borrowed(desk), layout: Cow::Borrowed(layout) };
    json(&post(env, desk, LAYOUT, &order).await?)
}

/// Has a Desk carry the next of its people to where they belong. `true` once nobody is left.
pub async fn carry(env: &Env, desk: &Name, layout: &Layout) -> Result<bool, String> {
    let order = Order { desk: Cow::Borrowed(desk), layout: Cow::Borrowed(layout) };
    post(env, desk, CARRY, &order).await.map(|answer| answer == "true")
}

/// Hands people to a Desk. `Ok` once it has committed them.
pub async fn arrive(
    env: &Env,
    desk: &Name,
    (from, layout): (&Name, &Layout),
    load: Load,
    rest: Option<&Rest>,
) -> Result<(), String> {
    let arrival = Arrival {
        desk: Cow::Borrowed(desk),
        layout: Cow::Borrowed(layout),
        from: format!("{}, epoch {}", from.object(), layout.epoch),
        load,
        rest: rest.map(Cow::Borrowed),
    };
    post(env, desk, ARRIVE, &arrival).await.map(|_| ())
}

/// Has the owner's Desk tell them something about somebody. `false` when they may not be written to.
pub async fn notice(
    env: &Env,
    desk: &Name,
    owner: &Psid,
    text: &str,
    (channel, about): (Channel, &Psid),
) -> Result<bool, String> {
    let notice = Notice {
        desk: Cow::Borrowed(desk),
        owner: Cow::Borrowed(owner),
        text: Cow::Borrowed(text),
        channel,
        about: Cow::Borrowed(about),
    };
    post(env, desk, NOTICE, &notice).await.map(|answer| answer == "true")
}

/// Which of these events a Desk has handled.
pub async fn seen(env: &Env, desk: &Name, keys: &[String]) -> Result<Vec<String>, String> {
    let keys = Keys { desk: Cow::Borrowed(desk), keys: Cow::Borrowed(keys) };
    json(&post(env, desk, SEEN, &keys).await?)
}

/// Begins to move a Page's people to so many Desks. `false` when they are there already.
pub async fn begin_move(env: &Env, page: &PageId, to: u32) -> Result<bool, String> {
    let registrar = Name { page: page.clone(), shard: REGISTRAR };
    let order = Move { desk: Cow::Borrowed(&registrar), to };
    post(env, &registrar, MOVE, &order).await.map(|answer| answer == "true")
}

fn json<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, String> {
    serde_json::from_str(text).map_err(|error| format!("a Desk answers wrongly: {error}"))
}

/// How a Desk stands, as JSON.
pub async fn status(env: &Env, desk: &Name) -> Result<String, String> {
    post(env, desk, STATUS, desk).await
}

/// The questions that found no answer at a Desk, as JSON.
pub async fn misses(env: &Env, desk: &Name) -> Result<String, String> {
    post(env, desk, MISSES, desk).await
}

/// Who comes when, as JSON.
pub async fn bookings(env: &Env, desk: &Name) -> Result<String, String> {
    post(env, desk, BOOKINGS, desk).await
}

/// A booking to look up.
#[derive(Serialize, Deserialize)]
pub struct Booking<'a> {
    pub desk: Cow<'a, Name>,
    pub code: Cow<'a, str>,
    /// What the visitor's browser says it reads.
    pub language: Cow<'a, str>,
}

/// The calendar entry of a booking; empty when there is none.
pub async fn booking(env: &Env, desk: &Name, code: &str, language: &str) -> Result<String, String> {
    let booking = Booking {
        desk: Cow::Borrowed(desk),
        code: Cow::Borrowed(code),
        language: Cow::Borrowed(language),
    };
    post(env, desk, BOOKING, &booking).await
}

/// A question of the owner's.
#[derive(Serialize, Deserialize)]
pub struct Ask<'a> {
    pub desk: Cow<'a, Name>,
    pub question: Cow<'a, Question>,
}

/// Asks a Desk what `outreach::told` answers, as JSON.
pub async fn ask(env: &Env, desk: &Name, question: &Question) -> Result<String, String> {
    let ask = Ask { desk: Cow::Borrowed(desk), question: Cow::Borrowed(question) };
    post(env, desk, ASK, &ask).await
}

/// A reading of Meta's list.
#[derive(Serialize, Deserialize)]
pub struct Reconcile<'a> {
    pub desk: Cow<'a, Name>,
    pub act: Reading,
}

/// What is to be done with it.
#[derive(Serialize, Deserialize)]
pub enum Reading {
    /// Begin one, or go on with one that is made in the same way.
    Begin(Mode),
    /// Make the next step of the one with this name, if its time has come.
    GoOn(UnixMs),
    /// Say how far it is.
    State,
}

/// Has a Desk read Meta's list: `{"round":…}` as JSON, `null` when one is on that is made in another
/// way.
pub async fn reconcile(env: &Env, desk: &Name, act: Reading) -> Result<String, String> {
    post(env, desk, RECONCILE, &Reconcile { desk: Cow::Borrowed(desk), act }).await
}

/// The owner wants to know what the Worker's own looks found.
#[derive(Serialize, Deserialize)]
pub struct Checkup<'a> {
    pub desk: Cow<'a, Name>,
    /// Everything is to be looked at now.
    pub begin: bool,
}

/// What the Worker's own looks at a Page found, as JSON.
pub async fn checkup(env: &Env, desk: &Name, begin: bool) -> Result<String, String> {
    post(env, desk, CHECKUP, &Checkup { desk: Cow::Borrowed(desk), begin }).await
}

/// What is wrong at a Page now, as JSON.
pub async fn alerts(env: &Env, desk: &Name) -> Result<String, String> {
    post(env, desk, ALERTS, desk).await
}

/// What a Desk tells the first one of its Page.
#[derive(Serialize, Deserialize)]
pub struct Sees<'a> {
    pub desk: Cow<'a, Name>,
    pub shard: u32,
    pub conditions: Cow<'a, [Condition]>,
}

/// Tells a Page's first Desk what another one sees.
pub async fn sees(
    env: &Env,
    first: &Name,
    shard: u32,
    conditions: &[Condition],
) -> Result<(), String> {
    let sees = Sees { desk: Cow::Borrowed(first), shard, conditions: Cow::Borrowed(conditions) };
    post(env, first, SEES, &sees).await.map(|_| ())
}

/// A Desk asks the registrar of its Page about paid messages.
#[derive(Serialize, Deserialize)]
pub struct Paid<'a> {
    pub desk: Cow<'a, Name>,
    pub asked: Asked,
}

/// The registrar's answer.
pub async fn paid(env: &Env, registrar: &Name, paid: &Paid<'_>) -> Result<Answered, String> {
    let answer = post(env, registrar, PAID, paid).await?;
    serde_json::from_str(&answer).map_err(|error| error.to_string())
}

/// What the owner wants about what is paid, what Meta approves, and what somebody waits for.
#[derive(Serialize, Deserialize)]
pub struct Owner<'a> {
    pub desk: Cow<'a, Name>,
    pub act: OwnerAct,
}

/// What it is.
#[derive(Serialize, Deserialize)]
pub enum OwnerAct {
    /// Finds out whether paid messages may be sent.
    Prove,
    /// How paid messages stand.
    Marketing,
    /// How the templates stand, as far as this Desk has heard.
    Templates,
    /// Asks Meta how they stand.
    Look,
    /// Hands in what Meta has not seen.
    HandIn,
    /// Tells somebody what they wait for.
    Tell {
        /// Whom.
        person: Psid,
        /// What.
        order: Told,
    },
}

/// Has a Desk do it.
pub async fn owner(env: &Env, desk: &Name, act: OwnerAct) -> Result<Done, String> {
    let owner = Owner { desk: Cow::Borrowed(desk), act };
    let answer = post(env, desk, OWNER, &owner).await?;
    serde_json::from_str(&answer).map_err(|error| error.to_string())
}

async fn post(env: &Env, desk: &Name, path: &str, body: &impl Serialize) -> Result<String, String> {
    let body = serde_json::to_string(body).map_err(|error| error.to_string())?;
    let object = desk.object();
    let (status, text) = fetch(env, &object, path, &body)
        .await
        .map_err(|error| format!("Desk {object}: {}", js_error(&error)))?;
    if status == 200 { Ok(text) } else { Err(format!("Desk {object}: {text}")) }
}

async fn fetch(env: &Env, object: &str, path: &str, body: &str) -> Result<(u16, String), JsValue> {
    let answer = call_object(&namespace(env)?, object, &format!("https://desk{path}"), body)?;
    let answer: Array = JsFuture::from(answer).await?.unchecked_into();
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let status = answer.get(0).as_f64().unwrap_or_default() as u16;
    Ok((status, answer.get(1).as_string().unwrap_or_default()))
}

fn namespace(env: &Env) -> Result<Namespace, JsValue> {
    if let Some(namespace) = NAMESPACE.with(|cell| cell.get().cloned()) {
        return Ok(namespace);
    }
    let found = Reflect::get(env, &JsValue::from_str(binding::DESK))?;
    if !found.is_object() {
        return Err(js_sys::Error::new("there is no binding DESK: add it to wrangler.toml").into());
    }
    let namespace: Namespace = found.unchecked_into();
    // Already set is as good.
    let _kept = NAMESPACE.with(|cell| cell.set(namespace.clone()));
    Ok(namespace)
}
