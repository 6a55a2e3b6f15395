//! How the doctor says what was judged (`desk::checkup`): by its own look, or by the Worker's.

use super::checks;
use super::finding::{Check, Findings, Says, fix, says};
use super::worker::given;
use crate::desk::checkup::{Finding, Weight};
use crate::meta::policy::{GRAPH_VERSIONS, RULES};

/// What stands in the words.
#[derive(Clone, Copy, Default)]
pub(super) struct Names<'a> {
    /// Under which name the Page's token stands.
    pub token: &'a str,
    /// The app's id.
    pub app: &'a str,
}

/// Adds a finding.
pub(super) fn add(finding: &Finding, names: Names<'_>, found: &mut Findings<'_>) {
    let (check, says, fix) = line(finding, names);
    match finding.weight() {
        Weight::Problem => found.problem(check, says, fix),
        Weight::Warning => found.warning(check, says, fix),
    }
}

/// The check that a finding belongs to.
pub(super) fn check_of(finding: &Finding) -> Check {
    match finding {
        Finding::TokenDead { .. } | Finding::TokenOfApp { .. } | Finding::TokenKind { .. } => {
            checks::TOKEN
        }
        Finding::TokenEnds { .. } | Finding::TokenDataEnds { .. } => checks::TOKEN_LIFE,
        Finding::Scopes { .. } => checks::SCOPES,
        Finding::WishedScopes { .. } => checks::WISHED_SCOPES,
        Finding::Unsubscribed | Finding::Fields { .. } | Finding::WishedFields { .. } => {
            checks::FIELDS
        }
        Finding::OtherApps { .. } => checks::OTHER_APPS,
        Finding::Unpublished | Finding::Restricted { .. } => checks::PAGE,
        Finding::VersionEnds { .. }
        | Finding::VersionEnded { .. }
        | Finding::VersionUnknown { .. } => checks::GRAPH_VERSION,
        Finding::RuleEnds { .. } => checks::RULES,
        Finding::KeyEnds { .. } | Finding::KeyEnded { .. } => checks::SIGNING_KEY,
        Finding::Quota { .. } => checks::QUOTA,
        Finding::CronSilent { .. } => checks::CRON,
    }
}

fn line(finding: &Finding, names: Names<'_>) -> (Check, Says, Says) {
    let put = || given(names.token);
    let new_token = || fix(|f| f.new_token).with("command", put());
    let with = |names: String| fix(|f| f.token_with).with("names", names).with("command", put());
    let check = check_of(finding);
    let (says, fix) = match finding {
        Finding::TokenDead { why } => (says(|s| s.dead).with("why", why), new_token()),
        Finding::TokenOfApp { app } => {
            (says(|s| s.of_app).with("theirs", app).with("ours", names.app), new_token())
        }
        Finding::TokenKind { kind } => (says(|s| s.kind).with("what", kind), new_token()),
        Finding::TokenEnds { on } => (says(|s| s.ends).with("date", on), new_token()),
        Finding::TokenDataEnds { on } => (says(|s| s.reads_until).with("date", on), new_token()),
        Finding::Scopes { lacks } | Finding::WishedScopes { lacks } => {
            let names = lacks.join(", ");
            (says(|s| s.lacks).with("names", &names), with(names))
        }
        Finding::Unsubscribed => (
            says(|s| s.unsubscribed),
            fix(|f| f.subscribe).with("names", "messages, messaging_postbacks, …"),
        ),
        Finding::Fields { lacks } => {
            let names = lacks.join(", ");
            (says(|s| s.lacks).with("names", &names), fix(|f| f.subscribe).with("names", names))
        }
        Finding::WishedFields { lacks } => {
            let names = lacks.join(", ");
            (says(|s| s.lacks).with("names", &names), fix(|f| f.wish).with("names", names))
        }
        Finding::OtherApps { names } => {
            (says(|s| s.others_too).with("names", names.join(", ")), fix(|f| f.remove_apps))
        }
        Finding::Unpublished => (says(|s| s.unpublished), fix(|f| f.publish_page)),
        Finding::Restricted { why } => (says(|s| s.restricted).with("why", why), fix(|f| f.appeal)),
        Finding::VersionEnds { on, .. } => (says(|s| s.ends).with("date", on), newest()),
        Finding::VersionEnded { on, .. } => (says(|s| s.ended).with("date", on), newest()),
        Finding::VersionUnknown { version } => {
            (says(|s| s.unknown).with("what", version), newest())
        }
        Finding::RuleEnds { rule, on } => {
            let known = RULES.iter().find(|known| known.id == *rule);
            let what = known.map_or(rule.as_str(), |known| known.says);
            let source = known.map(|known| format!("{}, {}", known.source, known.source_date));
            (
                says(|s| s.rule).with("date", on).with("what", what),
                fix(|f| f.update).with("what", source.unwrap_or_default()),
            )
        }
        Finding::KeyEnds { on } => (says(|s| s.ends).with("date", on), fix(|f| f.nothing)),
        Finding::KeyEnded { on } => (
            says(|s| s.ended).with("date", on),
            fix(|f| f.run).with("command", "scripts/wrangler secret delete SIGNING_KEY_PREVIOUS"),
        ),
        Finding::Quota { resource, takes, gives } => (
            says(|s| s.near).with("what", resource.says()).with("used", takes).with("limit", gives),
            fix(|f| f.fewer),
        ),
        Finding::CronSilent { minutes } => {
            (says(|s| s.quiet).with("minutes", minutes), fix(|f| f.crons))
        }
    };
    (check, says, fix)
}

fn newest() -> Says {
    let newest = GRAPH_VERSIONS.last().map_or("v26.0", |newest| newest.version);
    fix(|f| f.set_var).with("line", format!("GRAPH_VERSION = \"{newest}\""))
}
