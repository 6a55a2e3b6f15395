//! `shopbell misses`: what customers asked in vain, as lines for `shop.toml`.
//!
//! - `report`: what the Worker tells. `groups`: like questions together, each beside the entry it
//!   is nearest to. `patch`: the same as a change to the file.

mod groups;
mod patch;
mod report;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde_json::json;

use super::check::{self, Format, counted};
use super::owner::{self, AskError, Owner};
use super::publish::Bundle;
use super::shown::one_line;
use crate::faq::Model;
use crate::meta::ids::PageId;

pub use groups::{Group, Groups, Question, grouped};
pub use patch::{ChangeError, changed, unified};
pub use report::{DeskReport, Report, ReportError};

/// Fetches what customers asked in vain, and writes it as lines for shop.toml.
///
/// They are kept only if shop.toml has `keep_misses_days` under [assistant]. With --patch the
/// change is printed as a patch for `git apply` or `patch -p1`; read it before you use it.
/// ADMIN_TOKEN is taken from the environment.
#[derive(clap::Args)]
pub struct MissesArgs {
    /// The folder with the shop.toml.
    #[arg(default_value = ".")]
    dir: PathBuf,
    /// Where the Worker answers: `https://shopbell.<you>.workers.dev`.
    #[arg(long, value_name = "URL", env = "PUBLIC_URL", required_unless_present = "from")]
    url: Option<String>,
    /// Only this Page's.
    #[arg(long, value_name = "ID", value_parser = owner::page_id)]
    page: Option<PageId>,
    /// Reads what the Worker said from a file instead.
    #[arg(long, value_name = "FILE")]
    from: Option<PathBuf>,
    /// Prints the change to shop.toml as a patch, and nothing else.
    #[arg(long)]
    patch: bool,
    /// How to print the questions.
    #[arg(long, value_enum, default_value_t, conflicts_with = "patch")]
    format: Format,
}

/// Why there is nothing to show.
#[derive(Debug, thiserror::Error)]
enum MissesError {
    #[error(transparent)]
    Shop(#[from] check::LoadError),
    #[error("cannot read {}: {source}", path.display())]
    Unreadable { path: PathBuf, source: std::io::Error },
    #[error(transparent)]
    Ask(#[from] AskError),
    #[error(transparent)]
    Report(#[from] ReportError),
    #[error(transparent)]
    Change(#[from] ChangeError),
    #[error("cannot write JSON: {0}")]
    Json(#[from] serde_json::Error),
}

/// Shows what was asked in vain.
#[must_use]
pub fn run(args: &MissesArgs) -> ExitCode {
    super::printed(show(args))
}

fn show(args: &MissesArgs) -> Result<String, MissesError> {
    let bundle = Bundle::of(check::load(&args.dir)?);
    let report = Report::read(&told(args)?)?;
    for desk in &report.desks {
        if let Some(why) = &desk.error {
            eprintln!("Page {}: its Desk does not answer: {why}", desk.page);
        } else if desk.keep_days.is_none() {
            eprintln!(
                "Page {}: no questions are kept; add keep_misses_days = 30 to [assistant] and publish",
                desk.page
            );
        }
    }
    let Some(shop) = bundle.shops.first() else { return Ok(String::new()) };
    let model = bundle.model.as_ref().and_then(|(_, bytes)| Model::load(bytes.clone()).ok());
    let groups = grouped(shop, model.as_ref(), report.misses(args.page.as_ref()));
    if args.patch {
        let (path, source) = check::read(&args.dir)?;
        return Ok(unified(&source, &changed(&source, &groups)?, &path));
    }
    match args.format {
        Format::Text => Ok(for_people(&groups)),
        Format::Json => groups
            .groups
            .iter()
            .map(|group| Ok(format!("{}\n", serde_json::to_string(&json!(group))?)))
            .collect(),
    }
}

fn told(args: &MissesArgs) -> Result<String, MissesError> {
    if let Some(path) = &args.from {
        return std::fs::read_to_string(path)
            .map_err(|source| MissesError::Unreadable { path: path.clone(), source });
    }
    let query = args.page.as_ref().map(|page| format!("?page={page}")).unwrap_or_default();
    let owner = Owner::of(args.url.as_deref().unwrap_or_default())?;
    let told: serde_json::Value = owner.get(&format!("/admin/misses{query}"))?;
    Ok(told.to_string())
}

/// The questions for people, each group with the lines to add.
#[must_use]
pub fn for_people(groups: &Groups) -> String {
    let mut text = String::new();
    for group in &groups.groups {
        let nearest = match (&group.entry, &group.nearest) {
            (Some(entry), _) => format!("close to \"{entry}\""),
            (None, Some(nearest)) => {
                format!("like nothing; nearest is \"{}\", p {:.2}", nearest.entry, nearest.p)
            }
            (None, None) => "like nothing".to_owned(),
        };
        let newest = group.newest.utc_date();
        let times = if group.times == 1 { "once".to_owned() } else { format!("{}x", group.times) };
        text += &format!("{times}, last on {newest}, {}, {nearest}\n", group.lang.0);
        for question in &group.questions {
            let times =
                if question.times == 1 { String::new() } else { format!(" ({}x)", question.times) };
            text += &format!("   {}{times}\n", one_line(&question.text));
        }
        text += "\n";
    }
    let asked: u32 = groups.groups.iter().map(|group| group.times).fold(0, u32::saturating_add);
    let found = counted(usize::try_from(asked).unwrap_or(usize::MAX), "question");
    text += &format!("{found} in {} without an answer", counted(groups.groups.len(), "group"));
    if groups.answered > 0 {
        let more = usize::try_from(groups.answered).unwrap_or(usize::MAX);
        text += &format!("; {} would be answered by now", counted(more, "more question"));
    }
    if !groups.groups.is_empty() {
        text += "\n--patch prints what to add to shop.toml";
    }
    text + "\n"
}

/// The name a patch has for the file: as given, when it leads there from here.
fn patch_name(path: &Path) -> String {
    let relative = path.is_relative()
        && !path.components().any(|part| matches!(part, std::path::Component::ParentDir));
    let parts: Vec<String> = path
        .components()
        .filter(|part| matches!(part, std::path::Component::Normal(_)))
        .map(|part| part.as_os_str().to_string_lossy().into_owned())
        .collect();
    match parts.last() {
        Some(_) if relative => parts.join("/"),
        Some(last) => last.clone(),
        None => check::SHOP_FILE.to_owned(),
    }
}
