//! A plan for machines: one object a line. `{"run": …}` begins a run, `{"recipient": …}` is one of
//! its recipients, `{"totals": …}` ends it.

use serde_json::{Value, json};

use super::DeskPlan;
use crate::meta::policy::Rule;
use crate::outreach::plan::{Line, Planned, Verdict, transport_name};
use crate::shop::model::Shop;

pub(super) fn plan(desks: &[DeskPlan<'_>], totals: bool) -> String {
    let mut lines = Vec::new();
    for desk in desks {
        for planned in &desk.planned {
            lines.push(json!({ "run": {
                "page": desk.shop.page.id,
                "shard": desk.shard,
                "notification": planned.notification.id,
                "topic": planned.notification.topic,
                "period": planned.due.period,
                "zone": if planned.zone.is_empty() { &desk.shop.time_zone } else { &planned.zone },
                "due": planned.due.at.rfc3339(),
                "deadline": planned.deadline.rfc3339(),
                "hash": planned.hash.as_str(),
                "draft": planned.notification.draft,
            }}));
            if !totals {
                let recipients = planned.lines.iter();
                lines.extend(recipients.map(|line| recipient(desk.shop, planned, line)));
            }
            let sums = planned.totals();
            let leaves: Vec<Value> = sums
                .leaves
                .iter()
                .map(|((transport, rule, price), people)| {
                    json!({
                        "transport": transport, "rule": rule, "price": price.as_str(),
                        "people": people,
                    })
                })
                .collect();
            lines.push(json!({ "totals": { "leaves": leaves, "held": sums.held } }));
        }
    }
    lines.iter().map(|line| format!("{line}\n")).collect()
}

fn recipient(shop: &Shop, planned: &Planned<'_>, line: &Line) -> Value {
    let what = match &line.verdict {
        Verdict::Leaves { not_before, way } => json!({
            "channel": line.channel,
            "person": line.person,
            "transport": transport_name(way.transport),
            "price": way.price.as_str(),
            "earliest": not_before.unwrap_or(planned.due.at).rfc3339(),
            "rule": rule(way.rule),
        }),
        Verdict::Held(hold) => json!({
            "channel": line.channel,
            "person": line.person,
            "held": hold.code(),
            "says": hold.says(shop),
            "until": hold.until().map(|at| at.rfc3339()),
            "rule": hold.rule().map(rule),
        }),
    };
    json!({ "recipient": what })
}

fn rule(rule: &Rule) -> Value {
    json!({
        "id": rule.id,
        "says": rule.says,
        "source": rule.source,
        "source_date": rule.source_date.to_string(),
        "since": rule.valid_from.to_string(),
        "until": rule.valid_to.map(|last| last.to_string()),
    })
}
