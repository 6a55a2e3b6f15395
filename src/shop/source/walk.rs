//! Every table of a file with what the format says of it: a list of "all that carries a button" or
//! "all that leaves a tag" is made of the format, so that a new place is in it by itself.

use std::ops::Range;

use toml::de::{DeTable, DeValue};

use super::format::{self, FILE, Key, Kind, Table};
use super::read::{self, Value, get, text};

/// A table of the file.
#[derive(Clone, Debug)]
pub(super) struct Placed<'t> {
    /// What stands in it.
    pub table: &'t DeTable<'t>,
    /// Where it stands.
    pub place: Range<usize>,
    /// What may stand in it.
    pub format: &'static Table,
    /// The key of the file that it stands under: `form` for an option of a question.
    pub root: &'static str,
}

impl<'t> Placed<'t> {
    /// The values of its keys of a kind, of those that are there.
    fn of_kind(&self, is: fn(&Kind) -> bool) -> impl Iterator<Item = &'t Value<'t>> {
        let table = self.table;
        let keys = self.format.keys.iter().filter(move |key| is(&key.kind));
        keys.filter_map(move |key| get(table, key.name))
    }

    /// The tags that it puts on people.
    pub fn tags(&self) -> impl Iterator<Item = &'t str> {
        let lists = self.of_kind(|kind| matches!(kind, Kind::Tags));
        lists.flat_map(read::list).filter_map(text).map(|(tag, _)| tag)
    }

    /// The fields of people that it sets, with their values.
    pub fn fields(&self) -> impl Iterator<Item = (&'t str, &'t Value<'t>)> {
        let tables = self.of_kind(|kind| matches!(kind, Kind::Fields));
        let tables = tables.filter_map(|value| match value.get_ref() {
            DeValue::Table(table) => Some(table),
            _ => None,
        });
        tables.flatten().map(|(key, value)| (key.get_ref().as_ref(), value))
    }

    /// The field of people that it counts up.
    pub fn counted(&self) -> impl Iterator<Item = (&'t str, Range<usize>)> {
        self.of_kind(|kind| matches!(kind, Kind::Counted)).filter_map(text)
    }

    /// Whether it is a button or a quick reply.
    fn is_button(&self) -> bool {
        format::BUTTONS.into_iter().any(|button| std::ptr::eq(self.format, button))
    }

    /// Whether it is a door, an answer, a tap or a form's end: what people do there may leave
    /// something on them and lead on.
    fn is_act(&self) -> bool {
        self.format.keys.iter().any(|key| matches!(key.kind, Kind::Fields))
    }
}

/// Every table of the file, in the order of the format.
pub(super) fn every<'t>(file: &'t DeTable<'t>) -> Vec<Placed<'t>> {
    let mut all = Vec::new();
    for key in FILE.keys {
        within(file, key, key.name, &mut all);
    }
    all
}

fn within<'t>(
    table: &'t DeTable<'t>,
    key: &'static Key,
    root: &'static str,
    all: &mut Vec<Placed<'t>>,
) {
    let (format, tables) = match &key.kind {
        Kind::Table(format) => {
            let place = get(table, key.name).map(Value::span).unwrap_or_default();
            (
                *format,
                read::table(table, key.name).map(|inner| (inner, place)).into_iter().collect(),
            )
        }
        Kind::Tables(format, _) => (*format, read::tables(table, key.name)),
        _ => return,
    };
    for (table, place) in tables {
        all.push(Placed { table, place, format, root });
        for key in format.keys {
            within(table, key, root, all);
        }
    }
}

/// Every button and quick reply of the file, without the profile's taps.
pub(super) fn buttons<'t>(file: &'t DeTable<'t>) -> Vec<Placed<'t>> {
    every(file).into_iter().filter(Placed::is_button).collect()
}

/// Every place where something that people do may leave something on them, or lead on: doors,
/// answers, taps, options, forms and their ends.
pub(super) fn acts<'t>(file: &'t DeTable<'t>) -> Vec<Placed<'t>> {
    every(file).into_iter().filter(Placed::is_act).collect()
}

/// The tags and the fields that anything leaves on people.
pub(super) fn names_left(file: &DeTable<'_>) -> (Vec<String>, Vec<String>) {
    let (mut tags, mut fields) = (Vec::new(), Vec::new());
    for placed in every(file) {
        tags.extend(placed.tags().map(str::to_owned));
        fields.extend(placed.fields().map(|(id, _)| id.to_owned()));
        fields.extend(placed.counted().map(|(id, _)| id.to_owned()));
    }
    let questions = read::tables(file, "form").into_iter();
    for (question, _) in questions.flat_map(|(form, _)| read::tables(form, "question")) {
        fields.extend(get(question, "id").and_then(text).map(|(id, _)| id.to_owned()));
    }
    (tags, fields)
}

#[cfg(test)]
#[path = "walk_tests.rs"]
mod tests;
