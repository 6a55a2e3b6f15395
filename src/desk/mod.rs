//! One person's conversation: what an inbound event means and who answers it.
//!
//! - [`arrival`]: how somebody came in, whatever shape that has; [`posters`]: those that are made
//!   without `shop.toml`.
//! - [`comments`]: comments that are answered privately; [`friends`]: customers who bring friends;
//!   [`parcels`]: what one Desk has to tell another of somebody.
//! - [`person`]: what is remembered of somebody, and the standard messaging window.
//! - [`decide`]: the front door: (shop, person, event, now) to a [`decide::Decision`].
//! - [`precedence`]: the one table of who may answer, in order.
//! - [`coupons`]: who gets a code, what is said of it, and what redeeming it does.
//! - [`deletion`]: what forgetting a person takes, and how far it is.
//! - [`handoff`]: when a person takes over, and how the assistant comes back; `disclosure`: that
//!   it is an assistant.
//! - [`alerts`]: what the owner is told of because nobody else would notice; [`checkup`]: whether
//!   all is there that the shop needs.
//! - [`by_hand`]: the owner's own answer to somebody, and notes.
//! - [`replies`]: the words and bubbles of each answer; [`payload`]: what our buttons carry.
//! - [`mark`]: what a tap leaves on somebody.
//! - [`form`]: questions asked one after another; [`booking`]: the slots that are booked with them.
//! - [`segment`]: whether somebody belongs to a segment. `sequences`: what begins one for somebody;
//!   [`nudge`]: the last word before a window closes; `ads`: what people find
//!   who come by an ad, and the window after it.
//! - [`words`]: STOP, HUMAN and DELETE (`typo`: with one letter wrong); [`language`]: which language to answer in.
//! - [`misses`]: questions without an answer, for an owner who wants to know; [`redact`]: without
//!   what could say whose they are.
//! - [`inbox`]: takes events into the store, each once and each in one transaction.
//! - [`profile`]: who somebody is, as Meta tells it; [`pace`]: bubbles one after the other.
//! - [`layout`]: how a Page's people are divided among its Desks.
//! - [`sending`]: what may leave the outbox, and what Graph's answers mean for it.

mod ads;
pub mod alerts;
pub mod arrival;
pub mod booking;
pub mod by_hand;
pub mod checkup;
pub mod comments;
pub mod coupons;
pub mod decide;
pub mod deletion;
mod disclosure;
pub mod form;
pub mod friends;
pub mod handoff;
pub mod inbox;
pub mod language;
pub mod layout;
pub mod mark;
pub mod misses;
pub mod nudge;
pub mod pace;
pub mod parcels;
mod paying;
pub mod payload;
pub mod person;
pub mod posters;
pub mod precedence;
pub mod profile;
pub mod redact;
pub mod replies;
pub mod segment;
pub mod sending;
mod sequences;
mod typo;
pub mod words;
