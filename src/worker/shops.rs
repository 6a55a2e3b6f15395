//! The published shops, kept in the isolate's memory.
//!
//! Only what can be thrown away: a shop is read again from KV a minute after it was read last,
//! and when KV does not answer the older one goes on serving. Each request loads for itself:
//! waiting for another request's load would hang when that one is cancelled.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use worker::{Env, KvStore};

use super::binding;
use crate::faq::Model;
use crate::meta::ids::PageId;
use crate::shop::kv::{KV_SCHEMA, PAGES_KEY, PagesValue, PostersValue, posters_key, shop_key};
use crate::shop::model::{Poster, SHOP_SCHEMA, Shop};
use crate::time::{MINUTE, UnixMs};

/// How long a shop is used before KV is asked again.
const FRESH_MS: i64 = MINUTE;

/// A shop with its trained FAQ.
pub struct Published {
    /// With the posters that were made or aimed without `shop.toml`.
    pub shop: Shop,
    /// The posters of `shop.toml` that those replaced.
    pub replaced: Vec<Poster>,
    /// Those posters, as KV has them.
    made: String,
    pub faq: Option<Model>,
    /// Why there is no FAQ although the shop has one.
    pub faq_refused: Option<String>,
}

/// Why there is no shop to decide with.
#[derive(Debug, thiserror::Error)]
pub enum NoShop {
    /// Nobody published it.
    #[error("no shop is published for Page {0}: run `shopbell publish`")]
    Missing(PageId),
    /// It was published by another version of the command.
    #[error("the shop of Page {0} cannot be read ({1}): publish it again with this version")]
    Unreadable(PageId, String),
    /// KV does not answer.
    #[error("KV does not answer: {0}")]
    Unavailable(String),
}

struct Kept<T> {
    value: Rc<T>,
    read_at: UnixMs,
}

impl<T> Kept<T> {
    fn fresh(&self, now: UnixMs) -> bool {
        (0..FRESH_MS).contains(&now.since(self.read_at))
    }
}

thread_local! {
    static SHOPS: RefCell<HashMap<PageId, Kept<Published>>> = RefCell::new(HashMap::new());
    static PAGES: RefCell<Option<Kept<PagesValue>>> = const { RefCell::new(None) };
}

fn kv(env: &Env) -> Result<KvStore, NoShop> {
    env.kv(binding::SHOP).map_err(|error| NoShop::Unavailable(error.to_string()))
}

async fn text(env: &Env, key: &str) -> Result<Option<String>, NoShop> {
    let read = kv(env)?.get(key).text().await;
    read.map_err(|error| NoShop::Unavailable(error.to_string()))
}

/// The shop of a Page.
pub async fn shop(env: &Env, page: &PageId, now: UnixMs) -> Result<Rc<Published>, NoShop> {
    let kept = SHOPS
        .with_borrow(|shops| shops.get(page).map(|kept| (kept.value.clone(), kept.fresh(now))));
    if let Some((published, true)) = kept {
        return Ok(published);
    }
    let older = kept.map(|(published, _)| published);
    let published = match load(env, page, older.as_deref()).await {
        Ok(Some(published)) => Rc::new(published),
        // The same version as before.
        Ok(None) | Err(NoShop::Unavailable(_)) if older.is_some() => {
            older.ok_or_else(|| NoShop::Missing(page.clone()))?
        }
        Ok(None) => return Err(NoShop::Missing(page.clone())),
        Err(error) => return Err(error),
    };
    SHOPS.with_borrow_mut(|shops| {
        shops.insert(page.clone(), Kept { value: published.clone(), read_at: now });
    });
    Ok(published)
}

/// Reads a shop; `None` when it is the version we have.
async fn load(
    env: &Env,
    page: &PageId,
    older: Option<&Published>,
) -> Result<Option<Published>, NoShop> {
    let keys = (shop_key(page), posters_key(page));
    let (found, made) = futures_util::future::join(text(env, &keys.0), text(env, &keys.1)).await;
    let Some(text) = found? else {
        return Err(NoShop::Missing(page.clone()));
    };
    let made = made?.unwrap_or_default();
    let unreadable = |why: String| NoShop::Unreadable(page.clone(), why);
    let mut shop: Shop = serde_json::from_str(&text)
        .map_err(|e| unreadable(format!("line {} column {}", e.line(), e.column())))?;
    if shop.v != SHOP_SCHEMA {
        return Err(unreadable(format!("version {} instead of {SHOP_SCHEMA}", shop.v)));
    }
    if older.is_some_and(|older| {
        older.shop.version == shop.version && older.made == made && older.faq_refused.is_none()
    }) {
        return Ok(None);
    }
    let replaced = shop.put_up(posters(page, &made));
    let (faq, faq_refused) = match &shop.model {
        None => (None, None),
        Some(key) => match load_model(env, key).await {
            Ok(model) => (Some(model), None),
            Err(why) => {
                // The shop still answers: keywords, hours, its fallback.
                worker::console_error!("FAQ of Page {page} not used: {why}");
                (None, Some(why))
            }
        },
    };
    Ok(Some(Published { shop, replaced, made, faq, faq_refused }))
}

/// The posters that were made without `shop.toml`. A shop is served without them rather than not at
/// all.
fn posters(page: &PageId, made: &str) -> Vec<Poster> {
    if made.is_empty() {
        return Vec::new();
    }
    match serde_json::from_str::<PostersValue>(made) {
        Ok(value) if value.v == KV_SCHEMA => value.posters,
        Ok(_) | Err(_) => {
            worker::console_error!("the posters of Page {page} cannot be read");
            Vec::new()
        }
    }
}

async fn load_model(env: &Env, key: &str) -> Result<Model, String> {
    let kv = kv(env).map_err(|error| error.to_string())?;
    let bytes = kv.get(key).bytes().await.map_err(|error| error.to_string())?;
    let bytes = bytes.ok_or_else(|| format!("{key} is not in KV yet"))?;
    Model::load(bytes).map_err(|error| error.to_string())
}

/// The Pages of this deployment. Empty when nothing is published.
pub async fn pages(env: &Env, now: UnixMs) -> Result<Rc<PagesValue>, NoShop> {
    let kept =
        PAGES.with_borrow(|pages| pages.as_ref().map(|kept| (kept.value.clone(), kept.fresh(now))));
    if let Some((pages, true)) = kept {
        return Ok(pages);
    }
    let older = kept.map(|(pages, _)| pages);
    let nothing = || PagesValue { v: KV_SCHEMA, pages: Vec::new() };
    let read = text(env, PAGES_KEY).await.map(|text| {
        let pages = text.and_then(|text| serde_json::from_str::<PagesValue>(&text).ok());
        pages.filter(|pages| pages.v == KV_SCHEMA).unwrap_or_else(nothing)
    });
    let pages = match (read, older) {
        (Ok(pages), _) => Rc::new(pages),
        (Err(_), Some(older)) => older,
        (Err(error), None) => return Err(error),
    };
    // An empty list is not kept: right after the first publish every request asks again.
    if !pages.pages.is_empty() {
        PAGES.with_borrow_mut(|slot| *slot = Some(Kept { value: pages.clone(), read_at: now }));
    }
    Ok(pages)
}
