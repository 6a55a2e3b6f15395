//! `/admin/posters`: posters without `shop.toml`. The Page's registrar has them; the rules are
//! `desk::posters`'.
//!
//! | request | what |
//! |---|---|
//! | `GET ?page=` | all of a Page |
//! | `POST ?page=` with fields | a new one, under a code of its own |
//! | `POST ?page=&code=` with fields | aims one anew; `{"revoked": true}` takes it down |
//! | `DELETE ?page=&code=` | back to what `shop.toml` says of it, or gone |

use serde_json::{Map, Value, json};
use web_sys::{Request, Response};
use worker::Env;

use super::admin::{self, value};
use super::{binding, desk, http, random};
use crate::desk::posters::Order;
use crate::meta::ids::PosterCode;
use crate::shop::codes::{self, Look};
use crate::shop::kv::{aimed_key, poster_key};

/// What an order may measure, in bytes.
const ORDER_BODY: usize = 64 * 1024;

/// Tries for a code that nobody has. Of 7 billion one is enough.
const TRIES: usize = 3;

pub async fn orders(request: &Request, route: &http::Route, env: &Env) -> Response {
    match order(request, route, env).await {
        Ok((desk, order)) => match desk::call::posters(env, &desk, &order).await {
            Ok(done) => http::json(done.status, &with_links(done.body, route, env)),
            Err(why) => http::text(503, &why),
        },
        Err(refusal) => refusal,
    }
}

async fn order(
    request: &Request,
    route: &http::Route,
    env: &Env,
) -> Result<(desk::Name, Order), Response> {
    admin::owners(request, env)?;
    let pages = admin::pages_of(route, env).await?;
    let [page] = pages.as_slice() else {
        return Err(http::text(400, "there are several Pages: this needs ?page="));
    };
    let desk = desk::Name { page: page.id.clone(), shard: 0 };
    let code = match value(route, "code").filter(|code| !code.is_empty()) {
        None => None,
        Some(code) => match codes::look(&code) {
            Look::Made(code) | Look::Own(code) => Some(code),
            Look::Misread | Look::None => {
                return Err(http::json(400, &json!({ "error": format!("{code} is misread") })));
            }
        },
    };
    let order = match (route.method.as_str(), code) {
        ("GET", _) => Order::List,
        ("POST", Some(code)) => Order::Aim { code, fields: fields(request).await? },
        ("POST", None) => Order::New { code: fresh(env).await?, fields: fields(request).await? },
        (_, Some(code)) => Order::Forget { code },
        (_, None) => return Err(http::text(400, "this needs &code=, a poster's code")),
    };
    Ok((desk, order))
}

async fn fields(request: &Request) -> Result<Map<String, Value>, Response> {
    let body = match http::body(request, ORDER_BODY).await {
        Ok(body) => body,
        Err(http::BodyError::TooLarge) => return Err(http::text(413, "body too large")),
        Err(http::BodyError::Broken) => return Err(http::text(400, "the body ended early")),
    };
    serde_json::from_slice(&body)
        .map_err(|_| http::text(400, "the body has to be a JSON object with what the poster does"))
}

/// A code that no Page of this deployment has.
async fn fresh(env: &Env) -> Result<PosterCode, Response> {
    let unavailable = |why: String| http::text(503, &format!("KV does not answer: {why}"));
    let kv = env.kv(binding::SHOP).map_err(|error| unavailable(error.to_string()))?;
    for _ in 0..TRIES {
        let code = codes::made(random::bits128());
        let (aimed, published) = (aimed_key(&code), poster_key(&code));
        let taken = futures_util::future::try_join(async { kv.get(&aimed).text().await }, async {
            kv.get(&published).text().await
        });
        if let (None, None) = taken.await.map_err(|error| unavailable(error.to_string()))? {
            return Ok(code);
        }
    }
    Err(http::text(503, "no free code was found, please try again"))
}

/// With the address that the QR picture holds.
fn with_links(mut body: Value, route: &http::Route, env: &Env) -> Value {
    let configured =
        super::config::Config::of(env).ok().and_then(|config| config.public_url.clone());
    let origin = configured.unwrap_or_else(|| route.origin().to_owned());
    let link = |poster: &mut Value| {
        let code = poster.pointer("/poster/code").and_then(Value::as_str).map(str::to_owned);
        if let (Some(code), Some(object)) = (code, poster.as_object_mut()) {
            object.insert("url".to_owned(), json!(format!("{origin}/q/{code}")));
        }
    };
    match &mut body {
        Value::Array(all) => all.iter_mut().for_each(link),
        one => link(one),
    }
    body
}
