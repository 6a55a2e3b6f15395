//! `shopbell forget`: has the Worker delete everything it keeps of a person.

use std::process::ExitCode;
use std::time::Duration;

use reqwest::{Client, Url};
use serde_json::Value;

use crate::meta::ids::{PageId, Psid};

/// How long the Worker may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Deletes everything that is kept of a person.
///
/// The person is known by the id that their messages come with, as the webhook and the status
/// show it. `ADMIN_TOKEN` is taken from the environment. What is printed is the page that says how
/// far the deletion is.
#[derive(clap::Args)]
pub struct ForgetArgs {
    /// Whom to forget: their id on the Page or the Instagram account.
    person: String,
    /// Where the Worker answers: `https://shopbell.<you>.workers.dev`.
    #[arg(long, value_name = "URL", env = "PUBLIC_URL")]
    url: String,
    /// The Page's id. Left out: every Page of the Worker.
    #[arg(long, value_name = "ID")]
    page: Option<String>,
}

/// Why nothing was forgotten.
#[derive(Debug, thiserror::Error)]
enum ForgetError {
    #[error("`{0}` is no id: digits, letters, _ and -, as the webhook writes it")]
    Id(String),
    #[error("`{0}` is not https, and the token would travel in the open")]
    Address(String),
    #[error("ADMIN_TOKEN is not set: take the one the Worker has")]
    NoToken,
    #[error("the Worker does not answer: {0}")]
    Silent(#[from] reqwest::Error),
    #[error("the Worker answers {status}: {says}")]
    Refused { status: u16, says: String },
    #[error("no shop is published there: run `shopbell publish` first")]
    NoPage,
}

/// Forgets somebody.
#[must_use]
pub fn run(args: &ForgetArgs) -> ExitCode {
    let token = std::env::var("ADMIN_TOKEN").unwrap_or_default();
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("error: {error}");
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(forget(args, &token)) {
        Ok(pages) => {
            for page in pages {
                println!("{page}");
            }
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The pages that say how far it is.
async fn forget(args: &ForgetArgs, token: &str) -> Result<Vec<String>, ForgetError> {
    let person = Psid::new(&*args.person).map_err(|_| ForgetError::Id(args.person.clone()))?;
    let base = base(&args.url)?;
    if token.is_empty() {
        return Err(ForgetError::NoToken);
    }
    let client = Client::builder().timeout(PATIENCE).build()?;
    let pages = match &args.page {
        Some(page) => vec![PageId::new(&**page).map_err(|_| ForgetError::Id(page.clone()))?],
        None => {
            let request = client.get(format!("{base}/admin/status")).bearer_auth(token);
            let status = answer(request.send().await?).await?;
            let ids = status.get("pages").and_then(Value::as_array).cloned().unwrap_or_default();
            ids.iter().filter_map(|page| PageId::new(page.get("page")?.as_str()?).ok()).collect()
        }
    };
    if pages.is_empty() {
        return Err(ForgetError::NoPage);
    }
    let mut shown = Vec::with_capacity(pages.len());
    for page in pages {
        // Both are key parts, and need no escaping.
        let url = format!("{base}/admin/delete?page={page}&person={person}");
        let done = answer(client.post(url).bearer_auth(token).send().await?).await?;
        let url = done.get("url").and_then(Value::as_str).unwrap_or_default();
        shown.push(format!("{person} is forgotten on Page {page}: {url}"));
    }
    Ok(shown)
}

async fn answer(response: reqwest::Response) -> Result<Value, ForgetError> {
    let status = response.status().as_u16();
    let says = response.text().await?;
    if status != 200 {
        return Err(ForgetError::Refused { status, says: says.chars().take(200).collect() });
    }
    Ok(serde_json::from_str(&says).unwrap_or_default())
}

/// The address without a slash at its end; http only on this computer.
fn base(text: &str) -> Result<String, ForgetError> {
    let text = text.trim().trim_end_matches('/').to_owned();
    let url = Url::parse(&text).map_err(|_| ForgetError::Address(text.clone()))?;
    let local = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
    if url.scheme() == "https" || (url.scheme() == "http" && local) {
        Ok(text)
    } else {
        Err(ForgetError::Address(text))
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
