//! What a tap does to a form.

use super::end::finish;
use super::state::OpenForm;
use super::state::Place;
use super::{Wrong, begin, go_on, next, open, reader, retry, slot, voice};
use crate::desk::booking;
use crate::desk::decide::{Effect, Turn};
use crate::desk::payload::{FormAct, FormTap};
use crate::desk::replies;
use crate::meta::send::Content;
use crate::shop::forms::{FieldValue, Form};
use crate::store::bookings::Change;

pub(super) fn on_tap(turn: &mut Turn<'_>, tap: FormTap) -> Vec<Content> {
    let id = match &tap {
        FormTap::Open(id) => return open(turn, id),
        FormTap::Do(id, act @ (FormAct::Move | FormAct::Drop)) => {
            let Some(form) = turn.context.shop.form(id) else { return replies::welcome(turn) };
            return match act {
                FormAct::Move => slot::start_moving(turn, form),
                _ => booking::drop(turn, form),
            };
        }
        FormTap::Answer { form, .. } | FormTap::Do(form, _) | FormTap::Edit(form, _) => form,
    };
    let Some(form) = turn.context.shop.form(id) else { return replies::welcome(turn) };
    let Some(at) = turn.person.forms.iter().position(|open| open.form == *id) else {
        // A second tap on what is done, or a button from long ago.
        return match tap {
            FormTap::Do(_, FormAct::Resume | FormAct::Restart) => begin(turn, form),
            _ => Vec::new(),
        };
    };
    let mut open = turn.person.forms.remove(at);
    open.suspended = false;
    open.offered = false;
    turn.lang = open.lang.clone();
    match tap {
        FormTap::Open(_) => Vec::new(),
        FormTap::Answer { question, value, .. } => {
            let Some(question) = form.question(&question) else {
                return go_on(turn, form, open, None);
            };
            if question.is_slot() {
                return slot::tapped(turn, form, open, question, &value);
            }
            match reader(turn, &open).tapped(question, &value) {
                Ok(value) => {
                    open.take(&question.id, Some(value));
                    next(turn, form, open)
                }
                Err(wrong) => retry(turn, form, open, question, &wrong),
            }
        }
        FormTap::Edit(_, question) => {
            open.asking = Some(question);
            open.day = None;
            open.tries = 0;
            go_on(turn, form, open, None)
        }
        FormTap::Do(_, act) => do_(turn, form, open, act),
    }
}

pub(super) fn do_(
    turn: &mut Turn<'_>,
    form: &Form,
    mut open: OpenForm,
    act: FormAct,
) -> Vec<Content> {
    match act {
        FormAct::Resume => go_on(turn, form, open, None),
        FormAct::Restart => {
            give_up_slot(turn, form, &open);
            begin(turn, form)
        }
        // They are about an appointment, not about an open form.
        FormAct::Move | FormAct::Drop => go_on(turn, form, open, None),
        FormAct::Cancel => {
            turn.counts.push(format!("form.{}.cancelled", form.id));
            give_up_slot(turn, form, &open);
            vec![replies::bubble(voice(turn, &open).texts().cancelled.to_owned(), Vec::new())]
        }
        FormAct::Back => {
            open.back(form);
            go_on(turn, form, open, None)
        }
        FormAct::Skip => match open.place(form) {
            Place::Question(question) if question.optional => {
                open.take(&question.id, None);
                next(turn, form, open)
            }
            Place::Question(question) => retry(turn, form, open, question, &Wrong::Needed),
            Place::Summary => go_on(turn, form, open, None),
        },
        FormAct::Confirm => match open.place(form) {
            Place::Summary => finish(turn, form, open),
            Place::Question(_) => go_on(turn, form, open, None),
        },
    }
}

/// Whoever gives up a form gives up the slot that they hold.
fn give_up_slot(turn: &mut Turn<'_>, form: &Form, open: &OpenForm) {
    if open.answers.values().any(|answer| matches!(answer, Some(FieldValue::Slot { .. }))) {
        turn.effects.push(Effect::Diary(Box::new(Change::Free { form: form.id.clone() })));
    }
}
