//! How the assistant behaves, what Meta shows of it, and who takes over.

use super::answers::{TAP_SET_DOC, TAP_TAGS_DOC};
use super::{
    HOURS, Kind, MENU_LIMIT, MISSES_LIMIT, Need, PAUSE_LIMIT, Table, TextRule, may, must, title,
};
use crate::meta::limits;

pub(super) static ASSISTANT: Table = Table {
    header: "[assistant]",
    doc: "How the assistant behaves.",
    keys: &[
        may("messenger", Kind::Flag, "Answers on Messenger. On if nothing is said."),
        may(
            "instagram",
            Kind::Flag,
            "Answers on Instagram. On if nothing is said and the Page has an account there.",
        ),
        may(
            "pause_hours",
            Kind::Number(1, PAUSE_LIMIT),
            "How long it keeps quiet after a person answered or was asked for: 12 if nothing is said.",
        ),
        may(
            "fallback_every_hours",
            Kind::Number(0, PAUSE_LIMIT),
            "How long the fallback is not repeated to a person: 6 if nothing is said.",
        ),
        may("menu", Kind::Faqs(MENU_LIMIT), "Answers offered with the welcome and the fallback."),
        may(
            "matching",
            Kind::OneOf(&["cautious", "normal", "eager"]),
            "How sure it has to be of an answer: \"cautious\" asks back more often, \"eager\" answers \
             more often. \"normal\" if nothing is said.",
        ),
        may("stop_words", Kind::Words, "More words that end notifications."),
        may("human_words", Kind::Words, "More words that ask for a person."),
        may("delete_words", Kind::Words, "More words that ask to be forgotten."),
        may(
            "keep_misses_days",
            Kind::Number(1, MISSES_LIMIT),
            "Keeps questions that found no answer, without names and numbers, for so many days, for \
             `shopbell misses`; 30 is good. None are kept if nothing is said.",
        ),
    ],
};

pub(super) static PROFILE: Table = Table {
    header: "[profile]",
    doc: "What people see before anybody has said a word. What is missing is made of the menu of \
          `[assistant]`; `menu = []` and the like switch a part off.",
    keys: &[
        may(
            "greeting",
            Kind::Text(TextRule {
                places: false,
                limit: limits::GREETING,
                split: false,
                template: true,
                need: Need::Wished,
            }),
            "Before the first message; only names, the Page's own facts and no times.",
        ),
        may(
            "get_started",
            Kind::Flag,
            "The button Get Started, which scans need. On if nothing is said.",
        ),
        may(
            "ice_breaker",
            Kind::Tables(&ICE_BREAKER, Some(limits::ICE_BREAKERS)),
            "Questions to begin with. They take the place of Get Started, so a shop with posters has \
             none unless it writes them here.",
        ),
        may(
            "menu",
            Kind::Tables(&MENU_ITEM, Some(limits::MENU_ITEMS)),
            "The menu that is always there.",
        ),
        may("command", Kind::Tables(&COMMAND, Some(limits::COMMANDS)), "What a slash offers."),
    ],
};

static ICE_BREAKER: Table = Table {
    header: "an ice breaker",
    doc: "A question to begin with (`[[profile.ice_breaker]]`), and one of faq, topic and human.",
    keys: &[
        must("question", title(limits::ICE_BREAKER_QUESTION, Need::Default), "What it says."),
        may("faq", Kind::Faq, "Gives an answer."),
        may("topic", Kind::Topic, "Asks for consent to a topic."),
        may("human", Kind::Flag, "Asks for a person."),
        may("tags", Kind::Tags, TAP_TAGS_DOC),
        may("set", Kind::Fields, TAP_SET_DOC),
    ],
};

static MENU_ITEM: Table = Table {
    header: "an item of the menu",
    doc: "An item (`[[profile.menu]]`): a title, and one of url, faq, topic and human.",
    keys: &[
        may(
            "title",
            title(limits::MENU_TITLE, Need::Default),
            "What it says. Without one it is called like what it leads to.",
        ),
        may("url", Kind::Url, "Opens a page."),
        may("faq", Kind::Faq, "Gives an answer."),
        may("topic", Kind::Topic, "Asks for consent to a topic."),
        may("human", Kind::Flag, "Asks for a person."),
        may("tags", Kind::Tags, TAP_TAGS_DOC),
        may("set", Kind::Fields, TAP_SET_DOC),
    ],
};

static COMMAND: Table = Table {
    header: "a command",
    doc: "A command (`[[profile.command]]`), and one of faq, topic and human.",
    keys: &[
        must("name", Kind::Id, "Without its slash: at most 32 of `a-z 0-9 _`."),
        must("description", title(limits::COMMAND_DESCRIPTION, Need::Default), "What it is for."),
        may("faq", Kind::Faq, "Gives an answer."),
        may("topic", Kind::Topic, "Asks for consent to a topic."),
        may("human", Kind::Flag, "Asks for a person."),
        may("tags", Kind::Tags, TAP_TAGS_DOC),
        may("set", Kind::Fields, TAP_SET_DOC),
    ],
};

pub(super) static HANDOFF: Table = Table {
    header: "[handoff]",
    doc: "When and how a person takes over.",
    keys: &[
        may(
            "misses",
            Kind::Number(0, 9),
            "So many messages in a row without an answer call a person; 2 if nothing is said, 0 for never.",
        ),
        may("on_anger", Kind::Flag, "Whether an angry message calls one. On if nothing is said."),
        may("angry", Kind::Phrases, "More phrases by which a message is angry."),
        may(
            "notify",
            Kind::Id,
            "Your own id on this Page: you are told in Messenger while you may be.",
        ),
        may("webhook", Kind::Url, "Where you are told otherwise. Nothing else is ever called."),
        may(
            "with_text",
            Kind::Flag,
            "Whether the customer's words, and answers to a form, go along. Off if nothing is said.",
        ),
        may(
            "pass_thread",
            Kind::Flag,
            "Whether the thread is handed to the Page's inbox, and taken back. Off if nothing is said.",
        ),
        may(
            "resume_sign",
            Kind::Name,
            "What you type at the end of a message in the inbox to bring the assistant back.",
        ),
        may(
            "disclosure",
            Kind::Flag,
            "Whether the assistant says that it is one. Where the country asks for it, if nothing is said.",
        ),
    ],
};

pub(super) static DELICATE: Table = Table {
    header: "[[delicate]]",
    doc: "A subject that only people answer. What is written about it is not kept.",
    keys: &[
        must("name", Kind::Name, "What it is called, for yourself."),
        must("words", Kind::Phrases, "Phrases by which a message is about it."),
    ],
};

pub(super) static AGENT: Table = Table {
    header: "[[agent]]",
    doc: "Somebody of the shop who answers.",
    keys: &[
        must("name", Kind::Name, "What customers read: {agent}."),
        may(
            "words",
            Kind::Phrases,
            "Phrases by which a message is theirs. Without any: what is nobody else's.",
        ),
        may(
            "hours",
            Kind::Table(&HOURS),
            "When they are there. When the shop is open, if nothing is said.",
        ),
        may("notify", Kind::Id, "Their own id on this Page."),
        may("webhook", Kind::Url, "Where they are told otherwise."),
    ],
};

pub(super) static META: Table = Table {
    header: "[meta]",
    doc: "The shop's standing with Meta.",
    keys: &[may(
        "recurring_since",
        Kind::Date,
        "Since when this app has sent recurring notifications; only those of before 2025-09-01 may.",
    )],
};
