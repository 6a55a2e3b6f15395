//! Being forgotten, through the real bundle: by Meta's callback, by the owner, and the page that
//! says how far it is.

use std::sync::LazyLock;

use crate::common::{APP_SECRET, CAFE, Setup, Stage, on, until};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use reqwest::Method;
use serde_json::{Value, json};
use sha2::Sha256;
use shopbell::cli::sandbox::Act;

static STAGE: LazyLock<Stage> =
    LazyLock::new(|| Stage::start(Setup::cafe("deletion").clock("2026-11-24T10:00:00Z")));

/// A `signed_request` as Meta makes it.
fn signed(user: &str, secret: &str) -> String {
    let payload = json!({"algorithm": "HMAC-SHA256", "issued_at": 1_291_836_800, "user_id": user});
    let payload = URL_SAFE_NO_PAD.encode(payload.to_string());
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(payload.as_bytes());
    format!("{}.{payload}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
}

async fn call(stage: &Stage, path: &str, signed_request: &str) -> reqwest::Response {
    let form = [("signed_request", signed_request)];
    stage.http.post(format!("{}{path}", stage.worker.url)).form(&form).send().await.unwrap()
}

/// The page of a code, in a language.
async fn page(stage: &Stage, code: &str, lang: &str) -> (u16, String) {
    let url = format!("{}/deletion/{code}", stage.worker.url);
    let answer = stage.http.get(url).header("accept-language", lang).send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

/// Somebody with a consent, and the key of it.
async fn subscriber(stage: &Stage) -> (String, String) {
    let kate = stage.person(CAFE);
    stage.says(&kate, "are dogs allowed").await;
    stage.sandbox.scan(&kate, "TABLE").await.unwrap();
    stage.settled().await;
    stage.does(&kate, Act::OptIn { mid: None }).await;
    let key = format!("subscription:{CAFE}:{kate}:today");
    assert!(stage.worker.kv(&key).is_some());
    (kate, key)
}

async fn gone(stage: &Stage, code: &str, key: &str) {
    until("everything is gone", async || {
        stage.cron().await;
        page(stage, code, "en").await.1.contains("has been deleted")
    })
    .await;
    assert_eq!(stage.worker.kv(key), None);
}

#[test]
fn metas_callback_forgets_whoever_graph_knows() {
    on(&STAGE, async |stage| {
        let (kate, key) = subscriber(stage).await;
        let answer = call(stage, "/meta/deletion", &signed(&format!("88{kate}"), APP_SECRET)).await;
        assert_eq!(answer.status(), 200);
        let answer: Value = answer.json().await.unwrap();
        let code = answer["confirmation_code"].as_str().unwrap();
        assert!(code.len() == 32 && code.bytes().all(|b| b.is_ascii_hexdigit()), "{code}");
        assert!(answer["url"].as_str().unwrap().ends_with(&format!("/deletion/{code}")));
        gone(stage, code, &key).await;
    });
}

#[test]
fn whom_graph_does_not_know_nobody_calls_deleted() {
    on(&STAGE, async |stage| {
        let answer = call(stage, "/meta/deletion", &signed("218471", APP_SECRET)).await;
        let answer: Value = answer.json().await.unwrap();
        let code = answer["confirmation_code"].as_str().unwrap();
        let (status, english) = page(stage, code, "en").await;
        assert_eq!(status, 200);
        assert!(english.contains("nothing was deleted") && english.contains("Write DELETE"));
        let (_, lithuanian) = page(stage, code, "lt-LT,en;q=0.5").await;
        assert!(lithuanian.contains("nieko neištrynėme"), "{lithuanian}");
        let (status, unknown) = page(stage, "0123456789abcdef0123456789abcdef", "en").await;
        assert_eq!(status, 404);
        assert!(unknown.contains("don’t know this code"));
    });
}

#[test]
fn nothing_is_done_for_what_meta_did_not_sign() {
    on(&STAGE, async |stage| {
        let (kate, key) = subscriber(stage).await;
        let forged = signed(&format!("88{kate}"), "another secret");
        for path in ["/meta/deletion", "/meta/deauthorize"] {
            for bad in [forged.as_str(), "", "x", "a.b.c"] {
                assert_eq!(call(stage, path, bad).await.status(), 400, "{path} {bad}");
            }
            assert_eq!(stage.get(path).await.status(), 405);
        }
        assert!(stage.worker.kv(&key).is_some());
        let good = call(stage, "/meta/deauthorize", &signed("218471", APP_SECRET)).await;
        assert_eq!(good.status(), 200);
    });
}

#[test]
fn the_owner_forgets_somebody_with_the_token_and_by_the_command() {
    on(&STAGE, async |stage| {
        let (kate, key) = subscriber(stage).await;
        let path = format!("/admin/delete?page={CAFE}&person={kate}");
        let url = format!("{}{path}", stage.worker.url);
        assert_eq!(stage.http.post(&url).send().await.unwrap().status(), 401);
        let wrong = stage.http.post(&url).bearer_auth("wrong").send().await.unwrap();
        assert_eq!(wrong.status(), 401);
        let nobody = format!("/admin/delete?page={CAFE}&person=a%20b");
        assert_eq!(stage.admin(Method::POST, &nobody, "").await.0, 400);
        assert!(stage.worker.kv(&key).is_some());
        let (_, done) = stage.admin(Method::POST, &path, "").await;
        gone(stage, done["confirmation_code"].as_str().unwrap(), &key).await;

        let (mary, key) = subscriber(stage).await;
        let said = stage.shopbell(&["forget", &mary]).await.good().out;
        let code = said.trim().rsplit('/').next().unwrap().to_owned();
        gone(stage, &code, &key).await;
    });
}

#[test]
fn the_owner_brings_the_assistant_back() {
    on(&STAGE, async |stage| {
        let kate = stage.person(CAFE);
        assert_eq!(stage.says(&kate, "human").await.len(), 1);
        assert!(stage.says(&kate, "are dogs allowed").await.is_empty());
        let path = format!("/admin/resume?page={CAFE}&person={kate}");
        let url = format!("{}{path}", stage.worker.url);
        assert_eq!(stage.http.post(&url).send().await.unwrap().status(), 401);
        let (_, done) = stage.admin(Method::POST, &path, "").await;
        assert_eq!(done, json!({"resumed": true}));
        assert!(!stage.says(&kate, "are dogs allowed").await.is_empty());
    });
}
