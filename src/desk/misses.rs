//! Which messages are kept as questions without an answer. None are, unless the owner wants them.
//!
//! Only what somebody typed, and only where the shop's answers were looked through: never a
//! command, a courtesy or a tap, never a word while a person is talking in the thread, and never
//! a word of somebody whose newest wish was STOP: they have told the machine to let them be.

use super::decide::{Effect, Inbound, Turn};
use super::payload::Payload;
use super::precedence::Step;
use super::redact::redact;
use super::words::{self, Command};
use crate::store::misses::Miss;

/// Closes what was offered before: a tap on it makes it no miss, anything else leaves it one.
pub(super) fn settle(turn: &mut Turn<'_>) {
    // Whoever asks to be forgotten wants that question forgotten, too: it stays known as theirs.
    if turn.command == Some(Command::Delete) {
        return;
    }
    let Some(offered) = turn.person.offered.take() else { return };
    if let Inbound::Tap(Some(Payload::Faq(id))) = &turn.inbound
        && offered.entries.contains(id)
    {
        turn.effects.push(Effect::Taken { miss: offered.miss });
    }
}

/// The miss that a message is, if it is one and misses are kept. `by` is the step that answered.
pub(super) fn of(turn: &Turn<'_>, by: Option<Step>) -> Option<Miss> {
    let keep_days = turn.context.shop.assistant.keep_misses_days?;
    let Inbound::Text(text) = turn.inbound else { return None };
    let unanswered = match by {
        None | Some(Step::Away | Step::Instant | Step::Fallback) => true,
        Some(Step::Faq) => !turn.offered.is_empty(),
        Some(_) => false,
    };
    let person = &turn.person;
    let stopped = person.stopped_at.is_some() && !person.topics.values().any(|word| word.active);
    if !unanswered || stopped || words::courtesy(turn.context.shop, text).is_some() {
        return None;
    }
    let text = redact(text);
    // Emoji ask for nothing.
    text.chars().any(char::is_alphabetic).then(|| Miss {
        text,
        lang: turn.lang.0.clone(),
        offered: turn.offered.clone(),
        keep_days,
    })
}
