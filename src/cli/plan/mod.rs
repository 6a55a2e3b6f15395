//! `shopbell plan`: who will be told what, when, by which way and rule, and who will not and why.
//!
//! - `input`: the recipients, of the Worker or of a file. `text` and `json`: how a plan is shown.

mod input;
mod json;
mod text;

use std::path::PathBuf;
use std::process::ExitCode;

use super::check::{self, Format};
use super::owner::{self, AskError};
use super::publish::Bundle;
use super::said::{self, Moment};
use crate::meta::ids::PageId;
use crate::outreach::plan::{Horizon, Planned, plan};
use crate::shop::model::Shop;
use crate::time::{DAY, UnixMs};

pub use input::{DeskRecipients, Snapshot};

/// Says who will be told what, when, by which way and rule, and who will not and why.
///
/// The same function plans in the Worker: a run there keeps its hash, which `shopbell report`
/// shows. Recipients are read from the Worker (ADMIN_TOKEN is taken from the environment) or from
/// a file that --save wrote. What people say and do until then nobody knows: a window that will
/// have closed counts as closed.
#[derive(clap::Args)]
pub struct PlanArgs {
    /// The folder with the shop.toml.
    #[arg(default_value = ".")]
    dir: PathBuf,
    /// Where the Worker answers: `https://shopbell.<you>.workers.dev`.
    #[arg(long, value_name = "URL", env = "PUBLIC_URL", required_unless_present = "from")]
    url: Option<String>,
    /// Only this Page.
    #[arg(long, value_name = "ID", value_parser = owner::page_id)]
    page: Option<PageId>,
    /// Reads the recipients from a file instead.
    #[arg(long, value_name = "FILE")]
    from: Option<PathBuf>,
    /// Writes the recipients to a file. It has ids of people in it, and no names or tokens.
    #[arg(long, value_name = "FILE", conflicts_with = "from")]
    save: Option<PathBuf>,
    /// Plans as if it were then: `2026-11-27T09:00` by the shop's clock, or with an offset or Z.
    #[arg(long, value_name = "TIME", value_parser = said::moment)]
    at: Option<Moment>,
    /// Everything of seven days, instead of the next time of each notification.
    #[arg(long)]
    week: bool,
    /// The sums alone, without a line for each recipient.
    #[arg(long)]
    totals: bool,
    /// How to print it.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Why there is no plan.
#[derive(Debug, thiserror::Error)]
enum PlanError {
    #[error(transparent)]
    Shop(#[from] check::LoadError),
    #[error(transparent)]
    Ask(#[from] AskError),
    #[error("cannot read {}: {source}", path.display())]
    Unreadable { path: PathBuf, source: std::io::Error },
    #[error("{} holds no recipients ({why}): let shopbell plan --save write it", path.display())]
    NoSnapshot { path: PathBuf, why: String },
    #[error("cannot write {}: {source}", path.display())]
    Unwritable { path: PathBuf, source: std::io::Error },
    #[error("the shop's clock has no such moment: write it with Z, 2026-11-27T07:00Z")]
    Time,
    #[error("shop.toml has no Page {0}")]
    NoPage(PageId),
}

/// One Desk's plan.
struct DeskPlan<'a> {
    shop: &'a Shop,
    shard: u32,
    shards: u32,
    planned: Vec<Planned<'a>>,
}

/// Plans.
#[must_use]
pub fn run(args: &PlanArgs) -> ExitCode {
    super::printed(show(args))
}

fn show(args: &PlanArgs) -> Result<String, PlanError> {
    let bundle = Bundle::of(check::load(&args.dir)?);
    if let Some(page) = &args.page
        && !bundle.shops.iter().any(|shop| shop.page.id == *page)
    {
        return Err(PlanError::NoPage(page.clone()));
    }
    let is_wanted = |shop: &&Shop| args.page.as_ref().is_none_or(|page| shop.page.id == *page);
    let shops: Vec<&Shop> = bundle.shops.iter().filter(is_wanted).collect();
    let snapshot = input::snapshot(args, &shops)?;
    shown(&shops, &snapshot, args.at, args.week, args.totals, args.format)
}

/// The plan of these shops for these recipients, as it is printed.
fn shown(
    shops: &[&Shop],
    snapshot: &Snapshot,
    at: Option<Moment>,
    week: bool,
    totals: bool,
    format: Format,
) -> Result<String, PlanError> {
    let mut desks = Vec::new();
    for shop in shops {
        let from = match at {
            Some(at) => at.by(&shop.zone()).ok_or(PlanError::Time)?,
            None => UnixMs::from(jiff::Timestamp::now()),
        };
        let horizon = if week { Horizon::Until(from.plus(7 * DAY)) } else { Horizon::Next };
        for desk in snapshot.desks.iter().filter(|desk| desk.page == shop.page.id) {
            let planned = plan(shop, &desk.recipients, from, horizon);
            desks.push(DeskPlan { shop, shard: desk.shard, shards: desk.shards, planned });
        }
    }
    Ok(match format {
        Format::Text => text::plan(&desks, totals),
        Format::Json => json::plan(&desks, totals),
    })
}
