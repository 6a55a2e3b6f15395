//! What a reviewer does, step by step, in the words of this shop, with the answers it gets: played
//! on the core before it is written down, on each day of a week and by night. Only what is answered
//! the same at all of them is promised.

use crate::cli::chat::Conversation;
use crate::cli::publish::Bundle;
use crate::cli::sandbox::{Act, NewPerson};
use crate::cli::sim::ground::GroundError;
use crate::entry::privacy::commands;
use crate::shop::model::{ButtonAction, Lang, LinkButton, Localized, Shop};
use crate::time::UnixMs;

/// Answers to questions that a reviewer is shown.
const QUESTIONS: usize = 2;

/// Questions that are tried for them.
const TRIED: usize = 8;

/// Buttons, and posters, that are tried for the card that asks for consent.
const WAYS: usize = 3;

/// What a reviewer does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Do {
    /// Taps Get Started in a new thread.
    Start,
    /// Writes this.
    Write(String),
    /// Taps what says so under the answer.
    Tap(String),
    /// Opens the link of a poster.
    Open(String),
    /// Taps the button of the card that asks for consent.
    Agree,
}

/// A step, and what is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// What it shows.
    pub id: &'static str,
    /// What is done.
    pub doing: Do,
    /// The bubbles that come, as text: those that come at any hour. None where each hour has its
    /// own answer.
    pub answer: Vec<String>,
}

/// The steps for this shop, with the answers that it gives at all of these moments.
///
/// # Errors
/// [`GroundError`] when the shop cannot be used.
pub fn steps(bundle: &Bundle, moments: &[UnixMs]) -> Result<Vec<Step>, GroundError> {
    let Some(shop) = bundle.shops.first() else { return Ok(Vec::new()) };
    let lang = reviewers_language(shop);
    // What is chosen by trying it out is played once more without what was not: a step that is left
    // out may have changed what came after it.
    let some: Vec<UnixMs> =
        moments.iter().copied().take(1).chain(moments.last().copied()).collect();
    let mut chosen = Vec::new();
    for consent in consents(shop, &lang) {
        let wanted = !consent.is_empty();
        chosen = kept(bundle, &some, script(shop, &lang, consent))?;
        if !wanted || chosen.iter().any(|((id, _, _), _)| *id == "agree") {
            break;
        }
    }
    let script = chosen.into_iter().map(|(line, _)| line).collect();
    let steps = kept(bundle, moments, script)?.into_iter();
    Ok(steps.map(|((id, doing, _), answer)| Step { id, doing, answer }).collect())
}

/// The lines of a script that are answered as they should be, with what always comes.
fn kept(
    bundle: &Bundle,
    moments: &[UnixMs],
    script: Vec<Line>,
) -> Result<Vec<(Line, Vec<String>)>, GroundError> {
    let mut played = Vec::with_capacity(moments.len());
    for at in moments {
        played.push(play(bundle, *at, &script)?);
    }
    let mut kept = Vec::new();
    let (mut questions, mut broken) = (0_usize, false);
    for (n, line) in script.into_iter().enumerate() {
        let mut answers = played.iter().filter_map(|answers| answers.get(n));
        let mut always = answers.next().cloned().unwrap_or_default();
        for other in answers {
            always.retain(|bubble| other.contains(bubble));
        }
        let (id, doing, wanted) = &line;
        // Whoever asks for a person is told when somebody is there: another answer at night.
        let comes = !always.is_empty() || *id == "human";
        let wanted = wanted.as_deref();
        let is_right = wanted.is_none_or(|wanted| always.iter().any(|b| b.contains(wanted)));
        let is_question = *id == "question";
        let is_enough = is_question && questions >= QUESTIONS;
        // A tap under an answer that is left out is left out with it.
        let follows = matches!(doing, Do::Tap(_) | Do::Agree);
        if !comes || !is_right || is_enough || follows && broken {
            broken = !is_question;
            continue;
        }
        broken = false;
        questions = questions.saturating_add(usize::from(is_question));
        kept.push((line, always));
    }
    Ok(kept)
}

/// English where the shop speaks it: reviewers do.
#[must_use]
pub fn reviewers_language(shop: &Shop) -> Lang {
    let english = shop.languages.iter().find(|lang| lang.primary().eq_ignore_ascii_case("en"));
    english.unwrap_or_else(|| shop.default_lang()).clone()
}

/// What is done, and what the answer has to say.
type Line = (&'static str, Do, Option<String>);

fn script(shop: &Shop, lang: &Lang, consent: Vec<Line>) -> Vec<Line> {
    let mut script: Vec<Line> = vec![("start", Do::Start, None)];
    let entries = shop.faq.iter().filter(|entry| entry.also.form.is_none());
    let asked = entries.filter_map(|entry| {
        let phrase = entry.ask.get(lang)?.first()?.clone();
        let wanted = said(&entry.answer, lang);
        wanted.is_some().then_some(("question", Do::Write(phrase), wanted))
    });
    script.extend(asked.take(TRIED));
    script.extend(consent);
    let [stop, human, delete] = commands(shop, lang);
    script.push(("stop", Do::Write(stop), None));
    script.push(("delete", Do::Write(delete), None));
    let texts = &crate::shop::lang::language(lang).texts;
    let own = shop.texts.delete_yes.0.get(lang).cloned();
    let yes = own.unwrap_or_else(|| texts.delete_yes.to_owned());
    script.push(("delete", Do::Tap(yes), None));
    // Last: from then on the assistant is silent.
    script.push(("human", Do::Write(human), None));
    script
}

/// The beginning of a text in a language, up to the first variable or the end of the line.
fn said(text: &Localized, lang: &Lang) -> Option<String> {
    let begins = text.0.get(lang)?.split(['{', '\n']).next().unwrap_or_default().trim();
    Some(begins.to_owned()).filter(|said| !said.is_empty())
}

/// Ways by which somebody comes to agree to a topic: a button under an answer, or a poster. The last
/// one is none.
fn consents(shop: &Shop, lang: &Lang) -> Vec<Vec<Line>> {
    let of_topic = |button: &&LinkButton| matches!(button.action, ButtonAction::Topic(_));
    let buttons = shop.faq.iter().filter_map(|entry| {
        let phrase = entry.ask.get(lang)?.first()?.clone();
        let button = entry.buttons.iter().chain(&entry.quick_replies).find(of_topic)?;
        let title = button.title.0.get(lang)?.clone();
        Some(vec![
            ("topic", Do::Write(phrase), said(&entry.answer, lang)),
            ("topic", Do::Tap(title), None),
            ("agree", Do::Agree, None),
        ])
    });
    let posters = shop.posters.iter().filter(|poster| poster.topic.is_some() && !poster.revoked);
    let posters = posters.map(|poster| {
        vec![("topic", Do::Open(poster.code.to_string()), None), ("agree", Do::Agree, None)]
    });
    buttons.take(WAYS).chain(posters.take(WAYS)).chain([Vec::new()]).collect()
}

/// What each thing that is done is answered with: the words, without what can be tapped.
fn play(bundle: &Bundle, at: UnixMs, script: &[Line]) -> Result<Vec<Vec<String>>, GroundError> {
    let mut conversation = open(bundle, at)?;
    script.iter().map(|(_, doing, _)| step(&mut conversation, doing)).collect()
}

/// A new conversation with this shop.
///
/// # Errors
/// [`GroundError`].
pub fn open(bundle: &Bundle, at: UnixMs) -> Result<Conversation, GroundError> {
    let bundle = Bundle { shops: bundle.shops.clone(), model: bundle.model.clone() };
    let lang = bundle.shops.first().map(reviewers_language);
    // Meta tells the names of people to apps that it has reviewed.
    let nobody = NewPerson { name: Some(String::new()), ..NewPerson::default() };
    let mut conversation = Conversation::open_for(bundle, at, nobody)?;
    if let Some(lang) = lang {
        conversation.speaks(&lang)?;
    }
    Ok(conversation)
}

/// Does a step, and returns the bubbles that come, without what can be tapped under them.
///
/// # Errors
/// [`GroundError`].
pub fn step(conversation: &mut Conversation, doing: &Do) -> Result<Vec<String>, GroundError> {
    let bubbles = match doing {
        Do::Start => conversation.does(Act::GetStarted)?,
        Do::Write(text) => conversation.says(text)?,
        Do::Tap(title) => conversation.taps(title)?.unwrap_or_default(),
        Do::Open(code) => conversation.scans(code)?,
        // Where there is no card nothing can be tapped.
        Do::Agree => conversation.does(Act::OptIn { mid: None }).unwrap_or_default(),
    };
    let words = |bubble: String| {
        // Nor addresses that nobody gets twice.
        let lines =
            bubble.lines().filter(|line| !line.starts_with("  ") && !line.contains("<code>"));
        lines.collect::<Vec<&str>>().join("\n").trim().to_owned()
    };
    Ok(bubbles.into_iter().map(words).filter(|bubble| !bubble.is_empty()).collect())
}
