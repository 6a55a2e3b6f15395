//! What is said about links for friends, and to the owner about comments that need a person. The
//! words are in each language's own file.

use crate::faq::Phrases;

/// The words of one language.
#[derive(Debug)]
pub struct DoorWords {
    /// The button that asks for a link, at most 20 characters.
    pub button: &'static str,
    /// Messages that ask for a link, in small letters.
    pub share: Phrases,
    /// Said with the link, which stands on the next line.
    pub link: &'static str,
    /// Said to whoever brought a friend.
    pub thanks: &'static str,
    /// What the owner is told when a comment is angry or delicate; a link follows.
    pub comment: &'static str,
}

#[cfg(test)]
mod tests {
    use crate::meta::limits::{BUTTON_TITLE, units};
    use crate::shop::lang::all;

    #[test]
    fn every_language_has_its_words_and_the_buttons_fit() {
        for language in all() {
            let words = &language.friends;
            assert!(units(words.button) <= BUTTON_TITLE, "{}", words.button);
            for text in [words.link, words.thanks, words.comment] {
                assert!(!text.is_empty() && !text.contains("  "), "{text}");
            }
        }
    }
}
