//! The question for a slot: first the day, then the time. Typed or tapped, in one go or two.
//!
//! What is chosen is held at once, and booked when the form is done. Moving an appointment asks
//! this question alone.

use jiff::civil::Date;

use super::ask::Voice;
use super::date::{self, How};
use super::state::{Moving, OpenForm, Place};
use super::tokens::languages;
use super::{Wrong, next, put_back, retry, time};
use crate::desk::booking::{self, diary::Diary};
use crate::desk::decide::{Effect, Turn};
use crate::desk::payload::{FormAct, FormTap, Payload};
use crate::desk::replies;
use crate::meta::limits;
use crate::meta::send::{Content, QuickReply};
use crate::shop::booking::Service;
use crate::shop::forms::{FieldValue, Form, Question, Side};
use crate::shop::hours::DAY_MINUTES;
use crate::shop::lang::forms::fill;
use crate::store::bookings::Change;
use crate::time::{MINUTE, UnixMs};

/// Days or times offered at once: other days, other times, back, cancel and a person stand beside
/// them.
const SHOWN: usize = 8;

/// Where a list of days or times begins.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct From {
    day: Option<Date>,
    time: Option<UnixMs>,
}

/// Where a list of times begins so that those around a time of day are on it.
fn around(diary: &Diary<'_>, times: &[UnixMs], minutes: u16) -> From {
    let later = times.partition_point(|at| diary.time_of(*at) < minutes);
    let last = times.len().saturating_sub(SHOWN);
    let first = later.saturating_sub(SHOWN / 2).min(last);
    From { day: None, time: times.get(first).copied() }
}

/// The service that a slot is for.
fn service<'a>(turn: &Turn<'a>, open: &OpenForm, question: &Question) -> Option<&'a Service> {
    turn.context.shop.service(&open.service(question)?)
}

fn diary<'a>(turn: &Turn<'a>, form: &'a Form, open: &OpenForm, service: &'a Service) -> Diary<'a> {
    booking::diary(turn, form, service, open.moving.as_ref().map(|moving| moving.id))
}

/// Asks for the day, or for the time on a day that is chosen. `wrong` stands in for the question.
pub(super) fn ask(
    turn: &Turn<'_>,
    form: &Form,
    open: &OpenForm,
    question: &Question,
    wrong: Option<String>,
    from: From,
) -> Vec<Content> {
    let voice = Voice { shop: turn.context.shop, lang: &open.lang };
    let texts = voice.texts();
    let answer = |title: &str, value: String| {
        let tap = FormTap::Answer { form: form.id.clone(), question: question.id.clone(), value };
        QuickReply { title: title.to_owned(), payload: Payload::Form(tap).to_string() }
    };
    let Some(service) = service(turn, open, question) else {
        return closed(turn, form, open, &voice);
    };
    let diary = diary(turn, form, open, service);
    let mut taps: Vec<QuickReply> = Vec::new();
    let times = open.day.map(|day| (day, diary.free(day))).filter(|(_, times)| !times.is_empty());
    let asked = match times {
        Some((day, times)) => {
            let rest: Vec<UnixMs> = times
                .iter()
                .copied()
                .filter(|at| from.time.is_none_or(|from| *at >= from))
                .collect();
            let shown = if rest.is_empty() { &times } else { &rest };
            for at in shown.iter().take(SHOWN) {
                let title = booking::time(&open.lang, diary.time_of(*at));
                taps.push(answer(&title, at.get().to_string()));
            }
            // The last of several pages leads back to the first.
            let more = shown.get(SHOWN).or(times.first().filter(|_| times.len() > SHOWN));
            if let Some(more) = more {
                taps.push(answer(texts.other_time, format!("{MORE}{}", more.get())));
            }
            taps.push(answer(texts.other_day, DAYS.to_owned()));
            fill(texts.pick_time, &[("day", &voice.day(day, texts.date))])
        }
        None => {
            let today = diary.day_of(turn.now);
            let first = from.day.unwrap_or(today);
            let mut days = diary.days(first, SHOWN.saturating_add(1));
            if days.is_empty() {
                days = diary.days(today, SHOWN.saturating_add(1));
            }
            if days.is_empty() {
                return closed(turn, form, open, &voice);
            }
            for day in days.iter().take(SHOWN) {
                taps.push(answer(&voice.day(*day, texts.short_date), format!("{DAY}{day}")));
            }
            match days.get(SHOWN) {
                Some(more) => taps.push(answer(texts.other_day, format!("{DAYS}{more}"))),
                None if first > today => taps.push(answer(texts.other_day, DAYS.to_owned())),
                None => {}
            }
            if open.moving.is_some() {
                texts.pick_day.to_owned()
            } else {
                let own = turn.context.shop.pick(&question.ask, &open.lang);
                replies::fill(turn, own.unwrap_or(texts.pick_day), None)
            }
        }
    };
    taps.extend(leaving(&voice, form, open, question));
    if open.tries >= 2 && taps.len() < limits::QUICK_REPLIES {
        taps.push(replies::person_tap(turn));
    }
    vec![replies::bubble(wrong.unwrap_or(asked), taps)]
}

/// What the values of taps begin with; a moment has no prefix.
const DAY: &str = "day:";
const DAYS: &str = "days:";
const MORE: &str = "more:";

/// Back and cancel.
fn leaving(
    voice: &Voice<'_>,
    form: &Form,
    open: &OpenForm,
    question: &Question,
) -> Vec<QuickReply> {
    let first = open.asked(form).first().is_some_and(|first| first.id == question.id);
    let back = (!first).then(|| voice.act(form, FormAct::Back));
    back.into_iter().chain([voice.act(form, FormAct::Cancel)]).collect()
}

/// Nothing is free at all.
fn closed(turn: &Turn<'_>, form: &Form, open: &OpenForm, voice: &Voice<'_>) -> Vec<Content> {
    let mut taps = match open.place(form) {
        Place::Question(question) => leaving(voice, form, open, question),
        Place::Summary => Vec::new(),
    };
    taps.push(replies::person_tap(turn));
    vec![replies::bubble(voice.texts().all_full.to_owned(), taps)]
}

/// Asks again, and keeps the form.
fn again(
    turn: &mut Turn<'_>,
    form: &Form,
    open: OpenForm,
    question: &Question,
    wrong: Option<String>,
    from: From,
) -> Vec<Content> {
    let said = ask(turn, form, &open, question, wrong, from);
    put_back(turn, form, open);
    said
}

/// A tap of ours: a day, a moment, or more of either. Anybody who signs webhooks can write one.
pub(super) fn tapped(
    turn: &mut Turn<'_>,
    form: &Form,
    mut open: OpenForm,
    question: &Question,
    value: &str,
) -> Vec<Content> {
    if let Some(from) = value.strip_prefix(DAYS) {
        open.day = None;
        let from = From { day: from.parse().ok(), time: None };
        return again(turn, form, open, question, None, from);
    }
    if let Some(from) = value.strip_prefix(MORE) {
        let from = From { day: None, time: from.parse().ok().map(UnixMs::new) };
        return again(turn, form, open, question, None, from);
    }
    if let Some(day) = value.strip_prefix(DAY).and_then(|day| day.parse().ok()) {
        return on_day(turn, form, open, question, day);
    }
    match value.parse().ok().map(UnixMs::new) {
        Some(at) => on_moment(turn, form, open, question, at),
        None => again(turn, form, open, question, None, From::default()),
    }
}

/// Words: a day, a time, or both.
pub(super) fn typed(
    turn: &mut Turn<'_>,
    form: &Form,
    open: OpenForm,
    question: &Question,
    text: &str,
) -> Vec<Content> {
    match understood(turn, form, &open, question, text) {
        Ok(Meant::Day(day)) => on_day(turn, form, open, question, day),
        Ok(Meant::Moment(at)) => on_moment(turn, form, open, question, at),
        Ok(Meant::Time(day, minutes)) => not_free(turn, form, open, question, day, minutes),
        Err(wrong) => retry(turn, form, open, question, &wrong),
    }
}

/// What words mean here.
pub(super) enum Meant {
    /// A day.
    Day(Date),
    /// A slot that the hours offer, free or not.
    Moment(UnixMs),
    /// A time of that day that they do not.
    Time(Date, u16),
}

/// What was typed, as an answer to this question.
pub(super) fn understood(
    turn: &Turn<'_>,
    form: &Form,
    open: &OpenForm,
    question: &Question,
    text: &str,
) -> Result<Meant, Wrong> {
    let shop = turn.context.shop;
    let spoken = languages(shop, &open.lang);
    let today = shop.zone().to_datetime(turn.now.timestamp()).date();
    let time = |bare| time::read(text, &spoken, bare);
    let (day, minutes) = match (date::heard(text, &spoken, today, Side::Future), open.day) {
        // "Friday at 10"; "27.11." is no time.
        (Ok((day, How::Named)), _) => (day, time(true)),
        (Ok((day, How::Written)), _) => (day, time(false)),
        // After the day was chosen a lone number is an hour.
        (Ok((_, How::Lone)) | Err(_), Some(chosen)) => {
            (chosen, Some(time(true).ok_or(Wrong::Time)?))
        }
        (Ok((day, How::Lone)), None) => (day, None),
        (Err(wrong), None) => return Err(wrong),
    };
    let Some(minutes) = minutes else { return Ok(Meant::Day(day)) };
    let Some(service) = service(turn, open, question) else { return Ok(Meant::Day(day)) };
    let diary = diary(turn, form, open, service);
    let offered = diary.offered(day);
    let at = |minutes: u16| offered.iter().copied().find(|at| diary.time_of(*at) == minutes);
    // "At three" is in the afternoon where nothing begins at night.
    let found = at(minutes).or_else(|| {
        let later = minutes.saturating_add(DAY_MINUTES / 2);
        at(later).filter(|_| minutes < DAY_MINUTES / 2)
    });
    Ok(found.map_or(Meant::Time(day, minutes), Meant::Moment))
}

fn on_day(
    turn: &mut Turn<'_>,
    form: &Form,
    mut open: OpenForm,
    question: &Question,
    day: Date,
) -> Vec<Content> {
    open.tries = 0;
    let free = service(turn, &open, question)
        .is_some_and(|service| !diary(turn, form, &open, service).free(day).is_empty());
    if free {
        open.day = Some(day);
        return again(turn, form, open, question, None, From::default());
    }
    open.day = None;
    let wrong = full(turn, &open, day);
    again(turn, form, open, question, Some(wrong), From { day: Some(day), time: None })
}

fn full(turn: &Turn<'_>, open: &OpenForm, day: Date) -> String {
    let voice = Voice { shop: turn.context.shop, lang: &open.lang };
    fill(voice.texts().day_full, &[("day", &voice.day(day, voice.texts().date))])
}

/// A moment was chosen: it is held, or the appointment moved to it, unless it is taken.
fn on_moment(
    turn: &mut Turn<'_>,
    form: &Form,
    mut open: OpenForm,
    question: &Question,
    at: UnixMs,
) -> Vec<Content> {
    let Some(service) = service(turn, &open, question) else {
        return again(turn, form, open, question, None, From::default());
    };
    let diary = diary(turn, form, &open, service);
    let day = diary.day_of(at);
    let free = diary.free(day);
    if !free.contains(&at) {
        let minutes = diary.time_of(at);
        if !diary.could_be(at) {
            return not_free(turn, form, open, question, day, minutes);
        }
        let texts = Voice { shop: turn.context.shop, lang: &open.lang }.texts();
        open.day = Some(day);
        let wrong = Some(texts.slot_taken.to_owned());
        let from = around(&diary, &free, minutes);
        return again(turn, form, open, question, wrong, From { day: Some(day), ..from });
    }
    let slot = diary.slot(at);
    if let Some(moving) = &open.moving {
        let claim = booking::existing(turn, form).filter(|claim| claim.id == moving.id).cloned();
        return match claim {
            Some(claim) => {
                vec![booking::moved(turn, form, &open.lang, &claim, service, slot)]
            }
            None => booking::gone(turn, form),
        };
    }
    let minutes = i64::from(service.hold_minutes);
    let until = turn.now.plus(minutes.saturating_mul(MINUTE));
    let value = FieldValue::Slot { service: service.id.clone(), at };
    let form_id = form.id.clone();
    turn.effects.push(Effect::Diary(Box::new(Change::Hold { form: form_id, slot, until })));
    open.take(&question.id, Some(value));
    next(turn, form, open)
}

/// A time that is not offered: others of that day are, or other days.
fn not_free(
    turn: &mut Turn<'_>,
    form: &Form,
    mut open: OpenForm,
    question: &Question,
    day: Date,
    minutes: u16,
) -> Vec<Content> {
    let near = service(turn, &open, question).and_then(|service| {
        let diary = diary(turn, form, &open, service);
        let free = diary.free(day);
        (!free.is_empty()).then(|| around(&diary, &free, minutes))
    });
    let Some(near) = near else { return on_day(turn, form, open, question, day) };
    open.tries = open.tries.saturating_add(1);
    open.day = Some(day);
    let texts = Voice { shop: turn.context.shop, lang: &open.lang }.texts();
    let said = booking::time(&open.lang, minutes);
    let wrong = Some(fill(texts.time_not_free, &[("time", &said)]));
    again(turn, form, open, question, wrong, near)
}

/// The slot went to somebody else before the form was done.
pub(super) fn taken(
    turn: &mut Turn<'_>,
    form: &Form,
    mut open: OpenForm,
    question: &Question,
) -> Vec<Content> {
    open.answers.remove(&question.id);
    open.asking = None;
    open.day = None;
    let texts = Voice { shop: turn.context.shop, lang: &open.lang }.texts();
    let wrong = Some(texts.slot_taken.to_owned());
    again(turn, form, open, question, wrong, From::default())
}

/// Asks for another slot for the appointment that somebody has with this form.
pub(super) fn start_moving(turn: &mut Turn<'_>, form: &Form) -> Vec<Content> {
    let Some(claim) = booking::existing(turn, form).cloned() else {
        return booking::gone(turn, form);
    };
    // The form books nothing any more, as it is published now.
    let Some(question) = booking::question(form) else {
        return booking::have(turn, form, &claim);
    };
    turn.person.forms.retain(|open| open.form != form.id);
    for open in &mut turn.person.forms {
        open.suspended = true;
    }
    let mut open = OpenForm::new(form, &turn.lang, turn.now);
    open.moving =
        Some(Moving { id: claim.id, question: question.id.clone(), service: claim.service });
    again(turn, form, open, question, None, From::default())
}
