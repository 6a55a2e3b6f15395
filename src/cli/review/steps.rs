//! What a reviewer does, step by step, in the words of this shop, with the answers it gets: played
//! on the core before it is written down, by day and by night. Only what is answered the same at
//! both is promised.

use crate::cli::chat::Conversation;
use crate::cli::publish::Bundle;
use crate::cli::sandbox::Act;
use crate::cli::sim::ground::GroundError;
use crate::entry::privacy::commands;
use crate::shop::model::{ButtonAction, Lang, LinkButton, Shop};
use crate::time::UnixMs;

/// Answers to questions that a reviewer is shown.
const QUESTIONS: usize = 2;

/// Questions that are tried for them.
const TRIED: usize = 8;

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

/// The steps for this shop, with the answers that it gives.
///
/// # Errors
/// [`GroundError`] when the shop cannot be used.
pub fn steps(bundle: &Bundle, moments: [UnixMs; 2]) -> Result<Vec<Step>, GroundError> {
    let Some(shop) = bundle.shops.first() else { return Ok(Vec::new()) };
    let lang = reviewers_language(shop);
    let script = script(shop, &lang);
    let [day, night] = moments;
    let (day, night) = (play(bundle, day, &script)?, play(bundle, night, &script)?);
    let both = day.into_iter().zip(night).map(|(day, night)| {
        let both = day.into_iter().filter(|bubble| night.contains(bubble));
        both.collect::<Vec<String>>()
    });
    let mut steps: Vec<Step> = Vec::new();
    let mut questions = 0_usize;
    let mut broken = false;
    for ((id, doing, wanted), answer) in script.into_iter().zip(both) {
        let is_right =
            wanted.as_deref().is_none_or(|wanted| answer.iter().any(|b| b.contains(wanted)));
        let is_question = id == "question";
        // A tap under an answer that is left out is left out with it.
        let follows = matches!(doing, Do::Tap(_) | Do::Agree);
        if answer.is_empty()
            || !is_right
            || is_question && questions >= QUESTIONS
            || follows && broken
        {
            broken = !is_question;
            continue;
        }
        broken = false;
        questions = questions.saturating_add(usize::from(is_question));
        steps.push(Step { id, doing, answer });
    }
    Ok(steps)
}

/// English where the shop speaks it: reviewers do.
#[must_use]
pub fn reviewers_language(shop: &Shop) -> Lang {
    let english = shop.languages.iter().find(|lang| lang.primary().eq_ignore_ascii_case("en"));
    english.unwrap_or_else(|| shop.default_lang()).clone()
}

/// What is done, and what the answer has to say.
type Line = (&'static str, Do, Option<String>);

fn script(shop: &Shop, lang: &Lang) -> Vec<Line> {
    let mut script: Vec<Line> = vec![("start", Do::Start, None)];
    let written = |text: &crate::shop::model::Localized| text.0.get(lang).cloned();
    let entries = shop.faq.iter().filter(|entry| entry.also.form.is_none());
    let asked = entries.filter_map(|entry| {
        let phrase = entry.ask.get(lang)?.first()?.clone();
        let answer = written(&entry.answer)?;
        // Up to the first variable, on the first line.
        let said = answer.split(['{', '\n']).next().unwrap_or_default().trim().to_owned();
        Some(("question", Do::Write(phrase), Some(said).filter(|said| !said.is_empty())))
    });
    script.extend(asked.take(TRIED));
    script.extend(consent(shop, lang));
    let [stop, human, delete] = commands(shop, lang);
    script.push(("stop", Do::Write(stop), None));
    script.push(("delete", Do::Write(delete), None));
    let texts = &crate::shop::lang::language(lang).texts;
    let yes = written(&shop.texts.delete_yes).unwrap_or_else(|| texts.delete_yes.to_owned());
    script.push(("delete", Do::Tap(yes), None));
    // Last: from then on the assistant is silent.
    script.push(("human", Do::Write(human), None));
    script
}

/// How somebody comes to agree to a topic: by a button, or by a poster.
fn consent(shop: &Shop, lang: &Lang) -> Vec<Line> {
    let of_topic = |button: &&LinkButton| matches!(button.action, ButtonAction::Topic(_));
    let button = shop.faq.iter().find_map(|entry| {
        let phrase = entry.ask.get(lang)?.first()?;
        let button = entry.buttons.iter().chain(&entry.quick_replies).find(of_topic)?;
        Some((phrase.clone(), button.title.0.get(lang)?.clone()))
    });
    if let Some((phrase, title)) = button {
        return vec![
            ("topic", Do::Write(phrase), None),
            ("topic", Do::Tap(title), None),
            ("agree", Do::Agree, None),
        ];
    }
    let poster = shop.posters.iter().find(|poster| poster.topic.is_some() && !poster.revoked);
    match poster {
        Some(poster) => {
            vec![("topic", Do::Open(poster.code.to_string()), None), ("agree", Do::Agree, None)]
        }
        None => Vec::new(),
    }
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
    let mut conversation = Conversation::open(bundle, at)?;
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
        let lines = bubble.lines().filter(|line| !line.starts_with("  "));
        lines.collect::<Vec<&str>>().join("\n").trim().to_owned()
    };
    Ok(bubbles.into_iter().map(words).filter(|bubble| !bubble.is_empty()).collect())
}
