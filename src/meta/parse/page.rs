//! The Page itself, who holds a thread, and linked accounts.

use super::super::event::{EventKind, ThreadAction, ThreadControl};
use super::super::ids::AppId;
use super::super::json::{Raw, object};

object! {
    ThreadFields<'de> {
        previous_owner = b"previous_owner_app_id",
        new_owner = b"new_owner_app_id",
        requested_owner = b"requested_owner_app_id",
        metadata = b"metadata",
    }
}

object! {
    PolicyFields<'de> {
        action = b"action",
        reason = b"reason",
    }
}

object! {
    LinkingFields<'de> {
        status = b"status",
        authorization_code = b"authorization_code",
    }
}

pub(super) fn thread_control(raw: Raw<'_>, action: ThreadAction) -> Option<EventKind> {
    let fields: ThreadFields<'_> = raw.object()?;
    let app = |field: Option<Raw<'_>>| field.and_then(Raw::id).map(AppId);
    Some(EventKind::ThreadControl(ThreadControl {
        action,
        previous_owner: app(fields.previous_owner),
        new_owner: app(fields.new_owner),
        requested_owner: app(fields.requested_owner),
        metadata: fields.metadata.and_then(Raw::text),
    }))
}

/// Roles by app, in the order of their ids: a redelivery may have another.
pub(super) fn app_roles(raw: Raw<'_>) -> Option<EventKind> {
    if !raw.is_object() {
        return None;
    }
    let mut roles: Vec<(AppId, Vec<String>)> = raw
        .pairs()
        .into_iter()
        .map(|(app, roles)| (AppId(app), roles.items().into_iter().filter_map(Raw::text).collect()))
        .collect();
    roles.sort();
    Some(EventKind::AppRoles { roles })
}

pub(super) fn policy_enforcement(raw: Raw<'_>) -> Option<EventKind> {
    let fields: PolicyFields<'_> = raw.object()?;
    Some(EventKind::PolicyEnforcement {
        action: fields.action.and_then(Raw::text)?,
        reason: fields.reason.and_then(Raw::text),
    })
}

pub(super) fn account_linking(raw: Raw<'_>) -> Option<EventKind> {
    let fields: LinkingFields<'_> = raw.object()?;
    let linked = match fields.status.and_then(Raw::text).as_deref() {
        Some("linked") => true,
        Some("unlinked") => false,
        _ => return None,
    };
    Some(EventKind::AccountLinking {
        linked,
        authorization_code: fields.authorization_code.and_then(Raw::text),
    })
}
