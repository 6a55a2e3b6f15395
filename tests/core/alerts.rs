//! What the owner is told of, once and again when it is over; receipts of what Meta ends; and
//! deliveries that come before the answer to our own request.

use crate::common_core::*;
use serde_json::{Value, json};
use shopbell::desk::alerts::{self, Alert, Condition, KV_REFUSES_MS, KV_WRITTEN};
use shopbell::desk::layout::{self, Layout};
use shopbell::meta::event::{Event, EventKind, OptinStatus};
use shopbell::meta::ids::Mid;
use shopbell::outreach::told;
use shopbell::shop::lang::language;
use shopbell::store::calls::{self, Kind};
use shopbell::store::{counters, incidents, kv_queue, moving};
use shopbell::time::{DAY, HOUR, MINUTE, SECOND, UnixMs};

const START: &str = "2026-11-20T10:00:00Z";
const OWNER: usize = 9;
const HOOK: &str = "https://owner.example/called";

/// A world whose owner is told by a message or by their server.
fn world() -> World<'static> {
    let mut world = World::new(&SHOPS[0], ms(START));
    world.shop.handoff.webhook = Some(HOOK.to_owned());
    world.shop.handoff.notify = Some(person_id(OWNER));
    world
}

fn look(world: &World<'_>) -> Option<Vec<Condition>> {
    alerts::look(&world.sql, &world.shop, 0, world.now).unwrap()
}

/// What the owner's server would be told, and that it is told.
fn hooks(world: &World<'_>) -> Vec<Value> {
    let due = calls::take_due(&world.sql, world.now, 10).unwrap();
    due.iter()
        .map(|call| {
            assert_eq!((call.kind, call.url.as_str()), (Kind::Alert, HOOK));
            calls::done(&world.sql, call).unwrap();
            serde_json::from_str(&call.body).unwrap()
        })
        .collect()
}

fn open(world: &World<'_>) -> Vec<String> {
    let open = alerts::open(&world.sql, world.now).unwrap();
    open.into_iter().map(|incident| incident.kind).collect()
}

/// Somebody asks, and Graph answers like this.
fn answered(world: &mut World<'_>, graph: Graph) {
    let mid = format!("m{}", world.now.get());
    world.take(&[message(1, world.now, &mid, "wifi?")]);
    world.claim(ROOM);
    while world.in_flight() > 0 {
        world.send(0, graph);
        world.settle(0);
    }
}

#[test]
fn a_halt_is_told_once_by_the_webhook_and_once_more_when_it_is_over() {
    let mut world = world();
    world.after(message(OWNER, world.now, "o1", "hello"));
    assert_eq!((look(&world), open(&world)), (None, vec![]));
    answered(&mut world, Graph::Refuses(190, Some(460)));
    for _ in 0..5 {
        world.wait(MINUTE);
        look(&world);
    }
    assert_eq!(open(&world), ["halted"]);
    let [told] = hooks(&world).try_into().unwrap();
    assert_eq!((&told["event"], &told["alert"]), (&json!("alert"), &json!("halted")));
    assert_eq!(told["since"], ms(START).plus(MINUTE).rfc3339());
    assert!(told["says"].as_str().unwrap().contains("190/460"), "{told}");
    assert_eq!(told["page"], world.shop.page.id.as_str());
    assert!(world.heard(OWNER).iter().all(|said| !said.contains("190")), "no message can leave");

    // A message gets through: it is over, and messages leave again.
    world.wait(HOUR);
    world.come_to_rest();
    look(&world);
    world.drain();
    assert_eq!(open(&world), Vec::<String>::new());
    let last = world.heard(OWNER).pop().unwrap();
    let texts = &language(world.shop.default_lang()).alerts;
    assert!(last.starts_with(texts.over) && last.contains(texts.halted), "{last}");
    assert_eq!(hooks(&world), Vec::<Value>::new());
    for _ in 0..5 {
        world.wait(MINUTE);
        look(&world);
    }
    world.drain();
    assert_eq!(world.heard(OWNER).pop().unwrap(), last, "told once");

    // The next one is another incident.
    answered(&mut world, Graph::Refuses(10, Some(1_893_063)));
    look(&world);
    assert_eq!(hooks(&world).len(), 1);
    assert_eq!(incidents::since(&world.sql, UnixMs::default()).unwrap().len(), 2);
    let told::Report { alerts, .. } = report(&world);
    assert_eq!((alerts.len(), alerts[0].until.as_deref()), (2, None));
    assert!(alerts[1].until.is_some());
}

fn report(world: &World<'_>) -> told::Report {
    let question = told::Question::Report { days: 7 };
    let answer = told::answer(&world.sql, &world.shop, &question, world.now).unwrap();
    serde_json::from_str(&answer).unwrap()
}

#[test]
fn slowing_down_is_nothing_to_tell() {
    let mut world = world();
    for (code, subcode) in [(4, None), (613, None), (80_006, None), (613, Some(2_534_040))] {
        answered(&mut world, Graph::Refuses(code, subcode));
        look(&world);
        assert_eq!(open(&world), Vec::<String>::new(), "{code}");
        world.wait(10 * MINUTE);
        world.come_to_rest();
    }
    assert_eq!(hooks(&world), Vec::<Value>::new());
}

#[test]
fn kv_that_refuses_is_told_after_an_hour_by_a_message_in_the_window_else_by_the_webhook() {
    for in_window in [true, false] {
        let mut world = world();
        if in_window {
            world.after(message(OWNER, world.now, "o1", "hello"));
        }
        kv_queue::push(&world.sql, "subscription:1:2:3", Some("{}"), world.now).unwrap();
        let refuse = |world: &World<'_>, written: bool| {
            for owed in kv_queue::due(&world.sql, world.now, 10).unwrap() {
                kv_queue::settle(&world.sql, &owed, written, world.now).unwrap();
            }
        };
        for _ in 0..KV_REFUSES_MS / MINUTE {
            refuse(&world, false);
            look(&world);
            world.wait(MINUTE);
        }
        assert_eq!(open(&world), Vec::<String>::new(), "not before an hour");
        for _ in 0..120 {
            refuse(&world, false);
            look(&world);
            world.wait(MINUTE);
        }
        world.drain();
        assert_eq!(open(&world), ["kv_refuses"]);
        let texts = &language(world.shop.default_lang()).alerts;
        let messages = || -> usize {
            world.heard(OWNER).iter().filter(|said| said.contains(texts.kv_refuses)).count()
        };
        assert_eq!(messages(), usize::from(in_window));
        assert_eq!(hooks(&world).len(), usize::from(!in_window));
        world.wait(2 * HOUR);
        refuse(&world, true);
        look(&world);
        assert_eq!(open(&world), Vec::<String>::new());
        if !in_window {
            assert_eq!(hooks(&world)[0]["event"], "alert_over");
        }
    }
}

#[test]
fn the_quota_of_the_free_plan_is_told_of_and_a_paid_plan_is_known_by_what_it_took() {
    let mut world = world();
    let write = |world: &World<'_>, n: usize| {
        counters::add_all(&world.sql, &vec![KV_WRITTEN; n], world.now).unwrap();
    };
    write(&world, 799);
    look(&world);
    assert_eq!(open(&world), Vec::<String>::new());
    write(&world, 1);
    look(&world);
    assert_eq!(open(&world), ["kv_quota"]);
    world.wait(DAY);
    look(&world);
    assert_eq!(open(&world), Vec::<String>::new(), "a new day");
    write(&world, 1_001);
    look(&world);
    world.wait(DAY);
    write(&world, 900);
    look(&world);
    assert_eq!(open(&world), Vec::<String>::new(), "it took more than the free plan does");
}

#[test]
fn another_desk_tells_the_first_which_tells_the_owner_once() {
    let first = world();
    let mut second = world();
    answered(&mut second, Graph::Refuses(190, None));
    let tell = |second: &World<'_>| {
        let news = alerts::look(&second.sql, &second.shop, 1, second.now).unwrap();
        if let Some(sees) = &news {
            alerts::heard(&first.sql, 1, sees).unwrap();
            alerts::told_first(&second.sql, sees).unwrap();
        }
        news
    };
    assert_eq!(tell(&second).unwrap()[0].alert, Alert::Halted);
    assert_eq!(tell(&second), None, "nothing new");
    assert_eq!(hooks(&second), Vec::<Value>::new());
    look(&first);
    look(&first);
    assert_eq!(hooks(&first).len(), 1);
    second.wait(HOUR);
    second.come_to_rest();
    assert_eq!(tell(&second), Some(vec![]));
    look(&first);
    assert_eq!(hooks(&first).len(), 1);
    assert_eq!(open(&first), Vec::<String>::new());
}

#[test]
fn what_a_desk_saw_ends_when_the_desk_is_closed() {
    let first = world();
    let two = Layout::first(2);
    layout::adopt(&first.sql, &two).unwrap();
    let sees = [Condition { alert: Alert::KvRefuses, says: "3 values wait".into() }];
    alerts::heard(&first.sql, 1, &sees).unwrap();
    look(&first);
    assert_eq!(open(&first), ["kv_refuses"]);
    assert_eq!(hooks(&first).len(), 1);
    let one = two.moving(1).unwrap().moved(first.now);
    layout::adopt(&first.sql, &one).unwrap();
    look(&first);
    assert_eq!(open(&first), Vec::<String>::new(), "nobody is there any more who would end it");
    assert_eq!(hooks(&first)[0]["event"], "alert_over");
    // Opened again, it has not said anything yet.
    let again = one.moving(2).unwrap().moved(first.now);
    layout::adopt(&first.sql, &again).unwrap();
    look(&first);
    assert_eq!(open(&first), Vec::<String>::new());
    // And tells anew what it sees: closing it, what it told was forgotten there.
    let mut second = world();
    answered(&mut second, Graph::Refuses(190, None));
    let news = || alerts::look(&second.sql, &second.shop, 1, second.now).unwrap();
    alerts::told_first(&second.sql, &news().unwrap()).unwrap();
    assert_eq!(news(), None);
    let rest = moving::rest(&second.sql, true).unwrap();
    layout::handed_over(&second.sql, &two.moving(1).unwrap(), &rest).unwrap();
    assert_eq!(news().unwrap()[0].alert, Alert::Halted);
}

// --- what Meta ends, and what comes early ---

/// A world in which a notification is on its way to somebody by their token.
fn on_its_way() -> World<'static> {
    let mut world = World::new(&SHOPS[0], ms(START));
    let yes = optin(1, world.now, "today", OptinStatus::Granted, Some("t1"), None);
    world.after(yes);
    // Half past ten in Vilnius, two days later.
    world.now = ms("2026-11-22T08:30:01Z");
    world.tick();
    assert_eq!(world.claim(ROOM), 1);
    world
}

fn last_receipt(world: &World<'_>) -> Value {
    let receipts = told::of_person(&world.sql, &person_id(1)).unwrap().receipts;
    serde_json::from_str(&receipts.last().unwrap().body).unwrap()
}

#[test]
fn what_meta_ends_leaves_a_receipt_with_its_numbers() {
    for (code, subcode, said, numbers) in [
        (10, Some(1_893_015), "stopped", "10/1893015"),
        (2_300_037, None, "token_ended", "2300037"),
    ] {
        let mut world = on_its_way();
        world.send(0, Graph::Refuses(code, subcode));
        world.settle(0);
        let receipt = last_receipt(&world);
        assert_eq!((&receipt["said"], &receipt["by"]), (&json!(said), &json!("meta_error")));
        assert_eq!(receipt["event"], numbers);
        assert_eq!(receipt["at"], world.now.rfc3339());
        assert_eq!(world.number("SELECT count(*) FROM receipts"), 2);
    }
}

fn delivery(at: UnixMs, mids: &[&str], watermark: Option<UnixMs>) -> Event {
    let mids = mids.iter().map(|mid| Mid((*mid).to_owned())).collect();
    event(1, at, EventKind::Delivery { mids, watermark })
}

fn read_until(at: UnixMs) -> Event {
    event(1, at, EventKind::Read { mid: None, watermark: Some(at) })
}

fn tallies(world: &World<'_>) -> Vec<(String, i64)> {
    let report = report(world);
    report.tallies.into_iter().map(|tally| (tally.what, tally.people)).collect()
}

fn counted(what: &[&str]) -> Vec<(String, i64)> {
    what.iter().map(|what| ((*what).to_owned(), 1)).collect()
}

#[test]
fn a_delivery_or_a_reading_before_our_own_answer_counts_once() {
    for (early, what) in [
        ("mid", vec!["delivered"]),
        ("watermark", vec!["delivered"]),
        ("read", vec!["delivered", "read"]),
    ] {
        let mut world = on_its_way();
        let claimed_at = world.now;
        world.send(0, Graph::Takes);
        let mid = format!("m_{}", world.taken.last().unwrap().id);
        world.wait(SECOND);
        let now = world.now;
        let events = match early {
            "mid" => vec![delivery(now, &[&mid], None)],
            "watermark" => vec![delivery(now, &[], Some(claimed_at.plus(10)))],
            _ => vec![delivery(now, &[&mid], Some(now)), read_until(now)],
        };
        world.take(&events);
        assert_eq!(tallies(&world), [], "nothing is known to have left yet");
        world.settle(0);
        assert_eq!(tallies(&world), counted(&what), "{early}");
        // Told again afterwards, it is the same delivery.
        world.wait(SECOND);
        let again = world.now;
        world.take(&[delivery(again, &[&mid], Some(again))]);
        assert_eq!(tallies(&world), counted(&what), "{early}");
        assert_eq!(world.number("SELECT count(*) FROM early"), 0);
    }
}

#[test]
fn what_is_told_of_an_older_message_meanwhile_does_not_count() {
    let mut world = on_its_way();
    let claimed_at = world.now;
    world.send(0, Graph::Takes);
    world.wait(SECOND);
    let now = world.now;
    world.take(&[delivery(now, &["m_of_an_answer"], Some(claimed_at.plus(-MINUTE)))]);
    world.settle(0);
    assert_eq!(tallies(&world), []);
    // And what was refused was not delivered.
    let mut world = on_its_way();
    world.wait(SECOND);
    let now = world.now;
    world.take(&[delivery(now, &["m_x"], Some(now))]);
    world.send(0, Graph::Refuses(10, Some(1_893_015)));
    world.settle(0);
    assert_eq!(tallies(&world), []);
    assert_eq!(world.number("SELECT count(*) FROM early"), 0);
}
