//! What is printed beside a QR code, where the owner wrote nothing. Native only: nothing of it is
//! said in a conversation. The words are in each language's own file.

/// The words of one language.
#[derive(Debug)]
pub struct PrintWords {
    /// What to do with the code, short enough to be read in passing.
    pub scan: &'static str,
    /// For whom the camera does not help: `{link}` opens the conversation, `{keyword}` is written
    /// there.
    pub or_write: &'static str,
}

#[cfg(test)]
mod tests {
    use crate::shop::lang::all;

    #[test]
    fn every_language_has_words_to_print_with_both_names_in_them() {
        for language in all() {
            for name in ["{link}", "{keyword}"] {
                let count = language.print.or_write.matches(name).count();
                assert_eq!(count, 1, "{}", language.code);
            }
        }
    }
}
