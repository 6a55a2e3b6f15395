//! The core that the Worker runs, in a simulated world: a file for each thing that is shown. One
//! program, so that it is linked once: `cargo test --test core plan::` runs one file.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[path = "../common_core/mod.rs"]
mod common_core;
#[path = "../common/rng.rs"]
mod rng;

mod alerts;
mod beginnings;
mod booking;
mod checkup;
mod conversations;
mod coupons;
mod doors;
mod form_ends;
mod forms;
mod handoff;
mod landing;
mod leaving;
mod misses;
mod owner;
mod people;
mod plan;
mod promises;
mod properties;
mod receipts;
mod reconcile;
mod review;
mod scale;
mod schedule;
mod sequences;
mod spending;
mod tables;
