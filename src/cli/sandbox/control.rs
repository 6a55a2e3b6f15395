//! The sandbox over HTTP, for the phone and for tests in any language: JSON under `/sandbox/`.
//!
//! | call | what it does |
//! |---|---|
//! | `GET /sandbox/state` | time, Worker, Pages, posters, people, settings, faults, concurrency |
//! | `POST /sandbox/people` | a new person: `page`, `platform`, `name`, `locale`, `country`, … |
//! | `GET /sandbox/people/{id}` | a person with the thread and the tokens |
//! | `POST /sandbox/people/{id}` | changes `blocked`, `owner`, `profile`, `country`, `name`, … |
//! | `POST /sandbox/act` | `{"person", "do": "message", "text", …}`: see [`Act`] |
//! | `POST /sandbox/acts` | `{"acts": […], "how": {"batch", "copies", "shuffle", "at_once"}}` |
//! | `GET`, `POST`, `DELETE /sandbox/tokens` | notification tokens at Meta; adds a [`Token`]; drops `?token=` |
//! | `POST /sandbox/scan` | `{"person", "code"}` |
//! | `POST /sandbox/raw` | `{"body": text or JSON, "signature"?}` |
//! | `GET /sandbox/calls` | Graph calls; `?person=`, `?after=n`, `?messages=1` |
//! | `GET /sandbox/wait` | waits for `?messages=n&person=&timeout_ms=`, then as `calls` |
//! | `GET /sandbox/webhooks` | webhooks and their tries; `?after=n` |
//! | `DELETE /sandbox/calls` | forgets calls and settled webhooks |
//! | `POST`, `DELETE /sandbox/faults` | adds a [`Fault`]; removes all |
//! | `POST /sandbox/settings` | changes [`Settings`] |
//! | `POST /sandbox/clock` | `{"advance_ms"}` or `{"set"}` |
//! | `POST /sandbox/worker` | `{"url"}` |
//! | `POST /sandbox/handshake` | `{"passed"}` |

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::acts::{self, Act, ActError};
use super::deliver::{self, How};
use super::faults::{Fault, FaultKind};
use super::scan;
use super::wire;
use super::world::{Call, Fate, Person, Platform, ProfileAccess, Settings, Token, Webhook, World};
use super::{Shared, clock};

type App = State<Arc<Shared>>;

pub(super) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/sandbox/state", get(state))
        .route("/sandbox/people", post(new_person))
        .route("/sandbox/people/{id}", get(person).post(change_person))
        .route("/sandbox/act", post(act))
        .route("/sandbox/acts", post(several_acts))
        .route("/sandbox/tokens", get(tokens).post(add_token).delete(drop_token))
        .route("/sandbox/scan", post(scan_poster))
        .route("/sandbox/raw", post(raw))
        .route("/sandbox/calls", get(calls).delete(forget))
        .route("/sandbox/wait", get(wait))
        .route("/sandbox/webhooks", get(webhooks))
        .route("/sandbox/faults", post(add_fault).delete(no_faults))
        .route("/sandbox/settings", post(change_settings))
        .route("/sandbox/clock", post(move_clock))
        .route("/sandbox/worker", post(set_worker))
        .route("/sandbox/handshake", post(handshake))
}

impl IntoResponse for ActError {
    fn into_response(self) -> Response {
        let status = match self {
            Self::NoPerson(_) => StatusCode::NOT_FOUND,
            _ => StatusCode::CONFLICT,
        };
        (status, Json(json!({"error": self.to_string()}))).into_response()
    }
}

/// Lets things happen and delivers what Meta tells of them.
pub(super) async fn perform(
    shared: &Arc<Shared>,
    acts: Vec<(String, Act)>,
    how: How,
) -> Result<Vec<Webhook>, ActError> {
    let events = {
        let mut world = shared.world();
        let mut events = Vec::new();
        for (psid, act) in acts {
            events.extend(acts::apply(&mut world, &psid, act)?);
        }
        events
    };
    shared.touch();
    Ok(deliver::deliver(shared, events, how).await)
}

fn is_message(call: &Call) -> bool {
    call.method == "POST"
        && call.path.ends_with("/messages")
        && call.body.get("sender_action").is_none()
}

/// Answered, or in a way that never will be.
fn is_settled(call: &Call) -> bool {
    match call.fault {
        Some(FaultKind::Hang | FaultKind::ResetBefore) => true,
        Some(FaultKind::ResetAfter) => !call.answer.is_null(),
        _ => call.status != 0,
    }
}

/// Waits for `n` sent messages, to one person or to anybody.
pub(super) async fn wait_for_messages(
    shared: &Shared,
    person: Option<&str>,
    n: usize,
    timeout: Duration,
) -> Vec<Call> {
    let mut changed = shared.changed.subscribe();
    let end = Instant::now() + timeout;
    loop {
        let so_far: Vec<Call> = {
            let world = shared.world();
            let to_them = |c: &&Call| person.is_none_or(|p| to_person(&world, c, p));
            world.calls.iter().filter(|c| is_message(c)).filter(to_them).cloned().collect()
        };
        let settled = so_far.iter().filter(|c| is_settled(c)).count();
        let left = end.saturating_duration_since(Instant::now());
        if settled >= n || left.is_zero() {
            return so_far;
        }
        let _ = tokio::time::timeout(left, changed.changed()).await;
    }
}

/// Whether a call is about a person, named by id or by a token they gave.
fn to_person(world: &World, call: &Call, person: &str) -> bool {
    if call.person.as_deref() == Some(person) {
        return true;
    }
    let token = call.body.pointer("/recipient/notification_messages_token");
    let token = token.and_then(Value::as_str);
    token.is_some() && world.tokens.iter().any(|t| t.person == person && Some(&*t.token) == token)
}

pub(super) fn clear_record(shared: &Shared) {
    let mut world = shared.world();
    world.calls.clear();
    world.webhooks.retain(|w| w.fate == Fate::Waiting);
    drop(world);
    shared.max_in_flight.store(0, Ordering::SeqCst);
    shared.touch();
}

/// A person to be.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct NewPerson {
    /// The Page; the first when left out.
    pub page: Option<String>,
    /// Messenger or Instagram.
    pub platform: Platform,
    /// The id; made up when left out.
    pub id: Option<String>,
    /// The whole name; made up when left out.
    pub name: Option<String>,
    /// The app's language, `en_US` when left out.
    pub locale: Option<String>,
    /// Hours from GMT.
    pub timezone: f64,
    /// Where they live, when it differs from the Page's country.
    pub country: Option<String>,
}

/// Names for people nobody has named.
const NAMES: [&str; 12] = [
    "Ona Petrauskė",
    "Marc Dubois",
    "林怡君",
    "Ana Souza",
    "Tom Becker",
    "Nguyễn Thu",
    "Elif Kaya",
    "田中さくら",
    "Omar Haddad",
    "Kate Byrne",
    "Piotr Nowak",
    "Lucía Ramos",
];

/// Makes a person and returns their id.
pub(super) fn create_person(world: &mut World, newcomer: NewPerson) -> String {
    let order = world.serial();
    let id = newcomer.id.unwrap_or_else(|| world.number());
    let name = newcomer.name.unwrap_or_else(|| {
        let name = NAMES.get(world.people.len() % NAMES.len());
        name.copied().unwrap_or("Somebody").to_owned()
    });
    let first = world.pages.first().map(|p| p.about.id.clone());
    let person = Person {
        id: id.clone(),
        page: newcomer.page.or(first).unwrap_or_default(),
        platform: newcomer.platform,
        name,
        locale: newcomer.locale.unwrap_or_else(|| "en_US".to_owned()),
        timezone: newcomer.timezone,
        country: newcomer.country,
        thread: Vec::new(),
        opened_at: None,
        pending_ref: None,
        typing_at: None,
        blocked: false,
        owner: None,
        profile: ProfileAccess::Open,
        optin_requests: Vec::new(),
        order,
    };
    world.people.insert(id.clone(), person);
    id
}

/// How many people the phone's switcher offers, newest first.
const PEOPLE_SHOWN: usize = 30;

async fn state(State(shared): App) -> Json<Value> {
    let notes = shared.notes();
    let world = shared.world();
    let mut people: Vec<&Person> = world.people.values().collect();
    people.sort_by_key(|p| std::cmp::Reverse(p.order));
    let people: Vec<Value> = people
        .into_iter()
        .take(PEOPLE_SHOWN)
        .map(|p| {
            json!({"id": p.id, "name": p.name, "page": p.page, "platform": p.platform,
                "locale": p.locale})
        })
        .collect();
    let pages: Vec<Value> = world
        .pages
        .iter()
        .map(|p| json!({"about": p.about, "subscribed": p.fields, "profile": p.profile}))
        .collect();
    Json(json!({
        "now": world.now(),
        "clock": shared.config.clock,
        "worker": world.worker,
        "app_id": shared.config.app_id,
        "pages": pages,
        "posters": shared.config.posters,
        "languages": shared.config.languages,
        "people": people,
        "settings": world.settings,
        "faults": world.faults,
        "calls": world.calls.len(),
        "webhooks": world.webhooks.len(),
        "max_concurrent": shared.max_in_flight.load(Ordering::SeqCst),
        "notes": notes,
    }))
}

async fn new_person(State(shared): App, Json(newcomer): Json<NewPerson>) -> Response {
    let mut world = shared.world();
    if newcomer.page.as_ref().is_some_and(|id| world.page(id).is_none()) {
        let problem = json!({"error": "no such Page"});
        return (StatusCode::NOT_FOUND, Json(problem)).into_response();
    }
    let id = create_person(&mut world, newcomer);
    let person = world.people.get(&id).cloned();
    drop(world);
    shared.touch();
    (StatusCode::CREATED, Json(person)).into_response()
}

async fn person(State(shared): App, Path(id): Path<String>) -> Result<Json<Value>, ActError> {
    let world = shared.world();
    let person = world.people.get(&id).ok_or_else(|| ActError::NoPerson(id.clone()))?;
    let tokens: Vec<_> = world.tokens.iter().filter(|t| t.person == id).collect();
    let window = person.window_open(world.now());
    Ok(Json(json!({"person": person, "tokens": tokens, "window_open": window})))
}

#[derive(Deserialize)]
struct PersonChange {
    name: Option<String>,
    locale: Option<String>,
    timezone: Option<f64>,
    country: Option<String>,
    blocked: Option<bool>,
    /// The app that owns the thread; empty: ours.
    owner: Option<String>,
    profile: Option<ProfileAccess>,
}

async fn change_person(
    State(shared): App,
    Path(id): Path<String>,
    Json(change): Json<PersonChange>,
) -> Result<Json<Value>, ActError> {
    {
        let mut world = shared.world();
        let person = world.people.get_mut(&id).ok_or(ActError::NoPerson(id.clone()))?;
        person.name = change.name.unwrap_or_else(|| person.name.clone());
        person.locale = change.locale.unwrap_or_else(|| person.locale.clone());
        person.timezone = change.timezone.unwrap_or(person.timezone);
        person.country = change.country.or_else(|| person.country.clone());
        person.blocked = change.blocked.unwrap_or(person.blocked);
        person.profile = change.profile.unwrap_or(person.profile);
        if let Some(owner) = change.owner {
            person.owner = (!owner.is_empty()).then_some(owner);
        }
    }
    shared.touch();
    self::person(State(shared), Path(id)).await
}

/// One act and whose it is. Delivered as `how` says.
#[derive(Deserialize)]
struct PersonAct {
    person: String,
    #[serde(flatten)]
    act: Act,
}

async fn act(State(shared): App, Json(one): Json<PersonAct>) -> Result<Json<Value>, ActError> {
    let webhooks = perform(&shared, vec![(one.person, one.act)], How::default()).await?;
    Ok(Json(json!({"webhooks": webhooks})))
}

#[derive(Deserialize)]
struct Several {
    acts: Vec<PersonAct>,
    #[serde(default)]
    how: How,
}

async fn several_acts(
    State(shared): App,
    Json(several): Json<Several>,
) -> Result<Json<Value>, ActError> {
    let acts = several.acts.into_iter().map(|a| (a.person, a.act)).collect();
    let webhooks = perform(&shared, acts, several.how).await?;
    Ok(Json(json!({"webhooks": webhooks})))
}

async fn tokens(State(shared): App) -> Json<Vec<Token>> {
    Json(shared.world().tokens.clone())
}

async fn add_token(State(shared): App, Json(token): Json<Token>) -> StatusCode {
    shared.world().tokens.push(token);
    shared.touch();
    StatusCode::CREATED
}

async fn drop_token(
    State(shared): App,
    Query(asked): Query<HashMap<String, String>>,
) -> StatusCode {
    let token = asked.get("token").cloned().unwrap_or_default();
    shared.world().tokens.retain(|known| known.token != token);
    shared.touch();
    StatusCode::NO_CONTENT
}

#[derive(Deserialize)]
struct Scan {
    person: String,
    code: String,
}

async fn scan_poster(
    State(shared): App,
    Json(asked): Json<Scan>,
) -> Result<Json<scan::Landing>, ActError> {
    scan::scan(&shared, &asked.person, &asked.code).await.map(Json)
}

#[derive(Deserialize)]
struct Raw {
    body: Value,
    signature: Option<String>,
}

async fn raw(State(shared): App, Json(raw): Json<Raw>) -> Json<Webhook> {
    let body = match raw.body {
        Value::String(text) => text,
        value => wire::body(&value),
    };
    Json(deliver::deliver_raw(&shared, body, raw.signature).await)
}

#[derive(Deserialize)]
struct CallsAsked {
    person: Option<String>,
    #[serde(default)]
    after: u64,
    messages: Option<usize>,
    timeout_ms: Option<u64>,
}

async fn calls(State(shared): App, Query(asked): Query<CallsAsked>) -> Json<Vec<Call>> {
    let world = shared.world();
    let calls = world.calls.iter().filter(|c| {
        c.n > asked.after
            && asked.person.as_ref().is_none_or(|p| to_person(&world, c, p))
            && (asked.messages.is_none() || is_message(c))
    });
    Json(calls.cloned().collect())
}

async fn wait(State(shared): App, Query(asked): Query<CallsAsked>) -> Json<Vec<Call>> {
    let timeout = Duration::from_millis(asked.timeout_ms.unwrap_or(5_000).min(120_000));
    let n = asked.messages.unwrap_or(1);
    Json(wait_for_messages(&shared, asked.person.as_deref(), n, timeout).await)
}

async fn webhooks(
    State(shared): App,
    Query(asked): Query<HashMap<String, u64>>,
) -> Json<Vec<Webhook>> {
    let after = asked.get("after").copied().unwrap_or(0);
    Json(shared.world().webhooks.iter().filter(|w| w.n > after).cloned().collect())
}

async fn forget(State(shared): App) -> StatusCode {
    clear_record(&shared);
    StatusCode::NO_CONTENT
}

async fn add_fault(State(shared): App, Json(fault): Json<Fault>) -> StatusCode {
    shared.world().faults.push(fault);
    shared.touch();
    StatusCode::NO_CONTENT
}

async fn no_faults(State(shared): App) -> StatusCode {
    shared.world().faults.clear();
    shared.touch();
    StatusCode::NO_CONTENT
}

/// Only the settings named change.
async fn change_settings(State(shared): App, Json(change): Json<Value>) -> Response {
    let mut world = shared.world();
    let mut all = serde_json::to_value(&world.settings).unwrap_or_default();
    for (key, value) in change.as_object().into_iter().flatten() {
        super::events::put(&mut all, key, value.clone());
    }
    match serde_json::from_value::<Settings>(all) {
        Ok(settings) => {
            world.settings = settings.clone();
            drop(world);
            shared.touch();
            Json(settings).into_response()
        }
        Err(e) => {
            let problem = json!({"error": e.to_string()});
            (StatusCode::UNPROCESSABLE_ENTITY, Json(problem)).into_response()
        }
    }
}

#[derive(Deserialize, Serialize)]
struct ClockMove {
    advance_ms: Option<i64>,
    set: Option<i64>,
}

async fn move_clock(State(shared): App, Json(asked): Json<ClockMove>) -> Json<Value> {
    let now = shared.world().now();
    let to = asked.set.unwrap_or(now).saturating_add(asked.advance_ms.unwrap_or(0));
    clock::move_to(&shared, to).await;
    let now = shared.world().now();
    Json(json!({"now": now}))
}

#[derive(Deserialize)]
struct WorkerAt {
    url: String,
}

async fn set_worker(State(shared): App, Json(at): Json<WorkerAt>) -> StatusCode {
    shared.world().worker = Some(at.url.trim_end_matches('/').to_owned());
    shared.touch();
    StatusCode::NO_CONTENT
}

async fn handshake(State(shared): App) -> Json<Value> {
    let passed = scan::handshake(&shared).await;
    Json(json!({"passed": passed}))
}
