//! Linear support vector machines, one per entry, in dual form.
//!
//! Squared hinge, coordinate descent on the matrix of likenesses between examples: what it needs
//! to know of the examples is how alike they are, so matching needs no weights per feature.

use super::constants::TUNING;

/// Likenesses of every example to every other, row by row.
#[derive(Default)]
pub(super) struct Gram {
    pub size: usize,
    pub rows: Vec<f32>,
}

impl Gram {
    /// Half of each.
    pub fn mean(mut self, other: Self) -> Self {
        for (one, other) in self.rows.iter_mut().zip(other.rows) {
            *one = 0.5 * *one + 0.5 * other;
        }
        self
    }

    pub fn row(&self, at: usize) -> &[f32] {
        let from = at.saturating_mul(self.size);
        self.rows.get(from..from.saturating_add(self.size)).unwrap_or_default()
    }
}

/// For each class, how much each example speaks for it (above zero) or against it. `classes` says
/// which class each example belongs to.
pub(super) fn machines(gram: &Gram, classes: &[usize], count: usize) -> Vec<Vec<f32>> {
    (0..count).map(|class| machine(gram, classes, class)).collect()
}

/// One class against the rest.
fn machine(gram: &Gram, classes: &[usize], class: usize) -> Vec<f32> {
    let total = classes.len();
    let own = classes.iter().filter(|other| **other == class).count();
    // Small classes count for more, though not in full: the root.
    let weight = |of: usize| (total as f32 / (2.0 * (of.max(1) as f32))).sqrt();
    let (for_it, against) = (weight(own), weight(total.saturating_sub(own)));
    let bias = TUNING.intercept * TUNING.intercept;

    let mut alphas = vec![0.0_f32; total];
    // What the machine says of each example, without the intercept, and the intercept.
    let mut said = vec![0.0_f32; total];
    let mut intercept = 0.0_f32;
    let mut order: Vec<usize> = (0..total).collect();
    let mut random = 0x2545_f491_4f6c_dd1d_u64;
    for _ in 0..TUNING.rounds {
        shuffle(&mut order, &mut random);
        let mut moved = 0.0_f32;
        for &at in &order {
            let (Some(alpha), Some(&saying), Some(&of)) =
                (alphas.get_mut(at), said.get(at), classes.get(at))
            else {
                continue;
            };
            let (sign, cost) = if of == class {
                (1.0, TUNING.cost * for_it)
            } else {
                (-1.0, TUNING.cost * against)
            };
            let soft = 0.5 / cost;
            let gradient = sign * (saying + intercept) - 1.0 + soft * *alpha;
            if *alpha <= 0.0 && gradient >= 0.0 {
                continue;
            }
            let row = gram.row(at);
            let own = row.get(at).copied().unwrap_or(1.0) + bias + soft;
            let new = (*alpha - gradient / own).max(0.0);
            let change = new - *alpha;
            if change.abs() < 1e-6 {
                continue;
            }
            moved = moved.max(gradient.abs());
            *alpha = new;
            let change = change * sign;
            intercept += change * bias;
            for (said, likeness) in said.iter_mut().zip(row) {
                *said += change * likeness;
            }
        }
        if moved < TUNING.tolerance {
            break;
        }
    }
    for (alpha, of) in alphas.iter_mut().zip(classes) {
        if *of != class {
            *alpha = -*alpha;
        }
    }
    alphas
}

/// Fisher and Yates, with a generator that is the same everywhere.
fn shuffle(order: &mut [usize], random: &mut u64) {
    for last in (1..order.len()).rev() {
        *random ^= *random << 13;
        *random ^= *random >> 7;
        *random ^= *random << 17;
        let below = u64::try_from(last).unwrap_or(u64::MAX).saturating_add(1);
        let other = usize::try_from((*random >> 11) % below).unwrap_or(0);
        order.swap(last, other);
    }
}
