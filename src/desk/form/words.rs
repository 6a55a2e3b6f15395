//! What is written while a form is open: an answer, a word that steers the form, or a question in
//! between.

use super::end::{finish, leave};
use super::state::{OpenForm, Place};
use super::taps::do_;
use super::{Wrong, ask, go_on, next, reader, retry, slot, take_top, tokens, voice};
use crate::desk::decide::Turn;
use crate::desk::payload::FormAct;
use crate::desk::replies;
use crate::faq::{self, Decision as Found, Said};
use crate::meta::ids::FieldId;
use crate::meta::send::Content;
use crate::shop::forms::{FieldValue, Form, Kind, Question};
use crate::shop::model::FaqEntry;

/// What a message does to a form whatever is asked.
fn spoken(turn: &Turn<'_>, open: &OpenForm, text: &str) -> Option<FormAct> {
    let said = Said::new(text);
    let says = |words: &[&str]| words.iter().any(|word| said.says(word));
    let languages = tokens::languages(turn.context.shop, &open.lang);
    languages.iter().find_map(|language| {
        let words = &language.form_words;
        [
            (FormAct::Cancel, words.cancel),
            (FormAct::Back, words.back),
            (FormAct::Skip, words.skip),
            (FormAct::Resume, words.resume),
            (FormAct::Confirm, words.confirm),
        ]
        .into_iter()
        .find(|(_, phrases)| says(phrases))
        .map(|(act, _)| act)
    })
}

pub(super) fn on_text(turn: &mut Turn<'_>, text: &str) -> Option<Vec<Content>> {
    let (open, form) = take_top(turn)?;
    if open.suspended || turn.after_silence {
        return on_text_suspended(turn, form, open, text);
    }
    let act = spoken(turn, &open, text);
    let place = open.place(form);
    Some(match (act, place) {
        (Some(act @ (FormAct::Cancel | FormAct::Back)), _) => do_(turn, form, open, act),
        (Some(FormAct::Skip), Place::Question(question))
            if may_skip(turn, &open, question, text) =>
        {
            do_(turn, form, open, FormAct::Skip)
        }
        (Some(FormAct::Confirm), Place::Summary) => do_(turn, form, open, FormAct::Confirm),
        (_, Place::Question(question)) => answer(turn, form, open, question, text),
        (_, Place::Summary) => at_summary(turn, form, open, text),
    })
}

/// "None" skips a question unless it is an answer to it; words to a question for free text are
/// its answer when it cannot be skipped.
fn may_skip(turn: &Turn<'_>, open: &OpenForm, question: &Question, text: &str) -> bool {
    let option = matches!(question.kind, Kind::Choice { .. })
        && reader(turn, open).typed(question, text).is_ok();
    !option && (question.optional || !matches!(question.kind, Kind::Text { .. }))
}

fn answer(
    turn: &mut Turn<'_>,
    form: &Form,
    mut open: OpenForm,
    question: &Question,
    text: &str,
) -> Vec<Content> {
    let free = matches!(question.kind, Kind::Text { .. });
    let asks = text.trim_end().ends_with(['?', '？']);
    if !free
        && asks
        && let Some(said) = in_between(turn, form, &mut open, text)
    {
        turn.person.forms.push(open);
        return said;
    }
    if question.is_slot() {
        let meant = slot::understood(turn, form, &open, question, text).is_ok();
        if !meant && let Some(said) = in_between(turn, form, &mut open, text) {
            turn.person.forms.push(open);
            return said;
        }
        return slot::typed(turn, form, open, question, text);
    }
    let read = reader(turn, &open).typed(question, text);
    match read {
        Ok(value) => {
            let beside = match &value {
                FieldValue::Date(_) => reader(turn, &open).time_beside(text),
                _ => None,
            };
            open.take(&question.id, Some(value));
            if let (Some(time), Place::Question(next)) = (beside, open.place(form))
                && next.kind == Kind::Time
                && open.answer(next).is_none()
            {
                let id = next.id.clone();
                open.take(&id, Some(time));
            }
            next(turn, form, open)
        }
        Err(wrong) => {
            if !free && let Some(said) = in_between(turn, form, &mut open, text) {
                turn.person.forms.push(open);
                return said;
            }
            retry(turn, form, open, question, &wrong)
        }
    }
}

/// The name of a question changes its answer; everything else shows the summary again.
fn at_summary(turn: &mut Turn<'_>, form: &Form, mut open: OpenForm, text: &str) -> Vec<Content> {
    let said = Said::new(text);
    let asked = open.asked(form);
    let named =
        asked.iter().find(|question| question.title.0.values().any(|title| said.says(title)));
    if let Some(question) = named {
        open.asking = Some(question.id.clone());
        return go_on(turn, form, open, None);
    }
    if let Some(said) = in_between(turn, form, &mut open, text) {
        turn.person.forms.push(open);
        return said;
    }
    go_on(turn, form, open, None)
}

/// Answers a question of the FAQ and asks the form's again, in the language of the question.
fn in_between(
    turn: &mut Turn<'_>,
    form: &Form,
    open: &mut OpenForm,
    text: &str,
) -> Option<Vec<Content>> {
    let entries = sure_answers(turn, text)?;
    turn.counts.push("form.question_between".to_owned());
    open.lang = turn.lang.clone();
    open.touched_at = turn.now;
    open.tries = 0;
    let mut said = Vec::new();
    for entry in entries {
        leave(&mut turn.person, &entry.also);
        said.extend(replies::faq(turn, entry));
    }
    said.extend(ask(turn, form, open, None));
    Some(said)
}

/// The answers that a message is sure to ask for.
fn sure_answers<'a>(turn: &Turn<'a>, text: &str) -> Option<Vec<&'a FaqEntry>> {
    let shop = turn.context.shop;
    if let Some((entry, _)) = faq::keyword(&shop.faq, text) {
        return Some(vec![entry]);
    }
    let spoken = turn.person.language.as_ref();
    match turn.context.faq?.answer(text, spoken, shop.assistant.eagerness).decision {
        Found::Answer(ids) => {
            let entries: Vec<&FaqEntry> = ids.iter().filter_map(|id| shop.faq(id)).collect();
            (!entries.is_empty()).then_some(entries)
        }
        _ => None,
    }
}

fn on_text_suspended(
    turn: &mut Turn<'_>,
    form: &Form,
    mut open: OpenForm,
    text: &str,
) -> Option<Vec<Content>> {
    match spoken(turn, &open, text) {
        Some(FormAct::Resume) => return Some(go_on(turn, form, open, None)),
        Some(FormAct::Cancel) => return Some(do_(turn, form, open, FormAct::Cancel)),
        _ => {}
    }
    open.suspended = true;
    let asked_something = sure_answers(turn, text).is_some();
    if !asked_something
        && !turn.after_silence
        && let Some(said) = late_answer(turn, form, &open, text)
    {
        return Some(said);
    }
    if asked_something || open.offered {
        turn.person.forms.push(open);
        return None;
    }
    open.offered = true;
    let said = vec![voice(turn, &open).resume(form)];
    turn.person.forms.push(open);
    Some(said)
}

/// Somebody tapped something else and then typed what was asked before: a day, a number, a phone
/// number are answers all the same. Words could be anything.
fn late_answer(
    turn: &mut Turn<'_>,
    form: &Form,
    open: &OpenForm,
    text: &str,
) -> Option<Vec<Content>> {
    let Place::Question(question) = open.place(form) else { return None };
    if matches!(question.kind, Kind::Text { .. } | Kind::Photo) {
        return None;
    }
    if question.is_slot() {
        slot::understood(turn, form, open, question, text).ok()?;
    } else {
        reader(turn, open).typed(question, text).ok()?;
    }
    Some(answer(turn, form, open.clone(), question, text))
}

pub(super) fn on_wordless(turn: &mut Turn<'_>, approval: bool) -> Option<Vec<Content>> {
    let (mut open, form) = take_top(turn)?;
    if open.suspended || turn.after_silence {
        open.suspended = true;
        turn.person.forms.push(open);
        return None;
    }
    Some(match open.place(form) {
        Place::Question(question) if question.kind == Kind::Photo && turn.pictures > 0 => {
            // Pictures that come one by one are counted together.
            open.take(&question.id, Some(FieldValue::Photos(turn.pictures)));
            next(turn, form, open)
        }
        Place::Summary if approval => finish(turn, form, open),
        Place::Question(_) if approval => {
            turn.person.forms.push(open);
            Vec::new()
        }
        Place::Question(question) => {
            let wrong = match &question.kind {
                Kind::Photo => Wrong::Photo,
                Kind::Choice { .. } => Wrong::Choice,
                Kind::Text { .. } => Wrong::Needed,
                Kind::Number { .. } => Wrong::Number,
                Kind::Date { .. } => Wrong::Date,
                Kind::Time => Wrong::Time,
                Kind::Phone => Wrong::Phone,
                Kind::Email => Wrong::Email,
                Kind::Slot { .. } if open.day.is_some() => Wrong::Time,
                Kind::Slot { .. } => Wrong::Date,
            };
            retry(turn, form, open, question, &wrong)
        }
        Place::Summary => {
            let more = last_photo(&open, form).filter(|_| turn.pictures > 0);
            if let Some((question, count)) = more {
                let all = count.saturating_add(turn.pictures);
                open.take(&question, Some(FieldValue::Photos(all)));
            }
            go_on(turn, form, open, None)
        }
    })
}

/// The last question for pictures, and how many it has.
fn last_photo(open: &OpenForm, form: &Form) -> Option<(FieldId, u32)> {
    open.asked(form).into_iter().rev().find_map(|question| match open.answer(question) {
        Some(Some(FieldValue::Photos(count))) => Some((question.id.clone(), *count)),
        _ => None,
    })
}
