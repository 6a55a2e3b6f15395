//! What a Desk remembers of a person, field by field, for the data map. A test holds it against
//! [`super::person::Person`].

use crate::kept::Kind;

/// A field of a person.
#[derive(Debug)]
pub struct Known {
    /// Its name in the column `body` of the table `people`.
    pub name: &'static str,
    /// What it is about.
    pub kind: Kind,
    /// What it says.
    pub says: &'static str,
}

const fn of(kind: Kind, name: &'static str, says: &'static str) -> Known {
    Known { name, kind, says }
}

/// Every field. A new one is a line here. All of them go at once when the person is forgotten.
pub static KNOWN: &[Known] = &[
    of(Kind::Conversation, "first_seen", "when they first did something"),
    of(Kind::Conversation, "last_inbound", "when they last wrote, tapped or came in"),
    of(Kind::Conversation, "window_until", "until when they may be written to"),
    of(Kind::Conversation, "language", "the language they were last understood in"),
    of(Kind::Conversation, "paused_until", "until when a person talks with them"),
    of(Kind::Conversation, "away_told", "when they were told that the shop is closed"),
    of(Kind::Conversation, "fallback_at", "when they were last told that nothing fits"),
    of(Kind::Consents, "asked", "when they were asked to agree to a topic"),
    of(Kind::Consents, "shown", "what they were shown then"),
    of(Kind::Consents, "topics", "what they said to each topic"),
    of(Kind::Consents, "stopped_at", "when they last said STOP"),
    of(Kind::Conversation, "misses", "how many of their messages in a row had no answer"),
    of(Kind::Conversation, "disclosed_at", "when they were told that it is an assistant"),
    of(Kind::Conversation, "delete_asked", "when they asked to be forgotten"),
    of(Kind::Conversation, "delete_noted", "the same, while nobody could ask whether they mean it"),
    of(Kind::Conversation, "offered_at", "when they were offered answers to choose from"),
    of(Kind::Origin, "first_touch", "the poster, ad or comment that brought them first, and when"),
    of(Kind::Origin, "last_touch", "what brought them last, and when"),
    of(Kind::Origin, "expected", "the comment of theirs that was answered, until they write"),
    of(Kind::Origin, "friend_code", "the code in their link for friends"),
    of(Kind::Origin, "friends_untold", "how many friends came by it"),
    of(Kind::Conversation, "first_name", "their first name, when Meta tells it"),
    of(Kind::Conversation, "full_name", "their name, when Meta tells it"),
    of(Kind::Conversation, "locale", "the language and country of their app, when Meta tells it"),
    of(Kind::Conversation, "profile_at", "when Meta was asked for these"),
    of(Kind::Conversation, "profile_again", "when it may be asked again"),
    of(Kind::Answers, "forms", "forms they have begun, with the answers so far"),
    of(Kind::Answers, "tags", "what answers, scans and taps put on them"),
    of(Kind::Answers, "fields", "what they answered"),
    of(Kind::Consents, "wishes", "the offers they asked to be told of, and when"),
    of(Kind::Sent, "coupons", "the codes they were given"),
    of(Kind::Sent, "nudge_at", "when they are looked at before their window closes"),
    of(Kind::Sent, "nudged_at", "when they last got the last word before that"),
    of(Kind::Origin, "ad_at", "when they came by an ad and have not written since"),
    of(Kind::Questions, "offered", "the question of theirs that waits for a choice"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::desk::person::Person;
    use serde::Deserialize;
    use serde::de::value::Error;
    use serde::de::{Deserializer, Visitor};

    /// Reads nothing, and notes the fields that a type asks for.
    struct Asks<'a>(&'a mut Vec<&'static str>);

    impl<'de> Deserializer<'de> for Asks<'_> {
        type Error = Error;

        fn deserialize_struct<V: Visitor<'de>>(
            self,
            _name: &'static str,
            fields: &'static [&'static str],
            _visitor: V,
        ) -> Result<V::Value, Error> {
            self.0.extend(fields);
            Err(serde::de::Error::custom("enough"))
        }

        fn deserialize_any<V: Visitor<'de>>(self, _visitor: V) -> Result<V::Value, Error> {
            Err(serde::de::Error::custom("no struct"))
        }

        serde::forward_to_deserialize_any! {
            bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf option unit
            unit_struct newtype_struct seq tuple tuple_struct map enum identifier ignored_any
        }
    }

    #[test]
    fn every_field_of_a_person_is_on_the_map() {
        let mut fields = Vec::new();
        assert!(Person::deserialize(Asks(&mut fields)).is_err());
        let known: Vec<&str> = KNOWN.iter().map(|known| known.name).collect();
        assert_eq!(fields, known, "say in src/desk/known.rs what a new field is about");
    }
}
