//! What a message may hold, by Meta's Send API and template references (2026). Lengths are
//! counted in UTF-16 units, the stricter reading; Instagram's text in bytes.

use serde_json::Value;

use super::super::Platform;
use super::GraphError;

/// "Must be UTF-8 and less than 2000 characters."
const TEXT: usize = 1_999;
const INSTAGRAM_TEXT_BYTES: usize = 1_000;
const QUICK_REPLIES: usize = 13;
const BUTTON_TITLE: usize = 20;
const PAYLOAD: usize = 1_000;
const METADATA: usize = 999;
const BUTTON_TEXT: usize = 640;
const BUTTONS: usize = 3;
const ELEMENTS: usize = 10;
const CARD_TEXT: usize = 80;
const OPT_IN_TITLE: usize = 65;

fn units(text: &str) -> usize {
    text.encode_utf16().count()
}

/// A text that must be there and fit.
fn text<'a>(of: &'a Value, key: &str, param: &str, limit: usize) -> Result<&'a str, GraphError> {
    let Some(text) = of.get(key).and_then(Value::as_str).filter(|t| !t.trim().is_empty()) else {
        return Err(GraphError::parameter(format!("The parameter {param} is required")));
    };
    if units(text) > limit {
        return Err(GraphError::too_long(param, limit));
    }
    Ok(text)
}

/// A text that must fit when it is there.
fn optional(of: &Value, key: &str, param: &str, limit: usize) -> Result<(), GraphError> {
    match of.get(key) {
        None | Some(Value::Null) => Ok(()),
        Some(Value::String(text)) if units(text) <= limit => Ok(()),
        Some(Value::String(_)) => Err(GraphError::too_long(param, limit)),
        Some(_) => Err(GraphError::parameter(format!("Param {param} must be a string"))),
    }
}

fn list<'a>(of: &'a Value, key: &str, param: &str, most: usize) -> Result<&'a [Value], GraphError> {
    match of.get(key) {
        None | Some(Value::Null) => Ok(&[]),
        Some(Value::Array(items)) if items.len() <= most => Ok(items),
        Some(Value::Array(_)) => {
            Err(GraphError::parameter(format!("Param {param} has too many elements.")))
        }
        Some(_) => Err(GraphError::parameter(format!("Param {param} must be an array."))),
    }
}

/// Checks a message.
pub(super) fn check(platform: Platform, message: &Value) -> Result<(), GraphError> {
    let contents = ["text", "attachment", "attachments", "template", "sticker_id"];
    let contents: Vec<&str> =
        contents.into_iter().filter(|k| message.get(*k).is_some_and(|v| !v.is_null())).collect();
    match contents.as_slice() {
        [] => {
            return Err(GraphError::parameter("Empty text").subcode(2_018_286));
        }
        ["text"] => check_text(platform, message)?,
        ["attachment"] => check_attachment(&message["attachment"])?,
        [_] => {}
        _ => {
            return Err(GraphError::parameter(
                "Param message must have exactly one of text, attachment, attachments",
            ));
        }
    }
    optional(message, "metadata", "message[metadata]", METADATA)?;
    let replies = list(message, "quick_replies", "message[quick_replies]", QUICK_REPLIES)?;
    for (i, reply) in replies.iter().enumerate() {
        let param = |key: &str| format!("message[quick_replies][{i}][{key}]");
        match reply["content_type"].as_str() {
            Some("text") => {
                text(reply, "title", &param("title"), BUTTON_TITLE)?;
                text(reply, "payload", &param("payload"), PAYLOAD)?;
            }
            Some("user_phone_number" | "user_email") => {}
            _ => {
                let what = format!(
                    "Param {} must be one of {{TEXT, USER_PHONE_NUMBER, USER_EMAIL}}",
                    param("content_type")
                );
                return Err(GraphError::parameter(what));
            }
        }
    }
    Ok(())
}

fn check_text(platform: Platform, message: &Value) -> Result<(), GraphError> {
    let limit = if platform == Platform::Instagram { INSTAGRAM_TEXT_BYTES } else { TEXT };
    let words = text(message, "text", "message[text]", usize::MAX)?;
    let length = if platform == Platform::Instagram { words.len() } else { units(words) };
    if length > limit {
        // Meta names the round number, which it does not allow itself.
        let named = if platform == Platform::Instagram { limit } else { limit.saturating_add(1) };
        return Err(GraphError::too_long("message[text]", named));
    }
    Ok(())
}

fn check_attachment(attachment: &Value) -> Result<(), GraphError> {
    let payload = &attachment["payload"];
    match attachment["type"].as_str() {
        Some("template") => check_template(payload),
        Some("image" | "audio" | "video" | "file") => {
            let id = payload.get("attachment_id").is_some();
            if id || payload["url"].as_str().is_some_and(is_link) {
                return Ok(());
            }
            Err(GraphError::parameter("Failed to fetch the file from the url").subcode(2_018_008))
        }
        _ => Err(GraphError::parameter(
            "Param message[attachment][type] must be one of {AUDIO, FILE, IMAGE, TEMPLATE, VIDEO}",
        )),
    }
}

fn check_template(payload: &Value) -> Result<(), GraphError> {
    let root = "message[attachment][payload]";
    match payload["template_type"].as_str() {
        Some("button") => {
            text(payload, "text", &format!("{root}[text]"), BUTTON_TEXT)?;
            check_buttons(payload, root, 1)
        }
        Some("generic") => {
            let param = format!("{root}[elements]");
            let elements = list(payload, "elements", &param, ELEMENTS)?;
            if elements.is_empty() {
                return Err(GraphError::parameter(format!("The parameter {param} is required")));
            }
            for (i, element) in elements.iter().enumerate() {
                check_element(element, &format!("{param}[{i}]"))?;
            }
            Ok(())
        }
        Some("notification_messages") => {
            let payload = opt_in_card(payload);
            optional(payload, "title", &format!("{root}[title]"), OPT_IN_TITLE)?;
            text(payload, "payload", &format!("{root}[payload]"), PAYLOAD)?;
            let cta = payload["notification_messages_cta_text"].as_str();
            let known = ["ALLOW", "GET", "GET_UPDATES", "OPT_IN", "SIGN_UP"];
            if cta.is_some_and(|cta| !known.contains(&cta)) {
                let param = format!("Param {root}[notification_messages_cta_text]");
                return Err(GraphError::parameter(format!("{param} must be one of {known:?}")));
            }
            Ok(())
        }
        Some("one_time_notif_req") => {
            text(payload, "title", &format!("{root}[title]"), OPT_IN_TITLE)?;
            text(payload, "payload", &format!("{root}[payload]"), PAYLOAD).map(|_| ())
        }
        Some("media" | "receipt" | "coupon" | "product" | "customer_feedback") => Ok(()),
        _ => Err(GraphError::parameter(format!("Param {root}[template_type] is not valid"))),
    }
}

/// What an opt-in request shows: on Instagram it stands in `elements` (Meta's opt-in reference,
/// 2026).
#[must_use]
pub fn opt_in_card(payload: &Value) -> &Value {
    payload.pointer("/elements/0").unwrap_or(payload)
}

fn check_element(element: &Value, param: &str) -> Result<(), GraphError> {
    text(element, "title", &format!("{param}[title]"), CARD_TEXT)?;
    optional(element, "subtitle", &format!("{param}[subtitle]"), CARD_TEXT)?;
    let extras = ["subtitle", "image_url", "default_action", "buttons"];
    if !extras.iter().any(|key| element.get(*key).is_some_and(|v| !v.is_null())) {
        return Err(GraphError::parameter(format!(
            "Incomplete element data: {param} must have at least one property beside title"
        )));
    }
    if element.get("image_url").is_some_and(|u| !u.as_str().is_some_and(is_link)) {
        return Err(GraphError::parameter(format!("Param {param}[image_url] must be a valid URL")));
    }
    check_buttons(element, param, 0)
}

fn check_buttons(of: &Value, param: &str, least: usize) -> Result<(), GraphError> {
    let param = format!("{param}[buttons]");
    let buttons = list(of, "buttons", &param, BUTTONS)?;
    if buttons.len() < least || of.get("buttons").is_some_and(|b| b == &Value::Array(vec![])) {
        return Err(GraphError::parameter(format!("The parameter {param} is required")));
    }
    for (i, button) in buttons.iter().enumerate() {
        let param = |key: &str| format!("{param}[{i}][{key}]");
        text(button, "title", &param("title"), BUTTON_TITLE)?;
        match button["type"].as_str() {
            Some("postback") => {
                text(button, "payload", &param("payload"), PAYLOAD)?;
            }
            Some("web_url") if button["url"].as_str().is_some_and(is_link) => {}
            Some("web_url") => {
                let what = format!("Param {} must be a valid URL", param("url"));
                return Err(GraphError::parameter(what));
            }
            Some("phone_number") => {
                if !text(button, "payload", &param("payload"), PAYLOAD)?.starts_with('+') {
                    let what = format!("Param {} must be a phone number", param("payload"));
                    return Err(GraphError::parameter(what));
                }
            }
            Some("account_link" | "account_unlink" | "game_play") => {}
            _ => {
                return Err(GraphError::parameter(format!(
                    "Param {} is not a valid button type",
                    param("type")
                )));
            }
        }
    }
    Ok(())
}

fn is_link(url: &str) -> bool {
    url.starts_with("https://") || url.starts_with("http://")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn ok(message: Value) -> bool {
        check(Platform::Messenger, &message).is_ok()
    }

    fn buttons(n: usize) -> Vec<Value> {
        (0..n)
            .map(|i| json!({"type": "postback", "title": format!("B{i}"), "payload": "x"}))
            .collect()
    }

    #[test]
    fn text_is_shorter_than_2000_units_or_1000_bytes_on_instagram() {
        assert!(ok(json!({"text": "a".repeat(1_999)})));
        assert!(!ok(json!({"text": "a".repeat(2_000)})));
        assert!(!ok(json!({"text": "🥐".repeat(1_000)})));
        assert!(!ok(json!({"text": " "})));
        assert!(!ok(json!({})));
        let instagram = |text: String| check(Platform::Instagram, &json!({"text": text})).is_ok();
        assert!(instagram("ą".repeat(500)));
        assert!(!instagram("ą".repeat(501)));
    }

    #[test]
    fn at_most_thirteen_quick_replies_of_twenty_characters() {
        let replies = |n: usize, title: usize| {
            let reply = json!({"content_type": "text", "title": "t".repeat(title), "payload": "p"});
            json!({"text": "?", "quick_replies": vec![reply; n]})
        };
        assert!(ok(replies(13, 20)));
        assert!(!ok(replies(14, 20)));
        assert!(!ok(replies(1, 21)));
        assert!(!ok(json!({"text": "?", "quick_replies": [{"title": "a", "payload": "p"}]})));
    }

    #[test]
    fn one_to_three_buttons_under_640_characters() {
        let template = |text: usize, n: usize| {
            json!({"attachment": {"type": "template", "payload": {"template_type": "button",
                "text": "t".repeat(text), "buttons": buttons(n)}}})
        };
        assert!(ok(template(640, 3)));
        assert!(!ok(template(641, 1)));
        assert!(!ok(template(1, 0)));
        assert!(!ok(template(1, 4)));
    }

    #[test]
    fn one_to_ten_cards_that_say_more_than_a_title() {
        let cards = |n: usize, card: Value| {
            json!({"attachment": {"type": "template", "payload": {"template_type": "generic",
                "elements": vec![card; n]}}})
        };
        assert!(ok(cards(10, json!({"title": "a", "subtitle": "b"}))));
        assert!(!ok(cards(11, json!({"title": "a", "subtitle": "b"}))));
        assert!(!ok(cards(0, json!({}))));
        assert!(!ok(cards(1, json!({"title": "a"}))));
        assert!(!ok(cards(1, json!({"title": "a".repeat(81), "subtitle": "b"}))));
        assert!(!ok(cards(1, json!({"title": "a", "subtitle": "b".repeat(81)}))));
        assert!(!ok(cards(1, json!({"title": "a", "buttons": buttons(4)}))));
    }

    #[test]
    fn an_opt_in_card_has_a_payload_and_a_short_title() {
        let card = |title: usize, payload: Value| {
            json!({"attachment": {"type": "template", "payload": {
                "template_type": "notification_messages", "title": "t".repeat(title),
                "payload": payload}}})
        };
        assert!(ok(card(65, json!("p"))));
        assert!(!ok(card(66, json!("p"))));
        let nested = |payload: Value| {
            json!({"attachment": {"type": "template", "payload": {
                "template_type": "notification_messages", "elements": [payload]}}})
        };
        assert!(ok(nested(json!({"title": "t", "payload": "p"}))));
        assert!(!ok(nested(json!({"title": "t"}))));
        assert!(!ok(card(10, Value::Null)));
    }
}
