//! A day, as people type it: `tomorrow`, `rytoj 18:00`, `23.11.`, `11月23日`, `Friday`.
//!
//! Where the order of day and month is open (`5/6`), the day comes first, except with the signs
//! that a language reads the other way; a month that cannot be one turns it around. The summary
//! names the weekday, so that people see what was understood.

use jiff::civil::{Date, Weekday};
use jiff::{Span, ToSpan};

use super::tokens::{Heard, Token, is_word, tokens};
use super::{Wrong, time};
use crate::shop::forms::Side;
use crate::shop::lang::Language;

/// How a day was said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum How {
    /// By its name: tomorrow, Friday. Any number beside it is no part of it.
    Named,
    /// By day and month.
    Written,
    /// By a lone number.
    Lone,
}

/// The only day of a message.
pub(super) fn read(
    text: &str,
    languages: &[&Language],
    today: Date,
    side: Side,
) -> Result<Date, Wrong> {
    heard(text, languages, today, side).map(|(date, _)| date)
}

/// The same, and how it was said.
pub(super) fn heard(
    text: &str,
    languages: &[&Language],
    today: Date,
    side: Side,
) -> Result<(Date, How), Wrong> {
    let mut found = Vec::new();
    let mut how = How::Named;
    for language in languages {
        found = named(text, language, today, side);
        if !found.is_empty() {
            break;
        }
    }
    let tokens = tokens(text);
    for language in languages {
        let numeric = numeric(&tokens, language, today, side);
        if !numeric.is_empty() {
            // "Friday 27 November" is one day, however it is said.
            found = numeric;
            how = How::Written;
            break;
        }
    }
    // The number of "7 pm" is no day of the month.
    if found.is_empty() && time::read(text, languages, false).is_none() {
        found.extend(lone(text, &tokens, today, side));
        how = How::Lone;
    }
    found.sort_unstable();
    found.dedup();
    let [date] = *found.as_slice() else { return Err(Wrong::Date) };
    match side {
        Side::Future if date < today => Err(Wrong::DatePast),
        Side::Past if date > today => Err(Wrong::DateFuture),
        _ if !(1900..=2100).contains(&date.year()) => Err(Wrong::Date),
        _ => Ok((date, how)),
    }
}

/// Days by their names: today, tomorrow, weekdays.
fn named(text: &str, language: &Language, today: Date, side: Side) -> Vec<Date> {
    let words = &language.form_words;
    // "de la mañana" is no tomorrow, "the day after tomorrow" neither.
    let heard = Heard::new(text).without(words.am);
    let in_days = |days: i64| today.checked_add(days.days()).ok();
    if heard.has(words.day_after) {
        return in_days(2).into_iter().collect();
    }
    let mut found = Vec::new();
    if heard.has(words.tomorrow) {
        found.extend(in_days(1));
    }
    if heard.has(words.today) {
        found.push(today);
    }
    let days = (0_i8..7).filter_map(|n| Weekday::from_monday_zero_offset(n).ok());
    for (names, day) in words.weekdays.iter().zip(days) {
        if heard.has(names) {
            let next_week = heard.has(&["下週", "下周", "下星期", "下禮拜", "下礼拜"]);
            found.extend(weekday(today, day, side, next_week));
        }
    }
    found
}

/// The next such weekday after today, or the last one before.
fn weekday(today: Date, day: Weekday, side: Side, next_week: bool) -> Option<Date> {
    if next_week {
        let back = i64::from(today.weekday().to_monday_zero_offset());
        let ahead = i64::from(day.to_monday_zero_offset());
        let days = ahead.saturating_sub(back).saturating_add(7);
        return today.checked_add(days.days()).ok();
    }
    let nth = if side == Side::Past { -1 } else { 1 };
    today.nth_weekday(nth, day).ok()
}

/// Days by their numbers, and by the names of months.
fn numeric(tokens: &[Token], language: &Language, today: Date, side: Side) -> Vec<Date> {
    use Token::{Number, Sign, Word};
    let words = &language.form_words;
    let month = |word: &str| {
        let mut months = words.months.iter().zip(1_i8..);
        months.find(|(names, _)| names.iter().any(|n| is_word(word, n))).map(|(_, n)| n)
    };
    let joins = |sign: &char| matches!(sign, '.' | '/' | '-');
    let mut found = Vec::new();
    let mut rest = tokens;
    while let Some((_, after)) = rest.split_first() {
        let (date, used) = match rest {
            // A time: none of its numbers is a day.
            [Number(..), Sign(':'), Number(..), ..] => (None, 3),
            [Number(y, 4), Word(a), Number(m, _), Word(b), Number(d, _), ..]
                if a == "年" && b == "月" =>
            {
                (whole(*y, *m, *d), 5)
            }
            [Number(m, 1 | 2), Word(a), Number(d, 1 | 2), ..] if a == "月" => {
                (floating(*m, *d, today, side), 3)
            }
            [Number(y, 4), Sign(a), Number(m, 1 | 2), Sign(b), Number(d, 1 | 2), ..]
                if joins(a) && joins(b) =>
            {
                (whole(*y, *m, *d), 5)
            }
            // "1.12. 10:00": the ten is an hour, no year.
            [Number(a, 1 | 2), Sign(s), Number(b, 1 | 2), Sign(t), Number(..), Sign(':'), ..]
                if joins(s) && joins(t) =>
            {
                let (m, d) = order(*a, *b, *s, language);
                (floating(m, d, today, side), 4)
            }
            [
                Number(a, 1 | 2),
                Sign(s),
                Number(b, 1 | 2),
                Sign(t),
                Number(y, len @ (2 | 4)),
                ..,
            ] if joins(s) && joins(t) => {
                let year = if *len == 2 { century(*y, today, side) } else { *y };
                let (m, d) = order(*a, *b, *s, language);
                (whole(year, m, d), 5)
            }
            // "18.00 Uhr" is a time: a month is never written with two zeros.
            [Number(a, 1 | 2), Sign(s), Number(b, 1 | 2), ..] if joins(s) => {
                let (m, d) = order(*a, *b, *s, language);
                (floating(m, d, today, side), 3)
            }
            [Number(d, 1 | 2), between @ ..] => match name_after(between, &month) {
                Some((m, used)) => {
                    let (date, more) = with_year(m, *d, between.get(used..), today, side);
                    (date, used.saturating_add(more).saturating_add(1))
                }
                None => (None, 1),
            },
            [Word(word), Number(d, 1 | 2), ..] => match month(word) {
                Some(m) => {
                    let (date, more) = with_year(m, *d, rest.get(2..), today, side);
                    (date, more.saturating_add(2))
                }
                None => (None, 1),
            },
            _ => (None, 1),
        };
        found.extend(date);
        rest = rest.get(used..).unwrap_or(after);
    }
    found
}

/// A month's name that follows a day: "23 November", "23. November", "23rd of November",
/// "23 de noviembre". Also how many pieces it took.
fn name_after(tokens: &[Token], month: &impl Fn(&str) -> Option<i8>) -> Option<(i8, usize)> {
    let small = |token: &Token| match token {
        Token::Sign('.') => true,
        Token::Word(word) => {
            matches!(word.as_str(), "st" | "nd" | "rd" | "th" | "of" | "de" | "o" | "d")
        }
        _ => false,
    };
    let skipped = tokens.iter().take(2).take_while(|token| small(token)).count();
    match tokens.get(skipped) {
        Some(Token::Word(word)) => Some((month(word)?, skipped.saturating_add(1))),
        _ => None,
    }
}

/// A day and a month by name, with the year that may follow ("de 2026", ", 2026", "2026 m.").
fn with_year(
    month: i8,
    day: u32,
    after: Option<&[Token]>,
    today: Date,
    side: Side,
) -> (Option<Date>, usize) {
    let month = u32::try_from(month).unwrap_or(0);
    let after = after.unwrap_or_default();
    let small = |token: &Token| match token {
        Token::Sign(',' | '.') => true,
        Token::Word(word) => word == "de" || word == "del",
        _ => false,
    };
    let skipped = after.iter().take(1).take_while(|token| small(token)).count();
    match after.get(skipped) {
        Some(Token::Number(year, 4)) if (1900..=2100).contains(year) => {
            (whole(*year, month, day), skipped.saturating_add(1))
        }
        _ => (floating(month, day, today, side), 0),
    }
}

/// Month and day of two numbers.
fn order(a: u32, b: u32, sign: char, language: &Language) -> (u32, u32) {
    let (m, d) = if language.form_words.month_first.contains(&sign) { (a, b) } else { (b, a) };
    // With a dot the order is never open: 10.30 is a time.
    if m > 12 && d <= 12 && sign != '.' { (d, m) } else { (m, d) }
}

fn whole(year: u32, month: u32, day: u32) -> Option<Date> {
    let year = i16::try_from(year).ok()?;
    Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}

/// A two-digit year.
fn century(year: u32, today: Date, side: Side) -> u32 {
    let now = u32::try_from(today.year()).unwrap_or(2000);
    let this = (now / 100).saturating_mul(100).saturating_add(year);
    if side != Side::Future && this > now { this.saturating_sub(100) } else { this }
}

/// A day and a month in the nearest year on the right side of today.
fn floating(month: u32, day: u32, today: Date, side: Side) -> Option<Date> {
    let fits = |date: &Date| match side {
        Side::Past => *date <= today,
        Side::Future | Side::Any => *date >= today,
    };
    // 29 February comes after up to eight years.
    (0..=8_i16).find_map(|away| {
        let away = if side == Side::Past { away.saturating_neg() } else { away };
        let year = u32::try_from(today.year().saturating_add(away)).ok()?;
        whole(year, month, day).filter(fits)
    })
}

/// The day of a month by itself: "23", "the 23rd", "23 d.", "23日".
fn lone(text: &str, tokens: &[Token], today: Date, side: Side) -> Option<Date> {
    let numbers: Vec<u32> = tokens
        .iter()
        .filter_map(|t| if let Token::Number(n, 1 | 2) = t { Some(*n) } else { None })
        .collect();
    let [day] = *numbers.as_slice() else { return None };
    let digits = tokens.iter().filter(|t| matches!(t, Token::Number(..))).count();
    if digits != 1 || Heard::new(text).words() > 3 {
        return None;
    }
    let day = i8::try_from(day).ok()?;
    let step: Span = if side == Side::Past { (-1).months() } else { 1.months() };
    let mut month = today.first_of_month();
    for _ in 0..3 {
        if let Ok(date) = Date::new(month.year(), month.month(), day) {
            let fits = if side == Side::Past { date <= today } else { date >= today };
            if fits {
                return Some(date);
            }
        }
        month = month.checked_add(step).ok()?;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shop::lang::language;
    use crate::shop::model::Lang;

    /// A Sunday.
    const TODAY: &str = "2026-11-22";

    fn on(tag: &str, text: &str, side: Side) -> Result<String, Wrong> {
        let language = language(&Lang(tag.into()));
        read(text, &[language], TODAY.parse().unwrap(), side).map(|d| d.to_string())
    }

    #[test]
    fn days_to_come_are_read_as_people_type_them() {
        for (tag, text, expected) in [
            ("lt", "rytoj 18:00", "2026-11-23"),
            ("lt", "Šiandien", "2026-11-22"),
            ("lt", "poryt", "2026-11-24"),
            ("lt", "penktadieni", "2026-11-27"),
            ("lt", "lapkričio 23", "2026-11-23"),
            ("lt", "lapkricio 23 d.", "2026-11-23"),
            ("lt", "11-23", "2026-11-23"),
            ("lt", "2026-11-23", "2026-11-23"),
            ("lt", "23 d.", "2026-11-23"),
            ("lt", "sausio 5", "2027-01-05"),
            ("en", "day after tomorrow", "2026-11-24"),
            ("en", "Friday, please", "2026-11-27"),
            ("en", "Friday 27 November at 6pm", "2026-11-27"),
            ("en", "November 23rd", "2026-11-23"),
            ("en", "23rd of November 2027", "2027-11-23"),
            ("en", "the 23rd", "2026-11-23"),
            ("en", "11/23", "2026-11-23"),
            ("en", "sunday", "2026-11-29"),
            ("de", "23.11.", "2026-11-23"),
            ("de", "23. 11. 2026", "2026-11-23"),
            ("de", "23.11.27", "2027-11-23"),
            ("de", "1.12. 10:00", "2026-12-01"),
            ("de", "übermorgen", "2026-11-24"),
            ("de", "am Freitagabend", "2026-11-27"),
            ("de", "1. Dezember um 10.30 Uhr", "2026-12-01"),
            ("es", "pasado mañana", "2026-11-24"),
            ("es", "el viernes a las 10 de la mañana", "2026-11-27"),
            ("es", "23 de noviembre de 2026", "2026-11-23"),
            ("fr", "après-demain", "2026-11-24"),
            ("fr", "1er décembre", "2026-12-01"),
            ("fr", "vendredi", "2026-11-27"),
            ("pl", "w piątek", "2026-11-27"),
            ("pl", "5 grudnia", "2026-12-05"),
            ("pt-BR", "depois de amanhã", "2026-11-24"),
            ("pt-BR", "sexta-feira", "2026-11-27"),
            ("pt-BR", "23/11", "2026-11-23"),
            ("ru", "завтра в 18:00", "2026-11-23"),
            ("ru", "в пятницу", "2026-11-27"),
            ("ru", "5 декабря", "2026-12-05"),
            ("zh-TW", "11月23日", "2026-11-23"),
            ("zh-TW", "明天下午三點", "2026-11-23"),
            ("zh-TW", "星期五", "2026-11-27"),
            ("zh-TW", "下週五", "2026-11-27"),
            ("zh-TW", "11/23", "2026-11-23"),
            ("zh-TW", "2026年12月1日", "2026-12-01"),
            ("zh-TW", "十二月一日", "2026-12-01"),
        ] {
            assert_eq!(on(tag, text, Side::Future).as_deref(), Ok(expected), "{tag} {text}");
        }
    }

    #[test]
    fn days_that_were_are_read_too() {
        for (text, expected) in [
            ("3.5.1990", "1990-05-03"),
            ("3.5.90", "1990-05-03"),
            ("May 3", "2026-05-03"),
            ("Friday", "2026-11-20"),
            ("1990-05-03", "1990-05-03"),
        ] {
            assert_eq!(on("en", text, Side::Past).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn the_wrong_side_of_today_is_told_apart_from_no_day() {
        assert_eq!(on("en", "2020-01-01", Side::Future), Err(Wrong::DatePast));
        assert_eq!(on("en", "tomorrow", Side::Past), Err(Wrong::DateFuture));
        for text in [
            "",
            "soon",
            "32.11.",
            "2026-02-30",
            "Monday or Friday",
            "10.30",
            "at 10:30",
            "1 2 3",
            "five people next time please 4",
        ] {
            assert_eq!(on("en", text, Side::Future), Err(Wrong::Date), "{text:?}");
        }
    }

    #[test]
    fn a_leap_day_is_found() {
        assert_eq!(on("en", "29 February", Side::Future).as_deref(), Ok("2028-02-29"));
    }

    proptest::proptest! {
        #[test]
        fn anything_can_be_read(text in "[0-9./:年月日 a-zą十-]{0,24}") {
            for tag in ["lt", "en", "zh-TW"] {
                for side in [Side::Future, Side::Past, Side::Any] {
                    let _ = on(tag, &text, side);
                }
            }
        }

        #[test]
        fn every_day_can_be_typed_in_full(days in 0..3_000_i64) {
            let date = TODAY.parse::<Date>().unwrap().checked_add(days.days()).unwrap();
            proptest::prop_assert_eq!(on("en", &date.to_string(), Side::Future), Ok(date.to_string()));
        }
    }
}
