//! The Graph API client: one request, one answer, a time limit.

use js_sys::{Array, JsString, Promise};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortSignal, Headers, RequestInit, Response};

use super::config::Config;
use super::http::js_error;
use crate::meta::event::Channel;
use crate::meta::graph_error::{Failure, Reply, Verdict, judge, judge_made};
use crate::meta::ids::{PageId, Psid};
use crate::meta::marketing::request::messages_path;
use crate::meta::send::public_edge;
use crate::meta::{tokens, usage};
use crate::store::outbox::CALL_TIMEOUT_MS;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(catch)]
    fn fetch(url: &JsString, init: &RequestInit) -> Result<Promise, JsValue>;
}

#[wasm_bindgen(module = "/src/worker/border.js")]
extern "C" {
    #[wasm_bindgen(catch, js_name = ask)]
    fn exchange(
        url: &JsString,
        headers: &Headers,
        body: Option<&str>,
        limit: u32,
    ) -> Result<Promise, JsValue>;
}

/// A Page's way to the Graph API. What is the same for all of its messages is made once.
pub struct Line {
    url: JsString,
    /// What stands before a person's id, and the proof that stands behind it.
    objects: String,
    proof: String,
    headers: Headers,
}

/// How long any other request may take, in ms.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
const SEND_TIMEOUT_MS: u32 = CALL_TIMEOUT_MS as u32;

/// How long Meta may take to say who somebody is, in ms. Nobody waits that long: it is for later.
const PROFILE_TIMEOUT_MS: u32 = 3_000;

impl Line {
    /// The way of the Page with this access token.
    ///
    /// # Errors
    /// When the token cannot stand in a header.
    pub fn new(config: &Config, page: &PageId, token: &str) -> Result<Self, String> {
        let headers = headers(token).map_err(|_: JsValue| {
            format!("the access token of Page {page} has characters that a header cannot carry")
        })?;
        let objects = format!("{}/{}", config.graph_base_url, config.graph_version);
        let proof = config.app_secret.proof(token);
        let url = format!("{objects}/{page}/messages?appsecret_proof={proof}");
        Ok(Self { url: url.into(), objects, proof, headers })
    }

    /// Asks for fields of a person. The answer is the status and the body.
    ///
    /// # Errors
    /// The connection broke, or time ran out.
    pub async fn person(&self, person: &Psid, fields: &str) -> Result<(u16, String), String> {
        let url =
            format!("{}/{person}?fields={fields}&appsecret_proof={}", self.objects, self.proof);
        let answer = answer(&url.into(), &self.headers, None, PROFILE_TIMEOUT_MS).await;
        let (status, _, body) = answer.map_err(|error| js_error(&error).into_owned())?;
        Ok((status, body))
    }

    /// Asks for a page of Meta's list of this Page's notification tokens, after a cursor.
    ///
    /// # Errors
    /// The connection broke, or time ran out.
    pub async fn tokens(
        &self,
        page: &PageId,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Result<tokens::Page, Failure>, String> {
        let after = after.map(|after| String::from(js_sys::encode_uri_component(after)));
        let after = after.map(|after| format!("&after={after}")).unwrap_or_default();
        let url = format!(
            "{}/{page}/notification_message_tokens?limit={limit}&do_not_return_duplicates=true{after}&appsecret_proof={}",
            self.objects, self.proof
        );
        let answer = answer(&url.into(), &self.headers, None, SEND_TIMEOUT_MS).await;
        let (status, retry_after_s, body) =
            answer.map_err(|error| js_error(&error).into_owned())?;
        Ok(tokens::read(&Reply { status, retry_after_s, body: body.as_bytes() }))
    }

    /// Sends one message in the Page's name.
    ///
    /// # Errors
    /// What went wrong when nobody knows whether Meta took it: the connection broke, or time ran
    /// out.
    pub async fn send(&self, body: &str) -> Result<Verdict, String> {
        let (status, retry_after_s, answer) =
            self.post(body).await.map_err(|error| js_error(&error).into_owned())?;
        Ok(judge(&Reply { status, retry_after_s, body: answer.as_bytes() }))
    }

    /// Answers a comment under its post.
    ///
    /// # Errors
    /// As [`Line::send`].
    pub async fn comment(
        &self,
        comment: &Psid,
        channel: Channel,
        body: &str,
    ) -> Result<Verdict, String> {
        let edge = public_edge(channel);
        let url =
            format!("{}/{comment}/{edge}?appsecret_proof={}", self.objects, self.proof).into();
        let answer = answer(&url, &self.headers, Some(body), SEND_TIMEOUT_MS).await;
        let (status, retry_after_s, body) =
            answer.map_err(|error| js_error(&error).into_owned())?;
        Ok(judge_made(&Reply { status, retry_after_s, body: body.as_bytes() }))
    }

    async fn post(&self, body: &str) -> Result<(u16, Option<u32>, String), JsValue> {
        answer(&self.url, &self.headers, Some(body), SEND_TIMEOUT_MS).await
    }
}

/// The way of an ad account's paid messages to the Graph API.
pub struct Ads {
    url: JsString,
    headers: Headers,
}

impl Ads {
    /// The way of this account with this access token.
    ///
    /// # Errors
    /// When the token cannot stand in a header.
    pub fn new(config: &Config, ad_account: &str, token: &str) -> Result<Self, String> {
        let headers = headers(token).map_err(|_: JsValue| {
            "ADS_TOKEN has characters that a header cannot carry".to_owned()
        })?;
        let url = format!(
            "{}/{}/{}?appsecret_proof={}",
            config.graph_base_url,
            config.graph_version,
            messages_path(ad_account),
            config.app_secret.proof(token)
        );
        Ok(Self { url: url.into(), headers })
    }

    /// Sends one paid message.
    ///
    /// # Errors
    /// As [`Line::send`].
    pub async fn send(&self, body: &str) -> Result<Verdict, String> {
        let answer = answer(&self.url, &self.headers, Some(body), SEND_TIMEOUT_MS).await;
        let (status, retry_after_s, answer) =
            answer.map_err(|error| js_error(&error).into_owned())?;
        Ok(judge(&Reply { status, retry_after_s, body: answer.as_bytes() }))
    }
}

/// JSON both ways, and the token in a header, because addresses end up in logs.
fn headers(token: &str) -> Result<Headers, JsValue> {
    let headers = Headers::new()?;
    headers.set("content-type", "application/json")?;
    headers.set("authorization", &format!("Bearer {token}"))?;
    Ok(headers)
}

/// One request that is no message: a GET, or a POST of a body. `query` begins with `&`. Status and
/// body.
///
/// # Errors
/// The connection broke, or time ran out; never a token.
pub async fn exchange_json(
    config: &Config,
    path: &str,
    query: &str,
    token: &str,
    body: Option<&str>,
) -> Result<(u16, String), String> {
    let url = format!(
        "{}/{}/{path}?appsecret_proof={}{query}",
        config.graph_base_url,
        config.graph_version,
        config.app_secret.proof(token)
    );
    let ask = async { answer(&url.into(), &headers(token)?, body, SEND_TIMEOUT_MS).await };
    let (status, _, body) = ask.await.map_err(|error: JsValue| js_error(&error).into_owned())?;
    Ok((status, body))
}

/// One request; a GET without a body; `limit` in ms. Status, `Retry-After` in seconds, and what was answered.
async fn answer(
    url: &JsString,
    headers: &Headers,
    body: Option<&str>,
    limit: u32,
) -> Result<(u16, Option<u32>, String), JsValue> {
    let answer: Array =
        JsFuture::from(exchange(url, headers, body, limit)?).await?.unchecked_into();
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let status = answer.get(0).as_f64().unwrap_or_default() as u16;
    let retry_after_s = match status {
        200 => None,
        _ => {
            let header = |at: u32| answer.get(at).as_string();
            let after = header(1).and_then(|seconds| seconds.parse().ok());
            after.max(header(3).and_then(|usage| usage::regain_s(&usage)))
        }
    };
    Ok((status, retry_after_s, answer.get(2).as_string().unwrap_or_default()))
}

/// Reads something of the Graph API: the body of a 200.
///
/// # Errors
/// What went wrong; never a token.
pub async fn get(config: &Config, path: &str, token: &str) -> Result<String, String> {
    let url = format!(
        "{}/{}/{path}?appsecret_proof={}",
        config.graph_base_url,
        config.graph_version,
        config.app_secret.proof(token)
    );
    let ask = async {
        let headers = Headers::new()?;
        headers.set("authorization", &format!("Bearer {token}"))?;
        answer(&url.into(), &headers, None, SEND_TIMEOUT_MS).await
    };
    let (status, _, body) = ask.await.map_err(|error: JsValue| js_error(&error).into_owned())?;
    if status == 200 { Ok(body) } else { Err(format!("Graph answers {status}")) }
}

/// Posts JSON to somebody's server. Only a 2xx counts; a redirect is not followed, because it
/// would lead to an address that nobody allowed.
///
/// # Errors
/// What went wrong, without the address.
pub async fn post(url: &str, headers: &[(&str, String)], body: &str) -> Result<(), String> {
    let status = post_json(url, headers, body).await.map(|response| response.status());
    let status = status.map_err(|error| js_error(&error).into_owned())?;
    if (200..300).contains(&status) { Ok(()) } else { Err(format!("the answer is {status}")) }
}

/// Asks something of the Graph API that is no message. Graph may say no with a 200.
///
/// # Errors
/// What went wrong; never a token.
pub async fn ask(url: &str, token: &str, body: &str) -> Result<(), String> {
    let headers = [("authorization", format!("Bearer {token}"))];
    let answer = async {
        let response = post_json(url, &headers, body).await?;
        let text = JsFuture::from(response.text()?).await?.as_string().unwrap_or_default();
        Ok((response.status(), text))
    };
    let (status, text) = answer.await.map_err(|error: JsValue| js_error(&error).into_owned())?;
    match judge(&Reply { status, retry_after_s: None, body: text.as_bytes() }) {
        Verdict::Sent { .. } => Ok(()),
        Verdict::Failed(failure) => Err(failure.says().to_owned()),
    }
}

async fn post_json(url: &str, headers: &[(&str, String)], body: &str) -> Result<Response, JsValue> {
    let list = Headers::new()?;
    list.set("content-type", "application/json")?;
    for (name, value) in headers {
        list.set(name, value)?;
    }
    let init = RequestInit::new();
    init.set_method("POST");
    init.set_headers(&list);
    init.set_body(&JsValue::from_str(body));
    js_sys::Reflect::set(&init, &"redirect".into(), &"manual".into())?;
    init.set_signal(Some(&AbortSignal::timeout_with_u32(SEND_TIMEOUT_MS)));
    let url = JsString::from(url);
    Ok(JsFuture::from(fetch(&url, &init)?).await?.unchecked_into())
}
