//! Phone numbers and mail addresses, read loosely: what is wrong for certain is refused.

use crate::faq::normalise::{half_width, spelled};

/// A phone number out of a message: its digits, with a `+` when it was typed or `00` stood for
/// it. Six to fifteen digits (ITU-T E.164 allows fifteen).
pub(super) fn phone(text: &str) -> Option<String> {
    let plain: String = spelled(text.chars().take(200)).collect();
    let mut runs: Vec<String> = Vec::new();
    let mut run = String::new();
    for c in plain.chars().chain(['\n']) {
        if c.is_ascii_digit() || c == '+' {
            run.push(c);
        } else if !matches!(c, ' ' | '-' | '.' | '(' | ')' | '/' | '\u{2010}'..='\u{2013}')
            && !run.is_empty()
        {
            runs.push(std::mem::take(&mut run));
        }
    }
    let mut numbers = runs.into_iter().filter_map(|run| {
        let run = match run.strip_prefix("00") {
            Some(rest) => format!("+{rest}"),
            None => run,
        };
        let digits = run.strip_prefix('+').unwrap_or(&run);
        let plain = digits.bytes().all(|b| b.is_ascii_digit());
        (plain && (6..=15).contains(&digits.len())).then_some(run)
    });
    let first = numbers.next()?;
    numbers.next().is_none().then_some(first)
}

/// A mail address out of a message, with its site in lower case. At most 254 characters (RFC
/// 5321).
pub(super) fn email(text: &str) -> Option<String> {
    let plain: String = text.chars().take(400).map(half_width).collect();
    let mut found = plain.split_whitespace().filter(|word| word.contains('@')).filter_map(|word| {
        let word = word.trim_matches(|c: char| !c.is_alphanumeric());
        let word = word.strip_prefix("mailto:").unwrap_or(word);
        let (who, site) = word.rsplit_once('@')?;
        let label = |label: &str| {
            !label.is_empty()
                && label.len() <= 63
                && label.chars().all(|c| c.is_alphanumeric() || c == '-')
        };
        let end = site.rsplit('.').next().unwrap_or_default();
        let sound = !who.is_empty()
            && who.len() <= 64
            && !who.contains(['@', ',', ';', '<', '>', '(', ')', '"'])
            && !who.contains("..")
            && site.contains('.')
            && site.split('.').all(label)
            && end.chars().count() >= 2
            && !end.chars().any(|c| c.is_ascii_digit())
            && word.len() <= 254;
        sound.then(|| format!("{who}@{}", site.to_lowercase()))
    });
    let first = found.next()?;
    found.next().is_none().then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phones_are_read_loosely() {
        for (text, expected) in [
            ("+370 600 00000", "+37060000000"),
            ("mano nr. 8 600 00 000", "860000000"),
            ("(11) 90000-0000", "11900000000"),
            ("0037060000000", "+37060000000"),
            ("０９１２-345-678", "0912345678"),
            ("0912.345.678 Ana", "0912345678"),
        ] {
            assert_eq!(phone(text).as_deref(), Some(expected), "{text}");
        }
        for text in
            ["", "12345", "call me", "1234567890123456", "+1+2345678", "860000000, 860000001"]
        {
            assert_eq!(phone(text), None, "{text:?}");
        }
    }

    #[test]
    fn mail_addresses_are_read_loosely() {
        for (text, expected) in [
            ("ona@example.com", "ona@example.com"),
            ("It is Ona.B+shop@Example.CO.UK.", "Ona.B+shop@example.co.uk"),
            ("<ona@example.lt>", "ona@example.lt"),
            ("rašykite ona@žaliuoja.lt ačiū", "ona@žaliuoja.lt"),
        ] {
            assert_eq!(email(text).as_deref(), Some(expected), "{text}");
        }
        for text in
            ["", "ona", "@example.com", "ona@", "ona@x", "o na@example", "a@b.c1", "a@b.lt c@d.lt"]
        {
            assert_eq!(email(text), None, "{text:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn anything_can_be_read(text in "\\PC{0,60}") {
            let _ = (phone(&text), email(&text));
        }
    }
}
