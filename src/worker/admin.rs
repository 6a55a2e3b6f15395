//! `GET /health` for anybody, `GET /admin/status` for the owner.

use serde_json::json;
use subtle::ConstantTimeEq;
use web_sys::{Request, Response};
use worker::Env;

use super::config::Config;
use super::{desk, http, shops};

/// `GET /health`: whether this deployment can do its work. No secrets, no counts.
pub async fn health(env: &Env) -> Response {
    if let Err(why) = Config::of(env) {
        return http::json(503, &json!({ "status": "misconfigured", "problem": why }));
    }
    let version = env!("CARGO_PKG_VERSION");
    match shops::pages(env, desk::now()).await {
        Ok(pages) => http::json(
            200,
            &json!({ "status": "ok", "version": version, "pages": pages.pages.len() }),
        ),
        Err(why) => http::json(503, &json!({ "status": "no storage", "problem": why.to_string() })),
    }
}

/// `GET /admin/status`: how each Desk stands.
pub async fn status(request: &Request, env: &Env) -> Response {
    let config = match Config::of(env) {
        Ok(config) => config,
        Err(why) => return http::text(503, &why),
    };
    if !is_owner(request, &config) {
        return http::text(401, TOKEN_NEEDED);
    }
    let pages = match shops::pages(env, desk::now()).await {
        Ok(pages) => pages,
        Err(why) => return http::text(503, &why.to_string()),
    };
    let names = pages.pages.iter().flat_map(|page| {
        (0..page.shards.max(1)).map(|shard| desk::Name { page: page.id.clone(), shard })
    });
    let mut desks = Vec::new();
    for name in names {
        desks.push(match desk::call::status(env, &name).await {
            Ok(status) => serde_json::from_str(&status).unwrap_or(json!({ "error": "unreadable" })),
            Err(why) => json!({ "page": name.page, "shard": name.shard, "error": why }),
        });
    }
    let tokens: Vec<_> = pages
        .pages
        .iter()
        .map(|page| {
            json!({ "page": page.id, "token_set": config.page_token(env, &page.id).is_ok() })
        })
        .collect();
    http::json(
        200,
        &json!({
            "version": env!("CARGO_PKG_VERSION"),
            "graph": { "base_url": config.graph_base_url, "version": config.graph_version },
            "app_id_set": config.app_id.is_some(),
            "pages": tokens,
            "desks": desks,
        }),
    )
}

/// What somebody without the token reads.
pub const TOKEN_NEEDED: &str = "this needs `Authorization: Bearer <ADMIN_TOKEN>`";

/// Whether the request carries the owner's token.
pub fn is_owner(request: &Request, config: &Config) -> bool {
    let given = http::header(request, "authorization");
    let given = given.as_deref().and_then(|value| value.strip_prefix("Bearer "));
    given.is_some_and(|token| token.as_bytes().ct_eq(config.admin_token.as_bytes()).into())
}
