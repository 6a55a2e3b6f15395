//! Coupons as they are compiled: what is given away, to whom at most how often, and until when.

use jiff::ToSpan;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::coupon_codes::CouponCode;
use super::lang::{self, forms::fill, numbers};
use super::model::{Lang, Localized, Shop};
use super::text::{self, Listener};
use crate::meta::ids::CouponId;
use crate::time::UnixMs;

/// Something that is given away once for each code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Coupon {
    /// Its name.
    pub id: CouponId,
    /// What one gets.
    pub title: Localized,
    /// What is said with the code; otherwise the title.
    #[serde(default, skip_serializing_if = "Localized::is_empty")]
    pub text: Localized,
    /// The small print.
    #[serde(default, skip_serializing_if = "Localized::is_empty")]
    pub terms: Localized,
    /// The first day it is given and taken, by the shop's clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(not(target_arch = "wasm32"), schemars(with = "Option<String>"))]
    pub from: Option<Date>,
    /// The last day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(not(target_arch = "wasm32"), schemars(with = "Option<String>"))]
    pub until: Option<Date>,
    /// For how many days after it was given a code is good; 0: to the end of that day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub days: Option<u16>,
    /// Codes that one person gets at most.
    pub per_person: u16,
    /// Codes that are given at most, over all Desks of a Page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total: Option<u32>,
    /// Put on whoever redeems it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
}

/// A code with what is said of it.
#[derive(Clone, Copy, Debug)]
pub struct Slip<'a> {
    /// The code.
    pub code: &'a CouponCode,
    /// From then on it is not taken any more.
    pub until: Option<UnixMs>,
    /// The Worker's address, for the link to it.
    pub public_url: Option<&'a str>,
}

/// What a text says of a code, ready for [`Listener`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Spoken {
    /// `{coupon}`
    pub code: String,
    /// `{coupon_until}`
    pub until: Option<String>,
    /// `{coupon_link}`
    pub link: Option<String>,
}

impl Spoken {
    /// With these values in it.
    #[must_use]
    pub fn into_listener<'a>(&'a self, listener: Listener<'a>) -> Listener<'a> {
        Listener {
            coupon: Some(&self.code),
            coupon_until: self.until.as_deref(),
            coupon_link: self.link.as_deref(),
            ..listener
        }
    }
}

/// The path that a code is shown under.
#[must_use]
pub fn link(base: &str, code: &CouponCode) -> String {
    format!("{base}/c/{code}")
}

impl Coupon {
    /// Whether it is given on this day.
    #[must_use]
    pub fn in_season(&self, day: Date) -> bool {
        self.from.is_none_or(|first| first <= day) && self.until.is_none_or(|last| day <= last)
    }

    /// From when on a code that is given at `at` is not taken any more; none: it has no end.
    #[must_use]
    pub fn ends(&self, shop: &Shop, at: UnixMs) -> Option<UnixMs> {
        let after =
            self.days.and_then(|days| shop.today(at).checked_add(i64::from(days).days()).ok());
        let last = [self.until, after].into_iter().flatten().min()?;
        let next = last.tomorrow().ok()?.to_zoned(shop.zone()).ok()?;
        Some(next.timestamp().into())
    }
}

/// A day as people of a language write it.
#[must_use]
pub fn day(lang: &Lang, date: Date) -> String {
    let language = lang::language(lang);
    numbers::day(language.forms.date, language.forms.days, language.months, date)
}

/// A moment as people of a language write it, by the shop's clock.
#[must_use]
pub fn moment(shop: &Shop, lang: &Lang, at: UnixMs) -> String {
    let local = at.timestamp().to_zoned(shop.zone());
    let time = (lang::language(lang).time)(lang::Moment::of(local.time()));
    format!("{} {time}", day(lang, local.date()))
}

/// The last day that a code with this end is good on, in words.
#[must_use]
pub fn last_day(shop: &Shop, lang: &Lang, until: UnixMs) -> String {
    day(lang, shop.today(until.plus(-1)))
}

/// What texts say of a code.
#[must_use]
pub fn spoken(shop: &Shop, lang: &Lang, slip: Slip<'_>) -> Spoken {
    Spoken {
        code: slip.code.to_string(),
        until: slip.until.map(|until| last_day(shop, lang, until)),
        link: slip.public_url.map(|base| link(base, slip.code)),
    }
}

/// What is said to somebody who gets a code: the owner's words, and what they leave out of the code,
/// its end and its link. A template; `{coupon}` and its like are filled in by
/// [`Spoken::into_listener`].
#[must_use]
pub fn template(shop: &Shop, lang: &Lang, coupon: &Coupon, slip: Slip<'_>) -> String {
    let own = shop.pick(&coupon.text, lang).or_else(|| shop.pick(&coupon.title, lang));
    let mut said = own.unwrap_or_default().trim().to_owned();
    let says = |said: &str, wanted: &str| {
        text::parts(said)
            .iter()
            .any(|part| matches!(part, text::Part::Variable { name, .. } if *name == wanted))
    };
    let words = &lang::language(lang).coupons;
    let own = said.clone();
    if !says(&own, "coupon") {
        said.push_str("\n{coupon}");
    }
    if slip.until.is_some() && !says(&own, "coupon_until") {
        said.push('\n');
        said.push_str(&fill(words.until, &[("day", "{coupon_until}")]));
    }
    if slip.public_url.is_some() && !says(&own, "coupon_link") {
        said.push('\n');
        said.push_str(&fill(words.show, &[("link", "{coupon_link}")]));
    }
    said
}

impl Shop {
    /// The coupon of that name.
    #[must_use]
    pub fn coupon(&self, id: &CouponId) -> Option<&Coupon> {
        self.coupons.iter().find(|coupon| coupon.id == *id)
    }
}
