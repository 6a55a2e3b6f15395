//! One print with its words, in a given space: the front of a poster or of a table tent, a label,
//! or a picture by itself.

use super::draw::{Align, Area, Canvas, Code};
use super::fonts::{FontError, Fonts};
use super::text::{Block, Setting, fit};
use super::wording::{Spoken, Wording};
use crate::shop::model::Lang;

/// The smallest words on a poster or a tent: 6 point.
const LEAST_TEXT: f64 = 2.1;
/// The smallest words on a label: 5 point.
const LEAST_LABEL_TEXT: f64 = 1.75;

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
        let least = (least * self.unit).max(LEAST_TEXT);
        let sizes = ((most * self.unit).max(least), least);
        let setting = Setting { width: self.width, sizes, lines, bold };
        fit(self.fonts, text, lang, setting)?.ok_or_else(|| self.too_much())
    }

    fn too_much(&self) -> PanelError {
        PanelError::TooMuch { code: self.print.wording.code.clone() }
    }

    /// A language's headline and what one gets, for its rank on the sheet.
    fn spoken(&self, spoken: &Spoken, first: bool) -> Result<Vec<Block>, PanelError> {
        let (headline, detail) =
            if first { ((17.0, 6.0), (9.5, 4.5)) } else { ((9.0, 4.5), (7.0, 4.0)) };
        let mut blocks = vec![self.set(&spoken.headline, &spoken.lang, headline, 2, first)?];
        if let Some(text) = &spoken.detail {
            blocks.push(self.set(text, &spoken.lang, detail, 2, false)?);
        }
        Ok(blocks)
    }
}

fn height(blocks: &[Block]) -> f64 {
    blocks.iter().map(Block::height).sum()
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
    let setter = Setter { fonts, print, unit, width: area.width - 28.0 * unit };
    let (wording, colours) = (&print.wording, canvas.colours());
    let (ink, ground) = (colours.ink, colours.background);

    let mut name = vec![setter.set(&wording.name, &wording.lang, (16.0, 6.0), 2, true)?];
    if let Some(branch) = &wording.branch {
        name.push(setter.set(branch, &wording.lang, (7.0, 4.0), 1, false)?);
    }
    let band = Area { height: height(&name) + 17.0 * unit, ..area };

    let mut spoken = wording.spoken.iter();
    let first = spoken.next().map(|spoken| setter.spoken(spoken, true)).transpose()?;
    let first = first.unwrap_or_default();
    let others =
        spoken.map(|spoken| setter.spoken(spoken, false)).collect::<Result<Vec<_>, _>>()?;
    let mut foot = Vec::new();
    for spoken in &wording.spoken {
        if let Some(text) = &spoken.or_write {
            foot.push(setter.set(text, &spoken.lang, (4.6, 2.5), 2, false)?);
        }
    }
    foot.push(setter.set(&wording.code, &wording.lang, (5.2, 3.0), 1, true)?);

    let gap = 5.0 * unit;
    let between = others.len().saturating_sub(1) as f64 * gap;
    let words = height(&first) + others.iter().map(|blocks| height(blocks)).sum::<f64>() + between;
    let free = area.height - band.height - words - height(&foot) - 4.0 * gap - 7.0 * unit;
    let side = free.min(0.76 * area.width);
    if side < 0.4 * area.width {
        return Err(setter.too_much());
    }
    // What is left over goes between the parts.
    let parts = if others.is_empty() { 3.0 } else { 4.0 };
    let gap = gap + (free - side) / parts;

    canvas.fill(area, 6.0 * unit, ground);
    canvas.fill_top(band, 6.0 * unit, ink);
    canvas.frame(area, 6.0 * unit, 1.2 * unit);
    let middle = area.middle();
    let mut y = area.y + 8.0 * unit;
    for block in &name {
        y = canvas.text(block, middle, y, Align::Middle, ground);
    }
    y = band.y + band.height + gap;
    for block in &first {
        y = canvas.text(block, middle, y, Align::Middle, ink);
    }
    // The quiet zone is part of the distance.
    let quiet = side * 4.0 / print.code.symbol.side() as f64;
    y += (gap - quiet).max(0.0);
    canvas.code(&print.code, middle - side / 2.0, y, side);
    y += side + (gap - quiet).max(0.0);
    for (number, blocks) in others.iter().enumerate() {
        y += if number == 0 { 0.0 } else { 5.0 * unit };
        for block in blocks {
            y = canvas.text(block, middle, y, Align::Middle, ink);
        }
    }
    y = area.y + area.height - 7.0 * unit - height(&foot);
    for block in &foot {
        y = canvas.text(block, middle, y, Align::Middle, ink);
    }
    Ok(Placed { module: side / print.code.symbol.side() as f64, languages: wording.spoken.len() })
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
    let quiet = 4.0 * side / modules;
    canvas.fill(area, 0.0, canvas.colours().background);

    if beside {
        let room = Area { x: area.x + side, width: area.width - side, ..area };
        let (blocks, languages) = words(fonts, print, room.width, room.height)?;
        canvas.code(&print.code, area.x, area.y + (area.height - side) / 2.0, side);
        let mut y = room.y + (room.height - height(&blocks)) / 2.0;
        for block in &blocks {
            y = canvas.text(block, room.x, y, Align::Start, canvas.colours().ink);
        }
        return Ok(Placed { module: side / modules, languages });
    }
    // The words stand in the quiet zone's shade; the code gives way to them.
    let most = area.height - side.min(0.8 * area.height) + quiet / 2.0;
    let (blocks, languages) = words(fonts, print, area.width, most)?;
    let used = height(&blocks);
    let side = side.min(area.height - used);
    let top = area.y + (area.height - side - used) / 2.0;
    canvas.code(&print.code, area.middle() - side / 2.0, top, side);
    let mut y = top + side;
    for block in &blocks {
        y = canvas.text(block, area.middle(), y, Align::Middle, canvas.colours().ink);
    }
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
            if whole && height(&blocks) <= height_ {
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
    let margin = 2.0 * width / modules;
    let height = width + height(&blocks) + margin;
    canvas.fill(Area { x: 0.0, y: 0.0, width, height }, 0.0, canvas.colours().background);
    canvas.code(&print.code, 0.0, 0.0, width);
    let mut y = width;
    for block in &blocks {
        y = canvas.text(block, width / 2.0, y, Align::Middle, canvas.colours().ink);
    }
    Ok((height, Placed { module: width / modules, languages: wording.spoken.len() }))
}
