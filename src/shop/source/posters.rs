//! `[[poster]]`: what is wrong with one that its lines alone do not show, and the posters of a
//! Page.

use jiff::civil::Date;
use toml::de::DeTable;

use super::build::{self, Buttons};
use super::diagnostic::Diagnostic;
use super::read::{self, checked, flag, get, text};
use super::values::{self, quoted};
use super::{forms, rules};
use crate::faq::normalise::normalise;
use crate::meta::ids::{FaqId, PosterCode, TopicId};
use crate::shop::codes::{self, Look};
use crate::shop::model::{Lang, Page, Platform, Poster};

/// What the posters of a file have to do with each other and with the rest of it.
pub(super) fn check(file: &DeTable<'_>, found: &mut Vec<Diagnostic>) {
    for (poster, _) in read::tables(file, "poster") {
        code(poster, found);
        days(poster, found);
        keyword(file, poster, found);
    }
    rules::duplicates(file, "poster", "keyword", "posters have the keyword", found);
    if !nearest_is_known(file) {
        without_page(file, found);
    }
}

/// A code that looks made and is not would be refused at the door before anybody looks it up.
fn code(poster: &DeTable<'_>, found: &mut Vec<Diagnostic>) {
    let Some((code, span)) = get(poster, "code").and_then(text) else { return };
    if codes::look(code) == Look::Misread {
        found.push(
            Diagnostic::error("misread-code", span, format!("{} is misread", quoted(code)))
                .label("it looks like a code that Shopbell made, and its characters do not add up")
                .help(
                    "compare it with what `shopbell poster code` printed; a code of your own may \
                     be any other name, such as \"DOOR\" or \"TABLE-4\"",
                ),
        );
    }
}

fn days(poster: &DeTable<'_>, found: &mut Vec<Diagnostic>) {
    let day = |name: &str| get(poster, name).and_then(|value| Some((read::date(value)?, value)));
    let (from, until) = (day("from"), day("until"));
    if let (Some((from, _)), Some((until, value))) = (from, until)
        && until < from
    {
        found.push(
            Diagnostic::error("never-valid", value.span(), "this poster is never valid")
                .label(format!("before it begins, on {from}"))
                .help("put `until` on the day of `from` or later"),
        );
    }
}

/// Keywords of answers go first.
fn keyword(file: &DeTable<'_>, poster: &DeTable<'_>, found: &mut Vec<Diagnostic>) {
    let Some((word, span)) = get(poster, "keyword").and_then(text) else { return };
    for (faq, _) in read::tables(file, "faq") {
        let lists = read::table(faq, "keywords").into_iter().flatten();
        let mut words = lists.flat_map(|(_, list)| read::list(list)).filter_map(text);
        if words.any(|(other, _)| normalise(other) == normalise(word)) {
            let id = get(faq, "id").and_then(text).map(|(id, _)| id).unwrap_or_default();
            found.push(
                Diagnostic::warning("hidden-keyword", span.clone(), "this word asks for an answer")
                    .label(format!("a keyword of {}", quoted(id)))
                    .help(
                        "print another word on the poster: whoever types this one gets the answer",
                    ),
            );
        }
    }
}

/// Whether a poster that says nothing of its Page can lead to the nearest one.
fn nearest_is_known(file: &DeTable<'_>) -> bool {
    let pages = read::tables(file, "page");
    pages.len() > 1
        && pages.iter().all(|(page, _)| checked(page, "location", values::place).is_some())
}

fn without_page(file: &DeTable<'_>, found: &mut Vec<Diagnostic>) {
    let pages = read::tables(file, "page");
    let Some((first, _)) = pages.first().filter(|_| pages.len() > 1) else { return };
    let first = get(first, "username").and_then(text).map(|(name, _)| name).unwrap_or_default();
    for (poster, place) in read::tables(file, "poster") {
        if get(poster, "page").is_none() {
            found.push(
                Diagnostic::warning(
                    "poster-without-page",
                    place,
                    "this poster does not say whose it is",
                )
                .label(format!("counts as {}'s", quoted(first)))
                .help(format!(
                    "add page = {}, or another Page's username; or give every [[page]] a \
                     location, and it leads to the nearest",
                    quoted(first)
                )),
            );
        }
    }
}

/// The posters of a Page. Those that do not say whose they are belong to every Page when each
/// tells where it is, else to the first.
pub(super) fn posters(
    file: &DeTable<'_>,
    page: &Page,
    first: bool,
    buttons: &Buttons<'_>,
) -> Option<Vec<Poster>> {
    let nearest_is_known = nearest_is_known(file);
    let mut posters = Vec::new();
    for (table, _) in read::tables(file, "poster") {
        let whose = get(table, "page").and_then(text).map(|(whose, _)| whose);
        let nearest = whose.is_none() && nearest_is_known;
        let is_its = match whose {
            Some(whose) => whose == page.id.as_str() || whose == page.username,
            None => first || nearest,
        };
        if is_its {
            posters.push(Poster { nearest, ..poster(file, table, buttons)? });
        }
    }
    Some(posters)
}

fn poster(file: &DeTable<'_>, table: &DeTable<'_>, buttons: &Buttons<'_>) -> Option<Poster> {
    landing(file, table, build::named::<PosterCode>(table, "code")?, buttons)
}

/// What people find behind a poster, or behind another door that leads to the same.
pub(super) fn landing(
    file: &DeTable<'_>,
    table: &DeTable<'_>,
    code: PosterCode,
    buttons: &Buttons<'_>,
) -> Option<Poster> {
    let day = |name: &str| -> Option<Date> { read::date(get(table, name)?) };
    let ads = get(table, "ads").map(read::list).unwrap_or_default().into_iter().filter_map(text);
    Some(Poster {
        code,
        place: checked(table, "place", values::name),
        caption: build::localized(table, "caption"),
        branch: checked(table, "branch", values::name),
        campaign: checked(table, "campaign", values::name),
        batch: checked(table, "batch", values::name),
        printed_on: day("printed_on"),
        from: day("from"),
        until: day("until"),
        keyword: checked(table, "keyword", values::name),
        platform: match get(table, "platform").and_then(text) {
            Some(("instagram", _)) => Some(Platform::Instagram),
            Some(("messenger", _)) => Some(Platform::Messenger),
            _ => None,
        },
        nearest: false,
        ads: ads.map(|(id, _)| id.to_owned()).collect(),
        text: build::localized(table, "text"),
        image: checked(table, "image", values::url),
        buttons: buttons.of(table)?,
        cards: buttons.cards(table)?,
        quick_replies: buttons.named(table, "quick_replies")?,
        topic: build::named::<TopicId>(table, "topic"),
        faq: build::named::<FaqId>(table, "faq"),
        language: checked(table, "language", values::language).map(Lang),
        revoked: flag(table, "revoked").unwrap_or(false),
        also: forms::also(file, table),
    })
}

#[cfg(test)]
mod tests {
    use crate::meta::ids::PosterCode;
    use crate::shop::codes;
    use crate::shop::source::compile;

    fn codes_of(posters: &str) -> Vec<&'static str> {
        let source = format!(
            "[shop]\nname = \"A\"\nlanguages = [\"en\"]\ntime_zone = \"UTC\"\n\
             [[page]]\nid = \"1\"\nusername = \"a\"\n\
             [[faq]]\nid = \"x\"\ntitle.en = \"X\"\nask.en = [\"what is x\", \"tell me x\", \"x please\"]\n\
             keywords.en = [\"Ice\"]\nanswer.en = \"X.\"\n{posters}"
        );
        compile(&source).diagnostics.iter().map(|found| found.code).collect()
    }

    #[test]
    fn what_is_wrong_with_a_poster_is_named() {
        let code = codes::made([7; 16]);
        let misread = if code.as_str().ends_with('2') { "3" } else { "2" };
        let misread = format!("{}{misread}", &code.as_str()[..8]);
        assert!(PosterCode::new(misread.as_str()).is_ok());
        for (poster, expected) in [
            (format!("[[poster]]\ncode = \"{code}\"\n"), vec![]),
            (format!("[[poster]]\ncode = \"{misread}\"\n"), vec!["misread-code"]),
            (
                "[[poster]]\ncode = \"A\"\nfrom = \"2026-12-02\"\nuntil = \"2026-12-01\"\n".into(),
                vec!["never-valid"],
            ),
            (
                "[[poster]]\ncode = \"A\"\nfrom = 2026-12-01\nuntil = 2026-12-01\n".into(),
                vec![],
            ),
            ("[[poster]]\ncode = \"A\"\nkeyword = \"ice\"\n".into(), vec!["hidden-keyword"]),
            (
                "[[poster]]\ncode = \"A\"\nkeyword = \"b\"\n[[poster]]\ncode = \"C\"\nkeyword = \"B\"\n"
                    .into(),
                vec!["duplicate"],
            ),
        ] {
            assert_eq!(codes_of(&poster), expected, "{poster}");
        }
    }

    #[test]
    fn a_poster_of_no_page_belongs_to_all_when_each_tells_where_it_is() {
        let source = |place: &str| {
            format!(
                "[shop]\nname = \"A\"\nlanguages = [\"en\"]\ntime_zone = \"UTC\"\n\
                 [[page]]\nid = \"1\"\nusername = \"a\"\nlocation = \"54.68, 25.28\"\n\
                 [[page]]\nid = \"2\"\nusername = \"b\"\n{place}\n[[poster]]\ncode = \"X\"\n\
                 [[poster]]\ncode = \"Y\"\npage = \"b\"\n"
            )
        };
        let compiled = compile(&source("location = \"54.90, 23.90\""));
        assert!(compiled.diagnostics.is_empty(), "{:?}", compiled.diagnostics);
        let of = |n: usize| -> Vec<(String, bool)> {
            let posters = compiled.shops[n].posters.iter();
            posters.map(|poster| (poster.code.to_string(), poster.nearest)).collect()
        };
        assert_eq!(of(0), [("X".to_owned(), true)]);
        assert_eq!(of(1), [("X".to_owned(), true), ("Y".to_owned(), false)]);
        let compiled = compile(&source(""));
        assert_eq!(compiled.diagnostics[0].code, "poster-without-page");
        assert!(!compiled.shops[0].posters[0].nearest);
    }
}
