//! The scheduled trigger, once a minute: every Desk gets its tick.

use worker::Env;

use super::{desk, shops};

/// Wakes every Desk of every Page. A Desk that cannot be woken is reported, and gets the next
/// tick.
pub async fn tick(env: &Env) {
    let pages = match shops::pages(env, desk::now()).await {
        Ok(pages) => pages,
        Err(error) => {
            worker::console_error!("tick: {error}");
            return;
        }
    };
    let desks = pages.pages.iter().flat_map(|page| {
        (0..page.shards.max(1)).map(|shard| desk::Name { page: page.id.clone(), shard })
    });
    let names: Vec<desk::Name> = desks.collect();
    let ticks = names.iter().map(|name| desk::call::tick(env, name));
    for why in futures_util::future::join_all(ticks).await.into_iter().filter_map(Result::err) {
        worker::console_error!("tick: {why}");
    }
}
