//! What somebody is waiting for: an order, a delivery, an appointment. In the window as an ordinary
//! message, outside it by a utility template that Meta has approved; each once for what it is about.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::ladder::{self, Hold};
use super::recipient::Reach;
use super::schedule;
use crate::desk::person::Person;
use crate::desk::sending::Via;
use crate::meta::event::Channel;
use crate::meta::ids::{Psid, TemplateId};
use crate::meta::policy::Transport;
use crate::meta::send::{Content, MessagingType};
use crate::shop::model::Shop;
use crate::shop::templates::{Template, Unfilled};
use crate::store::notices::{self, Notice, State};
use crate::store::outbox::{self, Admit, Claimed, Class, Settled};
use crate::store::templates;
use crate::store::timers::{self, Timer};
use crate::store::{Sql, StoreError, counters, facts, people};
use crate::time::{DAY, UnixMs};

/// A notice that could not leave for so long tells of nothing that is new.
const FRESH_MS: i64 = DAY;

/// The longest that a notice may say it is about, in characters.
const LONGEST_KEY: usize = 64;

/// What is to be told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// By which template.
    pub template: TemplateId,
    /// What it is about, such as "1042-shipped": a second notice about it is none.
    pub key: String,
    /// What stands in the places.
    #[serde(default)]
    pub values: BTreeMap<String, String>,
}

/// What became of an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Queued {
    /// `window` or `utility_template`.
    pub by: String,
    /// When it leaves, RFC 3339.
    pub at: String,
}

/// Why somebody is not told.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The shop has no such template.
    #[error("shop.toml has no template of that name, or it is not published yet")]
    NoTemplate,
    /// The key is none.
    #[error("the key has to be one line of 1 to {LONGEST_KEY} characters")]
    BadKey,
    /// The values do not fit.
    #[error(transparent)]
    Values(#[from] Unfilled),
    /// Nobody of that id has written to this Page.
    #[error("nobody with this id has written to this Page")]
    Unknown,
    /// It was told before, or tried.
    #[error("there is a notice with this key already: {0}")]
    Before(&'static str),
    /// It must not be told now.
    #[error("{0}")]
    Held(String),
}

/// Puts a notice to somebody into the outbox.
///
/// # Errors
/// [`StoreError`]; nothing is written then.
pub fn order(
    sql: &impl Sql,
    shop: &Shop,
    person: &Psid,
    order: &Order,
    now: UnixMs,
) -> Result<Result<Queued, Refusal>, StoreError> {
    let Some(template) = shop.template(&order.template) else {
        return Ok(Err(Refusal::NoTemplate));
    };
    let fits = (1..=LONGEST_KEY).contains(&order.key.chars().count())
        && !order.key.contains(char::is_control);
    if !fits {
        return Ok(Err(Refusal::BadKey));
    }
    let about = About { template, key: &order.key, values: &order.values, at: None };
    tell(sql, shop, (Channel::Messenger, person), &about, now)
}

/// What is told of.
pub(crate) struct About<'a> {
    /// By which template.
    pub template: &'a Template,
    /// What it is about.
    pub key: &'a str,
    /// What stands in the places.
    pub values: &'a BTreeMap<String, String>,
    /// When it leaves, and until when it helps; none: by day, and for a day.
    pub at: Option<(UnixMs, UnixMs)>,
}

/// The same for whatever is to be told.
pub(crate) fn tell(
    sql: &impl Sql,
    shop: &Shop,
    (channel, id): (Channel, &Psid),
    about: &About<'_>,
    now: UnixMs,
) -> Result<Result<Queued, Refusal>, StoreError> {
    let known: Option<Person> = people::load(sql, channel, id)?;
    let Some(person) = known else { return Ok(Err(Refusal::Unknown)) };
    let (filled, said) = match about.template.fill(shop, person.lang(shop), about.values) {
        Ok(filled) => filled,
        Err(why) => return Ok(Err(why.into())),
    };
    let notice = Notice { template: &about.template.id, key: about.key, channel, person: id };
    if let Some(state) = notices::state(sql, notice)? {
        return Ok(Err(Refusal::Before(state.as_str())));
    }
    let zone = shop.zone();
    let (at, until) = about.at.unwrap_or_else(|| {
        let quiet = shop.sending.quiet.and_then(|quiet| schedule::quiet_until(quiet, &zone, now));
        let at = quiet.unwrap_or(now);
        (at, at.plus(FRESH_MS))
    });
    let approved = templates::may_be_sent(sql, &filled.name, &filled.language)?;
    let way = match way(shop, &person, channel, approved, at) {
        Ok(way) => way,
        Err(why) => return Ok(Err(Refusal::Held(why))),
    };
    let (by, content) = if way == Transport::InWindow {
        ("window", Content::Text { text: said, quick_replies: Vec::new() })
    } else {
        ("utility_template", Content::Template(filled))
    };
    sql.transaction(|| {
        if !notices::enter(sql, notice, now)? {
            return Ok(Err(Refusal::Before(State::Queued.as_str())));
        }
        let class =
            Class::Notice { template: about.template.id.clone(), key: about.key.to_owned() };
        let message = outbox::Message {
            class: &class,
            channel,
            person: id,
            content: &content,
            due_at: at,
            expires_at: Some(until),
        };
        outbox::append(sql, &message, now)?;
        counters::add(sql, &format!("notice.{by}"), now)?;
        timers::set(sql, Timer::Drain, at)?;
        Ok(Ok(Queued { by: by.to_owned(), at: at.rfc3339() }))
    })
}

/// The way by which somebody may be told now, or in the owner's words why not. STOP counts here as
/// it does for reminders: as long as they have agreed to nothing since.
fn way(
    shop: &Shop,
    person: &Person,
    channel: Channel,
    approved: bool,
    at: UnixMs,
) -> Result<Transport, String> {
    let says = |hold: Hold| hold.says(shop);
    if person.stopped_at.is_some() && !person.topics.values().any(|word| word.active) {
        return Err(says(Hold::NoConsent));
    }
    if person.paused(at) {
        return Err(says(Hold::PersonTalking));
    }
    let reach = Reach::of(shop, channel, person, approved);
    ladder::transactional(shop, &reach, at).map(|way| way.transport).map_err(says)
}

/// Whether a notice that was claimed may still leave, asked in the transaction that claims it.
///
/// # Errors
/// [`StoreError`].
pub(crate) fn admit(
    sql: &impl Sql,
    shop: &Shop,
    claimed: &Claimed,
    (template, key): (&TemplateId, &str),
    person: Option<&Person>,
    now: UnixMs,
) -> Result<Admit<Via>, StoreError> {
    let expired = claimed.expires_at.is_some_and(|end| end <= now);
    let found = match (person, &claimed.content) {
        (None, _) => Err(Hold::NoConsent.says(shop)),
        _ if expired => Err(Hold::TooLate.says(shop)),
        (Some(person), Content::Template(filled)) => {
            let ours = shop.template(template).is_some_and(|t| t.meta_name() == filled.name);
            let approved = ours && templates::may_be_sent(sql, &filled.name, &filled.language)?;
            // Also in a window that has opened since: it says the same.
            way(shop, person, claimed.channel, approved, now).and_then(|way| {
                match (way, approved) {
                    (_, true) => Ok(MessagingType::Utility),
                    _ => Err(Hold::NoTemplate.says(shop)),
                }
            })
        }
        (Some(person), _) => match way(shop, person, claimed.channel, false, now) {
            Ok(Transport::InWindow) => Ok(MessagingType::Update),
            Ok(_) => Err(Hold::WindowClosed.says(shop)),
            Err(why) => Err(why),
        },
    };
    match found {
        Ok(kind) => Ok(Admit::Yes(Via::Person(kind))),
        Err(why) => {
            let notice =
                Notice { template, key, channel: claimed.channel, person: &claimed.person };
            notices::close(sql, notice, State::Refused, Some(&why))?;
            counters::add(sql, "notice.held", now)?;
            Ok(Admit::No(why))
        }
    }
}

/// Notes what became of a notice whose row is settled.
///
/// # Errors
/// [`StoreError`].
pub(crate) fn settled(
    sql: &impl Sql,
    claimed: &Claimed,
    settled: Settled,
    reason: Option<&str>,
) -> Result<(), StoreError> {
    let Class::Notice { template, key } = &claimed.class else { return Ok(()) };
    let state = match settled {
        Settled::Sent => State::Sent,
        Settled::Refused => State::Refused,
        Settled::Unknown => State::Unknown,
        Settled::Waiting | Settled::Already => return Ok(()),
    };
    let notice = Notice { template, key, channel: claimed.channel, person: &claimed.person };
    notices::close(sql, notice, state, reason)
}

/// When somebody last asked Meta how the templates stand.
const LOOKED: &str = "templates_looked_at";

/// How long what Meta said of the templates is good for.
const LOOK_EVERY_MS: i64 = DAY;

/// Has Meta asked how the templates stand at the next tick: it says that something has changed.
///
/// # Errors
/// [`StoreError::Refused`].
pub fn look_again(sql: &impl Sql) -> Result<(), StoreError> {
    facts::clear(sql, LOOKED).map(|_| ())
}

/// Whether Meta is to be asked now.
///
/// # Errors
/// [`StoreError`].
pub fn wants_look(sql: &impl Sql, shop: &Shop, now: UnixMs) -> Result<bool, StoreError> {
    if shop.templates.is_empty() {
        return Ok(false);
    }
    let looked: Option<UnixMs> = facts::get(sql, LOOKED)?;
    Ok(looked.is_none_or(|looked| now.since(looked) >= LOOK_EVERY_MS))
}

/// Notes that Meta is being asked, so that a failure comes again the next day and not each minute.
///
/// # Errors
/// [`StoreError::Refused`].
pub fn looked(sql: &impl Sql, now: UnixMs) -> Result<(), StoreError> {
    facts::set(sql, LOOKED, &now)
}

/// One of the shop's templates in one language, and how it stands at Meta.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stands {
    /// Its name in shop.toml.
    pub template: TemplateId,
    /// In this language, as Meta writes it.
    pub language: String,
    /// Its name at Meta.
    pub name: String,
    /// `APPROVED`, `PENDING`, `REJECTED`, …; none: Meta has never seen it.
    pub status: Option<String>,
    /// Meta's category.
    #[serde(default)]
    pub category: Option<String>,
    /// Why Meta refused it.
    #[serde(default)]
    pub reason: Option<String>,
}

/// How each template stands, in the order of shop.toml.
///
/// # Errors
/// [`StoreError`].
pub fn stand(sql: &impl Sql, shop: &Shop) -> Result<Vec<Stands>, StoreError> {
    let kept = templates::all(sql)?;
    let one = |template: &Template, language: String| {
        let name = template.meta_name();
        let found = kept.iter().find(|kept| kept.name == name && kept.language == language);
        Stands {
            template: template.id.clone(),
            status: found.map(|kept| kept.status.clone()),
            category: found.map(|kept| kept.category.clone()),
            reason: found.and_then(|kept| kept.reason.clone()),
            language,
            name,
        }
    };
    let all = shop.templates.iter().flat_map(|template| {
        template.texts_at_meta().map(move |(language, _)| (template, language))
    });
    Ok(all.map(|(template, language)| one(template, language)).collect())
}
