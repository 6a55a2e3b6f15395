//! Posters that are made, aimed anew and revoked without `shop.toml`: the owner's orders to a
//! Page's registrar, and what KV is told of them.
//!
//! What is said here goes before `shop.toml`, also after the next publish, until it is taken back
//! ([`Order::Forget`]). A scan asks KV for one value a poster, and every Desk of the Page for one
//! value of all. Both have keys of their own, which publishing never touches.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::meta::ids::PosterCode;
use crate::meta::limits;
use crate::shop::kv::{PosterValue, PostersValue, aimed_key, posters_key};
use crate::shop::model::{Localized, Poster, Shop};
use crate::store::{Sql, StoreError, kv_queue, made_posters, to_json};
use crate::time::UnixMs;

/// Posters that a Page can have without `shop.toml`: each Desk reads them once a minute.
const MOST: usize = 500;
/// The longest line about a poster, in characters.
const LONGEST_LINE: usize = 200;
/// What the owner wants.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// To see them all.
    List,
    /// A new one, under this code that nobody has.
    New {
        /// Made by [`crate::shop::codes::made`].
        code: PosterCode,
        /// What it is and does, as [`FIELDS`].
        fields: Map<String, Value>,
    },
    /// One changed: what is not said stays.
    Aim {
        /// Which.
        code: PosterCode,
        /// What changes; `null` takes it away.
        fields: Map<String, Value>,
    },
    /// One as `shop.toml` has it, or gone when it has none.
    Forget {
        /// Which.
        code: PosterCode,
    },
}

/// Why an order is not carried out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There is no such poster.
    #[error("this Page has no poster with the code {0}")]
    Unknown(PosterCode),
    /// The code is taken.
    #[error("there is a poster with the code {0} already")]
    Taken(PosterCode),
    /// There are as many as there can be.
    #[error("there are {MOST} posters beside shop.toml already: write some of them there")]
    TooMany,
    /// A field that posters do not have.
    #[error("a poster has no `{0}`; it has {fields}", fields = FIELDS.join(", "))]
    Field(String),
    /// A value that does not fit.
    #[error("`{field}` cannot be this: {why}")]
    Value {
        /// Of which field.
        field: String,
        /// What is wrong.
        why: String,
    },
}

/// What can be said of a poster without `shop.toml`, by the names it has there.
pub const FIELDS: [&str; 18] = [
    "place",
    "branch",
    "campaign",
    "batch",
    "printed_on",
    "from",
    "until",
    "keyword",
    "platform",
    "text",
    "coupon",
    "image",
    "topic",
    "faq",
    "form",
    "tags",
    "language",
    "revoked",
];

/// Carries an order out. `shop` is the one that is served, with earlier orders in it; `plain` are
/// the posters of `shop.toml` that they replaced.
///
/// # Errors
/// [`StoreError`]; inside, why the order is refused.
pub fn carry_out(
    sql: &impl Sql,
    shop: &Shop,
    plain: &[Poster],
    order: Order,
    now: UnixMs,
) -> Result<Result<Value, Refusal>, StoreError> {
    let kept = made_posters::all(sql)?;
    // What KV still serves may be older than what was ordered last.
    let newest = |code: &PosterCode| {
        kept.iter()
            .find(|poster| poster.code == *code)
            .or_else(|| in_file(shop, plain, &kept, code))
    };
    let poster = match order {
        Order::List => return Ok(Ok(list(shop, plain, &kept))),
        Order::Forget { code } => {
            let Some(known) = newest(&code).cloned() else {
                return Ok(Err(Refusal::Unknown(code)));
            };
            let in_file = in_file(shop, plain, &kept, &known.code);
            sql.transaction(|| {
                made_posters::remove(sql, &known.code)?;
                if in_file.is_some() {
                    kv_queue::push(sql, &aimed_key(&known.code), None, now)?;
                } else {
                    // A code that was printed leads to the shop's own page for ever.
                    let value = PosterValue { revoked: true, ..PosterValue::of(shop, &known) };
                    tell_door(sql, &value, now)?;
                }
                tell_desks(sql, shop, now)
            })?;
            return Ok(Ok(json!({ "forgotten": known.code, "in_shop_toml": in_file.is_some() })));
        }
        Order::New { code, .. } if newest(&code).is_some() => {
            return Ok(Err(Refusal::Taken(code)));
        }
        Order::New { code, fields } => changed(shop, blank(code), fields),
        Order::Aim { code, fields } => match newest(&code) {
            Some(known) => changed(shop, known.clone(), fields),
            None => Err(Refusal::Unknown(code)),
        },
    };
    let poster = match poster {
        Ok(poster) => poster,
        Err(refusal) => return Ok(Err(refusal)),
    };
    if kept.len() >= MOST && !kept.iter().any(|known| known.code == poster.code) {
        return Ok(Err(Refusal::TooMany));
    }
    sql.transaction(|| {
        made_posters::put(sql, &poster, now)?;
        tell_door(sql, &PosterValue::of(shop, &poster), now)?;
        tell_desks(sql, shop, now)
    })?;
    Ok(Ok(json!({ "poster": poster })))
}

fn tell_door(sql: &impl Sql, value: &PosterValue, now: UnixMs) -> Result<(), StoreError> {
    kv_queue::push(sql, &aimed_key(&value.code), Some(&to_json("kv_queue", value)?), now)
}

fn tell_desks(sql: &impl Sql, shop: &Shop, now: UnixMs) -> Result<(), StoreError> {
    let value = PostersValue::of(made_posters::all(sql)?);
    kv_queue::push(sql, &posters_key(&shop.page.id), Some(&to_json("kv_queue", &value)?), now)
}

/// A poster as `shop.toml` has it.
fn in_file<'p>(
    shop: &'p Shop,
    plain: &'p [Poster],
    kept: &[Poster],
    code: &PosterCode,
) -> Option<&'p Poster> {
    let same = |poster: &&Poster| poster.code.as_str().eq_ignore_ascii_case(code.as_str());
    let replaced = plain.iter().find(same);
    let was_made = |poster: &&Poster| kept.iter().any(|made| made.code == poster.code);
    replaced.or_else(|| shop.posters.iter().find(same).filter(|poster| !was_made(poster)))
}

fn list(shop: &Shop, plain: &[Poster], kept: &[Poster]) -> Value {
    let made = kept.iter().map(|poster| {
        let from =
            if in_file(shop, plain, kept, &poster.code).is_some() { "aimed" } else { "made" };
        json!({ "from": from, "poster": poster })
    });
    let is_kept = |poster: &&Poster| kept.iter().any(|made| made.code == poster.code);
    let file = shop.posters.iter().filter(|poster| !is_kept(poster));
    let file = file.map(|poster| json!({ "from": "shop.toml", "poster": poster }));
    Value::Array(file.chain(made).collect())
}

fn blank(code: PosterCode) -> Poster {
    Poster {
        code,
        place: None,
        branch: None,
        campaign: None,
        batch: None,
        printed_on: None,
        from: None,
        until: None,
        keyword: None,
        platform: None,
        nearest: false,
        ads: Vec::new(),
        caption: Localized::default(),
        text: Localized::default(),
        image: None,
        buttons: Vec::new(),
        cards: Vec::new(),
        quick_replies: Vec::new(),
        topic: None,
        faq: None,
        language: None,
        revoked: false,
        also: crate::shop::forms::Also::default(),
    }
}

/// The poster with these fields, if the shop has what they name.
fn changed(shop: &Shop, mut poster: Poster, fields: Map<String, Value>) -> Result<Poster, Refusal> {
    for (field, value) in fields {
        let refused = |why: &str| Refusal::Value { field: field.clone(), why: why.to_owned() };
        let unreadable = |error: serde_json::Error| refused(&error.to_string());
        macro_rules! take {
            ($place:expr) => {
                $place = if value.is_null() {
                    Default::default()
                } else {
                    serde_json::from_value(value).map_err(unreadable)?
                }
            };
        }
        match field.as_str() {
            "place" => take!(poster.place),
            "branch" => take!(poster.branch),
            "campaign" => take!(poster.campaign),
            "batch" => take!(poster.batch),
            "printed_on" => take!(poster.printed_on),
            "from" => take!(poster.from),
            "until" => take!(poster.until),
            "keyword" => take!(poster.keyword),
            "platform" => take!(poster.platform),
            "text" => take!(poster.text),
            "coupon" => take!(poster.also.coupon),
            "image" => take!(poster.image),
            "topic" => take!(poster.topic),
            "faq" => take!(poster.faq),
            "form" => take!(poster.also.form),
            "tags" => take!(poster.also.tags),
            "language" => take!(poster.language),
            "revoked" => take!(poster.revoked),
            _ => return Err(Refusal::Field(field)),
        }
    }
    fits(shop, &poster)?;
    Ok(poster)
}

fn fits(shop: &Shop, poster: &Poster) -> Result<(), Refusal> {
    let refuse = |field: &str, why: String| Err(Refusal::Value { field: field.to_owned(), why });
    let lines = [
        ("place", &poster.place),
        ("branch", &poster.branch),
        ("campaign", &poster.campaign),
        ("batch", &poster.batch),
        ("keyword", &poster.keyword),
    ];
    for (field, line) in lines {
        let Some(line) = line else { continue };
        if line.trim().is_empty() || line.contains('\n') || line.chars().count() > LONGEST_LINE {
            return refuse(field, format!("write one line of at most {LONGEST_LINE} characters"));
        }
    }
    for (lang, text) in &poster.text.0 {
        if !shop.languages.contains(lang) {
            return refuse("text", format!("the shop does not speak {}", lang.0));
        }
        if text.trim().is_empty() || limits::units(text) > limits::MESSENGER_TEXT {
            return refuse("text", format!("write 1 to {} characters", limits::MESSENGER_TEXT));
        }
    }
    if let Some(topic) = poster.topic.as_ref().filter(|id| shop.topic(id).is_none()) {
        return refuse("topic", format!("the shop has no topic {topic}"));
    }
    if let Some(faq) = poster.faq.as_ref().filter(|id| shop.faq(id).is_none()) {
        return refuse("faq", format!("the shop has no answer {faq}"));
    }
    if let Some(coupon) = poster.also.coupon.as_ref().filter(|id| shop.coupon(id).is_none()) {
        return refuse("coupon", format!("the shop has no coupon {coupon}"));
    }
    if let Some(form) = &poster.also.form
        && !shop.forms.iter().any(|known| known.id == *form)
    {
        return refuse("form", format!("the shop has no form {form}"));
    }
    if poster.also.tags.iter().any(|tag| !crate::meta::ids::is_key_part(tag)) {
        return refuse("tags", "tags have 1 to 64 of the characters A-Z a-z 0-9 _ -".to_owned());
    }
    if let Some(lang) = poster.language.as_ref().filter(|lang| !shop.languages.contains(lang)) {
        return refuse("language", format!("the shop does not speak {}", lang.0));
    }
    if poster.image.as_ref().is_some_and(|image| !image.starts_with("https://")) {
        return refuse("image", "an address has to begin with https://".to_owned());
    }
    if let (Some(from), Some(until)) = (poster.from, poster.until)
        && until < from
    {
        return refuse("until", format!("it begins later, on {from}"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{native::Sqlite, schema};

    const NOW: UnixMs = UnixMs::new(1_795_000_000_000);

    fn shop() -> Shop {
        let source = "[shop]\nname = \"A\"\nlanguages = [\"en\"]\ntime_zone = \"UTC\"\n\
             [[page]]\nid = \"1\"\nusername = \"a\"\n\
             [privacy]\ncontroller = \"A\"\ncontact = \"a@a.example\"\nlegal_basis = \"consent\"\n\
             keep_receipts_months = 12\n\
             [[topic]]\nid = \"news\"\ntitle.en = \"News\"\npromise = \"weekly\"\n\
             [[poster]]\ncode = \"DOOR\"\ntopic = \"news\"\nplace = \"door\"\n";
        let compiled = crate::shop::source::compile(source);
        assert!(!compiled.has_errors(), "{:?}", compiled.diagnostics);
        compiled.shops.into_iter().next().unwrap().seal(None)
    }

    fn code(text: &str) -> PosterCode {
        PosterCode::new(text).unwrap()
    }

    fn fields(value: Value) -> Map<String, Value> {
        value.as_object().unwrap().clone()
    }

    /// The registrar, and what KV holds.
    struct Ground {
        sql: Sqlite,
        plain: Shop,
    }

    impl Ground {
        fn new() -> Self {
            let sql = Sqlite::in_memory().unwrap();
            schema::migrate(&sql).unwrap();
            Self { sql, plain: shop() }
        }

        fn order(&self, order: Order) -> Result<Value, Refusal> {
            let mut shop = self.plain.clone();
            let replaced = shop.put_up(made_posters::all(&self.sql).unwrap());
            carry_out(&self.sql, &shop, &replaced, order, NOW).unwrap()
        }

        fn kv(&self, key: &str) -> Option<Value> {
            let owed = kv_queue::due(&self.sql, NOW, 100).unwrap();
            let one = owed.into_iter().find(|owed| owed.key == key)?;
            serde_json::from_str(one.value.as_deref()?).ok()
        }
    }

    #[test]
    fn a_new_poster_is_told_to_the_door_and_to_the_desks() {
        let ground = Ground::new();
        let new = Order::New {
            code: code("7KPN-R2X4"),
            fields: fields(
                json!({"place": "bus", "topic": "news", "tags": ["bus"], "until": "2026-12-31"}),
            ),
        };
        let made = ground.order(new.clone()).unwrap();
        assert_eq!(made["poster"]["place"], "bus");
        let door = ground.kv("aimed:7KPN-R2X4").unwrap();
        assert_eq!((&door["page"], &door["until"]), (&json!("1"), &json!("2026-12-31")));
        let desks = ground.kv("posters:1").unwrap();
        assert_eq!(desks["posters"][0]["also"]["tags"], json!(["bus"]));
        let read: PostersValue = serde_json::from_value(desks).unwrap();
        assert_eq!(read.posters.len(), 1);
        assert_eq!(ground.order(new), Err(Refusal::Taken(code("7KPN-R2X4"))));
    }

    #[test]
    fn a_printed_poster_is_aimed_revoked_and_given_back_to_the_file() {
        let ground = Ground::new();
        let aim = |value| ground.order(Order::Aim { code: code("DOOR"), fields: fields(value) });
        let aimed = aim(json!({"topic": null, "keyword": "ICE"})).unwrap();
        assert_eq!(aimed["poster"].get("topic"), Some(&Value::Null));
        assert_eq!(aimed["poster"]["place"], "door", "what is not said stays");
        aim(json!({"revoked": true})).unwrap();
        let door = ground.kv("aimed:DOOR").unwrap();
        assert_eq!(door["revoked"], true);
        let list = ground.order(Order::List).unwrap();
        assert_eq!(list.as_array().unwrap().len(), 1);
        assert_eq!(
            (&list[0]["from"], &list[0]["poster"]["keyword"]),
            (&json!("aimed"), &json!("ICE"))
        );
        let forget = || ground.order(Order::Forget { code: code("DOOR") });
        assert_eq!(forget().unwrap()["in_shop_toml"], true);
        assert_eq!(ground.kv("aimed:DOOR"), None);
        assert_eq!(ground.kv("posters:1").unwrap()["posters"], json!([]));
        assert_eq!(ground.order(Order::List).unwrap()[0]["from"], "shop.toml");
        assert_eq!(
            ground.order(Order::Forget { code: code("NOPE") }),
            Err(Refusal::Unknown(code("NOPE")))
        );
    }

    #[test]
    fn a_forgotten_code_that_no_file_has_stays_revoked() {
        let ground = Ground::new();
        let code = code("7KPN-R2X4");
        ground.order(Order::New { code: code.clone(), fields: Map::new() }).unwrap();
        ground.order(Order::Forget { code: code.clone() }).unwrap();
        assert_eq!(ground.kv("aimed:7KPN-R2X4").unwrap()["revoked"], true);
        assert!(made_posters::all(&ground.sql).unwrap().is_empty());
    }

    #[test]
    fn what_does_not_fit_the_shop_is_refused_by_its_name() {
        let ground = Ground::new();
        for (value, field) in [
            (json!({"topic": "sales"}), "topic"),
            (json!({"faq": "hours"}), "faq"),
            (json!({"form": "order"}), "form"),
            (json!({"text": {"lt": "Labas"}}), "text"),
            (json!({"text": {"en": ""}}), "text"),
            (json!({"text": {"en": "x".repeat(3_000)}}), "text"),
            (json!({"coupon": "soup"}), "coupon"),
            (json!({"language": "lt"}), "language"),
            (json!({"place": "a\nb"}), "place"),
            (json!({"keyword": " "}), "keyword"),
            (json!({"image": "http://a.example/x.png"}), "image"),
            (json!({"from": "2026-12-02", "until": "2026-12-01"}), "until"),
            (json!({"from": "soon"}), "from"),
            (json!({"revoked": "yes"}), "revoked"),
            (json!({"tags": ["a b"]}), "tags"),
            (json!({"platform": "telegram"}), "platform"),
        ] {
            let refused = ground.order(Order::Aim { code: code("DOOR"), fields: fields(value) });
            let Err(Refusal::Value { field: named, .. }) = &refused else { panic!("{refused:?}") };
            assert_eq!(named, field);
        }
        let colour = fields(json!({"colour": "red"}));
        let refused = ground.order(Order::Aim { code: code("DOOR"), fields: colour });
        assert_eq!(refused, Err(Refusal::Field("colour".into())));
        assert!(ground.kv("aimed:DOOR").is_none(), "nothing was written");
    }
}
