//! `GET /admin/recipients`, `/admin/report`, `/admin/funnel`, `/admin/consent`, `/admin/receipts`: what the owner is told of consents and
//! notifications. The answers are `outreach::told`'s.

use serde_json::{Value, json};
use web_sys::{Request, Response};
use worker::Env;

use super::admin::{self, value};
use super::{desk, http, shops};
use crate::meta::ids::PageId;
use crate::outreach::told::Question;

/// Days a report tells of, unless it is asked for others.
const USUAL_DAYS: u16 = 30;

/// `GET /admin/recipients?page=&shard=&after=`: who agreed to what, for `shopbell plan`.
pub async fn recipients(request: &Request, route: &http::Route, env: &Env) -> Response {
    let after = value(route, "after").unwrap_or_default();
    ask(request, route, env, &Question::Recipients { after }).await
}

/// `GET /admin/report?page=&shard=&days=`: what became of the notifications.
pub async fn report(request: &Request, route: &http::Route, env: &Env) -> Response {
    let days = value(route, "days").and_then(|days| days.parse().ok()).unwrap_or(USUAL_DAYS);
    ask(request, route, env, &Question::Report { days }).await
}

/// `GET /admin/funnel?page=&shard=&days=`: what brought people, and how far they went.
pub async fn funnel(request: &Request, route: &http::Route, env: &Env) -> Response {
    let days = value(route, "days").and_then(|days| days.parse().ok()).unwrap_or(USUAL_DAYS);
    ask(request, route, env, &Question::Funnel { days }).await
}

/// `GET /admin/receipts?page=&shard=&after=`: the chain of consent receipts, which says nothing of
/// anybody.
pub async fn receipts(request: &Request, route: &http::Route, env: &Env) -> Response {
    let after = value(route, "after").and_then(|after| after.parse().ok()).unwrap_or(0);
    ask(request, route, env, &Question::Chain { after }).await
}

/// `GET /admin/consent?page=&person=`: what somebody agreed to, with their receipts.
pub async fn consent(request: &Request, route: &http::Route, env: &Env) -> Response {
    if let Err(refusal) = admin::owners(request, env) {
        return refusal;
    }
    match admin::person_of(route, env).await {
        Ok((name, person)) => answer(env, &name, &Question::Consent { person }, None).await,
        Err(refusal) => refusal,
    }
}

/// Asks one Desk: of the Page that is named, or else the first; of its first shard, or the one
/// that is named. The answer says which others there are.
async fn ask(request: &Request, route: &http::Route, env: &Env, question: &Question) -> Response {
    if let Err(refusal) = admin::owners(request, env) {
        return refusal;
    }
    let pages = match shops::pages(env, desk::now()).await {
        Ok(pages) => pages,
        Err(why) => return http::text(503, &why.to_string()),
    };
    let wanted = value(route, "page").filter(|page| !page.is_empty());
    let wanted = wanted.map(|page| PageId::new(page).ok());
    let page = pages.pages.iter().find(|page| match &wanted {
        None => true,
        Some(wanted) => wanted.as_ref() == Some(&page.id),
    });
    let shard = value(route, "shard").map_or(Some(0), |shard| shard.parse::<u32>().ok());
    let found = page.and_then(|page| Some((page, shard.filter(|n| *n < page.shards.max(1))?)));
    let Some((page, shard)) = found else {
        return http::text(404, "no such Page is published here, or it has no such shard");
    };
    let name = desk::Name { page: page.id.clone(), shard };
    answer(env, &name, question, Some(page.shards.max(1))).await
}

async fn answer(
    env: &Env,
    name: &desk::Name,
    question: &Question,
    shards: Option<u32>,
) -> Response {
    match desk::call::ask(env, name, question).await {
        Ok(answer) => http::json(
            200,
            &json!({
                "version": env!("CARGO_PKG_VERSION"),
                "page": name.page,
                "shard": name.shard,
                "shards": shards,
                "answer": serde_json::from_str::<Value>(&answer).unwrap_or_default(),
            }),
        ),
        Err(why) => http::text(503, &why),
    }
}
