//! What is sent beside the plain notifications: other wordings of one, sequences, offers that
//! people can ask to be told of, and the last word before a window closes.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::everywhere::of_cards;
use super::model::{LinkButton, Localized, Notification, RichCard, Shop, Zone};
use crate::meta::ids::{
    CouponId, FormId, NotificationId, OfferId, PosterCode, SegmentId, SequenceId, TopicId,
};

/// What a message says. Either text or cards.
#[derive(Clone, Copy, Debug)]
pub struct Said<'a> {
    /// Its name among the wordings; none: there is only one.
    pub variant: Option<&'a str>,
    /// Its words.
    pub text: &'a Localized,
    /// The picture of its card.
    pub image: Option<&'a String>,
    /// Under the words.
    pub buttons: &'a [LinkButton],
    /// In place of the words.
    pub cards: &'a [RichCard],
    /// The coupon it brings.
    pub coupon: Option<&'a CouponId>,
}

/// Another wording of a notification. What it does not say it has of the notification, but for the
/// text and the cards, of which it has its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Variant {
    /// What reports call it.
    pub name: String,
    /// What it says.
    pub text: Localized,
    /// A picture sent as its card's image, https.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// At most three.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub buttons: Vec<LinkButton>,
    /// Cards side by side in place of the text, at most ten.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cards: Vec<RichCard>,
    /// The coupon it brings: `{coupon}` is the person's own code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coupon: Option<CouponId>,
}

/// What reports call the wording that stands in the notification itself.
pub const FIRST_VARIANT: &str = "a";

impl Notification {
    /// How many wordings it has.
    #[must_use]
    pub fn wordings(&self) -> usize {
        self.variants.len().saturating_add(1)
    }

    /// Its wording with this number, of [`Notification::wordings`].
    #[must_use]
    pub fn said(&self, number: usize) -> Said<'_> {
        let own = Said {
            variant: (!self.variants.is_empty()).then_some(FIRST_VARIANT),
            text: &self.text,
            image: self.image.as_ref(),
            buttons: &self.buttons,
            cards: &self.cards,
            coupon: self.coupon.as_ref(),
        };
        let Some(variant) = number.checked_sub(1).and_then(|n| self.variants.get(n)) else {
            return own;
        };
        Said {
            variant: Some(&variant.name),
            text: &variant.text,
            image: variant.image.as_ref().or(own.image),
            buttons: if variant.buttons.is_empty() { own.buttons } else { &variant.buttons },
            cards: &variant.cards,
            coupon: variant.coupon.as_ref().or(own.coupon),
        }
    }

    /// Every button of every wording.
    pub fn all_buttons(&self) -> impl Iterator<Item = &LinkButton> {
        let variants = self.variants.iter();
        self.buttons
            .iter()
            .chain(of_cards(&self.cards))
            .chain(variants.flat_map(|v| v.buttons.iter().chain(of_cards(&v.cards))))
    }

    /// Whether it may be due on this day.
    #[must_use]
    pub fn in_season(&self, day: Date) -> bool {
        self.from.is_none_or(|first| first <= day) && self.until.is_none_or(|last| day <= last)
    }
}

/// Messages one after another, for each person from their own beginning on. Each person goes
/// through it once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Sequence {
    /// Its name.
    pub id: SequenceId,
    /// By which consent its steps are sent.
    pub topic: TopicId,
    /// What begins it for a person.
    pub start: Start,
    /// Whose clock its times follow.
    #[serde(default)]
    pub zone: Zone,
    /// Whether it ends for somebody who writes or taps after a step of it.
    pub stop_on_reply: bool,
    /// It ends for somebody who has one of these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stop_tags: Vec<String>,
    /// Nobody begins it, and nothing of it is sent.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub draft: bool,
    /// In this order. Never empty.
    pub steps: Vec<Step>,
}

/// What begins a sequence for a person: any of these.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(default)]
pub struct Start {
    /// They agree to its topic.
    pub consent: bool,
    /// They get one of these.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// They end this form.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub form: Option<FormId>,
    /// They come in by this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub poster: Option<PosterCode>,
}

/// One message of a sequence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Step {
    /// How long after the one before it, or after the beginning.
    pub wait: Wait,
    /// What is sent. Its name is the sequence's and the step's; it has no schedule of its own.
    pub notification: Notification,
}

/// When a step is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Wait {
    /// So many minutes later.
    Minutes(u32),
    /// So many local days later.
    Days {
        /// How many; 0: on the same day, or the next one if the hour has passed.
        days: u16,
        /// Minutes after local midnight; none: at the hour of the one before.
        at: Option<u16>,
    },
    /// On this day; whoever comes too late for it does without.
    On {
        /// Which.
        #[cfg_attr(not(target_arch = "wasm32"), schemars(with = "String"))]
        date: Date,
        /// Minutes after local midnight.
        at: u16,
    },
}

impl Sequence {
    /// The number of the step with this name.
    #[must_use]
    pub fn step_of(&self, id: &NotificationId) -> Option<usize> {
        self.steps.iter().position(|step| step.notification.id == *id)
    }
}

/// Something that people can ask to be told of. What they are told are notifications with
/// [`Notification::offer`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Offer {
    /// Its name.
    pub id: OfferId,
    /// By which consent they are told.
    pub topic: TopicId,
    /// What it is called on buttons, at most 20 characters.
    pub title: Localized,
    /// What is said when it begins, if anything is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<NotificationId>,
    /// What is said before it ends, if anything is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<NotificationId>,
    /// Its beginning has no day: the owner says when, and may say so again and again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub opened_by_hand: bool,
}

/// The last word before a window closes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Nudge {
    /// What it says.
    pub text: Localized,
    /// At most three.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub buttons: Vec<LinkButton>,
    /// The coupon it brings: `{coupon}` is the person's own code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coupon: Option<CouponId>,
    /// How long before the window closes.
    pub before_minutes: u16,
    /// For whom; none: for those who left a form open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub segment: Option<SegmentId>,
    /// Days until the same person may get it again.
    pub every_days: u16,
}

impl Shop {
    /// The sequence that a notification is a step of.
    #[must_use]
    pub fn sequence_of(&self, id: &NotificationId) -> Option<&Sequence> {
        self.sequences.iter().find(|sequence| sequence.step_of(id).is_some())
    }

    /// The sequence of that name.
    #[must_use]
    pub fn sequence(&self, id: &SequenceId) -> Option<&Sequence> {
        self.sequences.iter().find(|sequence| sequence.id == *id)
    }

    /// The offer of that name.
    #[must_use]
    pub fn offer(&self, id: &OfferId) -> Option<&Offer> {
        self.offers.iter().find(|offer| offer.id == *id)
    }
}
