//! A person takes over, through the real bundle: the owner is told by a message or by their own
//! server, the thread goes to the Page's inbox and comes back. The owner's server is called by https
//! and nothing else, so the clock's test-only entry leads calls of one https origin to a server on
//! this machine; the request itself is the bundle's own.

use std::fs;
use std::path::PathBuf;
use std::sync::LazyLock;
use std::time::Duration;

use crate::common::receiver::{Answer, Arrived, Receiver};
use crate::common::{DAY, HOUR, MINUTE, SECOND, SIGNING_KEY, Setup, Stage, alone, on, until};
use hmac::{Hmac, KeyInit, Mac};
use reqwest::Method;
use serde_json::Value;
use sha2::Sha256;
use shopbell::cli::check;
use shopbell::cli::sandbox::{Act, Call, Fault, FaultKind, PAGE_INBOX};
use shopbell::shop::lookup::TextKey;
use shopbell::shop::model::{Lang, Shop};

const PAGE: &str = "1029384756";
const NOON: &str = "2026-11-24T10:00:00Z";
const BREAD: &str = "BREAD: rye, wheat and sourdough.";
const NOTHING: [&str; 0] = [];

static SHOP: LazyLock<Shop> = LazyLock::new(|| {
    let folder = Setup::of("", "tests/shops/handoff").shop;
    check::load(&folder).unwrap().remove(0)
});

static OWNERS: LazyLock<Receiver> = LazyLock::new(Receiver::start);
/// Somebody else's server: nobody allowed it.
static STRANGERS: LazyLock<Receiver> = LazyLock::new(Receiver::start);

static STAGE: LazyLock<Stage> =
    LazyLock::new(|| Stage::start(Setup::of("handoff", "tests/shops/handoff").clock(NOON)));

/// A text up to its first variable.
fn text(key: TextKey) -> String {
    SHOP.text(key, &Lang("en".to_owned())).split('{').next().unwrap().trim_end().to_owned()
}

/// The shop with a change, in a folder of its own.
fn variant(name: &str, change: impl FnOnce(String) -> String) -> PathBuf {
    let text = fs::read_to_string(Setup::of("", "tests/shops/handoff").shop.join("shop.toml"));
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("e2e-shops").join(name);
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("shop.toml"), change(text.unwrap())).unwrap();
    folder
}

/// Leads the owner's address to the server on this machine, and begins a new day.
async fn begin(stage: &Stage) {
    stage.owner_has(&OWNERS).await;
    for server in [&OWNERS, &STRANGERS] {
        server.clear();
        server.answer_with([]);
    }
    stage.travel(stage.sandbox.now() + 2 * DAY).await;
}

async fn begins(said: &[String], key: TextKey) {
    let wanted = text(key);
    assert!(said.last().is_some_and(|said| said.starts_with(&wanted)), "{said:?}: {wanted}");
}

/// Calls of the thread's routing that were asked for about somebody, in order.
fn routing(stage: &Stage, psid: &str) -> Vec<Call> {
    let mut calls = stage.sandbox.calls();
    calls.retain(|call| {
        call.path.ends_with("_thread_control") && call.body["recipient"]["id"] == psid
    });
    calls
}

fn kinds(calls: &[Call]) -> Vec<&str> {
    calls.iter().map(|call| call.path.rsplit('/').next().unwrap()).collect()
}

fn owner_of(stage: &Stage, psid: &str) -> Option<String> {
    stage.sandbox.thread(psid).unwrap().owner
}

async fn is_the_inboxes(stage: &Stage, psid: &str) {
    let inbox = Some(PAGE_INBOX.to_string());
    until("the thread is the inbox's", || async { owner_of(stage, psid) == inbox }).await;
}

async fn is_ours(stage: &Stage, psid: &str) {
    until("the thread is ours", || async { owner_of(stage, psid).is_none() }).await;
}

/// Lets time pass until the owner's server has seen so many requests.
async fn arrived(stage: &Stage, n: usize) -> Vec<Arrived> {
    until("calls of the owner's server", || async { OWNERS.arrived().len() >= n }).await;
    stage.settled().await;
    OWNERS.arrived()
}

fn hex_hmac(key: &[u8], message: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.update(message.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

#[test]
fn the_owners_server_is_called_once_signed_and_without_the_customers_words() {
    on(&STAGE, async |stage| {
        begin(stage).await;
        let ona = stage.person(PAGE);
        assert_eq!(stage.says(&ona, "bread").await, [BREAD]);
        begins(&stage.says(&ona, "I want to talk to a human").await, TextKey::Human).await;
        let calls = arrived(stage, 1).await;
        assert_eq!(calls.len(), 1, "{calls:?}");
        let call = &calls[0];
        assert_eq!((call.method.as_str(), call.path.as_str()), ("POST", "/called?by=shopbell"));
        // As the documents tell the owner to check it.
        let key = hex_hmac(SIGNING_KEY.as_bytes(), "shopbell hook v1");
        let timestamp = &call.headers["x-shopbell-timestamp"];
        let signature = hex::encode(hex_hmac(&key, &format!("{timestamp}.{}", call.body)));
        assert_eq!(call.headers["x-shopbell-signature"], format!("sha256={signature}"));
        let age = stage.sandbox.now() - timestamp.parse::<i64>().unwrap();
        assert!((0..MINUTE).contains(&age), "{age}");
        let body: Value = serde_json::from_str(&call.body).unwrap();
        assert_eq!(body["event"], "person_wanted");
        assert_eq!((&body["page"], &body["person"]), (&PAGE.into(), &ona.as_str().into()));
        assert_eq!((&body["reason"], &body["channel"]), (&"asked".into(), &"messenger".into()));
        assert!(body.get("text").is_none(), "{body}");
        // No second call for the same message, whatever time passes.
        for _ in 0..4 {
            stage.travel(stage.sandbox.now() + 40 * MINUTE).await;
            stage.cron().await;
        }
        assert_eq!(OWNERS.arrived().len(), 1);
    });
}

#[test]
fn a_server_that_redirects_refuses_or_hangs_is_tried_again_and_no_redirect_is_followed() {
    on(&STAGE, async |stage| {
        begin(stage).await;
        let before = stage.count(PAGE, "call.given_up").await;
        OWNERS.answer_with([
            Answer::Redirect(format!("{}/stolen", STRANGERS.url)),
            Answer::Status(500),
            Answer::Hang,
            Answer::Status(204),
        ]);
        let ona = stage.person(PAGE);
        stage.says(&ona, "human").await;
        arrived(stage, 1).await;
        assert_eq!(STRANGERS.arrived().len(), 0, "a redirect was followed");
        // 30 seconds, two minutes, eight minutes.
        for (n, wait) in [(2, 30 * SECOND), (3, 2 * MINUTE)] {
            stage.travel(stage.sandbox.now() + wait - 10 * SECOND).await;
            assert_eq!(OWNERS.arrived().len(), n - 1, "too early");
            stage.travel(stage.sandbox.now() + 15 * SECOND).await;
            arrived(stage, n).await;
        }
        // It hangs now, and holds up nobody.
        let tom = stage.person(PAGE);
        assert_eq!(stage.says(&tom, "bread").await, [BREAD]);
        stage.travel(stage.sandbox.now() + 9 * MINUTE).await;
        let calls = arrived(stage, 4).await;
        let ids: Vec<&String> = calls.iter().map(|call| &call.headers["x-shopbell-call"]).collect();
        assert!(ids.windows(2).all(|pair| pair[0] == pair[1]), "{ids:?}");
        assert!(calls.windows(2).all(|pair| pair[0].body == pair[1].body));
        for _ in 0..4 {
            stage.travel(stage.sandbox.now() + 40 * MINUTE).await;
            stage.cron().await;
        }
        assert_eq!(OWNERS.arrived().len(), 4, "204 is enough");
        assert_eq!(STRANGERS.arrived().len(), 0);
        assert_eq!(stage.count(PAGE, "call.given_up").await, before);
    });
}

#[test]
fn six_refusals_are_the_end_and_the_status_says_so() {
    on(&STAGE, async |stage| {
        begin(stage).await;
        let before = stage.count(PAGE, "call.given_up").await;
        OWNERS.answer_with(vec![Answer::Status(503); 20]);
        let ona = stage.person(PAGE);
        stage.says(&ona, "human").await;
        arrived(stage, 1).await;
        for n in 2..=6 {
            stage.travel(stage.sandbox.now() + HOUR + MINUTE).await;
            stage.cron().await;
            arrived(stage, n).await;
        }
        until("it is given up", || async {
            stage.count(PAGE, "call.given_up").await == before + 1
        })
        .await;
        stage.travel(stage.sandbox.now() + 2 * HOUR).await;
        stage.cron().await;
        stage.settled().await;
        assert_eq!(OWNERS.arrived().len(), 6);
        assert!(stage.count(PAGE, "call.hook.failed").await >= 6);
    });
}

#[test]
fn the_thread_goes_to_the_inbox_and_comes_back_by_the_timer() {
    on(&STAGE, async |stage| {
        begin(stage).await;
        let ona = stage.person(PAGE);
        stage.says(&ona, "bread").await;
        begins(&stage.says(&ona, "human").await, TextKey::Human).await;
        is_the_inboxes(stage, &ona).await;
        let [passed] = &routing(stage, &ona)[..] else { panic!("one request") };
        assert_eq!(passed.path, format!("{PAGE}/pass_thread_control"));
        assert_eq!(
            passed.body["target_app_id"].to_string().trim_matches('"'),
            PAGE_INBOX.to_string()
        );
        // Now Meta shows us what she writes only to watch.
        assert_eq!(stage.says(&ona, "bread").await, NOTHING);
        stage.travel(stage.sandbox.now() + 3 * HOUR).await;
        stage.cron().await;
        assert_eq!(kinds(&routing(stage, &ona)), ["pass_thread_control"]);
        stage.travel(stage.sandbox.now() + HOUR + MINUTE).await;
        is_ours(stage, &ona).await;
        assert_eq!(kinds(&routing(stage, &ona)), ["pass_thread_control", "take_thread_control"]);
        assert_eq!(stage.says(&ona, "bread").await, [BREAD]);
    });
}

#[test]
fn the_thread_comes_back_by_the_customers_button_and_by_the_owner() {
    on(&STAGE, async |stage| {
        begin(stage).await;
        let called = async |text: &str| {
            let psid = stage.person(PAGE);
            begins(&stage.says(&psid, text).await, TextKey::Human).await;
            is_the_inboxes(stage, &psid).await;
            psid
        };
        let back = async |psid: &str| {
            is_ours(stage, psid).await;
            assert_eq!(routing(stage, psid).len(), 2);
            stage.settled().await;
            assert_eq!(stage.says(psid, "bread").await, [BREAD]);
        };
        // The button stands in a thread that the inbox holds; so do its words.
        let title = text(TextKey::ResumeButton);
        let ona = called("human").await;
        let tap = Act::QuickReply { title: title.clone(), payload: None };
        let said = stage.does(&ona, tap).await;
        begins(&said, TextKey::Resumed).await;
        back(&ona).await;
        let kate = called("human").await;
        begins(&stage.says(&kate, &title.to_uppercase()).await, TextKey::Resumed).await;
        back(&kate).await;

        let tom = called("human").await;
        let path = format!("/admin/resume?page={PAGE}&person={tom}");
        let url = format!("{}{path}", stage.worker.url);
        let refused = stage.http.post(url).bearer_auth("not the owner's").send().await.unwrap();
        assert_eq!(refused.status(), 401);
        assert_eq!(stage.says(&tom, "bread").await, NOTHING);
        let (status, body) = stage.admin(Method::POST, &path, "").await;
        assert_eq!((status, &body["resumed"]), (200, &Value::Bool(true)));
        back(&tom).await;
        let (_, body) = stage.admin(Method::POST, &path, "").await;
        assert_eq!(body["resumed"], false, "nobody was quiet any more");

        // The sign at the end of a message in the inbox.
        let ida = called("human").await;
        let act = |text: &str| {
            let text = text.to_owned();
            serde_json::from_value(serde_json::json!({ "do": "human_reply", "text": text }))
                .unwrap()
        };
        stage.does(&ida, act("Here I am")).await;
        assert_eq!(kinds(&routing(stage, &ida)), ["pass_thread_control"]);
        stage.does(&ida, act("All done ++")).await;
        back(&ida).await;
    });
}

#[test]
fn stop_and_delete_in_the_inboxes_thread_count_and_delete_is_asked_once_when_it_is_back() {
    on(&STAGE, async |stage| {
        begin(stage).await;
        let ona = stage.person(PAGE);
        stage.says(&ona, "human").await;
        is_the_inboxes(stage, &ona).await;
        let stops = stage.count(PAGE, "standby.stop").await;
        assert_eq!(stage.says(&ona, "STOP").await, NOTHING);
        assert_eq!(stage.count(PAGE, "standby.stop").await, stops + 1);
        assert_eq!(stage.says(&ona, "delete my data").await, NOTHING);
        let before = stage.received(&ona).len();
        stage.travel(stage.sandbox.now() + 4 * HOUR + MINUTE).await;
        until("the question", || async { stage.received(&ona).len() > before }).await;
        stage.settled().await;
        begins(&stage.received(&ona), TextKey::DeleteAsk).await;
        assert_eq!(stage.received(&ona).len(), before + 1);
        assert_eq!(stage.says(&ona, "bread").await, [BREAD], "it is asked once");
        let yes = stage.says(&ona, &text(TextKey::DeleteYes)).await;
        begins(&yes, TextKey::Deleted).await;
    });
}

#[test]
fn a_pass_that_meta_refuses_comes_again_and_messages_do_not_wait_for_it() {
    on(&STAGE, async |stage| {
        begin(stage).await;
        let ona = stage.person(PAGE);
        stage.says(&ona, "bread").await;
        // An error in a 200, as Graph has them.
        let fault = Fault::next(FaultKind::ErrorIn200, 1);
        let only_ona = Some(ona.clone());
        stage.sandbox.fault(Fault { times: None, all_calls: true, person: only_ona, ..fault });
        stage.sandbox.says(&ona, "human").await.unwrap();
        until("it was asked for", || async { !routing(stage, &ona).is_empty() }).await;
        stage.sandbox.clear_faults();
        assert_eq!(owner_of(stage, &ona), None);
        // The Desk shows nowhere that it has the answer, from which its minute counts.
        tokio::time::sleep(Duration::from_secs(1)).await;
        stage.travel(stage.sandbox.now() + MINUTE).await;
        is_the_inboxes(stage, &ona).await;
        assert_eq!(routing(stage, &ona).len(), 2);
    });
}

#[test]
fn a_person_answers_by_hand_for_seven_days_and_nobody_after_that() {
    on(&STAGE, async |stage| {
        begin(stage).await;
        let ona = stage.person(PAGE);
        stage.says(&ona, "bread").await;
        let path = format!("/admin/reply?page={PAGE}&person={ona}");
        let newest = async || stage.sends(&ona).await.pop().unwrap();
        let reply = async |text: &str| stage.admin(Method::POST, &path, text.to_owned()).await;

        let (status, body) = reply("We have rye, Ona. Rūta").await;
        assert_eq!((status, &body["by"]), (200, &"window".into()), "{body}");
        stage.settled().await;
        let sent = newest().await;
        assert_eq!(sent.body["message"]["text"], "We have rye, Ona. Rūta");
        assert_eq!(sent.body["messaging_type"], "RESPONSE");
        assert!(sent.body.get("tag").is_none());
        // A person talks now: the assistant keeps quiet, as after a message in the inbox.
        assert_eq!(stage.says(&ona, "bread").await, NOTHING);

        let started = stage.sandbox.now();
        stage.travel(started + 3 * DAY).await;
        let (status, body) = reply("It is back tomorrow.").await;
        assert_eq!((status, &body["by"]), (200, &"human_agent".into()), "{body}");
        stage.settled().await;
        let sent = newest().await;
        assert_eq!((&sent.body["tag"], sent.delivered), (&"HUMAN_AGENT".into(), true));
        assert_eq!(stage.received(&ona).pop().unwrap(), "It is back tomorrow.");

        let sends = stage.sends(&ona).await.len();
        for refused in ["", "   ", &"x".repeat(2_000)] {
            assert_eq!(reply(refused).await.0, 400);
        }
        stage.travel(started + 7 * DAY + MINUTE).await;
        let (status, body) = reply("Too late").await;
        assert_eq!(status, 409);
        assert!(body["error"].as_str().unwrap().contains("7 days"), "{body}");
        let nobody = format!("/admin/reply?page={PAGE}&person=1");
        assert_eq!(stage.admin(Method::POST, &nobody, "Hello").await.0, 404);
        let url = format!("{}{path}", stage.worker.url);
        assert_eq!(stage.http.post(url).body("x").send().await.unwrap().status(), 401);
        assert_eq!(stage.get(&path).await.status(), 405);
        stage.settled().await;
        assert_eq!(stage.sends(&ona).await.len(), sends);
    });
}

#[test]
fn notes_are_the_owners_alone_and_go_with_the_person() {
    on(&STAGE, async |stage| {
        begin(stage).await;
        let ona = stage.person(PAGE);
        let path = format!("/admin/note?page={PAGE}&person={ona}");
        assert_eq!(stage.admin(Method::POST, &path, "A stranger").await.0, 404);
        stage.says(&ona, "bread").await;
        stage.admin(Method::POST, &path, "Wants rye").await;
        let (status, body) = stage.admin(Method::POST, &path, "Pays by card").await;
        assert_eq!((status, &body["notes"][0]["text"]), (200, &"Pays by card".into()));
        let drop = format!("{path}&id={}", body["notes"][0]["id"]);
        let (_, body) = stage.admin(Method::DELETE, &drop, "").await;
        assert_eq!(body["notes"].as_array().unwrap().len(), 1, "{body}");
        let url = format!("{}{path}", stage.worker.url);
        assert_eq!(stage.http.get(url).send().await.unwrap().status(), 401);

        stage.says(&ona, "human").await;
        let call: Value = serde_json::from_str(&arrived(stage, 1).await[0].body).unwrap();
        assert_eq!(call["notes"], serde_json::json!(["Wants rye"]));
        let forget = format!("/admin/delete?page={PAGE}&person={ona}");
        assert_eq!(stage.admin(Method::POST, &forget, "").await.0, 200);
        assert_eq!(stage.admin(Method::GET, &path, "").await.0, 404);
        // Whoever comes back is somebody new.
        stage.travel(stage.sandbox.now() + MINUTE).await;
        stage.sandbox.change_person(&ona, |person| person.owner = None);
        assert_eq!(stage.says(&ona, "bread").await, [BREAD]);
        let body = stage.told(&path).await;
        assert_eq!(body["notes"], serde_json::json!([]));
    });
}

#[test]
fn the_owner_reads_it_in_messenger_while_meta_allows_one_and_only_addresses_of_today_are_called() {
    let setup = Setup::of("handoff-owner", "tests/shops/handoff").clock(NOON);
    alone(setup, async |stage| {
        begin(stage).await;
        let owner = stage.person(PAGE);
        let told = variant("owner-told", |text| text.replace("7001002003004", &owner));
        stage.worker.publish(&told);
        stage.travel(stage.sandbox.now() + MINUTE + SECOND).await;
        // The owner writes to their own Page, as a customer would.
        assert_eq!(stage.says(&owner, "bread").await, [BREAD]);
        let ona = stage.person(PAGE);
        stage.says(&ona, "bread").await;
        let path = format!("/admin/note?page={PAGE}&person={ona}");
        let (status, body) = stage.admin(Method::POST, &path, "Rye only, gluten").await;
        assert_eq!(status, 200, "{body}");
        let before = stage.received(&owner).len();
        stage.says(&ona, "human").await;
        until("the owner is told", || async { stage.received(&owner).len() > before }).await;
        let notice = stage.received(&owner).split_off(before);
        assert_eq!(notice.len(), 1);
        assert!(notice[0].contains(&format!("asset_id={PAGE}")), "{notice:?}");
        assert!(notice[0].ends_with("Rye only, gluten"), "{notice:?}");
        assert!(stage.received(&ona).iter().all(|said| !said.contains("Rye only")));
        stage.settled().await;
        assert_eq!(OWNERS.arrived().len(), 0, "they know already");

        // A day later Meta allows no message, and the server is called.
        stage.travel(stage.sandbox.now() + DAY + HOUR).await;
        stage.cron().await;
        let before = stage.received(&owner).len();
        let tom = stage.person(PAGE);
        OWNERS.answer_with([Answer::Status(500)]);
        stage.says(&tom, "human").await;
        let calls = arrived(stage, 1).await;
        assert_eq!(stage.received(&owner).len(), before);
        let body: Value = serde_json::from_str(&calls[0].body).unwrap();
        assert_eq!(body["person"], tom.as_str());

        // The owner takes the address out before its second try.
        let other = variant("owner-moved", |text| {
            text.replace("7001002003004", &owner).replace(
                "webhook = \"https://owner.example/called?by=shopbell\"",
                "webhook = \"https://other.example/\"",
            )
        });
        stage.worker.publish(&other);
        stage.travel(stage.sandbox.now() + 2 * MINUTE).await;
        stage.cron().await;
        stage.travel(stage.sandbox.now() + 2 * HOUR).await;
        stage.cron().await;
        stage.settled().await;
        assert_eq!(OWNERS.arrived().len(), 1, "an address that nobody allows any more was called");
        assert_eq!(stage.count(PAGE, "call.given_up").await, 0);
    });
}
