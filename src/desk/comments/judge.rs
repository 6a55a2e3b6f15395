//! What becomes of a comment: which rule answers it, and with what. Pure.

use super::super::decide::Context;
use super::super::payload::Payload;
use super::super::{handoff, language, replies, words};
use crate::faq::{self, Decision as Found, Said};
use crate::meta::event::{Channel, Comment, Event};
use crate::meta::fit::fit;
use crate::meta::ids::Psid;
use crate::meta::limits;
use crate::meta::send::{Content, QuickReply};
use crate::shop::doors::CommentRule;
use crate::shop::lookup::TextKey;
use crate::shop::model::{FaqEntry, Lang, Localized, Platform, Shop};
use crate::shop::text::{self, Listener, say};
use crate::time::UnixMs;

/// What becomes of a comment.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict<'a> {
    /// Its writer gets one message.
    Reply(Box<Reply<'a>>),
    /// A person has to look at it.
    Person {
        /// The rule that would have answered.
        rule: &'a CommentRule,
        /// Under which post.
        post: &'a str,
        /// Who wrote it, as Meta says beside the comment.
        from: &'a str,
        /// Why.
        reason: handoff::Reason,
    },
    /// Nothing; for this reason, as it is counted.
    Left(&'static str),
}

/// A private reply.
#[derive(Clone, Debug, PartialEq)]
pub struct Reply<'a> {
    /// The rule that answers.
    pub rule: &'a CommentRule,
    /// Under which post.
    pub post: &'a str,
    /// Who wrote it, as Meta says beside the comment.
    pub from: &'a str,
    /// What they are told.
    pub content: Content,
    /// In which language.
    pub lang: Lang,
    /// From then on Meta takes it no more.
    pub expires_at: UnixMs,
}

/// Judges a comment. An event that is none is left alone, too.
#[must_use]
pub fn judge<'a>(
    context: Context<'a>,
    event: &'a Event,
    comment: &'a Comment,
    now: UnixMs,
) -> Verdict<'a> {
    match reply_to(context, event, comment, now) {
        Ok(verdict) => verdict,
        Err(why) => Verdict::Left(why),
    }
}

fn reply_to<'a>(
    context: Context<'a>,
    event: &'a Event,
    comment: &'a Comment,
    now: UnixMs,
) -> Result<Verdict<'a>, &'static str> {
    let shop = context.shop;
    let (channel, at) = (event.channel, event.at.min(now));
    if comment.verb != "add" {
        return Err("changed");
    }
    // Whoever it is that Meta does not name, it may be the Page.
    let from = comment.from.as_deref().filter(|from| !from.is_empty()).ok_or("nobody")?;
    let instagram = shop.page.instagram_id.as_ref().map(crate::meta::ids::AccountId::as_str);
    if [Some(event.account.as_str()), Some(shop.page.id.as_str()), instagram].contains(&Some(from))
    {
        return Err("own");
    }
    if comment.parent_id.is_some() {
        return Err("among_others");
    }
    let post = comment.post_id.as_deref().filter(|post| !post.is_empty()).ok_or("no_post")?;
    let on = match channel {
        Channel::Messenger => shop.assistant.messenger,
        Channel::Instagram => shop.assistant.instagram,
    };
    if !on {
        return Err("channel_off");
    }
    let expires_at =
        at.plus(if comment.live { limits::LIVE_REPLY_MS } else { limits::PRIVATE_REPLY_MS });
    if now >= expires_at {
        return Err("late");
    }
    // It stands in a person's place in the outbox.
    Psid::new(comment.id.as_str()).map_err(|_| "bad_id")?;
    let text = comment.text.as_deref().map(str::trim).filter(|text| !text.is_empty());
    let text = text.ok_or("wordless")?;
    let command = words::command(shop, text);
    if matches!(command, Some(words::Command::Stop | words::Command::Delete)) {
        return Err("command");
    }
    let found = rule_for(context, channel, post, text, at).ok_or("no_rule")?;
    let rule = found.rule;
    let reason = if command.is_some() {
        Some(handoff::Reason::Asked)
    } else if handoff::is_delicate(shop, text) {
        Some(handoff::Reason::Delicate)
    } else if handoff::is_angry(shop, text) {
        Some(handoff::Reason::Anger)
    } else {
        None
    };
    if let Some(reason) = reason {
        return Ok(Verdict::Person { rule, post, from, reason });
    }
    let lang = language::spoken_in(shop, text)
        .or(found.lang.filter(|lang| shop.languages.contains(lang)))
        .unwrap_or_else(|| shop.default_lang().clone());
    let content = match found.entry {
        Some(entry) => answer(shop, entry, &lang, channel, now),
        None => own_words(shop, rule, &lang, channel, now),
    };
    let content = content.ok_or("nothing_to_say")?;
    Ok(Verdict::Reply(Box::new(Reply { rule, post, from, content, lang, expires_at })))
}

/// A rule that fits.
struct Fits<'a> {
    rule: &'a CommentRule,
    /// The answer that is given by it.
    entry: Option<&'a FaqEntry>,
    /// The language that the keyword or the question is in.
    lang: Option<Lang>,
}

/// The rule with the longest keyword, then one that names the post, then the first.
fn rule_for<'a>(
    context: Context<'a>,
    channel: Channel,
    post: &str,
    text: &str,
    at: UnixMs,
) -> Option<Fits<'a>> {
    let shop = context.shop;
    let said = Said::new(text);
    let today = shop.today(at);
    let mut best: Option<((usize, bool), Fits<'a>)> = None;
    for rule in &shop.comments {
        let there = match rule.platform {
            None => true,
            Some(Platform::Messenger) => channel == Channel::Messenger,
            Some(Platform::Instagram) => channel == Channel::Instagram,
        };
        let in_season = rule.from.is_none_or(|from| from <= today)
            && rule.until.is_none_or(|until| today <= until);
        let under = rule.posts.is_empty() || rule.posts.iter().any(|own| same_post(own, post));
        if !there || !in_season || !under {
            continue;
        }
        let mentioned = rule
            .keywords
            .iter()
            .flat_map(|(lang, words)| words.iter().map(move |word| (lang, word)))
            .filter(|(_, word)| said.mentions(word))
            .map(|(lang, word)| (word.chars().count(), lang))
            .max_by_key(|(length, _)| *length);
        if mentioned.is_none() && !rule.keywords.is_empty() {
            continue;
        }
        let asked = if rule.questions { question(context, text) } else { None };
        if rule.questions && asked.is_none() {
            continue;
        }
        let rank = (mentioned.map_or(0, |(length, _)| length), !rule.posts.is_empty());
        if best.as_ref().is_some_and(|(known, _)| *known >= rank) {
            continue;
        }
        let by_word = mentioned.map(|(_, lang)| lang.clone());
        let (entry, by_question) = asked.unzip();
        let entry = entry.or_else(|| rule.faq.as_ref().and_then(|id| shop.faq(id)));
        best = Some((rank, Fits { rule, entry, lang: by_word.or(by_question) }));
    }
    best.map(|(_, fits)| fits)
}

/// Facebook's posts are named with the Page's id before them, or without.
fn same_post(own: &str, post: &str) -> bool {
    let bare = |id: &str| id.split_once('_').map_or(id.to_owned(), |(_, bare)| bare.to_owned());
    own == post || (own.contains('_') != post.contains('_') && bare(own) == bare(post))
}

/// The one answer of the FAQ's that a comment asks for.
fn question<'a>(context: Context<'a>, text: &str) -> Option<(&'a FaqEntry, Lang)> {
    let shop = context.shop;
    if let Some((entry, lang)) = faq::keyword(&shop.faq, text) {
        return Some((entry, lang.clone()));
    }
    let found = context.faq?.answer(text, None, shop.assistant.eagerness);
    let Found::Answer(ids) = &found.decision else { return None };
    let entry = ids.first().and_then(|id| shop.faq(id))?;
    let lang = found.candidates.first().map(|candidate| candidate.lang.clone())?;
    Some((entry, lang))
}

/// Words of the shop's, filled for somebody of whom nothing is known.
fn filled(shop: &Shop, lang: &Lang, words: &str, now: UnixMs) -> String {
    say(shop, lang, words, &Listener::default(), now)
}

/// What the rule says, as one message.
fn own_words(
    shop: &Shop,
    rule: &CommentRule,
    lang: &Lang,
    channel: Channel,
    now: UnixMs,
) -> Option<Content> {
    let words = filled(shop, lang, text::bubbles(shop.pick(&rule.text, lang)?).first()?, now);
    let buttons = replies::buttons(shop, lang, &rule.buttons);
    let quick_replies = replies::taps(shop, lang, &rule.quick_replies);
    let hung = |text: String| {
        if buttons.is_empty() {
            Content::Text { text, quick_replies: quick_replies.clone() }
        } else {
            Content::Buttons { text, buttons: buttons.clone() }
        }
    };
    let mut fitted = fit(hung(words), channel).into_iter();
    match (fitted.next()?, fitted.next()) {
        // What a variable has made too long loses its end, and keeps what hangs under it.
        (Content::Text { text, .. }, Some(_)) => fit(hung(text), channel).into_iter().next(),
        (whole, _) => Some(whole),
    }
}

/// An answer of the FAQ's as one message; where it is more than that, its beginning and a tap for
/// the whole.
fn answer(
    shop: &Shop,
    entry: &FaqEntry,
    lang: &Lang,
    channel: Channel,
    now: UnixMs,
) -> Option<Content> {
    let written = text::bubbles(shop.pick(&entry.answer, lang)?);
    let first = filled(shop, lang, written.first()?, now);
    let buttons = replies::buttons(shop, lang, &entry.buttons);
    let whole = if buttons.is_empty() {
        let quick_replies = replies::taps(shop, lang, &entry.quick_replies);
        Content::Text { text: first.clone(), quick_replies }
    } else {
        Content::Buttons { text: first.clone(), buttons }
    };
    let mut fitted = fit(whole, channel);
    let alone = written.len() == 1 && entry.image.is_none() && entry.cards.is_empty();
    if alone && fitted.len() == 1 {
        return fitted.pop();
    }
    let title = |titles: &Localized| shop.pick(titles, lang).map(str::to_owned);
    let tap = QuickReply {
        title: title(&entry.title)?,
        payload: Payload::Faq(entry.id.clone()).to_string(),
    };
    let person = QuickReply {
        title: shop.text(TextKey::HumanButton, lang).to_owned(),
        payload: Payload::Human.to_string(),
    };
    let parts = fit(Content::Text { text: first, quick_replies: Vec::new() }, channel);
    let Some(Content::Text { text, .. }) = parts.into_iter().next() else { return None };
    Some(Content::Text { text, quick_replies: vec![tap, person] })
}

/// The texts that are said in turn under comments in a language.
#[must_use]
pub fn public<'a>(shop: &Shop, rule: &'a CommentRule, lang: &Lang) -> &'a [String] {
    let of = |lang: &Lang| {
        let exact = rule.public.get(lang);
        exact.or_else(|| rule.public.iter().find(|(l, _)| l.same_primary(lang)).map(|(_, t)| t))
    };
    let any = || rule.public.values().next();
    of(lang).or_else(|| of(shop.default_lang())).or_else(any).map_or(&[], Vec::as_slice)
}
