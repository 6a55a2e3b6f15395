//! What begins a sequence: the ways to come by a poster, the end of a form, and nothing that only
//! looks like one of them.

use std::sync::LazyLock;

use crate::common_core::*;
use shopbell::entry::friends::sign;
use shopbell::meta::event::{Event, EventKind, Referral};
use shopbell::meta::ids::PosterCode;
use shopbell::time::{DAY, MINUTE};

static SHOP: LazyLock<Open> = LazyLock::new(|| {
    compile(
        r#"
        [shop]
        name = "Books"
        languages = ["en"]
        time_zone = "Europe/Vilnius"
        country = "LT"
        [[page]]
        id = "100200300400888"
        username = "books"
        [privacy]
        controller = "Books"
        contact = "books@example.com"
        legal_basis = "consent"
        keep_receipts_months = 24
        [[topic]]
        id = "news"
        title.en = "News"
        promise = "weekly"
        [[poster]]
        code = "DOOR"
        keyword = "lantern"
        ads = ["120200000000000001"]
        topic = "news"
        [[poster]]
        code = "friends"
        [[ad]]
        id = "other"
        ads = ["120200000000000002"]
        [friends]
        text.en = "A friend of yours sent you."
        [[faq]]
        id = "help"
        title.en = "Help"
        answer.en = "Gladly."
        keywords.en = ["help"]
        form = "age"
        [[form]]
        id = "age"
        title.en = "Age"
        confirm = false
        [[form.question]]
        id = "years"
        title.en = "Years"
        ask.en = "How old?"
        kind = "number"
        [[form.end]]
        only_if = { question = "years", at_least = 18 }
        text.en = "Welcome."
        buttons = [{ title.en = "Wine", human = true, tags = ["wine"] }]
        [[sequence]]
        id = "door"
        topic = "news"
        start = { poster = "DOOR" }
        step = [{ id = "one", after_days = 1, text.en = "Hello." }]
        [[sequence]]
        id = "friends"
        topic = "news"
        start = { poster = "friends" }
        step = [{ id = "one", after_days = 1, text.en = "Hello." }]
        [[sequence]]
        id = "age"
        topic = "news"
        start = { form = "age" }
        step = [{ id = "one", after_days = 1, text.en = "Hello." }]
        "#,
    )
});

fn world() -> World<'static> {
    World::new(&SHOP, ms("2026-11-24T10:00:00Z"))
}

/// The sequences that somebody has begun.
fn begun(world: &World<'_>) -> Vec<String> {
    world.texts("SELECT sequence FROM places ORDER BY sequence")
}

fn of_ad(world: &World<'_>, id: &str) -> Event {
    let ad = Referral {
        source: Some("ADS".to_owned()),
        ad_id: Some(id.to_owned()),
        ..Referral::default()
    };
    event(0, world.now, EventKind::Referral(ad))
}

#[test]
fn a_poster_begins_a_sequence_by_a_scan_its_word_its_code_and_its_ad() {
    let page = &SHOP.shop.page.id;
    let signed =
        |world: &World<'_>| KEYS.refs.sign(page, &PosterCode::new("DOOR").unwrap(), world.now);
    type Way<'w> = (&'w str, &'w dyn Fn(&World<'_>) -> Event);
    let ways: [Way<'_>; 5] = [
        ("scan", &|world| referral(0, world.now, Some(&signed(world)))),
        ("Get Started", &|world| postback(0, world.now, "GET_STARTED", Some(&signed(world)))),
        ("word", &|world| message(0, world.now, "m", "Lantern!")),
        ("code", &|world| message(0, world.now, "m", "door")),
        ("ad", &|world| of_ad(world, "120200000000000001")),
    ];
    for (name, way) in ways {
        let mut world = world();
        world.after(way(&world));
        assert_eq!(begun(&world), ["door"], "{name}");
        world.wait(MINUTE);
        world.after(way(&world));
        assert_eq!(begun(&world), ["door"], "{name}, twice");
    }
}

#[test]
fn what_is_no_poster_begins_nothing_that_a_poster_begins() {
    let mut world = world();
    let page = &SHOP.shop.page.id;
    world.after(of_ad(&world, "120200000000000002"));
    let ref_ = sign(&KEYS, page, "00112233445566778899", 0).unwrap();
    world.after(postback(1, world.now, "GET_STARTED", Some(&ref_)));
    assert_eq!(world.heard(1), ["A friend of yours sent you."]);
    world.after(message(2, world.now, "m", "hello"));
    assert_eq!(begun(&world), Vec::<String>::new());
}

#[test]
fn the_end_of_a_form_begins_a_sequence_and_its_button_leaves_its_tag() {
    let mut world = world();
    world.after(message(0, world.now, "m1", "help"));
    assert_eq!(begun(&world), Vec::<String>::new());
    world.wait(MINUTE);
    let said = world.after(message(0, world.now, "m2", "33"));
    assert_eq!(shown(&said[0]), "Welcome. [buttons]");
    assert_eq!(begun(&world), ["age"]);
    let shopbell::meta::send::Content::Buttons { buttons, .. } = &said[0] else { panic!() };
    let shopbell::meta::send::Button::Postback { payload, .. } = &buttons[0] else { panic!() };
    world.wait(DAY / 2);
    world.after(postback(0, world.now, payload, None));
    assert!(world.person(0).unwrap().tags.contains("wine"));
}
