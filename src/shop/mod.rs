//! The owner's side: `shop.toml`, checked and compiled to a [`model::Shop`].
//!
//! - [`model`]: the compiled shop, as it lies in KV.
//! - [`source`]: `shop.toml` to shops, with every problem named, placed and answered. Native
//!   only: the Worker reads compiled shops.
//! - [`forms`]: forms, their questions, and what answers leave on a person.
//! - [`booking`]: what can be booked, when, and how many at a time.
//! - [`place`]: places on the map.
//! - [`products`]: the catalogue, and what a product finder looks for in it.
//! - [`marketing`]: who pays for messages, and how much at most. [`templates`]: texts that Meta
//!   approves.
//! - [`segments`]: saved rules that say whom something is for.
//! - [`codes`]: the codes of posters, and the character that checks them.
//! - [`coupons`]: what is given away once; [`coupon_codes`]: by which codes. [`colour`]: the shop's
//!   own look, and whether it can be read.
//! - [`calendar`]: which days a schedule means, and which hours are quiet.
//! - [`hours`]: open or closed, since when, until when.
//! - [`everywhere`]: every button of a shop, everything it leaves on people, every text.
//! - [`lookup`]: finding things in a shop, and the right language for a person.
//! - [`text`]: templates and their variables.
//! - [`lang`]: what the assistant can say and understand by itself, one file per language.
//! - [`kv`]: the keys and values that publishing writes; [`kv_map`]: what each of them is for.

pub mod booking;
pub mod calendar;
pub mod codes;
pub mod colour;
pub mod coupon_codes;
pub mod coupons;
pub mod doors;
pub mod everywhere;
pub mod forms;
pub mod hours;
pub mod kv;
pub mod kv_map;
pub mod lang;
pub mod lookup;
pub mod marketing;
pub mod model;
pub mod outreach;
pub mod place;
pub mod products;
pub mod segments;
#[cfg(not(target_arch = "wasm32"))]
pub mod source;
pub mod templates;
pub mod text;
