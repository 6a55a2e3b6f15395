//! What came of notifications after they left: how many were delivered, read, and followed by a
//! stop. One row per (notification, period, name); nobody is named.

use super::{Columns, Sql, StoreError, params};
use crate::time::UnixMs;

/// Counts one; with a wording, for that one, too.
///
/// # Errors
/// [`StoreError::Refused`].
pub fn add(
    sql: &impl Sql,
    notification: &str,
    period: &str,
    variant: Option<&str>,
    name: &'static str,
) -> Result<(), StoreError> {
    let of_variant = variant.map(|variant| format!("{variant}{VARIANT}{name}"));
    for name in [Some(name), of_variant.as_deref()].into_iter().flatten() {
        sql.execute(
            "INSERT INTO tallies (notification, period, name, n) VALUES (?1, ?2, ?3, 1)
             ON CONFLICT (notification, period, name) DO UPDATE SET n = n + 1",
            params![notification, period, name],
        )?;
    }
    Ok(())
}

/// Between a wording and what is counted of it. No name of a wording holds it.
const VARIANT: char = ':';

/// One count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tally {
    /// Of which notification.
    pub notification: String,
    /// For which period.
    pub period: String,
    /// Of which wording; none: of all.
    pub variant: Option<String>,
    /// `delivered`, `read`, `tapped`, `stopped`.
    pub name: String,
    /// How many people.
    pub people: i64,
}

/// The counts of periods from the day of `from` on.
///
/// # Errors
/// [`StoreError`].
pub fn since(sql: &impl Sql, from: UnixMs) -> Result<Vec<Tally>, StoreError> {
    let rows = sql.query(
        "SELECT notification, period, name, n FROM tallies WHERE period >= ?1
         ORDER BY notification, period, name",
        params![from.utc_date().to_string()],
    )?;
    rows.iter()
        .map(|row| {
            let mut columns = Columns::of("tallies", row);
            let tally = Tally {
                notification: columns.text()?.to_owned(),
                period: columns.text()?.to_owned(),
                variant: None,
                name: columns.text()?.to_owned(),
                people: columns.int()?,
            };
            Ok(match tally.name.split_once(VARIANT) {
                Some((variant, name)) => {
                    Tally { variant: Some(variant.to_owned()), name: name.to_owned(), ..tally }
                }
                None => tally,
            })
        })
        .collect()
}

/// Forgets periods of more than 400 days ago.
///
/// # Errors
/// [`StoreError::Refused`].
pub fn prune(sql: &impl Sql, now: UnixMs) -> Result<(), StoreError> {
    let oldest = now.plus(-400 * crate::time::DAY).utc_date().to_string();
    sql.execute("DELETE FROM tallies WHERE period < ?1", params![oldest])?;
    Ok(())
}
