//! Makes contents obey Meta's limits, once more and whatever was checked before: a text may have
//! grown by a name, an answer may go to the other channel. Nothing is refused here. Long texts
//! become several bubbles, long titles are cut, and what cannot be sent at all is left out.

use unicode_normalization::char::is_combining_mark;

use super::event::Channel;
use super::limits;
use super::send::{Button, Card, Content, OptInRequest, QuickReply};

/// Cut titles end with it. One UTF-16 unit.
const ELLIPSIS: char = '…';

/// Splits and cuts `content` until every part obeys the limits of `channel`.
///
/// - Text splits at a paragraph, else after a sentence, else at a space, else between characters
///   as people see them; nothing but white space is lost. Quick replies and buttons stay with the
///   last part.
/// - Titles that are too long are cut, with an ellipsis.
/// - Payloads and addresses cannot be cut: what carries one that is too long or empty is left out,
///   and so are the fourth button and the fourteenth quick reply.
/// - More than ten cards go in several rows. A card with nothing but a title, which Meta refuses,
///   goes as text.
/// - Nothing to say, nothing to send: the result can be empty.
#[must_use]
pub fn fit(content: Content, channel: Channel) -> Vec<Content> {
    match content {
        Content::Text { text, quick_replies } => fit_text(&text, quick_replies, channel),
        Content::Buttons { text, buttons } => fit_buttons(&text, buttons, channel),
        Content::Cards { cards } => fit_cards(cards, channel),
        Content::Image { url } if url.trim().is_empty() => Vec::new(),
        Content::Image { url } => vec![Content::Image { url }],
        Content::OptIn(request) => fit_opt_in(request),
        // Meta has judged its text.
        Content::Template(_) => vec![content],
    }
}

fn fit_text(text: &str, quick_replies: Vec<QuickReply>, channel: Channel) -> Vec<Content> {
    let mut parts = split(text, |part| within_text(channel, part));
    let Some(last) = parts.pop() else { return Vec::new() };
    let quick_replies = quick_replies
        .into_iter()
        .filter_map(|reply| {
            let title = cut(&reply.title, limits::QUICK_REPLY_TITLE)?;
            fits_payload(&reply.payload).then_some(QuickReply { title, payload: reply.payload })
        })
        .take(limits::QUICK_REPLIES)
        .collect();
    let mut fitted: Vec<Content> = parts.into_iter().map(plain).collect();
    fitted.push(Content::Text { text: last, quick_replies });
    fitted
}

fn fit_buttons(text: &str, buttons: Vec<Button>, channel: Channel) -> Vec<Content> {
    let buttons = three_buttons(buttons);
    if buttons.is_empty() {
        return fit_text(text, Vec::new(), channel);
    }
    let mut parts = split(text, |part| {
        limits::units(part) <= limits::BUTTON_TEXT && within_text(channel, part)
    });
    let Some(last) = parts.pop() else { return Vec::new() };
    let mut fitted: Vec<Content> = parts.into_iter().map(plain).collect();
    fitted.push(Content::Buttons { text: last, buttons });
    fitted
}

fn fit_cards(cards: Vec<Card>, channel: Channel) -> Vec<Content> {
    let mut fitted = Vec::new();
    let mut row = Vec::new();
    for card in cards {
        let mut card = Card {
            title: cut(&card.title, limits::CARD_TITLE).unwrap_or_default(),
            subtitle: card.subtitle.and_then(|subtitle| cut(&subtitle, limits::CARD_SUBTITLE)),
            image_url: card.image_url.filter(|url| !url.trim().is_empty()),
            buttons: three_buttons(card.buttons),
        };
        if card.title.is_empty() {
            match card.subtitle.take() {
                Some(subtitle) => card.title = subtitle,
                None => continue,
            }
        }
        let title_only =
            card.subtitle.is_none() && card.image_url.is_none() && card.buttons.is_empty();
        if title_only {
            flush(&mut row, &mut fitted);
            fitted.extend(fit_text(&card.title, Vec::new(), channel));
            continue;
        }
        row.push(card);
        if row.len() == limits::CARDS {
            flush(&mut row, &mut fitted);
        }
    }
    flush(&mut row, &mut fitted);
    fitted
}

fn flush(row: &mut Vec<Card>, fitted: &mut Vec<Content>) {
    if !row.is_empty() {
        fitted.push(Content::Cards { cards: std::mem::take(row) });
    }
}

/// Without its payload an opt-in could not be told to any topic.
fn fit_opt_in(request: OptInRequest) -> Vec<Content> {
    if request.payload.is_empty() || !fits_payload(&request.payload) {
        return Vec::new();
    }
    vec![Content::OptIn(OptInRequest {
        title: cut(&request.title, limits::OPT_IN_TITLE).unwrap_or_default(),
        image_url: request.image_url.filter(|url| !url.trim().is_empty()),
        ..request
    })]
}

fn three_buttons(buttons: Vec<Button>) -> Vec<Button> {
    let title = |title: &str| cut(title, limits::BUTTON_TITLE);
    buttons
        .into_iter()
        .filter_map(|button| {
            Some(match button {
                Button::WebUrl { title: t, url } if !url.trim().is_empty() => {
                    Button::WebUrl { title: title(&t)?, url }
                }
                Button::Postback { title: t, payload }
                    if !payload.is_empty() && fits_payload(&payload) =>
                {
                    Button::Postback { title: title(&t)?, payload }
                }
                Button::PhoneNumber { title: t, number }
                    if !number.trim().is_empty() && fits_payload(&number) =>
                {
                    Button::PhoneNumber { title: title(&t)?, number }
                }
                _ => return None,
            })
        })
        .take(limits::BUTTONS)
        .collect()
}

fn fits_payload(payload: &str) -> bool {
    limits::units(payload) <= limits::PAYLOAD
}

fn within_text(channel: Channel, part: &str) -> bool {
    limits::text_len(channel, part) <= limits::text_max(channel)
}

fn plain(text: String) -> Content {
    Content::Text { text, quick_replies: Vec::new() }
}

/// The beginning of `text` that has at most `max` UTF-16 units: up to the end of a paragraph, a
/// sentence or a word, as a message would split.
#[must_use]
pub fn shorten(text: &str, max: usize) -> String {
    split(text, |part| limits::units(part) <= max).into_iter().next().unwrap_or_default()
}

/// A title of at most `max` UTF-16 units; `None` when there is nothing in it.
fn cut(title: &str, max: usize) -> Option<String> {
    let title = title.trim();
    if title.is_empty() {
        return None;
    }
    if limits::units(title) <= max {
        return Some(title.to_owned());
    }
    let room = |part: &str| limits::units(part) < max; // one unit for the ellipsis
    let (head, _) = title.split_at(last_boundary(title, longest_prefix(title, room)));
    Some(format!("{}{ELLIPSIS}", head.trim_end()))
}

/// Splits at the best places so that every part fits; parts carry no outer white space and are
/// never empty. `fits` must hold for every single character and for every prefix of what fits.
fn split(text: &str, fits: impl Fn(&str) -> bool) -> Vec<String> {
    let mut parts = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        if fits(rest) {
            parts.push(rest.to_owned());
            break;
        }
        let limit = longest_prefix(rest, &fits);
        let (head, tail) = rest.split_at(break_before(rest, limit));
        parts.push(head.trim_end().to_owned());
        rest = tail.trim_start();
    }
    parts
}

/// Bytes of the longest prefix that fits; at least one character.
fn longest_prefix(text: &str, fits: impl Fn(&str) -> bool) -> usize {
    let mut ends: Vec<usize> = text.char_indices().map(|(at, _)| at).skip(1).collect();
    ends.push(text.len());
    let fitting = ends.partition_point(|&end| text.get(..end).is_some_and(&fits));
    ends.get(fitting.saturating_sub(1)).copied().unwrap_or(text.len())
}

/// Where to break `text`, at most `limit` bytes in. A good place in the first quarter is not worth
/// the stub it would leave.
fn break_before(text: &str, limit: usize) -> usize {
    let early = limit / 4;
    let head = text.get(..limit).unwrap_or(text);
    // White space that starts right at the limit still ends a paragraph, a sentence or a word.
    let next = text.get(limit..).and_then(|tail| tail.chars().next());
    let blank_next = next.is_some_and(char::is_whitespace);

    let late = |at: &usize| *at > early;
    let paragraph = if next == Some('\n') { Some(limit) } else { None }
        .or_else(|| head.rfind("\n\n"))
        .filter(late)
        .or_else(|| head.rfind('\n').filter(late));
    let sentence = || {
        let mut found = None;
        let mut chars = head.char_indices().peekable();
        while let Some((at, c)) = chars.next() {
            let end = at + c.len_utf8();
            let blank_follows = match chars.peek() {
                Some((_, following)) => following.is_whitespace(),
                None => blank_next,
            };
            let ends = matches!(c, '。' | '！' | '？')
                || (matches!(c, '.' | '!' | '?' | '…') && blank_follows);
            if ends && is_boundary(text, end) {
                found = Some(end);
            }
        }
        found.filter(late)
    };
    let space = || {
        if blank_next {
            return Some(limit);
        }
        head.char_indices().rev().find(|(_, c)| c.is_whitespace()).map(|(at, _)| at).filter(late)
    };
    paragraph.or_else(sentence).or_else(space).unwrap_or_else(|| last_boundary(text, limit))
}

/// The last place at or before `limit` where `text` may be cut without taking a character apart as
/// people see it. A heap of marks longer than the limit is cut where it must be.
fn last_boundary(text: &str, limit: usize) -> usize {
    let head = text.get(..limit).unwrap_or(text);
    std::iter::once(limit)
        .chain(head.char_indices().rev().map(|(at, _)| at))
        .take_while(|&at| at > 0)
        .find(|&at| is_boundary(text, at))
        .unwrap_or(limit)
}

/// Whether a cut at byte `at` leaves characters whole as people see them: accents, vowel signs,
/// skin tones, joined emoji, flags, keycaps, Hangul syllables, CR LF. A cheap reading of Unicode
/// Annex 29 that errs on the side of not cutting.
fn is_boundary(text: &str, at: usize) -> bool {
    let (Some(before), Some(after)) = (text.get(..at), text.get(at..)) else { return false };
    let (Some(left), Some(right)) = (before.chars().next_back(), after.chars().next()) else {
        return true;
    };
    if is_combining_mark(right) || joins_left(right) || left == '\u{200d}' {
        return false;
    }
    if is_flag_half(left) && is_flag_half(right) {
        // Halves pair up from the left.
        return before.chars().rev().take_while(|&c| is_flag_half(c)).count() % 2 == 0;
    }
    let hangul = |c: char| matches!(c, '\u{1100}'..='\u{11ff}');
    !(hangul(right) && (hangul(left) || matches!(left, '\u{ac00}'..='\u{d7a3}')))
        && !(left == '\r' && right == '\n')
}

/// Joiners, variation selectors, skin tones and tags belong to what stands before them.
fn joins_left(c: char) -> bool {
    matches!(c,
        '\u{200c}' | '\u{200d}'
        | '\u{fe00}'..='\u{fe0f}'
        | '\u{1f3fb}'..='\u{1f3ff}'
        | '\u{e0020}'..='\u{e007f}'
        | '\u{e0100}'..='\u{e01ef}')
}

fn is_flag_half(c: char) -> bool {
    matches!(c, '\u{1f1e6}'..='\u{1f1ff}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn texts(fitted: &[Content]) -> Vec<&str> {
        fitted
            .iter()
            .map(|content| match content {
                Content::Text { text, .. } | Content::Buttons { text, .. } => text.as_str(),
                other => panic!("no text: {other:?}"),
            })
            .collect()
    }

    fn fit_plain(text: &str, channel: Channel) -> Vec<String> {
        let content = Content::Text { text: text.into(), quick_replies: vec![] };
        texts(&fit(content, channel)).into_iter().map(str::to_owned).collect()
    }

    #[test]
    fn short_text_stays_as_it_is() {
        assert_eq!(fit_plain("hello", Channel::Messenger), ["hello"]);
        assert_eq!(fit_plain(" \n ", Channel::Messenger), [""; 0]);
    }

    #[test]
    fn the_limit_itself_still_fits() {
        for (channel, max) in [(Channel::Messenger, 1_999), (Channel::Instagram, 1_000)] {
            assert_eq!(fit_plain(&"x".repeat(max), channel).len(), 1);
            assert_eq!(fit_plain(&"x".repeat(max + 1), channel).len(), 2);
        }
        // Two UTF-16 units each; four bytes each.
        assert_eq!(fit_plain(&"😢".repeat(999), Channel::Messenger).len(), 1);
        assert_eq!(fit_plain(&"😢".repeat(1_000), Channel::Messenger).len(), 2);
        assert_eq!(fit_plain(&"😢".repeat(250), Channel::Instagram).len(), 1);
        assert_eq!(fit_plain(&"😢".repeat(251), Channel::Instagram).len(), 2);
    }

    #[test]
    fn a_paragraph_is_the_best_place_then_a_sentence_then_a_space() {
        let a = "a".repeat(600);
        let b = "b".repeat(300);
        let c = "c".repeat(600);
        let parts = |text: String| fit_plain(&text, Channel::Instagram);
        assert_eq!(parts(format!("{a}\n\n{b}. {c}")), [a.clone(), format!("{b}. {}", &c)]);
        assert_eq!(parts(format!("{a}. {b} {c}")), [format!("{a}."), format!("{b} {c}")]);
        assert_eq!(parts(format!("{a} {b} {c}")), [format!("{a} {b}"), c.clone()]);
        // No stub: the paragraph ends too early to be worth a bubble.
        assert_eq!(parts(format!("Hi\n\n{a} {c}")), [format!("Hi\n\n{a}"), c]);
    }

    #[test]
    fn chinese_sentences_end_without_a_space() {
        let sentence = format!("{}。", "好".repeat(199));
        assert_eq!(
            fit_plain(&sentence.repeat(2), Channel::Instagram),
            [sentence.clone(), sentence]
        );
    }

    #[test]
    fn characters_stay_whole() {
        for cluster in ["e\u{301}", "👩🏽\u{200d}🚀", "🇱🇹", "1\u{fe0f}\u{20e3}", "각", "नि"]
        {
            for padding in 0..8 {
                let text = format!("{}{}", "x".repeat(padding), cluster.repeat(600));
                for part in fit_plain(&text, Channel::Instagram) {
                    let clusters = part.trim_start_matches('x');
                    assert_eq!(clusters.replace(cluster, ""), "", "{cluster} {padding}");
                }
            }
        }
    }

    #[test]
    fn a_heap_of_marks_is_cut_where_it_must_be() {
        let parts = fit_plain(&format!("e{}", "\u{301}".repeat(3_000)), Channel::Messenger);
        assert_eq!(parts.len(), 2);
    }

    #[test]
    fn quick_replies_stay_on_the_last_part_and_are_thirteen() {
        let quick_replies: Vec<_> = (0..20)
            .map(|n| QuickReply { title: format!("{n} {}", "t".repeat(30)), payload: "p".into() })
            .collect();
        let fitted =
            fit(Content::Text { text: "x ".repeat(1_500), quick_replies }, Channel::Messenger);
        let [
            Content::Text { quick_replies: none, .. },
            Content::Text { quick_replies: thirteen, .. },
        ] = fitted.as_slice()
        else {
            panic!("{fitted:?}")
        };
        assert!(none.is_empty());
        assert_eq!(thirteen.len(), 13);
        assert_eq!(thirteen[0].title, format!("0 {}…", "t".repeat(17)));
    }

    #[test]
    fn what_cannot_be_cut_is_left_out() {
        let long = "p".repeat(1_001);
        let quick_replies = vec![
            QuickReply { title: "a".into(), payload: long.clone() },
            QuickReply { title: " ".into(), payload: "p".into() },
            QuickReply { title: "b".into(), payload: "p".into() },
        ];
        let fitted = fit(Content::Text { text: "x".into(), quick_replies }, Channel::Messenger);
        assert_eq!(
            fitted,
            [Content::Text {
                text: "x".into(),
                quick_replies: vec![QuickReply { title: "b".into(), payload: "p".into() }],
            }]
        );
        let buttons = vec![Button::Postback { title: "a".into(), payload: long.clone() }];
        let fitted = fit(Content::Buttons { text: "x".into(), buttons }, Channel::Messenger);
        assert_eq!(fitted, [plain("x".into())]);
        let request = OptInRequest {
            title: "t".into(),
            image_url: None,
            payload: long,
            timezone: "UTC".into(),
        };
        assert_eq!(fit(Content::OptIn(request), Channel::Messenger), []);
    }

    #[test]
    fn long_text_above_buttons_goes_ahead_of_them() {
        let buttons: Vec<_> = (0..5)
            .map(|n| Button::WebUrl { title: n.to_string(), url: "https://a.example/".into() })
            .collect();
        let fitted = fit(Content::Buttons { text: "x ".repeat(400), buttons }, Channel::Messenger);
        let [Content::Text { .. }, Content::Buttons { buttons, .. }] = fitted.as_slice() else {
            panic!("{fitted:?}")
        };
        assert_eq!(buttons.len(), 3);
    }

    #[test]
    fn cards_go_in_rows_of_ten_and_bare_titles_as_text() {
        let card = |n: usize| Card {
            title: n.to_string(),
            subtitle: Some("s".into()),
            image_url: None,
            buttons: vec![],
        };
        let fitted = fit(Content::Cards { cards: (0..23).map(card).collect() }, Channel::Messenger);
        let rows: Vec<_> = fitted
            .iter()
            .map(|content| match content {
                Content::Cards { cards } => cards.len(),
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(rows, [10, 10, 3]);

        let bare = Card { subtitle: None, ..card(1) };
        let fitted = fit(Content::Cards { cards: vec![card(0), bare] }, Channel::Messenger);
        assert_eq!(fitted, [Content::Cards { cards: vec![card(0)] }, plain("1".into())]);
    }

    fn any_text() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            4 => "[a-zA-Z]{1,12}",
            2 => "[ \n\t]{1,3}",
            1 => "[.!?…。！？]",
            1 => "[ąčęėįšųūž好的이가]{1,8}",
            1 => Just("👩🏽\u{200d}🚀".to_owned()),
            1 => Just("🇱🇹🇹🇼".to_owned()),
            1 => "[\u{300}-\u{310}\u{200d}\u{fe0f}]{1,6}",
            1 => "\\PC{1,10}",
        ];
        prop::collection::vec(piece, 0..900).prop_map(|pieces| pieces.concat())
    }

    fn any_button() -> impl Strategy<Value = Button> {
        prop_oneof![
            (any_title(), ".{0,40}").prop_map(|(title, url)| Button::WebUrl { title, url }),
            (any_title(), any_payload())
                .prop_map(|(title, payload)| Button::Postback { title, payload }),
            (any_title(), ".{0,20}")
                .prop_map(|(title, number)| Button::PhoneNumber { title, number }),
        ]
    }

    fn any_title() -> impl Strategy<Value = String> {
        prop_oneof![".{0,10}", ".{15,100}", any_text()]
    }

    fn any_payload() -> impl Strategy<Value = String> {
        prop_oneof![9 => ".{0,30}", 1 => ".{990,1010}"]
    }

    fn any_content() -> impl Strategy<Value = Content> {
        let replies = prop::collection::vec(
            (any_title(), any_payload()).prop_map(|(title, payload)| QuickReply { title, payload }),
            0..16,
        );
        let buttons = || prop::collection::vec(any_button(), 0..5);
        let card =
            (any_title(), prop::option::of(any_title()), prop::option::of(".{0,20}"), buttons())
                .prop_map(|(title, subtitle, image_url, buttons)| Card {
                    title,
                    subtitle,
                    image_url,
                    buttons,
                });
        prop_oneof![
            (any_text(), replies)
                .prop_map(|(text, quick_replies)| Content::Text { text, quick_replies }),
            (any_text(), buttons()).prop_map(|(text, buttons)| Content::Buttons { text, buttons }),
            prop::collection::vec(card, 0..14).prop_map(|cards| Content::Cards { cards }),
            ".{0,20}".prop_map(|url| Content::Image { url }),
            (any_title(), any_payload()).prop_map(|(title, payload)| Content::OptIn(
                OptInRequest { title, image_url: None, payload, timezone: "UTC".into() }
            )),
        ]
    }

    fn assert_within_limits(content: &Content, channel: Channel) {
        let title = |title: &str, max: usize| {
            assert!(!title.trim().is_empty() && limits::units(title) <= max, "{title:?}");
        };
        let payload = |payload: &str| assert!(limits::units(payload) <= 1_000);
        let all_buttons = |buttons: &[Button]| {
            assert!(buttons.len() <= 3);
            for button in buttons {
                match button {
                    Button::WebUrl { title: t, .. } => title(t, 20),
                    Button::Postback { title: t, payload: p }
                    | Button::PhoneNumber { title: t, number: p } => {
                        title(t, 20);
                        payload(p);
                    }
                }
            }
        };
        let text = |text: &str| {
            assert!(!text.trim().is_empty() && text.trim() == text);
            match channel {
                Channel::Messenger => assert!(text.encode_utf16().count() <= 1_999),
                Channel::Instagram => assert!(text.len() <= 1_000),
            }
        };
        match content {
            Content::Text { text: t, quick_replies } => {
                text(t);
                assert!(quick_replies.len() <= 13);
                for reply in quick_replies {
                    title(&reply.title, 20);
                    payload(&reply.payload);
                }
            }
            Content::Buttons { text: t, buttons } => {
                text(t);
                assert!(t.encode_utf16().count() <= 640 && !buttons.is_empty());
                all_buttons(buttons);
            }
            Content::Cards { cards } => {
                assert!((1..=10).contains(&cards.len()));
                for card in cards {
                    title(&card.title, 80);
                    if let Some(subtitle) = &card.subtitle {
                        title(subtitle, 80);
                    }
                    all_buttons(&card.buttons);
                }
            }
            Content::Image { url } => assert!(!url.trim().is_empty()),
            Content::Template(_) => {}
            Content::OptIn(request) => {
                assert!(limits::units(&request.title) <= 65);
                payload(&request.payload);
            }
        }
    }

    fn solid(text: &str) -> String {
        text.chars().filter(|c| !c.is_whitespace()).collect()
    }

    fn any_channel() -> impl Strategy<Value = Channel> {
        prop_oneof![Just(Channel::Messenger), Just(Channel::Instagram)]
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]

        #[test]
        fn nothing_exceeds_the_limits(content in any_content(), channel in any_channel()) {
            for part in fit(content, channel) {
                assert_within_limits(&part, channel);
            }
        }

        #[test]
        fn splitting_loses_nothing_but_white_space(text in any_text(), channel in any_channel()) {
            let parts = fit_plain(&text, channel);
            prop_assert_eq!(solid(&parts.concat()), solid(&text));
            let buttons = vec![Button::WebUrl { title: "a".into(), url: "b".into() }];
            let fitted = fit(Content::Buttons { text: text.clone(), buttons }, channel);
            prop_assert_eq!(solid(&texts(&fitted).concat()), solid(&text));
        }

        #[test]
        fn fitting_twice_changes_nothing(content in any_content(), channel in any_channel()) {
            for part in fit(content, channel) {
                prop_assert_eq!(fit(part.clone(), channel), vec![part]);
            }
        }
    }
}
