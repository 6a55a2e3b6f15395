//! Whether Cloudflare's plan carries what the shop says that it expects.

use jiff::civil::Date;

use crate::outreach::budget::expected::{MESSAGES_A_DAY, fullest_day, spread_days};
use crate::outreach::budget::{days_for_notifications, enough_for, lines};
use crate::shop::model::Plan;
use crate::shop::source::Compiled;
use crate::shop::source::diagnostic::Diagnostic;

/// An error when the plan cannot carry the people that are expected, or the Desks that are declared.
#[must_use]
pub fn capacity(compiled: &Compiled, day: Date) -> Option<Diagnostic> {
    let hosting = compiled.shops.first()?.hosting;
    let plan = hosting.plan;
    let place = |place: &Option<std::ops::Range<usize>>| place.clone().unwrap_or(0..0);
    let idle = fullest_day(&compiled.shops, 0, 0, day);
    if let Some(line) = lines(&idle, plan).into_iter().find(|line| !line.fits(plan)) {
        let message = format!(
            "{} Desks are more than Cloudflare's free plan carries, even when nothing happens",
            hosting.desks
        );
        return Some(
            Diagnostic::error("too-many-desks", place(&compiled.places.shards), message)
                .label(format!("{} {} a day", line.takes, line.resource.says()))
                .help("declare fewer shards, or plan = \"paid\" under [cloudflare]"),
        );
    }
    let subscribers = u64::from(hosting.subscribers?);
    let messages = u64::from(hosting.messages_a_day.unwrap_or(MESSAGES_A_DAY));
    let full = fullest_day(&compiled.shops, subscribers, messages, day);
    let days = days_for_notifications(&full, plan);
    let each = full.with(subscribers.div_ceil(days));
    let enough = lines(&each, plan).iter().all(|line| line.fits(plan))
        && days <= spread_days(&compiled.shops).saturating_add(1);
    if enough || plan == Plan::Paid {
        return None;
    }
    let people = enough_for(&full, plan).unwrap_or(0);
    Some(
        Diagnostic::error(
            "plan-too-small",
            place(&compiled.places.subscribers),
            "Cloudflare's free plan does not carry so many people",
        )
        .label(format!("one day is enough for {people}"))
        .help(
            "declare plan = \"paid\" under [cloudflare], or spread_days in the schedules; `shopbell \
             budget` shows the arithmetic",
        ),
    )
}
