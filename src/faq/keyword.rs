//! Words that ask for an entry by themselves.

use super::normalise::{folded, is_cjk, normalise};
use crate::shop::model::{FaqEntry, Lang};

/// The entry whose keyword stands in `text`, and the language of that keyword.
///
/// A keyword counts when it stands there as whole words, whatever the case and the diacritics; a
/// keyword with Chinese, Japanese or Korean characters counts anywhere. The longest keyword wins,
/// then the entry that comes first.
#[must_use]
pub fn keyword<'a>(entries: &'a [FaqEntry], text: &str) -> Option<(&'a FaqEntry, &'a Lang)> {
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

    let mut best: Option<(usize, &FaqEntry, &Lang)> = None;
    for entry in entries {
        for (lang, keywords) in &entry.keywords {
            for keyword in keywords.iter().filter(|keyword| may_be_here(keyword)) {
                let keyword = normalise(keyword);
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
                    best = Some((length, entry, lang));
                }
            }
        }
    }
    best.map(|(_, entry, lang)| (entry, lang))
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
}
