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
        let chinese: Vec<&Lang> =
            known.iter().filter(|(d, _)| *d == Detected::Cmn).map(|(_, lang)| *lang).collect();
        return written_as(text, &chinese).cloned();
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

/// Of several ways to write Chinese, the one with characters that only it has; the shop's first
/// where nothing tells them apart.
fn written_as<'l>(text: &str, chinese: &[&'l Lang]) -> Option<&'l Lang> {
    let newer = text.chars().filter(|c| ONLY_NEWER.contains(*c)).count();
    let older = text.chars().filter(|c| ONLY_OLDER.contains(*c)).count();
    let code = match newer.cmp(&older) {
        std::cmp::Ordering::Greater => "zh-CN",
        std::cmp::Ordering::Less => "zh-TW",
        std::cmp::Ordering::Equal => return chinese.first().copied(),
    };
    let found = chinese.iter().find(|lang| language(lang).code == code);
    found.or(chinese.first()).copied()
}

/// Everyday characters in the form of the mainland, and the same in the older form.
const ONLY_NEWER: &str = "们这个吗时间开关门营业钱买卖电话谢请问订阅还没见说对给过么样现发后会来东车长书单价优预约几点号";
const ONLY_OLDER: &str = "們這個嗎時間開關門營業錢買賣電話謝請問訂閱還沒見說對給過麼樣現發後會來東車長書單價優預約幾點號";

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

#[cfg(test)]
mod tests {
    use super::*;

    fn spoken(languages: &str, text: &str) -> Option<String> {
        let source = format!(
            "[shop]\nname = \"A\"\nlanguages = {languages}\ntime_zone = \"UTC\"\n\
             [[page]]\nid = \"1\"\nusername = \"a\"\n"
        );
        let compiled = crate::shop::source::compile(&source);
        spoken_in(&compiled.shops[0], text).map(|lang| lang.0)
    }

    #[test]
    fn chinese_is_answered_as_it_is_written() {
        let both = "[\"en\", \"zh-TW\", \"zh-CN\"]";
        for (text, expected) in
            [("你们几点开门", "zh-CN"), ("你們幾點開門", "zh-TW"), ("早", "zh-TW")]
        {
            assert_eq!(spoken(both, text).as_deref(), Some(expected), "{text}");
        }
        assert_eq!(spoken("[\"en\", \"zh-TW\"]", "你们几点开门").as_deref(), Some("zh-TW"));
        assert_eq!(spoken("[\"en\"]", "你们几点开门"), None);
    }

    #[test]
    fn both_forms_have_the_same_characters_and_share_none() {
        assert_eq!(ONLY_NEWER.chars().count(), ONLY_OLDER.chars().count());
        assert!(ONLY_NEWER.chars().all(|c| !ONLY_OLDER.contains(c)));
    }
}
