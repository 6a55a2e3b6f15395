//! From an owner's phrasings to a model.

use super::constants::TUNING;
use super::features::{Feature, VIEWS, features, times};
use super::format::{Section, Writer};
use super::index;
use super::repair;
use super::score::read;
use super::svm::{Gram, machines};
use super::weight::Weights;
use crate::meta::ids::FaqId;
use crate::shop::model::{FaqEntry, Lang};

/// Training keeps the likeness of every phrasing to every other in memory: 1.6 GB at this many.
const MOST_PHRASINGS: usize = 20_000;

/// One way to ask for an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
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
/// every machine and in every order.
///
/// At most 20,000 phrasings are used; phrasings without a letter or digit, and those that only
/// greet, are left out.
#[must_use]
pub fn train<'a>(examples: impl IntoIterator<Item = Example<'a>>) -> Vec<u8> {
    let mut sorted: Vec<Example<'a>> = examples.into_iter().collect();
    sorted.sort();
    sorted.dedup();
    let mut phrasings: Vec<(Example<'a>, Vec<String>)> =
        sorted.into_iter().map(|example| (example, read(example.text))).collect();
    phrasings.retain(|(_, tokens)| !tokens.is_empty());
    phrasings.truncate(MOST_PHRASINGS);

    let mut ids: Vec<&FaqId> = phrasings.iter().map(|(example, _)| example.entry).collect();
    ids.dedup();
    let mut langs: Vec<&str> = phrasings.iter().map(|(example, _)| lang(example)).collect();
    langs.sort_unstable();
    langs.dedup();
    let classes: Vec<usize> = phrasings
        .iter()
        .filter_map(|(example, _)| ids.binary_search(&example.entry).ok())
        .collect();

    let mut writer = Writer::default();
    let weights = Weights::new(phrasings.len());
    let mut norms = Vec::new();
    let mut grams = Vec::new();
    for view in 0..VIEWS {
        let seen: Vec<Vec<Feature>> =
            phrasings.iter().map(|(_, tokens)| features(view, tokens)).collect();
        let lists = lists(&seen);
        let (gram, lengths) = gram(&lists, &weights, seen.len());
        index::write(&mut writer, view, lists);
        norms.push(lengths);
        grams.push(gram);
    }
    let gram = grams.into_iter().reduce(Gram::mean).unwrap_or_default();
    votes(&mut writer, &machines(&gram, &classes, ids.len()));

    for id in &ids {
        writer.text(Section::Ids, Section::IdText, id.as_str());
    }
    for lang in &langs {
        writer.text(Section::Langs, Section::LangText, lang);
    }
    for (at, ((example, _), class)) in phrasings.iter().zip(&classes).enumerate() {
        writer.u16(Section::Phrasings, *class);
        writer.u16(Section::Phrasings, langs.binary_search(&lang(example)).unwrap_or(0));
        writer.text(Section::Phrasings, Section::PhrasingText, example.text);
        for lengths in &norms {
            writer.f32(Section::Phrasings, lengths.get(at).copied().unwrap_or_default());
        }
    }
    repair::write(&mut writer, phrasings.iter().map(|(_, tokens)| tokens.as_slice()));
    writer.finish()
}

fn lang<'a>(example: &Example<'a>) -> &'a str {
    example.lang.map_or("", |lang| &lang.0)
}

/// Which phrasings have each feature.
fn lists(seen: &[Vec<Feature>]) -> Vec<(Feature, Vec<u16>)> {
    let mut pairs: Vec<(Feature, u16)> = Vec::new();
    for (features, at) in seen.iter().zip(0_u16..) {
        pairs.extend(features.iter().map(|feature| (*feature, at)));
    }
    pairs.sort_unstable();
    pairs
        .chunk_by(|a, b| a.0 == b.0)
        .filter_map(|list| Some((list.first()?.0, list.iter().map(|pair| pair.1).collect())))
        .collect()
}

/// How alike the phrasings are in one view, and how long each is as a vector.
fn gram(lists: &[(Feature, Vec<u16>)], weights: &Weights, size: usize) -> (Gram, Vec<f32>) {
    let mut rows = vec![0.0_f32; size.saturating_mul(size)];
    for (feature, list) in lists {
        let weight = weights.of(list.len()) * times(*feature);
        let square = weight * weight;
        for &at in list {
            let from = usize::from(at).saturating_mul(size);
            let Some(row) = rows.get_mut(from..from.saturating_add(size)) else { continue };
            for &other in list {
                if let Some(likeness) = row.get_mut(usize::from(other)) {
                    *likeness += square;
                }
            }
        }
    }
    let norms: Vec<f32> = (0..size)
        .map(|at| rows.get(at.saturating_mul(size).saturating_add(at)).copied().unwrap_or(0.0))
        .map(f32::sqrt)
        .collect();
    for (row, norm) in rows.chunks_exact_mut(size.max(1)).zip(&norms) {
        for (likeness, other) in row.iter_mut().zip(&norms) {
            let product = norm * other;
            *likeness = if product > 0.0 { *likeness / product } else { 0.0 };
        }
    }
    (Gram { size, rows }, norms)
}

/// Writes the machines phrasing by phrasing: most speak for their own entry and against a few.
fn votes(writer: &mut Writer, machines: &[Vec<f32>]) {
    let mut scales = Vec::with_capacity(machines.len());
    for machine in machines {
        let most = machine.iter().fold(0.0_f32, |most, alpha| most.max(alpha.abs()));
        let scale = if most > 0.0 { most / f32::from(i16::MAX) } else { 1.0 };
        let intercept = machine.iter().sum::<f32>() * TUNING.intercept * TUNING.intercept;
        writer.f32(Section::Machines, scale);
        writer.f32(Section::Machines, intercept);
        scales.push(scale);
    }
    let mut count = 0_usize;
    for at in 0..machines.first().map_or(0, Vec::len) {
        writer.u32(Section::VoteHeads, count);
        for ((machine, scale), entry) in machines.iter().zip(&scales).zip(0..) {
            let alpha = machine.get(at).copied().unwrap_or(0.0) / scale;
            let rounded = alpha.round() as i16;
            if rounded != 0 {
                writer.u16(Section::Votes, entry);
                writer.section(Section::Votes).extend(rounded.to_le_bytes());
                count = count.saturating_add(1);
            }
        }
    }
    writer.u32(Section::VoteHeads, count);
}
