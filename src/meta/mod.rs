//! Meta's side: webhook payloads to [`event::Event`], Send API bodies, signatures, limits, error
//! codes, and the dated policy. Knows nothing of shops.
//!
//! - [`ids`]: typed ids.
//! - [`event`]: what webhooks say, in one shape.
//! - [`send`]: what leaves.

pub mod event;
pub mod ids;
pub mod send;
