//! What values have to do with each other: names given twice, buttons that do nothing or two
//! things, gaps in the week, what nobody can reach, what Meta will not send.

use std::collections::HashMap;
use std::ops::Range;

use jiff::civil::{Date, date};
use toml::de::DeTable;

use super::diagnostic::{Diagnostic, Problem};
use super::format::{ACTIONS, BUTTON_TEXT_LIMIT, TITLE_LIMIT};
use super::posters;
use super::read::{self, get, text, units};
use super::shape::Names;
use super::values::{self, WEEKDAYS, quoted};
use super::walk;
use crate::meta::limits;

/// Where Meta still accepts recurring notifications: the EU, and these (Meta, FAQ on the end of
/// recurring notifications, 31 March 2026).
const RECURRING_COUNTRIES: &str = "AU GB JP KR AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL \
    PL PT RO SE SI SK";

/// Since when Meta takes no new integrations of recurring notifications (Meta, 1 September 2025).
const NO_NEW_RECURRING: Date = date(2025, 9, 1);

type Place = Range<usize>;

pub(super) fn check(file: &DeTable<'_>, names: &Names<'_>, found: &mut Vec<Diagnostic>) {
    for (table, key, what) in [
        ("page", "id", "Pages have the id"),
        ("page", "username", "Pages have the username"),
        ("page", "instagram_id", "Pages have the Instagram account"),
        ("faq", "id", "FAQ entries are called"),
        ("topic", "id", "topics are called"),
        ("poster", "code", "posters have the code"),
        ("notification", "id", "notifications are called"),
        ("form", "id", "forms are called"),
        ("product", "id", "products are called"),
        ("service", "id", "services are called"),
        ("segment", "id", "segments are called"),
        ("sequence", "id", "sequences are called"),
        ("offer", "id", "offers are called"),
        ("template", "id", "templates are called"),
        ("comment", "id", "rules about comments are called"),
        ("ad", "id", "rules about ads are called"),
        ("coupon", "id", "coupons are called"),
    ] {
        duplicates(file, table, key, what, found);
    }
    for button in walk::buttons(file) {
        check_button(file, button.table, &button.place, names, found);
    }
    let ends = read::tables(file, "form").into_iter();
    let ends = ends.flat_map(|(form, _)| read::tables(form, "end"));
    let entries = read::tables(file, "faq").into_iter().chain(read::landings(file)).chain(ends);
    for (entry, _) in entries {
        text_above_buttons(entry, found);
    }
    if read::tables(file, "page").is_empty()
        && let Some(page) = get(file, "page")
    {
        found.push(
            Diagnostic::error("no-page", page.span(), "the shop has no Page")
                .help("add a table [[page]]"),
        );
    }
    for (hours, place) in hours(file) {
        week(hours, &place, found);
        exceptions(hours, found);
    }
    branches(file, found);
    rich(file, found);
    profile(file, names, found);
    poster_texts(file, names, found);
    posters::check(file, found);
    unreachable_topics(file, found);
    privacy(file, found);
    instagram(file, found);
    meta(file, found);
}

pub(super) fn duplicates(
    file: &DeTable<'_>,
    table: &str,
    key: &str,
    what: &str,
    found: &mut Vec<Diagnostic>,
) {
    let mut seen = HashMap::new();
    for (table, _) in read::tables(file, table) {
        let Some((name, span)) = get(table, key).and_then(text) else { continue };
        // People type codes and links by hand, in whatever case.
        let folded = name.to_lowercase();
        if seen.insert(folded, ()).is_some() {
            found.push(
                Diagnostic::error("duplicate", span, format!("two {what} {}", quoted(name)))
                    .label("the second")
                    .help("give one of them another (capital letters do not make a difference)"),
            );
        }
    }
}

/// Whether Meta takes this as the name of a command.
pub(super) fn is_command(name: &str) -> bool {
    (1..=limits::COMMAND_NAME).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

/// What people can tap before anybody has said a word.
const PROFILE_TAPS: [&str; 3] = ["ice_breaker", "menu", "command"];

/// Variables that are the same tomorrow: Meta keeps the greeting as it is.
const LASTING: [&str; 8] =
    ["first_name", "full_name", "page", "branch", "phone", "site", "address", "email"];

/// What people see before anybody has said a word.
fn profile(file: &DeTable<'_>, names: &Names<'_>, found: &mut Vec<Diagnostic>) {
    let Some(profile) = read::table(file, "profile") else { return };
    for name in PROFILE_TAPS {
        for (table, place) in read::tables(profile, name) {
            check_button(file, table, &place, names, found);
        }
    }
    duplicates(profile, "command", "name", "commands are called", found);
    for (command, _) in read::tables(profile, "command") {
        if let Some((name, span)) = get(command, "name").and_then(text)
            && !is_command(name)
            && values::id(name).is_ok()
        {
            found.push(
                Diagnostic::error("bad-command", span, "Meta takes no such command")
                    .help("write at most 32 of a-z 0-9 _, without a slash"),
            );
        }
    }
    for (text, span) in
        read::table(profile, "greeting").into_iter().flat_map(|t| t.values()).filter_map(text)
    {
        for part in crate::shop::text::parts(text) {
            if let crate::shop::text::Part::Variable { name, .. } = part
                && crate::shop::text::VARIABLES.contains(&name)
                && !LASTING.contains(&name)
            {
                let message = format!("`{{{name}}}` would be out of date: Meta keeps the greeting");
                found.push(
                    Diagnostic::error("passing-variable", span.clone(), message)
                        .help("write the greeting without it"),
                );
            }
        }
    }
    let scans = !read::tables(file, "poster").is_empty();
    if let Some(taps) = get(profile, "ice_breaker").filter(|_| scans)
        && !read::tables(profile, "ice_breaker").is_empty()
    {
        found.push(
            Diagnostic::warning(
                "ice-breakers-hide-get-started",
                taps.span(),
                "ice breakers take the place of Get Started, and scans of posters may get lost",
            )
            .help("leave them out, unless few people come by posters"),
        );
    }
    if read::flag(profile, "get_started") == Some(false) {
        let span = get(profile, "get_started").map(toml::Spanned::span).unwrap_or_default();
        if scans || !read::tables(profile, "menu").is_empty() {
            found.push(
                Diagnostic::warning(
                    "no-get-started",
                    span,
                    "without Get Started there is no menu, and scans are not recognised",
                )
                .help("leave the line out"),
            );
        }
    }
}

/// What hangs under a text: cards that Meta refuses, taps that nobody would see.
fn rich(file: &DeTable<'_>, found: &mut Vec<Diagnostic>) {
    for (table, _) in read::tables(file, "faq").into_iter().chain(read::landings(file)) {
        bare_cards(table, found);
        let Some(taps) = get(table, "quick_replies") else { continue };
        // A poster's coupon stands above its taps.
        let coupon = get(table, "code").is_none().then_some("coupon");
        let hides = ["buttons", "faq", "topic", "form"]
            .into_iter()
            .chain(coupon)
            .find(|key| get(table, key).is_some());
        if let Some(other) = hides {
            let message = format!("quick replies cannot be seen beside `{other}`");
            found.push(
                Diagnostic::error("hidden-quick-replies", taps.span(), message)
                    .label("they only show under what comes last")
                    .help("make them buttons, or leave one of the two out"),
            );
        }
    }
}

/// Cards that Meta refuses.
pub(super) fn bare_cards(table: &DeTable<'_>, found: &mut Vec<Diagnostic>) {
    for (card, place) in read::tables(table, "card") {
        if ["subtitle", "image", "buttons"].iter().all(|key| get(card, key).is_none()) {
            found.push(
                Diagnostic::error("bare-card", place, "this card has nothing but a title")
                    .label("Meta refuses it")
                    .help("add subtitle.… = \"…\", an image or buttons"),
            );
        }
    }
}

fn check_button(
    file: &DeTable<'_>,
    button: &DeTable<'_>,
    place: &Place,
    names: &Names<'_>,
    found: &mut Vec<Diagnostic>,
) {
    let actions: Vec<&str> = ACTIONS.into_iter().filter(|a| get(button, a).is_some()).collect();
    match actions.as_slice() {
        [] => found.push(
            Diagnostic::error("button-without-action", place.clone(), "this button does nothing")
                .help("add url, phone, faq, topic, form, remind, human = true or share = true"),
        ),
        [_] => {}
        [first, ..] => found.push(
            Diagnostic::error(
                "button-with-two-actions",
                place.clone(),
                format!("this button does {}", actions.join(" and ")),
            )
            .help(format!("keep one, such as {first}, and make the others buttons of their own")),
        ),
    }
    if read::flag(button, "human") == Some(false) {
        found.push(
            Diagnostic::error(
                "button-without-action",
                place.clone(),
                "human = false asks for nobody",
            )
            .help("write human = true, or leave the button out"),
        );
    }
    if read::flag(button, "share") == Some(true) && read::table(file, "friends").is_none() {
        found.push(
            Diagnostic::error("share-without-friends", place.clone(), "there is nothing to share")
                .help("add the table [friends]: how customers bring their friends"),
        );
    }
    for key in ["tags", "set"] {
        if let Some(value) = get(button, key)
            && let ["url" | "phone"] = actions.as_slice()
        {
            let message = format!("`{key}` has no meaning on a button with {}", actions.join(""));
            found.push(
                Diagnostic::error("unfit-key", value.span(), message)
                    .label("Meta tells nobody of this tap")
                    .help("put it on a button with faq, topic, form, remind, human or share, or leave it out"),
            );
        }
    }
    if get(button, "title").is_some() {
        return;
    }
    if matches!(actions.as_slice(), ["url" | "phone"]) {
        let tag = names.languages.first().copied().unwrap_or("en");
        found.push(
            Diagnostic::error("button-without-title", place.clone(), "this button has no title")
                .help(format!("add title.{tag} = \"…\", at most {TITLE_LIMIT} characters")),
        );
    }
    let Some((topic, _)) = get(button, "topic").and_then(text) else { return };
    let long = read::tables(file, "topic")
        .into_iter()
        .filter(|(table, _)| get(table, "id").and_then(text).is_some_and(|(id, _)| id == topic))
        .filter_map(|(table, _)| read::table(table, "title"))
        .any(|titles| {
            titles.values().filter_map(text).any(|(title, _)| units(title) > TITLE_LIMIT)
        });
    if long {
        let message = format!("the title of {} is cut to fit on the button", quoted(topic));
        found.push(
            Diagnostic::warning("button-title-cut", place.clone(), message).help(format!(
                "give the button a title of its own, at most {TITLE_LIMIT} characters"
            )),
        );
    }
}

/// Text above buttons is shorter than a message.
fn text_above_buttons(entry: &DeTable<'_>, found: &mut Vec<Diagnostic>) {
    if read::tables(entry, "buttons").is_empty() {
        return;
    }
    let texts = ["answer", "text"].into_iter().filter_map(|key| read::table(entry, key));
    // The buttons stand under the last bubble.
    for (text, span) in texts.flat_map(|t| t.values()).filter_map(|v| read::bubbles(v)?.pop()) {
        let length = crate::shop::text::bubbles(text).last().map_or(0, |bubble| units(bubble));
        if length > BUTTON_TEXT_LIMIT && length <= super::format::MESSAGE_LIMIT {
            let message = format!("{length} characters do not fit above buttons");
            found.push(
                Diagnostic::warning("text-will-be-split", span, message)
                    .help(format!("it will be split; up to {BUTTON_TEXT_LIMIT} stay together")),
            );
        }
    }
}

/// The hours of the shop, and those of its branches.
fn hours<'t>(file: &'t DeTable<'t>) -> Vec<(&'t DeTable<'t>, Place)> {
    let pages = read::tables(file, "page");
    let tables = std::iter::once(file).chain(pages.into_iter().map(|(page, _)| page));
    tables
        .filter_map(|table| {
            let hours = read::table(table, "hours")?;
            Some((hours, get(table, "hours").map(toml::Spanned::span).unwrap_or_default()))
        })
        .collect()
}

/// What customers of one branch are told and those of another are not is easily forgotten.
fn branches(file: &DeTable<'_>, found: &mut Vec<Diagnostic>) {
    let pages = read::tables(file, "page");
    if pages.len() < 2 {
        return;
    }
    let shop = read::table(file, "shop");
    for (key, of_all, what, fix) in [
        ("hours", get(file, "hours"), "no hours: it counts as always open", "[page.hours]"),
        ("phone", shop.and_then(|shop| get(shop, "phone")), "no phone", "phone = \"+…\""),
        ("address", shop.and_then(|shop| get(shop, "address")), "no address", "address.… = \"…\""),
        ("branch", None, "no branch", "branch = \"…\""),
    ] {
        let told = pages.iter().any(|(page, _)| get(page, key).is_some());
        if of_all.is_some() || !told {
            continue;
        }
        for (_, place) in pages.iter().filter(|(page, _)| get(page, key).is_none()) {
            let message = format!("this Page has {what}, and another one has its own");
            found.push(
                Diagnostic::warning("branch-without", place.clone(), message)
                    .help(format!("add {fix} to it, or write it once for all Pages")),
            );
        }
    }
}

fn week(hours: &DeTable<'_>, place: &Place, found: &mut Vec<Diagnostic>) {
    let missing: Vec<&str> = WEEKDAYS.into_iter().filter(|day| get(hours, day).is_none()).collect();
    if let Some(first) = missing.first()
        && missing.len() < WEEKDAYS.len()
    {
        let message =
            format!("the week says nothing of {}; that counts as closed", missing.join(", "));
        found.push(
            Diagnostic::warning("hours-gap", place.clone(), message)
                .help(format!("add {first} = \"closed\", or its hours")),
        );
    }
    for (day, next) in WEEKDAYS.iter().zip(WEEKDAYS.iter().cycle().skip(1)) {
        let late = ranges(hours, day).into_iter().map(|r| r.close).max().unwrap_or(0);
        let early = ranges(hours, next).into_iter().map(|r| r.open).min().unwrap_or(u16::MAX);
        if late.saturating_sub(crate::shop::hours::DAY_MINUTES) > early {
            let span = get(hours, day).map(toml::Spanned::span).unwrap_or_default();
            let message = format!("the night of {day} reaches into the hours of {next}");
            found.push(
                Diagnostic::warning("hours-overlap", span, message)
                    .help("a closing before the opening means the next day; is it meant so?"),
            );
        }
    }
}

fn ranges(hours: &DeTable<'_>, day: &str) -> Vec<crate::shop::model::Range> {
    let all = get(hours, day).map(read::list).unwrap_or_default();
    all.into_iter().filter_map(text).filter_map(|(t, _)| values::range(t).ok().flatten()).collect()
}

/// The days of an exception.
pub(super) fn exception_days(exception: &DeTable<'_>) -> Result<(Date, Date), Option<Problem>> {
    let day = |name| get(exception, name).map(|value| read::date(value).ok_or(None)).transpose();
    let problem =
        |message: &str, help: &str| Err(Some(Problem::new("bad-exception", message, help)));
    match (day("date")?, day("from")?, day("to")?) {
        (Some(date), None, None) => Ok((date, date)),
        (None, Some(from), Some(to)) if from <= to => Ok((from, to)),
        (None, Some(_), Some(_)) => problem("it ends before it begins", "let `to` be the last day"),
        (None, None, None) => {
            problem("it does not say which days", "add date = \"2026-12-24\", or from and to")
        }
        (None, _, _) => {
            problem("it needs both `from` and `to`", "for a single day write date instead")
        }
        (Some(_), _, _) => {
            problem("it has both `date` and a range of days", "write date, or from and to")
        }
    }
}

fn exceptions(hours: &DeTable<'_>, found: &mut Vec<Diagnostic>) {
    let mut earlier: Vec<(Date, Date)> = Vec::new();
    for (exception, place) in read::tables(hours, "exception") {
        match exception_days(exception) {
            Ok((from, to)) => {
                if earlier.contains(&(from, to))
                    || earlier.iter().any(|(f, t)| *f == from && to != *t)
                {
                    found.push(
                        Diagnostic::error(
                            "exception-overlap",
                            place,
                            format!("two exceptions begin on {from}"),
                        )
                        .help("make them one, or let one begin on another day"),
                    );
                }
                earlier.push((from, to));
            }
            Err(Some(problem)) => found.push(problem.at(place)),
            // A day that is none: reported where it stands.
            Err(None) => {}
        }
    }
}

/// A poster speaks its own language, or else every language of the shop.
fn poster_texts(file: &DeTable<'_>, names: &Names<'_>, found: &mut Vec<Diagnostic>) {
    for (poster, _) in read::tables(file, "poster") {
        let Some(texts) = read::table(poster, "text") else { continue };
        let own = get(poster, "language").and_then(text).map(|(tag, _)| vec![tag]);
        let wanted = own.unwrap_or_else(|| names.languages.clone());
        let missing: Vec<&str> =
            wanted.into_iter().filter(|tag| get(texts, tag).is_none()).collect();
        if let Some(first) = missing.first()
            && let Some(value) = get(poster, "text")
        {
            let message = format!("this poster says nothing in {}", missing.join(", "));
            found.push(Diagnostic::warning("missing-translation", value.span(), message).help(
                format!("add text.{first} = …, or say whose language it speaks: language = \"…\""),
            ));
        }
    }
}

fn unreachable_topics(file: &DeTable<'_>, found: &mut Vec<Diagnostic>) {
    let asking: Vec<&str> = walk::acts(file)
        .iter()
        .filter_map(|act| get(act.table, "topic").and_then(text))
        .map(|(topic, _)| topic)
        .chain(asked_for_offers(file))
        .collect();
    for (topic, _) in read::tables(file, "topic") {
        let Some((id, span)) = get(topic, "id").and_then(text) else { continue };
        if !asking.contains(&id) {
            found.push(
                Diagnostic::warning(
                    "unreachable-topic",
                    span,
                    format!("nobody is ever asked for {}", quoted(id)),
                )
                .help(format!("give a button or a poster topic = {}", quoted(id))),
            );
        }
    }
}

/// The topics that people are asked for who want to be told of an offer.
fn asked_for_offers<'t>(file: &'t DeTable<'t>) -> Vec<&'t str> {
    let taps = walk::buttons(file).into_iter();
    let wanted: Vec<&str> =
        taps.filter_map(|tap| get(tap.table, "remind").and_then(text)).map(|t| t.0).collect();
    let offers = read::tables(file, "offer").into_iter();
    let asked = offers.filter(|(offer, _)| {
        get(offer, "id").and_then(text).is_some_and(|(id, _)| wanted.contains(&id))
    });
    asked.filter_map(|(offer, _)| get(offer, "topic").and_then(text)).map(|(t, _)| t).collect()
}

/// Nobody is asked for a consent that nobody answers for.
fn privacy(file: &DeTable<'_>, found: &mut Vec<Diagnostic>) {
    if get(file, "privacy").is_some() {
        return;
    }
    if let Some((_, place)) = read::tables(file, "topic").into_iter().next() {
        let message = "the shop does not say who answers for what people agree to";
        found.push(Diagnostic::error("topic-without-privacy", place, message).help(
            "add [privacy] with controller = \"…\", contact = \"…\", legal_basis = \"consent\" and \
                 keep_receipts_months = 24",
        ));
    }
}

fn instagram(file: &DeTable<'_>, found: &mut Vec<Diagnostic>) {
    for (page, _) in read::tables(file, "page") {
        if read::flag(page, "instagram") == Some(true) && get(page, "instagram_id").is_none() {
            let span = get(page, "instagram").map(toml::Spanned::span).unwrap_or_default();
            found.push(
                Diagnostic::warning(
                    "instagram-without-account",
                    span,
                    "this Page does not name its Instagram account",
                )
                .help("add instagram_id = \"…\""),
            );
        }
    }
    let Some(assistant) = read::table(file, "assistant") else { return };
    let accounts =
        read::tables(file, "page").iter().any(|(page, _)| get(page, "instagram_id").is_some());
    if read::flag(assistant, "instagram") == Some(true) && !accounts {
        let span = get(assistant, "instagram").map(toml::Spanned::span).unwrap_or_default();
        found.push(
            Diagnostic::warning(
                "instagram-without-account",
                span,
                "no Page names its Instagram account",
            )
            .help("add instagram_id = \"…\" to the [[page]]"),
        );
    }
}

fn meta(file: &DeTable<'_>, found: &mut Vec<Diagnostic>) {
    let country = read::table(file, "shop").and_then(|shop| get(shop, "country")).and_then(text);
    let notifications = read::tables(file, "notification");
    if country.is_none()
        && let Some((_, place)) = notifications.first()
    {
        let message = "without the shop's country no notification outside the 24 hours can be sent";
        found.push(
            Diagnostic::warning("country-unknown", place.clone(), message)
                .label("will be held")
                .help("add country = \"…\" to [shop]: where the customers are"),
        );
    }
    let Some(value) = read::table(file, "meta").and_then(|meta| get(meta, "recurring_since"))
    else {
        return;
    };
    let Some(since) = read::date(value) else { return };
    if since >= NO_NEW_RECURRING {
        let message = format!(
            "Meta takes no recurring notifications of apps that began on or after {NO_NEW_RECURRING}"
        );
        found.push(
            Diagnostic::warning("recurring-too-late", value.span(), message)
                .help("leave it out: this way of sending will not be used"),
        );
    }
    let Some((country, _)) = country.filter(|(c, _)| values::country(c).is_ok()) else { return };
    if !RECURRING_COUNTRIES.split_ascii_whitespace().any(|c| c == country) {
        let message =
            format!("Meta no longer accepts recurring notifications to people in {country}");
        found.push(
            Diagnostic::warning("recurring-not-accepted", value.span(), message)
                .label("since 10 February 2026")
                .help("leave it out: this way of sending will not be used there"),
        );
    }
}
