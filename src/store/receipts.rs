//! Receipts of consents: a chain that only grows, over commitments that say nothing by themselves,
//! and beside it what each of them stands for. What is beside can be erased for one person; the
//! chain holds all the same.
//!
//! A commitment is the hash of a random salt and the receipt, so that nobody who has the chain can
//! find out what an erased receipt said. A link is the hash of the link before it, the number, the
//! moment and the commitment.

use sha2::{Digest, Sha256};

use super::{Columns, Sql, StoreError, params};
use crate::meta::event::Channel;
use crate::meta::ids::{PageId, Psid, TopicId};
use crate::time::UnixMs;

/// Bytes of a salt: 128 bits.
const SALT_BYTES: usize = 16;

/// What the first link of a Page's chain follows.
#[must_use]
pub fn genesis(page: &PageId) -> String {
    hash(&["shopbell consent receipts", page.as_str()])
}

/// What stands in the chain for a receipt.
#[must_use]
pub fn commitment(salt: &str, body: &str) -> String {
    hash(&["receipt", salt, body])
}

/// The link that follows `before`.
#[must_use]
pub fn link(before: &str, seq: i64, at: UnixMs, commitment: &str) -> String {
    hash(&["link", before, &seq.to_string(), &at.get().to_string(), commitment])
}

/// A salt from the deployment's random bits, another one for each receipt.
#[must_use]
pub fn salt(seed: [u8; 16], seq: i64) -> String {
    let digest = Sha256::new_with_prefix(seed).chain_update(format!("receipt:{seq}")).finalize();
    hex::encode(digest.get(..SALT_BYTES).unwrap_or_default())
}

/// Parts with their lengths, so that no two lists of parts are the same bytes.
fn hash(parts: &[&str]) -> String {
    let mut sha = Sha256::new();
    for part in parts {
        sha.update(format!("{}:", part.len()));
        sha.update(part);
    }
    hex::encode(sha.finalize())
}

/// A receipt to be written.
#[derive(Clone, Copy, Debug)]
pub struct New<'a> {
    /// Where.
    pub channel: Channel,
    /// Whose.
    pub person: &'a Psid,
    /// On what.
    pub topic: &'a TopicId,
    /// The receipt, as JSON.
    pub body: &'a str,
}

/// Writes a receipt behind the others.
///
/// # Errors
/// [`StoreError`].
pub fn append(
    sql: &impl Sql,
    page: &PageId,
    new: &New<'_>,
    seed: [u8; 16],
    now: UnixMs,
) -> Result<(), StoreError> {
    let (last, _) = end(sql, page)?;
    let salt = salt(seed, last.saturating_add(1));
    let New { channel, person, topic, body } = *new;
    arrive(sql, page, (channel, person), (topic.as_str(), &salt, body), now)
}

/// Writes a receipt behind the others that has a salt: one that comes from another Desk keeps its
/// commitment.
///
/// # Errors
/// [`StoreError`].
pub fn arrive(
    sql: &impl Sql,
    page: &PageId,
    (channel, person): (Channel, &Psid),
    (topic, salt, body): (&str, &str, &str),
    now: UnixMs,
) -> Result<(), StoreError> {
    let (last, before) = end(sql, page)?;
    let seq = last.saturating_add(1);
    let commitment = commitment(salt, body);
    let link = link(&before, seq, now, &commitment);
    sql.execute(
        "INSERT INTO receipts (seq, at, commitment, link) VALUES (?1, ?2, ?3, ?4)",
        params![seq, now, commitment.as_str(), link.as_str()],
    )?;
    sql.execute(
        "INSERT INTO receipt_bodies (seq, channel, person, topic, salt, body)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![seq, channel, person.as_str(), topic, salt, body],
    )?;
    Ok(())
}

/// The last number, and what the next link follows.
fn end(sql: &impl Sql, page: &PageId) -> Result<(i64, String), StoreError> {
    Ok(match head(sql)? {
        Some(head) => (head.seq, head.link),
        None => (0, genesis(page)),
    })
}

/// A link of the chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// Its number, from 1.
    pub seq: i64,
    /// When it was written.
    pub at: UnixMs,
    /// What it stands for.
    pub commitment: String,
    /// Itself.
    pub link: String,
}

const LINK: &str = "SELECT seq, at, commitment, link FROM receipts";

fn links(sql: &impl Sql, query: &str, args: &[super::Value]) -> Result<Vec<Link>, StoreError> {
    let rows = sql.query(query, args)?;
    rows.iter()
        .map(|row| {
            let mut columns = Columns::of("receipts", row);
            Ok(Link {
                seq: columns.int()?,
                at: columns.moment()?,
                commitment: columns.text()?.to_owned(),
                link: columns.text()?.to_owned(),
            })
        })
        .collect()
}

/// The newest link.
///
/// # Errors
/// [`StoreError`].
pub fn head(sql: &impl Sql) -> Result<Option<Link>, StoreError> {
    Ok(links(sql, &format!("{LINK} ORDER BY seq DESC LIMIT 1"), params![])?.pop())
}

/// The links after a number, in order, at most `limit`.
///
/// # Errors
/// [`StoreError`].
pub fn chain(sql: &impl Sql, after: i64, limit: u32) -> Result<Vec<Link>, StoreError> {
    links(sql, &format!("{LINK} WHERE seq > ?1 ORDER BY seq LIMIT ?2"), params![after, limit])
}

/// What a link stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// Its number in the chain.
    pub seq: i64,
    /// Its salt, 32 hexadecimal digits.
    pub salt: String,
    /// The receipt, as JSON.
    pub body: String,
}

/// A person's receipts on every channel, in order.
///
/// # Errors
/// [`StoreError`].
pub fn of_person(sql: &impl Sql, person: &Psid) -> Result<Vec<Receipt>, StoreError> {
    let rows = sql.query(
        "SELECT seq, salt, body FROM receipt_bodies
         WHERE channel IN ('messenger', 'instagram') AND person = ?1 ORDER BY seq",
        params![person.as_str()],
    )?;
    rows.iter()
        .map(|row| {
            let mut columns = Columns::of("receipt_bodies", row);
            Ok(Receipt {
                seq: columns.int()?,
                salt: columns.text()?.to_owned(),
                body: columns.text()?.to_owned(),
            })
        })
        .collect()
}

/// Erases receipts written before `before` whose consent has ended before it, too. The chain
/// stays.
///
/// # Errors
/// [`StoreError::Refused`].
pub fn prune(sql: &impl Sql, before: UnixMs) -> Result<(), StoreError> {
    sql.execute(
        "DELETE FROM receipt_bodies WHERE seq IN (
           SELECT body.seq FROM receipt_bodies AS body JOIN receipts ON receipts.seq = body.seq
           WHERE receipts.at < ?1 AND NOT EXISTS (
             SELECT 1 FROM consents WHERE consents.topic = body.topic
               AND consents.channel = body.channel AND consents.person = body.person
               AND (consents.status = 'active' OR consents.changed_at >= ?1)))",
        params![before],
    )?;
    Ok(())
}
