//! The format of `shop.toml`, as one table. The reader checks against it, the JSON Schema is
//! made of it, and so the two cannot disagree.

mod answers;
mod assistant;
mod coupons;
mod doors;
mod forms;
mod paid;
mod sent;
mod shop;
mod topics;

pub(super) use self::answers::{ACTIONS, BUTTONS};
use self::answers::{FAQ, FAQ_NONE};
use self::assistant::{AGENT, ASSISTANT, DELICATE, HANDOFF, META, PROFILE};
use self::coupons::{BRAND, COUPON};
use self::doors::{AD, COMMENT, FRIENDS};
use self::forms::{FORM, PRODUCT, SEGMENT, SERVICE};
use self::paid::{MARKETING, TEMPLATE};
use self::sent::{NUDGE, OFFER, SEQUENCE};
use self::shop::{HOURS, PAGE, SHOP, TEXTS};
use self::topics::{CLOUDFLARE, NOTIFICATION, POSTER, PRIVACY, SENDING, TOPIC};
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
    /// Latitude and longitude.
    Place,
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
    /// The id of a segment.
    Segment,
    /// The id of an offer.
    Offer,
    /// The code of a poster.
    Poster,
    /// The id of a coupon.
    Coupon,
    /// `#rrggbb`.
    Colour,
    /// Tags that are put on people: names without spaces.
    Tags,
    /// Names without spaces that are put on nobody.
    Names,
    /// Fields of people and the values they are set to.
    Fields,
    /// Places of a text and what stands in them.
    Examples,
    /// A field of people that is counted up.
    Counted,
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
    /// Whether it has places of its own, which are looked at elsewhere.
    pub places: bool,
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

/// Text of a message.
pub(super) const MESSAGE_LIMIT: usize = limits::MESSENGER_TEXT;
/// Text above buttons.
pub(super) const BUTTON_TEXT_LIMIT: usize = limits::BUTTON_TEXT;
/// Title of a button, and of a quick reply, which may be as long.
pub(super) const TITLE_LIMIT: usize = limits::BUTTON_TITLE;
const _: () = assert!(TITLE_LIMIT <= limits::QUICK_REPLY_TITLE);
/// Buttons under a text or a card.
pub(super) const BUTTONS_LIMIT: usize = limits::BUTTONS;
/// Title of an opt-in request.
pub(super) const OPT_IN_TITLE_LIMIT: usize = limits::OPT_IN_TITLE;
/// Quick replies under a message, one of them kept for the person that can be asked for.
pub(super) const MENU_LIMIT: usize = limits::QUICK_REPLIES - 1;
/// Questions of a form: under the summary each has a quick reply, beside two others.
const QUESTIONS_LIMIT: usize = limits::QUICK_REPLIES - 2;
/// Options of a choice: skip, back and cancel stand beside them.
const OPTIONS_LIMIT: usize = limits::QUICK_REPLIES - 3;
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
/// The small print of a coupon. Our own: it stands on a phone's page.
const TERMS_LIMIT: usize = 1_000;
/// Title of a coupon. Our own: it stands at the till.
const COUPON_TITLE_LIMIT: usize = 80;
/// Codes that one person can get of a coupon. Our own: all are kept in their row.
const COUPONS_LIMIT: i64 = 50;
/// The longest wait for a step of a sequence, in days. Our own: a year.
const WAIT_DAYS_LIMIT: i64 = 366;
/// For how many days a notification may leave. Our own: less than a month, so that two months do
/// not meet.
const SPREAD_LIMIT: i64 = 26;
/// Sends of a Page in a second (Meta, "Rate limits", 23 March 2026).
const PACE_LIMIT: i64 = limits::SENDS_PER_SECOND as i64;
/// People that one budget can be made for. Our own.
const PEOPLE_LIMIT: i64 = 10_000_000;
/// The most Desks a Page can have. Our own.
const SHARDS_LIMIT: i64 = crate::shop::model::MOST_SHARDS as i64;

const fn said(need: Need) -> Kind {
    Kind::Text(TextRule { limit: MESSAGE_LIMIT, split: true, template: true, places: false, need })
}

const fn title(limit: usize, need: Need) -> Kind {
    Kind::Text(TextRule { limit, split: false, template: false, places: false, need })
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
        may("comment", Kind::Tables(&COMMENT, None), "Comments that are answered privately."),
        may("ad", Kind::Tables(&AD, None), "What people find who come by ads."),
        may("friends", Kind::Table(&FRIENDS), "How customers bring their friends."),
        may("coupon", Kind::Tables(&COUPON, None), "What is given away once for each code."),
        may("brand", Kind::Table(&BRAND), "The shop's colours and its sign."),
        may(
            "notification",
            Kind::Tables(&NOTIFICATION, None),
            "What is sent to those who opted in, and when.",
        ),
        may(
            "sequence",
            Kind::Tables(&SEQUENCE, None),
            "Messages one after another, for each person from their own beginning on.",
        ),
        may("offer", Kind::Tables(&OFFER, None), "What people can ask to be told of."),
        may("nudge", Kind::Table(&NUDGE), "The last word before the 24 hours close."),
        may("sending", Kind::Table(&SENDING), "When and how often people are left alone."),
        may("cloudflare", Kind::Table(&CLOUDFLARE), "Where the shop runs."),
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
            "marketing",
            Kind::Table(&MARKETING),
            "Paid messages to those who opted in. Off until `shopbell doctor` has proved them.",
        ),
        may(
            "template",
            Kind::Tables(&TEMPLATE, None),
            "Texts for what somebody is waiting for, which Meta has to approve.",
        ),
        may(
            "profile",
            Kind::Table(&PROFILE),
            "What people see before anybody has said a word; `shopbell profile sync` sets it at Meta.",
        ),
    ],
};
