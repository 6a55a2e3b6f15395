//! From an owner's phrasings to a model.

use std::collections::BTreeMap;

use super::features::{Feature, features};
use super::format::{self, Contents, Phrasing};
use crate::shop::model::FaqEntry;

/// Trains the matcher on `entries`: the bytes that lie in KV under [`model_key`](super::model_key)
/// and that [`Model::load`](super::Model::load) takes. The same entries give the same bytes on
/// every machine.
///
/// At most 65,535 phrasings are used; phrasings without a letter or digit, and those that only
/// greet, are left out.
#[must_use]
pub fn train(entries: &[FaqEntry]) -> Vec<u8> {
    let mut phrasings = Vec::new();
    let mut postings: BTreeMap<Feature, Vec<u16>> = BTreeMap::new();
    for (number, entry) in (0_u16..u16::MAX).zip(entries) {
        for (lang, asks) in &entry.ask {
            for text in asks {
                let Ok(this) = u16::try_from(phrasings.len()) else { break };
                let found = features(text).all;
                if this == u16::MAX || found.is_empty() {
                    continue;
                }
                for feature in found {
                    postings.entry(feature).or_default().push(this);
                }
                phrasings.push(Phrasing {
                    entry: number,
                    lang: lang.0.clone(),
                    text: text.clone(),
                    norm: 0.0,
                });
            }
        }
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
        let weight = weight(having.len(), entries.len());
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

    let ids = entries.iter().take(usize::from(u16::MAX)).map(|entry| entry.id.clone()).collect();
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
