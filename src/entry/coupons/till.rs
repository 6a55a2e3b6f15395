//! The till's page: signing in, a code, and what came of it.

use super::{Redeemed, said, whole};
use crate::entry::pages::escaped;
use crate::shop::coupons::{last_day, moment};
use crate::shop::lang::forms::fill;
use crate::shop::lang::language;
use crate::shop::model::{Lang, Shop};
use crate::time::UnixMs;

/// What the page shows beside its form.
#[derive(Clone, Debug)]
pub enum View<'a> {
    /// The form to sign in; and why the last try was none.
    SignIn(Option<Refused>),
    /// The form for a code, at the till of this name; and what came of the last one.
    Code(&'a str, Option<Answer<'a>>),
}

/// Why nobody is signed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// No till has this key, or it is misread.
    WrongKey,
    /// The session is over, or the till was revoked.
    Again,
    /// Too many tries.
    Busy,
    /// The Page could not be asked.
    Failed,
}

/// What came of a code.
#[derive(Clone, Copy, Debug)]
pub enum Answer<'a> {
    /// Its check character is wrong: nobody was asked.
    Misread,
    /// The Page could not be asked; whether it was redeemed shows when it is tried again.
    Failed,
    /// The registrar's answer.
    Of(&'a Redeemed),
}

/// The page: complete HTML without scripts or anything from elsewhere. `typed` is what stood in the
/// field, for whoever mistyped it.
#[must_use]
pub fn page(shop: Option<&Shop>, lang: &Lang, view: &View<'_>, typed: &str) -> String {
    let words = &language(lang).coupons;
    let name = shop.map_or("Shopbell", |shop| shop.name.as_str());
    let mut body = format!("<p class=\"dim\">{}</p>", escaped(name));
    match view {
        View::SignIn(refused) => {
            body.push_str(&format!("<h1>{}</h1>", words.till));
            let why = refused.map(|refused| match refused {
                Refused::WrongKey => words.wrong_key,
                Refused::Again => words.again,
                Refused::Busy => words.busy,
                Refused::Failed => words.failed,
            });
            if let Some(why) = why {
                body.push_str(&news(why, false));
            }
            body.push_str(&format!(
                "<form method=\"post\" action=\"/till\"><label for=\"key\">{}</label>\
                 <input id=\"key\" name=\"key\" required maxlength=\"64\" autocomplete=\"off\" \
                 autocapitalize=\"characters\" spellcheck=\"false\" autofocus>\
                 <button>{}</button></form>",
                words.key, words.sign_in
            ));
        }
        View::Code(till, answer) => {
            body.push_str(&format!("<h1>{}: {}</h1>", words.till, escaped(till)));
            if let Some(answer) = answer {
                body.push_str(&told(shop, lang, *answer));
            }
            // What is done need not be typed again; what was wrong may need one letter.
            let wrong = matches!(
                answer,
                Some(Answer::Misread | Answer::Failed | Answer::Of(Redeemed::Moved))
            );
            let typed = if wrong { typed } else { "" };
            body.push_str(&format!(
                "<form method=\"post\" action=\"/till/redeem\"><label for=\"code\">{}</label>\
                 <input id=\"code\" name=\"code\" required maxlength=\"512\" autocomplete=\"off\" \
                 autocapitalize=\"characters\" spellcheck=\"false\" autofocus value=\"{}\">\
                 <button>{}</button></form>\
                 <form method=\"post\" action=\"/till/leave\"><button class=\"plain\">{}</button></form>",
                words.code,
                escaped(typed),
                words.redeem,
                words.sign_out
            ));
        }
    }
    whole(shop, language(lang).code, words.till, &body)
}

fn news(text: &str, good: bool) -> String {
    let (class, role) = if good { ("good", "status") } else { ("bad", "alert") };
    let sign = if good { "✓" } else { "✗" };
    format!("<p class=\"news {class}\" role=\"{role}\">{sign} {}</p>", escaped(text))
}

fn told(shop: Option<&Shop>, lang: &Lang, answer: Answer<'_>) -> String {
    let words = &language(lang).coupons;
    let when = |at: UnixMs| shop.map_or_else(|| at.rfc3339(), |shop| moment(shop, lang, at));
    let redeemed = match answer {
        Answer::Misread => return news(words.misread, false),
        Answer::Failed => return news(words.failed, false),
        Answer::Of(redeemed) => redeemed,
    };
    let (coupon, text, good) = match redeemed {
        Redeemed::Now { coupon, .. } => (Some(coupon), words.done.to_owned(), true),
        Redeemed::Already { coupon, at, by } => {
            let text = fill(words.already, &[("when", &when(*at)), ("till", by)]);
            (Some(coupon), text, false)
        }
        Redeemed::Over { coupon, until } => {
            let day = shop.map_or_else(|| until.rfc3339(), |shop| last_day(shop, lang, *until));
            (Some(coupon), fill(words.over, &[("day", &day)]), false)
        }
        Redeemed::Unknown { .. } => (None, words.unknown.to_owned(), false),
        Redeemed::Wait { until } => (None, fill(words.wait, &[("when", &when(*until))]), false),
        Redeemed::NoTill => (None, words.again.to_owned(), false),
        Redeemed::Moved => (None, words.moved.to_owned(), false),
    };
    let mut told = news(&text, good);
    let coupon = coupon.and_then(|id| Some((shop?, shop?.coupon(id)?)));
    if let Some((shop, coupon)) = coupon {
        let title = said(shop, &coupon.title, lang).unwrap_or(coupon.id.as_str());
        told.push_str(&format!("<h2>{}</h2>", escaped(title)));
        if let Some(terms) = said(shop, &coupon.terms, lang) {
            let terms = escaped(terms).replace('\n', "<br>");
            told.push_str(&format!("<p class=\"dim\">{terms}</p>"));
        }
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::meta::ids::CouponId;
    use crate::shop::lang;

    #[test]
    fn every_answer_is_told_apart_in_every_language_and_nothing_typed_can_run() {
        let coupon = CouponId::new("soup").unwrap();
        let at = UnixMs::new(1_795_000_000_000);
        let by = "Till <1>".to_owned();
        let answers = [
            Redeemed::Now { coupon: coupon.clone(), by: by.clone() },
            Redeemed::Already { coupon: coupon.clone(), at, by: by.clone() },
            Redeemed::Over { coupon, until: at },
            Redeemed::Unknown { by: by.clone() },
            Redeemed::Wait { until: at },
            Redeemed::Moved,
        ];
        for language in lang::all() {
            let lang = Lang(language.code.to_owned());
            let show = |answer| page(None, &lang, &View::Code(&by, Some(answer)), "<script>\"");
            let mut pages: Vec<String> = answers.iter().map(|a| show(Answer::Of(a))).collect();
            assert!(pages[0].contains("news good") && !pages[1].contains("news good"));
            assert!(pages[1].contains("Till &lt;1&gt;"), "{}", pages[1]);
            pages.push(show(Answer::Misread));
            pages.push(show(Answer::Failed));
            let sign_in = |refused| page(None, &lang, &View::SignIn(refused), "");
            let refused = [Refused::WrongKey, Refused::Again, Refused::Busy, Refused::Failed];
            pages.extend(refused.map(|refused| sign_in(Some(refused))));
            pages.push(sign_in(None));
            for (n, html) in pages.iter().enumerate() {
                assert!(!html.contains("<script") && !pages[..n].contains(html), "{html}");
            }
        }
    }
}
