//! Utility templates: texts that Meta has to approve, for what somebody is waiting for.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::lang;
use super::model::{Lang, Localized, Shop};
use crate::faq::normalise::normalise;
use crate::meta::ids::TemplateId;
use crate::meta::template::{self, Filled};

/// What a template is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum TemplateUse {
    /// What the owner or their other programs tell: an order, a delivery, an account.
    #[default]
    Notice,
    /// The reminder before an appointment, where the window has closed.
    BookingReminder,
}

/// The places of a booking reminder, and what stands in them when Meta judges it.
pub const BOOKING_PLACES: [&str; 3] = ["when", "service", "shop"];

/// The longest text that may stand in a place, in characters. Our own: a name, a number, an
/// address.
pub const LONGEST_VALUE: usize = 200;

/// A utility template.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Template {
    /// Its name.
    pub id: TemplateId,
    /// What it is for.
    pub purpose: TemplateUse,
    /// What it says; `{name}` is a place.
    pub text: Localized,
    /// What stands in each place when Meta judges it.
    #[serde(default)]
    pub examples: BTreeMap<String, String>,
}

/// Why a template cannot be filled.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfilled {
    /// It says nothing in any language that the shop speaks.
    #[error("the template says nothing")]
    NoText,
    /// A place has no value.
    #[error("`{0}` is missing")]
    Missing(String),
    /// There is no such place.
    #[error("the template has no place `{0}`")]
    Unknown(String),
    /// Too long, or with line breaks.
    #[error("`{0}` has to be one line of at most {LONGEST_VALUE} characters")]
    TooLong(String),
    /// It advertises.
    #[error("`{0}` says \"{1}\": utility templates may not advertise")]
    Promotion(String, String),
}

/// The parts of a text with places: plain text, and names in braces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part<'t> {
    /// As it stands.
    Plain(&'t str),
    /// A place.
    Place(&'t str),
    /// A brace that belongs to no place.
    Stray,
}

/// Takes a text with places apart. A place is `{name}`, of `a-z`, `0-9` and `_`.
#[must_use]
pub fn parts(text: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(['{', '}']) {
        let (plain, from) = rest.split_at(at);
        if !plain.is_empty() {
            parts.push(Part::Plain(plain));
        }
        let place = from.strip_prefix('{').and_then(|inner| inner.split_once('}'));
        let is_name = |name: &str| {
            !name.is_empty()
                && name.len() <= 32
                && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
        };
        match place {
            Some((name, behind)) if is_name(name) => {
                parts.push(Part::Place(name));
                rest = behind;
            }
            _ => {
                parts.push(Part::Stray);
                rest = from.get(1..).unwrap_or_default();
            }
        }
    }
    if !rest.is_empty() {
        parts.push(Part::Plain(rest));
    }
    parts
}

/// The places of a text, in order, each once.
#[must_use]
pub fn places(text: &str) -> Vec<&str> {
    let mut names = Vec::new();
    for part in parts(text) {
        if let Part::Place(name) = part
            && !names.contains(&name)
        {
            names.push(name);
        }
    }
    names
}

/// The first word in a text that advertises, in any of these languages.
#[must_use]
pub fn promotion(text: &str, languages: &[Lang]) -> Option<String> {
    if let Some(percent) = percentage(text) {
        return Some(percent);
    }
    let folded = normalise(text);
    let words: Vec<&str> = folded.split(' ').filter(|word| !word.is_empty()).collect();
    let hits = |entry: &str| {
        let stem = entry.ends_with('*');
        let entry = normalise(entry);
        if entry.chars().any(is_han) {
            // Written without spaces.
            return folded.contains(&entry).then_some(entry);
        }
        let wanted: Vec<&str> = entry.split(' ').collect();
        let found = words.windows(wanted.len().max(1)).find(|some| {
            some.iter().zip(&wanted).enumerate().all(|(i, (word, want))| {
                let last = i.saturating_add(1) == wanted.len();
                word == want || (stem && last && word.starts_with(want))
            })
        });
        found.map(|some| some.join(" "))
    };
    languages
        .iter()
        .flat_map(|lang| lang::language(lang).paid.promotion)
        .find_map(|entry| hits(entry))
}

fn is_han(c: char) -> bool {
    ('\u{4e00}'..='\u{9fff}').contains(&c)
}

/// "20 %", in whatever language.
fn percentage(text: &str) -> Option<String> {
    let at = text.find(['%', '％'])?;
    let before = text.get(..at)?.trim_end();
    let digits: String = before.chars().rev().take_while(char::is_ascii_digit).collect();
    (!digits.is_empty()).then(|| format!("{} %", digits.chars().rev().collect::<String>()))
}

impl Template {
    /// Its name at Meta: with the beginning of a hash of its texts, so that a text which was
    /// changed is another template, to be approved anew, and never sent as the old one.
    #[must_use]
    pub fn meta_name(&self) -> String {
        let mut hash = Sha256::new();
        for (lang, text) in &self.text.0 {
            hash.update(lang.0.as_bytes());
            hash.update([0]);
            hash.update(text.as_bytes());
            hash.update([0]);
        }
        let digest = hex::encode(hash.finalize());
        format!("{}_{}", self.id, digest.get(..8).unwrap_or_default())
    }

    /// Its text as Meta writes places, for each language: `{{name}}`.
    pub fn texts_at_meta(&self) -> impl Iterator<Item = (String, String)> {
        self.text.0.iter().map(|(lang, text)| {
            let text = parts(text).into_iter().fold(String::new(), |mut said, part| {
                match part {
                    Part::Plain(plain) => said.push_str(plain),
                    Part::Place(name) => said.push_str(&format!("{{{{{name}}}}}")),
                    Part::Stray => {}
                }
                said
            });
            (template::language(&lang.0), text)
        })
    }

    /// An example for each place of a text, in order.
    #[must_use]
    pub fn examples(&self, text: &str) -> Vec<(String, String)> {
        let of = |name: &str| self.examples.get(name).cloned().unwrap_or_else(|| "…".to_owned());
        places(text).into_iter().map(|name| (name.to_owned(), of(name))).collect()
    }

    /// The template for somebody who reads `lang`, and the same as an ordinary text.
    ///
    /// # Errors
    /// [`Unfilled`]: what is wrong with the values.
    pub fn fill(
        &self,
        shop: &Shop,
        lang: &Lang,
        values: &BTreeMap<String, String>,
    ) -> Result<(Filled, String), Unfilled> {
        let lang = [lang, shop.default_lang()].into_iter().find(|l| self.text.0.contains_key(*l));
        let lang = lang.or_else(|| self.text.0.keys().next()).ok_or(Unfilled::NoText)?;
        let text = self.text.0.get(lang).ok_or(Unfilled::NoText)?;
        let places = places(text);
        let unknown = values.keys().find(|name| {
            !self.text.0.values().any(|text| self::places(text).contains(&name.as_str()))
        });
        if let Some(name) = unknown {
            return Err(Unfilled::Unknown(name.clone()));
        }
        let mut parameters = Vec::with_capacity(places.len());
        for name in places {
            let value = values.get(name).map(|value| value.trim()).unwrap_or_default();
            if value.is_empty() {
                return Err(Unfilled::Missing(name.to_owned()));
            }
            if value.chars().count() > LONGEST_VALUE || value.contains(['\n', '\r']) {
                return Err(Unfilled::TooLong(name.to_owned()));
            }
            if let Some(word) = promotion(value, &shop.languages) {
                return Err(Unfilled::Promotion(name.to_owned(), word));
            }
            parameters.push((name.to_owned(), value.to_owned()));
        }
        let value = |name: &str| {
            parameters.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
        };
        let said = parts(text).into_iter().fold(String::new(), |mut said, part| {
            match part {
                Part::Plain(plain) => said.push_str(plain),
                Part::Place(name) => said.push_str(value(name)),
                Part::Stray => {}
            }
            said
        });
        let filled = Filled {
            name: self.meta_name(),
            language: template::language(&lang.0),
            parameters: parameters.clone(),
        };
        Ok((filled, said))
    }
}

impl Shop {
    /// The template of that name.
    #[must_use]
    pub fn template(&self, id: &TemplateId) -> Option<&Template> {
        self.templates.iter().find(|template| template.id == *id)
    }

    /// The template of reminders before an appointment.
    #[must_use]
    pub fn booking_template(&self) -> Option<&Template> {
        self.templates.iter().find(|t| t.purpose == TemplateUse::BookingReminder)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_advertise_are_found_in_the_shops_languages_only() {
        let langs = |tags: &[&str]| tags.iter().map(|t| Lang((*t).to_owned())).collect::<Vec<_>>();
        for (tags, text, expected) in [
            (&["en"][..], "Your order {order} is on its way.", None),
            (&["en"], "Your order is on its way. Big DISCOUNTS today!", Some("discounts")),
            (&["en"], "20% off your next order", Some("20 %")),
            (&["en"], "buy  now!", Some("buy now")),
            (&["en"], "The nuolaida is here.", None),
            (&["en", "lt"], "Su nuolaida!", Some("nuolaida")),
            (&["zh-TW"], "您的訂單正在優惠中", Some("優惠")),
            (&["ru"], "Скидки до вечера", Some("скидки")),
            (&["de"], "Ihre Bestellung ist unterwegs.", None),
        ] {
            assert_eq!(promotion(text, &langs(tags)).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn places_are_names_in_braces() {
        let found = parts("a {b_1} c {D} }");
        assert_eq!(found.first(), Some(&Part::Plain("a ")));
        assert_eq!(found.get(1), Some(&Part::Place("b_1")));
        assert_eq!(found.iter().filter(|part| **part == Part::Stray).count(), 3);
        assert_eq!(places("{x} {y} {x}"), ["x", "y"]);
    }
}
