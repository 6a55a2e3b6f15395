//! How paid messages stand at a Desk: whether they are proved, their campaign, and what Meta has
//! them wait for. The registrar of a Page (its first Desk) finds it out and keeps it; the others
//! ask it.

use serde::{Deserialize, Serialize};

use crate::meta::graph_error::Failure;
use crate::meta::marketing::proof::Lack;
use crate::meta::marketing::{PACING_MS, WARM_UP_MS};
use crate::shop::marketing::Marketing;
use crate::store::{Sql, StoreError, facts};
use crate::time::{MINUTE, SECOND, UnixMs};

/// The fact that holds [`State`].
const STATE: &str = "marketing";

/// How long after one try to make a campaign the next one comes.
const MAKE_AGAIN_MS: i64 = 10 * MINUTE;

/// How paid messages stand.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct State {
    /// They were proved, and nothing has spoken against it since.
    pub proof: Option<Proof>,
    /// What was lacking when somebody last looked, or Meta said since.
    pub lacks: Vec<Lack>,
    /// The campaign that messages are sent in.
    pub campaign: Option<Campaign>,
    /// When somebody last tried to make one.
    pub tried_at: Option<UnixMs>,
    /// What is paid waits until then.
    pub wait: Option<Wait>,
    /// The proof of this moment was withdrawn.
    pub withdrawn: Option<UnixMs>,
}

/// That the token and the account are as they have to be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proof {
    /// For this ad account.
    pub ad_account: String,
    /// In this currency.
    pub currency: String,
    /// When it was found.
    pub at: UnixMs,
}

/// A campaign.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Campaign {
    /// Its id at Meta.
    pub id: String,
    /// Of this ad account.
    pub ad_account: String,
    /// With this daily budget, in the currency's smallest unit at Meta.
    pub budget: i64,
    /// When it was made.
    pub made_at: UnixMs,
}

/// Something that Meta has everything paid wait for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wait {
    /// Until then.
    pub until: UnixMs,
    /// Why, in our words and Meta's numbers.
    pub reason: String,
}

/// How they stand for planning and sending.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Nobody has proved them, or not for this account.
    #[default]
    Off,
    /// They are proved, and there is no campaign yet.
    NoCampaign,
    /// They may leave from this moment on.
    From(UnixMs),
}

impl Standing {
    /// Whether they are off.
    #[must_use]
    pub fn is_off(&self) -> bool {
        *self == Self::Off
    }

    /// From when on they may leave, as far as anybody knows at `at`; none: not at all.
    #[must_use]
    pub fn from(self, at: UnixMs) -> Option<UnixMs> {
        match self {
            Self::Off => None,
            Self::NoCampaign => Some(at.plus(WARM_UP_MS)),
            Self::From(from) => Some(from),
        }
    }
}

impl State {
    /// What is known.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn load(sql: &impl Sql) -> Result<Self, StoreError> {
        Ok(facts::get(sql, STATE)?.unwrap_or_default())
    }

    /// Keeps it.
    ///
    /// # Errors
    /// [`StoreError::Refused`].
    pub fn save(&self, sql: &impl Sql) -> Result<(), StoreError> {
        facts::set(sql, STATE, self)
    }

    /// Whether what was proved is what the shop declares now.
    fn is_proved(&self, marketing: &Marketing) -> bool {
        self.proof.as_ref().is_some_and(|proof| {
            proof.ad_account == marketing.ad_account && proof.currency == marketing.currency
        })
    }

    /// The campaign, if it is the one that this shop wants.
    #[must_use]
    pub fn campaign_of(&self, marketing: &Marketing) -> Option<&Campaign> {
        self.campaign.as_ref().filter(|campaign| {
            campaign.ad_account == marketing.ad_account && campaign.budget == budget(marketing)
        })
    }

    /// How it stands for this shop.
    #[must_use]
    pub fn standing(&self, marketing: Option<&Marketing>) -> Standing {
        let Some(marketing) = marketing.filter(|marketing| self.is_proved(marketing)) else {
            return Standing::Off;
        };
        let Some(campaign) = self.campaign_of(marketing) else { return Standing::NoCampaign };
        let warm = campaign.made_at.plus(WARM_UP_MS);
        let wait = self.wait.as_ref().map(|wait| wait.until);
        Standing::From(wait.map_or(warm, |until| warm.max(until)))
    }

    /// As the registrar knows it once another Desk has said what Meta told that one: a pause, or
    /// that what was proved is not so any more. A newer proof stands.
    #[must_use]
    pub fn hears(mut self, other: &Self) -> Self {
        let later = |wait: &Wait| self.wait.as_ref().is_none_or(|own| own.until < wait.until);
        if let Some(wait) = other.wait.as_ref().filter(|wait| later(wait)) {
            self.wait = Some(wait.clone());
        }
        let proof = self.proof.as_ref().map(|proof| proof.at);
        if proof.is_some() && other.withdrawn == proof {
            self.withdrawn = proof;
            self.proof = None;
            self.lacks.clone_from(&other.lacks);
        }
        self
    }

    /// As another Desk knows it once the registrar has told how things stand there.
    #[must_use]
    pub fn told(self, registrar: &Self) -> Self {
        registrar.clone().hears(&self)
    }

    /// Whether a campaign is to be made now. A try whose end nobody knows may have made one: it
    /// costs nothing as long as nothing is sent in it.
    #[must_use]
    pub fn wants_campaign(&self, marketing: &Marketing, now: UnixMs) -> bool {
        self.is_proved(marketing)
            && self.campaign_of(marketing).is_none()
            && self.tried_at.is_none_or(|tried| now.since(tried) >= MAKE_AGAIN_MS)
    }
}

/// The daily budget that Meta is told: the cap of the day.
#[must_use]
pub fn budget(marketing: &Marketing) -> i64 {
    marketing.cap.budget(&marketing.currency)
}

/// The standing at this Desk for this shop, without a look at the tables where nothing is paid.
///
/// # Errors
/// [`StoreError`].
pub fn standing(sql: &impl Sql, marketing: Option<&Marketing>) -> Result<Standing, StoreError> {
    match marketing {
        None => Ok(Standing::Off),
        Some(_) => Ok(State::load(sql)?.standing(marketing)),
    }
}

/// What somebody found out about the token and the account.
///
/// # Errors
/// [`StoreError`].
pub fn proved(
    sql: &impl Sql,
    marketing: &Marketing,
    lacks: Vec<Lack>,
    now: UnixMs,
) -> Result<State, StoreError> {
    let mut state = State::load(sql)?;
    state.proof = lacks.is_empty().then(|| Proof {
        ad_account: marketing.ad_account.clone(),
        currency: marketing.currency.clone(),
        at: now,
    });
    state.lacks = lacks;
    state.tried_at = None;
    state.save(sql)?;
    Ok(state)
}

/// Notes that a campaign is about to be made.
///
/// # Errors
/// [`StoreError`].
pub fn tries(sql: &impl Sql, now: UnixMs) -> Result<(), StoreError> {
    let mut state = State::load(sql)?;
    state.tried_at = Some(now);
    state.save(sql)
}

/// A campaign was made.
///
/// # Errors
/// [`StoreError`].
pub fn made(
    sql: &impl Sql,
    marketing: &Marketing,
    id: String,
    now: UnixMs,
) -> Result<(), StoreError> {
    let mut state = State::load(sql)?;
    state.campaign = Some(Campaign {
        id,
        ad_account: marketing.ad_account.clone(),
        budget: budget(marketing),
        made_at: now,
    });
    state.wait = None;
    state.save(sql)
}

/// Meta has everything paid wait. Returns until when.
///
/// # Errors
/// [`StoreError`].
pub fn wait(
    sql: &impl Sql,
    failure: &Failure,
    reason: &str,
    now: UnixMs,
) -> Result<UnixMs, StoreError> {
    let mut state = State::load(sql)?;
    let until = now.plus(failure.retry_after_ms.unwrap_or(PACING_MS).max(SECOND));
    state.wait = Some(Wait { until, reason: reason.to_owned() });
    state.save(sql)?;
    Ok(until)
}

/// The account, the token or the terms are not what was proved: what is paid is off until the
/// doctor has looked again.
///
/// # Errors
/// [`StoreError`].
pub fn withdrawn(sql: &impl Sql, reason: &str) -> Result<(), StoreError> {
    let mut state = State::load(sql)?;
    state.withdrawn = state.proof.take().map(|proof| proof.at).or(state.withdrawn);
    state.lacks = vec![Lack::Refused(reason.to_owned())];
    state.save(sql)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::meta::ids::Country;
    use crate::meta::marketing::money::Money;
    use crate::store::{native::Sqlite, schema};
    use crate::time::HOUR;

    fn shop(cap: i64) -> Marketing {
        Marketing {
            ad_account: "12".to_owned(),
            country: Country::new("TW").unwrap(),
            currency: "USD".to_owned(),
            cap: Money::of_parts(cap),
            price: Money::of_parts(4_500),
        }
    }

    #[test]
    fn from_nothing_over_a_proof_and_a_campaign_to_a_message_an_hour_later() {
        let sql = Sqlite::in_memory().unwrap();
        schema::migrate(&sql).unwrap();
        let marketing = shop(1_000_000);
        let now = UnixMs::new(1_000_000_000);
        let standing = |marketing: &Marketing| super::standing(&sql, Some(marketing)).unwrap();
        let wants = |at: UnixMs| State::load(&sql).unwrap().wants_campaign(&marketing, at);
        assert_eq!(standing(&marketing), Standing::Off);
        assert!(!wants(now));
        proved(&sql, &marketing, vec![Lack::NoToken], now).unwrap();
        assert_eq!(standing(&marketing), Standing::Off);
        proved(&sql, &marketing, Vec::new(), now).unwrap();
        assert_eq!(standing(&marketing), Standing::NoCampaign);
        assert!(wants(now));
        tries(&sql, now).unwrap();
        assert!(!wants(now.plus(9 * MINUTE)) && wants(now.plus(10 * MINUTE)));
        made(&sql, &marketing, "77".to_owned(), now).unwrap();
        assert_eq!(standing(&marketing), Standing::From(now.plus(HOUR)));
        // Another cap is another budget, and another campaign; another account was never proved.
        assert_eq!(standing(&shop(2_000_000)), Standing::NoCampaign);
        let other = Marketing { ad_account: "13".to_owned(), ..shop(1_000_000) };
        assert_eq!(standing(&other), Standing::Off);
        withdrawn(&sql, "terms").unwrap();
        assert_eq!(standing(&marketing), Standing::Off);
    }

    #[test]
    fn what_meta_tells_one_desk_holds_for_the_page_until_a_newer_proof() {
        let at = UnixMs::new;
        let proof = |moment: i64| Proof {
            ad_account: "12".to_owned(),
            currency: "USD".to_owned(),
            at: at(moment),
        };
        let registrar = State { proof: Some(proof(5)), ..State::default() };
        let wait = Some(Wait { until: at(90), reason: "pace".to_owned() });
        let paced = State { proof: Some(proof(5)), wait: wait.clone(), ..State::default() };
        assert_eq!(registrar.clone().hears(&paced).wait, wait);
        let lacks = vec![Lack::Refused("terms".to_owned())];
        let refused = State { withdrawn: Some(at(5)), lacks: lacks.clone(), ..State::default() };
        let heard = registrar.hears(&refused);
        assert_eq!((heard.proof, heard.lacks), (None, lacks));
        // The owner has mended it meanwhile: what one Desk heard of the older proof is past.
        let mended = State { proof: Some(proof(50)), ..State::default() };
        assert_eq!(mended.clone().hears(&refused), mended);
        assert_eq!(refused.told(&mended).proof, mended.proof);
    }
}
