//! What the owner is told of because nobody else would notice: the Page is halted, KV takes no
//! writes, its quota of the day is nearly used up, Meta's list of tokens cannot be trusted, or what
//! the Worker's own look found ([`super::checkup`]). Each is an incident with a beginning and an end; the owner is told once of each, by a way that works
//! while it lasts.
//!
//! The Page's first Desk tells. The others tell it what they see.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::checkup::{Finding, round};
use super::layout;
use super::person::Person;
use super::sending;
use crate::meta::event::Channel;
use crate::meta::fit::fit;
use crate::meta::ids::Psid;
use crate::meta::send::Content;
use crate::outreach::reconcile;
use crate::shop::lang::language;
use crate::shop::model::Shop;
use crate::store::calls::{self, Kind};
use crate::store::incidents::{self, Incident};
use crate::store::outbox::{self, Class};
use crate::store::timers::{self, Timer};
use crate::store::{Sql, StoreError, counters, facts, kv_queue, people, to_json};
use crate::time::{HOUR, UnixMs};

/// KV has refused a value for so long: no passing trouble any more.
pub const KV_REFUSES_MS: i64 = HOUR;

/// Writes a day of KV's free plan (Cloudflare KV limits, November 2026), for the whole account.
const KV_FREE_WRITES: i64 = 1_000;

/// So many of them are nearly all. The rest is for what has to be written today.
const KV_NEAR: i64 = 800;

/// Counts what was written to KV.
pub use crate::store::leaving::KV_WRITTEN;

/// More was written on some day than the free plan takes: it is not the free plan.
const KV_PAID: &str = "kv_paid";

/// What the other Desks of the Page see, on the first; and what this one has told the first.
const OTHERS: &str = "others_see";
pub(super) const TOLD_FIRST: &str = "told_first";

/// What can be wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Alert {
    /// Meta refuses the Page's token, a permission or the Page: nothing is sent.
    Halted,
    /// KV has refused a write for an hour.
    KvRefuses,
    /// The day's writes of KV's free plan are nearly used up.
    KvQuota,
    /// Meta's list of tokens cannot be read for days, or lacks so many that it is not believed.
    TokenList,
    /// Meta had stopped sending the Page's messages; the Worker has subscribed anew, or tries to.
    Unsubscribed,
    /// The Page's token ends soon, or stops reading.
    TokenEnds,
    /// The token may not do what the shop needs.
    Permissions,
    /// The Page is not published.
    Hidden,
    /// The day takes nearly all that Cloudflare's plan gives.
    Quota,
    /// A rule of Meta's, by which messages leave, ends soon.
    RuleEnds,
    /// The version of the Graph API ends soon, or has ended.
    VersionEnds,
    /// Links that the previous signing key signed stop working soon.
    KeyEnds,
    /// The scheduled trigger does not come.
    Cron,
}

impl Alert {
    /// All of them.
    pub const ALL: [Self; 13] = [
        Self::Halted,
        Self::KvRefuses,
        Self::KvQuota,
        Self::TokenList,
        Self::Unsubscribed,
        Self::TokenEnds,
        Self::Permissions,
        Self::Hidden,
        Self::Quota,
        Self::RuleEnds,
        Self::VersionEnds,
        Self::KeyEnds,
        Self::Cron,
    ];

    /// As it is told and written.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Halted => "halted",
            Self::KvRefuses => "kv_refuses",
            Self::KvQuota => "kv_quota",
            Self::TokenList => "token_list",
            Self::Unsubscribed => "unsubscribed",
            Self::TokenEnds => "token_ends",
            Self::Permissions => "permissions",
            Self::Hidden => "hidden",
            Self::Quota => "quota",
            Self::RuleEnds => "rule_ends",
            Self::VersionEnds => "version_ends",
            Self::KeyEnds => "key_ends",
            Self::Cron => "cron",
        }
    }

    /// The alert of a finding; none for what only stands in the list of them.
    #[must_use]
    pub const fn of(finding: &Finding) -> Option<Self> {
        match finding {
            // Whether a message or a look hears of it first, it is one thing that is wrong.
            Finding::TokenDead { .. } | Finding::Restricted { .. } => Some(Self::Halted),
            Finding::TokenEnds { .. } | Finding::TokenDataEnds { .. } => Some(Self::TokenEnds),
            Finding::TokenOfApp { .. }
            | Finding::TokenKind { .. }
            | Finding::Scopes { .. }
            | Finding::WishedScopes { .. } => Some(Self::Permissions),
            Finding::Unsubscribed | Finding::Fields { .. } => Some(Self::Unsubscribed),
            Finding::Unpublished => Some(Self::Hidden),
            Finding::Quota { .. } => Some(Self::Quota),
            Finding::RuleEnds { .. } => Some(Self::RuleEnds),
            Finding::VersionEnds { .. } | Finding::VersionEnded { .. } => Some(Self::VersionEnds),
            Finding::KeyEnds { .. } => Some(Self::KeyEnds),
            Finding::CronSilent { .. } => Some(Self::Cron),
            Finding::WishedFields { .. }
            | Finding::OtherApps { .. }
            | Finding::VersionUnknown { .. }
            | Finding::KeyEnded { .. } => None,
        }
    }
}

/// Something that is wrong now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Condition {
    /// What.
    pub alert: Alert,
    /// What is known of it, in our words.
    pub says: String,
}

/// What is wrong at this Desk now.
///
/// # Errors
/// [`StoreError`].
pub fn conditions(sql: &impl Sql, now: UnixMs) -> Result<Vec<Condition>, StoreError> {
    let mut found = Vec::new();
    let mut note = |alert, says: String| found.push(Condition { alert, says });
    // Until a message gets through nobody knows that it is over.
    if let Some(hold) = sending::page_hold(sql)?.filter(|hold| hold.needs_owner) {
        note(Alert::Halted, hold.reason);
    }
    if let Some(since) = kv_queue::refused_since(sql)?
        && now.since(since) >= KV_REFUSES_MS
    {
        let (owed, _) = kv_queue::backlog(sql)?;
        note(Alert::KvRefuses, format!("{owed} values wait"));
    }
    let written = counters::today(sql, KV_WRITTEN, now)?;
    if written >= KV_NEAR {
        let paid: bool = facts::get(sql, KV_PAID)?.unwrap_or(false);
        if written > KV_FREE_WRITES && !paid {
            facts::set(sql, KV_PAID, &true)?;
        } else if !paid {
            note(Alert::KvQuota, format!("{written} of {KV_FREE_WRITES} writes"));
        }
    }
    if let Some(says) = reconcile::trouble(sql, now)? {
        note(Alert::TokenList, says);
    }
    looks(sql, &mut found, now)?;
    Ok(found)
}

/// What the Worker's own looks found. Several of one kind are one.
fn looks(sql: &impl Sql, found: &mut Vec<Condition>, now: UnixMs) -> Result<(), StoreError> {
    let checked = round::checked(sql)?.unwrap_or_default();
    let silence = round::silence(sql, now)?;
    for finding in checked.findings.iter().chain(&silence) {
        let Some(alert) = Alert::of(finding) else { continue };
        let mut says = finding.says();
        if let (Alert::Unsubscribed, Some(restored)) = (alert, &checked.restored) {
            if let Some(good) = restored.good_until {
                says = format!("{says}; {} - {}", good.rfc3339(), restored.at.rfc3339());
            }
            if let Some(why) = &restored.refused {
                says = format!("{says}; {why}");
            }
        }
        match found.iter_mut().find(|condition| condition.alert == alert) {
            // A hold says it already.
            Some(_) if alert == Alert::Halted => {}
            Some(condition) => condition.says = format!("{}; {says}", condition.says),
            None => found.push(Condition { alert, says }),
        }
    }
    Ok(())
}

/// What is open on this Desk.
///
/// # Errors
/// [`StoreError`].
pub fn open(sql: &impl Sql, now: UnixMs) -> Result<Vec<Incident>, StoreError> {
    let all = incidents::since(sql, now)?;
    Ok(all.into_iter().filter(|incident| incident.until.is_none()).collect())
}

/// Another Desk of the Page sees this, and nothing else.
///
/// # Errors
/// [`StoreError`].
pub fn heard(sql: &impl Sql, shard: u32, sees: &[Condition]) -> Result<(), StoreError> {
    let mut others: Vec<(u32, Vec<Condition>)> = facts::get(sql, OTHERS)?.unwrap_or_default();
    others.retain(|(other, _)| *other != shard);
    if !sees.is_empty() {
        others.push((shard, sees.to_vec()));
    }
    facts::set(sql, OTHERS, &others)
}

/// Looks what is wrong, and tells the owner what began and what is over. On another Desk than the
/// first: what the first has to be told, when that has changed; [`told_first`] once it was.
///
/// # Errors
/// [`StoreError`].
pub fn look(
    sql: &impl Sql,
    shop: &Shop,
    shard: u32,
    now: UnixMs,
) -> Result<Option<Vec<Condition>>, StoreError> {
    sql.transaction(|| {
        let mut found = conditions(sql, now)?;
        let mut news = None;
        if shard == 0 {
            // What a Desk saw that is closed now nobody would ever end.
            let desks = layout::known(sql)?.map(|layout| layout.desks());
            let is_there = |shard: u32| desks.is_none_or(|desks| shard < desks);
            let mut others: Vec<(u32, Vec<Condition>)> =
                facts::get(sql, OTHERS)?.unwrap_or_default();
            let all = others.len();
            others.retain(|(shard, _)| is_there(*shard));
            if others.len() < all {
                facts::set(sql, OTHERS, &others)?;
            }
            for (_, sees) in others {
                found.extend(sees);
            }
        } else {
            let told: Vec<Condition> = facts::get(sql, TOLD_FIRST)?.unwrap_or_default();
            let kinds = |all: &[Condition]| all.iter().map(|c| c.alert).collect::<Vec<_>>();
            news = (kinds(&told) != kinds(&found)).then(|| found.clone());
        }
        let open = open(sql, now)?;
        for alert in Alert::ALL {
            let before = open.iter().find(|incident| incident.kind == alert.name());
            let after = found.iter().find(|condition| condition.alert == alert);
            match (before, after) {
                (None, Some(condition)) => {
                    incidents::open(sql, alert.name(), &condition.says, now)?;
                    counters::add(sql, &format!("alert.{}", alert.name()), now)?;
                    if shard == 0 {
                        let began = News { alert, says: &condition.says, since: now, over: false };
                        tell(sql, shop, &began, now)?;
                    }
                }
                (Some(incident), None) => {
                    incidents::close(sql, alert.name(), now)?;
                    if shard == 0 {
                        let since = incident.since;
                        let over = News { alert, says: &incident.says, since, over: true };
                        tell(sql, shop, &over, now)?;
                    }
                }
                _ => {}
            }
        }
        Ok(news)
    })
}

/// The first Desk knows what this one sees.
///
/// # Errors
/// [`StoreError`].
pub fn told_first(sql: &impl Sql, sees: &[Condition]) -> Result<(), StoreError> {
    facts::set(sql, TOLD_FIRST, &sees)
}

/// What is told.
struct News<'a> {
    alert: Alert,
    says: &'a str,
    since: UnixMs,
    over: bool,
}

/// Tells the owner: by a message where one can leave and Meta allows it, else by the webhook.
fn tell(sql: &impl Sql, shop: &Shop, news: &News<'_>, now: UnixMs) -> Result<(), StoreError> {
    // While the Page is halted no message leaves it.
    let can_leave = news.alert != Alert::Halted || news.over;
    if can_leave
        && let Some(owner) = &shop.handoff.notify
        && write_to(sql, shop, owner, news, now)?
    {
        return Ok(());
    }
    let Some(url) = &shop.handoff.webhook else { return Ok(()) };
    let body = json!({
        "v": 1,
        "event": if news.over { "alert_over" } else { "alert" },
        "page": shop.page.id,
        "alert": news.alert,
        "says": news.says,
        "since": news.since.rfc3339(),
        "at": now.rfc3339(),
    });
    let body = to_json("calls", &body)?;
    // It is about nobody; what stands in a person's place is the Page.
    let Ok(page) = Psid::new(shop.page.id.as_str()) else { return Ok(()) };
    calls::push(sql, Kind::Alert, (Channel::Messenger, &page), Some((url, &body)), now)
}

/// What the owner reads.
fn text(shop: &Shop, news: &News<'_>) -> String {
    let texts = &language(shop.default_lang()).alerts;
    let what = match news.alert {
        Alert::Halted => texts.halted,
        Alert::KvRefuses => texts.kv_refuses,
        Alert::KvQuota => texts.kv_quota,
        Alert::TokenList => texts.token_list,
        Alert::Unsubscribed => texts.unsubscribed,
        Alert::TokenEnds => texts.token_ends,
        Alert::Permissions => texts.permissions,
        Alert::Hidden => texts.hidden,
        Alert::Quota => texts.quota,
        Alert::RuleEnds => texts.rule_ends,
        Alert::VersionEnds => texts.version_ends,
        Alert::KeyEnds => texts.key_ends,
        Alert::Cron => texts.cron,
    };
    let what = format!("{what} ({})", news.says);
    if news.over { format!("{} {what}", texts.over) } else { what }
}

fn write_to(
    sql: &impl Sql,
    shop: &Shop,
    owner: &Psid,
    news: &News<'_>,
    now: UnixMs,
) -> Result<bool, StoreError> {
    let known: Option<Person> = people::load(sql, Channel::Messenger, owner)?;
    let Some(until) = known.filter(|owner| owner.window_open(now)).and_then(|o| o.window_until)
    else {
        return Ok(false);
    };
    let content = Content::Text { text: text(shop, news), quick_replies: Vec::new() };
    for bubble in fit(content, Channel::Messenger) {
        let message = outbox::Message {
            class: &Class::Reply,
            channel: Channel::Messenger,
            person: owner,
            content: &bubble,
            due_at: now,
            expires_at: Some(until),
        };
        outbox::append(sql, &message, now)?;
    }
    timers::set(sql, Timer::Drain, now)?;
    Ok(true)
}
