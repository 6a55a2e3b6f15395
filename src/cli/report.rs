//! `shopbell report`: what became of the notifications.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use serde_json::json;

use super::check::{self, Format};
use super::owner::{self, AskError, Owner, Told};
use super::reconcile;
use crate::meta::ids::PageId;
use crate::meta::marketing::money::Money;
use crate::outreach::told::Report;
use crate::store::ledger::ONCE;

/// Says what became of the notifications that were sent.
///
/// Counted is who they were planned for and sent to, how many were delivered and read, who stopped, and
/// who was held and why.
///
/// "delivered" and "read" are what Meta tells; people can switch the second off. "stopped" are
/// those who ended the topic within two days of getting it, "tapped" those who tapped a button of it
/// within seven (Meta tells nobody of buttons that open a page). Wordings of a notification stand
/// side by side. The steps of a sequence stand under "once", with everything since it began; below
/// is how many people are under way and why it ended for others. "unknown": the connection broke, and
/// it is not sent again. Of paid messages also "clicked", "failed" and what they cost at most: what
/// nobody knows the outcome of counts as spent. ADMIN_TOKEN is taken from the environment.
#[derive(clap::Args)]
pub struct ReportArgs {
    /// The folder with the shop.toml.
    #[arg(default_value = ".")]
    dir: PathBuf,
    /// Where the Worker answers: `https://shopbell.<you>.workers.dev`.
    #[arg(long, value_name = "URL", env = "PUBLIC_URL")]
    url: String,
    /// Only this Page.
    #[arg(long, value_name = "ID", value_parser = owner::page_id)]
    page: Option<PageId>,
    /// Of so many days.
    #[arg(long, value_name = "N", default_value_t = 30, value_parser = clap::value_parser!(u16).range(1..=400))]
    days: u16,
    /// How to print it.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
enum ReportError {
    #[error(transparent)]
    Shop(#[from] check::LoadError),
    #[error(transparent)]
    Ask(#[from] AskError),
}

/// Reports.
#[must_use]
pub fn run(args: &ReportArgs) -> ExitCode {
    super::printed(show(args))
}

fn show(args: &ReportArgs) -> Result<String, ReportError> {
    let owner = Owner::of(&args.url)?;
    let shops = match (&args.page, check::load(&args.dir)) {
        (_, Ok(shops)) => shops,
        // One Page can be asked about without its shop.toml.
        (Some(_), Err(_)) => Vec::new(),
        (None, Err(error)) => return Err(error.into()),
    };
    let pages: Vec<PageId> = match &args.page {
        Some(page) => vec![page.clone()],
        None => shops.iter().map(|shop| shop.page.id.clone()).collect(),
    };
    let mut text = String::new();
    for page in pages {
        let query = format!("/admin/report?days={}", args.days);
        let told = owner.ask_all::<Report>(&page, &query)?;
        let sums = sums(told.iter().map(|desk| &desk.answer));
        let notices = notices(told.iter().map(|desk| &desk.answer));
        let comments = comments(told.iter().map(|desk| &desk.answer));
        let shop = shops.iter().find(|shop| shop.page.id == page);
        let currency = shop.and_then(|shop| Some(shop.marketing.as_ref()?.currency.as_str()));
        text += &match args.format {
            Format::Text => {
                let sequences = sequences(told.iter().map(|desk| &desk.answer));
                for_people(&page, &sums, currency.unwrap_or_default())
                    + &told_notices(&notices)
                    + &told_comments(&comments)
                    + &sequences
                    + &beside(&told)
            }
            Format::Json => {
                for_machines(&page, &sums, currency)
                    + &notices_for_machines(&page, &notices)
                    + &comments_for_machines(&page, &comments)
                    + &beside_for_machines(&page, &told)
            }
        };
    }
    Ok(text)
}

/// What became of one notification in one period, over all Desks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sum {
    /// How many were planned to leave.
    pub planned: i64,
    /// By outcome: `queued`, `sent`, `refused`, `unknown`, `held`.
    pub outcomes: BTreeMap<String, i64>,
    /// By the reason, of those that were held or refused.
    pub reasons: BTreeMap<String, i64>,
    /// `delivered`, `read`, `tapped`, `stopped`; of paid messages also `clicked` and `failed`.
    pub tallies: BTreeMap<String, i64>,
    /// How many were paid for, or may have been, and what they cost at most.
    pub cost: Option<(i64, Money)>,
    /// The same and the outcomes by wording, where there are several.
    pub wordings: BTreeMap<String, BTreeMap<String, i64>>,
    /// What was planned, by Desk and clock.
    pub hashes: Vec<String>,
    /// Runs that ended before their people, by why: `missed`, `stale`, `withdrawn`.
    pub dropped: BTreeMap<String, i64>,
    /// People that runs had not come to when they ended.
    pub unreached: i64,
}

/// The sums by (period, notification), the newest first.
#[must_use]
pub fn sums<'r>(reports: impl Iterator<Item = &'r Report>) -> Vec<((String, String), Sum)> {
    let mut sums: BTreeMap<(String, String), Sum> = BTreeMap::new();
    let add = |count: &mut i64, people: i64| *count = count.saturating_add(people);
    for report in reports {
        for run in &report.runs {
            let sum = sums.entry((run.period.clone(), run.notification.clone())).or_default();
            add(&mut sum.planned, run.planned);
            if !run.hash.is_empty() && run.done {
                sum.hashes.push(run.hash.clone());
            }
            add(&mut sum.unreached, run.unreached);
            if let Some(why) = &run.dropped {
                add(sum.dropped.entry(why.clone()).or_default(), 1);
            }
        }
        for line in &report.outcomes {
            let sum = sums.entry((line.period.clone(), line.notification.clone())).or_default();
            add(sum.outcomes.entry(line.outcome.clone()).or_default(), line.people);
            if let Some(reason) = &line.reason {
                add(sum.reasons.entry(reason.clone()).or_default(), line.people);
            }
        }
        for cost in &report.costs {
            let sum = sums.entry((cost.period.clone(), cost.notification.clone())).or_default();
            let (messages, amount) = sum.cost.get_or_insert_default();
            *messages = messages.saturating_add(cost.messages);
            *amount = amount.plus(cost.amount);
        }
        for line in &report.wordings {
            let sum = sums.entry((line.period.clone(), line.notification.clone())).or_default();
            let counts = sum.wordings.entry(line.variant.clone()).or_default();
            add(counts.entry(line.outcome.clone()).or_default(), line.people);
        }
        for tally in &report.tallies {
            let sum = sums.entry((tally.period.clone(), tally.notification.clone())).or_default();
            let counts = match &tally.variant {
                Some(variant) => sum.wordings.entry(variant.clone()).or_default(),
                None => &mut sum.tallies,
            };
            add(counts.entry(tally.what.clone()).or_default(), tally.people);
        }
    }
    for ((period, _), sum) in &mut sums {
        // A step of a sequence has no run: what was planned is what did not stay held.
        if period == ONCE {
            let left = sum.outcomes.iter().filter(|(outcome, _)| *outcome != "held");
            sum.planned = left.fold(0, |n, (_, people)| n.saturating_add(*people));
        }
    }
    sums.into_iter().rev().collect()
}

/// With fewer people in a wording than this, a difference between two says nothing: of 100 people
/// who would tap in one case of ten, chance alone makes 5 to 16. Our own.
const ENOUGH: i64 = 100;

/// The wordings of a notification side by side.
fn wordings(sum: &Sum, text: &mut String) {
    let of = |counts: &BTreeMap<String, i64>, name: &str| counts.get(name).copied().unwrap_or(0);
    for (name, counts) in &sum.wordings {
        let _ = write!(text, "  wording {name}: sent {}", of(counts, "sent"));
        for what in ["delivered", "read", "tapped", "stopped"] {
            let _ = write!(text, ", {what} {}", of(counts, what));
        }
        text.push('\n');
    }
    let sent = |counts: &BTreeMap<String, i64>| of(counts, "sent");
    if let Some(least) = sum.wordings.values().map(sent).min()
        && least < ENOUGH
    {
        let all = sum.wordings.values().map(sent).fold(0_i64, i64::saturating_add);
        let _ = writeln!(
            text,
            "  {all} people in all, {least} in the smallest wording: too few to say which is better"
        );
    }
}

/// Where people are in the sequences, over all Desks.
fn sequences<'r>(reports: impl Iterator<Item = &'r Report>) -> String {
    let mut counts: BTreeMap<&str, BTreeMap<&str, i64>> = BTreeMap::new();
    for line in reports.flat_map(|report| &report.sequences) {
        let ended = line.ended.as_deref().unwrap_or("under way");
        let count = counts.entry(&line.sequence).or_default().entry(ended).or_default();
        *count = count.saturating_add(line.people);
    }
    let mut text = String::new();
    for (sequence, counts) in counts {
        let counts: Vec<String> = counts.iter().map(|(why, n)| format!("{why} {n}")).collect();
        let _ = writeln!(text, "sequence {sequence}: {}", counts.join(", "));
    }
    text
}

/// The sums for people.
#[must_use]
pub fn for_people(page: &PageId, sums: &[((String, String), Sum)], currency: &str) -> String {
    let mut text = format!("Page {page}\n");
    if sums.is_empty() {
        text += "  no notification was due\n";
    }
    for ((period, notification), sum) in sums {
        let of =
            |counts: &BTreeMap<String, i64>, name: &str| counts.get(name).copied().unwrap_or(0);
        let _ = write!(text, "{period} {notification}: planned {}", sum.planned);
        for name in ["sent", "queued", "refused", "unknown", "held"] {
            let people = of(&sum.outcomes, name);
            if people > 0 || name == "sent" {
                let _ = write!(text, ", {name} {people}");
            }
        }
        for name in ["delivered", "read", "stopped"] {
            let _ = write!(text, ", {name} {}", of(&sum.tallies, name));
        }
        for name in ["tapped", "clicked", "failed"] {
            if of(&sum.tallies, name) > 0 {
                let _ = write!(text, ", {name} {}", of(&sum.tallies, name));
            }
        }
        text.push('\n');
        if let Some((messages, amount)) = sum.cost {
            let _ = writeln!(text, "  costs at most {amount} {currency} for {messages}");
        }
        wordings(sum, &mut text);
        for (reason, people) in &sum.reasons {
            let _ = writeln!(text, "  {people:>5}  {reason}");
        }
        for (why, runs) in &sum.dropped {
            let says = match why.as_str() {
                "missed" => "nothing ran when it was due, and it could be caught up no more",
                "stale" => "its time was over before everybody had their turn",
                _ => "it was taken out of shop.toml",
            };
            let _ = writeln!(text, "  dropped, {runs} of its runs: {says}");
        }
        if sum.unreached > 0 {
            let _ = writeln!(text, "  {:>5}  had no turn: see shopbell budget", sum.unreached);
        }
        for hash in &sum.hashes {
            let _ = writeln!(text, "  hash {hash}");
        }
    }
    text.push('\n');
    text
}

/// What was wrong, and how the last reading of Meta's list of tokens ended.
fn beside(told: &[Told<Report>]) -> String {
    let mut text = String::new();
    for desk in told {
        for alert in &desk.answer.alerts {
            let until =
                alert.until.as_deref().map_or("still so".to_owned(), |at| format!("until {at}"));
            let _ = writeln!(
                text,
                "alert {}: since {}, {until}: {}",
                alert.alert, alert.since, alert.says
            );
        }
    }
    for desk in told {
        if let Some(round) = &desk.answer.reconciled {
            text += &reconcile::for_people(round, desk.shard);
        }
    }
    if text.is_empty() { text } else { text + "\n" }
}

fn beside_for_machines(page: &PageId, told: &[Told<Report>]) -> String {
    let mut lines = Vec::new();
    for desk in told {
        let shard = desk.shard;
        lines.extend(desk.answer.alerts.iter().map(|alert| {
            json!({ "page": page, "shard": shard, "alert": alert.alert, "since": alert.since,
                "until": alert.until, "says": alert.says })
        }));
        let round = desk.answer.reconciled.as_ref();
        lines.extend(round.map(|round| reconcile::for_machines(page, shard, round)));
    }
    lines.iter().map(|line| format!("{line}\n")).collect()
}

type Notice = (String, String, Option<String>);

fn notices<'r>(reports: impl Iterator<Item = &'r Report>) -> BTreeMap<Notice, i64> {
    let mut sums: BTreeMap<Notice, i64> = BTreeMap::new();
    for line in reports.flat_map(|report| &report.notices) {
        let key = (line.template.clone(), line.outcome.clone(), line.reason.clone());
        let sum = sums.entry(key).or_default();
        *sum = sum.saturating_add(line.notices);
    }
    sums
}

fn told_notices(notices: &BTreeMap<Notice, i64>) -> String {
    let lines = notices.iter().map(|((template, outcome, reason), count)| {
        let why = reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
        format!("template {template}: {count} {outcome}{why}\n")
    });
    lines.collect()
}

fn notices_for_machines(page: &PageId, notices: &BTreeMap<Notice, i64>) -> String {
    let lines = notices.iter().map(|((template, outcome, reason), count)| {
        json!({
            "page": page, "template": template, "outcome": outcome, "reason": reason,
            "notices": count,
        })
    });
    lines.map(|line| format!("{line}\n")).collect()
}

/// Private replies by rule, outcome and reason. Only a Page's first Desk has some.
fn comments<'r>(reports: impl Iterator<Item = &'r Report>) -> BTreeMap<Notice, i64> {
    let mut sums: BTreeMap<Notice, i64> = BTreeMap::new();
    for line in reports.flat_map(|report| &report.comments) {
        let key = (line.rule.clone(), line.outcome.clone(), line.reason.clone());
        let sum = sums.entry(key).or_default();
        *sum = sum.saturating_add(line.comments);
    }
    sums
}

fn told_comments(comments: &BTreeMap<Notice, i64>) -> String {
    let lines = comments.iter().map(|((rule, outcome, reason), count)| {
        let why = reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
        format!("comments {rule}: {count} {outcome}{why}\n")
    });
    lines.collect()
}

fn comments_for_machines(page: &PageId, comments: &BTreeMap<Notice, i64>) -> String {
    let lines = comments.iter().map(|((rule, outcome, reason), count)| {
        json!({
            "page": page, "comments_rule": rule, "outcome": outcome, "reason": reason,
            "comments": count,
        })
    });
    lines.map(|line| format!("{line}\n")).collect()
}

fn for_machines(page: &PageId, sums: &[((String, String), Sum)], currency: Option<&str>) -> String {
    let lines = sums.iter().map(|((period, notification), sum)| {
        json!({
            "page": page,
            "period": period,
            "notification": notification,
            "planned": sum.planned,
            "outcomes": sum.outcomes,
            "reasons": sum.reasons,
            "after": sum.tallies,
            "cost": sum.cost.map(|(messages, amount)| json!({
                "messages": messages, "at_most": amount.to_string(), "currency": currency,
            })),
            "wordings": sum.wordings,
            "dropped": sum.dropped,
            "unreached": sum.unreached,
            "hashes": sum.hashes,
        })
    });
    lines.map(|line| format!("{line}\n")).collect()
}
