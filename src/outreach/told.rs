//! What a Desk tells its owner of consents and notifications: questions and answers as JSON. The
//! Worker carries them; `shopbell plan`, `report` and `consent` ask them. No token, no name and no
//! text is in any answer.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::marketing;
use super::receipt::{LinkLine, ReceiptLine};
use super::recipient::{Look, Recipient};
use super::reconcile::{self, Round};
use super::{offers, sequence};
use crate::desk::person::Person;
use crate::meta::event::Channel;
use crate::meta::ids::{OfferId, PosterCode, Psid, TopicId};
use crate::meta::marketing::money::Money;
use crate::shop::model::{Poster, Shop};
use crate::shop::outreach::Sequence;
use crate::store::consents::Consent;
use crate::store::incidents::{self, Incident};
use crate::store::places::Place;
use crate::store::{
    Sql, StoreError, comments, consents, funnel, ledger, notices, people, places, receipts, runs,
    spending, tallies, to_json,
};
use crate::time::{DAY, UnixMs};

/// Consents told at once: with three reads of the tables, so many fit the 10 ms of CPU time that an
/// invocation has on the free plan (Cloudflare Workers limits, September 2026).
const MOST_RECIPIENTS: u32 = 200;

/// Links of a chain told at once.
const MOST_LINKS: u32 = 2_000;

/// Lines of the funnel told at once.
const MOST_FUNNEL: u32 = 20_000;

/// Runs told at once.
const MOST_RUNS: u32 = 1_000;

/// What the owner asks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Question {
    /// Who agreed to what, a page after the last one told.
    Recipients {
        /// Where the page before ended; empty for the first.
        after: String,
    },
    /// What became of the notifications of so many days.
    Report {
        /// How many.
        days: u16,
    },
    /// What somebody agreed to, with their receipts.
    Consent {
        /// Who.
        person: Psid,
    },
    /// What brought people and how far they went, of so many days.
    Funnel {
        /// How many.
        days: u16,
    },
    /// How the offers stand.
    Offers,
    /// Opens an offer: whoever waits for it is told.
    Open {
        /// Which.
        offer: OfferId,
    },
    /// The chain of receipts, after a number.
    Chain {
        /// The last number told; 0 for the beginning.
        after: i64,
    },
}

/// A page of recipients.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recipients {
    /// In the order of channel, person and topic.
    pub recipients: Vec<Recipient>,
    /// Where to go on; none: these were the last.
    #[serde(default)]
    pub next: Option<String>,
}

/// What somebody agreed to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonConsents {
    /// As it stands now.
    pub consents: Vec<ConsentLine>,
    /// How it came to be, in order.
    pub receipts: Vec<ReceiptLine>,
}

/// A consent as it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsentLine {
    /// Where.
    pub channel: Channel,
    /// On what.
    pub topic: TopicId,
    /// `active` or `stopped`.
    pub status: String,
    /// When they agreed, RFC 3339.
    pub granted_at: String,
    /// When the newest word on it was said, RFC 3339.
    pub changed_at: String,
    /// What brought them.
    pub source: String,
}

/// A part of the chain of receipts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chain {
    /// In order.
    pub links: Vec<LinkLine>,
    /// Where to go on; none: these were the last.
    #[serde(default)]
    pub next: Option<i64>,
}

/// What brought people, and how far they went.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Funnel {
    /// The newest day first.
    pub lines: Vec<FunnelLine>,
    /// The posters that the shop has now, for their names.
    pub posters: Vec<PosterLine>,
    /// The Page's branch.
    #[serde(default)]
    pub branch: Option<String>,
}

/// How often something happened on one day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FunnelLine {
    /// The shop's day, `YYYY-MM-DD`.
    pub day: String,
    /// What brought them: `poster:DOOR`, `ad:…`, `ref:…`, `chat`.
    pub source: String,
    /// The topic; empty where there is none.
    pub topic: String,
    /// `scan`, `page`, `conversation`, `new`, `optin`, `delivered`, `read`, `clicked`.
    pub stage: String,
    /// How often.
    pub n: i64,
}

/// What a poster is called.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PosterLine {
    /// Its code.
    pub code: PosterCode,
    /// Where it hangs.
    #[serde(default)]
    pub place: Option<String>,
    /// Which branch it counts for, when that is not the Page's.
    #[serde(default)]
    pub branch: Option<String>,
    /// What it is part of.
    #[serde(default)]
    pub campaign: Option<String>,
}

/// What became of notifications.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// The runs, the newest first.
    pub runs: Vec<RunLine>,
    /// People by what became of it and why.
    pub outcomes: Vec<OutcomeLine>,
    /// People by what came of it after it left.
    pub tallies: Vec<TallyLine>,
    /// What was paid for.
    #[serde(default)]
    pub costs: Vec<CostLine>,
    /// Notices by utility template.
    #[serde(default)]
    pub notices: Vec<NoticeLine>,
    /// Private replies to comments by rule.
    #[serde(default)]
    pub comments: Vec<CommentLine>,
    /// What was wrong, the newest first.
    #[serde(default)]
    pub alerts: Vec<AlertLine>,
    /// The last reading of Meta's list of tokens.
    #[serde(default)]
    pub reconciled: Option<Round>,
    /// People by wording, where there are several.
    #[serde(default)]
    pub wordings: Vec<WordingLine>,
    /// People by where they are in the sequences.
    #[serde(default)]
    pub sequences: Vec<SequenceLine>,
}

/// What a notification has cost at most, in the shop's currency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CostLine {
    /// Which.
    pub notification: String,
    /// For which period.
    pub period: String,
    /// For how many messages.
    pub messages: i64,
    /// Together, in hundred-thousandths of the currency's unit.
    pub amount: Money,
}

/// Notices with the same outcome.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoticeLine {
    /// By which template.
    pub template: String,
    /// `queued`, `sent`, `refused`, `unknown`.
    pub outcome: String,
    /// Why, when it was not sent.
    #[serde(default)]
    pub reason: Option<String>,
    /// How many.
    pub notices: i64,
}

/// Private replies with the same outcome.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommentLine {
    /// By which rule.
    pub rule: String,
    /// `queued`, `sent`, `refused`, `unknown`; `person`: somebody has to look at the comment.
    pub outcome: String,
    /// Why, when it was not sent.
    #[serde(default)]
    pub reason: Option<String>,
    /// How many.
    pub comments: i64,
}

/// Something that is or was wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlertLine {
    /// What: `halted`, `kv_refuses`, `kv_quota`, `token_list`.
    pub alert: String,
    /// Since when, RFC 3339.
    pub since: String,
    /// Until when; none: it still is.
    #[serde(default)]
    pub until: Option<String>,
    /// What is known of it.
    pub says: String,
}

impl AlertLine {
    /// An incident as it is told.
    #[must_use]
    pub fn of(incident: Incident) -> Self {
        Self {
            alert: incident.kind,
            since: incident.since.rfc3339(),
            until: incident.until.map(UnixMs::rfc3339),
            says: incident.says,
        }
    }
}

/// People of one wording with the same outcome.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WordingLine {
    /// Of which notification.
    pub notification: String,
    /// For which period.
    pub period: String,
    /// Which wording.
    pub variant: String,
    /// `queued`, `held`, `sent`, `refused`, `unknown`.
    pub outcome: String,
    /// How many.
    pub people: i64,
}

/// People of a sequence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SequenceLine {
    /// Which.
    pub sequence: String,
    /// Why it has ended for them: `done`, `reply`, `stop`, `person`, `tag`, …; none: it goes on.
    #[serde(default)]
    pub ended: Option<String>,
    /// How many.
    pub people: i64,
}

/// A run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunLine {
    /// Of which notification.
    pub notification: String,
    /// For which period.
    pub period: String,
    /// For whose clock: an IANA zone, or empty for the shop's.
    pub zone: String,
    /// When it was due, RFC 3339.
    pub due: String,
    /// Whether everybody is planned.
    pub done: bool,
    /// How many were planned to leave.
    pub planned: i64,
    /// How many were held when it was planned.
    pub held: i64,
    /// The hash of what was planned; empty when nothing was.
    pub hash: String,
    /// Why it ended before its people: `missed`, `stale`, `withdrawn`.
    #[serde(default)]
    pub dropped: Option<String>,
    /// How many people it had not come to then.
    #[serde(default)]
    pub unreached: i64,
}

/// People with the same outcome.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutcomeLine {
    /// Of which notification.
    pub notification: String,
    /// For which period.
    pub period: String,
    /// `queued`, `held`, `sent`, `refused`, `unknown`.
    pub outcome: String,
    /// Why, when it was not sent; in the owner's language, or Meta's numbers.
    #[serde(default)]
    pub reason: Option<String>,
    /// How many.
    pub people: i64,
}

/// People of whom something is known after it left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TallyLine {
    /// Of which notification.
    pub notification: String,
    /// For which period.
    pub period: String,
    /// Of which wording; none: of all together.
    #[serde(default)]
    pub variant: Option<String>,
    /// `delivered`, `read`, `tapped`, `stopped`, and of paid messages `clicked` and `failed`.
    pub what: String,
    /// How many.
    pub people: i64,
}

/// Answers a question as JSON.
///
/// # Errors
/// [`StoreError`].
pub fn answer(
    sql: &impl Sql,
    shop: &Shop,
    question: &Question,
    now: UnixMs,
) -> Result<String, StoreError> {
    match question {
        Question::Recipients { after } => to_json("consents", &recipients(sql, shop, after, now)?),
        Question::Report { days } => to_json("ledger", &report(sql, *days, now)?),
        Question::Consent { person } => to_json("consents", &of_person(sql, person)?),
        Question::Offers => to_json("runs", &offers::standing(sql, shop, now)?),
        Question::Open { offer } => to_json("runs", &offers::open(sql, shop, offer, now)?),
        Question::Chain { after } => to_json("receipts", &chain(sql, *after)?),
        Question::Funnel { days } => to_json("funnel", &funnel(sql, shop, *days, now)?),
    }
}

/// A page of recipients after the place where the last one ended.
///
/// # Errors
/// [`StoreError`].
pub fn recipients(
    sql: &impl Sql,
    shop: &Shop,
    after: &str,
    now: UnixMs,
) -> Result<Recipients, StoreError> {
    let consents = consents::everybody(sql, after, MOST_RECIPIENTS)?;
    let full = u32::try_from(consents.len()).unwrap_or(u32::MAX) >= MOST_RECIPIENTS;
    let next = consents.last().filter(|_| full).map(consents::place);
    let mut ids: Vec<&Psid> = consents.iter().map(|consent| &consent.person).collect();
    ids.dedup();
    let known: BTreeMap<(Channel, Psid), Person> = people::load_all(sql, &ids)?;
    let mut all: BTreeMap<(Channel, Psid), Vec<Consent>> = BTreeMap::new();
    for consent in consents::of_people(sql, &ids)? {
        all.entry((consent.channel, consent.person.clone())).or_default().push(consent);
    }
    let mut their_places: BTreeMap<(Channel, Psid), Vec<Place>> = BTreeMap::new();
    for place in places::open_of(sql, &ids)? {
        their_places.entry((place.channel, place.person.clone())).or_default().push(place);
    }
    let stranger = Person::default();
    let paid = marketing::standing(sql, shop.marketing.as_ref())?;
    let recipients = consents
        .iter()
        .map(|consent| {
            let who = (consent.channel, consent.person.clone());
            let person = known.get(&who).unwrap_or(&stranger);
            let all = all.get(&who).map(Vec::as_slice).unwrap_or_default();
            let to = Recipient::of(shop, consent, person, all, Look::Planning)
                .belonging(shop, person, now);
            let mut to = Recipient { paid, ..to };
            let their_places = their_places.get(&who).into_iter().flatten();
            let goes_on = |place: &&Place| {
                let its = |sequence: &&Sequence| {
                    sequence.topic == to.topic && sequence::over(sequence, place, person).is_none()
                };
                shop.sequence(&place.sequence).as_ref().is_some_and(its)
            };
            to.places = their_places.filter(goes_on).cloned().collect();
            to
        })
        .collect();
    Ok(Recipients { recipients, next })
}

/// What somebody agreed to, on every channel.
///
/// # Errors
/// [`StoreError`].
pub fn of_person(sql: &impl Sql, person: &Psid) -> Result<PersonConsents, StoreError> {
    let mut all = PersonConsents::default();
    for channel in [Channel::Messenger, Channel::Instagram] {
        let consents = consents::of_person(sql, channel, person)?;
        all.consents.extend(consents.into_iter().map(|consent| ConsentLine {
            channel,
            topic: consent.topic,
            status: consent.status.as_str().to_owned(),
            granted_at: consent.granted_at.rfc3339(),
            changed_at: consent.changed_at.rfc3339(),
            source: consent.source,
        }));
    }
    let line = |receipt: receipts::Receipt| ReceiptLine {
        seq: receipt.seq,
        salt: receipt.salt,
        body: receipt.body,
    };
    all.receipts = receipts::of_person(sql, person)?.into_iter().map(line).collect();
    Ok(all)
}

/// A part of the chain.
///
/// # Errors
/// [`StoreError`].
pub fn chain(sql: &impl Sql, after: i64) -> Result<Chain, StoreError> {
    let links = receipts::chain(sql, after, MOST_LINKS)?;
    let full = u32::try_from(links.len()).unwrap_or(u32::MAX) >= MOST_LINKS;
    let next = links.last().filter(|_| full).map(|link| link.seq);
    let line = |link: receipts::Link| LinkLine {
        seq: link.seq,
        at: link.at,
        commitment: link.commitment,
        link: link.link,
    };
    Ok(Chain { links: links.into_iter().map(line).collect(), next })
}

fn funnel(sql: &impl Sql, shop: &Shop, days: u16, now: UnixMs) -> Result<Funnel, StoreError> {
    let back = i64::from(days.saturating_sub(1)).saturating_mul(DAY);
    let from = shop.today(now.plus(back.saturating_neg())).to_string();
    let line = |line: funnel::Line| FunnelLine {
        day: line.day,
        source: line.source,
        topic: line.topic,
        stage: line.stage,
        n: line.n,
    };
    let poster = |poster: &Poster| PosterLine {
        code: poster.code.clone(),
        place: poster.place.clone(),
        branch: poster.branch.clone(),
        campaign: poster.campaign.clone(),
    };
    Ok(Funnel {
        lines: funnel::since(sql, &from, MOST_FUNNEL)?.into_iter().map(line).collect(),
        posters: shop.posters.iter().map(poster).collect(),
        branch: shop.page.branch.clone(),
    })
}

fn report(sql: &impl Sql, days: u16, now: UnixMs) -> Result<Report, StoreError> {
    let from = now.plus(i64::from(days).saturating_mul(DAY).saturating_neg());
    let run = |run: runs::Told| RunLine {
        notification: run.notification,
        period: run.period,
        zone: run.zone,
        due: run.due_at.rfc3339(),
        done: run.done,
        planned: run.queued,
        held: run.held,
        hash: run.hash,
        dropped: run.dropped,
        unreached: run.unreached,
    };
    let outcome = |line: ledger::Line| OutcomeLine {
        notification: line.notification,
        period: line.period,
        outcome: line.outcome,
        reason: line.reason,
        people: line.people,
    };
    let tally = |tally: tallies::Tally| TallyLine {
        notification: tally.notification,
        period: tally.period,
        variant: tally.variant,
        what: tally.name,
        people: tally.people,
    };
    let wording = |line: ledger::Wording| WordingLine {
        notification: line.notification,
        period: line.period,
        variant: line.variant,
        outcome: line.outcome,
        people: line.people,
    };
    let sequence = |count: places::Count| SequenceLine {
        sequence: count.sequence,
        ended: count.ended,
        people: count.people,
    };
    Ok(Report {
        runs: runs::since(sql, from, MOST_RUNS)?.into_iter().map(run).collect(),
        outcomes: ledger::report(sql, from)?.into_iter().map(outcome).collect(),
        tallies: tallies::since(sql, from)?.into_iter().map(tally).collect(),
        alerts: incidents::since(sql, from)?.into_iter().map(AlertLine::of).collect(),
        reconciled: reconcile::last(sql)?,
        wordings: ledger::wordings(sql, from)?.into_iter().map(wording).collect(),
        sequences: places::counts(sql)?.into_iter().map(sequence).collect(),
        comments: comments::report(sql, from)?
            .into_iter()
            .map(|line| CommentLine {
                rule: line.rule,
                outcome: line.state,
                reason: line.reason,
                comments: line.comments,
            })
            .collect(),
        costs: spending::costs(sql, from)?
            .into_iter()
            .map(|cost| CostLine {
                notification: cost.notification,
                period: cost.period,
                messages: cost.messages,
                amount: cost.amount,
            })
            .collect(),
        notices: notices::report(sql, from)?
            .into_iter()
            .map(|line| NoticeLine {
                template: line.template,
                outcome: line.state.as_str().to_owned(),
                reason: line.reason,
                notices: line.notices,
            })
            .collect(),
    })
}
