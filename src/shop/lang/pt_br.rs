//! Portuguese as spoken in Brazil.

use jiff::civil::Weekday;

use super::{DefaultTexts, HoldTexts, Language, Moment, When, of_week, of_year};

pub(super) static PORTUGUESE: Language = Language {
    code: "pt-BR",
    name: "português do Brasil",
    locales: &["pt_BR"],
    greeting: "Olá, {first_name}! Aqui é {page}. Um assistente automático responde na hora; o que ele não \
               souber, uma pessoa responde.",
    stop: &[
        "stop",
        "parar",
        "pare",
        "pare por favor",
        "sair",
        "cancelar",
        "cancelar inscrição",
        "cancelar minha inscrição",
        "cancelar assinatura",
        "descadastrar",
        "me descadastrar",
        "me descadastre",
        "quero me descadastrar",
        "desinscrever",
        "me desinscrever",
        "não quero mais",
        "não quero mais receber",
        "não quero mais receber mensagens",
        "não quero receber mensagens",
        "não quero mais mensagens",
        "não enviar mais",
        "não envie mais",
        "não envie mais mensagens",
        "não mande mais",
        "não mande mais mensagens",
        "para de mandar mensagem",
        "pare de enviar",
        "pare de enviar mensagens",
        "parar de receber",
        "me tira da lista",
        "me remova da lista",
        "chega",
    ],
    human: &[
        "humano",
        "um humano",
        "pessoa",
        "pessoa real",
        "uma pessoa de verdade",
        "atendente",
        "atendente humano",
        "atendente por favor",
        "atendimento",
        "atendimento humano",
        "falar com atendente",
        "falar com um atendente",
        "falar com uma atendente",
        "falar com humano",
        "falar com um humano",
        "falar com uma pessoa",
        "falar com alguém",
        "falar com vocês",
        "quero um atendente",
        "quero falar com um atendente",
        "quero falar com atendente",
        "quero falar com um humano",
        "quero falar com uma pessoa",
        "quero falar com alguém",
        "queria falar com alguém",
        "posso falar com alguém",
        "posso falar com um atendente",
        "chama um atendente",
        "vendedor",
        "vendedora",
    ],
    delete: &[
        "apagar",
        "apagar tudo",
        "excluir",
        "apagar meus dados",
        "apague meus dados",
        "apaga meus dados",
        "por favor apague meus dados",
        "quero apagar meus dados",
        "excluir meus dados",
        "exclua meus dados",
        "exclui meus dados",
        "quero excluir meus dados",
        "excluir minha conta",
        "deletar meus dados",
        "delete meus dados",
        "deleta meus dados",
        "remover meus dados",
        "remova meus dados",
        "esqueça-me",
        "me esqueça",
        "me esquece",
        "me apague",
    ],
    greetings: &[
        "oi",
        "oii",
        "oie",
        "olá",
        "ola",
        "opa",
        "e aí",
        "e ai",
        "bom dia",
        "boa tarde",
        "boa noite",
        "oi tudo bem",
        "oi, tudo bem",
        "tudo bem",
    ],
    thanks: &[
        "obrigado",
        "obrigada",
        "muito obrigado",
        "muito obrigada",
        "obg",
        "valeu",
        "vlw",
        "ok",
        "ok obrigado",
        "ok obrigada",
        "ok, obrigado",
        "ok, obrigada",
        "beleza",
        "blz",
        "perfeito",
        "entendi",
    ],
    texts: DefaultTexts {
        welcome: "Oi, {first_name}! Boas-vindas a {page}. Sou um assistente automático: pode \
                  perguntar, e se eu não souber, uma pessoa ajuda você.",
        instant: "Oi, {first_name}! Obrigado por escrever para {page}. Sou um assistente \
                  automático e ajudo na hora sempre que puder. Uma pessoa responde {wait}.",
        away: "Agora estamos fechados. Voltamos {next_open|em breve} e respondemos você.",
        fallback: "Desculpe, para isso eu não tenho resposta. Escolha uma opção ou peça para \
                   falar com uma pessoa.",
        offer: "Você quis dizer uma destas opções?",
        human: "Já chamei uma pessoa. Ela responde {wait}; até lá eu fico em silêncio.",
        stopped: "Pronto: você não vai mais receber nossos avisos. Se precisar, é só escrever; para voltar a receber, escolha o assunto ou leia nosso código.",
        opted_in: "Obrigado! Vamos avisar você sobre “{topic|nossas novidades}”. Para parar, \
                   escreva PARAR quando quiser.",
        deleted: "Pronto: apagamos o que guardávamos sobre você.",
        human_button: "Falar com alguém",
        delete_ask: "Quer que a gente apague tudo o que guarda sobre você? Isso não tem volta, e os avisos também param.",
        delete_yes: "Sim, apagar",
        delete_no: "Não, manter",
        kept: "Tudo bem: nada foi apagado.",
        delicate: "Isso é melhor com uma pessoa. Já chamei alguém, que responde {wait}. O assistente não guarda o que você escreveu.",
        resume_button: "Voltar ao robô",
        resumed: "O assistente automático está de volta. Pode perguntar!",
        disclosure: "Você está falando com um assistente automático, não com uma pessoa.",
    },
    holds: HoldTexts {
        no_consent: "Não há consentimento válido para este tema.",
        person_talking: "Uma pessoa está conversando nesta conversa.",
        daily: "O tema prometeu no máximo uma mensagem por dia.",
        weekly: "O tema prometeu no máximo uma mensagem por semana.",
        monthly: "O tema prometeu no máximo uma mensagem por mês.",
        window_closed: "A janela de 24 horas está fechada.",
        token_ended: "O token de notificação expirou.",
        no_token: "A Meta não forneceu um token de notificação.",
        not_before: "A Meta ainda não aceita a próxima.",
        no_text: "A notificação não tem texto.",
        withdrawn: "A notificação não está mais no shop.toml.",
        too_late: "Não foi possível enviar a tempo.",
        wrong_day: "Notificações recorrentes não são possíveis neste dia.",
        wrong_channel: "Notificações recorrentes não são possíveis neste canal.",
        wrong_purpose: "Notificações recorrentes não servem para novidades e ofertas.",
        country_unknown: "O shop.toml não indica o país, por isso as notificações recorrentes ficam retidas.",
        wrong_country: "Notificações recorrentes não são possíveis neste país.",
        too_new: "Notificações recorrentes são só para apps que já as enviavam antes de setembro de 2025.",
    },
    soon: "em breve",
    sometime: "assim que puder",
    closed_today: "fechado",
    all_day: "24 horas",
    list_comma: ", ",
    time,
    when,
};

const DAYS: [&str; 7] = [
    "segunda-feira",
    "terça-feira",
    "quarta-feira",
    "quinta-feira",
    "sexta-feira",
    "sábado",
    "domingo",
];
const MONTHS: [&str; 12] = [
    "janeiro",
    "fevereiro",
    "março",
    "abril",
    "maio",
    "junho",
    "julho",
    "agosto",
    "setembro",
    "outubro",
    "novembro",
    "dezembro",
];

fn time(at: Moment) -> String {
    if at.minute == 0 { format!("{}h", at.hour) } else { format!("{}h{:02}", at.hour, at.minute) }
}

/// "às 8h"; one o'clock and midnight ("à 0h") are singular.
fn at(moment: Moment) -> String {
    let article = if moment.hour <= 1 { "à" } else { "às" };
    format!("{article} {}", time(moment))
}

fn when(when: &When) -> String {
    match *when {
        When::Today(moment) => format!("hoje {}", at(moment)),
        When::Tomorrow(moment) => format!("amanhã {}", at(moment)),
        When::Weekday(day, moment) => {
            let article =
                if matches!(day, Weekday::Saturday | Weekday::Sunday) { "no" } else { "na" };
            format!("{article} {} {}", of_week(DAYS, day), at(moment))
        }
        When::Date(date, moment) => {
            format!("no dia {} de {} {}", date.day(), of_year(MONTHS, date), at(moment))
        }
    }
}
