//! What a Page token reaches besides messages: the Page, its subscription, its Messenger
//! Profile, people's profiles, notification tokens, thread control.

use serde_json::{Map, Value, json};

use super::super::world::{PAGE_FIELDS, Person, ProfileAccess, Settings, World};
use super::super::{SandboxConfig, wire};
use super::GraphError;
use super::request::Request;
use crate::time::{HOUR, MINUTE};

/// Messenger Profile API: 10 calls in 10 minutes for each Page.
const PROFILE_CALLS: usize = 10;

pub(super) fn answer(
    world: &mut World,
    config: &SandboxConfig,
    page: &str,
    request: &Request,
) -> Result<Value, GraphError> {
    let path: Vec<&str> = request.path.iter().map(String::as_str).collect();
    let own = path.first().is_some_and(|first| *first == "me" || *first == page);
    match (request.method.as_str(), path.as_slice()) {
        ("GET", [_]) if own => about(world, page, request),
        ("GET", [id]) => profile(world, page, id, request),
        ("GET", [_, "subscribed_apps"]) if own => Ok(subscription(world, config, page)),
        ("POST", [_, "subscribed_apps"]) if own => subscribe(world, page, request),
        ("DELETE", [_, "subscribed_apps"]) if own => {
            if let Some(page) = world.page(page) {
                page.fields = None;
            }
            Ok(json!({"success": true}))
        }
        (method, [_, "messenger_profile"]) if own => {
            messenger_profile(world, page, method, request)
        }
        ("GET", [_, "notification_message_tokens"]) if own => {
            Ok(notification_tokens(world, page, request))
        }
        ("GET", [_, "message_templates"]) if own => {
            Ok(super::templates::list(world, page, request))
        }
        ("GET", [_, "thread_owner"]) if own => {
            let person = thread(world, page, request)?;
            let owner = person.owner.clone().unwrap_or_else(|| config.app_id.clone());
            Ok(json!({"data": [{"thread_owner": {"app_id": owner}}]}))
        }
        ("POST", [_, "pass_thread_control"]) if own => {
            let target = request.param("target_app_id").map(|v| match v {
                Value::String(id) => id,
                other => other.to_string(),
            });
            let person = thread(world, page, request)?;
            person.owner = target.filter(|id| *id != config.app_id);
            Ok(json!({"success": true}))
        }
        ("POST", [_, "take_thread_control" | "release_thread_control"]) if own => {
            thread(world, page, request)?.owner = None;
            Ok(json!({"success": true}))
        }
        (method, [id, ..]) => Err(GraphError::unreachable_object(method, id)),
        _ => Err(GraphError::unknown_path(&request.joined())),
    }
}

fn thread<'a>(
    world: &'a mut World,
    page: &str,
    request: &Request,
) -> Result<&'a mut Person, GraphError> {
    let of_body = request.body.pointer("/recipient/id").and_then(Value::as_str);
    let psid = request.query.get("recipient").map(String::as_str).or(of_body).unwrap_or_default();
    world.people.get_mut(psid).filter(|p| p.page == page).ok_or_else(GraphError::no_such_person)
}

/// Keeps the fields that were asked for; the id always comes.
fn only(fields: &[String], all: &Value) -> Value {
    let wanted =
        |key: &str| key == "id" || fields.iter().any(|f| f.split(['{', '.']).next() == Some(key));
    let map = all.as_object().into_iter().flatten();
    Value::Object(map.filter(|(k, _)| wanted(k)).map(|(k, v)| (k.clone(), v.clone())).collect())
}

fn about(world: &mut World, page: &str, request: &Request) -> Result<Value, GraphError> {
    let published = world.settings.page_published;
    let Some(page) = world.page(page) else {
        return Err(GraphError::unreachable_object("get", page));
    };
    let about = &page.about;
    let mut all = json!({
        "id": about.id,
        "name": about.name,
        "username": about.username,
        "link": format!("https://www.facebook.com/{}", about.username),
        "is_published": published,
    });
    if let (Some(id), Some(map)) = (&about.instagram_id, all.as_object_mut()) {
        map.insert("instagram_business_account".to_owned(), json!({"id": id}));
    }
    let mut fields = request.list("fields");
    if fields.is_empty() {
        fields.push("name".to_owned());
    }
    Ok(only(&fields, &all))
}

fn profile(world: &World, page: &str, id: &str, request: &Request) -> Result<Value, GraphError> {
    let Some(person) = world.people.get(id).filter(|p| p.page == page) else {
        return Err(GraphError::unreachable_object("get", id));
    };
    match person.profile {
        ProfileAccess::Empty => return Ok(json!({})),
        ProfileAccess::Denied => {
            return Err(GraphError::new(
                100,
                "(#100) Insufficient permission to access user profile.",
            )
            .subcode(2_018_247));
        }
        ProfileAccess::Open => {}
    }
    let (first, last) = person.name.split_once(' ').unwrap_or((&person.name, ""));
    let all = json!({
        "id": person.id,
        "name": person.name,
        "first_name": first,
        "last_name": last,
        "profile_pic": "https://platform-lookaside.fbsbx.com/platform/profilepic/",
        "locale": person.locale,
        "timezone": person.timezone,
    });
    let mut fields = request.list("fields");
    if fields.is_empty() {
        fields = ["first_name", "last_name", "profile_pic"].map(str::to_owned).to_vec();
    }
    Ok(only(&fields, &all))
}

fn subscription(world: &mut World, config: &SandboxConfig, page: &str) -> Value {
    let fields = world.page(page).and_then(|p| p.fields.clone());
    let apps = fields.map(|fields| {
        json!({
            "category": "Business",
            "link": "https://www.facebook.com/games/?app_id=0",
            "name": "Shop assistant",
            "id": config.app_id,
            "subscribed_fields": fields,
        })
    });
    json!({"data": apps.into_iter().collect::<Vec<_>>()})
}

fn subscribe(world: &mut World, page: &str, request: &Request) -> Result<Value, GraphError> {
    let fields = request.list("subscribed_fields");
    if fields.is_empty() {
        return Err(GraphError::parameter("The parameter subscribed_fields is required."));
    }
    // Fields of Meta's paid messages, accepted and never used here.
    let known = |f: &str| PAGE_FIELDS.contains(&f) || f.starts_with("marketing_message");
    for (i, field) in fields.iter().enumerate() {
        if !known(field) && field != "message_template_status_update" {
            let known = PAGE_FIELDS.join(", ");
            let what = format!("Param subscribed_fields[{i}] must be one of {{{known}}}");
            return Err(GraphError::parameter(what));
        }
    }
    if let Some(page) = world.page(page) {
        page.fields = Some(fields.into_iter().collect());
        page.failing_since = None;
    }
    Ok(json!({"success": true}))
}

fn messenger_profile(
    world: &mut World,
    page: &str,
    method: &str,
    request: &Request,
) -> Result<Value, GraphError> {
    let now = world.now();
    let Some(page) = world.page(page) else {
        return Err(GraphError::unreachable_object(method, page));
    };
    let calls = &mut page.profile_calls;
    while calls.front().is_some_and(|at| now.saturating_sub(*at) >= 10 * MINUTE) {
        calls.pop_front();
    }
    if calls.len() >= PROFILE_CALLS {
        return Err(GraphError::new(613, "(#613) Calls to this api have exceeded the rate limit."));
    }
    calls.push_back(now);
    let instagram = request.param("platform").is_some_and(|platform| platform == "instagram");
    if instagram && page.about.instagram_id.is_none() {
        return Err(GraphError::parameter("No Instagram account belongs to this Page"));
    }
    let profile = if instagram { &mut page.instagram_profile } else { &mut page.profile };
    match method {
        "GET" => {
            let set = only(&request.list("fields"), &Value::Object(profile.clone()));
            let data =
                if set.as_object().is_some_and(Map::is_empty) { json!([]) } else { json!([set]) };
            Ok(json!({"data": data}))
        }
        "POST" => {
            check_profile(&request.body, profile, instagram)?;
            let body = request.body.as_object().into_iter().flatten();
            for (key, value) in body.filter(|(key, _)| *key != "platform") {
                profile.insert(key.clone(), value.clone());
            }
            Ok(json!({"result": "success"}))
        }
        "DELETE" => {
            let fields = request.list("fields");
            let keeps = |field: &str| {
                profile.contains_key(field) && !fields.iter().any(|gone| gone == field)
            };
            if fields.iter().any(|field| field == "get_started") && keeps("persistent_menu") {
                let what = "You must first delete the persistent menu";
                return Err(GraphError::parameter(what));
            }
            for field in &fields {
                profile.remove(field);
            }
            Ok(json!({"result": "success"}))
        }
        _ => Err(GraphError::unreachable_object(method, &page.about.id)),
    }
}

/// Limits of the Messenger Profile: greeting 160 characters, four ice breakers, Get Started with
/// a payload and before a persistent menu, commands in lower case.
fn check_profile(
    body: &Value,
    set: &Map<String, Value>,
    instagram: bool,
) -> Result<(), GraphError> {
    let known: &[&str] = &[
        "greeting",
        "get_started",
        "ice_breakers",
        "persistent_menu",
        "commands",
        "whitelisted_domains",
        "account_linking_url",
        "platform",
    ];
    // Instagram has no greeting, no Get Started and no commands.
    let known = if instagram { &["ice_breakers", "persistent_menu", "platform"] } else { known };
    let keys = body.as_object().map(|b| b.keys().collect::<Vec<_>>()).unwrap_or_default();
    if keys.is_empty() || keys.iter().any(|k| !known.contains(&k.as_str())) {
        return Err(GraphError::parameter("Requires one of the params: greeting, get_started, …"));
    }
    for greeting in body["greeting"].as_array().into_iter().flatten() {
        if greeting["text"].as_str().is_none_or(|t| t.chars().count() > 160) {
            return Err(GraphError::too_long("greeting[0][text]", 160));
        }
    }
    if let Some(start) = body.get("get_started")
        && start["payload"].as_str().is_none_or(|p| p.is_empty() || p.len() > 1_000)
    {
        return Err(GraphError::parameter("The parameter get_started[payload] is required"));
    }
    for field in ["greeting", "ice_breakers", "persistent_menu", "commands"] {
        let Some(sets) = body.get(field).and_then(Value::as_array) else { continue };
        let mut locales: Vec<_> = sets.iter().map(|set| set["locale"].as_str()).collect();
        if !locales.contains(&Some("default")) || locales.contains(&None) {
            let what = format!("Param {field} must have a set for the default locale");
            return Err(GraphError::parameter(what));
        }
        locales.sort_unstable();
        if locales.windows(2).any(|pair| pair.first() == pair.last()) {
            let what = format!("Param {field} has a locale twice");
            return Err(GraphError::parameter(what));
        }
    }
    each(body, "ice_breakers", "call_to_actions", 4, |ice, param| {
        short(ice, "question", param, 80)?;
        short(ice, "payload", param, 1_000)
    })?;
    each(body, "persistent_menu", "call_to_actions", 5, |item, param| {
        short(item, "title", param, 30)?;
        match item["type"].as_str() {
            Some("postback") => short(item, "payload", param, 1_000),
            Some("web_url") => short(item, "url", param, 2_000),
            _ => Err(GraphError::parameter(format!("Param {param}[type] is not valid"))),
        }
    })?;
    each(body, "commands", "commands", 100, |command, param| {
        short(command, "name", param, 32)?;
        short(command, "description", param, 64)
    })?;
    if !instagram
        && body.get("persistent_menu").is_some()
        && body.get("get_started").is_none()
        && !set.contains_key("get_started")
    {
        let what = "You must set a Get Started button if you also wish to use persistent menu";
        return Err(GraphError::parameter(what));
    }
    Ok(())
}

/// Every item of every set of a field; at most so many in a set.
fn each(
    body: &Value,
    field: &str,
    key: &str,
    most: usize,
    check: impl Fn(&Value, &str) -> Result<(), GraphError>,
) -> Result<(), GraphError> {
    for (i, set) in body[field].as_array().into_iter().flatten().enumerate() {
        let items = set[key].as_array().map(Vec::as_slice).unwrap_or_default();
        if items.is_empty() || items.len() > most {
            let what = format!("Param {field}[{i}][{key}] must have 1 to {most} elements");
            return Err(GraphError::parameter(what));
        }
        for (j, item) in items.iter().enumerate() {
            check(item, &format!("{field}[{i}][{key}][{j}]"))?;
        }
    }
    Ok(())
}

/// A text that must be there, at most so long in UTF-16 units.
fn short(of: &Value, key: &str, param: &str, most: usize) -> Result<(), GraphError> {
    match of[key].as_str() {
        Some(text) if text.encode_utf16().count() > most => {
            Err(GraphError::too_long(&format!("{param}[{key}]"), most))
        }
        Some(text) if !text.trim().is_empty() => Ok(()),
        _ => Err(GraphError::parameter(format!("The parameter {param}[{key}] is required"))),
    }
}

/// A page of tokens, 25 unless told otherwise. Meta's reference names no status: those that were
/// stopped are listed as any other.
fn notification_tokens(world: &World, page: &str, request: &Request) -> Value {
    let number = |key: &str, otherwise: usize| {
        request.query.get(key).and_then(|v| v.parse::<usize>().ok()).unwrap_or(otherwise)
    };
    let limit = number("limit", 25).clamp(1, world.settings.tokens_page);
    let after = number("after", 0);
    let all: Vec<_> = world.tokens.iter().filter(|t| t.page == page).collect();
    let data: Vec<Value> = all
        .iter()
        .skip(after)
        .take(limit)
        .map(|token| {
            let next = token.sent_at.map_or(token.created_at, |at| at.saturating_add(48 * HOUR));
            json!({
                "notification_messages_token": token.token,
                "recipient_id": token.person,
                "notification_messages_reoptin": "ENABLED",
                "creation_timestamp": token.created_at,
                "token_expiry_timestamp": token.created_at.saturating_add(365 * 24 * HOUR),
                "user_token_status": "NOT_REFRESHED",
                "topic_title": token.title,
                "notification_messages_timezone": token.timezone,
                "next_eligible_time": next,
            })
        })
        .collect();
    let seen = after.saturating_add(data.len());
    let mut answer = json!({"data": data});
    // Graph names cursors on the last page too; only what leads on is missing there.
    if !data.is_empty()
        && let Some(map) = answer.as_object_mut()
    {
        let mut paging =
            json!({"cursors": {"before": after.to_string(), "after": seen.to_string()}});
        if seen < all.len() {
            super::super::events::put(
                &mut paging,
                "next",
                json!("https://graph.facebook.com/next"),
            );
        }
        map.insert("paging".to_owned(), paging);
    }
    answer
}

/// What the app's own token reaches: where its webhooks go.
pub(super) fn of_app(
    world: &mut World,
    config: &SandboxConfig,
    request: &Request,
) -> Result<Value, GraphError> {
    let own = [config.app_id.as_str(), "subscriptions"];
    if let ("GET", [user, edge]) = (request.method.as_str(), request.path.as_slice())
        && edge == "ids_for_pages"
    {
        return Ok(ids_for_pages(world, user));
    }
    if request.method == "POST" && request.path == ["oauth", "access_token"] {
        return super::setup::lengthen(world, config, request);
    }
    if request.method != "GET" || request.path != own {
        return Err(GraphError::unknown_path(&request.joined()));
    }
    let webhook = |object: &str, callback: &str, fields: &mut dyn Iterator<Item = &str>| {
        let fields: Vec<Value> =
            fields.map(|name| json!({"name": name, "version": request.version})).collect();
        json!({"object": object, "callback_url": callback, "active": true, "fields": fields})
    };
    if let Some(set) = &world.app_webhooks {
        let all = set.iter().map(|(object, set)| {
            webhook(object, &set.callback, &mut set.fields.iter().map(String::as_str))
        });
        return Ok(json!({"data": all.collect::<Vec<_>>()}));
    }
    let Some(worker) = &world.worker else { return Ok(json!({"data": []})) };
    let callback = format!("{worker}/webhook");
    let all = ["page", "instagram"]
        .map(|object| webhook(object, &callback, &mut PAGE_FIELDS.iter().copied()));
    Ok(json!({"data": all}))
}

/// What an app-scoped id begins with here; the rest is the id on the Page.
const APP_SCOPED: &str = "88";

/// ID Matching: the Pages of the same business on which somebody has an id. Whoever never wrote to
/// one has none.
fn ids_for_pages(world: &World, user: &str) -> Value {
    let psid = user.strip_prefix(APP_SCOPED).unwrap_or_default();
    let found: Vec<Value> = world
        .people
        .get(psid)
        .map(|person| json!({"id": psid, "page": {"id": person.page, "name": "A Page"}}))
        .into_iter()
        .collect();
    json!({"data": found})
}

/// What Meta says of a token.
pub(super) fn debug_token(
    config: &SandboxConfig,
    settings: &Settings,
    request: &Request,
    now: i64,
) -> Result<Value, GraphError> {
    let Some(Value::String(token)) = request.param("input_token") else {
        return Err(GraphError::parameter("The parameter input_token is required"));
    };
    if token == config.ads_token {
        return Ok(json!({"data": {
            "app_id": config.app_id,
            "type": "SYSTEM_USER",
            "application": "Shop assistant",
            "expires_at": 0,
            "is_valid": !settings.ads_scopes.is_empty(),
            "scopes": settings.ads_scopes,
        }}));
    }
    if let Some(login) = settings.logins.iter().find(|login| login.token == token) {
        return Ok(super::setup::debug_login(config, login));
    }
    let owner = config.page_tokens.iter().find(|(_, t)| **t == token).map(|(page, _)| page);
    let Some(page) = owner else {
        return Ok(json!({"data": {
            "error": {"code": 190, "message": "Invalid OAuth access token data."},
            "is_valid": false,
            "scopes": [],
        }}));
    };
    let expires_at = settings.token_expires_at;
    let granular: Vec<Value> =
        settings.scopes.iter().map(|scope| json!({"scope": scope, "target_ids": [page]})).collect();
    // The application-scoped user behind the token: any id of the right shape.
    let user = wire::appsecret_proof(&config.app_id, page);
    let digits: String = user.bytes().take(16).map(|b| char::from(b'0' + b % 10)).collect();
    Ok(json!({"data": {
        "app_id": config.app_id,
        "type": "PAGE",
        "application": "Shop assistant",
        "data_access_expires_at": settings.data_access_expires_at,
        "expires_at": expires_at,
        "is_valid": expires_at == 0 || now / 1000 < expires_at,
        "issued_at": 1_780_000_000,
        "profile_id": page,
        "scopes": settings.scopes,
        "granular_scopes": granular,
        "user_id": digits,
    }}))
}
