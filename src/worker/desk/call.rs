//! How the Worker reaches a Desk.

use std::borrow::Cow;
use std::cell::OnceCell;

use js_sys::{Array, Promise, Reflect};
use serde::{Deserialize, Serialize};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use worker::Env;

use super::Name;
use super::paid::{Answered, Asked};
use crate::meta::event::Event;
use crate::meta::ids::{DeletionCode, Psid};
use crate::outreach::notice::Order;
use crate::outreach::told::Question;
use crate::shop::kv::DeskRef;
use crate::store::deletions::State;
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

/// The events of one webhook that belong to one Desk.
#[derive(Serialize, Deserialize)]
pub struct Delivery<'a> {
    pub desk: Cow<'a, Name>,
    pub events: Cow<'a, [Event]>,
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
pub async fn take(env: &Env, desk: &Name, events: &[Event]) -> Result<(), String> {
    let delivery = Delivery { desk: Cow::Borrowed(desk), events: Cow::Borrowed(events) };
    post(env, desk, TAKE, &delivery).await.map(|_| ())
}

/// Wakes a Desk.
pub async fn tick(env: &Env, desk: &Name) -> Result<(), String> {
    post(env, desk, TICK, desk).await.map(|_| ())
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
        order: Order,
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
