//! What a form says: its questions, its summary, and what was wrong.

use super::Wrong;
use super::state::{OpenForm, Place};
use crate::desk::booking;
use crate::desk::payload::{FormAct, FormTap, Payload};
use crate::meta::limits;
use crate::meta::send::{Content, QuickReply};
use crate::shop::forms::{Decimal, FieldValue, Form, Kind, Question};
use crate::shop::hours::clock;
use crate::shop::lang::forms::{FormTexts, fill};
use crate::shop::lang::{self, Moment, numbers};
use crate::shop::model::{Lang, Shop};

/// Numbers offered as quick replies, at most.
const MOST_NUMBERS: i64 = 10;

/// What to say it with.
#[derive(Clone, Copy)]
pub(in crate::desk) struct Voice<'a> {
    pub shop: &'a Shop,
    pub lang: &'a Lang,
}

impl<'a> Voice<'a> {
    pub fn texts(&self) -> &'static FormTexts {
        &lang::language(self.lang).forms
    }

    pub fn title(&self, form: &'a Form) -> &'a str {
        self.shop.pick(&form.title, self.lang).unwrap_or(form.id.as_str())
    }

    fn tap(&self, title: &str, tap: FormTap) -> QuickReply {
        QuickReply { title: title.to_owned(), payload: Payload::Form(tap).to_string() }
    }

    pub fn act(&self, form: &Form, act: FormAct) -> QuickReply {
        let texts = self.texts();
        let title = match act {
            FormAct::Resume => texts.resume_button,
            FormAct::Restart => texts.restart_button,
            FormAct::Cancel => texts.cancel_button,
            FormAct::Back => texts.back_button,
            FormAct::Skip => texts.skip_button,
            FormAct::Confirm => texts.confirm_button,
            FormAct::Move => texts.move_button,
            FormAct::Drop => texts.drop_button,
        };
        self.tap(title, FormTap::Do(form.id.clone(), act))
    }

    /// The quick reply that goes on with a form, by the form's name.
    pub fn go_on(&self, form: &Form) -> QuickReply {
        let texts = self.texts();
        let named = format!("{}: {}", texts.resume_button, self.title(form));
        let title = if limits::units(&named) <= limits::QUICK_REPLY_TITLE {
            named
        } else {
            texts.resume_button.to_owned()
        };
        self.tap(&title, FormTap::Do(form.id.clone(), FormAct::Resume))
    }

    /// Asks whether to go on.
    pub fn resume(&self, form: &Form) -> Content {
        let acts = [FormAct::Resume, FormAct::Restart, FormAct::Cancel];
        Content::Text {
            text: fill(self.texts().resume, &[("form", self.title(form))]),
            quick_replies: acts.map(|act| self.act(form, act)).to_vec(),
        }
    }

    /// The reminder.
    pub fn reminder(&self, form: &Form) -> Content {
        let acts = [FormAct::Resume, FormAct::Cancel];
        Content::Text {
            text: fill(self.texts().reminder, &[("form", self.title(form))]),
            quick_replies: acts.map(|act| self.act(form, act)).to_vec(),
        }
    }

    /// Quick replies under the question or the summary where the person is.
    pub fn taps(&self, open: &OpenForm, form: &Form) -> Vec<QuickReply> {
        match open.place(form) {
            Place::Question(question) => self.question_taps(open, form, question),
            Place::Summary => self.summary_taps(open, form),
        }
    }

    fn question_taps(&self, open: &OpenForm, form: &Form, question: &Question) -> Vec<QuickReply> {
        let answer = |title: &str, value: String| {
            let (form, question) = (form.id.clone(), question.id.clone());
            self.tap(title, FormTap::Answer { form, question, value })
        };
        let mut taps: Vec<QuickReply> = match &question.kind {
            Kind::Choice { options } => options
                .iter()
                .map(|option| {
                    let title = self.shop.pick(&option.title, self.lang).unwrap_or(&option.id);
                    answer(title, option.id.clone())
                })
                .collect(),
            Kind::Number { min: Some(min), max: Some(max), whole: true, .. }
                if max.saturating_sub(*min) < MOST_NUMBERS =>
            {
                (*min..=*max).map(|n| answer(&n.to_string(), n.to_string())).collect()
            }
            _ => Vec::new(),
        };
        let first = open.asked(form).first().is_some_and(|first| first.id == question.id);
        if question.optional {
            taps.push(self.act(form, FormAct::Skip));
        }
        if !first {
            taps.push(self.act(form, FormAct::Back));
        }
        taps.push(self.act(form, FormAct::Cancel));
        taps
    }

    fn summary_taps(&self, open: &OpenForm, form: &Form) -> Vec<QuickReply> {
        let mut taps = vec![self.act(form, FormAct::Confirm)];
        for question in open.asked(form) {
            let title = self.shop.pick(&question.title, self.lang).unwrap_or(question.id.as_str());
            taps.push(self.tap(title, FormTap::Edit(form.id.clone(), question.id.clone())));
        }
        taps.truncate(limits::QUICK_REPLIES.saturating_sub(1));
        taps.push(self.act(form, FormAct::Cancel));
        taps
    }

    /// The answers, one a line.
    pub fn lines(&self, open: &OpenForm, form: &Form) -> Vec<(String, String)> {
        let line = |question: &Question| {
            let title = self.shop.pick(&question.title, self.lang).unwrap_or(question.id.as_str());
            let value = match open.answer(question).flatten() {
                Some(value) => self.value(question, value),
                None => "–".to_owned(),
            };
            (title.to_owned(), value)
        };
        open.asked(form).into_iter().map(line).collect()
    }

    /// The summary.
    pub fn summary(&self, open: &OpenForm, form: &Form) -> String {
        let mut text = self.texts().check.to_owned();
        for (title, value) in self.lines(open, form) {
            text.push_str(&format!("\n• {title}: {value}"));
        }
        text
    }

    /// An answer, as people read it.
    pub fn value(&self, question: &Question, value: &FieldValue) -> String {
        let language = lang::language(self.lang);
        match value {
            FieldValue::Text(text) | FieldValue::Phone(text) | FieldValue::Email(text) => {
                text.clone()
            }
            FieldValue::Number(number) => language.numbers.write(*number),
            FieldValue::Choice(id) => match &question.kind {
                Kind::Choice { options } => {
                    let option = options.iter().find(|option| option.id == *id);
                    option
                        .and_then(|option| self.shop.pick(&option.title, self.lang))
                        .unwrap_or(id)
                        .to_owned()
                }
                _ => id.clone(),
            },
            FieldValue::Date(date) => self.day(*date, language.forms.date),
            FieldValue::Time(minutes) => (language.time)(Moment::of(clock(*minutes))),
            FieldValue::Slot { at, .. } => booking::when(self.shop, self.lang, *at),
            FieldValue::Photos(count) => {
                fill(language.forms.photos, &[("count", &count.to_string())])
            }
        }
    }

    /// A day by one of the language's patterns.
    pub fn day(&self, date: jiff::civil::Date, pattern: &str) -> String {
        numbers::day(pattern, self.texts().days, lang::language(self.lang).months, date)
    }

    /// What was wrong, with an example.
    pub fn wrong(&self, question: &Question, wrong: &Wrong) -> String {
        let texts = self.texts();
        if let Some(own) = self.shop.pick(&question.retry, self.lang)
            && !matches!(wrong, Wrong::Needed)
        {
            return own.to_owned();
        }
        let number = |n| lang::language(self.lang).numbers.write(Decimal::whole(n));
        match wrong {
            Wrong::Choice => texts.wrong_choice.to_owned(),
            Wrong::Text(max) => fill(texts.wrong_text, &[("max", &number(i64::from(*max)))]),
            Wrong::Number => texts.wrong_number.to_owned(),
            Wrong::NotWhole => texts.not_whole.to_owned(),
            Wrong::TooSmall(min) => fill(texts.too_small, &[("min", &number(*min))]),
            Wrong::TooBig(max) => fill(texts.too_big, &[("max", &number(*max))]),
            Wrong::Date => texts.wrong_date.to_owned(),
            Wrong::DatePast => texts.date_past.to_owned(),
            Wrong::DateFuture => texts.date_future.to_owned(),
            Wrong::Time => texts.wrong_time.to_owned(),
            Wrong::Phone => texts.wrong_phone.to_owned(),
            Wrong::Email => texts.wrong_email.to_owned(),
            Wrong::Photo => texts.wrong_photo.to_owned(),
            Wrong::Needed => texts.needed.to_owned(),
        }
    }
}
