//! The owner's side: `shop.toml`, checked and compiled to a [`model::Shop`].
//!
//! - [`model`]: the compiled shop, as it lies in KV.

pub mod model;
