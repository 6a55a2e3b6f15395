//! The codes of coupons, and the keys of tills: `7KPN-R2X4-QW8F`.
//!
//! Eleven characters are drawn from 31 (54 random bits), without `0 1 I L O`, so that they can be
//! read aloud and typed; the twelfth checks them. The positions 1 to 12 times the characters' values
//! add up to a multiple of 31. 31 is a prime and there are fewer positions than that, so one wrong
//! character and two that changed places are always found, before anybody is asked for the code.
//!
//! A poster's code ([`super::codes`]) has eight characters: neither is taken for the other.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Values 0 to 30, in order.
const ALPHABET: &[u8; 31] = b"23456789ABCDEFGHJKMNPQRSTUVWXYZ";
const MODULUS: u32 = 31;
/// Characters, without the hyphens.
const LENGTH: usize = 12;
/// Characters between two hyphens.
const GROUP: usize = 4;
/// 12 times 13 is 1, modulo 31: what the sum of the others is multiplied with.
const INVERSE_OF_LAST: u32 = 13;
/// The longest text that is looked at for a code, in bytes: a link to one.
const LONGEST: usize = 512;

/// A code whose characters add up, in capital letters and with its hyphens.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CouponCode(String);

/// What is no code, or was read wrongly.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Misread {
    /// Not as many characters as a code has.
    #[error("a coupon's code has {LENGTH} characters, and this has {0}")]
    Length(usize),
    /// A character that no code has.
    #[error("{0:?} is in no coupon's code: it has 2 to 9 and A to Z, without I, L and O")]
    Character(char),
    /// One is wrong, or two stand in each other's place.
    #[error("the characters of this code do not add up")]
    Sum,
}

impl CouponCode {
    /// A new one from random bits.
    #[must_use]
    pub fn made(bits: [u8; 16]) -> Self {
        let mut rest = u128::from_le_bytes(bits);
        let mut values = Vec::with_capacity(LENGTH);
        for _ in 1..LENGTH {
            let modulus = u128::from(MODULUS);
            let value = rest.checked_rem(modulus).unwrap_or(0);
            rest = rest.checked_div(modulus).unwrap_or(0);
            values.push(u32::try_from(value).unwrap_or(0));
        }
        let sum = weighted(&values).checked_rem(MODULUS).unwrap_or(0);
        let missing = MODULUS.saturating_sub(sum).saturating_mul(INVERSE_OF_LAST);
        values.push(missing.checked_rem(MODULUS).unwrap_or(0));
        let letters = values.iter().map(|value| {
            let byte = usize::try_from(*value).ok().and_then(|value| ALPHABET.get(value));
            char::from(byte.copied().unwrap_or(b'2'))
        });
        Self(grouped(letters))
    }

    /// Reads a code however it was typed or scanned: small letters, without hyphens, with spaces, or
    /// as the link to it.
    ///
    /// # Errors
    /// [`Misread`].
    pub fn read(text: &str) -> Result<Self, Misread> {
        if text.len() > LONGEST {
            return Err(Misread::Length(text.chars().count()));
        }
        let text = text.trim().split(['?', '#']).next().unwrap_or_default();
        let text = text.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
        let bare = text.chars().filter(|c| !c.is_whitespace() && !matches!(c, '-' | '–' | '.'));
        let bare: Vec<char> = bare.map(|c| c.to_ascii_uppercase()).collect();
        // What is too short or too long is no code of ours at all, whatever is in it.
        if bare.len() != LENGTH {
            return Err(Misread::Length(bare.len()));
        }
        let value = |c: &char| {
            let at = ALPHABET.iter().position(|known| char::from(*known) == *c);
            at.and_then(|at| u32::try_from(at).ok()).ok_or(Misread::Character(*c))
        };
        let values = bare.iter().map(value).collect::<Result<Vec<u32>, _>>()?;
        if weighted(&values).checked_rem(MODULUS) == Some(0) {
            Ok(Self(grouped(bare.into_iter())))
        } else {
            Err(Misread::Sum)
        }
    }

    /// The code as text, with its hyphens.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn weighted(values: &[u32]) -> u32 {
    (1_u32..).zip(values).map(|(position, value)| position.saturating_mul(*value)).sum()
}

fn grouped(letters: impl Iterator<Item = char>) -> String {
    let mut text = String::with_capacity(LENGTH.saturating_add(2));
    for (at, letter) in letters.enumerate() {
        if at > 0 && at.checked_rem(GROUP) == Some(0) {
            text.push('-');
        }
        text.push(letter);
    }
    text
}

impl fmt::Display for CouponCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whoever has the code has the coupon, so it is not shown.
impl fmt::Debug for CouponCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CouponCode([redacted])")
    }
}

impl TryFrom<String> for CouponCode {
    type Error = Misread;
    fn try_from(text: String) -> Result<Self, Misread> {
        Self::read(&text)
    }
}

impl From<CouponCode> for String {
    fn from(code: CouponCode) -> Self {
        code.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn one_wrong_character_and_two_in_each_others_place_are_found_wherever_they_are() {
        for seed in 0..40_u128 {
            let code = CouponCode::made((seed * 0x9e37_79b9_7f4a_7c15_0123).to_le_bytes());
            let right: Vec<char> = code.as_str().chars().collect();
            for at in 0..right.len() {
                for other in ALPHABET.iter().map(|byte| char::from(*byte)) {
                    let mut wrong = right.clone();
                    if wrong[at] == '-' {
                        continue;
                    }
                    wrong[at] = other;
                    let text: String = wrong.iter().collect();
                    assert_eq!(CouponCode::read(&text).is_ok(), wrong == right, "{text}");
                }
                for to in 0..right.len() {
                    let mut wrong = right.clone();
                    if wrong[at] == '-' || wrong[to] == '-' {
                        continue;
                    }
                    wrong.swap(at, to);
                    let text: String = wrong.iter().collect();
                    assert_eq!(CouponCode::read(&text).is_ok(), wrong == right, "{text}");
                }
            }
        }
    }

    #[test]
    fn a_code_has_at_least_fifty_random_bits_and_nothing_that_is_misheard() {
        assert!(f64::from(31).log2() * 11.0 >= 50.0);
        assert!(b"01ILO".iter().all(|byte| !ALPHABET.contains(byte)));
        // Neighbouring seeds share nothing that could be guessed from one code to the next.
        let one = CouponCode::made([1; 16]);
        assert_ne!(one, CouponCode::made([2; 16]));
        assert_eq!(format!("{one:?}"), "CouponCode([redacted])");
    }

    proptest! {
        #[test]
        fn a_code_is_known_however_it_is_typed_or_scanned(bits in any::<[u8; 16]>()) {
            let code = CouponCode::made(bits);
            let text = code.as_str();
            prop_assert_eq!(text.len(), 14);
            for typed in [
                text.to_owned(),
                text.to_lowercase(),
                text.replace('-', ""),
                text.replace('-', " "),
                format!("  {text}\n"),
                format!("https://shop.example/c/{text}"),
                format!("https://shop.example/c/{text}/?x=1#y"),
            ] {
                prop_assert_eq!(CouponCode::read(&typed), Ok(code.clone()));
            }
            prop_assert_ne!(crate::shop::codes::look(text), crate::shop::codes::Look::Misread);
        }

        #[test]
        fn any_text_is_read_without_panic(text in any::<String>()) {
            let _read = CouponCode::read(&text);
        }
    }
}
