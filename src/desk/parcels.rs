//! What one Desk of a Page has to tell another of somebody. A parcel waits in the table of calls
//! until it has arrived, a week at most, and may arrive twice: what it leads to happens once.

use serde::{Deserialize, Serialize};

use super::decide::Context;
use super::layout::{REGISTRAR, home, home_of};
use super::{comments, friends};
use crate::meta::event::Channel;
use crate::meta::ids::{CommentRuleId, Psid};
use crate::store::calls::{self, Kind};
use crate::store::{Sql, StoreError, to_json};
use crate::time::UnixMs;

/// What is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum Parcel {
    /// To the person's Desk: a comment of theirs was answered privately.
    Commented {
        /// By which rule.
        rule: CommentRuleId,
        /// Under which post.
        post: String,
        /// When they wrote it.
        commented_at: UnixMs,
        /// When the private reply had left.
        at: UnixMs,
    },
    /// To the first Desk: the private reply with this number in its outbox has reached this person.
    Reached {
        /// Its number.
        row: i64,
    },
    /// To the customer's Desk: a friend came by their link.
    Brought {
        /// The customer's code.
        code: String,
        /// The number by which their Desk is found.
        home: u32,
        /// The friend, as a keyed hash.
        friend: String,
        /// When.
        at: UnixMs,
    },
}

impl Parcel {
    /// The Desk it goes to, of so many; it is about `person`.
    #[must_use]
    pub fn goes_to(&self, person: &Psid, shards: u32) -> u32 {
        match self {
            Self::Commented { .. } => home(person, shards),
            Self::Reached { .. } => REGISTRAR,
            Self::Brought { home, .. } => home_of(*home, shards),
        }
    }
}

/// Opens a parcel that is for this very Desk, else has it sent on. In the caller's transaction.
///
/// # Errors
/// [`StoreError`].
pub fn send(
    sql: &impl Sql,
    context: Context<'_>,
    (channel, person): (Channel, &Psid),
    parcel: &Parcel,
    now: UnixMs,
) -> Result<(), StoreError> {
    if parcel.goes_to(person, context.host.shards) == context.host.shard {
        return open(sql, context, (channel, person), parcel, now);
    }
    let body = to_json("calls", parcel)?;
    calls::push(sql, Kind::Parcel, (channel, person), Some((&String::new(), &body)), now)
}

/// Opens a parcel. In the caller's transaction.
///
/// # Errors
/// [`StoreError`].
pub fn open(
    sql: &impl Sql,
    context: Context<'_>,
    who: (Channel, &Psid),
    parcel: &Parcel,
    now: UnixMs,
) -> Result<(), StoreError> {
    match parcel {
        Parcel::Commented { rule, post, commented_at, at } => {
            comments::expect(sql, context, who, (rule, post), (*commented_at, *at), now)
        }
        Parcel::Reached { row } => comments::reached(sql, context, *row, who, now),
        Parcel::Brought { code, friend, at, .. } => {
            friends::credit(sql, context, (code, friend), *at, now)
        }
    }
}
