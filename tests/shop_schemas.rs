//! `kv-schemas/` says what the types say, and what is compiled is what it says.
//!
//! `SHOPBELL_BLESS=1 cargo test --test shop_schemas` writes the files anew.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::path::{Path, PathBuf};

use schemars::schema_for;
use serde::Serialize;
use serde_json::{Value, json};
use shopbell::desk::decide::{Context, Host};
use shopbell::desk::inbox;
use shopbell::entry::keys::Keys;
use shopbell::meta::parse::parse;
use shopbell::outreach::subscription::Subscription;
use shopbell::shop::kv::{
    AccountValue, DeletionValue, HoldValue, PagesValue, PosterValue, PostersValue, TombstoneValue,
};
use shopbell::shop::model::Shop;
use shopbell::shop::source::{compile, schema};
use shopbell::store::kv_queue;
use shopbell::store::native::Sqlite;
use shopbell::store::schema::migrate;
use shopbell::time::UnixMs;

const WHOLE: &str = include_str!("shops/whole.toml");

/// Every schema. A new KV value is one line here.
fn schemas() -> Vec<(&'static str, Value)> {
    vec![
        ("shop.toml", schema::schema()),
        ("shop", schema_for!(Shop).to_value()),
        ("pages", schema_for!(PagesValue).to_value()),
        ("poster", schema_for!(PosterValue).to_value()),
        ("posters", schema_for!(PostersValue).to_value()),
        ("hold", schema_for!(HoldValue).to_value()),
        ("account", schema_for!(AccountValue).to_value()),
        ("subscription", schema_for!(Subscription).to_value()),
        ("tombstone", schema_for!(TombstoneValue).to_value()),
        ("deletion", schema_for!(DeletionValue).to_value()),
    ]
}

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("kv-schemas/{name}.schema.json"))
}

fn problems(name: &str, value: &Value) -> Vec<String> {
    let (_, schema) = schemas().into_iter().find(|(n, _)| *n == name).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    validator.iter_errors(value).map(|e| format!("{}: {e}", e.instance_path())).collect()
}

fn assert_valid(name: &str, value: &impl Serialize) {
    assert_eq!(problems(name, &serde_json::to_value(value).unwrap()), [""; 0]);
}

#[test]
fn the_files_are_what_the_types_say() {
    for (name, schema) in schemas() {
        let path = file(name);
        let text = serde_json::to_string_pretty(&schema).unwrap() + "\n";
        if std::env::var_os("SHOPBELL_BLESS").is_some() {
            std::fs::write(&path, &text).unwrap();
        }
        let kept = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            kept == text,
            "{name} is out of date: SHOPBELL_BLESS=1 cargo test --test shop_schemas"
        );
    }
}

#[test]
fn what_is_compiled_fits_its_schema() {
    let shops = compile(WHOLE).shops;
    assert_eq!(shops.len(), 2);
    assert_valid("pages", &PagesValue::of(&shops));
    for shop in shops {
        let shop = shop.seal(Some("model:0123456789abcdef".into()));
        assert_valid("shop", &shop);
        for poster in &shop.posters {
            assert_valid("poster", &PosterValue::of(&shop, poster));
        }
        assert_valid("posters", &PostersValue::of(shop.posters.clone()));
        if let Some((_, account)) = AccountValue::of(&shop) {
            assert_valid("account", &account);
        }
        let back: Shop = serde_json::from_slice(&serde_json::to_vec(&shop).unwrap()).unwrap();
        assert_eq!(back, shop);
    }
}

#[test]
fn the_schema_of_the_file_takes_the_whole_shop_and_refuses_what_check_refuses() {
    // JSON has no dates: editors hand them over as text.
    let whole: toml::Table =
        toml::from_str(&WHOLE.replace("2026-12-31\n", "\"2026-12-31\"\n")).unwrap();
    let whole = serde_json::to_value(whole).unwrap();
    assert_eq!(problems("shop.toml", &whole), [""; 0]);
    for (pointer, wrong) in [
        ("/shop/name", json!(1)),
        ("/shop/site", json!("http://a.example")),
        ("/faq/0/title/lt", json!("a title of more than twenty characters")),
        ("/faq/0/buttons", json!([{}, {}, {}, {}])),
        ("/topic/0/promise", json!("hourly")),
        ("/assistant/pause_hours", json!(0)),
    ] {
        let mut broken = whole.clone();
        *broken.pointer_mut(pointer).unwrap() = wrong;
        assert!(!problems("shop.toml", &broken).is_empty(), "{pointer}");
    }
    let mut unknown = whole;
    unknown["shop"]["nmae"] = json!("x");
    assert!(!problems("shop.toml", &unknown).is_empty());
}

#[test]
fn a_value_of_another_shape_is_refused() {
    assert!(
        !problems("poster", &json!({ "v": 1, "page": "a:b", "code": "X", "revoked": false }))
            .is_empty()
    );
    assert!(!problems("pages", &json!({ "v": 1 })).is_empty());
    assert!(!problems("posters", &json!({ "v": 1, "posters": [{}] })).is_empty());
    assert!(!problems("hold", &json!({ "v": 1 })).is_empty());
    assert_valid("hold", &HoldValue { v: 1, until_ms: 1_795_000_000_000 });
}

/// What the inbox owes KV after an opt-in, a STOP and a deletion.
#[test]
fn what_the_desk_writes_to_kv_fits_the_schema_of_a_subscription() {
    let shop = compile(WHOLE).shops.remove(0);
    let page = shop.page.id.clone();
    let sql = Sqlite::in_memory().unwrap();
    migrate(&sql).unwrap();
    let keys = Keys::new("a key for this test only", None);
    let context = Context {
        shop: &shop,
        faq: None,
        keys: &keys,
        app: None,
        diary: &[],
        coupons: &[],
        host: Host::default(),
    };
    let now = UnixMs::new(1_795_000_000_000);
    let mut minutes = 0;
    let mut happens = |messaging: Value| {
        minutes += 1;
        let at = now.plus(minutes * 60_000);
        let mut item = json!({
            "sender": {"id": "9001"}, "recipient": {"id": page.as_str()}, "timestamp": at.get(),
        });
        item.as_object_mut().unwrap().extend(messaging.as_object().unwrap().clone());
        let entry = json!([{"id": page.as_str(), "time": at.get(), "messaging": [item]}]);
        let body = json!({"object": "page", "entry": entry}).to_string();
        let events = parse(body.as_bytes()).unwrap();
        assert_eq!(inbox::take(&sql, context, &events, at).unwrap().handled, 1);
        let owed = kv_queue::due(&sql, at, 100).unwrap();
        for one in &owed {
            kv_queue::settle(&sql, one, true, at).unwrap();
        }
        owed
    };
    let topic = shop.topics[0].id.clone();
    let granted = happens(json!({"optin": {
        "type": "notification_messages", "payload": format!("sb:optin:{topic}"),
        "notification_messages_token": "5566778899", "notification_messages_timezone": "Europe/Vilnius",
        "notification_messages_frequency": "WEEKLY", "title": "News",
        "token_expiry_timestamp": now.plus(300 * 86_400_000).get(),
    }}));
    let bare = happens(json!({"optin": {
        "type": "notification_messages", "payload": format!("sb:optin:{topic}"),
        "notification_messages_token": "5566778899",
    }}));
    let stopped = happens(json!({"message": {"mid": "m_1", "text": "STOP"}}));
    for (owed, status) in [(granted, "active"), (bare, "active"), (stopped, "stopped")] {
        assert_eq!(owed.len(), 1);
        assert_eq!(owed[0].key, format!("subscription:{page}:9001:{topic}"));
        let value: Value = serde_json::from_str(owed[0].value.as_deref().unwrap()).unwrap();
        assert_eq!(value["status"], status);
        assert_eq!(problems("subscription", &value), [""; 0], "{value}");
        let mut broken = value.clone();
        broken["status"] = json!("perhaps");
        assert!(!problems("subscription", &broken).is_empty());
        let mut broken = value;
        broken.as_object_mut().unwrap().remove("granted_at");
        assert!(!problems("subscription", &broken).is_empty());
    }
    assert!(happens(json!({"message": {"mid": "m_2", "text": "delete my data"}})).is_empty());
    let yes = json!({"mid": "m_3", "text": "Yes", "quick_reply": {"payload": "sb:delete"}});
    let deleted = happens(json!({"message": yes}));
    let (gone, code): (Vec<_>, Vec<_>) = deleted.iter().partition(|owed| owed.value.is_none());
    assert_eq!(gone[0].key, format!("subscription:{page}:9001:{topic}"));
    assert!(code[0].key.starts_with("deletion:"));
    assert!(
        code[1].key.starts_with(&format!("tombstone:{page}:")) && !code[1].key.contains("9001")
    );
    let tombstone: Value = serde_json::from_str(code[1].value.as_deref().unwrap()).unwrap();
    assert_eq!(problems("tombstone", &tombstone), [""; 0], "{tombstone}");
    let value: Value = serde_json::from_str(code[0].value.as_deref().unwrap()).unwrap();
    assert_eq!(problems("deletion", &value), [""; 0], "{value}");
    assert!(!value.to_string().contains("9001"), "it says nothing of whom it is about");
}
