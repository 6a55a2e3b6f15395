//! English.

use super::{DefaultTexts, HoldTexts, Language, When, of_week, of_year};

pub(super) static ENGLISH: Language = Language {
    code: "en",
    name: "English",
    stop: &[
        "stop",
        "stop all",
        "stopp",
        "unsubscribe",
        "unsubscribe me",
        "unsubscribe all",
        "cancel subscription",
        "opt out",
        "opt-out",
        "quit",
        "end",
        "no more messages",
        "stop messages",
        "stop messaging me",
        "stop sending",
        "please stop",
        "don't write to me",
        "don’t write to me",
    ],
    human: &[
        "human",
        "a human",
        "person",
        "real person",
        "agent",
        "operator",
        "talk to a human",
        "talk to a person",
        "talk to someone",
        "speak to a human",
        "speak to a person",
        "speak to someone",
        "i want a human",
        "live chat",
    ],
    delete: &[
        "delete",
        "delete me",
        "delete my data",
        "delete all my data",
        "erase my data",
        "forget me",
        "remove my data",
    ],
    greetings: &[
        "hi",
        "hello",
        "hey",
        "hi there",
        "hello there",
        "good morning",
        "good afternoon",
        "good evening",
        "good day",
    ],
    thanks: &[
        "thanks",
        "thank you",
        "thank you very much",
        "thank you so much",
        "thanks a lot",
        "thx",
        "ty",
        "ok",
        "okay",
        "ok thanks",
        "ok, thanks",
        "great",
        "great, thanks",
        "perfect",
        "got it",
    ],
    texts: DefaultTexts {
        welcome: "Hello, {first_name}! Welcome to {page}. I’m an automatic assistant: ask me \
                  anything, and if I don’t know, a person will help you.",
        instant: "Hello, {first_name}! Thank you for writing to {page}. I’m an automatic \
                  assistant and will help at once where I can. A person will answer {wait}.",
        away: "We’re closed right now. We’ll be back {next_open|soon} and will answer you then.",
        fallback: "Sorry, I don’t have an answer to that. Pick one of these, or ask for a person.",
        offer: "Did you mean one of these?",
        human: "I’ve called a person. They will answer {wait}; until then I’ll keep quiet.",
        stopped: "Done: you won’t get any more notifications from us. You can still write to us \
                  at any time.",
        opted_in: "Thank you! We’ll write to you about “{topic|our news}”. To end it, write STOP \
                   at any time.",
        deleted: "Done: what we kept about you has been deleted.",
        human_button: "Talk to a person",
    },
    holds: HoldTexts {
        no_consent: "There is no live consent to this topic.",
        person_talking: "A person is talking in this thread.",
        daily: "The topic promised at most one message a day.",
        weekly: "The topic promised at most one message a week.",
        monthly: "The topic promised at most one message a month.",
        window_closed: "The 24-hour window is closed.",
        token_ended: "The notification token has ended.",
        no_token: "Meta gave no notification token.",
        not_before: "Meta does not take the next one yet.",
        no_text: "The notification has no words.",
        withdrawn: "The notification is not in shop.toml any more.",
        too_late: "It could not leave in time.",
        wrong_day: "Recurring notifications are not possible on this day.",
        wrong_channel: "Recurring notifications are not possible on this channel.",
        wrong_purpose: "Recurring notifications are not for news and offers.",
        country_unknown: "shop.toml names no country, so recurring notifications are held.",
        wrong_country: "Recurring notifications are not possible in this country.",
        too_new: "Recurring notifications are only for apps that sent them before September 2025.",
    },
    soon: "soon",
    sometime: "as soon as we can",
    closed_today: "closed",
    all_day: "all day and night",
    list_comma: ", ",
    time: super::Moment::plain,
    when,
};

const DAYS: [&str; 7] =
    ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

fn when(when: &When) -> String {
    match *when {
        When::Today(at) => format!("today at {}", at.plain()),
        When::Tomorrow(at) => format!("tomorrow at {}", at.plain()),
        When::Weekday(day, at) => format!("on {} at {}", of_week(DAYS, day), at.plain()),
        When::Date(date, at) => {
            format!("on {} {} at {}", date.day(), of_year(MONTHS, date), at.plain())
        }
    }
}
