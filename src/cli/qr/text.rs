//! Fitting text into a width: the biggest size at which it takes few enough lines.

use unicode_linebreak::linebreaks;

use super::fonts::{FontError, Fonts, Line};
use crate::shop::model::Lang;

/// Between the baselines of two lines, in font sizes.
const LEADING: f64 = 1.22;
/// From the top of a line to its baseline, in font sizes: halfway between Latin capitals and the
/// squares of Chinese signs.
const ASCENT: f64 = 0.93;
/// Sizes are tried in steps of this much.
const STEP: f64 = 0.96;

/// Lines under each other in one size.
#[derive(Clone, Debug, PartialEq)]
pub struct Block {
    /// From top to bottom.
    pub lines: Vec<Line>,
    /// The font size, mm.
    pub size: f64,
}

/// How a text may be set.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// The width it has, mm.
    pub width: f64,
    /// The biggest and the smallest font size, mm.
    pub sizes: (f64, f64),
    /// How many lines it may take.
    pub lines: usize,
    /// Bold or regular.
    pub bold: bool,
}

impl Block {
    /// How high it is, mm.
    #[must_use]
    pub fn height(&self) -> f64 {
        self.size * LEADING * self.lines.len() as f64
    }

    /// The baseline of each line, mm below the top.
    pub fn baselines(&self) -> impl Iterator<Item = (f64, &Line)> {
        let at = |number: usize| self.size * (ASCENT + LEADING * number as f64);
        self.lines.iter().enumerate().map(move |(number, line)| (at(number), line))
    }

    /// The width of its widest line, mm.
    #[must_use]
    pub fn width(&self) -> f64 {
        self.lines.iter().map(|line| line.ems * self.size).fold(0.0, f64::max)
    }
}

/// `text` as big as it fits; none when it does not even in the smallest size.
///
/// # Errors
/// [`FontError`] for letters that no font has.
pub fn fit(
    fonts: &Fonts,
    text: &str,
    lang: &Lang,
    setting: Setting,
) -> Result<Option<Block>, FontError> {
    let words = words(fonts, text, lang, setting.bold)?;
    let (biggest, smallest) = setting.sizes;
    let mut size = biggest;
    loop {
        let room = setting.width / size;
        if let Some(lines) = balanced(&words, room, setting.lines) {
            let lines = lines.iter().map(|line| fonts.line(line.trim_end(), lang, setting.bold));
            return Ok(Some(Block { lines: lines.collect::<Result<_, _>>()?, size }));
        }
        if size <= smallest {
            return Ok(None);
        }
        size = (size * STEP).max(smallest);
    }
}

/// The parts between which a line may end, with their widths in ems: with the spaces behind them,
/// and without.
struct Word<'t> {
    text: &'t str,
    ems: f64,
    bare: f64,
}

fn words<'t>(
    fonts: &Fonts,
    text: &'t str,
    lang: &Lang,
    bold: bool,
) -> Result<Vec<Word<'t>>, FontError> {
    let mut from = 0;
    let mut words = Vec::new();
    for (at, _) in linebreaks(text) {
        let part = text.get(from..at).unwrap_or_default();
        from = at;
        let ems = |text: &str| fonts.line(text, lang, bold).map(|line| line.ems);
        words.push(Word { text: part, ems: ems(part)?, bare: ems(part.trim_end())? });
    }
    Ok(words)
}

/// The text in as few lines as fit, at most `most`, all of about the same width.
fn balanced(words: &[Word<'_>], room: f64, most: usize) -> Option<Vec<String>> {
    let number = broken(words, room).map(|lines| lines.len()).filter(|lines| *lines <= most)?;
    // The narrowest measure that does not take another line.
    let (mut narrow, mut wide) = (0.0, room);
    for _ in 0..20 {
        let middle = (narrow + wide) / 2.0;
        match broken(words, middle) {
            Some(lines) if lines.len() <= number => wide = middle,
            _ => narrow = middle,
        }
    }
    broken(words, wide)
}

/// The text in lines of at most this width, in ems; none when a part alone is wider.
fn broken(words: &[Word<'_>], room: f64) -> Option<Vec<String>> {
    let mut lines: Vec<(String, f64)> = Vec::new();
    for word in words {
        if word.bare > room {
            return None;
        }
        match lines.last_mut() {
            Some((line, used)) if *used + word.bare <= room => {
                line.push_str(word.text);
                *used += word.ems;
            }
            _ => lines.push((word.text.to_owned(), word.ems)),
        }
    }
    Some(lines.into_iter().map(|(line, _)| line).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Words of one em a letter.
    fn words(text: &str) -> Vec<Word<'_>> {
        let mut from = 0;
        let breaks = linebreaks(text);
        breaks
            .map(|(at, _)| {
                let text = &text[from..at];
                from = at;
                let ems = |text: &str| text.chars().count() as f64;
                Word { text, ems: ems(text), bare: ems(text.trim_end()) }
            })
            .collect()
    }

    #[test]
    fn lines_are_about_equally_long() {
        let lines = balanced(&words("Scan and write to us"), 18.0, 2).unwrap();
        assert_eq!(lines, ["Scan and ", "write to us"]);
        assert_eq!(balanced(&words("Scan and write to us"), 20.0, 2).unwrap().len(), 1);
        assert_eq!(balanced(&words("Scan and write to us"), 9.0, 2), None);
    }

    #[test]
    fn chinese_may_break_between_any_two_signs_but_not_before_a_full_stop() {
        assert_eq!(balanced(&words("掃碼聯絡我們"), 3.5, 2).unwrap(), ["掃碼聯", "絡我們"]);
        assert_eq!(balanced(&words("歡迎。"), 2.0, 2).unwrap(), ["歡", "迎。"]);
    }

    #[test]
    fn a_word_that_is_too_wide_is_never_cut() {
        assert_eq!(broken(&words("Kavinukė"), 5.0), None);
        assert_eq!(broken(&words(""), 5.0), Some(Vec::new()));
    }
}
