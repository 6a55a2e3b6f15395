//! The paid Marketing Message API: by token, where the shop has declared an ad account, the doctor
//! has proved it, and its campaign is warm. The cap of the day is taken when a message is claimed.

use super::{Price, Rung, rested};
use crate::meta::policy::{Purpose, Transport};
use crate::outreach::ladder::Hold;
use crate::outreach::recipient::Reach;
use crate::shop::model::Shop;
use crate::time::UnixMs;

pub(super) struct Marketing;

impl Rung for Marketing {
    fn transport(&self) -> Transport {
        Transport::PaidMarketing
    }

    fn price(&self) -> Price {
        Price::Paid
    }

    fn in_play(&self, shop: &Shop, purpose: Purpose) -> bool {
        shop.marketing.is_some() && purpose == Purpose::Promotion
    }

    fn carry(&self, to: &Reach, at: UnixMs) -> Result<(), Hold> {
        let Some(from) = to.paid.from(at) else { return Err(Hold::PaidOff) };
        rested(to, at)?;
        if from > at { Err(Hold::PaidWaits(from)) } else { Ok(()) }
    }
}
