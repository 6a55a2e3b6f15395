//! What the facts mean.

use jiff::ToSpan;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::Finding;
use super::needs::Needs;
use super::read::{PageSeen, Subscription, Token};
use super::usage::Usage;
use crate::meta::policy::{self, GRAPH_VERSIONS};
use crate::outreach::budget::{Resource, limits};
use crate::shop::model::Plan;
use crate::time::{DAY, MINUTE, UnixMs};

/// A token that ends sooner than this is named, in ms.
pub const TOKEN_NOTICE_MS: i64 = 14 * DAY;

/// Rules and keys that end sooner than this are named, in days.
pub const NOTICE_DAYS: u16 = 30;

/// The same for a version of the Graph API: leaving one takes longer.
pub const VERSION_NOTICE_DAYS: i64 = 90;

/// Of what the plan gives a day, so much in a hundred is nearly all.
pub const NEAR_PERCENT: u64 = 80;

/// The scheduled trigger comes once a minute, and now and then late. Longer than this is silence,
/// in ms.
pub const CRON_SILENT_MS: i64 = 10 * MINUTE;

/// What the Page's token may be and do.
#[must_use]
pub fn token(token: &Token, app: Option<&str>, needs: &Needs, now: UnixMs) -> Vec<Finding> {
    if !token.valid {
        return vec![Finding::TokenDead { why: token.why.clone() }];
    }
    let mut found = Vec::new();
    if let (Some(made_by), Some(app)) = (&token.app, app)
        && made_by != app
    {
        found.push(Finding::TokenOfApp { app: made_by.clone() });
    }
    if let Some(kind) = token.kind.as_ref().filter(|kind| *kind != "PAGE") {
        found.push(Finding::TokenKind { kind: kind.clone() });
    }
    let soon = |at: Option<UnixMs>| at.filter(|at| at.since(now) < TOKEN_NOTICE_MS);
    match (soon(token.ends), soon(token.data_ends)) {
        // One day is enough to name, and the token's own is the harder one.
        (Some(at), data) if data.is_none_or(|data| at <= data) => {
            found.push(Finding::TokenEnds { on: at.utc_date() });
        }
        (_, Some(at)) => found.push(Finding::TokenDataEnds { on: at.utc_date() }),
        _ => {}
    }
    let lacks = |wanted: &[&'static [&'static str]]| -> Vec<String> {
        let may = |scope: &&str| token.scopes.iter().any(|granted| granted == scope);
        let lacking = wanted.iter().filter(|spellings| !spellings.iter().any(&may));
        lacking.filter_map(|spellings| spellings.first()).map(|s| (*s).to_owned()).collect()
    };
    let needed = lacks(&needs.scopes);
    if !needed.is_empty() {
        found.push(Finding::Scopes { lacks: needed });
    }
    let wished = lacks(&needs.wished_scopes);
    if !wished.is_empty() {
        found.push(Finding::WishedScopes { lacks: wished });
    }
    found
}

/// Whether Meta sends what the shop needs, and to whom else.
#[must_use]
pub fn subscription(subscription: &Subscription, needs: &Needs) -> Vec<Finding> {
    let Some(fields) = &subscription.fields else { return vec![Finding::Unsubscribed] };
    let mut found = Vec::new();
    let needed = lacking(fields, &needs.fields);
    let wished = lacking(fields, &needs.wished_fields);
    if !needed.is_empty() {
        found.push(Finding::Fields { lacks: needed });
    } else if !wished.is_empty() {
        found.push(Finding::WishedFields { lacks: wished });
    }
    if !subscription.others.is_empty() {
        found.push(Finding::OtherApps { names: subscription.others.clone() });
    }
    found
}

/// The names of `wanted` that are not among `there`.
#[must_use]
pub fn lacking(there: &[String], wanted: &[&str]) -> Vec<String> {
    let missing = wanted.iter().filter(|field| !there.iter().any(|known| known == *field));
    missing.map(|field| (*field).to_owned()).collect()
}

/// Whether people can see the Page.
#[must_use]
pub fn page(page: &PageSeen) -> Vec<Finding> {
    if page.published == Some(false) { vec![Finding::Unpublished] } else { Vec::new() }
}

/// The version of the Graph API on a day.
#[must_use]
pub fn graph_version(version: &str, today: Date) -> Vec<Finding> {
    let version_ = || version.to_owned();
    let Some(known) = GRAPH_VERSIONS.iter().find(|known| known.version == version) else {
        return vec![Finding::VersionUnknown { version: version_() }];
    };
    match known.until {
        Some(on) if on < today => vec![Finding::VersionEnded { version: version_(), on }],
        Some(on) if on <= today.saturating_add(VERSION_NOTICE_DAYS.days()) => {
            vec![Finding::VersionEnds { version: version_(), on }]
        }
        _ => Vec::new(),
    }
}

/// Rules of Meta's that end soon.
#[must_use]
pub fn rules(today: Date) -> Vec<Finding> {
    let ending = policy::ending_within(today, NOTICE_DAYS);
    ending
        .filter_map(|rule| Some(Finding::RuleEnds { rule: rule.id.to_owned(), on: rule.valid_to? }))
        .collect()
}

/// What is known of the signing keys, without them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct KeyFacts {
    /// Whether `SIGNING_KEY_PREVIOUS` is set.
    pub previous: bool,
    /// The last day (UTC) on which links that it signed are taken; none: there is no end.
    pub previous_until: Option<Date>,
}

/// Whether the previous signing key is about to end, or only lies about.
#[must_use]
pub fn keys(keys: &KeyFacts, today: Date) -> Vec<Finding> {
    match keys.previous_until.filter(|_| keys.previous) {
        Some(on) if on < today => vec![Finding::KeyEnded { on }],
        Some(on) if on <= today.saturating_add(i64::from(NOTICE_DAYS).days()) => {
            vec![Finding::KeyEnds { on }]
        }
        _ => Vec::new(),
    }
}

/// Whether a day took nearly all that the plan gives. On the paid plan more can be bought.
#[must_use]
pub fn usage(usage: &Usage, plan: Plan) -> Vec<Finding> {
    if plan == Plan::Paid {
        return Vec::new();
    }
    let near = |resource: Resource| {
        let gives = limits::limit(resource, plan)?.amount;
        let takes = usage.of(resource)?;
        let near = takes.saturating_mul(100) >= gives.saturating_mul(NEAR_PERCENT);
        near.then_some(Finding::Quota { resource, takes, gives })
    };
    Resource::ALL.into_iter().filter_map(near).collect()
}

/// Whether the scheduled trigger comes. `ticked` is when it last did.
#[must_use]
pub fn cron(ticked: UnixMs, now: UnixMs) -> Option<Finding> {
    let silent = now.since(ticked);
    (silent > CRON_SILENT_MS).then_some(Finding::CronSilent { minutes: silent / MINUTE })
}

#[cfg(test)]
#[path = "judge_tests.rs"]
mod tests;
