//! `shopbell doctor` against the sandbox and a stand-in for the Worker: nothing to complain about
//! when all is well, and the right complaint for each thing that is broken.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{RawQuery, State as With};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde_json::{Value, json};
use shopbell::cli::check;
use shopbell::cli::doctor::{Checkup, Diagnosis, Secrets, State, examine};
use shopbell::cli::publish::Bundle;
use shopbell::cli::sandbox::{Fault, FaultKind, Sandbox, SandboxConfig, start};
use shopbell::meta::signature::{AppSecret, handshake};
use shopbell::shop::kv::KV_SCHEMA;
use shopbell::shop::lang;
use shopbell::shop::model::{Lang, SHOP_SCHEMA};
use shopbell::store::schema;

const PAGE: &str = "1029384756";
const APP: &str = "4100000000000001";
const TOKEN: &str = "sandbox-page-token";
const ADMIN: &str = "an-admin-token-of-more-than-32-characters";
const SHOP: &str = r#"
[shop]
name = "Corner Bakery"
languages = ["en"]
time_zone = "Europe/London"
country = "GB"

[[page]]
id = "1029384756"
username = "cornerbakery"
instagram_id = "17841400000000001"
"#;

/// How the stand-in answers.
#[derive(Clone)]
struct Worker {
    app_secret: &'static str,
    verify_token: &'static str,
    admin_token: &'static str,
    takes_anything: bool,
    health: (u16, String),
    status: Value,
    checkup: Value,
    /// How far its own clock is ahead, in seconds.
    ahead: i64,
    date: Option<&'static str>,
}

type Shared = Arc<Mutex<Worker>>;

fn dated(worker: &Worker, response: impl IntoResponse) -> Response {
    let mut response = response.into_response();
    if let Some(date) = worker.date {
        response.headers_mut().insert(header::DATE, date.parse().unwrap());
    }
    response
}

async fn health(With(worker): With<Shared>) -> Response {
    let worker = worker.lock().unwrap().clone();
    dated(&worker, (StatusCode::from_u16(worker.health.0).unwrap(), worker.health.1.clone()))
}

async fn status(With(worker): With<Shared>, headers: HeaderMap) -> Response {
    let worker = worker.lock().unwrap().clone();
    let right = format!("Bearer {}", worker.admin_token);
    if headers.get("authorization").is_some_and(|given| given == right.as_str()) {
        axum::Json(worker.status).into_response()
    } else {
        StatusCode::UNAUTHORIZED.into_response()
    }
}

async fn checkup(With(worker): With<Shared>, headers: HeaderMap) -> Response {
    let worker = worker.lock().unwrap().clone();
    let right = format!("Bearer {}", worker.admin_token);
    if headers.get("authorization").is_none_or(|given| given != right.as_str()) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    if worker.checkup.is_null() {
        return StatusCode::NOT_FOUND.into_response();
    }
    let mut told = worker.checkup;
    let now = jiff::Timestamp::now() + jiff::SignedDuration::from_secs(worker.ahead);
    told["now"] = json!(now.to_string());
    axum::Json(told).into_response()
}

async fn webhook(With(worker): With<Shared>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let worker = worker.lock().unwrap().clone();
    let given = headers.get("x-hub-signature-256").map(|given| given.to_str().unwrap());
    let believed = AppSecret::new(worker.app_secret).verify(given, &body).is_ok();
    if believed || worker.takes_anything { StatusCode::OK } else { StatusCode::UNAUTHORIZED }
}

async fn shaken(With(worker): With<Shared>, RawQuery(query): RawQuery) -> Response {
    let worker = worker.lock().unwrap().clone();
    match handshake(&query.unwrap(), worker.verify_token) {
        Ok(challenge) => challenge.into_response(),
        Err(error) => StatusCode::from_u16(error.status()).unwrap().into_response(),
    }
}

/// A shop, a Worker and a Meta that fit together.
struct Stage {
    worker: Shared,
    sandbox: Sandbox,
    checkup: Checkup,
    dir: PathBuf,
}

impl Drop for Stage {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.dir);
    }
}

impl Stage {
    async fn new(name: &str) -> Self {
        Self::with(name, |_| {}).await
    }

    async fn with(name: &str, change: impl FnOnce(&mut SandboxConfig)) -> Self {
        let dir = std::env::temp_dir().join(format!("doctor-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        std::fs::write(dir.join("shop.toml"), SHOP).unwrap();
        let shops = Bundle::of(check::load(&dir).unwrap()).shops;
        let desk = json!({
            "page": PAGE, "shard": 0,
            "shop": {"version": shops[0].version, "faq_refused": null},
            "outbox": {"open": 0, "oldest_seconds": null},
            "kv_owed": 0, "kv_refused_since": null, "parked": 0, "hold": null,
            "notifications": [], "today": {"rows_written": 2_000, "desk_requests": 900},
            "alerts": [],
            "last_7_days": {"event.message": 12, "reply.sent": 11},
        });
        let version = env!("CARGO_PKG_VERSION");
        let worker = Arc::new(Mutex::new(Worker {
            app_secret: "sandbox-app-secret",
            verify_token: "sandbox-verify-token",
            admin_token: ADMIN,
            takes_anything: false,
            health: (200, json!({"status": "ok", "version": version, "pages": 1}).to_string()),
            status: json!({
                "version": version, "app_id_set": true,
                "graph": {"base_url": "", "version": "v26.0"},
                "pages": [{"page": PAGE, "token_set": true}],
                "desks": [desk],
            }),
            checkup: json!({
                "deployment": {
                    "tables": schema::VERSION, "kv": KV_SCHEMA, "shop": SHOP_SCHEMA,
                    "public_url": null, "keys": {"previous": false, "previous_until": null},
                    "weak": [],
                },
                "pages": [{
                    "page": PAGE, "ticked_seconds_ago": 30,
                    "checked": {
                        "full_at": now_ms(), "looked_at": now_ms(), "findings": [], "unchecked": [],
                        "restored": null, "next_full": 0, "next_look": 0, "good_at": now_ms(),
                    },
                }],
            }),
            ahead: 0,
            date: None,
        }));
        let app = Router::new()
            .route("/health", get(health))
            .route("/admin/status", get(status))
            .route("/admin/checkup", get(checkup))
            .route("/webhook", get(shaken).post(webhook))
            .with_state(Arc::clone(&worker));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        let mut config = SandboxConfig::example();
        change(&mut config);
        let sandbox = start(config).await.unwrap();
        sandbox.set_worker(&url);
        worker.lock().unwrap().status["graph"]["base_url"] = json!(sandbox.url());
        let checkup = Checkup {
            dir: dir.clone(),
            worker: url,
            graph: None,
            graph_version: None,
            secrets: secrets(&[]),
            patience: Duration::from_secs(5),
            language: None,
        };
        let stage = Self { worker, sandbox, checkup, dir };
        stage.profile(json!({"get_started": {"payload": "GET_STARTED"}})).await;
        stage
    }

    async fn profile(&self, body: Value) {
        let url = format!("{}/v26.0/me/messenger_profile", self.sandbox.url());
        let request = reqwest::Client::new().post(url).bearer_auth(TOKEN).json(&body);
        assert!(request.send().await.unwrap().status().is_success());
    }

    async fn examine(&self) -> Diagnosis {
        // Past the ten looks at the Messenger profile that Meta allows in ten minutes.
        self.sandbox.advance(11 * 60_000).await;
        let found = examine(&self.checkup).await;
        for finding in &found.findings {
            assert_eq!(finding.fix.is_none(), finding.state == State::Ok, "{finding:?}");
            assert!(!finding.says.contains('\n'));
            let lines = [&finding.says, finding.fix.as_ref().unwrap_or(&finding.says)];
            for empty in ["{", "}", "()", "(?)"] {
                assert!(lines.iter().all(|line| !line.contains(empty)), "{finding:?}");
            }
        }
        for text in [found.for_people(), found.for_machines()] {
            for secret in ["sandbox-app-secret", "sandbox-verify-token", TOKEN, ADMIN] {
                assert!(!text.contains(secret), "{text}");
            }
        }
        found
    }

    fn checked(&self, change: impl FnOnce(&mut Value)) {
        change(&mut self.worker.lock().unwrap().checkup["pages"][0]);
    }

    fn deployment(&self, change: impl FnOnce(&mut Value)) {
        change(&mut self.worker.lock().unwrap().checkup["deployment"]);
    }

    fn desk(&self, change: impl FnOnce(&mut Value)) {
        change(&mut self.worker.lock().unwrap().status["desks"][0]);
    }

    /// Asserts that these checks, and no others, found a problem.
    async fn problems(&self, checks: &[&str]) -> Diagnosis {
        let found = self.examine().await;
        assert_eq!(named(&found, State::Problem), checks, "{}", found.for_people());
        found
    }

    async fn warnings(&self, checks: &[&str]) -> Diagnosis {
        let found = self.examine().await;
        assert_eq!(named(&found, State::Problem), [""; 0], "{}", found.for_people());
        assert_eq!(named(&found, State::Warning), checks, "{}", found.for_people());
        found
    }
}

fn now_ms() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}

fn secrets(instead: &[(&str, &str)]) -> Secrets {
    let mut all = std::collections::BTreeMap::from([
        ("APP_ID", APP),
        ("APP_SECRET", "sandbox-app-secret"),
        ("VERIFY_TOKEN", "sandbox-verify-token"),
        ("PAGE_TOKEN", TOKEN),
        ("ADMIN_TOKEN", ADMIN),
    ]);
    all.extend(instead.iter().copied());
    Secrets::new(all.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())))
}

/// Rules of Meta's end on days of their own: not a matter of these tests.
fn named(found: &Diagnosis, state: State) -> Vec<&'static str> {
    let found = found.findings.iter().filter(|finding| finding.state == state);
    found.map(|finding| finding.check).filter(|check| !check.starts_with("meta.")).collect()
}

fn says<'a>(found: &'a Diagnosis, check: &str) -> &'a str {
    let found = found.findings.iter().find(|f| f.check == check && f.state != State::Ok);
    &found.unwrap_or_else(|| panic!("nothing about {check}")).says
}

fn is_ok(found: &Diagnosis, check: &str) -> bool {
    found.findings.iter().any(|f| f.check == check && f.state == State::Ok)
}

/// What nobody can see from here, whatever is well.
const UNSEEN: [&str; 2] = ["graph.callbacks", "graph.instagram_access"];

#[tokio::test]
async fn a_healthy_shop_has_neither_problems_nor_warnings() {
    let stage = Stage::new("healthy").await;
    let found = stage.warnings(&[]).await;
    for check in [
        "shop.check",
        "worker.health",
        "worker.version",
        "worker.clock",
        "worker.app_secret",
        "worker.verify_token",
        "worker.admin_token",
        "worker.published",
        "worker.tables",
        "worker.public_url",
        "worker.secrets",
        "worker.signing_key",
        "worker.cron",
        "worker.checkup",
        "desk.outbox",
        "desk.kv",
        "desk.quota",
        "desk.by_others",
        "graph.address",
        "graph.review",
        "graph.page",
        "graph.username",
        "graph.clock",
        "graph.webhook",
        "graph.token",
        "graph.proof",
        "graph.token_expiry",
        "graph.scopes",
        "graph.subscription",
        "graph.get_started",
        "graph.instagram",
    ] {
        assert!(is_ok(&found, check), "{check}");
    }
    assert_eq!(named(&found, State::NotChecked), UNSEEN);
    let lines: Vec<Value> =
        found.for_machines().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), found.findings.len());
    assert_eq!(lines[0]["state"], "ok");
}

#[tokio::test]
async fn nothing_is_changed_and_no_event_is_made() {
    let stage = Stage::new("unchanged").await;
    stage.sandbox.clear_record();
    stage.examine().await;
    let calls = stage.sandbox.calls();
    assert!(calls.len() > 5);
    assert!(calls.iter().all(|call| call.method == "GET"), "{calls:?}");
}

#[tokio::test]
async fn each_secret_that_differs_is_named() {
    let stage = Stage::new("secrets").await;
    let change = |change: fn(&mut Worker)| change(&mut stage.worker.lock().unwrap());
    change(|worker| worker.app_secret = "another");
    stage.problems(&["worker.app_secret"]).await;
    change(|worker| worker.app_secret = "sandbox-app-secret");
    change(|worker| worker.verify_token = "another");
    stage.problems(&["worker.verify_token"]).await;
    change(|worker| worker.verify_token = "sandbox-verify-token");
    change(|worker| worker.takes_anything = true);
    stage.problems(&["worker.unsigned"]).await;
}

#[tokio::test]
async fn without_the_admin_token_the_rest_is_still_checked() {
    let mut stage = Stage::new("admin").await;
    stage.worker.lock().unwrap().admin_token = "another";
    stage.checkup.graph = Some(stage.sandbox.url());
    let found = stage.problems(&["worker.admin_token"]).await;
    assert!(is_ok(&found, "graph.token"));
}

#[tokio::test]
async fn what_the_environment_lacks_is_not_checked_and_said_so() {
    let mut stage = Stage::new("lacks").await;
    stage.checkup.secrets = Secrets::new([]);
    stage.checkup.graph = Some(stage.sandbox.url());
    let found = stage.warnings(&[]).await;
    let expected = [
        "worker.app_secret",
        "worker.verify_token",
        "worker.admin_token",
        "graph.webhook",
        "graph.token",
    ];
    assert_eq!(named(&found, State::NotChecked), expected);
    let said = says(&found, "graph.webhook");
    assert!(said.ends_with("APP_ID, APP_SECRET is not in the environment"), "{said}");
}

#[tokio::test]
async fn a_shop_with_errors_or_none_at_all_is_a_problem() {
    let mut stage = Stage::new("shop").await;
    std::fs::write(stage.dir.join("shop.toml"), SHOP.replace("[\"en\"]", "\"en\"")).unwrap();
    let found = stage.problems(&["shop.check"]).await;
    assert!(says(&found, "shop.check").contains("errors: 1"));
    stage.checkup.dir = stage.dir.join("nowhere");
    stage.problems(&["shop.read"]).await;
}

#[tokio::test]
async fn a_shop_that_was_changed_after_publishing_is_a_problem() {
    let stage = Stage::new("changed").await;
    std::fs::write(stage.dir.join("shop.toml"), SHOP.replace("Bakery", "Bakers")).unwrap();
    stage.problems(&["worker.published"]).await;
    std::fs::write(stage.dir.join("shop.toml"), SHOP).unwrap();
    stage.desk(|desk| desk["shop"] = json!({"error": "no shop is published"}));
    stage.problems(&["worker.published"]).await;
    stage.worker.lock().unwrap().status["pages"] = json!([]);
    let found = stage.problems(&["worker.published"]).await;
    assert!(says(&found, "worker.published").contains("nothing is published"));
}

#[tokio::test]
async fn how_the_desk_stands_is_told() {
    let stage = Stage::new("desk").await;
    let healthy = stage.worker.lock().unwrap().status["desks"][0].clone();
    let hold = |needs_owner: bool| {
        json!({"until": 1_795_000_000_000_i64, "needs_owner": needs_owner,
               "reason": "The Page's access token is not valid. (Meta's error 190)"})
    };
    for (pointer, value, check, state) in [
        ("/hold", hold(true), "desk.hold", State::Problem),
        ("/hold", hold(false), "desk.hold", State::Warning),
        ("/outbox", json!({"open": 3, "oldest_seconds": 1200}), "desk.outbox", State::Warning),
        ("/outbox", json!({"open": 3, "oldest_seconds": 7200}), "desk.outbox", State::Problem),
        ("/outbox", json!({"open": 3, "oldest_seconds": 2}), "desk.outbox", State::Ok),
        ("/parked", json!(4), "desk.parked", State::Warning),
        ("/kv_owed", json!(4), "desk.kv", State::Warning),
        ("/kv_refused_since", json!("2026-11-22T10:00:00Z"), "desk.kv", State::Warning),
        ("/last_7_days", json!({}), "desk.traffic", State::Warning),
        (
            "/last_7_days",
            json!({"event.message": 12, "reply.sent": 11, "event.echo.other": 9}),
            "desk.by_others",
            State::Warning,
        ),
        ("/today", json!({"rows_written": 81_000}), "desk.quota", State::Warning),
        ("/today", json!({"desk_requests": 100_000}), "desk.quota", State::Problem),
        ("/today", json!({"rows_written": 79_000}), "desk.quota", State::Ok),
        (
            "/alerts",
            json!([{"alert": "unsubscribed", "since": "2026-11-22T10:00:00Z", "until": null,
                    "says": "subscribed_apps is empty"}]),
            "desk.alert",
            State::Problem,
        ),
        (
            "/alerts",
            json!([{"alert": "of_a_newer_worker", "since": "2026-11-22T10:00:00Z", "says": "x"}]),
            "desk.alert",
            State::Problem,
        ),
        ("/shop/faq_refused", json!("of another version"), "desk.faq", State::Problem),
        (
            "/notifications",
            json!([{"notification": "lunch", "period": "2026-11-20", "outcome": "held",
                    "reason": "no live consent", "people": 7}]),
            "desk.held",
            State::Warning,
        ),
    ] {
        stage.desk(|desk| {
            *desk = healthy.clone();
            *desk.pointer_mut(pointer).unwrap() = value.clone();
        });
        let found = stage.examine().await;
        let one =
            found.findings.iter().find(|f| f.check == check).unwrap_or_else(|| panic!("{check}"));
        assert_eq!(one.state, state, "{}", one.says);
        let others = found.count(State::Problem) + found.count(State::Warning);
        assert_eq!(others, usize::from(state != State::Ok), "{}", found.for_people());
    }
    stage.desk(|desk| *desk = json!({"page": PAGE, "shard": 0, "error": "it hangs"}));
    stage.problems(&["worker.published", "desk.error"]).await;
}

#[tokio::test]
async fn a_worker_that_is_none_is_told_in_plain_words() {
    let mut stage = Stage::new("unreachable").await;
    stage.checkup.graph = Some(stage.sandbox.url());
    let health = |status: u16, body: &str| {
        stage.worker.lock().unwrap().health = (status, body.to_owned());
    };
    for (status, body, words) in [
        (200, "<!DOCTYPE html><html>parked</html>", "answers 200 with a web page"),
        (404, "error code: 1042", "answers 404 with: error code: 1042"),
        (500, "", "answers 500 and nothing more"),
        (
            503,
            r#"{"status":"misconfigured","problem":"SIGNING_KEY is not set: `wrangler secret put SIGNING_KEY`"}"#,
            "refuses to run (SIGNING_KEY is not set)",
        ),
        (503, r#"{"status":"no storage","problem":"KV does not answer"}"#, "KV does not answer"),
    ] {
        health(status, body);
        let found = stage.examine().await;
        let said = says(&found, "worker.health");
        assert!(said.contains(words), "{said}");
    }
    for (worker, check, words) in [
        ("http://127.0.0.1:1".to_owned(), "worker.health", "refuses the connection"),
        ("http://shop.example".to_owned(), "worker.address", "no usable address"),
        ("shop.workers.dev".to_owned(), "worker.address", "is not an address"),
        ("https://no-such-host.invalid".to_owned(), "worker.health", "no such host"),
        // Speaks http where https is expected.
        (stage.sandbox.url().replace("http:", "https:"), "worker.health", "no secure connection"),
    ] {
        stage.checkup.worker = worker;
        let found = stage.examine().await;
        let said = says(&found, check);
        assert!(said.contains(words), "{said}");
    }
}

#[tokio::test]
async fn a_worker_that_hangs_does_not_hang_us() {
    let mut stage = Stage::new("hangs").await;
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    stage.checkup.worker = format!("http://{}", silent.local_addr().unwrap());
    stage.checkup.graph = Some(stage.sandbox.url());
    stage.checkup.patience = Duration::from_millis(300);
    let found = stage.examine().await;
    assert!(says(&found, "worker.health").contains("does not answer within 0.3 s"));
}

#[tokio::test]
async fn a_clock_that_is_off_is_told_with_its_side() {
    let stage = Stage::new("clock").await;
    stage.worker.lock().unwrap().date = Some("Sun, 06 Nov 1994 08:49:37 GMT");
    let found = stage.warnings(&["worker.clock"]).await;
    assert!(says(&found, "worker.clock").contains("min apart (Worker -)"));
    stage.worker.lock().unwrap().date = None;
    stage.worker.lock().unwrap().ahead = 3 * 3_600;
    let found = stage.warnings(&["worker.clock"]).await;
    assert!(says(&found, "worker.clock").contains("180 min apart (Worker, Date.now +)"));
}

#[tokio::test]
async fn a_dead_token_and_a_token_of_another_page_are_told_apart() {
    let mut stage = Stage::new("token").await;
    stage.checkup.secrets = secrets(&[("PAGE_TOKEN", "a-token-nobody-knows")]);
    let found = stage.problems(&["graph.token"]).await;
    assert!(says(&found, "graph.token").contains("not valid (PAGE_TOKEN; Meta:"));
    assert!(!found.for_people().contains("a-token-nobody-knows"));

    stage.checkup.secrets = secrets(&[]);
    let other = SHOP.replace(PAGE, "5647382910");
    std::fs::write(stage.dir.join("shop.toml"), other).unwrap();
    let found = stage.problems(&["worker.published", "graph.token"]).await;
    let said = says(&found, "graph.token");
    assert!(
        said.contains("belongs to Corner Bakery (1029384756), not to Page 5647382910"),
        "{said}"
    );
}

#[tokio::test]
async fn a_secret_of_another_app_is_told_by_its_proof() {
    let stage = Stage::with("proof", |config| config.app_secret = "of-another-app".into()).await;
    stage.problems(&["graph.webhook", "graph.proof"]).await;
}

#[tokio::test]
async fn what_a_token_may_not_do_and_when_it_ends_is_told() {
    let stage = Stage::new("grant").await;
    stage.sandbox.settings(|settings| settings.scopes.retain(|s| s != "pages_messaging"));
    let found = stage.problems(&["graph.scopes"]).await;
    assert!(says(&found, "graph.scopes").contains("lacks pages_messaging"));
    stage.sandbox.settings(|settings| {
        settings.scopes = vec!["pages_messaging".into(), "pages_manage_metadata".into()];
    });
    let found = stage.problems(&["graph.scopes"]).await;
    assert!(says(&found, "graph.scopes").contains("instagram_manage_messages"));

    let stage = Stage::new("expiry").await;
    let soon = jiff::Timestamp::now().as_second() + 3 * 86_400;
    stage.sandbox.settings(|settings| settings.token_expires_at = soon);
    stage.warnings(&["graph.token_expiry"]).await;
    stage.sandbox.settings(|settings| settings.token_expires_at = 1_000);
    stage.problems(&["graph.token"]).await;
}

#[tokio::test]
async fn a_subscription_that_is_gone_or_lacks_fields_is_a_problem() {
    let stage = Stage::new("fields").await;
    let url = format!("{}/v26.0/{PAGE}/subscribed_apps", stage.sandbox.url());
    let client = reqwest::Client::new();
    let subscribe = async |fields: &[&str]| {
        let body = json!({"subscribed_fields": fields});
        client.post(&url).bearer_auth(TOKEN).json(&body).send().await.unwrap();
    };
    subscribe(&["messages", "messaging_postbacks", "messaging_optins"]).await;
    let found = stage.problems(&["graph.subscription"]).await;
    assert!(says(&found, "graph.subscription").contains("lacks message_echoes"));
    subscribe(&[
        "messages",
        "messaging_postbacks",
        "messaging_optins",
        "message_echoes",
        "messaging_referrals",
    ])
    .await;
    stage.warnings(&["graph.subscription"]).await;
    client.delete(&url).bearer_auth(TOKEN).send().await.unwrap();
    let found = stage.problems(&["graph.subscription"]).await;
    assert!(says(&found, "graph.subscription").contains("Meta sends nothing"));
}

#[tokio::test]
async fn a_webhook_that_leads_elsewhere_is_a_problem() {
    let stage = Stage::new("elsewhere").await;
    stage.sandbox.set_worker("https://old.example");
    let found = stage.problems(&["graph.webhook", "graph.webhook"]).await;
    assert!(says(&found, "graph.webhook").contains("goes to https://old.example/webhook"));
}

#[tokio::test]
async fn get_started_and_what_overrides_it_are_looked_at() {
    let stage = Stage::new("started").await;
    let questions = json!([{"call_to_actions": [{"question": "When are you open?", "payload": "x"}], "locale": "default"}]);
    stage.profile(json!({ "ice_breakers": questions })).await;
    stage.warnings(&["graph.ice_breakers"]).await;
    stage.profile(json!({"get_started": {"payload": "of another tool"}})).await;
    stage.warnings(&["graph.get_started", "graph.ice_breakers"]).await;

    let url = format!("{}/v26.0/me/messenger_profile", stage.sandbox.url());
    let body = json!({"fields": ["get_started", "ice_breakers"]});
    reqwest::Client::new().delete(url).bearer_auth(TOKEN).json(&body).send().await.unwrap();
    let found = stage.problems(&["graph.get_started"]).await;
    let of = |f: &shopbell::cli::doctor::Finding| f.check == "graph.get_started";
    let fix = found.findings.iter().find_map(|f| f.fix.clone().filter(|_| of(f)));
    assert!(fix.unwrap().starts_with("run: shopbell profile sync"));
}

#[tokio::test]
async fn an_instagram_account_that_is_not_the_pages_is_a_problem() {
    let stage = Stage::with("instagram", |config| {
        config.pages[0].instagram_id = Some("17841400000000099".into());
    })
    .await;
    stage.problems(&["graph.instagram"]).await;
}

#[tokio::test]
async fn metas_bad_days_are_told_in_plain_words() {
    let stage = Stage::new("bad-days").await;
    for (kind, words) in [
        (FaultKind::Http500, "with a web page"),
        (FaultKind::Http429, "answers 429 and nothing more"),
        (FaultKind::Code2, "error 2"),
        (FaultKind::ErrorIn200, "error 36000"),
        (FaultKind::Code190, "error 190/460"),
        (FaultKind::ResetBefore, "broke the connection"),
    ] {
        let fault = Fault { all_calls: true, times: None, ..Fault::next(kind, 1) };
        stage.sandbox.fault(fault);
        let found = stage.examine().await;
        let said = says(&found, "graph.token");
        assert!(said.contains(words), "{kind:?}: {said}");
        stage.sandbox.clear_faults();
    }
}

#[tokio::test]
async fn tokens_do_not_go_where_the_worker_says_unless_it_is_this_computer() {
    let stage = Stage::new("lured").await;
    stage.worker.lock().unwrap().status["graph"]["base_url"] = json!("https://evil.example");
    stage.sandbox.clear_record();
    stage.problems(&["graph.address"]).await;
    assert_eq!(stage.sandbox.calls().len(), 0);
}

#[tokio::test]
async fn a_version_of_the_graph_api_that_has_ended_is_a_problem() {
    let mut stage = Stage::new("version").await;
    stage.checkup.graph_version = Some("v20.0".into());
    let found = stage.examine().await;
    let version = found.findings.iter().find(|f| f.check == "meta.graph_version").unwrap();
    assert_eq!(version.state, State::Problem, "{}", version.says);
}

#[tokio::test]
async fn tokens_for_trying_things_out_do_not_go_to_meta() {
    let mut stage = Stage::new("local").await;
    stage.checkup.worker = "http://127.0.0.1:1".into();
    let found = stage.problems(&["worker.health"]).await;
    assert_eq!(named(&found, State::NotChecked), ["graph.address"]);
    assert!(!found.findings.iter().any(|finding| finding.check == "graph.token"));
}

#[tokio::test]
async fn how_the_worker_is_made_is_looked_at() {
    let stage = Stage::new("made").await;
    let healthy = stage.worker.lock().unwrap().checkup["deployment"].clone();
    let day = |days: i64| (jiff::Zoned::now().date() + jiff::Span::new().days(days)).to_string();
    let keys = |days: i64| json!({"previous": true, "previous_until": day(days)});
    for (pointer, value, check, state) in [
        ("/tables", json!(1), "worker.tables", State::Warning),
        ("/public_url", json!("https://old.example"), "worker.public_url", State::Warning),
        ("/public_url", json!(stage.checkup.worker.clone()), "worker.public_url", State::Ok),
        ("/weak", json!([["ADMIN_TOKEN", "repeats"]]), "worker.secrets", State::Problem),
        ("/keys", keys(10), "worker.signing_key", State::Warning),
        ("/keys", keys(-10), "worker.signing_key", State::Warning),
        ("/keys", keys(60), "worker.signing_key", State::Ok),
    ] {
        stage.deployment(|deployment| {
            *deployment = healthy.clone();
            *deployment.pointer_mut(pointer).unwrap() = value.clone();
        });
        let found = stage.examine().await;
        let one = found.findings.iter().find(|f| f.check == check).unwrap();
        assert_eq!(one.state, state, "{}", one.says);
        let others = found.count(State::Problem) + found.count(State::Warning);
        assert_eq!(others, usize::from(state != State::Ok), "{}", found.for_people());
    }
    // A Worker of before this route.
    stage.worker.lock().unwrap().checkup = Value::Null;
    let found = stage.warnings(&[]).await;
    assert!(named(&found, State::NotChecked).contains(&"worker.checkup"));
}

#[tokio::test]
async fn a_trigger_that_stays_away_and_looks_that_have_stopped_are_told() {
    let stage = Stage::new("looks").await;
    stage.checked(|page| page["ticked_seconds_ago"] = json!(20 * 60));
    let found = stage.problems(&["worker.cron"]).await;
    assert!(says(&found, "worker.cron").contains("silent for 20 min"));
    stage.checked(|page| page["ticked_seconds_ago"] = json!(30));
    stage.checked(|page| page["checked"]["full_at"] = json!(now_ms() - 4 * 86_400_000));
    stage.warnings(&["worker.checkup"]).await;
    stage.checked(|page| page["checked"] = Value::Null);
    stage.warnings(&["worker.checkup"]).await;
}

#[tokio::test]
async fn what_the_worker_found_is_told_where_nobody_else_looked() {
    let mut stage = Stage::new("theirs").await;
    let found = json!([{"finding": "fields", "lacks": ["message_echoes"]},
                       {"finding": "rule_ends", "rule": "recurring", "on": "2026-12-01"}]);
    stage.checked(|page| page["checked"]["findings"] = found);
    // Our own look says otherwise, and it is newer.
    stage.warnings(&[]).await;
    stage.checkup.secrets = secrets(&[("PAGE_TOKEN", "")]);
    let found = stage.problems(&["graph.subscription"]).await;
    assert!(says(&found, "graph.subscription").contains("lacks message_echoes"));
}

#[tokio::test]
async fn an_app_that_is_in_development_or_whose_callbacks_are_elsewhere_is_told() {
    let stage = Stage::new("app").await;
    stage.sandbox.settings(|settings| settings.permission_status = "unapproved".into());
    let found = stage.warnings(&["graph.review"]).await;
    let said = says(&found, "graph.review");
    assert!(said.contains("role on the app (pages_messaging: unapproved"), "{said}");
    stage.sandbox.settings(|settings| settings.permission_status = "live".into());
    stage.sandbox.settings(|s| s.deauthorize_url = Some("https://old.example/gone".into()));
    let found = stage.warnings(&["graph.callbacks"]).await;
    assert!(says(&found, "graph.callbacks").contains("goes to https://old.example/gone"));
    stage.sandbox.settings(|settings| settings.deauthorize_url = Some(String::new()));
    let found = stage.warnings(&["graph.callbacks"]).await;
    let fix = found.findings.iter().find(|f| f.check == "graph.callbacks").unwrap().fix.clone();
    assert!(fix.unwrap().contains("/meta/deletion"));
}

#[tokio::test]
async fn posters_that_lead_to_another_page_are_a_problem_and_dots_and_capitals_are_none() {
    let called = |username: &str| {
        let username = username.to_owned();
        move |config: &mut SandboxConfig| config.pages[0].username = username
    };
    let stage = Stage::with("username-other", called("corner.bakery.london")).await;
    let found = stage.problems(&["graph.username"]).await;
    let told = found.findings.iter().find(|f| f.check == "graph.username").unwrap();
    assert!(told.says.contains("corner.bakery.london") && told.says.contains("cornerbakery"));
    let fix = told.fix.as_ref().unwrap();
    assert!(fix.contains("username = \"corner.bakery.london\""), "{fix}");
    let stage = Stage::with("username-same", called("Corner.Bakery")).await;
    assert!(is_ok(&stage.problems(&[]).await, "graph.username"));
}

#[tokio::test]
async fn a_page_that_is_hidden_or_restricted_is_a_problem() {
    let stage = Stage::new("page").await;
    stage.sandbox.settings(|settings| settings.page_published = false);
    let found = stage.problems(&["graph.page"]).await;
    assert!(says(&found, "graph.page").contains("not published on Facebook"));
    stage.sandbox.settings(|settings| settings.page_published = true);
    let path = Some(PAGE.to_owned());
    stage.sandbox.fault(Fault { path, times: None, ..Fault::next(FaultKind::Restricted, 0) });
    let found = stage.problems(&["graph.page"]).await;
    assert!(says(&found, "graph.page").contains("restricted by Meta"));
}

#[tokio::test]
async fn what_a_shop_uses_says_what_it_needs() {
    let stage = Stage::new("uses").await;
    let more = "\n[handoff]\npass_thread = true\n";
    std::fs::write(stage.dir.join("shop.toml"), SHOP.to_owned() + more).unwrap();
    let url = format!("{}/v26.0/{PAGE}/subscribed_apps", stage.sandbox.url());
    let fields = [
        "messages",
        "messaging_postbacks",
        "message_echoes",
        "messaging_referrals",
        "messaging_optins",
        "message_reactions",
        "standby",
        "messaging_policy_enforcement",
    ];
    let body = json!({"subscribed_fields": fields});
    reqwest::Client::new().post(&url).bearer_auth(TOKEN).json(&body).send().await.unwrap();
    let found = stage.examine().await;
    assert!(says(&found, "graph.subscription").contains("lacks messaging_handovers"));
    std::fs::write(stage.dir.join("shop.toml"), SHOP).unwrap();
    stage.warnings(&[]).await;
}

#[tokio::test]
async fn the_owner_reads_every_line_in_their_language() {
    let mut stage = Stage::new("language").await;
    stage.sandbox.settings(|settings| settings.token_expires_at = 1_000);
    stage.checked(|page| page["ticked_seconds_ago"] = json!(20 * 60));
    let mut seen = std::collections::BTreeSet::new();
    for language in lang::all() {
        stage.checkup.language = Some(Lang(language.code.to_owned()));
        let found = stage.problems(&["graph.token", "worker.cron"]).await;
        let lines: Vec<String> = found
            .findings
            .iter()
            .filter(|finding| finding.state == State::Problem)
            .flat_map(|finding| [Some(finding.says.clone()), finding.fix.clone()])
            .flatten()
            .collect();
        for line in lines {
            assert!(
                seen.insert(line.clone()),
                "{}: said in another language: {line}",
                language.code
            );
        }
    }
    // Left out: the shop's first language.
    stage.checkup.language = None;
    std::fs::write(stage.dir.join("shop.toml"), SHOP.replace("[\"en\"]", "[\"de\", \"en\"]"))
        .unwrap();
    let found = stage.examine().await;
    assert!(found.for_people().contains("PROBLEM"));
    assert!(says(&found, "graph.token").contains("Zugriffstoken der Seite: ungültig"));
}
