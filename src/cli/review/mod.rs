//! `shopbell review`: what Meta's app review asks for, written for exactly this shop.
//!
//! - [`permissions`]: what is asked for, and with which words. [`steps`]: what the reviewer does,
//!   played before it is written down. `papers`: the files. `written`: which were edited since.

mod papers;
pub mod permissions;
pub mod steps;
mod written;

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use super::check;
use super::doctor::http::{BadBase, Base};
use super::publish::Bundle;
use crate::shop::model::Shop;
use crate::time::UnixMs;
pub use papers::{Paper, papers};
use written::Written;

/// Writes what Meta's app review asks for, for exactly this shop.
///
/// That is the words for each permission that this shop needs and for no other, a script for the film,
/// instructions for the reviewer with answers that were played before they were written down, and the
/// answers on data handling.
///
/// Read README.md in the folder first: it says when no review is needed. Nothing is sent anywhere.
#[derive(clap::Args)]
pub struct ReviewArgs {
    /// The folder with the shop.toml.
    #[arg(default_value = ".")]
    dir: PathBuf,
    /// The folder to write into.
    #[arg(long, value_name = "DIR", default_value = "review")]
    out: PathBuf,
    /// Where the Worker answers: `https://shopbell.<you>.workers.dev`. Left out: a place is left for it.
    #[arg(long, value_name = "URL", env = "PUBLIC_URL")]
    url: Option<String>,
    /// Writes anew, too, what was edited since, and files that something else wrote.
    #[arg(long)]
    overwrite: bool,
}

/// Stands where the Worker's address belongs.
const NO_URL: &str = "https://YOUR-WORKER";

/// Why nothing is written.
#[derive(Debug, thiserror::Error)]
enum ReviewError {
    #[error(transparent)]
    Shop(#[from] check::LoadError),
    #[error("the steps cannot be played: {0}")]
    Play(#[from] super::sim::ground::GroundError),
    #[error(
        "--url: {0}; write the Worker's address as `shopbell deploy` said it: https://shopbell.<you>.workers.dev"
    )]
    Address(#[from] BadBase),
    #[error(
        "{} would be written over, and what stands there is not what this command wrote; nothing was \
         changed. Name another folder with --out, or let it be written over with --overwrite",
        names(.0)
    )]
    Others(Vec<PathBuf>),
    #[error("cannot write {}: {source}", path.display())]
    Write { path: PathBuf, source: std::io::Error },
}

fn names(paths: &[PathBuf]) -> String {
    paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ")
}

/// Writes the papers.
#[must_use]
pub fn run(args: &ReviewArgs) -> ExitCode {
    super::printed(review(args))
}

fn review(args: &ReviewArgs) -> Result<String, ReviewError> {
    let bundle = Bundle::of(check::load(&args.dir)?);
    let now: UnixMs = jiff::Timestamp::now().into();
    let base = args.url.as_deref().map(Base::new).transpose()?;
    let papers = papers(&bundle, base.as_ref().map_or(NO_URL, Base::as_str), now)?;
    let mut written = Written::read(&args.out);
    let others: Vec<PathBuf> = papers
        .iter()
        .filter(|paper| written.is_others(paper.name, &paper.text))
        .map(|paper| args.out.join(paper.name))
        .collect();
    if !others.is_empty() && !args.overwrite {
        return Err(ReviewError::Others(others));
    }
    let failed = |path: &PathBuf| {
        let path = path.clone();
        move |source| ReviewError::Write { path, source }
    };
    fs::create_dir_all(&args.out).map_err(failed(&args.out))?;
    let mut text = String::new();
    for Paper { name, text: content } in papers {
        let path = args.out.join(name);
        fs::write(&path, &content).map_err(failed(&path))?;
        written.note(name, &content);
        text += &format!("wrote {}\n", path.display());
    }
    written.keep().map_err(failed(&written.path()))?;
    if base.is_none() {
        text += &format!(
            "{NO_URL} stands where your Worker's address belongs: write them anew with --url once it is \
             deployed\n"
        );
    }
    text += &format!("read {} first\n", args.out.join("README.md").display());
    Ok(text)
}

/// Noon on each day of the week that begins then, and three in its first night, by the shop's clock.
#[must_use]
pub fn all_week(shop: &Shop, now: UnixMs) -> Vec<UnixMs> {
    let first = now.timestamp().to_zoned(shop.zone()).date();
    let at = |day: i64, hour: i8| {
        let date = first.checked_add(jiff::Span::new().days(day)).ok()?;
        let zoned = date.at(hour, 0, 0, 0).to_zoned(shop.zone()).ok()?;
        Some(UnixMs::from(zoned.timestamp()))
    };
    (0..7).filter_map(|day| at(day, 12)).chain(at(0, 3)).collect()
}
