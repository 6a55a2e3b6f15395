//! People who come by a Click-to-Messenger or Click-to-Direct ad: the first message they write then
//! opens a longer window, by Meta's rule of the day (`meta::policy`).

use super::person::Person;
use crate::meta::event::Referral;
use crate::meta::policy::Opener;
use crate::time::{DAY, UnixMs};

/// What Meta calls ads as a source of referrals (Meta, messaging referrals, September 2026).
const ADS: &str = "ADS";

/// How long after coming by an ad a message still follows from it. Meta does not say; our own.
const FOLLOWS_MS: i64 = DAY;

/// What opens the window when somebody does `opener` at `at`, with the referral that came along.
pub(super) fn opener(
    person: &mut Person,
    opener: Opener,
    referral: Option<&Referral>,
    at: UnixMs,
) -> Opener {
    let by_ad = referral.and_then(|referral| referral.source.as_deref()) == Some(ADS);
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
        assert_eq!(does(Opener::Message, Some(&ad), 0), Opener::AdMessage);
        assert_eq!(does(Opener::Message, None, 1), Opener::Message, "the second");
        assert_eq!(does(Opener::Referral, Some(&ad), 2), Opener::Referral);
        assert_eq!(does(Opener::Postback, None, 3), Opener::Postback);
        assert_eq!(does(Opener::Message, None, 4), Opener::AdMessage, "the first in words");
        assert_eq!(does(Opener::Postback, Some(&link), 5), Opener::Postback);
        assert_eq!(does(Opener::Message, Some(&link), 6), Opener::Message, "no ad");
        assert_eq!(does(Opener::Postback, Some(&ad), 7), Opener::Postback);
        assert_eq!(does(Opener::Message, None, 7 + FOLLOWS_MS), Opener::Message, "too long ago");
    }
}
