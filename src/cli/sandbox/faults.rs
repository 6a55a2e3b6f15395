//! Faults on demand: what Meta does on a bad day.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::graph::GraphError;

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// HTTP 429 without a body that says more.
    Http429,
    /// HTTP 500 with a page of HTML.
    Http500,
    /// Error 1: an unknown error.
    Code1,
    /// Error 2: temporarily unavailable.
    Code2,
    /// Error 4: the app's rate limit.
    Code4,
    /// Error 10: no permission.
    Code10,
    /// Error 100: a bad parameter.
    Code100,
    /// Error 190: the token is dead.
    Code190,
    /// Error 551: this person is not available.
    Code551,
    /// Error 613: the Page's rate limit.
    Code613,
    /// Error 80006: the rate limit of the use case.
    Code80006,
    /// Error 10/1893063: Meta has restricted the Page.
    Restricted,
    /// An error body with HTTP 200 (code 36000).
    ErrorIn200,
    /// Never answers. The message is not delivered.
    Hang,
    /// Answers after `ms` milliseconds, otherwise as always.
    Slow,
    /// The connection is reset; the message was not delivered.
    ResetBefore,
    /// The message is delivered, but the caller sees a reset.
    ResetAfter,
}

/// A fault that waits for calls to fail.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Fault {
    /// What goes wrong.
    pub kind: FaultKind,
    /// How many more calls; none: until cleared.
    #[serde(default)]
    pub times: Option<u32>,
    /// Only calls for this Page.
    #[serde(default)]
    pub page: Option<String>,
    /// Only calls for this person.
    #[serde(default)]
    pub person: Option<String>,
    /// For [`FaultKind::Slow`]: how long, in real milliseconds.
    #[serde(default)]
    pub ms: u64,
    /// Every Graph call and not only sent messages.
    #[serde(default)]
    pub all_calls: bool,
    /// Only calls whose path ends so, whatever they are: `notification_message_tokens`.
    #[serde(default)]
    pub path: Option<String>,
    /// So many calls that it would be for pass before it.
    #[serde(default)]
    pub after: u32,
    /// What an error says of when to come back.
    #[serde(default)]
    pub hint: Hint,
}

/// When to come back, in the three ways that Meta says it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Hint {
    /// The header `Retry-After`, in seconds.
    pub retry_after_s: Option<u32>,
    /// `error_data.remaining_seconds`.
    pub remaining_s: Option<u32>,
    /// `estimated_time_to_regain_access` in the header `X-Business-Use-Case-Usage`, in minutes.
    pub regain_minutes: Option<u32>,
}

impl Fault {
    /// The next `times` messages fail.
    #[must_use]
    pub fn next(kind: FaultKind, times: u32) -> Self {
        Self {
            kind,
            times: Some(times),
            page: None,
            person: None,
            ms: 0,
            all_calls: false,
            path: None,
            after: 0,
            hint: Hint::default(),
        }
    }

    fn fits(&self, page: Option<&str>, person: Option<&str>, path: &str, is_send: bool) -> bool {
        let meant = match &self.path {
            Some(end) => path.ends_with(end.as_str()),
            None => is_send || self.all_calls,
        };
        meant
            && self.times != Some(0)
            && self.page.as_deref().is_none_or(|p| Some(p) == page)
            && self.person.as_deref().is_none_or(|p| Some(p) == person)
    }
}

/// Takes the fault that a call runs into, and counts it.
pub(super) fn take(
    faults: &mut Vec<Fault>,
    page: Option<&str>,
    person: Option<&str>,
    path: &str,
    is_send: bool,
) -> Option<Fault> {
    let fault = faults.iter_mut().find(|f| f.fits(page, person, path, is_send))?;
    if fault.after > 0 {
        fault.after = fault.after.saturating_sub(1);
        return None;
    }
    if let Some(times) = &mut fault.times {
        *times = times.saturating_sub(1);
    }
    let taken = fault.clone();
    faults.retain(|f| f.times != Some(0));
    Some(taken)
}

/// The answer of a fault that is an answer at once: status and body.
pub(super) fn answer(kind: FaultKind) -> Option<(u16, Value)> {
    let error = match kind {
        FaultKind::Http429 => return Some((429, Value::Null)),
        FaultKind::Http500 => {
            return Some((500, json!("<!DOCTYPE html><html><body>Sorry, something went wrong.")));
        }
        FaultKind::ErrorIn200 => {
            let error = GraphError::new(36000, "An error occurred while processing this request");
            return Some((200, error.body()));
        }
        FaultKind::Code1 => GraphError::new(1, "An unknown error has occurred.").status(500),
        FaultKind::Code2 => {
            GraphError::new(2, "Service temporarily unavailable").status(503).transient()
        }
        FaultKind::Code4 => {
            GraphError::new(4, "(#4) Application request limit reached").status(403).transient()
        }
        FaultKind::Code10 => {
            GraphError::new(10, "(#10) Application does not have permission for this action")
                .status(403)
        }
        FaultKind::Code100 => GraphError::new(100, "(#100) Invalid parameter"),
        FaultKind::Code190 => GraphError::new(
            190,
            "Error validating access token: The session has been invalidated because the user \
             changed their password or Facebook has changed the session for security reasons.",
        )
        .subcode(460)
        .status(401),
        FaultKind::Code551 => {
            GraphError::new(551, "(#551) This person isn't available right now.").subcode(1_545_041)
        }
        FaultKind::Code613 => {
            GraphError::new(613, "(#613) Calls to this api have exceeded the rate limit.")
        }
        FaultKind::Code80006 => GraphError::new(
            80_006,
            "(#80006) There have been too many calls to this Messenger account.",
        ),
        FaultKind::Restricted => {
            GraphError::new(10, "(#10) This Page is temporarily restricted from sending messages.")
                .subcode(1_893_063)
                .status(403)
        }
        FaultKind::Hang | FaultKind::Slow | FaultKind::ResetBefore | FaultKind::ResetAfter => {
            return None;
        }
    };
    Some((error.status, error.body()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_is_used_up_by_the_calls_it_is_for() {
        let mut faults =
            vec![Fault { person: Some("7".into()), ..Fault::next(FaultKind::Http429, 2) }];
        let mut take = |person: &str, path: &str, is_send: bool| {
            super::take(&mut faults, Some("1"), Some(person), path, is_send).is_some()
        };
        assert!(!take("8", "1/messages", true));
        assert!(!take("7", "1/messages", false));
        assert!(take("7", "1/messages", true));
        assert!(take("7", "1/messages", true));
        assert!(!take("7", "1/messages", true));
        assert!(faults.is_empty());
    }

    #[test]
    fn a_fault_of_one_path_lets_others_pass_and_may_wait() {
        let path = Some("tokens".to_owned());
        let mut faults = vec![Fault { path, after: 1, ..Fault::next(FaultKind::Code1, 1) }];
        let mut take = |path: &str, is_send: bool| {
            super::take(&mut faults, Some("1"), None, path, is_send).is_some()
        };
        assert!(!take("1/messages", true));
        assert!(!take("1/tokens", false), "the first passes");
        assert!(take("1/tokens", false));
        assert!(!take("1/tokens", false));
    }
}
