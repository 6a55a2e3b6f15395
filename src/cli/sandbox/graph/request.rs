//! What a call says, and whether its token may say it.

use std::collections::BTreeMap;

use axum::extract::Query;
use axum::http::{HeaderMap, Method, Uri};
use serde_json::{Map, Value};

use super::super::world::{Login, Settings};
use super::super::{SandboxConfig, wire};
use super::GraphError;

/// A Graph call, taken apart.
pub(super) struct Request {
    pub(super) method: String,
    pub(super) version: String,
    pub(super) path: Vec<String>,
    /// Without tokens and proofs.
    pub(super) query: BTreeMap<String, String>,
    /// JSON or decoded form, without tokens and proofs.
    pub(super) body: Value,
    /// The Page the path or the token names.
    pub(super) page: Option<String>,
    pub(super) person: Option<String>,
    token: Option<String>,
    proof: Option<String>,
    malformed: bool,
}

/// Versions alive in October 2026 (Meta's Graph API changelog).
const VERSIONS: [&str; 6] = ["v21.0", "v22.0", "v23.0", "v24.0", "v25.0", "v26.0"];

impl Request {
    pub(super) fn read(
        config: &SandboxConfig,
        method: &Method,
        uri: &Uri,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Self {
        let mut segments = uri.path().split('/').filter(|s| !s.is_empty()).map(str::to_owned);
        let version = segments.next().unwrap_or_default();
        let path: Vec<String> = segments.collect();
        let mut query = pairs(uri);
        let (mut body, malformed) = decode(headers, body);

        let bearer = headers
            .get("authorization")
            .and_then(|h| h.to_str().ok())
            .and_then(|h| h.strip_prefix("Bearer "))
            .map(str::to_owned);
        let mut secret = |key: &str| {
            let from_body = body.as_object_mut().and_then(|b| b.remove(key));
            query.remove(key).or_else(|| from_body?.as_str().map(str::to_owned))
        };
        let token = secret("access_token").or(bearer);
        let proof = secret("appsecret_proof");

        let of_token = token.as_ref().and_then(|token| {
            config.page_tokens.iter().find(|(_, t)| *t == token).map(|(page, _)| page.clone())
        });
        let in_path = path.first().filter(|id| config.pages.iter().any(|p| p.id == **id)).cloned();
        let page = in_path.or(of_token);
        let mut request = Self {
            method: method.to_string(),
            version,
            path,
            query,
            body,
            page,
            person: None,
            token,
            proof,
            malformed,
        };
        request.person = request.addressee();
        request
    }

    /// Whether it sends a message (or a sender action).
    pub(super) fn is_send(&self) -> bool {
        self.method == "POST"
            && self.path.len() == 2
            && self.path.last().is_some_and(|p| p == "messages")
    }

    pub(super) fn joined(&self) -> String {
        self.path.join("/")
    }

    /// A parameter from the query or the body.
    pub(super) fn param(&self, key: &str) -> Option<Value> {
        let query = self.query.get(key).map(|v| Value::String(v.clone()));
        query.or_else(|| self.body.get(key).cloned())
    }

    /// A list: a JSON array, or words between commas.
    pub(super) fn list(&self, key: &str) -> Vec<String> {
        match self.param(key) {
            Some(Value::Array(items)) => {
                items.iter().filter_map(|i| i.as_str().map(str::to_owned)).collect()
            }
            Some(Value::String(text)) => match serde_json::from_str::<Vec<String>>(&text) {
                Ok(items) => items,
                Err(_) => {
                    let words = text.split(',').map(str::trim).filter(|w| !w.is_empty());
                    words.map(str::to_owned).collect()
                }
            },
            _ => Vec::new(),
        }
    }

    fn addressee(&self) -> Option<String> {
        let text = |v: &Value| v.as_str().map(str::to_owned);
        let recipient = self.body.get("recipient");
        let id = recipient.and_then(|r| r.get("id")).and_then(text);
        id.or_else(|| self.query.get("recipient").cloned()).or_else(|| {
            let first = self.path.first()?;
            let single = self.method == "GET" && self.path.len() == 1;
            let digits = first.bytes().all(|b| b.is_ascii_digit());
            (single && digits && self.page.as_ref() != Some(first)).then(|| first.clone())
        })
    }

    /// Whether this call has the app's own token.
    pub(super) fn is_of_app(&self, config: &SandboxConfig) -> bool {
        let app_token = format!("{}|{}", config.app_id, config.app_secret);
        self.token.as_deref() == Some(app_token.as_str())
    }

    /// The person or system user whose token this call has.
    pub(super) fn login<'a>(&self, settings: &'a Settings) -> Option<&'a Login> {
        let token = self.token.as_deref()?;
        settings.logins.iter().find(|login| login.token == token)
    }

    pub(super) fn proof(&self) -> Option<&str> {
        self.proof.as_deref()
    }

    /// Whether this call has the token of the ad account.
    pub(super) fn authorise_ads(
        &self,
        config: &SandboxConfig,
        settings: &Settings,
    ) -> Result<(), GraphError> {
        if !VERSIONS.contains(&self.version.as_str()) {
            let path = format!("{}/{}", self.version, self.joined());
            return Err(GraphError::unknown_path(&path));
        }
        let token = self.token.as_deref().unwrap_or_default();
        if token != config.ads_token || settings.ads_scopes.is_empty() {
            return Err(GraphError::new(190, "Invalid OAuth access token").status(401));
        }
        let right = wire::appsecret_proof(&config.app_secret, token);
        if self.proof.as_ref().map_or(settings.require_proof, |proof| *proof != right) {
            return Err(GraphError::new(
                100,
                "Invalid appsecret_proof provided in the API argument",
            )
            .kind("GraphMethodException"));
        }
        if self.malformed {
            return Err(GraphError::parameter("The request body is not valid JSON"));
        }
        Ok(())
    }

    /// The Page this call may act for. App tokens (for `debug_token`) act for none.
    pub(super) fn authorise(
        &self,
        config: &SandboxConfig,
        settings: &Settings,
        now: i64,
    ) -> Result<Option<String>, GraphError> {
        if !VERSIONS.contains(&self.version.as_str()) {
            let path = format!("{}/{}", self.version, self.joined());
            return Err(GraphError::unknown_path(&path));
        }
        let Some(token) = &self.token else {
            return Err(GraphError::new(
                104,
                "An access token is required to request this resource.",
            )
            .status(401));
        };
        if self.is_of_app(config) {
            return Ok(None);
        }
        let owner = config.page_tokens.iter().find(|(_, t)| *t == token).map(|(p, _)| p.clone());
        let Some(owner) = owner else {
            return Err(GraphError::new(
                190,
                "Invalid OAuth access token - Cannot parse access token",
            )
            .status(401));
        };
        let expires_at = settings.token_expires_at;
        if expires_at != 0 && now / 1000 >= expires_at {
            return Err(GraphError::new(
                190,
                "Error validating access token: Session has expired.",
            )
            .subcode(463)
            .status(401));
        }
        match &self.proof {
            Some(proof) if *proof != wire::appsecret_proof(&config.app_secret, token) => {
                return Err(GraphError::new(
                    100,
                    "Invalid appsecret_proof provided in the API argument",
                )
                .kind("GraphMethodException"));
            }
            None if settings.require_proof => {
                return Err(GraphError::new(
                    100,
                    "API calls from the server require an appsecret_proof argument",
                )
                .kind("GraphMethodException"));
            }
            _ => {}
        }
        if self.malformed {
            return Err(GraphError::parameter("The request body is not valid JSON"));
        }
        // A Page token reaches its own Page.
        let foreign = self
            .path
            .first()
            .filter(|id| **id != owner && config.pages.iter().any(|p| p.id == **id));
        match foreign {
            Some(id) => Err(GraphError::unreachable_object(&self.method, id)),
            None => Ok(Some(owner)),
        }
    }
}

fn pairs(uri: &Uri) -> BTreeMap<String, String> {
    Query::<Vec<(String, String)>>::try_from_uri(uri)
        .map(|Query(pairs)| pairs.into_iter().collect())
        .unwrap_or_default()
}

/// The body as JSON, and whether it could not be read. Forms carry JSON in their values.
fn decode(headers: &HeaderMap, body: &[u8]) -> (Value, bool) {
    if body.is_empty() {
        return (Value::Object(Map::new()), false);
    }
    let kind = headers.get("content-type").and_then(|h| h.to_str().ok()).unwrap_or_default();
    if kind.starts_with("application/x-www-form-urlencoded") {
        let text = String::from_utf8_lossy(body);
        let uri = format!("/?{text}").parse::<Uri>().unwrap_or_default();
        let map = pairs(&uri).into_iter().map(|(key, text)| {
            let structured = text.starts_with('{') || text.starts_with('[');
            let value = structured.then(|| serde_json::from_str(&text).ok()).flatten();
            (key, value.unwrap_or(Value::String(text)))
        });
        return (Value::Object(map.collect()), false);
    }
    match serde_json::from_slice(body) {
        Ok(value) => (value, false),
        Err(_) => (Value::String(String::from_utf8_lossy(body).into_owned()), true),
    }
}
