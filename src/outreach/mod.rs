//! Consent and sending: who is told what, when, and by which legal way.
//!
//! - [`subscription`]: the consent as it lies in KV.
//! - [`schedule`]: when a notification is due, in local time, and when people are left alone.
//! - [`recipient`]: somebody who agreed, as far as planning looks at them.
//! - [`ladder`]: which transport may carry a notification to one person, or why none may;
//!   [`rungs`]: one module for each transport.
//! - [`pace`]: how fast notifications leave. [`budget`]: what a shop takes of what Cloudflare
//!   gives, and what gives way first.
//! - [`plan`]: the plan as a pure function, with its hash.
//! - [`planner`]: a tick begins what is due and plans it in pages into the outbox.
//! - [`sequence`]: when a step of a sequence is due, and when it is over; [`steps`]: sends those that
//!   are due. [`variant`]: which wording somebody gets.
//! - [`offers`]: what people asked to be told of.
//! - [`receipt`]: what somebody agreed to and was shown, so that it can be proved.
//! - [`endings`]: ends of consents that nobody said in a chat. [`reconcile`]: Meta's own list of
//!   tokens against ours; an emptied Desk is filled again by it and by KV.
//! - [`tally`]: what came of it after it left; [`told`]: what the owner is told.

pub mod budget;
pub mod endings;
pub mod ladder;
pub mod offers;
pub mod pace;
pub mod plan;
pub mod planner;
pub mod receipt;
pub mod recipient;
pub mod reconcile;
pub mod rungs;
pub mod schedule;
pub mod sequence;
pub mod steps;
pub mod subscription;
pub mod tally;
pub mod told;
pub mod variant;
