//! What the owner asks a Worker: `/admin/…`, with the secret from the environment.

use std::time::Duration;

use reqwest::RequestBuilder;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::doctor::http::{Base, Http};
use crate::meta::ids::{PageId, Psid};

/// How long the Worker may take to answer.
const PATIENCE: Duration = Duration::from_secs(30);
/// More of an answer is not read, in bytes: a thousand questions of each of a few dozen Desks at the
/// very most.
const MOST: usize = 64 * 1024 * 1024;
/// Where the secret comes from.
const ADMIN_TOKEN: &str = "ADMIN_TOKEN";
/// Where the address comes from, unless it is said.
const PUBLIC_URL: &str = "PUBLIC_URL";

/// Why the Worker did not do what it was asked for.
#[derive(Debug, thiserror::Error)]
pub(super) enum AskError {
    #[error("no shop is published there: run `shopbell publish` first")]
    NoPage,
    #[error("the Worker has several Pages ({0}): say which, with --page")]
    WhichPage(String),
    #[error("the Worker's address {0}; write it as https://shopbell.<you>.workers.dev")]
    Address(String),
    #[error(
        "{ADMIN_TOKEN} is not in the environment, and this is for the owner alone. `shopbell connect` \
         showed it once. Have it set:\n  export {ADMIN_TOKEN}=…\nor, if it is lost, let a new one be \
         made:\n  shopbell connect FOLDER --renew {ADMIN_TOKEN}"
    )]
    NoToken,
    #[error("the Worker {0}")]
    Worker(String),
    #[error(
        "what answers at {0} is no Shopbell: it sends {1}. Give the Worker's address with --url: \
         `shopbell deploy` said it, https://shopbell.<you>.workers.dev"
    )]
    NoShopbell(Place, &'static str),
    #[error("{0}")]
    Refused(String),
    #[error("the answer of {0}: deploy the version of this command")]
    Unreadable(String),
}

/// Where the Worker was looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place(String);

impl Place {
    fn of(base: &Base) -> Self {
        Self(base.as_str().to_owned())
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)?;
        let set = std::env::var(PUBLIC_URL).unwrap_or_default();
        if set.trim().trim_end_matches('/') == self.0 {
            write!(f, " ({PUBLIC_URL} in the environment)")?;
        }
        Ok(())
    }
}

/// A Desk's answer, and which Desk it is.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Told<T> {
    pub page: PageId,
    pub shard: u32,
    /// How many the Page has; none when one was asked that a person belongs to.
    pub shards: Option<u32>,
    pub answer: T,
}

/// A Worker, and the owner before it.
pub(super) struct Owner {
    runtime: tokio::runtime::Runtime,
    http: Http,
    base: Base,
    token: String,
}

impl Owner {
    /// The owner of the Worker that answers at `url`.
    pub fn of(url: &str) -> Result<Self, AskError> {
        let base = Base::new(url).map_err(|error| AskError::Address(error.to_string()))?;
        let token = std::env::var(ADMIN_TOKEN).ok().map(|token| token.trim().to_owned());
        let token = token.filter(|token| !token.is_empty()).ok_or(AskError::NoToken)?;
        let runtime = tokio::runtime::Runtime::new()
            .map_err(|error| AskError::Worker(format!("cannot be asked: {error}")))?;
        let http = Http::new(PATIENCE).map_err(AskError::Worker)?.reading(MOST);
        Ok(Self { runtime, http, base, token })
    }

    /// Asks one Desk. `query` is the route with its values, such as
    /// `/admin/report?days=7`, without `page` and `shard`.
    pub fn ask<T: DeserializeOwned>(
        &self,
        page: &PageId,
        shard: u32,
        query: &str,
    ) -> Result<Told<T>, AskError> {
        let sign = if query.contains('?') { '&' } else { '?' };
        self.get(&format!("{query}{sign}page={page}&shard={shard}"))
    }

    /// Reads a route of the owner's.
    pub fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, AskError> {
        self.answer(self.http.get(&self.base.join(path)))
    }

    /// Has the Worker do something.
    pub fn post<T: DeserializeOwned>(&self, path: &str, body: String) -> Result<T, AskError> {
        self.answer(self.http.post(&self.base.join(path)).body(body))
    }

    /// Has the Worker take something back.
    pub fn delete<T: DeserializeOwned>(&self, path: &str) -> Result<T, AskError> {
        self.answer(self.http.delete(&self.base.join(path)))
    }

    fn answer<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T, AskError> {
        let request = request.bearer_auth(&self.token);
        let answer = self.runtime.block_on(self.http.send(request));
        let place = || Place::of(&self.base);
        let at = |why: String| AskError::Worker(format!("at {} {why}", place()));
        let answer = answer.map_err(|trouble| at(trouble.to_string()))?;
        // The Worker's own answers to its owner are JSON, whatever they say.
        if answer.is_web_page() {
            return Err(AskError::NoShopbell(place(), "a web page"));
        }
        let refused = || -> Option<String> {
            let told: Value = serde_json::from_str(&answer.text).ok()?;
            Some(told.get("error")?.as_str()?.to_owned())
        };
        if (400..500).contains(&answer.status)
            && let Some(why) = refused()
        {
            return Err(AskError::Refused(why));
        }
        match answer.status {
            200 if answer.json().is_none() => Err(AskError::NoShopbell(place(), "no JSON")),
            200 => serde_json::from_str(&answer.text).map_err(|error| {
                AskError::Unreadable(format!("{} cannot be read ({error})", place()))
            }),
            401 => Err(at(format!(
                "refuses {ADMIN_TOKEN}: it has another one. If that is lost: shopbell connect FOLDER \
                 --renew {ADMIN_TOKEN}"
            ))),
            404 => Err(at(
                "knows no such Page, or is older than this command: publish, or deploy it again"
                    .to_owned(),
            )),
            _ => Err(at(answer.described())),
        }
    }

    /// Every Page that is published there.
    pub fn pages(&self) -> Result<Vec<PageId>, AskError> {
        let status: Value = self.get("/admin/status")?;
        let pages = status.get("pages").and_then(Value::as_array).cloned().unwrap_or_default();
        let id = |page: &Value| PageId::new(page.get("page")?.as_str()?).ok();
        let pages: Vec<PageId> = pages.iter().filter_map(id).collect();
        if pages.is_empty() { Err(AskError::NoPage) } else { Ok(pages) }
    }

    /// The Page of this id; the Worker's only one where none is said.
    pub fn page(&self, page: Option<&PageId>) -> Result<PageId, AskError> {
        if let Some(page) = page {
            return Ok(page.clone());
        }
        match &self.pages()?[..] {
            [only] => Ok(only.clone()),
            several => {
                let names: Vec<&str> = several.iter().map(PageId::as_str).collect();
                Err(AskError::WhichPage(names.join(", ")))
            }
        }
    }

    /// Asks every Desk of a Page.
    pub fn ask_all<T: DeserializeOwned>(
        &self,
        page: &PageId,
        query: &str,
    ) -> Result<Vec<Told<T>>, AskError> {
        let first: Told<T> = self.ask(page, 0, query)?;
        let shards = first.shards.unwrap_or(1);
        let mut all = vec![first];
        for shard in 1..shards {
            all.push(self.ask(page, shard, query)?);
        }
        Ok(all)
    }
}

/// The id of a Page, as an argument.
pub(super) fn page_id(text: &str) -> Result<PageId, String> {
    PageId::new(text).map_err(|error| error.to_string())
}

/// The id of a person, as an argument.
pub(super) fn person_id(text: &str) -> Result<Psid, String> {
    Psid::new(text).map_err(|error| error.to_string())
}
