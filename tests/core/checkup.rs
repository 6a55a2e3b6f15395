//! The Worker's own look: step by step, over a store that lives through restarts; what it makes
//! anew, what it tells, and what it does not.

use crate::common_core::*;
use serde_json::{Value, json};
use shopbell::desk::alerts;
use shopbell::desk::checkup::Finding;
use shopbell::desk::checkup::judge::KeyFacts;
use shopbell::desk::checkup::needs::Needs;
use shopbell::desk::checkup::round::{self, Answer, LOOK_EVERY_MS, Need, Phase, Setting};
use shopbell::shop::lang::{self, language};
use shopbell::store::calls::{self, Kind};
use shopbell::store::facts;
use shopbell::time::{DAY, HOUR, MINUTE, SECOND};

const START: &str = "2026-11-20T10:00:00Z";
const APP: &str = "4100000000000001";
const HOOK: &str = "https://owner.example/called";
const OWNER: usize = 9;

/// Graph, as far as a look asks it.
struct Meta {
    token: Value,
    page: Result<Value, (u16, Value)>,
    fields: Option<Vec<String>>,
    /// A field that it does not know.
    unknown_field: Option<&'static str>,
    refuses_to_subscribe: bool,
    asked: Vec<&'static str>,
}

fn error(code: u32, subcode: u32) -> Value {
    json!({"error": {"message": "no", "code": code, "error_subcode": subcode}})
}

impl Meta {
    fn new(world: &World<'_>) -> Self {
        let needs = Needs::of(&world.shop);
        let scopes: Vec<&str> =
            needs.scopes.iter().chain(&needs.wished_scopes).map(|spellings| spellings[0]).collect();
        Self {
            token: json!({"data": {"is_valid": true, "app_id": APP, "type": "PAGE", "expires_at": 0,
                                   "scopes": scopes}}),
            page: Ok(json!({"id": world.shop.page.id, "is_published": true})),
            fields: Some(needs.all_fields().map(str::to_owned).collect()),
            unknown_field: None,
            refuses_to_subscribe: false,
            asked: Vec::new(),
        }
    }

    fn answer(&mut self, need: Need) -> Answer {
        let of = |(status, body): (u16, Value)| Answer::of(status, &body.to_string());
        match need {
            Need::Token => {
                self.asked.push("token");
                of((200, self.token.clone()))
            }
            Need::Page(_) => {
                self.asked.push("page");
                of(self.page.clone().map_or_else(|refused| refused, |body| (200, body)))
            }
            Need::Subscription => {
                self.asked.push("subscription");
                let app = |fields: &Vec<String>| json!({"id": APP, "subscribed_fields": fields});
                let apps: Vec<Value> = self.fields.iter().map(app).collect();
                of((200, json!({ "data": apps })))
            }
            Need::Subscribe(_) if self.refuses_to_subscribe => {
                self.asked.push("subscribe");
                of((403, error(200, 0)))
            }
            Need::Subscribe(fields)
                if self.unknown_field.is_some_and(|bad| fields.iter().any(|f| f == bad)) =>
            {
                self.asked.push("subscribe in vain");
                of((400, error(100, 0)))
            }
            Need::Subscribe(fields) => {
                self.asked.push("subscribe");
                self.fields = Some(fields);
                of((200, json!({"success": true})))
            }
        }
    }
}

fn world() -> World<'static> {
    let mut world = World::new(&SHOPS[0], ms(START));
    world.shop.handoff.webhook = Some(HOOK.to_owned());
    world
}

fn setting<'a>(world: &'a World<'_>) -> Setting<'a> {
    Setting { shop: &world.shop, app: Some(APP), graph_version: "v26.0", keys: KeyFacts::default() }
}

/// Every step that is due now. As the Worker does: one after another, what is due from the tables.
fn look(world: &mut World<'_>, meta: &mut Meta) -> usize {
    let mut steps = 0;
    while let Some(mut round) = round::due(&world.sql, world.now).unwrap() {
        let answer = meta.answer(round.need(&world.shop));
        let over = round::take(&world.sql, &setting(world), &mut round, answer, world.now).unwrap();
        steps += 1;
        assert!(steps < 20, "it does not end");
        if over {
            break;
        }
        world.wait(SECOND);
    }
    alerts::look(&world.sql, &world.shop, 0, world.now).unwrap();
    steps
}

/// Minutes pass, with their ticks, and what is due is looked at.
fn live(world: &mut World<'_>, meta: &mut Meta, minutes: i64) {
    for _ in 0..minutes {
        world.wait(MINUTE);
        round::ticked(&world.sql, world.now).unwrap();
        round::keep(&world.sql, world.now).unwrap();
        look(world, meta);
    }
}

fn findings(world: &World<'_>) -> Vec<&'static str> {
    let checked = round::checked(&world.sql).unwrap().unwrap();
    checked.findings.iter().map(Finding::name).collect()
}

fn open(world: &World<'_>) -> Vec<String> {
    let open = alerts::open(&world.sql, world.now).unwrap();
    open.into_iter().map(|incident| incident.kind).collect()
}

/// What the owner's server is told: the event, the alert, what is known of it.
fn told(world: &World<'_>) -> Vec<(String, String, String)> {
    let due = calls::take_due(&world.sql, world.now, 20).unwrap();
    let word = |body: &Value, key: &str| body[key].as_str().unwrap().to_owned();
    due.iter()
        .map(|call| {
            assert_eq!(call.kind, Kind::Alert);
            calls::done(&world.sql, call).unwrap();
            let body: Value = serde_json::from_str(&call.body).unwrap();
            (word(&body, "event"), word(&body, "alert"), word(&body, "says"))
        })
        .collect()
}

#[test]
fn everything_is_looked_at_once_a_day_and_the_subscription_every_half_hour() {
    let mut world = world();
    let mut meta = Meta::new(&world);
    live(&mut world, &mut meta, 9);
    assert_eq!(meta.asked, [""; 0], "whoever sets up a shop is not done at once");
    live(&mut world, &mut meta, 3);
    assert_eq!(meta.asked, ["token", "page", "subscription"]);
    meta.asked.clear();
    live(&mut world, &mut meta, 23 * 60);
    let looks = usize::try_from(23 * HOUR / LOOK_EVERY_MS).unwrap();
    assert!(meta.asked.iter().all(|asked| *asked == "subscription"));
    assert!((looks - 2..=looks).contains(&meta.asked.len()), "{}", meta.asked.len());
    meta.asked.clear();
    live(&mut world, &mut meta, 70);
    assert_eq!(meta.asked.iter().filter(|asked| **asked == "token").count(), 1);
    assert_eq!((findings(&world), told(&world)), (vec![], vec![]));
}

#[test]
fn a_round_goes_on_where_the_last_process_left_it() {
    let mut world = world();
    let mut meta = Meta::new(&world);
    live(&mut world, &mut meta, 9);
    world.wait(2 * MINUTE);
    let mut round = round::due(&world.sql, world.now).unwrap().unwrap();
    assert_eq!((round.phase, round.full), (Phase::Token, true));
    let answer = meta.answer(round.need(&world.shop));
    round::take(&world.sql, &setting(&world), &mut round, answer, world.now).unwrap();
    // The process dies. The next one knows only the tables.
    let kept = round::on(&world.sql, world.now).unwrap().unwrap();
    assert_eq!((kept.phase, kept.id), (Phase::Page, round.id));
    world.wait(MINUTE);
    look(&mut world, &mut meta);
    assert_eq!(meta.asked, ["token", "page", "subscription"]);
    assert_eq!(round::on(&world.sql, world.now).unwrap(), None);
}

#[test]
fn a_subscription_that_is_gone_is_made_anew_told_once_and_told_when_it_holds() {
    let mut world = world();
    let mut meta = Meta::new(&world);
    live(&mut world, &mut meta, 60);
    let all = meta.fields.take();
    let mut minutes = 0;
    let news = loop {
        live(&mut world, &mut meta, 1);
        minutes += 1;
        let news = told(&world);
        if !news.is_empty() {
            break news;
        }
        assert!(minutes <= 31, "not within the interval");
    };
    assert_eq!(meta.fields, all);
    let [(event, alert, says)] = news.try_into().unwrap();
    assert_eq!((event.as_str(), alert.as_str()), ("alert", "unsubscribed"));
    assert!(says.contains("2026-11-20T10:"), "since when messages are lost: {says}");
    live(&mut world, &mut meta, 4);
    let [(event, ..)] = told(&world).try_into().unwrap();
    assert_eq!(event, "alert_over");
    assert_eq!((findings(&world), open(&world)), (vec![], vec![]));
    live(&mut world, &mut meta, 120);
    assert_eq!(told(&world), []);
    assert_eq!(meta.asked.iter().filter(|asked| **asked == "subscribe").count(), 1);
}

#[test]
fn what_is_subscribed_already_stays_and_what_is_only_wished_for_is_not_forced() {
    let mut world = world();
    let mut meta = Meta::new(&world);
    meta.fields.as_mut().unwrap().retain(|field| field != "standby");
    meta.fields.as_mut().unwrap().push("feed".to_owned());
    live(&mut world, &mut meta, 45);
    assert_eq!(findings(&world), ["wished_fields"]);
    assert!(!meta.asked.contains(&"subscribe"), "the owner may not want it");
    assert_eq!(told(&world), []);

    meta.fields.as_mut().unwrap().retain(|field| field != "messages");
    live(&mut world, &mut meta, 35);
    let fields = meta.fields.clone().unwrap();
    assert!(["feed", "messages", "standby"].iter().all(|f| fields.iter().any(|one| one == f)));
}

#[test]
fn a_field_that_meta_does_not_know_does_not_keep_the_others_away() {
    let mut world = world();
    let mut meta = Meta::new(&world);
    live(&mut world, &mut meta, 20);
    meta.fields = None;
    meta.unknown_field = Some("messaging_policy_enforcement");
    live(&mut world, &mut meta, 45);
    assert!(meta.asked.contains(&"subscribe in vain"));
    assert_eq!(meta.fields.unwrap(), Needs::of(&world.shop).fields);
}

#[test]
fn a_subscription_that_meta_refuses_is_told_with_metas_reason_and_tried_again() {
    let mut world = world();
    let mut meta = Meta::new(&world);
    live(&mut world, &mut meta, 20);
    (meta.fields, meta.refuses_to_subscribe) = (None, true);
    live(&mut world, &mut meta, 60);
    let [(_, alert, says)] = told(&world).try_into().unwrap();
    assert_eq!(alert, "unsubscribed");
    assert!(says.contains("error 200"), "{says}");
    assert!(meta.asked.iter().filter(|asked| **asked == "subscribe").count() >= 3);
    meta.refuses_to_subscribe = false;
    live(&mut world, &mut meta, 15);
    assert!(meta.fields.is_some());
    assert_eq!(open(&world), [""; 0]);
}

#[test]
fn a_token_that_dies_is_told_once_as_a_halt_and_once_when_it_is_mended() {
    let mut world = world();
    let mut meta = Meta::new(&world);
    live(&mut world, &mut meta, 20);
    let good = meta.token.clone();
    meta.token["data"] = json!({"is_valid": false, "error": {"message": "The session expired"}});
    round::begin(&world.sql, world.now).unwrap();
    live(&mut world, &mut meta, 5);
    let [(event, alert, says)] = told(&world).try_into().unwrap();
    assert_eq!(
        (event.as_str(), alert.as_str(), says.as_str()),
        ("alert", "halted", "The session expired")
    );
    // A message runs into it too: that is the same thing.
    world.take(&[message(1, world.now, "m1", "wifi?")]);
    world.claim(ROOM);
    while world.in_flight() > 0 {
        world.send(0, Graph::Refuses(190, Some(463)));
        world.settle(0);
    }
    live(&mut world, &mut meta, 60);
    assert_eq!(told(&world), []);
    assert_eq!(open(&world), ["halted"]);

    meta.token = good;
    world.come_to_rest();
    live(&mut world, &mut meta, 30);
    let [(event, ..)] = told(&world).try_into().unwrap();
    assert_eq!(event, "alert_over");
    assert_eq!((findings(&world), open(&world)), (vec![], vec![]));
}

#[test]
fn what_a_refusal_says_of_the_page_is_found_and_what_it_does_not_say_is_not_guessed() {
    let mut world = world();
    let mut meta = Meta::new(&world);
    for (refusal, expected, unchecked) in [
        ((401, error(190, 460)), vec!["token_dead"], vec![]),
        ((403, error(10, 1_893_063)), vec!["restricted"], vec![]),
        ((400, error(100, 0)), vec![], vec!["page"]),
        ((403, error(10, 0)), vec![], vec!["page"]),
    ] {
        meta.page = Err(refusal.clone());
        round::begin(&world.sql, world.now).unwrap();
        look(&mut world, &mut meta);
        assert_eq!(findings(&world), expected, "{refusal:?}");
        let checked = round::checked(&world.sql).unwrap().unwrap();
        let skipped: Vec<&str> = checked.unchecked.iter().map(|one| one.what.as_str()).collect();
        assert_eq!(skipped, unchecked, "{refusal:?}");
    }
    meta.page = Ok(json!({"id": "1", "is_published": false}));
    round::begin(&world.sql, world.now).unwrap();
    look(&mut world, &mut meta);
    assert_eq!(findings(&world), ["unpublished"]);
}

#[test]
fn passing_trouble_is_waited_for_and_does_not_count_as_a_finding() {
    let mut world = world();
    let mut meta = Meta::new(&world);
    live(&mut world, &mut meta, 9);
    meta.page = Err((503, error(2, 0)));
    live(&mut world, &mut meta, 3);
    assert_eq!(round::on(&world.sql, world.now).unwrap().unwrap().phase, Phase::Page);
    live(&mut world, &mut meta, 12);
    let tries = meta.asked.iter().filter(|asked| **asked == "page").count();
    assert_eq!((tries, findings(&world)), (4, vec![]));
    assert!(meta.asked.ends_with(&["subscription"]), "the rest is looked at all the same");
}

#[test]
fn each_thing_that_ends_is_told_once_though_it_is_found_every_day() {
    let mut world = world();
    let mut meta = Meta::new(&world);
    let soon = world.now.plus(10 * DAY);
    meta.token["data"]["expires_at"] = json!(soon.get() / 1_000);
    for _ in 0..4 {
        live(&mut world, &mut meta, 15);
        world.wait(DAY);
    }
    let told_ = told(&world);
    assert_eq!(told_.len(), 1, "{told_:?}");
    assert_eq!((told_[0].1.as_str(), told_[0].2.as_str()), ("token_ends", "2026-11-30"));
}

#[test]
fn a_trigger_that_stays_away_is_told_by_the_alarm_and_one_that_is_late_is_not() {
    let mut world = world();
    let mut meta = Meta::new(&world);
    live(&mut world, &mut meta, 20);
    // The clock jumps, and the tick comes right after: nothing was silent.
    world.wait(HOUR);
    look(&mut world, &mut meta);
    live(&mut world, &mut meta, 20);
    assert_eq!(told(&world), []);
    // It jumps again and again, and nobody was awake in between.
    for _ in 0..5 {
        world.wait(HOUR);
        look(&mut world, &mut meta);
    }
    live(&mut world, &mut meta, 20);
    assert_eq!(told(&world), []);
    // No tick any more: only the alarm.
    for _ in 0..60 {
        world.wait(MINUTE);
        look(&mut world, &mut meta);
    }
    let [(event, alert, _)] = told(&world).try_into().unwrap();
    assert_eq!((event.as_str(), alert.as_str()), ("alert", "cron"));
    live(&mut world, &mut meta, 2);
    let [(event, ..)] = told(&world).try_into().unwrap();
    assert_eq!(event, "alert_over");
}

#[test]
fn a_page_that_must_go_slower_is_not_asked_meanwhile() {
    let mut world = world();
    let mut meta = Meta::new(&world);
    live(&mut world, &mut meta, 20);
    meta.asked.clear();
    let hold =
        json!({"until": world.now.plus(2 * HOUR), "reason": "too fast", "needs_owner": false});
    facts::set(&world.sql, "page_hold", &hold).unwrap();
    live(&mut world, &mut meta, 100);
    assert_eq!(meta.asked, [""; 0]);
    live(&mut world, &mut meta, 30);
    assert_eq!(meta.asked, ["subscription"]);
}

#[test]
fn the_owner_reads_each_alert_in_their_language() {
    let mut world = world();
    world.shop.handoff.notify = Some(person_id(OWNER));
    world.after(message(OWNER, world.now, "o1", "labas"));
    world.drain();
    let mut meta = Meta::new(&world);
    meta.page = Ok(json!({"id": "1", "is_published": false}));
    live(&mut world, &mut meta, 12);
    world.drain();
    let texts = &language(world.shop.default_lang()).alerts;
    let last = world.heard(OWNER).pop().unwrap();
    assert!(last.starts_with(texts.hidden), "{last}");
    assert_eq!(told(&world), [], "by one way");
    for language in lang::all() {
        let texts = &language.alerts;
        let all = [
            texts.unsubscribed,
            texts.token_ends,
            texts.permissions,
            texts.hidden,
            texts.quota,
            texts.rule_ends,
            texts.version_ends,
            texts.key_ends,
            texts.cron,
        ];
        assert!(all.iter().all(|text| text.chars().count() > 15), "{}", language.code);
    }
}
