//! KV from inside a Desk: what is owed to it, and the tokens that are read from it.

use std::collections::HashMap;

use worker::KvStore;

use super::{Inner, now};
use crate::store::kv_queue;
use crate::worker::binding;

/// Writes per flush: KV allows 1,000 a day on the free plan, and an alarm comes again.
const PER_FLUSH: u32 = 40;

fn store(desk: &Inner) -> Result<KvStore, String> {
    desk.env.kv(binding::SHOP).map_err(|error| error.to_string())
}

/// Writes what is owed and due. What KV refuses stays owed, and is due again later.
///
/// # Errors
/// The first refusal, in KV's words.
pub async fn flush(desk: &Inner) -> Result<(), String> {
    if desk.flushing.replace(true) {
        return Ok(());
    }
    let result = write_due(desk).await;
    desk.flushing.set(false);
    result
}

async fn write_due(desk: &Inner) -> Result<(), String> {
    let due = kv_queue::due(&desk.sql, now(), PER_FLUSH).map_err(|e| e.to_string())?;
    if due.is_empty() {
        return Ok(());
    }
    let kv = store(desk)?;
    let mut first_refusal = None;
    for owed in due {
        let written = match &owed.value {
            Some(value) => match kv.put(&owed.key, value.as_str()) {
                Ok(put) => put.execute().await,
                Err(error) => Err(error),
            },
            None => kv.delete(&owed.key).await,
        };
        kv_queue::settle(&desk.sql, &owed, written.is_ok(), now()).map_err(|e| e.to_string())?;
        if let Err(error) = written {
            first_refusal.get_or_insert(error.to_string());
        }
    }
    first_refusal.map_or(Ok(()), Err)
}

/// Reads values in bulk (at most 100 keys count as one operation). Keys without a value are left
/// out, and so is everything when KV does not answer: its silence says nothing.
pub async fn read(desk: &Inner, keys: &[String]) -> HashMap<String, String> {
    let mut values = HashMap::new();
    let Ok(kv) = store(desk) else { return values };
    for some in keys.chunks(100) {
        let some: Vec<&str> = some.iter().map(String::as_str).collect();
        match kv.get_bulk(&some).text().await {
            Ok(found) => {
                values.extend(found.into_iter().filter_map(|(key, value)| Some((key, value?))));
            }
            Err(error) => worker::console_error!("KV does not answer: {error}"),
        }
    }
    values
}

/// The names of the keys that begin so, at most a thousand. Only for what is rare: KV lists 1,000
/// times a day on the free plan (Cloudflare KV limits, November 2026).
pub async fn names(desk: &Inner, prefix: &str) -> Result<Vec<String>, String> {
    let list = store(desk)?.list().prefix(prefix.to_owned()).execute().await;
    let list = list.map_err(|error| error.to_string())?;
    Ok(list.keys.into_iter().map(|key| key.name).collect())
}
