//! `shopbell redeem`: redeems a coupon's code, where there is no till.

use std::process::ExitCode;

use serde_json::Value;

use super::owner::{AskError, Owner, escaped};
use crate::shop::coupon_codes::CouponCode;

/// Redeems the code of a coupon.
///
/// A code is redeemed once, at whichever till or by this command. ADMIN_TOKEN is taken from the
/// environment.
#[derive(clap::Args)]
pub struct RedeemArgs {
    /// The code as it is read or scanned: `7KPN-R2X4-QW8M`, or the link to it.
    #[arg(value_parser = code)]
    code: CouponCode,
    /// Where the Worker answers: `https://shopbell.<you>.workers.dev`.
    #[arg(long, value_name = "URL", env = "PUBLIC_URL")]
    url: String,
}

fn code(text: &str) -> Result<CouponCode, String> {
    CouponCode::read(text).map_err(|misread| format!("{misread}: read it again"))
}

/// Redeems.
#[must_use]
pub fn run(args: &RedeemArgs) -> ExitCode {
    super::printed(redeem(args))
}

fn redeem(args: &RedeemArgs) -> Result<String, AskError> {
    let owner = Owner::of(&args.url)?;
    let path = format!("/admin/redeem?code={}", escaped(args.code.as_str()));
    let told: Value = owner.post(&path, String::new())?;
    let coupon = told.get("coupon").and_then(Value::as_str).unwrap_or_default();
    Ok(format!("{} is redeemed: {coupon}\n", args.code))
}
