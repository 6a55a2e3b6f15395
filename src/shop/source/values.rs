//! What may stand between two quotation marks: each kind of value, read or refused with the
//! thing to write instead.

use jiff::civil::Date;
use serde_json::json;

use super::diagnostic::{Problem, nearest};
use crate::meta::ids::{Country, is_key_part};
use crate::shop::colour::Colour;
use crate::shop::hours::DAY_MINUTES;
use crate::shop::lookup::ZONES;
use crate::shop::model::{Place, QuietHours, Range};

type Read<T> = Result<T, Problem>;

/// ISO 3166-1 alpha-2, as of 2026.
const COUNTRIES: &str = "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL \
    BM BN BO BQ BR BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK \
    DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU \
    GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ \
    LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY \
    MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU \
    RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO \
    TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW";

/// Text on one line.
pub(super) fn name(text: &str) -> Read<String> {
    let trimmed = text.trim();
    if trimmed.is_empty() {
        return Err(Problem::new(
            "empty",
            "nothing is written here",
            "write a text, or leave the line out",
        ));
    }
    if trimmed.contains('\n') {
        return Err(Problem::new(
            "line-break",
            "this has to fit on one line",
            "write it without line breaks",
        ));
    }
    Ok(trimmed.to_owned())
}

/// A name that others refer to.
pub(super) fn id(text: &str) -> Read<String> {
    if is_key_part(text) {
        return Ok(text.to_owned());
    }
    let slug: String = text
        .trim()
        .chars()
        .filter_map(|c| match c {
            ' ' | '.' | '/' | ':' => Some('-'),
            c if c.is_ascii_alphanumeric() || c == '-' || c == '_' => Some(c),
            _ => None,
        })
        .take(64)
        .collect();
    let help = if slug.is_empty() {
        "write something like \"hours\" or \"friday-lunch\"".to_owned()
    } else {
        format!("write {}", quoted(&slug))
    };
    Err(Problem::new("bad-id", "an id has 1 to 64 of the characters A-Z a-z 0-9 _ -", help))
}

/// A Page's or account's number.
pub(super) fn digits(text: &str) -> Read<String> {
    let is_digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if is_digits && is_key_part(text) {
        return Ok(text.to_owned());
    }
    Err(Problem::new(
        "bad-page-id",
        "this has to be the number Meta knows it by, digits only",
        "copy it from the Page's settings in Meta Business Suite: \"100200300400500\"",
    ))
}

/// The name in m.me links.
pub(super) fn page_name(text: &str) -> Read<String> {
    username(text, "a Page's username has letters, digits and dots", ".")
}

/// The name in ig.me links.
pub(super) fn instagram_name(text: &str) -> Read<String> {
    username(text, "an Instagram username has letters, digits, dots and underscores", "._")
}

fn username(text: &str, message: &str, marks: &str) -> Read<String> {
    let fits = |c: char| c.is_ascii_alphanumeric() || marks.contains(c);
    if (1..=50).contains(&text.len()) && text.chars().all(fits) {
        return Ok(text.to_owned());
    }
    let last = text.trim().trim_end_matches('/').rsplit(['/', '@']).next().unwrap_or_default();
    let help = if !last.is_empty() && last.len() <= 50 && last.chars().all(fits) {
        format!("write {}", quoted(last))
    } else {
        "write the name as it stands in the link to it: \"kavine.azuolas\"".to_owned()
    };
    Err(Problem::new("bad-username", message, help))
}

/// An https address.
pub(super) fn url(text: &str) -> Read<String> {
    let host =
        text.strip_prefix("https://").map(|rest| rest.split(['/', '?', '#']).next().unwrap_or(""));
    let written = !text.contains(|c: char| c.is_whitespace() || c.is_control());
    if written && host.is_some_and(|h| h.contains('.') && !h.starts_with('.')) {
        return Ok(text.to_owned());
    }
    let bare = text.trim().trim_start_matches("http://").trim_start_matches("https://");
    let help = if bare.contains('.') && !bare.contains(char::is_whitespace) && !bare.contains("://")
    {
        format!("write {}", quoted(&format!("https://{bare}")))
    } else {
        "write the whole address: \"https://example.com/menu\"".to_owned()
    };
    Err(Problem::new("bad-url", "an address has to begin with https:// and name a site", help))
}

/// A phone number; read into `+37060000000`.
pub(super) fn phone(text: &str) -> Read<String> {
    let kept: String =
        text.chars().filter(|c| !matches!(c, ' ' | '-' | '(' | ')' | '.' | '\u{a0}')).collect();
    let digits = kept.strip_prefix('+').unwrap_or_default();
    if (7..=15).contains(&digits.len())
        && digits.bytes().all(|b| b.is_ascii_digit())
        && !digits.starts_with('0')
    {
        return Ok(kept);
    }
    Err(Problem::new(
        "bad-phone",
        "a phone number has to be in its international form",
        "write + and the country's number first: \"+370 600 00000\"",
    ))
}

/// A colour.
pub(super) fn colour(text: &str) -> Read<Colour> {
    Colour::parse(text).map_err(|_| {
        Problem::new(
            "bad-colour",
            "this is no colour",
            "write # and six hexadecimal digits, red, green and blue: \"#0b3d2e\"",
        )
    })
}

/// A mail address.
pub(super) fn email(text: &str) -> Read<String> {
    let parts = text.split_once('@');
    let fits = parts
        .is_some_and(|(who, site)| !who.is_empty() && site.contains('.') && !site.contains('@'));
    if fits && !text.contains(char::is_whitespace) {
        return Ok(text.to_owned());
    }
    Err(Problem::new("bad-email", "this is no mail address", "write it as \"info@example.com\""))
}

/// A time zone by its IANA name.
pub(super) fn time_zone(text: &str) -> Read<String> {
    let known: Vec<String> = ZONES.available().map(|name| name.as_str().to_owned()).collect();
    if known.iter().any(|name| name == text) {
        return Ok(text.to_owned());
    }
    let city = text.rsplit('/').next().unwrap_or(text).trim().replace(' ', "_");
    let by_city =
        known.iter().find(|n| n.rsplit('/').next().is_some_and(|c| c.eq_ignore_ascii_case(&city)));
    let near =
        by_city.map(String::as_str).or_else(|| nearest(text, known.iter().map(String::as_str)));
    let near = near.or_else(|| {
        let places = known.iter().filter_map(|n| n.split_once('/'));
        let found = nearest(&city, places.map(|(_, place)| place))?;
        known.iter().map(String::as_str).find(|n| n.ends_with(found))
    });
    let help = match near {
        Some(near) => format!("did you mean {}?", quoted(near)),
        None => {
            "write the region and its city: \"Europe/Vilnius\", \"America/Sao_Paulo\"".to_owned()
        }
    };
    Err(Problem::new("unknown-time-zone", "no time zone has this name", help))
}

/// A country by its code.
pub(super) fn country(text: &str) -> Read<Country> {
    let known = |code: &str| COUNTRIES.split_ascii_whitespace().any(|c| c == code);
    if let Ok(country) = Country::new(text)
        && known(text)
    {
        return Ok(country);
    }
    let upper = text.trim().to_ascii_uppercase();
    let help = match upper.as_str() {
        "UK" => "the United Kingdom is \"GB\"".to_owned(),
        "EL" => "Greece is \"GR\"".to_owned(),
        _ if known(&upper) => format!("write {}", quoted(&upper)),
        _ => "write its two letters from ISO 3166: \"LT\", \"BR\", \"TW\"".to_owned(),
    };
    Err(Problem::new("unknown-country", "no country has this code", help))
}

/// A place on the map: degrees north, and degrees east.
pub(super) fn place(text: &str) -> Read<Place> {
    let degrees = |part: &str, most: f64| {
        let part = part.trim();
        let plain = part.bytes().all(|b| b.is_ascii_digit() || b == b'.' || b == b'-');
        part.parse::<f64>().ok().filter(|n| plain && n.abs() <= most)
    };
    let parts = text.split_once(',');
    let read =
        parts.and_then(|(north, east)| Place::of(degrees(north, 90.0)?, degrees(east, 180.0)?));
    read.ok_or_else(|| {
        Problem::new(
            "bad-place",
            "this is no place on the map",
            "write degrees north and degrees east, as maps show them: \"54.6872, 25.2797\"",
        )
    })
}

/// A language tag: `lt`, `pt-BR`, `zh-Hant-TW`.
pub(super) fn language(text: &str) -> Read<String> {
    let normal: Vec<String> = text
        .trim()
        .split(['-', '_'])
        .enumerate()
        .map(|(i, part)| match (i, part.len()) {
            (0, _) => part.to_ascii_lowercase(),
            (_, 4) => {
                let (first, rest) = part.split_at_checked(1).unwrap_or((part, ""));
                first.to_ascii_uppercase() + &rest.to_ascii_lowercase()
            }
            _ => part.to_ascii_uppercase(),
        })
        .collect();
    let letters = |part: &str| part.bytes().all(|b| b.is_ascii_alphabetic());
    let fits = normal.iter().enumerate().all(|(i, part)| match (i, part.len()) {
        (0, 2 | 3) | (1, 4) | (1 | 2, 2) => letters(part),
        (1 | 2, 3) => part.bytes().all(|b| b.is_ascii_digit()),
        _ => false,
    });
    let normal = normal.join("-");
    if fits && normal == text {
        return Ok(normal);
    }
    let by_name =
        crate::shop::lang::all().iter().find(|l| l.name.eq_ignore_ascii_case(text.trim()));
    let help = match by_name {
        Some(language) => format!("write {}", quoted(language.code)),
        None if fits => format!("write {}", quoted(&normal)),
        None => "write its short code: \"lt\", \"en\", \"pt-BR\", \"zh-TW\"".to_owned(),
    };
    Err(Problem::new("bad-language", "this is no language code", help))
}

/// A day.
pub(super) fn date(text: &str) -> Read<Date> {
    let shaped = text.len() == 10 && text.bytes().filter(|b| *b == b'-').count() == 2;
    text.parse::<Date>().ok().filter(|_| shaped).ok_or_else(|| {
        Problem::new(
            "bad-date",
            "there is no such day",
            "write the year, the month and the day: \"2026-12-24\"",
        )
    })
}

/// A time of day, in minutes after midnight, 0 to 1439.
pub(super) fn clock(text: &str) -> Read<u16> {
    minutes(text).filter(|m| *m < DAY_MINUTES).ok_or_else(|| {
        Problem::new("bad-time", "this is no time of day", "write hours and minutes: \"09:00\"")
    })
}

/// `8:00`, `08:00`, `24:00`.
fn minutes(text: &str) -> Option<u16> {
    let (hour, minute) = text.trim().split_once(':')?;
    let number = |part: &str| {
        let digits = part.bytes().all(|b| b.is_ascii_digit());
        part.parse::<u16>().ok().filter(|_| digits && part.len() <= 2)
    };
    let (hour, minute) = (number(hour)?, number(minute).filter(|m| minute.len() == 2 && *m < 60)?);
    let all = hour.checked_mul(60)?.checked_add(minute)?;
    (all <= DAY_MINUTES).then_some(all)
}

/// One range of opening hours; none for "closed".
pub(super) fn range(text: &str) -> Read<Option<Range>> {
    let text = text.trim();
    if text.eq_ignore_ascii_case("closed") {
        return Ok(None);
    }
    let malformed = || {
        Problem::new(
            "bad-hours",
            "these are no opening hours",
            "write \"08:00-20:00\", several as [\"08:00-12:00\", \"13:00-18:00\"], or \"closed\"",
        )
    };
    let (open, close) = text.split_once(['-', '–', '—']).ok_or_else(malformed)?;
    let (Some(open), Some(close)) = (minutes(open).filter(|m| *m < DAY_MINUTES), minutes(close))
    else {
        return Err(malformed());
    };
    if open == close {
        return Err(Problem::new(
            "bad-hours",
            "it opens and closes at the same minute",
            "write \"00:00-24:00\" for day and night, or \"closed\"",
        ));
    }
    // Closing before opening is closing on the next day.
    let close = if close < open { close.saturating_add(DAY_MINUTES) } else { close };
    Ok(Some(Range { open, close }))
}

/// The hours of the night; none for "none".
pub(super) fn quiet(text: &str) -> Read<Option<QuietHours>> {
    let text = text.trim();
    if text == "none" {
        return Ok(None);
    }
    let hours = text.split_once(['-', '–', '—']).and_then(|(from, until)| {
        let from = minutes(from).filter(|m| *m < DAY_MINUTES)?;
        let until = minutes(until)?.checked_rem(DAY_MINUTES)?;
        (from != until).then_some(QuietHours { from, until })
    });
    hours.map(Some).ok_or_else(|| {
        Problem::new(
            "bad-quiet-hours",
            "these are no hours of the night",
            "write \"21:00-08:00\", or \"none\" if people may be told at any hour",
        )
    })
}

/// A weekday, 1 is Monday.
pub(super) fn weekday(text: &str) -> Read<u8> {
    let found = WEEKDAYS.iter().zip(1..).find(|(day, _)| **day == text);
    found.map(|(_, number)| number).ok_or_else(|| {
        let near = text.get(..3).map(str::to_ascii_lowercase);
        let help = match near.filter(|n| WEEKDAYS.contains(&n.as_str())) {
            Some(near) => format!("write {}", quoted(&near)),
            None => format!("write one of {}", WEEKDAYS.map(quoted).join(", ")),
        };
        Problem::new("bad-weekday", "this is no weekday", help)
    })
}

/// The days of the week as `shop.toml` names them.
pub(super) const WEEKDAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// As it is written in `shop.toml`.
pub(super) fn quoted(text: &str) -> String {
    json!(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn help<T: std::fmt::Debug>(read: Read<T>) -> String {
        read.unwrap_err().help
    }

    #[test]
    fn hours_are_read() {
        assert_eq!(range("08:00-20:00"), Ok(Some(Range { open: 480, close: 1200 })));
        assert_eq!(range("8:00 – 20:00"), Ok(Some(Range { open: 480, close: 1200 })));
        assert_eq!(range("18:00-02:00"), Ok(Some(Range { open: 1080, close: 1560 })));
        assert_eq!(range("18:00-00:00"), Ok(Some(Range { open: 1080, close: 1440 })));
        assert_eq!(range("00:00-24:00"), Ok(Some(Range { open: 0, close: 1440 })));
        assert_eq!(range("Closed"), Ok(None));
        for bad in [
            "",
            "8-20",
            "25:00-26:00",
            "08:00",
            "24:00-02:00",
            "08:0-09:00",
            "+8:00-09:00",
            "9:00-9:00",
        ] {
            assert!(range(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_wrong_value_is_answered_with_the_right_one() {
        assert_eq!(help(url("http://a.lt/x")), "write \"https://a.lt/x\"");
        assert_eq!(help(url("a.lt")), "write \"https://a.lt\"");
        assert_eq!(help(page_name("https://m.me/kavine.azuolas")), "write \"kavine.azuolas\"");
        assert_eq!(help(instagram_name("@kavine_azuolas")), "write \"kavine_azuolas\"");
        assert_eq!(help(time_zone("Europe/Vilnus")), "did you mean \"Europe/Vilnius\"?");
        assert_eq!(help(time_zone("vilnius")), "did you mean \"Europe/Vilnius\"?");
        assert_eq!(help(time_zone("Sao Paulo")), "did you mean \"America/Sao_Paulo\"?");
        assert_eq!(help(country("lt")), "write \"LT\"");
        assert_eq!(help(country("UK")), "the United Kingdom is \"GB\"");
        assert_eq!(help(language("pt_br")), "write \"pt-BR\"");
        assert_eq!(help(language("zh-hant-tw")), "write \"zh-Hant-TW\"");
        assert_eq!(help(language("english")), "write \"en\"");
        assert_eq!(help(id("friday lunch")), "write \"friday-lunch\"");
        assert_eq!(help(weekday("Friday")), "write \"fri\"");
    }

    #[test]
    fn phones_are_international_and_lose_their_spaces() {
        assert_eq!(phone("+370 (600) 00-000").unwrap(), "+37060000000");
        for bad in ["860000000", "+", "00370 600 00000", "+370 600 00000 x", "+0370600000"] {
            assert!(phone(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn every_country_of_the_list_is_one() {
        assert_eq!(COUNTRIES.split_ascii_whitespace().count(), 249);
        assert!(COUNTRIES.split_ascii_whitespace().all(|c| country(c).is_ok()));
    }
}
