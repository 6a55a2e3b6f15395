//! Requests and responses.

use std::borrow::Cow;

use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Headers, Request, Response, ResponseInit};

#[wasm_bindgen(module = "/src/worker/border.js")]
extern "C" {
    #[wasm_bindgen(catch, js_name = upTo)]
    async fn up_to(request: &Request, cap: u32) -> Result<JsValue, JsValue>;
}

/// Method and URL of a request.
pub struct Route {
    pub method: String,
    url: String,
}

impl Route {
    pub fn of(request: &Request) -> Self {
        Self { method: request.method(), url: request.url() }
    }

    /// From the scheme to the host: `https://shop.example`.
    pub fn origin(&self) -> &str {
        let start = self.url.find("://").map_or(0, |at| at.saturating_add(3));
        let host = self.url.get(start..).unwrap_or_default();
        let end = host.find(['/', '?', '#']).unwrap_or(host.len());
        self.url.get(..start.saturating_add(end)).unwrap_or_default()
    }

    fn rest(&self) -> &str {
        self.url.get(self.origin().len()..).unwrap_or_default()
    }

    /// The path, without a query; `/` when there is none.
    pub fn path(&self) -> &str {
        let path = self.rest().split(['?', '#']).next().unwrap_or_default();
        if path.is_empty() { "/" } else { path }
    }

    /// The query without its question mark.
    pub fn query(&self) -> &str {
        let query = self.rest().split_once('?').map_or("", |(_, query)| query);
        query.split('#').next().unwrap_or_default()
    }
}

/// A header of the request.
pub fn header(request: &Request, name: &str) -> Option<String> {
    request.headers().get(name).ok().flatten()
}

/// Why a body could not be read.
pub enum BodyError {
    /// Longer than the cap.
    TooLarge,
    /// The connection broke.
    Broken,
}

/// The raw bytes of the body, at most `cap` of them. Whoever declares no length could send a hundred
/// megabytes, most of what an isolate has: such a body is read only as far as the cap.
pub async fn body(request: &Request, cap: usize) -> Result<Vec<u8>, BodyError> {
    let declared = header(request, "content-length").and_then(|n| n.parse::<usize>().ok());
    if declared.is_some_and(|length| length > cap) {
        return Err(BodyError::TooLarge);
    }
    if declared.is_none() {
        let cap = u32::try_from(cap).unwrap_or(u32::MAX);
        let bytes = up_to(request, cap).await.map_err(|_| BodyError::Broken)?;
        let bytes = bytes.dyn_into::<js_sys::Uint8Array>().map_err(|_| BodyError::TooLarge)?;
        return Ok(bytes.to_vec());
    }
    let promise = request.array_buffer().map_err(|_| BodyError::Broken)?;
    let buffer = JsFuture::from(promise).await.map_err(|_| BodyError::Broken)?;
    let bytes = js_sys::Uint8Array::new(&buffer);
    if usize::try_from(bytes.length()).is_ok_and(|length| length > cap) {
        return Err(BodyError::TooLarge);
    }
    Ok(bytes.to_vec())
}

/// A response with a status, a type and a body.
pub fn response(status: u16, content_type: &str, body: &[u8]) -> Response {
    respond(status, &[("content-type", content_type)], Some(body))
}

/// A short text.
pub fn text(status: u16, body: &str) -> Response {
    response(status, "text/plain; charset=utf-8", body.as_bytes())
}

/// JSON.
pub fn json(status: u16, body: &serde_json::Value) -> Response {
    response(status, "application/json", body.to_string().as_bytes())
}

/// An empty 200: what Meta gets for a delivery.
pub fn ok() -> Response {
    Response::new().unwrap_or_else(|_| Response::error())
}

/// A response with these headers. If the runtime refuses to build it (it never does for what we
/// give it), the answer is the runtime's own network error instead of a panic.
pub fn respond(status: u16, headers: &[(&str, &str)], body: Option<&[u8]>) -> Response {
    build(status, headers, body).unwrap_or_else(|_| Response::error())
}

fn build(status: u16, headers: &[(&str, &str)], body: Option<&[u8]>) -> Result<Response, JsValue> {
    let init = ResponseInit::new();
    init.set_status(status);
    if !headers.is_empty() {
        let list = Headers::new()?;
        for (name, value) in headers {
            list.set(name, value)?;
        }
        init.set_headers(&list);
    }
    match body {
        None => Response::new_with_opt_str_and_init(None, &init),
        Some(bytes) => {
            let bytes = js_sys::Uint8Array::from(bytes);
            Response::new_with_opt_buffer_source_and_init(Some(bytes.unchecked_ref()), &init)
        }
    }
}

/// What a JavaScript exception says, without the values that caused it.
pub fn js_error(error: &JsValue) -> Cow<'static, str> {
    error.dyn_ref::<js_sys::Error>().map_or(Cow::Borrowed("unknown error"), |error| {
        Cow::Owned(format!("{}: {}", String::from(error.name()), String::from(error.message())))
    })
}
