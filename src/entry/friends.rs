//! Refs of customers: what a link carries by which somebody brings a friend.
//!
//! A ref is unpadded base64url of
//! ```text
//! version 1 byte | key id 1 byte | code 10 bytes | hidden home 4 bytes | MAC 16 bytes
//! ```
//! The code is made of chance and stands in the table of whoever keeps the customer; it says
//! nothing of them. The home says which of the Page's Desks that is, however many there are, and is
//! hidden by the key: it is made of the customer's id. The ref has no end, because it is passed on
//! from hand to hand. It can be copied by anybody; what it brings is limited for each friend and for
//! each customer.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::Mac;

use super::keys::{DerivedKey, HmacSha256, KeyUse, Keys};
use crate::meta::ids::PageId;
use crate::time::UnixMs;

/// Another than that of posters' refs.
const VERSION: u8 = 2;
/// Bytes of a code: 80 bits of chance.
pub const CODE_BYTES: usize = 10;
const HOME: usize = 4;
const MAC: usize = 16;
const LENGTH: usize = 2 + CODE_BYTES + HOME + MAC;

/// What a ref says once its signature was found right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FriendRef {
    /// The customer's code, in hexadecimal.
    pub code: String,
    /// The number by which their Desk is found.
    pub home: u32,
}

/// A ref for the customer with this code (hexadecimal) and home, good for `page` only. `None` when
/// that is no code.
#[must_use]
pub fn sign(keys: &Keys, page: &PageId, code: &str, home: u32) -> Option<String> {
    let code: [u8; CODE_BYTES] = hex::decode(code).ok()?.try_into().ok()?;
    let key = keys.friend_key();
    let mut bytes = Vec::with_capacity(LENGTH);
    bytes.extend([VERSION, key.id()]);
    bytes.extend(code);
    bytes.extend((home ^ mask(key, &code)).to_be_bytes());
    let mac = over(key, page, &bytes).finalize().into_bytes();
    bytes.extend(mac.iter().take(MAC));
    Some(URL_SAFE_NO_PAD.encode(bytes))
}

/// What `ref_` says, if it was signed here for `page` by a key that is good at `now`. `None` for everything else, whatever it is.
#[must_use]
pub fn open(keys: &Keys, page: &PageId, ref_: &str, now: UnixMs) -> Option<FriendRef> {
    if ref_.len() != (LENGTH * 4).div_ceil(3) {
        return None;
    }
    let bytes = URL_SAFE_NO_PAD.decode(ref_).ok()?;
    let (signed, mac) = bytes.split_at_checked(LENGTH - MAC)?;
    let (head, rest) = signed.split_at_checked(2)?;
    let (code, home) = rest.split_at_checked(CODE_BYTES)?;
    let [version, id] = head else { return None };
    if *version != VERSION {
        return None;
    }
    let key = keys.friend_keys(now).find(|key| {
        key.id() == *id && over(key, page, signed).verify_truncated_left(mac).is_ok()
    })?;
    let hidden = u32::from_be_bytes(home.try_into().ok()?);
    Some(FriendRef { code: hex::encode(code), home: hidden ^ mask(key, code) })
}

fn mask(key: &DerivedKey, code: &[u8]) -> u32 {
    let mask = key.mac().chain_update(b"home").chain_update([0]).chain_update(code).finalize();
    mask.into_bytes().iter().take(HOME).fold(0, |n, byte| (n << 8) | u32::from(*byte))
}

/// The MAC over use, page and the ref's bytes, each apart.
fn over(key: &DerivedKey, page: &PageId, signed: &[u8]) -> HmacSha256 {
    key.mac()
        .chain_update(KeyUse::Friend.label())
        .chain_update([0])
        .chain_update(page.as_str())
        .chain_update([0])
        .chain_update(signed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::refs::MAX_REF;
    use crate::meta::ids::PosterCode;
    use proptest::prelude::*;

    const NOW: UnixMs = UnixMs::new(1_795_000_000_000);
    const CODE: &str = "00112233445566778899";

    fn page() -> PageId {
        PageId::new("100200300400501").unwrap()
    }

    fn keys() -> Keys {
        Keys::new("a signing key for tests, 32 chars", None)
    }

    #[test]
    fn a_signed_ref_opens_for_its_page_and_no_other() {
        let ref_ = sign(&keys(), &page(), CODE, 0xdead_beef).unwrap();
        let opened = open(&keys(), &page(), &ref_, NOW).unwrap();
        assert_eq!(opened, FriendRef { code: CODE.to_owned(), home: 0xdead_beef });
        assert_eq!(open(&keys(), &PageId::new("1").unwrap(), &ref_, NOW), None);
        assert!(
            ref_.len() <= MAX_REF
                && ref_.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
        );
        assert_eq!(sign(&keys(), &page(), "00", 0), None);
        assert_eq!(sign(&keys(), &page(), "no hex at all, really", 0), None);
    }

    #[test]
    fn the_previous_key_still_opens_and_an_older_one_does_not() {
        let ref_ = sign(&keys(), &page(), CODE, 7).unwrap();
        let next = Keys::new("another key", Some("a signing key for tests, 32 chars"));
        assert!(open(&next, &page(), &ref_, NOW).is_some());
        let over = next.previous_refs_until(Some(NOW));
        assert_eq!(open(&over, &page(), &ref_, NOW), None);
        assert_eq!(open(&Keys::new("a third key", Some("another key")), &page(), &ref_, NOW), None);
    }

    #[test]
    fn a_friends_ref_is_no_posters_ref_and_the_other_way_round() {
        let ours = sign(&keys(), &page(), CODE, 7).unwrap();
        assert!(keys().refs.open(&page(), &ours, NOW).is_err());
        // As long as a friend's.
        let poster = PosterCode::new("ABCDEFGHIJKL").unwrap();
        let theirs = keys().refs.sign(&page(), &poster, NOW);
        assert_eq!(theirs.len(), ours.len());
        assert_eq!(open(&keys(), &page(), &theirs, NOW), None);
    }

    #[test]
    fn the_home_cannot_be_read_without_the_key() {
        let ref_ = sign(&keys(), &page(), CODE, 0x0102_0304).unwrap();
        let bytes = URL_SAFE_NO_PAD.decode(ref_).unwrap();
        assert_ne!(bytes[12..16], [1, 2, 3, 4]);
    }

    proptest! {
        #[test]
        fn what_is_changed_does_not_open(at in 0_usize..32, bit in 0_u8..8) {
            let ref_ = sign(&keys(), &page(), CODE, 7).unwrap();
            let mut bytes = URL_SAFE_NO_PAD.decode(ref_).unwrap();
            bytes[at] ^= 1 << bit;
            prop_assert_eq!(open(&keys(), &page(), &URL_SAFE_NO_PAD.encode(bytes), NOW), None);
        }

        #[test]
        fn any_text_is_refused_without_harm(text in ".{0,60}") {
            prop_assert_eq!(open(&keys(), &page(), &text, NOW), None);
        }
    }
}
