//! A message without what could say whose it is or what they ordered: addresses, links, numbers.
//!
//! Names stay: nothing short of a dictionary of names finds them, and half of a guess would look
//! like a promise. What is kept is short-lived and of nobody for that reason.

/// More of a message is not kept, in characters.
pub const MOST_CHARS: usize = 200;
/// So many digits in a row are a number of somebody or something. A price or a time has fewer.
const LONG_RUN: usize = 4;
/// So many digits with nothing but separators between them are a phone or a card.
const LONG_NUMBER: usize = 7;

/// The message on one line, cut to [`MOST_CHARS`], with mail addresses as `[email]`, links as
/// `[link]`, account names as `[name]`, and phone numbers, order numbers and other long numbers
/// as `[number]`.
#[must_use]
pub fn redact(text: &str) -> String {
    // What is cut off is not looked at; a number that lies across the cut is seen whole.
    let start = spaced(text.chars().take(MOST_CHARS.saturating_mul(2)));
    let words: Vec<&str> = start
        .split(|c: char| c.is_whitespace() || is_invisible(c))
        .filter(|w| !w.is_empty())
        .collect();
    let mut kept: Vec<String> = Vec::new();
    let mut rest = words.as_slice();
    while let Some((word, after)) = rest.split_first() {
        let (taken, shown) = match number_ahead(rest) {
            Some(taken) => (taken, "[number]".to_owned()),
            None => (1, redacted(word)),
        };
        kept.push(shown);
        rest = rest.get(taken..).unwrap_or(after);
    }
    let line = kept.join(" ");
    let Some((end, _)) = line.char_indices().nth(MOST_CHARS) else { return line };
    let cut = line.get(..end).unwrap_or_default();
    format!("{}…", cut.get(..cut.rfind(' ').unwrap_or(end)).unwrap_or(cut))
}

/// With a space where Chinese or Japanese meets other letters and digits: there a number is no
/// word of its own.
fn spaced(text: impl Iterator<Item = char>) -> String {
    let mut spaced = String::new();
    let mut last = ' ';
    for c in text {
        let wide = |c: char| c >= '\u{2E80}' && c.is_alphabetic();
        let narrow = |c: char| c.is_numeric() || c.is_ascii_graphic();
        if wide(last) && narrow(c) || narrow(last) && wide(c) {
            spaced.push(' ');
        }
        spaced.push(c);
        last = c;
    }
    spaced
}

/// How many words from the first on are one long number: "+370 600 00000".
fn number_ahead(words: &[&str]) -> Option<usize> {
    let numeric = |word: &&&str| {
        word.chars().any(char::is_numeric)
            && word.chars().all(|c| c.is_numeric() || is_separator(c) || "?!,;:".contains(c))
    };
    let run = words.iter().take_while(numeric).count();
    let digits =
        words.iter().take(run).map(|word| digits(word)).fold(0_usize, usize::saturating_add);
    (run > 0 && digits >= LONG_NUMBER).then_some(run)
}

fn is_separator(c: char) -> bool {
    matches!(c, '+' | '-' | '.' | '(' | ')' | '/' | '–' | '‐' | '‑')
}

fn is_invisible(c: char) -> bool {
    matches!(u32::from(c), 0x00AD | 0x200B..=0x200F | 0x202A..=0x202E | 0x2060..=0x206F | 0xFEFF)
}

fn digits(word: &str) -> usize {
    word.chars().filter(|c| c.is_numeric()).count()
}

fn redacted(word: &str) -> String {
    let lower = word.to_lowercase();
    if let Some((before, after)) = word.split_once(['@', '＠']) {
        let named = |part: &str| part.chars().any(char::is_alphanumeric);
        if named(before) && named(after) {
            return "[email]".to_owned();
        }
        if named(after) {
            return "[name]".to_owned();
        }
    }
    if lower.contains("://") || lower.contains("www.") || is_domain(&lower) {
        return "[link]".to_owned();
    }
    if is_number(word) {
        return "[number]".to_owned();
    }
    word.to_owned()
}

/// "cafe.example/menu": a dot between letters, and letters only at the end of the name. A sentence
/// whose space was forgotten ("laba.ar") looks the same and is lost.
fn is_domain(lower: &str) -> bool {
    let host = lower.split(['/', '?', '#', ':']).next().unwrap_or_default();
    let host = host.trim_matches(|c: char| !c.is_alphanumeric());
    let Some((name, end)) = host.rsplit_once('.') else { return false };
    name.chars().next_back().is_some_and(|c| c.is_ascii_alphanumeric())
        && end.len() >= 2
        && end.bytes().all(|b| b.is_ascii_lowercase())
        && host.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'.')
}

/// A word that is or holds a number of somebody or something: "12345", "#17", "LT-2024-7",
/// "订单20241122".
fn is_number(word: &str) -> bool {
    let mut longest = 0_usize;
    let mut run = 0_usize;
    for c in word.chars() {
        run = if c.is_numeric() { run.saturating_add(1) } else { 0 };
        longest = longest.max(run);
    }
    let marked = word.contains(['#', '№', '＃']) && longest > 0;
    let letters = word.chars().any(char::is_alphabetic);
    let code = letters && digits(word) > LONG_RUN;
    longest >= LONG_RUN || marked || code || digits(word) >= LONG_NUMBER
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_tells_whose_it_is_goes_and_the_question_stays() {
        for (text, kept) in [
            ("ar turite kepsnių?", "ar turite kepsnių?"),
            ("call me +370 600 00000, please", "call me [number] please"),
            ("skambinkite 8-600-12-345!", "skambinkite [number]"),
            ("(8 600) 12345", "[number]"),
            ("my number is 60012345", "my number is [number]"),
            ("mano užsakymas #17 neatėjo", "mano užsakymas [number] neatėjo"),
            ("order LT-2024-0012 where", "order [number] where"),
            ("užsakymas AB12345CD", "užsakymas [number]"),
            ("我的訂單20241122在哪", "我的訂單 [number] 在哪"),
            ("電話０９１２３４５６７８", "電話 [number]"),
            ("rašykit Jonas.Jonaitis@pastas.example ok", "rašykit [email] ok"),
            ("ig: @jonas_j", "ig: [name]"),
            ("žiūrėkit https://a.example/x?y=1 ir www.b.example", "žiūrėkit [link] ir [link]"),
            ("cafe.example/menu?", "[link]"),
            ("LT12 3456 7890 1234", "LT12 [number]"),
            ("two\nlines\tand  spaces", "two lines and spaces"),
            ("3 pcs at 10:30 for 12,50 €?", "3 pcs at 10:30 for 12,50 €?"),
            ("e.g. 20 people @ 19 val.", "e.g. 20 people @ 19 val."),
            ("60\u{200B}01\u{200B}2345", "[number]"),
            ("", ""),
        ] {
            assert_eq!(redact(text), kept, "{text:?}");
        }
    }

    #[test]
    fn long_messages_are_cut_between_words() {
        let cut = redact(&"žodis ".repeat(500));
        assert!(cut.chars().count() <= MOST_CHARS + 1 && cut.ends_with("žodis…"), "{cut}");
        // A number that the cut would have made short.
        let hidden = format!("{} 60012345", "a".repeat(MOST_CHARS - 4));
        assert!(!redact(&hidden).contains(char::is_numeric));
        assert_eq!(redact(&"x".repeat(900)).chars().count(), MOST_CHARS + 1);
    }

    proptest! {
        #[test]
        fn no_run_of_digits_and_no_address_is_left(text in "[a-zė0-9 @.,:/+#()-]{0,300}") {
            let kept = redact(&text);
            prop_assert!(!kept.split(' ').any(is_number), "{kept}");
            prop_assert!(number_ahead(&kept.split(' ').collect::<Vec<_>>()).is_none(), "{kept}");
            let addressed = |word: &str| word.split_once('@').is_some_and(|(a, b)| {
                a.chars().any(char::is_alphanumeric) && b.chars().any(char::is_alphanumeric)
            });
            prop_assert!(!kept.split(' ').any(addressed), "{kept}");
        }

        #[test]
        fn any_text_is_cut(text in any::<String>()) {
            prop_assert!(redact(&text).chars().count() <= MOST_CHARS + 1);
        }
    }
}
