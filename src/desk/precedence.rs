//! Who answers: one table, in order. The first step that answers is the only one.

use std::fmt;

use super::arrival::{self, Arrived};
use super::decide::{Effect, Grant, Inbound, Turn, ends};
use super::handoff::{self, Reason};
use super::payload::Payload;
use super::words::{self, Command, Courtesy};
use super::{comments, coupons, deletion, form, friends, replies};
use crate::faq::{self, Decision as Found, Said};
use crate::meta::ids::{FaqId, TopicId};
use crate::meta::limits;
use crate::meta::send::Content;
use crate::shop::forms::Also;
use crate::shop::hours::Opening;
use crate::shop::lookup::TextKey;
use crate::shop::model::{FaqEntry, Lang, Topic};
use crate::time::HOUR;

/// A step of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// STOP: notifications end.
    Stop,
    /// DELETE: the person is forgotten.
    Delete,
    /// HUMAN: a person is asked for.
    Human,
    /// The assistant is asked back.
    Resume,
    /// A person is talking in this thread: the bot keeps quiet.
    Quiet,
    /// What only people answer.
    Delicate,
    /// An angry message: a person is called.
    Anger,
    /// Somebody agreed to a topic, or ended one.
    OptIn,
    /// Somebody came in through a link, a code or an ad.
    Arrival,
    /// Somebody tapped a button or a quick reply.
    Tap,
    /// A form is open, and this is its answer.
    Form,
    /// A keyword of the owner's.
    Keyword,
    /// A question that has an answer, or a few likely ones.
    Faq,
    /// Somebody came in with words that have no answer of their own: by an ad, or after a comment.
    Landing,
    /// The shop is closed.
    Away,
    /// The first message after a silence.
    Instant,
    /// Too many messages in a row without an answer: a person is called.
    Misses,
    /// Nothing fits.
    Fallback,
}

impl Step {
    /// When it answers, and with what: for the documents.
    #[must_use]
    pub const fn says(self) -> &'static str {
        match self {
            Self::Stop => {
                "The whole message is STOP, in any of the shop's languages. Every notification \
                 ends; it is confirmed once and says how to come back."
            }
            Self::Delete => {
                "The whole message is DELETE, or the tap that confirms it. The first asks; only \
                 the tap, within a day, deletes."
            }
            Self::Human => {
                "The whole message is HUMAN, or that button. A person is called and the assistant \
                 keeps quiet."
            }
            Self::Resume => "The button \"back to the assistant\". The pause ends.",
            Self::Quiet => "A person is talking, or was called. Nothing is said.",
            Self::Delicate => {
                "The message is about what only people answer. A person is called; the words are \
                 not kept."
            }
            Self::Anger => "The message is angry. A person is called.",
            Self::OptIn => "Somebody agreed to a topic or ended one. Thanks, or a confirmation.",
            Self::Arrival => {
                "Somebody came in through a link, a code or an ad. What the poster promises, once \
                 for each scan, or the welcome."
            }
            Self::Tap => "One of our buttons or quick replies, or Get Started.",
            Self::Form => "A form is open, and the message is its answer. The next question.",
            Self::Keyword => {
                "The message has a keyword of an answer: that answer. Or it asks for a link to share \
                 with friends. Or it is the code or the word printed on a poster: what that poster \
                 promises."
            }
            Self::Faq => {
                "The message asks what an answer is for: that answer, or a few likely ones to \
                 choose from. Whoever takes none of them is not offered some again for as long as \
                 the fallback is not repeated."
            }
            Self::Landing => {
                "A message came with a ref, as the first one after an ad does, or answers what was \
                 written after a comment, and nothing above answers its words. What that poster, ad \
                 or rule about comments promises."
            }
            Self::Away => "The shop is closed. Once for each closed period.",
            Self::Instant => {
                "The first message after a day of silence. Once, with the expected wait."
            }
            Self::Misses => {
                "So many messages in a row had no answer (`handoff.misses`). A person is called."
            }
            Self::Fallback => {
                "Nothing fits. A greeting gets the welcome, thanks get nothing; the rest gets the \
                 fallback, not more often than `assistant.fallback_every_hours`."
            }
        }
    }

    /// Whether something friendly may stand before it.
    pub(super) const fn is_at_ease(self) -> bool {
        !matches!(
            self,
            Self::Stop | Self::Delete | Self::Human | Self::Quiet | Self::Delicate | Self::Anger
        )
    }

    /// Whether it knew what was meant.
    pub(super) const fn understands(self) -> bool {
        matches!(
            self,
            Self::OptIn
                | Self::Arrival
                | Self::Tap
                | Self::Form
                | Self::Keyword
                | Self::Faq
                | Self::Landing
        )
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Stop => "stop",
            Self::Delete => "delete",
            Self::Human => "human",
            Self::Resume => "resume",
            Self::Quiet => "quiet",
            Self::Delicate => "delicate",
            Self::Anger => "anger",
            Self::OptIn => "optin",
            Self::Arrival => "arrival",
            Self::Tap => "tap",
            Self::Form => "form",
            Self::Keyword => "keyword",
            Self::Faq => "faq",
            Self::Landing => "landing",
            Self::Away => "away",
            Self::Instant => "instant",
            Self::Misses => "misses",
            Self::Fallback => "fallback",
        })
    }
}

/// Answers, or leaves the event to the next step. An empty list is an answer too: nothing more
/// is to be said.
type Answerer = fn(&mut Turn<'_>) -> Option<Vec<Content>>;

/// The table. Everything that answers people stands here, once.
pub const PRECEDENCE: &[(Step, Answerer)] = &[
    (Step::Stop, stop),
    (Step::Delete, delete),
    (Step::Human, human),
    (Step::Resume, resume),
    (Step::Quiet, quiet),
    (Step::Delicate, delicate),
    (Step::Anger, anger),
    (Step::OptIn, opt_in),
    (Step::Arrival, arrival),
    (Step::Tap, tap),
    (Step::Form, form::step),
    (Step::Keyword, keyword),
    (Step::Faq, faq_answer),
    (Step::Landing, landing),
    (Step::Away, away),
    (Step::Instant, instant),
    (Step::Misses, misses),
    (Step::Fallback, fallback),
];

/// The table as Markdown, for `docs/precedence.md`.
#[must_use]
pub fn reference() -> String {
    let mut rows = String::from("| | step | when, and what |\n|---|---|---|\n");
    for (n, (step, _)) in (1..).zip(PRECEDENCE) {
        rows.push_str(&format!("| {n} | `{step}` | {} |\n", step.says()));
    }
    rows
}

fn stop(turn: &mut Turn<'_>) -> Option<Vec<Content>> {
    if turn.command != Some(Command::Stop) {
        return None;
    }
    // Confirmed once: a second STOP with nothing left to stop, within a day, needs no words.
    let again = turn.person.stopped_at.is_some_and(|at| turn.at.since(at) < 24 * HOUR);
    let ended = turn.person.stop_all(turn.at);
    let nothing_new = again && ended.is_empty();
    turn.effects.extend(ends(ended.clone(), turn.at));
    Some(if nothing_new { Vec::new() } else { replies::stopped(turn, &ended) })
}

/// Asks whether the person means it; the yes has a day.
fn delete(turn: &mut Turn<'_>) -> Option<Vec<Content>> {
    let may_confirm = turn.person.may_confirm_deletion(turn.at);
    let says = |payload: Payload, title: TextKey| match &turn.inbound {
        Inbound::Tap(tapped) => *tapped == Some(payload),
        // Quick replies are gone after the next message, and some windows never show them.
        Inbound::Text(typed) => may_confirm && Said::new(typed).says(&replies::text(turn, title)),
        _ => false,
    };
    let yes = says(Payload::DeleteYes, TextKey::DeleteYes);
    if yes && may_confirm {
        let code = deletion::code(turn.context, turn.id, turn.at);
        let bubbles = replies::deleted(turn, &code);
        turn.effects.push(Effect::Erase { at: turn.at, code });
        return Some(bubbles);
    }
    if says(Payload::DeleteNo, TextKey::DeleteNo) {
        turn.person.delete_asked = None;
        turn.person.delete_noted = None;
        return Some(replies::kept(turn));
    }
    if !yes && turn.command != Some(Command::Delete) {
        return None;
    }
    Some(ask_deletion(turn))
}

/// Asks whether somebody means to be forgotten.
pub(super) fn ask_deletion(turn: &mut Turn<'_>) -> Vec<Content> {
    turn.person.delete_asked = turn.person.delete_asked.max(Some(turn.at));
    turn.person.delete_noted = None;
    replies::delete_ask(turn)
}

fn human(turn: &mut Turn<'_>) -> Option<Vec<Content>> {
    let tapped = matches!(turn.inbound, Inbound::Tap(Some(Payload::Human)));
    if !tapped && turn.command != Some(Command::Human) {
        return None;
    }
    let already = turn.person.paused(turn.now);
    if already {
        // Called before; the time begins anew.
        let hours = i64::from(turn.context.shop.assistant.pause_hours);
        let until = turn.now.plus(hours.saturating_mul(HOUR));
        turn.person.paused_until = turn.person.paused_until.max(Some(until));
        return Some(Vec::new());
    }
    handoff::call(turn, Reason::Asked, text_of(turn));
    Some(replies::human(turn))
}

fn text_of<'a>(turn: &Turn<'a>) -> Option<&'a str> {
    match turn.inbound {
        Inbound::Text(text) => Some(text),
        _ => None,
    }
}

fn resume(turn: &mut Turn<'_>) -> Option<Vec<Content>> {
    let paused = turn.person.paused(turn.now);
    let asked = match &turn.inbound {
        Inbound::Tap(tapped) => *tapped == Some(Payload::Resume),
        Inbound::Text(typed) => {
            paused && Said::new(typed).says(&replies::text(turn, TextKey::ResumeButton))
        }
        _ => false,
    };
    if !asked {
        return None;
    }
    if paused {
        turn.person.paused_until = Some(turn.now);
        turn.effects.push(Effect::ComeBack);
    }
    Some(replies::resumed(turn))
}

/// Its words are neither looked up nor passed on.
fn delicate(turn: &mut Turn<'_>) -> Option<Vec<Content>> {
    let text = text_of(turn)?;
    if !handoff::is_delicate(turn.context.shop, text) {
        return None;
    }
    handoff::call(turn, Reason::Delicate, Some(text));
    Some(replies::delicate(turn))
}

fn anger(turn: &mut Turn<'_>) -> Option<Vec<Content>> {
    let text = text_of(turn)?;
    if !handoff::is_angry(turn.context.shop, text) {
        return None;
    }
    handoff::call(turn, Reason::Anger, Some(text));
    Some(replies::human(turn))
}

/// The message before had no answer either.
fn misses(turn: &mut Turn<'_>) -> Option<Vec<Content>> {
    let most = turn.context.shop.handoff.misses;
    let text = text_of(turn)?;
    let enough = turn.person.misses.saturating_add(1) >= most;
    if most == 0 || !enough || words::courtesy(turn.context.shop, text).is_some() {
        return None;
    }
    handoff::call(turn, Reason::Misses, Some(text));
    Some(replies::human(turn))
}

fn quiet(turn: &mut Turn<'_>) -> Option<Vec<Content>> {
    turn.person.paused(turn.now).then(Vec::new)
}

fn opt_in(turn: &mut Turn<'_>) -> Option<Vec<Content>> {
    match turn.inbound.clone() {
        Inbound::OptedIn(topic) => Some(thanks(turn, &topic)),
        Inbound::OptedOut => Some(replies::stopped(turn, &[])),
        _ => None,
    }
}

/// Thanks for a consent, and the coupon that goes with it.
fn thanks(turn: &mut Turn<'_>, topic: &TopicId) -> Vec<Content> {
    let mut said = replies::opted_in(turn, topic);
    let coupon = turn.context.shop.topic(topic).and_then(|topic| topic.coupon.as_ref());
    if let Some(id) = coupon {
        said.extend(coupons::give(turn, id, &format!("topic:{topic}"), Some(topic)));
    }
    said
}

fn arrival(turn: &mut Turn<'_>) -> Option<Vec<Content>> {
    if !matches!(turn.inbound, Inbound::Arrival(_) | Inbound::Ticked(_)) {
        return None;
    }
    Some(match turn.arrived {
        Some(Arrived { again: true, .. }) => Vec::new(),
        Some(Arrived { poster, .. }) => arrival::promised(turn, poster),
        None => replies::welcome(turn),
    })
}

fn landing(turn: &mut Turn<'_>) -> Option<Vec<Content>> {
    match (turn.arrived, turn.commented) {
        (Some(Arrived { poster, again: false }), _) => Some(arrival::promised(turn, poster)),
        (None, Some(rule)) => comments::promised(turn, rule),
        _ => None,
    }
}

fn tap(turn: &mut Turn<'_>) -> Option<Vec<Content>> {
    let Inbound::Tap(payload) = turn.inbound.clone() else { return None };
    let shop = turn.context.shop;
    Some(match payload {
        Some(Payload::Faq(id)) => match shop.faq(&id) {
            Some(entry) => faq_and_more(turn, &[entry]),
            None => replies::welcome(turn),
        },
        // A form's own quick replies are its answers.
        Some(Payload::Form(_)) => return None,
        Some(Payload::Topic(id) | Payload::OptIn(id)) => match shop.topic(&id) {
            Some(topic) => replies::opt_in_on_request(turn, topic),
            None => replies::welcome(turn),
        },
        Some(Payload::Remind(id)) => match shop.offer(&id) {
            Some(offer) => replies::remind(turn, offer),
            None => replies::welcome(turn),
        },
        Some(Payload::Share) => match friends::share(turn) {
            Some(said) => said,
            None => replies::welcome(turn),
        },
        Some(Payload::Back(id)) => match shop.topic(&id) {
            Some(topic) => back_to(turn, topic),
            None => replies::welcome(turn),
        },
        // A button of another app, or of a shop.toml that has changed since. The others were
        // answered further up.
        Some(
            Payload::GetStarted
            | Payload::Human
            | Payload::DeleteYes
            | Payload::DeleteNo
            | Payload::Resume,
        )
        | None => replies::welcome(turn),
    })
}

/// Somebody wants notifications again that they have stopped. Meta's own request says most, but
/// within a week of the last one it would be refused: then the tap is the consent.
fn back_to(turn: &mut Turn<'_>, topic: &Topic) -> Vec<Content> {
    let asked = turn.person.asked.get(&topic.id);
    let asked_lately = asked.is_some_and(|at| turn.now.since(*at) < limits::OPT_IN_EVERY_MS);
    let was_theirs = turn.person.topics.get(&topic.id).is_some_and(|word| !word.active);
    if !asked_lately || !was_theirs || !turn.person.say_on_topic(&topic.id, true, turn.at) {
        return replies::opt_in_on_request(turn, topic);
    }
    turn.effects.push(Effect::Grant(Box::new(Grant {
        topic: topic.id.clone(),
        token: None,
        timezone: None,
        expires_at: None,
        frequency: None,
        title: turn.context.shop.pick(&topic.title, &turn.lang).map(str::to_owned),
        source: "chat".to_owned(),
        at: turn.at,
        shown: turn.person.asked_by(&topic.id),
    })));
    thanks(turn, &topic.id)
}

fn keyword(turn: &mut Turn<'_>) -> Option<Vec<Content>> {
    let Inbound::Text(text) = turn.inbound else { return None };
    let Some((entry, lang)) = faq::keyword(&turn.context.shop.faq, text) else {
        if friends::asks(turn.context.shop, text) {
            return friends::share(turn);
        }
        let poster = arrival::by_words(turn)?;
        return Some(arrival::promised(turn, poster));
    };
    learn_language(turn, lang);
    Some(faq_and_more(turn, &[entry]))
}

fn faq_answer(turn: &mut Turn<'_>) -> Option<Vec<Content>> {
    let Inbound::Text(text) = turn.inbound else { return None };
    let shop = turn.context.shop;
    let model = turn.context.faq?;
    let spoken = turn.person.language.as_ref();
    let found = model.answer(text, spoken, shop.assistant.eagerness);
    match found.decision {
        Found::Answer(ids) => {
            let entries: Vec<&FaqEntry> = ids.iter().filter_map(|id| shop.faq(id)).collect();
            if entries.is_empty() {
                return None;
            }
            if let Some(best) = found.candidates.first() {
                learn_language(turn, &best.lang);
            }
            Some(faq_and_more(turn, &entries))
        }
        // What they were offered last did not help: no second list, but a person.
        Found::Offer(_) if offered_lately(turn) => None,
        Found::Offer(ids) => {
            let ids: Vec<FaqId> = ids.into_iter().filter(|id| shop.faq(id).is_some()).collect();
            if ids.is_empty() {
                return None;
            }
            if let Some(best) = found.candidates.first() {
                learn_language(turn, &best.lang);
            }
            let bubbles = replies::offer(turn, &ids);
            turn.offered = ids;
            turn.person.offered_at = Some(turn.now);
            turn.person.misses = turn.person.misses.saturating_add(1);
            Some(bubbles)
        }
        Found::None => None,
    }
}

/// Whether answers were offered and not taken, within the time that the fallback keeps, or an
/// hour.
fn offered_lately(turn: &Turn<'_>) -> bool {
    let hours = i64::from(turn.context.shop.assistant.fallback_every_hours).max(1);
    let every = hours.saturating_mul(HOUR);
    turn.person.offered_at.is_some_and(|last| turn.now.since(last) < every)
}

/// FAQ answers, what they leave on the person, and the form that the first of them opens.
fn faq_and_more(turn: &mut Turn<'_>, entries: &[&FaqEntry]) -> Vec<Content> {
    let mut said = Vec::new();
    for entry in entries {
        form::leave(&mut turn.person, &entry.also);
        said.extend(replies::faq(turn, entry));
        if let Some(id) = &entry.also.coupon {
            said.extend(coupons::give(turn, id, &format!("faq:{}", entry.id), None));
        }
    }
    if let Some(first) = entries.iter().find(|entry| entry.also.form.is_some()) {
        said.extend(then(turn, &first.also));
    }
    said
}

/// The form that opens then.
fn then(turn: &mut Turn<'_>, also: &Also) -> Vec<Content> {
    also.form.as_ref().map(|id| form::open(turn, id)).unwrap_or_default()
}

/// Somebody whose language is not known yet speaks the one their question matched in.
fn learn_language(turn: &mut Turn<'_>, lang: &Lang) {
    if turn.person.language.is_none() && turn.context.shop.languages.contains(lang) {
        turn.person.language = Some(lang.clone());
        turn.lang = lang.clone();
    }
}

fn away(turn: &mut Turn<'_>) -> Option<Vec<Content>> {
    let shop = turn.context.shop;
    let Opening::Closed { since, .. } = shop.hours.at(turn.now, &shop.zone()) else { return None };
    // A shop that has been closed for longer than we look back has one endless closed period.
    let period = since.unwrap_or_default();
    if turn.person.away_told == Some(period) {
        return None;
    }
    turn.person.away_told = Some(period);
    Some(replies::away(turn))
}

fn instant(turn: &mut Turn<'_>) -> Option<Vec<Content>> {
    turn.after_silence.then(|| replies::instant(turn))
}

fn fallback(turn: &mut Turn<'_>) -> Option<Vec<Content>> {
    if matches!(turn.inbound, Inbound::Wordless(true)) {
        return None;
    }
    if let Inbound::Text(text) = turn.inbound {
        match words::courtesy(turn.context.shop, text) {
            Some(Courtesy::Greeting) => return Some(replies::welcome(turn)),
            Some(Courtesy::Thanks) => return Some(Vec::new()),
            None => {}
        }
    }
    turn.person.misses = turn.person.misses.saturating_add(1);
    let every = i64::from(turn.context.shop.assistant.fallback_every_hours).saturating_mul(HOUR);
    if turn.person.fallback_at.is_some_and(|last| turn.now.since(last) < every) {
        return None;
    }
    turn.person.fallback_at = Some(turn.now);
    Some(replies::fallback(turn))
}
