//! Bubbles one after the other, as somebody types them: the next one waits a moment, and typing
//! shows meanwhile. What waits is a row of the outbox like any other, so a crash loses a pause and
//! never a bubble.

use crate::meta::limits;
use crate::meta::send::Content;
use crate::time::UnixMs;

/// The pause before a bubble of no words, ms.
const SHORTEST_MS: i64 = 900;

/// No pause is longer, ms.
const LONGEST_MS: i64 = 3_000;

/// Each UTF-16 unit adds this much, ms.
const PER_UNIT_MS: i64 = 12;

/// When each bubble of an answer leaves: the first at once, each of the others after the time that
/// typing it might take.
pub fn moments(bubbles: &[Content], now: UnixMs) -> impl Iterator<Item = (UnixMs, &Content)> {
    let mut due = now;
    bubbles.iter().enumerate().map(move |(place, bubble)| {
        if place > 0 {
            due = due.plus(pause_before(bubble));
        }
        (due, bubble)
    })
}

fn pause_before(bubble: &Content) -> i64 {
    let units = match bubble {
        Content::Text { text, .. } | Content::Buttons { text, .. } => limits::units(text),
        Content::Cards { .. }
        | Content::Image { .. }
        | Content::OptIn(_)
        | Content::Template(_) => 0,
    };
    let typing = i64::try_from(units).unwrap_or(LONGEST_MS).saturating_mul(PER_UNIT_MS);
    SHORTEST_MS.saturating_add(typing).min(LONGEST_MS)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(length: usize) -> Content {
        Content::Text { text: "x".repeat(length), quick_replies: Vec::new() }
    }

    #[test]
    fn the_first_bubble_leaves_at_once_and_longer_ones_take_longer_up_to_three_seconds() {
        let now = UnixMs::new(1_000_000);
        let bubbles = [text(900), text(10), text(60), text(1_900)];
        let waits: Vec<i64> = moments(&bubbles, now).map(|(due, _)| due.since(now)).collect();
        let pauses: Vec<i64> = waits.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert_eq!(waits[0], 0);
        assert!(pauses.is_sorted() && pauses[0] >= SHORTEST_MS, "{pauses:?}");
        assert_eq!(pauses[2], LONGEST_MS);
        let picture = Content::Image { url: "https://a.example/b.png".into() };
        let both = [picture.clone(), picture];
        assert_eq!(moments(&both, now).last().map(|(due, _)| due.since(now)), Some(SHORTEST_MS));
    }
}
