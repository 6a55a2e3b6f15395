//! What the owner asks a Worker: `/admin/…`, with the secret from the environment.

use std::time::Duration;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::doctor::http::{Base, Http};
use crate::meta::ids::PageId;

/// How long the Worker may take to answer.
const PATIENCE: Duration = Duration::from_secs(30);
/// More of an answer is not read, in bytes: a page of a thousand consents is less than one.
const MOST: usize = 16 * 1024 * 1024;
/// Where the secret comes from.
const ADMIN_TOKEN: &str = "ADMIN_TOKEN";

/// Why the Worker could not be asked.
#[derive(Debug, thiserror::Error)]
pub(super) enum AskError {
    #[error("the Worker's address {0}; write it as https://shopbell.<you>.workers.dev")]
    Address(String),
    #[error("set {ADMIN_TOKEN} in the environment to the Worker's: this is for the owner")]
    NoToken,
    #[error("the Worker {0}")]
    Worker(String),
    #[error("the Worker's answer cannot be read ({0}): deploy the version of this command")]
    Unreadable(String),
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
        let path = format!("{query}{sign}page={page}&shard={shard}");
        let request = self.http.get(&self.base.join(&path)).bearer_auth(&self.token);
        let answer = self.runtime.block_on(self.http.send(request));
        let answer = answer.map_err(|trouble| AskError::Worker(trouble.to_string()))?;
        match answer.status {
            200 => serde_json::from_str(&answer.text)
                .map_err(|error| AskError::Unreadable(error.to_string())),
            401 => Err(AskError::Worker(format!(
                "refuses {ADMIN_TOKEN}: it has another one (scripts/wrangler secret list)"
            ))),
            404 => Err(AskError::Worker(format!(
                "knows no Page {page}, or is older than this command: publish, or deploy it again"
            ))),
            _ => Err(AskError::Worker(answer.described())),
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

/// A value as it stands in a query: everything but letters, digits and `-_.~` is escaped.
pub(super) fn escaped(text: &str) -> String {
    text.bytes().fold(String::new(), |mut escaped, byte| {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            escaped += &format!("%{byte:02X}");
        }
        escaped
    })
}
