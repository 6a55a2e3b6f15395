//! Webhook bodies to [`Event`]s.
//!
//! - `messaging`: what people and Pages do in a thread.
//! - `optin`: consent.
//! - `page`: the Page itself, and who holds a thread.
//! - `changes`: comments, the feed, and the dashboard's test button.
//! - `marketing`: paid marketing messages.
//!
//! Every entry is read, and every item of `messaging`, `standby` and `changes`. What is not known,
//! damaged, or carries an id that could not be part of a key becomes [`EventKind::Unknown`] and
//! leaves its neighbours alone; only a body that is no JSON object is an error. Each item is found
//! first and decoded afterwards (see `meta::json`), which costs one more look at its bytes and
//! buys exactly that.

mod changes;
mod marketing;
mod messaging;
mod optin;
mod page;
#[cfg(test)]
mod tests;

use super::event::{Channel, Event, EventKind, Lane, ThreadAction};
use super::ids::{AccountId, Psid};
use super::json::{List, Raw, object};
use super::limits::WEBHOOK_EVENTS;
use crate::time::UnixMs;

/// Why a body has no events at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// It is no JSON.
    #[error("the body is not JSON")]
    NotJson,
    /// It is JSON, but no object.
    #[error("the body is not a JSON object")]
    NotAnObject,
}

/// Fields that tell of utility templates: the guide and the table of fields disagree (Meta, Utility
/// messages and Messenger webhooks reference, 2026).
const TEMPLATE_FIELDS: [&str; 2] =
    ["message_template_status_update", "messenger_template_status_update"];

/// The longest `kind` of [`EventKind::Unknown`], in characters.
const MAX_KIND: usize = 64;

object! {
    /// A webhook as it should be, read in one pass down to its items.
    Body<'de> {
        object = b"object",
        entry: List<Entry<'de>> = b"entry",
        field = b"field",
        page_id = b"page_id",
        recipient_id = b"recipient_id",
        timestamp = b"timestamp",
    }
}

object! {
    /// What one entry is about, and its items.
    Entry<'de> {
        id = b"id",
        time = b"time",
        messaging: List<Raw<'de>> = b"messaging",
        standby: List<Raw<'de>> = b"standby",
        changes: List<Raw<'de>> = b"changes",
        // Instagram's login documentation shows a change without its wrapper.
        field = b"field",
        value = b"value",
    }
}

object! {
    /// A webhook in which something is no list that should be one.
    LooseBody<'de> {
        object = b"object",
        entry = b"entry",
    }
}

object! {
    /// An entry in which something is no list that should be one.
    LooseEntry<'de> {
        id = b"id",
        time = b"time",
        messaging = b"messaging",
        standby = b"standby",
        changes = b"changes",
        field = b"field",
        value = b"value",
    }
}

impl<'de> From<LooseEntry<'de>> for Entry<'de> {
    fn from(entry: LooseEntry<'de>) -> Self {
        let items = |list: Option<Raw<'de>>| List(list.map(Raw::items).unwrap_or_default());
        Self {
            id: entry.id,
            time: entry.time,
            messaging: items(entry.messaging),
            standby: items(entry.standby),
            changes: items(entry.changes),
            field: entry.field,
            value: entry.value,
        }
    }
}

/// What the items of an entry have in common.
struct Context {
    channel: Channel,
    /// `None` when the entry's id could not be part of a key: its items become `bad_id`.
    account: Option<AccountId>,
    /// The entry's time, for items without their own.
    time: UnixMs,
}

impl Context {
    fn event(&self, person: Option<Psid>, at: UnixMs, lane: Lane, kind: EventKind) -> Event {
        let channel = self.channel;
        match self.account.clone() {
            Some(account) => Event { channel, account, person, at, lane, kind },
            None => {
                let account = AccountId::unknown();
                Event { channel, account, person: None, at, lane, kind: unknown("bad_id") }
            }
        }
    }
}

/// Reads a webhook body: all its events, in its order.
///
/// A body Meta signed is answered 200 whatever it holds; an `object` we do not know gives one
/// event of [`EventKind::Unknown`]. More than [`WEBHOOK_EVENTS`] items are cut off, and the last
/// event says so.
///
/// # Errors
/// [`ParseError`] when the body is no JSON object.
pub fn parse(body: &[u8]) -> Result<Vec<Event>, ParseError> {
    // Bytes that are no UTF-8 are no reason to lose the events beside them.
    let text = String::from_utf8_lossy(body);
    let body = match serde_json::from_str::<Body<'_>>(&text) {
        Ok(body) => body,
        Err(_) => loose_body(&text)?,
    };

    let object = body.object.and_then(Raw::text);
    let channel = match object.as_deref() {
        Some("page") => Channel::Messenger,
        Some("instagram") => Channel::Instagram,
        _ => return Ok(vec![foreign(&text, &body, object)]),
    };
    let mut events = Vec::with_capacity(body.entry.0.len());
    for entry in &body.entry.0 {
        events.extend(
            read_entry(entry, channel).take((WEBHOOK_EVENTS + 1).saturating_sub(events.len())),
        );
        if events.len() > WEBHOOK_EVENTS {
            events.truncate(WEBHOOK_EVENTS);
            if let Some(last) = events.last_mut() {
                last.kind = unknown("too_many_items");
            }
            break;
        }
    }
    Ok(events)
}

/// Second try, piece by piece, for a body in which a list is something else.
fn loose_body(text: &str) -> Result<Body<'_>, ParseError> {
    let whole: Raw<'_> = serde_json::from_str(text).map_err(|_| ParseError::NotJson)?;
    let body: LooseBody<'_> = whole.object().ok_or(ParseError::NotAnObject)?;
    let entries = body.entry.map(Raw::items).unwrap_or_default();
    let entry = entries
        .into_iter()
        .map(|entry| match entry.object::<Entry<'_>>() {
            Some(entry) => entry,
            None => entry.object::<LooseEntry<'_>>().unwrap_or_default().into(),
        })
        .collect();
    Ok(Body { object: body.object, entry: List(entry), ..Body::default() })
}

/// A webhook that is neither a Page's nor an Instagram account's; also Meta's marketing messages
/// when they come without any wrapper, as their documentation prints them.
fn foreign(text: &str, body: &Body<'_>, object: Option<String>) -> Event {
    let kind = match (object, body.field.and_then(Raw::text)) {
        (Some(object), _) => unknown(&format!("object_{object}")),
        (None, Some(field)) => serde_json::from_str(text)
            .ok()
            .and_then(|raw| marketing::read(&field, raw))
            .unwrap_or_else(|| unknown(&field)),
        (None, None) => unknown("object"),
    };
    let context = Context {
        channel: Channel::Messenger,
        account: body
            .page_id
            .or_else(|| body.entry.0.first().and_then(|entry| entry.id))
            .and_then(Raw::id)
            .and_then(|id| AccountId::new(id).ok())
            .or_else(|| Some(AccountId::unknown())),
        time: UnixMs::default(),
    };
    let person = body.recipient_id.and_then(Raw::id).and_then(|id| Psid::new(id).ok());
    let at = body.timestamp.and_then(Raw::moment).unwrap_or_default();
    context.event(person, at, Lane::Changes, kind)
}

/// Something an entry holds.
enum Found<'a> {
    Item(Raw<'a>, Lane),
    Change(Raw<'a>),
    BareChange(Raw<'a>, Option<Raw<'a>>),
}

/// The events of an entry, made as they are asked for.
fn read_entry<'a>(entry: &'a Entry<'_>, channel: Channel) -> impl Iterator<Item = Event> + 'a {
    let context = Context {
        channel,
        account: entry.id.and_then(Raw::id).and_then(|id| AccountId::new(id).ok()),
        time: entry.time.and_then(Raw::moment).unwrap_or_default(),
    };
    let messaging = entry.messaging.0.iter().map(|&raw| Found::Item(raw, Lane::Messaging));
    let standby = entry.standby.0.iter().map(|&raw| Found::Item(raw, Lane::Standby));
    let changes = entry.changes.0.iter().map(|&raw| Found::Change(raw));
    let bare = entry.field.map(|field| Found::BareChange(field, entry.value));
    messaging.chain(standby).chain(changes).chain(bare).map(move |found| match found {
        Found::Item(raw, lane) => read_item(raw, &context, lane, None),
        Found::Change(raw) => changes::read(raw, &context),
        Found::BareChange(field, value) => changes::read_field(Some(field), value, &context),
    })
}

object! {
    /// An item of `messaging` or `standby`: who, when, and one of the rest.
    Item<'de> {
        sender = b"sender",
        recipient = b"recipient",
        timestamp = b"timestamp",
        message = b"message",
        postback = b"postback",
        message_edit = b"message_edit",
        reaction = b"reaction",
        referral = b"referral",
        optin = b"optin",
        delivery = b"delivery",
        read = b"read",
        pass_thread_control = b"pass_thread_control",
        take_thread_control = b"take_thread_control",
        request_thread_control = b"request_thread_control",
        app_roles = b"app_roles",
        policy_enforcement = b"policy_enforcement",
        policy_enforcement_2 = b"policy-enforcement",
        account_linking = b"account_linking",
        field = b"field",
        recipient_id = b"recipient_id",
        // Companions of the above; never what an item is about.
        _lead = b"lead",
        _hop_context = b"hop_context",
        _prior_message = b"prior_message",
        ; other
    }
}

object! {
    /// `sender` or `recipient`.
    PartyFields<'de> {
        id = b"id",
    }
}

/// One side of a thread.
enum Party {
    /// Not named, or a plugin guest, who only has a `user_ref`.
    None,
    /// Named by something that cannot be part of a key.
    Bad,
    /// Named.
    Known(Psid),
}

fn party(field: Option<Raw<'_>>) -> Party {
    let Some(id) = field.and_then(Raw::object::<PartyFields<'_>>).and_then(|party| party.id) else {
        return Party::None;
    };
    match id.id().map(Psid::new) {
        Some(Ok(id)) => Party::Known(id),
        Some(Err(_)) | None => Party::Bad,
    }
}

/// Reads an item of `messaging` or `standby`, or a change that holds one (`field` is its name).
fn read_item(raw: Raw<'_>, context: &Context, lane: Lane, field: Option<&str>) -> Event {
    let Some(item) = raw.object::<Item<'_>>() else {
        return context.event(None, context.time, lane, unknown(field.unwrap_or("item")));
    };
    let at = item.timestamp.and_then(Raw::moment).unwrap_or(context.time);
    let sender = party(item.sender);
    let by_account = match (&sender, &context.account) {
        (Party::Known(sender), Some(account)) => sender.as_str() == account.as_str(),
        _ => false,
    };
    let kind = read_kind(raw, &item, by_account, field);

    let person = match &kind {
        EventKind::AppRoles { .. }
        | EventKind::PolicyEnforcement { .. }
        | EventKind::TemplateStatus => Party::None,
        EventKind::Echo(_) => party(item.recipient),
        _ if by_account => party(item.recipient),
        EventKind::Unknown { .. } | EventKind::Marketing(_) if item.recipient_id.is_some() => {
            match item.recipient_id.and_then(Raw::id).map(Psid::new) {
                Some(Ok(person)) => Party::Known(person),
                _ => Party::None,
            }
        }
        _ => sender,
    };
    match person {
        Party::Known(person) => context.event(Some(person), at, lane, kind),
        Party::None => context.event(None, at, lane, kind),
        Party::Bad => context.event(None, at, lane, unknown("bad_id")),
    }
}

/// What an item is about. A known key with an impossible value gives `Unknown` of that key.
fn read_kind(raw: Raw<'_>, item: &Item<'_>, by_account: bool, field: Option<&str>) -> EventKind {
    let own_field = item.field.and_then(Raw::text);
    let field = own_field.as_deref().or(field);
    // Meta's paid marketing messages: their envelope is not documented, and nothing in them is
    // ours to answer, whatever it looks like.
    if let Some(field) = field.filter(|field| field.starts_with("marketing_message")) {
        return marketing::read(field, raw).unwrap_or_else(|| unknown(field));
    }
    if field.is_some_and(|field| TEMPLATE_FIELDS.contains(&field)) {
        return EventKind::TemplateStatus;
    }
    let read: (&str, Option<EventKind>) = if let Some(raw) = item.message {
        ("message", messaging::message(raw, by_account))
    } else if let Some(raw) = item.postback {
        ("postback", messaging::postback(raw))
    } else if let Some(raw) = item.message_edit {
        ("message_edit", messaging::edit(raw))
    } else if let Some(raw) = item.reaction {
        ("reaction", messaging::reaction(raw))
    } else if let Some(raw) = item.optin {
        ("optin", optin::optin(raw))
    } else if let Some(raw) = item.referral {
        ("referral", messaging::referral(raw).map(EventKind::Referral))
    } else if let Some(raw) = item.delivery {
        ("delivery", messaging::delivery(raw))
    } else if let Some(raw) = item.read {
        ("read", messaging::read(raw))
    } else if let Some(raw) = item.pass_thread_control {
        ("pass_thread_control", page::thread_control(raw, ThreadAction::Pass))
    } else if let Some(raw) = item.take_thread_control {
        ("take_thread_control", page::thread_control(raw, ThreadAction::Take))
    } else if let Some(raw) = item.request_thread_control {
        ("request_thread_control", page::thread_control(raw, ThreadAction::Request))
    } else if let Some(raw) = item.app_roles {
        ("app_roles", page::app_roles(raw))
    } else if let Some(raw) = item.policy_enforcement.or(item.policy_enforcement_2) {
        ("policy_enforcement", page::policy_enforcement(raw))
    } else if let Some(raw) = item.account_linking {
        ("account_linking", page::account_linking(raw))
    } else {
        return match (field, &item.other) {
            (Some(field), _) => unknown(field),
            (None, Some(other)) => unknown(&other.text()),
            (None, None) => unknown("empty"),
        };
    };
    let (name, kind) = read;
    let Some(kind) = kind else { return unknown(field.unwrap_or(name)) };
    // Only people open windows, start forms and agree to things. Where the account itself is the
    // sender, the same shape means that the owner did it.
    let peoples = matches!(
        kind,
        EventKind::MessageEdit { .. }
            | EventKind::MessageDeleted { .. }
            | EventKind::Postback(_)
            | EventKind::Reaction { .. }
            | EventKind::Optin(_)
            | EventKind::Referral(_)
    );
    if by_account && peoples { unknown(&format!("own_{name}")) } else { kind }
}

/// An [`EventKind::Unknown`] whose kind is safe to count and to log: short, printable ASCII.
fn unknown(kind: &str) -> EventKind {
    let kind = if kind.is_empty() { "empty" } else { kind };
    let kind =
        kind.chars().take(MAX_KIND).map(|c| if c.is_ascii_graphic() { c } else { '_' }).collect();
    EventKind::Unknown { kind }
}
