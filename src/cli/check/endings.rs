//! Rules of Meta's that the shop's notifications leave by, and that end soon.

use jiff::civil::Date;

use crate::meta::policy::Rule;
use crate::outreach::ladder;
use crate::shop::source::Compiled;
use crate::shop::source::diagnostic::Diagnostic;

/// How long before its last day a rule is told of, in days.
pub const NOTICE_DAYS: i32 = 30;

/// One warning for each rule that ends within [`NOTICE_DAYS`] of `day`, at the first notification.
#[must_use]
pub fn endings(compiled: &Compiled, day: Date) -> Vec<Diagnostic> {
    let Some((id, place)) = compiled.places.notifications.first() else { return Vec::new() };
    let mut told: Vec<&str> = Vec::new();
    let mut found = Vec::new();
    for rule in compiled.shops.iter().flat_map(|shop| ladder::relied_on(shop, day)) {
        if let Some((last, left)) = ends_soon(rule, day)
            && !told.contains(&rule.id)
        {
            told.push(rule.id);
            let message = format!("a rule that \"{id}\" leaves by ends on {last}");
            found.push(
                Diagnostic::warning("rule-ends", place.clone(), message)
                    .label(match left {
                        0 => "today is its last day".to_owned(),
                        1 => "one more day".to_owned(),
                        left => format!("{left} more days"),
                    })
                    .help(format!(
                        "{} ({}, {}); `shopbell plan --at {}` shows who will be held then",
                        rule.says,
                        rule.source,
                        rule.source_date,
                        last.tomorrow().unwrap_or(last)
                    ))
                    .data(serde_json::json!({ "rule": rule.id, "last_day": last.to_string() })),
            );
        }
    }
    found
}

/// The last day of a rule and how many days are left, if that is not many.
fn ends_soon(rule: &Rule, day: Date) -> Option<(Date, i32)> {
    let last = rule.valid_to?;
    let left = day.until(last).ok()?.get_days();
    (0..=NOTICE_DAYS).contains(&left).then_some((last, left))
}
