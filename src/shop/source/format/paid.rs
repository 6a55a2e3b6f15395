//! Paid messages, and templates that Meta approves.

use super::{Kind, Need, Table, TextRule, may, must};

/// The longest text of a template, in UTF-16 units. Meta's limit is not documented for Messenger;
/// this is the text above buttons.
const TEMPLATE_LIMIT: usize = super::BUTTON_TEXT_LIMIT;

pub(super) static MARKETING: Table = Table {
    header: "[marketing]",
    doc: "Meta's paid Marketing Message API, for people outside the 24 hours. Only for apps of tech \
          providers, businesses in twenty countries, and people outside the EU, the UK, Australia, \
          Japan and South Korea. Needs the secret `ADS_TOKEN`.",
    keys: &[
        must("ad_account", Kind::Digits, "The number of the ad account that pays, without act_."),
        must("country", Kind::Country, "Where the business is."),
        must("currency", Kind::Name, "The ad account's currency: \"TWD\"."),
        must(
            "most_per_day",
            Kind::Price,
            "The hard cap: no more than this is spent on one day of the shop's clock, whatever \
             happens.",
        ),
        must(
            "most_per_thousand",
            Kind::Price,
            "What a thousand messages cost at most. Each message counts for a thousandth of it \
             against the cap, whatever Meta charges in the end.",
        ),
    ],
};

pub(super) static TEMPLATE: Table = Table {
    header: "[[template]]",
    doc: "A text for what somebody is waiting for: an order, a delivery, an appointment. It may be \
          sent outside the 24 hours, on Messenger, once Meta has approved it; `shopbell template` \
          hands it in. No offers.",
    keys: &[
        must("id", Kind::Id, "Its name: a-z, 0-9 and _."),
        may(
            "for",
            Kind::OneOf(&["notice", "booking-reminder"]),
            "What it is for: notices that you send, if nothing is said; or the reminder before an \
             appointment, with the places {when}, {service} and {shop}.",
        ),
        must(
            "text",
            Kind::Text(TextRule {
                limit: TEMPLATE_LIMIT,
                split: false,
                template: false,
                places: true,
                need: Need::Default,
            }),
            "What it says. {name} is a place; it may not stand at the beginning or the end.",
        ),
        may("examples", Kind::Examples, "What stands in each place when Meta judges the text."),
    ],
};
