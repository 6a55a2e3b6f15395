//! Cloudflare: the only room that knows the `worker` crate. Thin: it reads, calls a pure room,
//! and writes.
//!
//! - [`config`]: secrets and vars, checked once per isolate.
//! - [`http`]: requests and responses as plain `web_sys` types: each step over the border between
//!   wasm and JavaScript costs, and the crate's own types cross it several times more.
//! - [`webhook`], [`poster`], [`posters`], [`coupons`], [`admin`], [`bookings`], [`checkup`],
//!   [`notifications`], [`paid`], [`deletion`]: the routes.
//! - [`random`]: randomness, which the pure rooms get as an argument.
//! - [`shops`]: the published shops, kept in the isolate's memory for a minute.
//! - [`desk`]: the Durable Object; [`sql`]: its SQLite behind the store's trait.
//! - [`graph`]: the Graph API client.
//! - [`cron`]: the scheduled trigger.
//! - `border.js`: what is one step over the border instead of many, in JavaScript.

// The macros of the `worker` crate make public items without docs.
#![allow(missing_docs)]

mod admin;
mod bookings;
mod checkup;
mod config;
mod coupons;
mod cron;
mod deletion;
mod desk;
mod graph;
mod http;
mod notifications;
mod paid;
mod poster;
mod posters;
mod random;
mod shops;
mod sql;
mod webhook;

use worker::{Context, Env, ScheduleContext, ScheduledEvent, event};

/// Names that wrangler.toml must have under `[[kv_namespaces]]` and `[[durable_objects.bindings]]`.
mod binding {
    /// KV: the published shops, posters, consents.
    pub const SHOP: &str = "SHOP";
    /// Durable Object: one Desk per Page and shard.
    pub const DESK: &str = "DESK";
}

/// Every request. The routes are the contract with the outside.
#[event(fetch)]
async fn fetch(
    request: web_sys::Request,
    env: Env,
    context: Context,
) -> worker::Result<web_sys::Response> {
    let route = http::Route::of(&request);
    let response = match (route.method.as_str(), route.path()) {
        ("POST", "/webhook") => webhook::receive(&request, &env).await,
        ("GET", "/webhook") => webhook::handshake(&route, &env),
        ("GET", "/health") => admin::health(&env).await,
        ("GET" | "HEAD", path) if path.starts_with("/q/") => {
            poster::serve(&request, &route, &env, &context).await
        }
        ("GET" | "POST" | "DELETE", "/admin/posters") => {
            posters::orders(&request, &route, &env).await
        }
        ("GET" | "HEAD", path) if path.starts_with("/c/") => {
            coupons::show(&request, &route, &env).await
        }
        ("GET", "/till") => coupons::till(&request, &env).await,
        ("POST", "/till") => coupons::sign_in(&request, &route, &env).await,
        ("POST", "/till/redeem") => coupons::redeem(&request, &route, &env).await,
        ("POST", "/till/leave") => coupons::leave(&request, &route, &env).await,
        ("GET", "/admin/coupons") => coupons::list(&request, &route, &env).await,
        ("POST", "/admin/redeem") => coupons::redeem_for_owner(&request, &route, &env).await,
        ("GET" | "POST" | "DELETE", "/admin/tills") => coupons::tills(&request, &route, &env).await,
        ("GET", "/admin/funnel") => notifications::funnel(&request, &route, &env).await,
        ("GET", "/admin/status") => admin::status(&request, &env).await,
        ("GET" | "POST", "/admin/checkup") => checkup::checkup(&request, &route, &env).await,
        ("GET", "/admin/misses") => admin::misses(&request, &route, &env).await,
        ("GET", "/admin/bookings") => bookings::list(&request, &route, &env).await,
        ("GET", path) if path.starts_with("/calendar/") => {
            bookings::entry(&request, &route, &env).await
        }
        ("GET", "/admin/recipients") => notifications::recipients(&request, &route, &env).await,
        ("GET", "/admin/report") => notifications::report(&request, &route, &env).await,
        ("GET", "/admin/consent") => notifications::consent(&request, &route, &env).await,
        ("GET" | "POST", "/admin/offers") => notifications::offers(&request, &route, &env).await,
        ("GET", "/admin/receipts") => notifications::receipts(&request, &route, &env).await,
        ("GET" | "POST", "/admin/reconcile") => {
            notifications::reconcile(&request, &route, &env).await
        }
        ("GET" | "POST", "/admin/shards") => admin::shards(&request, &route, &env).await,
        ("GET" | "POST", "/admin/marketing") => paid::marketing(&request, &route, &env).await,
        ("GET" | "POST", "/admin/templates") => paid::templates(&request, &route, &env).await,
        ("POST", "/admin/utility") => paid::utility(&request, &route, &env).await,
        ("POST", "/admin/resume") => admin::resume(&request, &route, &env).await,
        ("POST", "/admin/reply") => admin::reply(&request, &route, &env).await,
        ("GET" | "POST" | "DELETE", "/admin/note") => admin::note(&request, &route, &env).await,
        ("POST", "/admin/delete") => deletion::by_owner(&request, &route, &env).await,
        ("POST", "/meta/deletion") => deletion::callback(&request, &route, &env).await,
        ("POST", "/meta/deauthorize") => deletion::deauthorized(&request, &env).await,
        ("GET", path) if path.starts_with("/deletion/") => {
            deletion::page(&request, &route, &env).await
        }
        (
            _,
            "/webhook" | "/health" | "/admin/status" | "/admin/misses" | "/admin/delete"
            | "/admin/bookings" | "/admin/checkup" | "/admin/consent" | "/admin/coupons"
            | "/admin/redeem" | "/admin/tills" | "/till" | "/till/redeem" | "/till/leave"
            | "/admin/funnel" | "/admin/marketing" | "/admin/note" | "/admin/offers"
            | "/admin/posters" | "/admin/receipts" | "/admin/recipients" | "/admin/reconcile"
            | "/admin/reply" | "/admin/report" | "/admin/resume" | "/admin/shards"
            | "/admin/templates" | "/admin/utility" | "/meta/deletion" | "/meta/deauthorize",
        ) => http::text(405, "method not allowed"),
        (_, path)
            if ["/q/", "/c/", "/deletion/", "/calendar/"]
                .iter()
                .any(|known| path.starts_with(known)) =>
        {
            http::text(405, "method not allowed")
        }
        _ => http::text(404, "not found"),
    };
    Ok(response)
}

/// Once a minute. It may come twice, late, or before the last one has ended; `desk` makes that
/// harmless.
#[event(scheduled)]
async fn scheduled(_event: ScheduledEvent, env: Env, _context: ScheduleContext) {
    cron::tick(&env).await;
}
