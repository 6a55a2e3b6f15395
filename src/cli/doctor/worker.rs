//! The Worker: whether it answers, whether its secrets are ours, and how its Desks stand.

use serde_json::Value;

use super::Checkup;
use super::checks;
use super::desk;
use super::finding::{Check, Findings, Says, fix, says};
use super::http::{Answer, Base, Http};
use super::judged::{self, Names};
use crate::desk::checkup::judge;
use crate::desk::checkup::usage::Usage;
use crate::meta::signature::AppSecret;
use crate::outreach::budget::{Resource, limits};
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
    /// `/admin/status`; none when it could not be had.
    status: Option<Value>,
}

impl Told {
    /// Whether it takes our ADMIN_TOKEN.
    pub(super) const fn knows_us(&self) -> bool {
        self.status.is_some()
    }
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

fn put(name: &str) -> Says {
    // What is in the environment is given to it.
    fix(|f| f.put).with("command", given(name))
}

/// How a secret of the Worker's is set: as it is in the environment, or as somebody pastes it.
pub(super) fn given(name: &str) -> String {
    format!("shopbell connect FOLDER (with {name} in the environment)")
}

/// How a secret of the Worker's is replaced.
pub(super) fn renewed(name: &str) -> String {
    match name {
        "ADMIN_TOKEN" | "VERIFY_TOKEN" | "SIGNING_KEY" => {
            format!("shopbell connect FOLDER --renew {name}")
        }
        name => given(name),
    }
}

/// What to watch while it is tried again.
pub(super) fn tail() -> Says {
    fix(|f| f.tail).with("command", "scripts/wrangler tail")
}

/// How to bring the Worker to this version.
pub(super) fn deploy() -> Says {
    fix(|f| f.deploy).with("command", "shopbell deploy FOLDER")
}

fn strange(answer: &Answer) -> Says {
    says(|s| s.strange).with("why", answer.described())
}

/// `GET /health`. Whether going on makes sense.
async fn health(http: &Http, base: &Base, found: &mut Findings<'_>) -> bool {
    const CHECK: Check = checks::HEALTH;
    let give_address = || fix(|f| f.give_address);
    let answer = match http.send(http.get(&base.join("/health"))).await {
        Ok(answer) => answer,
        Err(trouble) => {
            let why = format!("{} {trouble}", base.as_str());
            let online = fix(|f| f.online).with("url", base.as_str());
            found.problem(CHECK, says(|s| s.unreachable).with("why", why), online);
            return false;
        }
    };
    let body = answer.json().unwrap_or_default();
    match (answer.status, text(&body, "/status"), text(&body, "/problem")) {
        // What is wrong stands with the Desks.
        (200, Some("ok" | "alert"), _) => {
            found.ok(CHECK, base.as_str());
            version(&body, found);
        }
        (_, Some("misconfigured"), Some(problem)) => {
            // Its own words end with what to do.
            let (why, command) = problem.split_once(": ").unwrap_or((problem, problem));
            found.problem(
                CHECK,
                says(|s| s.refuses).with("why", why),
                fix(|f| f.run).with("command", command),
            );
            return false;
        }
        (_, Some(_), Some(problem)) => {
            let unusable = says(|s| s.unusable).with("why", problem);
            found.problem(CHECK, unusable, fix(|f| f.status_page));
        }
        _ => {
            let why = format!("{}/health {}", base.as_str(), answer.described());
            found.problem(CHECK, says(|s| s.strange).with("why", why), give_address());
            return false;
        }
    }
    clock(checks::WORKER_CLOCK, "Worker", answer.ahead_ms, found);
    true
}

fn version(health: &Value, found: &mut Findings<'_>) {
    let ours = env!("CARGO_PKG_VERSION");
    let theirs = text(health, "/version").unwrap_or("?");
    if theirs == ours {
        found.ok(checks::VERSION, theirs);
    } else {
        let two = says(|s| s.two).with("theirs", theirs).with("ours", ours);
        found.warning(checks::VERSION, two, deploy());
    }
}

/// Whether another clock and ours agree; `ahead` is how far theirs is, in ms. Opening hours and
/// messaging windows are counted by the Worker's, the shop's plans are made by ours.
pub(super) fn clock(check: Check, whose: &str, ahead: Option<i64>, found: &mut Findings<'_>) {
    let Some(ahead) = ahead else { return };
    if ahead.abs() <= CLOCK_SLACK_MS {
        found.ok(check, whose);
        return;
    }
    let minutes = (ahead.abs().saturating_add(MINUTE / 2)) / MINUTE;
    let whose = format!("{whose} {}", if ahead > 0 { "+" } else { "-" });
    found.warning(
        check,
        says(|s| s.clock_off).with("minutes", minutes).with("whose", whose),
        fix(|f| f.set_clock),
    );
}

fn not_given(check: Check, name: &str, found: &mut Findings<'_>) {
    let export = fix(|f| f.export).with("names", name);
    found.unchecked(check, says(|s| s.env).with("names", name), export);
}

/// Whether the Worker believes what we sign, and nothing else.
async fn signature(checkup: &Checkup, http: &Http, base: &Base, found: &mut Findings<'_>) {
    const CHECK: Check = checks::APP_SECRET;
    let Some(secret) = checkup.secrets.get("APP_SECRET") else {
        not_given(CHECK, "APP_SECRET", found);
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
            found.problem(checks::UNSIGNED, says(|s| s.open_door), deploy());
            return;
        }
        Ok(_) | Err(_) => {}
    }
    // The same HMAC as for a token: hexadecimal, over the text.
    let signed = format!("sha256={}", AppSecret::new(secret).proof(EMPTY_WEBHOOK));
    match http.send(deliver(signed)).await {
        Ok(answer) if answer.status == 200 => found.ok(CHECK, "POST /webhook"),
        Ok(answer) if answer.status == 401 => {
            found.problem(CHECK, says(|s| s.differs), put("APP_SECRET"));
        }
        Ok(answer) => found.problem(CHECK, strange(&answer), tail()),
        Err(trouble) => {
            found.problem(CHECK, says(|s| s.unreachable).with("why", trouble), tail());
        }
    }
}

/// Meta's handshake.
async fn handshake(checkup: &Checkup, http: &Http, base: &Base, found: &mut Findings<'_>) {
    const CHECK: Check = checks::VERIFY_TOKEN;
    let Some(token) = checkup.secrets.get("VERIFY_TOKEN") else {
        not_given(CHECK, "VERIFY_TOKEN", found);
        return;
    };
    let request = http.get(&base.join("/webhook")).query(&[
        ("hub.mode", "subscribe"),
        ("hub.verify_token", token),
        ("hub.challenge", CHALLENGE),
    ]);
    match http.send(request).await {
        Ok(answer) if answer.status == 200 && answer.text == CHALLENGE => {
            found.ok(CHECK, "GET /webhook");
        }
        Ok(answer) if answer.status == 403 => {
            found.problem(CHECK, says(|s| s.differs), put("VERIFY_TOKEN"));
        }
        Ok(answer) => found.problem(CHECK, strange(&answer), tail()),
        Err(trouble) => {
            found.problem(CHECK, says(|s| s.unreachable).with("why", trouble), tail());
        }
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
    const CHECK: Check = checks::ADMIN_TOKEN;
    let Some(token) = checkup.secrets.get("ADMIN_TOKEN") else {
        not_given(CHECK, "ADMIN_TOKEN", found);
        return Told::default();
    };
    let request = http.get(&base.join("/admin/status")).bearer_auth(token);
    let answer = match http.send(request).await {
        Ok(answer) => answer,
        Err(trouble) => {
            found.problem(CHECK, says(|s| s.unreachable).with("why", trouble), tail());
            return Told::default();
        }
    };
    let body = match (answer.status, answer.json()) {
        (200, Some(body)) => body,
        (401, _) => {
            found.problem(CHECK, says(|s| s.differs), put("ADMIN_TOKEN"));
            return Told::default();
        }
        _ => {
            found.problem(CHECK, strange(&answer), tail());
            return Told::default();
        }
    };
    found.ok(CHECK, "GET /admin/status");
    if body.pointer("/app_id_set") == Some(&Value::Bool(false)) {
        let line = fix(|f| f.set_var).with("line", "APP_ID = \"…\"");
        found.warning(checks::APP_ID, says(|s| s.unset), line);
    }
    for page in list(&body, "/pages") {
        let id = text(page, "/page").unwrap_or("?");
        if page.pointer("/token_set") == Some(&Value::Bool(false)) {
            found.problem(checks::PAGE_TOKEN, says(|s| s.unset), put(&format!("PAGE_TOKEN_{id}")));
        }
    }
    published(checkup, &body, shops, found);
    quota(&body, shops, found);
    Told {
        graph: text(&body, "/graph/base_url").map(str::to_owned),
        graph_version: text(&body, "/graph/version").map(str::to_owned),
        status: Some(body),
    }
}

/// How each Desk stands.
pub(super) fn desks(told: &Told, found: &mut Findings<'_>) {
    for desk in told.status.iter().flat_map(|status| list(status, "/desks")) {
        desk::check(desk, found);
    }
}

/// What all Desks together took today of what the plan gives.
fn quota(status: &Value, shops: Option<&[Shop]>, found: &mut Findings<'_>) {
    let each = list(status, "/desks").into_iter().filter_map(|desk| desk.get("today"));
    let each: Vec<Usage> =
        each.filter_map(|today| serde_json::from_value(today.clone()).ok()).collect();
    if each.is_empty() {
        found.unchecked(checks::QUOTA, says(|s| s.silent_worker), deploy());
        return;
    }
    let all = each.iter().fold(Usage::default(), Usage::and);
    let plan = shops.and_then(<[Shop]>::first).map(|shop| shop.hosting.plan).unwrap_or_default();
    let judged = judge::usage(&all, plan);
    if judged.is_empty() {
        let resource = Resource::RowsWritten;
        let gives = limits::limit(resource, plan).map_or(0, |limit| limit.amount);
        let takes = all.of(resource).unwrap_or(0);
        found.ok(checks::QUOTA, format!("{}: {takes} / {gives}", resource.says()));
    }
    judged.iter().for_each(|finding| judged::add(finding, Names::default(), found));
}

/// Whether what is published is what stands in shop.toml.
fn published(checkup: &Checkup, status: &Value, shops: Option<&[Shop]>, found: &mut Findings<'_>) {
    const CHECK: Check = checks::PUBLISHED;
    let command = format!("shopbell publish {}", checkup.dir.display());
    let publish = || fix(|f| f.run).with("command", &command);
    let live = |page: &str| {
        let desks = list(status, "/desks");
        desks.into_iter().find(|desk| text(desk, "/page") == Some(page))
    };
    if list(status, "/pages").is_empty() {
        found.problem(CHECK, says(|s| s.nothing_published), publish());
        return;
    }
    let Some(shops) = shops else { return };
    for shop in shops {
        let id = shop.page.id.as_str();
        let Some(desk) = live(id) else {
            found.problem(CHECK, says(|s| s.page_missing).with("page", id), publish());
            continue;
        };
        match text(desk, "/shop/version") {
            Some(version) if version == shop.version => found.ok(CHECK, id),
            Some(_) => found.problem(CHECK, says(|s| s.outdated), publish()),
            None => {
                let why = text(desk, "/shop/error").or_else(|| text(desk, "/error"));
                let why = format!("{id}: {}", why.unwrap_or("?"));
                found.problem(CHECK, says(|s| s.unusable).with("why", why), publish());
            }
        }
    }
    let here: Vec<&str> = shops.iter().map(|shop| shop.page.id.as_str()).collect();
    for page in list(status, "/pages") {
        let id = text(page, "/page").unwrap_or("?");
        if !here.contains(&id) {
            found.warning(CHECK, says(|s| s.page_extra).with("page", id), fix(|f| f.check_dir));
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
