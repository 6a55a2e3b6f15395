//! What people asked to be told: to whom it goes, when, how often at most, and what stops it.
//! Time is the Worker's virtual clock; cron fires only when a test fires it.

use crate::common::{DAY, HOUR, MINUTE, SECOND, Setup, Stage, alone, moment, until};
use serde_json::{Value, json};
use shopbell::cli::sandbox::Act;
use shopbell::shop::lang::{HoldTexts, language};
use shopbell::shop::model::Lang;

const PAGE: &str = "1029384756";
const WARM: &str = "WARM: the rye bread is out of the oven.";
const FRIDAY: &str = "FRIDAY: honey cake.";
const SATURDAY: &str = "SATURDAY: honey cake again.";

/// Why something is held, in an owner's words.
fn holds(lang: &str) -> &'static HoldTexts {
    &language(&Lang(lang.to_owned())).holds
}

fn closed(lang: &str, why: impl Fn(&HoldTexts) -> &'static str) -> String {
    format!("{} {}", holds(lang).window_closed, why(holds(lang)))
}

/// How often each person was told this.
fn told(stage: &Stage, people: &[String], what: &str) -> Vec<usize> {
    let times = |psid: &String| stage.received(psid).iter().filter(|said| *said == what).count();
    people.iter().map(times).collect()
}

/// Fires the cron trigger, several times at once, and waits for what comes of it.
async fn cron(stage: &Stage, at_once: usize) {
    let url = format!("{}/cdn-cgi/local/scheduled?cron=*+*+*+*+*", stage.worker.url);
    let fired: Vec<_> = (0..at_once).map(|_| tokio::spawn(stage.http.get(&url).send())).collect();
    for one in fired {
        assert_eq!(one.await.unwrap().unwrap().status(), 200);
    }
    stage.settled().await;
}

/// The lines of the last days about one notification and period.
async fn ledger(stage: &Stage, page: &str, notification: &str, period: &str) -> Vec<Value> {
    let desk = stage.desk(page).await;
    let lines = desk["notifications"].as_array().unwrap().iter();
    let ours = |line: &&Value| line["notification"] == notification && line["period"] == period;
    lines.filter(ours).cloned().collect()
}

#[test]
fn a_daily_notification_is_sent_once_a_day_however_cron_fires() {
    let setup = Setup::of("daily", "tests/shops/two-pages").clock("2026-11-25T06:00:00Z");
    alone(setup, async |stage| {
        const PEOPLE: usize = 10;
        let ten = moment("2026-11-25T08:00:00Z"); // 10:00 in Vilnius
        let people = stage.subscribers(PAGE, "DOOR", PEOPLE).await;
        let bystander = stage.person(PAGE);
        stage.says(&bystander, "any coffee?").await;

        stage.travel(ten - 30 * SECOND).await;
        cron(stage, 1).await;
        assert_eq!(told(stage, &people, WARM), [0; PEOPLE], "not before ten");
        stage.travel(ten + SECOND).await;
        cron(stage, 3).await;
        assert_eq!(
            told(stage, &people, WARM),
            [1; PEOPLE],
            "in the window, three triggers at once"
        );
        for late in [MINUTE, 30 * MINUTE, 119 * MINUTE, 121 * MINUTE, 5 * HOUR] {
            stage.travel(ten + late).await;
            cron(stage, 2).await;
        }
        assert_eq!(told(stage, &people, WARM), [1; PEOPLE]);
        for call in stage.sends(&people[0]).await.iter().rev().take(1) {
            assert_eq!(call.body["recipient"], json!({"id": people[0]}));
            assert_eq!(call.body["messaging_type"], "UPDATE");
        }

        // The next day the window is closed: by the token, where Meta still takes it.
        stage.travel(ten + DAY + 90 * MINUTE).await;
        cron(stage, 3).await;
        cron(stage, 1).await;
        assert_eq!(told(stage, &people, WARM), [2; PEOPLE], "ninety minutes late, and once");
        for psid in &people {
            let token = stage.sandbox.tokens(psid)[0].token.clone();
            let call = stage.sends(psid).await.pop().unwrap();
            assert_eq!(call.body["recipient"], json!({"notification_messages_token": token}));
        }
        let kept = stage.worker.kv(&format!("subscription:{PAGE}:{}:daily", people[0])).unwrap();
        let next = moment(kept["next_eligible_at"].as_str().unwrap());
        let rested = ten + 3 * DAY + 90 * MINUTE;
        assert!((rested..rested + MINUTE).contains(&next), "48 hours after it was sent: {kept}");

        // On the third day Meta would refuse the token: held, and the owner can read why.
        stage.travel(ten + 2 * DAY + MINUTE).await;
        cron(stage, 2).await;
        assert_eq!(told(stage, &people, WARM), [2; PEOPLE]);
        let lines = ledger(stage, PAGE, "warm", "2026-11-27").await;
        assert_eq!(
            lines.iter().map(|l| l["people"].as_i64().unwrap()).sum::<i64>(),
            10,
            "{lines:?}"
        );
        for line in &lines {
            assert_eq!(line["outcome"], "held");
            assert_eq!(line["reason"], closed("en", |holds| holds.not_before));
        }

        // Two hours late is too late: this day's bread is cold.
        stage.travel(ten + 3 * DAY + 2 * HOUR + MINUTE).await;
        cron(stage, 2).await;
        assert_eq!(told(stage, &people, WARM), [2; PEOPLE]);
        stage.travel(ten + 4 * DAY + MINUTE).await;
        cron(stage, 2).await;
        assert_eq!(told(stage, &people, WARM), [3; PEOPLE]);
        // Whoever never agreed never heard of it; and Meta never had to refuse anything.
        assert_eq!(told(stage, &[bystander], WARM), [0]);
        assert!(stage.messages().iter().all(|call| call.status == 200));
        assert_eq!(stage.count(PAGE, "run.warm").await, 4);
    });
}

#[test]
fn a_weekly_topic_is_never_sent_twice_in_a_week() {
    let setup = Setup::of("weekly", "tests/shops/two-pages").clock("2026-11-27T10:00:00Z");
    alone(setup, async |stage| {
        let people = stage.subscribers(PAGE, "TILL", 3).await;
        let friday = moment("2026-11-27T14:00:00Z");
        stage.travel(friday + SECOND).await;
        cron(stage, 2).await;
        assert_eq!(told(stage, &people, FRIDAY), [1; 3]);
        // On Saturday the window is open, and only the promise stands against it.
        stage.travel(friday + 22 * HOUR).await;
        for psid in &people {
            stage.says(psid, "any coffee?").await;
        }
        stage.travel(friday + DAY + SECOND).await;
        cron(stage, 2).await;
        assert_eq!(told(stage, &people, SATURDAY), [0; 3]);
        let lines = ledger(stage, PAGE, "saturday", "2026-11-28").await;
        assert_eq!(lines.len(), 1, "{lines:?}");
        assert_eq!((&lines[0]["outcome"], &lines[0]["people"]), (&json!("held"), &json!(3)));
        assert_eq!(lines[0]["reason"], holds("en").weekly);
        stage.travel(friday + 7 * DAY + SECOND).await;
        cron(stage, 1).await;
        assert_eq!(told(stage, &people, FRIDAY), [2; 3]);
    });
}

#[test]
fn what_happens_between_planning_and_sending_still_counts() {
    let setup = Setup::of("between", "tests/shops/two-pages").clock("2026-11-25T06:00:00Z");
    alone(setup, async |stage| {
        let people = stage.subscribers(PAGE, "DOOR", 12).await;
        stage.travel(moment("2026-11-25T08:00:01Z")).await;
        stage.sandbox.clear_record();
        stage.sandbox.settings(|settings| settings.latency_ms = 5_000);
        stage.cron().await;
        until("the first requests", || async { stage.messages().len() >= 4 }).await;
        // Everything is planned; four are on their way. The others change their minds.
        let called: Vec<String> =
            stage.messages().into_iter().filter_map(|call| call.person).collect();
        assert_eq!(called.len(), 4, "replies keep two of the six places: {called:?}");
        let waiting: Vec<&String> = people.iter().filter(|psid| !called.contains(psid)).collect();
        let menu = Act::StopNotifications { title: None, spelled_with_space: false };
        let spaced = Act::StopNotifications { title: None, spelled_with_space: true };
        let say = |text: &str| Act::Message { text: text.to_owned(), reply_to: None };
        let colleague = Act::HumanReply { text: "I'll look".to_owned(), as_printed: false };
        let payload = Some("sb:delete".to_owned());
        let yes = Act::QuickReply { title: "Yes".to_owned(), payload };
        let minds = [
            vec![say("STOP")],
            vec![menu],
            vec![spaced],
            vec![say("delete my data"), yes],
            vec![say("human")],
            vec![colleague],
        ];
        for (psid, minds) in waiting.iter().zip(minds) {
            for mind in minds {
                let webhooks = stage.sandbox.act(psid, mind).await.unwrap();
                assert_eq!(webhooks[0].status(), Some(200));
            }
        }
        stage.sandbox.settings(|settings| settings.latency_ms = 0);
        stage.settled().await;
        for (psid, mind) in
            waiting.iter().zip(["STOP", "menu", "spaced menu", "DELETE", "HUMAN", "colleague"])
        {
            assert_eq!(told(stage, &[(*psid).clone()], WARM), [0], "{mind} came before it left");
        }
        let others: Vec<String> =
            people.iter().filter(|psid| !waiting[..6].contains(psid)).cloned().collect();
        assert_eq!(told(stage, &others, WARM), vec![1; 6]);
        // The next day the same people are not told either, but for the two who wanted a person:
        // their pause is over, and they never took their consent back.
        stage.travel(moment("2026-11-26T08:00:01Z")).await;
        cron(stage, 2).await;
        let later: Vec<String> = waiting[..6].iter().map(|psid| (*psid).clone()).collect();
        assert_eq!(told(stage, &later, WARM), [0, 0, 0, 0, 1, 1]);
    });
}

#[test]
fn a_stop_that_stands_only_in_kv_is_obeyed() {
    let setup = Setup::of("stopped-in-kv", "tests/shops/two-pages").clock("2026-11-25T09:00:00Z");
    alone(setup, async |stage| {
        let people = stage.subscribers(PAGE, "DOOR", 2).await;
        let key = format!("subscription:{PAGE}:{}:daily", people[0]);
        let mut kept = stage.worker.kv(&key).unwrap();
        kept["status"] = json!("stopped");
        stage.worker.kv_put(&key, &kept);
        stage.travel(moment("2026-11-27T08:00:01Z")).await;
        cron(stage, 1).await;
        assert_eq!(told(stage, &people, WARM), [0, 1]);
    });
}

#[test]
fn where_meta_ended_them_a_notification_is_held_and_says_why() {
    let setup = Setup::of("taiwan", "examples/tea").clock("2026-11-25T08:00:00Z");
    alone(setup, async |stage| {
        const TEA: &str = "100200300400502";
        let thursday = moment("2026-11-26T10:30:00Z"); // 18:30 in Taipei
        let people = stage.subscribers(TEA, "COUNTER", 3).await;
        // One of them writes on the day: their window is open.
        stage.travel(thursday - HOUR).await;
        assert_eq!(stage.says(&people[2], "hello there").await.len(), 1);
        stage.travel(thursday + SECOND).await;
        let before = people.iter().map(|psid| stage.received(psid).len()).collect::<Vec<_>>();
        cron(stage, 2).await;
        let after = people.iter().map(|psid| stage.received(psid).len()).collect::<Vec<_>>();
        let more: Vec<usize> =
            after.iter().zip(before).map(|(after, before)| after - before).collect();
        assert_eq!(more, [0, 0, 1]);
        let lines = ledger(stage, TEA, "weekend-table", "2026-11-26").await;
        let held = lines.iter().find(|line| line["outcome"] == "held").unwrap();
        assert_eq!(held["people"], 2);
        assert_eq!(held["reason"], closed("zh-TW", |holds| holds.wrong_country), "in Chinese");
        assert!(lines.iter().any(|line| line["outcome"] == "sent" && line["people"] == 1));
        assert!(stage.messages().iter().all(|call| call.status == 200), "nothing was tried");
    });
}
