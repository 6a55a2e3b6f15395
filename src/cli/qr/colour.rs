//! The colours of a print, as the command's arguments say them: why two of them cannot be printed on
//! each other.

pub use crate::shop::colour::{Colour, Colours, Instead, LEAST_CONTRAST};

use crate::shop::colour::Unreadable;

/// Why two colours cannot be printed on each other.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum ColourError {
    /// Many readers take dark for light only in this order.
    #[error(
        "--ink {ink} is lighter than --background {background}: many phones do not read a code \
         that is light on dark. Swap them: --ink {background} --background {ink}"
    )]
    Inverted {
        /// As asked.
        ink: Colour,
        /// As asked.
        background: Colour,
    },
    /// Too alike.
    #[error(
        "--ink {ink} on --background {background} has a contrast of {contrast:.1} : 1, and below \
         {LEAST_CONTRAST} : 1 phones miss it in poor light. Take {}",
        said(*instead)
    )]
    Faint {
        /// As asked.
        ink: Colour,
        /// As asked.
        background: Colour,
        /// What they have.
        contrast: f64,
        /// What would do.
        instead: Instead,
    },
}

fn said(instead: Instead) -> String {
    match instead {
        Instead::Ink(ink) => format!("--ink {ink}, the same colour darker"),
        Instead::Both(Colours { ink, background }) => {
            format!("--ink {ink} --background {background}, the same colours further apart")
        }
    }
}

/// These colours, if a phone can read them.
///
/// # Errors
/// [`ColourError`].
pub fn readable(colours: Colours) -> Result<Colours, ColourError> {
    let Colours { ink, background } = colours;
    colours.readable().map_err(|why| match why {
        Unreadable::Inverted => ColourError::Inverted { ink, background },
        Unreadable::Faint { contrast, instead } => {
            ColourError::Faint { ink, background, contrast, instead }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn light_on_dark_is_refused_with_the_two_swapped() {
        let colour = |text: &str| Colour::parse(text).unwrap();
        let asked = Colours { ink: colour("#fffaf0"), background: colour("#3b1d0f") };
        let error = readable(asked).unwrap_err();
        assert!(matches!(error, ColourError::Inverted { .. }));
        assert!(error.to_string().ends_with("--ink #3b1d0f --background #fffaf0"));
    }

    #[test]
    fn faint_colours_are_refused_with_what_to_write_instead() {
        let colour = |text: &str| Colour::parse(text).unwrap();
        let asked = Colours { ink: colour("#f2c14e"), background: Colour::WHITE };
        let told = readable(asked).unwrap_err().to_string();
        assert!(told.contains("Take --ink #") && told.contains("darker"), "{told}");
    }
}
