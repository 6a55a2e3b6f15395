//! What the owner expects of the FAQ, tried on the FAQ as it would be published.

use std::collections::HashSet;

use serde_json::json;

use crate::cli::explain::{Explanation, explained, in_short};
use crate::faq::Model;
use crate::faq::normalise::normalise;
use crate::shop::model::Shop;
use crate::shop::source::diagnostic::{Diagnostic, Severity};
use crate::shop::source::places::{Expectation, Places};

pub(super) fn check(
    shop: &Shop,
    model: Option<&Model>,
    places: &Places,
    strict: bool,
) -> Vec<Diagnostic> {
    let taught: HashSet<String> = places.phrasings.iter().map(|p| normalise(&p.text)).collect();
    places
        .expectations
        .iter()
        .filter_map(|expectation| {
            if taught.contains(&normalise(&expectation.text)) {
                return Some(proves_nothing(expectation));
            }
            let explained = explained(shop, model, &expectation.text, expectation.lang.as_ref());
            judged(expectation, &explained, strict)
        })
        .collect()
}

/// A message that stands under `ask` word for word is always known.
fn proves_nothing(expectation: &Expectation) -> Diagnostic {
    let message = format!("\"{}\" stands under `ask`, too", expectation.text);
    Diagnostic::warning("expectation-taught", expectation.span.clone(), message)
        .label("proves nothing")
        .help("write it in other words, or leave it out")
}

fn judged(expectation: &Expectation, explained: &Explanation, strict: bool) -> Option<Diagnostic> {
    let text = &expectation.text;
    let got = outcome(explained);
    let among = expectation.entry.as_ref().is_some_and(|id| explained.entries.contains(id));
    let (offered, message, help) = match (&expectation.entry, explained.decision) {
        _ if explained.command.is_some() => {
            let Some(id) = &expectation.entry else { return None };
            let message = format!("\"{text}\" {got}, not answered with \"{id}\"");
            (false, message, "expect another message: commands win over every answer".to_owned())
        }
        (Some(_), "answer") if among => return None,
        (None, "none") => return None,
        (Some(id), "offer") if among => {
            let message = format!("\"{text}\" only gets \"{id}\" offered, among others");
            (true, message, format!("add what is special in it to `ask` of \"{id}\""))
        }
        (None, "offer") => {
            let help = "that is harmless; or add a phrasing to the entry that it should be told \
                        apart from, or set matching = \"cautious\"";
            (true, format!("\"{text}\" {got}, though nothing fits"), help.to_owned())
        }
        (None, _) => {
            let help = match &explained.keyword {
                Some(said) => {
                    format!("make the keyword \"{}\" longer or take it out", said.keyword)
                }
                None => "look which phrasing it is like; matching = \"cautious\" asks for more \
                         certainty"
                    .to_owned(),
            };
            (false, format!("\"{text}\" {got}, though nothing fits"), help)
        }
        (Some(id), _) => {
            let help = match &explained.keyword {
                Some(said) => format!(
                    "make the keyword \"{}\" longer, or give \"{id}\" a longer one",
                    said.keyword
                ),
                None => format!("add it, or what is special in it, to `ask` of \"{id}\""),
            };
            (false, format!("\"{text}\" {got}, not answered with \"{id}\""), help)
        }
    };
    // Asking back where nothing fits costs a tap; not answering what was asked costs more.
    let severity = match (offered, strict, &expectation.entry) {
        (false, ..) | (true, true, _) => Severity::Error,
        (true, false, Some(_)) => Severity::Warning,
        (true, false, None) => Severity::Note,
    };
    let code = if offered { "expectation-offered" } else { "expectation-failed" };
    let diagnostic =
        Diagnostic { severity, ..Diagnostic::error(code, expectation.span.clone(), message) };
    Some(
        diagnostic
            .label(in_short(explained))
            .help(help)
            .data(json!({ "expected": expectation.entry, "found": explained })),
    )
}

/// "is answered with "hours"", "gets "hours", "menu" offered", "is not answered".
fn outcome(explained: &Explanation) -> String {
    let entries: Vec<String> = explained.entries.iter().map(|id| format!("\"{id}\"")).collect();
    match (explained.command, explained.decision) {
        (Some(command), _) => format!("is {command:?}, a command"),
        (None, "answer") => format!("is answered with {}", entries.join(" and ")),
        (None, "offer") => format!("gets {} offered", entries.join(", ")),
        (None, _) => "is not answered".to_owned(),
    }
}
