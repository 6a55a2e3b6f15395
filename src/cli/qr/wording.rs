//! What is printed around a code, in each language.

use crate::shop::lang::language;
use crate::shop::model::{Lang, Localized, Platform, Poster, Shop};

/// What stands on one print.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wording {
    /// The shop's name.
    pub name: String,
    /// The branch, where there are several Pages.
    pub branch: Option<String>,
    /// The language the name is set in.
    pub lang: Lang,
    /// The poster's code, for people.
    pub code: String,
    /// One for each language, the most important first. Never empty.
    pub spoken: Vec<Spoken>,
}

/// The words of one language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spoken {
    /// Which.
    pub lang: Lang,
    /// What to do, or what the owner wrote.
    pub headline: String,
    /// What one gets.
    pub detail: Option<String>,
    /// What to do without a camera.
    pub or_write: String,
}

impl Wording {
    /// What is printed for a poster: in the language it speaks, or in every one of the shop's;
    /// in `only` these, if any are asked for.
    #[must_use]
    pub fn of(shop: &Shop, poster: &Poster, only: &[Lang]) -> Self {
        let own: &[Lang] = poster.language.as_slice();
        let spoken = [only, own, &shop.languages].into_iter().find(|langs| !langs.is_empty());
        let spoken: Vec<Spoken> =
            spoken.unwrap_or_default().iter().map(|lang| Spoken::of(shop, poster, lang)).collect();
        Self {
            name: shop.name.clone(),
            branch: shop.page.branch.clone(),
            lang: shop.languages.first().cloned().unwrap_or_else(|| Lang("en".to_owned())),
            code: poster.code.to_string(),
            spoken,
        }
    }
}

impl Spoken {
    fn of(shop: &Shop, poster: &Poster, lang: &Lang) -> Self {
        let said = |text: &Localized| text.speak(lang).map(one_line);
        let words = &language(lang).print;
        let caption = said(&poster.caption);
        let detail = || {
            let topic = poster.topic.as_ref();
            let topic = topic.and_then(|id| shop.topics.iter().find(|topic| topic.id == *id));
            let faq = poster.faq.as_ref();
            let faq = faq.and_then(|id| shop.faq.iter().find(|entry| entry.id == *id));
            topic.and_then(|topic| said(&topic.title)).or_else(|| said(&faq?.title))
        };
        // Whoever types the code arrives, too, and a word is easier to type.
        let keyword = poster.keyword.as_deref().unwrap_or(poster.code.as_str());
        let link = link(shop, poster);
        let or_write = words.or_write.replace("{link}", &link).replace("{keyword}", keyword);
        Self {
            lang: lang.clone(),
            // Their own words say it all; ours leave open what one gets.
            detail: if caption.is_some() { None } else { detail() },
            headline: caption.unwrap_or_else(|| words.scan.to_owned()),
            or_write,
        }
    }
}

/// What people type to come to the conversation without a camera.
fn link(shop: &Shop, poster: &Poster) -> String {
    let instagram = shop.page.instagram_username.as_ref();
    match instagram.filter(|_| poster.platform == Some(Platform::Instagram)) {
        Some(name) => format!("ig.me/m/{name}"),
        None => format!("m.me/{}", shop.page.username),
    }
}

/// Line breaks are for the layout to choose.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shop::source::compile;

    fn wording(poster: &str, only: &[&str]) -> Wording {
        let source = format!(
            "[shop]\nname = \"Kavinė\"\nlanguages = [\"lt\", \"en\"]\ntime_zone = \"Europe/Vilnius\"\n\
             country = \"LT\"\n[[page]]\nid = \"1\"\nusername = \"kavine.vilnius\"\n\
             [privacy]\ncontroller = \"Kavinė\"\ncontact = \"info\"\nlegal_basis = \"consent\"\n\
             keep_receipts_months = 12\n\
             [[topic]]\nid = \"lunch\"\ntitle.lt = \"Dienos  pietūs\"\ntitle.en = \"Daily lunch\"\n\
             promise = \"daily\"\n[[poster]]\ncode = \"DOOR\"\n{poster}"
        );
        let compiled = compile(&source);
        assert!(!compiled.has_errors(), "{:?}", compiled.diagnostics);
        let only: Vec<Lang> = only.iter().map(|tag| Lang((*tag).to_owned())).collect();
        let shop = &compiled.shops[0];
        Wording::of(shop, &shop.posters[0], &only)
    }

    fn headlines(wording: &Wording) -> Vec<&str> {
        wording.spoken.iter().map(|spoken| spoken.headline.as_str()).collect()
    }

    #[test]
    fn a_poster_speaks_every_language_of_the_shop_or_only_its_own_or_those_asked_for() {
        let both = wording("", &[]);
        assert_eq!(headlines(&both), ["Nuskenuokite ir parašykite mums", "Scan and write to us"]);
        assert_eq!(headlines(&wording("language = \"en\"", &[])), ["Scan and write to us"]);
        assert_eq!(
            headlines(&wording("", &["ru", "it"])),
            ["Наведите камеру и напишите нам", "Scan and write to us"]
        );
        assert_eq!((both.name.as_str(), both.code.as_str()), ("Kavinė", "DOOR"));
    }

    #[test]
    fn without_a_camera_people_write_the_keyword_or_else_the_code() {
        let says = |poster: &str| wording(poster, &["en"]).spoken[0].or_write.clone();
        assert_eq!(says(""), "Or open m.me/kavine.vilnius and write “DOOR”");
        assert_eq!(says("keyword = \"soup\""), "Or open m.me/kavine.vilnius and write “soup”");
    }

    #[test]
    fn what_one_gets_stands_below_unless_the_owner_wrote_a_caption() {
        let topic = wording("topic = \"lunch\"", &[]);
        let details: Vec<_> = topic.spoken.iter().map(|s| s.detail.as_deref()).collect();
        assert_eq!(details, [Some("Dienos pietūs"), Some("Daily lunch")]);
        let own = wording("topic = \"lunch\"\ncaption.lt = \"Pietūs į telefoną\"", &[]);
        assert_eq!(own.spoken[0].headline, "Pietūs į telefoną");
        assert_eq!(own.spoken[0].detail, None);
        assert_eq!(own.spoken[1].headline, "Scan and write to us");
        assert_eq!(own.spoken[1].detail.as_deref(), Some("Daily lunch"));
    }
}
