//! Which phrasings have a feature: a hash table whose buckets hold lists of phrasings.

use super::features::Feature;
use super::format::{Bytes, Section, Writer};
use super::weight::weight;

/// Features in a bucket, on average.
const FULL: usize = 6;
const BUCKETS: [Section; 2] = [Section::Buckets0, Section::Buckets1];
const LISTS: [Section; 2] = [Section::Lists0, Section::Lists1];
/// A length that does not fit a byte.
const LONG: u8 = u8::MAX;

/// The bucket of a feature, and what tells it from the others there.
fn place(feature: Feature, buckets: usize) -> (usize, u16) {
    let check = (feature & 0xffff) as u16;
    let bucket = ((feature >> 32).wrapping_mul(buckets as u64)) >> 32;
    (usize::try_from(bucket).unwrap_or(0), check)
}

/// Writes a view's lists, each with what `weigh` says it weighs. Features that share bucket and check, one pair in 10^9, share a list.
pub(super) fn write(
    writer: &mut Writer,
    view: usize,
    lists: Vec<(Feature, Vec<u16>)>,
    weigh: impl Fn(&[u16]) -> u8,
) {
    let (Some(&heads), Some(&bodies)) = (BUCKETS.get(view), LISTS.get(view)) else { return };
    let buckets = lists.len().div_ceil(FULL).max(1);
    let mut placed: Vec<((usize, u16), Vec<u16>)> = Vec::with_capacity(lists.len());
    for (feature, list) in lists {
        placed.push((place(feature, buckets), list));
    }
    placed.sort();
    placed.dedup_by(|later, earlier| {
        let same = later.0 == earlier.0;
        if same {
            earlier.1.append(&mut later.1);
            earlier.1.sort_unstable();
            earlier.1.dedup();
        }
        same
    });
    let mut placed = placed.into_iter().peekable();
    let mut encoded = Vec::new();
    for bucket in 0..buckets {
        let begin = writer.section(bodies).len();
        writer.u32(heads, begin);
        while let Some(((_, check), list)) = placed.next_if(|((of, _), _)| *of == bucket) {
            encoded.clear();
            let weight = weigh(&list);
            let mut last = 0;
            for phrasing in list {
                leb128(&mut encoded, phrasing.wrapping_sub(last));
                last = phrasing;
            }
            let body = writer.section(bodies);
            body.extend(check.to_le_bytes());
            body.push(weight);
            match u8::try_from(encoded.len()) {
                Ok(length) if length < LONG => body.push(length),
                _ => {
                    body.push(LONG);
                    writer.u32(bodies, encoded.len());
                }
            }
            writer.section(bodies).extend(&encoded);
        }
    }
    let end = writer.section(bodies).len();
    writer.u32(heads, end);
}

fn leb128(bytes: &mut Vec<u8>, mut number: u16) {
    while number >= 0x80 {
        bytes.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

/// A feature's list of phrasings, as it lies in the model.
#[derive(Clone, Copy)]
pub(super) struct List<'a> {
    weight: u8,
    phrasings: &'a [u8],
}

impl List<'_> {
    /// How much the feature tells.
    pub fn weight(self) -> f32 {
        weight(self.weight)
    }

    /// Calls `with` with each of them.
    pub fn each(self, mut with: impl FnMut(usize)) {
        let mut at = 0_usize;
        let mut number = 0_usize;
        let mut shift = 0_u32;
        for byte in self.phrasings {
            number |= usize::from(byte & 0x7f).wrapping_shl(shift);
            if byte & 0x80 == 0 {
                at = at.wrapping_add(number);
                with(at);
                number = 0;
                shift = 0;
            } else {
                shift = shift.wrapping_add(7);
            }
        }
    }
}

/// The lists of a view.
#[derive(Clone, Copy)]
pub(super) struct Index<'a> {
    heads: &'a [[u8; 4]],
    bodies: &'a [u8],
}

impl<'a> Index<'a> {
    pub fn new(bytes: &'a Bytes, view: usize) -> Option<Self> {
        let heads = bytes.section(*BUCKETS.get(view)?).as_chunks().0;
        Some(Self { heads, bodies: bytes.section(*LISTS.get(view)?) })
    }

    pub fn find(self, feature: Feature) -> Option<List<'a>> {
        let (bucket, wanted) = place(feature, self.heads.len().checked_sub(1)?);
        let head = |at: usize| {
            let head = self.heads.get(at).map(|head| u32::from_le_bytes(*head))?;
            usize::try_from(head).ok()
        };
        let mut rest = self.bodies.get(head(bucket)?..head(bucket.checked_add(1)?)?)?;
        while let Some(([low, high, weight, length], after)) = rest.split_first_chunk() {
            let (length, after) = if *length == LONG {
                let (length, after) = after.split_first_chunk()?;
                (usize::try_from(u32::from_le_bytes(*length)).ok()?, after)
            } else {
                (usize::from(*length), after)
            };
            let (phrasings, after) = after.split_at_checked(length)?;
            if u16::from_le_bytes([*low, *high]) == wanted {
                return Some(List { weight: *weight, phrasings });
            }
            rest = after;
        }
        None
    }
}
