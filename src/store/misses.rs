//! Questions that found no answer, for an owner who wants to know them: redacted words, the
//! language, when. Nothing here says who asked.

use super::{Columns, Sql, StoreError, params, to_json};
use crate::meta::ids::FaqId;
use crate::time::{DAY, UnixMs};

/// The most misses a Desk keeps; the oldest go first. Our own: some 300 KB, and more than anybody
/// reads.
pub const MOST: i64 = 2_000;

/// A question that found no answer, before it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Miss {
    /// The words, redacted and cut.
    pub text: String,
    /// The language it was answered in, as a tag.
    pub lang: String,
    /// What was offered instead of an answer; empty when nothing was.
    pub offered: Vec<FaqId>,
    /// For how many days it may be kept.
    pub keep_days: u16,
}

/// Questions of the same words, language and offer.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Missed {
    /// The words, redacted and cut.
    pub text: String,
    /// The language it was answered in, as a tag.
    pub lang: String,
    /// What was offered and not taken; empty when nothing was offered.
    #[serde(default)]
    pub offered: Vec<FaqId>,
    /// How often.
    pub times: u32,
    /// When it was asked last.
    #[serde(with = "rfc3339")]
    pub newest: UnixMs,
}

/// Moments as people read them.
mod rfc3339 {
    use super::UnixMs;
    use serde::de::Error as _;
    use serde::{Deserialize as _, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(at: &UnixMs, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&at.rfc3339())
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<UnixMs, D::Error> {
        let text = String::deserialize(from)?;
        text.parse::<jiff::Timestamp>().map(UnixMs::from).map_err(D::Error::custom)
    }
}

/// Keeps a miss and returns its number, which is never used twice.
///
/// # Errors
/// [`StoreError`].
pub fn keep(sql: &impl Sql, miss: &Miss, now: UnixMs) -> Result<i64, StoreError> {
    let until = now.plus(i64::from(miss.keep_days).saturating_mul(DAY));
    sql.execute(
        "INSERT INTO misses (text, lang, offered, at, until) VALUES (?1, ?2, ?3, ?4, ?5)",
        params![
            miss.text.as_str(),
            miss.lang.as_str(),
            to_json("misses", &miss.offered)?,
            now,
            until
        ],
    )?;
    let rows = sql.query("SELECT max(id) FROM misses", params![])?;
    let id = rows.first().map_or(Ok(0), |row| Columns::of("misses", row).int())?;
    // By number, not by counting: that would read every row for each one that is written.
    sql.execute("DELETE FROM misses WHERE id <= ?1", params![id.saturating_sub(MOST)])?;
    Ok(id)
}

/// Lets go of a miss that was none: what was offered was taken.
///
/// # Errors
/// [`StoreError::Refused`].
pub fn taken(sql: &impl Sql, id: i64) -> Result<(), StoreError> {
    sql.execute("DELETE FROM misses WHERE id = ?1", params![id])?;
    Ok(())
}

/// The misses that may still be kept, those of the same words together, the newest first; at most
/// `limit` of them.
///
/// # Errors
/// [`StoreError`].
pub fn list(
    sql: &impl Sql,
    keep_days: u16,
    limit: u32,
    now: UnixMs,
) -> Result<Vec<Missed>, StoreError> {
    let rows = sql.query(
        "SELECT text, lang, offered, count(*), max(at) FROM misses WHERE at > ?1 AND until > ?2
         GROUP BY text, lang, offered ORDER BY max(at) DESC, max(id) DESC LIMIT ?3",
        params![oldest(keep_days, now), now, limit],
    )?;
    rows.iter()
        .map(|row| {
            let mut columns = Columns::of("misses", row);
            Ok(Missed {
                text: columns.text()?.to_owned(),
                lang: columns.text()?.to_owned(),
                offered: columns.json()?,
                times: u32::try_from(columns.int()?).unwrap_or(u32::MAX),
                newest: columns.moment()?,
            })
        })
        .collect()
}

/// Forgets what may not be kept any longer: what its own time has come for, and what is older
/// than `keep_days`, which the owner may have made shorter since. Without `keep_days` the owner
/// wants none kept, and all are forgotten.
///
/// # Errors
/// [`StoreError::Refused`].
pub fn prune(sql: &impl Sql, keep_days: Option<u16>, now: UnixMs) -> Result<(), StoreError> {
    match keep_days {
        Some(days) => sql.execute(
            "DELETE FROM misses WHERE at <= ?1 OR until <= ?2",
            params![oldest(days, now), now],
        ),
        None => sql.execute("DELETE FROM misses", params![]),
    }
    .map(|_| ())
}

fn oldest(keep_days: u16, now: UnixMs) -> UnixMs {
    now.plus(i64::from(keep_days).saturating_mul(DAY).saturating_neg())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{native::Sqlite, schema};

    fn sql() -> Sqlite {
        let sql = Sqlite::in_memory().unwrap();
        schema::migrate(&sql).unwrap();
        sql
    }

    fn miss(text: &str) -> Miss {
        Miss { text: text.into(), lang: "lt".into(), offered: Vec::new(), keep_days: 30 }
    }

    fn texts(sql: &Sqlite, keep_days: u16, now: UnixMs) -> Vec<(String, u32)> {
        let all = list(sql, keep_days, 10, now).unwrap();
        all.into_iter().map(|missed| (missed.text, missed.times)).collect()
    }

    const NOW: UnixMs = UnixMs::new(1_795_000_000_000);

    #[test]
    fn the_same_words_are_one_line_and_the_newest_come_first() {
        let sql = sql();
        for (text, minute) in [("a", 0), ("b", 1), ("a", 2)] {
            keep(&sql, &miss(text), NOW.plus(minute)).unwrap();
        }
        let offer = Miss { offered: vec![FaqId::new("hours").unwrap()], ..miss("a") };
        let id = keep(&sql, &offer, NOW).unwrap();
        assert_eq!(list(&sql, 30, 10, NOW).unwrap().len(), 3);
        taken(&sql, id).unwrap();
        assert_eq!(texts(&sql, 30, NOW), [("a".to_owned(), 2), ("b".to_owned(), 1)]);
        assert_eq!(list(&sql, 30, 1, NOW).unwrap().len(), 1);
    }

    #[test]
    fn only_so_many_are_kept_and_the_oldest_go_first() {
        let sql = sql();
        for n in 0..MOST + 5 {
            keep(&sql, &miss(&n.to_string()), NOW.plus(n)).unwrap();
        }
        let rows = sql.query("SELECT count(*), min(at) FROM misses", params![]).unwrap();
        let mut columns = Columns::of("misses", &rows[0]);
        assert_eq!((columns.int().unwrap(), columns.moment().unwrap()), (MOST, NOW.plus(5)));
    }

    #[test]
    fn nothing_is_shown_or_kept_longer_than_the_owner_says() {
        let sql = sql();
        keep(&sql, &miss("old"), NOW).unwrap();
        keep(&sql, &miss("new"), NOW.plus(10 * DAY)).unwrap();
        let count = || sql.query("SELECT id FROM misses", params![]).unwrap().len();
        // Before anything is pruned, too.
        assert_eq!(texts(&sql, 7, NOW.plus(11 * DAY)), [("new".to_owned(), 1)]);
        assert_eq!(texts(&sql, 90, NOW.plus(30 * DAY)), [("new".to_owned(), 1)]);
        prune(&sql, Some(90), NOW.plus(29 * DAY)).unwrap();
        assert_eq!(count(), 2);
        prune(&sql, Some(90), NOW.plus(30 * DAY)).unwrap();
        assert_eq!(count(), 1);
        prune(&sql, Some(7), NOW.plus(17 * DAY)).unwrap();
        assert_eq!(count(), 0);
        keep(&sql, &miss("x"), NOW).unwrap();
        prune(&sql, None, NOW).unwrap();
        assert_eq!(count(), 0);
    }
}
