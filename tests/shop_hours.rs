//! Opening hours, whatever the week, the exceptions and the clock changes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use jiff::tz::TimeZone;
use proptest::collection::vec;
use proptest::prelude::*;
use shopbell::shop::hours::Opening;
use shopbell::shop::model::{Hours, HoursException, Localized, Range};
use shopbell::time::{MINUTE, UnixMs};

fn range() -> impl Strategy<Value = Range> {
    (0..1440u16, 1..1440u16).prop_map(|(open, length)| Range { open, close: open + length })
}

fn hours() -> impl Strategy<Value = Hours> {
    let exception = (0..3000i32, 0..5i32, vec(range(), 0..2)).prop_map(|(from, days, ranges)| {
        let from = jiff::civil::date(2018, 1, 1).saturating_add(jiff::Span::new().days(from));
        let to = from.saturating_add(jiff::Span::new().days(days));
        HoursException { from, to, ranges, note: Localized::default() }
    });
    (vec(vec(range(), 0..3), 7), vec(exception, 0..8)).prop_map(|(week, mut exceptions)| {
        exceptions.sort_by_key(|e| e.from);
        Hours { week: Some(week.try_into().unwrap()), exceptions }
    })
}

fn zone() -> impl Strategy<Value = TimeZone> {
    prop_oneof![
        Just("Europe/Vilnius"),
        Just("America/Sao_Paulo"),
        Just("Australia/Lord_Howe"),
        Just("UTC")
    ]
    .prop_map(|name| TimeZone::get(name).unwrap())
}

/// A moment in 2018 to 2026, in whole minutes; half of them near a clock change.
fn moment() -> impl Strategy<Value = UnixMs> {
    let any = (1_514_764_800_000i64..1_767_225_600_000).prop_map(|ms| ms / MINUTE * MINUTE);
    let changes = prop_oneof![
        Just("2018-02-18T02:00:00Z"),
        Just("2018-11-04T03:00:00Z"),
        Just("2026-03-29T01:00:00Z"),
        Just("2026-10-25T01:00:00Z"),
    ];
    let near = (changes, -1500..1500i64).prop_map(|(at, off)| {
        at.parse::<jiff::Timestamp>().unwrap().as_millisecond() + off * MINUTE
    });
    prop_oneof![any, near].prop_map(UnixMs::new)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(500) })]

    #[test]
    fn what_is_foretold_comes_true(hours in hours(), zone in zone(), now in moment()) {
        match hours.at(now, &zone) {
            Opening::Always => prop_assert!(hours.at(now.plus(MINUTE), &zone).is_open()),
            Opening::Open { until } => {
                prop_assert!(now < until);
                prop_assert_eq!(hours.at(until.plus(-1), &zone), Opening::Open { until });
                match hours.at(until, &zone) {
                    Opening::Closed { since, .. } => prop_assert_eq!(since, Some(until)),
                    other => prop_assert!(false, "{other:?}"),
                }
            }
            Opening::Closed { since, opens } => {
                if let Some(since) = since {
                    prop_assert!(since <= now);
                    prop_assert!(hours.at(since.plus(-1), &zone).is_open());
                    prop_assert_eq!(hours.at(since, &zone), Opening::Closed { since: Some(since), opens });
                }
                if let Some(opens) = opens {
                    prop_assert!(now < opens);
                    prop_assert!(hours.at(opens, &zone).is_open());
                    let Opening::Closed { since: last, .. } = hours.at(opens.plus(-1), &zone) else {
                        return Err(TestCaseError::fail("open before it opens"));
                    };
                    prop_assert_eq!(last, since);
                }
            }
        }
    }
}
