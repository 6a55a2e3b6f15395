//! One letter typed wrong.

/// Whether one slip of a finger makes one word the other: a letter too many, too few, another
/// one, or two neighbours swapped.
#[must_use]
pub(super) fn one_letter_apart(a: &str, b: &str) -> bool {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let same_start = a.iter().zip(&b).take_while(|(x, y)| x == y).count();
    let (a, b) = (a.get(same_start..).unwrap_or_default(), b.get(same_start..).unwrap_or_default());
    match (a, b) {
        ([], [_]) | ([_], []) => true,
        ([x, rest @ ..], [y, other @ ..]) => {
            let swapped = match (rest, other) {
                ([x2, rest @ ..], [y2, other @ ..]) => x == y2 && y == x2 && rest == other,
                _ => false,
            };
            rest == other || rest == b || a == other || swapped
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_slip_is_one_letter_and_two_are_not() {
        for (a, b) in [
            ("delete", "delate"),
            ("delete", "delte"),
            ("delete", "deleete"),
            ("delete", "deletee"),
            ("delete", "deelte"),
            ("удалить", "удалит"),
        ] {
            assert!(one_letter_apart(a, b) && one_letter_apart(b, a), "{a} {b}");
        }
        for (a, b) in [
            ("delete", "delete"),
            ("delete", "dalate"),
            ("delete", "delt"),
            ("abc", "bca"),
            ("", ""),
        ] {
            assert!(!one_letter_apart(a, b) && !one_letter_apart(b, a), "{a} {b}");
        }
    }
}
