//! Forms, what they book and find, and segments.

use super::answers::{BUTTON, SET_DOC, TAGS_DOC};
use super::coupons::GIVES_DOC;
use super::{
    BOUND, BUTTONS_LIMIT, HOURS, Kind, MESSAGE_LIMIT, Need, OPTIONS_LIMIT, QUESTIONS_LIMIT,
    REMIND_LIMIT, SERVICE_TITLE_LIMIT, TITLE_LIMIT, Table, may, must, said, title,
};
use crate::meta::limits;

pub(super) static FORM: Table = Table {
    header: "[[form]]",
    doc: "Questions asked one after another. What is answered becomes fields of the person.",
    keys: &[
        must("id", Kind::Id, "Its name, for buttons, posters and answers."),
        must("title", title(TITLE_LIMIT, Need::Default), "What people read of it."),
        may("intro", said(Need::Wished), "Said before the first question."),
        must(
            "question",
            Kind::Tables(&QUESTION, Some(QUESTIONS_LIMIT)),
            "What is asked, in this order.",
        ),
        may(
            "confirm",
            Kind::Flag,
            "Shows the answers and lets people change them before they count. On if nothing is said.",
        ),
        may("done", said(Need::Wished), "Said at the end."),
        may("hand_over", Kind::Flag, "Lets a person of the shop take over at the end."),
        may(
            "end",
            Kind::Tables(&END, None),
            "Ends for certain answers; the first that fits stands in for `done` and `hand_over`.",
        ),
        may("finder", Kind::Table(&FINDER), "Shows the products that fit the answers."),
        may(
            "remind_after_minutes",
            Kind::Number(0, REMIND_LIMIT),
            "How long before somebody who left it is reminded, once: 120 if nothing is said; 0: never.",
        ),
        may("form", Kind::Form, "Opens after it."),
        may("coupon", Kind::Coupon, GIVES_DOC),
        may("tags", Kind::Tags, TAGS_DOC),
        may("set", Kind::Fields, SET_DOC),
    ],
};

static END: Table = Table {
    header: "[[form.end]]",
    doc: "How a form ends after certain answers. All of it has to hold.",
    keys: &[
        may("only_if", Kind::Table(&CONDITION), "After this answer."),
        may(
            "score_at_least",
            Kind::Number(-BOUND, BOUND),
            "The points of the chosen options are at least this.",
        ),
        may(
            "score_at_most",
            Kind::Number(-BOUND, BOUND),
            "The points of the chosen options are at most this.",
        ),
        may("text", said(Need::Wished), "Said then; `done` if nothing is said."),
        may("buttons", Kind::Tables(&BUTTON, Some(BUTTONS_LIMIT)), "Buttons under it."),
        may("hand_over", Kind::Flag, "Lets a person of the shop take over."),
        may("form", Kind::Form, "Opens after it."),
        may("coupon", Kind::Coupon, GIVES_DOC),
        may("tags", Kind::Tags, TAGS_DOC),
        may("set", Kind::Fields, SET_DOC),
    ],
};

static FINDER: Table = Table {
    header: "[form.finder]",
    doc: "Shows the products that fit the answers as cards, with the reasons. The form is then not \
          confirmed if nothing is said.",
    keys: &[
        may(
            "cards",
            Kind::Number(1, limits::CARDS as i64),
            "Products at most: 5 if nothing is said.",
        ),
        may("must", Kind::Names, "Questions whose answer a product has to fit to be shown at all."),
    ],
};

pub(super) static SERVICE: Table = Table {
    header: "[[service]]",
    doc: "Something that can be booked. A form with a question of the kind slot books it.",
    keys: &[
        must("id", Kind::Id, "Its name."),
        must("title", title(SERVICE_TITLE_LIMIT, Need::Default), "What people read of it."),
        must("minutes", Kind::Number(5, 24 * 60), "How long it takes."),
        may(
            "every_minutes",
            Kind::Number(5, 24 * 60),
            "How far apart two beginnings are: `minutes` if nothing is said.",
        ),
        may(
            "capacity",
            Kind::Number(1, 1_000),
            "How many can be there at the same time: 1 if nothing is said.",
        ),
        may(
            "resource",
            Kind::Id,
            "What it takes up, such as a chair or a person: services with the same resource share \
             its capacity. Its own if nothing is said.",
        ),
        may(
            "hours",
            Kind::Table(&HOURS),
            "When it takes place: its agent's hours, or the shop's, if nothing is said.",
        ),
        may("agent", Kind::Name, "The [[agent]] who does it, and is told of bookings."),
        may(
            "lead_minutes",
            Kind::Number(0, 30 * 24 * 60),
            "How long before it begins it can be booked at the latest: 60 if nothing is said.",
        ),
        may(
            "days_ahead",
            Kind::Number(0, 180),
            "How many days ahead it can be booked: 30 if nothing is said.",
        ),
        may(
            "hold_minutes",
            Kind::Number(1, 120),
            "How long a chosen slot is kept until it is confirmed: 15 if nothing is said.",
        ),
        may(
            "remind_minutes",
            Kind::Number(0, 7 * 24 * 60),
            "How long before it begins people are reminded: 120 if nothing is said; 0: never. Only \
             inside Meta's 24 hours.",
        ),
    ],
};

pub(super) static PRODUCT: Table = Table {
    header: "[[product]]",
    doc: "Something the shop sells.",
    keys: &[
        must("id", Kind::Id, "Its name."),
        must("title", title(limits::CARD_TITLE, Need::Default), "What people read."),
        may("price", Kind::Price, "What it costs: 45 or 12.50."),
        may("image", Kind::Url, "Its picture."),
        may("url", Kind::Url, "Its page."),
        may(
            "fits",
            Kind::Fits,
            "The options it fits, by question: fits.occasion = [\"party\"]. A question that is not \
             here says nothing of it.",
        ),
    ],
};

static QUESTION: Table = Table {
    header: "[[form.question]]",
    doc: "A question, and what counts as its answer.",
    keys: &[
        must("id", Kind::Id, "Its name, and the field of the person that the answer becomes."),
        must("title", title(TITLE_LIMIT, Need::Default), "What it is called in the summary."),
        must("ask", said(Need::Default), "The question."),
        must("kind", Kind::OneOf(&crate::shop::source::forms::KINDS), "What counts as an answer."),
        may(
            "options",
            Kind::Tables(&OPTION, Some(OPTIONS_LIMIT)),
            "What can be chosen. Only for a choice.",
        ),
        may("min", Kind::Number(-BOUND, BOUND), "The least. Only for a number."),
        may("max", Kind::Number(-BOUND, BOUND), "The most. Only for a number."),
        may("whole", Kind::Flag, "Takes no fractions. Only for a number."),
        may(
            "budget",
            Kind::Flag,
            "It is the most somebody wants to pay, for a form with a finder. Only for a number.",
        ),
        may(
            "when",
            Kind::OneOf(&["future", "past", "any"]),
            "On which side of today: the future if nothing is said. Only for a date.",
        ),
        may(
            "max_length",
            Kind::Number(1, MESSAGE_LIMIT as i64),
            "The most characters: 1000 if nothing is said. Only for a text.",
        ),
        may("service", Kind::Id, "The [[service]] whose slots are offered. Only for a slot."),
        may(
            "service_of",
            Kind::Id,
            "An earlier choice whose options are called like services: what was chosen is booked. \
             Only for a slot.",
        ),
        may("optional", Kind::Flag, "Can be skipped."),
        may("retry", said(Need::Wished), "Said when an answer is not understood, with an example."),
        may("only_if", Kind::Table(&CONDITION), "Asked only after certain answers."),
    ],
};

static OPTION: Table = Table {
    header: "an option",
    doc: "Something that can be chosen.",
    keys: &[
        must("id", Kind::Id, "What is kept of it."),
        must("title", title(TITLE_LIMIT, Need::Default), "What its quick reply says."),
        may(
            "points",
            Kind::Number(-BOUND, BOUND),
            "What it counts for; `score_at_least` of an end looks at the sum.",
        ),
        may("price_from", Kind::Number(0, BOUND), "The least price it stands for, with a finder."),
        may("price_to", Kind::Number(0, BOUND), "The greatest price it stands for, with a finder."),
        may("tags", Kind::Tags, TAGS_DOC),
        may("set", Kind::Fields, SET_DOC),
    ],
};

static CONDITION: Table = Table {
    header: "a condition",
    doc: "Says after which answers a question is asked. All of it has to hold.",
    keys: &[
        must("question", Kind::Id, "An earlier question of the same form."),
        may("is", Kind::Words, "The options of which one was chosen."),
        may("at_least", Kind::Number(-BOUND, BOUND), "The least number answered."),
        may("at_most", Kind::Number(-BOUND, BOUND), "The greatest number answered."),
    ],
};

pub(super) static SEGMENT: Table = Table {
    header: "[[segment]]",
    doc: "A rule that says whom something is for: all, any and not have to hold together.",
    keys: &[
        must("id", Kind::Id, "Its name."),
        may("all", Kind::Tables(&RULE, None), "Each of these has to hold."),
        may("any", Kind::Tables(&RULE, None), "At least one of these has to hold."),
        may("not", Kind::Tables(&RULE, None), "None of these may hold."),
    ],
};

pub(super) static RULE: Table = Table {
    header: "a rule",
    doc: "Something that holds of a person or does not; about one thing.",
    keys: &[
        may("tag", Kind::Id, "They have this tag."),
        may("field", Kind::Id, "This field of theirs is known."),
        may("is", Kind::Words, "The field is one of these."),
        may("at_least", Kind::Number(-BOUND, BOUND), "The field is a number of at least this."),
        may("at_most", Kind::Number(-BOUND, BOUND), "The field is a number of at most this."),
        may("window", Kind::OneOf(&["open", "closed"]), "Whether they can be written to freely."),
        may("branch", Kind::Name, "They write to the Page of this branch."),
        may("topic", Kind::Topic, "They agreed to this topic."),
        may("language", Kind::Language, "They were last understood in this language."),
        may(
            "seen_within_days",
            Kind::Number(0, 3_650),
            "They wrote or tapped within so many days.",
        ),
        may("unseen_for_days", Kind::Number(0, 3_650), "They did neither for so many days."),
    ],
};
