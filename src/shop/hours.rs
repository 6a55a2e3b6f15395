//! Open or closed.
//!
//! # How the days work
//! - A range belongs to the day it opens on, also where it closes after midnight. An exception
//!   replaces the ranges that open on its days: a closed Friday takes its "18:00-02:00" away
//!   with the two hours on Saturday, and leaves Thursday's night alone.
//! - Where exceptions overlap, the one that begins last holds.
//! - Local times that a clock change skips are read as if the clock had not changed (02:30
//!   becomes 03:30); times that come twice are the first of the two. That is what the calendars
//!   call "compatible" (RFC 5545), for opening and closing alike. A range that a change leaves
//!   without any length does not take place.
//! - Ranges that touch or overlap are one stretch of opening.

use jiff::ToSpan;
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;

use super::model::{Hours, HoursException, Range};
use crate::time::UnixMs;

/// How many days ahead and back a change is looked for: a year, and a little for holidays that
/// move.
pub const HORIZON_DAYS: i64 = 400;

/// Minutes of a day on the clock.
pub(crate) const DAY_MINUTES: u16 = 24 * 60;

/// Whether a shop is open at some moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opening {
    /// It never told its hours, or never closes within the horizon.
    Always,
    /// Open, and closing at `until`.
    Open {
        /// The first closed moment.
        until: UnixMs,
    },
    /// Closed.
    Closed {
        /// The first moment of this closed period: the same for every moment in it, so that
        /// "once per closed period" can be keyed on it. None when it was not open within the
        /// horizon.
        since: Option<UnixMs>,
        /// The next opening; none when there is none within the horizon.
        opens: Option<UnixMs>,
    },
}

impl Opening {
    /// Whether somebody is there.
    #[must_use]
    pub fn is_open(&self) -> bool {
        !matches!(self, Self::Closed { .. })
    }
}

impl Hours {
    /// Open or closed at `now`, by the clock of `zone`.
    #[must_use]
    pub fn at(&self, now: UnixMs, zone: &TimeZone) -> Opening {
        if self.week.is_none() && self.exceptions.is_empty() {
            return Opening::Always;
        }
        let today = zone.to_datetime(now.timestamp()).date();
        let at_now = recent_and_coming(today)
            .flat_map(|date| self.stretches(date, zone))
            .find(|s| s.contains(now));
        match at_now {
            Some(stretch) => match self.end_of(stretch, today, zone) {
                Some(until) => Opening::Open { until },
                None => Opening::Always,
            },
            None => Opening::Closed {
                since: self.closed_since(now, today, zone),
                opens: self.next_opening(now, today, zone),
            },
        }
    }

    /// The ranges that open on the local day of `now`, in order.
    #[must_use]
    pub fn today(&self, now: UnixMs, zone: &TimeZone) -> Vec<Range> {
        self.on(zone.to_datetime(now.timestamp()).date())
    }

    /// The ranges that open on a day, in order. A shop without hours is open all day.
    #[must_use]
    pub fn on(&self, date: Date) -> Vec<Range> {
        let mut ranges = match (self.exception(date), &self.week) {
            (Some(exception), _) => exception.ranges.clone(),
            (None, Some(week)) => {
                let day = usize::try_from(date.weekday().to_monday_zero_offset()).unwrap_or(0);
                week.get(day).cloned().unwrap_or_default()
            }
            (None, None) => vec![Range { open: 0, close: DAY_MINUTES }],
        };
        ranges.sort_by_key(|r| (r.open, r.close));
        ranges
    }

    /// The exception that holds on a day.
    #[must_use]
    pub fn exception(&self, date: Date) -> Option<&HoursException> {
        self.exceptions.iter().filter(|e| e.from <= date && date <= e.to).max_by_key(|e| e.from)
    }

    /// What of a day's ranges takes place, from and until which moment, in order.
    pub(crate) fn stretches_on(
        &self,
        date: Date,
        zone: &TimeZone,
    ) -> impl Iterator<Item = (UnixMs, UnixMs)> + use<> {
        self.stretches(date, zone).into_iter().map(|stretch| (stretch.start, stretch.end))
    }

    /// What of a day's ranges takes place, as moments, in order.
    fn stretches(&self, date: Date, zone: &TimeZone) -> Vec<Stretch> {
        self.on(date)
            .into_iter()
            .filter_map(|range| {
                let start = moment(date, range.open, zone)?;
                let end = moment(date, range.close, zone)?;
                (start < end).then_some(Stretch { start, end })
            })
            .collect()
    }

    /// When the opening that `stretch` is part of ends; none beyond the horizon.
    fn end_of(&self, stretch: Stretch, today: Date, zone: &TimeZone) -> Option<UnixMs> {
        let mut until = stretch.end;
        for date in recent_and_coming(today) {
            if moment(date, 0, zone)? > until {
                return Some(until);
            }
            for next in self.stretches(date, zone) {
                if next.start <= until && until < next.end {
                    until = next.end;
                }
            }
        }
        None
    }

    fn next_opening(&self, now: UnixMs, today: Date, zone: &TimeZone) -> Option<UnixMs> {
        recent_and_coming(today)
            .flat_map(|date| self.stretches(date, zone))
            .map(|s| s.start)
            .find(|start| *start > now)
    }

    fn closed_since(&self, now: UnixMs, today: Date, zone: &TimeZone) -> Option<UnixMs> {
        let ended = |date: Date| {
            self.stretches(date, zone).into_iter().map(|s| s.end).filter(|e| *e <= now).max()
        };
        (0..=HORIZON_DAYS).find_map(|back| {
            let date = today.checked_sub(back.days()).ok()?;
            let end = ended(date)?;
            // A night that began the day before can outlast the day's own ranges.
            let before = date.checked_sub(1.day()).ok().and_then(ended);
            Some(before.map_or(end, |before| before.max(end)))
        })
    }
}

/// A stretch of opening, closed at its end.
#[derive(Clone, Copy)]
struct Stretch {
    start: UnixMs,
    end: UnixMs,
}

impl Stretch {
    fn contains(self, now: UnixMs) -> bool {
        self.start <= now && now < self.end
    }
}

/// The days whose ranges can matter from today on: a range lasts into the next day at most, and
/// a clock change can move it a little further.
fn recent_and_coming(today: Date) -> impl Iterator<Item = Date> {
    (-2..=HORIZON_DAYS).filter_map(move |ahead| today.checked_add(ahead.days()).ok())
}

/// The moment `minutes` after midnight on a clock that shows `date`.
fn moment(date: Date, minutes: u16, zone: &TimeZone) -> Option<UnixMs> {
    let (days, minutes) = (minutes / DAY_MINUTES, minutes % DAY_MINUTES);
    let date = date.checked_add(i64::from(days).days()).ok()?;
    let at = date.to_datetime(clock(minutes));
    Some(zone.to_ambiguous_zoned(at).compatible().ok()?.timestamp().into())
}

/// Minutes after midnight as a clock shows them.
#[must_use]
pub fn clock(minutes: u16) -> Time {
    let minutes = minutes % DAY_MINUTES;
    let hour = i8::try_from(minutes / 60).unwrap_or(0);
    let minute = i8::try_from(minutes % 60).unwrap_or(0);
    Time::new(hour, minute, 0, 0).unwrap_or(Time::midnight())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shop::model::Localized;

    fn zone(name: &str) -> TimeZone {
        TimeZone::get(name).unwrap()
    }

    fn local(at: &str, zone: &TimeZone) -> UnixMs {
        at.parse::<jiff::civil::DateTime>()
            .unwrap()
            .to_zoned(zone.clone())
            .unwrap()
            .timestamp()
            .into()
    }

    fn utc(at: &str) -> UnixMs {
        at.parse::<jiff::Timestamp>().unwrap().into()
    }

    fn r(open: u16, close: u16) -> Range {
        Range { open: open * 60, close: close * 60 }
    }

    fn weekdays(ranges: &[Range]) -> Hours {
        let mut week: [Vec<Range>; 7] = Default::default();
        for day in &mut week[..5] {
            *day = ranges.to_vec();
        }
        Hours { week: Some(week), exceptions: Vec::new() }
    }

    fn every_day(ranges: &[Range]) -> Hours {
        Hours { week: Some(std::array::from_fn(|_| ranges.to_vec())), exceptions: Vec::new() }
    }

    fn except(mut hours: Hours, from: &str, to: &str, ranges: &[Range]) -> Hours {
        hours.exceptions.push(HoursException {
            from: from.parse().unwrap(),
            to: to.parse().unwrap(),
            ranges: ranges.to_vec(),
            note: Localized::default(),
        });
        hours
    }

    fn closed(since: UnixMs, opens: UnixMs) -> Opening {
        Opening::Closed { since: Some(since), opens: Some(opens) }
    }

    #[test]
    fn a_shop_without_hours_is_always_open() {
        let z = zone("Europe/Vilnius");
        assert_eq!(Hours::default().at(UnixMs::new(0), &z), Opening::Always);
    }

    #[test]
    fn a_shop_that_never_closes_is_always_open() {
        let z = zone("Europe/Vilnius");
        let hours = every_day(&[r(0, 24)]);
        assert_eq!(hours.at(local("2026-11-22T10:00", &z), &z), Opening::Always);
    }

    #[test]
    fn the_lunch_break_and_the_weekend_are_closed_periods_of_their_own() {
        let z = zone("Europe/Vilnius");
        let hours = weekdays(&[r(8, 12), r(13, 18)]);
        let at = |t: &str| hours.at(local(t, &z), &z);
        // 2026-11-20 is a Friday.
        assert_eq!(at("2026-11-20T08:00"), Opening::Open { until: local("2026-11-20T12:00", &z) });
        assert_eq!(
            at("2026-11-20T12:00"),
            closed(local("2026-11-20T12:00", &z), local("2026-11-20T13:00", &z))
        );
        let weekend = closed(local("2026-11-20T18:00", &z), local("2026-11-23T08:00", &z));
        assert_eq!(at("2026-11-20T18:00"), weekend);
        assert_eq!(at("2026-11-22T03:00"), weekend);
        assert_eq!(at("2026-11-23T07:59"), weekend);
    }

    #[test]
    fn a_night_belongs_to_the_day_it_began() {
        let z = zone("Europe/Vilnius");
        let hours = every_day(&[r(18, 26)]);
        let at = |h: &Hours, t: &str| h.at(local(t, &z), &z);
        assert_eq!(
            at(&hours, "2026-11-21T01:00"),
            Opening::Open { until: local("2026-11-21T02:00", &z) }
        );
        // Saturday is closed: Friday's night still ends on Saturday, Saturday's own is gone.
        let holiday = except(hours, "2026-11-21", "2026-11-21", &[]);
        assert_eq!(
            at(&holiday, "2026-11-21T01:00"),
            Opening::Open { until: local("2026-11-21T02:00", &z) }
        );
        let gone = closed(local("2026-11-21T02:00", &z), local("2026-11-22T18:00", &z));
        assert_eq!(at(&holiday, "2026-11-21T20:00"), gone);
        assert_eq!(at(&holiday, "2026-11-22T01:00"), gone);
    }

    #[test]
    fn stretches_that_touch_are_one() {
        let z = zone("Europe/Vilnius");
        let mut hours = weekdays(&[]);
        if let Some(week) = &mut hours.week {
            week[0] = vec![r(20, 24)];
            week[1] = vec![r(0, 3), r(2, 5)];
        }
        assert_eq!(
            hours.at(local("2026-11-23T21:00", &z), &z),
            Opening::Open { until: local("2026-11-24T05:00", &z) }
        );
    }

    #[test]
    fn a_long_night_outlasts_the_short_hours_of_the_day_after() {
        let z = zone("Europe/Vilnius");
        let mut hours = weekdays(&[]);
        if let Some(week) = &mut hours.week {
            week[4] = vec![r(20, 29)];
            week[5] = vec![r(0, 1)];
        }
        let Opening::Closed { since, .. } = hours.at(local("2026-11-23T12:00", &z), &z) else {
            panic!("closed on Mondays");
        };
        assert_eq!(since, Some(local("2026-11-21T05:00", &z)));
    }

    #[test]
    fn an_exception_can_open_a_closed_day_and_the_later_one_holds() {
        let z = zone("Europe/Vilnius");
        let hours = except(weekdays(&[r(8, 18)]), "2026-12-20", "2026-12-31", &[]);
        let hours = except(hours, "2026-12-27", "2026-12-27", &[r(10, 14)]);
        assert_eq!(hours.today(local("2026-12-27T09:00", &z), &z), vec![r(10, 14)]);
        assert_eq!(
            hours.at(local("2026-12-22T09:00", &z), &z),
            closed(local("2026-12-18T18:00", &z), local("2026-12-27T10:00", &z))
        );
    }

    #[test]
    fn exceptions_close_a_shop_that_told_no_week() {
        let z = zone("Europe/Vilnius");
        let hours = except(Hours::default(), "2026-12-24", "2026-12-26", &[]);
        assert_eq!(
            hours.at(local("2026-12-25T12:00", &z), &z),
            closed(local("2026-12-24T00:00", &z), local("2026-12-27T00:00", &z))
        );
        assert_eq!(
            hours.at(local("2026-12-20T12:00", &z), &z),
            Opening::Open { until: local("2026-12-24T00:00", &z) }
        );
    }

    #[test]
    fn a_shop_closed_for_good_names_no_opening() {
        let z = zone("Europe/Vilnius");
        let hours = every_day(&[]);
        assert_eq!(
            hours.at(local("2026-12-25T12:00", &z), &z),
            Opening::Closed { since: None, opens: None }
        );
    }

    #[test]
    fn in_vilnius_a_night_over_the_spring_change_is_an_hour_shorter() {
        let z = zone("Europe/Vilnius");
        // 29 March 2026: 03:00 becomes 04:00.
        let hours = every_day(&[r(22, 29)]);
        assert_eq!(
            hours.at(utc("2026-03-28T21:00:00Z"), &z),
            Opening::Open { until: utc("2026-03-29T02:00:00Z") }
        );
        // Opening inside the gap: 03:30 is 04:30 by the clock that people see.
        let early = every_day(&[Range { open: 210, close: 600 }]);
        assert_eq!(
            early.at(utc("2026-03-29T01:15:00Z"), &z),
            closed(utc("2026-03-28T08:00:00Z"), utc("2026-03-29T01:30:00Z"))
        );
        // Nothing is left of 03:30 to 04:15.
        let never = every_day(&[Range { open: 210, close: 255 }]);
        assert_eq!(
            never.at(utc("2026-03-29T01:45:00Z"), &z),
            closed(utc("2026-03-28T02:15:00Z"), utc("2026-03-30T00:30:00Z"))
        );
    }

    #[test]
    fn in_vilnius_a_time_that_comes_twice_is_the_first() {
        let z = zone("Europe/Vilnius");
        // 25 October 2026: 04:00 becomes 03:00; 03:30 is 00:30Z and 01:30Z.
        let hours = every_day(&[Range { open: 60, close: 210 }]);
        assert_eq!(
            hours.at(utc("2026-10-25T00:00:00Z"), &z),
            Opening::Open { until: utc("2026-10-25T00:30:00Z") }
        );
        assert!(!hours.at(utc("2026-10-25T01:15:00Z"), &z).is_open());
    }

    #[test]
    fn in_sao_paulo_a_day_without_midnight_opens_at_one() {
        let z = zone("America/Sao_Paulo");
        // 4 November 2018: the day began at 01:00 (03:00Z).
        let hours = weekdays(&[]);
        let hours = except(hours, "2018-11-04", "2018-11-04", &[r(0, 24)]);
        assert_eq!(
            hours.at(utc("2018-11-04T02:59:00Z"), &z),
            Opening::Closed { since: None, opens: Some(utc("2018-11-04T03:00:00Z")) }
        );
        assert_eq!(
            hours.at(utc("2018-11-04T03:00:00Z"), &z),
            Opening::Open { until: utc("2018-11-05T02:00:00Z") }
        );
    }

    #[test]
    fn in_sao_paulo_the_hour_before_midnight_that_comes_twice_closes_at_the_first() {
        let z = zone("America/Sao_Paulo");
        // 17 February 2018 ended with 23:00 to 24:00 twice: 01:00Z and 02:00Z on the 18th.
        let hours = every_day(&[Range { open: 600, close: 23 * 60 + 30 }]);
        assert_eq!(
            hours.at(utc("2018-02-18T01:00:00Z"), &z),
            Opening::Open { until: utc("2018-02-18T01:30:00Z") }
        );
        assert!(!hours.at(utc("2018-02-18T02:15:00Z"), &z).is_open());
        // Midnight itself comes once.
        let hours = every_day(&[r(10, 24)]);
        assert_eq!(
            hours.at(utc("2018-02-18T01:00:00Z"), &z),
            Opening::Open { until: utc("2018-02-18T03:00:00Z") }
        );
    }
}
