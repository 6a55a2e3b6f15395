//! `GET /admin/recipients`, `/admin/report`, `/admin/funnel`, `/admin/consent`, `/admin/receipts`,
//! `/admin/offers`: what the owner is told of consents and notifications. The answers are
//! `outreach::told`'s.

use serde_json::{Value, json};
use web_sys::{Request, Response};
use worker::Env;

use super::admin::{self, value};
use super::desk::call::Reading;
use super::{desk, http, shops};
use crate::meta::ids::{OfferId, PageId};
use crate::outreach::reconcile::Mode;
use crate::outreach::told::Question;
use crate::time::UnixMs;

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

/// `GET /admin/offers?page=&shard=`: who waits to be told of what. `POST` with `&open=`: an offer
/// begins, and those who wait at this Desk are told.
pub async fn offers(request: &Request, route: &http::Route, env: &Env) -> Response {
    if route.method != "POST" {
        return ask(request, route, env, &Question::Offers).await;
    }
    match value(route, "open").and_then(|offer| OfferId::new(offer).ok()) {
        Some(offer) => ask(request, route, env, &Question::Open { offer }).await,
        None => http::text(400, "this needs &open=, the id of an offer"),
    }
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

/// Asks one Desk.
async fn ask(request: &Request, route: &http::Route, env: &Env, question: &Question) -> Response {
    match desk_of(request, route, env).await {
        Ok((name, shards)) => answer(env, &name, question, Some(shards)).await,
        Err(refusal) => refusal,
    }
}

/// The Desk that the owner asks: of the Page that is named, or else the first; its first shard, or
/// the one that is named. And how many there are.
async fn desk_of(
    request: &Request,
    route: &http::Route,
    env: &Env,
) -> Result<(desk::Name, u32), Response> {
    admin::owners(request, env)?;
    let pages = shops::pages(env, desk::now()).await;
    let pages = pages.map_err(|why| http::text(503, &why.to_string()))?;
    let wanted = value(route, "page").filter(|page| !page.is_empty());
    let wanted = wanted.map(|page| PageId::new(page).ok());
    let page = pages.pages.iter().find(|page| match &wanted {
        None => true,
        Some(wanted) => wanted.as_ref() == Some(&page.id),
    });
    let Some(page) = page else {
        return Err(http::text(404, "no such Page is published here"));
    };
    let desks = match desk::call::layout(env, &page.id).await {
        Ok(layout) => layout.desks(),
        Err(why) => return Err(http::text(503, &why)),
    };
    let shard = value(route, "shard").map_or(Some(0), |shard| shard.parse::<u32>().ok());
    let Some(shard) = shard.filter(|shard| *shard < desks) else {
        return Err(http::text(404, "this Page has no such shard"));
    };
    Ok((desk::Name { page: page.id.clone(), shard }, desks))
}

/// `GET /admin/reconcile?page=&shard=`: how far the reading of Meta's list of tokens is, or how the
/// last one ended. `POST` begins one, with `&dry_run=1`, `&rebuild=1` and `&believe=1`; with
/// `&round=` it makes the next step of that one.
pub async fn reconcile(request: &Request, route: &http::Route, env: &Env) -> Response {
    let (name, shards) = match desk_of(request, route, env).await {
        Ok(found) => found,
        Err(refusal) => return refusal,
    };
    let is_on = |what: &str| value(route, what).is_some_and(|value| value == "1");
    let act = match (route.method.as_str(), value(route, "round")) {
        ("POST", None) => Reading::Begin(Mode {
            dry_run: is_on("dry_run"),
            rebuild: is_on("rebuild"),
            believe: is_on("believe"),
        }),
        ("POST", Some(round)) => match round.parse() {
            Ok(id) => Reading::GoOn(UnixMs::new(id)),
            Err(_) => return http::text(400, "&round= is a number, as the first answer has it"),
        },
        _ => Reading::State,
    };
    match desk::call::reconcile(env, &name, act).await {
        Ok(answer) if answer == "null" => http::text(
            409,
            "a reading is on that is made in another way: try again when it is over",
        ),
        Ok(answer) => told(&name, Some(shards), &answer),
        Err(why) => http::text(503, &why),
    }
}

async fn answer(
    env: &Env,
    name: &desk::Name,
    question: &Question,
    shards: Option<u32>,
) -> Response {
    match desk::call::ask(env, name, question).await {
        Ok(answer) => told(name, shards, &answer),
        Err(why) => http::text(503, &why),
    }
}

fn told(name: &desk::Name, shards: Option<u32>, answer: &str) -> Response {
    http::json(
        200,
        &json!({
            "version": env!("CARGO_PKG_VERSION"),
            "page": name.page,
            "shard": name.shard,
            "shards": shards,
            "answer": serde_json::from_str::<Value>(answer).unwrap_or_default(),
        }),
    )
}
