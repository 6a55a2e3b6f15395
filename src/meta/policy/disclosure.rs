//! Where an assistant has to say that it is one.

use jiff::civil::{Date, date};

use super::super::ids::Country;

/// A place that asks for it.
#[derive(Debug)]
pub struct Disclosure {
    /// ISO 3166-1 alpha-2. California stands for the United States: nobody tells us a state.
    pub country: &'static str,
    /// First day this table knows of it.
    pub valid_from: Date,
    /// Where Meta says it.
    pub source: &'static str,
    /// The day of that source.
    pub source_date: Date,
}

const fn named(country: &'static str) -> Disclosure {
    Disclosure {
        country,
        valid_from: date(2020, 1, 1),
        source: "Meta, Messenger Platform policy: California and Germany are named",
        source_date: date(2026, 9, 28),
    }
}

/// Every place.
pub const DISCLOSURES: &[Disclosure] = &[named("DE"), named("US")];

/// Whether a shop of this country has to say so on `day`.
#[must_use]
pub fn disclosure_required(country: &Country, day: Date) -> bool {
    DISCLOSURES.iter().any(|place| place.country == country.as_str() && place.valid_from <= day)
}
