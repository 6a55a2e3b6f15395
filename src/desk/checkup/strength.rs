//! Whether a secret is easy to guess. It looks at how a value is made, and knows no dictionary.

use serde::{Deserialize, Serialize};

/// `ADMIN_TOKEN` is the only lock of the owner's pages.
pub const ADMIN_TOKEN_CHARACTERS: usize = 32;

/// A key of 16 random bytes or more, in hexadecimal.
const SIGNING_KEY_CHARACTERS: usize = 32;

/// It travels once, in the open address of the handshake, and only shows that Meta was told it.
const VERIFY_TOKEN_CHARACTERS: usize = 8;

/// The length of Meta's app secrets, in hexadecimal digits.
const APP_SECRET_DIGITS: usize = 32;

/// Random text of 32 characters has more different ones than this: of 16 kinds, 14 on average.
const FEW_KINDS: usize = 8;

/// What is wrong with a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Weakness {
    /// Shorter than it should be.
    Short,
    /// Made of a few characters again and again.
    Repeats,
    /// Not what Meta makes: something else was pasted.
    NotMetas,
}

/// What is wrong with the secret of this name; `None` when nothing is.
#[must_use]
pub fn weakness(name: &str, value: &str) -> Option<Weakness> {
    let long = |least: usize| value.chars().count() >= least;
    let kinds = value.chars().collect::<std::collections::BTreeSet<_>>().len();
    let random = |least: usize| match (long(least), kinds > FEW_KINDS) {
        (false, _) => Some(Weakness::Short),
        (true, false) => Some(Weakness::Repeats),
        (true, true) => None,
    };
    match name {
        "ADMIN_TOKEN" => random(ADMIN_TOKEN_CHARACTERS),
        "SIGNING_KEY" => random(SIGNING_KEY_CHARACTERS),
        "VERIFY_TOKEN" if !long(VERIFY_TOKEN_CHARACTERS) => Some(Weakness::Short),
        "APP_SECRET" => {
            let metas = value.len() == APP_SECRET_DIGITS
                && value.bytes().all(|byte| byte.is_ascii_hexdigit());
            (!metas).then_some(Weakness::NotMetas)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_easy_to_guess_is_named() {
        let random = "5f2b9c01d47ae8366b1f0d92ce7a4853";
        for (name, value, expected) in [
            ("ADMIN_TOKEN", random, None),
            ("ADMIN_TOKEN", "short-and-sweet", Some(Weakness::Short)),
            ("ADMIN_TOKEN", "aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbb", Some(Weakness::Repeats)),
            ("SIGNING_KEY", "0123456701234567012345670123456701234567", Some(Weakness::Repeats)),
            ("SIGNING_KEY", random, None),
            ("VERIFY_TOKEN", "bread", Some(Weakness::Short)),
            ("VERIFY_TOKEN", "bread and butter", None),
            ("APP_SECRET", random, None),
            ("APP_SECRET", "EAAB-a-token", Some(Weakness::NotMetas)),
            ("PAGE_TOKEN", "x", None),
        ] {
            assert_eq!(weakness(name, value), expected, "{name} {value}");
        }
    }
}
