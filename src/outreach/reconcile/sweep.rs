//! What follows when the list is read: lines that are no tokens of ours, and tokens of ours that
//! have no line. And what comes before: tokens whose own day has come.

use super::judge::{About, Finding, judge};
use super::{BELIEVED, FRESH_MS, Phase, Round, Setting, finish, list, one, step};
use crate::desk::deletion;
use crate::desk::person::Person;
use crate::meta::event::Channel;
use crate::meta::ids::{Psid, TopicId};
use crate::meta::tokens::Listed;
use crate::outreach::receipt::{self, By, Noted, Said};
use crate::outreach::{endings, subscription};
use crate::store::consents::{self, Consent, Status};
use crate::store::listed::{self, Line};
use crate::store::{Sql, StoreError, people};
use crate::time::{MINUTE, UnixMs};

/// Meta's clock may be ahead of ours by so much.
const CLOCKS_MS: i64 = 5 * MINUTE;

/// People, or consents, of one step.
const PER_STEP: u32 = 20;

/// Makes a step that needs nothing but the tables.
///
/// # Errors
/// [`StoreError`]; nothing of the step is kept then.
pub fn tables(
    sql: &impl Sql,
    setting: &Setting<'_>,
    round: &mut Round,
    now: UnixMs,
) -> Result<(), StoreError> {
    sql.transaction(|| match round.phase {
        Phase::Expired => expired(sql, setting, round, now),
        Phase::Lines => lines(sql, setting, round, now),
        Phase::Unlisted => unlisted(sql, setting, round, now),
        Phase::Tombstones | Phase::Kv | Phase::List | Phase::Done => Ok(()),
    })
}

/// Tokens whose day has come.
fn expired(
    sql: &impl Sql,
    setting: &Setting<'_>,
    round: &mut Round,
    now: UnixMs,
) -> Result<(), StoreError> {
    let ended = consents::ended(sql, now, PER_STEP)?;
    let n = u32::try_from(ended.len()).unwrap_or(u32::MAX);
    round.counts.expired = round.counts.expired.saturating_add(n);
    if ended.is_empty() || round.mode.dry_run {
        // Whoever agreed to nothing yet may be known to KV.
        let kv = round.mode.rebuild || consents::is_empty(sql)?;
        round.enter(if kv { Phase::Tombstones } else { Phase::List });
    } else {
        let event = round.event();
        for consent in ended {
            endings::token_ended(sql, &setting.book, consent, (By::Expiry, &event), now)?;
        }
    }
    step(sql, round, now)
}

/// The lines about the next few people.
fn lines(
    sql: &impl Sql,
    setting: &Setting<'_>,
    round: &mut Round,
    now: UnixMs,
) -> Result<(), StoreError> {
    let lines = listed::next(sql, PER_STEP)?;
    if lines.is_empty() {
        round.enter(Phase::Unlisted);
        return step(sql, round, now);
    }
    for of_one in lines.chunk_by(|a, b| a.person == b.person) {
        let Some(Line { person, .. }) = of_one.first() else { continue };
        let about = about(sql, setting, round, person)?;
        let of_one: Vec<Listed> = of_one
            .iter()
            .map(|line| {
                let mut listed = line.listed.clone();
                // What was given in the future says nothing of what came before it.
                listed.created_at = listed.created_at.filter(|at| *at <= now.plus(CLOCKS_MS));
                listed
            })
            .collect();
        let fresh = round.id.plus(-FRESH_MS);
        let found = judge(setting.shop, &of_one, &about, fresh);
        for (line, (finding, topic)) in of_one.iter().zip(found) {
            let what = What { person, line, topic };
            apply(sql, setting, round, &about, what, finding, now)?;
        }
        listed::drop_lines(sql, Some(person))?;
    }
    step(sql, round, now)
}

fn about(
    sql: &impl Sql,
    setting: &Setting<'_>,
    round: &Round,
    person: &Psid,
) -> Result<About, StoreError> {
    let mut about = About::default();
    for consent in consents::of_people(sql, &[person])? {
        let listed = listed::is_marked(sql, round.id, &consent)?;
        about.consents.push((consent, listed));
    }
    for channel in [Channel::Messenger, Channel::Instagram] {
        let known: Option<Person> = people::load(sql, channel, person)?;
        if let Some(known) = known {
            about.stopped_at = about.stopped_at.max(known.stopped_at);
            about.channel.get_or_insert(channel);
        }
    }
    for name in setting.keys.tombstones(&setting.shop.page.id, person) {
        about.forgotten_at = about.forgotten_at.max(people::erased_at(sql, &name)?);
    }
    Ok(about)
}

/// A line, whose it is, and for which topic.
struct What<'a> {
    person: &'a Psid,
    line: &'a Listed,
    topic: Option<TopicId>,
}

fn apply(
    sql: &impl Sql,
    setting: &Setting<'_>,
    round: &mut Round,
    about: &About,
    what: What<'_>,
    finding: Finding,
    now: UnixMs,
) -> Result<(), StoreError> {
    let counts = &mut round.counts;
    match finding {
        Finding::StoppedAtMeta => one(&mut counts.stopped_at_meta),
        Finding::Stopped => one(&mut counts.stopped),
        Finding::Forgotten => one(&mut counts.forgotten),
        Finding::Undated => one(&mut counts.unreadable),
        Finding::Older => one(&mut counts.older),
        Finding::Foreign => {
            one(&mut counts.foreign);
            round.title(what.line.title.as_deref().unwrap_or_default());
        }
        Finding::Known | Finding::Ends => {
            // It came while the list was read.
            let own = about.consents.iter().map(|(consent, _)| consent);
            let mut own = own.filter(|c| c.token.as_ref() == Some(&what.line.token));
            if let Some(consent) = own.next() {
                listed::mark(sql, round.id, Some(&[what.person]), &[&what.line.token])?;
                return list::compare(sql, setting, round, consent.clone(), what.line, now);
            }
        }
        Finding::Adds | Finding::Renews => return add(sql, setting, round, about, &what, now),
    }
    Ok(())
}

/// A token that we do not have, for a topic of the shop.
fn add(
    sql: &impl Sql,
    setting: &Setting<'_>,
    round: &mut Round,
    about: &About,
    what: &What<'_>,
    now: UnixMs,
) -> Result<(), StoreError> {
    let (Some(topic), Some(created)) = (&what.topic, what.line.created_at) else { return Ok(()) };
    let before = about.consents.iter().map(|(c, _)| c).find(|consent| consent.topic == *topic);
    let live = before.filter(|before| before.status == Status::Active);
    let channel = before.map(|before| before.channel).or(about.channel);
    let channel = channel.unwrap_or(Channel::Messenger);
    let known: Option<Person> = people::load(sql, channel, what.person)?;
    let mut person = known.unwrap_or_else(|| Person::new(created));
    // The newest word counts, whoever asks: nobody who stopped is brought back here.
    if !person.say_on_topic(topic, true, created) && !person.agreed(topic) {
        one(&mut round.counts.stopped);
        return Ok(());
    }
    one(if live.is_some() { &mut round.counts.renewed } else { &mut round.counts.added });
    if round.mode.dry_run {
        return Ok(());
    }
    if let Some(word) = person.topics.get_mut(topic) {
        word.token_dropped = false;
    }
    people::save(sql, channel, what.person, &person)?;
    let granted_at = live.map_or(created, |live| live.granted_at.max(created));
    let is_new = live.is_none_or(|live| created > live.granted_at);
    let line = what.line;
    let kept = |of: fn(&Consent) -> Option<UnixMs>| before.and_then(of);
    let title = line.title.clone().filter(|_| is_new);
    let consent = Consent {
        topic: topic.clone(),
        channel,
        person: what.person.clone(),
        status: Status::Active,
        token: Some(line.token.clone()),
        timezone: line.timezone.clone().or_else(|| before?.timezone.clone()),
        granted_at,
        changed_at: granted_at.max(live.map_or(created, |live| live.changed_at)),
        expires_at: line.expires_at,
        next_eligible_at: line.next_eligible_at.filter(|at| *at > now),
        last_sent_at: kept(|before| before.last_sent_at),
        reserved_at: kept(|before| before.reserved_at),
        frequency: before.and_then(|before| before.frequency.clone()),
        title: title.or_else(|| before?.title.clone()),
        source: live.map_or_else(|| By::MetaList.as_str().to_owned(), |live| live.source.clone()),
    };
    let event = round.event();
    let noted = Noted { said: Said::Granted, by: By::MetaList, at: created, event: &event };
    receipt::note(sql, &setting.book, &consent, &noted, now)?;
    subscription::keep(sql, setting.book.page, &consent, now)?;
    listed::mark(sql, round.id, Some(&[what.person]), &[&line.token])
}

/// Tokens that Meta does not list any more, a few at a time.
fn unlisted(
    sql: &impl Sql,
    setting: &Setting<'_>,
    round: &mut Round,
    now: UnixMs,
) -> Result<(), StoreError> {
    let fresh = round.id.plus(-FRESH_MS);
    if round.counts.ended == 0 {
        let (all, missing) = listed::count(sql, round.id, fresh, now)?;
        let most = missing > BELIEVED && missing.saturating_mul(2) > all;
        let missing = u32::try_from(missing).unwrap_or(u32::MAX);
        if most && !round.mode.believe {
            round.counts.doubted = missing;
            return finish(sql, round, now);
        }
        if round.mode.dry_run {
            round.counts.ended = missing;
            return finish(sql, round, now);
        }
    }
    let missing = listed::unlisted(sql, round.id, fresh, now, PER_STEP)?;
    if missing.is_empty() {
        return finish(sql, round, now);
    }
    let event = round.event();
    for consent in missing {
        endings::token_ended(sql, &setting.book, consent, (By::MetaList, &event), now)?;
        one(&mut round.counts.ended);
    }
    step(sql, round, now)
}

/// Whether somebody was forgotten at `at` or later.
pub(super) fn is_forgotten(
    sql: &impl Sql,
    setting: &Setting<'_>,
    person: &Psid,
    at: UnixMs,
) -> Result<bool, StoreError> {
    deletion::forgotten(sql, setting.keys, &setting.shop.page.id, person, at)
}
