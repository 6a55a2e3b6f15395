//! Where the FAQ's phrasings and expectations stand in the file. A check that needs the trained
//! FAQ finds here what to try and which line to name.

use std::ops::Range;

use toml::de::{DeTable, DeValue};

use super::read::{self, Value, get, text};
use super::values;
use crate::meta::ids::{FaqId, NotificationId};
use crate::shop::model::Lang;

/// What stands where. Spans are bytes of the source.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Places {
    /// Each entry with the place of its id.
    pub entries: Vec<(FaqId, Range<usize>)>,
    /// Everything under `ask`, in the order of the file.
    pub phrasings: Vec<Phrasing>,
    /// Everything under `expect`, in the order of the file.
    pub expectations: Vec<Expectation>,
    /// Each notification with the place of its id.
    pub notifications: Vec<(NotificationId, Range<usize>)>,
    /// The number of people that the owner expects.
    pub subscribers: Option<Range<usize>>,
    /// The first number of Desks.
    pub shards: Option<Range<usize>>,
}

/// A way to ask for an entry.
#[derive(Clone, Debug, PartialEq)]
pub struct Phrasing {
    /// For which.
    pub entry: FaqId,
    /// In which language.
    pub lang: Lang,
    /// The words.
    pub text: String,
    /// Where.
    pub span: Range<usize>,
}

/// A message, and what it has to lead to.
#[derive(Clone, Debug, PartialEq)]
pub struct Expectation {
    /// The entry that has to answer; none: nothing may.
    pub entry: Option<FaqId>,
    /// In which language it is, where the owner says so.
    pub lang: Option<Lang>,
    /// The message.
    pub text: String,
    /// Where.
    pub span: Range<usize>,
}

impl Places {
    pub(super) fn of(file: &DeTable<'_>) -> Self {
        let mut places = Self::default();
        for (table, _) in read::tables(file, "faq") {
            let Some((id, span)) = get(table, "id").and_then(text) else { continue };
            let Ok(id) = FaqId::new(id) else { continue };
            for (lang, text, span) in get(table, "ask").map(texts).unwrap_or_default() {
                let Some(lang) = lang else { continue };
                places.phrasings.push(Phrasing { entry: id.clone(), lang, text, span });
            }
            places.expect(Some(&id), table);
            places.entries.push((id, span));
        }
        for (table, _) in read::tables(file, "notification") {
            let Some((id, span)) = get(table, "id").and_then(text) else { continue };
            places.notifications.extend(NotificationId::new(id).ok().map(|id| (id, span)));
        }
        places.subscribers = read::table(file, "cloudflare")
            .and_then(|table| get(table, "subscribers"))
            .map(Value::span);
        let pages = read::tables(file, "page");
        places.shards = pages.iter().find_map(|(page, _)| get(page, "shards")).map(Value::span);
        if let Some(none) = read::table(file, "faq_none") {
            places.expect(None, none);
        }
        places
    }

    fn expect(&mut self, entry: Option<&FaqId>, table: &DeTable<'_>) {
        let texts = get(table, "expect").map(texts).unwrap_or_default();
        self.expectations.extend(texts.into_iter().map(|(lang, text, span)| Expectation {
            entry: entry.cloned(),
            lang,
            text,
            span,
        }));
    }
}

/// The texts of a list, or of a list per language.
fn texts(value: &Value<'_>) -> Vec<(Option<Lang>, String, Range<usize>)> {
    let of = |lang: Option<&str>, list: &Value<'_>| -> Vec<_> {
        read::list(list)
            .into_iter()
            .filter_map(text)
            .filter_map(|(text, span)| Some((values::name(text).ok()?, span)))
            .map(|(text, span)| (lang.map(|tag| Lang(tag.to_owned())), text, span))
            .collect()
    };
    match value.get_ref() {
        DeValue::Table(table) => {
            table.iter().flat_map(|(tag, list)| of(Some(tag.get_ref().as_ref()), list)).collect()
        }
        _ => of(None, value),
    }
}
