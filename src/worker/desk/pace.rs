//! What happens beside the messages of a drain: asking for names, showing that somebody types, and
//! the pauses between bubbles. Each question and each typing is a request like any other: it takes
//! a place among Cloudflare's six, and none that a message could use.

use std::time::Duration;

use super::drain::{Job, ROOM};
use super::{Inner, now};
use crate::desk::profile::{self, Stranger};
use crate::desk::sending;
use crate::meta::graph_error::Reply;
use crate::meta::ids::Psid;
use crate::meta::profile::{Fields, Told, fields, read};
use crate::meta::send::{SenderAction, sender_action};
use crate::store::outbox::Room;
use crate::store::waiting;
use crate::time::{SECOND, UnixMs};
use crate::worker::graph::Line;

/// Typing that would show for less than this is not worth a request, ms.
const TYPING_LEAST_MS: i64 = 400;

/// How far ahead a drain looks for the next bubble, ms: what is further away has an alarm.
const AHEAD_MS: i64 = 4 * SECOND;

/// Places that are left to messages while names are asked for.
const FOR_MESSAGES: u32 = 2;

/// Strangers remembered at once. More than these are asked about when they write again.
const STRANGERS: usize = 500;

/// What is to be asked and shown now, as far as there is room.
///
/// # Errors
/// The tables cannot be read.
pub fn asides(desk: &Inner, budget: &mut u32, jobs: &mut Vec<Job>) -> Result<(), String> {
    if !desk.strangers.borrow().is_empty() {
        let held = sending::page_hold(&desk.sql).map_err(|error| error.to_string())?;
        if held.is_some_and(|hold| hold.until > now()) {
            // A Page that may not speak asks nothing. They are asked about when they write again.
            desk.strangers.borrow_mut().clear();
        }
    }
    desk.strangers.borrow_mut().truncate(STRANGERS);
    while desk.room.get().messages > FOR_MESSAGES && *budget > FOR_MESSAGES {
        let Some(stranger) = desk.strangers.borrow_mut().pop_front() else { break };
        take_place(desk, budget);
        jobs.push(Job::Ask(stranger));
    }
    if now() >= desk.paced_until.get() {
        desk.typing.borrow_mut().clear();
        return Ok(());
    }
    // In a rush, bubbles come without a show.
    let near = near(desk)?;
    for near in near.into_iter().filter(|near| near.follows) {
        if desk.room.get().messages.saturating_add(FOR_MESSAGES) < ROOM.messages
            || *budget <= FOR_MESSAGES
        {
            break;
        }
        let worth_it = near.due_at.since(now()) >= TYPING_LEAST_MS;
        if worth_it && desk.typing.borrow_mut().insert(near.id) {
            take_place(desk, budget);
            jobs.push(Job::Type(near.person));
        }
    }
    Ok(())
}

/// The moment of the next bubble, when it comes soon enough to wait for.
///
/// # Errors
/// The tables cannot be read.
pub fn next(desk: &Inner, until: UnixMs) -> Result<Option<UnixMs>, String> {
    if now() >= desk.paced_until.get() {
        return Ok(None);
    }
    Ok(near(desk)?.first().map(|near| near.due_at).filter(|at| *at < until))
}

fn near(desk: &Inner) -> Result<Vec<waiting::Near>, String> {
    let at = now();
    waiting::near(&desk.sql, at, at.plus(AHEAD_MS)).map_err(|error| error.to_string())
}

fn take_place(desk: &Inner, budget: &mut u32) {
    let room = desk.room.get();
    desk.room.set(Room { messages: room.messages.saturating_sub(1), ..room });
    *budget = budget.saturating_sub(1);
}

fn leave_place(desk: &Inner) {
    let room = desk.room.get();
    desk.room.set(Room { messages: room.messages.saturating_add(1), ..room });
}

/// Asks Meta who somebody is, and keeps the answer. What is said is never logged.
pub async fn ask(desk: &Inner, line: &Line, stranger: &Stranger) {
    let mut told = ask_for(desk, line, stranger).await;
    if told == Told::FewerFields {
        desk.profile_fields.set(Fields::Names);
        told = ask_for(desk, line, stranger).await;
    }
    leave_place(desk);
    // What waited for the name may leave.
    desk.waits.set(true);
    if let Err(why) = profile::settle(&desk.sql, stranger, told, now()) {
        worker::console_error!("what Meta told of a person was not kept: {why}");
    }
}

async fn ask_for(desk: &Inner, line: &Line, stranger: &Stranger) -> Told {
    let asked = desk.profile_fields.get();
    match line.person(&stranger.person, fields(stranger.channel, asked)).await {
        Ok((status, body)) => {
            let reply = Reply { status, retry_after_s: None, body: body.as_bytes() };
            read(&reply, stranger.channel, asked)
        }
        Err(_) => Told::Later,
    }
}

/// Shows that somebody is typing. Whether Meta does it changes nothing.
pub async fn show_typing(desk: &Inner, line: &Line, person: &Psid) {
    let _shown = line.send(&sender_action(person, SenderAction::TypingOn)).await;
    leave_place(desk);
}

/// Lets time pass until a bubble may leave.
pub async fn pause(desk: &Inner, until: UnixMs) {
    let ms = u64::try_from(until.since(now())).unwrap_or(0);
    worker::Delay::from(Duration::from_millis(ms)).await;
    desk.waits.set(true);
}
