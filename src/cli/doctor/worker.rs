//! The Worker: whether it answers, whether its secrets are ours, and how its Desks stand.

use serde_json::Value;

use super::Checkup;
use super::desk;
use super::finding::Findings;
use super::http::{Answer, Base, Http};
use crate::meta::signature::AppSecret;
use crate::shop::model::Shop;
use crate::time::MINUTE;

/// A webhook without events: Meta's envelope, and nothing in it.
const EMPTY_WEBHOOK: &str = r#"{"object":"page","entry":[]}"#;

/// What the handshake has to give back.
const CHALLENGE: &str = "1158201444";

/// Clocks may differ by this much, in ms: opening hours and windows do not notice.
const CLOCK_SLACK_MS: i64 = MINUTE;

/// What the Worker told about itself.
#[derive(Debug, Default)]
pub(super) struct Told {
    pub graph: Option<String>,
    pub graph_version: Option<String>,
}

/// Looks at the Worker.
pub(super) async fn check(
    checkup: &Checkup,
    http: &Http,
    base: &Base,
    shops: Option<&[Shop]>,
    found: &mut Findings<'_>,
) -> Told {
    if !health(http, base, found).await {
        return Told::default();
    }
    signature(checkup, http, base, found).await;
    handshake(checkup, http, base, found).await;
    status(checkup, http, base, shops, found).await
}

/// `GET /health`. Whether going on makes sense.
async fn health(http: &Http, base: &Base, found: &mut Findings<'_>) -> bool {
    const CHECK: &str = "worker.health";
    let answer = match http.send(http.get(&base.join("/health"))).await {
        Ok(answer) => answer,
        Err(trouble) => {
            found.problem(
                CHECK,
                format!("{} {trouble}", base.as_str()),
                "give the address that `scripts/wrangler deploy` or `scripts/dev` printed",
            );
            return false;
        }
    };
    let body = answer.json().unwrap_or_default();
    match (answer.status, text(&body, "/status"), text(&body, "/problem")) {
        // What is wrong stands with the Desks.
        (200, Some("ok" | "alert"), _) => {
            found.ok(CHECK, format!("{} answers", base.as_str()));
            version(&body, found);
        }
        (_, Some("misconfigured"), Some(problem)) => {
            // Its own words end with what to do.
            let (says, fix) = problem.split_once(": ").unwrap_or((problem, problem));
            found.problem(CHECK, format!("the Worker refuses to run: {says}"), fix);
            return false;
        }
        (_, Some(_), Some(problem)) => found.problem(
            CHECK,
            format!("the Worker cannot do its work: {problem}"),
            "look at https://www.cloudflarestatus.com, and run this again in a few minutes",
        ),
        _ => {
            found.problem(
                CHECK,
                format!("{}/health {}: this is not Shopbell", base.as_str(), answer.described()),
                "give the address of the Worker itself, as `scripts/wrangler deploy` printed it",
            );
            return false;
        }
    }
    clock("worker.clock", "the Worker", &answer, found);
    true
}

fn version(health: &Value, found: &mut Findings<'_>) {
    let ours = env!("CARGO_PKG_VERSION");
    let theirs = text(health, "/version").unwrap_or("unknown");
    if theirs == ours {
        found.ok("worker.version", format!("it runs Shopbell {theirs}, as this command does"));
    } else {
        found.warning(
            "worker.version",
            format!("it runs Shopbell {theirs}, and this command is {ours}"),
            "deploy this version: scripts/wrangler deploy",
        );
    }
}

/// Whether another clock and ours agree. Opening hours and messaging windows are counted by the
/// Worker's, the shop's plans are made by ours.
pub(super) fn clock(check: &'static str, whose: &str, answer: &Answer, found: &mut Findings<'_>) {
    let Some(ahead) = answer.ahead_ms else { return };
    if ahead.abs() <= CLOCK_SLACK_MS {
        found.ok(check, format!("the clocks of this computer and of {whose} agree"));
        return;
    }
    let minutes = (ahead.abs().saturating_add(MINUTE / 2)) / MINUTE;
    let side = if ahead > 0 { "behind" } else { "ahead of" };
    found.warning(
        check,
        format!("this computer's clock is {minutes} min {side} that of {whose}"),
        "let this computer set its time from the network",
    );
}

/// Whether the Worker believes what we sign, and nothing else.
async fn signature(checkup: &Checkup, http: &Http, base: &Base, found: &mut Findings<'_>) {
    const CHECK: &str = "worker.app_secret";
    let Some(secret) = checkup.secrets.get("APP_SECRET") else {
        found.warning(
            CHECK,
            "the signature was not checked: APP_SECRET is not in the environment",
            "set APP_SECRET (App dashboard > App settings > Basic) and run this again",
        );
        return;
    };
    let deliver = |signature: String| {
        http.post(&base.join("/webhook"))
            .header("content-type", "application/json")
            .header("x-hub-signature-256", signature)
            .body(EMPTY_WEBHOOK)
    };
    let unsigned = format!("sha256={}", "0".repeat(64));
    match http.send(deliver(unsigned)).await {
        Ok(answer) if (200..300).contains(&answer.status) => {
            found.problem(
                "worker.unsigned",
                "the Worker takes webhooks with a wrong signature",
                "deploy Shopbell's own bundle: scripts/wrangler deploy",
            );
            return;
        }
        Ok(_) | Err(_) => {}
    }
    // The same HMAC as for a token: hexadecimal, over the text.
    let signed = format!("sha256={}", AppSecret::new(secret).proof(EMPTY_WEBHOOK));
    match http.send(deliver(signed)).await {
        Ok(answer) if answer.status == 200 => {
            found.ok(CHECK, "APP_SECRET is the same here and there: signed webhooks are taken");
        }
        Ok(answer) if answer.status == 401 => found.problem(
            CHECK,
            "the Worker does not believe our signature: its APP_SECRET is another one",
            "set the one of App dashboard > App settings > Basic: scripts/wrangler secret put APP_SECRET",
        ),
        Ok(answer) => found.problem(
            CHECK,
            format!("a signed webhook was not taken: the Worker {}", answer.described()),
            "look at `scripts/wrangler tail` while this runs again",
        ),
        Err(trouble) => found.problem(
            CHECK,
            format!("a signed webhook was not taken: the Worker {trouble}"),
            "look at `scripts/wrangler tail` while this runs again",
        ),
    }
}

/// Meta's handshake.
async fn handshake(checkup: &Checkup, http: &Http, base: &Base, found: &mut Findings<'_>) {
    const CHECK: &str = "worker.verify_token";
    let Some(token) = checkup.secrets.get("VERIFY_TOKEN") else {
        found.warning(
            CHECK,
            "the handshake was not checked: VERIFY_TOKEN is not in the environment",
            "set VERIFY_TOKEN to the word you chose and run this again",
        );
        return;
    };
    let request = http.get(&base.join("/webhook")).query(&[
        ("hub.mode", "subscribe"),
        ("hub.verify_token", token),
        ("hub.challenge", CHALLENGE),
    ]);
    match http.send(request).await {
        Ok(answer) if answer.status == 200 && answer.text == CHALLENGE => {
            found.ok(CHECK, "VERIFY_TOKEN is the same here and there: the handshake passes");
        }
        Ok(answer) if answer.status == 403 => found.problem(
            CHECK,
            "the Worker refuses the handshake: its VERIFY_TOKEN is another one",
            "set it: scripts/wrangler secret put VERIFY_TOKEN (and the same word at Meta)",
        ),
        Ok(answer) => found.problem(
            CHECK,
            format!("the handshake fails: the Worker {}", answer.described()),
            "look at `scripts/wrangler tail` while this runs again",
        ),
        Err(trouble) => found.problem(
            CHECK,
            format!("the handshake fails: the Worker {trouble}"),
            "look at `scripts/wrangler tail` while this runs again",
        ),
    }
}

/// `GET /admin/status`, and what it says of every Page and Desk.
async fn status(
    checkup: &Checkup,
    http: &Http,
    base: &Base,
    shops: Option<&[Shop]>,
    found: &mut Findings<'_>,
) -> Told {
    const CHECK: &str = "worker.admin_token";
    let Some(token) = checkup.secrets.get("ADMIN_TOKEN") else {
        found.warning(
            CHECK,
            "the shop, the outbox and the Desks were not checked: ADMIN_TOKEN is not in the environment",
            "set ADMIN_TOKEN and run this again",
        );
        return Told::default();
    };
    let request = http.get(&base.join("/admin/status")).bearer_auth(token);
    let answer = match http.send(request).await {
        Ok(answer) => answer,
        Err(trouble) => {
            found.problem(
                CHECK,
                format!("/admin/status {trouble}"),
                "look at `scripts/wrangler tail` while this runs again",
            );
            return Told::default();
        }
    };
    let body = match (answer.status, answer.json()) {
        (200, Some(body)) => body,
        (401, _) => {
            found.problem(
                CHECK,
                "the Worker refuses our ADMIN_TOKEN: its own is another one",
                "set it: scripts/wrangler secret put ADMIN_TOKEN",
            );
            return Told::default();
        }
        _ => {
            found.problem(
                CHECK,
                format!("/admin/status {}", answer.described()),
                "look at `scripts/wrangler tail` while this runs again",
            );
            return Told::default();
        }
    };
    found.ok(CHECK, "ADMIN_TOKEN is the same here and there");
    if body.pointer("/app_id_set") == Some(&Value::Bool(false)) {
        found.warning(
            "worker.app_id",
            "the Worker does not know the app's id",
            "set APP_ID in wrangler.toml (App settings > Basic) and run: scripts/wrangler deploy",
        );
    }
    tokens(&body, found);
    published(checkup, &body, shops, found);
    for desk in list(&body, "/desks") {
        desk::check(desk, found);
    }
    Told {
        graph: text(&body, "/graph/base_url").map(str::to_owned),
        graph_version: text(&body, "/graph/version").map(str::to_owned),
    }
}

fn tokens(status: &Value, found: &mut Findings<'_>) {
    for page in list(status, "/pages") {
        let id = text(page, "/page").unwrap_or("?");
        if page.pointer("/token_set") == Some(&Value::Bool(false)) {
            found.problem(
                "worker.page_token",
                format!("the Worker has no access token for Page {id}: nothing can be sent"),
                format!("set it: scripts/wrangler secret put PAGE_TOKEN (or PAGE_TOKEN_{id})"),
            );
        }
    }
}

/// Whether what is published is what stands in shop.toml.
fn published(checkup: &Checkup, status: &Value, shops: Option<&[Shop]>, found: &mut Findings<'_>) {
    const CHECK: &str = "worker.published";
    let publish = format!("run `shopbell publish {}`", checkup.dir.display());
    let live = |page: &str| {
        let desks = list(status, "/desks");
        desks.into_iter().find(|desk| text(desk, "/page") == Some(page))
    };
    if list(status, "/pages").is_empty() {
        found.problem(CHECK, "nothing is published: the Worker keeps what people write", publish);
        return;
    }
    let Some(shops) = shops else { return };
    for shop in shops {
        let id = shop.page.id.as_str();
        let Some(desk) = live(id) else {
            let says = format!("Page {id} of shop.toml is not published");
            found.problem(CHECK, says, &publish);
            continue;
        };
        match text(desk, "/shop/version") {
            Some(version) if version == shop.version => {
                found.ok(CHECK, format!("Page {id} is published as it stands in shop.toml"));
            }
            Some(_) => found.problem(
                CHECK,
                format!("Page {id} answers by another shop.toml than the one here"),
                format!("{publish} (if you just did, KV takes up to two minutes to show it)"),
            ),
            None => {
                let why = text(desk, "/shop/error").or_else(|| text(desk, "/error"));
                let why = why.unwrap_or("the Worker does not say why");
                found.problem(CHECK, format!("Page {id} has no usable shop: {why}"), &publish);
            }
        }
    }
    let here: Vec<&str> = shops.iter().map(|shop| shop.page.id.as_str()).collect();
    for page in list(status, "/pages") {
        let id = text(page, "/page").unwrap_or("?");
        if !here.contains(&id) {
            found.warning(
                CHECK,
                format!("Page {id} is published and does not stand in this shop.toml"),
                "check that DIR is the folder you publish",
            );
        }
    }
}

pub(super) fn text<'a>(value: &'a Value, pointer: &str) -> Option<&'a str> {
    value.pointer(pointer).and_then(Value::as_str)
}

pub(super) fn number(value: &Value, pointer: &str) -> i64 {
    value.pointer(pointer).and_then(Value::as_i64).unwrap_or(0)
}

pub(super) fn list<'a>(value: &'a Value, pointer: &str) -> Vec<&'a Value> {
    value.pointer(pointer).and_then(Value::as_array).into_iter().flatten().collect()
}
