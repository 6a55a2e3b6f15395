//! What people of the shop do by hand, and what waits while a thread is theirs.

use std::sync::LazyLock;

use crate::common_core::*;
use shopbell::cli::profile::wanted;
use shopbell::desk::by_hand::{self, Answering, By, Refusal};
use shopbell::desk::form::reminders;
use shopbell::desk::inbox;
use shopbell::desk::segment;
use shopbell::desk::sending::{self, Via};
use shopbell::faq::{Decision, keyword};
use shopbell::meta::event::{Event, Lane, OptinStatus};
use shopbell::meta::human::Unfit;
use shopbell::meta::send::Content;
use shopbell::outreach::receipt::Book;
use shopbell::shop::lang;
use shopbell::store::calls::{self, Kind};
use shopbell::store::outbox::Claimed;
use shopbell::time::{DAY, HOUR, MINUTE, SECOND};

const SOURCE: &str = r#"
    [shop]
    name = "Shop"
    languages = ["en"]
    time_zone = "Europe/Vilnius"
    [[page]]
    id = "100200300400777"
    username = "shop"
    [hours]
    mon = "09:00-17:00"
    tue = "09:00-17:00"
    wed = "09:00-17:00"
    thu = "09:00-17:00"
    fri = "09:00-17:00"
    [[faq]]
    id = "wifi"
    title.en = "Wifi"
    answer.en = "The password is on the menu."
    keywords.en = ["wifi"]
    [assistant]
    pause_hours = 4
    menu = ["wifi"]
    [handoff]
    notify = "700000000009"
    webhook = "https://hooks.example/shopbell"
    pass_thread = true
    [[agent]]
    name = "Ona"
    words.en = ["invoice"]
    hours = { mon = "10:00-12:00" }
    [privacy]
    controller = "A"
    contact = "a@a.example"
    legal_basis = "consent"
    keep_receipts_months = 24
    [[topic]]
    id = "news"
    title.en = "News"
    promise = "weekly"
    [[form]]
    id = "order"
    title.en = "Order"
    remind_after_minutes = 60
    [[form.question]]
    id = "what"
    kind = "text"
    title.en = "What"
    ask.en = "What?"
    [[faq]]
    id = "order"
    title.en = "Order"
    answer.en = "Gladly."
    keywords.en = ["order"]
    form = "order"
    "#;

static SHOP: LazyLock<Open> = LazyLock::new(|| compile(SOURCE));

fn world() -> World<'static> {
    World::new(&SHOP, tuesday_noon())
}

/// Something said while the inbox holds the thread.
fn watched(world: &mut World<'_>, text: &str) -> Vec<String> {
    world.wait(SECOND);
    let said = message(0, world.now, &format!("s{}", world.now.get()), text);
    world.after(Event { lane: Lane::Standby, ..said }).iter().map(shown).collect()
}

fn claim(world: &World<'_>) -> Vec<(Claimed, Via)> {
    sending::claim(&world.sql, &world.shop, ROOM, world.now).unwrap()
}

fn reply(world: &World<'_>, text: &str) -> Result<Answering, Refusal> {
    by_hand::reply(&world.sql, &world.shop, &person_id(0), text, world.now).unwrap()
}

// --- by hand ---

#[test]
fn what_a_person_types_leaves_by_the_window_then_by_their_own_right_then_not_at_all() {
    let mut world = world();
    assert_eq!(reply(&world, "Hello"), Err(Refusal::Unknown));
    world.says(0, "wifi");
    let last = world.now;
    for (wait, by) in [
        (HOUR, Some(By::Window)),
        (DAY, Some(By::HumanAgent)),
        (7 * DAY - 1, Some(By::HumanAgent)),
        (7 * DAY, None),
    ] {
        world.now = last.plus(wait);
        let queued = reply(&world, "We found it.");
        assert_eq!(queued.map(|sent| sent.by).ok(), by, "{wait}");
        assert!(by.is_some() || queued == Err(Refusal::TooLate));
        let claimed = claim(&world);
        let bodies: Vec<String> = claimed.iter().map(|(c, via)| sending::body(c, via)).collect();
        match by {
            None => assert!(claimed.is_empty()),
            Some(by) => {
                assert_eq!(bodies.len(), 1);
                assert!(bodies[0].contains("We found it."));
                assert_eq!(bodies[0].contains("HUMAN_AGENT"), by == By::HumanAgent, "{bodies:?}");
                assert!(bodies[0].contains("shopbell:"), "its echo can be told to be ours");
                let _settled = sending::settle(
                    &world.sql,
                    &Book { page: &world.shop.page.id, seed: [7; 16] },
                    &claimed[0].0,
                    &claimed[0].1,
                    None,
                    world.now,
                );
                world.sql_done();
            }
        }
    }
    assert_eq!(reply(&world, " "), Err(Refusal::Unfit(Unfit::Empty)));
}

trait Done {
    fn sql_done(&self);
}

impl Done for World<'_> {
    /// Nothing of before is sent again.
    fn sql_done(&self) {
        use shopbell::store::Sql;
        self.sql.execute("UPDATE outbox SET state = 'sent'", &[]).unwrap();
    }
}

#[test]
fn the_assistants_own_answer_never_leaves_by_the_right_of_people() {
    let mut world = world();
    world.wait(SECOND);
    let asked = message(0, world.now, "m", "wifi");
    world.take(&[asked]);
    world.wait(2 * DAY);
    assert!(claim(&world).is_empty(), "an answer of before, too late for the window");
    // A typed answer that waited beyond the window leaves by it, in the same row.
    world.says(0, "wifi");
    reply(&world, "By hand").unwrap();
    world.wait(2 * DAY);
    let claimed = claim(&world);
    assert!(matches!(&claimed[..], [(_, Via::ByHand { .. })]), "{claimed:?}");
}

#[test]
fn the_assistant_keeps_quiet_after_a_person_answered_by_hand() {
    let mut world = world();
    world.says(0, "wifi");
    reply(&world, "Rūta here").unwrap();
    world.drain();
    assert!(world.says(0, "wifi").is_empty());
    world.wait(4 * HOUR);
    assert_eq!(world.says(0, "wifi"), ["The password is on the menu."]);
}

#[test]
fn notes_go_to_the_owner_only_and_are_gone_with_the_person() {
    let mut world = world();
    let note = |world: &World<'_>, text: &str| {
        by_hand::note(&world.sql, &person_id(0), text, world.now).unwrap()
    };
    assert_eq!(note(&world, "Who?"), Err(Refusal::Unknown));
    world.says(9, "wifi");
    world.says(0, "wifi");
    assert_eq!(note(&world, " "), Err(Refusal::Note));
    note(&world, "Pays late zzz").unwrap().iter().for_each(|n| assert_eq!(n.text, "Pays late zzz"));
    let mut owner = world.heard(9).len();
    world.says(0, "human");
    assert!(world.heard(9)[owner].ends_with("Pays late zzz"));
    owner = world.heard(9).len();
    assert!(world.heard(0).iter().all(|said| !said.contains("zzz")));
    world.says(0, "delete my data");
    world.wait(SECOND);
    world.after(yes_delete(0, world.now));
    assert_eq!(world.heard(9).len(), owner);
    for table in world.texts("SELECT name FROM sqlite_master WHERE type = 'table'") {
        for column in world.texts(&format!("SELECT name FROM pragma_table_info('{table}')")) {
            let query = format!("SELECT CAST({column} AS TEXT) FROM {table}");
            let kept = world.texts(&query).join("\n");
            assert!(!kept.contains("zzz"), "{table}.{column}");
        }
    }
}

// --- the thread is the inbox's ---

#[test]
fn a_delete_that_was_only_watched_is_asked_once_when_the_thread_is_back() {
    let handed_over = || {
        let mut world = world();
        begins(&world.says(0, "human"), own(|t| t.human));
        assert!(watched(&mut world, "delete my data").is_empty());
        world
    };
    let back = |world: &World<'_>| {
        let who = (shopbell::meta::event::Channel::Messenger, &person_id(0));
        inbox::thread_back(&world.sql, world.context(), who, world.now).unwrap();
    };
    // Taken back by us.
    let mut world = handed_over();
    world.wait(4 * HOUR);
    let before = world.heard(0).len();
    back(&world);
    world.drain();
    begins(&world.heard(0), own(|t| t.delete_ask));
    back(&world);
    world.drain();
    assert_eq!(world.heard(0).len(), before + 1, "once");
    assert_eq!(world.says(0, "wifi"), ["The password is on the menu."]);
    world.wait(SECOND);
    begins(
        &world.after(yes_delete(0, world.now)).iter().map(shown).collect::<Vec<_>>(),
        own(|t| t.deleted),
    );

    // Nobody said that it is back: then with the next answer, or instead of none.
    let mut world = handed_over();
    world.wait(5 * HOUR);
    let said = world.says(0, "wifi");
    assert_eq!(said.len(), 2, "{said:?}");
    begins(&said, own(|t| t.delete_ask));
    assert_eq!(world.says(0, "wifi").len(), 1);

    // Whoever changed their mind in between is not asked.
    let mut world = handed_over();
    world.wait(5 * HOUR);
    world.says(0, "delete my data");
    world.says(0, own(|t| t.delete_no));
    assert_eq!(world.says(0, "wifi").len(), 1);
}

#[test]
fn the_button_brings_the_assistant_back_into_a_thread_that_the_inbox_holds() {
    let kinds = |world: &World<'_>| -> Vec<Kind> {
        let due = calls::take_due(&world.sql, world.now, 10).unwrap();
        due.iter().for_each(|call| calls::done(&world.sql, call).unwrap());
        due.into_iter().map(|call| call.kind).collect()
    };
    for typed in [false, true] {
        let mut world = world();
        world.says(0, "human");
        world.wait(SECOND);
        assert_eq!(kinds(&world), [Kind::Hook, Kind::Pass]);
        assert!(watched(&mut world, "wifi").is_empty());
        world.wait(MINUTE);
        let title = own(|t| t.resume_button);
        let tap = if typed {
            message(0, world.now, "tap", &title.to_uppercase())
        } else {
            quick_reply(0, world.now, "tap", title, "sb:resume")
        };
        let asked = world.now;
        world.take(&[Event { lane: Lane::Standby, ..tap }]);
        assert!(claim(&world).is_empty(), "the thread is taken first");
        assert_eq!(kinds(&world), [Kind::Take]);
        world.drain();
        begins(&world.heard(0), own(|t| t.resumed));
        assert!(world.now.since(asked) < 5 * SECOND);
    }
    // Where we did not hand it over it is not ours to take.
    let mut world = world();
    world.shop.handoff.pass_thread = false;
    world.says(0, "human");
    assert!(watched(&mut world, own(|t| t.resume_button)).is_empty());
}

// --- what was said ---

#[test]
fn the_wait_is_the_agents_whom_the_person_was_handed_to() {
    let mut world = world();
    let soon = lang::all().iter().find(|l| l.code == "en").unwrap().soon;
    // The shop is open; whoever answers invoices is there on Mondays.
    let said = world.says(0, "unacceptable, the invoice is wrong");
    assert!(said.last().unwrap().contains("on Monday at 10:00"), "{said:?}");
    world.shop.agents[0].hours = None;
    let said = world.says(1, "unacceptable, the invoice is wrong");
    assert!(said.last().unwrap().contains(soon), "{said:?}");
}

#[test]
fn a_stop_that_comes_after_the_reminder_was_written_ends_it() {
    let left = || {
        let mut world = world();
        world.says(0, "order");
        world.wait(61 * MINUTE);
        assert_eq!(reminders::remind(&world.sql, &world.shop, world.now).unwrap(), 1);
        world
    };
    let mut world = left();
    let before = world.heard(0).len();
    world.drain();
    assert_eq!(world.heard(0).len(), before + 1, "nothing keeps it");
    for word in ["STOP", "human"] {
        for late in [false, true] {
            let mut world = left();
            // Said before it was written, and delivered after.
            let at = if late { world.now.plus(-SECOND) } else { world.now.plus(SECOND) };
            world.wait(2 * SECOND);
            world.take(&[message(0, at, "m", word)]);
            let before = world.heard(0).len();
            world.drain();
            let said = world.heard(0).split_off(before);
            assert!(said.iter().all(|said| !said.contains("not finished")), "{word}: {said:?}");
            assert_eq!(said.len(), 1, "{word}");
        }
    }
    // STOP long ago, and a form since: that is another matter.
    let mut world = self::world();
    world.take(&[optin(0, world.now, "news", OptinStatus::Granted, Some("t"), None)]);
    world.says(0, "STOP");
    world.wait(MINUTE);
    world.says(0, "order");
    world.wait(61 * MINUTE);
    assert_eq!(reminders::remind(&world.sql, &world.shop, world.now).unwrap(), 1);
    let before = world.heard(0).len();
    world.drain();
    assert_eq!(world.heard(0).len(), before + 1);
}

#[test]
fn whoever_takes_none_of_what_is_offered_gets_a_person_and_not_another_list() {
    let cafe = &SHOPS[0];
    let (shop, model) = (&cafe.shop, cafe.faq.as_ref().unwrap());
    let is_vague = |text: &&&str| {
        let found = model.answer(text, None, shop.assistant.eagerness).decision;
        keyword(&shop.faq, text).is_none() && matches!(found, Decision::Offer(_))
    };
    let vague = ["how much is it", "how much is the food", "what do you have", "do you have water"];
    let vague: Vec<&str> = vague.iter().filter(is_vague).copied().collect();
    assert!(!vague.is_empty(), "something that is offered for");
    let (first, second) = (vague[0], vague[vague.len() - 1]);
    let say = |world: &mut World<'_>, text: &str| -> Vec<Content> {
        world.wait(MINUTE);
        world.after(message(0, world.now, &format!("m{}", world.now.get()), text))
    };
    let start = ms("2026-11-24T10:00:00Z");
    let mut world = World::new(cafe, start);
    say(&mut world, "ačiū");
    assert_eq!(say(&mut world, first).len(), 1);
    let called = say(&mut world, second);
    assert!(world.person(0).unwrap().paused(world.now), "{called:?}");
    assert_eq!(world.count("handoff.misses"), 1);
    // Without that rule of the owner's: the fallback, then silence, but never another list.
    let mut world = World::new(cafe, start);
    world.shop.handoff.misses = 0;
    say(&mut world, "ačiū");
    let said: Vec<usize> = [first, second, first, second].map(|t| say(&mut world, t).len()).into();
    assert_eq!(said, [1, 1, 0, 0]);
    assert_eq!(world.count("answer.faq"), 1);
    // Whoever took one may be offered others.
    let mut world = World::new(cafe, start);
    say(&mut world, "ačiū");
    let offered = say(&mut world, first);
    let Content::Text { quick_replies, .. } = &offered[0] else { panic!("{offered:?}") };
    world.wait(MINUTE);
    world.after(quick_reply(0, world.now, "tap", "x", &quick_replies[0].payload));
    say(&mut world, second);
    assert_eq!(world.count("answer.faq"), 2);
}

#[test]
fn a_tap_leaves_its_tags_and_fields_whatever_it_leads_to_and_nothing_it_could_bring_along() {
    let source = SOURCE.replace(
        "[assistant]",
        r#"
        [[faq.quick_replies]]
        title.en = "The big one"
        faq = "wifi"
        tags = ["big"]
        set = { size = "L", seats = 4 }
        [[profile.menu]]
        title.en = "A person"
        human = true
        tags = ["menu"]
        [[profile.ice_breaker]]
        question.en = "Is there wifi?"
        faq = "wifi"
        tags = ["ice"]
        [[profile.command]]
        name = "wifi"
        description.en = "Wifi"
        faq = "wifi"
        tags = ["slash"]
        [[segment]]
        id = "big"
        all = [{ tag = "big" }, { field = "seats", at_least = 4 }]
        [assistant]"#,
    );
    let open = compile(&source);
    let mut world = World::new(&open, tuesday_noon());
    let said = {
        let asked = message(0, world.now, "m", "wifi");
        world.after(asked)
    };
    let reply = said.iter().find_map(|bubble| match bubble {
        Content::Text { quick_replies, .. } => {
            quick_replies.iter().find(|reply| reply.title == "The big one")
        }
        _ => None,
    });
    let payload = reply.unwrap().payload.clone();
    assert!(payload.ends_with(":faq:wifi") && payload.len() < 40, "{payload}");
    world.wait(MINUTE);
    let taps = |world: &mut World<'_>, payload: &str| -> Vec<String> {
        world.wait(MINUTE);
        let tap = quick_reply(0, world.now, &format!("t{}", world.now.get()), "x", payload);
        world.after(tap).iter().map(shown).collect()
    };
    let tags =
        |world: &World<'_>| -> Vec<String> { world.person(0).unwrap().tags.into_iter().collect() };
    // A mark that stands on nothing, and one of tags that somebody made up.
    begins(&taps(&mut world, "sb:~00000000:faq:wifi"), "The password");
    assert_eq!(tags(&world), [""; 0]);
    begins(&taps(&mut world, &payload), "The password");
    assert_eq!(tags(&world), ["big"]);
    assert_eq!(world.person(0).unwrap().fields.len(), 2);
    let big = &world.shop.segments[0];
    assert!(segment::matches(big, &world.shop.page, &world.person(0).unwrap(), world.now));
    let profile = wanted::profile(&world.shop);
    let of = |field: &str| {
        let set = &profile[field][0]["call_to_actions"][0];
        set["payload"].as_str().unwrap().to_owned()
    };
    let (menu, ice) = (of("persistent_menu"), of("ice_breakers"));
    begins(&taps(&mut world, &ice), "The password");
    world.says(0, "/wifi");
    begins(&taps(&mut world, &menu), own(|t| t.human));
    assert_eq!(tags(&world), ["big", "ice", "menu", "slash"]);
    // The owner takes it off the button: old buttons leave nothing any more.
    world.shop.faq.iter_mut().for_each(|entry| entry.quick_replies.clear());
    let mut stranger = quick_reply(1, world.now, "s", "x", &payload);
    stranger.at = world.now;
    world.after(stranger);
    assert!(world.person(1).unwrap().tags.is_empty());
}
