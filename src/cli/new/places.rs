//! Whose clock a country follows. IANA's `zone.tab`, October 2026, of the countries where most shops
//! are; anybody else is asked.

/// Where a country has several clocks, the one of most people comes first.
const ZONES: &[(&str, &[&str])] = &[
    ("AE", &["Asia/Dubai"]),
    ("AR", &["America/Argentina/Buenos_Aires"]),
    ("AT", &["Europe/Vienna"]),
    ("AU", &["Australia/Sydney", "Australia/Brisbane", "Australia/Adelaide", "Australia/Perth"]),
    ("BE", &["Europe/Brussels"]),
    ("BG", &["Europe/Sofia"]),
    ("BR", &["America/Sao_Paulo", "America/Manaus", "America/Cuiaba", "America/Rio_Branco"]),
    ("CA", &["America/Toronto", "America/Vancouver", "America/Edmonton", "America/Halifax"]),
    ("CH", &["Europe/Zurich"]),
    ("CL", &["America/Santiago", "America/Punta_Arenas"]),
    ("CO", &["America/Bogota"]),
    ("CZ", &["Europe/Prague"]),
    ("DE", &["Europe/Berlin"]),
    ("DK", &["Europe/Copenhagen"]),
    ("EE", &["Europe/Tallinn"]),
    ("ES", &["Europe/Madrid", "Atlantic/Canary"]),
    ("FI", &["Europe/Helsinki"]),
    ("FR", &["Europe/Paris"]),
    ("GB", &["Europe/London"]),
    ("GR", &["Europe/Athens"]),
    ("HK", &["Asia/Hong_Kong"]),
    ("HR", &["Europe/Zagreb"]),
    ("HU", &["Europe/Budapest"]),
    ("IE", &["Europe/Dublin"]),
    ("IL", &["Asia/Jerusalem"]),
    ("IN", &["Asia/Kolkata"]),
    ("IT", &["Europe/Rome"]),
    ("JP", &["Asia/Tokyo"]),
    ("KR", &["Asia/Seoul"]),
    ("LT", &["Europe/Vilnius"]),
    ("LU", &["Europe/Luxembourg"]),
    ("LV", &["Europe/Riga"]),
    ("MO", &["Asia/Macau"]),
    ("MX", &["America/Mexico_City", "America/Monterrey", "America/Cancun", "America/Tijuana"]),
    ("MY", &["Asia/Kuala_Lumpur"]),
    ("NL", &["Europe/Amsterdam"]),
    ("NO", &["Europe/Oslo"]),
    ("NZ", &["Pacific/Auckland"]),
    ("PE", &["America/Lima"]),
    ("PH", &["Asia/Manila"]),
    ("PL", &["Europe/Warsaw"]),
    ("PT", &["Europe/Lisbon", "Atlantic/Azores"]),
    ("RO", &["Europe/Bucharest"]),
    ("RS", &["Europe/Belgrade"]),
    ("SE", &["Europe/Stockholm"]),
    ("SG", &["Asia/Singapore"]),
    ("SI", &["Europe/Ljubljana"]),
    ("SK", &["Europe/Bratislava"]),
    ("TH", &["Asia/Bangkok"]),
    ("TR", &["Europe/Istanbul"]),
    ("TW", &["Asia/Taipei"]),
    ("UA", &["Europe/Kyiv"]),
    ("US", &["America/New_York", "America/Chicago", "America/Denver", "America/Los_Angeles"]),
    ("UY", &["America/Montevideo"]),
    ("ZA", &["Africa/Johannesburg"]),
];

/// The time zones of a country; none where they are not known here.
pub(super) fn zones(country: &str) -> &'static [&'static str] {
    ZONES.iter().find(|(code, _)| *code == country).map(|(_, zones)| *zones).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shop::source::written;

    #[test]
    fn every_country_and_every_zone_is_one_that_the_check_takes() {
        for (country, zones) in ZONES {
            assert!(written::is_country(country), "{country}");
            assert!(!zones.is_empty());
            for zone in *zones {
                assert_eq!(written::is_time_zone(zone), Ok(()), "{zone}");
            }
        }
        assert!(ZONES.is_sorted_by_key(|(country, _)| *country));
    }
}
