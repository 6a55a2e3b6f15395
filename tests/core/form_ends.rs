//! How forms end: who is told, which end fits, and which products are found.

use std::sync::LazyLock;

use crate::common_core::*;
use shopbell::meta::limits;
use shopbell::meta::send::{Button, Card, Content};
use shopbell::store::calls::{self, Kind};
use shopbell::time::HOUR;

const SOURCE: &str = r#"
[shop]
name = "Test"
languages = ["en", "lt"]
time_zone = "UTC"
prices = "€{price}"

[[page]]
id = "1029384756"
username = "test"

[handoff]
notify = "700000000009"
webhook = "https://hooks.example/shopbell"

[[agent]]
name = "Ona"
words.en = ["cake"]

[[faq]]
id = "start"
title.en = "Start"
title.lt = "Pradžia"
keywords.en = ["start"]
answer.en = "Gladly."
answer.lt = "Mielai."
quick_replies = [{ form = "lead" }, { form = "feedback" }, { form = "gift" }]

[[form]]
id = "lead"
title.en = "Order"
title.lt = "Užsakymas"
hand_over = true

[[form.question]]
id = "what"
title.en = "What"
title.lt = "Kas"
ask.en = "What shall it be?"
ask.lt = "Kas tai būtų?"
kind = "choice"
options = [
    { id = "bread", title.en = "Bread", title.lt = "Duona", points = 1 },
    { id = "cake", title.en = "A cake", title.lt = "Tortas", points = 5 },
]

[[form.question]]
id = "people"
title.en = "People"
title.lt = "Žmonės"
ask.en = "For how many?"
ask.lt = "Keliems?"
kind = "choice"
options = [
    { id = "few", title.en = "A few", title.lt = "Keliems", points = 1 },
    { id = "many", title.en = "Many", title.lt = "Daug", points = 5 },
]

[[form.end]]
score_at_most = 2
text.en = "That is on the shelf: come in."
text.lt = "Tai lentynoje: užsukite."

[[form]]
id = "feedback"
title.en = "Feedback"
title.lt = "Atsiliepimas"
confirm = false

[[form.question]]
id = "score"
title.en = "Score"
title.lt = "Balas"
ask.en = "How was it?"
ask.lt = "Kaip buvo?"
kind = "number"
min = 1
max = 5
whole = true

[[form.question]]
id = "why"
title.en = "Why"
title.lt = "Kodėl"
ask.en = "What went wrong?"
ask.lt = "Kas nutiko?"
kind = "text"
only_if = { question = "score", at_most = 2 }

[[form.end]]
only_if = { question = "score", at_most = 2 }
text.en = "We are sorry. Somebody will write to you."
text.lt = "Atsiprašome. Jums parašys."
hand_over = true
tags = ["unhappy"]

[[form.end]]
only_if = { question = "score", at_least = 5 }
text.en = "How nice! Will you tell others?"
text.lt = "Smagu! Papasakosite kitiems?"
buttons = [{ title.en = "Review us", title.lt = "Įvertinti", url = "https://reviews.example/test" }]

[[form]]
id = "gift"
title.en = "A gift"
title.lt = "Dovana"

[form.finder]
cards = 3
must = ["who"]

[[form.question]]
id = "who"
title.en = "For whom"
title.lt = "Kam"
ask.en = "For whom?"
ask.lt = "Kam?"
kind = "choice"
options = [
    { id = "kids", title.en = "Children", title.lt = "Vaikams" },
    { id = "adults", title.en = "Adults", title.lt = "Suaugusiems" },
]

[[form.question]]
id = "taste"
title.en = "Taste"
title.lt = "Skonis"
ask.en = "What taste?"
ask.lt = "Koks skonis?"
kind = "choice"
optional = true
options = [
    { id = "sweet", title.en = "Sweet", title.lt = "Saldu" },
    { id = "salty", title.en = "Salty", title.lt = "Sūru" },
    { id = "any", title.en = "Whatever", title.lt = "Bet koks" },
]

[[form.question]]
id = "budget"
title.en = "Price"
title.lt = "Kaina"
ask.en = "What may it cost?"
ask.lt = "Kiek gali kainuoti?"
kind = "number"
budget = true
optional = true

[[product]]
id = "box"
title.en = "Box of sweets"
title.lt = "Saldainių dėžutė"
price = 20
image = "https://test.example/box.jpg"
url = "https://test.example/box"
fits = { who = ["kids", "adults"], taste = ["sweet"] }

[[product]]
id = "bar"
title.en = "Chocolate"
title.lt = "Šokoladas"
price = 4.50
fits = { who = ["kids", "adults"], taste = ["sweet"] }

[[product]]
id = "nuts"
title.en = "Nuts"
title.lt = "Riešutai"
price = 9
fits = { who = ["adults"], taste = ["salty"] }

[[product]]
id = "card"
title.en = "Gift card"
title.lt = "Dovanų kortelė"
fits = { who = ["adults"] }
"#;

static OPEN: LazyLock<Open> = LazyLock::new(|| compile(SOURCE));

/// Somebody opens a form.
fn opened(form: &str) -> Talk {
    let mut talk = Talk::new(&OPEN, tuesday_noon_utc());
    talk.pays(1, &format!("sb:form:{form}"));
    talk
}

/// What the owner's webhook is to be told.
fn hooks(talk: &Talk) -> Vec<String> {
    let due = calls::take_due(&talk.world.sql, talk.world.now, 10).unwrap();
    due.into_iter().filter(|call| call.kind == Kind::Hook).map(|call| call.body).collect()
}

fn cards(talk: &Talk) -> Vec<Card> {
    let cards = talk.said(1).iter().find_map(|content| match content {
        Content::Cards { cards } => Some(cards.clone()),
        _ => None,
    });
    cards.unwrap_or_default()
}

fn found(talk: &Talk) -> Vec<String> {
    cards(talk).into_iter().map(|card| card.title).collect()
}

fn paused(talk: &Talk) -> bool {
    talk.world.person(1).unwrap().paused(talk.world.now)
}

fn lead(with_text: bool, owner_there: bool) -> Talk {
    let mut talk = opened("lead");
    talk.world.shop.handoff.with_text = with_text;
    if owner_there {
        let hello = message(9, talk.world.now, "owner", "hello");
        talk.world.after(hello);
    }
    talk.taps(1, "A cake");
    talk.taps(1, "Many");
    talk.taps(1, "All correct");
    talk
}

#[test]
fn a_form_that_hands_over_tells_the_owner_and_its_answers_only_where_they_are_wanted() {
    let talk = lead(false, false);
    assert!(talk.heard(1).contains("I’ve called a person"), "{}", talk.heard(1));
    assert!(paused(&talk));
    let told = hooks(&talk);
    let [hook] = &told[..] else { panic!("{told:?}") };
    assert!(
        hook.contains("\"reason\":\"form\"") && hook.contains("\"subject\":\"Order\""),
        "{hook}"
    );
    assert!(!hook.contains("text") && !hook.contains("cake"), "{hook}");
    assert_eq!(talk.world.count("form.lead.handed_over"), 1);
    assert_eq!(talk.world.count("handoff.form"), 1);

    let hook = hooks(&lead(true, false)).remove(0);
    for part in ["• What: A cake", "• People: Many", "• points: 10", "\"agent\":\"Ona\""] {
        assert!(hook.contains(part), "{part} in {hook}");
    }
}

#[test]
fn the_owner_reads_the_summary_in_messenger_while_meta_allows_it() {
    for with_text in [false, true] {
        let talk = lead(with_text, true);
        assert_eq!(hooks(&talk), Vec::<String>::new());
        let notice = talk.world.heard(9).pop().unwrap();
        assert!(notice.starts_with("A customer is waiting for a person: Order\n"), "{notice}");
        assert!(notice.ends_with("asset_id=1029384756"), "{notice}");
        assert_eq!(notice.contains("• What: A cake"), with_text, "{notice}");
    }
}

#[test]
fn a_lead_of_few_points_gets_words_instead_of_a_person() {
    let mut talk = opened("lead");
    talk.taps(1, "Bread");
    talk.taps(1, "A few");
    assert_eq!(talk.taps(1, "All correct"), "That is on the shelf: come in.");
    assert!(!paused(&talk));
    assert_eq!(hooks(&talk), Vec::<String>::new());
}

#[test]
fn feedback_ends_by_its_score() {
    let mut talk = opened("feedback");
    assert_eq!(talk.taps(1, "2"), "What went wrong?");
    assert_eq!(talk.says(1, "It was cold."), "We are sorry. Somebody will write to you.");
    assert!(paused(&talk));
    assert!(talk.world.person(1).unwrap().tags.contains("unhappy"));
    assert_eq!(hooks(&talk).len(), 1);
    // The way back stands under the words.
    let back = talk.taps(1, "Back to assistant");
    assert!(back.contains("assistant is back"), "{back}");

    let mut talk = opened("feedback");
    assert_eq!(talk.taps(1, "5"), "How nice! Will you tell others? [buttons]");
    let Some(Content::Buttons { buttons, .. }) = talk.said(1).last() else { panic!() };
    assert!(matches!(&buttons[0], Button::WebUrl { url, .. } if url.ends_with("/test")));
    assert!(!paused(&talk));

    let mut talk = opened("feedback");
    assert!(talk.taps(1, "3").starts_with("Thank you!"), "no end fits: the form's own words");
}

#[test]
fn what_fits_everything_is_shown_with_its_reasons_the_best_first() {
    let mut talk = opened("gift");
    talk.taps(1, "Adults");
    talk.taps(1, "Sweet");
    let said = talk.says(1, "10");
    assert!(said.starts_with("This fits"), "{said}");
    // The card says nothing of taste and price; the box costs too much.
    assert_eq!(found(&talk), ["Chocolate", "Gift card"]);
    let subtitles: Vec<String> =
        cards(&talk).into_iter().filter_map(|card| card.subtitle).collect();
    assert_eq!(subtitles, ["€4.50 · Fits: Adults, Sweet, Price", "Fits: Adults"]);
    // Equals stay in the order of the catalogue; the picture and the page come along.
    let mut talk = opened("gift");
    talk.taps(1, "Children");
    talk.taps(1, "Whatever");
    talk.taps(1, "Skip");
    assert_eq!(found(&talk), ["Box of sweets", "Chocolate"]);
    let first = cards(&talk).remove(0);
    assert!(first.image_url.is_some());
    assert!(matches!(&first.buttons[..], [Button::WebUrl { title, .. }] if title == "Take a look"));
}

#[test]
fn when_nothing_fits_what_comes_close_is_shown_and_what_must_fit_still_does() {
    let mut talk = opened("gift");
    talk.taps(1, "Children");
    talk.taps(1, "Salty");
    let said = talk.says(1, "30");
    assert!(said.starts_with("Nothing fits all of that."), "{said}");
    assert_eq!(found(&talk), ["Box of sweets", "Chocolate"], "nuts are not for children");
}

#[test]
fn when_nothing_comes_close_a_person_is_offered() {
    let mut talk = opened("gift");
    talk.world.shop.products.retain(|product| product.id.as_str() == "nuts");
    talk.taps(1, "Children");
    // With nothing else in the catalogue no product names children: it stands for whatever.
    talk.world.shop.products.extend(OPEN.shop.products.iter().take(1).cloned());
    talk.world.shop.products[1].fits.clear();
    talk.world.shop.products[1].price = None;
    talk.taps(1, "Skip");
    talk.taps(1, "Skip");
    assert_eq!(found(&talk), ["Nuts", "Box of sweets"]);

    let mut talk = opened("gift");
    talk.world.shop.products.retain(|product| product.id.as_str() != "card");
    for product in &mut talk.world.shop.products {
        product.fits.values_mut().for_each(|options| options.retain(|id| id != "kids"));
    }
    let only = talk.world.shop.products[0].id.clone();
    let who = talk.world.shop.forms[2].questions[0].id.clone();
    talk.world.shop.products.push(talk.world.shop.products[0].clone());
    let hidden = talk.world.shop.products.last_mut().unwrap();
    hidden.fits.insert(who, vec!["kids".into()]);
    assert_eq!(only, hidden.id);
    hidden.fits.retain(|_, options| options.contains(&"kids".to_owned()));
    hidden.price = Some(shopbell::shop::forms::Decimal::whole(1_000));
    talk.world.shop.forms[2].finder.as_mut().unwrap().must =
        talk.world.shop.forms[2].questions.iter().map(|q| q.id.clone()).collect();
    talk.taps(1, "Children");
    talk.taps(1, "Skip");
    assert!(talk.says(1, "1").starts_with("We have nothing like that."));
    assert!(talk.taps(1, "Talk to a person").contains("called a person"));
}

#[test]
fn reasons_are_left_out_whole_when_a_card_has_no_room() {
    let mut talk = opened("gift");
    for question in &mut talk.world.shop.forms[2].questions {
        if let shopbell::shop::forms::Kind::Choice { options } = &mut question.kind {
            for title in options.iter_mut().flat_map(|option| option.title.0.values_mut()) {
                *title = format!("{title}{}", "x".repeat(40));
            }
        }
    }
    talk.pays(1, "sb:form:gift:is:who:adults");
    talk.pays(1, "sb:form:gift:is:taste:sweet");
    talk.taps(1, "Skip");
    for card in cards(&talk) {
        let subtitle = card.subtitle.unwrap();
        assert!(limits::units(&subtitle) <= limits::CARD_SUBTITLE && subtitle.ends_with('x'));
    }
}

#[test]
fn what_is_found_is_said_in_the_persons_language() {
    let mut talk = opened("none-of-that-name");
    talk.says(1, "Labas, norėčiau ką nors padovanoti, ačiū");
    talk.pays(1, "sb:form:gift");
    talk.taps(1, "Suaugusiems");
    talk.taps(1, "Sūru");
    let said = talk.says(1, "9,5");
    assert!(said.starts_with("Jums tiktų:"), "{said}");
    assert_eq!(found(&talk), ["Riešutai", "Dovanų kortelė"]);
    assert_eq!(cards(&talk)[0].subtitle.as_deref(), Some("€9 · Tinka: Suaugusiems, Sūru, Kaina"));
}

#[test]
fn a_person_who_is_called_twice_is_called_once() {
    let mut talk = lead(false, false);
    hooks(&talk);
    talk.world.wait(HOUR);
    assert_eq!(talk.says(1, "hello?"), "");
    assert_eq!(hooks(&talk).len(), 1, "the call of the form, until somebody took it");
}
