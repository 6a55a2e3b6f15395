//! The shop, its Pages, hours and texts.

use super::{Key, Kind, Need, SHARDS_LIMIT, TITLE_LIMIT, Table, may, must, said, title};

pub(super) static SHOP: Table = Table {
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
        may(
            "contact_form",
            Kind::Url,
            "A form of its own on the web, for when the chat cannot be reached.",
        ),
        may(
            "closed_since",
            Kind::Date,
            "Closed for good from that day on: its posters lead to a page that says so.",
        ),
        may("prices", Kind::Name, "How prices are written: \"{price} €\", \"R$ {price}\"."),
    ],
};

pub(super) static PAGE: Table = Table {
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
        may("contact_form", Kind::Url, "This branch's, instead of the shop's."),
        may("closed_since", Kind::Date, "This branch's, instead of the shop's."),
        may(
            "location",
            Kind::Place,
            "Where it is: a poster that names no Page leads to the nearest.",
        ),
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
            "How many Desks share its people. When it changes, `shopbell shards --move` moves them.",
        ),
    ],
};

pub(super) static HOURS: Table =
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

pub(super) static TEXTS: Table = Table {
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
        may(
            "will_tell",
            said(Need::Wished),
            "To somebody who asked to be told of an offer; {topic} is its title.",
        ),
        may(
            "agree_first",
            said(Need::Wished),
            "To somebody who asked, and has not agreed to its topic yet.",
        ),
        may(
            "offer_over",
            said(Need::Wished),
            "To somebody who asked too late; {topic} is its title.",
        ),
    ],
};
