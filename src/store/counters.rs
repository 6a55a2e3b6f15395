//! How often things happened, by UTC day. No text, no names, no ids.

use std::collections::BTreeMap;

use super::{Columns, Sql, Statement, StoreError, params, to_json};
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
    add_all(sql, &[name], now)
}

/// Counts one under each name.
///
/// # Errors
/// [`StoreError::Refused`].
pub fn add_all(sql: &impl Sql, names: &[&str], now: UnixMs) -> Result<(), StoreError> {
    let mut tally = Tally::default();
    names.iter().for_each(|name| tally.add(name));
    if let Some(Statement { text, params }) = tally.statement(now)? {
        sql.execute(text, &params)?;
    }
    Ok(())
}

/// Counts so many at once.
///
/// # Errors
/// [`StoreError::Refused`].
pub fn add_many(sql: &impl Sql, name: &str, n: u32, now: UnixMs) -> Result<(), StoreError> {
    if n == 0 {
        return Ok(());
    }
    sql.execute(
        "INSERT INTO counters (day, name, n) VALUES (?1, ?2, ?3)
         ON CONFLICT (day, name) DO UPDATE SET n = n + excluded.n",
        params![day(now), name, n],
    )?;
    Ok(())
}

/// The count of a name on the UTC day of a moment.
///
/// # Errors
/// [`StoreError`].
pub fn on_day(sql: &impl Sql, name: &str, at: UnixMs) -> Result<u32, StoreError> {
    let rows =
        sql.query("SELECT n FROM counters WHERE day = ?1 AND name = ?2", params![day(at), name])?;
    let n = rows.first().map_or(Ok(0), |row| Columns::of("counters", row).int())?;
    Ok(u32::try_from(n).unwrap_or(u32::MAX))
}

/// What is to be counted, and was not written yet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally(BTreeMap<String, u32>);

impl Tally {
    /// Counts one.
    pub fn add(&mut self, name: &str) {
        match self.0.get_mut(name) {
            Some(n) => *n = n.saturating_add(1),
            None => {
                self.0.insert(name.to_owned(), 1);
            }
        }
    }

    /// The statement that writes it; `None` when there is nothing to write.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] if the names cannot be written as JSON, which they always can.
    pub fn statement(&self, now: UnixMs) -> Result<Option<Statement>, StoreError> {
        if self.0.is_empty() {
            return Ok(None);
        }
        let text = "INSERT INTO counters (day, name, n) SELECT ?1, key, value FROM json_each(?2)
                    WHERE true ON CONFLICT (day, name) DO UPDATE SET n = n + excluded.n";
        let params = params![day(now), to_json("counters", &self.0)?].to_vec();
        Ok(Some(Statement { text, params }))
    }
}

/// The statement that counts one under a name, if the statement before it changed a row.
pub(super) fn add_if_changed(name: &str, now: UnixMs) -> Statement {
    let text = "INSERT INTO counters (day, name, n) SELECT ?1, ?2, 1 WHERE changes() > 0
                ON CONFLICT (day, name) DO UPDATE SET n = n + 1";
    Statement { text, params: params![day(now), name].to_vec() }
}

/// Names from outside that are counted by themselves on one day; the rest are one.
const FOREIGN_NAMES: i64 = 100;

/// Counts one under a name that somebody else chose, such as a kind of event we do not know. A
/// day has only so many of them: whoever sends many names must not fill the storage.
///
/// # Errors
/// [`StoreError::Refused`].
pub fn add_foreign(
    sql: &impl Sql,
    prefix: &str,
    name: &str,
    now: UnixMs,
) -> Result<(), StoreError> {
    let name: String = name
        .chars()
        .take(64)
        .map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' })
        .collect();
    let full = format!("{prefix}.{name}");
    let rows = sql.query(
        "SELECT count(*), sum(name = ?3) FROM counters
         WHERE day = ?1 AND name > ?2 || '.' AND name < ?2 || '/'",
        params![day(now), prefix, full.as_str()],
    )?;
    let mut columns = rows.first().map(|row| Columns::of("counters", row));
    let (names, known) = match &mut columns {
        Some(columns) => (columns.int()?, columns.maybe_moment()?.is_some_and(|n| n.get() > 0)),
        None => (0, false),
    };
    if known || names < FOREIGN_NAMES {
        add(sql, &full, now)
    } else {
        add(sql, &format!("{prefix}.~others"), now)
    }
}

/// How often something was counted today.
///
/// # Errors
/// [`StoreError`].
pub fn today(sql: &impl Sql, name: &str, now: UnixMs) -> Result<i64, StoreError> {
    let rows =
        sql.query("SELECT n FROM counters WHERE day = ?1 AND name = ?2", params![day(now), name])?;
    rows.first().map_or(Ok(0), |row| Columns::of("counters", row).int())
}

/// What was counted on the UTC day of a moment.
///
/// # Errors
/// [`StoreError`].
pub fn of_day(sql: &impl Sql, at: UnixMs) -> Result<Vec<(String, i64)>, StoreError> {
    let rows = sql.query("SELECT name, n FROM counters WHERE day = ?1", params![day(at)])?;
    rows.iter()
        .map(|row| {
            let mut columns = Columns::of("counters", row);
            Ok((columns.text()?.to_owned(), columns.int()?))
        })
        .collect()
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{native::Sqlite, schema};

    #[test]
    fn a_name_counted_twice_at_once_counts_twice() {
        let sql = Sqlite::in_memory().unwrap();
        schema::migrate(&sql).unwrap();
        let now = UnixMs::new(1_000_000);
        add_all(&sql, &["a", "b", "a"], now).unwrap();
        add(&sql, "b", now).unwrap();
        add_all(&sql, &[], now).unwrap();
        assert_eq!(totals(&sql, 1, now).unwrap(), [("a".to_owned(), 2), ("b".to_owned(), 2)]);
    }

    #[test]
    fn names_from_outside_cannot_fill_the_table() {
        let sql = Sqlite::in_memory().unwrap();
        schema::migrate(&sql).unwrap();
        let now = UnixMs::new(1_000_000);
        for n in 0..1_000 {
            add_foreign(&sql, "event.unknown", &format!("kind/{n}"), now).unwrap();
        }
        add_foreign(&sql, "event.unknown", "kind/0", now).unwrap();
        let totals = totals(&sql, 1, now).unwrap();
        assert_eq!(totals.len(), 101);
        assert_eq!(totals.iter().map(|(_, n)| n).sum::<i64>(), 1_001);
        assert!(totals.contains(&("event.unknown.kind_0".to_owned(), 2)));
        assert!(totals.contains(&("event.unknown.~others".to_owned(), 900)));
    }
}
