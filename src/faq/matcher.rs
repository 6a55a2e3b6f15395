//! From a message to a decision.

use super::confidence::{among, probabilities};
use super::constants::{CAUTIOUS, EAGER, NORMAL, TOO_CLOSE, TOO_FAR, Thresholds};
use super::format::{Bytes, ModelError, Section};
use super::normalise::{is_cjk, normalise};
use super::phrase::same_words;
use super::score::{Fit, Found, PHRASING};
use super::several;
use super::weight;
use crate::meta::ids::FaqId;
use crate::shop::model::{Eagerness, Lang};

/// Meta shows up to 13 quick replies; people read three.
const MOST_OFFERED: usize = 3;
/// What is told beyond the decision.
const MOST_CANDIDATES: usize = 5;

/// A trained matcher. It keeps the bytes and reads them where they lie.
#[derive(Debug)]
pub struct Model {
    pub(super) bytes: Bytes,
    /// What a word weighs that the shop does not know.
    pub(super) unknown: f32,
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
    fn none(doubt: Doubt) -> Self {
        Self { decision: Decision::None, candidates: Vec::new(), doubt: Some(doubt) }
    }

    /// All of it in one line, probabilities by their bits: for comparing machines.
    #[must_use]
    pub fn bits(&self) -> String {
        let bits = |one: &Candidate| {
            format!("{} {} {:08x}", one.entry.as_str(), one.phrasing, one.p.to_bits())
        };
        let candidates: Vec<String> = self.candidates.iter().map(bits).collect();
        format!("{:?} {:?} {}", self.decision, self.doubt, candidates.join(", "))
    }

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
    /// Two entries fit about equally well, and one of them probably is asked for.
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
    /// Takes what [`train`](super::train) wrote.
    ///
    /// # Errors
    /// [`ModelError`] for anything else: foreign bytes, another version, damage.
    pub fn load(bytes: Vec<u8>) -> Result<Self, ModelError> {
        let bytes = Bytes::new(bytes)?;
        let entries = bytes.section(Section::Ids).len() / 4;
        Ok(Self { unknown: weight::of_unknown(entries), bytes })
    }

    /// Which answer `text` asks for. Politeness alone asks for none; an owner who wants to answer
    /// thanks makes them a keyword. `lang` is what the person speaks, where that is known: of two
    /// phrasings as near, the one in that language is named.
    #[must_use]
    pub fn answer(&self, text: &str, lang: Option<&Lang>, eagerness: Eagerness) -> Match {
        let thresholds = match eagerness {
            Eagerness::Cautious => CAUTIOUS,
            Eagerness::Normal => NORMAL,
            Eagerness::Eager => EAGER,
        };
        let (mut found, exact) = self.weigh(text, lang);
        if found.tokens == 0 {
            let wordless = normalise(text).is_empty();
            let doubt = if wordless { Doubt::Wordless } else { Doubt::OnlyPoliteness };
            return Match::none(doubt);
        }
        found.fits.retain(|fit| fit.nearest > 0.0);
        if found.fits.is_empty() {
            return Match::none(Doubt::NothingKnown);
        }
        let mut candidates = self.candidates(&found);
        if exact && let Some(best) = candidates.first_mut() {
            best.p = best.p.max(SURE);
        }
        if !exact && let Some(entries) = several::several(self, text, lang, &candidates) {
            return Match { decision: Decision::Answer(entries), candidates, doubt: None };
        }
        decide(&thresholds, &found, candidates, exact)
    }

    /// The three best entries, and what the decision is computed from: the best one's score, its
    /// lead over the next, and the share of the message that the shop knows. For fitting that
    /// computation; nothing where nothing is known.
    #[must_use]
    pub fn evidence(&self, text: &str, lang: Option<&Lang>) -> Option<(Vec<FaqId>, [f32; 3])> {
        let mut found = self.find(text, lang.map(|lang| lang.0.as_str()));
        found.fits.retain(|fit| fit.nearest > 0.0);
        let (score, lead) = found.evidence(0);
        let best: Vec<FaqId> =
            found.fits.iter().take(MOST_OFFERED).filter_map(|fit| self.id(fit)).collect();
        (!best.is_empty()).then_some((best, [score, lead, found.known]))
    }

    /// How the entries fit, and whether the first holds the very words. An entry that does stands
    /// first.
    fn weigh(&self, text: &str, lang: Option<&Lang>) -> (Found, bool) {
        let mut found = self.find(text, lang.map(|lang| lang.0.as_str()));
        let near = found.fits.iter().take(MOST_CANDIDATES).enumerate();
        let exact = near.filter(|(_, fit)| fit.nearest > 0.95).find_map(|(at, fit)| {
            self.phrasing(fit).is_some_and(|phrasing| same_words(text, phrasing)).then_some(at)
        });
        if let Some(front) = exact.and_then(|at| found.fits.get_mut(..=at)) {
            front.rotate_right(1);
        }
        (found, exact.is_some())
    }

    /// The best entry for a part of a message, when it is surer than `least`.
    pub(super) fn sure(&self, part: &str, lang: Option<&Lang>, least: f32) -> Option<FaqId> {
        let (found, exact) = self.weigh(part, lang);
        let p = probabilities(&found, 1).first().copied()?;
        if !exact && (p < least || !found.words_known || found.tokens < 2 && !has_cjk(part)) {
            return None;
        }
        self.id(found.fits.first()?)
    }

    fn candidates(&self, found: &Found) -> Vec<Candidate> {
        let ps = probabilities(found, MOST_CANDIDATES);
        let candidate = |(fit, p): (&Fit, f32)| {
            Some(Candidate {
                entry: self.id(fit)?,
                lang: Lang(self.lang(fit).unwrap_or_default().to_owned()),
                phrasing: self.phrasing(fit)?.to_owned(),
                p,
            })
        };
        found.fits.iter().zip(ps).filter_map(candidate).collect()
    }

    fn id(&self, fit: &Fit) -> Option<FaqId> {
        let id = self.bytes.text(Section::Ids, fit.entry.checked_mul(4)?, 4, Section::IdText)?;
        FaqId::new(id).ok()
    }

    fn phrasing(&self, fit: &Fit) -> Option<&str> {
        let end = fit.phrasing.checked_mul(PHRASING)?.checked_add(4)?;
        self.bytes.text(Section::Phrasings, end, PHRASING, Section::PhrasingText)
    }

    fn lang(&self, fit: &Fit) -> Option<&str> {
        let at = fit.phrasing.checked_mul(PHRASING)?.checked_add(2)?;
        self.lang_text(self.bytes.u16(Section::Phrasings, at)?.into())
    }
}

fn has_cjk(text: &str) -> bool {
    text.chars().any(is_cjk)
}

/// How probable an entry is whose very words were said.
const SURE: f32 = 0.99;

fn decide(
    thresholds: &Thresholds,
    found: &Found,
    candidates: Vec<Candidate>,
    exact: bool,
) -> Match {
    let p = |at: usize| candidates.get(at).map_or(0.0, |candidate| candidate.p);
    let (best, lead) = found.evidence(0);
    let tie = candidates.len() > 1 && lead < TOO_CLOSE;
    let probable = found.words_known && p(0) >= thresholds.answer;
    if let (true, Some(first)) = (exact || probable && !tie, candidates.first()) {
        let decision = Decision::Answer(vec![first.entry.clone()]);
        return Match { decision, candidates, doubt: None };
    }
    let doubt = if !found.words_known {
        Doubt::OnlyNumbers
    } else if tie && p(0) + p(1) >= thresholds.answer {
        Doubt::TooClose
    } else {
        Doubt::BelowThreshold
    };
    let decision = if probable || among(found) >= thresholds.offer {
        let likely = candidates.iter().take(MOST_OFFERED).enumerate();
        let likely = likely.filter(|(at, _)| best - found.evidence(*at).0 <= TOO_FAR);
        Decision::Offer(likely.map(|(_, candidate)| candidate.entry.clone()).collect())
    } else {
        Decision::None
    };
    Match { decision, candidates, doubt: Some(doubt) }
}
