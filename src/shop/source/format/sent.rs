//! What is sent beside plain notifications: other wordings, sequences, offers, the last word before
//! a window closes.

use super::answers::{BUTTON, CARD};
use super::coupons::BRINGS_DOC;
use super::forms::RULE;
use super::{
    BUTTONS_LIMIT, CATCH_UP_LIMIT, Kind, Need, TITLE_LIMIT, Table, WAIT_DAYS_LIMIT, may, must,
    said, title,
};
use crate::meta::limits;

const TEXT_DOC: &str = "What it says, in one message. Either this or cards.";
const CARD_DOC: &str = "Cards side by side in place of the text.";
const IMAGE_DOC: &str = "A picture; text and picture become one card, if the words fit on it (80 characters a line, \
     two lines).";

/// The wordings beside the notification's own.
pub(super) static VARIANT: Table = Table {
    header: "[[notification.variant]]",
    doc: "Another wording. Each person always gets the same of all wordings; reports show each by \
          itself. The notification's own is called \"a\".",
    keys: &[
        must("name", Kind::Id, "What reports call it: \"b\"."),
        may("text", said(Need::Default), TEXT_DOC),
        may("image", Kind::Url, "Its picture; the notification's if nothing is said."),
        may(
            "buttons",
            Kind::Tables(&BUTTON, Some(BUTTONS_LIMIT)),
            "Its buttons; the notification's if nothing is said.",
        ),
        may("card", Kind::Tables(&CARD, Some(limits::CARDS)), CARD_DOC),
        may("coupon", Kind::Coupon, BRINGS_DOC),
    ],
};

pub(super) static SEQUENCE: Table = Table {
    header: "[[sequence]]",
    doc: "Messages one after another, for each person from their own beginning on, and once in a \
          lifetime. It ends with a STOP, when they ask to be forgotten, and when one of you talks \
          with them.",
    keys: &[
        must("id", Kind::Id, "Its name."),
        must("topic", Kind::Topic, "By which consent its steps are sent."),
        may(
            "start",
            Kind::Table(&START),
            "What begins it: the consent to its topic if nothing is said.",
        ),
        may("zone", Kind::OneOf(&["shop", "subscriber"]), "Whose clock; the shop's."),
        may(
            "stop_on_reply",
            Kind::Flag,
            "Ends for whoever writes or taps after a step; true if nothing is said.",
        ),
        may("stop_tags", Kind::Names, "Ends for whoever has one of these: [\"bought\"]."),
        may("draft", Kind::Flag, "Nobody begins it."),
        must("step", Kind::Tables(&STEP, None), "Its messages, in order."),
    ],
};

static START: Table = Table {
    header: "a beginning",
    doc: "What begins a sequence; of several, whichever comes first.",
    keys: &[
        may("consent", Kind::Flag, "They agree to its topic."),
        may("tags", Kind::Names, "They get one of these tags."),
        may("form", Kind::Form, "They end this form."),
        may("poster", Kind::Poster, "They come in by this poster."),
    ],
};

static STEP: Table = Table {
    header: "[[sequence.step]]",
    doc: "One message of a sequence: after_minutes, after_days (perhaps with at), or on and at.",
    keys: &[
        must("id", Kind::Id, "Its name. It stays what it is when steps are added or moved."),
        may(
            "after_minutes",
            Kind::Number(0, 60 * 24 * WAIT_DAYS_LIMIT),
            "So many minutes after the step before, or after the beginning.",
        ),
        may("after_days", Kind::Number(0, WAIT_DAYS_LIMIT), "So many days after it."),
        may("on", Kind::Date, "On this day. Whoever comes too late for it does without."),
        may("at", Kind::Clock, "The time of day."),
        may("segment", Kind::Segment, "Only for those who belong to it then."),
        may("all", Kind::Tables(&RULE, None), "Only if each of these holds then."),
        may("any", Kind::Tables(&RULE, None), "Only if one of these holds then."),
        may("not", Kind::Tables(&RULE, None), "Only if none of these holds then."),
        may("text", said(Need::Default), TEXT_DOC),
        may("image", Kind::Url, IMAGE_DOC),
        may("buttons", Kind::Tables(&BUTTON, Some(BUTTONS_LIMIT)), "Buttons under it."),
        may("card", Kind::Tables(&CARD, Some(limits::CARDS)), CARD_DOC),
        may("coupon", Kind::Coupon, BRINGS_DOC),
    ],
};

pub(super) static OFFER: Table = Table {
    header: "[[offer]]",
    doc: "Something that people ask to be told of, by a button with `remind`: a sale, a thing that \
          is sold out, the next video. They are told when it begins and before it ends.",
    keys: &[
        must("id", Kind::Id, "Its name, for buttons and for `shopbell offer`."),
        must("topic", Kind::Topic, "By which consent they are told."),
        must("title", title(TITLE_LIMIT, Need::Default), "What it is called on buttons."),
        may("start", Kind::Table(&MOMENT), "What is said when it begins."),
        may("end", Kind::Table(&MOMENT), "What is said before it ends."),
    ],
};

static MOMENT: Table = Table {
    header: "a reminder",
    doc: "What is said of an offer, and when: by the shop's clock. A beginning without a day is \
          opened with `shopbell offer`.",
    keys: &[
        may("on", Kind::Date, "The day."),
        may("at", Kind::Clock, "The time of day."),
        may(
            "catch_up_minutes",
            Kind::Number(5, CATCH_UP_LIMIT),
            "How late it may still begin: 120, or 720 for what you open yourself.",
        ),
        may("text", said(Need::Default), TEXT_DOC),
        may("image", Kind::Url, IMAGE_DOC),
        may("buttons", Kind::Tables(&BUTTON, Some(BUTTONS_LIMIT)), "Buttons under it."),
        may("card", Kind::Tables(&CARD, Some(limits::CARDS)), CARD_DOC),
        may("coupon", Kind::Coupon, BRINGS_DOC),
    ],
};

pub(super) static NUDGE: Table = Table {
    header: "[nudge]",
    doc: "The last word before the 24 hours close, to those who left a form open, or to a segment. \
          By day, once for each window, not after STOP, and not while one of you talks with them.",
    keys: &[
        must("text", said(Need::Default), "What it says, in one message."),
        may("buttons", Kind::Tables(&BUTTON, Some(BUTTONS_LIMIT)), "Buttons under it."),
        may("coupon", Kind::Coupon, BRINGS_DOC),
        may(
            "before_minutes",
            Kind::Number(15, 720),
            "How long before the window closes: 60 if nothing is said.",
        ),
        may("segment", Kind::Segment, "For these, instead of those who left a form open."),
        may(
            "every_days",
            Kind::Number(1, 365),
            "Days until the same person may get it again: 7 if nothing is said.",
        ),
    ],
};
