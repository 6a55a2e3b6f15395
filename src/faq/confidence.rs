//! How probable an entry is: scores of any shop on one scale.

use super::constants::{AMONG, BEST, Calibration};
use super::score::Found;

/// The probability of each of the best entries, in their order. Together they stay below 1: the
/// rest is for "none of them".
pub(super) fn probabilities(found: &Found, most: usize) -> Vec<f32> {
    let mut left = 1.0_f64;
    let mut last = 1.0_f64;
    let mut result = Vec::with_capacity(most);
    for at in 0..found.fits.len().min(most) {
        let (score, lead) = found.evidence(at);
        let p = (left * sigmoid(logit(&BEST, score, lead, found.known))).min(last);
        left -= p;
        last = p;
        result.push(p as f32);
    }
    result
}

/// How probably one of the best three entries is asked for, where the best is no answer yet.
pub(super) fn among(found: &Found) -> f32 {
    let (score, lead) = found.evidence(0);
    sigmoid(logit(&AMONG, score, lead, found.known)) as f32
}

fn logit(of: &Calibration, score: f32, lead: f32, known: f32) -> f64 {
    of.score * f64::from(score) + of.lead * f64::from(lead) + of.known * f64::from(known) + of.base
}

/// 1 / (1 + exp(-x)), by additions and multiplications only: the platform's exp may differ in the
/// last place between machines.
fn sigmoid(x: f64) -> f64 {
    let x = if x.is_nan() { 0.0 } else { x.clamp(-30.0, 30.0) };
    // exp(-x) = exp(-x / 64) to the power of 64; seven terms are exact to 12 places below 1/2.
    let small = -x / 64.0;
    let mut term = 1.0;
    let mut power = 1.0;
    for n in 1..=9 {
        term *= small / f64::from(n);
        power += term;
    }
    for _ in 0..6 {
        power *= power;
    }
    1.0 / (1.0 + power)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sigmoid_is_right_to_nine_places() {
        for at in -300..=300 {
            let x = f64::from(at) / 10.0;
            assert!((sigmoid(x) - 1.0 / (1.0 + (-x).exp())).abs() < 1e-9, "{x}");
        }
        assert_eq!(sigmoid(f64::NAN), 0.5);
        assert!(sigmoid(f64::INFINITY) < 1.0);
    }
}
