//! `GET /admin/checkup?page=`: what the Worker's own looks found, and what only the Worker knows of
//! itself; `POST` has it look at everything now. With `Authorization: Bearer ADMIN_TOKEN`.

use serde_json::{Value, json};
use web_sys::{Request, Response};
use worker::Env;

use super::config::Config;
use super::{admin, desk, http};
use crate::shop::kv::KV_SCHEMA;
use crate::shop::model::SHOP_SCHEMA;
use crate::store::schema;

/// The route.
pub async fn checkup(request: &Request, route: &http::Route, env: &Env) -> Response {
    let config = match admin::owners(request, env) {
        Ok(config) => config,
        Err(refusal) => return refusal,
    };
    let pages = match admin::pages_of(route, env).await {
        Ok(pages) => pages,
        Err(refusal) => return refusal,
    };
    let begin = route.method == "POST";
    let asked = pages.iter().map(async |page| {
        let first = desk::Name { page: page.id.clone(), shard: 0 };
        match desk::call::checkup(env, &first, begin).await {
            Ok(told) => serde_json::from_str(&told).unwrap_or(json!({ "error": "unreadable" })),
            Err(why) => json!({ "page": page.id, "error": why }),
        }
    });
    let pages: Vec<Value> = futures_util::future::join_all(asked).await;
    http::json(
        if begin { 202 } else { 200 },
        &json!({
            "version": env!("CARGO_PKG_VERSION"),
            "now": desk::now().rfc3339(),
            "deployment": deployment(&config),
            "pages": pages,
        }),
    )
}

/// How this deployment is made: no value of a secret.
fn deployment(config: &Config) -> Value {
    json!({
        "tables": schema::VERSION,
        "kv": KV_SCHEMA,
        "shop": SHOP_SCHEMA,
        "public_url": config.public_url,
        "graph_version": config.graph_version,
        "keys": config.key_facts,
        "weak": config.weak,
    })
}
