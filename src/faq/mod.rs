//! Which answer a message asks for.
//!
//! Training runs when a shop is checked or published and yields a flat, versioned, checksummed
//! binary [`Model`]; matching runs in the Worker, in the terminal and in tests on the same bytes.
//! The result is a decision, not a score.
//!
//! - [`normalise`](mod@normalise): one folding for both sides, and whole-message comparison.
//! - [`keyword`]: words that ask for an entry by themselves, ahead of the model.
//! - `small_talk`: greetings and thanks, which ask for nothing.
//! - `features`: a text as words and character n-grams.
//! - `format`: the bytes under `model:{hash}` in KV.
//! - [`train`], [`Model`]: bytes from entries, and decisions from bytes.

mod features;
mod format;
mod keyword;
mod matcher;
pub mod normalise;
mod small_talk;
mod train;

pub use format::{ModelError, model_key};
pub use keyword::{KeywordSaid, keyword, keyword_said};
pub use matcher::{Candidate, Decision, Doubt, Match, Model};
pub use normalise::{Said, same_words};
pub use train::{Example, examples, train};

#[cfg(test)]
mod example_shops;
