//! Each phrasing asked of an FAQ that was trained without it: what a customer meets who asks in
//! words of their own.
//!
//! Training grows with the entries times their phrasings, and is done anew in each turn. A big FAQ is
//! therefore tried in parts: some entries at a time, with those they are most likely taken for.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::thread;

use crate::faq::{Decision, Example, Model, keyword, train};
use crate::meta::ids::FaqId;
use crate::shop::model::Shop;
use crate::shop::source::diagnostic::Diagnostic;
use crate::shop::source::places::{Phrasing, Places};

/// Phrasings are left out in so many turns at most: training is what this costs.
const MOST_TURNS: usize = 10;
/// So many entries are tried together; from here on parts cost less than the whole.
const MOST_TOGETHER: usize = 400;
/// Entries that are judged in one part.
const PART: usize = 40;
/// Entries that each of them may be taken for, which are trained with them.
const RIVALS: usize = 2;
/// With fewer phrasings an entry is not judged.
const ENOUGH: usize = 3;
/// So many questions that go astray between two entries are worth a look.
const WORTH_A_LOOK: usize = 2;

/// `model` is the FAQ as it is published.
pub(super) fn check(shop: &Shop, model: Option<&Model>, places: &Places) -> Vec<Diagnostic> {
    let asked = match model.filter(|_| places.entries.len() > MOST_TOGETHER) {
        Some(model) => in_parts(shop, model, places, PART),
        None => asked(shop, &places.phrasings.iter().collect::<Vec<_>>(), None),
    };
    unreachable(places, &asked).into_iter().chain(confused(&asked)).collect()
}

/// Asks everything, so many entries at a time.
fn in_parts<'a>(shop: &Shop, model: &Model, places: &'a Places, part: usize) -> Vec<Asked<'a>> {
    let rivals = rivals(shop, model, places);
    let parts = parts(places, &rivals, part);
    let mut of_entry: BTreeMap<&FaqId, Vec<&Phrasing>> = BTreeMap::new();
    for phrasing in &places.phrasings {
        of_entry.entry(&phrasing.entry).or_default().push(phrasing);
    }
    let mut all = Vec::new();
    for judged in &parts {
        let near = judged.iter().flat_map(|id| rivals.get(*id).into_iter().flatten().copied());
        let taught: BTreeSet<&FaqId> = judged.iter().copied().chain(near).collect();
        let phrasings = taught.iter().filter_map(|id| of_entry.get(*id)).flatten().copied();
        all.extend(asked(shop, &phrasings.collect::<Vec<_>>(), Some(judged)));
    }
    all.sort_by_key(|asked| asked.phrasing.span.start);
    all
}

/// Whom each entry's phrasings are like, after their own: the likeliest first.
fn rivals<'a>(
    shop: &Shop,
    model: &Model,
    places: &'a Places,
) -> BTreeMap<&'a FaqId, Vec<&'a FaqId>> {
    let known: BTreeMap<&FaqId, &FaqId> = places.entries.iter().map(|(id, _)| (id, id)).collect();
    let mut weights: BTreeMap<&FaqId, BTreeMap<&FaqId, f32>> = BTreeMap::new();
    for phrasing in &places.phrasings {
        let told = model.answer(&phrasing.text, Some(&phrasing.lang), shop.assistant.eagerness);
        let of_it = weights.entry(&phrasing.entry).or_default();
        for candidate in told.candidates.iter().filter(|one| one.entry != phrasing.entry) {
            if let Some(id) = known.get(&candidate.entry) {
                // One that is unlikely everywhere is still the nearest there is.
                *of_it.entry(id).or_default() += candidate.p + f32::EPSILON;
            }
        }
    }
    let nearest = |of_it: BTreeMap<&'a FaqId, f32>| {
        let mut of_it: Vec<_> = of_it.into_iter().collect();
        of_it.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(b.0)));
        of_it.into_iter().take(RIVALS).map(|(id, _)| id).collect()
    };
    weights.into_iter().map(|(id, of_it)| (id, nearest(of_it))).collect()
}

/// Every entry in one part, rivals together where there is room.
fn parts<'a>(
    places: &'a Places,
    rivals: &BTreeMap<&'a FaqId, Vec<&'a FaqId>>,
    most: usize,
) -> Vec<BTreeSet<&'a FaqId>> {
    let mut left: BTreeSet<&FaqId> = places.entries.iter().map(|(id, _)| id).collect();
    let mut parts: Vec<BTreeSet<&FaqId>> = Vec::new();
    let mut part = BTreeSet::new();
    for (first, _) in &places.entries {
        let mut next = VecDeque::from([first]);
        while let Some(id) = next.pop_front() {
            if !left.remove(id) {
                continue;
            }
            part.insert(id);
            next.extend(rivals.get(id).into_iter().flatten());
            if part.len() >= most {
                parts.push(std::mem::take(&mut part));
                break;
            }
        }
    }
    parts.extend(Some(part).filter(|part| !part.is_empty()));
    parts
}

/// A phrasing and what it led to.
struct Asked<'a> {
    phrasing: &'a Phrasing,
    decision: Decision,
    by_keyword: bool,
}

impl Asked<'_> {
    fn reached(&self) -> bool {
        match &self.decision {
            Decision::Answer(ids) | Decision::Offer(ids) => ids.contains(&self.phrasing.entry),
            Decision::None => false,
        }
    }

    /// The entry that answered in its stead.
    fn astray(&self) -> Option<&FaqId> {
        match &self.decision {
            // What a keyword takes from another entry is told of by itself.
            Decision::Answer(ids) if !self.by_keyword && !ids.contains(&self.phrasing.entry) => {
                ids.first()
            }
            _ => None,
        }
    }
}

/// Teaches `phrasings`, and asks those of the entries that are `judged`; of all where none are named.
fn asked<'a>(
    shop: &Shop,
    phrasings: &[&'a Phrasing],
    judged: Option<&BTreeSet<&FaqId>>,
) -> Vec<Asked<'a>> {
    // The place of each phrasing in its list, which is what decides when it is left out.
    let mut counts = BTreeMap::new();
    let placed: Vec<(usize, &Phrasing)> = phrasings
        .iter()
        .copied()
        .map(|phrasing| {
            let count = counts.entry((&phrasing.entry, &phrasing.lang)).or_insert(0_usize);
            *count = count.saturating_add(1);
            (count.saturating_sub(1), phrasing)
        })
        .collect();
    let turns = counts.values().copied().max().unwrap_or(0).min(MOST_TURNS);
    if turns < 2 {
        return Vec::new();
    }
    let workers = thread::available_parallelism().map_or(1, usize::from).min(turns);
    let mut asked: Vec<Asked<'a>> = thread::scope(|scope| {
        let placed = &placed;
        let threads: Vec<_> = (0..workers)
            .map(|worker| {
                scope.spawn(move || {
                    let turns_of_its = (worker..turns).step_by(workers);
                    turns_of_its
                        .flat_map(|turn| turned(shop, placed, judged, turn, turns))
                        .collect::<Vec<_>>()
                })
            })
            .collect();
        threads.into_iter().filter_map(|thread| thread.join().ok()).flatten().collect()
    });
    asked.sort_by_key(|asked| asked.phrasing.span.start);
    asked
}

/// Asks the phrasings of one turn of an FAQ without them.
fn turned<'a>(
    shop: &Shop,
    placed: &[(usize, &'a Phrasing)],
    judged: Option<&BTreeSet<&FaqId>>,
    turn: usize,
    turns: usize,
) -> Vec<Asked<'a>> {
    let its = |at: usize| at.checked_rem(turns) == Some(turn);
    let taught = placed.iter().filter(|(at, _)| !its(*at)).map(|(_, phrasing)| Example {
        entry: &phrasing.entry,
        lang: Some(&phrasing.lang),
        text: &phrasing.text,
    });
    let Ok(model) = Model::load(train(taught)) else { return Vec::new() };
    placed
        .iter()
        .filter(|(at, phrasing)| {
            its(*at) && judged.is_none_or(|judged| judged.contains(&phrasing.entry))
        })
        .map(|(_, phrasing)| {
            let said = keyword(&shop.faq, &phrasing.text);
            let decision = match said {
                Some((entry, _)) => Decision::Answer(vec![entry.id.clone()]),
                None => {
                    let lang = Some(&phrasing.lang);
                    model.answer(&phrasing.text, lang, shop.assistant.eagerness).decision
                }
            };
            Asked { phrasing, decision, by_keyword: said.is_some() }
        })
        .collect()
}

/// Entries that none of their own phrasings reaches when it is left out.
fn unreachable(places: &Places, asked: &[Asked<'_>]) -> Vec<Diagnostic> {
    let judged = places.entries.iter().filter_map(|(id, span)| {
        let of_it: Vec<&Asked<'_>> = asked.iter().filter(|a| a.phrasing.entry == *id).collect();
        let lost = of_it.len() >= ENOUGH && !of_it.iter().any(|asked| asked.reached());
        lost.then(|| {
            let message = format!(
                "none of the {} ways to ask for \"{id}\" leads to it once it is left out",
                of_it.len()
            );
            Diagnostic::warning("unreachable", span.clone(), message)
                .label("other words will not lead here, either")
                .help(
                    "repeat the words that customers use for it in several phrasings, or make \
                     them keywords",
                )
        })
    });
    judged.collect()
}

/// Pairs of entries between which questions go astray.
fn confused(asked: &[Asked<'_>]) -> Vec<Diagnostic> {
    let mut pairs: BTreeMap<(&FaqId, &FaqId), Vec<&Asked<'_>>> = BTreeMap::new();
    for one in asked {
        if let Some(other) = one.astray() {
            let own = &one.phrasing.entry;
            pairs.entry((own.min(other), own.max(other))).or_default().push(one);
        }
    }
    let worth = pairs.into_iter().filter(|(_, astray)| astray.len() >= WORTH_A_LOOK);
    worth
        .filter_map(|((one, other), astray)| {
            let first = astray.first()?;
            let shown: Vec<String> = astray
                .iter()
                .map(|asked| format!("\"{}\" of \"{}\"", asked.phrasing.text, asked.phrasing.entry))
                .collect();
            let message = format!("\"{one}\" and \"{other}\" are taken for each other");
            Some(
                Diagnostic::note("confused", first.phrasing.span.clone(), message)
                    .label("goes to the other one when it is left out")
                    .help(format!(
                        "say in more phrasings what only one of them is about, or make them one \
                         entry; astray went {}",
                        shown.join(", ")
                    ))
                    .data(serde_json::json!({
                        "entries": [one, other],
                        "astray": astray.iter().map(|asked| serde_json::json!({
                            "entry": asked.phrasing.entry,
                            "lang": asked.phrasing.lang,
                            "phrasing": asked.phrasing.text,
                        })).collect::<Vec<_>>(),
                    })),
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::publish::Bundle;
    use crate::shop::source::compile;

    /// A few entries about things of their own, and two at either end that say the same.
    fn shop() -> String {
        let things = ["tea", "bread", "parking", "cards", "wifi", "dogs", "vegan", "birthday"];
        let mut text =
            "[shop]\nname = \"X\"\nlanguages = [\"en\"]\ntime_zone = \"Europe/Vilnius\"\n\
                        country = \"LT\"\n[[page]]\nid = \"41\"\nusername = \"corner\"\n"
                .to_owned();
        let mut entry = |id: &str, asks: [String; 4]| {
            text += &format!(
                "[[faq]]\nid = \"{id}\"\ntitle.en = \"{id}\"\nask.en = {asks:?}\nanswer.en = \"Yes.\"\n"
            );
        };
        let hours = |at: &str| {
            ["when do you open", "opening times", "are you open", "open hours"]
                .map(|ask| format!("{ask} {at}"))
        };
        entry("hours", hours("today"));
        for thing in things {
            entry(
                thing,
                [
                    format!("is there {thing}"),
                    format!("tell me about {thing} please"),
                    format!("{thing} here"),
                    format!("what about your {thing}"),
                ],
            );
        }
        entry("times", hours("today please"));
        text
    }

    #[test]
    fn a_big_faq_that_is_tried_in_parts_tells_the_same_entries_apart() {
        let source = shop();
        let compiled = compile(&source);
        assert!(!compiled.has_errors(), "{:?}", compiled.diagnostics);
        let bundle = Bundle::of(compiled.shops.clone());
        let (_, bytes) = bundle.model.as_ref().unwrap();
        let model = Model::load(bytes.clone()).unwrap();
        let (shop, places) = (&bundle.shops[0], &compiled.places);
        let whole = asked(shop, &places.phrasings.iter().collect::<Vec<_>>(), None);
        let in_parts = in_parts(shop, &model, places, 3);
        assert_eq!(whole.len(), places.phrasings.len());
        assert_eq!(in_parts.len(), whole.len(), "each is asked once");
        let pairs = |asked: &[Asked<'_>]| -> Vec<String> {
            confused(asked).into_iter().map(|d| d.message).collect()
        };
        assert_eq!(pairs(&whole), ["\"hours\" and \"times\" are taken for each other"]);
        assert_eq!(pairs(&in_parts), pairs(&whole));
    }

    #[test]
    fn every_entry_is_in_one_part_and_no_part_is_bigger_than_it_may_be() {
        let compiled = compile(&shop());
        let places = &compiled.places;
        let ids: Vec<&FaqId> = places.entries.iter().map(|(id, _)| id).collect();
        let rivals = BTreeMap::from([(ids[0], vec![ids[9], ids[8]])]);
        let parts = parts(places, &rivals, 3);
        assert!(parts.iter().all(|part| part.len() <= 3));
        assert_eq!(parts.iter().map(BTreeSet::len).sum::<usize>(), ids.len());
        assert_eq!(parts[0], BTreeSet::from([ids[0], ids[9], ids[8]]), "rivals stay together");
    }
}
