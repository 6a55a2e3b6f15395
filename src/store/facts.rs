//! What holds for the whole Desk, by name.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Columns, Sql, StoreError, params, to_json};

/// The fact that says which Desk this is: `{"page", "shard"}`.
pub const NAME: &str = "name";

/// Reads a fact, or `None` when it is not known.
///
/// # Errors
/// [`StoreError`].
pub fn get<T: DeserializeOwned>(sql: &impl Sql, name: &str) -> Result<Option<T>, StoreError> {
    let rows = sql.query("SELECT value FROM facts WHERE name = ?1", params![name])?;
    rows.first().map(|row| Columns::of("facts", row).json()).transpose()
}

/// Writes a fact.
///
/// # Errors
/// [`StoreError::Refused`].
pub fn set<T: Serialize>(sql: &impl Sql, name: &str, value: &T) -> Result<(), StoreError> {
    sql.execute(
        "INSERT OR REPLACE INTO facts (name, value) VALUES (?1, ?2)",
        params![name, to_json("facts", value)?],
    )?;
    Ok(())
}

/// Forgets a fact. `true` when it was known.
///
/// # Errors
/// [`StoreError::Refused`].
pub fn clear(sql: &impl Sql, name: &str) -> Result<bool, StoreError> {
    sql.execute("DELETE FROM facts WHERE name = ?1", params![name])
}
