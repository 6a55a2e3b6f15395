//! What Meta's webhooks say, in one shape for Messenger and Instagram.
//!
//! `parse` makes these; `desk` decides on them. Everything Meta leaves out is an `Option`;
//! everything we do not know is [`EventKind::Unknown`].

use serde::{Deserialize, Serialize};

use super::ids::{AccountId, AppId, Mid, NotificationToken, Psid};
use crate::time::UnixMs;

/// Where a conversation takes place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Channel {
    /// Messenger (`object: "page"`).
    Messenger,
    /// Instagram direct messages (`object: "instagram"`).
    Instagram,
}

/// Which list of the webhook entry an event stood in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Lane {
    /// `entry[].messaging[]`: ours to answer.
    Messaging,
    /// `entry[].standby[]`: another app holds the thread. Never answered.
    Standby,
    /// `entry[].changes[]`: feed and comments, and the dashboard's test button.
    Changes,
}

/// One item of a webhook.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Messenger or Instagram.
    pub channel: Channel,
    /// The Page or Instagram account it is about (`entry[].id`).
    pub account: AccountId,
    /// The person whose conversation it belongs to: the sender, or for an echo the recipient.
    /// `None` for events without a person (app roles, policy enforcement) and for plugin guests.
    pub person: Option<Psid>,
    /// When it happened, by Meta's clock.
    pub at: UnixMs,
    /// The list it stood in.
    pub lane: Lane,
    /// What happened.
    pub kind: EventKind,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// A person wrote, or tapped a quick reply.
    Message(Message),
    /// Something was sent in the Page's name: by us, by another app, or by a person in the inbox.
    Echo(Echo),
    /// A person edited a message (at most five times).
    MessageEdit {
        /// The edited message.
        mid: Mid,
        /// Its text now.
        text: Option<String>,
        /// The number of this edit, from 1.
        num_edit: u32,
    },
    /// A person unsent a message.
    MessageDeleted {
        /// The message that is gone.
        mid: Mid,
    },
    /// A person tapped a button, a menu item or Get Started.
    Postback(Postback),
    /// A person with an existing thread came in through a link, a code or an ad.
    Referral(Referral),
    /// A person agreed to, or stopped, notifications; or ticked a plugin.
    Optin(Optin),
    /// Messages were delivered.
    Delivery {
        /// Which, when Meta says so.
        mids: Vec<Mid>,
        /// Everything sent before this moment was delivered.
        watermark: Option<UnixMs>,
    },
    /// Messages were read.
    Read {
        /// Everything sent before this moment was read (Messenger).
        watermark: Option<UnixMs>,
        /// The message that was read (Instagram).
        mid: Option<Mid>,
    },
    /// A person reacted to a message, or took the reaction back.
    Reaction {
        /// The message reacted to.
        mid: Option<Mid>,
        /// `true` for react, `false` for unreact.
        added: bool,
        /// Meta's name of the reaction ("love").
        reaction: Option<String>,
        /// The emoji itself.
        emoji: Option<String>,
    },
    /// The thread changed hands between apps (conversation routing).
    ThreadControl(ThreadControl),
    /// Which role each app has on this Page.
    AppRoles {
        /// App and its roles.
        roles: Vec<(AppId, Vec<String>)>,
    },
    /// A paid marketing message came further, or did not arrive.
    Marketing(MarketingNews),
    /// Meta has judged a utility template. Which one and how is asked of the Graph API: the shape
    /// of this webhook is not documented.
    TemplateStatus,
    /// Meta warned, blocked or unblocked the Page.
    PolicyEnforcement {
        /// `warning`, `block`, `unblock`.
        action: String,
        /// Meta's words.
        reason: Option<String>,
    },
    /// A person linked or unlinked an account.
    AccountLinking {
        /// `true` for linked.
        linked: bool,
        /// Only when linked.
        authorization_code: Option<String>,
    },
    /// Somebody commented on a post, or changed a comment.
    Comment(Comment),
    /// Another change of the Page's feed.
    FeedChange {
        /// `post`, `reaction`, `status`, …
        item: String,
        /// `add`, `edited`, `remove`, …
        verb: String,
        /// The post it is about.
        post_id: Option<String>,
    },
    /// Something we do not know. Counted by `kind`, never an error.
    Unknown {
        /// Meta's key for it, at most 64 characters.
        kind: String,
    },
}

/// A message from a person.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// Its id; absent in damaged payloads.
    pub mid: Option<Mid>,
    /// What was written. Absent for stickers and attachments.
    pub text: Option<String>,
    /// Payload of the quick reply that was tapped.
    pub quick_reply: Option<String>,
    /// The message or story it answers.
    pub reply_to: Option<ReplyTo>,
    /// Pictures, stickers, shares, locations.
    pub attachments: Vec<Attachment>,
    /// Set when the message came with a referral (Shops, Click-to-Messenger ads).
    pub referral: Option<Referral>,
    /// Meta could not show it to apps (`is_unsupported`).
    pub unsupported: bool,
}

/// What a message answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReplyTo {
    /// An earlier message.
    Message(Mid),
    /// An Instagram story.
    Story(String),
}

/// An attachment. Only what is needed to tell kinds apart: no media is kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Attachment {
    /// What it is.
    pub kind: AttachmentKind,
    /// Where it lies, when Meta gives an address.
    pub url: Option<String>,
    /// Sticker id, when it is one. The thumbs-up is 369239263222822.
    pub sticker_id: Option<String>,
}

/// Kinds of attachment known in November 2026.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttachmentKind {
    /// A picture.
    Image,
    /// Sound.
    Audio,
    /// Film.
    Video,
    /// Any other file.
    File,
    /// A sticker.
    Sticker,
    /// A reel, shared on Messenger or Instagram.
    Reel,
    /// A shared post, on Messenger or Instagram; also Instagram's older `share`.
    Post,
    /// A booking made in Meta's own calendar.
    AppointmentBooking,
    /// A link preview.
    Fallback,
    /// A product template.
    Template,
    /// A place.
    Location,
    /// A mention in a story.
    StoryMention,
    /// A picture that disappears.
    Ephemeral,
    /// Instagram's double-tap heart.
    LikeHeart,
    /// A kind we do not know, by Meta's name, at most 64 characters.
    Other(String),
}

/// Something sent in the Page's name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Echo {
    /// Its id.
    pub mid: Option<Mid>,
    /// The app that sent it.
    pub app_id: Option<AppId>,
    /// What that app put beside it; ours marks our own.
    pub metadata: Option<String>,
    /// Its text.
    pub text: Option<String>,
}

/// A tapped button.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Postback {
    /// Often absent.
    pub mid: Option<Mid>,
    /// What the button said.
    pub title: Option<String>,
    /// What the button carries. Absent in standby.
    pub payload: Option<String>,
    /// Set when this starts a NEW thread that came from a link, a code or an ad.
    pub referral: Option<Referral>,
}

/// How somebody came in.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Referral {
    /// The `ref` parameter of the m.me or ig.me link.
    #[serde(rename = "ref")]
    pub ref_: Option<String>,
    /// `SHORTLINK`, `ADS`, …
    pub source: Option<String>,
    /// `OPEN_THREAD`, `LEAD_COMPLETE`, …
    pub kind: Option<String>,
    /// The ad, when it was one.
    pub ad_id: Option<String>,
    /// The product, when it came from Shops.
    pub product_id: Option<String>,
    /// What the ad showed, when Meta says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ad: Option<Box<AdContext>>,
}

/// What an ad showed (Meta, messaging referrals, 2026: `ads_context_data`).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct AdContext {
    /// Its title.
    pub title: Option<String>,
    /// Its picture. An address of Meta's, good for a while.
    pub photo_url: Option<String>,
    /// Its film. The same.
    pub video_url: Option<String>,
    /// The post it is made of.
    pub post_id: Option<String>,
    /// The product it shows.
    pub product_id: Option<String>,
}

/// An opt-in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Optin {
    /// Notifications on a topic: agreed, stopped or resumed.
    Notification(NotificationOptin),
    /// A one-time notification.
    OneTime {
        /// What our request carried.
        payload: Option<String>,
        /// Good for one message.
        token: Option<NotificationToken>,
    },
    /// A plugin on a website.
    Plugin {
        /// The plugin's `ref`.
        #[serde(rename = "ref")]
        ref_: Option<String>,
        /// A guest who has no id yet.
        user_ref: Option<String>,
    },
}

/// A person's word on a topic.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NotificationOptin {
    /// What our request carried.
    pub payload: Option<String>,
    /// The token to send with.
    pub token: Option<NotificationToken>,
    /// Agreed, stopped or resumed.
    pub status: OptinStatus,
    /// `DAILY`, `WEEKLY`, `MONTHLY`; only from old integrations.
    pub frequency: Option<String>,
    /// The person's IANA time zone.
    pub timezone: Option<String>,
    /// When the token ends, if it does.
    pub expires_at: Option<UnixMs>,
    /// The title the person saw.
    pub title: Option<String>,
    /// Set when it came through an m.me/rn link.
    #[serde(rename = "ref")]
    pub ref_: Option<String>,
}

/// Meta writes it with a space in its reference and with an underscore on the wire; both are
/// understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OptinStatus {
    /// No status: the person agreed.
    Granted,
    /// `STOP NOTIFICATIONS`.
    Stopped,
    /// `RESUME NOTIFICATIONS`.
    Resumed,
}

/// What Meta tells of a paid marketing message.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MarketingNews {
    /// How far it came.
    pub step: MarketingStep,
    /// What the message was answered with when it was sent.
    pub tracking: Option<String>,
    /// Its id in the thread.
    pub mid: Option<Mid>,
    /// By which token it was sent.
    pub token: Option<NotificationToken>,
    /// In which campaign.
    pub campaign: Option<String>,
}

/// How far a paid marketing message came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MarketingStep {
    /// It stands in the thread.
    Echoed,
    /// It was delivered.
    Delivered,
    /// It was read.
    Read,
    /// Something in it was tapped.
    Clicked,
    /// It did not arrive.
    Failed,
}

/// A change of hands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ThreadControl {
    /// What happened to the thread.
    pub action: ThreadAction,
    /// Who held it.
    pub previous_owner: Option<AppId>,
    /// Who holds it now.
    pub new_owner: Option<AppId>,
    /// Who asks for it.
    pub requested_owner: Option<AppId>,
    /// What the app said.
    pub metadata: Option<String>,
}

/// What happened to a thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ThreadAction {
    /// `pass_thread_control`.
    Pass,
    /// `take_thread_control`.
    Take,
    /// `request_thread_control`.
    Request,
}

/// A comment, on Facebook or Instagram.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Comment {
    /// The comment.
    pub id: String,
    /// The post or media it stands under.
    pub post_id: Option<String>,
    /// The comment it answers, if any.
    pub parent_id: Option<String>,
    /// Who wrote it; the Page itself, when its own.
    pub from: Option<String>,
    /// `add`, `edited`, `remove`, `hide`, …; Instagram only reports `add`.
    pub verb: String,
    /// What it says.
    pub text: Option<String>,
    /// It was written while a broadcast is on (Instagram's `live_comments`).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub live: bool,
}
