//! What the owner reads of paid messages and utility templates, and the words by which a text
//! advertises. By the language's tag, in one table.

use super::find;
use crate::shop::model::Lang;

/// One language's.
#[derive(Debug)]
pub struct PaidTexts {
    /// The tag, as in [`super::ALL`].
    code: &'static str,
    /// Nobody has proved yet that paid messages may be sent.
    pub off: &'static str,
    /// The campaign is not ready, or Meta has it wait.
    pub waits: &'static str,
    /// The cap of the day is reached.
    pub cap: &'static str,
    /// Paid messages reach nobody there.
    pub country: &'static str,
    /// It is not known where the recipient is.
    pub unknown: &'static str,
    /// Businesses of that country cannot pay for messages.
    pub business: &'static str,
    /// Meta has not approved the template, or not in this language.
    pub no_template: &'static str,
    /// Words of offers: whole words and phrases; with a star, beginnings of words.
    pub promotion: &'static [&'static str],
}

/// The texts of a language; English where there are none.
#[must_use]
pub fn of(lang: &Lang) -> &'static PaidTexts {
    let code = find(lang).map_or("en", |language| language.code);
    TEXTS.iter().copied().find(|texts| texts.code == code).unwrap_or(&ENGLISH)
}

static ENGLISH: PaidTexts = PaidTexts {
    code: "en",
    off: "Paid messages are off: shopbell doctor has not proved them.",
    waits: "Paid messages wait: their campaign is not ready, or Meta has paused it.",
    cap: "The day's spending cap is reached.",
    country: "Paid messages reach nobody in this country.",
    unknown: "It is not known in which country they are, so paid messages are held.",
    business: "Businesses of this country cannot send paid messages.",
    no_template: "Meta has not approved the template in their language.",
    promotion: &[
        "sale",
        "sales",
        "discount*",
        "special offer*",
        "offers",
        "promo*",
        "coupon*",
        "voucher*",
        "bargain*",
        "deal",
        "deals",
        "buy now",
        "shop now",
        "order now",
        "black friday",
        "cashback",
        "half price",
        "clearance",
        "giveaway*",
        "limited time",
    ],
};

static TEXTS: [&PaidTexts; 10] = [
    &ENGLISH,
    &PaidTexts {
        code: "lt",
        off: "Mokamos žinutės išjungtos: „shopbell doctor“ dar nepatvirtino, kad jos leidžiamos.",
        waits: "Mokamos žinutės laukia: kampanija dar neparengta arba „Meta“ ją sustabdė.",
        cap: "Pasiekta dienos išlaidų riba.",
        country: "Šioje šalyje mokamos žinutės nieko nepasiekia.",
        unknown: "Nežinoma, kurioje šalyje gavėjas, todėl mokamos žinutės sulaikytos.",
        business: "Šios šalies verslas mokamų žinučių siųsti negali.",
        no_template: "„Meta“ nepatvirtino šablono gavėjo kalba.",
        promotion: &[
            "akcij*",
            "nuolaid*",
            "išpardav*",
            "specialus pasiūlym*",
            "kupon*",
            "pigiau",
            "perkamiausi*",
            "pirkite dabar",
            "įsigykite dabar",
            "loterij*",
        ],
    },
    &PaidTexts {
        code: "pt-BR",
        off: "As mensagens pagas estão desligadas: o shopbell doctor ainda não as comprovou.",
        waits: "As mensagens pagas esperam: a campanha não está pronta ou a Meta a pausou.",
        cap: "O limite de gastos do dia foi atingido.",
        country: "As mensagens pagas não chegam a ninguém neste país.",
        unknown: "Não se sabe em que país a pessoa está; as mensagens pagas ficam retidas.",
        business: "Empresas deste país não podem enviar mensagens pagas.",
        no_template: "A Meta não aprovou o modelo no idioma da pessoa.",
        promotion: &[
            "promoç*",
            "desconto*",
            "liquidaç*",
            "oferta*",
            "cupom",
            "cupons",
            "queima de estoque",
            "compre agora",
            "aproveite",
            "imperdív*",
            "brinde*",
            "black friday",
        ],
    },
    &PaidTexts {
        code: "zh-TW",
        off: "付費訊息尚未開啟：shopbell doctor 還沒有確認可以使用。",
        waits: "付費訊息等候中：廣告活動尚未就緒，或被 Meta 暫停。",
        cap: "已達當日花費上限。",
        country: "付費訊息無法送達這個國家的收件人。",
        unknown: "不知道收件人在哪個國家，因此付費訊息暫不發送。",
        business: "這個國家的商家不能發送付費訊息。",
        no_template: "Meta 尚未核准收件人語言的範本。",
        promotion: &[
            "優惠",
            "折扣",
            "特價",
            "促銷",
            "打折",
            "限時搶購",
            "買一送一",
            "折價券",
            "大減價",
        ],
    },
    &PaidTexts {
        code: "zh-CN",
        off: "付费消息尚未开启：shopbell doctor 还没有确认可以使用。",
        waits: "付费消息等候中：广告活动尚未就绪，或被 Meta 暂停。",
        cap: "已达到当日花费上限。",
        country: "付费消息无法送达这个国家的收件人。",
        unknown: "不知道收件人在哪个国家，因此付费消息暂不发送。",
        business: "这个国家的商家不能发送付费消息。",
        no_template: "Meta 尚未批准收件人语言的模板。",
        promotion: &[
            "优惠",
            "折扣",
            "特价",
            "促销",
            "打折",
            "限时抢购",
            "买一送一",
            "优惠券",
            "大减价",
        ],
    },
    &PaidTexts {
        code: "es",
        off: "Los mensajes de pago están apagados: shopbell doctor aún no los ha comprobado.",
        waits: "Los mensajes de pago esperan: la campaña no está lista o Meta la ha pausado.",
        cap: "Se alcanzó el límite de gasto del día.",
        country: "Los mensajes de pago no llegan a nadie en este país.",
        unknown: "No se sabe en qué país está la persona; los mensajes de pago se retienen.",
        business: "Los negocios de este país no pueden enviar mensajes de pago.",
        no_template: "Meta no ha aprobado la plantilla en el idioma de la persona.",
        promotion: &[
            "promoci*",
            "descuento*",
            "rebaja*",
            "oferta*",
            "cupón",
            "cupones",
            "liquidaci*",
            "compra ahora",
            "compre ahora",
            "ganga*",
            "black friday",
            "2x1",
        ],
    },
    &PaidTexts {
        code: "de",
        off: "Bezahlte Nachrichten sind aus: shopbell doctor hat sie noch nicht nachgewiesen.",
        waits: "Bezahlte Nachrichten warten: Die Kampagne ist nicht bereit, oder Meta hält sie an.",
        cap: "Die Ausgabengrenze des Tages ist erreicht.",
        country: "Bezahlte Nachrichten erreichen in diesem Land niemanden.",
        unknown: "Das Land der Person ist nicht bekannt; bezahlte Nachrichten bleiben zurück.",
        business: "Betriebe dieses Landes können keine bezahlten Nachrichten senden.",
        no_template: "Meta hat die Vorlage in der Sprache der Person nicht genehmigt.",
        promotion: &[
            "rabatt*",
            "sonderangebot*",
            "angebote",
            "sonderaktion*",
            "rabattaktion*",
            "gutschein*",
            "schnäppchen*",
            "ausverkauf*",
            "sale",
            "jetzt kaufen",
            "jetzt sparen",
            "black friday",
            "preisnachlass*",
        ],
    },
    &PaidTexts {
        code: "fr",
        off: "Les messages payants sont éteints : shopbell doctor ne les a pas encore vérifiés.",
        waits: "Les messages payants attendent : la campagne n’est pas prête, ou Meta l’a suspendue.",
        cap: "Le plafond de dépenses du jour est atteint.",
        country: "Les messages payants n’atteignent personne dans ce pays.",
        unknown: "On ne sait pas dans quel pays est la personne : messages payants retenus.",
        business: "Les entreprises de ce pays ne peuvent pas envoyer de messages payants.",
        no_template: "Meta n’a pas approuvé le modèle dans la langue de la personne.",
        promotion: &[
            "promotion*",
            "promo",
            "promos",
            "remise exceptionnelle",
            "réduction*",
            "solde",
            "soldes",
            "rabais",
            "offre spéciale",
            "offres",
            "bon d achat",
            "code promo",
            "achetez maintenant",
            "black friday",
            "profitez*",
        ],
    },
    &PaidTexts {
        code: "pl",
        off: "Płatne wiadomości są wyłączone: shopbell doctor ich jeszcze nie potwierdził.",
        waits: "Płatne wiadomości czekają: kampania nie jest gotowa albo Meta ją wstrzymała.",
        cap: "Osiągnięto dzienny limit wydatków.",
        country: "W tym kraju płatne wiadomości do nikogo nie docierają.",
        unknown: "Nie wiadomo, w jakim kraju jest odbiorca; płatne wiadomości są wstrzymane.",
        business: "Firmy z tego kraju nie mogą wysyłać płatnych wiadomości.",
        no_template: "Meta nie zatwierdziła szablonu w języku odbiorcy.",
        promotion: &[
            "promocj*",
            "rabat*",
            "zniżk*",
            "wyprzedaż*",
            "okazj*",
            "kupon*",
            "oferta specjalna",
            "kup teraz",
            "taniej",
            "gratis",
            "black friday",
            "przecen*",
        ],
    },
    &PaidTexts {
        code: "ru",
        off: "Платные сообщения выключены: shopbell doctor их ещё не подтвердил.",
        waits: "Платные сообщения ждут: кампания не готова или остановлена Meta.",
        cap: "Достигнут дневной предел расходов.",
        country: "В этой стране платные сообщения никому не доходят.",
        unknown: "Неизвестно, в какой стране получатель; платные сообщения задержаны.",
        business: "Компании этой страны не могут отправлять платные сообщения.",
        no_template: "Meta не одобрила шаблон на языке получателя.",
        promotion: &[
            "скидк*",
            "акци*",
            "распродаж*",
            "спецпредложени*",
            "купон*",
            "промокод*",
            "выгодн*",
            "купите сейчас",
            "дешевле",
            "черная пятница",
            "кэшбэк",
        ],
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shop::lang::all;

    #[test]
    fn every_language_has_every_text_and_its_own_words() {
        for language in all() {
            let texts = of(&Lang(language.code.to_owned()));
            assert_eq!(texts.code, language.code);
            let all = [
                texts.off,
                texts.waits,
                texts.cap,
                texts.country,
                texts.unknown,
                texts.business,
                texts.no_template,
            ];
            assert!(all.iter().all(|text| !text.is_empty()), "{}", language.code);
            assert!(texts.promotion.len() >= 9, "{}", language.code);
        }
    }
}
