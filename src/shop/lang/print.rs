//! What is printed beside a QR code, where the owner wrote nothing. Native only: nothing of it is
//! said in a conversation.

use super::find;
use crate::shop::model::Lang;

/// The words of one language.
#[derive(Debug)]
pub struct PrintWords {
    /// Its tag, as in [`super::Language::code`].
    pub code: &'static str,
    /// What to do with the code, short enough to be read in passing.
    pub scan: &'static str,
    /// For whom the camera does not help: `{link}` opens the conversation, `{keyword}` is written
    /// there.
    pub or_write: &'static str,
}

static ALL: [PrintWords; 10] = [
    PrintWords {
        code: "de",
        scan: "Scannen und uns schreiben",
        or_write: "Oder {link} öffnen und „{keyword}“ schreiben",
    },
    PrintWords {
        code: "en",
        scan: "Scan and write to us",
        or_write: "Or open {link} and write “{keyword}”",
    },
    PrintWords {
        code: "es",
        scan: "Escanee y escríbanos",
        or_write: "O abra {link} y escriba «{keyword}»",
    },
    PrintWords {
        code: "fr",
        scan: "Scannez et écrivez-nous",
        or_write: "Ou ouvrez {link} et écrivez «\u{a0}{keyword}\u{a0}»",
    },
    PrintWords {
        code: "lt",
        scan: "Nuskenuokite ir parašykite mums",
        or_write: "Arba atverkite {link} ir parašykite „{keyword}“",
    },
    PrintWords {
        code: "pl",
        scan: "Zeskanuj i napisz do nas",
        or_write: "Albo otwórz {link} i napisz „{keyword}”",
    },
    PrintWords {
        code: "pt-BR",
        scan: "Aponte a câmera e fale com a gente",
        or_write: "Ou abra {link} e escreva “{keyword}”",
    },
    PrintWords {
        code: "ru",
        scan: "Наведите камеру и напишите нам",
        or_write: "Или откройте {link} и напишите «{keyword}»",
    },
    PrintWords {
        code: "zh-CN", scan: "扫码联系我们", or_write: "或打开 {link}，发送“{keyword}”"
    },
    PrintWords {
        code: "zh-TW",
        scan: "掃碼聯絡我們",
        or_write: "或開啟 {link}，傳送「{keyword}」",
    },
];

/// The words in `lang`; none where Shopbell does not speak it.
#[must_use]
pub fn print_words(lang: &Lang) -> Option<&'static PrintWords> {
    let code = find(lang)?.code;
    ALL.iter().find(|words| words.code == code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_language_has_words_to_print_with_both_names_in_them() {
        for language in super::super::ALL {
            let words = print_words(&Lang(language.code.to_owned())).unwrap();
            assert_eq!(words.code, language.code);
            for name in ["{link}", "{keyword}"] {
                assert_eq!(words.or_write.matches(name).count(), 1, "{}", words.code);
            }
        }
    }
}
