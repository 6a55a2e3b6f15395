//! Drawing: an SVG picture in millimetres. PDF and PNG are made of it, so all of them look alike.

use std::fmt::Write as _;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::colour::{Colour, Colours};
use super::fonts::Run;
use super::text::Block;
use crate::entry::qr::{QUIET_ZONE, Symbol};

/// A picture in the middle of a code.
#[derive(Clone, Debug)]
pub struct Logo {
    href: Arc<str>,
}

impl Logo {
    /// A PNG, JPEG or SVG file; none for anything else.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Option<Self> {
        let kind = match bytes {
            [0x89, b'P', b'N', b'G', ..] => "png",
            [0xFF, 0xD8, 0xFF, ..] => "jpeg",
            _ => {
                let text = std::str::from_utf8(bytes).ok()?;
                usvg::Tree::from_str(text, &usvg::Options::default()).ok()?;
                "svg+xml"
            }
        };
        Some(Self { href: format!("data:image/{kind};base64,{}", STANDARD.encode(bytes)).into() })
    }
}

impl Logo {
    /// The picture as a page shows it: a `data:` address.
    #[must_use]
    pub fn href(&self) -> &str {
        &self.href
    }
}

/// A code as it is printed.
#[derive(Clone, Debug)]
pub struct Code {
    /// Its modules.
    pub symbol: Symbol,
    /// The logo, and how many modules on each side it takes.
    pub logo: Option<(Logo, usize)>,
}

/// An upright rectangle, mm, with its corner at the top left.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Area {
    /// From the left edge.
    pub x: f64,
    /// From the top edge.
    pub y: f64,
    /// Width.
    pub width: f64,
    /// Height.
    pub height: f64,
}

impl Area {
    /// The same without a margin at both sides, and one at the top and the bottom.
    #[must_use]
    pub fn inset(self, sides: f64, ends: f64) -> Self {
        Self {
            x: self.x + sides,
            y: self.y + ends,
            width: self.width - 2.0 * sides,
            height: self.height - 2.0 * ends,
        }
    }

    /// The middle, from the left edge.
    #[must_use]
    pub fn middle(self) -> f64 {
        self.x + self.width / 2.0
    }
}

/// Where a text stands beside its x.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Align {
    /// Begins there.
    Start,
    /// Has its middle there.
    Middle,
}

/// What was drawn so far.
#[derive(Clone, Debug)]
pub struct Canvas {
    colours: Colours,
    body: String,
}

impl Canvas {
    /// Nothing yet.
    #[must_use]
    pub const fn new(colours: Colours) -> Self {
        Self { colours, body: String::new() }
    }

    /// What modules and words are drawn in.
    #[must_use]
    pub const fn colours(&self) -> Colours {
        self.colours
    }

    /// Writing to a `String` cannot fail.
    fn add(&mut self, text: std::fmt::Arguments<'_>) {
        let _ = self.body.write_fmt(text);
    }

    /// A filled rectangle with round corners.
    pub fn fill(&mut self, area: Area, radius: f64, colour: Colour) {
        let Area { x, y, width, height } = area;
        self.add(format_args!(
            "<rect x=\"{x:.3}\" y=\"{y:.3}\" width=\"{width:.3}\" height=\"{height:.3}\" \
             rx=\"{radius:.3}\" fill=\"{colour}\"/>"
        ));
    }

    /// The upper part of a rectangle, round at the top and straight at the bottom.
    pub fn fill_top(&mut self, area: Area, radius: f64, colour: Colour) {
        let Area { x, y, width, height } = area;
        let (right, bottom, r) = (x + width, y + height, radius);
        self.add(format_args!(
            "<path d=\"M{x:.3} {bottom:.3}V{:.3}A{r:.3} {r:.3} 0 0 1 {:.3} {y:.3}H{:.3}\
             A{r:.3} {r:.3} 0 0 1 {right:.3} {:.3}V{bottom:.3}z\" fill=\"{colour}\"/>",
            y + r,
            x + r,
            right - r,
            y + r,
        ));
    }

    /// The edge of a rectangle with round corners, drawn inside of it.
    pub fn frame(&mut self, area: Area, radius: f64, thick: f64) {
        let Area { x, y, width, height } = area.inset(thick / 2.0, thick / 2.0);
        let (ink, radius) = (self.colours.ink, (radius - thick / 2.0).max(0.0));
        self.add(format_args!(
            "<rect x=\"{x:.3}\" y=\"{y:.3}\" width=\"{width:.3}\" height=\"{height:.3}\" \
             rx=\"{radius:.3}\" fill=\"none\" stroke=\"{ink}\" stroke-width=\"{thick:.3}\"/>"
        ));
    }

    /// A thin line for scissors or for folding, in grey.
    pub fn mark(&mut self, from: (f64, f64), to: (f64, f64), dashed: bool) {
        let dashes = if dashed { " stroke-dasharray=\"2 1.5\"" } else { "" };
        self.add(format_args!(
            "<path d=\"M{:.3} {:.3}L{:.3} {:.3}\" fill=\"none\" stroke=\"#999999\" \
             stroke-width=\"0.2\"{dashes}/>",
            from.0, from.1, to.0, to.1
        ));
    }

    /// Lines of text below `y`; returns where they end.
    pub fn text(&mut self, block: &Block, x: f64, y: f64, align: Align, colour: Colour) -> f64 {
        let anchor = match align {
            Align::Start => "start",
            Align::Middle => "middle",
        };
        for (baseline, line) in block.baselines() {
            let weight = if line.bold { 700 } else { 400 };
            self.add(format_args!(
                "<text x=\"{x:.3}\" y=\"{:.3}\" font-size=\"{:.3}\" font-weight=\"{weight}\" \
                 text-anchor=\"{anchor}\" fill=\"{colour}\" xml:space=\"preserve\">",
                y + baseline,
                block.size,
            ));
            for Run { family, text } in &line.runs {
                self.add(format_args!(
                    "<tspan font-family=\"'{}'\">{}</tspan>",
                    escaped(&family.replace(['\'', '\\'], "")),
                    escaped(text)
                ));
            }
            self.body.push_str("</text>");
        }
        y + block.height()
    }

    /// A code with its quiet zone, in a square with that corner and side.
    pub fn code(&mut self, code: &Code, x: f64, y: f64, side: f64) {
        let Colours { ink, background } = self.colours;
        let modules = code.symbol.side();
        self.add(format_args!(
            "<g transform=\"translate({x:.4} {y:.4}) scale({:.8})\">\
             <rect width=\"{modules}\" height=\"{modules}\" fill=\"{background}\"/>\
             <path d=\"{}\" fill=\"{ink}\" shape-rendering=\"crispEdges\"/>",
            side / modules as f64,
            code.symbol.path(),
        ));
        if let Some((logo, patch)) = &code.logo {
            let at = (code.symbol.width().saturating_sub(*patch) / 2 + QUIET_ZONE) as f64;
            let patch = *patch as f64;
            self.add(format_args!(
                "<rect x=\"{at}\" y=\"{at}\" width=\"{patch}\" height=\"{patch}\" rx=\"0.8\" \
                 fill=\"{background}\"/><image x=\"{x}\" y=\"{x}\" width=\"{side}\" \
                 height=\"{side}\" preserveAspectRatio=\"xMidYMid meet\" href=\"{}\"/>",
                logo.href,
                x = at + 0.6,
                side = patch - 1.2,
            ));
        }
        self.body.push_str("</g>");
    }

    /// What another canvas has, turned upside down within an area.
    pub fn upside_down(&mut self, other: &Self, area: Area) {
        let (x, y) = (area.middle(), area.y + area.height / 2.0);
        self.add(format_args!("<g transform=\"rotate(180 {x:.3} {y:.3})\">{}</g>", other.body));
    }

    /// What another canvas has, moved.
    pub fn moved(&mut self, other: &Self, x: f64, y: f64) {
        self.add(format_args!("<g transform=\"translate({x:.3} {y:.3})\">{}</g>", other.body));
    }

    /// The picture, of that many millimetres.
    #[must_use]
    pub fn svg(&self, width: f64, height: f64) -> String {
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" \
             width=\"{width}mm\" height=\"{height}mm\">{}</svg>\n",
            self.body
        )
    }
}

/// Text in XML.
fn escaped(text: &str) -> String {
    crate::entry::pages::escaped(text)
}
