//! The Graph API client: one request, one answer, a time limit.

use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortSignal, Headers, Request, RequestInit, Response};

use super::config::Config;
use super::http::js_error;
use crate::meta::graph_error::{Reply, Verdict, judge};
use crate::meta::ids::PageId;
use crate::store::outbox::CALL_TIMEOUT_MS;

/// Sends one message in the Page's name.
///
/// # Errors
/// What went wrong when nobody knows whether Meta took it: the connection broke, or time ran
/// out.
pub async fn send(
    config: &Config,
    page: &PageId,
    token: &str,
    body: &str,
) -> Result<Verdict, String> {
    let (status, retry_after_s, answer) =
        post(config, page, token, body).await.map_err(|error| js_error(&error).into_owned())?;
    Ok(judge(&Reply { status, retry_after_s, body: &answer }))
}

async fn post(
    config: &Config,
    page: &PageId,
    token: &str,
    body: &str,
) -> Result<(u16, Option<u32>, Vec<u8>), JsValue> {
    let headers = Headers::new()?;
    headers.set("content-type", "application/json")?;
    // In a header, because addresses end up in logs.
    headers.set("authorization", &format!("Bearer {token}"))?;
    let init = RequestInit::new();
    init.set_method("POST");
    init.set_headers(&headers);
    init.set_body(&JsValue::from_str(body));
    let limit = u32::try_from(CALL_TIMEOUT_MS).unwrap_or(u32::MAX);
    init.set_signal(Some(&AbortSignal::timeout_with_u32(limit)));
    let url = format!(
        "{}/{}/{page}/messages?appsecret_proof={}",
        config.graph_base_url,
        config.graph_version,
        config.app_secret.proof(token)
    );
    let request = Request::new_with_str_and_init(&url, &init)?;
    let global: worker::web_sys::WorkerGlobalScope = js_sys::global().unchecked_into();
    let response: Response =
        JsFuture::from(global.fetch_with_request(&request)).await?.unchecked_into();
    let hint = response.headers().get("retry-after").ok().flatten();
    let retry_after_s = hint.and_then(|seconds| seconds.parse().ok());
    let buffer = JsFuture::from(response.array_buffer()?).await?;
    Ok((response.status(), retry_after_s, js_sys::Uint8Array::new(&buffer).to_vec()))
}
