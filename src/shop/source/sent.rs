//! What is sent: notifications with their other wordings, offers, and the last word before a window
//! closes. Whether it fits into one message, and when it is due.

use std::ops::Range;

use toml::de::DeTable;

use super::build::{Buttons, localized, named, number};
use super::diagnostic::Diagnostic;
use super::format::{BUTTON_TEXT_LIMIT, MESSAGE_LIMIT};
use super::read::{self, Value, checked, flag, get, text, units};
use super::schedule;
use super::values::{self, quoted};
use super::{rules, sequences, walk};
use crate::meta::ids::{CouponId, NotificationId, OfferId, SegmentId, TopicId};
use crate::meta::limits;
use crate::shop::model::{CATCH_UP_MINUTES, Days, Notification, Schedule, Zone};
use crate::shop::outreach::{FIRST_VARIANT, Nudge, Offer, Variant};
use crate::shop::text::{Part, parts};

type Place = Range<usize>;

/// How late what the owner opens by hand may begin, in minutes: over a night.
const OPENED_CATCH_UP: i64 = 720;

/// The nudge, unless the owner says otherwise.
const NUDGE_BEFORE_MINUTES: i64 = 60;
const NUDGE_EVERY_DAYS: i64 = 7;

pub(super) fn check(file: &DeTable<'_>, found: &mut Vec<Diagnostic>) {
    for (table, place) in messages(file) {
        one_message(file, table, &place, found);
    }
    for (notification, place) in read::tables(file, "notification") {
        season(notification, &place, found);
        let mut names = vec![FIRST_VARIANT];
        for (variant, place) in read::tables(notification, "variant") {
            let Some((name, span)) = get(variant, "name").and_then(text) else { continue };
            if names.contains(&name) {
                let message = format!("two wordings are called {}", quoted(name));
                found.push(
                    Diagnostic::error("duplicate", span, message)
                        .help("the notification's own is \"a\"; call the others \"b\" and \"c\""),
                );
            }
            names.push(name);
            let nothing = ["text", "card"].iter().all(|key| get(variant, key).is_none());
            if nothing {
                found.push(empty(place));
            }
        }
    }
    for (offer, place) in read::tables(file, "offer") {
        offer_moments(file, offer, &place, found);
    }
    nudge_reaches_nobody(file, found);
}

/// Every table that becomes one message, with its place.
pub(super) fn messages<'t>(file: &'t DeTable<'t>) -> Vec<(&'t DeTable<'t>, Place)> {
    let notifications = read::tables(file, "notification");
    let variants = notifications.iter().flat_map(|(table, _)| read::tables(table, "variant"));
    let variants: Vec<_> = variants.collect();
    let sequences = read::tables(file, "sequence").into_iter();
    let steps = sequences.flat_map(|(table, _)| read::tables(table, "step"));
    let offers = read::tables(file, "offer").into_iter();
    let moments = offers.flat_map(|(offer, _)| {
        ["start", "end"].into_iter().filter_map(move |name| {
            let place = get(offer, name).map(Value::span)?;
            read::table(offer, name).map(|table| (table, place))
        })
    });
    let nudge = read::table(file, "nudge")
        .map(|table| (table, get(file, "nudge").map(Value::span).unwrap_or_default()));
    notifications.into_iter().chain(variants).chain(steps).chain(moments).chain(nudge).collect()
}

fn empty(place: Place) -> Diagnostic {
    Diagnostic::error("missing-key", place, "this message says nothing")
        .label("in here")
        .help("add text.… = \"…\", or cards")
}

/// A message is one bubble: a token of Meta's is good for one.
fn one_message(
    file: &DeTable<'_>,
    table: &DeTable<'_>,
    place: &Place,
    found: &mut Vec<Diagnostic>,
) {
    rules::bare_cards(table, found);
    let cards = read::tables(table, "card");
    let said = read::table(table, "text");
    match (said, cards.is_empty(), get(table, "name").is_some()) {
        (None, true, false) => found.push(empty(place.clone())),
        (Some(_), false, _) => {
            let span = get(table, "card").map(Value::span).unwrap_or_default();
            found.push(
                Diagnostic::error("text-and-cards", span, "a message has either text or cards")
                    .label("would be a second message")
                    .help("write the words on the cards, or leave the cards out"),
            );
        }
        _ => {}
    }
    let has_buttons = !read::tables(table, "buttons").is_empty();
    let most = if has_buttons { BUTTON_TEXT_LIMIT } else { MESSAGE_LIMIT };
    let instagram = on_instagram(file);
    let mut picture = get(table, "image").map(Value::span);
    let mut uses_coupon = false;
    for (whole, span) in said.into_iter().flat_map(|t| t.values()).filter_map(whole_text) {
        let length = units(&whole);
        if length > most || (instagram && whole.len() > limits::INSTAGRAM_TEXT) {
            let message = format!("{length} characters do not fit into one message");
            let help = if length > most {
                format!("write at most {most}: what is sent to subscribers is one message")
            } else {
                format!("Instagram takes {} bytes: write it shorter", limits::INSTAGRAM_TEXT)
            };
            found.push(Diagnostic::error("too-long", span.clone(), message).help(help));
        } else if let Some(picture) = picture.take_if(|_| !fits_on_a_card(&whole)) {
            let message = "the words do not fit on a card, so the picture is left out";
            found.push(
                Diagnostic::warning("picture-left-out", picture, message)
                    .help(format!("write two lines of at most {} characters", limits::CARD_TITLE)),
            );
        }
        if let Some(coupon) = coupon_in(&whole) {
            uses_coupon = true;
            let given = get(table, "coupon").is_some() || has_coupon_above(file, table);
            if !given {
                let message = format!("`{{{coupon}}}` stands for nothing here");
                found.push(Diagnostic::error("coupon-missing", span, message).help(
                    "add coupon = \"…\", the id of a [[coupon]]; a code that is the same for \
                             everybody is written into the text",
                ));
            }
        }
    }
    if let Some(coupon) = get(table, "coupon")
        && !uses_coupon
    {
        found.push(
            Diagnostic::warning("coupon-unused", coupon.span(), "nothing says the coupon's code")
                .help("write {coupon} or {coupon_link} where it belongs in the text"),
        );
    }
}

/// A variant has the coupon of its notification.
fn has_coupon_above(file: &DeTable<'_>, table: &DeTable<'_>) -> bool {
    read::tables(file, "notification").into_iter().any(|(notification, _)| {
        get(notification, "coupon").is_some()
            && read::tables(notification, "variant").iter().any(|(v, _)| std::ptr::eq(*v, table))
    })
}

fn coupon_in(words: &str) -> Option<&str> {
    parts(words).into_iter().find_map(|part| match part {
        Part::Variable { name: name @ ("coupon" | "coupon_link" | "coupon_until"), .. } => {
            Some(name)
        }
        _ => None,
    })
}

fn on_instagram(file: &DeTable<'_>) -> bool {
    let pages = read::tables(file, "page");
    pages.iter().any(|(page, _)| get(page, "instagram_id").is_some())
}

/// A text as it is sent: a list of bubbles is one text with blank lines.
fn whole_text(value: &Value<'_>) -> Option<(String, Place)> {
    let texts: Vec<&str> = read::bubbles(value)?.into_iter().map(|(text, _)| text).collect();
    Some((texts.join("\n\n"), value.span()))
}

/// The first line is the title, the rest the subtitle. A variable counts as what stands in for it.
fn fits_on_a_card(words: &str) -> bool {
    let (title, subtitle) = words.trim().split_once('\n').unwrap_or((words.trim(), ""));
    spoken_units(title) <= limits::CARD_TITLE
        && spoken_units(subtitle.trim()) <= limits::CARD_SUBTITLE
}

fn spoken_units(words: &str) -> usize {
    let length = |part: Part<'_>| match part {
        Part::Plain(text) => units(text),
        Part::Variable { fallback, .. } => fallback.map_or(0, units),
        Part::Stray(_) => 0,
    };
    parts(words).into_iter().map(length).fold(0, usize::saturating_add)
}

/// The first and the last day.
fn season(table: &DeTable<'_>, place: &Place, found: &mut Vec<Diagnostic>) {
    let day = |name: &str| get(table, name).and_then(read::date);
    let (from, until) = (day("from"), day("until"));
    if let (Some(from), Some(until)) = (from, until)
        && until < from
    {
        let span = get(table, "until").map(Value::span).unwrap_or_default();
        found.push(
            Diagnostic::error("bad-season", span, "it ends before it begins")
                .help("let `until` be the last day"),
        );
        return;
    }
    let Some(schedule) = read::table(table, "schedule") else { return };
    let Ok(days) = schedule::days(schedule) else { return };
    let within = |date: jiff::civil::Date| {
        from.is_none_or(|first| first <= date) && until.is_none_or(|last| date <= last)
    };
    let due = match (&days, from, until) {
        (Days::Dates(dates), ..) => dates.iter().any(|date| within(*date)),
        (_, Some(from), Some(until)) => {
            from.series(jiff::ToSpan::days(1)).take_while(|d| *d <= until).any(|d| days.fall_on(d))
        }
        _ => true,
    };
    if !due {
        found.push(
            Diagnostic::warning("never-due", place.clone(), "this is never due")
                .help("no day of its schedule lies between `from` and `until`"),
        );
    }
}

/// When an offer's reminders are said.
fn offer_moments(
    file: &DeTable<'_>,
    offer: &DeTable<'_>,
    place: &Place,
    found: &mut Vec<Diagnostic>,
) {
    let quiet = schedule::quiet_hours(file);
    let mut days = Vec::new();
    for name in ["start", "end"] {
        let Some(table) = read::table(offer, name) else { continue };
        let span = get(offer, name).map(Value::span).unwrap_or_default();
        schedule::at_night(table, quiet, found);
        match (get(table, "on").and_then(read::date), get(table, "at")) {
            (Some(date), Some(_)) => days.push((date, name, span)),
            (None, None) if name == "start" && get(table, "on").is_none() => {}
            _ => found.push(
                Diagnostic::error("bad-moment", span, "this reminder does not say when")
                    .help("add on = \"2026-12-01\" and at = \"09:00\"; without both you open a beginning yourself"),
            ),
        }
    }
    if ["start", "end"].iter().all(|name| get(offer, name).is_none()) {
        found.push(
            Diagnostic::error("missing-key", place.clone(), "nothing is said of this offer")
                .help("add [offer.start] or [offer.end] with a text"),
        );
    }
    if let [(start, ..), (end, _, span)] = days.as_slice()
        && end < start
    {
        found.push(
            Diagnostic::error("bad-moment", span.clone(), "it ends before it begins")
                .help("let `on` of the end be the later day"),
        );
        return;
    }
    if let Some((topic, _)) = get(offer, "topic").and_then(text) {
        sequences::keeps_promise(file, topic, offer, &days, found);
    }
    let Some((id, span)) = get(offer, "id").and_then(text) else { return };
    let asked = walk::buttons(file).iter().any(|button| {
        get(button.table, "remind").and_then(text).is_some_and(|(offer, _)| offer == id)
    });
    if !asked {
        let message = format!("nobody can ask to be told of {}", quoted(id));
        found.push(
            Diagnostic::warning("unreachable-offer", span, message)
                .help(format!("give a button remind = {}", quoted(id))),
        );
    }
}

fn nudge_reaches_nobody(file: &DeTable<'_>, found: &mut Vec<Diagnostic>) {
    let Some(nudge) = read::table(file, "nudge") else { return };
    if get(nudge, "segment").is_none() && read::tables(file, "form").is_empty() {
        let span = get(file, "nudge").map(Value::span).unwrap_or_default();
        found.push(
            Diagnostic::warning("nudge-for-nobody", span, "there is no form to leave open")
                .help("say for whom it is: segment = \"…\""),
        );
    }
}

/// The notifications of the file, those of offers among them; `None` when one cannot be read.
pub(super) fn notifications(
    file: &DeTable<'_>,
    buttons: &Buttons<'_>,
) -> Option<Vec<Notification>> {
    let own = read::tables(file, "notification").into_iter();
    let mut all: Vec<Notification> =
        own.map(|(table, _)| notification(table, buttons)).collect::<Option<_>>()?;
    for (table, _) in read::tables(file, "offer") {
        for name in ["start", "end"] {
            if let Some(moment) = read::table(table, name) {
                all.push(reminder(table, name, moment, buttons)?);
            }
        }
    }
    Some(all)
}

fn notification(table: &DeTable<'_>, buttons: &Buttons<'_>) -> Option<Notification> {
    let schedule = read::table(table, "schedule")?;
    let schedule = Schedule {
        days: schedule::days(schedule).ok()?,
        at: read::clock(get(schedule, "at")?)?,
        zone: zone(schedule),
        catch_up_minutes: number(schedule, "catch_up_minutes", i64::from(CATCH_UP_MINUTES))?,
        spread_days: number(schedule, "spread_days", 0)?,
    };
    let variant = |table: &DeTable<'_>| {
        Some(Variant {
            name: text(get(table, "name")?)?.0.to_owned(),
            text: localized(table, "text"),
            image: checked(table, "image", values::url),
            buttons: buttons.of(table)?,
            cards: buttons.cards(table)?,
            coupon: named::<CouponId>(table, "coupon"),
        })
    };
    let variants = read::tables(table, "variant").into_iter();
    Some(Notification {
        variants: variants.map(|(table, _)| variant(table)).collect::<Option<_>>()?,
        segment: named::<SegmentId>(table, "segment"),
        draft: flag(table, "draft").unwrap_or(false),
        from: get(table, "from").and_then(read::date),
        until: get(table, "until").and_then(read::date),
        ..message(
            table,
            buttons,
            named::<NotificationId>(table, "id")?,
            named::<TopicId>(table, "topic")?,
            schedule,
        )?
    })
}

pub(super) fn zone(table: &DeTable<'_>) -> Zone {
    match get(table, "zone").and_then(text) {
        Some(("subscriber", _)) => Zone::Subscriber,
        _ => Zone::Shop,
    }
}

/// What a table says, as a notification of this name.
pub(super) fn message(
    table: &DeTable<'_>,
    buttons: &Buttons<'_>,
    id: NotificationId,
    topic: TopicId,
    schedule: Schedule,
) -> Option<Notification> {
    Some(Notification {
        id,
        topic,
        schedule,
        text: localized(table, "text"),
        image: checked(table, "image", values::url),
        buttons: buttons.of(table)?,
        cards: buttons.cards(table)?,
        coupon: named::<CouponId>(table, "coupon"),
        variants: Vec::new(),
        segment: None,
        offer: None,
        draft: false,
        from: None,
        until: None,
    })
}

/// What an offer's reminder is called among the notifications.
fn reminder_id(offer: &DeTable<'_>, name: &str) -> Option<NotificationId> {
    let (id, _) = get(offer, "id").and_then(text)?;
    NotificationId::new(format!("{id}-{name}")).ok()
}

fn reminder(
    offer: &DeTable<'_>,
    name: &str,
    table: &DeTable<'_>,
    buttons: &Buttons<'_>,
) -> Option<Notification> {
    let day = get(table, "on").and_then(read::date);
    let usual = if day.is_some() { i64::from(CATCH_UP_MINUTES) } else { OPENED_CATCH_UP };
    let schedule = Schedule {
        days: Days::Dates(day.into_iter().collect()),
        at: get(table, "at").and_then(read::clock).unwrap_or_default(),
        zone: Zone::Shop,
        catch_up_minutes: number(table, "catch_up_minutes", usual)?,
        spread_days: 0,
    };
    let (id, topic) = (reminder_id(offer, name)?, named::<TopicId>(offer, "topic")?);
    let offer = named::<OfferId>(offer, "id")?;
    Some(Notification { offer: Some(offer), ..message(table, buttons, id, topic, schedule)? })
}

/// The offers of the file; `None` when one cannot be read.
pub(super) fn offers(file: &DeTable<'_>) -> Option<Vec<Offer>> {
    let offer = |table: &DeTable<'_>| {
        let said = |name: &str| read::table(table, name).and_then(|_| reminder_id(table, name));
        let start = read::table(table, "start");
        Some(Offer {
            id: named::<OfferId>(table, "id")?,
            topic: named::<TopicId>(table, "topic")?,
            title: localized(table, "title"),
            start: said("start"),
            end: said("end"),
            opened_by_hand: start.is_some_and(|start| get(start, "on").is_none()),
        })
    };
    read::tables(file, "offer").into_iter().map(|(table, _)| offer(table)).collect()
}

/// The nudge, if there is one; `None` when it cannot be read.
pub(super) fn nudge(file: &DeTable<'_>, buttons: &Buttons<'_>) -> Option<Option<Nudge>> {
    let Some(table) = read::table(file, "nudge") else { return Some(None) };
    Some(Some(Nudge {
        text: localized(table, "text"),
        buttons: buttons.of(table)?,
        coupon: named::<CouponId>(table, "coupon"),
        before_minutes: number(table, "before_minutes", NUDGE_BEFORE_MINUTES)?,
        segment: named::<SegmentId>(table, "segment"),
        every_days: number(table, "every_days", NUDGE_EVERY_DAYS)?,
    }))
}
