//! What only the owner may ask for, by `Authorization: Bearer ADMIN_TOKEN`; and `GET /health`, for
//! anybody.
//!
//! | route | what |
//! |---|---|
//! | `GET /admin/status` | how each Desk stands |
//! | `GET /admin/misses?page=` | questions that found no answer |
//! | `GET`, `POST /admin/shards?page=` | among how many Desks the people are divided |
//! | `POST /admin/resume?page=&person=` | the assistant goes on with somebody |
//! | `POST /admin/reply?page=&person=` | an answer that a person typed |
//! | `GET`, `POST`, `DELETE /admin/note?page=&person=` | notes on somebody |
//!
//! `/admin/delete` is [`super::deletion`]'s, `/admin/bookings` [`super::bookings`]', `/admin/checkup`
//! [`super::checkup`]'s, and what is about notifications [`super::notifications`]'.

use std::borrow::Cow;
use std::cell::RefCell;
use std::rc::Rc;

use serde_json::{Value, json};
use subtle::ConstantTimeEq;
use web_sys::{Request, Response};
use worker::Env;

use super::config::Config;
use super::desk::call::Act;
use super::{desk, http, shops};
use crate::meta::ids::{PageId, Psid};
use crate::meta::signature::{form_value, mark};
use crate::shop::kv::PageRoute;
use crate::shop::model::MOST_SHARDS;
use crate::time::{SECOND, UnixMs};

/// What this bundle was built from, as `scripts/build` computes it over the sources and tools; none
/// when something else built it.
const BUILD: Option<&str> = option_env!("SHOPBELL_SOURCE");

/// `GET /health`: whether this deployment can do its work, and what the owner was alerted of. No
/// secrets, no counts.
pub async fn health(env: &Env) -> Response {
    if let Err(why) = Config::of(env) {
        return http::json(503, &json!({ "status": "misconfigured", "problem": why }));
    }
    match shops::pages(env, desk::now()).await {
        Ok(pages) => {
            let (alerts, checked) = alerts(env, &pages.pages).await;
            let status = if alerts.is_empty() { "ok" } else { "alert" };
            let mut body = json!({
                "status": status,
                "version": env!("CARGO_PKG_VERSION"),
                "build": BUILD,
                "pages": pages.pages.len(),
            });
            if let Some(fields) = body.as_object_mut() {
                if !alerts.is_empty() {
                    fields.insert("alerts".to_owned(), alerts.into());
                }
                if !checked.is_empty() {
                    fields.insert("checked".to_owned(), checked.into());
                }
            }
            http::json(200, &body)
        }
        Err(why) => http::json(503, &json!({ "status": "no storage", "problem": why.to_string() })),
    }
}

/// How long `/health` tells the same before the Desks are asked again: anybody may ask it.
const ALERTS_FRESH_MS: i64 = 30 * SECOND;

thread_local! {
    static ALERTS: RefCell<Option<(UnixMs, Wrong)>> = const { RefCell::new(None) };
}

/// What is wrong, and what the last look at each Page found.
type Wrong = (Vec<Value>, Vec<Value>);

/// What is wrong now, of every Page: what and since when, and no more.
async fn alerts(env: &Env, pages: &[PageRoute]) -> Wrong {
    let now = desk::now();
    let kept = ALERTS.with_borrow(Clone::clone);
    if let Some((at, alerts)) = kept
        && (0..ALERTS_FRESH_MS).contains(&now.since(at))
    {
        return alerts;
    }
    let asked = pages.iter().map(async |page| {
        let first = desk::Name { page: page.id.clone(), shard: 0 };
        let answer = desk::call::alerts(env, &first).await.unwrap_or_default();
        let told: Value = serde_json::from_str(&answer).unwrap_or_default();
        let named = |mut one: Value| {
            if let Some(fields) = one.as_object_mut() {
                fields.insert("page".to_owned(), json!(page.id));
            }
            one
        };
        let open = told.get("open").and_then(Value::as_array).cloned().unwrap_or_default();
        let checked = told.get("checked").filter(|checked| checked.is_object()).cloned();
        (open.into_iter().map(named).collect(), checked.map(named).into_iter().collect())
    });
    let each: Vec<Wrong> = futures_util::future::join_all(asked).await;
    let (open, checked): (Vec<_>, Vec<_>) = each.into_iter().unzip();
    let wrong = (open.concat(), checked.concat());
    ALERTS.set(Some((now, wrong.clone())));
    wrong
}

/// Marks of the secrets that no answer of the Worker's would prove, by their names: so that setting
/// up again changes nothing that is set already.
fn marks(config: &Config, env: &Env, pages: &[PageRoute]) -> Value {
    let own = pages.iter().map(|page| format!("PAGE_TOKEN_{}", page.id));
    let all = ["PAGE_TOKEN", "ADS_TOKEN", "SIGNING_KEY", "SIGNING_KEY_PREVIOUS"].map(str::to_owned);
    let marked = |name: String| {
        let secret = env.secret(&name).ok()?.to_string();
        Some((name, mark(&config.admin_token, &secret).into()))
    };
    Value::Object(all.into_iter().chain(own).filter_map(marked).collect())
}

/// `GET /admin/status`: how each Desk stands.
pub async fn status(request: &Request, env: &Env) -> Response {
    let config = match owners(request, env) {
        Ok(config) => config,
        Err(refusal) => return refusal,
    };
    let pages = match shops::pages(env, desk::now()).await {
        Ok(pages) => pages,
        Err(why) => return http::text(503, &why.to_string()),
    };
    let mut desks = Vec::new();
    for name in desks_of(env, &pages.pages).await {
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
            "marks": marks(&config, env, &pages.pages),
            "pages": tokens,
            "desks": desks,
        }),
    )
}

/// `GET /admin/misses?page=`: the questions that found no answer, of one Page or of all.
pub async fn misses(request: &Request, route: &http::Route, env: &Env) -> Response {
    if let Err(refusal) = owners(request, env) {
        return refusal;
    }
    let pages = match pages_of(route, env).await {
        Ok(pages) => pages,
        Err(refusal) => return refusal,
    };
    let mut desks = Vec::new();
    for name in desks_of(env, &pages).await {
        desks.push(match desk::call::misses(env, &name).await {
            Ok(misses) => serde_json::from_str(&misses).unwrap_or(json!({ "error": "unreadable" })),
            Err(why) => json!({ "page": name.page, "shard": name.shard, "error": why }),
        });
    }
    http::json(200, &json!({ "version": env!("CARGO_PKG_VERSION"), "desks": desks }))
}

/// The configuration, for whoever carries the owner's token; a refusal for anybody else.
pub fn owners(request: &Request, env: &Env) -> Result<Rc<Config>, Response> {
    let config = Config::of(env).map_err(|why| http::text(503, &why))?;
    let given = http::header(request, "authorization");
    let given = given.as_deref().and_then(|value| value.strip_prefix("Bearer "));
    let is_owner =
        given.is_some_and(|token| token.as_bytes().ct_eq(config.admin_token.as_bytes()).into());
    if is_owner { Ok(config) } else { Err(http::text(401, TOKEN_NEEDED)) }
}

/// What somebody without the token reads.
const TOKEN_NEEDED: &str = "this needs `Authorization: Bearer <ADMIN_TOKEN>`";

/// A value of the query, decoded.
pub fn value(route: &http::Route, name: &str) -> Option<String> {
    form_value(route.query(), name).and_then(|bytes| String::from_utf8(bytes).ok())
}

/// The Pages that `?page=` names: one, or without it all that are published.
pub async fn pages_of(route: &http::Route, env: &Env) -> Result<Vec<PageRoute>, Response> {
    let pages = shops::pages(env, desk::now()).await;
    let pages = pages.map_err(|why| http::text(503, &why.to_string()))?;
    let wanted = value(route, "page").filter(|wanted| !wanted.is_empty());
    let is_wanted = |id: &str| wanted.as_deref().is_none_or(|wanted| wanted == id);
    let pages: Vec<PageRoute> =
        pages.pages.iter().filter(|page| is_wanted(page.id.as_str())).cloned().collect();
    if pages.is_empty() {
        return Err(http::text(404, "no such Page is published here"));
    }
    Ok(pages)
}

/// Every Desk of these Pages: as many as their registrars say, or, where one does not answer, as
/// many as are published.
async fn desks_of(env: &Env, pages: &[PageRoute]) -> Vec<desk::Name> {
    let mut names = Vec::new();
    for page in pages {
        let layout = desk::call::layout(env, &page.id).await;
        let desks = layout.map_or(page.shards.max(1), |layout| layout.desks());
        names.extend((0..desks).map(|shard| desk::Name { page: page.id.clone(), shard }));
    }
    names
}

/// The Desk and the person that `?page=&person=` name.
pub async fn person_of(route: &http::Route, env: &Env) -> Result<(desk::Name, Psid), Response> {
    let page = value(route, "page").and_then(|id| PageId::new(id).ok());
    let person = value(route, "person").and_then(|id| Psid::new(id).ok());
    let (Some(page), Some(person)) = (page, person) else {
        let why = "this needs ?page= and ?person=, each an id as Meta writes it";
        return Err(http::text(400, why));
    };
    let pages = shops::pages(env, desk::now()).await;
    let pages = pages.map_err(|why| http::text(503, &why.to_string()))?;
    if !pages.pages.iter().any(|known| known.id == page) {
        return Err(http::text(404, "no shop is published for this Page"));
    }
    let layout = desk::call::layout(env, &page).await.map_err(|why| http::text(503, &why))?;
    let shard = layout.home(Some(&person));
    Ok((desk::Name { page, shard }, person))
}

/// `GET /admin/shards?page=`: among how many Desks a Page's people are divided, and whether they
/// are being moved; `POST …&to=` moves them.
pub async fn shards(request: &Request, route: &http::Route, env: &Env) -> Response {
    if let Err(refusal) = owners(request, env) {
        return refusal;
    }
    let pages = match pages_of(route, env).await {
        Ok(pages) => pages,
        Err(refusal) => return refusal,
    };
    let mut begun = None;
    if route.method == "POST" {
        let to = value(route, "to").and_then(|to| to.parse::<u32>().ok());
        let (Some(to), [page]) = (to.filter(|to| (1..=MOST_SHARDS).contains(to)), &pages[..])
        else {
            let why = format!("this needs ?page= and &to=, a number from 1 to {MOST_SHARDS}");
            return http::text(400, &why);
        };
        match shops::shop(env, &page.id, desk::now()).await {
            Ok(published) if to > 1 && !published.shop.services.is_empty() => {
                let why = "a shop that takes bookings has one Desk: slots are counted there";
                return http::text(409, why);
            }
            _ => {}
        }
        match desk::call::begin_move(env, &page.id, to).await {
            Ok(done) => begun = Some(done),
            Err(why) => return http::text(409, &why),
        }
    }
    let mut told = Vec::new();
    for page in pages {
        told.push(match desk::call::layout(env, &page.id).await {
            Ok(layout) => json!({
                "page": page.id, "published": page.shards, "shards": layout.shards,
                "moving_to": layout.moving_to,
            }),
            Err(why) => json!({ "page": page.id, "published": page.shards, "error": why }),
        });
    }
    http::json(200, &json!({ "version": env!("CARGO_PKG_VERSION"), "begun": begun, "pages": told }))
}

/// `POST /admin/resume?page=&person=`: the assistant goes on with somebody.
pub async fn resume(request: &Request, route: &http::Route, env: &Env) -> Response {
    if let Err(refusal) = owners(request, env) {
        return refusal;
    }
    let (name, person) = match person_of(route, env).await {
        Ok(found) => found,
        Err(refusal) => return refusal,
    };
    match desk::call::resume(env, &name, &person).await {
        Ok(resumed) => http::json(200, &json!({ "resumed": resumed })),
        Err(why) => http::text(503, &why),
    }
}

/// What a text of the owner's may measure, in bytes: more than any message or note.
const TEXT_BODY: usize = 16 * 1024;

/// `POST /admin/reply?page=&person=`: sends the body, which a person has typed.
pub async fn reply(request: &Request, route: &http::Route, env: &Env) -> Response {
    by_hand(request, route, env, async || text_of(request).await.map(Act::Reply)).await
}

/// `GET /admin/note?page=&person=` shows the notes on somebody, `POST` adds the body to them, and
/// `DELETE` with `&id=` takes one back. The answer is the notes that are kept.
pub async fn note(request: &Request, route: &http::Route, env: &Env) -> Response {
    let act = async || match route.method.as_str() {
        "POST" => text_of(request).await.map(Act::Note),
        "DELETE" => value(route, "id")
            .and_then(|id| id.parse().ok())
            .map(Act::Unnote)
            .ok_or_else(|| http::text(400, "this needs &id=, the number of a note")),
        _ => Ok(Act::Notes),
    };
    by_hand(request, route, env, act).await
}

async fn by_hand<'a>(
    request: &Request,
    route: &http::Route,
    env: &Env,
    act: impl AsyncFnOnce() -> Result<Act<'a>, Response>,
) -> Response {
    let asked = async {
        owners(request, env)?;
        let (name, person) = person_of(route, env).await?;
        let act = act().await?;
        let done = desk::call::by_hand(env, &name, &person, act).await;
        done.map_err(|why| http::text(503, &why))
    };
    match asked.await {
        Ok(done) => http::json(done.status, &done.body),
        Err(refusal) => refusal,
    }
}

/// The body as it was typed.
async fn text_of<'a>(request: &Request) -> Result<Cow<'a, str>, Response> {
    match http::body(request, TEXT_BODY).await {
        Ok(body) => String::from_utf8(body)
            .map(Cow::Owned)
            .map_err(|_| http::text(400, "the body is no UTF-8 text")),
        Err(http::BodyError::TooLarge) => Err(http::text(413, "body too large")),
        Err(http::BodyError::Broken) => Err(http::text(400, "the body ended early")),
    }
}
