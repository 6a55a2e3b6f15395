//! Comments, ads, and friends.

use super::answers::{BUTTON, CARD, QUICK_REPLY, SET_DOC, TAGS_DOC};
use super::{BUTTON_TEXT_LIMIT, BUTTONS_LIMIT, Kind, Need, Table, TextRule, may, must, said};
use crate::meta::limits;

/// One message, whatever hangs under it: it is never split.
const PRIVATE: Kind = Kind::Text(TextRule {
    limit: BUTTON_TEXT_LIMIT,
    split: false,
    template: true,
    places: false,
    need: Need::Default,
});
/// Friends that count for one person. Our own.
const FRIENDS_LIMIT: i64 = 1_000;
/// In so many days. Our own: credits are kept for a year.
const DAYS_LIMIT: i64 = 366;

pub(super) static COMMENT: Table = Table {
    header: "[[comment]]",
    doc: "Comments that are answered privately: once for each person and post, with one message. \
          Of several rules that fit, the one with the longest keyword answers, then one that names \
          the post, then the first.",
    keys: &[
        must("id", Kind::Id, "Its name, for counting."),
        may("page", Kind::Page, "Only this Page's: its id or username. Left out: every Page's."),
        may(
            "posts",
            Kind::Names,
            "Only under these posts, by the ids that Meta gives them. Left out: under any.",
        ),
        may("keywords", Kind::Phrases, "Words one of which the comment has to hold."),
        may(
            "questions",
            Kind::Flag,
            "true: comments that ask something the FAQ has an answer for get that answer.",
        ),
        may(
            "platform",
            Kind::OneOf(&["messenger", "instagram"]),
            "Only on Facebook (\"messenger\") or Instagram. Left out: on both.",
        ),
        may("from", Kind::Date, "The first day it holds, by the shop's clock."),
        may("until", Kind::Date, "The last day it holds."),
        may("text", PRIVATE, "The private reply. Either this, `faq` or `questions`."),
        may("faq", Kind::Faq, "The private reply is this answer."),
        may("buttons", Kind::Tables(&BUTTON, Some(BUTTONS_LIMIT)), "Buttons under the text."),
        may(
            "quick_replies",
            Kind::Tables(&QUICK_REPLY, Some(limits::QUICK_REPLIES)),
            "Taps under the text; not together with buttons.",
        ),
        may(
            "public",
            Kind::Phrases,
            "Said under the comment once the private reply has left: each in its turn.",
        ),
        may("topic", Kind::Topic, "Consent asked for when the person answers."),
        may("form", Kind::Form, "Opens when the person answers."),
        may("tags", Kind::Tags, "Put on the person when they answer."),
        may("set", Kind::Fields, "Fields that are set when they answer: set.size = \"L\"."),
    ],
};

pub(super) static AD: Table = Table {
    header: "[[ad]]",
    doc: "What people find who come by a Click-to-Messenger or Click-to-Direct ad. One without \
          `ads` and `refs` is for every ad that nothing else is said of.",
    keys: &[
        must("id", Kind::Id, "Its name, for counting."),
        may("ads", Kind::Names, "Ids of the ads."),
        may("refs", Kind::Names, "Refs that the ads carry, as written in the Ads Manager."),
        may("text", said(Need::Default), "Said on arrival; otherwise the welcome."),
        may("image", Kind::Url, "A picture sent before it."),
        may("buttons", Kind::Tables(&BUTTON, Some(BUTTONS_LIMIT)), "Buttons under it."),
        may("card", Kind::Tables(&CARD, Some(limits::CARDS)), "Cards side by side, after it."),
        may(
            "quick_replies",
            Kind::Tables(&QUICK_REPLY, Some(limits::QUICK_REPLIES)),
            "Taps under it in place of the menu; not together with buttons, faq or topic.",
        ),
        may("topic", Kind::Topic, "Consent asked for on arrival."),
        may("faq", Kind::Faq, "Answer given on arrival."),
        may("language", Kind::Language, "Spoken to people whose language is not known yet."),
        may("form", Kind::Form, "Opens on arrival."),
        may("tags", Kind::Tags, TAGS_DOC),
        may("set", Kind::Fields, SET_DOC),
    ],
};

pub(super) static FRIENDS: Table = Table {
    header: "[friends]",
    doc: "Customers ask for a link of their own and give it to friends. A friend who was never \
          here before counts for whoever gave it.",
    keys: &[
        may(
            "words",
            Kind::Phrases,
            "Messages that ask for the link, beside the languages' own (\"share\").",
        ),
        may("link_text", PRIVATE, "Said with the link, which stands on the next line."),
        may("thanks", PRIVATE, "Said to whoever brought a friend, inside their window."),
        may("thanks_tags", Kind::Tags, "Put on whoever brought a friend."),
        may("counted_in", Kind::Counted, "The field that counts the friends somebody brought."),
        may("most", Kind::Number(1, FRIENDS_LIMIT), "So many count for one person; 10."),
        may("per_days", Kind::Number(1, DAYS_LIMIT), "In so many days; 30."),
        may("text", said(Need::Default), "Said to the friend; otherwise the welcome."),
        may("image", Kind::Url, "A picture sent before it."),
        may("buttons", Kind::Tables(&BUTTON, Some(BUTTONS_LIMIT)), "Buttons under it."),
        may("card", Kind::Tables(&CARD, Some(limits::CARDS)), "Cards side by side, after it."),
        may(
            "quick_replies",
            Kind::Tables(&QUICK_REPLY, Some(limits::QUICK_REPLIES)),
            "Taps under it in place of the menu; not together with buttons, faq or topic.",
        ),
        may("topic", Kind::Topic, "Consent the friend is asked for."),
        may("faq", Kind::Faq, "Answer the friend gets."),
        may("form", Kind::Form, "Opens for the friend."),
        may("tags", Kind::Tags, "Put on the friend."),
        may("set", Kind::Fields, "Fields of the friend that are set: set.size = \"L\"."),
    ],
};
