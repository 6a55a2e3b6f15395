//! The secrets the checks are made with, from the environment.

use std::collections::BTreeMap;
use std::fmt;

use crate::desk::checkup::strength::weakness;
use crate::meta::ids::PageId;

/// Values for trying things out. They are public.
const EXAMPLES: &str = include_str!("../../../.dev.vars.example");

/// Names that are read. `PAGE_TOKEN_<page id>` is one too.
const NAMES: [&str; 5] = ["APP_ID", "APP_SECRET", "VERIFY_TOKEN", "PAGE_TOKEN", "ADMIN_TOKEN"];
const PAGE_TOKEN: &str = "PAGE_TOKEN";

/// Shorter values are not looked for in what is printed: they would be found everywhere.
const SHORTEST_SECRET: usize = 6;

/// Secrets by their names. They are never printed.
#[derive(Clone)]
pub struct Secrets(BTreeMap<String, String>);

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl Secrets {
    /// Those given. Empty values and names that mean nothing here are left out.
    #[must_use]
    pub fn new(given: impl IntoIterator<Item = (String, String)>) -> Self {
        let known = |name: &str| NAMES.contains(&name) || name.starts_with("PAGE_TOKEN_");
        let given = given.into_iter().map(|(name, value)| (name, value.trim().to_owned()));
        Self(given.filter(|(name, value)| known(name) && !value.is_empty()).collect())
    }

    /// Those of the environment.
    #[must_use]
    pub fn from_environment() -> Self {
        Self::new(std::env::vars_os().filter_map(|(name, value)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        }))
    }

    pub(in crate::cli) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// Those of these names that are not there.
    pub(super) fn missing(&self, names: &[&str]) -> String {
        let missing = names.iter().filter(|name| self.get(name).is_none());
        missing.copied().collect::<Vec<_>>().join(", ")
    }

    /// A Page's token and the name it stands under, as the Worker looks for it.
    pub(in crate::cli) fn page_token(&self, page: &PageId) -> Option<(String, &str)> {
        let own = format!("{PAGE_TOKEN}_{page}");
        if let Some(token) = self.get(&own) {
            return Some((own, token));
        }
        self.get(PAGE_TOKEN).map(|token| (PAGE_TOKEN.to_owned(), token))
    }

    /// Those that are public or easy to guess, by their names: what stands in the examples, and
    /// what is made too simply.
    pub(super) fn weak(&self) -> (Vec<&str>, Vec<&str>) {
        let all = || self.0.iter().filter(|(name, _)| name.as_str() != "APP_ID");
        let names = |is: &dyn Fn(&str, &str) -> bool| {
            all().filter(|(name, value)| is(name, value)).map(|(name, _)| name.as_str()).collect()
        };
        let public = |value: &str| {
            EXAMPLES.lines().filter(|line| !line.starts_with('#')).any(|line| {
                line.split_once('=').is_some_and(|(_, example)| example.trim() == value)
            })
        };
        let examples = names(&|_, value| public(value));
        let guessed = names(&|name, value| !public(value) && weakness(name, value).is_some());
        (examples, guessed)
    }

    /// The text with every secret taken out. The app's id is none.
    pub(super) fn scrub(&self, text: &str) -> String {
        let secret = |(name, value): &(&String, &String)| {
            name.as_str() != "APP_ID" && value.len() >= SHORTEST_SECRET
        };
        let secrets = self.0.iter().filter(secret);
        secrets.fold(text.to_owned(), |text, (name, value)| {
            text.replace(value.as_str(), &format!("[{name}]"))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_public_or_easy_to_guess_is_named() {
        let given = [
            ("APP_ID", "1"),
            ("APP_SECRET", "dev-app-secret-0123456789abcdef"),
            ("VERIFY_TOKEN", "bread"),
            ("ADMIN_TOKEN", "5f2b9c01d47ae8366b1f0d92ce7a4853"),
            ("PAGE_TOKEN", "EAAB"),
        ];
        let secrets = Secrets::new(given.map(|(n, v)| (n.to_owned(), v.to_owned())));
        assert_eq!(secrets.weak(), (vec!["APP_SECRET"], vec!["VERIFY_TOKEN"]));
    }

    #[test]
    fn a_pages_own_token_goes_before_the_shared_one() {
        let given = [("PAGE_TOKEN", "shared"), ("PAGE_TOKEN_7", "own"), ("HOME", "/x")];
        let secrets = Secrets::new(given.map(|(n, v)| (n.to_owned(), v.to_owned())));
        let token = |id: &str| secrets.page_token(&PageId::new(id).unwrap());
        assert_eq!(token("7"), Some(("PAGE_TOKEN_7".to_owned(), "own")));
        assert_eq!(token("8"), Some(("PAGE_TOKEN".to_owned(), "shared")));
        assert_eq!(format!("{secrets:?}"), r#"{"PAGE_TOKEN", "PAGE_TOKEN_7"}"#);
    }
}
