//! German.

use super::{DefaultTexts, Language, When, of_week, of_year};

pub(super) static GERMAN: Language = Language {
    code: "de",
    name: "Deutsch",
    stop: &[
        "stop",
        "stopp",
        "abmelden",
        "abbestellen",
        "abbrechen",
        "kündigen",
        "kuendigen",
        "austragen",
        "keine nachrichten mehr",
        "keine nachrichten",
        "nicht mehr schreiben",
        "nichts mehr schicken",
        "bitte nicht mehr schreiben",
        "aufhören",
        "aufhoeren",
    ],
    human: &[
        "mensch",
        "person",
        "mitarbeiter",
        "mitarbeiterin",
        "berater",
        "kundenservice",
        "mit einem menschen sprechen",
        "mit jemandem sprechen",
        "mit einem mitarbeiter sprechen",
        "ich möchte mit einem menschen sprechen",
        "ich moechte mit einem menschen sprechen",
    ],
    delete: &[
        "löschen",
        "loeschen",
        "daten löschen",
        "daten loeschen",
        "meine daten löschen",
        "meine daten loeschen",
        "bitte meine daten löschen",
        "lösche meine daten",
        "loesche meine daten",
        "vergiss mich",
    ],
    greetings: &[
        "hallo",
        "hi",
        "hey",
        "guten morgen",
        "guten tag",
        "guten abend",
        "moin",
        "servus",
        "grüezi",
        "grüß gott",
    ],
    thanks: &[
        "danke",
        "danke schön",
        "dankeschön",
        "vielen dank",
        "danke dir",
        "danke ihnen",
        "ok",
        "okay",
        "ok danke",
        "ok, danke",
        "alles klar",
        "super",
        "super danke",
        "super, danke",
        "perfekt",
    ],
    texts: DefaultTexts {
        welcome: "Hallo {first_name}! Willkommen bei {page}. Ich bin ein automatischer Assistent: Fragen Sie einfach, und was ich nicht weiß, beantwortet ein Mensch.",
        instant: "Hallo {first_name}! Danke für Ihre Nachricht an {page}. Ich bin ein automatischer Assistent und helfe sofort, wo ich kann. Ein Mensch antwortet {wait}.",
        away: "Wir haben gerade geschlossen. Wir sind {next_open|bald} wieder da und antworten Ihnen dann.",
        fallback: "Das weiß ich leider nicht. Wählen Sie eines der Themen oder fragen Sie nach einem Menschen.",
        offer: "Meinten Sie eine dieser Fragen?",
        human: "Ich habe jemanden gerufen. Die Antwort kommt {wait}; bis dahin bin ich still.",
        stopped: "Erledigt: Sie bekommen keine Benachrichtigungen mehr von uns. Schreiben können Sie uns jederzeit.",
        opted_in: "Danke! Wir schreiben Ihnen zu „{topic|unseren Neuigkeiten}“. Zum Beenden genügt jederzeit STOP.",
        deleted: "Erledigt: Was wir über Sie gespeichert hatten, ist gelöscht.",
        human_button: "Mit Mensch sprechen",
    },
    soon: "bald",
    sometime: "sobald wir können",
    closed_today: "heute geschlossen",
    all_day: "rund um die Uhr",
    list_comma: ", ",
    time: super::Moment::plain,
    when,
};

const DAYS: [&str; 7] =
    ["Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag"];
const MONTHS: [&str; 12] = [
    "Januar",
    "Februar",
    "März",
    "April",
    "Mai",
    "Juni",
    "Juli",
    "August",
    "September",
    "Oktober",
    "November",
    "Dezember",
];

fn when(when: &When) -> String {
    match *when {
        When::Today(at) => format!("heute um {} Uhr", at.plain()),
        When::Tomorrow(at) => format!("morgen um {} Uhr", at.plain()),
        When::Weekday(day, at) => format!("am {} um {} Uhr", of_week(DAYS, day), at.plain()),
        When::Date(date, at) => {
            format!("am {}. {} um {} Uhr", date.day(), of_year(MONTHS, date), at.plain())
        }
    }
}
