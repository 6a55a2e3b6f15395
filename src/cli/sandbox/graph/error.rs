//! Error bodies as the Graph API writes them.

use serde_json::{Value, json};

/// An error to answer with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct GraphError {
    pub(in super::super) status: u16,
    message: String,
    kind: &'static str,
    code: u32,
    subcode: Option<u32>,
    transient: bool,
    remaining_s: Option<i64>,
}

impl GraphError {
    /// An `OAuthException` with HTTP 400, as most are.
    pub(in super::super) fn new(code: u32, message: impl Into<String>) -> Self {
        Self {
            status: 400,
            message: message.into(),
            kind: "OAuthException",
            code,
            subcode: None,
            transient: false,
            remaining_s: None,
        }
    }

    pub(in super::super) fn status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    pub(in super::super) fn subcode(mut self, subcode: u32) -> Self {
        self.subcode = Some(subcode);
        self
    }

    /// Not before so many seconds from now.
    pub(in super::super) fn remaining(mut self, seconds: i64) -> Self {
        self.remaining_s = Some(seconds);
        self
    }

    pub(in super::super) fn transient(mut self) -> Self {
        self.transient = true;
        self
    }

    pub(super) fn kind(mut self, kind: &'static str) -> Self {
        self.kind = kind;
        self
    }

    /// A parameter that is missing or breaks a limit.
    pub(super) fn parameter(what: impl AsRef<str>) -> Self {
        Self::new(100, format!("(#100) {}", what.as_ref()))
    }

    /// A text that is too long.
    pub(super) fn too_long(param: &str, limit: usize) -> Self {
        Self::parameter(format!("Length of param {param} must be less than or equal to {limit}"))
    }

    /// Outside the standard messaging window.
    pub(super) fn outside_window() -> Self {
        Self::new(
            10,
            "(#10) This message is sent outside of allowed window. Learn more about the new \
             policy here: https://developers.facebook.com/docs/messenger-platform/policy-overview",
        )
        .subcode(2_018_278)
        .status(403)
    }

    pub(super) fn no_such_person() -> Self {
        Self::parameter("No matching user found").subcode(2_018_001)
    }

    pub(super) fn unknown_path(path: &str) -> Self {
        Self::new(2500, format!("Unknown path components: /{path}"))
    }

    /// An object that does not exist, or that the token must not see.
    pub(super) fn unreachable_object(method: &str, id: &str) -> Self {
        Self::new(
            100,
            format!(
                "Unsupported {} request. Object with ID '{id}' does not exist, cannot be loaded \
                 due to missing permissions, or does not support this operation. Please read the \
                 Graph API documentation at https://developers.facebook.com/docs/graph-api",
                method.to_lowercase()
            ),
        )
        .subcode(33)
        .kind("GraphMethodException")
    }

    /// The body without a trace id.
    pub(in super::super) fn body(&self) -> Value {
        self.traced("AbCdEfGhIjKlMnOpQrStUv")
    }

    /// The body.
    pub(super) fn traced(&self, trace: &str) -> Value {
        let mut error = json!({
            "message": self.message,
            "type": self.kind,
            "code": self.code,
            "fbtrace_id": trace,
        });
        if let Some(map) = error.as_object_mut() {
            if let Some(subcode) = self.subcode {
                map.insert("error_subcode".to_owned(), json!(subcode));
            }
            if let Some(seconds) = self.remaining_s {
                map.insert("error_data".to_owned(), json!({"remaining_seconds": seconds}));
            }
            if self.transient {
                map.insert("is_transient".to_owned(), json!(true));
            }
        }
        json!({"error": error})
    }
}
