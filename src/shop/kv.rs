//! What `shopbell publish` writes to KV beside the model: keys, and values with the version of
//! their layout. `kv-schemas/` describes them for others.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::model::{Place, Platform, Poster, Shop};
use crate::meta::ids::{AccountId, DeletionCode, PageId, PosterCode};

/// The version of the values here. A reader refuses any other.
pub const KV_SCHEMA: u32 = 1;

/// Key of the [`PagesValue`]: the one value that names every Page, so that cron never lists KV.
pub const PAGES_KEY: &str = "pages";

/// How much of the SHA-256 makes a shop's version, in bytes.
const VERSION_BYTES: usize = 16;

/// Key of a Page's [`Shop`].
#[must_use]
pub fn shop_key(page: &PageId) -> String {
    format!("shop:{page}")
}

/// Key of a poster's [`PosterValue`].
#[must_use]
pub fn poster_key(code: &PosterCode) -> String {
    format!("poster:{code}")
}

/// Key of the [`PosterValue`] that goes before a poster's own: what was said of it without
/// `shop.toml`. Publishing never touches it.
#[must_use]
pub fn aimed_key(code: &PosterCode) -> String {
    format!("aimed:{code}")
}

/// Key of a Page's [`PostersValue`].
#[must_use]
pub fn posters_key(page: &PageId) -> String {
    format!("posters:{page}")
}

/// Key of a Page's [`HoldValue`].
#[must_use]
pub fn hold_key(page: &PageId) -> String {
    format!("hold:{page}")
}

/// Key of an Instagram account's [`AccountValue`].
#[must_use]
pub fn account_key(account: &AccountId) -> String {
    format!("account:{account}")
}

/// Key of a deletion's [`DeletionValue`].
#[must_use]
pub fn deletion_key(code: &DeletionCode) -> String {
    format!("deletion:{code}")
}

/// Who knows how far a deletion is. It says nothing of whom it is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct DeletionValue {
    /// [`KV_SCHEMA`].
    pub v: u32,
    /// When it was asked for, RFC 3339 in UTC.
    #[cfg_attr(not(target_arch = "wasm32"), schemars(with = "String"))]
    pub at: jiff::Timestamp,
    /// The Desks that delete. None: nobody could tell which person is meant, and nothing was
    /// deleted.
    pub desks: Vec<DeskRef>,
}

/// Key of somebody's [`TombstoneValue`], by the keyed hash that stands for them.
#[must_use]
pub fn tombstone_key(page: &PageId, hash: &str) -> String {
    format!("tombstone:{page}:{hash}")
}

/// Somebody was forgotten: nothing of before may bring them back, though the Desk be emptied. Who
/// it is only `SIGNING_KEY` and their id tell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct TombstoneValue {
    /// [`KV_SCHEMA`].
    pub v: u32,
    /// When they were forgotten, RFC 3339 in UTC.
    #[cfg_attr(not(target_arch = "wasm32"), schemars(with = "String"))]
    pub at: jiff::Timestamp,
}

/// A Page's Desk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct DeskRef {
    /// The Page.
    pub page: PageId,
    /// Which of its Desks.
    pub shard: u32,
}

/// Every Page of the deployment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct PagesValue {
    /// [`KV_SCHEMA`].
    pub v: u32,
    /// In the order of `shop.toml`.
    pub pages: Vec<PageRoute>,
}

/// What the front door needs to know of a Page before it reads the Page's shop.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct PageRoute {
    /// Its id, digits.
    pub id: PageId,
    /// The name in m.me links.
    pub username: String,
    /// The Instagram account that belongs to it.
    pub instagram_id: Option<AccountId>,
    /// The name in ig.me links.
    pub instagram_username: Option<String>,
    /// How many Desks share its people. At least 1.
    pub shards: u32,
    /// What the shop is called, with the branch where there is one.
    pub name: String,
    /// Whether it answers on Messenger.
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub messenger: bool,
    /// Its IANA time zone; empty where it was published before this was told.
    #[serde(default)]
    pub time_zone: String,
    /// Where it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<Place>,
    /// Closed for good from this day on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(not(target_arch = "wasm32"), schemars(with = "Option<String>"))]
    pub closed_since: Option<jiff::civil::Date>,
}

const fn yes() -> bool {
    true
}

// Serde hands out references.
#[allow(clippy::trivially_copy_pass_by_ref)]
const fn is_yes(yes: &bool) -> bool {
    *yes
}

/// Where a poster's code leads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct PosterValue {
    /// [`KV_SCHEMA`].
    pub v: u32,
    /// The Page it hangs for.
    pub page: PageId,
    /// As printed.
    pub code: PosterCode,
    /// No longer valid.
    pub revoked: bool,
    /// It hangs for every Page, and leads to the nearest; `page` where nobody knows which.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub nearest: bool,
    /// Where it leads, when that is not left to the visitor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform: Option<Platform>,
    /// The first day it is good, by the shop's clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(not(target_arch = "wasm32"), schemars(with = "Option<String>"))]
    pub from: Option<jiff::civil::Date>,
    /// The last day it is good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(not(target_arch = "wasm32"), schemars(with = "Option<String>"))]
    pub until: Option<jiff::civil::Date>,
}

/// The posters of a Page that were made or changed without `shop.toml`. They go before it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct PostersValue {
    /// [`KV_SCHEMA`].
    pub v: u32,
    /// By code.
    pub posters: Vec<Poster>,
}

/// That Meta takes no messages from a Page, and only its owner can mend it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct HoldValue {
    /// [`KV_SCHEMA`].
    pub v: u32,
    /// Until when scans lead to the shop's own page, in ms since 1970. Past moments hold nothing.
    pub until_ms: i64,
}

/// Which Page an Instagram account belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct AccountValue {
    /// [`KV_SCHEMA`].
    pub v: u32,
    /// The Page.
    pub page: PageId,
}

impl PagesValue {
    /// The Pages of these shops.
    #[must_use]
    pub fn of(shops: &[Shop]) -> Self {
        Self { v: KV_SCHEMA, pages: shops.iter().map(PageRoute::of).collect() }
    }
}

impl PageRoute {
    /// The Page of this shop.
    #[must_use]
    pub fn of(shop: &Shop) -> Self {
        let page = &shop.page;
        let name = match &page.branch {
            Some(branch) => format!("{}, {branch}", shop.name),
            None => shop.name.clone(),
        };
        Self {
            id: page.id.clone(),
            username: page.username.clone(),
            instagram_id: page.instagram_id.clone(),
            instagram_username: page.instagram_username.clone(),
            shards: page.shards,
            name,
            messenger: shop.assistant.messenger,
            time_zone: shop.time_zone.clone(),
            location: page.location,
            closed_since: page.closed_since,
        }
    }
}

impl PosterValue {
    /// A poster of this shop.
    #[must_use]
    pub fn of(shop: &Shop, poster: &Poster) -> Self {
        Self {
            v: KV_SCHEMA,
            page: shop.page.id.clone(),
            code: poster.code.clone(),
            revoked: poster.revoked,
            nearest: poster.nearest,
            platform: poster.platform,
            from: poster.from,
            until: poster.until,
        }
    }
}

impl AccountValue {
    /// The Instagram account of this shop, if it has one, with its value.
    #[must_use]
    pub fn of(shop: &Shop) -> Option<(AccountId, Self)> {
        let account = shop.page.instagram_id.clone()?;
        Some((account, Self { v: KV_SCHEMA, page: shop.page.id.clone() }))
    }
}

impl PostersValue {
    /// The value of these posters.
    #[must_use]
    pub fn of(posters: Vec<Poster>) -> Self {
        Self { v: KV_SCHEMA, posters }
    }
}

impl Shop {
    /// The same shop with these posters in the place of those with the same codes; returns those.
    pub fn put_up(&mut self, posters: Vec<Poster>) -> Vec<Poster> {
        let mut replaced = Vec::new();
        for poster in posters {
            let same = |known: &&mut Poster| known.code == poster.code;
            match self.posters.iter_mut().find(same) {
                Some(known) => replaced.push(std::mem::replace(known, poster)),
                None => self.posters.push(poster),
            }
        }
        replaced
    }

    /// Ready to publish: names its model and carries a version that is the hash of everything
    /// else. The same shop always gets the same version: fields are written in the order of the
    /// types and maps in the order of their keys.
    #[must_use]
    pub fn seal(mut self, model: Option<String>) -> Self {
        self.model = model;
        self.version.clear();
        // Serialising cannot fail: every map key is a string and nothing here has an error of
        // its own.
        let json = serde_json::to_vec(&self).unwrap_or_default();
        let hash = Sha256::digest(&json);
        self.version = hex::encode(hash.get(..VERSION_BYTES).unwrap_or_default());
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shop() -> Shop {
        let source = "[shop]\nname = \"A\"\nlanguages = [\"en\"]\ntime_zone = \"UTC\"\n\n\
                      [[page]]\nid = \"1\"\nusername = \"a.shop\"\ninstagram_id = \"2\"\nbranch = \"North\"\n";
        crate::shop::source::compile(source).shops.remove(0)
    }

    #[test]
    fn the_version_changes_with_the_content_and_only_then() {
        let sealed = shop().seal(None);
        assert_eq!(sealed.version.len(), 2 * VERSION_BYTES);
        assert_eq!(sealed, sealed.clone().seal(None));
        assert_ne!(sealed.version, shop().seal(Some("model:x".into())).version);
        let mut renamed = shop();
        renamed.name = "B".into();
        assert_ne!(sealed.version, renamed.seal(None).version);
    }

    #[test]
    fn keys_and_routes_carry_the_ids() {
        let shop = shop();
        assert_eq!(shop_key(&shop.page.id), "shop:1");
        let (account, value) = AccountValue::of(&shop).unwrap();
        assert_eq!(account_key(&account), "account:2");
        assert_eq!(value.page, shop.page.id);
        let routes = PagesValue::of(&[shop]);
        assert_eq!(routes.pages[0].name, "A, North");
    }
}
