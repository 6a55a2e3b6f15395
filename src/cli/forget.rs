//! `shopbell forget`: has the Worker delete everything it keeps of a person.

use std::process::ExitCode;

use serde_json::Value;

use super::owner::{self, AskError, Owner};
use crate::meta::ids::{PageId, Psid};

/// Deletes everything that is kept of a person.
///
/// The person is known by the id that their messages come with, as the webhook and the status
/// show it. `ADMIN_TOKEN` is taken from the environment. What is printed is the page that says how
/// far the deletion is.
#[derive(clap::Args)]
pub struct ForgetArgs {
    /// Whom to forget: their id on the Page or the Instagram account.
    #[arg(value_parser = owner::person_id)]
    person: Psid,
    /// Where the Worker answers: `https://shopbell.<you>.workers.dev`.
    #[arg(long, value_name = "URL", env = "PUBLIC_URL")]
    url: String,
    /// The Page's id. Left out: every Page of the Worker.
    #[arg(long, value_name = "ID", value_parser = owner::page_id)]
    page: Option<PageId>,
}

/// Forgets somebody.
#[must_use]
pub fn run(args: &ForgetArgs) -> ExitCode {
    super::printed(forget(args))
}

/// The pages that say how far it is.
fn forget(args: &ForgetArgs) -> Result<String, AskError> {
    let person = &args.person;
    let owner = Owner::of(&args.url)?;
    let pages = match &args.page {
        Some(page) => vec![page.clone()],
        None => owner.pages()?,
    };
    let mut shown = String::new();
    for page in pages {
        // Both are key parts, and need no escaping.
        let path = format!("/admin/delete?page={page}&person={person}");
        let done: Value = owner.post(&path, String::new())?;
        let url = done.get("url").and_then(Value::as_str).unwrap_or_default();
        shown += &format!("{person} is forgotten on Page {page}: {url}\n");
    }
    Ok(shown)
}
