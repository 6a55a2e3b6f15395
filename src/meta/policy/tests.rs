use jiff::civil::date;

use super::*;
use crate::time::{DAY, HOUR};

/// The answer as text: the rule that allows, or why not and the rule that says so.
fn answer(
    transport: Transport,
    channel: Channel,
    country: &str,
    day: &str,
    since: Option<&str>,
    purpose: Purpose,
) -> String {
    let case = Case {
        channel,
        country: (!country.is_empty()).then(|| Country::new(country).unwrap()),
        business: Country::new("US").ok(),
        day: day.parse().unwrap(),
        recurring_since: since.map(|since| since.parse().unwrap()),
        purpose,
    };
    match permits(transport, &case) {
        Ok(rule) => rule.id.to_owned(),
        Err(no) => format!("{:?}: {}", no.why, no.rule.map_or("-", |rule| rule.id)),
    }
}

const OLD: Option<&str> = Some("2025-08-31");
const NEW: Option<&str> = Some("2025-09-01");

#[test]
fn recurring_notifications_end_by_day_and_area() {
    for (country, day, since, expected) in [
        ("BR", "2025-08-31", None, "recurring"),
        ("BR", "2025-08-31", NEW, "recurring"),
        ("BR", "2025-09-01", None, "Integration: recurring-no-new-integrations"),
        ("BR", "2025-09-01", NEW, "Integration: recurring-no-new-integrations"),
        ("BR", "2025-09-01", OLD, "recurring-no-new-integrations"),
        ("BR", "2026-02-09", OLD, "recurring-no-new-integrations"),
        ("BR", "2026-02-10", OLD, "Country: recurring-end"),
        ("TW", "2026-11-22", OLD, "Country: recurring-end"),
        ("LT", "2026-02-09", OLD, "recurring-no-new-integrations"),
        ("LT", "2026-02-10", OLD, "recurring-five-areas"),
        ("LT", "2026-11-22", OLD, "recurring-five-areas"),
        ("LT", "2026-11-22", NEW, "Integration: recurring-five-areas"),
        ("LT", "2026-11-22", None, "Integration: recurring-five-areas"),
        ("AU", "2026-11-22", OLD, "recurring-five-areas"),
        ("JP", "2026-11-22", OLD, "recurring-five-areas"),
        ("KR", "2026-11-22", OLD, "recurring-five-areas"),
        ("GB", "2026-11-22", OLD, "recurring-five-areas"),
        ("UK", "2026-11-22", OLD, "recurring-five-areas"),
        ("NO", "2026-11-22", OLD, "Country: recurring-end"),
        ("CH", "2026-11-22", OLD, "Country: recurring-end"),
        ("", "2026-02-09", OLD, "recurring-no-new-integrations"),
        ("", "2026-02-10", OLD, "CountryUnknown: recurring-five-areas"),
    ] {
        assert_eq!(
            answer(
                Transport::LegacyRecurring,
                Channel::Messenger,
                country,
                day,
                since,
                Purpose::Promotion
            ),
            expected,
            "{country} {day} {since:?}"
        );
    }
}

#[test]
fn paid_marketing_needs_one_of_its_countries() {
    for (country, day, expected) in [
        ("BR", "2025-06-30", "Day: paid-marketing"),
        ("BR", "2025-07-01", "paid-marketing"),
        ("US", "2026-11-22", "paid-marketing"),
        ("TW", "2026-11-22", "paid-marketing"),
        ("AU", "2026-11-22", "Country: paid-marketing-unreached"),
        ("LT", "2026-11-22", "Country: paid-marketing-unreached"),
        ("GB", "2026-11-22", "Country: paid-marketing-unreached"),
        ("AR", "2026-11-22", "paid-marketing"),
        ("", "2026-11-22", "CountryUnknown: paid-marketing"),
    ] {
        assert_eq!(
            answer(
                Transport::PaidMarketing,
                Channel::Messenger,
                country,
                day,
                None,
                Purpose::Promotion
            ),
            expected,
            "{country} {day}"
        );
    }
}

#[test]
fn a_business_of_another_country_cannot_pay_for_messages() {
    let case = |business: Option<&str>, country: &str| Case {
        channel: Channel::Messenger,
        country: Country::new(country).ok(),
        business: business.map(|code| Country::new(code).unwrap()),
        day: date(2026, 11, 22),
        recurring_since: None,
        purpose: Purpose::Promotion,
    };
    for (business, country, expected) in [
        (Some("TW"), "AR", Ok("paid-marketing")),
        (Some("AU"), "US", Ok("paid-marketing")),
        (Some("AU"), "AU", Err(Why::Country)),
        (Some("LT"), "US", Err(Why::Business)),
        (None, "US", Err(Why::Business)),
    ] {
        let found = permits(Transport::PaidMarketing, &case(business, country));
        let found = found.map(|rule| rule.id).map_err(|no| no.why);
        assert_eq!(found, expected, "{business:?} {country}");
    }
}

#[test]
fn message_tags_end_on_27_april_2026() {
    let tag =
        |day| answer(Transport::UpdateTag, Channel::Messenger, "", day, None, Purpose::Transaction);
    assert_eq!(tag("2026-04-26"), "update-tags");
    assert_eq!(tag("2026-04-27"), "Day: update-tags-end");
}

#[test]
fn the_window_is_open_to_everything_everywhere() {
    for channel in [Channel::Messenger, Channel::Instagram] {
        for purpose in [Purpose::Answer, Purpose::Promotion, Purpose::Transaction, Purpose::Human] {
            assert_eq!(
                answer(Transport::InWindow, channel, "", "2026-11-22", None, purpose),
                "standard-window"
            );
        }
    }
}

#[test]
fn purpose_and_channel_are_asked() {
    use Channel::{Instagram, Messenger};
    use Purpose::{Answer, Human, Promotion, Transaction};
    for (transport, channel, purpose, expected) in [
        (Transport::UtilityTemplate, Messenger, Transaction, "utility-templates"),
        (Transport::UtilityTemplate, Messenger, Promotion, "Purpose: utility-templates"),
        (Transport::UtilityTemplate, Instagram, Transaction, "Channel: utility-templates"),
        (Transport::PaidMarketing, Instagram, Promotion, "Channel: paid-marketing"),
        (Transport::LegacyRecurring, Instagram, Promotion, "Channel: recurring-five-areas"),
        (Transport::HumanAgent, Instagram, Human, "human-agent"),
        (Transport::HumanAgent, Messenger, Answer, "Purpose: human-agent"),
        (Transport::HumanAgent, Messenger, Promotion, "Purpose: human-agent"),
    ] {
        assert_eq!(
            answer(transport, channel, "LT", "2026-11-22", OLD, purpose),
            expected,
            "{transport:?} {channel:?} {purpose:?}"
        );
    }
}

#[test]
fn an_ad_opens_seven_days_since_28_september_2026() {
    for (opener, day, ms) in [
        (Opener::Message, date(2026, 9, 27), 24 * HOUR),
        (Opener::Message, date(2026, 9, 28), 24 * HOUR),
        (Opener::AdMessage, date(2026, 9, 27), 24 * HOUR),
        (Opener::AdMessage, date(2026, 9, 28), 7 * DAY),
        (Opener::Postback, date(2026, 11, 22), 24 * HOUR),
        (Opener::Referral, date(2026, 11, 22), 24 * HOUR),
        (Opener::Reaction, date(2026, 11, 22), 24 * HOUR),
        (Opener::Comment, date(2026, 11, 22), 0),
        (Opener::Optin, date(2026, 11, 22), 0),
    ] {
        assert_eq!(window_after(opener, day), ms, "{opener:?} {day}");
    }
}

#[test]
fn recurring_cooldown_is_48_hours_since_1_september_2025() {
    let recurring = Transport::LegacyRecurring;
    assert_eq!(cooldown(recurring, date(2025, 8, 31)), 24 * HOUR);
    assert_eq!(cooldown(recurring, date(2025, 9, 1)), 48 * HOUR);
    assert_eq!(cooldown(Transport::PaidMarketing, date(2026, 11, 22)), 24 * HOUR);
    assert_eq!(cooldown(Transport::InWindow, date(2026, 11, 22)), 0);
}

#[test]
fn what_ends_soon_is_found_from_its_horizon_to_its_last_day() {
    let ending = |day| ending_within(day, 30).map(|rule| rule.id).collect::<Vec<_>>();
    assert_eq!(ending(date(2026, 3, 26)), [""; 0]);
    assert_eq!(ending(date(2026, 3, 27)), ["update-tags"]);
    assert_eq!(ending(date(2026, 4, 26)), ["update-tags"]);
    assert_eq!(ending(date(2026, 4, 27)), [""; 0]);
    assert_eq!(ending(date(2025, 8, 20)), ["recurring"]);
    assert_eq!(ending(Date::MAX), [""; 0]);
}

#[test]
fn the_tables_are_sound() {
    for (i, rule) in RULES.iter().enumerate() {
        assert!(rule.valid_to.is_none_or(|last| rule.valid_from <= last), "{}", rule.id);
        assert!(!rule.channels.is_empty() && !rule.purposes.is_empty());
        assert!(!rule.source.is_empty() && rule.says.ends_with('.'));
        assert!(RULES.iter().skip(i + 1).all(|other| other.id != rule.id), "{}", rule.id);
        if let Areas::Only(list) | Areas::Except(list) = rule.areas {
            assert!(list.iter().all(|code| *code == "EU" || Country::new(code).is_ok()));
        }
    }
    assert_eq!(EU_MEMBERS.len(), 27);
    assert!(EU_MEMBERS.is_sorted());
    assert!(GRAPH_VERSIONS.is_sorted_by_key(|version| version.version));
}

/// Whatever the day, two rules never both allow the same case: the answer would hang on the order
/// of the table.
#[test]
fn rules_of_one_transport_do_not_overlap() {
    for (i, a) in RULES.iter().enumerate() {
        for b in RULES.iter().skip(i + 1) {
            let apart = a.valid_to.is_some_and(|last| last < b.valid_from)
                || b.valid_to.is_some_and(|last| last < a.valid_from);
            let same = a.transport == b.transport && a.effect == b.effect;
            assert!(!same || apart, "{} {}", a.id, b.id);
        }
    }
}
