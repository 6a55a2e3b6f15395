//! KV from inside a Desk: what is owed to it, and the tokens that are read from it.

use std::collections::HashMap;

use worker::KvStore;

use super::{Inner, now};
use crate::desk::alerts::KV_WRITTEN;
use crate::outreach::reconcile;
use crate::store::counters::Tally;
use crate::store::{Sql, Statement, kv_queue};
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
    let mut taken = Tally::default();
    for owed in due {
        let written = match &owed.value {
            Some(value) => match kv.put(&owed.key, value.as_str()) {
                Ok(put) => put.execute().await,
                Err(error) => Err(error),
            },
            None => kv.delete(&owed.key).await,
        };
        kv_queue::settle(&desk.sql, &owed, written.is_ok(), now()).map_err(|e| e.to_string())?;
        match written {
            Ok(()) => taken.add(KV_WRITTEN),
            Err(error) => {
                first_refusal.get_or_insert(error.to_string());
            }
        }
    }
    if let Some(Statement { text, params }) = taken.statement(now()).map_err(|e| e.to_string())? {
        desk.sql.execute(text, &params).map_err(|e| e.to_string())?;
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

/// A page of the keys that begin so, with the values of those that are wanted, and KV's cursor to
/// go on with.
pub async fn page(
    desk: &Inner,
    prefix: &str,
    cursor: Option<&str>,
    wanted: impl Fn(&str) -> bool,
) -> Result<(Vec<(String, String)>, Option<String>), String> {
    let kv = store(desk)?;
    let mut list = kv.list().prefix(prefix.to_owned()).limit(u64::from(reconcile::KV_VALUES));
    if let Some(cursor) = cursor {
        list = list.cursor(cursor.to_owned());
    }
    let list = list.execute().await.map_err(|error| error.to_string())?;
    let next = list.cursor.filter(|next| !list.list_complete && !next.is_empty());
    let names: Vec<String> = list.keys.into_iter().map(|key| key.name).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).filter(|name| wanted(name)).collect();
    if names.is_empty() {
        return Ok((Vec::new(), next));
    }
    let values = kv.get_bulk(&names).text().await.map_err(|error| error.to_string())?;
    let values = values.into_iter().filter_map(|(key, value)| Some((key, value?))).collect();
    Ok((values, next))
}

/// The names of the keys that begin so, at most a thousand. Only for what is rare: KV lists 1,000
/// times a day on the free plan (Cloudflare KV limits, November 2026).
pub async fn names(desk: &Inner, prefix: &str) -> Result<Vec<String>, String> {
    let list = store(desk)?.list().prefix(prefix.to_owned()).execute().await;
    let list = list.map_err(|error| error.to_string())?;
    Ok(list.keys.into_iter().map(|key| key.name).collect())
}
