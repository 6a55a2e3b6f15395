//! `GET /privacy`: the shop's privacy notice. `?page=` and `?lang=` choose; without them the first
//! Page's in the visitor's language. Never an error page: it stands in the settings of the app at
//! Meta.

use web_sys::{Request, Response};
use worker::Env;

use super::{admin, desk, http, shops};
use crate::desk::data_map::kept_of_people;
use crate::entry::pages::choose_language;
use crate::entry::privacy::{self, Branch};

/// `GET`, `HEAD /privacy?page=&lang=`.
pub async fn page(request: &Request, route: &http::Route, env: &Env) -> Response {
    let pages = shops::pages(env, desk::now()).await.ok();
    let pages = pages.as_deref().map(|pages| &pages.pages[..]).unwrap_or_default();
    let wanted = admin::value(route, "page");
    let is_wanted = |id: &str| wanted.as_deref().is_some_and(|wanted| wanted == id);
    let chosen = pages.iter().find(|page| is_wanted(page.id.as_str())).or(pages.first());
    let published = match chosen {
        Some(page) => shops::shop(env, &page.id, desk::now()).await.ok(),
        None => None,
    };
    let shop = published.as_ref().map(|published| &published.shop);
    let accepted = admin::value(route, "lang").or_else(|| http::header(request, "accept-language"));
    let lang = choose_language(accepted.as_deref(), &privacy::languages(shop));
    let html = match shop {
        Some(shop) => {
            let branch = |page: &crate::shop::kv::PageRoute| Branch {
                id: page.id.to_string(),
                name: page.name.clone(),
            };
            let branches: Vec<Branch> = pages.iter().map(branch).collect();
            privacy::notice(shop, &kept_of_people(shop), &branches, &lang)
        }
        None => privacy::plain(&lang),
    };
    let headers = [
        ("content-type", "text/html; charset=utf-8"),
        ("content-language", lang.0.as_str()),
        ("cache-control", "no-cache"),
        ("vary", "accept-language"),
        (
            "content-security-policy",
            "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; \
             frame-ancestors 'none'",
        ),
        ("referrer-policy", "no-referrer"),
        ("x-content-type-options", "nosniff"),
    ];
    let body = (route.method != "HEAD").then_some(html.as_bytes());
    http::respond(200, &headers, body)
}
