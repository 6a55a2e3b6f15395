//! The sandbox against a small stand-in for the Worker: what it delivers, what it refuses, what
//! it records.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{OriginalUri, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use shopbell::cli::sandbox::{
    Act, Batch, Fate, Fault, FaultKind, How, Landing, PAGE_INBOX, Platform, Sandbox, SandboxConfig,
    start,
};

const PAGE: &str = "1029384756";
const TOKEN: &str = "sandbox-page-token";
const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;
const SOON: Duration = Duration::from_secs(5);

/// What the stand-in saw, and how it answers.
#[derive(Default)]
struct Seen {
    status: AtomicU16,
    bodies: Mutex<Vec<(String, bool)>>,
    other: Mutex<Vec<String>>,
}

impl Seen {
    fn answer(&self, status: u16) {
        self.status.store(status, Ordering::SeqCst);
    }

    fn bodies(&self) -> Vec<Value> {
        let bodies = self.bodies.lock().unwrap();
        bodies.iter().map(|(body, _)| serde_json::from_str(body).unwrap()).collect()
    }
}

async fn webhook(State(seen): State<Arc<Seen>>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let mut mac = Hmac::<Sha256>::new_from_slice(b"sandbox-app-secret").unwrap();
    mac.update(&body);
    let right = format!("sha256={}", hex::encode(mac.finalize().into_bytes()));
    let signed = headers.get("x-hub-signature-256").is_some_and(|h| h == right.as_str());
    let text = String::from_utf8(body.to_vec()).unwrap();
    seen.bodies.lock().unwrap().push((text, signed));
    if !signed {
        return StatusCode::UNAUTHORIZED;
    }
    StatusCode::from_u16(seen.status.load(Ordering::SeqCst)).unwrap()
}

async fn other(State(seen): State<Arc<Seen>>, OriginalUri(uri): OriginalUri) -> Response {
    seen.other.lock().unwrap().push(uri.to_string());
    match uri.path() {
        "/webhook" => {
            let query = uri.query().unwrap();
            assert!(query.contains("hub.verify_token=sandbox-verify-token"));
            let challenge = query.split('&').find_map(|p| p.strip_prefix("hub.challenge="));
            challenge.unwrap().to_owned().into_response()
        }
        "/q/door" => {
            let to = [(header::LOCATION, "https://m.me/cornerbakery?ref=AbC-_1")];
            (StatusCode::FOUND, to).into_response()
        }
        "/q/gone" => (StatusCode::NOT_FOUND, "call us").into_response(),
        _ => "ok".into_response(),
    }
}

async fn stage_with(config: SandboxConfig) -> (Sandbox, Arc<Seen>) {
    let seen = Arc::new(Seen::default());
    seen.answer(200);
    let app = Router::new()
        .route("/webhook", post(webhook).get(other))
        .fallback(get(other))
        .with_state(Arc::clone(&seen));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let worker = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    let sandbox = start(config).await.unwrap();
    sandbox.set_worker(&worker);
    (sandbox, seen)
}

async fn stage() -> (Sandbox, Arc<Seen>) {
    stage_with(SandboxConfig::example()).await
}

async fn graph(sandbox: &Sandbox, path: &str, body: Value) -> (u16, Value) {
    let url = format!("{}/v26.0/{path}", sandbox.url());
    let sent = reqwest::Client::new().post(url).bearer_auth(TOKEN).json(&body).send().await;
    let answer = sent.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap_or(Value::Null))
}

async fn read(sandbox: &Sandbox, path: &str) -> Value {
    let url = format!("{}/v26.0/{path}", sandbox.url());
    reqwest::Client::new().get(url).bearer_auth(TOKEN).send().await.unwrap().json().await.unwrap()
}

async fn send(sandbox: &Sandbox, psid: &str, message: Value) -> (u16, Value) {
    let body = json!({"recipient": {"id": psid}, "messaging_type": "RESPONSE", "message": message});
    graph(sandbox, &format!("{PAGE}/messages"), body).await
}

fn opt_in_card(title: &str) -> Value {
    json!({"attachment": {"type": "template", "payload": {
        "template_type": "notification_messages", "title": title, "payload": "topic",
        "notification_messages_timezone": "Europe/Vilnius"}}})
}

/// Code and subcode of an error.
fn code((_, body): &(u16, Value)) -> (i64, i64) {
    let error = &body["error"];
    (error["code"].as_i64().unwrap_or(0), error["error_subcode"].as_i64().unwrap_or(0))
}

/// Somebody who has just written, so that the window is open.
async fn guest(sandbox: &Sandbox) -> String {
    let psid = sandbox.person(PAGE, Platform::Messenger);
    sandbox.says(&psid, "hello").await.unwrap();
    psid
}

async fn until(what: &str, mut done: impl FnMut() -> bool) {
    for _ in 0..500 {
        if done() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("never happened: {what}");
}

#[tokio::test]
async fn a_message_arrives_escaped_and_rightly_signed() {
    let (sandbox, seen) = stage().await;
    let psid = sandbox.person(PAGE, Platform::Messenger);
    let webhooks = sandbox.says(&psid, "kava už 2€? a@b.lt 50% <ok> 🥐").await.unwrap();
    assert_eq!((webhooks[0].fate, webhooks[0].status()), (Fate::Delivered, Some(200)));
    let (body, signed) = seen.bodies.lock().unwrap()[0].clone();
    assert!(signed && body.is_ascii());
    assert!(body.contains(r"kava u\u017e 2\u20ac? a\u0040b.lt 50\u0025 \u003Cok> \ud83e\udd50"));
    let event = &seen.bodies()[0]["entry"][0]["messaging"][0];
    assert_eq!(event["sender"]["id"], *psid);
    assert_eq!(event["recipient"]["id"], PAGE);
    assert_eq!(event["message"]["text"], "kava už 2€? a@b.lt 50% <ok> 🥐");
}

#[tokio::test]
async fn a_wrong_signature_is_not_retried() {
    let (sandbox, _seen) = stage().await;
    let forged = sandbox.raw("{}", Some("sha256=00")).await;
    assert_eq!((forged.status(), forged.fate), (Some(401), Fate::GivenUp));
    let raw = json!({"object": "page", "entry": []});
    assert_eq!(sandbox.raw_value(&raw).await.status(), Some(200));
}

#[tokio::test]
async fn events_are_batched_repeated_and_shuffled() {
    let (sandbox, seen) = stage().await;
    let psid = sandbox.person(PAGE, Platform::Messenger);
    let say = |n: u32| (psid.clone(), Act::Message { text: n.to_string(), reply_to: None });
    sandbox.acts(vec![say(1), say(2), say(3)], How::batched()).await.unwrap();
    assert_eq!(seen.bodies()[0]["entry"].as_array().unwrap().len(), 3);
    let how = How { batch: Batch::Messaging, ..How::default() };
    sandbox.acts(vec![say(4), say(5)], how).await.unwrap();
    assert_eq!(seen.bodies()[1]["entry"][0]["messaging"].as_array().unwrap().len(), 2);
    sandbox.acts(vec![say(6)], How::repeated(2)).await.unwrap();
    let bodies = seen.bodies();
    assert_eq!(bodies.len(), 5);
    assert_eq!(bodies[2], bodies[4]);
    let how = How { shuffle: Some(7), ..How::default() };
    sandbox.acts((10..20).map(say).collect(), how).await.unwrap();
    let text = |b: &Value| b["entry"][0]["messaging"][0]["message"]["text"].clone();
    let order: Vec<Value> = seen.bodies()[5..].iter().map(text).collect();
    assert_eq!(order.len(), 10);
    assert_ne!(order, (10..20).map(|n| json!(n.to_string())).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_failed_webhook_comes_again_until_it_is_taken() {
    let (sandbox, seen) = stage().await;
    seen.answer(503);
    let psid = sandbox.person(PAGE, Platform::Messenger);
    let first = sandbox.says(&psid, "hello").await.unwrap();
    assert_eq!((first[0].status(), first[0].fate), (Some(503), Fate::Waiting));
    seen.answer(200);
    until("the second try", || sandbox.webhooks()[0].fate == Fate::Delivered).await;
    let bodies = seen.bodies();
    assert_eq!((bodies.len(), &bodies[0]), (2, &bodies[1]));
}

#[tokio::test]
async fn an_hour_of_failures_disables_the_webhook_until_it_is_subscribed_again() {
    let (sandbox, seen) = stage().await;
    seen.answer(500);
    let psid = guest(&sandbox).await;
    sandbox.advance(2 * HOUR).await;
    until("the end of patience", || sandbox.subscribed(PAGE).is_none()).await;
    assert_eq!(sandbox.webhooks()[0].fate, Fate::GivenUp);
    seen.answer(200);
    let lost = sandbox.says(&psid, "anybody?").await.unwrap();
    assert_eq!(lost[0].fate, Fate::NotSubscribed);
    assert_eq!(read(&sandbox, &format!("{PAGE}/subscribed_apps")).await, json!({"data": []}));

    let fields = format!("{PAGE}/subscribed_apps?subscribed_fields=messages,message_echoes");
    assert_eq!(graph(&sandbox, &fields, json!({})).await.1, json!({"success": true}));
    assert_eq!(sandbox.says(&psid, "back?").await.unwrap()[0].fate, Fate::Delivered);
    let unasked = sandbox.act(&psid, Act::Read).await.unwrap();
    assert_eq!(unasked[0].fate, Fate::NotSubscribed);
    let apps = read(&sandbox, "me/subscribed_apps").await;
    assert_eq!(apps["data"][0]["subscribed_fields"], json!(["message_echoes", "messages"]));
}

#[tokio::test]
async fn a_sent_message_is_recorded_shown_and_echoed() {
    let (sandbox, seen) = stage().await;
    let psid = guest(&sandbox).await;
    let message = json!({"text": "Hi 🥐", "metadata": "row 7"});
    let (status, answer) = send(&sandbox, &psid, message).await;
    assert_eq!((status, &answer["recipient_id"]), (200, &json!(psid)));
    let mid = answer["message_id"].as_str().unwrap().to_owned();
    let calls = sandbox.wait_for_person(&psid, 1, SOON).await;
    assert_eq!(calls[0].body["message"]["text"], "Hi 🥐");
    assert!(calls[0].delivered && calls[0].page.as_deref() == Some(PAGE));
    assert!(!serde_json::to_string(&calls).unwrap().contains(TOKEN));
    assert_eq!(sandbox.thread(&psid).unwrap().thread.last().unwrap().mid, mid);
    until("the echo", || seen.bodies().len() == 2).await;
    let echo = seen.bodies()[1]["entry"][0]["messaging"][0].clone();
    assert_eq!(echo["sender"]["id"], PAGE);
    assert_eq!(echo["message"]["app_id"], 4_100_000_000_000_001_u64);
    assert_eq!(
        (&echo["message"]["mid"], &echo["message"]["metadata"]),
        (&json!(mid), &json!("row 7"))
    );
}

#[tokio::test]
async fn tokens_and_proofs_are_checked() {
    let (sandbox, _seen) = stage().await;
    let psid = guest(&sandbox).await;
    let body =
        json!({"recipient": {"id": psid}, "messaging_type": "RESPONSE", "message": {"text": "x"}});
    let post = |query: String| {
        let url = format!("{}/v26.0/me/messages{query}", sandbox.url());
        let request = reqwest::Client::new().post(url).json(&body);
        async move {
            let answer = request.send().await.unwrap();
            (answer.status().as_u16(), answer.json::<Value>().await.unwrap())
        }
    };
    assert_eq!(code(&post(String::new()).await).0, 104);
    assert_eq!(code(&post("?access_token=wrong".into()).await).0, 190);
    assert_eq!(post(format!("?access_token={TOKEN}")).await.0, 200);
    let bad = post(format!("?access_token={TOKEN}&appsecret_proof=00")).await;
    assert_eq!(bad.1["error"]["message"], "Invalid appsecret_proof provided in the API argument");
    sandbox.settings(|s| s.require_proof = true);
    assert_eq!(code(&post(format!("?access_token={TOKEN}")).await).0, 100);
    let proof = {
        let mut mac = Hmac::<Sha256>::new_from_slice(b"sandbox-app-secret").unwrap();
        mac.update(TOKEN.as_bytes());
        hex::encode(mac.finalize().into_bytes())
    };
    assert_eq!(post(format!("?access_token={TOKEN}&appsecret_proof={proof}")).await.0, 200);
    sandbox.settings(|s| s.token_expires_at = 1);
    assert_eq!(code(&post(format!("?access_token={TOKEN}")).await), (190, 463));
}

#[tokio::test]
async fn the_window_closes_after_a_day_and_tags_are_dated() {
    let (sandbox, _seen) = stage().await;
    let psid = guest(&sandbox).await;
    let text = json!({"text": "x"});
    let untyped = json!({"recipient": {"id": psid}, "message": text});
    assert_eq!(code(&graph(&sandbox, "me/messages", untyped).await).0, 100);
    sandbox.advance(DAY).await;
    assert_eq!(code(&send(&sandbox, &psid, text.clone()).await), (10, 2_018_278));
    assert_eq!(code(&send(&sandbox, &psid, opt_in_card("t")).await), (10, 2_018_278));
    let tagged = |tag: &str| json!({"recipient": {"id": psid}, "messaging_type": "MESSAGE_TAG", "tag": tag, "message": text});
    assert_eq!(graph(&sandbox, "me/messages", tagged("HUMAN_AGENT")).await.0, 200);
    sandbox.settings(|s| s.human_agent = false);
    assert_eq!(code(&graph(&sandbox, "me/messages", tagged("HUMAN_AGENT")).await).0, 10);
    sandbox.set_clock(1_800_000_000_000).await;
    assert_eq!(code(&graph(&sandbox, "me/messages", tagged("ACCOUNT_UPDATE")).await).0, 100);
    sandbox.set_clock(1_777_000_000_000).await;
    assert_eq!(graph(&sandbox, "me/messages", tagged("ACCOUNT_UPDATE")).await.0, 200);
    let utility = json!({"recipient": {"id": psid}, "messaging_type": "UTILITY",
        "message": {"template": {"name": "ready", "language": {"code": "en"}}}});
    assert_eq!(code(&graph(&sandbox, "me/messages", utility.clone()).await).0, 200);
    sandbox.settings(|s| s.utility = true);
    assert_eq!(code(&graph(&sandbox, "me/messages", utility.clone()).await).0, 100);
    let made = json!({"name": "ready", "language": "en", "category": "UTILITY",
        "components": [{"type": "BODY", "text": "Your order is ready."}]});
    let templates = format!("{PAGE}/message_templates");
    sandbox.settings(|s| s.template_review = "PENDING".to_owned());
    assert_eq!(graph(&sandbox, &templates, made.clone()).await.1["status"], "PENDING");
    assert_eq!(code(&graph(&sandbox, &templates, made).await).0, 100, "there is one already");
    assert_eq!(code(&graph(&sandbox, "me/messages", utility.clone()).await).0, 100);
    assert_eq!(sandbox.judge_templates(PAGE, "APPROVED").await.len(), 1);
    assert_eq!(graph(&sandbox, "me/messages", utility).await.0, 200);
    let offer = json!({"name": "offer", "language": "en", "category": "UTILITY",
        "components": [{"type": "BODY", "text": "A discount for you."}]});
    assert_eq!(graph(&sandbox, &templates, offer).await.1["status"], "REJECTED");
    let list = read(&sandbox, &templates).await;
    assert_eq!(list["data"][1]["rejected_reason"], "TAG_SHOULD_BE_MARKETING");
}

#[tokio::test]
async fn a_paid_message_needs_a_warm_campaign_a_budget_and_a_rested_token() {
    let (sandbox, _seen) = stage().await;
    let ads = async |path: &str, body: Value| {
        let url = format!("{}/v26.0/act_1234567890/{path}", sandbox.url());
        let request = reqwest::Client::new().post(url).bearer_auth("sandbox-ads-token");
        let answer = request.json(&body).send().await.unwrap();
        (answer.status().as_u16(), answer.json::<Value>().await.unwrap_or(Value::Null))
    };
    let mut tokens = Vec::new();
    for _ in 0..3 {
        let psid = guest(&sandbox).await;
        send(&sandbox, &psid, opt_in_card("t")).await;
        sandbox.act(&psid, Act::OptIn { mid: None }).await.unwrap();
        tokens.push((psid.clone(), sandbox.tokens(&psid)[0].token.clone()));
    }
    let made = ads("message_campaign", json!({"name": "c", "page_id": PAGE, "daily_budget": 2}));
    let campaign = made.await.1["id"].as_str().unwrap().to_owned();
    let message = |token: &str| {
        json!({"message_id": campaign, "message": {"text": "hello"},
            "messenger_delivery_data": {"subscription_token": token}})
    };
    assert_eq!(code(&ads("messages", message(&tokens[0].1)).await).0, 2_300_012);
    sandbox.advance(HOUR).await;
    assert_eq!(code(&ads("messages", message("no-such-token")).await).0, 2_300_004);
    let sent = ads("messages", message(&tokens[0].1)).await;
    assert_eq!((sent.0, &sent.1["success"]), (200, &json!(true)));
    assert!(sent.1["marketing_message_tracking_id"].is_string());
    let again = ads("messages", message(&tokens[0].1)).await;
    assert_eq!(code(&again).0, 2_300_035);
    let left = again.1["error"]["error_data"]["remaining_seconds"].as_i64().unwrap();
    assert!((86_000..=86_400).contains(&left), "{left}");
    sandbox.change_person(&tokens[1].0, |p| p.country = Some("LT".into()));
    assert_eq!(code(&ads("messages", message(&tokens[1].1)).await).0, 2_300_032);
    sandbox.change_person(&tokens[1].0, |p| p.country = None);
    assert_eq!(ads("messages", message(&tokens[1].1)).await.0, 200);
    assert_eq!(code(&ads("messages", message(&tokens[2].1)).await).0, 2_300_015, "the budget");
    assert_eq!(sandbox.campaigns()[0].2, 2);
    sandbox.fault(Fault::next(FaultKind::Pacing, 1));
    let paced = ads("messages", message(&tokens[2].1)).await;
    assert_eq!(paced.1["error"]["error_data"]["remaining_seconds"], 600);
    sandbox.settings(|s| s.ads_scopes = vec!["ads_management".to_owned()]);
    assert_eq!(code(&ads("messages", message(&tokens[2].1)).await).0, 200);
    // A Page's token reaches no ad account.
    let foreign = graph(&sandbox, "act_1234567890/messages", message(&tokens[2].1)).await;
    assert_eq!(code(&foreign).0, 190);
}

#[tokio::test]
async fn people_who_cannot_be_reached_are_refused() {
    let (sandbox, _seen) = stage().await;
    let psid = guest(&sandbox).await;
    assert_eq!(code(&send(&sandbox, "404", json!({"text": "x"})).await), (100, 2_018_001));
    sandbox.change_person(&psid, |p| p.owner = Some("77".into()));
    assert_eq!(code(&send(&sandbox, &psid, json!({"text": "x"})).await), (10, 2_018_300));
    sandbox.change_person(&psid, |p| p.blocked = true);
    assert_eq!(code(&send(&sandbox, &psid, json!({"text": "x"})).await), (551, 1_545_041));
}

#[tokio::test]
async fn an_opt_in_gives_a_token_that_rests_two_days_and_can_be_stopped() {
    let (sandbox, seen) = stage().await;
    let psid = guest(&sandbox).await;
    sandbox.change_person(&psid, |p| p.country = Some("LT".into()));
    let (status, answer) = send(&sandbox, &psid, opt_in_card("Warm rye bread")).await;
    assert_eq!(status, 200);
    assert_eq!(answer["recipient"]["id"], *psid, "Meta's odd shape: {answer}");
    assert!(answer["recipient"]["message_id"].is_string());
    let again = send(&sandbox, &psid, opt_in_card("Warm rye bread")).await;
    assert_eq!(code(&again), (613, 1_893_016));
    let bodiless = json!({"recipient": {"id": psid}, "message": opt_in_card("Other")});
    assert_eq!(graph(&sandbox, "me/messages", bodiless).await.0, 200);

    sandbox.act(&psid, Act::OptIn { mid: None }).await.unwrap();
    let token = sandbox.tokens(&psid)[0].token.clone();
    let has_token = |b: &Value| {
        b.pointer("/entry/0/messaging/0/optin/notification_messages_token") == Some(&json!(token))
    };
    assert!(seen.bodies().iter().any(has_token));

    let notify =
        json!({"recipient": {"notification_messages_token": token}, "message": {"text": "warm!"}});
    sandbox.advance(30 * DAY).await;
    assert_eq!(graph(&sandbox, "me/messages", notify.clone()).await.0, 200);
    assert_eq!(
        sandbox.wait_for_person(&psid, 1, SOON).await.len(),
        4,
        "tokens count as the person"
    );
    sandbox.advance(47 * HOUR).await;
    assert_eq!(code(&graph(&sandbox, "me/messages", notify.clone()).await), (4, 2_018_354));
    sandbox.advance(HOUR).await;
    assert_eq!(graph(&sandbox, "me/messages", notify.clone()).await.0, 200);
    sandbox.advance(3 * DAY).await;
    let told = Act::StopNotifications { title: None, spelled_with_space: false };
    sandbox.act(&psid, told).await.unwrap();
    assert_eq!(code(&graph(&sandbox, "me/messages", notify.clone()).await), (10, 1_893_015));
    sandbox.act(&psid, Act::ResumeNotifications { title: None }).await.unwrap();
    assert_eq!(graph(&sandbox, "me/messages", notify.clone()).await.0, 200);
    sandbox.change_person(&psid, |p| p.country = Some("US".into()));
    sandbox.advance(3 * DAY).await;
    assert_eq!(code(&graph(&sandbox, "me/messages", notify).await).0, 10, "not in this region");
    let unknown =
        json!({"recipient": {"notification_messages_token": "1"}, "message": {"text": "x"}});
    assert_eq!(code(&graph(&sandbox, "me/messages", unknown).await).0, 100);
}

#[tokio::test]
async fn tokens_are_listed_in_pages() {
    let (sandbox, _seen) = stage().await;
    for _ in 0..3 {
        let psid = guest(&sandbox).await;
        send(&sandbox, &psid, opt_in_card("t")).await;
        sandbox.act(&psid, Act::OptIn { mid: None }).await.unwrap();
    }
    let path = format!("{PAGE}/notification_message_tokens?limit=2");
    let first = read(&sandbox, &path).await;
    assert_eq!(first["data"].as_array().unwrap().len(), 2);
    let after = first["paging"]["cursors"]["after"].as_str().unwrap();
    let second = read(&sandbox, &format!("{path}&after={after}")).await;
    assert_eq!(second["data"].as_array().unwrap().len(), 1);
    assert!(first["paging"]["next"].is_string() && second["paging"].get("next").is_none());
    let after = second["paging"]["cursors"]["after"].as_str().unwrap();
    let third = read(&sandbox, &format!("{path}&after={after}")).await;
    assert_eq!(third, json!({"data": []}));
}

#[tokio::test]
async fn a_comment_gets_one_private_reply() {
    let (sandbox, seen) = stage().await;
    let psid = sandbox.person(PAGE, Platform::Messenger);
    sandbox.act(&psid, Act::Comment { text: "price?".into(), post_id: None }).await.unwrap();
    let value = seen.bodies()[0]["entry"][0]["changes"][0]["value"].clone();
    assert_eq!(value["item"], "comment");
    assert_ne!(value["from"]["id"], json!(psid), "a commenter has another id than in the thread");
    let reply =
        json!({"recipient": {"comment_id": value["comment_id"]}, "message": {"text": "3 €"}});
    assert_eq!(graph(&sandbox, "me/messages", reply.clone()).await.0, 200);
    assert_eq!(code(&graph(&sandbox, "me/messages", reply).await), (100, 2_534_025));
}

#[tokio::test]
async fn a_scan_waits_for_get_started_and_later_is_a_referral() {
    let (sandbox, seen) = stage().await;
    let psid = sandbox.person(PAGE, Platform::Messenger);
    assert!(matches!(sandbox.scan(&psid, "door").await.unwrap(), Landing::GetStarted { .. }));
    assert!(seen.bodies().is_empty());
    sandbox.act(&psid, Act::GetStarted).await.unwrap();
    let postback = seen.bodies()[0]["entry"][0]["messaging"][0]["postback"].clone();
    assert_eq!(postback["payload"], "GET_STARTED");
    assert_eq!(postback["referral"]["ref"], "AbC-_1");
    assert!(matches!(sandbox.scan(&psid, "door").await.unwrap(), Landing::Thread { .. }));
    let referral = seen.bodies()[1]["entry"][0]["messaging"][0]["referral"].clone();
    assert_eq!(referral, json!({"ref": "AbC-_1", "source": "SHORTLINK", "type": "OPEN_THREAD"}));
    assert!(matches!(
        sandbox.scan(&psid, "gone").await.unwrap(),
        Landing::Page { status: 404, .. }
    ));
    assert!(sandbox.handshake().await);
}

#[tokio::test]
async fn everything_else_people_do_is_told_in_metas_words() {
    let (sandbox, seen) = stage().await;
    let psid = guest(&sandbox).await;
    let asked = json!({"text": "?", "quick_replies": [{"content_type": "text", "title": "Hours", "payload": "faq:hours"}]});
    send(&sandbox, &psid, asked).await;
    let last =
        |path: &str| seen.bodies().last().unwrap().pointer(path).cloned().unwrap_or_default();
    let event = "/entry/0/messaging/0";
    until("the echo", || last(&format!("{event}/message/is_echo")) == true).await;

    let tap = Act::QuickReply { title: "Hours".into(), payload: None };
    sandbox.act(&psid, tap).await.unwrap();
    assert_eq!(last(&format!("{event}/message/quick_reply/payload")), "faq:hours");
    sandbox.act(&psid, Act::Edit { mid: None, text: "Hours?".into() }).await.unwrap();
    assert_eq!(last(&format!("{event}/message_edit/num_edit")), 1);
    sandbox.act(&psid, Act::Unsend { mid: None }).await.unwrap();
    assert_eq!(last(&format!("{event}/message/is_deleted")), true);
    sandbox.act(&psid, Act::React { mid: None, emoji: "❤".into(), unreact: false }).await.unwrap();
    assert_eq!(last(&format!("{event}/reaction/reaction")), "love");
    sandbox.act(&psid, Act::Read).await.unwrap();
    assert!(last(&format!("{event}/read/watermark")).is_number());
    let like = Act::Attachment { kind: "sticker".into(), url: None, payload: None };
    sandbox.act(&psid, like).await.unwrap();
    assert_eq!(last(&format!("{event}/message/attachments/0/type")), "sticker");
    sandbox
        .act(&psid, Act::HumanReply { text: "I'll help".into(), as_printed: false })
        .await
        .unwrap();
    assert_eq!(last(&format!("{event}/message/app_id")), PAGE_INBOX);
    let other = Act::Other {
        field: None,
        event: json!({"response_feedback": {"feedback": "Good response"}}),
    };
    sandbox.act(&psid, other).await.unwrap();
    assert_eq!(last(&format!("{event}/response_feedback/feedback")), "Good response");
}

#[tokio::test]
async fn instagram_speaks_from_its_own_account() {
    let (sandbox, seen) = stage().await;
    let psid = sandbox.person(PAGE, Platform::Instagram);
    sandbox.says(&psid, "hi").await.unwrap();
    let body = seen.bodies()[0].clone();
    assert_eq!(
        (&body["object"], &body["entry"][0]["id"]),
        (&json!("instagram"), &json!("17841400000000001"))
    );
    let (status, _) = send(&sandbox, &psid, json!({"text": "ą".repeat(501)})).await;
    assert_eq!(status, 400);
}

#[tokio::test]
async fn faults_happen_as_often_as_asked() {
    let (sandbox, _seen) = stage().await;
    let psid = guest(&sandbox).await;
    let text = json!({"text": "x"});
    sandbox.fault(Fault::next(FaultKind::Http429, 1));
    assert_eq!(send(&sandbox, &psid, text.clone()).await.0, 429);
    for (kind, expected) in [
        (FaultKind::Code613, 613),
        (FaultKind::Code190, 190),
        (FaultKind::Code551, 551),
        (FaultKind::Code2, 2),
    ] {
        sandbox.fault(Fault::next(kind, 1));
        assert_eq!(code(&send(&sandbox, &psid, text.clone()).await).0, expected);
    }
    sandbox.fault(Fault::next(FaultKind::ErrorIn200, 1));
    let (status, body) = send(&sandbox, &psid, text.clone()).await;
    assert_eq!((status, &body["error"]["code"]), (200, &json!(36000)));
    let delivered = |s: &Sandbox| s.calls().iter().filter(|c| c.delivered).count();
    assert_eq!(delivered(&sandbox), 0);
    assert_eq!(send(&sandbox, &psid, text).await.0, 200);
    assert_eq!(delivered(&sandbox), 1);
}

#[tokio::test]
async fn a_reset_may_come_before_or_after_the_delivery() {
    let (sandbox, _seen) = stage().await;
    let psid = guest(&sandbox).await;
    let url = format!("{}/v26.0/{PAGE}/messages", sandbox.url());
    let body =
        json!({"recipient": {"id": psid}, "messaging_type": "RESPONSE", "message": {"text": "x"}});
    for (kind, delivered) in [(FaultKind::ResetBefore, 0), (FaultKind::ResetAfter, 1)] {
        sandbox.fault(Fault::next(kind, 1));
        let request = reqwest::Client::new().post(&url).bearer_auth(TOKEN).json(&body);
        let cut = request.send().await;
        assert!(cut.is_err(), "{kind:?}: {cut:?}");
        assert_eq!(sandbox.calls().iter().filter(|c| c.delivered).count(), delivered);
    }
    assert_eq!(sandbox.calls().len(), 2);
    sandbox.fault(Fault::next(FaultKind::Hang, 1));
    let request = reqwest::Client::new().post(&url).bearer_auth(TOKEN).json(&body);
    let silent = request.timeout(Duration::from_millis(200)).send().await;
    assert!(silent.unwrap_err().is_timeout());
}

#[tokio::test]
async fn concurrent_calls_are_counted() {
    let (sandbox, _seen) = stage().await;
    let psid = guest(&sandbox).await;
    sandbox.settings(|s| s.latency_ms = 200);
    let six = (0..6).map(|_| {
        let url = format!("{}/v26.0/me/messages", sandbox.url());
        let body = json!({"recipient": {"id": psid}, "sender_action": "typing_on"});
        tokio::spawn(reqwest::Client::new().post(url).bearer_auth(TOKEN).json(&body).send())
    });
    for call in six.collect::<Vec<_>>() {
        assert_eq!(call.await.unwrap().unwrap().status(), 200);
    }
    assert_eq!(sandbox.max_concurrent(), 6);
    assert!(sandbox.wait_for(1, Duration::ZERO).await.is_empty(), "typing is no message");
}

#[tokio::test]
async fn a_seventh_call_of_a_page_waits_for_one_of_its_six_connections() {
    let (sandbox, _seen) = stage().await;
    let psid = guest(&sandbox).await;
    sandbox.clear_record();
    // Six that nobody answers, until they are given up.
    sandbox.fault(Fault { all_calls: true, ..Fault::next(FaultKind::Hang, 6) });
    let url = format!("{}/v26.0/{PAGE}/messages", sandbox.url());
    let call = |patience: Duration| {
        let body = json!({"recipient": {"id": psid}, "messaging_type": "RESPONSE", "message": {"text": "x"}});
        let request = reqwest::Client::new().post(&url).bearer_auth(TOKEN).json(&body);
        tokio::spawn(request.timeout(patience).send())
    };
    let hanging: Vec<_> = (0..6).map(|_| call(Duration::from_millis(600))).collect();
    until("six calls", || sandbox.calls().len() == 6).await;
    let seventh = call(SOON);
    until("one that waits", || sandbox.queued() == 1).await;
    assert_eq!(sandbox.calls().len(), 6, "it is not heard yet");
    for given_up in hanging {
        assert!(given_up.await.unwrap().unwrap_err().is_timeout());
    }
    assert_eq!(seventh.await.unwrap().unwrap().status(), 200);
    assert_eq!(sandbox.calls().len(), 7);
}

#[tokio::test]
async fn a_jump_takes_the_workers_clock_and_cron_along() {
    let config = SandboxConfig { clock: true, ..SandboxConfig::example() };
    let (sandbox, seen) = stage_with(config).await;
    let from = sandbox.now();
    sandbox.advance(DAY).await;
    assert!((sandbox.now() - from - DAY).abs() < 60_000);
    let paths = seen.other.lock().unwrap().clone();
    let clocks: Vec<i64> =
        paths.iter().filter_map(|p| p.strip_prefix("/__clock?t=")?.parse().ok()).collect();
    let crons = paths
        .iter()
        .filter(|p| p.starts_with("/cdn-cgi/local/scheduled?cron=*+*+*+*+*&time="))
        .count();
    assert!((96..=97).contains(&clocks.len()), "{}", clocks.len());
    assert_eq!(crons, clocks.len());
    assert!(clocks.windows(2).all(|w| w[0] < w[1] && w[1] - w[0] <= HOUR / 4));
    assert_eq!(*clocks.last().unwrap(), from + DAY);
}

#[tokio::test]
async fn what_a_doctor_asks_is_answered() {
    let (sandbox, _seen) = stage().await;
    let psid = guest(&sandbox).await;
    let about = read(&sandbox, "me?fields=id,username,instagram_business_account").await;
    assert_eq!(
        about,
        json!({"id": PAGE, "username": "cornerbakery",
        "instagram_business_account": {"id": "17841400000000001"}})
    );
    let person = read(&sandbox, &format!("{psid}?fields=first_name,locale")).await;
    assert_eq!(person["locale"], "en_US");
    let debug = read(&sandbox, &format!("debug_token?input_token={TOKEN}")).await;
    assert_eq!(
        (&debug["data"]["type"], &debug["data"]["is_valid"]),
        (&json!("PAGE"), &json!(true))
    );
    let owner = read(&sandbox, &format!("{PAGE}/thread_owner?recipient={psid}")).await;
    assert_eq!(owner["data"][0]["thread_owner"]["app_id"], "4100000000000001");
    let start = json!({"get_started": {"payload": "start"}});
    assert_eq!(
        graph(&sandbox, "me/messenger_profile", start).await.1,
        json!({"result": "success"})
    );
    let profile = read(&sandbox, "me/messenger_profile?fields=get_started").await;
    assert_eq!(profile["data"][0]["get_started"]["payload"], "start");
    for _ in 0..8 {
        read(&sandbox, "me/messenger_profile?fields=greeting").await;
    }
    assert_eq!(read(&sandbox, "me/messenger_profile").await["error"]["code"], 613);
    let missing = read(&sandbox, "99?fields=name").await;
    assert_eq!(missing["error"]["code"], 100);
}

#[tokio::test]
async fn tests_in_other_languages_have_the_same_over_http() {
    let (sandbox, seen) = stage().await;
    let http = reqwest::Client::new();
    let at = |path: &str| format!("{}/sandbox/{path}", sandbox.url());
    let post = async |path: &str, body: Value| -> Value {
        let answer = http.post(at(path)).json(&body).send().await.unwrap();
        answer.json().await.unwrap_or(Value::Null)
    };
    let person = post("people", json!({"name": "Ona", "locale": "lt_LT"})).await;
    let psid = person["id"].as_str().unwrap();
    let done = post("act", json!({"person": psid, "do": "message", "text": "labas"})).await;
    assert_eq!(done["webhooks"][0]["fate"], "delivered");
    let acts = json!({"acts": [{"person": psid, "do": "read"}, {"person": psid, "do": "postback", "title": "a", "payload": "b", "ref": "r"}],
        "how": {"batch": "entries", "copies": 1}});
    assert_eq!(post("acts", acts).await["webhooks"].as_array().unwrap().len(), 2);
    assert_eq!(seen.bodies().len(), 3);
    post("faults", json!({"kind": "code4", "times": 1})).await;
    assert_eq!(code(&send(&sandbox, psid, json!({"text": "x"})).await).0, 4);
    send(&sandbox, psid, json!({"text": "y"})).await;
    let waited = format!("wait?messages=2&person={psid}&timeout_ms=2000");
    let calls: Value = http.get(at(&waited)).send().await.unwrap().json().await.unwrap();
    assert_eq!(calls.as_array().unwrap().len(), 2);
    assert_eq!(post("settings", json!({"latency_ms": 3})).await["latency_ms"], 3);
    let before = sandbox.now();
    assert!(
        post("clock", json!({"advance_ms": HOUR})).await["now"].as_i64().unwrap() >= before + HOUR
    );
    let nobody = http.post(at("act")).json(&json!({"person": "1", "do": "read"})).send().await;
    assert_eq!(nobody.unwrap().status(), 404);
}
