//! Which answer a message asks for.
//!
//! Training runs when a shop is checked or published and yields a flat, versioned, checksummed
//! binary [`Model`]; matching runs in the Worker, in the terminal and in tests on the same bytes.
//! The result is a decision, not a score.
//!
//! - [`normalise`](mod@normalise): one folding for both sides; [`Said`]: phrases in a message.
//! - `spelling`: the letters of that folding, by tables.
//! - [`keyword`]: words that ask for an entry by themselves, ahead of the model.
//! - `small_talk`: greetings and thanks, which ask for nothing.
//! - `common`: words that say little.
//! - `simplified`: Traditional Chinese as Simplified, for matching only.
//! - `features`: a text as words and character n-grams, in two views; `weight`: what each tells.
//! - `repair`: misspelt words become the shop's own.
//! - `svm`: one machine per entry, in dual form.
//! - `format`, `index`: the bytes under `model:{hash}` in KV, and the lists in them.
//! - [`train`]: bytes from examples; `score`: from a message and the bytes to a score per entry.
//! - `confidence`: from scores to probabilities; `several`: messages that ask several things.
//! - [`Model`]: the decision. `constants`: every number that was chosen.

mod common;
mod confidence;
mod constants;
mod features;
mod format;
mod index;
mod keyword;
mod matcher;
pub mod normalise;
mod phrase;
mod repair;
mod score;
mod several;
mod simplified;
mod small_talk;
mod spelling;
mod svm;
mod train;
mod weight;

pub use format::{ModelError, model_key};
pub use keyword::{KeywordSaid, keyword, keyword_said};
pub use matcher::{Candidate, Decision, Doubt, Match, Model};
pub use phrase::{Phrase, Phrases, Said, same_words};
pub use train::{Example, examples, train};

#[cfg(test)]
mod decisions;
#[cfg(test)]
mod example_shops;
