//! Paid messages on their way: the price is taken when one is claimed, and what Graph answers is about
//! a person, the campaign or the account, but never about the Page.

use super::sending::{self, Via};
use crate::meta::graph_error::{Class, Failure};
use crate::meta::marketing::trouble::{Trouble, trouble};
use crate::meta::policy::{Transport, cooldown};
use crate::outreach::ladder::Hold;
use crate::outreach::marketing::{self, State};
use crate::outreach::receipt::Book;
use crate::outreach::spending;
use crate::shop::model::Shop;
use crate::store::consents::Consent;
use crate::store::outbox::{Claimed, Outcome, Settled};
use crate::store::{Sql, StoreError, spending as spent};
use crate::time::{SECOND, UnixMs};

/// How long a message waits for what its Desk asks the registrar of the Page.
const ASK_MS: i64 = 5 * SECOND;

/// Takes the price of a message, and names the way it leaves by.
pub(super) fn pay(
    sql: &impl Sql,
    shop: &Shop,
    claimed: &Claimed,
    consent: &Consent,
    what: (&str, &str),
    now: UnixMs,
) -> Result<Result<Via, Hold>, StoreError> {
    let Some(token) = consent.token.clone() else { return Ok(Err(Hold::NoToken)) };
    let Some(marketing) = &shop.marketing else { return Ok(Err(Hold::PaidOff)) };
    let state = State::load(sql)?;
    let Some(campaign) = state.campaign_of(marketing) else { return Ok(Err(Hold::PaidOff)) };
    if !spending::claim(sql, shop, claimed.id(), what, now)? {
        // Another Desk of the Page may have been allowed nothing yet: it asks, and looks again.
        let asks = spending::wants(sql, shop, now)?;
        let at = if asks { now.plus(ASK_MS) } else { spending::next_day(shop, now) };
        return Ok(Err(Hold::CapReached(at)));
    }
    Ok(Ok(Via::Paid {
        consent: Box::new(consent.clone()),
        token,
        campaign: campaign.id.clone(),
        ad_account: campaign.ad_account.clone(),
    }))
}

/// Settles what a message cost.
pub(super) fn settled(
    sql: &impl Sql,
    row: i64,
    settled: Settled,
    outcome: &Outcome,
) -> Result<(), StoreError> {
    match (settled, outcome) {
        (Settled::Sent, Outcome::Sent { mid }) => {
            spent::sent(sql, row, mid.as_ref().map(|mid| mid.0.as_str()))
        }
        // Nobody got it, whether or not it is tried again: that takes its price anew.
        (Settled::Refused | Settled::Waiting, _) => spent::give_back(sql, row),
        (Settled::Sent | Settled::Unknown, _) => spent::unknown(sql, row),
        // Somebody settled it as lost: it counts as spent.
        (Settled::Already, _) => Ok(()),
    }
}

/// What a failure of a paid message means: for its person, for everything that is paid, or for the
/// account. The Page and what is free go on whatever it is.
pub(super) fn failed(
    sql: &impl Sql,
    book: &Book<'_>,
    claimed: &Claimed,
    via: &Via,
    failure: &Failure,
    now: UnixMs,
) -> Result<Outcome, StoreError> {
    let reason = sending::reason(failure);
    if failure.may_have_arrived {
        return Ok(Outcome::Unsure);
    }
    let in_time = |at: UnixMs| {
        claimed.attempts() < sending::MOST_ATTEMPTS && claimed.expires_at.is_none_or(|end| at < end)
    };
    let again_or_not = |at: UnixMs| {
        if in_time(at) { Outcome::RetryAt(at) } else { Outcome::Refused(reason.clone()) }
    };
    match trouble(failure) {
        Trouble::Campaign => marketing::wait(sql, failure, &reason, now).map(again_or_not),
        Trouble::Account => {
            marketing::withdrawn(sql, &reason)?;
            Ok(Outcome::Refused(reason))
        }
        Trouble::Person if failure.class == Class::NotYet => {
            let rule = cooldown(Transport::PaidMarketing, now.utc_date());
            let at = now.plus(failure.retry_after_ms.unwrap_or(rule));
            sending::not_before(sql, book.page, via, at, now)?;
            // Meta's caps on how much somebody gets are not to be asked again soon.
            Ok(if failure.retry_after_ms.is_some() {
                again_or_not(at)
            } else {
                Outcome::Refused(reason)
            })
        }
        Trouble::Person => sending::on_failure(sql, book, claimed, via, failure, now),
    }
}
