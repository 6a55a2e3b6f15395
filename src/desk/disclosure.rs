//! That the assistant is one: said at the start, after a silence, and when a person hands back.

use super::decide::Turn;
use super::person::Person;
use super::precedence::Step;
use super::replies;
use crate::meta::policy::disclosure_required;
use crate::meta::send::Content;
use crate::shop::lookup::TextKey;

/// Puts the disclosure before an answer that needs one. `before` is the person before this event.
pub(super) fn add(turn: &mut Turn<'_>, before: &Person, by: Step, bubbles: &mut Vec<Content>) {
    if bubbles.is_empty() || !is_due(turn, before) || matches!(by, Step::Stop | Step::Delete) {
        return;
    }
    turn.person.disclosed_at = Some(turn.now);
    if !says_so_itself(turn, bubbles) {
        bubbles.insert(0, replies::disclosure(turn));
    }
}

fn is_due(turn: &Turn<'_>, before: &Person) -> bool {
    let shop = turn.context.shop;
    let wanted = shop.handoff.disclosure.unwrap_or_else(|| {
        shop.meta.country.as_ref().is_some_and(|c| disclosure_required(c, turn.now.utc_date()))
    });
    let handed_back = |told| before.paused_until.is_some_and(|until| told < until);
    wanted && before.disclosed_at.is_none_or(|told| turn.after_silence || handed_back(told))
}

/// Our own welcome and first answer say what the assistant is. The owner's may not.
fn says_so_itself(turn: &Turn<'_>, bubbles: &[Content]) -> bool {
    let Some(Content::Text { text, .. }) = bubbles.first() else { return false };
    [TextKey::Welcome, TextKey::Instant].into_iter().any(|key| {
        turn.context.shop.texts.get(key).is_empty() && replies::text(turn, key).starts_with(text)
    })
}
