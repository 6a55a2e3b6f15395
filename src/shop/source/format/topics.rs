//! What people agree to, what brings them, and what is sent.

use super::answers::{BUTTON, CARD, QUICK_REPLY, SET_DOC, TAGS_DOC};
use super::coupons::{BRINGS_DOC, GIVES_DOC};
use super::sent::VARIANT;
use super::{
    BUTTONS_LIMIT, CATCH_UP_LIMIT, Kind, Need, OPT_IN_TITLE_LIMIT, PACE_LIMIT, PEOPLE_LIMIT,
    SPREAD_LIMIT, Table, may, must, said, title,
};
use crate::meta::limits;

/// What is printed with a poster's code. Our own: it is read in passing.
const CAPTION_LIMIT: usize = 80;

pub(super) static TOPIC: Table = Table {
    header: "[[topic]]",
    doc: "Something people can opt in to.",
    keys: &[
        must("id", Kind::Id, "Its name, for buttons, posters and notifications."),
        must(
            "title",
            title(OPT_IN_TITLE_LIMIT, Need::Default),
            "What people see when they are asked.",
        ),
        may("image", Kind::Url, "The picture on that card."),
        must(
            "promise",
            Kind::OneOf(&["daily", "weekly", "monthly", "dates"]),
            "How often at most something is sent; \"dates\": only on the days of `dates`.",
        ),
        may("dates", Kind::Dates, "The days, with promise = \"dates\"."),
        may("coupon", Kind::Coupon, GIVES_DOC),
    ],
};

pub(super) static POSTER: Table = Table {
    header: "[[poster]]",
    doc: "Something on a wall, with a QR code.",
    keys: &[
        must("code", Kind::Id, "The code on it, also for typing."),
        may("place", Kind::Name, "Where it hangs."),
        may("branch", Kind::Name, "Which branch it counts for, if not its Page's."),
        may("campaign", Kind::Name, "What it is part of, for the funnel."),
        may("batch", Kind::Name, "Which print run it is from."),
        may("printed_on", Kind::Date, "When it was printed."),
        may("from", Kind::Date, "The first day it is good, by the shop's clock."),
        may("until", Kind::Date, "The last day it is good."),
        may(
            "keyword",
            Kind::Name,
            "A word printed beside the code: whoever types it arrives as if they had scanned. The \
             code itself always is one.",
        ),
        may(
            "platform",
            Kind::OneOf(&["messenger", "instagram"]),
            "Where it leads; if nothing is said, to Messenger, or to Instagram from inside its app.",
        ),
        may(
            "ads",
            Kind::Names,
            "Ids of Click-to-Messenger ads: who comes by one of them arrives here.",
        ),
        may(
            "page",
            Kind::Page,
            "Whose it is: the id or username of a Page. Left out, the nearest Page's, when each \
             has a location; else the first's.",
        ),
        may("text", said(Need::Free), "Said on arrival."),
        may("coupon", Kind::Coupon, GIVES_DOC),
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
        may("revoked", Kind::Flag, "No longer valid: leads to the shop's contact page."),
        may(
            "caption",
            title(CAPTION_LIMIT, Need::Free),
            "Printed with the code by `shopbell qr`: \"Scan and write to us\" and what the poster leads \
             to, if nothing is said.",
        ),
        may("form", Kind::Form, "Opens on arrival."),
        may("tags", Kind::Tags, TAGS_DOC),
        may("set", Kind::Fields, SET_DOC),
    ],
};

pub(super) static NOTIFICATION: Table = Table {
    header: "[[notification]]",
    doc: "Something sent on a schedule: always one message, because a token of Meta's is good for \
          one.",
    keys: &[
        must("id", Kind::Id, "Its name."),
        must("topic", Kind::Topic, "Whom it is for."),
        may("text", said(Need::Default), "What it says. Either this or cards."),
        must("schedule", Kind::Table(&SCHEDULE), "When it is sent."),
        may(
            "image",
            Kind::Url,
            "A picture above it, if the words fit on a card (80 characters a line, two lines).",
        ),
        may("buttons", Kind::Tables(&BUTTON, Some(BUTTONS_LIMIT)), "Buttons under it."),
        may(
            "card",
            Kind::Tables(&CARD, Some(limits::CARDS)),
            "Cards side by side in place of the text.",
        ),
        may("coupon", Kind::Coupon, BRINGS_DOC),
        may("segment", Kind::Segment, "Only for those of the topic who belong to it then."),
        may("draft", Kind::Flag, "Planned and shown, and never sent."),
        may("from", Kind::Date, "Not sent before this day."),
        may("until", Kind::Date, "Not sent after this day."),
        may("variant", Kind::Tables(&VARIANT, Some(VARIANTS_LIMIT)), "Other wordings, to compare."),
    ],
};

/// Wordings beside the notification's own. Our own: with more of them each is read by too few.
const VARIANTS_LIMIT: usize = 3;

static SCHEDULE: Table = Table {
    header: "a schedule",
    doc: "Days and a time: every day, every week on weekdays, every month on a day, or dates.",
    keys: &[
        may("every", Kind::OneOf(&["day", "week", "month"]), "How often."),
        may(
            "on",
            Kind::On,
            "Weekdays (\"fri\" or a list); of a month a day (1 to 31, \"last\") or a weekday (\"first \
             fri\" to \"fourth fri\", \"last fri\").",
        ),
        may("dates", Kind::Dates, "Single days, instead of every."),
        must("at", Kind::Clock, "The time of day."),
        may(
            "zone",
            Kind::OneOf(&["shop", "subscriber"]),
            "Whose clock; the shop's if nothing is said.",
        ),
        may(
            "catch_up_minutes",
            Kind::Number(5, CATCH_UP_LIMIT),
            "How late it may still begin when the Worker was asleep: 120 if nothing is said. Later \
             than that it is dropped for the time, and the report says so.",
        ),
        may(
            "spread_days",
            Kind::Number(0, SPREAD_LIMIT),
            "For how many more days it may leave when one day has not enough for everybody: 0 if \
             nothing is said. `shopbell budget` says how many it takes.",
        ),
    ],
};

pub(super) static SENDING: Table = Table {
    header: "[sending]",
    doc: "When and how often people are left alone. For notifications, not for answers.",
    keys: &[
        may(
            "quiet_hours",
            Kind::Quiet,
            "No notification leaves in these hours of the recipient's own clock: \"21:00-08:00\" if \
             nothing is said.",
        ),
        may(
            "most_per_day",
            Kind::Number(1, 10),
            "How many notifications a person gets on one day, over all topics: 3 if nothing is said.",
        ),
        may(
            "per_second",
            Kind::Number(1, PACE_LIMIT),
            "How many notifications of a Page leave in one second: 30 if nothing is said. Above 40 \
             sends a second the Page's inbox freezes for the people who work in it.",
        ),
    ],
};

pub(super) static CLOUDFLARE: Table = Table {
    header: "[cloudflare]",
    doc: "Where the shop runs, and what it expects there.",
    keys: &[
        may(
            "plan",
            Kind::OneOf(&["free", "paid"]),
            "Cloudflare's plan: \"free\" if nothing is said. On it notifications take only their part \
             of each day's limits, so that answers never run out.",
        ),
        may(
            "subscribers",
            Kind::Number(1, PEOPLE_LIMIT),
            "How many people you expect to agree to notifications. `shopbell check` then says whether \
             the plan is enough.",
        ),
        may(
            "messages_a_day",
            Kind::Number(1, PEOPLE_LIMIT),
            "How many messages people write on a busy day: 100 if nothing is said.",
        ),
        may(
            "worker",
            Kind::Id,
            "The Worker's name, for `shopbell deploy`: the one in wrangler.toml if nothing is said. Several \
             shops from one folder need a name each.",
        ),
        may(
            "account",
            Kind::Id,
            "The id of the Cloudflare account it runs on, if your login reaches several. No secret.",
        ),
    ],
};

/// On what ground people's data is used (GDPR, article 6).
const LEGAL_BASES: [&str; 3] = ["consent", "contract", "legitimate-interest"];

pub(super) static PRIVACY: Table = Table {
    header: "[privacy]",
    doc: "Who answers for what people agree to. It stands on each consent receipt.",
    keys: &[
        must("controller", Kind::Name, "Who answers for the data: the firm's or the owner's name."),
        must("contact", Kind::Name, "Where people can ask: a mail address, a phone, an address."),
        must(
            "legal_basis",
            Kind::OneOf(&LEGAL_BASES),
            "On what ground notifications are sent. Ask whoever advises you if it is not consent.",
        ),
        must(
            "keep_receipts_months",
            Kind::Number(1, 120),
            "How long after a consent has ended its receipts are kept.",
        ),
    ],
};
