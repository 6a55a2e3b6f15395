//! When a person takes over, who is told of it, and how the assistant comes back.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::decide::{Context, Effect, Turn};
use super::layout::home;
use super::payload::Payload;
use super::person::Person;
use crate::faq::Said;
use crate::meta::event::{Channel, Comment, Event, EventKind};
use crate::meta::fit::fit;
use crate::meta::ids::Psid;
use crate::meta::send::Content;
use crate::shop::lang::{Language, all, language};
use crate::shop::model::{Agent, Lang, Shop};
use crate::store::bookings::Slot;
use crate::store::calls::{self, Kind};
use crate::store::outbox::{self, Class};
use crate::store::timers::{self, Timer};
use crate::store::{Sql, StoreError, channel_name, notes, people, to_json};
use crate::time::{HOUR, MINUTE, SECOND, UnixMs};

/// How long a thread is still ours after somebody was called: Meta refuses what we send into one that
/// the inbox holds, and the customer is to read that a person has been called.
const PASS_AFTER_MS: i64 = SECOND;

/// It waits for a message that is to leave within this long: the next bubble, or the next try.
const SOON_MS: i64 = 10 * SECOND;

/// It is handed over all the same when such a message has not left for this long.
const PASS_WITHIN_MS: i64 = MINUTE;

/// Where people answer by hand.
pub(super) const INBOX: &str = "https://business.facebook.com/latest/inbox/all?asset_id=";

/// Why a person is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// Somebody asked for one.
    Asked,
    /// Several messages in a row had no answer.
    Misses,
    /// The message was angry.
    Anger,
    /// Only people answer this.
    Delicate,
    /// A form is done that hands over.
    Form,
    /// Somebody has booked. Nobody is wanted for this and the next two.
    Booked,
    /// An appointment was moved.
    Moved,
    /// An appointment was cancelled.
    Cancelled,
}

impl Reason {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Misses => "misses",
            Self::Anger => "anger",
            Self::Delicate => "delicate",
            Self::Form => "form",
            Self::Booked => "booked",
            Self::Moved => "moved",
            Self::Cancelled => "cancelled",
        }
    }
}

/// A call for a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Why.
    pub reason: Reason,
    /// What it is about, in the shop's first language: the title of a form.
    pub subject: Option<String>,
    /// What the customer wrote or answered, where the owner wants it and may have it.
    pub text: Option<String>,
    /// Which of the shop's agents it is for, by name.
    pub agent: Option<String>,
    /// Until when the assistant keeps quiet; none: it goes on, and nobody is wanted.
    pub until: Option<UnixMs>,
    /// The slot that was booked, moved to or given up.
    pub slot: Option<Slot>,
}

/// Pauses the assistant and calls a person.
pub(super) fn call(turn: &mut Turn<'_>, reason: Reason, text: Option<&str>) {
    call_about(turn, reason, None, text);
}

/// The same, with what it is about.
pub(super) fn call_about(
    turn: &mut Turn<'_>,
    reason: Reason,
    subject: Option<String>,
    text: Option<&str>,
) {
    let shop = turn.context.shop;
    let hours = i64::from(shop.assistant.pause_hours);
    let until = turn.person.paused_until.max(Some(turn.now.plus(hours.saturating_mul(HOUR))));
    turn.person.paused_until = until;
    turn.person.misses = 0;
    turn.counts.push(format!("handoff.{}", reason.name()));
    turn.effects.push(Effect::CallPerson(Box::new(Call {
        reason,
        subject,
        text: kept(shop, reason, text),
        agent: agent(shop, text, turn.now).map(|agent| agent.name.clone()),
        until: Some(until.unwrap_or(turn.now)),
        slot: None,
    })));
}

/// What a customer wrote or answered, where the owner wants it and may have it.
pub(super) fn kept(shop: &Shop, reason: Reason, text: Option<&str>) -> Option<String> {
    let kept = shop.handoff.with_text && reason != Reason::Delicate;
    text.filter(|_| kept).map(str::to_owned)
}

/// Whether only people answer this.
pub(super) fn is_delicate(shop: &Shop, text: &str) -> bool {
    let said = Said::new(text);
    spoken(shop).any(|language| said.mentions_any(&language.delicate))
        || shop.delicate.iter().any(|subject| mentions(&said, &subject.words))
}

/// Whether somebody is angry, as far as words show it.
pub(super) fn is_angry(shop: &Shop, text: &str) -> bool {
    let said = Said::new(text);
    shop.handoff.on_anger
        && (spoken(shop).any(|language| said.mentions_any(&language.angry))
            || mentions(&said, &shop.handoff.angry))
}

fn spoken(shop: &Shop) -> impl Iterator<Item = &'static Language> {
    shop.languages.iter().map(language)
}

fn mentions(said: &Said<'_>, phrases: &BTreeMap<Lang, Vec<String>>) -> bool {
    phrases.values().flatten().any(|phrase| said.mentions(phrase))
}

/// Who of the shop a message is for: whoever is named for its subject and there, else somebody
/// for everything who is there, else whoever is named for it.
#[must_use]
pub fn agent<'a>(shop: &'a Shop, text: Option<&str>, now: UnixMs) -> Option<&'a Agent> {
    let said = text.map(Said::new);
    let named = |agent: &&Agent| said.as_ref().is_some_and(|said| mentions(said, &agent.words));
    let there = |agent: &&Agent| {
        let hours = agent.hours.as_ref().unwrap_or(&shop.hours);
        hours.at(now, &shop.zone()).is_open()
    };
    let any = |agent: &&Agent| agent.words.is_empty();
    let all = || shop.agents.iter();
    all()
        .find(|agent| named(agent) && there(agent))
        .or_else(|| all().find(|agent| any(agent) && there(agent)))
        .or_else(|| all().find(named))
        .or_else(|| all().find(any))
}

/// An event as it may be put aside: what is delicate loses its words, and asks for a person when
/// its turn comes.
#[must_use]
pub fn without_delicate_words<'a>(shop: Option<&Shop>, event: &'a Event) -> Cow<'a, Event> {
    let text = match &event.kind {
        EventKind::Message(message) => message.text.as_ref(),
        EventKind::Comment(comment) => comment.text.as_ref(),
        _ => None,
    };
    let Some(text) = text else { return Cow::Borrowed(event) };
    let delicate = match shop {
        Some(shop) => is_delicate(shop, text),
        None => {
            let said = Said::new(text);
            all().iter().any(|language| said.mentions_any(&language.delicate))
        }
    };
    if !delicate {
        return Cow::Borrowed(event);
    }
    let message = match &event.kind {
        EventKind::Message(message) => message,
        EventKind::Comment(comment) => {
            // Without its words nobody would know what not to answer.
            let bare = Comment { text: None, ..comment.clone() };
            return Cow::Owned(Event { kind: EventKind::Comment(bare), ..event.clone() });
        }
        _ => return Cow::Borrowed(event),
    };
    let mut bare = message.clone();
    bare.text = None;
    bare.quick_reply = Some(Payload::Human.to_string());
    Cow::Owned(Event { kind: EventKind::Message(bare), ..event.clone() })
}

/// Tells the owner, by a message while Meta allows one, else by the webhook; and hands the thread
/// over where the owner wants it. Nothing here waits for anybody.
///
/// # Errors
/// [`StoreError`].
pub fn tell(
    sql: &impl Sql,
    context: Context<'_>,
    (channel, person): (Channel, &Psid),
    call: &Call,
    now: UnixMs,
) -> Result<(), StoreError> {
    let shop = context.shop;
    let agent = call.agent.as_ref().and_then(|name| shop.agents.iter().find(|a| a.name == *name));
    let notify = agent.and_then(|a| a.notify.as_ref()).or(shop.handoff.notify.as_ref());
    let webhook = agent.and_then(|a| a.webhook.as_ref()).or(shop.handoff.webhook.as_ref());
    let notes: Vec<String> =
        notes::of(sql, channel, person)?.into_iter().map(|note| note.text).collect();
    let who = (channel, person);
    let owner = notify.filter(|owner| *owner != person);
    let told = match owner {
        Some(owner) => write_to(sql, owner, &notice(shop, call, &notes), who, now)?,
        None => false,
    };
    let hook = webhook.filter(|_| !told).map(|url| {
        let mut body = json!({
            "v": 1,
            "event": if call.until.is_some() { "person_wanted" } else { "booking" },
            "page": shop.page.id,
            "channel": channel_name(channel),
            "person": person,
            "reason": call.reason,
            "at": now.rfc3339(),
        });
        if let Some(fields) = body.as_object_mut() {
            fields.extend(call.agent.as_ref().map(|name| ("agent".to_owned(), json!(name))));
            fields.extend(call.subject.as_ref().map(|about| ("subject".to_owned(), json!(about))));
            fields.extend(call.text.as_ref().map(|text| ("text".to_owned(), json!(text))));
            if let Some(slot) = &call.slot {
                fields.insert("service".to_owned(), json!(slot.service));
                fields.insert("starts_at".to_owned(), json!(slot.starts_at.rfc3339()));
                fields.insert("ends_at".to_owned(), json!(slot.ends_at.rfc3339()));
            }
            fields.extend((!notes.is_empty()).then(|| ("notes".to_owned(), json!(notes))));
        }
        // A booking is still news when the assistant is back.
        let kind = if call.until.is_some() { Kind::Hook } else { Kind::News };
        Hook { news: kind == Kind::News, url: url.clone(), body: body.to_string() }
    });
    match owner.filter(|owner| !told && home(owner, context.host.shards) != context.host.shard) {
        // Another Desk knows whether the owner may be written to.
        Some(owner) => {
            let errand = Errand { owner: owner.clone(), text: notice(shop, call, &notes), hook };
            let body = to_json("calls", &errand)?;
            calls::push(sql, Kind::Notice, who, Some((&String::new(), &body)), now)?;
        }
        None => {
            if let Some(hook) = &hook {
                push_hook(sql, who, hook, now)?;
            }
        }
    }
    if let Some(until) = call.until.filter(|_| shop.handoff.pass_thread) {
        calls::cancel(sql, Kind::Take, (channel, person))?;
        calls::push(sql, Kind::Pass, (channel, person), None, now.plus(PASS_AFTER_MS))?;
        calls::push(sql, Kind::Take, (channel, person), None, until)?;
    }
    Ok(())
}

/// The owner's webhook, for when they cannot be written to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hook {
    news: bool,
    url: String,
    body: String,
}

impl Hook {
    /// About something that stays so, whether or not the assistant is back.
    pub(super) fn news(url: &str, body: String) -> Self {
        Self { news: true, url: url.to_owned(), body }
    }
}

/// What another Desk of the Page is to tell the owner: the one that knows them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Errand {
    /// The owner.
    pub owner: Psid,
    /// What they read.
    pub text: String,
    /// What to do when they cannot be written to.
    pub hook: Option<Hook>,
}

/// Queues the owner's webhook about somebody.
///
/// # Errors
/// [`StoreError`].
pub fn push_hook(
    sql: &impl Sql,
    who: (Channel, &Psid),
    hook: &Hook,
    now: UnixMs,
) -> Result<(), StoreError> {
    let kind = if hook.news { Kind::News } else { Kind::Hook };
    calls::push(sql, kind, who, Some((&hook.url, &hook.body)), now)
}

/// What the owner reads: why, about what, what they noted, and where to answer. What a customer
/// answered in a form goes along as it does to the webhook; a message that was just written is
/// read in the inbox.
fn notice(shop: &Shop, call: &Call, notes: &[String]) -> String {
    let language = language(shop.default_lang());
    let notice = match call.reason {
        Reason::Booked => language.forms.told_booked,
        Reason::Moved => language.forms.told_moved,
        Reason::Cancelled => language.forms.told_dropped,
        _ => language.notice,
    };
    let inbox = format!("{INBOX}{}", shop.page.id);
    let mut lines = match &call.subject {
        None => vec![format!("{notice} {inbox}")],
        Some(subject) => [Some(format!("{notice} {subject}")), call.text.clone(), Some(inbox)]
            .into_iter()
            .flatten()
            .collect(),
    };
    lines.extend(notes.iter().map(|note| format!("– {note}")));
    lines.join("\n")
}

/// A message to the owner about a customer, if they have written within the window. `false` when
/// not.
///
/// # Errors
/// [`StoreError`].
pub fn write_to(
    sql: &impl Sql,
    owner: &Psid,
    text: &str,
    about: (Channel, &Psid),
    now: UnixMs,
) -> Result<bool, StoreError> {
    let known: Option<Person> = people::load(sql, Channel::Messenger, owner)?;
    let Some(until) = known.filter(|owner| owner.window_open(now)).and_then(|o| o.window_until)
    else {
        return Ok(false);
    };
    let content = Content::Text { text: text.to_owned(), quick_replies: Vec::new() };
    for bubble in fit(content, Channel::Messenger) {
        let message = outbox::Message {
            class: &Class::Reply,
            channel: Channel::Messenger,
            person: owner,
            content: &bubble,
            due_at: now,
            expires_at: Some(until),
        };
        outbox::append_notice(sql, &message, about, now)?;
    }
    timers::set(sql, Timer::Drain, now)?;
    Ok(true)
}

/// The assistant goes on: the thread is taken back, and nobody is called any more.
///
/// # Errors
/// [`StoreError`].
pub fn come_back(
    sql: &impl Sql,
    shop: &Shop,
    who: (Channel, &Psid),
    now: UnixMs,
) -> Result<(), StoreError> {
    for kind in [Kind::Hook, Kind::Notice, Kind::Pass, Kind::Take] {
        calls::cancel(sql, kind, who)?;
    }
    if shop.handoff.pass_thread {
        calls::push(sql, Kind::Take, who, None, now)?;
    }
    Ok(())
}

/// The owner says that the assistant goes on with this person. `false` when it was not quiet.
///
/// # Errors
/// [`StoreError`].
pub fn resume(sql: &impl Sql, shop: &Shop, person: &Psid, now: UnixMs) -> Result<bool, StoreError> {
    sql.transaction(|| {
        let mut resumed = false;
        for channel in [Channel::Messenger, Channel::Instagram] {
            let known: Option<Person> = people::load(sql, channel, person)?;
            let Some(mut known) = known.filter(|known| known.paused(now)) else { continue };
            known.paused_until = Some(now);
            people::save(sql, channel, person, &known)?;
            come_back(sql, shop, (channel, person), now)?;
            resumed = true;
        }
        Ok(resumed)
    })
}

/// Whether a call that has its turn still makes sense: the thread is handed over when what was said
/// last has left, and taken back when the pause is over; only addresses of today's `shop.toml` are
/// called.
///
/// # Errors
/// [`StoreError`].
pub fn is_wanted(
    sql: &impl Sql,
    shop: &Shop,
    call: &calls::Due,
    now: UnixMs,
) -> Result<Wanted, StoreError> {
    Ok(match call.kind {
        Kind::Hook | Kind::News | Kind::Alert => {
            let mut ours = shop.agents.iter().filter_map(|agent| agent.webhook.as_ref());
            let known = ours.any(|url| *url == call.url)
                || shop.handoff.webhook.as_ref().is_some_and(|url| *url == call.url);
            if known && call.url.starts_with("https://") { Wanted::Yes } else { Wanted::No }
        }
        Kind::Pass if !shop.handoff.pass_thread => Wanted::No,
        Kind::Pass => {
            let (written, leaves) = (now.plus(-PASS_WITHIN_MS), now.plus(SOON_MS));
            if outbox::is_leaving(sql, (call.channel, &call.person), written, leaves)? {
                Wanted::Later(now.plus(PASS_AFTER_MS))
            } else {
                Wanted::Yes
            }
        }
        Kind::Notice | Kind::Parcel => Wanted::Yes,
        Kind::Take => {
            let known: Option<Person> = people::load(sql, call.channel, &call.person)?;
            match known.and_then(|person| person.paused_until).filter(|until| *until > now) {
                Some(until) => Wanted::Later(until),
                None => Wanted::Yes,
            }
        }
    })
}

/// What becomes of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// It is made.
    Yes,
    /// Not before this moment.
    Later(UnixMs),
    /// It is dropped.
    No,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shop(more: &str) -> Shop {
        let source = format!(
            "[shop]\nname = \"A\"\nlanguages = [\"en\", \"lt\", \"zh-TW\"]\n\
             time_zone = \"Europe/Vilnius\"\n[[page]]\nid = \"1\"\nusername = \"a\"\n{more}"
        );
        let compiled = crate::shop::source::compile(&source);
        assert!(!compiled.has_errors(), "{:?}", compiled.diagnostics);
        compiled.shops.into_iter().next().unwrap()
    }

    #[test]
    fn anger_and_delicate_subjects_show_in_whole_words() {
        let shop = shop(
            "[handoff]\nangry.en = [\"cold coffee again\"]\n\
             [[delicate]]\nname = \"allergies\"\nwords.en = [\"nut allergy\"]\n",
        );
        for text in ["You are SCAMMERS!!", "jūs sukčiai", "你們是騙子", "Cold coffee, again."]
        {
            assert!(is_angry(&shop, text), "{text}");
        }
        for text in ["is there a scammer movie", "Sukčiaičiai", "hello"] {
            assert!(!is_angry(&shop, text), "{text}");
        }
        for text in ["I have a nut allergy", "he harassed me yesterday", "我想死"] {
            assert!(is_delicate(&shop, text), "{text}");
        }
        assert!(!is_delicate(&shop, "nuts"));
    }

    #[test]
    fn an_agent_is_found_by_subject_and_hours() {
        let shop = shop(
            "[[agent]]\nname = \"Ona\"\nwords.en = [\"cake\"]\nhours = { mon = \"09:00-12:00\" }\n\
             [[agent]]\nname = \"Jonas\"\n",
        );
        let at = |text: &str| -> UnixMs { text.parse::<jiff::Timestamp>().unwrap().into() };
        let monday = at("2026-11-23T08:00:00Z");
        let name = |text, now| agent(&shop, text, now).map(|agent| agent.name.as_str());
        assert_eq!(name(Some("a cake please"), monday), Some("Ona"));
        assert_eq!(name(Some("a table please"), monday), Some("Jonas"));
        assert_eq!(name(Some("a cake please"), monday.plus(8 * HOUR)), Some("Jonas"));
        assert_eq!(name(None, monday), Some("Jonas"));
    }
}
