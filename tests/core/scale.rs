//! Many people: the outbox stays short, a day of the free plan keeps its part for answers, what does
//! not fit into a day goes on with the next or is counted, and answers overtake a run.

use crate::common_core::*;
use shopbell::desk::layout::{self, Layout};
use shopbell::desk::person::Person;
use shopbell::desk::sending::{self, PageHold};
use shopbell::meta::event::Channel;
use shopbell::meta::ids::NotificationToken;
use shopbell::outreach::schedule::Occurrence;
use shopbell::outreach::{budget, planner};
use shopbell::shop::model::{Plan, Shop};
use shopbell::store::consents::{self, Consent, Status};
use shopbell::store::funnel::{self, Stage};
use shopbell::store::native::Sqlite;
use shopbell::store::outbox::{self, Admit, Outcome, Room};
use shopbell::store::runs::{Progress, Run};
use shopbell::store::{Sql, StoreError, counters, facts, moving, people, runs, schema, tallies};
use shopbell::time::{DAY, HOUR, MINUTE, SECOND, UnixMs};

const FRIDAY: &str = "2026-11-27T07:00:00Z"; // 09:00 in Vilnius
const SIX: Room = Room { messages: 6, notifications: 4, comments: 1 };

/// A café whose Friday lunch may take so many more days.
fn cafe(plan: Plan, spread_days: u8) -> Shop {
    let mut shop = SHOPS[0].shop.clone();
    shop.hosting.plan = plan;
    shop.notifications.retain(|n| n.id.as_str() == "friday-lunch");
    shop.notifications[0].schedule.spread_days = spread_days;
    shop
}

/// A Desk with so many people who agreed and have a token.
fn desk(subscribers: usize) -> Sqlite {
    let sql = Sqlite::in_memory().unwrap();
    schema::migrate(&sql).unwrap();
    let granted_at = ms("2026-11-01T07:00:00Z");
    sql.transaction(|| {
        for n in 0..subscribers {
            let consent = Consent {
                topic: topic_id("lunch"),
                channel: Channel::Messenger,
                person: person_id(n),
                status: Status::Active,
                token: Some(NotificationToken(format!("t{n}"))),
                timezone: None,
                granted_at,
                changed_at: granted_at,
                expires_at: None,
                next_eligible_at: None,
                last_sent_at: None,
                reserved_at: None,
                frequency: None,
                title: None,
                source: "tap".into(),
            };
            consents::save(&sql, &consent)?;
            let person = Person { first_seen: granted_at, ..Person::default() };
            people::save(&sql, Channel::Messenger, &consent.person, &person)?;
        }
        Ok::<_, StoreError>(())
    })
    .unwrap();
    sql
}

fn number(sql: &Sqlite, query: &str) -> i64 {
    sql.query(query, &[]).unwrap()[0][0].int().unwrap()
}

const SENT: &str = "SELECT count(*) FROM outbox WHERE class = 1 AND state = 'sent'";
const WAITING: &str = "SELECT count(*) FROM outbox WHERE class = 1 AND state = 'queued'";

/// Sends what may leave, as long as there is something.
fn drain(sql: &Sqlite, shop: &Shop, now: UnixMs) {
    loop {
        let claimed = sending::claim(sql, shop, SIX, now).unwrap();
        if claimed.is_empty() {
            return;
        }
        for (claimed, _) in &claimed {
            outbox::settle(sql, claimed, &Outcome::Sent { mid: None }, now).unwrap();
        }
    }
}

/// A minute after the other, each with its alarms, until the run is done or so much time passed.
fn run_for(sql: &Sqlite, shop: &Shop, from: UnixMs, ms: i64, step: i64) -> i64 {
    let mut longest = 0;
    for at in (0..=ms).step_by(usize::try_from(step).unwrap()) {
        let now = from.plus(at);
        planner::tick(sql, shop, now).unwrap();
        for _ in 0..40 {
            longest = longest.max(number(sql, WAITING));
            drain(sql, shop, now);
            if planner::go_on(sql, shop, now).unwrap() == 0 {
                break;
            }
        }
        if runs::unfinished(sql).unwrap().is_empty() {
            break;
        }
    }
    longest
}

#[test]
fn everybody_is_told_and_the_outbox_stays_short() {
    for plan in [Plan::Free, Plan::Paid] {
        let (sql, shop) = (desk(1_200), cafe(plan, 0));
        let longest = run_for(&sql, &shop, ms(FRIDAY), HOUR, MINUTE);
        assert_eq!(number(&sql, SENT), 1_200, "{plan:?}");
        let most = i64::from(budget::backlog(plan).max(budget::planned_per_share(plan)) + 50);
        assert!(longest <= most, "{plan:?}: {longest} waited at once");
    }
}

#[test]
fn somebody_who_cannot_be_read_is_held_and_keeps_nobody_waiting() {
    let (sql, shop) = (desk(120), cafe(Plan::Paid, 0));
    for n in [3, 70] {
        let damaged = "UPDATE people SET body = '{' WHERE id = ?1";
        assert!(sql.execute(damaged, &[person_id(n).as_str().into()]).unwrap());
    }
    run_for(&sql, &shop, ms(FRIDAY), HOUR, MINUTE);
    assert_eq!(number(&sql, SENT), 118);
    assert!(runs::unfinished(&sql).unwrap().is_empty(), "it is done");
    let held = sql.query("SELECT reason FROM ledger WHERE outcome = 'held'", &[]).unwrap();
    assert_eq!(held.len(), 2);
    assert!(held.iter().all(|row| row[0].text().is_some_and(|why| !why.is_empty())), "{held:?}");
    let run = runs::since(&sql, ms(FRIDAY).plus(-DAY), 9).unwrap().remove(0);
    assert_eq!((run.queued, run.held, run.dropped), (118, 2, None));
}

#[test]
fn nobody_is_planned_while_those_before_have_not_left() {
    let (sql, shop) = (desk(1_000), cafe(Plan::Free, 0));
    for minute in 0..30 {
        planner::tick(&sql, &shop, ms(FRIDAY).plus(minute * MINUTE)).unwrap();
    }
    let waiting = number(&sql, WAITING);
    assert!(waiting <= i64::from(budget::backlog(Plan::Free) + 50), "{waiting}");
    assert!(sql.take_alarm().is_some(), "it looks again");
}

#[test]
fn a_day_of_the_free_plan_keeps_its_part_for_answers() {
    let a_day = budget::notifications_a_day(Plan::Free, 1).unwrap();
    let people = usize::try_from(a_day).unwrap() + 400;
    let sent = |sql: &Sqlite| u32::try_from(number(sql, SENT)).unwrap();
    let told = |sql: &Sqlite| runs::since(sql, ms(FRIDAY).plus(-DAY), 9).unwrap().remove(0);

    // It may not leave later: the rest is counted, and told.
    let (sql, shop) = (desk(people), cafe(Plan::Free, 0));
    run_for(&sql, &shop, ms(FRIDAY), 5 * HOUR, 10 * MINUTE);
    assert!(sent(&sql) <= a_day && sent(&sql) > a_day - 50, "{} of {a_day}", sent(&sql));
    let run = told(&sql);
    assert_eq!(run.dropped.as_deref(), Some("stale"));
    assert_eq!(run.unreached + run.queued + run.held, i64::try_from(people).unwrap());

    // It may: the next day goes on where this one ended, and not at night.
    let (sql, shop) = (desk(people), cafe(Plan::Free, 2));
    run_for(&sql, &shop, ms(FRIDAY), 12 * HOUR, 10 * MINUTE);
    assert!(sent(&sql) <= a_day, "{} of {a_day}", sent(&sql));
    let night = ms("2026-11-28T01:00:00Z");
    run_for(&sql, &shop, night, HOUR, 20 * MINUTE);
    assert!(sent(&sql) <= a_day, "nobody is woken");
    run_for(&sql, &shop, ms("2026-11-28T08:00:00Z"), 4 * HOUR, 10 * MINUTE);
    assert_eq!(usize::try_from(sent(&sql)).unwrap(), people);
    assert_eq!((told(&sql).dropped, told(&sql).unreached), (None, 0));
    // Each once, whatever the days.
    let lines = number(&sql, "SELECT count(*) FROM ledger");
    assert_eq!(usize::try_from(lines).unwrap(), people);
}

#[test]
fn an_answer_overtakes_every_notification_that_has_not_left() {
    let (sql, shop) = (desk(300), cafe(Plan::Paid, 0));
    let now = ms(FRIDAY);
    planner::tick(&sql, &shop, now).unwrap();
    // As many as may are on their way.
    let away = sending::claim(&sql, &shop, SIX, now).unwrap();
    assert_eq!(away.len(), 4, "two places are kept for answers");
    let open = Open { shop: shop.clone(), faq: None };
    let asked = message(299, now, "m1", "when are you open");
    shopbell::desk::inbox::take(&sql, context(&open), &[asked], now).unwrap();
    let room = Room { messages: 2, notifications: 0, comments: 0 };
    let next = sending::claim(&sql, &shop, room, now).unwrap();
    assert_eq!(next.len(), 1, "it leaves beside them");
    assert!(!next[0].0.class.is_notification());
    assert_eq!(next[0].0.person, person_id(299));
}

#[test]
fn the_longer_pause_holds_and_an_end_ends_what_the_owner_mended() {
    let sql = desk(0);
    let now = ms(FRIDAY);
    let hold = |minutes: i64, needs_owner| PageHold {
        until: now.plus(minutes * MINUTE),
        reason: "Meta says so".into(),
        needs_owner,
    };
    let until = || sending::page_hold(&sql).unwrap().map(|hold| hold.until.since(now) / MINUTE);
    sending::share_hold(&sql, Some(&hold(5, false)), now).unwrap();
    assert_eq!(until(), Some(5));
    sending::share_hold(&sql, Some(&hold(3, false)), now).unwrap();
    assert_eq!(until(), Some(5), "a shorter one changes nothing");
    sending::share_hold(&sql, None, now).unwrap();
    assert_eq!(until(), Some(5), "slow down stands for its time");
    sending::share_hold(&sql, Some(&hold(10, true)), now).unwrap();
    assert_eq!(until(), Some(10));
    sending::share_hold(&sql, None, now).unwrap();
    assert_eq!(until(), None, "the owner has mended it");
    sending::share_hold(&sql, Some(&hold(-1, true)), now).unwrap();
    assert_eq!(until(), None, "over before it was heard of");
    let nothing = outbox::claim(&sql, now.plus(SECOND), SIX, |_| Ok(Admit::Yes(()))).unwrap();
    assert!(nothing.is_empty());
}

/// A Desk of a Page.
fn named(shard: u32) -> Sqlite {
    let sql = desk(0);
    facts::set(&sql, facts::NAME, &serde_json::json!({ "page": "1", "shard": shard })).unwrap();
    sql
}

/// Hands over what a closed Desk counted, as the Worker does. `dies` after the first Desk has it.
fn close(from: &Sqlite, to: &Sqlite, moving: &Layout, dies: bool) {
    let hands_over = layout::hands_over(from, 1, moving).unwrap();
    let rest = moving::rest(from, hands_over).unwrap();
    let name = format!("1:1, epoch {}", moving.epoch);
    moving::take_over(to, &name, &rest).unwrap();
    if hands_over && !dies {
        layout::handed_over(from, moving, &rest).unwrap();
    }
}

#[test]
fn a_desk_that_opens_and_closes_again_hands_on_what_it_counted_once() {
    let (first, second) = (named(0), named(1));
    let (now, shop) = (ms(FRIDAY), cafe(Plan::Paid, 0));
    let due = Occurrence { period: "2026-11-27".into(), at: now };
    let run = Run {
        notification: shop.notifications[0].id.clone(),
        period: due.period,
        zone: String::new(),
        due_at: due.at,
        cursor: String::new(),
        hash: "h".into(),
    };
    let counts = |sql: &Sqlite| {
        counters::add_all(sql, &["reply.sent", "reply.sent"], now).unwrap();
        tallies::add(sql, "friday-lunch", "2026-11-27", None, "read").unwrap();
        funnel::add(sql, "2026-11-27", "poster:DOOR", "lunch", Stage::Scan).unwrap();
        runs::begin(sql, &run).unwrap();
        let done = Progress { queued: 5, held: 2, done: true, ..Progress::default() };
        runs::advance(sql, &run, &done).unwrap();
        let miss = "INSERT INTO misses (text, lang, offered, at, until) VALUES ('x', '', '', 1, 2)";
        sql.execute(miss, &[]).unwrap();
    };
    let sums = || {
        let run = runs::since(&first, now.plus(-DAY), 9).unwrap().remove(0);
        (
            counters::totals(&first, 1, now).unwrap(),
            number(&first, "SELECT sum(n) FROM tallies"),
            number(&first, "SELECT sum(n) FROM funnel"),
            number(&first, "SELECT count(*) FROM misses"),
            (run.queued, run.held),
        )
    };
    for sql in [&first, &second] {
        counts(sql);
        planner::tick(sql, &shop, now).unwrap();
    }
    let mut divided = Layout::first(2);
    let mut at_first = None;
    for round in 0..3 {
        let moving = divided.moving(1).unwrap();
        // It may be told twice, dies in between, and counts something meanwhile.
        close(&second, &first, &moving, true);
        close(&second, &first, &moving, false);
        close(&second, &first, &moving, false);
        assert_eq!(*at_first.get_or_insert_with(sums), sums(), "round {round}");
        let left = "SELECT (SELECT count(*) FROM runs) + (SELECT count(*) FROM misses)";
        assert_eq!(number(&second, left), 0);
        // Back again, days later: what was due while it was closed nobody missed here.
        divided = moving.moved(now).moving(2).unwrap().moved(now);
        planner::tick(&second, &shop, now.plus(i64::from(round + 1) * 14 * DAY + 6 * HOUR))
            .unwrap();
        assert_eq!(counters::totals(&second, 60, now.plus(60 * DAY)).unwrap(), []);
    }
    let (replies, tallies, scans, misses, run) = sums();
    assert_eq!(replies.iter().find(|(name, _)| name == "reply.sent").unwrap().1, 4);
    assert_eq!((tallies, scans, misses, run), (2, 2, 2, (10, 4)));
    // What it counts after that is handed on, too.
    counters::add(&second, "reply.sent", now).unwrap();
    close(&second, &first, &divided.moving(1).unwrap(), false);
    let replies = counters::totals(&first, 1, now).unwrap();
    assert_eq!(replies.iter().find(|(name, _)| name == "reply.sent").unwrap().1, 5);
}
