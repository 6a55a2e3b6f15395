//! Texts and phrases: their languages, their length, their variables.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::diagnostic::{Diagnostic, nearest};
use super::format::{Need, TextRule};
use super::read::{self, Value, get, text, units};
use super::shape::Checker;
use super::values::{self, quoted};
use crate::shop::model::Lang;
use crate::shop::text::{MOST_BUBBLES, Part, VARIABLES, bubbles, parts};

impl Checker<'_, '_> {
    /// The languages of a text or of phrases: each of the shop's, and text behind it.
    fn per_language<'v>(&mut self, value: &'v Value<'v>, name: &str) -> Option<&'v DeTable<'v>> {
        let DeValue::Table(table) = value.get_ref() else {
            let tag = self.default_lang().to_owned();
            self.mistyped(value, name, &format!("it per language: {name}.{tag} = …"));
            return None;
        };
        for (key, _) in table {
            let tag = key.get_ref().as_ref();
            if self.names.languages.contains(&tag) || self.names.languages.is_empty() {
                continue;
            }
            let near = self
                .names
                .languages
                .iter()
                .find(|l| Lang((**l).to_owned()).same_primary(&Lang(tag.to_owned())));
            let help = match (near, values::language(tag)) {
                (Some(near), _) => format!("write {name}.{near}, as in shop.languages"),
                (None, Ok(tag)) => {
                    format!("add {} to shop.languages, or leave it out", quoted(&tag))
                }
                (None, Err(problem)) => problem.help,
            };
            let message = format!("the shop does not speak `{tag}`");
            self.found.push(
                Diagnostic::error("unknown-language", key.span(), message)
                    .label("not in shop.languages")
                    .help(help),
            );
        }
        Some(table)
    }

    pub(super) fn text(
        &mut self,
        value: &Value<'_>,
        key: Range<usize>,
        name: &str,
        rule: &TextRule,
    ) {
        let Some(table) = self.per_language(value, name) else { return };
        for (_, value) in table {
            let texts =
                if rule.split { read::bubbles(value) } else { text(value).map(|t| vec![t]) };
            let Some(texts) = texts else {
                let wanted = match rule.split {
                    true => "a text in quotation marks, or a list of bubbles",
                    false => "a text in quotation marks",
                };
                self.mistyped(value, name, wanted);
                continue;
            };
            let count: usize = texts.iter().map(|(text, _)| bubbles(text).len()).sum();
            for (text, span) in texts {
                self.wording(text, span, name, rule);
            }
            if rule.split && count > MOST_BUBBLES {
                let message = format!("{count} bubbles are a flood");
                let help = format!(
                    "from the {MOST_BUBBLES}th on they become one; only a blank line begins the next"
                );
                self.found.push(
                    Diagnostic::warning("too-many-bubbles", value.span(), message).help(help),
                );
            }
        }
        self.translations(table, key, name, rule.need);
    }

    fn translations(&mut self, table: &DeTable<'_>, key: Range<usize>, name: &str, need: Need) {
        let missing: Vec<&str> =
            self.names.languages.iter().copied().filter(|tag| get(table, tag).is_none()).collect();
        let Some(first) = missing.first() else { return };
        let help = format!("add {name}.{first} = …");
        if need == Need::Default && missing.contains(&self.default_lang()) {
            let message = format!("`{name}` is missing in the shop's default language, {first}");
            self.found.push(Diagnostic::error("missing-default-language", key, message).help(help));
        } else if need != Need::Free {
            let message = format!("`{name}` is missing in {}", missing.join(", "));
            self.found.push(
                Diagnostic::warning("missing-translation", key, message)
                    .help(format!("{help}; until then another text stands in")),
            );
        }
    }

    fn wording(&mut self, text: &str, span: Range<usize>, name: &str, rule: &TextRule) {
        if text.trim().is_empty() {
            self.found.push(
                Diagnostic::error("empty", span, format!("`{name}` says nothing"))
                    .help("write a text, or leave the line out"),
            );
            return;
        }
        let parts = if rule.split { bubbles(text) } else { vec![text] };
        let length = parts.into_iter().map(units).max().unwrap_or(0);
        if length > rule.limit && rule.split {
            let message = format!("{length} characters do not fit into one message");
            self.found.push(
                Diagnostic::warning("text-will-be-split", span.clone(), message)
                    .help(format!("it will be split; up to {} stay together", rule.limit)),
            );
        } else if length > rule.limit {
            let message = format!("`{name}` has {length} characters; Meta allows {}", rule.limit);
            self.found.push(
                Diagnostic::error("too-long", span.clone(), message)
                    .label(format!("{} too many", length.saturating_sub(rule.limit)))
                    .help("write it shorter"),
            );
        }
        if !rule.places {
            self.variables(text, span, rule);
        }
    }

    fn variables(&mut self, text: &str, span: Range<usize>, rule: &TextRule) {
        for part in parts(text) {
            let (code, message, help) = match part {
                Part::Plain(_) => continue,
                Part::Stray(_) => (
                    "bad-brace",
                    "a `{` begins no variable".to_owned(),
                    "close it as in {first_name}, or write {{ for the brace itself".to_owned(),
                ),
                Part::Variable { name, .. } if !rule.template => (
                    "variable-in-title",
                    format!("`{{{name}}}` cannot be used here"),
                    "write it without variables".to_owned(),
                ),
                Part::Variable { name, .. } if VARIABLES.contains(&name) => continue,
                Part::Variable { name, .. } => (
                    "unknown-variable",
                    format!("no variable is called `{{{name}}}`"),
                    match nearest(name, VARIABLES) {
                        Some(near) => format!("did you mean {{{near}}}?"),
                        None => {
                            format!("there is {}", VARIABLES.map(|v| format!("{{{v}}}")).join(" "))
                        }
                    },
                ),
            };
            self.found.push(Diagnostic::error(code, span.clone(), message).help(help));
        }
    }

    /// Messages to try: a list, or one per language.
    pub(super) fn expected(&mut self, value: &Value<'_>, key: Range<usize>, name: &str) {
        match value.get_ref() {
            DeValue::Table(_) => self.phrases(value, key, name),
            _ => self.each(value, name, "a list of texts: [\"…\", \"…\"]", |s, v, n| {
                s.read(v, n, values::name);
            }),
        }
    }

    pub(super) fn phrases(&mut self, value: &Value<'_>, key: Range<usize>, name: &str) {
        let Some(table) = self.per_language(value, name) else { return };
        for (_, phrases) in table {
            self.each(phrases, name, "a list of texts: [\"…\", \"…\"]", |s, v, n| {
                s.read(v, n, values::name);
            });
        }
        let silent = |tag: &&str| match get(table, tag).map(Spanned::get_ref) {
            None => true,
            Some(DeValue::Array(list)) => list.is_empty(),
            // Told already.
            Some(_) => false,
        };
        let silent: Vec<&str> = self.names.languages.iter().copied().filter(silent).collect();
        // Keywords of one language may do without a counterpart; questions may not.
        if let Some(first) = silent.first()
            && name == "ask"
        {
            let message = format!("nobody can ask this in {}", silent.join(", "));
            let help = format!("add {name}.{first} = [\"…\", \"…\"]: how customers ask for it");
            self.found.push(Diagnostic::warning("missing-translation", key, message).help(help));
        }
    }
}
