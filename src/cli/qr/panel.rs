//! One print with its words, in a given space: the front of a poster or of a table tent, a label,
//! or a picture by itself.

use super::colour::{Colour, Colours};
use super::draw::{Align, Area, Canvas, Code};
use super::fonts::{FontError, Fonts};
use super::text::{Block, Setting, fit};
use super::wording::{Spoken, Wording};
use crate::shop::model::Lang;

/// The smallest words on a poster or a tent: 6 point.
const LEAST_TEXT: f64 = 2.1;
/// The smallest words on a label: 5 point.
const LEAST_LABEL_TEXT: f64 = 1.75;
/// What a poster's or a tent's code takes of its width, if the words let it.
const CODE_SHARE: (f64, f64) = (0.66, 0.78);
/// Less than this of the width looks lost, and reads from nowhere.
const LEAST_CODE_SHARE: f64 = 0.4;
/// Between the words of a label, mm.
const LABEL_GAP: f64 = 0.3;
/// Words give way to the code in these steps.
const SCALES: [f64; 5] = [0.9, 0.8, 0.7, 0.6, 0.5];

/// Why something does not fit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PanelError {
    /// Letters that cannot be printed.
    #[error(transparent)]
    Font(#[from] FontError),
    /// More words than there is room for.
    #[error(
        "the words of {code} do not fit beside its code: write a shorter caption, or print fewer \
         languages on it with --language TAG"
    )]
    TooMuch {
        /// Which poster.
        code: String,
    },
}

/// What is printed: a code and its words.
#[derive(Clone, Debug)]
pub struct Print {
    /// The code.
    pub code: Code,
    /// The words.
    pub wording: Wording,
}

/// How it turned out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Placed {
    /// The side of a module, mm.
    pub module: f64,
    /// How many languages had room.
    pub languages: usize,
}

/// Sets the words of one print.
struct Setter<'p> {
    fonts: &'p Fonts,
    print: &'p Print,
    /// Everything is drawn for a width of 190 units.
    unit: f64,
    width: f64,
    scale: f64,
}

impl Setter<'_> {
    /// `text` between two sizes in units, in so many lines.
    fn set(
        &self,
        text: &str,
        lang: &Lang,
        (most, least): (f64, f64),
        lines: usize,
        bold: bool,
    ) -> Result<Block, PanelError> {
        let unit = self.unit * self.scale;
        let least = (least * unit).max(LEAST_TEXT);
        let sizes = ((most * unit).max(least), least);
        let setting = Setting { width: self.width, sizes, lines, bold };
        fit(self.fonts, text, lang, setting)?.ok_or_else(|| self.too_much())
    }

    fn too_much(&self) -> PanelError {
        PanelError::TooMuch { code: self.print.wording.code.clone() }
    }

    /// A language's headline and what one gets, for its rank on the sheet.
    fn spoken(&self, spoken: &Spoken, first: bool) -> Result<Vec<Block>, PanelError> {
        let (headline, detail) =
            if first { ((16.0, 6.0), (9.0, 4.5)) } else { ((9.0, 4.5), (6.8, 4.0)) };
        let mut blocks = vec![self.set(&spoken.headline, &spoken.lang, headline, 2, first)?];
        if let Some(text) = &spoken.detail {
            blocks.push(self.set(text, &spoken.lang, detail, 2, false)?);
        }
        Ok(blocks)
    }
}

/// The height of blocks below each other, with gaps between them.
fn height(blocks: &[Block], gap: f64) -> f64 {
    let gaps = blocks.len().saturating_sub(1) as f64 * gap;
    blocks.iter().map(Block::height).sum::<f64>() + gaps
}

/// Draws blocks below each other; returns where they end.
fn stack(
    canvas: &mut Canvas,
    blocks: &[Block],
    (x, y): (f64, f64),
    gap: f64,
    align: Align,
    colour: Colour,
) -> f64 {
    let end = blocks.iter().fold(y, |y, block| canvas.text(block, x, y, align, colour) + gap);
    if blocks.is_empty() { y } else { end - gap }
}

/// The words of a front, set, and the room they leave for the code.
struct Front {
    name: Vec<Block>,
    first: Vec<Block>,
    others: Vec<Vec<Block>>,
    foot: Vec<Block>,
    /// The band with the name, mm.
    band: f64,
    /// Between the parts, at least, mm.
    gap: f64,
    /// Between lines that belong together, mm.
    close: f64,
    /// What is left for the code, mm.
    free: f64,
}

impl Front {
    fn of(setter: &Setter<'_>, area: Area) -> Result<Self, PanelError> {
        let (wording, unit) = (&setter.print.wording, setter.unit);
        let mut name = vec![setter.set(&wording.name, &wording.lang, (15.0, 6.0), 2, true)?];
        if let Some(branch) = &wording.branch {
            name.push(setter.set(branch, &wording.lang, (6.5, 4.0), 1, false)?);
        }
        let mut spoken = wording.spoken.iter();
        let first = spoken.next().map(|spoken| setter.spoken(spoken, true)).transpose()?;
        let others = spoken.map(|spoken| setter.spoken(spoken, false));
        let others = others.collect::<Result<Vec<_>, _>>()?;
        let mut foot = Vec::new();
        for spoken in &wording.spoken {
            foot.push(setter.set(&spoken.or_write, &spoken.lang, (4.6, 2.5), 2, false)?);
        }
        foot.push(setter.set(&wording.code, &wording.lang, (5.2, 3.0), 1, true)?);
        let (gap, close) = (4.0 * unit, 1.2 * unit);
        let mut front = Self {
            band: height(&name, 0.0) + 12.0 * unit,
            name,
            first: first.unwrap_or_default(),
            others,
            foot,
            gap,
            close,
            free: 0.0,
        };
        let parts = front.parts();
        front.free = area.height
            - front.band
            - height(&front.first, close)
            - front.others_height()
            - height(&front.foot, close)
            - 6.0 * unit
            - parts * gap;
        Ok(front)
    }

    /// How many gaps share what is left over: before and behind the code, and around the others.
    fn parts(&self) -> f64 {
        if self.others.is_empty() { 3.0 } else { 4.0 }
    }

    fn others_height(&self) -> f64 {
        let between = self.others.len().saturating_sub(1) as f64 * self.gap;
        self.others.iter().map(|blocks| height(blocks, self.close)).sum::<f64>() + between
    }
}

/// A poster's or a tent's front: the name on a band of colour, what to do, the code, the same in
/// the other languages, and at the foot what to do without a camera.
///
/// # Errors
/// [`PanelError`].
pub fn front(
    canvas: &mut Canvas,
    fonts: &Fonts,
    print: &Print,
    area: Area,
) -> Result<Placed, PanelError> {
    let unit = area.width / 190.0;
    let Colours { ink, background } = canvas.colours();
    let setter = |scale| Setter { fonts, print, unit, width: area.width - 24.0 * unit, scale };
    let mut front = Front::of(&setter(1.0), area)?;
    for scale in SCALES {
        if front.free >= CODE_SHARE.0 * area.width {
            break;
        }
        front = Front::of(&setter(scale), area)?;
    }
    if front.free < LEAST_CODE_SHARE * area.width {
        return Err(setter(1.0).too_much());
    }
    let side = front.free.min(CODE_SHARE.1 * area.width);
    // What is left over goes between the parts. The quiet zone is part of the distance.
    let quiet = 4.0 * side / print.code.symbol.side() as f64;
    let left = front.free - side + front.parts() * front.gap;
    let even = (left + 2.0 * quiet) / front.parts();
    let (gap, beside_code) =
        if even > quiet { (even, even - quiet) } else { (left / (front.parts() - 2.0), 0.0) };

    let band = Area { height: front.band, ..area };
    canvas.fill(area, 6.0 * unit, background);
    canvas.fill_top(band, 6.0 * unit, ink);
    canvas.frame(area, 6.0 * unit, 1.2 * unit);
    let (middle, close) = (area.middle(), front.close);
    let at = (middle, area.y + 5.5 * unit);
    stack(canvas, &front.name, at, 0.0, Align::Middle, background);
    let mut y = area.y + front.band + gap;
    y = stack(canvas, &front.first, (middle, y), close, Align::Middle, ink) + beside_code;
    canvas.code(&print.code, middle - side / 2.0, y, side);
    y += side + beside_code;
    for blocks in &front.others {
        y = stack(canvas, blocks, (middle, y), close, Align::Middle, ink) + front.gap;
    }
    let foot = area.y + area.height - 6.0 * unit - height(&front.foot, close);
    stack(canvas, &front.foot, (middle, foot), close, Align::Middle, ink);
    Ok(Placed {
        module: side / print.code.symbol.side() as f64,
        languages: print.wording.spoken.len(),
    })
}

/// A label: the code, and beside or below it as many languages as have room. The poster's code is
/// always there.
///
/// # Errors
/// [`PanelError`].
pub fn label(
    canvas: &mut Canvas,
    fonts: &Fonts,
    print: &Print,
    area: Area,
) -> Result<Placed, PanelError> {
    let beside = area.width > 1.3 * area.height;
    let modules = print.code.symbol.side() as f64;
    let side = if beside { area.height.min(0.55 * area.width) } else { area.width };
    let ink = canvas.colours().ink;
    if beside {
        let room = Area { x: area.x + side, width: area.width - side, ..area };
        let (blocks, languages) = words(fonts, print, room.width, room.height)?;
        canvas.code(&print.code, area.x, area.y + (area.height - side) / 2.0, side);
        let y = room.y + (room.height - height(&blocks, LABEL_GAP)) / 2.0;
        stack(canvas, &blocks, (room.x, y), LABEL_GAP, Align::Start, ink);
        return Ok(Placed { module: side / modules, languages });
    }
    // The code gives way to its words, down to four fifths.
    let most = area.height - side.min(0.8 * area.height);
    let (blocks, languages) = words(fonts, print, area.width, most)?;
    let used = height(&blocks, LABEL_GAP);
    let side = side.min(area.height - used);
    let top = area.y + (area.height - side - used) / 2.0;
    canvas.code(&print.code, area.middle() - side / 2.0, top, side);
    stack(canvas, &blocks, (area.middle(), top + side), LABEL_GAP, Align::Middle, ink);
    Ok(Placed { module: side / modules, languages })
}

/// As many of a label's words as fit into a space, and how many languages that are.
fn words(
    fonts: &Fonts,
    print: &Print,
    width: f64,
    height_: f64,
) -> Result<(Vec<Block>, usize), PanelError> {
    let wording = &print.wording;
    let big = (height_ / 7.0).clamp(LEAST_LABEL_TEXT, 5.5);
    let set = |text: &str, lang: &Lang, most: f64, lines, bold| {
        let sizes = (most.max(LEAST_LABEL_TEXT), LEAST_LABEL_TEXT);
        fit(fonts, text, lang, Setting { width, sizes, lines, bold })
    };
    for languages in (0..=wording.spoken.len()).rev() {
        for scale in [1.0, 0.85, 0.7, 0.55] {
            let mut blocks = vec![set(&wording.name, &wording.lang, 0.75 * big * scale, 2, false)?];
            for (rank, spoken) in wording.spoken.iter().take(languages).enumerate() {
                let size = if rank == 0 { big } else { 0.75 * big };
                blocks.push(set(&spoken.headline, &spoken.lang, size * scale, 3, rank == 0)?);
            }
            blocks.push(set(&wording.code, &wording.lang, 0.6 * big * scale, 1, true)?);
            if languages == 0 {
                // Hardly any room: the code alone.
                blocks.drain(..1);
            }
            let whole = blocks.iter().all(Option::is_some);
            let blocks: Vec<Block> = blocks.into_iter().flatten().collect();
            if whole && height(&blocks, LABEL_GAP) <= height_ {
                return Ok((blocks, languages));
            }
        }
    }
    Err(PanelError::TooMuch { code: wording.code.clone() })
}

/// A picture by itself, as wide as its code: for a web page, a menu, a receipt. Returns its height.
///
/// # Errors
/// [`PanelError`].
pub fn picture(
    canvas: &mut Canvas,
    fonts: &Fonts,
    print: &Print,
    width: f64,
) -> Result<(f64, Placed), PanelError> {
    let wording = &print.wording;
    let too_much = || PanelError::TooMuch { code: wording.code.clone() };
    let set = |text: &str, lang: &Lang, most: f64, lines, bold| {
        let setting =
            Setting { width: 0.9 * width, sizes: (most * width, LEAST_TEXT), lines, bold };
        fit(fonts, text, lang, setting)?.ok_or_else(too_much)
    };
    let mut blocks = Vec::new();
    for (rank, spoken) in wording.spoken.iter().enumerate() {
        let size = if rank == 0 { 0.075 } else { 0.055 };
        blocks.push(set(&spoken.headline, &spoken.lang, size, 2, rank == 0)?);
    }
    blocks.push(set(&wording.code, &wording.lang, 0.04, 1, true)?);
    let modules = print.code.symbol.side() as f64;
    let (gap, margin) = (width / 60.0, 3.0 * width / modules);
    let height = width + height(&blocks, gap) + margin;
    canvas.fill(Area { x: 0.0, y: 0.0, width, height }, 0.0, canvas.colours().background);
    canvas.code(&print.code, 0.0, 0.0, width);
    let ink = canvas.colours().ink;
    stack(canvas, &blocks, (width / 2.0, width), gap, Align::Middle, ink);
    Ok((height, Placed { module: width / modules, languages: wording.spoken.len() }))
}
