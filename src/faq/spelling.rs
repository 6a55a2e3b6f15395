//! A word as people spell it on a plain keyboard, by tables: what NFKC, lower case, NFKD without
//! diacritics, and NFC make of a character, in one step. The tables of those four would be a tenth
//! of the bundle; these are made from them, and a test says when they are stale.

mod table;

use table::{MANY, PAIRS, RUNS, TEXT};

/// `text` as it would be typed on a plain keyboard: compatibility forms and full width as plain ones,
/// small letters, without diacritics, apostrophes and what cannot be seen; everything else stays.
/// Marks that stand in another than their canonical order stay in it.
pub fn spelled(text: impl Iterator<Item = char>) -> impl Iterator<Item = char> {
    Composed { decomposed: text.flat_map(one), last: None }
}

/// A full-width form as the plain character, and nothing else.
#[must_use]
pub fn half_width(c: char) -> char {
    match c {
        '\u{ff01}'..='\u{ff5e}' => {
            u32::from(c).checked_sub(0xfee0).and_then(char::from_u32).unwrap_or(c)
        }
        '\u{3000}' => ' ',
        _ => c,
    }
}

/// What becomes of one character, most often itself.
fn one(c: char) -> impl Iterator<Item = char> {
    let (one, many) = if is_dropped(c) {
        (None, "")
    } else if let Some(text) = many(c) {
        (None, text)
    } else {
        (Some(run(c).unwrap_or(c)), "")
    };
    one.into_iter().chain(many.chars())
}

fn run(c: char) -> Option<char> {
    let wanted = u32::from(c);
    let at = RUNS.partition_point(|[run, _]| run >> 11 <= wanted).checked_sub(1)?;
    let [run, to] = RUNS.get(at)?;
    let (first, count) = (run >> 11, run & 0x7ff);
    let (step, stride) = ((to & 1).checked_add(1)?, to >> 1 & 3);
    let offset = wanted.checked_sub(first)?;
    if offset.checked_rem(step)? != 0 || offset.checked_div(step)? >= count {
        return None;
    }
    let further = offset.checked_div(step)?.checked_mul(stride)?;
    char::from_u32((to >> 3).checked_add(further)?)
}

fn many(c: char) -> Option<&'static str> {
    let wanted = u32::from(c);
    let at = MANY.binary_search_by_key(&wanted, |[c, _]| *c).ok()?;
    let [_, place] = MANY.get(at)?;
    let from = usize::try_from(place >> 8).ok()?;
    TEXT.get(from..from.checked_add(usize::try_from(place & 0xff).ok()?)?)
}

/// Joins what Unicode writes as one character: kana and their sound marks, Hangul, Indic vowels.
struct Composed<I> {
    decomposed: I,
    last: Option<char>,
}

impl<I: Iterator<Item = char>> Iterator for Composed<I> {
    type Item = char;

    fn next(&mut self) -> Option<char> {
        for c in self.decomposed.by_ref() {
            match self.last.and_then(|last| composed(last, c)) {
                Some(both) => self.last = Some(both),
                None => {
                    if let Some(last) = self.last.replace(c) {
                        return Some(last);
                    }
                }
            }
        }
        self.last.take()
    }
}

fn composed(a: char, b: char) -> Option<char> {
    let (first, second) = (u32::from(a), u32::from(b));
    // Hangul is reckoned, not listed (The Unicode Standard, 3.12).
    if let (0x1100..=0x1112, 0x1161..=0x1175) = (first, second) {
        let (lead, vowel) = (first.checked_sub(0x1100)?, second.checked_sub(0x1161)?);
        let at = lead.checked_mul(21)?.checked_add(vowel)?.checked_mul(28)?;
        return char::from_u32(at.checked_add(0xac00)?);
    }
    if let (0xac00..=0xd7a3, 0x11a8..=0x11c2) = (first, second) {
        let open = first.checked_sub(0xac00)?.checked_rem(28)? == 0;
        let tail = second.checked_sub(0x11a7)?;
        return open.then(|| char::from_u32(first.checked_add(tail)?)).flatten();
    }
    let at = PAIRS.binary_search_by_key(&(first, second), |[a, b, _]| (*a, *b)).ok()?;
    char::from_u32(PAIRS.get(at)?[2])
}

/// Characters that leave no trace, not even a space. Marks of other scripts stay: without its
/// vowel signs Hindi is not Hindi.
pub(super) fn is_dropped(c: char) -> bool {
    let apostrophe = matches!(c, '\'' | '\u{2019}' | '\u{2018}' | '\u{02BC}' | '`');
    let diacritic = matches!(u32::from(c),
        0x0300..=0x036F // combining diacritical marks
        | 0x1AB0..=0x1AFF
        | 0x1DC0..=0x1DFF
        | 0x20D0..=0x20FF // enclosing marks: keycaps
        | 0xFE20..=0xFE2F
        | 0x0591..=0x05BD // Hebrew points
        | 0x064B..=0x065F // Arabic vowel signs
        | 0x0670);
    let invisible = matches!(u32::from(c),
        0x00AD // soft hyphen
        | 0x180B..=0x180F
        | 0x200B..=0x200F // zero width, direction marks
        | 0x202A..=0x202E
        | 0x2060..=0x206F
        | 0xFE00..=0xFE0F // variation selectors
        | 0xFEFF
        | 0xE0000..=0xE01EF); // tags, more variation selectors
    apostrophe || diacritic || invisible
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;
    use unicode_normalization::UnicodeNormalization;
    use unicode_normalization::char::compose;

    use super::*;

    /// What the tables stand for.
    fn by_the_book(word: &str) -> String {
        word.chars()
            .nfkc()
            .flat_map(char::to_lowercase)
            .nfkd()
            .filter(|&c| !is_dropped(c))
            .flat_map(|c| Spelled::of(c).chars())
            .nfc()
            .collect()
    }

    /// Letters that Unicode does not decompose.
    enum Spelled {
        Same(char),
        As(&'static str),
    }

    impl Spelled {
        fn of(c: char) -> Self {
            Self::As(match c {
                'ß' => "ss",
                'ł' => "l",
                'ø' => "o",
                'đ' | 'ð' => "d",
                'þ' => "th",
                'æ' => "ae",
                'œ' => "oe",
                'ħ' => "h",
                'ı' => "i",
                'ŋ' => "n",
                'ŧ' => "t",
                'ς' => "σ",
                _ => return Self::Same(c),
            })
        }

        fn chars(self) -> impl Iterator<Item = char> {
            let (one, many) = match self {
                Self::Same(c) => (Some(c), ""),
                Self::As(text) => (None, text),
            };
            one.into_iter().chain(many.chars())
        }
    }

    /// Every character that becomes something else and is not dropped.
    fn changed() -> BTreeMap<u32, String> {
        let all = (0..=0x10_ffff).filter_map(char::from_u32).filter(|c| !is_dropped(*c));
        let spelled = all.map(|c| (u32::from(c), by_the_book(&c.to_string())));
        spelled.filter(|(c, to)| *to != char::from_u32(*c).unwrap().to_string()).collect()
    }

    /// The tables, as they stand in `spelling/table.rs`.
    fn tables() -> String {
        let changed = changed();
        let single = |to: &String| {
            let mut chars = to.chars();
            chars.next().filter(|_| chars.next().is_none()).map(u32::from)
        };
        let singles: BTreeMap<u32, u32> =
            changed.iter().filter_map(|(c, to)| Some((*c, single(to)?))).collect();
        let mut left = singles.clone();
        let mut runs: Vec<[u32; 2]> = Vec::new();
        while let Some((&first, &to)) = left.iter().next() {
            // The longest of the runs that begin here. None encloses another.
            let long = |step: u32, stride: u32| {
                let fits = |n: &u32| {
                    let at = first + n * step;
                    let free = *n == 0 || step == 1 || !singles.contains_key(&(at - 1));
                    free && left.get(&at) == Some(&(to + n * stride))
                };
                (0..0x7ff).take_while(fits).count()
            };
            let (step, stride) = [(1, 1), (1, 0), (2, 2), (2, 1), (2, 0)]
                .into_iter()
                .max_by_key(|(step, stride)| (long(*step, *stride), 2 - step))
                .unwrap();
            let count = u32::try_from(long(step, stride)).unwrap();
            for n in 0..count {
                left.remove(&(first + n * step));
            }
            runs.push([first << 11 | count, to << 3 | stride << 1 | (step - 1)]);
        }
        let mut text = String::new();
        let mut many = Vec::new();
        let mut longest: Vec<(&u32, &String)> =
            changed.iter().filter(|(_, to)| single(to).is_none()).collect();
        longest.sort_by_key(|(c, to)| (std::cmp::Reverse(to.len()), **c));
        for (c, to) in longest {
            let at = text.find(to.as_str()).unwrap_or_else(|| {
                text.push_str(to);
                text.len() - to.len()
            });
            many.push([*c, u32::try_from(at << 8 | to.len()).unwrap()]);
        }
        many.sort_unstable();
        let stays = |c: char| by_the_book(&c.to_string()) == c.to_string();
        let pair = |both: char| {
            let mut parts: Vec<char> = both.to_string().nfd().collect();
            let second = parts.pop()?;
            let mut first = parts.into_iter().nfc();
            let (first, None) = (first.next()?, first.next()) else { return None };
            let listed = !matches!(both, '\u{ac00}'..='\u{d7a3}')
                && compose(first, second) == Some(both)
                && [first, second, both].into_iter().all(stays);
            listed.then(|| [first, second, both].map(u32::from))
        };
        let mut pairs: Vec<[u32; 3]> =
            (0..=0x10_ffff).filter_map(char::from_u32).filter_map(pair).collect();
        pairs.sort_unstable();
        format!(
            "//! Made by a test in `spelling.rs`, which says how.\n\n\
             /// Runs of characters that become one: first << 11 | count, and what the first becomes \
             << 3 |\n/// how far apart the results are << 1 | how far apart the characters are - 1.\n\
             #[rustfmt::skip]\npub(super) static RUNS: [[u32; 2]; {}] = [\n{}];\n\n\
             /// Characters that become several: the character, where in the text << 8 | how many bytes.\n\
             #[rustfmt::skip]\npub(super) static MANY: [[u32; 2]; {}] = [\n{}];\n\n\
             #[rustfmt::skip]\npub(super) static TEXT: &str = {text:?};\n\n\
             /// What two characters become together.\n\
             #[rustfmt::skip]\npub(super) static PAIRS: [[u32; 3]; {}] = [\n{}];\n",
            runs.len(),
            listed(&runs),
            many.len(),
            listed(&many),
            pairs.len(),
            listed(&pairs),
        )
    }

    fn listed<const N: usize>(rows: &[[u32; N]]) -> String {
        let cell = |row: &[u32; N]| {
            let numbers: Vec<String> = row.iter().map(|number| format!("{number:#x}")).collect();
            format!("[{}],", numbers.join(","))
        };
        rows.chunks(6).map(|line| line.iter().map(cell).collect::<String>() + "\n").collect()
    }

    #[test]
    fn tables_are_what_unicode_says_today() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/faq/spelling/table.rs");
        let made = tables();
        if std::env::var_os("UPDATE_TABLES").is_some() {
            std::fs::write(path, &made).unwrap();
        }
        let is = std::fs::read_to_string(path).unwrap();
        assert!(is == made, "stale: run UPDATE_TABLES=1 cargo test --lib faq::spelling");
    }

    #[test]
    fn full_width_becomes_plain_and_the_rest_stays() {
        let plain: String = "Ｏｎａ＠Ｃａｆｅ．ｌｔ　ｏｋ Žė½".chars().map(half_width).collect();
        assert_eq!(plain, "Ona@Cafe.lt ok Žė½");
    }

    #[test]
    fn every_character_is_spelled_by_the_book() {
        for c in (0..=0x10_ffff).filter_map(char::from_u32) {
            let text = c.to_string();
            let ours: String = spelled(text.chars()).collect();
            assert_eq!(ours, by_the_book(&text), "{c:?} U+{:04X}", u32::from(c));
        }
    }

    proptest! {
        #[test]
        fn words_are_spelled_by_the_book(
            text in "[a-zA-ZÀ-žΑ-ωЀ-џא-תء-ي\u{300}-\u{345}ガ-ンか-と\u{3099}\u{309A}가-힣\u{1100}-\u{11FF}\u{FB00}-\u{FB06}Ａ-ｚｦ-ﾟ]{0,20}"
        ) {
            prop_assert_eq!(spelled(text.chars()).collect::<String>(), by_the_book(&text));
        }
    }
}
