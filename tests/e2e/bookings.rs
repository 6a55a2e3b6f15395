//! Booking through the real bundle: eight people after one table, the owner's list, the link for a
//! calendar, and what is left when somebody is forgotten.

use crate::common::{Setup, Stage, alone, until};
use reqwest::Method;
use serde_json::Value;
use shopbell::cli::sandbox::Act;

/// The tea house, which has one table in the example.
const TEA: &str = "100200300400502";
/// A Tuesday morning in Taipei.
const MORNING: &str = "2026-11-24T02:00:00Z";

fn taps(payload: &str) -> Act {
    Act::QuickReply { title: "x".into(), payload: Some(payload.to_owned()) }
}

fn says(text: &str) -> Act {
    Act::Message { text: text.to_owned(), reply_to: None }
}

/// Everybody does the same at the same time.
async fn all_do(stage: &Stage, people: &[String], act: impl Fn() -> Act) {
    let one = async |n: usize| {
        let webhooks = stage.sandbox.act(&people[n], act()).await.unwrap();
        assert!(webhooks.iter().all(|webhook| webhook.status() == Some(200)));
    };
    tokio::join!(one(0), one(1), one(2), one(3), one(4), one(5), one(6), one(7));
    stage.settled().await;
}

async fn bookings(stage: &Stage) -> Vec<Value> {
    let told = stage.told(&format!("/admin/bookings?page={TEA}")).await;
    told["pages"][0]["bookings"].as_array().unwrap().clone()
}

/// The newest link to a calendar entry in somebody's thread.
fn link(stage: &Stage, person: &str) -> String {
    let thread = stage.sandbox.thread(person).unwrap().thread;
    let texts: Vec<String> = thread.iter().rev().map(|bubble| bubble.message.to_string()).collect();
    let found = texts.iter().find_map(|text| {
        let from = text.find("http://").filter(|_| text.contains("/calendar/"))?;
        text.get(from..)?.split('"').next().map(str::to_owned)
    });
    found.unwrap()
}

#[test]
fn of_eight_people_after_the_last_table_one_has_it() {
    let setup = Setup::of("bookings", "examples/tea").clock(MORNING);
    alone(setup, async |stage| {
        let people: Vec<String> = (0..8).map(|_| stage.person(TEA)).collect();
        all_do(stage, &people, || taps("sb:form:table")).await;
        all_do(stage, &people, || says("今天 19:00")).await;
        let held = bookings(stage).await;
        assert_eq!(held.len(), 1, "{held:?}");
        assert_eq!(held[0]["state"], "held");
        all_do(stage, &people, || says("2")).await;
        // The others try the same moment again, with the payload of a button they never had.
        let moment = "1795518000000";
        all_do(stage, &people, || taps(&format!("sb:form:table:is:table_at:{moment}"))).await;
        all_do(stage, &people, || taps("sb:form:table:do:confirm")).await;
        all_do(stage, &people, || taps("sb:form:table:do:confirm")).await;
        let listed = bookings(stage).await;
        let booked: Vec<&Value> = listed.iter().filter(|b| b["state"] == "booked").collect();
        assert_eq!(booked.len(), 1, "{listed:?}");
        assert_eq!(booked[0]["starts_at"], "2026-11-24T11:00:00Z");
        let told: Vec<&String> = people
            .iter()
            .filter(|person| stage.received(person).iter().any(|said| said.contains("完成！")))
            .collect();
        assert_eq!(told.len(), 1);
        assert_eq!(booked[0]["person"], told[0].as_str());
        stage.worker.assert_calm();
    });
}

#[test]
fn the_owner_sees_who_comes_and_the_guest_has_it_in_their_calendar() {
    let setup = Setup::of("bookings-list", "examples/tea").clock(MORNING);
    alone(setup, async |stage| {
        let lin = stage.person(TEA);
        stage.does(&lin, taps("sb:form:table")).await;
        stage.says(&lin, "明天下午4點").await;
        stage.says(&lin, "4").await;
        let said = stage.does(&lin, taps("sb:form:table:do:confirm")).await;
        assert!(said.last().unwrap().contains("完成！"), "{said:?}");

        let url = format!("{}/admin/bookings", stage.worker.url);
        assert_eq!(stage.http.get(&url).send().await.unwrap().status(), 401);
        assert_eq!(stage.http.post(&url).send().await.unwrap().status(), 405);
        assert_eq!(stage.admin(Method::GET, "/admin/bookings?page=1", "").await.0, 404);
        let listed = bookings(stage).await;
        assert_eq!(listed[0]["note"], "• 人數: 4");
        let shown = stage.shopbell(&["bookings", "examples/tea"]).await.out;
        assert!(shown.contains("2026年11月25日（三） 下午 4:00  訂位  booked"), "{shown}");

        // The link is signed: one digit else, and nobody is asked.
        let link = link(stage, &lin);
        let entry = stage.http.get(&link).send().await.unwrap();
        assert_eq!(entry.status(), 200);
        assert_eq!(entry.headers()["content-type"], "text/calendar; charset=utf-8");
        assert_eq!(entry.headers()["cache-control"], "private, no-store");
        let entry = entry.text().await.unwrap();
        assert!(entry.contains("DTSTART:20261125T080000Z") && !entry.contains(&lin), "{entry}");
        let token = link.rsplit('/').next().unwrap();
        let digit = if token.starts_with('0') { "1" } else { "0" };
        let forged = link.replace(token, &format!("{digit}{}", &token[1..]));
        assert_eq!(stage.http.get(&forged).send().await.unwrap().status(), 404);
        assert_eq!(stage.http.post(&link).send().await.unwrap().status(), 405);
        for path in ["/calendar/", "/calendar/1/x.ics", "/calendar/%2e%2e/x"] {
            let answer = stage.get(path).await;
            assert_eq!(answer.status(), 404, "{path}");
        }

        // Cancelled, the entry says so; forgotten, there is none.
        stage.does(&lin, taps("sb:form:table:do:drop")).await;
        let entry = stage.http.get(&link).send().await.unwrap().text().await.unwrap();
        assert!(entry.contains("STATUS:CANCELLED"), "{entry}");
        stage.admin(Method::POST, &format!("/admin/delete?page={TEA}&person={lin}"), "").await;
        until("the booking is gone", async || {
            stage.http.get(&link).send().await.unwrap().status() == 404
        })
        .await;
        assert!(bookings(stage).await.is_empty());
        stage.worker.assert_calm();
    });
}
