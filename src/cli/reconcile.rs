//! `shopbell reconcile`: Meta's own list of notification tokens against the Worker's.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use serde::Deserialize;
use serde_json::{Value, json};

use super::check::{self, Format};
use super::owner::{self, AskError, Owner, Told};
use super::shown::one_line;
use crate::meta::ids::PageId;
use crate::outreach::reconcile::Round;

/// How long the command waits for a reading that does not get on. The Worker goes on by itself.
const PATIENCE: Duration = Duration::from_secs(120);

/// Between two steps.
const PAUSE: Duration = Duration::from_millis(150);

/// Compares Meta's own list of notification tokens with the Worker's, and mends it.
///
/// The Worker does it by itself once a day. Tokens that Meta has and the Worker does not are added
/// to the topic with the same title; those that Meta lists no more are marked as ended. Whoever
/// said STOP or was forgotten stays out. If this command is interrupted, the Worker goes on by
/// itself. ADMIN_TOKEN is taken from the environment.
#[derive(clap::Args)]
pub struct ReconcileArgs {
    /// The folder with the shop.toml.
    #[arg(default_value = ".")]
    dir: PathBuf,
    /// Where the Worker answers: `https://shopbell.<you>.workers.dev`.
    #[arg(long, value_name = "URL", env = "PUBLIC_URL")]
    url: String,
    /// Only this Page.
    #[arg(long, value_name = "ID", value_parser = owner::page_id)]
    page: Option<PageId>,
    /// Says what would change, and changes nothing.
    #[arg(long)]
    dry_run: bool,
    /// Reads KV first: fills a Desk that was emptied. One that has no consents does it by itself.
    #[arg(long)]
    rebuild: bool,
    /// Marks tokens as ended although Meta's list lacks more than half of all.
    #[arg(long)]
    believe: bool,
    /// How to print it.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Why the list was not read.
#[derive(Debug, thiserror::Error)]
enum ReconcileError {
    #[error(transparent)]
    Shop(#[from] check::LoadError),
    #[error(transparent)]
    Ask(#[from] AskError),
    #[error(
        "Page {0}: a reading is on and does not get on. The Worker tries again by itself; \
         `shopbell report` says how it ends"
    )]
    Waits(PageId),
    #[error("Page {page}: Meta's list was not read, and nothing was changed: {why}")]
    Failed { page: PageId, why: String },
}

/// A Desk's answer.
#[derive(Clone, Debug, Deserialize)]
struct Answer {
    round: Option<Round>,
}

/// Reads and mends.
#[must_use]
pub fn run(args: &ReconcileArgs) -> ExitCode {
    super::printed(show(args))
}

fn show(args: &ReconcileArgs) -> Result<String, ReconcileError> {
    let owner = Owner::of(&args.url)?;
    let pages: Vec<PageId> = match &args.page {
        Some(page) => vec![page.clone()],
        None => check::load(&args.dir)?.into_iter().map(|shop| shop.page.id).collect(),
    };
    let mut text = String::new();
    for page in pages {
        let mut shard = 0;
        loop {
            let (round, shards) = read(&owner, args, &page, shard)?;
            if let Some(why) = round.failed {
                return Err(ReconcileError::Failed { page, why });
            }
            text += &match args.format {
                Format::Text if shard == 0 => format!("Page {page}\n{}", for_people(&round, shard)),
                Format::Text => for_people(&round, shard),
                Format::Json => format!("{}\n", for_machines(&page, shard, &round)),
            };
            shard = shard.saturating_add(1);
            if shard >= shards {
                break;
            }
        }
    }
    Ok(text)
}

/// One Desk's reading, from its beginning to its end; and how many Desks the Page has.
fn read(
    owner: &Owner,
    args: &ReconcileArgs,
    page: &PageId,
    shard: u32,
) -> Result<(Round, u32), ReconcileError> {
    let flag = |name: &str, is_on: bool| if is_on { format!("&{name}=1") } else { String::new() };
    let about = format!("/admin/reconcile?page={page}&shard={shard}");
    let begin = format!(
        "{about}{}{}{}",
        flag("dry_run", args.dry_run),
        flag("rebuild", args.rebuild),
        flag("believe", args.believe)
    );
    let mut told: Told<Answer> = owner.post(&begin, String::new())?;
    let (mut seen, mut since) = (told.answer.round.clone(), Instant::now());
    loop {
        let waits = || ReconcileError::Waits(page.clone());
        let round = told.answer.round.ok_or_else(waits)?;
        if round.ended_at.is_some() {
            return Ok((round, told.shards.unwrap_or(1)));
        }
        if seen.as_ref() != Some(&round) {
            (seen, since) = (Some(round.clone()), Instant::now());
        } else if since.elapsed() > PATIENCE {
            return Err(waits());
        }
        std::thread::sleep(PAUSE);
        told = owner.post(&format!("{about}&round={}", round.id.get()), String::new())?;
    }
}

/// A reading for people.
pub(super) fn for_people(round: &Round, shard: u32) -> String {
    let mut text = String::new();
    let counts = &round.counts;
    let desk = if shard == 0 { String::new() } else { format!(", Desk {shard}") };
    let how = if round.mode.dry_run { " (nothing was changed)" } else { "" };
    let _ = writeln!(
        text,
        "tokens at Meta{desk}, {}{how}: {} listed",
        round.id.rfc3339(),
        counts.listed
    );
    if let Some(why) = &round.failed {
        let _ = writeln!(text, "         not read to its end, and nothing was taken back: {why}");
    }
    for (n, says) in [
        (counts.restored, "consents restored from KV"),
        (counts.known, "known, as they stand"),
        (counts.added, "added: Meta has them and the Worker did not"),
        (counts.renewed, "renewed: another token, or another end"),
        (counts.ended, "marked as ended: Meta lists them no more"),
        (counts.doubted, "not listed, and not believed: too many at once (--believe marks them)"),
        (counts.expired, "expired"),
        (counts.stopped, "left out: STOP was said since"),
        (counts.forgotten, "left out: the person was forgotten since"),
        (counts.stopped_at_meta, "stopped at Meta"),
        (counts.older, "left out: the person has a newer one"),
        (counts.foreign, "left out: no topic, or several, have their title"),
        (counts.unreadable, "cannot be read"),
    ] {
        if n > 0 {
            let _ = writeln!(text, "  {n:>6}  {says}");
        }
    }
    for (title, n) in &round.titles {
        let _ = writeln!(text, "          {n} with the title \"{}\"", one_line(title));
    }
    text
}

/// A reading for machines.
pub(super) fn for_machines(page: &PageId, shard: u32, round: &Round) -> Value {
    json!({
        "page": page,
        "shard": shard,
        "reconciled": round.id.rfc3339(),
        "ended": round.ended_at.map(crate::time::UnixMs::rfc3339),
        "mode": round.mode,
        "counts": round.counts,
        "titles": round.titles,
        "failed": round.failed,
    })
}
