//! What a terminal may be given. Names, notes and questions are customers' own words, and Meta's
//! answers are somebody else's: as they are, they could colour, clear or retype what stands there.

use std::borrow::Cow;

/// What stands in the place of a sign that a terminal would obey.
const HIDDEN: char = '\u{fffd}';

/// Text for a terminal: of what a terminal obeys only line breaks and tabs stay.
#[must_use]
pub fn plain(text: &str) -> Cow<'_, str> {
    if !text.chars().any(obeyed) {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(sign) = rest.next() {
        // Windows ends its lines in two signs, and so does a patch of such a file.
        let ends_line = sign == '\r' && rest.peek() == Some(&'\n');
        plain.push(if obeyed(sign) && !ends_line { HIDDEN } else { sign });
    }
    Cow::Owned(plain)
}

/// The same on one line, so that nobody adds a line of their own: what a terminal obeys parts words.
#[must_use]
pub fn one_line(text: &str) -> String {
    let words = text.split(|sign: char| sign.is_whitespace() || sign.is_control());
    words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

fn obeyed(sign: char) -> bool {
    sign.is_control() && !matches!(sign, '\n' | '\t')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_sign_that_a_terminal_obeys_comes_through() {
        let title = "\u{1b}]0;Bank\u{7}Ona\u{9b}2J\u{8}\u{7f}\r!";
        assert_eq!(plain(title), "\u{fffd}]0;Bank\u{fffd}Ona\u{fffd}2J\u{fffd}\u{fffd}\u{fffd}!");
        for fine in ["Ona\n\tšaltibarščiai 👩‍🍳", "a\r\nb\r\n", ""] {
            assert_eq!(plain(fine), fine);
        }
    }

    #[test]
    fn one_line_stays_one_line() {
        assert_eq!(one_line(" Ona\r\n\n1 booking \t\u{1b}[2J"), "Ona 1 booking [2J");
        assert_eq!(one_line("a\u{85}b\u{2028}c"), "a b c");
    }
}
