//! What a tap leaves on a person: tags and fields.
//!
//! A button that leaves some carries a mark beside its payload. What the mark stands for is looked
//! up in the shop as it is published now: a tap on a button from long ago leaves what still stands
//! on a button, and nothing that a payload could bring along by itself.

use sha2::{Digest, Sha256};

use crate::meta::event::{Event, EventKind};
use crate::shop::forms::Also;
use crate::shop::model::Shop;

/// Before a mark, in place of the payload's name.
const SIGN: char = '~';

/// Bytes of a mark. It tells the buttons of one shop apart.
const BYTES: usize = 4;

/// A payload with the mark of what the button leaves.
#[must_use]
pub fn marked(payload: &str, also: &Also) -> String {
    match (payload.strip_prefix("sb:"), mark(also)) {
        (Some(rest), Some(mark)) => format!("sb:{SIGN}{mark}:{rest}"),
        _ => payload.to_owned(),
    }
}

/// What stands behind `sb:`, without a mark.
pub(super) fn unmarked(rest: &str) -> &str {
    split(rest).map_or(rest, |(_, rest)| rest)
}

/// The mark, and what stands behind it.
fn split(rest: &str) -> Option<(&str, &str)> {
    rest.strip_prefix(SIGN)?.split_once(':')
}

/// `None` when nothing is left on anybody.
fn mark(also: &Also) -> Option<String> {
    if also.is_empty() {
        return None;
    }
    let text = serde_json::to_string(also).ok()?;
    let digest = Sha256::digest(text);
    Some(hex::encode(digest.get(..BYTES)?))
}

/// What the tap or the command that an event is leaves on the person.
pub(super) fn left_by<'a>(shop: &'a Shop, event: &Event) -> Option<&'a Also> {
    let payload = match &event.kind {
        EventKind::Message(message) => {
            let slash = message.text.as_deref().and_then(|text| text.trim().strip_prefix('/'));
            if let Some(command) = slash.and_then(|name| shop.command(name)) {
                return Some(&command.also);
            }
            message.quick_reply.as_deref()
        }
        EventKind::Postback(postback) => postback.payload.as_deref(),
        _ => None,
    };
    let (wanted, _) = payload?.strip_prefix("sb:").and_then(split)?;
    shop.left_by_taps().find(|also| mark(also).is_some_and(|mark| mark == wanted))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::desk::payload::Payload;
    use crate::meta::ids::FaqId;

    #[test]
    fn a_mark_stands_beside_the_payload_and_changes_nothing_else() {
        let also = Also { tags: vec!["vip".into()], ..Also::default() };
        let payload = Payload::Faq(FaqId::new("hours").unwrap());
        let marked = marked(&payload.to_string(), &also);
        assert_ne!(marked, payload.to_string());
        assert_eq!(Payload::parse(&marked), Some(payload.clone()));
        assert_eq!(super::marked(&payload.to_string(), &Also::default()), payload.to_string());
        for odd in ["sb:~", "sb:~12", "sb:~12:", "sb:~:faq", "sb:~~:~"] {
            assert_eq!(Payload::parse(odd), None, "{odd}");
        }
        let other = Also { tags: vec!["new".into()], ..Also::default() };
        assert_ne!(mark(&also), mark(&other));
    }
}
