//! The shop on this computer, and the calendar of Meta's rules.

use jiff::ToSpan;
use jiff::civil::Date;

use super::Checkup;
use super::finding::Findings;
use crate::cli::check;
use crate::cli::publish::Bundle;
use crate::meta::policy::{self, GRAPH_VERSIONS};
use crate::shop::model::Shop;
use crate::shop::source::compile;
use crate::shop::source::diagnostic::Severity;

/// Rules that end sooner than this are named, in days.
const RULE_NOTICE_DAYS: u16 = 30;

/// The same for a version of the Graph API: leaving one takes longer.
const VERSION_NOTICE_DAYS: i64 = 90;

/// Reads and compiles shop.toml. The shops are sealed, so that their version can be compared.
pub(super) fn check(checkup: &Checkup, found: &mut Findings<'_>) -> Option<Vec<Shop>> {
    let dir = checkup.dir.display();
    let (path, source) = match check::read(&checkup.dir) {
        Ok(read) => read,
        Err(error) => {
            found.problem(
                "shop.read",
                error.to_string(),
                "name the shop's folder: shopbell doctor FOLDER --worker URL",
            );
            return None;
        }
    };
    let compiled = compile(&source);
    let line = check::closing_line(&compiled, &path);
    let warned = compiled.diagnostics.iter().any(|d| d.severity == Severity::Warning);
    if compiled.has_errors() {
        found.problem("shop.check", line, format!("run `shopbell check {dir}` and correct them"));
        return None;
    }
    if warned {
        found.warning("shop.check", line, format!("`shopbell check {dir}` shows them"));
    } else {
        found.ok("shop.check", line);
    }
    Some(Bundle::of(compiled.shops).shops)
}

/// Rules that end soon.
pub(super) fn calendar(today: Date, found: &mut Findings<'_>) {
    let mut quiet = true;
    for rule in policy::ending_within(today, RULE_NOTICE_DAYS) {
        quiet = false;
        let last = rule.valid_to.unwrap_or(today);
        found.warning(
            "meta.rule_ends",
            format!("a rule of Meta's ends after {last}: {}", rule.says),
            format!(
                "update Shopbell before then; Meta says so in: {} ({})",
                rule.source, rule.source_date
            ),
        );
    }
    if quiet {
        found.ok(
            "meta.rule_ends",
            format!("no rule of Meta's that is used here ends within {RULE_NOTICE_DAYS} days"),
        );
    }
}

/// The version of the Graph API that the Worker speaks.
pub(super) fn graph_version(version: &str, today: Date, found: &mut Findings<'_>) {
    let newest = GRAPH_VERSIONS.last().map_or("the newest", |newest| newest.version);
    let fix = format!(
        "set GRAPH_VERSION = \"{newest}\" in wrangler.toml and run: scripts/wrangler deploy"
    );
    let known = GRAPH_VERSIONS.iter().find(|known| known.version == version);
    match known {
        None => found.warning(
            "meta.graph_version",
            format!("Graph API {version} is not one that this version of Shopbell knows"),
            fix,
        ),
        Some(known) => match known.until {
            Some(until) if until < today => found.problem(
                "meta.graph_version",
                format!("Graph API {version} ended on {until}"),
                fix,
            ),
            Some(until) if until <= today.saturating_add(VERSION_NOTICE_DAYS.days()) => found
                .warning("meta.graph_version", format!("Graph API {version} ends on {until}"), fix),
            Some(until) => {
                found.ok("meta.graph_version", format!("Graph API {version}, good until {until}"));
            }
            None => found.ok(
                "meta.graph_version",
                format!("Graph API {version}; Meta has named no last day for it"),
            ),
        },
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::super::finding::{Finding, State};
    use super::super::secrets::Secrets;
    use super::*;

    fn found(look: impl FnOnce(&mut Findings<'_>)) -> Vec<Finding> {
        let secrets = Secrets::new([]);
        let mut found = Findings::new(&secrets);
        look(&mut found);
        found.done()
    }

    #[test]
    fn a_version_is_named_before_it_ends_and_refused_after() {
        let on = |version: &str, day: Date| {
            found(|found| graph_version(version, day, found)).first().unwrap().state
        };
        assert_eq!(on("v21.0", date(2026, 6, 1)), State::Ok);
        assert_eq!(on("v21.0", date(2026, 11, 20)), State::Warning);
        assert_eq!(on("v21.0", date(2027, 1, 21)), State::Warning);
        assert_eq!(on("v21.0", date(2027, 1, 22)), State::Problem);
        assert_eq!(on("v26.0", date(2027, 1, 22)), State::Ok);
        assert_eq!(on("v99.0", date(2026, 11, 20)), State::Warning);
    }

    #[test]
    fn a_rule_is_named_in_the_month_before_its_end_and_only_then() {
        let on = |day: Date| found(|found| calendar(day, found)).first().unwrap().state;
        assert_eq!(on(date(2026, 1, 25)), State::Warning);
        assert_eq!(on(date(2026, 11, 22)), State::Ok);
    }
}
