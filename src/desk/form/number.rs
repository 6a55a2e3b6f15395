//! A number, as people type it: `4`, `1,5`, `1.200,50`, `4 people`, "four", `四位`.

use super::Wrong;
use super::tokens::{Token, is_word, tokens};
use crate::faq::normalise::spelled;
use crate::shop::forms::Decimal;
use crate::shop::lang::Language;

/// More digits are no number that a shop asks for.
const MOST_DIGITS: usize = 12;

/// The only number of a message.
pub(super) fn read(
    text: &str,
    languages: &[&Language],
    (min, max, whole): (Option<i64>, Option<i64>, bool),
) -> Result<Decimal, Wrong> {
    let number = digits(text, languages).or_else(|| in_words(text, languages));
    let number = number.ok_or(Wrong::Number)?;
    if whole && !number.is_whole() {
        return Err(Wrong::NotWhole);
    }
    if let Some(min) = min.filter(|min| number < Decimal::whole(*min)) {
        return Err(Wrong::TooSmall(min));
    }
    if let Some(max) = max.filter(|max| number > Decimal::whole(*max)) {
        return Err(Wrong::TooBig(max));
    }
    Ok(number)
}

/// The only run of digits with their signs.
fn digits(text: &str, languages: &[&Language]) -> Option<Decimal> {
    let mut runs: Vec<String> = Vec::new();
    let mut run = String::new();
    let plain: String = spelled(text.chars().take(300)).collect();
    let mut before = ' ';
    let mut chars = plain.chars().peekable();
    while let Some(c) = chars.next() {
        let next_is_digit = chars.peek().is_some_and(char::is_ascii_digit);
        let inside = !run.is_empty() && next_is_digit;
        if c.is_ascii_digit()
            || (inside && matches!(c, '.' | ',' | ' ' | '\'' | '’'))
            || (run.is_empty() && c == '-' && next_is_digit && !before.is_alphanumeric())
        {
            run.push(c);
        } else if !run.is_empty() {
            runs.push(std::mem::take(&mut run));
        }
        before = c;
    }
    if !run.is_empty() {
        runs.push(run);
    }
    match runs.as_slice() {
        [one] => parse(one, languages.first().is_none_or(|l| l.form_words.decimal_comma)),
        [] => {
            // Chinese numerals are digits by now.
            let numbers: Vec<u32> = tokens(text)
                .into_iter()
                .filter_map(|t| if let Token::Number(n, _) = t { Some(n) } else { None })
                .collect();
            match *numbers.as_slice() {
                [one] => Some(Decimal::whole(i64::from(one))),
                _ => None,
            }
        }
        _ => None,
    }
}

/// Reads `-1.200,50`. A sign that comes once with three digits after it groups thousands if that
/// is its use in this language; otherwise it begins the decimals.
fn parse(run: &str, decimal_comma: bool) -> Option<Decimal> {
    let (negative, run) = run.strip_prefix('-').map_or((false, run), |rest| (true, rest));
    let grouping = if decimal_comma { '.' } else { ',' };
    let last = run.rfind(['.', ',']);
    let point = last.filter(|at| {
        let sign = run.get(*at..).and_then(|rest| rest.chars().next());
        let after = run.len().saturating_sub(at.saturating_add(1));
        let once = sign.is_some_and(|sign| run.matches(sign).count() == 1);
        let groups = after == 3 && (sign == Some(grouping) || !once);
        once && !groups
    });
    let (whole, part) = match point {
        Some(at) => (run.get(..at)?, run.get(at.saturating_add(1)..)?),
        None => (run, ""),
    };
    // What groups digits stands before three of them.
    let groups: Vec<&str> = whole.split(['.', ',', ' ', '\'', '’']).collect();
    if groups.iter().skip(1).any(|group| group.len() != 3) || part.contains([' ', '.', ',']) {
        return None;
    }
    let whole: String = groups.concat();
    if whole.len() > MOST_DIGITS {
        return None;
    }
    let part: String = part.chars().chain("000".chars()).take(3).collect();
    let thousandths =
        whole.parse::<i64>().ok()?.checked_mul(1_000)?.checked_add(part.parse().ok()?)?;
    Some(Decimal { thousandths: if negative { thousandths.checked_neg()? } else { thousandths } })
}

/// One to ten in words, if exactly one is said.
fn in_words(text: &str, languages: &[&Language]) -> Option<Decimal> {
    let tokens = tokens(text);
    let words: Vec<&str> = tokens
        .iter()
        .filter_map(|t| if let Token::Word(word) = t { Some(word.as_str()) } else { None })
        .collect();
    languages.iter().find_map(|language| {
        let said = language.form_words.numbers.iter().zip(1_i64..);
        let mut said = said.filter(|(names, _)| {
            names.iter().any(|name| words.iter().any(|word| is_word(word, name)))
        });
        let (_, number) = said.next()?;
        said.next().is_none().then(|| Decimal::whole(number))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shop::lang::language;
    use crate::shop::model::Lang;

    fn heard(tag: &str, text: &str) -> Option<i64> {
        let language = language(&Lang(tag.into()));
        read(text, &[language], (None, None, false)).ok().map(|n| n.thousandths)
    }

    #[test]
    fn numbers_are_read_as_people_type_them() {
        for (tag, text, expected) in [
            ("lt", "4", 4_000),
            ("lt", "1,5", 1_500),
            ("lt", "1.5 kg", 1_500),
            ("lt", "1 200", 1_200_000),
            ("lt", "1.200", 1_200_000),
            ("en", "1,200", 1_200_000),
            ("en", "1.200", 1_200),
            ("de", "1.200,50 €", 1_200_500),
            ("en", "1,200.50", 1_200_500),
            ("en", "$40", 40_000),
            ("en", "we are 4 people", 4_000),
            ("en", "four", 4_000),
            ("lt", "mes dviese", 2_000),
            ("pl", "pięć osób", 5_000),
            ("zh-TW", "４位", 4_000),
            ("zh-TW", "四位", 4_000),
            ("zh-TW", "四", 4_000),
            ("en", "-3", -3_000),
        ] {
            assert_eq!(heard(tag, text), Some(expected), "{tag} {text}");
        }
    }

    #[test]
    fn what_is_no_number_or_two_is_none() {
        for text in ["", "many", "4 or 5", "2-3", "1.2.3", "12 34", "9999999999999", "1,2,3"] {
            assert_eq!(heard("en", text), None, "{text:?}");
        }
    }

    #[test]
    fn limits_are_told_apart() {
        let en = [language(&Lang("en".into()))];
        let rule = (Some(1), Some(8), true);
        assert_eq!(read("0", &en, rule), Err(Wrong::TooSmall(1)));
        assert_eq!(read("9", &en, rule), Err(Wrong::TooBig(8)));
        assert_eq!(read("2.5", &en, rule), Err(Wrong::NotWhole));
        assert_eq!(read("8", &en, rule), Ok(Decimal::whole(8)));
    }

    proptest::proptest! {
        #[test]
        fn anything_can_be_read(text in "[0-9., '’\\-a四十]{0,30}") {
            let _ = heard("lt", &text);
        }

        #[test]
        fn what_is_written_is_read_back(thousandths in -9_999_999_i64..9_999_999) {
            let written = Decimal { thousandths }.written(',');
            // Three decimals after a comma are decimals where commas begin them.
            assert_eq!(heard("lt", &written), Some(thousandths), "{written}");
        }
    }
}
