//! Which countries Meta's rules mean.

use super::super::ids::Country;

/// Where a rule applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Areas {
    /// Whatever the country, known or not.
    Everywhere,
    /// In these countries; `EU` stands for [`EU_MEMBERS`].
    Only(&'static [&'static str]),
    /// In all countries but these; `EU` stands for [`EU_MEMBERS`].
    Except(&'static [&'static str]),
}

impl Areas {
    /// Whether `country` is meant.
    #[must_use]
    pub fn contain(self, country: Country) -> bool {
        match self {
            Self::Everywhere => true,
            Self::Only(list) => listed(list, country),
            Self::Except(list) => !listed(list, country),
        }
    }
}

fn listed(list: &[&str], country: Country) -> bool {
    let code = match country.as_str() {
        // ISO has GB; people and Meta write UK. Greece is EL to the EU itself.
        "UK" => "GB",
        "EL" => "GR",
        code => code,
    };
    list.iter().any(|&entry| entry == code || entry == "EU" && EU_MEMBERS.contains(&code))
}

/// The 27 members of the European Union (europa.eu, 2026; unchanged since 1 February 2020).
pub const EU_MEMBERS: &[&str] = &[
    "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IT",
    "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK",
];
