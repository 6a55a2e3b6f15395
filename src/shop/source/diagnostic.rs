//! What is wrong in a `shop.toml`, where, and what to write instead.

use std::ops::Range;

use super::values::quoted;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The shop cannot be published.
    Error,
    /// It can, but something will not be as the owner thinks.
    Warning,
    /// Nothing is wrong; something could be better.
    Note,
}

impl Severity {
    /// `error`, `warning`, `note`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

/// One problem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Its kind, for machines: `unknown-key`. Stays the same from version to version.
    pub code: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong.
    pub message: String,
    /// Where, in bytes of the source; always within it and on the edges of characters.
    pub span: Range<usize>,
    /// A few words for the place itself.
    pub label: String,
    /// What to write instead.
    pub help: Option<String>,
    /// What it was found by, for machines.
    pub data: Option<serde_json::Value>,
}

impl Diagnostic {
    /// Something that keeps the shop from being published, or the check from passing.
    pub fn error(code: &'static str, span: Range<usize>, message: impl Into<String>) -> Self {
        Self {
            code,
            severity: Severity::Error,
            message: message.into(),
            span,
            label: String::new(),
            help: None,
            data: None,
        }
    }

    /// Something that will not be as the owner thinks.
    pub fn warning(code: &'static str, span: Range<usize>, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, span, message) }
    }

    /// Something that could be better.
    pub fn note(code: &'static str, span: Range<usize>, message: impl Into<String>) -> Self {
        Self { severity: Severity::Note, ..Self::error(code, span, message) }
    }

    /// With a few words at the place itself.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// With what to do about it.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// With what it was found by, for machines.
    #[must_use]
    pub fn data(mut self, data: serde_json::Value) -> Self {
        self.data = Some(data);
        self
    }
}

/// A value that is not what it should be, before it has a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Problem {
    pub code: &'static str,
    pub message: String,
    pub help: String,
}

impl Problem {
    pub fn new(code: &'static str, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { code, message: message.into(), help: help.into() }
    }

    pub fn at(self, span: Range<usize>) -> Diagnostic {
        Diagnostic::error(self.code, span, self.message).help(self.help)
    }
}

/// The one of `known` that `word` is most likely meant to be.
pub(super) fn nearest<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    let folded = word.to_lowercase();
    known
        .into_iter()
        .map(|k| (strsim::jaro_winkler(&folded, &k.to_lowercase()), k))
        .filter(|(likeness, _)| *likeness >= 0.8)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, k)| k)
}

/// A name that names nothing.
pub(super) fn unknown(what: &str, name: &str, span: Range<usize>, known: &[&str]) -> Diagnostic {
    let message = format!("no {what} is called {}", quoted(name));
    Diagnostic::error("unknown-reference", span, message).help(instead(what, name, known))
}

/// What to write instead of a name that names nothing.
pub(super) fn instead(what: &str, name: &str, known: &[&str]) -> String {
    match nearest(name, known.iter().copied()) {
        Some(near) => format!("did you mean {}?", quoted(near)),
        None if known.is_empty() => format!("there is no {what} in this file yet"),
        None => {
            let known: Vec<String> = known.iter().map(|name| quoted(name)).collect();
            format!("there is {}", known.join(", "))
        }
    }
}
