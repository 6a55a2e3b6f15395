//! `shopbell consent`: what somebody agreed to, and the proof of it.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use serde_json::{Value, json};

use super::check::{self, Format};
use super::owner::{self, AskError, Owner, Told};
use crate::meta::ids::{PageId, Psid};
use crate::outreach::receipt::{Broken, LinkLine, verify};
use crate::outreach::told::{Chain, PersonConsents};

/// Shows what somebody agreed to, and verifies the receipts of it.
///
/// Each receipt says what was shown, when, and by which event of Meta's it came. It is verified
/// against the chain of all receipts of the Page, which is read from its beginning. Note the head
/// that is printed: with --head a later call proves that nothing before it was written anew.
/// ADMIN_TOKEN is taken from the environment.
#[derive(clap::Args)]
pub struct ConsentArgs {
    /// Whose: their id on the Page or the Instagram account, as the webhook and the plan show it.
    #[arg(value_parser = owner::person_id)]
    person: Psid,
    /// The folder with the shop.toml.
    #[arg(default_value = ".")]
    dir: PathBuf,
    /// Where the Worker answers: `https://shopbell.<you>.workers.dev`.
    #[arg(long, value_name = "URL", env = "PUBLIC_URL")]
    url: String,
    /// On this Page. Left out: on every Page of shop.toml.
    #[arg(long, value_name = "ID", value_parser = owner::page_id)]
    page: Option<PageId>,
    /// A head of the chain that was noted earlier.
    #[arg(long, value_name = "HEX")]
    head: Option<String>,
    /// How to print it.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Why nothing is proved.
#[derive(Debug, thiserror::Error)]
enum ConsentError {
    #[error(transparent)]
    Shop(#[from] check::LoadError),
    #[error(transparent)]
    Ask(#[from] AskError),
    #[error("Page {page}: the chain of receipts does not hold: {why}")]
    Broken { page: PageId, why: Broken },
}

/// Shows and verifies.
#[must_use]
pub fn run(args: &ConsentArgs) -> ExitCode {
    super::printed(show(args))
}

fn show(args: &ConsentArgs) -> Result<String, ConsentError> {
    let owner = Owner::of(&args.url)?;
    let pages: Vec<PageId> = match &args.page {
        Some(page) => vec![page.clone()],
        None => check::load(&args.dir)?.into_iter().map(|shop| shop.page.id).collect(),
    };
    let mut text = String::new();
    for page in pages {
        let query = format!("/admin/consent?person={}", args.person);
        let told: Told<PersonConsents> = owner.ask(&page, 0, &query)?;
        let chain = chain(&owner, &page, told.shard)?;
        verify(&page, &chain, &told.answer.receipts, args.head.as_deref())
            .map_err(|why| ConsentError::Broken { page: page.clone(), why })?;
        text += &match args.format {
            Format::Text => for_people(&page, &told.answer, &chain),
            Format::Json => for_machines(&page, &told.answer, &chain),
        };
    }
    Ok(text)
}

/// The whole chain of a Desk.
fn chain(owner: &Owner, page: &PageId, shard: u32) -> Result<Vec<LinkLine>, AskError> {
    let mut links = Vec::new();
    let mut after = 0;
    loop {
        let query = format!("/admin/receipts?after={after}");
        let told: Told<Chain> = owner.ask(page, shard, &query)?;
        links.extend(told.answer.links);
        match told.answer.next {
            Some(next) => after = next,
            None => return Ok(links),
        }
    }
}

fn for_people(page: &PageId, told: &PersonConsents, chain: &[LinkLine]) -> String {
    let mut text = format!("Page {page}\n");
    if told.consents.is_empty() && told.receipts.is_empty() {
        text += "  nothing is known of this person\n";
    }
    for consent in &told.consents {
        let _ = writeln!(
            text,
            "  {}: {} since {}, by {}",
            consent.topic, consent.status, consent.changed_at, consent.source
        );
    }
    for receipt in &told.receipts {
        let body: Value = serde_json::from_str(&receipt.body).unwrap_or_default();
        let field = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default();
        let (said, topic, at) = (field("said"), field("topic"), field("at"));
        let _ = writeln!(text, "  receipt {}: {said} \"{topic}\" at {at}", receipt.seq);
        if let Some(shown) = body.get("shown") {
            let shown_field =
                |name: &str| shown.get(name).and_then(Value::as_str).unwrap_or_default();
            let _ = writeln!(
                text,
                "    was shown \"{}\" in {}, {}{}",
                shown_field("title"),
                shown_field("language"),
                shown_field("promise"),
                match shown_field("image") {
                    "" => String::new(),
                    image => format!(", with {image}"),
                },
            );
        }
        let _ = writeln!(text, "    by event {}", field("event"));
    }
    let head = chain.last().map_or("none", |link| link.link.as_str());
    let _ = writeln!(
        text,
        "  verified: {} of {} receipts in the chain, head {head}\n",
        told.receipts.len(),
        chain.len(),
    );
    text
}

fn for_machines(page: &PageId, told: &PersonConsents, chain: &[LinkLine]) -> String {
    let head = chain.last().map(|link| link.link.as_str());
    let mut lines = vec![json!({
        "page": page, "consents": told.consents, "chain": chain.len(), "head": head,
        "verified": true,
    })];
    lines.extend(told.receipts.iter().map(|receipt| {
        let body: Value = serde_json::from_str(&receipt.body).unwrap_or_default();
        json!({ "seq": receipt.seq, "salt": receipt.salt, "receipt": body, "bytes": receipt.body })
    }));
    lines.iter().map(|line| format!("{line}\n")).collect()
}
