//! What a receipt of a consent says, and whether a chain of receipts holds.

use serde::{Deserialize, Serialize};

use crate::desk::person::Shown;
use crate::meta::event::Channel;
use crate::meta::ids::{PageId, Psid, TopicId};
use crate::shop::model::{Promise, Shop};
use crate::store::consents::Consent;
use crate::store::receipts::{self, New};
use crate::store::{Sql, StoreError, to_json};
use crate::time::{DAY, UnixMs};

/// The version of a receipt.
pub const RECEIPT: u32 = 1;

/// What a person said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Said {
    /// Yes.
    Granted,
    /// No more.
    Stopped,
    /// Nothing: the consent stands, and the token that was given with it has ended.
    #[serde(rename = "token_ended")]
    TokenEnded,
}

/// Who says so, where it is not the person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// Meta, when it refused a message.
    MetaError,
    /// Meta's own list of tokens.
    MetaList,
    /// The end that Meta named when the token was given.
    Expiry,
    /// What somebody wrote to KV.
    Kv,
}

impl By {
    /// As a receipt and a consent's `source` write it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::MetaError => "meta_error",
            Self::MetaList => "meta_list",
            Self::Expiry => "expiry",
            Self::Kv => "kv",
        }
    }
}

/// A receipt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// [`RECEIPT`].
    pub v: u32,
    /// To which Page.
    pub page: PageId,
    /// Where.
    pub channel: Channel,
    /// Who.
    pub person: Psid,
    /// On what.
    pub topic: TopicId,
    /// What.
    pub said: Said,
    /// When, RFC 3339 in UTC.
    pub at: String,
    /// By which event: what tells a webhook's event from every other.
    pub event: String,
    /// Who says so; none: the person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<By>,
    /// What brought them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// The title that Meta says they agreed to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// What was shown when they were asked; none when nobody asked (they were, in Meta's menu).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shown: Option<Shown>,
    /// How often at most, as the topic promised then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub promise: Option<Promise>,
    /// Who answers for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub controller: Option<String>,
    /// Where to ask.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<String>,
    /// On what ground.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub legal_basis: Option<String>,
}

/// The event by which somebody said something, and what they had been shown.
#[derive(Clone, Copy, Debug)]
pub struct Word<'a> {
    /// What.
    pub said: Said,
    /// When.
    pub at: UnixMs,
    /// The key of the event.
    pub event: &'a str,
    /// What was shown when they were asked.
    pub shown: Option<&'a Shown>,
}

/// Writes the receipt of a word on a consent.
///
/// # Errors
/// [`StoreError`].
pub fn write(
    sql: &impl Sql,
    shop: &Shop,
    consent: &Consent,
    word: &Word<'_>,
    seed: [u8; 16],
    now: UnixMs,
) -> Result<(), StoreError> {
    let granted = word.said == Said::Granted;
    let privacy = shop.privacy.as_ref();
    let receipt = Receipt {
        v: RECEIPT,
        page: shop.page.id.clone(),
        channel: consent.channel,
        person: consent.person.clone(),
        topic: consent.topic.clone(),
        said: word.said,
        at: word.at.rfc3339(),
        event: word.event.to_owned(),
        by: None,
        source: granted.then(|| consent.source.clone()),
        title: consent.title.clone().filter(|_| granted),
        shown: word.shown.cloned().filter(|_| granted),
        promise: shop.topic(&consent.topic).map(|topic| topic.promise),
        controller: privacy.map(|privacy| privacy.controller.clone()),
        contact: privacy.map(|privacy| privacy.contact.clone()),
        legal_basis: privacy.map(|privacy| privacy.legal_basis.clone()),
    };
    append(sql, &Book { page: &shop.page.id, seed }, consent, &receipt, now)
}

/// The chain of a Page, and the randomness that new receipts need.
#[derive(Clone, Copy, Debug)]
pub struct Book<'a> {
    /// The Page.
    pub page: &'a PageId,
    /// 128 random bits, other ones for each call.
    pub seed: [u8; 16],
}

/// Something that not the person says of a consent.
#[derive(Clone, Copy, Debug)]
pub struct Noted<'a> {
    /// What.
    pub said: Said,
    /// Who.
    pub by: By,
    /// When it came to be so, as far as it is known.
    pub at: UnixMs,
    /// What exactly: Meta's numbers, or which reading of its list.
    pub event: &'a str,
}

/// Writes the receipt of what Meta or KV says of a consent. What was shown and promised is not in
/// it: nobody was asked here, and for an end the receipt of the yes has it.
///
/// # Errors
/// [`StoreError`].
pub fn note(
    sql: &impl Sql,
    book: &Book<'_>,
    consent: &Consent,
    noted: &Noted<'_>,
    now: UnixMs,
) -> Result<(), StoreError> {
    let granted = noted.said == Said::Granted;
    let receipt = Receipt {
        v: RECEIPT,
        page: book.page.clone(),
        channel: consent.channel,
        person: consent.person.clone(),
        topic: consent.topic.clone(),
        said: noted.said,
        at: noted.at.rfc3339(),
        event: noted.event.to_owned(),
        by: Some(noted.by),
        source: granted.then(|| consent.source.clone()),
        title: consent.title.clone().filter(|_| granted),
        shown: None,
        promise: None,
        controller: None,
        contact: None,
        legal_basis: None,
    };
    append(sql, book, consent, &receipt, now)
}

fn append(
    sql: &impl Sql,
    book: &Book<'_>,
    consent: &Consent,
    receipt: &Receipt,
    now: UnixMs,
) -> Result<(), StoreError> {
    let body = to_json("receipts", receipt)?;
    let new = New {
        channel: consent.channel,
        person: &consent.person,
        topic: &consent.topic,
        body: &body,
    };
    receipts::append(sql, book.page, &new, book.seed, now)
}

/// Erases what the shop keeps no longer.
///
/// # Errors
/// [`StoreError::Refused`].
pub fn prune(sql: &impl Sql, shop: &Shop, now: UnixMs) -> Result<(), StoreError> {
    let Some(privacy) = &shop.privacy else { return Ok(()) };
    // Never a day too early: months count as the longest.
    let kept = i64::from(privacy.keep_receipts_months).saturating_mul(31).saturating_mul(DAY);
    receipts::prune(sql, now.plus(kept.saturating_neg()))
}

/// A link of a chain, as it is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkLine {
    /// Its number, from 1.
    pub seq: i64,
    /// When it was written, ms since 1970.
    pub at: UnixMs,
    /// What it stands for.
    pub commitment: String,
    /// Itself.
    pub link: String,
}

/// A receipt with its salt, as it is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReceiptLine {
    /// Its number in the chain.
    pub seq: i64,
    /// Its salt.
    pub salt: String,
    /// The very bytes of the receipt.
    pub body: String,
}

/// Why a chain does not hold.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// A number is missing or comes twice.
    #[error("link {found} stands where {expected} is expected")]
    Gap {
        /// The number that should stand there.
        expected: i64,
        /// The number that does.
        found: i64,
    },
    /// A link does not follow from the one before it.
    #[error("link {0} does not follow from the one before it")]
    Link(i64),
    /// A receipt is not what the chain stands for.
    #[error("receipt {0} is not the one that the chain has")]
    Receipt(i64),
    /// A receipt is not in the chain.
    #[error("receipt {0} is not in the chain")]
    Unknown(i64),
    /// A head of before is not in the chain.
    #[error("the head {0} is not in this chain: it was written anew since")]
    Head(String),
}

/// Whether a Page's whole chain holds, these receipts are in it, and so is a head that somebody
/// noted earlier.
///
/// # Errors
/// The first thing that is wrong.
pub fn verify(
    page: &PageId,
    chain: &[LinkLine],
    receipts_: &[ReceiptLine],
    head: Option<&str>,
) -> Result<(), Broken> {
    let mut before = receipts::genesis(page);
    for (expected, link) in (1_i64..).zip(chain) {
        if link.seq != expected {
            return Err(Broken::Gap { expected, found: link.seq });
        }
        if receipts::link(&before, link.seq, link.at, &link.commitment) != link.link {
            return Err(Broken::Link(link.seq));
        }
        before.clone_from(&link.link);
    }
    for receipt in receipts_ {
        let link = chain.iter().find(|link| link.seq == receipt.seq);
        let link = link.ok_or(Broken::Unknown(receipt.seq))?;
        if receipts::commitment(&receipt.salt, &receipt.body) != link.commitment {
            return Err(Broken::Receipt(receipt.seq));
        }
    }
    match head {
        Some(head) if !chain.iter().any(|link| link.link == head) => {
            Err(Broken::Head(head.to_owned()))
        }
        _ => Ok(()),
    }
}
