//! Single values as the check reads them, for what asks an owner before there is a file.

use super::values;

/// Whether this can be the number of a Page.
#[must_use]
pub fn is_page_id(text: &str) -> bool {
    values::digits(text).is_ok()
}

/// Whether this can be the name in an m.me link.
#[must_use]
pub fn is_page_name(text: &str) -> bool {
    values::page_name(text).is_ok()
}

/// Whether this is a phone number in its international form.
#[must_use]
pub fn is_phone(text: &str) -> bool {
    values::phone(text).is_ok()
}

/// Whether a country has this code.
#[must_use]
pub fn is_country(text: &str) -> bool {
    values::country(text).is_ok()
}

/// Whether there is a time zone of this name.
///
/// # Errors
/// The name that is most likely meant, if one is like it.
pub fn is_time_zone(text: &str) -> Result<(), Option<String>> {
    values::known_zone(text)
}

/// A text as it stands in `shop.toml`: in quotation marks, with what needs it escaped.
#[must_use]
pub fn quoted(text: &str) -> String {
    values::quoted(text)
}
