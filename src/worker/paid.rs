//! What the owner asks about paid messages and utility templates, by `ADMIN_TOKEN`.
//!
//! | route | what |
//! |---|---|
//! | `GET /admin/marketing?page=` | how paid messages stand |
//! | `POST /admin/marketing?page=` | finds out whether they may be sent; spends nothing |
//! | `GET /admin/templates?page=` | how the templates stand at Meta; `&look=1` asks it |
//! | `POST /admin/templates?page=` | hands in what Meta has not seen |
//! | `POST /admin/utility?page=&person=` | tells somebody what they wait for |

use serde_json::json;
use web_sys::{Request, Response};
use worker::Env;

use super::desk::call::OwnerAct;
use super::{admin, desk, http};
use crate::outreach::notice::Order;

/// What an order of a notice may measure, in bytes.
const ORDER_BODY: usize = 16 * 1024;

/// `GET`, `POST /admin/marketing?page=`.
pub async fn marketing(request: &Request, route: &http::Route, env: &Env) -> Response {
    let act = || if route.method == "POST" { OwnerAct::Prove } else { OwnerAct::Marketing };
    of_pages(request, route, env, act).await
}

/// `GET`, `POST /admin/templates?page=`.
pub async fn templates(request: &Request, route: &http::Route, env: &Env) -> Response {
    let look = admin::value(route, "look").is_some_and(|value| value == "1");
    let act = || match (route.method.as_str(), look) {
        ("POST", _) => OwnerAct::HandIn,
        (_, true) => OwnerAct::Look,
        _ => OwnerAct::Templates,
    };
    of_pages(request, route, env, act).await
}

/// Asks the first Desk of one Page or of all.
async fn of_pages(
    request: &Request,
    route: &http::Route,
    env: &Env,
    act: impl Fn() -> OwnerAct,
) -> Response {
    if let Err(refusal) = admin::owners(request, env) {
        return refusal;
    }
    let pages = match admin::pages_of(route, env).await {
        Ok(pages) => pages,
        Err(refusal) => return refusal,
    };
    let mut all = Vec::new();
    for page in pages {
        let name = desk::Name { page: page.id.clone(), shard: 0 };
        all.push(match desk::call::owner(env, &name, act()).await {
            Ok(done) => json!({ "page": page.id, "answer": done.body }),
            Err(why) => json!({ "page": page.id, "error": why }),
        });
    }
    http::json(200, &json!({ "version": env!("CARGO_PKG_VERSION"), "pages": all }))
}

/// `POST /admin/utility?page=&person=`, with `{"template", "key", "values"}`.
pub async fn utility(request: &Request, route: &http::Route, env: &Env) -> Response {
    if let Err(refusal) = admin::owners(request, env) {
        return refusal;
    }
    let (name, person) = match admin::person_of(route, env).await {
        Ok(found) => found,
        Err(refusal) => return refusal,
    };
    let body = match http::body(request, ORDER_BODY).await {
        Ok(body) => body,
        Err(http::BodyError::TooLarge) => return http::text(413, "body too large"),
        Err(http::BodyError::Broken) => return http::text(400, "the body ended early"),
    };
    let order: Order = match serde_json::from_slice(&body) {
        Ok(order) => order,
        Err(error) => {
            let help = "write {\"template\": \"…\", \"key\": \"…\", \"values\": {…}}";
            return http::json(400, &json!({ "error": format!("{error}: {help}") }));
        }
    };
    match desk::call::owner(env, &name, OwnerAct::Tell { person, order }).await {
        Ok(done) => http::json(done.status, &done.body),
        Err(why) => http::text(503, &why),
    }
}
