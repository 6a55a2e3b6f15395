//! Receipts of consents: what was shown, by which event, in a chain that outlives what is erased.

use crate::common_core::*;
use serde_json::Value;
use shopbell::meta::event::OptinStatus;
use shopbell::meta::ids::{PageId, PosterCode};
use shopbell::outreach::receipt::{self, Broken, LinkLine, ReceiptLine, verify};
use shopbell::outreach::told::{self, Recipients};
use shopbell::store::Sql;
use shopbell::time::{DAY, MINUTE};

const START: &str = "2026-11-20T10:00:00Z";

fn receipts(world: &World<'_>, n: usize) -> Vec<ReceiptLine> {
    told::of_person(&world.sql, &person_id(n)).unwrap().receipts
}

fn bodies(world: &World<'_>, n: usize) -> Vec<Value> {
    receipts(world, n).iter().map(|r| serde_json::from_str(&r.body).unwrap()).collect()
}

fn chain(world: &World<'_>) -> Vec<LinkLine> {
    told::chain(&world.sql, 0).unwrap().links
}

/// Scans the poster whose topic is "today", says yes, and later says STOP.
fn lunch(world: &mut World<'_>, n: usize) {
    let poster = PosterCode::new("TABLE").unwrap();
    let ref_ = KEYS.refs.sign(&world.shop.page.id, &poster, world.now);
    let scan = referral(n, world.now, Some(&ref_));
    world.after(scan);
    world.wait(MINUTE);
    let yes = optin(n, world.now, "today", OptinStatus::Granted, Some("t1"), None);
    world.after(yes);
    world.wait(MINUTE);
}

#[test]
fn a_receipt_says_what_was_shown_when_and_by_which_event() {
    let open = &SHOPS[0];
    let mut world = World::new(open, ms(START));
    lunch(&mut world, 1);
    let [yes] = bodies(&world, 1).try_into().unwrap();
    assert_eq!(yes["said"], "granted");
    assert!(yes["at"].as_str().unwrap().starts_with("2026-11-20T10:01:0"), "{yes}");
    assert_eq!(yes["source"], "poster:TABLE");
    let topic = open.shop.topic(&topic_id("today")).unwrap();
    let lang = open.shop.default_lang();
    assert_eq!(yes["shown"]["title"], topic.title.0[lang].as_str());
    assert_eq!(yes["shown"]["image"], topic.image.as_deref().unwrap());
    assert_eq!(yes["shown"]["promise"], "daily");
    assert_eq!(yes["shown"]["language"], lang.0.as_str());
    assert_eq!(yes["shown"]["at"], ms(START).get());
    assert_eq!(yes["controller"], "MB Kavinė Beržas");
    assert_eq!(yes["contact"], "labas@cafe.example");
    assert_eq!(yes["legal_basis"], "consent");
    assert!(!yes["event"].as_str().unwrap().is_empty());
    assert!(!yes.to_string().contains("t1"), "no token: {yes}");

    // Later the owner shows something else: the receipt says what this person saw.
    world.shop.topics.iter_mut().for_each(|topic| topic.image = None);
    world.take(&[message(1, world.now, "m1", "STOP")]);
    let all = bodies(&world, 1);
    assert_eq!(all[0], yes);
    assert_eq!(all[1]["said"], "stopped");
    assert_eq!(all[1]["shown"], Value::Null);
    assert_eq!(all.len(), 2);
    // Said again it is no news.
    world.wait(MINUTE);
    world.take(&[message(1, world.now, "m2", "STOP")]);
    assert_eq!(receipts(&world, 1).len(), 2);
}

#[test]
fn one_persons_receipts_can_be_erased_and_the_chain_of_the_others_holds() {
    let mut world = World::new(&SHOPS[0], ms(START));
    for n in 1..4 {
        lunch(&mut world, n);
    }
    let page = world.shop.page.id.clone();
    let before = chain(&world);
    let head = before.last().unwrap().link.clone();
    assert_eq!(before.len(), 3);
    let erased = receipts(&world, 2);
    verify(&page, &before, &erased, Some(&head)).unwrap();

    world.after(message(2, world.now, "d", "delete my data"));
    world.wait(MINUTE);
    world.after(yes_delete(2, world.now));
    assert_eq!(receipts(&world, 2), []);
    let after = chain(&world);
    assert_eq!(after, before, "nothing of the chain is written anew");
    for n in [1, 3] {
        let theirs = receipts(&world, n);
        assert_eq!(theirs.len(), 1);
        verify(&page, &after, &theirs, Some(&head)).unwrap();
    }
    // What is left of them is a hash of something that cannot be guessed.
    let left: Vec<String> = world.texts("SELECT commitment || link FROM receipts");
    assert!(left.iter().all(|text| !text.contains(person_id(2).as_str())));
    assert_eq!(world.number("SELECT count(*) FROM receipt_bodies"), 2);
    // Whoever kept theirs can still prove it.
    verify(&page, &after, &erased, None).unwrap();
}

#[test]
fn whatever_is_changed_shows() {
    let mut world = World::new(&SHOPS[0], ms(START));
    for n in 1..4 {
        lunch(&mut world, n);
    }
    let page = world.shop.page.id.clone();
    let (links, mine) = (chain(&world), receipts(&world, 2));
    let head = links.last().unwrap().link.clone();
    verify(&page, &links, &mine, Some(&head)).unwrap();

    let mut other = mine.clone();
    other[0].body = other[0].body.replace("today", "lunch");
    assert_eq!(verify(&page, &links, &other, None), Err(Broken::Receipt(2)));
    let mut other = mine.clone();
    other[0].seq = 9;
    assert_eq!(verify(&page, &links, &other, None), Err(Broken::Unknown(9)));
    let mut shorter = links.clone();
    shorter.remove(1);
    assert_eq!(verify(&page, &shorter, &[], None), Err(Broken::Gap { expected: 2, found: 3 }));
    let mut earlier = links.clone();
    earlier[1].at = earlier[1].at.plus(-1);
    assert_eq!(verify(&page, &earlier, &[], None), Err(Broken::Link(2)));
    let mut swapped = links.clone();
    swapped[1].commitment = links[2].commitment.clone();
    assert_eq!(verify(&page, &swapped, &[], None), Err(Broken::Link(2)));
    // The last ones cut off: only a head that was noted tells.
    assert_eq!(verify(&page, &links[..2], &mine, None), Ok(()));
    assert_eq!(verify(&page, &links[..2], &mine, Some(&head)), Err(Broken::Head(head.clone())));
    let another = PageId::new("1").unwrap();
    assert_eq!(verify(&another, &links, &mine, None), Err(Broken::Link(1)), "another Page's");
}

#[test]
fn receipts_are_kept_as_long_as_the_shop_says_after_the_end() {
    let mut world = World::new(&SHOPS[0], ms(START));
    lunch(&mut world, 1);
    lunch(&mut world, 2);
    world.take(&[message(2, world.now, "s", "STOP")]);
    let months = i64::from(world.shop.privacy.as_ref().unwrap().keep_receipts_months);
    let prune = |world: &World<'_>, days: i64| {
        receipt::prune(&world.sql, &world.shop, world.now.plus(days * DAY)).unwrap();
        (receipts(world, 1).len(), receipts(world, 2).len())
    };
    assert_eq!(prune(&world, months * 31 - 1), (1, 2));
    assert_eq!(prune(&world, months * 31 + 1), (1, 0), "a consent that holds keeps its receipt");
    verify(&world.shop.page.id, &chain(&world), &receipts(&world, 1), None).unwrap();
}

#[test]
fn recipients_are_told_in_pages_without_tokens_or_names() {
    let mut world = World::new(&SHOPS[0], ms(START));
    for n in 1..4 {
        lunch(&mut world, n);
    }
    world
        .sql
        .execute("UPDATE people SET body = json_set(body, '$.first_name', 'Ona')", &[])
        .unwrap();
    let question = told::Question::Recipients { after: String::new() };
    let text = told::answer(&world.sql, &world.shop, &question, world.now).unwrap();
    let all: Recipients = serde_json::from_str(&text).unwrap();
    assert_eq!((all.recipients.len(), all.next), (3, None));
    assert!(all.recipients.iter().all(|to| to.active && to.has_token));
    assert!(!text.contains("t1") && !text.contains("Ona"), "{text}");
    let after = format!("messenger/{}/today", person_id(2));
    let rest = told::recipients(&world.sql, &world.shop, &after, world.now).unwrap();
    assert_eq!(rest.recipients, all.recipients[2..]);
}
