//! Sequences and offers on the real bundle: killed in the middle, nobody is told twice, and everybody
//! goes on where they were. Time is the Worker's virtual clock.
use std::time::Duration;

use crate::common::{DAY, MINUTE, SECOND, Setup, Stage, alone, moment, until};
use reqwest::Method;
use shopbell::cli::sandbox::Act;

const PAGE: &str = "100200300400521";
const SHOP: &str = "tests/scenarios/letters";
const PEOPLE: usize = 14;

/// Notifications on their way at a time; a claim more may have been made before the end.
const IN_FLIGHT: usize = 4;

/// People who came by the door and agreed to its letters.
async fn subscribers(stage: &Stage) -> Vec<String> {
    let people = stage.guests(PAGE, "DOOR", PEOPLE).await;
    // The letters are in the language that they write.
    for psid in &people {
        stage.sandbox.says(psid, "labas").await.unwrap();
    }
    stage.settled().await;
    stage.agree(&people).await;
    people
}

/// How often each person was told a letter that begins so.
fn told(stage: &Stage, people: &[String], letter: &str) -> Vec<usize> {
    let times =
        |psid: &String| stage.received(psid).iter().filter(|said| said.starts_with(letter)).count();
    people.iter().map(times).collect()
}

/// People by outcome of one step.
async fn outcome(stage: &Stage, step: &str, outcome: &str) -> i64 {
    let desk = stage.desk(PAGE).await;
    let lines = desk["notifications"].as_array().unwrap().iter();
    let ours = lines.filter(|line| line["notification"] == step && line["outcome"] == outcome);
    ours.map(|line| line["people"].as_i64().unwrap()).sum()
}

async fn tick(stage: &Stage) {
    stage.cron().await;
    stage.settled().await;
}

#[test]
fn killed_in_the_middle_of_a_sequence_nobody_is_told_twice_and_everybody_goes_on() {
    let setup = Setup::of("sequences", SHOP).clock("2026-11-23T08:00:00Z");
    alone(setup, async |stage| {
        let people = subscribers(stage).await;
        let start = stage.sandbox.now();
        let first = "Pirmas laiškas";

        stage.travel(start + 20 * MINUTE).await;
        tick(stage).await;
        assert_eq!(told(stage, &people, first), [0; PEOPLE], "not yet");

        // All of them are due; the process dies while the first four are on their way.
        stage.travel(start + 31 * MINUTE).await;
        stage.sandbox.clear_record();
        stage.sandbox.settings(|settings| settings.latency_ms = 3_000);
        stage.cron().await;
        until("the first requests", || async { !stage.messages().is_empty() }).await;
        tokio::time::sleep(Duration::from_millis(200)).await;
        stage.worker.kill();
        stage.sandbox.settings(|settings| settings.latency_ms = 0);
        stage.worker.restart();
        stage.travel(start + 33 * MINUTE).await;
        tick(stage).await;
        stage.travel(start + 35 * MINUTE).await;
        tick(stage).await;
        let firsts = told(stage, &people, first);
        assert!(firsts.iter().all(|times| *times <= 1), "{firsts:?}");
        let unheard = firsts.iter().filter(|times| **times == 0).count();
        assert!(unheard <= IN_FLIGHT, "{firsts:?}");
        let unknown = outcome(stage, "welcome-hello", "unknown").await;
        assert!(i64::try_from(unheard).unwrap() <= unknown, "{unheard} are lost");
        let sent = outcome(stage, "welcome-hello", "sent").await;
        assert_eq!(sent + unknown, PEOPLE as i64, "everybody is accounted for");

        // One answers, one says STOP, one wants a person: the second letter is for the others.
        stage.travel(start + 40 * MINUTE).await;
        stage.says(&people[0], "Ačiū, labai įdomu").await;
        stage.says(&people[1], "STOP").await;
        stage.says(&people[2], "žmogus").await;
        let second = moment("2026-11-25T08:00:00Z"); // 10:00 in Vilnius
        stage.travel(second + SECOND).await;
        let plan = ["plan", SHOP, "--page", PAGE, "--week", "--at", "2026-11-25T10:00"];
        let plan = stage.shopbell(&plan).await.good().out;
        assert!(plan.contains("welcome-paper: Wed 2026-11-25 10:00"), "{plan}");
        for _ in 0..2 {
            tick(stage).await;
        }
        let mut expected = [1; PEOPLE];
        expected[..3].fill(0);
        assert_eq!(told(stage, &people, "Antras laiškas"), expected);
        // By token: the window has long closed.
        let call = stage.sends(&people[5]).await.pop().unwrap();
        assert!(call.body["recipient"]["notification_messages_token"].is_string(), "{call:?}");

        // Killed between the steps, and nothing ran for a day after the last one was due.
        stage.worker.kill();
        stage.worker.restart();
        for day in 3..=6 {
            stage.travel(second + day * DAY + MINUTE).await;
            tick(stage).await;
        }
        assert_eq!(told(stage, &people, "Trečias laiškas"), [0; PEOPLE], "nobody is curious");
        assert_eq!(told(stage, &people, "Paskutinis laiškas"), expected);

        let report = stage.shopbell(&["report", SHOP, "--page", PAGE]).await.good().out;
        let eleven = PEOPLE - 3;
        assert!(report.contains(&format!("once welcome-paper: planned {eleven}")), "{report}");
        assert!(report.contains(&format!("sequence welcome: done {eleven}")), "{report}");
        stage.worker.assert_calm();
    });
}

#[test]
fn an_offer_that_the_owner_opens_tells_whoever_asked() {
    let setup = Setup::of("offers", SHOP).clock("2026-11-23T08:00:00Z");
    alone(setup, async |stage| {
        let psid = stage.person(PAGE);
        let other = stage.person(PAGE);
        for psid in [&psid, &other] {
            stage.says(psid, "labas").await;
            stage.sandbox.scan(psid, "SHELF").await.unwrap();
            stage.settled().await;
        }
        let tap = |payload: &str| Act::Postback {
            title: "Pranešti apie rašalą".to_owned(),
            payload: payload.to_owned(),
            referral: None,
        };
        let said = stage.does(&psid, tap("sb:remind:ink")).await;
        assert!(said[0].contains("Žalias rašalas"), "{said:?}");
        stage.does(&psid, Act::OptIn { mid: None }).await;
        let waiting = stage.shopbell(&["offer", "--page", PAGE]).await.good().out;
        assert!(waiting.contains("1 wait, opened by you"), "{waiting}");

        stage.travel(moment("2026-11-26T08:00:00Z")).await;
        let opened = stage.shopbell(&["offer", "--page", PAGE, "--open", "ink"]).await.good();
        assert_eq!(opened.out, "ink is open: 1 waited for it\n");
        tick(stage).await;
        tick(stage).await;
        let heard = |psid: &str| {
            let all = stage.received(psid);
            all.iter().filter(|said| said.starts_with("Žalias rašalas jau")).count()
        };
        assert_eq!((heard(&psid), heard(&other)), (1, 0));
        let token = stage.http.post(format!("{}/admin/offers?open=ink", stage.worker.url));
        assert_eq!(token.send().await.unwrap().status(), 401);
        assert_eq!(stage.admin(Method::POST, "/admin/offers", "").await.0, 400);
        let (_, again) = stage.admin(Method::POST, "/admin/offers?open=ink", "").await;
        assert_eq!(again["answer"], "already");
    });
}
