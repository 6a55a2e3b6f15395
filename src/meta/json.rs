//! Reading JSON that may hold anything.
//!
//! Meta writes the same field as a string here and as a number there, leaves fields out, or sends
//! `null`. A typed struct would refuse such an object as a whole; so every field is kept as its
//! own piece of the body ([`Raw`], borrowed, not yet decoded) and read on demand as what it should
//! be. What a field holds can therefore never harm its neighbours: lone surrogates, numbers
//! beyond any range and nesting of any depth stay inside it, because skipping a value neither
//! decodes nor recurses.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::limits::WEBHOOK_EVENTS;
use crate::time::UnixMs;

/// Numbers from here on are milliseconds, smaller ones are seconds: 10^12 ms is the year 2001,
/// 10^12 s lies 31,000 years ahead.
const FIRST_MS: i64 = 1_000_000_000_000;

/// The longest whole number that is read as an id.
const MAX_DIGITS: usize = 40;

/// A value that has been found but not decoded. Never `null` when it comes from an [`object!`].
#[derive(Clone, Copy)]
pub(super) struct Raw<'a>(&'a RawValue);

impl<'de> Deserialize<'de> for Raw<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        <&RawValue>::deserialize(deserializer).map(Self)
    }
}

impl<'a> Raw<'a> {
    /// The value as an object of known fields; `None` when it is anything else.
    pub(super) fn object<T: Deserialize<'a>>(self) -> Option<T> {
        if self.is_object() { serde_json::from_str(self.0.get()).ok() } else { None }
    }

    /// Whether it is an object.
    pub(super) fn is_object(self) -> bool {
        self.0.get().starts_with('{')
    }

    /// Whether it is an array.
    pub(super) fn is_array(self) -> bool {
        self.0.get().starts_with('[')
    }

    /// The items of an array. A lone object stands for an array of one.
    pub(super) fn items(self) -> Vec<Raw<'a>> {
        match self.0.get().as_bytes().first() {
            Some(b'[') => serde_json::from_str(self.0.get()).unwrap_or_default(),
            Some(b'{') => vec![self],
            _ => Vec::new(),
        }
    }

    /// Keys and values of an object, in its order.
    pub(super) fn pairs(self) -> Vec<(String, Raw<'a>)> {
        struct Pairs<'a>(Vec<(String, Raw<'a>)>);
        impl<'de> Deserialize<'de> for Pairs<'de> {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct PairsVisitor;
                impl<'de> Visitor<'de> for PairsVisitor {
                    type Value = Pairs<'de>;
                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str("an object")
                    }
                    fn visit_map<A: MapAccess<'de>>(
                        self,
                        mut map: A,
                    ) -> Result<Self::Value, A::Error> {
                        let mut pairs = Vec::new();
                        while let Some(Key(key)) = map.next_key()? {
                            pairs.push((lossy(&key), map.next_value()?));
                        }
                        Ok(Pairs(pairs))
                    }
                }
                deserializer.deserialize_map(PairsVisitor)
            }
        }
        self.object::<Pairs<'a>>().map(|pairs| pairs.0).unwrap_or_default()
    }

    /// The value as text: a string, or a number as it was written. Lone surrogates, which no
    /// string can hold, become U+FFFD.
    pub(super) fn text(self) -> Option<String> {
        let raw = self.0.get();
        match raw.as_bytes().first()? {
            b'"' => serde_json::from_str::<Text>(raw).ok().map(|text| text.0),
            b'-' | b'0'..=b'9' => Some(raw.to_owned()),
            _ => None,
        }
    }

    /// The value as an id: a string, or a whole number, exactly (`1e3` is `1000`; nothing goes
    /// through a float).
    pub(super) fn id(self) -> Option<String> {
        let raw = self.0.get();
        match raw.as_bytes().first()? {
            b'"' => self.text().filter(|id| !id.is_empty()),
            b'-' | b'0'..=b'9' => whole_number(raw),
            _ => None,
        }
    }

    /// The value as a small count, from a number or a string.
    pub(super) fn count(self) -> Option<u32> {
        self.id()?.trim().parse().ok()
    }

    /// The value as a moment: milliseconds or seconds, as a number or a string.
    pub(super) fn moment(self) -> Option<UnixMs> {
        let text = self.text()?;
        let text = text.trim();
        let number = match text.parse::<i64>() {
            Ok(number) => number,
            // Fractions and exponents: only the whole part counts.
            Err(_) => {
                let float = text.parse::<f64>().ok().filter(|f| f.is_finite())?;
                float as i64 // saturates
            }
        };
        if number <= 0 {
            return None;
        }
        Some(UnixMs::new(if number >= FIRST_MS { number } else { number.saturating_mul(1_000) }))
    }

    /// Whether the value is `true`, also as a string or as 1.
    pub(super) fn truthy(self) -> bool {
        matches!(self.0.get(), "true" | "\"true\"" | "1")
    }
}

/// A whole number in decimal digits, exactly, or nothing.
fn whole_number(raw: &str) -> Option<String> {
    if raw.len() <= MAX_DIGITS && raw.bytes().all(|b| b.is_ascii_digit()) {
        return Some(raw.to_owned());
    }
    let (mantissa, exponent) = match raw.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (raw, 0),
    };
    let (negative, mantissa) = match mantissa.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, mantissa),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let fraction = fraction.trim_end_matches('0');
    let fraction_len = i32::try_from(fraction.len()).ok()?;
    let zeros = usize::try_from(exponent.checked_sub(fraction_len)?).ok()?;
    if whole.len().saturating_add(fraction.len()).saturating_add(zeros) > MAX_DIGITS {
        return None;
    }
    let digits = format!("{whole}{fraction}{}", "0".repeat(zeros));
    let digits = digits.trim_start_matches('0');
    let digits = if digits.is_empty() { "0" } else { digits };
    Some(if negative { format!("-{digits}") } else { digits.to_owned() })
}

/// UTF-8, with whatever is not replaced.
fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A string that may hold lone surrogates.
struct Text(String);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Key::deserialize(deserializer).map(|key| {
            Self(match key.0 {
                Cow::Borrowed(bytes) => lossy(bytes),
                Cow::Owned(bytes) => {
                    String::from_utf8(bytes).unwrap_or_else(|not_utf8| lossy(not_utf8.as_bytes()))
                }
            })
        })
    }
}

/// The key of a field, as bytes: asking for bytes is what makes lone surrogates pass.
pub(super) struct Key<'a>(pub(super) Cow<'a, [u8]>);

impl Key<'_> {
    /// The key as text.
    pub(super) fn text(&self) -> String {
        lossy(&self.0)
    }
}

impl<'de> Deserialize<'de> for Key<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct KeyVisitor;
        impl<'de> Visitor<'de> for KeyVisitor {
            type Value = Key<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }
            fn visit_borrowed_bytes<E: Error>(self, bytes: &'de [u8]) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Borrowed(bytes)))
            }
            fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Owned(bytes.to_vec())))
            }
        }
        deserializer.deserialize_bytes(KeyVisitor)
    }
}

/// An array (or `null`) read in the same pass as what surrounds it. Items beyond
/// [`WEBHOOK_EVENTS`] are skipped, all but one, by which the reader sees that there were more: a
/// body made of nothing but empty items must not fill an isolate's memory.
pub(super) struct List<T>(pub(super) Vec<T>);

impl<T> Default for List<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for List<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ListVisitor<T>(std::marker::PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for ListVisitor<T> {
            type Value = List<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an array")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<List<T>, A::Error> {
                let mut items = Vec::new();
                while items.len() <= WEBHOOK_EVENTS {
                    match seq.next_element()? {
                        Some(item) => items.push(item),
                        None => return Ok(List(items)),
                    }
                }
                while seq.next_element::<IgnoredAny>()?.is_some() {}
                Ok(List(items))
            }
            fn visit_unit<E: Error>(self) -> Result<List<T>, E> {
                Ok(List(Vec::new()))
            }
        }
        deserializer.deserialize_any(ListVisitor(std::marker::PhantomData))
    }
}

/// Declares an object by its fields, each an `Option<Raw>` unless a type is given, and how to read
/// it: in any order, the last of several equal keys wins, and unknown keys are skipped. With
/// `; other` the first unknown key is kept in a field of that name.
macro_rules! object {
    (@type) => { Option<$crate::meta::json::Raw<'de>> };
    (@type $type:ty) => { $type };
    (
        $(#[$doc:meta])*
        $name:ident<'de> { $($field:ident $(: $type:ty)? = $key:literal),* $(,)? $(; $other:ident)? }
    ) => {
        $(#[$doc])*
        #[derive(Default)]
        pub(super) struct $name<'de> {
            $(pub(super) $field: $crate::meta::json::object!(@type $($type)?),)*
            $(pub(super) $other: Option<$crate::meta::json::Key<'de>>,)?
        }

        impl<'de> serde::Deserialize<'de> for $name<'de> {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Fields;
                impl<'de> serde::de::Visitor<'de> for Fields {
                    type Value = $name<'de>;
                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str("an object")
                    }
                    fn visit_map<A: serde::de::MapAccess<'de>>(
                        self,
                        mut map: A,
                    ) -> Result<Self::Value, A::Error> {
                        let mut object = $name::default();
                        while let Some(key) = map.next_key::<$crate::meta::json::Key<'de>>()? {
                            match &*key.0 {
                                $($key => object.$field = map.next_value()?,)*
                                _ => {
                                    map.next_value::<serde::de::IgnoredAny>()?;
                                    $(if object.$other.is_none() {
                                        object.$other = Some(key);
                                    })?
                                }
                            }
                        }
                        Ok(object)
                    }
                }
                deserializer.deserialize_map(Fields)
            }
        }
    };
}
pub(super) use object;

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(json: &str) -> Raw<'_> {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn ids_are_exact_whatever_their_notation() {
        for (json, id) in [
            (r#""12""#, Some("12")),
            ("369239263222822", Some("369239263222822")),
            ("99999999999999999999", Some("99999999999999999999")),
            ("1e15", Some("1000000000000000")),
            ("1.5E3", Some("1500")),
            ("12.0", Some("12")),
            ("0", Some("0")),
            ("-7", Some("-7")),
            ("1.5", None),
            ("1e-3", None),
            ("1e999999999999", None),
            ("1e400", None),
            (r#""""#, None),
            ("true", None),
            ("[1]", None),
        ] {
            assert_eq!(raw(json).id().as_deref(), id, "{json}");
        }
    }

    #[test]
    fn moments_are_milliseconds_or_seconds_numbers_or_strings() {
        for (json, ms) in [
            ("1458692752478", Some(1_458_692_752_478)),
            ("1527459824", Some(1_527_459_824_000)),
            (r#""1527459824""#, Some(1_527_459_824_000)),
            ("1527459824.9", Some(1_527_459_824_000)),
            ("1.527459824e9", Some(1_527_459_824_000)),
            ("1e400", None),
            ("0", None),
            ("-5", None),
            (r#""soon""#, None),
            ("{}", None),
        ] {
            assert_eq!(raw(json).moment().map(UnixMs::get), ms, "{json}");
        }
        assert_eq!(raw("9e99").moment(), Some(UnixMs::new(i64::MAX)));
    }

    #[test]
    fn lone_surrogates_are_replaced_and_pairs_kept() {
        assert_eq!(raw(r#""a\ud83d\ude22b""#).text().as_deref(), Some("a😢b"));
        let text = raw(r#""a\ud800b""#).text().unwrap();
        assert!(text.starts_with('a') && text.ends_with('b') && text.contains('\u{fffd}'));
    }

    #[test]
    fn a_lone_object_is_a_list_of_one() {
        assert_eq!(raw("{}").items().len(), 1);
        assert_eq!(raw("[1, 2]").items().len(), 2);
        assert_eq!(raw("7").items().len(), 0);
    }
}
