//! The bytes of a model, as they lie in KV. They are read where they lie.
//!
//! Little-endian, in this order:
//! ```text
//! magic "SBFQ" | version u32 | length u32 of each section | sections | checksum u64
//! ```
//! The sections are those of [`Section`]. A text is (end u32) in a table beside the text; it
//! begins where the one before it ends.

use std::ops::Range;

use sha2::{Digest, Sha256};

const MAGIC: [u8; 4] = *b"SBFQ";
/// The layout, and everything that gives the numbers in it their meaning: folding, features,
/// weights.
const VERSION: u32 = 4;
const CHECKSUM: usize = 8;

/// Parts of a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Section {
    /// End u32 of each entry's id in `IdText`.
    Ids,
    IdText,
    /// End u32 of each language in `LangText`.
    Langs,
    LangText,
    /// Per phrasing: entry u16, language u16, end u32 of its text in `PhrasingText`, and its length
    /// as a vector in each view, f32.
    Phrasings,
    PhrasingText,
    /// Per view: where each bucket begins in the lists, u32, and where the last ends.
    Buckets0,
    Buckets1,
    /// Per view: lists, each: check u16, weight u8, length in bytes u8 or 255 and u32, then the
    /// phrasings that have the feature, ascending, as differences in LEB128.
    Lists0,
    Lists1,
    /// Where the votes of each phrasing begin, u32 in votes, and where the last end.
    VoteHeads,
    /// Votes, each: entry u16, alpha i16.
    Votes,
    /// Per entry: what one alpha is worth, f32, and for each language the intercept, f32.
    Machines,
    /// Words, by length, then by alphabet: letters u32, end u32 of the word in `WordText`, length in
    /// characters u16, phrasings that have it u16.
    Words,
    WordText,
}

const SECTIONS: usize = 15;
const HEAD: usize = 8 + 4 * SECTIONS;

/// Why bytes are not a model. Each is cured by publishing the shop again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ModelError {
    /// The bytes do not begin as a model does.
    #[error("this is not an FAQ model")]
    Foreign,
    /// A model of another Shopbell.
    #[error("the FAQ model has version {found}, this Shopbell reads {VERSION}: publish again")]
    Version {
        /// What the bytes claim.
        found: u32,
    },
    /// Cut short, or changed since it was trained.
    #[error("the FAQ model is damaged: publish again")]
    Damaged,
}

/// The KV key of a model: `model:` and 32 hexadecimal digits of SHA-256 over its bytes.
#[must_use]
pub fn model_key(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    let half: Vec<u8> = digest.iter().copied().take(16).collect();
    format!("model:{}", hex::encode(half))
}

/// A model's bytes in the making.
#[derive(Default)]
pub(super) struct Writer {
    sections: [Vec<u8>; SECTIONS],
}

impl Writer {
    pub fn section(&mut self, section: Section) -> &mut Vec<u8> {
        // An enum of as many variants as there are sections.
        #[allow(clippy::indexing_slicing)]
        &mut self.sections[section as usize]
    }

    pub fn u16(&mut self, section: Section, number: usize) {
        let number = u16::try_from(number).unwrap_or(u16::MAX);
        self.section(section).extend(number.to_le_bytes());
    }

    /// Counts and lengths never come near 2^32: a model is at most a few megabytes.
    pub fn u32(&mut self, section: Section, number: usize) {
        let number = u32::try_from(number).unwrap_or(u32::MAX);
        self.section(section).extend(number.to_le_bytes());
    }

    pub fn f32(&mut self, section: Section, number: f32) {
        self.section(section).extend(number.to_le_bytes());
    }

    /// Appends `text` to `texts` and its end to `ends`.
    pub fn text(&mut self, ends: Section, texts: Section, text: &str) {
        self.section(texts).extend(text.as_bytes());
        let end = self.section(texts).len();
        self.u32(ends, end);
    }

    pub fn finish(self) -> Vec<u8> {
        let mut bytes = Vec::new();
        bytes.extend(MAGIC);
        bytes.extend(VERSION.to_le_bytes());
        for section in &self.sections {
            bytes.extend(u32::try_from(section.len()).unwrap_or(u32::MAX).to_le_bytes());
        }
        for section in &self.sections {
            bytes.extend(section);
        }
        let checksum = checksum(&bytes);
        bytes.extend(checksum.to_le_bytes());
        bytes
    }
}

/// A model's bytes, and where its sections lie. What is out of range is absent: a right checksum is
/// no proof of sense.
#[derive(Debug)]
pub(super) struct Bytes {
    bytes: Vec<u8>,
    sections: [Range<usize>; SECTIONS],
}

impl Bytes {
    pub fn new(bytes: Vec<u8>) -> Result<Self, ModelError> {
        if !bytes.starts_with(&MAGIC) {
            return Err(ModelError::Foreign);
        }
        let found = u32_in(&bytes, 4).ok_or(ModelError::Foreign)?;
        if found != VERSION {
            return Err(ModelError::Version { found });
        }
        let end = bytes.len().checked_sub(CHECKSUM).ok_or(ModelError::Damaged)?;
        let (body, claimed) = bytes.split_at_checked(end).ok_or(ModelError::Damaged)?;
        if checksum(body).to_le_bytes() != claimed {
            return Err(ModelError::Damaged);
        }
        let mut sections = [const { 0..0 }; SECTIONS];
        let mut from = HEAD;
        for (at, section) in sections.iter_mut().enumerate() {
            let length = u32_in(body, 8_usize.saturating_add(at.saturating_mul(4)));
            let length = length.and_then(|length| usize::try_from(length).ok());
            let to = length.and_then(|length| from.checked_add(length));
            let to = to.filter(|to| *to <= end).ok_or(ModelError::Damaged)?;
            *section = from..to;
            from = to;
        }
        if from != end {
            return Err(ModelError::Damaged);
        }
        Ok(Self { bytes, sections })
    }

    pub fn section(&self, section: Section) -> &[u8] {
        let range = self.sections.get(section as usize).cloned();
        range.and_then(|range| self.bytes.get(range)).unwrap_or_default()
    }

    pub fn u16(&self, section: Section, at: usize) -> Option<u16> {
        self.section(section).get(at..)?.first_chunk().map(|bytes| u16::from_le_bytes(*bytes))
    }

    pub fn u32(&self, section: Section, at: usize) -> Option<usize> {
        usize::try_from(u32_in(self.section(section), at)?).ok()
    }

    /// The text whose end stands at `at` in `ends`; the end before it stands `step` bytes earlier.
    pub fn text(&self, ends: Section, at: usize, step: usize, texts: Section) -> Option<&str> {
        let from = at.checked_sub(step).map_or(Some(0), |before| self.u32(ends, before))?;
        let to = self.u32(ends, at)?;
        std::str::from_utf8(self.section(texts).get(from..to)?).ok()
    }
}

fn u32_in(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|bytes| u32::from_le_bytes(*bytes))
}

/// Tells damage, not malice, and in a quarter of the time that a cryptographic hash takes: it is
/// computed whenever an isolate starts.
fn checksum(bytes: &[u8]) -> u64 {
    let mut sum = 0x9e37_79b9_7f4a_7c15_u64 ^ (bytes.len() as u64);
    let (words, rest) = bytes.as_chunks::<8>();
    for word in words {
        sum = (sum ^ u64::from_le_bytes(*word)).wrapping_mul(0xff51_afd7_ed55_8ccd);
        sum ^= sum >> 32;
    }
    for byte in rest {
        sum = (sum ^ u64::from(*byte)).wrapping_mul(0xff51_afd7_ed55_8ccd);
        sum ^= sum >> 32;
    }
    sum
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Puts the right checksum under changed bytes, as somebody with a hex editor would.
    pub fn resealed(mut bytes: Vec<u8>) -> Vec<u8> {
        bytes.truncate(bytes.len().saturating_sub(CHECKSUM));
        let sum = checksum(&bytes);
        bytes.extend(sum.to_le_bytes());
        bytes
    }

    fn written() -> Vec<u8> {
        let mut writer = Writer::default();
        writer.text(Section::Ids, Section::IdText, "hours");
        writer.text(Section::Ids, Section::IdText, "menu");
        writer.u16(Section::Votes, 70_000);
        writer.finish()
    }

    #[test]
    fn what_was_written_is_read() {
        let bytes = Bytes::new(written()).unwrap();
        assert_eq!(bytes.text(Section::Ids, 0, 4, Section::IdText), Some("hours"));
        assert_eq!(bytes.text(Section::Ids, 4, 4, Section::IdText), Some("menu"));
        assert_eq!(bytes.text(Section::Ids, 8, 4, Section::IdText), None);
        assert_eq!(bytes.u16(Section::Votes, 0), Some(u16::MAX));
        assert_eq!(bytes.u16(Section::Votes, 1), None);
        assert!(bytes.section(Section::Words).is_empty());
    }

    #[test]
    fn every_changed_byte_and_every_length_is_refused() {
        let bytes = written();
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 0x10;
            assert!(Bytes::new(changed).is_err(), "byte {at}");
            assert!(Bytes::new(bytes[..at].to_vec()).is_err(), "first {at} bytes");
        }
        let mut longer = bytes;
        longer.push(0);
        assert_eq!(Bytes::new(longer).err(), Some(ModelError::Damaged));
    }

    #[test]
    fn foreign_bytes_and_other_versions_are_named() {
        let error = |bytes: &[u8]| Bytes::new(bytes.to_vec()).err();
        assert_eq!(error(b""), Some(ModelError::Foreign));
        assert_eq!(error(b"{\"v\":1}"), Some(ModelError::Foreign));
        let mut other = written();
        other[4] = 1;
        assert_eq!(error(&resealed(other)), Some(ModelError::Version { found: 1 }));
    }

    #[test]
    fn sections_that_do_not_fill_the_bytes_are_refused() {
        for (at, to) in [(8, 7), (8, 9), (11, 0xff)] {
            let mut bytes = written();
            bytes[at] = to;
            assert_eq!(Bytes::new(resealed(bytes)).err(), Some(ModelError::Damaged), "{at} {to}");
        }
    }

    #[test]
    fn key_is_a_kv_key_and_follows_the_bytes() {
        let key = model_key(b"abc");
        assert_eq!(key, "model:ba7816bf8f01cfea414140de5dae2223");
        assert_ne!(key, model_key(b"abd"));
    }
}
