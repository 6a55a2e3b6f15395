//! The shop's catalogue, and what a product finder looks for in it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::forms::Decimal;
use super::model::Localized;
use crate::meta::ids::{FieldId, ProductId};

/// Something the shop sells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Product {
    /// Its name.
    pub id: ProductId,
    /// What people read, at most 80 characters.
    pub title: Localized,
    /// What it costs, in the shop's currency.
    pub price: Option<Decimal>,
    /// Its picture, https.
    pub image: Option<String>,
    /// Its page, https.
    pub url: Option<String>,
    /// Which options of which questions it fits. A question that is not here says nothing of it.
    pub fits: BTreeMap<FieldId, Vec<String>>,
}

/// Which prices an option stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Prices {
    /// From this one on.
    pub from: Option<i64>,
    /// Up to and with this one.
    pub to: Option<i64>,
}

impl Prices {
    /// Whether a price is among them.
    #[must_use]
    pub fn hold(&self, price: Decimal) -> bool {
        self.from.is_none_or(|from| price >= Decimal::whole(from))
            && self.to.is_none_or(|to| price <= Decimal::whole(to))
    }
}

/// What a form shows at its end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Finder {
    /// Products at most, one to ten.
    pub cards: u8,
    /// Questions whose answer has to fit: what does not is never shown.
    pub must: Vec<FieldId>,
}
