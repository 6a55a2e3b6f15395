//! What was typed, cut into numbers, words and signs, and phrases found in it.

use crate::faq::normalise::{normalise, spelled};
use crate::shop::lang::Language;
use crate::shop::model::{Lang, Shop};

/// Longer messages hold no day, time or number that could be meant.
const LONGEST: usize = 300;

/// A piece of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// Digits, and how many.
    Number(u32, usize),
    /// Letters, folded.
    Word(String),
    /// Anything else but white space.
    Sign(char),
}

/// The message in pieces, with Chinese numerals before a counter made digits.
pub(super) fn tokens(text: &str) -> Vec<Token> {
    let plain: String = spelled(text.chars().take(LONGEST)).collect();
    let plain = arabic(&plain);
    let mut tokens = Vec::new();
    let mut rest = plain.as_str();
    while let Some(first) = rest.chars().next() {
        let is = |test: fn(char) -> bool| {
            rest.char_indices().find(|(_, c)| !test(*c)).map_or(rest.len(), |(at, _)| at)
        };
        let length = if first.is_ascii_digit() {
            is(|c| c.is_ascii_digit())
        } else if first.is_alphabetic() {
            is(|c| c.is_alphabetic() || matches!(c, '\'' | '’'))
        } else {
            first.len_utf8()
        };
        let (piece, after) = rest.split_at_checked(length).unwrap_or((rest, ""));
        if first.is_ascii_digit() {
            tokens.push(Token::Number(piece.parse().unwrap_or(u32::MAX), piece.len()));
        } else if first.is_alphabetic() {
            tokens.push(Token::Word(normalise(piece)));
        } else if !first.is_whitespace() {
            tokens.push(Token::Sign(first));
        }
        rest = after;
    }
    tokens
}

/// What follows a number in Chinese.
const COUNTERS: &str = "點点時时月日號号人位個个份名大";

/// Chinese numerals up to 99 before a counter, or as the whole message, as digits.
fn arabic(text: &str) -> String {
    let trimmed = text.trim();
    let mut out = String::with_capacity(text.len());
    let mut run = String::new();
    for c in text.chars().chain([' ']) {
        if numeral(c).is_some() {
            run.push(c);
            continue;
        }
        if !run.is_empty() {
            let counted = COUNTERS.contains(c) || run == trimmed;
            match value(&run).filter(|_| counted) {
                Some(number) => out.push_str(&number.to_string()),
                None => out.push_str(&run),
            }
            run.clear();
        }
        out.push(c);
    }
    out
}

fn numeral(c: char) -> Option<u32> {
    Some(match c {
        '一' => 1,
        '二' | '兩' | '两' => 2,
        '三' => 3,
        '四' => 4,
        '五' => 5,
        '六' => 6,
        '七' => 7,
        '八' => 8,
        '九' => 9,
        '十' => 10,
        _ => return None,
    })
}

/// 三, 十二, 二十, 二十三.
fn value(run: &str) -> Option<u32> {
    let digits: Vec<u32> = run.chars().filter_map(numeral).collect();
    match *digits.as_slice() {
        [one] => Some(one),
        [10, one] if one < 10 => Some(one.saturating_add(10)),
        [ten, 10] if ten < 10 => Some(ten.saturating_mul(10)),
        [ten, 10, one] if ten < 10 && one < 10 => Some(ten.saturating_mul(10).saturating_add(one)),
        _ => None,
    }
}

/// A message in which phrases are looked for.
pub(super) struct Heard {
    /// Folded, with a space at each end.
    padded: String,
    /// Without spaces, for languages that write none.
    joined: String,
}

impl Heard {
    pub fn new(text: &str) -> Self {
        // "6pm" is two words.
        let mut cut = String::new();
        for c in text.chars().take(LONGEST) {
            if c.is_ascii_alphabetic() && cut.ends_with(|last: char| last.is_ascii_digit()) {
                cut.push(' ');
            }
            cut.push(c);
        }
        let folded = normalise(&cut);
        Self { joined: folded.replace(' ', ""), padded: format!(" {folded} ") }
    }

    /// Whether any of the phrases stands in the message as whole words; one that ends with `*`
    /// as the beginning of a word.
    pub fn has(&self, phrases: &[&str]) -> bool {
        phrases.iter().any(|phrase| self.at(phrase))
    }

    fn at(&self, phrase: &str) -> bool {
        let (stem, open) = phrase.strip_suffix('*').map_or((phrase, false), |stem| (stem, true));
        let folded = normalise(stem);
        if folded.is_empty() {
            return false;
        }
        if is_cjk(&folded) {
            self.joined.contains(&folded)
        } else if open {
            self.padded.contains(&format!(" {folded}"))
        } else {
            self.padded.contains(&format!(" {folded} "))
        }
    }

    /// Takes phrases out, so that what is part of them is not found again.
    pub fn without(&self, phrases: &[&str]) -> Self {
        let mut rest = Self { padded: self.padded.clone(), joined: self.joined.clone() };
        for phrase in phrases {
            let folded = normalise(phrase);
            if is_cjk(&folded) {
                rest.joined = rest.joined.replace(&folded, " ");
            } else if !folded.is_empty() {
                rest.padded = rest.padded.replace(&format!(" {folded} "), " ");
            }
        }
        rest
    }

    /// How many words it has.
    pub fn words(&self) -> usize {
        self.padded.split_whitespace().count()
    }
}

/// Whether a word is this entry of a word list.
pub(super) fn is_word(word: &str, entry: &str) -> bool {
    match entry.strip_suffix('*') {
        Some(stem) => word.starts_with(&normalise(stem)),
        None => normalise(entry) == word,
    }
}

fn is_cjk(text: &str) -> bool {
    text.chars().any(|c| matches!(c, '\u{3040}'..='\u{30FF}' | '\u{3400}'..='\u{9FFF}'))
}

/// The languages that a message may be written in, the likeliest first.
pub(super) fn languages(shop: &Shop, lang: &Lang) -> Vec<&'static Language> {
    let mut all: Vec<&'static Language> = Vec::new();
    let english = Lang("en".to_owned());
    for lang in [lang].into_iter().chain(&shop.languages).chain([&english]) {
        let language = crate::shop::lang::language(lang);
        if !all.iter().any(|known| known.code == language.code) {
            all.push(language);
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chinese_numerals_become_digits_where_something_is_counted() {
        for (text, expected) in [
            ("三點", "3點"),
            ("十二點", "12點"),
            ("二十三日", "23日"),
            ("星期三", "星期三"),
            ("兩位", "2位"),
            ("四", "4"),
            ("十一月", "11月"),
        ] {
            assert_eq!(arabic(text).trim(), expected);
        }
    }

    #[test]
    fn phrases_are_found_as_words_and_stems_as_beginnings() {
        let heard = Heard::new("Gal penktadienį, po pietų?");
        assert!(heard.has(&["penktad*"]));
        assert!(heard.has(&["po pietų"]));
        assert!(!heard.has(&["pen"]));
        assert!(!heard.without(&["po pietų"]).has(&["po pietų"]));
        assert!(Heard::new("我明天下午").has(&["明天"]));
    }
}
