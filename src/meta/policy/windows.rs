//! How long a person's doing lets us write, and how far notifications lie apart. Dated.

use jiff::civil::{Date, date};
use serde::{Deserialize, Serialize};

use super::Transport;
use crate::time::{DAY, HOUR};

/// What a person did, as far as it matters to the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Opener {
    /// Wrote a message, also as an answer to a marketing message or through a plugin.
    Message,
    /// Tapped a button, a menu item or Get Started.
    Postback,
    /// Came through an m.me or ig.me link into a thread that existed.
    Referral,
    /// Reacted to a message.
    Reaction,
    /// Wrote the first message after a Click-to-Messenger or Click-to-Direct ad.
    AdMessage,
    /// Commented on a post, or posted on the Page.
    Comment,
    /// Agreed to notifications.
    Optin,
}

/// How long a window is.
#[derive(Debug)]
pub struct Window {
    /// What opens it.
    pub opener: Opener,
    /// How long it stays open, ms; 0: it does not open.
    pub ms: i64,
    /// First day of the rule.
    pub valid_from: Date,
    /// Last day of the rule; none: until Meta says otherwise.
    pub valid_to: Option<Date>,
    /// Where Meta says it.
    pub source: &'static str,
    /// The day of that source.
    pub source_date: Date,
    /// For the owner.
    pub says: &'static str,
}

/// Stands for the first day of rules that are older than this table.
const BEFORE_THIS_TABLE: Date = date(2020, 1, 1);

const STANDARD: i64 = 24 * HOUR;

const fn standard(opener: Opener, says: &'static str) -> Window {
    Window {
        opener,
        ms: STANDARD,
        valid_from: BEFORE_THIS_TABLE,
        valid_to: None,
        source: "Meta, Messenger Platform policy",
        source_date: date(2026, 9, 28),
        says,
    }
}

/// Every window.
pub const WINDOWS: &[Window] = &[
    standard(Opener::Message, "24 hours after the person's last message."),
    standard(Opener::Postback, "24 hours after a tap."),
    standard(Opener::Referral, "24 hours after coming through a link."),
    standard(Opener::Reaction, "24 hours after a reaction."),
    Window {
        valid_to: Some(date(2026, 9, 27)),
        ..standard(Opener::AdMessage, "24 hours after the first message from an ad.")
    },
    Window {
        ms: 7 * DAY,
        valid_from: date(2026, 9, 28),
        ..standard(Opener::AdMessage, "7 days after the first message from an ad.")
    },
    // The policy counts a comment among what opens a window; the page on private replies allows
    // one answer until the person writes. The stricter of the two.
    Window {
        ms: 0,
        source: "Meta, Private replies",
        ..standard(Opener::Comment, "A comment may be answered privately once.")
    },
    Window {
        ms: 0,
        source: "Meta, Marketing messages",
        source_date: date(2026, 6, 30),
        ..standard(Opener::Optin, "Opting in does not open the messaging window.")
    },
];

/// How long `opener` on `day` opens the standard messaging window, in ms; 0 when it does not.
#[must_use]
pub fn window_after(opener: Opener, day: Date) -> i64 {
    WINDOWS
        .iter()
        .find(|window| window.opener == opener && in_force(window.valid_from, window.valid_to, day))
        .map_or(0, |window| window.ms)
}

/// How far two notifications by the same token lie apart.
#[derive(Debug)]
pub struct Cooldown {
    /// By which transport.
    pub transport: Transport,
    /// At least this long, ms.
    pub ms: i64,
    /// First day of the rule.
    pub valid_from: Date,
    /// Last day of the rule; none: until Meta says otherwise.
    pub valid_to: Option<Date>,
    /// Where Meta says it.
    pub source: &'static str,
    /// The day of that source.
    pub source_date: Date,
}

/// Every cooldown.
pub const COOLDOWNS: &[Cooldown] = &[
    Cooldown {
        transport: Transport::LegacyRecurring,
        ms: 24 * HOUR,
        valid_from: BEFORE_THIS_TABLE,
        valid_to: Some(date(2025, 8, 31)),
        source: "Meta, Marketing Messages FAQ",
        source_date: date(2026, 3, 31),
    },
    Cooldown {
        transport: Transport::LegacyRecurring,
        ms: 48 * HOUR,
        valid_from: date(2025, 9, 1),
        valid_to: None,
        source: "Meta, Marketing Messages FAQ",
        source_date: date(2026, 3, 31),
    },
    // The page about sending says 12 hours per token (since 11 August 2025), the FAQ one message
    // per person and day. The stricter of the two.
    Cooldown {
        transport: Transport::PaidMarketing,
        ms: 24 * HOUR,
        valid_from: date(2025, 7, 1),
        valid_to: None,
        source: "Meta, Marketing Messages FAQ",
        source_date: date(2026, 3, 31),
    },
];

/// How far two notifications by the same token lie apart on `day`, in ms; 0 where Meta names no
/// distance.
#[must_use]
pub fn cooldown(transport: Transport, day: Date) -> i64 {
    COOLDOWNS
        .iter()
        .find(|rule| rule.transport == transport && in_force(rule.valid_from, rule.valid_to, day))
        .map_or(0, |rule| rule.ms)
}

fn in_force(from: Date, to: Option<Date>, day: Date) -> bool {
    from <= day && to.is_none_or(|last| day <= last)
}
