//! Calls to the Graph API while a shop is set up: one question or one change each. Tokens travel in
//! headers and bodies: addresses end up in logs.

use reqwest::RequestBuilder;
use serde_json::Value;

use crate::cli::doctor::http::{Answer, Base, Http};
use crate::cli::shown::one_line;
use crate::meta::graph_error::{Class, Reply, Verdict, judge};
use crate::meta::signature::AppSecret;

/// The Graph API of one version.
pub(in crate::cli) struct Graph {
    http: Http,
    base: Base,
    version: String,
}

/// Who asks.
#[derive(Clone, Copy)]
pub(in crate::cli) struct Caller<'a> {
    pub token: &'a str,
    /// Proves that the token did not come alone.
    pub app_secret: Option<&'a str>,
}

/// Why Meta did not answer, or not do it.
#[derive(Clone, Debug)]
pub(in crate::cli) struct Refused {
    /// None when there was no answer of Meta's.
    pub class: Option<Class>,
    /// Meta's code.
    pub code: i64,
    /// In Meta's words, or in ours where there are none.
    pub says: String,
}

impl Refused {
    pub(in crate::cli) fn about_proof(&self) -> bool {
        self.says.contains("appsecret_proof")
    }

    /// Whether Meta asked the Worker for the handshake and did not get it.
    pub(in crate::cli) fn about_callback(&self) -> bool {
        // "(#2200) Callback verification failed" (Graph API, webhooks, 2026).
        self.code == 2200 || self.says.contains("allback")
    }

    /// The one thing to do.
    pub(in crate::cli) fn fix(&self, again: &str) -> String {
        match self.class {
            _ if self.about_proof() => {
                "use the secret of the app that made the token (App settings > Basic)".to_owned()
            }
            None => format!("check this computer's connection, then: {again}"),
            Some(Class::TokenInvalid) => format!("make a new token, then: {again}"),
            Some(Class::Permission) => {
                format!("give the token what it lacks (connect names it), then: {again}")
            }
            Some(Class::SlowPage) => format!("wait ten minutes, then: {again}"),
            Some(_) => format!("wait a few minutes, then: {again}"),
        }
    }
}

impl Graph {
    pub(in crate::cli) fn new(http: Http, base: Base, version: String) -> Self {
        Self { http, base, version }
    }

    pub(in crate::cli) fn base(&self) -> &str {
        self.base.as_str()
    }

    pub(in crate::cli) fn version(&self) -> &str {
        &self.version
    }

    fn url(&self, path: &str) -> String {
        self.base.join(&format!("/{}/{path}", self.version))
    }

    pub(in crate::cli) async fn get(
        &self,
        path: &str,
        caller: Caller<'_>,
        query: &[(&str, &str)],
    ) -> Result<Value, Refused> {
        self.send(self.http.get(&self.url(path)).query(query), caller).await
    }

    pub(in crate::cli) async fn post(
        &self,
        path: &str,
        caller: Caller<'_>,
        form: &[(&str, &str)],
    ) -> Result<Value, Refused> {
        self.send(self.http.post(&self.url(path)).form(form), caller).await
    }

    async fn send(&self, request: RequestBuilder, caller: Caller<'_>) -> Result<Value, Refused> {
        let mut request = request.bearer_auth(caller.token);
        if let Some(secret) = caller.app_secret {
            let proof = AppSecret::new(secret).proof(caller.token);
            request = request.query(&[("appsecret_proof", proof)]);
        }
        let silent = |says: String| Refused { class: None, code: 0, says };
        let answer = self.http.send(request).await;
        let answer = answer.map_err(|trouble| silent(format!("Meta {trouble}")))?;
        match answer.json() {
            None => Err(silent(format!("Meta {}", answer.described()))),
            Some(body) if body.get("error").is_none() && answer.status < 400 => Ok(body),
            Some(body) => Err(refused(&answer, &body)),
        }
    }
}

fn refused(answer: &Answer, body: &Value) -> Refused {
    let message = body.pointer("/error/message").and_then(Value::as_str).unwrap_or_default();
    let code = body.pointer("/error/code").and_then(Value::as_i64).unwrap_or_default();
    let subcode = body.pointer("/error/error_subcode").and_then(Value::as_i64);
    let number = subcode.map_or(format!("{code}"), |subcode| format!("{code}/{subcode}"));
    let reply = Reply { status: answer.status, retry_after_s: None, body: answer.text.as_bytes() };
    let class = match judge(&reply) {
        Verdict::Failed(failure) => failure.class,
        Verdict::Sent { .. } => Class::Retry,
    };
    let short: String = one_line(message).chars().take(200).collect();
    Refused { class: Some(class), code, says: format!("Meta says: {short} (error {number})") }
}
