//! Shopbell: an assistant for a small shop's Messenger and Instagram inbox, as one Cloudflare
//! Worker.
//!
//! # The house
//! | room | what it is for | may call |
//! |---|---|---|
//! | [`meta`] | Meta's side: webhooks in, Send API bodies out, signatures, limits, errors, dated policy | – |
//! | [`shop`] | the owner's side: `shop.toml` to a checked, compiled shop | `faq`, `meta` |
//! | [`store`] | the Desk's tables: the same SQL in the Worker and natively | `shop`, `meta` |
//! | [`faq`] | which answer a message asks for | `shop`, `meta` |
//! | [`entry`] | how people come in: signed refs, QR pictures, links, the fallback page | `shop`, `meta` |
//! | [`desk`] | one person's conversation: precedence, replies, the inbox, what may leave | `outreach`, `entry`, `faq`, `store`, `shop`, `meta` |
//! | [`outreach`] | consent and sending: schedules, the ladder, the planner | `desk`, `entry`, `store`, `shop`, `meta` |
//! | `worker` | Cloudflare: routes, the Desk object, KV, the Graph client; wasm32 only | all |
//! | [`cli`] | the owner's command line and the sandbox; native only | all but `worker` |
//!
//! `desk` and `outreach` are neighbours: a conversation ends consents, and a notification asks
//! whether somebody is talking. So are `shop` and `faq`: what `shop` calls there ([`faq::normalise`],
//! [`faq::Phrases`] and the like) calls nobody, because what is folded in two ways would match in
//! neither. Nothing else calls both ways; a test holds the table against the code.
//!
//! [`time`] holds the one type for moments, and [`kept`] the words in which the code says what it
//! keeps; everybody may use them.

#[cfg(not(target_arch = "wasm32"))]
pub mod cli;
pub mod desk;
pub mod entry;
pub mod faq;
pub mod kept;
pub mod meta;
pub mod outreach;
pub mod shop;
pub mod store;
pub mod time;
#[cfg(target_arch = "wasm32")]
mod worker;
