//! `shopbell funnel`: what brought people, and how far they went.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::ValueEnum;
use serde_json::json;

use super::check::{self, Format};
use super::owner::{self, AskError, Owner};
use crate::meta::ids::PageId;
use crate::outreach::told::{Funnel, FunnelLine, PosterLine};

/// Says what brought people, and how far they went.
///
/// Counted are scans, conversations, opt-ins, and what of their notifications was delivered, read, and
/// tapped.
///
/// A scan is a poster's link opened by a phone or a computer; previews and crawlers are not
/// counted. "page" are scans that led to the shop's contact page, "comment" comments that were
/// answered privately. A conversation is an arrival in
/// the thread; "new" are those of people who were there for the first time. Days are the shop's.
/// ADMIN_TOKEN is taken from the environment.
#[derive(clap::Args)]
pub struct FunnelArgs {
    /// The folder with the shop.toml.
    #[arg(default_value = ".")]
    dir: PathBuf,
    /// Where the Worker answers: `https://shopbell.<you>.workers.dev`.
    #[arg(long, value_name = "URL", env = "PUBLIC_URL")]
    url: String,
    /// Only this Page.
    #[arg(long, value_name = "ID", value_parser = owner::page_id)]
    page: Option<PageId>,
    /// Of so many days, today included.
    #[arg(long, value_name = "N", default_value_t = 30, value_parser = clap::value_parser!(u16).range(1..=400))]
    days: u16,
    /// One line for each of these.
    #[arg(long, value_enum, default_value_t)]
    by: By,
    /// How to print it.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// What the lines stand for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum By {
    /// What brought them: a poster, an ad, a ref.
    #[default]
    Source,
    /// The topic they agreed to.
    Topic,
    /// The branch it counts for.
    Branch,
    /// The campaign it is part of.
    Campaign,
    /// The day.
    Day,
}

/// Why there is nothing to show.
#[derive(Debug, thiserror::Error)]
enum FunnelError {
    #[error(transparent)]
    Shop(#[from] check::LoadError),
    #[error(transparent)]
    Ask(#[from] AskError),
}

/// Shows the funnel.
#[must_use]
pub fn run(args: &FunnelArgs) -> ExitCode {
    super::printed(show(args))
}

fn show(args: &FunnelArgs) -> Result<String, FunnelError> {
    let owner = Owner::of(&args.url)?;
    let pages: Vec<PageId> = match &args.page {
        Some(page) => vec![page.clone()],
        None => check::load(&args.dir)?.into_iter().map(|shop| shop.page.id).collect(),
    };
    let mut told = Vec::new();
    for page in pages {
        let query = format!("/admin/funnel?days={}", args.days);
        let desks = owner.ask_all::<Funnel>(&page, &query)?;
        told.extend(desks.into_iter().map(|desk| (page.clone(), desk.answer)));
    }
    Ok(match args.format {
        Format::Text => for_people(&sums(&told, args.by), args.by),
        Format::Json => for_machines(&told),
    })
}

/// The stages, in order.
const STAGES: [&str; 10] = [
    "scan",
    "page",
    "comment",
    "conversation",
    "new",
    "optin",
    "delivered",
    "read",
    "clicked",
    "redeemed",
];

/// How often each stage was reached, in the order of [`STAGES`].
pub type Counts = [i64; STAGES.len()];

/// The counts over all Desks, by what the lines stand for.
#[must_use]
pub fn sums(told: &[(PageId, Funnel)], by: By) -> BTreeMap<String, Counts> {
    let mut sums: BTreeMap<String, Counts> = BTreeMap::new();
    for (page, funnel) in told {
        for line in &funnel.lines {
            let counts = sums.entry(named(page, funnel, line, by)).or_default();
            let stage = STAGES.iter().position(|stage| *stage == line.stage);
            if let Some(count) = stage.and_then(|at| counts.get_mut(at)) {
                *count = count.saturating_add(line.n);
            }
        }
    }
    sums
}

fn named(page: &PageId, funnel: &Funnel, line: &FunnelLine, by: By) -> String {
    let poster = poster(funnel, line);
    let or_none = |name: Option<&String>| name.cloned().unwrap_or_else(|| "–".to_owned());
    match by {
        By::Source => match poster.and_then(|poster| poster.place.as_ref()) {
            Some(place) => format!("{} ({place})", line.source),
            None => line.source.clone(),
        },
        By::Topic if line.topic.is_empty() => "–".to_owned(),
        By::Topic => line.topic.clone(),
        By::Branch => {
            let own = poster.and_then(|poster| poster.branch.as_ref());
            own.or(funnel.branch.as_ref()).cloned().unwrap_or_else(|| format!("Page {page}"))
        }
        By::Campaign => or_none(poster.and_then(|poster| poster.campaign.as_ref())),
        By::Day => line.day.clone(),
    }
}

fn poster<'f>(funnel: &'f Funnel, line: &FunnelLine) -> Option<&'f PosterLine> {
    let code = line.source.strip_prefix("poster:")?;
    funnel.posters.iter().find(|poster| poster.code.as_str() == code)
}

/// A table for people.
#[must_use]
pub fn for_people(sums: &BTreeMap<String, Counts>, by: By) -> String {
    if sums.is_empty() {
        return "nobody came in these days\n".to_owned();
    }
    let heading = format!("{by:?}").to_lowercase();
    let names = sums.keys().map(|name| name.chars().count()).chain([heading.len(), 5]);
    let width = names.max().unwrap_or_default();
    let line = |name: &str, cells: &[String]| {
        let padding = width.saturating_sub(name.chars().count());
        let cells: String = cells
            .iter()
            .zip(STAGES)
            .map(|(cell, stage)| format!("  {cell:>width$}", width = stage.len().max(5)))
            .collect();
        format!("{name}{}{cells}\n", " ".repeat(padding))
    };
    let cells = |counts: &Counts| counts.map(|n| n.to_string());
    let mut text = line(&heading, &STAGES.map(str::to_owned));
    let mut total = Counts::default();
    for (name, counts) in sums {
        text += &line(name, &cells(counts));
        for (sum, n) in total.iter_mut().zip(counts) {
            *sum = sum.saturating_add(*n);
        }
    }
    if sums.len() > 1 {
        text += &line("total", &cells(&total));
    }
    text
}

/// One object a line, as the Desks have it.
fn for_machines(told: &[(PageId, Funnel)]) -> String {
    let lines = told.iter().flat_map(|(page, funnel)| {
        funnel.lines.iter().map(move |line| {
            let poster = poster(funnel, line);
            json!({
                "page": page, "day": line.day, "source": line.source, "topic": line.topic,
                "stage": line.stage, "n": line.n,
                "branch": poster.and_then(|poster| poster.branch.as_ref()).or(funnel.branch.as_ref()),
                "campaign": poster.and_then(|poster| poster.campaign.as_ref()),
            })
        })
    });
    lines.map(|line| format!("{line}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::meta::ids::PosterCode;

    fn told() -> Vec<(PageId, Funnel)> {
        let line = |day: &str, source: &str, topic: &str, stage: &str, n| FunnelLine {
            day: day.into(),
            source: source.into(),
            topic: topic.into(),
            stage: stage.into(),
            n,
        };
        let poster = PosterLine {
            code: PosterCode::new("DOOR").unwrap(),
            place: Some("the door".into()),
            branch: Some("Old Town".into()),
            campaign: Some("spring".into()),
        };
        let first = Funnel {
            lines: vec![
                line("2026-11-18", "poster:DOOR", "", "scan", 10),
                line("2026-11-18", "poster:DOOR", "", "conversation", 4),
                line("2026-11-18", "poster:DOOR", "news", "optin", 2),
                line("2026-11-17", "ref:mail", "", "conversation", 1),
            ],
            posters: vec![poster],
            branch: Some("Centre".into()),
        };
        // The second Desk of the same Page.
        let second = Funnel {
            lines: vec![line("2026-11-18", "poster:DOOR", "", "conversation", 3)],
            ..first.clone()
        };
        let page = PageId::new("1").unwrap();
        vec![(page.clone(), first), (page, second)]
    }

    #[test]
    fn desks_add_up_by_what_is_asked_for() {
        let sum = |by| {
            let sums = sums(&told(), by);
            sums.into_iter().map(|(name, c)| (name, [c[0], c[3], c[5]])).collect::<Vec<_>>()
        };
        let line = |name: &str, counts| (name.to_owned(), counts);
        assert_eq!(
            sum(By::Source),
            [line("poster:DOOR (the door)", [10, 7, 2]), line("ref:mail", [0, 1, 0])]
        );
        assert_eq!(sum(By::Branch), [line("Centre", [0, 1, 0]), line("Old Town", [10, 7, 2])]);
        assert_eq!(sum(By::Campaign), [line("spring", [10, 7, 2]), line("–", [0, 1, 0])]);
        assert_eq!(sum(By::Topic), [line("news", [0, 0, 2]), line("–", [10, 8, 0])]);
        assert_eq!(sum(By::Day), [line("2026-11-17", [0, 1, 0]), line("2026-11-18", [10, 7, 2])]);
    }

    #[test]
    fn people_read_a_table_and_machines_lines() {
        let text = for_people(&sums(&told(), By::Day), By::Day);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 4);
        assert!(lines[0].starts_with("day") && lines[3].starts_with("total"), "{text}");
        assert!(
            lines[3].contains("10") && lines.iter().all(|l| l.len() == lines[0].len()),
            "{text}"
        );
        assert_eq!(for_people(&BTreeMap::new(), By::Day), "nobody came in these days\n");
        let json = for_machines(&told());
        assert_eq!(json.lines().count(), 5);
        assert!(json.contains("\"branch\":\"Old Town\"") && json.contains("\"branch\":\"Centre\""));
    }
}
