//! Points in time. The pure rooms have no clock: `now` is always passed in.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

/// One second, in milliseconds.
pub const SECOND: i64 = 1_000;
/// One minute, in milliseconds.
pub const MINUTE: i64 = 60 * SECOND;
/// One hour, in milliseconds.
pub const HOUR: i64 = 60 * MINUTE;
/// One day of 24 hours, in milliseconds. Not a calendar day: those need a time zone.
pub const DAY: i64 = 24 * HOUR;

/// The latest moment [`UnixMs`] can hold: 9999-12-30T00:00:00Z, so that it has a local time of
/// four-digit year in every zone.
const LATEST: i64 = 253_402_128_000_000;

/// A moment, in milliseconds since 1970-01-01T00:00:00Z. Never negative and never after the
/// year 9999: whatever a webhook claims, arithmetic on it cannot overflow.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(from = "i64", into = "i64")]
pub struct UnixMs(i64);

impl UnixMs {
    /// A moment; values outside the range are clamped into it.
    #[must_use]
    pub const fn new(ms: i64) -> Self {
        if ms < 0 {
            Self(0)
        } else if ms > LATEST {
            Self(LATEST)
        } else {
            Self(ms)
        }
    }

    /// Milliseconds since 1970.
    #[must_use]
    pub const fn get(self) -> i64 {
        self.0
    }

    /// `ms` later (or earlier, when negative), clamped.
    #[must_use]
    pub const fn plus(self, ms: i64) -> Self {
        Self::new(self.0.saturating_add(ms))
    }

    /// Milliseconds from `earlier` to `self`; negative when `earlier` is later.
    #[must_use]
    pub const fn since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// The same moment for the calendar.
    #[must_use]
    pub fn timestamp(self) -> Timestamp {
        Timestamp::from_millisecond(self.0).unwrap_or(Timestamp::UNIX_EPOCH)
    }

    /// Its date in UTC: the day by which Meta's rules are read.
    #[must_use]
    pub fn utc_date(self) -> Date {
        self.timestamp().to_zoned(TimeZone::UTC).date()
    }

    /// RFC 3339 in UTC, as KV values carry it: `2026-11-22T07:00:00Z`.
    #[must_use]
    pub fn rfc3339(self) -> String {
        self.timestamp().to_string()
    }
}

impl From<i64> for UnixMs {
    fn from(ms: i64) -> Self {
        Self::new(ms)
    }
}

impl From<UnixMs> for i64 {
    fn from(at: UnixMs) -> Self {
        at.0
    }
}

impl From<Timestamp> for UnixMs {
    fn from(at: Timestamp) -> Self {
        Self::new(at.as_millisecond())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absurd_values_are_clamped() {
        assert_eq!(UnixMs::new(-5).get(), 0);
        assert_eq!(UnixMs::new(i64::MAX).plus(i64::MAX).get(), LATEST);
        assert_eq!(UnixMs::new(LATEST).rfc3339(), "9999-12-30T00:00:00Z");
    }
}
