//! One request, one answer, and plain words for everything that can go wrong on the way.

use std::error::Error as _;
use std::io::ErrorKind;
use std::time::Duration;

use reqwest::{Client, RequestBuilder, Url};
use serde_json::Value;

use crate::time::{SECOND, UnixMs};

/// More of an answer is not read, in bytes: nothing that the doctor asks for is longer.
const MOST: usize = 1024 * 1024;

/// More of a library's reason is not shown, in characters.
const MOST_OF_A_REASON: usize = 120;

/// An address that requests may go to: https, or http on this computer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::cli) struct Base(String);

/// Why no request goes there, and nothing is printed that leads there.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(in crate::cli) enum BadBase {
    #[error("`{0}` is not an address")]
    Malformed(String),
    #[error("`{0}` is not https, and secrets would travel in the open")]
    Open(String),
    #[error("`{0}` goes on behind ? or #, and nothing can be added to it")]
    Goes(String),
    // Not shown: it may be on a screen that others see.
    #[error("it holds a name or a password in front of @, and would give them away")]
    Login,
    #[error("`{0}` is the example of the documents and nobody's address")]
    Example(String),
}

/// Where the documents and the help say: yours.
const EXAMPLES: [&str; 2] = ["YOU", "YOUR-WORKER"];
/// And whole, in a link that was copied.
const EXAMPLE: &str = "shopbell.you.workers.dev";

impl Base {
    pub(in crate::cli) fn new(text: &str) -> Result<Self, BadBase> {
        let text = text.trim().trim_end_matches('/').to_owned();
        let host = text.split_once("://").map_or(text.as_str(), |(_, rest)| rest);
        let host = host.split(['/', '?', '#']).next().unwrap_or_default();
        if host.contains('@') {
            return Err(BadBase::Login);
        }
        if host.contains(['<', '>', '…'])
            || host.eq_ignore_ascii_case(EXAMPLE)
            || host.split(['.', ':']).any(|label| EXAMPLES.contains(&label))
        {
            return Err(BadBase::Example(text));
        }
        let Ok(url) = Url::parse(&text) else { return Err(BadBase::Malformed(text)) };
        if !url.username().is_empty() || url.password().is_some() {
            return Err(BadBase::Login);
        }
        if text.contains(['?', '#']) {
            return Err(BadBase::Goes(text));
        }
        // A parser forgives what a camera reads as it stands.
        let odd = |c: char| c.is_whitespace() || c.is_control() || "\\\"'`<>".contains(c);
        if text.contains(odd) || !text.contains("://") {
            return Err(BadBase::Malformed(text));
        }
        match url.scheme() {
            "https" if url.has_host() => {}
            "http" if is_loopback(&url) => {}
            "http" => return Err(BadBase::Open(text)),
            _ => return Err(BadBase::Malformed(text)),
        }
        Ok(Self(url.as_str().trim_end_matches('/').to_owned()))
    }

    pub(in crate::cli) fn as_str(&self) -> &str {
        &self.0
    }

    pub(in crate::cli) fn is_loopback(&self) -> bool {
        Url::parse(&self.0).is_ok_and(|url| is_loopback(&url))
    }

    pub(in crate::cli) fn join(&self, path: &str) -> String {
        format!("{}{path}", self.0)
    }
}

fn is_loopback(url: &Url) -> bool {
    matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"))
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(in crate::cli) enum Trouble {
    #[error("does not answer within {} s", .0.as_secs_f32())]
    Timeout(Duration),
    #[error("refuses the connection: nothing listens there")]
    Refused,
    #[error("cannot be found: there is no such host, or this computer is offline")]
    NoHost,
    #[error("offers no secure connection ({0})")]
    Tls(String),
    #[error("broke the connection ({0})")]
    Broken(String),
}

/// An answer.
pub(in crate::cli) struct Answer {
    pub(in crate::cli) status: u16,
    pub(in crate::cli) text: String,
    /// How far the other's clock is ahead of ours, in ms; exact to a second.
    pub(in crate::cli) ahead_ms: Option<i64>,
}

impl Answer {
    pub(in crate::cli) fn json(&self) -> Option<Value> {
        serde_json::from_str(&self.text).ok()
    }

    pub(in crate::cli) fn is_web_page(&self) -> bool {
        self.text.trim_start().starts_with('<')
    }

    /// What it is, when it is not what was expected: "answers 500 with a web page".
    pub(in crate::cli) fn described(&self) -> String {
        let start = self.text.trim_start();
        let what = if start.is_empty() {
            "and nothing more".to_owned()
        } else if self.is_web_page() {
            "with a web page".to_owned()
        } else {
            format!("with: {}", start.chars().take(120).collect::<String>())
        };
        format!("answers {} {what}", self.status)
    }
}

/// The client.
pub(in crate::cli) struct Http {
    client: Client,
    patience: Duration,
    /// More of an answer is not read, in bytes.
    most: usize,
}

impl Http {
    /// # Errors
    /// When this computer has no certificates to trust, or no randomness.
    pub(in crate::cli) fn new(patience: Duration) -> Result<Self, String> {
        let client = Client::builder()
            // A redirect would carry secrets to wherever it points.
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("shopbell/", env!("CARGO_PKG_VERSION")))
            .timeout(patience)
            .build()
            .map_err(|error| root_cause(&error))?;
        Ok(Self { client, patience, most: MOST })
    }

    /// Reads longer answers, up to so many bytes.
    pub(in crate::cli) fn reading(self, most: usize) -> Self {
        Self { most, ..self }
    }

    pub(in crate::cli) fn get(&self, url: &str) -> RequestBuilder {
        self.client.get(url)
    }

    pub(in crate::cli) fn post(&self, url: &str) -> RequestBuilder {
        self.client.post(url)
    }

    pub(in crate::cli) fn delete(&self, url: &str) -> RequestBuilder {
        self.client.delete(url)
    }

    pub(in crate::cli) async fn send(&self, request: RequestBuilder) -> Result<Answer, Trouble> {
        self.exchange(request).await.map_err(|error| self.trouble(&error))
    }

    async fn exchange(&self, request: RequestBuilder) -> Result<Answer, reqwest::Error> {
        let asked = now();
        let mut response = request.send().await?;
        let answered = now();
        let date = response.headers().get("date").and_then(|date| date.to_str().ok());
        let ahead_ms = date.and_then(|date| {
            let theirs = UnixMs::from(jiff::fmt::rfc2822::parse(date).ok()?.timestamp());
            let ours = asked.plus(answered.since(asked) / 2);
            // Theirs is cut to the second.
            Some(theirs.plus(SECOND / 2).since(ours))
        });
        let status = response.status().as_u16();
        let mut body = Vec::new();
        while let Some(some) = response.chunk().await? {
            body.extend_from_slice(&some);
            if body.len() > self.most {
                break;
            }
        }
        Ok(Answer { status, text: String::from_utf8_lossy(&body).into_owned(), ahead_ms })
    }

    fn trouble(&self, error: &reqwest::Error) -> Trouble {
        if error.is_timeout() {
            return Trouble::Timeout(self.patience);
        }
        let mut source = error.source();
        while let Some(cause) = source {
            if let Some(io) = cause.downcast_ref::<std::io::Error>()
                && io.kind() == ErrorKind::ConnectionRefused
            {
                return Trouble::Refused;
            }
            source = cause.source();
        }
        // The libraries below have no type for these that can be reached from here.
        let why = root_cause(error);
        let whole = format!("{error:?}");
        if whole.contains("dns error") {
            Trouble::NoHost
        } else if whole.contains("InvalidCertificate")
            || whole.contains("InvalidMessage")
            || whole.contains("AlertReceived")
        {
            Trouble::Tls(why)
        } else {
            Trouble::Broken(why)
        }
    }
}

/// The innermost reason. The outer ones name the address, which may hold a token.
fn root_cause(error: &reqwest::Error) -> String {
    let mut cause: Option<&dyn std::error::Error> = error.source();
    while let Some(inner) = cause.and_then(std::error::Error::source) {
        cause = Some(inner);
    }
    let whole = cause.map_or_else(|| "no reason is given".to_owned(), ToString::to_string);
    whole.chars().take(MOST_OF_A_REASON).collect()
}

pub(in crate::cli) fn now() -> UnixMs {
    jiff::Timestamp::now().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_only_go_where_nobody_can_read_along() {
        for good in ["https://a.example/", "http://127.0.0.1:8787", "http://localhost:1"] {
            assert!(Base::new(good).is_ok(), "{good}");
        }
        for bad in ["http://a.example", "a.example", "", "ftp://a.example", "http://127.0.0.1.x.y"]
        {
            assert!(Base::new(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn nothing_is_an_address_that_another_path_cannot_be_added_to() {
        let goes = |text: &str| matches!(Base::new(text), Err(BadBase::Goes(_)));
        for bad in ["https://a.example/y?z=1", "https://a.example#frag", "https://a.example/?"] {
            assert!(goes(bad), "{bad}");
        }
        let malformed = |text: &str| matches!(Base::new(text), Err(BadBase::Malformed(_)));
        for bad in
            ["https://a b", "https://a.example/a b", "https:a.example", "https://a.example\\b"]
        {
            assert!(malformed(bad), "{bad}");
        }
        // As it is printed, and read by every camera.
        for (said, printed) in [
            (" HTTPS://Bell.Example:443/ ", "https://bell.example/q/DOOR"),
            ("https://bäckerei.example", "https://xn--bckerei-5wa.example/q/DOOR"),
        ] {
            assert_eq!(Base::new(said).unwrap().join("/q/DOOR"), printed, "{said}");
        }
    }

    #[test]
    fn a_password_is_refused_and_not_repeated() {
        for text in ["https://user:pw@a.example", "https://user@a.example", "user:pw@a.example"] {
            let why = Base::new(text).unwrap_err();
            assert_eq!(why, BadBase::Login, "{text}");
            assert!(!why.to_string().contains("pw"), "{why}");
        }
    }

    #[test]
    fn the_examples_of_the_documents_are_nobodys_address() {
        for text in [
            "https://YOUR-WORKER",
            "https://shopbell.YOU.workers.dev",
            "https://shopbell.<you>.workers.dev",
            "https://shopbell.you.workers.dev/",
        ] {
            assert!(matches!(Base::new(text), Err(BadBase::Example(_))), "{text}");
        }
        // Names that somebody may have.
        for text in ["https://bell.you.workers.dev", "https://your-worker.example"] {
            assert!(Base::new(text).is_ok(), "{text}");
        }
    }
}
