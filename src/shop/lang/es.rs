//! Spanish.

use super::{DefaultTexts, HoldTexts, Language, Moment, When, of_week, of_year};

pub(super) static SPANISH: Language = Language {
    code: "es",
    name: "español",
    stop: &[
        "stop",
        "parar",
        "basta",
        "baja",
        "darme de baja",
        "dar de baja",
        "darse de baja",
        "cancelar",
        "cancelar suscripción",
        "cancelar suscripcion",
        "no más mensajes",
        "no mas mensajes",
        "no quiero más mensajes",
        "no quiero mas mensajes",
        "no enviar más",
        "no enviar mas",
        "no me escriban",
    ],
    human: &[
        "humano",
        "persona",
        "agente",
        "asesor",
        "asesora",
        "operador",
        "hablar con una persona",
        "hablar con un agente",
        "hablar con alguien",
        "hablar con un humano",
        "quiero hablar con una persona",
        "quiero hablar con alguien",
    ],
    delete: &[
        "borrar",
        "eliminar",
        "borrar mis datos",
        "borren mis datos",
        "eliminar mis datos",
        "eliminen mis datos",
        "olvídame",
        "olvidame",
    ],
    greetings: &[
        "hola",
        "buenas",
        "buenos días",
        "buenos dias",
        "buenas tardes",
        "buenas noches",
        "hola buenas",
        "qué tal",
        "que tal",
    ],
    thanks: &[
        "gracias",
        "muchas gracias",
        "mil gracias",
        "ok",
        "ok gracias",
        "ok, gracias",
        "vale",
        "vale gracias",
        "vale, gracias",
        "perfecto",
        "genial",
        "entendido",
        "de acuerdo",
    ],
    texts: DefaultTexts {
        welcome: "¡Hola, {first_name}! Te damos la bienvenida a {page}. Soy un asistente automático: pregúntame y, si no lo sé, te ayudará una persona.",
        instant: "¡Hola, {first_name}! Gracias por escribir a {page}. Soy un asistente automático y te ayudo al momento si puedo. Una persona te responderá {wait}.",
        away: "Ahora mismo está cerrado. Volvemos {next_open|pronto} y te responderemos entonces.",
        fallback: "Lo siento, para eso no tengo respuesta. Elige una opción o pide hablar con una persona.",
        offer: "¿Te refieres a una de estas preguntas?",
        human: "Ya he avisado a una persona. Te responderá {wait}; hasta entonces no diré nada.",
        stopped: "Listo: no recibirás más avisos nuestros. Puedes escribirnos cuando quieras.",
        opted_in: "¡Gracias! Te escribiremos sobre «{topic|nuestras novedades}». Para dejarlo, escribe STOP cuando quieras.",
        deleted: "Listo: hemos borrado lo que guardábamos sobre ti.",
        human_button: "Hablar con alguien",
    },
    holds: HoldTexts {
        no_consent: "No hay consentimiento vigente para este tema.",
        person_talking: "Una persona está hablando en esta conversación.",
        daily: "El tema prometió como máximo un mensaje al día.",
        weekly: "El tema prometió como máximo un mensaje a la semana.",
        monthly: "El tema prometió como máximo un mensaje al mes.",
        window_closed: "La ventana de 24 horas está cerrada.",
        token_ended: "El token de notificación ha caducado.",
        no_token: "Meta no dio un token de notificación.",
        not_before: "Meta aún no acepta la siguiente.",
        no_text: "La notificación no tiene texto.",
        withdrawn: "La notificación ya no está en shop.toml.",
        too_late: "No pudo salir a tiempo.",
        wrong_day: "Las notificaciones recurrentes no son posibles ese día.",
        wrong_channel: "Las notificaciones recurrentes no son posibles en este canal.",
        wrong_purpose: "Las notificaciones recurrentes no sirven para novedades y ofertas.",
        country_unknown: "shop.toml no indica el país, así que las notificaciones recurrentes quedan retenidas.",
        wrong_country: "Las notificaciones recurrentes no son posibles en este país.",
        too_new: "Las notificaciones recurrentes son solo para apps que ya las enviaban antes de septiembre de 2025.",
    },
    soon: "pronto",
    sometime: "en cuanto pueda",
    closed_today: "cerrado",
    all_day: "las 24 horas",
    list_comma: ", ",
    time: super::Moment::plain,
    when,
};

const DAYS: [&str; 7] = ["lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo"];
const MONTHS: [&str; 12] = [
    "enero",
    "febrero",
    "marzo",
    "abril",
    "mayo",
    "junio",
    "julio",
    "agosto",
    "septiembre",
    "octubre",
    "noviembre",
    "diciembre",
];

/// "a las 8:00"; one o'clock is singular.
fn at(moment: Moment) -> String {
    let article = if moment.hour == 1 { "a la" } else { "a las" };
    format!("{article} {}", moment.plain())
}

fn when(when: &When) -> String {
    match *when {
        When::Today(moment) => format!("hoy {}", at(moment)),
        When::Tomorrow(moment) => format!("mañana {}", at(moment)),
        When::Weekday(day, moment) => format!("el {} {}", of_week(DAYS, day), at(moment)),
        When::Date(date, moment) => {
            format!("el {} de {} {}", date.day(), of_year(MONTHS, date), at(moment))
        }
    }
}
