//! `shopbell export`: everything that a Worker keeps, as files of the owner's.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::archive::{
    ArchiveError, DESKS, DeskLine, KV, Manifest, PageLine, Writing, file_of, kv_line, line,
};
use super::owner::{AskError, Owner};
use crate::desk::layout::Before;
use crate::entry::links::encoded;
use crate::entry::qr;
use crate::meta::ids::{PageId, PosterCode};
use crate::outreach::subscription::Subscription;
use crate::shop::kv::{DeletionValue, PostersValue};
use crate::shop::kv_map::KEYS;
use crate::store::leaving::FORMAT;
use crate::store::map::{Leaves, TABLES, Table, table};
use crate::store::{Row, Value, schema};

/// How long a Desk stands still if this command dies, in seconds.
const HELD_S: u16 = 300;
/// How often it is told again.
const RENEWED: Duration = Duration::from_secs(60);
/// How long to wait for requests that are on their way.
const IN_FLIGHT: Duration = Duration::from_secs(90);

/// Writes everything that a Worker keeps into a folder: for keeping, or for leaving.
///
/// That is people and what they agreed to, answers, bookings, notes, receipts, what was sent, sums, who
/// was forgotten; with shop.toml and the pictures of posters. `shopbell import` reads it back.
///
/// Every Desk stands still meanwhile, so that all of it is of one moment: what comes in waits, and is
/// answered right after. That takes seconds for a small shop. ADMIN_TOKEN is taken from the
/// environment.
///
/// The folder holds personal data and the tokens by which Meta delivers to people. It is written for
/// you alone (mode 0600): keep it so, and delete it when it has served.
#[derive(clap::Args)]
pub struct ExportArgs {
    /// The folder with the shop.toml, which goes along where it is there.
    #[arg(default_value = ".")]
    dir: PathBuf,
    /// Where the Worker answers: `https://shopbell.<you>.workers.dev`.
    #[arg(long, value_name = "URL", env = "PUBLIC_URL")]
    url: String,
    /// The folder to write: an empty one, or none yet.
    #[arg(long, value_name = "DIR", required_unless_present = "stay")]
    out: Option<PathBuf>,
    /// The Worker stands still afterwards, too: nothing is sent twice when another one goes on with
    /// this export.
    #[arg(long)]
    leave: bool,
    /// The Worker goes on after an export with --leave.
    #[arg(long, conflicts_with_all = ["leave", "out", "without_tokens"])]
    stay: bool,
    /// Leaves notification tokens out. A Worker that imports it gets them from Meta's own list
    /// (`shopbell reconcile`), where Meta still tells them.
    #[arg(long)]
    without_tokens: bool,
}

/// Why there is no export.
#[derive(Debug, thiserror::Error)]
pub(super) enum ExportError {
    #[error(transparent)]
    Ask(#[from] AskError),
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    #[error(
        "the Worker has version {worker} with tables {theirs}, this command {own} with tables {ours}: \
         deploy the version of this command, or use the command of the Worker's"
    )]
    Version { worker: String, theirs: i64, own: &'static str, ours: i64 },
    #[error("Page {0}: people are being moved to other Desks; try again when that is over")]
    Moving(PageId),
    #[error(
        "Page {0}: requests to Meta are still on their way after a minute and a half; try again"
    )]
    Busy(PageId),
    #[error("what the Worker tells of {0} cannot be read: {1}")]
    Unreadable(String, String),
}

/// What `GET /admin/export` says.
#[derive(Deserialize)]
pub(super) struct Overview {
    version: String,
    format: u32,
    tables: i64,
    /// The fingerprints of its signing keys, the current one first.
    pub keys: Vec<String>,
    pub pages: Vec<PageTold>,
}

/// A Page of it.
#[derive(Clone, Deserialize)]
pub(super) struct PageTold {
    pub page: PageId,
    /// As shop.toml says.
    pub published: u32,
    pub shards: u32,
    pub before: Option<Before>,
    #[serde(default)]
    pub earlier: Vec<Before>,
    moving_to: Option<u32>,
}

/// What `GET /admin/export?page=&shard=` says.
#[derive(Deserialize)]
pub(super) struct Look {
    pub sequences: BTreeMap<String, i64>,
    pub import: Option<crate::store::leaving::Import>,
    pub in_the_way: Option<String>,
}

/// A Desk.
pub(super) type Desk = (PageId, u32);

/// Exports.
#[must_use]
pub fn run(args: &ExportArgs) -> ExitCode {
    super::printed(export(args))
}

/// What there is to carry, at a Worker of this version.
pub(super) fn overview(owner: &Owner) -> Result<Overview, ExportError> {
    let told: Overview = owner.get("/admin/export")?;
    if told.pages.is_empty() {
        return Err(AskError::NoPage.into());
    }
    if told.tables != schema::VERSION || told.format != FORMAT {
        return Err(ExportError::Version {
            worker: told.version,
            theirs: told.tables,
            own: env!("CARGO_PKG_VERSION"),
            ours: schema::VERSION,
        });
    }
    match told.pages.iter().find(|page| page.moving_to.is_some()) {
        Some(page) => Err(ExportError::Moving(page.page.clone())),
        None => Ok(told),
    }
}

/// How a Desk stands.
pub(super) fn look(owner: &Owner, (page, shard): &Desk) -> Result<Look, AskError> {
    owner.get(&format!("/admin/export?page={page}&shard={shard}"))
}

/// A Desk stands still, for a while or until it is told to go on. How many requests are on their
/// way.
pub(super) fn stand_still(
    owner: &Owner,
    (page, shard): &Desk,
    seconds: Option<u16>,
) -> Result<u64, AskError> {
    #[derive(Deserialize)]
    struct Answer {
        in_flight: u64,
    }
    let seconds = seconds.map_or(String::new(), |seconds| format!("&seconds={seconds}"));
    let path = format!("/admin/still?page={page}&shard={shard}{seconds}");
    owner.post::<Answer>(&path, String::new()).map(|answer| answer.in_flight)
}

/// A Desk goes on.
pub(super) fn go_on(owner: &Owner, (page, shard): &Desk) -> Result<(), AskError> {
    let path = format!("/admin/still?page={page}&shard={shard}&on=0");
    owner.post::<serde_json::Value>(&path, String::new()).map(|_| ())
}

/// The Desks of a Page that may have something: those of now and of before.
pub(super) fn desks_of(told: &PageTold, at_least: u32) -> Vec<Desk> {
    let before = told.before.iter().chain(&told.earlier);
    let before = before.map(|before| before.shards).max().unwrap_or(0);
    let desks = told.shards.max(before).max(at_least).max(1);
    (0..desks).map(|shard| (told.page.clone(), shard)).collect()
}

fn export(args: &ExportArgs) -> Result<String, ExportError> {
    let owner = Owner::of(&args.url)?;
    let told = overview(&owner)?;
    let mut pages = told.pages.clone();
    pages.sort_by(|a, b| a.page.cmp(&b.page));
    let Some(out) = &args.out else {
        let kv = values(&owner, "deletion:")?;
        for page in &pages {
            for desk in desks_of(page, named_in_deletions(&kv, &page.page)) {
                go_on(&owner, &desk)?;
            }
        }
        return Ok("the Worker goes on\n".to_owned());
    };
    let writing = Writing::into(out)?;
    let mut holding = Holding::of(&owner, args.leave);
    let written = write(args, &told, &pages, writing, &mut holding);
    // Whatever came of it, it does not stand still for nothing.
    let released = if args.leave && written.is_ok() { Ok(()) } else { holding.release() };
    let (rows, values) = written?;
    released?;
    Ok(said(args, out, rows, values))
}

fn said(args: &ExportArgs, out: &Path, rows: u64, values: u64) -> String {
    let tokens =
        if args.without_tokens { "" } else { " and the tokens by which Meta delivers to them" };
    let still = if args.leave {
        "The Worker stands still from now on: it keeps what comes in, answers nothing and sends \
         nothing. `shopbell export --stay` lets it go on.\n"
    } else {
        ""
    };
    format!(
        "{rows} rows and {values} values of KV in {}\n\
         PERSONAL DATA: it holds what people answered, agreed to and booked{tokens}. It is readable \
         for you alone; keep it so, and delete it when it has served.\n{still}",
        out.display()
    )
}

/// Desks that stand still, and are told so again while the work lasts.
struct Holding<'a> {
    owner: &'a Owner,
    for_good: bool,
    desks: Vec<Desk>,
    told: Instant,
}

impl<'a> Holding<'a> {
    fn of(owner: &'a Owner, for_good: bool) -> Self {
        Self { owner, for_good, desks: Vec::new(), told: Instant::now() }
    }

    /// These stand still from now on, and nothing of theirs is on its way.
    fn hold(&mut self, desks: &[Desk]) -> Result<(), ExportError> {
        for desk in desks {
            self.desks.push(desk.clone());
            let until = Instant::now() + IN_FLIGHT;
            // Until it is known that all is well it is for a while only.
            while stand_still(self.owner, desk, Some(HELD_S))? > 0 {
                if Instant::now() > until {
                    return Err(ExportError::Busy(desk.0.clone()));
                }
                sleep(Duration::from_millis(250));
            }
        }
        self.told = Instant::now();
        Ok(())
    }

    fn renew(&mut self) -> Result<(), AskError> {
        if self.told.elapsed() < RENEWED {
            return Ok(());
        }
        for desk in &self.desks {
            stand_still(self.owner, desk, Some(HELD_S))?;
        }
        self.told = Instant::now();
        Ok(())
    }

    /// They stand still until somebody says otherwise.
    fn keep(&self) -> Result<(), AskError> {
        if self.for_good {
            for desk in &self.desks {
                stand_still(self.owner, desk, None)?;
            }
        }
        Ok(())
    }

    fn release(&self) -> Result<(), AskError> {
        // Each of them, whatever another one says.
        let released: Vec<_> = self.desks.iter().map(|desk| go_on(self.owner, desk)).collect();
        released.into_iter().collect()
    }
}

fn write(
    args: &ExportArgs,
    told: &Overview,
    pages: &[PageTold],
    mut writing: Writing,
    holding: &mut Holding<'_>,
) -> Result<(u64, u64), ExportError> {
    let owner = holding.owner;
    for page in pages {
        holding.hold(&desks_of(page, 0))?;
    }
    // What is owed first: it goes before what KV says, and what is written meanwhile is the same.
    let mut kv = BTreeMap::new();
    let owed = owed(owner, &holding.desks)?;
    for prefix in prefixes(pages) {
        kv.append(&mut values(owner, &prefix)?);
    }
    for (key, value) in owed {
        match value {
            Some(value) => kv.insert(key, value),
            None => kv.remove(&key),
        };
    }
    kv.retain(|key, _| leaves(key, pages));
    // Desks of long ago are still asked after deletions.
    let mut desks = Vec::new();
    for page in pages {
        let all = desks_of(page, named_in_deletions(&kv, &page.page));
        let new: Vec<Desk> =
            all.iter().filter(|desk| !holding.desks.contains(desk)).cloned().collect();
        holding.hold(&new)?;
        desks.extend(all);
    }

    let mut rows = 0_u64;
    for table in
        TABLES.iter().filter(|table| matches!(table.leaves, Leaves::Along | Leaves::SomeFacts))
    {
        writing.lines::<ExportError>(&file_of(table), |add| {
            for (page, shard) in &desks {
                each_row(owner, (page, *shard), table, |mut row| {
                    holding.renew()?;
                    if args.without_tokens && table.name == "consents" {
                        without_token(table, &mut row);
                    }
                    rows = rows.saturating_add(1);
                    let line = line(table, page, *shard, &row);
                    add(&line.map_err(|error| unreadable(table.name, &error))?)?;
                    Ok(())
                })?;
            }
            Ok(())
        })?;
    }
    writing.lines::<ExportError>(DESKS, |add| {
        for desk in &desks {
            let (page, shard) = desk.clone();
            let line = DeskLine { page, shard, sequences: look(owner, desk)?.sequences };
            add(&serde_json::to_string(&line).map_err(|error| unreadable(DESKS, &error))?)?;
        }
        Ok(())
    })?;
    writing.lines::<ExportError>(KV, |add| {
        for (key, value) in &kv {
            let bare = args.without_tokens.then(|| bare(value)).flatten();
            let line = kv_line(key, bare.as_deref().unwrap_or(value));
            add(&line.map_err(|error| unreadable(key, &error))?)?;
        }
        Ok(())
    })?;
    extras(args, &kv, &mut writing)?;
    let count = |page: &PageTold| desks.iter().filter(|(of, _)| *of == page.page).count();
    let manifest = Manifest {
        format: FORMAT,
        shopbell: env!("CARGO_PKG_VERSION").to_owned(),
        tables: schema::VERSION,
        exported_at: jiff::Timestamp::now().to_string(),
        worker: args.url.clone(),
        key: told.keys.first().cloned().unwrap_or_default(),
        tokens: !args.without_tokens,
        pages: pages
            .iter()
            .map(|page| PageLine {
                page: page.page.clone(),
                shards: page.shards,
                before: page.before.clone(),
                earlier: page.earlier.clone(),
                desks: u32::try_from(count(page)).unwrap_or(u32::MAX),
            })
            .collect(),
        files: writing.files.clone(),
        extras: writing.extras.clone(),
    };
    holding.keep()?;
    writing.end(&manifest)?;
    Ok((rows, u64::try_from(kv.len()).unwrap_or(u64::MAX)))
}

fn unreadable(what: &str, error: &serde_json::Error) -> ExportError {
    ExportError::Unreadable(what.to_owned(), error.to_string())
}

/// Every row of a table at a Desk.
fn each_row(
    owner: &Owner,
    (page, shard): (&PageId, u32),
    table: &Table,
    mut each: impl FnMut(Row) -> Result<(), ExportError>,
) -> Result<(), ExportError> {
    let mut after = "[]".to_owned();
    loop {
        let name = table.name;
        let path = format!(
            "/admin/export?page={page}&shard={shard}&table={name}&after={}",
            encoded(&after)
        );
        let chunk: crate::store::leaving::Chunk = owner.get(&path)?;
        for row in chunk.rows {
            if row.len() != table.columns.len() {
                let why = "a row has another number of columns".to_owned();
                return Err(ExportError::Unreadable(name.to_owned(), why));
            }
            each(row)?;
        }
        match chunk.next {
            Some(next) => {
                after = serde_json::to_string(&next).map_err(|error| unreadable(name, &error))?;
            }
            None => return Ok(()),
        }
    }
}

/// What KV is owed by these Desks: values, and keys that are to go.
fn owed(owner: &Owner, desks: &[Desk]) -> Result<BTreeMap<String, Option<String>>, ExportError> {
    let mut owed = BTreeMap::new();
    let Some(queue) = table("kv_queue") else { return Ok(owed) };
    for (page, shard) in desks {
        each_row(owner, (page, *shard), queue, |row| {
            if let [Value::Text(key), value, ..] = &row[..] {
                owed.insert(key.clone(), value.text().map(str::to_owned));
            }
            Ok(())
        })?;
    }
    Ok(owed)
}

/// The beginnings of the keys that leave.
fn prefixes(pages: &[PageTold]) -> Vec<String> {
    let leaving = KEYS.iter().filter(|key| key.leaves);
    let of = |prefix: &'static str| match prefix {
        "deletion:" | "aimed:" => vec![prefix.to_owned()],
        _ => pages.iter().map(|page| format!("{prefix}{}", page.page)).collect(),
    };
    leaving.flat_map(|key| of(key.prefix)).collect()
}

/// Whether a key is one of these Pages': a Page's id may begin as another's.
fn leaves(key: &str, pages: &[PageTold]) -> bool {
    let Some((kind, rest)) = key.split_once(':') else { return false };
    let known = KEYS.iter().any(|known| known.leaves && known.prefix.trim_end_matches(':') == kind);
    let page = rest.split(':').next().unwrap_or_default();
    let everybodys = matches!(kind, "deletion" | "aimed");
    known && (everybodys || pages.iter().any(|known| known.page.as_str() == page))
}

/// Every value whose key begins so.
fn values(owner: &Owner, prefix: &str) -> Result<BTreeMap<String, String>, ExportError> {
    #[derive(Deserialize)]
    struct Answer {
        values: Vec<(String, String)>,
        next: Option<String>,
    }
    let mut found = BTreeMap::new();
    let mut cursor = String::new();
    loop {
        let path = format!("/admin/export?kv={}&cursor={}", encoded(prefix), encoded(&cursor));
        let answer: Answer = owner.get(&path)?;
        found.extend(answer.values);
        match answer.next {
            Some(next) => cursor = next,
            None => return Ok(found),
        }
    }
}

fn parsed<T: DeserializeOwned>(value: &str) -> Option<T> {
    serde_json::from_str(value).ok()
}

/// How many Desks of a Page deletions name.
fn named_in_deletions(kv: &BTreeMap<String, String>, page: &PageId) -> u32 {
    let deletions = kv.iter().filter(|(key, _)| key.starts_with("deletion:"));
    let desks = deletions.filter_map(|(_, value)| parsed::<DeletionValue>(value));
    let shards = desks.flat_map(|value| value.desks).filter(|desk| desk.page == *page);
    shards.map(|desk| desk.shard.saturating_add(1)).max().unwrap_or(0)
}

fn without_token(table: &Table, row: &mut Row) {
    let at = table.columns.iter().position(|(name, _)| *name == "token");
    if let Some(token) = at.and_then(|at| row.get_mut(at)) {
        *token = Value::Null;
    }
}

/// A consent's value without its token; none for any other value.
fn bare(value: &str) -> Option<String> {
    let consent = parsed::<Subscription>(value)?;
    serde_json::to_string(&Subscription { token: None, ..consent }).ok()
}

/// shop.toml, and the picture of each poster.
fn extras(
    args: &ExportArgs,
    kv: &BTreeMap<String, String>,
    writing: &mut Writing,
) -> Result<(), ExportError> {
    let file = args.dir.join("shop.toml");
    let mut codes: Vec<PosterCode> = Vec::new();
    match std::fs::read(&file) {
        Ok(source) => {
            writing.extra("shop.toml", &source)?;
            let compiled = crate::shop::source::compile(&String::from_utf8_lossy(&source));
            let posters = compiled.shops.into_iter().flat_map(|shop| shop.posters);
            codes.extend(posters.map(|poster| poster.code));
        }
        Err(_) => eprintln!("{} is not there: the export is without it", file.display()),
    }
    let made = kv.iter().filter(|(key, _)| key.starts_with("posters:"));
    let made = made.filter_map(|(_, value)| parsed::<PostersValue>(value));
    codes.extend(made.flat_map(|value| value.posters).map(|poster| poster.code));
    codes.sort();
    codes.dedup();
    let base = args.url.trim_end_matches('/');
    for code in codes {
        match qr::svg(&format!("{base}/q/{code}"), Some(code.as_str()), qr::PLAIN) {
            Ok(picture) => writing.extra(&format!("posters/{code}.svg"), picture.as_bytes())?,
            Err(why) => eprintln!("the picture of {code}: {why}"),
        }
    }
    Ok(())
}
