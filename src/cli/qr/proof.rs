//! Reading a code back before it is printed: small, blurred, turned and stained, as phones see it.

use resvg::tiny_skia::{Pixmap, Transform};

use super::colour::Colours;
use super::draw::{Canvas, Code, Logo};
use crate::entry::qr::{Level, QrError, Symbol};

/// The shares of a code's width that are tried for a logo, the biggest first. A fifth of the width
/// is a twenty-fifth of the area, well within what the best level bears; with a quarter, ZBar missed
/// some codes.
const LOGO_SHARES: [f64; 4] = [0.20, 0.18, 0.16, 0.14];
/// The smallest logo that anybody recognises, in modules.
const LEAST_LOGO: usize = 5;

/// Why there is no code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// The address is too long.
    #[error(transparent)]
    Qr(#[from] QrError),
    /// Drawn and not read.
    #[error(
        "the code for {0} cannot be read back in these colours: take a darker --ink, or white as \
         --background"
    )]
    Unreadable(String),
    /// Only the logo keeps it from being read.
    #[error(
        "with this logo the code for {0} cannot be read back, however small it is: take a logo with \
         fewer dark parts, or leave --logo out"
    )]
    Logo(String),
}

/// A code for `text` that reads back, with the logo as big as it may be. A logo asks for
/// [`Level::High`].
///
/// # Errors
/// [`ProofError`].
pub fn code(
    text: &str,
    least: Level,
    logo: Option<&Logo>,
    colours: Colours,
) -> Result<Code, ProofError> {
    let plain = Code { symbol: Symbol::of(text, least)?, logo: None };
    let Some(logo) = logo else {
        return if reads(&plain, colours, text) {
            Ok(plain)
        } else {
            Err(ProofError::Unreadable(text.to_owned()))
        };
    };
    let symbol = Symbol::of(text, Level::High)?;
    let mut sizes: Vec<usize> =
        LOGO_SHARES.iter().map(|share| odd(symbol.width() as f64 * share)).collect();
    sizes.dedup();
    for size in sizes.into_iter().filter(|size| *size >= LEAST_LOGO) {
        let code = Code { symbol: symbol.clone(), logo: Some((logo.clone(), size)) };
        if reads(&code, colours, text) {
            return Ok(code);
        }
    }
    // Nothing is the logo's fault that goes wrong without it.
    let without = Code { symbol, logo: None };
    let text = text.to_owned();
    Err(if reads(&without, colours, &text) {
        ProofError::Logo(text)
    } else {
        ProofError::Unreadable(text)
    })
}

/// The odd number next below: a code's width is odd, too, and so the logo covers whole modules.
fn odd(modules: f64) -> usize {
    let whole = modules.max(1.0) as usize;
    if whole % 2 == 1 { whole } else { whole.saturating_sub(1) }
}

/// Whether it reads in every state. Each is tried at several sizes, because the reader has blind
/// spots of its own (of large codes, blurred ones below eleven pixels a module); a phone takes thirty
/// pictures a second, each from another distance.
fn reads(code: &Code, colours: Colours, text: &str) -> bool {
    let clean = State::CLEAN;
    let states: [(State, &[u32]); 5] = [
        (clean, &[6, 8]),
        (clean, &[3, 4]),
        (State { blurred: true, ..clean }, &[6, 8, 12, 14]),
        (State { degrees: 8.0, ..clean }, &[6, 7, 9]),
        (State { stained: true, ..clean }, &[6, 8]),
    ];
    let seen = |state| read(code, colours, state).as_deref() == Some(text);
    states
        .iter()
        .all(|(state, sizes)| sizes.iter().any(|pixels| seen(State { pixels: *pixels, ..*state })))
}

/// How somebody meets a code.
#[derive(Clone, Copy)]
struct State {
    /// On each side of a module.
    pixels: u32,
    degrees: f32,
    blurred: bool,
    /// A spot of the background's colour on the data, an eighth of the width across.
    stained: bool,
}

impl State {
    const CLEAN: Self = Self { pixels: 6, degrees: 0.0, blurred: false, stained: false };
}

/// What a reader that knows nothing of the drawing sees in it.
fn read(code: &Code, colours: Colours, state: State) -> Option<String> {
    let modules = code.symbol.side();
    let mut canvas = Canvas::new(colours);
    canvas.code(code, 0.0, 0.0, modules as f64);
    if state.stained {
        let across = modules as f64 / 8.0;
        // Beside the logo, and away from the patterns that only show where the code is.
        let (x, y) = (0.64 * modules as f64, 0.44 * modules as f64);
        let area = super::draw::Area { x, y, width: across, height: across };
        canvas.fill(area, across / 2.0, colours.background);
    }
    let svg = canvas.svg(modules as f64, modules as f64);
    let tree = usvg::Tree::from_str(&svg, &usvg::Options::default()).ok()?;
    let side = u32::try_from(modules).ok()?.checked_mul(state.pixels)?;
    let mut pixmap = Pixmap::new(side, side)?;
    pixmap.fill(resvg::tiny_skia::Color::WHITE);
    let scale = side as f32 / tree.size().width();
    let middle = side as f32 / 2.0;
    // Turned, it must stay within the picture.
    let shrunk = if state.degrees == 0.0 { 1.0 } else { 0.85 };
    let transform = Transform::from_translate(-middle, -middle)
        .post_scale(shrunk, shrunk)
        .post_rotate(state.degrees)
        .post_translate(middle, middle);
    resvg::render(&tree, transform.pre_scale(scale, scale), &mut pixmap.as_mut());
    let side = usize::try_from(side).ok()?;
    let mut grey: Vec<u8> = pixmap
        .pixels()
        .iter()
        .map(|pixel| {
            let [red, green, blue] = [pixel.red(), pixel.green(), pixel.blue()].map(u32::from);
            u8::try_from((299 * red + 587 * green + 114 * blue) / 1_000).unwrap_or(u8::MAX)
        })
        .collect();
    if state.blurred {
        grey = blurred(&grey, side);
    }
    let pixel = |x: usize, y: usize| grey.get(y * side + x).copied().unwrap_or(u8::MAX);
    let mut image = rqrr::PreparedImage::prepare_from_greyscale(side, side, pixel);
    let grids = image.detect_grids();
    grids.iter().find_map(|grid| grid.decode().ok()).map(|(_, text)| text)
}

/// Each pixel as the mean of those around it, three by three.
fn blurred(grey: &[u8], side: usize) -> Vec<u8> {
    let near = |at: usize| at.saturating_sub(1)..(at + 2).min(side);
    (0..side * side)
        .map(|at| {
            let (x, y) = (at % side, at / side);
            let around = near(y).flat_map(|y| near(x).map(move |x| y * side + x));
            let (sum, number) = around.fold((0_u32, 0_u32), |(sum, number), at| {
                (sum + grey.get(at).copied().map_or(0, u32::from), number + 1)
            });
            u8::try_from(sum / number.max(1)).unwrap_or(u8::MAX)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::colour::Colour;
    use super::*;

    const TEXT: &str = "https://cafe.example/q/WINDOW";
    const PLAIN: Colours = Colours { ink: Colour::BLACK, background: Colour::WHITE };

    fn square(colour: &str) -> Logo {
        let svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 10 10\">\
             <rect width=\"10\" height=\"10\" fill=\"{colour}\"/></svg>"
        );
        Logo::of(svg.as_bytes()).unwrap()
    }

    #[test]
    fn a_logo_stands_in_the_middle_and_takes_the_best_level() {
        let code = code(TEXT, Level::Medium, Some(&square("#a01010")), PLAIN).unwrap();
        assert_eq!(code.symbol.level(), Level::High);
        let (_, size) = code.logo.unwrap();
        assert!(size % 2 == 1 && size >= LEAST_LOGO, "{size} modules");
    }

    #[test]
    fn addresses_of_every_length_read_back_with_a_logo_and_without() {
        let logo = square("#a01010");
        for length in (20..110).step_by(9) {
            let text = format!("https://{}.dev/q/A", "x".repeat(length - 16));
            for least in [Level::Medium, Level::Quartile] {
                let plain = code(&text, least, None, PLAIN).map(|code| code.logo.is_none());
                assert_eq!(plain, Ok(true), "{length} bytes");
            }
            let logo = code(&text, Level::Medium, Some(&logo), PLAIN);
            assert!(logo.is_ok_and(|code| code.logo.is_some()), "{length} bytes");
        }
    }

    #[test]
    fn a_code_without_contrast_is_not_taken() {
        let faint = Colours { ink: Colour::parse("#fefefe").unwrap(), background: Colour::WHITE };
        let refused = code(TEXT, Level::Medium, None, faint).unwrap_err();
        assert_eq!(refused, ProofError::Unreadable(TEXT.to_owned()));
        assert!(code(TEXT, Level::Medium, None, PLAIN).unwrap().logo.is_none());
    }

    #[test]
    fn a_logo_that_hides_too_much_does_not_read() {
        let symbol = Symbol::of(TEXT, Level::High).unwrap();
        let size = odd(symbol.width() as f64 * 0.7);
        let hidden = Code { symbol, logo: Some((square("#000"), size)) };
        assert!(!reads(&hidden, PLAIN, TEXT));
    }

    #[test]
    fn a_file_that_is_no_picture_is_no_logo() {
        assert!(Logo::of(b"<html>").is_none() && Logo::of(b"").is_none());
        assert!(Logo::of(b"GIF89a").is_none());
    }
}
