//! Words that are understood without an FAQ: STOP, HUMAN and DELETE, which always win, and mere
//! courtesy.

use crate::faq::Said;
use crate::shop::lang::{Language, language};
use crate::shop::model::{Lang, Shop};

/// A word that wins over everything else when it is the whole message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Command {
    /// No more notifications.
    Stop,
    /// Let me talk to a person.
    Human,
    /// Forget me.
    Delete,
}

/// The command a message is, if it is one in any language this shop speaks, in English, or in
/// the owner's own words.
#[must_use]
pub fn command(shop: &Shop, text: &str) -> Option<Command> {
    let said = Said::new(text);
    let is = |phrase: &str| said.says(phrase);
    if shop.assistant.stop_words.iter().any(|word| is(word)) {
        return Some(Command::Stop);
    }
    if shop.assistant.delete_words.iter().any(|word| is(word)) {
        return Some(Command::Delete);
    }
    if shop.assistant.human_words.iter().any(|word| is(word)) {
        return Some(Command::Human);
    }
    // STOP is international; people type it whatever they speak.
    let english = Lang("en".to_owned());
    let mut languages = shop.languages.iter().chain([&english]).map(language);
    languages.find_map(|language| spoken(language, &is))
}

fn spoken(language: &Language, is: &impl Fn(&str) -> bool) -> Option<Command> {
    let any = |words: &[&str]| words.iter().any(|word| is(word));
    if any(language.stop) {
        Some(Command::Stop)
    } else if any(language.delete) {
        Some(Command::Delete)
    } else if any(language.human) {
        Some(Command::Human)
    } else {
        None
    }
}

/// A message that is only politeness.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Courtesy {
    /// "Hello".
    Greeting,
    /// "Thanks", "ok": needs no answer.
    Thanks,
}

/// The courtesy a message is, if it is nothing more, in any language this shop speaks.
#[must_use]
pub fn courtesy(shop: &Shop, text: &str) -> Option<Courtesy> {
    let said = Said::new(text);
    let any = |words: &[&str]| words.iter().any(|word| said.says(word));
    shop.languages.iter().map(language).find_map(|language| {
        if any(language.greetings) {
            Some(Courtesy::Greeting)
        } else if any(language.thanks) {
            Some(Courtesy::Thanks)
        } else {
            None
        }
    })
}
