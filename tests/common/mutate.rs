//! Damages webhooks: every payload of `tests/payloads`, byte by byte and value by value.

use serde_json::{Map, Value, json};

use super::rng::Rng;

/// Bytes that mean something to a JSON reader, or to UTF-8.
const PIECES: &[&[u8]] = &[
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b":",
    b"\"",
    b"\\",
    b"\\u",
    b"\\ud800",
    b"\\udc00",
    b"\\u0000",
    b"null",
    b"true",
    b"1e999",
    b"-",
    b"-0",
    b"1e15",
    b"99999999999999999999999",
    b"0.1",
    b"\xff",
    b"\xed\xa0\x80",
    b"\xf0\x9f",
    b"\x00",
    b"\n",
    b"{}",
    b"[]",
    b"\"id\":",
    b"[[[[[[[[",
];

/// Keys that decide what an item is.
const KEYS: &[&str] = &[
    "object",
    "entry",
    "messaging",
    "standby",
    "changes",
    "field",
    "value",
    "id",
    "time",
    "sender",
    "recipient",
    "timestamp",
    "message",
    "mid",
    "text",
    "attachments",
    "payload",
    "postback",
    "referral",
    "optin",
    "delivery",
    "read",
    "reaction",
    "message_edit",
    "is_echo",
    "is_deleted",
    "app_roles",
    "policy_enforcement",
    "account_linking",
    "pass_thread_control",
    "from",
    "verb",
    "item",
    "type",
    "ref",
    "watermark",
    "mids",
    "user_ref",
    "recipient_id",
];

fn hostile_value(rng: &mut Rng) -> Value {
    match rng.below(16) {
        0 => Value::Null,
        1 => json!(true),
        2 => json!(0),
        3 => json!(-1),
        4 => json!(u64::MAX),
        5 => json!(1e300),
        6 => json!(1.5),
        7 => json!(""),
        8 => json!("x".repeat(300)),
        9 => json!("a:b/c ą 😢"),
        10 => json!([]),
        11 => json!({}),
        12 => json!("9".repeat(64)),
        13 => (0..rng.below(200)).fold(json!(1), |inner, _| json!([inner])),
        14 => (0..rng.below(60)).fold(json!("x"), |inner, _| json!({ "message": inner })),
        _ => json!(vec![json!({ "message": { "mid": "m" } }); rng.below(50)]),
    }
}

/// Walks to a random value of the tree.
fn somewhere<'a>(rng: &mut Rng, value: &'a mut Value) -> &'a mut Value {
    let children = match value {
        Value::Array(items) => items.len(),
        Value::Object(fields) => fields.len(),
        _ => 0,
    };
    if children == 0 || rng.below(8) == 0 {
        return value;
    }
    let n = rng.below(children);
    match value {
        Value::Array(items) => somewhere(rng, &mut items[n]),
        Value::Object(fields) => somewhere(rng, fields.values_mut().nth(n).unwrap()),
        _ => unreachable!(),
    }
}

fn mutate_object(rng: &mut Rng, fields: &mut Map<String, Value>) {
    let key = fields.keys().nth(rng.below(fields.len())).cloned();
    match (rng.below(5), key) {
        (0, Some(key)) => {
            fields.remove(&key);
        }
        (1, Some(key)) => {
            let value = fields.remove(&key).unwrap();
            fields.insert((*rng.pick(KEYS)).to_owned(), value);
        }
        (2, Some(key)) => {
            // Two fields change places.
            let other = fields.keys().nth(rng.below(fields.len())).cloned().unwrap();
            let (a, b) = (fields[&key].clone(), fields[&other].clone());
            fields.insert(key, b);
            fields.insert(other, a);
        }
        (3, Some(key)) => {
            let copy = fields[&key].clone();
            fields.insert((*rng.pick(KEYS)).to_owned(), copy);
        }
        _ => {
            let value = hostile_value(rng);
            fields.insert((*rng.pick(KEYS)).to_owned(), value);
        }
    }
}

fn mutate_value(rng: &mut Rng, root: &mut Value) {
    let target = somewhere(rng, root);
    match (rng.below(4), &mut *target) {
        (0, _) => *target = hostile_value(rng),
        (1, Value::Number(number)) => *target = json!(number.to_string()),
        (1, Value::String(text)) => {
            *target = text.parse::<u64>().map_or_else(|_| json!([text]), |number| json!(number));
        }
        (1, other) => *target = json!([other.take()]),
        (_, Value::Object(fields)) => mutate_object(rng, fields),
        (_, Value::Array(items)) if !items.is_empty() => {
            let n = rng.below(items.len());
            match rng.below(3) {
                0 => drop(items.remove(n)),
                1 => items.push(items[n].clone()),
                _ => items.insert(n, hostile_value(rng)),
            }
        }
        (_, other) => *other = hostile_value(rng),
    }
}

fn mutate_bytes(rng: &mut Rng, body: &mut Vec<u8>) {
    let at = rng.below(body.len() + 1);
    match rng.below(6) {
        0 => body.truncate(at),
        1 if at < body.len() => body[at] ^= 1 << rng.below(8),
        2 if at < body.len() => drop(body.remove(at)),
        3 => {
            let end = (at + rng.below(40)).min(body.len());
            let copy = body[at..end].to_vec();
            body.splice(at..at, copy);
        }
        4 => {
            let end = (at + rng.below(20)).min(body.len());
            body.drain(at..end);
        }
        _ => {
            let piece: &&[u8] = rng.pick(PIECES);
            body.splice(at..at, piece.iter().copied());
        }
    }
}

/// A damaged copy of one of the seeds.
pub fn mutant(rng: &mut Rng, seeds: &[(Vec<u8>, Value)]) -> Vec<u8> {
    let (bytes, value) = rng.pick(seeds);
    let mut body = if rng.below(2) == 0 {
        let mut value = value.clone();
        for _ in 0..=rng.below(4) {
            mutate_value(rng, &mut value);
        }
        serde_json::to_vec(&value).unwrap()
    } else {
        bytes.clone()
    };
    if rng.below(4) != 0 {
        for _ in 0..=rng.below(3) {
            mutate_bytes(rng, &mut body);
        }
    }
    body
}

/// The bodies to start from, as bytes and as values.
pub fn seeds() -> Vec<(Vec<u8>, Value)> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/payloads");
    let mut files: Vec<_> =
        std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    files
        .into_iter()
        .map(|file| {
            let text = std::fs::read_to_string(file).unwrap();
            let payload: Value = serde_json::from_str(&text).unwrap();
            let body = payload["body"].clone();
            (serde_json::to_vec(&body).unwrap(), body)
        })
        .collect()
}
