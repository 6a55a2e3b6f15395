//! What the owner reads of paid messages and utility templates, and the words by which a text
//! advertises. The words are in each language's own file.

/// One language's.
#[derive(Debug)]
pub struct PaidTexts {
    /// Nobody has proved yet that paid messages may be sent.
    pub off: &'static str,
    /// The campaign is not ready, or Meta has it wait.
    pub waits: &'static str,
    /// The cap of the day is reached.
    pub cap: &'static str,
    /// Paid messages reach nobody there.
    pub country: &'static str,
    /// It is not known where the recipient is.
    pub unknown: &'static str,
    /// Businesses of that country cannot pay for messages.
    pub business: &'static str,
    /// Meta has not approved the template, or not in this language.
    pub no_template: &'static str,
    /// Words of offers: whole words and phrases; with a star, beginnings of words.
    pub promotion: &'static [&'static str],
}

#[cfg(test)]
mod tests {
    use crate::shop::lang::all;

    #[test]
    fn every_language_has_every_text_and_its_own_words() {
        for language in all() {
            let texts = &language.paid;
            let all = [
                texts.off,
                texts.waits,
                texts.cap,
                texts.country,
                texts.unknown,
                texts.business,
                texts.no_template,
            ];
            assert!(all.iter().all(|text| !text.is_empty()), "{}", language.code);
            assert!(texts.promotion.len() >= 9, "{}", language.code);
        }
    }
}
