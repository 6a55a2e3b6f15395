//! What a check found, and how people and machines see it.

use std::fmt::Write as _;

use serde::Serialize;

use super::secrets::Secrets;

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// As it should be.
    Ok,
    /// Works, or was not looked at; worth knowing.
    Warning,
    /// Does not work.
    Problem,
    /// Nothing that can be checked from here: a reminder.
    Note,
}

/// What one check found. A problem always has one thing to do about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Which check; does not change between versions.
    pub check: &'static str,
    /// How it ended.
    pub state: State,
    /// What it is about: this computer, the Worker, a Page.
    pub about: String,
    /// One line.
    pub says: String,
    /// The one thing to do, for problems and for warnings that can be ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fix: Option<String>,
}

/// Everything found so far, in order.
pub(super) struct Findings<'a> {
    secrets: &'a Secrets,
    about: String,
    list: Vec<Finding>,
}

impl<'a> Findings<'a> {
    pub(super) fn new(secrets: &'a Secrets) -> Self {
        Self { secrets, about: String::new(), list: Vec::new() }
    }

    /// What the next findings are about.
    pub(super) fn about(&mut self, what: impl Into<String>) {
        self.about = what.into();
    }

    pub(super) fn ok(&mut self, check: &'static str, says: impl AsRef<str>) {
        self.add(check, State::Ok, says.as_ref(), None);
    }

    pub(super) fn warning(
        &mut self,
        check: &'static str,
        says: impl AsRef<str>,
        fix: impl AsRef<str>,
    ) {
        self.add(check, State::Warning, says.as_ref(), Some(fix.as_ref()));
    }

    pub(super) fn problem(
        &mut self,
        check: &'static str,
        says: impl AsRef<str>,
        fix: impl AsRef<str>,
    ) {
        self.add(check, State::Problem, says.as_ref(), Some(fix.as_ref()));
    }

    pub(super) fn note(&mut self, check: &'static str, says: impl AsRef<str>) {
        self.add(check, State::Note, says.as_ref(), None);
    }

    fn add(&mut self, check: &'static str, state: State, says: &str, fix: Option<&str>) {
        self.list.push(Finding {
            check,
            state,
            about: one_line(&self.secrets.scrub(&self.about)),
            says: one_line(&self.secrets.scrub(says)),
            fix: fix.map(|fix| one_line(&self.secrets.scrub(fix))),
        });
    }

    pub(super) fn done(self) -> Vec<Finding> {
        self.list
    }
}

/// On one line and without anything a terminal would obey: some of it comes from servers.
fn one_line(text: &str) -> String {
    let plain: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// How many findings are in a state.
#[must_use]
pub fn count(findings: &[Finding], state: State) -> usize {
    findings.iter().filter(|finding| finding.state == state).count()
}

/// For people: grouped by what it is about, and a closing line.
#[must_use]
pub fn for_people(findings: &[Finding]) -> String {
    let mut text = String::new();
    let mut about = None;
    for finding in findings {
        if about != Some(&finding.about) {
            about = Some(&finding.about);
            let gap = if text.is_empty() { "" } else { "\n" };
            let _ = writeln!(text, "{gap}{}", finding.about);
        }
        let state = match finding.state {
            State::Ok => "ok",
            State::Warning => "warning",
            State::Problem => "problem",
            State::Note => "note",
        };
        let _ = writeln!(text, "  {state:<8} {}", finding.says);
        if let Some(fix) = &finding.fix {
            let _ = writeln!(text, "           -> {fix}");
        }
    }
    let _ = writeln!(text, "\n{}", closing_line(findings));
    text
}

/// "1 problem, 2 warnings, 14 checks in order".
fn closing_line(findings: &[Finding]) -> String {
    let counted = |n: usize, what: &str| format!("{n} {what}{}", if n == 1 { "" } else { "s" });
    format!(
        "{}, {}, {} in order",
        counted(count(findings, State::Problem), "problem"),
        counted(count(findings, State::Warning), "warning"),
        counted(count(findings, State::Ok), "check"),
    )
}

/// For machines: one JSON object a line.
#[must_use]
pub fn for_machines(findings: &[Finding]) -> String {
    let lines = findings.iter().filter_map(|finding| serde_json::to_string(finding).ok());
    lines.fold(String::new(), |text, line| text + &line + "\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_and_a_terminals_commands_never_reach_the_text() {
        let secrets = Secrets::new([("PAGE_TOKEN".to_owned(), "EAAB-very-secret".to_owned())]);
        let mut found = Findings::new(&secrets);
        found.about("Page \u{1b}[31m1");
        found.problem("x", "Meta says: EAAB-very-secret\nis\u{7} bad", "drop EAAB-very-secret");
        let list = found.done();
        let (people, machines) = (for_people(&list), for_machines(&list));
        for text in [&people, &machines] {
            assert!(!text.contains("EAAB"), "{text}");
            assert!(!text.contains('\u{1b}') && !text.contains('\u{7}'), "{text}");
        }
        assert!(people.ends_with("1 problem, 0 warnings, 0 checks in order\n"), "{people}");
    }
}
