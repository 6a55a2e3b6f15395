//! Finding things in a parsed file. Wrong types are none here: the shape check reports them.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::values;
use crate::shop::forms::Decimal;

/// A value with its place.
pub(super) type Value<'t> = Spanned<DeValue<'t>>;

/// What stands behind a key.
pub(super) fn get<'t>(table: &'t DeTable<'t>, name: &str) -> Option<&'t Value<'t>> {
    table.iter().find(|(key, _)| key.get_ref() == name).map(|(_, value)| value)
}

/// A text with its place.
pub(super) fn text<'t>(value: &'t Value<'t>) -> Option<(&'t str, Range<usize>)> {
    match value.get_ref() {
        DeValue::String(text) => Some((text.as_ref(), value.span())),
        _ => None,
    }
}

/// The bubbles of a text: itself, or a list of texts.
pub(super) fn bubbles<'t>(value: &'t Value<'t>) -> Option<Vec<(&'t str, Range<usize>)>> {
    match value.get_ref() {
        DeValue::Array(array) => array.iter().map(text).collect(),
        _ => text(value).map(|one| vec![one]),
    }
}

/// A text, checked.
pub(super) fn checked<T, E>(
    table: &DeTable<'_>,
    name: &str,
    read: impl Fn(&str) -> Result<T, E>,
) -> Option<T> {
    read(text(get(table, name)?)?.0).ok()
}

/// true or false.
pub(super) fn flag(table: &DeTable<'_>, name: &str) -> Option<bool> {
    match get(table, name)?.get_ref() {
        DeValue::Boolean(flag) => Some(*flag),
        _ => None,
    }
}

/// A whole number.
pub(super) fn number(value: &Value<'_>) -> Option<i64> {
    match value.get_ref() {
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix()).ok(),
        _ => None,
    }
}

/// A price with at most two decimals.
pub(super) fn price(value: &Value<'_>) -> Option<Decimal> {
    let written = match value.get_ref() {
        DeValue::Integer(_) => {
            return number(value).filter(|n| (0..1_000_000_000).contains(n)).map(Decimal::whole);
        }
        DeValue::Float(float) => float.as_str(),
        _ => return None,
    };
    let (whole, part) = written.split_once('.')?;
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if !digits(whole) || !digits(part) || whole.len() > 9 || part.len() > 2 {
        return None;
    }
    let whole: i64 = whole.parse().ok()?;
    let part: i64 = format!("{part:0<3}").parse().ok()?;
    Some(Decimal { thousandths: whole.checked_mul(1_000)?.checked_add(part)? })
}

/// A table.
pub(super) fn table<'t>(table: &'t DeTable<'t>, name: &str) -> Option<&'t DeTable<'t>> {
    match get(table, name)?.get_ref() {
        DeValue::Table(table) => Some(table),
        _ => None,
    }
}

/// A list's values; a single value is a list of one.
pub(super) fn list<'t>(value: &'t Value<'t>) -> Vec<&'t Value<'t>> {
    match value.get_ref() {
        DeValue::Array(array) => array.iter().collect(),
        _ => vec![value],
    }
}

/// The tables of a name, with their places.
pub(super) fn tables<'t>(
    table: &'t DeTable<'t>,
    name: &str,
) -> Vec<(&'t DeTable<'t>, Range<usize>)> {
    let Some(DeValue::Array(array)) = get(table, name).map(Spanned::get_ref) else {
        return Vec::new();
    };
    array
        .iter()
        .filter_map(|value| match value.get_ref() {
            DeValue::Table(table) => Some((table, value.span())),
            _ => None,
        })
        .collect()
}

/// The doors whose visitors are greeted at once: posters, rules about ads, friends.
pub(super) fn landings<'t>(file: &'t DeTable<'t>) -> Vec<(&'t DeTable<'t>, Range<usize>)> {
    let mut landings = tables(file, "poster");
    landings.extend(tables(file, "ad"));
    let place = get(file, "friends").map(Spanned::span).unwrap_or_default();
    landings.extend(table(file, "friends").map(|friends| (friends, place)));
    landings
}

/// A day, as text or as TOML's own.
pub(super) fn date(value: &Value<'_>) -> Option<jiff::civil::Date> {
    match value.get_ref() {
        DeValue::String(text) => values::date(text).ok(),
        DeValue::Datetime(at) if at.time.is_none() => values::date(&at.to_string()).ok(),
        _ => None,
    }
}

/// A time of day in minutes, as text or as TOML's own.
pub(super) fn clock(value: &Value<'_>) -> Option<u16> {
    match value.get_ref() {
        DeValue::String(text) => values::clock(text).ok(),
        DeValue::Datetime(at) if at.date.is_none() && at.offset.is_none() => {
            values::clock(at.to_string().get(..5)?).ok()
        }
        _ => None,
    }
}

/// A text's length as Meta may count it.
pub(super) fn units(text: &str) -> usize {
    text.encode_utf16().count()
}
