//! `POST /meta/deletion`, `POST /meta/deauthorize`, `POST /admin/delete`, `GET /deletion/{code}`.
//!
//! Meta names people by their id for the app, which is not the one their messages come with. Where
//! Graph knows the other, the person is forgotten as if they had asked in the chat; where it does
//! not, nothing is deleted, and the page of the code says so.

use serde::Deserialize;
use serde_json::json;
use web_sys::{Request, Response};
use worker::Env;

use super::config::Config;
use super::{admin, binding, desk, graph, http, random, shops};
use crate::desk::deletion::code_of;
use crate::entry::deletion_page::{self, Shown};
use crate::entry::pages::choose_language;
use crate::meta::ids::{DeletionCode, PageId, Psid};
use crate::meta::signature::{SignedRequest, form_value};
use crate::shop::kv::{DeletionValue, DeskRef, KV_SCHEMA, deletion_key};
use crate::store::deletions::State;

/// What a callback's body may measure, in bytes. Meta's are under a thousand.
const FORM_BODY: usize = 16 * 1024;

/// `POST /meta/deletion`: Meta's data deletion callback. 400 for anything that Meta did not sign.
pub async fn callback(request: &Request, route: &http::Route, env: &Env) -> Response {
    let config = match Config::of(env) {
        Ok(config) => config,
        Err(why) => return http::text(503, &why),
    };
    let signed = match signed_request(request, &config).await {
        Ok(signed) => signed,
        Err(refusal) => return refusal,
    };
    let people = match people_of(&config, env, &signed.user_id).await {
        Ok(people) => people,
        Err(why) => {
            worker::console_error!("a deletion asked for at Meta cannot be resolved: {why}");
            Vec::new()
        }
    };
    match order(env, &people, &signed.user_id).await {
        Ok(code) => {
            let url = page_url(&config, route, &code);
            http::json(200, &json!({ "url": url, "confirmation_code": code }))
        }
        Err(why) => http::text(503, &why),
    }
}

/// `POST /meta/deauthorize`: somebody took the app off their account. Their conversation with the
/// shop is not of that kind: it goes on until they say STOP or DELETE there.
pub async fn deauthorized(request: &Request, env: &Env) -> Response {
    let config = match Config::of(env) {
        Ok(config) => config,
        Err(why) => return http::text(503, &why),
    };
    match signed_request(request, &config).await {
        Ok(_) => http::ok(),
        Err(refusal) => refusal,
    }
}

/// `POST /admin/delete?page=&person=`: the owner forgets somebody.
pub async fn by_owner(request: &Request, route: &http::Route, env: &Env) -> Response {
    let config = match admin::owners(request, env) {
        Ok(config) => config,
        Err(refusal) => return refusal,
    };
    let (name, person) = match admin::person_of(route, env).await {
        Ok(found) => found,
        Err(refusal) => return refusal,
    };
    let page = name.page;
    let about = format!("{page}:{person}");
    match order(env, &[(page, person)], &about).await {
        Ok(code) => {
            let url = page_url(&config, route, &code);
            http::json(200, &json!({ "url": url, "confirmation_code": code }))
        }
        Err(why) => http::text(503, &why),
    }
}

/// `GET /deletion/{code}`.
pub async fn page(request: &Request, route: &http::Route, env: &Env) -> Response {
    let code = route.path().strip_prefix("/deletion/").unwrap_or_default();
    let code = DeletionCode::new(code).ok();
    let shown = match &code {
        Some(code) => state(env, code).await,
        None => Shown::Unknown,
    };
    let shop = match shops::pages(env, desk::now()).await.ok().as_deref() {
        Some(pages) => match pages.pages.first() {
            Some(page) => shops::shop(env, &page.id, desk::now()).await.ok(),
            None => None,
        },
        None => None,
    };
    let accepted = http::header(request, "accept-language");
    let lang = choose_language(accepted.as_deref(), &deletion_page::languages());
    let shop = shop.as_ref().map(|published| &published.shop);
    let page = deletion_page::page(shop, &lang, code.as_ref(), shown);
    let headers = [
        ("content-type", "text/html; charset=utf-8"),
        ("cache-control", "no-store"),
        ("content-security-policy", "default-src 'none'; style-src 'unsafe-inline'"),
        ("referrer-policy", "no-referrer"),
        ("x-robots-tag", "noindex"),
    ];
    let status = if shown == Shown::Unknown { 404 } else { 200 };
    http::respond(status, &headers, Some(page.as_bytes()))
}

/// How far a deletion is. Done only when every Desk says so.
async fn state(env: &Env, code: &DeletionCode) -> Shown {
    let Some(value) = read(env, code).await else { return Shown::Unknown };
    if value.desks.is_empty() {
        return Shown::Unresolved;
    }
    let mut known = false;
    let mut done = true;
    for desk in value.desks {
        let name = desk::Name { page: desk.page, shard: desk.shard };
        match desk::call::deletion(env, &name, code).await {
            Ok(State::Done { .. }) => known = true,
            Ok(State::Unknown) => done = false,
            Ok(State::InProgress) | Err(_) => (known, done) = (true, false),
        }
    }
    match (known, done) {
        (true, true) => Shown::Done,
        (true, false) => Shown::InProgress,
        (false, _) => Shown::Unknown,
    }
}

async fn read(env: &Env, code: &DeletionCode) -> Option<DeletionValue> {
    let kv = env.kv(binding::SHOP).ok()?;
    let text = kv.get(&deletion_key(code)).text().await.ok().flatten()?;
    serde_json::from_str(&text).ok().filter(|value: &DeletionValue| value.v == KV_SCHEMA)
}

/// Has these people forgotten, and returns the code to ask by. Nobody is an order too: its page
/// says that nothing was deleted.
async fn order(env: &Env, people: &[(PageId, Psid)], about: &str) -> Result<DeletionCode, String> {
    let code = code_of(random::bits128(), about);
    let mut names = Vec::with_capacity(people.len());
    for (page, person) in people {
        let shard = desk::call::layout(env, page).await?.home(Some(person));
        names.push(desk::Name { page: page.clone(), shard });
    }
    let desks: Vec<DeskRef> =
        names.iter().map(|name| DeskRef { page: name.page.clone(), shard: name.shard }).collect();
    for (name, (_, person)) in names.iter().zip(people) {
        desk::call::forget(env, name, person, &code, &desks).await?;
    }
    // The Desks owe KV the same; here it is for whoever looks at once. Nobody else owes it when
    // there is no Desk.
    let value = DeletionValue { v: KV_SCHEMA, at: desk::now().timestamp(), desks };
    let text = serde_json::to_string(&value).map_err(|error| error.to_string())?;
    let kv = env.kv(binding::SHOP).map_err(|error| error.to_string())?;
    let put = kv.put(&deletion_key(&code), text).map_err(|error| error.to_string())?;
    match put.execute().await {
        Err(error) if people.is_empty() => Err(format!("KV does not answer: {error}")),
        _ => Ok(code),
    }
}

/// The people of our Pages that an app-scoped id stands for.
async fn people_of(
    config: &Config,
    env: &Env,
    user_id: &str,
) -> Result<Vec<(PageId, Psid)>, String> {
    #[derive(Deserialize)]
    struct Answer {
        data: Vec<Line>,
    }
    #[derive(Deserialize)]
    struct Line {
        id: Psid,
        page: Page,
    }
    #[derive(Deserialize)]
    struct Page {
        id: PageId,
    }
    let app = config.app_id.as_ref().ok_or("APP_ID is not set")?;
    // It becomes part of an address.
    let user = Psid::new(user_id).map_err(|_| "this is no id".to_owned())?;
    let token = config.app_secret.app_token(app);
    // Meta's ID Matching: "the ids of a person for the Pages of the same business".
    let answer = graph::get(config, &format!("{user}/ids_for_pages"), &token).await?;
    let answer: Answer =
        serde_json::from_str(&answer).map_err(|_| "Graph answers something else".to_owned())?;
    let pages = shops::pages(env, desk::now()).await.map_err(|error| error.to_string())?;
    let ours = |line: &Line| pages.pages.iter().any(|page| page.id == line.page.id);
    Ok(answer.data.into_iter().filter(ours).map(|line| (line.page.id, line.id)).collect())
}

async fn signed_request(request: &Request, config: &Config) -> Result<SignedRequest, Response> {
    let refuse = |why: &str| http::text(400, why);
    let body = match http::body(request, FORM_BODY).await {
        Ok(body) => body,
        Err(http::BodyError::TooLarge) => return Err(http::text(413, "body too large")),
        Err(http::BodyError::Broken) => return Err(refuse("the body ended early")),
    };
    let form = String::from_utf8(body).map_err(|_| refuse("this is no form"))?;
    let signed = form_value(&form, "signed_request")
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .ok_or_else(|| refuse("the form has no signed_request"))?;
    config.app_secret.open_signed_request(&signed).map_err(|why| refuse(&why.to_string()))
}

fn page_url(config: &Config, route: &http::Route, code: &DeletionCode) -> String {
    let origin = config.public_url.as_deref().unwrap_or_else(|| route.origin());
    format!("{origin}/deletion/{code}")
}
