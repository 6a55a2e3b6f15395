//! The matcher in V8 and here: the same bytes from training, the same bits for every question. It
//! needs no bundle, but the same tools, and comes after it because most is built by then.

use std::path::Path;
use std::process::Command;

use crate::common::rng::Rng;
use shopbell::faq::{self, Example, Model};
use shopbell::meta::ids::FaqId;
use shopbell::shop::lang;
use shopbell::shop::model::{Eagerness, Lang};
use shopbell::shop::source;

/// Made-up questions for each shop, beside its own.
const MADE_UP: usize = 400;

/// Where characters are drawn from: Latin, its marks, Greek, Cyrillic, Hebrew, Arabic, Devanagari,
/// Thai, Hangul, kana, Han, compatibility forms, signs, emoji, and from anywhere.
const RANGES: [(u32, u32); 15] = [
    (0x20, 0x7e),
    (0xa0, 0x17f),
    (0x300, 0x36f),
    (0x370, 0x3ff),
    (0x400, 0x4ff),
    (0x590, 0x5ff),
    (0x600, 0x6ff),
    (0x900, 0x97f),
    (0xe00, 0xe7f),
    (0xac00, 0xd7a3),
    (0x3040, 0x30ff),
    (0x4e00, 0x9fff),
    (0xf900, 0xffff),
    (0x1f300, 0x1faff),
    (0, 0x10_ffff),
];

type Row = (FaqId, Lang, String);

/// The example shops, and their questions.
fn shops() -> Vec<(String, Vec<Row>, Vec<String>)> {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let of = |name: &str| {
        let read = |file: &str| std::fs::read_to_string(examples.join(name).join(file)).unwrap();
        let shop = source::compile(&read("shop.toml")).shops.remove(0);
        let rows = faq::examples(&shop.faq).map(|example| {
            (example.entry.clone(), example.lang.unwrap().clone(), example.text.to_owned())
        });
        let questions = read("questions.tsv");
        let questions = questions.lines().map(|line| line.split('\t').nth(1).unwrap().to_owned());
        (name.to_owned(), rows.collect(), questions.collect())
    };
    ["cafe", "tea", "atelier"].map(of).into()
}

/// A shop in every language that the assistant has words of its own in.
fn every_language() -> (String, Vec<Row>, Vec<String>) {
    let mut rows = Vec::new();
    for language in lang::all() {
        for (entry, phrases) in [
            ("stop", &language.stop),
            ("human", &language.human),
            ("delete", &language.delete),
            ("angry", &language.angry),
        ] {
            let row = |phrase: &&str| {
                let lang = Lang(language.code.to_owned());
                (FaqId::new(entry).unwrap(), lang, (*phrase).to_owned())
            };
            rows.extend(phrases.iter().map(row));
        }
    }
    ("every-language".to_owned(), rows, lang::all().iter().map(|l| l.greeting.to_owned()).collect())
}

/// A question that nobody asked: characters from anywhere, or a phrasing with some words of another
/// and some letters wrong.
fn made_up(rows: &[Row], rng: &mut Rng) -> String {
    if rng.below(3) == 0 {
        let draw = |rng: &mut Rng| {
            let (from, to) = *rng.pick(&RANGES);
            let span = usize::try_from(to - from).unwrap() + 1;
            char::from_u32(from + u32::try_from(rng.below(span)).unwrap())
        };
        return (0..rng.below(60)).filter_map(|_| draw(rng)).collect();
    }
    let mut words: Vec<&str> = rng.pick(rows).2.split(' ').collect();
    if rng.below(2) == 0 {
        words.extend(rng.pick(rows).2.split(' ').take(3));
    }
    let mut letters: Vec<char> = words.join(" ").chars().collect();
    for _ in 0..rng.below(4) {
        let (from, to) = (rng.below(letters.len()), rng.below(letters.len()));
        match rng.below(3) {
            0 => letters.swap(from, to),
            1 => letters.insert(from, letters[to]),
            _ => drop(letters.remove(from)),
        }
        if letters.is_empty() {
            break;
        }
    }
    letters.into_iter().collect()
}

#[test]
fn training_and_matching_are_the_same_in_wasm_bit_for_bit() {
    if !crate::common::enabled() {
        return;
    }
    let folder = std::env::temp_dir().join(format!("shopbell-matcher-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let mut rng = Rng::new(6);
    for (name, rows, mut questions) in shops().into_iter().chain([every_language()]) {
        let examples = rows.iter();
        let examples =
            examples.map(|(entry, lang, text)| Example { entry, lang: Some(lang), text });
        let bytes = faq::train(examples);
        let model = Model::load(bytes.clone()).unwrap();
        questions.extend(rows.iter().map(|(.., text)| text.clone()));
        questions.extend((0..MADE_UP).map(|_| made_up(&rows, &mut rng)));
        let asked: Vec<[String; 3]> = questions
            .into_iter()
            .map(|question| {
                // Somebody of whom no language is known, or one of the shop's.
                let lang = (rng.below(2) == 0).then(|| rng.pick(&rows).1.clone());
                let found = model.answer(&question, lang.as_ref(), Eagerness::Normal).bits();
                [lang.map_or_else(String::new, |lang| lang.0), question, found]
            })
            .collect();
        let lines: Vec<String> = rows
            .iter()
            .map(|(entry, lang, text)| format!("{}\t{}\t{text}", entry.as_str(), lang.0))
            .collect();
        let file = |ending: &str| folder.join(format!("{name}.{ending}"));
        std::fs::write(file("examples"), lines.join("\n")).unwrap();
        std::fs::write(file("model"), bytes).unwrap();
        std::fs::write(file("asked"), serde_json::to_vec(&asked).unwrap()).unwrap();
    }
    let node = std::env::var_os("NODE").unwrap_or_else(|| "node".into());
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("bench/faq/wasm.mjs");
    let output = Command::new(node).arg(script).arg(&folder).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    println!("{said}");
    std::fs::remove_dir_all(&folder).unwrap();
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains("4 shops"), "{said}");
}
