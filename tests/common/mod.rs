//! The real bundle on workerd, started by `scripts/dev`, with the sandbox in Meta's place: what the
//! end-to-end tests share. They need a built bundle, so they run only with `SHOPBELL_E2E` set
//! (`scripts/test` does), and say so otherwise.
//!
//! - [`worker`]: the processes of `scripts/dev`: starting, killing, starting again.
//! - [`owner`]: the owner's command. [`receiver`]: the owner's own server.
//! - [`hooks`]: webhooks made and signed by hand. [`mutate`]: damaged ones. [`rng`]: chance that
//!   repeats.

pub mod hooks;
pub mod mutate;
pub mod owner;
pub mod receiver;
pub mod rng;
pub mod worker;

use std::future::Future;
use std::path::PathBuf;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::Value;
use shopbell::cli::check;
use shopbell::cli::sandbox::{
    self, Act, Call, How, Platform, Sandbox, SandboxConfig, pages_of, posters_of,
};
use tokio::runtime::Runtime;

use worker::{Options, Worker};

/// The secrets of every run here. The app's secret is the one of Meta's published vectors.
pub const APP_SECRET: &str = "0123456789abcdef0123456789abcdef";
pub const VERIFY_TOKEN: &str = "a-word-of-our-own";
pub const PAGE_TOKEN: &str = "EAAB_page_token";
pub const ADS_TOKEN: &str = "EAAB_ads_token";
pub const ADMIN_TOKEN: &str = "an-admin-token-of-the-end-to-end-tests";
pub const SIGNING_KEY: &str = "5c0ff1ce5c0ff1ce5c0ff1ce5c0ff1ce5c0ff1ce5c0ff1ce5c0ff1ce5c0ff1ce";
pub const APP_ID: &str = "4100000000000001";

/// The café of the examples.
pub const CAFE: &str = "100200300400501";
pub const CAFE_INSTAGRAM: &str = "178414000000001";

pub const SECOND: i64 = 1_000;
pub const MINUTE: i64 = 60 * SECOND;
pub const HOUR: i64 = 60 * MINUTE;
pub const DAY: i64 = 24 * HOUR;

/// How long anything that is about to happen may take on a busy machine.
pub const SOON: Duration = Duration::from_secs(60);

/// What runs the sandboxes, for as long as the test process lives.
pub static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().unwrap());

/// Whether the bundle is there to be tested.
pub fn enabled() -> bool {
    let enabled = std::env::var_os("SHOPBELL_E2E").is_some();
    if !enabled {
        eprintln!("not run: set SHOPBELL_E2E=1 after scripts/build (scripts/test does both)");
    }
    enabled
}

/// Runs a test on a stage that the other tests of its file use too.
pub fn on(stage: &'static LazyLock<Stage>, test: impl AsyncFnOnce(&'static Stage)) {
    if !enabled() {
        return;
    }
    let stage = LazyLock::force(stage);
    // Whatever a test that failed left behind.
    stage.sandbox.clear_faults();
    stage.sandbox.settings(|s| *s = Stage::settings());
    RUNTIME.block_on(test(stage));
    stage.worker.assert_calm();
}

/// Runs a test on a stage of its own.
pub fn alone(setup: Setup, test: impl AsyncFnOnce(&mut Stage)) {
    if !enabled() {
        return;
    }
    let mut stage = Stage::start(setup);
    RUNTIME.block_on(test(&mut stage));
    stage.worker.assert_calm();
}

/// A moment as people write it.
pub fn moment(rfc3339: &str) -> i64 {
    rfc3339.parse::<jiff::Timestamp>().unwrap().as_millisecond()
}

/// Asks until the answer is yes.
pub async fn until<F: Future<Output = bool>>(what: &str, mut done: impl FnMut() -> F) {
    let yes = async || if done().await { Ok(()) } else { Err(String::new()) };
    until_nothing_is_missing(what, yes).await;
}

/// Asks until nothing is missing, and says what was when it takes too long.
async fn until_nothing_is_missing(
    what: &str,
    mut missing: impl AsyncFnMut() -> Result<(), String>,
) {
    let end = Instant::now() + SOON;
    while let Err(missing) = missing().await {
        assert!(Instant::now() < end, "not within {SOON:?}: {what}{missing}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Fisher and Yates.
pub fn shuffle<T>(rng: &mut rng::Rng, items: &mut [T]) {
    for i in (1..items.len()).rev() {
        items.swap(i, rng.below(i + 1));
    }
}

/// What a stage is made of.
pub struct Setup {
    /// Names its state directory.
    pub name: &'static str,
    /// A folder with a shop.toml.
    pub shop: PathBuf,
    /// The Worker's clock can be moved, and starts here.
    pub clock: Option<i64>,
    /// The shop whose Pages Meta has, when that is not the one published at the start.
    pub meta_has: Option<PathBuf>,
}

impl Setup {
    pub fn cafe(name: &'static str) -> Self {
        Self::of(name, "examples/cafe")
    }

    pub fn of(name: &'static str, shop: &str) -> Self {
        let shop = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(shop);
        Self { name, shop, clock: None, meta_has: None }
    }

    pub fn clock(self, start: &str) -> Self {
        Self { clock: Some(moment(start)), ..self }
    }
}

/// The Worker, and Meta as far as it can see.
pub struct Stage {
    pub sandbox: Sandbox,
    pub worker: Worker,
    pub http: reqwest::Client,
}

impl Stage {
    pub fn start(setup: Setup) -> Self {
        let shops = check::load(setup.meta_has.as_ref().unwrap_or(&setup.shop)).unwrap();
        let pages = pages_of(&shops);
        // Meta gives each Page a token of its own.
        let token = |n: usize, id: &str| match n {
            0 => PAGE_TOKEN.to_owned(),
            _ => format!("{PAGE_TOKEN}_{id}"),
        };
        let tokens = pages.iter().enumerate().map(|(n, p)| (p.id.clone(), token(n, &p.id)));
        let page_tokens: std::collections::HashMap<_, _> = tokens.collect();
        let config = SandboxConfig {
            app_id: APP_ID.to_owned(),
            app_secret: APP_SECRET.to_owned(),
            verify_token: VERIFY_TOKEN.to_owned(),
            page_tokens: page_tokens.clone(),
            ads_token: ADS_TOKEN.to_owned(),
            posters: posters_of(&shops),
            pages,
            ..SandboxConfig::example()
        };
        let sandbox = RUNTIME.block_on(sandbox::start(config)).unwrap();
        sandbox.settings(|s| *s = Self::settings());
        let worker = Worker::start(Options {
            name: setup.name,
            shop: setup.shop,
            graph: sandbox.url(),
            clock: setup.clock,
            page_tokens,
        });
        sandbox.set_worker(&worker.url);
        let no_redirects = reqwest::redirect::Policy::none();
        let http = reqwest::Client::builder().redirect(no_redirects).build().unwrap();
        let stage = Self { sandbox, worker, http };
        if let Some(start) = setup.clock {
            RUNTIME.block_on(stage.sandbox.set_clock(start));
        }
        stage
    }

    /// As every test finds the sandbox: `appsecret_proof` is mandatory.
    fn settings() -> sandbox::Settings {
        sandbox::Settings { require_proof: true, ..sandbox::Settings::default() }
    }

    pub async fn get(&self, path: &str) -> reqwest::Response {
        self.http.get(format!("{}{path}", self.worker.url)).send().await.unwrap()
    }

    /// Posts bytes to the webhook, with this signature header or none.
    pub async fn post_raw(&self, body: impl Into<reqwest::Body>, signature: Option<&str>) -> u16 {
        let mut request = self.http.post(format!("{}/webhook", self.worker.url)).body(body);
        if let Some(signature) = signature {
            request = request.header("x-hub-signature-256", signature);
        }
        request.send().await.unwrap().status().as_u16()
    }

    /// Posts a body with the right signature.
    pub async fn post(&self, body: &str) -> u16 {
        self.post_raw(body.to_owned(), Some(&hooks::sign(body.as_bytes()))).await
    }

    /// Asks one of the owner's routes: its status, and its answer, a string where that is no JSON.
    pub async fn admin(
        &self,
        method: Method,
        path: &str,
        body: impl Into<reqwest::Body>,
    ) -> (u16, Value) {
        let url = format!("{}{path}", self.worker.url);
        let request = self.http.request(method, url).bearer_auth(ADMIN_TOKEN).body(body);
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        let text = answer.text().await.unwrap();
        (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
    }

    /// What one of the owner's routes tells.
    pub async fn told(&self, path: &str) -> Value {
        let (status, told) = self.admin(Method::GET, path, "").await;
        assert_eq!(status, 200, "{path}: {told}");
        told
    }

    /// `GET /admin/status`.
    pub async fn status(&self) -> Value {
        self.told("/admin/status").await
    }

    /// One Desk of `GET /admin/status`; small Pages have only one.
    pub async fn desk(&self, page: &str) -> Value {
        let status = self.status().await;
        let desks = status["desks"].as_array().unwrap();
        desks.iter().find(|desk| desk["page"] == page).unwrap().clone()
    }

    /// A counter of a Desk.
    pub async fn count(&self, page: &str, name: &str) -> i64 {
        self.desk(page).await["last_7_days"][name].as_i64().unwrap_or(0)
    }

    /// Waits until every Desk has nothing to send and nothing to write to KV any more. What has
    /// not arrived by then never will.
    pub async fn settled(&self) {
        self.until_desks("an empty outbox", |desk| {
            desk["outbox"]["open"] == 0 && desk["kv_owed"] == 0
        })
        .await;
    }

    /// Waits until nothing is on its way and nothing that is due now waits; what is due later may.
    pub async fn settled_but_waiting(&self) {
        self.until_desks("an outbox that only waits", |desk| {
            let next = desk["outbox"]["next_due"].as_str().map(moment);
            // What is on its way is given up after 30 s.
            next.is_none_or(|next| next > self.sandbox.now() + 40 * SECOND) && desk["kv_owed"] == 0
        })
        .await;
    }

    async fn until_desks(&self, what: &str, done: impl Fn(&Value) -> bool) {
        until_nothing_is_missing(what, async || {
            let now = jiff::Timestamp::from_millisecond(self.sandbox.now()).unwrap();
            let status = self.status().await;
            let mut desks = status["desks"].as_array().unwrap().iter();
            match desks.find(|desk| !done(desk)) {
                Some(desk) => Err(format!("; at {now} a Desk was {desk}")),
                None => Ok(()),
            }
        })
        .await;
    }

    /// Somebody new on Messenger.
    pub fn person(&self, page: &str) -> String {
        self.sandbox.person(page, Platform::Messenger)
    }

    /// People who scanned a poster and tapped Get Started.
    pub async fn guests(&self, page: &str, poster: &str, n: usize) -> Vec<String> {
        let people: Vec<String> = (0..n).map(|_| self.person(page)).collect();
        for psid in &people {
            self.sandbox.scan(psid, poster).await.unwrap();
        }
        self.all_do(&people, || Act::GetStarted).await;
        people
    }

    /// People who then agreed to its topic.
    pub async fn subscribers(&self, page: &str, poster: &str, n: usize) -> Vec<String> {
        let people = self.guests(page, poster, n).await;
        self.agree(&people).await;
        people
    }

    /// People agree to what they were asked last.
    pub async fn agree(&self, people: &[String]) {
        self.all_do(people, || Act::OptIn { mid: None }).await;
    }

    /// Everybody does the same, in one webhook.
    async fn all_do(&self, people: &[String], act: impl Fn() -> Act) {
        let acts = people.iter().map(|psid| (psid.clone(), act())).collect();
        self.sandbox.acts(acts, How::batched()).await.unwrap();
        self.settled().await;
    }

    /// Says something, waits until nothing more can come of it, and returns what arrived since.
    pub async fn says(&self, psid: &str, text: &str) -> Vec<String> {
        self.does(psid, Act::Message { text: text.to_owned(), reply_to: None }).await
    }

    /// The same for anything a person does.
    pub async fn does(&self, psid: &str, act: Act) -> Vec<String> {
        let before = self.received(psid).len();
        let webhooks = self.sandbox.act(psid, act).await.unwrap();
        assert!(webhooks.iter().all(|webhook| webhook.status() == Some(200)), "{webhooks:?}");
        self.settled().await;
        self.received(psid).split_off(before)
    }

    /// What the Page said to a person: the words of every bubble, in order.
    pub fn received(&self, psid: &str) -> Vec<String> {
        let thread = self.sandbox.thread(psid).unwrap().thread;
        thread.iter().filter(|bubble| bubble.from == "page").map(|b| words(&b.message)).collect()
    }

    /// The messages that were asked to be sent to a person, delivered or not.
    pub async fn sends(&self, psid: &str) -> Vec<Call> {
        self.sandbox.wait_for_person(psid, 0, Duration::ZERO).await
    }

    /// Every message that was asked to be sent, delivered or not. Names that are asked for and
    /// typing that is shown are requests too, and not counted here.
    pub fn messages(&self) -> Vec<Call> {
        let mut calls = self.sandbox.calls();
        calls.retain(|call| call.method == "POST" && !call.body["message"].is_null());
        calls
    }

    /// Moves both clocks to a moment that is not yet past.
    pub async fn travel(&self, to: i64) {
        self.sandbox.set_clock(to).await;
        assert_eq!(self.get(&format!("/__clock?t={to}")).await.status(), 200);
    }

    /// Fires the cron trigger once.
    pub async fn cron(&self) {
        let path = "/cdn-cgi/local/scheduled?cron=*+*+*+*+*";
        assert_eq!(self.get(path).await.status(), 200);
    }
}

/// The words of a message: its text, a template's text, a card's title, an opt-in card's title.
pub fn words(message: &Value) -> String {
    let payload = &message["attachment"]["payload"];
    let title = payload.pointer("/elements/0/title").unwrap_or(&payload["title"]);
    let words = [&message["text"], &payload["text"], title, &payload["url"]];
    words.into_iter().find_map(Value::as_str).unwrap_or_default().to_owned()
}
