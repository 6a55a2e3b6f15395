//! What a day took of what the plan gives, estimated by what was counted: rows and requests are
//! not counted one by one, because counting them would cost as many. Writes to KV are.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::desk::alerts::KV_WRITTEN;
use crate::outreach::budget::Resource;
use crate::outreach::budget::costs::{Thing, cost};
use crate::store::{Sql, StoreError, counters};
use crate::time::{DAY, MINUTE, UnixMs};

/// What one Desk took, or several did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Usage(BTreeMap<Resource, u64>);

/// What is estimated. Rows read and GB-s are far from their limits whenever these are not near.
const RESOURCES: [Resource; 4] =
    [Resource::RowsWritten, Resource::DeskRequests, Resource::WorkerRequests, Resource::KvWrites];

impl Usage {
    /// By what was counted on a day, of which so many minutes are over.
    #[must_use]
    pub fn by(counts: &[(String, i64)], minutes: u64) -> Self {
        let sum = |fits: &dyn Fn(&str) -> bool| -> u64 {
            let these = counts.iter().filter(|(name, _)| fits(name));
            these.fold(0, |sum, (_, n)| sum.saturating_add(u64::try_from(*n).unwrap_or(0)))
        };
        let of = |names: &[&str]| sum(&|name| names.contains(&name));
        let messages = of(&["event.message", "event.postback", "event.referral"]);
        let things = [
            (Thing::Message, messages),
            (Thing::Bubble, of(&["reply.sent"]).saturating_sub(messages)),
            (Thing::OptIn, of(&["event.optin"])),
            // Whether one left in the window or by token is not counted: by token costs more.
            (Thing::ByToken, of(&["notification.sent", "notice.sent"])),
            (Thing::Held, sum(&|name| name.starts_with("held."))),
            (Thing::Receipt, of(&["event.delivery", "event.read"])),
            (Thing::Minute, minutes),
        ];
        let written = of(&[KV_WRITTEN]);
        let taken = RESOURCES.into_iter().map(|resource| {
            let parts = things.iter().fold(0_u64, |sum, (thing, times)| {
                sum.saturating_add(cost(*thing, resource).saturating_mul(*times))
            });
            let taken = match resource {
                Resource::KvWrites => written,
                Resource::WorkerRequests => parts.div_ceil(1_000).saturating_add(minutes),
                _ => parts.div_ceil(1_000),
            };
            (resource, taken)
        });
        Self(taken.collect())
    }

    /// What was taken of something; `None` when it is not estimated.
    #[must_use]
    pub fn of(&self, resource: Resource) -> Option<u64> {
        self.0.get(&resource).copied()
    }

    /// Both together.
    #[must_use]
    pub fn and(mut self, other: &Self) -> Self {
        for (resource, taken) in &other.0 {
            let sum = self.0.entry(*resource).or_default();
            *sum = sum.saturating_add(*taken);
        }
        self
    }

    /// As many times over.
    #[must_use]
    pub fn times(mut self, n: u32) -> Self {
        self.0.values_mut().for_each(|taken| *taken = taken.saturating_mul(u64::from(n)));
        self
    }

    /// Of each the larger.
    #[must_use]
    pub fn or(mut self, other: &Self) -> Self {
        for (resource, taken) in &other.0 {
            let most = self.0.entry(*resource).or_default();
            *most = (*most).max(*taken);
        }
        self
    }
}

/// What this Desk took today.
///
/// # Errors
/// [`StoreError`].
pub fn today(sql: &impl Sql, now: UnixMs) -> Result<Usage, StoreError> {
    let minutes = now.get().rem_euclid(DAY) / MINUTE;
    let counts = counters::of_day(sql, now)?;
    Ok(Usage::by(&counts, u64::try_from(minutes).unwrap_or(0)))
}

/// What it took yesterday: a whole day.
///
/// # Errors
/// [`StoreError`].
pub fn yesterday(sql: &impl Sql, now: UnixMs) -> Result<Usage, StoreError> {
    const MINUTES: u64 = 24 * 60;
    Ok(Usage::by(&counters::of_day(sql, now.plus(-DAY))?, MINUTES))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(counts: &[(&str, i64)]) -> Usage {
        let counts: Vec<_> = counts.iter().map(|(name, n)| ((*name).to_owned(), *n)).collect();
        Usage::by(&counts, 100)
    }

    /// Rows, as the budget has them: `tests/e2e/rows.rs` counts them.
    fn cost_of(thing: Thing) -> u64 {
        crate::outreach::budget::costs::rows(thing)
    }

    #[test]
    fn what_is_counted_costs_what_the_budget_says() {
        let rows = |usage: Usage| usage.of(Resource::RowsWritten).unwrap();
        let idle = rows(counted(&[]));
        assert_eq!(idle, 100 * cost_of(Thing::Minute));
        let messages = 10 * cost_of(Thing::Message);
        assert_eq!(rows(counted(&[("event.message", 10), ("reply.sent", 10)])), idle + messages);
        let more = [("event.message", 10), ("reply.sent", 25), ("held.quiet", 4)];
        let rest = 15 * cost_of(Thing::Bubble) + 4 * cost_of(Thing::Held);
        assert_eq!(rows(counted(&more)), idle + messages + rest);
        let sent = 1_000 * cost_of(Thing::ByToken);
        assert_eq!(rows(counted(&[("notification.sent", 1_000)])), idle + sent);
        assert_eq!(counted(&[(KV_WRITTEN, 7)]).of(Resource::KvWrites), Some(7));
        assert_eq!(counted(&[]).of(Resource::RowsRead), None, "not estimated");
    }

    #[test]
    fn desks_add_up_and_the_larger_day_counts() {
        let (one, two) = (counted(&[("event.message", 10)]), counted(&[(KV_WRITTEN, 3)]));
        let sum = one.clone().and(&two);
        let (idle, messages) = (100 * cost_of(Thing::Minute), 10 * cost_of(Thing::Message));
        assert_eq!(sum.of(Resource::RowsWritten), Some(idle + messages + idle));
        assert_eq!(one.clone().times(3).of(Resource::RowsWritten), Some(3 * (idle + messages)));
        assert_eq!(one.or(&two).of(Resource::KvWrites), Some(3));
    }
}
