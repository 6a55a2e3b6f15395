//! Coupons at the door: the page of a code, and the till.
//!
//! - [`session`]: the cookie that a till signs in for.
//! - [`page`]: `GET /c/{code}`: shows a code and redeems nothing, because previews and crawlers open
//!   links.
//! - [`till`]: `/till`: where a shop assistant signs in and redeems.

pub mod page;
pub mod session;
pub mod till;

use serde::{Deserialize, Serialize};

use super::pages::{STYLE, escaped, logo, look};
use crate::meta::ids::CouponId;
use crate::shop::model::{Lang, Shop};
use crate::time::UnixMs;

/// A code as anybody may see it who has it. By whom it was redeemed is the shop's business.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    /// Of which coupon.
    pub coupon: CouponId,
    /// From then on it is not taken any more.
    pub until: Option<UnixMs>,
    /// When it was redeemed.
    pub redeemed_at: Option<UnixMs>,
}

/// What came of redeeming a code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Redeemed {
    /// It is redeemed by this.
    Now {
        /// Of which coupon.
        coupon: CouponId,
        /// By whom.
        by: String,
    },
    /// It was redeemed before.
    Already {
        /// Of which coupon.
        coupon: CouponId,
        /// When.
        at: UnixMs,
        /// By whom.
        by: String,
    },
    /// Its time is over.
    Over {
        /// Of which coupon.
        coupon: CouponId,
        /// Since when.
        until: UnixMs,
    },
    /// Nobody was given such a code.
    Unknown {
        /// The till's name, for whoever asks another Page.
        by: String,
    },
    /// Too many wrong ones: not looked up.
    Wait {
        /// Until when.
        until: UnixMs,
    },
    /// This till may not, or not any more.
    NoTill,
    /// The Page's data is carried to another deployment, or taken in from one: nothing is redeemed
    /// here, or it could be redeemed there once more.
    Moved,
}

/// What these pages have beside the others': a field, a button that is pressed, a code to be read
/// aloud, good and bad news.
const MORE_STYLE: &str = "\
.qr{display:block;width:100%;max-width:15rem;margin:18px auto 8px;background:#fff;border-radius:12px}\
.code{display:block;margin:.4em 0;font:600 1.5rem/1.3 ui-monospace,'DejaVu Sans Mono',monospace;letter-spacing:.06em;\
text-align:center;overflow-wrap:normal;white-space:nowrap}\
label{display:block;margin:1em 0 .3em;font-weight:600}\
input{width:100%;padding:.7em .8em;font:600 1.25rem ui-monospace,'DejaVu Sans Mono',monospace;letter-spacing:.06em;\
text-transform:uppercase;color:inherit;background:transparent;border:2px solid currentColor;border-radius:12px}\
button{width:100%;margin:1em 0 0;padding:.85em 1em;font:600 1.05rem system-ui,sans-serif;color:var(--paper);\
background:var(--go);border:0;border-radius:12px;cursor:pointer}\
button.plain{color:var(--go);background:transparent;border:1px solid var(--line)}\
:focus-visible{outline:3px solid var(--go);outline-offset:2px}\
.news{margin:1em 0;padding:.8em 1em;border:2px solid currentColor;border-radius:12px;font-weight:600}\
.good{color:var(--paper);background:var(--good);border-color:var(--good)}.bad{color:var(--bad)}\
:root{--good:#0a6b2d;--bad:#a3161a}\
@media(prefers-color-scheme:dark){:root{--good:#7fd99a;--bad:#ffa8a3}}";

/// A whole page: without scripts, and with nothing from elsewhere.
fn whole(shop: Option<&Shop>, lang: &str, title: &str, body: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=\"{lang}\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
         <meta name=\"robots\" content=\"noindex\"><title>{}</title>\
         <style>{STYLE}{MORE_STYLE}{}</style></head><body><main>{}{body}</main></body></html>\n",
        escaped(title),
        look(shop),
        logo(shop),
    )
}

/// A text that depends on the language, for a page.
fn said<'a>(
    shop: &'a Shop,
    text: &'a crate::shop::model::Localized,
    lang: &Lang,
) -> Option<&'a str> {
    shop.pick(text, lang).map(str::trim).filter(|text| !text.is_empty())
}
