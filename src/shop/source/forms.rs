//! Forms: whether their questions fit together, and the forms themselves.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use toml::de::{DeTable, DeValue};

use super::build::{Buttons, localized, named, number};
use super::diagnostic::{Diagnostic, unknown};
use super::products;
use super::read::{self, Value, flag, get, text};
use super::values::{self, quoted};
use super::walk;
use crate::meta::ids::{CouponId, FieldId, FormId, ServiceId};
use crate::shop::forms::{
    Also, Choice, Decimal, End, FieldValue, Form, Kind, OnlyIf, Question, Side, SlotOf,
};

/// The kinds of questions, as `shop.toml` names them.
pub(super) const KINDS: [&str; 9] =
    ["choice", "text", "number", "date", "time", "phone", "email", "photo", "slot"];

/// Characters of a free text, unless the owner says otherwise.
const TEXT_MAX: i64 = 1_000;

/// Minutes before the reminder, unless the owner says otherwise.
const REMIND_MINUTES: i64 = 120;

/// What each kind needs or may have beside what every question has.
const KEYS_OF_KINDS: [(&str, &[&str]); 9] = [
    ("options", &["choice"]),
    ("min", &["number"]),
    ("max", &["number"]),
    ("whole", &["number"]),
    ("budget", &["number"]),
    ("when", &["date"]),
    ("max_length", &["text"]),
    ("service", &["slot"]),
    ("service_of", &["slot"]),
];

type Place = Range<usize>;

pub(super) fn check(file: &DeTable<'_>, found: &mut Vec<Diagnostic>) {
    // field -> (what it holds, where that was said)
    let mut fields: HashMap<String, &'static str> = HashMap::new();
    unreached(file, found);
    for (form, _) in read::tables(file, "form") {
        let questions = read::tables(form, "question");
        if questions.is_empty()
            && let Some(value) = get(form, "question")
        {
            found.push(
                Diagnostic::error("no-question", value.span(), "this form asks nothing")
                    .help("add a table [[form.question]]"),
            );
        }
        let mut earlier: Vec<(&str, &DeTable<'_>)> = Vec::new();
        for (question, place) in questions {
            let Some((id, id_span)) = get(question, "id").and_then(text) else { continue };
            if earlier.iter().any(|(known, _)| *known == id) {
                found.push(
                    Diagnostic::error(
                        "duplicate",
                        id_span.clone(),
                        format!("two questions of this form are called {}", quoted(id)),
                    )
                    .label("the second")
                    .help("give one of them another name"),
                );
            }
            let kind = get(question, "kind").and_then(text).map_or("", |(kind, _)| kind);
            if let Some(name) = KINDS.into_iter().find(|known| *known == kind) {
                one_type(&mut fields, id, name, id_span, found);
                keys_of_kind(question, name, &place, found);
            }
            options(question, found);
            condition(question, &earlier, found);
            earlier.push((id, question));
        }
        ends(form, &earlier, found);
    }
    for placed in walk::every(file) {
        for (id, value) in placed.fields() {
            let name = match value.get_ref() {
                DeValue::Integer(_) => "number",
                _ => "text",
            };
            one_type(&mut fields, id, name, value.span(), found);
        }
        for (id, span) in placed.counted() {
            one_type(&mut fields, id, "number", span, found);
        }
    }
}

/// A field holds one kind of thing, wherever it is asked for or set. What is set as a text may
/// be asked for as a choice.
fn one_type(
    fields: &mut HashMap<String, &'static str>,
    id: &str,
    kind: &'static str,
    span: Place,
    found: &mut Vec<Diagnostic>,
) {
    let known = *fields.entry(id.to_owned()).or_insert(kind);
    let same = known == kind || matches!((known, kind), ("choice", "text") | ("text", "choice"));
    if !same {
        found.push(
            Diagnostic::error(
                "field-type",
                span,
                format!("{} is a {known} elsewhere in this file and a {kind} here", quoted(id)),
            )
            .help("answers land in the field of that name: give one of them another name"),
        );
    }
}

fn keys_of_kind(question: &DeTable<'_>, kind: &str, place: &Place, found: &mut Vec<Diagnostic>) {
    for (key, kinds) in KEYS_OF_KINDS {
        if let Some(value) = get(question, key)
            && !kinds.contains(&kind)
        {
            found.push(
                Diagnostic::error(
                    "unfit-key",
                    value.span(),
                    format!("`{key}` has no meaning for a {kind}"),
                )
                .help(format!("leave it out, or write kind = {}", quoted(kinds.concat().as_str()))),
            );
        }
    }
    if kind == "choice" && read::tables(question, "options").is_empty() {
        found.push(
            Diagnostic::error("no-options", place.clone(), "there is nothing to choose from")
                .help("add options = [{ id = \"small\", title.en = \"Small\" }], at most ten"),
        );
    }
    let bound = |name: &str| get(question, name).and_then(read::number);
    if let (Some(min), Some(max)) = (bound("min"), bound("max"))
        && min > max
    {
        let span = get(question, "max").map(Value::span).unwrap_or_default();
        found.push(
            Diagnostic::error("bad-bounds", span, "no number is that big and that small")
                .help("let `max` be at least `min`"),
        );
    }
}

fn options(question: &DeTable<'_>, found: &mut Vec<Diagnostic>) {
    let mut seen: Vec<&str> = Vec::new();
    for (option, _) in read::tables(question, "options") {
        let Some((id, span)) = get(option, "id").and_then(text) else { continue };
        if seen.contains(&id) {
            found.push(
                Diagnostic::error(
                    "duplicate",
                    span,
                    format!("two options of this question are called {}", quoted(id)),
                )
                .label("the second")
                .help("give one of them another name"),
            );
        }
        seen.push(id);
    }
}

/// A condition is about an earlier question and about answers that it can have.
fn condition(
    question: &DeTable<'_>,
    earlier: &[(&str, &DeTable<'_>)],
    found: &mut Vec<Diagnostic>,
) {
    let Some(only_if) = read::table(question, "only_if") else { return };
    let Some((other, span)) = get(only_if, "question").and_then(text) else { return };
    let Some((_, other)) = earlier.iter().find(|(known, _)| *known == other) else {
        let names: Vec<String> = earlier.iter().map(|(known, _)| quoted(known)).collect();
        let help = if names.is_empty() {
            "the first question is always asked: leave the condition out".to_owned()
        } else {
            format!("an earlier question of this form is {}", names.join(", "))
        };
        found.push(
            Diagnostic::error(
                "unknown-reference",
                span,
                format!("no earlier question of this form is called {}", quoted(other)),
            )
            .help(help),
        );
        return;
    };
    let known: Vec<&str> = read::tables(other, "options")
        .into_iter()
        .filter_map(|(option, _)| get(option, "id").and_then(text))
        .map(|(id, _)| id)
        .collect();
    let wanted = get(only_if, "is").map(read::list).unwrap_or_default();
    for (id, span) in wanted.into_iter().filter_map(text) {
        if !known.is_empty() && !known.contains(&id) {
            found.push(unknown("option of that question", id, span, &known));
        }
    }
}

/// An end is for certain answers, and comes before what would always come.
fn ends(form: &DeTable<'_>, questions: &[(&str, &DeTable<'_>)], found: &mut Vec<Diagnostic>) {
    let options = questions.iter().flat_map(|(_, question)| read::tables(question, "options"));
    let scored = options.into_iter().any(|(option, _)| get(option, "points").is_some());
    let mut always = false;
    for (end, place) in read::tables(form, "end") {
        if always {
            found.push(
                Diagnostic::warning(
                    "unreachable-end",
                    place,
                    "the end before this one always fits",
                )
                .help("put it before that one"),
            );
        }
        condition(end, questions, found);
        let bounds = ["score_at_least", "score_at_most"].map(|key| get(end, key));
        for value in bounds.into_iter().flatten().filter(|_| !scored) {
            found.push(
                Diagnostic::error("no-points", value.span(), "no option of this form has points")
                    .help("give options points = 1"),
            );
        }
        always |= get(end, "only_if").is_none() && bounds.iter().all(Option::is_none);
        if flag(end, "hand_over") == Some(true)
            && let Some(value) = get(end, "form")
        {
            found.push(busy(value.span()));
        }
    }
    if flag(form, "hand_over") == Some(true)
        && let Some(value) = get(form, "form")
    {
        found.push(busy(value.span()));
    }
}

fn busy(span: Place) -> Diagnostic {
    Diagnostic::error("form-after-person", span, "a person takes over here: no form opens after it")
        .help("leave out this line, or `hand_over`")
}

/// Forms that nothing opens which people can come to: forms that only open each other are not
/// reached.
fn unreached(file: &DeTable<'_>, found: &mut Vec<Diagnostic>) {
    let forms = read::tables(file, "form");
    let opened_by =
        |table: &DeTable<'_>| get(table, "form").and_then(text).map(|(form, _)| form.to_owned());
    let outside = walk::acts(file).into_iter().filter(|act| act.root != "form");
    let mut reached: Vec<String> = outside.filter_map(|act| opened_by(act.table)).collect();
    for id in std::mem::take(&mut reached) {
        reach(id, &forms, &mut reached);
    }
    // Of forms that open each other the first is named: the others follow from it.
    for (form, _) in &forms {
        let Some((id, span)) = get(form, "id").and_then(text) else { continue };
        if !reached.iter().any(|known| known == id) {
            reach(id.to_owned(), &forms, &mut reached);
            let message = format!("nothing opens {}", quoted(id));
            found.push(
                Diagnostic::warning("unreachable-form", span, message)
                    .help(format!("give an [[faq]], a poster or a button form = {}", quoted(id))),
            );
        }
    }
}

/// Adds a form and all that it opens, also by its ends.
fn reach(id: String, forms: &[(&DeTable<'_>, Place)], reached: &mut Vec<String>) {
    let opened_by =
        |table: &DeTable<'_>| get(table, "form").and_then(text).map(|(form, _)| form.to_owned());
    let mut open = vec![id];
    while let Some(id) = open.pop() {
        if reached.contains(&id) {
            continue;
        }
        for (form, _) in forms {
            if get(form, "id").and_then(text).is_none_or(|(known, _)| known != id) {
                continue;
            }
            let ends = read::tables(form, "end");
            let taps = ends.iter().flat_map(|(end, _)| read::tables(end, "buttons"));
            open.extend(opened_by(form));
            open.extend(taps.filter_map(|(tap, _)| opened_by(tap)));
            open.extend(ends.iter().filter_map(|(end, _)| opened_by(end)));
        }
        reached.push(id);
    }
}

/// What each field holds that is asked for as a choice: values set for it are options.
fn is_choice(file: &DeTable<'_>, field: &str) -> bool {
    read::tables(file, "form").iter().flat_map(|(form, _)| read::tables(form, "question")).any(
        |(question, _)| {
            let is = |key: &str, word: &str| {
                get(question, key).and_then(text).is_some_and(|(known, _)| known == word)
            };
            is("id", field) && is("kind", "choice")
        },
    )
}

/// What a table leaves on a person.
pub(super) fn also(file: &DeTable<'_>, table: &DeTable<'_>) -> Also {
    let tags = get(table, "tags").map(read::list).unwrap_or_default();
    let set = read::table(table, "set").into_iter().flatten();
    let set: BTreeMap<FieldId, FieldValue> = set
        .filter_map(|(key, value)| {
            let id = FieldId::new(key.get_ref().as_ref()).ok()?;
            let value = match (text(value), read::number(value)) {
                (Some((text, _)), _) if is_choice(file, id.as_str()) => {
                    FieldValue::Choice(text.to_owned())
                }
                (Some((text, _)), _) => FieldValue::Text(text.to_owned()),
                (None, Some(number)) => FieldValue::Number(Decimal::whole(number)),
                (None, None) => return None,
            };
            Some((id, value))
        })
        .collect();
    Also {
        tags: tags.into_iter().filter_map(text).map(|(tag, _)| tag.to_owned()).collect(),
        set,
        form: named::<FormId>(table, "form"),
        coupon: named::<CouponId>(table, "coupon"),
    }
}

/// What a tap on this button leaves on a person; a form that it opens is its action.
pub(super) fn left_by_tap(file: &DeTable<'_>, table: &DeTable<'_>) -> Also {
    Also { form: None, ..also(file, table) }
}

/// The forms of the file; `None` when one cannot be read.
pub(super) fn forms(file: &DeTable<'_>, buttons: &Buttons<'_>) -> Option<Vec<Form>> {
    read::tables(file, "form").into_iter().map(|(table, _)| form(file, table, buttons)).collect()
}

fn form(file: &DeTable<'_>, table: &DeTable<'_>, buttons: &Buttons<'_>) -> Option<Form> {
    let questions = read::tables(table, "question").into_iter();
    let finder = products::finder(table);
    let end = |end: &DeTable<'_>| {
        Some(End {
            only_if: read::table(end, "only_if").and_then(only_if),
            score_at_least: get(end, "score_at_least").and_then(read::number),
            score_at_most: get(end, "score_at_most").and_then(read::number),
            text: localized(end, "text"),
            buttons: buttons.of(end)?,
            hand_over: flag(end, "hand_over").unwrap_or(false),
            also: also(file, end),
        })
    };
    Some(Form {
        id: named::<FormId>(table, "id")?,
        title: localized(table, "title"),
        intro: localized(table, "intro"),
        questions: questions.map(|(table, _)| question(file, table)).collect::<Option<_>>()?,
        // What is found can be asked for again; nothing has to be right.
        confirm: flag(table, "confirm").unwrap_or(finder.is_none()),
        finder,
        ends: read::tables(table, "end").into_iter().map(|(t, _)| end(t)).collect::<Option<_>>()?,
        done: localized(table, "done"),
        hand_over: flag(table, "hand_over").unwrap_or(false),
        remind_after_minutes: number(table, "remind_after_minutes", REMIND_MINUTES)?,
        also: also(file, table),
    })
}

fn question(file: &DeTable<'_>, table: &DeTable<'_>) -> Option<Question> {
    Some(Question {
        id: named::<FieldId>(table, "id")?,
        title: localized(table, "title"),
        ask: localized(table, "ask"),
        retry: localized(table, "retry"),
        kind: kind(file, table)?,
        optional: flag(table, "optional").unwrap_or(false),
        only_if: read::table(table, "only_if").and_then(only_if),
    })
}

fn kind(file: &DeTable<'_>, table: &DeTable<'_>) -> Option<Kind> {
    let bound = |name: &str| get(table, name).and_then(read::number);
    Some(match text(get(table, "kind")?)?.0 {
        "choice" => {
            let options = read::tables(table, "options").into_iter().map(|(option, _)| {
                Some(Choice {
                    id: values::id(text(get(option, "id")?)?.0).ok()?,
                    title: localized(option, "title"),
                    points: number(option, "points", 0)?,
                    prices: products::prices_of(option),
                    also: also(file, option),
                })
            });
            Kind::Choice { options: options.collect::<Option<_>>()? }
        }
        "text" => Kind::Text { max: number(table, "max_length", TEXT_MAX)? },
        "number" => Kind::Number {
            min: bound("min"),
            max: bound("max"),
            whole: flag(table, "whole").unwrap_or(false),
            budget: flag(table, "budget").unwrap_or(false),
        },
        "date" => Kind::Date {
            side: match get(table, "when").and_then(text) {
                Some(("past", _)) => Side::Past,
                Some(("any", _)) => Side::Any,
                _ => Side::Future,
            },
        },
        "time" => Kind::Time,
        "phone" => Kind::Phone,
        "email" => Kind::Email,
        "photo" => Kind::Photo,
        "slot" => Kind::Slot {
            of: match named::<ServiceId>(table, "service") {
                Some(service) => SlotOf::Service(service),
                None => SlotOf::Answer(named::<FieldId>(table, "service_of")?),
            },
        },
        _ => return None,
    })
}

fn only_if(table: &DeTable<'_>) -> Option<OnlyIf> {
    let is = get(table, "is").map(read::list).unwrap_or_default();
    Some(OnlyIf {
        question: named::<FieldId>(table, "question")?,
        is: is.into_iter().filter_map(text).map(|(id, _)| id.to_owned()).collect(),
        at_least: get(table, "at_least").and_then(read::number),
        at_most: get(table, "at_most").and_then(read::number),
    })
}
