//! Segments: saved rules that say whom something is for.

use serde::{Deserialize, Serialize};

use super::model::{Lang, Shop};
use crate::meta::ids::{FieldId, SegmentId, TopicId};

/// A saved rule. It holds when all of `all`, at least one of `any` (if there is any) and none of
/// `not` hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Segment {
    /// Its name.
    pub id: SegmentId,
    /// Each has to hold.
    pub all: Vec<Condition>,
    /// One has to hold.
    pub any: Vec<Condition>,
    /// None may hold.
    pub not: Vec<Condition>,
}

/// Something that holds of a person or does not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Condition {
    /// They have this tag.
    Tag(String),
    /// A field of theirs is known and is so.
    Field {
        /// Which.
        field: FieldId,
        /// It is one of these, as written in `shop.toml`; empty: whatever.
        is: Vec<String>,
        /// It is a number of at least this.
        at_least: Option<i64>,
        /// It is a number of at most this.
        at_most: Option<i64>,
    },
    /// The standard messaging window is open, or closed.
    WindowOpen(bool),
    /// They write to this branch.
    Branch(String),
    /// They agreed to this topic.
    Topic(TopicId),
    /// They were last understood in this language.
    Language(Lang),
    /// They wrote or tapped within so many days.
    SeenWithinDays(u16),
    /// They have done neither for so many days.
    UnseenForDays(u16),
}

impl Shop {
    /// The segment of that name.
    #[must_use]
    pub fn segment(&self, id: &SegmentId) -> Option<&Segment> {
        self.segments.iter().find(|segment| segment.id == *id)
    }
}
