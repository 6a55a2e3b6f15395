//! What Meta tells of paid marketing messages. The samples are flat objects with a `field`; their
//! envelope is not documented (Meta, Marketing Message API webhooks, 2026), so they are read
//! wherever they stand: as a change with or without a `value`, as an item, or as a whole body.

use super::super::event::{EventKind, MarketingNews, MarketingStep};
use super::super::ids::{Mid, NotificationToken};
use super::super::json::{Raw, object};

object! {
    NewsFields<'de> {
        mid = b"mid",
        tracking = b"marketing_message_tracking_id",
        token = b"messenger_subscription_token",
        campaign = b"message_id",
    }
}

/// Whether a field tells of a paid message, and how far it came.
pub(super) fn step(field: &str) -> Option<MarketingStep> {
    match field {
        "marketing_message_echoes" => Some(MarketingStep::Echoed),
        "marketing_message_deliveries" => Some(MarketingStep::Delivered),
        "marketing_message_reads" => Some(MarketingStep::Read),
        "marketing_message_clicks" => Some(MarketingStep::Clicked),
        "marketing_message_delivery_failed" => Some(MarketingStep::Failed),
        _ => None,
    }
}

/// Reads one. `None` when the field tells of something else.
pub(super) fn read(field: &str, raw: Raw<'_>) -> Option<EventKind> {
    let step = step(field)?;
    let fields: NewsFields<'_> = raw.object().unwrap_or_default();
    Some(EventKind::Marketing(MarketingNews {
        step,
        tracking: fields.tracking.and_then(Raw::id),
        mid: fields.mid.and_then(Raw::id).map(Mid),
        token: fields.token.and_then(Raw::id).map(NotificationToken),
        campaign: fields.campaign.and_then(Raw::id),
    }))
}
