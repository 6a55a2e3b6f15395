//! Recurring notifications by token, as they were before 2026: only for integrations that are old
//! enough and people in the regions that still have them, so far apart as the rule of the day says.

use super::Rung;
use crate::meta::policy::Transport;
use crate::outreach::ladder::Hold;
use crate::outreach::recipient::Recipient;
use crate::time::UnixMs;

pub(super) struct Recurring;

impl Rung for Recurring {
    fn transport(&self) -> Transport {
        Transport::LegacyRecurring
    }

    fn carry(&self, to: &Recipient, at: UnixMs) -> Result<(), Hold> {
        if !to.has_token {
            return Err(Hold::NoToken);
        }
        if to.expires_at.is_some_and(|end| end <= at) {
            return Err(Hold::TokenExpired);
        }
        match to.next_eligible_at {
            // Written when the last one left, by the cooldown of that day, and by Meta itself.
            Some(next) if next > at => Err(Hold::NotBefore(next)),
            _ => Ok(()),
        }
    }
}
