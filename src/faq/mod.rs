//! Which answer a message asks for.
//!
//! Training runs when a shop is checked or published and yields a flat, versioned, checksummed
//! binary [`Model`]; matching runs in the Worker, in the terminal and in tests on the same bytes.
//! The result is a decision, not a score.
