//! How the Worker reaches a Desk.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use wasm_bindgen::JsValue;
use worker::{Env, Method, Request, RequestInit};

use super::Name;
use crate::meta::event::Event;
use crate::worker::binding;

/// Takes events.
pub const TAKE: &str = "/take";
/// The scheduled trigger.
pub const TICK: &str = "/tick";
/// For the owner.
pub const STATUS: &str = "/status";

/// The events of one webhook that belong to one Desk.
#[derive(Serialize, Deserialize)]
pub struct Delivery<'a> {
    pub desk: Cow<'a, Name>,
    pub events: Cow<'a, [Event]>,
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

async fn post(env: &Env, desk: &Name, path: &str, body: &impl Serialize) -> Result<String, String> {
    let body = serde_json::to_string(body).map_err(|error| error.to_string())?;
    let call = async {
        let stub = env.durable_object(binding::DESK)?.get_by_name(&desk.object())?;
        let mut init = RequestInit::new();
        init.with_method(Method::Post).with_body(Some(JsValue::from_str(&body)));
        let request = Request::new_with_init(&format!("https://desk{path}"), &init)?;
        let mut response = stub.fetch_with_request(request).await?;
        Ok::<_, worker::Error>((response.status_code(), response.text().await?))
    };
    let (status, text) = call.await.map_err(|error| format!("Desk {}: {error}", desk.object()))?;
    if status == 200 { Ok(text) } else { Err(format!("Desk {}: {text}", desk.object())) }
}
