//! Templates, and the variables in them.
//!
//! # The language of templates
//! - `{name}` is a variable, `{name|fallback}` one with a fallback. White space around the name
//!   does not count; the fallback is taken as it stands and cannot hold a variable.
//! - `{{` and `}}` are the braces themselves. A lone `}` is one too.
//! - What is no variable (`{`, `{a b}`, `{name` without an end) is printed as it stands; `check`
//!   reports it.
//!
//! # A variable without a value
//! A missing value and a blank one are the same. The fallback stands in, if there is one and it
//! is not blank. Otherwise the variable goes away so that nobody sees the hole:
//! - Brackets and quotation marks around nothing but the variable go with it.
//! - Inside a line, white space before it goes, then one comma (`,` `，` `、`) or dash and the
//!   white space before that: "Hi, {first_name}!" is "Hi!", "Call {phone} or write" is "Call or
//!   write". White space between it and a comma or full stop goes too.
//! - At the beginning of a line, what follows it goes: one comma and the white space around it;
//!   the line then begins with a capital letter. If that leaves the line empty, its line break
//!   goes too.
//! - A label that ends in a colon goes with it, back to the beginning of its sentence, when
//!   nothing else follows the colon: "Open now. Phone: {phone}." is "Open now."
//!
//! # A name that may still come
//! Meta is asked for a person's name when an answer first says it. [`say_openly`]
//! leaves the places of names open ([`is_open`]), and [`close`] fills them when the message
//! leaves, by the same rules.

use std::borrow::Cow;

use super::hours::Opening;
use super::lang::{self, Language, Moment, When};
use super::model::{Hours, Lang, Range, Shop};
use crate::time::UnixMs;

/// The variables that templates may use.
pub const VARIABLES: [&str; 17] = [
    "first_name",
    "full_name",
    "page",
    "branch",
    "phone",
    "site",
    "address",
    "email",
    "map",
    "hours_today",
    "next_open",
    "wait",
    "topic",
    "agent",
    "coupon",
    "coupon_until",
    "coupon_link",
];

/// Those that only Meta can tell.
const NAMES: [&str; 2] = ["first_name", "full_name"];

/// What is known of the person spoken to, and of the occasion.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Listener<'a> {
    /// Their first name.
    pub first_name: Option<&'a str>,
    /// Their whole name.
    pub full_name: Option<&'a str>,
    /// The title of the topic it is about.
    pub topic: Option<&'a str>,
    /// The person of the shop who takes over.
    pub agent: Option<&'a str>,
    /// Their hours, where they are not the shop's.
    pub agent_hours: Option<&'a Hours>,
    /// The code of the coupon that this message brings.
    pub coupon: Option<&'a str>,
    /// The last day that it is good on, in words.
    pub coupon_until: Option<&'a str>,
    /// Where it can be shown.
    pub coupon_link: Option<&'a str>,
}

/// A part of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Part<'t> {
    /// Printed as it stands.
    Plain(&'t str),
    /// A variable.
    Variable {
        /// Trimmed, `[a-z0-9_]+`.
        name: &'t str,
        /// What stands in.
        fallback: Option<&'t str>,
        /// Where the name begins in the template, in bytes.
        at: usize,
    },
    /// A brace that begins no variable, with its place in the template.
    Stray(usize),
}

/// The parts of a template, in order.
pub(crate) fn parts(template: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let mut rest = template;
    while let Some(brace) = rest.find(['{', '}']) {
        let (before, from) = rest.split_at(brace);
        if !before.is_empty() {
            parts.push(Part::Plain(before));
        }
        let at = template.len().saturating_sub(from.len());
        if from.starts_with("{{") || from.starts_with("}}") {
            let (one, two) = from.split_at(1);
            parts.push(Part::Plain(one));
            rest = two.get(1..).unwrap_or_default();
        } else if let Some((part, after)) = variable(from, at) {
            parts.push(part);
            rest = after;
        } else {
            if from.starts_with('{') {
                parts.push(Part::Stray(at));
            }
            let (one, after) = from.split_at(1);
            parts.push(Part::Plain(one));
            rest = after;
        }
    }
    if !rest.is_empty() {
        parts.push(Part::Plain(rest));
    }
    parts
}

fn variable(from: &str, at: usize) -> Option<(Part<'_>, &str)> {
    let (inside, after) = from.strip_prefix('{')?.split_once('}')?;
    let (name, fallback) = match inside.split_once('|') {
        Some((name, fallback)) => (name, Some(fallback)),
        None => (inside, None),
    };
    let indent = name.len().saturating_sub(name.trim_start().len());
    let name = name.trim();
    let is_name = !name.is_empty()
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    if !is_name || fallback.is_some_and(|f| f.contains('{')) {
        return None;
    }
    let at = at.saturating_add(1).saturating_add(indent);
    Some((Part::Variable { name, fallback, at }, after))
}

/// A template with its variables filled in; see the module for what becomes of missing ones.
/// Values are printed as they are: braces in a person's name do nothing.
#[must_use]
pub fn render<'v>(template: &str, lookup: impl Fn(&str) -> Option<Cow<'v, str>>) -> String {
    fill(&parts(template), |name, _| lookup(name))
}

/// Fills parts; `lookup` is given the name and the fallback.
fn fill<'v>(
    parts: &[Part<'_>],
    lookup: impl Fn(&str, Option<&str>) -> Option<Cow<'v, str>>,
) -> String {
    let mut out = String::new();
    // What the last variable left behind when it went away.
    let mut gap = Gap::None;
    for (index, part) in parts.iter().enumerate() {
        match part {
            Part::Stray(_) => {}
            Part::Plain(text) => {
                let text = std::mem::take(&mut gap).close(&mut out, text);
                out.push_str(&text);
            }
            Part::Variable { name, fallback, .. } => {
                let value = lookup(name, *fallback).filter(|v| !v.trim().is_empty());
                let value = value.or_else(|| {
                    fallback.filter(|f| !f.trim().is_empty()).map(|f| Cow::Owned(f.to_owned()))
                });
                if let Some(value) = value {
                    gap = Gap::None;
                    out.push_str(&value);
                } else {
                    let next = parts.get(index.saturating_add(1));
                    gap = Gap::open(&mut out, next, gap == Gap::LineStart);
                }
            }
        }
    }
    let rest = gap.close(&mut out, "");
    out.push_str(&rest);
    out
}

const COMMAS: [char; 3] = [',', '，', '、'];
const DASHES: [char; 2] = ['–', '—'];
const COLONS: [char; 2] = [':', '：'];
/// What ends a sentence, and may follow a variable without anything else.
const STOPS: [char; 6] = ['.', '!', '?', '。', '！', '？'];
/// Marks that stand around something.
const PAIRS: [(char, char); 11] = [
    ('(', ')'),
    ('（', '）'),
    ('[', ']'),
    ('"', '"'),
    ('“', '”'),
    ('„', '“'),
    ('„', '”'),
    ('«', '»'),
    ('‘', '’'),
    ('「', '」'),
    ('『', '』'),
];

fn is_blank(c: char) -> bool {
    c.is_whitespace() && c != '\n'
}

/// The hole of a variable that went away.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Gap {
    #[default]
    None,
    /// Inside a line.
    Inside,
    /// The same, and this mark has lost its partner.
    Bracketed(char),
    /// At the beginning of a line: what follows has to go instead.
    LineStart,
    /// The label before it went too, at the beginning of a line or after a sentence.
    Label,
}

impl Gap {
    /// Takes away what led up to a variable that is missing.
    fn open(out: &mut String, next: Option<&Part<'_>>, was_line_start: bool) -> Self {
        let follows = match next {
            Some(Part::Plain(text)) => text,
            _ => "",
        };
        let pair = PAIRS
            .iter()
            .find(|(opening, closing)| out.ends_with(*opening) && follows.starts_with(*closing));
        if pair.is_some() {
            out.pop();
        }
        out.truncate(out.trim_end_matches(is_blank).len());
        let at_start = out.is_empty() || out.ends_with('\n');
        if let Some((_, closing)) = pair {
            return if at_start && was_line_start {
                Self::LineStart
            } else {
                Self::Bracketed(*closing)
            };
        }
        if at_start {
            return Self::LineStart;
        }
        let ends = |text: &str| {
            let rest = text.trim_start_matches(is_blank);
            rest.is_empty() || rest.starts_with('\n') || rest.starts_with(STOPS)
        };
        let nothing_follows = !matches!(next, Some(Part::Variable { .. })) && ends(follows);
        if out.ends_with(COLONS) && nothing_follows {
            let sentence = out.rfind(|c| c == '\n' || STOPS.contains(&c));
            let end = sentence.and_then(|at| out.get(at..)?.chars().next().map(|c| (at, c)));
            let keep = end.map_or(0, |(at, c)| at.saturating_add(c.len_utf8()));
            out.truncate(keep);
            return Self::Label;
        }
        if let Some(before) = out.strip_suffix(COMMAS).or_else(|| {
            let before = out.strip_suffix(DASHES)?;
            before.ends_with(char::is_whitespace).then_some(before)
        }) {
            out.truncate(before.trim_end().len());
        }
        Self::Inside
    }

    /// What is left of the text after the hole.
    fn close<'t>(self, out: &mut String, text: &'t str) -> Cow<'t, str> {
        match self {
            Self::None => Cow::Borrowed(text),
            Self::Inside => {
                let rest = text.trim_start_matches(is_blank);
                let joins = rest.starts_with(COMMAS) || rest.starts_with(['.', '。']);
                Cow::Borrowed(if joins { rest } else { text })
            }
            Self::Bracketed(closing) => {
                let rest = text.strip_prefix(closing).unwrap_or(text);
                if out.is_empty() || out.ends_with('\n') {
                    Self::LineStart.close(out, rest)
                } else {
                    Self::Inside.close(out, rest)
                }
            }
            Self::LineStart => after_gap(out, text),
            Self::Label => {
                let rest = text.trim_start_matches(is_blank).trim_start_matches(STOPS);
                if out.is_empty() || out.ends_with('\n') {
                    Cow::Borrowed(match after_gap(out, rest) {
                        Cow::Borrowed(rest) => rest,
                        Cow::Owned(_) => rest.trim_start(),
                    })
                } else {
                    Cow::Borrowed(rest)
                }
            }
        }
    }
}

/// What is left of the text after a variable that is missing at the beginning of a line.
fn after_gap<'t>(out: &mut String, text: &'t str) -> Cow<'t, str> {
    let trimmed = text.trim_start_matches(is_blank);
    let after_comma = trimmed.strip_prefix(COMMAS);
    let rest = after_comma.unwrap_or(trimmed).trim_start_matches(is_blank);
    if let Some(next) = rest.strip_prefix('\n') {
        return Cow::Borrowed(next);
    }
    if rest.is_empty() && out.ends_with('\n') {
        out.pop();
    }
    let mut chars = rest.chars();
    match (after_comma, chars.next()) {
        (Some(_), Some(first)) if first.is_lowercase() => {
            Cow::Owned(first.to_uppercase().chain(chars).collect())
        }
        _ => Cow::Borrowed(rest),
    }
}

/// The most bubbles that one text becomes; what is left stays together in the last. Our own: more
/// would be a flood.
pub const MOST_BUBBLES: usize = 5;

/// The bubbles of a text: a blank line begins the next one.
#[must_use]
pub fn bubbles(text: &str) -> Vec<&str> {
    let mut bubbles = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        if bubbles.len().saturating_add(1) == MOST_BUBBLES {
            bubbles.push(rest);
            break;
        }
        let (bubble, next) = rest.split_at(blank_line(rest).unwrap_or(rest.len()));
        bubbles.push(bubble.trim_end());
        rest = next.trim_start();
    }
    bubbles
}

/// Where a line of nothing but white space begins.
fn blank_line(text: &str) -> Option<usize> {
    let mut at: usize = 0;
    for line in text.split_inclusive('\n') {
        if line.trim().is_empty() {
            return Some(at);
        }
        at = at.saturating_add(line.len());
    }
    None
}

/// Opens a place that a name may still fill; the name and the fallback follow as in a template.
/// From Unicode's private area: nobody types it, and [`crate::meta::profile::name`] takes it out
/// of names.
pub const OPEN: char = '\u{e000}';
const SHUT: char = '\u{e001}';

/// Longer texts are not left open: with a name in them they might have to be split. In UTF-16
/// units and in bytes, because each channel counts its own way.
const OPEN_MOST: (usize, usize) = (560, 880);

/// Whether a text still waits for a name.
#[must_use]
pub fn is_open(text: &str) -> bool {
    text.contains(OPEN)
}

/// As [`say`], but a name that is not known stays open, in texts short enough for it.
#[must_use]
pub fn say_openly(
    shop: &Shop,
    lang: &Lang,
    template: &str,
    listener: &Listener<'_>,
    now: UnixMs,
) -> String {
    let text = fill(&parts(template), |name, fallback| {
        value(shop, lang, listener, now, name).or_else(|| {
            let fallback = fallback.map(|f| format!("|{f}")).unwrap_or_default();
            NAMES.contains(&name).then(|| Cow::Owned(format!("{OPEN}{name}{fallback}{SHUT}")))
        })
    });
    let (units, bytes) = OPEN_MOST;
    if crate::meta::limits::units(&text) <= units && text.len() <= bytes {
        text
    } else {
        say(shop, lang, template, listener, now)
    }
}

/// Fills the open places of a text with what is known by now.
#[must_use]
pub fn close(text: &str, first_name: Option<&str>, full_name: Option<&str>) -> String {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(OPEN) {
        parts.push(Part::Plain(before));
        let (inside, next) = after.split_once(SHUT).unwrap_or((after, ""));
        let (name, fallback) = match inside.split_once('|') {
            Some((name, fallback)) => (name, Some(fallback)),
            None => (inside, None),
        };
        parts.push(Part::Variable { name, fallback, at: 0 });
        rest = next;
    }
    parts.push(Part::Plain(rest));
    parts.retain(|part| !matches!(part, Part::Plain("")));
    fill(&parts, |name, _| {
        let known = if name == "full_name" { full_name.or(first_name) } else { first_name };
        known.map(Cow::Borrowed)
    })
}

/// Whether the shop's notifications say names: then a name is needed before anybody writes.
#[must_use]
pub fn notifies_by_name(shop: &Shop) -> bool {
    let says = |text: &String| {
        parts(text).iter().any(|p| matches!(p, Part::Variable { name, .. } if NAMES.contains(name)))
    };
    let told = shop.sent().flat_map(|notification| {
        std::iter::once(&notification.text).chain(notification.variants.iter().map(|v| &v.text))
    });
    told.flat_map(|text| text.0.values()).any(says)
}

/// `template` as the shop says it to `listener` at `now`, in `lang`.
#[must_use]
pub fn say(
    shop: &Shop,
    lang: &Lang,
    template: &str,
    listener: &Listener<'_>,
    now: UnixMs,
) -> String {
    render(template, |name| value(shop, lang, listener, now, name))
}

fn value<'a>(
    shop: &'a Shop,
    lang: &Lang,
    listener: &Listener<'a>,
    now: UnixMs,
    name: &str,
) -> Option<Cow<'a, str>> {
    let contact = &shop.contact;
    let known = match name {
        "first_name" => listener.first_name,
        "full_name" => listener.full_name.or(listener.first_name),
        "topic" => listener.topic,
        "agent" => listener.agent,
        "coupon" => listener.coupon,
        "coupon_until" => listener.coupon_until,
        "coupon_link" => listener.coupon_link,
        "page" => Some(shop.name.as_str()),
        "branch" => shop.page.branch.as_deref(),
        "phone" => contact.phone.as_deref(),
        "site" => contact.site.as_deref(),
        "email" => contact.email.as_deref(),
        "map" => contact.map.as_deref(),
        "address" => shop.pick(&contact.address, lang),
        "hours_today" => return hours_today(shop, lang, now).map(Cow::Owned),
        "next_open" => return next_open(shop, lang, now).map(Cow::Owned),
        "wait" => {
            let hours = listener.agent_hours.unwrap_or(&shop.hours);
            return Some(Cow::Owned(wait(shop, hours, lang, now)));
        }
        _ => None,
    };
    known.map(|value| Cow::Borrowed(value.trim()))
}

/// Today's hours in words ("8:00–12:00, 13:00–18:00", "closed"); none when the shop told
/// no hours.
#[must_use]
pub fn hours_today(shop: &Shop, lang: &Lang, now: UnixMs) -> Option<String> {
    let zone = shop.zone();
    let today = zone.to_datetime(now.timestamp()).date();
    if shop.hours.week.is_none() && shop.hours.exception(today).is_none() {
        return None;
    }
    let language = lang::language(lang);
    let ranges = shop.hours.today(now, &zone);
    let is_whole_day = |r: &Range| r.open == 0 && r.close >= super::hours::DAY_MINUTES;
    if ranges.iter().any(is_whole_day) {
        return Some(language.all_day.to_owned());
    }
    if ranges.is_empty() {
        return Some(language.closed_today.to_owned());
    }
    let spoken: Vec<String> = ranges.iter().map(|r| spoken_range(language, *r)).collect();
    Some(spoken.join(language.list_comma))
}

fn spoken_range(language: &Language, range: Range) -> String {
    let time = |minutes| (language.time)(Moment::of(super::hours::clock(minutes)));
    format!("{}–{}", time(range.open), time(range.close))
}

/// The next opening in words ("tomorrow at 8:00"); none while it is open or when there is none.
#[must_use]
pub fn next_open(shop: &Shop, lang: &Lang, now: UnixMs) -> Option<String> {
    match shop.hours.at(now, &shop.zone()) {
        Opening::Closed { opens: Some(opens), .. } => Some(in_words(shop, lang, now, opens)),
        Opening::Closed { opens: None, .. } | Opening::Open { .. } | Opening::Always => None,
    }
}

/// When a person with these hours can be expected to answer, in words: "soon" while they are
/// there, else when they come next. Never empty.
#[must_use]
pub fn wait(shop: &Shop, hours: &Hours, lang: &Lang, now: UnixMs) -> String {
    let language = lang::language(lang);
    match hours.at(now, &shop.zone()) {
        Opening::Open { .. } | Opening::Always => language.soon.to_owned(),
        Opening::Closed { opens: Some(opens), .. } => in_words(shop, lang, now, opens),
        Opening::Closed { opens: None, .. } => language.sometime.to_owned(),
    }
}

/// A moment to come as people say it on the day of `now`, by the shop's clock.
#[must_use]
pub fn in_words(shop: &Shop, lang: &Lang, now: UnixMs, then: UnixMs) -> String {
    let zone = shop.zone();
    let now = zone.to_datetime(now.timestamp());
    let then = zone.to_datetime(then.timestamp());
    (lang::language(lang).when)(&When::of(now, then))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(template: &str) -> String {
        render(template, |name| match name {
            "first_name" => Some("Ona".into()),
            "page" => Some("Kavinė {first_name}".into()),
            "blank" => Some("  ".into()),
            _ => None,
        })
    }

    #[test]
    fn variables_are_filled_and_values_are_not_templates() {
        assert_eq!(filled("Hi, { first_name }! {page}"), "Hi, Ona! Kavinė {first_name}");
    }

    #[test]
    fn a_missing_value_leaves_no_hole() {
        for (template, expected) in [
            ("Hi, {agent}!", "Hi!"),
            ("Hi {agent}!", "Hi!"),
            ("Hi, {blank}!", "Hi!"),
            ("您好，{agent}！", "您好！"),
            ("Yes, {agent}, we do.", "Yes, we do."),
            ("Call {phone} or write", "Call or write"),
            ("Call us ({phone}).", "Call us."),
            ("({phone}) is ours", "is ours"),
            ("Hi {agent} , welcome", "Hi, welcome"),
            ("Bonjour {agent} !", "Bonjour !"),
            ("Hello — {agent}!", "Hello!"),
            ("Laba diena – {agent}, sveiki", "Laba diena, sveiki"),
            ("Open. Phone: {phone}.", "Open."),
            ("Open! Phone: {phone}", "Open!"),
            ("Phone: {phone}\nSite: {agent}\nEnd", "End"),
            ("Phone: {phone}", ""),
            ("Ask for: {agent} or Tom", "Ask for: or Tom"),
            ("We write about “{agent}”.", "We write about."),
            ("您好，{agent}，歡迎", "您好，歡迎"),
            ("“{agent}”, hello", "Hello"),
            ("{agent}, hello", "Hello"),
            ("{agent}", ""),
            ("A\n{address}\nB", "A\nB"),
            ("A\n{address}", "A"),
            ("A\n {agent}, B", "A\nB"),
            ("{agent}{phone}, B", "B"),
            ("A {agent} {phone} B", "A B"),
            ("{agent} {first_name}", "Ona"),
        ] {
            assert_eq!(filled(template), expected, "{template:?}");
        }
    }

    #[test]
    fn a_name_that_comes_late_stands_as_if_it_had_always_been_known() {
        let shop = shop("");
        let lang = Lang("en".into());
        let nobody = Listener::default();
        let ona = Listener { first_name: Some("Ona"), full_name: Some("Ona P"), ..nobody };
        for template in [
            "Hi, {first_name}! {{x}} {agent} {page}",
            "{first_name}, hello",
            "{full_name|friend}: hi",
            "Hello",
            "{agent} {first_name}, you",
            "To: {first_name}",
        ] {
            let open = say_openly(&shop, &lang, template, &nobody, at("2026-11-22T03:00:00Z"));
            let say =
                |who: &Listener<'_>| say(&shop, &lang, template, who, at("2026-11-22T03:00:00Z"));
            assert_eq!(is_open(&open), template.contains("_name"), "{template}");
            assert_eq!(close(&open, Some("Ona"), Some("Ona P")), say(&ona), "{template}");
            assert_eq!(close(&open, None, None), say(&nobody), "{template}");
        }
        let long = format!("Hi, {{first_name}}! {}", "x ".repeat(300));
        let said = say_openly(&shop, &lang, &long, &nobody, at("2026-11-22T03:00:00Z"));
        assert!(!is_open(&said) && said.starts_with("Hi! x"));
    }

    #[test]
    fn a_blank_line_begins_the_next_bubble() {
        assert_eq!(bubbles("a\nb\n\nc\r\n \t\r\n\n\nd "), ["a\nb", "c", "d"]);
        assert_eq!(bubbles(" \n\n "), [""; 0]);
        let six = "1\n\n2\n\n3\n\n4\n\n5\n\n6";
        assert_eq!(bubbles(six), ["1", "2", "3", "4", "5\n\n6"]);
    }

    #[test]
    fn a_fallback_stands_in_unless_it_is_blank() {
        assert_eq!(filled("Hi, {agent|friend}!"), "Hi, friend!");
        assert_eq!(filled("Hi, {blank|friend}!"), "Hi, friend!");
        assert_eq!(filled("Hi, {first_name|friend}!"), "Hi, Ona!");
        assert_eq!(filled("Hi, {agent|}!"), "Hi!");
    }

    #[test]
    fn braces_can_be_written_and_stray_ones_are_printed() {
        for (template, expected) in [
            ("{{first_name}}", "{first_name}"),
            ("a } b", "a } b"),
            ("{first_name", "{first_name"),
            ("{A B}", "{A B}"),
            ("{agent|{page}}", "{agent|Kavinė {first_name}}"),
            ("{}", "{}"),
            ("{{{first_name}}}", "{Ona}"),
        ] {
            assert_eq!(filled(template), expected, "{template:?}");
        }
    }

    #[test]
    fn stray_braces_and_names_are_placed() {
        let template = "ą { b { agent | c}";
        let parts = parts(template);
        assert!(parts.contains(&Part::Stray(3)), "{parts:?}");
        assert!(parts.iter().any(|p| matches!(
            p,
            Part::Variable { name: "agent", fallback: Some(" c"), at } if template[*at..].starts_with("agent")
        )));
    }

    fn shop(hours: &str) -> Shop {
        let source = format!(
            "[shop]\nname = \"Azuolas\"\nlanguages = [\"lt\", \"en\"]\ntime_zone = \"Europe/Vilnius\"\n\
             address.lt = \"Pilies g. 1\"\n\n[[page]]\nid = \"1\"\nusername = \"azuolas\"\n{hours}"
        );
        let compiled = crate::shop::source::compile(&source);
        assert!(!compiled.shops.is_empty(), "{:?}", compiled.diagnostics);
        compiled.shops.into_iter().next().unwrap()
    }

    const WEEK: &str = "[hours]\nmon = [\"08:00-12:00\", \"13:00-18:00\"]\ntue = \"08:00-20:00\"\n\
        wed = \"08:00-20:00\"\nthu = \"00:00-24:00\"\nfri = \"08:30-20:00\"\nsat = \"closed\"\nsun = \"closed\"\n\
        [[hours.exception]]\nfrom = \"2026-12-24\"\nto = \"2026-12-26\"\nopen = \"closed\"\n\
        [[hours.exception]]\nfrom = \"2026-12-21\"\nto = \"2026-12-23\"\nopen = \"closed\"\n";

    fn at(text: &str) -> UnixMs {
        text.parse::<jiff::Timestamp>().unwrap().into()
    }

    fn said(shop: &Shop, lang: &str, template: &str, now: &str) -> String {
        say(shop, &Lang(lang.into()), template, &Listener::default(), at(now))
    }

    #[test]
    fn the_hours_and_the_next_opening_are_said_in_words() {
        let shop = shop(WEEK);
        let now = |t: &str| format!("2026-11-{t}:00Z");
        // 2026-11-23 is a Monday; Vilnius is two hours ahead of UTC.
        assert_eq!(said(&shop, "lt", "{hours_today}", &now("23T09:00")), "8:00–12:00, 13:00–18:00");
        assert_eq!(said(&shop, "en", "{hours_today}", &now("22T09:00")), "closed");
        assert_eq!(said(&shop, "lt", "{hours_today}", &now("26T09:00")), "visą parą");
        assert_eq!(said(&shop, "lt", "{next_open}", &now("23T03:00")), "šiandien 8:00");
        assert_eq!(said(&shop, "lt", "{next_open}", &now("22T09:00")), "rytoj 8:00");
        assert_eq!(said(&shop, "lt", "{next_open}", &now("21T09:00")), "pirmadienį 8:00");
        assert_eq!(said(&shop, "en", "{next_open}", &now("21T09:00")), "on Monday at 8:00");
        assert_eq!(said(&shop, "lt", "{next_open}", "2026-12-18T20:00:00Z"), "gruodžio 28 d. 8:00");
        assert_eq!(said(&shop, "lt", "Atsakysime {next_open}.", &now("23T09:00")), "Atsakysime.");
    }

    #[test]
    fn the_wait_is_never_empty() {
        let open = shop("");
        assert_eq!(said(&open, "en", "{wait}", "2026-11-23T03:00:00Z"), "soon");
        let week = shop(WEEK);
        assert_eq!(said(&week, "en", "{wait}", "2026-11-22T03:00:00Z"), "tomorrow at 8:00");
        let never = shop(
            "[hours]\nmon = \"closed\"\ntue = \"closed\"\nwed = \"closed\"\nthu = \"closed\"\n\
             fri = \"closed\"\nsat = \"closed\"\nsun = \"closed\"\n",
        );
        assert_eq!(said(&never, "en", "{wait}", "2026-11-22T03:00:00Z"), "as soon as we can");
    }

    #[test]
    fn every_variable_is_known_to_the_shop() {
        let shop = shop(WEEK);
        let listener = Listener {
            first_name: Some("Ona"),
            full_name: Some("Ona Onaitė"),
            topic: Some("Pietūs"),
            agent: Some("Rasa"),
            agent_hours: None,
            coupon: Some("7KPN-R2X4-QW8F"),
            coupon_until: Some("gruodžio 31 d."),
            coupon_link: Some("https://kavine.example/c/7KPN-R2X4-QW8F"),
        };
        let lang = Lang("lt".into());
        let now = at("2026-11-22T03:00:00Z");
        for name in VARIABLES {
            let told = ["branch", "phone", "site", "email", "map"];
            let value = value(&shop, &lang, &listener, now, name);
            assert_eq!(value.is_none(), told.contains(&name), "{name}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_template_can_be_rendered(template in "[a{}|,():.“” \nąą_\u{e000}\u{e001}]*") {
            filled(&template);
            let _ = close(&template, None, Some("Ona"));
        }

        #[test]
        fn a_text_without_braces_stays_as_it_is(text in "[^{}]*") {
            assert_eq!(filled(&text), text);
        }
    }
}
