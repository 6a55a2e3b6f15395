//! From a message to how well each entry fits, out of the model's bytes.

use super::common::is_common;
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
    /// How many entries the shop has.
    pub entries: usize,
    /// Share of the message that the shop knows, rare words counting more, 0 to 1.
    pub known: f32,
    /// Whether anything with meaning is known: a word that is no number, or CJK.
    pub words_known: bool,
    /// How many tokens there were.
    pub tokens: usize,
}

impl Found {
    /// What speaks for the entry at `at`: from a score like a machine's, and its lead over the best
    /// other, -1 to 1.
    ///
    /// A machine learns from the other entries what does not matter, "are you" for one. The fewer
    /// there are, the less it has learned, and the more it counts how alike message and phrasings
    /// are; where there are none, that is all the evidence.
    pub fn evidence(&self, at: usize) -> (f32, f32) {
        let alike = 1.0 / self.entries.max(1) as f32;
        let score = |fit: &Fit| alike * (2.0 * fit.near - 1.0) + (1.0 - alike) * fit.score;
        let own = self.fits.get(at).map_or(-1.0, score);
        let rival = self.fits.get(usize::from(at == 0));
        let lead = match rival {
            Some(rival) => own - score(rival),
            None if self.entries == 1 => (own + 1.0) / 2.0,
            None => 1.0,
        };
        (own, lead.clamp(-1.0, 1.0))
    }
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
    /// How near the three nearest are, the first counting most.
    pub near: f32,
}

impl Model {
    /// How the entries fit `text`.
    pub(super) fn find(&self, text: &str, lang: Option<&str>) -> Found {
        let mut tokens = read(text);
        let (known, words_known) = self.know(&mut tokens);
        let likeness = self.likeness(&tokens);
        let mut fits = self.fits(&likeness, lang);
        fits.sort_by(|a, b| b.score.total_cmp(&a.score));
        Found { entries: fits.len(), fits, known, words_known, tokens: tokens.len() }
    }

    /// Repairs misspelt words; says how much of the message the shop knows, and whether that is
    /// more than numbers.
    fn know(&self, tokens: &mut [String]) -> (f32, bool) {
        let index = Index::new(&self.bytes, 0);
        let find = |feature| index.and_then(|index| index.find(feature));
        let weight = |list: Option<List<'_>>| list.map_or(self.unknown, List::weight);
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
                let size = token.chars().count() as f32 * 0.5 * self.unknown;
                all += size;
                known += if total > 0.0 { size * found / total } else { 0.0 };
                continue;
            };
            let common = is_common(token);
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
            let size = if common { TUNING.common * size } else { size };
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
                let weight = list.weight() * times(feature);
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
        let machines = self.bytes.section(Section::Machines);
        let langs = (self.bytes.section(Section::Langs).len() / 4).max(1);
        let machines = machines.chunks_exact(langs.saturating_add(1).saturating_mul(4));
        let (rows, _) = self.bytes.section(Section::Phrasings).as_chunks::<PHRASING>();
        let (heads, _) = self.bytes.section(Section::VoteHeads).as_chunks::<4>();
        let (votes, _) = self.bytes.section(Section::Votes).as_chunks::<4>();
        let spoken = self.spoken(likeness, rows, lang.and_then(|lang| self.lang_number(lang)));
        let mut sums = vec![Sum::default(); machines.len()];
        let heads = heads.iter().map(|head| u32::from_le_bytes(*head));
        let ends = heads.clone().skip(1);
        for ((at, row), ((likeness, from), to)) in
            rows.iter().enumerate().zip(likeness.iter().zip(heads).zip(ends))
        {
            if *likeness <= 0.0 {
                continue;
            }
            let &[entry, entry_high, ..] = row;
            let entry = usize::from(u16::from_le_bytes([entry, entry_high]));
            let same = language(row) == spoken;
            let likeness = if same { *likeness } else { TUNING.foreign * likeness };
            if let Some(sum) = sums.get_mut(entry) {
                sum.see(likeness, at, same);
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
        let fit = |((entry, sum), machine): ((usize, Sum), &[u8])| {
            let (numbers, _) = machine.as_chunks::<4>();
            let number =
                |at: usize| numbers.get(at).map_or(0.0, |number| f32::from_le_bytes(*number));
            let (scale, intercept) = (number(0), number(usize::from(spoken).saturating_add(1)));
            let [first, second, third] = sum.three;
            let [one, two, three] = TUNING.three;
            let near = first * one + second * two + third * three;
            let score = sum.votes * scale + intercept + TUNING.nearest * near;
            Fit { entry, score, phrasing: sum.phrasing, nearest: first, near }
        };
        sums.into_iter().enumerate().zip(machines).map(fit).collect()
    }

    /// The language of the nearest phrasing; of two as near, the one in the person's own counts.
    fn spoken(&self, likeness: &[f32], rows: &[[u8; PHRASING]], own: Option<u16>) -> u16 {
        let mut nearest = (0.0_f32, own.unwrap_or(0));
        for (likeness, row) in likeness.iter().zip(rows) {
            let lang = language(row);
            if *likeness > nearest.0 || *likeness == nearest.0 && own == Some(lang) {
                nearest = (*likeness, lang);
            }
        }
        nearest.1
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

/// The language of a phrasing, by its row.
fn language(&[_, _, low, high, ..]: &[u8; PHRASING]) -> u16 {
    u16::from_le_bytes([low, high])
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
