//! Meta's numbers, each with where and when Meta said it. Nothing else in the house spells one, but
//! for the sandbox: it plays Meta and has to be able to disagree.
//!
//! **Unit.** Meta writes "characters" and does not say which. UTF-16 units are counted here: never
//! fewer than code points, so that what fits here fits there whichever is meant (an emoji counts
//! two). Instagram's text limit is in bytes of UTF-8.

use super::event::Channel;
use crate::time::DAY;

/// Webhook bodies longer than this are refused unread, in bytes. Meta names no limit and batches
/// at most 1,000 updates (Meta, "Webhooks", 2026); a text message with everything around it takes
/// about 1 KiB with Meta's `\uXXXX` spelling in the longest usual case. 1 MiB holds such a batch,
/// and an isolate of 128 MB holds many such bodies at once.
pub const WEBHOOK_BODY: usize = 1024 * 1024;

/// Events read from one webhook; what is beyond is cut off. Ten times Meta's batch (Meta,
/// "Webhooks", 2026): only a body made of empty items gets here.
pub const WEBHOOK_EVENTS: usize = 10_000;

/// Attachments of one message (Meta, "Send API", 2026: at most 30 pictures).
pub const ATTACHMENTS: usize = 30;

/// Messenger text, UTF-16 units: "less than 2000 characters" (Meta, "Send API", 2026).
pub const MESSENGER_TEXT: usize = 1_999;

/// Instagram text, bytes of UTF-8 (third parties quoting Meta, 2026; unconfirmed).
pub const INSTAGRAM_TEXT: usize = 1_000;

/// Quick replies under one message (Meta, "Quick replies", 2026).
pub const QUICK_REPLIES: usize = 13;

/// Title of a quick reply, UTF-16 units (Meta, "Quick replies", 2026).
pub const QUICK_REPLY_TITLE: usize = 20;

/// Payload of a quick reply or a button, UTF-16 units (Meta, "Quick replies" and "Buttons", 2026).
pub const PAYLOAD: usize = 1_000;

/// Text above buttons, UTF-16 units (Meta, "Button template", 2026).
pub const BUTTON_TEXT: usize = 640;

/// Buttons under a text or a card (Meta, "Button template" and "Generic template", 2026).
pub const BUTTONS: usize = 3;

/// Title of a button, UTF-16 units (Meta, "Buttons", 2026).
pub const BUTTON_TITLE: usize = 20;

/// Cards side by side (Meta, "Generic template", 2026).
pub const CARDS: usize = 10;

/// Title of a card, UTF-16 units (Meta, "Generic template", 2026).
pub const CARD_TITLE: usize = 80;

/// Second line of a card, UTF-16 units (Meta, "Generic template", 2026).
pub const CARD_SUBTITLE: usize = 80;

/// Title of an opt-in request, UTF-16 units (Meta, "Marketing messages", June 2026).
pub const OPT_IN_TITLE: usize = 65;

/// `metadata` beside a message, UTF-16 units: fewer than 1,000 (Meta, "Send API", 2026).
pub const METADATA: usize = 999;

/// Greeting before a conversation, UTF-16 units (third parties, 2026; Meta's page not read).
pub const GREETING: usize = 160;

/// Ice breakers (Meta, "Ice breakers", 2026).
pub const ICE_BREAKERS: usize = 4;

/// Question of an ice breaker, UTF-16 units (Meta, "Ice breakers", 2026).
pub const ICE_BREAKER_QUESTION: usize = 80;

/// Items of the persistent menu. Meta names no limit since there is no nesting (v8); this is its
/// best practice (Meta, "Persistent menu", 2026).
pub const MENU_ITEMS: usize = 5;

/// Title of an item of the menu, UTF-16 units (Meta, "Persistent menu", 2026).
pub const MENU_TITLE: usize = 30;

/// Commands of a Page (Meta, "Commands", 2026).
pub const COMMANDS: usize = 100;

/// Name of a command, UTF-16 units (Meta, "Commands", 2026).
pub const COMMAND_NAME: usize = 32;

/// Description of a command, UTF-16 units (Meta, "Commands", 2026).
pub const COMMAND_DESCRIPTION: usize = 64;

/// `ref` of an m.me link, bytes as written in the link (Meta, "m.me links", 2026). Only `A-Z a-z
/// 0-9 - _ =` come back in a webhook.
pub const REF: usize = 2_083;

/// The same opt-in title to the same person, at most once in this time, ms (Meta, "Marketing
/// messages", June 2026). The default title counts too.
pub const OPT_IN_EVERY_MS: i64 = 7 * DAY;

/// A comment can be answered privately for this long, ms, and once (Meta, "Private replies",
/// 2026).
pub const PRIVATE_REPLY_MS: i64 = 7 * DAY;

/// While a broadcast is on, its comments can be answered privately, and not afterwards (Meta,
/// Instagram private replies, 2026). Nobody tells when it ends: our own.
pub const LIVE_REPLY_MS: i64 = 10 * crate::time::MINUTE;

/// Text of a public answer under a comment, UTF-16 units. Our own: it is read in passing.
pub const PUBLIC_REPLY: usize = 300;

/// A person may answer with HUMAN_AGENT for this long after somebody's last message, ms (Meta,
/// "Messenger Platform policy", 28 September 2026).
pub const HUMAN_AGENT_MS: i64 = 7 * DAY;

/// Private replies of a Page in an hour (Meta, "Rate limits", 23 March 2026).
pub const PRIVATE_REPLIES_PER_HOUR: u32 = 750;

/// Sends of a Page in a second: text, links, reactions, stickers (Meta, "Rate limits",
/// 23 March 2026; 250 before).
pub const SENDS_PER_SECOND: u32 = 300;

/// Above this many sends a second the Page's inbox freezes for the people who work in it (Meta,
/// "Rate limits", 23 March 2026).
pub const INBOX_SENDS_PER_SECOND: u32 = 40;

/// Graph calls in 24 hours, per person who engaged with the Page (Meta, "Rate limits",
/// 23 March 2026).
pub const CALLS_PER_ENGAGED_PERSON: u32 = 200;

/// Length of `text` in UTF-16 units.
#[must_use]
pub fn units(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}

/// Length of `text` as the channel counts texts: UTF-16 units on Messenger, bytes on Instagram.
#[must_use]
pub fn text_len(channel: Channel, text: &str) -> usize {
    match channel {
        Channel::Messenger => units(text),
        Channel::Instagram => text.len(),
    }
}

/// The longest text, as [`text_len`] counts.
#[must_use]
pub const fn text_max(channel: Channel) -> usize {
    match channel {
        Channel::Messenger => MESSENGER_TEXT,
        Channel::Instagram => INSTAGRAM_TEXT,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_channel_counts_in_its_own_unit() {
        let text = "a😢ą語";
        assert_eq!(units(text), 5);
        assert_eq!(text_len(Channel::Messenger, text), 5);
        assert_eq!(text_len(Channel::Instagram, text), 10);
    }
}
