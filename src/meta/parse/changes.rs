//! `changes`: comments, the feed, and messages as the dashboard's test button sends them.

use super::super::event::{Comment, Event, EventKind, Lane};
use super::super::json::{Raw, object};
use super::{Context, read_item, unknown};

object! {
    ChangeFields<'de> {
        field = b"field",
        value = b"value",
    }
}

object! {
    ValueFields<'de> {
        item = b"item",
        verb = b"verb",
        id = b"id",
        comment_id = b"comment_id",
        post_id = b"post_id",
        parent_id = b"parent_id",
        media = b"media",
        from = b"from",
        created_time = b"created_time",
        timestamp = b"timestamp",
        message = b"message",
        text = b"text",
    }
}

object! {
    Named<'de> {
        id = b"id",
    }
}

/// Reads one change.
pub(super) fn read(raw: Raw<'_>, context: &Context) -> Event {
    let change: ChangeFields<'_> = raw.object().unwrap_or_default();
    // Meta prints its marketing messages flat: what should be the value stands beside the field.
    read_field(change.field, change.value.or(Some(raw)), context)
}

/// Reads the field and the value of a change.
pub(super) fn read_field(
    field: Option<Raw<'_>>,
    value: Option<Raw<'_>>,
    context: &Context,
) -> Event {
    let Some(field) = field.and_then(Raw::text) else {
        return context.event(None, context.time, Lane::Changes, unknown("change"));
    };
    match (field.as_str(), value) {
        ("feed" | "comments" | "live_comments", Some(value)) => {
            let fields: ValueFields<'_> = value.object().unwrap_or_default();
            let at = fields.created_time.or(fields.timestamp).and_then(Raw::moment);
            let kind = match field.as_str() {
                "feed" => feed(&fields),
                name => instagram_comment(&fields, name == "live_comments"),
            };
            // Comments are no conversation: who wrote one is in the comment.
            let kind = kind.unwrap_or_else(|| unknown(&field));
            context.event(None, at.unwrap_or(context.time), Lane::Changes, kind)
        }
        ("standby", Some(value)) => read_item(value, context, Lane::Standby, Some("standby")),
        // `messages`, `messaging_postbacks`, `message_reactions`, …: the value is an item.
        (name, Some(value)) => read_item(value, context, Lane::Changes, Some(name)),
        (name, None) => context.event(None, context.time, Lane::Changes, unknown(name)),
    }
}

fn id(field: Option<Raw<'_>>) -> Option<String> {
    field.and_then(Raw::id)
}

fn id_of(field: Option<Raw<'_>>) -> Option<String> {
    field.and_then(Raw::object::<Named<'_>>).and_then(|named| id(named.id))
}

fn feed(fields: &ValueFields<'_>) -> Option<EventKind> {
    let item = fields.item.and_then(Raw::text)?;
    let verb = fields.verb.and_then(Raw::text)?;
    if item != "comment" {
        return Some(EventKind::FeedChange { item, verb, post_id: id(fields.post_id) });
    }
    let post_id = id(fields.post_id);
    // Facebook names the post as the parent of a comment that answers none, with or without the
    // Page's id before it.
    let is_post = |parent: &String| {
        post_id.as_ref().is_some_and(|post| {
            post == parent || post.split_once('_').is_some_and(|(_, bare)| bare == parent)
        })
    };
    let parent_id = id(fields.parent_id).filter(|parent| !is_post(parent));
    Some(EventKind::Comment(Comment {
        id: id(fields.comment_id)?,
        post_id,
        parent_id,
        from: id_of(fields.from),
        verb,
        text: fields.message.and_then(Raw::text),
        live: false,
    }))
}

fn instagram_comment(fields: &ValueFields<'_>, live: bool) -> Option<EventKind> {
    Some(EventKind::Comment(Comment {
        id: id(fields.id)?,
        post_id: id_of(fields.media),
        parent_id: id(fields.parent_id),
        from: id_of(fields.from),
        verb: fields.verb.and_then(Raw::text).unwrap_or_else(|| "add".to_owned()),
        text: fields.text.and_then(Raw::text),
        live,
    }))
}
