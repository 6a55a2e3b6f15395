//! What the owner is told of: one row for each time that something was wrong, from its beginning to
//! its end.

use super::{Columns, Sql, StoreError, params};
use crate::time::{DAY, UnixMs};

/// How long ended ones are kept.
pub(super) const KEPT_MS: i64 = 400 * DAY;

/// Something that is or was wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incident {
    /// What, by its name.
    pub kind: String,
    /// Since when.
    pub since: UnixMs,
    /// Until when; none: it still is.
    pub until: Option<UnixMs>,
    /// What is known of it.
    pub says: String,
}

/// Notes that something is wrong. Of one kind only one is open at a time.
///
/// # Errors
/// [`StoreError::Refused`].
pub fn open(sql: &impl Sql, kind: &str, says: &str, now: UnixMs) -> Result<(), StoreError> {
    sql.execute(
        "INSERT OR REPLACE INTO incidents (kind, since, says) SELECT ?1, ?2, ?3
         WHERE NOT EXISTS (SELECT 1 FROM incidents WHERE kind = ?1 AND until IS NULL)",
        params![kind, now, says],
    )?;
    Ok(())
}

/// Notes that something is over.
///
/// # Errors
/// [`StoreError::Refused`].
pub fn close(sql: &impl Sql, kind: &str, now: UnixMs) -> Result<(), StoreError> {
    sql.execute(
        "UPDATE incidents SET until = ?2 WHERE kind = ?1 AND until IS NULL",
        params![kind, now],
    )?;
    Ok(())
}

/// Those that are open, and those that ended since `from`, the newest first.
///
/// # Errors
/// [`StoreError`].
pub fn since(sql: &impl Sql, from: UnixMs) -> Result<Vec<Incident>, StoreError> {
    let rows = sql.query(
        "SELECT kind, since, until, says FROM incidents WHERE until IS NULL OR until >= ?1
         ORDER BY since DESC, kind LIMIT 200",
        params![from],
    )?;
    rows.iter()
        .map(|row| {
            let mut columns = Columns::of("incidents", row);
            Ok(Incident {
                kind: columns.text()?.to_owned(),
                since: columns.moment()?,
                until: columns.maybe_moment()?,
                says: columns.text()?.to_owned(),
            })
        })
        .collect()
}

/// Forgets what ended more than 400 days ago.
///
/// # Errors
/// [`StoreError::Refused`].
pub fn prune(sql: &impl Sql, now: UnixMs) -> Result<(), StoreError> {
    sql.execute("DELETE FROM incidents WHERE until < ?1", params![now.plus(-KEPT_MS)])?;
    Ok(())
}
