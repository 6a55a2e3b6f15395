//! Forms in the simulated world: what is asked, what is kept, who goes first, and that every form
//! ends. The same core and the same tables as the Worker's.

use std::sync::LazyLock;

use crate::common_core::*;
use proptest::collection::vec;
use proptest::prelude::*;
use shopbell::desk::form::reminders;
use shopbell::desk::payload::{FormAct, FormTap, Payload};
use shopbell::meta::event::{Attachment, AttachmentKind, EventKind, Message};
use shopbell::meta::ids::{FieldId, FormId};
use shopbell::shop::forms::{Decimal, FieldValue};
use shopbell::time::{DAY, HOUR, MINUTE};

/// A shop with one question of each kind.
const SOURCE: &str = r#"
[shop]
name = "Test"
languages = ["en", "lt"]
time_zone = "UTC"

[[page]]
id = "1029384756"
username = "test"

[[poster]]
code = "DOOR"
form = "order"
tags = ["door"]
set.source = "door"

[privacy]
controller = "UAB Testas"
contact = "data@shop.example"
legal_basis = "consent"
keep_receipts_months = 24

[[topic]]
id = "news"
title.en = "News"
title.lt = "Naujienos"
promise = "weekly"

[[faq]]
id = "hours"
title.en = "Opening hours"
title.lt = "Darbo laikas"
keywords.en = ["opening hours"]
keywords.lt = ["darbo laikas"]
answer.en = "Always."
answer.lt = "Visada."
buttons = [{ topic = "news" }]

[[faq]]
id = "order"
title.en = "Order"
title.lt = "Užsakymas"
keywords.en = ["order"]
keywords.lt = ["užsakymas"]
answer.en = "Gladly."
answer.lt = "Mielai."
form = "order"
tags = ["asked"]

[[form]]
id = "order"
title.en = "Order"
title.lt = "Užsakymas"
hand_over = true
remind_after_minutes = 60
tags = ["customer"]
set.visits = 1

[[form.question]]
id = "size"
title.en = "Size"
title.lt = "Dydis"
ask.en = "Which size?"
ask.lt = "Koks dydis?"
kind = "choice"
options = [
    { id = "s", title.en = "Small", title.lt = "Mažas" },
    { id = "l", title.en = "Large", title.lt = "Didelis", tags = ["large"], set.price = 20 },
]

[[form.question]]
id = "why"
title.en = "Why large"
title.lt = "Kodėl didelis"
ask.en = "Why large?"
ask.lt = "Kodėl didelis?"
kind = "text"
optional = true
only_if = { question = "size", is = ["l"] }

[[form.question]]
id = "pieces"
title.en = "Pieces"
title.lt = "Kiekis"
ask.en = "How many?"
ask.lt = "Kiek?"
kind = "number"
min = 1
max = 8
whole = true

[[form.question]]
id = "day"
title.en = "Day"
title.lt = "Diena"
ask.en = "Which day?"
ask.lt = "Kuri diena?"
kind = "date"

[[form.question]]
id = "at"
title.en = "Time"
title.lt = "Laikas"
ask.en = "What time?"
ask.lt = "Kelintą valandą?"
kind = "time"

[[form.question]]
id = "phone"
title.en = "Phone"
title.lt = "Telefonas"
ask.en = "Your phone?"
ask.lt = "Jūsų telefonas?"
kind = "phone"
optional = true

[[form.question]]
id = "email"
title.en = "E-mail"
title.lt = "El. paštas"
ask.en = "Your e-mail?"
ask.lt = "Jūsų el. paštas?"
kind = "email"

[[form.question]]
id = "picture"
title.en = "Photo"
title.lt = "Nuotrauka"
ask.en = "A photo?"
ask.lt = "Nuotrauka?"
kind = "photo"
optional = true

[[form]]
id = "quick"
title.en = "Quick"
title.lt = "Greita"
confirm = false
remind_after_minutes = 0

[[form.question]]
id = "wish"
title.en = "Wish"
title.lt = "Noras"
ask.en = "What do you wish for?"
ask.lt = "Ko norėtumėte?"
kind = "text"
"#;

static OPEN: LazyLock<Open> = LazyLock::new(|| compile(SOURCE));

fn new_talk() -> Talk {
    Talk::new(&OPEN, tuesday_noon_utc())
}

impl Talk {
    fn sends_picture(&mut self) -> String {
        self.does(1, |at, mid| {
            let picture = Attachment { kind: AttachmentKind::Image, url: None, sticker_id: None };
            let message = Message { text: None, attachments: vec![picture], ..words_of(mid, "") };
            event(1, at, EventKind::Message(message))
        })
    }

    fn scans(&mut self) -> String {
        let poster = &OPEN.shop.posters[0].code;
        let signed = KEYS.refs.sign(&OPEN.shop.page.id, poster, self.world.now);
        self.does(1, |at, _| referral(1, at, Some(&signed)))
    }

    fn field(&self, name: &str) -> Option<FieldValue> {
        self.world.person(1)?.fields.get(&FieldId::new(name).unwrap()).cloned()
    }

    fn forms(&self) -> usize {
        self.world.person(1).map_or(0, |person| person.forms.len())
    }
}

fn do_(act: FormAct) -> String {
    Payload::Form(FormTap::Do(FormId::new("order").unwrap(), act)).to_string()
}

fn to_summary(talk: &mut Talk) -> String {
    talk.says(1, "order");
    talk.taps(1, "Large");
    talk.taps(1, "Skip");
    talk.says(1, "four, please");
    talk.says(1, "on Friday at 18:00");
    talk.says(1, "skip");
    talk.says(1, "ona@example.com");
    talk.sends_picture()
}

#[test]
fn every_kind_of_answer_lands_in_its_field_and_a_person_takes_over() {
    let mut talk = new_talk();
    assert_eq!(talk.says(1, "I want to order"), "Gladly. / Which size?");
    assert_eq!(talk.taps(1, "Large"), "Why large?");
    assert_eq!(talk.says(1, "I am hungry"), "How many?");
    assert_eq!(talk.says(1, "four, please"), "Which day?");
    // The time was said with the day, and is not asked again.
    assert_eq!(talk.says(1, "on Friday at 18:00"), "Your phone?");
    assert_eq!(talk.says(1, "+370 600 00000"), "Your e-mail?");
    assert_eq!(talk.says(1, "ona@example.com"), "A photo?");
    let summary = talk.sends_picture();
    for line in [
        "• Size: Large",
        "• Why large: I am hungry",
        "• Pieces: 4",
        "• Day: Fri 27 Nov 2026",
        "• Time: 18:00",
        "• Phone: +37060000000",
        "• E-mail: ona@example.com",
        "• Photo: pictures: 1",
    ] {
        assert!(summary.contains(line), "{line} in {summary}");
    }
    assert_eq!(talk.field("size"), None, "nothing counts before it is confirmed");
    talk.taps(1, "All correct");
    let day = "2026-11-27".parse().unwrap();
    for (name, value) in [
        ("size", FieldValue::Choice("l".into())),
        ("why", FieldValue::Text("I am hungry".into())),
        ("pieces", FieldValue::Number(Decimal::whole(4))),
        ("day", FieldValue::Date(day)),
        ("at", FieldValue::Time(18 * 60)),
        ("phone", FieldValue::Phone("+37060000000".into())),
        ("email", FieldValue::Email("ona@example.com".into())),
        ("picture", FieldValue::Photos(1)),
        ("price", FieldValue::Number(Decimal::whole(20))),
        ("visits", FieldValue::Number(Decimal::whole(1))),
    ] {
        assert_eq!(talk.field(name), Some(value), "{name}");
    }
    let person = talk.world.person(1).unwrap();
    let tags: Vec<&str> = person.tags.iter().map(String::as_str).collect();
    assert_eq!(tags, ["asked", "customer", "large"]);
    assert!(person.paused(talk.world.now), "a person of the shop takes over");
    assert_eq!(talk.world.count("form.order.handed_over"), 1);
    assert_eq!(talk.says(1, "and another thing"), "", "the bot keeps quiet then");
}

#[test]
fn a_question_is_asked_only_after_the_answers_that_call_for_it() {
    let mut talk = new_talk();
    talk.says(1, "order");
    assert_eq!(talk.taps(1, "Small"), "How many?");
}

#[test]
fn one_answer_is_changed_by_a_tap_and_the_others_stay() {
    let mut talk = new_talk();
    assert!(to_summary(&mut talk).contains("• Pieces: 4"));
    assert_eq!(talk.taps(1, "Pieces"), "How many?");
    let summary = talk.taps(1, "2");
    assert!(summary.contains("• Pieces: 2"), "{summary}");
    assert!(summary.contains("• Day: Fri 27 Nov 2026"), "{summary}");
    // Changing the size to small leaves no question about large.
    talk.says(1, "size");
    let summary = talk.taps(1, "Small");
    assert!(!summary.contains("Why large"), "{summary}");
}

#[test]
fn a_wrong_answer_is_told_what_is_wrong_with_an_example() {
    let mut talk = new_talk();
    talk.says(1, "order");
    assert_eq!(talk.says(1, "huge"), "Please choose one of these.");
    talk.taps(1, "Small");
    assert_eq!(talk.says(1, "many"), "I need a number here, such as 3.");
    assert_eq!(talk.says(1, "9"), "At most 8, please.");
    assert!(
        talk.offered(1).iter().any(|(_, payload)| payload == "sb:human"),
        "after two tries a person"
    );
    talk.says(1, "3");
    assert!(talk.says(1, "whenever").starts_with("I could not read a day."));
    assert!(talk.says(1, "2020-01-01").starts_with("That day has passed."));
    assert_eq!(talk.says(1, "tomorrow"), "What time?");
    assert!(talk.says(1, "later").contains("18:00"));
}

#[test]
fn answers_are_understood_in_the_persons_language() {
    let mut talk = new_talk();
    assert_eq!(talk.says(1, "užsakymas"), "Mielai. / Koks dydis?");
    assert_eq!(talk.says(1, "mazas"), "Kiek?");
    assert_eq!(talk.says(1, "trys"), "Kuri diena?");
    assert_eq!(talk.says(1, "rytoj 18:00"), "Jūsų telefonas?");
    assert_eq!(talk.says(1, "atgal"), "Kelintą valandą?");
    assert_eq!(talk.says(1, "19 val."), "Jūsų telefonas?");
    assert_eq!(talk.says(1, "praleisti"), "Jūsų el. paštas?");
    assert!(talk.says(1, "nesakysiu").contains("vardas@example.com"));
    // Words in another language do not change the form's.
    assert_eq!(talk.says(1, "my e-mail address is ona@example.com"), "Nuotrauka?");
    let summary = talk.says(1, "praleisti");
    assert!(summary.contains("• Diena: tr. 2026-11-25"), "{summary}");
    assert!(summary.contains("• Laikas: 19:00"), "{summary}");
}

#[test]
fn a_sure_question_in_between_is_answered_and_the_form_asks_again() {
    let mut talk = new_talk();
    talk.says(1, "order");
    assert_eq!(talk.says(1, "what are your opening hours?"), "Always. [buttons] / Which size?");
    assert_eq!(talk.taps(1, "Small"), "How many?");
}

#[test]
fn a_scan_suspends_and_the_form_goes_on_by_a_tap() {
    let mut talk = new_talk();
    talk.says(1, "order");
    talk.taps(1, "Small");
    // The poster's own form is this one: it offers to go on.
    let said = talk.scans();
    assert!(said.contains("Shall we go on with “Order”"), "{said}");
    assert_eq!(talk.taps(1, "Continue"), "How many?");
    talk.pays(1, "sb:faq:hours");
    // Suspended, but a number is still the answer to how many.
    assert_eq!(talk.says(1, "3"), "Which day?");
    talk.pays(1, "sb:faq:hours");
    let said = talk.says(1, "hm");
    assert!(said.contains("Shall we go on"), "{said}");
    assert_eq!(talk.says(1, "continue"), "Which day?");
}

#[test]
fn after_days_the_form_is_offered_and_not_forced() {
    let mut talk = new_talk();
    talk.says(1, "order");
    talk.taps(1, "Small");
    talk.world.wait(3 * DAY);
    assert_eq!(talk.says(1, "opening hours"), "Always. [buttons]");
    let said = talk.says(1, "5");
    assert_eq!(said, "Which day?", "a number is the answer that was asked for");
    talk.world.wait(3 * DAY);
    assert!(talk.says(1, "hello again").contains("Shall we go on"));
    assert_eq!(talk.taps(1, "Start over"), "Which size?");
    talk.taps(1, "Small");
    talk.world.wait(40 * DAY);
    talk.says(1, "hello");
    assert_eq!(talk.forms(), 0, "after a month it is forgotten");
}

#[test]
fn stop_human_and_delete_win_in_a_form() {
    for (word, forms) in [("STOP", 1), ("human", 1), ("delete my data", 0)] {
        let mut talk = new_talk();
        talk.says(1, "order");
        talk.taps(1, "Large");
        let said = talk.says(1, word);
        assert!(!said.contains("How many"), "{word}: {said}");
        assert_eq!(talk.field("why"), None);
        // Forgetting may ask whether it is meant first.
        assert!(talk.forms() <= forms.max(1), "{word}");
        if let Some(person) = talk.world.person(1) {
            assert!(person.forms.iter().all(|form| form.answers.len() == 1), "{word}");
        }
    }
}

#[test]
fn the_reminder_comes_once_and_by_day() {
    let mut talk = new_talk();
    talk.says(1, "order");
    talk.world.wait(59 * MINUTE);
    assert_eq!(remind(&mut talk), 0);
    talk.world.wait(2 * MINUTE);
    assert_eq!(remind(&mut talk), 1);
    assert!(talk.world.heard(1).last().unwrap().contains("not finished"));
    talk.world.wait(2 * HOUR);
    assert_eq!(remind(&mut talk), 0);
    assert_eq!(talk.pays(1, &do_(FormAct::Resume)), "Which size?");
    talk.world.wait(2 * HOUR);
    assert_eq!(remind(&mut talk), 0, "at most one");
}

#[test]
fn nobody_is_reminded_at_night() {
    let mut talk = new_talk();
    talk.world.now = ms("2026-11-24T20:30:00Z");
    talk.says(1, "order");
    talk.world.now = ms("2026-11-24T21:31:00Z");
    assert_eq!(remind(&mut talk), 0);
    talk.world.now = ms("2026-11-25T08:00:00Z");
    assert_eq!(remind(&mut talk), 1);
}

#[test]
fn nobody_is_reminded_after_stop_or_an_answer_or_while_a_person_talks() {
    for word in ["STOP", "human", "cancel"] {
        let mut talk = new_talk();
        talk.says(1, "order");
        talk.says(1, word);
        talk.world.wait(2 * HOUR);
        assert_eq!(remind(&mut talk), 0, "{word}");
    }
    let mut talk = new_talk();
    talk.says(1, "order");
    talk.world.wait(50 * MINUTE);
    talk.taps(1, "Small");
    talk.world.wait(50 * MINUTE);
    assert_eq!(remind(&mut talk), 0, "they went on");
    talk.world.wait(11 * MINUTE);
    assert_eq!(remind(&mut talk), 1);
}

#[test]
fn a_form_without_confirmation_ends_with_its_last_answer() {
    let mut talk = new_talk();
    let payload = Payload::Form(FormTap::Open(FormId::new("quick").unwrap())).to_string();
    assert_eq!(talk.pays(1, &payload), "What do you wish for?");
    assert_eq!(
        talk.says(1, "what are your opening hours?"),
        "Thank you! We have everything we need."
    );
    assert!(talk.field("wish").is_some(), "a question for free text takes everything");
    assert_eq!(talk.forms(), 0);
}

#[test]
fn a_form_below_another_is_offered_when_that_one_is_done() {
    let mut talk = new_talk();
    talk.says(1, "order");
    talk.taps(1, "Small");
    let payload = Payload::Form(FormTap::Open(FormId::new("quick").unwrap())).to_string();
    talk.pays(1, &payload);
    talk.says(1, "tea");
    assert_eq!(talk.taps(1, "Continue: Order"), "How many?");
}

#[test]
fn a_second_tap_on_what_is_done_says_nothing() {
    let mut talk = new_talk();
    to_summary(&mut talk);
    talk.says(1, "yes");
    talk.world.wait(2 * DAY);
    assert_eq!(talk.pays(1, &do_(FormAct::Confirm)), "");
    assert_eq!(talk.world.count("form.order.done"), 1);
}

#[test]
fn a_scan_leaves_its_tags_and_fields() {
    let mut talk = new_talk();
    talk.scans();
    assert!(talk.world.person(1).unwrap().tags.contains("door"));
    assert_eq!(talk.field("source"), Some(FieldValue::Text("door".into())));
}

#[test]
fn a_form_whose_questions_changed_goes_on_with_what_still_fits() {
    let mut talk = new_talk();
    talk.says(1, "order");
    talk.taps(1, "Large");
    talk.taps(1, "Skip");
    talk.says(1, "4");
    // The owner takes the option away that was chosen.
    let form = &mut talk.world.shop.forms[0];
    if let shopbell::shop::forms::Kind::Choice { options } = &mut form.questions[0].kind {
        options.truncate(1);
    }
    assert_eq!(talk.says(1, "tomorrow 18:00"), "Please choose one of these.");
    assert_eq!(talk.taps(1, "Small"), "Which day?", "the other answers stay");
    talk.world.shop.forms.clear();
    talk.says(1, "opening hours");
    assert_eq!(talk.forms(), 0, "a form that is gone is forgotten");
}

fn remind(talk: &mut Talk) -> u32 {
    let sent = reminders::remind(&talk.world.sql, &talk.world.shop, talk.world.now).unwrap();
    talk.world.drain();
    sent
}

// --- properties ---

/// What somebody may do in the middle of a form.
fn anything() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("order".to_owned()),
        Just("Large".to_owned()),
        Just("4".to_owned()),
        Just("tomorrow".to_owned()),
        Just("18:00".to_owned()),
        Just("ona@example.com".to_owned()),
        Just("+37060000000".to_owned()),
        Just("back".to_owned()),
        Just("skip".to_owned()),
        Just("yes".to_owned()),
        Just("continue".to_owned()),
        Just("opening hours?".to_owned()),
        Just("užsakymas".to_owned()),
        Just("/picture".to_owned()),
        Just("/scan".to_owned()),
        Just("/faq".to_owned()),
        Just("/tap".to_owned()),
        Just("/quick".to_owned()),
        Just("/day".to_owned()),
        "\\PC{0,12}",
    ]
}

fn act(talk: &mut Talk, what: &str, n: usize) -> String {
    match what {
        "/picture" => talk.sends_picture(),
        "/scan" => talk.scans(),
        "/faq" => talk.pays(1, "sb:faq:hours"),
        "/quick" => talk.pays(1, "sb:form:quick"),
        "/day" => {
            talk.world.wait(25 * HOUR);
            talk.says(1, "4")
        }
        "/tap" if !talk.offered(1).is_empty() => {
            let (_, payload) = talk.offered(1)[n % talk.offered(1).len()].clone();
            talk.pays(1, &payload)
        }
        text => talk.says(1, text),
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: cases(150), failure_persistence: None, ..ProptestConfig::default()
    })]

    /// Whatever happens, an answer that was taken stays until it is answered anew, the form is
    /// confirmed or given up; and the form ends by "cancel" from wherever it is.
    #[test]
    fn no_answer_is_lost_and_cancel_ends_a_form_from_everywhere(
        script in vec((anything(), 0..13_usize), 1..25),
    ) {
        let mut talk = new_talk();
        talk.says(1, "order");
        for (what, n) in script {
            let before = talk.world.person(1).unwrap();
            let said = act(&mut talk, &what, n);
            let Some(person) = talk.world.person(1) else { break };
            for open in &before.forms {
                let now = person.forms.iter().find(|now| now.form == open.form);
                match now {
                    Some(now) => {
                        let restarted = now.answers.is_empty();
                        for question in open.answers.keys() {
                            prop_assert!(
                                restarted || now.answers.contains_key(question),
                                "{question} was lost by {what:?}: {said}"
                            );
                        }
                    }
                    None => {
                        // Done or given up; what was answered is kept when it is done.
                        let done = !person.fields.is_empty();
                        prop_assert!(
                            done || said.contains("Cancelled") || said.contains("Atšaukta"),
                            "{what:?} ended it: {said}"
                        );
                    }
                }
            }
            prop_assert!(person.forms.len() <= 3);
        }
        // At most three forms; each ends by a word, even when a person was talking before.
        talk.world.wait(2 * HOUR);
        for _ in 0..3 {
            let Some(person) = talk.world.person(1) else { break };
            if person.paused(talk.world.now) {
                talk.world.wait(13 * HOUR);
            }
            let forms = person.forms.len();
            if forms > 0 {
                talk.says(1, "cancel");
                prop_assert!(talk.forms() < forms);
            }
        }
        prop_assert_eq!(talk.forms(), 0);
    }

    /// STOP, HUMAN and DELETE do in a form what they do outside of one.
    #[test]
    fn commands_win_wherever_the_form_is(
        script in vec((anything(), 0..13_usize), 0..12),
        command in 0..3_usize,
    ) {
        let mut talk = new_talk();
        talk.says(1, "order");
        for (what, n) in script {
            act(&mut talk, &what, n);
        }
        let Some(before) = talk.world.person(1) else { return Ok(()) };
        talk.says(1, ["STOP", "human", "delete my data"][command]);
        let answers = |person: &shopbell::desk::person::Person| {
            person.forms.iter().map(|form| form.answers.clone()).collect::<Vec<_>>()
        };
        match talk.world.person(1) {
            Some(after) => {
                prop_assert_eq!(answers(&after), answers(&before), "a command is no answer");
                match command {
                    0 => prop_assert_eq!(after.stopped_at, Some(talk.world.now)),
                    1 => prop_assert!(after.paused(talk.world.now)),
                    _ => {}
                }
            }
            None => prop_assert_eq!(command, 2),
        }
    }
}
