//! People who come by a Click-to-Messenger or Click-to-Direct ad: what they find, and that the first
//! message they write then opens a longer window, by Meta's rule of the day (`meta::policy`).

use super::person::Person;
use crate::meta::event::Referral;
use crate::meta::policy::Opener;
use crate::shop::doors::AdRule;
use crate::shop::model::Shop;
use crate::time::{DAY, UnixMs};

/// What Meta calls ads as a source of referrals (Meta, messaging referrals, September 2026).
const ADS: &str = "ADS";

/// What the kind of a lead ad's referral begins with: a form that was filled in, and no ad that
/// opens a conversation (Meta, messaging referrals, September 2026).
const LEAD: &str = "LEAD";

/// How long after coming by an ad a message still follows from it. Meta does not say; our own.
const FOLLOWS_MS: i64 = DAY;

/// What opens the window when somebody does `opener` at `at`, with the referral that came along.
pub(super) fn opener(
    person: &mut Person,
    opener: Opener,
    referral: Option<&Referral>,
    at: UnixMs,
) -> Opener {
    let by_ad = referral.is_some_and(|referral| {
        let lead = referral.kind.as_deref().is_some_and(|kind| kind.starts_with(LEAD));
        is_ad(referral) && !lead
    });
    if opener != Opener::Message {
        // A tap or an arrival is no message: what they write after it is the first.
        if by_ad {
            person.ad_at = person.ad_at.max(Some(at));
        }
        return opener;
    }
    let came = person.ad_at.take();
    let follows = came.is_some_and(|came| (0..FOLLOWS_MS).contains(&at.since(came)));
    if by_ad || follows { Opener::AdMessage } else { opener }
}

/// Whether an ad brought somebody.
pub(super) fn is_ad(referral: &Referral) -> bool {
    referral.source.as_deref().is_some_and(|source| source.eq_ignore_ascii_case(ADS))
        || referral.ad_id.is_some()
}

/// The rule that names the ad, by its id or else by its ref.
pub(super) fn rule_of<'a>(shop: &'a Shop, referral: &Referral) -> Option<&'a AdRule> {
    let by_id = || {
        let id = referral.ad_id.as_ref()?;
        shop.ads.iter().find(|rule| rule.ads.contains(id))
    };
    let by_ref = || {
        let ref_ = referral.ref_.as_deref()?;
        shop.ads.iter().find(|rule| rule.refs.iter().any(|own| own.eq_ignore_ascii_case(ref_)))
    };
    by_id().or_else(by_ref)
}

/// The rule for ads that nothing else is said of.
pub(super) fn default_of(shop: &Shop) -> Option<&AdRule> {
    shop.ads.iter().find(|rule| rule.is_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn by(source: &str) -> Referral {
        Referral { source: Some(source.to_owned()), ..Referral::default() }
    }

    #[test]
    fn only_the_first_message_after_an_ad_opens_the_longer_window() {
        let mut person = Person::default();
        let mut does = |what, referral: Option<&Referral>, at: i64| {
            opener(&mut person, what, referral, UnixMs::new(at))
        };
        let (ad, link) = (by("ADS"), by("SHORTLINK"));
        let lead = Referral { kind: Some("LEAD_COMPLETE".to_owned()), ..by("ADS") };
        let named = Referral { ad_id: Some("120".to_owned()), ..Referral::default() };
        assert_eq!(does(Opener::Message, Some(&ad), 0), Opener::AdMessage);
        assert_eq!(does(Opener::Message, None, 1), Opener::Message, "the second");
        assert_eq!(does(Opener::Referral, Some(&ad), 2), Opener::Referral);
        assert_eq!(does(Opener::Postback, None, 3), Opener::Postback);
        assert_eq!(does(Opener::Message, None, 4), Opener::AdMessage, "the first in words");
        assert_eq!(does(Opener::Postback, Some(&link), 5), Opener::Postback);
        assert_eq!(does(Opener::Message, Some(&link), 6), Opener::Message, "no ad");
        assert_eq!(does(Opener::Postback, Some(&ad), 7), Opener::Postback);
        assert_eq!(does(Opener::Message, None, 7 + FOLLOWS_MS), Opener::Message, "too long ago");
        assert_eq!(does(Opener::Message, Some(&lead), 8 + FOLLOWS_MS), Opener::Message, "a form");
        assert_eq!(does(Opener::Message, Some(&named), 9 + FOLLOWS_MS), Opener::AdMessage);
    }
}
