//! Meta's own list of notification tokens against the Desk's index, once a day and by command: what
//! Meta has and we do not is added, what it lists no more is marked as ended, and what differs is
//! counted and told. An emptied index is filled again from KV first.
//!
//! A reading of the list is a *round* of small steps, each in one transaction, so that it goes on
//! after any interruption and fits an invocation of the free plan: KV where the index is empty,
//! then the list page by page, then the lines that are no tokens of ours ([`judge`]), then the
//! tokens that were not listed. Nothing is taken back before the whole list is read. The caller
//! fetches what [`Round::need`] names; nothing here does I/O.
//!
//! What the list does not say (Meta, subscription tokens, 30 June 2026): for which topic somebody
//! was asked, only the title that they saw; what else they were shown; and when somebody stopped.
//! So a token of ours keeps its topic whatever its title; an unknown one belongs to the topic that
//! has this title in any language, and to none when two have it or none has. Nothing is guessed.
//!
//! STOP and a tombstone beat KV and the list. Only a token that is another one, and that was given
//! after them, says that the person has opted in anew.

pub mod judge;
mod kv;
mod list;
mod sweep;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::receipt::Book;
use crate::desk::sending;
use crate::entry::keys::Keys;
use crate::meta::graph_error::{Class, Failure};
use crate::meta::ids::{PageId, Psid};
use crate::shop::model::Shop;
use crate::store::timers::{self, Timer};
use crate::store::{Sql, StoreError, consents, counters, facts, listed};
use crate::time::{DAY, HOUR, MINUTE, SECOND, UnixMs};

pub use kv::{from_kv, is_wanted};
pub use list::page;
pub use sweep::tables;

/// Tokens asked for at once; Meta gives up to a thousand. So many fit the 10 ms of CPU time that an
/// invocation has on the free plan.
pub const PAGE_TOKENS: u32 = 100;

/// Values of KV read at once: one operation (Cloudflare KV, bulk reads, November 2026).
pub const KV_VALUES: u32 = 100;

/// What is younger than this when a round begins may be missing in a list that is behind.
const FRESH_MS: i64 = HOUR;

/// A round that is older has been lost.
const LONGEST_MS: i64 = 20 * HOUR;

/// Tries of one page before a round is given up.
const MOST_TRIES: u32 = 8;

/// The longest wait that is kept, whatever Meta says.
const LONGEST_WAIT_MS: i64 = HOUR;

/// Pages of a list: more than a Page can have tokens. A cursor that leads in a circle ends here.
const MOST_PAGES: u32 = 20_000;

/// So many unlisted tokens are believed in any case; of more, not more than half of all.
const BELIEVED: i64 = 10;

/// Titles of no topic that are told of.
const MOST_TITLES: usize = 20;

/// Unreadable lists for this long are an incident.
const FAILING_MS: i64 = 2 * DAY;

/// The round that is on, and the last one that was over.
const ROUND: &str = "reconcile";
const LAST: &str = "reconciled";

/// How far a round has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Tokens whose day has come are told of.
    Expired,
    /// Who was forgotten, from KV.
    Tombstones,
    /// Consents, from KV.
    Kv,
    /// Meta's list.
    List,
    /// What the list has and we do not.
    Lines,
    /// What we have and the list does not.
    Unlisted,
    /// It is over.
    Done,
}

/// How a round is made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Mode {
    /// Nothing is changed, only counted.
    pub dry_run: bool,
    /// KV is read first, although the index is not empty.
    pub rebuild: bool,
    /// However many tokens the list does not have, they are marked as ended.
    pub believe: bool,
}

/// What a round found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Counts {
    /// Tokens of this Desk's people that Meta lists.
    pub listed: u32,
    /// Of them: ours, as they stand.
    pub known: u32,
    /// Unknown to us, and added.
    pub added: u32,
    /// A consent of ours has got another token, or its end has moved.
    pub renewed: u32,
    /// Ours, and not listed any more: marked as ended.
    pub ended: u32,
    /// The same, and not believed: too many of all at once.
    pub doubted: u32,
    /// Ours, and their own day has come.
    pub expired: u32,
    /// Listed, and STOP was said since they were given.
    pub stopped: u32,
    /// Listed, and their person was forgotten since.
    pub forgotten: u32,
    /// The list itself says that the person stopped.
    pub stopped_at_meta: u32,
    /// An older token of somebody who has a newer one.
    pub older: u32,
    /// With a title that is no topic's, or several topics'.
    pub foreign: u32,
    /// Lines and values that cannot be read.
    pub unreadable: u32,
    /// Of an emptied index: consents that KV had.
    pub restored: u32,
}

/// A reading of Meta's list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Round {
    /// When it began: also its name.
    pub id: UnixMs,
    /// How far it is.
    pub phase: Phase,
    /// How it is made.
    pub mode: Mode,
    /// Where the next page begins, empty for the first.
    cursor: String,
    /// Pages read.
    pub pages: u32,
    /// Tries of the page that is next.
    tries: u32,
    /// Not before then.
    pub next_at: UnixMs,
    /// What it found so far.
    pub counts: Counts,
    /// Titles that are no topic's, with how many tokens have each.
    pub titles: BTreeMap<String, u32>,
    /// When it was over.
    #[serde(default)]
    pub ended_at: Option<UnixMs>,
    /// Why it was given up, if it was.
    #[serde(default)]
    pub failed: Option<String>,
    /// Since when rounds have been given up, this one included.
    #[serde(default)]
    pub failing_since: Option<UnixMs>,
}

/// What a round wants next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Need {
    /// Keys of KV that begin so, after a cursor, with their values: for [`from_kv`].
    Kv {
        /// What they begin with.
        prefix: String,
        /// KV's cursor; none for the first.
        cursor: Option<String>,
    },
    /// A page of Meta's list, for [`page`].
    Page {
        /// Meta's cursor; none for the first.
        after: Option<String>,
    },
    /// Only the tables: [`tables`].
    Tables,
}

/// What a step is made with.
#[derive(Clone, Copy)]
pub struct Setting<'a> {
    /// The Page's shop.
    pub shop: &'a Shop,
    /// Names the tombstones.
    pub keys: &'a Keys,
    /// For receipts.
    pub book: Book<'a>,
    /// Whether a person belongs to this Desk.
    pub ours: &'a dyn Fn(&Psid) -> bool,
}

impl Round {
    fn new(now: UnixMs, mode: Mode) -> Self {
        Self {
            id: now,
            phase: Phase::Expired,
            mode,
            cursor: String::new(),
            pages: 0,
            tries: 0,
            next_at: now,
            counts: Counts::default(),
            titles: BTreeMap::new(),
            ended_at: None,
            failed: None,
            failing_since: None,
        }
    }

    /// What it wants next.
    #[must_use]
    pub fn need(&self, page: &PageId) -> Need {
        let cursor = Some(self.cursor.clone()).filter(|cursor| !cursor.is_empty());
        match self.phase {
            Phase::Tombstones => Need::Kv { prefix: format!("tombstone:{page}:"), cursor },
            Phase::Kv => Need::Kv { prefix: format!("subscription:{page}:"), cursor },
            Phase::List => Need::Page { after: cursor },
            Phase::Expired | Phase::Lines | Phase::Unlisted | Phase::Done => Need::Tables,
        }
    }

    /// By what receipts name it.
    fn event(&self) -> String {
        format!("list:{}", self.id.rfc3339())
    }

    fn enter(&mut self, phase: Phase) {
        self.phase = phase;
        self.cursor.clear();
        self.tries = 0;
    }

    fn title(&mut self, title: &str) {
        let title: String = title.chars().take(65).collect();
        if self.titles.len() < MOST_TITLES || self.titles.contains_key(&title) {
            let people = self.titles.entry(title).or_default();
            *people = people.saturating_add(1);
        }
    }
}

/// Counts one.
fn one(count: &mut u32) {
    *count = count.saturating_add(1);
}

/// The round that is on, if one is.
///
/// # Errors
/// [`StoreError`].
pub fn on(sql: &impl Sql, now: UnixMs) -> Result<Option<Round>, StoreError> {
    let round: Option<Round> = facts::get(sql, ROUND)?;
    Ok(round.filter(|r| r.ended_at.is_none() && now.since(r.id) < LONGEST_MS))
}

/// The last round that changed something or tried to, and is over.
///
/// # Errors
/// [`StoreError`].
pub fn last(sql: &impl Sql) -> Result<Option<Round>, StoreError> {
    facts::get(sql, LAST)
}

/// The round with this name, on or over.
///
/// # Errors
/// [`StoreError`].
pub fn of(sql: &impl Sql, id: UnixMs) -> Result<Option<Round>, StoreError> {
    let round: Option<Round> = facts::get(sql, ROUND)?;
    Ok(round.filter(|round| round.id == id))
}

/// Begins a round; `None` when one is on that is made in another way. One that is made in the same
/// way goes on.
///
/// # Errors
/// [`StoreError`].
pub fn begin(sql: &impl Sql, mode: Mode, now: UnixMs) -> Result<Option<Round>, StoreError> {
    sql.transaction(|| {
        if let Some(round) = on(sql, now)? {
            return Ok(Some(round).filter(|round| round.mode == mode));
        }
        listed::drop_lines(sql, None)?;
        let round = Round::new(now, mode);
        save(sql, &round)?;
        Ok(Some(round))
    })
}

/// Begins the round of the day when its time has come: another one for each Page and Desk, so that
/// not all ask Meta at once. A Desk that never had one begins at once.
///
/// # Errors
/// [`StoreError`].
pub fn daily(sql: &impl Sql, shop: &Shop, shard: u32, now: UnixMs) -> Result<(), StoreError> {
    if shop.topics.is_empty() {
        return Ok(());
    }
    let (_, at) = slot(&shop.page.id, shard, now);
    let is_due = last(sql)?.is_none_or(|last| now >= at && last.id < at);
    if is_due && on(sql, now)?.is_none() {
        begin(sql, Mode::default(), now)?;
    }
    Ok(())
}

/// The beginning of the day in UTC, and the Desk's time on it.
fn slot(page: &PageId, shard: u32, now: UnixMs) -> (UnixMs, UnixMs) {
    const MINUTES: i64 = 22 * 60;
    let hash = Sha256::digest(format!("{page}:{shard}"));
    let number = hash.iter().take(4).fold(0_i64, |n, byte| (n << 8) | i64::from(*byte));
    let today = UnixMs::new(now.get().div_euclid(DAY).saturating_mul(DAY));
    (today, today.plus(number.rem_euclid(MINUTES).saturating_mul(MINUTE)))
}

/// The round that is on, when its next step may be made now. A Page that is held waits.
///
/// # Errors
/// [`StoreError`].
pub fn due(sql: &impl Sql, now: UnixMs) -> Result<Option<Round>, StoreError> {
    let Some(round) = on(sql, now)? else { return Ok(None) };
    let hold = sending::page_hold(sql)?.filter(|hold| hold.until > now);
    let at = hold.map_or(round.next_at, |hold| hold.until.max(round.next_at));
    if at > now {
        timers::set(sql, Timer::Reconcile, at)?;
        return Ok(None);
    }
    Ok(Some(round))
}

/// Keeps how far a round is, and has it go on.
fn save(sql: &impl Sql, round: &Round) -> Result<(), StoreError> {
    facts::set(sql, ROUND, round)?;
    if round.ended_at.is_some() {
        return Ok(());
    }
    timers::set(sql, Timer::Reconcile, round.next_at)
}

/// A step was made: the next one may follow at once.
fn step(sql: &impl Sql, round: &mut Round, now: UnixMs) -> Result<(), StoreError> {
    round.tries = 0;
    round.next_at = now.plus(SECOND / 10);
    save(sql, round)
}

/// The round is over.
fn finish(sql: &impl Sql, round: &mut Round, now: UnixMs) -> Result<(), StoreError> {
    round.phase = Phase::Done;
    // It may name somebody, who may ask to be forgotten.
    round.cursor.clear();
    round.ended_at = Some(now);
    listed::drop_lines(sql, None)?;
    if !round.mode.dry_run {
        let before = last(sql)?.and_then(|last| last.failing_since);
        round.failing_since = round.failed.is_some().then(|| before.unwrap_or(now));
        facts::set(sql, LAST, round)?;
        let how = if round.failed.is_some() { "failed" } else { "done" };
        counters::add(sql, &format!("reconcile.{how}"), now)?;
    }
    save(sql, round)
}

/// What was needed could not be had: it is asked for again later, and given up when that does not
/// help. Nothing is taken back then. `failure` is Meta's word; none: the connection broke, or KV
/// does not answer.
///
/// # Errors
/// [`StoreError`].
pub fn failed(
    sql: &impl Sql,
    round: &mut Round,
    failure: Option<&Failure>,
    now: UnixMs,
) -> Result<(), StoreError> {
    let passing = failure.is_none_or(|failure| {
        matches!(failure.class, Class::Retry | Class::SlowPage | Class::Unknown | Class::NotYet)
    });
    round.tries = round.tries.saturating_add(1);
    sql.transaction(|| {
        if !passing || round.tries >= MOST_TRIES {
            let why = failure.map_or_else(|| "no answer".to_owned(), sending::reason);
            round.failed = Some(why);
            return finish(sql, round, now);
        }
        // 30 s, a minute, 2, 4, … or what Meta asks for.
        let doubled = round.tries.saturating_sub(1).min(10);
        let wait = failure.and_then(|failure| failure.retry_after_ms);
        let wait = wait.unwrap_or((30 * SECOND).saturating_mul(1 << doubled));
        round.next_at = now.plus(wait.clamp(SECOND, LONGEST_WAIT_MS));
        save(sql, round)
    })
}

/// People came to this Desk, or left it: a round that is on has passed some of them by, and would
/// take their tokens for ended. It is given up; the next one is tomorrow's.
///
/// # Errors
/// [`StoreError`].
pub fn people_moved(sql: &impl Sql, now: UnixMs) -> Result<(), StoreError> {
    sql.transaction(|| {
        let Some(mut round) = on(sql, now)? else { return Ok(()) };
        round.failed = Some("people were moved to other Desks meanwhile".to_owned());
        finish(sql, &mut round, now)
    })
}

/// What is wrong with the rounds, for the owner: the list cannot be read for days, or it lacks so
/// many tokens that it is not believed.
///
/// # Errors
/// [`StoreError`].
pub fn trouble(sql: &impl Sql, now: UnixMs) -> Result<Option<String>, StoreError> {
    let Some(last) = last(sql)? else { return Ok(None) };
    if last.counts.doubted > 0 && last.failed.is_none() {
        let says = format!("Meta's list lacks {} tokens at once", last.counts.doubted);
        return Ok(Some(says));
    }
    let long = last.failing_since.is_some_and(|since| now.since(since) >= FAILING_MS);
    if !long || consents::is_empty(sql)? {
        return Ok(None);
    }
    Ok(last.failed.map(|why| format!("Meta's list of tokens cannot be read: {why}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_desk_has_its_own_minute_of_the_day() {
        let now = UnixMs::new(1_795_000_000_000);
        let slots: std::collections::BTreeSet<UnixMs> = (0..200)
            .map(|n| {
                let (today, at) = slot(&PageId::new(n.to_string()).unwrap(), n % 3, now);
                assert!((0..22 * HOUR).contains(&at.since(today)), "{n}");
                assert!((0..DAY).contains(&now.since(today)));
                at
            })
            .collect();
        assert!(slots.len() > 150, "{}", slots.len());
    }
}
