//! Secrets and vars: read once per isolate, refused when they would be unsafe.

use std::cell::RefCell;
use std::rc::Rc;

use worker::Env;

use crate::desk::checkup::judge::KeyFacts;
use crate::desk::checkup::strength::{ADMIN_TOKEN_CHARACTERS, Weakness, weakness};
use crate::entry::keys::Keys;
use crate::meta::ids::{AppId, PageId};
use crate::meta::signature::AppSecret;
use crate::time::UnixMs;

/// The values of `.dev.vars.example`. They are public, so they protect nothing.
const EXAMPLES: &str = include_str!("../../.dev.vars.example");

const GRAPH_BASE_URL: &str = "https://graph.facebook.com";
const GRAPH_VERSION: &str = "v26.0";

/// What this deployment is made with. It has no Debug: it is all secrets.
pub struct Config {
    pub app_secret: AppSecret,
    pub verify_token: String,
    pub admin_token: String,
    pub keys: Keys,
    /// What is known of the signing keys, without them.
    pub key_facts: KeyFacts,
    /// Secrets that are easy to guess, by their names.
    pub weak: Vec<(&'static str, Weakness)>,
    pub app_id: Option<AppId>,
    pub graph_base_url: String,
    pub graph_version: String,
    pub public_url: Option<String>,
}

thread_local! {
    /// Secrets do not change while an isolate lives: changing one starts new isolates.
    static CONFIG: RefCell<Option<Rc<Config>>> = const { RefCell::new(None) };
}

impl Config {
    /// The configuration.
    ///
    /// # Errors
    /// What is missing or unsafe, by its name, and what to do; never its value.
    pub fn of(env: &Env) -> Result<Rc<Self>, String> {
        if let Some(config) = CONFIG.with_borrow(Clone::clone) {
            return Ok(config);
        }
        let config = Rc::new(Self::read(env)?);
        CONFIG.with_borrow_mut(|slot| *slot = Some(config.clone()));
        Ok(config)
    }

    fn read(env: &Env) -> Result<Self, String> {
        let graph_base_url = optional(env, "GRAPH_BASE_URL")
            .map_or_else(|| GRAPH_BASE_URL.to_owned(), |url| url.trim_end_matches('/').to_owned());
        let local = is_loopback(&graph_base_url);
        if !local && !graph_base_url.starts_with("https://") {
            return Err("GRAPH_BASE_URL must begin with https:// (plain http is only for \
                        a loopback address): correct it in wrangler.toml"
                .to_owned());
        }
        let secret = |name: &str| required(env, name, local);
        let admin_token = secret("ADMIN_TOKEN")?;
        if !local && admin_token.chars().count() < ADMIN_TOKEN_CHARACTERS {
            return Err(format!(
                "ADMIN_TOKEN is shorter than {ADMIN_TOKEN_CHARACTERS} characters: set a longer \
                 one with `wrangler secret put ADMIN_TOKEN`"
            ));
        }
        let previous = optional(env, "SIGNING_KEY_PREVIOUS");
        let until =
            optional(env, "SIGNING_KEY_PREVIOUS_UNTIL").map(|day| end_of(&day)).transpose()?;
        let key_facts = KeyFacts {
            previous: previous.is_some(),
            previous_until: until.map(|end| end.plus(-1).utc_date()),
        };
        // Here at home the public examples are as good as any.
        let secrets = ["APP_SECRET", "VERIFY_TOKEN", "ADMIN_TOKEN", "SIGNING_KEY"];
        let weak = secrets
            .into_iter()
            .filter(|_| !local)
            .filter_map(|name| Some((name, weakness(name, &optional(env, name)?)?)));
        Ok(Self {
            key_facts,
            weak: weak.collect(),
            app_secret: AppSecret::new(secret("APP_SECRET")?),
            verify_token: secret("VERIFY_TOKEN")?,
            admin_token,
            keys: Keys::new(&secret("SIGNING_KEY")?, previous.as_deref())
                .previous_refs_until(until),
            app_id: optional(env, "APP_ID").map(AppId),
            graph_base_url,
            graph_version: optional(env, "GRAPH_VERSION").unwrap_or(GRAPH_VERSION.to_owned()),
            public_url: optional(env, "PUBLIC_URL").map(|url| url.trim_end_matches('/').to_owned()),
        })
    }

    /// The Page's access token.
    ///
    /// # Errors
    /// The names looked for, and what to do.
    pub fn page_token(&self, env: &Env, page: &PageId) -> Result<String, String> {
        let own = format!("PAGE_TOKEN_{page}");
        let local = is_loopback(&self.graph_base_url);
        required(env, &own, local).or_else(|_| required(env, "PAGE_TOKEN", local)).map_err(|why| {
            format!("no usable access token for Page {page}: neither {own} nor PAGE_TOKEN ({why})")
        })
    }
}

/// The end of a day in UTC.
fn end_of(day: &str) -> Result<UnixMs, String> {
    let date = day.trim().parse::<jiff::civil::Date>().ok().filter(|_| day.trim().len() == 10);
    let end = date.and_then(|day| day.tomorrow().ok()?.to_zoned(jiff::tz::TimeZone::UTC).ok());
    end.map(|end| UnixMs::from(end.timestamp())).ok_or_else(|| {
        "SIGNING_KEY_PREVIOUS_UNTIL is no day: write it as 2027-01-31 in wrangler.toml".to_owned()
    })
}

impl Config {
    /// The token that pays for messages.
    ///
    /// # Errors
    /// That it is not set, or an example, and what to do.
    pub fn ads_token(&self, env: &Env) -> Result<String, String> {
        required(env, "ADS_TOKEN", is_loopback(&self.graph_base_url))
    }
}

/// A secret or var by its name; empty counts as absent.
fn optional(env: &Env, name: &str) -> Option<String> {
    env.secret(name).ok().map(|value| value.to_string()).filter(|value| !value.is_empty())
}

fn required(env: &Env, name: &str, local: bool) -> Result<String, String> {
    let put = format!("`wrangler secret put {name}`");
    let value = optional(env, name).ok_or_else(|| format!("{name} is not set: {put}"))?;
    if !local && is_example(&value) {
        return Err(format!(
            "{name} has the public example value of .dev.vars.example: set your own with {put}"
        ));
    }
    Ok(value)
}

fn is_example(value: &str) -> bool {
    EXAMPLES
        .lines()
        .filter(|line| !line.trim_start().starts_with('#'))
        .filter_map(|line| line.split_once('='))
        .any(|(_, example)| example.trim().trim_matches('"') == value)
}

fn is_loopback(url: &str) -> bool {
    let host = url.strip_prefix("http://").or_else(|| url.strip_prefix("https://"));
    let host = host.unwrap_or_default().split('/').next().unwrap_or_default();
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    matches!(name, "127.0.0.1" | "localhost" | "[::1]")
}
