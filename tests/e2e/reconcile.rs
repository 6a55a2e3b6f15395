//! Meta's own list of notification tokens through the real bundle: what is added, marked and left
//! out; pages that fail, a process that dies and a KV that refuses; and an emptied Desk.

use std::fs;

use crate::common::owner::Printed;
use crate::common::{DAY, HOUR, MINUTE, SECOND, Setup, Stage, alone, until};
use reqwest::Method;
use serde_json::{Value, json};
use shopbell::cli::sandbox::{Act, Fault, FaultKind, Hint, Token};

const PAGE: &str = "1029384756";
const START: &str = "2026-11-25T06:00:00Z";
const DAILY: &str = "What is warm today";
const LIST: &str = "notification_message_tokens";

fn setup(name: &'static str) -> Setup {
    Setup::of(name, "tests/shops/two-pages").clock(START)
}

/// People who agreed to the daily topic, two hours ago.
async fn subscribers(stage: &Stage, n: usize) -> Vec<String> {
    let people = stage.subscribers(PAGE, "DOOR", n).await;
    stage.travel(stage.sandbox.now() + 2 * HOUR).await;
    people
}

/// Somebody whose yes never reached the Worker.
fn elsewhere(stage: &Stage, title: &str, token: &str) -> String {
    let person = stage.person(PAGE);
    stage.sandbox.add_token(Token {
        token: token.to_owned(),
        person: person.clone(),
        page: PAGE.to_owned(),
        title: title.to_owned(),
        timezone: "Europe/Vilnius".to_owned(),
        created_at: stage.sandbox.now() - DAY,
        ..Token::default()
    });
    person
}

/// Asks about readings: the status, and the reading that is on, or the last one.
async fn ask(stage: &Stage, method: Method, query: &str) -> (u16, Value) {
    let path = format!("/admin/reconcile?page={PAGE}{query}");
    let (status, told) = stage.admin(method, &path, "").await;
    (status, told["answer"]["round"].clone())
}

async fn begin(stage: &Stage, how: &str) -> Value {
    let (status, round) = ask(stage, Method::POST, how).await;
    assert_eq!(status, 200);
    round
}

async fn state(stage: &Stage) -> Value {
    ask(stage, Method::GET, "").await.1
}

/// Begins a reading and helps it on until it is over.
async fn read(stage: &Stage, how: &str) -> Value {
    let mut round = begin(stage, how).await;
    let id = round["id"].clone();
    let end = std::time::Instant::now() + crate::common::SOON;
    while round["ended_at"].is_null() {
        assert!(std::time::Instant::now() < end, "{round}");
        (_, round) = ask(stage, Method::POST, &format!("&round={id}")).await;
    }
    round
}

async fn over(stage: &Stage) -> Value {
    until("the reading is over", || async { !state(stage).await["ended_at"].is_null() }).await;
    state(stage).await
}

async fn consents(stage: &Stage, person: &str) -> Value {
    stage.told(&format!("/admin/consent?page={PAGE}&person={person}")).await["answer"].clone()
}

fn last_receipt(consents: &Value) -> Value {
    let body = consents["receipts"].as_array().unwrap().last().unwrap()["body"].as_str().unwrap();
    serde_json::from_str(body).unwrap()
}

fn asked(stage: &Stage) -> Vec<shopbell::cli::sandbox::Call> {
    let mut calls = stage.sandbox.calls();
    calls.retain(|call| call.path == format!("{PAGE}/{LIST}"));
    calls
}

/// Runs one of the owner's commands about the shop and its Page.
async fn of_page(stage: &Stage, command: &[&str], more: &[&str]) -> Printed {
    let page = ["tests/shops/two-pages", "--page", PAGE];
    stage.shopbell(&[command, &page, more].concat()).await.good()
}

#[test]
fn the_command_adds_what_meta_has_marks_what_it_lost_and_leaves_out_what_is_nobodys() {
    alone(setup("reconcile"), async |stage| {
        let people = subscribers(stage, 4).await;
        let missed = elsewhere(stage, DAILY, "missed");
        elsewhere(stage, "Friday deals", "foreign");
        let stopped = &people[1];
        stage.says(stopped, "STOP").await;
        stage.sandbox.drop_tokens(|token| token.person == people[0]);
        stage.sandbox.settings(|settings| settings.tokens_page = 2);

        let dry = of_page(stage, &["reconcile"], &["--dry-run"]).await.text();
        assert!(dry.contains("nothing was changed") && dry.contains("1  added"), "{dry}");
        assert_eq!(consents(stage, &missed).await["consents"], json!([]));

        let told = of_page(stage, &["reconcile"], &["--format", "json"]).await.json();
        let [told] = &told[..] else { panic!("{told:?}") };
        let counts = &told["counts"];
        for (what, n) in [
            ("listed", 5),
            ("known", 2),
            ("added", 1),
            ("ended", 1),
            ("stopped", 1),
            ("foreign", 1),
        ] {
            assert_eq!(counts[what], n, "{what}: {told}");
        }
        assert_eq!(told["titles"], json!({"Friday deals": 1}));
        stage.settled().await;

        let added = consents(stage, &missed).await;
        assert_eq!(added["consents"][0]["status"], "active");
        assert_eq!(
            (&last_receipt(&added)["by"], &last_receipt(&added)["said"]),
            (&json!("meta_list"), &json!("granted"))
        );
        let kept = stage.worker.kv(&format!("subscription:{PAGE}:{missed}:daily")).unwrap();
        assert_eq!((&kept["token"], &kept["source"]), (&json!("missed"), &json!("meta_list")));
        let gone = last_receipt(&consents(stage, &people[0]).await);
        assert_eq!((&gone["by"], &gone["said"]), (&json!("meta_list"), &json!("token_ended")));
        assert_eq!(consents(stage, stopped).await["consents"][0]["status"], "stopped");
        let kept = stage.worker.kv(&format!("subscription:{PAGE}:{stopped}:daily")).unwrap();
        assert_eq!(kept["status"], "stopped");

        // What was added is told by its token, and the chain of receipts holds.
        stage.travel(crate::common::moment("2026-11-27T08:00:01Z")).await;
        stage.cron().await;
        stage.settled().await;
        let sent = |token: &str| {
            let mut calls = stage.messages();
            calls.retain(|call| call.body["recipient"]["notification_messages_token"] == token);
            calls.len()
        };
        assert_eq!((sent("missed"), sent("foreign")), (1, 0));
        let proof = of_page(stage, &["consent", &missed], &[]).await.text();
        assert!(proof.contains("verified"), "{proof}");
        let report = of_page(stage, &["report"], &[]).await.text();
        assert!(report.contains("tokens at Meta"), "{report}");
    });
}

#[test]
fn a_page_that_fails_is_asked_for_again_and_nothing_is_taken_back_on_half_a_list() {
    alone(setup("reconcile-fails"), async |stage| {
        let people = subscribers(stage, 5).await;
        stage.sandbox.drop_tokens(|token| token.person == people[4]);
        stage.sandbox.settings(|settings| settings.tokens_page = 2);
        let fault = |kind, hint| Fault {
            path: Some(LIST.to_owned()),
            after: 1,
            hint,
            ..Fault::next(kind, 1)
        };
        let hint = Hint { remaining_s: Some(300), ..Hint::default() };
        stage.sandbox.fault(fault(FaultKind::Code613, hint));
        begin(stage, "").await;
        // Meta was asked a moment before the Desk knows until when to wait.
        until("the second page failed", || async { state(stage).await["tries"] == 1 }).await;
        assert_eq!(asked(stage).len(), 2);
        stage.travel(stage.sandbox.now() + 4 * MINUTE).await;
        stage.cron().await;
        stage.settled().await;
        assert_eq!(asked(stage).len(), 2, "not before Meta says so");
        stage.travel(stage.sandbox.now() + MINUTE + SECOND).await;
        stage.cron().await;
        let round = over(stage).await;
        assert_eq!((&round["counts"]["known"], &round["counts"]["ended"]), (&json!(4), &json!(1)));
        let first = asked(stage).iter().filter(|call| !call.query.contains_key("after")).count();
        assert_eq!(first, 1, "it went on where it was");

        // A dead token is no passing trouble: the reading is given up, and says so.
        stage.sandbox.drop_tokens(|token| token.person == people[3]);
        stage.sandbox.fault(fault(FaultKind::Code190, Hint::default()));
        let round = read(stage, "").await;
        assert!(round["failed"].as_str().unwrap().contains("190"), "{round}");
        assert_eq!(round["counts"]["ended"], 0);
        let text = of_page(stage, &["report"], &[]).await.text();
        assert!(text.contains("nothing was taken back"), "{text}");
        stage.travel(stage.sandbox.now() + MINUTE).await;
        assert_eq!(read(stage, "").await["counts"]["ended"], 1);
    });
}

#[test]
fn a_process_that_dies_in_the_middle_goes_on_by_itself_and_kv_that_refuses_gets_it_later() {
    alone(setup("reconcile-dies"), async |stage| {
        let people = subscribers(stage, 6).await;
        for n in 0..4 {
            elsewhere(stage, DAILY, &format!("missed-{n}"));
        }
        stage.sandbox.drop_tokens(|token| token.person == people[0]);
        stage.sandbox.settings(|settings| {
            settings.tokens_page = 2;
            settings.latency_ms = 400;
        });
        assert_eq!(stage.get("/__kv?refuse=yes").await.status(), 200);
        begin(stage, "").await;
        until("the second page is asked for", || async { asked(stage).len() >= 2 }).await;
        stage.worker.kill();
        stage.sandbox.settings(|settings| settings.latency_ms = 0);
        stage.worker.restart();
        assert_eq!(stage.get("/__kv?refuse=yes").await.status(), 200);
        stage.cron().await;
        let round = over(stage).await;
        let counts = &round["counts"];
        assert_eq!((&counts["added"], &counts["ended"]), (&json!(4), &json!(1)), "{round}");
        assert_eq!((&counts["listed"], &counts["known"]), (&json!(9), &json!(5)), "{round}");
        let again = asked(stage).iter().filter(|call| !call.query.contains_key("after")).count();
        assert!(again <= 2, "at most the page that was on its way is read twice");

        assert_eq!(stage.desk(PAGE).await["kv_owed"], 5);
        assert_eq!(stage.get("/__kv?refuse=no").await.status(), 200);
        stage.travel(stage.sandbox.now() + 2 * HOUR).await;
        stage.cron().await;
        stage.settled().await;
        let added = stage.sandbox.calls().len();
        assert!(added > 0);
        let all = stage.told(&format!("/admin/recipients?page={PAGE}")).await;
        let all = all["answer"]["recipients"].as_array().unwrap().clone();
        assert_eq!(all.len(), 10);
        for one in &all {
            let key = format!("subscription:{PAGE}:{}:daily", one["person"].as_str().unwrap());
            assert_eq!(stage.worker.kv(&key).unwrap()["status"], "active", "{key}");
        }
    });
}

#[test]
fn an_emptied_desk_fills_itself_from_kv_and_the_list_at_its_first_tick() {
    alone(setup("reconcile-rebuild"), async |stage| {
        let people = subscribers(stage, 5).await;
        stage.says(&people[1], "STOP").await;
        stage.says(&people[2], "delete my data").await;
        let payload = Some("sb:delete".to_owned());
        stage.does(&people[2], Act::QuickReply { title: "Yes".to_owned(), payload }).await;
        stage.settled().await;
        // Meta still lists all of them.
        assert_eq!(stage.sandbox.tokens(&people[2]).len(), 1);
        assert_eq!(stage.sandbox.tokens(&people[1]).len(), 1);

        stage.worker.kill();
        let mut emptied = 0;
        for folder in fs::read_dir(stage.worker.state.join("v3/do")).unwrap() {
            let folder = folder.unwrap().path();
            if folder.to_string_lossy().ends_with("Desk") {
                fs::remove_dir_all(folder).unwrap();
                emptied += 1;
            }
        }
        assert_eq!(emptied, 1, "the Desks are lost, and KV and the clock are not");
        stage.worker.restart();
        stage.cron().await;
        let round = over(stage).await;
        let counts = &round["counts"];
        for (what, n) in [
            ("restored", 4),
            ("known", 3),
            ("added", 0),
            ("stopped", 1),
            ("forgotten", 1),
            ("ended", 0),
        ] {
            assert_eq!(counts[what], n, "{what}: {round}");
        }
        let status = async |person: &str| consents(stage, person).await["consents"].clone();
        assert_eq!(status(&people[0]).await[0]["status"], "active");
        assert_eq!(status(&people[1]).await[0]["status"], "stopped");
        assert_eq!(status(&people[2]).await, json!([]));
        assert_eq!(last_receipt(&consents(stage, &people[0]).await)["by"], "kv");
        // It works again: the two who ended it are not told.
        stage.travel(crate::common::moment("2026-11-27T08:00:01Z")).await;
        stage.cron().await;
        stage.settled().await;
        let told = |psid: &String| {
            stage.received(psid).iter().filter(|said| said.starts_with("WARM")).count()
        };
        assert_eq!(people.iter().map(told).collect::<Vec<_>>(), [1, 0, 0, 1, 1]);
        // By command, where the index is not empty.
        let round = read(stage, "&rebuild=1&dry_run=1").await;
        assert_eq!(
            (&round["counts"]["restored"], &round["counts"]["known"]),
            (&json!(0), &json!(3))
        );
    });
}
