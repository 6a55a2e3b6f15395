//! How somebody came in: one place for every shape an arrival has.
//!
//! | shape | event |
//! |---|---|
//! | a link into a thread that exists | `referral` |
//! | a link and then Get Started | `postback.referral` |
//! | an ad, with the person's first message | `message.referral` |
//! | a plugin or an m.me/rn link | `optin.ref` |
//! | a lost ref, and the word printed beside the code | a text |
//! | an answer to what was written after a comment | a text or a tap |
//!
//! Each ends in [`note`], [`by_words`] or `comments::answered`: who brought them is kept, the first and the last; the
//! poster's tags are left; the funnel gets a line. What the poster promises is said by the
//! precedence table's steps, once for each scan.

use super::decide::{Context, Effect, Inbound, Turn};
use super::person::{Person, Touch};
use super::{ads, coupons, form, friends, replies};
use crate::entry::friends::FriendRef;
use crate::entry::refs::RefError;
use crate::faq::Said;
use crate::meta::event::Referral;
use crate::meta::ids::PosterCode;
use crate::meta::send::Content;
use crate::shop::codes::{self, Look};
use crate::shop::doors::{AdRule, Friends};
use crate::shop::model::Poster;
use crate::time::{DAY, MINUTE, UnixMs};

/// A second arrival by the same poster within this time, with nothing said in between, is the same
/// scan: cameras open links twice, and so do people. Our own: what the poster said is still on the
/// screen.
const SAME_SCAN_MS: i64 = 10 * MINUTE;

/// How long an opt-in counts as brought by what the person came in by.
const ATTRIBUTED_MS: i64 = DAY;

/// The longest name of a ref that is not ours in the funnel, in characters.
const LONGEST_REF: usize = 64;

/// The longest title of an ad that is kept, in characters.
const LONGEST_TITLE: usize = 120;

/// What friends are called in the funnel.
const FRIENDS: &str = "friends";

/// Somebody who is here.
#[derive(Clone, Copy, Debug)]
pub struct Arrived<'a> {
    /// The poster, or what counts as one.
    pub poster: &'a Poster,
    /// It is the scan from before once more.
    pub again: bool,
}

/// What a referral leads to.
#[derive(Clone, Debug)]
pub(super) struct Door<'a> {
    /// What people find there.
    landing: &'a Poster,
    /// As the funnel calls it.
    source: String,
    /// What it is counted under, behind `arrival.`.
    counted: String,
    /// The poster that it is; none: an ad, or a friend's link.
    poster: Option<&'a PosterCode>,
    /// Whose friend it brings.
    friend: Option<FriendRef>,
    /// It is there for every ad that nothing else is said of.
    default: bool,
}

impl<'a> Door<'a> {
    fn poster(poster: &'a Poster) -> Self {
        Self {
            landing: poster,
            source: source(poster),
            counted: poster.code.to_string(),
            poster: Some(&poster.code),
            friend: None,
            default: false,
        }
    }
}

/// Somebody came in, for the funnel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Came {
    /// By what: `poster:DOOR`, `ad:120200000000000000`, `comment:price`, `friends`, `ref:summer`.
    pub source: String,
    /// We have not known them before.
    pub new: bool,
}

/// Why a ref brings nobody to a poster. People get the plain welcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// An owner's own ref on a link elsewhere.
    Foreign,
    /// Edited, guessed, or another Page's.
    Forged,
    /// Signed too long ago, or with a key whose time is over.
    Expired,
    /// The poster was taken down.
    Revoked,
    /// Its days are over, or still to come.
    OutOfSeason,
    /// It is not in `shop.toml` any more.
    Gone,
}

impl Refused {
    /// What it is counted under.
    const fn counted(self) -> &'static str {
        match self {
            Self::Foreign => "arrival.refused.foreign",
            Self::Forged => "arrival.refused.forged",
            Self::Expired => "arrival.refused.expired",
            Self::Revoked => "arrival.refused.revoked",
            Self::OutOfSeason => "arrival.refused.out_of_season",
            Self::Gone => "arrival.refused.gone",
        }
    }
}

/// What a referral leads to; `None` when it names nothing at all.
///
/// A ref has to be signed here, unless Meta itself says that it is an ad's: what an ad carries, its
/// owner wrote in the Ads Manager, and the webhook is signed.
pub(super) fn door_of<'a>(
    context: Context<'a>,
    referral: &Referral,
    at: UnixMs,
) -> Option<Result<Door<'a>, Refused>> {
    let shop = context.shop;
    let ref_ = referral.ref_.as_deref().filter(|ref_| !ref_.is_empty());
    if ads::is_ad(referral) {
        let by_id = referral
            .ad_id
            .as_ref()
            .and_then(|id| shop.posters.iter().find(|poster| poster.ads.contains(id)));
        let by_ref = || {
            let ref_ = ref_.filter(|ref_| codes::look(ref_) != Look::None)?;
            shop.posters.iter().find(|poster| poster.code.as_str().eq_ignore_ascii_case(ref_))
        };
        if let Some(poster) = by_id.or_else(by_ref) {
            return Some(in_season(context, poster, at).map(Door::poster));
        }
        if let Some(door) = ads::rule_of(shop, referral).map(|rule| of_ad(rule, referral)) {
            return Some(Ok(door));
        }
    }
    let by_ref = ref_.and_then(|ref_| by_ref(context, ref_, at));
    // What an ad carries may be meant for another system; the ad has still brought them.
    match ads::default_of(shop).filter(|_| ads::is_ad(referral)) {
        Some(rule) if !matches!(by_ref, Some(Ok(_))) => Some(Ok(of_ad(rule, referral))),
        _ => by_ref,
    }
}

/// Whether a referral leads to something of its own, and not to what is there for every ad.
pub(super) fn leads_on(context: Context<'_>, referral: &Referral, at: UnixMs) -> bool {
    matches!(door_of(context, referral, at), Some(Ok(door)) if !door.default)
}

/// Where an ad leads, by a rule about ads.
fn of_ad<'a>(rule: &'a AdRule, referral: &Referral) -> Door<'a> {
    let name = referral.ad_id.as_deref().unwrap_or(rule.id.as_str());
    Door {
        landing: &rule.landing,
        source: format!("ad:{}", bounded(name)),
        counted: format!("ad.{}", rule.id),
        poster: None,
        friend: None,
        default: rule.is_default(),
    }
}

/// A name that others chose, as long as it may be in the funnel.
fn bounded(name: &str) -> String {
    name.chars().take(LONGEST_REF).collect()
}

/// What a ref leads to that was signed here.
fn by_ref<'a>(context: Context<'a>, ref_: &str, at: UnixMs) -> Option<Result<Door<'a>, Refused>> {
    let shop = context.shop;
    if let Some(friend) = crate::entry::friends::open(context.keys, &shop.page.id, ref_, at) {
        let door = |friends: &'a Friends| Door {
            landing: &friends.landing,
            source: FRIENDS.to_owned(),
            counted: FRIENDS.to_owned(),
            poster: None,
            friend: Some(friend),
            default: false,
        };
        return Some(shop.friends.as_ref().map(door).ok_or(Refused::Gone));
    }
    let opened = match context.keys.refs.open(&shop.page.id, ref_, at) {
        Ok(opened) => opened,
        Err(RefError::Malformed) => return Some(Err(Refused::Foreign)),
        Err(RefError::Expired | RefError::KeyRetired) => return Some(Err(Refused::Expired)),
        Err(_) => return Some(Err(Refused::Forged)),
    };
    let poster = shop.poster(&opened.poster);
    let poster = poster.ok_or(Refused::Gone).and_then(|poster| in_season(context, poster, at));
    Some(poster.map(Door::poster))
}

/// Who scans late on the last day may tap Get Started on the next.
fn in_season<'a>(
    context: Context<'_>,
    poster: &'a Poster,
    at: UnixMs,
) -> Result<&'a Poster, Refused> {
    if poster.revoked {
        return Err(Refused::Revoked);
    }
    let early = poster.from.is_some_and(|from| context.shop.today(at) < from);
    let late = poster.until.is_some_and(|until| context.shop.today(at.plus(-DAY)) > until);
    if early || late { Err(Refused::OutOfSeason) } else { Ok(poster) }
}

/// Notes how the person of this turn came in, if the event says so. `spoke` is when they last did
/// something before it; who is new never did.
pub(super) fn note(turn: &mut Turn<'_>, beside: Option<&Referral>, spoke: Option<UnixMs>) {
    let referral = match turn.inbound {
        Inbound::Arrival(referral) | Inbound::Ticked(referral) => referral,
        _ => match beside {
            Some(referral) => referral,
            None => return,
        },
    };
    let new = spoke.is_none();
    match door_of(turn.context, referral, turn.at) {
        Some(Ok(door)) => land(turn, door, referral, spoke),
        Some(Err(refused)) => {
            turn.counts.push("arrival.unknown_ref".to_owned());
            turn.counts.push(refused.counted().to_owned());
            if refused == Refused::Foreign {
                let ref_ = referral.ref_.as_deref().unwrap_or_default();
                visit(turn, format!("ref:{}", bounded(ref_)), referral, new);
            }
        }
        None => match &referral.ad_id {
            Some(id) => visit(turn, format!("ad:{}", bounded(id)), referral, new),
            None if referral.ref_.is_some() => turn.counts.push("arrival.unknown_ref".to_owned()),
            None => {}
        },
    }
}

/// The poster whose code or printed word the whole message is: refs get lost on the way (Meta, m.me
/// links, November 2026: not for every Android user, not in every region).
pub(super) fn by_words<'a>(turn: &mut Turn<'a>) -> Option<&'a Poster> {
    let Inbound::Text(text) = turn.inbound else { return None };
    let shop = turn.context.shop;
    let said = Said::new(text);
    let word = |poster: &&Poster| poster.keyword.as_ref().is_some_and(|word| said.says(word));
    let poster = shop.posters.iter().find(word).or_else(|| match codes::look(text.trim()) {
        Look::Made(code) | Look::Own(code) => shop.poster(&code),
        Look::Misread | Look::None => None,
    })?;
    let poster = in_season(turn.context, poster, turn.at).ok()?;
    let person = &turn.person;
    let lately = |then: UnixMs| (0..SAME_SCAN_MS).contains(&turn.at.since(then));
    let last = person.last_touch.as_ref();
    let same = last.is_some_and(|last| last.source == source(poster) && lately(last.at));
    // They came a moment ago, by a door that lost the ref.
    let new = person.first_touch.is_none() && lately(person.first_seen);
    touch(turn, Touch::by(source(poster), turn.at));
    leave(turn, poster);
    if !same {
        turn.counts.push("arrival.by_word".to_owned());
        turn.came_by = Some(poster.code.clone());
        came(turn, source(poster), new);
    }
    Some(poster)
}

fn land<'a>(turn: &mut Turn<'a>, door: Door<'a>, referral: &Referral, spoke: Option<UnixMs>) {
    if let Some(friend) = door.friend
        && !friends::brings(turn, friend, spoke)
    {
        return;
    }
    let again = is_same_scan(turn, &door.source, spoke);
    turn.arrived = Some(Arrived { poster: door.landing, again });
    touch(turn, of_referral(door.source.clone(), referral, turn.at));
    leave(turn, door.landing);
    if again {
        turn.counts.push("arrival.again".to_owned());
    } else {
        turn.counts.push(format!("arrival.{}", door.counted));
        turn.came_by = door.poster.cloned();
        came(turn, door.source, spoke.is_none());
    }
}

/// Notes what brought somebody and leads to nothing of its own.
fn visit(turn: &mut Turn<'_>, source: String, referral: &Referral, new: bool) {
    touch(turn, of_referral(source.clone(), referral, turn.at));
    came(turn, source, new);
}

/// What is kept of a referral.
fn of_referral(source: String, referral: &Referral, at: UnixMs) -> Touch {
    let ad = referral.ad.as_deref();
    let short = |text: &String| text.chars().take(LONGEST_TITLE).collect::<String>();
    Touch {
        post: ad.and_then(|ad| ad.post_id.as_ref()).map(short),
        title: ad.and_then(|ad| ad.title.as_ref()).map(short),
        product: ad
            .and_then(|ad| ad.product_id.as_ref())
            .or(referral.product_id.as_ref())
            .map(short),
        ..Touch::by(source, at)
    }
}

fn source(poster: &Poster) -> String {
    format!("poster:{}", poster.code)
}

pub(super) fn came(turn: &mut Turn<'_>, source: String, new: bool) {
    turn.effects.push(Effect::Came(Came { source, new }));
}

/// The same poster a moment ago, and nothing said or tapped since.
fn is_same_scan(turn: &Turn<'_>, source: &str, spoke: Option<UnixMs>) -> bool {
    turn.person.last_touch.as_ref().is_some_and(|last| {
        last.source == source
            && (0..SAME_SCAN_MS).contains(&turn.at.since(last.at))
            && spoke.is_none_or(|spoke| spoke <= last.at)
    })
}

/// Leaves on the person what the poster leaves.
fn leave(turn: &mut Turn<'_>, poster: &Poster) {
    form::leave(&mut turn.person, &poster.also);
    if turn.person.language.is_none()
        && let Some(lang) = &poster.language
    {
        turn.lang = lang.clone();
    }
}

/// Notes what brought the person.
pub(super) fn touch(turn: &mut Turn<'_>, touch: Touch) {
    turn.person.first_touch.get_or_insert_with(|| touch.clone());
    // Events may come late: what is newer stays.
    if turn.person.last_touch.as_ref().is_none_or(|last| last.at <= touch.at) {
        turn.person.last_touch = Some(touch);
    }
}

/// What an opt-in of this moment counts for: what it carries itself, else what the person came in
/// by within a day.
pub(super) fn credited(
    context: Context<'_>,
    person: &Person,
    carried: Option<&Referral>,
    at: UnixMs,
) -> String {
    let carried = carried.and_then(|referral| door_of(context, referral, at));
    if let Some(Ok(door)) = carried {
        return door.source;
    }
    match &person.last_touch {
        Some(touch) if at.since(touch.at) < ATTRIBUTED_MS => touch.source.clone(),
        _ => "chat".to_owned(),
    }
}

/// What a poster promises, in words; the form that it opens is the caller's.
pub(super) fn promised(turn: &mut Turn<'_>, poster: &Poster) -> Vec<Content> {
    let occasion = source(poster);
    let coupon = poster.also.coupon.as_ref();
    let coupon = coupon
        .map(|id| coupons::give(turn, id, &occasion, poster.topic.as_ref()))
        .unwrap_or_default();
    let mut said = replies::arrival(turn, poster, coupon);
    if let Some(form) = &poster.also.form {
        said.extend(form::open(turn, form));
    }
    said
}
