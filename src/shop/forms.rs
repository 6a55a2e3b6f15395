//! Forms as they are compiled: questions one after another, and what their answers leave on a
//! person.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::model::{LinkButton, Localized, Shop};
use super::products::{Finder, Prices};
use crate::meta::ids::{CouponId, FieldId, FormId, ServiceId};
use crate::time::UnixMs;

/// Questions that are asked one after another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Form {
    /// Its name.
    pub id: FormId,
    /// What people read of it, at most 20 characters.
    pub title: Localized,
    /// Said before the first question.
    pub intro: Localized,
    /// In this order. Never empty.
    pub questions: Vec<Question>,
    /// Whether the answers are shown and confirmed before they count.
    pub confirm: bool,
    /// Said at the end; otherwise the language's default.
    pub done: Localized,
    /// Whether a person of the shop takes over at the end.
    pub hand_over: bool,
    /// Ends for certain answers, the first that fits; none fits: what the form itself says.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ends: Vec<End>,
    /// Shows the products that fit the answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finder: Option<Finder>,
    /// Minutes of silence before the one reminder; 0: none.
    pub remind_after_minutes: u16,
    /// What the end of the form leaves on a person.
    pub also: Also,
}

/// How a form ends after certain answers. All that is said here has to hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct End {
    /// One answer is this.
    pub only_if: Option<OnlyIf>,
    /// The points of all answers are at least this.
    pub score_at_least: Option<i64>,
    /// The points of all answers are at most this.
    pub score_at_most: Option<i64>,
    /// Said then; otherwise what the form says.
    pub text: Localized,
    /// Buttons under it, at most three.
    pub buttons: Vec<LinkButton>,
    /// Whether a person of the shop takes over.
    pub hand_over: bool,
    /// What it leaves on a person, and the form it opens.
    pub also: Also,
}

/// One question of a form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Question {
    /// Its name, and the field of the person that its answer becomes.
    pub id: FieldId,
    /// What it is called in the summary, at most 20 characters.
    pub title: Localized,
    /// The question.
    pub ask: Localized,
    /// The owner's words when an answer is not understood; otherwise the language's own.
    pub retry: Localized,
    /// What counts as an answer.
    pub kind: Kind,
    /// Whether it can be skipped.
    pub optional: bool,
    /// Asked only when another answer says so.
    pub only_if: Option<OnlyIf>,
}

/// What counts as an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Kind {
    /// One of these.
    Choice {
        /// At most ten, never none.
        options: Vec<Choice>,
    },
    /// Any text.
    Text {
        /// In characters.
        max: u16,
    },
    /// A number.
    Number {
        /// The least.
        min: Option<i64>,
        /// The most.
        max: Option<i64>,
        /// Without fractions.
        whole: bool,
        /// It is the most somebody wants to pay.
        #[serde(default)]
        budget: bool,
    },
    /// A day.
    Date {
        /// On which side of today.
        side: Side,
    },
    /// A time of day.
    Time,
    /// A phone number.
    Phone,
    /// A mail address.
    Email,
    /// One picture or more.
    Photo,
    /// A slot of something that can be booked.
    Slot {
        /// Of what.
        of: SlotOf,
    },
}

/// What a slot is of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum SlotOf {
    /// This service.
    Service(ServiceId),
    /// The service that was chosen in an earlier question: its options are called like services.
    Answer(FieldId),
}

impl Kind {
    /// Its word in `shop.toml`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Choice { .. } => "choice",
            Self::Text { .. } => "text",
            Self::Number { .. } => "number",
            Self::Date { .. } => "date",
            Self::Time => "time",
            Self::Phone => "phone",
            Self::Email => "email",
            Self::Photo => "photo",
            Self::Slot { .. } => "slot",
        }
    }

    /// Whether a value could be an answer of this kind: the owner may have changed the form since
    /// it was given.
    #[must_use]
    pub fn takes(&self, value: &FieldValue) -> bool {
        match (self, value) {
            (Self::Choice { options }, FieldValue::Choice(id)) => {
                options.iter().any(|option| option.id == *id)
            }
            (Self::Text { .. }, FieldValue::Text(_))
            | (Self::Number { .. }, FieldValue::Number(_))
            | (Self::Date { .. }, FieldValue::Date(_))
            | (Self::Time, FieldValue::Time(_))
            | (Self::Phone, FieldValue::Phone(_))
            | (Self::Email, FieldValue::Email(_))
            | (Self::Photo, FieldValue::Photos(_))
            | (Self::Slot { .. }, FieldValue::Slot { .. }) => true,
            _ => false,
        }
    }
}

/// On which side of today a day has to be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// Today or later.
    #[default]
    Future,
    /// Today or earlier.
    Past,
    /// Wherever.
    Any,
}

/// One of the answers to a choice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Choice {
    /// What is kept of it.
    pub id: String,
    /// What its quick reply says, at most 20 characters.
    pub title: Localized,
    /// What choosing it counts for the form's score.
    #[serde(default)]
    pub points: i64,
    /// The prices it stands for, in a product finder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prices: Option<Prices>,
    /// What choosing it leaves on a person.
    pub also: Also,
}

/// When a question is asked: all that is said here has to hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct OnlyIf {
    /// An earlier question of the same form.
    pub question: FieldId,
    /// Its answer is one of these options; empty: whatever.
    pub is: Vec<String>,
    /// Its answer is a number of at least this.
    pub at_least: Option<i64>,
    /// Its answer is a number of at most this.
    pub at_most: Option<i64>,
}

/// What an answer, a scan, a tap or a form leaves on a person beside its words.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(default)]
pub struct Also {
    /// Tags put on them.
    pub tags: Vec<String>,
    /// Fields set.
    pub set: BTreeMap<FieldId, FieldValue>,
    /// A form that opens then.
    pub form: Option<FormId>,
    /// A coupon that is given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub coupon: Option<CouponId>,
}

impl Also {
    /// Whether it does nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// A field of a person.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(tag = "type", content = "value", rename_all = "snake_case")]
pub enum FieldValue {
    /// Words.
    Text(String),
    /// A number.
    Number(Decimal),
    /// The id of an option.
    Choice(String),
    /// A day.
    Date(#[cfg_attr(not(target_arch = "wasm32"), schemars(with = "String"))] jiff::civil::Date),
    /// A time of day, in minutes after midnight.
    Time(u16),
    /// A phone number: digits, perhaps with a + before them.
    Phone(String),
    /// A mail address.
    Email(String),
    /// A slot.
    Slot {
        /// Of what.
        service: ServiceId,
        /// Its beginning, in ms since 1970.
        #[cfg_attr(not(target_arch = "wasm32"), schemars(with = "i64"))]
        at: UnixMs,
    },
    /// How many pictures were sent. They are in the conversation; none is kept here.
    Photos(u32),
}

/// A number with up to three decimals, exact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct Decimal {
    /// In thousandths.
    pub thousandths: i64,
}

impl Decimal {
    /// A whole number.
    #[must_use]
    pub const fn whole(number: i64) -> Self {
        Self { thousandths: number.saturating_mul(1_000) }
    }

    /// Whether it has no fraction.
    #[must_use]
    pub const fn is_whole(self) -> bool {
        self.thousandths % 1_000 == 0
    }

    /// As people write a price: with two decimals or none.
    #[must_use]
    pub fn written_as_price(self, point: char) -> String {
        let written = self.written(point);
        match written.split_once(point) {
            Some((whole, part)) => format!("{whole}{point}{part:0<2}"),
            None => written,
        }
    }

    /// As people write it, with this sign before the decimals.
    #[must_use]
    pub fn written(self, point: char) -> String {
        let sign = if self.thousandths < 0 { "-" } else { "" };
        let all = self.thousandths.unsigned_abs();
        let (whole, part) = (all / 1_000, all % 1_000);
        if part == 0 {
            return format!("{sign}{whole}");
        }
        let part = format!("{part:03}");
        format!("{sign}{whole}{point}{}", part.trim_end_matches('0'))
    }
}

impl Shop {
    /// The form of that name.
    #[must_use]
    pub fn form(&self, id: &FormId) -> Option<&Form> {
        self.forms.iter().find(|form| form.id == *id)
    }
}

impl Question {
    /// Whether it asks for a slot.
    #[must_use]
    pub const fn is_slot(&self) -> bool {
        matches!(self.kind, Kind::Slot { .. })
    }
}

impl Form {
    /// Whether any option counts for a score.
    #[must_use]
    pub fn is_scored(&self) -> bool {
        let scored = |question: &Question| match &question.kind {
            Kind::Choice { options } => options.iter().any(|option| option.points != 0),
            _ => false,
        };
        self.questions.iter().any(scored)
    }

    /// The question of that name.
    #[must_use]
    pub fn question(&self, id: &FieldId) -> Option<&Question> {
        self.questions.iter().find(|question| question.id == *id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_without_idle_zeros() {
        for (thousandths, written) in
            [(1_500, "1,5"), (-1_500, "-1,5"), (2_000, "2"), (5, "0,005"), (0, "0")]
        {
            assert_eq!(Decimal { thousandths }.written(','), written);
        }
        for (thousandths, written) in [(12_500, "12.50"), (12_000, "12"), (9_990, "9.99")] {
            assert_eq!(Decimal { thousandths }.written_as_price('.'), written);
        }
    }
}
