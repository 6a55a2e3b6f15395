//! Forms: questions asked one after another, and what becomes of the answers.
//!
//! A form is opened by a button, a scan or a question. While one is open, what a person writes is
//! its answer; STOP, DELETE, HUMAN, a scan, an opt-in and any other tap go first and suspend it.
//! A suspended form takes no answers: every reply offers to go on with it, and so does the first
//! message that nothing else answers. Whoever comes back after a day finds it suspended too.
//!
//! **Questions in between.** A message that is sure to be one of the FAQ's is answered, and the
//! form's question is asked again, in one decision: when it cannot be an answer, or ends with a
//! question mark. A question for free text takes everything, because nobody can tell a wish from
//! a question.
//!
//! - [`state`]: how far somebody has come. `taps` and `words`: what people do with a form. `ask`:
//!   what is said. `read`: what is understood, with `date`, `time`, `number` and `contact` for the
//!   kinds of answers, and `tokens` below them.
//! - `slot`: the question for a slot that is booked. `end`: what becomes of the answers. `finder`: the products that fit them.
//! - [`reminders`]: the one reminder of a form that was left.

mod ask;
mod contact;
mod date;
mod end;
mod finder;
mod number;
mod read;
pub mod reminders;
mod slot;
pub mod state;
mod taps;
mod time;
mod tokens;
mod words;

pub(super) use self::ask::Voice;
use self::end::finish;
pub(super) use self::end::leave;
use self::read::Reader;
use self::state::{MOST, OpenForm, Place};
use super::decide::{Effect, Inbound, Turn};
use super::payload::Payload;
use super::precedence::Step;
use super::{booking, replies};
use crate::meta::ids::FormId;
use crate::meta::limits;
use crate::meta::send::Content;
use crate::shop::forms::{Form, Question};
use crate::time::MINUTE;

/// Why something is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wrong {
    /// None of the options, or more than one.
    Choice,
    /// Longer than so many characters, or nothing.
    Text(u16),
    /// No number, or several.
    Number,
    /// A fraction.
    NotWhole,
    /// Less than this.
    TooSmall(i64),
    /// More than this.
    TooBig(i64),
    /// No day, or several.
    Date,
    /// A day before today.
    DatePast,
    /// A day after today.
    DateFuture,
    /// No time of day.
    Time,
    /// No phone number.
    Phone,
    /// No mail address.
    Email,
    /// No picture.
    Photo,
    /// Skipped, and it cannot be.
    Needed,
}

/// The step of the precedence table: what belongs to a form.
pub(super) fn step(turn: &mut Turn<'_>) -> Option<Vec<Content>> {
    match turn.inbound.clone() {
        Inbound::Tap(Some(Payload::Form(tap))) => Some(taps::on_tap(turn, tap)),
        Inbound::Text(text) => words::on_text(turn, text),
        Inbound::Wordless(approval) => words::on_wordless(turn, approval),
        _ => None,
    }
}

/// Opens a form: its introduction and its first question, or the offer to go on where the person
/// was.
pub(super) fn open(turn: &mut Turn<'_>, id: &FormId) -> Vec<Content> {
    let Some(form) = turn.context.shop.form(id) else { return Vec::new() };
    if let Some(claim) = booking::existing(turn, form) {
        // One appointment at a time: it can be moved or cancelled.
        return booking::have(turn, form, claim);
    }
    let known = turn.person.forms.iter().position(|open| open.form == *id);
    if let Some(at) = known {
        let mut open = turn.person.forms.remove(at);
        let begun = !open.answers.is_empty() && !open.forgotten(turn.now);
        if begun {
            open.suspended = true;
            open.offered = true;
            let said = vec![voice(turn, &open).resume(form)];
            turn.person.forms.push(open);
            return said;
        }
    }
    begin(turn, form)
}

/// Asks the first question.
fn begin(turn: &mut Turn<'_>, form: &Form) -> Vec<Content> {
    turn.counts.push(format!("form.{}.begun", form.id));
    for open in &mut turn.person.forms {
        open.suspended = true;
    }
    if turn.person.forms.len() >= MOST {
        turn.person.forms.remove(0);
        turn.counts.push("form.dropped".to_owned());
    }
    let open = OpenForm::new(form, &turn.lang, turn.now);
    let intro = turn.context.shop.pick(&form.intro, &turn.lang);
    let mut said =
        intro.map(|words| replies::spoken(turn, words, None, Vec::new())).unwrap_or_default();
    remind_later(turn, form, &open);
    said.extend(ask(turn, form, &open, None));
    turn.person.forms.push(open);
    said
}

fn voice<'a>(turn: &Turn<'a>, open: &'a OpenForm) -> Voice<'a> {
    Voice { shop: turn.context.shop, lang: &open.lang }
}

fn reader<'a>(turn: &Turn<'a>, open: &'a OpenForm) -> Reader<'a> {
    Reader { shop: turn.context.shop, lang: &open.lang, now: turn.now }
}

/// The question where the person is, or the summary; after words about what was wrong.
fn ask(turn: &Turn<'_>, form: &Form, open: &OpenForm, wrong: Option<String>) -> Vec<Content> {
    let voice = voice(turn, open);
    let mut quick_replies = voice.taps(open, form);
    let asked = match open.place(form) {
        Place::Question(question) if question.is_slot() => {
            return slot::ask(turn, form, open, question, wrong, slot::From::default());
        }
        Place::Question(question) => {
            let words = turn.context.shop.pick(&question.ask, &open.lang).unwrap_or_default();
            replies::fill(turn, words, None)
        }
        Place::Summary => voice.summary(open, form),
    };
    let text = match wrong {
        // At the summary what was wrong stands above it; a question says by itself what to type.
        Some(wrong) if matches!(open.place(form), Place::Question(_)) && open.tries > 0 => wrong,
        Some(wrong) => format!("{wrong}\n\n{asked}"),
        None => asked,
    };
    if open.tries >= 2 && quick_replies.len() < limits::QUICK_REPLIES {
        quick_replies.push(replies::person_tap(turn));
    }
    vec![Content::Text { text, quick_replies }]
}

/// The form that is open or suspended on top, taken out. Forms that are too old, or gone from
/// shop.toml, are forgotten on the way.
fn take_top<'a>(turn: &mut Turn<'a>) -> Option<(OpenForm, &'a Form)> {
    while let Some(open) = turn.person.forms.pop() {
        if let Some(form) = turn.context.shop.form(&open.form)
            && !open.forgotten(turn.now)
        {
            return Some((open, form));
        }
        turn.counts.push("form.forgotten".to_owned());
    }
    None
}

/// Asks what comes next, and keeps the form.
fn go_on(turn: &mut Turn<'_>, form: &Form, open: OpenForm, before: Option<String>) -> Vec<Content> {
    let said = ask(turn, form, &open, before);
    put_back(turn, form, open);
    said
}

/// Keeps a form that somebody has just done something about.
fn put_back(turn: &mut Turn<'_>, form: &Form, mut open: OpenForm) {
    open.touched_at = turn.now;
    open.suspended = false;
    open.offered = false;
    remind_later(turn, form, &open);
    turn.person.language = Some(open.lang.clone());
    turn.person.forms.push(open);
}

/// After an answer: the next question, the summary, or the end.
fn next(turn: &mut Turn<'_>, form: &Form, open: OpenForm) -> Vec<Content> {
    match open.place(form) {
        Place::Summary if !form.confirm => finish(turn, form, open),
        _ => go_on(turn, form, open, None),
    }
}

fn retry(
    turn: &mut Turn<'_>,
    form: &Form,
    mut open: OpenForm,
    question: &Question,
    wrong: &Wrong,
) -> Vec<Content> {
    open.tries = open.tries.saturating_add(1);
    let words = voice(turn, &open).wrong(question, wrong);
    go_on(turn, form, open, Some(words))
}

/// After a step of the table: what came between suspends the form, and the answer offers to go
/// on with it. `before`: the forms as they were.
pub(super) fn after(turn: &mut Turn<'_>, by: Step, before: &[OpenForm], said: &mut [Content]) {
    let unchanged = turn.person.forms.last() == before.last();
    let Some(open) = turn.person.forms.last_mut() else { return };
    let between = matches!(
        by,
        Step::Stop
            | Step::Delete
            | Step::Human
            | Step::Quiet
            | Step::OptIn
            | Step::Arrival
            | Step::Tap
    );
    if unchanged && between {
        open.suspended = true;
    }
    let offers = match by {
        Step::Stop | Step::Delete | Step::Human | Step::Quiet | Step::OptIn => false,
        // The end of a form may leave another one below it.
        Step::Form => turn.person.forms.len() < before.len(),
        _ => true,
    };
    let Some(open) = turn.person.forms.last().filter(|open| offers && open.suspended) else {
        return;
    };
    let Some(form) = turn.context.shop.form(&open.form) else { return };
    let tap = Voice { shop: turn.context.shop, lang: &turn.lang }.go_on(form);
    if let Some(Content::Text { quick_replies, .. }) = said.last_mut() {
        quick_replies.truncate(limits::QUICK_REPLIES.saturating_sub(1));
        quick_replies.insert(0, tap);
    }
}

/// Asks to be woken for the one reminder.
fn remind_later(turn: &mut Turn<'_>, form: &Form, open: &OpenForm) {
    if open.reminded || form.remind_after_minutes == 0 || open.moving.is_some() {
        return;
    }
    let after = i64::from(form.remind_after_minutes).saturating_mul(MINUTE);
    let at = turn.now.plus(after);
    // On the full minute, when the cron tick looks too: then the alarm need not be relied on.
    let past = at.get().checked_rem_euclid(MINUTE).filter(|past| *past > 0);
    let at = at.plus(past.map_or(0, |past| MINUTE.saturating_sub(past)));
    turn.effects.retain(|effect| !matches!(effect, Effect::RemindAt { .. }));
    turn.effects.push(Effect::RemindAt { at });
}
