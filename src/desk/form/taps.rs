//! What a tap does to a form.

use super::end::finish;
use super::state::OpenForm;
use super::state::Place;
use super::{Wrong, begin, go_on, next, open, reader, retry, voice};
use crate::desk::decide::Turn;
use crate::desk::payload::{FormAct, FormTap};
use crate::desk::replies;
use crate::meta::send::Content;
use crate::shop::forms::Form;

pub(super) fn on_tap(turn: &mut Turn<'_>, tap: FormTap) -> Vec<Content> {
    let id = match &tap {
        FormTap::Open(id) => return open(turn, id),
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
        FormAct::Restart => begin(turn, form),
        FormAct::Cancel => {
            turn.counts.push(format!("form.{}.cancelled", form.id));
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
