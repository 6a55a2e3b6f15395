//! What the owner notes on people. Customers never see it, and it goes when they are forgotten.

use serde::{Deserialize, Serialize};

use super::{Columns, Sql, StoreError, params};
use crate::meta::event::Channel;
use crate::meta::ids::Psid;
use crate::time::UnixMs;

/// Notes kept on one person; the oldest go first.
pub const MOST: u32 = 20;

/// A note.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// Its number in this Desk.
    pub id: i64,
    /// When it was written.
    pub at: UnixMs,
    /// What it says.
    pub text: String,
}

/// Writes a note on somebody.
///
/// # Errors
/// [`StoreError::Refused`].
pub fn add(
    sql: &impl Sql,
    (channel, person): (Channel, &Psid),
    text: &str,
    now: UnixMs,
) -> Result<(), StoreError> {
    sql.execute(
        "INSERT INTO notes (channel, person, text, at) VALUES (?1, ?2, ?3, ?4)",
        params![channel, person.as_str(), text, now],
    )?;
    sql.execute(
        "DELETE FROM notes WHERE channel = ?1 AND person = ?2 AND id NOT IN (
           SELECT id FROM notes WHERE channel = ?1 AND person = ?2 ORDER BY id DESC LIMIT ?3)",
        params![channel, person.as_str(), MOST],
    )?;
    Ok(())
}

/// The notes on somebody, the newest first.
///
/// # Errors
/// [`StoreError`].
pub fn of(sql: &impl Sql, channel: Channel, person: &Psid) -> Result<Vec<Note>, StoreError> {
    let rows = sql.query(
        "SELECT id, at, text FROM notes WHERE channel = ?1 AND person = ?2 ORDER BY id DESC",
        params![channel, person.as_str()],
    )?;
    let read = |row| {
        let mut columns = Columns::of("notes", row);
        Ok(Note { id: columns.int()?, at: columns.moment()?, text: columns.text()?.to_owned() })
    };
    rows.iter().map(read).collect()
}

/// Takes a note back. `false` when there is none with this number on them.
///
/// # Errors
/// [`StoreError::Refused`].
pub fn remove(
    sql: &impl Sql,
    (channel, person): (Channel, &Psid),
    id: i64,
) -> Result<bool, StoreError> {
    sql.execute(
        "DELETE FROM notes WHERE channel = ?1 AND person = ?2 AND id = ?3",
        params![channel, person.as_str(), id],
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{native::Sqlite, schema};

    #[test]
    fn the_newest_notes_of_a_person_stay_and_nobody_elses_are_shown() {
        let sql = Sqlite::in_memory().unwrap();
        schema::migrate(&sql).unwrap();
        let (ona, tom) = (Psid::new("1").unwrap(), Psid::new("2").unwrap());
        let (on, to) = ((Channel::Messenger, &ona), (Channel::Messenger, &tom));
        add(&sql, to, "likes tea", UnixMs::new(1)).unwrap();
        for n in 0..25 {
            add(&sql, on, &format!("note {n}"), UnixMs::new(n)).unwrap();
        }
        let notes = of(&sql, on.0, on.1).unwrap();
        assert_eq!(notes.len(), 20);
        assert_eq!((notes[0].text.as_str(), notes[19].text.as_str()), ("note 24", "note 5"));
        assert!(!remove(&sql, to, notes[0].id).unwrap(), "it is not on Tom");
        assert!(remove(&sql, on, notes[0].id).unwrap());
        assert_eq!(of(&sql, on.0, on.1).unwrap()[0].text, "note 23");
        assert_eq!(of(&sql, to.0, to.1).unwrap().len(), 1);
        assert!(of(&sql, Channel::Instagram, &ona).unwrap().is_empty());
    }
}
