//! A shop's data on its way out of one deployment and into another: the rows of a Desk as they lie,
//! table by table, in steps that each fit into one call.
//!
//! A Desk stands still meanwhile (the fact `still`): it decides nothing and sends nothing, and what
//! comes in is parked. What an import has taken in is noted in the transaction that takes it in, so
//! that one that is cut off goes on where it was, and a step that comes twice changes nothing.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::map::{Leaves, TABLES, Table, fact_of};
use super::timers::{self, Timer};
use super::{Columns, Row, Sql, StoreError, Value, facts, kv_queue, params, parked, to_json};
use crate::kept::Kind;
use crate::meta::ids::PageId;
use crate::time::{MINUTE, UnixMs};

/// The layout of an export. Another one is refused.
pub const FORMAT: u32 = 1;

/// Rows that are told or taken in one call: what a call may take of the free plan's 10 ms.
pub const PER_CALL: usize = 200;

/// The same in bytes of text. One row may be longer.
pub const BYTES_PER_CALL: usize = 96 * 1024;

/// The facts that say that a Desk stands still, and how far an import has come.
const STILL: &str = "still";
const IMPORT: &str = "import";

/// The counter of writes to KV, for the quota of this deployment's day.
pub const KV_WRITTEN: &str = "kv.written";

/// That a Desk stands still.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Still {
    /// Until then, in case nobody says that it may go on; none: until somebody does.
    pub until: Option<UnixMs>,
}

/// Whether this Desk stands still.
///
/// # Errors
/// [`StoreError`].
pub fn still(sql: &impl Sql) -> Result<Option<Still>, StoreError> {
    facts::get(sql, STILL)
}

/// It stands still from now on. One that does until somebody says so does not begin by itself.
///
/// # Errors
/// [`StoreError`].
pub fn stand_still(sql: &impl Sql, wanted: Still) -> Result<Still, StoreError> {
    let held = still(sql)?.is_some_and(|held| held.until.is_none());
    let still = if held { Still { until: None } } else { wanted };
    facts::set(sql, STILL, &still)?;
    Ok(still)
}

/// It goes on: what waited and what was put aside is looked at now. `false` when it did not stand
/// still.
///
/// # Errors
/// [`StoreError`].
pub fn go_on(sql: &impl Sql, now: UnixMs) -> Result<bool, StoreError> {
    if !facts::clear(sql, STILL)? {
        return Ok(false);
    }
    parked::hurry(sql, now)?;
    for timer in [Timer::Drain, Timer::KvFlush, Timer::Unpark, Timer::Calls, Timer::Remind] {
        timers::set(sql, timer, now)?;
    }
    for timer in [Timer::Plan, Timer::Prune] {
        timers::set(sql, timer, now.plus(MINUTE))?;
    }
    Ok(true)
}

/// Some rows of a table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Chunk {
    /// In the order of its columns.
    pub rows: Vec<Row>,
    /// What tells the last of them apart, when there may be more.
    pub next: Option<Row>,
}

/// The next rows of a table after a key (empty for the first), in the order of its keys.
///
/// # Errors
/// [`StoreError`].
pub fn rows(sql: &impl Sql, table: &Table, after: &[Value]) -> Result<Chunk, StoreError> {
    let (columns, key) = (table.column_list(), table.key_list());
    let from = if after.is_empty() {
        String::new()
    } else {
        let places: Vec<String> = (1..=table.key).map(|n| format!("?{n}")).collect();
        format!("WHERE ({key}) > ({})", places.join(", "))
    };
    if !after.is_empty() && after.len() != table.key {
        return Err(StoreError::Refused(format!("{} is told apart by {key}", table.name)));
    }
    let limit = PER_CALL;
    let text = format!("SELECT {columns} FROM {} {from} ORDER BY {key} LIMIT {limit}", table.name);
    let mut rows = sql.query(&text, after)?;
    let mut bytes = 0_usize;
    let fits = rows.iter().take_while(|row| {
        let before = bytes;
        bytes = row.iter().map(size).fold(bytes, usize::saturating_add);
        before == 0 || bytes <= BYTES_PER_CALL
    });
    let fits = fits.count();
    let more = rows.len() == limit || fits < rows.len();
    rows.truncate(fits);
    let last = rows.last().filter(|_| more);
    let next = last.map(|row| row.iter().take(table.key).cloned().collect());
    if table.name == "counters" {
        let name = table.columns.iter().position(|(name, _)| *name == "name");
        let name =
            |row: &Row| name.and_then(|at| row.get(at)).and_then(Value::text).map(str::to_owned);
        rows.retain(|row| name(row).as_deref() != Some(KV_WRITTEN));
    }
    if table.leaves == Leaves::SomeFacts {
        let leaves = |name: &str| fact_of(name).is_some_and(|fact| fact.leaves);
        rows.retain(|row| row.first().and_then(Value::text).is_some_and(leaves));
    }
    Ok(Chunk { rows, next })
}

fn size(value: &Value) -> usize {
    value.text().map_or(8, str::len)
}

/// The numbers that were given out last, by table: none is to be given out again.
///
/// # Errors
/// [`StoreError`].
pub fn sequences(sql: &impl Sql) -> Result<BTreeMap<String, i64>, StoreError> {
    let rows = sql.query("SELECT name, seq FROM sqlite_sequence ORDER BY name", params![])?;
    rows.iter()
        .map(|row| {
            let mut columns = Columns::of("sqlite_sequence", row);
            Ok((columns.text()?.to_owned(), columns.int()?))
        })
        .collect()
}

/// How far an import has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Import {
    /// Which: the same name is the same data.
    pub id: String,
    /// It is not over yet.
    pub open: bool,
    /// How many lines of each table were taken in.
    pub taken: BTreeMap<String, u64>,
}

/// The import that is on, or was the last.
///
/// # Errors
/// [`StoreError`].
pub fn import(sql: &impl Sql) -> Result<Option<Import>, StoreError> {
    facts::get(sql, IMPORT)
}

/// A table in which this Desk has something that an import would cover up. Parked events do not
/// count, they wait for what is imported; nor do sums, and what Meta says of templates.
///
/// # Errors
/// [`StoreError`].
pub fn in_the_way(sql: &impl Sql) -> Result<Option<&'static str>, StoreError> {
    let counts = |table: &&Table| {
        let of_people = table.kind.is_personal() && table.name != "parked";
        table.leaves == Leaves::Along && (of_people || matches!(table.name, "posters" | "spending"))
    };
    for table in TABLES.iter().filter(counts) {
        let found = sql.query(&format!("SELECT 1 FROM {} LIMIT 1", table.name), params![])?;
        if !found.is_empty() {
            return Ok(Some(table.name));
        }
    }
    Ok(None)
}

/// What came of the wish to begin an import.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Begun {
    /// It is on, or was made already.
    Is(Import),
    /// Another one is on.
    Another(String),
    /// There is something here that it would cover up: in this table.
    InTheWay(&'static str),
    /// So many people were forgotten here whom the import does not know to be forgotten: it might
    /// bring them back.
    Forgotten(i64),
}

/// Begins an import, or goes on with it. The Desk stands still from then on. Where something is in
/// the way it is begun only with `over`: every tombstone that the import brings, as `[hash, at]`;
/// then everything goes but tombstones and parked events.
///
/// # Errors
/// [`StoreError`].
pub fn begin(
    sql: &impl Sql,
    page: &PageId,
    id: &str,
    over: Option<&[(String, UnixMs)]>,
    now: UnixMs,
) -> Result<Begun, StoreError> {
    match import(sql)? {
        Some(known) if known.id == id => return Ok(Begun::Is(known)),
        Some(other) if other.open => return Ok(Begun::Another(other.id)),
        _ => {}
    }
    if let Some(table) = in_the_way(sql)? {
        let Some(tombstones) = over else { return Ok(Begun::InTheWay(table)) };
        let unknown = sql.query(
            "SELECT count(*) FROM tombstones WHERE NOT EXISTS (
               SELECT 1 FROM json_each(?1) AS known WHERE known.value ->> 0 = tombstones.person
                 AND known.value ->> 1 >= tombstones.at)",
            params![to_json("tombstones", &tombstones)?],
        )?;
        let unknown = unknown.first().map_or(Ok(0), |row| Columns::of("tombstones", row).int())?;
        if unknown > 0 {
            return Ok(Begun::Forgotten(unknown));
        }
    }
    sql.transaction(|| {
        let consents = sql.query("SELECT person, topic FROM consents", params![])?;
        for row in &consents {
            let mut columns = Columns::of("consents", row);
            let (person, topic) = (columns.text()?, columns.text()?);
            kv_queue::push(sql, &format!("subscription:{page}:{person}:{topic}"), None, now)?;
        }
        let covered = |table: &&Table| {
            table.leaves == Leaves::Along && !matches!(table.name, "tombstones" | "parked")
        };
        for table in TABLES.iter().filter(covered) {
            sql.execute(&format!("DELETE FROM {}", table.name), params![])?;
        }
        stand_still(sql, Still { until: None })?;
        let begun = Import { id: id.to_owned(), open: true, taken: BTreeMap::new() };
        facts::set(sql, IMPORT, &begun)?;
        Ok(Begun::Is(begun))
    })
}

/// The import that is on, when it is this one.
fn open(sql: &impl Sql, id: &str) -> Result<Import, StoreError> {
    match import(sql)? {
        Some(known) if known.id == id && known.open => Ok(known),
        _ => Err(StoreError::Refused("this import is not on here: begin it again".to_owned())),
    }
}

/// Takes note of the lines from `from` on, unless they were taken in already. `None` when they
/// were; an error when some before them are missing.
fn note(
    known: &mut Import,
    what: &str,
    (from, count): (u64, usize),
) -> Result<Option<()>, StoreError> {
    let taken = known.taken.entry(what.to_owned()).or_default();
    if from < *taken {
        return Ok(None);
    }
    if from > *taken {
        let why =
            format!("lines of {what} are missing: {taken} are here, and these are from {from}");
        return Err(StoreError::Refused(why));
    }
    *taken = taken.saturating_add(u64::try_from(count).unwrap_or(u64::MAX));
    Ok(Some(()))
}

/// Takes in rows of a table: those from number `from` on, as they were told.
///
/// # Errors
/// [`StoreError::Refused`] when lines before them are missing, or a row is not as the table.
pub fn take(
    sql: &impl Sql,
    id: &str,
    table: &Table,
    from: u64,
    rows: &[Row],
) -> Result<Import, StoreError> {
    let width = table.columns.len();
    let along = matches!(table.leaves, Leaves::Along | Leaves::SomeFacts);
    if !along || rows.iter().any(|row| row.len() != width) {
        return Err(StoreError::Refused(format!("these are no rows of {}", table.name)));
    }
    let foreign = |row: &Row| {
        let name = row.first().and_then(Value::text);
        !name.and_then(fact_of).is_some_and(|fact| fact.leaves)
    };
    if table.leaves == Leaves::SomeFacts && rows.iter().any(foreign) {
        return Err(StoreError::Refused("these facts stay where they are".to_owned()));
    }
    let mut known = open(sql, id)?;
    if note(&mut known, table.name, (from, rows.len()))?.is_none() {
        return Ok(known);
    }
    let values: Vec<String> = (0..width).map(|n| format!("value ->> {n}")).collect();
    let (columns, values) = (table.column_list(), values.join(", "));
    // What was forgotten here stays forgotten.
    let conflict = match table.name {
        "tombstones" => "ON CONFLICT (person) DO UPDATE SET at = max(at, excluded.at)",
        _ => "",
    };
    let replace = if conflict.is_empty() { "OR REPLACE " } else { "" };
    let text = format!(
        "INSERT {replace}INTO {} ({columns}) SELECT {values} FROM json_each(?1) WHERE true {conflict}",
        table.name
    );
    let rows = to_json("import", &rows)?;
    sql.transaction(|| {
        sql.execute(&text, params![rows])?;
        facts::set(sql, IMPORT, &known)
    })?;
    Ok(known)
}

/// Owes KV these values, from number `from` on.
///
/// # Errors
/// [`StoreError`].
pub fn take_kv(
    sql: &impl Sql,
    id: &str,
    from: u64,
    values: &[(String, String)],
    now: UnixMs,
) -> Result<Import, StoreError> {
    use crate::shop::kv_map::key_of;
    if values.iter().any(|(key, _)| !key_of(key).is_some_and(|known| known.leaves)) {
        return Err(StoreError::Refused("these keys are written by `shopbell publish`".to_owned()));
    }
    let mut known = open(sql, id)?;
    if note(&mut known, "kv", (from, values.len()))?.is_none() {
        return Ok(known);
    }
    sql.transaction(|| {
        for (key, value) in values {
            kv_queue::push(sql, key, Some(value), now)?;
        }
        facts::set(sql, IMPORT, &known)
    })?;
    Ok(known)
}

/// Everything is here: no number is given out twice, and the Desk goes on. Once more changes
/// nothing.
///
/// # Errors
/// [`StoreError`].
pub fn end(
    sql: &impl Sql,
    id: &str,
    sequences: &BTreeMap<String, i64>,
    now: UnixMs,
) -> Result<(), StoreError> {
    if import(sql)?.is_some_and(|known| known.id == id && !known.open) {
        return Ok(());
    }
    let known = open(sql, id)?;
    sql.transaction(|| {
        for (table, last) in sequences {
            raise(sql, table, *last)?;
        }
        facts::set(sql, IMPORT, &Import { open: false, ..known })?;
        go_on(sql, now).map(|_| ())
    })
}

/// The next number that a table gives out is above `last`. A row with that number that is put in and
/// taken out does it: the table of the numbers itself is not everywhere to be written.
fn raise(sql: &impl Sql, table: &str, last: i64) -> Result<(), StoreError> {
    let numbered = TABLES.iter().find(|known| known.name == table);
    let numbered =
        numbered.filter(|known| known.columns.first().is_some_and(|(id, _)| *id == "id"));
    let Some(table) = numbered.filter(|table| table.key == 1 && table.kind != Kind::Running) else {
        return Ok(());
    };
    let name = table.name;
    let there =
        sql.query(&format!("SELECT 1 FROM {name} WHERE id >= ?1 LIMIT 1"), params![last])?;
    if !there.is_empty() {
        return Ok(());
    }
    let values: Vec<&str> = table.columns.iter().skip(1).map(|_| "''").collect();
    let text =
        format!("INSERT INTO {name} ({}) VALUES (?1, {})", table.column_list(), values.join(", "));
    sql.execute(&text, params![last])?;
    sql.execute(&format!("DELETE FROM {name} WHERE id = ?1"), params![last])?;
    Ok(())
}
