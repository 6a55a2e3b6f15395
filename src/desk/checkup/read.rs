//! Graph's answers as facts. What an answer does not say is not guessed.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::time::{SECOND, UnixMs};

/// Longer words of Meta's are not kept, in characters.
const LONGEST: usize = 160;

/// More names are not kept of one list.
const MOST_NAMES: usize = 60;

/// What `debug_token` says of a token (Meta, Graph API reference, v26.0).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Token {
    /// Whether Meta takes it.
    pub valid: bool,
    /// Why not.
    pub why: String,
    /// The app that made it.
    pub app: Option<String>,
    /// What it is: `PAGE`, `USER`, `SYSTEM_USER`.
    pub kind: Option<String>,
    /// When it ends; none: never.
    pub ends: Option<UnixMs>,
    /// When it stops reading; none: never.
    pub data_ends: Option<UnixMs>,
    /// What it may do with our Page or account.
    pub scopes: Vec<String>,
}

/// Reads what `debug_token` says. A permission may be granted for some Pages only; those of
/// Instagram are granted for accounts. `ours` are the ids that count.
#[must_use]
pub fn token(body: &Value, ours: &[&str]) -> Token {
    let data = body.get("data").unwrap_or(&Value::Null);
    let word = |key: &str| data.get(key).and_then(text);
    let ends = |key: &str| {
        let at = data.get(key).and_then(Value::as_i64).filter(|at| *at > 0)?;
        Some(UnixMs::new(at.saturating_mul(SECOND)))
    };
    let granular = data.get("granular_scopes").and_then(Value::as_array);
    let reaches = |scope: &str| {
        let mut of_scope = granular.into_iter().flatten();
        let one = of_scope.find(|one| one.get("scope").and_then(Value::as_str) == Some(scope));
        let targets = one.and_then(|one| one.get("target_ids")?.as_array());
        targets.is_none_or(|targets| {
            targets.iter().filter_map(text).any(|target| ours.contains(&target.as_str()))
        })
    };
    let mut scopes = names(data.get("scopes"));
    scopes.retain(|scope| reaches(scope));
    Token {
        valid: data.get("is_valid") == Some(&Value::Bool(true)),
        why: data.pointer("/error/message").and_then(text).unwrap_or_default(),
        app: word("app_id"),
        kind: word("type"),
        ends: ends("expires_at"),
        data_ends: ends("data_access_expires_at"),
        scopes,
    }
}

/// Who gets a Page's webhooks.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Subscription {
    /// The fields that our app gets; none: it is not subscribed.
    pub fields: Option<Vec<String>>,
    /// Other apps, by their names.
    pub others: Vec<String>,
}

/// Reads `subscribed_apps`. Without our own app's id the first app counts as ours.
#[must_use]
pub fn subscription(body: &Value, app: Option<&str>) -> Subscription {
    let id = |one: &Value| one.get("id").and_then(text);
    let mut found = Subscription::default();
    for one in body.get("data").and_then(Value::as_array).into_iter().flatten() {
        let ours = app.is_none_or(|app| id(one).as_deref() == Some(app));
        if ours && found.fields.is_none() {
            found.fields = Some(names(one.get("subscribed_fields")));
        } else if found.others.len() < MOST_NAMES {
            let name = one.get("name").and_then(text).or_else(|| id(one));
            found.others.push(name.unwrap_or_else(|| "?".to_owned()));
        }
    }
    found
}

/// What a Page says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PageSeen {
    /// Whether people see it; none: it does not say.
    pub published: Option<bool>,
    /// The Instagram account that is linked to it.
    pub instagram: Option<String>,
}

/// The fields that [`page`] reads.
pub const PAGE_FIELDS: &str = "id,is_published,instagram_business_account";

/// Reads a Page.
#[must_use]
pub fn page(body: &Value) -> PageSeen {
    PageSeen {
        published: body.get("is_published").and_then(Value::as_bool),
        instagram: body.pointer("/instagram_business_account/id").and_then(text),
    }
}

/// Names in a list of words or of objects with a name.
#[must_use]
pub fn names(list: Option<&Value>) -> Vec<String> {
    let list = list.and_then(Value::as_array).into_iter().flatten();
    let name = |one: &Value| text(one).or_else(|| one.get("name").and_then(text));
    list.filter_map(name).take(MOST_NAMES).collect()
}

/// A word of Meta's, as a string or a number.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.chars().take(LONGEST).collect()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_permission_for_other_pages_is_none_for_ours() {
        let body = json!({"data": {
            "is_valid": true, "app_id": 41, "type": "PAGE", "expires_at": 0,
            "data_access_expires_at": 1_800_000_000,
            "scopes": ["pages_messaging", "pages_manage_metadata", "instagram_basic", "public_profile"],
            "granular_scopes": [
                {"scope": "pages_messaging", "target_ids": ["7"]},
                {"scope": "pages_manage_metadata", "target_ids": ["8"]},
                {"scope": "instagram_basic", "target_ids": [9]},
            ],
        }});
        let token = token(&body, &["7", "9"]);
        assert_eq!(token.scopes, ["pages_messaging", "instagram_basic", "public_profile"]);
        assert_eq!((token.app.as_deref(), token.ends), (Some("41"), None));
        assert_eq!(token.data_ends, Some(UnixMs::new(1_800_000_000_000)));
    }

    #[test]
    fn our_app_is_told_from_others() {
        let body = json!({"data": [
            {"id": "1", "name": "Other", "subscribed_fields": ["feed"]},
            {"id": "2", "name": "Ours", "subscribed_fields": ["messages", {"name": "standby"}]},
        ]});
        let found = subscription(&body, Some("2"));
        assert_eq!(found.fields.unwrap(), ["messages", "standby"]);
        assert_eq!(found.others, ["Other"]);
        assert_eq!(subscription(&body, Some("3")).fields, None);
        assert_eq!(subscription(&body, None).fields.unwrap(), ["feed"]);
        assert_eq!(subscription(&json!({}), None), Subscription::default());
    }
}
