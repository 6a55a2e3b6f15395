//! Questions without an answer: which are kept, for how long, and that nothing says whose they are.

use std::sync::LazyLock;

use crate::common_core::*;
use shopbell::faq::{Decision, keyword};
use shopbell::meta::send::Content;
use shopbell::store::misses;
use shopbell::time::{DAY, HOUR, MINUTE};

const NONSENSE: &str = "blorp zzz qqq";

/// The café, with an owner who wants to know.
static CURIOUS: LazyLock<Open> = LazyLock::new(|| {
    let path = format!("{}/examples/cafe/shop.toml", env!("CARGO_MANIFEST_DIR"));
    let source = std::fs::read_to_string(path).unwrap();
    compile(&source.replace("[assistant]\n", "[assistant]\nkeep_misses_days = 30\n"))
});

/// A question that several answers are offered for.
static VAGUE: LazyLock<&str> = LazyLock::new(|| {
    let shop = &CURIOUS.shop;
    let model = CURIOUS.faq.as_ref().unwrap();
    let offered = |text: &&&str| {
        keyword(&shop.faq, text).is_none()
            && matches!(
                model.answer(text, None, shop.assistant.eagerness).decision,
                Decision::Offer(_)
            )
    };
    let vague = ["how much is it", "how much is the food", "what do you have", "do you have water"];
    vague.iter().find(offered).expect("something that is offered for")
});

fn world() -> World<'static> {
    World::new(&CURIOUS, friday_noon())
}

fn say(world: &mut World<'_>, person: usize, text: &str) -> Vec<Content> {
    world.wait(MINUTE);
    let mid = format!("m{}", world.now.get());
    world.after(message(person, world.now, &mid, text))
}

/// The words, how often, how many answers were offered.
fn kept(world: &World<'_>) -> Vec<(String, u32, usize)> {
    let all = misses::list(&world.sql, 30, 100, world.now).unwrap();
    all.into_iter().map(|missed| (missed.text, missed.times, missed.offered.len())).collect()
}

fn taps(bubbles: &[Content]) -> Vec<(String, String)> {
    let Some(Content::Text { quick_replies, .. }) = bubbles.last() else { return Vec::new() };
    quick_replies.iter().map(|tap| (tap.title.clone(), tap.payload.clone())).collect()
}

#[test]
fn nothing_is_kept_unless_the_owner_switched_it_on() {
    let mut world = World::new(&SHOPS[0], friday_noon());
    say(&mut world, 0, NONSENSE);
    say(&mut world, 0, &VAGUE);
    say(&mut world, 0, NONSENSE);
    assert_eq!(world.number("SELECT count(*) FROM misses"), 0);
    assert_eq!(world.person(0).unwrap().offered, None);
}

#[test]
fn what_two_people_ask_in_vain_is_one_line_without_their_numbers() {
    let mut world = world();
    say(&mut world, 0, "blorp zzz, call +370 600 12345");
    say(&mut world, 1, "blorp zzz, call +370 611 99999");
    // Again within the hours in which the fallback is not repeated: nothing is said, and it counts.
    say(&mut world, 1, "blorp zzz, call +370 611 99999");
    assert_eq!(kept(&world), [("blorp zzz, call [number]".to_owned(), 3, 0)]);
    let rows = world.texts("SELECT text || lang || offered || at || until FROM misses");
    for id in [0, 1].map(person_id) {
        assert!(rows.iter().all(|row| !row.contains(id.as_str())));
    }
}

#[test]
fn an_offer_is_a_miss_until_one_of_it_is_tapped() {
    let mut world = world();
    let offered = taps(&say(&mut world, 0, &VAGUE));
    assert!(offered.len() >= 2, "an answer, and a person: {offered:?}");
    assert_eq!(kept(&world), [(VAGUE.to_string(), 1, offered.len() - 1)]);
    let (title, payload) = &offered[0];
    world.wait(MINUTE);
    world.take(&[quick_reply(0, world.now, "tap", title, payload)]);
    assert_eq!(kept(&world), []);
    assert_eq!(world.person(0).unwrap().offered, None);

    // Somebody else asks on, takes another tap, or asks for a person: it was not what they meant.
    for (person, next) in [
        (1, message(1, world.now, "n1", "opening hours")),
        (2, quick_reply(2, world.now, "n2", "x", "sb:faq:no-such-entry")),
        (3, quick_reply(3, world.now, "n3", "x", "sb:human")),
    ] {
        say(&mut world, person, &VAGUE);
        world.take(&[next]);
        assert_eq!(world.person(person).unwrap().offered, None, "{person}");
        // Too late: what was offered is history.
        world.take(&[quick_reply(person, world.now, &format!("late{person}"), title, payload)]);
    }
    assert_eq!(kept(&world), [(VAGUE.to_string(), 3, offered.len() - 1)]);
}

#[test]
fn answers_commands_courtesies_and_taps_are_no_misses() {
    let mut world = world();
    for text in ["opening hours", "when are you open?", "hello", "thanks!", "👍", "STOP", "human"]
    {
        say(&mut world, 0, text);
    }
    world.take(&[
        postback(1, world.now, "GET_STARTED", None),
        postback(1, world.now, "SOMEBODY_ELSES", None),
        quick_reply(1, world.now, "q", "blorp", "sb:faq:no-such-entry"),
    ]);
    assert_eq!(kept(&world), []);
}

#[test]
fn nothing_is_kept_while_a_person_is_talking() {
    let mut world = world();
    say(&mut world, 0, "human");
    say(&mut world, 0, "my secret is blorp");
    world.wait(13 * HOUR);
    say(&mut world, 0, NONSENSE);
    assert_eq!(kept(&world), [(NONSENSE.to_owned(), 1, 0)]);
}

#[test]
fn after_stop_nothing_is_kept_until_the_person_agrees_to_something_again() {
    let mut world = world();
    say(&mut world, 0, "STOP");
    say(&mut world, 0, NONSENSE);
    assert_eq!(kept(&world), []);
    world.wait(MINUTE);
    let topic = world.shop.topics[0].id.to_string();
    let yes = shopbell::meta::event::OptinStatus::Granted;
    world.take(&[optin(0, world.now, &topic, yes, Some("token"), None)]);
    say(&mut world, 0, NONSENSE);
    assert_eq!(kept(&world).len(), 1);
}

#[test]
fn delete_takes_along_the_one_miss_that_is_still_known_to_be_theirs() {
    let mut world = world();
    say(&mut world, 0, NONSENSE);
    say(&mut world, 0, &VAGUE);
    say(&mut world, 1, &VAGUE);
    assert_eq!(kept(&world).iter().map(|k| k.1).sum::<u32>(), 3);
    let asked = taps(&say(&mut world, 0, "delete my data"));
    let (title, payload) = asked.iter().find(|(_, payload)| payload == "sb:delete").unwrap();
    world.wait(MINUTE);
    world.take(&[quick_reply(0, world.now, "yes", title, payload)]);
    // Theirs is gone with the link; the other's is still linked, and can be taken.
    assert_eq!(kept(&world).iter().map(|k| k.1).sum::<u32>(), 2);
    assert!(world.person(1).unwrap().offered.is_some());
    assert_eq!(world.number("SELECT count(*) FROM people"), 1);
}

#[test]
fn a_miss_is_written_once_however_often_its_message_comes() {
    let mut world = world();
    let event = message(0, world.now, "m", NONSENSE);
    world.take(&[event.clone(), event.clone()]);
    world.take(&[event]);
    assert_eq!(kept(&world), [(NONSENSE.to_owned(), 1, 0)]);
}

#[test]
fn a_channel_on_which_the_assistant_is_off_misses_nothing() {
    let mut world = world();
    world.shop.assistant.messenger = false;
    say(&mut world, 0, NONSENSE);
    assert_eq!(kept(&world), []);
}

#[test]
fn what_is_kept_goes_after_its_days() {
    let mut world = world();
    say(&mut world, 0, NONSENSE);
    world.wait(29 * DAY);
    assert_eq!(kept(&world).len(), 1);
    world.wait(DAY);
    assert_eq!(kept(&world), []);
    misses::prune(&world.sql, Some(30), world.now).unwrap();
    assert_eq!(world.number("SELECT count(*) FROM misses"), 0);
}
