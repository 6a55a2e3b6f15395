//! Signed refs: what an m.me or ig.me link carries so that a poster cannot be made up.
//!
//! A ref is unpadded base64url of
//! ```text
//! version 1 byte | key id 1 byte | day 2 bytes, big-endian, since 1970 | poster's code | MAC 16 bytes
//! ```
//! where the MAC is the first half of HMAC-SHA256 over the use, the page and everything before.
//! It says which poster and when it was signed, no more: a ref can be copied and passed on, so
//! what it unlocks is limited per person, not per ref.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::Mac;

use super::keys::{DerivedKey, HmacSha256, KeyUse};
use crate::meta::ids::{MAX_KEY_PART, PageId, PosterCode};
use crate::time::{DAY, UnixMs};

const VERSION: u8 = 1;
/// Version, key id, day.
const HEAD: usize = 4;
/// Bytes of the MAC that are kept.
const MAC: usize = 16;
/// For how many days after the scan a ref is good. It stands in no print: a picture holds the
/// shop's own address, and each scan gets a new ref. Whoever leaves the tab open, or finds the link
/// in another chat, has a month.
pub const GOOD_DAYS: i64 = 30;
/// The longest ref, in characters: far below Meta's 2,083 for an m.me link's `ref`.
pub const MAX_REF: usize = (HEAD + MAX_KEY_PART + MAC).div_ceil(3) * 4;

/// Why a ref is refused. Visitors are told nothing of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RefError {
    /// Longer than any ref of ours.
    #[error("the ref is too long")]
    TooLong,
    /// Not base64url, or too short to be one. Owners' own refs on links elsewhere look like this.
    #[error("this is not a signed ref")]
    Malformed,
    /// Made by another version.
    #[error("the ref has another version")]
    Version,
    /// Signed with a key that is neither the current nor the previous one.
    #[error("the ref's key is not known")]
    UnknownKey,
    /// Edited, guessed, or signed for another page.
    #[error("the ref's signature is wrong")]
    Signature,
    /// Signed with the previous key, whose time is over.
    #[error("the ref's key is not accepted any more")]
    KeyRetired,
    /// Signed here, and too long ago.
    #[error("the ref is too old")]
    Expired,
    /// Signed here, by a clock that is ahead of ours by more than a day.
    #[error("the ref is from the future")]
    Future,
}

/// What a ref says once its signature was found right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenedRef {
    /// The poster that was scanned.
    pub poster: PosterCode,
    /// The day of the scan, in days since 1970-01-01 UTC.
    pub day: u16,
}

/// The keys for refs: one to sign with, and the one before, which still opens.
#[derive(Clone)]
pub struct RefKeys {
    current: DerivedKey,
    previous: Option<DerivedKey>,
    /// The previous key opens refs before this moment; always when there is none.
    previous_until: Option<UnixMs>,
}

impl RefKeys {
    /// Derives them from `SIGNING_KEY` and `SIGNING_KEY_PREVIOUS`. An empty previous secret, as an
    /// unset variable may read, is none: anybody could sign with it. That the current one is long
    /// enough is checked where the settings are read.
    #[must_use]
    pub fn new(current: &str, previous: Option<&str>) -> Self {
        Self {
            current: DerivedKey::derive(current, KeyUse::Ref),
            previous: previous
                .filter(|secret| !secret.is_empty())
                .map(|secret| DerivedKey::derive(secret, KeyUse::Ref)),
            previous_until: None,
        }
    }

    /// The same, with an end for the previous key.
    #[must_use]
    pub fn previous_until(self, until: Option<UnixMs>) -> Self {
        Self { previous_until: until, ..self }
    }

    /// Whether what the previous key signed is still good.
    pub(super) fn previous_is_good(&self, now: UnixMs) -> bool {
        self.previous_until.is_none_or(|until| now < until)
    }

    /// A ref for `poster`, good for `page` only. Of the characters `A-Z a-z 0-9 _ -`, at most
    /// [`MAX_REF`] of them.
    #[must_use]
    pub fn sign(&self, page: &PageId, poster: &PosterCode, now: UnixMs) -> String {
        let day = u16::try_from(now.get() / DAY).unwrap_or(u16::MAX);
        let mut bytes = Vec::with_capacity(HEAD + MAX_KEY_PART + MAC);
        bytes.push(VERSION);
        bytes.push(self.current.id());
        bytes.extend(day.to_be_bytes());
        bytes.extend(poster.as_str().as_bytes());
        let mac = over(&self.current, page, &bytes).finalize().into_bytes();
        bytes.extend(mac.iter().take(MAC));
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// What `ref_` says, if it was signed here for `page` and is good at `now`.
    ///
    /// # Errors
    /// [`RefError`] says why it is refused.
    pub fn open(&self, page: &PageId, ref_: &str, now: UnixMs) -> Result<OpenedRef, RefError> {
        if ref_.len() > MAX_REF {
            return Err(RefError::TooLong);
        }
        let bytes = URL_SAFE_NO_PAD.decode(ref_).map_err(|_| RefError::Malformed)?;
        let signed = bytes.len().checked_sub(MAC).ok_or(RefError::Malformed)?;
        let (signed, mac) = bytes.split_at_checked(signed).ok_or(RefError::Malformed)?;
        let [version, key, day_high, day_low, code @ ..] = signed else {
            return Err(RefError::Malformed);
        };
        if *version != VERSION {
            return Err(RefError::Version);
        }
        let mut refused = RefError::UnknownKey;
        for candidate in std::iter::once(&self.current).chain(&self.previous) {
            if candidate.id() != *key {
                continue;
            }
            refused = RefError::Signature;
            if over(candidate, page, signed).verify_truncated_left(mac).is_ok() {
                let code = String::from_utf8(code.to_vec()).map_err(|_| RefError::Malformed)?;
                let poster = PosterCode::new(code).map_err(|_| RefError::Malformed)?;
                let day = u16::from_be_bytes([*day_high, *day_low]);
                self.still_good(candidate, day, now)?;
                return Ok(OpenedRef { poster, day });
            }
        }
        Err(refused)
    }

    fn still_good(&self, key: &DerivedKey, day: u16, now: UnixMs) -> Result<(), RefError> {
        let is_previous = !std::ptr::eq(key, &self.current);
        if is_previous && !self.previous_is_good(now) {
            return Err(RefError::KeyRetired);
        }
        let age = (now.get() / DAY).saturating_sub(i64::from(day));
        match age {
            ..-1 => Err(RefError::Future),
            -1..=GOOD_DAYS => Ok(()),
            _ => Err(RefError::Expired),
        }
    }
}

impl fmt::Debug for RefKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RefKeys([redacted])")
    }
}

/// The MAC over use, page and the ref's bytes. A page id holds no zero byte, so the zeros keep
/// the three apart.
fn over(key: &DerivedKey, page: &PageId, signed: &[u8]) -> HmacSha256 {
    key.mac()
        .chain_update(KeyUse::Ref.label())
        .chain_update([0])
        .chain_update(page.as_str())
        .chain_update([0])
        .chain_update(signed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NOON: UnixMs = UnixMs::new(20_779 * DAY + DAY / 2);

    fn page() -> PageId {
        PageId::new("100200300400501").unwrap()
    }

    fn poster(code: &str) -> PosterCode {
        PosterCode::new(code).unwrap()
    }

    fn keys() -> RefKeys {
        RefKeys::new("a signing key for tests, 32 chars", None)
    }

    #[test]
    fn a_signed_ref_opens() {
        let opened =
            keys().open(&page(), &keys().sign(&page(), &poster("WINDOW"), NOON), NOON).unwrap();
        assert_eq!(opened, OpenedRef { poster: poster("WINDOW"), day: 20_779 });
    }

    #[test]
    fn the_layout_is_the_documented_one() {
        let ref_ = keys().sign(&page(), &poster("A-1"), NOON);
        let bytes = URL_SAFE_NO_PAD.decode(&ref_).unwrap();
        assert_eq!(bytes.len(), 4 + 3 + 16);
        assert_eq!(bytes[0], 1);
        assert_eq!(bytes[2..4], 20_779_u16.to_be_bytes());
        assert_eq!(&bytes[4..7], b"A-1");
    }

    #[test]
    fn the_previous_key_opens_and_an_older_one_does_not() {
        let old = RefKeys::new("old", None).sign(&page(), &poster("DOOR"), NOON);
        assert!(RefKeys::new("new", Some("old")).open(&page(), &old, NOON).is_ok());
        assert!(RefKeys::new("newer", Some("new")).open(&page(), &old, NOON).is_err());
        assert!(RefKeys::new("new", None).open(&page(), &old, NOON).is_err());
    }

    #[test]
    fn an_empty_previous_key_opens_nothing() {
        let forged = RefKeys::new("", None).sign(&page(), &poster("DOOR"), NOON);
        assert!(RefKeys::new("new", Some("")).open(&page(), &forged, NOON).is_err());
    }

    #[test]
    fn keys_that_share_an_id_are_told_apart() {
        let wanted = RefKeys::new("0", None).current.id();
        let twin = (1..10_000)
            .map(|n| n.to_string())
            .find(|secret| RefKeys::new(secret, None).current.id() == wanted)
            .unwrap();
        let old = RefKeys::new("0", None).sign(&page(), &poster("DOOR"), NOON);
        assert!(RefKeys::new(&twin, Some("0")).open(&page(), &old, NOON).is_ok());
        assert_eq!(RefKeys::new(&twin, None).open(&page(), &old, NOON), Err(RefError::Signature));
    }

    #[test]
    fn each_way_to_be_wrong_has_its_name() {
        let ref_ = keys().sign(&page(), &poster("DOOR"), NOON);
        let other_page = PageId::new("100200300400502").unwrap();
        let changed = |at: usize, to: u8| {
            let mut bytes = URL_SAFE_NO_PAD.decode(&ref_).unwrap();
            bytes[at] = to;
            URL_SAFE_NO_PAD.encode(bytes)
        };
        let key = URL_SAFE_NO_PAD.decode(&ref_).unwrap()[1];
        for (what, text, expected) in [
            ("empty", String::new(), RefError::Malformed),
            ("an owner's own ref", "summer_sale".into(), RefError::Malformed),
            ("padded", format!("{ref_}="), RefError::Malformed),
            ("other alphabet", format!("+{}", &ref_[1..]), RefError::Malformed),
            ("too long", "A".repeat(MAX_REF + 1), RefError::TooLong),
            ("very long", "A".repeat(1_000_000), RefError::TooLong),
            ("other version", changed(0, 2), RefError::Version),
            ("other key", changed(1, key.wrapping_add(1)), RefError::UnknownKey),
            ("other day", changed(3, 0), RefError::Signature),
            ("other poster", changed(4, b'X'), RefError::Signature),
            ("cut", ref_[..ref_.len() - 4].into(), RefError::Signature),
        ] {
            assert_eq!(keys().open(&page(), &text, NOON), Err(expected), "{what}");
        }
        assert_eq!(keys().open(&other_page, &ref_, NOON), Err(RefError::Signature));
        assert_eq!(
            keys().open(&page(), &ref_, NOON).map(|opened| opened.poster),
            Ok(poster("DOOR"))
        );
    }

    #[test]
    fn a_ref_is_good_for_a_month() {
        let ref_ = keys().sign(&page(), &poster("DOOR"), NOON);
        let after = |days: i64| keys().open(&page(), &ref_, NOON.plus(days * DAY)).map(|_| ());
        assert_eq!(after(GOOD_DAYS), Ok(()));
        assert_eq!(after(GOOD_DAYS + 1), Err(RefError::Expired));
        assert_eq!(after(10_000), Err(RefError::Expired));
        // Clocks differ; by a day and more they do not.
        assert_eq!(after(-1), Ok(()));
        assert_eq!(after(-2), Err(RefError::Future));
    }

    #[test]
    fn the_previous_key_opens_until_its_day_and_the_current_one_always() {
        let keys = RefKeys::new("new", Some("old")).previous_until(Some(NOON));
        let old = RefKeys::new("old", None).sign(&page(), &poster("DOOR"), NOON);
        let new = RefKeys::new("new", None).sign(&page(), &poster("DOOR"), NOON);
        assert!(keys.open(&page(), &old, NOON.plus(-1)).is_ok());
        assert_eq!(keys.open(&page(), &old, NOON), Err(RefError::KeyRetired));
        assert!(keys.open(&page(), &new, NOON).is_ok());
    }

    #[test]
    fn keys_are_not_debugged() {
        assert_eq!(format!("{:?}", RefKeys::new("secret", Some("old"))), "RefKeys([redacted])");
    }

    /// A small generator with a fixed seed: a failure repeats.
    struct Dice(u64);

    impl Dice {
        fn roll(&mut self) -> u64 {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            self.0
        }

        fn below(&mut self, end: usize) -> usize {
            (self.roll() % end as u64) as usize
        }
    }

    /// How many made-up refs are tried: `SHOPBELL_MILLION=1` makes it a million.
    const TRIED: u32 = 100_000;

    /// Why refs were refused, counted.
    #[test]
    fn of_a_million_random_and_mutated_refs_none_is_accepted() {
        const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        let million = std::env::var_os("SHOPBELL_MILLION").is_some();
        let tries = if million { 1_000_000 } else { TRIED };
        let keys = RefKeys::new("current", Some("previous"));
        let (old, strange) = (RefKeys::new("previous", None), RefKeys::new("strange", None));
        let page = page();
        let other = PageId::new("100200300400502").unwrap();
        let codes = ["A", "DOOR", "WINDOW-2", &"x".repeat(64)].map(poster);
        let genuine: Vec<String> = codes
            .iter()
            .flat_map(|code| [keys.sign(&page, code, NOON), old.sign(&page, code, NOON)])
            .collect();
        // Signed, and not for here: another key, another Page, another day.
        let near: Vec<String> = codes
            .iter()
            .flat_map(|code| {
                [
                    strange.sign(&page, code, NOON),
                    keys.sign(&other, code, NOON),
                    keys.sign(&page, code, NOON.plus(-(GOOD_DAYS + 1) * DAY)),
                ]
            })
            .collect();
        let mut dice = Dice(0x5eed);
        let mut refused = std::collections::BTreeMap::<String, u32>::new();
        let mut tried = 0;
        while tried < tries {
            let mut text: Vec<u8> = match dice.below(8) {
                0 => (0..dice.below(MAX_REF + 2)).map(|_| ALPHABET[dice.below(64)]).collect(),
                // The right version and key, so that the signature is what refuses.
                1 | 2 => {
                    let rest = 26 + dice.below(MAX_REF - 27);
                    let head = genuine[dice.below(genuine.len())].bytes().take(2);
                    let rest: Vec<u8> = (0..rest).map(|_| ALPHABET[dice.below(64)]).collect();
                    head.chain(rest).collect()
                }
                3 => near[dice.below(near.len())].clone().into_bytes(),
                _ => genuine[dice.below(genuine.len())].clone().into_bytes(),
            };
            for _ in 0..=dice.below(3) {
                if text.is_empty() {
                    break;
                }
                let at = dice.below(text.len());
                match dice.below(6) {
                    0 | 1 => text[at] = ALPHABET[dice.below(64)],
                    2 => text.insert(at, ALPHABET[dice.below(64)]),
                    3 => drop(text.remove(at)),
                    4 => text.swap(at, 0),
                    // One bit of one character.
                    _ => {
                        let value = ALPHABET.iter().position(|byte| *byte == text[at]).unwrap();
                        text[at] = ALPHABET[value ^ (1 << dice.below(6))];
                    }
                }
            }
            let text = String::from_utf8(text).unwrap();
            if genuine.contains(&text) {
                continue;
            }
            tried += 1;
            match keys.open(&page, &text, NOON) {
                Ok(opened) => panic!("try {tried}: {text} opens as {opened:?}"),
                Err(why) => *refused.entry(format!("{why:?}")).or_default() += 1,
            }
        }
        println!("{tried} refs tried, none accepted: {refused:?}");
        // Most of them got as far as the signature.
        assert!(refused["Signature"] > tried / 3, "{refused:?}");
    }

    proptest! {
        #[test]
        fn every_poster_comes_back(code in "[A-Za-z0-9_-]{1,64}", id in "[0-9]{1,20}", ms in 0..=65_535 * DAY) {
            let page = PageId::new(id).unwrap();
            let ref_ = keys().sign(&page, &poster(&code), UnixMs::new(ms));
            prop_assert!(ref_.len() <= MAX_REF);
            prop_assert!(ref_.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'));
            prop_assert_eq!(keys().open(&page, &ref_, UnixMs::new(ms)).unwrap().poster, poster(&code));
        }

        #[test]
        fn any_text_is_refused_without_panic(text in any::<String>()) {
            prop_assert!(keys().open(&page(), &text, NOON).is_err());
        }
    }
}
