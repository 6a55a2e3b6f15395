//! Schedules over years and zones: whatever the ticks do, each day that is due begins once or is
//! told as missed, and nothing begins early, late or twice.

use std::collections::BTreeMap;

use jiff::civil::{Date, Weekday};
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{ToSpan, Zoned};
use proptest::collection::vec;
use proptest::prelude::*;
use shopbell::outreach::schedule::{self, quiet_until};
use shopbell::shop::model::{Days, QuietHours, Schedule, Zone};
use shopbell::time::{DAY, HOUR, MINUTE, UnixMs};

/// With clock changes in both hemispheres, by half an hour, at midnight, and without any.
const ZONES: [&str; 8] = [
    "Europe/Vilnius",
    "America/New_York",
    "America/Sao_Paulo",
    "Australia/Lord_Howe",
    "America/Havana",
    "Asia/Taipei",
    "Asia/Kathmandu",
    "Pacific/Auckland",
];

fn days() -> impl Strategy<Value = Days> {
    prop_oneof![
        Just(Days::Daily),
        prop::collection::btree_set(1..=7_u8, 1..4)
            .prop_map(|days| Days::Weekly(days.into_iter().collect())),
        (1..=31_u8).prop_map(Days::Monthly),
        (1..=5_u8, 1..=7_u8).prop_map(|(nth, weekday)| Days::NthWeekday { nth, weekday }),
        prop::collection::btree_set(0..1_500_i64, 1..6).prop_map(|days| {
            let first: Date = "2015-01-01".parse().unwrap();
            Days::Dates(days.into_iter().map(|n| first.checked_add(n.days()).unwrap()).collect())
        }),
    ]
}

/// Whether a day is meant, by jiff's own calendar.
fn is_meant(days: &Days, date: Date) -> bool {
    match days {
        Days::Daily => true,
        Days::Weekly(on) => on
            .iter()
            .any(|day| Weekday::from_monday_one_offset(*day as i8).unwrap() == date.weekday()),
        Days::Monthly(31) => date == date.last_of_month(),
        Days::Monthly(day) => {
            let wanted = date.first_of_month().with().day(*day as i8).build();
            date == wanted.unwrap_or(date.last_of_month())
        }
        Days::NthWeekday { nth, weekday } => {
            let nth = if *nth == 5 { -1 } else { *nth as i8 };
            let weekday = Weekday::from_monday_one_offset(*weekday as i8).unwrap();
            date == date.nth_weekday_of_month(nth, weekday).unwrap()
        }
        Days::Dates(dates) => dates.contains(&date),
    }
}

/// When a clock first shows this time on this date, or the first moment after a gap.
fn moment(date: Date, at: u16, zone: &TimeZone) -> UnixMs {
    let time = date.at((at / 60) as i8, (at % 60) as i8, 0, 0);
    let ambiguous = zone.to_ambiguous_timestamp(time);
    let offset = match ambiguous.offset() {
        AmbiguousOffset::Unambiguous { offset } => offset,
        // In a gap the clock is read as before it; in a fold it is the first of the two.
        AmbiguousOffset::Gap { before, .. } | AmbiguousOffset::Fold { before, .. } => before,
    };
    offset.to_timestamp(time).unwrap().into()
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 200, failure_persistence: None, ..ProptestConfig::default()
    })]

    #[test]
    fn each_due_day_begins_once_in_time_or_is_told_as_missed(
        days in days(),
        at in 0..1_440_u16,
        zone in prop::sample::select(ZONES.to_vec()),
        catch_up_minutes in prop::sample::select(vec![5, 60, 120, 720_u16]),
        start in 0..3_000_i64,
        pauses in vec(prop::sample::select(vec![
            MINUTE, MINUTE, 30 * MINUTE, HOUR, 2 * HOUR, 5 * HOUR, 11 * HOUR, DAY, 9 * DAY, 30 * DAY,
        ]), 20..200),
    ) {
        let schedule = Schedule { days, at, zone: Zone::Shop, catch_up_minutes, spread_days: 0 };
        let zone = TimeZone::get(zone).unwrap();
        let begin = UnixMs::new(1_420_070_400_000).plus(start * DAY);
        let mut now = begin;
        let mut looked = begin;
        let mut seen: BTreeMap<String, (UnixMs, bool)> = BTreeMap::new();
        for pause in pauses {
            // Cron fires twice, or an hour at once.
            for _ in 0..2 {
                if let Some(due) = schedule::due(&schedule, &zone, now) {
                    let late = now.since(due.at);
                    prop_assert!((0..i64::from(catch_up_minutes) * MINUTE).contains(&late));
                    let before = seen.insert(due.period.clone(), (due.at, true));
                    prop_assert!(before.is_none_or(|(at, begun)| begun && at == due.at));
                }
                for missed in schedule::missed(&schedule, &zone, looked, now) {
                    prop_assert!(now.since(missed.at) >= i64::from(catch_up_minutes) * MINUTE);
                    let before = seen.insert(missed.period.clone(), (missed.at, false));
                    prop_assert!(before.is_none(), "{} was seen before", missed.period);
                }
                looked = now;
            }
            now = now.plus(pause);
        }
        // By another calendar: every day that was due while somebody looked, and no other.
        let local = |at: UnixMs| Zoned::new(at.timestamp(), zone.clone()).date();
        let mut date = local(begin);
        let caught_up = looked.plus(-i64::from(catch_up_minutes) * MINUTE);
        while date <= local(looked) {
            let due = moment(date, at, &zone);
            let began = seen.get(&date.to_string());
            if !is_meant(&schedule.days, date) {
                prop_assert!(began.is_none(), "{date} is not meant");
            } else if due > begin && due <= caught_up {
                let (at, _) = began.unwrap_or_else(|| panic!("{date} was forgotten"));
                prop_assert_eq!(*at, due);
            }
            date = date.tomorrow().unwrap();
        }
        prop_assert!(seen.values().all(|(at, _)| *at <= looked));
    }

    /// Quiet hours end at a minute that is not quiet, within a day and a clock change.
    #[test]
    fn quiet_hours_always_end(
        from in 0..1_440_u16,
        length in 1..1_440_u16,
        zone in prop::sample::select(ZONES.to_vec()),
        at in 1_420_070_400..1_830_000_000_i64,
    ) {
        let quiet = QuietHours { from, until: (from + length) % 1_440 };
        let zone = TimeZone::get(zone).unwrap();
        let at = UnixMs::new(at * 1_000);
        let minute = |at: UnixMs| {
            let local = Zoned::new(at.timestamp(), zone.clone());
            local.hour() as u16 * 60 + local.minute() as u16
        };
        match quiet_until(quiet, &zone, at) {
            None => prop_assert!(!quiet.contains(minute(at))),
            Some(end) => {
                prop_assert!(quiet.contains(minute(at)));
                prop_assert!(end > at && end.since(at) <= 25 * HOUR);
            }
        }
    }
}

/// The minutes of two years, one after the other, around every clock change of these zones.
#[test]
fn every_minute_of_two_years_begins_each_day_once() {
    for zone in ["Europe/Vilnius", "Australia/Lord_Howe", "America/Havana"] {
        let zone = TimeZone::get(zone).unwrap();
        for at in [0, 90, 150, 180, 210, 1_439] {
            let schedule = Schedule {
                days: Days::Daily,
                at,
                zone: Zone::Shop,
                catch_up_minutes: 5,
                spread_days: 0,
            };
            let start: Date = "2025-01-01".parse().unwrap();
            let noon = start.at(12, 0, 0, 0).to_zoned(zone.clone()).unwrap();
            let mut now = UnixMs::from(noon.timestamp());
            let mut begun = Vec::new();
            // Nothing is due far from the minute itself: those ticks are left out.
            while begun.len() < 730 {
                match schedule::due(&schedule, &zone, now) {
                    Some(due) => {
                        assert!(now.since(due.at) < MINUTE, "seen at its very minute");
                        if begun.last() != Some(&due.period) {
                            begun.push(due.period);
                        }
                        now = now.plus(5 * MINUTE);
                    }
                    None => {
                        let next = schedule::next(&schedule, &zone, now).unwrap();
                        now = now.plus((next.at.since(now) - MINUTE / 2).max(MINUTE / 2));
                    }
                }
            }
            let mut each = begun.clone();
            each.sort();
            each.dedup();
            assert_eq!(each, begun, "in order and each once");
        }
    }
}
