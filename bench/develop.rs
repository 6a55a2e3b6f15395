//! Development figures of the matcher, on training parts of public sets only:
//! `cargo bench --bench develop -- --data DIR [--only TEXT] [--seeds N] [--wrong FILE]`. Constants and features
//! are chosen by these; test sets are not read. DIR is laid out as `bench/README.md` says.
//!
//! Prints a line for each set: right without a threshold, right among the first three, Matthews'
//! correlation of what is answered, answered and offered of what nothing answers, all in % over all
//! cuts; then right of each cut, to compare two matchers cut by cut. `--wrong` writes what was
//! mistaken for what.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

#[path = "faq/read.rs"]
mod read;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use read::{Groups, Labelled, Rng, by};
use shopbell::faq::{Decision, Example, Model, train};
use shopbell::meta::ids::FaqId;
use shopbell::shop::model::{Eagerness, Lang};

/// Draws of each set, unless `--seeds` says fewer.
const SEEDS: u64 = 6;
/// Questions of one cut at most.
const ASKED: usize = 3_000;
const HINT3: [&str; 6] = [
    "sofmattress",
    "sofmattress_subset",
    "curekart",
    "curekart_subset",
    "powerplay11",
    "powerplay11_subset",
];

/// One shop, and questions with their answer, or none.
#[derive(Default)]
struct Cut {
    set: String,
    /// Language (empty: not told), label, text.
    train: Vec<(&'static str, String, String)>,
    test: Vec<(Option<String>, String)>,
}

/// What came of a cut.
#[derive(Default)]
struct Came {
    /// What was said and what is right; an empty label is none.
    said: Vec<(String, String)>,
    within: usize,
    first: usize,
    three: usize,
    foreign: usize,
    answered: usize,
    offered: usize,
    wrong: String,
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let value = |name: &str| {
        let at = arguments.iter().position(|one| one == name)?;
        arguments.get(at + 1).cloned()
    };
    let Some(dir) = value("--data") else {
        println!("develop: no --data DIR, nothing to measure on");
        return;
    };
    let seeds = value("--seeds").and_then(|seeds| seeds.parse().ok()).unwrap_or(SEEDS);
    let mut cuts = cuts(Path::new(&dir), seeds);
    if let Some(only) = value("--only") {
        cuts.retain(|cut| only.split(',').any(|one| cut.set.contains(one)));
    }
    let next = AtomicUsize::new(0);
    let came = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some(cut) = cuts.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let result = ask(cut);
                    came.lock().unwrap().push((cut.set.clone(), result));
                }
            });
        }
    });
    let mut came = came.into_inner().unwrap();
    // Which thread was first does not matter: cuts of a set by their questions.
    came.sort_by(|a, b| (&a.0, &a.1.said).cmp(&(&b.0, &b.1.said)));
    print(&came);
    if let Some(file) = value("--wrong") {
        let wrong: String = came.iter().map(|(_, one)| one.wrong.as_str()).collect();
        std::fs::write(file, wrong).unwrap();
    }
}

fn print(came: &[(String, Came)]) {
    println!("{:34} {:>6} {:>6} {:>6} {:>6} {:>6}", "", "right", "three", "MCC", "f.ans", "f.off");
    let mut means = [0.0; 3];
    let mut sets = 0.0;
    for group in came.chunk_by(|a, b| a.0 == b.0) {
        let sum = |of: fn(&Came) -> usize| group.iter().map(|one| of(&one.1)).sum::<usize>() as f64;
        let share = |of: fn(&Came) -> usize, all: f64| 100.0 * sum(of) / all.max(1.0);
        let within = sum(|one| one.within);
        let foreign = sum(|one| one.foreign);
        // Labels mean something within a shop only.
        let mcc = group.iter().map(|one| mcc(&one.1.said)).sum::<f64>() / group.len() as f64;
        let row = [share(|one| one.first, within), share(|one| one.three, within), 100.0 * mcc];
        means.iter_mut().zip(row).for_each(|(mean, one)| *mean += one);
        sets += 1.0;
        let [first, three, mcc] = row;
        let answered = share(|one| one.answered, foreign);
        let offered = share(|one| one.offered, foreign);
        print!("{:34} {first:6.2} {three:6.2} {mcc:6.2} {answered:6.1} {offered:6.1} ", group[0].0);
        for (_, one) in group.iter().take(6) {
            print!(" {:.1}", 100.0 * one.first as f64 / one.within.max(1) as f64);
        }
        println!();
    }
    println!(
        "{:34} {:6.2} {:6.2} {:6.2}",
        "mean of the sets",
        means[0] / sets,
        means[1] / sets,
        means[2] / sets
    );
}

fn ask(cut: &Cut) -> Came {
    let mut ids: BTreeMap<&str, FaqId> = BTreeMap::new();
    for (_, label, _) in &cut.train {
        let next = FaqId::new(format!("entry-{}", ids.len())).unwrap();
        ids.entry(label).or_insert(next);
    }
    let labels: BTreeMap<&FaqId, &str> = ids.iter().map(|(label, id)| (id, *label)).collect();
    let langs: BTreeMap<&str, Lang> =
        cut.train.iter().map(|row| (row.0, Lang(row.0.to_string()))).collect();
    let model = Model::load(train(cut.train.iter().map(|(lang, label, text)| Example {
        entry: &ids[label.as_str()],
        lang: langs.get(lang).filter(|lang| !lang.0.is_empty()),
        text,
    })))
    .unwrap();
    let mut came = Came::default();
    for (truth, text) in &cut.test {
        let found = model.answer(text, None, Eagerness::Normal);
        let best: Vec<&str> =
            found.candidates.iter().take(3).map(|one| labels[&one.entry]).collect();
        let said = match &found.decision {
            Decision::Answer(entries) => labels[&entries[0]],
            _ => "",
        };
        came.said.push((said.to_string(), truth.clone().unwrap_or_default()));
        let offered = usize::from(matches!(found.decision, Decision::Offer(_)));
        let Some(truth) = truth else {
            came.foreign += 1;
            came.answered += usize::from(!said.is_empty());
            came.offered += offered;
            continue;
        };
        came.within += 1;
        came.three += usize::from(best.contains(&truth.as_str()));
        if best.first() == Some(&truth.as_str()) {
            came.first += 1;
        } else {
            let nearest = found.best().map_or("", |best| best.phrasing.as_str());
            let took = best.first().unwrap_or(&"");
            writeln!(came.wrong, "{}\t{truth}\t{took}\t{text}\t{nearest}", cut.set).unwrap();
        }
    }
    came
}

/// Matthews' correlation for several classes.
fn mcc(said: &[(String, String)]) -> f64 {
    let mut counts: BTreeMap<&str, (f64, f64)> = BTreeMap::new();
    let mut correct = 0.0;
    for (said, truth) in said {
        counts.entry(said).or_default().0 += 1.0;
        counts.entry(truth).or_default().1 += 1.0;
        correct += f64::from(u8::from(said == truth));
    }
    let total = said.len() as f64;
    let sum = |of: fn(&(f64, f64)) -> f64| counts.values().map(of).sum::<f64>();
    let both = sum(|(a, b)| a * b);
    let norm =
        ((total * total - sum(|(a, _)| a * a)) * (total * total - sum(|(_, b)| b * b))).sqrt();
    if norm > 0.0 { (correct * total - both) / norm } else { 0.0 }
}

fn cuts(dir: &Path, seeds: u64) -> Vec<Cut> {
    let bank = by(&read::banking(dir));
    let clinc = by(&read::clinc(dir, "train"));
    let oos: Vec<String> = ["oos_train", "oos_val"]
        .iter()
        .flat_map(|list| read::clinc(dir, list))
        .map(|row| row.1)
        .collect();
    let bitext = by(&read::bitext(dir));
    let evg = by(&read::evg(dir));
    let spoken: Vec<(&'static str, Groups)> = ["lt", "zh", "de", "it"]
        .into_iter()
        .map(|lang| (lang, by(&read::xsid(dir, lang))))
        .collect();
    let mut cuts = Vec::new();
    for seed in 1..=seeds {
        let rng = || Rng(0x9e37_79b9 * seed);
        let mut push = |set: &str, of: &Groups, few: usize, foreign: &[String]| {
            let mut cut = few_of_each(of, few, &mut rng());
            cut.set = set.to_string();
            cut.test.extend(foreign.iter().map(|text| (None, text.clone())));
            cuts.push(cut);
        };
        push("banking77, 10", &bank, 10, &[]);
        push("banking77, 5", &bank, 5, &[]);
        push("clinc150, 10", &clinc, 10, &oos);
        push("bitext, 6", &bitext, 6, &[]);
        push("evg, 8", &evg, 8, &[]);
        push("evg, 2", &evg, 2, &[]);
        for (lang, of) in &spoken {
            push(&format!("xsid {lang}, 6"), of, 6, &[]);
        }
        cuts.push(in_four_languages(&spoken, &mut rng()));
        if seed <= 2 {
            for part in HINT3 {
                folds(part, &read::hint3(dir, part), &mut rng(), &mut cuts);
            }
        }
        for size in [2, 3, 5, 12] {
            for _ in 0..3 {
                for (at, of) in [&bank, &clinc, &bitext, &evg, &spoken[0].1].into_iter().enumerate()
                {
                    let foreign: &[String] = if at < 3 { &oos } else { &[] };
                    let mut rng = Rng(0x51_7cc1 * seed + 977 * cuts.len() as u64);
                    cuts.push(small(size, of, foreign, &mut rng));
                }
            }
        }
    }
    let mut small_train = Cut { set: "clinc150, small".to_string(), ..Cut::default() };
    small_train.train =
        read::clinc(dir, "train").into_iter().map(|(label, text)| ("en", label, text)).collect();
    small_train.test =
        read::clinc(dir, "val").into_iter().map(|(label, text)| (Some(label), text)).collect();
    let foreign = read::clinc(dir, "oos_val").into_iter().map(|row| (None, row.1));
    small_train.test.extend(foreign);
    cuts.push(small_train);
    for lang in ["lt", "en"] {
        for set in ["askubuntu", "webapps"] {
            let of = |part: &str| read::tilde(dir, set, lang, part);
            folds(&format!("tilde {lang} {set}"), &of("train"), &mut Rng(77), &mut cuts);
        }
    }
    cuts
}

/// `few` of each label to train, the rest to ask.
fn few_of_each(of: &Groups, few: usize, rng: &mut Rng) -> Cut {
    let mut cut = Cut::default();
    for (label, texts) in of {
        let mut texts = texts.clone();
        rng.shuffle(&mut texts);
        let few = few.min(texts.len().div_ceil(2));
        let asked = texts.split_off(few);
        cut.train.extend(texts.into_iter().map(|text| ("", label.clone(), text)));
        cut.test.extend(asked.into_iter().map(|text| (Some(label.clone()), text)));
    }
    rng.shuffle(&mut cut.test);
    cut.test.truncate(ASKED);
    cut
}

/// Six phrasings of each entry in each language, a fifth of the entries missing.
fn in_four_languages(spoken: &[(&'static str, Groups)], rng: &mut Rng) -> Cut {
    let mut cut = Cut { set: "xsid in four languages".to_string(), ..Cut::default() };
    let mut labels: Vec<String> = spoken.iter().flat_map(|(_, of)| of.keys().cloned()).collect();
    labels.sort();
    labels.dedup();
    rng.shuffle(&mut labels);
    labels.truncate(labels.len() / 5);
    for (lang, of) in spoken {
        let own = few_of_each(of, 6, rng);
        let kept = own.train.into_iter().filter(|(_, label, _)| !labels.contains(label));
        cut.train.extend(kept.map(|(_, label, text)| (*lang, label, text)));
        cut.test.extend(
            own.test
                .into_iter()
                .map(|(truth, text)| (truth.filter(|label| !labels.contains(label)), text)),
        );
    }
    cut
}

/// Five cuts, each a fifth of the rows asked; and the same with a fifth of the entries missing.
fn folds(name: &str, rows: &Labelled, rng: &mut Rng, cuts: &mut Vec<Cut>) {
    let part = name.split('_').next().unwrap_or(name);
    let family = name.split(' ').next().filter(|first| *first == "tilde");
    let family = family.map_or_else(|| format!("hint3 {part}"), |_| name[..8].to_string());
    let mut rows: Labelled = rows.iter().filter(|row| !row.0.is_empty()).cloned().collect();
    rng.shuffle(&mut rows);
    rows.sort_by(|a, b| a.0.cmp(&b.0));
    let labels: Vec<&String> = rows.chunk_by(|a, b| a.0 == b.0).map(|rows| &rows[0].0).collect();
    for fold in 0..5 {
        for missing in [false, true] {
            let out = |label: &String| {
                missing && labels.iter().position(|one| *one == label).unwrap() % 5 == fold
            };
            let suffix = if missing { ", fifth missing" } else { "" };
            let mut cut = Cut { set: format!("{family}{suffix}"), ..Cut::default() };
            for (at, (label, text)) in rows.iter().enumerate() {
                if at % 5 == fold {
                    cut.test.push(((!out(label)).then(|| label.clone()), text.clone()));
                } else if !out(label) {
                    cut.train.push(("", label.clone(), text.clone()));
                }
            }
            // A label asked but not trained fits none.
            let trained: Vec<String> = cut.train.iter().map(|row| row.1.clone()).collect();
            for (truth, _) in &mut cut.test {
                *truth = truth.take().filter(|label| trained.contains(label));
            }
            cuts.push(cut);
        }
    }
}

/// A shop of `size` entries with eight phrasings; of what is asked half fits nothing: other entries
/// of the same set, and questions about nothing at all.
fn small(size: usize, of: &Groups, foreign: &[String], rng: &mut Rng) -> Cut {
    let mut cut = Cut { set: format!("shops of {size:02}"), ..Cut::default() };
    let mut labels: Vec<&String> = of.keys().collect();
    rng.shuffle(&mut labels);
    let mut without = Vec::new();
    for (at, label) in labels.into_iter().enumerate() {
        let mut texts = of[label].clone();
        rng.shuffle(&mut texts);
        if at >= size {
            without.extend(texts.into_iter().take(3));
            continue;
        }
        let few = 8.min(texts.len() * 3 / 4).max(1);
        let asked = texts.split_off(few);
        cut.train.extend(texts.into_iter().map(|text| ("", label.clone(), text)));
        cut.test.extend(asked.into_iter().take(12).map(|text| (Some(label.clone()), text)));
    }
    rng.shuffle(&mut without);
    let mut foreign = foreign.to_vec();
    rng.shuffle(&mut foreign);
    let half = cut.test.len() / 2;
    without.truncate(if foreign.is_empty() { 2 * half } else { half });
    foreign.truncate(half);
    cut.test.extend(without.into_iter().chain(foreign).map(|text| (None, text)));
    cut
}
