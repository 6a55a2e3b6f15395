//! `shopbell forget`: has the Worker delete everything it keeps of a person.

use std::process::ExitCode;

use reqwest::Method;
use serde_json::Value;

use super::owner::{self, Owner, OwnerError};
use crate::meta::ids::{PageId, Psid};

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

/// Forgets somebody.
#[must_use]
pub fn run(args: &ForgetArgs) -> ExitCode {
    owner::run(async {
        for page in forget(args).await? {
            println!("{page}");
        }
        Ok(())
    })
}

/// The pages that say how far it is.
async fn forget(args: &ForgetArgs) -> Result<Vec<String>, OwnerError> {
    let person = Psid::new(&*args.person).map_err(|_| OwnerError::Id(args.person.clone()))?;
    let owner = Owner::at(&args.url)?;
    let pages = match &args.page {
        Some(page) => vec![PageId::new(&**page).map_err(|_| OwnerError::Id(page.clone()))?],
        None => owner.pages().await?,
    };
    let mut shown = Vec::with_capacity(pages.len());
    for page in pages {
        // Both are key parts, and need no escaping.
        let path = format!("/admin/delete?page={page}&person={person}");
        let done = owner.ask(Method::POST, &path, String::new()).await?;
        let url = done.get("url").and_then(Value::as_str).unwrap_or_default();
        shown.push(format!("{person} is forgotten on Page {page}: {url}"));
    }
    Ok(shown)
}
