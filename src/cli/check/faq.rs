//! Trains the FAQ of a shop and tries it.

use super::{expectations, left_out, phrasings};
use crate::cli::publish::Bundle;
use crate::faq::Model;
use crate::shop::source::Compiled;
use crate::shop::source::diagnostic::Diagnostic;

/// More entries than these take longer than one waits without a word.
const LONG: usize = 300;

/// What is to be said of the FAQ; nothing of a file that is no shop.
pub(super) fn tried(compiled: &Compiled, strict: bool) -> Vec<Diagnostic> {
    // All Pages of a shop.toml share its questions.
    let entries = compiled.places.entries.len();
    if entries > LONG {
        eprintln!("trying {entries} answers on what customers ask; this may take a minute");
    }
    let bundle = Bundle::of(compiled.shops.iter().take(1).cloned().collect());
    let Some(shop) = bundle.shops.first() else { return Vec::new() };
    let model = bundle.model.as_ref().and_then(|(_, bytes)| Model::load(bytes.clone()).ok());
    let places = &compiled.places;
    let mut found = phrasings::check(shop, places);
    found.extend(expectations::check(shop, model.as_ref(), places, strict));
    found.extend(left_out::check(shop, places));
    found
}
