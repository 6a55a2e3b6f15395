//! The Desks of one Page among themselves: who has which people, moving them, and the pauses that
//! hold for the whole Page. The Page's first Desk, its registrar, says what holds; the others ask
//! it once a minute, and are told at once when it changes.
//!
//! A move goes on by the tick and by a timer of the registrar's, so that it survives a crash at any
//! of its awaits: what was carried and not let go is carried again.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use serde::{Deserialize, Serialize};

use super::{Inner, Name, call, now};
use crate::desk::layout::{self, Layout, Next, Place, REGISTRAR, Unrest, home};
use crate::desk::sending::{self, PageHold};
use crate::meta::event::Event;
use crate::outreach::reconcile;
use crate::store::moving::{self, Load};
use crate::store::timers::{self, Timer};
use crate::store::{Sql, StoreError, facts, outbox, parked, runs};
use crate::time::{MINUTE, SECOND};

/// How long a share of a move may take, ms; an alarm goes on.
const SHARE_MS: i64 = 15 * SECOND;

/// People looked at for each load.
const LOOK: u32 = 500;

/// The fact that says how far the people of this Desk are carried: the epoch, and the last one.
const CURSOR: &str = "moving_cursor";

/// The fact of a registrar that not every Desk knows its newest layout yet.
const UNTOLD: &str = "layout_untold";

/// What a registrar tells its Desks.
#[derive(Serialize, Deserialize)]
pub struct PageState {
    pub layout: Layout,
    pub hold: Option<PageHold>,
}

impl Inner {
    /// How this Page's people are divided.
    pub(super) async fn layout(&self, name: &Name) -> Result<Layout, String> {
        if let Some(layout) = self.layout.borrow().clone() {
            return Ok(layout);
        }
        let layout = if name.shard == REGISTRAR {
            match self.shop(&name.page).await {
                Ok(published) => Layout::first(published.shop.page.shards),
                // Nobody knows yet; nobody is to rely on it.
                Err(_) => return Ok(Layout { epoch: 0, ..Layout::first(1) }),
            }
        } else {
            call::page(&self.env, &registrar(name)).await?.layout
        };
        if layout.epoch > 0 {
            self.take_layout(&layout)?;
        }
        Ok(layout)
    }

    /// Takes a newer layout.
    pub(super) fn take_layout(&self, layout: &Layout) -> Result<(), String> {
        let newer = layout::adopt(&self.sql, layout).map_err(|e| e.to_string())?;
        let known = layout::known(&self.sql).map_err(|e| e.to_string())?;
        let moves = known.as_ref().is_some_and(|known| known.moving_to.is_some());
        if newer {
            reconcile::people_moved(&self.sql, now()).map_err(|e| e.to_string())?;
        }
        *self.layout.borrow_mut() = known;
        if newer && !moves {
            moving::tidy(&self.sql).map_err(|e| e.to_string())?;
            // It names somebody, who may ask to be forgotten.
            facts::clear(&self.sql, CURSOR).map_err(|e| e.to_string())?;
            // What came in while people were moved, and what waited.
            parked::hurry(&self.sql, now()).map_err(|e| e.to_string())?;
            for timer in [Timer::Unpark, Timer::Drain] {
                timers::set(&self.sql, timer, now()).map_err(|e| e.to_string())?;
            }
        }
        Ok(())
    }

    /// How many Desks share the people, as far as this one knows.
    pub(super) fn shards(&self) -> u32 {
        self.layout.borrow().as_ref().map_or(1, |layout| layout.shards)
    }

    /// Whether nothing is decided and nothing leaves: people are being moved, or a whole shop.
    pub(super) fn stands_still(&self) -> bool {
        self.is_carried() || self.moves_people()
    }

    fn moves_people(&self) -> bool {
        self.layout.borrow().as_ref().is_some_and(|layout| layout.moving_to.is_some())
    }

    /// Those of these events that are ours to handle. What is another Desk's is handed to it, and
    /// what was handled before people were moved is left out.
    pub(super) async fn ours(
        &self,
        name: &Name,
        epoch: u32,
        events: Vec<Event>,
    ) -> Result<Vec<Event>, String> {
        let mut layout = self.layout(name).await?;
        if epoch > layout.epoch && name.shard != REGISTRAR {
            // Whoever hands this on knows more than we do.
            layout = call::page(&self.env, &registrar(name)).await?.layout;
            self.take_layout(&layout)?;
        }
        if layout.desks() <= 1 && layout.before.is_none() && name.shard == REGISTRAR {
            return Ok(events);
        }
        let mut theirs: BTreeMap<u32, Vec<Event>> = BTreeMap::new();
        let mut asked: BTreeMap<u32, Vec<String>> = BTreeMap::new();
        let mut ours = Vec::with_capacity(events.len());
        for event in events {
            match layout.place(name.shard, &event, now()) {
                Place::Here => ours.push(event),
                Place::HereUnlessSeenBy(old) => {
                    for shard in old {
                        asked.entry(shard).or_default().push(event.key());
                    }
                    ours.push(event);
                }
                Place::There(shard) => theirs.entry(shard).or_default().push(event),
            }
        }
        for (shard, events) in theirs {
            let desk = Name { page: name.page.clone(), shard };
            call::take(&self.env, &desk, layout.epoch, &events).await?;
        }
        let mut seen = BTreeSet::new();
        for (shard, keys) in asked {
            let desk = Name { page: name.page.clone(), shard };
            seen.extend(call::seen(&self.env, &desk, &keys).await?);
        }
        if !seen.is_empty() {
            ours.retain(|event| !seen.contains(&event.key()));
        }
        Ok(ours)
    }

    /// What holds for the whole Page, for a Desk that asks its registrar.
    pub(super) async fn page_state(&self, name: &Name) -> Result<PageState, String> {
        self.be(name)?;
        let hold = sending::page_hold(&self.sql).map_err(|e| e.to_string())?;
        Ok(PageState { layout: self.layout(name).await?, hold })
    }

    /// Once a minute: asks the registrar what holds, or goes on with what it has begun.
    pub(super) async fn keep_together(self: &Rc<Self>, name: &Name) -> Result<(), String> {
        if name.shard == REGISTRAR {
            self.layout(name).await?;
            tell_untold(self, name).await?;
            return go_on(self).await;
        }
        let PageState { layout, hold } = call::page(&self.env, &registrar(name)).await?;
        if layout.epoch > 0 {
            self.take_layout(&layout)?;
        }
        if let Some(hold) = hold {
            sending::share_hold(&self.sql, Some(&hold), now()).map_err(|e| e.to_string())?;
        }
        Ok(())
    }

    /// Begins to move people to so many Desks. `false` when they are there already.
    pub(super) async fn begin_move(self: &Rc<Self>, name: &Name, to: u32) -> Result<bool, String> {
        let layout = self.layout(name).await?;
        if layout.epoch == 0 {
            return Err("no shop is published for this Page".to_owned());
        }
        if self.is_carried() {
            return Err("the Page stands still: its data is carried away or taken in".to_owned());
        }
        let Some(moving) = layout.moving(to) else { return Ok(false) };
        for shard in 0..layout.desks() {
            let desk = Name { page: name.page.clone(), shard };
            let unrest = if shard == name.shard {
                self.unrest()?
            } else {
                call::unrest(&self.env, &desk).await?
            };
            if unrest.unfinished > 0 {
                return Err(PLANNING.to_owned());
            }
        }
        self.take_layout(&moving)?;
        timers::set(&self.sql, Timer::Move, now()).map_err(|e| e.to_string())?;
        Ok(true)
    }

    /// What keeps this Desk from standing still.
    pub(super) fn unrest(&self) -> Result<Unrest, String> {
        let in_flight = outbox::in_flight(&self.sql).map_err(|e| e.to_string())?;
        let unfinished = runs::unfinished(&self.sql).map_err(|e| e.to_string())?.len();
        Ok(Unrest { in_flight, unfinished })
    }

    /// Takes people in from another Desk.
    pub(super) fn arrive(&self, arrival: &call::Arrival<'_>) -> Result<(), String> {
        self.be(&arrival.desk)?;
        self.take_layout(&arrival.layout)?;
        moving::unpack(&self.sql, &arrival.desk.page, &arrival.load, now())
            .and_then(|()| {
                let rest = arrival.rest.as_ref();
                rest.map_or(Ok(()), |rest| moving::take_over(&self.sql, &arrival.from, rest))
            })
            .map_err(|e| e.to_string())
    }

    /// Carries the next people who belong elsewhere by the layout that is moved to. `true` once
    /// nobody is left.
    pub(super) async fn carry(&self, name: &Name, layout: &Layout) -> Result<bool, String> {
        self.take_layout(layout)?;
        let Some(to) = layout.moving_to else { return Ok(true) };
        let text = |error: StoreError| error.to_string();
        moving::prepare(&self.sql).map_err(text)?;
        let cursor: Option<(u32, String)> = facts::get(&self.sql, CURSOR).map_err(text)?;
        let cursor = cursor.filter(|(epoch, _)| *epoch == layout.epoch);
        let cursor = cursor.map(|(_, cursor)| cursor).unwrap_or_default();
        let people = moving::after(&self.sql, &cursor, LOOK).map_err(text)?;
        let mut loads: BTreeMap<u32, Vec<moving::Carried>> = BTreeMap::new();
        let (mut leaving, mut last) = (Vec::new(), cursor);
        for (channel, person) in &people {
            let new = home(person, to);
            last = moving::place((*channel, person));
            if new != name.shard {
                let who = (*channel, person);
                let carried = moving::pack(&self.sql, &name.page, who).map_err(text)?;
                loads.entry(new).or_default().push(carried);
                leaving.push(who);
            }
            if leaving.len() >= moving::PER_LOAD as usize {
                break;
            }
        }
        for (shard, people) in loads {
            let desk = Name { page: name.page.clone(), shard };
            call::arrive(&self.env, &desk, (name, layout), Load::of(people), None).await?;
        }
        self.sql
            .transaction(|| {
                for who in &leaving {
                    moving::let_go(&self.sql, &name.page, *who)?;
                }
                facts::set(&self.sql, CURSOR, &(layout.epoch, &last))
            })
            .map_err(text)?;
        if !people.is_empty() {
            return Ok(false);
        }
        // The rest: to every Desk that nobody may bring back whom it does not know, and to the
        // first what a Desk knows that is closed now.
        for shard in (0..to).filter(|shard| *shard != name.shard) {
            let hands_over = shard == REGISTRAR
                && layout::hands_over(&self.sql, name.shard, layout).map_err(text)?;
            let rest = moving::rest(&self.sql, hands_over).map_err(text)?;
            let desk = Name { page: name.page.clone(), shard };
            let nobody = Load::of(Vec::new());
            call::arrive(&self.env, &desk, (name, layout), nobody, Some(&rest)).await?;
            if hands_over {
                layout::handed_over(&self.sql, layout, &rest).map_err(text)?;
            }
        }
        Ok(true)
    }

    /// Hands on parked events of people who belong to another Desk now.
    pub(super) async fn hand_on_parked(&self, name: &Name) -> Result<(), String> {
        let layout = self.layout(name).await?;
        if layout.before.is_none() || layout.moving_to.is_some() {
            return Ok(());
        }
        let waiting = parked::all(&self.sql).map_err(|e| e.to_string())?;
        for parked in waiting {
            let shard = layout.home(parked.event.person.as_ref());
            if shard == name.shard {
                continue;
            }
            let desk = Name { page: name.page.clone(), shard };
            call::take(&self.env, &desk, layout.epoch, &[parked.event]).await?;
            parked::release(&self.sql, &parked.key).map_err(|e| e.to_string())?;
        }
        Ok(())
    }

    /// Tells the other Desks of a pause of the whole Page that this one has begun or ended.
    pub(super) async fn share_hold(&self, name: &Name) -> Result<(), String> {
        let desks = self.layout.borrow().as_ref().map_or(1, Layout::desks);
        if desks <= 1 {
            return Ok(());
        }
        let hold = sending::page_hold(&self.sql).map_err(|e| e.to_string())?;
        if *self.shared_hold.borrow() == hold {
            return Ok(());
        }
        *self.shared_hold.borrow_mut() = hold.clone();
        if name.shard == REGISTRAR {
            self.spread_hold(name, name.shard, hold.as_ref()).await
        } else {
            call::hold(&self.env, &registrar(name), name.shard, hold.as_ref()).await
        }
    }

    /// Takes a pause of the whole Page, or its end; the registrar tells the others.
    pub(super) async fn held(self: &Rc<Self>, held: call::Held<'_>) -> Result<(), String> {
        self.be(&held.desk)?;
        let hold = held.hold.as_deref();
        sending::share_hold(&self.sql, hold, now()).map_err(|e| e.to_string())?;
        *self.shared_hold.borrow_mut() =
            sending::page_hold(&self.sql).map_err(|e| e.to_string())?;
        self.deliver_later();
        if held.desk.shard == REGISTRAR {
            self.spread_hold(&held.desk, held.from, hold).await?;
        }
        Ok(())
    }

    async fn spread_hold(
        &self,
        name: &Name,
        from: u32,
        hold: Option<&PageHold>,
    ) -> Result<(), String> {
        let desks = self.layout(name).await?.desks();
        let others = (0..desks).filter(|shard| *shard != name.shard && *shard != from);
        let told = others.map(|shard| async move {
            let desk = Name { page: name.page.clone(), shard };
            call::hold(&self.env, &desk, name.shard, hold).await
        });
        // Whoever was not reached asks within the minute.
        for why in futures_util::future::join_all(told).await.into_iter().filter_map(Result::err) {
            worker::console_error!("a pause of the Page: {why}");
        }
        Ok(())
    }
}

const PLANNING: &str = "a notification is being planned or sent: people are moved when it is done; \
                        try again then";

fn registrar(name: &Name) -> Name {
    Name { page: name.page.clone(), shard: REGISTRAR }
}

/// Goes on with a move, as its registrar.
///
/// # Errors
/// What the tables or another Desk say. The next tick goes on.
pub async fn go_on(desk: &Rc<Inner>) -> Result<(), String> {
    let of_registrar = desk.name()?.shard == REGISTRAR;
    if !of_registrar || !desk.moves_people() || desk.carrying.replace(true) {
        return Ok(());
    }
    let result = share(desk).await;
    desk.carrying.set(false);
    if desk.moves_people() {
        // Later when it failed: whoever does not answer now may in a while.
        let wait = if result.is_ok() { 50 } else { 5 * SECOND };
        timers::set(&desk.sql, Timer::Move, now().plus(wait)).map_err(|e| e.to_string())?;
    }
    result
}

async fn share(desk: &Rc<Inner>) -> Result<(), String> {
    let name = desk.name()?;
    let until = now().plus(SHARE_MS);
    let Some(layout) = desk.layout.borrow().clone() else { return Ok(()) };
    // Everybody stands still first, and nothing is on its way.
    let mut unrest = desk.unrest()?;
    for shard in 1..layout.desks() {
        let other = Name { page: name.page.clone(), shard };
        let theirs = call::stand_still(&desk.env, &other, &layout).await?;
        unrest.in_flight = unrest.in_flight.saturating_add(theirs.in_flight);
        unrest.unfinished = unrest.unfinished.saturating_add(theirs.unfinished);
    }
    let carried = layout::has_carried(&desk.sql, &layout).map_err(|e| e.to_string())?;
    match layout.next(unrest, carried) {
        Next::TakeBack(as_before) => return end(desk, &name, &as_before).await,
        Next::Wait => return Ok(()),
        Next::Carry => layout::carries(&desk.sql, &layout).map_err(|e| e.to_string())?,
    }
    for shard in 0..layout.shards {
        let other = Name { page: name.page.clone(), shard };
        loop {
            let done = if shard == name.shard {
                desk.carry(&name, &layout).await?
            } else {
                call::carry(&desk.env, &other, &layout).await?
            };
            if done {
                break;
            }
            if now() >= until {
                return Ok(());
            }
        }
    }
    end(desk, &name, &layout.moved(now())).await
}

/// The move is over: from now on this layout holds.
async fn end(desk: &Rc<Inner>, name: &Name, layout: &Layout) -> Result<(), String> {
    let before = desk.layout.borrow().as_ref().map_or(1, Layout::desks);
    facts::set(&desk.sql, UNTOLD, &before.max(layout.desks())).map_err(|e| e.to_string())?;
    desk.take_layout(layout)?;
    tell_untold(desk, name).await
}

/// Tells every Desk how the people are divided now, until each has heard it.
async fn tell_untold(desk: &Inner, name: &Name) -> Result<(), String> {
    let untold: Option<u32> = facts::get(&desk.sql, UNTOLD).map_err(|e| e.to_string())?;
    let (Some(desks), Some(layout)) = (untold, desk.layout.borrow().clone()) else {
        return Ok(());
    };
    for shard in 1..desks {
        let other = Name { page: name.page.clone(), shard };
        call::stand_still(&desk.env, &other, &layout).await?;
    }
    facts::clear(&desk.sql, UNTOLD).map_err(|e| e.to_string())?;
    Ok(())
}

/// Puts off what is due while people are moved.
///
/// # Errors
/// [`StoreError`].
pub fn put_off(desk: &Inner, due: &[Timer]) -> Result<(), StoreError> {
    for timer in due.iter().filter(|timer| **timer != Timer::Move) {
        timers::set(&desk.sql, *timer, now().plus(MINUTE))?;
    }
    Ok(())
}
