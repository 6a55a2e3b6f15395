//! Webhook events, built by hand as Meta writes them.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::world::{Person, Platform, World};

/// In which list of an entry an event stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Slot {
    Messaging,
    Standby,
    Changes,
}

impl Slot {
    fn key(self) -> &'static str {
        match self {
            Self::Messaging => "messaging",
            Self::Standby => "standby",
            Self::Changes => "changes",
        }
    }
}

/// One event, not yet in an envelope.
#[derive(Clone, Debug)]
pub(super) struct Event {
    /// The Page or Instagram account it is about.
    pub account: String,
    pub platform: Platform,
    /// The Page field one has to be subscribed to.
    pub field: &'static str,
    pub slot: Slot,
    pub value: Value,
}

impl Event {
    /// Something a person did: `{"sender", "recipient", "timestamp", kind: what}`.
    pub(super) fn from_person(
        world: &World,
        person: &Person,
        field: &'static str,
        at: i64,
        kind: &str,
        what: Value,
    ) -> Self {
        let account = account_of(world, person);
        let mut value = json!({
            "sender": {"id": person.id},
            "recipient": {"id": account},
            "timestamp": at,
        });
        put(&mut value, kind, what);
        Self { account, platform: person.platform, field, slot: slot_of(person), value }
    }

    /// Something the Page said: an echo.
    pub(super) fn echo(world: &World, person: &Person, at: i64, message: Value) -> Self {
        let account = account_of(world, person);
        let value = json!({
            "sender": {"id": account},
            "recipient": {"id": person.id},
            "timestamp": at,
            "message": message,
        });
        Self {
            account,
            platform: person.platform,
            field: "message_echoes",
            slot: Slot::Messaging,
            value,
        }
    }

    /// A person's comment. Who wrote it is no id of the thread's: Meta gives the commenter another.
    pub(super) fn comment(world: &World, person: &Person, at: i64, written: &Written<'_>) -> Self {
        let who = (commenter(&person.id), person.name.as_str());
        Self::comment_by(world, person, at, who, written)
    }

    /// A comment of the Page's own, under the same posts.
    pub(super) fn own_comment(
        world: &World,
        person: &Person,
        at: i64,
        written: &Written<'_>,
    ) -> Self {
        let who = (account_of(world, person), "The Page");
        Self::comment_by(world, person, at, who, written)
    }

    fn comment_by(
        world: &World,
        person: &Person,
        at: i64,
        (from, name): (String, &str),
        written: &Written<'_>,
    ) -> Self {
        let account = account_of(world, person);
        let Written { id, post, parent, verb, text } = written;
        let value = match person.platform {
            Platform::Messenger => json!({"field": "feed", "value": {
                "item": "comment", "verb": verb, "comment_id": id, "post_id": post,
                "parent_id": parent.unwrap_or(post), "from": {"id": from, "name": name},
                "created_time": at / 1000, "message": text,
            }}),
            Platform::Instagram => {
                let mut value = json!({
                    "id": id, "from": {"id": from, "username": handle(name)},
                    "text": text, "media": {"id": post, "media_product_type": "FEED"},
                });
                if let Some(parent) = parent {
                    put(&mut value, "parent_id", json!(parent));
                }
                json!({"field": "comments", "value": value})
            }
        };
        let platform = person.platform;
        Self { account, platform, field: "feed", slot: Slot::Changes, value }
    }

    /// In a few words, for the log.
    pub(super) fn what(&self) -> String {
        if self.slot == Slot::Changes && self.field != "feed" {
            return self.field.to_owned();
        }
        if self.slot == Slot::Changes {
            return "comment".to_owned();
        }
        let has = |path: &str| self.value.pointer(path).is_some();
        let what = if has("/message/is_echo") {
            "echo"
        } else if has("/message/is_deleted") {
            "unsend"
        } else if has("/message/quick_reply") {
            "quick reply"
        } else if has("/message/attachments") {
            "attachment"
        } else if has("/message") {
            "message"
        } else if has("/postback/referral") {
            "postback with referral"
        } else {
            ["postback", "referral", "optin", "reaction", "read", "delivery", "message_edit"]
                .into_iter()
                .find(|kind| self.value.get(*kind).is_some())
                .unwrap_or("event")
        };
        if self.slot == Slot::Standby { format!("{what} (standby)") } else { what.to_owned() }
    }
}

/// One body per kind of object, holding these events: an entry for each event, or, with
/// `one_entry`, an entry for each account and list.
pub(super) fn envelopes(events: &[Event], one_entry: bool, now: i64) -> Vec<Value> {
    let mut bodies = Vec::new();
    for (platform, object) in [(Platform::Messenger, "page"), (Platform::Instagram, "instagram")] {
        let of_kind: Vec<&Event> = events.iter().filter(|e| e.platform == platform).collect();
        let mut entries: Vec<Value> = Vec::new();
        if one_entry {
            let groups: BTreeSet<(&str, &str)> =
                of_kind.iter().map(|e| (e.account.as_str(), e.slot.key())).collect();
            for (account, key) in groups {
                let items: Vec<&Value> = of_kind
                    .iter()
                    .filter(|e| e.account == account && e.slot.key() == key)
                    .map(|e| &e.value)
                    .collect();
                entries.push(json!({"id": account, "time": now, key: items}));
            }
        } else {
            for event in of_kind {
                let key = event.slot.key();
                entries.push(json!({"id": event.account, "time": now, key: [event.value]}));
            }
        }
        if !entries.is_empty() {
            bodies.push(json!({"object": object, "entry": entries}));
        }
    }
    bodies
}

/// The id webhooks name as ours: the Page's, or its Instagram account's.
pub(super) fn account_of(world: &World, person: &Person) -> String {
    let page = world.pages.iter().find(|p| p.about.id == person.page);
    let instagram = page.and_then(|p| p.about.instagram_id.clone());
    match person.platform {
        Platform::Instagram => instagram.unwrap_or_else(|| person.page.clone()),
        Platform::Messenger => person.page.clone(),
    }
}

/// While another app owns the thread, our app only listens.
fn slot_of(person: &Person) -> Slot {
    if person.owner.is_some() { Slot::Standby } else { Slot::Messaging }
}

/// A comment as it is told.
pub(super) struct Written<'a> {
    pub id: &'a str,
    pub post: &'a str,
    /// The comment it answers.
    pub parent: Option<&'a str>,
    pub verb: &'a str,
    pub text: &'a str,
}

/// Who a person is beside their comments: another id than in the thread.
fn commenter(person: &str) -> String {
    let reversed: String = person.chars().rev().collect();
    format!("9{reversed}")
}

/// A user name that could belong to this name.
fn handle(name: &str) -> String {
    name.to_lowercase().split_whitespace().collect::<Vec<_>>().join(".")
}

/// Sets a key of an object; anything else stays as it is.
pub(super) fn put(object: &mut Value, key: &str, value: Value) {
    if let Some(map) = object.as_object_mut() {
        map.insert(key.to_owned(), value);
    }
}
