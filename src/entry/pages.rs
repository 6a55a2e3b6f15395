//! What a visitor sees when a scan leads nowhere: never a bare error, always a way to reach the
//! shop.

use std::fmt::Write;

use super::door::Why;
use super::page_words::{ENGLISH, Words, words};
use crate::shop::model::{Lang, Localized, Range, Shop};

/// The longest `Accept-Language` looked at, in bytes. Browsers send less than a hundred.
const MAX_ACCEPT_LANGUAGE: usize = 512;

pub(super) const STYLE: &str = "\
:root{color-scheme:light dark;--ink:#1d2327;--dim:#5c6670;--paper:#fff;--back:#f3f1ec;--line:#e2ded5;--go:#0b57d0}\
@media(prefers-color-scheme:dark){:root{--ink:#eceff1;--dim:#a3adb5;--paper:#1e2326;--back:#121517;--line:#343b40;--go:#8ab4f8}}\
*{box-sizing:border-box}\
body{margin:0;min-height:100vh;display:grid;place-items:center;padding:20px;background:var(--back);color:var(--ink);\
font:17px/1.5 system-ui,-apple-system,'Segoe UI',Roboto,'Noto Sans',sans-serif;overflow-wrap:anywhere}\
main{width:100%;max-width:26rem;padding:28px 24px;background:var(--paper);border:1px solid var(--line);border-radius:18px}\
h1{margin:0 0 .4em;font-size:1.6rem;line-height:1.2}h2{margin:1.6em 0 .4em;font-size:1rem}\
p{margin:.3em 0}.dim{color:var(--dim)}\
a.go{display:block;margin:.7em 0;padding:.75em 1em;border:1px solid var(--line);border-radius:12px;\
color:var(--go);text-decoration:none;font-weight:600;text-align:center}\
img.logo{display:block;max-width:100%;max-height:72px;margin:0 0 16px}\
table{width:100%;border-collapse:collapse}th,td{padding:.3em 0;border-top:1px solid var(--line);vertical-align:top}\
th{text-align:left;font-weight:400;color:var(--dim)}td{text-align:right;font-variant-numeric:tabular-nums}";

/// The page for a code that leads nowhere, and why: complete HTML without scripts or anything from
/// elsewhere. With a shop, how to reach it; without one, a neutral word. `lang` is best one of
/// the shop's languages ([`choose_language`]); the page's own words fall back to English.
#[must_use]
pub fn fallback_page(shop: Option<&Shop>, lang: &Lang, why: Why) -> String {
    let words = words(lang);
    let (title, body) = match shop {
        Some(shop) => (shop.name.as_str(), shop_body(shop, lang, words, why)),
        None => ("QR", format!("<h1>{}</h1><p>{}</p>", words.says(why), words.no_shop)),
    };
    format!(
        "<!doctype html>\n<html lang=\"{}\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
         <meta name=\"robots\" content=\"noindex\"><title>{}</title><style>{STYLE}{}</style></head>\
         <body><main>{}{body}</main></body></html>\n",
        words.tag,
        escaped(title),
        look(shop),
        logo(shop),
    )
}

/// The shop's colours in the place of the plain ones, by day and by night: both were measured against
/// each other, and nothing else is known of them.
pub(super) fn look(shop: Option<&Shop>) -> String {
    let Some(brand) = shop.and_then(|shop| shop.brand.as_ref()) else { return String::new() };
    let (ink, paper) = (brand.colour, brand.background);
    format!(
        ":root{{color-scheme:light;--ink:{ink};--dim:{ink};--go:{ink};--paper:{paper};--back:{paper};\
         --line:{ink};--good:{ink};--bad:{ink}}}"
    )
}

/// The shop's sign above a page.
pub(super) fn logo(shop: Option<&Shop>) -> String {
    let picture = shop.and_then(|shop| shop.brand.as_ref()?.picture.as_deref());
    // Pictures are made by `shopbell publish`; anything else would be an address of somebody's.
    match picture.filter(|picture| picture.starts_with("data:image/")) {
        Some(picture) => format!("<img class=\"logo\" alt=\"\" src=\"{}\">", escaped(picture)),
        None => String::new(),
    }
}

/// The language to speak to a visitor: the first of their `Accept-Language` that the shop has
/// (`lt-LT` finds `lt`, `zh` finds `zh-TW`), or else the shop's first.
#[must_use]
pub fn choose_language(accept_language: Option<&str>, shop_languages: &[Lang]) -> Lang {
    let header = accept_language.unwrap_or_default();
    let header = header.get(..header.floor_char_boundary(MAX_ACCEPT_LANGUAGE)).unwrap_or_default();
    let mut wanted: Vec<(&str, u16)> = header
        .split(',')
        .filter_map(|part| {
            let (tag, parameters) = part.split_once(';').unwrap_or((part, ""));
            let quality = parameters.trim().strip_prefix("q=").map_or(1_000, thousandths);
            Some((tag.trim(), quality)).filter(|(tag, quality)| !tag.is_empty() && *quality > 0)
        })
        .collect();
    wanted.sort_by_key(|(_, quality)| std::cmp::Reverse(*quality));

    wanted
        .iter()
        .find_map(|(tag, _)| {
            let same = shop_languages.iter().find(|lang| lang.0.eq_ignore_ascii_case(tag));
            same.or_else(|| {
                shop_languages
                    .iter()
                    .find(|lang| primary(&lang.0).eq_ignore_ascii_case(primary(tag)))
            })
        })
        .or(shop_languages.first())
        .cloned()
        .unwrap_or_else(|| Lang(ENGLISH.tag.to_owned()))
}

/// `text` for HTML and XML, in content and in double-quoted attributes.
pub(crate) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            // Not allowed in XML at all.
            c if c.is_control() && !matches!(c, '\n' | '\t') => {}
            c => out.push(c),
        }
    }
    out
}

fn shop_body(shop: &Shop, lang: &Lang, words: &Words, why: Why) -> String {
    let contact = &shop.contact;
    let mut body = format!("<h1>{}</h1>", escaped(&shop.name));
    if let Some(branch) = &shop.page.branch {
        add(&mut body, format_args!("<p class=\"dim\">{}</p>", escaped(branch)));
    }
    add(&mut body, format_args!("<p>{} {}</p>", words.says(why), words.reach_us));
    if let Some(phone) = &contact.phone {
        let number: String = phone.chars().filter(|c| c.is_ascii_digit() || *c == '+').collect();
        let call = format!("{} {}", words.call, phone);
        link(&mut body, &format!("tel:{number}"), &call);
    }
    if let Some(form) = contact.form.as_deref().filter(|form| form.starts_with("https://")) {
        link(&mut body, form, words.write);
    }
    if let Some(mail) = &contact.email {
        link(&mut body, &format!("mailto:{mail}"), mail);
    }
    if let Some(address) = said(&contact.address, lang, &shop.languages) {
        add(&mut body, format_args!("<p>{}</p>", escaped(address)));
    }
    // Only https: a `javascript:` address would be a script after all.
    if let Some(map) = contact.map.as_deref().filter(|map| map.starts_with("https://")) {
        link(&mut body, map, words.map);
    }
    if let Some(site) = contact.site.as_deref().filter(|site| site.starts_with("https://")) {
        link(&mut body, site, words.site);
    }
    // Nobody is to come in vain.
    if let Some(week) = shop.hours.week.as_ref().filter(|_| why != Why::ClosedForGood) {
        add(&mut body, format_args!("<h2>{}</h2><table>", words.hours));
        for (name, ranges) in words.days.iter().zip(week) {
            let times = if ranges.is_empty() {
                words.closed.to_owned()
            } else {
                ranges.iter().map(clock).collect::<Vec<_>>().join("<br>")
            };
            add(&mut body, format_args!("<tr><th>{name}</th><td>{times}</td></tr>"));
        }
        body.push_str("</table>");
    }
    body
}

fn link(body: &mut String, to: &str, text: &str) {
    add(body, format_args!("<a class=\"go\" href=\"{}\">{}</a>", escaped(to), escaped(text)));
}

/// Writing to a `String` cannot fail.
fn add(body: &mut String, text: std::fmt::Arguments<'_>) {
    let _ = body.write_fmt(text);
}

/// `08:00–20:00`; past midnight it wraps: `18:00–02:00`.
fn clock(range: &Range) -> String {
    let time = |minutes: u16| format!("{:02}:{:02}", minutes / 60 % 24, minutes % 60);
    // Midnight at the end of the day reads 24:00, not 00:00.
    let close = if range.close == 1_440 { "24:00".to_owned() } else { time(range.close) };
    format!("{}–{close}", time(range.open))
}

/// A text in `lang`, or in the first of the shop's languages that has it.
fn said<'a>(text: &'a Localized, lang: &Lang, languages: &[Lang]) -> Option<&'a str> {
    std::iter::once(lang).chain(languages).find_map(|lang| text.0.get(lang)).map(String::as_str)
}

/// `pt` of `pt-BR`.
pub(super) fn primary(tag: &str) -> &str {
    tag.split(['-', '_']).next().unwrap_or(tag)
}

/// `0.85` as 850; what is no quality counts as none.
fn thousandths(quality: &str) -> u16 {
    let (whole, part) = quality.trim().split_once('.').unwrap_or((quality.trim(), ""));
    let digits = part.chars().chain("000".chars()).take(3).collect::<String>();
    match (whole, digits.parse::<u16>()) {
        ("1", Ok(0)) => 1_000,
        ("0", Ok(part)) => part,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn langs(tags: &[&str]) -> Vec<Lang> {
        tags.iter().map(|tag| Lang((*tag).to_owned())).collect()
    }

    fn shop() -> Shop {
        serde_json::from_value(serde_json::json!({
            "v": 1, "version": "x",
            "page": {"id": "1", "username": "u", "branch": "Old <Town>", "shards": 1},
            "name": "Tom & \"Jerry\" <script>alert(1)</script>",
            "languages": ["lt", "en"], "time_zone": "Europe/Vilnius",
            "contact": {
                "phone": "+370 5 555 01 23", "site": "https://cafe.example",
                "address": {"lt": "Pilies g. 1", "en": "1 Pilies St"},
                "map": "javascript:alert(1)", "email": "a@cafe.example",
                "form": "javascript:alert(2)"
            },
            "hours": {"week": [
                [{"open": 480, "close": 720}, {"open": 780, "close": 1080}],
                [], [], [], [{"open": 1080, "close": 1560}], [{"open": 600, "close": 1440}], []
            ], "exceptions": []},
            "texts": {}, "faq": [], "model": null, "topics": [], "posters": [],
            "notifications": [],
            "assistant": {"messenger": true, "instagram": true, "pause_hours": 24,
                "fallback_every_hours": 12, "menu": [], "stop_words": [], "human_words": [],
                "delete_words": []},
            "meta": {}
        }))
        .unwrap()
    }

    #[test]
    fn the_page_says_how_to_reach_the_shop_in_the_visitors_language() {
        let page = fallback_page(Some(&shop()), &Lang("lt".into()), Why::Over);
        for part in [
            "<html lang=\"lt\">",
            "href=\"tel:+37055550123\"",
            "+370 5 555 01 23",
            "Pilies g. 1",
            "https://cafe.example",
            "<tr><th>Pr</th><td>08:00–12:00<br>13:00–18:00</td></tr>",
            "<tr><th>An</th><td>nedirbame</td></tr>",
            "18:00–02:00",
            "10:00–24:00",
        ] {
            assert!(page.contains(part), "{part} in {page}");
        }
        let english = fallback_page(Some(&shop()), &Lang("en".into()), Why::Over);
        assert!(english.contains("1 Pilies St") && english.contains("no longer in use"));
        // A language the shop has no address in: the shop's own first language.
        assert!(
            fallback_page(Some(&shop()), &Lang("pt-BR".into()), Why::Over).contains("Pilies g. 1")
        );
    }

    #[test]
    fn each_reason_has_its_words_in_every_language() {
        let reasons = [Why::Unknown, Why::Over, Why::Early, Why::Silent, Why::ClosedForGood];
        for language in crate::shop::lang::all() {
            let lang = Lang(language.code.into());
            let mut pages: Vec<String> =
                reasons.iter().map(|why| fallback_page(Some(&shop()), &lang, *why)).collect();
            for (page, why) in pages.iter().zip(reasons) {
                assert!(page.contains(&format!("<html lang=\"{}\">", language.code)), "{lang:?}");
                assert!(page.contains("tel:+37055550123"));
                assert_eq!(page.contains("<table>"), why != Why::ClosedForGood, "{why:?}");
            }
            pages.sort();
            pages.dedup();
            assert_eq!(pages.len(), reasons.len(), "{lang:?}");
        }
    }

    #[test]
    fn nothing_on_the_page_can_run() {
        let page = fallback_page(Some(&shop()), &Lang("lt\"><script>".into()), Why::Over);
        assert!(page.contains("Tom &amp; &quot;Jerry&quot; &lt;script&gt;"));
        assert!(page.contains("Old &lt;Town&gt;"));
        for part in ["<script", "javascript:"] {
            assert!(!page.contains(part), "{part}");
        }
    }

    #[test]
    fn the_page_has_the_shops_colours_and_its_sign_and_no_address_of_anybody_elses() {
        use crate::shop::colour::{Brand, Colour};
        let brand = Brand {
            colour: Colour([0x0b, 0x3d, 0x2e]),
            background: Colour::WHITE,
            logo: None,
            picture: Some("data:image/png;base64,AA==".to_owned()),
        };
        let show = |brand: Brand| {
            let shop = Shop { brand: Some(brand), ..shop() };
            fallback_page(Some(&shop), &Lang("en".into()), Why::Over)
        };
        let page = show(brand.clone());
        assert!(page.contains("--go:#0b3d2e") && page.contains("src=\"data:image/png"), "{page}");
        let elsewhere = Brand { picture: Some("https://a.example/x.png".to_owned()), ..brand };
        assert!(!show(elsewhere).contains("<img"));
    }

    #[test]
    fn without_a_shop_the_page_is_neutral() {
        let page = fallback_page(None, &Lang("en".into()), Why::Over);
        assert!(page.contains("no longer in use") && page.contains("Please ask"));
        assert!(fallback_page(None, &Lang("xx".into()), Why::Over).contains("no longer in use"));
    }

    #[test]
    fn the_visitors_first_language_that_the_shop_has_is_spoken() {
        for (header, shop, chosen) in [
            (Some("en-GB,en;q=0.9,lt;q=0.8"), &["lt", "en"][..], "en"),
            (Some("de,lt;q=0.5,en;q=0.7"), &["lt", "en"], "en"),
            (Some("lt-LT"), &["en", "lt"], "lt"),
            (Some("zh"), &["en", "zh-TW"], "zh-TW"),
            (Some("zh-tw"), &["zh-HK", "zh-TW"], "zh-TW"),
            (Some("pt"), &["pt-BR", "en"], "pt-BR"),
            (Some("en;q=0, lt;q=0.001"), &["en", "lt"], "lt"),
            (Some("fr, *;q=0.1"), &["lt", "en"], "lt"),
            (Some("en;q=nonsense"), &["lt", "en"], "lt"),
            (Some(""), &["lt", "en"], "lt"),
            (None, &["lt", "en"], "lt"),
            (Some("lt"), &[], "en"),
        ] {
            assert_eq!(choose_language(header, &langs(shop)).0, chosen, "{header:?}");
        }
    }

    proptest! {
        #[test]
        fn any_header_chooses_a_language_of_the_shop(header in any::<String>()) {
            let shop = langs(&["lt", "en"]);
            prop_assert!(shop.contains(&choose_language(Some(&header), &shop)));
        }
    }
}
