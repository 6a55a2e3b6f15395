//! The sandbox's world: Pages, people, their threads, tokens, and the record of what was said
//! over the wire.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::faults::Fault;
use super::{SandboxConfig, SandboxPage};
use crate::time::{DAY, HOUR, MINUTE};

/// Meta's standard messaging window.
pub(super) const WINDOW: i64 = DAY;

/// Page fields of Meta's webhooks that the sandbox knows (Meta's Messenger webhooks reference).
pub(super) const PAGE_FIELDS: [&str; 24] = [
    "feed",
    "marketing_message_clicks",
    "marketing_message_deliveries",
    "marketing_message_delivery_failed",
    "marketing_message_echoes",
    "marketing_message_reads",
    "message_deliveries",
    "message_echoes",
    "message_edits",
    "message_reactions",
    "message_reads",
    "messages",
    "messaging_account_linking",
    "messaging_feedback",
    "messaging_game_plays",
    "messaging_handovers",
    "messaging_optins",
    "messaging_policy_enforcement",
    "messaging_postbacks",
    "messaging_referrals",
    "messenger_template_status_update",
    "response_feedback",
    "send_cart",
    "standby",
];

/// Which app a conversation is in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Platform {
    /// Facebook Messenger.
    #[default]
    Messenger,
    /// Instagram Direct.
    Instagram,
}

/// What the profile endpoint says of a person.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ProfileAccess {
    /// The fields asked for.
    #[default]
    Open,
    /// An empty object.
    Empty,
    /// Error 2018247.
    Denied,
}

/// A Page as Meta keeps it.
#[derive(Clone, Debug)]
pub(super) struct Page {
    pub about: SandboxPage,
    /// The fields our app is subscribed to; none: not subscribed, or disabled by Meta.
    pub fields: Option<BTreeSet<String>>,
    /// Since when every webhook has failed.
    pub failing_since: Option<i64>,
    /// The Messenger Profile, by property.
    pub profile: Map<String, Value>,
    /// The same of its Instagram account.
    pub instagram_profile: Map<String, Value>,
    /// When the Messenger Profile API was called, for its limit.
    pub profile_calls: VecDeque<i64>,
    /// When it answered comments privately in the last hour.
    pub private_replies: VecDeque<i64>,
    /// Real milliseconds of the sends of the last second, for the Send API's pace.
    pub sends: VecDeque<i64>,
}

/// One bubble of a thread.
#[derive(Clone, Debug, Serialize)]
pub struct Bubble {
    /// The message id.
    pub mid: String,
    /// `person`, `page` (the Worker), `human` (the Page's inbox), `app` (another app) or `note`
    /// (what the phone says itself).
    pub from: &'static str,
    /// When, in the sandbox's time (Unix ms).
    pub at: i64,
    /// The message as it went over the wire.
    pub message: Value,
    /// Taken back by its author.
    pub deleted: bool,
    /// How often it was edited.
    pub edits: u32,
    /// The person's reaction to it.
    pub reaction: Option<String>,
    /// An opt-in card that was accepted.
    pub accepted: bool,
    /// How it came to be allowed: `reply`, `notification`, `human_agent`, `private_reply`,
    /// `utility`, `marketing`.
    pub via: &'static str,
}

/// A person as one Page (or Instagram account) sees them.
#[derive(Clone, Debug, Serialize)]
pub struct Person {
    /// The page-scoped or Instagram-scoped id.
    pub id: String,
    /// The Page.
    pub page: String,
    /// Messenger or Instagram.
    pub platform: Platform,
    /// The whole name.
    pub name: String,
    /// The app's language, `en_US`.
    pub locale: String,
    /// Hours from GMT.
    pub timezone: f64,
    /// Where they live, when it differs from the Page's country.
    pub country: Option<String>,
    /// What was said.
    pub thread: Vec<Bubble>,
    /// The last action that opens the standard messaging window (Unix ms).
    pub opened_at: Option<i64>,
    /// The ref of a link that was followed into an empty thread; goes out with Get Started.
    pub pending_ref: Option<String>,
    /// When the Page began to type, in the sandbox's time.
    pub typing_at: Option<i64>,
    /// Has blocked the Page.
    pub blocked: bool,
    /// The app that owns the thread; none: ours.
    pub owner: Option<String>,
    /// What the profile endpoint says.
    pub profile: ProfileAccess,
    /// Opt-in requests received: title and time.
    #[serde(skip)]
    pub optin_requests: Vec<(String, i64)>,
    /// Order of creation.
    pub order: u64,
}

impl Person {
    /// Whether the standard messaging window is open.
    #[must_use]
    pub fn window_open(&self, now: i64) -> bool {
        self.opened_at.is_some_and(|at| now.saturating_sub(at) < WINDOW)
    }

    /// Whether the person ever did something in this thread.
    #[must_use]
    pub fn started(&self) -> bool {
        self.opened_at.is_some()
    }

    pub(super) fn bubble(&mut self, mid: &str) -> Option<&mut Bubble> {
        self.thread.iter_mut().rev().find(|b| b.mid == mid)
    }

    pub(super) fn say(&mut self, from: &'static str, mid: &str, at: i64, message: Value) {
        self.thread.push(Bubble {
            mid: mid.to_owned(),
            from,
            at,
            message,
            deleted: false,
            edits: 0,
            reaction: None,
            accepted: false,
            via: "reply",
        });
    }
}

/// A notification token somebody gave.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Token {
    /// The token itself.
    pub token: String,
    /// Whose.
    pub person: String,
    /// For which Page.
    pub page: String,
    /// The title of the opt-in card.
    pub title: String,
    /// The payload of the opt-in card.
    pub payload: String,
    /// The card's time zone.
    pub timezone: String,
    /// When it was given (Unix ms).
    pub created_at: i64,
    /// When it was last used (Unix ms).
    pub sent_at: Option<i64>,
    /// Stopped by the person.
    pub stopped: bool,
}

/// A campaign of paid messages.
#[derive(Clone, Debug, Default)]
pub(super) struct Campaign {
    pub id: String,
    pub account: String,
    pub page: String,
    /// In the smallest unit of the currency, for each day (UTC).
    pub budget: Option<i64>,
    pub made_at: i64,
    /// What was spent, by day.
    pub spent: BTreeMap<i64, i64>,
}

/// A paid message that was sent.
#[derive(Clone, Debug)]
pub(super) struct Paid {
    pub mid: String,
    pub tracking: String,
    pub campaign: String,
    pub token: String,
    pub person: String,
    pub page: String,
}

/// A utility template.
#[derive(Clone, Debug)]
pub(super) struct Template {
    pub id: String,
    pub page: String,
    pub name: String,
    pub language: String,
    pub status: String,
    pub category: String,
    pub reason: Option<String>,
    /// The names of its places.
    pub places: Vec<String>,
}

/// A comment under a post.
#[derive(Clone, Debug)]
pub(super) struct Comment {
    pub page: String,
    pub person: String,
    pub at: i64,
    pub post: String,
    pub answered: bool,
    /// Taken back by its writer.
    pub gone: bool,
    /// What the Page has said under it.
    pub public: Vec<String>,
}

impl Comment {
    pub(super) fn new(page: String, person: String, at: i64) -> Self {
        let (post, public) = (String::new(), Vec::new());
        Self { page, person, at, post, answered: false, gone: false, public }
    }
}

/// Where the app's webhook of one object leads.
#[derive(Clone, Debug)]
pub(super) struct AppWebhook {
    pub callback: String,
    pub fields: BTreeSet<String>,
}

/// Somebody who may act for Pages: a person, or a system user of a business.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Login {
    /// Their token.
    pub token: String,
    /// `USER` or `SYSTEM_USER`.
    pub kind: String,
    /// When it ends (Unix seconds); 0: never.
    pub expires_at: i64,
    /// The Pages it reaches.
    pub pages: Vec<String>,
}

/// One Graph call the Worker made.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Call {
    /// Its number; later calls have higher ones.
    pub n: u64,
    /// When it arrived, in the sandbox's time (Unix ms).
    pub at: i64,
    /// When it arrived, in real time (Unix ms).
    pub real_at: i64,
    /// The HTTP method.
    pub method: String,
    /// The path after the version: `1029384756/messages`.
    pub path: String,
    /// The version: `v26.0`.
    pub version: String,
    /// The Page the token belongs to.
    pub page: Option<String>,
    /// The person it is about.
    pub person: Option<String>,
    /// The query, without tokens.
    pub query: BTreeMap<String, String>,
    /// The decoded body, without tokens.
    pub body: Value,
    /// The HTTP status answered; 0 while unanswered or when the connection was reset.
    pub status: u16,
    /// The body answered.
    pub answer: Value,
    /// How long it took, in real milliseconds.
    pub latency_ms: u64,
    /// The fault it ran into.
    pub fault: Option<super::FaultKind>,
    /// Whether a message was really delivered by it.
    pub delivered: bool,
}

/// One try to deliver a webhook.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Attempt {
    /// When, in the sandbox's time (Unix ms).
    pub at: i64,
    /// The HTTP status; none when there was no answer.
    pub status: Option<u16>,
    /// How long it took, in real milliseconds.
    pub latency_ms: u64,
    /// Why there was no answer.
    pub error: Option<String>,
}

impl Attempt {
    /// Answered with 2xx.
    #[must_use]
    pub fn ok(&self) -> bool {
        self.status.is_some_and(|s| (200..300).contains(&s))
    }
}

/// What became of a webhook.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// Answered with 2xx.
    Delivered,
    /// Will be tried again.
    Waiting,
    /// Given up after an hour of failures.
    GivenUp,
    /// Not sent: the Page is not subscribed to its field.
    NotSubscribed,
    /// Not sent: no Worker is set.
    NoWorker,
}

/// One webhook: one body, and what became of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Webhook {
    /// Its number; later ones have higher ones.
    pub n: u64,
    /// When, in the sandbox's time (Unix ms).
    pub at: i64,
    /// What it tells, in a few words.
    pub what: String,
    /// The Page it is about, when it is about one that exists.
    pub page: Option<String>,
    /// The body, in the exact bytes sent.
    pub body: String,
    /// The tries so far.
    pub attempts: Vec<Attempt>,
    /// What became of it.
    pub fate: Fate,
    /// When the next try is due, in the sandbox's time.
    pub due: Option<i64>,
    /// A signature to send instead of the right one.
    #[serde(skip)]
    pub(super) signature: Option<String>,
}

impl Webhook {
    /// The status of the last try.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.attempts.last().and_then(|a| a.status)
    }
}

/// What can be changed while the sandbox runs.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// Every Graph call takes at least this long, in real milliseconds.
    pub latency_ms: u64,
    /// How long a webhook may take, in real milliseconds. Meta's webhooks guide says 5 s.
    pub webhook_timeout_ms: u64,
    /// Our own messages come back as echoes.
    pub echoes: bool,
    /// How long after the answer an echo is sent, in real milliseconds.
    pub echo_delay_ms: u64,
    /// Deliveries and reads follow every message.
    pub receipts: bool,
    /// `appsecret_proof` is mandatory.
    pub require_proof: bool,
    /// The app was reviewed for the Human Agent feature.
    pub human_agent: bool,
    /// The app has `page_utility_messaging`.
    pub utility: bool,
    /// What the token of the ad account may do.
    pub ads_scopes: Vec<String>,
    /// Meta's number for the state of the ad account: 1 is active.
    pub account_status: i64,
    /// What one paid message costs, in the smallest unit of the currency.
    pub paid_price: i64,
    /// Paid messages are taken and do not arrive.
    pub paid_fails: bool,
    /// What Meta tells of paid messages has no envelope.
    pub marketing_flat: bool,
    /// What Meta says at once of a template: `APPROVED`, `PENDING`, `REJECTED`.
    pub template_review: String,
    /// When the Page tokens expire (Unix seconds); 0: never.
    pub token_expires_at: i64,
    /// When their access to data ends (Unix seconds); 0: never.
    pub data_access_expires_at: i64,
    /// What the tokens may do.
    pub scopes: Vec<String>,
    /// People and system users who may act for the Pages.
    pub logins: Vec<Login>,
    /// Notification tokens on a page of the list, at most.
    pub tokens_page: usize,
    /// How far the app's permissions are in App Review: `live`, `unapproved`.
    pub permission_status: String,
    /// Where Meta calls when somebody removes the app; none: the Worker; empty: nowhere.
    pub deauthorize_url: Option<String>,
    /// The Pages are published.
    pub page_published: bool,
}

impl Default for Settings {
    fn default() -> Self {
        let scopes = [
            "pages_show_list",
            "pages_messaging",
            "pages_manage_metadata",
            "pages_read_engagement",
            "instagram_basic",
            "instagram_manage_messages",
        ];
        Self {
            latency_ms: 0,
            webhook_timeout_ms: 5_000,
            echoes: true,
            echo_delay_ms: 20,
            receipts: false,
            require_proof: false,
            human_agent: true,
            utility: false,
            ads_scopes: ["ads_management", "pages_messaging", "paid_marketing_messages"]
                .map(str::to_owned)
                .to_vec(),
            account_status: 1,
            paid_price: 1,
            paid_fails: false,
            marketing_flat: false,
            template_review: "APPROVED".to_owned(),
            token_expires_at: 0,
            data_access_expires_at: 0,
            logins: Vec::new(),
            scopes: scopes.map(str::to_owned).to_vec(),
            tokens_page: 1_000,
            permission_status: "live".to_owned(),
            deauthorize_url: None,
            page_published: true,
        }
    }
}

/// Everything.
pub(super) struct World {
    /// Virtual minus real time, in milliseconds.
    pub offset: i64,
    /// A clock that stands, and is moved by hand; instead of the other.
    pub still: Option<i64>,
    pub worker: Option<String>,
    /// Where the app's webhooks lead, by the object; none: to the Worker, with everything.
    pub app_webhooks: Option<BTreeMap<String, AppWebhook>>,
    /// Our app's id.
    pub app: String,
    pub pages: Vec<Page>,
    pub people: HashMap<String, Person>,
    pub tokens: Vec<Token>,
    pub comments: HashMap<String, Comment>,
    pub campaigns: Vec<Campaign>,
    pub paid: Vec<Paid>,
    pub templates: Vec<Template>,
    pub calls: Vec<Call>,
    pub webhooks: Vec<Webhook>,
    pub faults: Vec<Fault>,
    pub settings: Settings,
    /// Makes the ids of two sandboxes differ: a Worker that saw one must not take the other's
    /// messages for repeats.
    seed: u128,
    serial: u64,
}

impl World {
    pub(super) fn new(config: &SandboxConfig, seed: u128) -> Self {
        let pages = config
            .pages
            .iter()
            .map(|about| Page {
                about: about.clone(),
                fields: Some(PAGE_FIELDS.iter().map(|f| (*f).to_owned()).collect()),
                failing_since: None,
                profile: Map::new(),
                instagram_profile: Map::new(),
                profile_calls: VecDeque::new(),
                private_replies: VecDeque::new(),
                sends: VecDeque::new(),
            })
            .collect();
        Self {
            offset: 0,
            still: None,
            worker: config.worker.clone().map(|w| w.trim_end_matches('/').to_owned()),
            app_webhooks: None,
            app: config.app_id.clone(),
            pages,
            people: HashMap::new(),
            tokens: Vec::new(),
            comments: HashMap::new(),
            campaigns: Vec::new(),
            paid: Vec::new(),
            templates: Vec::new(),
            calls: Vec::new(),
            webhooks: Vec::new(),
            faults: Vec::new(),
            settings: Settings::default(),
            seed,
            serial: 0,
        }
    }

    /// The sandbox's time (Unix ms).
    pub(super) fn now(&self) -> i64 {
        self.still.unwrap_or_else(|| real_now().saturating_add(self.offset))
    }

    pub(super) fn page(&mut self, id: &str) -> Option<&mut Page> {
        self.pages.iter_mut().find(|p| p.about.id == id)
    }

    /// The Page that an account id (its own or its Instagram account's) belongs to.
    pub(super) fn page_of_account(&self, account: &str) -> Option<&Page> {
        self.pages
            .iter()
            .find(|p| p.about.id == account || p.about.instagram_id.as_deref() == Some(account))
    }

    /// A number nobody had before.
    pub(super) fn serial(&mut self) -> u64 {
        self.serial = self.serial.saturating_add(1);
        self.serial
    }

    fn fresh(&mut self) -> [u8; 32] {
        let serial = self.serial();
        Sha256::new()
            .chain_update(self.seed.to_be_bytes())
            .chain_update(serial.to_be_bytes())
            .finalize()
            .into()
    }

    /// A new message id.
    pub(super) fn mid(&mut self, platform: Platform) -> String {
        use base64::Engine as _;
        let id = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(self.fresh());
        match platform {
            Platform::Messenger => format!("m_{id}"),
            Platform::Instagram => format!("aWdfZAG1faXRlbToxOkl{id}ZD"),
        }
    }

    /// A new opaque word, as tokens and trace ids are.
    pub(super) fn word(&mut self, length: usize) -> String {
        let mut word = hex::encode(self.fresh());
        word.truncate(length);
        word
    }

    /// A new id of 16 or 17 digits, as people and comments have.
    pub(super) fn number(&mut self) -> String {
        let bytes = self.fresh();
        let number = bytes.iter().take(8).fold(0u64, |n, b| (n << 8) | u64::from(*b));
        (number % 80_000_000_000_000_000 + 2_000_000_000_000_000).to_string()
    }
}

/// Real time (Unix ms).
pub(super) fn real_now() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |d| i64::try_from(d.as_millis()).unwrap_or(i64::MAX))
}

/// How long after a failed try the next one comes: a few at once, then backing off.
pub(super) fn patience(attempts: usize) -> i64 {
    const STEPS: [i64; 7] = [200, 1_000, 5_000, 30_000, 2 * MINUTE, 5 * MINUTE, 10 * MINUTE];
    STEPS.get(attempts.saturating_sub(1)).copied().unwrap_or(15 * MINUTE)
}

/// "1 hour of continued failure": then Meta disables the webhook (Messenger webhooks guide, 2026).
pub(super) const GIVE_UP: i64 = HOUR;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retries_start_at_once_and_reach_the_hour() {
        let mut total = 0;
        let mut attempts = 0;
        while total < GIVE_UP {
            attempts += 1;
            total += patience(attempts);
        }
        assert!(patience(1) < 1_000);
        assert!((6..20).contains(&attempts), "{attempts}");
    }
}
