//! Answers, put into the templates.
//!
//! A frame has lines `#% NAME`: there the body's section of that name comes. In both, `%NAME%` and
//! the like stand for an answer. What is put in is not looked at again, so that no answer can hold a
//! place of its own.

use super::answers::{Answers, Kind, Tongue, username_of};
use crate::cli::check::made_up::NO_PAGE;
use crate::shop::source::written::quoted;

/// Before the place of a section, and before the section itself.
const SECTION: &str = "#% ";

macro_rules! body {
    ($tongue:literal, $kind:literal) => {
        include_str!(concat!("templates/", $tongue, "/", $kind, ".toml"))
    };
}

fn frame(tongue: Tongue) -> &'static str {
    match tongue {
        Tongue::English => body!("en", "frame"),
        Tongue::Lithuanian => body!("lt", "frame"),
        Tongue::Chinese => body!("zh-TW", "frame"),
        Tongue::Portuguese => body!("pt-BR", "frame"),
    }
}

fn body(tongue: Tongue, kind: Kind) -> &'static str {
    match (tongue, kind) {
        (Tongue::English, Kind::Cafe) => body!("en", "cafe"),
        (Tongue::English, Kind::Appointments) => body!("en", "appointments"),
        (Tongue::English, Kind::Retail) => body!("en", "retail"),
        (Tongue::Lithuanian, Kind::Cafe) => body!("lt", "cafe"),
        (Tongue::Lithuanian, Kind::Appointments) => body!("lt", "appointments"),
        (Tongue::Lithuanian, Kind::Retail) => body!("lt", "retail"),
        (Tongue::Chinese, Kind::Cafe) => body!("zh-TW", "cafe"),
        (Tongue::Chinese, Kind::Appointments) => body!("zh-TW", "appointments"),
        (Tongue::Chinese, Kind::Retail) => body!("zh-TW", "retail"),
        (Tongue::Portuguese, Kind::Cafe) => body!("pt-BR", "cafe"),
        (Tongue::Portuguese, Kind::Appointments) => body!("pt-BR", "appointments"),
        (Tongue::Portuguese, Kind::Retail) => body!("pt-BR", "retail"),
    }
}

/// The text of the new `shop.toml`: the same for the same answers.
#[must_use]
pub fn shop_toml(answers: &Answers) -> String {
    let body = body(answers.tongue, answers.kind);
    let mut text = String::new();
    for line in frame(answers.tongue).lines() {
        match line.strip_prefix(SECTION) {
            Some(name) => section(body, name).for_each(|line| push(&mut text, line, answers)),
            None => push(&mut text, line, answers),
        }
    }
    text
}

fn push(text: &mut String, line: &str, answers: &Answers) {
    text.push_str(&filled(line, |place| value(answers, place)));
    text.push('\n');
}

/// The lines of a section.
fn section<'t>(body: &'t str, name: &'t str) -> impl Iterator<Item = &'t str> {
    let is_its_head = move |line: &&str| line.strip_prefix(SECTION) == Some(name);
    let after = body.lines().skip_while(move |line| !is_its_head(line)).skip(1);
    after.take_while(|line| !line.starts_with(SECTION))
}

/// A line with its places filled.
fn filled(line: &str, value: impl Fn(&str) -> Option<String>) -> String {
    let mut text = String::new();
    let mut rest = line;
    while let Some((before, after)) = rest.split_once('%') {
        text.push_str(before);
        let place = after.split_once('%').and_then(|(name, after)| Some((value(name)?, after)));
        rest = match place {
            Some((value, after)) => {
                text.push_str(&value);
                after
            }
            None => {
                text.push('%');
                after
            }
        };
    }
    text + rest
}

fn value(answers: &Answers, place: &str) -> Option<String> {
    let guessed = |known: &Option<String>| match known {
        Some(_) => String::new(),
        None => "          # ✎".to_owned(),
    };
    let username = || answers.username.clone().unwrap_or_else(|| username_of(&answers.name));
    Some(match place {
        "NAME" => quoted(&answers.name),
        "ZONE" => quoted(&answers.time_zone),
        "COUNTRY" => quoted(&answers.country),
        "PHONE" => match &answers.phone {
            Some(phone) => format!("phone = {}", quoted(phone)),
            None => "#phone = \"+37060000000\"".to_owned(),
        },
        "PAGE" => quoted(answers.page.as_deref().unwrap_or(NO_PAGE)),
        "PAGE_GUESSED" => guessed(&answers.page),
        "USERNAME" => quoted(&username()),
        "USERNAME_GUESSED" => guessed(&answers.username),
        "CONTACT" => match &answers.phone {
            Some(phone) => quoted(phone),
            None => quoted(&format!("https://m.me/{}", username())),
        },
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_in_is_not_looked_at_again() {
        let value = |name: &str| (name == "A").then(|| "%A%%B%".to_owned());
        assert_eq!(filled("100 % %A% of %B%", value), "100 % %A%%B% of %B%");
        assert_eq!(filled("%A%%A%", value), "%A%%B%%A%%B%");
        assert_eq!(filled("%%A%%", value), "%%A%%B%%");
    }

    #[test]
    fn every_section_of_a_body_has_its_place_in_the_frame_and_the_other_way_round() {
        for tongue in Tongue::ALL {
            let heads = |text: &'static str| {
                text.lines().filter_map(|line| line.strip_prefix(SECTION)).collect::<Vec<_>>()
            };
            for kind in Kind::ALL {
                assert_eq!(heads(frame(tongue)), heads(body(tongue, kind)), "{tongue:?} {kind:?}");
            }
        }
    }
}
