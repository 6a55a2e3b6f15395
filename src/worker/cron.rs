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
    let told = wake(env, &names).await;
    // The registrar of a Page knows of more where people have not been moved together yet.
    let more = pages.pages.iter().flat_map(|page| {
        let known = names.iter().zip(&told).find(|(name, _)| name.page == page.id);
        let desks = known.map_or(0, |(_, desks)| *desks);
        (page.shards.max(1)..desks).map(|shard| desk::Name { page: page.id.clone(), shard })
    });
    wake(env, &more.collect::<Vec<_>>()).await;
}

/// What each says to its tick: a registrar, how many Desks its Page has.
async fn wake(env: &Env, names: &[desk::Name]) -> Vec<u32> {
    let ticks = names.iter().map(|name| desk::call::tick(env, name));
    let told = futures_util::future::join_all(ticks).await.into_iter();
    let noted = told.map(|told| {
        told.unwrap_or_else(|why| {
            worker::console_error!("tick: {why}");
            0
        })
    });
    noted.collect()
}
