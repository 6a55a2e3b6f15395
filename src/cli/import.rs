//! `shopbell import`: an export into an empty deployment.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::process::ExitCode;
use std::thread::sleep;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::archive::{ArchiveError, DESKS, DeskLine, KV, PageLine, Reading, file_of, kv_pair, row};
use super::export::{Desk, ExportError, desks_of, go_on, look, overview, stand_still};
use super::owner::{AskError, Owner};
use crate::desk::layout::{self, home};
use crate::meta::ids::{PageId, Psid};
use crate::shop::kv::{DeletionValue, PosterValue};
use crate::shop::model::MOST_SHARDS;
use crate::store::leaving::{BYTES_PER_CALL, FORMAT, PER_CALL};
use crate::store::map::{Leaves, TABLES, Table, table};
use crate::store::{Row, Value, schema};
use crate::time::UnixMs;

/// How often a step that fails is tried again, and after which pause.
const TRIES: u32 = 3;
const PAUSE: Duration = Duration::from_secs(1);

/// Reads an export back into an empty deployment.
///
/// There the same shop is published and nobody has written yet.
///
/// Everything is verified before anything is sent. The new Worker stands still meanwhile: it keeps
/// what comes in, decides nothing and sends nothing, until all is there. A command that is ended, or
/// a Worker that is, loses nothing: run it again, and it goes on where it was. ADMIN_TOKEN (the new
/// Worker's) is taken from the environment.
#[derive(clap::Args)]
pub struct ImportArgs {
    /// The folder that `shopbell export` wrote.
    #[arg(required_unless_present = "prepare")]
    from: Option<PathBuf>,
    /// Where the new Worker answers.
    #[arg(long, value_name = "URL", env = "PUBLIC_URL", required_unless_present = "verify")]
    url: Option<String>,
    /// Only has the new Worker stand still, so that Meta may deliver to it before the import.
    #[arg(long, conflicts_with = "from")]
    prepare: bool,
    /// Replaces what is there. Whoever was forgotten there stays forgotten.
    #[arg(long)]
    replace: bool,
    /// Only verifies the folder.
    #[arg(long, conflicts_with_all = ["prepare", "replace"])]
    verify: bool,
}

/// Why nothing is imported.
#[derive(Debug, thiserror::Error)]
enum ImportError {
    #[error(transparent)]
    Ask(#[from] AskError),
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    #[error(transparent)]
    Worker(#[from] ExportError),
    #[error(
        "the export has layout {0}, this command reads {FORMAT}: use the command of version {1}"
    )]
    Format(u32, String),
    #[error(
        "the export was written with tables {is}, this command has {}: deploy version {version} here, \
         import with its command, and deploy the newer one then",
        schema::VERSION
    )]
    Tables { is: i64, version: String },
    #[error(
        "Page {0} of the export is not published here: publish the export's shop.toml first \
         (`shopbell publish {1}`)"
    )]
    Unpublished(PageId, String),
    #[error(
        "who was forgotten is known by hashes under another SIGNING_KEY than this Worker has, and would \
         come back: set SIGNING_KEY_PREVIOUS (or SIGNING_KEY) to the old Worker's SIGNING_KEY and deploy"
    )]
    Key,
    #[error(
        "Page {0}, Desk {1}: there are rows in {2}. An import goes into an empty deployment; --replace \
         replaces what is there"
    )]
    NotEmpty(PageId, u32, String),
    #[error("Page {0}, Desk {1}: another import is on here; finish that one first")]
    Another(PageId, u32),
    #[error("the export names a table that this command does not know: {0}")]
    UnknownFile(String),
    #[error(
        "{page} of the export is divided among {desks} Desks, and a Page has at most {MOST_SHARDS}: \
             its manifest.json is not as `shopbell export` wrote it; take the folder that it wrote"
    )]
    Desks { page: PageId, desks: u32 },
    #[error("Page {0}: {1}")]
    Refused(PageId, AskError),
    #[error(
        "everything is here, but the people of Page {0} could not be divided among {1} Desks: {2}. \
         `shopbell shards --move` does it"
    )]
    Divided(PageId, u32, AskError),
}

/// Imports.
#[must_use]
pub fn run(args: &ImportArgs) -> ExitCode {
    super::printed(import(args))
}

fn import(args: &ImportArgs) -> Result<String, ImportError> {
    let url = args.url.as_deref().unwrap_or_default();
    let Some(from) = &args.from else { return prepare(&Owner::of(url)?) };
    let reading = Reading::of(from)?;
    let work = Work::of(&reading)?;
    let lines: u64 = reading.manifest.files.iter().map(|file| file.lines).sum();
    if args.verify {
        return Ok(format!("{} is whole: {lines} lines\n", from.display()));
    }
    let owner = Owner::of(url)?;
    let told = overview(&owner)?;
    for page in &reading.manifest.pages {
        if !told.pages.iter().any(|known| known.page == page.page) {
            return Err(ImportError::Unpublished(page.page.clone(), from.display().to_string()));
        }
    }
    // Who was forgotten, who commented and who brought friends are keyed hashes.
    let hashed = ["tombstones.ndjson", "comments.ndjson", "credits.ndjson"];
    if hashed.iter().any(|file| reading.has(file)) && !told.keys.contains(&reading.manifest.key) {
        return Err(ImportError::Key);
    }
    let id = &reading.id;
    for desk in work.desks() {
        let stands = look(&owner, &desk)?;
        let ours = stands.import.as_ref().is_some_and(|known| known.id == *id);
        if stands.import.is_some_and(|known| known.open && known.id != *id) {
            return Err(ImportError::Another(desk.0, desk.1));
        }
        if let Some(table) = stands.in_the_way.filter(|_| !ours && !args.replace) {
            return Err(ImportError::NotEmpty(desk.0, desk.1, table));
        }
    }
    let carrying = Carrying { owner: &owner, reading: &reading, work: &work };
    let mut open = BTreeMap::new();
    for desk in work.desks() {
        if let Some(taken) = carrying.begin(&desk, args.replace)? {
            open.insert(desk, taken);
        }
    }
    carrying.rows(&open)?;
    carrying.kv(&open)?;
    for desk in open.keys() {
        carrying.end(desk)?;
    }
    // Desks that were told to stand still and got nothing.
    let all = told.pages.iter().flat_map(|page| desks_of(page, page.published));
    for desk in all.filter(|desk| !work.desks().contains(desk)) {
        go_on(&owner, &desk)?;
    }
    let mut text =
        format!("{lines} lines of {} are here, and the Worker goes on\n", from.display());
    for page in &told.pages {
        let Some(was) = reading.manifest.pages.iter().find(|was| was.page == page.page) else {
            continue;
        };
        if was.shards != page.published {
            divide(&owner, &page.page, page.published)?;
            text += &format!(
                "the people of Page {} are being divided among {} Desks\n",
                page.page, page.published
            );
        }
    }
    if !reading.manifest.tokens {
        text += "it came without notification tokens: `shopbell reconcile` asks Meta for them\n";
    }
    Ok(text)
}

fn prepare(owner: &Owner) -> Result<String, ImportError> {
    for desk in overview(owner)?.pages.iter().flat_map(|page| desks_of(page, page.published)) {
        stand_still(owner, &desk, None)?;
    }
    Ok("the Worker stands still, and keeps what comes in until `shopbell import` is over\n"
        .to_owned())
}

fn divide(owner: &Owner, page: &PageId, to: u32) -> Result<(), ImportError> {
    let path = format!("/admin/shards?page={page}&to={to}");
    let begun = owner.post::<Json>(&path, String::new());
    begun.map(|_| ()).map_err(|why| ImportError::Divided(page.clone(), to, why))
}

/// What is to be done, as far as it is known before anything is sent.
struct Work {
    pages: Vec<PageLine>,
    sequences: BTreeMap<Desk, BTreeMap<String, i64>>,
    /// Who was forgotten, by Page.
    tombstones: BTreeMap<PageId, BTreeMap<String, UnixMs>>,
}

impl Work {
    /// Reads every line once, so that nothing is begun that cannot be finished.
    fn of(reading: &Reading) -> Result<Self, ImportError> {
        let manifest = &reading.manifest;
        if manifest.format != FORMAT {
            return Err(ImportError::Format(manifest.format, manifest.shopbell.clone()));
        }
        if manifest.tables != schema::VERSION {
            let version = manifest.shopbell.clone();
            return Err(ImportError::Tables { is: manifest.tables, version });
        }
        for page in &manifest.pages {
            page.check()?;
        }
        let mut work = Self {
            pages: manifest.pages.clone(),
            sequences: BTreeMap::new(),
            tombstones: BTreeMap::new(),
        };
        let known: BTreeSet<String> = carried().map(file_of).collect();
        let others = [KV, DESKS];
        let file = manifest.files.iter().map(|file| file.name.as_str());
        if let Some(name) =
            file.clone().find(|name| !known.contains(*name) && !others.contains(name))
        {
            return Err(ImportError::UnknownFile(name.to_owned()));
        }
        for table in carried() {
            reading.lines::<ImportError>(&file_of(table), |line| {
                Ok(row(table, line).and_then(|(desk, row)| work.note(table, &desk, &row)))
            })?;
        }
        reading.lines::<ImportError>(KV, |line| {
            Ok(kv_pair(line).and_then(|(key, value)| work.desk_of_key(&key, &value).map(|_| ())))
        })?;
        reading.lines::<ImportError>(DESKS, |line| {
            let desk = serde_json::from_str::<DeskLine>(line).map_err(|error| error.to_string());
            Ok(desk.map(|desk| {
                work.sequences.insert((desk.page, desk.shard), desk.sequences);
            }))
        })?;
        Ok(work)
    }

    fn note(&mut self, table: &Table, (page, shard): &Desk, row: &Row) -> Result<(), String> {
        let known = self.pages.iter().find(|known| known.page == *page);
        if known.is_none_or(|known| *shard >= known.desks) {
            return Err(format!("there is no Desk {shard} of Page {page} in the manifest"));
        }
        if table.name == "tombstones"
            && let [Value::Text(hash), Value::Int(at)] = &row[..]
        {
            let of_page = self.tombstones.entry(page.clone()).or_default();
            let kept = of_page.entry(hash.clone()).or_default();
            *kept = UnixMs::new(*at).max(*kept);
        }
        Ok(())
    }

    fn desks(&self) -> Vec<Desk> {
        let of = |page: &PageLine| {
            (0..page.desks).map(|shard| (page.page.clone(), shard)).collect::<Vec<_>>()
        };
        self.pages.iter().flat_map(of).collect()
    }

    /// The Desk that owes KV this value.
    fn desk_of_key(&self, key: &str, value: &str) -> Result<Desk, String> {
        let mut parts = key.split(':');
        let kind = parts.next().unwrap_or_default();
        let named = match kind {
            "subscription" | "tombstone" | "posters" => {
                parts.next().and_then(|page| PageId::new(page).ok())
            }
            "aimed" => serde_json::from_str::<PosterValue>(value).ok().map(|value| value.page),
            "deletion" => serde_json::from_str::<DeletionValue>(value)
                .ok()
                .and_then(|value| value.desks.first().map(|desk| desk.page.clone())),
            _ => return Err(format!("{key} is no key that leaves")),
        };
        let page = self.pages.iter().find(|page| Some(&page.page) == named.as_ref());
        // What is of a Page that is gone is the first one's to keep.
        let page = page.or(self.pages.first()).ok_or("there is no Page in the manifest")?;
        let person =
            parts.next().filter(|_| kind == "subscription").and_then(|id| Psid::new(id).ok());
        let shard = person.map_or(0, |person| home(&person, page.shards));
        Ok((page.page.clone(), shard))
    }
}

impl PageLine {
    /// Nothing is counted by a number that no export has.
    fn check(&self) -> Result<(), ImportError> {
        let before = self.before.iter().chain(&self.earlier);
        if layout::fits(self.shards, before) && self.desks <= MOST_SHARDS {
            return Ok(());
        }
        let most = self.before.iter().chain(&self.earlier).map(|before| before.shards).max();
        let desks = self.shards.max(self.desks).max(most.unwrap_or(0));
        Err(ImportError::Desks { page: self.page.clone(), desks })
    }
}

/// The tables that are carried.
fn carried() -> impl Iterator<Item = &'static Table> {
    TABLES.iter().filter(|table| matches!(table.leaves, Leaves::Along | Leaves::SomeFacts))
}

/// How many lines of each file a Desk has taken in.
type Taken = BTreeMap<String, u64>;

struct Carrying<'a> {
    owner: &'a Owner,
    reading: &'a Reading,
    work: &'a Work,
}

/// Lines of a file for one Desk, in the order of the file.
#[derive(Default)]
struct Waiting<T> {
    /// The number of the first.
    from: u64,
    lines: Vec<T>,
    bytes: usize,
}

impl Carrying<'_> {
    /// A step, tried again where the Worker does not answer: each may come twice.
    fn step(&self, (page, shard): &Desk, act: &Json) -> Result<Json, ImportError> {
        let path = format!("/admin/import?page={page}&shard={shard}");
        let mut tries = 0;
        loop {
            tries += 1;
            match self.owner.post::<Json>(&path, act.to_string()) {
                Ok(answer) => return Ok(answer),
                Err(AskError::Worker(_)) if tries < TRIES => sleep(PAUSE),
                Err(why) => return Err(ImportError::Refused(page.clone(), why)),
            }
        }
    }

    /// Begins at a Desk, or goes on: what it has taken in already; none when all is there.
    fn begin(&self, desk: &Desk, replace: bool) -> Result<Option<Taken>, ImportError> {
        #[derive(Deserialize)]
        struct Begun {
            import: crate::store::leaving::Import,
        }
        let (page, shard) = desk;
        let known = self.work.pages.iter().find(|known| known.page == *page);
        let shards = known.map_or(1, |known| known.shards);
        let before = known.and_then(|known| known.before.as_ref());
        let earlier = known.map(|known| known.earlier.as_slice()).unwrap_or_default();
        let over = replace.then(|| self.work.tombstones.get(page).cloned().unwrap_or_default());
        let over = over.map(|of_page| of_page.into_iter().collect::<Vec<_>>());
        let act = json!({ "begin": {
            "id": self.reading.id, "shards": shards, "before": before,
            "earlier": earlier, "over": over,
        }});
        let answer = self.step(desk, &act)?;
        let begun: Begun = serde_json::from_value(answer)
            .map_err(|error| AskError::Unreadable(format!("Desk {shard}: {error}")))?;
        Ok(begun.import.open.then_some(begun.import.taken))
    }

    fn rows(&self, open: &BTreeMap<Desk, Taken>) -> Result<(), ImportError> {
        for table in carried() {
            let mut waiting: BTreeMap<Desk, Waiting<Row>> = BTreeMap::new();
            self.reading.lines::<ImportError>(&file_of(table), |line| {
                let (desk, row) = match row(table, line) {
                    Ok(read) => read,
                    Err(why) => return Ok(Err(why)),
                };
                self.add(open, &mut waiting, table.name, desk, (row, line.len()))?;
                Ok(Ok(()))
            })?;
            self.send_all(&mut waiting, table.name)?;
        }
        Ok(())
    }

    fn kv(&self, open: &BTreeMap<Desk, Taken>) -> Result<(), ImportError> {
        let mut waiting: BTreeMap<Desk, Waiting<(String, String)>> = BTreeMap::new();
        self.reading.lines::<ImportError>(KV, |line| {
            let read = kv_pair(line);
            let desk = read.and_then(|pair| Ok((self.work.desk_of_key(&pair.0, &pair.1)?, pair)));
            let (desk, pair) = match desk {
                Ok(read) => read,
                Err(why) => return Ok(Err(why)),
            };
            self.add(open, &mut waiting, "kv", desk, (pair, line.len()))?;
            Ok(Ok(()))
        })?;
        self.send_all(&mut waiting, "kv")
    }

    /// Puts a line behind the others of its Desk, and sends them once they are enough. Lines that
    /// the Desk has are passed over.
    fn add<T: serde::Serialize>(
        &self,
        open: &BTreeMap<Desk, Taken>,
        waiting: &mut BTreeMap<Desk, Waiting<T>>,
        what: &str,
        desk: Desk,
        (line, bytes): (T, usize),
    ) -> Result<(), ImportError> {
        let Some(taken) = open.get(&desk) else { return Ok(()) };
        let taken = taken.get(what).copied().unwrap_or(0);
        let of_desk = waiting.entry(desk.clone()).or_insert_with(|| Waiting {
            from: 0,
            lines: Vec::new(),
            bytes: 0,
        });
        if of_desk.lines.is_empty() && of_desk.from < taken {
            of_desk.from += 1;
            return Ok(());
        }
        of_desk.lines.push(line);
        of_desk.bytes += bytes;
        if of_desk.lines.len() >= PER_CALL || of_desk.bytes >= BYTES_PER_CALL {
            self.send(&desk, of_desk, what)?;
        }
        Ok(())
    }

    fn send_all<T: serde::Serialize>(
        &self,
        waiting: &mut BTreeMap<Desk, Waiting<T>>,
        what: &str,
    ) -> Result<(), ImportError> {
        for (desk, of_desk) in waiting {
            if !of_desk.lines.is_empty() {
                self.send(desk, of_desk, what)?;
            }
        }
        Ok(())
    }

    fn send<T: serde::Serialize>(
        &self,
        desk: &Desk,
        waiting: &mut Waiting<T>,
        what: &str,
    ) -> Result<(), ImportError> {
        let (id, from) = (&self.reading.id, waiting.from);
        let lines = std::mem::take(&mut waiting.lines);
        let act = match table(what) {
            Some(_) => json!({ "take": { "id": id, "table": what, "from": from, "rows": lines } }),
            None => json!({ "take_kv": { "id": id, "from": from, "values": lines } }),
        };
        self.step(desk, &act)?;
        waiting.from += u64::try_from(lines.len()).unwrap_or(0);
        waiting.bytes = 0;
        Ok(())
    }

    fn end(&self, desk: &Desk) -> Result<(), ImportError> {
        let sequences = self.work.sequences.get(desk).cloned().unwrap_or_default();
        let act = json!({ "end": { "id": self.reading.id, "sequences": sequences } });
        self.step(desk, &act).map(|_| ())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::desk::layout::Before;

    #[test]
    fn a_page_of_an_export_names_no_more_desks_than_a_page_may_have() {
        let before = |shards| Before { shards, until: UnixMs::new(5) };
        let line = |shards, old: Option<u32>, earlier: &[u32], desks| PageLine {
            page: PageId::new("1").unwrap(),
            shards,
            before: old.map(before),
            earlier: earlier.iter().copied().map(before).collect(),
            desks,
        };
        line(1, None, &[], 1).check().unwrap();
        line(MOST_SHARDS, Some(3), &[2, 1], MOST_SHARDS).check().unwrap();
        let more = MOST_SHARDS + 1;
        let many = vec![2; MOST_SHARDS as usize];
        for wrong in [
            line(0, None, &[], 1),
            line(more, None, &[], 1),
            line(1, None, &[], more),
            line(1, None, &[], u32::MAX),
            line(1, Some(more), &[], 1),
            line(1, Some(0), &[], 1),
            line(1, Some(2), &[1, more], 1),
            line(1, Some(2), &many, 1),
        ] {
            let why = wrong.check().unwrap_err().to_string();
            assert!(why.contains("manifest.json"), "{why}");
        }
    }
}
