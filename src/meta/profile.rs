//! What Meta tells of a person: `GET /{version}/{psid}?fields=…` (Meta, "User Profile API", 2026).
//!
//! Many apps may not ask at all, and many people have nothing to show: an empty answer is as normal
//! as a name. What comes is what somebody chose to call themselves, so it is cleaned like any
//! input before it is ever printed.

use super::event::Channel;
use super::graph_error::{Class, Reply, Verdict, judge};
use super::json::{Raw, object};
use crate::time::{DAY, HOUR};

/// A name is asked for again after this long, ms. Our own: names change rarely, and every question
/// counts against the Page's calls.
pub const KEPT_MS: i64 = 30 * DAY;

/// After passing trouble Meta is asked again after this long, ms. Our own.
pub const AGAIN_MS: i64 = 6 * HOUR;

/// The longest name that is kept, in characters (Facebook takes 50 for each part; third parties,
/// 2026).
const LONGEST: usize = 60;

/// What is known of a person. Names are never logged: the readable form hides them.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Profile {
    /// Their first name.
    pub first_name: Option<String>,
    /// Their whole name.
    pub full_name: Option<String>,
    /// The language and country of their app: `lt_LT`.
    pub locale: Option<String>,
}

impl std::fmt::Debug for Profile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Profile").finish_non_exhaustive()
    }
}

/// What an answer means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// This is what Meta tells of them, which may be nothing.
    Known(Profile),
    /// Meta tells nothing of this person to this app, for good.
    Nothing,
    /// One of the fields is not for this app: the others may be.
    FewerFields,
    /// Passing trouble.
    Later,
}

/// How much is asked for. `locale` needs a permission of its own (`pages_user_locale`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fields {
    /// Names and locale.
    #[default]
    All,
    /// Names.
    Names,
}

/// The value of `fields`. Instagram has one name for both.
#[must_use]
pub const fn fields(channel: Channel, fields: Fields) -> &'static str {
    match (channel, fields) {
        (Channel::Messenger, Fields::All) => "first_name,last_name,locale",
        (Channel::Messenger, Fields::Names) => "first_name,last_name",
        (Channel::Instagram, _) => "name",
    }
}

object! {
    Answer<'de> {
        error = b"error",
        first_name = b"first_name",
        last_name = b"last_name",
        name = b"name",
        locale = b"locale",
    }
}

/// Reads an answer to a question for `asked`.
#[must_use]
pub fn read(reply: &Reply<'_>, channel: Channel, asked: Fields) -> Told {
    let body = String::from_utf8_lossy(reply.body);
    let answer = serde_json::from_str::<Answer<'_>>(&body).ok();
    if let Some(answer) = answer.filter(|answer| answer.error.is_none() && reply.status == 200) {
        return Told::Known(profile(&answer, channel));
    }
    let Verdict::Failed(failure) = judge(reply) else { return Told::Later };
    match failure.class {
        Class::NoProfile | Class::Unreachable => Told::Nothing,
        Class::BadRequest | Class::Permission
            if asked == Fields::All && channel == Channel::Messenger =>
        {
            Told::FewerFields
        }
        Class::BadRequest | Class::Permission => Told::Nothing,
        _ => Told::Later,
    }
}

fn profile(answer: &Answer<'_>, channel: Channel) -> Profile {
    let text = |raw: Option<Raw<'_>>| raw.and_then(Raw::text).and_then(|text| name(&text));
    let (first, last, whole) = (text(answer.first_name), text(answer.last_name), text(answer.name));
    let joined = match (&first, &last) {
        (Some(first), Some(last)) => Some(whole_name(first, last)),
        (Some(only), None) | (None, Some(only)) => Some(only.clone()),
        (None, None) => None,
    };
    let full_name = whole.or(joined);
    let first_name = match channel {
        Channel::Messenger => first,
        // Nobody knows which of its words is the first name: a name of one word is one.
        Channel::Instagram => full_name.clone().filter(|name| !name.contains(' ')),
    };
    let locale = answer.locale.and_then(Raw::text).filter(|locale| is_locale(locale));
    Profile { first_name, full_name, locale }
}

/// Chinese, Japanese and Korean names begin with the family.
fn whole_name(first: &str, last: &str) -> String {
    let family_first = |name: &str| name.chars().all(|c| ('\u{2e80}'..='\u{d7ff}').contains(&c));
    if family_first(first) && family_first(last) {
        format!("{last}{first}")
    } else {
        format!("{first} {last}")
    }
}

/// A name as it may be printed: on one line, without characters that change how their neighbours
/// are shown; `None` when nothing of a name is left, or too much of it.
#[must_use]
pub fn name(text: &str) -> Option<String> {
    let shown: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let hidden = |c: char| {
        matches!(c, '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2066}'..='\u{2069}' | '\u{feff}' | '\u{e000}'..='\u{f8ff}')
    };
    let shown: String = shown.chars().filter(|c| !hidden(*c)).collect();
    let name = shown.split_whitespace().collect::<Vec<_>>().join(" ");
    let is_name = name.chars().any(char::is_alphabetic) && name.chars().count() <= LONGEST;
    is_name.then_some(name)
}

fn is_locale(text: &str) -> bool {
    (2..=12).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(status: u16, body: &str, channel: Channel, asked: Fields) -> Told {
        super::read(&Reply { status, retry_after_s: None, body: body.as_bytes() }, channel, asked)
    }

    fn known(body: &str, channel: Channel) -> Profile {
        match read(200, body, channel, Fields::All) {
            Told::Known(profile) => profile,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn names_and_locale_are_read_and_their_absence_is_no_error() {
        let body = r#"{"id":"7","first_name":"Ona","last_name":"Petrauskė","locale":"lt_LT"}"#;
        let profile = known(body, Channel::Messenger);
        assert_eq!(profile.first_name.as_deref(), Some("Ona"));
        assert_eq!(profile.full_name.as_deref(), Some("Ona Petrauskė"));
        assert_eq!(profile.locale.as_deref(), Some("lt_LT"));
        assert_eq!(known("{}", Channel::Messenger), Profile::default());
        assert_eq!(known(r#"{"id":"7","first_name":""}"#, Channel::Messenger), Profile::default());
        let odd = r#"{"first_name":null,"last_name":["x"],"locale":"lt LT"}"#;
        assert_eq!(known(odd, Channel::Messenger), Profile::default());
    }

    #[test]
    fn instagram_has_one_name_which_is_a_first_name_when_it_is_one_word() {
        let whole = known(r#"{"name":"Ona Petrauskė"}"#, Channel::Instagram);
        assert_eq!((whole.first_name, whole.full_name.as_deref()), (None, Some("Ona Petrauskė")));
        assert_eq!(
            known(r#"{"name":"Ona"}"#, Channel::Instagram).first_name.as_deref(),
            Some("Ona")
        );
    }

    #[test]
    fn a_family_name_stands_first_where_it_does() {
        let body = r#"{"first_name":"怡君","last_name":"林"}"#;
        assert_eq!(known(body, Channel::Messenger).full_name.as_deref(), Some("林怡君"));
    }

    #[test]
    fn a_name_is_printed_on_one_line_and_harms_nothing_around_it() {
        for (given, expected) in [
            ("  Ona \n Marija ", Some("Ona Marija")),
            ("On\u{202e}a\u{0}", Some("Ona")),
            ("{page}", Some("{page}")),
            ("***", None),
            ("\u{e000}", None),
            ("7", None),
        ] {
            assert_eq!(name(given).as_deref(), expected, "{given:?}");
        }
        assert_eq!(name(&"a".repeat(LONGEST + 1)), None);
    }

    #[test]
    fn a_refusal_is_for_good_or_for_some_fields_and_trouble_passes() {
        let error = |code: u32, subcode: u32| {
            format!(r#"{{"error":{{"message":"no","code":{code},"error_subcode":{subcode}}}}}"#)
        };
        let messenger = |status, body: &str, asked| read(status, body, Channel::Messenger, asked);
        assert_eq!(messenger(400, &error(100, 2_018_247), Fields::All), Told::Nothing);
        assert_eq!(messenger(400, &error(100, 2_018_218), Fields::All), Told::Nothing);
        assert_eq!(messenger(400, &error(100, 33), Fields::All), Told::FewerFields);
        assert_eq!(messenger(400, &error(100, 33), Fields::Names), Told::Nothing);
        assert_eq!(messenger(403, &error(200, 0), Fields::All), Told::FewerFields);
        for (status, body) in [
            (429, ""),
            (500, "<html>"),
            (200, "<html>"),
            (401, &*error(190, 460)),
            (400, &error(4, 0)),
        ] {
            assert_eq!(messenger(status, body, Fields::All), Told::Later, "{status} {body}");
        }
    }

    #[test]
    fn names_are_not_debugged() {
        let told =
            Told::Known(known(r#"{"first_name":"Ona","last_name":"P"}"#, Channel::Messenger));
        assert!(!format!("{told:?}").contains("Ona"));
    }
}
