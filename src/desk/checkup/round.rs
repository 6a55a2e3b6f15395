//! The Worker's own look: at the Page's subscription every half hour, because Meta switches a
//! webhook off after an hour of failures and tells nobody, and at everything once a day.
//!
//! A look is a *round* of small steps, each with one request and in one invocation, so that it
//! fits the free plan and goes on after any interruption. The caller fetches what [`Round::need`]
//! names and hands the answer to [`take`]; nothing here does I/O. Only the Page's first Desk looks.
//!
//! A subscription that is gone, or lacks a field that the shop needs, is made anew at once, and
//! looked at again two minutes later. Messages that people wrote in between are lost: Meta does not
//! deliver them later (Meta, Messenger webhooks guide, September 2026).

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::judge::{self, CRON_SILENT_MS, KeyFacts};
use super::needs::Needs;
use super::read::{self, PageSeen, Subscription, Token};
use super::{Finding, Weight, usage};
use crate::desk::sending;
use crate::meta::graph_error::{Class, Failure, Reply, Verdict, judge as judge_reply};
use crate::meta::ids::PageId;
use crate::outreach::budget::Resource;
use crate::shop::model::Shop;
use crate::store::timers::{self, Timer};
use crate::store::{Sql, StoreError, counters, facts};
use crate::time::{DAY, HOUR, MINUTE, SECOND, UnixMs};

/// How often the subscription is looked at. A request each time counts against the app's calls,
/// which are few where few people write (Meta, rate limits, March 2026).
pub const LOOK_EVERY_MS: i64 = 30 * MINUTE;

/// How soon after it was made anew.
const CONFIRM_MS: i64 = 2 * MINUTE;

/// How soon again when nothing can be sent, and when something else does not work.
const HALTED_AGAIN_MS: i64 = 10 * MINUTE;
const PROBLEM_AGAIN_MS: i64 = HOUR;

/// How long a new Desk waits: whoever sets up a shop is not done at once.
const FIRST_MS: i64 = 10 * MINUTE;

/// Tries of one step before it counts as unanswered.
const MOST_TRIES: u32 = 4;

/// A round that is older has been lost.
const LONGEST_MS: i64 = 2 * HOUR;

/// When the trigger came is written so rarely: each time is a row of the day's.
const NOTE_EVERY_MS: i64 = 5 * MINUTE;

/// The round that is on; what the last ones found; when the trigger last came.
const ROUND: &str = "checkup";
const CHECKED: &str = "checked";
const TICKED: &str = "ticked";

/// How far a round is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// What the Page's token may.
    Token,
    /// What the Page says of itself.
    Page,
    /// Who gets its webhooks.
    Subscription,
    /// The subscription is made anew, with every field that the shop can use.
    Restore,
    /// The same with what it needs: Meta refuses a list in which it does not know one field.
    RestoreNeeded,
}

/// What a round wants next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Need {
    /// `debug_token` of the Page's token, by the app's own.
    Token,
    /// These fields of the Page.
    Page(&'static str),
    /// The Page's `subscribed_apps`.
    Subscription,
    /// A POST of these fields to it.
    Subscribe(Vec<String>),
}

/// A look.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Round {
    /// When it began: also its name.
    pub id: UnixMs,
    /// How far it is.
    pub phase: Phase,
    /// At everything, and not only at the subscription.
    pub full: bool,
    /// Not before then.
    next_at: UnixMs,
    tries: u32,
    token: Option<Token>,
    page: Option<PageSeen>,
    subscription: Option<Subscription>,
    /// What a refusal showed.
    shown: Vec<Finding>,
    unchecked: Vec<Unchecked>,
    restored: Option<Restored>,
}

/// What could not be looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unchecked {
    /// What: `token`, `page`, `subscription`.
    pub what: String,
    /// Why.
    pub why: String,
}

/// A subscription that was made anew.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Restored {
    /// When that was found necessary.
    pub at: UnixMs,
    /// When it was last in order, as far as anybody looked.
    pub good_until: Option<UnixMs>,
    /// Why Meta does not take it; none: it does.
    pub refused: Option<String>,
}

/// What the last looks found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Checked {
    /// When everything was last looked at.
    pub full_at: Option<UnixMs>,
    /// When the subscription was.
    pub looked_at: Option<UnixMs>,
    /// When it was last in order.
    pub good_at: Option<UnixMs>,
    /// What is not as it should be.
    pub findings: Vec<Finding>,
    /// What could not be looked at.
    pub unchecked: Vec<Unchecked>,
    /// The last time that the subscription was made anew.
    pub restored: Option<Restored>,
    /// What comes next, and when.
    pub next_full: UnixMs,
    /// The same for the subscription alone.
    pub next_look: UnixMs,
}

/// What a step is made with.
#[derive(Clone, Copy, Debug)]
pub struct Setting<'a> {
    /// The Page's shop.
    pub shop: &'a Shop,
    /// Our app's id, if it is set.
    pub app: Option<&'a str>,
    /// The version of the Graph API that the Worker speaks.
    pub graph_version: &'a str,
    /// The signing keys.
    pub keys: KeyFacts,
}

/// What came of a request.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// Graph says this.
    Says(Value),
    /// Graph refuses.
    Refuses(Failure),
    /// Nobody answered, or there is nothing to ask with: why.
    Nothing(String),
}

impl Answer {
    /// What Graph answered.
    #[must_use]
    pub fn of(status: u16, body: &str) -> Self {
        if (200..300).contains(&status)
            && let Ok(said) = serde_json::from_str::<Value>(body)
            && said.get("error").is_none()
        {
            return Self::Says(said);
        }
        match judge_reply(&Reply { status, retry_after_s: None, body: body.as_bytes() }) {
            Verdict::Failed(failure) => Self::Refuses(failure),
            Verdict::Sent { .. } => Self::Nothing("an answer that says nothing".to_owned()),
        }
    }

    /// Whether it is worth asking again soon.
    fn may_pass(&self) -> bool {
        match self {
            Self::Says(_) => false,
            Self::Refuses(failure) => {
                matches!(failure.class, Class::Retry | Class::SlowPage | Class::Unknown)
            }
            Self::Nothing(_) => true,
        }
    }
}

impl Round {
    fn new(full: bool, now: UnixMs) -> Self {
        Self {
            id: now,
            phase: if full { Phase::Token } else { Phase::Subscription },
            full,
            next_at: now,
            tries: 0,
            token: None,
            page: None,
            subscription: None,
            shown: Vec::new(),
            unchecked: Vec::new(),
            restored: None,
        }
    }

    /// What it wants next.
    #[must_use]
    pub fn need(&self, shop: &Shop) -> Need {
        match self.phase {
            Phase::Token => Need::Token,
            Phase::Page => Need::Page(read::PAGE_FIELDS),
            Phase::Subscription => Need::Subscription,
            Phase::Restore | Phase::RestoreNeeded => {
                let needs = Needs::of(shop);
                let there = self.subscription.as_ref().and_then(|s| s.fields.clone());
                let mut fields = there.unwrap_or_default();
                let wanted: Vec<&str> = match self.phase {
                    Phase::Restore => needs.all_fields().collect(),
                    _ => needs.fields,
                };
                fields.extend(judge::lacking(&fields, &wanted));
                Need::Subscribe(fields)
            }
        }
    }

    fn enter(&mut self, phase: Phase) {
        self.phase = phase;
        self.tries = 0;
    }

    fn skip(&mut self, what: &str, why: String) {
        self.unchecked.push(Unchecked { what: what.to_owned(), why });
    }

    fn is_dead(&self) -> bool {
        let dead = |finding: &Finding| matches!(finding, Finding::TokenDead { .. });
        self.token.as_ref().is_some_and(|token| !token.valid) || self.shown.iter().any(dead)
    }
}

/// What the last looks found.
///
/// # Errors
/// [`StoreError`].
pub fn checked(sql: &impl Sql) -> Result<Option<Checked>, StoreError> {
    facts::get(sql, CHECKED)
}

/// The round that is on, if one is between two steps.
///
/// # Errors
/// [`StoreError`].
pub fn on(sql: &impl Sql, now: UnixMs) -> Result<Option<Round>, StoreError> {
    let round: Option<Round> = facts::get(sql, ROUND)?;
    Ok(round.filter(|round| now.since(round.id) < LONGEST_MS))
}

/// Sees to it that looks are made: with every tick.
///
/// # Errors
/// [`StoreError`].
pub fn keep(sql: &impl Sql, now: UnixMs) -> Result<(), StoreError> {
    let plan = match checked(sql)? {
        Some(plan) => plan,
        None => {
            let first = now.plus(FIRST_MS);
            let plan = Checked { next_full: first, next_look: first, ..Checked::default() };
            facts::set(sql, CHECKED, &plan)?;
            plan
        }
    };
    let next = on(sql, now)?.map_or(plan.next_full.min(plan.next_look), |round| round.next_at);
    // What is due already is made in the same breath.
    if next > now { timers::set(sql, Timer::Checkup, next) } else { Ok(()) }
}

/// Everything is looked at now: the owner asks for it.
///
/// # Errors
/// [`StoreError`].
pub fn begin(sql: &impl Sql, now: UnixMs) -> Result<(), StoreError> {
    let plan = checked(sql)?.unwrap_or_default();
    facts::set(sql, CHECKED, &Checked { next_full: now, ..plan })?;
    facts::clear(sql, ROUND)?;
    timers::set(sql, Timer::Checkup, now)
}

/// The round whose next step may be made now; a new one when its time has come. A Page that has to
/// go slower waits.
///
/// # Errors
/// [`StoreError`].
pub fn due(sql: &impl Sql, now: UnixMs) -> Result<Option<Round>, StoreError> {
    let hold = sending::page_hold(sql)?.filter(|hold| hold.until > now && !hold.needs_owner);
    if let Some(hold) = hold {
        timers::set(sql, Timer::Checkup, hold.until)?;
        return Ok(None);
    }
    let (round, next) = match on(sql, now)? {
        Some(round) => (round.clone(), round.next_at),
        None => {
            let Some(plan) = checked(sql)? else { return Ok(None) };
            (Round::new(plan.next_full <= now, now), plan.next_full.min(plan.next_look))
        }
    };
    if next > now {
        // The alarm came for a moment that has been put off.
        timers::set(sql, Timer::Checkup, next)?;
        return Ok(None);
    }
    Ok(Some(round))
}

/// Takes the answer to what a round needed. `true` once the round is over.
///
/// # Errors
/// [`StoreError`].
pub fn take(
    sql: &impl Sql,
    setting: &Setting<'_>,
    round: &mut Round,
    answer: Answer,
    now: UnixMs,
) -> Result<bool, StoreError> {
    sql.transaction(|| {
        if answer.may_pass() && round.tries.saturating_add(1) < MOST_TRIES {
            round.tries = round.tries.saturating_add(1);
            // A minute, 2, 4.
            let wait = MINUTE.saturating_mul(1 << round.tries.saturating_sub(1).min(10));
            return go_on(sql, round, now.plus(wait)).map(|()| false);
        }
        let needs = Needs::of(setting.shop);
        let over = match round.phase {
            Phase::Token => {
                token(setting, round, answer);
                round.enter(Phase::Page);
                round.is_dead()
            }
            Phase::Page => {
                match answer {
                    Answer::Says(body) => round.page = Some(read::page(&body)),
                    other => refused(round, "page", other),
                }
                round.enter(Phase::Subscription);
                round.is_dead()
            }
            Phase::Subscription => match answer {
                Answer::Says(body) => {
                    let seen = read::subscription(&body, setting.app);
                    let lacks = seen
                        .fields
                        .as_ref()
                        .is_none_or(|fields| !judge::lacking(fields, &needs.fields).is_empty());
                    round.subscription = Some(seen);
                    if lacks {
                        let good_until = checked(sql)?.and_then(|checked| checked.good_at);
                        round.restored = Some(Restored { at: now, good_until, refused: None });
                        round.enter(Phase::Restore);
                    }
                    !lacks
                }
                other => {
                    refused(round, "subscription", other);
                    true
                }
            },
            Phase::Restore | Phase::RestoreNeeded => restored(round, answer),
        };
        if !over {
            return go_on(sql, round, now.plus(SECOND / 10)).map(|()| false);
        }
        finish(sql, setting, &needs, round, now).map(|()| true)
    })
}

fn token(setting: &Setting<'_>, round: &mut Round, answer: Answer) {
    let page: &PageId = &setting.shop.page.id;
    let mut ours = vec![page.as_str()];
    ours.extend(setting.shop.page.instagram_id.as_ref().map(|id| id.as_str()));
    match answer {
        Answer::Says(body) => round.token = Some(read::token(&body, &ours)),
        // It is the app's own token that is refused here: the Page's may be as good as ever.
        Answer::Refuses(failure) => round.skip("token", sending::reason(&failure)),
        Answer::Nothing(why) => round.skip("token", why),
    }
}

/// What it means that the Page's token is not answered.
fn refused(round: &mut Round, what: &str, answer: Answer) {
    match answer {
        Answer::Refuses(failure) => {
            let why = sending::reason(&failure);
            match failure.class {
                Class::TokenInvalid => round.shown.push(Finding::TokenDead { why }),
                Class::PageRestricted => round.shown.push(Finding::Restricted { why }),
                _ => round.skip(what, why),
            }
        }
        Answer::Nothing(why) => round.skip(what, why),
        Answer::Says(_) => {}
    }
}

/// Whether the round is over.
fn restored(round: &mut Round, answer: Answer) -> bool {
    let why = match answer {
        Answer::Says(_) => None,
        Answer::Refuses(failure)
            if failure.class == Class::BadRequest && round.phase == Phase::Restore =>
        {
            round.enter(Phase::RestoreNeeded);
            return false;
        }
        Answer::Refuses(failure) => Some(sending::reason(&failure)),
        Answer::Nothing(why) => Some(why),
    };
    if let Some(restored) = &mut round.restored {
        restored.refused = why;
    }
    true
}

fn go_on(sql: &impl Sql, round: &mut Round, at: UnixMs) -> Result<(), StoreError> {
    round.next_at = at;
    facts::set(sql, ROUND, round)?;
    timers::set(sql, Timer::Checkup, at)
}

/// Judges what was seen, and keeps it.
fn finish(
    sql: &impl Sql,
    setting: &Setting<'_>,
    needs: &Needs,
    round: &Round,
    now: UnixMs,
) -> Result<(), StoreError> {
    let mut kept = checked(sql)?.unwrap_or_default();
    let mut found = round.shown.clone();
    if let Some(token) = &round.token {
        found.extend(judge::token(token, setting.app, needs, now));
    }
    if let Some(page) = &round.page {
        found.extend(judge::page(page));
    }
    if let Some(subscription) = &round.subscription {
        let seen = judge::subscription(subscription, needs);
        if !seen.iter().any(is_of_subscription_problem) {
            kept.good_at = Some(now);
        }
        found.extend(seen);
    }
    if round.full {
        let today = now.utc_date();
        found.extend(judge::graph_version(setting.graph_version, today));
        found.extend(judge::rules(today));
        found.extend(judge::keys(&setting.keys, today));
        let usage = usage::today(sql, now)?.or(&usage::yesterday(sql, now)?);
        let hosting = &setting.shop.hosting;
        let near = judge::usage(&usage.times(hosting.desks.max(1)), hosting.plan);
        // Writes to KV are watched with every tick.
        let kv = |f: &Finding| matches!(f, Finding::Quota { resource: Resource::KvWrites, .. });
        found.extend(near.into_iter().filter(|finding| !kv(finding)));
        kept.full_at = Some(now);
        kept.unchecked.clone_from(&round.unchecked);
        counters::add(sql, "checkup.made", now)?;
    } else {
        // What was not looked at stays as it was found; a token that reads is alive.
        let alive = round.subscription.is_some();
        let stays = kept.findings.iter().filter(|finding| match finding {
            Finding::Unsubscribed
            | Finding::Fields { .. }
            | Finding::WishedFields { .. }
            | Finding::OtherApps { .. } => !alive,
            Finding::TokenDead { .. } | Finding::Restricted { .. } => !alive,
            _ => true,
        });
        let mut all: Vec<Finding> = stays.cloned().collect();
        found.retain(|finding| !all.contains(finding));
        all.append(&mut found);
        found = all;
    }
    if let Some(restored) = &round.restored {
        let how = if restored.refused.is_some() { "refused" } else { "made" };
        counters::add(sql, &format!("checkup.subscription_{how}"), now)?;
        kept.restored = Some(restored.clone());
    }
    kept.looked_at = Some(now);
    kept.findings = found;
    plan(sql, &mut kept, round, now)?;
    facts::set(sql, CHECKED, &kept)?;
    facts::clear(sql, ROUND)?;
    timers::set(sql, Timer::Checkup, kept.next_full.min(kept.next_look))
}

fn is_of_subscription_problem(finding: &Finding) -> bool {
    matches!(finding, Finding::Unsubscribed | Finding::Fields { .. })
}

/// When to look again.
fn plan(sql: &impl Sql, kept: &mut Checked, round: &Round, now: UnixMs) -> Result<(), StoreError> {
    let halted = kept
        .findings
        .iter()
        .any(|finding| matches!(finding, Finding::TokenDead { .. } | Finding::Restricted { .. }));
    let problem = kept.findings.iter().any(|finding| finding.weight() == Weight::Problem);
    let again = match round.restored.as_ref().map(|restored| restored.refused.is_none()) {
        Some(true) => CONFIRM_MS,
        Some(false) => HALTED_AGAIN_MS,
        None => LOOK_EVERY_MS,
    };
    kept.next_look = now.plus(again);
    if round.full || kept.next_full <= now {
        kept.next_full = now.plus(DAY);
    }
    if halted {
        kept.next_full = kept.next_full.min(now.plus(HALTED_AGAIN_MS));
    } else if problem {
        kept.next_full = kept.next_full.min(now.plus(PROBLEM_AGAIN_MS));
    }
    // A trigger that is late once is not silent: it is looked at again before anybody is told.
    if let Some(mut ticked) = facts::get::<Ticked>(sql, TICKED)?
        && judge::cron(ticked.at, now).is_some()
    {
        if let Some(next) = ticked.looked(now) {
            facts::set(sql, TICKED, &next)?;
            ticked = next;
        }
        kept.next_look = kept.next_look.min(ticked.seen.plus(CRON_SILENT_MS));
    }
    Ok(())
}

/// When the scheduled trigger came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Ticked {
    at: UnixMs,
    /// How many looks in a row found it silent, and when the last of them was.
    silent: u32,
    seen: UnixMs,
}

/// So many looks in a row, ten minutes apart, find it silent before anybody is told.
const SILENT_LOOKS: u32 = 3;

impl Ticked {
    /// Another look finds it silent; `None` when that is too soon to count. Looks that lie far apart
    /// show nothing: the Desk itself, or the clock, was away.
    fn looked(self, now: UnixMs) -> Option<Self> {
        let since = now.since(self.seen);
        if self.silent > 0 && (0..CRON_SILENT_MS).contains(&since) {
            return None;
        }
        let in_a_row = (0..=CRON_SILENT_MS.saturating_mul(2)).contains(&since);
        let silent = if in_a_row { self.silent.saturating_add(1) } else { 1 };
        Some(Self { silent, seen: now, ..self })
    }
}

/// The scheduled trigger came.
///
/// # Errors
/// [`StoreError`].
pub fn ticked(sql: &impl Sql, now: UnixMs) -> Result<(), StoreError> {
    let known: Option<Ticked> = facts::get(sql, TICKED)?;
    let fresh = known.is_some_and(|ticked| {
        ticked.silent == 0 && (0..NOTE_EVERY_MS).contains(&now.since(ticked.at))
    });
    if fresh {
        return Ok(());
    }
    facts::set(sql, TICKED, &Ticked { at: now, silent: 0, seen: UnixMs::default() })
}

/// When the scheduled trigger last came, to five minutes.
///
/// # Errors
/// [`StoreError`].
pub fn last_tick(sql: &impl Sql) -> Result<Option<UnixMs>, StoreError> {
    Ok(facts::get::<Ticked>(sql, TICKED)?.map(|ticked| ticked.at))
}

/// Whether the trigger is silent, and was in several looks.
///
/// # Errors
/// [`StoreError`].
pub fn silence(sql: &impl Sql, now: UnixMs) -> Result<Option<Finding>, StoreError> {
    let Some(ticked) = facts::get::<Ticked>(sql, TICKED)? else { return Ok(None) };
    Ok(if ticked.silent >= SILENT_LOOKS { judge::cron(ticked.at, now) } else { None })
}
