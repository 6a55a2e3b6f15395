//! Every check: its name, which does not change between versions, and what the owner reads.

use super::finding::{Check, Title};

const fn named(id: &'static str, name: &'static str) -> Check {
    Check { id, title: Title::Name(name) }
}

macro_rules! checks {
    ($($name:ident = $id:literal, $title:ident;)*) => {
        $(pub(super) const $name: Check = Check { id: $id, title: Title::Words(|t| t.$title) };)*
    };
}

checks! {
    COMPUTER = "computer.tls", computer;
    SHOP = "shop.check", shop;
    SHOP_FILE = "shop.read", shop;
    ADDRESS = "worker.address", worker;
    HEALTH = "worker.health", worker;
    VERSION = "worker.version", version;
    TABLES = "worker.tables", tables;
    WORKER_CLOCK = "worker.clock", clock;
    UNSIGNED = "worker.unsigned", signature;
    PUBLISHED = "worker.published", published;
    SECRETS = "worker.secrets", secrets;
    OWN_SECRETS = "computer.secrets", secrets;
    CRON = "worker.cron", cron;
    LOOKS = "worker.checkup", looks;
    DESK = "desk.error", desk;
    FAQ = "desk.faq", faq;
    ALERT = "desk.alert", alert;
    HOLD = "desk.hold", sending;
    OUTBOX = "desk.outbox", outbox;
    PARKED = "desk.parked", parked;
    KV = "desk.kv", kv;
    QUOTA = "desk.quota", quota;
    TRAFFIC = "desk.traffic", traffic;
    HELD = "desk.held", held;
    BY_OTHERS = "desk.by_others", by_others;
    GRAPH_ADDRESS = "graph.address", graph;
    GRAPH_CLOCK = "graph.clock", clock;
    WEBHOOK = "graph.webhook", webhook;
    REVIEW = "graph.review", review;
    CALLBACKS = "graph.callbacks", callbacks;
    TOKEN = "graph.token", token;
    TOKEN_LIFE = "graph.token_expiry", token_life;
    SCOPES = "graph.scopes", scopes;
    WISHED_SCOPES = "graph.utility", scopes;
    FIELDS = "graph.subscription", fields;
    OTHER_APPS = "graph.other_apps", other_apps;
    PAGE = "graph.page", page;
    INSTAGRAM = "graph.instagram", instagram;
    INSTAGRAM_ACCESS = "graph.instagram_access", instagram_access;
    AUTOMATIONS = "graph.automations", automations;
    GRAPH_VERSION = "meta.graph_version", graph_version;
    RULES = "meta.rule_ends", rules;
    PAID = "paid.proof", paid;
    CAMPAIGN = "paid.campaign", paid;
    TEMPLATES = "templates.status", templates;
}

pub(super) const APP_SECRET: Check = named("worker.app_secret", "APP_SECRET");
pub(super) const VERIFY_TOKEN: Check = named("worker.verify_token", "VERIFY_TOKEN");
pub(super) const ADMIN_TOKEN: Check = named("worker.admin_token", "ADMIN_TOKEN");
pub(super) const APP_ID: Check = named("worker.app_id", "APP_ID");
pub(super) const PAGE_TOKEN: Check = named("worker.page_token", "PAGE_TOKEN");
pub(super) const PUBLIC_URL: Check = named("worker.public_url", "PUBLIC_URL");
pub(super) const SIGNING_KEY: Check = named("worker.signing_key", "SIGNING_KEY");
pub(super) const USERNAME: Check = named("graph.username", "m.me");
pub(super) const PROOF: Check = named("graph.proof", "APP_SECRET");
pub(super) const GET_STARTED: Check = named("graph.get_started", "Get Started");
pub(super) const ICE_BREAKERS: Check = named("graph.ice_breakers", "Ice breakers");
