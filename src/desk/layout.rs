//! How the people of a Page are divided among its Desks.
//!
//! What holds is the [`Layout`] that the Page's first Desk, its registrar, keeps; `shards` in
//! shop.toml is a wish. While people are moved from one number of Desks to another nothing is
//! decided and nothing leaves: events are parked, so that the rows lie still while they are
//! carried over, and each of them can be carried twice without harm.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::alerts::TOLD_FIRST;
use crate::meta::event::Event;
use crate::meta::ids::Psid;
use crate::outreach::planner;
use crate::shop::model::MOST_SHARDS;
use crate::store::moving::{self, Rest};
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
    /// And before that, the newest first: as long as somebody may know what was handled then.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub earlier: Vec<Before>,
}

/// Whether a Page may be divided so: nobody has more Desks than [`MOST_SHARDS`].
pub fn fits<'a>(shards: u32, before: impl IntoIterator<Item = &'a Before>) -> bool {
    let count = |shards: u32| (1..=MOST_SHARDS).contains(&shards);
    let mut before = before.into_iter().take(MOST_BEFORE.saturating_add(1));
    let known = before.by_ref().take(MOST_BEFORE).all(|before| count(before.shards));
    count(shards) && known && before.next().is_none()
}

/// Ways of dividing people before: each number of Desks once.
const MOST_BEFORE: usize = MOST_SHARDS as usize;

/// How people were divided before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Before {
    /// Among how many Desks.
    pub shards: u32,
    /// What happened before this moment may have been handled there.
    pub until: UnixMs,
}

impl Before {
    /// Whether a Desk may still know what it handled then.
    #[must_use]
    pub const fn is_remembered(&self, now: UnixMs) -> bool {
        now.since(self.until) < seen::KEPT_MS
    }
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
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// It handles it.
    Here,
    /// It handles it, unless one of these Desks has handled it before people were moved.
    HereUnlessSeenBy(Vec<u32>),
    /// Another Desk handles it.
    There(u32),
}

impl Layout {
    /// Of a Page that has never had another number of Desks.
    #[must_use]
    pub fn first(shards: u32) -> Self {
        Self { epoch: 1, shards: shards.max(1), moving_to: None, before: None, earlier: Vec::new() }
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
        // The same number twice is the same homes: the later one says until when. So there are
        // never more than there are numbers of Desks.
        let still = |old: &&Before| old.shards != before.shards && old.is_remembered(now);
        let earlier = self.divided_before().filter(still).cloned().collect();
        let epoch = self.epoch.saturating_add(1);
        Self { epoch, shards: to, moving_to: None, before: Some(before), earlier }
    }

    /// How people were divided before, the newest first.
    pub fn divided_before(&self) -> impl Iterator<Item = &Before> {
        self.before.iter().chain(&self.earlier)
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
        let mut old: Vec<u32> = self
            .divided_before()
            // Longer ago than keys are kept, nobody would know.
            .filter(|before| before.is_remembered(now) && event.at <= before.until)
            .map(|before| event.person.as_ref().map_or(REGISTRAR, |p| home(p, before.shards)))
            .filter(|old| *old != me)
            .collect();
        old.sort_unstable();
        old.dedup();
        if old.is_empty() { Place::Here } else { Place::HereUnlessSeenBy(old) }
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

/// The fact of a Desk that is closed: in which epoch the first Desk has taken over what it counted.
const HANDED_OVER: &str = "handed_over";

/// Whether a Desk that the move closes has still to hand over what it knows besides people.
///
/// # Errors
/// [`StoreError`].
pub fn hands_over(sql: &impl Sql, me: u32, layout: &Layout) -> Result<bool, StoreError> {
    let closes = layout.moving_to.is_some_and(|to| me >= to);
    Ok(closes && facts::get::<u32>(sql, HANDED_OVER)? != Some(layout.epoch))
}

/// The first Desk has taken this over from one that is closed, which lets go of it: opened again, it
/// begins as a new one does.
///
/// # Errors
/// [`StoreError`].
pub fn handed_over(sql: &impl Sql, layout: &Layout, rest: &Rest) -> Result<(), StoreError> {
    sql.transaction(|| {
        moving::handed_over(sql, rest)?;
        // By an old moment it would miss what was due while it was closed; and what it told to be
        // wrong the first Desk believes no more.
        for fact in [planner::LOOKED, TOLD_FIRST] {
            facts::clear(sql, fact)?;
        }
        facts::set(sql, HANDED_OVER, &layout.epoch)
    })
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
        assert_eq!(place(2, at - 1, at + 1), Place::HereUnlessSeenBy(vec![0]));
        assert_eq!(place(2, at + 1, at + 2), Place::Here);
        assert_eq!(place(2, at - 1, at + 4 * DAY), Place::Here, "no Desk remembers that long");
        assert_eq!(place(1, at + 1, at + 2), Place::There(2));
    }

    #[test]
    fn whatever_moves_there_were_while_keys_are_kept_every_old_home_is_asked() {
        let moved = |layout: &Layout, to, at| layout.moving(to).unwrap().moved(UnixMs::new(at));
        let (one, two, three) = (10 * DAY, 10 * DAY + 1_000, 10 * DAY + 2_000);
        let now = UnixMs::new(three + 1_000);
        // At home at another Desk each time.
        let id = (1..1_000).map(|n| n.to_string()).find(|id| {
            let home = |shards| home(&Psid::new(id.clone()).unwrap(), shards);
            home(2) == 1 && home(3) == 2
        });
        let id = id.unwrap();
        let layout = moved(&moved(&Layout::first(1), 2, one), 3, two);
        let asked = |layout: &Layout, me, at, now| layout.place(me, &event(Some(&id), at), now);
        assert_eq!(asked(&layout, 2, one - 1, now), Place::HereUnlessSeenBy(vec![0, 1]));
        assert_eq!(asked(&layout, 2, one + 1, now), Place::HereUnlessSeenBy(vec![1]));
        assert_eq!(asked(&layout, 2, two + 1, now), Place::Here);
        // There and back: who is at home here again is not asked of themselves.
        let back = moved(&layout, 2, three);
        assert_eq!(asked(&back, 1, one - 1, now), Place::HereUnlessSeenBy(vec![0, 2]));
        // What is too old is asked of nobody, and not remembered.
        let later = UnixMs::new(one + seen::KEPT_MS);
        assert_eq!(asked(&back, 1, one - 1, later), Place::HereUnlessSeenBy(vec![2]));
        let next = back.moving(5).unwrap().moved(later);
        assert_eq!(next.divided_before().map(|before| before.shards).collect::<Vec<_>>(), [2, 3]);
        // However often: each number once.
        let mut often = Layout::first(1);
        for n in 0..500_u32 {
            let at = UnixMs::new(three + i64::from(n));
            often = often.moving(n % 2 + 2 - u32::from(n == 0)).map_or(often, |m| m.moved(at));
        }
        assert!(often.divided_before().count() <= 3, "{often:?}");
        // As an older build wrote it.
        let old: Layout = serde_json::from_str(
            r#"{"epoch":3,"shards":4,"moving_to":null,"before":{"shards":1,"until":5}}"#,
        )
        .unwrap();
        assert_eq!(old.divided_before().count(), 1);
    }

    #[test]
    fn a_move_is_taken_back_only_while_nobody_was_carried() {
        use crate::store::native::Sqlite;
        use crate::store::schema;
        let sql = Sqlite::in_memory().unwrap();
        schema::migrate(&sql).unwrap();
        let moving = Layout::first(1).moving(3).unwrap();
        let begun = Unrest { in_flight: 0, unfinished: 1 };
        let next = |unrest| moving.next(unrest, has_carried(&sql, &moving).unwrap());
        let Next::TakeBack(as_before) = next(begun) else { panic!() };
        assert_eq!((as_before.shards, as_before.moving_to, as_before.epoch), (1, None, 3));
        assert_eq!(next(Unrest { in_flight: 1, unfinished: 0 }), Next::Wait);
        assert_eq!(next(Unrest::default()), Next::Carry);
        carries(&sql, &moving).unwrap();
        // Some are at their new Desk: the old layout would strand them.
        assert_eq!(next(begun), Next::Carry);
        assert_eq!(next(Unrest { in_flight: 1, unfinished: 1 }), Next::Wait);
        // Of another move it says nothing.
        let another = moving.moved(UnixMs::new(1)).moving(2).unwrap();
        assert!(!has_carried(&sql, &another).unwrap());
    }
}
