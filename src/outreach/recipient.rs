//! Somebody who agreed to a topic, as far as planning and sending look at them: no token, no name,
//! no words. The Desk makes one of its tables; `shopbell plan` reads the same from a file or the
//! Worker.

use serde::{Deserialize, Serialize};

use jiff::tz::TimeZone;

use crate::desk::person::Person;
use crate::desk::segment;
use crate::meta::event::Channel;
use crate::meta::ids::{Country, OfferId, Psid, SegmentId, TopicId};
use crate::shop::forms::FieldValue;
use crate::shop::lookup::ZONES;
use crate::shop::model::{Lang, Notification, Shop};
use crate::shop::segments::Segment;
use crate::store::consents::{Consent, Status};
use crate::store::places::Place;
use crate::time::UnixMs;

/// The field of a person that says where they are: two letters of ISO 3166-1, put there by a form
/// or a tap (`set.country = "LT"`). It goes before what the shop declares.
pub const COUNTRY_FIELD: &str = "country";

/// One person and one topic.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recipient {
    /// Where.
    pub channel: Channel,
    /// Who.
    pub person: Psid,
    /// On what.
    pub topic: TopicId,
    /// Whether they agreed and have not taken it back.
    pub active: bool,
    /// Whether there is something to send with outside the window.
    pub has_token: bool,
    /// Their IANA zone, where it is known.
    #[serde(default)]
    pub timezone: Option<String>,
    /// When they agreed.
    pub granted_at: UnixMs,
    /// When the token ends, if it does.
    #[serde(default)]
    pub expires_at: Option<UnixMs>,
    /// Before this Meta refuses the token.
    #[serde(default)]
    pub next_eligible_at: Option<UnixMs>,
    /// When the last one on this topic was due that left, or may have left.
    #[serde(default)]
    pub last_sent_at: Option<UnixMs>,
    /// When the one was due that is planned and has not left yet.
    #[serde(default)]
    pub reserved_at: Option<UnixMs>,
    /// When the last one on each other topic was due.
    #[serde(default)]
    pub others: Vec<UnixMs>,
    /// Until when they may be written to without any other permission.
    #[serde(default)]
    pub window_until: Option<UnixMs>,
    /// A person is talking until then.
    #[serde(default)]
    pub paused_until: Option<UnixMs>,
    /// When they last said STOP.
    #[serde(default)]
    pub stopped_at: Option<UnixMs>,
    /// What they read.
    pub language: Lang,
    /// Where they say they are, in their own words; none: they never said.
    #[serde(default)]
    pub country: Option<String>,
    /// The segments they belong to, as of the moment they were looked at.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub segments: Vec<SegmentId>,
    /// The offers they asked to be told of.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub offers: Vec<OfferId>,
    /// Where they are in the sequences of this topic that go on for them. Only for plans.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub places: Vec<Place>,
}

/// What has to be looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// Whether to plan one more: what is planned already counts.
    Planning,
    /// Whether the one that is planned may leave: only what left counts.
    Leaving,
}

impl Recipient {
    /// What the Desk knows of somebody; `all` are all of their consents. Which segments they belong
    /// to is another question: [`Recipient::belonging`].
    #[must_use]
    pub fn of(
        shop: &Shop,
        consent: &Consent,
        person: &Person,
        all: &[Consent],
        look: Look,
    ) -> Self {
        let reserved = |consent: &Consent| consent.reserved_at.filter(|_| look == Look::Planning);
        let others = all.iter().filter(|other| other.topic != consent.topic);
        Self {
            channel: consent.channel,
            person: consent.person.clone(),
            topic: consent.topic.clone(),
            active: consent.status == Status::Active,
            has_token: consent.token.is_some(),
            timezone: consent.timezone.clone(),
            granted_at: consent.granted_at,
            expires_at: consent.expires_at,
            next_eligible_at: consent.next_eligible_at,
            last_sent_at: consent.last_sent_at,
            reserved_at: reserved(consent),
            others: others.filter_map(|other| reserved(other).max(other.last_sent_at)).collect(),
            window_until: person.window_until,
            paused_until: person.paused_until,
            stopped_at: person.stopped_at,
            language: person.lang(shop).clone(),
            country: said_country(person),
            segments: Vec::new(),
            offers: person.wishes.keys().cloned().collect(),
            places: Vec::new(),
        }
    }

    /// With the segments that the person belongs to at `now`.
    #[must_use]
    pub fn belonging(self, shop: &Shop, person: &Person, now: UnixMs) -> Self {
        let belongs = |segment: &&Segment| segment::matches(segment, &shop.page, person, now);
        let segments = shop.segments.iter().filter(belongs).map(|segment| segment.id.clone());
        Self { segments: segments.collect(), ..self }
    }

    /// The clock they live by; the shop's where theirs is not known.
    #[must_use]
    pub fn zone(&self, shop: &Shop) -> TimeZone {
        zone_of(shop, self.timezone.as_deref())
    }

    /// Where they are: what they said, else what the shop declares. Never guessed: what cannot be
    /// read as a country is no country, and the shop's does not stand in for it.
    #[must_use]
    pub fn country(&self, shop: &Shop) -> Option<Country> {
        match &self.country {
            Some(said) => Country::new(&said.trim().to_ascii_uppercase()).ok(),
            None => shop.meta.country,
        }
    }
}

impl Notification {
    /// Whether it is for somebody of its topic: by its segment, and by what they asked for.
    #[must_use]
    pub fn is_for(&self, to: &Recipient) -> bool {
        self.is_still_for(to) && self.offer.as_ref().is_none_or(|offer| to.offers.contains(offer))
    }

    /// The same after it was planned: what they asked for is granted then.
    #[must_use]
    pub fn is_still_for(&self, to: &Recipient) -> bool {
        self.segment.as_ref().is_none_or(|segment| to.segments.contains(segment))
    }
}

/// A subscriber's clock; the shop's where theirs is not known.
#[must_use]
pub fn zone_of(shop: &Shop, name: Option<&str>) -> TimeZone {
    name.and_then(|name| ZONES.get(name).ok()).unwrap_or_else(|| shop.zone())
}

fn said_country(person: &Person) -> Option<String> {
    let field = person.fields.iter().find(|(id, _)| id.as_str() == COUNTRY_FIELD);
    match field.map(|(_, value)| value)? {
        FieldValue::Text(text) | FieldValue::Choice(text) => Some(text.clone()),
        // Something was said, and it is no country.
        _ => Some(String::new()),
    }
}
