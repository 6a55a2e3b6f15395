//! The Graph API, asked once per question; and the app's own webhooks.

use std::collections::BTreeSet;

use serde_json::Value;

use super::Checkup;
use super::finding::Findings;
use super::http::{Base, Http};
use super::worker;
use crate::meta::graph_error::{Class, Reply, Verdict, judge};
use crate::shop::model::Shop;

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
            worker::clock("graph.clock", "Meta", &answer, found);
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
        Err(Refusal { class, about_proof, says: format!("Meta says: {short} (error {number})") })
    }
}

/// Looks at the app's webhooks, by the app's own token.
pub(super) async fn app(
    checkup: &Checkup,
    graph: &Graph<'_>,
    worker: Option<&Base>,
    instagram: bool,
    found: &mut Findings<'_>,
) {
    const CHECK: &str = "graph.webhook";
    let Some((id, token)) = app_token(checkup) else {
        found.warning(
            CHECK,
            "the app's webhook was not checked: APP_ID and APP_SECRET are not in the environment",
            "set both (App dashboard > App settings > Basic) and run this again",
        );
        return;
    };
    let body = match graph.get(&format!("{id}/subscriptions"), &token, &[], None).await {
        Ok(body) => body,
        Err(refusal) if refusal.class == Some(Class::TokenInvalid) => {
            found.problem(
                CHECK,
                format!("Meta does not take APP_ID and APP_SECRET. {}", refusal.says),
                "copy both from App dashboard > App settings > Basic",
            );
            return;
        }
        Err(refusal) => {
            found.warning(
                CHECK,
                format!("the app's webhook could not be read. {}", refusal.says),
                "look at it yourself: App dashboard > Webhooks",
            );
            return;
        }
    };
    let wanted = worker.map(|worker| worker.join("/webhook"));
    for object in ["page", "instagram"].into_iter().take(if instagram { 2 } else { 1 }) {
        webhook(&body, object, wanted.as_deref(), found);
    }
}

/// One object's webhook: where it leads, whether it is switched on, what it brings.
fn webhook(body: &Value, object: &str, wanted: Option<&str>, found: &mut Findings<'_>) {
    const CHECK: &str = "graph.webhook";
    let here = wanted.unwrap_or("<the Worker's address>/webhook");
    let fix =
        format!("App dashboard > Webhooks > {object}: callback URL {here}, your VERIFY_TOKEN");
    let all = body.pointer("/data").and_then(Value::as_array).into_iter().flatten();
    let mut of_object = all.filter(|one| one.get("object").and_then(Value::as_str) == Some(object));
    let Some(subscription) = of_object.next() else {
        found.problem(CHECK, format!("the app has no webhook for {object}"), fix);
        return;
    };
    let url = subscription.get("callback_url").and_then(Value::as_str).unwrap_or_default();
    if subscription.get("active") == Some(&Value::Bool(false)) {
        found.problem(CHECK, format!("Meta has switched off the webhook for {object}"), fix);
    } else if wanted.is_some_and(|wanted| url.trim_end_matches('/') != wanted) {
        found.problem(CHECK, format!("what happens on {object} goes to {url}, not here"), fix);
    } else if !names(subscription.get("fields")).contains("messages") {
        let says = format!("the webhook for {object} does not bring messages");
        found.problem(
            CHECK,
            says,
            format!("App dashboard > Webhooks > {object}: subscribe messages"),
        );
    } else {
        found.ok(CHECK, format!("what happens on {object} goes to {url}"));
    }
}

/// Names in a list of words or of objects with a name.
pub(super) fn names(list: Option<&Value>) -> BTreeSet<String> {
    let list = list.and_then(Value::as_array).into_iter().flatten();
    let name = |one: &Value| {
        one.as_str().or_else(|| one.get("name").and_then(Value::as_str)).map(str::to_owned)
    };
    list.filter_map(name).collect()
}

pub(super) fn app_token(checkup: &Checkup) -> Option<(String, String)> {
    let (id, secret) = (checkup.secrets.get("APP_ID")?, checkup.secrets.get("APP_SECRET")?);
    Some((id.to_owned(), format!("{id}|{secret}")))
}

/// Whether this shop answers on Instagram.
pub(super) fn instagram_on(shop: &Shop) -> bool {
    shop.assistant.instagram && shop.page.instagram_id.is_some()
}
