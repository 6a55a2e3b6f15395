//! KV that refuses writes: consents wait in the Desk and are written when it takes them again.

use crate::common::{CAFE, HOUR, MINUTE, Setup, Stage, alone, until};
use shopbell::cli::sandbox::Act;

async fn kv_refuses(stage: &Stage, refuse: bool) {
    let path = format!("/__kv?refuse={}", if refuse { "yes" } else { "no" });
    assert_eq!(stage.get(&path).await.status(), 200);
}

async fn owed(stage: &Stage) -> i64 {
    stage.desk(CAFE).await["kv_owed"].as_i64().unwrap()
}

#[test]
fn an_hour_of_refused_writes_loses_no_consent_and_holds_up_no_answer() {
    let setup = Setup::cafe("kv-refuses").clock("2026-11-25T06:00:00Z");
    alone(setup, async |stage| {
        let (ona, kate) = (stage.person(CAFE), stage.person(CAFE));
        for person in [&ona, &kate] {
            stage.sandbox.scan(person, "TABLE").await.unwrap();
            stage.does(person, Act::GetStarted).await;
        }
        kv_refuses(stage, true).await;
        for person in [&ona, &kate] {
            let before = stage.received(person).len();
            stage.sandbox.act(person, Act::OptIn { mid: None }).await.unwrap();
            until("thanks", async || stage.received(person).len() > before).await;
        }
        assert_eq!(owed(stage).await, 2, "both consents wait in the Desk");

        let start = stage.sandbox.now();
        stage.travel(start + 30 * MINUTE).await;
        let before = stage.received(&ona).len();
        stage
            .sandbox
            .act(&ona, Act::Message { text: "STOP".into(), reply_to: None })
            .await
            .unwrap();
        until("a confirmed STOP", async || stage.received(&ona).len() > before).await;
        assert_eq!(owed(stage).await, 2, "of one key only the newest value waits");
        let key = |person: &str| format!("subscription:{CAFE}:{person}:today");
        assert_eq!(stage.worker.kv(&key(&ona)), None);
        assert_eq!(stage.worker.kv(&key(&kate)), None);

        kv_refuses(stage, false).await;
        // The pause between two tries grows to an hour and no further.
        stage.travel(start + 30 * MINUTE + HOUR + MINUTE).await;
        stage.settled().await;
        assert_eq!(stage.worker.kv(&key(&ona)).unwrap()["status"], "stopped");
        assert_eq!(stage.worker.kv(&key(&kate)).unwrap()["status"], "active");
    });
}
