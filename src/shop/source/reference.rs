//! The reference of `shop.toml` for people, made of the same table that the check follows.

use std::fmt::Write as _;

use super::format::{FILE, Key, Kind, Need, Table, TextRule};
use crate::shop::text::VARIABLES;

/// The tables of the file as Markdown: a heading and a table of lines for each.
#[must_use]
pub fn reference() -> String {
    let mut tables: Vec<&'static Table> = vec![&FILE];
    collect(&FILE, &mut tables);
    let mut text = String::new();
    for table in tables {
        section(table, &mut text);
    }
    let variables = VARIABLES.map(|name| format!("`{{{name}}}`")).join(" ");
    let _ = writeln!(text, "## Variables\n\n{variables}");
    text
}

/// Every table below, each once, in the order of the file.
fn collect(table: &'static Table, tables: &mut Vec<&'static Table>) {
    for key in table.keys {
        if let Kind::Table(inner) | Kind::Tables(inner, _) = &key.kind
            && !tables.iter().any(|known| std::ptr::eq(*known, *inner))
        {
            tables.push(inner);
            collect(inner, tables);
        }
    }
}

fn section(table: &Table, text: &mut String) {
    let _ = writeln!(text, "## {}\n\n{}\n", heading(table), table.doc);
    text.push_str("| key | what | value |\n|---|---|---|\n");
    for key in table.keys {
        let must = if key.required { " **Has to be there.**" } else { "" };
        let _ =
            writeln!(text, "| `{}` | {}{must} | {} |", key.name, cell(key.doc), cell(&value(key)));
    }
    text.push('\n');
}

fn heading(table: &Table) -> String {
    if table.header.starts_with('[') || table.header.ends_with(".toml") {
        format!("`{}`", table.header)
    } else {
        let mut letters = table.header.chars();
        letters.next().map(|c| c.to_uppercase().chain(letters).collect()).unwrap_or_default()
    }
}

/// A bar ends a cell of the table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

fn value(key: &Key) -> String {
    match &key.kind {
        Kind::Name => "a text on one line".to_owned(),
        Kind::Id | Kind::Counted => "1 to 64 of `A-Z a-z 0-9 _ -`".to_owned(),
        Kind::Digits => "digits, in quotation marks".to_owned(),
        Kind::PageName => "letters, digits, dots".to_owned(),
        Kind::InstagramName => "letters, digits, dots, `_`".to_owned(),
        Kind::Url => "an https address".to_owned(),
        Kind::Phone => "`\"+37060000001\"`".to_owned(),
        Kind::Email => "a mail address".to_owned(),
        Kind::Place => "degrees north and east: `\"54.6872, 25.2797\"`".to_owned(),
        Kind::TimeZone => "an IANA name".to_owned(),
        Kind::Country => "two capital letters: `\"LT\"`".to_owned(),
        Kind::Languages => "a list of tags: `[\"lt\", \"en\"]`".to_owned(),
        Kind::Language => "one of the shop's languages".to_owned(),
        Kind::Date => "`\"2026-12-24\"`".to_owned(),
        Kind::Dates => "a list: `[\"2026-12-01\"]`".to_owned(),
        Kind::Clock => "`\"09:00\"`".to_owned(),
        Kind::Ranges => {
            "`\"08:00-20:00\"`, a list of such, or `\"closed\"`; past midnight: `\"18:00-02:00\"`"
                .to_owned()
        }
        Kind::On => {
            "`\"fri\"`, `[\"mon\", \"fri\"]`, `15`, `\"last\"` or `\"first fri\"`".to_owned()
        }
        Kind::Quiet => "`\"21:00-08:00\"`, or `\"none\"`".to_owned(),
        Kind::Flag => "`true` or `false`".to_owned(),
        Kind::Number(from, to) => format!("a whole number, {from} to {to}"),
        Kind::OneOf(words) => {
            words.iter().map(|word| format!("`\"{word}\"`")).collect::<Vec<_>>().join(", ")
        }
        Kind::Words => "a list of texts".to_owned(),
        Kind::Faq => "the id of a `[[faq]]`".to_owned(),
        Kind::Faqs(most) => format!("a list of ids of `[[faq]]`, at most {most}"),
        Kind::Topic => "the id of a `[[topic]]`".to_owned(),
        Kind::Form => "the id of a `[[form]]`".to_owned(),
        Kind::Segment => "the id of a `[[segment]]`".to_owned(),
        Kind::Offer => "the id of an `[[offer]]`".to_owned(),
        Kind::Poster => "the code of a `[[poster]]`".to_owned(),
        Kind::Coupon => "the id of a `[[coupon]]`".to_owned(),
        Kind::Colour => "`\"#0b3d2e\"`".to_owned(),
        Kind::Price => "`45` or `12.50`".to_owned(),
        Kind::Fits => "options by question: `{ size = [\"s\", \"m\"] }`".to_owned(),
        Kind::Tags | Kind::Names => "a list of names: `[\"lunch\"]`".to_owned(),
        Kind::Fields | Kind::Examples => {
            "fields with a text or a whole number each: `{ size = \"L\" }`".to_owned()
        }
        Kind::Page => "the id or the username of a `[[page]]`".to_owned(),
        Kind::Text(rule) => per_language(*rule),
        Kind::Phrases => "a list of texts per language".to_owned(),
        Kind::Expected => "a list of texts, or one per language".to_owned(),
        Kind::Table(table) => format!("a table: {}", heading(table)),
        Kind::Tables(table, None) => format!("any number of {}", plural(table)),
        Kind::Tables(table, Some(most)) => format!("at most {most} of {}", plural(table)),
    }
}

fn plural(table: &Table) -> String {
    match table.header.strip_prefix("a ") {
        Some(what) => format!("{what}s"),
        None => heading(table),
    }
}

fn per_language(rule: TextRule) -> String {
    let length = if rule.split {
        format!("from {} characters on it is split", rule.limit.saturating_add(1))
    } else {
        format!("at most {} characters", rule.limit)
    };
    let variables = if rule.template { ", may hold variables" } else { "" };
    let text = if rule.split { "a text or a list of bubbles" } else { "a text" };
    let need = match rule.need {
        Need::Default => "; the default language is needed",
        Need::Wished | Need::Free => "",
    };
    format!("{text} per language, {length}{variables}{need}")
}
