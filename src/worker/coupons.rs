//! Coupons, from outside.
//!
//! | route | what |
//! |---|---|
//! | `GET`, `HEAD /c/{code}` | shows a code; redeems nothing |
//! | `GET /till` | the till: signing in, or the form for a code |
//! | `POST /till`, `/till/redeem`, `/till/leave` | signs in, redeems, signs out |
//! | `GET /admin/coupons?page=` | what was given and redeemed |
//! | `POST /admin/redeem?code=` | redeems for the owner |
//! | `GET`, `POST`, `DELETE /admin/tills?page=&name=` | who may redeem |

use std::cell::RefCell;
use std::rc::Rc;
use std::thread::LocalKey;

use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use web_sys::{Request, Response};
use worker::Env;

use super::config::Config;
use super::shops::Published;
use super::{admin, desk, http, random, shops};
use crate::desk::coupons::act::{Act, CARRIED, SignedIn};
use crate::desk::coupons::redeeming::By;
use crate::desk::coupons::tills::hash_of;
use crate::entry::coupons::page::{self, At, Found};
use crate::entry::coupons::session::{self, Session};
use crate::entry::coupons::till::{self, Answer, Refused, View};
use crate::entry::coupons::{Redeemed, Shown};
use crate::entry::pages::choose_language;
use crate::entry::throttle::{Allowance, Throttle};
use crate::meta::ids::PageId;
use crate::meta::signature::form_value;
use crate::shop::coupon_codes::CouponCode;
use crate::shop::kv::PageRoute;
use crate::shop::lang;
use crate::shop::model::{Lang, Shop};
use crate::time::{SECOND, UnixMs};

/// What a form of the till may measure, in bytes: a link to a code, escaped.
const FORM_BODY: usize = 4 * 1024;

/// Codes that nobody has, from one address. Far below what the registrar takes from all: one address
/// must not keep the others from their codes.
const VAIN_CODES: Allowance = Allowance { at_once: 20, one_every_ms: 5 * SECOND };

/// Keys that no till has, from one address. The customers' Wi-Fi is often the till's, so codes are
/// counted apart.
const VAIN_KEYS: Allowance = Allowance { at_once: 10, one_every_ms: 10 * SECOND };

thread_local! {
    static CODES: RefCell<Option<Throttle>> = const { RefCell::new(None) };
    static KEYS: RefCell<Option<Throttle>> = const { RefCell::new(None) };
}

/// A look that one address has left. It is taken before anybody is asked: many could be under way at
/// once. Who finds what they look for gets it back.
struct Look {
    of: &'static LocalKey<RefCell<Option<Throttle>>>,
    address: String,
}

/// `GET /c/{code}`.
pub async fn show(request: &Request, route: &http::Route, env: &Env) -> Response {
    let now = desk::now();
    let (config, pages) = match ground(env, now).await {
        Ok(ground) => ground,
        Err(refusal) => return refusal,
    };
    let text = route.path().strip_prefix("/c/").unwrap_or_default();
    let signed_in = match session_of(request, &config, now) {
        Some(session) => matches!(till_of(env, &session).await, Ok(Some(_))),
        None => false,
    };
    let (page, status, found) = match CouponCode::read(text) {
        // Nobody is asked.
        Err(_) => (None, 404, Looked::Unknown),
        Ok(code) if signed_in => look(env, &pages, &code, Act::ShowTill(code.clone())).await,
        Ok(code) => match Look::takes(&CODES, VAIN_CODES, request, now) {
            None => (None, 429, Looked::Busy),
            Some(left) => {
                let looked = look(env, &pages, &code, Act::Show(code.clone())).await;
                if let (_, _, Looked::Code(..)) = looked {
                    left.gives_back();
                }
                looked
            }
        },
    };
    let page = page.or_else(|| pages.first().map(|page| page.id.clone()));
    let published = shop_of(env, page.as_ref(), now).await;
    let shop = published.as_deref().map(|published| &published.shop);
    let lang = language(request, shop.map(|shop| shop.languages.as_slice()));
    let base = config.public_url.as_deref().unwrap_or_else(|| route.origin());
    let found = match &found {
        Looked::Code(code, shown) => Found::Code(code, shown),
        Looked::Unknown => Found::Unknown,
        Looked::Busy => Found::Busy,
        Looked::Failed => Found::Failed,
    };
    let html = page::page(shop, &lang, &found, At { base, till: signed_in, now });
    // A till's browser says where it comes from to this Worker, and to nobody else.
    let referrer = if signed_in { "same-origin" } else { "no-referrer" };
    html_page(status, &html, referrer, None)
}

/// What is known of a code.
enum Looked {
    Code(CouponCode, Shown),
    Unknown,
    Busy,
    Failed,
}

/// Asks every Page's registrar: a code does not say whose it is.
async fn look(
    env: &Env,
    pages: &[PageRoute],
    code: &CouponCode,
    act: Act,
) -> (Option<PageId>, u16, Looked) {
    let asked = pages.iter().map(async |page| (page.id.clone(), ask(env, &page.id, &act).await));
    let mut worst = (None, 404, Looked::Unknown);
    for (page, answer) in futures_util::future::join_all(asked).await {
        match answer {
            Ok(Value::Null) => {}
            Ok(answer) if is_busy(&answer) => worst = (None, 429, Looked::Busy),
            Ok(answer) => {
                if let Ok(shown) = serde_json::from_value(answer) {
                    return (Some(page), 200, Looked::Code(code.clone(), shown));
                }
            }
            Err(why) => {
                worker::console_error!("a coupon cannot be looked up: {why}");
                worst = (None, 503, Looked::Failed);
            }
        }
    }
    worst
}

/// `GET /till`.
pub async fn till(request: &Request, env: &Env) -> Response {
    let now = desk::now();
    let (config, pages) = match ground(env, now).await {
        Ok(ground) => ground,
        Err(refusal) => return refusal,
    };
    let Some(session) = session_of(request, &config, now) else {
        return till_page(request, env, (200, None), pages.first(), &View::SignIn(None), "").await;
    };
    match till_of(env, &session).await {
        Ok(Some(till)) => {
            let view = View::Code(&till.name, None);
            let own = pages.iter().find(|page| page.id == session.page);
            till_page(request, env, (200, None), own, &view, "").await
        }
        Ok(None) => signed_out(request, env, &pages).await,
        Err(_) => {
            let view = View::SignIn(Some(Refused::Failed));
            till_page(request, env, (503, None), pages.first(), &view, "").await
        }
    }
}

/// `POST /till`: signs in with a till's key.
pub async fn sign_in(request: &Request, route: &http::Route, env: &Env) -> Response {
    let now = desk::now();
    let ((config, pages), form) = match posted(request, route, env, now).await {
        Ok(posted) => posted,
        Err(refusal) => return refusal,
    };
    let refuse = async |status, why| {
        let view = View::SignIn(Some(why));
        till_page(request, env, (status, None), pages.first(), &view, "").await
    };
    let Ok(key) = CouponCode::read(&field(&form, "key")) else {
        return refuse(403, Refused::WrongKey).await;
    };
    let Some(left) = Look::takes(&KEYS, VAIN_KEYS, request, now) else {
        return refuse(429, Refused::Busy).await;
    };
    let act = Act::SignIn(hash_of(&key));
    let mut why = (403, Refused::WrongKey);
    for page in &pages {
        match ask(env, &page.id, &act).await {
            Ok(Value::Null) => {}
            Ok(answer) if is_busy(&answer) => why = (429, Refused::Busy),
            Ok(answer) => {
                if let Ok(SignedIn { id, .. }) = serde_json::from_value(answer) {
                    left.gives_back();
                    let session = Session { page: page.id.clone(), till: id };
                    let cookie = session::begins(&session::sign(&config.keys, &session, now));
                    return back_to_the_till(&cookie);
                }
            }
            Err(_) => why = (503, Refused::Failed),
        }
    }
    refuse(why.0, why.1).await
}

/// `POST /till/leave`: signs out.
pub async fn leave(request: &Request, route: &http::Route, env: &Env) -> Response {
    match posted(request, route, env, desk::now()).await {
        Ok(_) => back_to_the_till(&session::ends()),
        Err(refusal) => refusal,
    }
}

/// `POST /till/redeem`: redeems a code.
pub async fn redeem(request: &Request, route: &http::Route, env: &Env) -> Response {
    let now = desk::now();
    let ((config, pages), form) = match posted(request, route, env, now).await {
        Ok(posted) => posted,
        Err(refusal) => return refusal,
    };
    let Some(session) = session_of(request, &config, now) else {
        return signed_out(request, env, &pages).await;
    };
    let till = match till_of(env, &session).await {
        Ok(Some(till)) => till,
        Ok(None) => return signed_out(request, env, &pages).await,
        Err(_) => {
            let view = View::SignIn(Some(Refused::Failed));
            return till_page(request, env, (503, None), pages.first(), &view, "").await;
        }
    };
    let typed = field(&form, "code");
    let own = pages.iter().find(|page| page.id == session.page);
    let Ok(code) = CouponCode::read(&typed) else {
        let view = View::Code(&till.name, Some(Answer::Misread));
        return till_page(request, env, (200, None), own, &view, &typed).await;
    };
    let by = |last| By::Till { id: session.till.clone(), last };
    match redeem_at(env, &pages, &session.page, by, &code).await {
        Ok((_, Redeemed::NoTill)) => signed_out(request, env, &pages).await,
        Ok((page, redeemed)) => {
            let view = View::Code(&till.name, Some(Answer::Of(&redeemed)));
            let page = pages.iter().find(|known| known.id == page).or(own);
            till_page(request, env, (200, None), page, &view, &typed).await
        }
        Err(why) => {
            worker::console_error!("a coupon cannot be redeemed: {why}");
            let view = View::Code(&till.name, Some(Answer::Failed));
            till_page(request, env, (503, None), own, &view, &typed).await
        }
    }
}

/// Redeems a code at whatever Page it is of; `own` counts what is wrong.
async fn redeem_at(
    env: &Env,
    pages: &[PageRoute],
    own: &PageId,
    by: impl Fn(bool) -> By,
    code: &CouponCode,
) -> Result<(PageId, Redeemed), String> {
    let last = pages.iter().all(|page| page.id == *own);
    let first: Redeemed = read(ask(env, own, &Act::Redeem(code.clone(), by(last))).await?)?;
    let Redeemed::Unknown { by: name } = &first else { return Ok((own.clone(), first)) };
    if last {
        return Ok((own.clone(), first));
    }
    let act = Act::Redeem(code.clone(), By::Neighbour { name: name.clone() });
    let others = pages.iter().filter(|page| page.id != *own);
    let asked = others.map(async |page| (page.id.clone(), ask(env, &page.id, &act).await));
    let (mut failed, mut moved) = (None, None);
    for (page, answer) in futures_util::future::join_all(asked).await {
        match answer.and_then(read::<Redeemed>) {
            Ok(Redeemed::Unknown { .. }) => {}
            // Another one may have redeemed it.
            Ok(Redeemed::Moved) => moved = Some(page),
            Ok(known) => return Ok((page, known)),
            Err(why) => failed = Some(why),
        }
    }
    if let Some(why) = failed {
        return Err(why);
    }
    if let Some(page) = moved {
        return Ok((page, Redeemed::Moved));
    }
    ask(env, own, &Act::Wrong(by(true))).await?;
    Ok((own.clone(), first))
}

/// `GET /admin/coupons?page=`.
pub async fn list(request: &Request, route: &http::Route, env: &Env) -> Response {
    let asked = async {
        admin::owners(request, env)?;
        admin::pages_of(route, env).await
    };
    let pages = match asked.await {
        Ok(pages) => pages,
        Err(refusal) => return refusal,
    };
    let mut all = Vec::new();
    for page in pages {
        all.push(match ask(env, &page.id, &Act::List).await {
            Ok(told) => json!({ "page": page.id, "coupons": told.get("coupons") }),
            Err(why) => json!({ "page": page.id, "error": why }),
        });
    }
    http::json(200, &json!({ "version": env!("CARGO_PKG_VERSION"), "pages": all }))
}

/// `POST /admin/redeem?code=`.
pub async fn redeem_for_owner(request: &Request, route: &http::Route, env: &Env) -> Response {
    if let Err(refusal) = admin::owners(request, env) {
        return refusal;
    }
    let refuse = |status, why: &str| http::json(status, &json!({ "error": why }));
    let Ok(code) = CouponCode::read(&admin::value(route, "code").unwrap_or_default()) else {
        return refuse(400, "the characters of this code do not add up: read it again");
    };
    let pages = match shops::pages(env, desk::now()).await {
        Ok(pages) => pages,
        Err(why) => return http::text(503, &why.to_string()),
    };
    let Some(first) = pages.pages.first() else {
        return http::text(404, "no shop is published here");
    };
    let redeemed = redeem_at(env, &pages.pages, &first.id, |last| By::Owner { last }, &code).await;
    let (page, redeemed) = match redeemed {
        Ok(redeemed) => redeemed,
        Err(why) => return http::text(503, &why),
    };
    match redeemed {
        Redeemed::Now { coupon, .. } => {
            http::json(200, &json!({ "page": page, "coupon": coupon, "redeemed": code }))
        }
        Redeemed::Already { coupon, at, by } => {
            let why = format!("it was redeemed already, at {} by {by}", at.rfc3339());
            let at = at.rfc3339();
            let told = json!({ "error": why, "coupon": coupon, "redeemed_at": at, "by": by });
            http::json(409, &told)
        }
        Redeemed::Over { until, .. } => refuse(410, &format!("it ended at {}", until.rfc3339())),
        Redeemed::Wait { until } => {
            refuse(429, &format!("too many wrong codes: go on at {}", until.rfc3339()))
        }
        Redeemed::Moved => refuse(503, CARRIED),
        Redeemed::Unknown { .. } | Redeemed::NoTill => refuse(404, "nobody was given this code"),
    }
}

/// `GET`, `POST`, `DELETE /admin/tills?page=&name=`.
pub async fn tills(request: &Request, route: &http::Route, env: &Env) -> Response {
    let asked = async {
        admin::owners(request, env)?;
        admin::pages_of(route, env).await
    };
    let pages = match asked.await {
        Ok(pages) => pages,
        Err(refusal) => return refusal,
    };
    let [page] = &pages[..] else {
        let why = "there are several Pages: this needs ?page=, an id as Meta writes it";
        return http::json(400, &json!({ "error": why }));
    };
    let name = admin::value(route, "name").unwrap_or_default();
    let key = CouponCode::made(random::bits128());
    let act = match route.method.as_str() {
        "GET" => Act::Tills,
        "POST" => {
            let id = hex::encode(random::bits128().get(..8).unwrap_or_default());
            Act::AddTill(id, name, hash_of(&key))
        }
        _ => Act::RevokeTill(name),
    };
    match ask(env, &page.id, &act).await {
        Ok(mut told) => {
            if told.get("error").is_some() {
                return http::json(409, &told);
            }
            if let (Act::AddTill(..), Some(fields)) = (&act, told.as_object_mut()) {
                // Shown once: only its hash is kept.
                fields.insert("key".to_owned(), json!(key));
            }
            http::json(200, &told)
        }
        Err(why) => http::text(503, &why),
    }
}

async fn ask(env: &Env, page: &PageId, act: &Act) -> Result<Value, String> {
    desk::call::coupons(env, &desk::Name { page: page.clone(), shard: 0 }, act).await
}

fn read<T: DeserializeOwned>(answer: Value) -> Result<T, String> {
    serde_json::from_value(answer).map_err(|error| format!("a Desk answers wrongly: {error}"))
}

fn is_busy(answer: &Value) -> bool {
    answer.get("busy").is_some()
}

/// The configuration and the Pages, or the refusal when this deployment cannot do its work.
async fn ground(env: &Env, now: UnixMs) -> Result<(Rc<Config>, Vec<PageRoute>), Response> {
    let config = Config::of(env).map_err(|why| http::text(503, &why))?;
    let pages = shops::pages(env, now).await;
    let pages = pages.map_err(|why| http::text(503, &why.to_string()))?;
    Ok((config, pages.pages.clone()))
}

/// The same, and the form that was posted from a page of ours: a form of another site, or a link,
/// does nothing here. `SameSite=Strict` keeps the session from those already.
async fn posted(
    request: &Request,
    route: &http::Route,
    env: &Env,
    now: UnixMs,
) -> Result<((Rc<Config>, Vec<PageRoute>), String), Response> {
    let ground = ground(env, now).await?;
    if !is_from_here(request, route, &ground.0) {
        return Err(http::text(403, "this form has to be sent from the till's own page"));
    }
    match http::body(request, FORM_BODY).await {
        Ok(body) => String::from_utf8(body)
            .map(|form| (ground, form))
            .map_err(|_| http::text(400, "this is no form")),
        Err(http::BodyError::TooLarge) => Err(http::text(413, "body too large")),
        Err(http::BodyError::Broken) => Err(http::text(400, "the body ended early")),
    }
}

/// Browsers say where a form comes from: all of today's by `Sec-Fetch-Site`, and by `Origin`.
fn is_from_here(request: &Request, route: &http::Route, config: &Config) -> bool {
    if let Some(site) = http::header(request, "sec-fetch-site") {
        return site == "same-origin";
    }
    let origin = http::header(request, "origin").unwrap_or_default();
    origin == route.origin() || config.public_url.as_deref() == Some(&origin)
}

fn field(form: &str, name: &str) -> String {
    form_value(form, name).and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default()
}

fn session_of(request: &Request, config: &Config, now: UnixMs) -> Option<Session> {
    let cookies = http::header(request, "cookie")?;
    session::open(&config.keys, session::of_header(&cookies)?, now)
}

async fn till_of(env: &Env, session: &Session) -> Result<Option<SignedIn>, String> {
    read(ask(env, &session.page, &Act::Till(session.till.clone())).await?)
}

impl Look {
    /// None: this address has none left.
    fn takes(
        of: &'static LocalKey<RefCell<Option<Throttle>>>,
        each: Allowance,
        request: &Request,
        now: UnixMs,
    ) -> Option<Self> {
        let address = http::header(request, "cf-connecting-ip").unwrap_or_default();
        let taken = of.with_borrow_mut(|throttle| {
            let new = || Throttle::new(each, random::bits128());
            throttle.get_or_insert_with(new).takes(&address, now)
        });
        taken.then_some(Self { of, address })
    }

    /// It was not in vain.
    fn gives_back(self) {
        self.of.with_borrow_mut(|throttle| {
            if let Some(throttle) = throttle {
                throttle.gives_back(&self.address);
            }
        });
    }
}

async fn shop_of(env: &Env, page: Option<&PageId>, now: UnixMs) -> Option<Rc<Published>> {
    shops::shop(env, page?, now).await.ok()
}

/// The language to speak: of those given, or of all there are words in.
fn language(request: &Request, spoken: Option<&[Lang]>) -> Lang {
    let accepted = http::header(request, "accept-language");
    match spoken {
        Some(spoken) => choose_language(accepted.as_deref(), spoken),
        None => choose_language(accepted.as_deref(), &lang::english_first()),
    }
}

async fn signed_out(request: &Request, env: &Env, pages: &[PageRoute]) -> Response {
    let view = View::SignIn(Some(Refused::Again));
    let ends = Some(session::ends());
    till_page(request, env, (403, ends), pages.first(), &view, "").await
}

/// The till's page in the language of whoever works there.
async fn till_page(
    request: &Request,
    env: &Env,
    (status, cookie): (u16, Option<String>),
    page: Option<&PageRoute>,
    view: &View<'_>,
    typed: &str,
) -> Response {
    let published = shop_of(env, page.map(|page| &page.id), desk::now()).await;
    let shop: Option<&Shop> = published.as_deref().map(|published| &published.shop);
    let lang = language(request, None);
    let html = till::page(shop, &lang, view, typed);
    html_page(status, &html, "same-origin", cookie.as_deref())
}

fn back_to_the_till(cookie: &str) -> Response {
    let headers = [("location", "/till"), ("set-cookie", cookie), ("cache-control", "no-store")];
    http::respond(303, &headers, None)
}

fn html_page(status: u16, html: &str, referrer: &str, cookie: Option<&str>) -> Response {
    let mut headers = vec![
        ("content-type", "text/html; charset=utf-8"),
        ("cache-control", "no-store"),
        (
            "content-security-policy",
            "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; \
             form-action 'self'; frame-ancestors 'none'",
        ),
        ("referrer-policy", referrer),
        ("x-content-type-options", "nosniff"),
        ("x-robots-tag", "noindex"),
    ];
    headers.extend(cookie.map(|cookie| ("set-cookie", cookie)));
    http::respond(status, &headers, Some(html.as_bytes()))
}
