//! Whether somebody belongs to a segment. Pure: (segment, Page, person, now) to yes or no.

use super::person::Person;
use crate::shop::forms::{Decimal, FieldValue};
use crate::shop::model::Page;
use crate::shop::segments::{Condition, Segment};
use crate::time::{DAY, UnixMs};

/// Whether `person`, who writes to `page`, belongs to `segment` at `now`.
#[must_use]
pub fn matches(segment: &Segment, page: &Page, person: &Person, now: UnixMs) -> bool {
    let holds = |condition: &Condition| holds(condition, page, person, now);
    segment.all.iter().all(holds)
        && (segment.any.is_empty() || segment.any.iter().any(holds))
        && !segment.not.iter().any(holds)
}

fn holds(condition: &Condition, page: &Page, person: &Person, now: UnixMs) -> bool {
    // Whoever was never seen was not seen for longer than anybody counts.
    let silent_ms = person.last_inbound.map_or(i64::MAX, |last| now.since(last));
    let days = |days: u16| i64::from(days).saturating_mul(DAY);
    match condition {
        Condition::Tag(tag) => person.tags.contains(tag),
        Condition::Field { field, is, at_least, at_most } => {
            person.fields.get(field).is_some_and(|value| {
                let number = number(value);
                let bound = |bound: &Option<i64>, fits: fn(Decimal, Decimal) -> bool| {
                    bound.is_none_or(|b| number.is_some_and(|n| fits(n, Decimal::whole(b))))
                };
                (is.is_empty() || is.iter().any(|wanted| says(value, wanted)))
                    && bound(at_least, |n, b| n >= b)
                    && bound(at_most, |n, b| n <= b)
            })
        }
        Condition::WindowOpen(open) => person.window_open(now) == *open,
        Condition::Branch(branch) => page.branch.as_ref() == Some(branch),
        Condition::Topic(topic) => person.agreed(topic),
        Condition::Language(lang) => {
            person.language.as_ref().is_some_and(|spoken| spoken.same_tag(lang))
        }
        Condition::SeenWithinDays(n) => silent_ms <= days(*n),
        Condition::UnseenForDays(n) => silent_ms > days(*n),
    }
}

fn number(value: &FieldValue) -> Option<Decimal> {
    match value {
        FieldValue::Number(number) => Some(*number),
        FieldValue::Photos(count) => Some(Decimal::whole(i64::from(*count))),
        FieldValue::Choice(id) => id.parse().ok().map(Decimal::whole),
        _ => None,
    }
}

/// Whether a value is what the owner wrote.
fn says(value: &FieldValue, wanted: &str) -> bool {
    let wanted = wanted.trim();
    match value {
        FieldValue::Text(text) | FieldValue::Email(text) => {
            text.trim().to_lowercase() == wanted.to_lowercase()
        }
        FieldValue::Choice(id) | FieldValue::Phone(id) => id == wanted,
        FieldValue::Number(number) => {
            number.written('.') == wanted || number.written(',') == wanted
        }
        FieldValue::Date(date) => date.to_string() == wanted,
        FieldValue::Time(minutes) => format!("{:02}:{:02}", minutes / 60, minutes % 60) == wanted,
        FieldValue::Slot { service, .. } => service.as_str() == wanted,
        FieldValue::Photos(count) => count.to_string() == wanted,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::meta::ids::{FieldId, TopicId};
    use crate::shop::model::{Lang, Shop};

    fn shop(segment: &str) -> Shop {
        let source = format!(
            "[shop]\nname = \"A\"\nlanguages = [\"en\", \"lt\"]\ntime_zone = \"UTC\"\n\
             [[page]]\nid = \"1\"\nusername = \"a\"\nbranch = \"Old Town\"\n\
             [[poster]]\ncode = \"D\"\ntopic = \"news\"\ntags = [\"lunch\", \"vip\"]\n\
             set = {{ people = 2, size = \"L\" }}\n\
             [privacy]\ncontroller = \"A\"\ncontact = \"a@a.example\"\n\
             legal_basis = \"consent\"\nkeep_receipts_months = 24\n\
             [[topic]]\nid = \"news\"\ntitle.en = \"N\"\ntitle.lt = \"N\"\npromise = \"weekly\"\n\
             [[segment]]\nid = \"s\"\n{segment}\n"
        );
        let compiled = crate::shop::source::compile(&source);
        assert!(!compiled.has_errors(), "{:?}", compiled.diagnostics);
        compiled.shops.into_iter().next().unwrap()
    }

    fn person(now: UnixMs) -> Person {
        let mut person = Person::new(UnixMs::new(0));
        person.touch(now.plus(-3 * DAY), DAY);
        person.tags.insert("lunch".into());
        let field = |name: &str| FieldId::new(name).unwrap();
        person.fields.insert(field("people"), FieldValue::Number(Decimal::whole(4)));
        person.fields.insert(field("size"), FieldValue::Text("L".into()));
        person.language = Some(Lang("lt".into()));
        person.say_on_topic(&TopicId::new("news").unwrap(), true, now);
        person
    }

    #[test]
    fn each_condition_is_about_what_it_says() {
        let now = UnixMs::new(100 * DAY);
        for (condition, expected) in [
            ("{ tag = \"lunch\" }", true),
            ("{ tag = \"vip\" }", false),
            ("{ field = \"people\" }", true),
            ("{ field = \"people\", is = [\"4\"] }", true),
            ("{ field = \"people\", at_least = 5 }", false),
            ("{ field = \"people\", at_least = 2, at_most = 4 }", true),
            ("{ field = \"size\", is = [\"S\", \"l\"] }", true),
            ("{ window = \"open\" }", false),
            ("{ window = \"closed\" }", true),
            ("{ branch = \"Old Town\" }", true),
            ("{ topic = \"news\" }", true),
            ("{ language = \"lt\" }", true),
            ("{ language = \"en\" }", false),
            ("{ seen_within_days = 3 }", true),
            ("{ seen_within_days = 2 }", false),
            ("{ unseen_for_days = 2 }", true),
            ("{ unseen_for_days = 3 }", false),
        ] {
            for (list, wanted) in [("all", expected), ("any", expected), ("not", !expected)] {
                let shop = shop(&format!("{list} = [{condition}]"));
                let is = matches(&shop.segments[0], &shop.page, &person(now), now);
                assert_eq!(is, wanted, "{list} {condition}");
            }
        }
    }

    #[test]
    fn the_lists_hold_together() {
        let now = UnixMs::new(100 * DAY);
        let shop = shop(
            "all = [{ tag = \"lunch\" }]\nany = [{ tag = \"vip\" }, { topic = \"news\" }]\n\
             not = [{ language = \"en\" }]",
        );
        let mut person = person(now);
        let is = |person: &Person| matches(&shop.segments[0], &shop.page, person, now);
        assert!(is(&person));
        person.language = Some(Lang("en".into()));
        assert!(!is(&person));
        person.language = None;
        assert!(is(&person));
        person.tags.clear();
        assert!(!is(&person));
    }

    #[test]
    fn a_stranger_was_not_seen_for_any_time() {
        let shop = shop("all = [{ unseen_for_days = 365 }]");
        assert!(matches(&shop.segments[0], &shop.page, &Person::default(), UnixMs::new(0)));
    }
}
