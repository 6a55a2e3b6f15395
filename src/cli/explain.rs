//! `shopbell explain "…"`: what a message is taken for, and why.

use std::path::PathBuf;
use std::process::ExitCode;

use serde::Serialize;

use super::check::{self, Format};
use super::publish::Bundle;
use crate::desk::words::Command;
use crate::desk::{language, words};
use crate::faq::normalise::normalise;
use crate::faq::{self, Candidate, Decision, Model};
use crate::meta::ids::FaqId;
use crate::shop::model::{Lang, Shop};

/// What to explain.
#[derive(clap::Args)]
pub struct ExplainArgs {
    /// What a customer might write.
    message: String,
    /// The folder with the shop.toml.
    #[arg(default_value = ".")]
    dir: PathBuf,
    /// How to print it.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Explains one message.
#[must_use]
pub fn run(args: &ExplainArgs) -> ExitCode {
    let shops = match check::load(&args.dir) {
        Ok(shops) => shops,
        Err(error) => {
            eprintln!("error: {error}");
            return ExitCode::FAILURE;
        }
    };
    let bundle = Bundle::of(shops);
    let model = bundle.model.and_then(|(_, bytes)| Model::load(bytes).ok());
    let Some(shop) = bundle.shops.first() else { return ExitCode::FAILURE };
    match args.format {
        Format::Text => print!("{}", text(shop, model.as_ref(), &args.message)),
        Format::Json => {
            match serde_json::to_string(&explained(shop, model.as_ref(), &args.message)) {
                Ok(json) => println!("{json}"),
                Err(error) => {
                    eprintln!("error: {error}");
                    return ExitCode::FAILURE;
                }
            }
        }
    }
    ExitCode::SUCCESS
}

/// What a message is taken for.
#[derive(Debug, Serialize)]
pub struct Explanation {
    /// As it came.
    pub message: String,
    /// As the matcher reads it.
    pub normalised: String,
    /// The shop's language it is surely written in.
    pub language: Option<Lang>,
    /// STOP, HUMAN or DELETE, which win over everything.
    pub command: Option<Command>,
    /// The entry whose keyword it holds, ahead of the model.
    pub keyword: Option<FaqId>,
    /// `answer`, `offer` or `none`.
    pub decision: &'static str,
    /// The entries answered or offered.
    pub entries: Vec<FaqId>,
    /// The likeliest entry.
    pub best: Option<Likeness>,
    /// The second.
    pub runner_up: Option<Likeness>,
}

/// How close an entry comes.
#[derive(Debug, Serialize)]
pub struct Likeness {
    /// Which.
    pub entry: FaqId,
    /// The phrasing that came closest.
    pub phrasing: String,
    /// 0 to 1.
    pub score: f32,
}

/// Explains a message.
#[must_use]
pub fn explained(shop: &Shop, model: Option<&Model>, message: &str) -> Explanation {
    let likeness = |candidate: Candidate| Likeness {
        entry: candidate.entry,
        phrasing: candidate.phrasing,
        score: candidate.p,
    };
    let keyword = faq::keyword(&shop.faq, message).map(|(entry, _)| entry.id.clone());
    let found = model.map(|model| model.answer(message, None, shop.assistant.eagerness));
    let (decision, best, runner_up) = match found {
        Some(found) => {
            let mut candidates = found.candidates.into_iter();
            (found.decision, candidates.next(), candidates.next())
        }
        None => (Decision::None, None, None),
    };
    let (decision, entries) = match (&keyword, decision) {
        (Some(id), _) => ("answer", vec![id.clone()]),
        (None, Decision::Answer(ids)) => ("answer", ids),
        (None, Decision::Offer(ids)) => ("offer", ids),
        (None, Decision::None) => ("none", Vec::new()),
    };
    Explanation {
        message: message.to_owned(),
        normalised: normalise(message),
        language: language::spoken_in(shop, message),
        command: words::command(shop, message),
        keyword,
        decision,
        entries,
        best: best.map(likeness),
        runner_up: runner_up.map(likeness),
    }
}

/// The explanation for people: indented, several lines.
#[must_use]
pub fn text(shop: &Shop, model: Option<&Model>, message: &str) -> String {
    let explained = explained(shop, model, message);
    let language = explained.language.map_or_else(
        || "not sure; stays with what the person spoke before".to_owned(),
        |lang| lang.0,
    );
    let entries: Vec<&str> = explained.entries.iter().map(FaqId::as_str).collect();
    let mut lines = vec![
        ("read as", explained.normalised.clone()),
        ("language", language),
        ("decision", format!("{} {}", explained.decision, entries.join(", "))),
    ];
    if let Some(command) = explained.command {
        lines.push(("command", format!("{command:?}, which wins over everything")));
    }
    if let Some(id) = &explained.keyword {
        lines.push(("keyword", format!("of {id}, ahead of the FAQ")));
    }
    let close = |likeness: &Likeness| {
        format!("{}, score {:.2}, like \"{}\"", likeness.entry, likeness.score, likeness.phrasing)
    };
    lines.extend(explained.best.as_ref().map(|best| ("best", close(best))));
    lines.extend(explained.runner_up.as_ref().map(|second| ("runner-up", close(second))));
    lines.iter().map(|(name, text)| format!("   {name:<11} {text}\n")).collect()
}
