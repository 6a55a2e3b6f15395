//! How the people of a Page are divided among its Desks.
//!
//! What holds is the [`Layout`] that the Page's first Desk, its registrar, keeps; `shards` in
//! shop.toml is a wish. While people are moved from one number of Desks to another nothing is
//! decided and nothing leaves: events are parked, so that the rows lie still while they are
//! carried over, and each of them can be carried twice without harm.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::meta::event::Event;
use crate::meta::ids::Psid;
use crate::store::{Sql, StoreError, facts, seen};
use crate::time::UnixMs;

/// The Desk that events without a person belong to, and everything that a Page has once.
pub const REGISTRAR: u32 = 0;

/// The Desk of a person, of so many.
#[must_use]
pub fn home(person: &Psid, shards: u32) -> u32 {
    if shards <= 1 { REGISTRAR } else { home_of(number(person), shards) }
}

/// The number by which a person's Desk is found, however many there are.
#[must_use]
pub fn number(person: &Psid) -> u32 {
    let hash = Sha256::digest(person.as_str());
    hash.iter().take(4).fold(0_u32, |n, byte| (n << 8) | u32::from(*byte))
}

/// The Desk of whoever has this number, of so many.
#[must_use]
pub fn home_of(number: u32, shards: u32) -> u32 {
    number.checked_rem(shards.max(1)).unwrap_or(REGISTRAR)
}

/// How a Page's people are divided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Layout {
    /// Grows with every change: the newer one holds.
    pub epoch: u32,
    /// How many Desks share the people.
    pub shards: u32,
    /// People are being moved to this many Desks.
    pub moving_to: Option<u32>,
    /// How they were divided before, and until when.
    pub before: Option<Before>,
}

/// How people were divided before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Before {
    /// Among how many Desks.
    pub shards: u32,
    /// What happened before this moment may have been handled there.
    pub until: UnixMs,
}

/// What keeps a Desk from standing still.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unrest {
    /// Requests whose outcome is not known yet.
    pub in_flight: u32,
    /// Notifications that are not planned to their end.
    pub unfinished: usize,
}

/// What becomes of a move.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// Nobody was moved yet, and now is not the time: this layout holds again.
    TakeBack(Layout),
    /// Something is still on its way.
    Wait,
    /// The next people are carried.
    Carry,
}

/// What a Desk does with an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// It handles it.
    Here,
    /// It handles it, unless this Desk has handled it before people were moved.
    HereUnlessSeenBy(u32),
    /// Another Desk handles it.
    There(u32),
}

impl Layout {
    /// Of a Page that has never had another number of Desks.
    #[must_use]
    pub fn first(shards: u32) -> Self {
        Self { epoch: 1, shards: shards.max(1), moving_to: None, before: None }
    }

    /// Of a Page whose people are about to be moved to `to` Desks; none when they are there.
    #[must_use]
    pub fn moving(&self, to: u32) -> Option<Self> {
        let epoch = self.epoch.saturating_add(1);
        let started = self.moving_to.is_some() || to.max(1) == self.shards;
        (!started).then(|| Self { epoch, moving_to: Some(to.max(1)), ..self.clone() })
    }

    /// Once everybody has been moved.
    #[must_use]
    pub fn moved(&self, now: UnixMs) -> Self {
        let Some(to) = self.moving_to else { return self.clone() };
        let before = Before { shards: self.shards, until: now };
        let epoch = self.epoch.saturating_add(1);
        Self { epoch, shards: to, moving_to: None, before: Some(before) }
    }

    /// How the people are divided once their move is taken back.
    #[must_use]
    pub fn taken_back(&self) -> Self {
        Self { epoch: self.epoch.saturating_add(1), moving_to: None, ..self.clone() }
    }

    /// What becomes of a move, when this much keeps its Desks from standing still. `carried`: some
    /// people may be at their new Desk already.
    #[must_use]
    pub fn next(&self, unrest: Unrest, carried: bool) -> Next {
        if unrest.unfinished > 0 && !carried {
            // It began between the question and the standstill.
            Next::TakeBack(self.taken_back())
        } else if unrest.in_flight > 0 {
            Next::Wait
        } else {
            Next::Carry
        }
    }

    /// How many Desks take part: while people are moved, the old ones and the new ones.
    #[must_use]
    pub fn desks(&self) -> u32 {
        self.shards.max(self.moving_to.unwrap_or(0)).max(1)
    }

    /// The Desk of a person.
    #[must_use]
    pub fn home(&self, person: Option<&Psid>) -> u32 {
        person.map_or(REGISTRAR, |person| home(person, self.shards))
    }

    /// What the Desk `me` does with an event.
    #[must_use]
    pub fn place(&self, me: u32, event: &Event, now: UnixMs) -> Place {
        let home_now = self.home(event.person.as_ref());
        if home_now != me {
            return Place::There(home_now);
        }
        match &self.before {
            // Longer ago than keys are kept, nobody would know.
            Some(before) if now.since(before.until) < seen::KEPT_MS => {
                let old = event.person.as_ref().map_or(REGISTRAR, |p| home(p, before.shards));
                let handled_there = old != me && event.at <= before.until;
                if handled_there { Place::HereUnlessSeenBy(old) } else { Place::Here }
            }
            _ => Place::Here,
        }
    }
}

/// The fact that holds it.
const LAYOUT: &str = "layout";

/// What this Desk knows of it; none at a Desk that nobody has told.
///
/// # Errors
/// [`StoreError`].
pub fn known(sql: &impl Sql) -> Result<Option<Layout>, StoreError> {
    facts::get(sql, LAYOUT)
}

/// The fact of a registrar that people are on their way: in which epoch.
const CARRYING: &str = "carrying";

/// From now on people may be at the Desk that this layout moves them to: it is not taken back any
/// more, or they would sit where nobody looks for them.
///
/// # Errors
/// [`StoreError`].
pub fn carries(sql: &impl Sql, layout: &Layout) -> Result<(), StoreError> {
    if has_carried(sql, layout)? {
        return Ok(());
    }
    facts::set(sql, CARRYING, &layout.epoch)
}

/// Whether somebody may have been carried in this move.
///
/// # Errors
/// [`StoreError`].
pub fn has_carried(sql: &impl Sql, layout: &Layout) -> Result<bool, StoreError> {
    let known: Option<u32> = facts::get(sql, CARRYING)?;
    Ok(known == Some(layout.epoch))
}

/// Takes a newer one. `false` when this Desk knows it, or a newer one.
///
/// # Errors
/// [`StoreError`].
pub fn adopt(sql: &impl Sql, layout: &Layout) -> Result<bool, StoreError> {
    if known(sql)?.is_some_and(|known| known.epoch >= layout.epoch) {
        return Ok(false);
    }
    facts::set(sql, LAYOUT, layout)?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::meta::event::{Channel, EventKind, Lane};
    use crate::meta::ids::AccountId;
    use crate::time::DAY;

    fn event(person: Option<&str>, at: i64) -> Event {
        Event {
            channel: Channel::Messenger,
            account: AccountId::unknown(),
            person: person.map(|id| Psid::new(id).unwrap()),
            at: UnixMs::new(at),
            lane: Lane::Messaging,
            kind: EventKind::Unknown { kind: "k".into() },
        }
    }

    #[test]
    fn people_are_spread_evenly_and_each_has_one_home() {
        for shards in [1, 2, 3, 8, 64] {
            let mut counts = vec![0_u32; shards as usize];
            for n in 0..6_400_u32 {
                let person = Psid::new((7_000_000_000_u64 + u64::from(n)).to_string()).unwrap();
                counts[home(&person, shards) as usize] += 1;
                assert_eq!(home(&person, shards), home(&person, shards));
            }
            let fair = 6_400 / shards;
            assert!(counts.iter().all(|n| *n > fair / 2 && *n < fair * 2), "{counts:?}");
        }
    }

    #[test]
    fn events_without_a_person_are_the_registrars_whatever_the_number() {
        let layout = Layout::first(8);
        let now = UnixMs::new(DAY);
        assert_eq!(layout.place(0, &event(None, 5), now), Place::Here);
        assert_eq!(layout.place(3, &event(None, 5), now), Place::There(0));
    }

    #[test]
    fn what_may_have_been_handled_before_a_move_is_asked_for_at_the_old_home() {
        let first = Layout::first(1);
        assert_eq!(first.moving(1), None, "there already");
        let moving = first.moving(4).unwrap();
        assert_eq!((moving.shards, moving.desks()), (1, 4), "until the end the old number holds");
        assert_eq!(moving.moving(2), None, "one move at a time");
        let at = 10 * DAY;
        let moved = moving.moved(UnixMs::new(at));
        assert_eq!((moved.shards, moved.moving_to, moved.epoch), (4, None, 3));
        let id = (1..100)
            .map(|n| n.to_string())
            .find(|id| home(&Psid::new(id.clone()).unwrap(), 4) == 2);
        let id = id.unwrap();
        let place =
            |me, event_at, now| moved.place(me, &event(Some(&id), event_at), UnixMs::new(now));
        assert_eq!(place(2, at - 1, at + 1), Place::HereUnlessSeenBy(0));
        assert_eq!(place(2, at + 1, at + 2), Place::Here);
        assert_eq!(place(2, at - 1, at + 4 * DAY), Place::Here, "no Desk remembers that long");
        assert_eq!(place(1, at + 1, at + 2), Place::There(2));
    }
}
