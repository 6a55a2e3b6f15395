//! The tables, their version, and how older ones become newer ones.
//!
//! A migration is a list of statements; it runs once, in one transaction with the new version
//! number. Never change one that has shipped: add the next.

use super::{Sql, StoreError, params};

/// Every migration so far; the version of a Desk is how many of them it has run.
const MIGRATIONS: &[&[&str]] = &[
    FIRST,
    &[
        // After this the message helps nobody, or is not allowed any more.
        "ALTER TABLE outbox ADD COLUMN expires_at INTEGER",
    ],
    &[
        // One row for each channel of a person. `person` is emptied when all is gone.
        "CREATE TABLE deletions (code TEXT NOT NULL, channel TEXT NOT NULL, person TEXT NOT NULL,
           erased_at INTEGER NOT NULL, swept INTEGER NOT NULL DEFAULT 0, done_at INTEGER,
           PRIMARY KEY (code, channel)) WITHOUT ROWID",
    ],
    &[
        // Questions without an answer, redacted, of nobody. AUTOINCREMENT: a person's row names
        // the one that something was offered for, and must never come to mean another.
        "CREATE TABLE misses (id INTEGER PRIMARY KEY AUTOINCREMENT, text TEXT NOT NULL,
           lang TEXT NOT NULL, offered TEXT NOT NULL, at INTEGER NOT NULL, until INTEGER NOT NULL)",
    ],
    &[
        // Whom to remind of a form that was left.
        "CREATE TABLE reminders (channel TEXT NOT NULL, person TEXT NOT NULL,
           due_at INTEGER NOT NULL, PRIMARY KEY (channel, person)) WITHOUT ROWID",
        "CREATE INDEX reminders_due ON reminders (due_at)",
    ],
    &[
        // Requests that are no messages. AUTOINCREMENT, because receivers know calls by the id.
        "CREATE TABLE calls (id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL,
           channel TEXT NOT NULL, person TEXT NOT NULL, url TEXT NOT NULL, body TEXT NOT NULL,
           due_at INTEGER NOT NULL, attempts INTEGER NOT NULL DEFAULT 0)",
    ],
    &[
        // Slots that are held or booked. AUTOINCREMENT: an open form names the one it moves.
        "CREATE TABLE bookings (id INTEGER PRIMARY KEY AUTOINCREMENT, form TEXT NOT NULL,
           service TEXT NOT NULL, resource TEXT NOT NULL, channel TEXT NOT NULL,
           person TEXT NOT NULL, starts_at INTEGER NOT NULL, ends_at INTEGER NOT NULL,
           held_until INTEGER, cancelled_at INTEGER, code TEXT NOT NULL, note TEXT NOT NULL,
           moved INTEGER NOT NULL DEFAULT 0, remind_at INTEGER, reminder TEXT,
           created_at INTEGER NOT NULL)",
        "CREATE INDEX bookings_ahead ON bookings (ends_at)",
        "CREATE INDEX bookings_to_remind ON bookings (remind_at) WHERE remind_at IS NOT NULL",
        // When the notification was due that is planned and has not left; and what left last, so
        // that deliveries, readings and stops find their notification.
        "ALTER TABLE consents ADD COLUMN reserved_at INTEGER",
        "ALTER TABLE consents ADD COLUMN last_notification TEXT",
        "ALTER TABLE consents ADD COLUMN last_period TEXT",
        "ALTER TABLE consents ADD COLUMN last_mid TEXT",
        "ALTER TABLE consents ADD COLUMN last_left_at INTEGER",
        "ALTER TABLE consents ADD COLUMN last_seen INTEGER NOT NULL DEFAULT 0",
        // The hash of what was planned, and why a run ended before its people.
        "ALTER TABLE runs ADD COLUMN hash TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE runs ADD COLUMN dropped TEXT",
        // What came of a notification after it left, counted.
        "CREATE TABLE tallies (notification TEXT NOT NULL, period TEXT NOT NULL,
           name TEXT NOT NULL, n INTEGER NOT NULL, PRIMARY KEY (notification, period, name))
           WITHOUT ROWID",
        // The chain of consent receipts; rows are never deleted. What they stand for is beside
        // them, and can be.
        "CREATE TABLE receipts (seq INTEGER PRIMARY KEY, at INTEGER NOT NULL,
           commitment TEXT NOT NULL, link TEXT NOT NULL)",
        "CREATE TABLE receipt_bodies (seq INTEGER PRIMARY KEY, channel TEXT NOT NULL,
           person TEXT NOT NULL, topic TEXT NOT NULL, salt TEXT NOT NULL, body TEXT NOT NULL)",
        "CREATE INDEX receipt_bodies_by_person ON receipt_bodies (channel, person)",
        // What a message is where it is no plain answer: 'reminder' of something left, 'typed' by
        // a person of the shop, or 'notice:{channel}:{person}' to the owner about somebody.
        "ALTER TABLE outbox ADD COLUMN kind TEXT",
        // What the owner notes on people, for people of the shop only.
        "CREATE TABLE notes (id INTEGER PRIMARY KEY AUTOINCREMENT, channel TEXT NOT NULL,
           person TEXT NOT NULL, text TEXT NOT NULL, at INTEGER NOT NULL)",
        "CREATE INDEX notes_by_person ON notes (channel, person)",
    ],
    &[
        // Which reading of Meta's list last had this token.
        "ALTER TABLE consents ADD COLUMN listed_in INTEGER",
        // The end of its token (`expires_at`) that a receipt tells of already.
        "ALTER TABLE consents ADD COLUMN end_told INTEGER",
        // Lines of Meta's list that are no token of ours, until the reading is over.
        "CREATE TABLE meta_tokens (person TEXT NOT NULL, token TEXT NOT NULL, title TEXT,
           timezone TEXT, created_at INTEGER, expires_at INTEGER, next_eligible_at INTEGER,
           stopped INTEGER NOT NULL, PRIMARY KEY (person, token)) WITHOUT ROWID",
        // What the owner is told of, from its beginning to its end.
        "CREATE TABLE incidents (kind TEXT NOT NULL, since INTEGER NOT NULL, until INTEGER,
           says TEXT NOT NULL, PRIMARY KEY (kind, since)) WITHOUT ROWID",
        // Since when KV has refused a value.
        "ALTER TABLE kv_queue ADD COLUMN refused_at INTEGER",
        // Deliveries and readings that came while their notification was on its way.
        "CREATE TABLE early (id INTEGER PRIMARY KEY, channel TEXT NOT NULL, person TEXT NOT NULL,
           level INTEGER NOT NULL, mids TEXT NOT NULL, covers INTEGER NOT NULL, at INTEGER NOT NULL)",
        "CREATE INDEX early_by_person ON early (channel, person)",
        // How far somebody is in a sequence. `due_at` is NULL when it is over for them; the row
        // stays, so that nobody goes through one twice.
        "CREATE TABLE places (sequence TEXT NOT NULL, channel TEXT NOT NULL, person TEXT NOT NULL,
           started_at INTEGER NOT NULL, step INTEGER NOT NULL, due_at INTEGER,
           wanted_at INTEGER NOT NULL, told_at INTEGER, ended TEXT,
           PRIMARY KEY (sequence, channel, person)) WITHOUT ROWID",
        "CREATE INDEX places_due ON places (due_at) WHERE due_at IS NOT NULL",
        "CREATE INDEX places_by_person ON places (channel, person)",
        // Whom to look at before their window closes.
        "CREATE TABLE nudges (channel TEXT NOT NULL, person TEXT NOT NULL,
           due_at INTEGER NOT NULL, PRIMARY KEY (channel, person)) WITHOUT ROWID",
        "CREATE INDEX nudges_due ON nudges (due_at)",
        // Which wording somebody got, and whether they tapped on what left last.
        "ALTER TABLE ledger ADD COLUMN variant TEXT",
        "ALTER TABLE consents ADD COLUMN last_variant TEXT",
        "ALTER TABLE consents ADD COLUMN last_tapped INTEGER NOT NULL DEFAULT 0",
    ],
    &[
        // How many people a run had not come to when its time was over.
        "ALTER TABLE runs ADD COLUMN unreached INTEGER NOT NULL DEFAULT 0",
        // What brought people and how far they went, counted by the shop's day.
        "CREATE TABLE funnel (day TEXT NOT NULL, source TEXT NOT NULL, topic TEXT NOT NULL,
           stage TEXT NOT NULL, n INTEGER NOT NULL, PRIMARY KEY (day, source, topic, stage))
           WITHOUT ROWID",
        // Posters that were made or changed without shop.toml.
        "CREATE TABLE posters (code TEXT PRIMARY KEY, body TEXT NOT NULL,
           changed_at INTEGER NOT NULL) WITHOUT ROWID",
        // Paid messages by their number in the outbox, what they cost at most in parts of the
        // currency, and the sum of each day. No person is named.
        "CREATE TABLE spending (row INTEGER PRIMARY KEY, day TEXT NOT NULL, parts INTEGER NOT NULL,
           state TEXT NOT NULL, notification TEXT NOT NULL, period TEXT NOT NULL, tracking TEXT,
           at INTEGER NOT NULL)",
        "CREATE INDEX spending_open ON spending (row) WHERE state = 'open'",
        "CREATE INDEX spending_by_tracking ON spending (tracking) WHERE tracking IS NOT NULL",
        "CREATE TABLE spending_days (day TEXT PRIMARY KEY, parts INTEGER NOT NULL) WITHOUT ROWID",
        // What the registrar of a Page lets its other Desks spend of a day.
        "CREATE TABLE allowances (id TEXT PRIMARY KEY, day TEXT NOT NULL, parts INTEGER NOT NULL)
           WITHOUT ROWID",
        // Utility templates as Meta keeps them, and the notices sent by them.
        "CREATE TABLE templates (name TEXT NOT NULL, language TEXT NOT NULL, status TEXT NOT NULL,
           category TEXT NOT NULL, reason TEXT, PRIMARY KEY (name, language)) WITHOUT ROWID",
        "CREATE TABLE notices (template TEXT NOT NULL, key TEXT NOT NULL, channel TEXT NOT NULL,
           person TEXT NOT NULL, at INTEGER NOT NULL, outcome TEXT NOT NULL, reason TEXT,
           PRIMARY KEY (template, key, channel, person)) WITHOUT ROWID",
    ],
    &[
        // Comments that were answered privately, or that a person has to look at. `who` is a keyed
        // hash; `row` the private reply's number in the outbox; `found`: it is known who got it.
        "CREATE TABLE comments (who TEXT NOT NULL, post TEXT NOT NULL, channel TEXT NOT NULL,
           comment TEXT NOT NULL, rule TEXT NOT NULL, at INTEGER NOT NULL, row INTEGER,
           state TEXT NOT NULL, reason TEXT, found INTEGER NOT NULL DEFAULT 0,
           PRIMARY KEY (who, post)) WITHOUT ROWID",
        "CREATE INDEX comments_by_row ON comments (row) WHERE row IS NOT NULL",
        "CREATE INDEX comments_by_comment ON comments (comment)",
        // Requests for private replies in the last hour.
        "CREATE TABLE comment_requests (at INTEGER NOT NULL)",
        // Whose link for friends has which code, and whom they brought, by a keyed hash.
        "CREATE TABLE shares (code TEXT PRIMARY KEY, channel TEXT NOT NULL, person TEXT NOT NULL)
           WITHOUT ROWID",
        "CREATE INDEX shares_by_person ON shares (channel, person)",
        "CREATE TABLE credits (channel TEXT NOT NULL, person TEXT NOT NULL, friend TEXT NOT NULL,
           at INTEGER NOT NULL, counted INTEGER NOT NULL,
           PRIMARY KEY (channel, person, friend)) WITHOUT ROWID",
        // The codes of coupons that were given, of nobody, at the Page's registrar; `told`: 1 when
        // the Desk of its person has to hear that it was redeemed, 2 when it has. The sums outlast
        // them.
        "CREATE TABLE coupon_codes (code TEXT PRIMARY KEY, coupon TEXT NOT NULL,
           source TEXT NOT NULL, topic TEXT NOT NULL, issued_at INTEGER NOT NULL, until INTEGER,
           redeemed_at INTEGER, redeemed_by TEXT, told INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID",
        "CREATE INDEX coupon_codes_untold ON coupon_codes (code) WHERE told = 1",
        "CREATE TABLE coupon_sums (coupon TEXT PRIMARY KEY, issued INTEGER NOT NULL,
           redeemed INTEGER NOT NULL) WITHOUT ROWID",
        // Whose a code is, at the Desk of that person.
        "CREATE TABLE coupon_holders (code TEXT PRIMARY KEY, channel TEXT NOT NULL,
           person TEXT NOT NULL, at INTEGER NOT NULL) WITHOUT ROWID",
        // Codes that the registrar has not entered yet.
        "CREATE TABLE coupon_orders (coupon TEXT NOT NULL, channel TEXT NOT NULL,
           person TEXT NOT NULL, occasion TEXT NOT NULL, code TEXT NOT NULL, source TEXT NOT NULL,
           topic TEXT NOT NULL, at INTEGER NOT NULL, until INTEGER, says INTEGER NOT NULL,
           state TEXT NOT NULL, PRIMARY KEY (coupon, channel, person)) WITHOUT ROWID",
        // Who may redeem; `key` is the hash of what they sign in with.
        "CREATE TABLE tills (id TEXT PRIMARY KEY, name TEXT NOT NULL, key TEXT NOT NULL,
           made_at INTEGER NOT NULL, revoked_at INTEGER, wrong INTEGER NOT NULL DEFAULT 0,
           wrong_at INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID",
    ],
    &[
        // Answers to comments have a class of their own: 2.
        "UPDATE outbox SET class = 2 WHERE state IN ('queued', 'sending', 'retry', 'unsure')
           AND kind IN ('private', 'public')",
        // Since when a call waits, and by when the next one is looked for.
        "ALTER TABLE calls ADD COLUMN since INTEGER NOT NULL DEFAULT 0",
        "UPDATE calls SET since = due_at",
        "CREATE INDEX calls_due ON calls (due_at)",
    ],
];

const FIRST: &[&str] = &[
    // Which Desk this is (page, shard) and what holds for the whole of it (a pause of all
    // sending).
    "CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
    // Handled events. `at` is when we took it, not when it happened: pruning must not depend on
    // what a webhook claims.
    "CREATE TABLE seen (key TEXT PRIMARY KEY, at INTEGER NOT NULL) WITHOUT ROWID",
    "CREATE TABLE people (channel TEXT NOT NULL, id TEXT NOT NULL, body TEXT NOT NULL,
       PRIMARY KEY (channel, id)) WITHOUT ROWID",
    // Who asked to be forgotten, as a keyed hash, and when: nothing older may bring them back.
    "CREATE TABLE tombstones (person TEXT PRIMARY KEY, at INTEGER NOT NULL) WITHOUT ROWID",
    // The index of consents; the record that lasts is in KV.
    "CREATE TABLE consents (topic TEXT NOT NULL, channel TEXT NOT NULL, person TEXT NOT NULL,
       status TEXT NOT NULL, token TEXT, timezone TEXT, granted_at INTEGER NOT NULL,
       changed_at INTEGER NOT NULL, expires_at INTEGER, next_eligible_at INTEGER,
       last_sent_at INTEGER, frequency TEXT, title TEXT, source TEXT NOT NULL,
       PRIMARY KEY (topic, channel, person)) WITHOUT ROWID",
    "CREATE INDEX consents_by_person ON consents (channel, person)",
    // What leaves. `class`: 0 a reply, 1 a notification. AUTOINCREMENT, so that an id is never
    // used twice: our echoes carry it.
    "CREATE TABLE outbox (id INTEGER PRIMARY KEY AUTOINCREMENT, class INTEGER NOT NULL,
       channel TEXT NOT NULL, person TEXT NOT NULL, content TEXT NOT NULL, state TEXT NOT NULL,
       attempts INTEGER NOT NULL DEFAULT 0, unknowns INTEGER NOT NULL DEFAULT 0,
       due_at INTEGER NOT NULL, claimed_at INTEGER, created_at INTEGER NOT NULL, mid TEXT,
       reason TEXT, notification TEXT, period TEXT, topic TEXT)",
    "CREATE INDEX outbox_open ON outbox (channel, person, class, id)
       WHERE state IN ('queued', 'sending', 'retry', 'unsure')",
    "CREATE INDEX outbox_due ON outbox (class, due_at)
       WHERE state IN ('queued', 'sending', 'retry', 'unsure')",
    // Who was sent which notification in which period: the promise "at most once".
    "CREATE TABLE ledger (notification TEXT NOT NULL, period TEXT NOT NULL, channel TEXT NOT NULL,
       person TEXT NOT NULL, topic TEXT NOT NULL, at INTEGER NOT NULL, outcome TEXT NOT NULL,
       reason TEXT, PRIMARY KEY (notification, period, channel, person)) WITHOUT ROWID",
    // One per (notification, period, zone). `cursor` is the last person planned.
    "CREATE TABLE runs (notification TEXT NOT NULL, period TEXT NOT NULL, zone TEXT NOT NULL,
       due_at INTEGER NOT NULL, done INTEGER NOT NULL DEFAULT 0, cursor TEXT NOT NULL DEFAULT '',
       queued INTEGER NOT NULL DEFAULT 0, held INTEGER NOT NULL DEFAULT 0,
       PRIMARY KEY (notification, period, zone)) WITHOUT ROWID",
    // KV writes that are owed; the newest value per key. NULL deletes.
    "CREATE TABLE kv_queue (key TEXT PRIMARY KEY, value TEXT, version INTEGER NOT NULL,
       attempts INTEGER NOT NULL DEFAULT 0, due_at INTEGER NOT NULL) WITHOUT ROWID",
    "CREATE TABLE timers (name TEXT PRIMARY KEY, due_at INTEGER NOT NULL) WITHOUT ROWID",
    "CREATE TABLE parked (key TEXT PRIMARY KEY, event TEXT NOT NULL, why TEXT NOT NULL,
       at INTEGER NOT NULL, attempts INTEGER NOT NULL, retry_at INTEGER) WITHOUT ROWID",
    "CREATE TABLE counters (day TEXT NOT NULL, name TEXT NOT NULL, n INTEGER NOT NULL,
       PRIMARY KEY (day, name)) WITHOUT ROWID",
];

/// The version this build writes.
pub const VERSION: i64 = MIGRATIONS.len() as i64;

/// Brings the tables to [`VERSION`]. Run when a Desk wakes up, before anything else.
///
/// # Errors
/// [`StoreError::Newer`] when a newer build wrote them: nothing is touched then.
/// [`StoreError::Refused`] when SQLite refuses; nothing is kept of that migration.
pub fn migrate(sql: &impl Sql) -> Result<(), StoreError> {
    sql.execute("CREATE TABLE IF NOT EXISTS schema_version (version INTEGER NOT NULL)", params![])?;
    let found = version(sql)?;
    if found > VERSION {
        return Err(StoreError::Newer { found, known: VERSION });
    }
    for (index, statements) in MIGRATIONS.iter().enumerate() {
        let next = i64::try_from(index).unwrap_or(i64::MAX).saturating_add(1);
        if next <= found {
            continue;
        }
        sql.transaction(|| {
            for statement in *statements {
                sql.execute(statement, params![])?;
            }
            sql.execute("DELETE FROM schema_version", params![])?;
            sql.execute("INSERT INTO schema_version VALUES (?1)", params![next])?;
            Ok::<_, StoreError>(())
        })?;
    }
    Ok(())
}

fn version(sql: &impl Sql) -> Result<i64, StoreError> {
    let rows = sql.query("SELECT version FROM schema_version", params![])?;
    Ok(rows.first().and_then(|row| row.first()).and_then(super::Value::int).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::native::Sqlite;

    #[test]
    fn migrating_twice_changes_nothing() {
        let sql = Sqlite::in_memory().unwrap();
        migrate(&sql).unwrap();
        migrate(&sql).unwrap();
        assert_eq!(version(&sql).unwrap(), VERSION);
    }

    #[test]
    fn tables_of_a_newer_build_are_left_alone() {
        let sql = Sqlite::in_memory().unwrap();
        migrate(&sql).unwrap();
        sql.execute("UPDATE schema_version SET version = ?1", params![VERSION + 1]).unwrap();
        assert!(matches!(migrate(&sql), Err(StoreError::Newer { .. })));
    }
}
