//! What Meta says of the pace in headers of its answers.

use super::json::{Raw, object};

/// How long a hint counts at most, in seconds: an hour. After that it is asked again.
const LONGEST_S: u32 = 3_600;

object! {
    UsageFields<'de> {
        regain = b"estimated_time_to_regain_access",
    }
}

/// For how many seconds a Page has to wait, by `X-Business-Use-Case-Usage`: a map of business ids
/// to lists of uses, each with the minutes until access is regained (Meta, Graph API rate limits;
/// from practice and not confirmed by a page of 2026). None when it does not say, or says none.
#[must_use]
pub fn regain_s(header: &str) -> Option<u32> {
    let uses = serde_json::from_str::<Raw<'_>>(header).ok()?.pairs();
    let uses = uses.into_iter().flat_map(|(_, uses)| uses.items());
    let minutes = uses.filter_map(|of| of.object::<UsageFields<'_>>()?.regain?.count());
    let longest = minutes.max().filter(|minutes| *minutes > 0)?;
    Some(longest.saturating_mul(60).min(LONGEST_S))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_wait_counts_and_nothing_else_is_read() {
        for (header, seconds) in [
            (
                r#"{"1":[{"type":"messenger","call_count":100,"estimated_time_to_regain_access":7}]}"#,
                Some(420),
            ),
            (
                r#"{"1":[{"estimated_time_to_regain_access":"2"},{"estimated_time_to_regain_access":0}]}"#,
                Some(120),
            ),
            (r#"{"1":[{"estimated_time_to_regain_access":99999999}]}"#, Some(3_600)),
            (r#"{"1":[{"call_count":100}],"2":7,"3":[null]}"#, None),
            (r#"{"call_count":28,"total_time":25}"#, None),
            ("", None),
            ("[1]", None),
            ("{", None),
        ] {
            assert_eq!(regain_s(header), seconds, "{header}");
        }
    }
}
