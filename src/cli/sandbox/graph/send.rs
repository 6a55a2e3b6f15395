//! The Send API: who may be written to, when, and what follows.

use serde_json::{Value, json};

use super::super::SandboxConfig;
use super::super::events::{Event, Written, put};
use super::super::world::{Person, Platform, World, real_now};
use super::{Done, GraphError, limits};
use crate::time::{DAY, HOUR};

/// 2026-02-10: recurring notifications are discontinued but for some regions (Meta's FAQ,
/// 31 March 2026).
const NOTIFICATIONS_END: i64 = 1_770_681_600_000;
/// 2026-04-27: three message tags answer with error 100 (Meta's changelog, 27 March 2026).
const TAGS_END: i64 = 1_777_248_000_000;
/// 2025-09-01: the pause of a token grows from 24 to 48 hours.
const LONG_PAUSE_START: i64 = 1_756_684_800_000;
/// The Send API's pace for each Page: 300 calls a second (Meta, 23 March 2026).
const PER_SECOND: usize = 300;
/// Private replies of a Page in an hour (Meta, 23 March 2026).
const PRIVATE_PER_HOUR: usize = 750;
/// Where recurring notifications go on: AU, EU, JP, KR, UK.
const NOTIFICATION_COUNTRIES: [&str; 31] = [
    "AU", "JP", "KR", "GB", "AT", "BE", "BG", "HR", "CY", "CZ", "DK", "EE", "FI", "FR", "DE", "GR",
    "HU", "IE", "IT", "LV", "LT", "LU", "MT", "NL", "PL", "PT", "RO", "SK", "SI", "ES", "SE",
];

const DEAD_TAGS: [&str; 3] = ["CONFIRMED_EVENT_UPDATE", "ACCOUNT_UPDATE", "POST_PURCHASE_UPDATE"];

/// Whom a message is for, and by which right.
enum Route {
    /// `recipient.id`.
    Person(String),
    /// `recipient.notification_messages_token`: an index into the world's tokens.
    Token(usize),
    /// `recipient.comment_id`.
    Comment(String),
}

pub(super) fn send(
    world: &mut World,
    config: &SandboxConfig,
    page: &str,
    body: &Value,
) -> Result<Done, GraphError> {
    keep_pace(world, page)?;
    let route = route(world, page, &body["recipient"])?;
    let psid = match &route {
        Route::Person(id) => id.clone(),
        Route::Token(i) => world.tokens.get(*i).map(|t| t.person.clone()).unwrap_or_default(),
        Route::Comment(id) => world.comments.get(id).map(|c| c.person.clone()).unwrap_or_default(),
    };
    let person = world.people.get(&psid).filter(|p| p.page == page).cloned();
    let Some(mut person) = person else { return Err(GraphError::no_such_person()) };
    if person.blocked {
        return Err(GraphError::new(551, "(#551) This person isn't available right now.")
            .subcode(1_545_041));
    }
    if person.owner.as_ref().is_some_and(|owner| *owner != config.app_id) {
        return Err(GraphError::new(
            10,
            "(#10) Message Failed To Send: another app is controlling this thread now",
        )
        .subcode(2_018_300)
        .status(403));
    }
    let now = world.now();
    if let Some(action) = body.get("sender_action") {
        let answer = sender_action(&mut person, action, now)?;
        world.people.insert(psid, person);
        return Ok(Done::only(answer));
    }

    let message = &body["message"];
    if !message.is_object() {
        return Err(GraphError::parameter("The parameter message is required"));
    }
    limits::check(person.platform, message)?;
    let template = message.pointer("/attachment/payload/template_type").and_then(Value::as_str);
    let opt_in = template == Some("notification_messages");
    let via = match &route {
        Route::Person(_) if opt_in => {
            allow_opt_in(&person, message, now)?;
            "reply"
        }
        Route::Person(_) => allow(world, &person, body, now)?,
        Route::Token(i) => {
            allow_notification(world, *i, &person, now)?;
            "notification"
        }
        Route::Comment(id) => {
            allow_private_reply(world, page, id, now)?;
            "private_reply"
        }
    };

    // From here on it is delivered.
    let mid = world.mid(person.platform);
    person.say("page", &mid, now, message.clone());
    person.typing_at = None;
    if let Some(bubble) = person.bubble(&mid) {
        bubble.via = via;
    }
    match &route {
        Route::Person(_) if opt_in => {
            person.optin_requests.push((opt_in_title(message).to_owned(), now));
        }
        Route::Person(_) => {}
        Route::Token(i) => {
            if let Some(token) = world.tokens.get_mut(*i) {
                token.sent_at = Some(now);
            }
        }
        Route::Comment(id) => {
            if let Some(comment) = world.comments.get_mut(id) {
                comment.answered = true;
            }
        }
    }
    let events = follow_ups(world, config, &person, &mid, message, now);
    world.people.insert(psid.clone(), person);
    // Meta documents another shape for the answer to an opt-in request.
    let answer = if opt_in {
        json!({"recipient": {"id": psid, "message_id": mid}})
    } else {
        json!({"recipient_id": psid, "message_id": mid})
    };
    Ok(Done { answer, events, delivered: true })
}

fn keep_pace(world: &mut World, page: &str) -> Result<(), GraphError> {
    let now = real_now();
    let Some(page) = world.page(page) else { return Ok(()) };
    page.sends.push_back(now);
    while page.sends.front().is_some_and(|at| now.saturating_sub(*at) >= 1_000) {
        page.sends.pop_front();
    }
    if page.sends.len() > PER_SECOND {
        return Err(GraphError::new(613, "(#613) Calls to this api have exceeded the rate limit."));
    }
    Ok(())
}

fn route(world: &World, page: &str, recipient: &Value) -> Result<Route, GraphError> {
    let text = |key: &str| {
        recipient.get(key).and_then(|v| match v {
            Value::String(id) => Some(id.clone()),
            Value::Number(id) => Some(id.to_string()),
            _ => None,
        })
    };
    if let Some(id) = text("id") {
        return Ok(Route::Person(id));
    }
    if let Some(token) = text("notification_messages_token") {
        let known = world.tokens.iter().position(|t| t.token == token && t.page == page);
        return known.map(Route::Token).ok_or_else(|| {
            GraphError::parameter("Invalid or expired notification messages token")
        });
    }
    if let Some(id) = text("comment_id") {
        let known = world.comments.get(&id).is_some_and(|c| c.page == page);
        return if known { Ok(Route::Comment(id)) } else { Err(bad_private_reply()) };
    }
    Err(GraphError::parameter("The parameter recipient is required"))
}

fn bad_private_reply() -> GraphError {
    GraphError::parameter("Invalid private reply").subcode(2_534_025)
}

fn sender_action(person: &mut Person, action: &Value, now: i64) -> Result<Value, GraphError> {
    if !person.window_open(now) {
        return Err(GraphError::outside_window());
    }
    match action.as_str() {
        Some("typing_on") => person.typing_at = Some(now),
        Some("typing_off") => person.typing_at = None,
        Some("mark_seen" | "react" | "unreact") => {}
        _ => {
            return Err(GraphError::parameter(
                "Param sender_action must be one of {MARK_SEEN, TYPING_OFF, TYPING_ON, REACT, \
                 UNREACT}",
            ));
        }
    }
    Ok(json!({"recipient_id": person.id}))
}

/// A message to a person by id: in the window, or by a tag that is alive.
fn allow(
    world: &World,
    person: &Person,
    body: &Value,
    now: i64,
) -> Result<&'static str, GraphError> {
    match body["messaging_type"].as_str() {
        Some("RESPONSE" | "UPDATE") => {}
        None if person.platform == Platform::Instagram => {}
        None => return Err(GraphError::parameter("The parameter messaging_type is required")),
        Some("UTILITY") if world.settings.utility => {
            super::templates::allow(world, &person.page, &body["message"])?;
            return Ok("utility");
        }
        Some("UTILITY") => {
            let what = "(#200) Requires page_utility_messaging permission to manage the object";
            return Err(GraphError::new(200, what).status(403));
        }
        Some("MESSAGE_TAG") => return allow_tag(world, person, &body["tag"], now),
        Some(_) => {
            return Err(GraphError::parameter(
                "Param messaging_type must be one of {RESPONSE, UPDATE, MESSAGE_TAG, UTILITY}",
            ));
        }
    }
    if person.window_open(now) { Ok("reply") } else { Err(GraphError::outside_window()) }
}

fn allow_tag(
    world: &World,
    person: &Person,
    tag: &Value,
    now: i64,
) -> Result<&'static str, GraphError> {
    match tag.as_str() {
        Some("HUMAN_AGENT") if !world.settings.human_agent => Err(GraphError::new(
            10,
            "(#10) The HUMAN_AGENT tag needs the Human Agent feature, which this app does not have",
        )
        .status(403)),
        Some("HUMAN_AGENT") => {
            let open = person.opened_at.is_some_and(|at| now.saturating_sub(at) < 7 * DAY);
            if open { Ok("human_agent") } else { Err(GraphError::outside_window()) }
        }
        Some(tag) if DEAD_TAGS.contains(&tag) && now < TAGS_END => Ok("tag"),
        Some(tag) => {
            Err(GraphError::parameter(format!("Invalid or deprecated message tag: {tag}")))
        }
        None => Err(GraphError::parameter("The parameter tag is required")),
    }
}

fn opt_in_title(message: &Value) -> &str {
    let card = message.pointer("/attachment/payload").map(limits::opt_in_card);
    let title = card.and_then(|card| card.get("title")?.as_str());
    title.unwrap_or("Updates and promotions")
}

/// Inside the window, and once a week with the same title. Instagram: at most five a day and ten
/// titles a week.
fn allow_opt_in(person: &Person, message: &Value, now: i64) -> Result<(), GraphError> {
    if !person.window_open(now) {
        return Err(GraphError::outside_window());
    }
    let since = |days: i64| {
        person.optin_requests.iter().filter(move |(_, at)| now.saturating_sub(*at) < days * DAY)
    };
    if since(7).any(|(title, _)| title == opt_in_title(message)) {
        return Err(GraphError::new(
            613,
            "(#613) A notification messages opt-in request with the same topic was already sent \
             to this person within a week",
        )
        .subcode(1_893_016));
    }
    if person.platform == Platform::Instagram && (since(1).count() >= 5 || since(7).count() >= 10) {
        return Err(GraphError::new(9, "(#9) Too many notification messages opt-in requests")
            .subcode(2_018_352));
    }
    Ok(())
}

/// A notification by token: alive, rested, and where Meta still carries it. The code of the
/// refusal by region is not documented; 10 is what the rest of the family uses.
fn allow_notification(
    world: &World,
    token: usize,
    person: &Person,
    now: i64,
) -> Result<(), GraphError> {
    let Some(token) = world.tokens.get(token) else { return Err(GraphError::no_such_person()) };
    let page = world.pages.iter().find(|p| p.about.id == token.page);
    let country = person.country.as_deref().or(page.and_then(|p| p.about.country.as_deref()));
    let served = country.is_some_and(|c| NOTIFICATION_COUNTRIES.contains(&c));
    if now >= NOTIFICATIONS_END && !served {
        return Err(GraphError::new(
            10,
            "(#10) Recurring notifications are no longer supported in this region",
        )
        .status(403));
    }
    if token.stopped {
        return Err(GraphError::new(10, "(#10) The user has stopped notifications for this topic")
            .subcode(1_893_015)
            .status(403));
    }
    let pause = if now >= LONG_PAUSE_START { 48 * HOUR } else { 24 * HOUR };
    if token.sent_at.is_some_and(|at| now.saturating_sub(at) < pause) {
        return Err(GraphError::new(
            4,
            "(#4) The minimum delay between two notification messages has not passed",
        )
        .subcode(2_018_354)
        .status(403));
    }
    Ok(())
}

/// One message for each comment, within seven days, and so many in an hour.
fn allow_private_reply(
    world: &mut World,
    page: &str,
    id: &str,
    now: i64,
) -> Result<(), GraphError> {
    let comment = world.comments.get(id);
    if comment.is_none_or(|c| c.gone) {
        return Err(GraphError::unreachable_object("post", id));
    }
    let fresh = comment.is_some_and(|c| !c.answered && now.saturating_sub(c.at) < 7 * DAY);
    if !fresh {
        return Err(bad_private_reply());
    }
    let Some(page) = world.page(page) else { return Ok(()) };
    while page.private_replies.front().is_some_and(|at| now.saturating_sub(*at) >= HOUR) {
        page.private_replies.pop_front();
    }
    page.private_replies.push_back(now);
    if page.private_replies.len() > PRIVATE_PER_HOUR {
        return Err(GraphError::new(613, "(#613) Calls to this api have exceeded the rate limit."));
    }
    Ok(())
}

/// What the Page says under a comment: what it made, and the comment as the feed tells of it.
pub(super) fn public_reply(
    world: &mut World,
    page: &str,
    (comment, edge): (&str, &str),
    body: &Value,
) -> Result<Done, GraphError> {
    let text = body["message"].as_str().unwrap_or_default().to_owned();
    if text.trim().is_empty() {
        return Err(GraphError::parameter("The parameter message is required"));
    }
    let known = world.comments.get(comment).filter(|c| c.page == page && !c.gone).cloned();
    let person = known.as_ref().and_then(|known| world.people.get(&known.person)).cloned();
    let (Some(known), Some(person)) = (known, person) else {
        return Err(GraphError::unreachable_object("post", comment));
    };
    let right = if person.platform == Platform::Instagram { "replies" } else { "comments" };
    if edge != right {
        return Err(GraphError::unknown_path(&format!("{comment}/{edge}")));
    }
    let id = format!("{}_{}", world.number(), world.number());
    if let Some(comment) = world.comments.get_mut(comment) {
        comment.public.push(text.clone());
    }
    let parent = Some(comment);
    let written = Written { id: &id, post: &known.post, parent, verb: "add", text: &text };
    let event = Event::own_comment(world, &person, world.now(), &written);
    Ok(Done { answer: json!({"id": id}), events: vec![event], delivered: true })
}

/// The echo, and when wanted the receipts.
fn follow_ups(
    world: &World,
    config: &SandboxConfig,
    person: &Person,
    mid: &str,
    message: &Value,
    now: i64,
) -> Vec<Event> {
    let mut events = Vec::new();
    if world.settings.echoes {
        let mut echo = json!({"mid": mid, "is_echo": true});
        if person.platform == Platform::Messenger {
            let app_id = config.app_id.parse::<u64>();
            put(&mut echo, "app_id", app_id.map_or_else(|_| json!(config.app_id), |id| json!(id)));
        }
        for key in ["text", "metadata"] {
            if let Some(value) = message.get(key) {
                put(&mut echo, key, value.clone());
            }
        }
        if let Some(attachment) = message.get("attachment") {
            put(&mut echo, "attachments", json!([attachment]));
        }
        events.push(Event::echo(world, person, now, echo));
    }
    if world.settings.receipts {
        let delivery = json!({"mids": [mid], "watermark": now});
        let field = "message_deliveries";
        if person.platform == Platform::Messenger {
            events.push(Event::from_person(world, person, field, now, "delivery", delivery));
        }
        let read = match person.platform {
            Platform::Messenger => json!({"watermark": now}),
            Platform::Instagram => json!({"mid": mid}),
        };
        events.push(Event::from_person(world, person, "message_reads", now, "read", read));
    }
    events
}
