//! One folding for both sides: what customers type and what owners wrote meet here.

use unicode_normalization::char::is_combining_mark;

use super::spelling::is_dropped;
pub use super::spelling::{half_width, spelled};

/// The longest text looked at, in characters. More changes no decision and costs time.
pub const MAX_CHARS: usize = 1_000;

/// Folds `text` so that spelling, not typing habits, decides: compatibility forms and full width
/// (NFKC), lower case, without Latin, Greek, Cyrillic, Arabic and Hebrew diacritics, apostrophes
/// dropped, other punctuation and emoji to a space, white space collapsed, a letter written three
/// times or more in a row written twice ("heeello" becomes "heello").
///
/// Idempotent. Reads and yields at most [`MAX_CHARS`] characters.
#[must_use]
pub fn normalise(text: &str) -> String {
    folded(text).collect()
}

/// The characters of [`normalise`], one by one: who compares them need not fold to the end.
pub(super) fn folded(text: &str) -> impl Iterator<Item = char> {
    let end = text.char_indices().nth(MAX_CHARS).map_or(text.len(), |(at, _)| at);
    // Nothing combines across a space, so words can be folded one by one, and most are plain.
    let words = text.get(..end).unwrap_or_default().split_inclusive(' ');
    let spelled = words.flat_map(|word| {
        let (plain, other) = if word.is_ascii() { (word, "") } else { ("", word) };
        let plain = plain.chars().filter(|&c| !is_dropped(c)).map(|c| c.to_ascii_lowercase());
        plain.chain(spelled(other.chars()))
    });
    Tidied { spelled, last: ' ', run: 0, left: MAX_CHARS, held_back: None }
}

/// Spaces between words and nowhere else, no letter more than twice in a row, [`MAX_CHARS`] at most.
struct Tidied<I> {
    spelled: I,
    last: char,
    /// How often `last` came in a row.
    run: usize,
    left: usize,
    /// What follows a space that has just been given out.
    held_back: Option<char>,
}

impl<I: Iterator<Item = char>> Iterator for Tidied<I> {
    type Item = char;

    fn next(&mut self) -> Option<char> {
        if let Some(c) = self.held_back.take() {
            return Some(c);
        }
        let mut after_space = false;
        loop {
            let c = self.spelled.next()?;
            let c = if c.is_alphanumeric() || is_combining_mark(c) { c } else { ' ' };
            self.run = if c == self.last { self.run.saturating_add(1) } else { 1 };
            let repeats =
                if c == ' ' { self.last == ' ' } else { self.run > 2 && c.is_alphabetic() };
            self.last = c;
            if repeats {
                continue;
            }
            if c == ' ' {
                after_space = true;
                continue;
            }
            let needed = if after_space { 2 } else { 1 };
            self.left = self.left.checked_sub(needed)?;
            if after_space {
                self.held_back = Some(c);
                return Some(' ');
            }
            return Some(c);
        }
    }
}

/// Scripts whose characters carry meaning one by one: Han, kana, bopomofo and Hangul. Their
/// words are not told apart by spaces (Hangul: only partly), so they are matched by substrings.
#[must_use]
pub(super) fn is_cjk(c: char) -> bool {
    matches!(u32::from(c),
        0x3005..=0x3007
        | 0x3041..=0x312F
        | 0x31A0..=0x31BF
        | 0x31F0..=0x31FF
        | 0x3400..=0x4DBF
        | 0x4E00..=0x9FFF
        | 0xAC00..=0xD7A3
        | 0xF900..=0xFAFF
        | 0x20000..=0x323AF)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn spellings_meet() {
        for (typed, folded) in [
            ("Ačiū, ĮĖŠŲŪŽ!", "aciu iesuuz"),
            ("Straße STRASSE", "strasse strasse"),
            ("Łódź Ørsted Þór", "lodz orsted thor"),
            ("ＣＡＦＥ　１２３", "cafe 123"),
            ("ﬁne ①", "fine 1"),
            ("heeello   thereeee", "heello theree"),
            ("10000 €", "10000"),
            ("don’t  l'eau", "dont leau"),
            ("wi-fi?! 👍🏽👨‍👩‍👧", "wi fi"),
            ("İstanbul", "istanbul"),
            ("ΟΔΟΣ", "οδοσ"),
            ("営業時間は？", "営業時間は"),
            ("がぎ", "がぎ"),
            ("हिन्दी", "हिन्दी"),
            ("한국어", "한국어"),
            ("", ""),
            ("👍", ""),
        ] {
            assert_eq!(normalise(typed), folded, "{typed:?}");
        }
    }

    #[test]
    fn long_texts_are_cut() {
        assert_eq!(normalise(&"ab".repeat(100_000)).chars().count(), MAX_CHARS);
        // One character that NFKC turns into eighteen.
        assert!(normalise(&"\u{FDFA}".repeat(5_000)).chars().count() <= MAX_CHARS);
    }

    proptest! {
        #[test]
        fn folding_word_by_word_is_folding_the_whole(
            text in "[a-zA-Z '`.0-9åİßŠžёйΣ\u{300}-\u{308}\u{5C1}\u{3099}\u{FB01}\u{FDFA}ガ가]{0,40}"
        ) {
            let whole = Tidied {
                spelled: spelled(text.chars()), last: ' ', run: 0, left: MAX_CHARS, held_back: None,
            };
            prop_assert_eq!(normalise(&text), whole.collect::<String>());
        }

        #[test]
        fn folding_twice_changes_nothing(text in any::<String>()) {
            let once = normalise(&text);
            prop_assert_eq!(normalise(&once), once);
        }

        #[test]
        fn folding_marks_and_jamo_twice_changes_nothing(
            text in "[a-zåİßſΣς\u{300}-\u{36F}\u{591}-\u{5C7}\u{64B}-\u{65F}\u{900}-\u{97F}\u{1100}-\u{11FF}\u{3041}-\u{309A}\u{AC00}-\u{AC20}\u{200D}\u{FE0F} .]{0,40}"
        ) {
            let once = normalise(&text);
            prop_assert_eq!(normalise(&once), once);
        }

        #[test]
        fn output_is_bounded_and_tidy(text in any::<String>()) {
            let folded = normalise(&text);
            prop_assert!(folded.chars().count() <= MAX_CHARS);
            prop_assert_eq!(folded.trim(), folded.as_str());
            prop_assert!(!folded.contains("  "));
        }
    }
}
