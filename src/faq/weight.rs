//! How much a feature tells.

/// The weight of a feature by how many of the phrasings have it:
/// (ln((1 + all) / (1 + having)) + 1) to the power of 3/4.
#[derive(Debug)]
pub(super) struct Weights(Vec<f32>);

impl Weights {
    /// For `all` phrasings.
    pub fn new(all: usize) -> Self {
        let weight = |having: usize| {
            let rarity = (1.0 + all as f64) / (1.0 + having as f64);
            let rarity = 1.0 + log2(rarity) * std::f64::consts::LN_2;
            let root = rarity.sqrt();
            (root * root.sqrt()) as f32
        };
        Self((0..=all).map(weight).collect())
    }

    /// The weight of what `having` phrasings have.
    pub fn of(&self, having: usize) -> f32 {
        self.0.get(having).copied().unwrap_or(1.0)
    }
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
    fn logarithm_is_right_to_six_places() {
        for x in [1.0, 1.5, 2.0, 3.0, 10.0, 12_345.0] {
            assert!((log2(x) - f64::log2(x)).abs() < 2e-6, "{x}");
        }
    }
}
