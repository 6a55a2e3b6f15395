//! French.

use super::{DefaultTexts, HoldTexts, Language, Moment, When, of_week, of_year};

pub(super) static FRENCH: Language = Language {
    code: "fr",
    name: "français",
    stop: &[
        "stop",
        "arrêter",
        "arreter",
        "arrêtez",
        "arretez",
        "arrête",
        "désabonner",
        "desabonner",
        "se désabonner",
        "me désabonner",
        "me desabonner",
        "désinscription",
        "desinscription",
        "désabonnement",
        "plus de messages",
        "ne plus recevoir",
        "je ne veux plus de messages",
        "ne m'écrivez plus",
        "ne m’écrivez plus",
    ],
    human: &[
        "humain",
        "personne",
        "agent",
        "conseiller",
        "conseillère",
        "opérateur",
        "operateur",
        "parler à un humain",
        "parler a un humain",
        "parler à une personne",
        "parler à quelqu'un",
        "parler à quelqu’un",
        "parler a quelqu'un",
        "je veux parler à quelqu'un",
        "je veux parler à quelqu’un",
    ],
    delete: &[
        "supprimer",
        "effacer",
        "supprimer mes données",
        "supprimer mes donnees",
        "supprimez mes données",
        "supprimez mes donnees",
        "effacer mes données",
        "effacez mes données",
        "oubliez-moi",
    ],
    greetings: &["bonjour", "bonsoir", "salut", "coucou", "hello", "bonne journée"],
    thanks: &[
        "merci",
        "merci beaucoup",
        "merci bien",
        "ok",
        "ok merci",
        "ok, merci",
        "d'accord",
        "d’accord",
        "d'accord merci",
        "parfait",
        "super",
        "super merci",
        "très bien",
    ],
    texts: DefaultTexts {
        welcome: "Bonjour {first_name} ! Bienvenue chez {page}. Je suis un assistant automatique : posez votre question, et si je ne sais pas, une personne vous aidera.",
        instant: "Bonjour {first_name} ! Merci d’avoir écrit à {page}. Je suis un assistant automatique et je vous aide tout de suite si je peux. Une personne vous répondra {wait}.",
        away: "Nous sommes fermés pour le moment. Nous serons de retour {next_open|bientôt} et vous répondrons alors.",
        fallback: "Désolé, je n’ai pas de réponse à cela. Choisissez un sujet ou demandez à parler à quelqu’un.",
        offer: "Vouliez-vous dire l’une de ces questions ?",
        human: "J’ai prévenu une personne. Elle vous répondra {wait} ; d’ici là, je me tais.",
        stopped: "C’est fait : vous ne recevrez plus de notifications de notre part. Vous pouvez nous écrire à tout moment.",
        opted_in: "Merci ! Nous vous écrirons à propos de « {topic|nos nouveautés} ». Pour arrêter, écrivez STOP à tout moment.",
        deleted: "C’est fait : ce que nous gardions sur vous est effacé.",
        human_button: "Parler à quelqu’un",
    },
    holds: HoldTexts {
        no_consent: "Il n’y a pas de consentement en vigueur pour ce sujet.",
        person_talking: "Une personne parle dans cette conversation.",
        daily: "Le sujet promettait au plus un message par jour.",
        weekly: "Le sujet promettait au plus un message par semaine.",
        monthly: "Le sujet promettait au plus un message par mois.",
        window_closed: "La fenêtre de 24 heures est fermée.",
        token_ended: "Le jeton de notification a expiré.",
        no_token: "Meta n’a pas donné de jeton de notification.",
        not_before: "Meta n’accepte pas encore la suivante.",
        no_text: "La notification n’a pas de texte.",
        withdrawn: "La notification n’est plus dans shop.toml.",
        too_late: "Elle n’a pas pu partir à temps.",
        wrong_day: "Les notifications récurrentes ne sont pas possibles ce jour-là.",
        wrong_channel: "Les notifications récurrentes ne sont pas possibles sur ce canal.",
        wrong_purpose: "Les notifications récurrentes ne servent pas aux nouveautés et aux offres.",
        country_unknown: "shop.toml n’indique pas de pays : les notifications récurrentes sont retenues.",
        wrong_country: "Les notifications récurrentes ne sont pas possibles dans ce pays.",
        too_new: "Les notifications récurrentes sont réservées aux apps qui en envoyaient avant septembre 2025.",
    },
    soon: "bientôt",
    sometime: "dès que possible",
    closed_today: "fermé",
    all_day: "24 heures sur 24",
    list_comma: ", ",
    time,
    when,
};

const DAYS: [&str; 7] = ["lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"];
const MONTHS: [&str; 12] = [
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
];

fn time(at: Moment) -> String {
    if at.minute == 0 {
        format!("{} h", at.hour)
    } else {
        format!("{} h {:02}", at.hour, at.minute)
    }
}

fn when(when: &When) -> String {
    match *when {
        When::Today(at) => format!("aujourd’hui à {}", time(at)),
        When::Tomorrow(at) => format!("demain à {}", time(at)),
        When::Weekday(day, at) => format!("{} à {}", of_week(DAYS, day), time(at)),
        When::Date(date, at) if date.day() == 1 => {
            format!("le 1er {} à {}", of_year(MONTHS, date), time(at))
        }
        When::Date(date, at) => {
            format!("le {} {} à {}", date.day(), of_year(MONTHS, date), time(at))
        }
    }
}
