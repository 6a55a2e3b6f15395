//! What is said about links for friends, and to the owner about comments that need a person.

use super::find;
use crate::faq::Phrases;
use crate::shop::model::Lang;

/// The words of one language.
#[derive(Debug)]
pub struct DoorWords {
    /// Its tag, as in [`super::Language::code`].
    pub code: &'static str,
    /// The button that asks for a link, at most 20 characters.
    pub button: &'static str,
    /// Messages that ask for a link, in small letters.
    pub share: Phrases,
    /// Said with the link, which stands on the next line.
    pub link: &'static str,
    /// Said to whoever brought a friend.
    pub thanks: &'static str,
    /// What the owner is told when a comment is angry or delicate; a link follows.
    pub comment: &'static str,
}

static ALL: [DoorWords; 10] = [
    DoorWords {
        code: "de",
        button: "Freunde einladen",
        share: Phrases::new(&["teilen", "freunde einladen", "einladen", "mein link"]),
        link: "Das ist Ihr Link. Geben Sie ihn Freunden weiter:",
        thanks: "Jemand ist über Ihren Link zu uns gekommen. Vielen Dank!",
        comment: "Ein Kommentar klingt verärgert oder betrifft etwas Heikles. Er wurde nicht \
                  beantwortet; bitte sehen Sie nach:",
    },
    DoorWords {
        code: "en",
        button: "Invite friends",
        share: Phrases::new(&["share", "invite friends", "invite a friend", "my link"]),
        link: "This is your link. Pass it on to friends:",
        thanks: "Somebody came to us by your link. Thank you!",
        comment: "A comment sounds angry or is about something delicate. It was not answered; \
                  please have a look:",
    },
    DoorWords {
        code: "es",
        button: "Invitar a amigos",
        share: Phrases::new(&["compartir", "invitar amigos", "invitar a amigos", "mi enlace"]),
        link: "Este es su enlace. Páselo a sus amigos:",
        thanks: "Alguien ha llegado con su enlace. ¡Gracias!",
        comment: "Un comentario parece enfadado o trata de algo delicado. No se ha respondido; \
                  por favor, mírelo:",
    },
    DoorWords {
        code: "fr",
        button: "Inviter des amis",
        share: Phrases::new(&["partager", "inviter des amis", "inviter un ami", "mon lien"]),
        link: "Voici votre lien. Transmettez-le à vos amis\u{a0}:",
        thanks: "Quelqu'un est venu par votre lien. Merci\u{a0}!",
        comment: "Un commentaire semble fâché ou concerne un sujet délicat. Il n'a pas reçu de \
                  réponse\u{a0}; merci d'y jeter un œil\u{a0}:",
    },
    DoorWords {
        code: "lt",
        button: "Pakviesti draugų",
        share: Phrases::new(&[
            "dalintis",
            "pasidalinti",
            "pakviesti draugą",
            "pakviesti draugų",
            "mano nuoroda",
        ]),
        link: "Štai jūsų nuoroda. Perduokite ją draugams:",
        thanks: "Pagal jūsų nuorodą pas mus kažkas atėjo. Ačiū!",
        comment: "Komentaras skamba piktai arba yra jautria tema. Į jį neatsakyta; prašome \
                  pažiūrėti:",
    },
    DoorWords {
        code: "pl",
        button: "Zaproś znajomych",
        share: Phrases::new(&["udostępnij", "zaproś znajomych", "zaproś znajomego", "mój link"]),
        link: "To Twój link. Przekaż go znajomym:",
        thanks: "Ktoś przyszedł do nas z Twojego linku. Dziękujemy!",
        comment: "Komentarz brzmi gniewnie albo dotyczy delikatnej sprawy. Nie dostał odpowiedzi; \
                  prosimy zajrzeć:",
    },
    DoorWords {
        code: "pt-BR",
        button: "Convidar amigos",
        share: Phrases::new(&["compartilhar", "convidar amigos", "convidar um amigo", "meu link"]),
        link: "Este é o seu link. Passe para os seus amigos:",
        thanks: "Alguém chegou pelo seu link. Obrigado!",
        comment: "Um comentário parece irritado ou trata de algo delicado. Ele não foi \
                  respondido; por favor, dê uma olhada:",
    },
    DoorWords {
        code: "ru",
        button: "Пригласить друзей",
        share: Phrases::new(&["поделиться", "пригласить друга", "пригласить друзей", "моя ссылка"]),
        link: "Это ваша ссылка. Передайте её друзьям:",
        thanks: "По вашей ссылке к нам пришёл новый человек. Спасибо!",
        comment: "Комментарий звучит сердито или касается деликатной темы. На него не ответили; \
                  посмотрите, пожалуйста:",
    },
    DoorWords {
        code: "zh-CN",
        button: "邀请朋友",
        share: Phrases::new(&["分享", "邀请朋友", "我的链接"]),
        link: "这是您的专属链接，请转给朋友：",
        thanks: "有朋友通过您的链接来了，谢谢您！",
        comment: "有一则留言看起来很生气，或涉及敏感话题，没有自动回复，请查看：",
    },
    DoorWords {
        code: "zh-TW",
        button: "邀請朋友",
        share: Phrases::new(&["分享", "邀請朋友", "我的連結"]),
        link: "這是您的專屬連結，請轉給朋友：",
        thanks: "有朋友透過您的連結來了，謝謝您！",
        comment: "有一則留言看起來很生氣，或涉及敏感話題，沒有自動回覆，請查看：",
    },
];

/// The words for somebody who reads `lang`; English where we have none.
#[must_use]
pub fn words(lang: &Lang) -> &'static DoorWords {
    let code = find(lang).map_or("en", |language| language.code);
    let known = ALL.iter().find(|words| words.code == code);
    known.or_else(|| ALL.iter().find(|words| words.code == "en")).unwrap_or(first())
}

const fn first() -> &'static DoorWords {
    let [first, ..] = &ALL;
    first
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::meta::limits::{BUTTON_TITLE, units};
    use crate::shop::lang::all;

    #[test]
    fn every_language_has_its_words_and_the_buttons_fit() {
        for language in all() {
            let words = words(&Lang(language.code.to_owned()));
            assert_eq!(words.code, language.code);
            assert!(units(words.button) <= BUTTON_TITLE, "{}", words.button);
            for text in [words.link, words.thanks, words.comment] {
                assert!(!text.is_empty() && !text.contains("  "), "{text}");
            }
        }
        assert_eq!(words(&Lang("xx".to_owned())).code, "en");
    }
}
