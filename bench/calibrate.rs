//! Fits the one function that turns scores into probabilities, on simulated shops drawn from public
//! sets: `cargo bench --bench calibrate -- --data DIR` prints what stands in
//! `src/faq/constants.rs`. DIR is laid out as `bench/README.md` says; HINT3 is not read.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::collections::BTreeMap;
use std::path::Path;

use shopbell::faq::{Example, Model, train};
use shopbell::meta::ids::FaqId;

const SHOPS: usize = 64;
/// Intercept last.
const TERMS: usize = 4;

/// Label and text.
type Labelled = Vec<(String, String)>;

struct Shop {
    kind: &'static str,
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
    let shops = shops(Path::new(&dir));
    let mut rows: Vec<(&str, [f64; TERMS], f64)> = Vec::new();
    for shop in &shops {
        rows.extend(asked(shop).into_iter().map(|(x, y)| (shop.kind, x, y)));
    }
    // A kind counts by its share, not by how many questions it happens to have.
    let share = |kind: &str| match kind {
        "evg" => 0.3,
        "xsid" => 0.7,
        _ => 1.0,
    };
    let of = |kind: &str| rows.iter().filter(|row| row.0 == kind).count() as f64;
    let all = rows.len() as f64;
    let counts: BTreeMap<&str, f64> = shops
        .iter()
        .map(|shop| (shop.kind, share(shop.kind) * all / of(shop.kind) / 4.0))
        .collect();
    let weighted: Vec<([f64; TERMS], f64, f64)> =
        rows.iter().map(|(kind, x, y)| (*x, *y, counts[kind])).collect();
    let w = fit(&weighted);
    println!(
        "{} questions: score {:.3}, lead {:.3}, known {:.3}, base {:.3}",
        rows.len(),
        w[0],
        w[1],
        w[2],
        w[3]
    );
}

/// What is known of each question, and whether the best entry was right.
fn asked(shop: &Shop) -> Vec<([f64; TERMS], f64)> {
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
        let (entry, [score, lead, known]) = model.evidence(text)?;
        let right = truth.as_ref().is_some_and(|label| ids.get(label.as_str()) == Some(&entry));
        let terms = [score, lead, known, 1.0_f32].map(f64::from);
        Some((terms, if right { 1.0 } else { 0.0 }))
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
    let c = clinc(dir);
    let oosv: Vec<String> =
        cl(&c, "oos_train").into_iter().chain(cl(&c, "oos_val")).map(|x| x.1).collect();
    let bank = by(&banking(dir));
    let cli = by(&cl(&c, "train"));
    let bit = by(&csv(dir, "bitext/train.csv")
        .into_iter()
        .map(|r| (r[1].clone(), r[0].clone()))
        .collect::<Vec<_>>());
    let xs: Vec<BTreeMap<String, Vec<String>>> =
        ["lt", "zh", "de", "it"].iter().map(|l| by(&xsid(dir, l))).collect();
    let ev = by(&evg(dir));
    let mut r = Rng(0xabcdef123);
    (0..SHOPS)
        .map(|i| {
            let (src, kind) = match i % 8 {
                0 | 3 => (&bank, "bank"),
                1 | 4 | 6 => (&cli, "clinc"),
                2 => (&bit, "bitext"),
                5 => (&ev, "evg"),
                _ => (&xs[(i / 8) % 4], "xsid"),
            };
            let mut keys: Vec<&String> = src.keys().collect();
            r.shuffle(&mut keys);
            let most = (keys.len() * 3 / 4).min(80);
            let least = 12.min(most - 1);
            let k = least + r.below(most - least);
            let mut s = Shop { kind, train: vec![], test: vec![] };
            let mut ins = vec![];
            let mut oos = vec![];
            for (ki, key) in keys.iter().enumerate() {
                let mut ts = src[*key].clone();
                r.shuffle(&mut ts);
                if ki < k {
                    let ex = (4 + r.below(17)).min(ts.len() * 3 / 4);
                    for (j, t) in ts.into_iter().enumerate() {
                        if j < ex {
                            s.train.push(((*key).clone(), t));
                        } else if j < ex + 8 {
                            ins.push((Some((*key).clone()), t));
                        }
                    }
                } else {
                    for t in ts.into_iter().take(8) {
                        oos.push((None, t));
                    }
                }
            }
            r.shuffle(&mut ins);
            r.shuffle(&mut oos);
            ins.truncate(150);
            let near = 60 + r.below(40);
            oos.truncate(near);
            let english = !matches!(kind, "xsid" | "evg");
            if english {
                for _ in 0..40 {
                    oos.push((None, oosv[r.below(oosv.len())].clone()));
                }
                for _ in 0..20 {
                    let t = &oosv[r.below(oosv.len())];
                    let w: Vec<&str> = t.split(' ').collect();
                    let k = 1 + r.below(3);
                    let i = r.below(w.len());
                    oos.push((None, w[i..(i + k).min(w.len())].join(" ")));
                }
            }
            s.test = ins;
            s.test.extend(oos);
            s
        })
        .collect()
}

struct Rng(u64);
impl Rng {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 >> 8
    }
    fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }
    fn shuffle<T>(&mut self, v: &mut [T]) {
        for i in (1..v.len()).rev() {
            let j = self.below(i + 1);
            v.swap(i, j);
        }
    }
}

fn by(v: &[(String, String)]) -> BTreeMap<String, Vec<String>> {
    let mut m: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (l, t) in v {
        m.entry(l.clone()).or_default().push(t.clone());
    }
    m
}
fn csv(dir: &Path, path: &str) -> Vec<Vec<String>> {
    let text = std::fs::read_to_string(dir.join(path)).unwrap();
    let mut rows = vec![];
    let mut row = vec![];
    let mut cell = String::new();
    let mut q = false;
    let mut it = text.chars().peekable();
    while let Some(c) = it.next() {
        match c {
            '"' if q && it.peek() == Some(&'"') => {
                cell.push('"');
                it.next();
            }
            '"' => q = !q,
            ',' if !q => row.push(std::mem::take(&mut cell)),
            '\n' if !q => {
                row.push(std::mem::take(&mut cell));
                rows.push(std::mem::take(&mut row));
            }
            '\r' => {}
            _ => cell.push(c),
        }
    }
    if !cell.is_empty() {
        row.push(cell);
        rows.push(row);
    }
    rows.remove(0);
    rows
}
fn banking(dir: &Path) -> Labelled {
    csv(dir, "banking77/train.csv")
        .into_iter()
        .map(|row| (row[1].clone(), row[0].clone()))
        .collect()
}
fn xsid(dir: &Path, l: &str) -> Vec<(String, String)> {
    let t = std::fs::read_to_string(dir.join(format!("xsid/{l}.valid.conll"))).unwrap();
    let mut v = vec![];
    let mut text = String::new();
    for line in t.lines() {
        if let Some(x) = line.strip_prefix("# text = ") {
            text = x.to_string();
        }
        if let Some(x) = line.strip_prefix("# intent = ") {
            v.push((x.to_string(), text.clone()));
        }
    }
    v
}
fn evg(dir: &Path) -> Vec<(String, String)> {
    let t = std::fs::read_to_string(dir.join("evg/nlu_data.md")).unwrap();
    let mut v = vec![];
    let mut cur: Option<String> = None;
    for line in t.lines() {
        if let Some(x) = line.strip_prefix("## intent:") {
            cur = Some(x.trim().to_string());
        } else if line.starts_with("##") {
            cur = None;
        } else if let (Some(x), Some(c)) = (line.strip_prefix("- "), &cur) {
            let mut out = String::new();
            let mut skip = false;
            for ch in x.chars() {
                match ch {
                    '[' | ']' => {}
                    '(' => skip = true,
                    ')' => skip = false,
                    c if !skip => out.push(c),
                    _ => {}
                }
            }
            v.push((c.clone(), out.trim().to_string()));
        }
    }
    v
}
fn clinc(dir: &Path) -> serde_json::Value {
    serde_json::from_str(
        &std::fs::read_to_string(dir.join("clinc150/small_train_val.json")).unwrap(),
    )
    .unwrap()
}
fn cl(v: &serde_json::Value, k: &str) -> Vec<(String, String)> {
    v[k].as_array()
        .unwrap()
        .iter()
        .map(|p| (p[1].as_str().unwrap().to_string(), p[0].as_str().unwrap().to_string()))
        .collect()
}
