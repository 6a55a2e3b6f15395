//! What `GET /privacy` shows: the shop's privacy notice in the visitor's language, from the data
//! map and from what the shop really uses. Complete HTML without scripts or anything from
//! elsewhere.

mod words;

use std::fmt::Write as _;

use self::words::{WORDS, Words, words};
use super::pages::{STYLE, escaped};
use crate::kept::{Line, Until};
use crate::shop::lang::{Language, language};
use crate::shop::model::{Lang, Shop};

/// Where Meta and Cloudflare say what they keep by themselves.
const META_POLICY: &str = "https://www.facebook.com/privacy/policy/";
const CLOUDFLARE_POLICY: &str = "https://www.cloudflare.com/privacypolicy/";

/// Beside the style of the other pages: this one is read, not glanced at.
const MORE_STYLE: &str = "\
main{max-width:44rem}ul{padding-left:1.2em;margin:.3em 0}li{margin:.6em 0}\
nav{margin-top:1.6em}nav a{display:inline-block;padding:.3em .6em .3em 0;color:var(--go)}\
a{color:var(--go)}";

/// A Page of the deployment, as the notice links to it.
#[derive(Clone, Debug)]
pub struct Branch {
    /// Its id.
    pub id: String,
    /// What it is called.
    pub name: String,
}

/// The languages of the notice: all that the assistant speaks, the shop's own first, which is for
/// those who name none of them.
#[must_use]
pub fn languages(shop: Option<&Shop>) -> Vec<Lang> {
    let own = shop.map(|shop| words(shop.default_lang()).tag);
    let mut tags: Vec<&str> = WORDS.iter().map(|words| words.tag).collect();
    tags.sort_by_key(|tag| Some(*tag) != own);
    tags.into_iter().map(|tag| Lang(tag.to_owned())).collect()
}

/// The notice of a shop. `kept` is what it keeps of people; `branches` are all Pages of the
/// deployment.
#[must_use]
pub fn notice(shop: &Shop, kept: &[Line], branches: &[Branch], lang: &Lang) -> String {
    let words = words(lang);
    let mut body = format!("<h1>{}</h1>", escaped(words.title));
    let name = match &shop.page.branch {
        Some(branch) => format!("{}, {branch}", shop.name),
        None => shop.name.clone(),
    };
    paragraph(
        &mut body,
        &fill(words.intro, &[("shop", &name), ("channels", &channels(shop, words))]),
    );
    responsible(&mut body, shop, words);
    heading(&mut body, words.kept);
    paragraph(&mut body, words.no_history);
    body.push_str("<ul>");
    for line in kept {
        let Some(says) = words.kinds.of(line.kind) else { continue };
        let _ = write!(
            body,
            "<li>{}<br><span class=\"dim\">{}: {}</span></li>",
            escaped(says),
            escaped(words.how_long),
            escaped(&how_long(shop, words, line.until)),
        );
    }
    body.push_str("</ul>");
    choices(&mut body, shop, words, lang);
    others(&mut body, shop, words);
    if branches.len() > 1 {
        let _ = write!(body, "<nav aria-label=\"{0}\"><h2>{0}</h2>", escaped(words.pages));
        for branch in branches {
            let here =
                if branch.id == shop.page.id.as_str() { " aria-current=\"page\"" } else { "" };
            let _ = write!(
                body,
                "<a href=\"/privacy?page={}&amp;lang={}\"{here}>{}</a> ",
                escaped(&branch.id),
                words.tag,
                escaped(&branch.name),
            );
        }
        body.push_str("</nav>");
    }
    let page = (branches.len() > 1).then_some(shop.page.id.as_str());
    tongues(&mut body, words, page);
    html(words, &format!("{}: {}", words.title, shop.name), &body)
}

/// The page of a deployment without a shop, or while nobody can say which.
#[must_use]
pub fn plain(lang: &Lang) -> String {
    let words = words(lang);
    let mut body = format!("<h1>{}</h1>", escaped(words.title));
    paragraph(&mut body, words.no_shop);
    tongues(&mut body, words, None);
    html(words, words.title, &body)
}

/// What the people of a language write to end notifications, to reach a person and to be
/// forgotten. In a language that the shop does not speak, nobody would understand its words:
/// English is always understood.
#[must_use]
pub fn commands(shop: &Shop, lang: &Lang) -> [String; 3] {
    let spoken = shop.languages.iter().find(|spoken| language(spoken).code == language(lang).code);
    let english = Lang("en".to_owned());
    let language: &Language = language(spoken.unwrap_or(&english));
    let word = |phrases: &[&str]| phrases.first().copied().unwrap_or_default().to_uppercase();
    [word(&language.stop), word(&language.human), word(&language.delete)]
}

/// What is kept and how long, in English, as the notice says it.
#[must_use]
pub fn in_english(shop: &Shop, kept: &[Line]) -> Vec<(&'static str, String)> {
    let [english, ..] = &WORDS;
    let told =
        |line: &Line| Some((english.kinds.of(line.kind)?, how_long(shop, english, line.until)));
    kept.iter().filter_map(told).collect()
}

fn channels(shop: &Shop, words: &Words) -> String {
    let instagram = shop.assistant.instagram && shop.page.instagram_id.is_some();
    match (shop.assistant.messenger, instagram) {
        (true, true) => format!("Messenger {} Instagram", words.and).replace(" 、 ", "、"),
        (false, true) => "Instagram".to_owned(),
        (_, false) => "Messenger".to_owned(),
    }
}

fn responsible(body: &mut String, shop: &Shop, words: &Words) {
    let contact = &shop.contact;
    let ways = [&contact.email, &contact.phone, &contact.form, &contact.site];
    let way = ways.into_iter().find_map(Option::as_deref);
    let (controller, contact) = match &shop.privacy {
        Some(privacy) => (privacy.controller.as_str(), Some(privacy.contact.as_str())),
        None => (shop.name.as_str(), way),
    };
    paragraph(body, &fill(words.controller, &[("controller", controller)]).replace("..", "."));
    if let Some(contact) = contact {
        let (before, after) = words.contact.split_once("{contact}").unwrap_or((words.contact, ""));
        let is_mail = contact.contains('@') && !contact.contains(char::is_whitespace);
        let contact = escaped(contact);
        let contact =
            if is_mail { format!("<a href=\"mailto:{contact}\">{contact}</a>") } else { contact };
        let _ = write!(body, "<p>{}{contact}{}</p>", escaped(before), escaped(after));
    }
}

fn how_long(shop: &Shop, words: &Words, until: Until) -> String {
    let counted = |n: u16, [one, many]: [&str; 2]| match n {
        1 => one.to_owned(),
        n => fill(many, &[("n", &n.to_string())]),
    };
    match until {
        Until::Days(days) => counted(days, words.days),
        Until::MissesDays => {
            counted(shop.assistant.keep_misses_days.unwrap_or_default(), words.days)
        }
        Until::ReceiptsMonths => {
            let months = shop.privacy.as_ref().map_or(0, |privacy| privacy.keep_receipts_months);
            counted(months, words.receipts)
        }
        Until::Done => words.done.to_owned(),
        Until::Forgotten | Until::Replaced => words.forgotten.to_owned(),
        Until::Always => words.always.to_owned(),
    }
}

fn choices(body: &mut String, shop: &Shop, words: &Words, lang: &Lang) {
    heading(body, words.choices);
    let [stop, human, delete] = commands(shop, lang);
    body.push_str("<ul>");
    for (says, word) in [(words.stop, stop), (words.human, human), (words.delete, delete)] {
        let word = format!("<strong>{}</strong>", escaped(&word));
        let _ = write!(body, "<li>{}</li>", escaped(says).replace("{word}", &word));
    }
    let _ = write!(body, "<li>{}</li></ul>", escaped(words.ask));
    let basis = shop.privacy.as_ref().filter(|_| !shop.topics.is_empty());
    if let Some(privacy) = basis {
        let [consent, contract, interest] = words.bases;
        let basis = match privacy.legal_basis.as_str() {
            "contract" => contract,
            "legitimate-interest" => interest,
            _ => consent,
        };
        paragraph(body, &format!("{} {basis}.", words.basis).replace("。.", "。"));
    }
}

fn others(body: &mut String, shop: &Shop, words: &Words) {
    heading(body, words.others);
    body.push_str("<ul>");
    for (says, policy) in [(words.meta, META_POLICY), (words.cloudflare, CLOUDFLARE_POLICY)] {
        let _ = write!(
            body,
            "<li>{} <a href=\"{policy}\" rel=\"noopener noreferrer\">{}</a></li>",
            escaped(says),
            escaped(words.policy),
        );
    }
    let server =
        shop.handoff.webhook.is_some() || shop.agents.iter().any(|agent| agent.webhook.is_some());
    let ads = shop.marketing.is_some();
    for (_, says) in [(server, words.server), (ads, words.ads)].iter().filter(|(is, _)| *is) {
        let _ = write!(body, "<li>{}</li>", escaped(says));
    }
    body.push_str("</ul>");
    paragraph(body, words.nobody);
}

/// The same in every other language.
fn tongues(body: &mut String, words: &Words, page: Option<&str>) {
    let _ = write!(body, "<nav aria-label=\"{}\">", escaped(words.languages));
    let page = page.map_or(String::new(), |page| format!("&amp;page={}", escaped(page)));
    for other in &WORDS {
        let name = language(&Lang(other.tag.to_owned())).name;
        let here = if other.tag == words.tag { " aria-current=\"true\"" } else { "" };
        let _ = write!(
            body,
            "<a href=\"/privacy?lang={0}{page}\" lang=\"{0}\" hreflang=\"{0}\"{here}>{1}</a> ",
            other.tag,
            escaped(name),
        );
    }
    body.push_str("</nav>");
}

fn html(words: &Words, title: &str, body: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=\"{}\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
         <title>{}</title><style>{STYLE}{MORE_STYLE}</style></head>\
         <body><main>{body}</main></body></html>\n",
        words.tag,
        escaped(title),
    )
}

fn heading(body: &mut String, text: &str) {
    let _ = write!(body, "<h2>{}</h2>", escaped(text));
}

fn paragraph(body: &mut String, text: &str) {
    let _ = write!(body, "<p>{}</p>", escaped(text));
}

/// Fills in; what is filled in is not looked at again.
fn fill(template: &str, values: &[(&str, &str)]) -> String {
    let mut out = String::with_capacity(template.len());
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let (name, behind) = after.split_once('}').unwrap_or((after, ""));
        out.push_str(
            values.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value),
        );
        rest = behind;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::desk::data_map::kept_of_people;
    use crate::desk::words::{Command, command};
    use crate::kept::Kind;
    use crate::shop::lang;
    use crate::shop::source::compile;

    const CAFE: &str = include_str!("../../../examples/cafe/shop.toml");
    const PLAIN: &str = "[shop]\nname = \"A <b>& Co\"\nlanguages = [\"en\"]\ntime_zone = \"UTC\"\n\n\
                         [[page]]\nid = \"1\"\nusername = \"a.shop\"\n";

    fn shop(source: &str) -> Shop {
        let compiled = compile(source);
        assert!(!compiled.has_errors(), "{:?}", compiled.diagnostics);
        compiled.shops.into_iter().next().unwrap()
    }

    fn shown(shop: &Shop, tag: &str) -> String {
        notice(shop, &kept_of_people(shop), &[], &Lang(tag.to_owned()))
    }

    #[test]
    fn every_language_of_the_assistant_has_its_own_notice() {
        let cafe = shop(CAFE);
        let mut pages: Vec<String> = Vec::new();
        for language in lang::all() {
            let page = shown(&cafe, language.code);
            assert!(page.contains(&format!("<html lang=\"{}\">", language.code)));
            let (_, body) = page.split_once("</style>").unwrap();
            assert!(!page.contains("<script") && !body.contains('{'), "{body}");
            assert!(
                page.contains("MB Kavinė Beržas") && page.contains("mailto:labas@cafe.example")
            );
            assert!(!pages.contains(&page), "{}", language.code);
            pages.push(page);
        }
        assert_eq!(languages(None).len(), lang::all().len());
        assert_eq!(languages(Some(&cafe))[0].0, "lt", "the shop's own comes first");
    }

    #[test]
    fn no_variable_is_left_and_no_two_languages_say_the_same() {
        for words in &WORDS {
            let filled =
                [words.intro, words.controller, words.contact, words.days[1], words.receipts[1]];
            assert!(filled.iter().all(|text| text.contains('{')), "{}", words.tag);
            for says in [words.stop, words.human, words.delete] {
                assert_eq!(says.matches("{word}").count(), 1, "{}", words.tag);
            }
            for kind in Kind::ALL {
                let says = words.kinds.of(kind);
                assert_eq!(says.is_some(), kind.is_personal(), "{kind:?}");
                assert!(says.is_none_or(|says| says.len() > 20), "{} {kind:?}", words.tag);
                if let (Some(says), true) = (says, words.tag != "en") {
                    assert_ne!(WORDS[0].kinds.of(kind), Some(says), "{} {kind:?}", words.tag);
                }
            }
        }
        assert_eq!(fill("a {x} b {y}", &[("x", "{y}"), ("y", "1")]), "a {y} b 1");
    }

    /// Whatever the notice tells people to write, the assistant understands.
    #[test]
    fn the_words_of_the_notice_do_what_it_says() {
        let three = shop(CAFE);
        for language in lang::all() {
            let lang = Lang(language.code.to_owned());
            let alone = format!(
                "[shop]\nname = \"A\"\nlanguages = [\"{}\"]\ntime_zone = \"UTC\"\n\n\
                 [[page]]\nid = \"1\"\nusername = \"a.shop\"\n",
                language.code
            );
            for shop in [&three, &shop(&alone)] {
                let [stop, human, delete] = commands(shop, &lang);
                assert_eq!(command(shop, &stop), Some(Command::Stop), "{}: {stop}", language.code);
                assert_eq!(
                    command(shop, &human),
                    Some(Command::Human),
                    "{}: {human}",
                    language.code
                );
                assert_eq!(
                    command(shop, &delete),
                    Some(Command::Delete),
                    "{}: {delete}",
                    language.code
                );
                let page = shown(shop, language.code);
                for word in [stop, human, delete] {
                    assert!(page.contains(&format!("<strong>{word}</strong>")), "{word}");
                }
            }
        }
    }

    #[test]
    fn what_a_shop_does_not_use_is_not_told() {
        let words = &WORDS[0];
        let plain = shown(&shop(PLAIN), "en");
        let bookings = words.kinds.of(Kind::Bookings).unwrap();
        for unused in [bookings, words.basis, words.ads, words.server, "Instagram, an"] {
            assert!(!plain.contains(&escaped(unused)), "{unused}");
        }
        assert!(plain.contains("A &lt;b&gt;&amp; Co") && !plain.contains("<b>"));
        let misses = shop(&format!("{PLAIN}\n[assistant]\nkeep_misses_days = 45\n"));
        assert!(shown(&misses, "en").contains("45 days") && !plain.contains("45 days"));
        let cafe = shown(&shop(CAFE), "en");
        assert!(cafe.contains("your consent") && cafe.contains("24 months after"));
    }

    #[test]
    fn several_pages_are_linked_and_one_is_not() {
        let cafe = shop(CAFE);
        let branch = |id: &str, name: &str| Branch { id: id.to_owned(), name: name.to_owned() };
        let both = [branch(cafe.page.id.as_str(), "Old <Town>"), branch("2", "North")];
        let lang = Lang("en".to_owned());
        let page = notice(&cafe, &kept_of_people(&cafe), &both, &lang);
        assert!(page.contains("Old &lt;Town&gt;") && page.contains("/privacy?page=2&amp;lang=en"));
        let one = notice(&cafe, &kept_of_people(&cafe), &both[..1], &lang);
        assert!(!one.contains("/privacy?page="));
        assert!(super::plain(&lang).contains("No shop is published"));
    }
}
