//! Messages that ask several things: "are you open on Sunday and do you have wifi?"

use super::constants::{ONE, SEVERAL};
use super::matcher::{Candidate, Model};
use super::normalise::{is_cjk, normalise};
use crate::meta::ids::FaqId;
use crate::shop::model::Lang;

/// More bubbles than this are a lecture.
const MOST_ANSWERS: usize = 3;
/// A message of more parts is a story.
const MOST_PARTS: usize = 4;

/// Words between questions that are nothing else in another language.
const BETWEEN: &[&str] =
    &["and", "also", "plus", "ir", "bei", "und", "sowie", "et", "oraz", "tambem", "tambien"];
/// Words between questions in one language only: in English "I" and "a" are none.
const BETWEEN_IN: &[(&str, &[&str])] =
    &[("lt", &["o"]), ("pt", &["e"]), ("es", &["y"]), ("pl", &["i", "a"]), ("ru", &["и", "а"])];
/// The same in Chinese, where they stand between characters.
const BETWEEN_CJK: &[&str] = &["還有", "还有", "以及", "另外", "而且", "順便", "顺便", "和", "跟"];

/// The entries asked for, in the order asked, when at least two parts of the message are sure of
/// different ones. The message as a whole has to know them too, or a part was taken out of its
/// context.
pub(super) fn several(
    model: &Model,
    text: &str,
    lang: Option<&Lang>,
    candidates: &[Candidate],
) -> Option<Vec<FaqId>> {
    // As a whole it asks for one thing, whatever its parts might.
    let best = candidates.first().filter(|best| best.p < ONE)?;
    let parts = parts(text, lang.unwrap_or(&best.lang));
    if parts.len() < 2 || parts.len() > MOST_PARTS {
        return None;
    }
    let mut entries: Vec<FaqId> = Vec::new();
    for part in parts {
        if let Some(entry) = model.sure(&part, lang, SEVERAL)
            && !entries.contains(&entry)
        {
            entries.push(entry);
        }
    }
    let known = entries.iter().all(|entry| candidates.iter().any(|one| one.entry == *entry));
    (known && (2..=MOST_ANSWERS).contains(&entries.len())).then_some(entries)
}

/// The parts that could be questions of their own: two words at least, or three CJK characters.
fn parts(text: &str, lang: &Lang) -> Vec<String> {
    let mut marked = text.to_owned();
    for word in BETWEEN_CJK {
        if marked.contains(word) {
            marked = marked.replace(word, "\n");
        }
    }
    let ends = |c: char| {
        matches!(
            c,
            '.' | '?' | '!' | ';' | ',' | '\n' | '。' | '？' | '！' | '；' | '，' | '、' | '…'
        )
    };
    let mut parts = Vec::new();
    for sentence in marked.split(ends) {
        let words: Vec<&str> = sentence.split_whitespace().collect();
        for part in words.split(|word| between(word, lang)) {
            let long = part.len() >= 2
                || part.iter().flat_map(|word| word.chars()).filter(|c| is_cjk(*c)).count() >= 3;
            if long {
                parts.push(part.join(" "));
            }
        }
    }
    parts
}

fn between(word: &str, lang: &Lang) -> bool {
    let is = |between: &&str| normalise(word) == **between;
    let plain = lang.0.split('-').next().unwrap_or_default();
    let own = BETWEEN_IN.iter().filter(|(of, _)| *of == plain);
    word.chars().count() <= 8
        && (BETWEEN.iter().any(&is) || own.flat_map(|(_, words)| *words).any(is))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_questions_not_words() {
        for (text, expected) in [
            (
                "are you open on Sunday and do you have wifi?",
                vec!["are you open on Sunday", "do you have wifi"],
            ),
            ("kada dirbate ir kur esate", vec!["kada dirbate", "kur esate"]),
            ("你們幾點開門？可以刷卡嗎", vec!["你們幾點開門", "可以刷卡嗎"]),
            ("有停車位還有wifi密碼嗎", vec!["有停車位", "wifi密碼嗎"]),
            ("fish and chips", vec![]),
            ("hi, are you open?", vec!["are you open"]),
            ("when can I get a cake", vec!["when can I get a cake"]),
            ("", vec![]),
        ] {
            assert_eq!(parts(text, &Lang("en".into())), expected, "{text}");
        }
    }
}
