//! When a notification is due, in somebody's local time, and how often a topic may be sent.
//!
//! A time that a clock change skips is due right after the gap; one that comes twice is due the
//! first time (jiff's compatible strategy, as in RFC 5545). A day a month does not have is its
//! last day.

use jiff::ToSpan;
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;

use crate::shop::model::{Days, Promise, Schedule};
use crate::time::{DAY, HOUR, UnixMs};

/// How late a notification may still begin when ticks were missed. Later than this it is dropped
/// for the period: a morning's special at night helps nobody.
pub const CATCH_UP_MS: i64 = 2 * HOUR;

/// How late one that was begun in time may still leave: many people take a while, and Meta may
/// say "slow down".
pub const LATEST_MS: i64 = 2 * CATCH_UP_MS;

/// How much closer than a full day two sendings may be: clocks change, and people travel.
const SLACK_MS: i64 = 4 * HOUR;

/// One due moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Occurrence {
    /// Its local date, `YYYY-MM-DD`: what makes it different from every other.
    pub period: String,
    /// The moment.
    pub at: UnixMs,
}

/// The occurrence that is due now: begun at most [`CATCH_UP_MS`] ago.
#[must_use]
pub fn due(schedule: &Schedule, zone: &TimeZone, now: UnixMs) -> Option<Occurrence> {
    let today = now.timestamp().to_zoned(zone.clone()).date();
    let yesterday = today.yesterday().ok();
    [Some(today), yesterday].into_iter().flatten().find_map(|date| {
        let occurrence = on(schedule, zone, date)?;
        let late = now.since(occurrence.at);
        (0..CATCH_UP_MS).contains(&late).then_some(occurrence)
    })
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

/// The occurrence on a local date, if there is one.
fn on(schedule: &Schedule, zone: &TimeZone, date: Date) -> Option<Occurrence> {
    if !falls_on(&schedule.days, date) {
        return None;
    }
    let (hour, minute) = (schedule.at / 60, schedule.at % 60);
    let time = Time::new(i8::try_from(hour).ok()?, i8::try_from(minute).ok()?, 0, 0).ok()?;
    let at = date.to_datetime(time).to_zoned(zone.clone()).ok()?;
    Some(Occurrence { period: date.to_string(), at: at.timestamp().into() })
}

fn falls_on(days: &Days, date: Date) -> bool {
    match days {
        Days::Daily => true,
        Days::Weekly(weekdays) => {
            let weekday = date.weekday().to_monday_one_offset();
            weekdays.iter().any(|day| i8::try_from(*day) == Ok(weekday))
        }
        Days::Monthly(day) => {
            let wanted = i8::try_from(*day).unwrap_or(i8::MAX).min(date.days_in_month());
            date.day() == wanted
        }
        Days::Dates(dates) => dates.contains(&date),
    }
}

/// Whether sending at `due` keeps the promise, when the topic was last sent at `last`: another
/// local day, ISO week or month, and a full period later but for [`SLACK_MS`].
#[must_use]
pub fn keeps(promise: Promise, last: Option<UnixMs>, due: UnixMs, zone: &TimeZone) -> bool {
    let Some(last) = last else { return true };
    let local = |at: UnixMs| at.timestamp().to_zoned(zone.clone()).date();
    let (then, today) = (local(last), local(due));
    let (other_period, days) = match promise {
        Promise::Daily => (then != today, 1),
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
    use crate::shop::model::Zone;

    fn zone(name: &str) -> TimeZone {
        TimeZone::get(name).unwrap()
    }

    fn ms(text: &str) -> UnixMs {
        text.parse::<jiff::Timestamp>().unwrap().into()
    }

    fn schedule(days: Days, at: u16) -> Schedule {
        Schedule { days, at, zone: Zone::Shop }
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
    fn the_thirty_first_is_the_last_day_of_a_short_month() {
        let last = schedule(Days::Monthly(31), 600);
        let days: Vec<_> = ["2026-01-31", "2026-02-28", "2026-04-30", "2028-02-29"]
            .iter()
            .map(|day| falls_on(&last.days, day.parse().unwrap()))
            .collect();
        assert_eq!(days, [true; 4]);
        assert!(!falls_on(&last.days, "2026-03-30".parse().unwrap()));
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
}
