//! Links by which customers bring friends: whose each is, and which friends counted. A friend is a
//! keyed hash here.

use super::{Columns, Sql, StoreError, params};
use crate::meta::event::Channel;
use crate::meta::ids::Psid;
use crate::time::{DAY, UnixMs};

/// For how long it is known that a friend counted.
const KEPT_MS: i64 = 400 * DAY;

/// Notes whose link has this code.
///
/// # Errors
/// [`StoreError::Refused`].
pub fn share(
    sql: &impl Sql,
    code: &str,
    (channel, person): (Channel, &Psid),
) -> Result<(), StoreError> {
    sql.execute(
        "INSERT OR IGNORE INTO shares (code, channel, person) VALUES (?1, ?2, ?3)",
        params![code, channel, person.as_str()],
    )?;
    Ok(())
}

/// Whose link has this code.
///
/// # Errors
/// [`StoreError`].
pub fn sharer(sql: &impl Sql, code: &str) -> Result<Option<(Channel, Psid)>, StoreError> {
    let rows = sql.query("SELECT channel, person FROM shares WHERE code = ?1", params![code])?;
    let read = |row| {
        let mut columns = Columns::of("shares", row);
        Ok((columns.channel()?, columns.parsed(Psid::new)?))
    };
    rows.first().map(read).transpose()
}

/// What became of a friend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Credit {
    /// They count.
    Counts,
    /// They would, but the person has brought as many as count.
    Capped,
    /// They did before.
    Known,
}

/// Enters a friend whom somebody brought, once: at most `most` count since `since`.
///
/// # Errors
/// [`StoreError`].
pub fn credit(
    sql: &impl Sql,
    (channel, person): (Channel, &Psid),
    friend: &str,
    (most, since): (u32, UnixMs),
    at: UnixMs,
) -> Result<Credit, StoreError> {
    let rows = sql.query(
        "SELECT count(*) FROM credits
         WHERE channel = ?1 AND person = ?2 AND counted = 1 AND at > ?3",
        params![channel, person.as_str(), since],
    )?;
    let n = rows.first().map_or(Ok(0), |row| Columns::of("credits", row).int())?;
    let counts = n < i64::from(most);
    let new = sql.execute(
        "INSERT OR IGNORE INTO credits (channel, person, friend, at, counted)
         VALUES (?1, ?2, ?3, ?4, ?5)",
        params![channel, person.as_str(), friend, at, i64::from(counts)],
    )?;
    Ok(match (new, counts) {
        (false, _) => Credit::Known,
        (true, true) => Credit::Counts,
        (true, false) => Credit::Capped,
    })
}

/// Forgets what is too old.
///
/// # Errors
/// [`StoreError::Refused`].
pub fn prune(sql: &impl Sql, now: UnixMs) -> Result<(), StoreError> {
    sql.execute("DELETE FROM credits WHERE at < ?1", params![now.plus(-KEPT_MS)])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{native::Sqlite, schema};

    #[test]
    fn a_friend_counts_once_and_only_so_many_in_a_time() {
        let sql = Sqlite::in_memory().unwrap();
        schema::migrate(&sql).unwrap();
        let ona = Psid::new("1").unwrap();
        let who = (Channel::Messenger, &ona);
        share(&sql, "ab", who).unwrap();
        share(&sql, "ab", (Channel::Messenger, &Psid::new("2").unwrap())).unwrap();
        assert_eq!(sharer(&sql, "ab").unwrap(), Some((Channel::Messenger, ona.clone())));
        assert_eq!(sharer(&sql, "cd").unwrap(), None);
        let at = |day: i64| UnixMs::new(day * DAY);
        let bring =
            |friend: &str, day: i64| credit(&sql, who, friend, (2, at(day - 30)), at(day)).unwrap();
        assert_eq!(bring("tom", 100), Credit::Counts);
        assert_eq!(bring("tom", 101), Credit::Known);
        assert_eq!(bring("eva", 102), Credit::Counts);
        assert_eq!(bring("jan", 103), Credit::Capped);
        assert_eq!(bring("jan", 200), Credit::Known, "nor later");
        assert_eq!(bring("lea", 131), Credit::Counts, "the first has made room");
    }
}
