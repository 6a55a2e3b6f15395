//! Carrying webhooks to the Worker, with Meta's patience.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::Shared;
use super::events::{Event, envelopes};
use super::wire;
use super::world::{Attempt, Fate, GIVE_UP, Webhook, patience};

/// How many events go out together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Batch {
    /// Each in a body of its own, one after the other.
    #[default]
    None,
    /// One body, an entry for each.
    Entries,
    /// One body, one entry for each account with all of them in its list.
    Messaging,
}

/// In which way events are delivered.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct How {
    /// Together or one by one.
    pub batch: Batch,
    /// How many more times each body is delivered.
    pub copies: u32,
    /// Bodies (or the events in one body) go out in an order made from this number.
    pub shuffle: Option<u64>,
    /// All bodies at the same time instead of one after the other.
    pub at_once: bool,
}

impl How {
    /// All in one body, an entry for each.
    #[must_use]
    pub fn batched() -> Self {
        Self { batch: Batch::Entries, ..Self::default() }
    }

    /// Everything `copies` more times.
    #[must_use]
    pub fn repeated(copies: u32) -> Self {
        Self { copies, ..Self::default() }
    }
}

/// Delivers events and returns what became of each body after its first try. Bodies that failed
/// are tried again in the background.
pub(super) async fn deliver(shared: &Arc<Shared>, events: Vec<Event>, how: How) -> Vec<Webhook> {
    let numbers = enqueue(shared, events, how);
    if how.at_once {
        let tries: Vec<_> = numbers
            .iter()
            .map(|&n| {
                let shared = Arc::clone(shared);
                tokio::spawn(async move { attempt(&shared, n).await })
            })
            .collect();
        for one in tries {
            let _ = one.await;
        }
    } else {
        for &n in &numbers {
            attempt(shared, n).await;
        }
    }
    records(shared, &numbers)
}

/// Delivers bytes as they are, signed unless `signature` says otherwise.
pub(super) async fn deliver_raw(
    shared: &Arc<Shared>,
    body: String,
    signature: Option<String>,
) -> Webhook {
    let webhook = {
        let mut world = shared.world();
        let webhook = Webhook {
            n: world.serial(),
            at: world.now(),
            what: "raw body".to_owned(),
            page: None,
            body,
            attempts: Vec::new(),
            fate: Fate::Waiting,
            due: None,
            signature,
        };
        world.webhooks.push(webhook.clone());
        webhook
    };
    attempt(shared, webhook.n).await;
    records(shared, &[webhook.n]).pop().unwrap_or(webhook)
}

fn records(shared: &Shared, numbers: &[u64]) -> Vec<Webhook> {
    let world = shared.world();
    world.webhooks.iter().filter(|w| numbers.contains(&w.n)).cloned().collect()
}

/// Writes the bodies into the record, waiting for their first try.
fn enqueue(shared: &Shared, mut events: Vec<Event>, how: How) -> Vec<u64> {
    let mut world = shared.world();
    let now = world.now();
    let mut numbers = Vec::new();
    let mut push = |world: &mut super::world::World, body: String, what, page, fate| {
        let n = world.serial();
        let (attempts, due) = (Vec::new(), None);
        let signature = None;
        world.webhooks.push(Webhook {
            n,
            at: now,
            what,
            page,
            body,
            attempts,
            fate,
            due,
            signature,
        });
        numbers.push(n);
    };

    events.retain(|event| {
        let Some(page) = world.page_of_account(&event.account) else { return true };
        // Instagram's fields are subscribed to for the whole app, not for each Page.
        let instagram = event.platform == super::Platform::Instagram;
        if page.fields.as_ref().is_some_and(|f| instagram || f.contains(event.field)) {
            return true;
        }
        let page = Some(page.about.id.clone());
        push(&mut world, event.value.to_string(), event.what(), page, Fate::NotSubscribed);
        false
    });
    if let (Some(seed), true) = (how.shuffle, how.batch != Batch::None) {
        shuffle(&mut events, seed);
    }
    let groups: Vec<Vec<Event>> = match how.batch {
        Batch::None => events.into_iter().map(|e| vec![e]).collect(),
        Batch::Entries | Batch::Messaging if events.is_empty() => Vec::new(),
        Batch::Entries | Batch::Messaging => vec![events],
    };
    let mut bodies = Vec::new();
    for group in groups {
        let what = group.iter().map(Event::what).collect::<Vec<_>>().join(", ");
        let page = group.first().and_then(|e| world.page_of_account(&e.account));
        let page = page.map(|p| p.about.id.clone());
        for envelope in envelopes(&group, how.batch == Batch::Messaging, now) {
            for _ in 0..=how.copies {
                bodies.push((wire::body(&envelope), what.clone(), page.clone()));
            }
        }
    }
    if let (Some(seed), true) = (how.shuffle, how.batch == Batch::None) {
        shuffle(&mut bodies, seed);
    }
    for (body, what, page) in bodies {
        push(&mut world, body, what, page, Fate::Waiting);
    }
    numbers
}

/// Fisher and Yates, with the steps of a 64-bit linear congruential generator (Knuth's MMIX).
fn shuffle<T>(items: &mut [T], seed: u64) {
    let mut state = seed;
    for i in (1..items.len()).rev() {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let range = u64::try_from(i).unwrap_or(u64::MAX).saturating_add(1);
        items.swap(i, usize::try_from((state >> 33) % range).unwrap_or(0));
    }
}

/// One try of a waiting webhook.
async fn attempt(shared: &Arc<Shared>, n: u64) {
    let (worker, body, signature, timeout) = {
        let mut world = shared.world();
        let (worker, timeout) = (world.worker.clone(), world.settings.webhook_timeout_ms);
        let Some(webhook) = world.webhooks.iter_mut().rev().find(|w| w.n == n) else { return };
        if webhook.fate != Fate::Waiting {
            return;
        }
        let Some(worker) = worker else {
            webhook.fate = Fate::NoWorker;
            drop(world);
            shared.touch();
            return;
        };
        webhook.due = None;
        let signature = webhook
            .signature
            .clone()
            .unwrap_or_else(|| wire::signature(&shared.config.app_secret, webhook.body.as_bytes()));
        (worker, webhook.body.clone(), signature, timeout)
    };

    let started = Instant::now();
    let sent = shared
        .http
        .post(format!("{worker}/webhook"))
        .header("content-type", "application/json")
        .header("user-agent", "facebookexternalua")
        .header("x-hub-signature-256", signature)
        .timeout(Duration::from_millis(timeout))
        .body(body)
        .send()
        .await;
    let latency_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    let (status, error) = match sent {
        Ok(answer) => (Some(answer.status().as_u16()), None),
        Err(e) if e.is_timeout() => (None, Some("no answer in time".to_owned())),
        Err(e) => (None, Some(e.without_url().to_string())),
    };
    settle(shared, n, status, error, latency_ms);
}

/// Writes down how a try went, and when the next one is due.
fn settle(shared: &Shared, n: u64, status: Option<u16>, error: Option<String>, latency_ms: u64) {
    let mut world = shared.world();
    let now = world.now();
    let Some(webhook) = world.webhooks.iter_mut().rev().find(|w| w.n == n) else { return };
    let tried = Attempt { at: now, status, latency_ms, error };
    let ok = tried.ok();
    webhook.attempts.push(tried);
    let first = webhook.attempts.first().map_or(now, |a| a.at);
    let forged = webhook.signature.is_some();
    let page = webhook.page.clone();
    if ok {
        webhook.fate = Fate::Delivered;
    } else if forged || now.saturating_sub(first) >= GIVE_UP {
        webhook.fate = Fate::GivenUp;
    } else {
        webhook.due = Some(now.saturating_add(patience(webhook.attempts.len())));
    }
    if let (Some(page), false) = (page, forged) {
        note_health(&mut world, &page, ok, now);
    }
    drop(world);
    shared.touch();
    shared.wake.notify_one();
}

/// An hour of nothing but failures: Meta unsubscribes the app from the Page.
fn note_health(world: &mut super::world::World, page: &str, ok: bool, now: i64) {
    let Some(known) = world.page(page) else { return };
    if ok {
        known.failing_since = None;
        return;
    }
    let since = *known.failing_since.get_or_insert(now);
    if now.saturating_sub(since) < GIVE_UP {
        return;
    }
    known.fields = None;
    known.failing_since = None;
    for webhook in &mut world.webhooks {
        if webhook.fate == Fate::Waiting && webhook.page.as_deref() == Some(page) {
            webhook.fate = Fate::GivenUp;
            webhook.due = None;
        }
    }
}

/// Tries again what is due by now.
pub(super) async fn redeliver_due(shared: &Arc<Shared>) {
    let due: Vec<u64> = {
        let world = shared.world();
        let now = world.now();
        let waiting = world.webhooks.iter().filter(|w| w.due.is_some_and(|due| due <= now));
        waiting.map(|w| w.n).collect()
    };
    for n in due {
        attempt(shared, n).await;
    }
}

/// The background task that tries again, forever.
pub(super) async fn keep_redelivering(shared: Arc<Shared>) {
    loop {
        let pause = {
            let world = shared.world();
            let now = world.now();
            let next = world.webhooks.iter().filter_map(|w| w.due).min();
            next.map(|due| u64::try_from(due.saturating_sub(now)).unwrap_or(0))
        };
        match pause {
            Some(0) => redeliver_due(&shared).await,
            Some(ms) => {
                tokio::select! {
                    () = tokio::time::sleep(Duration::from_millis(ms)) => {}
                    () = shared.wake.notified() => {}
                }
            }
            None => shared.wake.notified().await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shuffle_keeps_everything_and_depends_on_its_number() {
        let mut a: Vec<u32> = (0..50).collect();
        let mut b = a.clone();
        shuffle(&mut a, 1);
        shuffle(&mut b, 2);
        assert_ne!(a, b);
        a.sort_unstable();
        assert_eq!(a, (0..50).collect::<Vec<_>>());
    }
}
