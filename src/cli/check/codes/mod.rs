//! What each code of `shopbell check` means, at length, with an example that yields it and one that
//! does not. The words are in the `.md` files beside this one; the tests run every example.
//!
//! An example leaves out what every shop has: [`Example::source`] puts it back.

use std::fmt::Write as _;

use jiff::civil::Date;

use super::{all, today};
use crate::shop::source::Compiled;
use crate::shop::source::diagnostic::{Severity, nearest};

/// The files, in the order in which the page of the codes shows them.
const FILES: [(&str, &str); 8] = [
    ("The file itself", include_str!("file.md")),
    ("The shop, its Pages and its hours", include_str!("shop.md")),
    ("Languages, texts and buttons", include_str!("texts.md")),
    ("Questions and answers", include_str!("faq.md")),
    ("Forms, bookings, products and segments", include_str!("forms.md")),
    ("Topics, posters and what is sent", include_str!("sent.md")),
    ("Comments, ads and friends", include_str!("doors.md")),
    ("Meta's rules and paid messages", include_str!("meta.md")),
];

const SHOP: &str = "[shop]\nname = \"Corner Bakery\"\nlanguages = [\"en\"]\n\
                    time_zone = \"Europe/Vilnius\"\ncountry = \"LT\"\n";
const PAGE: &str = "[[page]]\nid = \"100200300400510\"\nusername = \"corner.bakery\"\n";
const PRIVACY: &str = "[privacy]\ncontroller = \"Corner Bakery Ltd\"\n\
                       contact = \"data@shop.example\"\nlegal_basis = \"consent\"\n\
                       keep_receipts_months = 24\n";

/// What a code means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Explained {
    /// The code.
    pub code: &'static str,
    /// In which part of the page it stands.
    pub part: &'static str,
    /// What it means, and what to do: paragraphs.
    pub text: &'static str,
    /// What is wrong; none for what no file can bring about.
    pub wrong: Option<Example>,
    /// The same, mended.
    pub right: Option<Example>,
}

/// A piece of a `shop.toml`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Example {
    /// As it is shown.
    pub toml: &'static str,
    /// Whether nothing is left out.
    whole: bool,
    /// On which day it is looked at, if that matters.
    day: Option<Date>,
}

impl Example {
    /// The whole file: with the shop, its Page and who answers for consent, where the example leaves
    /// them out.
    #[must_use]
    pub fn source(&self) -> String {
        let has = |head: &str| self.toml.lines().any(|line| line.starts_with(head));
        let mut text = String::new();
        if !has("[shop]") {
            text += SHOP;
            text.push('\n');
        }
        text += self.toml;
        let pages = has("[[page]]") || has("page =");
        let missing = [(!pages, PAGE), (has("[[topic]]") && !has("[privacy]"), PRIVACY)];
        for (_, part) in missing.into_iter().filter(|(missing, _)| *missing && !self.whole) {
            text.push('\n');
            text += part;
        }
        text
    }

    /// What the check finds in it.
    #[must_use]
    pub fn checked(&self) -> Compiled {
        all(&self.source(), false, self.day.unwrap_or_else(today))
    }
}

/// Every code.
pub fn explained() -> impl Iterator<Item = Explained> {
    FILES.into_iter().flat_map(|(part, file)| {
        let sections = file.split("## ").skip(1);
        sections.filter_map(move |section| read(part, section))
    })
}

fn read(part: &'static str, section: &'static str) -> Option<Explained> {
    let (code, rest) = section.split_once('\n')?;
    let text = rest.split("```").next().unwrap_or(rest).trim();
    Some(Explained {
        code: code.trim(),
        part,
        text,
        wrong: block(rest, "wrong"),
        right: block(rest, "right"),
    })
}

/// The block of this word: "```toml wrong at=2026-01-20".
fn block(section: &'static str, word: &str) -> Option<Example> {
    let mut blocks = section.split("```toml ").skip(1);
    let block = blocks.find(|block| block.starts_with(word))?;
    let (head, rest) = block.split_once('\n')?;
    let (toml, _) = rest.split_once("```")?;
    let day = head.split_whitespace().find_map(|word| word.strip_prefix("at="));
    Some(Example {
        toml,
        whole: head.split_whitespace().any(|word| word == "whole"),
        day: day.and_then(|day| day.parse().ok()),
    })
}

/// What a code means, for a terminal.
///
/// # Errors
/// When there is no such code: says which is most likely meant.
pub fn explain(code: &str) -> Result<String, String> {
    let wanted = code.trim().to_lowercase();
    let Some(found) = explained().find(|explained| explained.code == wanted) else {
        let near = nearest(&wanted, explained().map(|explained| explained.code));
        return Err(match near {
            Some(near) => format!(
                "no code is called {code:?}; did you mean {near}? (shopbell check --explain {near})"
            ),
            None => format!(
                "no code is called {code:?}; it stands in brackets behind the word error, warning \
                 or note: error[bad-url]"
            ),
        });
    };
    let mut text = format!("{}\n\n{}\n", found.code, wrapped(found.text, 88));
    for (says, example) in [("Wrong:", found.wrong), ("Right:", found.right)] {
        let Some(example) = example else { continue };
        let _ = writeln!(text, "\n{says}\n");
        for line in example.toml.lines() {
            let indented = if line.is_empty() { String::new() } else { format!("    {line}") };
            let _ = writeln!(text, "{indented}");
        }
    }
    Ok(text)
}

/// Lines of at most so many characters, broken at spaces.
fn wrapped(text: &str, width: usize) -> String {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let taken = lines.last().map_or(0, |line| line.chars().count());
        let longer = taken.saturating_add(1).saturating_add(word.chars().count());
        match lines.last_mut() {
            Some(line) if line.is_empty() => line.push_str(word),
            Some(line) if longer <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines.join("\n")
}

/// The page of the codes, as Markdown: an index with how bad each is, and each at length.
#[must_use]
pub fn reference() -> String {
    let all: Vec<(Explained, String)> =
        explained().map(|explained| (explained, severities(&explained))).collect();
    let mut text = String::new();
    for (part, _) in FILES {
        let _ = writeln!(text, "## {part}\n\n| code | what | |\n|---|---|---|");
        for (explained, severity) in all.iter().filter(|(explained, _)| explained.part == part) {
            let code = explained.code;
            let _ =
                writeln!(text, "| [`{code}`](#{code}) | {severity} | {} |", first(explained.text));
        }
        text.push('\n');
    }
    for (explained, severity) in &all {
        let _ = writeln!(text, "## {}\n\n*{severity}.* {}\n", explained.code, explained.text);
        for (word, says, example) in
            [("wrong", "Wrong", explained.wrong), ("right", "Right", explained.right)]
        {
            let Some(example) = example else { continue };
            let day = example.day.map(|day| format!(", looked at on {day}")).unwrap_or_default();
            let _ = writeln!(text, "{says}{day}:\n\n```toml {word}\n{}```\n", example.toml);
        }
    }
    text
}

/// How bad it is in the example.
fn severities(explained: &Explained) -> String {
    let found = explained.wrong.map(|wrong| wrong.checked().diagnostics).unwrap_or_default();
    let of_it = found.iter().find(|diagnostic| diagnostic.code == explained.code);
    of_it.map_or(Severity::Error, |diagnostic| diagnostic.severity).as_str().to_owned()
}

/// The first sentence.
fn first(text: &str) -> &str {
    let end = text.find(". ").map_or(text.len(), |end| end.saturating_add(1));
    text.get(..end).unwrap_or(text)
}
