//! Like questions together, each group beside the entry it is nearest to.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap, HashSet};

use serde::Serialize;

use crate::cli::explain::{Likeness, explained};
use crate::faq::Model;
use crate::faq::normalise::normalise;
use crate::meta::ids::FaqId;
use crate::shop::model::{Lang, Shop};
use crate::store::misses::Missed;
use crate::time::UnixMs;

/// Letters of a word that have to be the same: what follows is its ending.
const STEM: usize = 5;
/// Two questions that share this part of the shorter one's words are about the same.
const SHARED: f64 = 0.5;

/// What was asked in vain, the most frequent first.
#[derive(Debug, Default)]
pub struct Groups {
    /// Like questions together.
    pub groups: Vec<Group>,
    /// How many questions this shop.toml would answer by now.
    pub answered: u32,
}

/// Questions about the same.
#[derive(Debug, Serialize)]
pub struct Group {
    /// The entry they are close to; none: they need one of their own.
    pub entry: Option<FaqId>,
    /// Their language.
    pub lang: Lang,
    /// How often they were asked, all together.
    pub times: u32,
    /// When one was asked last.
    #[serde(serialize_with = "as_text")]
    pub newest: UnixMs,
    /// The entry nearest to the most frequent one, however far.
    pub nearest: Option<Likeness>,
    /// In different words, the most frequent first.
    pub questions: Vec<Question>,
}

/// A question, whatever its spelling.
#[derive(Debug, Serialize)]
pub struct Question {
    /// In its most frequent spelling, redacted.
    pub text: String,
    /// How often it was asked.
    pub times: u32,
}

fn as_text<S: serde::Serializer>(at: &UnixMs, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&at.rfc3339())
}

/// One question before it has a group.
struct Asked {
    text: String,
    lang: Lang,
    times: u32,
    newest: UnixMs,
    offered: Vec<FaqId>,
    stems: HashSet<String>,
    /// How often in which spelling.
    spellings: BTreeMap<String, u32>,
    /// The entry nearest to it.
    nearest: Option<Likeness>,
}

/// Groups questions: by the entry they are close to, and the others by the words they share.
pub fn grouped<'a>(
    shop: &Shop,
    model: Option<&Model>,
    misses: impl Iterator<Item = &'a Missed>,
) -> Groups {
    let mut found = Groups::default();
    let mut close: BTreeMap<(FaqId, Lang), Vec<Asked>> = BTreeMap::new();
    let mut far: Vec<Vec<Asked>> = Vec::new();
    for mut asked in questions(misses) {
        let explained = explained(shop, model, &plain(&asked.text), Some(&asked.lang));
        if explained.decision == "answer" || explained.command.is_some() {
            found.answered = found.answered.saturating_add(asked.times);
            continue;
        }
        let mut offered = explained.entries.iter().chain(&asked.offered);
        let entry = offered.find(|id| shop.faq(id).is_some()).cloned();
        asked.nearest = explained.best;
        match entry {
            Some(entry) => close.entry((entry, asked.lang.clone())).or_default().push(asked),
            None => match far.iter_mut().find(|group| belongs(&asked, group)) {
                Some(group) => group.push(asked),
                None => far.push(vec![asked]),
            },
        }
    }
    let close = close.into_iter().map(|((entry, _), asked)| group(Some(entry), asked));
    found.groups = close.chain(far.into_iter().map(|asked| group(None, asked))).flatten().collect();
    found.groups.sort_by(|a, b| b.times.cmp(&a.times).then(b.newest.cmp(&a.newest)));
    found
}

/// Each question once, whatever its spelling, the most frequent first.
fn questions<'a>(misses: impl Iterator<Item = &'a Missed>) -> Vec<Asked> {
    let mut asked: HashMap<(String, &str), Asked> = HashMap::new();
    for miss in misses {
        let folded = normalise(&plain(&miss.text));
        if folded.is_empty() {
            continue;
        }
        let stems = stems(&folded);
        let one = asked.entry((folded, miss.lang.as_str())).or_insert_with(|| Asked {
            text: String::new(),
            lang: Lang(miss.lang.clone()),
            times: 0,
            newest: miss.newest,
            offered: Vec::new(),
            stems,
            spellings: BTreeMap::new(),
            nearest: None,
        });
        one.times = one.times.saturating_add(miss.times);
        one.newest = one.newest.max(miss.newest);
        if one.offered.is_empty() {
            one.offered.clone_from(&miss.offered);
        }
        let times = one.spellings.entry(miss.text.clone()).or_default();
        *times = times.saturating_add(miss.times);
    }
    let mut asked: Vec<Asked> = asked.into_values().collect();
    for one in &mut asked {
        let most = one.spellings.iter().max_by_key(|(text, times)| (**times, Reverse(*text)));
        one.text = most.map(|(text, _)| text.clone()).unwrap_or_default();
    }
    asked.sort_by(|a, b| {
        b.times.cmp(&a.times).then(b.newest.cmp(&a.newest)).then_with(|| a.text.cmp(&b.text))
    });
    asked
}

/// A question as a phrasing: without what stands for things that were taken out of it.
pub(super) fn plain(text: &str) -> String {
    let placeholder = |word: &str| {
        let word = word.trim_end_matches(|c: char| c.is_ascii_punctuation() && c != ']');
        matches!(word, "[number]" | "[email]" | "[link]" | "[name]")
    };
    let words: Vec<&str> = text.split(' ').filter(|word| !placeholder(word)).collect();
    words.join(" ").trim_end_matches('…').trim().to_owned()
}

/// The beginnings of its words; of Chinese and Japanese, where words do not end, its pairs of
/// characters.
fn stems(folded: &str) -> HashSet<String> {
    let mut stems = HashSet::new();
    for word in folded.split(' ') {
        let letters: Vec<char> = word.chars().collect();
        if letters.iter().any(|c| *c >= '\u{2E80}') {
            stems.extend(letters.windows(2).map(|pair| pair.iter().collect::<String>()));
        } else if letters.len() > 2 {
            stems.insert(letters.iter().take(STEM).collect());
        }
    }
    stems
}

/// Whether a question is about the same as the first of a group, its most frequent.
fn belongs(asked: &Asked, group: &[Asked]) -> bool {
    let Some(first) = group.first() else { return false };
    let shared = asked.stems.intersection(&first.stems).count();
    let shorter = asked.stems.len().min(first.stems.len());
    asked.lang == first.lang && shared > 0 && shared as f64 >= SHARED * shorter as f64
}

fn group(entry: Option<FaqId>, asked: Vec<Asked>) -> Option<Group> {
    let lang = asked.first()?.lang.clone();
    let times = asked.iter().map(|one| one.times).fold(0, u32::saturating_add);
    let newest = asked.iter().map(|one| one.newest).max()?;
    let mut nearest = None;
    let mut questions = Vec::new();
    for (at, one) in asked.into_iter().enumerate() {
        if at == 0 {
            nearest = one.nearest;
        }
        questions.push(Question { text: one.text, times: one.times });
    }
    Some(Group { entry, lang, times, newest, nearest, questions })
}
