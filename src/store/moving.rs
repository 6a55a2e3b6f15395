//! Carrying people from one Desk to another, with everything that is theirs.
//!
//! Nothing is decided and nothing leaves meanwhile (see `desk::layout`), so the rows lie still.
//! What has arrived replaces whatever is there of the same people: what a crash interrupts between
//! arriving here and being let go there is carried again, and lies once.
//!
//! What becomes of each table [`super::map`] says, which a test holds against the tables there are.

use serde::{Deserialize, Serialize};

use super::map::{Moves, TABLES};
use super::outbox::{self, OPEN};
use super::{Columns, Row, Sql, StoreError, Value, kv_queue, params, receipts, schema, to_json};
use crate::kept::Field;
use crate::meta::event::Channel;
use crate::meta::ids::{PageId, Psid};
use crate::time::UnixMs;

/// People carried in one go.
pub const PER_LOAD: u32 = 50;

/// Tables whose rows are a person's: the name, the column that says whose, and whether the first
/// column is a number that each Desk gives out itself.
fn of_person() -> impl Iterator<Item = (&'static str, &'static str, bool)> {
    TABLES.iter().filter_map(|table| match table.moves {
        Moves::WithPerson { whose, numbered } => Some((table.name, whose, numbered)),
        _ => None,
    })
}

/// Tables that the first Desk takes over from one that is closed: sums by their first columns.
fn sums() -> impl Iterator<Item = (&'static str, String)> {
    let summed = TABLES.iter().filter(|table| table.moves == Moves::Summed);
    summed.map(|table| (table.name, table.key_list()))
}

/// A person, as they are carried.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Carried {
    /// Where.
    pub channel: Channel,
    /// Who.
    pub person: Psid,
    /// Their rows by table, in the order of its columns.
    rows: Vec<(String, Vec<Row>)>,
    /// Topic, salt and body of each receipt, in order.
    receipts: Vec<(String, String, String)>,
    /// What is owed to KV of theirs.
    owed: Vec<Row>,
}

/// People on their way, with the version of the tables they come from.
#[derive(Debug, Serialize, Deserialize)]
pub struct Load {
    version: i64,
    /// Who.
    pub people: Vec<Carried>,
}

impl Load {
    /// Of these people.
    #[must_use]
    pub const fn of(people: Vec<Carried>) -> Self {
        Self { version: schema::VERSION, people }
    }
}

/// Makes what a move reads by person quick. Takes a while for a large ledger, once.
///
/// # Errors
/// [`StoreError::Refused`].
pub fn prepare(sql: &impl Sql) -> Result<(), StoreError> {
    for text in [
        "CREATE INDEX IF NOT EXISTS moving_ledger ON ledger (channel, person)",
        "CREATE INDEX IF NOT EXISTS moving_outbox ON outbox (channel, person)",
        "CREATE INDEX IF NOT EXISTS moving_calls ON calls (channel, person)",
        "CREATE INDEX IF NOT EXISTS moving_holders ON coupon_holders (channel, person)",
    ] {
        sql.execute(text, params![])?;
    }
    Ok(())
}

/// Takes back what [`prepare`] made: each index costs a row with every row.
///
/// # Errors
/// [`StoreError::Refused`].
pub fn tidy(sql: &impl Sql) -> Result<(), StoreError> {
    for text in [
        "DROP INDEX IF EXISTS moving_ledger",
        "DROP INDEX IF EXISTS moving_outbox",
        "DROP INDEX IF EXISTS moving_calls",
        "DROP INDEX IF EXISTS moving_holders",
    ] {
        sql.execute(text, params![])?;
    }
    Ok(())
}

/// The next people after `cursor` (empty for the first), in order, at most `limit`.
///
/// # Errors
/// [`StoreError`].
pub fn after(sql: &impl Sql, cursor: &str, limit: u32) -> Result<Vec<(Channel, Psid)>, StoreError> {
    let (channel, person) = cursor.split_once('/').unwrap_or(("", ""));
    // Each part by its index, as far as it may be needed.
    let part = |table: &str, id: &str, where_: &str| {
        format!(
            "SELECT * FROM (SELECT channel, {id} AS person FROM {table}
             WHERE (channel, {id}) > (?1, ?2) AND {where_}
             GROUP BY channel, {id} ORDER BY channel, {id} LIMIT {limit})"
        )
    };
    let rows = sql.query(
        &format!(
            "{} UNION {} UNION {} UNION {} ORDER BY 1, 2 LIMIT {limit}",
            part("people", "id", "true"),
            part("consents", "person", "true"),
            part("outbox", "person", &format!("{OPEN} AND {}", outbox::OF_PEOPLE)),
            part("notes", "person", "true"),
        ),
        params![channel, person],
    )?;
    rows.iter()
        .map(|row| {
            let mut columns = Columns::of("people", row);
            Ok((columns.channel()?, columns.parsed(Psid::new)?))
        })
        .collect()
}

/// A person's place in the order of [`after`].
#[must_use]
pub fn place((channel, person): (Channel, &Psid)) -> String {
    format!("{}/{person}", super::channel_name(channel))
}

fn whose(table: &str, column: &str) -> String {
    // Settled messages serve echoes of the last days only, and those know the number here.
    let open = if table == "outbox" {
        format!(" AND {OPEN} AND {}", outbox::OF_PEOPLE)
    } else {
        String::new()
    };
    format!("FROM {table} WHERE channel = ?1 AND {column} = ?2{open}")
}

/// Everything of a person, as it stands here.
///
/// # Errors
/// [`StoreError`].
pub fn pack(
    sql: &impl Sql,
    page: &PageId,
    (channel, person): (Channel, &Psid),
) -> Result<Carried, StoreError> {
    let who = params![channel, person.as_str()];
    let mut rows = Vec::new();
    for (table, column, numbered) in of_person() {
        let order = if numbered { " ORDER BY 1" } else { "" };
        let found = sql.query(&format!("SELECT * {}{order}", whose(table, column)), who)?;
        if !found.is_empty() {
            rows.push((table.to_owned(), found));
        }
    }
    let bodies = sql.query(
        "SELECT topic, salt, body FROM receipt_bodies WHERE channel = ?1 AND person = ?2
         ORDER BY seq",
        who,
    )?;
    let receipts = bodies
        .iter()
        .map(|row| {
            let mut columns = Columns::of("receipt_bodies", row);
            let mut text = || columns.text().map(str::to_owned);
            Ok((text()?, text()?, text()?))
        })
        .collect::<Result<_, StoreError>>()?;
    let prefix = kv_prefix(page, person);
    let owed = sql.query(
        "SELECT * FROM kv_queue WHERE key >= ?1 AND key < ?2",
        params![format!("{prefix}:"), format!("{prefix};")],
    )?;
    Ok(Carried { channel, person: person.clone(), rows, receipts, owed })
}

fn kv_prefix(page: &PageId, person: &Psid) -> String {
    format!("subscription:{page}:{person}")
}

/// Lets go of somebody who has arrived elsewhere. Nothing says that they were ever here but the
/// chain of receipts, which says nothing of anybody.
///
/// # Errors
/// [`StoreError::Refused`].
pub fn let_go(
    sql: &impl Sql,
    page: &PageId,
    (channel, person): (Channel, &Psid),
) -> Result<(), StoreError> {
    let who = params![channel, person.as_str()];
    for (table, column, _) in of_person() {
        sql.execute(&format!("DELETE FROM {table} WHERE channel = ?1 AND {column} = ?2"), who)?;
    }
    sql.execute("DELETE FROM receipt_bodies WHERE channel = ?1 AND person = ?2", who)?;
    let prefix = kv_prefix(page, person);
    sql.execute(
        "DELETE FROM kv_queue WHERE key >= ?1 AND key < ?2",
        params![format!("{prefix}:"), format!("{prefix};")],
    )?;
    Ok(())
}

/// Takes people in. Whatever is here of them, left by a load that was cut off, is replaced.
///
/// # Errors
/// [`StoreError::Refused`] when the tables they come from are not as ours: deploy once more, and
/// the move goes on.
pub fn unpack(sql: &impl Sql, page: &PageId, load: &Load, now: UnixMs) -> Result<(), StoreError> {
    if load.version != schema::VERSION {
        return Err(StoreError::Refused("people come from tables of another version".to_owned()));
    }
    sql.transaction(|| {
        for carried in &load.people {
            unpack_one(sql, page, carried, now)?;
        }
        Ok(())
    })
}

fn unpack_one(
    sql: &impl Sql,
    page: &PageId,
    carried: &Carried,
    now: UnixMs,
) -> Result<(), StoreError> {
    let Carried { channel, person, rows, receipts, owed } = carried;
    let who = (*channel, person);
    let_go(sql, page, who)?;
    for (table, rows) in rows {
        let Some((_, _, numbered)) = of_person().find(|(known, _, _)| known == table) else {
            return Err(StoreError::Refused(format!("nobody has rows in {table}")));
        };
        for row in rows {
            let mut row = row.clone();
            if let (true, Some(number)) = (numbered, row.first_mut()) {
                *number = Value::Null;
            }
            insert(sql, table, &row)?;
        }
    }
    for (topic, salt, body) in receipts {
        receipts::arrive(sql, page, who, (topic, salt, body), now)?;
    }
    for row in owed {
        let mut columns = Columns::of("kv_queue", row);
        kv_queue::push(sql, columns.text()?, columns.maybe_text()?, now)?;
    }
    Ok(())
}

fn insert(sql: &impl Sql, table: &str, row: &Row) -> Result<(), StoreError> {
    let places: Vec<String> = (1..=row.len()).map(|n| format!("?{n}")).collect();
    let text = format!("INSERT OR REPLACE INTO {table} VALUES ({})", places.join(", "));
    sql.execute(&text, row)?;
    Ok(())
}

/// What a Desk has of a Page besides its people. A Desk that stays hands on its tombstones, one
/// that is closed everything.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Rest {
    tombstones: Vec<Row>,
    runs: Vec<Row>,
    misses: Vec<Row>,
    sums: Vec<(String, Vec<Row>)>,
}

/// What is here besides people.
///
/// # Errors
/// [`StoreError`].
pub fn rest(sql: &impl Sql, closes: bool) -> Result<Rest, StoreError> {
    let tombstones = sql.query("SELECT person, at FROM tombstones", params![])?;
    if !closes {
        return Ok(Rest { tombstones, ..Rest::default() });
    }
    let sum = |(table, keys): (&str, String)| {
        Ok((table.to_owned(), sql.query(&format!("SELECT {keys}, n FROM {table}"), params![])?))
    };
    Ok(Rest {
        tombstones,
        runs: sql.query("SELECT * FROM runs", params![])?,
        misses: sql.query("SELECT text, lang, offered, at, until FROM misses", params![])?,
        sums: sums().map(sum).collect::<Result<_, StoreError>>()?,
    })
}

/// Takes over what a Desk had besides people, once: `from` is that Desk, in this epoch.
///
/// # Errors
/// [`StoreError`].
pub fn take_over(sql: &impl Sql, from: &str, rest: &Rest) -> Result<(), StoreError> {
    sql.transaction(|| {
        for row in &rest.tombstones {
            sql.execute(
                "INSERT INTO tombstones (person, at) VALUES (?1, ?2)
                 ON CONFLICT (person) DO UPDATE SET at = max(at, excluded.at)",
                row,
            )?;
        }
        let fact = format!("took over {from}");
        if rest.sums.is_empty() || super::facts::get::<bool>(sql, &fact)?.is_some() {
            return Ok(());
        }
        super::facts::set(sql, &fact, &true)?;
        for row in &rest.runs {
            // Of one that ran here, too, only the sums are added: its people are in the ledger.
            let mut columns = Columns::of("runs", row);
            let key = [columns.text()?, columns.text()?, columns.text()?];
            let exists = sql.query(
                "SELECT 1 FROM runs WHERE notification = ?1 AND period = ?2 AND zone = ?3",
                params![key[0], key[1], key[2]],
            )?;
            if exists.is_empty() {
                insert(sql, "runs", row)?;
            } else {
                let _due_and_done = (columns.int()?, columns.int()?);
                let _cursor = columns.text()?;
                sql.execute(
                    "UPDATE runs SET queued = queued + ?4, held = held + ?5
                     WHERE notification = ?1 AND period = ?2 AND zone = ?3",
                    params![key[0], key[1], key[2], columns.int()?, columns.int()?],
                )?;
            }
        }
        for row in &rest.misses {
            sql.execute(
                "INSERT INTO misses (text, lang, offered, at, until) VALUES (?1, ?2, ?3, ?4, ?5)",
                row,
            )?;
        }
        for (table, rows) in &rest.sums {
            let Some((table, keys)) = sums().find(|(known, _)| known == table) else {
                return Err(StoreError::Refused(format!("{table} holds no sums")));
            };
            for row in rows {
                let places: Vec<String> = (1..=row.len()).map(|n| format!("?{n}")).collect();
                sql.execute(
                    &format!(
                        "INSERT INTO {table} ({keys}, n) VALUES ({})
                         ON CONFLICT ({keys}) DO UPDATE SET n = n + excluded.n",
                        places.join(", ")
                    ),
                    row,
                )?;
            }
        }
        Ok(())
    })
}

/// Lets go of what the first Desk has taken over from this one, which is closed: opened and closed
/// again, it would hand it on once more. What was counted since it was told stays.
///
/// # Errors
/// [`StoreError`].
pub fn handed_over(sql: &impl Sql, rest: &Rest) -> Result<(), StoreError> {
    sql.transaction(|| {
        for (table, rows) in &rest.sums {
            let Some(known) = TABLES.iter().find(|known| known.name == table) else { continue };
            let is = |(n, (name, _)): (usize, &Field)| format!("{name} = ?{}", n.saturating_add(1));
            let key: Vec<String> =
                known.columns.iter().take(known.key).enumerate().map(is).collect();
            let (key, n) = (key.join(" AND "), known.key.saturating_add(1));
            for row in rows {
                sql.execute(&format!("UPDATE {table} SET n = n - ?{n} WHERE {key}"), row)?;
            }
            sql.execute(&format!("DELETE FROM {table} WHERE n = 0"), params![])?;
        }
        sql.execute("DELETE FROM runs", params![])?;
        sql.execute("DELETE FROM misses", params![])?;
        Ok(())
    })
}

/// Which of these events were handled here.
///
/// # Errors
/// [`StoreError`].
pub fn seen(sql: &impl Sql, keys: &[String]) -> Result<Vec<String>, StoreError> {
    let rows = sql.query(
        "SELECT key FROM seen WHERE key IN (SELECT value FROM json_each(?1))",
        params![to_json("seen", &keys)?],
    )?;
    rows.iter().map(|row| Ok(Columns::of("seen", row).text()?.to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::meta::ids::TopicId;
    use crate::meta::send::Content;
    use crate::store::consents::{self, Consent, Status};
    use crate::store::ledger::{self, Outcome};
    use crate::store::native::Sqlite;
    use crate::store::outbox::Class;
    use crate::store::{notes, people, receipts};

    fn page() -> PageId {
        PageId::new("1").unwrap()
    }

    fn desk() -> Sqlite {
        let sql = Sqlite::in_memory().unwrap();
        schema::migrate(&sql).unwrap();
        sql
    }

    const NOW: UnixMs = UnixMs::new(1_795_000_000_000);

    fn somebody(sql: &Sqlite, person: &Psid) {
        let channel = Channel::Messenger;
        people::save(sql, channel, person, &serde_json::json!({ "n": person.as_str() })).unwrap();
        let topic = TopicId::new("lunch").unwrap();
        let consent = Consent {
            topic: topic.clone(),
            channel,
            person: person.clone(),
            status: Status::Active,
            token: None,
            timezone: None,
            granted_at: NOW,
            changed_at: NOW,
            expires_at: None,
            next_eligible_at: None,
            last_sent_at: Some(NOW),
            reserved_at: None,
            frequency: None,
            title: None,
            source: "tap".into(),
        };
        consents::save(sql, &consent).unwrap();
        let new = receipts::New { channel, person, topic: &topic, body: "{\"said\":\"granted\"}" };
        receipts::append(sql, &page(), &new, [7; 16], NOW).unwrap();
        let notification = crate::meta::ids::NotificationId::new("friday").unwrap();
        let entry =
            ledger::Entry { notification: &notification, period: "2026-11-20", channel, person };
        assert!(ledger::enter(sql, entry, &topic, Outcome::Sent, None, NOW).unwrap());
        for text in ["first", "second"] {
            let content = Content::Text { text: text.into(), quick_replies: Vec::new() };
            let message = outbox::Message {
                class: &Class::Reply,
                channel,
                person,
                content: &content,
                due_at: NOW,
                expires_at: None,
            };
            outbox::append(sql, &message, NOW).unwrap();
        }
        notes::add(sql, (channel, person), "likes tea", NOW).unwrap();
        kv_queue::push(sql, &format!("subscription:1:{person}:lunch"), Some("{}"), NOW).unwrap();
    }

    /// Everything in the tables, numbers that a Desk gives out left out.
    fn contents(sql: &Sqlite, person: &Psid) -> String {
        let carried = pack(sql, &page(), (Channel::Messenger, person)).unwrap();
        let mut carried = serde_json::to_value(&carried).unwrap();
        for table in carried["rows"].as_array_mut().unwrap() {
            let numbered = of_person().any(|(name, _, numbered)| table[0] == name && numbered);
            for row in table[1].as_array_mut().unwrap().iter_mut().filter(|_| numbered) {
                row[0] = serde_json::Value::Null;
            }
        }
        carried.to_string()
    }

    #[test]
    fn a_person_arrives_whole_and_once_however_often_they_are_carried() {
        let (from, to) = (desk(), desk());
        let (ona, tom) = (Psid::new("11").unwrap(), Psid::new("12").unwrap());
        for person in [&ona, &tom] {
            somebody(&from, person);
        }
        prepare(&from).unwrap();
        let before = contents(&from, &ona);
        let found = after(&from, "", 10).unwrap();
        assert_eq!(found, [(Channel::Messenger, ona.clone()), (Channel::Messenger, tom.clone())]);
        assert_eq!(after(&from, &place((Channel::Messenger, &ona)), 10).unwrap().len(), 1);
        let load = || {
            let people = vec![pack(&from, &page(), (Channel::Messenger, &ona)).unwrap()];
            // As it travels.
            serde_json::from_str::<Load>(&serde_json::to_string(&Load::of(people)).unwrap())
                .unwrap()
        };
        // The other Desk dies after taking them in, and before we hear of it: once more.
        unpack(&to, &page(), &load(), NOW).unwrap();
        unpack(&to, &page(), &load(), NOW).unwrap();
        let_go(&from, &page(), (Channel::Messenger, &ona)).unwrap();
        assert_eq!(contents(&to, &ona), before);
        assert_eq!(after(&from, "", 10).unwrap(), [(Channel::Messenger, tom.clone())]);
        assert!(contents(&from, &ona).contains("\"rows\":[]"), "nothing is left behind");
        assert!(contents(&from, &tom).contains("likes tea"), "nobody else is touched");
        let rows = to.query("SELECT count(*) FROM outbox", params![]).unwrap();
        assert_eq!(rows[0][0].int(), Some(2));
        tidy(&from).unwrap();
    }

    #[test]
    fn a_receipt_keeps_its_commitment_in_the_chain_of_the_new_desk() {
        use crate::outreach::receipt::{LinkLine, ReceiptLine, verify};
        let (from, to) = (desk(), desk());
        let ona = Psid::new("11").unwrap();
        somebody(&to, &Psid::new("99").unwrap());
        somebody(&from, &ona);
        let old = receipts::chain(&from, 0, 10).unwrap();
        let carried = pack(&from, &page(), (Channel::Messenger, &ona)).unwrap();
        unpack(&to, &page(), &Load::of(vec![carried]), NOW.plus(5)).unwrap();
        let links: Vec<LinkLine> = receipts::chain(&to, 0, 10)
            .unwrap()
            .into_iter()
            .map(|l| LinkLine { seq: l.seq, at: l.at, commitment: l.commitment, link: l.link })
            .collect();
        assert_eq!(links.len(), 2);
        assert_eq!(links[1].commitment, old[0].commitment);
        let bodies: Vec<ReceiptLine> = receipts::of_person(&to, &ona)
            .unwrap()
            .into_iter()
            .map(|r| ReceiptLine { seq: r.seq, salt: r.salt, body: r.body })
            .collect();
        assert_eq!(bodies.len(), 1);
        verify(&page(), &links, &bodies, None).unwrap();
    }

    #[test]
    fn what_a_closed_desk_counted_is_added_once() {
        use crate::store::{counters, tallies};
        let (from, to) = (desk(), desk());
        for sql in [&from, &to] {
            counters::add_all(sql, &["reply.sent", "reply.sent"], NOW).unwrap();
            tallies::add(sql, "friday", "2026-11-20", None, "read").unwrap();
            sql.execute("INSERT INTO tombstones VALUES ('h', 5)", params![]).unwrap();
        }
        let closed = rest(&from, true).unwrap();
        take_over(&to, "1:3 of epoch 2", &closed).unwrap();
        take_over(&to, "1:3 of epoch 2", &closed).unwrap();
        assert_eq!(counters::totals(&to, 1, NOW).unwrap(), [("reply.sent".to_owned(), 4)]);
        assert_eq!(tallies::since(&to, NOW.plus(-9_000_000_000)).unwrap()[0].people, 2);
    }

    #[test]
    fn people_from_tables_of_another_version_are_not_taken() {
        let to = desk();
        let load = Load { version: schema::VERSION + 1, people: Vec::new() };
        assert!(unpack(&to, &page(), &load, NOW).is_err());
    }
}
