//! `shopbell template`: hands utility templates in at Meta, and says how they stand.

use std::fmt::Write as _;
use std::process::ExitCode;

use serde::Deserialize;
use serde_json::Value;

use super::owner::{self, AskError, Owner};
use super::shown::plain;
use crate::meta::ids::PageId;
use crate::outreach::notice::Stands;

/// Hands in texts that Meta has to approve, and says how they stand.
///
/// They tell people what they are waiting for when the 24 hours are over; within them no approval is
/// needed. They stand in shop.toml as [[template]]; publish before you hand them in. A text that was
/// changed is another template to Meta, and has to be handed in again. ADMIN_TOKEN is taken from the
/// environment.
#[derive(clap::Args)]
pub struct TemplateArgs {
    #[command(subcommand)]
    act: Act,
}

#[derive(clap::Subcommand)]
enum Act {
    /// Hands in what Meta has not seen yet, and says how all of them stand.
    Create(Where),
    /// Asks Meta how they stand.
    Status(Where),
    /// Says how they stand as far as the Worker has heard, without asking Meta.
    List(Where),
}

#[derive(clap::Args)]
struct Where {
    /// Where the Worker answers: `https://shopbell.<you>.workers.dev`.
    #[arg(long, value_name = "URL", env = "PUBLIC_URL")]
    url: String,
    /// Only this Page.
    #[arg(long, value_name = "ID", value_parser = owner::page_id)]
    page: Option<PageId>,
}

#[derive(Deserialize)]
struct Answer {
    pages: Vec<OfPage>,
}

#[derive(Deserialize)]
struct OfPage {
    page: PageId,
    #[serde(default)]
    answer: Option<Told>,
    #[serde(default)]
    error: Option<String>,
}

#[derive(Deserialize)]
struct Told {
    templates: Vec<Stands>,
    #[serde(default)]
    refused: Vec<Value>,
}

/// Does it.
#[must_use]
pub fn run(args: &TemplateArgs) -> ExitCode {
    match show(args) {
        Ok((text, fine)) => {
            print!("{}", plain(&text));
            if fine { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(why) => {
            eprintln!("error: {}", plain(&why.to_string()));
            ExitCode::FAILURE
        }
    }
}

/// What is printed, and whether Meta refused nothing.
fn show(args: &TemplateArgs) -> Result<(String, bool), AskError> {
    let (Act::Create(at) | Act::Status(at) | Act::List(at)) = &args.act;
    let owner = Owner::of(&at.url)?;
    let page = at.page.as_ref().map(|page| format!("&page={page}")).unwrap_or_default();
    let answer: Answer = match &args.act {
        Act::Create(_) => owner.post(&format!("/admin/templates?{page}"), String::new())?,
        Act::Status(_) => owner.get(&format!("/admin/templates?look=1{page}"))?,
        Act::List(_) => owner.get(&format!("/admin/templates?{page}"))?,
    };
    let mut text = String::new();
    let mut fine = true;
    for of in &answer.pages {
        let _ = writeln!(text, "Page {}", of.page);
        if let Some(error) = &of.error {
            fine = false;
            let _ = writeln!(text, "  {error}");
        }
        let Some(told) = &of.answer else { continue };
        if told.templates.is_empty() {
            let _ = writeln!(text, "  shop.toml has no [[template]], or it is not published");
        }
        for stands in &told.templates {
            let says = match (stands.status.as_deref(), stands.category.as_deref()) {
                (None, _) => "not handed in: shopbell template create".to_owned(),
                (Some("APPROVED"), Some("UTILITY") | None) => "approved".to_owned(),
                (Some(status), category) => {
                    let why = stands.reason.as_ref().map(|why| format!(": {why}"));
                    let moved = category.filter(|category| *category != "UTILITY");
                    let moved = moved.map(|to| format!(", Meta calls it {to}"));
                    let status = status.to_lowercase();
                    format!("{status}{}{}", moved.unwrap_or_default(), why.unwrap_or_default())
                }
            };
            let _ = writeln!(text, "  {} ({}): {says}", stands.template, stands.language);
        }
        for refused in &told.refused {
            fine = false;
            let word = |key: &str| refused.get(key).and_then(Value::as_str).unwrap_or("?");
            let (template, language) = (word("template"), word("language"));
            let _ = writeln!(text, "  {template} ({language}) was not taken: {}", word("says"));
        }
    }
    Ok((text, fine))
}
