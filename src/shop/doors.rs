//! Doors that are no posters: comments that are answered privately, ads, and the links by which
//! customers bring their friends.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::forms::Also;
use super::model::{Lang, LinkButton, Localized, Platform, Poster};
use crate::meta::ids::{AdRuleId, CommentRuleId, FaqId, FieldId, TopicId};

/// Which comments are answered privately, and how.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct CommentRule {
    /// Its name: what its answers are counted under.
    pub id: CommentRuleId,
    /// Under these posts; empty: under any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub posts: Vec<String>,
    /// That hold one of these; empty: whatever they say.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub keywords: BTreeMap<Lang, Vec<String>>,
    /// That ask something the FAQ has an answer for, which is the private reply then.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub questions: bool,
    /// Only there; none: on Facebook and Instagram.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform: Option<Platform>,
    /// The first day it holds, by the shop's clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(not(target_arch = "wasm32"), schemars(with = "Option<String>"))]
    pub from: Option<jiff::civil::Date>,
    /// The last day it holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(not(target_arch = "wasm32"), schemars(with = "Option<String>"))]
    pub until: Option<jiff::civil::Date>,
    /// The private reply: one message, that is all Meta allows.
    #[serde(default, skip_serializing_if = "Localized::is_empty")]
    pub text: Localized,
    /// An answer of the FAQ's in its place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub faq: Option<FaqId>,
    /// Buttons under it, at most three.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub buttons: Vec<LinkButton>,
    /// Taps under it, at most thirteen.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub quick_replies: Vec<LinkButton>,
    /// Said under the comment once the private reply has left, each in its turn.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub public: BTreeMap<Lang, Vec<String>>,
    /// Consent asked for when the person answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub topic: Option<TopicId>,
    /// What answering leaves on the person, and the form it opens.
    #[serde(default, skip_serializing_if = "Also::is_empty")]
    pub also: Also,
}

/// What people find who come by an ad.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct AdRule {
    /// Its name.
    pub id: AdRuleId,
    /// Ids of the ads; with no refs either: every ad that nothing else is said of.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ads: Vec<String>,
    /// Refs that the ads carry.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refs: Vec<String>,
    /// What people find: as behind a poster. Its code is the rule's name.
    pub landing: Poster,
}

impl AdRule {
    /// Whether it is for every ad that nothing else is said of.
    #[must_use]
    pub fn is_default(&self) -> bool {
        self.ads.is_empty() && self.refs.is_empty()
    }
}

/// Customers bring their friends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Friends {
    /// Messages that ask for a link of one's own, beside the languages' own.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub words: BTreeMap<Lang, Vec<String>>,
    /// Said with the link; where it is missing, the language's own.
    #[serde(default, skip_serializing_if = "Localized::is_empty")]
    pub text: Localized,
    /// Said to whoever brought a friend; the same.
    #[serde(default, skip_serializing_if = "Localized::is_empty")]
    pub thanks: Localized,
    /// Put on whoever brought a friend.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub thanks_tags: Vec<String>,
    /// The field that counts the friends somebody brought.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counted_in: Option<FieldId>,
    /// So many friends count for one person…
    pub most: u32,
    /// … in so many days.
    pub per_days: u32,
    /// What the friend finds: as behind a poster.
    pub landing: Poster,
}
