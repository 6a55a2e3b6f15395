//! What the shop's own page says, in each language, and the words on a button for a web site.

use super::door::Why;
use super::pages::primary;
use crate::shop::model::Lang;

/// The words in one language.
#[derive(Debug)]
pub struct Words {
    /// BCP 47 tag of these words.
    pub(super) tag: &'static str,
    unknown: &'static str,
    over: &'static str,
    early: &'static str,
    silent: &'static str,
    gone: &'static str,
    pub(super) reach_us: &'static str,
    pub(super) no_shop: &'static str,
    pub(super) call: &'static str,
    pub(super) write: &'static str,
    pub(super) map: &'static str,
    pub(super) site: &'static str,
    pub(super) hours: &'static str,
    pub(super) closed: &'static str,
    /// Monday first.
    pub(super) days: [&'static str; 7],
    /// On a button that opens the chat.
    pub chat: &'static str,
    /// Under a QR picture.
    pub scan: &'static str,
}

impl Words {
    /// Why the page is shown.
    pub(super) fn says(&self, why: Why) -> &'static str {
        match why {
            Why::Unknown => self.unknown,
            Why::Over => self.over,
            Why::Early => self.early,
            Why::Silent => self.silent,
            Why::ClosedForGood => self.gone,
        }
    }
}

/// The words of a language, of its sibling, or English.
#[must_use]
pub fn words(lang: &Lang) -> &'static Words {
    let all = [
        &ENGLISH,
        &LITHUANIAN,
        &TAIWANESE,
        &CHINESE,
        &BRAZILIAN,
        &SPANISH,
        &GERMAN,
        &FRENCH,
        &POLISH,
        &RUSSIAN,
    ];
    let tag = crate::shop::lang::find(lang).map(|language| language.code);
    all.into_iter()
        .find(|words| Some(words.tag) == tag)
        .or_else(|| {
            all.into_iter().find(|words| primary(words.tag).eq_ignore_ascii_case(primary(&lang.0)))
        })
        .unwrap_or(&ENGLISH)
}

pub(super) static ENGLISH: Words = Words {
    tag: "en",
    unknown: "We don’t know this code. Perhaps it was not read rightly.",
    over: "This code is no longer in use.",
    early: "This code is not in use yet.",
    silent: "We cannot chat right now.",
    gone: "We have closed for good. Thank you for everything!",
    reach_us: "You can still reach us here:",
    no_shop: "Please ask the people where you found it.",
    call: "Call",
    write: "Write to us",
    map: "Show the map",
    site: "Our website",
    hours: "Opening hours",
    closed: "closed",
    days: ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"],
    chat: "Chat with us",
    scan: "Scan to chat with us",
};

static LITHUANIAN: Words = Words {
    tag: "lt",
    unknown: "Šio kodo nežinome. Galbūt jis perskaitytas neteisingai.",
    over: "Šis kodas nebegalioja.",
    early: "Šis kodas dar negalioja.",
    silent: "Šiuo metu negalime susirašinėti.",
    gone: "Užsidarėme visam laikui. Ačiū už viską!",
    reach_us: "Mus vis tiek lengva rasti:",
    no_shop: "Paklauskite ten, kur jį radote.",
    call: "Skambinti",
    write: "Parašykite mums",
    map: "Rodyti žemėlapyje",
    site: "Mūsų svetainė",
    hours: "Darbo laikas",
    closed: "nedirbame",
    days: ["Pr", "An", "Tr", "Kt", "Pn", "Št", "Sk"],
    chat: "Susirašykime",
    scan: "Nuskaitykite ir susirašykime",
};

static TAIWANESE: Words = Words {
    tag: "zh-TW",
    unknown: "查無此代碼，可能是掃描有誤。",
    over: "這個 QR Code 已停止使用。",
    early: "這個 QR Code 尚未開始使用。",
    silent: "我們目前無法使用聊天功能。",
    gone: "我們已永久停業，感謝您一路以來的支持！",
    reach_us: "您仍然可以這樣找到我們：",
    no_shop: "請洽詢張貼此 QR Code 的店家。",
    call: "撥打電話",
    write: "寫信給我們",
    map: "查看地圖",
    site: "官方網站",
    hours: "營業時間",
    closed: "公休",
    days: ["週一", "週二", "週三", "週四", "週五", "週六", "週日"],
    chat: "與我們聊聊",
    scan: "掃描即可與我們聊聊",
};

static CHINESE: Words = Words {
    tag: "zh-CN",
    unknown: "查无此代码，可能是扫描有误。",
    over: "这个二维码已停止使用。",
    early: "这个二维码尚未启用。",
    silent: "我们目前无法使用聊天功能。",
    gone: "我们已永久停业，感谢您一直以来的支持！",
    reach_us: "您仍然可以这样联系我们：",
    no_shop: "请询问张贴此二维码的店家。",
    call: "拨打电话",
    write: "写信给我们",
    map: "查看地图",
    site: "官方网站",
    hours: "营业时间",
    closed: "休息",
    days: ["周一", "周二", "周三", "周四", "周五", "周六", "周日"],
    chat: "与我们聊聊",
    scan: "扫码与我们聊聊",
};

static BRAZILIAN: Words = Words {
    tag: "pt-BR",
    unknown: "Não conhecemos este código. Talvez ele tenha sido lido errado.",
    over: "Este código não está mais em uso.",
    early: "Este código ainda não está em uso.",
    silent: "No momento não conseguimos conversar por aqui.",
    gone: "Fechamos as portas de vez. Obrigado por tudo!",
    reach_us: "Você ainda pode falar com a gente por aqui:",
    no_shop: "Pergunte no lugar onde você o encontrou.",
    call: "Ligar",
    write: "Escreva para nós",
    map: "Ver no mapa",
    site: "Nosso site",
    hours: "Horário de funcionamento",
    closed: "fechado",
    days: ["Seg", "Ter", "Qua", "Qui", "Sex", "Sáb", "Dom"],
    chat: "Fale com a gente",
    scan: "Escaneie e fale com a gente",
};

static SPANISH: Words = Words {
    tag: "es",
    unknown: "No conocemos este código. Quizá no se ha leído bien.",
    over: "Este código ya no está en uso.",
    early: "Este código todavía no está en uso.",
    silent: "Ahora mismo no podemos chatear.",
    gone: "Hemos cerrado definitivamente. ¡Gracias por todo!",
    reach_us: "Puedes encontrarnos aquí:",
    no_shop: "Pregunta donde lo encontraste.",
    call: "Llamar",
    write: "Escríbenos",
    map: "Ver en el mapa",
    site: "Nuestra web",
    hours: "Horario",
    closed: "cerrado",
    days: ["Lun", "Mar", "Mié", "Jue", "Vie", "Sáb", "Dom"],
    chat: "Chatea con nosotros",
    scan: "Escanea y chatea con nosotros",
};

static GERMAN: Words = Words {
    tag: "de",
    unknown: "Diesen Code kennen wir nicht. Vielleicht wurde er falsch gelesen.",
    over: "Dieser Code gilt nicht mehr.",
    early: "Dieser Code gilt noch nicht.",
    silent: "Wir können gerade nicht chatten.",
    gone: "Wir haben für immer geschlossen. Danke für alles!",
    reach_us: "So erreichen Sie uns trotzdem:",
    no_shop: "Bitte fragen Sie dort, wo Sie ihn gefunden haben.",
    call: "Anrufen",
    write: "Schreiben Sie uns",
    map: "Auf der Karte zeigen",
    site: "Unsere Website",
    hours: "Öffnungszeiten",
    closed: "geschlossen",
    days: ["Mo", "Di", "Mi", "Do", "Fr", "Sa", "So"],
    chat: "Mit uns chatten",
    scan: "Scannen und mit uns chatten",
};

static FRENCH: Words = Words {
    tag: "fr",
    unknown: "Nous ne connaissons pas ce code. Il a peut-être été mal lu.",
    over: "Ce code n’est plus utilisé.",
    early: "Ce code n’est pas encore utilisé.",
    silent: "Nous ne pouvons pas discuter pour le moment.",
    gone: "Nous avons fermé définitivement. Merci pour tout !",
    reach_us: "Vous pouvez toujours nous joindre ici :",
    no_shop: "Renseignez-vous là où vous l’avez trouvé.",
    call: "Appeler",
    write: "Écrivez-nous",
    map: "Voir sur la carte",
    site: "Notre site",
    hours: "Horaires",
    closed: "fermé",
    days: ["Lun", "Mar", "Mer", "Jeu", "Ven", "Sam", "Dim"],
    chat: "Discuter avec nous",
    scan: "Scannez pour discuter avec nous",
};

static POLISH: Words = Words {
    tag: "pl",
    unknown: "Nie znamy tego kodu. Może został źle odczytany.",
    over: "Ten kod już nie jest używany.",
    early: "Ten kod jeszcze nie jest używany.",
    silent: "W tej chwili nie możemy rozmawiać na czacie.",
    gone: "Zamknęliśmy na zawsze. Dziękujemy za wszystko!",
    reach_us: "Nadal można się z nami skontaktować:",
    no_shop: "Proszę zapytać tam, gdzie był ten kod.",
    call: "Zadzwoń",
    write: "Napisz do nas",
    map: "Pokaż na mapie",
    site: "Nasza strona",
    hours: "Godziny otwarcia",
    closed: "nieczynne",
    days: ["Pon", "Wt", "Śr", "Czw", "Pt", "Sob", "Nd"],
    chat: "Napisz na czacie",
    scan: "Zeskanuj i napisz do nas",
};

static RUSSIAN: Words = Words {
    tag: "ru",
    unknown: "Мы не знаем этого кода. Возможно, он прочитан неверно.",
    over: "Этот код больше не действует.",
    early: "Этот код ещё не действует.",
    silent: "Сейчас мы не можем переписываться.",
    gone: "Мы закрылись навсегда. Спасибо за всё!",
    reach_us: "С нами всё равно можно связаться:",
    no_shop: "Спросите там, где вы его нашли.",
    call: "Позвонить",
    write: "Написать нам",
    map: "Показать на карте",
    site: "Наш сайт",
    hours: "Часы работы",
    closed: "закрыто",
    days: ["Пн", "Вт", "Ср", "Чт", "Пт", "Сб", "Вс"],
    chat: "Напишите нам",
    scan: "Отсканируйте и напишите нам",
};
