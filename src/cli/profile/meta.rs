//! The calls to the Messenger Profile API (Meta, 2026): ten in ten minutes for each Page, of which
//! this needs three at most, and three for the Page's Instagram account.

use serde_json::{Map, Value, json};

use super::state::Change;
use super::wanted::{FIELDS, INSTAGRAM_FIELDS};
use crate::cli::doctor::http::{Answer, Base, Http};
use crate::meta::graph_error::{Class, Reply, Verdict, judge};
use crate::meta::signature::AppSecret;

/// What is said when Meta was asked too often.
pub(in crate::cli) const LATER: &str =
    "run this again in ten minutes: Meta allows ten calls in that time";

/// Whose profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Of {
    /// The Page's, on Messenger.
    Messenger,
    /// That of the Instagram account which belongs to the Page.
    Instagram,
}

impl Of {
    /// The fields that are kept in step.
    #[must_use]
    pub fn fields(self) -> &'static [&'static str] {
        match self {
            Self::Messenger => &FIELDS,
            Self::Instagram => &INSTAGRAM_FIELDS,
        }
    }
}

/// A Page's profile at Meta.
pub struct Profile<'a> {
    of: Of,
    http: &'a Http,
    url: String,
    token: &'a str,
    proof: Option<String>,
}

impl<'a> Profile<'a> {
    /// The profile of the Page that `token` belongs to.
    pub(super) fn new(
        of: Of,
        http: &'a Http,
        base: &Base,
        version: &str,
        page: &str,
        token: &'a str,
        app_secret: Option<&str>,
    ) -> Self {
        let url = base.join(&format!("/{version}/{page}/messenger_profile"));
        let proof = app_secret.map(|secret| AppSecret::new(secret).proof(token));
        Self { of, http, url, token, proof }
    }

    /// What is set.
    pub(super) async fn look(&self) -> Result<Map<String, Value>, String> {
        let fields = self.of.fields().join(",");
        let request = self.http.get(&self.url).query(&[("fields", fields.as_str())]);
        let body = self.call(request).await?;
        let data = body.get("data").and_then(Value::as_array).into_iter().flatten();
        // One object with everything, or one for each field.
        Ok(data
            .filter_map(Value::as_object)
            .flatten()
            .map(|(k, v)| (k.clone(), v.clone()))
            .collect())
    }

    /// Sets the fields that changed, then takes away those that are not wanted.
    pub(super) async fn change(
        &self,
        wanted: &Map<String, Value>,
        changes: &[Change],
    ) -> Result<(), String> {
        let touched = |field: &&str| changes.iter().any(|change| *field == change.field);
        let touched: Vec<&str> = self.of.fields().iter().copied().filter(touched).collect();
        let mut set: Map<String, Value> = touched
            .iter()
            .filter_map(|field| Some(((*field).to_owned(), wanted.get(*field)?.clone())))
            .collect();
        let mut gone: Vec<&str> =
            touched.into_iter().filter(|field| !wanted.contains_key(*field)).collect();
        if gone.contains(&"get_started") && !gone.contains(&"persistent_menu") {
            // Meta keeps Get Started as long as there is a menu.
            gone.push("persistent_menu");
        }
        // Locales that are set and not wanted go with the whole field, which is set anew. Get
        // Started has none, and could not go while a menu needs it.
        gone.extend(set.keys().map(String::as_str).filter(|field| {
            changes.iter().any(|change| change.after.is_empty() && change.field == *field)
        }));
        if !gone.is_empty() {
            let mut body = json!({ "fields": gone });
            if let (Of::Instagram, Some(body)) = (self.of, body.as_object_mut()) {
                body.insert("platform".to_owned(), "instagram".into());
            }
            self.call(self.http.delete(&self.url).json(&body)).await?;
        }
        if !set.is_empty() {
            if self.of == Of::Instagram {
                set.insert("platform".to_owned(), "instagram".into());
            }
            self.call(self.http.post(&self.url).json(&set)).await?;
        }
        Ok(())
    }

    /// One call. The token travels in a header: addresses end up in logs.
    async fn call(&self, request: reqwest::RequestBuilder) -> Result<Value, String> {
        let mut request = request.bearer_auth(self.token);
        if self.of == Of::Instagram {
            request = request.query(&[("platform", "instagram")]);
        }
        if let Some(proof) = &self.proof {
            request = request.query(&[("appsecret_proof", proof)]);
        }
        let answer = self.http.send(request).await.map_err(|trouble| format!("Meta {trouble}"))?;
        let Some(body) = answer.json() else {
            return Err(format!("Meta {}", answer.described()));
        };
        if body.get("error").is_none() && answer.status == 200 {
            return Ok(body);
        }
        Err(refusal(&answer, &body))
    }
}

fn refusal(answer: &Answer, body: &Value) -> String {
    let message = body.pointer("/error/message").and_then(Value::as_str).unwrap_or_default();
    let short: String = message.chars().take(200).collect();
    let reply = Reply { status: answer.status, retry_after_s: None, body: answer.text.as_bytes() };
    let class = match judge(&reply) {
        Verdict::Failed(failure) => Some(failure.class),
        Verdict::Sent { .. } => None,
    };
    let fix = match class {
        Some(Class::SlowPage) => LATER,
        Some(Class::TokenInvalid) => "make a new Page token and set PAGE_TOKEN to it",
        Some(Class::Permission) => "give the token pages_messaging and pages_manage_metadata",
        Some(Class::Retry) => "run this again in a few minutes",
        _ => "`shopbell doctor` may say more",
    };
    format!("Meta says: {short}\n  {fix}")
}
