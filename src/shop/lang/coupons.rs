//! What coupons say: in the chat, on the page of a code, and at the till. The words are in each
//! language's own file.

/// One language's.
#[derive(Debug)]
pub struct CouponTexts {
    /// To somebody who asks for a coupon that is not given any more.
    pub gone: &'static str,
    /// `{day}`: the last day a code is good.
    pub until: &'static str,
    /// `{link}`: where the code can be shown.
    pub show: &'static str,
    /// To the owner: why a notification is held.
    pub held: &'static str,
    /// On the page of a code.
    pub at_the_till: &'static str,
    /// `{when}` it was redeemed.
    pub redeemed: &'static str,
    /// `{day}`: the last day it was good.
    pub over: &'static str,
    /// There is no such code.
    pub unknown: &'static str,
    /// Too many unknown codes were asked for.
    pub busy: &'static str,
    /// Above the small print.
    pub terms: &'static str,
    /// What the code is called.
    pub code: &'static str,
    /// The heading of the till's page.
    pub till: &'static str,
    /// On a button.
    pub sign_in: &'static str,
    /// What the till signs in with.
    pub key: &'static str,
    /// No till has this key.
    pub wrong_key: &'static str,
    /// On a button.
    pub redeem: &'static str,
    /// It is redeemed by this very answer.
    pub done: &'static str,
    /// `{when}` and by which `{till}` it was redeemed before.
    pub already: &'static str,
    /// The check character does not fit.
    pub misread: &'static str,
    /// `{when}` the till may go on.
    pub wait: &'static str,
    /// The session is over, or the till was revoked.
    pub again: &'static str,
    /// On a button.
    pub sign_out: &'static str,
    /// The shop could not be asked.
    pub failed: &'static str,
    /// The shop's data is carried to another place: nothing is redeemed here.
    pub moved: &'static str,
}

#[cfg(test)]
mod tests {
    use crate::shop::lang::all;

    #[test]
    fn every_language_says_everything_with_its_places_filled() {
        for language in all() {
            let texts = &language.coupons;
            for (text, places) in [
                (texts.until, &["{day}"][..]),
                (texts.over, &["{day}"]),
                (texts.show, &["{link}"]),
                (texts.redeemed, &["{when}"]),
                (texts.already, &["{when}", "{till}"]),
                (texts.wait, &["{when}"]),
            ] {
                for place in places {
                    assert!(text.contains(place), "{} {text}", language.code);
                }
            }
            for text in [texts.gone, texts.unknown, texts.held, texts.done, texts.misread] {
                assert!(!text.contains('{') && !text.is_empty(), "{}", language.code);
            }
        }
    }
}
