//! Everything that can be said of a value without knowing the rest of the file, save its names:
//! unknown, missing and mistyped keys, malformed values, names that lead nowhere. Texts and
//! phrases, which come per language, are in `wording`.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use super::diagnostic::{Diagnostic, Problem, nearest, unknown};
use super::follow_up::Lost;
use super::format::{FILE, Kind, Table};
use super::read::{self, Value, get, text};
use super::values::{self, quoted};
use crate::shop::model::Lang;

/// The names in a file that other places refer to.
#[derive(Debug, Default)]
pub(super) struct Names<'t> {
    pub languages: Vec<&'t str>,
    faq: Vec<&'t str>,
    topics: Vec<&'t str>,
    forms: Vec<&'t str>,
    segments: Vec<&'t str>,
    offers: Vec<&'t str>,
    posters: Vec<&'t str>,
    coupons: Vec<&'t str>,
    pages: Vec<&'t str>,
}

impl<'t> Names<'t> {
    pub fn of(file: &'t DeTable<'t>) -> Self {
        let all = |tables: &str, key: &str| -> Vec<&'t str> {
            let tables = read::tables(file, tables).into_iter();
            tables.filter_map(|(table, _)| Some(text(get(table, key)?)?.0)).collect()
        };
        let languages = read::table(file, "shop").and_then(|shop| get(shop, "languages"));
        let languages = languages.map(read::list).unwrap_or_default().into_iter().filter_map(text);
        let mut names = Self {
            languages: languages
                .map(|(tag, _)| tag)
                .filter(|t| values::language(t).is_ok())
                .collect(),
            faq: all("faq", "id"),
            topics: all("topic", "id"),
            forms: all("form", "id"),
            segments: all("segment", "id"),
            offers: all("offer", "id"),
            posters: all("poster", "code"),
            coupons: all("coupon", "id"),
            pages: all("page", "id"),
        };
        names.pages.extend(all("page", "username"));
        names
    }
}

/// Checks the whole file against the format, and returns what could not be read of it.
pub(super) fn check(file: &DeTable<'_>, names: &Names<'_>, found: &mut Vec<Diagnostic>) -> Lost {
    let mut checker = Checker { names, found, lost: Lost::default() };
    checker.table(file, 0..0, &FILE);
    checker.lost
}

/// The tables that may hold all of these keys.
fn homes_of(names: &[&str], format: &'static Table, homes: &mut Vec<&'static str>) {
    let holds = |name: &&str| format.keys.iter().any(|key| key.name == *name);
    if names.iter().all(holds) && !homes.contains(&format.header) {
        homes.push(format.header);
    }
    for key in format.keys {
        if let Kind::Table(inner) | Kind::Tables(inner, _) = &key.kind {
            homes_of(names, inner, homes);
        }
    }
}

pub(super) struct Checker<'c, 't> {
    pub names: &'c Names<'t>,
    pub found: &'c mut Vec<Diagnostic>,
    pub lost: Lost,
}

impl Checker<'_, '_> {
    fn table(&mut self, table: &DeTable<'_>, span: Range<usize>, format: &'static Table) {
        let mut unknown = Vec::new();
        for (key, value) in table {
            match format.keys.iter().find(|k| k.name == key.get_ref()) {
                Some(known) => {
                    let before = self.found.len();
                    self.value(value, key.span(), known.name, &known.kind);
                    let new = self.found.get(before..).unwrap_or_default();
                    let whole = matches!(known.kind, Kind::Table(_) | Kind::Tables(..));
                    let is_lost = |d: &Diagnostic| {
                        d.code == "wrong-type" && (!whole || d.span == value.span())
                    };
                    if new.iter().any(is_lost) {
                        self.lost.keys.push((format.header, known.name));
                    }
                }
                None => unknown.push(key),
            }
        }
        self.unknown_keys(&unknown, format);
        for key in format.keys.iter().filter(|k| k.required && get(table, k.name).is_none()) {
            self.lost.keys.push((format.header, key.name));
            let message = format!("{} has no `{}`", format.header, key.name);
            let help = match &key.kind {
                Kind::Table(inner) if !inner.header.starts_with('[') => {
                    format!("add {} = {{ … }}: {}", key.name, key.doc)
                }
                Kind::Table(inner) => format!("add the table {}: {}", inner.header, key.doc),
                Kind::Tables(inner, _) => format!("add a table {}: {}", inner.header, key.doc),
                Kind::Text(_) => {
                    format!("add {}.{} = \"…\": {}", key.name, self.default_lang(), key.doc)
                }
                _ => format!("add {} = …: {}", key.name, key.doc),
            };
            self.found.push(
                Diagnostic::error("missing-key", span.clone(), message).label("in here").help(help),
            );
        }
    }

    pub(super) fn default_lang(&self) -> &str {
        self.names.languages.first().copied().unwrap_or("en")
    }

    /// Several lines in a row that all belong to another table have lost its head.
    fn unknown_keys(&mut self, keys: &[&Spanned<DeString<'_>>], format: &'static Table) {
        let names: Vec<&str> = keys.iter().map(|key| key.get_ref().as_ref()).collect();
        let mut homes = Vec::new();
        if let [_, _, ..] = keys {
            homes_of(&names, &FILE, &mut homes);
        }
        let Some((first, _)) = keys.split_first().filter(|_| !homes.is_empty()) else {
            return keys.iter().for_each(|key| self.unknown_key(key, format));
        };
        self.lost.head = true;
        let help = match homes.as_slice() {
            [one] => format!("they belong to {one}: is that line missing above them?"),
            [one, other] => {
                format!("they belong to {one} or {other}: is that line missing above them?")
            }
            _ => "is the head of their table missing above them?".to_owned(),
        };
        let message = format!("{} has no keys {}", format.header, names.join(", "));
        self.found.push(
            Diagnostic::error("unknown-key", first.span(), message)
                .label(format!("these {} lines are not known here", names.len()))
                .help(help),
        );
    }

    fn unknown_key(&mut self, key: &Spanned<DeString<'_>>, format: &Table) {
        let name = key.get_ref();
        let known = || format.keys.iter().map(|k| k.name);
        let help = match nearest(name, known()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("it may hold {}", known().collect::<Vec<_>>().join(", ")),
        };
        let message = format!("{} has no key `{name}`", format.header);
        self.found.push(
            Diagnostic::error("unknown-key", key.span(), message)
                .label("not known here")
                .help(help),
        );
    }

    fn value(&mut self, value: &Value<'_>, key: Range<usize>, name: &str, kind: &'static Kind) {
        match kind {
            Kind::Name => self.read(value, name, values::name),
            Kind::Id | Kind::Counted => self.read(value, name, values::id),
            Kind::Digits => self.read(value, name, values::digits),
            Kind::PageName => self.read(value, name, values::page_name),
            Kind::InstagramName => self.read(value, name, values::instagram_name),
            Kind::Url => self.read(value, name, values::url),
            Kind::Phone => self.read(value, name, values::phone),
            Kind::Email => self.read(value, name, values::email),
            Kind::TimeZone => self.read(value, name, values::time_zone),
            Kind::Country => self.read(value, name, values::country),
            Kind::Place => self.read(value, name, values::place),
            Kind::Date => self.date(value, name),
            Kind::Clock => self.clock(value, name),
            Kind::Languages => self.languages(value),
            Kind::Language => self.refers(value, name, "language", &self.names.languages.clone()),
            Kind::Faq => self.refers(value, name, "FAQ entry", &self.names.faq.clone()),
            Kind::Topic => self.refers(value, name, "topic", &self.names.topics.clone()),
            Kind::Form => self.refers(value, name, "form", &self.names.forms.clone()),
            Kind::Segment => self.refers(value, name, "segment", &self.names.segments.clone()),
            Kind::Offer => self.refers(value, name, "offer", &self.names.offers.clone()),
            Kind::Poster => self.refers(value, name, "poster", &self.names.posters.clone()),
            Kind::Coupon => self.refers(value, name, "coupon", &self.names.coupons.clone()),
            Kind::Colour => self.read(value, name, values::colour),
            Kind::Tags | Kind::Names => {
                self.each(value, name, "a list of names: [\"lunch\"]", |s, v, n| {
                    s.read(v, n, values::id);
                })
            }
            Kind::Fields | Kind::Examples => self.fields(value, name),
            Kind::Price => {
                if read::price(value).is_none() {
                    self.mistyped(value, name, "a price without a currency: 45 or 12.50");
                }
            }
            Kind::Fits => self.fits(value, name),
            Kind::Page => self.refers(value, name, "Page", &self.names.pages.clone()),
            Kind::OneOf(words) => self.one_of(value, name, words),
            Kind::Flag => {
                if !matches!(value.get_ref(), DeValue::Boolean(_)) {
                    self.mistyped(value, name, "true or false, without quotation marks");
                }
            }
            Kind::Number(from, to) => {
                if !read::number(value).is_some_and(|n| (*from..=*to).contains(&n)) {
                    self.mistyped(value, name, &format!("a whole number from {from} to {to}"));
                }
            }
            Kind::Dates => self.each(value, name, "a list of days: [\"2026-12-01\"]", Self::date),
            Kind::Words => {
                self.each(value, name, "a list of texts: [\"…\", \"…\"]", |s, v, n| {
                    s.read(v, n, values::name);
                })
            }
            Kind::Faqs(most) => {
                self.each(value, name, "a list of FAQ ids: [\"hours\"]", |s, v, n| {
                    s.refers(v, n, "FAQ entry", &s.names.faq.clone());
                });
                self.at_most(value, name, *most);
            }
            Kind::Ranges => self.ranges(value, name),
            // What may stand here depends on `every`, so the schedule's own check reads it.
            Kind::On => {}
            Kind::Quiet => self.read(value, name, values::quiet),
            Kind::Text(rule) => self.text(value, key, name, rule),
            Kind::Phrases => self.phrases(value, key, name),
            Kind::Expected => self.expected(value, key, name),
            Kind::Table(inner) => match value.get_ref() {
                DeValue::Table(table) => self.table(table, value.span(), inner),
                _ => self.mistyped(value, name, &format!("a table, {}", inner.header)),
            },
            Kind::Tables(inner, most) => {
                let wanted = format!("a list of tables, each {}", inner.header);
                self.each(value, name, &wanted, |s, v, n| match v.get_ref() {
                    DeValue::Table(table) => s.table(table, v.span(), inner),
                    _ => s.mistyped(v, n, inner.header),
                });
                if let Some(most) = most {
                    self.at_most(value, name, *most);
                }
            }
        }
    }

    pub(super) fn mistyped(&mut self, value: &Value<'_>, name: &str, wanted: &str) {
        let is = match value.get_ref() {
            DeValue::String(_) => "a text",
            DeValue::Integer(_) | DeValue::Float(_) => "a number",
            DeValue::Boolean(_) => "true or false",
            DeValue::Datetime(_) => "a date or time",
            DeValue::Array(_) => "a list",
            DeValue::Table(_) => "a table",
        };
        let diagnostic =
            Diagnostic::error("wrong-type", value.span(), format!("`{name}` cannot be this"));
        self.found.push(diagnostic.label(format!("this is {is}")).help(format!("write {wanted}")));
    }

    pub(super) fn read<T>(
        &mut self,
        value: &Value<'_>,
        name: &str,
        read: fn(&str) -> Result<T, Problem>,
    ) {
        match text(value) {
            Some((text, span)) => {
                if let Err(problem) = read(text) {
                    self.found.push(problem.at(span));
                }
            }
            None => self.mistyped(value, name, "a text in quotation marks"),
        }
    }

    fn date(&mut self, value: &Value<'_>, name: &str) {
        if read::date(value).is_none() {
            match text(value) {
                Some(_) => self.read(value, name, values::date),
                None => self.mistyped(value, name, "a day: \"2026-12-24\""),
            }
        }
    }

    fn clock(&mut self, value: &Value<'_>, name: &str) {
        if read::clock(value).is_none() {
            match text(value) {
                Some(_) => self.read(value, name, values::clock),
                None => self.mistyped(value, name, "a time of day: \"09:00\""),
            }
        }
    }

    pub(super) fn each(
        &mut self,
        value: &Value<'_>,
        name: &str,
        wanted: &str,
        mut check: impl FnMut(&mut Self, &Value<'_>, &str),
    ) {
        match value.get_ref() {
            DeValue::Array(array) => array.iter().for_each(|value| check(self, value, name)),
            _ => self.mistyped(value, name, wanted),
        }
    }

    fn fields(&mut self, value: &Value<'_>, name: &str) {
        let DeValue::Table(table) = value.get_ref() else {
            return self.mistyped(value, name, "fields and their values: set.size = \"L\"");
        };
        for (key, value) in table {
            if let Err(problem) = values::id(key.get_ref()) {
                self.found.push(problem.at(key.span()));
            }
            match text(value) {
                Some(_) => self.read(value, key.get_ref(), values::name),
                None if read::number(value).is_some() => {}
                None => self.mistyped(value, key.get_ref(), "a text or a whole number"),
            }
        }
    }

    fn fits(&mut self, value: &Value<'_>, name: &str) {
        let wanted = "options by question: fits.size = [\"s\", \"m\"]";
        let DeValue::Table(table) = value.get_ref() else {
            return self.mistyped(value, name, wanted);
        };
        for (key, value) in table {
            if let Err(problem) = values::id(key.get_ref()) {
                self.found.push(problem.at(key.span()));
            }
            self.each(value, key.get_ref(), wanted, |s, v, n| s.read(v, n, values::id));
        }
    }

    fn at_most(&mut self, value: &Value<'_>, name: &str, most: usize) {
        if let DeValue::Array(array) = value.get_ref()
            && let Some(first) = array.get(most)
        {
            let message = format!("{} {name} are too many: Meta shows at most {most}", array.len());
            let diagnostic = Diagnostic::error("too-many", first.span(), message);
            self.found.push(diagnostic.label("one too many").help(format!("keep the best {most}")));
        }
    }

    fn languages(&mut self, value: &Value<'_>) {
        let mut seen = Vec::new();
        self.each(value, "languages", "a list of language codes: [\"lt\", \"en\"]", |s, v, n| {
            s.read(v, n, values::language);
            let Some((tag, span)) = text(v) else { return };
            if seen.iter().any(|s: &String| s == tag) {
                s.found.push(
                    Diagnostic::error("duplicate-language", span, format!("`{tag}` is here twice"))
                        .help("leave one of them out"),
                );
            } else if values::language(tag).is_ok()
                && crate::shop::lang::find(&Lang(tag.to_owned())).is_none()
            {
                let message = format!("Shopbell has no words of its own in `{tag}`");
                s.found.push(
                    Diagnostic::warning("language-without-defaults", span, message).help(
                        "write every text of [texts] in it, and how people say STOP in assistant.stop_words",
                    ),
                );
            }
            seen.push(tag.to_owned());
        });
        if matches!(value.get_ref(), DeValue::Array(array) if array.is_empty()) {
            self.found.push(
                Diagnostic::error("no-language", value.span(), "the shop speaks no language")
                    .help("write the language of most customers: [\"en\"]"),
            );
        }
    }

    fn refers(&mut self, value: &Value<'_>, name: &str, what: &str, known: &[&str]) {
        let Some((id, span)) = text(value) else {
            return self.mistyped(
                value,
                name,
                &format!("the name of a {what}, in quotation marks"),
            );
        };
        if known.contains(&id) {
            return;
        }
        self.found.push(unknown(what, id, span, known));
    }

    fn one_of(&mut self, value: &Value<'_>, name: &str, words: &[&str]) {
        let Some((word, span)) = text(value) else {
            return self.mistyped(value, name, "one of these words in quotation marks");
        };
        if !words.contains(&word) {
            let help = match nearest(word, words.iter().copied()) {
                Some(near) => format!("did you mean {}?", quoted(near)),
                None => format!(
                    "write {}",
                    words.iter().map(|w| quoted(w)).collect::<Vec<_>>().join(" or ")
                ),
            };
            let message = format!("`{name}` cannot be {}", quoted(word));
            self.found.push(Diagnostic::error("unknown-word", span, message).help(help));
        }
    }

    fn ranges(&mut self, value: &Value<'_>, name: &str) {
        let mut ranges = Vec::new();
        for value in read::list(value) {
            self.read(value, name, values::range);
            if let Some((text, span)) = text(value)
                && let Ok(Some(range)) = values::range(text)
            {
                ranges.push((range, span));
            }
        }
        ranges.sort_by_key(|(range, _)| range.open);
        for ((before, _), (range, span)) in ranges.iter().zip(ranges.iter().skip(1)) {
            if range.open < before.close {
                self.found.push(
                    Diagnostic::error("hours-overlap", span.clone(), "two ranges of a day overlap")
                        .label("begins before the one before it ends")
                        .help("write them as one, or let the second begin later"),
                );
            }
        }
    }
}
