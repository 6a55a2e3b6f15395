//! The words and bubbles of each answer.

use super::decide::{Effect, Turn};
use super::mark;
use super::payload::Payload;
use super::person::{Person, Shown};
use crate::meta::ids::{DeletionCode, FaqId, TopicId};
use crate::meta::limits;
use crate::meta::send::{Button, Card, Content, OptInRequest, QuickReply};
use crate::outreach::offers;
use crate::shop::coupons::Spoken;
use crate::shop::lookup::TextKey;
use crate::shop::model::{
    Agent, ButtonAction, FaqEntry, Lang, LinkButton, Poster, RichCard, Shop, Topic,
};
use crate::shop::outreach::{Offer, Said};
use crate::shop::text::{self, Listener, say, say_openly};
use crate::time::{DAY, UnixMs};

/// Fills a template for the person of this turn. The place of a name that Meta may still tell
/// stays open until the message leaves ([`close`]).
pub(super) fn fill(turn: &Turn<'_>, template: &str, topic: Option<&str>) -> String {
    let person = &turn.person;
    let agent = agent(turn);
    let listener = Listener {
        first_name: person.first_name.as_deref(),
        full_name: person.full_name.as_deref(),
        topic,
        agent: agent.map(|agent| agent.name.as_str()),
        agent_hours: agent.and_then(|agent| agent.hours.as_ref()),
        ..Listener::default()
    };
    let say = if person.may_ask_profile(turn.now) { say_openly } else { say };
    say(turn.context.shop, &turn.lang, template, &listener, turn.now)
}

/// Who of the shop was called by this very message.
fn agent<'a>(turn: &Turn<'a>) -> Option<&'a Agent> {
    let name = turn.effects.iter().find_map(|effect| match effect {
        Effect::CallPerson(call) => call.agent.as_deref(),
        _ => None,
    })?;
    turn.context.shop.agents.iter().find(|agent| agent.name == name)
}

/// Whether a message waits for a name.
#[must_use]
pub fn is_open(content: &Content) -> bool {
    match content {
        Content::Text { text, .. } | Content::Buttons { text, .. } => text::is_open(text),
        Content::Cards { .. }
        | Content::Image { .. }
        | Content::OptIn(_)
        | Content::Template(_) => false,
    }
}

/// Fills the open places of a message with the names of its person, as far as they are known.
/// Open texts are short enough to stay within every limit with a name in them.
pub fn close(content: &mut Content, person: Option<&Person>) {
    if let Content::Text { text, .. } | Content::Buttons { text, .. } = content
        && text::is_open(text)
    {
        let first_name = person.and_then(|person| person.first_name.as_deref());
        let full_name = person.and_then(|person| person.full_name.as_deref());
        let named = text::close(text, first_name, full_name);
        // A name said many times is still no reason to break a limit.
        let fits =
            limits::units(&named) <= limits::BUTTON_TEXT && named.len() <= limits::INSTAGRAM_TEXT;
        *text = if fits { named } else { text::close(text, None, None) };
    }
}

/// One of the assistant's own texts, as this person reads it.
pub(super) fn text(turn: &Turn<'_>, key: TextKey) -> String {
    fill(turn, turn.context.shop.text(key, &turn.lang), None)
}

pub(super) fn bubble(text: String, quick_replies: Vec<QuickReply>) -> Content {
    Content::Text { text, quick_replies }
}

/// A text as its bubbles, with the quick replies under the last.
pub(super) fn spoken(
    turn: &Turn<'_>,
    template: &str,
    topic: Option<&str>,
    quick_replies: Vec<QuickReply>,
) -> Vec<Content> {
    let mut said: Vec<Content> = text::bubbles(template)
        .into_iter()
        .map(|template| fill(turn, template, topic))
        .filter(|text| !text.trim().is_empty())
        .map(|text| bubble(text, Vec::new()))
        .collect();
    if let Some(Content::Text { quick_replies: under, .. }) = said.last_mut() {
        *under = quick_replies;
    }
    said
}

/// What is said of a code, as its bubbles.
pub(super) fn spoken_of(turn: &Turn<'_>, template: &str, of: &Spoken) -> Vec<Content> {
    let person = &turn.person;
    let listener = of.into_listener(Listener {
        first_name: person.first_name.as_deref(),
        full_name: person.full_name.as_deref(),
        ..Listener::default()
    });
    text::bubbles(template)
        .into_iter()
        .map(|template| say(turn.context.shop, &turn.lang, template, &listener, turn.now))
        .filter(|text| !text.trim().is_empty())
        .map(|text| bubble(text, Vec::new()))
        .collect()
}

/// Hangs buttons under the last words; a bubble has either those or quick replies.
pub(super) fn under(said: &mut [Content], buttons: Vec<Button>) {
    if let Some(last) = said.last_mut().filter(|_| !buttons.is_empty())
        && let Content::Text { text, .. } = last
    {
        *last = Content::Buttons { text: std::mem::take(text), buttons };
    }
}

/// What the assistant says by itself, as its bubbles.
fn own(turn: &Turn<'_>, key: TextKey, quick_replies: Vec<QuickReply>) -> Vec<Content> {
    spoken(turn, turn.context.shop.text(key, &turn.lang), None, quick_replies)
}

/// What the owner wrote for one occasion: a picture, words, and what hangs under them.
struct Rich<'a> {
    words: Option<&'a str>,
    topic: Option<&'a str>,
    image: Option<&'a String>,
    buttons: &'a [LinkButton],
    cards: &'a [RichCard],
    quick_replies: Vec<QuickReply>,
}

impl Rich<'_> {
    /// The picture, the words with the buttons under the last of them, the cards. Quick replies
    /// only show under what comes last, so the words that have them go behind the cards.
    fn bubbles(self, turn: &Turn<'_>) -> Vec<Content> {
        let (shop, lang) = (turn.context.shop, &turn.lang);
        let mut bubbles: Vec<Content> =
            self.image.map(|url| Content::Image { url: url.clone() }).into_iter().collect();
        let buttons = buttons(shop, lang, self.buttons);
        let cards = cards(shop, lang, self.cards);
        let words_last = !self.quick_replies.is_empty() && buttons.is_empty();
        let words = self.words.unwrap_or_default();
        let mut words = spoken(turn, words, self.topic, self.quick_replies);
        let last = words.pop().map(|last| match last {
            Content::Text { text, .. } if !buttons.is_empty() => Content::Buttons { text, buttons },
            last => last,
        });
        bubbles.extend(words);
        let cards = (!cards.is_empty()).then_some(Content::Cards { cards });
        let (then, finally) = if words_last { (cards, last) } else { (last, cards) };
        bubbles.extend(then);
        bubbles.extend(finally);
        bubbles
    }
}

/// Cards in the person's language. A card without a title in any language is left out.
fn cards(shop: &Shop, lang: &Lang, cards: &[RichCard]) -> Vec<Card> {
    let card = |card: &RichCard| {
        Some(Card {
            title: shop.pick(&card.title, lang)?.to_owned(),
            subtitle: shop.pick(&card.subtitle, lang).map(str::to_owned),
            image_url: card.image.clone(),
            buttons: buttons(shop, lang, &card.buttons),
        })
    };
    cards.iter().filter_map(card).collect()
}

/// Quick replies as the owner wrote them.
pub(super) fn taps(shop: &Shop, lang: &Lang, written: &[LinkButton]) -> Vec<QuickReply> {
    let tap = |button| match button {
        Button::Postback { title, payload } => Some(QuickReply { title, payload }),
        // A quick reply opens no page and calls nobody.
        Button::WebUrl { .. } | Button::PhoneNumber { .. } => None,
    };
    buttons(shop, lang, written).into_iter().filter_map(tap).collect()
}

/// Quick replies to the answers people ask for most, and to a person.
fn menu(turn: &Turn<'_>) -> Vec<QuickReply> {
    let shop = turn.context.shop;
    let mut taps = choices(shop, &turn.lang, &shop.assistant.menu);
    taps.truncate(limits::QUICK_REPLIES.saturating_sub(1));
    taps.push(person_tap(turn));
    taps
}

pub(super) fn person_tap(turn: &Turn<'_>) -> QuickReply {
    QuickReply { title: text(turn, TextKey::HumanButton), payload: Payload::Human.to_string() }
}

fn choices(shop: &Shop, lang: &Lang, ids: &[FaqId]) -> Vec<QuickReply> {
    let titled = |id: &FaqId| {
        let title = shop.pick(&shop.faq(id)?.title, lang)?.to_owned();
        Some(QuickReply { title, payload: Payload::Faq(id.clone()).to_string() })
    };
    ids.iter().filter_map(titled).collect()
}

/// Buttons in the person's language. A button without a title in any language is left out.
#[must_use]
pub fn buttons(shop: &Shop, lang: &Lang, buttons: &[LinkButton]) -> Vec<Button> {
    let button = |button: &LinkButton| {
        let title = shop.pick(&button.title, lang)?.to_owned();
        Some(match &button.action {
            ButtonAction::Url(url) => Button::WebUrl { title, url: url.clone() },
            ButtonAction::Phone(number) => Button::PhoneNumber { title, number: number.clone() },
            action => {
                let payload = mark::marked(&Payload::of(action)?.to_string(), &button.also);
                Button::Postback { title, payload }
            }
        })
    };
    buttons.iter().filter_map(button).collect()
}

/// The first words to somebody who came in without a question.
pub fn welcome(turn: &Turn<'_>) -> Vec<Content> {
    own(turn, TextKey::Welcome, menu(turn))
}

/// An FAQ answer: its picture, its words with its buttons, its cards.
pub fn faq(turn: &Turn<'_>, entry: &FaqEntry) -> Vec<Content> {
    let shop = turn.context.shop;
    let rich = Rich {
        words: shop.pick(&entry.answer, &turn.lang),
        topic: None,
        image: entry.image.as_ref(),
        buttons: &entry.buttons,
        cards: &entry.cards,
        quick_replies: taps(shop, &turn.lang, &entry.quick_replies),
    };
    rich.bubbles(turn)
}

/// The few answers that might be meant.
pub fn offer(turn: &Turn<'_>, ids: &[FaqId]) -> Vec<Content> {
    let mut taps = choices(turn.context.shop, &turn.lang, ids);
    taps.push(person_tap(turn));
    own(turn, TextKey::Offer, taps)
}

/// What a poster promises: its words, what is said of its coupon, its answer, its question for
/// consent.
pub fn arrival(turn: &mut Turn<'_>, poster: &Poster, coupon: Vec<Content>) -> Vec<Content> {
    let shop = turn.context.shop;
    let answer = poster.faq.as_ref().and_then(|id| shop.faq(id));
    let topic = poster.topic.as_ref().and_then(|id| shop.topic(id));
    let request = topic.and_then(|topic| opt_in_request(turn, topic, Unasked::OncePerWindow));
    let alone = answer.is_none() && request.is_none();
    let plain = alone && poster.buttons.is_empty() && poster.cards.is_empty();
    let quick_replies = match taps(shop, &turn.lang, &poster.quick_replies) {
        taps if alone && !taps.is_empty() => taps,
        _ if plain => menu(turn),
        _ => Vec::new(),
    };
    // Quick replies only show under what comes last.
    let (quick_replies, under_coupon) =
        if coupon.is_empty() { (quick_replies, Vec::new()) } else { (Vec::new(), quick_replies) };
    let own_words = shop.pick(&poster.text, &turn.lang);
    let rich = Rich {
        words: Some(own_words.unwrap_or_else(|| shop.text(TextKey::Welcome, &turn.lang))),
        topic: topic.and_then(|topic| shop.pick(&topic.title, &turn.lang)),
        image: poster.image.as_ref(),
        buttons: &poster.buttons,
        cards: &poster.cards,
        quick_replies,
    };
    let mut bubbles = rich.bubbles(turn);
    bubbles.extend(coupon);
    if let Some(Content::Text { quick_replies, .. }) = bubbles.last_mut().filter(|_| alone) {
        quick_replies.extend(under_coupon);
    }
    bubbles.extend(answer.into_iter().flat_map(|entry| faq(turn, entry)));
    bubbles.extend(request);
    bubbles
}

/// Whether the person asked to be asked.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Unasked {
    /// No: then one request per window, whatever the topic.
    OncePerWindow,
    /// Yes, by a tap.
    Requested,
}

/// The request for consent to a topic, unless it was asked within a week (Meta refuses the same
/// title sooner: opt-in reference, 2026), or the person has agreed already.
fn opt_in_request(turn: &mut Turn<'_>, topic: &Topic, unasked: Unasked) -> Option<Content> {
    let shop = turn.context.shop;
    let recently = |at: &UnixMs, within: i64| turn.now.since(*at) < within;
    let person = &turn.person;
    let asked = person.asked.get(&topic.id);
    if person.need_not_be_asked(&topic.id)
        || asked.is_some_and(|at| recently(at, limits::OPT_IN_EVERY_MS))
    {
        return None;
    }
    let crowded = person.asked.values().any(|at| recently(at, DAY));
    let unwanted = crowded || person.tired_of(&topic.id, turn.now);
    if unasked == Unasked::OncePerWindow && unwanted {
        return None;
    }
    let title = shop.pick(&topic.title, &turn.lang)?.to_owned();
    // Only what still counts is remembered, however many topics come and go.
    turn.person.asked.retain(|_, at| recently(at, limits::OPT_IN_EVERY_MS));
    turn.person.asked.insert(topic.id.clone(), turn.now);
    turn.person.show(
        &topic.id,
        Shown {
            title: title.clone(),
            image: topic.image.clone(),
            promise: topic.promise,
            language: turn.lang.clone(),
            at: turn.now,
            times: 1,
        },
    );
    Some(Content::OptIn(OptInRequest {
        title,
        image_url: topic.image.clone(),
        payload: Payload::OptIn(topic.id.clone()).to_string(),
        timezone: shop.time_zone.clone(),
    }))
}

/// The request for consent to a topic, for somebody who did not ask for it.
pub(super) fn ask_for(turn: &mut Turn<'_>, topic: &Topic) -> Option<Content> {
    opt_in_request(turn, topic, Unasked::OncePerWindow)
}

/// Somebody tapped a topic: the request, or the news that they have agreed already.
pub fn opt_in_on_request(turn: &mut Turn<'_>, topic: &Topic) -> Vec<Content> {
    match opt_in_request(turn, topic, Unasked::Requested) {
        Some(request) => vec![request],
        None if turn.person.need_not_be_asked(&topic.id) => opted_in(turn, &topic.id),
        // Asked within the week: the card is further up in the thread, and Meta refuses another.
        None => welcome(turn),
    }
}

/// Thanks for a consent.
pub fn opted_in(turn: &Turn<'_>, topic: &TopicId) -> Vec<Content> {
    let shop = turn.context.shop;
    let title = shop.topic(topic).and_then(|topic| shop.pick(&topic.title, &turn.lang));
    spoken(turn, shop.text(TextKey::OptedIn, &turn.lang), title, Vec::new())
}

/// Notifications have ended; a tap brings back what has ended now.
pub fn stopped(turn: &Turn<'_>, ended: &[TopicId]) -> Vec<Content> {
    let shop = turn.context.shop;
    let back = |id: &TopicId| {
        let title = shop.pick(&shop.topic(id)?.title, &turn.lang)?.to_owned();
        Some(QuickReply { title, payload: Payload::Back(id.clone()).to_string() })
    };
    own(turn, TextKey::Stopped, ended.iter().filter_map(back).collect())
}

fn tap(turn: &Turn<'_>, title: TextKey, payload: Payload) -> QuickReply {
    QuickReply { title: text(turn, title), payload: payload.to_string() }
}

/// Does the person mean to be forgotten?
pub fn delete_ask(turn: &Turn<'_>) -> Vec<Content> {
    let taps = vec![
        tap(turn, TextKey::DeleteYes, Payload::DeleteYes),
        tap(turn, TextKey::DeleteNo, Payload::DeleteNo),
    ];
    own(turn, TextKey::DeleteAsk, taps)
}

/// They do not.
pub fn kept(turn: &Turn<'_>) -> Vec<Content> {
    own(turn, TextKey::Kept, Vec::new())
}

/// The person is forgotten, and can ask after it.
pub fn deleted(turn: &Turn<'_>, code: &DeletionCode) -> Vec<Content> {
    let at = match turn.context.host.public_url {
        Some(url) => format!("{url}/deletion/{code}"),
        None => code.to_string(),
    };
    vec![bubble(format!("{}\n{at}", text(turn, TextKey::Deleted)), Vec::new())]
}

/// A person was called; a tap brings the assistant back.
pub fn human(turn: &Turn<'_>) -> Vec<Content> {
    called(turn, TextKey::Human)
}

/// Puts the way back to the assistant under words that say by themselves that a person was called.
pub(super) fn way_back(turn: &Turn<'_>, said: &mut [Content]) {
    if let Some(Content::Text { quick_replies, .. }) = said.last_mut() {
        quick_replies.push(tap(turn, TextKey::ResumeButton, Payload::Resume));
    }
}

/// A person was called for what only people answer.
pub fn delicate(turn: &Turn<'_>) -> Vec<Content> {
    called(turn, TextKey::Delicate)
}

fn called(turn: &Turn<'_>, key: TextKey) -> Vec<Content> {
    own(turn, key, vec![tap(turn, TextKey::ResumeButton, Payload::Resume)])
}

/// The assistant is back.
pub fn resumed(turn: &Turn<'_>) -> Vec<Content> {
    own(turn, TextKey::Resumed, menu(turn))
}

/// That it is an assistant.
pub fn disclosure(turn: &Turn<'_>) -> Content {
    bubble(text(turn, TextKey::Disclosure), Vec::new())
}

/// The shop is closed.
pub fn away(turn: &Turn<'_>) -> Vec<Content> {
    own(turn, TextKey::Away, menu(turn))
}

/// The first message after a silence.
pub fn instant(turn: &Turn<'_>) -> Vec<Content> {
    own(turn, TextKey::Instant, menu(turn))
}

/// Nothing fits.
pub fn fallback(turn: &Turn<'_>) -> Vec<Content> {
    own(turn, TextKey::Fallback, menu(turn))
}

/// What a message to subscribers says to one person: always one bubble, because a notification
/// token is good for one message. With a picture it is a card, if the words fit on one (first line
/// the title, the rest the subtitle); otherwise the words go without the picture.
#[must_use]
pub fn notification(
    shop: &Shop,
    lang: &Lang,
    said: &Said<'_>,
    listener: &Listener<'_>,
    now: UnixMs,
) -> Option<Content> {
    if !said.cards.is_empty() {
        return Some(Content::Cards { cards: cards(shop, lang, said.cards) });
    }
    let words = say(shop, lang, shop.pick(said.text, lang)?, listener, now);
    let buttons = buttons(shop, lang, said.buttons);
    let (title, subtitle) = words.trim().split_once('\n').unwrap_or((words.trim(), ""));
    let fits = |text: &str| limits::units(text) <= limits::CARD_TITLE;
    Some(match said.image {
        Some(url) if fits(title) && fits(subtitle.trim()) => Content::Cards {
            cards: vec![Card {
                title: title.to_owned(),
                subtitle: Some(subtitle.trim().to_owned()).filter(|text| !text.is_empty()),
                image_url: Some(url.clone()),
                buttons,
            }],
        },
        _ if buttons.is_empty() => bubble(words, Vec::new()),
        _ => Content::Buttons { text: words, buttons },
    })
}

/// Somebody asked to be told of an offer: that they will be, or what they have to agree to first.
pub fn remind(turn: &mut Turn<'_>, offer: &Offer) -> Vec<Content> {
    let shop = turn.context.shop;
    let title = shop.pick(&offer.title, &turn.lang);
    let say =
        |turn: &Turn<'_>, key: TextKey, taps| spoken(turn, shop.text(key, &turn.lang), title, taps);
    if !offers::is_ahead(shop, offer, turn.now) {
        let menu = menu(turn);
        return say(turn, TextKey::OfferOver, menu);
    }
    turn.person.wishes.insert(offer.id.clone(), turn.at);
    turn.counts.push(format!("offer.{}.asked", offer.id));
    let Some(topic) = shop.topic(&offer.topic) else { return welcome(turn) };
    let request = opt_in_request(turn, topic, Unasked::Requested);
    if request.is_none() && turn.person.need_not_be_asked(&topic.id) {
        return say(turn, TextKey::WillTell, Vec::new());
    }
    // Asked within the week, the card is further up in the thread: Meta takes no other.
    let mut said = say(turn, TextKey::AgreeFirst, Vec::new());
    said.extend(request);
    said
}
