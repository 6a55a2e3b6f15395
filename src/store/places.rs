//! How far somebody has come in a sequence: one row per sequence and person, which stays when they
//! are through, so that nobody goes through one twice.

use serde::{Deserialize, Serialize};

use super::{Columns, Row, Sql, StoreError, params, to_json};
use crate::meta::event::Channel;
use crate::meta::ids::{Psid, SequenceId};
use crate::time::UnixMs;

/// Somebody's place in a sequence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// Which.
    pub sequence: SequenceId,
    /// Where.
    pub channel: Channel,
    /// Who.
    pub person: Psid,
    /// When they began it.
    pub started_at: UnixMs,
    /// The number of the step that comes next.
    pub step: u32,
    /// When that one is due; none: they are through, or it has ended for them.
    #[serde(default)]
    pub due_at: Option<UnixMs>,
    /// When that one was due at first, before it was put off.
    pub wanted_at: UnixMs,
    /// When they were last told something of it.
    #[serde(default)]
    pub told_at: Option<UnixMs>,
}

const COLUMNS: &str = "sequence, channel, person, started_at, step, due_at, wanted_at, told_at";

fn read(row: &Row) -> Result<Place, StoreError> {
    let mut columns = Columns::of("places", row);
    Ok(Place {
        sequence: columns.parsed(SequenceId::new)?,
        channel: columns.channel()?,
        person: columns.parsed(Psid::new)?,
        started_at: columns.moment()?,
        step: u32::try_from(columns.int()?).unwrap_or(u32::MAX),
        due_at: columns.maybe_moment()?,
        wanted_at: columns.moment()?,
        told_at: columns.maybe_moment()?,
    })
}

/// Begins a sequence for somebody. `false` when they have begun it before.
///
/// # Errors
/// [`StoreError::Refused`].
pub fn begin(sql: &impl Sql, place: &Place) -> Result<bool, StoreError> {
    sql.execute(
        "INSERT OR IGNORE INTO places (sequence, channel, person, started_at, step, due_at,
           wanted_at, told_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        params![
            place.sequence.as_str(),
            place.channel,
            place.person.as_str(),
            place.started_at,
            place.step,
            place.due_at,
            place.wanted_at,
            place.told_at
        ],
    )
}

/// Writes where somebody is now; with `ended`, why it has ended for them.
///
/// # Errors
/// [`StoreError::Refused`].
pub fn save(sql: &impl Sql, place: &Place, ended: Option<&str>) -> Result<(), StoreError> {
    sql.execute(
        "UPDATE places SET step = ?4, due_at = ?5, wanted_at = ?6, told_at = ?7, ended = ?8
         WHERE sequence = ?1 AND channel = ?2 AND person = ?3",
        params![
            place.sequence.as_str(),
            place.channel,
            place.person.as_str(),
            place.step,
            place.due_at,
            place.wanted_at,
            place.told_at,
            ended
        ],
    )?;
    Ok(())
}

/// Whose step is due, the longest wait first, at most `most`. What cannot be read is left out of
/// the answer and will not come again.
///
/// # Errors
/// [`StoreError::Refused`].
pub fn due(sql: &impl Sql, now: UnixMs, most: u32) -> Result<Vec<Place>, StoreError> {
    let rows = sql.query(
        &format!(
            "SELECT {COLUMNS} FROM places WHERE due_at <= ?1
             ORDER BY due_at, sequence, channel, person LIMIT ?2"
        ),
        params![now, most],
    )?;
    let mut places = Vec::with_capacity(rows.len());
    for row in &rows {
        match read(row) {
            Ok(place) => places.push(place),
            // One row must not keep the others waiting.
            Err(_) => {
                let keys = row.get(..3).unwrap_or_default();
                sql.execute(
                    "UPDATE places SET due_at = NULL, ended = 'unreadable'
                     WHERE sequence = ?1 AND channel = ?2 AND person = ?3",
                    keys,
                )?;
            }
        }
    }
    Ok(places)
}

/// One person's place in one sequence.
///
/// # Errors
/// [`StoreError`].
pub fn get(
    sql: &impl Sql,
    sequence: &SequenceId,
    channel: Channel,
    person: &Psid,
) -> Result<Option<Place>, StoreError> {
    let rows = sql.query(
        &format!(
            "SELECT {COLUMNS} FROM places WHERE sequence = ?1 AND channel = ?2 AND person = ?3"
        ),
        params![sequence.as_str(), channel, person.as_str()],
    )?;
    rows.first().map(read).transpose()
}

/// Where these people are on both channels, in each sequence that goes on for them.
///
/// # Errors
/// [`StoreError`].
pub fn open_of(sql: &impl Sql, people: &[&Psid]) -> Result<Vec<Place>, StoreError> {
    let rows = sql.query(
        &format!(
            "SELECT {COLUMNS} FROM places WHERE channel IN ('messenger', 'instagram')
               AND person IN (SELECT value FROM json_each(?1)) AND due_at IS NOT NULL
             ORDER BY sequence"
        ),
        params![to_json("places", &people)?],
    )?;
    rows.iter().map(read).collect()
}

/// How many people are where in the sequences.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Count {
    /// In which.
    pub sequence: String,
    /// Why it has ended for them; none: it goes on.
    pub ended: Option<String>,
    /// How many.
    pub people: i64,
}

/// Counts the people of each sequence.
///
/// # Errors
/// [`StoreError`].
pub fn counts(sql: &impl Sql) -> Result<Vec<Count>, StoreError> {
    let rows = sql.query(
        "SELECT sequence, ended, count(*) FROM places GROUP BY sequence, ended
         ORDER BY sequence, ended",
        params![],
    )?;
    rows.iter()
        .map(|row| {
            let mut columns = Columns::of("places", row);
            Ok(Count {
                sequence: columns.text()?.to_owned(),
                ended: columns.maybe_text()?.map(str::to_owned),
                people: columns.int()?,
            })
        })
        .collect()
}
