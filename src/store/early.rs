//! Deliveries and readings that came while a notification to the same person was on its way: Meta
//! may tell that it arrived before it answers our own request.

use super::outbox::OPEN;
use super::{Columns, Sql, StoreError, params, to_json};
use crate::meta::event::Channel;
use crate::meta::ids::{Mid, Psid};
use crate::time::{DAY, UnixMs};

/// Nothing is on its way for so long.
pub(super) const KEPT_MS: i64 = DAY;

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Early {
    /// How far it says that something came; see [`super::consents::Last::seen`].
    pub level: i64,
    /// The messages that it names.
    pub mids: Vec<Mid>,
    /// It is about everything before a moment at which the notification had been claimed.
    pub covers: bool,
}

/// When the notification to somebody was claimed that is on its way, if one is.
///
/// # Errors
/// [`StoreError`].
pub fn on_its_way(
    sql: &impl Sql,
    channel: Channel,
    person: &Psid,
) -> Result<Option<UnixMs>, StoreError> {
    let rows = sql.query(
        &format!(
            "SELECT claimed_at FROM outbox WHERE channel = ?1 AND person = ?2 AND class = 1
               AND state = 'sending' AND {OPEN}"
        ),
        params![channel, person.as_str()],
    )?;
    Ok(rows.first().map(|row| Columns::of("outbox", row).maybe_moment()).transpose()?.flatten())
}

/// Keeps one until that notification is settled.
///
/// # Errors
/// [`StoreError`].
pub fn keep(
    sql: &impl Sql,
    (channel, person): (Channel, &Psid),
    early: &Early,
    now: UnixMs,
) -> Result<(), StoreError> {
    sql.execute(
        "INSERT INTO early (channel, person, level, mids, covers, at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![
            channel,
            person.as_str(),
            early.level,
            to_json("early", &early.mids)?,
            i64::from(early.covers),
            now
        ],
    )?;
    Ok(())
}

/// Takes what was kept of somebody.
///
/// # Errors
/// [`StoreError`].
pub fn take(sql: &impl Sql, channel: Channel, person: &Psid) -> Result<Vec<Early>, StoreError> {
    let rows = sql.query(
        "SELECT level, mids, covers FROM early WHERE channel = ?1 AND person = ?2",
        params![channel, person.as_str()],
    )?;
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    forget(sql, channel, person)?;
    rows.iter()
        .map(|row| {
            let mut columns = Columns::of("early", row);
            Ok(Early { level: columns.int()?, mids: columns.json()?, covers: columns.int()? != 0 })
        })
        .collect()
}

/// Forgets what was kept of somebody.
///
/// # Errors
/// [`StoreError::Refused`].
pub fn forget(sql: &impl Sql, channel: Channel, person: &Psid) -> Result<(), StoreError> {
    sql.execute(
        "DELETE FROM early WHERE channel = ?1 AND person = ?2",
        params![channel, person.as_str()],
    )?;
    Ok(())
}

/// Forgets what nothing came of.
///
/// # Errors
/// [`StoreError::Refused`].
pub fn prune(sql: &impl Sql, now: UnixMs) -> Result<(), StoreError> {
    sql.execute("DELETE FROM early WHERE at < ?1", params![now.plus(-KEPT_MS)])?;
    Ok(())
}
