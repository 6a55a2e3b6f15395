//! What becomes of the answers when a form is done.

use super::ask::Voice;
use super::state::{OpenForm, holds};
use super::{finder, open, slot};
use crate::desk::booking::{self, Booked};
use crate::desk::coupons;
use crate::desk::decide::Turn;
use crate::desk::handoff::{self, Reason};
use crate::desk::person::Person;
use crate::desk::replies;
use crate::meta::send::Content;
use crate::shop::forms::{Also, End, FieldValue, Form, Kind};
use crate::shop::lang;
use crate::shop::lang::forms::fill;

/// The answers become what the person is, and the end that fits them is said; a person of the shop
/// takes over, if the form or that end says so.
pub(super) fn finish(turn: &mut Turn<'_>, form: &Form, answered: OpenForm) -> Vec<Content> {
    let booked = match booking::book(turn, form, &answered) {
        Booked::None => None,
        Booked::Yes(said) => Some(said),
        Booked::Taken(question) => {
            let Some(question) = form.question(&question) else { return Vec::new() };
            return slot::taken(turn, form, answered, question);
        }
    };
    turn.counts.push(format!("form.{}.done", form.id));
    turn.finished = Some(form.id.clone());
    keep(&mut turn.person, form, &answered);
    turn.person.language = Some(answered.lang.clone());
    let shop = turn.context.shop;
    let end = end(form, &answered);
    let also = end.map(|end| &end.also);
    if let Some(also) = also {
        leave(&mut turn.person, also);
    }
    let hands_over = end.map_or(form.hand_over, |end| end.hand_over);
    if hands_over {
        hand_over(turn, form, &answered);
    }
    let own = end.and_then(|end| shop.pick(&end.text, &answered.lang));
    let own = own.or_else(|| shop.pick(&form.done, &answered.lang));
    let mut said = match &form.finder {
        Some(wanted) => finder::found(turn, form, wanted, &answered, own),
        None => {
            // What is booked says by itself that all is done.
            let done = booked.is_none().then_some(lang::language(&answered.lang).forms.done);
            let words = own.or(done).unwrap_or_default();
            replies::spoken(turn, words, None, Vec::new())
        }
    };
    if let Some(end) = end {
        let buttons = replies::buttons(shop, &answered.lang, &end.buttons);
        replies::under(&mut said, buttons);
    }
    said.extend(booked);
    let coupon = also.and_then(|also| also.coupon.as_ref()).or(form.also.coupon.as_ref());
    if let Some(id) = coupon {
        said.extend(coupons::give(turn, id, &format!("form:{}", form.id), None));
    }
    if hands_over {
        if own.is_some() {
            replies::way_back(turn, &mut said);
        } else {
            said.extend(replies::human(turn));
        }
        return said;
    }
    let next = also.and_then(|also| also.form.as_ref()).or(form.also.form.as_ref());
    if let Some(next) = next {
        said.extend(open(turn, next));
    }
    said
}

/// Puts the answers into fields, and what they leave on a person.
fn keep(person: &mut Person, form: &Form, answered: &OpenForm) {
    for question in answered.asked(form) {
        let Some(value) = answered.answer(question).flatten() else { continue };
        person.fields.insert(question.id.clone(), value.clone());
        if let (Kind::Choice { options }, FieldValue::Choice(id)) = (&question.kind, value)
            && let Some(option) = options.iter().find(|option| option.id == *id)
        {
            leave(person, &option.also);
        }
    }
    leave(person, &form.also);
}

/// Calls a person with everything that was answered, in the shop's first language.
fn hand_over(turn: &mut Turn<'_>, form: &Form, answered: &OpenForm) {
    let shop = turn.context.shop;
    let owner = Voice { shop, lang: shop.default_lang() };
    let mut summary: Vec<String> = owner
        .lines(answered, form)
        .into_iter()
        .map(|(title, value)| format!("• {title}: {value}"))
        .collect();
    if form.is_scored() {
        let count = score(form, answered).to_string();
        summary.push(format!("• {}", fill(owner.texts().points, &[("count", &count)])));
    }
    turn.counts.push(format!("form.{}.handed_over", form.id));
    let subject = Some(owner.title(form).to_owned());
    handoff::call_about(turn, Reason::Form, subject, Some(&summary.join("\n")));
}

/// The first of the form's ends that fits the answers.
fn end<'f>(form: &'f Form, answered: &OpenForm) -> Option<&'f End> {
    let score = score(form, answered);
    let asked = answered.asked(form);
    form.ends.iter().find(|end| {
        let fits = end.only_if.as_ref().is_none_or(|only_if| {
            let question = asked.iter().find(|question| question.id == only_if.question);
            question.is_some_and(|question| holds(only_if, answered.answer(question).flatten()))
        });
        fits && end.score_at_least.is_none_or(|least| score >= least)
            && end.score_at_most.is_none_or(|most| score <= most)
    })
}

/// The points of all options that were chosen.
fn score(form: &Form, answered: &OpenForm) -> i64 {
    let points = answered.asked(form).into_iter().filter_map(|question| {
        let (Kind::Choice { options }, Some(Some(FieldValue::Choice(id)))) =
            (&question.kind, answered.answer(question))
        else {
            return None;
        };
        options.iter().find(|option| option.id == *id).map(|option| option.points)
    });
    points.fold(0, i64::saturating_add)
}

/// Leaves tags and fields on a person.
pub(in crate::desk) fn leave(person: &mut Person, also: &Also) {
    person.tags.extend(also.tags.iter().cloned());
    person.fields.extend(also.set.iter().map(|(id, value)| (id.clone(), value.clone())));
}
