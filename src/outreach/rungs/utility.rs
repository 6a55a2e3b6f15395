//! A utility template: for what somebody is waiting for and nothing else, once Meta has approved
//! it in their language.

use super::Rung;
use crate::meta::policy::{Purpose, Transport};
use crate::outreach::ladder::Hold;
use crate::outreach::recipient::Reach;
use crate::shop::model::Shop;
use crate::time::UnixMs;

pub(super) struct Utility;

impl Rung for Utility {
    fn transport(&self) -> Transport {
        Transport::UtilityTemplate
    }

    fn in_play(&self, _shop: &Shop, purpose: Purpose) -> bool {
        purpose == Purpose::Transaction
    }

    fn carry(&self, to: &Reach, _at: UnixMs) -> Result<(), Hold> {
        if to.template { Ok(()) } else { Err(Hold::NoTemplate) }
    }
}
