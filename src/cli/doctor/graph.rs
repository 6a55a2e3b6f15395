//! The Graph API, asked once per question; and the app itself: its webhooks, who may write to it,
//! its callbacks.

use serde_json::Value;

use super::Checkup;
use super::checks;
use super::finding::{Findings, fix, says};
use super::http::{Base, Http};
use super::worker;
use crate::desk::checkup::judge::lacking;
use crate::desk::checkup::needs::Needs;
use crate::desk::checkup::read::names;
use crate::meta::graph_error::{Class, Reply, Verdict, judge};

/// The Graph API of one version.
pub(super) struct Graph<'a> {
    pub(super) http: &'a Http,
    pub(super) base: Base,
    pub(super) version: String,
}

/// Why a question was not answered.
pub(super) struct Refusal {
    pub(super) class: Option<Class>,
    pub(super) about_proof: bool,
    pub(super) says: String,
}

impl Graph<'_> {
    pub(super) async fn get(
        &self,
        path: &str,
        token: &str,
        query: &[(&str, &str)],
        found: Option<&mut Findings<'_>>,
    ) -> Result<Value, Refusal> {
        let url = self.base.join(&format!("/{}/{path}", self.version));
        // The token goes in a header: addresses end up in logs.
        let request = self.http.get(&url).bearer_auth(token).query(query);
        let broken = |says: String| Refusal { class: None, about_proof: false, says };
        let answer = self.http.send(request).await;
        let answer = answer.map_err(|trouble| broken(format!("Meta {trouble}")))?;
        if let Some(found) = found {
            worker::clock(checks::GRAPH_CLOCK, "Meta", answer.ahead_ms, found);
        }
        let Some(body) = answer.json() else {
            return Err(broken(format!("Meta {}", answer.described())));
        };
        let Some(error) = body.get("error") else { return Ok(body) };
        let reply =
            Reply { status: answer.status, retry_after_s: None, body: answer.text.as_bytes() };
        let message = error.pointer("/message").and_then(Value::as_str).unwrap_or_default();
        let code = error.pointer("/code").and_then(Value::as_i64).unwrap_or_default();
        let subcode = error.pointer("/error_subcode").and_then(Value::as_i64);
        let number = subcode.map_or(format!("{code}"), |subcode| format!("{code}/{subcode}"));
        let short: String = message.chars().take(160).collect();
        let class = match judge(&reply) {
            Verdict::Failed(failure) => Some(failure.class),
            Verdict::Sent { .. } => None,
        };
        let about_proof = message.contains("appsecret_proof");
        Err(Refusal { class, about_proof, says: format!("Meta: {short} (error {number})") })
    }
}

/// Looks at the app, by its own token.
pub(super) async fn app(
    checkup: &Checkup,
    graph: &Graph<'_>,
    worker: Option<&Base>,
    needs: &[Needs],
    found: &mut Findings<'_>,
) {
    let Some((id, token)) = app_token(checkup) else {
        let missing = checkup.secrets.missing(&["APP_ID", "APP_SECRET"]);
        found.unchecked(
            checks::WEBHOOK,
            says(|s| s.env).with("names", &missing),
            fix(|f| f.export).with("names", missing),
        );
        return;
    };
    match graph.get(&format!("{id}/subscriptions"), &token, &[], None).await {
        Ok(body) => {
            let wanted = worker.map(|worker| worker.join("/webhook"));
            let page: Vec<&str> = all(needs, |needs| &needs.fields);
            webhook(&body, "page", &page, wanted.as_deref(), found);
            let instagram: Vec<&str> = all(needs, |needs| &needs.instagram_fields);
            if !instagram.is_empty() {
                webhook(&body, "instagram", &instagram, wanted.as_deref(), found);
            }
        }
        Err(refusal) if refusal.class == Some(Class::TokenInvalid) => {
            found.problem(
                checks::WEBHOOK,
                says(|s| s.dead).with("why", format!("APP_ID, APP_SECRET; {}", refusal.says)),
                fix(|f| f.same_app),
            );
            return;
        }
        Err(refusal) => found.unchecked(
            checks::WEBHOOK,
            says(|s| s.unread).with("why", refusal.says),
            fix(|f| f.look_there).with("what", "App dashboard > Webhooks"),
        ),
    }
    review(graph, &id, &token, needs, found).await;
    callbacks(graph, &id, &token, worker, found).await;
}

/// What all shops together need, each once.
fn all<'a>(needs: &'a [Needs], of: impl Fn(&'a Needs) -> &'a Vec<&'static str>) -> Vec<&'a str> {
    let mut names: Vec<&str> = Vec::new();
    for name in needs.iter().flat_map(of) {
        if !names.contains(name) {
            names.push(name);
        }
    }
    names
}

/// One object's webhook: where it leads, whether it is switched on, what it brings.
fn webhook(
    body: &Value,
    object: &str,
    fields: &[&str],
    wanted: Option<&str>,
    found: &mut Findings<'_>,
) {
    const CHECK: super::finding::Check = checks::WEBHOOK;
    let here = wanted.unwrap_or("https://…/webhook");
    let set = || fix(|f| f.set_webhook).with("what", object).with("url", here);
    let list = body.pointer("/data").and_then(Value::as_array).into_iter().flatten();
    let mut of_object =
        list.filter(|one| one.get("object").and_then(Value::as_str) == Some(object));
    let Some(subscription) = of_object.next() else {
        found.problem(CHECK, says(|s| s.none_for).with("what", object), set());
        return;
    };
    let url = subscription.get("callback_url").and_then(Value::as_str).unwrap_or_default();
    let lacks = lacking(&names(subscription.get("fields")), fields);
    if subscription.get("active") == Some(&Value::Bool(false)) {
        found.problem(CHECK, says(|s| s.switched_off).with("what", object), set());
    } else if wanted.is_some_and(|wanted| url.trim_end_matches('/') != wanted) {
        let elsewhere = says(|s| s.elsewhere).with("what", object).with("url", url);
        found.problem(CHECK, elsewhere, set());
    } else if !lacks.is_empty() {
        let what = format!("App dashboard > Webhooks > {object}: {}", lacks.join(", "));
        found.problem(
            CHECK,
            says(|s| s.lacks).with("names", format!("{object}: {}", lacks.join(", "))),
            fix(|f| f.look_there).with("what", what),
        );
    } else {
        found.ok(CHECK, format!("{object}: {url}"));
    }
}

/// Who may write to the app. Graph does not say whether an app is live or in development; it says of
/// each permission whether it was approved (Meta, Application Permission, v26.0), and until then
/// only people with a role on the app are heard.
async fn review(
    graph: &Graph<'_>,
    id: &str,
    token: &str,
    needs: &[Needs],
    found: &mut Findings<'_>,
) {
    let body = match graph.get(&format!("{id}/permissions"), token, &[], None).await {
        Ok(body) => body,
        Err(refusal) => {
            found.unchecked(
                checks::REVIEW,
                says(|s| s.unread).with("why", refusal.says),
                fix(|f| f.look_there).with("what", "App dashboard > App Review"),
            );
            return;
        }
    };
    let list = body.pointer("/data").and_then(Value::as_array);
    let status = |scope: &str| {
        let one = list
            .into_iter()
            .flatten()
            .find(|one| one.get("permission").and_then(Value::as_str) == Some(scope));
        one.and_then(|one| one.get("status")?.as_str())
    };
    let mut waiting: Vec<String> = Vec::new();
    for spellings in needs.iter().flat_map(|needs| needs.scopes.iter()) {
        let live = |scope: &&str| status(scope).is_some_and(|s| s.eq_ignore_ascii_case("live"));
        let Some(scope) = spellings.first().filter(|_| !spellings.iter().any(live)) else {
            continue;
        };
        let line = format!("{scope}: {}", status(scope).unwrap_or("-").to_lowercase());
        if !waiting.contains(&line) {
            waiting.push(line);
        }
    }
    if waiting.is_empty() {
        found.ok(checks::REVIEW, "");
        return;
    }
    let scopes: Vec<&str> =
        waiting.iter().map(|line| line.split(':').next().unwrap_or_default()).collect();
    found.warning(
        checks::REVIEW,
        says(|s| s.roles_only).with("names", waiting.join(", ")),
        fix(|f| f.review).with("names", scopes.join(", ")),
    );
}

/// Where Meta calls when somebody removes the app. Graph does not say where it calls for a deletion.
async fn callbacks(
    graph: &Graph<'_>,
    id: &str,
    token: &str,
    worker: Option<&Base>,
    found: &mut Findings<'_>,
) {
    let Some(worker) = worker else { return };
    let (deauthorize, deletion) = (worker.join("/meta/deauthorize"), worker.join("/meta/deletion"));
    let both = || {
        let url = format!("Deauthorize {deauthorize}, Data Deletion {deletion}");
        fix(|f| f.set_callbacks).with("url", url)
    };
    let query = [("fields", "deauth_callback_url")];
    match graph.get(id, token, &query, None).await {
        Ok(body) => match body.get("deauth_callback_url").and_then(Value::as_str) {
            Some(url) if url.trim_end_matches('/') == deauthorize => {
                let url = format!("Data Deletion {deletion}");
                found.unchecked(
                    checks::CALLBACKS,
                    says(|s| s.untold),
                    fix(|f| f.set_callbacks).with("url", url),
                );
            }
            Some(url) if !url.is_empty() => {
                let elsewhere = says(|s| s.elsewhere).with("what", "deauthorize").with("url", url);
                found.warning(checks::CALLBACKS, elsewhere, both());
            }
            _ => found.warning(checks::CALLBACKS, says(|s| s.unset), both()),
        },
        Err(refusal) => {
            let why = says(|s| s.unread).with("why", refusal.says);
            found.unchecked(checks::CALLBACKS, why, both());
        }
    }
}

pub(super) fn app_token(checkup: &Checkup) -> Option<(String, String)> {
    let (id, secret) = (checkup.secrets.get("APP_ID")?, checkup.secrets.get("APP_SECRET")?);
    Some((id.to_owned(), format!("{id}|{secret}")))
}
