//! `shopbell explain "…"`: what a message is taken for, why, and what would be said.

use std::path::PathBuf;
use std::process::ExitCode;

use serde::Serialize;

use super::chat::Conversation;
use super::check::{self, Format};
use super::publish::Bundle;
use crate::desk::words::Command;
use crate::desk::{language, words};
use crate::faq::normalise::normalise;
use crate::faq::{self, Candidate, Decision, Doubt, Model};
use crate::meta::ids::FaqId;
use crate::shop::model::{Eagerness, Lang, Shop};

/// Says what a message is taken for, and why.
#[derive(clap::Args)]
pub struct ExplainArgs {
    /// What a customer might write.
    message: String,
    /// The folder with the shop.toml.
    #[arg(default_value = ".")]
    dir: PathBuf,
    /// The language the customer is known to speak, one of the shop's.
    #[arg(long, value_name = "TAG")]
    language: Option<String>,
    /// How to print it.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Explains one message.
#[must_use]
pub fn run(args: &ExplainArgs) -> ExitCode {
    super::printed(explain(args))
}

fn explain(args: &ExplainArgs) -> Result<String, String> {
    let bundle = Bundle::of(check::load(&args.dir).map_err(|error| error.to_string())?);
    let shop = bundle.shops.first().ok_or("the shop has no Page")?;
    let lang = args.language.as_ref().map(|tag| Lang(tag.clone()));
    if let Some(lang) = lang.as_ref().filter(|lang| !shop.languages.contains(lang)) {
        let speaks: Vec<&str> = shop.languages.iter().map(|lang| lang.0.as_str()).collect();
        return Err(format!("the shop does not speak {}; it speaks {}", lang.0, speaks.join(", ")));
    }
    let model = bundle.model.as_ref().and_then(|(_, bytes)| Model::load(bytes.clone()).ok());
    let mut explained = explained(shop, model.as_ref(), &args.message, lang.as_ref());

    let now = jiff::Timestamp::now().into();
    let mut chat = Conversation::open(bundle, now).map_err(|error| error.to_string())?;
    let known = lang.as_ref().map_or(Ok(()), |lang| chat.speaks(lang));
    let said = known.and_then(|()| chat.says(&args.message)).map_err(|error| error.to_string())?;
    explained.said = Some(said);

    match args.format {
        Format::Text => Ok(text(&explained)),
        Format::Json => serde_json::to_string(&explained)
            .map(|json| json + "\n")
            .map_err(|error| error.to_string()),
    }
}

/// What a message is taken for.
#[derive(Debug, Serialize)]
pub struct Explanation {
    /// As it came.
    pub message: String,
    /// As the matcher reads it.
    pub normalised: String,
    /// The shop's language it is surely written in, or was said to be.
    pub language: Option<Lang>,
    /// STOP, HUMAN or DELETE, which win over everything.
    pub command: Option<Command>,
    /// The keyword it holds, which goes ahead of the model.
    pub keyword: Option<Keyword>,
    /// `answer`, `offer` or `none`.
    pub decision: &'static str,
    /// The entries answered or offered.
    pub entries: Vec<FaqId>,
    /// The likeliest entry.
    pub best: Option<Likeness>,
    /// The second.
    pub runner_up: Option<Likeness>,
    /// By how much the best is ahead, 0 to 1.
    pub margin: Option<f32>,
    /// Why the model gives no answer, though it may offer some.
    pub doubt: Option<Doubt>,
    /// How sure the shop wants to be.
    pub matching: Eagerness,
    /// What a newcomer would be told now, bubble by bubble, if that was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub said: Option<Vec<String>>,
}

/// A keyword that stands in a message.
#[derive(Debug, Serialize)]
pub struct Keyword {
    /// The entry it asks for.
    pub entry: FaqId,
    /// As the owner wrote it.
    pub keyword: String,
    /// Its language.
    pub lang: Lang,
}

/// How close an entry comes.
#[derive(Debug, Serialize)]
pub struct Likeness {
    /// Which.
    pub entry: FaqId,
    /// The phrasing that came closest.
    pub phrasing: String,
    /// That phrasing's language.
    pub lang: Lang,
    /// How probably it is what was asked for, 0 to 1.
    pub p: f32,
}

impl From<Candidate> for Likeness {
    fn from(candidate: Candidate) -> Self {
        Self {
            entry: candidate.entry,
            phrasing: candidate.phrasing,
            lang: candidate.lang,
            p: candidate.p,
        }
    }
}

/// Explains a message, of somebody who speaks `lang` if that is known. What would be said is
/// left open.
#[must_use]
pub fn explained(
    shop: &Shop,
    model: Option<&Model>,
    message: &str,
    lang: Option<&Lang>,
) -> Explanation {
    // As the Desk does: what the message itself says of its language goes first.
    let language = language::spoken_in(shop, message).or_else(|| lang.cloned());
    let keyword = faq::keyword_said(&shop.faq, message).map(|said| Keyword {
        entry: said.entry.id.clone(),
        keyword: said.keyword.to_owned(),
        lang: said.lang.clone(),
    });
    let eagerness = shop.assistant.eagerness;
    let found = model.map(|model| model.answer(message, language.as_ref(), eagerness));
    let (decision, candidates, doubt) = match found {
        Some(found) => (found.decision, found.candidates, found.doubt),
        None => (Decision::None, Vec::new(), None),
    };
    let command = words::command(shop, message);
    let (decision, entries) = match (command, &keyword, decision) {
        (Some(_), ..) => ("none", Vec::new()),
        (None, Some(said), _) => ("answer", vec![said.entry.clone()]),
        (None, None, Decision::Answer(ids)) => ("answer", ids),
        (None, None, Decision::Offer(ids)) => ("offer", ids),
        (None, None, Decision::None) => ("none", Vec::new()),
    };
    let mut candidates = candidates.into_iter();
    let (best, runner_up) = (candidates.next(), candidates.next());
    let margin = best.as_ref().map(|best| best.p - runner_up.as_ref().map_or(0.0, |next| next.p));
    Explanation {
        message: message.to_owned(),
        normalised: normalise(message),
        language,
        command,
        keyword,
        decision,
        entries,
        best: best.map(Into::into),
        runner_up: runner_up.map(Into::into),
        margin,
        doubt,
        matching: eagerness,
        said: None,
    }
}

/// Why the model doubts, in words.
fn in_words(doubt: Doubt, matching: Eagerness) -> String {
    match doubt {
        Doubt::Wordless => "it holds no letter and no digit".to_owned(),
        Doubt::OnlyPoliteness => "it only greets or thanks".to_owned(),
        Doubt::NothingKnown => "none of its words stands in any phrasing".to_owned(),
        Doubt::OnlyNumbers => {
            "the shop knows only its numbers, which do not decide alone".to_owned()
        }
        Doubt::TooClose => "two entries fit about equally well".to_owned(),
        Doubt::BelowThreshold => {
            let matching = match matching {
                Eagerness::Cautious => "cautious",
                Eagerness::Normal => "normal",
                Eagerness::Eager => "eager",
            };
            format!("the best is less probable than matching = \"{matching}\" asks for")
        }
    }
}

/// Keyword, best, runner-up and doubt in one line.
pub(super) fn in_short(explained: &Explanation) -> String {
    if let Some(said) = &explained.keyword {
        return format!("keyword \"{}\" of \"{}\"", said.keyword, said.entry);
    }
    let Some(best) = &explained.best else { return "nothing in it is known".to_owned() };
    let mut line = format!("best \"{}\" {:.2}, like \"{}\"", best.entry, best.p, best.phrasing);
    if let (Some(next), Some(margin)) = (&explained.runner_up, explained.margin) {
        line += &format!("; then \"{}\" {:.2}, {margin:.2} behind", next.entry, next.p);
    }
    if let Some(doubt) = explained.doubt {
        line += &format!("; {}", in_words(doubt, explained.matching));
    }
    line
}

/// The explanation for people: indented, several lines.
#[must_use]
pub fn text(explained: &Explanation) -> String {
    let language = explained.language.as_ref().map_or_else(
        || "not sure; stays with what the person spoke before".to_owned(),
        |lang| lang.0.clone(),
    );
    let entries: Vec<&str> = explained.entries.iter().map(FaqId::as_str).collect();
    let decision = match explained.decision {
        "none" => "no answer fits".to_owned(),
        decision => format!("{decision} {}", entries.join(", ")),
    };
    let mut lines = vec![
        ("read as", explained.normalised.clone()),
        ("language", language),
        ("decision", decision),
    ];
    if let Some(command) = explained.command {
        lines.push(("command", format!("{command:?}, which wins over everything")));
    }
    if let Some(said) = &explained.keyword {
        let keyword = format!("\"{}\" of {}, ahead of the model", said.keyword, said.entry);
        lines.push(("keyword", keyword));
    }
    let close = |close: &Likeness| {
        format!("{}, p {:.2}, like \"{}\" ({})", close.entry, close.p, close.phrasing, close.lang.0)
    };
    lines.extend(explained.best.as_ref().map(|best| ("best", close(best))));
    lines.extend(explained.runner_up.as_ref().map(|second| ("runner-up", close(second))));
    lines.extend(explained.margin.map(|margin| ("margin", format!("{margin:.2}"))));
    if let Some(doubt) = explained.doubt.filter(|_| explained.keyword.is_none()) {
        lines.push(("doubt", in_words(doubt, explained.matching)));
    }
    let mut text: String =
        lines.iter().map(|(name, text)| format!("   {name:<11} {text}\n")).collect();
    for bubble in explained.said.iter().flatten() {
        text += &format!("   {:<11} {}\n", "said", bubble.replace('\n', "\n               "));
    }
    if explained.said.as_ref().is_some_and(Vec::is_empty) {
        text += &format!("   {:<11} nothing\n", "said");
    }
    text
}
