//! KV writes that are owed. KV takes 1,000 writes a day on the free plan and one a second per
//! key (Cloudflare KV limits, November 2026); what it refuses waits here, the newest value per
//! key, and is written later.

use super::{Columns, Sql, StoreError, params};
use crate::time::{HOUR, MINUTE, SECOND, UnixMs};

/// A write that is owed.
#[derive(Debug, PartialEq, Eq)]
pub struct Owed {
    /// The key.
    pub key: String,
    /// The value; `None` deletes the key.
    pub value: Option<String>,
    /// Which value of this key it is: a newer one may be queued while this one is written.
    pub version: i64,
    attempts: i64,
}

/// Queues a write. A newer value takes the place of an older one.
///
/// # Errors
/// [`StoreError::Refused`].
pub fn push(sql: &impl Sql, key: &str, value: Option<&str>, now: UnixMs) -> Result<(), StoreError> {
    sql.execute(
        "INSERT INTO kv_queue (key, value, version, due_at) VALUES (?1, ?2, 1, ?3)
         ON CONFLICT (key) DO UPDATE SET value = excluded.value, version = version + 1,
           due_at = min(due_at, excluded.due_at)",
        params![key, value, now],
    )?;
    Ok(())
}

/// The writes that are due, at most `limit`.
///
/// # Errors
/// [`StoreError`].
pub fn due(sql: &impl Sql, now: UnixMs, limit: u32) -> Result<Vec<Owed>, StoreError> {
    let rows = sql.query(
        // The limit is not bound: SQLite plans with its value, and would plan anew at each call.
        &format!(
            "SELECT key, value, version, attempts FROM kv_queue WHERE due_at <= ?1
             ORDER BY due_at LIMIT {limit}"
        ),
        params![now],
    )?;
    rows.iter()
        .map(|row| {
            let mut columns = Columns::of("kv_queue", row);
            Ok(Owed {
                key: columns.text()?.to_owned(),
                value: columns.maybe_text()?.map(str::to_owned),
                version: columns.int()?,
                attempts: columns.int()?,
            })
        })
        .collect()
}

/// Settles a write. A written one is gone, unless a newer value came meanwhile: that one waits
/// out KV's second per key. A refused one is due again after a pause that grows to an hour.
///
/// # Errors
/// [`StoreError::Refused`].
pub fn settle(sql: &impl Sql, owed: &Owed, written: bool, now: UnixMs) -> Result<(), StoreError> {
    if written {
        sql.execute(
            "DELETE FROM kv_queue WHERE key = ?1 AND version = ?2",
            params![owed.key.as_str(), owed.version],
        )?;
        sql.execute(
            "UPDATE kv_queue SET attempts = 0, due_at = ?2, refused_at = NULL WHERE key = ?1",
            params![owed.key.as_str(), now.plus(SECOND)],
        )?;
    } else {
        let wait = (5 * SECOND).saturating_mul(1 << owed.attempts.clamp(0, 10)).min(HOUR);
        sql.execute(
            "UPDATE kv_queue SET attempts = attempts + 1, due_at = ?2,
               refused_at = coalesce(refused_at, ?3) WHERE key = ?1",
            params![owed.key.as_str(), now.plus(wait.max(MINUTE / 12)), now],
        )?;
    }
    Ok(())
}

/// How many writes are owed, and when the next is due.
///
/// # Errors
/// [`StoreError`].
pub fn backlog(sql: &impl Sql) -> Result<(i64, Option<UnixMs>), StoreError> {
    let rows = sql.query("SELECT count(*), min(due_at) FROM kv_queue", params![])?;
    rows.first().map_or(Ok((0, None)), |row| {
        let mut columns = Columns::of("kv_queue", row);
        Ok((columns.int()?, columns.maybe_moment()?))
    })
}

/// Since when KV has refused the value that waits longest for it, if any was refused.
///
/// # Errors
/// [`StoreError`].
pub fn refused_since(sql: &impl Sql) -> Result<Option<UnixMs>, StoreError> {
    let rows = sql.query("SELECT min(refused_at) FROM kv_queue", params![])?;
    Ok(rows.first().map(|row| Columns::of("kv_queue", row).maybe_moment()).transpose()?.flatten())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{native::Sqlite, schema};

    fn queue() -> Sqlite {
        let sql = Sqlite::in_memory().unwrap();
        schema::migrate(&sql).unwrap();
        sql
    }

    #[test]
    fn a_refused_write_waits_and_is_not_lost() {
        let (sql, now) = (queue(), UnixMs::new(1_000_000));
        push(&sql, "k", Some("1"), now).unwrap();
        let owed = due(&sql, now, 10).unwrap();
        settle(&sql, &owed[0], false, now).unwrap();
        assert_eq!(due(&sql, now, 10).unwrap(), []);
        let later = due(&sql, now.plus(HOUR), 10).unwrap();
        assert_eq!(later[0].value.as_deref(), Some("1"));
        settle(&sql, &later[0], false, now.plus(HOUR)).unwrap();
        assert_eq!(refused_since(&sql).unwrap(), Some(now), "the first refusal counts");
        settle(&sql, &later[0], true, now).unwrap();
        assert_eq!(backlog(&sql).unwrap(), (0, None));
        assert_eq!(refused_since(&sql).unwrap(), None);
    }

    #[test]
    fn a_value_queued_during_a_write_survives_it() {
        let (sql, now) = (queue(), UnixMs::new(1_000_000));
        push(&sql, "k", Some("old"), now).unwrap();
        let owed = due(&sql, now, 10).unwrap();
        push(&sql, "k", None, now).unwrap();
        settle(&sql, &owed[0], true, now).unwrap();
        assert_eq!(due(&sql, now, 10).unwrap(), []);
        assert_eq!(due(&sql, now.plus(SECOND), 10).unwrap()[0].value, None);
    }
}
