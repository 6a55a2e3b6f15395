//! What begins a sequence for somebody: a consent, a tag, the end of a form, a poster.

use std::collections::BTreeSet;

use super::decide::{Effect, Inbound, Turn};
use crate::meta::event::Channel;
use crate::meta::ids::{Psid, SequenceId, TopicId};
use crate::outreach::sequence;
use crate::shop::model::Shop;
use crate::shop::outreach::Sequence;
use crate::store::places::{self, Place};
use crate::store::{Sql, StoreError, consents, counters};
use crate::time::UnixMs;

/// Begins what this event begins; `had` are the tags that the person had before it.
pub(super) fn begin(turn: &mut Turn<'_>, had: &BTreeSet<String>) {
    let shop = turn.context.shop;
    let begun = shop.sequences.iter().filter(|sequence| is_begun(turn, sequence, had));
    let begun: Vec<SequenceId> = begun.map(|sequence| sequence.id.clone()).collect();
    let at = turn.at;
    turn.effects.extend(begun.into_iter().map(|sequence| Effect::Begin { sequence, at }));
}

fn is_begun(turn: &Turn<'_>, sequence: &Sequence, had: &BTreeSet<String>) -> bool {
    let start = &sequence.start;
    !sequence.draft
        && (start.consent && agreed(turn, &sequence.topic)
            || start.tags.iter().any(|tag| turn.person.tags.contains(tag) && !had.contains(tag))
            || start.form.is_some() && start.form == turn.finished
            || start.poster.is_some() && start.poster == turn.came_by)
}

/// Whether this event is their yes to a topic.
fn agreed(turn: &Turn<'_>, topic: &TopicId) -> bool {
    matches!(&turn.inbound, Inbound::OptedIn(agreed) if agreed == topic)
        || turn.effects.iter().any(|e| matches!(e, Effect::Grant(grant) if grant.topic == *topic))
}

/// Begins what the tags begin that somebody has now and had not before, outside a turn of theirs.
///
/// # Errors
/// [`StoreError`].
pub(super) fn begin_by_tags(
    sql: &impl Sql,
    shop: &Shop,
    who: (Channel, &Psid),
    (had, has): (&BTreeSet<String>, &BTreeSet<String>),
    now: UnixMs,
) -> Result<(), StoreError> {
    for sequence in shop.sequences.iter().filter(|sequence| !sequence.draft) {
        if sequence.start.tags.iter().any(|tag| has.contains(tag) && !had.contains(tag)) {
            apply(sql, shop, who, &sequence.id, now, now)?;
        }
    }
    Ok(())
}

/// Notes where somebody is who begins a sequence. Whoever has begun it before does not again.
///
/// # Errors
/// [`StoreError`].
pub(super) fn apply(
    sql: &impl Sql,
    shop: &Shop,
    (channel, person): (Channel, &Psid),
    id: &SequenceId,
    at: UnixMs,
    now: UnixMs,
) -> Result<(), StoreError> {
    let Some(sequence) = shop.sequence(id) else { return Ok(()) };
    let Some(first) = sequence.steps.first() else { return Ok(()) };
    let consent = consents::get(sql, &sequence.topic, channel, person)?;
    let theirs = consent.as_ref().and_then(|consent| consent.timezone.as_deref());
    let due = sequence::due(first.wait, &sequence::clock(shop, sequence, theirs), at);
    let place = Place {
        sequence: id.clone(),
        channel,
        person: person.clone(),
        started_at: at,
        step: 0,
        due_at: Some(due),
        wanted_at: due,
        told_at: None,
    };
    if places::begin(sql, &place)? {
        counters::add(sql, &format!("sequence.{id}.begun"), now)?;
    }
    Ok(())
}
