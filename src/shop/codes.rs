//! The codes of posters: those that Shopbell makes, whose last character checks the others, and
//! those that owners write themselves.
//!
//! A made code looks like `7KPN-R2X4`: a digit, six more characters, and one that checks them, of
//! an alphabet without `0 1 I L O`. The positions 1 to 8 times the characters' values add up to a
//! multiple of 31, which is how many characters there are. 31 is a prime, so one wrong character
//! and two that changed places are always found, whichever they are.
//!
//! Only that shape is checked. Any other code (`DOOR`, `TABLE-4`) is an owner's own and is looked
//! up as it is; `shopbell check` refuses an own code that has the shape and not the sum, so the two
//! kinds cannot be mixed up.

use crate::meta::ids::PosterCode;

/// Values 0 to 30, in order.
const ALPHABET: &[u8; 31] = b"23456789ABCDEFGHJKMNPQRSTUVWXYZ";
const MODULUS: u32 = 31;
/// Digits that a made code may begin with.
const FIRST: u64 = 8;
/// Characters, without the hyphen.
const LENGTH: usize = 8;
/// Where the hyphen stands.
const HYPHEN: usize = 4;
/// 8 times 4 is 1, modulo 31: what the sum of the others is multiplied with.
const INVERSE_OF_LAST: u32 = 4;

/// What a code is at first sight, before anybody is asked for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Look {
    /// Made by Shopbell, and read rightly; in capital letters, with its hyphen.
    Made(PosterCode),
    /// Has the shape of a made one, and its characters do not add up.
    Misread,
    /// Perhaps an owner's own.
    Own(PosterCode),
    /// No code at all.
    None,
}

/// A new code from random bits.
#[must_use]
pub fn made(bits: [u8; 16]) -> PosterCode {
    let mut rest = u128::from_le_bytes(bits);
    let mut values = Vec::with_capacity(LENGTH);
    for position in 1..LENGTH {
        let choices = u128::from(if position == 1 { FIRST } else { u64::from(MODULUS) });
        let value = rest.checked_rem(choices).unwrap_or(0);
        rest = rest.checked_div(choices).unwrap_or(0);
        values.push(u32::try_from(value).unwrap_or(0));
    }
    let sum = weighted(&values);
    let missing = MODULUS.saturating_sub(sum.checked_rem(MODULUS).unwrap_or(0));
    let last = missing.saturating_mul(INVERSE_OF_LAST).checked_rem(MODULUS).unwrap_or(0);
    values.push(last);
    let mut code = String::with_capacity(LENGTH.saturating_add(1));
    for (at, value) in values.iter().enumerate() {
        if at == HYPHEN {
            code.push('-');
        }
        let byte = usize::try_from(*value).ok().and_then(|value| ALPHABET.get(value));
        code.push(char::from(byte.copied().unwrap_or(b'2')));
    }
    PosterCode::new(code).unwrap_or_else(|_| PosterCode::none())
}

/// What a code is, however it was typed: small letters are as good, and so is a made code without
/// its hyphen.
#[must_use]
pub fn look(text: &str) -> Look {
    let Ok(own) = PosterCode::new(text) else { return Look::None };
    let upper = text.to_ascii_uppercase();
    let (bare, hyphened) = match upper.split_once('-') {
        Some((front, back)) if front.len() == HYPHEN => (format!("{front}{back}"), true),
        _ => (upper, false),
    };
    let Some(values) = values(&bare) else { return Look::Own(own) };
    let adds_up = weighted(&values).checked_rem(MODULUS) == Some(0);
    match (adds_up, hyphened, bare.split_at_checked(HYPHEN)) {
        (true, _, Some((front, back))) => {
            PosterCode::new(format!("{front}-{back}")).map_or(Look::None, Look::Made)
        }
        // Without a hyphen it is no made code to whoever wrote it.
        (false, true, _) => Look::Misread,
        _ => Look::Own(own),
    }
}

/// The values of the eight characters of a made code; `None` for another shape.
fn values(bare: &str) -> Option<Vec<u32>> {
    if bare.len() != LENGTH || !bare.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    bare.bytes()
        .map(|byte| u32::try_from(ALPHABET.iter().position(|known| *known == byte)?).ok())
        .collect()
}

fn weighted(values: &[u32]) -> u32 {
    (1_u32..).zip(values).map(|(position, value)| position.saturating_mul(*value)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shape(code: &PosterCode) -> Vec<char> {
        code.as_str().chars().collect()
    }

    #[test]
    fn codes_of_owners_are_left_alone() {
        for own in ["DOOR", "TABLE-4", "FLYER-2025", "summer", "SUMMER25", "25THJUNE", "a_b"] {
            assert_eq!(look(own), Look::Own(PosterCode::new(own).unwrap()), "{own}");
        }
        for none in ["", "a b", "ą", "a/b", &"x".repeat(65)] {
            assert_eq!(look(none), Look::None, "{none:?}");
        }
    }

    #[test]
    fn one_wrong_character_and_two_in_each_others_place_are_found_wherever_they_are() {
        for seed in 0..200_u128 {
            let code = made((seed * 0x9e37_79b9_7f4a_7c15).to_le_bytes());
            let right = shape(&code);
            for at in 0..right.len() {
                if at == HYPHEN {
                    continue;
                }
                for other in ALPHABET.iter().map(|byte| char::from(*byte)) {
                    let mut wrong = right.clone();
                    wrong[at] = other;
                    let text: String = wrong.iter().collect();
                    let found = look(&text);
                    if wrong == right {
                        assert_eq!(found, Look::Made(code.clone()));
                    } else if wrong[0].is_ascii_digit() {
                        assert_eq!(found, Look::Misread, "{code} read as {text}");
                    } else {
                        assert!(!matches!(found, Look::Made(_)), "{code} read as {text}");
                    }
                }
                for to in 0..right.len() {
                    let mut wrong = right.clone();
                    wrong.swap(at, to);
                    let text: String = wrong.iter().collect();
                    let same = wrong == right;
                    assert_eq!(look(&text) == Look::Made(code.clone()), same, "{code}: {text}");
                }
            }
        }
    }

    proptest! {
        #[test]
        fn a_made_code_is_known_however_it_is_typed(bits in any::<[u8; 16]>()) {
            let code = made(bits);
            let text = code.as_str();
            prop_assert_eq!(text.len(), 9);
            prop_assert!(text.starts_with(|c: char| c.is_ascii_digit()));
            let made = Look::Made(code.clone());
            prop_assert_eq!(look(text), made.clone());
            prop_assert_eq!(look(&text.to_lowercase()), made.clone());
            prop_assert_eq!(look(&text.replace('-', "")), made);
        }

        #[test]
        fn any_text_is_looked_at_without_panic(text in any::<String>()) {
            let _looked = look(&text);
        }
    }
}
