//! A Messenger Profile as lines that people can read, so that ours and Meta's can be compared:
//! Meta adds keys of its own to what it was given, and they change nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde_json::{Map, Value};

/// What would change in one field and locale.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// `greeting`, …
    pub field: &'static str,
    /// `default`, `lt_LT`; none for Get Started, which has no languages.
    pub locale: Option<String>,
    /// What is there.
    pub before: Vec<String>,
    /// What should be.
    pub after: Vec<String>,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.locale {
            Some(locale) => writeln!(f, "  {} ({locale})", self.field)?,
            None => writeln!(f, "  {}", self.field)?,
        }
        for line in self.before.iter().filter(|line| !self.after.contains(line)) {
            writeln!(f, "    - {line}")?;
        }
        for line in self.after.iter().filter(|line| !self.before.contains(line)) {
            writeln!(f, "    + {line}")?;
        }
        let same = |line: &&String| self.before.contains(line) && self.after.contains(line);
        let kept = self.after.iter().filter(same).count();
        let moved = self.before.iter().filter(same).ne(self.after.iter().filter(same));
        if moved && kept > 0 {
            writeln!(f, "      in another order")?;
        }
        Ok(())
    }
}

/// What differs, in the order of `fields` and locales.
#[must_use]
pub fn changes(
    fields: &[&'static str],
    wanted: &Map<String, Value>,
    theirs: &Map<String, Value>,
) -> Vec<Change> {
    let mut changes = Vec::new();
    for &field in fields {
        let (ours, found) = (lines(field, wanted.get(field)), lines(field, theirs.get(field)));
        let locales: BTreeSet<&Option<String>> = ours.keys().chain(found.keys()).collect();
        for locale in locales {
            let side = |side: &Lines| side.get(locale).cloned().unwrap_or_default();
            let (before, after) = (side(&found), side(&ours));
            if before != after {
                changes.push(Change { field, locale: locale.clone(), before, after });
            }
        }
    }
    changes
}

type Lines = BTreeMap<Option<String>, Vec<String>>;

fn lines(field: &str, value: Option<&Value>) -> Lines {
    let Some(value) = value else { return Lines::new() };
    if field == "get_started" {
        let payload = text(value, "payload");
        return Lines::from([(None, vec![payload])]);
    }
    let sets = value.as_array().into_iter().flatten();
    sets.map(|set| {
        let locale = set.get("locale").and_then(Value::as_str).unwrap_or("default");
        (Some(locale.to_owned()), set_lines(field, set))
    })
    .filter(|(_, lines)| !lines.is_empty())
    .collect()
}

fn set_lines(field: &str, set: &Value) -> Vec<String> {
    let each = |key: &str, line: fn(&Value) -> String| -> Vec<String> {
        set.get(key).and_then(Value::as_array).into_iter().flatten().map(line).collect()
    };
    match field {
        "greeting" => vec![text(set, "text").replace('\n', " ⏎ ")],
        "ice_breakers" => each("call_to_actions", |ice| {
            format!("{} → {}", text(ice, "question"), text(ice, "payload"))
        }),
        "persistent_menu" => {
            let mut lines = each("call_to_actions", |item| {
                let leads = if text(item, "type") == "web_url" { "url" } else { "payload" };
                format!("{} → {}", text(item, "title"), text(item, leads))
            });
            if set.get("composer_input_disabled") == Some(&Value::Bool(true)) {
                lines.push("(nobody can type)".to_owned());
            }
            lines
        }
        _ => each("commands", |command| {
            format!("/{} {}", text(command, "name"), text(command, "description"))
        }),
    }
}

fn text(of: &Value, key: &str) -> String {
    of.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cli::profile::wanted::FIELDS;

    fn map(value: Value) -> Map<String, Value> {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn what_meta_adds_of_its_own_changes_nothing() {
        let wanted = map(json!({"persistent_menu": [{"locale": "default",
            "composer_input_disabled": false,
            "call_to_actions": [{"type": "web_url", "title": "Site", "url": "https://a.example"}]}]}));
        let theirs = map(json!({"persistent_menu": [{"locale": "default", "id": 7,
            "call_to_actions": [{"type": "web_url", "title": "Site", "url": "https://a.example",
            "webview_height_ratio": "full"}]}], "whitelisted_domains": ["https://a.example"]}));
        assert_eq!(changes(&FIELDS, &wanted, &theirs), []);
    }

    #[test]
    fn each_locale_is_compared_by_itself_and_shown_by_its_lines() {
        let wanted = map(json!({"greeting": [{"locale": "default", "text": "Labas"},
            {"locale": "en_US", "text": "Hello"}], "get_started": {"payload": "GET_STARTED"}}));
        let theirs = map(json!({"greeting": [{"locale": "default", "text": "Labas"},
            {"locale": "en_US", "text": "Hi"}, {"locale": "de_DE", "text": "Hallo"}]}));
        let changes = changes(&FIELDS, &wanted, &theirs);
        let shown: String = changes.iter().map(ToString::to_string).collect();
        assert_eq!(
            shown,
            "  greeting (de_DE)\n    - Hallo\n  greeting (en_US)\n    - Hi\n    + Hello\n  \
             get_started\n    + GET_STARTED\n"
        );
    }

    #[test]
    fn an_order_that_changed_is_a_change() {
        let questions = |first: &str, second: &str| {
            map(json!({"ice_breakers": [{"locale": "default", "call_to_actions": [
                {"question": first, "payload": "p"}, {"question": second, "payload": "p"}]}]}))
        };
        let changes = changes(&FIELDS, &questions("a", "b"), &questions("b", "a"));
        assert_eq!(changes[0].to_string(), "  ice_breakers (default)\n      in another order\n");
    }
}
