//! Every number of the matcher that was chosen, in one place. One set for all shops and languages.
//!
//! Chosen by the average over many development sets, none of which is the one reported on; which
//! sets, what was tried, and how flat the choices are: `docs/matching.md`.

/// What was chosen by measuring.
pub(super) struct Tuning {
    /// Lengths of n-grams inside words, counted with a mark at either end of the word.
    pub inside: (usize, usize),
    /// Lengths of n-grams across words.
    pub across: (usize, usize),
    /// Lengths of n-grams that begin with a CJK character, in the first and in the second view.
    pub cjk: [(usize, usize); 2],
    /// How much more than an n-gram a whole word weighs.
    pub word: f32,
    /// What an example on the wrong side costs.
    pub cost: f32,
    /// What stands for the intercept in the kernel.
    pub intercept: f32,
    /// Rounds of coordinate descent at most.
    pub rounds: usize,
    /// Rounds end when no example is further than this from where it should be.
    pub tolerance: f32,
    /// Share of the nearest phrasings in a score, beside the machine.
    pub nearest: f32,
    /// How far a phrasing counts that is in another language than the message.
    pub foreign: f32,
    /// Weights of an entry's three nearest phrasings.
    pub three: [f32; 3],
    /// Shortest words that are repaired by one letter, and by two.
    pub repair: [usize; 2],
    /// How far a repaired word counts as known.
    pub repaired: f32,
    /// How much of its weight a common word has in the share of the message that is known.
    pub common: f32,
    /// How far a word counts as known whose n-grams are all known.
    pub in_part: f32,
}

pub(super) const TUNING: Tuning = Tuning {
    inside: (2, 4),
    across: (3, 5),
    cjk: [(1, 3), (2, 4)],
    word: 3.0,
    cost: 2.0,
    intercept: 1.0,
    rounds: 20,
    tolerance: 0.05,
    nearest: 0.25,
    foreign: 0.7,
    three: [0.571_428_6, 0.285_714_3, 0.142_857_1],
    repair: [4, 8],
    repaired: 0.7,
    common: 0.25,
    in_part: 0.5,
};

/// How scores become a probability: a logistic function, one for every shop and language, fitted by
/// `cargo bench --bench calibrate -- --data DIR` on simulated shops.
pub(super) struct Calibration {
    /// Per point of the best entry's score.
    pub score: f64,
    /// Per point of its lead over the next, up to a lead of 1.
    pub lead: f64,
    /// Per share of the message's words that the shop knows.
    pub known: f64,
    /// For nothing at all.
    pub base: f64,
}

/// That the best entry is the one asked for.
pub(super) const BEST: Calibration =
    Calibration { score: 2.509, lead: 2.094, known: 3.217, base: -4.184 };

/// That one of the best three is, where the best is no answer yet.
pub(super) const AMONG: Calibration =
    Calibration { score: 4.146, lead: 0.325, known: 3.697, base: -3.331 };

/// How probable it has to be.
pub(super) struct Thresholds {
    /// That the best entry is the one asked for: it is the answer.
    pub answer: f32,
    /// That one of the best three is: they are offered.
    pub offer: f32,
}

pub(super) const CAUTIOUS: Thresholds = Thresholds { answer: 0.55, offer: 0.18 };
pub(super) const NORMAL: Thresholds = Thresholds { answer: 0.35, offer: 0.1 };
pub(super) const EAGER: Thresholds = Thresholds { answer: 0.2, offer: 0.07 };

/// How probable each part's entry has to be for a message to count as several questions.
pub(super) const SEVERAL: f32 = 0.7;
/// From this probability on a message as a whole asks for one thing.
pub(super) const ONE: f32 = 0.85;
/// A lead in score that is none: half of those with one ask for the next entry.
pub(super) const TOO_CLOSE: f32 = 0.15;
/// What is further behind the best than this, in score, is not offered beside it: it is right in one
/// offer of a hundred.
pub(super) const TOO_FAR: f32 = 0.5;
