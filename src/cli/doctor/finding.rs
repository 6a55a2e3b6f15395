//! What a check found, and how people and machines see it.
//!
//! A finding is made of a [`Check`], [`Says`] and a fix, which are words of [`DoctorTexts`] with
//! values in them; in which language they are said is known when the shop is read, and they are put
//! together at the end.

use std::fmt::Write as _;

use serde::Serialize;

use super::secrets::Secrets;
use crate::cli::shown::one_line;
use crate::shop::lang::alerts::AlertTexts;
use crate::shop::lang::doctor::{self, DoctorTexts, Fixes, Titles, Words};

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// As it should be.
    Ok,
    /// Works; worth knowing.
    Warning,
    /// Does not work.
    Problem,
    /// Nobody looked, and it says why.
    NotChecked,
}

/// What one check found. Whatever is not as it should be has one thing to do about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Which check; does not change between versions.
    pub check: &'static str,
    /// How it ended.
    pub state: State,
    /// What it is about: this computer, the Worker, a Page.
    pub about: String,
    /// One line, in the owner's language.
    pub says: String,
    /// The one thing to do, in the owner's language.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fix: Option<String>,
}

/// What is looked at.
#[derive(Clone, Copy)]
pub(super) struct Check {
    pub id: &'static str,
    pub title: Title,
}

/// What it is called.
#[derive(Clone, Copy)]
pub(super) enum Title {
    /// By a name that stands as it is.
    Name(&'static str),
    /// By words of the owner's language.
    Words(fn(&Titles) -> &'static str),
}

/// Which words, of which part of the texts.
#[derive(Clone, Copy)]
enum Which {
    Says(fn(&doctor::Says) -> &'static str),
    Fix(fn(&Fixes) -> &'static str),
    Words(fn(&Words) -> &'static str),
    Alert(fn(&AlertTexts) -> &'static str),
}

/// Words with values in them.
pub(super) struct Says {
    which: Which,
    /// What stands in the place of a name in braces.
    values: Vec<(&'static str, String)>,
}

/// What was found.
pub(super) fn says(words: fn(&doctor::Says) -> &'static str) -> Says {
    Says { which: Which::Says(words), values: Vec::new() }
}

/// What to do.
pub(super) fn fix(words: fn(&Fixes) -> &'static str) -> Says {
    Says { which: Which::Fix(words), values: Vec::new() }
}

/// What it is about.
pub(super) fn about(words: fn(&Words) -> &'static str) -> Says {
    Says { which: Which::Words(words), values: Vec::new() }
}

/// What the owner was alerted of, with what is known of it and since when.
pub(super) fn alerted(words: fn(&AlertTexts) -> &'static str, known: &str, since: &str) -> Says {
    Says { which: Which::Alert(words), values: Vec::new() }
        .with("known", known)
        .with("since", since)
}

impl Says {
    /// With a value.
    pub(super) fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        self.values.push((name, value.to_string()));
        self
    }

    fn render(&self, texts: &DoctorTexts) -> String {
        let template = match self.which {
            Which::Says(words) => words(&texts.says),
            Which::Fix(words) => words(&texts.fixes),
            Which::Words(words) => words(&texts.words),
            Which::Alert(words) => {
                let words = words(texts.alerts());
                return self.fill(&format!("{words} ({{known}}; {{since}})"));
            }
        };
        self.fill(template)
    }

    fn fill(&self, template: &str) -> String {
        // Piece by piece: what is filled in may have braces of its own.
        let mut text = String::new();
        let mut rest = template;
        while let Some((before, after)) = rest.split_once('{') {
            let Some((name, later)) = after.split_once('}') else { break };
            text.push_str(before);
            match self.values.iter().find(|(known, _)| *known == name) {
                Some((_, value)) => text.push_str(value),
                None => text.push('?'),
            }
            rest = later;
        }
        text + rest
    }
}

/// A finding before its language is known.
struct Raw {
    check: Check,
    state: State,
    about: usize,
    says: Option<Says>,
    /// Names and numbers, the same in every language.
    detail: String,
    fix: Option<Says>,
}

/// Everything found so far, in order.
pub(super) struct Findings<'a> {
    secrets: &'a Secrets,
    about: Vec<Says>,
    list: Vec<Raw>,
}

impl<'a> Findings<'a> {
    pub(super) fn new(secrets: &'a Secrets) -> Self {
        Self { secrets, about: Vec::new(), list: Vec::new() }
    }

    /// What the next findings are about.
    pub(super) fn about(&mut self, what: Says) {
        self.about.push(what);
    }

    /// As it should be. `detail` is the same in every language; it may be empty.
    pub(super) fn ok(&mut self, check: Check, detail: impl Into<String>) {
        self.add(check, State::Ok, None, None, detail.into());
    }

    pub(super) fn warning(&mut self, check: Check, says: Says, fix: Says) {
        self.add(check, State::Warning, Some(says), Some(fix), String::new());
    }

    pub(super) fn problem(&mut self, check: Check, says: Says, fix: Says) {
        self.add(check, State::Problem, Some(says), Some(fix), String::new());
    }

    /// Nobody looked, because of `why`.
    pub(super) fn unchecked(&mut self, check: Check, why: Says, fix: Says) {
        self.add(check, State::NotChecked, Some(why), Some(fix), String::new());
    }

    fn add(
        &mut self,
        check: Check,
        state: State,
        says: Option<Says>,
        fix: Option<Says>,
        detail: String,
    ) {
        let about = self.about.len().saturating_sub(1);
        self.list.push(Raw { check, state, about, says, detail, fix });
    }

    /// In this language.
    pub(super) fn done(self, texts: &'static DoctorTexts) -> Diagnosis {
        let line = |text: &str| one_line(&self.secrets.scrub(text));
        let findings = self.list.iter().map(|raw| {
            let title = match raw.check.title {
                Title::Name(name) => name,
                Title::Words(words) => words(&texts.titles),
            };
            let text = match (&raw.says, raw.detail.as_str()) {
                (Some(says), _) => texts.after_colon(title, &says.render(texts)),
                (None, "") => title.to_owned(),
                (None, detail) => format!("{title} ({detail})"),
            };
            let about = self.about.get(raw.about).map(|about| about.render(texts));
            Finding {
                check: raw.check.id,
                state: raw.state,
                about: line(&about.unwrap_or_default()),
                says: line(&text),
                fix: raw.fix.as_ref().map(|fix| line(&fix.render(texts))),
            }
        });
        Diagnosis { findings: findings.collect(), texts }
    }
}

/// Everything that was found, in the owner's language.
#[derive(Clone, Debug)]
pub struct Diagnosis {
    /// In the order of the checks.
    pub findings: Vec<Finding>,
    texts: &'static DoctorTexts,
}

impl Diagnosis {
    /// How many findings are in a state.
    #[must_use]
    pub fn count(&self, state: State) -> usize {
        self.findings.iter().filter(|finding| finding.state == state).count()
    }

    /// For people: grouped by what it is about, and a closing line.
    #[must_use]
    pub fn for_people(&self) -> String {
        let words = &self.texts.words;
        let word = |state: State| match state {
            State::Ok => words.ok,
            State::Warning => words.warning,
            State::Problem => words.problem,
            State::NotChecked => words.not_checked,
        };
        let all = [words.ok, words.warning, words.problem, words.not_checked];
        let width = all.iter().map(|word| columns(word)).max().unwrap_or(0);
        let mut text = String::new();
        let mut about = None;
        for finding in &self.findings {
            if about != Some(&finding.about) {
                about = Some(&finding.about);
                let gap = if text.is_empty() { "" } else { "\n" };
                let _ = writeln!(text, "{gap}{}", finding.about);
            }
            let state = word(finding.state);
            let rest = " ".repeat(width.saturating_sub(columns(state)));
            let _ = writeln!(text, "  {state}{rest}  {}", finding.says);
            if let Some(fix) = &finding.fix {
                let gap = if words.to_do.ends_with('：') { "" } else { " " };
                let _ = writeln!(text, "  {}  {}{gap}{fix}", " ".repeat(width), words.to_do);
            }
        }
        let closing = about_counts(self).render(self.texts);
        let _ = writeln!(text, "\n{closing}");
        text
    }

    /// For machines: one JSON object a line.
    #[must_use]
    pub fn for_machines(&self) -> String {
        let lines = self.findings.iter().filter_map(|finding| serde_json::to_string(finding).ok());
        lines.fold(String::new(), |text, line| text + &line + "\n")
    }
}

/// "problems: 1, warnings: 2, …".
fn about_counts(diagnosis: &Diagnosis) -> Says {
    about(|w| w.closing)
        .with("problems", diagnosis.count(State::Problem))
        .with("warnings", diagnosis.count(State::Warning))
        .with("unchecked", diagnosis.count(State::NotChecked))
        .with("ok", diagnosis.count(State::Ok))
}

/// How wide a terminal shows it: Chinese characters take two columns.
fn columns(text: &str) -> usize {
    text.chars().map(|c| if c >= '\u{2e80}' { 2 } else { 1 }).sum()
}

#[cfg(test)]
mod tests {
    use super::super::checks;
    use super::*;
    use crate::shop::lang::language;
    use crate::shop::model::Lang;

    #[test]
    fn a_secret_and_a_terminals_commands_never_reach_the_text() {
        let secrets = Secrets::new([("PAGE_TOKEN".to_owned(), "EAAB-very-secret".to_owned())]);
        let mut found = Findings::new(&secrets);
        found.about(about(|w| w.about_page).with("page", "\u{1b}[31m1").with("name", "x"));
        let why = "EAAB-very-secret\nis\u{7} bad {date}";
        found.problem(
            checks::TOKEN,
            says(|s| s.dead).with("why", why),
            fix(|f| f.run).with("command", "drop EAAB-very-secret"),
        );
        let list = found.done(language(&Lang("en".to_owned())).doctor);
        let (people, machines) = (list.for_people(), list.for_machines());
        for text in [&people, &machines] {
            assert!(!text.contains("EAAB"), "{text}");
            assert!(!text.contains('\u{1b}') && !text.contains('\u{7}'), "{text}");
            assert!(text.contains("is bad {date}"), "what Meta says is not filled in: {text}");
        }
        let closing = "problems: 1, warnings: 0, not checked: 0, in order: 0\n";
        assert!(people.ends_with(closing), "{people}");
    }

    #[test]
    fn what_is_not_known_is_said_in_the_owners_language_with_its_reason() {
        let secrets = Secrets::new([]);
        let mut found = Findings::new(&secrets);
        found.about(about(|w| w.about_worker));
        let env = says(|s| s.env).with("names", "APP_ID");
        found.unchecked(checks::WEBHOOK, env, fix(|f| f.export).with("names", "APP_ID"));
        let list = found.done(language(&Lang("de".to_owned())).doctor);
        let one = &list.findings[0];
        assert_eq!(one.says, "Webhook der App: APP_ID ist nicht in der Umgebung");
        assert!(one.fix.as_ref().unwrap().contains("APP_ID in der Umgebung setzen"));
        assert_eq!(one.state, State::NotChecked);
    }
}
