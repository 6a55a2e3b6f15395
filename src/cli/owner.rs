//! What commands for the owner of a Worker share: its address, the token, and asking.

use std::process::ExitCode;
use std::time::Duration;

use reqwest::{Client, Method, Url};
use serde_json::Value;

use crate::meta::ids::PageId;

/// How long the Worker may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Why the Worker did not do what it was asked for.
#[derive(Debug, thiserror::Error)]
pub enum OwnerError {
    /// Not an id as Meta writes them.
    #[error("`{0}` is no id: digits, letters, _ and -, as the webhook writes it")]
    Id(String),
    /// Plain http to another computer.
    #[error("`{0}` is not https, and the token would travel in the open")]
    Address(String),
    /// There is none in the environment.
    #[error("ADMIN_TOKEN is not set: take the one the Worker has")]
    NoToken,
    /// Nothing came back.
    #[error("the Worker does not answer: {0}")]
    Silent(#[from] reqwest::Error),
    /// It said no.
    #[error("the Worker answers {status}: {says}")]
    Refused {
        /// Of HTTP.
        status: u16,
        /// Its words.
        says: String,
    },
    /// Nothing was published to it.
    #[error("no shop is published there: run `shopbell publish` first")]
    NoPage,
    /// It has several, and only one can be meant.
    #[error("the Worker has several Pages ({0}): say which, with --page")]
    WhichPage(String),
}

/// Runs a command and prints what kept it from working.
#[must_use]
pub fn run(command: impl Future<Output = Result<(), OwnerError>>) -> ExitCode {
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("error: {error}");
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// A way to a Worker, as its owner.
pub struct Owner {
    base: String,
    token: String,
    client: Client,
}

impl Owner {
    /// The Worker at this address, with `ADMIN_TOKEN` of the environment.
    ///
    /// # Errors
    /// The address is not closed, or there is no token.
    pub fn at(url: &str) -> Result<Self, OwnerError> {
        let base = base(url)?;
        let token = std::env::var("ADMIN_TOKEN").unwrap_or_default();
        if token.is_empty() {
            return Err(OwnerError::NoToken);
        }
        Ok(Self { base, token, client: Client::builder().timeout(PATIENCE).build()? })
    }

    /// Asks for a route of the owner's. The answer is its JSON, or null.
    ///
    /// # Errors
    /// The Worker does not answer, or says no.
    pub async fn ask(&self, method: Method, path: &str, body: String) -> Result<Value, OwnerError> {
        let request = self.client.request(method, format!("{}{path}", self.base));
        let response = request.bearer_auth(&self.token).body(body).send().await?;
        let status = response.status().as_u16();
        let says = response.text().await?;
        let json: Value = serde_json::from_str(&says).unwrap_or_default();
        if status == 200 {
            return Ok(json);
        }
        let says = json.get("error").and_then(Value::as_str).unwrap_or(&says);
        Err(OwnerError::Refused { status, says: says.chars().take(200).collect() })
    }

    /// Every Page that is published there.
    ///
    /// # Errors
    /// As [`Self::ask`], and when there is none.
    pub async fn pages(&self) -> Result<Vec<PageId>, OwnerError> {
        let status = self.ask(Method::GET, "/admin/status", String::new()).await?;
        let pages = status.get("pages").and_then(Value::as_array).cloned().unwrap_or_default();
        let id = |page: &Value| PageId::new(page.get("page")?.as_str()?).ok();
        let pages: Vec<PageId> = pages.iter().filter_map(id).collect();
        if pages.is_empty() { Err(OwnerError::NoPage) } else { Ok(pages) }
    }

    /// The Page, where there is no other.
    ///
    /// # Errors
    /// As [`Self::pages`], and when there are several.
    pub async fn only_page(&self) -> Result<PageId, OwnerError> {
        match &self.pages().await?[..] {
            [only] => Ok(only.clone()),
            several => {
                let names: Vec<&str> = several.iter().map(PageId::as_str).collect();
                Err(OwnerError::WhichPage(names.join(", ")))
            }
        }
    }
}

/// The address without a slash at its end; http only on this computer.
fn base(text: &str) -> Result<String, OwnerError> {
    let text = text.trim().trim_end_matches('/').to_owned();
    let url = Url::parse(&text).map_err(|_| OwnerError::Address(text.clone()))?;
    let local = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
    if url.scheme() == "https" || (url.scheme() == "http" && local) {
        Ok(text)
    } else {
        Err(OwnerError::Address(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_only_travels_closed_or_at_home() {
        for good in ["https://a.example/", "http://127.0.0.1:8787", "http://localhost:1/"] {
            assert!(base(good).is_ok_and(|base| !base.ends_with('/')), "{good}");
        }
        for bad in ["http://a.example", "ftp://a.example", "a.example", ""] {
            assert!(base(bad).is_err(), "{bad}");
        }
    }
}
