//! How one Desk stands, as the Worker's status tells it.

use serde_json::Value;

use super::finding::Findings;
use super::worker::{list, number, text};
use crate::time::UnixMs;

/// A message that waits longer than this is worth a look, in seconds; the tick comes every
/// minute, and a retry waits ten at most.
const SLOW_SECONDS: i64 = 15 * 60;

/// Longer than this nothing leaves any more, in seconds.
const STUCK_SECONDS: i64 = 60 * 60;

/// At most so many lines about notifications that were held.
const MOST_HELD: usize = 5;

/// One Desk: the FAQ, what waits, what is held and why.
pub(super) fn check(desk: &Value, found: &mut Findings<'_>) {
    let page = text(desk, "/page").unwrap_or("?");
    let name = match number(desk, "/shard") {
        0 => format!("Page {page}"),
        shard => format!("Page {page}, Desk {shard}"),
    };
    if let Some(why) = text(desk, "/error") {
        found.problem(
            "desk.error",
            format!("{name}: its Desk does not answer: {why}"),
            "look at `scripts/wrangler tail` while this runs again",
        );
        return;
    }
    if let Some(why) = text(desk, "/shop/faq_refused") {
        found.problem(
            "desk.faq",
            format!("{name}: the trained answers cannot be used: {why}"),
            "publish again with this version of the command: shopbell publish",
        );
    }
    alerts(&name, desk, found);
    hold(&name, desk, found);
    outbox(&name, desk, found);
    let parked = number(desk, "/parked");
    if parked > 0 {
        found.warning(
            "desk.parked",
            format!("{name}: {parked} events could not be handled yet and wait"),
            "publish the shop if it is not; they are tried again by themselves",
        );
    }
    let owed = number(desk, "/kv_owed");
    if owed > 0 {
        found.warning(
            "desk.kv_owed",
            format!("{name}: {owed} consents are not written to KV yet"),
            "nothing now; if it stays, the day's 1,000 KV writes of the free plan are used up",
        );
    }
    traffic(&name, desk, found);
    held(&name, desk, found);
}

/// What the owner was alerted of and is not over. What is held says so itself.
fn alerts(name: &str, desk: &Value, found: &mut Findings<'_>) {
    let open = list(desk, "/alerts").into_iter();
    let open = open.filter(|alert| alert.pointer("/until").is_none_or(Value::is_null));
    for alert in open {
        let says = text(alert, "/says").unwrap_or("the Worker does not say why");
        let since = text(alert, "/since").unwrap_or("?");
        let (what, fix) = match text(alert, "/alert") {
            Some("halted") => (
                "nothing can be sent",
                "mend what Meta names there, then write to the Page: the first answer shows it",
            ),
            Some("kv_refuses") => (
                "KV takes no writes",
                "nothing is lost; if the day's 1,000 writes of the free plan are used up, wait for midnight UTC",
            ),
            Some("kv_quota") => (
                "the day's KV writes are nearly used up",
                "nothing is lost; what does not fit is written after midnight UTC",
            ),
            Some("token_list") => (
                "Meta's list of tokens cannot be used",
                "run `shopbell reconcile --dry-run`; if its answer is right, with --believe",
            ),
            other => (other.unwrap_or("something is wrong"), "deploy the version of this command"),
        };
        found.problem("desk.alert", format!("{name}: {what} since {since}: {says}"), fix);
    }
}

/// Why nothing leaves this Page for a while.
fn hold(name: &str, desk: &Value, found: &mut Findings<'_>) {
    let Some(reason) = text(desk, "/hold/reason") else { return };
    let until = UnixMs::new(number(desk, "/hold/until")).rfc3339();
    let says = format!("{name}: nothing is sent until {until}: {reason}");
    if desk.pointer("/hold/needs_owner") == Some(&Value::Bool(true)) {
        found.problem(
            "desk.hold",
            says,
            "mend what Meta names there; sending goes on by itself within ten minutes",
        );
    } else {
        found.warning("desk.hold", says, "nothing: sending goes on by itself");
    }
}

fn outbox(name: &str, desk: &Value, found: &mut Findings<'_>) {
    const CHECK: &str = "desk.outbox";
    let (open, oldest) = (number(desk, "/outbox/open"), number(desk, "/outbox/oldest_seconds"));
    let says = format!("{name}: {open} messages wait, the oldest for {} min", oldest / 60);
    if open == 0 {
        found.ok(CHECK, format!("{name}: every message has left"));
    } else if oldest > STUCK_SECONDS {
        found.problem(CHECK, says, "look at `scripts/wrangler tail` for why they do not leave");
    } else if oldest > SLOW_SECONDS {
        found.warning(CHECK, says, "run this again in a few minutes");
    } else {
        found.ok(CHECK, says);
    }
}

/// Whether anything arrives at all.
fn traffic(name: &str, desk: &Value, found: &mut Findings<'_>) {
    let counts = desk.pointer("/last_7_days").and_then(Value::as_object);
    let sum = |prefix: &str| -> i64 {
        let these = counts.into_iter().flatten().filter(|(key, _)| key.starts_with(prefix));
        these.filter_map(|(_, n)| n.as_i64()).sum()
    };
    // Shard 0 has the events without a person; others may have nobody yet.
    if sum("event.") == 0 && number(desk, "/shard") == 0 {
        found.warning(
            "desk.traffic",
            format!("{name}: nothing arrived from Meta in the last 7 days"),
            "write to the Page; if this stays, check the webhook's address and fields at Meta",
        );
    } else {
        let (messages, replies) = (sum("event.message"), sum("reply.sent"));
        found.ok(
            "desk.traffic",
            format!("{name}: {messages} messages in, {replies} replies out in the last 7 days"),
        );
    }
}

/// Notifications that were held, by the reason.
fn held(name: &str, desk: &Value, found: &mut Findings<'_>) {
    let held = list(desk, "/notifications").into_iter();
    let held = held.filter(|line| text(line, "/outcome") == Some("held"));
    for line in held.take(MOST_HELD) {
        let id = text(line, "/notification").unwrap_or("?");
        let (people, period) = (number(line, "/people"), text(line, "/period").unwrap_or("?"));
        let reason = text(line, "/reason").unwrap_or("no reason is noted");
        found.warning(
            "desk.held",
            format!("{name}: `{id}` of {period} was held for {people}: {reason}"),
            "nothing, if that is as it should be: held is not lost consent",
        );
    }
}
