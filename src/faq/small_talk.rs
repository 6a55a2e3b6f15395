//! Greetings, thanks and other politeness. Alone they ask for nothing; beside a question they
//! only blur it.

use super::normalise::is_cjk;

/// Words of politeness as [`normalise`](super::normalise::normalise) leaves them.
const WORDS: &[&str] = &[
    "aciu",
    "achiu",
    "alo",
    "dekoju",
    "dekui",
    "favor",
    "gracias",
    "hei",
    "hello",
    "hey",
    "heya",
    "hi",
    "hii",
    "hiya",
    "hola",
    "labas",
    "labaas",
    "labuka",
    "labukas",
    "merci",
    "obg",
    "obrigada",
    "obrigado",
    "oi",
    "oii",
    "ola",
    "ok",
    "okay",
    "okei",
    "pls",
    "please",
    "plz",
    "prasau",
    "prasyciau",
    "sveiki",
    "sveikas",
    "sveika",
    "thank",
    "thanks",
    "thankyou",
    "thx",
    "tks",
    "valeu",
    "vlw",
];

/// Words that are politeness only among their like ("laba diena", "boa tarde", "good morning").
/// They stay in a question: "dienos" is also half of "dienos pietūs".
const COMPANIONS: &[&str] = &[
    "a",
    "afternoon",
    "all",
    "bem",
    "boa",
    "bom",
    "bye",
    "day",
    "dia",
    "diena",
    "dienos",
    "evening",
    "gera",
    "geras",
    "gero",
    "geros",
    "good",
    "goodbye",
    "iki",
    "laba",
    "labai",
    "labu",
    "lot",
    "morning",
    "much",
    "muito",
    "night",
    "noite",
    "por",
    "rytas",
    "ryto",
    "so",
    "tarde",
    "there",
    "tudo",
    "vakaras",
    "vakaro",
    "very",
    "viso",
    "you",
];

/// The same for scripts without spaces. Longer ones first: they are taken off greedily.
const CJK_PHRASES: &[&str] = &[
    "不好意思",
    "非常感謝",
    "謝謝您",
    "謝謝你",
    "谢谢你",
    "早上好",
    "晚上好",
    "午安",
    "早安",
    "晚安",
    "您好",
    "你好",
    "哈囉",
    "哈啰",
    "請問",
    "请问",
    "謝謝",
    "谢谢",
    "感謝",
    "感恩",
    "掰掰",
    "再見",
    "好的",
    "嗨",
    "嘿",
    "喔",
    "哦",
    "呀",
    "啊",
    "耶",
];

/// The words of `tokens` without politeness. Empty when there was nothing else.
pub(super) fn without_politeness(tokens: Vec<String>) -> Vec<String> {
    let polite = |token: &String| {
        is_polite(token) || COMPANIONS.contains(&token.as_str()) || peel(token).is_empty()
    };
    if tokens.iter().all(polite) {
        return Vec::new();
    }
    tokens
        .iter()
        .filter(|token| !is_polite(token))
        .map(|token| peel(token))
        .filter(|token| !token.is_empty())
        .collect()
}

fn is_polite(token: &str) -> bool {
    WORDS.contains(&token)
}

/// A CJK token without the polite phrases at either end; other tokens as they are.
fn peel(token: &str) -> String {
    let mut rest = token;
    if !rest.chars().all(is_cjk) {
        return rest.to_owned();
    }
    while let Some(shorter) = CJK_PHRASES
        .iter()
        .find_map(|phrase| rest.strip_prefix(phrase).or_else(|| rest.strip_suffix(phrase)))
    {
        rest = shorter;
    }
    rest.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::faq::features::tokens;
    use crate::faq::normalise::normalise;

    #[test]
    fn politeness_alone_leaves_nothing() {
        for text in [
            "Hi",
            "hello there!",
            "Thank you so much",
            "labas",
            "Laba diena",
            "Ačiū labai",
            "Geros dienos!",
            "good morning",
            "bom dia!!",
            "你好",
            "您好，謝謝！",
            "Oi, tudo bem?",
            "boa tarde, obrigada",
            "ok",
        ] {
            assert!(without_politeness(tokens(&normalise(text))).is_empty(), "{text:?}");
        }
    }

    #[test]
    fn questions_lose_only_the_politeness() {
        for (text, rest) in [
            ("labas, ar dirbat?", "ar dirbat"),
            ("你好請問可以訂位嗎", "可以訂位嗎"),
            ("oi, qual o horario", "qual o horario"),
            ("is the food good", "is the food good"),
        ] {
            assert_eq!(without_politeness(tokens(&normalise(text))).join(" "), rest, "{text:?}");
        }
    }
}
