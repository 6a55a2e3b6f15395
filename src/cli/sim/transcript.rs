//! What people see, as text: Graph bodies to lines, with nothing in them that differs from one
//! run to the next.

use serde_json::Value;

use crate::cli::sandbox::{Call, opt_in_card};

/// A message as the phone shows it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shown {
    /// Its words, pictures and cards, line by line.
    pub lines: Vec<String>,
    /// What can be tapped, in order.
    pub choices: Vec<Choice>,
    /// The titles of its cards.
    pub cards: Vec<String>,
}

/// Something that can be tapped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// What it says.
    pub title: String,
    /// What a tap does.
    pub tap: Tap,
}

/// What a tap does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tap {
    /// A quick reply: sends its title, with this payload.
    QuickReply(String),
    /// A postback button with this payload.
    Postback(String),
    /// Opens something outside the thread: an address, a telephone number.
    Opens(String),
}

/// Whether a call sends a message. Typing is left out: whether it shows depends on how quick the
/// Worker is that day.
#[must_use]
pub fn is_send(call: &Call) -> bool {
    call.method == "POST"
        && call.path.ends_with("/messages")
        && call.body.get("sender_action").is_none()
}

/// What a message shows.
#[must_use]
pub fn shown(message: &Value) -> Shown {
    let mut shown = Shown::default();
    let text = |of: &Value, key: &str| {
        of.get(key).and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned)
    };
    shown
        .lines
        .extend(text(message, "text").iter().flat_map(|text| text.lines()).map(String::from));
    for reply in list(message, "quick_replies") {
        let title = text(reply, "title")
            .or_else(|| text(reply, "content_type"))
            .unwrap_or_else(|| "?".to_owned());
        let tap = Tap::QuickReply(text(reply, "payload").unwrap_or_default());
        shown.choices.push(Choice { title, tap });
    }
    let many = message.get("attachments").and_then(Value::as_array);
    let attachments = message.get("attachment").into_iter().chain(many.into_iter().flatten());
    for attachment in attachments {
        let kind = text(attachment, "type").unwrap_or_else(|| "attachment".to_owned());
        let Some(payload) = attachment.get("payload") else {
            shown.lines.push(format!("({kind})"));
            continue;
        };
        match (kind.as_str(), payload.get("template_type").and_then(Value::as_str)) {
            ("template", Some("button")) => {
                let words = text(payload, "text").unwrap_or_default();
                shown.lines.extend(words.lines().map(str::to_owned));
                buttons(&mut shown, payload);
            }
            ("template", Some("generic")) => {
                for element in list(payload, "elements") {
                    let title = text(element, "title").unwrap_or_default();
                    let subtitle = text(element, "subtitle");
                    shown
                        .lines
                        .extend(text(element, "image_url").map(|url| format!("(picture {url})")));
                    let subtitle = subtitle.map(|words| format!(" · {words}")).unwrap_or_default();
                    shown.lines.push(format!("[card] {title}{subtitle}"));
                    shown.cards.push(title);
                    buttons(&mut shown, element);
                }
            }
            ("template", Some("notification_messages")) => {
                let card = opt_in_card(payload);
                let title = text(card, "title").unwrap_or_default();
                let picture = text(card, "image_url").map(|url| format!("(picture {url})"));
                shown.lines.extend(picture);
                shown.lines.push(format!("[opt-in] {title}"));
                shown.cards.push(title);
            }
            ("template", other) => {
                shown.lines.push(format!("({} template) {payload}", other.unwrap_or("unnamed")));
            }
            ("image", _) => {
                let url = text(payload, "url").unwrap_or_default();
                shown.lines.push(format!("(picture {url})"));
            }
            (kind, _) => {
                let url = text(payload, "url").unwrap_or_else(|| payload.to_string());
                shown.lines.push(format!("({kind} {url})"));
            }
        }
    }
    for line in &mut shown.lines {
        *line = without_codes(line);
    }
    if shown.lines.is_empty() && shown.choices.is_empty() {
        shown.lines.push(format!("({message})"));
    }
    shown
}

/// How long a code that nobody can guess is: 128 bits in hexadecimal digits.
const CODE: usize = 32;

/// A line with `<code>` for such codes, and for a link that ends in one.
fn without_codes(line: &str) -> String {
    let word = |word: &str| {
        let digits = word.char_indices().find_map(|(i, _)| {
            let code = word.get(i..i.saturating_add(CODE))?;
            code.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')).then_some(i)
        });
        let Some(at) = digits else { return word.to_owned() };
        let (before, code) = word.split_at(at);
        let before = before.find("http").and_then(|link| before.get(..link)).unwrap_or(before);
        let digit = |c: char| matches!(c, '0'..='9' | 'a'..='f');
        format!("{before}<code>{}", code.trim_start_matches(digit))
    };
    line.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

fn list<'a>(of: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    of.get(key).and_then(Value::as_array).into_iter().flatten()
}

fn buttons(shown: &mut Shown, of: &Value) {
    for button in list(of, "buttons") {
        let text = |key: &str| button.get(key).and_then(Value::as_str).unwrap_or("?").to_owned();
        let tap = match button.get("type").and_then(Value::as_str) {
            Some("postback") => Tap::Postback(text("payload")),
            Some("web_url") => Tap::Opens(without_codes(&text("url"))),
            _ => Tap::Opens(text("payload")),
        };
        shown.choices.push(Choice { title: text("title"), tap });
    }
}

/// The choices in one line; numbered from 1 where they can be typed.
#[must_use]
pub fn choices(choices: &[Choice], numbered: bool) -> Option<String> {
    let one = |(n, choice): (usize, &Choice)| {
        let title = match numbered {
            true => format!("{} {}", n.saturating_add(1), choice.title),
            false => choice.title.clone(),
        };
        match &choice.tap {
            Tap::QuickReply(_) => format!("({title})"),
            Tap::Postback(_) => format!("[{title}]"),
            Tap::Opens(what) => format!("[{title} -> {what}]"),
        }
    };
    let line = choices.iter().enumerate().map(one).collect::<Vec<_>>().join(" ");
    (!line.is_empty()).then_some(line)
}

/// By which right a message leaves, where that is not plain.
#[must_use]
pub fn right(body: &Value) -> Option<String> {
    if body.pointer("/recipient/notification_messages_token").is_some() {
        return Some("by token".to_owned());
    }
    if body.pointer("/recipient/comment_id").is_some() {
        return Some("private reply".to_owned());
    }
    if let Some(tag) = body.get("tag").and_then(Value::as_str) {
        return Some(format!("tag {tag}"));
    }
    match body.get("messaging_type").and_then(Value::as_str) {
        Some("RESPONSE") | None => None,
        Some(other) => Some(other.to_lowercase()),
    }
}

/// Why Meta did not take a message; `None` when it did.
#[must_use]
pub fn refusal(call: &Call) -> Option<String> {
    if call.delivered && call.status != 0 {
        return None;
    }
    if let Some(words) = call.answer.pointer("/error/message").and_then(Value::as_str) {
        return Some(words.to_owned());
    }
    Some(match call.status {
        0 => "no answer".to_owned(),
        status => format!("HTTP {status}"),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_kind_of_message_shows_its_words_and_what_can_be_tapped() {
        let text = json!({"text": "a\nb", "metadata": "shopbell:7", "quick_replies": [
            {"content_type": "text", "title": "A", "payload": "p"}]});
        let seen = shown(&text);
        assert_eq!(seen.lines, ["a", "b"]);
        assert_eq!(choices(&seen.choices, false).unwrap(), "(A)");
        assert_eq!(choices(&seen.choices, true).unwrap(), "(1 A)");
        let template =
            |payload: Value| json!({"attachment": {"type": "template", "payload": payload}});
        let buttons = template(json!({"template_type": "button", "text": "t", "buttons": [
            {"type": "postback", "title": "P", "payload": "x"},
            {"type": "web_url", "title": "W", "url": "https://a.example"},
            {"type": "phone_number", "title": "C", "payload": "+370"}]}));
        let seen = shown(&buttons);
        assert_eq!(seen.lines, ["t"]);
        assert_eq!(
            choices(&seen.choices, false).unwrap(),
            "[P] [W -> https://a.example] [C -> +370]"
        );
        let cards = template(json!({"template_type": "generic", "elements": [
            {"title": "T", "subtitle": "S"}, {"title": "U"}]}));
        assert_eq!(shown(&cards).lines, ["[card] T · S", "[card] U"]);
        let opt_in = template(json!({"template_type": "notification_messages", "title": "N"}));
        assert_eq!(shown(&opt_in).cards, ["N"]);
        let code = "0123456789abcdef".repeat(2);
        let told = format!("See http://127.0.0.1:1/deletion/{code}. Or {code}!");
        assert_eq!(shown(&json!({ "text": told })).lines, ["See <code>. Or <code>!"]);
        assert_eq!(shown(&json!({"x": 1})).lines, ["({\"x\":1})"]);
    }
}
