//! The format of `shop.toml`, as one table. The reader checks against it, the JSON Schema is
//! made of it, and so the two cannot disagree.

use crate::meta::limits;

/// A table of the file.
#[derive(Debug)]
pub(super) struct Table {
    /// How people call it: `[shop]`, `a button`.
    pub header: &'static str,
    /// What it is for.
    pub doc: &'static str,
    /// What it may hold.
    pub keys: &'static [Key],
}

/// A line of a table.
#[derive(Debug)]
pub(super) struct Key {
    /// What stands before the equals sign.
    pub name: &'static str,
    /// What stands behind it.
    pub kind: Kind,
    /// Whether it has to be there.
    pub required: bool,
    /// What it means.
    pub doc: &'static str,
}

/// What may stand behind an equals sign.
#[derive(Debug)]
pub(super) enum Kind {
    /// Text on one line.
    Name,
    /// A name that others refer to.
    Id,
    /// The number of a Page or an account.
    Digits,
    /// The name in m.me links.
    PageName,
    /// The name in ig.me links.
    InstagramName,
    /// https.
    Url,
    /// International.
    Phone,
    /// A mail address.
    Email,
    /// IANA name.
    TimeZone,
    /// ISO 3166-1 alpha-2.
    Country,
    /// Language tags, at least one.
    Languages,
    /// One of the shop's languages.
    Language,
    /// A day, as text or as TOML's own.
    Date,
    /// Several.
    Dates,
    /// A time of day, as text or as TOML's own.
    Clock,
    /// Opening hours: a range, several, or "closed".
    Ranges,
    /// Weekdays, a day of the month, a weekday of the month, or "last".
    On,
    /// A stretch of the night, or "none".
    Quiet,
    /// true or false.
    Flag,
    /// A whole number, from and to.
    Number(i64, i64),
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// Texts in any language.
    Words,
    /// The id of an FAQ entry.
    Faq,
    /// A price: a number with two decimals at most.
    Price,
    /// Options of questions: fits.size = ["s"].
    Fits,
    /// Several, at most so many.
    Faqs(usize),
    /// The id of a topic.
    Topic,
    /// The id of a form.
    Form,
    /// Names without spaces.
    Tags,
    /// Fields and their values.
    Fields,
    /// The id or username of a Page.
    Page,
    /// A text per language.
    Text(TextRule),
    /// Phrases per language.
    Phrases,
    /// Messages to try, per language or in any.
    Expected,
    /// A table.
    Table(&'static Table),
    /// Any number of tables, or at most so many.
    Tables(&'static Table, Option<usize>),
}

/// What a text per language has to be.
#[derive(Clone, Copy, Debug)]
pub(super) struct TextRule {
    /// The most it may have, in UTF-16 units (Meta counts "characters" and does not say of which
    /// kind; this is the strict reading that is still fair to Chinese).
    pub limit: usize,
    /// Whether more is split into several messages, or refused.
    pub split: bool,
    /// Whether it may hold variables.
    pub template: bool,
    /// In which languages it has to be there.
    pub need: Need,
}

/// In which languages a text has to be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Need {
    /// In the default language; a warning for each other one.
    Default,
    /// A warning for each that is missing: something else stands in.
    Wished,
    /// In any.
    Free,
}

/// Text of a message: "less than 2000 characters" (Meta, Send API reference, October 2026).
pub(super) const MESSAGE_LIMIT: usize = 1_999;
/// Text above buttons (Meta, button template, October 2026).
pub(super) const BUTTON_TEXT_LIMIT: usize = 640;
/// Title of a button or a quick reply (Meta, Send API reference, October 2026).
pub(super) const TITLE_LIMIT: usize = 20;
/// Buttons under a text or a card (Meta, button and generic template, October 2026).
pub(super) const BUTTONS_LIMIT: usize = 3;
/// Title of an opt-in request (Meta, notification messages, October 2026).
pub(super) const OPT_IN_TITLE_LIMIT: usize = 65;
/// Quick replies under a message (Meta, Send API reference, October 2026), one of them kept for
/// the person that can be asked for.
pub(super) const MENU_LIMIT: usize = 12;
/// Questions of a form: under the summary each has a quick reply, beside two others (Meta, Send
/// API reference, October 2026: 13).
const QUESTIONS_LIMIT: usize = 11;
/// Options of a choice: skip, back and cancel stand beside them.
const OPTIONS_LIMIT: usize = 10;
/// Title of a service. Our own: it stands in calendars.
const SERVICE_TITLE_LIMIT: usize = 60;
/// How big a number can be asked for. Our own.
const BOUND: i64 = 1_000_000_000;
/// The latest reminder of a form, in minutes: the window closes after a day.
const REMIND_LIMIT: i64 = 23 * 60;
/// How long a bot may keep quiet after a person took over, in hours. Our own: a month.
const PAUSE_LIMIT: i64 = 720;
/// How long questions without an answer can be kept, in days. Our own: they are there to be read,
/// not collected.
const MISSES_LIMIT: i64 = 180;
/// The latest a notification may begin, in minutes. Our own: half a day.
const CATCH_UP_LIMIT: i64 = 720;
/// The most Desks a Page can have. Our own.
const SHARDS_LIMIT: i64 = 64;

const fn said(need: Need) -> Kind {
    Kind::Text(TextRule { limit: MESSAGE_LIMIT, split: true, template: true, need })
}

const fn title(limit: usize, need: Need) -> Kind {
    Kind::Text(TextRule { limit, split: false, template: false, need })
}

const fn must(name: &'static str, kind: Kind, doc: &'static str) -> Key {
    Key { name, kind, required: true, doc }
}

const fn may(name: &'static str, kind: Kind, doc: &'static str) -> Key {
    Key { name, kind, required: false, doc }
}

/// The file.
pub(super) static FILE: Table = Table {
    header: "shop.toml",
    doc: "A shop, as Shopbell reads it.",
    keys: &[
        must("shop", Kind::Table(&SHOP), "Who the shop is."),
        must("page", Kind::Tables(&PAGE, None), "Its Pages; one per branch."),
        may("hours", Kind::Table(&HOURS), "When it is open. Without it the shop counts as open."),
        may(
            "texts",
            Kind::Table(&TEXTS),
            "The shop's own wording. What is missing has a default in every language Shopbell knows.",
        ),
        may("faq", Kind::Tables(&FAQ, None), "Questions and answers."),
        may(
            "faq_none",
            Kind::Table(&FAQ_NONE),
            "Messages that no answer fits. Tried by `shopbell check`, never published.",
        ),
        may("topic", Kind::Tables(&TOPIC, None), "What people can opt in to."),
        may("poster", Kind::Tables(&POSTER, None), "Posters, stickers and flyers with a QR code."),
        may(
            "notification",
            Kind::Tables(&NOTIFICATION, None),
            "What is sent to those who opted in, and when.",
        ),
        may("sending", Kind::Table(&SENDING), "When and how often people are left alone."),
        may(
            "privacy",
            Kind::Table(&PRIVACY),
            "Who answers for what people agree to. Needed for topics.",
        ),
        may("form", Kind::Tables(&FORM, None), "Questions asked one after another."),
        may(
            "service",
            Kind::Tables(&SERVICE, None),
            "What can be booked, with a form that asks for a slot.",
        ),
        may("product", Kind::Tables(&PRODUCT, None), "What it sells, for a form that finds it."),
        may("segment", Kind::Tables(&SEGMENT, None), "Rules that say whom something is for."),
        may("assistant", Kind::Table(&ASSISTANT), "How the assistant behaves."),
        may("handoff", Kind::Table(&HANDOFF), "When and how a person takes over."),
        may("delicate", Kind::Tables(&DELICATE, None), "What only people answer."),
        may("agent", Kind::Tables(&AGENT, None), "Who of the shop answers what."),
        may("meta", Kind::Table(&META), "The shop's standing with Meta."),
        may(
            "profile",
            Kind::Table(&PROFILE),
            "What people see before anybody has said a word; `shopbell profile sync` sets it at Meta.",
        ),
    ],
};

static SHOP: Table = Table {
    header: "[shop]",
    doc: "Who the shop is.",
    keys: &[
        must("name", Kind::Name, "What it is called."),
        must("languages", Kind::Languages, "What it speaks; the first is the default."),
        must("time_zone", Kind::TimeZone, "Whose clock it follows: \"Europe/Vilnius\"."),
        may("country", Kind::Country, "Where its customers are; Meta's rules differ by it."),
        may("phone", Kind::Phone, "In its international form."),
        may("site", Kind::Url, "Its web site."),
        may("email", Kind::Email, "Its mail address."),
        may("map", Kind::Url, "A link to it on a map."),
        may("address", title(300, Need::Free), "Street and town, per language."),
        may("prices", Kind::Name, "How prices are written: \"{price} €\", \"R$ {price}\"."),
    ],
};

static PAGE: Table = Table {
    header: "[[page]]",
    doc: "A Page of the shop.",
    keys: &[
        must("id", Kind::Digits, "Its number at Meta."),
        must("username", Kind::PageName, "The name in its m.me link."),
        may(
            "instagram_id",
            Kind::Digits,
            "The number of the Instagram account that belongs to it.",
        ),
        may("instagram_username", Kind::InstagramName, "The name of that account."),
        may("branch", Kind::Name, "Which branch it is."),
        may("phone", Kind::Phone, "This branch's, instead of the shop's."),
        may("site", Kind::Url, "This branch's, instead of the shop's."),
        may("email", Kind::Email, "This branch's, instead of the shop's."),
        may("map", Kind::Url, "This branch's, instead of the shop's."),
        may("address", title(300, Need::Free), "This branch's, instead of the shop's."),
        may("hours", Kind::Table(&PAGE_HOURS), "This branch's, instead of `[hours]` as a whole."),
        may(
            "messenger",
            Kind::Flag,
            "Answers on Messenger, whatever `[assistant]` says for all Pages.",
        ),
        may(
            "instagram",
            Kind::Flag,
            "Answers on Instagram, whatever `[assistant]` says for all Pages.",
        ),
        may(
            "shards",
            Kind::Number(1, SHARDS_LIMIT),
            "How many Desks share its people. Changing it is a migration.",
        ),
    ],
};

static HOURS: Table =
    Table { header: "[hours]", doc: "The week, and days that differ.", keys: &WEEK };

static PAGE_HOURS: Table = Table {
    header: "[page.hours]",
    doc: "The hours of one branch, in place of all of `[hours]`: the week, and days that differ \
          (`[[page.hours.exception]]`).",
    keys: &WEEK,
};

static WEEK: [Key; 8] = [
    may("mon", Kind::Ranges, "Monday."),
    may("tue", Kind::Ranges, "Tuesday."),
    may("wed", Kind::Ranges, "Wednesday."),
    may("thu", Kind::Ranges, "Thursday."),
    may("fri", Kind::Ranges, "Friday."),
    may("sat", Kind::Ranges, "Saturday."),
    may("sun", Kind::Ranges, "Sunday."),
    may("exception", Kind::Tables(&EXCEPTION, None), "Days that differ."),
];

static EXCEPTION: Table = Table {
    header: "[[hours.exception]]",
    doc: "Days that differ from the week.",
    keys: &[
        may("date", Kind::Date, "The day, if it is one."),
        may("from", Kind::Date, "The first day."),
        may("to", Kind::Date, "The last day."),
        must("open", Kind::Ranges, "The hours on these days."),
        may("note", title(80, Need::Wished), "What it is: \"Christmas\"."),
    ],
};

static TEXTS: Table = Table {
    header: "[texts]",
    doc: "What the assistant says by itself.",
    keys: &[
        may("welcome", said(Need::Wished), "To somebody who comes for the first time."),
        may(
            "instant",
            said(Need::Wished),
            "The first answer after a day of silence; {wait} says when a person will answer.",
        ),
        may("away", said(Need::Wished), "Outside opening hours; {next_open} says when it opens."),
        may("fallback", said(Need::Wished), "When nothing fits."),
        may("offer", said(Need::Wished), "When several answers might fit."),
        may("human", said(Need::Wished), "To somebody who asked for a person."),
        may("stopped", said(Need::Wished), "To somebody who said STOP."),
        may("opted_in", said(Need::Wished), "To somebody who opted in; {topic} says to what."),
        may("deleted", said(Need::Wished), "To somebody who asked to be forgotten, and was."),
        may("human_button", title(TITLE_LIMIT, Need::Wished), "The button that asks for a person."),
        may(
            "delete_ask",
            said(Need::Wished),
            "To somebody who asked to be forgotten: whether they mean it.",
        ),
        may("delete_yes", title(TITLE_LIMIT, Need::Wished), "The button that says yes to that."),
        may("delete_no", title(TITLE_LIMIT, Need::Wished), "The button that says no to that."),
        may("kept", said(Need::Wished), "To somebody who said no to that."),
        may(
            "delicate",
            said(Need::Wished),
            "To somebody who wrote of something that only people answer.",
        ),
        may(
            "resume_button",
            title(TITLE_LIMIT, Need::Wished),
            "The button that brings the assistant back.",
        ),
        may("resumed", said(Need::Wished), "When the assistant is back."),
        may(
            "disclosure",
            said(Need::Wished),
            "That it is an assistant, where the law wants it said.",
        ),
    ],
};

static FAQ: Table = Table {
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
        may("tags", Kind::Tags, TAGS_DOC),
        may("set", Kind::Fields, SET_DOC),
    ],
};

static CARD: Table = Table {
    header: "a card",
    doc: "A card of a row (`[[faq.card]]`, `[[poster.card]]`). It needs more than a title.",
    keys: &[
        must("title", title(limits::CARD_TITLE, Need::Default), "Its first line."),
        may("subtitle", title(limits::CARD_SUBTITLE, Need::Wished), "Its second line."),
        may("image", Kind::Url, "Its picture."),
        may("buttons", Kind::Tables(&BUTTON, Some(BUTTONS_LIMIT)), "Buttons on it."),
    ],
};

static QUICK_REPLY: Table = Table {
    header: "a quick reply",
    doc: "A tap: a title, and one of faq, topic, form and human.",
    keys: &[
        may(
            "title",
            title(TITLE_LIMIT, Need::Default),
            "What it says. Without one it is called like what it leads to.",
        ),
        may("faq", Kind::Faq, "Gives an answer."),
        may("topic", Kind::Topic, "Asks for consent to a topic."),
        may("form", Kind::Form, "Opens a form."),
        may("human", Kind::Flag, "Asks for a person."),
        may("tags", Kind::Tags, TAP_TAGS_DOC),
        may("set", Kind::Fields, TAP_SET_DOC),
    ],
};

static FAQ_NONE: Table = Table {
    header: "[faq_none]",
    doc: "What the FAQ has to leave alone.",
    keys: &[must("expect", Kind::Expected, "Messages that no answer may be given to.")],
};
const TAGS_DOC: &str = "Put on the person.";
const SET_DOC: &str = "Fields of the person that are set: set.size = \"L\".";
const TAP_TAGS_DOC: &str = "Put on whoever taps it.";
const TAP_SET_DOC: &str = "Fields of whoever taps it that are set: set.size = \"L\".";

pub(super) static BUTTON: Table = Table {
    header: "a button",
    doc: "A button: a title, and one of url, phone, faq, topic, form and human. Nobody hears of a tap \
          on the first two, so `tags` and `set` go with the others.",
    keys: &[
        may(
            "title",
            title(TITLE_LIMIT, Need::Default),
            "What it says. The last four have a title of their own.",
        ),
        may("url", Kind::Url, "Opens a page."),
        may("phone", Kind::Phone, "Calls a number."),
        may("faq", Kind::Faq, "Gives an answer."),
        may("topic", Kind::Topic, "Asks for consent to a topic."),
        may("form", Kind::Form, "Opens a form."),
        may("human", Kind::Flag, "Asks for a person."),
        may("tags", Kind::Tags, TAP_TAGS_DOC),
        may("set", Kind::Fields, TAP_SET_DOC),
    ],
};

/// What a button can do.
pub(super) const ACTIONS: [&str; 6] = ["url", "phone", "faq", "topic", "form", "human"];

static TOPIC: Table = Table {
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
            Kind::OneOf(&["daily", "weekly", "monthly"]),
            "How often at most something is sent.",
        ),
    ],
};

static POSTER: Table = Table {
    header: "[[poster]]",
    doc: "Something on a wall, with a QR code.",
    keys: &[
        must("code", Kind::Id, "The code on it, also for typing."),
        may("place", Kind::Name, "Where it hangs."),
        may(
            "page",
            Kind::Page,
            "Whose it is: the id or username of a Page. Needed with several Pages.",
        ),
        may("text", said(Need::Free), "Said on arrival."),
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
        may("form", Kind::Form, "Opens on arrival."),
        may("tags", Kind::Tags, TAGS_DOC),
        may("set", Kind::Fields, SET_DOC),
    ],
};

static NOTIFICATION: Table = Table {
    header: "[[notification]]",
    doc: "Something sent on a schedule.",
    keys: &[
        must("id", Kind::Id, "Its name."),
        must("topic", Kind::Topic, "Whom it is for."),
        must("text", said(Need::Default), "What it says."),
        must("schedule", Kind::Table(&SCHEDULE), "When it is sent."),
        may("image", Kind::Url, "A picture above it."),
        may("buttons", Kind::Tables(&BUTTON, Some(BUTTONS_LIMIT)), "Buttons under it."),
    ],
};

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
    ],
};

static SENDING: Table = Table {
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
    ],
};

/// On what ground people's data is used (GDPR, article 6).
pub(super) const LEGAL_BASES: [&str; 3] = ["consent", "contract", "legitimate-interest"];

static PRIVACY: Table = Table {
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

static FORM: Table = Table {
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
        may("must", Kind::Tags, "Questions whose answer a product has to fit to be shown at all."),
    ],
};

static SERVICE: Table = Table {
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

static PRODUCT: Table = Table {
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
        must("kind", Kind::OneOf(&super::forms::KINDS), "What counts as an answer."),
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

static SEGMENT: Table = Table {
    header: "[[segment]]",
    doc: "A rule that says whom something is for: all, any and not have to hold together.",
    keys: &[
        must("id", Kind::Id, "Its name."),
        may("all", Kind::Tables(&RULE, None), "Each of these has to hold."),
        may("any", Kind::Tables(&RULE, None), "At least one of these has to hold."),
        may("not", Kind::Tables(&RULE, None), "None of these may hold."),
    ],
};

static RULE: Table = Table {
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

static ASSISTANT: Table = Table {
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

static PROFILE: Table = Table {
    header: "[profile]",
    doc: "What people see before anybody has said a word. What is missing is made of the menu of \
          `[assistant]`; `menu = []` and the like switch a part off.",
    keys: &[
        may(
            "greeting",
            Kind::Text(TextRule {
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

static HANDOFF: Table = Table {
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

static DELICATE: Table = Table {
    header: "[[delicate]]",
    doc: "A subject that only people answer. What is written about it is not kept.",
    keys: &[
        must("name", Kind::Name, "What it is called, for yourself."),
        must("words", Kind::Phrases, "Phrases by which a message is about it."),
    ],
};

static AGENT: Table = Table {
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

static META: Table = Table {
    header: "[meta]",
    doc: "The shop's standing with Meta.",
    keys: &[may(
        "recurring_since",
        Kind::Date,
        "Since when this app has sent recurring notifications; only those of before 2025-09-01 may.",
    )],
};
