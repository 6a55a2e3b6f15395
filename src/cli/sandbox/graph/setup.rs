//! What an owner sets up at Meta before anything is said: where the app's webhook leads, and tokens of
//! people and of system users, with which a Page's own is made.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::super::world::{AppWebhook, Login, World};
use super::super::{SandboxConfig, Shared, wire};
use super::GraphError;
use super::request::Request;
use crate::time::DAY;

/// A person's token that was made to last is good for so long (Meta, access tokens, 2026), in ms.
const LASTING_MS: i64 = 60 * DAY;

/// What a token made to last begins with here.
const LASTING: &str = "lasting-";

/// `POST /{app}/subscriptions`, which makes Meta ask the address before it answers.
pub(super) fn is_subscription(config: &SandboxConfig, request: &Request) -> bool {
    let own = [config.app_id.as_str(), "subscriptions"];
    request.method == "POST" && request.path == own && request.is_of_app(config)
}

/// Asks the address for the handshake, and has it get what happens.
pub(super) async fn subscribe(
    shared: &Arc<Shared>,
    request: &Request,
) -> Result<Value, GraphError> {
    let text = |key: &str| match request.param(key) {
        Some(Value::String(text)) if !text.is_empty() => Ok(text),
        _ => Err(GraphError::parameter(format!("The parameter {key} is required"))),
    };
    let (object, callback) = (text("object")?, text("callback_url")?);
    let verify_token = text("verify_token")?;
    let fields = request.list("fields");
    if !["page", "instagram"].contains(&object.as_str()) {
        return Err(GraphError::parameter("Param object must be one of {page, instagram, …}"));
    }
    if fields.is_empty() {
        return Err(GraphError::parameter("The parameter fields is required"));
    }
    let challenge = shared.world().number();
    let query = [
        ("hub.mode", "subscribe"),
        ("hub.challenge", challenge.as_str()),
        ("hub.verify_token", verify_token.as_str()),
    ];
    let sent = shared.http.get(&callback).query(&query).timeout(Duration::from_secs(10)).send();
    let failed = |why: String| {
        let what = format!("(#2200) Callback verification failed with the following errors: {why}");
        Err(GraphError::new(2200, what))
    };
    match sent.await {
        Err(_) => return failed("Connection could not be established".to_owned()),
        Ok(answer) => {
            let status = answer.status().as_u16();
            let body = answer.text().await.unwrap_or_default();
            if status != 200 || body != challenge {
                return failed(format!("HTTP Status Code = {status}"));
            }
        }
    }
    let mut world = shared.world();
    world.worker = callback.strip_suffix("/webhook").map(str::to_owned);
    let webhook = AppWebhook { callback, fields: fields.into_iter().collect() };
    world.app_webhooks.get_or_insert_default().insert(object, webhook);
    Ok(json!({"success": true}))
}

/// `POST /oauth/access_token`: a person's token becomes one that lasts.
pub(super) fn lengthen(
    world: &mut World,
    config: &SandboxConfig,
    request: &Request,
) -> Result<Value, GraphError> {
    let is = |key: &str, wanted: &str| request.param(key).is_some_and(|given| given == wanted);
    if !is("client_id", &config.app_id) || !is("client_secret", &config.app_secret) {
        return Err(GraphError::new(1, "Error validating client secret."));
    }
    let token = request.param("fb_exchange_token").unwrap_or_default();
    let token = token.as_str().unwrap_or_default();
    let found = world.settings.logins.iter().find(|login| login.token == token).cloned();
    let Some(short) = found.filter(|login| login.kind == "USER") else {
        return Err(GraphError::new(190, "Invalid OAuth access token.").status(401));
    };
    let ends = world.now().saturating_add(LASTING_MS) / 1000;
    let lasting = Login { token: format!("{LASTING}{token}"), expires_at: ends, ..short };
    world.settings.logins.retain(|login| login.token != lasting.token);
    world.settings.logins.push(lasting.clone());
    Ok(
        json!({"access_token": lasting.token, "token_type": "bearer", "expires_in": LASTING_MS / 1000}),
    )
}

/// What a token of a person or a system user reaches.
pub(super) fn of_login(
    config: &SandboxConfig,
    login: &Login,
    request: &Request,
    require_proof: bool,
) -> Result<Value, GraphError> {
    let right = wire::appsecret_proof(&config.app_secret, &login.token);
    if request.proof().map_or(require_proof, |proof| proof != right) {
        return Err(GraphError::new(100, "Invalid appsecret_proof provided in the API argument")
            .kind("GraphMethodException"));
    }
    let path: Vec<&str> = request.path.iter().map(String::as_str).collect();
    match (request.method.as_str(), path.as_slice()) {
        ("GET", ["me"]) => Ok(json!({"id": "122100000000001", "name": "Ona"})),
        ("GET", ["me", "accounts"]) => {
            let reached = config.pages.iter().filter(|page| login.pages.contains(&page.id));
            let data = reached.map(|page| {
                let token = config.page_tokens.get(&page.id);
                json!({"id": page.id, "name": page.name, "access_token": token})
            });
            Ok(json!({"data": data.collect::<Vec<_>>()}))
        }
        (method, [id, ..]) => Err(GraphError::unreachable_object(method, id)),
        _ => Err(GraphError::unknown_path(&request.joined())),
    }
}

/// What Meta says of such a token.
pub(super) fn debug_login(config: &SandboxConfig, login: &Login) -> Value {
    json!({"data": {
        "app_id": config.app_id,
        "type": login.kind,
        "application": "Shop assistant",
        "expires_at": login.expires_at,
        "data_access_expires_at": 0,
        "is_valid": true,
        "scopes": ["pages_show_list", "pages_messaging", "pages_manage_metadata"],
        "user_id": "122100000000001",
    }})
}
