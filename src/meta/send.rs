//! What leaves: message contents, and the bodies the Send API takes.

use serde::{Deserialize, Serialize};

/// One bubble, before it is addressed to anybody. This is what the outbox keeps; who gets it,
/// and by which token, is decided when the row is claimed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Content {
    /// Text, with quick replies under it (at most 13).
    Text {
        /// What it says.
        text: String,
        /// Taps offered with it.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        quick_replies: Vec<QuickReply>,
    },
    /// Text with one to three buttons.
    Buttons {
        /// At most 640 characters.
        text: String,
        /// One to three.
        buttons: Vec<Button>,
    },
    /// One card, or several side by side (at most ten).
    Cards {
        /// One to ten.
        cards: Vec<Card>,
    },
    /// A picture.
    Image {
        /// Where Meta fetches it: https, at most 8 MB.
        url: String,
    },
    /// The card that asks for consent to a topic.
    OptIn(OptInRequest),
}

/// A quick reply: shown under the newest bubble, gone after a tap.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuickReply {
    /// At most 20 characters.
    pub title: String,
    /// At most 1,000 characters; comes back with the tap.
    pub payload: String,
}

/// A button under a text or a card. The title has at most 20 characters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Button {
    /// Opens a page.
    WebUrl {
        /// What it says.
        title: String,
        /// Where it leads, https.
        url: String,
    },
    /// Comes back to us as a postback.
    Postback {
        /// What it says.
        title: String,
        /// At most 1,000 characters.
        payload: String,
    },
    /// Calls a number.
    PhoneNumber {
        /// What it says.
        title: String,
        /// International form: `+37060000000`.
        number: String,
    },
}

/// A card of the generic template.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Card {
    /// At most 80 characters.
    pub title: String,
    /// At most 80 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subtitle: Option<String>,
    /// Its picture, https.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_url: Option<String>,
    /// At most three.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub buttons: Vec<Button>,
}

/// The `notification_messages` template.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OptInRequest {
    /// At most 65 characters. People see it, and Meta allows one request per title and week.
    pub title: String,
    /// Its picture, https.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_url: Option<String>,
    /// Comes back in the opt-in webhook.
    pub payload: String,
    /// The shop's IANA time zone.
    pub timezone: String,
}
