//! Which language to answer in.

use whatlang::{Detector, Lang as Detected};

use crate::faq::Said;
use crate::shop::lang::language;
use crate::shop::model::{Lang, Shop};

/// How sure the detector must be before a message changes the language of a conversation.
/// Below this, short messages ("ok", "wifi?") would flip it.
const SURE: f64 = 0.5;

/// Letters a message must have before statistics mean anything.
const ENOUGH_LETTERS: usize = 12;

/// The shop's language a message is written in, when the message itself says so.
#[must_use]
pub fn spoken_in(shop: &Shop, text: &str) -> Option<Lang> {
    if let Some(lang) = by_phrase(shop, text) {
        return Some(lang);
    }
    let known: Vec<(Detected, &Lang)> =
        shop.languages.iter().filter_map(|lang| Some((detected(lang)?, lang))).collect();
    // Han characters settle it by themselves: a Latin-script language has none.
    if text.chars().any(is_han) {
        return known.iter().find(|(d, _)| *d == Detected::Cmn).map(|(_, lang)| (*lang).clone());
    }
    if text.chars().filter(|c| c.is_alphabetic()).count() < ENOUGH_LETTERS {
        return None;
    }
    let latin: Vec<Detected> =
        known.iter().map(|(d, _)| *d).filter(|d| *d != Detected::Cmn).collect();
    let info = Detector::with_allowlist(latin).detect(text)?;
    let sure = info.confidence() >= SURE;
    known.iter().find(|(d, _)| sure && *d == info.lang()).map(|(_, lang)| (*lang).clone())
}

/// The one language of the shop in which the whole message is a greeting, thanks or a command:
/// these are too short for statistics.
fn by_phrase(shop: &Shop, text: &str) -> Option<Lang> {
    let said = Said::new(text);
    let knows = |lang: &&Lang| {
        let words = language(lang);
        [words.greetings, words.thanks, words.stop, words.human, words.delete]
            .into_iter()
            .flatten()
            .any(|phrase| said.says(phrase))
    };
    let mut speakers = shop.languages.iter().filter(knows);
    let first = speakers.next()?;
    speakers.next().is_none().then(|| first.clone())
}

fn is_han(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{2FA1F}')
}

/// The detector's name of a language tag, by its primary subtag.
fn detected(lang: &Lang) -> Option<Detected> {
    Some(match lang.0.split('-').next().unwrap_or_default() {
        "lt" => Detected::Lit,
        "en" => Detected::Eng,
        "pt" => Detected::Por,
        "zh" => Detected::Cmn,
        "es" => Detected::Spa,
        "de" => Detected::Deu,
        "fr" => Detected::Fra,
        "pl" => Detected::Pol,
        "it" => Detected::Ita,
        "lv" => Detected::Lav,
        "et" => Detected::Est,
        "ru" => Detected::Rus,
        "uk" => Detected::Ukr,
        "ja" => Detected::Jpn,
        "ko" => Detected::Kor,
        "nl" => Detected::Nld,
        "sv" => Detected::Swe,
        "tr" => Detected::Tur,
        "vi" => Detected::Vie,
        _ => return None,
    })
}
