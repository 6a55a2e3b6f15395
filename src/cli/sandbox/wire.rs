//! What webhooks look like on the wire: JSON in Meta's escaped form, and the signatures.
//!
//! Written apart from the Worker's own code on purpose: a misreading there must not be repeated
//! here.

use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::Sha256;

/// A value as Meta sends it.
pub(super) fn body(value: &Value) -> String {
    escape(&value.to_string())
}

/// Turns UTF-8 JSON into the form Meta transmits and signs: `/`, `<`, `%`, `@` and everything
/// from U+00A0 on is escaped, in UTF-16 units with lower-case hex digits.
///
/// These characters stand only inside strings in JSON, so no parsing is needed.
pub(super) fn escape(json: &str) -> String {
    let mut out = String::with_capacity(json.len().saturating_mul(2));
    let mut units = [0u16; 2];
    for c in json.chars() {
        match c {
            '/' => out.push_str("\\/"),
            '<' => out.push_str("\\u003C"),
            '%' => out.push_str("\\u0025"),
            '@' => out.push_str("\\u0040"),
            c if u32::from(c) >= 160 => {
                for unit in c.encode_utf16(&mut units) {
                    out.push_str(&format!("\\u{unit:04x}"));
                }
            }
            c => out.push(c),
        }
    }
    out
}

/// The value of `X-Hub-Signature-256` for these bytes.
pub(super) fn signature(app_secret: &str, body: &[u8]) -> String {
    format!("sha256={}", hmac_hex(app_secret, body))
}

/// The `appsecret_proof` that belongs to a token.
pub(super) fn appsecret_proof(app_secret: &str, token: &str) -> String {
    hmac_hex(app_secret, token.as_bytes())
}

fn hmac_hex(key: &str, message: &[u8]) -> String {
    // HMAC takes keys of any length: the error cannot happen.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key.as_bytes()) else {
        return String::new();
    };
    mac.update(message);
    hex::encode(mac.finalize().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "0123456789abcdef0123456789abcdef";

    #[test]
    fn a_plain_body_is_signed_as_meta_signs_it() {
        let body = r#"{"object":"page","entry":[{"id":"1","time":1458692752478,"messaging":[{"sender":{"id":"2"},"recipient":{"id":"1"},"timestamp":1458692752478,"message":{"mid":"m_1","text":"hello"}}]}]}"#;
        assert_eq!(
            signature(SECRET, body.as_bytes()),
            "sha256=f479c7adaedaf983bbd4680e43ed8324070ce9b300f833518beaf987c915ff50"
        );
        assert_eq!(escape(body), body);
    }

    #[test]
    fn the_escaped_form_is_what_is_signed() {
        let plain = r#"{"object":"page","entry":[{"id":"1","time":1458692752478,"messaging":[{"sender":{"id":"2"},"recipient":{"id":"1"},"timestamp":1458692752478,"message":{"mid":"m_2","text":"äöå 😢 a@b.c 5% http://x"}}]}]}"#;
        let escaped = escape(plain);
        assert_eq!(escaped.len(), 239);
        assert_eq!(
            signature(SECRET, escaped.as_bytes()),
            "sha256=d3ab70d4ab901270180b038ecdd9de319816604a867aec7ea698bbe43dfb282f"
        );
        assert_eq!(
            hmac_hex(SECRET, plain.as_bytes()),
            "3cf59a1a30cf8816e0eb977ad646e0b0b43bdb69e3a4e16e64548ae48aa04a00",
        );
    }

    #[test]
    fn escaping_changes_no_meaning() {
        let value = serde_json::json!({"text": "<b>\\/ \u{1F950}\u{a0}ąčę\n\"100%\" @x"});
        assert_eq!(serde_json::from_str::<Value>(&body(&value)).unwrap(), value);
    }

    #[test]
    fn the_proof_of_a_token() {
        assert_eq!(
            appsecret_proof(SECRET, "EAAB_page_token"),
            "e3f6717b652ae958ad80ae5b4930e3b464929dc78be1cea51953415f6596f7a9"
        );
    }
}
