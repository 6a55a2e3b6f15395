//! How people come in.
//!
//! A poster's QR picture holds the shop's own address, `PUBLIC_URL/q/CODE`. Scanned, it leads to
//! Messenger or Instagram with a signed ref, so that what arrives there is known to come from a
//! poster of this shop; what the poster does is looked up on arrival.
//!
//! - [`keys`]: one derived key per use, so that no signature can stand in for another.
//! - [`refs`]: signing and opening refs.
//! - [`friends`]: the refs by which customers bring friends.
//! - [`links`]: m.me and ig.me links; [`door`]: which of them a scan leads to, or why to none.
//! - [`scan`]: what is a scan, and how many of an address count; [`throttle`]: how that is counted.
//! - [`qr`]: the pictures; [`calendar`]: links to the calendar entry of a booking.
//! - [`coupons`]: the page of a coupon's code, and the till.
//! - [`pages`]: what a visitor sees when a scan leads nowhere, in [`page_words`]; [`deletion_page`]: how
//!   far the deletion of somebody's data is; [`privacy`]: what is kept of people.

pub mod calendar;
pub mod coupons;
pub mod deletion_page;
pub mod door;
pub mod friends;
pub mod keys;
pub mod links;
pub mod page_words;
pub mod pages;
pub mod privacy;
pub mod qr;
pub mod refs;
pub mod scan;
pub mod throttle;
