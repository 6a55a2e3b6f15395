//! What holds wherever something stands, tried in every place that the format has: each place gets
//! a shop of its own, made of the format.

use toml::{Table as Toml, Value, value::Array};

use super::{FILE, Key, Kind, Table};
use crate::shop::model::Shop;
use crate::shop::source::compile;
use crate::shop::source::diagnostic::Severity;

/// What stands in the one place that is tried.
const MARK: &str = "zebra";

/// What a shop needs so that all of it can be named.
const BASE: &str = r#"
shop = { name = "A", languages = ["en"], time_zone = "UTC", country = "LT" }
page = [{ id = "1", username = "a" }]
topic = [{ id = "t", title.en = "T", promise = "daily" }]
faq = [{ id = "x", title.en = "X", ask.en = ["what is x"], answer.en = "X." }]
coupon = [{ id = "c", title.en = "C" }]
offer = [{ id = "o", topic = "t", title.en = "O", start = { text.en = "Now." } }]
form = [{ id = "f", title.en = "F", question = [{ id = "q", title.en = "Q", ask.en = "Q?", kind = "text" }] }]
privacy = { controller = "A", contact = "a@example.com", legal_basis = "consent", keep_receipts_months = 24 }
hours = { mon = "08:00-20:00" }
friends = { text.en = "Hello" }
"#;

/// What a table needs beside what every table of its kind has to have.
fn beside(format: &Table) -> Toml {
    let more = match format.header {
        "a button" | "a quick reply" | "an ice breaker" | "an item of the menu" | "a command" => {
            "human = true"
        }
        "a card" => "subtitle.en = \"S\"",
        "a schedule" => "every = \"day\"",
        "[[sequence.step]]" => "after_days = 1\ntext.en = \"T\"",
        "[[notification]]" | "[[notification.variant]]" => "text.en = \"T\"",
        "a reminder" => "on = \"2026-12-01\"\nat = \"12:00\"\ntext.en = \"T\"",
        "[[faq]]" => "ask.en = [\"a sample\"]",
        "[[offer]]" => "start = { text.en = \"Now.\" }",
        "[[comment]]" => "text.en = \"T\"\nposts = [\"1\"]",
        "[[hours.exception]]" => "date = \"2026-12-24\"",
        "[[form.question]]" => "options = [{ id = \"a\", title.en = \"A\" }]",
        "[[agent]]" => "notify = \"5\"",
        _ => "",
    };
    more.parse().unwrap()
}

/// Something that may stand behind a key.
fn sample(kind: &Kind) -> Value {
    let text = |text: &str| Value::from(text);
    match kind {
        Kind::Digits => text("7"),
        Kind::Url => text("https://example.com/a"),
        Kind::Phone => text("+37060000001"),
        Kind::Email => text("a@example.com"),
        Kind::TimeZone => text("UTC"),
        Kind::Country => text("LT"),
        Kind::Clock => text("12:00"),
        Kind::Ranges => text("08:00-20:00"),
        Kind::Colour => text("#0b3d2e"),
        Kind::Price => Value::Integer(5),
        Kind::Number(from, _) => Value::Integer(*from),
        Kind::Flag => Value::Boolean(true),
        Kind::OneOf(words) => text(words[0]),
        Kind::Faq => text("x"),
        Kind::Topic => text("t"),
        Kind::Offer => text("o"),
        Kind::Coupon => text("c"),
        Kind::Form => text("f"),
        Kind::Languages => Value::Array(vec![text("en")]),
        Kind::Tags | Kind::Names | Kind::Words => Value::Array(vec![text(MARK)]),
        Kind::Fields | Kind::Examples => Value::Table(Toml::from_iter([(MARK.into(), text("b"))])),
        Kind::Text(_) => Value::Table(Toml::from_iter([("en".into(), text("Sample"))])),
        Kind::Phrases => {
            let list = ["one", "two", "three"].map(text);
            Value::Table(Toml::from_iter([("en".into(), Value::Array(list.into()))]))
        }
        Kind::Table(inner) => Value::Table(filled(inner)),
        Kind::Tables(inner, _) => Value::Array(vec![Value::Table(filled(inner))]),
        _ => text("sample"),
    }
}

/// A table with all that it has to have.
fn filled(format: &Table) -> Toml {
    let required = format.keys.iter().filter(|key| key.required);
    let mut table: Toml = required.map(|key| (key.name.into(), sample(&key.kind))).collect();
    table.extend(beside(format));
    table
}

/// Puts the value into the table at the end of a path, and what is missing on the way to it.
fn put(table: &mut Toml, path: &[&'static Key], value: &Value) {
    let (key, rest) = path.split_first().unwrap();
    let Some(next) = rest.first() else {
        table.insert(key.name.into(), value.clone());
        return;
    };
    let go_on = |inner: &mut Toml| {
        // A message has a text or cards.
        if next.name == "card" {
            inner.remove("text");
        }
        put(inner, rest, value);
    };
    match &key.kind {
        Kind::Table(format) => {
            let inner = table.entry(key.name).or_insert_with(|| Value::Table(filled(format)));
            go_on(inner.as_table_mut().unwrap());
        }
        Kind::Tables(format, _) => {
            let mut inner = filled(format);
            go_on(&mut inner);
            let base = FILE.keys.iter().any(|root| std::ptr::eq(root, *key));
            let list = table.entry(key.name).or_insert_with(|| Value::Array(Array::new()));
            let list = list.as_array_mut().unwrap();
            if !base {
                list.clear();
            }
            list.push(Value::Table(inner));
        }
        _ => unreachable!("only tables hold keys"),
    }
}

/// Every way to a key of such a kind.
fn paths(is: fn(&Kind) -> bool) -> Vec<Vec<&'static Key>> {
    fn go(
        format: &'static Table,
        before: &[&'static Key],
        is: fn(&Kind) -> bool,
        all: &mut Vec<Vec<&'static Key>>,
    ) {
        for key in format.keys {
            let path = [before, &[key]].concat();
            if is(&key.kind) {
                all.push(path.clone());
            }
            if let Kind::Table(inner) | Kind::Tables(inner, _) = &key.kind {
                go(inner, &path, is, all);
            }
        }
    }
    let mut all = Vec::new();
    go(&FILE, &[], is, &mut all);
    all
}

fn name(path: &[&Key]) -> String {
    path.iter().map(|key| key.name).collect::<Vec<_>>().join(".")
}

/// The places where a value can stand and where the shop then is not as it should be.
fn wrong(
    places: Vec<Vec<&'static Key>>,
    value: impl Fn(&Kind) -> Value,
    known: impl Fn(&Shop) -> bool,
) -> Vec<String> {
    let is_wrong = |path: &Vec<&'static Key>| {
        let mut file: Toml = BASE.parse().unwrap();
        put(&mut file, path, &value(&path.last().unwrap().kind));
        let compiled = compile(&file.to_string());
        let errors = compiled.diagnostics.into_iter().filter(|d| d.severity == Severity::Error);
        let errors: Vec<String> = errors.map(|error| error.message).collect();
        let whole = !compiled.shops.is_empty() && compiled.shops.iter().any(&known);
        (!whole).then(|| format!("{}: {errors:?}", name(path)))
    };
    places.iter().filter_map(is_wrong).collect()
}

fn list(_: &Kind) -> Value {
    Value::Array(vec![MARK.into()])
}

#[test]
fn a_tag_is_known_of_wherever_one_can_be_left() {
    let places = paths(|kind| matches!(kind, Kind::Tags));
    assert!(places.len() > 30, "{}", places.len());
    let found = wrong(places, list, |shop| shop.all_tags().any(|tag| tag == MARK));
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn a_field_is_known_of_wherever_one_can_be_set_or_counted() {
    let places = paths(|kind| matches!(kind, Kind::Fields | Kind::Counted));
    let value = |kind: &Kind| match kind {
        Kind::Counted => MARK.into(),
        _ => sample(kind),
    };
    let known = |shop: &Shop| shop.all_fields().any(|field| field.as_str() == MARK);
    assert_eq!(wrong(places, value, known), Vec::<String>::new());
}

#[test]
fn what_a_tap_leaves_is_found_by_its_mark_wherever_the_button_stands() {
    let mut places = paths(|kind| matches!(kind, Kind::Tags));
    let taps = ["buttons", "quick_replies", "menu", "ice_breaker"];
    places.retain(|path| path.iter().any(|key| taps.contains(&key.name)));
    let found = wrong(places, list, |shop| shop.left_by_taps().any(|left| left.tags == [MARK]));
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn a_word_of_the_owners_is_known_wherever_it_is_written() {
    let places = paths(|kind| matches!(kind, Kind::Text(_) | Kind::Phrases));
    let value = |kind: &Kind| {
        let words = match kind {
            Kind::Text(_) => MARK.into(),
            _ => list(kind),
        };
        Value::Table(Toml::from_iter([("en".into(), words)]))
    };
    let known = |shop: &Shop| shop.all_texts().any(|text| text.contains(MARK));
    assert_eq!(wrong(places, value, known), Vec::<String>::new());
}
