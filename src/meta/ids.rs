//! Typed ids. Meta sends them as strings or as numbers; here they are strings.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The longest id or key part, in bytes.
pub const MAX_KEY_PART: usize = 64;

/// An id that cannot be part of a KV key or a Desk's name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("an id has 1 to 64 of the characters A-Z a-z 0-9 _ -")]
pub struct InvalidId;

/// Whether `part` may stand in a KV key: `[A-Za-z0-9_-]{1,64}`.
#[must_use]
pub fn is_key_part(part: &str) -> bool {
    (1..=MAX_KEY_PART).contains(&part.len())
        && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}

macro_rules! key_part {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        ///
        /// Always `[A-Za-z0-9_-]{1,64}`, so that it can stand in a KV key.
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(
            not(target_arch = "wasm32"),
            derive(schemars::JsonSchema),
            schemars(extend("pattern" = "^[A-Za-z0-9_-]{1,64}$"))
        )]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Checks and wraps.
            ///
            /// # Errors
            /// [`InvalidId`] when it could not stand in a KV key.
            pub fn new(id: impl Into<String>) -> Result<Self, InvalidId> {
                let id = id.into();
                if is_key_part(&id) { Ok(Self(id)) } else { Err(InvalidId) }
            }

            /// The id as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;
            fn try_from(id: String) -> Result<Self, InvalidId> {
                Self::new(id)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

key_part! {
    /// A Facebook Page.
    PageId
}
key_part! {
    /// The account a webhook entry is about: a Page, or an Instagram professional account.
    AccountId
}
key_part! {
    /// A person as this Page (page-scoped id) or Instagram account (Instagram-scoped id) sees
    /// them.
    Psid
}
key_part! {
    /// A topic that people can opt in to, as named in `shop.toml`.
    TopicId
}
key_part! {
    /// The code on a poster.
    PosterCode
}
key_part! {
    /// The code under which somebody asks what became of their deletion.
    DeletionCode
}
key_part! {
    /// An FAQ entry, as named in `shop.toml`.
    FaqId
}
key_part! {
    /// A scheduled notification, as named in `shop.toml`.
    NotificationId
}
key_part! {
    /// A form, as named in `shop.toml`.
    FormId
}
key_part! {
    /// A segment, as named in `shop.toml`.
    SegmentId
}
key_part! {
    /// A field of a person, as named in `shop.toml`: where the answer to a question lands.
    FieldId
}
key_part! {
    /// Something that can be booked, as named in `shop.toml`.
    ServiceId
}
key_part! {
    /// A utility template, as named in `shop.toml`.
    TemplateId
}
key_part! {
    /// A product, as named in `shop.toml`.
    ProductId
}
key_part! {
    /// A sequence of messages, as named in `shop.toml`.
    SequenceId
}
key_part! {
    /// An offer that people can ask to be told of, as named in `shop.toml`.
    OfferId
}
key_part! {
    /// A rule about comments, as named in `shop.toml`.
    CommentRuleId
}
key_part! {
    /// A rule about ads, as named in `shop.toml`.
    AdRuleId
}
key_part! {
    /// A coupon, as named in `shop.toml`.
    CouponId
}

impl PosterCode {
    /// Stands where no code can be made, which does not happen.
    pub(crate) fn none() -> Self {
        Self("0".to_owned())
    }
}

impl DeletionCode {
    /// Stands where no code can be made, which does not happen.
    pub(crate) fn none() -> Self {
        Self("0".to_owned())
    }
}

impl AccountId {
    /// Stands where a webhook names no usable account. No account has the id `0`; Meta's own test
    /// button sends it.
    #[must_use]
    pub fn unknown() -> Self {
        Self("0".to_owned())
    }
}

/// A message id. Opaque, and no key part: Meta's may hold `$`, `.` and `=` and be long.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Mid(pub String);

/// An app's id, as text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AppId(pub String);

/// A notification token ("subscription token"). It lets its holder write to a person, so Debug
/// does not show it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct NotificationToken(pub String);

impl fmt::Debug for NotificationToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NotificationToken([redacted])")
    }
}

/// A country by its ISO 3166-1 alpha-2 code, upper case: `LT`, `TW`, `BR`. Meta's rules differ by
/// it (`meta::policy`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(
    not(target_arch = "wasm32"),
    derive(schemars::JsonSchema),
    schemars(extend("pattern" = "^[A-Z]{2}$"))
)]
#[serde(try_from = "String", into = "String")]
pub struct Country(#[cfg_attr(not(target_arch = "wasm32"), schemars(with = "String"))] [u8; 2]);

impl Country {
    /// Two upper-case letters.
    ///
    /// # Errors
    /// [`InvalidCountry`] for anything else.
    pub fn new(code: &str) -> Result<Self, InvalidCountry> {
        match code.as_bytes() {
            [a, b] if a.is_ascii_uppercase() && b.is_ascii_uppercase() => Ok(Self([*a, *b])),
            _ => Err(InvalidCountry),
        }
    }

    /// The code as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("??")
    }
}

/// A country code that is not two upper-case letters.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a country is two upper-case letters, such as LT")]
pub struct InvalidCountry;

impl TryFrom<String> for Country {
    type Error = InvalidCountry;
    fn try_from(code: String) -> Result<Self, InvalidCountry> {
        Self::new(&code)
    }
}

impl From<Country> for String {
    fn from(country: Country) -> Self {
        country.as_str().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_parts_are_checked() {
        assert!(PageId::new("1029384756").is_ok());
        for bad in ["", "a:b", "a/b", "ą", &"x".repeat(65)] {
            assert_eq!(PageId::new(bad), Err(InvalidId), "{bad:?}");
        }
    }

    #[test]
    fn tokens_are_not_debugged() {
        assert!(!format!("{:?}", NotificationToken("secret".into())).contains("secret"));
    }
}
