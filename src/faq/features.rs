//! A text as features, in two views.
//!
//! The first view sees words: whole, and the character n-grams inside them, which survive typing
//! errors and endings. The second sees n-grams that run across words, and so their order. In CJK
//! there are no words to be had without a dictionary; n-grams of a few characters do.

use super::constants::TUNING;
use super::normalise::is_cjk;

/// Stands at both ends of a word; never in folded text.
const EDGE: char = '_';

/// A feature, by its hash. The lowest bit says whether it is a whole word.
pub(super) type Feature = u64;

const WHOLE: Feature = 1;

/// How many views there are.
pub(super) const VIEWS: usize = 2;

/// The distinct features of a text in one view, ascending.
pub(super) fn features(view: usize, tokens: &[String]) -> Vec<Feature> {
    let mut all = Vec::with_capacity(256);
    if view == 0 {
        inside(tokens, &mut all)
    } else {
        across(tokens, &mut all)
    }
    all.sort_unstable();
    all.dedup();
    all
}

/// How much more than an n-gram a feature weighs.
pub(super) fn times(feature: Feature) -> f32 {
    if feature & WHOLE == WHOLE { TUNING.word } else { 1.0 }
}

/// The feature that a whole word is in the first view; none for CJK.
pub(super) fn word(token: &str) -> Option<Feature> {
    let cjk = token.chars().next().is_none_or(is_cjk);
    (!cjk).then(|| token.chars().fold(seed(b'w'), step)).map(|hash| finish(hash) | WHOLE)
}

fn inside(tokens: &[String], all: &mut Vec<Feature>) {
    let mut letters = Vec::new();
    for token in tokens {
        letters.clear();
        if let Some(word) = word(token) {
            all.push(word);
            if token.chars().any(|c| c.is_numeric()) {
                let shape = |c: char| if c.is_numeric() { '0' } else { c };
                all.push(finish(token.chars().map(shape).fold(seed(b's'), step)));
            }
            letters.push(EDGE);
            letters.extend(token.chars());
            letters.push(EDGE);
            grams(b'g', &letters, |_| TUNING.inside, all);
        } else {
            letters.extend(token.chars());
            grams(b'c', &letters, |_| TUNING.cjk[0], all);
        }
    }
}

fn across(tokens: &[String], all: &mut Vec<Feature>) {
    let mut letters = vec![' '];
    for token in tokens {
        letters.extend(token.chars());
        letters.push(' ');
    }
    let lengths = |c: char| if is_cjk(c) { TUNING.cjk[1] } else { TUNING.across };
    grams(b'x', &letters, lengths, all);
}

/// Every n-gram; how long they are depends on where they begin.
fn grams(
    family: u8,
    letters: &[char],
    lengths: impl Fn(char) -> (usize, usize),
    all: &mut Vec<Feature>,
) {
    for start in 0..letters.len() {
        let rest = letters.get(start..).unwrap_or_default();
        let Some(first) = rest.first() else { continue };
        let (least, most) = lengths(*first);
        let mut hash = seed(family);
        for (letter, n) in rest.iter().take(most).zip(1..) {
            hash = step(hash, *letter);
            if n >= least {
                all.push(finish(hash));
            }
        }
    }
}

/// Folded text cut at spaces and where CJK begins or ends.
pub(super) fn tokens(folded: &str) -> Vec<String> {
    let mut tokens = Vec::new();
    for word in folded.split(' ').filter(|word| !word.is_empty()) {
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

// FNV-1a by characters, mixed at the end: the same on every machine.

fn seed(family: u8) -> u64 {
    step(0xcbf2_9ce4_8422_2325, char::from(family))
}

fn step(hash: u64, letter: char) -> u64 {
    (hash ^ u64::from(u32::from(letter))).wrapping_mul(0x0100_0000_01b3)
}

fn finish(hash: u64) -> Feature {
    let mixed = (hash ^ (hash >> 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed ^ (mixed >> 29)) & !WHOLE
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
    fn first_view_knows_no_order_and_second_does() {
        let of = |view, text: &str| features(view, &tokens(text));
        assert_eq!(of(0, "card to cash"), of(0, "cash to card"));
        assert_ne!(of(1, "card to cash"), of(1, "cash to card"));
        assert_eq!(of(0, "a b").len(), 2 + 2 * 3, "each a word, _a, a_ and _a_");
    }

    #[test]
    fn numbers_share_their_shape() {
        let of = |text: &str| features(0, &tokens(text));
        let shared = |a: &str, b: &str| of(a).iter().filter(|f| of(b).contains(f)).count();
        assert_eq!(shared("35", "97"), 1);
        assert_eq!(shared("35", "350"), 3, "_3, 35 and _35");
    }
}
