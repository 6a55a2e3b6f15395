//! How long one question takes natively, on the example café: matching alone, and everything that
//! is pure of a webhook (reading it and deciding). Prints lines of `what, p50, p99`, tab-separated,
//! in microseconds; `scripts/bench faq` shows them.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::hint::black_box;
use std::path::Path;
use std::time::Instant;

use shopbell::desk::decide::{Context, Host, decide};
use shopbell::entry::keys::Keys;
use shopbell::faq::{self, Example, Model};
use shopbell::meta::ids::FaqId;
use shopbell::meta::parse::parse;
use shopbell::shop::model::Eagerness;
use shopbell::shop::source;
use shopbell::time::UnixMs;

const ROUNDS: usize = 50;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|one| one != "--bench").collect();
    if let [answers, examples, questions, model] = arguments.as_slice()
        && answers == "answers"
    {
        return print_answers(examples, questions, model);
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/cafe");
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
    let shop = source::compile(&read("shop.toml")).shops.remove(0);
    let model = Model::load(faq::train(faq::examples(&shop.faq))).unwrap();
    let keys = Keys::new("a key for measuring only", None);
    let context = Context {
        shop: &shop,
        faq: Some(&model),
        keys: &keys,
        app: None,
        diary: &[],
        coupons: &[],
        host: Host::default(),
    };
    // Language, question, expected entry.
    let file = read("questions.tsv");
    let questions: Vec<&str> = file.lines().filter_map(|line| line.split('\t').nth(1)).collect();

    let match_one =
        |question: &&str| drop(black_box(model.answer(question, None, Eagerness::Normal)));
    report("match a question", measure(&questions, match_one));

    let now = UnixMs::new(1_793_000_000_000);
    let webhooks: Vec<String> =
        questions.iter().map(|text| webhook(shop.page.id.as_str(), text, now)).collect();
    let decide_one = |body: &String| {
        let event = parse(body.as_bytes()).unwrap().remove(0);
        drop(black_box(decide(context, None, &event, now)));
    };
    report("read a webhook and decide", measure(&webhooks, decide_one));
}

/// Trains on a file of `label, tab, text`, writes the model, and prints what it finds for each line
/// of `questions`, to the bit: bench/faq/wasm.mjs compares.
fn print_answers(examples: &str, questions: &str, model: &str) {
    let examples = std::fs::read_to_string(examples).unwrap();
    let mut labels: Vec<&str> =
        examples.lines().filter_map(|line| line.split('\t').next()).collect();
    labels.sort_unstable();
    labels.dedup();
    let ids: Vec<FaqId> =
        (0..labels.len()).map(|at| FaqId::new(format!("entry-{at}")).unwrap()).collect();
    let bytes = faq::train(examples.lines().filter_map(|line| {
        let (label, text) = line.split_once('\t')?;
        let entry = ids.get(labels.binary_search(&label).ok()?)?;
        Some(Example { entry, lang: None, text })
    }));
    std::fs::write(model, &bytes).unwrap();
    let model = Model::load(bytes).unwrap();
    let questions = std::fs::read_to_string(questions).unwrap();
    for question in questions.split('\n').filter(|line| !line.is_empty()) {
        println!("{}", model.answer(question, None, Eagerness::Normal).bits());
    }
}

fn webhook(page: &str, text: &str, now: UnixMs) -> String {
    let at = now.get();
    let message = serde_json::json!({
        "sender": { "id": "10000000001" }, "recipient": { "id": page }, "timestamp": at,
        "message": { "mid": "m_bench", "text": text },
    });
    serde_json::json!({
        "object": "page", "entry": [{ "id": page, "time": at, "messaging": [message] }],
    })
    .to_string()
}

/// Microseconds of each call, ascending.
fn measure<T>(inputs: &[T], action: impl Fn(&T)) -> Vec<f64> {
    inputs.iter().for_each(&action); // warm
    let mut times: Vec<f64> = (0..ROUNDS)
        .flat_map(|_| inputs)
        .map(|input| {
            let began = Instant::now();
            action(input);
            began.elapsed().as_secs_f64() * 1e6
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times
}

fn report(what: &str, times: Vec<f64>) {
    println!("{what}\t{:.1}\t{:.1}", times[times.len() / 2], times[times.len() * 99 / 100]);
}
