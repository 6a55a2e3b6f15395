//! Links that open a conversation.

/// `https://m.me/NAME?ref=REF`: opens Messenger. The ref arrives with the Get Started tap in a
/// new conversation and as a referral in an old one (Meta, m.me links, read November 2026).
#[must_use]
pub fn messenger_link(username: &str, ref_: &str) -> String {
    format!("https://m.me/{}?ref={}", encoded(username), encoded(ref_))
}

/// `https://ig.me/m/NAME?ref=REF`: opens Instagram. The ref arrives only where there is a
/// conversation already (Meta, ig.me links, read November 2026).
#[must_use]
pub fn instagram_link(username: &str, ref_: &str) -> String {
    format!("https://ig.me/m/{}?ref={}", encoded(username), encoded(ref_))
}

/// Percent-encodes everything but RFC 3986's unreserved characters: right in a path segment and
/// in a query value.
#[must_use]
pub fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.push_str(&hex::encode_upper([byte]));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_names_and_refs_stay_readable() {
        assert_eq!(
            messenger_link("kavine.vilnius", "AQx_-9"),
            "https://m.me/kavine.vilnius?ref=AQx_-9"
        );
        assert_eq!(instagram_link("tea_taipei", "AQx"), "https://ig.me/m/tea_taipei?ref=AQx");
    }

    #[test]
    fn nothing_escapes_from_its_place() {
        assert_eq!(
            messenger_link("a/../b?x", "1&text=hi there#ą"),
            "https://m.me/a%2F..%2Fb%3Fx?ref=1%26text%3Dhi%20there%23%C4%85"
        );
    }
}
