//! Which secrets the Worker has. None can be read back, but the Worker can be asked to prove what it
//! has: by its answer to a signature, to the handshake, and by marks that only the owner is shown.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::session::Session;
use crate::cli::doctor::http::{Base, Http};
use crate::meta::signature::{AppSecret, mark};

/// A webhook without events: Meta's envelope, and nothing in it.
const EMPTY_WEBHOOK: &str = r#"{"object":"page","entry":[]}"#;

/// What the handshake has to give back.
const CHALLENGE: &str = "1158201444";

/// What the Worker proved.
#[derive(Default)]
pub(super) struct Standing {
    /// Secrets of the environment that the Worker has.
    same: BTreeSet<&'static str>,
    /// Marks by the names of secrets; none when the owner's token is not known.
    marks: Option<BTreeMap<String, String>>,
    /// What they were made with.
    admin_token: String,
}

impl Standing {
    /// Asks the Worker; nothing is known of one that does not answer.
    pub(super) fn of(session: &Session<'_>) -> Self {
        let Some(base) = session.url().and_then(|url| Base::new(&url).ok()) else {
            return Self::default();
        };
        if session.deployed.is_none() {
            return Self::default();
        }
        let Ok(http) = Session::http(&session.again) else { return Self::default() };
        session.runtime.block_on(Self::asked(&http, &base, &session.given))
    }

    async fn asked(http: &Http, base: &Base, given: &BTreeMap<String, String>) -> Self {
        let mut standing = Self::default();
        if let Some(secret) = given.get("APP_SECRET")
            && takes_signature(http, base, secret).await
        {
            standing.same.insert("APP_SECRET");
        }
        if let Some(token) = given.get("VERIFY_TOKEN")
            && shakes_hands(http, base, token).await
        {
            standing.same.insert("VERIFY_TOKEN");
        }
        let Some(token) = given.get("ADMIN_TOKEN") else { return standing };
        let request = http.get(&base.join("/admin/status")).bearer_auth(token);
        let Ok(answer) = http.send(request).await else { return standing };
        if answer.status == 200 {
            standing.same.insert("ADMIN_TOKEN");
            standing.admin_token.clone_from(token);
            let body = answer.json().unwrap_or_default();
            let marks = body.get("marks").and_then(Value::as_object);
            standing.marks = marks.map(|marks| {
                let text = |(name, mark): (&String, &Value)| {
                    Some((name.clone(), mark.as_str()?.to_owned()))
                };
                marks.iter().filter_map(text).collect()
            });
        }
        standing
    }

    /// Whether the Worker has the one of the environment.
    pub(super) fn is_same(&self, name: &str) -> bool {
        self.same.contains(name)
    }

    /// Whether the Worker shows marks.
    pub(super) fn marks_known(&self) -> bool {
        self.marks.is_some()
    }

    /// Whether the Worker has this value under this name.
    pub(super) fn has_value(&self, name: &str, value: &str) -> bool {
        let theirs = self.marks.as_ref().and_then(|marks| marks.get(name));
        theirs.is_some_and(|theirs| *theirs == mark(&self.admin_token, value))
    }
}

/// Whether the Worker believes what this secret signs.
pub(in crate::cli) async fn takes_signature(http: &Http, base: &Base, secret: &str) -> bool {
    let signature = format!("sha256={}", AppSecret::new(secret).proof(EMPTY_WEBHOOK));
    let request = http
        .post(&base.join("/webhook"))
        .header("content-type", "application/json")
        .header("x-hub-signature-256", signature)
        .body(EMPTY_WEBHOOK);
    http.send(request).await.is_ok_and(|answer| answer.status == 200)
}

/// Whether the Worker answers Meta's handshake with this word.
pub(in crate::cli) async fn shakes_hands(http: &Http, base: &Base, token: &str) -> bool {
    let request = http.get(&base.join("/webhook")).query(&[
        ("hub.mode", "subscribe"),
        ("hub.verify_token", token),
        ("hub.challenge", CHALLENGE),
    ]);
    let answer = http.send(request).await;
    answer.is_ok_and(|answer| answer.status == 200 && answer.text == CHALLENGE)
}
