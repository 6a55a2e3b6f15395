//! A shop's data on its way to another deployment: every row as it was, whatever is cut off or
//! comes twice, and what goes on there is what would have gone on here.

use std::collections::BTreeMap;

use crate::common_core::*;
use proptest::collection::vec;
use proptest::prelude::*;
use shopbell::desk::sending;
use shopbell::kept::Field;
use shopbell::meta::event::{Event, OptinStatus};
use shopbell::meta::ids::PageId;
use shopbell::shop::kv_map::key_of;
use shopbell::store::leaving::{self, Begun, Still};
use shopbell::store::map::{Leaves, TABLES, Table, fact_of, table};
use shopbell::store::native::Sqlite;
use shopbell::store::{Row, Sql, Value, kv_queue, people, schema};
use shopbell::time::{DAY, HOUR, MINUTE, UnixMs};

const ID: &str = "an export";

fn carried() -> impl Iterator<Item = &'static Table> {
    TABLES.iter().filter(|table| matches!(table.leaves, Leaves::Along | Leaves::SomeFacts))
}

/// Everything of a table, chunk by chunk, as it travels.
fn told(sql: &Sqlite, table: &Table) -> Vec<Row> {
    let (mut rows, mut after) = (Vec::new(), Vec::new());
    loop {
        let chunk = leaving::rows(sql, table, &after).unwrap();
        assert!(chunk.rows.len() <= leaving::PER_CALL);
        let text = serde_json::to_string(&chunk).unwrap();
        let chunk: leaving::Chunk = serde_json::from_str(&text).unwrap();
        rows.extend(chunk.rows);
        match chunk.next {
            Some(next) => after = next,
            None => return rows,
        }
    }
}

fn everything(sql: &Sqlite) -> BTreeMap<&'static str, Vec<Row>> {
    carried().map(|table| (table.name, told(sql, table))).collect()
}

fn owed(sql: &Sqlite) -> Vec<(String, String)> {
    let rows = told(sql, table("kv_queue").unwrap());
    let pair = |row: &Row| Some((row[0].text()?.to_owned(), row[1].text()?.to_owned()));
    rows.iter().filter_map(pair).collect()
}

fn desk() -> Sqlite {
    let sql = Sqlite::in_memory().unwrap();
    schema::migrate(&sql).unwrap();
    sql
}

fn page() -> PageId {
    SHOPS[0].shop.page.id.clone()
}

/// Takes everything in, in pieces of these sizes. Each piece may come twice, and the import is begun
/// anew before each.
fn take_in(from: &Sqlite, to: &Sqlite, sizes: &[usize], now: UnixMs) {
    let mut sizes = sizes.iter().cycle();
    let begin = || match leaving::begin(to, &page(), ID, None, now).unwrap() {
        Begun::Is(import) => import,
        other => panic!("{other:?}"),
    };
    for table in carried() {
        let rows = told(from, table);
        let mut at = 0;
        while at < rows.len() {
            let size = *sizes.next().unwrap();
            let piece = &rows[at..rows.len().min(at + size)];
            assert_eq!(begin().taken.get(table.name).copied().unwrap_or(0), at as u64);
            let take = || leaving::take(to, ID, table, at as u64, piece);
            take().unwrap();
            if size.is_multiple_of(2) {
                take().unwrap();
            }
            at += piece.len();
            assert!(
                leaving::take(to, ID, table, at as u64 + 1, piece).is_err(),
                "some are missing"
            );
        }
    }
    let values = owed(from);
    for (n, pair) in values.iter().enumerate() {
        leaving::take_kv(to, ID, n as u64, std::slice::from_ref(pair), now).unwrap();
    }
    assert!(leaving::still(to).unwrap().is_some(), "it stands still until all is there");
    let sequences = leaving::sequences(from).unwrap();
    for _ in 0..2 {
        leaving::end(to, ID, &sequences, now).unwrap();
    }
    assert_eq!(leaving::still(to).unwrap(), None);
}

/// A row of a table, with values that are awkward to carry, and a key of its own.
fn awkward(table: &Table, n: i64) -> Row {
    let texts = ["", "{}", "[1, 2]", "a\nb", "\"", "žąsis \u{1f986}", "null", " {\"a\":1}"];
    let column = |at: usize, (name, _): &Field| match (table.name, *name) {
        ("facts", "name") => Value::from(["planned_at", "marketing", "still"][n as usize % 3]),
        (_, "id" | "seq" | "row") if at == 0 && table.key == 1 => Value::Int(n + 1),
        (_, "channel") => Value::from(["messenger", "instagram"][n as usize % 2]),
        _ if at < table.key => Value::from(format!("{}{n:05}", texts[n as usize % texts.len()])),
        (_, name) if name.ends_with("_at") || name == "at" => Value::Int(n * 1_000_003),
        _ => Value::from(texts[(n as usize + at) % texts.len()]),
    };
    table.columns.iter().enumerate().map(|(at, field)| column(at, field)).collect()
}

#[test]
fn every_row_of_every_table_arrives_as_it_was() {
    let (from, to) = (desk(), desk());
    for table in carried().filter(|table| table.name != "facts") {
        for n in 0..450 {
            let row = awkward(table, n);
            let places: Vec<String> = (1..=row.len()).map(|n| format!("?{n}")).collect();
            let text =
                format!("INSERT OR REPLACE INTO {} VALUES ({})", table.name, places.join(", "));
            from.execute(&text, &row).unwrap();
        }
    }
    for name in ["planned_at", "marketing", "still", "name"] {
        let text = "INSERT OR REPLACE INTO facts VALUES (?1, '5')";
        from.execute(text, &[name.into()]).unwrap();
    }
    // What is put aside is tried at once where it arrives.
    from.execute("UPDATE parked SET retry_at = NULL", &[]).unwrap();
    let before = everything(&from);
    assert!(before.iter().all(|(name, rows)| *name == "facts" || rows.len() == 450));
    assert_eq!(before["facts"].len(), 2, "what is about this deployment stays");
    assert!(before["facts"].iter().all(|row| fact_of(row[0].text().unwrap()).unwrap().leaves));
    // Values of KV that nobody could have owed stay, too.
    from.execute("DELETE FROM kv_queue", &[]).unwrap();
    kv_queue::push(&from, "subscription:1:2:lunch", Some("{}"), UnixMs::new(5)).unwrap();
    take_in(&from, &to, &[1, 200, 7, 64], UnixMs::new(9));
    for (name, rows) in everything(&to) {
        let there = rows.iter().zip(&before[name]).find(|(there, here)| there != here);
        assert_eq!((rows.len(), there), (before[name].len(), None), "{name}");
    }
    assert_eq!(owed(&to), owed(&from));
    // No number is given out twice, though the newest rows be gone.
    from.execute("DELETE FROM outbox WHERE id > 100", &[]).unwrap();
    let other = desk();
    take_in(&from, &other, &[200], UnixMs::new(9));
    assert_eq!(leaving::sequences(&other).unwrap(), leaving::sequences(&from).unwrap());
    let chunk = leaving::rows(&from, table("outbox").unwrap(), &[Value::Int(1), Value::Int(2)]);
    assert!(chunk.is_err(), "a key of another shape");
}

#[test]
fn what_is_there_already_is_not_covered_up() {
    let now = ms("2026-11-20T10:00:00Z");
    let mut world = World::new(&SHOPS[0], now);
    let to = &world.sql;
    // Parked events may be there: they wait for what is imported.
    to.execute("INSERT INTO parked VALUES ('k', '{}', 'w', 1, 0, NULL)", &[]).unwrap();
    assert_eq!(leaving::in_the_way(to).unwrap(), None);
    world.take(&[message(0, now, "m1", "hello")]);
    world.take(&[optin(0, now, "lunch", OptinStatus::Granted, Some("token"), None)]);
    let to = &world.sql;
    let begin =
        |over: Option<&[(String, UnixMs)]>| leaving::begin(to, &page(), ID, over, now).unwrap();
    assert!(matches!(begin(None), Begun::InTheWay(_)));
    people::bury(to, "hash", now).unwrap();
    // Somebody was forgotten here of whom the other does not know it.
    assert_eq!(begin(Some(&[])), Begun::Forgotten(1));
    assert_eq!(begin(Some(&[("hash".to_owned(), now.plus(-1))])), Begun::Forgotten(1));
    assert!(to.query("SELECT 1 FROM consents", &[]).unwrap().len() == 1, "nothing is touched yet");
    let known = [("hash".to_owned(), now.plus(5))];
    let Begun::Is(import) = begin(Some(&known)) else { panic!() };
    assert!(import.open && leaving::still(to).unwrap() == Some(Still { until: None }));
    assert_eq!(leaving::in_the_way(to).unwrap(), Some("tombstones"), "those stay");
    assert_eq!(to.query("SELECT 1 FROM parked", &[]).unwrap().len(), 1);
    let gone = kv_queue::due(to, now, 10).unwrap();
    assert!(
        gone.iter().any(|owed| owed.key.ends_with(":lunch") && owed.value.is_none()),
        "{gone:?}"
    );
    // What was forgotten here last counts.
    let tombstones = table("tombstones").unwrap();
    let row = vec![Value::from("hash"), Value::from(now.plus(5))];
    leaving::take(to, ID, tombstones, 0, &[row]).unwrap();
    assert_eq!(people::erased_at(to, "hash").unwrap(), Some(now.plus(5)));
    // Only what leaves comes in, into this import, and in its shape.
    let one = |table: &str, row: Row| leaving::take(to, ID, self::table(table).unwrap(), 0, &[row]);
    assert!(one("timers", vec!["drain".into(), Value::Int(1)]).is_err());
    assert!(one("facts", vec!["layout".into(), "{}".into()]).is_err());
    assert!(one("people", vec!["messenger".into()]).is_err());
    assert!(leaving::take(to, "another", tombstones, 1, &[]).is_err());
    let shop = [("shop:1".to_owned(), "{}".to_owned())];
    assert!(leaving::take_kv(to, ID, 0, &shop, now).is_err(), "that is published");
    assert!(matches!(
        leaving::begin(to, &page(), "another", None, now).unwrap(),
        Begun::Another(_)
    ));
}

#[test]
fn a_desk_stands_still_for_a_while_or_until_it_is_told() {
    let (sql, at) = (desk(), UnixMs::new);
    assert_eq!(leaving::still(&sql).unwrap(), None);
    let while_ = Still { until: Some(at(50)) };
    assert_eq!(leaving::stand_still(&sql, while_).unwrap(), while_);
    let later = Still { until: Some(at(90)) };
    assert_eq!(leaving::stand_still(&sql, later).unwrap(), later);
    let for_good = Still { until: None };
    leaving::stand_still(&sql, for_good).unwrap();
    assert_eq!(leaving::stand_still(&sql, while_).unwrap(), for_good, "no end is set by a copy");
    assert!(leaving::go_on(&sql, at(100)).unwrap());
    assert_eq!(sql.take_alarm(), Some(at(100)), "what waited is looked at now");
    assert!(!leaving::go_on(&sql, at(100)).unwrap());
}

/// What happens before and after.
fn happens(world: &mut World<'_>, n: usize, (person, what, minutes): (usize, usize, i64)) {
    let at = world.now;
    let mid = format!("mid.{n}");
    let say = |text: &str| message(person, at, &mid, text);
    let topic = world.open.shop.topics[n % world.open.shop.topics.len()].id.to_string();
    let event: Option<Event> = match what {
        0 => Some(say("wifi?")),
        1 => Some(say("STOP")),
        2 => Some(say("human")),
        3 => Some(say("delete my data")),
        4 => Some(yes_delete(person, at)),
        5 | 6 => Some(optin(person, at, &topic, OptinStatus::Granted, Some("token"), None)),
        7 => Some(postback(person, at, "GET_STARTED", None)),
        8 => Some(postback(person, at, &format!("sb:topic:{topic}"), None)),
        _ => None,
    };
    if let Some(event) = event {
        world.take(&[event]);
    }
    world.tick();
    if what % 3 == 0 {
        world.claim(ROOM);
        world.send(0, if what == 9 { Graph::LostAfter } else { Graph::Takes });
        world.settle(0);
    } else {
        world.drain();
    }
    world.wait(minutes * MINUTE);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(60), failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever happened: the other Desk has the same, and goes on as this one would have.
    #[test]
    fn what_goes_on_there_is_what_would_have_gone_on_here(
        before in vec((0..4_usize, 0..10_usize, 0..400_i64), 1..14),
        after in vec((0..4_usize, 0..10_usize, 0..400_i64), 0..8),
        sizes in vec(1..9_usize, 1..4),
    ) {
        let start = ms("2026-11-26T06:00:00Z");
        let mut here = World::new(&SHOPS[0], start);
        for (n, step) in before.iter().enumerate() {
            happens(&mut here, n, *step);
        }
        // It stands still: what was on its way is settled, or lost.
        here.crash();
        let (told, sequences) = (everything(&here.sql), leaving::sequences(&here.sql).unwrap());
        // Nothing is kept that the data map does not know.
        for (key, _) in owed(&here.sql) {
            prop_assert!(key_of(&key).is_some_and(|known| known.leaves), "{}", key);
        }
        for name in here.texts("SELECT name FROM facts") {
            prop_assert!(fact_of(&name).is_some(), "{}", name);
        }
        let mut there = World::new(&SHOPS[0], here.now);
        take_in(&here.sql, &there.sql, &sizes, here.now);
        prop_assert_eq!(&everything(&there.sql), &told);
        prop_assert_eq!(&leaving::sequences(&there.sql).unwrap(), &sequences);
        prop_assert_eq!(owed(&there.sql), owed(&here.sql));
        sending::recover(&there.sql, true, there.now).unwrap();
        let left = here.taken.len();
        for world in [&mut here, &mut there] {
            for (n, step) in after.iter().enumerate() {
                happens(world, 100 + n, *step);
            }
            world.wait(DAY + HOUR);
            world.tick();
            world.come_to_rest();
        }
        let shown = |world: &World<'_>, from: usize| -> Vec<_> {
            let of = |sent: &Sent| (sent.id, sent.person.clone(), sent.at, shown(&sent.content));
            world.taken[from..].iter().map(of).collect()
        };
        prop_assert_eq!(shown(&there, 0), shown(&here, left));
        // What is counted and told of KV may differ: nothing else.
        for (name, rows) in everything(&here.sql) {
            prop_assert_eq!(&everything(&there.sql)[name], &rows, "{}", name);
        }
    }
}
