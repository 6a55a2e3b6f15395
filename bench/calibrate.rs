//! Fits the one function that turns scores into probabilities, on simulated shops drawn from public
//! sets: `cargo bench --bench calibrate -- --data DIR` prints what stands in
//! `src/faq/constants.rs`. DIR is laid out as `bench/README.md` says; HINT3 is not read.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

#[path = "faq/read.rs"]
mod read;

use std::collections::BTreeMap;
use std::path::Path;

use read::{Groups, Labelled, Rng, by};
use shopbell::faq::{Example, Model, train};
use shopbell::meta::ids::FaqId;

/// Intercept last.
const TERMS: usize = 4;
/// From this probability on the best entry is answered: `src/faq/constants.rs`.
const ANSWERED: f64 = 0.4;

/// How many entries the simulated shops have, how many such shops there are, and how much they
/// count together.
const SIZES: [(std::ops::RangeInclusive<usize>, usize, f64); 7] = [
    (12..=80, 96, 6.0),
    (6..=12, 40, 2.0),
    (5..=5, 48, 1.0),
    (4..=4, 48, 1.0),
    (3..=3, 48, 1.0),
    (2..=2, 48, 1.0),
    (1..=1, 48, 1.0),
];

struct Shop {
    /// Where in `SIZES`.
    size: usize,
    train: Labelled,
    /// The right label, or none.
    test: Vec<(Option<String>, String)>,
}

fn main() {
    let mut arguments = std::env::args().skip_while(|one| one != "--data").skip(1);
    let Some(dir) = arguments.next() else {
        println!("calibrate: no --data DIR, nothing to fit on");
        return;
    };
    let rows: Vec<(usize, Asked)> = shops(Path::new(&dir))
        .iter()
        .flat_map(|shop| asked(shop).into_iter().map(|row| (shop.size, row)))
        .collect();
    // A size counts by its share, not by how many questions it happens to have.
    let of = |size: usize| rows.iter().filter(|row| row.0 == size).count() as f64;
    let shares: f64 = SIZES.iter().map(|(.., share)| share).sum();
    let weights: Vec<f64> = (0..SIZES.len())
        .map(|size| SIZES[size].2 / shares * rows.len() as f64 / of(size).max(1.0))
        .collect();
    let weighted = |(size, row): &(usize, Asked), right: bool| {
        (row.terms, if right { 1.0 } else { 0.0 }, weights[*size])
    };
    let best: Vec<_> = rows.iter().map(|row| weighted(row, row.1.place == Some(0))).collect();
    let best = fit(&best);
    print("the best", rows.len(), best);
    let p = |terms: &[f64; TERMS]| {
        let z: f64 = best.iter().zip(terms).map(|(w, x)| w * x).sum();
        1.0 / (1.0 + (-z).exp())
    };
    let open = rows.iter().filter(|(_, row)| p(&row.terms) < ANSWERED);
    let among: Vec<_> = open.map(|row| weighted(row, row.1.place.is_some())).collect();
    print("among the best three", among.len(), fit(&among));
}

fn print(what: &str, questions: usize, w: [f64; TERMS]) {
    println!(
        "{what}, {questions} questions: score: {:.3}, lead: {:.3}, known: {:.3}, base: {:.3}",
        w[0], w[1], w[2], w[3]
    );
}

/// A question.
struct Asked {
    /// What the decision is computed from.
    terms: [f64; TERMS],
    /// Where among the best three the right entry is, if it is.
    place: Option<usize>,
}

fn asked(shop: &Shop) -> Vec<Asked> {
    let mut ids: BTreeMap<&str, FaqId> = BTreeMap::new();
    for (label, _) in &shop.train {
        let next = FaqId::new(format!("entry-{}", ids.len())).unwrap();
        ids.entry(label).or_insert(next);
    }
    let examples = shop.train.iter();
    let examples =
        examples.map(|(label, text)| Example { entry: &ids[label.as_str()], lang: None, text });
    let model = Model::load(train(examples)).unwrap();
    let row = |(truth, text): &(Option<String>, String)| {
        let (best, [score, lead, known]) = model.evidence(text, None)?;
        let right = truth.as_ref().and_then(|label| ids.get(label.as_str()));
        let place = right.and_then(|right| best.iter().position(|id| id == right));
        Some(Asked { terms: [score, lead, known, 1.0_f32].map(f64::from), place })
    };
    shop.test.iter().filter_map(row).collect()
}

/// Logistic regression by Newton's method.
fn fit(rows: &[([f64; TERMS], f64, f64)]) -> [f64; TERMS] {
    let mut w = [0.0; TERMS];
    for _ in 0..12 {
        let mut system = [[0.0; TERMS + 1]; TERMS];
        for (at, row) in system.iter_mut().enumerate() {
            row[at] = rows.len() as f64 * 1e-5;
        }
        for (x, y, weight) in rows {
            let z: f64 = w.iter().zip(x).map(|(w, x)| w * x).sum();
            let p = 1.0 / (1.0 + (-z).exp());
            for (row, xi) in system.iter_mut().zip(x) {
                for (cell, xj) in row.iter_mut().zip(x) {
                    *cell += weight * p * (1.0 - p) * xi * xj;
                }
                row[TERMS] += weight * (p - y) * xi;
            }
        }
        for at in 0..TERMS {
            let pivot = system[at];
            for (other, row) in system.iter_mut().enumerate().filter(|(other, _)| *other != at) {
                let _ = other;
                let factor = row[at] / pivot[at];
                row.iter_mut().zip(pivot).for_each(|(cell, above)| *cell -= factor * above);
            }
        }
        for (at, w) in w.iter_mut().enumerate() {
            *w -= system[at][TERMS] / system[at][at];
        }
    }
    w
}

/// Entries and phrasings drawn at random; held-out entries, and what CLINC150 calls out of scope,
/// as questions that nothing answers.
fn shops(dir: &Path) -> Vec<Shop> {
    let oosv: Vec<String> = ["oos_train", "oos_val"]
        .iter()
        .flat_map(|list| read::clinc(dir, list))
        .map(|row| row.1)
        .collect();
    let bank = by(&read::banking(dir));
    let cli = by(&read::clinc(dir, "train"));
    let bit = by(&read::bitext(dir));
    let xs: Vec<Groups> =
        ["lt", "zh", "de", "it"].iter().map(|lang| by(&read::xsid(dir, lang))).collect();
    let ev = by(&read::evg(dir));
    let mut r = Rng(0xabcdef123);
    let mut shops = Vec::new();
    for (size, (entries, count, _)) in SIZES.iter().enumerate() {
        for i in 0..*count {
            let (src, english) = match i % 8 {
                0 | 3 => (&bank, true),
                1 | 4 | 6 => (&cli, true),
                2 => (&bit, true),
                5 => (&ev, false),
                _ => (&xs[(i / 8) % 4], false),
            };
            let drawn = draw(src, entries, &mut r);
            let foreign = if english { oosv.as_slice() } else { &[] };
            shops.push(shop(size, drawn, foreign, &mut r));
        }
    }
    shops
}

/// Phrasings to train, questions about them, questions about entries that were left out.
type Drawn = (Labelled, Vec<(Option<String>, String)>, Vec<String>);

fn draw(src: &Groups, entries: &std::ops::RangeInclusive<usize>, r: &mut Rng) -> Drawn {
    let mut keys: Vec<&String> = src.keys().collect();
    r.shuffle(&mut keys);
    let most = (keys.len() * 3 / 4).min(*entries.end());
    let least = (*entries.start()).min(most);
    let k = least + r.below(most - least + 1);
    let (mut train, mut within, mut without) = (vec![], vec![], vec![]);
    for (at, key) in keys.into_iter().enumerate() {
        let mut texts = src[key].clone();
        r.shuffle(&mut texts);
        if at >= k {
            without.extend(texts.into_iter().take(8));
            continue;
        }
        let taught = (4 + r.below(17)).min(texts.len() * 3 / 4).max(1);
        let asked = texts.split_off(taught);
        train.extend(texts.into_iter().map(|text| (key.clone(), text)));
        within.extend(asked.into_iter().take(8).map(|text| (Some(key.clone()), text)));
    }
    r.shuffle(&mut within);
    r.shuffle(&mut without);
    within.truncate(150);
    without.truncate((60 + r.below(40)).min(within.len() * 2 / 3 + 4));
    (train, within, without)
}

/// Adds questions about nothing at all, and fragments of some words.
fn shop(size: usize, (train, mut test, without): Drawn, foreign: &[String], r: &mut Rng) -> Shop {
    let count = test.len();
    let of = if foreign.is_empty() { without.clone() } else { foreign.to_vec() };
    let (whole, parts) = if foreign.is_empty() {
        (0, count * 2 / 15 + 1)
    } else {
        (count * 4 / 15 + 3, count * 2 / 15 + 1)
    };
    test.extend(without.into_iter().map(|text| (None, text)));
    if !of.is_empty() {
        for _ in 0..whole {
            test.push((None, of[r.below(of.len())].clone()));
        }
        for _ in 0..parts {
            let words: Vec<&str> = of[r.below(of.len())].split(' ').collect();
            let (length, from) = (1 + r.below(3), r.below(words.len()));
            test.push((None, words[from..(from + length).min(words.len())].join(" ")));
        }
    }
    Shop { size, train, test }
}
