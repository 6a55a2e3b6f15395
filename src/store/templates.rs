//! Utility templates as Meta keeps them, as far as this Desk has heard.

use super::{Columns, Sql, StoreError, params};
use crate::meta::template::Kept;

/// What Meta keeps, in the order of name and language.
///
/// # Errors
/// [`StoreError`].
pub fn all(sql: &impl Sql) -> Result<Vec<Kept>, StoreError> {
    let rows = sql.query(
        "SELECT name, language, status, category, reason FROM templates ORDER BY name, language",
        params![],
    )?;
    rows.iter()
        .map(|row| {
            let mut columns = Columns::of("templates", row);
            Ok(Kept {
                name: columns.text()?.to_owned(),
                language: columns.text()?.to_owned(),
                status: columns.text()?.to_owned(),
                category: columns.text()?.to_owned(),
                reason: columns.maybe_text()?.map(str::to_owned),
            })
        })
        .collect()
}

/// Whether one may be sent.
///
/// # Errors
/// [`StoreError`].
pub fn may_be_sent(sql: &impl Sql, name: &str, language: &str) -> Result<bool, StoreError> {
    Ok(all(sql)?
        .iter()
        .any(|kept| kept.name == name && kept.language == language && kept.may_be_sent()))
}

/// Notes what Meta keeps, in place of what was known.
///
/// # Errors
/// [`StoreError::Refused`].
pub fn replace(sql: &impl Sql, kept: &[Kept]) -> Result<(), StoreError> {
    sql.transaction(|| {
        sql.execute("DELETE FROM templates", params![])?;
        kept.iter().try_for_each(|kept| save(sql, kept))
    })
}

/// Notes one.
///
/// # Errors
/// [`StoreError::Refused`].
pub fn save(sql: &impl Sql, kept: &Kept) -> Result<(), StoreError> {
    sql.execute(
        "INSERT OR REPLACE INTO templates (name, language, status, category, reason)
         VALUES (?1, ?2, ?3, ?4, ?5)",
        params![
            kept.name.as_str(),
            kept.language.as_str(),
            kept.status.as_str(),
            kept.category.as_str(),
            kept.reason.as_deref()
        ],
    )?;
    Ok(())
}
