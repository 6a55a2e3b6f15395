//! What paid messages have cost, or may have: one row for each that left or is on its way, the sum
//! of each day, and what a Desk may spend of a day.
//!
//! A row is written in the transaction that claims its message, so that no crash and no second
//! Desk can spend what is spent already. It goes away only when it is certain that nobody got the
//! message; an outcome that nobody knows counts as spent.

use super::{Columns, Sql, StoreError, params};
use crate::meta::marketing::money::Money;
use crate::time::{DAY, UnixMs};

/// How long the rows are kept: as long as the runs that a report shows.
pub(super) const KEPT_MS: i64 = 400 * DAY;

/// One paid message.
#[derive(Clone, Copy, Debug)]
pub struct Spend<'a> {
    /// Its number in the outbox.
    pub row: i64,
    /// The local day that it counts for, `YYYY-MM-DD`.
    pub day: &'a str,
    /// What it costs at most.
    pub amount: Money,
    /// Of which notification.
    pub notification: &'a str,
    /// For which period.
    pub period: &'a str,
}

/// What was spent of a day, or may have been.
///
/// # Errors
/// [`StoreError`].
pub fn spent(sql: &impl Sql, day: &str) -> Result<Money, StoreError> {
    let rows = sql.query("SELECT parts FROM spending_days WHERE day = ?1", params![day])?;
    let parts = rows.first().map(|row| Columns::of("spending_days", row).int()).transpose()?;
    Ok(Money::of_parts(parts.unwrap_or(0)))
}

/// Enters a message. One that has a row already is counted already. Inside the transaction that
/// claims it.
///
/// # Errors
/// [`StoreError::Refused`].
pub fn enter(sql: &impl Sql, spend: &Spend<'_>, now: UnixMs) -> Result<(), StoreError> {
    let new = sql.execute(
        "INSERT OR IGNORE INTO spending (row, day, parts, state, notification, period, at)
         VALUES (?1, ?2, ?3, 'open', ?4, ?5, ?6)",
        params![spend.row, spend.day, spend.amount.parts(), spend.notification, spend.period, now],
    )?;
    if new { add(sql, spend.day, spend.amount.parts()) } else { Ok(()) }
}

fn add(sql: &impl Sql, day: &str, parts: i64) -> Result<(), StoreError> {
    sql.execute(
        "INSERT INTO spending_days (day, parts) VALUES (?1, ?2)
         ON CONFLICT (day) DO UPDATE SET parts = parts + ?2",
        params![day, parts],
    )?;
    Ok(())
}

/// Nobody got the message: what it would have cost is there again.
///
/// # Errors
/// [`StoreError`].
pub fn give_back(sql: &impl Sql, row: i64) -> Result<(), StoreError> {
    let open = sql.query(
        "DELETE FROM spending WHERE row = ?1 AND state = 'open' RETURNING day, parts",
        params![row],
    )?;
    let Some(open) = open.first() else { return Ok(()) };
    let mut columns = Columns::of("spending", open);
    let (day, parts) = (columns.text()?.to_owned(), columns.int()?);
    add(sql, &day, parts.saturating_neg())
}

/// Meta has the message, and tells of it by this id.
///
/// # Errors
/// [`StoreError::Refused`].
pub fn sent(sql: &impl Sql, row: i64, tracking: Option<&str>) -> Result<(), StoreError> {
    sql.execute(
        "UPDATE spending SET state = 'sent', tracking = ?2 WHERE row = ?1",
        params![row, tracking],
    )?;
    Ok(())
}

/// Nobody will know what became of the message.
///
/// # Errors
/// [`StoreError::Refused`].
pub fn unknown(sql: &impl Sql, row: i64) -> Result<(), StoreError> {
    sql.execute(
        "UPDATE spending SET state = 'unknown' WHERE row = ?1 AND state = 'open'",
        params![row],
    )?;
    Ok(())
}

/// The same for every message whose request is lost: it is not on its way any more, and nobody
/// settled it.
///
/// # Errors
/// [`StoreError::Refused`].
pub fn lost(sql: &impl Sql) -> Result<(), StoreError> {
    sql.execute(
        "UPDATE spending SET state = 'unknown' WHERE state = 'open' AND NOT EXISTS (
           SELECT 1 FROM outbox WHERE outbox.id = spending.row AND outbox.state = 'sending')",
        params![],
    )?;
    Ok(())
}

/// The number in the outbox of the message that Meta tells of by this id.
///
/// # Errors
/// [`StoreError`].
pub fn by_tracking(sql: &impl Sql, tracking: &str) -> Result<Option<i64>, StoreError> {
    let rows = sql.query("SELECT row FROM spending WHERE tracking = ?1", params![tracking])?;
    rows.first().map(|row| Columns::of("spending", row).int()).transpose()
}

/// What is allowed of a day, and to how many questions. At the registrar of a Page: what others of
/// its Desks may spend. At another Desk: what it may spend itself.
///
/// # Errors
/// [`StoreError`].
pub fn allowed(sql: &impl Sql, day: &str) -> Result<(Money, i64), StoreError> {
    let rows = sql.query(
        "SELECT coalesce(sum(parts), 0), count(*) FROM allowances WHERE day = ?1",
        params![day],
    )?;
    let Some(row) = rows.first() else { return Ok((Money::ZERO, 0)) };
    let mut columns = Columns::of("allowances", row);
    Ok((Money::of_parts(columns.int()?), columns.int()?))
}

/// What was answered to a question before; none when it was not asked.
///
/// # Errors
/// [`StoreError`].
pub fn allowance(sql: &impl Sql, question: &str) -> Result<Option<Money>, StoreError> {
    let rows = sql.query("SELECT parts FROM allowances WHERE id = ?1", params![question])?;
    let parts = rows.first().map(|row| Columns::of("allowances", row).int()).transpose()?;
    Ok(parts.map(Money::of_parts))
}

/// Notes the answer to a question; a second answer changes nothing.
///
/// # Errors
/// [`StoreError::Refused`].
pub fn allow(sql: &impl Sql, question: &str, day: &str, amount: Money) -> Result<(), StoreError> {
    sql.execute(
        "INSERT OR IGNORE INTO allowances (id, day, parts) VALUES (?1, ?2, ?3)",
        params![question, day, amount.parts()],
    )?;
    Ok(())
}

/// What a notification has cost at most.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cost {
    /// Which.
    pub notification: String,
    /// For which period.
    pub period: String,
    /// For how many messages.
    pub messages: i64,
    /// Together.
    pub amount: Money,
}

/// What was spent since `from`, by notification and period; messages that did not arrive are not
/// charged.
///
/// # Errors
/// [`StoreError`].
pub fn costs(sql: &impl Sql, from: UnixMs) -> Result<Vec<Cost>, StoreError> {
    let rows = sql.query(
        "SELECT notification, period, count(*), sum(parts) FROM spending
         WHERE at >= ?1 AND state <> 'failed' GROUP BY notification, period
         ORDER BY notification, period",
        params![from],
    )?;
    rows.iter()
        .map(|row| {
            let mut columns = Columns::of("spending", row);
            Ok(Cost {
                notification: columns.text()?.to_owned(),
                period: columns.text()?.to_owned(),
                messages: columns.int()?,
                amount: Money::of_parts(columns.int()?),
            })
        })
        .collect()
}

/// Notes that a message did not arrive. It still counts for its day: the cap is no place for hope.
///
/// # Errors
/// [`StoreError::Refused`].
pub fn failed(sql: &impl Sql, row: i64) -> Result<(), StoreError> {
    sql.execute("UPDATE spending SET state = 'failed' WHERE row = ?1", params![row])?;
    Ok(())
}

/// Forgets what is older than 400 days.
///
/// # Errors
/// [`StoreError::Refused`].
pub fn prune(sql: &impl Sql, now: UnixMs) -> Result<(), StoreError> {
    let oldest = now.plus(-KEPT_MS);
    let day = oldest.utc_date().to_string();
    sql.execute("DELETE FROM spending WHERE at < ?1", params![oldest])?;
    sql.execute("DELETE FROM spending_days WHERE day < ?1", params![day.as_str()])?;
    sql.execute("DELETE FROM allowances WHERE day < ?1", params![day.as_str()])?;
    Ok(())
}
