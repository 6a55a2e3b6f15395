//! Products and finders: whether what a product fits can be asked, and the products themselves.

use std::collections::BTreeMap;

use toml::de::{DeTable, DeValue};

use super::build::{localized, named, number};
use super::diagnostic::{Diagnostic, unknown};
use super::read::{self, checked, get, text};
use super::values;
use crate::meta::ids::{FieldId, ProductId};
use crate::shop::products::{Finder, Prices, Product};

/// Products shown, unless the owner says otherwise.
const CARDS: i64 = 5;

/// A question of some form with a finder, and its options.
struct Asked<'t> {
    id: &'t str,
    options: Vec<&'t str>,
}

pub(super) fn check(file: &DeTable<'_>, found: &mut Vec<Diagnostic>) {
    let products = read::tables(file, "product");
    let mut asked: Vec<Asked<'_>> = Vec::new();
    for (form, _) in read::tables(file, "form") {
        let finder = read::table(form, "finder");
        let questions = read::tables(form, "question");
        let ids: Vec<&str> = questions
            .iter()
            .filter_map(|(question, _)| get(question, "id").and_then(text))
            .map(|(id, _)| id)
            .collect();
        prices(&questions, finder.is_some(), found);
        let Some(finder) = finder else { continue };
        if products.is_empty()
            && let Some(value) = get(form, "finder")
        {
            found.push(
                Diagnostic::error("no-product", value.span(), "there is nothing to be found")
                    .help("add tables [[product]]"),
            );
        }
        for (id, span) in
            get(finder, "must").map(read::list).unwrap_or_default().into_iter().filter_map(text)
        {
            if !ids.contains(&id) {
                found.push(unknown("question of this form", id, span, &ids));
            }
        }
        for (question, _) in questions {
            let Some((id, _)) = get(question, "id").and_then(text) else { continue };
            let options = read::tables(question, "options");
            let options = options
                .iter()
                .filter_map(|(option, _)| get(option, "id").and_then(text))
                .map(|(id, _)| id);
            match asked.iter_mut().find(|known| known.id == id) {
                Some(known) => known.options.extend(options),
                None => asked.push(Asked { id, options: options.collect() }),
            }
        }
    }
    if let Some(value) = products.first().filter(|_| asked.is_empty()).map(|(_, place)| place) {
        found.push(
            Diagnostic::warning("unreachable-product", value.clone(), "no form finds products")
                .help("give a [[form]] a table [form.finder]"),
        );
        return;
    }
    for (product, _) in products {
        fits(product, &asked, found);
    }
    pattern(file, found);
}

/// What has a meaning for a finder only.
fn prices(
    questions: &[(&DeTable<'_>, std::ops::Range<usize>)],
    finds: bool,
    found: &mut Vec<Diagnostic>,
) {
    let options = questions.iter().flat_map(|(question, _)| read::tables(question, "options"));
    let tables = questions.iter().cloned().chain(options);
    for (table, _) in tables {
        for key in ["budget", "price_from", "price_to"] {
            if let Some(value) = get(table, key).filter(|_| !finds) {
                let message = format!("`{key}` has no meaning in a form without a finder");
                found.push(
                    Diagnostic::error("unfit-key", value.span(), message)
                        .help("leave it out, or add the table [form.finder]"),
                );
            }
        }
        let bound = |key: &str| get(table, key).and_then(read::number);
        if let (Some(from), Some(to), Some(value)) =
            (bound("price_from"), bound("price_to"), get(table, "price_to"))
            && from > to
        {
            found.push(
                Diagnostic::error("bad-bounds", value.span(), "no price is that high and that low")
                    .help("let `price_to` be at least `price_from`"),
            );
        }
    }
}

/// A product fits options that can be chosen.
fn fits(product: &DeTable<'_>, asked: &[Asked<'_>], found: &mut Vec<Diagnostic>) {
    for (key, value) in read::table(product, "fits").into_iter().flatten() {
        let question = key.get_ref();
        let Some(known) = asked.iter().find(|known| known.id == question) else {
            let ids: Vec<&str> = asked.iter().map(|known| known.id).collect();
            found.push(unknown("question of a form with a finder", question, key.span(), &ids));
            continue;
        };
        for (id, span) in read::list(value).into_iter().filter_map(text) {
            if !known.options.contains(&id) {
                found.push(unknown("option of that question", id, span, &known.options));
            }
        }
    }
}

/// How prices are written has a place for the price.
fn pattern(file: &DeTable<'_>, found: &mut Vec<Diagnostic>) {
    let shop = read::table(file, "shop");
    if let Some((pattern, span)) = shop.and_then(|shop| get(shop, "prices")).and_then(text)
        && pattern.matches("{price}").count() != 1
    {
        found.push(
            Diagnostic::error("bad-prices", span, "there is no one place for the price in this")
                .help("write \"{price} €\""),
        );
    }
}

/// The products of the file; `None` when one cannot be read.
pub(super) fn products(file: &DeTable<'_>) -> Option<Vec<Product>> {
    read::tables(file, "product").into_iter().map(|(table, _)| product(table)).collect()
}

fn product(table: &DeTable<'_>) -> Option<Product> {
    let fits: BTreeMap<FieldId, Vec<String>> = read::table(table, "fits")
        .into_iter()
        .flatten()
        .filter_map(|(key, value)| {
            let options = read::list(value).into_iter().filter_map(text);
            let options = options.map(|(id, _)| id.to_owned()).collect();
            Some((FieldId::new(key.get_ref().as_ref()).ok()?, options))
        })
        .collect();
    Some(Product {
        id: named::<ProductId>(table, "id")?,
        title: localized(table, "title"),
        price: get(table, "price").and_then(read::price),
        image: checked(table, "image", values::url),
        url: checked(table, "url", values::url),
        fits,
    })
}

/// What a form shows at its end.
pub(super) fn finder(form: &DeTable<'_>) -> Option<Finder> {
    let DeValue::Table(table) = get(form, "finder")?.get_ref() else { return None };
    let must = get(table, "must").map(read::list).unwrap_or_default();
    let must = must.into_iter().filter_map(text);
    Some(Finder {
        cards: number(table, "cards", CARDS)?,
        must: must.filter_map(|(id, _)| FieldId::new(id).ok()).collect(),
    })
}

/// The prices an option stands for.
pub(super) fn prices_of(option: &DeTable<'_>) -> Option<Prices> {
    let bound = |key: &str| get(option, key).and_then(read::number);
    let prices = Prices { from: bound("price_from"), to: bound("price_to") };
    (prices.from.is_some() || prices.to.is_some()).then_some(prices)
}
