//! Whether what a shop needs of Meta and of Cloudflare is still there: facts in, findings out.
//!
//! The Worker looks by itself: at the Page's subscription every half hour, at everything once a
//! day. `shopbell doctor` looks with the owner's secrets and judges by the same functions.
//!
//! - [`needs`]: what a shop needs, by what it uses. [`read`]: Graph's answers as facts.
//! - [`judge`]: what the facts mean, as pure functions. [`usage`]: what a day took of the plan.
//! - [`strength`]: whether a secret is easy to guess.
//! - [`round`]: the Worker's own look, in small steps that go on after any interruption.

pub mod judge;
pub mod needs;
pub mod read;
pub mod round;
pub mod strength;
pub mod usage;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::meta::policy::RULES;
use crate::outreach::budget::Resource;

/// Something that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "finding", rename_all = "snake_case")]
pub enum Finding {
    /// Meta does not take the Page's token any more.
    TokenDead {
        /// Meta's word for it.
        why: String,
    },
    /// It was made by another app than `APP_ID`.
    TokenOfApp {
        /// That app.
        app: String,
    },
    /// It is no Page's token.
    TokenKind {
        /// What Meta calls it: `USER`.
        kind: String,
    },
    /// It ends soon.
    TokenEnds {
        /// Its last day, UTC.
        on: Date,
    },
    /// It lives on, and reads nothing after this day: whoever made it has to come back.
    TokenDataEnds {
        /// That day, UTC.
        on: Date,
    },
    /// It may not do what the shop needs.
    Scopes {
        /// What it lacks.
        lacks: Vec<String>,
    },
    /// It may not do what a part of the shop needs.
    WishedScopes {
        /// What it lacks.
        lacks: Vec<String>,
    },
    /// The app is not subscribed to the Page: Meta sends nothing.
    Unsubscribed,
    /// It is, and fields are missing that the shop needs.
    Fields {
        /// Which.
        lacks: Vec<String>,
    },
    /// Fields are missing that would make it better.
    WishedFields {
        /// Which.
        lacks: Vec<String>,
    },
    /// Other apps get the Page's messages too.
    OtherApps {
        /// What they are called.
        names: Vec<String>,
    },
    /// The Page is not published: nobody sees it, and nobody can write to it.
    Unpublished,
    /// Meta restricts the Page.
    Restricted {
        /// Meta's word for it.
        why: String,
    },
    /// The version of the Graph API ends soon.
    VersionEnds {
        /// Which.
        version: String,
        /// Its last day.
        on: Date,
    },
    /// It has ended.
    VersionEnded {
        /// Which.
        version: String,
        /// Its last day.
        on: Date,
    },
    /// It is none that this build knows.
    VersionUnknown {
        /// Which.
        version: String,
    },
    /// A rule of Meta's, by which messages leave, ends soon.
    RuleEnds {
        /// Its name in the table of rules.
        rule: String,
        /// Its last day.
        on: Date,
    },
    /// Links that the previous signing key signed stop working soon.
    KeyEnds {
        /// The last day on which they work.
        on: Date,
    },
    /// They have stopped working, and the key is still set.
    KeyEnded {
        /// The last day on which they worked.
        on: Date,
    },
    /// A day took nearly all that the plan gives, or more.
    Quota {
        /// Of what.
        resource: Resource,
        /// How much was taken.
        takes: u64,
        /// How much there is.
        gives: u64,
    },
    /// The scheduled trigger does not come.
    CronSilent {
        /// For how long, in minutes.
        minutes: i64,
    },
}

/// How bad something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Weight {
    /// It works; something should be done.
    Warning,
    /// It does not work.
    Problem,
}

impl Finding {
    /// Its name, which does not change between versions.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::TokenDead { .. } => "token_dead",
            Self::TokenOfApp { .. } => "token_of_app",
            Self::TokenKind { .. } => "token_kind",
            Self::TokenEnds { .. } => "token_ends",
            Self::TokenDataEnds { .. } => "token_data_ends",
            Self::Scopes { .. } => "scopes",
            Self::WishedScopes { .. } => "wished_scopes",
            Self::Unsubscribed => "unsubscribed",
            Self::Fields { .. } => "fields",
            Self::WishedFields { .. } => "wished_fields",
            Self::OtherApps { .. } => "other_apps",
            Self::Unpublished => "unpublished",
            Self::Restricted { .. } => "restricted",
            Self::VersionEnds { .. } => "version_ends",
            Self::VersionEnded { .. } => "version_ended",
            Self::VersionUnknown { .. } => "version_unknown",
            Self::RuleEnds { .. } => "rule_ends",
            Self::KeyEnds { .. } => "key_ends",
            Self::KeyEnded { .. } => "key_ended",
            Self::Quota { .. } => "quota",
            Self::CronSilent { .. } => "cron_silent",
        }
    }

    /// How bad it is.
    #[must_use]
    pub const fn weight(&self) -> Weight {
        match self {
            Self::TokenDead { .. }
            | Self::TokenOfApp { .. }
            | Self::TokenKind { .. }
            | Self::Scopes { .. }
            | Self::Unsubscribed
            | Self::Fields { .. }
            | Self::Unpublished
            | Self::Restricted { .. }
            | Self::VersionEnded { .. }
            | Self::CronSilent { .. } => Weight::Problem,
            Self::Quota { takes, gives, .. } if *takes >= *gives => Weight::Problem,
            Self::TokenEnds { .. }
            | Self::TokenDataEnds { .. }
            | Self::WishedScopes { .. }
            | Self::WishedFields { .. }
            | Self::OtherApps { .. }
            | Self::VersionEnds { .. }
            | Self::VersionUnknown { .. }
            | Self::RuleEnds { .. }
            | Self::KeyEnds { .. }
            | Self::KeyEnded { .. }
            | Self::Quota { .. } => Weight::Warning,
        }
    }

    /// What is known of it, in few words: names, days, Meta's own words. Never a token.
    #[must_use]
    pub fn says(&self) -> String {
        match self {
            Self::TokenDead { why } | Self::Restricted { why } => why.clone(),
            Self::TokenOfApp { app } => format!("app {app}"),
            Self::TokenKind { kind } => kind.clone(),
            Self::TokenEnds { on }
            | Self::TokenDataEnds { on }
            | Self::KeyEnds { on }
            | Self::KeyEnded { on } => on.to_string(),
            Self::Scopes { lacks }
            | Self::WishedScopes { lacks }
            | Self::Fields { lacks }
            | Self::WishedFields { lacks } => lacks.join(", "),
            Self::Unsubscribed => "subscribed_apps is empty".to_owned(),
            Self::OtherApps { names } => names.join(", "),
            Self::Unpublished => "is_published: false".to_owned(),
            Self::VersionEnds { version, on } | Self::VersionEnded { version, on } => {
                format!("{version}, {on}")
            }
            Self::VersionUnknown { version } => version.clone(),
            Self::RuleEnds { rule, on } => match RULES.iter().find(|known| known.id == *rule) {
                Some(known) => format!("{on}: {}", known.says),
                None => format!("{on}: {rule}"),
            },
            Self::Quota { resource, takes, gives } => {
                format!("{}: {takes} of {gives}", resource.says())
            }
            Self::CronSilent { minutes } => format!("{minutes} min"),
        }
    }
}
