//! A page of Meta's list: tokens of ours are marked and brought up to date, the other lines kept
//! until the whole list is read.

use super::{FRESH_MS, MOST_PAGES, Phase, Round, Setting, one, step};
use crate::meta::ids::{NotificationToken, Psid};
use crate::meta::tokens::{self, Listed};
use crate::outreach::receipt::{self, By, Noted, Said};
use crate::outreach::{endings, subscription};
use crate::store::consents::{self, Consent, Status};
use crate::store::{Sql, StoreError, listed};
use crate::time::{DAY, MINUTE, UnixMs};

/// Meta names no later moment for the next message: whatever it says counts for so long.
const LONGEST_REST_MS: i64 = 31 * DAY;

/// Takes a page.
///
/// # Errors
/// [`StoreError`]; nothing of the page is kept then.
pub fn page(
    sql: &impl Sql,
    setting: &Setting<'_>,
    round: &mut Round,
    page: &tokens::Page,
    now: UnixMs,
) -> Result<(), StoreError> {
    sql.transaction(|| {
        take(sql, setting, round, &page.lines, now)?;
        let counts = &mut round.counts;
        counts.unreadable = counts.unreadable.saturating_add(page.unreadable);
        one(&mut round.pages);
        match page.after.as_ref() {
            Some(after) if *after != round.cursor && round.pages < MOST_PAGES => {
                round.cursor.clone_from(after);
            }
            _ => round.enter(Phase::Lines),
        }
        step(sql, round, now)
    })
}

fn take(
    sql: &impl Sql,
    setting: &Setting<'_>,
    round: &mut Round,
    lines: &[Listed],
    now: UnixMs,
) -> Result<(), StoreError> {
    let ours = |line: &&Listed| line.person.as_ref().is_some_and(setting.ours);
    let mut people: Vec<&Psid> =
        lines.iter().filter(ours).filter_map(|l| l.person.as_ref()).collect();
    people.sort_unstable();
    people.dedup();
    let known = consents::of_people(sql, &people)?;
    let mut marked: Vec<&NotificationToken> = Vec::new();
    for line in lines.iter().filter(ours) {
        let Some(person) = &line.person else { continue };
        one(&mut round.counts.listed);
        let own = known.iter().find(|consent| {
            consent.person == *person
                && consent.status == Status::Active
                && consent.token.as_ref() == Some(&line.token)
        });
        match own {
            Some(consent) => {
                marked.push(&line.token);
                // A line about the same token may have come before on this page.
                let consent = consents::get(sql, &consent.topic, consent.channel, person)?;
                if let Some(consent) = consent.filter(|c| c.status == Status::Active) {
                    compare(sql, setting, round, consent, line, now)?;
                }
            }
            None => listed::keep(sql, person, line)?,
        }
    }
    listed::mark(sql, round.id, Some(&people), &marked)?;
    // Whoever came from a list of addresses has no id. A token of ours must not count as missing
    // because its line has none.
    let nobodys: Vec<&NotificationToken> =
        lines.iter().filter(|line| line.person.is_none()).map(|line| &line.token).collect();
    if nobodys.is_empty() {
        return Ok(());
    }
    let n = u32::try_from(nobodys.len()).unwrap_or(u32::MAX);
    round.counts.unreadable = round.counts.unreadable.saturating_add(n);
    listed::mark(sql, round.id, None, &nobodys)
}

/// A live consent of ours, and the line of its token.
pub(super) fn compare(
    sql: &impl Sql,
    setting: &Setting<'_>,
    round: &mut Round,
    consent: Consent,
    line: &Listed,
    now: UnixMs,
) -> Result<(), StoreError> {
    if line.stopped && consent.changed_at < round.id.plus(-FRESH_MS) {
        one(&mut round.counts.stopped_at_meta);
        if round.mode.dry_run {
            return Ok(());
        }
        let event = round.event();
        return endings::end(sql, &setting.book, consent, (By::MetaList, &event), now);
    }
    let Some(change) = renewed(&consent, line, now) else {
        one(&mut round.counts.known);
        return Ok(());
    };
    let Renewed { consent: after, alive_again } = change;
    let counts = &mut round.counts;
    // An end that we never knew of is nothing that has changed.
    let moved = consent.expires_at.is_some() && after.expires_at != consent.expires_at;
    one(if moved { &mut counts.renewed } else { &mut counts.known });
    if round.mode.dry_run {
        return Ok(());
    }
    if !alive_again {
        // KV need not learn it: it takes 1,000 writes a day on the free plan, and whoever fills an
        // index from KV reads the list after it.
        return consents::save(sql, &after);
    }
    endings::change_person(sql, &after, |person| {
        if let Some(word) = person.topics.get_mut(&after.topic) {
            word.token_dropped = false;
        }
    })?;
    let (event, at) = (round.event(), after.granted_at);
    let noted = Noted { said: Said::Granted, by: By::MetaList, at, event: &event };
    receipt::note(sql, &setting.book, &after, &noted, now)?;
    subscription::keep(sql, setting.book.page, &after, now)
}

/// A consent as a line of its token brings it up to date.
pub(super) struct Renewed {
    pub consent: Consent,
    /// The token had counted as ended.
    pub alive_again: bool,
}

/// What a line changes of the consent whose token it is; none: nothing.
pub(super) fn renewed(before: &Consent, line: &Listed, now: UnixMs) -> Option<Renewed> {
    let mut consent = before.clone();
    let next = line.next_eligible_at.map(|at| at.min(now.plus(LONGEST_REST_MS)));
    if let Some(next) = next.filter(|next| *next > now) {
        // The later one: Meta's list may be behind a message that has just left.
        consent.next_eligible_at = consent.next_eligible_at.max(Some(next));
    }
    let had_ended = before.expires_at.is_some_and(|end| end <= now);
    consent.expires_at = match (line.expires_at, before.expires_at) {
        (Some(end), Some(ours)) if end.since(ours).abs() <= MINUTE => Some(ours),
        (Some(end), _) => Some(end),
        // It is listed, so it lives.
        (None, Some(_)) if had_ended => None,
        (None, ours) => ours,
    };
    if consent.timezone.is_none() {
        consent.timezone.clone_from(&line.timezone);
    }
    if consent == *before {
        return None;
    }
    let alive_again = had_ended && consent.expires_at.is_none_or(|end| end > now);
    Some(Renewed { consent, alive_again })
}
