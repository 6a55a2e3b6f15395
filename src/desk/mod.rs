//! One person's conversation: what an inbound event means and who answers it.
//!
//! - [`person`]: what is remembered of somebody, and the standard messaging window.
//! - [`decide`]: the front door: (shop, person, event, now) to a [`decide::Decision`].
//! - [`precedence`]: the one table of who may answer, in order.
//! - [`deletion`]: what forgetting a person takes, and how far it is.
//! - [`handoff`]: when a person takes over, and how the assistant comes back; `disclosure`: that
//!   it is an assistant.
//! - [`by_hand`]: the owner's own answer to somebody, and notes.
//! - [`replies`]: the words and bubbles of each answer; [`payload`]: what our buttons carry.
//! - [`mark`]: what a tap leaves on somebody.
//! - [`form`]: questions asked one after another; [`booking`]: the slots that are booked with them.
//! - [`segment`]: whether somebody belongs to a segment.
//! - [`words`]: STOP, HUMAN and DELETE (`typo`: with one letter wrong); [`language`]: which language to answer in.
//! - [`misses`]: questions without an answer, for an owner who wants to know; [`redact`]: without
//!   what could say whose they are.
//! - [`inbox`]: takes events into the store, each once and each in one transaction.
//! - [`profile`]: who somebody is, as Meta tells it; [`pace`]: bubbles one after the other.
//! - [`sending`]: what may leave the outbox, and what Graph's answers mean for it.

pub mod booking;
pub mod by_hand;
pub mod decide;
pub mod deletion;
mod disclosure;
pub mod form;
pub mod handoff;
pub mod inbox;
pub mod language;
pub mod mark;
pub mod misses;
pub mod pace;
mod paying;
pub mod payload;
pub mod person;
pub mod precedence;
pub mod profile;
pub mod redact;
pub mod replies;
pub mod segment;
pub mod sending;
mod typo;
pub mod words;
