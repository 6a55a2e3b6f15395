//! Links to the entry of a booking: `PUBLIC_URL/calendar/PAGE/TOKEN.ics`.
//!
//! A token is 64 hexadecimal digits: the booking's code, which is made of random bits, and half of
//! an HMAC-SHA256 over the use, the page and the code, so that what was made up is turned away
//! without asking a Desk.

use hmac::Mac;
use sha2::{Digest, Sha256};

use super::keys::Keys;
use crate::meta::ids::PageId;

/// Hexadecimal digits of a code, and of what proves it.
const HALF: usize = 32;

/// What a path begins with.
pub const PATH: &str = "/calendar/";

/// A code that nobody can guess: from the deployment's random bits, and another one for each
/// booking of the same call.
#[must_use]
pub fn code(seed: [u8; 16], about: &str) -> String {
    let digest = Sha256::new_with_prefix(seed).chain_update("booking:").chain_update(about);
    half(&digest.finalize())
}

fn half(bytes: &[u8]) -> String {
    hex::encode(bytes.get(..HALF / 2).unwrap_or_default())
}

/// The link to a booking.
#[must_use]
pub fn link(keys: &Keys, base: &str, page: &PageId, code: &str) -> String {
    let proof = half(&keys.calendar(page, code).finalize().into_bytes());
    format!("{base}{PATH}{page}/{code}{proof}.ics")
}

/// The page and the code of a path, if the link was made here.
#[must_use]
pub fn open(keys: &Keys, path: &str) -> Option<(PageId, String)> {
    let (page, token) = path.strip_prefix(PATH)?.strip_suffix(".ics")?.split_once('/')?;
    let page = PageId::new(page).ok()?;
    let (code, proof) = token.split_at_checked(HALF)?;
    let digits = |text: &str| {
        text.len() == HALF && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
    };
    if !digits(code) || !digits(proof) {
        return None;
    }
    let proof = hex::decode(proof).ok()?;
    let right = keys.calendars(&page, code).any(|mac| mac.verify_truncated_left(&proof).is_ok());
    right.then(|| (page, code.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_opens_where_it_was_made_and_nowhere_else() {
        let keys = Keys::new("one", None);
        let page = PageId::new("100").unwrap();
        let code = code([7; 16], "1:2");
        let url = link(&keys, "https://shop.example", &page, &code);
        let path = url.strip_prefix("https://shop.example").unwrap();
        assert_eq!(open(&keys, path), Some((page, code.clone())));
        let later = Keys::new("two", Some("one"));
        assert!(open(&later, path).is_some(), "the key before still opens");
        assert!(open(&Keys::new("two", None), path).is_none());
        assert!(open(&Keys::new("two", Some("")), path).is_none());
        for wrong in [
            path.replace("/100/", "/101/"),
            path.replace(&code, &"0".repeat(32)),
            path.replace(".ics", ""),
            path.to_uppercase(),
            format!("{path}x"),
            "/calendar/100/.ics".to_owned(),
            format!("/calendar/100/{}ą.ics", "0".repeat(31)),
        ] {
            assert_eq!(open(&keys, &wrong), None, "{wrong}");
        }
    }
}
