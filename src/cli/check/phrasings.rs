//! Phrasings that a command or a keyword catches first, and entries with too few of them.

use crate::desk::words::{self, Command};
use crate::faq::keyword_said;
use crate::shop::model::Shop;
use crate::shop::source::diagnostic::Diagnostic;
use crate::shop::source::places::Places;

/// Fewer ways to ask, in a language, teach too little.
const ENOUGH: usize = 3;

pub(super) fn check(shop: &Shop, places: &Places) -> Vec<Diagnostic> {
    commands(shop, places).chain(shadowed(shop, places)).chain(few(shop, places)).collect()
}

/// Phrasings that are STOP, HUMAN or DELETE to the Desk.
fn commands<'a>(shop: &'a Shop, places: &'a Places) -> impl Iterator<Item = Diagnostic> + 'a {
    places.phrasings.iter().filter_map(|phrasing| {
        let what = match words::command(shop, &phrasing.text)? {
            Command::Stop => "no more notifications",
            Command::Human => "a person",
            Command::Delete => "being forgotten",
        };
        let message = format!("\"{}\" is how people ask for {what}", phrasing.text);
        Some(
            Diagnostic::warning("shadowed", phrasing.span.clone(), message)
                .label(format!("never reaches \"{}\"", phrasing.entry))
                .help("leave it out, or make it a longer question"),
        )
    })
}

/// Phrasings of one entry that hold a keyword of another: the keyword goes first.
fn shadowed<'a>(shop: &'a Shop, places: &'a Places) -> impl Iterator<Item = Diagnostic> + 'a {
    places.phrasings.iter().filter_map(|phrasing| {
        let said = keyword_said(&shop.faq, &phrasing.text)?;
        if said.entry.id == phrasing.entry {
            return None;
        }
        let message = format!(
            "\"{}\" gets the answer \"{}\": it holds that entry's keyword \"{}\"",
            phrasing.text, said.entry.id, said.keyword
        );
        let help = format!(
            "make the keyword longer, take it out, or give \"{}\" a longer one that stands here",
            phrasing.entry
        );
        Some(
            Diagnostic::warning("shadowed", phrasing.span.clone(), message)
                .label(format!("never reaches \"{}\"", phrasing.entry))
                .help(help),
        )
    })
}

fn few<'a>(shop: &'a Shop, places: &'a Places) -> impl Iterator<Item = Diagnostic> + 'a {
    places.entries.iter().filter_map(|(id, span)| {
        let entry = shop.faq(id)?;
        let few: Vec<String> = entry
            .ask
            .iter()
            .filter(|(lang, asks)| asks.len() < ENOUGH && !entry.keywords.contains_key(lang))
            .map(|(lang, asks)| format!("{} in {}", asks.len(), lang.0))
            .collect();
        let first = entry.ask.keys().next()?;
        (!few.is_empty()).then(|| {
            let message = format!("\"{id}\" has few ways to be asked for: {}", few.join(", "));
            Diagnostic::note("few-phrasings", span.clone(), message).help(format!(
                "add to ask.{} what customers really write; five or more are good",
                first.0
            ))
        })
    })
}
