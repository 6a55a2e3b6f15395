//! The public sets' own layouts, and chance that comes out the same in every run: what the
//! development figures and the calibration share.

#![allow(dead_code)] // Neither uses all of it.

use std::collections::BTreeMap;
use std::path::Path;

/// Label and text.
pub type Labelled = Vec<(String, String)>;
/// Texts by their labels.
pub type Groups = BTreeMap<String, Vec<String>>;

/// Xorshift.
pub struct Rng(pub u64);

impl Rng {
    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 >> 8
    }

    pub fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }

    pub fn shuffle<T>(&mut self, v: &mut [T]) {
        for i in (1..v.len()).rev() {
            let j = self.below(i + 1);
            v.swap(i, j);
        }
    }
}

pub fn by(rows: &[(String, String)]) -> Groups {
    let mut groups = Groups::new();
    for (label, text) in rows {
        groups.entry(label.clone()).or_default().push(text.clone());
    }
    groups
}

/// The rows of a CSV file, without its header.
fn csv(dir: &Path, path: &str) -> Vec<Vec<String>> {
    let text = std::fs::read_to_string(dir.join(path)).unwrap();
    let mut rows = vec![];
    let mut row = vec![];
    let mut cell = String::new();
    let mut quoted = false;
    let mut letters = text.chars().peekable();
    while let Some(c) = letters.next() {
        match c {
            '"' if quoted && letters.peek() == Some(&'"') => {
                cell.push('"');
                letters.next();
            }
            '"' => quoted = !quoted,
            ',' if !quoted => row.push(std::mem::take(&mut cell)),
            '\n' if !quoted => {
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

fn text_then_label(dir: &Path, path: &str) -> Labelled {
    csv(dir, path).into_iter().map(|row| (row[1].clone(), row[0].clone())).collect()
}

pub fn banking(dir: &Path) -> Labelled {
    text_then_label(dir, "banking77/train.csv")
}

pub fn bitext(dir: &Path) -> Labelled {
    text_then_label(dir, "bitext/train.csv")
}

/// A training part: `sofmattress`, `sofmattress_subset` and so on.
pub fn hint3(dir: &Path, part: &str) -> Labelled {
    text_then_label(dir, &format!("hint3/{part}_train.csv"))
}

pub fn xsid(dir: &Path, lang: &str) -> Labelled {
    let source = std::fs::read_to_string(dir.join(format!("xsid/{lang}.valid.conll"))).unwrap();
    let mut rows = vec![];
    let mut text = String::new();
    for line in source.lines() {
        if let Some(found) = line.strip_prefix("# text = ") {
            text = found.to_string();
        }
        if let Some(intent) = line.strip_prefix("# intent = ") {
            rows.push((intent.to_string(), text.clone()));
        }
    }
    rows
}

/// Questions of one of the three sets; `part` is `train` or `test`. What has no label is labelled
/// with nothing.
pub fn tilde(dir: &Path, set: &str, lang: &str, part: &str) -> Labelled {
    let read = |path: String| std::fs::read_to_string(dir.join(path)).unwrap();
    let questions = read(format!("tilde/{set}/{lang}/{set}_{part}_q.txt"));
    let answers = read(format!("tilde/{set}/{set}_{part}_ans.txt"));
    let label = |label: &str| if label == "None" { String::new() } else { label.to_string() };
    let pairs = questions.lines().zip(answers.lines());
    pairs.map(|(text, of)| (label(of.trim()), text.trim_matches('"').to_string())).collect()
}

pub fn evg(dir: &Path) -> Labelled {
    let source = std::fs::read_to_string(dir.join("evg/nlu_data.md")).unwrap();
    let mut rows = vec![];
    let mut label: Option<String> = None;
    for line in source.lines() {
        if let Some(found) = line.strip_prefix("## intent:") {
            label = Some(found.trim().to_string());
        } else if line.starts_with("##") {
            label = None;
        } else if let (Some(marked), Some(label)) = (line.strip_prefix("- "), &label) {
            let mut text = String::new();
            let mut skip = false;
            for c in marked.chars() {
                match c {
                    '[' | ']' => {}
                    '(' => skip = true,
                    ')' => skip = false,
                    c if !skip => text.push(c),
                    _ => {}
                }
            }
            rows.push((label.clone(), text.trim().to_string()));
        }
    }
    rows
}

/// `list` is `train`, `val`, `oos_train` or `oos_val`.
pub fn clinc(dir: &Path, list: &str) -> Labelled {
    let source = std::fs::read_to_string(dir.join("clinc150/small_train_val.json")).unwrap();
    let all: serde_json::Value = serde_json::from_str(&source).unwrap();
    let rows = all[list].as_array().unwrap().iter();
    rows.map(|row| (row[1].as_str().unwrap().to_string(), row[0].as_str().unwrap().to_string()))
        .collect()
}
