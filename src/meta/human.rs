//! What a person of the shop types, and the one way it may leave after the window has closed.
//!
//! Meta lets people, and nobody else, answer for seven days with the tag `HUMAN_AGENT`; automated
//! messages are disallowed (Meta, Messenger Platform policy, 28 September 2026). So the tag is
//! written here and nowhere else: [`body`] takes [`Typed`], which is made from a person's typing,
//! cannot be stored, and has no way to or from [`super::send::Content`], which is all that the
//! outbox holds and all that the assistant makes.

use serde_json::json;

use super::ids::Psid;
use crate::time::{DAY, UnixMs};

/// From when on the tag is needed: before, the standard window is open.
pub const FROM_MS: i64 = DAY;

/// Until when it may be used.
pub const UNTIL_MS: i64 = 7 * DAY;

/// The longest text, in UTF-16 units (Meta, Send API: less than 2,000).
const LONGEST: usize = 1_999;

/// Text that a person has typed. Whoever makes one says so: only a form that people fill in may.
#[derive(Debug)]
pub struct Typed(String);

impl Typed {
    /// What somebody typed just now; `None` when it is empty or too long to be one message.
    #[must_use]
    pub fn by_a_person(text: &str) -> Option<Self> {
        let text = text.trim();
        let fits = (1..=LONGEST).contains(&text.encode_utf16().count());
        fits.then(|| Self(text.to_owned()))
    }
}

/// The days in which people may answer with the tag.
#[derive(Clone, Copy, Debug)]
pub struct Turn(());

impl Turn {
    /// Whether it is a person's turn at `now`, after the customer's last message.
    #[must_use]
    pub fn after(last_inbound: UnixMs, now: UnixMs) -> Option<Self> {
        (FROM_MS..UNTIL_MS).contains(&now.since(last_inbound)).then_some(Self(()))
    }
}

/// The body of such a message.
#[must_use]
pub fn body(person: &Psid, typed: &Typed, _turn: Turn) -> String {
    json!({
        "recipient": { "id": person },
        "messaging_type": "MESSAGE_TAG",
        "tag": "HUMAN_AGENT",
        "message": { "text": typed.0 },
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
        let body =
            body(&Psid::new("7").unwrap(), &Typed::by_a_person(" We found it! ").unwrap(), turn);
        assert!(body.contains("HUMAN_AGENT") && body.contains("\"We found it!\""));
        assert!(Typed::by_a_person("  ").is_none());
        assert!(Typed::by_a_person(&"x".repeat(2_000)).is_none());
    }

    #[test]
    fn nothing_else_in_the_source_can_write_the_tag() {
        fn look(folder: &std::path::Path, found: &mut Vec<String>) {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    look(&path, found);
                } else if std::fs::read_to_string(&path)
                    .is_ok_and(|t| t.contains("\"HUMAN_AGENT\""))
                {
                    found.push(path.file_name().unwrap().to_string_lossy().into_owned());
                }
            }
        }
        let mut found = Vec::new();
        // The sandbox plays Meta and has to know it.
        for room in ["desk", "outreach", "worker", "store", "meta", "shop", "faq", "entry"] {
            look(
                &std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(room),
                &mut found,
            );
        }
        assert_eq!(found, ["human.rs"]);
    }
}
