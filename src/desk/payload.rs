//! What our buttons and quick replies carry, and what opt-in requests bring back.

use std::fmt;

use super::mark;
use crate::meta::ids::{FaqId, FieldId, FormId, OfferId, TopicId};
use crate::shop::model::ButtonAction;

/// A payload of ours. Payloads only reach the app that sent the button, but anybody who can
/// sign webhooks can write one, so reading is as careful as with any input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Payload {
    /// Meta's button in front of a new thread.
    GetStarted,
    /// Give this answer.
    Faq(FaqId),
    /// Ask for consent to this topic.
    Topic(TopicId),
    /// The person agreed to this topic (carried by the opt-in request).
    OptIn(TopicId),
    /// Get notifications on this topic again, after a STOP.
    Back(TopicId),
    /// Ask for a person.
    Human,
    /// Yes, forget me.
    DeleteYes,
    /// No, do not.
    DeleteNo,
    /// Go on with the assistant instead of a person.
    Resume,
    /// Something about a form.
    Form(FormTap),
    /// Tell me of this offer.
    Remind(OfferId),
    /// A link for my friends.
    Share,
}

/// A tap that belongs to a form. It names the form, so that a button from long ago does nothing
/// to another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FormTap {
    /// Open it.
    Open(FormId),
    /// This is the answer to a question.
    Answer {
        /// Of which form.
        form: FormId,
        /// To which question.
        question: FieldId,
        /// The answer, as the question's kind spells it.
        value: String,
    },
    /// Change the answer to this question.
    Edit(FormId, FieldId),
    /// Do this.
    Do(FormId, FormAct),
}

/// What can be done to a form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FormAct {
    /// Go on where it was left.
    Resume,
    /// Begin again.
    Restart,
    /// Give it up.
    Cancel,
    /// To the question before.
    Back,
    /// Leave this question out.
    Skip,
    /// The summary is right.
    Confirm,
    /// Move the appointment that was made with it.
    Move,
    /// Cancel that appointment.
    Drop,
}

impl FormAct {
    const ALL: [(Self, &'static str); 8] = [
        (Self::Resume, "resume"),
        (Self::Restart, "restart"),
        (Self::Cancel, "cancel"),
        (Self::Back, "back"),
        (Self::Skip, "skip"),
        (Self::Confirm, "confirm"),
        (Self::Move, "move"),
        (Self::Drop, "drop"),
    ];
}

impl FormTap {
    /// Reads what follows `form`: `:id`, `:id:do:act`, `:id:edit:question`,
    /// `:id:is:question:value`.
    fn parse(rest: &str) -> Option<Self> {
        let mut parts = rest.splitn(4, ':');
        let form = FormId::new(parts.next()?).ok()?;
        match (parts.next(), parts.next(), parts.next()) {
            (None, ..) => Some(Self::Open(form)),
            (Some("do"), Some(word), None) => {
                let act = FormAct::ALL.iter().find(|(_, name)| *name == word)?;
                Some(Self::Do(form, act.0))
            }
            (Some("edit"), Some(question), None) => {
                Some(Self::Edit(form, FieldId::new(question).ok()?))
            }
            (Some("is"), Some(question), Some(value)) => Some(Self::Answer {
                form,
                question: FieldId::new(question).ok()?,
                value: value.to_owned(),
            }),
            _ => None,
        }
    }
}

impl fmt::Display for FormTap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open(form) => write!(f, "{form}"),
            Self::Answer { form, question, value } => write!(f, "{form}:is:{question}:{value}"),
            Self::Edit(form, question) => write!(f, "{form}:edit:{question}"),
            Self::Do(form, act) => {
                let name = FormAct::ALL.iter().find(|(known, _)| known == act);
                write!(f, "{form}:do:{}", name.map_or("", |(_, name)| name))
            }
        }
    }
}

/// What the profile sets for Get Started.
pub const GET_STARTED: &str = "GET_STARTED";

impl Payload {
    /// What a tap on something with this action carries; none where it never comes back to us.
    #[must_use]
    pub fn of(action: &ButtonAction) -> Option<Self> {
        Some(match action {
            ButtonAction::Faq(id) => Self::Faq(id.clone()),
            ButtonAction::Topic(id) => Self::Topic(id.clone()),
            ButtonAction::Form(id) => Self::Form(FormTap::Open(id.clone())),
            ButtonAction::Remind(id) => Self::Remind(id.clone()),
            ButtonAction::Human => Self::Human,
            ButtonAction::Share => Self::Share,
            ButtonAction::Url(_) | ButtonAction::Phone(_) => return None,
        })
    }

    /// Reads a payload; `None` when it is not one of ours.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text == GET_STARTED {
            return Some(Self::GetStarted);
        }
        let rest = mark::unmarked(text.strip_prefix("sb:")?);
        match rest.split_once(':') {
            None => match rest {
                "human" => Some(Self::Human),
                "delete" => Some(Self::DeleteYes),
                "keep" => Some(Self::DeleteNo),
                "resume" => Some(Self::Resume),
                "share" => Some(Self::Share),
                _ => None,
            },
            Some(("faq", id)) => FaqId::new(id).ok().map(Self::Faq),
            Some(("topic", id)) => TopicId::new(id).ok().map(Self::Topic),
            Some(("optin", id)) => TopicId::new(id).ok().map(Self::OptIn),
            Some(("back", id)) => TopicId::new(id).ok().map(Self::Back),
            Some(("remind", id)) => OfferId::new(id).ok().map(Self::Remind),
            Some(("form", rest)) => FormTap::parse(rest).map(Self::Form),
            Some(_) => None,
        }
    }
}

impl fmt::Display for Payload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::GetStarted => f.write_str(GET_STARTED),
            Self::Faq(id) => write!(f, "sb:faq:{id}"),
            Self::Topic(id) => write!(f, "sb:topic:{id}"),
            Self::OptIn(id) => write!(f, "sb:optin:{id}"),
            Self::Back(id) => write!(f, "sb:back:{id}"),
            Self::Human => f.write_str("sb:human"),
            Self::DeleteYes => f.write_str("sb:delete"),
            Self::DeleteNo => f.write_str("sb:keep"),
            Self::Resume => f.write_str("sb:resume"),
            Self::Share => f.write_str("sb:share"),
            Self::Form(tap) => write!(f, "sb:form:{tap}"),
            Self::Remind(id) => write!(f, "sb:remind:{id}"),
        }
    }
}

/// Marks our own messages in `metadata`; the echo brings it back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutboxMark(pub i64);

impl OutboxMark {
    const PREFIX: &'static str = "shopbell:";

    /// Reads a mark; `None` when the message was not ours.
    #[must_use]
    pub fn parse(metadata: &str) -> Option<Self> {
        metadata.strip_prefix(Self::PREFIX)?.parse().ok().map(Self)
    }
}

impl fmt::Display for OutboxMark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", Self::PREFIX, self.0)
    }
}

/// Marks a private reply in `metadata`, with its number in the outbox of the Page's first Desk. Its
/// echo comes to the Desk of the person, which may be another: there the number means nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PrivateMark(pub i64);

impl PrivateMark {
    const PREFIX: &'static str = "shopbell:private:";

    /// Reads a mark; `None` when the message was no private reply of ours.
    #[must_use]
    pub fn parse(metadata: &str) -> Option<Self> {
        metadata.strip_prefix(Self::PREFIX)?.parse().ok().map(Self)
    }
}

impl fmt::Display for PrivateMark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", Self::PREFIX, self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn payloads_survive_the_way_to_meta_and_back() {
        let id = |s| FaqId::new(s).unwrap();
        let topic = |s| TopicId::new(s).unwrap();
        let form = || FormId::new("visit").unwrap();
        let field = || FieldId::new("size").unwrap();
        for payload in [
            Payload::GetStarted,
            Payload::Faq(id("hours")),
            Payload::Topic(topic("lunch")),
            Payload::OptIn(topic("lunch")),
            Payload::Back(topic("lunch")),
            Payload::Human,
            Payload::DeleteYes,
            Payload::DeleteNo,
            Payload::Resume,
            Payload::Share,
            Payload::Remind(OfferId::new("sale").unwrap()),
            Payload::Form(FormTap::Open(form())),
            Payload::Form(FormTap::Do(form(), FormAct::Confirm)),
            Payload::Form(FormTap::Edit(form(), field())),
            Payload::Form(FormTap::Answer { form: form(), question: field(), value: "a:b".into() }),
        ] {
            assert_eq!(Payload::parse(&payload.to_string()), Some(payload));
        }
    }

    #[test]
    fn foreign_payloads_are_not_ours() {
        for text in [
            "",
            "sb:",
            "sb:faq:",
            "sb:faq:a b",
            "sb:nonsense:x",
            "sb:form:",
            "sb:form:a:do:x",
            "sb:form:a:is:b",
            "DEVELOPER_PAYLOAD",
        ] {
            assert_eq!(Payload::parse(text), None, "{text:?}");
        }
        assert_eq!(OutboxMark::parse("shopbell:17"), Some(OutboxMark(17)));
        assert_eq!(OutboxMark::parse("other:17"), None);
        assert_eq!(OutboxMark::parse("shopbell:x"), None);
        let private = PrivateMark(17).to_string();
        assert_eq!(PrivateMark::parse(&private), Some(PrivateMark(17)));
        assert_eq!(OutboxMark::parse(&private), None);
        assert_eq!(PrivateMark::parse(&OutboxMark(17).to_string()), None);
    }
}
