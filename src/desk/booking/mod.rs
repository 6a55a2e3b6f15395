//! Booking: what somebody may have, what they are told, and what the shop is told.
//!
//! A booking is made with a form that has a question of the kind `slot` (`desk::form::slot`). The
//! slot that is chosen is held for a while; the end of the form books it. Nobody can have a slot
//! that another person has: what is free is read in the transaction that claims it, and the claim
//! itself looks once more (`store::bookings`).
//!
//! - [`diary`]: which slots are free.
//! - [`reminders`]: the reminder before it begins.
//! - [`calendar`]: the entry for a calendar, behind a link that nobody can guess.

pub mod calendar;
pub mod diary;
pub mod reminders;

use self::diary::Diary;
use super::decide::{Effect, Turn};
use super::form::Voice;
use super::form::state::OpenForm;
use super::handoff::{self, Call, Reason};
use super::payload::{FormAct, FormTap, Payload};
use super::replies;
use crate::entry::calendar as links;
use crate::meta::ids::{FieldId, FormId, ServiceId};
use crate::meta::send::{Button, Content, QuickReply};
use crate::shop::booking::Service;
use crate::shop::forms::{FieldValue, Form, Kind, Question};
use crate::shop::hours::clock;
use crate::shop::lang::forms::fill;
use crate::shop::lang::{self, Moment};
use crate::shop::model::{Lang, Shop};
use crate::store::bookings::{Change, Claim, Slot};
use crate::time::UnixMs;

/// A moment as people read it in a booking: day and time, by the shop's clock.
#[must_use]
pub fn when(shop: &Shop, lang: &Lang, at: UnixMs) -> String {
    let language = lang::language(lang);
    let local = shop.zone().to_datetime(at.timestamp());
    let day = Voice { shop, lang }.day(local.date(), language.forms.date);
    format!("{day} {}", (language.time)(Moment::of(local.time())))
}

/// A time of day as people read it.
pub(super) fn time(lang: &Lang, minutes: u16) -> String {
    (lang::language(lang).time)(Moment::of(clock(minutes)))
}

/// The question of a form that is about a slot.
pub(super) fn question(form: &Form) -> Option<&Question> {
    form.questions.iter().find(|question| matches!(question.kind, Kind::Slot { .. }))
}

/// What of the diary is this person's, made with this form.
fn own<'a>(turn: &Turn<'a>, form: &'a FormId) -> impl Iterator<Item = &'a Claim> {
    let (channel, id) = (turn.channel, turn.id);
    let mine = move |claim: &&Claim| {
        claim.channel == channel && claim.person == *id && claim.form == *form
    };
    turn.context.diary.iter().filter(mine)
}

/// The appointment that somebody has with this form and that has not begun.
pub(super) fn existing<'a>(turn: &Turn<'a>, form: &'a Form) -> Option<&'a Claim> {
    own(turn, &form.id).find(|claim| claim.is_booked() && claim.starts_at > turn.now)
}

/// The diary as this person sees it: what they hold themselves, or are about to move, is free.
pub(super) fn diary<'a>(
    turn: &Turn<'a>,
    form: &'a Form,
    service: &'a Service,
    moving: Option<i64>,
) -> Diary<'a> {
    let held: Vec<i64> =
        own(turn, &form.id).filter(|claim| !claim.is_booked()).map(|claim| claim.id).collect();
    Diary::of(turn.context.shop, service, turn.context.diary, turn.now, |claim| {
        held.contains(&claim.id) || moving == Some(claim.id)
    })
}

/// The slot that was answered, with what else was asked.
fn answered<'f>(form: &'f Form, open: &OpenForm) -> Option<(&'f FieldId, ServiceId, UnixMs)> {
    open.asked(form).into_iter().find_map(|question| match open.answer(question)?? {
        FieldValue::Slot { service, at } => Some((&question.id, service.clone(), *at)),
        _ => None,
    })
}

/// What the end of a form does about its slot.
pub(super) enum Booked {
    /// It has none.
    None,
    /// It is theirs, and this is what they are told.
    Yes(Content),
    /// Somebody else was quicker, while it was not held any more. The question for it.
    Taken(FieldId),
}

/// Books the slot of a form that is done.
pub(super) fn book(turn: &mut Turn<'_>, form: &Form, open: &OpenForm) -> Booked {
    let Some((question, service, at)) = answered(form, open) else { return Booked::None };
    let shop = turn.context.shop;
    let Some(service) = shop.service(&service) else { return Booked::Taken(question.clone()) };
    let held = own(turn, &form.id)
        .any(|claim| !claim.is_booked() && claim.starts_at == at && claim.service == service.id);
    let diary = diary(turn, form, service, None);
    // What is held may have come closer than it could be booked anew.
    let theirs = held && at > turn.now || diary.free(diary.day_of(at)).contains(&at);
    if !theirs {
        return Booked::Taken(question.clone());
    }
    let slot = diary.slot(at);
    let owner = Voice { shop, lang: shop.default_lang() };
    let is_slot = |question: &Question| matches!(question.kind, Kind::Slot { .. });
    let asked = open.asked(form);
    let lines = owner.lines(open, form).into_iter().zip(asked);
    let note: Vec<String> = lines
        .filter(|(_, question)| !is_slot(question))
        .map(|((title, value), _)| format!("• {title}: {value}"))
        .collect();
    let note = note.join("\n");
    let code = links::code(turn.context.host.seed, &format!("{}:{}", turn.id, at.get()));
    tell(turn, Reason::Booked, service, &slot, &note);
    let remind_at = reminders::moment(shop, service, at, turn.now);
    let said = told(turn, form, &open.lang, at, &code, |texts| texts.booked);
    let change = Change::Book { form: form.id.clone(), slot, code, note, remind_at };
    turn.effects.push(Effect::Diary(Box::new(change)));
    Booked::Yes(said)
}

/// Moves an appointment.
pub(super) fn moved(
    turn: &mut Turn<'_>,
    form: &Form,
    lang: &Lang,
    claim: &Claim,
    service: &Service,
    slot: Slot,
) -> Content {
    tell(turn, Reason::Moved, service, &slot, "");
    let at = slot.starts_at;
    let remind_at = reminders::moment(turn.context.shop, service, at, turn.now);
    turn.effects.push(Effect::Diary(Box::new(Change::Move { id: claim.id, slot, remind_at })));
    told(turn, form, lang, at, &claim.code, |texts| texts.booked)
}

/// A tap that books anew.
fn again(turn: &Turn<'_>, form: &Form) -> QuickReply {
    let title = turn.context.shop.pick(&form.title, &turn.lang);
    QuickReply {
        title: title.unwrap_or(form.id.as_str()).to_owned(),
        payload: Payload::Form(FormTap::Open(form.id.clone())).to_string(),
    }
}

/// The appointment that was to be moved or cancelled is none any more.
pub(super) fn gone(turn: &Turn<'_>, form: &Form) -> Vec<Content> {
    let texts = &lang::language(&turn.lang).forms;
    vec![replies::bubble(texts.no_booking.to_owned(), vec![again(turn, form)])]
}

/// Cancels the appointment that somebody has with this form.
pub(super) fn drop(turn: &mut Turn<'_>, form: &Form) -> Vec<Content> {
    let shop = turn.context.shop;
    // Whoever was about to move it is not any more.
    turn.person.forms.retain(|open| open.form != form.id || open.moving.is_none());
    let Some(claim) = existing(turn, form).cloned() else { return gone(turn, form) };
    turn.effects.push(Effect::Diary(Box::new(Change::Cancel { id: claim.id })));
    if let Some(service) = shop.service(&claim.service) {
        let slot = Slot {
            service: claim.service,
            resource: claim.resource,
            capacity: service.capacity,
            starts_at: claim.starts_at,
            ends_at: claim.ends_at,
        };
        tell(turn, Reason::Cancelled, service, &slot, "");
    }
    let texts = &lang::language(&turn.lang).forms;
    vec![replies::bubble(texts.booking_cancelled.to_owned(), vec![again(turn, form)])]
}

/// Somebody who has an appointment opens its form again.
pub(super) fn have(turn: &Turn<'_>, form: &Form, claim: &Claim) -> Vec<Content> {
    vec![told(turn, form, &turn.lang, claim.starts_at, &claim.code, |texts| texts.have_booking)]
}

/// What is said of an appointment, with what can be done about it.
fn told(
    turn: &Turn<'_>,
    form: &Form,
    lang: &Lang,
    at: UnixMs,
    code: &str,
    text: impl Fn(&lang::forms::FormTexts) -> &'static str,
) -> Content {
    let context = turn.context;
    let texts = &lang::language(lang).forms;
    let page = &context.shop.page.id;
    let link = context.host.public_url.map(|base| Button::WebUrl {
        title: texts.calendar_button.to_owned(),
        url: links::link(context.keys, base, page, code),
    });
    let words = fill(text(texts), &[("when", &when(context.shop, lang, at))]);
    let mut buttons: Vec<Button> = link.into_iter().collect();
    buttons.extend(acts(lang, &form.id));
    Content::Buttons { text: words, buttons }
}

/// Moving and cancelling.
fn acts(lang: &Lang, form: &FormId) -> [Button; 2] {
    let texts = &lang::language(lang).forms;
    [(texts.move_button, FormAct::Move), (texts.drop_button, FormAct::Drop)].map(|(title, act)| {
        Button::Postback {
            title: title.to_owned(),
            payload: Payload::Form(FormTap::Do(form.clone(), act)).to_string(),
        }
    })
}

/// Tells the shop. Nobody is called for it, and the assistant goes on.
fn tell(turn: &mut Turn<'_>, reason: Reason, service: &Service, slot: &Slot, note: &str) {
    let shop = turn.context.shop;
    let lang = shop.default_lang();
    let title = shop.pick(&service.title, lang).unwrap_or(service.id.as_str());
    turn.counts.push(format!("booking.{}.{}", service.id, reason.name()));
    let call = Call {
        reason,
        subject: Some(format!("{title}, {}", when(shop, lang, slot.starts_at))),
        text: handoff::kept(shop, reason, Some(note).filter(|note| !note.is_empty())),
        agent: service.agent.clone(),
        until: None,
        slot: Some(slot.clone()),
    };
    turn.effects.push(Effect::CallPerson(Box::new(call)));
}
