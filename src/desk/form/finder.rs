//! The products that fit the answers of a form, with the reasons.
//!
//! An answer counts when a product says something of its question, or has a price and the answer
//! is about prices. An option that no product names stands for "whatever" and counts for nothing.
//! What fits everything that counts is shown, the most reasons first; among equals what fits the
//! earlier questions, then the order of the catalogue. When nothing fits everything, what comes
//! closest is shown, and said to be no more than that.

use std::cmp::Reverse;

use super::state::OpenForm;
use crate::desk::decide::Turn;
use crate::desk::replies;
use crate::meta::limits;
use crate::meta::send::{Button, Card, Content};
use crate::shop::forms::{FieldValue, Form, Kind, Question};
use crate::shop::lang::forms::fill;
use crate::shop::lang::{self, Language};
use crate::shop::model::{Lang, Shop};
use crate::shop::products::{Finder, Product};

/// What a product has to do with one answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Fit {
    Fits,
    /// It says nothing of it.
    Open,
    Misses,
}

/// A product with what it has to do with each answer, in the order of the questions.
struct Rated<'a> {
    product: &'a Product,
    fits: Vec<Fit>,
}

impl Rated<'_> {
    fn count(&self, which: Fit) -> usize {
        self.fits.iter().filter(|fit| **fit == which).count()
    }
}

/// An answer that products are held against.
struct Wish<'a> {
    question: &'a Question,
    answer: &'a FieldValue,
}

impl Wish<'_> {
    fn fit(&self, product: &Product, catalogue: &[Product]) -> Fit {
        let by = |holds: bool| if holds { Fit::Fits } else { Fit::Misses };
        match (&self.question.kind, self.answer) {
            (Kind::Number { budget: true, .. }, FieldValue::Number(most)) => {
                product.price.map_or(Fit::Open, |price| by(price <= *most))
            }
            (Kind::Choice { options }, FieldValue::Choice(id)) => {
                let option = options.iter().find(|option| option.id == *id);
                if let Some(prices) = option.and_then(|option| option.prices) {
                    return product.price.map_or(Fit::Open, |price| by(prices.hold(price)));
                }
                let named = |product: &Product| {
                    product.fits.get(&self.question.id).is_some_and(|options| options.contains(id))
                };
                if !catalogue.iter().any(named) || !product.fits.contains_key(&self.question.id) {
                    return Fit::Open;
                }
                by(named(product))
            }
            _ => Fit::Open,
        }
    }

    /// The answer as a reason: what was chosen, or what was asked for.
    fn reason<'s>(&'s self, shop: &'s Shop, lang: &Lang) -> Option<&'s str> {
        match (&self.question.kind, self.answer) {
            (Kind::Choice { options }, FieldValue::Choice(id)) => {
                let option = options.iter().find(|option| option.id == *id)?;
                shop.pick(&option.title, lang)
            }
            _ => shop.pick(&self.question.title, lang),
        }
    }
}

/// What was found: words of the owner's, else the language's own, and the cards.
pub(super) fn found(
    turn: &Turn<'_>,
    form: &Form,
    finder: &Finder,
    answered: &OpenForm,
    own: Option<&str>,
) -> Vec<Content> {
    let shop = turn.context.shop;
    let language = lang::language(&answered.lang);
    let wishes: Vec<Wish<'_>> = answered
        .asked(form)
        .into_iter()
        .filter_map(|question| Some(Wish { question, answer: answered.answer(question)?? }))
        .collect();
    let (rated, full) = rate(&shop.products, &wishes, finder);
    if rated.is_empty() {
        let taps = vec![replies::person_tap(turn)];
        return vec![replies::bubble(language.forms.nothing_close.to_owned(), taps)];
    }
    let words = match (full, own) {
        (true, Some(own)) => own,
        (true, None) => language.forms.found,
        (false, _) => language.forms.nothing_fits,
    };
    let mut said = replies::spoken(turn, words, None, Vec::new());
    let shown = rated.iter().take(usize::from(finder.cards));
    let cards: Vec<Card> =
        shown.filter_map(|rated| card(shop, &answered.lang, language, rated, &wishes)).collect();
    said.push(Content::Cards { cards });
    said
}

/// The products worth showing, the best first, and whether they fit everything.
fn rate<'p>(
    catalogue: &'p [Product],
    wishes: &[Wish<'_>],
    finder: &Finder,
) -> (Vec<Rated<'p>>, bool) {
    let mut rated: Vec<Rated<'p>> = catalogue
        .iter()
        .map(|product| Rated {
            product,
            fits: wishes.iter().map(|wish| wish.fit(product, catalogue)).collect(),
        })
        .filter(|rated| {
            wishes
                .iter()
                .zip(&rated.fits)
                .all(|(wish, fit)| *fit != Fit::Misses || !finder.must.contains(&wish.question.id))
        })
        .collect();
    // Stable: equals stay in the order of the catalogue.
    rated.sort_by_key(|rated| {
        (rated.count(Fit::Misses), Reverse(rated.count(Fit::Fits)), rated.fits.clone())
    });
    let full = rated.first().is_some_and(|best| best.count(Fit::Misses) == 0);
    if full {
        rated.retain(|rated| rated.count(Fit::Misses) == 0);
    } else {
        rated.retain(|rated| rated.count(Fit::Fits) > 0);
    }
    (rated, full)
}

fn card(
    shop: &Shop,
    lang: &Lang,
    language: &Language,
    rated: &Rated<'_>,
    wishes: &[Wish<'_>],
) -> Option<Card> {
    let Rated { product, fits } = rated;
    let price = product.price.map(|price| {
        let comma = language.form_words.decimal_comma;
        let written = price.written_as_price(if comma { ',' } else { '.' });
        fill(shop.prices.as_deref().unwrap_or("{price}"), &[("price", &written)])
    });
    let mut reasons: Vec<&str> = wishes
        .iter()
        .zip(fits)
        .filter(|(_, fit)| **fit == Fit::Fits)
        .filter_map(|(wish, _)| wish.reason(shop, lang))
        .collect();
    let subtitle = loop {
        let why = (!reasons.is_empty())
            .then(|| fill(language.forms.fits, &[("reasons", &reasons.join(language.list_comma))]));
        let parts: Vec<String> = price.iter().cloned().chain(why).collect();
        let line = parts.join(" · ");
        // Whole reasons or none: Meta's room on a card is small.
        if limits::units(&line) <= limits::CARD_SUBTITLE || reasons.pop().is_none() {
            break line;
        }
    };
    let look = product.url.as_ref().map(|url| Button::WebUrl {
        title: language.forms.look_button.to_owned(),
        url: url.clone(),
    });
    Some(Card {
        title: shop.pick(&product.title, lang)?.to_owned(),
        subtitle: Some(subtitle).filter(|line| !line.is_empty()),
        image_url: product.image.clone(),
        buttons: look.into_iter().collect(),
    })
}
