//! The sandbox: a local server that plays Meta towards a running Worker, with a phone to talk
//! to it.
//!
//! It knows Meta's documents and nothing of Shopbell's own parser or rules, so that a misreading
//! on one side shows on the other.
//!
//! - [`wire`]: JSON as Meta escapes it, signatures.
//! - [`world`]: Pages, people, threads, tokens, and the record of webhooks and Graph calls.
//! - [`acts`]: what people do. [`events`]: how Meta tells of it. [`deliver`]: carrying it there.
//! - [`graph`]: the Graph API, with its limits. [`faults`]: its bad days.
//! - [`clock`]: jumping in time.
//! - [`control`]: the same for tests in any language, under `/sandbox/`. [`phone`]: the page.
//! - [`listener`]: connections that can be reset.
//! - [`still`]: the same Meta without a network and without a clock of its own.
//!
//! Nothing here may be reachable from the Internet: it listens on a loopback address and has no
//! login.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::sync::{Notify, Semaphore, watch};
use tokio::task::JoinHandle;

mod acts;
mod args;
mod clock;
mod control;
mod deliver;
mod events;
mod faults;
mod graph;
mod listener;
mod phone;
mod scan;
mod still;
mod wire;
mod world;

pub use acts::{Act, ActError, PAGE_INBOX, PAGE_INBOX_AS_PRINTED};
pub use args::{SandboxArgs, pages_of, posters_of, run, serve};
pub use control::NewPerson;
pub use deliver::{Batch, How};
pub use faults::{Fault, FaultKind, Hint};
pub use graph::opt_in_card;
pub use scan::Landing;
pub use still::StillMeta;
pub use world::{
    Attempt, Bubble, Call, Fate, Login, Person, Platform, ProfileAccess, Settings, Token, Webhook,
};

use world::World;

/// A Page the sandbox has.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SandboxPage {
    /// Its id, digits.
    pub id: String,
    /// Its name, as the phone shows it.
    pub name: String,
    /// Its user name, as m.me links carry it.
    pub username: String,
    /// Its Instagram professional account, when it has one.
    pub instagram_id: Option<String>,
    /// Its country, ISO 3166-1 alpha-2: where its people live unless they say otherwise.
    pub country: Option<String>,
    /// Calls of it that are heard at a time; more wait for their turn, as Cloudflare lets more than
    /// six of one invocation wait. workerd on a computer does not.
    #[serde(default = "six")]
    pub connections: usize,
    /// Where its business is.
    #[serde(default)]
    pub business_country: Option<String>,
}

/// Cloudflare lets six requests of an invocation wait for their answers (Workers limits, 2026).
pub const CONNECTIONS: usize = 6;

const fn six() -> usize {
    CONNECTIONS
}

/// A poster the phone can scan.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SandboxPoster {
    /// The code of its link, `/q/{code}`.
    pub code: String,
    /// Where it hangs.
    pub place: String,
}

/// What a sandbox is made of.
#[derive(Clone)]
pub struct SandboxConfig {
    /// Where it listens; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The Worker's base URL; can be set later.
    pub worker: Option<String>,
    /// Our app.
    pub app_id: String,
    /// Signs webhooks.
    pub app_secret: String,
    /// For the webhook's handshake.
    pub verify_token: String,
    /// Page id to Page token.
    pub page_tokens: HashMap<String, String>,
    /// The token of the ad account.
    pub ads_token: String,
    /// The ad account, digits.
    pub ad_account: String,
    /// Its currency.
    pub ad_currency: String,
    /// The Pages.
    pub pages: Vec<SandboxPage>,
    /// The posters the phone offers to scan.
    pub posters: Vec<SandboxPoster>,
    /// The languages the shop speaks: the phone offers them first.
    pub languages: Vec<String>,
    /// Time jumps move the Worker's clock too and fire its cron trigger.
    pub clock: bool,
}

impl SandboxConfig {
    /// One Page with one poster, on a free port of 127.0.0.1, with secrets that are none.
    #[must_use]
    pub fn example() -> Self {
        let page = SandboxPage {
            id: "1029384756".to_owned(),
            name: "Corner Bakery".to_owned(),
            username: "cornerbakery".to_owned(),
            instagram_id: Some("17841400000000001".to_owned()),
            country: Some("US".to_owned()),
            connections: CONNECTIONS,
            business_country: Some("US".to_owned()),
        };
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            worker: None,
            app_id: "4100000000000001".to_owned(),
            app_secret: "sandbox-app-secret".to_owned(),
            verify_token: "sandbox-verify-token".to_owned(),
            page_tokens: HashMap::from([(page.id.clone(), "sandbox-page-token".to_owned())]),
            ads_token: "sandbox-ads-token".to_owned(),
            ad_account: "1234567890".to_owned(),
            ad_currency: "USD".to_owned(),
            pages: vec![page],
            posters: vec![SandboxPoster { code: "door".to_owned(), place: "Shop door".to_owned() }],
            languages: vec!["en".to_owned()],
            clock: false,
        }
    }
}

/// What every part of the server holds.
struct Shared {
    config: SandboxConfig,
    world: Mutex<World>,
    http: reqwest::Client,
    /// Counts every change, so that phones and tests can wait for one.
    changed: watch::Sender<u64>,
    /// Something may be due earlier than thought.
    wake: Notify,
    in_flight: AtomicUsize,
    max_in_flight: AtomicUsize,
    /// The places of each Page's calls.
    places: HashMap<String, Arc<Semaphore>>,
    /// Calls that found none of them free.
    queued: AtomicUsize,
    /// What the sandbox has to say of itself, newest last.
    notes: Mutex<Vec<String>>,
}

impl Shared {
    /// The world. Never held across an `.await`.
    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn touch(&self) {
        self.changed.send_modify(|n| *n = n.wrapping_add(1));
    }

    /// Says something once.
    fn note(&self, text: &str) {
        let mut notes = self.notes.lock().unwrap_or_else(PoisonError::into_inner);
        if notes.last().is_none_or(|last| last != text) {
            notes.push(text.to_owned());
        }
        drop(notes);
        self.touch();
    }

    fn notes(&self) -> Vec<String> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// A running sandbox. It stops when dropped.
pub struct Sandbox {
    shared: Arc<Shared>,
    addr: SocketAddr,
    tasks: Vec<JoinHandle<()>>,
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

/// Starts a sandbox.
///
/// # Errors
/// When the address cannot be listened on.
pub async fn start(config: SandboxConfig) -> io::Result<Sandbox> {
    let listener = tokio::net::TcpListener::bind(config.listen).await?;
    let addr = listener.local_addr()?;
    let http = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .map_err(io::Error::other)?;
    let seed = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(0, |d| d.as_nanos())
        ^ (u128::from(addr.port()) << 64);
    let place =
        |page: &SandboxPage| (page.id.clone(), Arc::new(Semaphore::new(page.connections.max(1))));
    let shared = Arc::new(Shared {
        places: config.pages.iter().map(place).collect(),
        queued: AtomicUsize::new(0),
        world: Mutex::new(World::new(&config, seed)),
        config,
        http,
        changed: watch::Sender::new(0),
        wake: Notify::new(),
        in_flight: AtomicUsize::new(0),
        max_in_flight: AtomicUsize::new(0),
        notes: Mutex::new(Vec::new()),
    });
    let app = phone::routes()
        .merge(control::routes())
        .merge(graph::routes())
        .with_state(Arc::clone(&shared))
        .into_make_service_with_connect_info::<listener::KillSwitch>();
    let serving = tokio::spawn(async move {
        // Runs until the task is aborted.
        let _ = axum::serve(listener::Resettable(listener), app).await;
    });
    let redelivering = tokio::spawn(deliver::keep_redelivering(Arc::clone(&shared)));
    Ok(Sandbox { shared, addr, tasks: vec![serving, redelivering] })
}

impl Sandbox {
    /// Its base URL: what the Worker takes as `GRAPH_BASE_URL`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// Says where the Worker is.
    pub fn set_worker(&self, base: &str) {
        self.shared.world().worker = Some(base.trim_end_matches('/').to_owned());
        self.shared.touch();
    }

    /// The sandbox's time (Unix ms).
    #[must_use]
    pub fn now(&self) -> i64 {
        self.shared.world().now()
    }

    /// A new person who has never written to this Page; returns their id.
    pub fn person(&self, page: &str, platform: Platform) -> String {
        let newcomer = control::NewPerson {
            page: Some(page.to_owned()),
            platform,
            ..control::NewPerson::default()
        };
        control::create_person(&mut self.shared.world(), newcomer)
    }

    /// Changes something about a person: country, blocked, owner, profile, language …
    pub fn change_person(&self, psid: &str, change: impl FnOnce(&mut Person)) {
        if let Some(person) = self.shared.world().people.get_mut(psid) {
            change(person);
        }
        self.shared.touch();
    }

    /// A person with their whole thread.
    #[must_use]
    pub fn thread(&self, psid: &str) -> Option<Person> {
        self.shared.world().people.get(psid).cloned()
    }

    /// The tokens a person gave.
    #[must_use]
    pub fn tokens(&self, psid: &str) -> Vec<Token> {
        let world = self.shared.world();
        world.tokens.iter().filter(|t| t.person == psid).cloned().collect()
    }

    /// Meta has this token too: somebody gave it elsewhere, or we never heard of it.
    pub fn add_token(&self, token: Token) {
        self.shared.world().tokens.push(token);
        self.shared.touch();
    }

    /// Meta has these tokens no more.
    pub fn drop_tokens(&self, which: impl Fn(&Token) -> bool) {
        self.shared.world().tokens.retain(|token| !which(token));
        self.shared.touch();
    }

    /// Lets a person do something, and delivers what Meta tells of it. Returns after the first
    /// try.
    ///
    /// # Errors
    /// [`ActError`] when it cannot happen.
    pub async fn act(&self, psid: &str, act: Act) -> Result<Vec<Webhook>, ActError> {
        self.acts(vec![(psid.to_owned(), act)], How::default()).await
    }

    /// A person types.
    ///
    /// # Errors
    /// [`ActError::NoPerson`].
    pub async fn says(&self, psid: &str, text: &str) -> Result<Vec<Webhook>, ActError> {
        self.act(psid, Act::Message { text: text.to_owned(), reply_to: None }).await
    }

    /// Several things happen, and are delivered as `how` says.
    ///
    /// # Errors
    /// [`ActError`] of the first that cannot happen; then nothing is delivered.
    pub async fn acts(&self, acts: Vec<(String, Act)>, how: How) -> Result<Vec<Webhook>, ActError> {
        control::perform(&self.shared, acts, how).await
    }

    /// Delivers a body as it is: signed, unless `signature` replaces the header's value.
    pub async fn raw(&self, body: &str, signature: Option<&str>) -> Webhook {
        deliver::deliver_raw(&self.shared, body.to_owned(), signature.map(str::to_owned)).await
    }

    /// Delivers a value in Meta's escaped form, signed.
    pub async fn raw_value(&self, body: &Value) -> Webhook {
        deliver::deliver_raw(&self.shared, wire::body(body), None).await
    }

    /// A person scans a poster: asks the Worker for `/q/{code}` and follows the link as Meta
    /// would.
    ///
    /// # Errors
    /// [`ActError::NoPerson`].
    pub async fn scan(&self, psid: &str, code: &str) -> Result<Landing, ActError> {
        scan::scan(&self.shared, psid, code).await
    }

    /// Meta's handshake with the Worker. Returns whether it passed.
    pub async fn handshake(&self) -> bool {
        scan::handshake(&self.shared).await
    }

    /// Every Graph call so far.
    #[must_use]
    pub fn calls(&self) -> Vec<Call> {
        self.shared.world().calls.clone()
    }

    /// The Graph calls about one person.
    #[must_use]
    pub fn calls_for(&self, psid: &str) -> Vec<Call> {
        self.calls().into_iter().filter(|c| c.person.as_deref() == Some(psid)).collect()
    }

    /// Waits until at least `n` messages were sent (answered or not); returns all of them, fewer
    /// when the time is up. Typing indicators and reads do not count.
    pub async fn wait_for(&self, n: usize, timeout: Duration) -> Vec<Call> {
        control::wait_for_messages(&self.shared, None, n, timeout).await
    }

    /// The same for messages to one person.
    pub async fn wait_for_person(&self, psid: &str, n: usize, timeout: Duration) -> Vec<Call> {
        control::wait_for_messages(&self.shared, Some(psid), n, timeout).await
    }

    /// Every webhook so far.
    #[must_use]
    pub fn webhooks(&self) -> Vec<Webhook> {
        self.shared.world().webhooks.clone()
    }

    /// Forgets calls and webhooks that are settled, and the highest concurrency.
    pub fn clear_record(&self) {
        control::clear_record(&self.shared);
    }

    /// Adds a fault.
    pub fn fault(&self, fault: Fault) {
        self.shared.world().faults.push(fault);
        self.shared.touch();
    }

    /// Meta judges the templates of a Page that wait, and tells of it.
    pub async fn judge_templates(&self, page: &str, status: &str) -> Vec<Webhook> {
        let events = graph::templates::judge(&mut self.shared.world(), page, status);
        deliver::deliver(&self.shared, events, How::default()).await
    }

    /// What a campaign was made with, and what was spent in it in all, in the order they were made.
    #[must_use]
    pub fn campaigns(&self) -> Vec<(String, Option<i64>, i64)> {
        let world = self.shared.world();
        let spent = |campaign: &world::Campaign| campaign.spent.values().sum();
        world.campaigns.iter().map(|c| (c.id.clone(), c.budget, spent(c))).collect()
    }

    /// Removes all faults.
    pub fn clear_faults(&self) {
        self.shared.world().faults.clear();
        self.shared.touch();
    }

    /// Changes settings.
    pub fn settings(&self, change: impl FnOnce(&mut Settings)) {
        change(&mut self.shared.world().settings);
        self.shared.touch();
    }

    /// As before anybody set anything up: the app's webhook leads nowhere, and no Page is subscribed.
    pub fn disconnect(&self) {
        let mut world = self.shared.world();
        world.worker = None;
        world.app_webhooks = Some(std::collections::BTreeMap::new());
        for page in &mut world.pages {
            page.fields = None;
        }
        drop(world);
        self.shared.touch();
    }

    /// Where the app's webhook of an object leads, and with which events.
    #[must_use]
    pub fn app_webhook(&self, object: &str) -> Option<(String, Vec<String>)> {
        let world = self.shared.world();
        let set = world.app_webhooks.as_ref()?.get(object)?;
        Some((set.callback.clone(), set.fields.iter().cloned().collect()))
    }

    /// What people see of a Page before they write.
    #[must_use]
    pub fn messenger_profile(&self, page: &str) -> Value {
        let mut world = self.shared.world();
        world.page(page).map(|page| Value::Object(page.profile.clone())).unwrap_or_default()
    }

    /// The fields the app is subscribed to on a Page; none after Meta disabled the webhook.
    #[must_use]
    pub fn subscribed(&self, page: &str) -> Option<Vec<String>> {
        let mut world = self.shared.world();
        let fields = world.page(page)?.fields.as_ref()?;
        Some(fields.iter().cloned().collect())
    }

    /// The most Graph calls that were in flight at the same moment.
    #[must_use]
    pub fn max_concurrent(&self) -> usize {
        self.shared.max_in_flight.load(Ordering::SeqCst)
    }

    /// Calls that had to wait for one of the connections of their Page.
    #[must_use]
    pub fn queued(&self) -> usize {
        self.shared.queued.load(Ordering::SeqCst)
    }

    /// Moves time forward; see [`SandboxConfig::clock`].
    pub async fn advance(&self, ms: i64) {
        let to = self.now().saturating_add(ms);
        clock::move_to(&self.shared, to).await;
    }

    /// Sets the time (Unix ms).
    pub async fn set_clock(&self, to: i64) {
        clock::move_to(&self.shared, to).await;
    }
}
