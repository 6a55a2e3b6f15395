//! What lies in KV, key by key: what it is for, how long it stays, what becomes of it when a person
//! is forgotten, and whether it goes along when a shop leaves. Tests hold it against the schemas of
//! the values and against what the Desks write.

use super::kv::PAGES_KEY;
use crate::kept::{Field, Gone, Kind, Until};

/// What lies in KV under a kind of key.
#[derive(Debug)]
pub struct Key {
    /// What its keys begin with, the colon included; a whole key where there is none.
    pub prefix: &'static str,
    /// What it is about.
    pub kind: Kind,
    /// What it is for.
    pub purpose: &'static str,
    /// How long it stays.
    pub until: Until,
    /// What becomes of it when its person is forgotten.
    pub gone: Gone,
    /// The Desk writes it, and it goes along when a shop leaves for another deployment. What
    /// `shopbell publish` writes is published anew there.
    pub leaves: bool,
    /// The fields of its value.
    pub fields: &'static [Field],
}

const V: Field = ("v", "the version of the layout");
const PAGE: Field = ("page", "which Page");

/// Every kind of key. A new one is a line here.
pub static KEYS: &[Key] = &[
    Key {
        prefix: "subscription:",
        kind: Kind::Consents,
        purpose: "What somebody agreed to be told: the record that lasts.",
        until: Until::Forgotten,
        gone: Gone::BeforeDone,
        leaves: true,
        fields: &[
            V,
            PAGE,
            ("person", "whose: the id that Meta gives a person for this Page"),
            ("topic", "to what"),
            ("token", "what Meta takes in place of a recipient"),
            ("status", "active or stopped"),
            ("frequency", "how often, of tokens of old integrations"),
            ("timezone", "their time zone, as Meta told it with the consent"),
            ("granted_at", "when they agreed"),
            ("title", "what they saw when they agreed"),
            ("source", "by what they agreed"),
            ("next_eligible_at", "before then Meta takes nothing by the token"),
            ("expires_at", "the last day of the token"),
            ("stopped_at", "when they said stop"),
            ("channel", "where, when it is not Messenger"),
        ],
    },
    Key {
        prefix: "tombstone:",
        kind: Kind::Forgotten,
        purpose: "That somebody was forgotten, by a keyed hash, though the Desk be emptied.",
        until: Until::Always,
        gone: Gone::HashStays,
        leaves: true,
        fields: &[V, ("at", "when they were forgotten")],
    },
    Key {
        prefix: "deletion:",
        kind: Kind::Forgotten,
        purpose: "Which Desks delete, for whoever asks by the code.",
        until: Until::Days(400),
        gone: Gone::NamesNobody,
        leaves: true,
        fields: &[
            V,
            ("at", "when it was asked for"),
            ("desks", "which Desks; none: nobody could tell who is meant"),
        ],
    },
    Key {
        prefix: "posters:",
        kind: Kind::Owners,
        purpose: "The posters of a Page that were made or aimed without shop.toml.",
        until: Until::Replaced,
        gone: Gone::NamesNobody,
        leaves: true,
        fields: &[V, ("posters", "each with where it leads and what it does")],
    },
    Key {
        prefix: "aimed:",
        kind: Kind::Owners,
        purpose: "Where the code of such a poster leads.",
        until: Until::Replaced,
        gone: Gone::NamesNobody,
        leaves: true,
        fields: POSTER_FIELDS,
    },
    Key {
        prefix: "poster:",
        kind: Kind::Owners,
        purpose: "Where the code of a poster leads.",
        until: Until::Replaced,
        gone: Gone::NamesNobody,
        leaves: false,
        fields: POSTER_FIELDS,
    },
    Key {
        prefix: "hold:",
        kind: Kind::Running,
        purpose: "Until when Meta takes nothing from a Page: scans lead to the shop's own page.",
        until: Until::Replaced,
        gone: Gone::NamesNobody,
        leaves: false,
        fields: &[V, ("until_ms", "until when")],
    },
    Key {
        prefix: PAGES_KEY,
        kind: Kind::Owners,
        purpose: "Every Page of the deployment.",
        until: Until::Replaced,
        gone: Gone::NamesNobody,
        leaves: false,
        fields: &[V, ("pages", "each with its names, its place and its Desks")],
    },
    Key {
        prefix: "shop:",
        kind: Kind::Owners,
        purpose: "A Page's compiled shop: shop.toml, checked. Where to tell the shop that somebody \
                  waits is in it.",
        until: Until::Replaced,
        gone: Gone::NamesNobody,
        leaves: false,
        fields: &[],
    },
    Key {
        prefix: "account:",
        kind: Kind::Owners,
        purpose: "Which Page an Instagram account belongs to.",
        until: Until::Replaced,
        gone: Gone::NamesNobody,
        leaves: false,
        fields: &[V, PAGE],
    },
    Key {
        prefix: "model:",
        kind: Kind::Owners,
        purpose: "The trained answers, made of shop.toml alone.",
        until: Until::Always,
        gone: Gone::NamesNobody,
        leaves: false,
        fields: &[],
    },
];

const POSTER_FIELDS: &[Field] = &[
    V,
    PAGE,
    ("code", "as printed"),
    ("revoked", "whether it is taken down"),
    ("nearest", "whether it hangs for every Page and leads to the nearest"),
    ("platform", "Messenger or Instagram, where that is not left to the visitor"),
    ("from", "its first day"),
    ("until", "its last day"),
];

/// What lies under a key.
#[must_use]
pub fn key_of(key: &str) -> Option<&'static Key> {
    KEYS.iter().find(|known| match known.prefix.ends_with(':') {
        true => key.starts_with(known.prefix),
        false => key == known.prefix,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shop::kv;

    /// The fields of a value, by its schema.
    fn fields(schema: &schemars::Schema) -> Vec<String> {
        let value = schema.clone().to_value();
        value["properties"].as_object().unwrap().keys().cloned().collect()
    }

    #[test]
    fn every_field_of_a_value_is_on_the_map() {
        use crate::outreach::subscription::Subscription;
        let schemas = [
            ("subscription:", schemars::schema_for!(Subscription)),
            ("tombstone:", schemars::schema_for!(kv::TombstoneValue)),
            ("deletion:", schemars::schema_for!(kv::DeletionValue)),
            ("posters:", schemars::schema_for!(kv::PostersValue)),
            ("aimed:", schemars::schema_for!(kv::PosterValue)),
            ("poster:", schemars::schema_for!(kv::PosterValue)),
            ("hold:", schemars::schema_for!(kv::HoldValue)),
            ("pages", schemars::schema_for!(kv::PagesValue)),
            ("account:", schemars::schema_for!(kv::AccountValue)),
        ];
        for key in KEYS.iter().filter(|key| !key.fields.is_empty()) {
            let (_, schema) = schemas.iter().find(|(prefix, _)| *prefix == key.prefix).unwrap();
            let mut known: Vec<&str> = key.fields.iter().map(|(name, _)| *name).collect();
            known.sort_unstable();
            assert_eq!(fields(schema), known, "{}: say in src/shop/kv_map.rs", key.prefix);
        }
    }

    #[test]
    fn every_key_that_is_made_is_on_the_map() {
        use crate::meta::ids::{AccountId, DeletionCode, PageId, PosterCode};
        let page = PageId::new("1").unwrap();
        let poster = PosterCode::new("DOOR").unwrap();
        let code = DeletionCode::new("0123456789abcdef").unwrap();
        let made = [
            kv::PAGES_KEY.to_owned(),
            kv::shop_key(&page),
            kv::poster_key(&poster),
            kv::aimed_key(&poster),
            kv::posters_key(&page),
            kv::hold_key(&page),
            kv::account_key(&AccountId::new("2").unwrap()),
            kv::deletion_key(&code),
            kv::tombstone_key(&page, "hash"),
            crate::faq::model_key(b"model"),
            crate::desk::deletion::kv_prefix(&page, &crate::meta::ids::Psid::new("3").unwrap()),
        ];
        let mut found: Vec<&str> =
            made.iter().map(|key| key_of(key).unwrap_or_else(|| panic!("{key}")).prefix).collect();
        found.sort_unstable();
        let mut all: Vec<&str> = KEYS.iter().map(|key| key.prefix).collect();
        all.sort_unstable();
        assert_eq!(found, all);
        // A function that makes keys and is not asked above.
        let source = include_str!("kv.rs");
        let makers =
            source.lines().filter(|line| line.starts_with("pub fn ") && line.contains("_key("));
        assert_eq!(makers.count(), 8, "ask the new one above, and put its key on the map");
        assert!(key_of("unheard:1").is_none());
    }
}
