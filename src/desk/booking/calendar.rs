//! The entry for somebody's own calendar (RFC 5545). It says what, when and where; not who.

use crate::shop::model::{Lang, Shop};
use crate::store::bookings::Claim;
use crate::time::UnixMs;

/// Octets of a line, its end not counted (RFC 5545, 3.1).
const LINE: usize = 75;

/// The entry of a booking, for one who reads `lang`. One that was cancelled says so, and takes
/// itself out of calendars that know it.
#[must_use]
pub fn entry(shop: &Shop, lang: &Lang, claim: &Claim, cancelled: bool, now: UnixMs) -> String {
    let service = shop.service(&claim.service);
    let title = service.and_then(|service| shop.pick(&service.title, lang));
    let summary = match title {
        Some(title) => format!("{title}, {}", shop.name),
        None => shop.name.clone(),
    };
    let mut lines = vec![
        "BEGIN:VCALENDAR".to_owned(),
        "VERSION:2.0".to_owned(),
        "PRODID:-//Shopbell//Shopbell//EN".to_owned(),
        format!("METHOD:{}", if cancelled { "CANCEL" } else { "PUBLISH" }),
        "BEGIN:VEVENT".to_owned(),
        format!("UID:{}@shopbell", claim.code),
        format!("SEQUENCE:{}", claim.moved),
        format!("DTSTAMP:{}", utc(now)),
        format!("DTSTART:{}", utc(claim.starts_at)),
        format!("DTEND:{}", utc(claim.ends_at)),
        format!("SUMMARY:{}", text(&summary)),
        format!("STATUS:{}", if cancelled { "CANCELLED" } else { "CONFIRMED" }),
    ];
    if let Some(address) = shop.pick(&shop.contact.address, lang) {
        lines.push(format!("LOCATION:{}", text(address)));
    }
    lines.extend(["END:VEVENT".to_owned(), "END:VCALENDAR".to_owned()]);
    lines.iter().map(|line| folded(line)).collect()
}

/// A moment in UTC: `20261127T130000Z`.
fn utc(at: UnixMs) -> String {
    at.timestamp().strftime("%Y%m%dT%H%M%SZ").to_string()
}

/// A text value (RFC 5545, 3.3.11).
fn text(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for c in value.chars() {
        match c {
            '\\' | ';' | ',' => {
                out.push('\\');
                out.push(c);
            }
            '\n' => out.push_str("\\n"),
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}

/// A line in pieces that are short enough, broken between characters.
fn folded(line: &str) -> String {
    let mut out = String::with_capacity(line.len().saturating_add(8));
    let mut used: usize = 0;
    for c in line.chars() {
        if used.saturating_add(c.len_utf8()) > LINE {
            out.push_str("\r\n ");
            used = 1;
        }
        out.push(c);
        used = used.saturating_add(c.len_utf8());
    }
    out.push_str("\r\n");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_escaped_and_long_lines_folded_between_characters() {
        assert_eq!(text("a,b;c\\d\ne\r"), "a\\,b\\;c\\\\d\\ne");
        let long = format!("SUMMARY:{}", "茶".repeat(60));
        let folded = folded(&long);
        assert!(folded.split("\r\n").all(|line| line.len() <= LINE), "{folded}");
        assert_eq!(folded.replace("\r\n ", "").trim_end(), long);
    }
}
