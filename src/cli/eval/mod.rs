//! `shopbell eval`: trains the matcher on labelled sentences, asks it others, and says how good it
//! was.
//!
//! - here: the command, and what it prints.
//! - [`formats`]: files of labelled sentences.
//! - [`figures`]: accuracy, recall, correlation.

pub mod figures;
pub mod formats;

use std::collections::BTreeMap;
use std::hint::black_box;
use std::io::{BufWriter, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use serde::Serialize;

use self::figures::{Decided, Figures, Judged, SHOWN, figures, percentiles};
use self::formats::{FileFormat, Labelled, Part, ReadError, read};
use crate::faq::{self, Decision, Example, Match, Model, ModelError};
use crate::meta::ids::FaqId;
use crate::shop::model::{Eagerness, Lang};

/// Measures the matcher on labelled questions.
///
/// Prints one JSON line for each question of the test file, in its order, then one with the
/// figures; a table of the figures goes to stderr. A sentence labelled NO_NODES_DETECTED or oos
/// asks for nothing that there is an answer to.
#[derive(clap::Args)]
pub struct EvalArgs {
    /// The sentences to train on, each with the name of its answer.
    #[arg(long, value_name = "FILE")]
    train: PathBuf,
    /// The sentences to ask.
    #[arg(long, value_name = "FILE")]
    test: PathBuf,
    /// How both files are laid out; otherwise each name's ending tells.
    #[arg(long, value_enum, value_name = "FORMAT")]
    input: Option<FileFormat>,
    /// How sure it has to be of an answer.
    #[arg(long, value_enum, default_value_t)]
    eagerness: EagernessArg,
    /// The language of both files, as in shop.toml: lt, en, pt-BR, zh-TW.
    #[arg(long, value_name = "TAG")]
    language: Option<String>,
}

/// [`Eagerness`] as an argument.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
enum EagernessArg {
    /// Asks back rather than answer wrongly.
    Cautious,
    /// Between the two.
    #[default]
    Normal,
    /// Answers rather than ask back.
    Eager,
}

impl From<EagernessArg> for Eagerness {
    fn from(arg: EagernessArg) -> Self {
        match arg {
            EagernessArg::Cautious => Self::Cautious,
            EagernessArg::Normal => Self::Normal,
            EagernessArg::Eager => Self::Eager,
        }
    }
}

/// Why nothing could be measured.
#[derive(Debug, thiserror::Error)]
pub enum EvalError {
    /// One of the files is no use.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// Only sentences that no answer fits.
    #[error(
        "every sentence of the training file is labelled as out of scope; training needs some \
         with an answer"
    )]
    NothingToTrain,
    /// More answers than the matcher numbers.
    #[error("the training file has {0} different labels; 65,535 can be told apart")]
    TooManyLabels(usize),
    /// What was just trained cannot be loaded.
    #[error("the trained model cannot be loaded: {0}; please report this with the training file")]
    Model(#[from] ModelError),
}

/// Measures, and prints.
#[must_use]
pub fn run(args: &EvalArgs) -> ExitCode {
    let lang = args.language.clone().map(Lang);
    if let Some(lang) = lang.as_ref().filter(|lang| crate::shop::lang::find(lang).is_none()) {
        eprintln!("warning: {} is no language that Shopbell has words of", lang.0);
    }
    let evaluated = read(&args.train, args.input, Part::Train).and_then(|train| {
        let test = read(&args.test, args.input, Part::Test)?;
        Ok((train, test))
    });
    let report = evaluated
        .map_err(EvalError::from)
        .and_then(|(train, test)| evaluate(&train, &test, lang.as_ref(), args.eagerness.into()));
    let report = match report {
        Ok(report) => report,
        Err(error) => {
            eprintln!("error: {error}");
            return ExitCode::FAILURE;
        }
    };
    match report.print(&mut BufWriter::new(std::io::stdout().lock())) {
        Ok(()) => {}
        // Whoever reads has seen enough.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => return ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: cannot write the figures: {error}");
            return ExitCode::FAILURE;
        }
    }
    eprint!("{}", report.table());
    ExitCode::SUCCESS
}

/// What was measured.
#[derive(Debug)]
pub struct Report {
    /// What was made of each question, in order.
    pub asked: Vec<Asked>,
    /// How good that was.
    pub figures: Figures,
    /// What it cost.
    pub costs: Costs,
    /// Labels of the test file that the training file does not have, with how many questions
    /// have them: no matcher can get those right.
    pub untrained: BTreeMap<String, usize>,
}

/// What was made of one question.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Asked {
    /// The likeliest answers, at most three, the best first.
    pub best: Vec<Likely>,
    /// `answer` (the first of `best`), `offer` or `none`.
    pub decision: &'static str,
}

/// An answer that might be meant.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Likely {
    /// Its label in the training file.
    pub label: String,
    /// How probably it is the one.
    pub p: f32,
}

/// What training and asking cost on this computer.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Costs {
    /// Sentences trained on.
    pub phrasings: usize,
    /// Different answers among them.
    pub labels: usize,
    /// From sentences to a model.
    pub training_ms: f64,
    /// The model as it lies in KV.
    pub model_bytes: usize,
    /// A question, in the middle.
    pub p50_us: f64,
    /// A question, at the 99th percentile.
    pub p99_us: f64,
}

/// Trains on `train` and asks `test`. Rows of `train` that are out of scope are left out; labels
/// may be any text.
///
/// # Errors
/// [`EvalError`] when there is nothing to train on.
pub fn evaluate(
    train: &[Labelled],
    test: &[Labelled],
    lang: Option<&Lang>,
    eagerness: Eagerness,
) -> Result<Report, EvalError> {
    let train: Vec<&Labelled> = train.iter().filter(|row| !row.is_out_of_scope()).collect();
    if train.is_empty() {
        return Err(EvalError::NothingToTrain);
    }
    let mut labels = Labels::default();
    let ids: Vec<FaqId> = train.iter().filter_map(|row| labels.add(&row.label)).collect();
    let trained = labels.names.len();
    if trained > usize::from(u16::MAX) {
        return Err(EvalError::TooManyLabels(trained));
    }
    let examples =
        train.iter().zip(&ids).map(|(row, entry)| Example { entry, lang, text: &row.text });
    let began = Instant::now();
    let bytes = faq::train(examples);
    let training_ms = began.elapsed().as_secs_f64() * 1e3;
    let model_bytes = bytes.len();
    let model = Model::load(bytes)?;

    let mut untrained = BTreeMap::new();
    let mut asked = Vec::with_capacity(test.len());
    let mut judged = Vec::with_capacity(test.len());
    for row in test {
        let truth = (!row.is_out_of_scope()).then(|| labels.number(&row.label));
        if truth.is_some_and(|truth| truth >= trained) {
            *untrained.entry(row.label.clone()).or_default() += 1;
        }
        let found = model.answer(&row.text, lang, eagerness);
        let (row, answer) = labels.judge(found, truth);
        judged.push(row);
        asked.push(answer);
    }
    let mut times: Vec<f64> = test
        .iter()
        .map(|row| quickest(|| black_box(model.answer(black_box(&row.text), lang, eagerness))))
        .collect();
    let (p50_us, p99_us) = percentiles(&mut times);
    let costs =
        Costs { phrasings: train.len(), labels: trained, training_ms, model_bytes, p50_us, p99_us };
    Ok(Report { asked, figures: figures(&judged), costs, untrained })
}

/// Microseconds of the quickest of three: the others were interrupted.
fn quickest<T>(action: impl Fn() -> T) -> f64 {
    let once = |_| {
        let began = Instant::now();
        drop(action());
        began.elapsed().as_secs_f64() * 1e6
    };
    (0..3).map(once).fold(f64::INFINITY, f64::min)
}

/// Labels, and the entries that stand for them: a label may be any text, an entry's id may not.
#[derive(Default)]
struct Labels {
    names: Vec<String>,
    numbers: BTreeMap<String, usize>,
}

impl Labels {
    fn number(&mut self, label: &str) -> usize {
        if let Some(number) = self.numbers.get(label) {
            return *number;
        }
        let number = self.names.len();
        self.names.push(label.to_owned());
        self.numbers.insert(label.to_owned(), number);
        number
    }

    fn add(&mut self, label: &str) -> Option<FaqId> {
        FaqId::new(self.number(label).to_string()).ok()
    }

    fn judge(&self, found: Match, truth: Option<usize>) -> (Judged, Asked) {
        let number = |id: &FaqId| id.as_str().parse::<usize>().ok();
        let mut best: Vec<(usize, f32)> = found
            .candidates
            .iter()
            .filter_map(|candidate| Some((number(&candidate.entry)?, candidate.p)))
            .collect();
        let (decided, decision) = match &found.decision {
            Decision::Answer(ids) => {
                // A message may be answered twice; the likeliest of those is what is judged.
                let given: Vec<usize> = ids.iter().filter_map(number).collect();
                best.sort_by_key(|(id, _)| !given.contains(id));
                let likeliest = best.first().map(|(id, _)| *id).filter(|id| given.contains(id));
                let first = likeliest.or(given.first().copied());
                (first.map_or(Decided::None, Decided::Answer), "answer")
            }
            Decision::Offer(_) => (Decided::Offer, "offer"),
            Decision::None => (Decided::None, "none"),
        };
        best.truncate(SHOWN);
        let likely =
            |(id, p): &(usize, f32)| Some(Likely { label: self.names.get(*id)?.clone(), p: *p });
        let asked = Asked { best: best.iter().filter_map(likely).collect(), decision };
        (Judged { truth, ranked: best.iter().map(|(id, _)| *id).collect(), decided }, asked)
    }
}

impl Report {
    /// One JSON line for each question, then one with the figures.
    ///
    /// # Errors
    /// Whatever `out` refuses.
    pub fn print(&self, out: &mut impl Write) -> std::io::Result<()> {
        for asked in &self.asked {
            writeln!(out, "{}", serde_json::to_string(asked)?)?;
        }
        writeln!(out, "{}", serde_json::to_string(&self.last_line())?)?;
        out.flush()
    }

    fn last_line(&self) -> impl Serialize {
        #[derive(Serialize)]
        struct All<'a> {
            #[serde(flatten)]
            figures: &'a Figures,
            #[serde(flatten)]
            costs: &'a Costs,
            untrained_labels: usize,
            untrained_rows: usize,
        }
        let figures = All {
            figures: &self.figures,
            costs: &self.costs,
            untrained_labels: self.untrained.len(),
            untrained_rows: self.untrained.values().sum(),
        };
        serde_json::json!({ "figures": figures })
    }

    /// The figures for people.
    #[must_use]
    pub fn table(&self) -> String {
        let (figures, costs) = (&self.figures, &self.costs);
        let percent = |share: Option<f64>| {
            share.map_or_else(|| "-".to_owned(), |share| format!("{:.1} %", share * 100.0))
        };
        let scope = format!("{} in scope, {} out", figures.in_scope, figures.out_of_scope);
        let model = format!(
            "{:.1} KiB in {:.0} ms, from {} phrasings of {} answers",
            costs.model_bytes as f64 / 1024.0,
            costs.training_ms,
            costs.phrasings,
            costs.labels
        );
        let lines = [
            ("questions", format!("{} ({scope})", figures.queries)),
            ("likeliest is right (in scope)", percent(figures.top_1)),
            ("right one among three", percent(figures.top_3)),
            ("as decided: all rows right", percent(figures.accuracy)),
            ("  in scope, answered rightly", percent(figures.in_scope_accuracy)),
            ("  out of scope, not answered", percent(figures.out_of_scope_recall)),
            ("  correlation (MCC)", format!("{:.1}", figures.mcc * 100.0)),
            ("  answers that are right", percent(figures.precision)),
            ("answered", percent(figures.answered)),
            ("choice offered", percent(figures.offered)),
            ("  choices with the right one", percent(figures.offers_with_the_right_one)),
            ("nothing found", percent(figures.none)),
            ("model", model),
            ("a question", format!("{:.1} µs, p99 {:.1} µs", costs.p50_us, costs.p99_us)),
        ];
        let mut table: String =
            lines.iter().map(|(name, value)| format!("{name:<31} {value}\n")).collect();
        if !self.untrained.is_empty() {
            let names: Vec<&str> = self.untrained.keys().map(String::as_str).take(5).collect();
            let more = if self.untrained.len() > names.len() { ", ..." } else { "" };
            table += &format!(
                "note: {} questions have a label that the training file does not have, and count \
                 as wrong: {}{more}\n",
                self.untrained.values().sum::<usize>(),
                names.join(", ")
            );
        }
        table
    }
}
