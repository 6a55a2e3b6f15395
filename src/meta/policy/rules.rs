//! The rules on transports, dated.

use jiff::civil::{Date, date};

use super::super::event::Channel::{self, Instagram, Messenger};
use super::Effect::{Allow, Forbid};
use super::Purpose::{self, Answer, Human, Promotion, Transaction};
use super::Transport::{
    HumanAgent, InWindow, LegacyRecurring, PaidMarketing, UpdateTag, UtilityTemplate,
};
use super::{Areas, Rule};

/// Stands for the first day of rules that are older than this table.
const BEFORE_THIS_TABLE: Date = date(2020, 1, 1);

/// No new recurring integrations from this day on.
const NO_NEW_RECURRING: Date = date(2025, 9, 1);

const BOTH: &[Channel] = &[Messenger, Instagram];
const ANY: &[Purpose] = &[Answer, Promotion, Transaction, Human];

/// Where recurring notifications went on after 10 February 2026.
const LEGACY_AREAS: &[&str] = &["AU", "EU", "JP", "KR", "GB"];

/// Where paid marketing messages reach nobody (Meta, Marketing Message API for Messenger, 30 June
/// 2026). The same list today, and another rule.
const UNPAID_AREAS: &[&str] = &["AU", "EU", "JP", "KR", "GB"];

/// Where businesses can use paid marketing messages; an Australian business can, and reaches
/// nobody at home (Meta, Marketing Message API for Messenger, 30 June 2026).
const PAID_COUNTRIES: &[&str] = &[
    "AU", "BR", "CL", "CO", "HK", "IN", "ID", "IL", "MY", "MX", "NZ", "PE", "PH", "SA", "SG", "TW",
    "TH", "AE", "US", "VN",
];

const FAQ: &str = "Meta, Marketing Messages FAQ";

/// Every rule, the older first.
pub const RULES: &[Rule] = &[
    Rule {
        id: "standard-window",
        transport: InWindow,
        effect: Allow,
        areas: Areas::Everywhere,
        businesses: Areas::Everywhere,
        channels: BOTH,
        purposes: ANY,
        integrated_before: None,
        valid_from: BEFORE_THIS_TABLE,
        valid_to: None,
        source: "Meta, Messenger Platform policy",
        source_date: date(2026, 9, 28),
        says: "Inside the messaging window anything may be sent, offers too.",
    },
    Rule {
        id: "human-agent",
        transport: HumanAgent,
        effect: Allow,
        areas: Areas::Everywhere,
        businesses: Areas::Everywhere,
        channels: BOTH,
        purposes: &[Human],
        integrated_before: None,
        valid_from: BEFORE_THIS_TABLE,
        valid_to: None,
        source: "Meta, Messenger Platform policy",
        source_date: date(2026, 9, 28),
        says: "A person may answer for seven days, in an app that Meta has reviewed for it.",
    },
    Rule {
        id: "update-tags",
        transport: UpdateTag,
        effect: Allow,
        areas: Areas::Everywhere,
        businesses: Areas::Everywhere,
        channels: &[Messenger],
        purposes: &[Transaction],
        integrated_before: None,
        valid_from: BEFORE_THIS_TABLE,
        valid_to: Some(date(2026, 4, 26)),
        source: "Meta changelog",
        source_date: date(2026, 3, 27),
        says: "Message tags for orders, accounts and events.",
    },
    Rule {
        id: "update-tags-end",
        transport: UpdateTag,
        effect: Forbid,
        areas: Areas::Everywhere,
        businesses: Areas::Everywhere,
        channels: BOTH,
        purposes: ANY,
        integrated_before: None,
        valid_from: date(2026, 4, 27),
        valid_to: None,
        source: "Meta changelog",
        source_date: date(2026, 3, 27),
        says: "The message tags for orders, accounts and events ended on 27 April 2026; \
               utility templates took their place.",
    },
    Rule {
        id: "recurring",
        transport: LegacyRecurring,
        effect: Allow,
        areas: Areas::Everywhere,
        businesses: Areas::Everywhere,
        channels: &[Messenger],
        purposes: &[Promotion],
        integrated_before: None,
        valid_from: BEFORE_THIS_TABLE,
        valid_to: Some(date(2025, 8, 31)),
        source: FAQ,
        source_date: date(2026, 3, 31),
        says: "Recurring notifications to those who opted in.",
    },
    Rule {
        id: "recurring-no-new-integrations",
        transport: LegacyRecurring,
        effect: Allow,
        areas: Areas::Everywhere,
        businesses: Areas::Everywhere,
        channels: &[Messenger],
        purposes: &[Promotion],
        integrated_before: Some(NO_NEW_RECURRING),
        valid_from: NO_NEW_RECURRING,
        valid_to: Some(date(2026, 2, 9)),
        source: FAQ,
        source_date: date(2026, 3, 31),
        says: "Recurring notifications, only for apps that sent them before 1 September 2025.",
    },
    Rule {
        id: "recurring-five-areas",
        transport: LegacyRecurring,
        effect: Allow,
        areas: Areas::Only(LEGACY_AREAS),
        businesses: Areas::Everywhere,
        channels: &[Messenger],
        purposes: &[Promotion],
        integrated_before: Some(NO_NEW_RECURRING),
        valid_from: date(2026, 2, 10),
        valid_to: None,
        source: FAQ,
        source_date: date(2026, 3, 31),
        says: "Recurring notifications go on in the EU, the UK, Australia, Japan and South Korea, \
               only for apps that sent them before 1 September 2025.",
    },
    Rule {
        id: "recurring-end",
        transport: LegacyRecurring,
        effect: Forbid,
        areas: Areas::Except(LEGACY_AREAS),
        businesses: Areas::Everywhere,
        channels: &[Messenger],
        purposes: ANY,
        integrated_before: None,
        valid_from: date(2026, 2, 10),
        valid_to: None,
        source: FAQ,
        source_date: date(2026, 3, 31),
        says: "Recurring notifications ended on 10 February 2026 outside the EU, the UK, \
               Australia, Japan and South Korea.",
    },
    Rule {
        id: "paid-marketing",
        transport: PaidMarketing,
        effect: Allow,
        areas: Areas::Except(UNPAID_AREAS),
        businesses: Areas::Only(PAID_COUNTRIES),
        channels: &[Messenger],
        purposes: &[Promotion],
        integrated_before: None,
        valid_from: date(2025, 7, 1),
        valid_to: None,
        source: "Meta, Marketing Message API for Messenger",
        source_date: date(2026, 6, 30),
        says: "Paid marketing messages to those who opted in, by businesses of twenty countries, \
               to people outside the EU, the UK, Australia, Japan and South Korea.",
    },
    Rule {
        id: "paid-marketing-unreached",
        transport: PaidMarketing,
        effect: Forbid,
        areas: Areas::Only(UNPAID_AREAS),
        businesses: Areas::Everywhere,
        channels: &[Messenger],
        purposes: ANY,
        integrated_before: None,
        valid_from: date(2025, 7, 1),
        valid_to: None,
        source: "Meta, Marketing Message API for Messenger",
        source_date: date(2026, 6, 30),
        says: "Paid marketing messages reach nobody in the EU, the UK, Australia, Japan and \
               South Korea.",
    },
    Rule {
        // Older than this date, which is the first that Meta's pages give.
        id: "utility-templates",
        transport: UtilityTemplate,
        effect: Allow,
        areas: Areas::Everywhere,
        businesses: Areas::Everywhere,
        channels: &[Messenger],
        purposes: &[Transaction],
        integrated_before: None,
        valid_from: date(2025, 9, 29),
        valid_to: None,
        source: "Meta, Utility messages",
        source_date: date(2026, 3, 6),
        says: "Utility templates for orders, accounts, appointments and events; no offers.",
    },
];

/// How long a version of the Graph API answers.
#[derive(Debug)]
pub struct GraphVersion {
    /// As it stands in an address.
    pub version: &'static str,
    /// Its last day, when Meta has named one.
    pub until: Option<Date>,
}

/// Versions of the Graph API (Meta, Graph API changelog, 29 July 2026).
pub const GRAPH_VERSIONS: &[GraphVersion] = &[
    GraphVersion { version: "v20.0", until: Some(date(2026, 9, 24)) },
    GraphVersion { version: "v21.0", until: Some(date(2027, 1, 21)) },
    GraphVersion { version: "v22.0", until: Some(date(2027, 5, 20)) },
    GraphVersion { version: "v23.0", until: Some(date(2027, 10, 8)) },
    GraphVersion { version: "v24.0", until: Some(date(2028, 2, 18)) },
    GraphVersion { version: "v25.0", until: Some(date(2028, 7, 29)) },
    GraphVersion { version: "v26.0", until: None },
];
