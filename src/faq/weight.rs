//! How much a feature tells.

/// A weight is kept as a byte, in these parts of 1: the largest shop's rarest feature weighs 6.
const PARTS: f32 = 40.0;

/// The weight of a feature by how many of the entries have it:
/// (ln((1 + all) / (1 + having)) + 1) to the power of 3/4, as a byte. `counts` are the phrasings
/// that have it of each entry that has some.
///
/// Entries and not phrasings: a word that an entry repeats in each of its phrasings is what it is
/// about, and a word of one language that all entries use is common, however many languages the
/// shop speaks. How many entries is reckoned as the square of the sum over the sum of the squares:
/// one that has it once beside one that has it ten times hardly counts.
pub(super) fn of(all: usize, counts: impl Iterator<Item = usize>) -> u8 {
    let (mut sum, mut squares) = (0.0_f64, 0.0_f64);
    for count in counts {
        sum += count as f64;
        squares += count as f64 * count as f64;
    }
    byte(all, if squares > 0.0 { sum * sum / squares } else { 0.0 })
}

/// The weight of what no entry of `all` has.
pub(super) fn of_unknown(all: usize) -> f32 {
    weight(byte(all, 0.0))
}

/// The weight that a byte stands for.
pub(super) fn weight(byte: u8) -> f32 {
    f32::from(byte) / PARTS
}

fn byte(all: usize, having: f64) -> u8 {
    let rarity = ((1.0 + all as f64) / (1.0 + having)).max(1.0);
    let rarity = 1.0 + log2(rarity) * std::f64::consts::LN_2;
    let root = rarity.sqrt();
    // What is above 255 becomes 255.
    (root * root.sqrt() * f64::from(PARTS)).round() as u8
}

/// Binary logarithm of a number >= 1 to 20 binary places, by repeated squaring. The platform's
/// own may differ in the last place between machines, and models are compared by their bytes.
fn log2(mut x: f64) -> f64 {
    let mut whole = 0.0;
    while x >= 2.0 && whole < 64.0 {
        x /= 2.0;
        whole += 1.0;
    }
    let mut place = 0.5;
    for _ in 0..20 {
        x *= x;
        if x >= 2.0 {
            x /= 2.0;
            whole += place;
        }
        place /= 2.0;
    }
    whole
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rare_features_weigh_more_and_no_weight_is_cut_off() {
        for all in [0, 1, 2, 77, 20_000] {
            let bytes: Vec<u8> =
                (0..=all).map(|having| of(all, std::iter::repeat_n(3, having))).collect();
            assert!(bytes.is_sorted_by(|a, b| a >= b), "{all}");
            assert_eq!(bytes.last(), Some(&40), "{all}: what all have weighs 1");
            assert!(bytes[0] < u8::MAX, "{all}");
            assert_eq!(of_unknown(all), weight(bytes[0]));
        }
    }

    #[test]
    fn entry_that_has_a_feature_by_chance_hardly_counts() {
        let of = |counts: &[usize]| of(77, counts.iter().copied());
        assert!(of(&[10]) > of(&[10, 1]) && of(&[10, 1]) > of(&[10, 10]));
        assert!(weight(of(&[10])) - weight(of(&[10, 1])) < 0.2);
    }

    #[test]
    fn logarithm_is_right_to_six_places() {
        for x in [1.0, 1.5, 2.0, 3.0, 10.0, 12_345.0] {
            assert!((log2(x) - f64::log2(x)).abs() < 2e-6, "{x}");
        }
    }
}
