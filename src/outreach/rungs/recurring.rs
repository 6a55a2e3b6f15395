//! Recurring notifications by token, as they were before 2026: only for integrations that are old
//! enough and people in the regions that still have them, so far apart as the rule of the day says.

use super::{Rung, rested};
use crate::meta::policy::{Purpose, Transport};
use crate::outreach::ladder::Hold;
use crate::outreach::recipient::Reach;
use crate::shop::model::Shop;
use crate::time::UnixMs;

pub(super) struct Recurring;

impl Rung for Recurring {
    fn transport(&self) -> Transport {
        Transport::LegacyRecurring
    }

    fn in_play(&self, _shop: &Shop, purpose: Purpose) -> bool {
        purpose == Purpose::Promotion
    }

    fn carry(&self, to: &Reach, at: UnixMs) -> Result<(), Hold> {
        rested(to, at)
    }
}
