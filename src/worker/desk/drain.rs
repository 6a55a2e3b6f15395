//! Sends what is in the outbox: claim, send, settle, until nothing is due.

use std::rc::Rc;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;

use super::{Inner, Name, host, kv, now, pace, paid};
use crate::desk::comments;
use crate::desk::decide::Context;
use crate::desk::profile::Stranger;
use crate::desk::sending::{self, Via};
use crate::meta::graph_error::{Failure, Verdict};
use crate::meta::ids::Psid;
use crate::outreach::budget::sends_per_share;
use crate::outreach::receipt::Book;
use crate::outreach::{pace as outreach_pace, subscription};
use crate::shop::model::Plan;
use crate::store::outbox::{self, Claimed, Room};
use crate::time::{SECOND, UnixMs};
use crate::worker::config::Config;
use crate::worker::graph::{Ads, Line};
use crate::worker::random;
use crate::worker::shops::Published;

/// Cloudflare lets six requests wait for their answers at a time (Workers limits, November
/// 2026). At most four are notifications and one answers a comment, so that a reply always finds a
/// place.
pub const ROOM: Room = Room { messages: 6, notifications: 4, comments: 1 };

/// How soon a drain looks again when the pace of the Page let no notification go, at the earliest.
const PACE_MS: i64 = 50;

/// A drain ends after this long, and an alarm goes on: what outlives its request is cut off
/// after 30 s (Cloudflare Workers limits, November 2026).
const LONGEST_MS: i64 = 15 * SECOND;

/// Why a drain ended.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// Nothing more may leave now, or another drain of this Desk has all the room.
    Done,
    /// It has done its share; there may be more at once.
    Share,
}

/// Sends what is leaving, and then what waits until nothing is due any more.
///
/// # Errors
/// What cannot be read or is not configured. The rows stay, and the next tick tries again.
pub async fn drain(desk: &Rc<Inner>, leaving: Vec<(Claimed, Via)>) -> Result<Ended, String> {
    let name = desk.name()?;
    let line = line(desk, &name)?;
    let until = now().plus(LONGEST_MS);
    let plan = match desk.shop(&name.page).await {
        Ok(published) => published.shop.hosting.plan,
        Err(_) => Plan::Free,
    };
    let mut budget = sends_per_share(plan);
    let mut pausing_until = None;
    let mut sends = FuturesUnordered::new();
    let mut failed = None;
    let mut next = leaving;
    let work = |job| work(desk, &name, &line, job);
    loop {
        budget = budget.saturating_sub(u32::try_from(next.len()).unwrap_or(budget));
        for message in next.drain(..) {
            sends.push(work(Job::Send(Box::new(message))));
        }
        if failed.is_none() && desk.room.get().messages.min(budget) > 0 && now() < until {
            let mut jobs = Vec::new();
            let more = more(desk, &name, &mut budget, &mut jobs).await;
            // What was claimed leaves, whatever failed after it.
            jobs.into_iter().for_each(|job| sends.push(work(job)));
            let next = more.and_then(|paced| Ok(earlier(paced, pace::next(desk, until)?)));
            match next {
                // Until the nearest of them: when that is over, the next one is looked for.
                Ok(Some(at)) if pausing_until.is_none_or(|other| other <= now() || at < other) => {
                    pausing_until = Some(at);
                    sends.push(work(Job::Pause(at)));
                }
                Ok(_) => {}
                Err(why) => failed = Some(why),
            }
        }
        // What is on its way is waited for, whatever else failed.
        if sends.next().await.is_none() {
            let share = budget == 0 || now() >= until;
            return match failed {
                Some(why) => Err(why),
                None if share => Ok(Ended::Share),
                None => Ok(Ended::Done),
            };
        }
    }
}

fn earlier(one: Option<UnixMs>, other: Option<UnixMs>) -> Option<UnixMs> {
    one.into_iter().chain(other).min()
}

/// Claims what waits, and finds what is to be asked and shown beside it. Returns when to look again
/// because the pace of the Page keeps notifications back.
async fn more(
    desk: &Inner,
    name: &Name,
    budget: &mut u32,
    jobs: &mut Vec<Job>,
) -> Result<Option<UnixMs>, String> {
    if desk.stands_still() {
        return Ok(None);
    }
    let mut look_again = None;
    if desk.waits.get() {
        let (claimed, paced) = claim(desk, name, *budget).await?;
        look_again = paced.filter(|_| desk.waits.get());
        *budget = budget.saturating_sub(u32::try_from(claimed.len()).unwrap_or(*budget));
        jobs.extend(claimed.into_iter().map(|message| Job::Send(Box::new(message))));
    }
    pace::asides(desk, budget, jobs)?;
    Ok(look_again)
}

/// Something that a drain waits for.
pub enum Job {
    /// Sends a message and settles it.
    Send(Box<(Claimed, Via)>),
    /// Asks who somebody is.
    Ask(Stranger),
    /// Shows that somebody is typing.
    Type(Psid),
    /// Lets time pass until then.
    Pause(UnixMs),
}

async fn work(desk: &Inner, name: &Name, line: &Line, job: Job) {
    match job {
        Job::Send(message) => {
            let (claimed, via) = *message;
            one(desk, name, line, claimed, via).await;
        }
        Job::Ask(stranger) => pace::ask(desk, line, &stranger).await,
        Job::Type(person) => pace::show_typing(desk, line, &person).await,
        Job::Pause(until) => pace::pause(desk, until).await,
    }
}

/// The way to the Graph API, made once: secrets do not change while a process lives.
pub fn line(desk: &Inner, name: &Name) -> Result<Rc<Line>, String> {
    if let Some(line) = desk.line.borrow().clone() {
        return Ok(line);
    }
    let config = Config::of(&desk.env)?;
    let token = config.page_token(&desk.env, &name.page)?;
    let line = Rc::new(Line::new(&config, &name.page, &token)?);
    *desk.line.borrow_mut() = Some(line.clone());
    Ok(line)
}

/// The way of paid messages, made once for an ad account.
fn ads(desk: &Inner, ad_account: &str) -> Result<Rc<Ads>, String> {
    if let Some((of, ads)) = desk.ads.borrow().clone()
        && of == ad_account
    {
        return Ok(ads);
    }
    let config = Config::of(&desk.env)?;
    let ads = Rc::new(Ads::new(&config, ad_account, &config.ads_token(&desk.env)?)?);
    *desk.ads.borrow_mut() = Some((ad_account.to_owned(), ads.clone()));
    Ok(ads)
}

/// Claims messages, and the room they need; also when to look again, if the pace of the Page let no
/// notification go. What KV says was stopped is settled at once.
///
/// Several drains may be at it, and people may be about to be moved. So from looking at the room, the
/// pace and the layout until a place is taken nothing is waited for.
async fn claim(
    desk: &Inner,
    name: &Name,
    budget: u32,
) -> Result<(Vec<(Claimed, Via)>, Option<UnixMs>), String> {
    let published = desk.shop(&name.page).await.map_err(|error| error.to_string())?;
    if let Err(why) = paid::top_up(desk, name, &published.shop).await {
        worker::console_error!("what is paid waits: {why}");
    }
    if desk.stands_still() {
        return Ok((Vec::new(), None));
    }
    let at = now();
    let of_page = u32::from(published.shop.sending.per_second);
    let per_second = outreach_pace::part(of_page, desk.shards());
    let mut bucket = desk.bucket.get();
    let pace = bucket.room(per_second, at);
    let paced = (pace == 0).then(|| at.plus(bucket.wait(per_second).max(PACE_MS)));
    let free = desk.room.get();
    let room = Room {
        messages: free.messages.min(budget),
        notifications: free.notifications.min(pace),
        comments: free.comments,
    };
    if room.messages == 0 {
        return Ok((Vec::new(), None));
    }
    // What is put off has no timer yet.
    desk.look.set(true);
    let mut claimed =
        sending::claim(&desk.sql, &published.shop, room, at).map_err(|error| error.to_string())?;
    claimed.iter().for_each(|(claimed, _)| take_up(desk, claimed));
    let taken = claimed.iter().filter(|(claimed, _)| claimed.class.is_notification()).count();
    bucket.take(u32::try_from(taken).unwrap_or(u32::MAX));
    desk.bucket.set(bucket);
    // From here on nothing fails: what was claimed has a place, and leaves or gives it back.
    if claimed.len() < room.messages as usize {
        match outbox::waits(&desk.sql, at) {
            Ok(waits) => desk.waits.set(waits),
            Err(why) => worker::console_error!("whether something waits is not known: {why}"),
        }
    }
    let page = &name.page;
    let key = |via: &Via| via.consent().map(|consent| subscription::key(page, consent));
    let keys: Vec<String> = claimed.iter().filter_map(|(_, via)| key(via)).collect();
    if keys.is_empty() {
        return Ok((claimed, paced));
    }
    let values = kv::read(desk, &keys).await;
    let mut leaving = Vec::with_capacity(claimed.len());
    for (claimed, via) in claimed.drain(..) {
        let value = key(&via).and_then(|key| values.get(&key));
        let stopped = via
            .consent()
            .is_some_and(|consent| subscription::stopped_in_kv(value.map(String::as_str), consent));
        if stopped {
            give_back(desk, &claimed);
            let book = Book { page, seed: random::bits128() };
            let settled = sending::stopped_in_kv(&desk.sql, &book, &claimed, &via, now());
            if let Err(why) = settled {
                worker::console_error!("message {} stopped and not settled: {why}", claimed.id());
            }
        } else {
            leaving.push((claimed, via));
        }
    }
    Ok((leaving, paced))
}

pub fn take_up(desk: &Inner, claimed: &Claimed) {
    let room = desk.room.get();
    let (notification, comment) = kinds(claimed);
    desk.room.set(Room {
        messages: room.messages.saturating_sub(1),
        notifications: room.notifications.saturating_sub(notification),
        comments: room.comments.saturating_sub(comment),
    });
}

fn give_back(desk: &Inner, claimed: &Claimed) {
    let room = desk.room.get();
    let (notification, comment) = kinds(claimed);
    desk.room.set(Room {
        messages: room.messages.saturating_add(1),
        notifications: room.notifications.saturating_add(notification),
        comments: room.comments.saturating_add(comment),
    });
}

/// Of which places it takes one, beside that of every message: a notification's, a comment's.
fn kinds(claimed: &Claimed) -> (u32, u32) {
    let class = &claimed.class;
    (u32::from(class.is_notification()), u32::from(class.is_for_comment()))
}

/// Notes whom a private reply has reached.
fn heard(
    desk: &Inner,
    name: &Name,
    published: &Published,
    claimed: &Claimed,
    verdict: Option<&Verdict>,
) -> Result<(), String> {
    let config = Config::of(&desk.env)?;
    let context = Context {
        shop: &published.shop,
        faq: published.faq.as_ref(),
        keys: &config.keys,
        app: config.app_id.as_ref(),
        diary: &[],
        coupons: &[],
        host: host(&config, name, desk.shards()),
    };
    comments::heard(&desk.sql, context, claimed, verdict, now()).map_err(|error| error.to_string())
}

/// Sends one message and settles it.
async fn one(desk: &Inner, name: &Name, line: &Line, claimed: Claimed, via: Via) {
    let body = sending::body(&claimed, &via);
    let verdict = match &via {
        Via::Paid { ad_account, .. } => match ads(desk, ad_account) {
            Ok(ads) => ads.send(&body).await,
            // It has not left, and only the owner can mend it.
            Err(why) => {
                worker::console_error!("a paid message cannot be sent: {why}");
                Ok(Verdict::Failed(Failure::not_allowed()))
            }
        },
        Via::Public => line.comment(&claimed.person, claimed.channel, &body).await,
        _ => line.send(&body).await,
    };
    // Read before it is settled: what follows the settling is written in the same breath.
    let published = match via {
        Via::Private => desk.shop(&name.page).await.ok(),
        _ => None,
    };
    give_back(desk, &claimed);
    if let Err(why) = &verdict {
        worker::console_error!("message {} of Desk {name:?}: outcome unknown: {why}", claimed.id());
    }
    let verdict = verdict.ok();
    if !matches!((&via, &verdict), (Via::Person(_), Some(Verdict::Sent { .. }))) {
        // It may have to be tried again, and what it says of a consent is owed to KV.
        desk.look.set(true);
    }
    let book = Book { page: &name.page, seed: random::bits128() };
    let settled = sending::settle(&desk.sql, &book, &claimed, &via, verdict.as_ref(), now());
    if let Err(why) = settled {
        worker::console_error!("message {} was sent but not settled: {why}", claimed.id());
    }
    if let Some(published) = published
        && let Err(why) = heard(desk, name, &published, &claimed, verdict.as_ref())
    {
        worker::console_error!("who got message {} is not known: {why}", claimed.id());
    }
    if (desk.look.get() || desk.shared_hold.borrow().is_some())
        && let Err(why) = desk.share_hold(name).await
    {
        worker::console_error!("the other Desks do not know of a pause: {why}");
    }
}
