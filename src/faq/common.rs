//! Words that say little about what is asked, in the languages that the assistant speaks. A shop of
//! few entries cannot tell by itself: there "do you have" may stand in one entry only.

/// Whether `token`, folded, is such a word.
pub(super) fn is_common(token: &str) -> bool {
    COMMON.binary_search(&token).is_ok()
}

/// Folded, by alphabet. Chinese has no words to list.
#[rustfmt::skip]
static COMMON: &[&str] = &[
    "a", "aber", "about", "ai", "al", "albo", "ale", "all", "also", "am", "an", "and", "ant",
    "any", "aqui", "ar", "arba", "are", "as", "at", "au", "auch", "auf", "aus", "aux", "avec",
    "avez", "avoir", "bardzo", "be", "been", "bei", "bet", "bien", "bus", "but", "buvo", "by",
    "byc", "byl", "bylo", "c", "ca", "can", "cant", "ce", "cet", "cette", "chce", "chcialbym",
    "cia", "co", "com", "combien", "comment", "como", "con", "could", "cual", "cuales", "cuando",
    "cuanta", "cuanto", "czy", "d", "da", "dans", "dar", "das", "de", "del", "dem", "den", "der",
    "des", "did", "die", "dla", "dlaczego", "do", "does", "donde", "dont", "dos", "du", "e", "ein",
    "eine", "einem", "einen", "einer", "el", "ela", "ele", "elle", "em", "en", "er", "es", "esa",
    "ese", "essa", "esse", "est", "esta", "estan", "estar", "este", "esto", "et", "etre", "eu",
    "euch", "faut", "foi", "for", "from", "fur", "gali", "galima", "galite", "galiu", "gdzie",
    "get", "gibt", "gostaria", "got", "ha", "habe", "haben", "habt", "had", "has", "hat", "have",
    "hay", "he", "here", "hier", "how", "hows", "i", "ich", "ici", "id", "if", "ihr", "ihre",
    "iki", "il", "ile", "im", "in", "ir", "is", "isso", "ist", "it", "its", "ive", "j", "ja",
    "jak", "jaka", "jaki", "jakie", "jau", "je", "jei", "jest", "ji", "jis", "jums", "jus", "just",
    "jusu", "juz", "kada", "kaip", "kann", "kannst", "kas", "kein", "keine", "kiedy", "kiek",
    "know", "kodel", "koki", "kokia", "kokie", "kokios", "koks", "konnen", "konnt", "kto", "kur",
    "kuri", "kuris", "l", "la", "labai", "las", "le", "les", "lo", "los", "lub", "ma", "macie",
    "mais", "mam", "man", "mano", "many", "mas", "may", "me", "mein", "meine", "mes", "meu", "mi",
    "mich", "might", "minha", "mir", "mis", "mit", "mnie", "mochte", "moge", "moj", "moja", "mon",
    "moze", "mozecie", "mozna", "much", "muito", "mums", "muss", "must", "muy", "my", "na", "nach",
    "nao", "nas", "ne", "necesito", "need", "nein", "nera", "nicht", "nie", "no", "noch",
    "noreciau", "norite", "noriu", "nos", "not", "nous", "nuo", "nur", "o", "od", "oder", "of",
    "on", "ona", "onde", "one", "or", "os", "ou", "our", "par", "para", "pas", "pero", "peut",
    "peux", "plus", "po", "pode", "podem", "por", "posso", "potrzebuje", "pour", "pourquoi",
    "pouvez", "pra", "preciso", "prie", "przez", "puede", "pueden", "puedo", "puis", "quais",
    "qual", "quand", "quando", "quanta", "quanto", "que", "quel", "quelle", "quels", "quem",
    "quero", "qui", "quien", "quiero", "quoi", "reikia", "sa", "sans", "sao", "se", "sehr", "sein",
    "sem", "ser", "seu", "shall", "she", "should", "si", "sie", "sim", "sin", "sind", "sis",
    "sita", "so", "some", "son", "sont", "su", "sua", "sur", "sus", "ta", "tai", "taip", "tak",
    "tam", "te", "tell", "tem", "ten", "tengo", "ter", "tez", "than", "that", "the", "them",
    "then", "there", "these", "they", "this", "those", "tiene", "tienen", "tik", "to", "too",
    "tres", "tu", "turi", "turite", "turiu", "ty", "tylko", "u", "uber", "um", "uma", "umas", "un",
    "una", "unas", "und", "une", "unos", "uns", "us", "uz", "vc", "vcs", "very", "veux", "voce",
    "voces", "vom", "von", "vos", "votre", "voudrais", "vous", "w", "wann", "want", "war", "warum",
    "was", "wasz", "we", "welche", "welcher", "wenn", "wer", "were", "what", "whats", "when",
    "where", "wheres", "which", "who", "why", "wie", "will", "wir", "with", "wo", "would", "wy",
    "y", "ya", "yes", "yo", "you", "your", "yra", "z", "za", "ze", "zu", "zum", "zur", "а", "без",
    "бы", "был", "была", "быть", "в", "вам", "вас", "ваш", "во", "вы", "где", "да", "для", "до",
    "если", "есть", "еще", "же", "за", "зачем", "и", "из", "или", "к", "как", "какая", "какие",
    "какое", "какои", "когда", "кто", "ли", "меня", "мне", "могу", "может", "можете", "можно",
    "мои", "моя", "мы", "на", "надо", "нас", "не", "нет", "но", "нужно", "о", "об", "он", "она",
    "они", "от", "очень", "по", "почему", "с", "сколько", "со", "там", "только", "тут", "ты", "у",
    "уже", "хочу", "что", "эта", "это", "этот", "я",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::faq::normalise::normalise;

    #[test]
    fn list_is_folded_and_in_order() {
        assert!(COMMON.is_sorted_by(|a, b| a < b));
        for word in COMMON {
            assert_eq!(normalise(word), **word);
        }
    }

    #[test]
    fn what_shops_are_about_is_not_common() {
        assert!(is_common("have") && is_common("kada") && is_common("можно"));
        assert!(!is_common("open") && !is_common("kaina") && !is_common("цена"));
    }
}
