//! Utility templates: what is asked of the Graph API about them, and what it answers (Meta,
//! "Utility messages", 6 March 2026: named parameters).

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::meta::json::{List, Raw, object};

/// The category that Meta has to leave a template in.
pub const CATEGORY: &str = "UTILITY";

/// The state in which a template may be sent.
pub const APPROVED: &str = "APPROVED";

/// Templates told at once.
pub const PAGE: u32 = 100;

/// A template as a message uses it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Filled {
    /// Its name at Meta.
    pub name: String,
    /// Its language, as Meta writes it.
    pub language: String,
    /// What stands in the places of its text, by their names.
    pub parameters: Vec<(String, String)>,
}

/// The `template` of a message.
pub(super) fn body(filled: &Filled) -> serde_json::Value {
    let parameters: Vec<_> = filled
        .parameters
        .iter()
        .map(|(name, text)| json!({ "type": "text", "parameter_name": name, "text": text }))
        .collect();
    let components = if parameters.is_empty() {
        json!([])
    } else {
        json!([{ "type": "body", "parameters": parameters }])
    };
    json!({
        "name": filled.name,
        "language": { "code": filled.language },
        "components": components,
    })
}

/// The body that has Meta judge a template. In `text` a place is `{{name}}`; `examples` has one
/// for each. How the examples of named places are written is not documented for Messenger: as on
/// Meta's other channel.
#[must_use]
pub fn create(name: &str, language: &str, text: &str, examples: &[(String, String)]) -> String {
    let mut body = json!({ "type": "BODY", "text": text });
    if !examples.is_empty()
        && let Some(fields) = body.as_object_mut()
    {
        let examples: Vec<_> = examples
            .iter()
            .map(|(name, example)| json!({ "param_name": name, "example": example }))
            .collect();
        fields.insert("example".to_owned(), json!({ "body_text_named_params": examples }));
    }
    json!({
        "name": name,
        "language": language,
        "category": CATEGORY,
        "parameter_format": "NAMED",
        "components": [body],
    })
    .to_string()
}

/// A language as Meta writes it in templates: `pt_BR`, `zh_TW`, `lt`.
#[must_use]
pub fn language(tag: &str) -> String {
    tag.replace('-', "_")
}

/// A template as Meta keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// Its name.
    pub name: String,
    /// Its language.
    pub language: String,
    /// `APPROVED`, `PENDING`, `REJECTED`, …
    pub status: String,
    /// `UTILITY`, unless Meta thinks otherwise.
    pub category: String,
    /// Why it was refused, in Meta's word.
    pub reason: Option<String>,
}

impl Kept {
    /// Whether it may be sent.
    #[must_use]
    pub fn may_be_sent(&self) -> bool {
        self.status == APPROVED && self.category == CATEGORY
    }
}

object! {
    Answer<'de> {
        data: List<Raw<'de>> = b"data",
        paging = b"paging",
    }
}

object! {
    Paging<'de> {
        cursors = b"cursors",
        next = b"next",
    }
}

object! {
    Cursors<'de> {
        after = b"after",
    }
}

object! {
    KeptFields<'de> {
        name = b"name",
        language = b"language",
        status = b"status",
        category = b"category",
        reason = b"rejected_reason",
    }
}

/// What Meta answers about its templates, and where to go on.
#[must_use]
pub fn kept(answer: &str) -> Option<(Vec<Kept>, Option<String>)> {
    let answer: Answer<'_> = serde_json::from_str(answer).ok()?;
    let read = |raw: &Raw<'_>| {
        let fields: KeptFields<'_> = raw.object()?;
        let text = |field: Option<Raw<'_>>| field.and_then(Raw::text);
        Some(Kept {
            name: text(fields.name)?,
            language: text(fields.language)?,
            status: text(fields.status)?.to_uppercase(),
            category: text(fields.category).unwrap_or_default().to_uppercase(),
            reason: text(fields.reason).filter(|reason| !reason.is_empty() && reason != "NONE"),
        })
    };
    let paging: Option<Paging<'_>> = answer.paging.and_then(Raw::object);
    let after = paging.filter(|paging| paging.next.is_some()).and_then(|paging| {
        let cursors: Cursors<'_> = paging.cursors?.object()?;
        cursors.after.and_then(Raw::text)
    });
    Some((answer.data.0.iter().filter_map(read).collect(), after))
}

/// What Meta answers when a template was handed in: its state and category.
#[must_use]
pub fn handed_in(answer: &str) -> Option<(String, String)> {
    let fields: KeptFields<'_> = serde_json::from_str(answer).ok()?;
    let status = fields.status.and_then(Raw::text)?.to_uppercase();
    let category = fields.category.and_then(Raw::text).unwrap_or_else(|| CATEGORY.to_owned());
    Some((status, category.to_uppercase()))
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn a_template_is_made_and_sent_with_named_places() {
        let example = [("when".to_owned(), "10:00".to_owned())];
        let made = create("soon_1", "pt_BR", "Às {{when}}, então.", &example);
        let made: Value = serde_json::from_str(&made).unwrap();
        assert_eq!(
            made["components"][0]["example"]["body_text_named_params"][0]["param_name"],
            "when"
        );
        let filled = Filled {
            name: "soon_1".to_owned(),
            language: language("pt-BR"),
            parameters: vec![("when".to_owned(), "10:00".to_owned())],
        };
        assert_eq!(
            body(&filled),
            json!({"name": "soon_1", "language": {"code": "pt_BR"}, "components": [
                {"type": "body", "parameters": [
                    {"type": "text", "parameter_name": "when", "text": "10:00"}]}]})
        );
    }

    #[test]
    fn states_are_read_and_only_an_approved_utility_may_be_sent() {
        let answer = r#"{"data":[
            {"name":"a","language":"en","status":"APPROVED","category":"UTILITY","id":"1"},
            {"name":"b","language":"en","status":"approved","category":"MARKETING"},
            {"name":"c","language":"en","status":"REJECTED","category":"UTILITY",
             "rejected_reason":"TAG_SHOULD_BE_MARKETING"}, {"name":"d"}],
            "paging":{"cursors":{"after":"x"},"next":"https://…"}}"#;
        let (all, after) = kept(answer).unwrap();
        let may: Vec<bool> = all.iter().map(Kept::may_be_sent).collect();
        assert_eq!(may, [true, false, false]);
        assert_eq!(all[2].reason.as_deref(), Some("TAG_SHOULD_BE_MARKETING"));
        assert_eq!(after.as_deref(), Some("x"));
        assert_eq!(kept(r#"{"data":[]}"#), Some((Vec::new(), None)));
        assert_eq!(
            handed_in(r#"{"id":"1","status":"PENDING","category":"UTILITY"}"#),
            Some(("PENDING".to_owned(), "UTILITY".to_owned()))
        );
    }
}
