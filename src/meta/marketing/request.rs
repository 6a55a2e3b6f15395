//! What is asked of the Marketing Message API (Meta, "Marketing Message API for Messenger", 30 June
//! 2026).

use serde_json::json;

use crate::meta::event::Channel;
use crate::meta::ids::{NotificationToken, PageId};
use crate::meta::json::{Raw, object};
use crate::meta::send::{self, Content};

/// The path of an ad account's messages.
#[must_use]
pub fn messages_path(ad_account: &str) -> String {
    format!("act_{ad_account}/messages")
}

/// The path of an ad account's campaigns.
#[must_use]
pub fn campaigns_path(ad_account: &str) -> String {
    format!("act_{ad_account}/message_campaign")
}

/// The body that makes a campaign. `daily_budget` is in the currency's smallest unit at Meta.
#[must_use]
pub fn campaign(name: &str, page: &PageId, daily_budget: i64) -> String {
    json!({ "name": name, "page_id": page, "daily_budget": daily_budget }).to_string()
}

/// The body that sends a message. Meta takes no metadata here and tells of it by the tracking id
/// that it answers.
#[must_use]
pub fn message(campaign: &str, token: &NotificationToken, content: &Content) -> String {
    json!({
        "message_id": campaign,
        "messenger_delivery_data": { "subscription_token": token },
        "message": send::message(content, Channel::Messenger),
    })
    .to_string()
}

object! {
    Made<'de> {
        id = b"id",
    }
}

/// The id of the campaign that an answer says was made.
#[must_use]
pub fn campaign_made(answer: &str) -> Option<String> {
    let made: Made<'_> = serde_json::from_str(answer).ok()?;
    made.id.and_then(Raw::id).filter(|id| !id.is_empty())
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn bodies_are_as_meta_prints_them() {
        let token = NotificationToken("subscription".to_owned());
        let content = Content::Text { text: "hello".to_owned(), quick_replies: Vec::new() };
        let body: Value = serde_json::from_str(&message("77", &token, &content)).unwrap();
        assert_eq!(
            body,
            json!({
                "message_id": "77",
                "messenger_delivery_data": { "subscription_token": "subscription" },
                "message": { "text": "hello" },
            })
        );
        let page = PageId::new("1").unwrap();
        let body: Value = serde_json::from_str(&campaign("shopbell", &page, 500)).unwrap();
        assert_eq!(body, json!({ "name": "shopbell", "page_id": "1", "daily_budget": 500 }));
    }

    #[test]
    fn a_campaigns_id_may_be_text_or_a_number() {
        assert_eq!(campaign_made(r#"{"id":"12"}"#).as_deref(), Some("12"));
        assert_eq!(campaign_made(r#"{"id":12,"warning":"x"}"#).as_deref(), Some("12"));
        assert_eq!(campaign_made(r#"{"success":true}"#), None);
    }
}
