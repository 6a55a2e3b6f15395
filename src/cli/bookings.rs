//! `shopbell bookings`: who comes when, as the Worker has it.

use std::path::PathBuf;
use std::process::ExitCode;

use serde::Deserialize;
use serde_json::Value;

use super::check::{self, Format};
use super::owner::{self, AskError, Owner};
use super::shown::one_line;
use crate::desk::booking::when;
use crate::meta::ids::{PageId, ServiceId};
use crate::shop::model::Shop;
use crate::time::UnixMs;

/// Shows who comes when.
///
/// All that is booked, held, or was cancelled, from now on. Times are the shop's. Beside each stands
/// what became of the reminder: `sent`, or why Meta's rules or the person kept it back. ADMIN_TOKEN is
/// taken from the environment.
#[derive(clap::Args)]
pub struct BookingsArgs {
    /// The folder with the shop.toml.
    #[arg(default_value = ".")]
    dir: PathBuf,
    /// Where the Worker answers: `https://shopbell.<you>.workers.dev`.
    #[arg(long, value_name = "URL", env = "PUBLIC_URL")]
    url: String,
    /// Only this Page's.
    #[arg(long, value_name = "ID", value_parser = owner::page_id)]
    page: Option<PageId>,
    /// How to print them; json is what the Worker says.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Why there is nothing to show.
#[derive(Debug, thiserror::Error)]
enum BookingsError {
    #[error(transparent)]
    Shop(#[from] check::LoadError),
    #[error(transparent)]
    Worker(#[from] AskError),
    #[error("the Worker says something else than bookings: {0}")]
    Unreadable(#[from] serde_json::Error),
}

/// What `/admin/bookings` says.
#[derive(Deserialize)]
struct Report {
    pages: Vec<PageReport>,
}

#[derive(Deserialize)]
struct PageReport {
    page: String,
    #[serde(default)]
    bookings: Vec<Booking>,
    error: Option<String>,
}

#[derive(Deserialize)]
struct Booking {
    service: String,
    state: String,
    starts_at: jiff::Timestamp,
    channel: String,
    person: String,
    name: Option<String>,
    note: String,
    reminder: Option<String>,
}

/// Shows the bookings.
#[must_use]
pub fn run(args: &BookingsArgs) -> ExitCode {
    super::printed(show(args))
}

fn show(args: &BookingsArgs) -> Result<String, BookingsError> {
    let shops = check::load(&args.dir)?;
    let query = args.page.as_ref().map(|page| format!("?page={page}")).unwrap_or_default();
    let told: Value = Owner::of(&args.url)?.get(&format!("/admin/bookings{query}"))?;
    match args.format {
        Format::Json => Ok(format!("{told}\n")),
        Format::Text => for_people(told, &shops),
    }
}

/// One line a booking, with what was answered below it.
fn for_people(told: Value, shops: &[Shop]) -> Result<String, BookingsError> {
    let report: Report = serde_json::from_value(told)?;
    let mut text = String::new();
    let mut count: usize = 0;
    for page in &report.pages {
        if let Some(why) = &page.error {
            eprintln!("Page {}: its Desk does not answer: {why}", page.page);
        }
        let Some(shop) = shops.iter().find(|shop| shop.page.id.as_str() == page.page) else {
            continue;
        };
        for booking in &page.bookings {
            count = count.saturating_add(1);
            text += &line(shop, booking);
        }
    }
    text += &format!("{}\n", check::counted(count, "booking"));
    Ok(text)
}

fn line(shop: &Shop, booking: &Booking) -> String {
    let lang = shop.default_lang();
    let service = ServiceId::new(booking.service.as_str()).ok();
    let service = service.as_ref().and_then(|id| shop.service(id));
    let title = service.and_then(|service| shop.pick(&service.title, lang));
    let title = title.unwrap_or(&booking.service);
    let who = match &booking.name {
        Some(name) => format!("{} ({}, {})", one_line(name), booking.channel, booking.person),
        None => format!("{}, {}", booking.channel, booking.person),
    };
    let at = when(shop, lang, UnixMs::from(booking.starts_at));
    let mut line = format!("{at}  {title}  {}  {who}", booking.state);
    if let Some(reminder) = &booking.reminder {
        line += &format!("  reminder: {reminder}");
    }
    line.push('\n');
    for answer in booking.note.lines() {
        line += &format!("    {answer}\n");
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_booking_is_a_line_in_the_shops_time_and_first_language() {
        let source = "[shop]\nname = \"A\"\nlanguages = [\"lt\"]\ntime_zone = \"Europe/Vilnius\"\n\
             [[page]]\nid = \"1\"\nusername = \"a\"\n[hours]\nmon = \"09:00-17:00\"\n\
             [[service]]\nid = \"cut\"\ntitle.lt = \"Kirpimas\"\nminutes = 60\n";
        let shops = crate::shop::source::compile(source).shops;
        let told = r#"{"version":"1","pages":[{"page":"1","bookings":[{"id":1,"form":"cut",
            "service":"cut","state":"booked","starts_at":"2026-11-24T09:00:00Z",
            "ends_at":"2026-11-24T10:00:00Z","channel":"messenger","person":"7","name":"Ona",
            "note":"• Telefonas: 1","reminder":"window_closed","moved":0}]},
            {"page":"2","error":"silent"}]}"#;
        assert_eq!(
            for_people(serde_json::from_str(told).unwrap(), &shops).unwrap(),
            "an. 2026-11-24 11:00  Kirpimas  booked  Ona (messenger, 7)  reminder: window_closed\n    \
             • Telefonas: 1\n1 booking\n"
        );
        assert!(for_people(serde_json::json!({}), &shops).is_err());
        // A name is one name, whatever stands in it.
        let forged = told.replace("Ona", "Ona\\n99 bookings\\u001b[2J");
        let text = for_people(serde_json::from_str(&forged).unwrap(), &shops).unwrap();
        assert_eq!(text.lines().count(), 3, "{text}");
        assert!(!text.contains('\u{1b}'), "{text}");
    }
}
