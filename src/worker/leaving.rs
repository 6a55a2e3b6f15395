//! `GET /admin/export`, `POST /admin/still`, `POST /admin/import`: a shop's data on its way to
//! another deployment, in steps that each fit into one invocation. `shopbell export` and `shopbell
//! import` make them.

use serde_json::{Value, json};
use web_sys::{Request, Response};
use worker::Env;

use super::desk::leaving::{Act, Step};
use super::{admin, binding, desk, http, shops};
use crate::desk::layout::REGISTRAR;
use crate::meta::ids::PageId;
use crate::shop::kv::PageRoute;
use crate::shop::kv_map::KEYS;
use crate::shop::model::MOST_SHARDS;
use crate::store::leaving::FORMAT;
use crate::store::schema;
use crate::time::SECOND;

/// What a step's body may measure, in bytes: a chunk, and what a replaced deployment forgot.
const BODY: usize = 4 * 1024 * 1024;

/// Keys of KV in one answer: five bulk reads.
const KEYS_PER_CALL: u64 = 500;

/// `GET /admin/export`: what there is to carry. With `?page=&shard=` how a Desk stands, with
/// `&table=&after=` rows of it; with `?kv=&cursor=` values of KV whose keys begin so.
pub async fn export(request: &Request, route: &http::Route, env: &Env) -> Response {
    let config = match admin::owners(request, env) {
        Ok(config) => config,
        Err(refusal) => return refusal,
    };
    if let Some(prefix) = admin::value(route, "kv") {
        return values(route, env, &prefix).await;
    }
    if admin::value(route, "page").is_none() {
        return overview(env, &config.keys.fingerprints()).await;
    }
    let name = match desk_of(route, env).await {
        Ok(name) => name,
        Err(refusal) => return refusal,
    };
    let act = match admin::value(route, "table") {
        None => Act::Look,
        Some(table) => {
            let after = admin::value(route, "after").unwrap_or_else(|| "[]".to_owned());
            match serde_json::from_str(&after) {
                Ok(after) => Act::Rows { table, after },
                Err(_) => return http::text(400, "&after= is the `next` of the answer before"),
            }
        }
    };
    step(env, name, act).await
}

async fn overview(env: &Env, keys: &[String]) -> Response {
    let pages = match shops::pages(env, desk::now()).await {
        Ok(pages) => pages,
        Err(why) => return http::text(503, &why.to_string()),
    };
    let mut told = Vec::new();
    for page in &pages.pages {
        let layout = match desk::call::layout(env, &page.id).await {
            Ok(layout) => layout,
            Err(why) => return http::text(503, &why),
        };
        told.push(json!({
            "page": page.id, "name": page.name, "published": page.shards,
            "shards": layout.shards, "before": layout.before, "earlier": layout.earlier,
            "moving_to": layout.moving_to,
        }));
    }
    http::json(
        200,
        &json!({
            "version": env!("CARGO_PKG_VERSION"), "format": FORMAT, "tables": schema::VERSION,
            "keys": keys, "pages": told,
        }),
    )
}

async fn values(route: &http::Route, env: &Env, prefix: &str) -> Response {
    let leaves =
        |known: &&crate::shop::kv_map::Key| known.leaves && prefix.starts_with(known.prefix);
    if !KEYS.iter().any(|known| leaves(&known)) {
        return http::text(404, "no such keys leave: `shopbell publish` writes the others");
    }
    let read = async {
        let kv = env.kv(binding::SHOP).map_err(|error| error.to_string())?;
        let mut list = kv.list().prefix(prefix.to_owned()).limit(KEYS_PER_CALL);
        if let Some(cursor) = admin::value(route, "cursor").filter(|cursor| !cursor.is_empty()) {
            list = list.cursor(cursor);
        }
        let list = list.execute().await.map_err(|error| error.to_string())?;
        let next = list.cursor.filter(|next| !list.list_complete && !next.is_empty());
        let names: Vec<String> = list.keys.into_iter().map(|key| key.name).collect();
        let mut values = Vec::with_capacity(names.len());
        for some in names.chunks(100) {
            let some: Vec<&str> = some.iter().map(String::as_str).collect();
            let found = kv.get_bulk(&some).text().await.map_err(|error| error.to_string())?;
            values.extend(found.into_iter().filter_map(|(key, value)| Some((key, value?))));
        }
        values.sort();
        Ok::<_, String>(json!({ "values": values, "next": next }))
    };
    match read.await {
        Ok(body) => http::json(200, &body),
        Err(why) => http::text(503, &format!("KV does not answer: {why}")),
    }
}

/// `POST /admin/still?page=&shard=&seconds=`: a Desk stands still, for so long at most; without
/// `seconds` until it is told to go on. `&on=0`: it goes on.
pub async fn still(request: &Request, route: &http::Route, env: &Env) -> Response {
    if let Err(refusal) = admin::owners(request, env) {
        return refusal;
    }
    let name = match desk_of(route, env).await {
        Ok(name) => name,
        Err(refusal) => return refusal,
    };
    let seconds = admin::value(route, "seconds").and_then(|n| n.parse::<u16>().ok());
    let act = match admin::value(route, "on").as_deref() {
        Some("0") => Act::GoOn,
        _ => Act::StandStill { ms: seconds.map(|n| i64::from(n).saturating_mul(SECOND)) },
    };
    step(env, name, act).await
}

/// `POST /admin/import?page=&shard=`: the body is a step of an import.
pub async fn import(request: &Request, route: &http::Route, env: &Env) -> Response {
    if let Err(refusal) = admin::owners(request, env) {
        return refusal;
    }
    let name = match desk_of(route, env).await {
        Ok(name) => name,
        Err(refusal) => return refusal,
    };
    let body = match http::body(request, BODY).await {
        Ok(body) => body,
        Err(http::BodyError::TooLarge) => return http::text(413, "body too large"),
        Err(http::BodyError::Broken) => return http::text(400, "the body ended early"),
    };
    let act = match serde_json::from_slice::<Act>(&body) {
        Ok(act @ (Act::Begin { .. } | Act::Take { .. } | Act::TakeKv { .. } | Act::End { .. })) => {
            act
        }
        _ => return http::text(400, "the body is no step of an import"),
    };
    // The Page's first Desk says how people are divided, and the others follow it.
    let act = match act {
        Act::Begin { id, shards, before, earlier, over, .. } => {
            let layout = match name.shard {
                REGISTRAR => None,
                _ => match desk::call::layout(env, &name.page).await {
                    Ok(layout) => Some(layout),
                    Err(why) => return http::text(503, &why),
                },
            };
            Act::Begin { id, shards, before, earlier, over, layout }
        }
        other => other,
    };
    step(env, name, act).await
}

async fn step(env: &Env, desk: desk::Name, act: Act) -> Response {
    match desk::call::leaving(env, &desk.clone(), &Step { desk, act }).await {
        Ok(done) => http::json(done.status, &done.body),
        Err(why) => http::text(503, &why),
    }
}

/// The Desk that `?page=&shard=` names. One that a Page does not have yet is named too: an import
/// may bring its people.
async fn desk_of(route: &http::Route, env: &Env) -> Result<desk::Name, Response> {
    let page = admin::value(route, "page").and_then(|id| PageId::new(id).ok());
    let shard = admin::value(route, "shard").and_then(|n| n.parse::<u32>().ok());
    let (Some(page), Some(shard)) = (page, shard.filter(|shard| *shard < MOST_SHARDS)) else {
        return Err(http::text(400, "this needs ?page= and &shard="));
    };
    let pages = shops::pages(env, desk::now()).await;
    let pages = pages.map_err(|why| http::text(503, &why.to_string()))?;
    let is_published = |known: &PageRoute| known.id == page;
    if !pages.pages.iter().any(is_published) {
        let why: Value =
            json!({ "error": "no such Page is published here: publish the shop first" });
        return Err(http::json(404, &why));
    }
    Ok(desk::Name { page, shard })
}
