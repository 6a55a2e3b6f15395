//! What an owner answered.

use super::words::{self, Words};
use crate::cli::check::made_up::NO_USERNAME;
use crate::faq::normalise::normalise;
use crate::shop::source::written;

/// A language that the questions are asked in and the templates are written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tongue {
    /// `en`
    English,
    /// `lt`
    Lithuanian,
    /// `zh-TW`
    Chinese,
    /// `pt-BR`
    Portuguese,
}

impl Tongue {
    /// In the order in which they are offered.
    pub const ALL: [Self; 4] = [Self::English, Self::Lithuanian, Self::Chinese, Self::Portuguese];

    /// Its tag in `shop.toml`.
    #[must_use]
    pub fn code(self) -> &'static str {
        self.words().code
    }

    /// A language by its tag, its number in the list, or its name.
    #[must_use]
    pub fn find(said: &str) -> Option<Self> {
        let said = said.trim();
        let names = |tongue: &Self| [tongue.code(), tongue.words().language];
        let numbered = said.parse::<usize>().ok().and_then(|n| n.checked_sub(1));
        numbered
            .and_then(|n| Self::ALL.get(n).copied())
            .or_else(|| Self::ALL.into_iter().find(|t| names(t).iter().any(|n| same(n, said))))
            .or_else(|| Self::ALL.into_iter().find(|t| same(primary(t.code()), said)))
    }

    /// The language of this computer, if it is one of them; else English.
    #[must_use]
    pub fn of_terminal() -> Self {
        let set = |name: &&str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let locale = ["LC_ALL", "LC_MESSAGES", "LANG"].iter().find_map(set).unwrap_or_default();
        let tag = locale.split(['.', '@']).next().unwrap_or_default().replace('_', "-");
        let near = |tongue: &Self| same(primary(tongue.code()), primary(&tag));
        Self::ALL.into_iter().find(near).unwrap_or(Self::English)
    }

    pub(super) fn words(self) -> &'static Words {
        match self {
            Self::English => &words::ENGLISH,
            Self::Lithuanian => &words::LITHUANIAN,
            Self::Chinese => &words::CHINESE,
            Self::Portuguese => &words::PORTUGUESE,
        }
    }
}

fn primary(tag: &str) -> &str {
    tag.split('-').next().unwrap_or(tag)
}

fn same(one: &str, other: &str) -> bool {
    one.to_lowercase() == other.to_lowercase()
}

/// A kind of shop that there are templates for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A café, a bakery, a bar.
    Cafe,
    /// Who works by appointment: a hairdresser, a studio.
    Appointments,
    /// Who sells things.
    Retail,
}

impl Kind {
    /// In the order in which they are offered.
    pub const ALL: [Self; 3] = [Self::Cafe, Self::Appointments, Self::Retail];

    /// Its name behind `--kind`.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Cafe => "cafe",
            Self::Appointments => "appointments",
            Self::Retail => "retail",
        }
    }

    /// A kind by its name or its number in the list.
    #[must_use]
    pub fn find(said: &str) -> Option<Self> {
        let said = normalise(said);
        let numbered = said.parse::<usize>().ok().and_then(|n| n.checked_sub(1));
        numbered
            .and_then(|n| Self::ALL.get(n).copied())
            .or_else(|| Self::ALL.into_iter().find(|kind| kind.code() == said))
    }
}

/// What a new shop is made of. Every text in it can stand in a `shop.toml`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answers {
    /// What it speaks.
    pub tongue: Tongue,
    /// What kind of shop it is.
    pub kind: Kind,
    /// What it is called.
    pub name: String,
    /// Where its customers are: `LT`.
    pub country: String,
    /// Whose clock it follows: `Europe/Vilnius`.
    pub time_zone: String,
    /// Its phone number, if it has one.
    pub phone: Option<String>,
    /// The number of its Page, if it is known.
    pub page: Option<String>,
    /// The name in the Page's link, if it is known.
    pub username: Option<String>,
}

/// What a Page's name is guessed to be, from the shop's.
pub(super) fn username_of(name: &str) -> String {
    let folded = normalise(name);
    let words = folded.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let mut guessed = words.collect::<Vec<_>>().join(".");
    guessed.truncate(50);
    let guessed = guessed.trim_end_matches('.');
    // Meta takes no shorter ones.
    if guessed.len() >= 5 { guessed.to_owned() } else { NO_USERNAME.to_owned() }
}

/// The longest name of a Page (Meta, "Page names", October 2026), in characters.
const NAME_LIMIT: usize = 75;

/// The name of a shop: one line that can be shown.
pub(super) fn name(said: &str) -> Option<String> {
    let trimmed = said.trim();
    let shown = |c: char| !c.is_control() && !is_unseen(c);
    let fits = (1..=NAME_LIMIT).contains(&trimmed.chars().count()) && trimmed.chars().all(shown);
    fits.then(|| trimmed.to_owned())
}

/// What breaks a line, or turns it around, where nobody sees why.
fn is_unseen(c: char) -> bool {
    matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// A country by its two letters, in whatever case.
pub(super) fn country(said: &str) -> Option<String> {
    let upper = said.trim().to_ascii_uppercase();
    written::is_country(&upper).then_some(upper)
}

/// A phone number.
pub(super) fn phone(said: &str) -> Option<String> {
    let trimmed = said.trim();
    written::is_phone(trimmed).then(|| trimmed.to_owned())
}

/// The number of a Page.
pub(super) fn page(said: &str) -> Option<String> {
    let trimmed = said.trim();
    written::is_page_id(trimmed).then(|| trimmed.to_owned())
}

/// The name of a Page, also from the link to it.
pub(super) fn username(said: &str) -> Option<String> {
    let said = said.trim().trim_end_matches('/');
    let last = said.rsplit(['/', '@']).next().unwrap_or_default();
    let bare = last.split(['?', '#']).next().unwrap_or_default();
    written::is_page_name(bare).then(|| bare.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_language_is_found_by_number_tag_or_name() {
        for (said, found) in [
            ("1", Some(Tongue::English)),
            ("LT", Some(Tongue::Lithuanian)),
            ("lietuvių", Some(Tongue::Lithuanian)),
            ("zh-tw", Some(Tongue::Chinese)),
            ("pt", Some(Tongue::Portuguese)),
            (" pt-BR ", Some(Tongue::Portuguese)),
            ("0", None),
            ("5", None),
            ("de", None),
            ("", None),
        ] {
            assert_eq!(Tongue::find(said), found, "{said:?}");
        }
    }

    #[test]
    fn a_name_is_one_line_that_can_be_shown() {
        for good in ["A", "\"Ona's\" \\ café", "🍰🍰", "山嵐茶房", "{first_name} %NAME%"] {
            assert_eq!(name(good).as_deref(), Some(good));
        }
        assert_eq!(name("  Ona  ").as_deref(), Some("Ona"));
        assert!(name(&"x".repeat(NAME_LIMIT)).is_some());
        let long = "x".repeat(NAME_LIMIT + 1);
        for bad in ["", "   ", "a\nb", "a\u{7f}b", "a\u{202e}b", "a\u{2028}b", &long] {
            assert_eq!(name(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn what_is_pasted_is_read() {
        assert_eq!(
            username("https://www.facebook.com/kavine.berzas/").as_deref(),
            Some("kavine.berzas")
        );
        assert_eq!(username("m.me/berzas?ref=x").as_deref(), Some("berzas"));
        assert_eq!(username("@berzas").as_deref(), Some("berzas"));
        assert_eq!(username("kavinė"), None);
        assert_eq!(country("lt").as_deref(), Some("LT"));
        assert_eq!(country("UK"), None);
        assert_eq!(page(" 100200300400500 ").as_deref(), Some("100200300400500"));
        assert_eq!(page("kavine"), None);
        assert_eq!(phone("8 600 00000"), None);
    }

    #[test]
    fn a_page_is_guessed_to_be_called_like_its_shop() {
        assert_eq!(username_of("Kavinė „Ąžuolas“"), "kavine.azuolas");
        assert_eq!(username_of("山嵐茶房"), "your.page");
        assert_eq!(username_of("Bo"), "your.page");
        let long = username_of(&"word ".repeat(20));
        assert!(long.len() <= 50 && !long.ends_with('.'), "{long}");
    }
}
