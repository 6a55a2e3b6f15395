//! Misspelt words become the shop's own.

use std::collections::BTreeMap;

use super::constants::TUNING;
use super::format::{Bytes, Section, Writer};
use super::normalise::is_cjk;

/// Bytes per word in the table.
const STRIDE: usize = 12;
/// The longest word that is repaired, in characters.
const LONGEST: usize = 32;

/// Writes the shop's words.
pub(super) fn write<'a>(writer: &mut Writer, phrasings: impl Iterator<Item = &'a [String]>) {
    let mut words: BTreeMap<(usize, &str), usize> = BTreeMap::new();
    for tokens in phrasings {
        let mut tokens: Vec<&str> = tokens.iter().map(String::as_str).collect();
        tokens.sort_unstable();
        tokens.dedup();
        for token in tokens.into_iter().filter(|token| may_be_repaired(token)) {
            let having = words.entry((token.chars().count(), token)).or_default();
            *having = having.saturating_add(1);
        }
    }
    for ((length, word), having) in words {
        let letters = letters(word);
        writer.section(Section::Words).extend(letters.to_le_bytes());
        writer.text(Section::Words, Section::WordText, word);
        writer.u16(Section::Words, length);
        writer.u16(Section::Words, having);
    }
}

struct Row {
    letters: u32,
    length: usize,
    having: u16,
}

fn row_of(&[a, b, c, d, _, _, _, _, length, long, having, many]: &[u8; STRIDE]) -> Row {
    Row {
        letters: u32::from_le_bytes([a, b, c, d]),
        length: usize::from(u16::from_le_bytes([length, long])),
        having: u16::from_le_bytes([having, many]),
    }
}

/// Words of letters only, neither short nor endless. CJK is no spelling.
fn may_be_repaired(token: &str) -> bool {
    let length = token.chars().count();
    length >= TUNING.repair[0].saturating_sub(1)
        && length <= LONGEST
        && token.chars().all(|c| c.is_alphabetic() && !is_cjk(c))
}

/// Which letters a word has. Each wrong letter changes at most two of the bits.
fn letters(word: &str) -> u32 {
    word.chars().fold(0, |letters, c| letters | 1_u32.wrapping_shl(u32::from(c)))
}

/// The shop's word that `token` was probably meant to be; none when no word is close, or when the
/// shop knows it.
pub(super) fn repair<'a>(bytes: &'a Bytes, token: &str) -> Option<&'a str> {
    let length = token.chars().count();
    if !may_be_repaired(token) || length < TUNING.repair[0] {
        return None;
    }
    let most = if length >= TUNING.repair[1] { 2 } else { 1 };
    let wanted: Vec<char> = token.chars().collect();
    let letters = letters(token);
    let table = bytes.section(Section::Words);
    let (rows, _) = table.as_chunks::<STRIDE>();
    let from = rows.partition_point(|row| row_of(row).length < length.saturating_sub(most));
    let mut best: Option<(usize, u16, &str)> = None;
    for (row, at) in rows.get(from..)?.iter().zip(from..) {
        let row = row_of(row);
        if row.length > length.saturating_add(most) {
            break;
        }
        if (row.letters ^ letters).count_ones() as usize > most.saturating_mul(2) {
            continue;
        }
        let end = at.saturating_mul(STRIDE).saturating_add(4);
        let Some(word) = bytes.text(Section::Words, end, STRIDE, Section::WordText) else {
            continue;
        };
        // Hardly anybody mistypes two letters and the first.
        let closest = best.map_or(most, |(closest, ..)| closest);
        let Some(off) = distance(&wanted, word, closest) else { continue };
        if off == 2 && !word.starts_with(|c| Some(&c) == wanted.first()) {
            continue;
        }
        if best.is_none_or(|(least, most, _)| off < least || off == least && row.having > most) {
            best = Some((off, row.having, word));
        }
    }
    best.map(|(.., word)| word)
}

/// How many letters are wrong, missing, too many or swapped with the next; none when more than
/// `most`.
fn distance(a: &[char], b: &str, most: usize) -> Option<usize> {
    let mut before = [0_usize; LONGEST + 1];
    let mut row = [0_usize; LONGEST + 1];
    for (at, cell) in row.iter_mut().enumerate() {
        *cell = at;
    }
    let mut last_b = None;
    for (y, b) in b.chars().enumerate() {
        let above_before = before;
        before = row;
        let mut left = y.checked_add(1)?;
        let mut least = left;
        *row.first_mut()? = left;
        let mut last_a = None;
        for (x, a) in a.iter().enumerate() {
            let next = x.checked_add(1)?;
            let replaced = before.get(x)?.checked_add(usize::from(*a != b))?;
            let mut cell =
                replaced.min(left.checked_add(1)?).min(before.get(next)?.checked_add(1)?);
            if last_a == Some(b) && last_b == Some(*a) && y > 0 && x > 0 {
                cell = cell.min(above_before.get(x.checked_sub(1)?)?.checked_add(1)?);
            }
            *row.get_mut(next)? = cell;
            left = cell;
            least = least.min(cell);
            last_a = Some(*a);
        }
        if least > most.checked_add(1)? {
            return None;
        }
        last_b = Some(b);
    }
    row.get(a.len()).copied().filter(|off| *off <= most)
}
