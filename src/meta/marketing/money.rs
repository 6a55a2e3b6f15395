//! Amounts of money, exact.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Parts of a currency's main unit: one of a hundred thousand. A thousand messages are priced with
/// two decimals, so one message has five.
const PARTS: i64 = 100_000;

/// Currencies that Meta counts in whole units (Meta, Marketing API, currencies; from memory and not
/// confirmed in 2026). All others are counted in hundredths. A wrong entry makes the budget at Meta
/// smaller than wanted, never larger.
const WHOLE: [&str; 11] =
    ["CLP", "COP", "CRC", "HUF", "IDR", "ISK", "JPY", "KRW", "PYG", "TWD", "VND"];

/// An amount in some currency, in hundred-thousandths of its main unit. Never negative.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct Money(i64);

impl Money {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// An amount by its hundred-thousandths; less than nothing is nothing.
    #[must_use]
    pub const fn of_parts(parts: i64) -> Self {
        Self(if parts < 0 { 0 } else { parts })
    }

    /// The hundred-thousandths.
    #[must_use]
    pub const fn parts(self) -> i64 {
        self.0
    }

    /// This and that; at the end of the numbers it stays there.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// What is left of this without that; never less than nothing.
    #[must_use]
    pub const fn minus(self, other: Self) -> Self {
        Self::of_parts(self.0.saturating_sub(other.0))
    }

    /// So many times this.
    #[must_use]
    pub fn times(self, count: u32) -> Self {
        Self(self.0.saturating_mul(i64::from(count)))
    }

    /// How often `price` fits into this; for free as often as wanted.
    #[must_use]
    pub fn holds(self, price: Self) -> u32 {
        let times = self.0.checked_div(price.0).unwrap_or(i64::MAX);
        u32::try_from(times).unwrap_or(u32::MAX)
    }

    /// As a budget at Meta: whole cents, or whole units where the currency has no cents there.
    /// Rounded down: Meta's budget must not be the larger one.
    #[must_use]
    pub fn budget(self, currency: &str) -> i64 {
        let unit = if WHOLE.contains(&currency) { PARTS } else { PARTS / 100 };
        self.0.checked_div(unit).unwrap_or(0)
    }
}

impl fmt::Display for Money {
    /// Two decimals, or as many as it has.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, part) = (self.0 / PARTS, self.0 % PARTS);
        let digits = format!("{part:05}");
        let kept = digits.trim_end_matches('0').len().max(2);
        write!(f, "{whole}.{}", digits.get(..kept).unwrap_or("00"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_written_with_the_decimals_they_have() {
        for (parts, expected) in
            [(0, "0.00"), (4_500, "0.045"), (1_234, "0.01234"), (150_000, "1.50"), (-5, "0.00")]
        {
            assert_eq!(Money::of_parts(parts).to_string(), expected);
        }
    }

    #[test]
    fn a_budget_is_in_cents_or_whole_units_and_never_rounded_up() {
        let amount = Money::of_parts(1_299_999); // 12.99999
        assert_eq!(amount.budget("USD"), 1_299);
        assert_eq!(amount.budget("TWD"), 12);
    }

    #[test]
    fn a_price_fits_as_often_as_it_does() {
        let cap = Money::of_parts(10_000);
        assert_eq!(cap.holds(Money::of_parts(3_000)), 3);
        assert_eq!(cap.holds(Money::ZERO), u32::MAX);
        assert_eq!(cap.minus(Money::of_parts(20_000)), Money::ZERO);
    }
}
