//! A consent as it lies in KV under `subscription:{page}:{person}:{topic}`: the record that
//! lasts. Its layout is public.

use serde::{Deserialize, Serialize};

use crate::meta::event::Channel;
use crate::meta::ids::{NotificationToken, PageId, Psid, TopicId};
use crate::store::consents::{self, Consent, Status};
use crate::store::timers::{self, Timer};
use crate::store::{Sql, StoreError, kv_queue, to_json};
use crate::time::{SECOND, UnixMs};

/// The version of this layout.
pub const SUBSCRIPTION_SCHEMA: u32 = 1;

/// The value. Times are RFC 3339 in UTC.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Subscription {
    /// [`SUBSCRIPTION_SCHEMA`].
    pub v: u32,
    /// The Page.
    pub page: PageId,
    /// The person, page-scoped.
    pub person: Psid,
    /// On what.
    pub topic: TopicId,
    /// What Meta takes instead of a recipient; none when Meta gave none.
    pub token: Option<NotificationToken>,
    /// `active` or `stopped`.
    pub status: SubscriptionStatus,
    /// `DAILY`, `WEEKLY`, `MONTHLY`; only from old integrations.
    pub frequency: Option<String>,
    /// The person's IANA time zone, when Meta told it.
    pub timezone: Option<String>,
    /// When the person agreed.
    #[cfg_attr(not(target_arch = "wasm32"), schemars(with = "String"))]
    pub granted_at: jiff::Timestamp,
    /// What the person saw.
    pub title: Option<String>,
    /// What brought them: `poster:DOOR`, `chat`, …
    pub source: String,
    /// Before this Meta refuses the token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(not(target_arch = "wasm32"), schemars(with = "Option<String>"))]
    pub next_eligible_at: Option<jiff::Timestamp>,
    /// When the token ends, if it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(not(target_arch = "wasm32"), schemars(with = "Option<String>"))]
    pub expires_at: Option<jiff::Timestamp>,
    /// When it was stopped, where it is. A stop without it counts as said when it is read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(not(target_arch = "wasm32"), schemars(with = "Option<String>"))]
    pub stopped_at: Option<jiff::Timestamp>,
    /// Where the person writes; left out: Messenger.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<Channel>,
}

/// Whether notifications may be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum SubscriptionStatus {
    /// They may.
    Active,
    /// They may not.
    Stopped,
}

/// The KV key of a consent.
#[must_use]
pub fn key(page: &PageId, consent: &Consent) -> String {
    format!("subscription:{page}:{}:{}", consent.person, consent.topic)
}

/// The KV value of a consent.
///
/// # Errors
/// [`StoreError::Corrupt`] if it cannot be written as JSON, which no value of ours does.
pub fn value(page: &PageId, consent: &Consent) -> Result<String, StoreError> {
    let subscription = Subscription {
        v: SUBSCRIPTION_SCHEMA,
        page: page.clone(),
        person: consent.person.clone(),
        topic: consent.topic.clone(),
        token: consent.token.clone(),
        status: match consent.status {
            Status::Active => SubscriptionStatus::Active,
            Status::Stopped => SubscriptionStatus::Stopped,
        },
        frequency: consent.frequency.clone(),
        timezone: consent.timezone.clone(),
        granted_at: consent.granted_at.timestamp(),
        title: consent.title.clone(),
        source: consent.source.clone(),
        next_eligible_at: consent.next_eligible_at.map(|at| at.timestamp()),
        expires_at: consent.expires_at.map(|at| at.timestamp()),
        stopped_at: (consent.status == Status::Stopped).then(|| consent.changed_at.timestamp()),
        channel: Some(consent.channel).filter(|channel| *channel != Channel::Messenger),
    };
    to_json("consents", &subscription)
}

/// How long after a commit the safety net looks whether KV has what it is owed. The write itself
/// starts at once.
const SAFETY_NET_MS: i64 = 20 * SECOND;

/// Writes a consent to the Desk's index, and owes it to KV.
///
/// # Errors
/// [`StoreError`].
pub fn keep(
    sql: &impl Sql,
    page: &PageId,
    consent: &Consent,
    now: UnixMs,
) -> Result<(), StoreError> {
    consents::save(sql, consent)?;
    owe(sql, &key(page, consent), Some(&value(page, consent)?), now)
}

/// Owes KV the deletion of a consent.
///
/// # Errors
/// [`StoreError`].
pub fn forget(
    sql: &impl Sql,
    page: &PageId,
    consent: &Consent,
    now: UnixMs,
) -> Result<(), StoreError> {
    owe(sql, &key(page, consent), None, now)
}

fn owe(sql: &impl Sql, key: &str, value: Option<&str>, now: UnixMs) -> Result<(), StoreError> {
    kv_queue::push(sql, key, value, now)?;
    timers::set(sql, Timer::KvFlush, now.plus(SAFETY_NET_MS))
}

/// What KV says of a consent, against what the Desk knows. KV is behind by a minute or more and
/// may miss a value altogether, so silence says nothing; a `stopped` that somebody wrote there
/// after the person agreed does.
#[must_use]
pub fn stopped_in_kv(value: Option<&str>, consent: &Consent) -> bool {
    let Some(kv) = value.and_then(|value| serde_json::from_str::<Subscription>(value).ok()) else {
        return false;
    };
    kv.status == SubscriptionStatus::Stopped
        && kv.granted_at.as_millisecond() >= consent.granted_at.get()
}
