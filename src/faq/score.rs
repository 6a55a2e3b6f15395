//! From a message to how well each entry fits, out of the model's bytes.

use super::constants::TUNING;
use super::features::{VIEWS, features, times, tokens, word};
use super::format::Section;
use super::index::{Index, List};
use super::matcher::Model;
use super::normalise::normalise;
use super::repair::repair;
use super::simplified::simplified;
use super::small_talk::without_politeness;

/// Bytes of a phrasing's row: entry, language, end of its text, length in each view.
pub(super) const PHRASING: usize = 16;

/// A text as tokens, folded as both sides are, without politeness.
pub(super) fn read(text: &str) -> Vec<String> {
    let folded: String = normalise(text).chars().map(simplified).collect();
    without_politeness(tokens(&folded))
}

/// What was found for a message: all that a decision rests on.
#[derive(Debug)]
pub(super) struct Found {
    /// Every entry, the best first; among equals in the order of their ids.
    pub fits: Vec<Fit>,
    /// Share of the message that the shop knows, rare words counting more, 0 to 1.
    pub known: f32,
    /// Whether anything with meaning is known: a word that is no number, or CJK.
    pub words_known: bool,
    /// How many tokens there were.
    pub tokens: usize,
}

/// How an entry fits.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fit {
    /// Which, as an index.
    pub entry: usize,
    /// The machine's word, and a share of how near its nearest phrasings are.
    pub score: f32,
    /// The nearest phrasing, as an index.
    pub phrasing: usize,
    /// How near it is, 0 to 1.
    pub nearest: f32,
}

impl Model {
    /// How the entries fit `text`.
    pub(super) fn find(&self, text: &str, lang: Option<&str>) -> Found {
        let mut tokens = read(text);
        let (known, words_known) = self.know(&mut tokens);
        let likeness = self.likeness(&tokens);
        let mut fits = self.fits(&likeness, lang);
        fits.sort_by(|a, b| b.score.total_cmp(&a.score));
        Found { fits, known, words_known, tokens: tokens.len() }
    }

    /// Repairs misspelt words; says how much of the message the shop knows, and whether that is
    /// more than numbers.
    fn know(&self, tokens: &mut [String]) -> (f32, bool) {
        let index = Index::new(&self.bytes, 0);
        let find = |feature| index.and_then(|index| index.find(feature));
        let weight = |list: Option<List<'_>>| self.weights.of(list.map_or(0, List::len));
        let (mut all, mut known) = (0.0_f32, 0.0_f32);
        let mut words_known = false;
        for token in tokens {
            let Some(whole) = word(token) else {
                // CJK: as far as its n-grams are known, each character half a word.
                let (mut total, mut found) = (0.0_f32, 0.0_f32);
                for feature in features(0, std::slice::from_ref(token)) {
                    let list = find(feature);
                    total += weight(list);
                    found += if list.is_some() { weight(list) } else { 0.0 };
                }
                words_known |= found > 0.0;
                let size = token.chars().count() as f32 * 0.5 * self.weights.of(0);
                all += size;
                known += if total > 0.0 { size * found / total } else { 0.0 };
                continue;
            };
            let list = find(whole);
            let (size, share) = if list.is_some() {
                words_known |= !token.chars().any(char::is_numeric);
                (weight(list), 1.0)
            } else if let Some(better) = repair(&self.bytes, token) {
                words_known = true;
                *token = better.to_owned();
                (weight(word(token).and_then(find)), TUNING.repaired)
            } else {
                let grams = features(0, std::slice::from_ref(token));
                let found = grams.iter().filter(|gram| find(**gram).is_some()).count();
                let share = found as f32 / grams.len().max(1) as f32;
                words_known |= share > 0.5 && !token.chars().any(char::is_numeric);
                (weight(None), TUNING.in_part * share)
            };
            all += size;
            known += size * share;
        }
        (if all > 0.0 { known / all } else { 0.0 }, words_known)
    }

    /// How alike the message and each phrasing are: the mean of the cosines in both views.
    fn likeness(&self, tokens: &[String]) -> Vec<f32> {
        let (rows, _) = self.bytes.section(Section::Phrasings).as_chunks::<PHRASING>();
        let mut likeness = vec![0.0_f32; rows.len()];
        let mut dots = vec![0.0_f32; rows.len()];
        for view in 0..VIEWS {
            dots.fill(0.0);
            let Some(index) = Index::new(&self.bytes, view) else { continue };
            let mut square = 0.0_f32;
            for feature in features(view, tokens) {
                let Some(list) = index.find(feature) else { continue };
                let weight = self.weights.of(list.len()) * times(feature);
                let weight = weight * weight;
                square += weight;
                list.each(|phrasing| {
                    if let Some(dot) = dots.get_mut(phrasing) {
                        *dot += weight;
                    }
                });
            }
            let norm = square.sqrt();
            for ((likeness, dot), row) in likeness.iter_mut().zip(&dots).zip(rows) {
                if *dot > 0.0 {
                    let &[.., a, b, c, d, e, f, g, h] = row;
                    let length = if view == 0 { [a, b, c, d] } else { [e, f, g, h] };
                    let product = norm * f32::from_le_bytes(length);
                    *likeness += if product > 0.0 { 0.5 * *dot / product } else { 0.0 };
                }
            }
        }
        likeness
    }

    fn fits(&self, likeness: &[f32], lang: Option<&str>) -> Vec<Fit> {
        let (machines, _) = self.bytes.section(Section::Machines).as_chunks::<8>();
        let (rows, _) = self.bytes.section(Section::Phrasings).as_chunks::<PHRASING>();
        let (heads, _) = self.bytes.section(Section::VoteHeads).as_chunks::<4>();
        let (votes, _) = self.bytes.section(Section::Votes).as_chunks::<4>();
        let spoken = lang.and_then(|lang| self.lang_number(lang));
        let mut sums = vec![Sum::default(); machines.len()];
        let heads = heads.iter().map(|head| u32::from_le_bytes(*head));
        let ends = heads.clone().skip(1);
        for ((at, row), ((likeness, from), to)) in
            rows.iter().enumerate().zip(likeness.iter().zip(heads).zip(ends))
        {
            if *likeness <= 0.0 {
                continue;
            }
            let &[entry, entry_high, language, language_high, ..] = row;
            let entry = usize::from(u16::from_le_bytes([entry, entry_high]));
            if let Some(sum) = sums.get_mut(entry) {
                let same = spoken == Some(u16::from_le_bytes([language, language_high]));
                sum.see(*likeness, at, same);
            }
            for &[entry, entry_high, alpha, alpha_high] in
                votes.get(from as usize..to as usize).unwrap_or_default()
            {
                let entry = usize::from(u16::from_le_bytes([entry, entry_high]));
                if let Some(sum) = sums.get_mut(entry) {
                    let alpha = i16::from_le_bytes([alpha, alpha_high]);
                    sum.votes += likeness * f32::from(alpha);
                }
            }
        }
        let fit = |((entry, sum), machine): ((usize, Sum), &[u8; 8])| {
            let &[a, b, c, d, e, f, g, h] = machine;
            let (scale, intercept) =
                (f32::from_le_bytes([a, b, c, d]), f32::from_le_bytes([e, f, g, h]));
            let [first, second, third] = sum.three;
            let [one, two, three] = TUNING.three;
            let near = first * one + second * two + third * three;
            let score = sum.votes * scale + intercept + TUNING.nearest * near;
            Fit { entry, score, phrasing: sum.phrasing, nearest: first }
        };
        sums.into_iter().enumerate().zip(machines).map(fit).collect()
    }

    fn lang_number(&self, lang: &str) -> Option<u16> {
        let count = self.bytes.section(Section::Langs).len() / 4;
        let at = (0..count).find(|at| self.lang_text(*at) == Some(lang))?;
        u16::try_from(at).ok()
    }

    pub(super) fn lang_text(&self, at: usize) -> Option<&str> {
        self.bytes.text(Section::Langs, at.checked_mul(4)?, 4, Section::LangText)
    }
}

/// What speaks for an entry.
#[derive(Clone, Copy, Default)]
struct Sum {
    /// Its three nearest phrasings, descending.
    three: [f32; 3],
    /// Which phrasing is the nearest.
    phrasing: usize,
    votes: f32,
}

impl Sum {
    /// Of two equally near phrasings the one in the person's language is named.
    fn see(&mut self, likeness: f32, at: usize, same_language: bool) {
        let [first, second, third] = self.three;
        if likeness > first || same_language && likeness == first {
            self.phrasing = at;
        }
        self.three = if likeness > first {
            [likeness, first, second]
        } else if likeness > second {
            [first, likeness, second]
        } else {
            [first, second, third.max(likeness)]
        };
    }
}
