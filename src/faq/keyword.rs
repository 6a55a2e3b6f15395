//! Words that ask for an entry by themselves.

use super::normalise::{folded, is_cjk, normalise};
use crate::shop::model::{FaqEntry, Lang};

/// A keyword that stands in a message.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct KeywordSaid<'a> {
    /// The entry it asks for.
    pub entry: &'a FaqEntry,
    /// Its language.
    pub lang: &'a Lang,
    /// As the owner wrote it.
    pub keyword: &'a str,
}

/// The entry whose keyword stands in `text`, and the language of that keyword, in the way of
/// [`keyword_said`].
#[must_use]
pub fn keyword<'a>(entries: &'a [FaqEntry], text: &str) -> Option<(&'a FaqEntry, &'a Lang)> {
    keyword_said(entries, text).map(|said| (said.entry, said.lang))
}

/// The keyword that decides what `text` asks for.
///
/// A keyword counts when it stands there as whole words, whatever the case and the diacritics; a
/// keyword with Chinese, Japanese or Korean characters counts anywhere. The longest keyword wins,
/// then the entry that comes first; of one entry's equals the first by language, then by order.
#[must_use]
pub fn keyword_said<'a>(entries: &'a [FaqEntry], text: &str) -> Option<KeywordSaid<'a>> {
    let text = normalise(text);
    if text.is_empty() {
        return None;
    }
    let padded = format!(" {text} ");
    let joined: String = text.chars().filter(|c| *c != ' ').collect();

    // Most keywords begin with letters that follow each other nowhere here, and need no more
    // folding.
    let may_be_here = |keyword: &str| {
        let beginning: String = folded(keyword).filter(|c| *c != ' ').take(3).collect();
        joined.contains(&beginning)
    };

    let mut best: Option<(usize, KeywordSaid<'a>)> = None;
    for entry in entries {
        for (lang, keywords) in &entry.keywords {
            for written in keywords.iter().filter(|keyword| may_be_here(keyword)) {
                let keyword = normalise(written);
                let length = keyword.chars().count();
                if length == 0 || best.is_some_and(|(longest, ..)| length <= longest) {
                    continue;
                }
                let said = if keyword.chars().any(is_cjk) {
                    joined.contains(&keyword.replace(' ', ""))
                } else {
                    padded.contains(&format!(" {keyword} "))
                };
                if said {
                    best = Some((length, KeywordSaid { entry, lang, keyword: written }));
                }
            }
        }
    }
    best.map(|(_, said)| said)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::meta::ids::FaqId;
    use crate::shop::model::Localized;
    use std::collections::BTreeMap;

    fn entry(id: &str, lang: &str, keywords: &[&str]) -> FaqEntry {
        FaqEntry {
            id: FaqId::new(id).unwrap(),
            ask: BTreeMap::new(),
            keywords: BTreeMap::from([(
                Lang(lang.into()),
                keywords.iter().map(ToString::to_string).collect(),
            )]),
            title: Localized::default(),
            answer: Localized::default(),
            image: None,
            buttons: Vec::new(),
            cards: Vec::new(),
            quick_replies: Vec::new(),
            also: Default::default(),
        }
    }

    #[test]
    fn keywords_are_whole_words_except_in_cjk() {
        let entries = [
            entry("menu", "lt", &["meniu", "pietų meniu"]),
            entry("lunch", "lt", &["pietūs", "dienos pietų meniu"]),
            entry("hours", "zh-TW", &["營業時間"]),
            entry("pay", "zh-TW", &["Line Pay 付款"]),
            entry("wifi", "en", &["Wi-Fi"]),
            entry("blank", "en", &["", "!!"]),
        ];
        for (text, expected) in [
            ("MENIU", Some("menu")),
            ("atsiųskit meniu, prašau", Some("menu")),
            ("pietus", Some("lunch")),
            ("kur dienos pietu meniu?", Some("lunch")),
            ("请问營業時間？", Some("hours")),
            ("營業 時間", Some("hours")),
            ("可以用line pay付款嗎", Some("pay")),
            ("MENIU!!!", Some("menu")),
            ("meniuuuu", None),
            ("wi fi", Some("wifi")),
            ("turit wi-fi?", Some("wifi")),
            ("wifi", None),
            ("don't have the menu", None),
            ("meniukas", None),
            ("dienos", None),
            ("!!", None),
            ("", None),
        ] {
            let found = keyword(&entries, text).map(|(e, _)| e.id.as_str());
            assert_eq!(found, expected, "{text:?}");
        }
        assert_eq!(keyword(&entries, "營業時間").map(|(_, l)| l.0.as_str()), Some("zh-TW"));
    }

    #[test]
    fn the_longest_keyword_wins_and_among_equals_the_first_entry() {
        let mut shop = vec![
            entry("first", "en", &["red cake", "tea"]),
            entry("second", "lt", &["blue tea", "cake"]),
            entry("third", "en", &["green tea and cake"]),
        ];
        let wins = |shop: &[FaqEntry], text: &str| {
            keyword_said(shop, text).map(|said| format!("{} {}", said.entry.id, said.keyword))
        };
        for (text, expected) in [
            ("cake, tea", "second cake"),
            ("blue tea or red cake?", "first red cake"),
            ("red cake or blue tea?", "first red cake"),
            ("Green  TEA, and cake", "third green tea and cake"),
            ("green tea and no cake", "second cake"),
        ] {
            assert_eq!(wins(&shop, text).as_deref(), Some(expected), "{text}");
        }
        // Equal lengths follow the file, whatever the words' order in the message.
        shop.swap(0, 1);
        let said = wins(&shop, "red cake or blue tea?");
        assert_eq!(said.as_deref(), Some("second blue tea"));
    }
}
