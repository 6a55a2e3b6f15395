//! The Graph API as a Page's app sees it, with Meta's limits as real errors.
//!
//! - [`app`]: the app itself. [`error`]: error bodies. [`request`]: what a call says, and whether its token may.
//! - [`send`]: the Send API. [`limits`]: what a message may hold.
//! - [`marketing`]: paid messages. [`templates`]: utility templates.
//! - [`setup`]: setting up: the app's webhook, tokens of people. [`page`]: everything else a Page token
//!   reaches.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use serde_json::{Value, json};
use tokio::sync::OwnedSemaphorePermit;

use super::deliver::{self, How};
use super::events::Event;
use super::faults::{self, FaultKind};
use super::listener::KillSwitch;
use super::world::{Call, Settings, World, real_now};
use super::{SandboxConfig, Shared};

mod app;
mod error;
mod limits;
pub(super) mod marketing;
mod page;
mod request;
mod send;
mod setup;
pub(super) mod templates;

pub(super) use error::GraphError;
pub use limits::opt_in_card;
use request::Request;

/// Every versioned path: `/v26.0/…`.
pub(super) fn routes() -> Router<Arc<Shared>> {
    Router::new().route("/{version}/{*path}", any(handle))
}

/// What a call leads to.
struct Done {
    answer: Value,
    /// What Meta tells about it afterwards.
    events: Vec<Event>,
    delivered: bool,
}

impl Done {
    fn only(answer: Value) -> Self {
        Self { answer, events: Vec::new(), delivered: false }
    }
}

/// Counts calls in flight, also when their caller goes away.
struct InFlight<'a>(&'a Shared);

impl<'a> InFlight<'a> {
    fn enter(shared: &'a Shared) -> Self {
        let now = shared.in_flight.fetch_add(1, Ordering::SeqCst).saturating_add(1);
        shared.max_in_flight.fetch_max(now, Ordering::SeqCst);
        Self(shared)
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::SeqCst);
    }
}

/// One of the connections of a Page; the others wait for it in the order they came.
async fn place(shared: &Shared, page: Option<&str>) -> Option<OwnedSemaphorePermit> {
    let places = Arc::clone(shared.places.get(page?)?);
    if let Ok(free) = Arc::clone(&places).try_acquire_owned() {
        return Some(free);
    }
    shared.queued.fetch_add(1, Ordering::SeqCst);
    places.acquire_owned().await.ok()
}

async fn handle(
    State(shared): State<Arc<Shared>>,
    ConnectInfo(switch): ConnectInfo<KillSwitch>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let _in_flight = InFlight::enter(&shared);
    let request = Request::read(&shared.config, &method, &uri, &headers, &body);
    let _place = place(&shared, request.page.as_deref()).await;
    let started = Instant::now();
    let n = note_arrival(&mut shared.world(), &request);
    shared.touch();

    let (fault, settings) = {
        let mut world = shared.world();
        let (page, person) = (request.page.as_deref(), request.person.as_deref());
        let (path, is_send) = (request.joined(), request.is_send());
        let fault = faults::take(&mut world.faults, page, person, &path, is_send);
        (fault, world.settings.clone())
    };
    let kind = fault.as_ref().map(|f| f.kind);
    let hint = fault.as_ref().map(|f| f.hint).unwrap_or_default();
    if let Some(kind) = kind {
        note(&shared, n, |call| call.fault = Some(kind));
    }
    tokio::time::sleep(Duration::from_millis(settings.latency_ms)).await;
    match kind {
        Some(FaultKind::Hang) => std::future::pending::<()>().await,
        Some(FaultKind::Slow) => {
            let ms = fault.map_or(0, |f| f.ms);
            tokio::time::sleep(Duration::from_millis(ms)).await;
        }
        Some(FaultKind::ResetBefore) => {
            switch.pull();
            return StatusCode::NO_CONTENT.into_response();
        }
        _ => {}
    }

    let injected = kind.and_then(faults::answer).map(|(status, mut answer)| {
        if let (Some(seconds), Some(error)) = (hint.remaining_s, answer.get_mut("error")) {
            super::events::put(error, "error_data", json!({"remaining_seconds": seconds}));
        }
        (status, answer)
    });
    let (status, answer, events, delivered) = match injected {
        Some((status, answer)) => (status, answer, Vec::new(), false),
        None if setup::is_subscription(&shared.config, &request) => {
            match setup::subscribe(&shared, &request).await {
                Ok(answer) => (200, answer, Vec::new(), false),
                Err(error) => (error.status, error.traced("0"), Vec::new(), false),
            }
        }
        None => {
            let mut world = shared.world();
            match process(&mut world, &shared.config, &request, &settings) {
                Ok(done) => (200, done.answer, done.events, done.delivered),
                Err(error) => {
                    let trace = world.word(22);
                    (error.status, error.traced(&trace), Vec::new(), false)
                }
            }
        }
    };
    let reset = kind == Some(FaultKind::ResetAfter);
    let latency_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    note(&shared, n, |call| {
        call.status = if reset { 0 } else { status };
        call.answer = answer.clone();
        call.latency_ms = latency_ms;
        call.delivered = delivered;
    });
    if !events.is_empty() {
        let (shared, delay) = (Arc::clone(&shared), Duration::from_millis(settings.echo_delay_ms));
        tokio::spawn(async move {
            tokio::time::sleep(delay).await;
            deliver::deliver(&shared, events, How::default()).await;
        });
    }
    if reset {
        switch.pull();
    }
    let mut response = respond(status, &answer);
    let usage = hint.regain_minutes.map(|minutes| {
        let page = request.page.clone().unwrap_or_default();
        let uses = json!([{"type": "messenger", "call_count": 100, "total_cputime": 20,
            "total_time": 25, "estimated_time_to_regain_access": minutes}]);
        ("x-business-use-case-usage", json!({page: uses}).to_string())
    });
    let after = hint.retry_after_s.map(|seconds| ("retry-after", seconds.to_string()));
    for (name, value) in usage.into_iter().chain(after) {
        if let Ok(value) = value.parse() {
            response.headers_mut().insert(header::HeaderName::from_static(name), value);
        }
    }
    response
}

fn process(
    world: &mut World,
    config: &SandboxConfig,
    request: &Request,
    settings: &Settings,
) -> Result<Done, GraphError> {
    let now = world.now();
    let account = request.path.first().and_then(|first| first.strip_prefix("act_"));
    if let Some(account) = account {
        request.authorise_ads(config, settings)?;
        return marketing::answer(world, config, settings, account, request);
    }
    if let Some(login) = request.login(settings) {
        let answer = setup::of_login(config, login, request, settings.require_proof);
        return answer.map(Done::only);
    }
    let page = request.authorise(config, settings, now)?;
    if request.path == ["debug_token"] {
        return page::debug_token(config, settings, request, now).map(Done::only);
    }
    let Some(page) = page else {
        if let Some(answer) = app::answer(world, config, request) {
            return Ok(Done::only(answer));
        }
        return page::of_app(world, config, request).map(Done::only);
    };
    if request.is_send() {
        return send::send(world, config, &page, &request.body);
    }
    if let ("POST", [comment, edge]) = (request.method.as_str(), request.path.as_slice())
        && ["comments", "replies"].contains(&edge.as_str())
    {
        return send::public_reply(world, &page, (comment, edge), &request.body);
    }
    if request.method == "POST" && request.path.last().is_some_and(|p| p == "message_templates") {
        return templates::create(world, &page, &request.body);
    }
    page::answer(world, config, &page, request).map(Done::only)
}

/// What a caller without a network gets.
pub(super) struct Heard {
    /// Status and body; none when the connection broke.
    pub answer: Option<(u16, Value)>,
    /// What Meta tells about it afterwards.
    pub events: Vec<Event>,
}

/// A call without a network, of a Page that has `token`: the same answers, faults and records,
/// and no waiting.
pub(super) fn hear(
    world: &mut World,
    config: &SandboxConfig,
    (method, uri): (&Method, &Uri),
    token: &str,
    body: &[u8],
) -> Heard {
    let mut headers = HeaderMap::new();
    if let Ok(bearer) = format!("Bearer {token}").parse() {
        headers.insert(header::AUTHORIZATION, bearer);
    }
    let request = Request::read(config, method, uri, &headers, body);
    let n = note_arrival(world, &request);
    let (page, person) = (request.page.as_deref(), request.person.as_deref());
    let (path, is_send) = (request.joined(), request.is_send());
    let fault = faults::take(&mut world.faults, page, person, &path, is_send);
    let kind = fault.map(|fault| fault.kind);
    let unheard = matches!(kind, Some(FaultKind::Hang | FaultKind::ResetBefore));
    let settings = world.settings.clone();
    let (status, answer, events, delivered) = match kind.and_then(faults::answer) {
        Some((status, answer)) => (status, answer, Vec::new(), false),
        None if unheard => (0, Value::Null, Vec::new(), false),
        None => match process(world, config, &request, &settings) {
            Ok(done) => (200, done.answer, done.events, done.delivered),
            Err(error) => (error.status, error.traced("0"), Vec::new(), false),
        },
    };
    let lost = unheard || kind == Some(FaultKind::ResetAfter);
    if let Some(call) = world.calls.iter_mut().rev().find(|call| call.n == n) {
        call.fault = kind;
        call.status = if lost { 0 } else { status };
        call.answer = answer.clone();
        call.delivered = delivered;
    }
    Heard { answer: (!lost).then_some((status, answer)), events }
}

fn note_arrival(world: &mut World, request: &Request) -> u64 {
    let n = world.serial();
    let at = world.now();
    world.calls.push(Call {
        n,
        at,
        real_at: real_now(),
        method: request.method.clone(),
        path: request.joined(),
        version: request.version.clone(),
        page: request.page.clone(),
        person: request.person.clone(),
        query: request.query.clone(),
        body: request.body.clone(),
        status: 0,
        answer: Value::Null,
        latency_ms: 0,
        fault: None,
        delivered: false,
    });
    n
}

/// Adds to the record of call `n`; the record may have been cleared meanwhile.
fn note(shared: &Shared, n: u64, add: impl FnOnce(&mut Call)) {
    if let Some(call) = shared.world().calls.iter_mut().rev().find(|c| c.n == n) {
        add(call);
    }
    shared.touch();
}

fn respond(status: u16, answer: &Value) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    match answer {
        Value::Null => status.into_response(),
        Value::String(html) => {
            let kind = [(header::CONTENT_TYPE, "text/html; charset=utf-8")];
            (status, kind, html.clone()).into_response()
        }
        answer => {
            let kind = [
                (header::CONTENT_TYPE, "application/json; charset=UTF-8"),
                (header::HeaderName::from_static("facebook-api-version"), "v26.0"),
            ];
            // Graph answers are escaped as webhooks are.
            (status, kind, Body::from(super::wire::body(answer))).into_response()
        }
    }
}
