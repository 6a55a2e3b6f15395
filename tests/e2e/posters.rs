//! Through the door: posters, their links, and every shape in which people arrive, through the real
//! bundle.
use std::sync::LazyLock;
use std::time::Duration;

use crate::common::{self, DAY, HOUR, MINUTE, SECOND, Setup, Stage, alone, hooks, on, until};
use reqwest::Method;
use serde_json::{Value, json};
use shopbell::cli::sandbox::{Act, Fault, FaultKind, Landing, Platform};
use shopbell::entry::refs::RefKeys;
use shopbell::meta::ids::{PageId, PosterCode};
use shopbell::time::UnixMs;

const PAGE: &str = "1029384756";
const RIVER: &str = "2029384756";
const INSTAGRAM: &str = "17841400000000001";
/// A Tuesday in the days of the sale.
const NOON: &str = "2026-11-24T10:00:00Z";
const PHONE: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_1 like Mac OS X) AppleWebKit/605.1.15 \
                     (KHTML, like Gecko) Version/19.1 Mobile/15E148 Safari/604.1";

const DOOR: [&str; 3] = ["DOOR: welcome in.", "COUPON: say rye at the till.", "News from the oven"];

static STAGE: LazyLock<Stage> = LazyLock::new(|| Stage::start(setup("posters").clock(NOON)));

fn setup(name: &'static str) -> Setup {
    Setup::of(name, "tests/shops/posters")
}

/// Opens a poster's link as a phone does, and does not follow it.
async fn open(stage: &Stage, code: &str) -> reqwest::Response {
    ask(stage, Method::GET, code, &[("user-agent", PHONE)]).await
}

async fn ask(
    stage: &Stage,
    method: Method,
    code: &str,
    headers: &[(&str, &str)],
) -> reqwest::Response {
    let mut request = stage.http.request(method, format!("{}/q/{code}", stage.worker.url));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.send().await.unwrap()
}

fn location(answer: &reqwest::Response) -> String {
    assert_eq!(answer.status(), 302);
    answer.headers()["location"].to_str().unwrap().to_owned()
}

/// Sends an order about posters: its status and its answer.
async fn order(stage: &Stage, method: Method, query: &str, body: Value) -> (u16, Value) {
    stage.admin(method, &format!("/admin/posters?{query}"), body.to_string()).await
}

/// What the funnel of a Page has counted.
async fn funnel(stage: &Stage, page: &str, source: &str, stage_name: &str) -> i64 {
    let told = stage.told(&format!("/admin/funnel?page={page}&days=400")).await;
    let lines = told["answer"]["lines"].as_array().unwrap();
    let same = |line: &&Value| line["source"] == source && line["stage"] == stage_name;
    lines.iter().filter(same).map(|line| line["n"].as_i64().unwrap()).sum()
}

/// Waits until the funnel has counted so many, and that it does not go on.
async fn counted(stage: &Stage, source: &str, stage_name: &str, n: i64) {
    until("counted", || async { funnel(stage, PAGE, source, stage_name).await >= n }).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(funnel(stage, PAGE, source, stage_name).await, n, "{source} {stage_name}");
}

/// What the Worker remembers in memory is forgotten.
async fn a_while(stage: &Stage) {
    stage.settled().await;
    stage.travel(stage.sandbox.now() + 61 * SECOND).await;
}

#[test]
fn every_arrival_leads_to_the_same_words_and_is_counted_once() {
    on(&STAGE, async |stage| {
        let conversations = funnel(stage, PAGE, "poster:DOOR", "conversation").await;
        let new = funnel(stage, PAGE, "poster:DOOR", "new").await;

        // A first visit: the ref comes with Get Started.
        let newcomer = stage.person(PAGE);
        let landing = stage.sandbox.scan(&newcomer, "DOOR").await.unwrap();
        assert!(matches!(landing, Landing::GetStarted { .. }), "{landing:?}");
        assert_eq!(stage.does(&newcomer, Act::GetStarted).await, DOOR);

        // Somebody who is known: a referral into the thread.
        let regular = stage.person(PAGE);
        stage.says(&regular, "bread").await;
        let before = stage.received(&regular).len();
        let landing = stage.sandbox.scan(&regular, "DOOR").await.unwrap();
        let Landing::Thread { referral, .. } = landing else { panic!("{landing:?}") };
        stage.settled().await;
        assert_eq!(stage.received(&regular)[before..], DOOR);

        // The camera opened it twice: nothing more is said. After other words it is.
        let again = Act::Referral { referral: referral.clone() };
        assert_eq!(stage.does(&regular, again.clone()).await, [""; 0]);
        stage.says(&regular, "bread").await;
        assert_eq!(stage.does(&regular, again.clone()).await, DOOR[..2], "asked already");

        // The ref was lost: the word beside the code, and the code itself.
        for word in ["croissant", "  Croissant! ", "door", "DOOR"] {
            let lost = stage.person(PAGE);
            stage.does(&lost, Act::GetStarted).await;
            assert_eq!(stage.says(&lost, word).await, DOOR, "{word}");
        }

        // An ad's first message: what its words ask for, or else what the ad promises.
        let now = stage.sandbox.now();
        let ad = json!({"ad_id": "120200000000000001", "source": "ADS", "type": "OPEN_THREAD",
            "ads_context_data": {"ad_title": "Croissants", "post_id": "1"}});
        let by_ad = async |text: &str, referral: &Value| {
            let psid = stage.person(PAGE);
            stage.sandbox.change_person(&psid, |person| person.opened_at = Some(now));
            let message = json!({"message": {"mid": format!("m_ad_{psid}"), "text": text, "referral": referral}});
            let item = hooks::item(PAGE, &psid, now, message);
            assert_eq!(stage.post(&hooks::body(&[hooks::entry(PAGE, now, &[item])])).await, 200);
            stage.settled().await;
            stage.received(&psid)
        };
        assert_eq!(by_ad("I saw your ad and am interested", &ad).await, DOOR);
        assert_eq!(by_ad("bread", &ad).await, ["BREAD: rye, wheat and sourdough."]);
        let by_ref = json!({"ref": "door", "source": "ADS", "type": "OPEN_THREAD", "ad_id": "77"});
        assert_eq!(by_ad("I saw your ad and am interested", &by_ref).await, DOOR);
        let ours = funnel(stage, PAGE, "ad:88", "conversation").await;
        let other = json!({"source": "ADS", "type": "OPEN_THREAD", "ad_id": "88"});
        assert_eq!(by_ad("bread", &other).await.len(), 1);
        assert_eq!(funnel(stage, PAGE, "ad:88", "conversation").await, ours + 1);

        // A plugin: it says nothing, and somebody whose window is open is answered.
        let ticked = stage.person(PAGE);
        stage.says(&ticked, "bread").await;
        let now = stage.sandbox.now();
        let item = hooks::item(PAGE, &ticked, now, json!({"optin": {"ref": referral}}));
        assert_eq!(stage.post(&hooks::body(&[hooks::entry(PAGE, now, &[item])])).await, 200);
        stage.settled().await;
        assert_eq!(stage.received(&ticked)[1..], DOOR);

        let after = funnel(stage, PAGE, "poster:DOOR", "conversation").await;
        assert_eq!(after - conversations, 1 + 2 + 4 + 3 + 1);
        assert_eq!(funnel(stage, PAGE, "poster:DOOR", "new").await - new, 1 + 4 + 3);
    });
}

#[test]
fn on_instagram_regulars_arrive_by_link_and_newcomers_by_the_word() {
    on(&STAGE, async |stage| {
        let link = location(&open(stage, "DOOR?to=instagram").await);
        assert!(link.starts_with("https://ig.me/m/corner.bakery?ref="), "{link}");
        let story = location(&open(stage, "STORY").await);
        assert!(story.starts_with("https://ig.me/m/corner.bakery?ref="), "{story}");
        let inside = [("user-agent", "Mozilla/5.0 (iPhone) Instagram 400.0.0.0")];
        let inside = location(&ask(stage, Method::GET, "DOOR", &inside).await);
        assert!(inside.starts_with("https://ig.me/m/"), "{inside}");
        assert!(location(&open(stage, "DOOR").await).starts_with("https://m.me/cornerbakery?"));

        let regular = stage.sandbox.person(PAGE, Platform::Instagram);
        stage.says(&regular, "bread").await;
        let before = stage.received(&regular).len();
        let ref_ = story.split("ref=").nth(1).unwrap();
        let now = stage.sandbox.now();
        let referral =
            json!({"referral": {"ref": ref_, "source": "IGME-SOURCE-LINK", "type": "OPEN_THREAD"}});
        let entry =
            hooks::entry(INSTAGRAM, now, &[hooks::item(INSTAGRAM, &regular, now, referral)]);
        let body = json!({"object": "instagram", "entry": [entry]}).to_string();
        assert_eq!(stage.post(&body).await, 200);
        stage.settled().await;
        assert_eq!(stage.received(&regular)[before..], ["STORY: hello from Instagram."]);

        let newcomer = stage.sandbox.person(PAGE, Platform::Instagram);
        assert_eq!(stage.says(&newcomer, "story").await, ["STORY: hello from Instagram."]);
    });
}

#[test]
fn refs_that_are_forged_expired_or_out_of_season_get_the_plain_welcome_and_are_counted() {
    on(&STAGE, async |stage| {
        let regular = stage.person(PAGE);
        stage.says(&regular, "bread").await;
        let keys = RefKeys::new(common::SIGNING_KEY, None);
        let page = PageId::new(PAGE).unwrap();
        let now = UnixMs::new(stage.sandbox.now());
        let signed = |code: &str, days: i64| {
            keys.sign(&page, &PosterCode::new(code).unwrap(), now.plus(days * DAY))
        };
        let good = signed("DOOR", 0);
        let last = if good.ends_with('A') { "B" } else { "A" };
        let edited = format!("{}{last}", &good[..good.len() - 1]);
        for (referral, why) in [
            (edited, "forged"),
            (
                RefKeys::new("another", None).sign(&page, &PosterCode::new("DOOR").unwrap(), now),
                "forged",
            ),
            (signed("DOOR", -31), "expired"),
            (signed("OLD", 0), "revoked"),
            (signed("GONE", 0), "gone"),
            ("mailing".to_owned(), "foreign"),
        ] {
            let name = format!("arrival.refused.{why}");
            let before = stage.count(PAGE, &name).await;
            let said = stage.does(&regular, Act::Referral { referral }).await;
            assert_eq!(said.len(), 1, "{why}");
            assert!(!said[0].starts_with("DOOR"), "{why}: {said:?}");
            assert_eq!(stage.count(PAGE, &name).await, before + 1, "{why}");
        }
        assert_eq!(funnel(stage, PAGE, "ref:mailing", "conversation").await, 1);
    });
}

#[test]
fn a_printed_poster_is_aimed_elsewhere_revoked_and_given_back() {
    on(&STAGE, async |stage| {
        let page = format!("page={PAGE}");
        let river = format!("page={PAGE}&code=SALE");
        let arrives = async || {
            let psid = stage.person(PAGE);
            stage.says(&psid, "bread").await;
            match stage.sandbox.scan(&psid, "SALE").await.unwrap() {
                Landing::Thread { .. } => {
                    stage.settled().await;
                    stage.received(&psid).split_off(1)
                }
                Landing::Page { status, body } => {
                    assert_eq!(status, 200);
                    vec![body]
                }
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(arrives().await, ["SALE: half price."]);

        let (status, told) =
            order(stage, Method::POST, &river, json!({"text": {"en": "AIMED: new words."}})).await;
        assert_eq!((status, &told["poster"]["until"]), (200, &json!("2026-11-30")), "{told}");
        a_while(stage).await;
        assert_eq!(arrives().await, ["AIMED: new words."]);

        assert_eq!(order(stage, Method::POST, &river, json!({"revoked": true})).await.0, 200);
        a_while(stage).await;
        let said = arrives().await;
        assert!(
            said[0].contains("no longer in use") && said[0].contains("tel:+37060000009"),
            "{said:?}"
        );
        assert!(said[0].contains("https://bakery.example/write"));
        // A ref from before is worth nothing any more.
        let keys = RefKeys::new(common::SIGNING_KEY, None);
        let now = UnixMs::new(stage.sandbox.now());
        let old = keys.sign(&PageId::new(PAGE).unwrap(), &PosterCode::new("SALE").unwrap(), now);
        let regular = stage.person(PAGE);
        stage.says(&regular, "bread").await;
        let said = stage.does(&regular, Act::Referral { referral: old }).await;
        assert!(!said[0].starts_with("AIMED"), "{said:?}");

        // The next publish does not bring it back.
        stage.worker.publish(
            std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/shops/posters").as_path(),
        );
        stage.cron().await;
        a_while(stage).await;
        assert!(arrives().await[0].contains("no longer in use"));

        let (status, told) = order(stage, Method::DELETE, &river, json!({})).await;
        assert_eq!((status, &told["in_shop_toml"]), (200, &json!(true)));
        a_while(stage).await;
        assert_eq!(arrives().await, ["SALE: half price."]);

        // What does not fit is refused, and says what and why.
        for (query, body, status, part) in [
            (river.as_str(), json!({"topic": "cars"}), 400, "no topic cars"),
            (river.as_str(), json!({"colour": "red"}), 400, "has no `colour`"),
            (&format!("page={PAGE}&code=NOPE"), json!({}), 404, "NOPE"),
            (&format!("page={PAGE}&code=2222-2223"), json!({}), 400, "misread"),
        ] {
            let (got, told) = order(stage, Method::POST, query, body).await;
            let why = told["error"].as_str().unwrap_or_default();
            assert!(got == status && why.contains(part), "{got} {told}");
        }
        let url = format!("{}/admin/posters?{page}", stage.worker.url);
        assert_eq!(stage.http.get(&url).send().await.unwrap().status(), 401);
    });
}

#[test]
fn the_command_makes_a_poster_that_works_and_shows_its_funnel() {
    on(&STAGE, async |stage| {
        let folder = format!("{}/tests/shops/posters", env!("CARGO_MANIFEST_DIR"));
        let new = [
            "poster",
            "new",
            "--page",
            PAGE,
            "--place",
            "Bus stop",
            "--text",
            "en=STOP HERE.",
            "--campaign",
            "spring",
            "--until",
            "2026-12-24",
        ];
        let said = stage.shopbell(&new).await.good().out;
        let code = said.split_whitespace().next().unwrap().to_owned();
        assert!(said.contains(&format!("{}/q/{code}", stage.worker.url)), "{said}");
        a_while(stage).await;

        // Typed by hand, in whatever way.
        for typed in [code.clone(), code.to_lowercase(), code.replace('-', "")] {
            assert!(location(&open(stage, &typed).await).contains("m.me/cornerbakery"), "{typed}");
        }
        let psid = stage.person(PAGE);
        stage.says(&psid, "bread").await;
        stage.sandbox.scan(&psid, &code).await.unwrap();
        stage.settled().await;
        assert_eq!(stage.received(&psid)[1..], ["STOP HERE."]);
        let source = format!("poster:{code}");
        counted(stage, &source, "scan", 4).await;

        let table = stage.shopbell(&["funnel", &folder, "--page", PAGE]).await.good().out;
        let line = table.lines().find(|line| line.contains(&code)).unwrap();
        let cells: Vec<&str> = line.split_whitespace().rev().take(10).collect();
        assert_eq!(
            cells.iter().rev().copied().collect::<Vec<_>>()[..4],
            ["4", "0", "0", "1"],
            "{table}"
        );
        let by_campaign = ["funnel", &folder, "--page", PAGE, "--by", "campaign"];
        let table = stage.shopbell(&by_campaign).await.good().out;
        assert!(table.contains("spring"), "{table}");

        let list = stage.shopbell(&["poster", "list", "--page", PAGE]).await.good().out;
        assert!(list.contains(&code) && list.contains("Bus stop"), "{list}");
        stage.shopbell(&["poster", "revoke", &code, "--page", PAGE]).await.good();
        a_while(stage).await;
        assert_eq!(open(stage, &code).await.status(), 200);
        let cars = ["poster", "aim", &code, "--page", PAGE, "--topic", "cars"];
        stage.shopbell(&cars).await.refused("no topic cars");
        stage.shopbell(&["poster", "revoke", "NOPE", "--page", PAGE]).await.refused("NOPE");
    });
}

#[test]
fn previews_crawlers_and_prefetches_are_redirected_and_not_counted() {
    on(&STAGE, async |stage| {
        let before = funnel(stage, RIVER, "poster:RIVER", "scan").await;
        assert_eq!(before, 0);
        let facebook = "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)";
        let get = Method::GET;
        for (method, headers) in [
            (get.clone(), vec![("user-agent", facebook)]),
            (get.clone(), vec![("user-agent", "WhatsApp/2.25.1 A")]),
            (get.clone(), vec![("user-agent", "TelegramBot (like TwitterBot)")]),
            (get.clone(), vec![("user-agent", "Mozilla/5.0 (compatible; Googlebot/2.1)")]),
            (get.clone(), vec![("user-agent", PHONE), ("purpose", "prefetch")]),
            (get.clone(), vec![("user-agent", PHONE), ("sec-purpose", "prefetch;prerender")]),
            (get.clone(), vec![("user-agent", PHONE), ("sec-fetch-dest", "image")]),
            (Method::HEAD, vec![("user-agent", PHONE)]),
            (get, vec![]),
        ] {
            let answer = ask(stage, method.clone(), "RIVER", &headers).await;
            assert!(
                location(&answer).starts_with("https://m.me/cornerbakery.river?"),
                "{headers:?}"
            );
            assert_eq!(answer.headers()["cache-control"], "no-store");
            assert_eq!(answer.headers()["referrer-policy"], "no-referrer");
            assert_eq!(answer.headers()["x-content-type-options"], "nosniff");
            assert!(answer.headers().get("set-cookie").is_none());
        }
        let answer = open(stage, "RIVER").await;
        assert_eq!(answer.status(), 302);
        until("the scan is counted", || async {
            funnel(stage, RIVER, "poster:RIVER", "scan").await > 0
        })
        .await;
        tokio::time::sleep(Duration::from_millis(500)).await;
        assert_eq!(funnel(stage, RIVER, "poster:RIVER", "scan").await, 1);
    });
}

#[test]
fn a_scan_that_leads_nowhere_finds_the_shop_and_the_reason_in_its_language() {
    on(&STAGE, async |stage| {
        let page = async |code: &str, language: &str| {
            let headers = [("user-agent", PHONE), ("accept-language", language)];
            let answer = ask(stage, Method::GET, code, &headers).await;
            assert_eq!(answer.status(), 200, "{code}");
            let policy = answer.headers()["content-security-policy"].to_str().unwrap().to_owned();
            assert!(
                policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'")
            );
            assert_eq!(answer.headers()["cache-control"], "no-store");
            answer.text().await.unwrap()
        };
        for (code, language, says) in [
            ("OLD", "en", "no longer in use"),
            ("OLD", "lt", "nebegalioja"),
            ("HILL", "en", "closed for good"),
            ("HILL", "lt", "visam laikui"),
            ("NOPE", "en", "know this code"),
            // Its characters do not add up.
            ("7KPN-R2X5", "en", "know this code"),
        ] {
            let text = page(code, language).await;
            assert!(text.contains(says), "{code} {language}: {text}");
            assert!(text.contains("tel:+3706000000"), "{code}: somebody to call");
            assert!(text.contains("https://bakery.example/write"), "{code}: a form");
        }
        // Its page was seen, and that counts as such.
        counted(stage, "poster:OLD", "page", 2).await;
        assert_eq!(funnel(stage, PAGE, "poster:OLD", "scan").await, 0);
        // Nearest to where the edge says they are is the branch by the river.
        let link = location(&open(stage, "BUS").await);
        assert!(link.starts_with("https://m.me/cornerbakery.river?"), "{link}");
        assert!(page("NOPE", "en").await.contains("tel:+37060000008"));
    });
}

#[test]
fn a_poster_has_its_days() {
    alone(setup("poster_days").clock("2026-11-19T21:30:00Z"), async |stage| {
        let text = open(stage, "SALE").await.text().await.unwrap();
        assert!(text.contains("not in use yet"), "{text}");
        stage.travel(common::moment("2026-11-19T22:00:00Z")).await;
        assert_eq!(open(stage, "SALE").await.status(), 302, "midnight in Vilnius");
        // The last evening: who scans then may tap Get Started the morning after.
        stage.travel(common::moment("2026-11-30T21:50:00Z")).await;
        let late = stage.person(PAGE);
        let landing = stage.sandbox.scan(&late, "SALE").await.unwrap();
        assert!(matches!(landing, Landing::GetStarted { .. }), "{landing:?}");
        stage.travel(common::moment("2026-12-01T06:00:00Z")).await;
        assert_eq!(stage.does(&late, Act::GetStarted).await, ["SALE: half price."]);
        let text = open(stage, "SALE").await.text().await.unwrap();
        assert!(text.contains("no longer in use"), "{text}");
    });
}

#[test]
fn while_meta_takes_nothing_from_the_page_scans_find_the_shops_own_page() {
    alone(setup("poster_hold").clock(NOON), async |stage| {
        let psid = stage.person(PAGE);
        stage.says(&psid, "bread").await;
        assert_eq!(open(stage, "DOOR").await.status(), 302);
        for kind in [FaultKind::Code190, FaultKind::Code10] {
            stage.sandbox.fault(Fault { times: None, ..Fault::next(kind, 0) });
            let ask = Act::Message { text: "bread".to_owned(), reply_to: None };
            stage.sandbox.act(&psid, ask).await.unwrap();
            until("the Page is held", || async { !stage.desk(PAGE).await["hold"].is_null() }).await;
            until("KV knows", || async { stage.desk(PAGE).await["kv_owed"] == 0 }).await;
            stage.travel(stage.sandbox.now() + 61 * SECOND).await;
            let answer = open(stage, "DOOR").await;
            assert_eq!(answer.status(), 200, "{kind:?}");
            let text = answer.text().await.unwrap();
            assert!(text.contains("cannot chat right now") && text.contains("tel:+37060000009"));
            // The other branch is open.
            assert_eq!(open(stage, "RIVER").await.status(), 302);
            // The owner has mended it, and the message that waits says so.
            stage.sandbox.clear_faults();
            stage.travel(stage.sandbox.now() + 11 * MINUTE).await;
            stage.cron().await;
            stage.settled().await;
            stage.travel(stage.sandbox.now() + 61 * SECOND).await;
            assert_eq!(open(stage, "DOOR").await.status(), 302, "{kind:?}");
        }
        // When nobody writes, nobody would ever find out: the hold has an end of its own.
        stage.sandbox.fault(Fault { times: Some(1), ..Fault::next(FaultKind::Code190, 1) });
        let ask = Act::Message { text: "bread".to_owned(), reply_to: None };
        stage.sandbox.act(&psid, ask).await.unwrap();
        until("the Page is held", || async { !stage.desk(PAGE).await["hold"].is_null() }).await;
        stage.travel(stage.sandbox.now() + 2 * HOUR).await;
        assert_eq!(open(stage, "DOOR").await.status(), 302);
    });
}

#[test]
fn an_opt_in_and_what_becomes_of_its_notifications_count_for_the_poster() {
    on(&STAGE, async |stage| {
        let psid = stage.person(PAGE);
        let before = funnel(stage, PAGE, "poster:DOOR", "optin").await;
        stage.sandbox.scan(&psid, "DOOR").await.unwrap();
        stage.does(&psid, Act::GetStarted).await;
        stage.does(&psid, Act::OptIn { mid: None }).await;
        assert_eq!(funnel(stage, PAGE, "poster:DOOR", "optin").await, before + 1);
        // Once: the same consent once more is none.
        stage.does(&psid, Act::OptIn { mid: None }).await;
        assert_eq!(funnel(stage, PAGE, "poster:DOOR", "optin").await, before + 1);
    });
}

#[test]
fn words_from_one_address_use_up_no_reads_and_a_real_poster_is_found_all_the_same() {
    alone(setup("poster_words").clock("2026-11-24T10:00:00Z"), async |stage| {
        let from = async |address: &str, code: &str| {
            let request = stage.http.get(format!("{}/q/{code}", stage.worker.url));
            let request = request.header("user-agent", PHONE).header("cf-connecting-ip", address);
            request.send().await.unwrap().status().as_u16()
        };
        let (loud, quiet) = ("203.0.113.9", "203.0.113.10");
        // What is found takes nothing.
        for _ in 0..60 {
            assert_eq!(from(loud, "DOOR").await, 302);
        }
        for n in 0..60 {
            assert_eq!(from(loud, &format!("WORD-{n}")).await, 200, "the shop's own page");
        }
        // Written behind the Worker's back, so that only KV knows of it.
        let mut poster = stage.worker.kv("poster:DOOR").unwrap();
        for code in ["LATE-1", "LATE-2"] {
            poster["code"] = code.into();
            stage.worker.kv_put(&format!("poster:{code}"), &poster);
        }
        assert_eq!(from(loud, "LATE-1").await, 200, "KV is not asked any more");
        assert_eq!(from(quiet, "LATE-2").await, 302, "for another address it is");
        for code in ["DOOR", "door"] {
            assert_eq!(from(loud, code).await, 302, "{code}");
        }
        stage.travel(stage.sandbox.now() + 31 * SECOND).await;
        assert_eq!(from(loud, "LATE-1").await, 302, "one more, after half a minute");
    });
}

/// Fifty a second for ten seconds, from one address; and then more than an address has.
#[test]
fn a_storm_of_scans_is_counted_exactly_and_over_the_limit_still_redirected() {
    alone(setup("poster_storm"), async |stage| {
        let began = std::time::Instant::now();
        let mut scans = tokio::task::JoinSet::new();
        let url = format!("{}/q/DOOR", stage.worker.url);
        for tenth in 0..100_u32 {
            let due = began + Duration::from_millis(100) * tenth;
            tokio::time::sleep_until(due.into()).await;
            for _ in 0..5 {
                let request = stage.http.get(&url).header("user-agent", PHONE);
                scans.spawn(async move { request.send().await.unwrap().status().as_u16() });
            }
        }
        let statuses = scans.join_all().await;
        assert_eq!(statuses.len(), 500);
        assert!(statuses.iter().all(|status| *status == 302));
        counted(stage, "poster:DOOR", "scan", 500).await;

        for _ in 0..300 {
            assert_eq!(open(stage, "DOOR").await.status(), 302);
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
        let all = funnel(stage, PAGE, "poster:DOOR", "scan").await;
        let more = i64::try_from(began.elapsed().as_secs()).unwrap() / 2 + 1;
        assert!((600..=600 + more).contains(&all), "{all} of 800, at most {more} more than 600");
    });
}
