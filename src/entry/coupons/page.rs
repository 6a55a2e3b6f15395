//! The page of a code: what it is good for, until when, and a picture of it for the till. It only
//! shows: previews and crawlers open links.

use super::{Shown, said, whole};
use crate::entry::pages::escaped;
use crate::entry::qr::{Level, Symbol};
use crate::shop::coupon_codes::CouponCode;
use crate::shop::coupons::{last_day, link, moment};
use crate::shop::lang::forms::fill;
use crate::shop::lang::language;
use crate::shop::model::{Lang, Shop};
use crate::time::UnixMs;

/// What is shown.
#[derive(Clone, Debug)]
pub enum Found<'a> {
    /// A code that was given.
    Code(&'a CouponCode, &'a Shown),
    /// There is no such code.
    Unknown,
    /// Too many unknown ones were asked for: nothing was looked up.
    Busy,
    /// The Page could not be asked.
    Failed,
}

/// Who looks, and where.
#[derive(Clone, Copy, Debug)]
pub struct At<'a> {
    /// The Worker's address.
    pub base: &'a str,
    /// It is a till that has signed in: it may redeem from here, by a button.
    pub till: bool,
    /// Now.
    pub now: UnixMs,
}

/// The page: complete HTML without scripts or anything from elsewhere. With a shop its words; without
/// one, or for a coupon that it no longer has, the code alone.
#[must_use]
pub fn page(shop: Option<&Shop>, lang: &Lang, found: &Found<'_>, at: At<'_>) -> String {
    let words = &language(lang).coupons;
    let name = shop.map_or("Shopbell", |shop| shop.name.as_str());
    let (code, shown) = match found {
        Found::Code(code, shown) => (*code, *shown),
        Found::Unknown | Found::Busy | Found::Failed => {
            let why = match found {
                Found::Busy => words.busy,
                Found::Failed => words.failed,
                _ => words.unknown,
            };
            let body = format!("<h1>{}</h1><p>{why}</p>", escaped(name));
            return whole(shop, language(lang).code, name, &body);
        }
    };
    let coupon = shop.and_then(|shop| Some((shop, shop.coupon(&shown.coupon)?)));
    let title = coupon.and_then(|(shop, coupon)| said(shop, &coupon.title, lang));
    let title = title.unwrap_or(words.code);
    let mut body = format!("<p class=\"dim\">{}</p><h1>{}</h1>", escaped(name), escaped(title));
    let branch = shop.and_then(|shop| shop.page.branch.as_deref());
    if let Some(branch) = branch {
        body.push_str(&format!("<p class=\"dim\">{}</p>", escaped(branch)));
    }
    let over = shown.until.filter(|until| *until <= at.now);
    let news = match (shop, shown.redeemed_at, over) {
        (Some(shop), Some(then), _) => {
            Some(fill(words.redeemed, &[("when", &moment(shop, lang, then))]))
        }
        (None, Some(then), _) => Some(fill(words.redeemed, &[("when", &then.rfc3339())])),
        (Some(shop), None, Some(until)) => {
            Some(fill(words.over, &[("day", &last_day(shop, lang, until))]))
        }
        (None, None, Some(until)) => Some(fill(words.over, &[("day", &until.rfc3339())])),
        (_, None, None) => None,
    };
    if let Some(news) = &news {
        body.push_str(&format!("<p class=\"news bad\" role=\"status\">{}</p>", escaped(news)));
    } else {
        // A code that is of no use any more is not held under a scanner.
        body.push_str(&picture(&link(at.base, code)));
    }
    body.push_str(&format!("<p class=\"code\">{code}</p>"));
    if news.is_none() {
        if let (Some(shop), Some(until)) = (shop, shown.until) {
            let until = fill(words.until, &[("day", &last_day(shop, lang, until))]);
            body.push_str(&format!("<p>{}</p>", escaped(&until)));
        }
        if at.till {
            body.push_str(&format!(
                "<form method=\"post\" action=\"/till/redeem\">\
                 <input type=\"hidden\" name=\"code\" value=\"{code}\">\
                 <button>{}</button></form>",
                words.redeem
            ));
        } else {
            body.push_str(&format!("<p>{}</p>", words.at_the_till));
        }
    }
    let terms = coupon.and_then(|(shop, coupon)| said(shop, &coupon.terms, lang));
    if let Some(terms) = terms {
        let terms = escaped(terms).replace('\n', "<br>");
        body.push_str(&format!("<h2>{}</h2><p class=\"dim\">{terms}</p>", words.terms));
    }
    whole(shop, language(lang).code, title, &body)
}

/// A QR code as a part of the page: black on white, whatever the page's colours.
fn picture(text: &str) -> String {
    let Ok(symbol) = Symbol::of(text, Level::Medium) else { return String::new() };
    let side = symbol.side();
    format!(
        "<svg class=\"qr\" viewBox=\"0 0 {side} {side}\" role=\"img\" aria-label=\"QR\">\
         <rect width=\"{side}\" height=\"{side}\" fill=\"#fff\"/>\
         <path d=\"{}\" fill=\"#000\" shape-rendering=\"crispEdges\"/></svg>",
        symbol.path()
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::meta::ids::CouponId;
    use crate::shop::lang;
    use crate::time::DAY;

    const NOW: UnixMs = UnixMs::new(1_795_000_000_000);

    fn shop() -> Shop {
        let source = "[shop]\nname = \"A & <B>\"\nlanguages = [\"en\", \"lt\"]\ntime_zone = \"Europe/Vilnius\"\n\
             [[page]]\nid = \"1\"\nusername = \"a\"\n[[poster]]\ncode = \"D\"\ncoupon = \"soup\"\n\
             [[coupon]]\nid = \"soup\"\ntitle.en = \"Soup <free>\"\ntitle.lt = \"Sriuba\"\n\
             terms.en = \"One.\\nTwo.\"\n[brand]\ncolour = \"#0b3d2e\"\nbackground = \"#fffaf0\"\n";
        let compiled = crate::shop::source::compile(source);
        assert!(!compiled.has_errors(), "{:?}", compiled.diagnostics);
        compiled.shops.into_iter().next().unwrap()
    }

    fn shown() -> Shown {
        Shown {
            coupon: CouponId::new("soup").unwrap(),
            until: Some(NOW.plus(3 * DAY)),
            redeemed_at: None,
        }
    }

    fn at(till: bool) -> At<'static> {
        At { base: "https://a.example", till, now: NOW }
    }

    #[test]
    fn a_code_is_shown_with_its_picture_and_nothing_that_redeems_it() {
        let (shop, code, shown) = (shop(), CouponCode::made([3; 16]), shown());
        let html = page(Some(&shop), &Lang("en".into()), &Found::Code(&code, &shown), at(false));
        for part in ["Soup &lt;free&gt;", code.as_str(), "<svg", "One.<br>Two.", "--go:#0b3d2e"] {
            assert!(html.contains(part), "{part} in {html}");
        }
        for part in ["<form", "<script", "http://", "src=\"http"] {
            assert!(!html.contains(part), "{part} in {html}");
        }
        let till = page(Some(&shop), &Lang("lt".into()), &Found::Code(&code, &shown), at(true));
        assert!(till.contains("<form method=\"post\"") && till.contains("Sriuba"), "{till}");
        assert!(till.contains("<html lang=\"lt\">"));
    }

    #[test]
    fn what_is_redeemed_or_over_has_no_picture_and_says_so_in_every_language() {
        let (shop, code) = (shop(), CouponCode::made([3; 16]));
        for language in lang::all() {
            let lang = Lang(language.code.to_owned());
            let used = Shown { redeemed_at: Some(NOW), ..shown() };
            let over = Shown { until: Some(NOW), ..shown() };
            for (shown, till) in [(used, true), (over, false)] {
                let html = page(Some(&shop), &lang, &Found::Code(&code, &shown), at(till));
                assert!(html.contains("class=\"news bad\""), "{html}");
                assert!(!html.contains("<svg") && !html.contains("<form"), "{html}");
            }
            let words = &super::language(&lang).coupons;
            let unknown = page(None, &lang, &Found::Unknown, at(false));
            let busy = page(Some(&shop), &lang, &Found::Busy, at(false));
            assert!(unknown.contains(words.unknown) && busy.contains(words.busy));
        }
        // A coupon that the shop has no more is still shown.
        let gone = Shown { coupon: CouponId::new("old").unwrap(), ..shown() };
        let html = page(Some(&shop), &Lang("en".into()), &Found::Code(&code, &gone), at(false));
        assert!(html.contains(code.as_str()) && html.contains("<svg"));
    }
}
