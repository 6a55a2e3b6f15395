//! `shopbell redeem`: redeems a coupon's code, where there is no till.

use std::process::ExitCode;

use serde_json::Value;

use super::owner::{AskError, Owner, escaped};
use crate::shop::coupon_codes::{CouponCode, Misread};

/// A code that adds up.
const EXAMPLE: &str = "7KPN-R2X4-QW8F";

/// Redeems the code of a coupon.
///
/// A code is redeemed once, at whichever till or by this command. ADMIN_TOKEN is taken from the
/// environment.
#[derive(clap::Args)]
pub struct RedeemArgs {
    /// The code as it is read or scanned: `7KPN-R2X4-QW8F`, or the link to it.
    code: String,
    /// Where the Worker answers: `https://shopbell.<you>.workers.dev`.
    #[arg(long, value_name = "URL", env = "PUBLIC_URL")]
    url: String,
}

/// Why nothing was redeemed.
#[derive(Debug, thiserror::Error)]
enum RedeemError {
    #[error("{said:?} is no coupon's code: {why}. Read it again; it looks like {EXAMPLE}")]
    Misread { said: String, why: Misread },
    #[error(transparent)]
    Ask(#[from] AskError),
}

/// Redeems.
#[must_use]
pub fn run(args: &RedeemArgs) -> ExitCode {
    super::printed(redeem(args))
}

fn redeem(args: &RedeemArgs) -> Result<String, RedeemError> {
    let code = CouponCode::read(&args.code)
        .map_err(|why| RedeemError::Misread { said: args.code.clone(), why })?;
    let owner = Owner::of(&args.url)?;
    let path = format!("/admin/redeem?code={}", escaped(code.as_str()));
    let told: Value = owner.post(&path, String::new())?;
    let coupon = told.get("coupon").and_then(Value::as_str).unwrap_or_default();
    Ok(format!("{} is redeemed: {coupon}\n", code))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_is_a_code_and_the_help_and_the_documents_show_it() {
        assert_eq!(CouponCode::read(EXAMPLE).unwrap().as_str(), EXAMPLE);
        for text in [include_str!("redeem.rs"), include_str!("../../docs/coupons.md")] {
            let shown = text.split("7KPN-").skip(1).map(|rest| rest.get(..9).unwrap_or(rest));
            for rest in shown {
                assert!(EXAMPLE.ends_with(rest) || rest.starts_with('"'), "{rest}");
            }
            assert!(text.contains(EXAMPLE));
        }
    }
}
