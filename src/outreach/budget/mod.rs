//! What a shop takes of what Cloudflare gives, and for how many people that is enough. Pure
//! arithmetic on [`limits`], which are dated, and [`costs`], which are counted; [`expected`] is what
//! shop.toml says of a day.
//!
//! # What gives way first
//! On the free plan, when a day has not enough of something:
//!
//! 1. Notifications. A Desk begins no more of them in a UTC day than [`notifications_a_day`]; what
//!    is left goes on the next day if the notification may (`spread_days`), and is dropped and
//!    reported otherwise.
//! 2. Writes to KV. They wait in the Desk, the newest for each key, and are made when KV takes
//!    them; what the Desk knows holds meanwhile.
//! 3. Answers, last: what notifications may not take is theirs.

pub mod costs;
pub mod expected;
pub mod limits;

use costs::{Thing, cost, rows};

use crate::meta::limits::SENDS_PER_SECOND;
use crate::shop::model::Plan;

/// What is limited, or charged.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Resource {
    /// Rows that Durable Objects write.
    RowsWritten,
    /// Rows that Durable Objects read.
    RowsRead,
    /// Requests to Durable Objects, alarms included.
    DeskRequests,
    /// Durable Objects awake, in GB-s.
    DeskSeconds,
    /// Requests to the Worker.
    WorkerRequests,
    /// KV reads; a bulk read is one.
    KvReads,
    /// KV writes.
    KvWrites,
}

impl Resource {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::RowsWritten,
        Self::DeskRequests,
        Self::WorkerRequests,
        Self::KvWrites,
        Self::KvReads,
        Self::RowsRead,
        Self::DeskSeconds,
    ];

    /// What people read.
    #[must_use]
    pub const fn says(self) -> &'static str {
        match self {
            Self::RowsWritten => "rows written",
            Self::RowsRead => "rows read",
            Self::DeskRequests => "Durable Object requests",
            Self::DeskSeconds => "Durable Object GB-s",
            Self::WorkerRequests => "Worker requests",
            Self::KvReads => "KV reads",
            Self::KvWrites => "KV writes",
        }
    }
}

/// Of a day's rows on the free plan, the share that notifications may take, in percent. The rest is
/// for answers.
pub const NOTIFICATIONS_PERCENT: u64 = 60;

/// Notifications that one Desk may begin in a UTC day, when the deployment has so many Desks; none:
/// as many as there are.
#[must_use]
pub fn notifications_a_day(plan: Plan, desks: u32) -> Option<u32> {
    if plan == Plan::Paid {
        return None;
    }
    let rows_a_day = limits::limit(Resource::RowsWritten, plan)?.amount;
    let theirs = rows_a_day.saturating_mul(NOTIFICATIONS_PERCENT) / 100;
    let each = rows(Thing::ByToken).max(1).saturating_mul(u64::from(desks.max(1)));
    u32::try_from(theirs.checked_div(each)?).ok()
}

/// Messages that one invocation sends; the next one goes on at once. On the free plan it is CPU time
/// that binds, 10 ms of an invocation (Cloudflare, September 2026), long before the 50 subrequests:
/// a message takes 2.3 ms of all that workerd does, network included, of which Cloudflare counts what
/// the isolate does (`scripts/bench sends`, November 2026).
#[must_use]
pub const fn sends_per_share(plan: Plan) -> u32 {
    match plan {
        Plan::Free => 5,
        Plan::Paid => 1_000,
    }
}

/// Notifications that are put into the outbox before those ahead of them have left. A longer queue
/// leaves no sooner, and every look at the outbox reads it.
#[must_use]
pub const fn backlog(plan: Plan) -> u32 {
    match plan {
        Plan::Free => 100,
        Plan::Paid => 500,
    }
}

/// People planned in one invocation.
#[must_use]
pub const fn planned_per_share(plan: Plan) -> u32 {
    match plan {
        Plan::Free => 50,
        Plan::Paid => 500,
    }
}

/// What a shop does on its fullest day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Day {
    /// People who agreed to something.
    pub subscribers: u64,
    /// Notifications that each of them gets.
    pub notifications_each: u64,
    /// Of these in a hundred, how many leave in the window; the others by token.
    pub in_window_percent: u64,
    /// Whether anything may leave by token; otherwise it is held.
    pub by_token: bool,
    /// Messages that people write.
    pub messages: u64,
    /// Bubbles that answer one.
    pub bubbles: u64,
    /// People who agree anew.
    pub opt_ins: u64,
    /// Whether the Page is subscribed to deliveries and readings.
    pub receipts: bool,
    /// Desks of the deployment.
    pub desks: u64,
}

/// What the notifications of a day are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Notifications {
    /// That leave in the window.
    pub in_window: u64,
    /// By token.
    pub by_token: u64,
    /// Held.
    pub held: u64,
}

impl Day {
    /// The same day with so many subscribers: one in a hundred of them is new.
    #[must_use]
    pub fn with(self, subscribers: u64) -> Self {
        Self { subscribers, opt_ins: subscribers.div_ceil(100), ..self }
    }

    /// Its notifications.
    #[must_use]
    pub fn notifications(&self) -> Notifications {
        let all = self.subscribers.saturating_mul(self.notifications_each);
        let in_window = all.saturating_mul(self.in_window_percent.min(100)) / 100;
        let rest = all.saturating_sub(in_window);
        let (by_token, held) = if self.by_token { (rest, 0) } else { (0, rest) };
        Notifications { in_window, by_token, held }
    }

    /// What it takes of a resource.
    #[must_use]
    pub fn takes(&self, resource: Resource) -> u64 {
        const MINUTES: u64 = 24 * 60;
        const SECONDS: u64 = 24 * 60 * 60;
        const AWAKE_SECONDS: u64 = 10;
        if resource == Resource::DeskSeconds {
            // It stays awake for about ten seconds after each minute's tick and each message, and
            // for a second with each notification; never longer than there are seconds.
            let ticks = self.desks.saturating_mul(MINUTES).saturating_mul(AWAKE_SECONDS);
            let messages = self.messages.saturating_mul(AWAKE_SECONDS);
            let told = self.subscribers.saturating_mul(self.notifications_each);
            let awake = ticks.saturating_add(messages).saturating_add(told);
            let awake = awake.min(self.desks.saturating_mul(SECONDS));
            return awake.saturating_mul(limits::MEMORY_MGB) / 1_000;
        }
        let Notifications { in_window, by_token, held } = self.notifications();
        let sent = in_window.saturating_add(by_token);
        let bubbles = self.messages.saturating_mul(self.bubbles);
        let told = if self.receipts { bubbles.saturating_add(sent).saturating_mul(2) } else { 0 };
        let things = [
            (Thing::Message, self.messages),
            (Thing::Bubble, self.messages.saturating_mul(self.bubbles.saturating_sub(1))),
            (Thing::OptIn, self.opt_ins),
            (Thing::InWindow, in_window),
            (Thing::ByToken, by_token),
            (Thing::Held, held),
            (Thing::Receipt, told),
            (Thing::Listed, self.subscribers),
            (Thing::Minute, self.desks.saturating_mul(MINUTES)),
        ];
        let sum = things.iter().fold(0_u64, |sum, (thing, times)| {
            sum.saturating_add(cost(*thing, resource).saturating_mul(*times))
        });
        // The front door's minute is one for all Desks.
        let own = if resource == Resource::WorkerRequests { MINUTES } else { 0 };
        sum.div_ceil(1_000).saturating_add(own)
    }
}

/// One line of a budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    /// Of what.
    pub resource: Resource,
    /// What the fullest day takes.
    pub takes: u64,
    /// How much of that can wait for another day, and harms nobody.
    pub may_wait: u64,
    /// What the plan gives a day; on the paid plan a thirtieth of the month's.
    pub gives: u64,
    /// On the paid plan: what the month costs beyond what is included, in cents.
    pub cents: u64,
}

impl Line {
    /// Whether there is enough, or more can be bought.
    #[must_use]
    pub const fn fits(&self, plan: Plan) -> bool {
        matches!(plan, Plan::Paid) || self.takes.saturating_sub(self.may_wait) <= self.gives
    }
}

/// What a day takes of everything, with the limit of the plan.
#[must_use]
pub fn lines(day: &Day, plan: Plan) -> Vec<Line> {
    let line = |resource: Resource| {
        let limit = limits::limit(resource, plan)?;
        let takes = day.takes(resource);
        let (gives, cents) = match plan {
            Plan::Free => (limit.amount, 0),
            Plan::Paid => {
                let beyond = takes.saturating_mul(30).saturating_sub(limit.amount);
                let cents = limit.cents_per_million.unwrap_or(0);
                (limit.amount / 30, beyond.saturating_mul(cents).div_ceil(1_000_000))
            }
        };
        // That a token rests stands in the Desk; KV may learn it later, and only the newest of it.
        let may_wait = match resource {
            Resource::KvWrites => day.notifications().by_token,
            _ => 0,
        };
        Some(Line { resource, takes, may_wait, gives, cents })
    };
    Resource::ALL.into_iter().filter_map(line).collect()
}

/// Days that the notifications of this day take on the plan, and whether one Desk's share of a day
/// is what binds.
#[must_use]
pub fn days_for_notifications(day: &Day, plan: Plan) -> u64 {
    let desks = u32::try_from(day.desks).unwrap_or(u32::MAX);
    let Some(each) = notifications_a_day(plan, desks) else { return 1 };
    let a_day = u64::from(each).saturating_mul(day.desks).max(1);
    let Notifications { in_window, by_token, .. } = day.notifications();
    in_window.saturating_add(by_token).div_ceil(a_day).max(1)
}

/// For how many subscribers the plan is enough on such a day, everything else being equal; none:
/// for as many as there are.
#[must_use]
pub fn enough_for(day: &Day, plan: Plan) -> Option<u64> {
    if plan == Plan::Paid {
        return None;
    }
    let fits = |subscribers: u64| {
        let day = day.with(subscribers);
        lines(&day, plan).iter().all(|line| line.fits(plan))
            && days_for_notifications(&day, plan) <= 1
    };
    if !fits(0) {
        return Some(0);
    }
    // Halving: more people never take less.
    let (mut good, mut bad) = (0_u64, 100_000_000_u64);
    while bad.saturating_sub(good) > 1 {
        let middle = good.saturating_add(bad) / 2;
        if fits(middle) { good = middle } else { bad = middle }
    }
    Some(good)
}

/// Seconds in which so many notifications leave: by the connections that they may use, the time
/// that Graph takes to answer, and the pace that the shop sets itself.
#[must_use]
pub fn seconds_to_send(notifications: u64, desks: u64, answer_ms: u64, per_second: u64) -> u64 {
    let by_connections = AT_A_TIME.saturating_mul(1_000).checked_div(answer_ms.max(1)).unwrap_or(1);
    let all = by_connections.max(1).saturating_mul(desks.max(1));
    let meta = u64::from(SENDS_PER_SECOND);
    notifications.div_ceil(all.min(per_second.max(1)).min(meta).max(1))
}

/// Notifications that one Desk has on their way at a time: six connections, two of them kept for
/// answers (Cloudflare, Workers limits, November 2026).
pub const AT_A_TIME: u64 = 4;

/// The Desks it takes to send so many a second when Graph takes so long to answer.
#[must_use]
pub fn desks_for(per_second: u64, answer_ms: u64) -> u64 {
    per_second.saturating_mul(answer_ms).div_ceil(AT_A_TIME.saturating_mul(1_000)).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(subscribers: u64) -> Day {
        Day {
            subscribers,
            notifications_each: 1,
            in_window_percent: 10,
            by_token: true,
            messages: 200,
            bubbles: 2,
            opt_ins: 5,
            receipts: false,
            desks: 1,
        }
    }

    #[test]
    fn what_is_enough_is_enough_and_one_more_is_not() {
        for day in [day(1), Day { messages: 2_000, ..day(1) }, Day { by_token: false, ..day(1) }] {
            let most = enough_for(&day, Plan::Free).unwrap();
            assert!(most > 0, "{day:?}");
            let fits = |subscribers| {
                let day = day.with(subscribers);
                let lines = lines(&day, Plan::Free);
                lines.iter().all(|line| line.fits(Plan::Free))
                    && days_for_notifications(&day, Plan::Free) == 1
            };
            assert!(fits(most) && !fits(most + 1), "{most} {day:?}");
        }
        assert_eq!(enough_for(&day(1), Plan::Paid), None);
    }

    #[test]
    fn more_of_anything_never_takes_less() {
        let less = day(1_000);
        for more in [
            Day { subscribers: 2_000, ..less },
            Day { messages: 400, ..less },
            Day { bubbles: 3, ..less },
            Day { opt_ins: 50, ..less },
            Day { receipts: true, ..less },
            Day { desks: 4, ..less },
        ] {
            for resource in Resource::ALL {
                assert!(more.takes(resource) >= less.takes(resource), "{resource:?} {more:?}");
            }
        }
    }

    #[test]
    fn a_day_of_the_free_plan_leaves_its_share_to_answers() {
        let a_day = u64::from(notifications_a_day(Plan::Free, 1).unwrap());
        let rows_of = a_day * rows(Thing::ByToken);
        assert!(rows_of <= 60_000 && rows_of > 59_000, "{rows_of}");
        // Several Desks share it.
        assert_eq!(u64::from(notifications_a_day(Plan::Free, 4).unwrap()), a_day / 4);
        assert_eq!(notifications_a_day(Plan::Paid, 1), None);
        let big = Day { subscribers: 100_000, messages: 0, ..day(0) };
        assert_eq!(days_for_notifications(&big, Plan::Free), 100_000_u64.div_ceil(a_day));
    }

    #[test]
    fn the_paid_plan_charges_what_is_beyond_a_month() {
        let big = Day { subscribers: 100_000, ..day(0) };
        let of = |resource| {
            let all = lines(&big, Plan::Paid);
            *all.iter().find(|line| line.resource == resource).unwrap()
        };
        let writes = of(Resource::KvWrites);
        // 30 days of 90,005 writes, a million included, the others at 5 dollars a million.
        assert_eq!(writes.takes, 90_005);
        assert_eq!(writes.cents, (90_005 * 30 - 1_000_000_u64).div_ceil(2_000));
        assert!(lines(&big, Plan::Paid).iter().all(|line| line.fits(Plan::Paid)));
    }

    #[test]
    fn connections_and_the_answering_time_say_how_long_it_takes() {
        assert_eq!(seconds_to_send(100_000, 1, 200, 300), 5_000);
        assert_eq!(seconds_to_send(100_000, 8, 200, 300), 625);
        assert_eq!(seconds_to_send(100_000, 64, 200, 300), 334, "Meta's limit binds");
        assert_eq!(seconds_to_send(100_000, 64, 200, 40), 2_500, "the shop's own");
        assert_eq!(desks_for(300, 200), 15);
        assert_eq!(desks_for(300, 1), 1);
    }

    #[test]
    fn every_resource_has_a_dated_limit_on_both_plans() {
        for resource in Resource::ALL {
            for plan in [Plan::Free, Plan::Paid] {
                let limit = limits::limit(resource, plan).unwrap();
                assert!(limit.amount > 0 && !limit.source.is_empty());
            }
        }
    }
}
