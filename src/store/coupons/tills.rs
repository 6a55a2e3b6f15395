//! Tills: who may redeem, and how often they were wrong. At the Page's registrar.

use super::super::{Columns, Row, Sql, StoreError, params};
use crate::time::UnixMs;

/// A till.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Till {
    /// Stands in its session.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// Since when.
    pub made_at: UnixMs,
    /// Since when it may not redeem any more.
    pub revoked_at: Option<UnixMs>,
    /// Wrong codes, and when the last of them came.
    pub wrong: (i64, UnixMs),
}

const COLUMNS: &str = "id, name, made_at, revoked_at, wrong, wrong_at";

fn read(row: &Row) -> Result<Till, StoreError> {
    let mut columns = Columns::of("tills", row);
    Ok(Till {
        id: columns.text()?.to_owned(),
        name: columns.text()?.to_owned(),
        made_at: columns.moment()?,
        revoked_at: columns.maybe_moment()?,
        wrong: (columns.int()?, columns.moment()?),
    })
}

/// Makes a till. `key` is the hash of what it signs in with.
///
/// # Errors
/// [`StoreError::Refused`].
pub fn add(
    sql: &impl Sql,
    (id, name, key): (&str, &str, &str),
    now: UnixMs,
) -> Result<(), StoreError> {
    sql.execute(
        "INSERT INTO tills (id, name, key, made_at) VALUES (?1, ?2, ?3, ?4)",
        params![id, name, key, now],
    )?;
    Ok(())
}

/// Every till that is kept, in the order of their making.
///
/// # Errors
/// [`StoreError`].
pub fn all(sql: &impl Sql) -> Result<Vec<Till>, StoreError> {
    let rows =
        sql.query(&format!("SELECT {COLUMNS} FROM tills ORDER BY made_at, id"), params![])?;
    rows.iter().map(read).collect()
}

/// A till that may redeem.
///
/// # Errors
/// [`StoreError`].
pub fn live(sql: &impl Sql, id: &str) -> Result<Option<Till>, StoreError> {
    let rows = sql.query(
        &format!("SELECT {COLUMNS} FROM tills WHERE id = ?1 AND revoked_at IS NULL"),
        params![id],
    )?;
    rows.first().map(read).transpose()
}

/// The till that signs in with what has this hash.
///
/// # Errors
/// [`StoreError`].
pub fn by_key(sql: &impl Sql, key: &str) -> Result<Option<Till>, StoreError> {
    let rows = sql.query(
        &format!("SELECT {COLUMNS} FROM tills WHERE key = ?1 AND revoked_at IS NULL"),
        params![key],
    )?;
    rows.first().map(read).transpose()
}

/// Takes a till's right away, by its name. `false` when no live one is called so.
///
/// # Errors
/// [`StoreError::Refused`].
pub fn revoke(sql: &impl Sql, name: &str, now: UnixMs) -> Result<bool, StoreError> {
    sql.execute(
        "UPDATE tills SET revoked_at = ?2 WHERE name = ?1 AND revoked_at IS NULL",
        params![name, now],
    )
}

/// Notes how often a till was wrong.
///
/// # Errors
/// [`StoreError::Refused`].
pub fn was_wrong(sql: &impl Sql, id: &str, times: i64, at: UnixMs) -> Result<(), StoreError> {
    sql.execute(
        "UPDATE tills SET wrong = ?2, wrong_at = ?3 WHERE id = ?1",
        params![id, times, at],
    )?;
    Ok(())
}

/// Forgets tills that were revoked before `oldest`.
///
/// # Errors
/// [`StoreError::Refused`].
pub fn prune(sql: &impl Sql, oldest: UnixMs) -> Result<(), StoreError> {
    sql.execute("DELETE FROM tills WHERE revoked_at < ?1", params![oldest])?;
    Ok(())
}
