//! The owner's server: what the Worker's webhook calls. It writes down what arrives and answers as
//! it is told.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};

use super::{RUNTIME, Stage};

/// Where the owner's server is, by the shop.toml of the tests.
const OWNERS_ORIGIN: &str = "https://owner.example";

/// A request that arrived.
#[derive(Clone, Debug)]
pub struct Arrived {
    pub method: String,
    pub path: String,
    pub headers: BTreeMap<String, String>,
    pub body: String,
}

/// How the next request is answered.
#[derive(Clone, Debug)]
pub enum Answer {
    Status(u16),
    /// 302 to this address.
    Redirect(String),
    /// Never: the connection stays open.
    Hang,
}

#[derive(Default)]
struct Record {
    arrived: Vec<Arrived>,
    /// 200 when there is none.
    answers: VecDeque<Answer>,
}

/// A server on this machine, for as long as the test process lives.
pub struct Receiver {
    pub url: String,
    record: Arc<Mutex<Record>>,
}

impl Receiver {
    pub fn start() -> Self {
        let record: Arc<Mutex<Record>> = Arc::default();
        let kept = record.clone();
        let handle = move |method: Method, uri: Uri, headers: HeaderMap, body: Bytes| {
            let record = kept.clone();
            async move { answer(&record, &method, &uri, &headers, &body).await }
        };
        let app = Router::new().fallback(handle);
        // Tests begin one while the runtime works for them.
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        listener.set_nonblocking(true).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        RUNTIME.spawn(async move {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            axum::serve(listener, app).await.unwrap();
        });
        Self { url, record }
    }

    /// The next requests are answered like this, one each.
    pub fn answer_with(&self, answers: impl IntoIterator<Item = Answer>) {
        self.record.lock().unwrap().answers = answers.into_iter().collect();
    }

    /// What has arrived.
    pub fn arrived(&self) -> Vec<Arrived> {
        self.record.lock().unwrap().arrived.clone()
    }

    /// The same, each call of the Worker's once: it is made again when its answer takes longer than
    /// the Worker waits, and time that a test lets pass meanwhile is such a wait. Its number tells.
    pub fn news(&self) -> Vec<Arrived> {
        let mut known = BTreeSet::new();
        let mut arrived = self.arrived();
        arrived.retain(|call| known.insert(call.headers.get("x-shopbell-call").cloned()));
        arrived
    }

    /// Forgets it.
    pub fn clear(&self) {
        self.record.lock().unwrap().arrived.clear();
    }
}

impl Stage {
    /// A server of the owner's.
    pub async fn owners_server(&self) -> Receiver {
        let server = Receiver::start();
        self.owner_has(&server).await;
        server
    }

    /// The owner's address leads to this server.
    pub async fn owner_has(&self, server: &Receiver) {
        let to = format!("/__https?from={OWNERS_ORIGIN}&to={}", server.url);
        assert_eq!(self.get(&to).await.status(), 200);
    }
}

async fn answer(
    record: &Mutex<Record>,
    method: &Method,
    uri: &Uri,
    headers: &HeaderMap,
    body: &Bytes,
) -> Response {
    let text = |value: &header::HeaderValue| value.to_str().unwrap_or_default().to_owned();
    let answer = {
        let mut record = record.lock().unwrap();
        record.arrived.push(Arrived {
            method: method.to_string(),
            path: uri.to_string(),
            headers: headers.iter().map(|(k, v)| (k.to_string(), text(v))).collect(),
            body: String::from_utf8_lossy(body).into_owned(),
        });
        record.answers.pop_front().unwrap_or(Answer::Status(200))
    };
    match answer {
        Answer::Status(status) => StatusCode::from_u16(status).unwrap().into_response(),
        Answer::Redirect(to) => (StatusCode::FOUND, [(header::LOCATION, to)]).into_response(),
        Answer::Hang => std::future::pending().await,
    }
}
