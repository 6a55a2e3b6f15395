//! Reads Meta's own list of notification tokens, a page at a time: fetches what the round wants
//! next and hands it to `outreach::reconcile`.

use std::rc::Rc;

use super::{Inner, Name, drain, kv, now};
use crate::meta::ids::Psid;
use crate::outreach::receipt::Book;
use crate::outreach::reconcile::{self, Need, PAGE_TOKENS, Round, Setting};
use crate::worker::config::Config;
use crate::worker::random;

/// Makes the next step of the round that is on, if its time has come. One at a time: two would read
/// the same page.
///
/// # Errors
/// What the tables say, or why there is no shop. The timer comes again.
pub async fn go_on(desk: &Rc<Inner>) -> Result<(), String> {
    if desk.reconciling.replace(true) {
        return Ok(());
    }
    let made = step(desk).await;
    desk.reconciling.set(false);
    made
}

async fn step(desk: &Rc<Inner>) -> Result<(), String> {
    let due = reconcile::due(&desk.sql, now()).map_err(|error| error.to_string())?;
    let Some(mut round) = due else { return Ok(()) };
    let name = desk.name()?;
    let published = desk.shop(&name.page).await.map_err(|error| error.to_string())?;
    let config = Config::of(&desk.env)?;
    let layout = desk.layout(&name).await?;
    if layout.moving_to.is_some() {
        return Ok(());
    }
    let ours = |person: &Psid| layout.home(Some(person)) == name.shard;
    let setting = Setting {
        shop: &published.shop,
        keys: &config.keys,
        book: Book { page: &name.page, seed: random::bits128() },
        ours: &ours,
    };
    // What is added or ended is owed to KV.
    desk.look.set(true);
    take(desk, &name, &setting, &mut round).await
}

async fn take(
    desk: &Rc<Inner>,
    name: &Name,
    setting: &Setting<'_>,
    round: &mut Round,
) -> Result<(), String> {
    let sql = &desk.sql;
    let made = match round.need(&name.page) {
        Need::Tables => reconcile::tables(sql, setting, round, now()),
        Need::Kv { prefix, cursor } => {
            let wanted = |key: &str| reconcile::is_wanted(&name.page, key, setting.ours);
            let page = kv::page(desk, &prefix, cursor.as_deref(), wanted).await;
            if !is_on(desk, round)? {
                return Ok(());
            }
            match page {
                Ok((values, next)) => {
                    reconcile::from_kv(sql, setting, round, &values, next.as_deref(), now())
                }
                Err(why) => {
                    worker::console_error!("KV is not read: {why}");
                    reconcile::failed(sql, round, None, now())
                }
            }
        }
        Need::Page { after } => {
            let line = drain::line(desk, name)?;
            let page = line.tokens(&name.page, after.as_deref(), PAGE_TOKENS).await;
            if !is_on(desk, round)? {
                return Ok(());
            }
            match page {
                Ok(Ok(page)) => reconcile::page(sql, setting, round, &page, now()),
                Ok(Err(failure)) => reconcile::failed(sql, round, Some(&failure), now()),
                Err(why) => {
                    worker::console_error!("Meta's list of tokens is not read: {why}");
                    reconcile::failed(sql, round, None, now())
                }
            }
        }
    };
    made.map_err(|error| error.to_string())
}

/// Whether a round is still on after an await: people may have been moved meanwhile.
fn is_on(desk: &Inner, round: &Round) -> Result<bool, String> {
    let on = reconcile::on(&desk.sql, now()).map_err(|error| error.to_string())?;
    Ok(on.is_some_and(|on| on.id == round.id))
}
