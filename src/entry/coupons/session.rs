//! The session of a till: `v1.PAGE.TILL.EXPIRES.MAC`, where the MAC is the first half of HMAC-SHA256
//! over the use and the rest, in hexadecimal. It says which till it is; whether that till may still
//! redeem is asked of the Page's registrar each time, so that an owner can revoke it at once.

use hmac::Mac;

use crate::entry::keys::Keys;
use crate::meta::ids::{PageId, is_key_part};
use crate::time::{DAY, UnixMs};

/// The cookie's name. The prefix keeps it to https, to this host and to no other path or domain.
pub const COOKIE: &str = "__Host-till";

/// How long a till stays signed in. Our own: a month, so that a phone that is lost ends by itself.
pub const GOOD_MS: i64 = 30 * DAY;

/// The longest session that is looked at, in bytes.
const LONGEST: usize = 256;

/// Bytes of the MAC that are kept.
const MAC: usize = 16;

/// A till that has signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// The Page whose till it is.
    pub page: PageId,
    /// Which of its tills.
    pub till: String,
}

/// The session as a cookie's value.
#[must_use]
pub fn sign(keys: &Keys, session: &Session, now: UnixMs) -> String {
    let until = now.plus(GOOD_MS).get();
    let signed = format!("v1.{}.{}.{until}", session.page, session.till);
    let mac = keys.till(&signed).finalize().into_bytes();
    format!("{signed}.{}", hex::encode(mac.get(..MAC).unwrap_or_default()))
}

/// The session of a cookie's value, if it was signed here and is not over.
#[must_use]
pub fn open(keys: &Keys, value: &str, now: UnixMs) -> Option<Session> {
    if value.len() > LONGEST {
        return None;
    }
    let (signed, mac) = value.rsplit_once('.')?;
    let mac = hex::decode(mac).ok().filter(|mac| mac.len() == MAC)?;
    if !keys.tills(signed).any(|made| made.verify_truncated_left(&mac).is_ok()) {
        return None;
    }
    let mut parts = signed.split('.');
    let (version, page, till, until) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let until = UnixMs::new(until.parse().ok()?);
    let fits = version == "v1" && parts.next().is_none() && is_key_part(till) && now < until;
    fits.then_some(())?;
    Some(Session { page: PageId::new(page).ok()?, till: till.to_owned() })
}

/// The value of our cookie in a `Cookie` header.
#[must_use]
pub fn of_header(header: &str) -> Option<&str> {
    header.split(';').find_map(|pair| pair.trim().strip_prefix(COOKIE)?.strip_prefix('='))
}

/// The `Set-Cookie` header that begins a session.
#[must_use]
pub fn begins(value: &str) -> String {
    let seconds = GOOD_MS / 1_000;
    format!("{COOKIE}={value}; Path=/; Max-Age={seconds}; Secure; HttpOnly; SameSite=Strict")
}

/// The one that ends it.
#[must_use]
pub fn ends() -> String {
    format!("{COOKIE}=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Strict")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NOW: UnixMs = UnixMs::new(1_795_000_000_000);

    fn session() -> Session {
        Session { page: PageId::new("100").unwrap(), till: "0a1b2c".to_owned() }
    }

    #[test]
    fn a_session_opens_where_it_was_signed_until_it_is_over() {
        let keys = Keys::new("one", None);
        let value = sign(&keys, &session(), NOW);
        assert_eq!(open(&keys, &value, NOW), Some(session()));
        assert_eq!(open(&keys, &value, NOW.plus(GOOD_MS - 1)), Some(session()));
        assert_eq!(open(&keys, &value, NOW.plus(GOOD_MS)), None);
        assert_eq!(open(&Keys::new("two", Some("one")), &value, NOW), Some(session()));
        assert_eq!(open(&Keys::new("two", None), &value, NOW), None);
        assert_eq!(open(&Keys::new("two", Some("")), &value, NOW), None);
        for wrong in [
            value.replace("v1.100", "v1.101"),
            value.replace("0a1b2c", "0a1b2d"),
            value.replace(".17", ".27"),
            value.replace("v1", "v2"),
            value[..value.len() - 2].to_owned(),
            format!("{value}00"),
            String::new(),
            "....".to_owned(),
        ] {
            assert_eq!(open(&keys, &wrong, NOW), None, "{wrong}");
        }
    }

    #[test]
    fn the_cookie_is_kept_from_scripts_other_sites_and_plain_http() {
        let set = begins("x");
        for part in ["__Host-till=x", "Secure", "HttpOnly", "SameSite=Strict", "Path=/"] {
            assert!(set.contains(part), "{set}");
        }
        assert_eq!(of_header("a=b; __Host-till=x.y; c=d"), Some("x.y"));
        assert_eq!(of_header("a=b; __Host-tillx=x"), None);
        assert_eq!(of_header(""), None);
    }

    proptest! {
        #[test]
        fn any_text_is_refused_without_panic(text in any::<String>()) {
            prop_assert_eq!(open(&Keys::new("one", None), &text, NOW), None);
        }
    }
}
