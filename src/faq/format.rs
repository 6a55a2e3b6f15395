//! The bytes of a model, as they lie in KV.
//!
//! Little-endian, in this order:
//! ```text
//! magic "SBFQ" | version u32
//! counts u32: entries, phrasings, features, postings, text bytes
//! per entry:    id length u16
//! per phrasing: entry u16, language length u16, text length u16, norm f32
//! per feature:  hash u64 (ascending), weight f32, number of postings u32
//! per posting:  phrasing u16
//! text:         ids, then per phrasing language and text, end to end
//! checksum:     the first 16 bytes of SHA-256 over everything before
//! ```

use sha2::{Digest, Sha256};

use crate::meta::ids::FaqId;

const MAGIC: [u8; 4] = *b"SBFQ";
/// The layout above, and everything that gives the numbers in it their meaning: folding,
/// features, weights.
const VERSION: u32 = 1;
const CHECKSUM: usize = 16;
/// Magic, version, five counts.
const HEAD: usize = 28;

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

/// What is in a model.
#[derive(Debug, PartialEq)]
pub(super) struct Contents {
    pub ids: Vec<FaqId>,
    pub phrasings: Vec<Phrasing>,
    /// Ascending by feature: its weight, and the phrasings that have it, ascending.
    pub features: Vec<(u64, f32, Vec<u16>)>,
}

/// One way to ask for an entry.
#[derive(Debug, PartialEq)]
pub(super) struct Phrasing {
    /// Index into the ids.
    pub entry: u16,
    pub lang: String,
    pub text: String,
    /// Length of its vector.
    pub norm: f32,
}

/// The KV key of a model: `model:` and 32 hexadecimal digits of SHA-256 over its bytes.
#[must_use]
pub fn model_key(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    let half: Vec<u8> = digest.iter().copied().take(16).collect();
    format!("model:{}", hex::encode(half))
}

pub(super) fn encode(contents: &Contents) -> Vec<u8> {
    let mut text = String::new();
    let mut tables = Vec::new();
    for id in &contents.ids {
        put_u16(&mut tables, append(&mut text, id.as_str()));
    }
    for phrasing in &contents.phrasings {
        put_u16(&mut tables, phrasing.entry);
        put_u16(&mut tables, append(&mut text, &phrasing.lang));
        put_u16(&mut tables, append(&mut text, &phrasing.text));
        tables.extend(phrasing.norm.to_le_bytes());
    }
    for (feature, weight, list) in &contents.features {
        tables.extend(feature.to_le_bytes());
        tables.extend(weight.to_le_bytes());
        put_u32(&mut tables, list.len());
    }
    let mut postings = 0_usize;
    for (_, _, list) in &contents.features {
        for &phrasing in list {
            put_u16(&mut tables, phrasing);
        }
        postings = postings.saturating_add(list.len());
    }

    let mut bytes = Vec::with_capacity(HEAD + tables.len() + text.len() + CHECKSUM);
    bytes.extend(MAGIC);
    bytes.extend(VERSION.to_le_bytes());
    put_u32(&mut bytes, contents.ids.len());
    put_u32(&mut bytes, contents.phrasings.len());
    put_u32(&mut bytes, contents.features.len());
    put_u32(&mut bytes, postings);
    put_u32(&mut bytes, text.len());
    bytes.extend(tables);
    bytes.extend(text.as_bytes());
    let checksum = checksum(&bytes);
    bytes.extend(checksum);
    bytes
}

pub(super) fn decode(bytes: &[u8]) -> Result<Contents, ModelError> {
    let mut reader = Reader(bytes);
    if reader.take::<4>() != Some(MAGIC) {
        return Err(ModelError::Foreign);
    }
    let found = reader.u32().ok_or(ModelError::Foreign)?;
    if found != VERSION {
        return Err(ModelError::Version { found });
    }
    let body = bytes.len().checked_sub(CHECKSUM).ok_or(ModelError::Damaged)?;
    let (body, claimed) = bytes.split_at_checked(body).ok_or(ModelError::Damaged)?;
    if checksum(body) != claimed {
        return Err(ModelError::Damaged);
    }
    let mut reader = Reader(body.get(8..).ok_or(ModelError::Damaged)?);
    read(&mut reader).filter(|_| reader.0.is_empty()).ok_or(ModelError::Damaged)
}

/// Reads what [`encode`] wrote. A right checksum is no proof of sense, so everything that
/// matching relies on is looked at here: indices in range, order, finite weights.
fn read(reader: &mut Reader<'_>) -> Option<Contents> {
    let [entries, phrasings, features, postings, _text] =
        [reader.count()?, reader.count()?, reader.count()?, reader.count()?, reader.count()?];

    let mut tables = Reader(
        reader.slice(
            entries
                .checked_mul(2)?
                .checked_add(phrasings.checked_mul(10)?)?
                .checked_add(features.checked_mul(16)?)?
                .checked_add(postings.checked_mul(2)?)?,
        )?,
    );

    let ids = (0..entries)
        .map(|_| FaqId::new(reader.text(tables.u16()?)?).ok())
        .collect::<Option<Vec<_>>>()?;

    let phrasings = (0..phrasings)
        .map(|_| {
            let entry = tables.u16().filter(|entry| usize::from(*entry) < ids.len())?;
            let lang = reader.text(tables.u16()?)?.to_owned();
            let text = reader.text(tables.u16()?)?.to_owned();
            let norm = tables.f32().filter(|norm| norm.is_finite() && *norm > 0.0)?;
            Some(Phrasing { entry, lang, text, norm })
        })
        .collect::<Option<Vec<_>>>()?;

    let heads = (0..features)
        .map(|_| {
            let feature = u64::from_le_bytes(tables.take()?);
            let weight = tables.f32().filter(|weight| weight.is_finite() && *weight > 0.0)?;
            Some((feature, weight, tables.count()?))
        })
        .collect::<Option<Vec<_>>>()?;
    if !heads.is_sorted_by(|a, b| a.0 < b.0) {
        return None;
    }

    let features = heads
        .into_iter()
        .map(|(feature, weight, length)| {
            let mut list = Reader(tables.slice(length.checked_mul(2)?)?);
            let list = (0..length).map(|_| list.u16()).collect::<Option<Vec<_>>>()?;
            let in_range = list.last().is_none_or(|last| usize::from(*last) < phrasings.len());
            (in_range && list.is_sorted_by(|a, b| a < b)).then_some((feature, weight, list))
        })
        .collect::<Option<Vec<_>>>()?;
    tables.0.is_empty().then_some(Contents { ids, phrasings, features })
}

fn checksum(bytes: &[u8]) -> [u8; CHECKSUM] {
    let mut first = [0; CHECKSUM];
    for (to, from) in first.iter_mut().zip(Sha256::digest(bytes)) {
        *to = from;
    }
    first
}

/// Appends as much of `part` as 65,535 bytes hold and tells how much that was.
fn append(text: &mut String, part: &str) -> u16 {
    let part = part.get(..part.floor_char_boundary(usize::from(u16::MAX))).unwrap_or_default();
    text.push_str(part);
    u16::try_from(part.len()).unwrap_or(u16::MAX)
}

fn put_u16(bytes: &mut Vec<u8>, number: u16) {
    bytes.extend(number.to_le_bytes());
}

/// Counts never come near 2^32: there are at most 65,535 phrasings.
fn put_u32(bytes: &mut Vec<u8>, count: usize) {
    bytes.extend(u32::try_from(count).unwrap_or(u32::MAX).to_le_bytes());
}

/// Takes bytes off the front; `None` when they run out.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn slice(&mut self, length: usize) -> Option<&'a [u8]> {
        let (front, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(front)
    }

    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.slice(N)?.try_into().ok()
    }

    fn u16(&mut self) -> Option<u16> {
        self.take().map(u16::from_le_bytes)
    }

    fn u32(&mut self) -> Option<u32> {
        self.take().map(u32::from_le_bytes)
    }

    fn f32(&mut self) -> Option<f32> {
        self.take().map(f32::from_le_bytes)
    }

    fn count(&mut self) -> Option<usize> {
        self.u32().and_then(|count| usize::try_from(count).ok())
    }

    fn text(&mut self, length: u16) -> Option<&'a str> {
        std::str::from_utf8(self.slice(usize::from(length))?).ok()
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Puts the right checksum under changed bytes, as somebody with a hex editor would.
    pub fn resealed(mut bytes: Vec<u8>) -> Vec<u8> {
        bytes.truncate(bytes.len().saturating_sub(CHECKSUM));
        let sum = checksum(&bytes);
        bytes.extend(sum);
        bytes
    }

    fn contents() -> Contents {
        Contents {
            ids: vec![FaqId::new("hours").unwrap(), FaqId::new("menu").unwrap()],
            phrasings: vec![
                Phrasing { entry: 1, lang: "lt".into(), text: "koks meniu".into(), norm: 2.5 },
                Phrasing { entry: 0, lang: "en".into(), text: "hours".into(), norm: 1.5 },
            ],
            features: vec![(3, 1.0, vec![0, 1]), (9, 2.0, vec![1])],
        }
    }

    #[test]
    fn what_was_written_is_read() {
        assert_eq!(decode(&encode(&contents())), Ok(contents()));
    }

    #[test]
    fn every_changed_byte_and_every_length_is_refused() {
        let bytes = encode(&contents());
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 0x10;
            assert!(decode(&changed).is_err(), "byte {at}");
            assert!(decode(&bytes[..at]).is_err(), "first {at} bytes");
        }
        let mut longer = bytes.clone();
        longer.push(0);
        assert_eq!(decode(&longer), Err(ModelError::Damaged));
    }

    #[test]
    fn foreign_bytes_and_other_versions_are_named() {
        assert_eq!(decode(b""), Err(ModelError::Foreign));
        assert_eq!(decode(b"{\"v\":1}"), Err(ModelError::Foreign));
        let mut other = encode(&contents());
        other[4] = 9;
        assert_eq!(decode(&resealed(other)), Err(ModelError::Version { found: 9 }));
    }

    #[test]
    fn nonsense_under_a_right_checksum_is_refused() {
        let wrong = |change: fn(&mut Contents)| {
            let mut contents = contents();
            change(&mut contents);
            decode(&encode(&contents))
        };
        for (what, result) in [
            ("entry out of range", wrong(|c| c.phrasings[0].entry = 2)),
            ("posting out of range", wrong(|c| c.features[1].2 = vec![2])),
            ("features out of order", wrong(|c| c.features.swap(0, 1))),
            ("infinite weight", wrong(|c| c.features[0].1 = f32::INFINITY)),
            ("no norm", wrong(|c| c.phrasings[0].norm = 0.0)),
        ] {
            assert_eq!(result, Err(ModelError::Damaged), "{what}");
        }
    }

    #[test]
    fn key_is_a_kv_key_and_follows_the_bytes() {
        let key = model_key(b"abc");
        assert_eq!(key, "model:ba7816bf8f01cfea414140de5dae2223");
        assert_ne!(key, model_key(b"abd"));
    }
}
