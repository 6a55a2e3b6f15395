//! The compiled shop: what `shopbell publish` makes of `shop.toml`, what lies in KV under
//! `shop:{page}`, and what every pure room works on. One value per Page.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::booking::Service;
use super::colour::Brand;
use super::coupons::Coupon;
use super::doors::{AdRule, CommentRule, Friends};
use super::forms::{Also, Form};
use super::marketing::Marketing;
use super::outreach::{Nudge, Offer, Sequence, Variant};
use super::products::Product;
use super::segments::Segment;
use super::templates::Template;
use crate::meta::ids::{
    AccountId, Country, CouponId, FaqId, FormId, NotificationId, OfferId, PageId, PosterCode, Psid,
    SegmentId, TopicId,
};

/// The version of this layout. A Worker refuses a shop of another version and says so.
pub const SHOP_SCHEMA: u32 = 1;

/// A language tag as Meta and the owner write it: `lt`, `en`, `pt-BR`, `zh-TW`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct Lang(pub String);

/// A text in each language the owner wrote it in. May hold `{variables|fallback}`; in what the
/// assistant says a blank line begins the next bubble.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct Localized(pub BTreeMap<Lang, String>);

/// One Page's shop.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Shop {
    /// [`SHOP_SCHEMA`].
    pub v: u32,
    /// Hash of the content: changes whenever anything else here does.
    pub version: String,
    /// The Page it is for.
    pub page: Page,
    /// What the shop is called.
    pub name: String,
    /// What it speaks. Never empty; the first is the default.
    pub languages: Vec<Lang>,
    /// IANA name, known to the bundled database.
    pub time_zone: String,
    /// How to reach it otherwise.
    pub contact: Contact,
    /// When it is open.
    pub hours: Hours,
    /// The owner's own wording; where one is missing, the language's default stands in.
    pub texts: Texts,
    /// Questions and answers.
    pub faq: Vec<FaqEntry>,
    /// Key of the trained model, `model:{hash}`; none without an FAQ.
    pub model: Option<String>,
    /// What people can opt in to.
    pub topics: Vec<Topic>,
    /// What hangs on walls.
    pub posters: Vec<Poster>,
    /// Comments that are answered privately.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub comments: Vec<CommentRule>,
    /// What people find who come by ads.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ads: Vec<AdRule>,
    /// How customers bring their friends; none: they do not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub friends: Option<Friends>,
    /// What is given away once for each code.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub coupons: Vec<Coupon>,
    /// Its colours and its sign.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub brand: Option<Brand>,
    /// What is sent, and when.
    pub notifications: Vec<Notification>,
    /// Messages one after another, for each person from their own beginning on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sequences: Vec<Sequence>,
    /// What people can ask to be told of.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub offers: Vec<Offer>,
    /// The last word before a window closes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nudge: Option<Nudge>,
    /// What is asked step by step.
    #[serde(default)]
    pub forms: Vec<Form>,
    /// What can be booked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub services: Vec<Service>,
    /// What it sells.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub products: Vec<Product>,
    /// How prices are written: the price with `{price}` in its place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prices: Option<String>,
    /// Rules that say whom something is for.
    #[serde(default)]
    pub segments: Vec<Segment>,
    /// When and how often people are left alone.
    #[serde(default)]
    pub sending: Sending,
    /// Where it runs.
    #[serde(default)]
    pub hosting: Hosting,
    /// Who answers for what people agree to. Always there when there are topics.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub privacy: Option<Privacy>,
    /// How the assistant behaves.
    pub assistant: Assistant,
    /// When and how a person takes over.
    #[serde(default)]
    pub handoff: Handoff,
    /// What only people answer.
    #[serde(default)]
    pub delicate: Vec<Delicate>,
    /// Who of the shop answers what.
    #[serde(default)]
    pub agents: Vec<Agent>,
    /// What the shop tells us of its standing with Meta.
    pub meta: MetaStanding,
    /// How it pays for messages; none: it does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub marketing: Option<Marketing>,
    /// Texts that Meta has to approve, for what somebody is waiting for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub templates: Vec<Template>,
    /// What people see before anybody has said a word.
    #[serde(default)]
    pub profile: PageProfile,
}

/// What people see of a Page before anybody has said a word: Meta's Messenger Profile.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(default)]
pub struct PageProfile {
    /// The owner's wording; where one is missing, the language's own stands in.
    pub greeting: Localized,
    /// Whether there is a button Get Started.
    pub get_started: bool,
    /// Questions to begin with, at most four.
    pub ice_breakers: Vec<IceBreaker>,
    /// The menu that is always there, at most five items.
    pub menu: Vec<LinkButton>,
    /// What a slash offers.
    pub commands: Vec<SlashCommand>,
}

/// A question to begin with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct IceBreaker {
    /// At most 80 characters.
    pub question: Localized,
    /// What a tap does.
    pub action: ButtonAction,
    /// What a tap leaves on the person.
    #[serde(default, skip_serializing_if = "Also::is_empty")]
    pub also: Also,
}

/// A command: `/hours`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct SlashCommand {
    /// Without the slash, at most 32 characters of `a-z 0-9 _`.
    pub name: String,
    /// At most 64 characters.
    pub description: Localized,
    /// What it does.
    pub action: ButtonAction,
    /// What it leaves on the person.
    #[serde(default, skip_serializing_if = "Also::is_empty")]
    pub also: Also,
}

/// Desks that may share the people of a Page.
pub const MOST_SHARDS: u32 = 64;

/// A Page and what belongs to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Page {
    /// Its id, digits.
    pub id: PageId,
    /// The name in m.me links.
    pub username: String,
    /// The Instagram account that belongs to it.
    pub instagram_id: Option<AccountId>,
    /// The name in ig.me links.
    pub instagram_username: Option<String>,
    /// Which branch it is, in words.
    pub branch: Option<String>,
    /// How many Desks are to share its people, from 1 to [`MOST_SHARDS`]. Changing it is a
    /// migration (`shopbell shards`): what holds is what the Page's first Desk says.
    pub shards: u32,
    /// Where it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<Place>,
    /// Closed for good from this day on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(not(target_arch = "wasm32"), schemars(with = "Option<String>"))]
    pub closed_since: Option<jiff::civil::Date>,
}

/// A place on the map, in ten-thousandths of a degree: eleven metres.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Place {
    /// North of the equator.
    pub north: i32,
    /// East of Greenwich.
    pub east: i32,
}

/// Where a link opens a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Platform {
    /// By m.me.
    Messenger,
    /// By ig.me.
    Instagram,
}

/// How to reach the shop without Meta.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Contact {
    /// International form.
    pub phone: Option<String>,
    /// https address.
    pub site: Option<String>,
    /// Street and town, per language.
    pub address: Localized,
    /// A map link.
    pub map: Option<String>,
    /// Mail address.
    pub email: Option<String>,
    /// A form on the web, https.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub form: Option<String>,
}

/// Opening hours: a week, and days that differ.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Hours {
    /// Monday first. A shop that never told its hours has `None` and counts as open.
    pub week: Option<[Vec<Range>; 7]>,
    /// Holidays and one-off exceptions, by first day.
    pub exceptions: Vec<HoursException>,
}

/// A stretch of opening time, in minutes after local midnight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Range {
    /// 0 to 1439.
    pub open: u16,
    /// After `open`, at most 2880: past 1440 it closes on the next day.
    pub close: u16,
}

/// Days whose hours differ.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct HoursException {
    /// First day, `YYYY-MM-DD`, local.
    #[cfg_attr(not(target_arch = "wasm32"), schemars(with = "String"))]
    pub from: jiff::civil::Date,
    /// Last day, inclusive.
    #[cfg_attr(not(target_arch = "wasm32"), schemars(with = "String"))]
    pub to: jiff::civil::Date,
    /// Empty: closed.
    pub ranges: Vec<Range>,
    /// What it is ("Christmas").
    pub note: Localized,
}

/// The owner's wording for what the assistant says by itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(default)]
pub struct Texts {
    /// First words to somebody who tapped Get Started or came in without a known poster.
    pub welcome: Localized,
    /// First message after 24 hours of silence.
    pub instant: Localized,
    /// Outside opening hours.
    pub away: Localized,
    /// Nothing fits.
    pub fallback: Localized,
    /// Several answers might fit; the quick replies follow.
    pub offer: Localized,
    /// Somebody asked for a person.
    pub human: Localized,
    /// Somebody said STOP.
    pub stopped: Localized,
    /// Somebody opted in.
    pub opted_in: Localized,
    /// Somebody asked to be told of an offer.
    pub will_tell: Localized,
    /// Somebody asked to be told of an offer that is over.
    pub offer_over: Localized,
    /// Somebody asked to be told of an offer, and has not agreed to its topic yet.
    pub agree_first: Localized,
    /// Somebody asked to be forgotten, and was.
    pub deleted: Localized,
    /// The button that asks for a person, at most 20 characters.
    pub human_button: Localized,
    /// Somebody asked to be forgotten: whether they mean it.
    pub delete_ask: Localized,
    /// The button that says yes to that, at most 20 characters.
    pub delete_yes: Localized,
    /// The button that says no to that, at most 20 characters.
    pub delete_no: Localized,
    /// They said no.
    pub kept: Localized,
    /// Somebody wrote of something that only people answer.
    pub delicate: Localized,
    /// The button that ends a person's turn, at most 20 characters.
    pub resume_button: Localized,
    /// The assistant is back.
    pub resumed: Localized,
    /// The assistant says that it is one.
    pub disclosure: Localized,
}

/// One question with its answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct FaqEntry {
    /// Its name.
    pub id: FaqId,
    /// Ways to ask it, per language.
    pub ask: BTreeMap<Lang, Vec<String>>,
    /// Words that ask for it by themselves, exact, ahead of the model, per language.
    pub keywords: BTreeMap<Lang, Vec<String>>,
    /// What it is called on a quick reply, at most 20 characters.
    pub title: Localized,
    /// The answer.
    pub answer: Localized,
    /// A picture sent before the answer, https.
    pub image: Option<String>,
    /// At most three.
    pub buttons: Vec<LinkButton>,
    /// What asking this leaves on a person, and the form it opens.
    #[serde(default)]
    pub also: Also,
    /// Cards side by side, at most ten.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cards: Vec<RichCard>,
    /// Taps under it, at most thirteen: gone once one of them is used.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub quick_replies: Vec<LinkButton>,
}

/// A card of a row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct RichCard {
    /// At most 80 characters.
    pub title: Localized,
    /// At most 80 characters.
    #[serde(default, skip_serializing_if = "Localized::is_empty")]
    pub subtitle: Localized,
    /// Its picture, https.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// At most three.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub buttons: Vec<LinkButton>,
}

/// A button whose title depends on the language.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct LinkButton {
    /// At most 20 characters.
    pub title: Localized,
    /// What it does.
    pub action: ButtonAction,
    /// What a tap leaves on the person.
    #[serde(default, skip_serializing_if = "Also::is_empty")]
    pub also: Also,
}

/// What a button does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ButtonAction {
    /// Opens an https page.
    Url(String),
    /// Calls a number.
    Phone(String),
    /// Gives an FAQ answer.
    Faq(FaqId),
    /// Asks for consent to a topic.
    Topic(TopicId),
    /// Opens a form.
    Form(FormId),
    /// Asks to be told of an offer.
    Remind(OfferId),
    /// Asks for a person.
    Human,
    /// Asks for a link to share with friends.
    Share,
}

/// Something people can opt in to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Topic {
    /// Its name.
    pub id: TopicId,
    /// What people see, at most 65 characters.
    pub title: Localized,
    /// The card's picture, https.
    pub image: Option<String>,
    /// How often at most.
    pub promise: Promise,
    /// On which days at all, for [`Promise::Dates`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(not(target_arch = "wasm32"), schemars(with = "Vec<String>"))]
    pub dates: Vec<jiff::civil::Date>,
    /// A coupon for whoever agrees to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coupon: Option<CouponId>,
}

/// How often at most a topic may be sent to one person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Promise {
    /// Once a local calendar day.
    Daily,
    /// Once an ISO week.
    Weekly,
    /// Once a calendar month.
    Monthly,
    /// Once on each of the days that the topic names, and on no other.
    Dates,
}

/// A poster, sticker or flyer with a code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Poster {
    /// What its QR picture and its caption carry.
    pub code: PosterCode,
    /// Where it hangs, in words.
    #[serde(default)]
    pub place: Option<String>,
    /// Which branch it counts for, when that is not its Page's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
    /// What it is part of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub campaign: Option<String>,
    /// Which print run it is from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch: Option<String>,
    /// When it was printed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(not(target_arch = "wasm32"), schemars(with = "Option<String>"))]
    pub printed_on: Option<jiff::civil::Date>,
    /// The first day it is good, by the shop's clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(not(target_arch = "wasm32"), schemars(with = "Option<String>"))]
    pub from: Option<jiff::civil::Date>,
    /// The last day it is good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(not(target_arch = "wasm32"), schemars(with = "Option<String>"))]
    pub until: Option<jiff::civil::Date>,
    /// The word printed beside the code, for typing where a ref is lost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keyword: Option<String>,
    /// Where it leads; none: wherever the visitor is at home.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform: Option<Platform>,
    /// It hangs for every Page of the shop, and leads to the nearest.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub nearest: bool,
    /// Ids of the ads by which people arrive here, too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ads: Vec<String>,
    /// Words said on arrival, before anything else; otherwise the welcome.
    #[serde(default)]
    pub text: Localized,
    /// A picture sent before them, https.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// Buttons under the words, at most three.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub buttons: Vec<LinkButton>,
    /// Cards side by side, at most ten.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cards: Vec<RichCard>,
    /// Taps under the words, at most thirteen, in place of the menu.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub quick_replies: Vec<LinkButton>,
    /// Consent asked on arrival.
    pub topic: Option<TopicId>,
    /// What is printed with it, in place of "scan and write to us".
    #[serde(default, skip_serializing_if = "Localized::is_empty")]
    pub caption: Localized,
    /// Answer given on arrival.
    pub faq: Option<FaqId>,
    /// Spoken to people whose language is not known yet.
    pub language: Option<Lang>,
    /// No longer valid: a scan leads to the fallback page.
    #[serde(default)]
    pub revoked: bool,
    /// What a scan leaves on a person, and the form it opens.
    #[serde(default)]
    pub also: Also,
}

/// Something sent to those who opted in to a topic: always one message, because a notification
/// token is good for one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Notification {
    /// Its name.
    pub id: NotificationId,
    /// Whom it is for.
    pub topic: TopicId,
    /// When.
    pub schedule: Schedule,
    /// What it says.
    pub text: Localized,
    /// A picture sent as its card's image, https.
    pub image: Option<String>,
    /// At most three.
    pub buttons: Vec<LinkButton>,
    /// Cards side by side in place of the text, at most ten.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cards: Vec<RichCard>,
    /// The coupon it brings: `{coupon}` is the person's own code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coupon: Option<CouponId>,
    /// Other wordings; each person always gets the same one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub variants: Vec<Variant>,
    /// Only for those of the topic who belong to this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub segment: Option<SegmentId>,
    /// Only for those of the topic who asked to be told of this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offer: Option<OfferId>,
    /// Planned and shown, and never sent.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub draft: bool,
    /// Not due before this day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(not(target_arch = "wasm32"), schemars(with = "Option<String>"))]
    pub from: Option<jiff::civil::Date>,
    /// Not due after this day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(not(target_arch = "wasm32"), schemars(with = "Option<String>"))]
    pub until: Option<jiff::civil::Date>,
}

/// When a notification is due, in local time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Schedule {
    /// Which days.
    pub days: Days,
    /// Minutes after local midnight, 0 to 1439.
    pub at: u16,
    /// Whose clock.
    pub zone: Zone,
    /// How late it may still begin when ticks were missed, in minutes.
    #[serde(default = "usual_catch_up")]
    pub catch_up_minutes: u16,
    /// For how many more days it may leave, when there is not enough of a day for everybody.
    #[serde(default, skip_serializing_if = "is_none")]
    pub spread_days: u8,
}

#[allow(clippy::trivially_copy_pass_by_ref)] // as serde passes it
const fn is_none(days: &u8) -> bool {
    *days == 0
}

/// How late a notification may still begin, unless the owner says otherwise, in minutes.
pub const CATCH_UP_MINUTES: u16 = 120;

const fn usual_catch_up() -> u16 {
    CATCH_UP_MINUTES
}

/// Which days a notification is due on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Days {
    /// Every day.
    Daily,
    /// These weekdays, 1 is Monday and 7 is Sunday.
    Weekly(Vec<u8>),
    /// This day of the month; in shorter months the last day.
    Monthly(u8),
    /// One weekday of the month: the second Friday, the last Saturday.
    NthWeekday {
        /// 1 to 4; 5 is the last, which may be the fourth.
        nth: u8,
        /// 1 is Monday and 7 is Sunday.
        weekday: u8,
    },
    /// These dates.
    Dates(
        #[cfg_attr(not(target_arch = "wasm32"), schemars(with = "Vec<String>"))]
        Vec<jiff::civil::Date>,
    ),
}

/// When and how often people are left alone. Holds for notifications, never for answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(default)]
pub struct Sending {
    /// No notification leaves in these hours of the recipient's clock; none: at any hour.
    pub quiet: Option<QuietHours>,
    /// How many notifications a person gets on one local day, over all topics.
    pub most_per_day: u8,
    /// How many notifications of a Page leave in one second.
    pub per_second: u16,
}

/// How many notifications of a Page leave in one second unless the owner says otherwise: above 40
/// sends a second the Page's inbox freezes for the people who work in it (Meta, "Rate limits",
/// 23 March 2026), and some of it is left to answers.
pub const PER_SECOND: u16 = 30;
const _: () = assert!((PER_SECOND as u32) < crate::meta::limits::INBOX_SENDS_PER_SECOND);

/// Where the shop runs, as far as it changes what the assistant does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(default)]
pub struct Hosting {
    /// Cloudflare's plan.
    pub plan: Plan,
    /// The Desks of all Pages of the shop.
    pub desks: u32,
    /// How many people the owner expects to agree to notifications.
    pub subscribers: Option<u32>,
    /// How many messages people write on a busy day, as the owner expects.
    pub messages_a_day: Option<u32>,
}

impl Default for Hosting {
    fn default() -> Self {
        Self { plan: Plan::Free, desks: 1, subscribers: None, messages_a_day: None }
    }
}

/// Cloudflare's plans.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Plan {
    /// Nothing to pay, and daily limits.
    #[default]
    Free,
    /// 5 dollars a month, and more is charged.
    Paid,
}

/// Who answers for what people agree to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Privacy {
    /// The firm's or the owner's name.
    pub controller: String,
    /// Where people can ask.
    pub contact: String,
    /// `consent`, `contract` or `legitimate-interest`.
    pub legal_basis: String,
    /// How long receipts are kept after a consent has ended, in months.
    pub keep_receipts_months: u16,
}

/// Hours of the night, in minutes after local midnight. They may pass midnight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct QuietHours {
    /// The first quiet minute, 0 to 1439.
    pub from: u16,
    /// The first minute that is not quiet any more, 0 to 1439; another than `from`.
    pub until: u16,
}

/// Whose clock a schedule follows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Zone {
    /// The shop's.
    #[default]
    Shop,
    /// The subscriber's, as told at opt-in; the shop's where it is not known.
    Subscriber,
}

/// How the assistant behaves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Assistant {
    /// Answers on Messenger.
    pub messenger: bool,
    /// Answers on Instagram.
    pub instagram: bool,
    /// How long the bot keeps quiet after a person answered from the inbox or was asked for.
    pub pause_hours: u16,
    /// How long the fallback is not repeated to the same person.
    pub fallback_every_hours: u16,
    /// How sure it has to be of an answer.
    #[serde(default)]
    pub eagerness: Eagerness,
    /// FAQ entries offered with the fallback and the welcome, in this order.
    pub menu: Vec<FaqId>,
    /// Words beside the languages' own that end notifications, ask for a person, ask to be
    /// forgotten.
    pub stop_words: Vec<String>,
    /// Ask for a person.
    pub human_words: Vec<String>,
    /// Ask to be forgotten.
    pub delete_words: Vec<String>,
    /// For how many days questions without an answer are kept, redacted; none: they are not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keep_misses_days: Option<u16>,
}

/// How sure the assistant has to be of an answer before it gives it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Eagerness {
    /// Asks back rather than answer wrongly.
    Cautious,
    /// Between the two.
    #[default]
    Normal,
    /// Answers rather than ask back.
    Eager,
}

/// When and how a person takes over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(default)]
pub struct Handoff {
    /// So many messages in a row without an answer call a person; 0: none do.
    pub misses: u8,
    /// Whether an angry message calls one.
    pub on_anger: bool,
    /// Phrases beside the languages' own by which a message is angry.
    pub angry: BTreeMap<Lang, Vec<String>>,
    /// Whom to tell on Messenger: the owner's own id on this Page.
    pub notify: Option<Psid>,
    /// Where to tell it, https. Nothing else is ever called.
    pub webhook: Option<String>,
    /// Whether the customer's words, and answers to a form, go along.
    pub with_text: bool,
    /// Whether the thread is handed to the Page's inbox for the time, and taken back.
    pub pass_thread: bool,
    /// A message typed in the inbox that ends with this brings the assistant back.
    pub resume_sign: Option<String>,
    /// Whether the assistant says what it is at the start of a conversation; none: where the
    /// shop's country asks for it.
    pub disclosure: Option<bool>,
}

impl Default for Handoff {
    fn default() -> Self {
        Self {
            misses: 2,
            on_anger: true,
            angry: BTreeMap::new(),
            notify: None,
            webhook: None,
            with_text: false,
            pass_thread: false,
            resume_sign: None,
            disclosure: None,
        }
    }
}

/// A subject that only people answer. What is written about it is not kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Delicate {
    /// What it is called, for the owner.
    pub name: String,
    /// Phrases by which a message is about it, per language.
    pub words: BTreeMap<Lang, Vec<String>>,
}

/// Somebody of the shop who answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Agent {
    /// What customers read: `{agent}`.
    pub name: String,
    /// Phrases by which a message is theirs, per language; none: everything that is nobody else's.
    pub words: BTreeMap<Lang, Vec<String>>,
    /// When they are there; none: when the shop is open.
    pub hours: Option<Hours>,
    /// Whom to tell on Messenger instead of [`Handoff::notify`].
    pub notify: Option<Psid>,
    /// Where to tell it instead of [`Handoff::webhook`].
    pub webhook: Option<String>,
}

/// What the shop declares about its recipients and its integration. Never guessed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct MetaStanding {
    /// Where its recipients are; none: unknown, and what depends on it is held.
    pub country: Option<Country>,
    /// Since when this app has sent recurring notifications; only integrations that existed
    /// before 2025-09-01 may still.
    #[cfg_attr(not(target_arch = "wasm32"), schemars(with = "Option<String>"))]
    pub recurring_since: Option<jiff::civil::Date>,
}
