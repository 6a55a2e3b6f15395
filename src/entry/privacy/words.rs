//! What the privacy notice says in each language the assistant speaks. `{shop}`, `{channels}`,
//! `{controller}`, `{contact}`, `{word}` and `{n}` are filled in.

use crate::kept::Kind;
use crate::shop::model::Lang;

/// The words of the notice in one language.
#[derive(Debug)]
pub(super) struct Words {
    pub tag: &'static str,
    pub title: &'static str,
    pub intro: &'static str,
    /// Between two channels.
    pub and: &'static str,
    pub controller: &'static str,
    pub contact: &'static str,
    /// Above the list, and in each line of it.
    pub kept: &'static str,
    pub how_long: &'static str,
    pub no_history: &'static str,
    pub kinds: Kinds,
    /// One day, and more.
    pub days: [&'static str; 2],
    /// One month after the end of a consent, and more.
    pub receipts: [&'static str; 2],
    pub forgotten: &'static str,
    pub done: &'static str,
    pub always: &'static str,
    pub basis: &'static str,
    /// Consent, contract, legitimate interest.
    pub bases: [&'static str; 3],
    pub choices: &'static str,
    pub stop: &'static str,
    pub human: &'static str,
    pub delete: &'static str,
    pub ask: &'static str,
    pub others: &'static str,
    pub meta: &'static str,
    pub cloudflare: &'static str,
    pub server: &'static str,
    pub ads: &'static str,
    pub nobody: &'static str,
    /// Of a link to what somebody else says of privacy.
    pub policy: &'static str,
    pub pages: &'static str,
    pub languages: &'static str,
    pub no_shop: &'static str,
}

/// What is said of each kind of data that is about people.
#[derive(Debug)]
pub(super) struct Kinds {
    conversation: &'static str,
    messages: &'static str,
    origin: &'static str,
    consents: &'static str,
    receipts: &'static str,
    sent: &'static str,
    answers: &'static str,
    bookings: &'static str,
    handover: &'static str,
    notes: &'static str,
    questions: &'static str,
    handled: &'static str,
    forgotten: &'static str,
}

impl Kinds {
    /// What is said of a kind; nothing of what is about nobody.
    pub(super) const fn of(&self, kind: Kind) -> Option<&'static str> {
        Some(match kind {
            Kind::Conversation => self.conversation,
            Kind::Messages => self.messages,
            Kind::Origin => self.origin,
            Kind::Consents => self.consents,
            Kind::Receipts => self.receipts,
            Kind::Sent => self.sent,
            Kind::Answers => self.answers,
            Kind::Bookings => self.bookings,
            Kind::Handover => self.handover,
            Kind::Notes => self.notes,
            Kind::Questions => self.questions,
            Kind::Handled => self.handled,
            Kind::Forgotten => self.forgotten,
            Kind::Figures | Kind::Running | Kind::Owners => return None,
        })
    }
}

/// English first, which stands in for any other.
pub(super) static WORDS: [Words; 10] = [
    Words {
        tag: "en",
        title: "Privacy",
        intro: "When you write to {shop} on {channels}, an assistant answers first. It is a \
                program of the shop. This page says what it keeps of you, why, and for how long.",
        and: "and",
        controller: "Responsible: {controller}.",
        contact: "Ask about it here: {contact}",
        kept: "What is kept",
        how_long: "How long",
        no_history: "What you write is read and answered; no history of it is kept here. \
                     Messenger and Instagram keep your messages by their own rules.",
        kinds: Kinds {
            conversation: "The id that Meta gives you for this shop, your name and language if \
                           Meta tells them, when you last wrote, and how far the conversation \
                           is: to answer you.",
            messages: "Answers on their way to you, and messages of yours that cannot be handled \
                       at once.",
            origin: "The poster, link or ad that brought you: to know what brings people.",
            consents: "What you agreed to be told, when, and the token by which Meta delivers \
                       it. After a stop: that you said stop, so that it holds.",
            receipts: "The proof of what you were shown and agreed to.",
            sent: "What you were sent and when: so that you get nothing twice, nor more than \
                   promised.",
            answers: "What you answered in forms, and what the shop notes of it: for what the \
                      form is for.",
            bookings: "What you booked: so that the shop expects you and can remind you.",
            handover: "That you wait for a person, or have finished a form: to tell the shop.",
            notes: "Notes of the shop on what you asked for: so that you need not say it twice.",
            questions: "Questions that found no answer, without numbers and addresses and not \
                        under your name: to answer them better.",
            handled: "Which of your messages were handled: so that none is answered twice.",
            forgotten: "After a deletion: a code that does not say who you are, so that nothing \
                        older brings your data back.",
        },
        days: ["1 day", "{n} days"],
        receipts: [
            "1 month after your consent has ended",
            "{n} months after your consent has ended",
        ],
        forgotten: "until you have it deleted",
        done: "until it is done",
        always: "for good",
        basis: "The ground on which notifications are sent:",
        bases: ["your consent", "a contract with you", "a legitimate interest of the shop"],
        choices: "What you can do",
        stop: "Write {word} in the chat: no more notifications. Questions are still answered.",
        human: "Write {word}: a person takes over.",
        delete: "Write {word} and confirm it: everything about you is deleted, and you get the \
                 address of a page that says when it is done.",
        ask: "Or ask the shop. You may see what is kept of you, have it corrected or deleted, \
              object to it, and complain to your data protection authority.",
        others: "Who else handles it",
        meta: "Meta carries the messages on Messenger and Instagram.",
        cloudflare: "Cloudflare stores the data and runs the assistant for the shop.",
        server: "The shop’s own server is told when you ask for a person or finish a form.",
        ads: "Paid messages to you are delivered by Meta’s advertising system.",
        nobody: "Nobody else gets it. It is not sold, and no model is trained with it.",
        policy: "privacy policy",
        pages: "Branches",
        languages: "Languages",
        no_shop: "No shop is published here yet. Please ask the shop that led you here.",
    },
    Words {
        tag: "lt",
        title: "Privatumas",
        intro: "Kai rašote „{shop}“ per {channels}, pirmiausia atsako pagalbininkas: tai \
                parduotuvės programa. Šiame puslapyje parašyta, ką ji apie jus saugo, kodėl ir \
                kiek laiko.",
        and: "ir",
        controller: "Už duomenis atsako: {controller}.",
        contact: "Klauskite čia: {contact}",
        kept: "Kas saugoma",
        how_long: "Kiek laiko",
        no_history: "Tai, ką parašote, perskaitoma ir atsakoma; susirašinėjimo istorija čia \
                     nesaugoma. „Messenger“ ir „Instagram“ žinutes saugo pagal savo taisykles.",
        kinds: Kinds {
            conversation: "Numeris, kurį „Meta“ jums suteikia šiai parduotuvei, vardas ir kalba, \
                           jei „Meta“ juos pasako, kada paskutinį kartą rašėte ir kur sustojo \
                           pokalbis: kad galėtume atsakyti.",
            messages: "Jums siunčiami atsakymai ir jūsų žinutės, kurių negalima apdoroti iš karto.",
            origin: "Plakatas, nuoroda ar reklama, per kurią atėjote: kad žinotume, kas atveda \
                     žmones.",
            consents: "Apie ką sutikote gauti pranešimus, kada, ir raktas, kuriuo „Meta“ juos \
                       pristato. Atsisakius: kad atsisakėte, jog to būtų laikomasi.",
            receipts: "Įrodymas, kas jums buvo parodyta ir su kuo sutikote.",
            sent: "Kas ir kada jums išsiųsta: kad nieko negautumėte dukart ar dažniau, nei žadėta.",
            answers: "Ką atsakėte formose ir ką iš to pasižymi parduotuvė: tam, kam forma skirta.",
            bookings: "Ką užsisakėte: kad parduotuvė jūsų lauktų ir galėtų priminti.",
            handover: "Kad laukiate žmogaus arba užpildėte formą: kad apie tai sužinotų \
                       parduotuvė.",
            notes: "Parduotuvės pastabos apie jūsų pageidavimus: kad nereikėtų jų kartoti.",
            questions: "Klausimai, į kuriuos neradome atsakymo, be numerių ir adresų ir ne jūsų \
                        vardu: kad kitą kartą atsakytume geriau.",
            handled: "Kurios jūsų žinutės jau apdorotos: kad į jokią neatsakytume dukart.",
            forgotten: "Po ištrynimo: kodas, kuris nepasako, kas esate, kad niekas senesnis \
                        negrąžintų jūsų duomenų.",
        },
        days: ["1 d.", "{n} d."],
        receipts: ["1 mėn. pasibaigus sutikimui", "{n} mėn. pasibaigus sutikimui"],
        forgotten: "kol paprašysite ištrinti",
        done: "kol bus atlikta",
        always: "visam laikui",
        basis: "Pranešimai siunčiami šiuo pagrindu:",
        bases: ["jūsų sutikimas", "sutartis su jumis", "teisėtas parduotuvės interesas"],
        choices: "Ką galite padaryti",
        stop: "Parašykite pokalbyje {word}: pranešimų nebegausite. Į klausimus atsakysime toliau.",
        human: "Parašykite {word}: atsakys žmogus.",
        delete: "Parašykite {word} ir patvirtinkite: viskas apie jus bus ištrinta, ir gausite \
                 puslapio adresą, kur matysite, kada tai baigta.",
        ask: "Arba kreipkitės į parduotuvę. Galite sužinoti, kas apie jus saugoma, prašyti \
              ištaisyti ar ištrinti, nesutikti ir pateikti skundą duomenų apsaugos priežiūros \
              institucijai.",
        others: "Kas dar tvarko duomenis",
        meta: "„Meta“ perduoda žinutes per „Messenger“ ir „Instagram“.",
        cloudflare: "„Cloudflare“ parduotuvės pavedimu saugo duomenis ir vykdo pagalbininko \
                     programą.",
        server: "Parduotuvės serveriui pranešama, kai prašote žmogaus arba užpildote formą.",
        ads: "Mokamas žinutes jums pristato „Meta“ reklamos sistema.",
        nobody: "Niekas kitas duomenų negauna. Jie neparduodami ir jais neapmokomi modeliai.",
        policy: "privatumo politika",
        pages: "Padaliniai",
        languages: "Kalbos",
        no_shop: "Čia dar nepaskelbta jokia parduotuvė. Klauskite parduotuvės, kuri jus čia \
                  nukreipė.",
    },
    Words {
        tag: "pt-BR",
        title: "Privacidade",
        intro: "Quando você escreve para {shop} no {channels}, um assistente responde primeiro. É \
                um programa da loja. Esta página diz o que ele guarda sobre você, para quê e por \
                quanto tempo.",
        and: "e no",
        controller: "Responsável: {controller}.",
        contact: "Pergunte aqui: {contact}",
        kept: "O que é guardado",
        how_long: "Por quanto tempo",
        no_history: "O que você escreve é lido e respondido; nenhum histórico fica guardado aqui. \
                     O Messenger e o Instagram guardam as mensagens pelas regras deles.",
        kinds: Kinds {
            conversation: "O número que a Meta dá a você para esta loja, seu nome e idioma se a \
                           Meta informar, quando você escreveu por último e em que ponto está a \
                           conversa: para responder.",
            messages: "Respostas a caminho e mensagens suas que não podem ser tratadas na hora.",
            origin: "O cartaz, link ou anúncio que trouxe você: para saber o que traz as pessoas.",
            consents: "O que você aceitou receber, quando, e o código com que a Meta entrega. \
                       Depois de parar: que você pediu para parar, para que isso valha.",
            receipts: "A prova do que foi mostrado e aceito.",
            sent: "O que foi enviado a você e quando: para nada chegar duas vezes nem além do \
                   prometido.",
            answers: "O que você respondeu em formulários e o que a loja anota disso: para o que \
                      o formulário serve.",
            bookings: "O que você reservou: para a loja esperar você e poder lembrar.",
            handover: "Que você espera uma pessoa ou terminou um formulário: para avisar a loja.",
            notes: "Anotações da loja sobre o que você pediu: para não precisar repetir.",
            questions: "Perguntas que ficaram sem resposta, sem números nem endereços e sem seu \
                        nome: para responder melhor.",
            handled: "Quais mensagens suas já foram tratadas: para nenhuma ser respondida duas \
                      vezes.",
            forgotten: "Depois de apagar: um código que não diz quem você é, para que nada mais \
                        antigo traga seus dados de volta.",
        },
        days: ["1 dia", "{n} dias"],
        receipts: [
            "1 mês depois do fim do consentimento",
            "{n} meses depois do fim do consentimento",
        ],
        forgotten: "até você pedir para apagar",
        done: "até estar feito",
        always: "para sempre",
        basis: "Base legal do envio de avisos:",
        bases: ["seu consentimento", "um contrato com você", "interesse legítimo da loja"],
        choices: "O que você pode fazer",
        stop: "Escreva {word} na conversa: não chegam mais avisos. As perguntas continuam sendo \
               respondidas.",
        human: "Escreva {word}: uma pessoa assume.",
        delete: "Escreva {word} e confirme: tudo sobre você é apagado, e você recebe o endereço de \
                 uma página que diz quando terminou.",
        ask: "Ou fale com a loja. Você pode saber o que é guardado, pedir correção ou exclusão, se \
              opor e reclamar à autoridade de proteção de dados.",
        others: "Quem mais trata os dados",
        meta: "A Meta leva as mensagens no Messenger e no Instagram.",
        cloudflare: "A Cloudflare guarda os dados e roda o assistente para a loja.",
        server: "O servidor da própria loja é avisado quando você pede uma pessoa ou termina um \
                 formulário.",
        ads: "Mensagens pagas para você são entregues pelo sistema de anúncios da Meta.",
        nobody: "Ninguém mais recebe os dados. Eles não são vendidos nem usados para treinar modelos.",
        policy: "política de privacidade",
        pages: "Unidades",
        languages: "Idiomas",
        no_shop: "Nenhuma loja foi publicada aqui ainda. Pergunte à loja que trouxe você até aqui.",
    },
    Words {
        tag: "zh-TW",
        title: "隱私權說明",
        intro: "您透過 {channels} 傳訊息給{shop}時，會先由小幫手回覆，它是店家的程式。本頁說明它保留哪些\
                與您有關的資料、用途與期限。",
        and: "、",
        controller: "負責人：{controller}。",
        contact: "洽詢方式：{contact}",
        kept: "保留的資料",
        how_long: "保留多久",
        no_history: "您傳來的訊息讀取並回覆後，這裡不會留下對話紀錄。Messenger 與 Instagram 依其規則保存訊息。",
        kinds: Kinds {
            conversation: "Meta 為您在這家店產生的編號、Meta 提供的姓名與語言、您上次來訊的時間，\
                           以及對話進行到哪裡：用來回覆您。",
            messages: "正要傳給您的回覆，以及暫時無法處理的訊息。",
            origin: "帶您前來的海報、連結或廣告：了解客人從哪裡來。",
            consents: "您同意收到的通知、同意的時間，以及 Meta 用來傳送的憑證。停止後：保留您已停\
                       止的紀錄，以便遵守。",
            receipts: "您當時看到並同意的內容的證明。",
            sent: "傳給您的通知與時間：避免重複，也不超過承諾的次數。",
            answers: "您在表單中的回答，以及店家的標記：用於該表單的目的。",
            bookings: "您的預約：讓店家等候您並能提醒您。",
            handover: "您正在等候真人或已填完表單：用來通知店家。",
            notes: "店家對您需求的備註：讓您不必重複說明。",
            questions: "沒有找到答案的問題，已去除號碼與地址，也不記名：用來改善回答。",
            handled: "哪些訊息已處理：避免重複回覆。",
            forgotten: "刪除之後：一組無法得知您是誰的代碼，避免舊資料再次出現。",
        },
        days: ["1 天", "{n} 天"],
        receipts: ["同意結束後 1 個月", "同意結束後 {n} 個月"],
        forgotten: "直到您要求刪除",
        done: "處理完成為止",
        always: "永久",
        basis: "傳送通知的法律依據：",
        bases: ["您的同意", "與您的契約", "店家的正當利益"],
        choices: "您可以這樣做",
        stop: "在對話中傳「{word}」：不再收到通知，仍會回答您的問題。",
        human: "傳「{word}」：由真人接手。",
        delete: "傳「{word}」並確認：與您有關的資料會全部刪除，並提供一個網址讓您查看何時完成。",
        ask: "也可以向店家提出。您可以查詢、更正或刪除您的資料、提出反對，並向資料保護主管機關申訴。",
        others: "還有誰處理資料",
        meta: "Meta 透過 Messenger 與 Instagram 傳遞訊息。",
        cloudflare: "Cloudflare 為店家儲存資料並執行小幫手。",
        server: "您要求真人或填完表單時，會通知店家自己的伺服器。",
        ads: "付費訊息由 Meta 的廣告系統傳送給您。",
        nobody: "不會提供給其他人，不會出售，也不會用來訓練模型。",
        policy: "隱私權政策",
        pages: "分店",
        languages: "語言",
        no_shop: "這裡尚未發布任何店家，請詢問帶您前來的店家。",
    },
    Words {
        tag: "zh-CN",
        title: "隐私说明",
        intro: "您通过 {channels} 给{shop}发消息时，会先由小助手回复，它是店家的程序。本页说明它保留哪些\
                与您有关的资料、用途与期限。",
        and: "、",
        controller: "负责人：{controller}。",
        contact: "咨询方式：{contact}",
        kept: "保留的资料",
        how_long: "保留多久",
        no_history: "您发来的消息读取并回复后，这里不会留下对话记录。Messenger 与 Instagram 按其规则保存消息。",
        kinds: Kinds {
            conversation: "Meta 为您在这家店生成的编号、Meta 提供的姓名与语言、您上次来信的时间，\
                           以及对话进行到哪里：用来回复您。",
            messages: "正要发给您的回复，以及暂时无法处理的消息。",
            origin: "带您前来的海报、链接或广告：了解客人从哪里来。",
            consents: "您同意收到的通知、同意的时间，以及 Meta 用来发送的凭证。停止后：保留您已停\
                       止的记录，以便遵守。",
            receipts: "您当时看到并同意的内容的证明。",
            sent: "发给您的通知与时间：避免重复，也不超过承诺的次数。",
            answers: "您在表单中的回答，以及店家的标记：用于该表单的目的。",
            bookings: "您的预约：让店家等候您并能提醒您。",
            handover: "您正在等候真人或已填完表单：用来通知店家。",
            notes: "店家对您需求的备注：让您不必重复说明。",
            questions: "没有找到答案的问题，已去除号码与地址，也不记名：用来改进回答。",
            handled: "哪些消息已处理：避免重复回复。",
            forgotten: "删除之后：一组无法得知您是谁的代码，避免旧资料再次出现。",
        },
        days: ["1 天", "{n} 天"],
        receipts: ["同意结束后 1 个月", "同意结束后 {n} 个月"],
        forgotten: "直到您要求删除",
        done: "处理完成为止",
        always: "永久",
        basis: "发送通知的法律依据：",
        bases: ["您的同意", "与您的合同", "店家的正当利益"],
        choices: "您可以这样做",
        stop: "在对话中发“{word}”：不再收到通知，仍会回答您的问题。",
        human: "发“{word}”：由真人接手。",
        delete: "发“{word}”并确认：与您有关的资料会全部删除，并提供一个网址让您查看何时完成。",
        ask: "也可以向店家提出。您可以查询、更正或删除您的资料、提出反对，并向数据保护主管机关投诉。",
        others: "还有谁处理资料",
        meta: "Meta 通过 Messenger 与 Instagram 传递消息。",
        cloudflare: "Cloudflare 为店家存储资料并运行小助手。",
        server: "您要求真人或填完表单时，会通知店家自己的服务器。",
        ads: "付费消息由 Meta 的广告系统发送给您。",
        nobody: "不会提供给其他人，不会出售，也不会用来训练模型。",
        policy: "隐私政策",
        pages: "分店",
        languages: "语言",
        no_shop: "这里尚未发布任何店家，请询问带您前来的店家。",
    },
    Words {
        tag: "es",
        title: "Privacidad",
        intro: "Cuando escribes a {shop} por {channels}, primero responde un asistente. Es un \
                programa de la tienda. Esta página dice qué guarda de ti, para qué y durante \
                cuánto tiempo.",
        and: "y",
        controller: "Responsable: {controller}.",
        contact: "Pregunta aquí: {contact}",
        kept: "Qué se guarda",
        how_long: "Cuánto tiempo",
        no_history: "Lo que escribes se lee y se responde; aquí no se guarda ningún historial. \
                     Messenger e Instagram guardan los mensajes según sus propias reglas.",
        kinds: Kinds {
            conversation: "El número que Meta te da para esta tienda, tu nombre e idioma si Meta \
                           los dice, cuándo escribiste por última vez y por dónde va la \
                           conversación: para responderte.",
            messages: "Respuestas en camino y mensajes tuyos que no se pueden atender al momento.",
            origin: "El cartel, enlace o anuncio que te trajo: para saber qué trae a la gente.",
            consents: "Lo que aceptaste recibir, cuándo, y la clave con la que Meta lo entrega. \
                       Tras una baja: que dijiste basta, para que se cumpla.",
            receipts: "La prueba de lo que se te mostró y aceptaste.",
            sent: "Lo que se te envió y cuándo: para que nada llegue dos veces ni más de lo \
                   prometido.",
            answers: "Lo que respondiste en formularios y lo que la tienda anota de ello: para \
                      lo que sirve el formulario.",
            bookings: "Lo que reservaste: para que la tienda te espere y pueda recordártelo.",
            handover: "Que esperas a una persona o terminaste un formulario: para avisar a la \
                       tienda.",
            notes: "Notas de la tienda sobre lo que pediste: para que no tengas que repetirlo.",
            questions: "Preguntas sin respuesta, sin números ni direcciones y sin tu nombre: \
                        para responder mejor.",
            handled: "Qué mensajes tuyos ya se atendieron: para que ninguno se responda dos veces.",
            forgotten: "Tras un borrado: un código que no dice quién eres, para que nada más \
                        antiguo devuelva tus datos.",
        },
        days: ["1 día", "{n} días"],
        receipts: [
            "1 mes tras el fin del consentimiento",
            "{n} meses tras el fin del consentimiento",
        ],
        forgotten: "hasta que pidas borrarlo",
        done: "hasta que esté hecho",
        always: "para siempre",
        basis: "Base para enviar avisos:",
        bases: ["tu consentimiento", "un contrato contigo", "un interés legítimo de la tienda"],
        choices: "Qué puedes hacer",
        stop: "Escribe {word} en el chat: no llegan más avisos. Las preguntas se siguen \
               respondiendo.",
        human: "Escribe {word}: sigue una persona.",
        delete: "Escribe {word} y confírmalo: se borra todo lo tuyo y recibes la dirección de una \
                 página que dice cuándo está hecho.",
        ask: "O pregunta a la tienda. Puedes saber qué se guarda de ti, pedir que se corrija o se \
              borre, oponerte y reclamar ante la autoridad de protección de datos.",
        others: "Quién más trata los datos",
        meta: "Meta lleva los mensajes por Messenger e Instagram.",
        cloudflare: "Cloudflare guarda los datos y ejecuta el asistente para la tienda.",
        server: "Se avisa al servidor de la propia tienda cuando pides una persona o terminas un \
                 formulario.",
        ads: "Los mensajes de pago te los entrega el sistema publicitario de Meta.",
        nobody: "Nadie más los recibe. No se venden ni se entrena ningún modelo con ellos.",
        policy: "política de privacidad",
        pages: "Sucursales",
        languages: "Idiomas",
        no_shop: "Aquí todavía no se ha publicado ninguna tienda. Pregunta a la que te trajo aquí.",
    },
    Words {
        tag: "de",
        title: "Datenschutz",
        intro: "Wenn Sie {shop} über {channels} schreiben, antwortet zuerst ein Assistent. Er ist \
                ein Programm des Geschäfts. Diese Seite sagt, was er von Ihnen aufbewahrt, wozu \
                und wie lange.",
        and: "und",
        controller: "Verantwortlich: {controller}.",
        contact: "Fragen Sie hier: {contact}",
        kept: "Was aufbewahrt wird",
        how_long: "Wie lange",
        no_history: "Was Sie schreiben, wird gelesen und beantwortet; ein Verlauf wird hier nicht \
                     aufbewahrt. Messenger und Instagram bewahren Nachrichten nach eigenen Regeln \
                     auf.",
        kinds: Kinds {
            conversation: "Die Nummer, die Meta Ihnen für dieses Geschäft gibt, Name und \
                           Sprache, wenn Meta sie nennt, wann Sie zuletzt schrieben und wie weit \
                           das Gespräch ist: um Ihnen zu antworten.",
            messages: "Antworten auf dem Weg zu Ihnen und Nachrichten, die nicht sofort \
                       bearbeitet werden können.",
            origin: "Das Plakat, der Link oder die Anzeige, durch die Sie kamen: um zu wissen, \
                     was Kunden bringt.",
            consents: "Wozu Sie Nachrichten wünschen, seit wann, und das Kennzeichen, mit dem \
                       Meta sie zustellt. Nach einem Stopp: dass Sie Stopp gesagt haben, damit \
                       es gilt.",
            receipts: "Der Nachweis, was Ihnen gezeigt wurde und wozu Sie Ja gesagt haben.",
            sent: "Was Ihnen wann geschickt wurde: damit nichts doppelt und nicht mehr als \
                   versprochen kommt.",
            answers: "Was Sie in Formularen geantwortet haben und was das Geschäft daraus \
                      vermerkt: für den Zweck des Formulars.",
            bookings: "Was Sie gebucht haben: damit das Geschäft Sie erwartet und erinnern kann.",
            handover: "Dass Sie auf einen Menschen warten oder ein Formular fertig ist: um es \
                       dem Geschäft zu sagen.",
            notes: "Notizen des Geschäfts zu Ihren Wünschen: damit Sie nichts zweimal sagen \
                    müssen.",
            questions: "Fragen ohne Antwort, ohne Nummern und Adressen und nicht unter Ihrem \
                        Namen: um besser zu antworten.",
            handled: "Welche Ihrer Nachrichten bearbeitet sind: damit keine zweimal beantwortet \
                      wird.",
            forgotten: "Nach einer Löschung: ein Code, der nicht sagt, wer Sie sind, damit \
                        nichts Älteres Ihre Daten zurückbringt.",
        },
        days: ["1 Tag", "{n} Tage"],
        receipts: ["1 Monat nach Ende der Einwilligung", "{n} Monate nach Ende der Einwilligung"],
        forgotten: "bis Sie es löschen lassen",
        done: "bis es erledigt ist",
        always: "auf Dauer",
        basis: "Grundlage für Benachrichtigungen:",
        bases: [
            "Ihre Einwilligung",
            "ein Vertrag mit Ihnen",
            "ein berechtigtes Interesse des Geschäfts",
        ],
        choices: "Was Sie tun können",
        stop: "Schreiben Sie {word} in den Chat: Es kommen keine Benachrichtigungen mehr. Fragen \
               werden weiter beantwortet.",
        human: "Schreiben Sie {word}: Ein Mensch übernimmt.",
        delete: "Schreiben Sie {word} und bestätigen Sie es: Alles über Sie wird gelöscht, und Sie \
                 bekommen die Adresse einer Seite, die sagt, wann es fertig ist.",
        ask: "Oder fragen Sie das Geschäft. Sie können Auskunft, Berichtigung und Löschung \
              verlangen, widersprechen und sich bei Ihrer Datenschutzaufsicht beschweren.",
        others: "Wer noch damit zu tun hat",
        meta: "Meta befördert die Nachrichten über Messenger und Instagram.",
        cloudflare: "Cloudflare speichert die Daten und betreibt den Assistenten für das Geschäft.",
        server: "Der eigene Server des Geschäfts erfährt, wenn Sie einen Menschen wünschen oder ein \
                 Formular fertig ist.",
        ads: "Bezahlte Nachrichten an Sie stellt Metas Werbesystem zu.",
        nobody: "Sonst bekommt sie niemand. Sie werden nicht verkauft, und kein Modell wird damit \
                 trainiert.",
        policy: "Datenschutzerklärung",
        pages: "Filialen",
        languages: "Sprachen",
        no_shop: "Hier ist noch kein Geschäft veröffentlicht. Bitte fragen Sie das Geschäft, über das \
                  Sie hierherkamen.",
    },
    Words {
        tag: "fr",
        title: "Confidentialité",
        intro: "Quand vous écrivez à {shop} sur {channels}, un assistant répond d’abord. C’est un \
                programme du magasin. Cette page dit ce qu’il garde de vous, pourquoi et combien \
                de temps.",
        and: "et",
        controller: "Responsable : {controller}.",
        contact: "Pour toute question : {contact}",
        kept: "Ce qui est gardé",
        how_long: "Combien de temps",
        no_history: "Ce que vous écrivez est lu et reçoit une réponse ; aucun historique n’est gardé \
                     ici. Messenger et Instagram gardent les messages selon leurs propres règles.",
        kinds: Kinds {
            conversation: "Le numéro que Meta vous donne pour ce magasin, votre nom et votre \
                           langue si Meta les indique, la date de votre dernier message et \
                           l’état de la conversation : pour vous répondre.",
            messages: "Les réponses en route et vos messages qui ne peuvent pas être traités \
                       aussitôt.",
            origin: "L’affiche, le lien ou la publicité qui vous a fait venir : pour savoir ce \
                     qui attire.",
            consents: "Ce que vous avez accepté de recevoir, quand, et la clé par laquelle Meta \
                       le remet. Après un arrêt : que vous avez dit stop, pour que cela tienne.",
            receipts: "La preuve de ce qui vous a été montré et que vous avez accepté.",
            sent: "Ce qui vous a été envoyé et quand : pour que rien n’arrive deux fois ni plus \
                   que promis.",
            answers: "Vos réponses aux formulaires et ce que le magasin en note : pour l’objet \
                      du formulaire.",
            bookings: "Ce que vous avez réservé : pour que le magasin vous attende et puisse \
                       vous le rappeler.",
            handover: "Que vous attendez une personne ou avez fini un formulaire : pour le dire \
                       au magasin.",
            notes: "Les notes du magasin sur vos demandes : pour ne pas avoir à les répéter.",
            questions: "Les questions restées sans réponse, sans numéros ni adresses et sans \
                        votre nom : pour mieux répondre.",
            handled: "Lesquels de vos messages ont été traités : pour ne répondre à aucun deux \
                      fois.",
            forgotten: "Après un effacement : un code qui ne dit pas qui vous êtes, pour que \
                        rien de plus ancien ne ramène vos données.",
        },
        days: ["1 jour", "{n} jours"],
        receipts: ["1 mois après la fin du consentement", "{n} mois après la fin du consentement"],
        forgotten: "jusqu’à ce que vous le fassiez effacer",
        done: "jusqu’à ce que ce soit fait",
        always: "sans limite",
        basis: "Base légale des notifications :",
        bases: ["votre consentement", "un contrat avec vous", "un intérêt légitime du magasin"],
        choices: "Ce que vous pouvez faire",
        stop: "Écrivez {word} dans la conversation : plus de notifications. Les questions reçoivent \
               toujours une réponse.",
        human: "Écrivez {word} : une personne prend la suite.",
        delete: "Écrivez {word} et confirmez : tout ce qui vous concerne est effacé, et vous recevez \
                 l’adresse d’une page qui dit quand c’est fait.",
        ask: "Ou demandez au magasin. Vous pouvez savoir ce qui est gardé, le faire corriger ou \
              effacer, vous y opposer et saisir l’autorité de protection des données.",
        others: "Qui d’autre traite les données",
        meta: "Meta achemine les messages sur Messenger et Instagram.",
        cloudflare: "Cloudflare conserve les données et fait fonctionner l’assistant pour le magasin.",
        server: "Le serveur du magasin est averti quand vous demandez une personne ou finissez un \
                 formulaire.",
        ads: "Les messages payants vous sont remis par le système publicitaire de Meta.",
        nobody: "Personne d’autre ne les reçoit. Elles ne sont pas vendues et n’entraînent aucun \
                 modèle.",
        policy: "règles de confidentialité",
        pages: "Succursales",
        languages: "Langues",
        no_shop: "Aucun magasin n’est encore publié ici. Demandez à celui qui vous y a conduit.",
    },
    Words {
        tag: "pl",
        title: "Prywatność",
        intro: "Gdy piszesz do {shop} przez {channels}, najpierw odpowiada asystent. To program \
                sklepu. Ta strona mówi, co o Tobie przechowuje, po co i jak długo.",
        and: "i",
        controller: "Odpowiada za to: {controller}.",
        contact: "Pytania: {contact}",
        kept: "Co jest przechowywane",
        how_long: "Jak długo",
        no_history: "To, co piszesz, jest czytane i dostaje odpowiedź; historia nie jest tu \
                     przechowywana. Messenger i Instagram przechowują wiadomości według własnych \
                     zasad.",
        kinds: Kinds {
            conversation: "Numer, który Meta nadaje Ci dla tego sklepu, imię i język, jeśli Meta \
                           je poda, kiedy ostatnio była wiadomość i na czym stanęła rozmowa: \
                           żeby odpowiadać.",
            messages: "Odpowiedzi w drodze i wiadomości, których nie da się obsłużyć od razu.",
            origin: "Plakat, link lub reklama, które Cię do nas przywiodły: żeby wiedzieć, co \
                     przyciąga ludzi.",
            consents: "Na jakie powiadomienia jest zgoda, od kiedy, i klucz, którym Meta je \
                       doręcza. Po rezygnacji: sama rezygnacja, żeby była przestrzegana.",
            receipts: "Dowód, co zostało pokazane i na co jest zgoda.",
            sent: "Co i kiedy zostało wysłane: żeby nic nie przyszło dwa razy ani częściej niż \
                   obiecano.",
            answers: "Odpowiedzi z formularzy i to, co sklep z nich zaznacza: do celu formularza.",
            bookings: "Rezerwacje: żeby sklep czekał i mógł przypomnieć.",
            handover: "Że czekasz na człowieka albo formularz jest gotowy: żeby zawiadomić sklep.",
            notes: "Notatki sklepu o Twoich życzeniach: żeby nie trzeba było ich powtarzać.",
            questions: "Pytania bez odpowiedzi, bez numerów i adresów i nie pod Twoim \
                        nazwiskiem: żeby odpowiadać lepiej.",
            handled: "Które wiadomości są już obsłużone: żeby na żadną nie odpowiedzieć dwa razy.",
            forgotten: "Po usunięciu: kod, który nie mówi, kim jesteś, żeby nic starszego nie \
                        przywróciło danych.",
        },
        days: ["1 dzień", "{n} dni"],
        receipts: ["1 mies. po zakończeniu zgody", "{n} mies. po zakończeniu zgody"],
        forgotten: "do czasu, gdy każesz je usunąć",
        done: "do załatwienia sprawy",
        always: "na stałe",
        basis: "Podstawa wysyłania powiadomień:",
        bases: ["Twoja zgoda", "umowa z Tobą", "prawnie uzasadniony interes sklepu"],
        choices: "Co możesz zrobić",
        stop: "Napisz {word} na czacie: koniec powiadomień. Na pytania nadal odpowiadamy.",
        human: "Napisz {word}: rozmowę przejmie człowiek.",
        delete: "Napisz {word} i potwierdź: wszystko o Tobie zostanie usunięte, a Ty dostaniesz \
                 adres strony, która powie, kiedy to gotowe.",
        ask: "Albo zapytaj sklep. Możesz dowiedzieć się, co jest przechowywane, żądać poprawienia \
              lub usunięcia, wnieść sprzeciw i skargę do organu ochrony danych.",
        others: "Kto jeszcze przetwarza dane",
        meta: "Meta przekazuje wiadomości przez Messengera i Instagram.",
        cloudflare: "Cloudflare przechowuje dane i uruchamia asystenta dla sklepu.",
        server: "Własny serwer sklepu dowiaduje się, gdy prosisz o człowieka albo kończysz \
                 formularz.",
        ads: "Płatne wiadomości doręcza system reklamowy Meta.",
        nobody: "Nikt inny ich nie dostaje. Nie są sprzedawane ani używane do trenowania modeli.",
        policy: "polityka prywatności",
        pages: "Oddziały",
        languages: "Języki",
        no_shop: "Nie opublikowano tu jeszcze żadnego sklepu. Zapytaj sklep, który tu skierował.",
    },
    Words {
        tag: "ru",
        title: "Конфиденциальность",
        intro: "Когда вы пишете магазину «{shop}» через {channels}, сначала отвечает помощник. Это программа \
                магазина. Здесь сказано, что она о вас хранит, зачем и как долго.",
        and: "и",
        controller: "За данные отвечает: {controller}.",
        contact: "Спросить можно здесь: {contact}",
        kept: "Что хранится",
        how_long: "Как долго",
        no_history: "То, что вы пишете, читается и получает ответ; история переписки здесь не \
                     хранится. Messenger и Instagram хранят сообщения по своим правилам.",
        kinds: Kinds {
            conversation: "Номер, который Meta даёт вам для этого магазина, имя и язык, если \
                           Meta их сообщает, когда вы писали в последний раз и на чём \
                           остановился разговор: чтобы отвечать.",
            messages: "Ответы в пути и ваши сообщения, которые нельзя обработать сразу.",
            origin: "Плакат, ссылка или реклама, которые вас привели: чтобы знать, что приводит \
                     людей.",
            consents: "О чём вы согласились получать уведомления, когда, и ключ, которым Meta их \
                       доставляет. После отказа: сам отказ, чтобы он соблюдался.",
            receipts: "Подтверждение того, что вам показали и на что вы согласились.",
            sent: "Что и когда вам отправлено: чтобы ничего не пришло дважды или чаще обещанного.",
            answers: "Ваши ответы в анкетах и пометки магазина по ним: для того, для чего анкета \
                      нужна.",
            bookings: "Ваша запись: чтобы магазин вас ждал и мог напомнить.",
            handover: "Что вы ждёте человека или заполнили анкету: чтобы сообщить магазину.",
            notes: "Заметки магазина о ваших пожеланиях: чтобы не повторять их.",
            questions: "Вопросы без ответа, без номеров и адресов и не под вашим именем: чтобы \
                        отвечать лучше.",
            handled: "Какие ваши сообщения уже обработаны: чтобы ни на одно не ответить дважды.",
            forgotten: "После удаления: код, который не говорит, кто вы, чтобы ничто более \
                        старое не вернуло ваши данные.",
        },
        days: ["1 дн.", "{n} дн."],
        receipts: ["1 мес. после окончания согласия", "{n} мес. после окончания согласия"],
        forgotten: "пока вы не попросите удалить",
        done: "пока дело не сделано",
        always: "бессрочно",
        basis: "Основание для уведомлений:",
        bases: ["ваше согласие", "договор с вами", "законный интерес магазина"],
        choices: "Что вы можете сделать",
        stop: "Напишите в чате {word}: уведомлений больше не будет. На вопросы мы отвечаем и дальше.",
        human: "Напишите {word}: ответит человек.",
        delete: "Напишите {word} и подтвердите: всё о вас будет удалено, и вы получите адрес \
                 страницы, где видно, когда это закончено.",
        ask: "Или обратитесь в магазин. Вы можете узнать, что о вас хранится, потребовать исправить \
              или удалить это, возразить и пожаловаться в орган по защите данных.",
        others: "Кто ещё обрабатывает данные",
        meta: "Meta передаёт сообщения через Messenger и Instagram.",
        cloudflare: "Cloudflare хранит данные и выполняет программу помощника для магазина.",
        server: "Сервер самого магазина узнаёт, когда вы просите человека или заполнили анкету.",
        ads: "Платные сообщения вам доставляет рекламная система Meta.",
        nobody: "Больше их никто не получает. Их не продают, и на них не обучают модели.",
        policy: "политика конфиденциальности",
        pages: "Филиалы",
        languages: "Языки",
        no_shop: "Здесь ещё не опубликован ни один магазин. Спросите магазин, который вас сюда \
                  направил.",
    },
];

/// The words for a language; English where there are none.
pub(super) fn words(lang: &Lang) -> &'static Words {
    let code = crate::shop::lang::find(lang).map(|language| language.code);
    let [english, ..] = &WORDS;
    let same = |words: &&Words| Lang(words.tag.to_owned()).same_primary(lang);
    let exact = WORDS.iter().find(|words| Some(words.tag) == code);
    exact.or_else(|| WORDS.iter().find(same)).unwrap_or(english)
}
