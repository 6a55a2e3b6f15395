//! `shopbell review`: what Meta's app review asks for, written for exactly this shop.
//!
//! - [`permissions`]: what is asked for, and with which words. [`steps`]: what the reviewer does,
//!   played before it is written down. `papers`: the files.

mod papers;
pub mod permissions;
pub mod steps;

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use super::check;
use super::publish::Bundle;
use crate::shop::model::Shop;
use crate::time::UnixMs;
pub use papers::{Paper, papers};

/// Writes what Meta's app review asks for: the words for each permission that this shop needs and
/// for no other, a script for the film, instructions for the reviewer with answers that were played
/// before they were written down, and the answers on data handling.
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
    /// Where the Worker answers: `https://shopbell.<you>.workers.dev`.
    #[arg(long, value_name = "URL", env = "PUBLIC_URL", default_value = "https://YOUR-WORKER")]
    url: String,
}

/// Why nothing is written.
#[derive(Debug, thiserror::Error)]
enum ReviewError {
    #[error(transparent)]
    Shop(#[from] check::LoadError),
    #[error("the steps cannot be played: {0}")]
    Play(#[from] super::sim::ground::GroundError),
    #[error("cannot write {}: {source}", path.display())]
    Write { path: PathBuf, source: std::io::Error },
}

/// Writes the papers.
#[must_use]
pub fn run(args: &ReviewArgs) -> ExitCode {
    super::printed(review(args))
}

fn review(args: &ReviewArgs) -> Result<String, ReviewError> {
    let bundle = Bundle::of(check::load(&args.dir)?);
    let now: UnixMs = jiff::Timestamp::now().into();
    let papers = papers(&bundle, args.url.trim_end_matches('/'), now)?;
    let failed = |path: &PathBuf| {
        let path = path.clone();
        move |source| ReviewError::Write { path, source }
    };
    fs::create_dir_all(&args.out).map_err(failed(&args.out))?;
    let mut text = String::new();
    for Paper { name, text: content } in papers {
        let path = args.out.join(name);
        fs::write(&path, content).map_err(failed(&path))?;
        text += &format!("wrote {}\n", path.display());
    }
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
