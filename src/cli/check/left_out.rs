//! Each phrasing asked of an FAQ that was trained without it: what a customer meets who asks in
//! words of their own.

use std::collections::BTreeMap;
use std::thread;

use crate::faq::{Decision, Example, Model, keyword, train};
use crate::meta::ids::FaqId;
use crate::shop::model::Shop;
use crate::shop::source::diagnostic::Diagnostic;
use crate::shop::source::places::{Phrasing, Places};

/// Phrasings are left out in so many turns at most: training is what this costs.
const MOST_TURNS: usize = 10;
/// With fewer phrasings an entry is not judged.
const ENOUGH: usize = 3;
/// So many questions that go astray between two entries are worth a look.
const WORTH_A_LOOK: usize = 2;

pub(super) fn check(shop: &Shop, places: &Places) -> Vec<Diagnostic> {
    let asked = asked(shop, places);
    unreachable(places, &asked).into_iter().chain(confused(&asked)).collect()
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

fn asked<'a>(shop: &Shop, places: &'a Places) -> Vec<Asked<'a>> {
    // The place of each phrasing in its list, which is what decides when it is left out.
    let mut counts = BTreeMap::new();
    let placed: Vec<(usize, &Phrasing)> = places
        .phrasings
        .iter()
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
                        .flat_map(|turn| turned(shop, placed, turn, turns))
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
        .filter(|(at, _)| its(*at))
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
