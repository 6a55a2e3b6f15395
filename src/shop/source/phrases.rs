//! The phrasings of the FAQ: there are some, and each leads to one answer.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use toml::de::{DeTable, DeValue};

use super::diagnostic::Diagnostic;
use super::read::{self, get, text};
use super::values::quoted;
use crate::faq::normalise::normalise;

pub(super) fn check(file: &DeTable<'_>, found: &mut Vec<Diagnostic>) {
    // (language, phrase as it is compared) -> the entry that has it
    let mut seen: HashMap<(String, String), &str> = HashMap::new();
    for (entry, span) in read::tables(file, "faq") {
        let Some((id, _)) = get(entry, "id").and_then(text) else { continue };
        if !has_phrases(entry) {
            let diagnostic = if is_reached(file, id) {
                let message = format!("no question leads to the answer {}", quoted(id));
                Diagnostic::warning("no-phrasing", span, message).label("only taps lead here")
            } else {
                let message = format!("nothing leads to the answer {}", quoted(id));
                Diagnostic::error("no-phrasing", span, message).label("no `ask` and no `keywords`")
            };
            found.push(diagnostic.help("add ask.… = [\"…\", \"…\"]: how customers ask for it"));
        }
        for key in ["ask", "keywords"] {
            for (tag, phrase, span) in phrases(entry, key) {
                let folded = normalise(phrase);
                if folded.is_empty() {
                    let message = format!("{} has no letter and no digit", quoted(phrase));
                    found.push(
                        Diagnostic::warning("no-words", span, message)
                            .label("matches nothing")
                            .help("leave it out, or say it in words"),
                    );
                    continue;
                }
                match seen.entry((tag.to_owned(), folded)) {
                    Entry::Vacant(free) => {
                        free.insert(id);
                    }
                    Entry::Occupied(taken) if *taken.get() != id => found.push(
                        Diagnostic::error(
                            "same-phrasing",
                            span,
                            format!("{} leads to two answers", quoted(phrase)),
                        )
                        .label(format!("also in {}", quoted(taken.get())))
                        .help("keep it where it fits best"),
                    ),
                    Entry::Occupied(_) => {
                        if key == "ask" {
                            found.push(
                                Diagnostic::warning(
                                    "same-phrasing",
                                    span,
                                    format!("{} is here twice", quoted(phrase)),
                                )
                                .help("leave one of them out; another wording would teach more"),
                            );
                        }
                    }
                }
            }
        }
    }
}

/// The phrases of an entry with their languages and places.
fn phrases<'t>(
    entry: &'t DeTable<'t>,
    key: &str,
) -> Vec<(&'t str, &'t str, std::ops::Range<usize>)> {
    let Some(table) = read::table(entry, key) else { return Vec::new() };
    let mut all = Vec::new();
    for (tag, list) in table {
        if let DeValue::Array(list) = list.get_ref() {
            let texts = list.iter().filter_map(text);
            all.extend(texts.map(|(phrase, span)| (tag.get_ref().as_ref(), phrase, span)));
        }
    }
    all
}

fn has_phrases(entry: &DeTable<'_>) -> bool {
    ["ask", "keywords"].iter().any(|key| !phrases(entry, key).is_empty())
}

/// Whether a door, a tap or the menu leads to an entry.
fn is_reached(file: &DeTable<'_>, id: &str) -> bool {
    let is =
        |table: &DeTable<'_>| get(table, "faq").and_then(text).is_some_and(|(faq, _)| faq == id);
    let menu = read::table(file, "assistant").and_then(|a| get(a, "menu")).map(read::list);
    super::walk::acts(file).iter().any(|act| is(act.table))
        || menu.unwrap_or_default().into_iter().filter_map(text).any(|(faq, _)| faq == id)
}
