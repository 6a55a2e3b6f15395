//! The plan: for each recipient of a notification the way it leaves by, or why it does not. A pure
//! function of the shop, the recipients and the moment; `shopbell plan` shows it before, and the
//! Desk runs the same and keeps its hash.

use std::collections::{BTreeMap, HashMap};

use sha2::{Digest, Sha256};

use super::ladder::{self, Hold, Way};
use super::recipient::{Recipient, zone_of};
use super::rungs::Price;
use super::schedule::{self, Occurrence};
use super::sequence::{self, Held};
use super::variant;
use crate::meta::event::Channel;
use crate::meta::ids::{NotificationId, Psid};
use crate::meta::policy::{Transport, cooldown};
use crate::shop::model::{Notification, Shop, Zone};
use crate::shop::outreach::Sequence;
use crate::store::places::Place;
use crate::store::{channel_name, ledger};
use crate::time::UnixMs;

/// What is decided for one recipient.
#[derive(Clone, Debug)]
pub enum Verdict {
    /// It leaves.
    Leaves {
        /// Not before this moment; none: as soon as it is due.
        not_before: Option<UnixMs>,
        /// By which way.
        way: Way,
    },
    /// It does not.
    Held(Hold),
}

/// One recipient of a run.
#[derive(Clone, Debug)]
pub struct Line {
    /// Where.
    pub channel: Channel,
    /// Who.
    pub person: Psid,
    /// What is decided.
    pub verdict: Verdict,
}

/// Decides for one recipient of a notification that was due at `due`; none when it is not for
/// them: whoever agreed after it was due waits for the next one.
#[must_use]
pub fn line(
    shop: &Shop,
    notification: &Notification,
    due: UnixMs,
    to: &Recipient,
    now: UnixMs,
) -> Option<Line> {
    if to.granted_at > due || !notification.is_for(to) {
        return None;
    }
    let from = due.max(now);
    let deadline = due.plus(notification.schedule.latest_ms());
    let said = notification.said(variant::number(notification, &to.person));
    let speaks = shop.pick(said.text, &to.language).is_some() || !said.cards.is_empty();
    let verdict = match ladder::earliest(shop, to, due, from, deadline) {
        Ok(_) if !speaks => Verdict::Held(Hold::NoText),
        Ok((at, way)) => Verdict::Leaves { not_before: (at > from).then_some(at), way },
        Err(hold) => Verdict::Held(hold),
    };
    Some(Line { channel: to.channel, person: to.person.clone(), verdict })
}

/// The hash of a run: of the shop, of what is due, and of each line in the order of the people.
/// Two plans with the same hash tell the same people, by the same ways and rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunHash(String);

impl RunHash {
    /// The hash of a run without people.
    #[must_use]
    pub fn begin(shop: &Shop, notification: &NotificationId, due: &Occurrence, zone: &str) -> Self {
        let Occurrence { period, at } = due;
        Self(of(&format!("{}\n{notification}\n{period}\n{zone}\n{}", shop.version, at.get())))
    }

    /// A hash that was kept.
    #[must_use]
    pub fn kept(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// With one more line.
    pub fn add(&mut self, line: &Line) {
        let verdict = match &line.verdict {
            // Without the moment: by the minute that the tick comes late, fewer have to wait.
            Verdict::Leaves { way, .. } => format!(
                "leaves {} {} {}",
                transport_name(way.transport),
                way.rule.id,
                way.price.as_str(),
            ),
            Verdict::Held(hold) => {
                format!("held {} {}", hold.code(), hold.rule().map_or("-", |rule| rule.id))
            }
        };
        let channel = channel_name(line.channel);
        self.0 = of(&format!("{}\n{channel} {} {verdict}", self.0, line.person));
    }

    /// As it is kept and shown: 64 hexadecimal digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn of(text: &str) -> String {
    hex::encode(Sha256::digest(text))
}

/// A transport as plans and reports name it.
#[must_use]
pub const fn transport_name(transport: Transport) -> &'static str {
    match transport {
        Transport::InWindow => "in_window",
        Transport::HumanAgent => "human_agent",
        Transport::UpdateTag => "update_tag",
        Transport::LegacyRecurring => "legacy_recurring",
        Transport::PaidMarketing => "paid_marketing",
        Transport::UtilityTemplate => "utility_template",
    }
}

/// One run of a notification, planned.
#[derive(Clone, Debug)]
pub struct Planned<'a> {
    /// Which notification.
    pub notification: &'a Notification,
    /// When it is due, and for which period.
    pub due: Occurrence,
    /// For whose clock: an IANA zone, or empty for the shop's.
    pub zone: String,
    /// After this nothing of it leaves any more.
    pub deadline: UnixMs,
    /// One for each recipient, in the order of channel and id.
    pub lines: Vec<Line>,
    /// Of all of it.
    pub hash: RunHash,
}

/// The sums of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// How many leave, by transport, rule and price.
    pub leaves: BTreeMap<(&'static str, &'static str, Price), u32>,
    /// How many are held, by the short name of the reason.
    pub held: BTreeMap<&'static str, u32>,
}

impl Totals {
    /// With one more line.
    pub fn add(&mut self, line: &Line) {
        let count = match &line.verdict {
            Verdict::Leaves { way, .. } => {
                let key = (transport_name(way.transport), way.rule.id, way.price);
                self.leaves.entry(key).or_default()
            }
            Verdict::Held(hold) => self.held.entry(hold.code()).or_default(),
        };
        *count = count.saturating_add(1);
    }

    /// How many leave.
    #[must_use]
    pub fn leaving(&self) -> u32 {
        self.leaves.values().fold(0, |sum, n| sum.saturating_add(*n))
    }

    /// How many are held.
    #[must_use]
    pub fn holding(&self) -> u32 {
        self.held.values().fold(0, |sum, n| sum.saturating_add(*n))
    }
}

impl Planned<'_> {
    /// The sums.
    #[must_use]
    pub fn totals(&self) -> Totals {
        let mut totals = Totals::default();
        self.lines.iter().for_each(|line| totals.add(line));
        totals
    }
}

/// How far a plan looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Horizon {
    /// To the next time each notification is due, within a year.
    Next,
    /// To everything that is due before this moment.
    Until(UnixMs),
}

/// Whose turn it is: a run of a notification, or a step of a sequence for one person.
enum Turn<'a> {
    Run { notification: &'a Notification, due: Occurrence, zone: String },
    Step { sequence: &'a Sequence, place: Place, who: usize },
}

/// What is due, in the order in which a Desk goes through it: the moment, runs before steps, and
/// the names.
type Turns<'a> = BTreeMap<(UnixMs, u8, String, String), Turn<'a>>;

/// Plans one Desk's recipients from `from` on: what is due in order, each as if all before it had
/// been sent. What people will say and do until then nobody knows, so a window that closes before
/// counts as closed, and nobody leaves a sequence. Drafts are planned as if they were the only
/// ones.
#[must_use]
pub fn plan<'a>(
    shop: &'a Shop,
    recipients: &[Recipient],
    from: UnixMs,
    horizon: Horizon,
) -> Vec<Planned<'a>> {
    let mut people = People::of(recipients);
    let mut turns = runs(shop, &people, from, horizon);
    for (who, to) in people.all.iter().enumerate() {
        for place in to.places.iter().filter(|place| place.due_at.is_some()) {
            if let Some(sequence) = shop.sequence(&place.sequence) {
                enqueue(&mut turns, (sequence, place.clone(), who), (from, horizon));
            }
        }
    }
    let mut planned: Vec<Planned<'a>> = Vec::new();
    while let Some(((at, ..), turn)) = turns.pop_first() {
        match turn {
            Turn::Run { notification, due, zone } => {
                planned.push(people.plan_one(shop, notification, due, zone));
            }
            Turn::Step { sequence, place, who } => {
                let next = match people.plan_step(shop, (sequence, &place, who), at, &mut planned) {
                    After::Later(place) => Some(place),
                    After::Next(place) => Some(place).filter(|_| horizon != Horizon::Next),
                    After::Through => None,
                };
                if let Some(next) = next {
                    enqueue(&mut turns, (sequence, next, who), (at, horizon));
                }
            }
        }
    }
    planned
}

/// What comes after a step that was planned for somebody.
enum After {
    /// The next one.
    Next(Place),
    /// The same one, later.
    Later(Place),
    /// Nothing.
    Through,
}

/// Notes when it is somebody's turn; what is late has its turn at once.
fn enqueue<'a>(
    turns: &mut Turns<'a>,
    (sequence, place, who): (&'a Sequence, Place, usize),
    (from, horizon): (UnixMs, Horizon),
) {
    let at = place.due_at.unwrap_or(from).max(from);
    if matches!(horizon, Horizon::Until(end) if at >= end) {
        return;
    }
    let whose = format!("{}/{}", channel_name(place.channel), place.person);
    let key = (at, 1, format!("{} {:06}", place.sequence, place.step), whose);
    turns.insert(key, Turn::Step { sequence, place, who });
}

/// The runs of notifications.
fn runs<'a>(shop: &'a Shop, people: &People, from: UnixMs, horizon: Horizon) -> Turns<'a> {
    let mut turns = Turns::new();
    for notification in &shop.notifications {
        for zone in people.zones(notification) {
            let clock = zone_of(shop, zone.as_deref());
            // Due at this very moment counts.
            let just_before = from.plus(-1);
            let found = match horizon {
                Horizon::Next => {
                    schedule::next_of(notification, &clock, just_before).into_iter().collect()
                }
                Horizon::Until(end) => {
                    schedule::between_of(notification, &clock, just_before, end.plus(-1))
                }
            };
            let zone = zone.unwrap_or_default();
            for due in found {
                let key = (due.at, 0, notification.id.to_string(), zone.clone());
                turns.insert(key, Turn::Run { notification, due, zone: zone.clone() });
            }
        }
    }
    turns
}
/// The recipients, as they change while a plan is made.
struct People {
    all: Vec<Recipient>,
    /// Where the consents of each person stand.
    of_person: HashMap<(Channel, Psid), Vec<usize>>,
}

impl People {
    fn of(recipients: &[Recipient]) -> Self {
        let mut all = recipients.to_vec();
        all.sort_by(|a, b| {
            let key = |r: &Recipient| (channel_name(r.channel), r.person.as_str().to_owned());
            key(a).cmp(&key(b))
        });
        let mut of_person: HashMap<_, Vec<usize>> = HashMap::new();
        for (at, to) in all.iter().enumerate() {
            of_person.entry((to.channel, to.person.clone())).or_default().push(at);
        }
        Self { all, of_person }
    }

    /// The clocks a notification follows: the shop's, or those of its recipients.
    fn zones(&self, notification: &Notification) -> Vec<Option<String>> {
        if notification.schedule.zone == Zone::Shop {
            return vec![None];
        }
        let its = self.all.iter().filter(|to| to.active && to.topic == notification.topic);
        let mut zones: Vec<Option<String>> = its.map(|to| to.timezone.clone()).collect();
        zones.sort_unstable();
        zones.dedup();
        zones
    }

    fn plan_one<'a>(
        &mut self,
        shop: &Shop,
        notification: &'a Notification,
        due: Occurrence,
        zone: String,
    ) -> Planned<'a> {
        let deadline = due.at.plus(notification.schedule.latest_ms());
        let mut hash = RunHash::begin(shop, &notification.id, &due, &zone);
        let mut lines = Vec::new();
        let mut sent = Vec::new();
        for (at, to) in self.all.iter().enumerate() {
            let by_this_clock = notification.schedule.zone == Zone::Shop
                || to.timezone.as_deref().unwrap_or_default() == zone;
            if !to.active || to.topic != notification.topic || !by_this_clock {
                continue;
            }
            let Some(line) = line(shop, notification, due.at, to, due.at) else { continue };
            if let Verdict::Leaves { not_before, way } = &line.verdict {
                sent.push((at, not_before.unwrap_or(due.at), way.transport));
            }
            hash.add(&line);
            lines.push(line);
        }
        for (at, moment, transport) in sent.into_iter().filter(|_| !notification.draft) {
            self.sent(at, due.at, moment, transport);
        }
        Planned { notification, due, zone, deadline, lines, hash }
    }

    /// Plans one step of a sequence for one person, as `steps` does it in the Desk.
    fn plan_step<'a>(
        &mut self,
        shop: &'a Shop,
        (sequence, place, who): (&'a Sequence, &Place, usize),
        at: UnixMs,
        planned: &mut Vec<Planned<'a>>,
    ) -> After {
        let number = usize::try_from(place.step).unwrap_or(usize::MAX);
        let (Some(to), Some(step)) = (self.all.get(who), sequence.steps.get(number)) else {
            return After::Through;
        };
        let clock = sequence::clock(shop, sequence, to.timezone.as_deref());
        let through = || match sequence::next(sequence, place, &clock) {
            Some(next) => After::Next(next),
            None => After::Through,
        };
        let notification = &step.notification;
        if !to.active || sequence.draft || !notification.is_for(to) {
            return if to.active && !sequence.draft { through() } else { After::Through };
        }
        let due = place.due_at.unwrap_or(at);
        let Some(mut line) = line(shop, notification, due, to, at) else { return After::Through };
        if sequence::is_late(step, due, at) {
            line.verdict = Verdict::Held(Hold::TooLate);
        }
        if let Verdict::Held(hold) = &line.verdict
            && let Held::Until(later) = sequence::held(step, place, &clock, hold, at)
        {
            return After::Later(Place { due_at: Some(later), ..place.clone() });
        }
        let left = match &line.verdict {
            Verdict::Leaves { not_before, way } => Some((not_before.unwrap_or(at), way.transport)),
            Verdict::Held(_) => None,
        };
        let day = |at: UnixMs| at.timestamp().to_zoned(shop.zone()).date();
        let same = |one: &&mut Planned<'_>| {
            one.notification.id == notification.id && day(one.due.at) == day(due)
        };
        match planned.iter_mut().find(same) {
            Some(one) => {
                one.hash.add(&line);
                one.lines.push(line);
            }
            None => {
                let due = Occurrence { period: ledger::ONCE.to_owned(), at: due };
                let mut hash = RunHash::begin(shop, &notification.id, &due, "");
                hash.add(&line);
                let deadline = due.at.plus(notification.schedule.latest_ms());
                let zone = String::new();
                let lines = vec![line];
                planned.push(Planned { notification, due, zone, deadline, lines, hash });
            }
        }
        if let Some((moment, transport)) = left {
            self.sent(who, due, moment, transport);
        }
        through()
    }

    /// Notes that a notification left at `moment`.
    fn sent(&mut self, which: usize, due: UnixMs, moment: UnixMs, transport: Transport) {
        let Some(to) = self.all.get_mut(which) else { return };
        to.last_sent_at = Some(due);
        if transport == Transport::LegacyRecurring {
            to.next_eligible_at = Some(moment.plus(cooldown(transport, moment.utc_date())));
        }
        let person = (to.channel, to.person.clone());
        for other in self.of_person.get(&person).into_iter().flatten() {
            if *other != which
                && let Some(other) = self.all.get_mut(*other)
            {
                other.others.push(due);
            }
        }
    }
}
