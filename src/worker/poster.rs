//! `GET /q/{code}`: a poster's link, and its QR picture.

use web_sys::{Request, Response};
use worker::Env;

use super::config::Config;
use super::{binding, desk, http, shops};
use crate::entry::{links, pages, qr};
use crate::meta::ids::PosterCode;
use crate::shop::kv::{PageRoute, PosterValue, poster_key};
use crate::shop::model::{Lang, Shop};

/// Asks for a link to Instagram instead of Messenger.
const TO_INSTAGRAM: &str = "to=instagram";

/// What a path under `/q/` asks for.
enum Wanted {
    Link,
    Svg,
    Png,
}

/// Serves a link or a picture. A visitor never gets a bare error: whoever scans an unknown or
/// revoked code still finds the shop.
pub async fn serve(request: &Request, route: &http::Route, env: &Env) -> Response {
    let rest = route.path().strip_prefix("/q/").unwrap_or_default();
    let (code, wanted) = if let Some(code) = rest.strip_suffix(".svg") {
        (code, Wanted::Svg)
    } else if let Some(code) = rest.strip_suffix(".png") {
        (code, Wanted::Png)
    } else {
        (rest, Wanted::Link)
    };
    let language = http::header(request, "accept-language");
    let found = match PosterCode::new(code) {
        Ok(code) => find(env, &code).await.map(|found| (code, found)),
        Err(_) => None,
    };
    match (found, wanted) {
        (Some((code, (_, page))), Wanted::Link) => redirect(env, route, &page, &code)
            .unwrap_or_else(|why| {
                worker::console_error!("a poster leads nowhere: {why}");
                http::text(503, "please try again in a minute")
            }),
        (Some((code, _)), wanted) => picture(env, route, &code, &wanted),
        (None, Wanted::Link) => fallback(env, language.as_deref()).await,
        (None, _) => http::text(404, "there is no such poster"),
    }
}

/// The poster and its Page, unless it is unknown or revoked.
async fn find(env: &Env, code: &PosterCode) -> Option<(PosterValue, PageRoute)> {
    let kv = env.kv(binding::SHOP).ok()?;
    let text = kv.get(&poster_key(code)).text().await.ok().flatten()?;
    let poster: PosterValue = serde_json::from_str(&text).ok()?;
    if poster.revoked {
        return None;
    }
    let pages = shops::pages(env, desk::now()).await.ok()?;
    let page = pages.pages.iter().find(|page| page.id == poster.page)?.clone();
    Some((poster, page))
}

/// To Messenger; with `?to=instagram`, as a link in an Instagram profile has it, to Instagram,
/// where the Page has an account there.
fn redirect(
    env: &Env,
    route: &http::Route,
    page: &PageRoute,
    code: &PosterCode,
) -> Result<Response, String> {
    let config = Config::of(env)?;
    let ref_ = config.keys.refs.sign(&page.id, code, desk::now());
    let instagram = page.instagram_username.as_ref();
    let target = match instagram.filter(|_| route.query().split('&').any(|p| p == TO_INSTAGRAM)) {
        Some(username) => links::instagram_link(username, &ref_),
        None => links::messenger_link(&page.username, &ref_),
    };
    // The ref carries the day, and the poster may be aimed elsewhere tomorrow: never cached.
    let headers = [
        ("location", target.as_str()),
        ("cache-control", "no-store"),
        ("referrer-policy", "no-referrer"),
        ("x-robots-tag", "noindex"),
    ];
    Ok(http::respond(302, &headers, None))
}

/// The picture holds this shop's own address, so that what the poster does can change later.
fn picture(env: &Env, route: &http::Route, code: &PosterCode, wanted: &Wanted) -> Response {
    let configured = Config::of(env).ok().and_then(|config| config.public_url.clone());
    let origin = configured.as_deref().unwrap_or_else(|| route.origin());
    let target = format!("{origin}/q/{code}");
    let drawn = match wanted {
        Wanted::Png => qr::png(&target).map(|bytes| ("image/png", bytes)),
        _ => qr::svg(&target, Some(code.as_str())).map(|text| ("image/svg+xml", text.into_bytes())),
    };
    match drawn {
        Ok((kind, bytes)) => http::respond(
            200,
            &[("content-type", kind), ("cache-control", "public, max-age=3600")],
            Some(&bytes),
        ),
        Err(error) => http::text(500, &error.to_string()),
    }
}

/// The shop's own page: phone, map, hours.
async fn fallback(env: &Env, accept_language: Option<&str>) -> Response {
    let published = match shops::pages(env, desk::now()).await {
        Ok(pages) => match pages.pages.first() {
            Some(page) => shops::shop(env, &page.id, desk::now()).await.ok(),
            None => None,
        },
        Err(_) => None,
    };
    let shop: Option<&Shop> = published.as_ref().map(|published| &published.shop);
    let spoken: &[Lang] = shop.map_or(&[], |shop| &shop.languages);
    let page = pages::fallback_page(shop, &pages::choose_language(accept_language, spoken));
    let headers = [
        ("content-type", "text/html; charset=utf-8"),
        ("cache-control", "no-store"),
        ("content-security-policy", "default-src 'none'; style-src 'unsafe-inline'"),
        ("referrer-policy", "no-referrer"),
    ];
    http::respond(200, &headers, Some(page.as_bytes()))
}
