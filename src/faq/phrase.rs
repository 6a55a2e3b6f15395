//! Looking for phrases in messages: as the whole message, or standing in it.
//!
//! The phrases that every shop understands are the same for all messages of an isolate, so
//! [`Phrases`] folds each of them once. What an owner wrote is compared as it stands: hardly any
//! phrase begins like something in the message, and only the beginning of the others is folded.

use std::ops::Deref;
use std::sync::OnceLock;

use super::normalise::{MAX_CHARS, folded, is_cjk, normalise};

/// A phrase as it is compared.
#[derive(Debug)]
pub struct Phrase {
    written: &'static str,
    folded: Folded,
}

/// A phrase in the forms that are looked for.
#[derive(Debug)]
struct Folded {
    /// With a space on both sides.
    padded: String,
    /// Without spaces, for scripts whose words they do not part.
    joined: Option<String>,
}

impl Folded {
    fn new(phrase: &str) -> Self {
        let folded = normalise(phrase);
        let joined = folded.chars().any(is_cjk).then(|| folded.replace(' ', ""));
        Self { padded: format!(" {folded} "), joined }
    }

    fn plain(&self) -> &str {
        self.padded.trim_matches(' ')
    }
}

impl Phrase {
    fn new(written: &'static str) -> Self {
        Self { written, folded: Folded::new(written) }
    }

    /// As it stands in the source.
    #[must_use]
    pub fn written(&self) -> &'static str {
        self.written
    }

    /// As [`normalise`] leaves it.
    #[must_use]
    pub fn folded(&self) -> &str {
        self.folded.plain()
    }
}

/// A list of phrases, folded when it is first looked at.
#[derive(Debug)]
pub struct Phrases {
    written: &'static [&'static str],
    folded: OnceLock<Vec<Phrase>>,
}

impl Phrases {
    /// The list as it stands in the source.
    #[must_use]
    pub const fn new(written: &'static [&'static str]) -> Self {
        Self { written, folded: OnceLock::new() }
    }

    /// The phrases as they are compared, in the order of the source.
    pub fn folded(&self) -> &[Phrase] {
        self.folded.get_or_init(|| self.written.iter().map(|phrase| Phrase::new(phrase)).collect())
    }
}

impl Deref for Phrases {
    type Target = [&'static str];

    fn deref(&self) -> &Self::Target {
        self.written
    }
}

/// Whether `text` as a whole says `phrase`, whatever the case, diacritics, punctuation and
/// stretched letters ("STOOOP!!!" says "stop"). Used for the words that must never be guessed:
/// STOP, HUMAN, DELETE.
#[must_use]
pub fn same_words(text: &str, phrase: &str) -> bool {
    Said::new(text).says(phrase)
}

/// A message, folded once to be compared with many phrases.
pub struct Said<'a> {
    typed: &'a str,
    /// With a space on both sides.
    padded: String,
    joined: String,
    /// Somebody leaned on a key: then letters count once however often they come.
    unstretched: Option<String>,
}

impl<'a> Said<'a> {
    /// Folds the message.
    #[must_use]
    pub fn new(typed: &'a str) -> Self {
        let folded = normalise(typed);
        Self {
            typed,
            joined: folded.replace(' ', ""),
            unstretched: is_stretched(typed).then(|| unstretched(&folded)),
            padded: format!(" {folded} "),
        }
    }

    /// The message as [`normalise`] leaves it.
    #[must_use]
    pub fn folded(&self) -> &str {
        self.padded.trim_matches(' ')
    }

    /// Whether it says `phrase`, in the way of [`same_words`].
    #[must_use]
    pub fn says(&self, phrase: &str) -> bool {
        let Some(first) = folded(phrase).next() else {
            return self.says_signs(phrase);
        };
        // Hardly any phrase begins as the message does; the rest of them need no more folding.
        if !self.joined.starts_with(first) {
            return false;
        }
        self.is(&Folded::new(phrase))
    }

    /// Whether it says any of `phrases`, in the way of [`same_words`].
    #[must_use]
    pub fn says_any(&self, phrases: &Phrases) -> bool {
        phrases.folded().iter().any(|phrase| self.says_phrase(phrase))
    }

    /// Whether it says `phrase`, in the way of [`same_words`].
    #[must_use]
    pub fn says_phrase(&self, phrase: &Phrase) -> bool {
        if phrase.folded().is_empty() {
            return self.says_signs(phrase.written);
        }
        self.is(&phrase.folded)
    }

    /// A phrase of signs only (a thumb down, say) is compared as typed.
    fn says_signs(&self, phrase: &str) -> bool {
        !phrase.trim().is_empty() && self.typed.trim() == phrase.trim()
    }

    fn is(&self, phrase: &Folded) -> bool {
        match &phrase.joined {
            Some(joined) => self.joined == *joined,
            None => {
                self.padded == phrase.padded
                    || self
                        .unstretched
                        .as_ref()
                        .is_some_and(|said| *said == unstretched(phrase.plain()))
            }
        }
    }

    /// Whether `phrase` stands in it: as whole words, and with Chinese, Japanese or Korean
    /// characters anywhere.
    #[must_use]
    pub fn mentions(&self, phrase: &str) -> bool {
        // Most phrases begin with letters that follow each other nowhere here.
        let beginning: String = folded(phrase).filter(|c| *c != ' ').take(3).collect();
        if beginning.is_empty() || !self.joined.contains(&beginning) {
            return false;
        }
        self.holds(&Folded::new(phrase))
    }

    /// Whether any of `phrases` stands in it, in the way of [`Self::mentions`].
    #[must_use]
    pub fn mentions_any(&self, phrases: &Phrases) -> bool {
        phrases.folded().iter().any(|p| !p.folded().is_empty() && self.holds(&p.folded))
    }

    fn holds(&self, phrase: &Folded) -> bool {
        match &phrase.joined {
            Some(joined) => self.joined.contains(joined.as_str()),
            None => self.padded.contains(&phrase.padded),
        }
    }
}

/// Whether somebody leaned on a key.
fn is_stretched(text: &str) -> bool {
    let mut last = None;
    let mut run = 0_usize;
    text.chars().take(MAX_CHARS).flat_map(char::to_lowercase).any(|c| {
        run = if last == Some(c) { run.saturating_add(1) } else { 1 };
        last = Some(c);
        run > 2 && c.is_alphabetic()
    })
}

fn unstretched(folded: &str) -> String {
    let mut letters: Vec<char> = folded.chars().collect();
    letters.dedup();
    letters.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn whole_messages_are_compared_not_parts() {
        for (text, phrase) in [
            ("STOP", "stop"),
            (" Stop!! ", "stop"),
            ("stooooop", "stop"),
            ("sustabdyk prenumerata", "Sustabdyk prenumeratą"),
            ("取消 訂閱！", "取消訂閱"),
            ("👎", "👎"),
        ] {
            assert!(same_words(text, phrase), "{text:?} is {phrase:?}");
        }
        for (text, phrase) in [
            ("don't stop", "stop"),
            ("stop it", "stop"),
            ("bus stop", "stop"),
            ("stp", "stop"),
            ("of", "off"),
            ("", "stop"),
            ("👍", "👎"),
            ("👍", ""),
            ("", ""),
            ("我想取消訂閱喔", "取消訂閱"),
        ] {
            assert!(!same_words(text, phrase), "{text:?} is not {phrase:?}");
        }
    }

    #[test]
    fn a_phrase_stands_in_a_message_as_whole_words() {
        for (text, phrase) in [
            ("this is a BAD joke!", "bad joke"),
            ("bad", "bad"),
            ("aa a a", "a a"),
            ("badly bad", "bad"),
            ("我想取消 訂閱喔", "取消訂閱"),
            ("Das ist Wucher.", "wucher"),
        ] {
            assert!(Said::new(text).mentions(phrase), "{phrase:?} in {text:?}");
        }
        for (text, phrase) in [
            ("badly", "bad"),
            ("a bad, bad day", "bad day bad"),
            ("👎", "👎"),
            ("", "bad"),
            ("bad", ""),
            ("b a d", "bad"),
        ] {
            assert!(!Said::new(text).mentions(phrase), "{phrase:?} in {text:?}");
        }
    }

    proptest! {
        #[test]
        fn every_message_says_itself(text in any::<String>()) {
            prop_assert_eq!(same_words(&text, &text), !text.trim().is_empty());
        }

        #[test]
        fn phrases_folded_before_and_phrases_as_written_are_the_same(
            text in "[a-dA-D ä你好！👎]{0,12}",
        ) {
            static LIST: Phrases = Phrases::new(&["a b", "Ä", "你 好", "👎", "", "abc", "aab", "c"]);
            let said = Said::new(&text);
            prop_assert_eq!(said.says_any(&LIST), LIST.iter().any(|phrase| said.says(phrase)));
            prop_assert_eq!(said.mentions_any(&LIST), LIST.iter().any(|phrase| said.mentions(phrase)));
        }
    }
}
