//! Sheets of paper: a poster, two table tents, or labels, on A4 or Letter.

use std::fmt;
use std::str::FromStr;

use super::colour::{Colour, Colours};
use super::draw::{Area, Canvas};
use super::fonts::Fonts;
use super::panel::{self, PanelError, Placed, Print};

/// A4, mm (ISO 216).
pub const A4: (f64, f64) = (210.0, 297.0);
/// US Letter, mm.
const LETTER: (f64, f64) = (215.9, 279.4);
/// What most printers leave white at the edges, mm.
const UNPRINTED: f64 = 5.0;
/// White around the frame of a poster, mm.
const POSTER_MARGIN: f64 = 10.0;
/// White around the frame of a tent's side, mm: what a crooked fold or cut may take.
const TENT_MARGIN: f64 = 6.5;
/// Kept free inside a label, mm: sheets are taken in crooked.
const LABEL_MARGIN: f64 = 1.5;

/// Smaller than this, mm, nothing is a label: more likely a comma was forgotten.
const LEAST_LABEL: f64 = 8.0;

/// A page, drawn.
#[derive(Clone, Debug)]
pub struct Sheet {
    /// Width and height, mm.
    pub size: (f64, f64),
    /// The drawing.
    pub svg: String,
}

/// A poster on a whole sheet.
///
/// # Errors
/// [`PanelError`].
pub fn poster(
    fonts: &Fonts,
    print: &Print,
    colours: Colours,
) -> Result<(Sheet, Placed), PanelError> {
    let mut canvas = Canvas::new(colours);
    let area =
        Area { x: 0.0, y: 0.0, width: A4.0, height: A4.1 }.inset(POSTER_MARGIN, POSTER_MARGIN);
    let placed = panel::front(&mut canvas, fonts, print, area)?;
    Ok((Sheet { size: A4, svg: canvas.svg(A4.0, A4.1) }, placed))
}

/// Two tents of the same poster beside each other: cut in the middle, fold across. The upper sides
/// stand on their heads, so that both can be read when the tent stands.
///
/// # Errors
/// [`PanelError`].
pub fn tents(
    fonts: &Fonts,
    print: &Print,
    colours: Colours,
) -> Result<(Sheet, Placed), PanelError> {
    let (width, height) = A4;
    let half = Area { x: 0.0, y: height / 2.0, width: width / 2.0, height: height / 2.0 };
    let mut side = Canvas::new(colours);
    let placed = panel::front(&mut side, fonts, print, half.inset(TENT_MARGIN, TENT_MARGIN))?;
    let mut tent = Canvas::new(colours);
    tent.moved(&side, 0.0, 0.0);
    // Around the fold.
    tent.upside_down(&side, Area { y: 0.0, height, ..half });

    let mut sheet = Canvas::new(colours);
    sheet.moved(&tent, 0.0, 0.0);
    sheet.moved(&tent, width / 2.0, 0.0);
    sheet.mark((width / 2.0, 0.0), (width / 2.0, height), false);
    sheet.mark((0.0, height / 2.0), (width, height / 2.0), true);
    Ok((Sheet { size: A4, svg: sheet.svg(width, height) }, placed))
}

/// A sheet of labels, all alike, with the whole of them in the middle of the paper.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Labels {
    /// Width and height of the paper, mm.
    pub paper: (f64, f64),
    /// How many side by side.
    pub columns: u16,
    /// How many below each other.
    pub rows: u16,
    /// Width and height of one, mm.
    pub size: (f64, f64),
    /// Between two side by side, and between two below each other, mm.
    pub gap: (f64, f64),
}

const fn on_a4(columns: u16, rows: u16, size: (f64, f64), gap: (f64, f64)) -> Labels {
    Labels { paper: A4, columns, rows, size, gap }
}

/// Formats that stationers have, by columns and rows.
const COMMON: [Labels; 9] = [
    on_a4(2, 4, (99.1, 67.7), (2.5, 0.0)),
    on_a4(2, 7, (99.1, 38.1), (2.5, 0.0)),
    on_a4(2, 8, (105.0, 37.0), (0.0, 0.0)),
    on_a4(3, 7, (63.5, 38.1), (2.5, 0.0)),
    on_a4(3, 8, (70.0, 36.0), (0.0, 0.0)),
    on_a4(4, 10, (48.5, 25.4), (0.0, 0.0)),
    on_a4(4, 6, (45.0, 45.0), (2.5, 2.5)),
    on_a4(5, 13, (38.1, 21.2), (2.5, 0.0)),
    // The American one.
    Labels { paper: LETTER, columns: 3, rows: 10, size: (66.7, 25.4), gap: (3.2, 0.0) },
];

impl Labels {
    /// How many on a sheet.
    #[must_use]
    pub const fn number(self) -> u32 {
        self.columns as u32 * self.rows as u32
    }

    /// The whole of all labels: its width and height, mm.
    fn whole(self) -> (f64, f64) {
        let span = |number: u16, size: f64, gap: f64| {
            f64::from(number) * size + f64::from(number.saturating_sub(1)) * gap
        };
        (span(self.columns, self.size.0, self.gap.0), span(self.rows, self.size.1, self.gap.1))
    }

    /// A sheet of one poster's labels.
    ///
    /// # Errors
    /// [`PanelError`].
    pub fn sheet(
        self,
        fonts: &Fonts,
        print: &Print,
        colours: Colours,
    ) -> Result<(Sheet, Placed), PanelError> {
        let (whole, (width, height)) = (self.whole(), self.size);
        let corner = ((self.paper.0 - whole.0) / 2.0, (self.paper.1 - whole.1) / 2.0);
        let margin = |edge: f64| LABEL_MARGIN.max(UNPRINTED - edge);
        let mut one = Canvas::new(colours);
        let area = Area { x: 0.0, y: 0.0, width, height };
        if colours.background != Colour::WHITE {
            one.fill(area, 0.0, colours.background);
        }
        let inside = area.inset(margin(corner.0), margin(corner.1));
        let placed = panel::label(&mut one, fonts, print, inside)?;
        let mut sheet = Canvas::new(colours);
        for row in 0..self.rows {
            for column in 0..self.columns {
                let x = corner.0 + f64::from(column) * (width + self.gap.0);
                let y = corner.1 + f64::from(row) * (height + self.gap.1);
                sheet.moved(&one, x, y);
            }
        }
        Ok((Sheet { size: self.paper, svg: sheet.svg(self.paper.0, self.paper.1) }, placed))
    }
}

impl fmt::Display for Labels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { columns, rows, size: (width, height), .. } = self;
        write!(f, "{columns}x{rows} ({width} x {height} mm)")
    }
}

/// What is wrong with a format of labels.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum LabelsError {
    /// Not written like one.
    #[error(
        "{0:?} is no format of labels: write columns x rows as one of {known}, or with the size of \
         one in mm, 3x8:70x36, and the gaps between them, 3x7:63.5x38.1+2.5x0",
        known = known()
    )]
    Unknown(String),
    /// More than the paper has.
    #[error(
        "{columns} x {rows} labels of {} x {} mm take {:.1} x {:.1} mm, and A4 has {} x {}: measure \
         one label and the gap to its neighbours again",
        .size.0, .size.1, .whole.0, .whole.1, A4.0, A4.1
    )]
    TooBig {
        /// As asked.
        columns: u16,
        /// As asked.
        rows: u16,
        /// As asked, mm.
        size: (f64, f64),
        /// What that comes to, mm.
        whole: (f64, f64),
    },
}

fn known() -> String {
    let known: Vec<String> = COMMON.iter().map(ToString::to_string).collect();
    known.join(", ")
}

impl FromStr for Labels {
    type Err = LabelsError;

    fn from_str(text: &str) -> Result<Self, LabelsError> {
        let unknown = || LabelsError::Unknown(text.to_owned());
        let plain = text.replace(['×', 'X'], "x");
        let (counts, sizes) = match plain.split_once(':') {
            Some((counts, sizes)) => (counts, Some(sizes)),
            None => (plain.as_str(), None),
        };
        let (columns, rows) = counts.split_once('x').ok_or_else(unknown)?;
        let number = |text: &str| text.trim().parse().ok().filter(|n| (1..=50).contains(n));
        let (columns, rows): (u16, u16) = number(columns).zip(number(rows)).ok_or_else(unknown)?;
        let Some(sizes) = sizes else {
            let same = |labels: &&Self| (labels.columns, labels.rows) == (columns, rows);
            return COMMON.iter().find(same).copied().ok_or_else(unknown);
        };
        let (size, gap) = sizes.split_once('+').unwrap_or((sizes, "0x0"));
        let pair = |text: &str| {
            let (width, height) = text.split_once('x')?;
            let mm = |text: &str| {
                let mm: f64 = text.trim().parse().ok()?;
                Some(mm).filter(|mm| (0.0..=500.0).contains(mm))
            };
            mm(width).zip(mm(height))
        };
        let (size, gap) = pair(size).zip(pair(gap)).ok_or_else(unknown)?;
        if size.0 < LEAST_LABEL || size.1 < LEAST_LABEL {
            return Err(unknown());
        }
        let labels = on_a4(columns, rows, size, gap);
        let whole = labels.whole();
        // A tenth of a millimetre is how well people measure.
        if whole.0 > A4.0 + 0.1 || whole.1 > A4.1 + 0.1 {
            return Err(LabelsError::TooBig { columns, rows, size, whole });
        }
        Ok(labels)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_common_format_fits_on_its_paper_and_is_found_by_columns_and_rows() {
        for labels in COMMON {
            let (width, height) = labels.whole();
            assert!(width <= labels.paper.0 && height <= labels.paper.1, "{labels}");
            assert_eq!(format!("{}x{}", labels.columns, labels.rows).parse(), Ok(labels));
        }
        let twins = COMMON.iter().enumerate().any(|(at, one)| {
            COMMON.iter().skip(at + 1).any(|o| (o.columns, o.rows) == (one.columns, one.rows))
        });
        assert!(!twins, "two formats with the same name");
    }

    #[test]
    fn a_format_of_ones_own_is_columns_rows_size_and_gaps() {
        let own: Labels = "3x7:63.5x38.1+2.5x0".parse().unwrap();
        assert_eq!(own, "3×7".parse().unwrap());
        assert_eq!("2x2:50x60".parse::<Labels>().unwrap().gap, (0.0, 0.0));
    }

    #[test]
    fn what_is_no_format_or_too_big_says_so() {
        for wrong in
            ["", "3", "3x", "0x5:1x1", "9x9", "3x8:70", "3x8:axb", "-3x8", "3x8:NaNx50", "3x8:0x0"]
        {
            let error = wrong.parse::<Labels>().unwrap_err();
            assert!(matches!(error, LabelsError::Unknown(_)), "{wrong}");
            assert!(error.to_string().contains("3x8 (70 x 36 mm)"));
        }
        let error = "3x8:80x36".parse::<Labels>().unwrap_err();
        assert!(error.to_string().contains("take 240.0 x 288.0 mm"), "{error}");
    }
}
