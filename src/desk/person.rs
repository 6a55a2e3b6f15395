//! What a Desk remembers of one person on one channel. No messages, no name unless Meta gave it.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::coupons::Held;
use super::form::state::OpenForm;
use crate::meta::ids::{CommentRuleId, CouponId, FaqId, FieldId, OfferId, PosterCode, TopicId};
use crate::meta::profile::{AGAIN_MS, KEPT_MS, Profile, Told};
use crate::shop::forms::FieldValue;
use crate::shop::model::{Lang, Promise, Shop};
use crate::time::{DAY, UnixMs};

/// How long silence lasts before the next message counts as a new beginning.
pub const SILENCE_MS: i64 = DAY;

/// How long the question whether somebody means to be forgotten waits for its answer.
pub const DELETE_ASKED_MS: i64 = DAY;

/// How long somebody who let a request for consent pass is not asked again for the same topic
/// unasked; after one more never.
const ASK_AGAIN_MS: [i64; 2] = [28 * DAY, 91 * DAY];

/// How long somebody who ended a topic is not asked for it again unasked.
const AFTER_END_MS: i64 = 91 * DAY;

/// A person as the Desk knows them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Person {
    /// When they first did something.
    pub first_seen: UnixMs,
    /// When they last wrote, tapped or came in. Never goes back, whatever order events come in.
    pub last_inbound: Option<UnixMs>,
    /// Until when we may write without any other permission.
    pub window_until: Option<UnixMs>,
    /// The language they were last understood in.
    pub language: Option<Lang>,
    /// The bot keeps quiet until then: a person is talking.
    pub paused_until: Option<UnixMs>,
    /// The closed period (by its beginning) in which they were told that the shop is closed.
    pub away_told: Option<UnixMs>,
    /// When they last got the fallback.
    pub fallback_at: Option<UnixMs>,
    /// When consent to a topic was last asked for.
    pub asked: BTreeMap<TopicId, UnixMs>,
    /// What they were last shown when they were asked for consent to a topic.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub shown: BTreeMap<TopicId, Shown>,
    /// What they said to each topic, the newest word.
    pub topics: BTreeMap<TopicId, TopicWord>,
    /// When they last said STOP.
    pub stopped_at: Option<UnixMs>,
    /// How many of their messages in a row had no answer.
    #[serde(skip_serializing_if = "is_zero")]
    pub misses: u8,
    /// When they were last told that they talk with an assistant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disclosed_at: Option<UnixMs>,
    /// When they last asked to be forgotten; they have a day to say that they mean it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delete_asked: Option<UnixMs>,
    /// When they asked for it while nobody could ask whether they mean it: once the assistant may
    /// speak again, it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delete_noted: Option<UnixMs>,
    /// When they were last offered a few answers to choose from, and took none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offered_at: Option<UnixMs>,
    /// What brought them first.
    pub first_touch: Option<Touch>,
    /// What brought them last.
    pub last_touch: Option<Touch>,
    /// A comment of theirs was answered privately, and they have not written since.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected: Option<Expected>,
    /// The code in their link for friends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub friend_code: Option<String>,
    /// How many friends came by it that they have not been thanked for.
    #[serde(skip_serializing_if = "is_none")]
    pub friends_untold: u32,
    /// Their first name, when Meta told it.
    pub first_name: Option<String>,
    /// Their whole name, when Meta told it.
    pub full_name: Option<String>,
    /// The language and country of their app, when Meta told it: `lt_LT`.
    pub locale: Option<String>,
    /// When Meta was last asked for these.
    pub profile_at: Option<UnixMs>,
    /// Meta is not asked again before; never asked when there is none.
    pub profile_again: Option<UnixMs>,
    /// Forms they have begun, the newest last.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub forms: Vec<OpenForm>,
    /// What answers, scans and taps put on them.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub tags: BTreeSet<String>,
    /// What they answered.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub fields: BTreeMap<FieldId, FieldValue>,
    /// The offers they asked to be told of, and when.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub wishes: BTreeMap<OfferId, UnixMs>,
    /// The codes they were given, of each coupon in the order they got them.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub coupons: BTreeMap<CouponId, Vec<Held>>,
    /// When they are looked at before their window closes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nudge_at: Option<UnixMs>,
    /// When they last got the last word before a window closed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nudged_at: Option<UnixMs>,
    /// When they came by an ad and have not written since.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ad_at: Option<UnixMs>,
    /// What their last message was offered instead of an answer, when misses are kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offered: Option<Offered>,
}

/// A few answers that somebody was offered, and the miss that it is unless they take one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offered {
    /// Its number among the misses.
    pub miss: i64,
    /// Which answers.
    pub entries: Vec<FaqId>,
}

/// What somebody was shown when they were asked for consent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    /// The card's title.
    pub title: String,
    /// Its picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// How often at most.
    pub promise: Promise,
    /// In which language.
    pub language: Lang,
    /// When.
    pub at: UnixMs,
    /// How often they were asked since they last said yes.
    #[serde(default)]
    pub times: u8,
}

/// The newest word of a person on a topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TopicWord {
    /// Yes, or no more.
    pub active: bool,
    /// When it was said.
    pub at: UnixMs,
    /// Meta has dropped the token since: they may be asked anew.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub token_dropped: bool,
}

/// What brought somebody: a poster, an ad, a comment, a friend.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "TouchRow")]
pub struct Touch {
    /// As the funnel calls it: `poster:DOOR`, `ad:120200000000000000`, `comment:price`, `friends`.
    pub source: String,
    /// When.
    pub at: UnixMs,
    /// The post they commented on, or that the ad is made of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub post: Option<String>,
    /// The ad's title.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The product the ad shows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product: Option<String>,
}

impl Touch {
    /// Without anything beside it.
    #[must_use]
    pub fn by(source: impl Into<String>, at: UnixMs) -> Self {
        Self { source: source.into(), at, post: None, title: None, product: None }
    }

    /// The code of the poster, if it was one.
    #[must_use]
    pub fn poster(&self) -> Option<&str> {
        self.source.strip_prefix("poster:")
    }
}

/// A touch as it is and was written: there were only posters once.
#[derive(Deserialize)]
struct TouchRow {
    source: Option<String>,
    poster: Option<PosterCode>,
    at: UnixMs,
    post: Option<String>,
    title: Option<String>,
    product: Option<String>,
}

impl From<TouchRow> for Touch {
    fn from(row: TouchRow) -> Self {
        let TouchRow { source, poster, at, post, title, product } = row;
        let of_poster = || poster.map(|code| format!("poster:{code}"));
        Self { source: source.or_else(of_poster).unwrap_or_default(), at, post, title, product }
    }
}

/// A comment that was answered privately.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expected {
    /// By which rule.
    pub rule: CommentRuleId,
    /// Under which post it stands.
    pub post: String,
    /// When the private reply had left.
    pub at: UnixMs,
}

// Serde hands out references.
#[allow(clippy::trivially_copy_pass_by_ref)]
fn is_none(n: &u32) -> bool {
    *n == 0
}

// Serde hands out references.
#[allow(clippy::trivially_copy_pass_by_ref)]
fn is_zero(n: &u8) -> bool {
    *n == 0
}

impl Person {
    /// Somebody who just appeared.
    #[must_use]
    pub fn new(at: UnixMs) -> Self {
        Self { first_seen: at, ..Self::default() }
    }

    /// Whether the standard messaging window (or a longer one) is open.
    #[must_use]
    pub fn window_open(&self, now: UnixMs) -> bool {
        self.window_until.is_some_and(|until| now < until)
    }

    /// The language to speak: the one they were understood in, else their app's where the shop
    /// speaks it, else the shop's own.
    #[must_use]
    pub fn lang<'a>(&'a self, shop: &'a Shop) -> &'a Lang {
        self.language.as_ref().unwrap_or_else(|| match &self.locale {
            Some(locale) => shop.language_for(locale),
            None => shop.default_lang(),
        })
    }

    /// Whether Meta may be asked who this is.
    #[must_use]
    pub fn may_ask_profile(&self, now: UnixMs) -> bool {
        self.profile_again.is_none_or(|again| again <= now)
    }

    /// Notes what Meta told of them. Passing trouble takes away nothing that was known.
    pub fn told(&mut self, told: Told, now: UnixMs) {
        self.profile_at = Some(now);
        let (profile, again) = match told {
            Told::Known(profile) => (profile, KEPT_MS),
            Told::Nothing => (Profile::default(), KEPT_MS),
            Told::FewerFields | Told::Later => {
                self.profile_again = Some(now.plus(AGAIN_MS));
                return;
            }
        };
        self.profile_again = Some(now.plus(again));
        self.first_name = profile.first_name;
        self.full_name = profile.full_name;
        self.locale = profile.locale;
    }

    /// Whether the bot keeps quiet in this thread.
    #[must_use]
    pub fn paused(&self, now: UnixMs) -> bool {
        self.paused_until.is_some_and(|until| now < until)
    }

    /// Whether a yes at `at` still answers the question if they mean to be forgotten.
    #[must_use]
    pub fn may_confirm_deletion(&self, at: UnixMs) -> bool {
        self.delete_asked.is_some_and(|asked| at.since(asked) < DELETE_ASKED_MS)
    }

    /// Whether this person agreed to a topic and has not taken it back.
    #[must_use]
    pub fn agreed(&self, topic: &TopicId) -> bool {
        self.topics.get(topic).is_some_and(|word| word.active)
    }

    /// Whether asking for consent to a topic would be asking twice.
    #[must_use]
    pub fn need_not_be_asked(&self, topic: &TopicId) -> bool {
        self.topics.get(topic).is_some_and(|word| word.active && !word.token_dropped)
    }

    /// Notes what they are shown as they are asked for consent to a topic.
    pub fn show(&mut self, topic: &TopicId, mut shown: Shown) {
        let before = self.shown.get(topic).map_or(0, |before| before.times);
        shown.times = before.saturating_add(1);
        self.shown.insert(topic.clone(), shown);
    }

    /// Whether asking for consent to a topic unasked would be nagging: they ended it or let the
    /// last request pass not so long ago, or let three of them pass. A tap of theirs may always be answered.
    #[must_use]
    pub fn tired_of(&self, topic: &TopicId, now: UnixMs) -> bool {
        let ended = self.topics.get(topic).filter(|word| !word.active);
        if ended.is_some_and(|word| now.since(word.at) < AFTER_END_MS) {
            return true;
        }
        let Some(shown) = self.shown.get(topic) else { return false };
        let waits = usize::from(shown.times).checked_sub(1);
        match waits.map(|passed| ASK_AGAIN_MS.get(passed)) {
            None => false,
            Some(Some(wait)) => now.since(shown.at) < *wait,
            Some(None) => true,
        }
    }

    /// What they were shown when they were asked for consent to a topic. Whoever says yes was
    /// asked no time since.
    pub fn asked_by(&mut self, topic: &TopicId) -> Option<Shown> {
        let shown = self.shown.get_mut(topic)?;
        let as_it_was = shown.clone();
        shown.times = 0;
        Some(as_it_was)
    }

    /// Notes something the person did at `at` that opens the window for `window_ms`. Late events
    /// never shorten what newer ones opened.
    pub fn touch(&mut self, at: UnixMs, window_ms: i64) {
        self.last_inbound = self.last_inbound.max(Some(at));
        self.window_until = self.window_until.max(Some(at.plus(window_ms)));
    }

    /// Notes a word on a topic. `false` when a newer one is known: then nothing changes. Of two
    /// words of the same moment the stop counts, in whatever order they come.
    pub fn say_on_topic(&mut self, topic: &TopicId, active: bool, at: UnixMs) -> bool {
        let newer_stop = active && self.stopped_at.is_some_and(|stopped| stopped >= at);
        let newer_word = self
            .topics
            .get(topic)
            .is_some_and(|word| word.at > at || (word.at == at && active && !word.active));
        if newer_stop || newer_word {
            return false;
        }
        self.topics.insert(topic.clone(), TopicWord { active, at, token_dropped: false });
        true
    }

    /// Notes STOP, and returns the topics it ends.
    pub fn stop_all(&mut self, at: UnixMs) -> Vec<TopicId> {
        self.stopped_at = self.stopped_at.max(Some(at));
        self.wishes.retain(|_, asked| *asked > at);
        let mut ended = Vec::new();
        for (topic, word) in &mut self.topics {
            if word.active && word.at <= at {
                *word = TopicWord { active: false, at, token_dropped: false };
                ended.push(topic.clone());
            }
        }
        ended
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn topic() -> TopicId {
        TopicId::new("lunch").unwrap()
    }

    #[test]
    fn an_opt_in_older_than_stop_changes_nothing_however_late_it_comes() {
        let mut person = Person::new(UnixMs::new(0));
        assert_eq!(person.stop_all(UnixMs::new(100)), []);
        assert!(!person.say_on_topic(&topic(), true, UnixMs::new(90)));
        assert!(!person.agreed(&topic()));
        assert!(person.say_on_topic(&topic(), true, UnixMs::new(110)));
        assert!(person.agreed(&topic()));
    }

    #[test]
    fn a_stop_older_than_the_newest_opt_in_leaves_it() {
        let mut person = Person::new(UnixMs::new(0));
        person.say_on_topic(&topic(), true, UnixMs::new(200));
        assert_eq!(person.stop_all(UnixMs::new(150)), []);
        assert!(person.agreed(&topic()));
    }

    #[test]
    fn of_two_words_of_the_same_moment_the_stop_counts() {
        for order in [[true, false], [false, true]] {
            let mut person = Person::new(UnixMs::new(0));
            for active in order {
                person.say_on_topic(&topic(), active, UnixMs::new(7));
            }
            assert!(!person.agreed(&topic()), "{order:?}");
        }
    }

    #[test]
    fn whoever_lets_a_request_pass_is_asked_more_and_more_seldom_and_then_no_more() {
        let mut person = Person::new(UnixMs::new(0));
        let shown = |at: i64| Shown {
            title: "Lunch".to_owned(),
            image: None,
            promise: Promise::Weekly,
            language: Lang("en".to_owned()),
            at: UnixMs::new(at * DAY),
            times: 1,
        };
        let tired = |person: &Person, day: i64| person.tired_of(&topic(), UnixMs::new(day * DAY));
        assert!(!tired(&person, 0));
        person.show(&topic(), shown(0));
        assert!(tired(&person, 27) && !tired(&person, 28));
        person.show(&topic(), shown(28));
        assert!(tired(&person, 28 + 90) && !tired(&person, 28 + 91));
        person.show(&topic(), shown(119));
        assert!(tired(&person, 119 + 10_000), "three were enough");
        // A yes makes it good again; an end of theirs does not.
        assert_eq!(person.asked_by(&topic()).unwrap().times, 3);
        assert!(!tired(&person, 120));
        person.say_on_topic(&topic(), false, UnixMs::new(121 * DAY));
        assert!(tired(&person, 121 + 90) && !tired(&person, 121 + 91));
    }

    #[test]
    fn a_touch_of_before_there_was_anything_but_posters_is_still_read() {
        let old: Touch = serde_json::from_str(r#"{"poster":"DOOR","at":5}"#).unwrap();
        assert_eq!(old, Touch::by("poster:DOOR", UnixMs::new(5)));
        assert_eq!(old.poster(), Some("DOOR"));
        let again: Touch = serde_json::from_str(&serde_json::to_string(&old).unwrap()).unwrap();
        assert_eq!(again, old);
        assert_eq!(Touch::by("ad:1", UnixMs::new(5)).poster(), None);
    }

    #[test]
    fn late_events_do_not_shorten_the_window() {
        let mut person = Person::new(UnixMs::new(0));
        person.touch(UnixMs::new(5 * DAY), DAY);
        person.touch(UnixMs::new(4 * DAY), DAY);
        assert!(person.window_open(UnixMs::new(6 * DAY - 1)));
        assert!(!person.window_open(UnixMs::new(6 * DAY)));
    }
}
