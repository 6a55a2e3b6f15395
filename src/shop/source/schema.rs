//! The JSON Schema of `shop.toml`, made of the same table that the check follows. Editors read
//! it for completion and for a first opinion; `shopbell check` has the last word.

use serde_json::{Map, Value, json};

use super::format::{FILE, Key, Kind, Table, TextRule};

/// The schema of the file.
#[must_use]
pub fn schema() -> Value {
    let mut schema = table(&FILE);
    if let Some(root) = schema.as_object_mut() {
        root.insert("$schema".into(), json!("https://json-schema.org/draft/2020-12/schema"));
    }
    schema
}

fn table(format: &Table) -> Value {
    let properties: Map<String, Value> =
        format.keys.iter().map(|key| (key.name.to_owned(), property(key))).collect();
    let required: Vec<&str> = format.keys.iter().filter(|k| k.required).map(|k| k.name).collect();
    json!({
        "type": "object",
        "title": format.header,
        "description": format.doc,
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    })
}

fn property(key: &Key) -> Value {
    let mut schema = kind(&key.kind);
    if let Some(schema) = schema.as_object_mut() {
        schema.insert("description".into(), json!(key.doc));
        // So that an editor says it behind the language, too: answer.en.
        if let Kind::Text(_) | Kind::Phrases = key.kind
            && let Some(languages) = schema.get_mut("patternProperties")
            && let Some(languages) = languages.as_object_mut()
        {
            for one in languages.values_mut().filter_map(Value::as_object_mut) {
                one.insert("description".into(), json!(key.doc));
            }
        }
    }
    schema
}

fn kind(kind: &Kind) -> Value {
    let pattern = |pattern: &str| json!({ "type": "string", "pattern": pattern });
    let list = |items: Value| json!({ "type": "array", "items": items });
    match kind {
        Kind::Name | Kind::TimeZone | Kind::Language | Kind::Page => {
            json!({ "type": "string", "minLength": 1 })
        }
        Kind::Id
        | Kind::Counted
        | Kind::Faq
        | Kind::Topic
        | Kind::Form
        | Kind::Segment
        | Kind::Offer
        | Kind::Poster
        | Kind::Coupon => pattern("^[A-Za-z0-9_-]{1,64}$"),
        Kind::Digits => pattern("^[0-9]{1,64}$"),
        Kind::PageName => pattern("^[A-Za-z0-9.]{1,50}$"),
        Kind::InstagramName => pattern("^[A-Za-z0-9._]{1,50}$"),
        Kind::Url => pattern("^https://"),
        Kind::Phone => pattern(r"^\+"),
        Kind::Email => pattern("@"),
        Kind::Colour => pattern("^#([0-9A-Fa-f]{3}|[0-9A-Fa-f]{6})$"),
        Kind::Place => pattern(","),
        Kind::Country => pattern("^[A-Z]{2}$"),
        Kind::Languages => json!({ "type": "array", "items": { "type": "string" }, "minItems": 1 }),
        Kind::Date => date(),
        Kind::Dates => list(date()),
        Kind::Clock => pattern("^[0-9]{1,2}:[0-9]{2}"),
        Kind::Ranges => {
            let range = json!({
                "type": "string",
                "examples": ["08:00-20:00", "closed"],
            });
            json!({ "anyOf": [range, list(range.clone())] })
        }
        Kind::On => {
            let word = json!({ "enum": ["mon", "tue", "wed", "thu", "fri", "sat", "sun", "last"] });
            let nth = pattern("^(first|second|third|fourth|last) (mon|tue|wed|thu|fri|sat|sun)$");
            let day = json!({ "type": "integer", "minimum": 1, "maximum": 31 });
            let one = json!({ "anyOf": [word, nth, day] });
            json!({ "anyOf": [one, list(one.clone())] })
        }
        Kind::Quiet => {
            json!({ "type": "string", "examples": ["21:00-08:00", "none"] })
        }
        Kind::Flag => json!({ "type": "boolean" }),
        Kind::Number(from, to) => json!({ "type": "integer", "minimum": from, "maximum": to }),
        Kind::OneOf(words) => json!({ "enum": words }),
        Kind::Words => list(json!({ "type": "string", "minLength": 1 })),
        Kind::Faqs(most) => {
            json!({ "type": "array", "items": { "type": "string" }, "maxItems": most })
        }
        Kind::Price => json!({ "type": "number", "minimum": 0 }),
        Kind::Fits => json!({
            "type": "object",
            "patternProperties": {
                "^[A-Za-z0-9_-]{1,64}$": list(pattern("^[A-Za-z0-9_-]{1,64}$")),
            },
            "additionalProperties": false,
        }),
        Kind::Tags | Kind::Names => list(pattern("^[A-Za-z0-9_-]{1,64}$")),
        Kind::Fields | Kind::Examples => json!({
            "type": "object",
            "patternProperties": { "^[A-Za-z0-9_-]{1,64}$": { "type": ["string", "integer"] } },
            "additionalProperties": false,
        }),
        Kind::Text(rule) => per_language(&text(rule)),
        Kind::Phrases => per_language(&list(json!({ "type": "string", "minLength": 1 }))),
        Kind::Expected => {
            let texts = list(json!({ "type": "string", "minLength": 1 }));
            json!({ "anyOf": [texts, per_language(&texts)] })
        }
        Kind::Table(inner) => table(inner),
        Kind::Tables(inner, most) => {
            let mut schema = list(table(inner));
            if let (Some(schema), Some(most)) = (schema.as_object_mut(), most) {
                schema.insert("maxItems".into(), json!(most));
            }
            schema
        }
    }
}

fn date() -> Value {
    json!({ "type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$" })
}

fn text(rule: &TextRule) -> Value {
    // A schema counts code points, which are never more than UTF-16 units.
    if rule.split {
        let one = json!({ "type": "string" });
        json!({ "anyOf": [one, { "type": "array", "items": one, "minItems": 1 }] })
    } else {
        json!({ "type": "string", "maxLength": rule.limit })
    }
}

fn per_language(item: &Value) -> Value {
    json!({
        "type": "object",
        "patternProperties": { "^[a-z]{2,3}(-[A-Za-z0-9]{2,4})*$": item },
        "additionalProperties": false,
    })
}
