//! The page with the phone, and what keeps it up to date.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use super::Shared;

const PAGE: &str = include_str!("phone.html");
const STYLE: &str = include_str!("phone.css");
const SCRIPT: &str = include_str!("phone.js");

/// Nothing from elsewhere runs here. Pictures come from wherever the shop keeps them.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
                      connect-src 'self'; img-src * data:; base-uri 'none'; form-action 'none'";

pub(super) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/", get(|| async { file("text/html; charset=utf-8", PAGE) }))
        .route("/phone.css", get(|| async { file("text/css; charset=utf-8", STYLE) }))
        .route("/phone.js", get(|| async { file("text/javascript; charset=utf-8", SCRIPT) }))
        .route("/favicon.ico", get(|| async { StatusCode::NO_CONTENT }))
        .route("/sandbox/live", get(live))
        .route("/sandbox/qr/{code}", get(qr_picture))
}

fn file(kind: &'static str, text: &'static str) -> Response {
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, text).into_response()
}

/// A WebSocket that says when something changed; the page then asks for what it shows.
async fn live(State(shared): State<Arc<Shared>>, upgrade: WebSocketUpgrade) -> Response {
    upgrade.on_upgrade(move |socket| tell_of_changes(shared, socket))
}

async fn tell_of_changes(shared: Arc<Shared>, mut socket: WebSocket) {
    let mut changed = shared.changed.subscribe();
    loop {
        tokio::select! {
            incoming = socket.recv() => if !matches!(incoming, Some(Ok(_))) { return },
            more = changed.changed() => {
                if more.is_err() { return }
                let n = *changed.borrow_and_update();
                if socket.send(Message::text(n.to_string())).await.is_err() { return }
                // Many changes in one moment are one.
                tokio::time::sleep(Duration::from_millis(30)).await;
            }
        }
    }
}

/// The Worker's QR picture, fetched here so that the phone needs no way to the Worker.
async fn qr_picture(State(shared): State<Arc<Shared>>, Path(code): Path<String>) -> Response {
    let worker = shared.world().worker.clone();
    let Some(worker) = worker else { return StatusCode::NOT_FOUND.into_response() };
    let url = format!("{worker}/q/{code}.svg");
    let Ok(answer) = shared.http.get(url).timeout(Duration::from_secs(10)).send().await else {
        return StatusCode::BAD_GATEWAY.into_response();
    };
    if !answer.status().is_success() {
        return StatusCode::NOT_FOUND.into_response();
    }
    let Ok(picture) = answer.bytes().await else { return StatusCode::BAD_GATEWAY.into_response() };
    // A picture opened on its own must not run anything here.
    let headers = [
        (header::CONTENT_TYPE, "image/svg+xml"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; style-src 'unsafe-inline'"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (headers, picture).into_response()
}
