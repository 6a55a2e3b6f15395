//! Comments, ads and friends through the real bundle, on both platforms.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::time::Duration;

use crate::common::{MINUTE, SECOND, Setup, Stage, alone, moment, on, until};
use serde_json::Value;
use shopbell::cli::sandbox::{Act, Call, Fate, Fault, FaultKind, How, Platform};

const PAGE: &str = "1029384756";
/// A Tuesday.
const NOON: &str = "2026-11-24T10:00:00Z";
const PRICE: &str = "PRICE: a loaf is three euro.";

static STAGE: LazyLock<Stage> = LazyLock::new(|| Stage::start(setup("doors").clock(NOON)));

fn setup(name: &'static str) -> Setup {
    Setup::of(name, "tests/shops/doors")
}

fn comments(text: &str) -> Act {
    Act::Comment { text: text.to_owned(), post_id: None }
}

/// The calls that answered comments privately.
fn private(stage: &Stage) -> Vec<Call> {
    let calls = stage.sandbox.calls().into_iter();
    calls.filter(|call| call.body["recipient"]["comment_id"].is_string()).collect()
}

/// What was said under comments.
fn public(stage: &Stage) -> Vec<Call> {
    let edge = |call: &Call| call.path.ends_with("/comments") || call.path.ends_with("/replies");
    stage.sandbox.calls().into_iter().filter(edge).collect()
}

/// What the funnels of a Page's Desks have counted.
async fn funnel(stage: &Stage, shards: u32, source: &str, stage_name: &str) -> i64 {
    let mut sum = 0;
    for shard in 0..shards {
        let told = stage.told(&format!("/admin/funnel?page={PAGE}&shard={shard}&days=9")).await;
        let lines = told["answer"]["lines"].as_array().unwrap().iter();
        let same = lines.filter(|line| line["source"] == source && line["stage"] == stage_name);
        sum += same.map(|line| line["n"].as_i64().unwrap()).sum::<i64>();
    }
    sum
}

fn on_platform(stage: &Stage, platform: Platform) -> String {
    stage.sandbox.person(PAGE, platform)
}

#[test]
fn a_comment_is_answered_privately_then_publicly_and_the_conversation_goes_on() {
    on(&STAGE, async |stage| {
        for (platform, edge) in
            [(Platform::Messenger, "comments"), (Platform::Instagram, "replies")]
        {
            stage.sandbox.clear_record();
            let psid = on_platform(stage, platform);
            let conversations = funnel(stage, 1, "comment:price", "conversation").await;
            assert_eq!(stage.does(&psid, comments("what's the price?")).await, [PRICE]);
            until("said under it", || async { !public(stage).is_empty() }).await;
            stage.settled().await;
            let (private, public) = (private(stage), public(stage));
            assert_eq!((private.len(), public.len()), (1, 1), "{platform:?}");
            assert_eq!(private[0].body["messaging_type"], Value::Null);
            let comment = private[0].body["recipient"]["comment_id"].as_str().unwrap();
            assert_eq!(public[0].path, format!("{comment}/{edge}"));
            assert_eq!((private[0].status, public[0].status), (200, 200));
            // Its own words under the post, an edit, another comment and a reply: nothing more.
            for act in [
                comments("the price please"),
                Act::ChangeComment { verb: "edited".into(), text: Some("price!".into()) },
                Act::PageComment { text: "the price is fair".into(), post_id: None },
                Act::AnswerComment { text: "price?".into(), comment_id: comment.to_owned() },
            ] {
                assert_eq!(stage.does(&psid, act).await, [""; 0], "{platform:?}");
            }
            // Their answer is one: consent is asked for, and it is counted for the comment.
            let answer = stage.says(&psid, "mmh yes sure").await;
            assert_eq!(answer, ["News from the oven"], "{platform:?}");
            assert_eq!(funnel(stage, 1, "comment:price", "conversation").await, conversations + 1);
            let before = funnel(stage, 1, "comment:price", "optin").await;
            stage.does(&psid, Act::OptIn { mid: None }).await;
            assert_eq!(funnel(stage, 1, "comment:price", "optin").await, before + 1);
        }
        let report = stage.told(&format!("/admin/report?page={PAGE}&days=9")).await;
        let lines = report["answer"]["comments"].as_array().unwrap();
        assert!(lines.iter().any(|line| line["rule"] == "price" && line["outcome"] == "sent"));
        assert!(!stage.worker.log().contains("what's the price"), "no comment is logged");
    });
}

#[test]
fn live_comments_are_answered_while_it_lasts_and_not_in_public() {
    on(&STAGE, async |stage| {
        stage.sandbox.clear_record();
        let psid = on_platform(stage, Platform::Instagram);
        let live = Act::LiveComment { text: "what's the price?".into(), post_id: None };
        assert_eq!(stage.does(&psid, live).await, [PRICE]);
        assert_eq!(public(stage).len(), 0);
    });
}

#[test]
fn an_ad_is_answered_by_its_rule_and_opens_a_week() {
    on(&STAGE, async |stage| {
        for platform in [Platform::Messenger, Platform::Instagram] {
            let ad = |text: Option<&str>| Act::FromAd {
                ad_id: "120200000000000001".into(),
                referral: None,
                text: text.map(str::to_owned),
                title: Some("Bread for all".into()),
            };
            let newcomer = on_platform(stage, platform);
            assert_eq!(stage.does(&newcomer, ad(None)).await, ["SALE: half price today."]);
            let writes = on_platform(stage, platform);
            assert_eq!(
                stage.does(&writes, ad(Some("hm ok then"))).await,
                ["SALE: half price today."]
            );
            let asks = on_platform(stage, platform);
            let said = stage.does(&asks, ad(Some("what bread do you have"))).await;
            assert_eq!(said, ["BREAD: rye and wheat."]);
        }
        assert_eq!(funnel(stage, 1, "ad:120200000000000001", "new").await, 6);
    });
}

#[test]
fn friends_come_by_a_link_and_count_once() {
    on(&STAGE, async |stage| {
        let ona = on_platform(stage, Platform::Messenger);
        let said = stage.says(&ona, "bring a friend").await;
        let ref_ = said[0].strip_prefix("LINK:\nhttps://m.me/rye.vilnius?ref=").unwrap().to_owned();
        let friend = on_platform(stage, Platform::Messenger);
        stage.sandbox.act(&friend, Act::Referral { referral: ref_.clone() }).await.unwrap();
        let said = stage.does(&friend, Act::GetStarted).await;
        assert_eq!(said, ["FRIEND: the first coffee is on us."]);
        until("thanked", || async {
            stage.received(&ona).last().is_some_and(|said| said == "THANKS for bringing a friend.")
        })
        .await;
        // Once more, and the customer themselves: the plain welcome.
        for psid in [&friend, &ona] {
            let said = stage.does(psid, Act::Referral { referral: ref_.clone() }).await;
            assert_eq!(said, ["WELCOME."]);
        }
        stage.settled().await;
        let thanks = |said: &&String| said.starts_with("THANKS");
        assert_eq!(stage.received(&ona).iter().filter(thanks).count(), 1);
        assert_eq!(funnel(stage, 1, "friends", "conversation").await, 1);
    });
}

#[test]
fn what_meta_refuses_or_leaves_open_is_not_tried_again() {
    on(&STAGE, async |stage| {
        for (kind, outcome) in
            [(FaultKind::ResetBefore, "unknown"), (FaultKind::ResetAfter, "sent")]
        {
            stage.sandbox.clear_record();
            let psid = on_platform(stage, Platform::Messenger);
            stage.sandbox.fault(Fault::next(kind, 1));
            stage.sandbox.act(&psid, comments("what's the price?")).await.unwrap();
            until("tried", || async { private(stage).len() == 1 }).await;
            stage.settled().await;
            // The time in which an answer to a message would be tried again.
            stage.travel(stage.sandbox.now() + 2 * MINUTE).await;
            stage.cron().await;
            stage.settled().await;
            assert_eq!(private(stage).len(), 1, "{kind:?}");
            let report = stage.told(&format!("/admin/report?page={PAGE}&days=9")).await;
            let lines = report["answer"]["comments"].as_array().unwrap();
            assert!(lines.iter().any(|line| line["outcome"] == outcome), "{kind:?}: {lines:?}");
        }
    });
}

/// Rows that the Desk has read and written since the last time.
async fn rows(stage: &Stage) -> (u64, u64) {
    let said: Value = stage.get("/__rows?count=yes").await.json().await.unwrap();
    (said["rowsRead"].as_u64().unwrap(), said["rowsWritten"].as_u64().unwrap())
}

/// Rows that the Desk reads for a question, its answer, and a tick beside it.
async fn read_for_a_question(stage: &Stage) -> u64 {
    let asker = on_platform(stage, Platform::Messenger);
    rows(stage).await;
    ask(stage, &asker).await;
    stage.cron().await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    rows(stage).await.0
}

/// Asks, and waits for the answer.
async fn ask(stage: &Stage, asker: &str) {
    stage.sandbox.says(asker, "what bread do you have").await.unwrap();
    until("answered", || async { stage.received(asker) == ["BREAD: rye and wheat."] }).await;
}

#[test]
fn an_hour_holds_750_and_answers_to_people_do_not_wait() {
    alone(setup("doors-pace").clock(NOON), async |stage| {
        const MANY: usize = 800;
        // A rule without public answers; and nobody listens to echoes.
        let post = format!("{PAGE}_77");
        let comment = || Act::Comment { text: "lovely".into(), post_id: Some(post.clone()) };
        stage.sandbox.settings(|settings| settings.echoes = false);
        read_for_a_question(stage).await;
        let alone = read_for_a_question(stage).await;
        let people: Vec<String> =
            (0..MANY).map(|_| on_platform(stage, Platform::Messenger)).collect();
        for some in people.chunks(100) {
            let acts = some.iter().map(|psid| (psid.clone(), comment())).collect();
            stage.sandbox.acts(acts, How::batched()).await.unwrap();
        }
        let began = stage.sandbox.now();
        let taking = rows(stage).await;
        let left = || private(stage).iter().filter(|call| call.status == 200).count();
        // A few have left, and hundreds wait for their turns: nobody reads them.
        let beside = read_for_a_question(stage).await;
        eprintln!("rows read for a question and a tick: {alone} alone, {beside} beside comments");
        assert!(left() < 100 && beside < alone + 300, "{} left; {alone}, {beside}", left());

        // Each leaves in its turn, and those who ask meanwhile have their answer before them.
        for step in 1..=6 {
            let before = private(stage).len();
            stage.sandbox.settings(|settings| settings.latency_ms = 10);
            stage.travel(began + step * 10 * MINUTE).await;
            let asker = on_platform(stage, Platform::Messenger);
            ask(stage, &asker).await;
            let ahead = private(stage).len() - before;
            assert!(ahead < 100, "{ahead} private replies left before the answer");
            stage.sandbox.settings(|settings| settings.latency_ms = 0);
            // Those that are due: 123 in ten minutes.
            let due = 10 + usize::try_from(step).unwrap() * 123;
            until("all that are due", || async { left() >= due.min(MANY) }).await;
        }
        until("an hour's", || async { left() >= 750 }).await;
        // Once the hour is over the rest leaves.
        stage.travel(began + 71 * MINUTE).await;
        until("the rest", || async { left() == MANY }).await;
        stage.settled().await;
        assert_eq!(private(stage).len(), MANY, "none was refused, none came twice");
        // The free plan has 5 million rows to read in a day and 100,000 to write.
        let leaving = rows(stage).await;
        eprintln!("{MANY} comments, rows (read, written): taken {taking:?}, left {leaving:?}");
        let read = (taking.0 + leaving.0) / MANY as u64;
        assert!(read < 200, "{read} rows are read for each");
    });
}

#[test]
fn killed_in_the_middle_nobody_gets_two_and_everybody_is_accounted_for() {
    alone(setup("doors-crash").clock(NOON), async |stage| {
        const MANY: usize = 40;
        let people: Vec<String> =
            (0..MANY).map(|_| on_platform(stage, Platform::Messenger)).collect();
        for (round, after) in [40_u64, 400, 900].into_iter().enumerate() {
            stage.sandbox.settings(|settings| settings.latency_ms = 150);
            let post = format!("{PAGE}_{round}");
            let act = || Act::Comment { text: "price?".into(), post_id: Some(post.clone()) };
            let acts = people.iter().map(|psid| (psid.clone(), act())).collect();
            let Stage { sandbox, worker, .. } = &mut *stage;
            let end = async {
                tokio::time::sleep(Duration::from_millis(after)).await;
                worker.kill();
            };
            let how = How { at_once: true, ..How::default() };
            let (done, ()) = tokio::join!(sandbox.acts(acts, how), end);
            done.unwrap();
            stage.worker.restart();
            stage.sandbox.settings(|settings| settings.latency_ms = 0);
            for _ in 0..40 {
                stage.travel(stage.sandbox.now() + 40 * SECOND).await;
                stage.cron().await;
                until("nothing is due", async || {
                    let next = stage.desk(PAGE).await["outbox"]["next_due"].clone();
                    next.as_str().is_none_or(|next| moment(next) > stage.sandbox.now())
                })
                .await;
                let waiting =
                    stage.sandbox.webhooks().iter().any(|hook| hook.fate == Fate::Waiting);
                if !waiting && stage.desk(PAGE).await["outbox"]["open"] == 0 {
                    break;
                }
            }
        }
        let mut taken: BTreeMap<String, usize> = BTreeMap::new();
        for call in private(stage) {
            let comment = call.body["recipient"]["comment_id"].as_str().unwrap().to_owned();
            *taken.entry(comment).or_default() += 1;
        }
        assert!(taken.values().all(|times| *times == 1), "a request for each comment: {taken:?}");
        for psid in &people {
            assert!(stage.received(psid).iter().filter(|said| *said == PRICE).count() <= 3);
        }
        let report = stage.told(&format!("/admin/report?page={PAGE}&days=9")).await;
        let lines = report["answer"]["comments"].as_array().unwrap();
        let all: i64 = lines.iter().map(|line| line["comments"].as_i64().unwrap()).sum();
        let open = lines.iter().filter(|line| line["outcome"] == "queued").count();
        assert_eq!((all, open), (3 * MANY as i64, 0), "{lines:?}");
    });
}

/// The shop with so many Desks.
fn shared(name: &str, shards: u32) -> PathBuf {
    let shop = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/shops/doors/shop.toml");
    let source = std::fs::read_to_string(shop).unwrap();
    let folder = std::env::temp_dir().join(format!("shopbell-{name}-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let id = format!("id = \"{PAGE}\"\n");
    let source = source.replacen(&id, &format!("{id}shards = {shards}\n"), 1);
    std::fs::write(folder.join("shop.toml"), source).unwrap();
    folder
}

#[test]
fn with_three_desks_it_is_as_with_one() {
    let shop = shared("doors-shared", 3);
    let setup = Setup { shop: shop.clone(), ..Setup::of("doors-shared", "") };
    alone(setup.clock(NOON), async |stage| {
        let people: Vec<String> = (0..9).map(|_| on_platform(stage, Platform::Messenger)).collect();
        for psid in &people {
            assert_eq!(stage.does(psid, comments("price?")).await, [PRICE]);
        }
        // What the first Desk has to tell the others arrives one after the other.
        for _ in 0..10 {
            stage.travel(stage.sandbox.now() + 10 * SECOND).await;
            stage.cron().await;
            stage.settled().await;
        }
        for psid in &people {
            assert_eq!(stage.says(psid, "mmh yes sure").await, ["News from the oven"]);
        }
        assert_eq!(funnel(stage, 3, "comment:price", "new").await, 9);

        // Friends of each other, whichever Desks they live on.
        let mut brought = 0;
        for pair in people.chunks(2).filter(|pair| pair.len() == 2) {
            let said = stage.says(&pair[0], "bring a friend").await;
            let (_, ref_) = said[0].split_once("?ref=").unwrap();
            let friend = on_platform(stage, Platform::Messenger);
            stage.sandbox.act(&friend, Act::Referral { referral: ref_.to_owned() }).await.unwrap();
            let said = stage.does(&friend, Act::GetStarted).await;
            assert_eq!(said, ["FRIEND: the first coffee is on us."]);
            brought += 1;
        }
        for _ in 0..6 {
            stage.travel(stage.sandbox.now() + 10 * SECOND).await;
            stage.cron().await;
            stage.settled().await;
        }
        let thanks = |psid: &String| {
            stage.received(psid).iter().filter(|said| said.starts_with("THANKS")).count()
        };
        assert_eq!(people.iter().map(thanks).sum::<usize>(), brought);
    });
    let _gone = std::fs::remove_dir_all(shop);
}
