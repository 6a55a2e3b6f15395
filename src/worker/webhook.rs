//! `GET /webhook`: Meta's handshake. `POST /webhook`: events, verified and handed to the Desks.

use std::collections::BTreeMap;

use web_sys::{Request, Response};
use worker::Env;

use super::config::Config;
use super::{desk, http, shops};
use crate::meta::event::{Channel, Event};
use crate::meta::ids::PageId;
use crate::meta::{limits, parse, signature};
use crate::shop::kv::PagesValue;

/// `GET /webhook`.
pub fn handshake(route: &http::Route, env: &Env) -> Response {
    let config = match Config::of(env) {
        Ok(config) => config,
        Err(why) => return misconfigured(&why),
    };
    match signature::handshake(route.query(), &config.verify_token) {
        Ok(challenge) => http::text(200, &challenge),
        Err(error) => http::text(error.status(), &error.to_string()),
    }
}

/// `POST /webhook`: 401 for anything unsigned, with no work done; 200 once every Desk has
/// committed; 503 when a Desk could not, so that Meta delivers again.
pub async fn receive(request: &Request, env: &Env) -> Response {
    let config = match Config::of(env) {
        Ok(config) => config,
        Err(why) => return misconfigured(&why),
    };
    let signed = http::header(request, "x-hub-signature-256");
    // What is no signature at all needs no body to be refused.
    if let Err(error) = signature::digest(signed.as_deref()) {
        return http::text(401, &error.to_string());
    }
    let body = match http::body(request, limits::WEBHOOK_BODY).await {
        Ok(body) => body,
        Err(http::BodyError::TooLarge) => return http::text(413, "body too large"),
        Err(http::BodyError::Broken) => return http::text(400, "body could not be read"),
    };
    if let Err(error) = config.app_secret.verify(signed.as_deref(), &body) {
        return http::text(401, &error.to_string());
    }
    // Signed, so it is from Meta: whatever it says, delivering it again would not help.
    let events = match parse::parse(&body) {
        Ok(events) => events,
        Err(error) => {
            worker::console_error!("a signed webhook could not be read: {error}");
            return http::ok();
        }
    };
    if events.is_empty() {
        return http::ok();
    }
    let now = desk::now();
    let pages = match shops::pages(env, now).await {
        Ok(pages) => pages,
        Err(error) => {
            worker::console_error!("{error}");
            return http::text(503, "storage does not answer, please deliver again");
        }
    };
    let deliveries = group(events, &pages);
    let sent = deliveries.iter().map(|(name, events)| desk::call::take(env, name, 0, events));
    let answers = futures_util::future::join_all(sent).await;
    let refused = answers.into_iter().filter_map(Result::err).collect::<Vec<_>>();
    if refused.is_empty() {
        return http::ok();
    }
    for why in &refused {
        worker::console_error!("a Desk did not take its events: {why}");
    }
    http::text(503, "storage does not answer, please deliver again")
}

/// Sorts events by the Desk that owns them: the Page's, and in it the person's.
///
/// A Page that is not published (yet) has a Desk too: it keeps the events until it is.
fn group(events: Vec<Event>, pages: &PagesValue) -> BTreeMap<desk::Name, Vec<Event>> {
    let mut desks: BTreeMap<desk::Name, Vec<Event>> = BTreeMap::new();
    for event in events {
        let route = pages.pages.iter().find(|page| match event.channel {
            Channel::Messenger => page.id.as_str() == event.account.as_str(),
            Channel::Instagram => page.instagram_id.as_ref() == Some(&event.account),
        });
        let (page, shards) = match route {
            Some(route) => (route.id.clone(), route.shards),
            None => match PageId::new(event.account.as_str()) {
                Ok(page) => (page, 1),
                Err(_) => continue,
            },
        };
        let name = desk::Name::of(page, event.person.as_ref(), shards);
        desks.entry(name).or_default().push(event);
    }
    desks
}

/// The deployment is not safe to run: nothing is accepted, and the answer says why. Meta keeps
/// delivering for an hour.
fn misconfigured(why: &str) -> Response {
    worker::console_error!("not running: {why}");
    http::text(503, why)
}
