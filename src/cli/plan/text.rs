//! A plan for people.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::DeskPlan;
use crate::meta::policy::Rule;
use crate::outreach::plan::{Planned, Verdict, transport_name};
use crate::outreach::recipient::zone_of;
use crate::shop::model::Shop;
use crate::store::channel_name;
use crate::store::ledger::ONCE;
use crate::time::UnixMs;

pub(super) fn plan(desks: &[DeskPlan<'_>], totals: bool) -> String {
    let mut text = String::new();
    let (mut leaving, mut holding) = (0_u64, 0_u64);
    for desk in desks {
        for planned in &desk.planned {
            run(desk, planned, totals, &mut text);
            let sums = planned.totals();
            leaving = leaving.saturating_add(u64::from(sums.leaving()));
            holding = holding.saturating_add(u64::from(sums.holding()));
        }
    }
    if text.is_empty() {
        text += "nothing is due\n\n";
    }
    let _ = writeln!(text, "in all: {leaving} leave, {holding} are held");
    text
}

fn run(desk: &DeskPlan<'_>, planned: &Planned<'_>, totals: bool, text: &mut String) {
    let shop = desk.shop;
    let zone = (!planned.zone.is_empty()).then_some(planned.zone.as_str());
    let local = |at: UnixMs, format: &str| {
        at.timestamp().to_zoned(zone_of(shop, zone)).strftime(format).to_string()
    };
    let _ = writeln!(
        text,
        "{}: {} ({}), to those of \"{}\", until {}",
        planned.notification.id,
        local(planned.due.at, "%a %Y-%m-%d %H:%M"),
        zone.unwrap_or(&shop.time_zone),
        planned.notification.topic,
        local(planned.deadline, "%H:%M"),
    );
    let shard = if desk.shards > 1 { format!(", shard {}", desk.shard) } else { String::new() };
    // The steps of a sequence are each person's own: there is no run that keeps a hash.
    let hash = match planned.due.period.as_str() {
        ONCE => ", a step of a sequence".to_owned(),
        _ => format!(", hash {}", planned.hash.as_str()),
    };
    let _ = writeln!(text, "  Page {}{shard}{hash}", shop.page.id);
    if planned.notification.draft {
        let _ = writeln!(text, "  a draft: nothing of it is sent");
    }
    for ((transport, price, rule), count) in leaving(planned) {
        let _ = writeln!(text, "  leaves {count:>5}  {transport}, {price}: {rule}");
    }
    for (why, count) in held(shop, planned) {
        let _ = writeln!(text, "  held   {count:>5}  {why}");
    }
    if planned.lines.is_empty() {
        let _ = writeln!(text, "  nobody");
    }
    for line in planned.lines.iter().filter(|_| !totals) {
        let who = format!("{}/{}", channel_name(line.channel), line.person);
        let what = match &line.verdict {
            Verdict::Leaves { not_before, way } => format!(
                "{} {}, {}, by {}",
                local(not_before.unwrap_or(planned.due.at), "%H:%M"),
                transport_name(way.transport),
                way.price.as_str(),
                way.rule.id
            ),
            Verdict::Held(hold) => {
                let rule = hold.rule().map(|rule| format!(", by {}", rule.id)).unwrap_or_default();
                format!("held, {}{rule}", hold.code())
            }
        };
        let _ = writeln!(text, "    {who:<28} {what}");
    }
    text.push('\n');
}

type Way = (&'static str, &'static str, String);

fn leaving(planned: &Planned<'_>) -> BTreeMap<Way, u32> {
    let mut counts = BTreeMap::new();
    for line in &planned.lines {
        if let Verdict::Leaves { way, .. } = &line.verdict {
            let key = (transport_name(way.transport), way.price.as_str(), of_rule(way.rule));
            let count: &mut u32 = counts.entry(key).or_default();
            *count = count.saturating_add(1);
        }
    }
    counts
}

fn held(shop: &Shop, planned: &Planned<'_>) -> BTreeMap<String, u32> {
    let mut counts = BTreeMap::new();
    for line in &planned.lines {
        if let Verdict::Held(hold) = &line.verdict {
            let rule = hold.rule().map(|rule| format!(" [{}]", of_rule(rule))).unwrap_or_default();
            let count: &mut u32 = counts.entry(hold.says(shop) + &rule).or_default();
            *count = count.saturating_add(1);
        }
    }
    counts
}

/// A rule with its source and its end.
fn of_rule(rule: &Rule) -> String {
    let end = match rule.valid_to {
        Some(last) => format!("until {last}"),
        None => "no end named".to_owned(),
    };
    format!("{} ({}, {}; since {}, {end})", rule.id, rule.source, rule.source_date, rule.valid_from)
}
