//! `[marketing]` and `[[template]]`: what is paid for, and what Meta has to approve.

use std::collections::BTreeMap;
use std::ops::Range;

use toml::de::DeTable;

use super::build::{localized, named};
use super::diagnostic::Diagnostic;
use super::read::{self, checked, get, text};
use super::values::{self, quoted};
use crate::meta::event::Channel;
use crate::meta::ids::Country;
use crate::meta::marketing::money::Money;
use crate::meta::policy::{self, Case, Purpose, Transport, Why};
use crate::shop::marketing::Marketing;
use crate::shop::model::Lang;
use crate::shop::templates::{self, BOOKING_PLACES, Part, Template, TemplateUse};

/// A template needs so many words for each place, or Meta may refuse it
/// (`PARAMS_TO_WORD_RATIO_EXCEED_LIMIT`; Meta does not say how many). Our own.
const WORDS_FOR_A_PLACE: usize = 3;

/// The ad account's price of a message has two decimals for a thousand, which is a hundredth of a
/// thousandth of a unit for one: [`Money`]'s part. A price is read in thousandths of a unit.
const THOUSANDTHS: i64 = 10;

pub(super) fn check(file: &DeTable<'_>, found: &mut Vec<Diagnostic>) {
    if let Some(marketing) = read::table(file, "marketing") {
        check_marketing(file, marketing, found);
    }
    let languages: Vec<Lang> = read::table(file, "shop")
        .and_then(|shop| get(shop, "languages"))
        .map(read::list)
        .unwrap_or_default()
        .into_iter()
        .filter_map(text)
        .map(|(tag, _)| Lang(tag.to_owned()))
        .collect();
    let mut reminders = 0_u32;
    for (template, place) in read::tables(file, "template") {
        check_id(template, found);
        let booking = purpose(template) == TemplateUse::BookingReminder;
        reminders = reminders.saturating_add(u32::from(booking));
        if booking && reminders > 1 {
            found.push(
                Diagnostic::error("second-reminder", place.clone(), "there is a reminder already")
                    .help("keep one template with for = \"booking-reminder\""),
            );
        }
        check_texts(template, booking, &languages, found);
    }
}

/// Three capital letters.
fn currency(text: &str) -> Option<String> {
    (text.len() == 3 && text.bytes().all(|b| b.is_ascii_uppercase())).then(|| text.to_owned())
}

fn check_marketing(file: &DeTable<'_>, marketing: &DeTable<'_>, found: &mut Vec<Diagnostic>) {
    if let Some((written, span)) = get(marketing, "currency").and_then(text)
        && currency(written).is_none()
    {
        let message = format!("{} is no currency", quoted(written));
        found.push(
            Diagnostic::error("bad-currency", span, message)
                .help("write the ad account's currency in three capital letters: \"TWD\""),
        );
    }
    let price = |key: &str| get(marketing, key).and_then(read::price).map(|p| p.thousandths);
    if let (Some(0), Some(value)) =
        (price("most_per_thousand"), get(marketing, "most_per_thousand"))
    {
        found.push(
            Diagnostic::error("free-messages", value.span(), "paid messages are not free").help(
                "write what a thousand of them cost at most, by the estimate of your ad account",
            ),
        );
    }
    if let (Some(cap), Some(thousand), Some(value)) =
        (price("most_per_day"), price("most_per_thousand"), get(marketing, "most_per_day"))
        && cap.saturating_mul(1_000) < thousand
    {
        found.push(
            Diagnostic::warning("cap-below-one", value.span(), "the cap pays for no message")
                .help("raise it, or leave [marketing] out"),
        );
    }
    let country = |table: Option<&DeTable<'_>>| {
        let (written, _) = get(table?, "country").and_then(text)?;
        values::country(written).ok()
    };
    let Some(value) = get(marketing, "country") else { return };
    let (Some(business), customers) =
        (country(Some(marketing)), country(read::table(file, "shop")))
    else {
        return;
    };
    match paid_to(business, customers) {
        Err(Why::Business) => found.push(
            Diagnostic::warning(
                "marketing-not-offered",
                value.span(),
                format!("businesses in {} cannot send paid messages", business.as_str()),
            )
            .label("by Meta's list of 30 June 2026")
            .help("leave [marketing] out: nothing will be sent that way"),
        ),
        Err(_) => found.push(
            Diagnostic::warning(
                "marketing-reaches-nobody",
                value.span(),
                "paid messages reach nobody where the customers of this shop are",
            )
            .label("not the EU, the UK, Australia, Japan or South Korea")
            .help("leave [marketing] out, unless customers abroad say where they are"),
        ),
        Ok(()) => {}
    }
}

/// Whether a business may pay for messages to people of a country, as the rules stand at their
/// end: the list is the same on every day so far.
fn paid_to(business: Country, customers: Option<Country>) -> Result<(), Why> {
    let case = |country| Case {
        channel: Channel::Messenger,
        country,
        business: Some(business),
        day: jiff::civil::date(2026, 6, 30),
        recurring_since: None,
        purpose: Purpose::Promotion,
    };
    // Where the customers are unknown, only the business counts: some country is served.
    let anywhere = Country::new("US").ok();
    let permitted = policy::permits(Transport::PaidMarketing, &case(customers.or(anywhere)));
    permitted.map(|_| ()).map_err(|no| no.why)
}

fn check_id(template: &DeTable<'_>, found: &mut Vec<Diagnostic>) {
    let Some((id, span)) = get(template, "id").and_then(text) else { return };
    let fits = id.len() <= 48
        && id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    if !fits {
        found.push(
            Diagnostic::error("bad-template-name", span, "Meta takes no such template name")
                .help("write at most 48 of a-z 0-9 _"),
        );
    }
}

fn purpose(template: &DeTable<'_>) -> TemplateUse {
    match get(template, "for").and_then(text) {
        Some(("booking-reminder", _)) => TemplateUse::BookingReminder,
        _ => TemplateUse::Notice,
    }
}

fn check_texts(
    template: &DeTable<'_>,
    booking: bool,
    languages: &[Lang],
    found: &mut Vec<Diagnostic>,
) {
    let examples = read::table(template, "examples");
    let texts = read::table(template, "text");
    let texts = texts.into_iter().flat_map(|texts| texts.values()).filter_map(text);
    for (said, span) in texts {
        if let Some(word) = templates::promotion(said, languages) {
            let message = format!("{} is a word of offers", quoted(&word));
            found.push(
                Diagnostic::error("utility-promotion", span.clone(), message)
                    .label("a utility template tells of an order, an account, an appointment")
                    .help("leave the offer out; offers go to those who opted in: [[notification]]"),
            );
        }
        check_places(said, &span, booking, examples, found);
    }
}

fn check_places(
    said: &str,
    span: &Range<usize>,
    booking: bool,
    examples: Option<&DeTable<'_>>,
    found: &mut Vec<Diagnostic>,
) {
    let parts = templates::parts(said.trim());
    if parts.contains(&Part::Stray) {
        found.push(
            Diagnostic::error("bad-brace", span.clone(), "a brace belongs to no place")
                .help("write places as in {order}: a-z, 0-9 and _ between braces"),
        );
    }
    let at_edge = [parts.first(), parts.last()];
    if at_edge.iter().any(|part| matches!(part, Some(Part::Place(_)))) {
        found.push(
            Diagnostic::error(
                "place-at-edge",
                span.clone(),
                "the text begins or ends with a place",
            )
            .label("Meta refuses it")
            .help("begin and end with words; a full stop is enough"),
        );
    }
    let words = parts.iter().map(|part| match part {
        Part::Plain(plain) => match plain.split_whitespace().count() {
            // Written without spaces.
            1 => plain.chars().count().checked_div(2).unwrap_or(1).max(1),
            words => words,
        },
        _ => 0,
    });
    let words: usize = words.sum();
    let places = templates::places(said);
    if words < places.len().saturating_mul(WORDS_FOR_A_PLACE) {
        found.push(
            Diagnostic::warning("few-words", span.clone(), "few words for so many places")
                .help("Meta may refuse it: say more around them"),
        );
    }
    for place in places {
        if booking && !BOOKING_PLACES.contains(&place) {
            let message = format!("a booking reminder has no place {}", quoted(place));
            found.push(
                Diagnostic::error("unknown-place", span.clone(), message)
                    .help("there is {when} {service} {shop}"),
            );
        } else if !booking && examples.and_then(|examples| get(examples, place)).is_none() {
            let message = format!("nothing says what {} looks like", quoted(place));
            found.push(
                Diagnostic::error("place-without-example", span.clone(), message)
                    .help(format!("add examples.{place} = \"…\": Meta judges the text with it")),
            );
        }
    }
}

/// The shop's paid messages; none where nothing is declared.
pub(super) fn marketing(file: &DeTable<'_>) -> Option<Marketing> {
    let table = read::table(file, "marketing")?;
    let parts = |key: &str, times: i64| {
        let thousandths = get(table, key).and_then(read::price)?.thousandths;
        Some(Money::of_parts(thousandths.saturating_mul(times)))
    };
    let thousand = parts("most_per_thousand", 1)?;
    Some(Marketing {
        ad_account: checked(table, "ad_account", values::digits)?,
        country: checked(table, "country", values::country)?,
        currency: currency(text(get(table, "currency")?)?.0)?,
        // A thousandth of a unit is a hundred parts.
        cap: parts("most_per_day", 100)?,
        price: Money::of_parts(thousand.parts().checked_div(THOUSANDTHS)?),
    })
}

/// The templates of the file; `None` when one cannot be read.
pub(super) fn templates(file: &DeTable<'_>, shop: &str) -> Option<Vec<Template>> {
    read::tables(file, "template").into_iter().map(|(table, _)| template(table, shop)).collect()
}

fn template(table: &DeTable<'_>, shop: &str) -> Option<Template> {
    let purpose = purpose(table);
    let given = read::table(table, "examples").into_iter().flatten();
    let mut examples: BTreeMap<String, String> = given
        .filter_map(|(name, value)| {
            let written = text(value).map(|(text, _)| text.to_owned());
            let number = || read::number(value).map(|number| number.to_string());
            Some((name.get_ref().to_string(), written.or_else(number)?))
        })
        .collect();
    if purpose == TemplateUse::BookingReminder {
        for (name, example) in [("when", "27.11. 10:00"), ("service", "1"), ("shop", shop)] {
            examples.entry(name.to_owned()).or_insert_with(|| example.to_owned());
        }
    }
    Some(Template { id: named(table, "id")?, purpose, text: localized(table, "text"), examples })
}
