//! How one Desk stands, as the Worker's status tells it.

use serde_json::Value;

use super::checks;
use super::finding::{Findings, Says, about, alerted, fix, says};
use super::worker::{deploy, list, number, tail, text};
use crate::desk::alerts::Alert;
use crate::shop::lang::alerts::AlertTexts;
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
        0 => "Desk".to_owned(),
        shard => format!("Desk {shard}"),
    };
    found.about(about(|w| w.about_page).with("page", page).with("name", name));
    if let Some(why) = text(desk, "/error") {
        found.problem(checks::DESK, says(|s| s.unusable).with("why", why), tail());
        return;
    }
    if let Some(why) = text(desk, "/shop/faq_refused") {
        let publish = fix(|f| f.run).with("command", "shopbell publish");
        found.problem(checks::FAQ, says(|s| s.unusable).with("why", why), publish);
    }
    alerts(desk, found);
    hold(desk, found);
    outbox(desk, found);
    let parked = number(desk, "/parked");
    if parked > 0 {
        found.warning(checks::PARKED, says(|s| s.waits).with("n", parked), fix(|f| f.nothing));
    }
    kv(desk, found);
    traffic(desk, found);
    held(desk, found);
}

/// What the owner was alerted of and is not over. What is held says so itself.
fn alerts(desk: &Value, found: &mut Findings<'_>) {
    let open = list(desk, "/alerts").into_iter();
    let open = open.filter(|alert| alert.pointer("/until").is_none_or(Value::is_null));
    for alert in open {
        let known = text(alert, "/says").unwrap_or("?");
        let since = text(alert, "/since").unwrap_or("?");
        let name = text(alert, "/alert").unwrap_or("?");
        match Alert::ALL.into_iter().find(|alert| alert.name() == name) {
            Some(alert) => {
                let (words, fix) = alert_of(alert);
                found.problem(checks::ALERT, alerted(words, known, since), fix);
            }
            // A newer Worker's.
            None => {
                let why = format!("{known}; {since}");
                let state = says(|s| s.state).with("what", name).with("why", why);
                found.problem(checks::ALERT, state, deploy());
            }
        }
    }
}

type Words = fn(&AlertTexts) -> &'static str;

/// What is said of an alert, and what to do.
fn alert_of(alert: Alert) -> (Words, Says) {
    let doctor = || fix(|f| f.again);
    match alert {
        Alert::Halted => (|t| t.halted, fix(|f| f.mend)),
        Alert::KvRefuses => (|t| t.kv_refuses, fix(|f| f.midnight)),
        Alert::KvQuota => (|t| t.kv_quota, fix(|f| f.midnight)),
        Alert::TokenList => {
            (|t| t.token_list, fix(|f| f.run).with("command", "shopbell reconcile --dry-run"))
        }
        Alert::Unsubscribed => (|t| t.unsubscribed, fix(|f| f.inbox)),
        Alert::TokenEnds => (|t| t.token_ends, doctor()),
        Alert::Permissions => (|t| t.permissions, doctor()),
        Alert::Hidden => (|t| t.hidden, fix(|f| f.publish_page)),
        Alert::Quota => (|t| t.quota, fix(|f| f.fewer)),
        Alert::RuleEnds => (|t| t.rule_ends, doctor()),
        Alert::VersionEnds => (|t| t.version_ends, doctor()),
        Alert::KeyEnds => (|t| t.key_ends, fix(|f| f.nothing)),
        Alert::Cron => (|t| t.cron, fix(|f| f.crons)),
    }
}

/// Why nothing leaves this Page for a while.
fn hold(desk: &Value, found: &mut Findings<'_>) {
    let Some(reason) = text(desk, "/hold/reason") else { return };
    let until = UnixMs::new(number(desk, "/hold/until")).rfc3339();
    let halted = says(|s| s.halted).with("date", until).with("why", reason);
    if desk.pointer("/hold/needs_owner") == Some(&Value::Bool(true)) {
        found.problem(checks::HOLD, halted, fix(|f| f.mend));
    } else {
        found.warning(checks::HOLD, halted, fix(|f| f.nothing));
    }
}

fn outbox(desk: &Value, found: &mut Findings<'_>) {
    let (open, oldest) = (number(desk, "/outbox/open"), number(desk, "/outbox/oldest_seconds"));
    let waiting = || says(|s| s.waiting).with("n", open).with("minutes", oldest / 60);
    if open == 0 || oldest <= SLOW_SECONDS {
        found.ok(checks::OUTBOX, open.to_string());
    } else if oldest > STUCK_SECONDS {
        found.problem(checks::OUTBOX, waiting(), tail());
    } else {
        found.warning(checks::OUTBOX, waiting(), fix(|f| f.again));
    }
}

/// What is owed to KV, and whether it takes anything.
fn kv(desk: &Value, found: &mut Findings<'_>) {
    let owed = number(desk, "/kv_owed");
    match text(desk, "/kv_refused_since") {
        Some(since) => {
            let refuses = says(|s| s.refuses_since).with("date", since).with("n", owed);
            found.warning(checks::KV, refuses, fix(|f| f.midnight));
        }
        None if owed > 0 => {
            found.warning(checks::KV, says(|s| s.waits).with("n", owed), fix(|f| f.midnight));
        }
        None => found.ok(checks::KV, ""),
    }
}

/// Whether anything arrives at all, and who else answers.
fn traffic(desk: &Value, found: &mut Findings<'_>) {
    let counts = desk.pointer("/last_7_days").and_then(Value::as_object);
    let sum = |prefix: &str| -> i64 {
        let these = counts.into_iter().flatten().filter(|(key, _)| key.starts_with(prefix));
        these.filter_map(|(_, n)| n.as_i64()).sum()
    };
    let automations = || fix(|f| f.automations);
    // Shard 0 has the events without a person; others may have nobody yet.
    if sum("event.") == 0 && number(desk, "/shard") == 0 {
        found.warning(checks::TRAFFIC, says(|s| s.nothing_came), fix(|f| f.write_to_page));
        found.unchecked(checks::AUTOMATIONS, says(|s| s.untold), automations());
        return;
    }
    let (messages, replies) = (sum("event.message"), sum("reply.sent"));
    found.ok(checks::TRAFFIC, format!("{messages} / {replies}"));
    // An echo without an app, or of an app that is neither ours nor the Page's inbox: an instant
    // reply of Meta's, or another tool.
    match sum("event.echo.other") {
        0 => found.ok(checks::BY_OTHERS, "0"),
        n => {
            let others = says(|s| s.others_answered).with("n", n);
            found.warning(checks::BY_OTHERS, others, automations());
        }
    }
}

/// Notifications that were held, by the reason.
fn held(desk: &Value, found: &mut Findings<'_>) {
    let held = list(desk, "/notifications").into_iter();
    let held = held.filter(|line| text(line, "/outcome") == Some("held"));
    for line in held.take(MOST_HELD) {
        let id = text(line, "/notification").unwrap_or("?");
        let what = format!("{id}, {}", text(line, "/period").unwrap_or("?"));
        let reason = text(line, "/reason").unwrap_or("?");
        found.warning(
            checks::HELD,
            says(|s| s.held)
                .with("what", what)
                .with("n", number(line, "/people"))
                .with("why", reason),
            fix(|f| f.as_wanted),
        );
    }
}
