//! Utility templates (Meta, "Utility messages", 2026): handed in, judged, listed, sent.

use serde_json::{Value, json};

use super::super::events::{Event, Slot};
use super::super::world::{Platform, Template, World};
use super::request::Request;
use super::{Done, GraphError};

/// Words that Meta takes for marketing.
const MARKETING: [&str; 6] = ["discount", "sale", "% off", "nuolaid", "promo", "coupon"];

pub(super) fn list(world: &World, page: &str, request: &Request) -> Value {
    let number = |key: &str, otherwise: usize| {
        request.query.get(key).and_then(|v| v.parse::<usize>().ok()).unwrap_or(otherwise)
    };
    let (limit, after) = (number("limit", 25).clamp(1, 100), number("after", 0));
    let all: Vec<&Template> = world.templates.iter().filter(|t| t.page == page).collect();
    let data: Vec<Value> = all
        .iter()
        .skip(after)
        .take(limit)
        .map(|template| {
            json!({
                "id": template.id,
                "name": template.name,
                "language": template.language,
                "status": template.status,
                "category": template.category,
                "rejected_reason": template.reason.as_deref().unwrap_or("NONE"),
            })
        })
        .collect();
    let seen = after.saturating_add(data.len());
    let mut answer = json!({"data": data});
    if seen < all.len()
        && let Some(map) = answer.as_object_mut()
    {
        let next = "https://graph.facebook.com/next";
        let paging = json!({"cursors": {"before": "0", "after": seen.to_string()}, "next": next});
        map.insert("paging".to_owned(), paging);
    }
    answer
}

pub(super) fn create(world: &mut World, page: &str, body: &Value) -> Result<Done, GraphError> {
    let text = |pointer: &str| body.pointer(pointer).and_then(Value::as_str);
    let name = text("/name").unwrap_or_default();
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
    if name.is_empty() || !name.bytes().all(plain) {
        return Err(GraphError::parameter("Param name must be of a-z, 0-9 and _"));
    }
    let Some(language) = text("/language").filter(|language| !language.contains('-')) else {
        return Err(GraphError::parameter("Param language is not valid"));
    };
    if text("/category") != Some("UTILITY") {
        return Err(GraphError::parameter("Param category must be UTILITY"));
    }
    let bodies = body.get("components").and_then(Value::as_array).into_iter().flatten();
    let component = bodies.into_iter().find(|c| c["type"] == "BODY");
    let said = component.and_then(|c| c["text"].as_str()).unwrap_or_default().to_owned();
    let places = places(&said);
    let examples = component.and_then(|c| c.pointer("/example/body_text_named_params"));
    let examples = examples.and_then(Value::as_array).map_or(0, Vec::len);
    if said.is_empty() || said.starts_with("{{") || said.ends_with("}}") || examples < places.len()
    {
        return Err(GraphError::parameter("INCORRECT_PARAMS"));
    }
    let (name, language) = (name.to_owned(), language.to_owned());
    if world.templates.iter().any(|t| t.page == page && t.name == name && t.language == language) {
        return Err(GraphError::parameter("There is a template of this name and language already"));
    }
    let low = said.to_lowercase();
    let promotion = MARKETING.iter().any(|word| low.contains(word));
    let status = if promotion { "REJECTED" } else { &world.settings.template_review };
    let template = Template {
        id: String::new(),
        page: page.to_owned(),
        name,
        language,
        status: status.to_owned(),
        category: "UTILITY".to_owned(),
        reason: promotion.then(|| "TAG_SHOULD_BE_MARKETING".to_owned()),
        places,
    };
    let template = Template { id: world.number(), ..template };
    let answer =
        json!({"id": template.id, "status": template.status, "category": template.category});
    world.templates.push(template);
    Ok(Done::only(answer))
}

fn places(text: &str) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    let mut rest = text;
    while let Some((_, behind)) = rest.split_once("{{") {
        let Some((name, after)) = behind.split_once("}}") else { break };
        if !names.iter().any(|known| known == name) {
            names.push(name.to_owned());
        }
        rest = after;
    }
    names
}

/// Whether a message is an approved template with every place filled.
pub(super) fn allow(world: &World, page: &str, message: &Value) -> Result<(), GraphError> {
    let text = |pointer: &str| message.pointer(pointer).and_then(Value::as_str);
    let (name, language) = (text("/template/name"), text("/template/language/code"));
    let known = world.templates.iter().find(|t| {
        t.page == page && Some(t.name.as_str()) == name && Some(t.language.as_str()) == language
    });
    let Some(template) = known.filter(|template| template.status == "APPROVED") else {
        return Err(GraphError::parameter("The template does not exist or is not approved"));
    };
    let parts = message.pointer("/template/components").and_then(Value::as_array);
    let body = parts.into_iter().flatten().find(|part| part["type"] == "body");
    let given = body.and_then(|body| body["parameters"].as_array());
    let given: Vec<&str> =
        given.into_iter().flatten().filter_map(|p| p["parameter_name"].as_str()).collect();
    let all = template.places.iter().all(|place| given.contains(&place.as_str()));
    if all && given.len() == template.places.len() {
        Ok(())
    } else {
        Err(GraphError::parameter("The parameters do not fit the template"))
    }
}

/// Meta judges what waits, and tells of it.
pub(in super::super) fn judge(world: &mut World, page: &str, status: &str) -> Vec<Event> {
    let mut events = Vec::new();
    for template in world.templates.iter_mut().filter(|t| t.page == page && t.status == "PENDING") {
        status.clone_into(&mut template.status);
        events.push(Event {
            account: page.to_owned(),
            platform: Platform::Messenger,
            field: "messenger_template_status_update",
            slot: Slot::Changes,
            value: json!({"field": "message_template_status_update", "value": {
                "event": status,
                "message_template_id": template.id,
                "message_template_name": template.name,
                "message_template_language": template.language,
            }}),
        });
    }
    events
}
