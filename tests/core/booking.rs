//! Booking in the simulated world: what is offered, held, booked, moved, cancelled and told; and
//! that two people never get the same last slot, however their steps interleave.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::common_core::*;
use proptest::collection::vec;
use proptest::prelude::*;
use shopbell::desk::booking::calendar;
use shopbell::desk::form::reminders;
use shopbell::entry::calendar as links;
use shopbell::meta::event::{Channel, Event};
use shopbell::meta::ids::TemplateId;
use shopbell::meta::send::Content;
use shopbell::meta::template::Kept;
use shopbell::shop::forms::FieldValue;
use shopbell::shop::model::{Lang, Localized};
use shopbell::shop::templates::{Template, TemplateUse};
use shopbell::store::bookings::{self, Claim, peak};
use shopbell::store::calls::{self, Kind};
use shopbell::store::{notices, people, templates};
use shopbell::time::{DAY, HOUR, MINUTE, UnixMs};

const SOURCE: &str = r#"
[shop]
name = "Test"
languages = ["en", "lt"]
time_zone = "Europe/Vilnius"
address.en = "1 High Street, Vilnius"

[[page]]
id = "1029384756"
username = "test"

[hours]
mon = "09:00-17:00"
tue = "09:00-17:00"
wed = ["09:00-12:00", "13:00-17:00"]

[handoff]
notify = "700000000009"
webhook = "https://hooks.example/shopbell"

[[agent]]
name = "Ona"
webhook = "https://hooks.example/ona"
hours = { tue = "10:00-12:00" }

[[service]]
id = "cut"
title.en = "Haircut"
title.lt = "Kirpimas"
minutes = 60
agent = "Ona"
lead_minutes = 60
hold_minutes = 10

[[service]]
id = "table"
title.en = "Table"
title.lt = "Staliukas"
minutes = 90
every_minutes = 30
capacity = 2
remind_minutes = 180
days_ahead = 60

[[service]]
id = "wash"
title.en = "Wash"
title.lt = "Plovimas"
minutes = 30
resource = "cut"

[[poster]]
code = "DOOR"
form = "cut"

[[faq]]
id = "hours"
title.en = "Opening hours"
title.lt = "Darbo laikas"
keywords.en = ["opening hours"]
answer.en = "Always."
answer.lt = "Visada."
quick_replies = [{ form = "cut" }, { form = "table" }, { form = "any" }]

[[form]]
id = "cut"
title.en = "Book a haircut"
title.lt = "Kirpimas"
remind_after_minutes = 0

[[form.question]]
id = "when"
title.en = "When"
title.lt = "Kada"
ask.en = "When would you like to come?"
ask.lt = "Kada ateisite?"
kind = "slot"
service = "cut"

[[form.question]]
id = "phone"
title.en = "Phone"
title.lt = "Telefonas"
ask.en = "Your phone?"
ask.lt = "Telefonas?"
kind = "phone"

[[form]]
id = "table"
title.en = "Book a table"
title.lt = "Staliukas"
confirm = false

[[form.question]]
id = "table_at"
title.en = "When"
title.lt = "Kada"
ask.en = "When?"
ask.lt = "Kada?"
kind = "slot"
service = "table"

[[form]]
id = "any"
title.en = "Book something"
title.lt = "Rezervuoti"

[[form.question]]
id = "what"
title.en = "What"
title.lt = "Kas"
ask.en = "What shall it be?"
ask.lt = "Kas?"
kind = "choice"
options = [
    { id = "cut", title.en = "Haircut", title.lt = "Kirpimas" },
    { id = "wash", title.en = "Wash", title.lt = "Plovimas" },
]

[[form.question]]
id = "any_at"
title.en = "When"
title.lt = "Kada"
ask.en = "When?"
ask.lt = "Kada?"
kind = "slot"
service_of = "what"
"#;

static OPEN: LazyLock<Open> = LazyLock::new(|| compile(SOURCE));

fn new_talk() -> Talk {
    Talk::new(&OPEN, monday_noon())
}

impl Talk {
    fn books(&mut self, who: usize, time: &str) -> String {
        self.pays(who, "sb:form:cut");
        self.says(who, &format!("tomorrow {time}"));
        self.says(who, "+37060000000");
        self.says(who, "yes")
    }

    fn claims(&self) -> Vec<Claim> {
        bookings::ahead(&self.world.sql, self.world.now).unwrap()
    }

    fn hooks(&self) -> Vec<(String, String)> {
        let due = calls::take_due(&self.world.sql, self.world.now, 50).unwrap();
        due.iter().for_each(|call| calls::done(&self.world.sql, call).unwrap());
        let hooks = due.into_iter().filter(|call| matches!(call.kind, Kind::Hook | Kind::News));
        hooks.map(|call| (call.url, call.body)).collect()
    }
}

#[test]
fn a_slot_is_chosen_by_day_and_time_held_and_booked() {
    let mut talk = new_talk();
    assert_eq!(talk.pays(1, "sb:form:cut"), "When would you like to come?");
    // Ona is there on Tuesdays from ten to twelve.
    assert_eq!(
        talk.titles(1),
        ["Tue 24 Nov", "Tue 1 Dec", "Tue 8 Dec", "Tue 15 Dec", "Tue 22 Dec", "Cancel"]
    );
    assert_eq!(talk.taps(1, "Tue 24 Nov"), "What time on Tue 24 Nov 2026?");
    assert_eq!(talk.titles(1), ["10:00", "11:00", "Other days", "Cancel"]);
    assert_eq!(talk.claims().len(), 0);
    assert_eq!(talk.taps(1, "11:00"), "Your phone?");
    let held = talk.claims();
    assert_eq!((held.len(), held[0].is_booked()), (1, false));
    let summary = talk.says(1, "+370 600 00000");
    assert!(summary.contains("• When: Tue 24 Nov 2026 11:00"), "{summary}");
    assert_eq!(
        talk.taps(1, "All correct"),
        "Done! You are booked for Tue 24 Nov 2026 11:00. [buttons]"
    );
    assert_eq!(talk.titles(1), ["Move it", "Cancel booking"]);
    let booked = talk.claims();
    assert!(booked.len() == 1 && booked[0].is_booked());
    assert_eq!(booked[0].starts_at, ms("2026-11-24T09:00:00Z"));
    assert_eq!(booked[0].ends_at, ms("2026-11-24T10:00:00Z"));
    let person = talk.world.person(1).unwrap();
    let field = person.fields.iter().find(|(id, _)| id.as_str() == "when").unwrap().1;
    assert!(matches!(field, FieldValue::Slot { at, .. } if *at == booked[0].starts_at));
    // The agent who does it is told, and nobody is asked to take over.
    let hooks = talk.hooks();
    let [(url, body)] = &hooks[..] else { panic!("{hooks:?}") };
    assert_eq!(url, "https://hooks.example/ona");
    for part in [
        "\"event\":\"booking\"",
        "\"reason\":\"booked\"",
        "\"subject\":\"Haircut, Tue 24 Nov 2026 11:00\"",
        "\"starts_at\":\"2026-11-24T09:00:00Z\"",
        "\"service\":\"cut\"",
    ] {
        assert!(body.contains(part), "{part} in {body}");
    }
    assert!(!body.contains("37060000000"), "{body}");
    assert!(!person.paused(talk.world.now));
    let listed = bookings::list(&talk.world.sql, talk.world.now, 10).unwrap();
    assert_eq!(listed[0].state, "booked");
    assert_eq!(listed[0].note, "• Phone: +37060000000");
}

#[test]
fn what_is_typed_is_a_day_a_time_or_both() {
    for (texts, expected) in [
        (&["tomorrow 11:00"][..], "11:00"),
        (&["on Tuesday", "11"], "11:00"),
        (&["24.11.", "at 10"], "10:00"),
        (&["rytoj 11 val."], "11:00"),
        (&["next year", "tomorrow", "noon-ish", "10:00"], "10:00"),
        (&["what are your opening hours?", "tomorrow", "11:00"], "11:00"),
        (&["Wednesday", "tomorrow at 10:00"], "10:00"),
        (&["tomorrow 15:00", "10:00"], "10:00"),
        (&["25.12.2030", "tomorrow", "cancel", "sb:form:cut", "tomorrow 10:00"], "10:00"),
    ] {
        let mut talk = new_talk();
        talk.pays(1, "sb:form:cut");
        for text in texts {
            if text.starts_with("sb:") {
                talk.pays(1, text)
            } else {
                talk.says(1, text)
            };
        }
        let claims = talk.claims();
        let local = claims.first().map(|claim| claim.starts_at.plus(2 * HOUR).rfc3339());
        let day = local.as_deref().and_then(|local| local.get(..16));
        assert_eq!(day, Some(format!("2026-11-24T{expected}").as_str()), "{texts:?}");
    }
    let mut talk = new_talk();
    talk.pays(1, "sb:form:cut");
    assert_eq!(talk.says(1, "Wednesday"), "Nothing is free on Wed 25 Nov 2026. Which other day?");
    assert_eq!(talk.says(1, "tomorrow 15:00"), "15:00 is not free. Which of these suits you?");
    assert_eq!(talk.titles(1)[..2], ["10:00", "11:00"]);
    assert_eq!(talk.taps(1, "Other days"), "When would you like to come?");
    // In the afternoon, where nothing begins at night.
    let mut talk = new_talk();
    talk.pays(1, "sb:form:table");
    talk.says(1, "tomorrow");
    assert!(talk.says(1, "at 3").contains("Tue 24 Nov 2026 15:00"));
}

#[test]
fn more_days_and_more_times_are_a_tap_away_and_the_lists_go_round() {
    let mut talk = new_talk();
    talk.pays(1, "sb:form:table");
    let first: Vec<String> = talk.titles(1).iter().map(|t| (*t).to_owned()).collect();
    assert_eq!(first.len(), 10, "{first:?}");
    talk.taps(1, "Other days");
    assert_ne!(talk.titles(1)[0], first[0]);
    for _ in 0..8 {
        talk.taps(1, "Other days");
    }
    assert!(talk.titles(1).contains(&"Cancel"));
    talk.pays(1, "sb:form:table:is:table_at:days:");
    talk.taps(1, "Tue 24 Nov");
    assert_eq!(talk.titles(1)[..3], ["9:00", "9:30", "10:00"]);
    talk.taps(1, "Other times");
    assert_eq!(talk.titles(1)[..2], ["13:00", "13:30"]);
    talk.taps(1, "Other times");
    assert_eq!(talk.titles(1)[0], "9:00");
}

#[test]
fn a_hold_keeps_others_away_until_it_ends_and_is_given_up_with_the_form() {
    let mut talk = new_talk();
    talk.pays(1, "sb:form:cut");
    talk.says(1, "tomorrow 11:00");
    talk.pays(2, "sb:form:cut");
    talk.taps(2, "Tue 24 Nov");
    assert!(!talk.titles(2).contains(&"11:00"));
    assert_eq!(
        talk.says(2, "11:00"),
        "Sorry, that time has just been taken. Please choose another."
    );
    // The first one thinks for longer than ten minutes.
    talk.world.wait(11 * MINUTE);
    assert_eq!(talk.says(2, "11:00"), "Your phone?");
    talk.says(1, "+37060000001");
    let said = talk.says(1, "yes");
    assert!(said.starts_with("Sorry, that time has just been taken."), "{said}");
    assert_eq!(talk.titles(1)[0], "Tue 24 Nov");
    // The second one gives up: it is free at once.
    talk.says(2, "cancel");
    assert_eq!(talk.claims().len(), 0);
    let summary = talk.says(1, "tomorrow 11:00");
    assert!(summary.contains("11:00"), "the phone number is kept: {summary}");
    assert!(talk.says(1, "yes").contains("You are booked"));
}

#[test]
fn what_was_held_is_booked_even_when_the_hold_has_ended_and_nobody_came_between() {
    let mut talk = new_talk();
    talk.pays(1, "sb:form:cut");
    talk.says(1, "tomorrow 11:00");
    talk.world.wait(3 * HOUR);
    talk.says(1, "+37060000001");
    assert!(talk.says(1, "yes").contains("You are booked"));
}

#[test]
fn whoever_has_an_appointment_moves_or_cancels_it_and_the_shop_is_told() {
    let mut talk = new_talk();
    assert!(talk.books(1, "11:00").contains("You are booked"));
    assert!(talk.books(2, "10:00").contains("You are booked"));
    talk.hooks();
    let said = talk.pays(1, "sb:form:cut");
    assert_eq!(said, "You have a booking for Tue 24 Nov 2026 11:00. [buttons]");
    // Tomorrow is full, but for what is moved.
    assert_eq!(talk.taps(1, "Move it"), "Which day suits you?");
    assert_eq!(talk.taps(1, "Tue 24 Nov"), "What time on Tue 24 Nov 2026?");
    assert_eq!(talk.titles(1)[0], "11:00");
    let said = talk.says(1, "1.12. 10:00");
    assert_eq!(said, "Done! You are booked for Tue 1 Dec 2026 10:00. [buttons]");
    assert!(talk.hooks()[0].1.contains("\"reason\":\"moved\""));
    let claim = talk.claims().into_iter().find(|c| c.person == person_id(1)).unwrap();
    assert_eq!((claim.starts_at, claim.moved), (ms("2026-12-01T08:00:00Z"), 1));
    // What became free can be had, and the one who moved has nothing else.
    assert_eq!(talk.claims().len(), 2);
    assert!(talk.books(3, "11:00").contains("You are booked"));
    talk.hooks();
    // An old button does the same.
    assert_eq!(talk.pays(1, "sb:form:cut:do:drop"), "The booking is cancelled.");
    let hooks = talk.hooks();
    assert!(hooks[0].1.contains("\"reason\":\"cancelled\""), "{hooks:?}");
    assert_eq!(talk.pays(1, "sb:form:cut:do:drop"), "There is no such booking any more.");
    assert_eq!(talk.pays(1, "sb:form:cut:do:move"), "There is no such booking any more.");
    assert!(talk.taps(1, "Book a haircut").contains("When would you"));
    assert_eq!(talk.hooks(), []);
}

#[test]
fn moving_is_given_up_and_the_appointment_stays() {
    let mut talk = new_talk();
    talk.books(1, "11:00");
    talk.pays(1, "sb:form:cut:do:move");
    assert_eq!(talk.taps(1, "Cancel"), "Cancelled. Nothing of it was kept.");
    assert!(talk.claims().len() == 1 && talk.claims()[0].is_booked());
    // Cancelled meanwhile by an older button: there is nothing to move.
    talk.pays(1, "sb:form:cut:do:move");
    talk.pays(1, "sb:form:cut:do:drop");
    assert_eq!(talk.world.person(1).unwrap().forms, []);
    assert_eq!(talk.claims(), []);
    // Nor does a move that was begun touch what was booked anew since.
    let mut talk = new_talk();
    talk.books(1, "11:00");
    talk.pays(1, "sb:form:cut:do:move");
    let moving = talk.world.person(1).unwrap().forms;
    talk.pays(1, "sb:form:cut:do:drop");
    assert!(talk.books(1, "10:00").contains("You are booked"));
    let mut person = talk.world.person(1).unwrap();
    person.forms = moving;
    people::save(&talk.world.sql, Channel::Messenger, &person_id(1), &person).unwrap();
    assert_eq!(talk.says(1, "1.12. 11:00"), "There is no such booking any more.");
    assert_eq!(talk.claims()[0].starts_at, ms("2026-11-24T08:00:00Z"));
}

#[test]
fn what_cannot_be_said_is_not_booked() {
    let mut talk = new_talk();
    talk.pays(1, "sb:form:table");
    talk.world.shop.assistant.messenger = false;
    talk.says(1, "tomorrow 14:00");
    assert_eq!(talk.claims(), []);
    assert_eq!(talk.hooks(), []);
    talk.world.shop.assistant.messenger = true;
    assert!(talk.says(1, "tomorrow 14:00").contains("You are booked"));
}

#[test]
fn the_owner_reads_of_it_in_messenger_while_meta_allows_it() {
    let mut talk = new_talk();
    talk.world.shop.handoff.with_text = true;
    talk.world.shop.agents.clear();
    talk.world.shop.services[0].hours = Some(OPEN.shop.hours.clone());
    talk.says(9, "hello");
    talk.books(1, "11:00");
    let notice = talk.world.heard(9).pop().unwrap();
    assert!(notice.starts_with("New booking: Haircut, Tue 24 Nov 2026 11:00\n"), "{notice}");
    assert!(notice.contains("• Phone: +37060000000"), "{notice}");
    talk.pays(1, "sb:form:cut:do:drop");
    let notice = talk.world.heard(9).pop().unwrap();
    assert!(notice.starts_with("Booking cancelled: Haircut, Tue 24 Nov"), "{notice}");
}

#[test]
fn services_that_share_a_resource_share_its_room_and_the_choice_decides_which() {
    let mut talk = new_talk();
    talk.books(1, "11:00");
    talk.pays(2, "sb:form:any");
    talk.taps(2, "Wash");
    talk.says(2, "tomorrow");
    assert!(!talk.titles(2).iter().any(|time| time.starts_with("11:")), "{:?}", talk.titles(2));
    talk.says(2, "10:30");
    assert_eq!(talk.claims().len(), 2);
    // Another service: the slot of the first is none of the second.
    talk.taps(2, "What");
    assert_eq!(talk.taps(2, "Haircut"), "When?");
    talk.says(2, "cancel");
    assert_eq!(talk.claims().len(), 1);
}

#[test]
fn the_reminder_comes_inside_the_window_and_is_held_with_a_reason_otherwise() {
    let book = |time: &str| {
        let mut talk = new_talk();
        talk.pays(1, "sb:form:table");
        assert!(talk.says(1, time).contains("You are booked"));
        talk
    };
    let reminders_of = |talk: &Talk| -> Option<String> {
        bookings::list(&talk.world.sql, talk.world.now, 10).unwrap()[0].reminder.clone()
    };
    let remind = |talk: &mut Talk| {
        let before = talk.world.heard(1).len();
        reminders::remind(&talk.world.sql, &talk.world.shop, talk.world.now).unwrap();
        talk.world.drain();
        talk.world.heard(1).split_off(before)
    };
    // Three hours before 14:00; it is noon on Monday in Vilnius.
    let mut talk = book("tomorrow 14:00");
    talk.world.wait(22 * HOUR);
    assert!(remind(&mut talk).is_empty());
    talk.world.now = ms("2026-11-24T09:00:00Z");
    assert_eq!(
        remind(&mut talk),
        ["A reminder: you are booked for Tue 24 Nov 2026 14:00. [buttons]"]
    );
    assert!(remind(&mut talk).is_empty());
    assert_eq!(reminders_of(&talk).as_deref(), Some("sent"));
    // What falls into the night is said on the evening before.
    let mut talk = book("tomorrow 9:00");
    talk.world.now = ms("2026-11-23T18:00:00Z");
    assert_eq!(remind(&mut talk).len(), 1);
    // Outside the window, after STOP, and while a person talks, it is held.
    let mut talk = book("on Wednesday 14:00");
    talk.world.now = ms("2026-11-25T09:00:00Z");
    assert!(remind(&mut talk).is_empty());
    assert_eq!(reminders_of(&talk).as_deref(), Some("window_closed"));
    assert_eq!(talk.world.count("booking.reminder.window_closed"), 1);
    // With a template that Meta has approved it leaves outside the window too, and once.
    let template = Template {
        id: TemplateId::new("soon").unwrap(),
        purpose: TemplateUse::BookingReminder,
        text: Localized(BTreeMap::from([(
            Lang("en".to_owned()),
            "We expect you on {when}, and look forward to it.".to_owned(),
        )])),
        examples: BTreeMap::new(),
    };
    for status in ["PENDING", "APPROVED"] {
        let mut talk = book("on Wednesday 14:00");
        talk.world.shop.templates = vec![template.clone()];
        let kept = Kept {
            name: template.meta_name(),
            language: "en".to_owned(),
            status: status.to_owned(),
            category: "UTILITY".to_owned(),
            reason: None,
        };
        templates::save(&talk.world.sql, &kept).unwrap();
        talk.world.now = ms("2026-11-25T09:00:00Z");
        let heard = remind(&mut talk);
        let by_template = reminders_of(&talk);
        if status == "APPROVED" {
            assert_eq!(heard, [format!("[template {}]", template.meta_name())]);
            assert_eq!(by_template.as_deref(), Some("utility_template"));
            let Some(Content::Template(filled)) = talk.world.taken.last().map(|s| &s.content)
            else {
                panic!("no template left");
            };
            let when = ("when".to_owned(), "Wed 25 Nov 2026 14:00".to_owned());
            assert_eq!(filled.parameters, [when]);
            assert!(remind(&mut talk).is_empty());
            let told = notices::report(&talk.world.sql, UnixMs::new(0)).unwrap();
            assert_eq!((told[0].state, told[0].notices), (notices::State::Sent, 1));
        } else {
            assert_eq!((heard.len(), by_template.as_deref()), (0, Some("window_closed")));
        }
    }
    for (word, why) in [("STOP", "stopped"), ("human", "person_talking")] {
        let mut talk = book("tomorrow 14:00");
        talk.world.wait(20 * HOUR);
        talk.says(1, word);
        talk.world.now = ms("2026-11-24T09:00:00Z");
        assert!(remind(&mut talk).is_empty());
        assert_eq!(reminders_of(&talk).as_deref(), Some(why));
    }
    // Moved: reminded anew, of the new time. Cancelled: not at all.
    let mut talk = book("tomorrow 14:00");
    talk.world.wait(6 * HOUR);
    talk.pays(1, "sb:form:table:do:move");
    talk.says(1, "tomorrow 15:00");
    talk.world.now = ms("2026-11-24T09:30:00Z");
    assert!(remind(&mut talk).is_empty());
    talk.world.now = ms("2026-11-24T10:00:00Z");
    assert!(remind(&mut talk)[0].contains("15:00"));
    let mut talk = book("tomorrow 14:00");
    talk.pays(1, "sb:form:table:do:drop");
    talk.world.now = ms("2026-11-24T09:00:00Z");
    assert!(remind(&mut talk).is_empty());
}

#[test]
fn forgetting_a_person_frees_their_slots() {
    let mut talk = new_talk();
    talk.books(1, "11:00");
    talk.pays(2, "sb:form:table");
    talk.says(2, "tomorrow");
    talk.says(1, "delete my data");
    talk.pays(1, "sb:delete");
    assert_eq!(talk.claims(), []);
    assert_eq!(talk.world.number("SELECT count(*) FROM bookings"), 0);
    assert!(talk.books(3, "11:00").contains("You are booked"));
}

#[test]
fn the_calendar_entry_says_what_when_and_where_and_not_who() {
    let mut talk = new_talk();
    talk.books(1, "11:00");
    let claim = talk.claims().remove(0);
    let found = bookings::by_code(&talk.world.sql, &claim.code).unwrap().unwrap();
    assert_eq!(found, (claim.clone(), false));
    let url = links::link(&KEYS, "", &OPEN.shop.page.id, &claim.code);
    assert_eq!(links::open(&KEYS, &url).unwrap().1, claim.code);
    let lang = OPEN.shop.default_lang();
    let entry = calendar::entry(&OPEN.shop, lang, &claim, false, talk.world.now);
    for line in [
        "DTSTART:20261124T090000Z\r\n",
        "DTEND:20261124T100000Z\r\n",
        "SUMMARY:Haircut\\, Test\r\n",
        "LOCATION:1 High Street\\, Vilnius\r\n",
        "STATUS:CONFIRMED\r\n",
        "SEQUENCE:0\r\n",
    ] {
        assert!(entry.contains(line), "{line} in {entry}");
    }
    assert!(!entry.contains("70000") && !entry.contains("37060"), "{entry}");
    talk.pays(1, "sb:form:cut:do:drop");
    let (claim, cancelled) = bookings::by_code(&talk.world.sql, &claim.code).unwrap().unwrap();
    let entry = calendar::entry(&OPEN.shop, lang, &claim, cancelled, talk.world.now);
    assert!(entry.contains("STATUS:CANCELLED\r\n") && entry.contains("SEQUENCE:1\r\n"), "{entry}");
    assert!(bookings::by_code(&talk.world.sql, "").unwrap().is_none());
}

#[test]
fn on_instagram_the_same_id_is_another_person() {
    let mut talk = new_talk();
    talk.world.shop.assistant.instagram = true;
    talk.books(1, "11:00");
    let said = talk.does(1, |at, mid| {
        let opens = quick_reply(1, at, mid, "x", "sb:form:cut");
        Event { channel: Channel::Instagram, ..opens }
    });
    assert!(said.contains("When would you like to come?"));
}

/// What one of several people does next.
#[derive(Clone, Debug)]
enum Step {
    Opens,
    Says(&'static str),
    TapsFirst,
    TapsTime(usize),
    Answers,
    Confirms,
    Cancels,
    Moves,
    Drops,
    Waits(i64),
    Forges(i64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => Just(Step::Opens),
        3 => prop_oneof![
            Just("tomorrow 10:00"), Just("tomorrow 11:00"), Just("tomorrow"), Just("10:00"),
            Just("11"), Just("next tuesday"), Just("delete my data"), Just("back"), Just("stop"),
        ].prop_map(Step::Says),
        2 => Just(Step::TapsFirst),
        3 => (0..4_usize).prop_map(Step::TapsTime),
        4 => Just(Step::Answers),
        4 => Just(Step::Confirms),
        1 => Just(Step::Cancels),
        1 => Just(Step::Moves),
        1 => Just(Step::Drops),
        1 => (0..40_i64).prop_map(Step::Waits),
        1 => (0..30_i64).prop_map(Step::Forges),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(cases(150)) })]

    /// However the steps of four people interleave, no moment has more of them than fit, each has
    /// one appointment at most, and whoever was told last that they are booked is.
    #[test]
    fn two_people_never_have_the_last_slot(
        steps in vec((0..4_usize, step()), 1..80),
        form in prop_oneof![Just("cut"), Just("table"), Just("any")],
    ) {
        let mut talk = new_talk();
        let mut told: BTreeMap<usize, bool> = BTreeMap::new();
        for (who, step) in steps {
            let said = match step {
                Step::Opens => talk.pays(who, &format!("sb:form:{form}")),
                Step::Says(text) => talk.says(who, text),
                Step::TapsFirst | Step::TapsTime(_) => {
                    let nth = if let Step::TapsTime(nth) = step { nth } else { 0 };
                    let tap = talk.offered(who).get(nth).cloned();
                    tap.map(|(_, payload)| talk.pays(who, &payload)).unwrap_or_default()
                }
                Step::Answers => talk.says(who, "+37060000000"),
                Step::Confirms => talk.says(who, "yes"),
                Step::Cancels => talk.says(who, "cancel"),
                Step::Moves => talk.pays(who, &format!("sb:form:{form}:do:move")),
                Step::Drops => talk.pays(who, &format!("sb:form:{form}:do:drop")),
                Step::Waits(minutes) => { talk.world.wait(minutes * MINUTE); String::new() }
                Step::Forges(half_hours) => {
                    let at = monday_noon().plus(DAY).plus(half_hours * 30 * MINUTE);
                    let question = match form { "cut" => "when", "table" => "table_at", _ => "any_at" };
                    talk.pays(who, &format!("sb:form:{form}:is:{question}:{}", at.get()))
                }
            };
            if said.contains("Done! You are booked") {
                told.insert(who, true);
            } else if said.contains("The booking is cancelled") || said.contains("deleted") {
                told.insert(who, false);
            }
            let claims = talk.claims();
            for service in &talk.world.shop.services {
                for claim in claims.iter().filter(|claim| claim.resource == service.resource) {
                    let same = claims.iter().filter(|other| other.resource == service.resource);
                    let there = peak(same, claim.starts_at, claim.ends_at);
                    prop_assert!(there <= usize::from(service.capacity), "{claims:?}");
                }
            }
            for who in 0..4 {
                let theirs = claims.iter().filter(|c| c.person == person_id(who) && c.is_booked());
                prop_assert!(theirs.count() <= 1);
            }
            prop_assert_eq!(talk.world.number("SELECT count(*) FROM parked"), 0);
        }
        for (who, booked) in told {
            let has = talk.claims().iter().any(|c| c.person == person_id(who) && c.is_booked());
            // Time may have passed over it.
            prop_assert!(has || !booked || talk.world.now > monday_noon().plus(20 * HOUR), "{who}");
        }
    }
}
