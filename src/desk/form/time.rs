//! A time of day, as people type it: `18:00`, `18.30`, `18h30`, `6 pm`, `18 val.`, `下午3點半`,
//! noon.

use super::tokens::{Heard, Token, tokens};
use crate::shop::lang::Language;

/// Words after an hour, folded.
const HOUR_WORDS: [&str; 11] =
    ["h", "hs", "hrs", "val", "valanda", "valandą", "uhr", "ч", "час", "часов", "horas"];

/// The time of day in minutes after midnight; `bare` says whether a lone number is an hour.
pub(super) fn read(text: &str, languages: &[&Language], bare: bool) -> Option<u16> {
    let tokens = tokens(text);
    let heard = Heard::new(text);
    let half = half_day(&heard, languages);
    let mut found: Vec<u16> =
        explicit(&tokens, half).into_iter().filter_map(|(h, m)| minutes(h, m, half)).collect();
    if found.is_empty() && languages.iter().any(|l| heard.has(l.form_words.noon)) {
        found.push(12 * 60);
    }
    if found.is_empty() && bare {
        found = lone(&tokens).and_then(|(h, m)| minutes(h, m, half)).into_iter().collect();
    }
    found.dedup();
    match *found.as_slice() {
        [one] => Some(one),
        _ => None,
    }
}

/// Before noon or after, when it is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum HalfDay {
    Am,
    Pm,
}

fn half_day(heard: &Heard, languages: &[&Language]) -> Option<HalfDay> {
    // The first language that says it: "dia" is no time of day in every language.
    languages.iter().find_map(|language| {
        let words = &language.form_words;
        if heard.has(words.pm) {
            Some(HalfDay::Pm)
        } else {
            heard.has(words.am).then_some(HalfDay::Am)
        }
    })
}

fn minutes(hour: u32, minute: u32, half: Option<HalfDay>) -> Option<u16> {
    let hour = match half {
        Some(HalfDay::Pm) if (1..12).contains(&hour) => hour.saturating_add(12),
        Some(HalfDay::Am) if hour == 12 => 0,
        _ => hour,
    };
    if hour > 23 || minute > 59 {
        return None;
    }
    u16::try_from(hour.saturating_mul(60).saturating_add(minute)).ok()
}

/// Hours and minutes that cannot be anything else.
fn explicit(tokens: &[Token], half: Option<HalfDay>) -> Vec<(u32, u32)> {
    use Token::{Number, Sign, Word};
    let mut found = Vec::new();
    let mut rest = tokens;
    while let Some((_, after)) = rest.split_first() {
        let (time, used) = match rest {
            [Number(h, _), Sign(':'), Number(m, 2), Sign(':'), Number(_, 2), ..] => {
                (Some((*h, *m)), 5)
            }
            [Number(h, _), Sign(':'), Number(m, 2), ..] => (Some((*h, *m)), 3),
            [Number(h, _), Word(w), Number(m, 2), ..] if w == "h" => (Some((*h, *m)), 3),
            [Number(h, _), Word(w), Number(m, _), ..] if is_cjk_hour(w) => (Some((*h, *m)), 3),
            [Number(h, _), Word(w), ..] if is_cjk_hour(w) => {
                let half_past = w.chars().nth(1) == Some('半');
                (Some((*h, if half_past { 30 } else { 0 })), 2)
            }
            [Number(h, _), Word(w), ..] if HOUR_WORDS.contains(&w.as_str()) => (Some((*h, 0)), 2),
            [Number(h, _), Sign('.'), Number(m, 2), Word(w), ..]
                if HOUR_WORDS.contains(&w.as_str()) =>
            {
                (Some((*h, *m)), 4)
            }
            // "6pm", "6 p.m."
            [Number(h, _), Word(w), ..]
                if half.is_some() && matches!(w.as_str(), "am" | "pm" | "a" | "p") =>
            {
                (Some((*h, 0)), 2)
            }
            _ => (None, 1),
        };
        found.extend(time);
        rest = rest.get(used..).unwrap_or(after);
    }
    found
}

fn is_cjk_hour(word: &str) -> bool {
    word.starts_with(['點', '点', '時', '时'])
}

/// The only number of a message: `18`, `18.30`, `1830`.
fn lone(tokens: &[Token]) -> Option<(u32, u32)> {
    let numbers: Vec<(u32, usize)> = tokens
        .iter()
        .filter_map(|t| if let Token::Number(n, len) = t { Some((*n, *len)) } else { None })
        .collect();
    match *numbers.as_slice() {
        [(n, 1 | 2)] => Some((n, 0)),
        [(n, 3 | 4)] => Some((n / 100, n % 100)),
        [(h, 1 | 2), (m, 2)] => {
            let joined = tokens.windows(3).any(|w| {
                matches!(w, [Token::Number(..), Token::Sign('.' | ',' | '-'), Token::Number(..)])
            });
            // "18-20" is from when to when.
            let range = tokens.contains(&Token::Sign('-')) && m > 0 && m < 24 && m > h;
            (joined && !range).then_some((h, m))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shop::lang::language;
    use crate::shop::model::Lang;

    fn heard(tag: &str, text: &str) -> Option<String> {
        let language = language(&Lang(tag.into()));
        read(text, &[language], true).map(|m| format!("{}:{:02}", m / 60, m % 60))
    }

    #[test]
    fn times_are_read_as_people_type_them() {
        for (tag, text, expected) in [
            ("lt", "18:00", "18:00"),
            ("lt", "18 val.", "18:00"),
            ("lt", "rytoj 18:30", "18:30"),
            ("lt", "6 vakaro", "18:00"),
            ("lt", "18.30", "18:30"),
            ("en", "6 pm", "18:00"),
            ("en", "6:30pm", "18:30"),
            ("en", "9 in the morning", "9:00"),
            ("en", "12 am", "0:00"),
            ("en", "at noon", "12:00"),
            ("en", "1830", "18:30"),
            ("de", "18 Uhr", "18:00"),
            ("de", "um 9.15 Uhr", "9:15"),
            ("fr", "18h30", "18:30"),
            ("fr", "18 h", "18:00"),
            ("pt-BR", "às 18h", "18:00"),
            ("pt-BR", "3 da tarde", "15:00"),
            ("es", "6 de la tarde", "18:00"),
            ("es", "10 de la mañana", "10:00"),
            ("pl", "o 18", "18:00"),
            ("ru", "в 6 вечера", "18:00"),
            ("ru", "в 18:00", "18:00"),
            ("zh-TW", "晚上6點", "18:00"),
            ("zh-TW", "下午三點半", "15:30"),
            ("zh-TW", "18:00", "18:00"),
            ("zh-TW", "中午", "12:00"),
            ("zh-TW", "上午10點15分", "10:15"),
        ] {
            assert_eq!(heard(tag, text).as_deref(), Some(expected), "{tag} {text}");
        }
    }

    #[test]
    fn what_is_no_time_is_none() {
        for text in ["", "later", "25:00", "18:75", "18:00 or 19:00", "18-20", "1 2 3", "99"] {
            assert_eq!(heard("en", text), None, "{text:?}");
        }
    }
}
