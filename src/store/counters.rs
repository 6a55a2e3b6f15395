//! How often things happened, by UTC day. No text, no names, no ids.

use super::{Columns, Sql, StoreError, params};
use crate::time::{DAY, UnixMs};

/// How long counters are kept.
const KEPT_MS: i64 = 400 * DAY;

fn day(now: UnixMs) -> String {
    now.rfc3339().chars().take(10).collect()
}

/// Counts one.
///
/// # Errors
/// [`StoreError::Refused`].
pub fn add(sql: &impl Sql, name: &str, now: UnixMs) -> Result<(), StoreError> {
    sql.execute(
        "INSERT INTO counters (day, name, n) VALUES (?1, ?2, 1)
         ON CONFLICT (day, name) DO UPDATE SET n = n + 1",
        params![day(now), name],
    )?;
    Ok(())
}

/// The counts of the last `days` days, summed by name.
///
/// # Errors
/// [`StoreError`].
pub fn totals(sql: &impl Sql, days: i64, now: UnixMs) -> Result<Vec<(String, i64)>, StoreError> {
    let from = day(now.plus(days.saturating_sub(1).saturating_mul(DAY).saturating_neg()));
    let rows = sql.query(
        "SELECT name, sum(n) FROM counters WHERE day >= ?1 GROUP BY name ORDER BY name",
        params![from],
    )?;
    rows.iter()
        .map(|row| {
            let mut columns = Columns::of("counters", row);
            Ok((columns.text()?.to_owned(), columns.int()?))
        })
        .collect()
}

/// Forgets what is older than 400 days.
///
/// # Errors
/// [`StoreError::Refused`].
pub fn prune(sql: &impl Sql, now: UnixMs) -> Result<(), StoreError> {
    sql.execute("DELETE FROM counters WHERE day < ?1", params![day(now.plus(-KEPT_MS))])?;
    Ok(())
}
