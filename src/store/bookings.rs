//! Who comes when: slots that are held for a while, and slots that are booked.
//!
//! A slot is claimed and counted in one transaction: of two people who want the last one, one has
//! it and the other's claim fails.

use super::{Columns, Row, Sql, StoreError, params};
use crate::meta::event::Channel;
use crate::meta::ids::{FormId, Psid, ServiceId};
use crate::store::timers::{self, Timer};
use crate::time::{DAY, UnixMs};

/// How long a booking is kept after it is over.
pub(super) const KEPT_MS: i64 = 30 * DAY;

/// What of a table is needed to know what is free.
const CLAIM: &str =
    "id, form, service, resource, channel, person, starts_at, ends_at, held_until, code, moved";

/// A slot that is taken: held, or booked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// Its number.
    pub id: i64,
    /// The form that it was booked with.
    pub form: FormId,
    /// What it is for.
    pub service: ServiceId,
    /// What it takes up.
    pub resource: String,
    /// Where the person writes.
    pub channel: Channel,
    /// Who has it.
    pub person: Psid,
    /// Its first moment.
    pub starts_at: UnixMs,
    /// Its end; that moment is free again.
    pub ends_at: UnixMs,
    /// Held until then; none: booked.
    pub held_until: Option<UnixMs>,
    /// By what its calendar entry is found: 32 hexadecimal digits; empty while it is held.
    pub code: String,
    /// How often it was moved.
    pub moved: i64,
}

impl Claim {
    /// Whether it stands for an appointment that somebody counts on.
    #[must_use]
    pub fn is_booked(&self) -> bool {
        self.held_until.is_none()
    }
}

/// A slot that somebody wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slot {
    /// What it is for.
    pub service: ServiceId,
    /// What it takes up.
    pub resource: String,
    /// How many of these there are.
    pub capacity: u16,
    /// Its first moment.
    pub starts_at: UnixMs,
    /// Its end.
    pub ends_at: UnixMs,
}

/// What a conversation does to the diary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Holds a slot until then, in place of what the person held for the same form.
    Hold {
        /// For this form.
        form: FormId,
        /// Which.
        slot: Slot,
        /// Until when.
        until: UnixMs,
    },
    /// Gives up what the person held for this form.
    Free {
        /// For this form.
        form: FormId,
    },
    /// Books a slot, held before or not.
    Book {
        /// With this form.
        form: FormId,
        /// Which.
        slot: Slot,
        /// By what its calendar entry is found.
        code: String,
        /// What the person answered, for the people of the shop.
        note: String,
        /// When the person is reminded.
        remind_at: Option<UnixMs>,
    },
    /// Moves a booking to another slot.
    Move {
        /// Its number.
        id: i64,
        /// To where.
        slot: Slot,
        /// When the person is reminded.
        remind_at: Option<UnixMs>,
    },
    /// Cancels a booking.
    Cancel {
        /// Its number.
        id: i64,
    },
}

/// Everything that is taken from `now` on, the earliest first.
///
/// # Errors
/// [`StoreError`].
pub fn ahead(sql: &impl Sql, now: UnixMs) -> Result<Vec<Claim>, StoreError> {
    let rows = sql.query(
        &format!(
            "SELECT {CLAIM} FROM bookings WHERE ends_at > ?1 AND cancelled_at IS NULL
               AND (held_until IS NULL OR held_until > ?1) ORDER BY starts_at, id"
        ),
        params![now],
    )?;
    rows.iter().map(claim).collect()
}

fn claim(row: &Row) -> Result<Claim, StoreError> {
    let mut columns = Columns::of("bookings", row);
    Ok(Claim {
        id: columns.int()?,
        form: columns.parsed(FormId::new)?,
        service: columns.parsed(ServiceId::new)?,
        resource: columns.text()?.to_owned(),
        channel: columns.channel()?,
        person: columns.parsed(Psid::new)?,
        starts_at: columns.moment()?,
        ends_at: columns.moment()?,
        held_until: columns.maybe_moment()?,
        code: columns.text()?.to_owned(),
        moved: columns.int()?,
    })
}

/// How many of `claims` there are at most at one moment of this stretch.
#[must_use]
pub fn peak<'c>(
    claims: impl Iterator<Item = &'c Claim>,
    starts_at: UnixMs,
    ends_at: UnixMs,
) -> usize {
    let within: Vec<&Claim> =
        claims.filter(|claim| claim.starts_at < ends_at && starts_at < claim.ends_at).collect();
    // The most are there when somebody begins, or at the beginning.
    let moments = within.iter().map(|claim| claim.starts_at.max(starts_at));
    let at = |at: UnixMs| within.iter().filter(|c| c.starts_at <= at && at < c.ends_at).count();
    moments.map(at).max().unwrap_or(0)
}

/// Carries out a change, in the caller's transaction.
///
/// # Errors
/// [`StoreError::Refused`] when the slot is taken: the caller saw a diary that is not this one.
pub fn apply(
    sql: &impl Sql,
    (channel, person): (Channel, &Psid),
    change: &Change,
    now: UnixMs,
) -> Result<(), StoreError> {
    let who = (channel, person);
    match change {
        Change::Free { form } => free(sql, who, form),
        Change::Hold { form, slot, until } => {
            free(sql, who, form)?;
            claim_slot(sql, slot, None, now)?;
            let held = New { form, slot, held_until: Some(*until), code: "", note: "" };
            insert(sql, who, &held, None, now)
        }
        Change::Book { form, slot, code, note, remind_at } => {
            free(sql, who, form)?;
            claim_slot(sql, slot, None, now)?;
            insert(sql, who, &New { form, slot, held_until: None, code, note }, *remind_at, now)
        }
        Change::Move { id, slot, remind_at } => {
            claim_slot(sql, slot, Some(*id), now)?;
            sql.execute(
                "UPDATE bookings SET service = ?4, resource = ?5, starts_at = ?6, ends_at = ?7,
                   remind_at = ?8, reminder = NULL, moved = moved + 1
                 WHERE id = ?1 AND channel = ?2 AND person = ?3 AND cancelled_at IS NULL",
                params![
                    *id,
                    channel,
                    person.as_str(),
                    slot.service.as_str(),
                    slot.resource.as_str(),
                    slot.starts_at,
                    slot.ends_at,
                    *remind_at
                ],
            )?;
            remind_at.map_or(Ok(()), |at| timers::set(sql, Timer::Remind, at))
        }
        Change::Cancel { id } => {
            sql.execute(
                "UPDATE bookings SET cancelled_at = ?4, remind_at = NULL, moved = moved + 1
                 WHERE id = ?1 AND channel = ?2 AND person = ?3 AND cancelled_at IS NULL",
                params![*id, channel, person.as_str(), now],
            )?;
            Ok(())
        }
    }
}

fn free(
    sql: &impl Sql,
    (channel, person): (Channel, &Psid),
    form: &FormId,
) -> Result<(), StoreError> {
    sql.execute(
        "DELETE FROM bookings WHERE channel = ?1 AND person = ?2 AND form = ?3
           AND held_until IS NOT NULL",
        params![channel, person.as_str(), form.as_str()],
    )?;
    Ok(())
}

/// The last check, on the tables themselves: nothing is written when there is no room.
fn claim_slot(
    sql: &impl Sql,
    slot: &Slot,
    besides: Option<i64>,
    now: UnixMs,
) -> Result<(), StoreError> {
    let taken = ahead(sql, now)?;
    let others =
        taken.iter().filter(|claim| claim.resource == slot.resource && Some(claim.id) != besides);
    if peak(others, slot.starts_at, slot.ends_at) >= usize::from(slot.capacity) {
        return Err(StoreError::Refused("the slot is taken".to_owned()));
    }
    Ok(())
}

struct New<'a> {
    form: &'a FormId,
    slot: &'a Slot,
    held_until: Option<UnixMs>,
    code: &'a str,
    note: &'a str,
}

fn insert(
    sql: &impl Sql,
    (channel, person): (Channel, &Psid),
    new: &New<'_>,
    remind_at: Option<UnixMs>,
    now: UnixMs,
) -> Result<(), StoreError> {
    let New { form, slot, held_until, code, note } = new;
    sql.execute(
        "INSERT INTO bookings (form, service, resource, channel, person, starts_at, ends_at,
           held_until, code, note, remind_at, created_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
        params![
            form.as_str(),
            slot.service.as_str(),
            slot.resource.as_str(),
            channel,
            person.as_str(),
            slot.starts_at,
            slot.ends_at,
            *held_until,
            *code,
            *note,
            remind_at,
            now
        ],
    )?;
    remind_at.map_or(Ok(()), |at| timers::set(sql, Timer::Remind, at))
}

/// Bookings whose reminder is due, the longest wait first.
///
/// # Errors
/// [`StoreError`].
pub fn to_remind(sql: &impl Sql, now: UnixMs, most: u32) -> Result<Vec<Claim>, StoreError> {
    let rows = sql.query(
        &format!("SELECT {CLAIM} FROM bookings WHERE remind_at <= ?1 ORDER BY remind_at LIMIT ?2"),
        params![now, most],
    )?;
    rows.iter().map(claim).collect()
}

/// What became of a reminder: "sent", or why it was held.
///
/// # Errors
/// [`StoreError::Refused`].
pub fn reminded(sql: &impl Sql, id: i64, outcome: &str) -> Result<(), StoreError> {
    sql.execute(
        "UPDATE bookings SET remind_at = NULL, reminder = ?2 WHERE id = ?1",
        params![id, outcome],
    )?;
    Ok(())
}

/// When the next reminder is due.
///
/// # Errors
/// [`StoreError`].
pub fn next_reminder(sql: &impl Sql) -> Result<Option<UnixMs>, StoreError> {
    let rows =
        sql.query("SELECT min(remind_at) FROM bookings WHERE remind_at IS NOT NULL", params![])?;
    let next = rows.first().map(|row| Columns::of("bookings", row).maybe_moment()).transpose()?;
    Ok(next.flatten())
}

/// A booking as the people of the shop see it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Listed {
    /// Its number.
    pub id: i64,
    /// The form that it was booked with.
    pub form: String,
    /// What it is for.
    pub service: String,
    /// `booked`, `held` or `cancelled`.
    pub state: &'static str,
    /// RFC 3339.
    pub starts_at: String,
    /// RFC 3339.
    pub ends_at: String,
    /// `messenger` or `instagram`.
    pub channel: String,
    /// Who.
    pub person: String,
    /// Their name, when Meta told it.
    pub name: Option<String>,
    /// What they answered.
    pub note: String,
    /// What became of the reminder: `sent`, or why it was held; none: it is to come, or none is.
    pub reminder: Option<String>,
    /// How often it was moved.
    pub moved: i64,
}

/// Everything that is not over yet, the earliest first.
///
/// # Errors
/// [`StoreError`].
pub fn list(sql: &impl Sql, now: UnixMs, most: u32) -> Result<Vec<Listed>, StoreError> {
    let rows = sql.query(
        "SELECT b.id, b.form, b.service, b.cancelled_at, b.held_until, b.starts_at, b.ends_at,
           b.channel, b.person, CASE WHEN json_valid(p.body) THEN
             coalesce(json_extract(p.body, '$.full_name'), json_extract(p.body, '$.first_name')) END,
           b.note, b.reminder, b.moved
         FROM bookings b LEFT JOIN people p ON p.channel = b.channel AND p.id = b.person
         WHERE b.ends_at > ?1 AND (b.held_until IS NULL OR b.held_until > ?1)
         ORDER BY b.starts_at, b.id LIMIT ?2",
        params![now, most],
    )?;
    rows.iter()
        .map(|row| {
            let mut columns = Columns::of("bookings", row);
            let (id, form) = (columns.int()?, columns.text()?.to_owned());
            let service = columns.text()?.to_owned();
            let (cancelled, held) = (columns.maybe_moment()?, columns.maybe_moment()?);
            Ok(Listed {
                id,
                form,
                service,
                state: match (cancelled, held) {
                    (Some(_), _) => "cancelled",
                    (None, Some(_)) => "held",
                    (None, None) => "booked",
                },
                starts_at: columns.moment()?.rfc3339(),
                ends_at: columns.moment()?.rfc3339(),
                channel: columns.text()?.to_owned(),
                person: columns.text()?.to_owned(),
                name: columns.maybe_text()?.map(str::to_owned),
                note: columns.text()?.to_owned(),
                reminder: columns.maybe_text()?.map(str::to_owned),
                moved: columns.int()?,
            })
        })
        .collect()
}

/// The booking behind a calendar link, and whether it was cancelled.
///
/// # Errors
/// [`StoreError`].
pub fn by_code(sql: &impl Sql, code: &str) -> Result<Option<(Claim, bool)>, StoreError> {
    if code.is_empty() {
        return Ok(None);
    }
    let rows = sql.query(
        &format!("SELECT {CLAIM}, cancelled_at IS NOT NULL FROM bookings WHERE code = ?1"),
        params![code],
    )?;
    let Some(row) = rows.first() else { return Ok(None) };
    let cancelled = row.last().and_then(super::Value::int) == Some(1);
    Ok(Some((claim(row)?, cancelled)))
}

/// Forgets what is over for a month, and holds that have ended.
///
/// # Errors
/// [`StoreError::Refused`].
pub fn prune(sql: &impl Sql, now: UnixMs) -> Result<(), StoreError> {
    sql.execute(
        "DELETE FROM bookings WHERE ends_at < ?1 OR held_until <= ?2",
        params![now.plus(-KEPT_MS), now],
    )?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{native::Sqlite, schema};
    use crate::time::MINUTE;

    fn slot(from: i64, to: i64) -> Slot {
        Slot {
            service: ServiceId::new("cut").unwrap(),
            resource: "chair".into(),
            capacity: 2,
            starts_at: UnixMs::new(from * MINUTE),
            ends_at: UnixMs::new(to * MINUTE),
        }
    }

    fn hold(slot: Slot, until: i64) -> Change {
        Change::Hold { form: FormId::new("cut").unwrap(), slot, until: UnixMs::new(until * MINUTE) }
    }

    fn book(slot: Slot) -> Change {
        Change::Book {
            form: FormId::new("cut").unwrap(),
            slot,
            code: "c".into(),
            note: String::new(),
            remind_at: None,
        }
    }

    #[test]
    fn no_more_than_the_capacity_can_be_there_at_any_moment() {
        let sql = Sqlite::in_memory().unwrap();
        schema::migrate(&sql).unwrap();
        let now = UnixMs::new(0);
        let person = |n: i64| Psid::new(n.to_string()).unwrap();
        let does = |n: i64, change: &Change| {
            let who = person(n);
            sql.transaction(|| apply(&sql, (Channel::Messenger, &who), change, now))
        };
        does(1, &book(slot(100, 160))).unwrap();
        does(2, &hold(slot(130, 190), 20)).unwrap();
        // Two are there from 130 to 160.
        assert!(does(3, &book(slot(150, 170))).is_err());
        assert!(does(3, &hold(slot(90, 200), 20)).is_err());
        does(3, &book(slot(160, 200))).unwrap();
        assert!(does(4, &book(slot(165, 170))).is_err());
        // Whoever holds a slot takes another one, or the same again.
        does(2, &hold(slot(130, 190), 20)).unwrap();
        does(2, &hold(slot(60, 70), 20)).unwrap();
        does(4, &book(slot(165, 170))).unwrap();
        // Moving a booking by a little does not trip over itself.
        let id = ahead(&sql, now).unwrap().iter().find(|c| c.person == person(4)).unwrap().id;
        does(4, &Change::Move { id, slot: slot(166, 171), remind_at: None }).unwrap();
        // Of somebody else it moves nothing.
        does(1, &Change::Cancel { id }).unwrap();
        assert!(ahead(&sql, now).unwrap().iter().any(|claim| claim.id == id && claim.moved == 1));
        does(4, &Change::Cancel { id }).unwrap();
        assert!(ahead(&sql, now).unwrap().iter().all(|claim| claim.id != id));
        // A hold that has ended holds nothing.
        assert!(ahead(&sql, UnixMs::new(21 * MINUTE)).unwrap().iter().all(Claim::is_booked));
        assert_eq!(list(&sql, now, 100).unwrap().len(), 4);
        prune(&sql, UnixMs::new(200 * MINUTE).plus(KEPT_MS + 1)).unwrap();
        assert_eq!(list(&sql, now, 100).unwrap(), []);
    }
}
