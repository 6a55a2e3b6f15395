//! A text as features: whole words, and the character n-grams inside them.
//!
//! Words carry the meaning; n-grams survive typing errors and Lithuanian endings. In CJK there
//! are no words to be had without a dictionary, and n-grams of one to three characters do.

use super::normalise::{is_cjk, normalise};
use super::small_talk::without_politeness;

/// n-grams inside words, counted with a mark at either end of the word.
const WORD_GRAMS: std::ops::RangeInclusive<usize> = 2..=5;
/// n-grams in CJK runs.
const CJK_GRAMS: std::ops::RangeInclusive<usize> = 1..=3;
/// Stands at both ends of a word; never in normalised text.
const EDGE: char = '_';

/// A feature, by its 64-bit FNV-1a hash. Twenty thousand of them collide once in 10^10 shops.
pub(super) type Feature = u64;

/// What a text is made of.
pub(super) struct Features {
    /// Every distinct feature, ascending.
    pub all: Vec<Feature>,
    /// The words one by one, for telling how much of a message is known.
    pub units: Vec<Unit>,
}

/// One word, or one stretch of CJK.
pub(super) struct Unit {
    /// The word as a whole; none in CJK, where nobody knows what a word is.
    pub word: Option<Feature>,
    /// Its n-grams that mean something: three characters or more, in CJK two.
    pub grams: Vec<Feature>,
    /// Length in characters.
    pub length: usize,
}

/// The features of a text. Empty for politeness alone and for texts without a letter or digit.
pub(super) fn features(text: &str) -> Features {
    let mut all = Vec::new();
    let mut units = Vec::new();
    for token in without_politeness(tokens(&normalise(text))) {
        let letters: Vec<char> = token.chars().collect();
        let length = letters.len();
        let mut telling = Vec::new();
        let word = if letters.iter().copied().all(is_cjk) {
            for n in CJK_GRAMS {
                for gram in letters.windows(n) {
                    let feature = hash('c', gram);
                    all.push(feature);
                    if n == 2 || length == 1 {
                        telling.push(feature);
                    }
                }
            }
            None
        } else {
            let word = hash('w', &letters);
            all.push(word);
            let mut edged = Vec::with_capacity(length.saturating_add(2));
            edged.push(EDGE);
            edged.extend(&letters);
            edged.push(EDGE);
            for n in WORD_GRAMS {
                for gram in edged.windows(n) {
                    let feature = hash('g', gram);
                    all.push(feature);
                    if n >= 4 {
                        telling.push(feature);
                    }
                }
            }
            Some(word)
        };
        units.push(Unit { word, grams: telling, length });
    }
    all.sort_unstable();
    all.dedup();
    Features { all, units }
}

/// Normalised text cut at spaces and where CJK begins or ends.
pub(super) fn tokens(normalised: &str) -> Vec<String> {
    let mut tokens = Vec::new();
    for word in normalised.split(' ').filter(|word| !word.is_empty()) {
        let mut token = String::new();
        let mut in_cjk = None;
        for c in word.chars() {
            if in_cjk.is_some_and(|was| was != is_cjk(c)) && !token.is_empty() {
                tokens.push(std::mem::take(&mut token));
            }
            in_cjk = Some(is_cjk(c));
            token.push(c);
        }
        tokens.push(token);
    }
    tokens
}

/// FNV-1a over the family's letter and the characters: the same on every machine.
fn hash(family: char, letters: &[char]) -> Feature {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for c in std::iter::once(&family).chain(letters) {
        for byte in u32::from(*c).to_le_bytes() {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    hash
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_part_where_cjk_begins() {
        assert_eq!(tokens("可以用line pay嗎"), ["可以用", "line", "pay", "嗎"]);
        assert!(tokens("").is_empty());
    }

    #[test]
    fn folded_texts_have_the_same_features() {
        assert_eq!(features("Ar turite VEGANIŠKŲ?").all, features("ar turite veganisku").all);
        assert!(features("👍 …").all.is_empty());
    }
}
