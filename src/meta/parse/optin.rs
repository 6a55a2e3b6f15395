//! Consent: notifications on a topic, one-time notifications, and website plugins.

use super::super::event::{EventKind, NotificationOptin, Optin, OptinStatus};
use super::super::ids::NotificationToken;
use super::super::json::{Raw, object};
use super::unknown;

object! {
    OptinFields<'de> {
        kind = b"type",
        payload = b"payload",
        token = b"notification_messages_token",
        status = b"notification_messages_status",
        frequency = b"notification_messages_frequency",
        timezone = b"notification_messages_timezone",
        expires = b"token_expiry_timestamp",
        title = b"title",
        one_time_token = b"one_time_notif_token",
        ref_ = b"ref",
        user_ref = b"user_ref",
    }
}

/// An opt-in. A type or a status that is not known is never taken for consent.
pub(super) fn optin(raw: Raw<'_>) -> Option<EventKind> {
    let fields: OptinFields<'_> = raw.object()?;
    let text = |field: Option<Raw<'_>>| field.and_then(Raw::text);
    let token = |field: Option<Raw<'_>>| field.and_then(Raw::id).map(NotificationToken);
    let optin = match text(fields.kind).as_deref() {
        Some("notification_messages") => {
            let Some(status) = status(fields.status) else {
                return Some(unknown("optin_status"));
            };
            Optin::Notification(NotificationOptin {
                payload: text(fields.payload),
                token: token(fields.token),
                status,
                frequency: text(fields.frequency),
                timezone: text(fields.timezone),
                expires_at: fields.expires.and_then(Raw::moment),
                title: text(fields.title),
                ref_: text(fields.ref_),
            })
        }
        Some("one_time_notif_req") => {
            Optin::OneTime { payload: text(fields.payload), token: token(fields.one_time_token) }
        }
        None => {
            Optin::Plugin { ref_: text(fields.ref_), user_ref: fields.user_ref.and_then(Raw::id) }
        }
        Some(other) => return Some(unknown(&format!("optin_{other}"))),
    };
    Some(EventKind::Optin(optin))
}

/// Meta's reference has `STOP NOTIFICATIONS`, the wire `STOP_NOTIFICATIONS`. No status at all
/// means that the person agreed.
fn status(field: Option<Raw<'_>>) -> Option<OptinStatus> {
    let Some(field) = field else { return Some(OptinStatus::Granted) };
    let status = field.text()?.trim().to_ascii_uppercase().replace([' ', '-'], "_");
    match status.as_str() {
        "STOP_NOTIFICATIONS" => Some(OptinStatus::Stopped),
        "RESUME_NOTIFICATIONS" => Some(OptinStatus::Resumed),
        "" => Some(OptinStatus::Granted),
        _ => None,
    }
}
