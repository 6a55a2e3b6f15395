//! What leaves: message contents, and the bodies the Send API takes.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::event::Channel;
use super::ids::{NotificationToken, Psid};
use super::limits;
use super::template::{Filled, body as template_body};

/// One bubble, before it is addressed to anybody. This is what the outbox keeps; who gets it,
/// and by which token, is decided when the row is claimed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Content {
    /// Text, with quick replies under it (at most 13).
    Text {
        /// What it says.
        text: String,
        /// Taps offered with it.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        quick_replies: Vec<QuickReply>,
    },
    /// Text with one to three buttons.
    Buttons {
        /// At most 640 characters.
        text: String,
        /// One to three.
        buttons: Vec<Button>,
    },
    /// One card, or several side by side (at most ten).
    Cards {
        /// One to ten.
        cards: Vec<Card>,
    },
    /// A picture.
    Image {
        /// Where Meta fetches it: https, at most 8 MB.
        url: String,
    },
    /// The card that asks for consent to a topic.
    OptIn(OptInRequest),
    /// A utility template with its places filled; Messenger only.
    Template(Filled),
}

/// A quick reply: shown under the newest bubble, gone after a tap.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuickReply {
    /// At most 20 characters.
    pub title: String,
    /// At most 1,000 characters; comes back with the tap.
    pub payload: String,
}

/// A button under a text or a card. The title has at most 20 characters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Button {
    /// Opens a page.
    WebUrl {
        /// What it says.
        title: String,
        /// Where it leads, https.
        url: String,
    },
    /// Comes back to us as a postback.
    Postback {
        /// What it says.
        title: String,
        /// At most 1,000 characters.
        payload: String,
    },
    /// Calls a number.
    PhoneNumber {
        /// What it says.
        title: String,
        /// International form: `+37060000000`.
        number: String,
    },
}

/// A card of the generic template.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Card {
    /// At most 80 characters.
    pub title: String,
    /// At most 80 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subtitle: Option<String>,
    /// Its picture, https.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_url: Option<String>,
    /// At most three.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub buttons: Vec<Button>,
}

/// The `notification_messages` template.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OptInRequest {
    /// At most 65 characters. People see it, and Meta allows one request per title and week.
    pub title: String,
    /// Its picture, https.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_url: Option<String>,
    /// Comes back in the opt-in webhook.
    pub payload: String,
    /// The shop's IANA time zone.
    pub timezone: String,
}

/// To whom a message goes.
#[derive(Clone, Copy, Debug)]
pub enum Recipient<'a> {
    /// A person, inside the standard messaging window.
    Person(&'a Psid),
    /// Whoever gave this notification token. Meta's legacy recurring notifications; paid marketing
    /// messages go through another endpoint.
    Token(&'a NotificationToken),
    /// Whoever wrote this comment: one message for each, within seven days (Meta, "Private
    /// replies", 16 April 2026). The answer says who it is.
    Comment(&'a str),
}

/// Why a message is sent, as Meta sorts it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MessagingType {
    /// In answer to a message.
    Response,
    /// By ourselves, inside the window.
    Update,
    /// A utility template, also outside the window.
    Utility,
}

/// What the person sees happening.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SenderAction {
    /// The three dots, for about twenty seconds.
    TypingOn,
    /// The dots end.
    TypingOff,
    /// Their last message shows as seen.
    MarkSeen,
}

/// The body of `POST /{version}/{page}/messages` for one bubble (Meta, "Send API", v26.0,
/// July 2026).
///
/// `metadata` comes back in the echo and in nothing else; longer than Meta takes, it is left out.
/// For a token there is no `messaging_type` (Meta, "Marketing messages", June 2026). The content
/// is taken as it is: [`super::fit::fit`] makes it obey the limits.
#[must_use]
pub fn body(
    recipient: Recipient<'_>,
    messaging_type: MessagingType,
    content: &Content,
    metadata: Option<&str>,
    channel: Channel,
) -> String {
    let mut message = message(content, channel);
    if let Some(metadata) = metadata.filter(|metadata| limits::units(metadata) <= limits::METADATA)
        && let Value::Object(fields) = &mut message
    {
        fields.insert("metadata".to_owned(), json!(metadata));
    }
    match recipient {
        Recipient::Person(person) => json!({
            "recipient": { "id": person },
            "messaging_type": match messaging_type {
                MessagingType::Response => "RESPONSE",
                MessagingType::Update => "UPDATE",
                MessagingType::Utility => "UTILITY",
            },
            "message": message,
        }),
        Recipient::Token(token) => json!({
            "recipient": { "notification_messages_token": token },
            "message": message,
        }),
        Recipient::Comment(comment) => json!({
            "recipient": { "comment_id": comment },
            "message": message,
        }),
    }
    .to_string()
}

/// The body of a public answer under a comment: `POST /{version}/{comment}/comments` on Facebook,
/// `…/replies` on Instagram (Meta, Graph API reference, 2026).
#[must_use]
pub fn public_reply(text: &str) -> String {
    json!({ "message": text }).to_string()
}

/// The edge of a comment that takes public answers.
#[must_use]
pub const fn public_edge(channel: Channel) -> &'static str {
    match channel {
        Channel::Messenger => "comments",
        Channel::Instagram => "replies",
    }
}

/// The body that shows typing or marks as seen. It goes by itself: Meta takes no message beside
/// it.
#[must_use]
pub fn sender_action(person: &Psid, action: SenderAction) -> String {
    json!({ "recipient": { "id": person }, "sender_action": action }).to_string()
}

/// The `message` of a body.
pub(in crate::meta) fn message(content: &Content, channel: Channel) -> Value {
    match content {
        Content::Text { text, quick_replies } if quick_replies.is_empty() => {
            json!({ "text": text })
        }
        Content::Text { text, quick_replies } => json!({
            "text": text,
            "quick_replies": quick_replies
                .iter()
                .map(|reply| json!({
                    "content_type": "text",
                    "title": reply.title,
                    "payload": reply.payload,
                }))
                .collect::<Vec<_>>(),
        }),
        Content::Buttons { text, buttons } => template(json!({
            "template_type": "button",
            "text": text,
            "buttons": buttons.iter().map(button).collect::<Vec<_>>(),
        })),
        Content::Cards { cards } => template(json!({
            "template_type": "generic",
            "elements": cards.iter().map(card).collect::<Vec<_>>(),
        })),
        Content::Image { url } => {
            json!({ "attachment": { "type": "image", "payload": { "url": url } } })
        }
        Content::OptIn(request) => template(opt_in(request, channel)),
        Content::Template(filled) => json!({ "template": template_body(filled) }),
    }
}

fn template(payload: Value) -> Value {
    json!({ "attachment": { "type": "template", "payload": payload } })
}

fn button(button: &Button) -> Value {
    match button {
        Button::WebUrl { title, url } => json!({ "type": "web_url", "title": title, "url": url }),
        Button::Postback { title, payload } => {
            json!({ "type": "postback", "title": title, "payload": payload })
        }
        Button::PhoneNumber { title, number } => {
            json!({ "type": "phone_number", "title": title, "payload": number })
        }
    }
}

fn card(card: &Card) -> Value {
    let mut fields = Map::new();
    fields.insert("title".to_owned(), json!(card.title));
    if let Some(subtitle) = &card.subtitle {
        fields.insert("subtitle".to_owned(), json!(subtitle));
    }
    if let Some(image_url) = &card.image_url {
        fields.insert("image_url".to_owned(), json!(image_url));
    }
    if !card.buttons.is_empty() {
        fields.insert("buttons".to_owned(), card.buttons.iter().map(button).collect());
    }
    Value::Object(fields)
}

/// The `notification_messages` template. Without a title Meta writes "Updates and promotions". On
/// Instagram what is asked stands in a list of its own, `elements` (Meta, "Marketing messages",
/// June 2026).
fn opt_in(request: &OptInRequest, channel: Channel) -> Value {
    let mut fields = Map::new();
    if !request.title.is_empty() {
        fields.insert("title".to_owned(), json!(request.title));
    }
    if let Some(image_url) = &request.image_url {
        fields.insert("image_url".to_owned(), json!(image_url));
    }
    fields.insert("payload".to_owned(), json!(request.payload));
    fields.insert("notification_messages_timezone".to_owned(), json!(request.timezone));
    match channel {
        Channel::Messenger => {
            fields.insert("template_type".to_owned(), json!("notification_messages"));
            Value::Object(fields)
        }
        Channel::Instagram => json!({
            "template_type": "notification_messages",
            "elements": [fields],
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person() -> Psid {
        Psid::new("24").unwrap()
    }

    fn sent(content: &Content, channel: Channel) -> Value {
        let person = person();
        let body =
            body(Recipient::Person(&person), MessagingType::Response, content, None, channel);
        serde_json::from_str(&body).unwrap()
    }

    fn response(message: Value) -> Value {
        json!({ "recipient": { "id": "24" }, "messaging_type": "RESPONSE", "message": message })
    }

    #[test]
    fn text_goes_with_its_quick_replies() {
        let plain = Content::Text { text: "hello".into(), quick_replies: vec![] };
        assert_eq!(sent(&plain, Channel::Messenger), response(json!({ "text": "hello" })));
        let replies = Content::Text {
            text: "hello".into(),
            quick_replies: vec![QuickReply { title: "Hours".into(), payload: "faq:hours".into() }],
        };
        let expected = response(json!({
            "text": "hello",
            "quick_replies": [
                { "content_type": "text", "title": "Hours", "payload": "faq:hours" }
            ],
        }));
        assert_eq!(sent(&replies, Channel::Messenger), expected);
        assert_eq!(sent(&replies, Channel::Instagram), expected);
    }

    #[test]
    fn buttons_cards_and_pictures_are_attachments() {
        let buttons = vec![
            Button::WebUrl { title: "Shop".into(), url: "https://a.example/".into() },
            Button::Postback { title: "Human".into(), payload: "human".into() },
            Button::PhoneNumber { title: "Call".into(), number: "+37060000000".into() },
        ];
        let expected_buttons = json!([
            { "type": "web_url", "title": "Shop", "url": "https://a.example/" },
            { "type": "postback", "title": "Human", "payload": "human" },
            { "type": "phone_number", "title": "Call", "payload": "+37060000000" },
        ]);
        let content = Content::Buttons { text: "Which?".into(), buttons: buttons.clone() };
        assert_eq!(
            sent(&content, Channel::Messenger),
            response(json!({ "attachment": { "type": "template", "payload": {
                "template_type": "button", "text": "Which?", "buttons": expected_buttons,
            }}}))
        );
        let card = Card {
            title: "Cake".into(),
            subtitle: Some("Fresh".into()),
            image_url: Some("https://a.example/c.png".into()),
            buttons,
        };
        let bare = Card { title: "Tea".into(), subtitle: None, image_url: None, buttons: vec![] };
        assert_eq!(
            sent(&Content::Cards { cards: vec![card, bare] }, Channel::Messenger),
            response(json!({ "attachment": { "type": "template", "payload": {
                "template_type": "generic",
                "elements": [
                    { "title": "Cake", "subtitle": "Fresh",
                      "image_url": "https://a.example/c.png", "buttons": expected_buttons },
                    { "title": "Tea" },
                ],
            }}}))
        );
        let image = Content::Image { url: "https://a.example/c.png".into() };
        assert_eq!(
            sent(&image, Channel::Messenger),
            response(json!({ "attachment": {
                "type": "image", "payload": { "url": "https://a.example/c.png" },
            }}))
        );
    }

    #[test]
    fn an_opt_in_request_nests_on_instagram() {
        let content = Content::OptIn(OptInRequest {
            title: "Weekly offers".into(),
            image_url: None,
            payload: "topic:offers".into(),
            timezone: "Europe/Vilnius".into(),
        });
        assert_eq!(
            sent(&content, Channel::Messenger),
            response(json!({ "attachment": { "type": "template", "payload": {
                "template_type": "notification_messages",
                "title": "Weekly offers",
                "payload": "topic:offers",
                "notification_messages_timezone": "Europe/Vilnius",
            }}}))
        );
        assert_eq!(
            sent(&content, Channel::Instagram),
            response(json!({ "attachment": { "type": "template", "payload": {
                "template_type": "notification_messages",
                "elements": [{
                    "title": "Weekly offers",
                    "payload": "topic:offers",
                    "notification_messages_timezone": "Europe/Vilnius",
                }],
            }}}))
        );
    }

    #[test]
    fn a_token_stands_for_the_person_and_takes_no_messaging_type() {
        let token = NotificationToken("123".into());
        let content = Content::Text { text: "hello".into(), quick_replies: vec![] };
        let body = body(
            Recipient::Token(&token),
            MessagingType::Update,
            &content,
            Some("sb1:7"),
            Channel::Messenger,
        );
        assert_eq!(
            serde_json::from_str::<Value>(&body).unwrap(),
            json!({
                "recipient": { "notification_messages_token": "123" },
                "message": { "text": "hello", "metadata": "sb1:7" },
            })
        );
    }

    #[test]
    fn a_comment_stands_for_the_person_and_takes_no_messaging_type() {
        let content = Content::Text { text: "hello".into(), quick_replies: vec![] };
        for channel in [Channel::Messenger, Channel::Instagram] {
            let to = Recipient::Comment("12_34");
            let body = body(to, MessagingType::Response, &content, Some("m"), channel);
            assert_eq!(
                serde_json::from_str::<Value>(&body).unwrap(),
                json!({
                    "recipient": { "comment_id": "12_34" },
                    "message": { "text": "hello", "metadata": "m" },
                })
            );
        }
        assert_eq!(public_reply("a \"b\""), r#"{"message":"a \"b\""}"#);
        assert_eq!(public_edge(Channel::Instagram), "replies");
    }

    #[test]
    fn metadata_stands_in_the_message_or_is_left_out() {
        let person = person();
        let content = Content::Text { text: "hello".into(), quick_replies: vec![] };
        for (metadata, kept) in [("m".repeat(999), true), ("m".repeat(1_000), false)] {
            let body = body(
                Recipient::Person(&person),
                MessagingType::Update,
                &content,
                Some(&metadata),
                Channel::Messenger,
            );
            let body: Value = serde_json::from_str(&body).unwrap();
            assert_eq!(body["messaging_type"], "UPDATE");
            assert_eq!(body["message"].get("metadata").is_some(), kept);
        }
    }

    #[test]
    fn sender_actions_go_alone() {
        for (action, name) in [
            (SenderAction::TypingOn, "typing_on"),
            (SenderAction::TypingOff, "typing_off"),
            (SenderAction::MarkSeen, "mark_seen"),
        ] {
            let body: Value = serde_json::from_str(&sender_action(&person(), action)).unwrap();
            assert_eq!(body, json!({ "recipient": { "id": "24" }, "sender_action": name }));
        }
    }
}
