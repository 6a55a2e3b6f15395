//! `shopbell shards`: among how many Desks a Page's people are divided, and moving them.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde::Deserialize;

use super::check;
use super::owner::{self, AskError, Owner};
use crate::meta::ids::PageId;

/// Says among how many Desks a Page's people are divided, and moves them.
///
/// With --move they are divided as shop.toml says. `shards` in shop.toml is a wish until then: publishing
/// another number changes nothing by itself. While people are moved the assistant keeps what comes in and
/// answers it right after; that takes seconds for thousands of people, minutes for a hundred thousand.
/// The Worker goes on by itself if this command is ended, or the Worker is. ADMIN_TOKEN is taken from the
/// environment.
#[derive(clap::Args)]
pub struct ShardsArgs {
    /// The folder with the shop.toml.
    #[arg(default_value = ".")]
    dir: PathBuf,
    /// Where the Worker answers: `https://shopbell.<you>.workers.dev`.
    #[arg(long, value_name = "URL", env = "PUBLIC_URL")]
    url: String,
    /// Only this Page's.
    #[arg(long, value_name = "ID", value_parser = owner::page_id)]
    page: Option<PageId>,
    /// Moves people where the number differs, and waits for it.
    #[arg(long = "move")]
    moves: bool,
    /// How long to wait for one Page, in seconds.
    #[arg(long, default_value_t = 600, value_name = "SECONDS")]
    wait: u64,
}

/// Why people are not where shop.toml wants them.
#[derive(Debug, thiserror::Error)]
enum ShardsError {
    #[error(transparent)]
    Shop(#[from] check::LoadError),
    #[error(transparent)]
    Ask(#[from] AskError),
    #[error("Page {0}: {1}")]
    Page(PageId, String),
    #[error(
        "Page {page}: its people are divided among {is} Desks, shop.toml says {wanted}: \
         move them with --move"
    )]
    Differs { page: PageId, is: u32, wanted: u32 },
    #[error(
        "Page {0}: people are still being moved after {1} s; the Worker goes on, ask again later"
    )]
    Late(PageId, u64),
}

/// What `/admin/shards` says.
#[derive(Deserialize)]
struct Told {
    pages: Vec<PageTold>,
}

#[derive(Deserialize)]
struct PageTold {
    #[serde(default)]
    shards: u32,
    moving_to: Option<u32>,
    error: Option<String>,
}

/// Shows, or moves.
#[must_use]
pub fn run(args: &ShardsArgs) -> ExitCode {
    super::printed(show(args))
}

fn show(args: &ShardsArgs) -> Result<String, ShardsError> {
    let owner = Owner::of(&args.url)?;
    let mut text = String::new();
    let mut differs = None;
    for shop in check::load(&args.dir)? {
        let (page, wanted) = (shop.page.id, shop.page.shards);
        if args.page.as_ref().is_some_and(|only| *only != page) {
            continue;
        }
        let mut told = ask(&owner, &page)?;
        if args.moves && (told.shards != wanted || told.moving_to.is_some()) {
            told = moved(&owner, &page, wanted, args.wait)?;
        }
        let desks = check::counted(usize::try_from(told.shards).unwrap_or(usize::MAX), "Desk");
        let _ = match told.moving_to {
            Some(to) => writeln!(text, "Page {page}: {desks}; people are being moved to {to}"),
            None => writeln!(text, "Page {page}: {desks}"),
        };
        if told.shards != wanted && told.moving_to.is_none() {
            differs.get_or_insert(ShardsError::Differs { page, is: told.shards, wanted });
        }
    }
    match differs {
        Some(differs) => Err(differs),
        None => Ok(text),
    }
}

fn ask(owner: &Owner, page: &PageId) -> Result<PageTold, ShardsError> {
    told(page, owner.get(&format!("/admin/shards?page={page}"))?)
}

fn told(page: &PageId, told: Told) -> Result<PageTold, ShardsError> {
    let first = told.pages.into_iter().next();
    let first = first.ok_or_else(|| ShardsError::Page(page.clone(), "it is not there".into()))?;
    match first.error {
        Some(why) => Err(ShardsError::Page(page.clone(), why)),
        None => Ok(first),
    }
}

fn moved(owner: &Owner, page: &PageId, to: u32, wait: u64) -> Result<PageTold, ShardsError> {
    let until = Instant::now() + Duration::from_secs(wait);
    let path = format!("/admin/shards?page={page}&to={to}");
    let mut state = told(page, owner.post(&path, String::new())?)?;
    while state.moving_to.is_some() {
        if Instant::now() > until {
            return Err(ShardsError::Late(page.clone(), wait));
        }
        sleep(Duration::from_millis(300));
        state = ask(owner, page)?;
    }
    Ok(state)
}
