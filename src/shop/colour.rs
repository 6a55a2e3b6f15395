//! The shop's own look: two colours, whether they can be told apart, and a sign.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The least contrast between the dark and the light colour. It is what WCAG 2.2 asks of text
/// (1.4.3); a QR code by itself is read with less.
pub const LEAST_CONTRAST: f64 = 4.5;

/// What makes pages and prints look like the shop's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Brand {
    /// The dark colour: modules of QR codes, headings, buttons.
    pub colour: Colour,
    /// The light one they stand on.
    pub background: Colour,
    /// The file with its sign, beside `shop.toml`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logo: Option<String>,
    /// The same picture, as pages show it: a `data:` address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub picture: Option<String>,
}

impl Brand {
    /// Its two colours.
    #[must_use]
    pub const fn colours(&self) -> Colours {
        Colours { ink: self.colour, background: self.background }
    }
}

/// An sRGB colour, written `#rrggbb` or `#rgb`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(
    not(target_arch = "wasm32"),
    derive(schemars::JsonSchema),
    schemars(extend("pattern" = "^#[0-9a-f]{6}$"))
)]
#[serde(try_from = "String", into = "String")]
pub struct Colour(#[cfg_attr(not(target_arch = "wasm32"), schemars(with = "String"))] pub [u8; 3]);

impl TryFrom<String> for Colour {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(&text)
    }
}

impl From<Colour> for String {
    fn from(colour: Colour) -> Self {
        colour.to_string()
    }
}

impl Colour {
    /// `#000000`
    pub const BLACK: Self = Self([0; 3]);
    /// `#ffffff`
    pub const WHITE: Self = Self([255; 3]);

    /// Relative luminance, 0 to 1 (WCAG 2.2, sRGB).
    fn luminance(self) -> f64 {
        let [red, green, blue] = self.0.map(|channel| {
            let share = f64::from(channel) / 255.0;
            if share <= 0.040_45 { share / 12.92 } else { ((share + 0.055) / 1.055).powf(2.4) }
        });
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    }

    /// This colour with so many thousandths of another.
    fn mixed(self, other: Self, thousandths: u16) -> Self {
        let mix = |own: u8, other: u8| {
            let own = u32::from(own).saturating_mul(1_000_u32.saturating_sub(thousandths.into()));
            let other = u32::from(other).saturating_mul(thousandths.into());
            let sum = own.saturating_add(other).saturating_add(500);
            u8::try_from(sum.checked_div(1_000).unwrap_or(0)).unwrap_or(u8::MAX)
        };
        let ([r, g, b], [r2, g2, b2]) = (self.0, other.0);
        Self([mix(r, r2), mix(g, g2), mix(b, b2)])
    }

    /// Reads one as people write it.
    ///
    /// # Errors
    /// What it should look like.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is no colour: write it as #rrggbb, like #0b3d2e");
        let digits = text.strip_prefix('#').unwrap_or(text);
        let long = match digits.len() {
            3 => digits.chars().flat_map(|digit| [digit, digit]).collect(),
            _ => digits.to_owned(),
        };
        let mut channels = [0; 3];
        hex::decode_to_slice(&long, &mut channels).map_err(|_| wrong())?;
        Ok(Self(channels))
    }
}

impl fmt::Display for Colour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", hex::encode(self.0))
    }
}

/// Dark modules on a light ground.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Colours {
    /// The modules and the words.
    pub ink: Colour,
    /// What they stand on.
    pub background: Colour,
}

/// Why two colours cannot be told apart well enough.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Unreadable {
    /// Light on dark: many readers take dark for light only in the other order.
    Inverted,
    /// Too alike.
    Faint {
        /// What they have.
        contrast: f64,
        /// What would do.
        instead: Instead,
    },
}

/// The same colours, changed no more than they must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Instead {
    /// A darker ink on the same ground.
    Ink(Colour),
    /// The ground is too dark for any ink.
    Both(Colours),
}

impl Colours {
    /// The contrast of two colours, 1 to 21 (WCAG 2.2).
    #[must_use]
    pub fn contrast(self) -> f64 {
        let (one, other) = (self.ink.luminance(), self.background.luminance());
        (one.max(other) + 0.05) / (one.min(other) + 0.05)
    }

    /// These colours, if a phone can read them.
    ///
    /// # Errors
    /// [`Unreadable`].
    pub fn readable(self) -> Result<Self, Unreadable> {
        let Self { ink, background } = self;
        let contrast = self.contrast();
        if contrast >= LEAST_CONTRAST {
            return if ink.luminance() < background.luminance() {
                Ok(self)
            } else {
                Err(Unreadable::Inverted)
            };
        }
        Err(Unreadable::Faint { contrast, instead: self.further_apart() })
    }

    fn further_apart(self) -> Instead {
        let does = |colours: &Self| {
            colours.contrast() >= LEAST_CONTRAST
                && colours.ink.luminance() < colours.background.luminance()
        };
        let steps = || (0..=1_000).step_by(25);
        steps()
            .map(|dark| Self { ink: self.ink.mixed(Colour::BLACK, dark), ..self })
            .find(does)
            .map(|colours| Instead::Ink(colours.ink))
            .unwrap_or_else(|| {
                let mut both = steps().map(|step| Self {
                    ink: self.ink.mixed(Colour::BLACK, step),
                    background: self.background.mixed(Colour::WHITE, step),
                });
                let plain = Self { ink: Colour::BLACK, background: Colour::WHITE };
                Instead::Both(both.find(does).unwrap_or(plain))
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn colours(ink: &str, background: &str) -> Colours {
        Colours { ink: Colour::parse(ink).unwrap(), background: Colour::parse(background).unwrap() }
    }

    #[test]
    fn contrast_is_that_of_wcag() {
        assert!((colours("#000", "#fff").contrast() - 21.0).abs() < 1e-9);
        assert!((colours("#777777", "#ffffff").contrast() - 4.48).abs() < 0.01);
        assert!((colours("#ffffff", "#767676").contrast() - 4.54).abs() < 0.01);
        assert!((colours("#0b3d2e", "#0b3d2e").contrast() - 1.0).abs() < 1e-9);
    }

    #[test]
    fn colours_are_read_as_people_write_them() {
        assert_eq!(Colour::parse("#0b3"), Ok(Colour([0x00, 0xbb, 0x33])));
        assert_eq!(Colour::parse("A0b1C2").unwrap().to_string(), "#a0b1c2");
        for wrong in ["", "#", "#12345", "green", "#12345g", "#1234567", "ąč", "#ąąą"] {
            assert!(Colour::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn faint_colours_are_refused_and_what_is_proposed_instead_is_readable() {
        let shades = ["#f2c14e", "#ffffff", "#7bdff2", "#808080", "#6d6d6d", "#ff0000", "#101010"];
        for ink in shades {
            for background in shades {
                let asked = colours(ink, background);
                let Err(Unreadable::Faint { instead, contrast }) = asked.readable() else {
                    continue;
                };
                assert!(contrast < LEAST_CONTRAST);
                let proposed = match instead {
                    Instead::Ink(ink) => Colours { ink, ..asked },
                    Instead::Both(both) => both,
                };
                assert_eq!(proposed.readable(), Ok(proposed), "{ink} on {background}");
            }
        }
        assert!(matches!(
            colours("#f2c14e", "#ffffff").readable(),
            Err(Unreadable::Faint { instead: Instead::Ink(_), .. })
        ));
        assert_eq!(colours("#fffaf0", "#3b1d0f").readable(), Err(Unreadable::Inverted));
    }
}
