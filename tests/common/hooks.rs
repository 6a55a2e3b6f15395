//! Webhooks made and signed by hand.

use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

/// The value of `X-Hub-Signature-256` for these bytes.
pub fn sign(body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(super::APP_SECRET.as_bytes()).unwrap();
    mac.update(body);
    format!("sha256={}", hex::encode(mac.finalize().into_bytes()))
}

/// Something a person did: one item of `messaging`.
pub fn item(page: &str, psid: &str, at: i64, what: Value) -> Value {
    let mut item = json!({"sender": {"id": psid}, "recipient": {"id": page}, "timestamp": at});
    for (key, value) in what.as_object().unwrap() {
        item[key] = value.clone();
    }
    item
}

/// A typed message.
pub fn text(page: &str, psid: &str, at: i64, mid: &str, text: &str) -> Value {
    item(page, psid, at, json!({"message": {"mid": mid, "text": text}}))
}

/// One entry with all of these.
pub fn entry(page: &str, at: i64, items: &[Value]) -> Value {
    json!({"id": page, "time": at, "messaging": items})
}

/// A whole body.
pub fn body(entries: &[Value]) -> String {
    json!({"object": "page", "entry": entries}).to_string()
}
