//! How good a matcher was over a list of questions.
//!
//! HINT3's protocol: what is not answered counts as "none fits", and "none fits" is a class of
//! its own.

use serde::Serialize;

/// What one question was labelled, and what was made of it. Answers are numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    /// Which answer fits; `None` when none does. An answer that is not trained is one that is
    /// never given, so such a row always counts as wrong.
    pub truth: Option<usize>,
    /// The likeliest answers, the best first.
    pub ranked: Vec<usize>,
    /// What was decided.
    pub decided: Decided,
}

/// What was decided about a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decided {
    /// To give this answer.
    Answer(usize),
    /// To ask which of the likeliest was meant.
    Offer,
    /// Nothing fits.
    None,
}

/// The figures. Shares are 0 to 1, and absent where there is nothing to take a share of.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Figures {
    /// Rows asked.
    pub queries: usize,
    /// Of them, rows that an answer fits.
    pub in_scope: usize,
    /// Rows that no answer fits.
    pub out_of_scope: usize,
    /// Of those in scope, whose likeliest answer is right, whatever was decided.
    pub top_1: Option<f64>,
    /// The same for the three likeliest.
    pub top_3: Option<f64>,
    /// Of all rows, those decided rightly: the right answer, or none where none fits.
    pub accuracy: Option<f64>,
    /// Of those in scope, those answered rightly.
    pub in_scope_accuracy: Option<f64>,
    /// Of those out of scope, those not answered.
    pub out_of_scope_recall: Option<f64>,
    /// Matthews' correlation over all classes, "none fits" being one: 1 is perfect, 0 is chance.
    pub mcc: f64,
    /// Share answered at once.
    pub answered: Option<f64>,
    /// Share for which a choice was offered.
    pub offered: Option<f64>,
    /// Share for which nothing was found.
    pub none: Option<f64>,
    /// Of the answers given, those that are right.
    pub precision: Option<f64>,
    /// Of the choices offered in scope, those that hold the right answer.
    pub offers_with_the_right_one: Option<f64>,
}

/// How many of the likeliest a person is shown.
pub const SHOWN: usize = 3;

/// The figures of `rows`.
#[must_use]
pub fn figures(rows: &[Judged]) -> Figures {
    let count = |test: &dyn Fn(&Judged) -> bool| rows.iter().filter(|row| test(row)).count();
    let shown = |row: &Judged| row.ranked.iter().take(SHOWN).any(|id| Some(*id) == row.truth);
    let right = |row: &Judged| row.given() == row.truth;
    let offered = |row: &Judged| row.decided == Decided::Offer;
    let queries = rows.len();
    let in_scope = count(&|row| row.truth.is_some());
    let out_of_scope = queries - in_scope;
    let answered = count(&|row| row.given().is_some());
    let best = |row: &Judged| row.truth.is_some() && row.ranked.first() == row.truth.as_ref();
    Figures {
        queries,
        in_scope,
        out_of_scope,
        top_1: share(count(&best), in_scope),
        top_3: share(count(&shown), in_scope),
        accuracy: share(count(&right), queries),
        in_scope_accuracy: share(count(&|row| row.truth.is_some() && right(row)), in_scope),
        out_of_scope_recall: share(count(&|row| row.truth.is_none() && right(row)), out_of_scope),
        mcc: mcc(rows),
        answered: share(answered, queries),
        offered: share(count(&offered), queries),
        none: share(count(&|row| row.decided == Decided::None), queries),
        precision: share(count(&|row| row.given().is_some() && right(row)), answered),
        offers_with_the_right_one: share(
            count(&|row| offered(row) && shown(row)),
            count(&|row| offered(row) && row.truth.is_some()),
        ),
    }
}

impl Judged {
    fn given(&self) -> Option<usize> {
        match self.decided {
            Decided::Answer(id) => Some(id),
            Decided::Offer | Decided::None => None,
        }
    }
}

fn share(part: usize, of: usize) -> Option<f64> {
    (of > 0).then(|| part as f64 / of as f64)
}

/// Matthews' correlation for several classes (Gorodkin's R_K, 2004). 0 when either side knows
/// only one class.
fn mcc(rows: &[Judged]) -> f64 {
    let total = rows.len() as f64;
    let correct = rows.iter().filter(|row| row.given() == row.truth).count() as f64;
    let mut classes: std::collections::BTreeMap<Option<usize>, (f64, f64)> = Default::default();
    for row in rows {
        classes.entry(row.truth).or_default().0 += 1.0;
        classes.entry(row.given()).or_default().1 += 1.0;
    }
    let sum = |of: fn(&(f64, f64)) -> f64| classes.values().map(of).sum::<f64>();
    let both = sum(|(truly, given)| truly * given);
    let spread = |squares: f64| total * total - squares;
    let norm =
        (spread(sum(|(truly, _)| truly * truly)) * spread(sum(|(_, given)| given * given))).sqrt();
    if norm > 0.0 { (correct * total - both) / norm } else { 0.0 }
}

/// The middle and the 99th percentile of how long each took.
#[must_use]
pub fn percentiles(times: &mut [f64]) -> (f64, f64) {
    times.sort_by(f64::total_cmp);
    let at = |hundredths: usize| {
        times.get(times.len() * hundredths / 100).or(times.last()).copied().unwrap_or_default()
    };
    (at(50), at(99))
}
