//! What `GET /deletion/{code}` shows: how far a deletion is, in the visitor's language.

use super::pages::{STYLE, escaped};
use crate::meta::ids::DeletionCode;
use crate::shop::model::{Lang, Shop};

/// How far a deletion is, as its page says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// Everything is gone.
    Done,
    /// Something is still owed.
    InProgress,
    /// Nobody could tell which person is meant, and nothing was deleted.
    Unresolved,
    /// There is no such code, or not yet.
    Unknown,
}

/// The words of the page in one language.
struct Words {
    tag: &'static str,
    done: &'static str,
    in_progress: &'static str,
    unresolved: &'static str,
    /// What to do when nobody could tell who is meant.
    instead: &'static str,
    unknown: &'static str,
    code: &'static str,
}

/// One for each language the assistant speaks; English first, which stands in for any other.
const WORDS: [Words; 10] = [
    Words {
        tag: "en",
        done: "Your data has been deleted.",
        in_progress: "Your data is being deleted. This takes minutes as a rule; look here again.",
        unresolved: "We could not tell which conversation is yours, so nothing was deleted.",
        instead: "Write DELETE to us in Messenger or Instagram and confirm it there, or tell the \
                  shop this code.",
        unknown: "We don’t know this code. A new one can take a minute to appear here.",
        code: "Code",
    },
    Words {
        tag: "lt",
        done: "Jūsų duomenys ištrinti.",
        in_progress: "Jūsų duomenys trinami. Paprastai tai trunka kelias minutes; užsukite čia dar \
                      kartą.",
        unresolved: "Negalėjome nustatyti, kuris pokalbis yra jūsų, todėl nieko neištrynėme.",
        instead: "Parašykite mums „Messenger“ ar „Instagram“ žodį IŠTRINTI ir ten patvirtinkite \
                  arba pasakykite parduotuvei šį kodą.",
        unknown: "Tokio kodo nežinome. Naujas čia gali atsirasti po minutės.",
        code: "Kodas",
    },
    Words {
        tag: "pt-BR",
        done: "Seus dados foram apagados.",
        in_progress: "Seus dados estão sendo apagados. Em geral leva alguns minutos; volte a esta \
                      página.",
        unresolved: "Não conseguimos saber qual conversa é a sua, por isso nada foi apagado.",
        instead: "Escreva APAGAR para a gente no Messenger ou no Instagram e confirme por lá, ou \
                  informe este código à loja.",
        unknown: "Não conhecemos este código. Um código novo pode levar um minuto para aparecer.",
        code: "Código",
    },
    Words {
        tag: "zh-CN",
        done: "您的资料已删除。",
        in_progress: "正在删除您的资料，通常需要几分钟，请稍后再查看此页。",
        unresolved: "我们无法确认哪一个对话是您的，因此没有删除任何资料。",
        instead: "请在 Messenger 或 Instagram 给我们发“删除”并在对话中确认，或将此代码告诉店家。",
        unknown: "查无此代码。新的代码可能要一分钟后才会出现。",
        code: "代码",
    },
    Words {
        tag: "zh-TW",
        done: "您的資料已刪除。",
        in_progress: "正在刪除您的資料，通常需要幾分鐘，請稍後再查看此頁。",
        unresolved: "我們無法確認哪一個對話是您的，因此沒有刪除任何資料。",
        instead: "請在 Messenger 或 Instagram 傳「刪除」給我們並在對話中確認，或將此代碼告訴店家。",
        unknown: "查無此代碼。新的代碼可能要一分鐘後才會出現。",
        code: "代碼",
    },
    Words {
        tag: "es",
        done: "Tus datos se han borrado.",
        in_progress: "Tus datos se están borrando. Suele tardar unos minutos; vuelve a esta página.",
        unresolved: "No hemos podido saber qué conversación es la tuya, así que no se ha borrado \
                     nada.",
        instead: "Escríbenos BORRAR por Messenger o Instagram y confírmalo allí, o da este código \
                  a la tienda.",
        unknown: "No conocemos este código. Uno nuevo puede tardar un minuto en aparecer.",
        code: "Código",
    },
    Words {
        tag: "de",
        done: "Ihre Daten sind gelöscht.",
        in_progress: "Ihre Daten werden gelöscht. Das dauert meist einige Minuten; sehen Sie hier \
                      noch einmal nach.",
        unresolved: "Wir konnten nicht feststellen, welches Gespräch Ihres ist; gelöscht wurde \
                     deshalb nichts.",
        instead: "Schreiben Sie uns LÖSCHEN in Messenger oder Instagram und bestätigen Sie es \
                  dort, oder nennen Sie dem Geschäft diesen Code.",
        unknown: "Diesen Code kennen wir nicht. Ein neuer kann eine Minute brauchen.",
        code: "Code",
    },
    Words {
        tag: "fr",
        done: "Vos données ont été effacées.",
        in_progress: "Vos données sont en cours d’effacement. Cela prend en général quelques \
                      minutes ; revenez voir ici.",
        unresolved: "Nous n’avons pas pu savoir quelle conversation est la vôtre ; rien n’a donc \
                     été effacé.",
        instead: "Écrivez-nous EFFACER sur Messenger ou Instagram et confirmez-le là-bas, ou \
                  donnez ce code au magasin.",
        unknown: "Nous ne connaissons pas ce code. Un nouveau peut mettre une minute à apparaître.",
        code: "Code",
    },
    Words {
        tag: "pl",
        done: "Dane zostały usunięte.",
        in_progress: "Dane są usuwane. Zwykle trwa to kilka minut; proszę zajrzeć tu ponownie.",
        unresolved: "Nie udało się ustalić, o którą rozmowę chodzi, więc nic nie zostało usunięte.",
        instead: "Proszę napisać do nas USUŃ w Messengerze lub na Instagramie i tam to \
                  potwierdzić albo podać ten kod w sklepie.",
        unknown: "Nie znamy tego kodu. Nowy może pojawić się tu po minucie.",
        code: "Kod",
    },
    Words {
        tag: "ru",
        done: "Ваши данные удалены.",
        in_progress: "Ваши данные удаляются. Обычно это занимает несколько минут; загляните сюда \
                      ещё раз.",
        unresolved: "Мы не смогли определить, какая переписка ваша, поэтому ничего не удалено.",
        instead: "Напишите нам УДАЛИТЬ в Messenger или Instagram и подтвердите это там либо \
                  сообщите магазину этот код.",
        unknown: "Такого кода мы не знаем. Новый может появиться здесь через минуту.",
        code: "Код",
    },
];

/// The languages of the page: all that the assistant speaks. English first: it is for those who
/// name none of them.
#[must_use]
pub fn languages() -> Vec<Lang> {
    WORDS.iter().map(|words| Lang(words.tag.to_owned())).collect()
}

/// The page: complete HTML without scripts or anything from elsewhere. It names the code and
/// nobody. With a shop, how to reach it where that helps.
#[must_use]
pub fn page(shop: Option<&Shop>, lang: &Lang, code: Option<&DeletionCode>, shown: Shown) -> String {
    let find = |lang: &Lang| {
        // Two ways to write Chinese share their primary language.
        let code = crate::shop::lang::find(lang).map(|language| language.code);
        let same = |words: &&Words| Lang(words.tag.to_owned()).same_primary(lang);
        WORDS.iter().find(|words| Some(words.tag) == code).or_else(|| WORDS.iter().find(same))
    };
    let [english, ..] = &WORDS;
    let words = find(lang).unwrap_or(english);
    let (first, second) = match shown {
        Shown::Done => (words.done, None),
        Shown::InProgress => (words.in_progress, None),
        Shown::Unresolved => (words.unresolved, Some(words.instead)),
        Shown::Unknown => (words.unknown, Some(words.instead)),
    };
    let mut body = format!("<h1>{}</h1>", escaped(shop.map_or("Shopbell", |shop| &shop.name)));
    body.push_str(&format!("<p>{}</p>", escaped(first)));
    if let Some(second) = second {
        body.push_str(&format!("<p>{}</p>", escaped(second)));
        let contact = shop.map(|shop| &shop.contact);
        let ways = contact.map(|contact| [contact.email.as_deref(), contact.phone.as_deref()]);
        for way in ways.into_iter().flatten().flatten() {
            body.push_str(&format!("<p>{}</p>", escaped(way)));
        }
    }
    if let Some(code) = code {
        body.push_str(&format!("<p class=\"dim\">{}: {}</p>", words.code, code.as_str()));
    }
    format!(
        "<!doctype html>\n<html lang=\"{}\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
         <meta name=\"robots\" content=\"noindex\"><title>{}</title><style>{STYLE}</style></head>\
         <body><main>{body}</main></body></html>\n",
        words.tag,
        escaped(first),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shop::lang;

    #[test]
    fn every_language_of_the_assistant_has_its_page_and_only_done_says_done() {
        let code = DeletionCode::new("0123456789abcdef").unwrap();
        for language in lang::all() {
            let lang = Lang(language.code.to_owned());
            let show = |shown| page(None, &lang, Some(&code), shown);
            let all = [Shown::Done, Shown::InProgress, Shown::Unresolved, Shown::Unknown];
            let pages = all.map(show);
            for (i, page) in pages.iter().enumerate() {
                assert!(page.contains(&format!("<html lang=\"{}\">", language.code)), "{page}");
                assert!(page.contains(code.as_str()) && !page.contains("<script"));
                assert!(!pages[..i].contains(page));
            }
            let done = WORDS.iter().find(|words| words.tag == language.code).unwrap().done;
            assert!(pages[0].contains(done));
            assert!(pages[1..].iter().all(|page| !page.contains(done)), "{}", language.code);
        }
        assert_eq!(languages().len(), lang::all().len());
    }
}
