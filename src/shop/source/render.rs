//! Diagnostics for people, and one by one for machines.

use std::path::Path;

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use serde_json::json;

use super::diagnostic::{Diagnostic, Severity};

/// As a compiler shows it: the place, the line, what is wrong, what to write instead. `color`
/// with the terminal's colours.
#[must_use]
pub fn for_people(diagnostics: &[Diagnostic], source: &str, file: &Path, color: bool) -> String {
    let renderer = if color { Renderer::styled() } else { Renderer::plain() };
    let path = file.display().to_string();
    diagnostics
        .iter()
        .map(|diagnostic| {
            let level = match diagnostic.severity {
                Severity::Error => Level::ERROR,
                Severity::Warning => Level::WARNING,
                Severity::Note => Level::NOTE,
            };
            let annotation = AnnotationKind::Primary.span(shown(source, diagnostic));
            let label = Some(diagnostic.label.as_str()).filter(|label| !label.is_empty());
            let snippet =
                Snippet::source(source).path(path.as_str()).annotation(annotation.label(label));
            let title = level.primary_title(diagnostic.message.as_str()).id(diagnostic.code);
            let mut group = title.element(snippet);
            if let Some(help) = &diagnostic.help {
                group = group.element(Level::HELP.message(help.as_str()));
            }
            renderer.render(&[group]) + "\n\n"
        })
        .collect()
}

/// One JSON object a line: file, line and column of the first character, end with those behind the
/// last one (all from 1, columns in characters), code, severity, message, label, help; and data,
/// where there is any. A label or help that is not there is null.
#[must_use]
pub fn for_machines(diagnostics: &[Diagnostic], source: &str, file: &Path) -> String {
    diagnostics
        .iter()
        .map(|diagnostic| {
            let (line, column) = place(source, diagnostic.span.start);
            let (end_line, end_column) = place(source, diagnostic.span.end);
            let label = Some(diagnostic.label.as_str()).filter(|label| !label.is_empty());
            let mut object = json!({
                "file": file.display().to_string(),
                "line": line,
                "column": column,
                "end": { "line": end_line, "column": end_column },
                "code": diagnostic.code,
                "severity": diagnostic.severity.as_str(),
                "message": diagnostic.message,
                "label": label,
                "help": diagnostic.help,
            });
            if let (Some(data), Some(object)) = (&diagnostic.data, object.as_object_mut()) {
                object.insert("data".to_owned(), data.clone());
            }
            format!("{object}\n")
        })
        .collect()
}

/// Line and column of a byte, both from 1, columns in characters.
#[must_use]
pub fn place(source: &str, at: usize) -> (usize, usize) {
    let before = source.get(..at).unwrap_or(source);
    let line = before.matches('\n').count().saturating_add(1);
    let start = before.rfind('\n').map_or(0, |newline| newline.saturating_add(1));
    let column = before.get(start..).unwrap_or_default().chars().count().saturating_add(1);
    (line, column)
}

/// The span, or its first line when it has several: nobody needs to see a whole text again.
fn shown(source: &str, diagnostic: &Diagnostic) -> std::ops::Range<usize> {
    let span = diagnostic.span.clone();
    let text = source.get(span.clone()).unwrap_or_default();
    match text.find('\n') {
        Some(newline) => span.start..span.start.saturating_add(newline),
        None => span,
    }
}
