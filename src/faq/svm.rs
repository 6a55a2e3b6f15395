//! Linear support vector machines, one per entry and language.
//!
//! A language is learned for itself: what does not matter in it, and how much has to be said, is
//! told by its own phrasings. Nobody asks in Chinese what the English phrasings would have to be
//! told apart from.
//!
//! Squared hinge, by coordinate descent on the dual while the weights of the features are kept
//! beside it (Hsieh et al., 2008): a step costs as much as a phrasing has features, however many
//! phrasings there are. What remains is one number per phrasing and entry; matching needs no
//! weights of features.

use super::constants::TUNING;
use super::features::{Feature, times};
use super::weight::weight;

/// Which phrasings have a feature.
pub(super) type Lists = Vec<(Feature, Vec<u16>)>;

/// Phrasings as vectors whose product is the mean of the cosines in the views.
#[derive(Default)]
pub(super) struct Vectors {
    /// Where each begins, and where the last ends.
    heads: Vec<usize>,
    /// A feature by its number, and how strong it is.
    cells: Vec<(u32, f32)>,
    /// How many features there are.
    features: usize,
    /// For each phrasing, the squares of what it shares with no other: no cells are kept for it.
    alone: Vec<f32>,
    /// For each phrasing, the squares of all.
    squares: Vec<f32>,
    /// For each view, how long each phrasing is.
    pub lengths: Vec<Vec<f32>>,
}

impl Vectors {
    /// Of `count` phrasings.
    pub fn new(count: usize, views: &[Lists], weigh: impl Fn(&[u16]) -> u8) -> Self {
        let mut vectors = Self { alone: vec![0.0; count], ..Self::default() };
        let share = (1.0 / views.len().max(1) as f32).sqrt();
        let mut strong: Vec<(&[u16], f32, usize)> = Vec::new();
        for (view, lists) in views.iter().enumerate() {
            let mut lengths = vec![0.0_f32; count];
            for (feature, list) in lists {
                let weight = weight(weigh(list)) * times(*feature);
                for at in list {
                    if let Some(length) = lengths.get_mut(usize::from(*at)) {
                        *length += weight * weight;
                    }
                }
                strong.push((list, weight * share, view));
            }
            lengths.iter_mut().for_each(|length| *length = length.sqrt());
            vectors.lengths.push(lengths);
        }
        let strength = |lengths: &[Vec<f32>], at: u16, weight: f32, view: usize| {
            let length = lengths.get(view).and_then(|lengths| lengths.get(usize::from(at)));
            length.filter(|length| **length > 0.0).map_or(0.0, |length| weight / length)
        };
        strong.retain(|(list, weight, view)| {
            let [at] = *list else { return true };
            if let Some(alone) = vectors.alone.get_mut(usize::from(*at)) {
                let strength = strength(&vectors.lengths, *at, *weight, *view);
                *alone += strength * strength;
            }
            false
        });
        vectors.features = strong.len();
        vectors.heads = vec![0; count.saturating_add(1)];
        for at in strong.iter().flat_map(|(list, ..)| *list) {
            if let Some(head) = vectors.heads.get_mut(usize::from(*at).saturating_add(1)) {
                *head = head.saturating_add(1);
            }
        }
        let mut end = 0_usize;
        for head in &mut vectors.heads {
            end = end.saturating_add(*head);
            *head = end;
        }
        vectors.cells = vec![(0, 0.0); end];
        let mut next = vectors.heads.clone();
        for ((list, weight, view), feature) in strong.into_iter().zip(0_u32..) {
            for at in list {
                let Some(place) = next.get_mut(usize::from(*at)) else { continue };
                if let Some(cell) = vectors.cells.get_mut(*place) {
                    *cell = (feature, strength(&vectors.lengths, *at, weight, view));
                }
                *place = place.saturating_add(1);
            }
        }
        vectors.squares = (0..count)
            .map(|at| {
                let alone = vectors.alone.get(at).copied().unwrap_or_default();
                alone + vectors.of(at).iter().map(|(_, x)| x * x).sum::<f32>()
            })
            .collect();
        vectors
    }

    fn of(&self, at: usize) -> &[(u32, f32)] {
        let range = self.heads.get(at).zip(self.heads.get(at.saturating_add(1)));
        range.and_then(|(from, to)| self.cells.get(*from..*to)).unwrap_or_default()
    }
}

/// What tells one class from the rest.
pub(super) struct Machine {
    /// How much each example speaks for the class (above zero) or against it.
    pub alphas: Vec<f32>,
    /// What is said of a text that is like no example, for each language.
    pub intercepts: Vec<f32>,
}

/// An example's class and language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Kind {
    pub class: usize,
    pub lang: usize,
}

/// A machine for each class. `kinds` says what each example is.
pub(super) fn machines(
    vectors: &Vectors,
    kinds: &[Kind],
    count: usize,
    langs: usize,
) -> Vec<Machine> {
    let all: Vec<usize> = (0..count).collect();
    let one = |class: &usize| machine(vectors, kinds, *class, langs);
    // Each for itself, so that it does not matter who computes it. A Worker has one thread.
    let hands = if cfg!(target_arch = "wasm32") || count < 8 {
        1
    } else {
        std::thread::available_parallelism().map_or(1, usize::from)
    };
    if hands == 1 {
        return all.iter().map(one).collect();
    }
    std::thread::scope(|scope| {
        let shares: Vec<_> = all
            .chunks(count.div_ceil(hands).max(1))
            .map(|share| (share, scope.spawn(move || share.iter().map(one).collect::<Vec<_>>())))
            .collect();
        let join = |(share, hand): (&[usize], std::thread::ScopedJoinHandle<'_, Vec<Machine>>)| {
            hand.join().unwrap_or_else(|_| share.iter().map(one).collect())
        };
        shares.into_iter().flat_map(join).collect()
    })
}

/// Every so many rounds all examples are looked at; between, those that pull or nearly do.
const FULL_ROUND: usize = 5;
/// Further than this on the right side of its margin an example does not nearly pull.
const FAR: f32 = 0.2;

/// One class against the rest, language by language.
fn machine(vectors: &Vectors, kinds: &[Kind], class: usize, langs: usize) -> Machine {
    let mut alphas = vec![0.0_f32; kinds.len()];
    let intercepts =
        (0..langs).map(|lang| descend(vectors, kinds, Kind { class, lang }, &mut alphas)).collect();
    for (alpha, kind) in alphas.iter_mut().zip(kinds) {
        if kind.class != class {
            *alpha = -*alpha;
        }
    }
    Machine { alphas, intercepts }
}

/// Finds the alphas, without their signs, of the examples in one language; yields the intercept.
fn descend(vectors: &Vectors, kinds: &[Kind], wanted: Kind, alphas: &mut [f32]) -> f32 {
    let spoken = |at: &usize| kinds.get(*at).is_some_and(|kind| kind.lang == wanted.lang);
    let all: Vec<usize> = (0..kinds.len()).filter(spoken).collect();
    let total = all.len();
    let own = kinds.iter().filter(|kind| **kind == wanted).count();
    if own == 0 {
        // Nothing to learn from; the other languages still speak for it.
        return -1.0;
    }
    // Small classes count for more, though not in full: the root.
    let weight = |of: usize| (total as f32 / (2.0 * (of.max(1) as f32))).sqrt();
    let (for_it, against) = (weight(own), weight(total.saturating_sub(own)));
    let bias = TUNING.intercept * TUNING.intercept;

    let mut weights = vec![0.0_f32; vectors.features];
    let mut intercept = 0.0_f32;
    let mut order: Vec<usize> = Vec::with_capacity(total);
    let mut random = 0x2545_f491_4f6c_dd1d_u64;
    for round in 0..TUNING.rounds {
        let full = round % FULL_ROUND == 0;
        if full {
            order.clone_from(&all);
        }
        shuffle(&mut order, &mut random);
        let mut moved = 0.0_f32;
        order.retain(|&at| {
            let (Some(alpha), Some(kind), Some(&alone), Some(&square)) =
                (alphas.get_mut(at), kinds.get(at), vectors.alone.get(at), vectors.squares.get(at))
            else {
                return false;
            };
            let (sign, cost) = if kind.class == wanted.class {
                (1.0, TUNING.cost * for_it)
            } else {
                (-1.0, TUNING.cost * against)
            };
            let cells = vectors.of(at);
            let mut says = intercept;
            for (feature, x) in cells {
                says += x * weights.get(*feature as usize).copied().unwrap_or_default();
            }
            let soft = 0.5 / cost;
            let gradient = sign * says - 1.0 + (soft + alone) * *alpha;
            if *alpha <= 0.0 && gradient >= 0.0 {
                return gradient < FAR;
            }
            let new = (*alpha - gradient / (square + bias + soft)).max(0.0);
            let change = new - *alpha;
            if change.abs() < 1e-6 {
                return true;
            }
            moved = moved.max(gradient.abs());
            *alpha = new;
            let change = change * sign;
            intercept += change * bias;
            for (feature, x) in cells {
                if let Some(weight) = weights.get_mut(*feature as usize) {
                    *weight += change * x;
                }
            }
            true
        });
        if moved < TUNING.tolerance {
            if full {
                break;
            }
            order.clone_from(&all);
        }
    }
    intercept
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
