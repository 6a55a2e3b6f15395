//! One derived key per use of `SIGNING_KEY`, so that what is signed for one use never passes for
//! another.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

use super::refs::RefKeys;
use crate::meta::ids::{PageId, Psid};
use crate::time::UnixMs;

/// HMAC-SHA256.
pub type HmacSha256 = Hmac<Sha256>;

/// What a key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyUse {
    /// Refs in m.me and ig.me links.
    Ref,
    /// The owner's session cookie.
    Session,
    /// Tombstones: telling that somebody was deleted without keeping who.
    Tombstone,
    /// Calls to the owner's webhook.
    Hook,
    /// Links to the calendar entries of bookings.
    Calendar,
    /// Telling that somebody's comment was answered without keeping who.
    Comment,
    /// Links by which customers bring friends, and telling a friend again.
    Friend,
    /// The session cookie of a till.
    Till,
}

impl KeyUse {
    /// What is signed to derive the key. Changing one makes everything signed with it void.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Ref => "shopbell ref v1",
            Self::Session => "shopbell session v1",
            Self::Tombstone => "shopbell tombstone v1",
            Self::Hook => "shopbell hook v1",
            Self::Calendar => "shopbell calendar v1",
            Self::Comment => "shopbell comment v1",
            Self::Friend => "shopbell friend v1",
            Self::Till => "shopbell till session v1",
        }
    }
}

/// Bytes of a name that stands for somebody.
const PSEUDONYM_BYTES: usize = 16;

/// A key for one use.
#[derive(Clone)]
pub struct DerivedKey {
    mac: HmacSha256,
    id: u8,
}

impl DerivedKey {
    /// Derives the key for `key_use` from a secret: HMAC-SHA256 of the use's label.
    #[must_use]
    pub fn derive(secret: &str, key_use: KeyUse) -> Self {
        let mut mac = keyed(secret.as_bytes());
        mac.update(key_use.label().as_bytes());
        let key = mac.finalize().into_bytes();
        let id = Sha256::digest(key).first().copied().unwrap_or_default();
        Self { mac: keyed(&key), id }
    }

    /// The first byte of the key's SHA-256: which key a signature names. No secret, and not
    /// unique: two keys share it once in 256.
    #[must_use]
    pub fn id(&self) -> u8 {
        self.id
    }

    /// A fresh HMAC-SHA256 with this key.
    #[must_use]
    pub fn mac(&self) -> HmacSha256 {
        self.mac.clone()
    }
}

impl fmt::Debug for DerivedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DerivedKey([redacted])")
    }
}

/// Every key a Desk works with, of one `SIGNING_KEY` and the one before it.
#[derive(Clone, Debug)]
pub struct Keys {
    /// Signs and opens refs.
    pub refs: RefKeys,
    tombstone: DerivedKey,
    tombstone_previous: Option<DerivedKey>,
    hook: DerivedKey,
    calendar: DerivedKey,
    calendar_previous: Option<DerivedKey>,
    comment: DerivedKey,
    comment_previous: Option<DerivedKey>,
    friend: DerivedKey,
    friend_previous: Option<DerivedKey>,
    till: DerivedKey,
    till_previous: Option<DerivedKey>,
}

impl Keys {
    /// Derives them all.
    #[must_use]
    pub fn new(current: &str, previous: Option<&str>) -> Self {
        let older = |key_use| {
            let previous = previous.filter(|secret| !secret.is_empty());
            previous.map(|secret| DerivedKey::derive(secret, key_use))
        };
        Self {
            comment: DerivedKey::derive(current, KeyUse::Comment),
            comment_previous: older(KeyUse::Comment),
            friend: DerivedKey::derive(current, KeyUse::Friend),
            friend_previous: older(KeyUse::Friend),
            refs: RefKeys::new(current, previous),
            tombstone: DerivedKey::derive(current, KeyUse::Tombstone),
            tombstone_previous: older(KeyUse::Tombstone),
            hook: DerivedKey::derive(current, KeyUse::Hook),
            calendar: DerivedKey::derive(current, KeyUse::Calendar),
            calendar_previous: older(KeyUse::Calendar),
            till: DerivedKey::derive(current, KeyUse::Till),
            till_previous: older(KeyUse::Till),
        }
    }

    /// The same, with an end for refs that the previous key signed. Tombstones have none: whoever
    /// was forgotten stays forgotten.
    #[must_use]
    pub fn previous_refs_until(mut self, until: Option<UnixMs>) -> Self {
        self.refs = self.refs.previous_until(until);
        self
    }

    /// What proves to the owner's server that a call is ours: HMAC-SHA256 over the time, a full
    /// stop and the body, in hexadecimal.
    #[must_use]
    pub fn sign_hook(&self, timestamp: &str, body: &str) -> String {
        let mac = self.hook.mac().chain_update(timestamp).chain_update(".").chain_update(body);
        hex::encode(mac.finalize().into_bytes())
    }

    /// What proves a link to a booking's calendar entry.
    pub(super) fn calendar(&self, page: &PageId, code: &str) -> HmacSha256 {
        over_booking(&self.calendar, page, code)
    }

    /// The same, and what proved it under the previous key.
    pub(super) fn calendars(&self, page: &PageId, code: &str) -> impl Iterator<Item = HmacSha256> {
        let previous = self.calendar_previous.as_ref();
        std::iter::once(&self.calendar).chain(previous).map(|key| over_booking(key, page, code))
    }

    /// The name under which it is remembered that a comment of theirs was answered. `from` is who
    /// wrote it, as Meta says beside the comment: no id that anybody could be written to by.
    #[must_use]
    pub fn commenter(&self, page: &PageId, channel: &str, from: &str) -> String {
        commenter(&self.comment, page, channel, from)
    }

    /// The same, and the name they have under the previous key.
    #[must_use]
    pub fn commenters(&self, page: &PageId, channel: &str, from: &str) -> Vec<String> {
        let keys = std::iter::once(&self.comment).chain(&self.comment_previous);
        keys.map(|key| commenter(key, page, channel, from)).collect()
    }

    /// The name under which it is remembered whom a customer brought.
    #[must_use]
    pub fn friend(&self, page: &PageId, channel: &str, person: &Psid) -> String {
        commenter(&self.friend, page, channel, person.as_str())
    }

    pub(super) fn friend_key(&self) -> &DerivedKey {
        &self.friend
    }

    pub(super) fn friend_keys(&self, now: UnixMs) -> impl Iterator<Item = &DerivedKey> {
        let good = self.refs.previous_is_good(now);
        let previous = self.friend_previous.as_ref().filter(|_| good);
        std::iter::once(&self.friend).chain(previous)
    }

    /// What proves the session of a till.
    pub(super) fn till(&self, signed: &str) -> HmacSha256 {
        over_session(&self.till, signed)
    }

    /// The same, and what proved it under the previous key.
    pub(super) fn tills(&self, signed: &str) -> impl Iterator<Item = HmacSha256> {
        let previous = self.till_previous.as_ref();
        std::iter::once(&self.till).chain(previous).map(move |key| over_session(key, signed))
    }

    /// The name under which a person's deletion is remembered.
    #[must_use]
    pub fn tombstone(&self, page: &PageId, person: &Psid) -> String {
        tombstone(&self.tombstone, page, person)
    }

    /// The same, and the name it has if it was remembered under the previous key.
    pub fn tombstones(&self, page: &PageId, person: &Psid) -> impl Iterator<Item = String> {
        let previous = self.tombstone_previous.as_ref();
        std::iter::once(&self.tombstone).chain(previous).map(|key| tombstone(key, page, person))
    }
}

fn over_booking(key: &DerivedKey, page: &PageId, code: &str) -> HmacSha256 {
    key.mac().chain_update(page.as_str()).chain_update([0]).chain_update(code)
}

fn commenter(key: &DerivedKey, page: &PageId, channel: &str, from: &str) -> String {
    let mac = key.mac().chain_update(format!("{page}:{channel}:")).chain_update(from);
    let mac = mac.finalize().into_bytes();
    hex::encode(mac.get(..PSEUDONYM_BYTES).unwrap_or_default())
}

fn over_session(key: &DerivedKey, signed: &str) -> HmacSha256 {
    key.mac().chain_update(KeyUse::Till.label()).chain_update([0]).chain_update(signed)
}

fn tombstone(key: &DerivedKey, page: &PageId, person: &Psid) -> String {
    let text = format!("{page}:{person}");
    hex::encode(key.mac().chain_update(text).finalize().into_bytes())
}

/// HMAC takes keys of any length: longer ones than a block are hashed, shorter ones padded
/// (RFC 2104). The type cannot say so; the fallback is never reached.
fn keyed(key: &[u8]) -> HmacSha256 {
    HmacSha256::new_from_slice(key).unwrap_or_else(|_| {
        let mut block = hmac::digest::Key::<HmacSha256>::default();
        for (to, from) in block.iter_mut().zip(Sha256::digest(key)) {
            *to = from;
        }
        HmacSha256::new(&block)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sign(secret: &str, key_use: KeyUse) -> Vec<u8> {
        DerivedKey::derive(secret, key_use)
            .mac()
            .chain_update(b"text")
            .finalize()
            .into_bytes()
            .to_vec()
    }

    #[test]
    fn each_use_and_each_secret_has_its_own_key() {
        let uses = [
            KeyUse::Ref,
            KeyUse::Session,
            KeyUse::Tombstone,
            KeyUse::Hook,
            KeyUse::Calendar,
            KeyUse::Comment,
            KeyUse::Friend,
            KeyUse::Till,
        ];
        let long = "x".repeat(500);
        let mut seen = Vec::new();
        for secret in ["", "one", "two", long.as_str()] {
            for key_use in uses {
                let signature = sign(secret, key_use);
                assert_eq!(signature, sign(secret, key_use));
                assert!(!seen.contains(&signature), "{secret} {key_use:?}");
                seen.push(signature);
            }
        }
    }

    #[test]
    fn keys_are_not_debugged() {
        let key = DerivedKey::derive("secret", KeyUse::Ref);
        assert_eq!(format!("{key:?}"), "DerivedKey([redacted])");
    }
}
