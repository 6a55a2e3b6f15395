//! What only follows from another mistake, and is left out until that one is mended.
//!
//! A line that cannot be read is told of where it stands. What the rest of the file then seems to
//! lack, because that line said it, would be noise.

use super::diagnostic::Diagnostic;

/// What the shape of a file lost: lines that say nothing because of a mistake that is told already.
#[derive(Debug, Default)]
pub(super) struct Lost {
    /// Keys that are missing, or whose values are of another kind than they have to be, each with
    /// the head of its table.
    pub keys: Vec<(&'static str, &'static str)>,
    /// A head is missing: lines stand in the table above the one they belong to.
    pub head: bool,
}

/// A key of a table; of any table, when its head is left open.
type LostKey = (&'static str, &'static str);

const BUTTONS: LostKey = ("", "buttons");
const TAPS: LostKey = ("", "quick_replies");
const CARDS: LostKey = ("", "card");
const QUESTION: LostKey = ("[[form.question]]", "id");
const QUESTIONS: LostKey = ("[[form]]", "question");
const TAGS: LostKey = ("", "tags");

/// What seems to be so (a code, and how its message begins) when one of these keys was lost.
const FOLLOWS: [(&str, &str, &[LostKey]); 23] = [
    ("unknown-reference", "no FAQ entry ", &[("[[faq]]", "id")]),
    ("unknown-reference", "no topic ", &[("[[topic]]", "id")]),
    ("unknown-reference", "no form ", &[("[[form]]", "id")]),
    ("unknown-reference", "no segment ", &[("[[segment]]", "id")]),
    ("unknown-reference", "no offer ", &[("[[offer]]", "id")]),
    ("unknown-reference", "no poster ", &[("[[poster]]", "code")]),
    ("unknown-reference", "no Page ", &[("[[page]]", "id"), ("[[page]]", "username")]),
    ("unknown-reference", "no service ", &[("[[service]]", "id")]),
    ("unknown-reference", "no agent ", &[("[[agent]]", "name")]),
    ("unknown-reference", "no question ", &[QUESTION, QUESTIONS]),
    ("unknown-reference", "no earlier question ", &[QUESTION, QUESTIONS]),
    ("unknown-reference", "no option ", &[("[[form.question]]", "options"), ("an option", "id")]),
    ("unknown-reference", "nothing in this file puts ", &[TAGS]),
    ("unknown-reference", "nothing in this file fills ", &[QUESTION, QUESTIONS, ("", "set")]),
    ("unreachable-topic", "", &[BUTTONS, TAPS, CARDS, ("", "topic"), ("", "remind")]),
    ("unreachable-offer", "", &[BUTTONS, TAPS, CARDS, ("", "remind")]),
    (
        "unreachable-form",
        "",
        &[BUTTONS, TAPS, CARDS, ("", "form"), ("", "end"), ("[[form]]", "id")],
    ),
    (
        "unreachable-service",
        "",
        &[("", "service"), ("", "service_of"), ("", "options"), ("", "kind"), QUESTIONS],
    ),
    ("unreachable-product", "", &[("", "finder"), QUESTION, QUESTIONS]),
    ("no-phrasing", "", &[("[[faq]]", "ask"), ("[[faq]]", "keywords")]),
    ("no-options", "", &[("", "options")]),
    ("no-points", "", &[("", "options"), ("", "points")]),
    ("slot-of-what", "", &[("", "service"), ("", "service_of")]),
];

/// Leaves out what follows from what was lost.
pub(super) fn leave_out(found: &mut Vec<Diagnostic>, lost: &Lost) {
    let was_lost = |(head, key): &LostKey| {
        lost.keys.iter().any(|(h, k)| k == key && (head.is_empty() || h == head))
    };
    found.retain(|diagnostic| {
        !FOLLOWS.iter().any(|(code, begins, keys)| {
            diagnostic.code == *code
                && diagnostic.message.starts_with(begins)
                && keys.iter().any(was_lost)
        })
    });
}
