//! Posters that were made or changed without `shop.toml`. The Page's registrar (its first Desk)
//! has them; KV gets them from here.

use super::{Columns, Sql, StoreError, params, to_json};
use crate::meta::ids::PosterCode;
use crate::shop::model::Poster;
use crate::time::UnixMs;

/// Keeps a poster as it is now.
///
/// # Errors
/// [`StoreError`].
pub fn put(sql: &impl Sql, poster: &Poster, now: UnixMs) -> Result<(), StoreError> {
    sql.execute(
        "INSERT INTO posters (code, body, changed_at) VALUES (?1, ?2, ?3)
         ON CONFLICT (code) DO UPDATE SET body = excluded.body, changed_at = excluded.changed_at",
        params![poster.code.as_str(), to_json("posters", poster)?, now],
    )?;
    Ok(())
}

/// Forgets one. `true` when it was there.
///
/// # Errors
/// [`StoreError::Refused`].
pub fn remove(sql: &impl Sql, code: &PosterCode) -> Result<bool, StoreError> {
    sql.execute("DELETE FROM posters WHERE code = ?1", params![code.as_str()])
}

/// All of them, by code.
///
/// # Errors
/// [`StoreError`].
pub fn all(sql: &impl Sql) -> Result<Vec<Poster>, StoreError> {
    let rows = sql.query("SELECT body FROM posters ORDER BY code", params![])?;
    rows.iter().map(|row| Columns::of("posters", row).json()).collect()
}
