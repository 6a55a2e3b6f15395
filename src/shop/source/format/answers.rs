//! Questions and answers, and the buttons that stand under everything.

use super::coupons::GIVES_DOC;
use super::{BUTTONS_LIMIT, Kind, Need, TITLE_LIMIT, Table, may, must, said, title};
use crate::meta::limits;

pub(super) static FAQ: Table = Table {
    header: "[[faq]]",
    doc: "A question and its answer.",
    keys: &[
        must("id", Kind::Id, "Its name, for buttons, posters and the menu."),
        must("title", title(TITLE_LIMIT, Need::Default), "What it is called on a quick reply."),
        may("ask", Kind::Phrases, "Ways to ask it, as customers write; five or more are good."),
        may("keywords", Kind::Phrases, "Words that ask for it by themselves."),
        may(
            "expect",
            Kind::Expected,
            "Messages that have to get this answer, in other words than `ask`. Tried by \
             `shopbell check`, never published.",
        ),
        must("answer", said(Need::Default), "The answer."),
        may("image", Kind::Url, "A picture sent before it."),
        may("buttons", Kind::Tables(&BUTTON, Some(BUTTONS_LIMIT)), "Buttons under it."),
        may("card", Kind::Tables(&CARD, Some(limits::CARDS)), "Cards side by side, after it."),
        may(
            "quick_replies",
            Kind::Tables(&QUICK_REPLY, Some(limits::QUICK_REPLIES)),
            "Taps under it, gone once one is used; not together with buttons.",
        ),
        may("form", Kind::Form, "Opens after the answer."),
        may("coupon", Kind::Coupon, GIVES_DOC),
        may("tags", Kind::Tags, TAGS_DOC),
        may("set", Kind::Fields, SET_DOC),
    ],
};

pub(super) static CARD: Table = Table {
    header: "a card",
    doc: "A card of a row (`[[faq.card]]`, `[[poster.card]]`). It needs more than a title.",
    keys: &[
        must("title", title(limits::CARD_TITLE, Need::Default), "Its first line."),
        may("subtitle", title(limits::CARD_SUBTITLE, Need::Wished), "Its second line."),
        may("image", Kind::Url, "Its picture."),
        may("buttons", Kind::Tables(&BUTTON, Some(BUTTONS_LIMIT)), "Buttons on it."),
    ],
};

pub(super) static QUICK_REPLY: Table = Table {
    header: "a quick reply",
    doc: "A tap: a title, and one of faq, topic, form, remind, human and share.",
    keys: &[
        may(
            "title",
            title(TITLE_LIMIT, Need::Default),
            "What it says. Without one it is called like what it leads to.",
        ),
        may("faq", Kind::Faq, "Gives an answer."),
        may("topic", Kind::Topic, "Asks for consent to a topic."),
        may("form", Kind::Form, "Opens a form."),
        may("remind", Kind::Offer, "Asks to be told of an offer."),
        may("human", Kind::Flag, "Asks for a person."),
        may("share", Kind::Flag, "Gives a link to share with friends; needs `[friends]`."),
        may("tags", Kind::Tags, TAP_TAGS_DOC),
        may("set", Kind::Fields, TAP_SET_DOC),
    ],
};

pub(super) static FAQ_NONE: Table = Table {
    header: "[faq_none]",
    doc: "What the FAQ has to leave alone.",
    keys: &[must("expect", Kind::Expected, "Messages that no answer may be given to.")],
};
pub(super) const TAGS_DOC: &str = "Put on the person.";
pub(super) const SET_DOC: &str = "Fields of the person that are set: set.size = \"L\".";
pub(super) const TAP_TAGS_DOC: &str = "Put on whoever taps it.";
pub(super) const TAP_SET_DOC: &str = "Fields of whoever taps it that are set: set.size = \"L\".";

pub(super) static BUTTON: Table = Table {
    header: "a button",
    doc: "A button: a title, and one of url, phone, faq, topic, form, remind, human and share. Nobody \
          hears of a tap on the first two, so `tags` and `set` go with the others.",
    keys: &[
        may(
            "title",
            title(TITLE_LIMIT, Need::Default),
            "What it says. The last six have a title of their own.",
        ),
        may("url", Kind::Url, "Opens a page."),
        may("phone", Kind::Phone, "Calls a number."),
        may("faq", Kind::Faq, "Gives an answer."),
        may("topic", Kind::Topic, "Asks for consent to a topic."),
        may("form", Kind::Form, "Opens a form."),
        may("remind", Kind::Offer, "Asks to be told of an offer."),
        may("human", Kind::Flag, "Asks for a person."),
        may("share", Kind::Flag, "Gives a link to share with friends; needs `[friends]`."),
        may("tags", Kind::Tags, TAP_TAGS_DOC),
        may("set", Kind::Fields, TAP_SET_DOC),
    ],
};

/// What hangs under a text or a card.
pub(in crate::shop::source) static BUTTONS: [&Table; 2] = [&BUTTON, &QUICK_REPLY];

/// What a button can do.
pub(in crate::shop::source) const ACTIONS: [&str; 8] =
    ["url", "phone", "faq", "topic", "form", "remind", "human", "share"];
