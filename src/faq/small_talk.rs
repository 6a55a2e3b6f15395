//! Greetings, thanks and other politeness. Alone they ask for nothing; beside a question they
//! only blur it.

use super::normalise::is_cjk;

/// Words of politeness as [`normalise`](super::normalise::normalise) leaves them.
const WORDS: &[&str] = &[
    "achiu",
    "aciu",
    "alo",
    "bitte",
    "bonjour",
    "bonsoir",
    "buenas",
    "coucou",
    "czesc",
    "danke",
    "dankeschon",
    "dekoju",
    "dekui",
    "dzieki",
    "dziekuje",
    "favor",
    "gracias",
    "hallo",
    "hei",
    "hej",
    "hello",
    "hey",
    "heya",
    "hi",
    "hii",
    "hiya",
    "hola",
    "labaas",
    "labas",
    "labuka",
    "labukas",
    "merci",
    "moin",
    "obg",
    "obrigada",
    "obrigado",
    "oi",
    "oii",
    "ok",
    "okay",
    "okei",
    "ola",
    "please",
    "pls",
    "plz",
    "prasau",
    "prasyciau",
    "prosze",
    "saludos",
    "salut",
    "servus",
    "siema",
    "stp",
    "sveika",
    "sveikas",
    "sveiki",
    "svp",
    "thank",
    "thanks",
    "thankyou",
    "thx",
    "tks",
    "valeu",
    "vlw",
    "witam",
    "здравствуите",
    "здрасте",
    "пожалуиста",
    "привет",
    "спасибо",
];

/// Words that are politeness only among their like ("laba diena", "boa tarde", "good morning").
/// They stay in a question: "dienos" is also half of "dienos pietūs".
const COMPANIONS: &[&str] = &[
    "dank",
    "a",
    "abend",
    "afternoon",
    "all",
    "bardzo",
    "beaucoup",
    "bem",
    "boa",
    "bom",
    "bonne",
    "buenos",
    "bye",
    "day",
    "dia",
    "dias",
    "diena",
    "dienos",
    "dobranoc",
    "dobry",
    "dzien",
    "evening",
    "gera",
    "geras",
    "gero",
    "geros",
    "good",
    "goodbye",
    "gute",
    "guten",
    "iki",
    "journee",
    "laba",
    "labai",
    "labu",
    "lot",
    "mil",
    "morgen",
    "morning",
    "much",
    "muchas",
    "muito",
    "nacht",
    "night",
    "noches",
    "noite",
    "por",
    "rytas",
    "ryto",
    "schon",
    "sehr",
    "so",
    "soiree",
    "tag",
    "tarde",
    "tardes",
    "there",
    "tudo",
    "vakaras",
    "vakaro",
    "very",
    "vielen",
    "viso",
    "wieczor",
    "you",
    "большое",
    "вечер",
    "день",
    "доброе",
    "добрыи",
    "утро",
];

/// The same for scripts without spaces, in Simplified characters. Longer ones first: they are taken off greedily.
const CJK_PHRASES: &[&str] = &[
    "不好意思",
    "非常感谢",
    "谢谢您",
    "谢谢你",
    "早上好",
    "晚上好",
    "午安",
    "早安",
    "晚安",
    "您好",
    "你好",
    "哈啰",
    "请问",
    "谢谢",
    "感谢",
    "感恩",
    "掰掰",
    "再见",
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
    use crate::faq::normalise::normalise;
    use crate::faq::score::read;
    use crate::faq::simplified::simplified;

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
            "Guten Tag!",
            "vielen Dank, danke schön",
            "Bonjour, merci beaucoup",
            "Buenos días",
            "Dzień dobry",
            "Здравствуйте! Добрый день",
            "спасибо большое",
            "boa tarde, obrigada",
            "ok",
        ] {
            assert!(read(text).is_empty(), "{text:?}");
        }
    }

    #[test]
    fn lists_are_folded_as_messages_are() {
        for word in WORDS.iter().chain(COMPANIONS).chain(CJK_PHRASES) {
            assert_eq!(normalise(word).chars().map(simplified).collect::<String>(), *word);
        }
    }

    #[test]
    fn questions_lose_only_the_politeness() {
        for (text, rest) in [
            ("labas, ar dirbat?", "ar dirbat"),
            ("你好請問可以訂位嗎", "可以订位吗"),
            ("oi, qual o horario", "qual o horario"),
            ("is the food good", "is the food good"),
            ("Hallo, wann habt ihr offen?", "wann habt ihr offen"),
            ("Bonjour, vous livrez ?", "vous livrez"),
            ("Cześć, czy jest wifi", "czy jest wifi"),
            ("Здравствуйте, есть вайфай?", "есть ваифаи"),
        ] {
            assert_eq!(read(text).join(" "), rest, "{text:?}");
        }
    }
}
