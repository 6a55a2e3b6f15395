//! Conversations with the café through the real bundle: who is answered, with what, and who is
//! left alone.

use std::sync::LazyLock;

use crate::common::{
    CAFE, CAFE_INSTAGRAM, DAY, HOUR, MINUTE, Setup, Stage, alone, hooks, moment, on, until,
};
use serde_json::{Value, json};
use shopbell::cli::check;
use shopbell::cli::sandbox::{Act, Batch, How, Landing, PAGE_INBOX, Platform};
use shopbell::meta::ids::{FaqId, PageId, PosterCode, TopicId};
use shopbell::shop::lookup::TextKey;
use shopbell::shop::model::{Lang, Localized, Shop};

/// A Tuesday noon in Vilnius: the café is open.
const NOON: &str = "2026-11-24T10:00:00Z";

/// The café as it is written: these tests are about who says what, not about its words.
static SHOP: LazyLock<Shop> = LazyLock::new(|| {
    let folder = Setup::cafe("").shop;
    check::load(&folder).unwrap().remove(0)
});

/// A text up to its first variable.
fn opening(of: &Localized, lang: &str) -> String {
    let text = SHOP.pick(of, &Lang(lang.to_owned())).unwrap();
    let opening = text.split('{').next().unwrap().to_owned();
    assert!(opening.chars().count() >= 6, "says enough to be told apart: {text}");
    opening
}

/// How the answer to a question begins.
fn answer(id: &str, lang: &str) -> String {
    opening(&SHOP.faq(&FaqId::new(id).unwrap()).unwrap().answer, lang)
}

/// How one of the assistant's own texts begins.
fn text(key: TextKey, lang: &str) -> String {
    SHOP.text(key, &Lang(lang.to_owned())).split('{').next().unwrap().to_owned()
}

/// The button that asks for an answer.
fn title(id: &str, lang: &str) -> String {
    let entry = SHOP.faq(&FaqId::new(id).unwrap()).unwrap();
    SHOP.pick(&entry.title, &Lang(lang.to_owned())).unwrap().to_owned()
}

/// What a topic is called.
fn topic(id: &str, lang: &str) -> String {
    opening(&SHOP.topic(&TopicId::new(id).unwrap()).unwrap().title, lang)
}

static STAGE: LazyLock<Stage> =
    LazyLock::new(|| Stage::start(Setup::cafe("conversation").clock(NOON)));

const NOTHING: [&str; 0] = [];

fn only(mut received: Vec<String>) -> String {
    assert_eq!(received.len(), 1, "one bubble: {received:?}");
    received.remove(0)
}

/// The newest message that the Page sent to a person.
fn newest(stage: &Stage, psid: &str) -> Value {
    let thread = stage.sandbox.thread(psid).unwrap().thread;
    thread.iter().rfind(|bubble| bubble.from == "page").unwrap().message.clone()
}

#[test]
fn a_question_is_answered_in_the_language_it_was_asked_in() {
    on(&STAGE, async |stage| {
        let (ona, kate) = (stage.person(CAFE), stage.person(CAFE));
        let said = only(stage.says(&ona, "Sveiki, kada dirbate?").await);
        assert!(said.starts_with(&answer("hours", "lt")), "{said}");
        let said = only(stage.says(&kate, "hi, when are you open?").await);
        assert!(said.starts_with(&answer("hours", "en")), "{said}");
        // The picture goes first, then the words with their buttons.
        let answers = stage.says(&ona, "ar galite atsiųsti meniu?").await;
        assert_eq!(answers.len(), 2, "{answers:?}");
        assert_eq!(
            answers[0],
            SHOP.faq(&FaqId::new("menu").unwrap()).unwrap().image.clone().unwrap()
        );
        assert!(answers[1].starts_with(&answer("menu", "lt")), "{answers:?}");
    });
}

#[test]
fn a_quick_reply_and_a_button_give_the_answer_they_name() {
    on(&STAGE, async |stage| {
        let kate = stage.person(CAFE);
        stage.says(&kate, "are dogs allowed").await;
        let lost = only(stage.says(&kate, "blorp zzz qqq").await);
        assert!(lost.starts_with(&text(TextKey::Fallback, "en")), "{lost}");
        let tap = Act::QuickReply { title: title("hours", "en"), payload: None };
        let said = only(stage.does(&kate, tap).await);
        assert!(said.starts_with(&answer("hours", "en")), "{said}");

        stage.says(&kate, "can you send me the menu?").await;
        let menu = newest(stage, &kate);
        let buttons = menu["attachment"]["payload"]["buttons"].as_array().unwrap();
        let lunch = buttons.iter().find(|button| button["title"] == title("lunch", "en")).unwrap();
        let payload = lunch["payload"].as_str().unwrap().to_owned();
        let tap = Act::Postback { title: title("lunch", "en"), payload, referral: None };
        let said = only(stage.does(&kate, tap).await);
        assert!(said.starts_with(&answer("lunch", "en")), "{said}");
    });
}

#[test]
fn a_payload_of_another_app_gets_the_welcome() {
    on(&STAGE, async |stage| {
        let kate = stage.person(CAFE);
        stage.says(&kate, "are dogs allowed").await;
        let payload = "DEVELOPER_DEFINED".to_owned();
        let tap = Act::Postback { title: "Old menu".to_owned(), payload, referral: None };
        let said = only(stage.does(&kate, tap).await);
        assert!(said.starts_with(&text(TextKey::Welcome, "en")), "{said}");
    });
}

#[test]
fn a_scan_leads_newcomers_and_regulars_to_the_same_arrival() {
    on(&STAGE, async |stage| {
        let (newcomer, regular) = (stage.person(CAFE), stage.person(CAFE));
        let landing = stage.sandbox.scan(&newcomer, "TABLE").await.unwrap();
        assert!(matches!(landing, Landing::GetStarted { .. }), "{landing:?}");
        let first = stage.does(&newcomer, Act::GetStarted).await;

        stage.says(&regular, "Kada dirbate?").await;
        let before = stage.received(&regular).len();
        let landing = stage.sandbox.scan(&regular, "TABLE").await.unwrap();
        assert!(matches!(landing, Landing::Thread { .. }), "{landing:?}");
        stage.settled().await;
        let again = stage.received(&regular).split_off(before);

        let table = SHOP.poster(&PosterCode::new("TABLE").unwrap()).unwrap();
        let expected = [opening(&table.text, "lt"), topic("today", "lt")];
        assert_eq!(first, expected);
        assert_eq!(again, expected);
        let card = newest(stage, &newcomer);
        let card = &card["attachment"]["payload"];
        assert_eq!(card["template_type"], "notification_messages");
        assert_eq!(card["notification_messages_timezone"], "Europe/Vilnius");
        assert_eq!(stage.count(CAFE, "arrival.TABLE").await, 2);
    });
}

#[test]
fn a_forged_or_revoked_ref_gets_the_plain_welcome_and_is_counted() {
    on(&STAGE, async |stage| {
        let kate = stage.person(CAFE);
        stage.says(&kate, "are dogs allowed").await;
        let Landing::Thread { referral, .. } = stage.sandbox.scan(&kate, "WINDOW").await.unwrap()
        else {
            panic!("a known thread")
        };
        stage.settled().await;
        let before = stage.count(CAFE, "arrival.unknown_ref").await;
        let last = if referral.ends_with('A') { "B" } else { "A" };
        let edited = format!("{}{last}", &referral[..referral.len() - 1]);
        let keys = shopbell::entry::refs::RefKeys::new(crate::common::SIGNING_KEY, None);
        let page = PageId::new(CAFE).unwrap();
        let flyer = PosterCode::new("FLYER-2025").unwrap();
        let revoked = keys.sign(&page, &flyer, shopbell::time::UnixMs::new(stage.sandbox.now()));
        for forged in [edited, revoked, "DOOR".to_owned(), String::new()] {
            let said = only(stage.does(&kate, Act::Referral { referral: forged }).await);
            assert!(said.starts_with(&text(TextKey::Welcome, "en")), "{said}");
        }
        // The empty one is no ref at all.
        let counted = stage.count(CAFE, "arrival.unknown_ref").await - before;
        assert!((3..=4).contains(&counted), "{counted}");
    });
}

#[test]
fn an_opt_in_lands_in_kv_as_documented_and_stop_ends_it_there() {
    on(&STAGE, async |stage| {
        let ona = stage.person(CAFE);
        stage.sandbox.change_person(&ona, |ona| ona.locale = "lt_LT".to_owned());
        stage.sandbox.scan(&ona, "TABLE").await.unwrap();
        stage.does(&ona, Act::GetStarted).await;
        let before = stage.sandbox.now();
        let thanks = only(stage.does(&ona, Act::OptIn { mid: None }).await);
        assert!(thanks.contains(&topic("today", "lt")), "{thanks}");

        let key = format!("subscription:{CAFE}:{ona}:today");
        let kept = stage.worker.kv(&key).unwrap();
        let token = &stage.sandbox.tokens(&ona)[0].token;
        let granted_at = moment(kept["granted_at"].as_str().unwrap());
        // The Worker's clock is behind the sandbox's by as long as it took to be told the time.
        let lag = MINUTE / 6;
        assert!((before - lag..=stage.sandbox.now()).contains(&granted_at), "{kept}");
        let expected = json!({
            "v": 1, "page": CAFE, "person": ona, "topic": "today", "token": token,
            "status": "active", "frequency": null, "timezone": "Europe/Vilnius",
            "granted_at": kept["granted_at"], "title": topic("today", "lt"),
            "source": "poster:TABLE",
        });
        assert_eq!(kept, expected);

        let confirmed = only(stage.says(&ona, "STOP").await);
        assert!(confirmed.starts_with(&text(TextKey::Stopped, "lt")), "{confirmed}");
        let mut ended = expected;
        ended["status"] = json!("stopped");
        let kept = stage.worker.kv(&key).unwrap();
        ended["stopped_at"] = kept["stopped_at"].clone();
        assert_eq!(kept, ended);
        assert!(moment(kept["stopped_at"].as_str().unwrap()) > granted_at, "{kept}");
        assert_eq!(stage.says(&ona, "stop!").await, NOTHING, "confirmed once");
        let said = only(stage.says(&ona, "Kada dirbate?").await);
        assert!(
            said.starts_with(&answer("hours", "lt")),
            "STOP ends notifications, not answers: {said}"
        );
    });
}

#[test]
fn whoever_asks_to_be_forgotten_is_gone_from_kv() {
    on(&STAGE, async |stage| {
        let kate = stage.person(CAFE);
        stage.says(&kate, "are dogs allowed").await;
        stage.sandbox.scan(&kate, "TABLE").await.unwrap();
        stage.settled().await;
        stage.does(&kate, Act::OptIn { mid: None }).await;
        let key = format!("subscription:{CAFE}:{kate}:today");
        assert!(stage.worker.kv(&key).is_some());
        let asked = only(stage.says(&kate, "forget me").await);
        assert!(asked.starts_with(&text(TextKey::DeleteAsk, "en")), "{asked}");
        assert!(stage.worker.kv(&key).is_some(), "not before the yes");
        let yes = Act::QuickReply { title: text(TextKey::DeleteYes, "en"), payload: None };
        let told = only(stage.does(&kate, yes).await);
        assert!(told.starts_with(&text(TextKey::Deleted, "en")), "{told}");
        assert_eq!(stage.worker.kv(&key), None);
        // The last line is the code's page, or the code alone.
        let code = told.lines().last().unwrap().rsplit('/').next().unwrap().to_owned();
        assert!(stage.worker.kv(&format!("deletion:{code}")).is_some());
        stage.cron().await;
        until("everything is gone", async || {
            let page = stage.get(&format!("/deletion/{code}")).await;
            assert_eq!(page.status(), 200);
            page.text().await.unwrap().contains("has been deleted")
        })
        .await;
    });
}

#[test]
fn a_person_typing_in_the_pages_inbox_silences_the_bot_for_hours() {
    on(&STAGE, async |stage| {
        for as_printed in [false, true] {
            let ona = stage.person(CAFE);
            stage.says(&ona, "Kada dirbate?").await;
            let typed = Act::HumanReply { text: "Laukiame!".to_owned(), as_printed };
            assert_eq!(stage.does(&ona, typed).await, NOTHING);
            assert_eq!(stage.says(&ona, "koks jusu adresas").await, NOTHING, "paused");
            let stopped = only(stage.says(&ona, "STOP").await);
            assert!(
                stopped.starts_with(&text(TextKey::Stopped, "lt")),
                "STOP wins over the pause: {stopped}"
            );
            stage.travel(stage.sandbox.now() + 12 * HOUR + MINUTE).await;
            let said = only(stage.says(&ona, "koks jusu adresas").await);
            assert!(said.starts_with(&answer("address", "lt")), "{said}");
        }
    });
}

#[test]
fn our_own_echo_and_those_of_other_apps_do_not_silence_the_bot() {
    on(&STAGE, async |stage| {
        for app_id in [None, Some(424_242), Some(PAGE_INBOX + 1), Some(4_100_000_000_000_001)] {
            let ona = stage.person(CAFE);
            stage.says(&ona, "Kada dirbate?").await;
            let echo = Act::AppReply { text: "Automatic".to_owned(), app_id };
            assert_eq!(stage.does(&ona, echo).await, NOTHING, "an echo is not answered");
            let said = only(stage.says(&ona, "koks jusu adresas").await);
            assert!(said.starts_with(&answer("address", "lt")), "{app_id:?}: {said}");
        }
        // The echoes of the answers above have all arrived, too.
        until("our own echoes", || async { stage.count(CAFE, "event.echo.own").await >= 8 }).await;
    });
}

#[test]
fn what_another_app_holds_is_not_answered() {
    on(&STAGE, async |stage| {
        let ona = stage.person(CAFE);
        stage.says(&ona, "Kada dirbate?").await;
        let before = stage.count(CAFE, "event.standby").await;
        let now = stage.sandbox.now();
        let heard = [
            hooks::text(CAFE, &ona, now, "m_standby_1", "koks jusu adresas"),
            hooks::item(CAFE, &ona, now, json!({"postback": {"title": "Hi"}})),
        ];
        let entry = json!({"id": CAFE, "time": now, "standby": heard});
        assert_eq!(stage.post(&hooks::body(&[entry])).await, 200);
        stage.settled().await;
        assert_eq!(stage.count(CAFE, "event.standby").await, before + 2);
        assert_eq!(stage.received(&ona).len(), 1);
    });
}

#[test]
fn instagram_is_answered_by_the_same_shop() {
    on(&STAGE, async |stage| {
        let ona = stage.sandbox.person(CAFE, Platform::Instagram);
        let said = only(stage.says(&ona, "Kada dirbate?").await);
        assert!(said.starts_with(&answer("hours", "lt")), "{said}");
        assert_eq!(stage.sends(&ona).await[0].path, format!("{CAFE}/messages"));
        let answers = stage.says(&ona, "ar galite atsiųsti meniu?").await;
        assert_eq!(answers.len(), 2, "{answers:?}");
        // A webhook of Instagram's account, by hand: the same person, the same thread.
        let now = stage.sandbox.now();
        let message = hooks::text(CAFE_INSTAGRAM, &ona, now, "aWdf_by_hand", "koks jusu adresas");
        let entry = hooks::entry(CAFE_INSTAGRAM, now, &[message]);
        let body = json!({"object": "instagram", "entry": [entry]}).to_string();
        assert_eq!(stage.post(&body).await, 200);
        stage.settled().await;
        assert!(stage.received(&ona)[3].starts_with(&answer("address", "lt")));
    });
}

#[test]
fn a_thumb_a_reaction_and_a_receipt_want_no_answer() {
    on(&STAGE, async |stage| {
        let ona = stage.person(CAFE);
        stage.says(&ona, "Kada dirbate?").await;
        let like = Act::Attachment { kind: "sticker".to_owned(), url: None, payload: None };
        assert_eq!(stage.does(&ona, like).await, NOTHING);
        let heart = Act::React { mid: None, emoji: "❤".to_owned(), unreact: false };
        assert_eq!(stage.does(&ona, heart).await, NOTHING);
        assert_eq!(stage.does(&ona, Act::Read).await, NOTHING);
        let edit = Act::Edit { mid: None, text: "koks jusu adresas".to_owned() };
        assert_eq!(stage.does(&ona, edit).await, NOTHING);
        assert_eq!(stage.does(&ona, Act::Unsend { mid: None }).await, NOTHING);
    });
}

#[test]
fn one_body_with_both_pages_reaches_both_branches() {
    let setup = Setup::of("two-pages", "tests/shops/two-pages").clock(NOON);
    alone(setup, async |stage| {
        const PAGES: [(&str, &str); 2] = [("1029384756", "Old Town"), ("2029384756", "Riverside")];
        let guests = PAGES.map(|(page, _)| (0..3).map(|_| stage.person(page)).collect::<Vec<_>>());
        let ask = |psid: &String| {
            (psid.clone(), Act::Message { text: "which branch is this".to_owned(), reply_to: None })
        };
        // Alternating between the Pages, in one body.
        let acts: Vec<_> =
            guests[0].iter().zip(&guests[1]).flat_map(|(a, b)| [ask(a), ask(b)]).collect();
        for batch in [Batch::Entries, Batch::Messaging] {
            let how = How { batch, ..How::default() };
            let webhooks = stage.sandbox.acts(acts.clone(), how).await.unwrap();
            assert_eq!(webhooks.len(), 1, "one body");
            assert_eq!(webhooks[0].status(), Some(200));
            stage.settled().await;
        }
        for ((page, branch), guests) in PAGES.iter().zip(&guests) {
            for psid in guests {
                assert_eq!(stage.received(psid), vec![format!("BRANCH: {branch}."); 2]);
                // Each with the token of its own Page, or Meta would have refused.
                let sends = stage.sends(psid).await;
                assert!(sends.iter().all(|call| call.path == format!("{page}/messages")));
            }
            assert_eq!(stage.count(page, "event.message").await, 6);
        }
        // A day later the silence is over on both; the clocks of both Desks moved.
        stage.travel(moment(NOON) + DAY).await;
        assert_eq!(only(stage.says(&guests[1][0], "any coffee?").await), "COFFEE: from two euro.");
    });
}
