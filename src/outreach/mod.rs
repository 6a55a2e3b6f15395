//! Consent and sending: who is told what, when, and by which legal way.
//!
//! - [`subscription`]: the consent as it lies in KV.
//! - [`schedule`]: when a notification is due, in local time.
//! - [`ladder`]: which transport may carry a notification to one person, or why none may.
//! - [`planner`]: a tick begins what is due and plans it in pages into the outbox.

pub mod ladder;
pub mod planner;
pub mod schedule;
pub mod subscription;
