//! QR pictures for print: SVG for the designer, PNG for everybody else, and the code itself for
//! the sheets of `shopbell qr`.

use png::{BitDepth, ColorType, Encoder};
use qrcode::{Color, EcLevel, QrCode};

use crate::shop::colour::{Colour, Colours};

/// Light modules around the code, on every side (ISO/IEC 18004 asks for four).
pub const QUIET_ZONE: usize = 4;
/// Pixels per module in a PNG: about 4 cm in print at 300 dpi for a short address.
const PIXELS: usize = 10;
/// Height of the caption's strip under the code, in modules.
const CAPTION: usize = 5;

/// Why there is no picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum QrError {
    /// More than a QR code holds: 2,331 bytes at this level.
    #[error("the text is too long for a QR code")]
    TooLong,
    /// The picture could not be written.
    #[error("the picture could not be written")]
    Encoding,
}

/// Black on white: what is drawn for a shop without colours of its own.
pub const PLAIN: Colours = Colours { ink: Colour::BLACK, background: Colour::WHITE };

/// `text` as an SVG picture, with `caption` underneath for people whose camera fails. Sizes are
/// in modules: it scales to any print. Colours that a phone may miss are drawn black on white.
///
/// # Errors
/// [`QrError::TooLong`].
pub fn svg(text: &str, caption: Option<&str>, colours: Colours) -> Result<String, QrError> {
    let Colours { ink, background } = colours.readable().unwrap_or(PLAIN);
    let symbol = Symbol::of(text, Level::Medium)?;
    let width = symbol.side();
    let caption = caption.map(str::trim).filter(|caption| !caption.is_empty());
    let height = if caption.is_some() { width + CAPTION } else { width };

    let caption = caption.map(|caption| caption_svg(caption, width, ink)).unwrap_or_default();
    Ok(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" \
         width=\"{}\" height=\"{}\"><rect width=\"{width}\" height=\"{height}\" fill=\"{background}\"/>\
         <path d=\"{}\" fill=\"{ink}\" shape-rendering=\"crispEdges\"/>{caption}</svg>\n",
        width * PIXELS,
        height * PIXELS,
        symbol.path(),
    ))
}

/// `text` as a PNG picture: one bit a pixel, ten pixels a module. Colours that a phone may miss are
/// drawn black on white.
///
/// # Errors
/// [`QrError`].
pub fn png(text: &str, colours: Colours) -> Result<Vec<u8>, QrError> {
    let colours = colours.readable().unwrap_or(PLAIN);
    let symbol = Symbol::of(text, Level::Medium)?;
    let modules = symbol.side();
    let side = modules * PIXELS;
    let line_bytes = side.div_ceil(8);

    let mut pixels = Vec::with_capacity(line_bytes * side);
    for y in 0..modules {
        let mut line = vec![0xFF_u8; line_bytes];
        for x in 0..side {
            let dark = match ((x / PIXELS).checked_sub(QUIET_ZONE), y.checked_sub(QUIET_ZONE)) {
                (Some(x), Some(y)) => symbol.is_dark(x, y),
                _ => false,
            };
            if let Some(byte) = line.get_mut(x / 8).filter(|_| dark) {
                *byte &= !(0x80 >> (x % 8));
            }
        }
        for _ in 0..PIXELS {
            pixels.extend(&line);
        }
    }

    let side = u32::try_from(side).map_err(|_| QrError::TooLong)?;
    let mut out = Vec::new();
    let mut encoder = Encoder::new(&mut out, side, side);
    if colours == PLAIN {
        encoder.set_color(ColorType::Grayscale);
    } else {
        encoder.set_color(ColorType::Indexed);
        encoder.set_palette([colours.ink.0, colours.background.0].concat());
    }
    encoder.set_depth(BitDepth::One);
    let mut writer = encoder.write_header().map_err(|_| QrError::Encoding)?;
    writer.write_image_data(&pixels).map_err(|_| QrError::Encoding)?;
    writer.finish().map_err(|_| QrError::Encoding)?;
    Ok(out)
}

/// How much of a code may be missing before nobody can read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// About 15 %: fingers, rain, a sticker's edge.
    Medium,
    /// About 25 %: what is handled every day.
    Quartile,
    /// About 30 %: enough for a logo in the middle, and some damage beside.
    High,
}

impl Level {
    const ALL: [Self; 3] = [Self::Medium, Self::Quartile, Self::High];

    const fn of_the_standard(self) -> EcLevel {
        match self {
            Self::Medium => EcLevel::M,
            Self::Quartile => EcLevel::Q,
            Self::High => EcLevel::H,
        }
    }
}

/// A QR code, before it is drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Symbol {
    width: usize,
    modules: Vec<Color>,
    level: Level,
}

impl Symbol {
    /// The smallest code that holds `text` at this level, or at a better one of the same size.
    ///
    /// # Errors
    /// [`QrError::TooLong`].
    pub fn of(text: &str, least: Level) -> Result<Self, QrError> {
        let smallest = QrCode::with_error_correction_level(text, least.of_the_standard())
            .map_err(|_| QrError::TooLong)?;
        let mut better = Level::ALL.into_iter().rev().take_while(|level| *level > least);
        let (code, level) = better
            .find_map(|level| {
                let version = smallest.version();
                let code = QrCode::with_version(text, version, level.of_the_standard()).ok()?;
                Some((code, level))
            })
            .unwrap_or((smallest, least));
        Ok(Self { width: code.width(), modules: code.to_colors(), level })
    }

    /// Modules on each side, without the quiet zone.
    #[must_use]
    pub const fn width(&self) -> usize {
        self.width
    }

    /// Modules on each side with the quiet zone.
    #[must_use]
    pub const fn side(&self) -> usize {
        self.width + 2 * QUIET_ZONE
    }

    /// The level it got.
    #[must_use]
    pub const fn level(&self) -> Level {
        self.level
    }

    /// Whether a module is dark, counted without the quiet zone. Light outside the code.
    #[must_use]
    pub fn is_dark(&self, x: usize, y: usize) -> bool {
        x < self.width && self.modules.get(y * self.width + x) == Some(&Color::Dark)
    }

    /// The dark modules as an SVG path, one unit a module, the quiet zone left free: it fills the
    /// square from 0 to [`Self::side`].
    #[must_use]
    pub fn path(&self) -> String {
        let mut path = String::new();
        for y in 0..self.width {
            let mut x = 0;
            while x < self.width {
                let run = (x..self.width).take_while(|x| self.is_dark(*x, y)).count();
                if run > 0 {
                    path.push_str(&format!(
                        "M{} {}h{run}v1h-{run}z",
                        x + QUIET_ZONE,
                        y + QUIET_ZONE
                    ));
                }
                x += run.max(1);
            }
        }
        path
    }
}

/// The caption, centred, in a size that fits: a wide letter takes up to a full em.
fn caption_svg(caption: &str, width: usize, ink: Colour) -> String {
    let ems: f64 = caption.chars().map(|c| if c.is_ascii() { 0.66 } else { 1.0 }).sum();
    let size = ((width - 2) as f64 / ems.max(1.0)).min(3.0);
    format!(
        "<text x=\"{}\" y=\"{}\" font-family=\"system-ui,sans-serif\" font-size=\"{size:.2}\" \
         text-anchor=\"middle\" fill=\"{ink}\">{}</text>",
        width as f64 / 2.0,
        width + 2,
        super::pages::escaped(caption),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Picture {
        side: usize,
        pixels: Vec<u8>,
    }

    impl Picture {
        fn of(bytes: &[u8]) -> Self {
            let mut decoder = png::Decoder::new(std::io::Cursor::new(bytes));
            decoder.set_transformations(png::Transformations::EXPAND);
            let mut reader = decoder.read_info().unwrap();
            let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
            let info = reader.next_frame(&mut pixels).unwrap();
            assert_eq!(info.width, info.height);
            Self { side: info.width as usize, pixels }
        }

        fn read(&self) -> String {
            let mut image =
                rqrr::PreparedImage::prepare_from_greyscale(self.side, self.side, |x, y| {
                    self.pixels[y * self.side + x]
                });
            let grids = image.detect_grids();
            assert_eq!(grids.len(), 1);
            grids[0].decode().unwrap().1
        }
    }

    #[test]
    fn an_independent_decoder_reads_the_png_at_many_lengths() {
        for length in [1, 20, 41, 64, 100, 180, 300, 600] {
            let text: String = format!("https://cafe.example/q/{}", "WINDOW-2_a".repeat(60))
                .chars()
                .take(length)
                .collect();
            assert_eq!(
                Picture::of(&png(&text, PLAIN).unwrap()).read(),
                text,
                "{length} characters"
            );
        }
        let text = "https://cafe.example/q/ąčę";
        assert_eq!(Picture::of(&png(text, PLAIN).unwrap()).read(), text);
    }

    #[test]
    fn the_quiet_zone_is_four_light_modules_and_modules_are_ten_pixels() {
        let picture = Picture::of(&png("https://cafe.example/q/A", PLAIN).unwrap());
        let dark = |x: usize, y: usize| picture.pixels[y * picture.side + x] == 0;
        for at in 0..picture.side {
            for edge in (0..40).chain(picture.side - 40..picture.side) {
                assert!(!dark(at, edge) && !dark(edge, at));
            }
        }
        // The finder pattern: seven dark modules, then a light one.
        assert!((40..110).all(|x| dark(x, 40)));
        assert!((110..120).all(|x| !dark(x, 40)));
    }

    #[test]
    fn the_svg_draws_the_same_modules_as_the_png() {
        let text = "https://cafe.example/q/DOOR";
        let svg = svg(text, None, PLAIN).unwrap();
        let path = svg.split("d=\"").nth(1).unwrap().split('"').next().unwrap();
        let side = Symbol::of(text, Level::Medium).unwrap().side();
        let mut pixels = vec![255_u8; side * side];
        for run in path.split('M').skip(1) {
            let (at, rest) = run.split_once('h').unwrap();
            let (x, y) = at.split_once(' ').unwrap();
            let (x, y): (usize, usize) = (x.parse().unwrap(), y.parse().unwrap());
            let length: usize = rest.split('v').next().unwrap().parse().unwrap();
            pixels[y * side + x..y * side + x + length].fill(0);
        }
        let scaled = Picture {
            side: side * 4,
            pixels: (0..side * side * 16)
                .map(|at| pixels[(at / (side * 4) / 4) * side + (at % (side * 4)) / 4])
                .collect(),
        };
        assert_eq!(scaled.read(), text);
    }

    #[test]
    fn captions_are_escaped_and_fit() {
        let svg =
            svg("https://cafe.example/q/A", Some("A & B <script>\"x\"</script>"), PLAIN).unwrap();
        assert!(svg.contains("A &amp; B &lt;script&gt;"));
        assert!(!svg.contains("<script"));
        assert!(!super::svg("x", Some("  "), PLAIN).unwrap().contains("<text"));
    }

    #[test]
    fn a_code_gets_the_best_correction_that_costs_no_module() {
        let address = |length: usize| format!("https://cafe.example/q/{}", "a".repeat(length - 23));
        // Bytes at M, Q and H (ISO/IEC 18004, table 7): version 2 has 26, 20, 14; 3 has 42, 32, 24;
        // 4 has 62, 46, 34.
        for (length, least, width, level) in [
            (26, Level::Medium, 25, Level::Medium),
            (32, Level::Medium, 29, Level::Quartile),
            (42, Level::Medium, 29, Level::Medium),
            (34, Level::Quartile, 33, Level::High),
            (46, Level::Quartile, 33, Level::Quartile),
        ] {
            let symbol = Symbol::of(&address(length), least).unwrap();
            assert_eq!((symbol.width(), symbol.level()), (width, level), "{length} bytes");
        }
        for least in Level::ALL {
            assert!(Symbol::of(&address(60), least).unwrap().level() >= least);
        }
    }

    #[test]
    fn the_shops_colours_are_drawn_and_read_and_faint_ones_are_not_taken() {
        let colour = |text: &str| Colour::parse(text).unwrap();
        let own = Colours { ink: colour("#0b3d2e"), background: colour("#fffaf0") };
        let text = "https://cafe.example/q/DOOR";
        let bytes = png(text, own).unwrap();
        let mut decoder = png::Decoder::new(std::io::Cursor::new(&bytes));
        decoder.set_transformations(png::Transformations::EXPAND);
        let mut reader = decoder.read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut pixels).unwrap();
        assert_eq!(pixels[..3], [0xff, 0xfa, 0xf0]);
        let grey = pixels.chunks(3).map(|rgb| rgb[1]).collect();
        assert_eq!(Picture { side: info.width as usize, pixels: grey }.read(), text);
        let drawn = svg(text, Some("DOOR"), own).unwrap();
        assert_eq!(drawn.matches("#0b3d2e").count(), 2);
        assert!(drawn.contains("fill=\"#fffaf0\""));
        let faint = Colours { ink: colour("#f2c14e"), background: Colour::WHITE };
        assert_eq!(png(text, faint).unwrap(), png(text, PLAIN).unwrap());
        assert_eq!(svg(text, None, faint).unwrap(), svg(text, None, PLAIN).unwrap());
    }

    #[test]
    fn too_much_text_is_an_error() {
        assert_eq!(png(&"x".repeat(3_000), PLAIN), Err(QrError::TooLong));
        assert_eq!(svg(&"x".repeat(3_000), None, PLAIN), Err(QrError::TooLong));
    }
}
