//! Words that are understood without an FAQ: STOP, HUMAN and DELETE, which always win, and mere
//! courtesy.
//!
//! A command is a whole message: a sentence that only contains one is none. Case, diacritics,
//! punctuation and emoji do not count, nor do letters that somebody leaned on. One letter may be
//! wrong, in a word of six letters or more that is no other word ([`OTHER_WORDS`], and every word
//! of the shop's own texts).

use super::typo::one_letter_apart;
use crate::faq::normalise::normalise;
use crate::faq::{Phrase, Phrases, Said};
use crate::shop::lang::{Language, all, language};
use crate::shop::model::{Lang, Shop};

/// Shorter words are one letter away from too many others.
const LONG_ENOUGH: usize = 6;

/// Words that are one letter away from a command and mean something else, folded.
const OTHER_WORDS: &[&str] = &[
    "abfinden",
    "abholen",
    "abwenden",
    "agenda",
    "anmelden",
    "auftragen",
    "deleted",
    "elimina",
    "melden",
    "nusiuskite",
    "nusiuskit",
    "parasykite",
    "pessoal",
    "personal",
    "humanos",
    "превратить",
    "увидите",
];

/// A word that wins over everything else when it is the whole message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Command {
    /// No more notifications.
    Stop,
    /// Let me talk to a person.
    Human,
    /// Forget me.
    Delete,
}

/// The command a message is, if it is one in any language this shop speaks, in English, or in
/// the owner's own words.
#[must_use]
pub fn command(shop: &Shop, text: &str) -> Option<Command> {
    let said = Said::new(text);
    let by_owner = |word: &str| said.says(word);
    find(shop, by_owner, |phrase| said.says_phrase(phrase))
        .or_else(|| mistyped(shop, said.folded()))
}

/// The first command with one of the owner's words, or a phrase of ours, that is the message.
fn find(
    shop: &Shop,
    by_owner: impl Fn(&str) -> bool,
    is: impl Fn(&Phrase) -> bool,
) -> Option<Command> {
    let own = &shop.assistant;
    let owners = [
        (Command::Stop, &own.stop_words),
        (Command::Delete, &own.delete_words),
        (Command::Human, &own.human_words),
    ];
    let found = owners.into_iter().find(|(_, words)| words.iter().any(|word| by_owner(word)));
    if let Some((command, _)) = found {
        return Some(command);
    }
    // STOP is international; people type it whatever they speak.
    let english = Lang("en".to_owned());
    let mut languages = shop.languages.iter().chain([&english]).map(language);
    languages.find_map(|language| {
        let lists = commands(language).into_iter();
        lists.filter(|(_, phrases)| phrases.folded().iter().any(&is)).map(|(c, _)| c).next()
    })
}

fn commands(language: &'static Language) -> [(Command, &'static Phrases); 3] {
    [
        (Command::Stop, &language.stop),
        (Command::Delete, &language.delete),
        (Command::Human, &language.human),
    ]
}

/// The command a folded message is but for one letter.
fn mistyped(shop: &Shop, typed: &str) -> Option<Command> {
    if !typed.split(' ').any(|word| letters(word) >= LONG_ENOUGH) {
        return None;
    }
    let same_start = |phrase: &str| phrase.chars().next() == typed.chars().next();
    let by_owner = |phrase: &str| {
        let phrase = normalise(phrase);
        same_start(&phrase) && slip(typed, &phrase).is_some_and(|word| !is_a_word(shop, word))
    };
    find(shop, by_owner, |phrase| {
        let phrase = phrase.folded();
        same_start(phrase) && slip(typed, phrase).is_some_and(|word| !is_a_word(shop, word))
    })
}

/// The one word of `typed` that is wrong by a letter, where it is otherwise `phrase`.
fn slip<'t>(typed: &'t str, phrase: &str) -> Option<&'t str> {
    let (mut words, mut meant) = (typed.split(' '), phrase.split(' '));
    let mut wrong = None;
    loop {
        match (words.next(), meant.next()) {
            (None, None) => break,
            (Some(a), Some(b)) if a == b => {}
            (Some(a), Some(b)) if wrong.is_none() => wrong = Some((a, b)),
            _ => return None,
        }
    }
    let (typed, meant) = wrong?;
    let long = letters(typed) >= LONG_ENOUGH && letters(meant) >= LONG_ENOUGH;
    (long && one_letter_apart(typed, meant)).then_some(typed)
}

fn letters(word: &str) -> usize {
    word.chars().filter(|c| c.is_alphabetic()).count()
}

/// Whether a folded word is one of a language's or of the shop's, so that nobody mistyped it.
fn is_a_word(shop: &Shop, word: &str) -> bool {
    let within = |text: &str| normalise(text).split(' ').any(|known| known == word);
    if OTHER_WORDS.contains(&word) {
        return true;
    }
    let known = |l: &&'static Language| {
        let lists = [&l.stop, &l.human, &l.delete, &l.greetings, &l.thanks];
        let mut phrases = lists.into_iter().flat_map(|phrases| phrases.folded());
        let form = &l.form_words;
        let forms = [form.cancel, form.back, form.skip, form.resume, form.confirm];
        phrases.any(|phrase| phrase.folded().split(' ').any(|known| known == word))
            || forms.into_iter().flatten().any(|phrase| within(phrase))
    };
    all().iter().any(known) || shop.all_texts().any(within)
}

/// A message that is only politeness.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Courtesy {
    /// "Hello".
    Greeting,
    /// "Thanks", "ok": needs no answer.
    Thanks,
}

/// The courtesy a message is, if it is nothing more, in any language this shop speaks.
#[must_use]
pub fn courtesy(shop: &Shop, text: &str) -> Option<Courtesy> {
    let said = Said::new(text);
    shop.languages.iter().map(language).find_map(|language| {
        if said.says_any(&language.greetings) {
            Some(Courtesy::Greeting)
        } else if said.says_any(&language.thanks) {
            Some(Courtesy::Thanks)
        } else {
            None
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shop(languages: &str, more: &str) -> Shop {
        let source = format!(
            "[shop]\nname = \"A\"\nlanguages = [{languages}]\ntime_zone = \"UTC\"\n\
             [[page]]\nid = \"1\"\nusername = \"a\"\n{more}"
        );
        let compiled = crate::shop::source::compile(&source);
        assert!(!compiled.has_errors(), "{:?}", compiled.diagnostics);
        compiled.shops.into_iter().next().unwrap()
    }

    const ALL: &str =
        "\"lt\", \"en\", \"pt-BR\", \"zh-TW\", \"es\", \"de\", \"fr\", \"pl\", \"ru\"";

    #[test]
    fn ordinary_ways_of_saying_it_are_understood() {
        let shop = shop(ALL, "");
        use Command::{Delete, Human, Stop};
        for (text, command) in [
            ("STOP!!! 🛑", Stop),
            ("stoooop", Stop),
            ("Nebesiuskit 🙏", Stop),
            ("PLEASE STOP.", Stop),
            ("Não quero mais receber mensagens", Stop),
            ("請不要再傳訊息！", Stop),
            ("Dejen de escribirme.", Stop),
            ("ich moechte keine Nachrichten mehr", Stop),
            ("Ne m'écrivez plus !", Stop),
            ("NIE PISZCIE DO MNIE", Stop),
            ("Отпишите меня, пожалуйста", Stop),
            ("Ar galiu pakalbėti su žmogumi?", Human),
            ("Can I talk to a human?", Human),
            ("quero falar com um atendente", Human),
            ("有真人嗎？", Human),
            ("¿Puedo hablar con alguien?", Human),
            ("Kann ich mit jemandem sprechen?", Human),
            ("Puis-je parler à quelqu’un ?", Human),
            ("chce porozmawiac z czlowiekiem", Human),
            ("Можно поговорить с человеком?", Human),
            ("Prašau ištrinti mano duomenis", Delete),
            ("DELETE MY DATA", Delete),
            ("Quero excluir meus dados", Delete),
            ("請刪除我的資料。", Delete),
            ("Borren mis datos", Delete),
            ("Bitte löschen Sie meine Daten!", Delete),
            ("Supprimez mes données", Delete),
            ("Proszę usunąć moje dane", Delete),
            ("Удалите мои данные", Delete),
        ] {
            assert_eq!(super::command(&shop, text), Some(command), "{text}");
        }
    }

    #[test]
    fn one_wrong_letter_in_a_long_word_is_forgiven() {
        let shop = shop(ALL, "");
        use Command::{Delete, Human, Stop};
        for (text, command) in [
            ("unsubscibe", Stop),
            ("Unsubscrible", Stop),
            ("descadstrar", Stop),
            ("abbestelen", Stop),
            ("nebesiuskitee", Stop),
            ("отписатся", Stop),
            ("deleet", Delete),
            ("darbuotojs", Human),
            ("falar com atendnte", Human),
        ] {
            assert_eq!(super::command(&shop, text), Some(command), "{text}");
        }
    }

    #[test]
    fn what_only_looks_like_a_command_is_none() {
        let shop = shop(ALL, "");
        for text in [
            "stp",
            // Five letters are not enough to guess by.
            "delte my data",
            "don't stop",
            "is there a bus stop nearby",
            "can I stop by tomorrow",
            "where do I unsubscribe from the gym",
            "is a person allowed to bring a dog",
            "one person or two",
            "do you delete old orders?",
            "please delete the last item from my order",
            "table for one person",
            "quero cancelar o pedido de ontem",
            "quanto custa por pessoa",
            "Pessoal",
            "a pagar",
            "anmelden",
            "Ich möchte mich anmelden",
            "nusiųskite",
            "Nusiųskite meniu",
            "ar galima atsisakyti padažo",
            "kiek kainuoja vienam žmogui",
            "превратить",
            "сколько человек помещается",
            "un café para una persona",
            "agenda",
            "unsubscribed twice alreday",
            "取消訂位可以嗎",
            "一個人可以訂位嗎",
            "koniec promocji kiedy",
            "une table pour une personne",
        ] {
            assert_eq!(super::command(&shop, text), None, "{text}");
        }
    }

    #[test]
    fn no_word_of_a_form_is_a_command_in_any_language() {
        let tags: Vec<String> = all().iter().map(|l| format!("\"{}\"", l.code)).collect();
        let shop = shop(&tags.join(", "), "");
        for language in all() {
            let (said, texts) = (&language.form_words, &language.forms);
            let lists = [said.cancel, said.back, said.skip, said.resume, said.confirm];
            let buttons = [
                texts.resume_button,
                texts.restart_button,
                texts.cancel_button,
                texts.back_button,
                texts.skip_button,
                texts.confirm_button,
                texts.move_button,
                texts.drop_button,
            ];
            for word in lists.into_iter().flatten().chain(&buttons) {
                assert_eq!(super::command(&shop, word), None, "{} {word}", language.code);
            }
        }
        // What people type to get out of a form.
        for word in ["Cancelar", "abbrechen!", "ANULUJ", "取消", "annuler", "cancel", "отмена"]
        {
            assert_eq!(super::command(&shop, word), None, "{word}");
        }
    }

    #[test]
    fn a_word_of_the_shops_own_texts_is_not_a_typo() {
        let texts = "[[faq]]\nid = \"f\"\nask.en = [\"do you fix a delate pump\"]\n\
                     title.en = \"Pump\"\nanswer.en = \"Yes.\"\n";
        assert_eq!(super::command(&shop("\"en\"", ""), "delate"), Some(Command::Delete));
        assert_eq!(super::command(&shop("\"en\"", texts), "delate"), None);
    }
}
