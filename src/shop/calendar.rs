//! Which days a schedule means, and which minutes of a clock are quiet. Without a zone: what a
//! zone makes of a day and a minute is `outreach`'s.

use jiff::civil::Date;

use super::model::{Days, PER_SECOND, QuietHours, Sending};

/// Stands for the last one of a month among [`Days::NthWeekday`].
pub const LAST: u8 = 5;

impl Days {
    /// Whether something is due on a day.
    #[must_use]
    pub fn fall_on(&self, date: Date) -> bool {
        let weekday =
            |wanted: u8| i8::try_from(wanted) == Ok(date.weekday().to_monday_one_offset());
        match self {
            Self::Daily => true,
            Self::Weekly(weekdays) => weekdays.iter().any(|day| weekday(*day)),
            Self::Monthly(day) => {
                let wanted = i8::try_from(*day).unwrap_or(i8::MAX).min(date.days_in_month());
                date.day() == wanted
            }
            Self::NthWeekday { nth, weekday: wanted } => {
                let week_from_end = date.days_in_month().saturating_sub(date.day()) / 7;
                let week = date.day().saturating_sub(1) / 7;
                weekday(*wanted)
                    && if *nth >= LAST {
                        week_from_end == 0
                    } else {
                        i8::try_from(*nth) == Ok(week.saturating_add(1))
                    }
            }
            Self::Dates(dates) => dates.contains(&date),
        }
    }
}

impl QuietHours {
    /// Whether a minute of the day (0 to 1439) is quiet.
    #[must_use]
    pub const fn contains(&self, minute: u16) -> bool {
        if self.from < self.until {
            self.from <= minute && minute < self.until
        } else {
            self.from <= minute || minute < self.until
        }
    }
}

impl Default for Sending {
    fn default() -> Self {
        Self {
            quiet: Some(QuietHours { from: 21 * 60, until: 8 * 60 }),
            most_per_day: 3,
            per_second: PER_SECOND,
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn days_of(days: &Days, year: i16, month: i8) -> Vec<i8> {
        let first = date(year, month, 1);
        (1..=first.days_in_month()).filter(|d| days.fall_on(date(year, month, *d))).collect()
    }

    #[test]
    fn the_thirty_first_is_the_last_day_of_a_short_month() {
        let last = Days::Monthly(31);
        for (year, month, day) in [(2026, 1, 31), (2026, 2, 28), (2026, 4, 30), (2028, 2, 29)] {
            assert_eq!(days_of(&last, year, month), [day]);
        }
    }

    #[test]
    fn a_weekday_of_the_month_comes_once_in_every_month() {
        // November 2026 begins on a Sunday; its Fridays are 6, 13, 20 and 27, its Sundays five.
        let nth = |nth, weekday| Days::NthWeekday { nth, weekday };
        assert_eq!(days_of(&nth(1, 5), 2026, 11), [6]);
        assert_eq!(days_of(&nth(4, 5), 2026, 11), [27]);
        assert_eq!(days_of(&nth(LAST, 5), 2026, 11), [27], "the fourth is the last");
        assert_eq!(days_of(&nth(1, 7), 2026, 11), [1]);
        assert_eq!(days_of(&nth(4, 7), 2026, 11), [22]);
        assert_eq!(days_of(&nth(LAST, 7), 2026, 11), [29], "the fifth is the last");
        for (which, weekday) in (1..=LAST).flat_map(|n| (1..=7).map(move |d| (n, d))) {
            for month in 1..=12 {
                assert_eq!(days_of(&nth(which, weekday), 2027, month).len(), 1);
            }
        }
    }

    #[test]
    fn quiet_hours_may_pass_midnight() {
        let night = QuietHours { from: 21 * 60, until: 8 * 60 };
        let noon = QuietHours { from: 12 * 60, until: 14 * 60 };
        for (hour, at_night, at_noon) in [
            (0, true, false),
            (7, true, false),
            (8, false, false),
            (12, false, true),
            (21, true, false),
        ] {
            assert_eq!((night.contains(hour * 60), noon.contains(hour * 60)), (at_night, at_noon));
        }
        assert!(night.contains(8 * 60 - 1) && !night.contains(21 * 60 - 1));
        assert!(noon.contains(14 * 60 - 1) && !noon.contains(14 * 60));
    }
}
