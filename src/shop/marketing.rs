//! What a shop declares of paid marketing messages: whose account pays, and how much at most.

use serde::{Deserialize, Serialize};

use crate::meta::ids::Country;
use crate::meta::marketing::money::Money;

/// How a shop pays for messages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Marketing {
    /// The ad account that pays, digits, without `act_`.
    pub ad_account: String,
    /// Where the business is; not where its customers are.
    pub country: Country,
    /// The account's currency, three letters.
    pub currency: String,
    /// The most that is spent on one day of the shop's clock.
    pub cap: Money,
    /// What one message costs at most. Each counts for this, whatever Meta charges in the end.
    pub price: Money,
}

impl Marketing {
    /// How many messages the cap of a day is good for.
    #[must_use]
    pub fn per_day(&self) -> u32 {
        self.cap.holds(self.price)
    }

    /// What so many messages cost at most, with the currency.
    #[must_use]
    pub fn cost(&self, messages: u32) -> String {
        format!("{} {}", self.price.times(messages), self.currency)
    }
}
