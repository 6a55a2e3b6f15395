//! When a notification is due, in somebody's local time, how often a topic may be sent, and when
//! people are left alone.
//!
//! # What a clock change does
//! - A time that a change skips is due right after the gap; one that comes twice is due the first
//!   time (jiff's compatible strategy, as in RFC 5545).
//! - A day that a zone leaves out altogether (Samoa, 30 December 2011) has nothing due.
//! - A day of the month that a month does not have is its last day.
//! - A period is the local date, so that whatever the clock does, a day has one.

use jiff::ToSpan;
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;

use crate::shop::model::{Notification, Promise, QuietHours, Schedule};
use crate::time::{DAY, HOUR, MINUTE, UnixMs};

/// How long after the last moment to begin one that was begun may still leave: many people take a
/// while, and Meta may say "slow down".
pub const LEAVING_MS: i64 = 2 * HOUR;

/// How much closer than a full day two sendings may be: clocks change, and people travel.
const SLACK_MS: i64 = 4 * HOUR;

/// How far back a missed occurrence is looked for, in days. What was missed longer ago than this
/// while nothing ran is not worth telling.
const MISSED_DAYS: i64 = 31;

/// One due moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Occurrence {
    /// Its local date, `YYYY-MM-DD`: what makes it different from every other.
    pub period: String,
    /// The moment.
    pub at: UnixMs,
}

impl Schedule {
    /// How late it may begin, in ms.
    #[must_use]
    pub fn catch_up_ms(&self) -> i64 {
        i64::from(self.catch_up_minutes).saturating_mul(MINUTE)
    }

    /// How late it may leave, in ms.
    #[must_use]
    pub fn latest_ms(&self) -> i64 {
        let days = DAY.saturating_mul(i64::from(self.spread_days));
        self.catch_up_ms().saturating_add(LEAVING_MS).saturating_add(days)
    }
}

/// The occurrence of a notification that is due now, if it is the season for it.
#[must_use]
pub fn due_of(notification: &Notification, zone: &TimeZone, now: UnixMs) -> Option<Occurrence> {
    due(&notification.schedule, zone, now).filter(|due| in_season(notification, due))
}

/// As [`missed`], of a notification.
#[must_use]
pub fn missed_of(
    notification: &Notification,
    zone: &TimeZone,
    since: UnixMs,
    now: UnixMs,
) -> Vec<Occurrence> {
    let mut missed = missed(&notification.schedule, zone, since, now);
    missed.retain(|due| in_season(notification, due));
    missed
}

/// As [`between`], of a notification.
#[must_use]
pub fn between_of(
    notification: &Notification,
    zone: &TimeZone,
    from: UnixMs,
    to: UnixMs,
) -> Vec<Occurrence> {
    let mut found = between(&notification.schedule, zone, from, to);
    found.retain(|due| in_season(notification, due));
    found
}

/// As [`next`], of a notification: within a year and a day, or of its first day.
#[must_use]
pub fn next_of(notification: &Notification, zone: &TimeZone, now: UnixMs) -> Option<Occurrence> {
    let eve = notification.from.and_then(|first| first.yesterday().ok());
    let eve = eve.and_then(|eve| eve.to_zoned(zone.clone()).ok());
    let from = eve.map_or(now, |eve| now.max(eve.timestamp().into()));
    let mut after = from;
    // The evening before its first day is the one that may be out of season.
    for _ in 0..3 {
        let found = next(&notification.schedule, zone, after)?;
        if in_season(notification, &found) {
            return Some(found);
        }
        after = found.at;
    }
    None
}

fn in_season(notification: &Notification, due: &Occurrence) -> bool {
    due.period.parse().is_ok_and(|day| notification.in_season(day))
}

/// The occurrence that is due now: begun no longer ago than it may be caught up.
#[must_use]
pub fn due(schedule: &Schedule, zone: &TimeZone, now: UnixMs) -> Option<Occurrence> {
    let from = now.plus(schedule.catch_up_ms().saturating_neg());
    between(schedule, zone, from, now).pop()
}

/// What fell due after `since` and can be caught up no more, oldest first. Whoever asks again and
/// again has to pass the moment of asking before as `since`.
#[must_use]
pub fn missed(schedule: &Schedule, zone: &TimeZone, since: UnixMs, now: UnixMs) -> Vec<Occurrence> {
    let since = since.max(now.plus(DAY.saturating_mul(MISSED_DAYS).saturating_neg()));
    // What was due before `since` was seen then, late as it may have been.
    between(schedule, zone, since, now.plus(schedule.catch_up_ms().saturating_neg()))
}

/// The next occurrence after `now`, within a year and a day.
#[must_use]
pub fn next(schedule: &Schedule, zone: &TimeZone, now: UnixMs) -> Option<Occurrence> {
    let today = now.timestamp().to_zoned(zone.clone()).date();
    (0..=367_i64).find_map(|days| {
        let date = today.checked_add(days.days()).ok()?;
        on(schedule, zone, date).filter(|occurrence| occurrence.at > now)
    })
}

/// Every occurrence after `from` until `to`, in order.
#[must_use]
pub fn between(schedule: &Schedule, zone: &TimeZone, from: UnixMs, to: UnixMs) -> Vec<Occurrence> {
    let local = |at: UnixMs| at.timestamp().to_zoned(zone.clone()).date();
    let (mut date, last) = (local(from), local(to));
    let mut found = Vec::new();
    while date <= last {
        let occurrence = on(schedule, zone, date);
        found.extend(occurrence.filter(|occurrence| from < occurrence.at && occurrence.at <= to));
        let Ok(tomorrow) = date.tomorrow() else { break };
        date = tomorrow;
    }
    found
}

/// The occurrence on a local date, if there is one.
fn on(schedule: &Schedule, zone: &TimeZone, date: Date) -> Option<Occurrence> {
    if !schedule.days.fall_on(date) {
        return None;
    }
    let at = date.to_datetime(clock(schedule.at)?).to_zoned(zone.clone()).ok()?;
    // Another date: this one does not exist there.
    (at.date() == date).then(|| Occurrence { period: date.to_string(), at: at.timestamp().into() })
}

fn clock(minutes: u16) -> Option<Time> {
    let (hour, minute) = (i8::try_from(minutes / 60).ok()?, i8::try_from(minutes % 60).ok()?);
    Time::new(hour, minute, 0, 0).ok()
}

/// When the quiet hours end that hold at `at` on a clock of `zone`; none while it is not quiet.
#[must_use]
pub fn quiet_until(quiet: QuietHours, zone: &TimeZone, at: UnixMs) -> Option<UnixMs> {
    let local = at.timestamp().to_zoned(zone.clone());
    let minute = u16::from(local.hour().unsigned_abs())
        .saturating_mul(60)
        .saturating_add(u16::from(local.minute().unsigned_abs()));
    if !quiet.contains(minute) {
        return None;
    }
    // Later today, or tomorrow when they began this evening.
    let date = if minute < quiet.until { local.date() } else { local.date().tomorrow().ok()? };
    let end = zone.to_ambiguous_zoned(date.to_datetime(clock(quiet.until)?));
    // An end that comes twice may have come once already.
    let end = [end.clone().compatible(), end.later()]
        .into_iter()
        .filter_map(Result::ok)
        .map(|end| UnixMs::from(end.timestamp()))
        .find(|end| *end > at);
    Some(end.unwrap_or(at.plus(HOUR)))
}

/// When the quiet hours began that hold at `at` on a clock of `zone`; none while it is not quiet.
#[must_use]
pub fn quiet_since(quiet: QuietHours, zone: &TimeZone, at: UnixMs) -> Option<UnixMs> {
    let local = at.timestamp().to_zoned(zone.clone());
    let minute = u16::from(local.hour().unsigned_abs())
        .saturating_mul(60)
        .saturating_add(u16::from(local.minute().unsigned_abs()));
    if !quiet.contains(minute) {
        return None;
    }
    let date = if minute >= quiet.from { local.date() } else { local.date().yesterday().ok()? };
    let begin = zone.to_ambiguous_zoned(date.to_datetime(clock(quiet.from)?));
    begin.compatible().ok().map(|begin| begin.timestamp().into())
}

/// Whether sending at `due` keeps the promise, when the topic was last sent at `last`: another
/// local day, ISO week or month, and a full period later but for [`SLACK_MS`].
#[must_use]
pub fn keeps(promise: Promise, last: Option<UnixMs>, due: UnixMs, zone: &TimeZone) -> bool {
    let Some(last) = last else { return true };
    let local = |at: UnixMs| at.timestamp().to_zoned(zone.clone()).date();
    let (then, today) = (local(last), local(due));
    let (other_period, days) = match promise {
        Promise::Daily | Promise::Dates => (then != today, 1),
        Promise::Weekly => (iso_week(then) != iso_week(today), 7),
        Promise::Monthly => ((then.year(), then.month()) != (today.year(), today.month()), 28),
    };
    other_period && due.since(last) >= DAY.saturating_mul(days).saturating_sub(SLACK_MS)
}

fn iso_week(date: Date) -> (i16, i8) {
    let week = date.iso_week_date();
    (week.year(), week.week())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shop::model::{CATCH_UP_MINUTES, Days, Zone};

    fn zone(name: &str) -> TimeZone {
        TimeZone::get(name).unwrap()
    }

    fn ms(text: &str) -> UnixMs {
        text.parse::<jiff::Timestamp>().unwrap().into()
    }

    fn schedule(days: Days, at: u16) -> Schedule {
        Schedule { days, at, zone: Zone::Shop, catch_up_minutes: CATCH_UP_MINUTES, spread_days: 0 }
    }

    #[test]
    fn due_from_its_minute_until_the_catch_up_ends() {
        let friday = schedule(Days::Weekly(vec![5]), 9 * 60);
        let vilnius = zone("Europe/Vilnius");
        let at = |text| due(&friday, &vilnius, ms(text)).map(|o| o.period);
        assert_eq!(at("2026-11-27T06:59:59Z"), None);
        assert_eq!(at("2026-11-27T07:00:00Z").as_deref(), Some("2026-11-27"));
        assert_eq!(at("2026-11-27T08:59:59Z").as_deref(), Some("2026-11-27"));
        assert_eq!(at("2026-11-27T09:00:00Z"), None);
        assert_eq!(at("2026-11-26T07:00:00Z"), None);
    }

    #[test]
    fn catching_up_crosses_midnight() {
        let late = schedule(Days::Daily, 23 * 60);
        let found = due(&late, &zone("UTC"), ms("2026-11-23T00:30:00Z")).unwrap();
        assert_eq!(found.period, "2026-11-22");
    }

    #[test]
    fn a_skipped_time_is_due_after_the_gap_and_a_doubled_one_once() {
        let vilnius = zone("Europe/Vilnius");
        let half_past_three = schedule(Days::Daily, 3 * 60 + 30);
        // 2026-03-29: 03:00 becomes 04:00. 2026-10-25: 04:00 becomes 03:00 again.
        let gap = on(&half_past_three, &vilnius, jiff::civil::date(2026, 3, 29)).unwrap();
        assert_eq!(gap.at, ms("2026-03-29T01:30:00Z"));
        let fold = on(&half_past_three, &vilnius, jiff::civil::date(2026, 10, 25)).unwrap();
        assert_eq!(fold.at, ms("2026-10-25T00:30:00Z"));
    }

    #[test]
    fn promises_are_kept_across_clock_changes_and_moved_schedules() {
        let vilnius = zone("Europe/Vilnius");
        let kept = |promise, last, due| keeps(promise, Some(ms(last)), ms(due), &vilnius);
        // The same local time a week later, over the change to winter time and to summer time.
        assert!(kept(Promise::Weekly, "2026-10-23T06:00:00Z", "2026-10-30T07:00:00Z"));
        assert!(kept(Promise::Weekly, "2026-03-27T07:00:00Z", "2026-04-03T06:00:00Z"));
        // Moved from Friday to Monday: another ISO week, but three days later.
        assert!(!kept(Promise::Weekly, "2026-11-20T07:00:00Z", "2026-11-23T07:00:00Z"));
        assert!(!kept(Promise::Daily, "2026-11-22T07:00:00Z", "2026-11-22T21:00:00Z"));
        assert!(kept(Promise::Daily, "2026-11-22T07:00:00Z", "2026-11-23T07:00:00Z"));
        assert!(kept(Promise::Monthly, "2026-01-31T08:00:00Z", "2026-02-28T08:00:00Z"));
        assert!(!kept(Promise::Monthly, "2026-01-31T08:00:00Z", "2026-02-01T08:00:00Z"));
    }

    #[test]
    fn the_next_occurrence_is_found_far_ahead() {
        let yearly = schedule(Days::Dates(vec![jiff::civil::date(2027, 11, 20)]), 600);
        let found = next(&yearly, &zone("UTC"), ms("2026-11-22T00:00:00Z")).unwrap();
        assert_eq!(found.period, "2027-11-20");
    }

    #[test]
    fn a_day_that_a_zone_leaves_out_has_nothing_due() {
        let daily = schedule(Days::Daily, 9 * 60);
        let apia = zone("Pacific/Apia");
        let found = between(&daily, &apia, ms("2011-12-29T00:00:00Z"), ms("2012-01-01T00:00:00Z"));
        let periods: Vec<_> = found.iter().map(|o| o.period.as_str()).collect();
        assert_eq!(periods, ["2011-12-29", "2011-12-31", "2012-01-01"]);
    }

    #[test]
    fn what_was_missed_is_told_once_and_never_what_can_be_caught_up() {
        let daily = schedule(Days::Daily, 9 * 60);
        let utc = zone("UTC");
        let periods = |since: &str, now: &str| {
            let missed = missed(&daily, &utc, ms(since), ms(now));
            missed.into_iter().map(|o| o.period).collect::<Vec<_>>()
        };
        assert_eq!(periods("2026-11-20T08:00:00Z", "2026-11-20T10:59:00Z"), [""; 0]);
        assert_eq!(periods("2026-11-20T08:00:00Z", "2026-11-20T11:00:00Z"), ["2026-11-20"]);
        // A tick later it is known.
        assert_eq!(periods("2026-11-20T11:00:00Z", "2026-11-20T11:01:00Z"), [""; 0]);
        assert_eq!(
            periods("2026-11-18T09:30:00Z", "2026-11-20T10:00:00Z"),
            ["2026-11-19"],
            "the 18th had its tick, and the 20th can still begin"
        );
        assert_eq!(periods("2020-01-01T00:00:00Z", "2026-11-20T10:00:00Z").len(), 30);
    }

    #[test]
    fn quiet_hours_end_in_the_recipients_morning() {
        let night = QuietHours { from: 21 * 60, until: 8 * 60 };
        let vilnius = zone("Europe/Vilnius");
        let until = |at| quiet_until(night, &vilnius, ms(at));
        assert_eq!(until("2026-11-22T18:59:59Z"), None);
        assert_eq!(until("2026-11-22T19:00:00Z"), Some(ms("2026-11-23T06:00:00Z")));
        assert_eq!(until("2026-11-23T01:00:00Z"), Some(ms("2026-11-23T06:00:00Z")));
        assert_eq!(until("2026-11-23T06:00:00Z"), None);
        // Over the change to summer time the night is an hour shorter.
        assert_eq!(until("2026-03-28T20:00:00Z"), Some(ms("2026-03-29T05:00:00Z")));
        // An end that comes twice: 04:00 becomes 03:00, and 03:30 was quiet again.
        let late = QuietHours { from: 21 * 60, until: 3 * 60 + 30 };
        let fold = |at| quiet_until(late, &vilnius, ms(at));
        assert_eq!(fold("2026-10-25T00:10:00Z"), Some(ms("2026-10-25T00:30:00Z")));
        assert_eq!(fold("2026-10-25T00:40:00Z"), None);
        assert_eq!(fold("2026-10-25T01:10:00Z"), Some(ms("2026-10-25T01:30:00Z")));
    }
}
