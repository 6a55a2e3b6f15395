//! What coupons say: in the chat, on the page of a code, and at the till. By the language's tag, in
//! one table.

use super::find;
use crate::shop::model::Lang;

/// One language's.
#[derive(Debug)]
pub struct CouponTexts {
    /// The tag, as in [`super::ALL`].
    pub code_of_language: &'static str,
    /// To somebody who asks for a coupon that is not given any more.
    pub gone: &'static str,
    /// `{day}`: the last day a code is good.
    pub until: &'static str,
    /// `{link}`: where the code can be shown.
    pub show: &'static str,
    /// To the owner: why a notification is held.
    pub held: &'static str,
    /// On the page of a code.
    pub at_the_till: &'static str,
    /// `{when}` it was redeemed.
    pub redeemed: &'static str,
    /// `{day}`: the last day it was good.
    pub over: &'static str,
    /// There is no such code.
    pub unknown: &'static str,
    /// Too many unknown codes were asked for.
    pub busy: &'static str,
    /// Above the small print.
    pub terms: &'static str,
    /// What the code is called.
    pub code: &'static str,
    /// The heading of the till's page.
    pub till: &'static str,
    /// On a button.
    pub sign_in: &'static str,
    /// What the till signs in with.
    pub key: &'static str,
    /// No till has this key.
    pub wrong_key: &'static str,
    /// On a button.
    pub redeem: &'static str,
    /// It is redeemed by this very answer.
    pub done: &'static str,
    /// `{when}` and by which `{till}` it was redeemed before.
    pub already: &'static str,
    /// The check character does not fit.
    pub misread: &'static str,
    /// `{when}` the till may go on.
    pub wait: &'static str,
    /// The session is over, or the till was revoked.
    pub again: &'static str,
    /// On a button.
    pub sign_out: &'static str,
    /// The shop could not be asked.
    pub failed: &'static str,
    /// The shop's data is carried to another place: nothing is redeemed here.
    pub moved: &'static str,
}

/// The texts of a language; English where there are none.
#[must_use]
pub fn of(lang: &Lang) -> &'static CouponTexts {
    let code = find(lang).map_or("en", |language| language.code);
    TEXTS.iter().copied().find(|texts| texts.code_of_language == code).unwrap_or(&ENGLISH)
}

/// The languages there are texts in; English first, for whoever reads none of them.
#[must_use]
pub fn languages() -> Vec<Lang> {
    TEXTS.iter().map(|texts| Lang(texts.code_of_language.to_owned())).collect()
}

static ENGLISH: CouponTexts = CouponTexts {
    code_of_language: "en",
    gone: "This coupon is not available any more.",
    until: "Valid until {day}.",
    show: "Show it at the till: {link}",
    held: "No coupon is left for them.",
    at_the_till: "Show this at the till.",
    redeemed: "Redeemed on {when}.",
    over: "Expired on {day}.",
    unknown: "We don’t know this coupon. Perhaps the code was not read rightly.",
    busy: "Too many attempts. Please try again in a few minutes.",
    terms: "Terms",
    code: "Coupon code",
    till: "Till",
    sign_in: "Sign in",
    key: "Till key",
    wrong_key: "This key is not known.",
    redeem: "Redeem",
    done: "Valid. It is redeemed now.",
    already: "Already redeemed on {when}: {till}.",
    misread: "A character of this code is wrong. Please read it again.",
    wait: "Too many wrong codes. Go on at {when}.",
    again: "Please sign in again.",
    sign_out: "Sign out",
    failed: "That did not work. Please try again.",
    moved: "The shop’s data is being moved to another place. Nothing was redeemed. Try again in a few minutes, or ask the owner.",
};

static LITHUANIAN: CouponTexts = CouponTexts {
    code_of_language: "lt",
    gone: "Šio kupono nebėra.",
    until: "Galioja iki {day}.",
    show: "Parodykite kasoje: {link}",
    held: "Kuponų jiems nebeliko.",
    at_the_till: "Parodykite kasoje.",
    redeemed: "Panaudotas {when}.",
    over: "Galiojo iki {day}.",
    unknown: "Tokio kupono nežinome. Galbūt kodas perskaitytas neteisingai.",
    busy: "Per daug bandymų. Pabandykite po kelių minučių.",
    terms: "Sąlygos",
    code: "Kupono kodas",
    till: "Kasa",
    sign_in: "Prisijungti",
    key: "Kasos raktas",
    wrong_key: "Tokio rakto nėra.",
    redeem: "Panaudoti",
    done: "Galioja. Dabar panaudotas.",
    already: "Jau panaudotas {when}: {till}.",
    misread: "Vienas kodo ženklas neteisingas. Perskaitykite dar kartą.",
    wait: "Per daug neteisingų kodų. Tęskite {when}.",
    again: "Prisijunkite iš naujo.",
    sign_out: "Atsijungti",
    failed: "Nepavyko. Pabandykite dar kartą.",
    moved: "Parduotuvės duomenys perkeliami kitur. Niekas nepanaudota. Pabandykite po kelių minučių arba klauskite savininko.",
};

static PORTUGUESE: CouponTexts = CouponTexts {
    code_of_language: "pt-BR",
    gone: "Este cupom não está mais disponível.",
    until: "Válido até {day}.",
    show: "Mostre no caixa: {link}",
    held: "Não há mais cupons para essas pessoas.",
    at_the_till: "Mostre isto no caixa.",
    redeemed: "Usado em {when}.",
    over: "Venceu em {day}.",
    unknown: "Não conhecemos este cupom. Talvez o código tenha sido lido errado.",
    busy: "Tentativas demais. Tente de novo em alguns minutos.",
    terms: "Condições",
    code: "Código do cupom",
    till: "Caixa",
    sign_in: "Entrar",
    key: "Chave do caixa",
    wrong_key: "Não conhecemos esta chave.",
    redeem: "Usar cupom",
    done: "Válido. Agora está usado.",
    already: "Já usado em {when}: {till}.",
    misread: "Um caractere deste código está errado. Leia de novo.",
    wait: "Códigos errados demais. Continue em {when}.",
    again: "Entre de novo.",
    sign_out: "Sair",
    failed: "Não deu certo. Tente de novo.",
    moved: "Os dados da loja estão sendo levados para outro lugar. Nada foi usado. Tente de novo em alguns minutos ou pergunte ao dono.",
};

static SIMPLIFIED: CouponTexts = CouponTexts {
    code_of_language: "zh-CN",
    gone: "这张优惠券已经没有了。",
    until: "有效期至{day}。",
    show: "结账时请出示：{link}",
    held: "已没有优惠券可发给对方。",
    at_the_till: "结账时请出示此页。",
    redeemed: "已于{when}使用。",
    over: "已于{day}过期。",
    unknown: "查无此优惠券，可能是代码读取有误。",
    busy: "尝试次数过多，请几分钟后再试。",
    terms: "使用条款",
    code: "优惠券代码",
    till: "收银台",
    sign_in: "登录",
    key: "收银台密钥",
    wrong_key: "查无此密钥。",
    redeem: "核销",
    done: "有效，现已核销。",
    already: "已于{when}核销：{till}。",
    misread: "代码中有一个字符不对，请重新读取。",
    wait: "错误代码过多，请于{when}继续。",
    again: "请重新登录。",
    sign_out: "退出",
    failed: "操作未成功，请再试一次。",
    moved: "店铺的数据正在迁移，优惠券没有被核销。请过几分钟再试，或询问店主。",
};

static TRADITIONAL: CouponTexts = CouponTexts {
    code_of_language: "zh-TW",
    gone: "這張優惠券已經沒有了。",
    until: "有效期限至{day}。",
    show: "結帳時請出示：{link}",
    held: "已沒有優惠券可發給對方。",
    at_the_till: "結帳時請出示此頁。",
    redeemed: "已於{when}使用。",
    over: "已於{day}過期。",
    unknown: "查無此優惠券，可能是代碼讀取有誤。",
    busy: "嘗試次數過多，請過幾分鐘再試。",
    terms: "使用條款",
    code: "優惠券代碼",
    till: "收銀台",
    sign_in: "登入",
    key: "收銀台金鑰",
    wrong_key: "查無此金鑰。",
    redeem: "核銷",
    done: "有效，現已核銷。",
    already: "已於{when}核銷：{till}。",
    misread: "代碼中有一個字元不對，請重新讀取。",
    wait: "錯誤代碼過多，請於{when}繼續。",
    again: "請重新登入。",
    sign_out: "登出",
    failed: "操作未成功，請再試一次。",
    moved: "店家的資料正在搬移，優惠券沒有被核銷。請過幾分鐘再試，或詢問店主。",
};

static SPANISH: CouponTexts = CouponTexts {
    code_of_language: "es",
    gone: "Este cupón ya no está disponible.",
    until: "Válido hasta el {day}.",
    show: "Muéstralo en caja: {link}",
    held: "Ya no quedan cupones para estas personas.",
    at_the_till: "Muestra esto en caja.",
    redeemed: "Canjeado el {when}.",
    over: "Caducó el {day}.",
    unknown: "No conocemos este cupón. Quizá el código no se ha leído bien.",
    busy: "Demasiados intentos. Vuelve a probar en unos minutos.",
    terms: "Condiciones",
    code: "Código del cupón",
    till: "Caja",
    sign_in: "Entrar",
    key: "Clave de la caja",
    wrong_key: "No conocemos esta clave.",
    redeem: "Canjear",
    done: "Válido. Ya está canjeado.",
    already: "Ya canjeado el {when}: {till}.",
    misread: "Un carácter de este código está mal. Vuelve a leerlo.",
    wait: "Demasiados códigos erróneos. Sigue el {when}.",
    again: "Vuelve a entrar.",
    sign_out: "Salir",
    failed: "No ha funcionado. Vuelve a probar.",
    moved: "Los datos de la tienda se están trasladando. No se ha canjeado nada. Vuelve a probar en unos minutos o pregunta al dueño.",
};

static GERMAN: CouponTexts = CouponTexts {
    code_of_language: "de",
    gone: "Diesen Gutschein gibt es nicht mehr.",
    until: "Gültig bis {day}.",
    show: "An der Kasse vorzeigen: {link}",
    held: "Für diese Personen ist kein Gutschein mehr da.",
    at_the_till: "Bitte an der Kasse vorzeigen.",
    redeemed: "Eingelöst am {when}.",
    over: "Abgelaufen am {day}.",
    unknown: "Diesen Gutschein kennen wir nicht. Vielleicht wurde der Code falsch gelesen.",
    busy: "Zu viele Versuche. Bitte in einigen Minuten noch einmal.",
    terms: "Bedingungen",
    code: "Gutscheincode",
    till: "Kasse",
    sign_in: "Anmelden",
    key: "Kassenschlüssel",
    wrong_key: "Diesen Schlüssel gibt es nicht.",
    redeem: "Einlösen",
    done: "Gültig. Er ist jetzt eingelöst.",
    already: "Schon eingelöst am {when}: {till}.",
    misread: "Ein Zeichen dieses Codes stimmt nicht. Bitte noch einmal lesen.",
    wait: "Zu viele falsche Codes. Weiter geht es am {when}.",
    again: "Bitte neu anmelden.",
    sign_out: "Abmelden",
    failed: "Das hat nicht geklappt. Bitte noch einmal.",
    moved: "Die Daten des Geschäfts ziehen gerade um. Es wurde nichts eingelöst. Bitte in ein paar Minuten noch einmal, oder fragen Sie den Inhaber.",
};

static FRENCH: CouponTexts = CouponTexts {
    code_of_language: "fr",
    gone: "Ce bon n’est plus disponible.",
    until: "Valable jusqu’au {day}.",
    show: "À présenter en caisse : {link}",
    held: "Il ne reste plus de bon pour ces personnes.",
    at_the_till: "À présenter en caisse.",
    redeemed: "Utilisé le {when}.",
    over: "Expiré le {day}.",
    unknown: "Nous ne connaissons pas ce bon. Le code a peut-être été mal lu.",
    busy: "Trop d’essais. Réessayez dans quelques minutes.",
    terms: "Conditions",
    code: "Code du bon",
    till: "Caisse",
    sign_in: "Se connecter",
    key: "Clé de la caisse",
    wrong_key: "Cette clé n’est pas connue.",
    redeem: "Valider le bon",
    done: "Valable. Il est maintenant utilisé.",
    already: "Déjà utilisé le {when} : {till}.",
    misread: "Un caractère de ce code est faux. Relisez-le.",
    wait: "Trop de codes faux. Reprenez le {when}.",
    again: "Reconnectez-vous.",
    sign_out: "Se déconnecter",
    failed: "Cela n’a pas marché. Réessayez.",
    moved: "Les données de la boutique sont en cours de transfert. Rien n’a été utilisé. Réessayez dans quelques minutes ou demandez au propriétaire.",
};

static POLISH: CouponTexts = CouponTexts {
    code_of_language: "pl",
    gone: "Tego kuponu już nie ma.",
    until: "Ważny do {day}.",
    show: "Proszę pokazać przy kasie: {link}",
    held: "Nie ma już dla nich kuponów.",
    at_the_till: "Proszę pokazać przy kasie.",
    redeemed: "Wykorzystany {when}.",
    over: "Ważny był do {day}.",
    unknown: "Nie znamy tego kuponu. Może kod został źle odczytany.",
    busy: "Za dużo prób. Proszę spróbować za kilka minut.",
    terms: "Warunki",
    code: "Kod kuponu",
    till: "Kasa",
    sign_in: "Zaloguj",
    key: "Klucz kasy",
    wrong_key: "Nie ma takiego klucza.",
    redeem: "Wykorzystaj",
    done: "Ważny. Teraz jest wykorzystany.",
    already: "Już wykorzystany {when}: {till}.",
    misread: "Jeden znak tego kodu jest błędny. Proszę odczytać jeszcze raz.",
    wait: "Za dużo błędnych kodów. Dalej {when}.",
    again: "Proszę zalogować się ponownie.",
    sign_out: "Wyloguj",
    failed: "Nie udało się. Proszę spróbować jeszcze raz.",
    moved: "Dane sklepu są właśnie przenoszone. Nic nie zostało zrealizowane. Proszę spróbować za kilka minut albo zapytać właściciela.",
};

static RUSSIAN: CouponTexts = CouponTexts {
    code_of_language: "ru",
    gone: "Этого купона больше нет.",
    until: "Действует до {day}.",
    show: "Покажите на кассе: {link}",
    held: "Купонов для них больше нет.",
    at_the_till: "Покажите это на кассе.",
    redeemed: "Использован {when}.",
    over: "Действовал до {day}.",
    unknown: "Мы не знаем этого купона. Возможно, код прочитан неверно.",
    busy: "Слишком много попыток. Попробуйте через несколько минут.",
    terms: "Условия",
    code: "Код купона",
    till: "Касса",
    sign_in: "Войти",
    key: "Ключ кассы",
    wrong_key: "Такого ключа нет.",
    redeem: "Погасить",
    done: "Действителен. Теперь погашен.",
    already: "Уже погашен {when}: {till}.",
    misread: "Один знак этого кода неверен. Прочитайте ещё раз.",
    wait: "Слишком много неверных кодов. Продолжите {when}.",
    again: "Войдите ещё раз.",
    sign_out: "Выйти",
    failed: "Не получилось. Попробуйте ещё раз.",
    moved: "Данные магазина переносятся в другое место. Ничего не погашено. Попробуйте через несколько минут или спросите владельца.",
};

static TEXTS: [&CouponTexts; 10] = [
    &ENGLISH,
    &LITHUANIAN,
    &PORTUGUESE,
    &SIMPLIFIED,
    &TRADITIONAL,
    &SPANISH,
    &GERMAN,
    &FRENCH,
    &POLISH,
    &RUSSIAN,
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shop::lang::all;

    #[test]
    fn every_language_says_everything_with_its_places_filled() {
        for language in all() {
            let texts = of(&Lang(language.code.to_owned()));
            assert_eq!(texts.code_of_language, language.code);
            for (text, places) in [
                (texts.until, &["{day}"][..]),
                (texts.over, &["{day}"]),
                (texts.show, &["{link}"]),
                (texts.redeemed, &["{when}"]),
                (texts.already, &["{when}", "{till}"]),
                (texts.wait, &["{when}"]),
            ] {
                for place in places {
                    assert!(text.contains(place), "{} {text}", language.code);
                }
            }
            for text in [texts.gone, texts.unknown, texts.held, texts.done, texts.misread] {
                assert!(!text.contains('{') && !text.is_empty(), "{}", language.code);
            }
        }
    }
}
