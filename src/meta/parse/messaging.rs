//! What people and Pages do in a thread: messages and echoes, taps, links, reactions, receipts.

use super::super::event::{
    AdContext, Attachment, AttachmentKind, Echo, EventKind, Message, Postback, Referral, ReplyTo,
};
use super::super::ids::{AppId, Mid};
use super::super::json::{Raw, object};
use super::super::limits::ATTACHMENTS;
use super::MAX_KIND;

object! {
    MessageFields<'de> {
        mid = b"mid",
        text = b"text",
        quick_reply = b"quick_reply",
        reply_to = b"reply_to",
        attachments = b"attachments",
        referral = b"referral",
        sticker_id = b"sticker_id",
        is_echo = b"is_echo",
        is_deleted = b"is_deleted",
        is_unsupported = b"is_unsupported",
        app_id = b"app_id",
        metadata = b"metadata",
    }
}

object! {
    QuickReplyFields<'de> {
        payload = b"payload",
    }
}

object! {
    ReplyToFields<'de> {
        mid = b"mid",
        story = b"story",
    }
}

object! {
    AttachmentFields<'de> {
        kind = b"type",
        payload = b"payload",
        url = b"url",
    }
}

object! {
    /// A payload, a story, a product: things with an id or an address.
    Thing<'de> {
        id = b"id",
        url = b"url",
        sticker_id = b"sticker_id",
    }
}

object! {
    PostbackFields<'de> {
        mid = b"mid",
        title = b"title",
        payload = b"payload",
        referral = b"referral",
    }
}

object! {
    ReferralFields<'de> {
        ref_ = b"ref",
        source = b"source",
        kind = b"type",
        ad_id = b"ad_id",
        product = b"product",
        context = b"ads_context_data",
    }
}

object! {
    AdFields<'de> {
        title = b"ad_title",
        photo_url = b"photo_url",
        video_url = b"video_url",
        post_id = b"post_id",
        product_id = b"product_id",
    }
}

object! {
    EditFields<'de> {
        mid = b"mid",
        text = b"text",
        num_edit = b"num_edit",
    }
}

object! {
    ReactionFields<'de> {
        mid = b"mid",
        action = b"action",
        reaction = b"reaction",
        emoji = b"emoji",
    }
}

object! {
    ReceiptFields<'de> {
        mid = b"mid",
        mids = b"mids",
        watermark = b"watermark",
    }
}

fn mid(field: Option<Raw<'_>>) -> Option<Mid> {
    field.and_then(Raw::id).map(Mid)
}

fn text(field: Option<Raw<'_>>) -> Option<String> {
    field.and_then(Raw::text)
}

/// A message, an echo, or the trace of a deleted message. What the account itself sent is an echo,
/// marked as one or not: nothing of our own may ever be answered.
pub(super) fn message(raw: Raw<'_>, by_account: bool) -> Option<EventKind> {
    let fields: MessageFields<'_> = raw.object()?;
    if fields.is_deleted.is_some_and(Raw::truthy) {
        return mid(fields.mid).map(|mid| EventKind::MessageDeleted { mid });
    }
    if by_account || fields.is_echo.is_some_and(Raw::truthy) {
        return Some(EventKind::Echo(Echo {
            mid: mid(fields.mid),
            app_id: fields.app_id.and_then(Raw::id).map(AppId),
            metadata: text(fields.metadata),
            text: text(fields.text),
        }));
    }
    Some(EventKind::Message(Message {
        mid: mid(fields.mid),
        text: text(fields.text),
        quick_reply: fields
            .quick_reply
            .and_then(Raw::object::<QuickReplyFields<'_>>)
            .and_then(|quick_reply| text(quick_reply.payload)),
        reply_to: fields.reply_to.and_then(reply_to),
        attachments: attachments(fields.attachments, fields.sticker_id),
        referral: fields.referral.and_then(referral),
        unsupported: fields.is_unsupported.is_some_and(Raw::truthy),
    }))
}

fn reply_to(raw: Raw<'_>) -> Option<ReplyTo> {
    let fields: ReplyToFields<'_> = raw.object()?;
    if let Some(mid) = mid(fields.mid) {
        return Some(ReplyTo::Message(mid));
    }
    let story: Thing<'_> = fields.story?.object()?;
    story.id.and_then(Raw::id).or_else(|| text(story.url)).map(ReplyTo::Story)
}

/// Attachments, and the three shapes a sticker has had: `type: "sticker"` (only this one since
/// 30 August 2026), `type: "image"` with a sticker id in its payload, and a sticker id beside the
/// attachments (Messenger Platform changelog).
fn attachments(list: Option<Raw<'_>>, sticker_id: Option<Raw<'_>>) -> Vec<Attachment> {
    let mut attachments: Vec<Attachment> = list
        .map(Raw::items)
        .unwrap_or_default()
        .into_iter()
        .take(ATTACHMENTS)
        .map(attachment)
        .collect();
    let Some(sticker_id) = sticker_id.and_then(Raw::id) else { return attachments };
    if attachments.iter().any(|a| a.kind == AttachmentKind::Sticker) {
        return attachments;
    }
    match attachments.iter_mut().find(|a| a.kind == AttachmentKind::Image) {
        Some(image) => {
            image.kind = AttachmentKind::Sticker;
            image.sticker_id = Some(sticker_id);
        }
        None => attachments.push(Attachment {
            kind: AttachmentKind::Sticker,
            url: None,
            sticker_id: Some(sticker_id),
        }),
    }
    attachments
}

fn attachment(raw: Raw<'_>) -> Attachment {
    let fields: AttachmentFields<'_> = raw.object().unwrap_or_default();
    let payload: Thing<'_> = fields.payload.and_then(Raw::object).unwrap_or_default();
    let sticker_id = payload.sticker_id.and_then(Raw::id);
    let kind = match text(fields.kind).as_deref() {
        Some("image") if sticker_id.is_some() => AttachmentKind::Sticker,
        Some("image") => AttachmentKind::Image,
        Some("audio") => AttachmentKind::Audio,
        Some("video") => AttachmentKind::Video,
        Some("file") => AttachmentKind::File,
        Some("sticker") => AttachmentKind::Sticker,
        Some("reel" | "ig_reel") => AttachmentKind::Reel,
        Some("post" | "ig_post" | "share") => AttachmentKind::Post,
        Some("appointment_booking") => AttachmentKind::AppointmentBooking,
        Some("fallback") => AttachmentKind::Fallback,
        Some("template") => AttachmentKind::Template,
        Some("location") => AttachmentKind::Location,
        Some("story_mention") => AttachmentKind::StoryMention,
        Some("ephemeral") => AttachmentKind::Ephemeral,
        Some("like_heart") => AttachmentKind::LikeHeart,
        Some(other) => AttachmentKind::Other(other.chars().take(MAX_KIND).collect()),
        None => AttachmentKind::Other(String::new()),
    };
    Attachment { kind, url: text(payload.url).or_else(|| text(fields.url)), sticker_id }
}

pub(super) fn postback(raw: Raw<'_>) -> Option<EventKind> {
    let fields: PostbackFields<'_> = raw.object()?;
    Some(EventKind::Postback(Postback {
        mid: mid(fields.mid),
        title: text(fields.title),
        payload: text(fields.payload),
        referral: fields.referral.and_then(referral),
    }))
}

pub(super) fn referral(raw: Raw<'_>) -> Option<Referral> {
    let fields: ReferralFields<'_> = raw.object()?;
    Some(Referral {
        ref_: text(fields.ref_),
        source: text(fields.source),
        kind: text(fields.kind),
        ad_id: fields.ad_id.and_then(Raw::id),
        product_id: fields
            .product
            .and_then(Raw::object::<Thing<'_>>)
            .and_then(|product| product.id)
            .and_then(Raw::id),
        ad: fields.context.and_then(Raw::object::<AdFields<'_>>).map(|ad| {
            Box::new(AdContext {
                title: text(ad.title),
                photo_url: text(ad.photo_url),
                video_url: text(ad.video_url),
                post_id: ad.post_id.and_then(Raw::id),
                product_id: ad.product_id.and_then(Raw::id),
            })
        }),
    })
}

pub(super) fn edit(raw: Raw<'_>) -> Option<EventKind> {
    let fields: EditFields<'_> = raw.object()?;
    Some(EventKind::MessageEdit {
        mid: mid(fields.mid)?,
        text: text(fields.text),
        num_edit: fields.num_edit.and_then(Raw::count).unwrap_or(1),
    })
}

pub(super) fn reaction(raw: Raw<'_>) -> Option<EventKind> {
    let fields: ReactionFields<'_> = raw.object()?;
    let added = match text(fields.action).as_deref() {
        Some("react") => true,
        Some("unreact") => false,
        _ => return None,
    };
    Some(EventKind::Reaction {
        mid: mid(fields.mid),
        added,
        reaction: text(fields.reaction),
        emoji: text(fields.emoji),
    })
}

pub(super) fn delivery(raw: Raw<'_>) -> Option<EventKind> {
    let fields: ReceiptFields<'_> = raw.object()?;
    let mids = fields.mids.map(Raw::items).unwrap_or_default();
    Some(EventKind::Delivery {
        mids: mids.into_iter().filter_map(|mid| mid.id().map(Mid)).collect(),
        watermark: fields.watermark.and_then(Raw::moment),
    })
}

pub(super) fn read(raw: Raw<'_>) -> Option<EventKind> {
    let fields: ReceiptFields<'_> = raw.object()?;
    Some(EventKind::Read {
        watermark: fields.watermark.and_then(Raw::moment),
        mid: mid(fields.mid),
    })
}
