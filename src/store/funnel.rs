//! How people came and how far they went: from a scan to what they clicked, by the shop's day, by
//! what brought them, and by topic. Numbers only; nobody is in them.

use super::{Columns, Sql, StoreError, params};

/// How far somebody came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// A poster's link was opened.
    Scan,
    /// It led to the shop's own page.
    Page,
    /// A comment is being answered privately.
    Comment,
    /// They are in the conversation.
    Conversation,
    /// And are there for the first time.
    New,
    /// They agreed to a topic.
    OptIn,
    /// A notification on it was delivered.
    Delivered,
    /// It was read.
    Read,
    /// A button of it was tapped.
    Clicked,
    /// A coupon was redeemed.
    Redeemed,
}

impl Stage {
    /// As it stands in the table.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Scan => "scan",
            Self::Page => "page",
            Self::Comment => "comment",
            Self::Conversation => "conversation",
            Self::New => "new",
            Self::OptIn => "optin",
            Self::Delivered => "delivered",
            Self::Read => "read",
            Self::Clicked => "clicked",
            Self::Redeemed => "redeemed",
        }
    }
}

/// How many sources that others name (refs, ads) are told apart on one day. A link's ref can be
/// anything, and whoever makes up many must not fill the storage.
const FOREIGN_SOURCES: i64 = 100;

/// Kinds of sources that others name; the rest is named in `shop.toml`.
const OTHERS: [&str; 2] = ["ref", "ad"];

/// Counts one. `day` is the shop's, `topic` empty where there is none.
///
/// # Errors
/// [`StoreError::Refused`].
pub fn add(
    sql: &impl Sql,
    day: &str,
    source: &str,
    topic: &str,
    stage: Stage,
) -> Result<(), StoreError> {
    sql.execute(
        "INSERT INTO funnel (day, source, topic, stage, n) VALUES (?1, ?2, ?3, ?4, 1)
         ON CONFLICT (day, source, topic, stage) DO UPDATE SET n = n + 1",
        params![day, source, topic, stage.as_str()],
    )?;
    Ok(())
}

/// The name a source is counted under: one that others chose is `…:other` when the day has many.
///
/// # Errors
/// [`StoreError`].
pub fn bounded(sql: &impl Sql, day: &str, source: &str) -> Result<String, StoreError> {
    let Some((kind, _)) = source.split_once(':').filter(|(kind, _)| OTHERS.contains(kind)) else {
        return Ok(source.to_owned());
    };
    let rows = sql.query(
        "SELECT count(DISTINCT source), coalesce(max(source = ?2), 0) FROM funnel
         WHERE day = ?1 AND (source LIKE 'ref:%' OR source LIKE 'ad:%')",
        params![day, source],
    )?;
    let Some(row) = rows.first() else { return Ok(source.to_owned()) };
    let mut columns = Columns::of("funnel", row);
    let (many, known) = (columns.int()? >= FOREIGN_SOURCES, columns.int()? == 1);
    Ok(if many && !known { format!("{kind}:other") } else { source.to_owned() })
}

/// One count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The shop's day, `YYYY-MM-DD`.
    pub day: String,
    /// What brought them: `poster:DOOR`, `ad:…`, `ref:…`, `comment:…`, `friends`, `chat`.
    pub source: String,
    /// The topic; empty where there is none.
    pub topic: String,
    /// As [`Stage::as_str`].
    pub stage: String,
    /// How often.
    pub n: i64,
}

/// The counts of the days from `day` on, at most `limit`.
///
/// # Errors
/// [`StoreError`].
pub fn since(sql: &impl Sql, day: &str, limit: u32) -> Result<Vec<Line>, StoreError> {
    let rows = sql.query(
        &format!(
            "SELECT day, source, topic, stage, n FROM funnel WHERE day >= ?1
             ORDER BY day DESC, source, topic, stage LIMIT {limit}"
        ),
        params![day],
    )?;
    rows.iter()
        .map(|row| {
            let mut columns = Columns::of("funnel", row);
            Ok(Line {
                day: columns.text()?.to_owned(),
                source: columns.text()?.to_owned(),
                topic: columns.text()?.to_owned(),
                stage: columns.text()?.to_owned(),
                n: columns.int()?,
            })
        })
        .collect()
}

/// Forgets the days before `day`.
///
/// # Errors
/// [`StoreError::Refused`].
pub fn prune(sql: &impl Sql, day: &str) -> Result<(), StoreError> {
    sql.execute("DELETE FROM funnel WHERE day < ?1", params![day])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{native::Sqlite, schema};

    fn table() -> Sqlite {
        let sql = Sqlite::in_memory().unwrap();
        schema::migrate(&sql).unwrap();
        sql
    }

    #[test]
    fn counts_add_up_by_day_source_topic_and_stage() {
        let sql = table();
        for (day, source, topic, stage) in [
            ("2026-11-18", "poster:A", "", Stage::Scan),
            ("2026-11-18", "poster:A", "", Stage::Scan),
            ("2026-11-18", "poster:A", "news", Stage::OptIn),
            ("2026-11-17", "poster:A", "", Stage::Scan),
            ("2026-11-01", "poster:B", "", Stage::Scan),
        ] {
            add(&sql, day, source, topic, stage).unwrap();
        }
        let told: Vec<(String, String, i64)> = since(&sql, "2026-11-17", 10)
            .unwrap()
            .into_iter()
            .map(|line| (line.day, line.stage, line.n))
            .collect();
        let line = |day: &str, stage: &str, n| (day.to_owned(), stage.to_owned(), n);
        assert_eq!(
            told,
            [
                line("2026-11-18", "scan", 2),
                line("2026-11-18", "optin", 1),
                line("2026-11-17", "scan", 1)
            ]
        );
        prune(&sql, "2026-11-17").unwrap();
        assert_eq!(since(&sql, "", 10).unwrap().len(), 3);
    }

    #[test]
    fn names_from_outside_are_only_so_many_a_day() {
        let sql = table();
        for n in 0..150 {
            let name = bounded(&sql, "2026-11-18", &format!("ref:{n}")).unwrap();
            add(&sql, "2026-11-18", &name, "", Stage::Conversation).unwrap();
        }
        let lines = since(&sql, "", 1_000).unwrap();
        assert_eq!(lines.len(), 101);
        assert_eq!(lines.iter().find(|line| line.source == "ref:other").unwrap().n, 50);
        // What is known goes on counting by itself, and posters always do.
        assert_eq!(bounded(&sql, "2026-11-18", "ref:7").unwrap(), "ref:7");
        assert_eq!(bounded(&sql, "2026-11-18", "poster:X").unwrap(), "poster:X");
        assert_eq!(bounded(&sql, "2026-11-19", "ref:new").unwrap(), "ref:new");
    }
}
