//! Forgetting a person: from the chat, from Meta's callback and from the owner by one path.
//!
//! What is erased at once: every row of the person. What takes longer is owed: their values in KV,
//! and the last words to them. Until then the deletion is in progress. All that stays is a keyed
//! hash, so that nothing older brings them back, and a code that says nothing of them.

use sha2::{Digest, Sha256};

use super::decide::Context;
use crate::entry::keys::Keys;
use crate::meta::event::Channel;
use crate::meta::ids::{DeletionCode, PageId, Psid};
use crate::outreach::subscription;
use crate::shop::kv::{
    DeletionValue, DeskRef, KV_SCHEMA, TombstoneValue, deletion_key, tombstone_key,
};
use crate::store::timers::{self, Timer};
use crate::store::{Sql, StoreError, consents, deletions, kv_queue, people, to_json};
use crate::time::{SECOND, UnixMs};

/// Bytes of a code: 128 bits.
const CODE_BYTES: usize = 16;

/// When the safety net looks whether KV has what it is owed. The write itself starts at once.
const SAFETY_NET_MS: i64 = 20 * SECOND;

/// A code that nobody can guess: from the deployment's random bits, and other ones for each
/// person of the same call.
pub(super) fn code(context: Context<'_>, person: &Psid, at: UnixMs) -> DeletionCode {
    let about = format!("{}:{person}:{}", context.shop.page.id, at.get());
    code_of(context.host.seed, &about)
}

/// The code of a deletion that was not asked for in a chat.
#[must_use]
pub fn code_of(seed: [u8; 16], about: &str) -> DeletionCode {
    let digest = Sha256::new_with_prefix(seed).chain_update(about).finalize();
    let text = hex::encode(digest.get(..CODE_BYTES).unwrap_or_default());
    // Thirty-two hexadecimal digits are a key part.
    DeletionCode::new(text).unwrap_or_else(|_| DeletionCode::none())
}

/// What is asked of a Desk.
#[derive(Clone, Copy, Debug)]
pub struct Order<'a> {
    /// The Page.
    pub page: &'a PageId,
    /// Whom to forget.
    pub person: &'a Psid,
    /// By what the deletion can be asked after.
    pub code: &'a DeletionCode,
    /// Every Desk that has the same order: a person may be known to several Pages.
    pub desks: &'a [DeskRef],
    /// Nothing of this moment or before may bring the person back.
    pub at: UnixMs,
}

/// Erases a person on these channels. Everything is written in the caller's transaction.
///
/// # Errors
/// [`StoreError`].
pub fn erase(
    sql: &impl Sql,
    keys: &Keys,
    order: &Order<'_>,
    channels: &[Channel],
    now: UnixMs,
) -> Result<(), StoreError> {
    let Order { page, person, code, desks, at } = *order;
    for channel in channels {
        for consent in consents::of_person(sql, *channel, person)? {
            subscription::forget(sql, page, &consent, now)?;
        }
        people::erase(sql, *channel, person, &keys.tombstone(page, person), at)?;
        deletions::begin(sql, code, *channel, person, now)?;
    }
    // The tables may be lost; what Meta lists of the person is still there then.
    let tombstone = TombstoneValue { v: KV_SCHEMA, at: at.timestamp() };
    let key = tombstone_key(page, &keys.tombstone(page, person));
    kv_queue::push(sql, &key, Some(&to_json("tombstones", &tombstone)?), now)?;
    let value = DeletionValue { v: KV_SCHEMA, at: at.timestamp(), desks: desks.to_vec() };
    kv_queue::push(sql, &deletion_key(code), Some(&to_json("deletions", &value)?), now)?;
    timers::set(sql, Timer::KvFlush, now.plus(SAFETY_NET_MS))
}

/// Whether a person was forgotten at `at` or later: then nothing of `at`, an event or a line of an
/// import, may bring them back.
///
/// # Errors
/// [`StoreError`].
pub fn forgotten(
    sql: &impl Sql,
    keys: &Keys,
    page: &PageId,
    person: &Psid,
    at: UnixMs,
) -> Result<bool, StoreError> {
    for tombstone in keys.tombstones(page, person) {
        if people::erased_at(sql, &tombstone)?.is_some_and(|erased| erased >= at) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// What KV may still hold of a person, by the beginning of its keys.
#[must_use]
pub fn kv_prefix(page: &PageId, person: &Psid) -> String {
    format!("subscription:{page}:{person}:")
}

/// Notes what a search of KV found of somebody who was erased, and owes its deletion. What the
/// person has agreed to since stays.
///
/// # Errors
/// [`StoreError`].
pub fn swept(
    sql: &impl Sql,
    deletion: &deletions::Open,
    page: &PageId,
    found: &[String],
    now: UnixMs,
) -> Result<(), StoreError> {
    sql.transaction(|| {
        let known = consents::of_person(sql, deletion.channel, &deletion.person)?;
        let known: Vec<String> = known.iter().map(|c| subscription::key(page, c)).collect();
        for key in found.iter().filter(|key| !known.contains(key)) {
            kv_queue::push(sql, key, None, now)?;
        }
        deletions::swept(sql, &deletion.code)?;
        timers::set(sql, Timer::KvFlush, now.plus(SAFETY_NET_MS))
    })
}

/// Forgets codes that nobody may ask after any more, and owes KV the same.
///
/// # Errors
/// [`StoreError`].
pub fn prune(sql: &impl Sql, now: UnixMs) -> Result<(), StoreError> {
    for code in deletions::prune(sql, now)? {
        kv_queue::push(sql, &deletion_key(&code), None, now)?;
    }
    Ok(())
}

/// Ends the deletions for which nothing is owed any more. Returns how many are still open.
///
/// # Errors
/// [`StoreError`].
pub fn settle(sql: &impl Sql, page: &PageId, now: UnixMs) -> Result<usize, StoreError> {
    let mut open: usize = 0;
    for deletion in deletions::open(sql)? {
        let ended = sql.transaction(|| deletions::end(sql, page, &deletion, now))?;
        open = open.saturating_add(usize::from(!ended));
    }
    Ok(open)
}
