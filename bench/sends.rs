//! What `scripts/bench sends` cannot do from outside: filling Desks with people who agreed, through
//! the store's own code, and planning natively.
//!
//! ```text
//! sends fill SHOP_DIR STATE_DIR PEOPLE   fills every Desk under STATE_DIR, and begins a run in each
//! sends plan SHOP_DIR PEOPLE             plans PEOPLE natively; prints people per second
//! ```

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use serde_json::Value;
use shopbell::desk::layout::home;
use shopbell::desk::person::Person;
use shopbell::meta::event::Channel;
use shopbell::meta::ids::{NotificationToken, Psid};
use shopbell::outreach::plan::RunHash;
use shopbell::outreach::{planner, schedule};
use shopbell::shop::model::Shop;
use shopbell::shop::source;
use shopbell::store::consents::{self, Consent, Status};
use shopbell::store::native::Sqlite;
use shopbell::store::runs::{self, Run};
use shopbell::store::timers::{self, Timer};
use shopbell::store::{Sql, StoreError, facts, people, schema};
use shopbell::time::{DAY, UnixMs};

fn main() {
    let args: Vec<String> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args[..] {
        ["fill", shop, state, people] => {
            fill(&shop_of(shop), Path::new(state), people.parse().unwrap());
        }
        ["plan", shop, people] => plan(&shop_of(shop), people.parse().unwrap()),
        // `cargo bench` without a part has nothing to do here.
        _ => {}
    }
}

fn shop_of(dir: &str) -> Shop {
    let compiled = source::compile(&fs::read_to_string(Path::new(dir).join("shop.toml")).unwrap());
    assert!(!compiled.has_errors(), "{:?}", compiled.diagnostics.first());
    compiled.shops.into_iter().next().unwrap()
}

fn now() -> UnixMs {
    jiff::Timestamp::now().into()
}

fn somebody(shop: &Shop, n: u64) -> Consent {
    let granted_at = now().plus(-3 * DAY);
    Consent {
        topic: shop.topics[0].id.clone(),
        channel: Channel::Messenger,
        person: Psid::new((20_000_000_000 + n).to_string()).unwrap(),
        status: Status::Active,
        token: Some(NotificationToken(format!("token-of-{n}-{}", "x".repeat(150)))),
        timezone: Some("Europe/Vilnius".into()),
        granted_at,
        changed_at: granted_at,
        expires_at: None,
        next_eligible_at: None,
        last_sent_at: None,
        reserved_at: None,
        frequency: None,
        title: Some("What is warm today".into()),
        source: "poster:DOOR".into(),
    }
}

fn enter(sql: &Sqlite, shop: &Shop, n: u64) -> Result<(), StoreError> {
    let consent = somebody(shop, n);
    let person = Person { first_seen: consent.granted_at, ..Person::default() };
    people::save(sql, consent.channel, &consent.person, &person)?;
    consents::save(sql, &consent)
}

/// The run of what was due last.
fn begin(sql: &Sqlite, shop: &Shop) {
    let notification = &shop.notifications[0];
    let due = schedule::due(&notification.schedule, &shop.zone(), now()).unwrap();
    let hash = RunHash::begin(shop, &notification.id, &due, "").as_str().to_owned();
    let run = Run {
        notification: notification.id.clone(),
        period: due.period,
        zone: String::new(),
        due_at: due.at,
        cursor: String::new(),
        hash,
    };
    runs::begin(sql, &run).unwrap();
    timers::set(sql, Timer::Plan, now()).unwrap();
}

fn fill(shop: &Shop, state: &Path, people: u64) {
    for file in databases(state) {
        let sql = Sqlite::open(&file).unwrap();
        let Ok(Some(name)) = facts::get::<Value>(&sql, "name") else { continue };
        let shard = u32::try_from(name["shard"].as_u64().unwrap()).unwrap();
        sql.transaction(|| {
            for n in 0..people {
                let person = Psid::new((20_000_000_000 + n).to_string()).unwrap();
                if home(&person, shop.page.shards) == shard {
                    enter(&sql, shop, n)?;
                }
            }
            Ok::<_, StoreError>(())
        })
        .unwrap();
        begin(&sql, shop);
    }
}

fn databases(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let found = entries.flat_map(|path| match path.is_dir() {
        true => databases(&path),
        false => vec![path],
    });
    found.filter(|path| path.extension().is_some_and(|ext| ext == "sqlite")).collect()
}

fn plan(shop: &Shop, people: u64) {
    let sql = Sqlite::in_memory().unwrap();
    schema::migrate(&sql).unwrap();
    sql.transaction(|| (0..people).try_for_each(|n| enter(&sql, shop, n))).unwrap();
    begin(&sql, shop);
    let (mut planned, mut seconds) = (0_u64, 0.0);
    while !runs::unfinished(&sql).unwrap().is_empty() {
        let began = Instant::now();
        planned += u64::from(planner::go_on(&sql, shop, now()).unwrap());
        seconds += began.elapsed().as_secs_f64();
        // As if all had left: what waits would keep the planner back.
        sql.execute("UPDATE outbox SET state = 'sent' WHERE state = 'queued'", &[]).unwrap();
    }
    println!("{planned}\t{:.0}", f64::from(u32::try_from(people).unwrap()) / seconds);
}
