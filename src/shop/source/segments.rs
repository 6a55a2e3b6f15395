//! Segments: whether their conditions can hold, and the segments themselves.

use std::ops::Range;

use toml::de::DeTable;

use super::build::named;
use super::diagnostic::{Diagnostic, instead, nearest};
use super::read::{self, get, text};
use super::values::{self, quoted};
use crate::meta::ids::{FieldId, SegmentId, TopicId};
use crate::shop::model::Lang;
use crate::shop::segments::{Condition, Segment};

/// What a condition can be about.
const SUBJECTS: [&str; 8] = [
    "tag",
    "field",
    "window",
    "branch",
    "topic",
    "language",
    "seen_within_days",
    "unseen_for_days",
];

pub(super) const LISTS: [&str; 3] = ["all", "any", "not"];

type Place = Range<usize>;

pub(super) fn check(file: &DeTable<'_>, found: &mut Vec<Diagnostic>) {
    for (segment, place) in read::tables(file, "segment") {
        if LISTS.into_iter().all(|list| read::tables(segment, list).is_empty()) {
            found.push(
                Diagnostic::error("empty-segment", place, "this segment says nothing of anybody")
                    .help("add all = [{ tag = \"…\" }], any = […] or not = […]"),
            );
        }
        conditions(file, segment, found);
    }
}

/// The conditions of a table that has lists of them.
pub(super) fn conditions(file: &DeTable<'_>, table: &DeTable<'_>, found: &mut Vec<Diagnostic>) {
    let (tags, fields) = super::walk::names_left(file);
    let pages = read::tables(file, "page");
    let branches: Vec<&str> = pages
        .iter()
        .filter_map(|(page, _)| get(page, "branch").and_then(text))
        .map(|(name, _)| name)
        .collect();
    for (condition, place) in LISTS.into_iter().flat_map(|list| read::tables(table, list)) {
        subjects(condition, &place, found);
        let known = [("tag", &tags, "puts it on anybody"), ("field", &fields, "fills it")];
        for (key, known, does) in known {
            if let Some((name, span)) = get(condition, key).and_then(text) {
                is_left(key, name, span, known, does, found);
            }
        }
        if let Some((name, span)) = get(condition, "branch").and_then(text)
            && !branches.contains(&name)
        {
            let help = match nearest(name, branches.iter().copied()) {
                Some(near) => format!("did you mean {}?", quoted(near)),
                None => "write it as in [[page]] branch = \"…\"".to_owned(),
            };
            found.push(
                Diagnostic::error(
                    "unknown-reference",
                    span,
                    format!("no Page has the branch {}", quoted(name)),
                )
                .help(help),
            );
        }
    }
}

/// A condition is about one thing.
fn subjects(condition: &DeTable<'_>, place: &Place, found: &mut Vec<Diagnostic>) {
    let said: Vec<&str> = SUBJECTS.into_iter().filter(|s| get(condition, s).is_some()).collect();
    if said.len() != 1 {
        let message = match said.as_slice() {
            [] => "this condition is about nothing".to_owned(),
            many => format!("this condition is about {}", many.join(" and ")),
        };
        found.push(
            Diagnostic::error("bad-condition", place.clone(), message)
                .help(format!("let it have one of {}", SUBJECTS.join(", "))),
        );
    }
    for key in ["is", "at_least", "at_most"] {
        if let Some(value) = get(condition, key)
            && get(condition, "field").is_none()
        {
            found.push(
                Diagnostic::error(
                    "bad-condition",
                    value.span(),
                    format!("`{key}` has no meaning without `field`"),
                )
                .help("leave it out, or add field = \"…\""),
            );
        }
    }
}

/// A tag or a field that nothing leaves on anybody makes a rule that never holds.
pub(super) fn is_left(
    what: &str,
    name: &str,
    span: Place,
    known: &[String],
    does: &str,
    found: &mut Vec<Diagnostic>,
) {
    if known.iter().any(|known| known == name) {
        return;
    }
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    let message = format!("nothing in this file {does}: the {what} {}", quoted(name));
    found.push(
        Diagnostic::error("unknown-reference", span, message).help(instead(what, name, &known)),
    );
}

/// The segments of the file; `None` when one cannot be read.
pub(super) fn segments(file: &DeTable<'_>) -> Option<Vec<Segment>> {
    let all = read::tables(file, "segment").into_iter();
    all.map(|(table, _)| segment(table, named::<SegmentId>(table, "id")?)).collect()
}

/// The rules of a table, as a segment of this name.
pub(super) fn segment(table: &DeTable<'_>, id: SegmentId) -> Option<Segment> {
    let list = |name: &str| -> Option<Vec<Condition>> {
        read::tables(table, name).into_iter().map(|(c, _)| condition(c)).collect()
    };
    Some(Segment { id, all: list("all")?, any: list("any")?, not: list("not")? })
}

fn condition(table: &DeTable<'_>) -> Option<Condition> {
    let word = |name: &str| get(table, name).and_then(text).map(|(word, _)| word.to_owned());
    let number = |name: &str| get(table, name).and_then(read::number);
    let days = |name: &str| number(name).and_then(|n| u16::try_from(n).ok());
    let is = get(table, "is").map(read::list).unwrap_or_default();
    if let Some(tag) = word("tag") {
        return Some(Condition::Tag(tag));
    }
    if let Some(field) = named::<FieldId>(table, "field") {
        return Some(Condition::Field {
            field,
            is: is.into_iter().filter_map(text).map(|(t, _)| t.to_owned()).collect(),
            at_least: number("at_least"),
            at_most: number("at_most"),
        });
    }
    word("window")
        .map(|window| Condition::WindowOpen(window == "open"))
        .or_else(|| read::checked(table, "branch", values::name).map(Condition::Branch))
        .or_else(|| named::<TopicId>(table, "topic").map(Condition::Topic))
        .or_else(|| word("language").map(|tag| Condition::Language(Lang(tag))))
        .or_else(|| days("seen_within_days").map(Condition::SeenWithinDays))
        .or_else(|| days("unseen_for_days").map(Condition::UnseenForDays))
}
