//! Pages that nobody has: what `shopbell new` writes until the owner knows better.
//!
//! A shop may be talked to with them. What is printed, or goes online, needs the real ones: a poster
//! with a wrong name cannot be called back.

use crate::shop::model::Shop;
use crate::shop::source::Compiled;
use crate::shop::source::diagnostic::Diagnostic;

/// Stands in for a Page's number, in `shopbell new` and in the documents.
pub const NO_PAGE: &str = "100200300400500";
/// Stands in for a Page's name.
pub const NO_USERNAME: &str = "your.page";
/// Behind what `shopbell new` guessed.
const GUESS: char = '✎';

/// What is still made up of a Page.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MadeUp {
    /// Its number.
    #[error(
        "{written} is no Page's number: `shopbell new` wrote it until you know yours (Page settings > \
         About > Page transparency). Write that in shop.toml, and take the ✎ behind it away"
    )]
    Page {
        /// As it stands in the file.
        written: String,
    },
    /// Its name.
    #[error(
        "{written} is a guess of `shopbell new`: open m.me/{name} and look whose Page it is. Write yours \
         in shop.toml, or leave it, and take the ✎ behind it away"
    )]
    Username {
        /// As it stands in the file.
        written: String,
        /// What it is.
        name: String,
    },
}

/// The first Page of a shop that is made up. `source` is the text of the shop.toml.
///
/// # Errors
/// [`MadeUp`]
pub fn real(shops: &[Shop], source: &str) -> Result<(), MadeUp> {
    found(shops, source).into_iter().next().map_or(Ok(()), |(_, made_up)| Err(made_up))
}

/// A warning for each number and name that is made up.
#[must_use]
pub fn made_up(compiled: &Compiled, source: &str) -> Vec<Diagnostic> {
    let found = found(&compiled.shops, source).into_iter();
    let told = found.map(|(span, made_up)| {
        let (says, help) = match &made_up {
            MadeUp::Page { .. } => (
                "this is no Page's number, but what stands in for one",
                "write your Page's (Page settings > About > Page transparency)".to_owned(),
            ),
            MadeUp::Username { name, .. } if name == NO_USERNAME => (
                "this is no Page's name, but what stands in for one",
                "write the name in your Page's link: what stands behind m.me/".to_owned(),
            ),
            MadeUp::Username { name, .. } => (
                "this name is a guess, and posters would lead to it",
                format!(
                    "open m.me/{name}; if that is your Page, take the ✎ away, else write its name"
                ),
            ),
        };
        Diagnostic::warning("made-up-page", span, says)
            .label("`shopbell qr`, `publish` and `deploy` refuse it")
            .help(help)
    });
    told.collect()
}

/// Where `shopbell new` guessed and nobody has looked since, in a line.
#[must_use]
pub fn guesses(source: &str) -> Option<String> {
    let lines = source.lines().zip(1_usize..);
    let guessed =
        lines.filter(|(line, _)| line.contains(GUESS) && !line.trim_start().starts_with('#'));
    let guessed: Vec<String> = guessed.map(|(_, number)| number.to_string()).collect();
    let (lines, them) = match guessed.len() {
        0 => return None,
        1 => ("line", "it is a guess"),
        _ => ("lines", "they are guesses"),
    };
    Some(format!(
        "{lines} {} still marked {GUESS}: {them} of `shopbell new`; look, and take the mark away",
        guessed.join(", ")
    ))
}

fn found(shops: &[Shop], source: &str) -> Vec<(std::ops::Range<usize>, MadeUp)> {
    let mut found = Vec::new();
    for page in shops.iter().map(|shop| &shop.page) {
        let number = page.id.as_str();
        for (span, line) in written(source, "id", number) {
            if number == NO_PAGE || line.contains(GUESS) {
                let written = format!("id = \"{number}\"");
                found.push((span, MadeUp::Page { written }));
            }
        }
        let name = &page.username;
        for (span, line) in written(source, "username", name) {
            if name == NO_USERNAME || line.contains(GUESS) {
                let written = format!("username = \"{name}\"");
                found.push((span, MadeUp::Username { written, name: name.clone() }));
            }
        }
    }
    found
}

/// Where a key of this name has this value, and the rest of the line.
fn written<'s>(
    source: &'s str,
    key: &str,
    value: &str,
) -> impl Iterator<Item = (std::ops::Range<usize>, &'s str)> {
    let quoted = [format!("\"{value}\""), format!("'{value}'")];
    let mut at = 0usize;
    source.split_inclusive('\n').filter_map(move |line| {
        let start = at;
        at = at.saturating_add(line.len());
        let rest = line.trim_start().strip_prefix(key)?.trim_start().strip_prefix('=')?;
        let rest = rest.trim_start();
        let quoted = quoted.iter().find(|quoted| rest.starts_with(quoted.as_str()))?;
        let from = start.saturating_add(line.len().saturating_sub(rest.len()));
        Some((from..from.saturating_add(quoted.len()), rest))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shop::source::compile;

    fn found_in(page: &str) -> (Vec<String>, bool) {
        let source = format!(
            "[shop]\nname = \"X\"\nlanguages = [\"en\"]\ntime_zone = \"Europe/Vilnius\"\n\
             country = \"LT\"\n[[page]]\n{page}\n"
        );
        let compiled = compile(&source);
        assert!(!compiled.has_errors(), "{:?}", compiled.diagnostics);
        let told = made_up(&compiled, &source);
        let at = told.iter().map(|d| source[d.span.clone()].to_owned()).collect();
        (at, real(&compiled.shops, &source).is_err())
    }

    #[test]
    fn what_stands_in_for_a_page_and_what_is_marked_as_a_guess_is_found_where_it_stands() {
        let (at, refused) = found_in("id = \"100200300400500\"  # ✎\nusername = \"your.page\" # ✎");
        assert_eq!(at, ["\"100200300400500\"", "\"your.page\""]);
        assert!(refused);
        assert_eq!(found_in("id = '100200300400500'\nusername = \"corner\"").0.len(), 1);
        let guess = found_in("id = \"41\"\n  username=\"corner.bakery\"          # ✎");
        assert_eq!(guess, (vec!["\"corner.bakery\"".to_owned()], true));
    }

    #[test]
    fn a_page_of_somebodys_is_none() {
        let real = found_in("id = \"41\"\nusername = \"corner.bakery\"  # my own\n# ✎");
        assert_eq!(real, (Vec::new(), false));
    }
}
