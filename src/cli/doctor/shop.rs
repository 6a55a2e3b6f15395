//! The shop on this computer, and the calendar of Meta's rules.

use jiff::civil::Date;

use super::Checkup;
use super::checks;
use super::finding::{Findings, fix, says};
use super::judged::{self, Names};
use crate::cli::check;
use crate::cli::publish::Bundle;
use crate::desk::checkup::judge;
use crate::meta::policy::GRAPH_VERSIONS;
use crate::shop::model::Shop;
use crate::shop::source::compile;
use crate::shop::source::diagnostic::Severity;

/// Reads and compiles shop.toml. The shops are sealed, so that their version can be compared.
pub(super) fn check(checkup: &Checkup, found: &mut Findings<'_>) -> Option<Vec<Shop>> {
    let dir = checkup.dir.display();
    let (_, source) = match check::read(&checkup.dir) {
        Ok(read) => read,
        Err(error) => {
            found.problem(
                checks::SHOP_FILE,
                says(|s| s.unreadable).with("why", error),
                fix(|f| f.folder).with("command", "shopbell doctor FOLDER --url URL"),
            );
            return None;
        }
    };
    let compiled = compile(&source);
    let of = |severity: Severity| {
        compiled.diagnostics.iter().filter(|one| one.severity == severity).count()
    };
    let (errors, warnings) = (of(Severity::Error), of(Severity::Warning));
    let counted = says(|s| s.errors).with("errors", errors).with("warnings", warnings);
    let run = fix(|f| f.run).with("command", format!("shopbell check {dir}"));
    if compiled.has_errors() {
        found.problem(checks::SHOP, counted, run);
        return None;
    }
    if warnings > 0 {
        found.warning(checks::SHOP, counted, run);
    } else {
        found.ok(checks::SHOP, "");
    }
    Some(Bundle::of(compiled.shops).shops)
}

/// Rules that end soon.
pub(super) fn calendar(today: Date, found: &mut Findings<'_>) {
    let ending = judge::rules(today);
    if ending.is_empty() {
        found.ok(checks::RULES, "");
    }
    ending.iter().for_each(|finding| judged::add(finding, Names::default(), found));
}

/// The version of the Graph API that the Worker speaks.
pub(super) fn graph_version(version: &str, today: Date, found: &mut Findings<'_>) {
    let judged = judge::graph_version(version, today);
    if judged.is_empty() {
        let until = GRAPH_VERSIONS.iter().find(|known| known.version == version);
        let until = until.and_then(|known| known.until);
        let until = until.map(|until| format!(", {until}")).unwrap_or_default();
        found.ok(checks::GRAPH_VERSION, format!("{version}{until}"));
    }
    judged.iter().for_each(|finding| judged::add(finding, Names::default(), found));
}
