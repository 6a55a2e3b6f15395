//! What is said on the command line in several commands, read in one way by all of them.

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

use crate::shop::lang;
use crate::shop::model::Lang;
use crate::shop::source::diagnostic::nearest;
use crate::time::UnixMs;

/// A day.
///
/// # Errors
/// What to write instead.
pub(super) fn day(text: &str) -> Result<Date, String> {
    text.trim().parse().map_err(|_| "write the day as 2026-12-24".to_owned())
}

/// A moment: a day with a time, by the shop's clock or anybody's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Moment {
    /// By the shop's clock.
    There(DateTime),
    /// With an offset, or Z.
    Anywhere(UnixMs),
}

/// A moment: `2026-11-27T09:00` by the shop's clock, or with an offset or Z.
///
/// # Errors
/// What to write instead.
pub(super) fn moment(text: &str) -> Result<Moment, String> {
    let text = text.trim();
    if let Ok(anywhere) = text.parse::<jiff::Timestamp>() {
        return Ok(Moment::Anywhere(anywhere.into()));
    }
    let why = "write 2026-11-27T09:00 by the shop's clock, or 2026-11-27T07:00Z";
    text.parse().map(Moment::There).map_err(|_| why.to_owned())
}

impl Moment {
    /// By the shop's clock; none where that clock has no such moment.
    pub(super) fn by(self, zone: &TimeZone) -> Option<UnixMs> {
        match self {
            Self::Anywhere(at) => Some(at),
            Self::There(at) => {
                let zoned = zone.to_ambiguous_zoned(at).compatible().ok()?;
                Some(zoned.timestamp().into())
            }
        }
    }
}

/// A language that Shopbell has words of: by its tag, or that of a place it is spoken in.
///
/// # Errors
/// Which there are.
pub(super) fn language(tag: &str) -> Result<Lang, String> {
    let said = Lang(tag.trim().to_owned());
    if lang::find(&said).is_some() {
        return Ok(said);
    }
    let known = || lang::all().iter().map(|language| language.code);
    let near = nearest(tag, known()).map(|near| format!("; do you mean {near}?"));
    let all = known().collect::<Vec<_>>().join(", ");
    Err(format!("there are no words in it{}: there are {all}", near.unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_read_by_the_shops_clock_unless_it_says_another() {
        let zone = TimeZone::get("Europe/Vilnius").unwrap();
        let utc = |text: &str| moment(text).unwrap().by(&zone).unwrap().rfc3339();
        assert_eq!(utc("2026-11-27T09:00"), "2026-11-27T07:00:00Z");
        assert_eq!(utc("2026-11-27T09:00+01:00"), "2026-11-27T08:00:00Z");
        assert_eq!(utc("2026-11-27T09:00Z"), "2026-11-27T09:00:00Z");
        for bad in ["yesterday", "", "2026-13-01T09:00", "x"] {
            assert!(moment(bad).unwrap_err().contains("2026-11-27T09:00"), "{bad}");
            assert!(day(bad).unwrap_err().contains("2026-12-24"), "{bad}");
        }
    }

    #[test]
    fn a_language_is_one_that_there_are_words_in() {
        for good in ["lt", "pt-BR", "en-GB", "zh-TW"] {
            assert_eq!(language(good).unwrap().0, good);
        }
        for bad in ["xx", "", "English"] {
            assert!(language(bad).unwrap_err().contains("lt"), "{bad}");
        }
    }
}
