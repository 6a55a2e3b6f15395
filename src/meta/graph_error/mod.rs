//! What Meta's answer to a call means: sent, or failed for a reason with a known cure.
//!
//! An answer is judged by its body first: an `error` may come with HTTP 200, and an HTML page with
//! any status. [`ROWS`] holds what Meta's codes mean, dated.

mod table;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use super::ids::{Mid, Psid};
use super::json::{Raw, object};
use crate::time::{DAY, SECOND};

pub use table::{ROWS, Row};

/// A hint to come back later than this is cut to it, ms.
const MAX_RETRY_AFTER_MS: i64 = 30 * DAY;

/// Meta's answer to one call.
#[derive(Clone, Copy, Debug)]
pub struct Reply<'a> {
    /// HTTP status.
    pub status: u16,
    /// `Retry-After`, when it is a number of seconds.
    pub retry_after_s: Option<u32>,
    /// The body as it came.
    pub body: &'a [u8],
}

/// What an answer means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Meta took it.
    Sent {
        /// The message's id; a marketing message's tracking id; none for actions.
        mid: Option<Mid>,
        /// Whom it reached, when Meta says so.
        recipient: Option<Psid>,
    },
    /// Meta did not take it, or did not say.
    Failed(Failure),
}

/// Why a call failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// `error.code`.
    pub code: Option<u32>,
    /// `error.error_subcode`.
    pub subcode: Option<u32>,
    /// What to do about it.
    pub class: Class,
    /// Not before this long from now, ms, when Meta says so: the longer of `Retry-After` and
    /// `error_data.remaining_seconds`.
    pub retry_after_ms: Option<i64>,
    /// Whether the message may have been sent all the same: there was no readable answer. A
    /// notification must then not be sent again; a reply waits for its echo first.
    pub may_have_arrived: bool,
}

impl Failure {
    /// Of a request that was never made, because there is nothing to make it with.
    #[must_use]
    pub const fn not_allowed() -> Self {
        Self {
            code: None,
            subcode: None,
            class: Class::Permission,
            retry_after_ms: None,
            may_have_arrived: false,
        }
    }

    /// What the owner should read about it.
    #[must_use]
    pub fn says(&self) -> &'static str {
        self.code
            .and_then(|code| table::find_as(code, self.subcode, self.class).map(|row| row.says))
            .unwrap_or(match self.class {
                Class::Retry => "Meta has a passing problem.",
                Class::SlowPage => "The Page sends too fast for Meta.",
                Class::TokenInvalid => "The Page's access token is not valid.",
                Class::Permission => "The app is not allowed to do this.",
                Class::BadRequest => "Meta does not understand the request.",
                Class::DropToken => "The notification token is not valid any more.",
                Class::DeadTag => "Meta has withdrawn this message tag.",
                _ => "Meta gave no reason that is known.",
            })
    }
}

/// What a failure asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// Passing trouble: try again a few times, each later than the last.
    Retry,
    /// The Page is too fast: everything of the Page waits.
    SlowPage,
    /// This token or person had a notification too recently: not an error, come back later.
    NotYet,
    /// This opt-in was asked too recently or too often: not again for seven days.
    OptInLimit,
    /// The person stopped notifications: this token is dead, and so is the consent.
    OptedOut,
    /// The standard messaging window is closed: nothing until the person acts.
    OutsideWindow,
    /// The person cannot be reached (blocked us, left, unavailable): pause, no fast retry.
    Unreachable,
    /// Meta restricts the Page for now: everything of the Page halts, the owner is told.
    PageRestricted,
    /// The access token is not valid: everything of the Page halts, the owner is told.
    TokenInvalid,
    /// The app lacks a permission, terms are not accepted, or it is not live: as above.
    Permission,
    /// This message can never be sent like this.
    BadRequest,
    /// The message tag no longer exists.
    DeadTag,
    /// The notification token is invalid or expired: drop it; the consent needs asking anew.
    DropToken,
    /// Another app or an automation of Meta's holds the thread: wait for it.
    WaitForThread,
    /// Meta warns of misuse of a tag: stop that use.
    TagMisuse,
    /// There is no profile to read: do without.
    NoProfile,
    /// A code that is not known here. Nobody got the message, and Meta adds passing ones without a
    /// word: tried again like [`Class::Retry`].
    Unknown,
}

object! {
    /// Any answer.
    Answer<'de> {
        error = b"error",
        recipient_id = b"recipient_id",
        message_id = b"message_id",
        recipient = b"recipient",
        success = b"success",
        result = b"result",
        tracking_id = b"marketing_message_tracking_id",
    }
}

object! {
    /// Something that was made.
    Made<'de> {
        error = b"error",
        id = b"id",
    }
}

object! {
    /// The recipient as opt-in requests are answered.
    OddRecipient<'de> {
        id = b"id",
        message_id = b"message_id",
    }
}

object! {
    ErrorFields<'de> {
        code = b"code",
        subcode = b"error_subcode",
        message = b"message",
        is_transient = b"is_transient",
        data = b"error_data",
    }
}

object! {
    ErrorData<'de> {
        remaining_seconds = b"remaining_seconds",
    }
}

/// Judges an answer.
#[must_use]
pub fn judge(reply: &Reply<'_>) -> Verdict {
    let text = String::from_utf8_lossy(reply.body);
    let answer = serde_json::from_str::<Answer<'_>>(&text).ok();
    if let Some(error) = answer.as_ref().and_then(|answer| answer.error) {
        return Verdict::Failed(judge_error(error, reply));
    }
    if (200..300).contains(&reply.status)
        && let Some(sent) = answer.as_ref().and_then(sent)
    {
        return sent;
    }
    Verdict::Failed(judge_status(reply))
}

/// Judges the answer to something that Meta makes and names by an `id` alone: a public answer under
/// a comment (Meta, Graph API reference, 2026).
#[must_use]
pub fn judge_made(reply: &Reply<'_>) -> Verdict {
    let text = String::from_utf8_lossy(reply.body);
    let made = serde_json::from_str::<Made<'_>>(&text).ok();
    let named =
        made.is_some_and(|made| made.error.is_none() && made.id.and_then(Raw::id).is_some());
    if named && (200..300).contains(&reply.status) {
        return Verdict::Sent { mid: None, recipient: None };
    }
    judge(reply)
}

/// What a body without an error says was sent; `None` when it does not say that.
fn sent(answer: &Answer<'_>) -> Option<Verdict> {
    let odd = answer.recipient.and_then(Raw::object::<OddRecipient<'_>>).unwrap_or_default();
    // Meta tells of a marketing message by its tracking id afterwards, as of others by their mid.
    let mid = answer.message_id.or(odd.message_id).or(answer.tracking_id);
    let mid = mid.and_then(Raw::id).map(Mid);
    let recipient = answer.recipient_id.or(odd.id).or(answer.recipient).and_then(Raw::id);
    let accepted = answer.success.is_some_and(Raw::truthy)
        || answer.result.and_then(Raw::text).is_some_and(|result| result == "success");
    let recipient = recipient.and_then(|id| Psid::new(id).ok());
    (mid.is_some() || recipient.is_some() || accepted).then_some(Verdict::Sent { mid, recipient })
}

fn judge_error(error: Raw<'_>, reply: &Reply<'_>) -> Failure {
    let fields: ErrorFields<'_> = error.object().unwrap_or_default();
    let code = fields.code.and_then(Raw::count);
    let subcode = fields.subcode.and_then(Raw::count);
    let message = fields.message.and_then(Raw::text).unwrap_or_default().to_lowercase();
    let class = match code.and_then(|code| table::find(code, subcode, &message)) {
        Some(row) => row.class,
        None if fields.is_transient.is_some_and(Raw::truthy) => Class::Retry,
        None => match reply.status {
            429 => Class::SlowPage,
            500.. => Class::Retry,
            _ => Class::Unknown,
        },
    };
    let retry_after_ms = retry_after(reply).max(remaining(fields.data));
    Failure { code, subcode, class, retry_after_ms, may_have_arrived: false }
}

/// Without a readable body only the status is left. What a gateway or a broken server says
/// (5xx, 408) tells nothing about the message, and neither does a success without content.
fn judge_status(reply: &Reply<'_>) -> Failure {
    let (class, may_have_arrived) = match reply.status {
        429 => (Class::SlowPage, false),
        408 | 500.. => (Class::Retry, true),
        401 => (Class::TokenInvalid, false),
        403 => (Class::Permission, false),
        400..=499 => (Class::BadRequest, false),
        _ => (Class::Unknown, true),
    };
    let retry_after_ms = retry_after(reply);
    Failure { code: None, subcode: None, class, retry_after_ms, may_have_arrived }
}

fn retry_after(reply: &Reply<'_>) -> Option<i64> {
    reply.retry_after_s.map(|s| bounded_ms(i64::from(s)))
}

/// `error_data.remaining_seconds` (Meta changelog, 16 March 2026). `error_data` may itself be a
/// string of JSON.
fn remaining(data: Option<Raw<'_>>) -> Option<i64> {
    let seconds = |data: Raw<'_>| {
        let seconds = data.object::<ErrorData<'_>>()?.remaining_seconds?;
        let seconds = seconds.text()?.parse::<f64>().ok().filter(|s| *s > 0.0)?;
        Some(bounded_ms(seconds.ceil() as i64)) // saturates
    };
    let data = data?;
    if let Some(ms) = seconds(data) {
        return Some(ms);
    }
    let inner = data.text()?;
    seconds(serde_json::from_str(&inner).ok()?)
}

fn bounded_ms(seconds: i64) -> i64 {
    seconds.saturating_mul(SECOND).min(MAX_RETRY_AFTER_MS)
}
