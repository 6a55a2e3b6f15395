//! The rungs of the delivery ladder: one module for each way to reach somebody, each behind
//! [`Rung`]. A way that is not here is not taken. A new one is a module here and a line in
//! [`RUNGS`], behind what costs less.

mod in_window;
mod marketing;
mod recurring;
mod utility;

use super::ladder::Hold;
use super::recipient::Reach;
use crate::meta::policy::{Purpose, Transport};
use crate::shop::model::Shop;
use crate::time::UnixMs;

/// What a message costs the shop at Meta.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Price {
    /// Nothing.
    Free,
    /// So much for each that is delivered, on the invoice for ads.
    Paid,
}

impl Price {
    /// As a plan writes it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Free => "free",
            Self::Paid => "paid",
        }
    }
}

/// One way to reach somebody. Whether Meta's rules of the day open it at all is asked of
/// `meta::policy` before.
pub trait Rung: Sync {
    /// Which way.
    fn transport(&self) -> Transport;

    /// What it costs.
    fn price(&self) -> Price {
        Price::Free
    }

    /// Whether this shop uses it for this at all: one that is not in play does not say why
    /// something is held.
    fn in_play(&self, _shop: &Shop, _purpose: Purpose) -> bool {
        true
    }

    /// Whether it can carry a message to this person at `at`.
    ///
    /// # Errors
    /// [`Hold`]: what it wants for.
    fn carry(&self, to: &Reach, at: UnixMs) -> Result<(), Hold>;
}

/// From the first to the last that is tried.
pub static RUNGS: &[&dyn Rung] =
    &[&in_window::InWindow, &recurring::Recurring, &marketing::Marketing, &utility::Utility];

/// Whether there is a token, and it may be used at `at`.
fn rested(to: &Reach, at: UnixMs) -> Result<(), Hold> {
    if !to.has_token {
        return Err(Hold::NoToken);
    }
    if to.expires_at.is_some_and(|end| end <= at) {
        return Err(Hold::TokenExpired);
    }
    match to.next_eligible_at {
        // Written when the last one left, by the cooldown of that day and way, and by Meta itself.
        Some(next) if next > at => Err(Hold::NotBefore(next)),
        _ => Ok(()),
    }
}
