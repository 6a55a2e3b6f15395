//! The data map: everything that is kept, from the declarations beside the code that keeps it. What
//! of it a shop really uses, and for how long, is what `GET /privacy` and the answers for Meta's
//! app review say.

use super::known::KNOWN;
use crate::kept::{Kind, Line, Until};
use crate::shop::kv_map::KEYS;
use crate::shop::model::Shop;
use crate::store::map::TABLES;

/// What a shop keeps of people, in the order in which it is told. Nothing that it has no use for.
#[must_use]
pub fn kept_of_people(shop: &Shop) -> Vec<Line> {
    let line = |kind: Kind| {
        let tables = TABLES.iter().filter(|table| table.kind == kind && fills(shop, table.name));
        let keys = KEYS.iter().filter(|key| key.kind == kind);
        let fields = KNOWN.iter().filter(|known| known.kind == kind).map(|_| Until::Forgotten);
        // A field that only says that something waits outlives nothing that it is about.
        let fields = fields.filter(|_| !matches!(kind, Kind::Questions | Kind::Sent));
        let until = tables.map(|table| table.until).chain(keys.map(|key| key.until)).chain(fields);
        // The chain of receipts and a keyed hash stay for ever, and say nothing of anybody.
        let until = until.filter(|until| *until != Until::Always || kind == Kind::Forgotten);
        until.max_by_key(|until| length(shop, *until)).map(|until| Line { kind, until })
    };
    Kind::ALL
        .into_iter()
        .filter(|kind| kind.is_personal() && uses(shop, *kind))
        .filter_map(line)
        .collect()
}

/// Whether a shop has a use for this kind of data at all.
#[must_use]
pub fn uses(shop: &Shop, kind: Kind) -> bool {
    match kind {
        Kind::Consents | Kind::Receipts => !shop.topics.is_empty(),
        Kind::Sent => {
            !shop.notifications.is_empty()
                || !shop.sequences.is_empty()
                || !shop.templates.is_empty()
                || shop.nudge.is_some()
                || !shop.comments.is_empty()
                || !shop.coupons.is_empty()
        }
        Kind::Answers => !shop.forms.is_empty() || leaves_something(shop),
        Kind::Bookings => !shop.services.is_empty(),
        Kind::Questions => shop.assistant.keep_misses_days.is_some(),
        Kind::Conversation
        | Kind::Messages
        | Kind::Origin
        | Kind::Handover
        | Kind::Notes
        | Kind::Handled
        | Kind::Forgotten
        | Kind::Figures
        | Kind::Running
        | Kind::Owners => true,
    }
}

/// Whether anything that people do puts a tag on them or sets a field.
fn leaves_something(shop: &Shop) -> bool {
    shop.all_tags().next().is_some() || shop.all_fields().next().is_some()
}

/// Whether a shop ever writes to a table.
fn fills(shop: &Shop, table: &str) -> bool {
    match table {
        "places" => !shop.sequences.is_empty(),
        "nudges" => shop.nudge.is_some(),
        "notices" => !shop.templates.is_empty(),
        "coupon_holders" | "coupon_orders" => !shop.coupons.is_empty(),
        "comments" => !shop.comments.is_empty(),
        "shares" | "credits" => shop.friends.is_some(),
        "reminders" => !shop.forms.is_empty(),
        _ => true,
    }
}

/// For comparing: in days, at most.
fn length(shop: &Shop, until: Until) -> u32 {
    match until {
        Until::Done => 0,
        Until::Days(days) => u32::from(days),
        Until::MissesDays => shop.assistant.keep_misses_days.map_or(0, u32::from),
        Until::ReceiptsMonths => {
            let months = shop.privacy.as_ref().map_or(0, |privacy| privacy.keep_receipts_months);
            u32::from(months).saturating_mul(31)
        }
        Until::Replaced => u32::MAX.saturating_sub(2),
        Until::Forgotten => u32::MAX.saturating_sub(1),
        Until::Always => u32::MAX,
    }
}

/// `docs/data-map.md` after its head: every table and column, every field of a person, every key of
/// KV and every fact.
#[cfg(not(target_arch = "wasm32"))]
#[must_use]
pub fn reference() -> String {
    use crate::store::map::FACTS;
    use std::fmt::Write as _;
    let mut text = String::from(
        "## What is kept, in short\n\n| what | where | how long | when its person is forgotten |\n\
         |---|---|---|---|\n",
    );
    for kind in Kind::ALL {
        for table in TABLES.iter().filter(|table| table.kind == kind) {
            let (until, gone) = (table.until.name(), table.gone.name());
            let _ =
                writeln!(text, "| {} | table `{}` | {until} | {gone} |", kind.name(), table.name);
        }
        for key in KEYS.iter().filter(|key| key.kind == kind) {
            let (until, gone) = (key.until.name(), key.gone.name());
            let _ = writeln!(text, "| {} | KV `{}` | {until} | {gone} |", kind.name(), key.prefix);
        }
    }
    text.push_str("\n## The tables of a Desk\n");
    for table in TABLES {
        let _ = write!(
            text,
            "\n### `{}`\n\n{}\n\n| column | what |\n|---|---|\n",
            table.name, table.purpose
        );
        for (name, says) in table.columns {
            let _ = writeln!(text, "| `{name}` | {says} |");
        }
    }
    text.push_str(
        "\n## A person\n\nThe column `body` of the table `people`. A field that is not known is not \
         there. All go at once when the person is forgotten.\n\n| field | what | part of |\n|---|---|---|\n",
    );
    for known in KNOWN {
        let _ = writeln!(text, "| `{}` | {} | {} |", known.name, known.says, known.kind.name());
    }
    text.push_str("\n## KV\n");
    for key in KEYS {
        let _ = write!(text, "\n### `{}`\n\n{}\n", key.prefix, key.purpose);
        if !key.fields.is_empty() {
            text.push_str("\n| field | what |\n|---|---|\n");
        }
        for (name, says) in key.fields {
            let _ = writeln!(text, "| `{name}` | {says} |");
        }
    }
    text.push_str("\n## Facts\n\nRows of the table `facts`.\n\n| name | what |\n|---|---|\n");
    for fact in FACTS {
        let name = fact.name.trim_end();
        let more = if fact.name.ends_with([' ', ':']) { " …" } else { "" };
        let _ = writeln!(text, "| `{name}`{more} | {} |", fact.says);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shop::source::compile;

    const PLAIN: &str = "[shop]\nname = \"A\"\nlanguages = [\"en\"]\ntime_zone = \"UTC\"\n\n\
                         [[page]]\nid = \"1\"\nusername = \"a.shop\"\n";

    fn shop(source: &str) -> Shop {
        let compiled = compile(source);
        assert!(!compiled.has_errors(), "{:?}", compiled.diagnostics);
        compiled.shops.into_iter().next().unwrap()
    }

    fn kinds(shop: &Shop) -> Vec<Kind> {
        kept_of_people(shop).into_iter().map(|line| line.kind).collect()
    }

    #[test]
    fn a_shop_is_told_only_what_it_has_a_use_for() {
        let plain = kinds(&shop(PLAIN));
        for unused in [Kind::Consents, Kind::Receipts, Kind::Sent, Kind::Bookings, Kind::Questions]
        {
            assert!(!plain.contains(&unused), "{unused:?}");
        }
        assert!(plain.contains(&Kind::Conversation) && plain.contains(&Kind::Handled));
        let whole = shop(include_str!("../../examples/cafe/shop.toml"));
        let all = kinds(&whole);
        for used in [Kind::Consents, Kind::Receipts, Kind::Sent, Kind::Answers] {
            assert!(all.contains(&used), "{used:?}");
        }
        assert!(!all.iter().any(|kind| !kind.is_personal()));
    }

    #[test]
    fn tags_are_told_of_exactly_when_something_leaves_them() {
        let tells = |more: &str| kinds(&shop(&format!("{PLAIN}{more}"))).contains(&Kind::Answers);
        for nothing in ["", "[friends]\n", "[[ad]]\nid = \"a\"\n", "[[poster]]\ncode = \"P\"\n"] {
            assert!(!tells(nothing), "{nothing}");
        }
        for something in [
            "[friends]\nthanks_tags = [\"host\"]\n",
            "[friends]\ncounted_in = \"brought\"\n",
            "[[ad]]\nid = \"a\"\nset.size = \"L\"\n",
            "[[coupon]]\nid = \"c\"\ntitle.en = \"C\"\ntags = [\"bought\"]\n",
            "[[comment]]\nid = \"r\"\nposts = [\"1\"]\ntext.en = \"T\"\ntags = [\"asked\"]\n",
            "[[poster]]\ncode = \"P\"\nquick_replies = [{ human = true, tags = [\"a\"] }]\n",
        ] {
            assert!(tells(something), "{something}");
        }
    }

    #[test]
    fn the_longest_of_a_kind_is_what_people_are_told() {
        let source = format!("{PLAIN}\n[assistant]\nkeep_misses_days = 45\n");
        let lines = kept_of_people(&shop(&source));
        let until = |kind: Kind| lines.iter().find(|line| line.kind == kind).unwrap().until;
        assert_eq!(until(Kind::Messages), Until::Days(7), "parked longer than sent");
        assert_eq!(until(Kind::Handled), Until::Days(3));
        assert_eq!(until(Kind::Questions), Until::MissesDays);
        assert_eq!(until(Kind::Conversation), Until::Forgotten);
        assert_eq!(until(Kind::Forgotten), Until::Always);
    }
}
