//! Comments, ads and friends: who is answered, once, whatever crashes, and what is counted.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::common_core::{
    Graph, KEYS, Open, ROOM, World, cases, compile, event, message, ms, person_id, postback,
    quick_reply, referral, shown, tuesday_noon,
};
use proptest::prelude::*;
use shopbell::desk::inbox;
use shopbell::desk::layout::number;
use shopbell::desk::sending::{self, PageHold};
use shopbell::entry::friends::{open, sign};
use shopbell::meta::event::{
    AdContext, Channel, Comment, Event, EventKind, Lane, Message, Referral,
};
use shopbell::meta::ids::AccountId;
use shopbell::meta::send::Content;
use shopbell::shop::forms::{Decimal, FieldValue};
use shopbell::store::outbox::{self, Class, Room};
use shopbell::store::{comments, counters, timers};
use shopbell::time::{DAY, HOUR, MINUTE, SECOND, UnixMs};

static SHOP: LazyLock<Open> = LazyLock::new(|| {
    let path = format!("{}/tests/shops/doors/shop.toml", env!("CARGO_MANIFEST_DIR"));
    compile(&std::fs::read_to_string(path).unwrap())
});

const PAGE: &str = "1029384756";
const ACCOUNT: &str = "17841400000000001";
const PRICE: &str = "PRICE: a loaf is three euro. [buttons]";
const LINK: &str = "LINK:\nhttps://m.me/rye.vilnius?ref=";

fn world() -> World<'static> {
    World::new(&SHOP, tuesday_noon())
}

fn words(id: &str, text: &str) -> Comment {
    Comment {
        id: id.to_owned(),
        post_id: Some(format!("{PAGE}_1")),
        parent_id: None,
        from: Some("900".to_owned()),
        verb: "add".to_owned(),
        text: Some(text.to_owned()),
        live: false,
    }
}

fn told(comment: Comment, at: UnixMs) -> Event {
    Event {
        channel: Channel::Messenger,
        account: AccountId::new(PAGE).unwrap(),
        person: None,
        at,
        lane: Lane::Changes,
        kind: EventKind::Comment(comment),
    }
}

fn on_instagram(comment: Comment, at: UnixMs) -> Event {
    let account = AccountId::new(ACCOUNT).unwrap();
    Event { channel: Channel::Instagram, account, ..told(comment, at) }
}

/// What left for comments: the comment, and what was said, privately or under it.
fn said(world: &World<'_>) -> Vec<(String, &'static str, String)> {
    let way = |class: &Class| if *class == Class::Private { "private" } else { "public" };
    let of_comments = world.taken.iter().filter(|sent| sent.class.is_for_comment());
    of_comments
        .map(|sent| (sent.person.to_string(), way(&sent.class), shown(&sent.content)))
        .collect()
}

fn line(id: &str, way: &'static str, text: &str) -> (String, &'static str, String) {
    (id.to_owned(), way, text.to_owned())
}

fn funnel(world: &World<'_>, source: &str, stage: &str) -> i64 {
    world.number(&format!(
        "SELECT coalesce(sum(n), 0) FROM funnel WHERE source = '{source}' AND stage = '{stage}'"
    ))
}

#[test]
fn a_comment_gets_one_private_reply_then_a_public_one_each_in_its_turn() {
    let mut world = world();
    for (n, post) in ["1", "2", "3", "4"].iter().enumerate() {
        let comment = Comment {
            post_id: Some((*post).to_owned()),
            ..words(&format!("c{n}"), "What's the PRICE?")
        };
        world.take(&[told(comment, tuesday_noon())]);
        world.drain();
    }
    let publics = ["We wrote to you.", "Look into your messages.", "The answer is in your inbox."];
    let expected: Vec<_> = (0..4)
        .flat_map(|n| {
            let id = format!("c{n}");
            [line(&id, "private", PRICE), line(&id, "public", publics[n % 3])]
        })
        .collect();
    assert_eq!(said(&world), expected);
    assert_eq!(world.count("comment.answered.price"), 4);
    assert_eq!(funnel(&world, "comment:price", "comment"), 4);
}

#[test]
fn the_reply_is_in_the_language_and_of_the_rule_that_fits_best() {
    let under = |post: &str, id: &str, text: &str| Comment {
        post_id: Some(post.to_owned()),
        from: Some(format!("9{id}")),
        ..words(id, text)
    };
    let cakes = format!("{PAGE}_77");
    for (comment, expected) in [
        (
            under("1", "a", "kiek kainuoja jūsų ruginė duona?"),
            Some("KAINA: kepalas trys eurai. [buttons]"),
        ),
        (under(&cakes, "b", "lovely"), Some("CAKES: which one do you like?")),
        (under("77", "c", "lovely"), Some("CAKES: which one do you like?")),
        (under(&cakes, "d", "and the price?"), Some(PRICE)),
        (under("1", "e", "what bread do you have"), Some("BREAD: rye and wheat.")),
        (under("1", "f", "how much is coffee"), Some(PRICE)),
        (under("1", "g", "is coffee expensive"), Some("COFFEE: from two euro.")),
        (under("1", "h", "so nice to see you there yesterday evening"), None),
    ] {
        let mut world = world();
        let text = comment.text.clone();
        world.take(&[told(comment, tuesday_noon())]);
        world.drain();
        let private = said(&world).into_iter().find(|(_, way, _)| *way == "private");
        assert_eq!(private.map(|(_, _, text)| text).as_deref(), expected, "{text:?}");
    }
    // More than one message: its beginning, and a tap for the whole.
    let mut world = world();
    world.take(&[told(under("1", "g", "is coffee expensive"), tuesday_noon())]);
    world.drain();
    let Content::Text { quick_replies, .. } = &world.taken[0].content else { panic!() };
    assert_eq!(quick_replies[0].payload, "sb:faq:coffee");
}

#[test]
fn what_is_not_to_be_answered_is_left_alone() {
    let ask = || words("c", "price?");
    let at = tuesday_noon();
    for (event, why) in [
        (told(Comment { from: Some(PAGE.into()), ..ask() }, at), "own"),
        (on_instagram(Comment { from: Some(ACCOUNT.into()), ..ask() }, at), "own"),
        (told(Comment { from: None, ..ask() }, at), "nobody"),
        (told(Comment { parent_id: Some("1_2".into()), ..ask() }, at), "among_others"),
        (told(Comment { verb: "edited".into(), ..ask() }, at), "changed"),
        (told(Comment { post_id: None, ..ask() }, at), "no_post"),
        (told(Comment { text: None, ..ask() }, at), "wordless"),
        (told(Comment { text: Some("STOP".into()), ..ask() }, at), "command"),
        (told(Comment { text: Some("nice".into()), ..ask() }, at), "no_rule"),
        (told(Comment { id: "a b".into(), ..ask() }, at), "bad_id"),
        (told(ask(), at.plus(-7 * DAY)), "late"),
        (on_instagram(Comment { live: true, ..ask() }, at.plus(-11 * MINUTE)), "late"),
    ] {
        let mut world = world();
        world.take(&[event]);
        world.drain();
        assert_eq!(said(&world), [], "{why}");
        assert_eq!(world.count(&format!("comment.left.{why}")), 1, "{why}");
    }
    // And what nearly is not.
    for event in [
        told(ask(), at.plus(-7 * DAY + SECOND)),
        on_instagram(ask(), at),
        on_instagram(Comment { live: true, ..ask() }, at.plus(-9 * MINUTE)),
    ] {
        let mut world = world();
        world.take(&[event]);
        world.drain();
        assert_eq!(said(&world)[0], line("c", "private", PRICE));
    }
}

#[test]
fn anger_and_what_only_people_answer_is_told_to_the_owner_once_and_not_answered() {
    for (text, reason) in [
        ("price? you are scammers", "anger"),
        ("what price for the one who harassed me", "delicate"),
    ] {
        let mut world = world();
        for n in 0..3 {
            world.take(&[told(words(&format!("c{n}"), text), tuesday_noon().plus(n))]);
            world.drain();
        }
        assert_eq!(said(&world), []);
        assert_eq!((world.count("comment.person"), world.count("comment.left.again")), (1, 2));
        let hooks = world.texts("SELECT body FROM calls WHERE kind = 'news'");
        assert_eq!(hooks.len(), 1);
        assert!(
            hooks[0].contains(&format!("\"reason\":\"{reason}\"")) && !hooks[0].contains("price?")
        );
    }
}

#[test]
fn once_for_each_person_and_post_whatever_else_they_write() {
    let mut world = world();
    let under = |n: usize, from: &str, post: &str| Comment {
        from: Some(from.to_owned()),
        post_id: Some(post.to_owned()),
        ..words(&format!("c{n}"), "price?")
    };
    let all = [("ona", "1"), ("ona", "1"), ("tom", "1"), ("ona", "2"), ("tom", "1")];
    for (n, (from, post)) in all.into_iter().enumerate() {
        world.take(&[told(under(n, from, post), world.now)]);
        world.drain();
        world.wait(DAY);
    }
    // Keys of events are forgotten after three days; this is not.
    timers::take_due(&world.sql, world.now).unwrap();
    shopbell::store::seen::prune(&world.sql, world.now.plus(40 * DAY)).unwrap();
    world.take(&[told(under(0, "ona", "1"), world.now)]);
    world.drain();
    let private: Vec<String> =
        said(&world).into_iter().filter(|s| s.1 == "private").map(|s| s.0).collect();
    assert_eq!(private, ["c0", "c2", "c3"]);
    // Under another key they are still the same people.
    let keys =
        shopbell::entry::keys::Keys::new("a new key", Some("0123456789abcdef0123456789abcdef"));
    let context = shopbell::desk::decide::Context { keys: &keys, ..world.context() };
    let comment = told(under(9, "tom", "1"), world.now);
    inbox::take(&world.sql, context, &[comment], world.now).unwrap();
    world.drain();
    assert_eq!(said(&world).len(), 6, "three private and three public ones");
}

#[test]
fn a_comment_that_is_taken_back_or_hidden_before_its_answer_left_gets_none() {
    for verb in ["remove", "hide"] {
        for first in [true, false] {
            let mut world = world();
            let gone = told(
                Comment { verb: verb.into(), text: None, ..words("c", "") },
                tuesday_noon().plus(5),
            );
            let comment = told(words("c", "price?"), tuesday_noon());
            world.take(&if first { [gone, comment] } else { [comment, gone] });
            world.drain();
            assert_eq!(said(&world), [], "{verb}, first: {first}");
        }
    }
    // Too late: it has left.
    let mut world = world();
    world.take(&[told(words("c", "price?"), tuesday_noon())]);
    world.drain();
    world
        .take(&[told(Comment { verb: "remove".into(), ..words("c", "") }, tuesday_noon().plus(5))]);
    assert_eq!(
        comments::by_comment(&world.sql, "c").unwrap().unwrap().state,
        comments::State::Sent
    );
}

#[test]
fn an_unknown_outcome_is_never_sent_again_and_its_echo_settles_it() {
    for graph in [Graph::LostBefore, Graph::LostAfter, Graph::Gateway { taken: true }] {
        let mut world = world();
        world.writers.insert("c".to_owned(), person_id(3));
        world.take(&[told(words("c", "price?"), tuesday_noon())]);
        world.claim(ROOM);
        world.send(0, graph);
        world.settle(0);
        world.wait(HOUR);
        world.come_to_rest();
        assert_eq!(world.requests.len(), 1, "{graph:?}: neither again nor under the comment");
        assert_eq!(world.count("private.unknown"), 1);
        let report = comments::report(&world.sql, tuesday_noon().plus(-DAY)).unwrap();
        assert_eq!((report[0].state.as_str(), report[0].comments), ("unknown", 1));
        assert!(world.person(3).is_none());
        if graph.takes() {
            world.echo_of(0);
            let state = comments::by_comment(&world.sql, "c").unwrap().unwrap().state;
            assert_eq!(state, comments::State::Sent);
            assert_eq!(world.person(3).unwrap().expected.unwrap().rule.as_str(), "price");
            // The words are not said a second time, and the person is expected once.
            world.echo_of(0);
            assert_eq!(world.requests.len(), 1);
        }
    }
}

#[test]
fn what_meta_refuses_is_settled_and_holds_up_nobody_else() {
    for (code, subcode, why) in [
        (100, Some(33), "gone"),
        (100, Some(2_534_025), "answered before, or too old"),
        (10_900, None, "answered before"),
        (10, Some(2_018_278), "too old"),
        (551, Some(1_545_041), "blocked"),
        (200, None, "not allowed"),
    ] {
        let mut world = world();
        world.take(&[told(words("c", "price?"), tuesday_noon())]);
        world.claim(ROOM);
        world.send(0, Graph::Refuses(code, subcode));
        world.settle(0);
        world.come_to_rest();
        assert_eq!(world.requests.len(), 1, "{why}");
        let state = comments::by_comment(&world.sql, "c").unwrap().unwrap().state;
        assert_eq!(state, comments::State::Refused, "{why}");
        assert_eq!(
            world.after(message(0, world.now, "m", "what bread do you have")).len(),
            1,
            "{why}"
        );
    }
    // Too many: private replies wait, answers do not.
    let mut world = world();
    world.take(&[told(words("c", "price?"), tuesday_noon())]);
    world.claim(ROOM);
    world.send(0, Graph::Refuses(613, None));
    world.settle(0);
    assert_eq!(world.after(message(0, tuesday_noon(), "m", "what bread do you have")).len(), 1);
    world.wait(2 * MINUTE);
    world.come_to_rest();
    assert_eq!(said(&world).len(), 2, "later it leaves");
}

/// So many people comment at once.
fn rush(world: &mut World<'_>, people: std::ops::Range<usize>) {
    let all: Vec<Event> = people
        .map(|n| {
            let from = Some(format!("9{n}"));
            told(Comment { from, ..words(&format!("c{n}"), "what price?") }, world.now)
        })
        .collect();
    for some in all.chunks(50) {
        world.take(some);
    }
}

/// Everything leaves in its turn, until a moment.
fn let_leave(world: &mut World<'_>, until: UnixMs) {
    loop {
        world.drain();
        let next = outbox::next_due(&world.sql, world.now).unwrap();
        match next.map(|next| next.max(world.now.plus(1))).filter(|next| *next < until) {
            Some(next) => world.now = next,
            None => break,
        }
    }
    world.now = until;
}

/// When the private replies left.
fn private(world: &World<'_>) -> Vec<UnixMs> {
    let private = world.requests.iter().filter(|sent| sent.class == Class::Private);
    private.map(|sent| sent.at).collect()
}

fn assert_pace(times: &[UnixMs]) {
    for (first, last) in times.iter().zip(times.iter().skip(750)) {
        assert!(last.since(*first) >= HOUR, "751 within an hour");
    }
}

#[test]
fn an_hour_holds_750_each_leaves_in_its_turn_and_none_is_lost() {
    let mut world = world();
    rush(&mut world, 0..900);
    world.drain();
    assert_eq!(private(&world).len(), 10, "a few leave at once");
    let_leave(&mut world, tuesday_noon().plus(HOUR - 1));
    let publics = world.taken.iter().filter(|sent| sent.class == Class::Public).count();
    assert_eq!((private(&world).len(), publics), (750, 750), "each with what is said under it");
    let_leave(&mut world, tuesday_noon().plus(2 * HOUR));
    let times = private(&world);
    assert_eq!(times.len(), 900);
    assert_pace(&times);
    assert_eq!(world.number("SELECT count(*) FROM comments WHERE state = 'sent'"), 900);
    // After a quiet hour a few leave at once again.
    let_leave(&mut world, tuesday_noon().plus(4 * HOUR));
    rush(&mut world, 1_000..1_020);
    world.drain();
    assert_eq!(private(&world).len(), 910);
}

#[test]
fn after_a_pause_those_who_waited_leave_together_and_still_no_hour_has_751() {
    let mut world = world();
    rush(&mut world, 0..2_000);
    let_leave(&mut world, tuesday_noon().plus(30 * MINUTE));
    let hold = PageHold {
        until: world.now.plus(50 * MINUTE),
        reason: "Meta says so".into(),
        needs_owner: false,
    };
    sending::share_hold(&world.sql, Some(&hold), world.now).unwrap();
    let before = private(&world).len();
    world.drain();
    assert_eq!(private(&world).len(), before);
    world.now = hold.until;
    // Nearly all of the hour's leave at once, and then the hour is full.
    let_leave(&mut world, hold.until.plus(10 * MINUTE));
    assert!(private(&world).len() > before + 600, "{}", private(&world).len() - before);
    let_leave(&mut world, tuesday_noon().plus(4 * HOUR));
    let times = private(&world);
    assert_eq!(times.len(), 2_000);
    assert_pace(&times);
    assert_eq!(world.number("SELECT count(*) FROM comment_requests"), 750);
    assert_eq!(world.number("SELECT count(*) FROM comments WHERE state = 'sent'"), 2_000);
}

#[test]
fn nobody_who_writes_waits_behind_comments() {
    let mut world = world();
    rush(&mut world, 0..700);
    // Some are due, and one is on its way.
    assert_eq!(world.claim(ROOM), 1, "comments have one place");
    for n in 0..5 {
        world.take(&[message(n, world.now, &format!("m{n}"), "what bread do you have")]);
    }
    assert_eq!(world.claim(Room { messages: 5, ..ROOM }), 5);
    while world.in_flight() > 0 {
        world.send(0, Graph::Takes);
    }
    let bread: Vec<usize> = (0..5).map(|n| world.heard(n).len()).collect();
    assert_eq!(bread, [1; 5]);
    for _ in 0..6 {
        world.settle(0);
    }
    // In the middle of it, at any moment.
    for n in 5..10 {
        world.wait(17 * SECOND);
        let answer = message(n, world.now, &format!("m{n}"), "what bread do you have");
        world.take(&[answer]);
        world.claim(Room { messages: 1, ..ROOM });
        world.send(0, Graph::Takes);
        world.settle(0);
        assert_eq!(world.heard(n).len(), 1, "the only place is theirs");
    }
}

#[test]
fn a_comment_of_a_broadcast_does_not_wait_behind_a_post() {
    let mut world = world();
    rush(&mut world, 0..300);
    world.drain();
    let before = private(&world).len();
    let live = Comment { live: true, from: Some("8".into()), ..words("live", "price?") };
    world.take(&[on_instagram(live, world.now)]);
    world.drain();
    assert_eq!(private(&world).len(), before + 1);
    assert_eq!(world.taken.last().unwrap().person.as_str(), "live");
}

#[test]
fn whoever_answers_is_known_by_the_comment_and_finds_what_its_rule_promises() {
    let mut world = world();
    world.writers.insert("c".to_owned(), person_id(0));
    world.take(&[told(words("c", "price?"), tuesday_noon())]);
    world.drain();
    let person = world.person(0).unwrap();
    assert!(
        !person.window_open(tuesday_noon())
            && person.first_touch.is_none()
            && person.tags.is_empty()
    );
    world.wait(HOUR);
    // Words with no answer of their own: the request for consent.
    let at = world.now;
    let answer = world.after(message(0, at, "m1", "mmh yes sure"));
    assert_eq!(shown(&answer[0]), "[opt-in News from the oven]");
    let person = world.person(0).unwrap();
    let touch = person.first_touch.unwrap();
    assert_eq!(
        (touch.source.as_str(), touch.post.as_deref()),
        ("comment:price", Some("1029384756_1"))
    );
    assert!(person.tags.contains("asked-price") && person.expected.is_none());
    assert_eq!(funnel(&world, "comment:price", "conversation"), 1);
    assert_eq!(funnel(&world, "comment:price", "new"), 1);
    // Their yes counts for the comment; a second message does not come from it again.
    let yes = crate::common_core::optin(
        0,
        at.plus(SECOND),
        "news",
        shopbell::meta::event::OptinStatus::Granted,
        Some("t"),
        None,
    );
    world.take(&[yes]);
    assert_eq!(funnel(&world, "comment:price", "optin"), 1);
    world.after(message(0, at.plus(MINUTE), "m2", "hello again there"));
    assert_eq!(funnel(&world, "comment:price", "conversation"), 1);

    // A tap on its button, and a form.
    let mut world = world_with_answered(&format!("{PAGE}_77"), "lovely");
    let answer = world.after(postback(0, world.now, "sb:faq:bread", None));
    assert_eq!(shown(&answer[0]), "BREAD: rye and wheat.");
    assert_eq!(world.person(0).unwrap().last_touch.unwrap().source, "comment:cakes");
    let mut world = world_with_answered(&format!("{PAGE}_77"), "lovely");
    let answer = world.after(message(0, world.now, "m", "the big one please"));
    assert!(shown(&answer[0]).contains("For how many people?"), "{answer:?}");
    // Words that have an answer get it.
    let mut world = world_with_answered(&format!("{PAGE}_77"), "lovely");
    let answer = world.after(message(0, world.now, "m", "what bread do you have"));
    assert_eq!(shown(&answer[0]), "BREAD: rye and wheat.");
}

fn world_with_answered(post: &str, text: &str) -> World<'static> {
    let mut world = world();
    world.writers.insert("c".to_owned(), person_id(0));
    let comment = Comment { post_id: Some(post.to_owned()), ..words("c", text) };
    world.take(&[told(comment, tuesday_noon())]);
    world.drain();
    world.wait(MINUTE);
    world
}

#[test]
fn whoever_asked_to_be_forgotten_is_not_brought_back_by_the_answer_to_an_older_comment() {
    let mut world = world();
    world.after(message(0, tuesday_noon(), "m", "hello"));
    world.writers.insert("c".to_owned(), person_id(0));
    world.take(&[told(words("c", "price?"), tuesday_noon().plus(SECOND))]);
    world.wait(MINUTE);
    world.after(message(0, world.now, "m2", "delete"));
    world.wait(SECOND);
    world.after(crate::common_core::yes_delete(0, world.now));
    world.drain();
    assert!(said(&world).iter().any(|s| s.1 == "private"), "the comment itself was answered");
    assert!(world.person(0).is_none());
}

#[test]
fn an_ad_leads_where_its_rule_says_by_id_ref_or_default_and_is_kept() {
    let ad = |id: Option<&str>, ref_: Option<&str>| Referral {
        source: Some("ADS".to_owned()),
        kind: Some("OPEN_THREAD".to_owned()),
        ad_id: id.map(str::to_owned),
        ref_: ref_.map(str::to_owned),
        ad: Some(Box::new(AdContext {
            title: Some("Bread for all".to_owned()),
            post_id: Some("55_66".to_owned()),
            ..AdContext::default()
        })),
        ..Referral::default()
    };
    let sale = "SALE: half price today.";
    let other = "AD: good that you are here.";
    for (referral, words, source, tag) in [
        (ad(Some("120200000000000001"), None), sale, "ad:120200000000000001", "by-sale"),
        (ad(Some("9"), Some("SALE-REF")), sale, "ad:9", "by-sale"),
        (ad(Some("9"), None), other, "ad:9", "by-ad"),
        (ad(Some("9"), Some("something-else")), other, "ad:9", "by-ad"),
        (ad(None, None), other, "ad:others", "by-ad"),
    ] {
        for channel in [Channel::Messenger, Channel::Instagram] {
            for shape in 0..3 {
                let kind = match shape {
                    0 => EventKind::Referral(referral.clone()),
                    1 => EventKind::Postback(shopbell::meta::event::Postback {
                        mid: None,
                        title: None,
                        payload: Some("GET_STARTED".to_owned()),
                        referral: Some(referral.clone()),
                    }),
                    _ => EventKind::Message(Message {
                        referral: Some(referral.clone()),
                        ..crate::common_core::words_of("m", "hm ok then")
                    }),
                };
                let mut world = world();
                let answer = world.after(Event { channel, ..event(0, tuesday_noon(), kind) });
                assert_eq!(shown(&answer[0]), words, "{source} {shape}");
                let person: shopbell::desk::person::Person =
                    shopbell::store::people::load(&world.sql, channel, &person_id(0))
                        .unwrap()
                        .unwrap();
                let touch = person.first_touch.clone().unwrap();
                assert_eq!(touch.source, source);
                assert_eq!(touch.title.as_deref(), Some("Bread for all"));
                assert_eq!(touch.post.as_deref(), Some("55_66"));
                assert!(person.tags.contains(tag));
                assert_eq!(funnel(&world, source, "conversation"), 1);
                // The first message opens a week; what is no message does not.
                let week = shape == 2;
                assert_eq!(person.window_open(tuesday_noon().plus(6 * DAY)), week, "{shape}");
            }
        }
    }
}

#[test]
fn a_question_tapped_beside_an_ad_is_answered_unless_the_ad_has_a_rule_of_its_own() {
    for (ad, words, tag) in [
        ("9", "BREAD: rye and wheat.", "by-ad"),
        ("120200000000000001", "SALE: half price today.", "by-sale"),
    ] {
        let mut world = world();
        let referral = Referral { ad_id: Some(ad.to_owned()), ..Referral::default() };
        let kind = EventKind::Postback(shopbell::meta::event::Postback {
            mid: None,
            title: None,
            payload: Some("sb:faq:bread".to_owned()),
            referral: Some(referral),
        });
        let answer = world.after(event(0, tuesday_noon(), kind));
        assert_eq!(shown(&answer[0]), words);
        assert!(world.person(0).unwrap().tags.contains(tag));
    }
}

/// The ref in somebody's own link.
fn link_of(world: &mut World<'_>, person: usize) -> String {
    let at = world.now;
    let said = world.after(message(person, at, &format!("share{person}-{}", at.get()), "Share!"));
    let text = shown(said.last().unwrap());
    text.strip_prefix(LINK).unwrap_or_else(|| panic!("{text}")).to_owned()
}

#[test]
fn a_friend_who_was_never_here_counts_once_for_whoever_gave_the_link() {
    let mut world = world();
    world.after(message(1, tuesday_noon(), "m0", "hello"));
    let ref_ = link_of(&mut world, 1);
    assert!(!ref_.contains(person_id(1).as_str()));
    let opened = open(&KEYS, &world.shop.page.id, &ref_, tuesday_noon()).unwrap();
    assert_eq!(opened.home, number(&person_id(1)));
    world.wait(SECOND);
    assert_eq!(link_of(&mut world, 1), ref_, "the same link whenever they ask");

    let before = world.taken.len();
    let friend = postback(2, world.now, "GET_STARTED", Some(&ref_));
    world.take(std::slice::from_ref(&friend));
    world.take(&[friend]);
    world.drain();
    let texts: Vec<(String, String)> = world.taken[before..]
        .iter()
        .map(|sent| (sent.person.to_string(), shown(&sent.content)))
        .collect();
    let line = |person: usize, text: &str| (person_id(person).to_string(), text.to_owned());
    assert!(texts.contains(&line(2, "FRIEND: the first coffee is on us.")), "{texts:?}");
    assert!(texts.contains(&line(1, "THANKS for bringing a friend.")), "{texts:?}");
    assert_eq!(texts.len(), 2);
    let sharer = world.person(1).unwrap();
    assert!(sharer.tags.contains("host"));
    let field = shopbell::meta::ids::FieldId::new("friends_brought").unwrap();
    assert_eq!(sharer.fields[&field], FieldValue::Number(Decimal::whole(1)));
    let friend = world.person(2).unwrap();
    assert!(friend.tags.contains("guest"));
    assert_eq!(friend.first_touch.unwrap().source, "friends");
    assert_eq!(
        (funnel(&world, "friends", "conversation"), funnel(&world, "friends", "new")),
        (1, 1)
    );

    // Somebody known, the customer, and a ref that was edited: the plain welcome, and no credit.
    world.after(message(3, world.now, "m3", "hello"));
    world.wait(SECOND);
    for person in [1, 2, 3] {
        let at = world.now;
        let answer = world.after(referral(person, at, Some(&ref_)));
        assert_eq!(shown(&answer[0]), "WELCOME.", "{person}");
    }
    let mut edited = ref_.clone();
    let last = if edited.pop() == Some('A') { 'B' } else { 'A' };
    edited.push(last);
    let at = world.now;
    assert_eq!(shown(&world.after(referral(4, at, Some(&edited)))[0]), "WELCOME.");
    assert_eq!((world.count("friends.own"), world.count("friends.known")), (1, 2));
    assert_eq!(world.count("friends.credited"), 1);
}

#[test]
fn only_so_many_count_in_a_time_and_whoever_was_forgotten_is_no_new_friend() {
    let mut world = world();
    world.after(message(1, tuesday_noon(), "m0", "hello"));
    let ref_ = link_of(&mut world, 1);
    for person in 10..15 {
        world.wait(MINUTE);
        let at = world.now;
        world.after(referral(person, at, Some(&ref_)));
        assert!(world.heard(person)[0].starts_with("FRIEND"), "the friend finds the same");
    }
    assert_eq!((world.count("friends.credited"), world.count("friends.capped")), (2, 3));
    world.wait(31 * DAY);
    let at = world.now;
    world.after(referral(16, at, Some(&ref_)));
    assert_eq!(world.count("friends.credited"), 3, "a month later there is room");

    // Forgotten and back again.
    world.after(message(16, world.now, "d", "delete"));
    world.wait(SECOND);
    world.after(crate::common_core::yes_delete(16, world.now));
    world.wait(SECOND);
    let at = world.now;
    world.after(referral(16, at, Some(&ref_)));
    assert_eq!((world.count("friends.credited"), world.count("friends.known")), (3, 1));
    // The customer is forgotten: their link leads nowhere any more.
    world.after(message(1, world.now, "d1", "delete"));
    world.wait(SECOND);
    world.after(crate::common_core::yes_delete(1, world.now));
    assert_eq!(world.number("SELECT count(*) FROM shares"), 0);
    assert_eq!(world.number("SELECT count(*) FROM credits"), 0);
    let at = world.now;
    world.after(referral(17, at, Some(&ref_)));
    assert_eq!(world.count("friends.gone"), 1);
    assert!(world.person(1).is_none());
}

#[test]
fn thanks_wait_until_the_customer_writes_when_they_may_not_be_sent() {
    // The window has closed.
    let mut world = world();
    world.after(message(1, tuesday_noon(), "m0", "hello"));
    let ref_ = link_of(&mut world, 1);
    world.wait(2 * DAY);
    let at = world.now;
    world.after(referral(2, at, Some(&ref_)));
    assert!(!world.heard(1).iter().any(|text| text.starts_with("THANKS")));
    assert_eq!(world.person(1).unwrap().friends_untold, 1);
    world.wait(HOUR);
    // Behind the answer to STOP nobody wants to hear it; behind another one they may.
    let at = world.now;
    world.after(message(1, at, "m1", "stop"));
    world.wait(MINUTE);
    let at = world.now;
    let answer = world.after(message(1, at, "m2", "what bread do you have"));
    let texts: Vec<String> = answer.iter().map(shown).collect();
    assert_eq!(texts, ["THANKS for bringing a friend.", "BREAD: rye and wheat."]);
    assert_eq!(world.person(1).unwrap().friends_untold, 0);

    // By night, inside the window.
    let mut world = World::new(&SHOP, ms("2026-11-24T20:00:00Z"));
    let at = world.now;
    world.after(message(1, at, "m0", "hello"));
    let ref_ = link_of(&mut world, 1);
    let at = world.now;
    world.after(referral(2, at, Some(&ref_)));
    assert_eq!(world.person(1).unwrap().friends_untold, 1);
}

#[test]
fn a_parcel_for_another_desk_waits_as_a_call_and_opens_once_however_often_it_comes() {
    use shopbell::desk::decide::{Context, Host};
    use shopbell::desk::layout::home;
    use shopbell::desk::parcels::{self, Parcel};
    // Two Desks; the customer and the friend live on different ones.
    let person = |desk: u32| (20..99).find(|n| home(&person_id(*n), 2) == desk).unwrap();
    let (customer, friend) = (person(0), person(1));
    let (mut first, mut second) = (world(), world());
    fn of<'w>(world: &'w World<'static>, shard: u32) -> Context<'w> {
        Context { host: Host { shard, shards: 2, ..Host::default() }, ..world.context() }
    }
    let hello = message(customer, tuesday_noon(), "m", "share");
    inbox::take(&first.sql, of(&first, 0), &[hello], tuesday_noon()).unwrap();
    first.drain();
    let ref_ = first.heard(customer).last().unwrap().strip_prefix(LINK).unwrap().to_owned();

    let arrives = referral(friend, tuesday_noon(), Some(&ref_));
    inbox::take(&second.sql, of(&second, 1), &[arrives], tuesday_noon()).unwrap();
    second.drain();
    let calls = second.rows("SELECT kind, person, body FROM calls");
    assert_eq!(calls.len(), 1);
    let body = calls[0][2].text().unwrap();
    assert!(
        !body.contains(person_id(friend).as_str()) && !body.contains(person_id(customer).as_str())
    );
    let parcel: Parcel = serde_json::from_str(body).unwrap();
    assert_eq!(parcel.goes_to(&person_id(friend), 2), 0);
    for _ in 0..3 {
        let who = (Channel::Messenger, &person_id(friend));
        parcels::open(&first.sql, of(&first, 0), who, &parcel, tuesday_noon()).unwrap();
    }
    assert!(first.person(customer).unwrap().tags.contains("host"));
    assert_eq!((first.count("friends.credited"), first.count("friends.again")), (1, 2));

    // A comment is answered by the first Desk, and its writer lives on the second.
    first.drain();
    first.writers.insert("c".to_owned(), person_id(friend));
    let comment = told(words("c", "price?"), tuesday_noon());
    inbox::take(&first.sql, of(&first, 0), &[comment], tuesday_noon()).unwrap();
    first.claim(ROOM);
    first.send(0, Graph::Takes);
    let row = first.requests.last().unwrap().id;
    shopbell::desk::comments::reached(
        &first.sql,
        of(&first, 0),
        row,
        (Channel::Messenger, &person_id(friend)),
        tuesday_noon(),
    )
    .unwrap();
    let body = first.texts("SELECT body FROM calls WHERE kind = 'parcel'").remove(0);
    let parcel: Parcel = serde_json::from_str(&body).unwrap();
    assert_eq!(parcel.goes_to(&person_id(friend), 2), 1);
    for _ in 0..2 {
        let who = (Channel::Messenger, &person_id(friend));
        parcels::open(&second.sql, of(&second, 1), who, &parcel, tuesday_noon()).unwrap();
    }
    // They have written before it left: this is no answer to it yet.
    assert!(second.person(friend).unwrap().expected.is_some());
    // Somebody whose parcel was late has answered already: that is noted when it comes.
    let early = person(1) + 1;
    let early = (early..99).find(|n| home(&person_id(*n), 2) == 1).unwrap();
    let hello = message(early, tuesday_noon().plus(SECOND), "e", "mmh yes sure");
    inbox::take(&second.sql, of(&second, 1), &[hello], tuesday_noon().plus(SECOND)).unwrap();
    let before = funnel(&second, "comment:price", "conversation");
    let who = (Channel::Messenger, &person_id(early));
    parcels::open(&second.sql, of(&second, 1), who, &parcel, tuesday_noon().plus(MINUTE)).unwrap();
    let late = second.person(early).unwrap();
    assert_eq!(late.first_touch.unwrap().source, "comment:price");
    assert!(late.expected.is_none() && late.tags.contains("asked-price"));
    assert_eq!(funnel(&second, "comment:price", "conversation"), before + 1);
    // The echo comes to the second Desk, and tells the first.
    let mut echo = crate::common_core::echo(friend, tuesday_noon(), "m", None, None);
    if let EventKind::Echo(echo) = &mut echo.kind {
        echo.metadata = Some(format!("shopbell:private:{row}"));
    }
    inbox::take(&second.sql, of(&second, 1), &[echo], tuesday_noon()).unwrap();
    let calls = second.texts("SELECT body FROM calls WHERE body LIKE '%reached%'");
    let parcel: Parcel = serde_json::from_str(&calls[0]).unwrap();
    assert_eq!(parcel.goes_to(&person_id(friend), 2), 0);
}

#[test]
fn a_link_made_up_leads_nobody_anywhere() {
    let mut world = world();
    world.after(message(1, tuesday_noon(), "m0", "hello"));
    let other = shopbell::meta::ids::PageId::new("999").unwrap();
    let code = "00112233445566778899";
    let foreign = sign(&KEYS, &other, code, 0).unwrap();
    let ours = sign(&KEYS, &world.shop.page.id, code, number(&person_id(1))).unwrap();
    for ref_ in [foreign, ours] {
        world.after(referral(7, world.now, Some(&ref_)));
    }
    assert_eq!(world.count("friends.credited"), 0);
    assert!(!world.person(1).unwrap().tags.contains("host"));
}

// --- whatever happens, in whatever order ---

#[derive(Clone, Debug)]
enum Step {
    /// This comment is delivered, alone or with others, for the first time or again.
    Deliver(Vec<usize>),
    Remove(usize),
    Claim,
    Send(usize, Graph),
    Settle(usize),
    Echo(usize),
    Crash,
    Wait(i64),
}

const WRITERS: usize = 4;
const POSTS: usize = 3;
const COMMENTS: usize = 24;

/// Comment `n`: of the same few people under the same few posts.
fn comment(n: usize) -> Event {
    let (writer, post) = (n % WRITERS, (n / WRITERS) % POSTS);
    let comment = Comment {
        from: Some(format!("9{writer}")),
        post_id: Some(post.to_string()),
        ..words(&format!("c{n}"), "price?")
    };
    let comment = match n % 7 {
        3 => Comment { parent_id: Some("c0".into()), ..comment },
        5 => Comment { from: Some(PAGE.into()), ..comment },
        _ => comment,
    };
    told(comment, tuesday_noon())
}

fn step() -> impl Strategy<Value = Step> {
    let graph = prop_oneof![
        4 => Just(Graph::Takes),
        1 => Just(Graph::LostBefore),
        1 => Just(Graph::LostAfter),
        1 => any::<bool>().prop_map(|taken| Graph::Gateway { taken }),
        1 => Just(Graph::Refuses(1, None)),
        1 => Just(Graph::Refuses(613, None)),
        1 => Just(Graph::Refuses(100, Some(2_534_025))),
    ];
    prop_oneof![
        6 => prop::collection::vec(0..COMMENTS, 1..5).prop_map(Step::Deliver),
        1 => (0..COMMENTS).prop_map(Step::Remove),
        5 => Just(Step::Claim),
        6 => (any::<usize>(), graph).prop_map(|(which, graph)| Step::Send(which, graph)),
        6 => any::<usize>().prop_map(Step::Settle),
        2 => any::<usize>().prop_map(Step::Echo),
        1 => Just(Step::Crash),
        2 => prop_oneof![Just(SECOND), Just(MINUTE), Just(HOUR), Just(DAY)].prop_map(Step::Wait),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases(24)))]

    #[test]
    fn a_person_gets_one_private_reply_for_each_post_whatever_crashes(
        steps in prop::collection::vec(step(), 1..120)
    ) {
        let mut world = World::on_disk(&SHOP, tuesday_noon());
        for n in 0..COMMENTS {
            world.writers.insert(format!("c{n}"), person_id(n % WRITERS));
        }
        for step in steps {
            match step {
                Step::Deliver(which) => {
                    let events: Vec<Event> = which.into_iter().map(comment).collect();
                    world.take(&events);
                }
                Step::Remove(n) => {
                    let mut gone = comment(n);
                    if let EventKind::Comment(comment) = &mut gone.kind {
                        comment.verb = "remove".into();
                    }
                    world.take(&[gone]);
                }
                Step::Claim => {
                    world.claim(ROOM);
                }
                Step::Send(which, graph) => world.send(which, graph),
                Step::Settle(which) => world.settle(which),
                Step::Echo(which) => world.echo_of(which),
                Step::Crash => world.crash(),
                Step::Wait(ms) => world.wait(ms),
            }
        }
        world.crash();
        world.come_to_rest();
        let mut taken: BTreeMap<(usize, usize), usize> = BTreeMap::new();
        let mut unknown_then: BTreeMap<String, usize> = BTreeMap::new();
        for sent in world.requests.iter().filter(|sent| sent.class.is_for_comment()) {
            let n: usize = sent.person.as_str()[1..].parse().unwrap();
            prop_assert!(!matches!(n % 7, 3 | 5), "a reply among others, or our own: {n}");
            if sent.class == Class::Private {
                // Nothing is sent again once nobody knows what became of it.
                prop_assert_eq!(unknown_then.get(sent.person.as_str()), None, "again: {}", n);
                if sent.graph.unknown() {
                    unknown_then.insert(sent.person.to_string(), n);
                }
                if sent.graph.takes() {
                    *taken.entry((n % WRITERS, (n / WRITERS) % POSTS)).or_default() += 1;
                }
            }
        }
        for (who, times) in taken {
            prop_assert_eq!(times, 1, "{:?} twice", who);
        }
        prop_assert_eq!(world.number("SELECT count(*) FROM comments WHERE state = 'queued'"), 0);
        let public = world.taken.iter().filter(|sent| sent.class == Class::Public);
        for sent in public {
            let private = world.taken.iter().any(|other| {
                other.class == Class::Private && other.person == sent.person
            });
            prop_assert!(private, "nothing is said under a comment that was not answered");
        }
        let totals = counters::totals(&world.sql, 400, world.now).unwrap();
        prop_assert!(totals.iter().all(|(name, _)| !name.contains("price?")));
    }
}

#[test]
fn quick_replies_under_a_private_reply_come_back_as_taps() {
    let mut world = world_with_answered("1", "is coffee expensive");
    let at = world.now;
    let answer = world.after(quick_reply(0, at, "q", "Coffee", "sb:faq:coffee"));
    let texts: Vec<String> = answer.iter().map(shown).collect();
    assert_eq!(texts, ["COFFEE: from two euro.", "With milk it is three."]);
    assert_eq!(world.person(0).unwrap().last_touch.unwrap().source, "comment:questions");
}
