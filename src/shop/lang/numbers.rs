//! Numbers, prices and days, as a language writes them. The signs and patterns are in the
//! language's own file, as Unicode's CLDR has them.
//!
//! No crate: a language needs three signs, two patterns and its short months, and those who add one
//! write them beside everything else of it.

use jiff::civil::Date;

use super::forms::fill;
use crate::shop::forms::Decimal;

/// How a language writes numbers.
#[derive(Clone, Copy, Debug)]
pub struct Numbers {
    /// Before the decimals.
    pub point: char,
    /// Between thousands.
    pub group: char,
    /// Fewer digits than this before the point stay together: "1234" and "12 345".
    pub group_from: usize,
}

impl Numbers {
    /// A number without idle zeros: "1.234,5".
    #[must_use]
    pub fn write(&self, number: Decimal) -> String {
        let plain = number.written('.');
        match plain.split_once('.') {
            Some((whole, part)) => format!("{}{}{part}", self.grouped(whole), self.point),
            None => self.grouped(&plain),
        }
    }

    /// A price without its currency: two decimals, or none when all are zero.
    #[must_use]
    pub fn price(&self, price: Decimal) -> String {
        let plain = price.written('.');
        match plain.split_once('.') {
            Some((whole, part)) => format!("{}{}{part:0<2}", self.grouped(whole), self.point),
            None => self.grouped(&plain),
        }
    }

    /// Digits, perhaps with a minus before them, in groups of three.
    fn grouped(&self, whole: &str) -> String {
        let (sign, digits) = whole.strip_prefix('-').map_or(("", whole), |digits| ("-", digits));
        let mut written = sign.to_owned();
        for (n, digit) in digits.chars().enumerate() {
            let left = digits.len().saturating_sub(n);
            if n > 0 && left % 3 == 0 && digits.len() >= self.group_from {
                written.push(self.group);
            }
            written.push(digit);
        }
        written
    }
}

/// A day by one of a language's patterns ([`super::forms::FormTexts::date`]), with its names of
/// days and months.
#[must_use]
pub fn day(pattern: &str, days: [&str; 7], months: [&str; 12], date: Date) -> String {
    let at = |n: i8| usize::try_from(n).unwrap_or(0);
    let weekday = days.get(at(date.weekday().to_monday_zero_offset())).copied();
    let month = months.get(at(date.month().saturating_sub(1))).copied();
    fill(
        pattern,
        &[
            ("w", weekday.unwrap_or_default()),
            ("d", &date.day().to_string()),
            ("dd", &format!("{:02}", date.day())),
            ("m", &date.month().to_string()),
            ("mm", &format!("{:02}", date.month())),
            ("b", month.unwrap_or_default()),
            ("y", &date.year().to_string()),
        ],
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shop::lang::{all, language};
    use crate::shop::model::Lang;

    /// In the order of `all()`.
    fn each(say: impl Fn(&str) -> String) -> Vec<String> {
        all()
            .iter()
            .map(|language| say(language.code).replace(['\u{a0}', '\u{202f}'], "_"))
            .collect()
    }

    #[test]
    fn numbers_have_the_signs_of_their_language() {
        let write = |thousandths| {
            each(|tag| language(&Lang(tag.into())).numbers.write(Decimal { thousandths }))
        };
        assert_eq!(
            write(1_234_567_500),
            [
                "1.234.567,5",
                "1,234,567.5",
                "1.234.567,5",
                "1_234_567,5",
                "1_234_567,5",
                "1_234_567,5",
                "1.234.567,5",
                "1_234_567,5",
                "1,234,567.5",
                "1,234,567.5",
            ]
        );
        assert_eq!(
            write(-1_234_000),
            [
                "-1.234", "-1,234", "-1234", "-1_234", "-1_234", "-1234", "-1.234", "-1_234",
                "-1,234", "-1,234",
            ]
        );
        assert!(write(999_000).iter().all(|written| written == "999"));
    }

    #[test]
    fn prices_have_two_decimals_or_none() {
        let german = language(&Lang("de".into())).numbers;
        for (thousandths, written) in
            [(4_500, "4,50"), (4_000, "4"), (1_234_560, "1.234,56"), (990, "0,99"), (0, "0")]
        {
            assert_eq!(german.price(Decimal { thousandths }), written);
        }
    }

    #[test]
    fn days_are_written_in_the_order_of_their_language() {
        let date: Date = "2026-04-03".parse().unwrap();
        let long = |tag: &str| {
            let language = language(&Lang(tag.into()));
            day(language.forms.date, language.forms.days, language.months, date)
        };
        assert_eq!(
            each(long),
            [
                "Fr 3.4.2026",
                "Fri 3 Apr 2026",
                "vie 3/4/2026",
                "ven. 03/04/2026",
                "pn. 2026-04-03",
                "pt. 3.04.2026",
                "sex 03/04/2026",
                "пт 03.04.2026",
                "2026年4月3日（五）",
                "2026年4月3日（五）",
            ]
        );
        let short = |tag: &str| {
            let language = language(&Lang(tag.into()));
            day(language.forms.short_date, language.forms.days, language.months, date)
        };
        // They stand on quick replies.
        assert!(each(short).iter().all(|text| text.encode_utf16().count() <= 20));
    }

    #[test]
    fn what_is_written_with_a_comma_is_read_with_one() {
        for language in all() {
            let comma = language.numbers.point == ',';
            assert_eq!(comma, language.form_words.decimal_comma, "{}", language.code);
            assert!(language.months.iter().all(|month| !month.is_empty()), "{}", language.code);
        }
    }
}
