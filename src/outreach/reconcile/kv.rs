//! An emptied index is filled from KV: who was forgotten first, then what people agreed to.

use super::sweep::is_forgotten;
use super::{Phase, Round, Setting, one, step};
use crate::desk::person::Person;
use crate::meta::event::Channel;
use crate::meta::ids::{PageId, Psid, TopicId};
use crate::outreach::endings;
use crate::outreach::receipt::{self, By, Noted, Said};
use crate::outreach::subscription::{self, SUBSCRIPTION_SCHEMA, Subscription, SubscriptionStatus};
use crate::shop::kv::{KV_SCHEMA, TombstoneValue};
use crate::store::consents::{self, Consent, Status};
use crate::store::{Sql, StoreError, people};
use crate::time::UnixMs;

/// Whether the key of a consent is about a person of this Desk: only then its value is needed.
#[must_use]
pub fn is_wanted(page: &PageId, key: &str, ours: &dyn Fn(&Psid) -> bool) -> bool {
    let Some((_, person, _)) = parts(page, key) else { return key.starts_with("tombstone:") };
    ours(&person)
}

/// A key's own name, person and topic.
fn parts<'k>(page: &PageId, key: &'k str) -> Option<(&'k str, Psid, TopicId)> {
    let rest = key.strip_prefix("subscription:")?.strip_prefix(page.as_str())?.strip_prefix(':')?;
    let (person, topic) = rest.split_once(':')?;
    Some((key, Psid::new(person).ok()?, TopicId::new(topic).ok()?))
}

/// Takes keys of KV with their values, and where KV's list goes on. A key without a value is
/// passed over: it was deleted meanwhile.
///
/// # Errors
/// [`StoreError`]; nothing of it is kept then.
pub fn from_kv(
    sql: &impl Sql,
    setting: &Setting<'_>,
    round: &mut Round,
    values: &[(String, String)],
    next: Option<&str>,
    now: UnixMs,
) -> Result<(), StoreError> {
    sql.transaction(|| {
        for (key, value) in values {
            let taken = match round.phase {
                Phase::Tombstones => tombstone(sql, setting, key, value)?,
                Phase::Kv => consent(sql, setting, round, key, value, now)?,
                _ => Some(()),
            };
            if taken.is_none() {
                one(&mut round.counts.unreadable);
            }
        }
        match next.filter(|next| *next != round.cursor) {
            Some(next) => next.clone_into(&mut round.cursor),
            None if round.phase == Phase::Tombstones => round.enter(Phase::Kv),
            None => round.enter(Phase::List),
        }
        step(sql, round, now)
    })
}

/// Somebody was forgotten. In a dry run too: what it says is true.
fn tombstone(
    sql: &impl Sql,
    setting: &Setting<'_>,
    key: &str,
    value: &str,
) -> Result<Option<()>, StoreError> {
    let prefix = format!("tombstone:{}:", setting.shop.page.id);
    let hash = key.strip_prefix(&prefix).filter(|hash| !hash.is_empty());
    let value = serde_json::from_str::<TombstoneValue>(value).ok();
    let value = value.filter(|value| value.v == KV_SCHEMA);
    let (Some(hash), Some(value)) = (hash, value) else { return Ok(None) };
    people::bury(sql, hash, value.at.into())?;
    Ok(Some(()))
}

/// A consent as it lies in KV.
fn consent(
    sql: &impl Sql,
    setting: &Setting<'_>,
    round: &mut Round,
    key: &str,
    value: &str,
    now: UnixMs,
) -> Result<Option<()>, StoreError> {
    let page = &setting.shop.page.id;
    let Some((_, person, topic)) = parts(page, key) else { return Ok(None) };
    let kv = serde_json::from_str::<Subscription>(value).ok();
    let kv = kv.filter(|kv| {
        kv.v == SUBSCRIPTION_SCHEMA && kv.page == *page && kv.person == person && kv.topic == topic
    });
    let Some(kv) = kv else { return Ok(None) };
    if !(setting.ours)(&person) {
        return Ok(Some(()));
    }
    let channel = kv.channel.unwrap_or(Channel::Messenger);
    if let Some(ours) = consents::get(sql, &topic, channel, &person)? {
        let stopped =
            ours.status == Status::Active && subscription::stopped_in_kv(Some(value), &ours);
        if stopped && !round.mode.dry_run {
            endings::end(sql, &setting.book, ours, (By::Kv, "subscription"), now)?;
        }
        if stopped {
            one(&mut round.counts.stopped);
        }
        return Ok(Some(()));
    }
    let granted_at = UnixMs::from(kv.granted_at).min(now);
    if is_forgotten(sql, setting, &person, granted_at)? {
        one(&mut round.counts.forgotten);
        return Ok(Some(()));
    }
    let said_no = (kv.status == SubscriptionStatus::Stopped)
        .then(|| kv.stopped_at.map_or(now, UnixMs::from).min(now).max(granted_at));
    let known: Option<Person> = people::load(sql, channel, &person)?;
    let mut somebody = known.unwrap_or_else(|| Person::new(granted_at));
    let stopped_at = somebody.stopped_at.filter(|stopped| *stopped >= granted_at);
    let (status, changed_at) = match said_no.or(stopped_at) {
        Some(at) => (Status::Stopped, at),
        None => (Status::Active, granted_at),
    };
    one(&mut round.counts.restored);
    if round.mode.dry_run {
        return Ok(Some(()));
    }
    somebody.say_on_topic(&topic, status == Status::Active, changed_at);
    people::save(sql, channel, &person, &somebody)?;
    let consent = Consent {
        topic,
        channel,
        person,
        status,
        token: kv.token,
        timezone: kv.timezone,
        granted_at,
        changed_at,
        expires_at: kv.expires_at.map(UnixMs::from),
        next_eligible_at: kv.next_eligible_at.map(UnixMs::from),
        last_sent_at: None,
        reserved_at: None,
        frequency: kv.frequency,
        title: kv.title,
        source: kv.source,
    };
    let said = if status == Status::Active { Said::Granted } else { Said::Stopped };
    let noted = Noted { said, by: By::Kv, at: changed_at, event: "subscription" };
    receipt::note(sql, &setting.book, &consent, &noted, now)?;
    if said_no.is_none() && status == Status::Stopped {
        subscription::keep(sql, setting.book.page, &consent, now)?;
    } else {
        consents::save(sql, &consent)?;
    }
    Ok(Some(()))
}
