//! The plan: for each recipient of a notification the way it leaves by, or why it does not. A pure
//! function of the shop, the recipients and the moment; `shopbell plan` shows it before, and the
//! Desk runs the same and keeps its hash.

use std::collections::{BTreeMap, HashMap};

use sha2::{Digest, Sha256};

use super::ladder::{self, Hold, Way};
use super::recipient::Recipient;
use super::rungs::Price;
use super::schedule::{self, Occurrence};
use crate::meta::event::Channel;
use crate::meta::ids::{NotificationId, Psid};
use crate::meta::policy::{Transport, cooldown};
use crate::shop::model::{Notification, Shop, Zone};
use crate::store::channel_name;
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
    if to.granted_at > due {
        return None;
    }
    let from = due.max(now);
    let deadline = due.plus(notification.schedule.latest_ms());
    let speaks = shop.pick(&notification.text, &to.language).is_some();
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

    /// How many leave by a way that is paid.
    #[must_use]
    pub fn paid(&self) -> u32 {
        let paid = self.leaves.iter().filter(|((_, _, price), _)| *price == Price::Paid);
        paid.fold(0, |sum, (_, n)| sum.saturating_add(*n))
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

/// Plans one Desk's recipients from `from` on: what is due in order, each as if all before it had
/// been sent. What people will say and do until then nobody knows, so a window that closes before
/// counts as closed.
#[must_use]
pub fn plan<'a>(
    shop: &'a Shop,
    recipients: &[Recipient],
    from: UnixMs,
    horizon: Horizon,
) -> Vec<Planned<'a>> {
    let mut people = People::of(recipients);
    let mut due: Vec<(&Notification, Occurrence, String)> = Vec::new();
    for notification in &shop.notifications {
        for zone in people.zones(notification) {
            let clock = super::recipient::zone_of(shop, zone.as_deref());
            // Due at this very moment counts.
            let just_before = from.plus(-1);
            let found = match horizon {
                Horizon::Next => schedule::next(&notification.schedule, &clock, just_before)
                    .into_iter()
                    .collect(),
                Horizon::Until(end) => {
                    schedule::between(&notification.schedule, &clock, just_before, end.plus(-1))
                }
            };
            let zone = zone.unwrap_or_default();
            due.extend(found.into_iter().map(|due| (notification, due, zone.clone())));
        }
    }
    // As the Desk goes through them.
    due.sort_by(|(a, a_due, a_zone), (b, b_due, b_zone)| {
        (a_due.at, a.id.as_str(), a_zone).cmp(&(b_due.at, b.id.as_str(), b_zone))
    });
    due.into_iter().map(|(n, due, zone)| people.plan_one(shop, n, due, zone)).collect()
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
        for (at, moment, transport) in sent {
            self.sent(at, due.at, moment, transport);
        }
        Planned { notification, due, zone, deadline, lines, hash }
    }

    /// Notes that a notification left at `moment`.
    fn sent(&mut self, which: usize, due: UnixMs, moment: UnixMs, transport: Transport) {
        let Some(to) = self.all.get_mut(which) else { return };
        to.last_sent_at = Some(due);
        if matches!(transport, Transport::LegacyRecurring | Transport::PaidMarketing) {
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
