//! From an owner's phrasings to a model.

use std::collections::BTreeMap;

use super::features::{Feature, features};
use super::format::{self, Contents, Phrasing};
use crate::meta::ids::FaqId;
use crate::shop::model::{FaqEntry, Lang};

/// One way to ask for an entry.
#[derive(Clone, Copy, Debug)]
pub struct Example<'a> {
    /// The entry. Sets that are no shop's number their labels.
    pub entry: &'a FaqId,
    /// What it is written in, where that is known.
    pub lang: Option<&'a Lang>,
    /// As the owner wrote it.
    pub text: &'a str,
}

/// The examples that a shop's entries hold.
pub fn examples(entries: &[FaqEntry]) -> impl Iterator<Item = Example<'_>> {
    entries.iter().flat_map(|entry| {
        entry.ask.iter().flat_map(|(lang, asks)| {
            asks.iter().map(|text| Example { entry: &entry.id, lang: Some(lang), text })
        })
    })
}

/// Trains the matcher on `examples`: the bytes that lie in KV under [`model_key`](super::model_key)
/// and that [`Model::load`](super::Model::load) takes. The same examples give the same bytes on
/// every machine.
///
/// At most 65,535 phrasings are used; phrasings without a letter or digit, and those that only
/// greet, are left out.
#[must_use]
pub fn train<'a>(examples: impl IntoIterator<Item = Example<'a>>) -> Vec<u8> {
    let mut ids: Vec<FaqId> = Vec::new();
    let mut phrasings: Vec<Phrasing> = Vec::new();
    let mut postings: BTreeMap<Feature, Vec<u16>> = BTreeMap::new();
    for example in examples {
        let Ok(this) = u16::try_from(phrasings.len()) else { break };
        let known = ids.iter().rposition(|id| id == example.entry);
        let entry = known.unwrap_or_else(|| {
            ids.push(example.entry.clone());
            ids.len().saturating_sub(1)
        });
        let found = features(example.text).all;
        let Ok(entry) = u16::try_from(entry) else { break };
        if this == u16::MAX || found.is_empty() {
            continue;
        }
        for feature in found {
            postings.entry(feature).or_default().push(this);
        }
        let lang = example.lang.map(|lang| lang.0.clone()).unwrap_or_default();
        phrasings.push(Phrasing { entry, lang, text: example.text.to_owned(), norm: 0.0 });
    }

    let mut squares = vec![0.0_f64; phrasings.len()];
    let mut weighted = Vec::with_capacity(postings.len());
    for (feature, list) in postings {
        let mut having: Vec<u16> = list
            .iter()
            .filter_map(|phrasing| phrasings.get(usize::from(*phrasing)))
            .map(|phrasing| phrasing.entry)
            .collect();
        having.dedup();
        let weight = weight(having.len(), ids.len());
        for &phrasing in &list {
            if let Some(square) = squares.get_mut(usize::from(phrasing)) {
                *square += f64::from(weight) * f64::from(weight);
            }
        }
        weighted.push((feature, weight, list));
    }
    for (phrasing, square) in phrasings.iter_mut().zip(squares) {
        phrasing.norm = square.sqrt() as f32;
    }

    format::encode(&Contents { ids, phrasings, features: weighted })
}

/// Weight of a feature that `having` of `all` entries have. Counted by entries, not phrasings:
/// "do you have" tells nothing when half the entries ask with it, and "cake" tells all although
/// one entry says it six times. The power of 1.5 on the usual smoothed logarithm separates better
/// than 1 on phrasings left out.
pub(super) fn weight(having: usize, all: usize) -> f32 {
    let rarity = 1.0 + log2((1.0 + all as f64) / (1.0 + having as f64));
    (rarity * rarity.sqrt()) as f32
}

/// Binary logarithm of a number >= 1 to 20 binary places, by repeated squaring. The platform's
/// own may differ in the last place between machines, and models are compared by their bytes.
fn log2(mut x: f64) -> f64 {
    let mut whole = 0.0;
    while x >= 2.0 && whole < 64.0 {
        x /= 2.0;
        whole += 1.0;
    }
    let mut place = 0.5;
    for _ in 0..20 {
        x *= x;
        if x >= 2.0 {
            x /= 2.0;
            whole += place;
        }
        place /= 2.0;
    }
    whole
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logarithm_is_right_to_six_places() {
        for x in [1.0, 1.5, 2.0, 3.0, 10.0, 12_345.0] {
            assert!((log2(x) - f64::log2(x)).abs() < 2e-6, "{x}");
        }
    }
}
