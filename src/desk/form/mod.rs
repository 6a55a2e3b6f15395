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
//! - [`state`]: how far somebody has come. `ask`: what is said. `read`: what is understood, with
//!   `date`, `time`, `number` and `contact` for the kinds of answers, and `tokens` below them.
//! - [`reminders`]: the one reminder of a form that was left.

mod ask;
mod contact;
mod date;
mod number;
mod read;
pub mod reminders;
pub mod state;
mod time;
mod tokens;

use self::ask::Voice;
use self::read::Reader;
use self::state::{MOST, OpenForm, Place};
use super::decide::{Effect, HandOver, Inbound, Turn};
use super::payload::{FormAct, FormTap, Payload};
use super::person::Person;
use super::precedence::Step;
use super::replies;
use crate::faq::{self, Decision as Found, Said};
use crate::meta::ids::{FieldId, FormId};
use crate::meta::limits;
use crate::meta::send::Content;
use crate::shop::forms::{Also, FieldValue, Form, Kind, Question};
use crate::shop::lang;
use crate::shop::lookup::TextKey;
use crate::shop::model::FaqEntry;
use crate::time::{HOUR, MINUTE};

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
        Inbound::Tap(Some(Payload::Form(tap))) => Some(on_tap(turn, tap)),
        Inbound::Text(text) => on_text(turn, text),
        Inbound::Wordless(approval) => on_wordless(turn, approval),
        _ => None,
    }
}

/// Opens a form: its introduction and its first question, or the offer to go on where the person
/// was.
pub(super) fn open(turn: &mut Turn<'_>, id: &FormId) -> Vec<Content> {
    let Some(form) = turn.context.shop.form(id) else { return Vec::new() };
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

/// The question where the person is, or the summary; after words about what was wrong.
fn ask(turn: &Turn<'_>, form: &Form, open: &OpenForm, wrong: Option<String>) -> Vec<Content> {
    let voice = voice(turn, open);
    let mut quick_replies = voice.taps(open, form);
    let asked = match open.place(form) {
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

fn on_tap(turn: &mut Turn<'_>, tap: FormTap) -> Vec<Content> {
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

fn do_(turn: &mut Turn<'_>, form: &Form, mut open: OpenForm, act: FormAct) -> Vec<Content> {
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

/// Asks what comes next, and keeps the form.
fn go_on(
    turn: &mut Turn<'_>,
    form: &Form,
    mut open: OpenForm,
    before: Option<String>,
) -> Vec<Content> {
    open.touched_at = turn.now;
    open.suspended = false;
    open.offered = false;
    remind_later(turn, form, &open);
    let said = ask(turn, form, &open, before);
    turn.person.language = Some(open.lang.clone());
    turn.person.forms.push(open);
    said
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

/// The answers become what the person is; a person of the shop takes over, if the form says so.
fn finish(turn: &mut Turn<'_>, form: &Form, open: OpenForm) -> Vec<Content> {
    turn.counts.push(format!("form.{}.done", form.id));
    for question in open.asked(form) {
        let Some(value) = open.answer(question).flatten() else { continue };
        turn.person.fields.insert(question.id.clone(), value.clone());
        if let (Kind::Choice { options }, FieldValue::Choice(id)) = (&question.kind, value)
            && let Some(option) = options.iter().find(|option| option.id == *id)
        {
            leave(&mut turn.person, &option.also);
        }
    }
    leave(&mut turn.person, &form.also);
    turn.person.language = Some(open.lang.clone());
    let shop = turn.context.shop;
    let done = shop.pick(&form.done, &open.lang);
    let words = done.unwrap_or(lang::language(&open.lang).forms.done);
    let mut said = replies::spoken(turn, words, None, Vec::new());
    if form.hand_over {
        let owner = Voice { shop, lang: shop.default_lang() };
        turn.effects.push(Effect::HandOver(Box::new(HandOver {
            form: form.id.clone(),
            title: owner.title(form).to_owned(),
            lines: owner.lines(&open, form),
        })));
        let hours = i64::from(shop.assistant.pause_hours).saturating_mul(HOUR);
        turn.person.paused_until = turn.person.paused_until.max(Some(turn.now.plus(hours)));
        if done.is_none() {
            said.push(replies::bubble(replies::text(turn, TextKey::Human), Vec::new()));
        }
    }
    if let Some(next) = &form.also.form {
        said.extend(self::open(turn, next));
    }
    said
}

/// Leaves tags and fields on a person.
pub(super) fn leave(person: &mut Person, also: &Also) {
    person.tags.extend(also.tags.iter().cloned());
    person.fields.extend(also.set.iter().map(|(id, value)| (id.clone(), value.clone())));
}

fn reader<'a>(turn: &Turn<'a>, open: &'a OpenForm) -> Reader<'a> {
    Reader { shop: turn.context.shop, lang: &open.lang, now: turn.now }
}

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

fn on_text(turn: &mut Turn<'_>, text: &str) -> Option<Vec<Content>> {
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
    reader(turn, open).typed(question, text).ok()?;
    Some(answer(turn, form, open.clone(), question, text))
}

fn on_wordless(turn: &mut Turn<'_>, approval: bool) -> Option<Vec<Content>> {
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
    if open.reminded || form.remind_after_minutes == 0 {
        return;
    }
    let after = i64::from(form.remind_after_minutes).saturating_mul(MINUTE);
    let at = turn.now.plus(after);
    turn.effects.retain(|effect| !matches!(effect, Effect::RemindAt { .. }));
    turn.effects.push(Effect::RemindAt { at });
}
