//! From an owner's phrasings to a model.

use super::features::{Feature, VIEWS, features};
use super::format::{Section, Writer};
use super::index;
use super::repair;
use super::score::read;
use super::svm::{Kind, Lists, Machine, Vectors, machines};
use super::weight;
use crate::meta::ids::FaqId;
use crate::shop::model::{FaqEntry, Lang};

/// Training took 100 seconds on one core at this many.
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
    let kinds: Vec<Kind> = phrasings
        .iter()
        .filter_map(|(example, _)| {
            let class = ids.binary_search(&example.entry).ok()?;
            Some(Kind { class, lang: langs.binary_search(&lang(example)).ok()? })
        })
        .collect();

    let mut writer = Writer::default();
    // Phrasings are sorted by entry.
    let weigh = |list: &[u16]| {
        let classes = list.iter().filter_map(|at| kinds.get(usize::from(*at)));
        let classes: Vec<usize> = classes.map(|kind| kind.class).collect();
        weight::of(ids.len(), classes.chunk_by(|a, b| a == b).map(<[usize]>::len))
    };
    let views: Vec<Lists> = (0..VIEWS)
        .map(|view| {
            let seen: Vec<Vec<Feature>> =
                phrasings.iter().map(|(_, tokens)| features(view, tokens)).collect();
            lists(&seen)
        })
        .collect();
    let vectors = Vectors::new(phrasings.len(), &views, weigh);
    for (view, lists) in views.into_iter().enumerate() {
        index::write(&mut writer, view, lists, weigh);
    }
    votes(&mut writer, &machines(&vectors, &kinds, ids.len(), langs.len()));

    for id in &ids {
        writer.text(Section::Ids, Section::IdText, id.as_str());
    }
    for lang in &langs {
        writer.text(Section::Langs, Section::LangText, lang);
    }
    for (at, ((example, _), kind)) in phrasings.iter().zip(&kinds).enumerate() {
        writer.u16(Section::Phrasings, kind.class);
        writer.u16(Section::Phrasings, kind.lang);
        writer.text(Section::Phrasings, Section::PhrasingText, example.text);
        for lengths in &vectors.lengths {
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
fn lists(seen: &[Vec<Feature>]) -> Lists {
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

/// Writes the machines phrasing by phrasing: most speak for their own entry and against a few.
fn votes(writer: &mut Writer, machines: &[Machine]) {
    let mut scales = Vec::with_capacity(machines.len());
    for machine in machines {
        let most = machine.alphas.iter().fold(0.0_f32, |most, alpha| most.max(alpha.abs()));
        let scale = if most > 0.0 { most / f32::from(i16::MAX) } else { 1.0 };
        writer.f32(Section::Machines, scale);
        for intercept in &machine.intercepts {
            writer.f32(Section::Machines, *intercept);
        }
        scales.push(scale);
    }
    let mut count = 0_usize;
    for at in 0..machines.first().map_or(0, |machine| machine.alphas.len()) {
        writer.u32(Section::VoteHeads, count);
        for ((machine, scale), entry) in machines.iter().zip(&scales).zip(0..) {
            let alpha = machine.alphas.get(at).copied().unwrap_or(0.0) / scale;
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
