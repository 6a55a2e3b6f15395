//! From a message to a decision.

use super::features::{Feature, Features, Unit, features};
use super::format::{self, Contents, ModelError};
use super::normalise::{normalise, same_words};
use super::train::weight;
use crate::meta::ids::FaqId;
use crate::shop::model::{Eagerness, Lang};

// Chosen, like the weights in `train`, on the example shops' own phrasings: every fifth left out in
// turn as questions, and every entry left out in turn as questions that nothing answers. Never on
// the questions kept aside.

/// From this score on an answer is given without asking back.
const ANSWER: f32 = 0.44;
/// By how much the best must lead the next for an answer.
const LEAD: f32 = 0.06;
/// From this score on the best few are offered.
const OFFER: f32 = 0.24;
/// How much of the score is lost when none of the message's words is known.
const UNKNOWN_COSTS: f32 = 0.4;
/// What is offered beside the best reaches this share of its score.
const OFFERED_SHARE: f32 = 0.6;
/// Meta shows up to 13 quick replies; people read three.
const MOST_OFFERED: usize = 3;
/// What is told beyond the decision.
const MOST_CANDIDATES: usize = 5;

/// A trained matcher.
#[derive(Debug)]
pub struct Model {
    contents: Contents,
    /// Weight of a feature that no phrasing has.
    unseen: f32,
}

/// What a message seems to ask for.
#[derive(Clone, Debug, PartialEq)]
pub struct Match {
    /// What to do.
    pub decision: Decision,
    /// The entries that fit best, the best first, however badly: at least three where the shop
    /// has them, unless nothing in the message is known.
    pub candidates: Vec<Candidate>,
    /// Why it did not answer; none when it did.
    pub doubt: Option<Doubt>,
}

impl Match {
    /// The entry that fits best, however badly.
    #[must_use]
    pub fn best(&self) -> Option<&Candidate> {
        self.candidates.first()
    }
}

/// What to do with a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Give this answer; several, in the order asked, when the message asked for several things
    /// and each is sure.
    Answer(Vec<FaqId>),
    /// Ask which of these is meant: one to three, the best first.
    Offer(Vec<FaqId>),
    /// Nothing fits.
    None,
}

/// Why a message was not answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Doubt {
    /// It holds no letter and no digit.
    Wordless,
    /// It only greets or thanks.
    OnlyPoliteness,
    /// Nothing in it is known to the shop.
    NothingKnown,
    /// Of its words the shop knows only numbers, sizes, prices: they do not decide alone.
    OnlyNumbers,
    /// Two entries fit equally well.
    TooClose,
    /// The best entry is less likely than the shop's eagerness asks for.
    BelowThreshold,
}

/// An entry that might be meant.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// The entry.
    pub entry: FaqId,
    /// Language of the nearest phrasing; empty where the examples had none.
    pub lang: Lang,
    /// The nearest phrasing, as the owner wrote it.
    pub phrasing: String,
    /// How probably this entry is the one asked for, 0 to 1: of the messages with a best
    /// candidate at 0.7, seven in ten ask for it. Over all candidates it stays below 1; the rest
    /// is for "none of them".
    pub p: f32,
}

impl Model {
    /// Reads what [`train`](super::train) wrote.
    ///
    /// # Errors
    /// [`ModelError`] for anything else: foreign bytes, another version, damage.
    pub fn load(bytes: Vec<u8>) -> Result<Self, ModelError> {
        let contents = format::decode(&bytes)?;
        let unseen = weight(0, contents.ids.len());
        Ok(Self { contents, unseen })
    }

    /// Which answer `text` asks for. Politeness alone asks for none; an owner who wants to answer
    /// thanks makes them a keyword. `lang`, where it is known, is what the person speaks.
    #[must_use]
    pub fn answer(&self, text: &str, _lang: Option<&Lang>, eagerness: Eagerness) -> Match {
        let asked = features(text);
        let mut candidates = self.candidates(&asked);
        let (answer, offer) = match eagerness {
            Eagerness::Cautious => (ANSWER * 1.25, OFFER),
            Eagerness::Normal => (ANSWER, OFFER),
            Eagerness::Eager => (ANSWER * 0.75, OFFER * 0.75),
        };
        let next = candidates.get(1).map_or(0.0, |next| next.p);
        let (decision, doubt) = match candidates.first() {
            None => (Decision::None, Some(self.nothing(text))),
            Some(best) if same_words(text, &best.phrasing) => {
                (Decision::Answer(vec![best.entry.clone()]), None)
            }
            Some(best) if best.p >= answer && best.p - next >= LEAD => {
                (Decision::Answer(vec![best.entry.clone()]), None)
            }
            Some(best) => {
                let doubt = if best.p >= answer { Doubt::TooClose } else { Doubt::BelowThreshold };
                let near = best.p * OFFERED_SHARE;
                let offered = candidates.iter().filter(|other| other.p >= near).take(MOST_OFFERED);
                let offered = offered.map(|candidate| candidate.entry.clone()).collect();
                let decision =
                    if best.p >= offer { Decision::Offer(offered) } else { Decision::None };
                (decision, Some(doubt))
            }
        };
        candidates.truncate(MOST_CANDIDATES);
        Match { decision, candidates, doubt }
    }

    /// Why nothing was found.
    fn nothing(&self, text: &str) -> Doubt {
        if normalise(text).is_empty() {
            Doubt::Wordless
        } else if features(text).all.is_empty() {
            Doubt::OnlyPoliteness
        } else {
            Doubt::NothingKnown
        }
    }

    /// Every entry with something in common, best first; among equals the owner's order.
    fn candidates(&self, asked: &Features) -> Vec<Candidate> {
        let cosines = self.cosines(asked);
        let mut nearest = vec![Nearest::default(); self.contents.ids.len()];
        for (phrasing, (cosine, at)) in self.contents.phrasings.iter().zip(cosines.iter().zip(0..))
        {
            if let Some(nearest) = nearest.get_mut(usize::from(phrasing.entry)) {
                nearest.see(*cosine, at);
            }
        }
        let covered = self.covered(&asked.units);
        let mut candidates: Vec<Candidate> = self
            .contents
            .ids
            .iter()
            .zip(nearest)
            .filter(|(_, nearest)| nearest.cosines[0] > 0.0)
            .filter_map(|(id, nearest)| {
                let phrasing = self.contents.phrasings.get(nearest.at)?;
                Some(Candidate {
                    entry: id.clone(),
                    lang: Lang(phrasing.lang.clone()),
                    phrasing: phrasing.text.clone(),
                    p: nearest.score() * (1.0 - UNKNOWN_COSTS * (1.0 - covered)),
                })
            })
            .collect();
        candidates.sort_by(|a, b| b.p.total_cmp(&a.p));
        candidates
    }

    /// The cosine of the message to every phrasing, over the features that any phrasing has.
    fn cosines(&self, asked: &Features) -> Vec<f32> {
        let mut dots = vec![0.0_f32; self.contents.phrasings.len()];
        let mut square = 0.0_f32;
        for feature in &asked.all {
            let Some((weight, list)) = self.find(*feature) else { continue };
            square += weight * weight;
            for &phrasing in list {
                if let Some(dot) = dots.get_mut(usize::from(phrasing)) {
                    *dot += weight * weight;
                }
            }
        }
        let norm = square.sqrt();
        if norm > 0.0 {
            for (dot, phrasing) in dots.iter_mut().zip(&self.contents.phrasings) {
                *dot /= norm * phrasing.norm;
            }
        }
        dots
    }

    /// The share of the message that the shop's phrasings cover, rare words counting more. A word
    /// that nobody wrote is covered as far as its n-grams are: "pristatymui" by "pristatymas".
    fn covered(&self, units: &[Unit]) -> f32 {
        let mut all = 0.0_f32;
        let mut known = 0.0_f32;
        for unit in units {
            let word = unit.word.and_then(|word| self.find(word));
            let weight = word.map_or(self.unseen, |(weight, _)| weight)
                * if unit.word.is_some() { unit.length.min(5) as f32 } else { unit.length as f32 };
            let share = if word.is_some() {
                1.0
            } else if unit.grams.is_empty() {
                0.0
            } else {
                let found = unit.grams.iter().filter(|gram| self.find(**gram).is_some()).count();
                found as f32 / unit.grams.len() as f32
            };
            all += weight;
            known += weight * share;
        }
        if all > 0.0 { known / all } else { 0.0 }
    }

    fn find(&self, feature: Feature) -> Option<(f32, &[u16])> {
        let features = &self.contents.features;
        let at = features.binary_search_by_key(&feature, |(feature, ..)| *feature).ok()?;
        features.get(at).map(|(_, weight, list)| (*weight, list.as_slice()))
    }
}

/// The three nearest phrasings of one entry.
#[derive(Clone, Default)]
struct Nearest {
    /// Descending.
    cosines: [f32; 3],
    /// Which phrasing is the nearest.
    at: usize,
}

impl Nearest {
    fn see(&mut self, cosine: f32, at: usize) {
        let [first, second, third] = self.cosines;
        if cosine > first {
            self.cosines = [cosine, first, second];
            self.at = at;
        } else if cosine > second {
            self.cosines = [first, cosine, second];
        } else if cosine > third {
            self.cosines = [first, second, cosine];
        }
    }

    /// The nearest counts in full; two more of the same entry close by raise it, never above 1.
    fn score(&self) -> f32 {
        let [first, second, third] = self.cosines;
        first.min(1.0) + (1.0 - first.min(1.0)) * 0.5 * (2.0 * second + third) / 3.0
    }
}
