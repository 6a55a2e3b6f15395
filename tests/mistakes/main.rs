//! What `shopbell check` finds. `codes`: every code is explained, by examples that are true.
//! `corpus`: mistakes as owners make them, each found at its place and without noise.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod codes;
mod corpus;
