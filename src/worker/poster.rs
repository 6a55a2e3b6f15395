//! `GET /q/{code}`: a poster's link, and its QR picture.
//!
//! Most scans come to an isolate that has just started, so the link needs as little as possible: the
//! poster's own values and the list of Pages, all at once, and then whether the Page is held. The
//! scan is counted after the answer has left, in a call of its own: what was collected for later
//! would be lost with the isolate.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use serde::de::DeserializeOwned;
use wasm_bindgen::prelude::*;
use web_sys::{Request, Response};
use worker::{Context, Env};

use super::config::Config;
use super::desk::call::Scan;
use super::{binding, desk, http, random, shops};
use crate::entry::door::{self, Door, Visitor, Why};
use crate::entry::scan;
use crate::entry::throttle::{Allowance, Left, Throttle};
use crate::entry::{pages, qr};
use crate::meta::ids::{PageId, PosterCode};
use crate::shop::codes::{self, Look};
use crate::shop::colour::Brand;
use crate::shop::kv::{
    HoldValue, KV_SCHEMA, PageRoute, PagesValue, PosterValue, aimed_key, hold_key, poster_key,
};
use crate::shop::model::{Lang, Place, Platform, Poster, Shop};
use crate::time::{MINUTE, SECOND, UnixMs};

#[wasm_bindgen(module = "/src/worker/border.js")]
extern "C" {
    #[wasm_bindgen(catch)]
    fn visitor(request: &Request) -> Result<String, JsValue>;

    #[wasm_bindgen(catch)]
    fn redirect(location: &str) -> Result<Response, JsValue>;
}

/// Asks for a link to Instagram instead of what the poster says; and to Messenger.
const ASKS: [(&str, Platform); 2] =
    [("to=instagram", Platform::Instagram), ("to=messenger", Platform::Messenger)];

/// How long a poster is used before KV is asked again.
const FRESH_MS: i64 = MINUTE;
/// How long a hold, and that there is no such poster, is believed.
const SHORT_MS: i64 = 30 * SECOND;
/// Values kept in memory. Codes can be made up, so there is an end to them.
const MOST_KEPT: usize = 2_048;
/// Codes of one address that nobody has and KV is asked for. Each costs up to four reads, of the
/// 100,000 that the free plan has a day (Cloudflare, 2026).
const VAIN: Allowance = Allowance { at_once: 20, one_every_ms: 30 * SECOND };
/// The same, of all addresses together.
const VAIN_OF_ALL: Allowance = Allowance { at_once: 300, one_every_ms: 10 * SECOND };
/// Calls for one scan: a Desk that has just moved answers the second time.
const TRIES: u32 = 3;

/// A value of KV in the isolate's memory; `None` where KV has none.
struct Kept<T> {
    value: Option<Rc<T>>,
    read_at: UnixMs,
}

thread_local! {
    static POSTERS: RefCell<HashMap<String, Kept<PosterValue>>> = RefCell::default();
    static HOLDS: RefCell<HashMap<String, Kept<HoldValue>>> = RefCell::default();
    static COUNTED: RefCell<Option<Throttle>> = const { RefCell::new(None) };
    static IN_VAIN: RefCell<Option<Throttle>> = const { RefCell::new(None) };
    static ALL_IN_VAIN: RefCell<Left> = const { RefCell::new(Left::all(VAIN_OF_ALL)) };
}

/// What a path under `/q/` asks for.
enum Wanted {
    Link,
    Svg,
    Png,
}

/// Who asks, in the order of [`visitor`].
struct Asker<'a> {
    request: scan::Request<'a>,
    address: &'a str,
    language: &'a str,
    place: Option<Place>,
}

impl<'a> Asker<'a> {
    fn of(said: &'a str) -> Self {
        let mut lines = said.split('\n');
        let mut next = || lines.next().unwrap_or_default();
        let head_only = next() == "HEAD";
        let request =
            scan::Request { head_only, user_agent: next(), purpose: next(), destination: next() };
        let (address, language) = (next(), next());
        let degrees = |text: &str| text.parse::<f64>().ok();
        let place = degrees(next()).zip(degrees(next()));
        let place = place.and_then(|(north, east)| Place::of(north, east));
        Self { request, address, language, place }
    }
}

/// Serves a link or a picture. A visitor never gets a bare error: whoever scans an unknown or
/// revoked code still finds the shop.
pub async fn serve(
    request: &Request,
    route: &http::Route,
    env: &Env,
    context: &Context,
) -> Response {
    let rest = route.path().strip_prefix("/q/").unwrap_or_default();
    let (code, wanted) = if let Some(code) = rest.strip_suffix(".svg") {
        (code, Wanted::Svg)
    } else if let Some(code) = rest.strip_suffix(".png") {
        (code, Wanted::Png)
    } else {
        (rest, Wanted::Link)
    };
    if !matches!(wanted, Wanted::Link) {
        let address = http::header(request, "cf-connecting-ip").unwrap_or_default();
        return picture(env, route, code, &wanted, &address).await;
    }
    let said = visitor(request).unwrap_or_default();
    link(env, route, context, code, &Asker::of(&said)).await
}

/// A scan.
async fn link(
    env: &Env,
    route: &http::Route,
    context: &Context,
    code: &str,
    asker: &Asker<'_>,
) -> Response {
    let now = desk::now();
    let found = find(env, code, asker.address, now).await;
    let (poster, pages) = match found {
        Ok((Some(poster), pages)) => (poster, pages),
        Ok((None, pages)) => {
            return shut(env, nearest(&pages, asker, now), asker, Why::Unknown).await;
        }
        Err(why) => {
            worker::console_error!("a poster cannot be looked up: {why}");
            return shut(env, None, asker, Why::Silent).await;
        }
    };
    let Some(page) = door::page_of(&poster, &pages.pages, asker.place, now) else {
        return shut(env, nearest(&pages, asker, now), asker, Why::Unknown).await;
    };
    let asks = |(word, _): &&(&str, Platform)| route.query().split('&').any(|part| part == *word);
    let visitor = Visitor {
        user_agent: asker.request.user_agent,
        asks: ASKS.iter().find(asks).map(|(_, platform)| *platform),
        place: asker.place,
    };
    let door = match Config::of(env) {
        Ok(config) => {
            let held = held_until(env, &page.id, now).await;
            door::open(&config.keys, &poster, page, held, visitor, now)
        }
        Err(why) => {
            worker::console_error!("a poster leads nowhere: {why}");
            Door::Shut(Why::Silent)
        }
    };
    if scan::is_scan(&asker.request) && counts(asker.address, now) {
        let scan = Scan {
            desk: Cow::Owned(desk::Name { page: page.id.clone(), shard: 0 }),
            poster: Cow::Owned(poster.code.clone()),
            day: door::today(page, now),
            shut: matches!(door, Door::Shut(_)),
        };
        count(env, context, scan);
    }
    match door {
        Door::Open(target) => redirect(&target).unwrap_or_else(|_| Response::error()),
        Door::Shut(why) => shut(env, Some(page.id.clone()), asker, why).await,
    }
}

/// The poster of a code, if there is one, and the Pages.
async fn find(
    env: &Env,
    code: &str,
    address: &str,
    now: UnixMs,
) -> Result<(Option<Rc<PosterValue>>, Rc<PagesValue>), String> {
    let pages = async { shops::pages(env, now).await.map_err(|error| error.to_string()) };
    let poster = async {
        let code = match codes::look(code) {
            Look::Made(code) | Look::Own(code) => code,
            // KV is not asked.
            Look::Misread | Look::None => return Ok(None),
        };
        let taken = may_be_vain(address, now);
        if !taken && !is_known(env, &code, now).await {
            return Ok(None);
        }
        let mut found = of_code(env, &code, now).await?;
        if found.is_none()
            && let Ok(upper) = PosterCode::new(code.as_str().to_ascii_uppercase())
            && upper != code
        {
            // Typed by hand.
            found = of_code(env, &upper, now).await?;
        }
        if taken && found.is_some() {
            was_not_vain(address);
        }
        Ok::<_, String>(found)
    };
    let (poster, pages) = futures_util::future::join(poster, pages).await;
    let pages = pages?;
    Ok((poster?.filter(|poster: &Rc<PosterValue>| poster.v == KV_SCHEMA), pages))
}

/// What was said of a poster without `shop.toml`, else what was published.
async fn of_code(
    env: &Env,
    code: &PosterCode,
    now: UnixMs,
) -> Result<Option<Rc<PosterValue>>, String> {
    let keys = (aimed_key(code), poster_key(code));
    let aimed = read(env, &POSTERS, &keys.0, FRESH_MS, now);
    let published = read(env, &POSTERS, &keys.1, FRESH_MS, now);
    let (aimed, published) = futures_util::future::join(aimed, published).await;
    Ok(aimed?.or(published?))
}

/// Until when Meta takes nothing from a Page. What KV does not say is no hold.
async fn held_until(env: &Env, page: &PageId, now: UnixMs) -> Option<UnixMs> {
    let hold = read(env, &HOLDS, &hold_key(page), SHORT_MS, now).await.ok().flatten()?;
    Some(UnixMs::new(hold.until_ms)).filter(|_| hold.v == KV_SCHEMA)
}

/// A value of KV, kept in memory for `fresh` ms; while KV does not answer, the older one.
async fn read<T: DeserializeOwned + 'static>(
    env: &Env,
    kept: &'static std::thread::LocalKey<RefCell<HashMap<String, Kept<T>>>>,
    key: &str,
    fresh: i64,
    now: UnixMs,
) -> Result<Option<Rc<T>>, String> {
    let older = kept.with_borrow(|all| {
        all.get(key).map(|kept| {
            let fresh = if kept.value.is_some() { fresh } else { SHORT_MS };
            (kept.value.clone(), (0..fresh).contains(&now.since(kept.read_at)))
        })
    });
    if let Some((value, true)) = older {
        return Ok(value);
    }
    let text = async {
        let kv = env.kv(binding::SHOP).map_err(|error| error.to_string())?;
        kv.get(key).text().await.map_err(|error| error.to_string())
    };
    let value = match (text.await, older) {
        (Ok(text), _) => text.and_then(|text| serde_json::from_str(&text).ok()).map(Rc::new),
        (Err(_), Some((Some(older), _))) => Some(older),
        (Err(why), _) => return Err(why),
    };
    kept.with_borrow_mut(|all| {
        if all.len() >= MOST_KEPT {
            // Codes that nobody has go first.
            all.retain(|_, kept| kept.value.is_some());
        }
        if all.len() >= MOST_KEPT {
            all.clear();
        }
        all.insert(key.to_owned(), Kept { value: value.clone(), read_at: now });
    });
    Ok(value)
}

/// Whether a scan from there counts. Over the limit it is redirected all the same.
fn counts(address: &str, now: UnixMs) -> bool {
    COUNTED.with_borrow_mut(|throttle| {
        let new = || Throttle::new(scan::COUNTED, random::bits128());
        throttle.get_or_insert_with(new).takes(address, now)
    })
}

/// Whether KV may be asked for a code that perhaps nobody has; [`was_not_vain`] if somebody has it.
fn may_be_vain(address: &str, now: UnixMs) -> bool {
    let of_address = IN_VAIN.with_borrow_mut(|throttle| {
        let new = || Throttle::new(VAIN, random::bits128());
        throttle.get_or_insert_with(new).takes(address, now)
    });
    of_address && ALL_IN_VAIN.with_borrow_mut(|left| left.takes(now))
}

fn was_not_vain(address: &str) {
    IN_VAIN.with_borrow_mut(|throttle| {
        if let Some(throttle) = throttle {
            throttle.gives_back(address);
        }
    });
    ALL_IN_VAIN.with_borrow_mut(Left::gives_back);
}

/// Whether a published shop has the code, by what this isolate has read of it within a minute. While
/// somebody tries words, the posters that hang go on leading to the shop; only one that was made in
/// that minute has to wait.
async fn is_known(env: &Env, code: &PosterCode, now: UnixMs) -> bool {
    let Ok(pages) = shops::pages(env, now).await else { return true };
    for page in &pages.pages {
        match shops::shop(env, &page.id, now).await {
            Ok(published) => {
                let same = |known: &Poster| known.code.as_str().eq_ignore_ascii_case(code.as_str());
                if published.shop.posters.iter().any(same) {
                    return true;
                }
            }
            // KV does not answer: whoever asks is told so.
            Err(shops::NoShop::Unavailable(_)) => return true,
            Err(_) => {}
        }
    }
    false
}

/// Counts a scan at the Page's registrar, without holding up the answer.
fn count(env: &Env, context: &Context, scan: Scan<'static>) {
    let env = env.clone();
    context.wait_until(async move {
        let mut tried = desk::call::scan(&env, &scan).await;
        for _ in 1..TRIES {
            if tried.is_ok() {
                return;
            }
            tried = desk::call::scan(&env, &scan).await;
        }
        if let Err(why) = tried {
            worker::console_error!("a scan is not counted: {why}");
        }
    });
}

fn nearest(pages: &PagesValue, asker: &Asker<'_>, now: UnixMs) -> Option<PageId> {
    let nearest = door::nearest(&pages.pages, asker.place, now).or(pages.pages.first());
    nearest.map(|page: &PageRoute| page.id.clone())
}

/// The shop's own page: phone, map, hours.
async fn shut(env: &Env, page: Option<PageId>, asker: &Asker<'_>, why: Why) -> Response {
    let published = match page {
        Some(page) => shops::shop(env, &page, desk::now()).await.ok(),
        None => None,
    };
    let shop: Option<&Shop> = published.as_ref().map(|published| &published.shop);
    let spoken: &[Lang] = shop.map_or(&[], |shop| &shop.languages);
    let language = pages::choose_language(Some(asker.language), spoken);
    let page = pages::fallback_page(shop, &language, why);
    let headers = [
        ("content-type", "text/html; charset=utf-8"),
        ("cache-control", "no-store"),
        (
            "content-security-policy",
            "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; \
             form-action 'none'; frame-ancestors 'none'",
        ),
        ("referrer-policy", "no-referrer"),
        ("x-content-type-options", "nosniff"),
        ("x-robots-tag", "noindex"),
    ];
    http::respond(200, &headers, Some(page.as_bytes()))
}

/// The picture holds this shop's own address, so that what the poster does can change later.
async fn picture(
    env: &Env,
    route: &http::Route,
    code: &str,
    wanted: &Wanted,
    address: &str,
) -> Response {
    let found = find(env, code, address, desk::now()).await;
    let Some(poster) = found.ok().and_then(|(poster, _)| poster).filter(|poster| !poster.revoked)
    else {
        return http::text(404, "there is no such poster");
    };
    let code = &poster.code;
    let configured = Config::of(env).ok().and_then(|config| config.public_url.clone());
    let origin = configured.as_deref().unwrap_or_else(|| route.origin());
    let target = format!("{origin}/q/{code}");
    let published = shops::shop(env, &poster.page, desk::now()).await.ok();
    let brand = published.as_ref().and_then(|published| published.shop.brand.as_ref());
    let colours = brand.map_or(qr::PLAIN, Brand::colours);
    let drawn = match wanted {
        Wanted::Png => qr::png(&target, colours).map(|bytes| ("image/png", bytes)),
        _ => qr::svg(&target, Some(code.as_str()), colours)
            .map(|text| ("image/svg+xml", text.into_bytes())),
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
