//! One row per person and channel. What a person's row means is `desk`'s business.

use std::collections::BTreeMap;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Columns, Sql, StoreError, params, to_json};
use crate::meta::event::Channel;
use crate::meta::ids::{OfferId, Psid};
use crate::time::UnixMs;

/// Loads a person, or `None` for a stranger.
///
/// # Errors
/// [`StoreError::Corrupt`] when the row cannot be read.
pub fn load<P: DeserializeOwned>(
    sql: &impl Sql,
    channel: Channel,
    id: &Psid,
) -> Result<Option<P>, StoreError> {
    let rows = sql.query(
        "SELECT body FROM people WHERE channel = ?1 AND id = ?2",
        params![channel, id.as_str()],
    )?;
    rows.first().map(|row| Columns::of("people", row).json()).transpose()
}

/// Loads these people on both channels; strangers are left out.
///
/// # Errors
/// [`StoreError::Corrupt`] when a row cannot be read.
pub fn load_all<P: DeserializeOwned>(
    sql: &impl Sql,
    ids: &[&Psid],
) -> Result<BTreeMap<(Channel, Psid), P>, StoreError> {
    let rows = sql.query(
        "SELECT channel, id, body FROM people WHERE channel IN ('messenger', 'instagram')
           AND id IN (SELECT value FROM json_each(?1))",
        params![to_json("people", &ids)?],
    )?;
    rows.iter()
        .map(|row| {
            let mut columns = Columns::of("people", row);
            Ok(((columns.channel()?, columns.parsed(Psid::new)?), columns.json()?))
        })
        .collect()
}

/// Writes a person.
///
/// # Errors
/// [`StoreError::Refused`].
pub fn save<P: Serialize>(
    sql: &impl Sql,
    channel: Channel,
    id: &Psid,
    person: &P,
) -> Result<(), StoreError> {
    sql.execute(
        "INSERT INTO people (channel, id, body) VALUES (?1, ?2, ?3)
         ON CONFLICT (channel, id) DO UPDATE SET body = excluded.body",
        params![channel, id.as_str(), to_json("people", person)?],
    )?;
    Ok(())
}

/// Forgets a person: their row, their consents, what was still to leave, what was put aside, what
/// the owner noted on them, and what the ledger, the outbox and the keys of seen events hold of them. A tombstone under `hash` keeps anything older than `at` from
/// bringing them back.
///
/// # Errors
/// [`StoreError::Refused`].
pub fn erase(
    sql: &impl Sql,
    channel: Channel,
    id: &Psid,
    hash: &str,
    at: UnixMs,
) -> Result<(), StoreError> {
    for statement in [
        // The one question of theirs that can still be told to be theirs.
        "DELETE FROM misses WHERE id IN (SELECT json_extract(body, '$.offered.miss') FROM people
           WHERE channel = ?1 AND id = ?2 AND json_valid(body))",
        "DELETE FROM people WHERE channel = ?1 AND id = ?2",
        "DELETE FROM consents WHERE channel = ?1 AND person = ?2",
        "DELETE FROM outbox WHERE channel = ?1 AND person = ?2",
        "DELETE FROM outbox WHERE kind = 'notice:' || ?1 || ':' || ?2",
        "DELETE FROM ledger WHERE channel = ?1 AND person = ?2",
        "DELETE FROM receipt_bodies WHERE channel = ?1 AND person = ?2",
        "DELETE FROM reminders WHERE channel = ?1 AND person = ?2",
        "DELETE FROM calls WHERE channel = ?1 AND person = ?2",
        "DELETE FROM bookings WHERE channel = ?1 AND person = ?2",
        "DELETE FROM notes WHERE channel = ?1 AND person = ?2",
        "DELETE FROM notices WHERE channel = ?1 AND person = ?2",
        "DELETE FROM early WHERE channel = ?1 AND person = ?2",
        "DELETE FROM places WHERE channel = ?1 AND person = ?2",
        "DELETE FROM nudges WHERE channel = ?1 AND person = ?2",
        "DELETE FROM shares WHERE channel = ?1 AND person = ?2",
        "DELETE FROM credits WHERE channel = ?1 AND person = ?2",
        "DELETE FROM coupon_holders WHERE channel = ?1 AND person = ?2",
        "DELETE FROM coupon_orders WHERE channel = ?1 AND person = ?2",
    ] {
        sql.execute(statement, params![channel, id.as_str()])?;
    }
    // Lines of Meta's list do not say where somebody is.
    sql.execute("DELETE FROM meta_tokens WHERE person = ?1", params![id.as_str()])?;
    // What they wrote and could not be handled yet.
    sql.execute(
        "DELETE FROM parked WHERE CASE WHEN json_valid(event) THEN
           json_extract(event, '$.channel') = ?1 AND json_extract(event, '$.person') = ?2
           AND json_extract(event, '$.at') <= ?3 END",
        params![channel, id.as_str(), at],
    )?;
    // Where an event has no id of its own, its key names the person. The tombstone stands in: an
    // event of before counts as forgotten.
    sql.execute(
        "DELETE FROM seen WHERE substr(key, 1, 1) = substr(?1, 1, 1)
           AND instr(key || ':', ':' || ?2 || ':') > 0",
        params![channel, id.as_str()],
    )?;
    bury(sql, hash, at)
}

/// Notes that the person with this hash was forgotten at `at`, as KV says.
///
/// # Errors
/// [`StoreError::Refused`].
pub fn bury(sql: &impl Sql, hash: &str, at: UnixMs) -> Result<(), StoreError> {
    sql.execute(
        "INSERT INTO tombstones (person, at) VALUES (?1, ?2)
         ON CONFLICT (person) DO UPDATE SET at = max(at, excluded.at)",
        params![hash, at],
    )?;
    Ok(())
}

/// How many people asked to be told of an offer.
///
/// # Errors
/// [`StoreError`].
pub fn wishing(sql: &impl Sql, offer: &OfferId) -> Result<i64, StoreError> {
    // Asked by the owner alone, and seldom: everybody is looked at.
    let rows = sql.query(
        "SELECT count(*) FROM people
         WHERE json_valid(body) AND json_extract(body, '$.wishes.\"' || ?1 || '\"') IS NOT NULL",
        params![offer.as_str()],
    )?;
    rows.first().map_or(Ok(0), |row| Columns::of("people", row).int())
}

/// When the person with this hash was forgotten, if ever.
///
/// # Errors
/// [`StoreError::Refused`].
pub fn erased_at(sql: &impl Sql, hash: &str) -> Result<Option<UnixMs>, StoreError> {
    let rows = sql.query("SELECT at FROM tombstones WHERE person = ?1", params![hash])?;
    rows.first().map(|row| Columns::of("tombstones", row).moment()).transpose()
}
