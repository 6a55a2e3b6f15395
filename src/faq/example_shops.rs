//! The matcher on the example shops: on their own phrasings, on questions kept aside, on nonsense.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::format::tests::resealed;
use super::*;
use crate::meta::ids::FaqId;
use crate::shop::model::{Eagerness, FaqEntry, Lang, Localized};

struct Example {
    name: &'static str,
    entries: Vec<FaqEntry>,
    /// Language, message, the entry that answers it. Never used for training or for choosing a
    /// threshold.
    questions: Vec<(Lang, String, Option<FaqId>)>,
}

macro_rules! example {
    ($name:literal) => {
        Example::read(
            $name,
            include_str!(concat!("../../examples/", $name, "/shop.toml")),
            include_str!(concat!("../../examples/", $name, "/questions.tsv")),
        )
    };
}

fn shops() -> [Example; 3] {
    [example!("cafe"), example!("tea"), example!("atelier")]
}

impl Example {
    fn read(name: &'static str, shop: &str, questions: &str) -> Self {
        let shop: toml::Table = shop.parse().unwrap();
        let entries = shop["faq"]
            .as_array()
            .unwrap()
            .iter()
            .map(|entry| FaqEntry {
                id: FaqId::new(entry["id"].as_str().unwrap()).unwrap(),
                ask: phrases(entry.get("ask")),
                keywords: phrases(entry.get("keywords")),
                title: Localized::default(),
                answer: Localized::default(),
                image: None,
                buttons: Vec::new(),
                cards: Vec::new(),
                quick_replies: Vec::new(),
                also: Default::default(),
            })
            .collect();
        let questions = questions
            .lines()
            .map(|line| {
                let mut parts = line.split('\t');
                let mut next = || parts.next().unwrap().to_owned();
                let (lang, message, expected) = (Lang(next()), next(), next());
                (lang, message, (expected != "none").then(|| FaqId::new(expected).unwrap()))
            })
            .collect();
        Self { name, entries, questions }
    }

    fn model(&self) -> Model {
        Model::load(train(examples(&self.entries))).unwrap()
    }

    fn phrasings(&self) -> Vec<(Lang, String, FaqId)> {
        let of = |entry: &FaqEntry| {
            let id = entry.id.clone();
            let ask = entry.ask.clone().into_iter();
            ask.flat_map(|(lang, asks)| asks.into_iter().map(move |text| (lang.clone(), text)))
                .map(|(lang, text)| (lang, text, id.clone()))
                .collect::<Vec<_>>()
        };
        self.entries.iter().flat_map(of).collect()
    }
}

fn phrases(table: Option<&toml::Value>) -> BTreeMap<Lang, Vec<String>> {
    let Some(table) = table.and_then(toml::Value::as_table) else { return BTreeMap::new() };
    let text = |value: &toml::Value| value.as_str().unwrap().to_owned();
    table
        .iter()
        .map(|(lang, list)| {
            (Lang(lang.clone()), list.as_array().unwrap().iter().map(text).collect())
        })
        .collect()
}

/// How decisions turned out.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    /// Questions that an entry answers: the right answer, an offer that holds it, something
    /// else answered or offered, nothing.
    right: usize,
    offered: usize,
    wrong_answer: usize,
    wrong_offer: usize,
    missed: usize,
    /// Questions that no entry answers: answered all the same, offered something, left alone.
    foreign_answered: usize,
    foreign_offered: usize,
    foreign_left: usize,
}

impl Tally {
    fn count(&mut self, expected: Option<&FaqId>, decision: &Decision) {
        let field = match (expected, decision) {
            (Some(id), Decision::Answer(answers)) if answers.as_slice() == [id.clone()] => {
                &mut self.right
            }
            (Some(id), Decision::Offer(offer)) if offer.contains(id) => &mut self.offered,
            (Some(_), Decision::Answer(_)) => &mut self.wrong_answer,
            (Some(_), Decision::Offer(_)) => &mut self.wrong_offer,
            (Some(_), Decision::None) => &mut self.missed,
            (None, Decision::Answer(_)) => &mut self.foreign_answered,
            (None, Decision::Offer(_)) => &mut self.foreign_offered,
            (None, Decision::None) => &mut self.foreign_left,
        };
        *field += 1;
    }

    fn asked(&self) -> usize {
        self.right + self.offered + self.wrong_answer + self.wrong_offer + self.missed
    }

    fn foreign(&self) -> usize {
        self.foreign_answered + self.foreign_offered + self.foreign_left
    }

    fn helped(&self) -> f64 {
        (self.right + self.offered) as f64 / self.asked() as f64
    }
}

/// As the desk asks: the keyword first.
fn decide(example: &Example, model: &Model, text: &str) -> Decision {
    match keyword(&example.entries, text) {
        Some((entry, _)) => Decision::Answer(vec![entry.id.clone()]),
        None => model.answer(text, None, Eagerness::Normal).decision,
    }
}

/// The shop by itself: every fifth phrasing left out in turn, and every entry
/// left out in turn so that its phrasings are questions nothing answers.
fn left_out(example: &Example) -> Tally {
    let mut tally = Tally::default();
    for fold in 0..5 {
        let mut entries = example.entries.clone();
        let mut asked = Vec::new();
        for entry in &mut entries {
            for asks in entry.ask.values_mut() {
                let (out, kept): (Vec<_>, Vec<_>) =
                    asks.drain(..).enumerate().partition(|(at, _)| at % 5 == fold);
                asks.extend(kept.into_iter().map(|(_, text)| text));
                asked.extend(out.into_iter().map(|(_, text)| (text, entry.id.clone())));
            }
        }
        let model = Model::load(train(examples(&entries))).unwrap();
        for (text, id) in asked {
            tally.count(Some(&id), &model.answer(&text, None, Eagerness::Normal).decision);
        }
    }
    for entry in &example.entries {
        let others: Vec<FaqEntry> =
            example.entries.iter().filter(|other| other.id != entry.id).cloned().collect();
        let model = Model::load(train(examples(&others))).unwrap();
        for text in entry.ask.values().flatten() {
            tally.count(None, &model.answer(text, None, Eagerness::Normal).decision);
        }
    }
    tally
}

#[test]
fn every_phrasing_gets_its_own_answer() {
    for example in shops() {
        let model = example.model();
        for (lang, text, id) in example.phrasings() {
            let found = model.answer(&text, None, Eagerness::Normal);
            assert_eq!(
                found.decision,
                Decision::Answer(vec![id.clone()]),
                "{}: {text}",
                example.name
            );
            let best = found.candidates[0].clone();
            assert_eq!((best.entry, best.lang, best.phrasing.as_str()), (id, lang, text.as_str()));
        }
    }
}

/// What a shop's questions came to: out of all its own, how many were answered rightly or offered,
/// how many answered wrongly; out of those that no entry answers, how many were answered, and how
/// many got an offer. These are the figures of this build, and it may do better: a guard against
/// regressions, no claim of quality.
struct Measured {
    name: &'static str,
    own: usize,
    helped: usize,
    wrong: usize,
    foreign: usize,
    answered: usize,
    offered: usize,
}

impl Measured {
    fn hold(&self, tally: Tally) {
        println!("{}: {:.1} % helped, {tally:?}", self.name, 100.0 * tally.helped());
        let name = self.name;
        assert_eq!((tally.asked(), tally.foreign()), (self.own, self.foreign), "{name}: {tally:?}");
        let worse = tally.right + tally.offered < self.helped
            || tally.wrong_answer > self.wrong
            || tally.foreign_answered > self.answered
            || tally.foreign_offered > self.offered;
        assert!(!worse, "{name}: {tally:?}");
    }
}

/// These are hard questions: owners write no two phrasings alike, and an entry left out lies close to
/// the others. Helped: 51, 33 and 46 %.
#[rustfmt::skip]
const LEFT_OUT: [Measured; 3] = [
    Measured { name: "cafe", own: 202, helped: 104, wrong: 13, foreign: 202, answered: 26, offered: 76 },
    Measured { name: "tea", own: 162, helped: 53, wrong: 4, foreign: 162, answered: 8, offered: 39 },
    Measured { name: "atelier", own: 157, helped: 73, wrong: 8, foreign: 157, answered: 8, offered: 67 },
];

#[test]
fn phrasings_left_out_are_answered_or_offered_as_measured() {
    for (example, measured) in shops().into_iter().zip(LEFT_OUT) {
        assert_eq!(example.name, measured.name);
        measured.hold(left_out(&example));
    }
}

/// What customers would ask, written apart from the phrasings. No number of the matcher was fitted to
/// them; that offers at 0.15 would leave tea at 85 % was seen before 0.12 was chosen by the
/// development sets. Helped: 92, 88 and 92 %.
#[rustfmt::skip]
const KEPT_ASIDE: [Measured; 3] = [
    Measured { name: "cafe", own: 50, helped: 46, wrong: 1, foreign: 12, answered: 0, offered: 4 },
    Measured { name: "tea", own: 52, helped: 46, wrong: 0, foreign: 12, answered: 1, offered: 0 },
    Measured { name: "atelier", own: 50, helped: 46, wrong: 1, foreign: 12, answered: 0, offered: 4 },
];

#[test]
fn questions_kept_aside_are_answered_or_offered_as_measured() {
    for (example, measured) in shops().into_iter().zip(KEPT_ASIDE) {
        assert_eq!(example.name, measured.name);
        let model = example.model();
        let mut tally = Tally::default();
        for (_, text, expected) in &example.questions {
            tally.count(expected.as_ref(), &decide(&example, &model, text));
        }
        measured.hold(tally);
    }
}

#[test]
fn nonsense_and_politeness_get_no_answer_and_no_offer() {
    for example in shops() {
        let model = example.model();
        for text in [
            "",
            "   ",
            "👍",
            "?!?!",
            "xkcd zzyzx qwfp",
            "asdfghjkl",
            "\u{0}\u{FFFD}",
            "123456789",
            "hello!",
            "thank you so much",
            "ačiū",
            "labas vakaras",
            "謝謝",
            "早安",
            "obrigada",
            "bom dia",
        ] {
            assert_eq!(
                model.answer(text, None, Eagerness::Normal).decision,
                Decision::None,
                "{}: {text:?}",
                example.name
            );
        }
        assert_eq!(model.answer("hi", None, Eagerness::Normal).candidates, []);
    }
}

#[test]
fn lithuanian_typed_without_diacritics_gets_the_same_answer() {
    let example = example!("cafe");
    let model = example.model();
    let plain = |text: &str| {
        let letters = text.chars().map(|c| match c {
            'ą' | 'Ą' => 'a',
            'č' | 'Č' => 'c',
            'ę' | 'ė' | 'Ė' => 'e',
            'į' | 'Į' => 'i',
            'š' | 'Š' => 's',
            'ų' | 'ū' | 'Ū' => 'u',
            'ž' | 'Ž' => 'z',
            other => other,
        });
        letters.collect::<String>()
    };
    let typed = example.phrasings().into_iter().filter(|(lang, ..)| lang.0 == "lt");
    let mut changed = 0;
    for (_, text, id) in typed {
        let without = plain(&text);
        changed += usize::from(without != text);
        assert_eq!(
            model.answer(&without, None, Eagerness::Normal).decision,
            Decision::Answer(vec![id]),
            "{without}"
        );
    }
    assert!(changed > 30, "only {changed} phrasings had diacritics to lose");
}

#[test]
fn full_width_and_shouting_get_the_same_answer() {
    let tea = example!("tea").model();
    for text in ["有 line pay 嗎", "有ＬＩＮＥ　ＰＡＹ嗎？？", "IS IT CASH ONLY???"] {
        let id = FaqId::new("payment").unwrap();
        assert_eq!(
            tea.answer(text, None, Eagerness::Normal).decision,
            Decision::Answer(vec![id]),
            "{text}"
        );
    }
}

#[test]
fn offers_are_one_to_three_distinct_entries_with_the_best_first() {
    for example in shops() {
        let model = example.model();
        for (_, text, _) in &example.questions {
            let found = model.answer(text, None, Eagerness::Normal);
            if let Decision::Offer(ids) = &found.decision {
                assert!((1..=3).contains(&ids.len()), "{text}");
                assert_eq!(ids.first(), found.candidates.first().map(|best| &best.entry));
                let mut distinct = ids.clone();
                distinct.sort();
                distinct.dedup();
                assert_eq!(distinct.len(), ids.len(), "{text}");
            }
        }
    }
}

#[test]
fn training_twice_gives_the_same_bytes_and_another_shop_gives_others() {
    let mut example = example!("cafe");
    let bytes = train(examples(&example.entries));
    assert_eq!(bytes, train(examples(&example.entries)));
    example.entries.pop();
    assert_ne!(model_key(&bytes), model_key(&train(examples(&example.entries))));
    let empty = Model::load(train([])).unwrap();
    assert_eq!(empty.answer("anything", None, Eagerness::Normal).decision, Decision::None);
}

/// Pins the bytes: when this changes, models in KV mean something else than before, and the
/// format's version has to rise.
#[test]
fn bytes_of_a_small_model_are_the_same_on_every_machine() {
    let mut entry = example!("cafe").entries.remove(0);
    let asks = ["Kada dirbate?", "幾點開門", "horário do sábado"].map(str::to_owned);
    entry.ask = BTreeMap::from([(Lang("lt".into()), asks.to_vec())]);
    entry.id = FaqId::new("pinned").unwrap();
    assert_eq!(model_key(&train(examples(&[entry]))), "model:91b7a2b7738c44af25f79d81f3e8198d");
}

proptest! {
    #[test]
    fn any_message_gets_a_sound_match(text in any::<String>()) {
        let model = example!("tea").model();
        let found = model.answer(&text, None, Eagerness::Normal);
        for candidate in &found.candidates {
            prop_assert!((0.0..=1.0).contains(&candidate.p));
        }
        if found.candidates.is_empty() {
            prop_assert_eq!(found.decision, Decision::None);
        }
        let _ = keyword(&example!("tea").entries, &text);
    }

    #[test]
    fn arbitrary_bytes_are_no_model(mut bytes in proptest::collection::vec(any::<u8>(), 0..400), dressed: bool) {
        if dressed {
            bytes.splice(0..bytes.len().min(8), *b"SBFQ\x01\0\0\0");
        }
        prop_assert!(Model::load(bytes.clone()).is_err());
        // With the right checksum it may be a model, of sorts. It must only not panic.
        if let Ok(model) = Model::load(resealed(bytes)) {
            let _ = model.answer("hello, where are you?", None, Eagerness::Normal);
        }
    }

    #[test]
    fn damaged_models_are_refused_and_forged_ones_do_not_panic(
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        cut in any::<prop::sample::Index>(),
    ) {
        let entries: Vec<FaqEntry> = example!("cafe").entries.into_iter().take(3).collect();
        let whole = train(examples(&entries));
        let mut bytes = whole.clone();
        for (at, to) in changes {
            // Half the changes fall on the counts and the first tables.
            let at = if to % 2 == 0 { at.index(bytes.len()) } else { at.index(300) };
            bytes[at] = to;
        }
        if bytes != whole {
            prop_assert!(Model::load(bytes.clone()).is_err());
        }
        prop_assert!(Model::load(whole[..cut.index(whole.len())].to_vec()).is_err());
        if let Ok(model) = Model::load(resealed(bytes)) {
            for text in ["Kada dirbate?", "menu", "where are you"] {
                let _ = model.answer(text, None, Eagerness::Normal);
            }
        }
    }
}
