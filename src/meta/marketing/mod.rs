//! Meta's paid Marketing Message API for Messenger: campaigns, messages by subscription token, and
//! what has to be allowed for it.
//!
//! - [`request`]: the bodies of its calls, and what a new campaign is called.
//! - [`proof`]: what a token and an ad account must be for it.
//! - [`trouble`]: whom an error is about: a person, the campaign, or the account.
//! - [`money`]: exact amounts of it.

pub mod money;
pub mod proof;
pub mod request;
pub mod trouble;

use crate::time::{HOUR, MINUTE};

/// A campaign takes no messages before this long after it was made (Meta, Marketing Message API
/// changelog, enforced for all since 5 May 2026), in ms.
pub const WARM_UP_MS: i64 = 60 * MINUTE;

/// "Pacing info unavailable" is over after this long (Meta, Marketing Message API error codes, 24
/// April 2026), in ms. Used wherever Meta names no time of its own.
pub const PACING_MS: i64 = HOUR;
