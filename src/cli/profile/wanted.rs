//! What shop.toml asks for, in the bodies that the Messenger Profile API takes.

use serde_json::{Map, Value, json};

use crate::desk::mark;
use crate::desk::payload::{GET_STARTED, Payload};
use crate::meta::fit::shorten;
use crate::meta::limits;
use crate::shop::forms::Also;
use crate::shop::lang;
use crate::shop::model::{ButtonAction, Lang, LinkButton, Shop};
use crate::shop::text;

/// The fields that are kept in step, in the order they are shown.
pub const FIELDS: [&str; 5] =
    ["greeting", "get_started", "ice_breakers", "persistent_menu", "commands"];

/// Those that an Instagram account has: no Get Started, no greeting, no commands (Instagram
/// Messaging with a Page's token, 2026; from code that uses it, unconfirmed by Meta's pages).
pub const INSTAGRAM_FIELDS: [&str; 2] = ["ice_breakers", "persistent_menu"];

/// What each field of the Page's Instagram account should be; one that is not here should not be
/// set.
#[must_use]
pub fn instagram(shop: &Shop) -> Map<String, Value> {
    let mut fields = Map::new();
    let mut menu = menu(shop);
    for set in menu.as_array_mut().into_iter().flatten() {
        if let Some(set) = set.as_object_mut() {
            // Instagram's composer cannot be switched off.
            set.remove("composer_input_disabled");
        }
    }
    for (field, value) in INSTAGRAM_FIELDS.into_iter().zip([ice_breakers(shop), menu]) {
        if value != json!([]) {
            fields.insert(field.to_owned(), value);
        }
    }
    fields
}

/// What each field should be; one that is not here should not be set.
#[must_use]
pub fn profile(shop: &Shop) -> Map<String, Value> {
    let mut fields = Map::new();
    let mut put = |field: &str, value: Value| {
        if value != json!([]) {
            fields.insert(field.to_owned(), value);
        }
    };
    put("greeting", greeting(shop));
    if shop.profile.get_started {
        put("get_started", json!({ "payload": GET_STARTED }));
    }
    put("ice_breakers", ice_breakers(shop));
    // Meta takes no menu without Get Started.
    if shop.profile.get_started {
        put("persistent_menu", menu(shop));
    }
    put("commands", commands(shop));
    fields
}

/// Each language of the shop with the locale that Meta knows it by: the first is everybody's.
fn locales(shop: &Shop) -> Vec<(String, &Lang)> {
    let mut locales = vec![("default".to_owned(), shop.default_lang())];
    for lang in shop.languages.iter().skip(1) {
        let own = lang::find(lang).filter(|language| {
            Lang(language.code.to_owned()).same_tag(lang) || !lang.0.contains(['-', '_'])
        });
        match own {
            Some(language) => {
                locales.extend(language.locales.iter().map(|locale| ((*locale).to_owned(), lang)));
            }
            // A tag with a country is a locale already; without one nobody knows.
            None if lang.0.contains(['-', '_']) => locales.push((lang.0.replace('-', "_"), lang)),
            None => {}
        }
    }
    let mut seen = std::collections::BTreeSet::new();
    locales.retain(|(locale, _)| seen.insert(locale.clone()));
    locales
}

fn per_locale(shop: &Shop, make: impl Fn(&Lang) -> Option<Map<String, Value>>) -> Value {
    let sets = locales(shop).into_iter().filter_map(|(locale, lang)| {
        let mut set = make(lang)?;
        set.insert("locale".to_owned(), json!(locale));
        Some(Value::Object(set))
    });
    Value::Array(sets.collect())
}

fn object(pairs: &[(&str, Value)]) -> Map<String, Value> {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect()
}

fn greeting(shop: &Shop) -> Value {
    per_locale(shop, |lang| {
        let own = shop.profile.greeting.speak(lang);
        let template = own.unwrap_or_else(|| lang::language(lang).greeting);
        Some(object(&[("text", json!(greeting_text(shop, lang, template)))]))
    })
}

/// Meta fills in names itself, by its own variables. Where they make the text too long, or it is
/// too long by itself, it ends after its last whole sentence that fits.
fn greeting_text(shop: &Shop, lang: &Lang, template: &str) -> String {
    let listener = text::Listener {
        first_name: Some("{{user_first_name}}"),
        full_name: Some("{{user_full_name}}"),
        ..text::Listener::default()
    };
    // The moment changes nothing: `check` refuses variables that do.
    let said = text::say(shop, lang, template, &listener, crate::time::UnixMs::default());
    shorten(&said, limits::GREETING)
}

fn payload(action: &ButtonAction, also: &Also) -> Option<String> {
    Payload::of(action).map(|payload| mark::marked(&payload.to_string(), also))
}

fn ice_breakers(shop: &Shop) -> Value {
    per_locale(shop, |lang| {
        let questions: Vec<Value> = shop
            .profile
            .ice_breakers
            .iter()
            .filter_map(|ice| {
                let question = shop.pick(&ice.question, lang)?;
                Some(json!({ "question": question, "payload": payload(&ice.action, &ice.also)? }))
            })
            .take(limits::ICE_BREAKERS)
            .collect();
        (!questions.is_empty()).then(|| object(&[("call_to_actions", json!(questions))]))
    })
}

fn menu(shop: &Shop) -> Value {
    per_locale(shop, |lang| {
        let items: Vec<Value> = shop
            .profile
            .menu
            .iter()
            .filter_map(|item| menu_item(shop, lang, item))
            .take(limits::MENU_ITEMS)
            .collect();
        let set = [("composer_input_disabled", json!(false)), ("call_to_actions", json!(items))];
        (!items.is_empty()).then(|| object(&set))
    })
}

fn menu_item(shop: &Shop, lang: &Lang, item: &LinkButton) -> Option<Value> {
    let title = shop.pick(&item.title, lang)?;
    Some(match &item.action {
        ButtonAction::Url(url) => json!({ "type": "web_url", "title": title, "url": url }),
        action => {
            json!({ "type": "postback", "title": title, "payload": payload(action, &item.also)? })
        }
    })
}

fn commands(shop: &Shop) -> Value {
    per_locale(shop, |lang| {
        let commands: Vec<Value> = shop
            .profile
            .commands
            .iter()
            .filter_map(|command| {
                let description = shop.pick(&command.description, lang)?;
                Some(json!({ "name": command.name, "description": description }))
            })
            .take(limits::COMMANDS)
            .collect();
        (!commands.is_empty()).then(|| object(&[("commands", json!(commands))]))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(more: &str) -> Map<String, Value> {
        let source = format!(
            "[shop]\nname = \"Corner\"\nlanguages = [\"lt\", \"en\", \"zh-TW\"]\ntime_zone = \"UTC\"\n\
             [[page]]\nid = \"1\"\nusername = \"a\"\n\
             [[faq]]\nid = \"hours\"\ntitle.lt = \"Laikas\"\ntitle.en = \"Hours\"\n\
             ask.lt = [\"kada dirbate\"]\nask.en = [\"when are you open\"]\nanswer.lt = \"8\"\n\
             [assistant]\nmenu = [\"hours\"]\n{more}"
        );
        let compiled = crate::shop::source::compile(&source);
        assert!(!compiled.has_errors(), "{:?}", compiled.diagnostics);
        profile(&compiled.shops[0])
    }

    #[test]
    fn what_the_owner_did_not_write_is_made_of_the_menu() {
        let fields = wanted("");
        assert_eq!(fields["get_started"], json!({ "payload": GET_STARTED }));
        assert_eq!(fields["greeting"][0]["locale"], "default");
        let greeting = fields["greeting"][0]["text"].as_str().unwrap();
        assert!(greeting.contains("{{user_first_name}}") && greeting.contains("Corner"));
        let locales: Vec<&str> = fields["greeting"]
            .as_array()
            .unwrap()
            .iter()
            .map(|set| set["locale"].as_str().unwrap())
            .collect();
        assert_eq!(locales, ["default", "en_US", "en_GB", "zh_TW", "zh_HK"]);
        let menu = &fields["persistent_menu"][1]["call_to_actions"];
        assert_eq!(
            menu[0],
            json!({"type": "postback", "title": "Hours", "payload": "sb:faq:hours"})
        );
        assert_eq!(menu[1]["payload"], "sb:human");
        let ice = &fields["ice_breakers"][1]["call_to_actions"][0];
        assert_eq!(*ice, json!({"question": "when are you open", "payload": "sb:faq:hours"}));
        assert_eq!(fields["commands"][0]["commands"][0]["name"], "hours");
    }

    #[test]
    fn an_instagram_account_has_questions_and_a_menu_and_nothing_else() {
        let source = "[shop]\nname = \"A\"\nlanguages = [\"en\"]\ntime_zone = \"UTC\"\n\
             [[page]]\nid = \"1\"\nusername = \"a\"\ninstagram_id = \"2\"\n\
             [[faq]]\nid = \"hours\"\ntitle.en = \"Hours\"\nask.en = [\"when\"]\n\
             answer.en = \"8\"\n[assistant]\nmenu = [\"hours\"]\n[profile]\nget_started = false\n";
        let compiled = crate::shop::source::compile(source);
        assert!(!compiled.has_errors(), "{:?}", compiled.diagnostics);
        let fields = instagram(&compiled.shops[0]);
        assert_eq!(fields.keys().collect::<Vec<_>>(), ["ice_breakers", "persistent_menu"]);
        let menu = &fields["persistent_menu"][0];
        assert!(menu.get("composer_input_disabled").is_none());
        assert_eq!(menu["call_to_actions"][0]["payload"], "sb:faq:hours");
    }

    #[test]
    fn a_shop_with_posters_has_no_ice_breakers_and_an_empty_list_is_none() {
        let fields = wanted("[[poster]]\ncode = \"DOOR\"\n[profile]\nmenu = []\ncommand = []\n");
        for gone in ["ice_breakers", "persistent_menu", "commands"] {
            assert!(!fields.contains_key(gone), "{gone}");
        }
        assert!(fields.contains_key("get_started"));
        let off = wanted("[profile]\nget_started = false\n");
        assert!(!off.contains_key("get_started") && !off.contains_key("persistent_menu"));
    }
}
