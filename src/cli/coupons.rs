//! `shopbell coupons`: what was given and redeemed.

use std::process::ExitCode;

use serde::Deserialize;
use serde_json::{Value, json};

use super::check::Format;
use super::owner::{self, AskError, Owner};
use crate::meta::ids::{CouponId, PageId};

/// Says how many codes of each coupon were given and redeemed, and how many are left.
///
/// ADMIN_TOKEN is taken from the environment.
#[derive(clap::Args)]
pub struct CouponsArgs {
    /// Where the Worker answers: `https://shopbell.<you>.workers.dev`.
    #[arg(long, value_name = "URL", env = "PUBLIC_URL")]
    url: String,
    /// Only this Page. Left out: all that are published.
    #[arg(long, value_name = "ID", value_parser = owner::page_id)]
    page: Option<PageId>,
    /// How to print them.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

#[derive(Deserialize)]
struct Answer {
    pages: Vec<OfPage>,
}

#[derive(Deserialize)]
struct OfPage {
    page: PageId,
    #[serde(default)]
    coupons: Option<Vec<Value>>,
    #[serde(default)]
    error: Option<String>,
}

/// One coupon of a Page.
#[derive(Deserialize)]
struct Line {
    coupon: CouponId,
    given: i64,
    redeemed: i64,
    #[serde(default)]
    left: Option<i64>,
    #[serde(default)]
    until: Option<jiff::civil::Date>,
    #[serde(default)]
    gone: bool,
}

/// Why there is nothing to show.
#[derive(Debug, thiserror::Error)]
enum CouponsError {
    #[error(transparent)]
    Ask(#[from] AskError),
    #[error("Page {0} does not answer: {1}")]
    Page(PageId, String),
    #[error("the Worker answers something else than coupons: {0}")]
    Unreadable(#[from] serde_json::Error),
}

/// Shows them.
#[must_use]
pub fn run(args: &CouponsArgs) -> ExitCode {
    super::printed(show(args))
}

fn show(args: &CouponsArgs) -> Result<String, CouponsError> {
    let owner = Owner::of(&args.url)?;
    let query = args.page.as_ref().map(|page| format!("?page={page}")).unwrap_or_default();
    let answer: Answer = owner.get(&format!("/admin/coupons{query}"))?;
    let several = answer.pages.len() > 1;
    let mut text = String::new();
    for OfPage { page, coupons, error } in answer.pages {
        if let Some(error) = error {
            return Err(CouponsError::Page(page, error));
        }
        if several && args.format == Format::Text {
            text += &format!("Page {page}\n");
        }
        for coupon in coupons.unwrap_or_default() {
            text += &match args.format {
                Format::Json => {
                    let mut coupon = coupon;
                    if let Some(fields) = coupon.as_object_mut() {
                        fields.insert("page".to_owned(), json!(page));
                    }
                    format!("{coupon}\n")
                }
                Format::Text => line(&serde_json::from_value(coupon)?),
            };
        }
    }
    if text.is_empty() {
        text += "the shop has no coupons\n";
    }
    Ok(text)
}

fn line(line: &Line) -> String {
    let mut text = format!(
        "{:<24} {:>7} given, {:>7} redeemed",
        line.coupon.as_str(),
        line.given,
        line.redeemed
    );
    if let Some(left) = line.left {
        text += &format!(", {left} left");
    }
    if let Some(until) = line.until {
        text += &format!(", until {until}");
    }
    if line.gone {
        text += ", not in shop.toml any more";
    }
    text + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_coupon_is_one_line_with_what_is_left() {
        let said = |value: Value| line(&serde_json::from_value(value).unwrap());
        let limited = json!({
            "coupon": "soup", "given": 12, "redeemed": 3, "total": 50, "left": 38,
            "from": null, "until": "2026-12-24",
        });
        assert_eq!(
            said(limited),
            "soup                          12 given,       3 redeemed, 38 left, until 2026-12-24\n"
        );
        let gone = json!({ "coupon": "old", "given": 1, "redeemed": 1, "gone": true });
        assert!(said(gone).ends_with("redeemed, not in shop.toml any more\n"));
    }
}
