//! How far somebody has come in a form. What is asked next follows from the answers, so that it
//! stays right when the owner changes the form meanwhile.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::meta::ids::{FieldId, FormId, ServiceId};
use crate::shop::forms::{FieldValue, Form, Kind, OnlyIf, Question, SlotOf};
use crate::shop::model::Lang;
use crate::time::{DAY, UnixMs};

/// A form that nobody went on with for this long is forgotten.
const KEPT_MS: i64 = 30 * DAY;

/// Forms a person can have begun at the same time; the oldest goes first.
pub(super) const MOST: usize = 3;

/// A form that somebody has begun.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenForm {
    /// Which.
    pub form: FormId,
    /// What was answered; `None`: skipped.
    #[serde(default)]
    pub answers: BTreeMap<FieldId, Option<FieldValue>>,
    /// The question that was asked for by name: to go back, or to change its answer. Otherwise
    /// the first one without an answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asking: Option<FieldId>,
    /// The day that was chosen for a slot, until its time is chosen too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub day: Option<Date>,
    /// The appointment that is moved: nothing but its slot is asked then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moving: Option<Moving>,
    /// The language it is spoken in. An address in another one does not change it.
    pub lang: Lang,
    /// Something else came between: what is written now is no answer.
    #[serde(default)]
    pub suspended: bool,
    /// Going on was offered since it was suspended.
    #[serde(default)]
    pub offered: bool,
    /// The one reminder was sent.
    #[serde(default)]
    pub reminded: bool,
    /// Answers in a row that were not understood.
    #[serde(default)]
    pub tries: u8,
    /// When the person last did something about it.
    pub touched_at: UnixMs,
}

/// An appointment that is moved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moving {
    /// Its number.
    pub id: i64,
    /// The question that is asked.
    pub question: FieldId,
    /// What it is for.
    pub service: ServiceId,
}

/// Where somebody is in a form.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Place<'f> {
    /// At this question.
    Question(&'f Question),
    /// Everything is answered.
    Summary,
}

impl OpenForm {
    pub(super) fn new(form: &Form, lang: &Lang, now: UnixMs) -> Self {
        Self {
            form: form.id.clone(),
            answers: BTreeMap::new(),
            asking: None,
            day: None,
            moving: None,
            lang: lang.clone(),
            suspended: false,
            offered: false,
            reminded: false,
            tries: 0,
            touched_at: now,
        }
    }

    /// Whether it is too old to go on with.
    pub(in crate::desk) fn forgotten(&self, now: UnixMs) -> bool {
        now.since(self.touched_at) > KEPT_MS
    }

    /// The answer to a question, as the form stands now. The outer `None`: there is none yet.
    pub(in crate::desk) fn answer(&self, question: &Question) -> Option<Option<&FieldValue>> {
        match self.answers.get(&question.id)? {
            // What was chosen for one service is no slot of another.
            Some(FieldValue::Slot { service, .. })
                if self.service(question).as_ref() != Some(service) =>
            {
                None
            }
            Some(value) => question.kind.takes(value).then_some(Some(value)),
            None => question.optional.then_some(None),
        }
    }

    /// The service that a slot is asked for: the question's own, or the one that was chosen.
    pub(in crate::desk) fn service(&self, question: &Question) -> Option<ServiceId> {
        if let Some(moving) = &self.moving {
            return Some(moving.service.clone());
        }
        match &question.kind {
            Kind::Slot { of: SlotOf::Service(service) } => Some(service.clone()),
            Kind::Slot { of: SlotOf::Answer(other) } => match self.answers.get(other)? {
                Some(FieldValue::Choice(id)) => ServiceId::new(id.as_str()).ok(),
                _ => None,
            },
            _ => None,
        }
    }

    /// The questions that are asked, given the answers so far.
    pub(in crate::desk) fn asked<'f>(&self, form: &'f Form) -> Vec<&'f Question> {
        if let Some(moving) = &self.moving {
            return form.question(&moving.question).into_iter().collect();
        }
        let mut asked: Vec<&Question> = Vec::new();
        for question in &form.questions {
            let applies = question.only_if.as_ref().is_none_or(|only_if| {
                let other = asked.iter().find(|other| other.id == only_if.question);
                other.is_some_and(|other| holds(only_if, self.answer(other).flatten()))
            });
            if applies {
                asked.push(question);
            }
        }
        asked
    }

    /// Where the person is.
    pub(super) fn place<'f>(&self, form: &'f Form) -> Place<'f> {
        let asked = self.asked(form);
        let named =
            self.asking.as_ref().and_then(|id| asked.iter().find(|question| question.id == *id));
        let open = || asked.iter().find(|question| self.answer(question).is_none());
        named.or_else(open).map_or(Place::Summary, |question| Place::Question(question))
    }

    /// Takes an answer. What is asked next is the first question without one.
    pub(super) fn take(&mut self, question: &FieldId, value: Option<FieldValue>) {
        self.answers.insert(question.clone(), value);
        self.day = None;
        self.tries = 0;
        if self.asking.as_ref() == Some(question) {
            self.asking = None;
        }
    }

    /// Goes to the question before; stays at the first.
    pub(super) fn back(&mut self, form: &Form) {
        let asked = self.asked(form);
        self.day = None;
        let at = match self.place(form) {
            Place::Question(here) => asked.iter().position(|question| question.id == here.id),
            Place::Summary => Some(asked.len()),
        };
        let before = at.and_then(|at| asked.get(at.checked_sub(1)?));
        if let Some(question) = before.or(asked.first()) {
            self.asking = Some(question.id.clone());
        }
        self.tries = 0;
    }
}

/// Whether the condition holds for this answer. Nothing holds for a question that was skipped.
pub(super) fn holds(only_if: &OnlyIf, answer: Option<&FieldValue>) -> bool {
    let Some(answer) = answer else { return false };
    let is = match answer {
        _ if only_if.is.is_empty() => true,
        FieldValue::Choice(id) | FieldValue::Text(id) => only_if.is.contains(id),
        _ => false,
    };
    let number = match answer {
        FieldValue::Number(number) => Some(*number),
        // Options that are numbers: a score from 1 to 5.
        FieldValue::Choice(id) => id.parse().ok().map(crate::shop::forms::Decimal::whole),
        _ => None,
    };
    let whole = crate::shop::forms::Decimal::whole;
    let least = only_if.at_least.is_none_or(|least| number.is_some_and(|n| n >= whole(least)));
    let most = only_if.at_most.is_none_or(|most| number.is_some_and(|n| n <= whole(most)));
    is && least && most
}
