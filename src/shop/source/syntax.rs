//! What is wrong in a file that is no TOML: each mistake once, where it was made.
//!
//! A parser goes on after a mistake and then complains of what is right: after a list that is never
//! closed, of every line to the end of the file. So a complaint counts only if the rest of the file,
//! read by itself from the next line on, brings it up again.

use std::ops::Range;

use toml::de::DeTable;

use super::diagnostic::Diagnostic;
use super::values::quoted;

/// With more of them nobody reads on, and each costs a reading of the rest of the file.
const MOST: usize = 20;

/// What the parser complained of: where, and in its words.
type Complaint = (Range<usize>, String);

pub(super) fn mistakes(source: &str, errors: &[toml::de::Error]) -> Vec<Diagnostic> {
    let mut left = complaints(errors, 0);
    let mut found = Vec::new();
    while let Some((span, message)) = left.first().cloned()
        && found.len() < MOST
    {
        found.push(told(source, &span, &message));
        let at = source.floor_char_boundary(span.start);
        let rest = source.get(at..).unwrap_or_default();
        let Some(line) = rest.find('\n') else { break };
        let from = at.saturating_add(line).saturating_add(1);
        let (_, again) = DeTable::parse_recoverable(source.get(from..).unwrap_or_default());
        let again = complaints(&again, from);
        left.retain(|complaint| complaint.0.start >= from && again.contains(complaint));
    }
    found
}

fn complaints(errors: &[toml::de::Error], from: usize) -> Vec<Complaint> {
    let moved = |at: usize| at.saturating_add(from);
    let mut all: Vec<Complaint> = errors
        .iter()
        .map(|error| {
            let span = error.span().unwrap_or(0..0);
            (moved(span.start)..moved(span.end), error.message().trim().to_owned())
        })
        .collect();
    all.sort_by_key(|(span, _)| span.start);
    all
}

fn told(source: &str, span: &Range<usize>, message: &str) -> Diagnostic {
    let error = |span: Range<usize>, message: &str| Diagnostic::error("syntax", span, message);
    if let Some(open) = never_closed(source, span.start) {
        let end = open.saturating_add(1);
        let (what, sign) = match source.get(open..end) {
            Some("{") => ("these braces are", "}"),
            _ => ("this list is", "]"),
        };
        return error(open..end, &format!("{what} never closed"))
            .label("begins here")
            .help(format!("add {sign} where it ends"));
    }
    let written = source.get(span.clone()).unwrap_or_default();
    let has = |words: &str| message.contains(words);
    if has("basic string")
        && has("expected `\"`")
        && let Some(open) = open_quote(source, span.start)
    {
        let text = source.get(open..).and_then(|rest| rest.lines().next()).unwrap_or_default();
        let help = match text.chars().rev().find(|c| is_curly(*c)) {
            Some(curly) => format!("write \" in the place of {curly}"),
            None => "add \" where it ends".to_owned(),
        };
        return error(open..span.end, "this text has no quotation mark at its end")
            .label("begins here")
            .help(help);
    }
    if written.starts_with(':') || source.get(span.start..).is_some_and(|r| r.starts_with(':')) {
        let end = span.start.saturating_add(1);
        return error(span.start..end, "a colon stands where an equals sign belongs")
            .help("write = in its place");
    }
    if has("string values must be quoted") {
        if let Some((text, end)) = curly_text(source, span.start) {
            return error(span.start..end, "these quotation marks are a word processor's")
                .help(format!("write {}, with straight ones", quoted(text)));
        }
        return error(span.clone(), "this text stands without quotation marks")
            .help(format!("write {}", quoted(written.trim())));
    }
    if has("duplicate key") {
        return error(span.clone(), &format!("`{}` is here twice", written.trim())).help(
            "leave one of them out; what there may be several of is written with two brackets: \
             [[faq]]",
        );
    }
    if has("escape")
        && let Some(start) = span.start.checked_sub(1)
        && let Some(sign) = source.get(span.start..).and_then(|rest| rest.chars().next())
        && source.get(start..).is_some_and(|rest| rest.starts_with('\\'))
    {
        let end = span.start.saturating_add(sign.len_utf8());
        return error(start..end, "a backslash begins something special, and this is nothing")
            .help("write \\\\ where a backslash is to stand");
    }
    error(span.clone(), message).help(
        "texts stand in straight quotation marks, lists in [ ], and each line is name = value; \
         https://toml.io has the rest",
    )
}

/// Quotation marks that word processors and phones put in the place of straight ones.
const fn is_curly(c: char) -> bool {
    matches!(
        c,
        '“' | '”'
            | '„'
            | '‟'
            | '«'
            | '»'
            | '‘'
            | '’'
            | '‚'
            | '‹'
            | '›'
            | '「'
            | '」'
            | '＂'
    )
}

/// The text between a word processor's quotation marks that begins at `at`, and where it ends with
/// them. Where none closes it, what is left of the line without a comment.
fn curly_text(source: &str, at: usize) -> Option<(&str, usize)> {
    let line = source.get(at..)?.lines().next()?;
    let open = line.chars().next().filter(|c| is_curly(*c))?;
    let inside = line.get(open.len_utf8()..)?;
    // What opens in one language closes in another: „a“ and “a”.
    let closes = |c: char| is_curly(c) || c == '"';
    let (text, close) = match inside.char_indices().find(|(_, c)| closes(*c)) {
        Some((len, close)) => (inside.get(..len)?, close.len_utf8()),
        None => (inside.split('#').next().unwrap_or(inside).trim_end(), 0),
    };
    let end = at.checked_add(open.len_utf8())?.checked_add(text.len())?.checked_add(close)?;
    Some((text, end))
}

/// The bracket or brace that is open at `at`, if a line begins there that belongs to no list: a head
/// or a key.
fn never_closed(source: &str, at: usize) -> Option<usize> {
    let at = source.floor_char_boundary(at);
    let before = source.get(..at)?;
    let start = before.rfind('\n').map_or(0, |newline| newline.saturating_add(1));
    let line = source.get(start..)?.lines().next().unwrap_or_default().trim_start();
    let is_key = line.split_once('=').is_some_and(|(key, _)| {
        let key = key.trim_end();
        !key.is_empty()
            && key.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'))
    });
    let is_end = at == source.len();
    if !is_key && !line.starts_with('[') && !is_end {
        return None;
    }
    // Only what an earlier line left open: a list may begin where the complaint is.
    let limit = if is_end { at } else { start };
    open_brackets(source.get(..limit)?).last().copied()
}

/// Where the quotation mark is that opened the text in which `at` lies.
fn open_quote(source: &str, at: usize) -> Option<usize> {
    let before = source.get(..at)?;
    let start = before.rfind('\n').map_or(0, |newline| newline.saturating_add(1));
    let mut open = None;
    let mut escaped = false;
    for (i, c) in before.get(start..)?.char_indices() {
        match (c, open) {
            (_, Some(_)) if escaped => escaped = false,
            ('\\', Some(_)) => escaped = true,
            ('"', None) => open = Some(start.saturating_add(i)),
            ('"', Some(_)) => open = None,
            _ => {}
        }
    }
    open
}

/// Brackets and braces that are opened as values in a text and not closed in it.
fn open_brackets(text: &str) -> Vec<usize> {
    let mut open = Vec::new();
    let mut rest = text;
    let mut at_line_start = true;
    while let Some(c) = rest.chars().next() {
        let here = text.len().saturating_sub(rest.len());
        let skip = match c {
            '#' => rest.find('\n').unwrap_or(rest.len()),
            // A head.
            '[' if at_line_start && open.is_empty() => rest.find('\n').unwrap_or(rest.len()),
            '[' | '{' => {
                open.push(here);
                1
            }
            ']' | '}' => {
                open.pop();
                1
            }
            '"' | '\'' => quoted_length(rest, c),
            c => c.len_utf8(),
        };
        at_line_start = c == '\n' || (at_line_start && c.is_whitespace());
        rest = rest.get(skip.max(1)..).unwrap_or_default();
    }
    open
}

/// How long the text is that begins with this quotation mark; to the end of its line, if it has no
/// end.
fn quoted_length(rest: &str, mark: char) -> usize {
    let thrice: String = std::iter::repeat_n(mark, 3).collect();
    let once: String = std::iter::once(mark).collect();
    let (end, from) = if rest.starts_with(&thrice) { (thrice, 3) } else { (once, 1) };
    let mut at = from;
    loop {
        let Some(left) = rest.get(at..).filter(|left| !left.is_empty()) else { return rest.len() };
        if left.starts_with(&end) {
            return at.saturating_add(end.len());
        }
        let escaped = mark == '"' && left.starts_with('\\');
        let Some(c) = left.chars().next() else { return rest.len() };
        if c == '\n' && from == 1 {
            return at;
        }
        let next = left.chars().nth(1).filter(|_| escaped).map_or(0, char::len_utf8);
        at = at.saturating_add(c.len_utf8()).saturating_add(next);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_are_counted_outside_texts_comments_and_heads() {
        for (text, open) in [
            ("[a]\nb = [1, 2]\n", 0),
            ("b = [1, # ] no\n", 1),
            ("b = [\"]\", ']'\n", 1),
            ("b = [\"\"\"\n]\n\"\"\", { c = 1 }", 1),
            ("b = [{ c = 1\n", 2),
            ("b = [\n[a]\n", 1),
            ("b = \"\\\"[\"\n", 0),
            ("b = \"[\nc = [\n", 1),
        ] {
            assert_eq!(open_brackets(text).len(), open, "{text:?}");
        }
    }

    #[test]
    fn each_mistake_is_told_once_and_independent_ones_each() {
        let found = |source: &str| {
            let (_, errors) = DeTable::parse_recoverable(source);
            let found = mistakes(source, &errors).into_iter();
            found.map(|d| (source[d.span].to_owned(), d.message)).collect::<Vec<_>>()
        };
        let list = found("a = [\"x\", \"y\"\nb = 1\nc = 2\n[d]\ne = 3\n");
        assert_eq!(list, [("[".to_owned(), "this list is never closed".to_owned())]);
        let two = found("a = \"x\nb = 1\nc = Europe/Vilnius\n");
        assert_eq!(two[0].0, "\"x");
        assert_eq!(two[1].0, "Europe/Vilnius");
        assert_eq!(two.len(), 2);
        assert_eq!(found("a = [1, 2"), [("[".to_owned(), "this list is never closed".to_owned())]);
        assert_eq!(found("a = \"\u{fffd}\\q\"\n").len(), 1);
    }
}
