//! `GET /admin/bookings` for the owner, and `GET /calendar/{page}/{token}.ics` for whoever has
//! booked.

use serde_json::json;
use web_sys::{Request, Response};
use worker::Env;

use super::config::Config;
use super::{admin, desk, http};
use crate::entry::calendar;

/// `GET /admin/bookings?page=`: who comes when, at one Page or at all.
pub async fn list(request: &Request, route: &http::Route, env: &Env) -> Response {
    if let Err(refusal) = admin::owners(request, env) {
        return refusal;
    }
    let pages = match admin::pages_of(route, env).await {
        Ok(pages) => pages,
        Err(refusal) => return refusal,
    };
    let mut desks = Vec::new();
    for page in pages {
        // The Page's registrar has them all: a shop with services has one Desk a Page.
        let name = desk::Name { page: page.id.clone(), shard: 0 };
        desks.push(match desk::call::bookings(env, &name).await {
            Ok(found) => serde_json::from_str(&found).unwrap_or(json!({ "error": "unreadable" })),
            Err(why) => json!({ "page": name.page, "error": why }),
        });
    }
    http::json(200, &json!({ "version": env!("CARGO_PKG_VERSION"), "pages": desks }))
}

/// `GET /calendar/{page}/{token}.ics`: one booking, as a calendar takes it.
pub async fn entry(request: &Request, route: &http::Route, env: &Env) -> Response {
    let config = match Config::of(env) {
        Ok(config) => config,
        Err(why) => return http::text(503, &why),
    };
    let Some((page, code)) = calendar::open(&config.keys, route.path()) else {
        return http::text(404, "there is no such booking");
    };
    let language = http::header(request, "accept-language").unwrap_or_default();
    match desk::call::booking(env, &desk::Name { page, shard: 0 }, &code, &language).await {
        Ok(entry) if entry.is_empty() => http::text(404, "there is no such booking"),
        Ok(entry) => http::respond(
            200,
            &[
                ("content-type", "text/calendar; charset=utf-8"),
                ("content-disposition", "attachment; filename=\"booking.ics\""),
                // It may be moved any time, and nobody else is to have it.
                ("cache-control", "private, no-store"),
                ("referrer-policy", "no-referrer"),
            ],
            Some(entry.as_bytes()),
        ),
        Err(why) => {
            worker::console_error!("a calendar entry cannot be read: {why}");
            http::text(503, "please try again in a minute")
        }
    }
}
