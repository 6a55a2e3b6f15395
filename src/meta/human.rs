//! What a person of the shop types, and the one way it may leave after the window has closed.
//!
//! Meta lets people, and nobody else, answer for seven days with the tag `HUMAN_AGENT`; automated
//! messages are disallowed (Meta, Messenger Platform policy, 28 September 2026). So the tag is
//! written here and nowhere else: [`body`] takes [`Typed`], which is made from a person's typing
//! and from nothing else. The outbox marks its rows as typed when it is given one, and hands one
//! out only for rows with that mark; what the assistant makes cannot get it.

use serde_json::json;

use super::event::Channel;
use super::ids::Psid;
use super::limits;
use crate::time::{DAY, UnixMs};

/// From when on the tag is needed: before, the standard window is open.
pub const FROM_MS: i64 = DAY;

/// Until when it may be used.
pub const UNTIL_MS: i64 = limits::HUMAN_AGENT_MS;

/// Text that a person has typed. Whoever makes one says so: only what people fill in may.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Typed(String);

/// Why something typed cannot be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// Nothing but blanks.
    #[error("there is nothing to send: type the answer into the body of the request")]
    Empty,
    /// It does not fit into one message.
    #[error("this is too long for one message: 1999 characters, on Instagram 1000 bytes")]
    TooLong,
}

impl Typed {
    /// What somebody typed just now, for one message on this channel.
    ///
    /// # Errors
    /// [`Unfit`] says why it cannot be one.
    pub fn by_a_person(text: &str, channel: Channel) -> Result<Self, Unfit> {
        let text = text.trim();
        let fits = match channel {
            Channel::Messenger => limits::units(text) <= limits::MESSENGER_TEXT,
            Channel::Instagram => text.len() <= limits::INSTAGRAM_TEXT,
        };
        match (text, fits) {
            ("", _) => Err(Unfit::Empty),
            (_, false) => Err(Unfit::TooLong),
            (text, true) => Ok(Self(text.to_owned())),
        }
    }

    /// What the outbox kept of one. Nobody else has any: a test says so.
    pub(crate) fn kept(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// The words.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0
    }
}

/// The days in which people may answer with the tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Turn(());

impl Turn {
    /// Whether it is a person's turn at `now`, after the customer's last message.
    #[must_use]
    pub fn after(last_inbound: UnixMs, now: UnixMs) -> Option<Self> {
        (FROM_MS..UNTIL_MS).contains(&now.since(last_inbound)).then_some(Self(()))
    }
}

/// The body of such a message; our own echo brings `metadata` back.
#[must_use]
pub fn body(person: &Psid, typed: &Typed, _turn: Turn, metadata: &str) -> String {
    json!({
        "recipient": { "id": person },
        "messaging_type": "MESSAGE_TAG",
        "tag": "HUMAN_AGENT",
        "message": { "text": typed.0, "metadata": metadata },
    })
    .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_may_answer_from_the_second_to_the_seventh_day() {
        let last = UnixMs::new(1_000);
        for (wait, may) in [
            (0, false),
            (DAY - 1, false),
            (DAY, true),
            (7 * DAY - 1, true),
            (7 * DAY, false),
            (-1, false),
        ] {
            assert_eq!(Turn::after(last, last.plus(wait)).is_some(), may, "{wait}");
        }
        let turn = Turn::after(last, last.plus(2 * DAY)).unwrap();
        let typed = |text: &str| Typed::by_a_person(text, Channel::Messenger);
        let body = body(&Psid::new("7").unwrap(), &typed(" We found it! ").unwrap(), turn, "m");
        assert!(body.contains("HUMAN_AGENT") && body.contains("\"We found it!\""));
        assert_eq!(typed("  "), Err(Unfit::Empty));
        assert_eq!(typed(&"x".repeat(2_000)), Err(Unfit::TooLong));
        let bytes = "ž".repeat(501);
        assert!(typed(&bytes).is_ok());
        assert_eq!(Typed::by_a_person(&bytes, Channel::Instagram), Err(Unfit::TooLong));
    }

    #[test]
    fn nothing_else_in_the_source_can_write_the_tag_or_make_typed_text() {
        fn look(folder: &std::path::Path, words: &str, found: &mut Vec<String>) {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    look(&path, words, found);
                } else if std::fs::read_to_string(&path).is_ok_and(|t| t.contains(words)) {
                    found.push(path.file_name().unwrap().to_string_lossy().into_owned());
                }
            }
        }
        let users_of = |words: &str| {
            let mut found = Vec::new();
            // The sandbox plays Meta and has to know the tag.
            for room in ["desk", "outreach", "worker", "store", "meta", "shop", "faq", "entry"] {
                let src = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
                look(&src.join(room), words, &mut found);
            }
            found.sort();
            found
        };
        assert_eq!(users_of("\"HUMAN_AGENT\""), ["human.rs"]);
        assert_eq!(users_of(concat!("Typed", "::kept")), ["outbox.rs"]);
        assert_eq!(users_of(concat!("Typed", "::by_a_person")), ["by_hand.rs", "human.rs"]);
    }
}
