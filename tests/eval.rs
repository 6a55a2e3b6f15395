//! `shopbell eval`: what it reads, what it reckons, what it says about bad files.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::path::PathBuf;
use std::process::{Command, Output};

use serde_json::Value;
use shopbell::cli::eval::evaluate;
use shopbell::cli::eval::figures::{Decided, Judged, figures};
use shopbell::cli::eval::formats::{FileFormat, Labelled, Part, Problem, parse};
use shopbell::shop::model::Eagerness;

/// Files of one test, gone when it ends.
struct Folder(PathBuf);

impl Folder {
    fn new(test: &str) -> Self {
        let path =
            std::env::temp_dir().join(format!("shopbell-eval-{test}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.join(name);
        std::fs::write(&path, content).unwrap();
        path
    }

    fn eval(&self, train: &str, test: &str, more: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_shopbell"))
            .arg("eval")
            .arg("--train")
            .arg(self.0.join(train))
            .arg("--test")
            .arg(self.0.join(test))
            .args(more)
            .output()
            .unwrap()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn row(text: &str, label: &str) -> Labelled {
    Labelled { text: text.into(), label: label.into() }
}

fn lines(output: &Output) -> Vec<Value> {
    let text = std::str::from_utf8(&output.stdout).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

const TRAIN: &str = "sentence,label
when do you open,Opening hours
what are your opening hours,Opening hours
until when are you open on sunday,Opening hours
do you bake cakes to order,ケーキ
i want a birthday cake,ケーキ
how much is a wedding cake,ケーキ
where are you,adresas: kur mes
what is your address,adresas: kur mes
how do i find your shop,adresas: kur mes
";

#[test]
fn one_line_for_each_question_in_order_then_the_figures() {
    let folder = Folder::new("order");
    folder.file("train.csv", TRAIN);
    let test = "label,sentence\nケーキ,i want a birthday cake\nOpening hours,when do you open\n\
                adresas: kur mes,what is your address\nNO_NODES_DETECTED,zzz qqq\n";
    folder.file("test.csv", test);
    let output = folder.eval("train.csv", "test.csv", &[]);
    assert!(output.status.success(), "{output:?}");
    let lines = lines(&output);
    assert_eq!(lines.len(), 5);
    let best = |at: usize| lines[at]["best"][0]["label"].as_str().unwrap_or_default();
    // Labels with spaces, colons and other scripts come back as they were written.
    assert_eq!([best(0), best(1), best(2)], ["ケーキ", "Opening hours", "adresas: kur mes"]);
    for line in &lines[..4] {
        let decision = line["decision"].as_str().unwrap();
        assert!(["answer", "offer", "none"].contains(&decision), "{line}");
        let best = line["best"].as_array().unwrap();
        assert!(best.len() <= 3);
        let ps: Vec<f64> = best.iter().map(|one| one["p"].as_f64().unwrap()).collect();
        assert!(ps.iter().all(|p| (0.0..=1.0).contains(p)), "{line}");
    }
    assert_eq!(lines[3]["decision"], "none");
    let figures = &lines[4]["figures"];
    assert_eq!((&figures["queries"], &figures["out_of_scope"]), (&4.into(), &1.into()));
    assert_eq!(figures["top_1"], 1.0);
    assert!(figures["model_bytes"].as_u64().unwrap() > 0);
    let table = String::from_utf8(output.stderr).unwrap();
    assert!(table.contains("4 (3 in scope, 1 out)"), "{table}");
}

#[test]
fn a_cautious_shop_answers_no_more_than_an_eager_one() {
    let folder = Folder::new("eagerness");
    folder.file("train.csv", TRAIN);
    folder.file("test.csv", "sentence,label\nopen sunday?,Opening hours\ncake,ケーキ\nfind,x\n");
    let answered = |eagerness| {
        let output = folder.eval("train.csv", "test.csv", &["--eagerness", eagerness]);
        lines(&output)[3]["figures"]["answered"].as_f64().unwrap()
    };
    assert!(answered("cautious") <= answered("normal"));
    assert!(answered("normal") <= answered("eager"));
}

#[test]
fn figures_are_those_reckoned_by_hand() {
    let judged =
        |truth, ranked: &[usize], decided| Judged { truth, ranked: ranked.to_vec(), decided };
    let rows = [
        judged(Some(0), &[0, 1], Decided::Answer(0)),
        judged(Some(0), &[0, 1], Decided::Answer(0)),
        judged(Some(0), &[1, 0], Decided::Answer(1)),
        judged(Some(1), &[1], Decided::Answer(1)),
        judged(Some(1), &[0, 2, 1], Decided::Offer),
        judged(Some(1), &[0, 2, 3, 1], Decided::None),
        judged(None, &[0], Decided::Offer),
        judged(None, &[0], Decided::Answer(0)),
    ];
    let figures = figures(&rows);
    assert_eq!((figures.queries, figures.in_scope, figures.out_of_scope), (8, 6, 2));
    assert_eq!(figures.top_1, Some(3.0 / 6.0));
    assert_eq!(figures.top_3, Some(5.0 / 6.0));
    // Right as decided: two of class 0, one of class 1, one of none.
    assert_eq!(figures.accuracy, Some(4.0 / 8.0));
    assert_eq!(figures.in_scope_accuracy, Some(3.0 / 6.0));
    assert_eq!(figures.out_of_scope_recall, Some(1.0 / 2.0));
    assert_eq!(figures.precision, Some(3.0 / 5.0));
    assert_eq!(figures.answered, Some(5.0 / 8.0));
    assert_eq!(figures.offered, Some(2.0 / 8.0));
    assert_eq!(figures.none, Some(1.0 / 8.0));
    assert_eq!(figures.offers_with_the_right_one, Some(1.0));
    // Truly 3, 3, 2 of classes 0, 1, none; given 3, 2, 3. (4·8 − (9 + 6 + 6)) over
    // √((64 − 9 − 9 − 4)(64 − 9 − 4 − 9)) = 11 / 42.
    assert!((figures.mcc - 11.0 / 42.0).abs() < 1e-12, "{}", figures.mcc);
}

#[test]
fn one_class_only_has_no_correlation_and_no_shares_of_nothing() {
    let row = Judged { truth: Some(0), ranked: vec![0], decided: Decided::Answer(0) };
    let one = figures(&[row]);
    assert_eq!((one.mcc, one.out_of_scope_recall, one.precision), (0.0, None, Some(1.0)));
    let none = figures(&[]);
    assert_eq!((none.mcc, none.accuracy, none.top_1), (0.0, None, None));
}

#[test]
fn labels_the_training_does_not_have_count_as_wrong_and_are_said_once() {
    let folder = Folder::new("untrained");
    folder.file("train.csv", TRAIN);
    let test =
        "sentence,label\nwhen do you open,Opening hours\ndo you ship,Shipping\nship it,Shipping\n";
    folder.file("test.csv", test);
    let output = folder.eval("train.csv", "test.csv", &[]);
    assert!(output.status.success());
    let figures = &lines(&output)[3]["figures"];
    assert_eq!(figures["in_scope"], 3);
    assert!(figures["top_1"].as_f64().unwrap() < 0.34);
    assert_eq!((&figures["untrained_labels"], &figures["untrained_rows"]), (&1.into(), &2.into()));
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(said.matches("Shipping").count(), 1, "{said}");
}

#[test]
fn out_of_scope_sentences_are_not_trained() {
    let mut train = parse(TRAIN.as_bytes(), FileFormat::Csv, Part::Train).unwrap();
    train.push(row("tell me a joke", "NO_NODES_DETECTED"));
    train.push(row("what is the meaning of life", "oos"));
    let report = evaluate(&train, &train, None, Eagerness::Normal).unwrap();
    assert_eq!((report.costs.labels, report.costs.phrasings), (3, 9));
    assert!(report.asked.iter().flat_map(|asked| &asked.best).all(|best| best.label != "oos"));
    let only = [row("tell me a joke", "oos")];
    let error = evaluate(&only, &train, None, Eagerness::Normal).unwrap_err();
    assert!(error.to_string().contains("out of scope"), "{error}");
}

#[test]
fn one_sentence_under_two_labels_is_trained_and_asked() {
    let train =
        [row("how much is it", "price"), row("how much is it", "delivery"), row("", "price")];
    let report = evaluate(&train, &train, None, Eagerness::Eager).unwrap();
    assert_eq!(report.asked.len(), 3);
    assert!(report.asked[0].best.iter().any(|best| best.label == "delivery"), "{report:?}");
    assert!(report.asked[0].best.iter().any(|best| best.label == "price"), "{report:?}");
}

#[test]
fn csv_with_line_breaks_quotes_other_columns_and_any_order() {
    let text = "\u{feff}id,Label,extra,SENTENCE\r\n1,a b,,\"two\nlines, and \"\"quotes\"\"\"\r\n\
                2,ž,x,plain\r\n";
    let rows = parse(text.as_bytes(), FileFormat::Csv, Part::Train).unwrap();
    assert_eq!(rows, [row("two\nlines, and \"quotes\"", "a b"), row("plain", "ž")]);
}

#[test]
fn json_in_clinc_layout_as_pairs_and_as_objects() {
    let clinc = r#"{"train": [["a", "x"]], "oos_train": [["b", "oos"]],
                    "val": [["c", "x"]], "test": [["d", "y"]], "oos_test": [["e", "oos"]]}"#;
    let read = |text: &str, part| parse(text.as_bytes(), FileFormat::Json, part).unwrap();
    assert_eq!(read(clinc, Part::Train), [row("a", "x"), row("b", "oos")]);
    assert_eq!(read(clinc, Part::Test), [row("d", "y"), row("e", "oos")]);
    assert_eq!(read(r#"{"val": [["c", "x"]]}"#, Part::Test), [row("c", "x")]);
    let objects = r#"[{"sentence": "f", "label": "x"}, {"text": "g", "intent": "y"}, ["h", "z"]]"#;
    assert_eq!(read(objects, Part::Test), [row("f", "x"), row("g", "y"), row("h", "z")]);
}

#[test]
fn rasa_markdown_without_annotations_and_other_sections() {
    let text = "<!-- old -->\n## intent:book flight \n- fly to [Berlin](city) [now]\n\
                - from [Rome]{\"entity\": \"city\"} (soon)\n\n## synonym:berlin\n- bln\n\
                ## intent:greet\n* hello\n";
    let rows = parse(text.as_bytes(), FileFormat::Rasa, Part::Train).unwrap();
    let book = "book flight";
    let wanted =
        [row("fly to Berlin [now]", book), row("from Rome (soon)", book), row("hello", "greet")];
    assert_eq!(rows, wanted);
}

#[test]
fn rasa_yaml_reads_intents_only() {
    let text = "version: \"3.1\"\nnlu:\n- intent: greet\n  examples: |\n    - hey\n    - hello [you](who)\n\
                - synonym: bln\n  examples: |\n    - Berlin\n- intent: bye\n  examples: |\n    - bye\n\
                rules:\n- rule: say bye\n  steps:\n  - intent: bye\n  - action: utter_bye\n";
    let rows = parse(text.as_bytes(), FileFormat::Rasa, Part::Train).unwrap();
    assert_eq!(rows, [row("hey", "greet"), row("hello you", "greet"), row("bye", "bye")]);
}

#[test]
fn conll_takes_text_and_intent_of_each_block() {
    let text = "# id = 1\n# text-en = Rain?\n# text = Lis?\n# intent = weather/find\n1\tLis\tweather/find\tO\n\n\
                # intent = alarm\n# text = Pažadink = mane\n1\tx\ty\tO";
    let rows = parse(text.as_bytes(), FileFormat::Conll, Part::Test).unwrap();
    assert_eq!(rows, [row("Lis?", "weather/find"), row("Pažadink = mane", "alarm")]);
    let without = "# text = Lis?\n1\tLis\n";
    let problem = parse(without.as_bytes(), FileFormat::Conll, Part::Test).unwrap_err();
    assert!(matches!(problem, Problem::NoLabel { line: 1 }), "{problem}");
}

#[test]
fn what_is_wrong_with_a_file_is_said_with_its_line() {
    let problem = |text: &[u8], format| parse(text, format, Part::Test).unwrap_err().to_string();
    let csv = |text: &str| problem(text.as_bytes(), FileFormat::Csv);
    assert!(csv("sentence,label\na,b\nc,d,e\n").contains("line 3 has 3 fields"));
    assert!(csv("sentence,label\na,b\n\"c,d\ne,f\n").contains("line 3 has 1 fields"));
    assert!(csv("sentence,label\na,\"b\nc,d\n").contains("line 2 has a label of several lines"));
    assert!(csv("sentence,label\na,b\nc,\n").contains("line 3 has a sentence without a label"));
    assert!(csv("a,b\nc,d\n").contains("no column sentence"));
    assert!(csv("sentence\nc\n").contains("no column label"));
    assert!(csv("").contains("no column"));
    assert!(csv("sentence,label\n").contains("no labelled sentence"));
    assert!(
        problem(b"sentence,label\na,b\n\xff,d\n", FileFormat::Csv).contains("line 3 is not UTF-8")
    );
    let json = |text: &str| problem(text.as_bytes(), FileFormat::Json);
    assert!(json("[[\"a\", \"b\"], [\"c\"]]").contains("row 2 of the list"));
    assert!(json("[[\"a\", 3]]").contains("row 1 of the list"));
    assert!(json("{\"train\": [[\"a\", \"b\"]]}").contains("\"test\" or \"val\"; found train"));
    assert!(json("{").contains("no JSON"));
    assert!(json("7").contains("no list"));
    assert!(problem(b"# Stories\n- a\n", FileFormat::Rasa).contains("no labelled sentence"));
}

#[test]
fn a_bad_file_is_named_and_fails_the_command() {
    let folder = Folder::new("bad");
    folder.file("train.csv", TRAIN);
    folder.file("broken.csv", "sentence,label\na,b,c\n");
    folder.file("oos.csv", "sentence,label\na,NO_NODES_DETECTED\n");
    folder.file("train.txt", TRAIN);
    for (train, test, said) in [
        ("train.csv", "absent.csv", "absent.csv: it cannot be read"),
        ("train.csv", "broken.csv", "broken.csv: line 2 has 3 fields"),
        ("oos.csv", "train.csv", "labelled as out of scope"),
        ("train.txt", "train.csv", "--input"),
    ] {
        let output = folder.eval(train, test, &[]);
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{stderr}");
        assert!(output.stdout.is_empty());
        assert!(stderr.starts_with("error: ") && stderr.contains(said), "{stderr}");
    }
    assert!(folder.eval("train.txt", "train.csv", &["--input", "csv"]).status.success());
}

#[test]
fn files_of_noise_are_refused_or_read_but_never_crash() {
    let mut state = 7_u64;
    let bits = b"\",\n\r[]{}#-:= \t\xc5\xa1abintentext\\";
    for _ in 0..2000 {
        let noise: Vec<u8> = std::iter::repeat_with(|| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            bits[(state >> 33) as usize % bits.len()]
        })
        .take(60)
        .collect();
        for head in ["", "sentence,label\n", "## intent:a\n", "# text = ", "[[\"a\",\"b\"],"] {
            let content = [head.as_bytes(), &noise].concat();
            for format in [FileFormat::Csv, FileFormat::Json, FileFormat::Rasa, FileFormat::Conll] {
                let _ = parse(&content, format, Part::Train);
            }
        }
    }
}
