//! The fullest day of a shop, from what shop.toml says of it.

use jiff::ToSpan;
use jiff::civil::Date;

use super::Day;
use crate::meta::policy::Transport;
use crate::outreach::{ladder, plan, schedule};
use crate::shop::model::Shop;
use crate::time::UnixMs;

/// Days that are looked at for the fullest one: every weekday, and every day of a month.
const AHEAD_DAYS: i64 = 62;

/// Messages on a busy day, when nobody says.
pub const MESSAGES_A_DAY: u32 = 100;

/// Of a hundred people who agreed, how many wrote or tapped in the last day, when nobody says.
pub const IN_WINDOW_PERCENT: u64 = 5;

/// The fullest day of the weeks from `today` on. All Pages of a shop.toml share their
/// notifications; `subscribers` are those of all of them.
#[must_use]
pub fn fullest_day(shops: &[Shop], subscribers: u64, messages: u64, today: Date) -> Day {
    let shop = shops.first();
    let by_token = shop.is_some_and(|shop| {
        let relied_on = ladder::relied_on(shop, today);
        relied_on.iter().any(|rule| {
            plan::transport_name(rule.transport) == plan::transport_name(Transport::LegacyRecurring)
        })
    });
    Day {
        subscribers,
        notifications_each: shop.map_or(0, |shop| most_on_a_day(shop, today)),
        in_window_percent: IN_WINDOW_PERCENT,
        by_token,
        messages,
        bubbles: 2,
        opt_ins: 0,
        receipts: false,
        desks: shop.map_or(1, |shop| u64::from(shop.hosting.desks)),
    }
    .with(subscribers)
}

/// How many notifications one person gets on the fullest day.
fn most_on_a_day(shop: &Shop, today: Date) -> u64 {
    let zone = shop.zone();
    let due = |day: Date| {
        let start = day.to_zoned(zone.clone()).ok()?;
        let from = UnixMs::from(start.timestamp()).plus(-1);
        let to = UnixMs::from(start.tomorrow().ok()?.timestamp()).plus(-1);
        let on_it = |n: &&crate::shop::model::Notification| {
            !schedule::between(&n.schedule, &zone, from, to).is_empty()
        };
        u64::try_from(shop.notifications.iter().filter(on_it).count()).ok()
    };
    let days = (0..AHEAD_DAYS).filter_map(|days| today.checked_add(days.days()).ok());
    let most = days.filter_map(due).max().unwrap_or(0);
    most.min(u64::from(shop.sending.most_per_day))
}

/// For how many days the notifications of a shop may be spread: those of the one that may least.
#[must_use]
pub fn spread_days(shops: &[Shop]) -> u64 {
    let all = shops.iter().flat_map(|shop| &shop.notifications);
    all.map(|n| u64::from(n.schedule.spread_days)).min().unwrap_or(0)
}
