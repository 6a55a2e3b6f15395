//! A shop, a folder with a bundle, Cloudflare behind a stand-in for wrangler, Meta played by the sandbox
//! behind a counter of calls; and the real command, which can be killed at any of them.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, LazyLock, Mutex};

use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, post};
use axum::{Json, Router};
use serde_json::Value;
use shopbell::cli::sandbox::{Sandbox, SandboxConfig, SandboxPage, start};
use tokio::runtime::Runtime;

use super::cloudflare::{Called, Cloudflare};

pub const APP: &str = "4100000000000001";
pub const APP_SECRET: &str = "0a1b2c3d4e5f60718293a4b5c6d7e8f9";
pub const PAGE: &str = "1029384756";
pub const OTHER_PAGE: &str = "1029384757";
pub const PAGE_TOKEN: &str = "EAAB-page-token-of-the-cafe";
pub const OTHER_TOKEN: &str = "EAAB-page-token-of-the-other";
pub const VERIFY_TOKEN: &str = "a-word-of-our-own-for-meta";
pub const ADMIN_TOKEN: &str = "an-admin-token-of-more-than-32-characters";
pub const SIGNING_KEY: &str = "5c0ff1ce5c0ff1ce5c0ff1ce5c0ff1ce5c0ff1ce5c0ff1ce5c0ff1ce5c0ff1ce";

pub const SHOP: &str = r#"
[shop]
name = "Corner Bakery"
languages = ["en"]
time_zone = "Europe/London"
country = "GB"

[[page]]
id = "1029384756"
username = "cornerbakery"
"#;

/// What runs the servers, for as long as the test process lives.
pub static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().unwrap());

/// Counts what the command changes outside, and kills it at one of these calls. What only looks leaves the
/// world as it is: a cut there is the same as one after the last change.
#[derive(Default)]
pub struct Steps {
    pub seen: usize,
    /// At which, and whether the call is done before.
    pub kill_at: Option<(usize, bool)>,
    pub victim: Option<u32>,
}

impl Steps {
    /// Whether the command is to be killed at this call: before it is done, or after.
    fn next(&mut self, changes: bool) -> Option<bool> {
        if !changes {
            return None;
        }
        self.seen += 1;
        let (at, done) = self.kill_at?;
        (at == self.seen).then_some(done)
    }

    fn kill(&self) {
        let victim = self.victim.expect("somebody to kill").to_string();
        let _ = Command::new("kill").args(["-KILL", &victim]).status();
    }
}

#[derive(Clone)]
struct Shared {
    cloud: Arc<Mutex<Cloudflare>>,
    steps: Arc<Mutex<Steps>>,
    sandbox: Arc<Sandbox>,
    http: reqwest::Client,
}

pub struct Stage {
    pub folder: PathBuf,
    pub cloud: Arc<Mutex<Cloudflare>>,
    pub steps: Arc<Mutex<Steps>>,
    pub sandbox: Arc<Sandbox>,
    pub graph: String,
    pub environment: BTreeMap<String, String>,
}

impl Drop for Stage {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let _ = std::fs::remove_dir_all(&self.folder);
        }
    }
}

impl Stage {
    pub fn new(name: &str) -> Self {
        Self::with(name, SHOP)
    }

    pub fn with(name: &str, shop: &str) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("landing").join(name);
        let _ = std::fs::remove_dir_all(&folder);
        for part in ["shop", "bundle/build", "tmp", "cut-off", "home"] {
            std::fs::create_dir_all(folder.join(part)).unwrap();
        }
        std::fs::write(folder.join("shop/shop.toml"), shop).unwrap();
        // A release: no build step.
        let config = include_str!("../../../wrangler.toml");
        let build = "[build]\ncommand = \"scripts/build\"\n";
        assert!(config.contains(build));
        std::fs::write(folder.join("bundle/wrangler.toml"), config.replace(build, "")).unwrap();
        std::fs::write(folder.join("bundle/build/index.js"), "export default {}").unwrap();
        std::fs::write(folder.join("bundle/build/index_bg.wasm"), "wasm").unwrap();

        let page = SandboxConfig::example().pages.remove(0);
        let other = SandboxPage {
            id: OTHER_PAGE.to_owned(),
            username: "other".to_owned(),
            instagram_id: None,
            ..page.clone()
        };
        let config = SandboxConfig {
            app_id: APP.to_owned(),
            app_secret: APP_SECRET.to_owned(),
            pages: vec![page, other],
            page_tokens: [(PAGE, PAGE_TOKEN), (OTHER_PAGE, OTHER_TOKEN)]
                .map(|(page, token)| (page.to_owned(), token.to_owned()))
                .into(),
            ..SandboxConfig::example()
        };
        let sandbox = Arc::new(RUNTIME.block_on(start(config)).unwrap());
        sandbox.disconnect();
        sandbox.settings(|settings| settings.require_proof = true);
        let cloud = Arc::new(Mutex::new(Cloudflare::new()));
        let steps = Arc::new(Mutex::new(Steps::default()));
        let shared = Shared {
            cloud: Arc::clone(&cloud),
            steps: Arc::clone(&steps),
            sandbox: Arc::clone(&sandbox),
            http: reqwest::Client::new(),
        };
        let worker = serve(
            Router::new()
                .route("/health", get(health))
                .route("/webhook", get(shake).post(webhook))
                .route("/admin/status", get(status))
                .with_state(shared.clone()),
        );
        cloud.lock().unwrap().address = worker;
        let standin = serve(Router::new().route("/", post(wrangler)).with_state(shared.clone()));
        let graph = serve(Router::new().fallback(any(proxy)).with_state(shared));
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/standins/wrangler.cjs");
        let wrapper = folder.join("wrangler");
        std::fs::write(
            &wrapper,
            format!("#!/bin/sh\nSTANDIN_URL={standin}/ exec node {script} \"$@\"\n"),
        )
        .unwrap();
        assert!(Command::new("chmod").arg("755").arg(&wrapper).status().unwrap().success());
        let environment = [
            ("APP_ID", APP),
            ("APP_SECRET", APP_SECRET),
            ("PAGE_TOKEN", PAGE_TOKEN),
            ("VERIFY_TOKEN", VERIFY_TOKEN),
            ("ADMIN_TOKEN", ADMIN_TOKEN),
            ("SIGNING_KEY", SIGNING_KEY),
        ];
        let environment = environment
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        Self { folder, cloud, steps, sandbox, graph, environment }
    }

    pub fn set(&mut self, name: &str, value: &str) {
        self.environment.insert(name.to_owned(), value.to_owned());
    }

    pub fn unset(&mut self, name: &str) {
        self.environment.remove(name);
    }

    pub fn shop(&self) -> PathBuf {
        self.folder.join("shop")
    }

    /// The arguments that say where everything is.
    pub fn places(&self) -> Vec<String> {
        let text = |path: PathBuf| path.display().to_string();
        vec![
            text(self.shop()),
            "--bundle".to_owned(),
            text(self.folder.join("bundle")),
            "--wrangler".to_owned(),
            text(self.folder.join("wrangler")),
            "--graph".to_owned(),
            self.graph.clone(),
        ]
    }

    fn start(&self, command: &str, more: &[&str], tmp: &str) -> Child {
        let mut places = self.places();
        // It does not speak to Meta.
        if command == "publish" {
            places.truncate(places.len() - 2);
        }
        let places: Vec<&str> =
            places.iter().map(String::as_str).chain(more.iter().copied()).collect();
        self.typed(command, &places, tmp)
    }

    fn typed(&self, command: &str, words: &[&str], tmp: &str) -> Child {
        let mut child = Command::new(env!("CARGO_BIN_EXE_shopbell"));
        child.arg(command).args(words).env_clear();
        for name in ["PATH", "CARGO_HOME", "LD_LIBRARY_PATH"] {
            if let Some(value) = std::env::var_os(name) {
                child.env(name, value);
            }
        }
        child.env("HOME", self.folder.join("home")).env("TMPDIR", self.folder.join(tmp));
        child.envs(&self.environment);
        child.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        // Nobody may ask for the pid before it is known.
        let mut steps = self.steps.lock().unwrap();
        let child = child.spawn().unwrap();
        steps.victim = Some(child.id());
        child
    }

    /// Runs the command to its end.
    pub fn run(&self, command: &str, more: &[&str]) -> Ran {
        self.ends(self.start(command, more, "tmp"))
    }

    /// Runs it with these words and no others.
    pub fn run_as_typed(&self, command: &str, words: &[&str]) -> Ran {
        self.ends(self.typed(command, words, "tmp"))
    }

    fn ends(&self, child: Child) -> Ran {
        let ran = Ran::of(child.wait_with_output().unwrap());
        self.assert_no_secret(&ran);
        ran
    }

    pub fn deploy(&self) -> Ran {
        self.run("deploy", &["--patience", "2"])
    }

    /// Runs it and kills it at its `at`th call to the outside. Whether it came that far.
    pub fn killed_at(&self, at: usize, done: bool) -> bool {
        {
            let mut steps = self.steps.lock().unwrap();
            *steps = Steps { kill_at: Some((at, done)), ..Steps::default() };
        }
        // What was cut off leaves its folder behind; secrets are not in there either.
        let child = self.start("deploy", &["--patience", "2"], "cut-off");
        let output = child.wait_with_output().unwrap();
        let came = self.steps.lock().unwrap().seen >= at;
        *self.steps.lock().unwrap() = Steps::default();
        assert_ne!(output.status.success(), came, "killed: {}", Ran::of(output).all());
        came
    }

    /// No secret is in a file, on a command line, in wrangler's environment or configuration, or printed.
    fn assert_no_secret(&self, ran: &Ran) {
        let mut secrets: Vec<String> = self
            .environment
            .iter()
            .filter(|(name, _)| *name != "APP_ID")
            .map(|(_, value)| value.clone())
            .collect();
        let cloud = self.cloud.lock().unwrap();
        secrets.extend(cloud.workers.values().flat_map(|worker| worker.secrets.values().cloned()));
        secrets.push(OTHER_TOKEN.to_owned());
        let files = files(&self.folder);
        for secret in secrets {
            assert!(!ran.all().contains(&secret), "printed: {}", ran.all());
            for call in &cloud.calls {
                assert!(!call.argv.join(" ").contains(&secret), "{:?}", call.argv);
                let config = call.config.clone().unwrap_or_default().to_string();
                assert!(!config.contains(&secret), "{config}");
                assert!(!call.stdin.contains(&secret) || call.is("secret bulk"));
            }
            for (path, bytes) in &files {
                let text = String::from_utf8_lossy(bytes);
                assert!(!text.contains(&secret), "{}", path.display());
            }
        }
        let ours = |name: &&String| shopbell::cli::cloud::is_secret(name);
        for call in &cloud.calls {
            assert_eq!(call.environment.iter().find(ours), None, "{:?}", call.argv);
        }
        let left = std::fs::read_dir(self.folder.join("tmp")).unwrap().count();
        assert_eq!(left, 0, "nothing of a run stays");
    }

    /// Everything there is at Cloudflare and at Meta, as one value.
    pub fn world(&self) -> Value {
        let cloud = self.cloud.lock().unwrap();
        let workers: BTreeMap<&String, Value> = cloud
            .workers
            .iter()
            .map(|(name, worker)| {
                (
                    name,
                    serde_json::json!({"kv": worker.kv, "vars": worker.vars, "draft": worker.draft,
                    "secrets": worker.secrets}),
                )
            })
            .collect();
        serde_json::json!({
            "workers": workers, "namespaces": cloud.namespaces, "kv": cloud.kv,
            "webhook": self.sandbox.app_webhook("page"),
            "instagram": self.sandbox.app_webhook("instagram"),
            "page": self.sandbox.subscribed(PAGE), "other": self.sandbox.subscribed(OTHER_PAGE),
            "profile": self.sandbox.messenger_profile(PAGE),
        })
    }

    pub fn cloud(&self, change: impl FnOnce(&mut Cloudflare)) {
        change(&mut self.cloud.lock().unwrap());
    }
}

fn files(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            let bytes = std::fs::read(&path).unwrap();
            found.push((path, bytes));
        }
    }
    found
}

/// What the command did.
pub struct Ran {
    pub good: bool,
    pub out: String,
    pub err: String,
}

impl Ran {
    fn of(output: Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        Self { good: output.status.success(), out: text(output.stdout), err: text(output.stderr) }
    }

    pub fn all(&self) -> String {
        format!("{}\n{}", self.out, self.err)
    }

    pub fn worked(&self) -> &Self {
        assert!(self.good, "{}", self.all());
        self
    }

    /// It failed, saying why, and what to do.
    pub fn failed(&self, why: &str, fix: &str) -> &Self {
        assert!(!self.good, "{}", self.all());
        let line = |mark: &str| {
            self.err
                .lines()
                .find_map(|line| line.trim().strip_prefix(mark))
                .unwrap_or_default()
                .to_owned()
        };
        assert!(self.err.contains("error: "), "{}", self.all());
        assert!(line("why:").contains(why), "{why}: {}", self.all());
        assert!(line("do:").contains(fix), "{fix}: {}", self.all());
        self
    }

    /// How a step ended.
    pub fn step(&self, step: &str) -> Vec<&str> {
        self.out
            .lines()
            .filter(|line| line.split_whitespace().next() == Some(step))
            .filter_map(|line| line.split_whitespace().nth(1))
            .collect()
    }
}

fn serve(app: Router) -> String {
    let listener = RUNTIME.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    RUNTIME.spawn(async move { axum::serve(listener, app).await.unwrap() });
    url
}

async fn wrangler(State(shared): State<Shared>, Json(asked): Json<Value>) -> Response {
    let words = |key: &str| -> Vec<String> {
        asked[key]
            .as_array()
            .into_iter()
            .flatten()
            .map(|word| word.as_str().unwrap().to_owned())
            .collect()
    };
    let file = |key: &str| asked[key].as_str().map(|text| serde_json::from_str(text).unwrap());
    let argv = words("argv");
    let private = argv.get(3).filter(|_| asked["file"].is_string()).map(|file| {
        let folder = std::fs::metadata(Path::new(file).parent().unwrap()).unwrap();
        folder.permissions().mode() & 0o077 == 0
    });
    let call = Called {
        argv,
        private,
        stdin: asked["stdin"].as_str().unwrap_or_default().to_owned(),
        config: file("config"),
        file: file("file"),
        environment: words("environment"),
    };
    let kill = shared.steps.lock().unwrap().next(call.changes());
    if kill == Some(false) {
        shared.steps.lock().unwrap().kill();
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    }
    let says = shared.cloud.lock().unwrap().answer(call);
    if kill == Some(true) {
        shared.steps.lock().unwrap().kill();
    }
    Json(says).into_response()
}

/// Hands a call on to the sandbox.
async fn proxy(
    State(shared): State<Shared>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let kill = shared.steps.lock().unwrap().next(method != Method::GET);
    if kill == Some(false) {
        shared.steps.lock().unwrap().kill();
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    }
    let url = format!("{}{}", shared.sandbox.url(), uri.path_and_query().unwrap());
    let mut request = shared.http.request(method, url).body(body);
    for name in [header::AUTHORIZATION, header::CONTENT_TYPE] {
        if let Some(value) = headers.get(&name) {
            request = request.header(name, value);
        }
    }
    let answer = request.send().await.unwrap();
    let status = answer.status();
    let bytes = answer.bytes().await.unwrap();
    if kill == Some(true) {
        shared.steps.lock().unwrap().kill();
    }
    (status, [(header::CONTENT_TYPE, "application/json")], bytes).into_response()
}

async fn health(State(shared): State<Shared>) -> Response {
    let (status, body) = shared.cloud.lock().unwrap().health();
    (StatusCode::from_u16(status).unwrap(), Json(body)).into_response()
}

async fn shake(State(shared): State<Shared>, RawQuery(query): RawQuery) -> Response {
    let (status, body) = shared.cloud.lock().unwrap().shake(&query.unwrap_or_default());
    (StatusCode::from_u16(status).unwrap(), body).into_response()
}

async fn webhook(State(shared): State<Shared>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let given = headers.get("x-hub-signature-256").map(|given| given.to_str().unwrap());
    StatusCode::from_u16(shared.cloud.lock().unwrap().webhook(given, &body)).unwrap()
}

async fn status(State(shared): State<Shared>, headers: HeaderMap) -> Response {
    let given = headers.get("authorization").and_then(|given| given.to_str().ok());
    let given = given.and_then(|given| given.strip_prefix("Bearer "));
    let (status, body) = shared.cloud.lock().unwrap().status(given);
    (StatusCode::from_u16(status).unwrap(), Json(body)).into_response()
}
