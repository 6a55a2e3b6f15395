//! Who somebody is, as Meta tells it: asked for when the first answer is made that says their name
//! or has to guess their language, and kept with them. A text with a name in it waits for the answer, for a second at most;
//! every other text leaves at once. Whoever asked to be forgotten is never asked about.

use super::person::Person;
use crate::meta::event::Channel;
use crate::meta::ids::Psid;
use crate::meta::profile::Told;
use crate::shop::text::OPEN;
use crate::store::{Sql, StoreError, counters, people, waiting};
use crate::time::{SECOND, UnixMs};

/// How long a text waits for a name, ms.
pub const WAIT_MS: i64 = SECOND;

/// Somebody whose name Meta may be asked for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Stranger {
    /// Where.
    pub channel: Channel,
    /// Who.
    pub person: Psid,
}

/// Puts off what waits for the names of `strangers`. To be called in the same breath as the commit
/// of their answers, before anything of them can leave. `true` when something waits.
///
/// # Errors
/// [`StoreError::Refused`].
pub fn hold(sql: &impl Sql, strangers: &[Stranger], now: UnixMs) -> Result<bool, StoreError> {
    let mut held = false;
    for Stranger { channel, person } in strangers {
        held |= waiting::hold(sql, *channel, person, OPEN, now.plus(WAIT_MS))?;
    }
    Ok(held)
}

/// Keeps what Meta told, and lets go what waited for it. Of somebody who asked to be forgotten
/// meanwhile nothing is kept.
///
/// # Errors
/// [`StoreError`].
pub fn settle(
    sql: &impl Sql,
    stranger: &Stranger,
    told: Told,
    now: UnixMs,
) -> Result<(), StoreError> {
    let Stranger { channel, person: id } = stranger;
    sql.transaction(|| {
        let name = match &told {
            Told::Known(profile) if profile.first_name.is_some() => "profile.known",
            Told::Known(_) | Told::Nothing => "profile.nothing",
            Told::FewerFields | Told::Later => "profile.later",
        };
        counters::add(sql, name, now)?;
        let known: Option<Person> = people::load(sql, *channel, id)?;
        if let Some(mut person) = known {
            person.told(told, now);
            people::save(sql, *channel, id, &person)?;
        }
        waiting::release(sql, *channel, id, now)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::meta::profile::{AGAIN_MS, KEPT_MS, Profile};
    use crate::meta::send::Content;
    use crate::store::native::Sqlite;
    use crate::store::outbox::{self, Admit, Class, Room};
    use crate::store::schema;

    fn at(ms: i64) -> UnixMs {
        UnixMs::new(ms)
    }

    fn ona() -> Stranger {
        Stranger { channel: Channel::Messenger, person: Psid::new("7").unwrap() }
    }

    fn desk(texts: &[(&str, i64)]) -> Sqlite {
        let sql = Sqlite::in_memory().unwrap();
        schema::migrate(&sql).unwrap();
        let Stranger { channel, person } = ona();
        people::save(&sql, channel, &person, &Person::new(at(0))).unwrap();
        for (text, due) in texts {
            let content = Content::Text { text: (*text).into(), quick_replies: Vec::new() };
            let message = outbox::Message {
                class: &Class::Reply,
                channel,
                person: &person,
                content: &content,
                due_at: at(*due),
                expires_at: None,
            };
            outbox::append(&sql, &message, at(100)).unwrap();
        }
        sql
    }

    fn due(sql: &Sqlite) -> Vec<i64> {
        let rows = sql.query("SELECT due_at FROM outbox ORDER BY id", &[]).unwrap();
        rows.iter().map(|row| row[0].int().unwrap()).collect()
    }

    fn named() -> Told {
        Told::Known(Profile { first_name: Some("Ona".into()), ..Profile::default() })
    }

    #[test]
    fn a_greeting_waits_for_its_name_and_leaves_when_it_is_there() {
        let sql = desk(&[("Hi \u{e000}first_name\u{e001}", 100), ("b", 1_000)]);
        assert!(hold(&sql, &[ona()], at(100)).unwrap());
        assert_eq!(due(&sql), [1_100, 2_000], "and what comes after it keeps its distance");
        settle(&sql, &ona(), named(), at(300)).unwrap();
        assert_eq!(due(&sql), [300, 1_200]);
        let person: Person =
            people::load(&sql, Channel::Messenger, &ona().person).unwrap().unwrap();
        assert_eq!(person.first_name.as_deref(), Some("Ona"));
        assert!(!person.may_ask_profile(at(300 + KEPT_MS - 1)));
        assert!(person.may_ask_profile(at(300 + KEPT_MS)));
    }

    #[test]
    fn a_text_without_a_name_waits_for_nothing() {
        let sql = desk(&[("We open at 8", 100)]);
        assert!(!hold(&sql, &[ona()], at(100)).unwrap());
        assert_eq!(due(&sql), [100]);
        settle(&sql, &ona(), Told::Nothing, at(300)).unwrap();
        assert_eq!(due(&sql), [100]);
    }

    #[test]
    fn an_answer_that_comes_after_the_second_moves_nothing() {
        let sql = desk(&[("Hi \u{e000}first_name\u{e001}", 100)]);
        hold(&sql, &[ona()], at(100)).unwrap();
        settle(&sql, &ona(), named(), at(1_500)).unwrap();
        assert_eq!(due(&sql), [1_100]);
    }

    #[test]
    fn trouble_takes_no_name_away_and_is_over_sooner_than_a_refusal() {
        let mut person = Person { first_name: Some("Ona".into()), ..Person::default() };
        person.told(Told::Later, at(0));
        assert_eq!(person.first_name.as_deref(), Some("Ona"));
        assert!(person.may_ask_profile(at(AGAIN_MS)));
        person.told(Told::Nothing, at(0));
        assert_eq!(person.first_name, None);
        assert!(!person.may_ask_profile(at(AGAIN_MS)));
    }

    #[test]
    fn nothing_is_kept_of_somebody_who_was_forgotten_meanwhile() {
        let sql = desk(&[]);
        let Stranger { channel, person } = ona();
        people::erase(&sql, channel, &person, "hash", at(200)).unwrap();
        settle(&sql, &ona(), named(), at(300)).unwrap();
        assert_eq!(people::load::<Person>(&sql, channel, &person).unwrap(), None);
    }

    #[test]
    fn what_waits_is_not_claimed_and_then_is() {
        let sql = desk(&[("Hi \u{e000}first_name\u{e001}", 100)]);
        hold(&sql, &[ona()], at(100)).unwrap();
        let room = Room { messages: 6, notifications: 4, comments: 1 };
        let claim = |now| outbox::claim(&sql, at(now), room, |_| Ok(Admit::Yes(()))).unwrap();
        assert!(claim(1_099).is_empty());
        assert_eq!(claim(1_100).len(), 1);
    }
}
