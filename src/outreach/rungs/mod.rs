//! The rungs of the delivery ladder: one module for each way to reach somebody, each behind
//! [`Rung`]. A way that is not here is not taken: the paid Marketing Message API and utility
//! templates have their rules in `meta::policy` and no rung yet. A new one is a module here and a
//! line in [`RUNGS`], behind what costs less.

mod in_window;
mod recurring;

use super::ladder::Hold;
use super::recipient::Recipient;
use crate::meta::policy::Transport;
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

    /// Whether it can carry a message to this person at `at`.
    ///
    /// # Errors
    /// [`Hold`]: what it wants for.
    fn carry(&self, to: &Recipient, at: UnixMs) -> Result<(), Hold>;
}

/// From the first to the last that is tried.
pub static RUNGS: &[&dyn Rung] = &[&in_window::InWindow, &recurring::Recurring];
