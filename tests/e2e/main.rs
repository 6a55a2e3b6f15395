//! The real bundle on workerd: a file for each thing that is shown. One program, so that it is
//! linked once; `scripts/test` runs each file in a process of its own, so that what a file started
//! ends with it: `cargo test --test e2e crash:: -- --test-threads=1` runs one.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[path = "../common/mod.rs"]
mod common;

mod alerts;
mod bookings;
mod checkup;
mod conversation;
mod coupons;
mod crash;
mod deletion;
mod documents;
mod doors;
mod fuzz;
mod graph_failures;
mod handoff;
mod kv;
mod landing;
mod matcher;
mod misses;
mod notifications;
mod once;
mod pace;
mod paid;
mod plan;
mod posters;
mod profile;
mod publish;
mod reconcile;
mod release;
mod routes;
mod rows;
mod scenarios;
mod sequences;
mod shards;
