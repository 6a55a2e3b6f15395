//! Shopbell: an assistant for a small shop's Messenger and Instagram inbox, as one Cloudflare
//! Worker.
//!
//! # The house
//! | room | what it is for | may call |
//! |---|---|---|
//! | [`meta`] | Meta's side: webhooks in, Send API bodies out, signatures, limits, errors, dated policy | – |
//! | [`shop`] | the owner's side: `shop.toml` to a checked, compiled shop | `meta` |
//! | [`faq`] | which answer a message asks for | `meta` (ids), `shop` (entries) |
//!
//! [`time`] holds the one type for moments; everybody may use it.

pub mod faq;
pub mod meta;
pub mod shop;
pub mod time;
