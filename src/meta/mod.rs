//! Meta's side: webhook payloads to [`event::Event`], Send API bodies, signatures, limits, error
//! codes, and the dated policy. Knows nothing of shops.
//!
//! Coming in:
//! - [`signature`]: whether it is Meta who speaks.
//! - [`parse`]: webhook bodies to events. (`json`: how to read what may hold anything.)
//! - [`event`]: what webhooks say, in one shape; [`key`] tells whether it was said before.
//!
//! Going out:
//! - [`send`]: message contents and Send API bodies; [`fit`] makes contents obey the [`limits`].
//! - [`graph_error`]: what Meta's answer means. [`profile`]: what Meta tells of a person;
//!   [`tokens`]: its own list of notification tokens; [`usage`]: its hints to go slower.
//!
//! Both:
//! - [`ids`]: typed ids.
//! - [`limits`]: Meta's numbers. [`policy`]: Meta's rules, by day and place.

pub mod event;
pub mod fit;
pub mod graph_error;
pub mod human;
pub mod ids;
mod json;
pub mod key;
pub mod limits;
pub mod parse;
pub mod policy;
pub mod profile;
pub mod send;
pub mod signature;
pub mod tokens;
pub mod usage;
